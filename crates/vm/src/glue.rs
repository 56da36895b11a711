//! Small services that instructions share: builtins by name, name errors, typing's intrinsics.

use taipan_object::{
    BaseException, Dict, FieldException, PyCell, PyResult, Raised, Ref, Str, TypeRef, Value, Vm,
};

pub(crate) use taipan_builtins::str_::{ascii, format};

/// A builtin by name, as the interpreter was started with (not as a program may have replaced it).
pub(crate) fn builtin(vm: &Vm, name: &str) -> PyResult {
    let name = vm.intern(name)?;
    match vm
        .interp()
        .builtins
        .get()
        .and_then(|d| d.get_str(vm, &name))
    {
        Some(v) => Ok(v),
        None => Err(vm.system_error(&format!("builtins has no {}", name.to_string_lossy()))),
    }
}

/// Raises NameError (or a subclass) with its `name`.
#[cold]
pub(crate) fn name_error(vm: &Vm, ty: &TypeRef, message: &str, name: Option<&Ref<Str>>) -> Raised {
    match vm.new_exception(ty, message) {
        Ok(e) => {
            if let (Some(f), Some(n)) = (e.downcast_ref::<FieldException>(), name) {
                f.fields[0].set(Some(n.as_value().clone()));
            }
            vm.raise(e)
        }
        Err(r) => r,
    }
}

/// Gives the pending exception a cause.
pub(crate) fn set_pending_cause(vm: &Vm, cause: Value) {
    if let Some(e) = vm.pending_exception()
        && let Some(b) = e.downcast_ref::<BaseException>()
    {
        b.context.set(Some(cause.clone()));
        b.cause.set(Some(cause));
        b.suppress_context.set(true);
    }
}

/// Raises StopIteration with exactly this value.
pub(crate) fn raise_stop_iteration(vm: &Vm, value: Value) -> Raised {
    let make = || {
        let args = vm.new_tuple_from(std::slice::from_ref(&value))?;
        let payload = FieldException {
            base: BaseException::new(args),
            fields: std::array::from_fn(|i| PyCell::new((i == 0).then(|| value.clone()))),
        };
        Ok(vm
            .new_object(&vm.exc().StopIteration, payload)?
            .into_value())
    };
    match make() {
        Ok(e) => vm.raise(e),
        Err(r) => r,
    }
}

/// A set or frozenset of the items.
pub(crate) fn new_set(vm: &Vm, items: Vec<Value>, frozen: bool) -> PyResult {
    if frozen {
        return Ok(vm.new_frozenset(&items)?.into_value());
    }
    let s = vm.new_set()?;
    for v in &items {
        if let Err(e) = s.add(vm, v) {
            return Err(unhashable_note(vm, e, v, "set element"));
        }
    }
    Ok(s.into_value())
}

/// `set.add`
pub(crate) fn set_add(vm: &Vm, set: &Value, v: &Value) -> PyResult<()> {
    // Only a program that rebinds `__conditional_annotations__` brings anything else.
    match vm.as_any_set(set) {
        Some(s) if !vm.is_instance_exact(set, &vm.types().frozenset) => s
            .add(vm, v)
            .map(drop)
            .map_err(|e| unhashable_note(vm, e, v, "set element")),
        _ => Err(vm.type_error(&format!("'{}' object is not a set", vm.type_name(set)))),
    }
}

/// `set.update`
pub(crate) fn set_update(vm: &Vm, set: &Value, items: &Value) -> PyResult<()> {
    let Some(s) = vm.as_any_set(set).cloned() else {
        return Err(vm.system_error("SET_UPDATE without a set"));
    };
    taipan_builtins::set_::update(vm, &s, items)
}

