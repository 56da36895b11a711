//! Files and directories. Descriptors that are opened here are not inherited by other programs (`O_CLOEXEC`).
//! Locks, `fcntl` and `ioctl` are in `fcntl`; pipes that join processes, too, are here.

use super::{bytes_of, check, done, last_error, scalar, size, with_cstr};
use crate::types::{DirEntry, FileTime, FileType, Stat, StatVfs};
use crate::{Errno, Fd, Result};
use std::mem::MaybeUninit;

/// The working directory, where a directory descriptor is expected.
pub const AT_FDCWD: Fd = libc::AT_FDCWD;

/// Opens `path` relative to `dir`; `O_CLOEXEC` is added to `flags`.
pub fn open(dir: Fd, path: &[u8], flags: i32, mode: u32) -> Result<Fd> {
    with_cstr(path, |path| {
        // SAFETY: `path` is NUL-terminated; the variadic argument is the mode, promoted as C expects it.
        check(unsafe { libc::openat(dir, path.as_ptr(), flags | libc::O_CLOEXEC, mode) })
    })
}

/// Closes `fd`. After EINTR the descriptor is closed all the same.
pub fn close(fd: Fd) -> Result<()> {
    done(scalar!(close(fd)))
}

/// Reads into `buffer`; 0 is the end of the file.
pub fn read(fd: Fd, buffer: &mut [u8]) -> Result<usize> {
    // SAFETY: the buffer is writable for the length given.
    size(unsafe { libc::read(fd, buffer.as_mut_ptr().cast(), buffer.len()) })
}

/// Writes as much of `data` as the system takes.
pub fn write(fd: Fd, data: &[u8]) -> Result<usize> {
    // SAFETY: the data is readable for the length given.
    size(unsafe { libc::write(fd, data.as_ptr().cast(), data.len()) })
}

/// Reads at `offset` without moving the file's position.
pub fn pread(fd: Fd, buffer: &mut [u8], offset: i64) -> Result<usize> {
    // SAFETY: the buffer is writable for the length given.
    size(unsafe { libc::pread(fd, buffer.as_mut_ptr().cast(), buffer.len(), offset) })
}

/// Writes at `offset` without moving the file's position.
pub fn pwrite(fd: Fd, data: &[u8], offset: i64) -> Result<usize> {
    // SAFETY: the data is readable for the length given.
    size(unsafe { libc::pwrite(fd, data.as_ptr().cast(), data.len(), offset) })
}

