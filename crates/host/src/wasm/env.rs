//! The working directory, which there is none of; arguments and environment are in the crate's `vars`.

use super::stubs;
pub use crate::vars::*;
use crate::{Fd, Result};

stubs! {
    /// The working directory.
    fn cwd() -> Result<Vec<u8>>;
    /// Changes the working directory.
    fn chdir(path: &[u8]) -> Result<()>;
    /// Changes the working directory to an open one.
    fn fchdir(fd: Fd) -> Result<()>;
    /// Changes the root directory.
    fn chroot(path: &[u8]) -> Result<()>;
    /// The path of the running executable.
    fn current_exe() -> Result<Vec<u8>>;
}
