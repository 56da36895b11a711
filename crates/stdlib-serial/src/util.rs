//! Helpers that the modules of this crate share.

use taipan_object::{PyResult, Raised, Str, Value, Vm};

/// The fully qualified name of the type of `v`, without `builtins` and `__main__` (`%T` in messages).
pub(crate) fn type_name(vm: &Vm, v: &Value) -> String {
    let ty = vm.type_of(v);
    if !ty.payload.is_heap() {
        return ty.payload.full_name();
    }
    let qualname = ty.payload.qualname.get().to_string_lossy().into_owned();
    let module = vm
        .getattr_str_opt(ty.to_ref().as_value(), "__module__")
        .unwrap_or_else(|r| {
            drop(vm.take_raised(r));
            None
        });
    match module.as_ref().and_then(|m| m.downcast_ref::<Str>()) {
        Some(m) if !m.eq_str("builtins") && !m.eq_str("__main__") => {
            format!("{}.{qualname}", m.to_string_lossy())
        }
        _ => qualname,
    }
}

/// Adds a note to the pending exception; `note` is made while that one is set aside.
#[cold]
pub(crate) fn with_note(
    vm: &Vm,
    raised: Raised,
    note: impl FnOnce() -> PyResult<String>,
) -> Raised {
    let exc = vm.take_raised(raised);
    let added = note()
        .and_then(|note| vm.new_str(&note))
        .and_then(|n| vm.call_method_str(&exc, "add_note", &[n.into_value()]));
    match added {
        Ok(_) => vm.raise_as_is(exc),
        Err(r) => r,
    }
}
