//! `fcntl`, `ioctl` and locks, where there is no operating system. What each means is told in `unix/fcntl.rs`.

use super::{Missing, stubs};
use crate::types::*;
use crate::{Fd, Result};

/// See `unix`.
pub const MAX_ARGUMENT: usize = 1024;

stubs! {
    /// `flock`.
    fn flock(fd: Fd, operation: i32) -> Result<()>;
    /// A lock on part of a file: `kind` is `F_RDLCK`, `F_WRLCK` or `F_UNLCK`.
    fn lock_range(fd: Fd, kind: i32, wait: bool, start: i64, length: i64, whence: i32) -> Result<()>;
    /// `lockf`.
    fn lockf(fd: Fd, command: i32, length: i64) -> Result<()>;
    /// The type that `st_mode` tells.
    fn file_type(mode: u32) -> FileType;
}
/// `fcntl` with an integer. Commands that take a pointer belong to [`fcntl_bytes`]: with them the integer is an address.
///
/// # Safety
/// Nothing to uphold here.
#[allow(unused_variables)]
pub unsafe fn fcntl_int(fd: Fd, command: i32, argument: i64) -> Result<i32> {
    <Result<i32> as Missing>::MISSING
}
/// `fcntl` with a structure: `argument` is given to the call, which may change it.
///
/// # Safety
/// Nothing to uphold here.
#[allow(unused_variables)]
pub unsafe fn fcntl_bytes(fd: Fd, command: i32, argument: &mut [u8]) -> Result<i32> {
    <Result<i32> as Missing>::MISSING
}
/// `ioctl` with an integer.
///
/// # Safety
/// Nothing to uphold here.
#[allow(unused_variables)]
pub unsafe fn ioctl_int(fd: Fd, request: u64, argument: i64) -> Result<i32> {
    <Result<i32> as Missing>::MISSING
}
/// `ioctl` with a structure.
///
/// # Safety
/// Nothing to uphold here.
#[allow(unused_variables)]
pub unsafe fn ioctl_bytes(fd: Fd, request: u64, argument: &mut [u8]) -> Result<i32> {
    <Result<i32> as Missing>::MISSING
}
