//! `FunctionType(code, globals, ...)`.

use taipan_object::descr::Cell;
use taipan_object::{Args, Dict, PyResult, Ref, Str, Tuple, Value, Vm};

use crate::code::Code;
use crate::function::new_function;

const NAMES: [&str; 6] = [
    "code",
    "globals",
    "name",
    "argdefs",
    "closure",
    "kwdefaults",
];

fn bind(vm: &Vm, args: Args<'_>) -> PyResult<[Option<Value>; 6]> {
    let mut out: [Option<Value>; 6] = Default::default();
    let pos = args.pos();
    let given = pos.len() + args.keyword_count();
    if given > 6 {
        return Err(vm.type_error(&format!(
            "function() takes at most 6 arguments ({given} given)"
        )));
    }
    for (place, v) in out.iter_mut().zip(pos) {
        *place = Some(v.clone());
    }
    for (k, v) in args.keywords() {
        let Some(i) = NAMES.iter().position(|n| k.eq_str(n)) else {
            return Err(vm.type_error(&format!(
                "function() got an unexpected keyword argument '{}'",
                k.to_string_lossy()
            )));
        };
        if out[i].is_some() {
            return Err(vm.type_error(&format!(
                "argument for function() given by name ('{}') and position ({})",
                NAMES[i],
                i + 1
            )));
        }
        out[i] = Some(v.clone());
    }
    for i in 0..2 {
        if out[i].is_none() {
            return Err(vm.type_error(&format!(
                "function() missing required argument '{}' (pos {})",
                NAMES[i],
                i + 1
            )));
        }
    }
    Ok(out)
}

fn closure_of(vm: &Vm, code: &Ref<Code>, v: Option<&Value>) -> PyResult<Option<Ref<Tuple>>> {
    let tuple = match v {
        None if code.nfree != 0 => return Err(vm.type_error("arg 5 (closure) must be tuple")),
        None => None,
        Some(v) => match v.downcast_ref::<Tuple>() {
            Some(t) => Some(t.clone()),
            None if code.nfree != 0 => return Err(vm.type_error("arg 5 (closure) must be tuple")),
            None => return Err(vm.type_error("arg 5 (closure) must be None or tuple")),
        },
    };
    let len = tuple.as_ref().map_or(0, |t| t.len());
    if len != code.nfree as usize {
        return Err(vm.value_error(&format!(
            "{} requires closure of length {}, not {len}",
            code.name.to_string_lossy(),
            code.nfree
        )));
    }
    for item in tuple.iter().flat_map(|t| t.as_slice()) {
        if item.downcast_ref::<Cell>().is_none() {
            return Err(vm.type_error(&format!(
                "arg 5 (closure) expected cell, found {}",
                vm.type_name(item)
            )));
        }
    }
    Ok(tuple)
}

/// `function(...)`
pub(super) fn new(vm: &Vm, args: Args<'_>) -> PyResult {
    let [code, globals, name, defaults, closure, kwdefaults] = bind(vm, args)?;
    let wrong = |what: &str, expected: &str, v: &Value| {
        vm.type_error(&format!(
            "function() argument '{what}' must be {expected}, not {}",
            vm.type_name(v)
        ))
    };
    let (Some(code), Some(globals)) = (code, globals) else {
        return Err(vm.system_error("arguments were checked"));
    };
    let Some(code) = code.downcast_ref::<Code>() else {
        return Err(wrong("code", "code", &code));
    };
    let Some(globals) = globals.downcast_ref::<Dict>() else {
        return Err(wrong("globals", "dict", &globals));
    };
    let given = |v: Option<Value>| v.filter(|v| !vm.is_none(v));
    let (name, defaults, closure, kwdefaults) = (
        given(name),
        given(defaults),
        given(closure),
        given(kwdefaults),
    );
    if name
        .as_ref()
        .is_some_and(|v| v.downcast_ref::<Str>().is_none())
    {
        return Err(vm.type_error("arg 3 (name) must be None or string"));
    }
    if defaults
        .as_ref()
        .is_some_and(|v| v.downcast_ref::<Tuple>().is_none())
    {
        return Err(vm.type_error("arg 4 (defaults) must be None or tuple"));
    }
    let closure_checked = match &closure {
        Some(v) if v.downcast_ref::<Tuple>().is_none() => closure_of(vm, code, Some(v)).map(|_| ()),
        None if code.nfree != 0 => closure_of(vm, code, None).map(|_| ()),
        _ => Ok(()),
    };
    closure_checked?;
    if kwdefaults
        .as_ref()
        .is_some_and(|v| v.downcast_ref::<Dict>().is_none())
    {
        return Err(vm.type_error("arg 6 (kwdefaults) must be None or dict"));
    }
    let closure = closure_of(vm, code, closure.as_ref())?;
    let f = new_function(vm, code.clone(), globals.clone(), closure)?;
    if let Some(n) = name.as_ref().and_then(|v| v.downcast_ref::<Str>()) {
        f.name.set(n.clone());
    }
    f.defaults
        .set(defaults.and_then(|v| v.downcast::<Tuple>().ok()));
    f.kwdefaults
        .set(kwdefaults.and_then(|v| v.downcast::<Dict>().ok()));
    Ok(f.into_value())
}
