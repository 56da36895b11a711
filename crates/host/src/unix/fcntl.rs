//! `fcntl`, `ioctl` and locks on files.

use super::{check, done, scalar};
use crate::types::FileType;
use crate::{Errno, Fd, Result};

/// `fcntl` with an integer. Commands that take a pointer belong to [`fcntl_bytes`]: with them the integer is an address.
///
/// # Safety
/// `command` takes an integer, or none.
pub unsafe fn fcntl_int(fd: Fd, command: i32, argument: i64) -> Result<i32> {
    check(scalar!(fcntl(fd, command, argument)))
}

/// The longest argument that [`fcntl_bytes`] and [`ioctl_bytes`] take.
pub const MAX_ARGUMENT: usize = 1024;

/// `fcntl` with a structure: `argument` is given to the call, which may change it.
///
/// # Safety
/// `command` takes a pointer to a structure without pointers, no longer than 1,024 bytes.
pub unsafe fn fcntl_bytes(fd: Fd, command: i32, argument: &mut [u8]) -> Result<i32> {
    with_copy(argument, |pointer| {
        // SAFETY: the pointer is to 1,024 bytes, zeroed after the argument; the caller vouches for the command.
        check(unsafe { libc::fcntl(fd, command, pointer) })
    })
}

/// `ioctl` with an integer.
///
/// # Safety
/// `request` takes an integer, or none.
pub unsafe fn ioctl_int(fd: Fd, request: u64, argument: i64) -> Result<i32> {
    check(scalar!(ioctl(fd, request, argument)))
}

/// `ioctl` with a structure.
///
/// # Safety
/// `request` takes a pointer to a structure without pointers, no longer than 1,024 bytes.
pub unsafe fn ioctl_bytes(fd: Fd, request: u64, argument: &mut [u8]) -> Result<i32> {
    with_copy(argument, |pointer| {
        // SAFETY: as for `fcntl_bytes`.
        check(unsafe { libc::ioctl(fd, request, pointer) })
    })
}

/// Calls `f` with a copy that has room to spare, so that a short argument does not make the kernel write past its end.
fn with_copy(argument: &mut [u8], f: impl FnOnce(*mut u8) -> Result<i32>) -> Result<i32> {
    #[repr(align(16))]
    struct Room([u8; MAX_ARGUMENT]);
    if argument.len() > MAX_ARGUMENT {
        return Err(Errno::EINVAL);
    }
    let mut room = Room([0; MAX_ARGUMENT]);
    room.0[..argument.len()].copy_from_slice(argument);
    let result = f(room.0.as_mut_ptr())?;
    argument.copy_from_slice(&room.0[..argument.len()]);
    Ok(result)
}

/// `flock`.
pub fn flock(fd: Fd, operation: i32) -> Result<()> {
    done(scalar!(flock(fd, operation)))
}

/// A lock on part of a file: `kind` is `F_RDLCK`, `F_WRLCK` or `F_UNLCK`.
pub fn lock_range(
    fd: Fd,
    kind: i32,
    wait: bool,
    start: i64,
    length: i64,
    whence: i32,
) -> Result<()> {
    let lock = libc::flock {
        l_type: i16::try_from(kind).map_err(|_| Errno::EINVAL)?,
        l_whence: i16::try_from(whence).map_err(|_| Errno::EINVAL)?,
        l_start: start,
        l_len: length,
        l_pid: 0,
    };
    let command = if wait { libc::F_SETLKW } else { libc::F_SETLK };
    // SAFETY: both commands read a `flock`.
    done(unsafe { libc::fcntl(fd, command, &raw const lock) })
}

/// `lockf`.
pub fn lockf(fd: Fd, command: i32, length: i64) -> Result<()> {
    done(scalar!(lockf(fd, command, length)))
}

/// The type that `st_mode` tells.
pub fn file_type(mode: u32) -> FileType {
    match mode & libc::S_IFMT {
        libc::S_IFREG => FileType::File,
        libc::S_IFDIR => FileType::Dir,
        libc::S_IFLNK => FileType::Symlink,
        _ => FileType::Other,
    }
}
