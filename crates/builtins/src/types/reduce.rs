//! Pickling of plain objects: `__reduce__`, `__reduce_ex__`, `__getstate__`, with the help of module `copyreg`.

use taipan_object::descr::NativeFunction;
use taipan_object::header::Header;
use taipan_object::{Dict, List, PyResult, Tuple, TypeRef, Value, Vm};

/// `object.__reduce__`: protocols 0 and 1.
pub(super) fn reduce(vm: &Vm, v: &Value) -> PyResult {
    common_reduce(vm, v, 0)
}

/// `object.__reduce_ex__`
pub(super) fn reduce_ex(vm: &Vm, v: &Value, protocol: &Value) -> PyResult {
    let protocol = vm.index_isize_or_overflow(protocol)?;
    let name = &vm.names().__reduce__;
    if let Some(bound) = vm.getattr_opt(v, name)? {
        let ours = vm
            .types()
            .object
            .dict
            .get()
            .and_then(|d| d.get_str(vm, name));
        let theirs = vm.getattr(vm.type_value(v).as_value(), name)?;
        if !ours.is_some_and(|o| o.is(&theirs)) {
            return vm.call0(&bound);
        }
    }
    common_reduce(vm, v, protocol)
}

fn common_reduce(vm: &Vm, v: &Value, protocol: isize) -> PyResult {
    if protocol >= 2 {
        return reduce_newobj(vm, v);
    }
    let copyreg = copyreg(vm)?;
    let protocol = vm.new_int(protocol as i64)?;
    vm.call_method_str(&copyreg, "_reduce_ex", &[v.clone(), protocol])
}

/// Module `copyreg`, imported if it has not been yet.
fn copyreg(vm: &Vm) -> PyResult {
    let loaded = vm.interp().modules.get();
    match loaded.and_then(|m| m.get_str(vm, &vm.names().copyreg)) {
        Some(module) if !vm.is_none(&module) => Ok(module),
        _ => vm.import("copyreg"),
    }
}

#[cold]
fn cannot_pickle(vm: &Vm, ty: &TypeRef) -> taipan_object::Raised {
    vm.type_error(&format!("cannot pickle '{}' object", ty.full_name()))
}

/// What `__getnewargs_ex__` or `__getnewargs__` give: positional and keyword arguments.
fn new_arguments(vm: &Vm, v: &Value) -> PyResult<(Option<Vec<Value>>, Option<Value>)> {
    let n = vm.names();
    if let Some(r) = vm.call_special(v, &n.__getnewargs_ex__, &[])? {
        let Some(pair) = r.downcast_ref::<Tuple>() else {
            return Err(vm.type_error(&format!(
                "__getnewargs_ex__ should return a tuple, not '{}'",
                vm.type_name(&r)
            )));
        };
        let [args, kwargs] = pair.as_slice() else {
            return Err(vm.value_error(&format!(
                "__getnewargs_ex__ should return a tuple of length 2, not {}",
                pair.len()
            )));
        };
        let Some(args) = args.downcast_ref::<Tuple>() else {
            return Err(vm.type_error(&format!(
                "first item of the tuple returned by __getnewargs_ex__ must be a tuple, not '{}'",
                vm.type_name(args)
            )));
        };
        if kwargs.downcast_ref::<Dict>().is_none() {
            return Err(vm.type_error(&format!(
                "second item of the tuple returned by __getnewargs_ex__ must be a dict, not '{}'",
                vm.type_name(kwargs)
            )));
        }
        return Ok((Some(args.as_slice().to_vec()), Some(kwargs.clone())));
    }
    if let Some(r) = vm.call_special(v, &n.__getnewargs__, &[])? {
        return match r.downcast_ref::<Tuple>() {
            Some(t) => Ok((Some(t.as_slice().to_vec()), None)),
            None => Err(vm.type_error(&format!(
                "__getnewargs__ should return a tuple, not '{}'",
                vm.type_name(&r)
            ))),
        };
    }
    Ok((None, None))
}

