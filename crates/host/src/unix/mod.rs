//! The calls on Unix, through libc. Every `unsafe` of the crate is in this folder.
//!
//! `scalar!` makes the calls that exchange integers alone; its bound refuses pointers when it is compiled, so the calls
//! made through it cannot touch memory of ours.

pub mod clock;
pub mod consts;
mod databases;
pub mod env;
pub mod fault;
pub mod fcntl;
pub mod fs;
pub mod linux;
pub mod mem;
pub mod net;
mod net_addr;
mod net_db;
pub mod process;
pub mod random;
pub mod select;
pub mod semaphore;
pub mod signal;
mod spawn;
pub mod term;
pub mod thread;
pub mod users;

use crate::{Errno, Result};
use std::ffi::CStr;

/// Types a scalar call may take.
pub(crate) trait Integer: Copy {}
impl Integer for i16 {}
impl Integer for u16 {}
impl Integer for i32 {}
impl Integer for u32 {}
impl Integer for i64 {}
impl Integer for u64 {}
impl Integer for isize {}
impl Integer for usize {}

pub(crate) fn integer<T: Integer>(value: T) -> T {
    value
}

/// Calls a C function whose arguments are all integers.
macro_rules! scalar {
    ($f:ident($($a:expr),* $(,)?)) => {{
        #[allow(unused_unsafe)]
        // SAFETY: the arguments are integers (`integer` refuses anything else), so the call reads and writes no memory of ours.
        unsafe { libc::$f($($crate::imp::integer($a)),*) }
    }};
}
pub(crate) use scalar;

/// The error of the call that just failed on this thread.
pub(crate) fn last_error() -> Errno {
    Errno(std::io::Error::last_os_error().raw_os_error().unwrap_or(0))
}

/// Turns the C convention "-1 is an error" into a `Result`.
pub(crate) fn check<T: PartialEq + From<i8>>(value: T) -> Result<T> {
    if value == T::from(-1) {
        Err(last_error())
    } else {
        Ok(value)
    }
}

/// `check` where the value of a success says nothing.
pub(crate) fn done(value: i32) -> Result<()> {
    check(value).map(drop)
}

/// For functions that return the error instead of setting `errno`.
pub(crate) fn returned(value: i32) -> Result<()> {
    if value == 0 {
        Ok(())
    } else {
        Err(Errno(value))
    }
}

/// Length of a read or write.
pub(crate) fn size(value: isize) -> Result<usize> {
    usize::try_from(value).map_err(|_| last_error())
}

/// Calls `f` with `bytes` as a C string, on the stack if it is short.
pub(crate) fn with_cstr<T>(bytes: &[u8], f: impl FnOnce(&CStr) -> Result<T>) -> Result<T> {
    const SHORT: usize = 384;
    if bytes.len() < SHORT {
        let mut buffer = [0u8; SHORT];
        buffer[..bytes.len()].copy_from_slice(bytes);
        f(CStr::from_bytes_with_nul(&buffer[..=bytes.len()]).map_err(|_| Errno::EINVAL)?)
    } else {
        f(&std::ffi::CString::new(bytes).map_err(|_| Errno::EINVAL)?)
    }
}

/// A vector of C strings with the array of pointers that `execve` and its kin want.
pub(crate) struct CStrings {
    _strings: Vec<std::ffi::CString>,
    pointers: Vec<*const libc::c_char>,
}

impl CStrings {
    pub(crate) fn new<S: AsRef<[u8]>>(items: &[S]) -> Result<CStrings> {
        let strings: Vec<_> = items
            .iter()
            .map(|item| std::ffi::CString::new(item.as_ref()).map_err(|_| Errno::EINVAL))
            .collect::<Result<_>>()?;
        let pointers = strings
            .iter()
            .map(|s| s.as_ptr())
            .chain([std::ptr::null()])
            .collect();
        Ok(CStrings {
            _strings: strings,
            pointers,
        })
    }

    /// A NULL-terminated array that lives as long as `self`.
    pub(crate) fn as_ptr(&self) -> *const *const libc::c_char {
        self.pointers.as_ptr()
    }
}

/// The bytes of a C string that may be NULL.
///
/// # Safety
/// `pointer` is NULL or points to a NUL-terminated string that nobody changes during the call.
pub(crate) unsafe fn bytes_of(pointer: *const libc::c_char) -> Vec<u8> {
    if pointer.is_null() {
        Vec::new()
    } else {
        // SAFETY: the caller's contract.
        unsafe { CStr::from_ptr(pointer) }.to_bytes().to_vec()
    }
}

pub(crate) fn strerror(number: i32) -> Option<Vec<u8>> {
    let mut buffer = [0u8; 256];
    // SAFETY: the buffer is writable for the length given; the function ends what it writes with NUL.
    let status = unsafe { libc::strerror_r(number, buffer.as_mut_ptr().cast(), buffer.len()) };
    // EINVAL still leaves "Unknown error N" in the buffer.
    if status != 0 && status != libc::EINVAL {
        return None;
    }
    CStr::from_bytes_until_nul(&buffer)
        .ok()
        .map(|text| text.to_bytes().to_vec())
}
