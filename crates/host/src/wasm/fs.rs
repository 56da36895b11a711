//! Files and directories, where there is no operating system. What each means is told in `unix/fs.rs`.

use super::stubs;
use crate::types::*;
use crate::{Errno, Fd, Result};

/// The working directory, where a directory descriptor is expected.
pub const AT_FDCWD: Fd = -100;

/// An open directory; there is none.
pub struct Dir(core::convert::Infallible);

impl Dir {
    /// Opens the directory at `path`.
    pub fn open(_path: &[u8]) -> Result<Dir> {
        Err(Errno::ENOSYS)
    }

    /// Reads the directory that `fd` has open.
    pub fn of_fd(_fd: Fd) -> Result<Dir> {
        Err(Errno::ENOSYS)
    }

    /// The next entry.
    pub fn next_entry(&mut self) -> Result<Option<DirEntry>> {
        match self.0 {}
    }
}

stubs! {
    /// Makes a directory.
    fn mkdir(dir: Fd, path: &[u8], mode: u32) -> Result<()>;
    /// Removes an empty directory.
    fn rmdir(dir: Fd, path: &[u8]) -> Result<()>;
    /// Removes a name of a file.
    fn unlink(dir: Fd, path: &[u8]) -> Result<()>;
    /// Changes permissions.
    fn chmod(dir: Fd, path: &[u8], mode: u32, follow: bool) -> Result<()>;
    /// Changes owner and group; -1 (`u32::MAX`) leaves one as it is.
    fn chown(dir: Fd, path: &[u8], uid: u32, gid: u32, follow: bool) -> Result<()>;
    /// Makes a FIFO.
    fn mkfifo(dir: Fd, path: &[u8], mode: u32) -> Result<()>;
    /// Makes a node of the file system.
    fn mknod(dir: Fd, path: &[u8], mode: u32, device: u64) -> Result<()>;
    /// Opens `path` relative to `dir`; `O_CLOEXEC` is added to `flags`.
    fn open(dir: Fd, path: &[u8], flags: i32, mode: u32) -> Result<Fd>;
    /// Closes `fd`. After EINTR the descriptor is closed all the same.
    fn close(fd: Fd) -> Result<()>;
    /// Reads into `buffer`; 0 is the end of the file.
    fn read(fd: Fd, buffer: &mut [u8]) -> Result<usize>;
    /// Writes as much of `data` as the system takes.
    fn write(fd: Fd, data: &[u8]) -> Result<usize>;
    /// Reads at `offset` without moving the file's position.
    fn pread(fd: Fd, buffer: &mut [u8], offset: i64) -> Result<usize>;
    /// Writes at `offset` without moving the file's position.
    fn pwrite(fd: Fd, data: &[u8], offset: i64) -> Result<usize>;
    /// Reads into several buffers, in order.
    fn readv(fd: Fd, buffers: &mut [std::io::IoSliceMut<'_>]) -> Result<usize>;
    /// Writes several buffers, in order.
    fn writev(fd: Fd, buffers: &[std::io::IoSlice<'_>]) -> Result<usize>;
    /// Moves the position of `fd`; gives the new one.
    fn lseek(fd: Fd, offset: i64, whence: i32) -> Result<i64>;
    /// Status of an open file.
    fn fstat(fd: Fd) -> Result<Stat>;
    /// Status of `path` relative to `dir`; of the link itself unless `follow`.
    fn stat(dir: Fd, path: &[u8], follow: bool) -> Result<Stat>;
    /// Status of the file system that holds `path`.
    fn statvfs(path: &[u8]) -> Result<StatVfs>;
    /// Status of the file system that holds `fd`.
    fn fstatvfs(fd: Fd) -> Result<StatVfs>;
    /// What the symbolic link says.
    fn readlink(dir: Fd, path: &[u8]) -> Result<Vec<u8>>;
    /// Whether `path` may be used in the ways of `mode` (`R_OK`, ...). Any failure is a no.
    fn access(dir: Fd, path: &[u8], mode: i32, effective_ids: bool, follow: bool) -> bool;
    /// Renames, replacing what is there if that is a file: both `os.rename` and `os.replace`.
    fn rename(from_dir: Fd, from: &[u8], to_dir: Fd, to: &[u8]) -> Result<()>;
    /// Makes a hard link `to` of `from`.
    fn link(from_dir: Fd, from: &[u8], to_dir: Fd, to: &[u8], follow: bool) -> Result<()>;
    /// Makes a symbolic link `path` that says `target`.
    fn symlink(target: &[u8], dir: Fd, path: &[u8]) -> Result<()>;
    /// Changes the permissions of an open file.
    fn fchmod(fd: Fd, mode: u32) -> Result<()>;
    /// Changes the owner and group of an open file.
    fn fchown(fd: Fd, uid: u32, gid: u32) -> Result<()>;
    /// Cuts or extends the file at `path`.
    fn truncate(path: &[u8], length: i64) -> Result<()>;
    /// Cuts or extends an open file.
    fn ftruncate(fd: Fd, length: i64) -> Result<()>;
    /// Flushes data and status to the device.
    fn fsync(fd: Fd) -> Result<()>;
    /// Flushes data to the device.
    fn fdatasync(fd: Fd) -> Result<()>;
    /// Flushes everything.
    fn sync();
    /// Reserves room; returns the error as POSIX does.
    fn posix_fallocate(fd: Fd, offset: i64, length: i64) -> Result<()>;
    /// Tells how a file will be read.
    fn posix_fadvise(fd: Fd, offset: i64, length: i64, advice: i32) -> Result<()>;
    /// Sets the times of `path`.
    fn utime(dir: Fd, path: &[u8], access: FileTime, modification: FileTime, follow: bool) -> Result<()>;
    /// Sets the times of an open file.
    fn futime(fd: Fd, access: FileTime, modification: FileTime) -> Result<()>;
    /// Duplicates `fd`; the copy is not inherited.
    fn dup(fd: Fd) -> Result<Fd>;
    /// Duplicates `fd` as `to`, which is closed first.
    fn dup2(fd: Fd, to: Fd, inheritable: bool) -> Result<Fd>;
    /// A pipe: the end to read from, the end to write to. `flags` are `O_CLOEXEC`, `O_NONBLOCK`.
    fn pipe2(flags: i32) -> Result<(Fd, Fd)>;
    /// Whether `fd` is a terminal.
    fn isatty(fd: Fd) -> bool;
    /// Whether other programs inherit `fd`.
    fn get_inheritable(fd: Fd) -> Result<bool>;
    /// Sets whether other programs inherit `fd`.
    fn set_inheritable(fd: Fd, inheritable: bool) -> Result<()>;
    /// Whether calls on `fd` wait.
    fn get_blocking(fd: Fd) -> Result<bool>;
    /// Sets whether calls on `fd` wait.
    fn set_blocking(fd: Fd, blocking: bool) -> Result<()>;
    /// Sets the mask of permissions for new files; gives the old one.
    fn umask(mask: u32) -> u32;
    /// Copies between files inside the kernel, from and to the given offsets or the files' positions.
    fn copy_file_range(from: Fd, from_offset: Option<i64>, to: Fd, to_offset: Option<i64>, count: usize) -> Result<usize>;
    /// Sends from a file to a socket or file inside the kernel.
    fn sendfile(to: Fd, from: Fd, offset: Option<i64>, count: usize) -> Result<usize>;
    /// The whole file at `path`, for what is read before there is an `io` module.
    fn read_file(path: &[u8]) -> Result<Vec<u8>>;
    /// Reads `fd` up to its end, retrying after signals.
    fn read_to_end(fd: Fd) -> Result<Vec<u8>>;
    /// Writes all of `data`, retrying after signals and short writes.
    fn write_all(fd: Fd, data: &[u8]) -> Result<()>;
    fn write_file(path: &[u8], data: &[u8]) -> Result<()>;
}
