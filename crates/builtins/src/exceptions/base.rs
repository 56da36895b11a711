//! `BaseException`: construction, text, pickling, notes, and the chain and traceback attributes.

use taipan_macros::pymethods;
use taipan_object::{
    Args, BaseException, Dict, FieldException, List, Payload, PyCell, PyResult, Ref, Str, Tuple,
    TypeObject, Value, Vm,
};

/// The exception's payload.
pub fn payload<'a>(vm: &Vm, v: &'a Value) -> PyResult<&'a Ref<BaseException>> {
    v.downcast_ref::<BaseException>()
        .ok_or_else(|| vm.type_error("an exception is required"))
}

/// The arguments, `()` when there are none yet.
pub fn args_of(vm: &Vm, e: &BaseException) -> Ref<Tuple> {
    e.args
        .get()
        .unwrap_or_else(|| vm.interp().singletons().empty_tuple.clone())
}

/// Fails with "X() takes no keyword arguments" when there are some.
pub fn no_keywords(vm: &Vm, cls: &TypeObject, args: &Args<'_>) -> PyResult<()> {
    if args.keyword_count() == 0 {
        return Ok(());
    }
    let name = cls.name.get();
    Err(vm.type_error(&format!(
        "{}() takes no keyword arguments",
        name.to_string_lossy()
    )))
}

/// A new exception with `args` and empty fields.
pub fn allocate(vm: &Vm, cls: &Ref<TypeObject>, args: Ref<Tuple>) -> PyResult {
    let base = BaseException::new(args);
    if cls.layout().is_or_extends(FieldException::layout()) {
        let payload = FieldException {
            base,
            fields: std::array::from_fn(|_| PyCell::new(None)),
        };
        return Ok(vm.new_object(cls, payload)?.into_value());
    }
    Ok(vm.new_object(cls, base)?.into_value())
}

/// `BaseException.__new__`
pub fn new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
    let args = vm.new_tuple_from(args.pos())?;
    allocate(vm, cls, args)
}

/// `BaseException.__init__`
pub fn init(vm: &Vm, this: &Value, args: Args<'_>) -> PyResult<()> {
    no_keywords(vm, &vm.type_of(this).payload, &args)?;
    set_args(vm, this, args.pos())
}

/// Makes `args` of these values, keeping the tuple that `__new__` made of the same ones.
pub fn set_args(vm: &Vm, this: &Value, values: &[Value]) -> PyResult<()> {
    let e = payload(vm, this)?;
    if let Some(old) = e.args.get() {
        let old = old.as_slice();
        if old.len() == values.len() && old.iter().zip(values).all(|(a, b)| a.is(b)) {
            return Ok(());
        }
    }
    e.args.set(Some(vm.new_tuple_from(values)?));
    Ok(())
}

/// `BaseException.__str__`
pub fn str(vm: &Vm, this: &Value) -> PyResult {
    let args = args_of(vm, payload(vm, this)?);
    match args.as_slice() {
        [] => Ok(vm.interp().singletons().empty_str.clone().into_value()),
        [one] => Ok(vm.str(one)?.into_value()),
        _ => Ok(vm.str(args.as_value())?.into_value()),
    }
}

fn repr(vm: &Vm, this: &Value) -> PyResult {
    let args = args_of(vm, payload(vm, this)?);
    let mut out = taipan_text::TextBuf::default();
    let name = vm.type_of(this).payload.name.get();
    out.push_text(name.text());
    match args.as_slice() {
        [one] => {
            out.push_str("(");
            out.push_text(vm.repr(one)?.text());
            out.push_str(")");
        }
        _ => out.push_text(vm.repr(args.as_value())?.text()),
    }
    Ok(vm.new_str_buf(&out)?.into_value())
}

/// The instance's `__dict__`, if anything was ever put into it.
pub fn used_dict(vm: &Vm, this: &Value) -> PyResult<Option<Ref<Dict>>> {
    if vm.instance_items(this).is_empty() {
        return Ok(None);
    }
    vm.instance_dict(this)
}

