//! Randomness, where there is no operating system. What each means is told in `unix/random.rs`.

use super::stubs;

use crate::Result;

stubs! {
    /// Fills `buffer` from the system's generator, waiting until it is seeded. EINTR as for any call.
    fn getrandom(buffer: &mut [u8], flags: u32) -> Result<usize>;
    /// Fills the whole of `buffer`, retrying after signals.
    fn fill(buffer: &mut [u8]) -> Result<()>;
}