/// Reads into several buffers, in order.
pub fn readv(fd: Fd, buffers: &mut [std::io::IoSliceMut<'_>]) -> Result<usize> {
    let count = i32::try_from(buffers.len()).map_err(|_| Errno::EINVAL)?;
    // SAFETY: `IoSliceMut` has the layout of `iovec` on Unix, and each is writable for its length.
    size(unsafe { libc::readv(fd, buffers.as_mut_ptr().cast(), count) })
}

/// Writes several buffers, in order.
pub fn writev(fd: Fd, buffers: &[std::io::IoSlice<'_>]) -> Result<usize> {
    let count = i32::try_from(buffers.len()).map_err(|_| Errno::EINVAL)?;
    // SAFETY: `IoSlice` has the layout of `iovec` on Unix, and each is readable for its length.
    size(unsafe { libc::writev(fd, buffers.as_ptr().cast(), count) })
}

/// Moves the position of `fd`; gives the new one.
pub fn lseek(fd: Fd, offset: i64, whence: i32) -> Result<i64> {
    check(scalar!(lseek(fd, offset, whence)))
}

fn nanoseconds(seconds: i64, nanoseconds: i64) -> i128 {
    i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds)
}

fn stat_of(st: &libc::stat) -> Stat {
    Stat {
        mode: st.st_mode,
        ino: st.st_ino,
        dev: st.st_dev,
        #[allow(clippy::useless_conversion)]
        nlink: u64::from(st.st_nlink),
        uid: st.st_uid,
        gid: st.st_gid,
        size: st.st_size,
        atime_ns: nanoseconds(st.st_atime, st.st_atime_nsec),
        mtime_ns: nanoseconds(st.st_mtime, st.st_mtime_nsec),
        ctime_ns: nanoseconds(st.st_ctime, st.st_ctime_nsec),
        #[allow(clippy::useless_conversion)]
        blksize: i64::from(st.st_blksize),
        blocks: st.st_blocks,
        rdev: st.st_rdev,
    }
}

/// Status of an open file.
pub fn fstat(fd: Fd) -> Result<Stat> {
    let mut st = MaybeUninit::<libc::stat>::zeroed();
    // SAFETY: `st` is writable; zeroes are a valid `stat`, so reading it is sound whatever the call wrote.
    done(unsafe { libc::fstat(fd, st.as_mut_ptr()) })?;
    // SAFETY: as above.
    Ok(stat_of(&unsafe { st.assume_init() }))
}

/// Status of `path` relative to `dir`; of the link itself unless `follow`.
pub fn stat(dir: Fd, path: &[u8], follow: bool) -> Result<Stat> {
    let flags = if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
    let mut st = MaybeUninit::<libc::stat>::zeroed();
    with_cstr(path, |path| {
        // SAFETY: `path` is NUL-terminated and `st` writable.
        done(unsafe { libc::fstatat(dir, path.as_ptr(), st.as_mut_ptr(), flags) })
    })?;
    // SAFETY: zeroes are a valid `stat`.
    Ok(stat_of(&unsafe { st.assume_init() }))
}

fn statvfs_of(st: &libc::statvfs) -> StatVfs {
    StatVfs {
        bsize: st.f_bsize,
        frsize: st.f_frsize,
        blocks: st.f_blocks,
        bfree: st.f_bfree,
        bavail: st.f_bavail,
        files: st.f_files,
        ffree: st.f_ffree,
        favail: st.f_favail,
        flag: st.f_flag,
        namemax: st.f_namemax,
        fsid: st.f_fsid,
    }
}

/// Status of the file system that holds `path`.
pub fn statvfs(path: &[u8]) -> Result<StatVfs> {
    let mut st = MaybeUninit::<libc::statvfs>::zeroed();
    with_cstr(path, |path| {
        // SAFETY: `path` is NUL-terminated and `st` writable.
        done(unsafe { libc::statvfs(path.as_ptr(), st.as_mut_ptr()) })
    })?;
    // SAFETY: zeroes are a valid `statvfs`.
    Ok(statvfs_of(&unsafe { st.assume_init() }))
}

/// Status of the file system that holds `fd`.
pub fn fstatvfs(fd: Fd) -> Result<StatVfs> {
    let mut st = MaybeUninit::<libc::statvfs>::zeroed();
    // SAFETY: `st` is writable.
    done(unsafe { libc::fstatvfs(fd, st.as_mut_ptr()) })?;
    // SAFETY: zeroes are a valid `statvfs`.
    Ok(statvfs_of(&unsafe { st.assume_init() }))
}

/// What the symbolic link says.
pub fn readlink(dir: Fd, path: &[u8]) -> Result<Vec<u8>> {
    let mut buffer = vec![0u8; 256];
    loop {
        let length = with_cstr(path, |path| {
            // SAFETY: `path` is NUL-terminated and the buffer writable for the length given.
            size(unsafe {
                libc::readlinkat(dir, path.as_ptr(), buffer.as_mut_ptr().cast(), buffer.len())
            })
        })?;
        if length < buffer.len() {
            buffer.truncate(length);
            return Ok(buffer);
        }
        let longer = buffer.len() * 2;
        buffer.resize(longer, 0);
    }
}

macro_rules! on_path {
    ($(#[$doc:meta])* $name:ident($dir:ident, $path:ident $(, $arg:ident: $type:ty)*) = $call:ident($($actual:expr),*)) => {
        $(#[$doc])*
        pub fn $name($dir: Fd, $path: &[u8] $(, $arg: $type)*) -> Result<()> {
            with_cstr($path, |$path| {
                let $path = $path.as_ptr();
                // SAFETY: the path is NUL-terminated; everything else is an integer.
                done(unsafe { libc::$call($($actual),*) })
            })
        }
    };
}

on_path! {
    /// Makes a directory.
    mkdir(dir, path, mode: u32) = mkdirat(dir, path, mode)
}
on_path! {
    /// Removes an empty directory.
    rmdir(dir, path) = unlinkat(dir, path, libc::AT_REMOVEDIR)
}
on_path! {
    /// Removes a name of a file.
    unlink(dir, path) = unlinkat(dir, path, 0)
}
on_path! {
    /// Changes permissions.
    chmod(dir, path, mode: u32, follow: bool) = fchmodat(dir, path, mode, if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW })
}
on_path! {
    /// Changes owner and group; -1 (`u32::MAX`) leaves one as it is.
    chown(dir, path, uid: u32, gid: u32, follow: bool) =
        fchownat(dir, path, uid, gid, if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW })
}
on_path! {
    /// Makes a FIFO.
    mkfifo(dir, path, mode: u32) = mkfifoat(dir, path, mode)
}
on_path! {
    /// Makes a node of the file system.
    mknod(dir, path, mode: u32, device: u64) = mknodat(dir, path, mode, device)
}

/// Whether `path` may be used in the ways of `mode` (`R_OK`, ...). Any failure is a no.
pub fn access(dir: Fd, path: &[u8], mode: i32, effective_ids: bool, follow: bool) -> bool {
    let flags = if effective_ids { libc::AT_EACCESS } else { 0 }
        | if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
    with_cstr(path, |path| {
        // SAFETY: `path` is NUL-terminated.
        done(unsafe { libc::faccessat(dir, path.as_ptr(), mode, flags) })
    })
    .is_ok()
}

/// Renames, replacing what is there if that is a file: both `os.rename` and `os.replace`.
pub fn rename(from_dir: Fd, from: &[u8], to_dir: Fd, to: &[u8]) -> Result<()> {
    with_cstr(from, |from| {
        with_cstr(to, |to| {
            // SAFETY: both paths are NUL-terminated.
            done(unsafe { libc::renameat(from_dir, from.as_ptr(), to_dir, to.as_ptr()) })
        })
    })
}

/// Makes a hard link `to` of `from`.
pub fn link(from_dir: Fd, from: &[u8], to_dir: Fd, to: &[u8], follow: bool) -> Result<()> {
    let flags = if follow { libc::AT_SYMLINK_FOLLOW } else { 0 };
    with_cstr(from, |from| {
        with_cstr(to, |to| {
            // SAFETY: both paths are NUL-terminated.
            done(unsafe { libc::linkat(from_dir, from.as_ptr(), to_dir, to.as_ptr(), flags) })
        })
    })
}

/// Makes a symbolic link `path` that says `target`.
pub fn symlink(target: &[u8], dir: Fd, path: &[u8]) -> Result<()> {
    with_cstr(target, |target| {
        with_cstr(path, |path| {
            // SAFETY: both paths are NUL-terminated.
            done(unsafe { libc::symlinkat(target.as_ptr(), dir, path.as_ptr()) })
        })
    })
}

/// Changes the permissions of an open file.
pub fn fchmod(fd: Fd, mode: u32) -> Result<()> {
    done(scalar!(fchmod(fd, mode)))
}

/// Changes the owner and group of an open file.
pub fn fchown(fd: Fd, uid: u32, gid: u32) -> Result<()> {
    done(scalar!(fchown(fd, uid, gid)))
}

/// Cuts or extends the file at `path`.
pub fn truncate(path: &[u8], length: i64) -> Result<()> {
    with_cstr(path, |path| {
        // SAFETY: `path` is NUL-terminated.
        done(unsafe { libc::truncate(path.as_ptr(), length) })
    })
}

/// Cuts or extends an open file.
pub fn ftruncate(fd: Fd, length: i64) -> Result<()> {
    done(scalar!(ftruncate(fd, length)))
}

/// Flushes data and status to the device.
pub fn fsync(fd: Fd) -> Result<()> {
    done(scalar!(fsync(fd)))
}

/// Flushes data to the device.
pub fn fdatasync(fd: Fd) -> Result<()> {
    done(scalar!(fdatasync(fd)))
}

/// Flushes everything.
pub fn sync() {
    scalar!(sync());
}

/// Reserves room; returns the error as POSIX does.
pub fn posix_fallocate(fd: Fd, offset: i64, length: i64) -> Result<()> {
    super::returned(scalar!(posix_fallocate(fd, offset, length)))
}

/// Tells how a file will be read.
pub fn posix_fadvise(fd: Fd, offset: i64, length: i64, advice: i32) -> Result<()> {
    super::returned(scalar!(posix_fadvise(fd, offset, length, advice)))
}

fn timespec(time: FileTime) -> Result<libc::timespec> {
    match time {
        FileTime::Now => Ok(libc::timespec {
            tv_sec: 0,
            tv_nsec: libc::UTIME_NOW,
        }),
        FileTime::At(ns) => Ok(libc::timespec {
            tv_sec: i64::try_from(ns.div_euclid(1_000_000_000)).map_err(|_| Errno::EOVERFLOW)?,
            tv_nsec: ns.rem_euclid(1_000_000_000) as i64,
        }),
    }
}

/// Sets the times of `path`.
pub fn utime(
    dir: Fd,
    path: &[u8],
    access: FileTime,
    modification: FileTime,
    follow: bool,
) -> Result<()> {
    let times = [timespec(access)?, timespec(modification)?];
    let flags = if follow { 0 } else { libc::AT_SYMLINK_NOFOLLOW };
    with_cstr(path, |path| {
        // SAFETY: `path` is NUL-terminated and `times` holds the two entries that the call reads.
        done(unsafe { libc::utimensat(dir, path.as_ptr(), times.as_ptr(), flags) })
    })
}

/// Sets the times of an open file.
pub fn futime(fd: Fd, access: FileTime, modification: FileTime) -> Result<()> {
    let times = [timespec(access)?, timespec(modification)?];
    // SAFETY: `times` holds the two entries that the call reads.
    done(unsafe { libc::futimens(fd, times.as_ptr()) })
}

/// Duplicates `fd`; the copy is not inherited.
pub fn dup(fd: Fd) -> Result<Fd> {
    check(scalar!(fcntl(fd, libc::F_DUPFD_CLOEXEC, 0)))
}

/// Duplicates `fd` as `to`, which is closed first.
pub fn dup2(fd: Fd, to: Fd, inheritable: bool) -> Result<Fd> {
    if inheritable || fd == to {
        let result = check(scalar!(dup2(fd, to)))?;
        if !inheritable {
            set_inheritable(to, false)?;
        }
        return Ok(result);
    }
    check(scalar!(dup3(fd, to, libc::O_CLOEXEC)))
}

/// A pipe: the end to read from, the end to write to. `flags` are `O_CLOEXEC`, `O_NONBLOCK`.
pub fn pipe2(flags: i32) -> Result<(Fd, Fd)> {
    let mut ends = [0; 2];
    // SAFETY: `ends` is writable for two descriptors.
    done(unsafe { libc::pipe2(ends.as_mut_ptr(), flags) })?;
    Ok((ends[0], ends[1]))
}

/// Whether `fd` is a terminal.
pub fn isatty(fd: Fd) -> bool {
    scalar!(isatty(fd)) == 1
}

/// Whether other programs inherit `fd`.
pub fn get_inheritable(fd: Fd) -> Result<bool> {
    Ok(check(scalar!(fcntl(fd, libc::F_GETFD)))? & libc::FD_CLOEXEC == 0)
}

/// Sets whether other programs inherit `fd`.
pub fn set_inheritable(fd: Fd, inheritable: bool) -> Result<()> {
    let flags = check(scalar!(fcntl(fd, libc::F_GETFD)))?;
    let wanted = if inheritable {
        flags & !libc::FD_CLOEXEC
    } else {
        flags | libc::FD_CLOEXEC
    };
    if wanted == flags {
        Ok(())
    } else {
        done(scalar!(fcntl(fd, libc::F_SETFD, wanted)))
    }
}

/// Whether calls on `fd` wait.
pub fn get_blocking(fd: Fd) -> Result<bool> {
    Ok(check(scalar!(fcntl(fd, libc::F_GETFL)))? & libc::O_NONBLOCK == 0)
}

/// Sets whether calls on `fd` wait.
pub fn set_blocking(fd: Fd, blocking: bool) -> Result<()> {
    let flags = check(scalar!(fcntl(fd, libc::F_GETFL)))?;
    let wanted = if blocking {
        flags & !libc::O_NONBLOCK
    } else {
        flags | libc::O_NONBLOCK
    };
    if wanted == flags {
        Ok(())
    } else {
        done(scalar!(fcntl(fd, libc::F_SETFL, wanted)))
    }
}

/// Sets the mask of permissions for new files; gives the old one.
pub fn umask(mask: u32) -> u32 {
    scalar!(umask(mask))
}

/// Copies between files inside the kernel, from and to the given offsets or the files' positions.
pub fn copy_file_range(
    from: Fd,
    from_offset: Option<i64>,
    to: Fd,
    to_offset: Option<i64>,
    count: usize,
) -> Result<usize> {
    let (mut from_offset, mut to_offset) = (from_offset, to_offset);
    let from_at = from_offset
        .as_mut()
        .map_or(std::ptr::null_mut(), std::ptr::from_mut);
    let to_at = to_offset
        .as_mut()
        .map_or(std::ptr::null_mut(), std::ptr::from_mut);
    // SAFETY: both offsets are NULL or point to locals.
    size(unsafe { libc::copy_file_range(from, from_at, to, to_at, count, 0) })
}

/// Sends from a file to a socket or file inside the kernel.
pub fn sendfile(to: Fd, from: Fd, offset: Option<i64>, count: usize) -> Result<usize> {
    let mut offset = offset;
    let at = offset
        .as_mut()
        .map_or(std::ptr::null_mut(), std::ptr::from_mut);
    // SAFETY: the offset is NULL or points to a local.
    size(unsafe { libc::sendfile(to, from, at, count) })
}

/// An open directory, read entry by entry; `.` and `..` are left out.
pub struct Dir(std::ptr::NonNull<libc::DIR>);

// SAFETY: a DIR stream may be used from any thread, one at a time, which `&mut self` ensures.
unsafe impl Send for Dir {}

impl Dir {
    /// Opens the directory at `path`.
    pub fn open(path: &[u8]) -> Result<Dir> {
        let fd = open(AT_FDCWD, path, libc::O_RDONLY | libc::O_DIRECTORY, 0)?;
        Dir::adopt(fd)
    }

    /// Reads the directory that `fd` has open; `fd` itself stays the caller's.
    pub fn of_fd(fd: Fd) -> Result<Dir> {
        let mut dir = Dir::adopt(dup(fd)?)?;
        dir.rewind();
        Ok(dir)
    }

    fn adopt(fd: Fd) -> Result<Dir> {
        // SAFETY: `fd` is an open descriptor that the stream owns from here on.
        match std::ptr::NonNull::new(unsafe { libc::fdopendir(fd) }) {
            Some(stream) => Ok(Dir(stream)),
            None => {
                let error = last_error();
                let _ = close(fd);
                Err(error)
            }
        }
    }

    fn rewind(&mut self) {
        // SAFETY: the stream is open.
        unsafe { libc::rewinddir(self.0.as_ptr()) }
    }

    /// The next entry, or `None` at the end.
    pub fn next_entry(&mut self) -> Result<Option<DirEntry>> {
        loop {
            // `readdir` tells the end from an error by `errno` alone.
            // SAFETY: the location is this thread's own.
            unsafe { *libc::__errno_location() = 0 };
            // SAFETY: the stream is open and used by one thread at a time.
            let entry = unsafe { libc::readdir(self.0.as_ptr()) };
            if entry.is_null() {
                let error = last_error();
                return if error.0 == 0 { Ok(None) } else { Err(error) };
            }
            // SAFETY: the entry is valid until the next call on the stream; its name ends with NUL. The fields are read
            // through the pointer, as an entry may be shorter than the struct.
            let (name, ino, kind) = unsafe {
                (
                    bytes_of((&raw const (*entry).d_name).cast()),
                    (*entry).d_ino,
                    (*entry).d_type,
                )
            };
            if name == b"." || name == b".." {
                continue;
            }
            let kind = match kind {
                libc::DT_UNKNOWN => FileType::Unknown,
                libc::DT_REG => FileType::File,
                libc::DT_DIR => FileType::Dir,
                libc::DT_LNK => FileType::Symlink,
                _ => FileType::Other,
            };
            return Ok(Some(DirEntry { name, ino, kind }));
        }
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        // SAFETY: the stream is open and nobody uses it after this.
        unsafe { libc::closedir(self.0.as_ptr()) };
    }
}

/// The whole file at `path`, for what is read before there is an `io` module.
pub fn read_file(path: &[u8]) -> Result<Vec<u8>> {
    let fd = open(AT_FDCWD, path, libc::O_RDONLY, 0)?;
    let result = read_to_end(fd);
    let _ = close(fd);
    result
}

/// Reads `fd` up to its end, retrying after signals.
pub fn read_to_end(fd: Fd) -> Result<Vec<u8>> {
    let hint = fstat(fd)
        .map_or(0, |st| usize::try_from(st.size).unwrap_or(0))
        .min(1 << 30);
    let mut data = vec![0u8; hint + 1];
    let mut filled = 0;
    loop {
        if filled == data.len() {
            let longer = data.len() + data.len() / 2 + 4096;
            data.resize(longer, 0);
        }
        match read(fd, &mut data[filled..]) {
            Ok(0) => {
                data.truncate(filled);
                return Ok(data);
            }
            Ok(count) => filled += count,
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
}

/// Makes a file of `data` alone, readable by all and writable by its owner.
pub fn write_file(path: &[u8], data: &[u8]) -> Result<()> {
    let flags = libc::O_WRONLY | libc::O_CREAT | libc::O_TRUNC | libc::O_CLOEXEC;
    let fd = open(AT_FDCWD, path, flags, 0o644)?;
    let written = write_all(fd, data);
    close(fd)?;
    written
}

/// Writes all of `data`, retrying after signals and short writes.
pub fn write_all(fd: Fd, mut data: &[u8]) -> Result<()> {
    while !data.is_empty() {
        match write(fd, data) {
            Ok(count) => data = &data[count.min(data.len())..],
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
