//! The working directory, which is in `files`; arguments and environment are in the crate's `vars`.

pub use super::files::{chdir, cwd};
use super::stubs;
pub use crate::vars::*;
use crate::{Fd, Result};

stubs! {
    /// Changes the working directory to an open one.
    fn fchdir(fd: Fd) -> Result<()>;
    /// Changes the root directory.
    fn chroot(path: &[u8]) -> Result<()>;
    /// The path of the running executable.
    fn current_exe() -> Result<Vec<u8>>;
}
