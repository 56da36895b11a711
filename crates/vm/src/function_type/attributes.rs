//! The attributes of functions that check what they are set to.

use taipan_bytecode::code::co;
use taipan_object::{Dict, PyCell, PyResult, Ref, Str, Tuple, Value, Vm};

use super::RetiredCode;
use crate::code::Code;
use crate::function::Function;

pub(super) fn set_name(
    vm: &Vm,
    cell: &PyCell<Ref<Str>>,
    what: &str,
    value: Option<&Value>,
) -> PyResult<()> {
    match value.and_then(|v| v.downcast_ref::<Str>()) {
        Some(s) => {
            cell.set(s.clone());
            Ok(())
        }
        None => Err(vm.type_error(&format!("{what} must be set to a string object"))),
    }
}

pub(super) fn set_code(vm: &Vm, f: &Ref<Function>, value: Option<&Value>) -> PyResult<()> {
    let Some(code) = value.and_then(|v| v.downcast_ref::<Code>()) else {
        return Err(vm.type_error("__code__ must be set to a code object"));
    };
    let closure = f.closure.get().map_or(0, |c| c.len());
    if code.nfree as usize != closure {
        return Err(vm.value_error(&format!(
            "{}() requires a code object with {closure} free vars, not {}",
            f.name.get().to_string_lossy(),
            code.nfree
        )));
    }
    let mask = co::GENERATOR | co::COROUTINE | co::ASYNC_GENERATOR;
    if (f.code.get().flags ^ code.flags) & mask != 0 {
        vm.warn(
            &vm.exc().DeprecationWarning,
            "Assigning a code object of non-matching type is deprecated (e.g., from a generator to a plain function)",
            1,
        )?;
    }
    // The docstring is that of the code it was made with.
    f.docstring(vm)?;
    let old = f.code.replace(code.clone());
    f.version.set(0);
    if !old.is(code) {
        vm.state::<RetiredCode>()
            .0
            .borrow_mut()
            .push(old.into_value());
    }
    Ok(())
}

pub(super) fn set_defaults(vm: &Vm, f: &Ref<Function>, value: Option<&Value>) -> PyResult<()> {
    let new = match value.filter(|v| !vm.is_none(v)) {
        None => None,
        Some(v) => match v.downcast_ref::<Tuple>() {
            Some(t) => Some(t.clone()),
            None => return Err(vm.type_error("__defaults__ must be set to a tuple object")),
        },
    };
    f.version.set(0);
    f.defaults.set(new);
    Ok(())
}

pub(super) fn set_kwdefaults(vm: &Vm, f: &Ref<Function>, value: Option<&Value>) -> PyResult<()> {
    let new = match value.filter(|v| !vm.is_none(v)) {
        None => None,
        Some(v) => match v.downcast_ref::<Dict>() {
            Some(d) => Some(d.clone()),
            None => return Err(vm.type_error("__kwdefaults__ must be set to a dict object")),
        },
    };
    f.version.set(0);
    f.kwdefaults.set(new);
    Ok(())
}

/// `__annotations__`: what `__annotate__(1)` gives, once. MAKE_FUNCTION may have left a tuple of names and values.
pub(super) fn annotations(vm: &Vm, f: &Ref<Function>) -> PyResult {
    if let Some(a) = f.annotations.get() {
        let Some(pairs) = a.downcast_ref::<Tuple>() else {
            return Ok(a);
        };
        let d = vm.new_dict()?;
        for pair in pairs.as_slice().chunks_exact(2) {
            d.set(vm, &pair[0], pair[1].clone())?;
        }
        f.annotations.set(Some(d.as_value().clone()));
        return Ok(d.into_value());
    }
    let new = match f.annotate.get() {
        Some(annotate) if vm.is_callable(&annotate) => {
            let d = vm.call1(&annotate, &vm.new_int(1)?)?;
            if d.downcast_ref::<Dict>().is_none() {
                return Err(vm.type_error(&format!(
                    "__annotate__ returned non-dict of type '{}'",
                    vm.type_name(&d)
                )));
            }
            d
        }
        _ => vm.new_dict()?.into_value(),
    };
    f.annotations.set(Some(new.clone()));
    Ok(new)
}

pub(super) fn set_annotations(vm: &Vm, f: &Ref<Function>, value: Option<&Value>) -> PyResult<()> {
    let new = match value.filter(|v| !vm.is_none(v)) {
        None => None,
        Some(v) if v.downcast_ref::<Dict>().is_some() => Some(v.clone()),
        Some(_) => return Err(vm.type_error("__annotations__ must be set to a dict object")),
    };
    f.version.set(0);
    f.annotations.set(new);
    f.annotate.set(None);
    Ok(())
}

pub(super) fn set_annotate(vm: &Vm, f: &Ref<Function>, value: Option<&Value>) -> PyResult<()> {
    let Some(v) = value else {
        return Err(vm.type_error("__annotate__ cannot be deleted"));
    };
    f.version.set(0);
    if vm.is_none(v) {
        f.annotate.set(None);
        return Ok(());
    }
    if !vm.is_callable(v) {
        return Err(vm.type_error("__annotate__ must be callable or None"));
    }
    f.annotate.set(Some(v.clone()));
    f.annotations.set(None);
    Ok(())
}

pub(super) fn set_type_params(vm: &Vm, f: &Ref<Function>, value: Option<&Value>) -> PyResult<()> {
    match value {
        Some(v) if v.downcast_ref::<Tuple>().is_some() => {
            f.type_params.set(Some(v.clone()));
            Ok(())
        }
        _ => Err(vm.type_error("__type_params__ must be set to a tuple")),
    }
}

pub(super) fn dict(vm: &Vm, f: &Value) -> PyResult {
    match vm.instance_dict(f)? {
        Some(d) => Ok(d.into_value()),
        None => Err(vm.system_error("a function without a place for its dict")),
    }
}

pub(super) fn set_dict(vm: &Vm, f: &Value, value: Option<&Value>) -> PyResult<()> {
    let Some(v) = value else {
        return Err(vm.type_error("cannot delete __dict__"));
    };
    match v.downcast_ref::<Dict>() {
        Some(d) => vm.set_instance_dict(f, Some(d.clone())).map(drop),
        None => Err(vm.type_error(&format!(
            "__dict__ must be set to a dictionary, not a '{}'",
            vm.type_name(v)
        ))),
    }
}