/// CPython 3.14 says what an unhashable value was to be: "cannot use 'list' as a dict key (unhashable type: 'list')".
pub(crate) fn unhashable_note(vm: &Vm, e: Raised, v: &Value, what: &str) -> Raised {
    if !vm.exception_matches(&vm.exc().TypeError)
        || vm.type_of(v).payload.slots.tp_hash.get().is_some_and(|f| {
            f as usize
                != taipan_object::protocol::compare::hash_not_implemented as *const () as usize
        })
    {
        return e;
    }
    let exc = vm.take_raised(e);
    let text = match vm.str(&exc) {
        Ok(s) => s.to_string_lossy().into_owned(),
        Err(r) => return r,
    };
    if !text.starts_with("unhashable type") {
        return vm.raise_as_is(exc);
    }
    vm.type_error(&format!(
        "cannot use '{}' as a {what} ({text})",
        vm.type_name(v)
    ))
}

/// `slice(start, stop, step)`
pub(crate) fn new_slice(vm: &Vm, start: &Value, stop: &Value, step: &Value) -> PyResult {
    Ok(vm
        .new_slice(start.clone(), stop.clone(), step.clone())?
        .into_value())
}

/// `dict.update` for `{**mapping}`: AttributeError when it is no mapping.
pub(crate) fn dict_update(vm: &Vm, d: &Ref<Dict>, mapping: &Value) -> PyResult<()> {
    taipan_builtins::dict_::dict_update(vm, d, mapping)
}

/// `function` bound to `self_`.
pub(crate) fn bind_method(vm: &Vm, function: &Value, self_: &Value) -> PyResult {
    let method = taipan_object::descr::Method {
        function: function.clone(),
        self_: self_.clone(),
    };
    Ok(vm.new(method)?.into_value())
}

/// What a callable is called in messages about its arguments (`_PyObject_FunctionStr`).
pub(crate) fn function_str(vm: &Vm, f: &Value) -> String {
    let text = || -> PyResult<Option<String>> {
        let Some(q) = vm.getattr_opt(f, &vm.names().__qualname__)? else {
            return Ok(None);
        };
        let name = vm.str(&q)?.to_string_lossy().into_owned();
        let module = vm.getattr_opt(f, &vm.names().__module__)?;
        if let Some(m) = module
            && let Some(m) = m.downcast_ref::<Str>()
            && !m.eq_str("builtins")
        {
            return Ok(Some(format!("{}.{name}()", m.to_string_lossy())));
        }
        Ok(Some(format!("{name}()")))
    };
    match text() {
        Ok(Some(s)) => s,
        Ok(None) => vm.str(f).map_or_else(
            |r| {
                drop(vm.take_raised(r));
                String::new()
            },
            |s| s.to_string_lossy().into_owned(),
        ),
        Err(r) => {
            drop(vm.take_raised(r));
            String::new()
        }
    }
}

/// `sys.displayhook(value)`
pub(crate) fn display(vm: &Vm, v: &Value) -> PyResult<()> {
    let sys = vm.import("sys")?;
    let hook = match vm.getattr_opt(&sys, &vm.names().displayhook)? {
        Some(h) => h,
        None => return Err(vm.runtime_error("lost sys.displayhook")),
    };
    vm.call1(&hook, v).map(drop)
}

fn typing_call(vm: &Vm, module: &str, name: &str, args: &[Value]) -> PyResult {
    let m = vm.import(module)?;
    let f = vm.getattr_str(&m, name)?;
    vm.call_pos(&f, args)
}

/// INTRINSIC_TYPEVAR, PARAMSPEC, TYPEVARTUPLE, TYPEALIAS.
pub(crate) fn typing_intrinsic(vm: &Vm, which: u32, v: &Value) -> PyResult {
    let name = match which {
        7 => "_make_typevar",
        8 => "_make_paramspec",
        9 => "_make_typevartuple",
        _ => "_make_typealias",
    };
    typing_call(vm, "_typing", name, std::slice::from_ref(v))
}