/// `(type, args)` or `(type, args, state)`.
pub fn reduced(vm: &Vm, this: &Value, args: Value, state: Option<Value>) -> PyResult<Ref<Tuple>> {
    let mut items = vec![vm.type_value(this).into_value(), args];
    items.extend(state);
    vm.new_tuple(items)
}

fn is_exception(vm: &Vm, v: &Value) -> bool {
    vm.is_instance_exact(v, &vm.exc().BaseException)
}

fn checked_link(vm: &Vm, value: Option<&Value>, name: &str, what: &str) -> PyResult<Option<Value>> {
    match value {
        None => Err(vm.type_error(&format!("{name} may not be deleted"))),
        Some(v) if vm.is_none(v) => Ok(None),
        Some(v) if is_exception(vm, v) => Ok(Some(v.clone())),
        Some(_) => Err(vm.type_error(&format!(
            "exception {what} must be None or derive from BaseException"
        ))),
    }
}

fn is_traceback(vm: &Vm, v: &Value) -> bool {
    vm.type_of(v)
        .payload
        .spec()
        .is_some_and(|s| s.name == "traceback" && s.module == "builtins")
}

fn set_traceback_value(vm: &Vm, e: &BaseException, tb: &Value) -> PyResult<()> {
    if vm.is_none(tb) {
        e.traceback.set(None);
    } else if is_traceback(vm, tb) {
        e.traceback.set(Some(tb.clone()));
    } else {
        return Err(vm.type_error("__traceback__ must be a traceback or None"));
    }
    Ok(())
}

/// Where the methods of `BaseException` are declared.
pub struct Methods;

