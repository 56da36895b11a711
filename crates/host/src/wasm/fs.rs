//! Files and directories, where there is no operating system: what `files` does not do. What each means is told in
//! `unix/fs.rs`.

use super::stubs;
use crate::types::*;
use crate::{Errno, Fd, Result};

/// The working directory, where a directory descriptor is expected.
pub const AT_FDCWD: Fd = -100;

pub use super::files::*;

/// An open directory: the entries that are left.
pub struct Dir(std::vec::IntoIter<DirEntry>);

impl Dir {
    /// Opens the directory at `path`.
    pub fn open(path: &[u8]) -> Result<Dir> {
        Ok(Dir(list(path)?.into_iter()))
    }

    /// Reads the directory that `fd` has open.
    pub fn of_fd(_fd: Fd) -> Result<Dir> {
        Err(Errno::ENOSYS)
    }

    /// The next entry.
    pub fn next_entry(&mut self) -> Result<Option<DirEntry>> {
        Ok(self.0.next())
    }
}

stubs! {
    /// Changes owner and group; -1 (`u32::MAX`) leaves one as it is.
    fn chown(dir: Fd, path: &[u8], uid: u32, gid: u32, follow: bool) -> Result<()>;
    /// Makes a FIFO.
    fn mkfifo(dir: Fd, path: &[u8], mode: u32) -> Result<()>;
    /// Makes a node of the file system.
    fn mknod(dir: Fd, path: &[u8], mode: u32, device: u64) -> Result<()>;
    /// Reads at `offset` without moving the file's position.
    fn pread(fd: Fd, buffer: &mut [u8], offset: i64) -> Result<usize>;
    /// Writes at `offset` without moving the file's position.
    fn pwrite(fd: Fd, data: &[u8], offset: i64) -> Result<usize>;
    /// Reads into several buffers, in order.
    fn readv(fd: Fd, buffers: &mut [std::io::IoSliceMut<'_>]) -> Result<usize>;
    /// Writes several buffers, in order.
    fn writev(fd: Fd, buffers: &[std::io::IoSlice<'_>]) -> Result<usize>;
    /// Status of the file system that holds `path`.
    fn statvfs(path: &[u8]) -> Result<StatVfs>;
    /// Status of the file system that holds `fd`.
    fn fstatvfs(fd: Fd) -> Result<StatVfs>;
    /// What the symbolic link says.
    fn readlink(dir: Fd, path: &[u8]) -> Result<Vec<u8>>;
    /// Makes a hard link `to` of `from`.
    fn link(from_dir: Fd, from: &[u8], to_dir: Fd, to: &[u8], follow: bool) -> Result<()>;
    /// Makes a symbolic link `path` that says `target`.
    fn symlink(target: &[u8], dir: Fd, path: &[u8]) -> Result<()>;
    /// Changes the permissions of an open file.
    fn fchmod(fd: Fd, mode: u32) -> Result<()>;
    /// Changes the owner and group of an open file.
    fn fchown(fd: Fd, uid: u32, gid: u32) -> Result<()>;
    /// Flushes everything.
    fn sync();
    /// Reserves room; returns the error as POSIX does.
    fn posix_fallocate(fd: Fd, offset: i64, length: i64) -> Result<()>;
    /// Tells how a file will be read.
    fn posix_fadvise(fd: Fd, offset: i64, length: i64, advice: i32) -> Result<()>;
    /// Duplicates `fd` as `to`, which is closed first.
    fn dup2(fd: Fd, to: Fd, inheritable: bool) -> Result<Fd>;
    /// A pipe: the end to read from, the end to write to. `flags` are `O_CLOEXEC`, `O_NONBLOCK`.
    fn pipe2(flags: i32) -> Result<(Fd, Fd)>;
    /// Copies between files inside the kernel, from and to the given offsets or the files' positions.
    fn copy_file_range(from: Fd, from_offset: Option<i64>, to: Fd, to_offset: Option<i64>, count: usize) -> Result<usize>;
    /// Sends from a file to a socket or file inside the kernel.
    fn sendfile(to: Fd, from: Fd, offset: Option<i64>, count: usize) -> Result<usize>;
}
