//! `_signal`.

use taipan_object::{PyResult, Value, Vm};

/// The bits of an iterable of signal numbers.
pub fn signal_set(vm: &Vm, v: &Value) -> PyResult<u64> {
    let mut set = 0u64;
    for item in vm.collect(v)? {
        let n = vm.index(&item)?;
        match n.as_int().and_then(|i| i.to_i64()) {
            Some(n @ 1..=64) => set |= 1 << (n - 1),
            Some(_) => return Err(vm.value_error("signal number out of range [1; 64]")),
            None => {
                return Err(vm.overflow_error("Python int too large to convert to C int"));
            }
        }
    }
    Ok(set)
}
