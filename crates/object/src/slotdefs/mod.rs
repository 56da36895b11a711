//! The table that ties slots to dunder methods: which method each slot shows, and how a method fills a slot.
//! `table.rs` has the entries, `functions.rs` and `operators.rs` the slot functions that call Python-level methods,
//! `wrappers.rs` how a wrapper descriptor calls a native slot, `update.rs` how a class gets its slots.

mod functions;
mod operators;
mod table;
mod update;
mod wrappers;

pub use functions::{call_unbound, call_unbound_required, call_with_first, slot_tp_iternext};
pub(crate) use operators::call_or_not_implemented;
pub use table::{SLOT_DEFS, SlotEntry};
pub(crate) use update::add_slot_wrappers;
pub use update::{fill_slots, fill_slots_from_base, new_wrapper, update_slots_of};
pub use wrappers::{Wrap, call_wrapper};
