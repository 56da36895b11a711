//! `typing.Union`: `int | str`.

use taipan_object::{PyResult, Value, Vm};

/// `|` of classes.
pub fn type_or(vm: &Vm, _: &Value, _: &Value) -> PyResult {
    Ok(vm.not_implemented())
}
