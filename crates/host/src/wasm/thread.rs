//! The current thread, where there is no operating system. What each means is told in `unix/thread.rs`.

use super::stubs;
use crate::types::*;

stubs! {
    /// Writes the name of a thread that runs, given by its `ident`; gives its length, 0 when there is none.
    fn name_of(ident: u64, buffer: &mut [u8; 32]) -> usize;
    /// The name of this thread; empty when there is none.
    fn name() -> Vec<u8>;
    /// Names this thread for debuggers; what is beyond 15 bytes is cut.
    fn set_name(name: &[u8]);
}

/// What of the stack in the module's memory may be used. A WebAssembly function's own values lie on another stack, which
/// belongs to the engine: natives that nest use up both, so this one's bound keeps the other from its end.
const USABLE: usize = 192 << 10;

/// The stack of the one thread.
pub fn stack_bounds() -> Option<StackBounds> {
    let base = stack_pointer();
    Some(StackBounds {
        base,
        limit: base.saturating_sub(USABLE + (256 << 10)),
    })
}

/// An address in the present frame.
pub fn stack_pointer() -> usize {
    let here = 0u8;
    std::hint::black_box(&raw const here).addr()
}

/// There is one thread.
pub fn native_id() -> u64 {
    1
}

/// There is one thread.
pub fn ident() -> u64 {
    1
}
