//! Handlers that show where the program is, where there is no operating system. What each means is told in `unix/fault.rs`.

use super::stubs;
use crate::Result;

/// See `unix`.
pub type Dump = fn(i32);

stubs! {
    /// Makes a signal call `f`.
    fn install(signal: i32, f: Dump, request: bool, chain: bool) -> Result<()>;
    /// Makes a signal do again what it did before `install`.
    fn uninstall(signal: i32);
}
