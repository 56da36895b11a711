//! The working directory and the executable; arguments and environment are in the crate's `vars`.

use super::{done, last_error, with_cstr};
pub use crate::vars::*;
use crate::{Errno, Result};

/// The working directory.
pub fn cwd() -> Result<Vec<u8>> {
    let mut buffer = vec![0u8; 1024];
    loop {
        // SAFETY: the buffer is writable for the length given.
        if !unsafe { libc::getcwd(buffer.as_mut_ptr().cast(), buffer.len()) }.is_null() {
            let end = buffer
                .iter()
                .position(|&byte| byte == 0)
                .unwrap_or(buffer.len());
            buffer.truncate(end);
            return Ok(buffer);
        }
        match last_error() {
            Errno::ERANGE => {
                let longer = buffer.len() * 2;
                buffer.resize(longer, 0);
            }
            error => return Err(error),
        }
    }
}

/// Changes the working directory.
pub fn chdir(path: &[u8]) -> Result<()> {
    // SAFETY: `path` is NUL-terminated.
    with_cstr(path, |path| done(unsafe { libc::chdir(path.as_ptr()) }))
}

/// Changes the working directory to an open one.
pub fn fchdir(fd: crate::Fd) -> Result<()> {
    done(super::scalar!(fchdir(fd)))
}

/// Changes the root directory.
pub fn chroot(path: &[u8]) -> Result<()> {
    // SAFETY: `path` is NUL-terminated.
    with_cstr(path, |path| done(unsafe { libc::chroot(path.as_ptr()) }))
}

/// The path of the running executable, links resolved.
pub fn current_exe() -> Result<Vec<u8>> {
    super::fs::readlink(super::fs::AT_FDCWD, b"/proc/self/exe")
}
