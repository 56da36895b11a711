//! Randomness of the operating system.

use super::size;
use crate::{Errno, Result};

/// Fills `buffer` from the system's generator, waiting until it is seeded. EINTR as for any call.
pub fn getrandom(buffer: &mut [u8], flags: u32) -> Result<usize> {
    // SAFETY: the buffer is writable for the length given.
    size(unsafe { libc::getrandom(buffer.as_mut_ptr().cast(), buffer.len(), flags) })
}

/// Fills the whole of `buffer`, retrying after signals.
pub fn fill(buffer: &mut [u8]) -> Result<()> {
    let mut filled = 0;
    while filled < buffer.len() {
        match getrandom(&mut buffer[filled..], 0) {
            Ok(count) => filled += count,
            Err(Errno::EINTR) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