fn reduce_newobj(vm: &Vm, v: &Value) -> PyResult {
    let cls = vm.type_value(v);
    if cls.slots.tp_new.get().is_none() {
        return Err(cannot_pickle(vm, &cls));
    }
    let (args, kwargs) = new_arguments(vm, v)?;
    let copyreg = copyreg(vm)?;
    let has_args = args.is_some();
    let args = args.unwrap_or_default();
    let keywords = kwargs.filter(|k| k.downcast_ref::<Dict>().is_some_and(|d| !d.is_empty()));
    let (function, new_args) = match keywords {
        None => {
            let mut all = vec![cls.as_value().clone()];
            all.extend(args);
            (vm.getattr_str(&copyreg, "__newobj__")?, vm.new_tuple(all)?)
        }
        Some(kwargs) => {
            let args = vm.new_tuple(args)?.into_value();
            let all = vec![cls.as_value().clone(), args, kwargs];
            (
                vm.getattr_str(&copyreg, "__newobj_ex__")?,
                vm.new_tuple(all)?,
            )
        }
    };
    let is_list = v.downcast_ref::<List>().is_some();
    let is_dict = v.downcast_ref::<Dict>().is_some();
    let state = state_of(vm, v, !(has_args || is_list || is_dict))?;
    let list_items = if is_list { vm.iter(v)? } else { vm.none() };
    let dict_items = if is_dict {
        let items = vm.call_method(v, &vm.names().items, &[])?;
        vm.iter(&items)?
    } else {
        vm.none()
    };
    let parts = vec![
        function,
        new_args.into_value(),
        state,
        list_items,
        dict_items,
    ];
    Ok(vm.new_tuple(parts)?.into_value())
}

/// `v.__getstate__()`; `required` when nothing else than the state will restore the instance.
fn state_of(vm: &Vm, v: &Value, required: bool) -> PyResult {
    let f = vm.getattr(v, &vm.names().__getstate__)?;
    let default = f.downcast_ref::<NativeFunction>().is_some_and(|f| {
        f.self_.as_ref().is_some_and(|s| s.is(v))
            && f.owner.as_ref().is_some_and(|o| o.is(&vm.types().object))
    });
    if default {
        default_state(vm, v, required)
    } else {
        vm.call0(&f)
    }
}

/// `object.__getstate__`
pub(super) fn getstate(vm: &Vm, v: &Value) -> PyResult {
    default_state(vm, v, false)
}

fn default_state(vm: &Vm, v: &Value, required: bool) -> PyResult {
    let cls = vm.type_value(v);
    let state = if vm.is_instance_bare(v) {
        vm.none()
    } else {
        match vm.instance_dict(v)? {
            Some(d) => d.into_value(),
            None => vm.none(),
        }
    };
    // A native payload is not part of the state: such an instance could not be restored.
    if required && cls.layout().size > size_of::<Header>() {
        return Err(cannot_pickle(vm, &cls));
    }
    let names = slot_names(vm, &cls)?;
    let slots = vm.new_dict()?;
    for name in names {
        let Some(name) = name.downcast_ref::<taipan_object::Str>() else {
            continue;
        };
        if let Some(x) = vm.getattr_opt(v, name)? {
            slots.set(vm, name.as_value(), x)?;
        }
    }
    if slots.is_empty() {
        return Ok(state);
    }
    Ok(vm.new_tuple(vec![state, slots.into_value()])?.into_value())
}

fn slot_names(vm: &Vm, cls: &TypeRef) -> PyResult<Vec<Value>> {
    let cached = cls
        .dict
        .get()
        .and_then(|d| d.get_str(vm, &vm.names().__slotnames__));
    let names = match cached {
        Some(n) => n,
        None if !cls.is_heap() => return Ok(Vec::new()),
        None => {
            let copyreg = copyreg(vm)?;
            vm.call_method_str(&copyreg, "_slotnames", &[cls.as_value().clone()])?
        }
    };
    if vm.is_none(&names) {
        return Ok(Vec::new());
    }
    match names.downcast_ref::<List>() {
        Some(l) => Ok(l.to_vec()),
        None => Err(vm.type_error("copyreg._slotnames didn't return a list or None")),
    }
}