/// INTRINSIC_TYPEVAR_WITH_BOUND, TYPEVAR_WITH_CONSTRAINTS, SET_FUNCTION_TYPE_PARAMS, SET_TYPEPARAM_DEFAULT.
pub(crate) fn typing_intrinsic_2(vm: &Vm, which: u32, a: &Value, b: &Value) -> PyResult {
    match which {
        2 => typing_call(
            vm,
            "_typing",
            "_make_typevar_with_bound",
            &[a.clone(), b.clone()],
        ),
        3 => typing_call(
            vm,
            "_typing",
            "_make_typevar_with_constraints",
            &[a.clone(), b.clone()],
        ),
        4 => {
            if let Some(f) = a.downcast_ref::<crate::function::Function>() {
                f.type_params.set(Some(b.clone()));
            }
            Ok(a.clone())
        }
        _ => typing_call(
            vm,
            "_typing",
            "_set_typeparam_default",
            &[a.clone(), b.clone()],
        ),
    }
}

/// INTRINSIC_SUBSCRIPT_GENERIC: `typing.Generic[params]`, with `Unpack[Ts]` for each type variable tuple.
pub(crate) fn subscript_generic(vm: &Vm, params: &Value) -> PyResult {
    let native = vm.import("_typing")?;
    let generic = vm.getattr_str(&native, "Generic")?;
    let tuple_class = vm.getattr_str(&native, "TypeVarTuple")?;
    let typing = vm.import("typing")?;
    let mut unpacked = Vec::new();
    for param in vm.collect(params)? {
        unpacked.push(if vm.type_value(&param).as_value().is(&tuple_class) {
            let unpack = vm.getattr_str(&typing, "Unpack")?;
            vm.getitem(&unpack, &param)?
        } else {
            param
        });
    }
    let alias = vm.getattr_str(&typing, "_GenericAlias")?;
    vm.call_pos(&alias, &[generic, vm.new_tuple(unpacked)?.into_value()])
}

/// `isinstance(v, class)`
pub(crate) fn is_instance(vm: &Vm, v: &Value, class: &Value) -> PyResult<bool> {
    let f = builtin(vm, "isinstance")?;
    let r = vm.call_pos(&f, &[v.clone(), class.clone()])?;
    vm.is_true(&r)
}

/// A str of bytes from the operating system: UTF-8, other bytes as lone surrogates (surrogateescape).
pub(crate) fn fs_decode(vm: &Vm, bytes: &[u8]) -> PyResult<Ref<Str>> {
    if let Ok(s) = std::str::from_utf8(bytes) {
        return vm.new_str(s);
    }
    let mut chars: Vec<u32> = Vec::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        chars.extend(chunk.valid().chars().map(u32::from));
        chars.extend(chunk.invalid().iter().map(|&b| 0xdc00 + u32::from(b)));
    }
    vm.new_str_buf(&taipan_text::TextBuf::from_chars(chars))
}

/// Bytes for the operating system of a str (UTF-8 with surrogateescape).
pub(crate) fn fs_encode(vm: &Vm, s: &Ref<Str>) -> PyResult<Vec<u8>> {
    if let Some(a) = s.as_ascii() {
        return Ok(a.as_bytes().to_vec());
    }
    let mut out = Vec::with_capacity(s.len());
    for c in s.text().chars() {
        match c {
            0xdc80..=0xdcff => out.push((c - 0xdc00) as u8),
            _ => match char::from_u32(c) {
                Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                None => {
                    taipan_object::convert::utf8(vm, s)?;
                    return Err(vm.value_error("surrogates not allowed"));
                }
            },
        }
    }
    Ok(out)
}

/// The bytes of an object that has a buffer; `None` when it has none.
pub(crate) fn buffer_bytes(vm: &Vm, v: &Value) -> PyResult<Option<Vec<u8>>> {
    if vm.type_of(v).payload.slots.bf_getbuffer.get().is_none() {
        return Ok(None);
    }
    Ok(Some(vm.get_buffer(v, false)?.to_vec()))
}

/// Characters `start..end` of a string.
pub(crate) fn slice_text(vm: &Vm, s: &Ref<Str>, start: usize, end: usize) -> PyResult {
    Ok(vm.new_str_text(s.text().slice(start..end))?.into_value())
}