#[pymethods(BASE_EXCEPTION)]
impl Methods {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
        new(vm, cls, args)
    }

    #[pyslot]
    fn tp_init(vm: &Vm, this: &Value, args: Args<'_>) -> PyResult<()> {
        init(vm, this, args)
    }

    #[pyslot]
    fn tp_str(vm: &Vm, this: &Value) -> PyResult {
        str(vm, this)
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Value) -> PyResult {
        repr(vm, this)
    }

    #[pymethod(sig = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Value) -> PyResult<Ref<Tuple>> {
        let args = args_of(vm, payload(vm, this)?).into_value();
        let state = used_dict(vm, this)?.map(Ref::into_value);
        reduced(vm, this, args, state)
    }

    #[pymethod(sig = "($self, state, /)")]
    fn __setstate__(vm: &Vm, this: &Value, state: &Value) -> PyResult<()> {
        if vm.is_none(state) {
            return Ok(());
        }
        let Some(dict) = state.downcast_ref::<Dict>() else {
            return Err(vm.type_error("state is not a dictionary"));
        };
        for (k, v) in dict.items() {
            let Some(name) = k.downcast_ref::<Str>() else {
                return Err(vm.type_error(&format!(
                    "attribute name must be string, not '{}'",
                    vm.type_name(&k)
                )));
            };
            vm.setattr(this, name, &v)?;
        }
        Ok(())
    }

    /// Set self.__traceback__ to tb and return self.
    #[pymethod(sig = "($self, tb, /)")]
    fn with_traceback(vm: &Vm, this: &Value, tb: &Value) -> PyResult {
        set_traceback_value(vm, payload(vm, this)?, tb)?;
        Ok(this.clone())
    }

    /// Add a note to the exception.
    #[pymethod(sig = "($self, note, /)")]
    fn add_note(vm: &Vm, this: &Value, note: &Ref<Str>) -> PyResult<()> {
        let name = &vm.names().__notes__;
        let notes = match vm.getattr_opt(this, name)? {
            Some(v) => v,
            None => {
                let list = vm.new_list(Vec::new())?.into_value();
                vm.setattr(this, name, &list)?;
                list
            }
        };
        let Some(list) = notes.downcast_ref::<List>() else {
            return Err(vm.type_error("Cannot add note: __notes__ is not a list"));
        };
        if list.push(note.as_value().clone()) {
            Ok(())
        } else {
            Err(vm.no_memory())
        }
    }

    #[member(__suppress_context__)]
    fn suppress_context(vm: &Vm, this: &Value) -> PyResult<bool> {
        Ok(payload(vm, this)?.suppress_context.get())
    }

    #[setter(__suppress_context__)]
    fn set_suppress_context(vm: &Vm, this: &Value, value: Option<&Value>) -> PyResult<()> {
        let Some(v) = value else {
            return Err(vm.type_error("can't delete numeric/char attribute"));
        };
        let on = v.is(&vm.bool(true));
        if !on && !v.is(&vm.bool(false)) {
            return Err(vm.type_error("attribute value type must be bool"));
        }
        payload(vm, this)?.suppress_context.set(on);
        Ok(())
    }

    #[getter(__dict__)]
    fn dict(vm: &Vm, this: &Value) -> PyResult {
        match vm.instance_dict(this)? {
            Some(d) => Ok(d.into_value()),
            None => Err(vm.system_error("an exception without a __dict__")),
        }
    }

    #[setter(__dict__)]
    fn set_dict(vm: &Vm, this: &Value, value: Option<&Value>) -> PyResult<()> {
        let Some(v) = value else {
            return Err(vm.type_error("cannot delete __dict__"));
        };
        let Some(d) = v.downcast_ref::<Dict>() else {
            return Err(vm.type_error(&format!(
                "__dict__ must be set to a dictionary, not a '{}'",
                vm.type_name(v)
            )));
        };
        vm.set_instance_dict(this, Some(d.clone()))?;
        Ok(())
    }

    #[getter]
    fn args(vm: &Vm, this: &Value) -> PyResult<Option<Ref<Tuple>>> {
        Ok(payload(vm, this)?.args.get())
    }

    #[setter(args)]
    fn set_args(vm: &Vm, this: &Value, value: Option<&Value>) -> PyResult<()> {
        let Some(v) = value else {
            return Err(vm.type_error("args may not be deleted"));
        };
        let args = match v.downcast_exact::<Tuple>(&vm.types().tuple) {
            Some(t) => t.clone(),
            None => vm.new_tuple(vm.collect(v)?)?,
        };
        payload(vm, this)?.args.set(Some(args));
        Ok(())
    }

    #[getter(__traceback__)]
    fn traceback(vm: &Vm, this: &Value) -> PyResult<Option<Value>> {
        Ok(payload(vm, this)?.traceback.get())
    }

    #[setter(__traceback__)]
    fn set_traceback(vm: &Vm, this: &Value, value: Option<&Value>) -> PyResult<()> {
        match value {
            None => Err(vm.type_error("__traceback__ may not be deleted")),
            Some(tb) => set_traceback_value(vm, payload(vm, this)?, tb),
        }
    }

    #[getter(__context__)]
    fn context(vm: &Vm, this: &Value) -> PyResult<Option<Value>> {
        Ok(payload(vm, this)?.context.get())
    }

    #[setter(__context__)]
    fn set_context(vm: &Vm, this: &Value, value: Option<&Value>) -> PyResult<()> {
        let v = checked_link(vm, value, "__context__", "context")?;
        payload(vm, this)?.context.set(v);
        Ok(())
    }

    #[getter(__cause__)]
    fn cause(vm: &Vm, this: &Value) -> PyResult<Option<Value>> {
        Ok(payload(vm, this)?.cause.get())
    }

    #[setter(__cause__)]
    fn set_cause(vm: &Vm, this: &Value, value: Option<&Value>) -> PyResult<()> {
        let v = checked_link(vm, value, "__cause__", "cause")?;
        let e = payload(vm, this)?;
        e.suppress_context.set(true);
        e.cause.set(v);
        Ok(())
    }
}
