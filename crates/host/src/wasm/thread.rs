//! The current thread, where there is no operating system. What each means is told in `unix/thread.rs`.

use super::stubs;
use crate::types::*;

stubs! {
    /// The stack of the current thread. The main thread's may grow down to `limit` as its resource limit allows; where there
    fn stack_bounds() -> Option<StackBounds>;
    /// An address in the present frame, to compare with the bounds.
    fn stack_pointer() -> usize;
    /// The system's number for this thread (`threading.get_native_id`).
    fn native_id() -> u64;
    /// The C library's number for this thread (`threading.get_ident`).
    fn ident() -> u64;
    /// Writes the name of a thread that runs, given by its `ident`; gives its length, 0 when there is none.
    fn name_of(ident: u64, buffer: &mut [u8; 32]) -> usize;
    /// The name of this thread; empty when there is none.
    fn name() -> Vec<u8>;
    /// Names this thread for debuggers; what is beyond 15 bytes is cut.
    fn set_name(name: &[u8]);
}
