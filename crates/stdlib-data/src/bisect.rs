//! Module `_bisect`: binary search in sorted sequences.

use taipan_macros::pyfunctions;
use taipan_object::{CompareOp, List, ModuleSpec, PyResult, Value, Vm};

/// Module `_bisect`.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_bisect",
    doc: Some("Bisection algorithms."),
    functions: &[functions::FUNCTIONS],
    types: &[],
    exec: None,
};

/// Where `x` goes: after equal items for `right`, else before them.
fn search(
    vm: &Vm,
    a: &Value,
    x: &Value,
    lo: isize,
    hi: Option<isize>,
    key: &Value,
    right: bool,
) -> PyResult<isize> {
    if lo < 0 {
        return Err(vm.value_error("lo must be non-negative"));
    }
    let (mut lo, mut hi) = (
        lo,
        match hi {
            Some(hi) if hi != -1 => hi,
            _ => vm.len(a)? as isize,
        },
    );
    let key = Some(key).filter(|k| !vm.is_none(k));
    while lo < hi {
        let middle = lo + (hi - lo) / 2;
        let exact = std::ptr::eq(vm.type_of(a), vm.types().list.object());
        let mut item = match a.downcast_ref::<List>().filter(|_| exact) {
            Some(list) => list
                .get(middle as usize)
                .ok_or_else(|| vm.index_error("list index out of range"))?,
            None => vm.getitem(a, &vm.new_int(middle as i64)?)?,
        };
        if let Some(key) = key {
            item = vm.call1(key, &item)?;
        }
        let before = if right {
            !vm.compare_bool(x, &item, CompareOp::Lt)?
        } else {
            vm.compare_bool(&item, x, CompareOp::Lt)?
        };
        if before {
            lo = middle + 1;
        } else {
            hi = middle;
        }
    }
    Ok(lo)
}

fn insert(
    vm: &Vm,
    a: &Value,
    x: &Value,
    lo: isize,
    hi: Option<isize>,
    key: &Value,
    right: bool,
) -> PyResult<()> {
    let at = if vm.is_none(key) {
        search(vm, a, x, lo, hi, key, right)?
    } else {
        let rank = vm.call1(key, x)?;
        search(vm, a, &rank, lo, hi, key, right)?
    };
    if let Some(list) = a.downcast_exact::<List>(&vm.types().list) {
        if list.insert(at.unsigned_abs(), x.clone()) {
            return Ok(());
        }
        return Err(vm.no_memory());
    }
    vm.call_method_str(a, "insert", &[vm.new_int(at as i64)?, x.clone()])?;
    Ok(())
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Return the index where to insert item x in list a, after equal items.
    #[pyfunction(sig = "($module, /, a, x, lo=0, hi=None, *, key=None)")]
    fn bisect_right(
        vm: &Vm,
        a: &Value,
        x: &Value,
        lo: isize,
        hi: Option<isize>,
        key: Value,
    ) -> PyResult<isize> {
        search(vm, a, x, lo, hi, &key, true)
    }

    /// Insert item x in list a, and keep it sorted, after equal items.
    #[pyfunction(sig = "($module, /, a, x, lo=0, hi=None, *, key=None)")]
    fn insort_right(
        vm: &Vm,
        a: &Value,
        x: &Value,
        lo: isize,
        hi: Option<isize>,
        key: Value,
    ) -> PyResult<()> {
        insert(vm, a, x, lo, hi, &key, true)
    }

    /// Return the index where to insert item x in list a, before equal items.
    #[pyfunction(sig = "($module, /, a, x, lo=0, hi=None, *, key=None)")]
    fn bisect_left(
        vm: &Vm,
        a: &Value,
        x: &Value,
        lo: isize,
        hi: Option<isize>,
        key: Value,
    ) -> PyResult<isize> {
        search(vm, a, x, lo, hi, &key, false)
    }

    /// Insert item x in list a, and keep it sorted, before equal items.
    #[pyfunction(sig = "($module, /, a, x, lo=0, hi=None, *, key=None)")]
    fn insort_left(
        vm: &Vm,
        a: &Value,
        x: &Value,
        lo: isize,
        hi: Option<isize>,
        key: Value,
    ) -> PyResult<()> {
        insert(vm, a, x, lo, hi, &key, false)
    }
}
