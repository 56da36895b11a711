//! `FrameLocalsProxy` (PEP 667): a mapping that reads and writes the local variables of a function's frame.

use taipan_bytecode::code::co_fast;
use taipan_macros::pymethods;
use taipan_object::{
    Args, CompareOp, Dict, Payload, PyResult, Ref, Traverse, TypeObject, TypeSpec, Value, Visitor,
    Vm, payload, tpflags,
};

use super::fast_locals;
use crate::frame_object::FrameObject;

/// The payload of `FrameLocalsProxy`.
pub struct FrameLocalsProxy {
    /// The frame.
    pub frame: Ref<FrameObject>,
}

payload!(FrameLocalsProxy, gc);

impl Traverse for FrameLocalsProxy {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(self.frame.as_value());
    }
}

/// `FrameLocalsProxy`
pub static FRAME_LOCALS_PROXY: TypeSpec = TypeSpec {
    parts: &[&PROXY_METHODS],
    flags: tpflags::MAPPING,
    ..TypeSpec::new(
        "FrameLocalsProxy",
        "builtins",
        <FrameLocalsProxy as Payload>::layout,
    )
};

const CANNOT_REMOVE: &str = "cannot remove local variables from FrameLocalsProxy";

/// The index of the fast local that a key names. For reading it must be bound.
fn index_of(vm: &Vm, o: &FrameObject, key: &Value, read: bool) -> PyResult<Option<usize>> {
    let hash = vm.hash(key)?;
    let visible = |i: usize| {
        if read {
            fast_locals::get(o, i).is_some()
        } else {
            o.code.kinds.get(i).is_none_or(|k| k & co_fast::HIDDEN == 0)
        }
    };
    let names = || o.code.locals().iter().enumerate();
    if let Some((i, _)) = names().find(|(i, n)| n.as_value().is(key) && visible(*i)) {
        return Ok(Some(i));
    }
    for (i, name) in names() {
        // Anything that is equal to the name will do.
        if vm.hash(name.as_value())? == hash && vm.eq(name.as_value(), key)? && visible(i) {
            return Ok(Some(i));
        }
    }
    Ok(None)
}

fn extra(o: &FrameObject) -> Option<Ref<Dict>> {
    o.extra_locals.get().and_then(|d| d.downcast::<Dict>().ok())
}

fn get(vm: &Vm, o: &FrameObject, key: &Value) -> PyResult<Option<Value>> {
    if let Some(i) = index_of(vm, o, key, true)? {
        return Ok(fast_locals::get(o, i));
    }
    match extra(o) {
        Some(d) => d.get(vm, key),
        None => Ok(None),
    }
}

fn set(vm: &Vm, o: &Ref<FrameObject>, key: &Value, v: &Value) -> PyResult<()> {
    if let Some(i) = index_of(vm, o, key, false)? {
        return fast_locals::set(vm, o, i, v);
    }
    let d = match extra(o) {
        Some(d) => d,
        None => {
            let d = vm.new_dict()?;
            o.extra_locals.set(Some(d.as_value().clone()));
            d
        }
    };
    d.set(vm, key, v.clone())
}

fn items(o: &FrameObject) -> Vec<(Value, Value)> {
    let fast = (0..o.code.locals().len()).filter_map(|i| {
        Some((
            o.code.locals()[i].as_value().clone(),
            fast_locals::get(o, i)?,
        ))
    });
    let mut out: Vec<_> = fast.collect();
    out.extend(extra(o).iter().flat_map(|d| d.items()));
    out
}

fn to_dict(vm: &Vm, o: &FrameObject) -> PyResult<Ref<Dict>> {
    let d = vm.new_dict()?;
    for (k, v) in items(o) {
        d.set(vm, &k, v)?;
    }
    Ok(d)
}

fn key_list(vm: &Vm, o: &FrameObject) -> PyResult {
    Ok(vm
        .new_list(items(o).into_iter().map(|(k, _)| k).collect())?
        .into_value())
}

/// Takes the items of a dict or another proxy; false when `other` is neither.
fn update_from(vm: &Vm, o: &Ref<FrameObject>, other: &Value) -> PyResult<bool> {
    let pairs = if let Some(p) = other.downcast_ref::<FrameLocalsProxy>() {
        items(&p.frame)
    } else if let Some(d) = other.downcast_ref::<Dict>() {
        d.items()
    } else {
        return Ok(false);
    };
    for (k, v) in pairs {
        set(vm, o, &k, &v)?;
    }
    Ok(true)
}

fn arguments<'a>(vm: &Vm, name: &str, args: Args<'a>) -> PyResult<(&'a Value, Option<&'a Value>)> {
    let pos = args.pos();
    if args.keyword_count() != 0 {
        return Err(vm.type_error(&format!(
            "FrameLocalsProxy.{name}() takes no keyword arguments"
        )));
    }
    match pos {
        [key] => Ok((key, None)),
        [key, default] => Ok((key, Some(default))),
        _ if name == "get" => Err(vm.type_error("get expected 1 or 2 arguments")),
        [] => Err(vm.type_error(&format!("{name} expected at least 1 argument, got 0"))),
        _ => Err(vm.type_error(&format!(
            "{name} expected at most 2 arguments, got {}",
            pos.len()
        ))),
    }
}

#[pymethods(PROXY_METHODS)]
impl FrameLocalsProxy {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
        let pos = args.pos();
        let [frame] = pos else {
            return Err(vm.type_error(&format!(
                "FrameLocalsProxy expected 1 argument, got {}",
                pos.len()
            )));
        };
        let Some(frame) = frame.downcast_ref::<FrameObject>() else {
            return Err(vm.type_error(&format!("expect frame, not {}", vm.type_name(frame))));
        };
        if args.keyword_count() != 0 {
            return Err(vm.type_error("FrameLocalsProxy takes no keyword arguments"));
        }
        Ok(vm
            .new_object(
                cls,
                FrameLocalsProxy {
                    frame: frame.clone(),
                },
            )?
            .into_value())
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult {
        if !vm.repr_enter(this.as_value()) {
            return Ok(vm.new_str("{...}")?.into_value());
        }
        let text = to_dict(vm, &this.frame).and_then(|d| vm.repr(d.as_value()));
        vm.repr_leave(this.as_value());
        Ok(text?.into_value())
    }

    #[pyslot]
    fn tp_richcompare(vm: &Vm, a: &Value, b: &Value, op: CompareOp) -> PyResult {
        let Some(p) = a.downcast_ref::<FrameLocalsProxy>() else {
            return Ok(vm.not_implemented());
        };
        let same = match op {
            CompareOp::Eq | CompareOp::Ne => {
                if let Some(q) = b.downcast_ref::<FrameLocalsProxy>() {
                    p.frame.is(&q.frame)
                } else if b.downcast_ref::<Dict>().is_some() {
                    vm.eq(to_dict(vm, &p.frame)?.as_value(), b)?
                } else {
                    return Ok(vm.not_implemented());
                }
            }
            _ => return Ok(vm.not_implemented()),
        };
        Ok(vm.bool(same == (op == CompareOp::Eq)))
    }

    #[pyslot]
    fn tp_iter(vm: &Vm, this: &Ref<Self>) -> PyResult {
        vm.iter(&key_list(vm, &this.frame)?)
    }

    #[pyslot]
    fn nb_or(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        let mapping = |v: &Value| {
            v.downcast_ref::<FrameLocalsProxy>().is_some() || v.downcast_ref::<Dict>().is_some()
        };
        if !mapping(a) || !mapping(b) {
            return Ok(vm.not_implemented());
        }
        let out = vm.new_dict()?;
        for v in [a, b] {
            let pairs = match v.downcast_ref::<FrameLocalsProxy>() {
                Some(p) => items(&p.frame),
                None => v
                    .downcast_ref::<Dict>()
                    .map_or_else(Vec::new, |d| d.items()),
            };
            for (k, v) in pairs {
                out.set(vm, &k, v)?;
            }
        }
        Ok(out.into_value())
    }

    #[pyslot]
    fn nb_inplace_or(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        match a.downcast_ref::<FrameLocalsProxy>() {
            Some(p) if update_from(vm, &p.frame, b)? => Ok(a.clone()),
            _ => Ok(vm.not_implemented()),
        }
    }

    #[pyslot]
    fn mp_length(this: &Ref<Self>) -> usize {
        items(&this.frame).len()
    }

    #[pyslot]
    fn mp_subscript(vm: &Vm, this: &Value, key: &Value) -> PyResult {
        let Some(p) = this.downcast_ref::<FrameLocalsProxy>() else {
            return Err(vm.type_error("a proxy is required"));
        };
        match get(vm, &p.frame, key)? {
            Some(v) => Ok(v),
            None => {
                let text = format!("local variable '{}' is not defined", vm.repr_string(key)?);
                Err(vm.key_error(vm.new_str(&text)?.as_value()))
            }
        }
    }

    #[pyslot]
    fn mp_ass_subscript(vm: &Vm, this: &Value, key: &Value, value: Option<&Value>) -> PyResult<()> {
        let Some(p) = this.downcast_ref::<FrameLocalsProxy>() else {
            return Err(vm.type_error("a proxy is required"));
        };
        match value {
            Some(v) => set(vm, &p.frame, key, v),
            None if index_of(vm, &p.frame, key, false)?.is_some() => {
                Err(vm.value_error(CANNOT_REMOVE))
            }
            None => match extra(&p.frame) {
                Some(d) => vm.delitem(d.as_value(), key),
                None => Err(vm.key_error(key)),
            },
        }
    }

    #[pyslot]
    fn sq_contains(vm: &Vm, this: &Value, key: &Value) -> PyResult<bool> {
        match this.downcast_ref::<FrameLocalsProxy>() {
            Some(p) => Ok(get(vm, &p.frame, key)?.is_some()),
            None => Ok(false),
        }
    }

    #[pymethod(sig = "($self, object, /)", doc = "")]
    fn update(vm: &Vm, this: &Ref<Self>, other: &Value) -> PyResult<()> {
        if update_from(vm, &this.frame, other)? {
            return Ok(());
        }
        Err(vm.type_error("update() argument must be dict or another FrameLocalsProxy"))
    }

    #[pymethod(sig = "($self, /)")]
    fn __reversed__(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let mut keys: Vec<Value> = items(&this.frame).into_iter().map(|(k, _)| k).collect();
        keys.reverse();
        Ok(vm.new_list(keys)?.into_value())
    }

    #[pymethod(sig = "($self, /)")]
    fn copy(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Dict>> {
        to_dict(vm, &this.frame)
    }

    #[pymethod(sig = "($self, /)")]
    fn keys(vm: &Vm, this: &Ref<Self>) -> PyResult {
        key_list(vm, &this.frame)
    }

    #[pymethod(sig = "($self, /)")]
    fn values(this: &Ref<Self>) -> Vec<Value> {
        items(&this.frame).into_iter().map(|(_, v)| v).collect()
    }

    #[pymethod(name = "items", sig = "($self, /)")]
    fn item_list(vm: &Vm, this: &Ref<Self>) -> PyResult<Vec<Value>> {
        let mut out = Vec::new();
        for (k, v) in items(&this.frame) {
            out.push(vm.new_tuple(vec![k, v])?.into_value());
        }
        Ok(out)
    }

    #[pymethod]
    fn get(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult {
        let (key, default) = arguments(vm, "get", args)?;
        Ok(get(vm, &this.frame, key)?
            .or_else(|| default.cloned())
            .unwrap_or_else(|| vm.none()))
    }

    #[pymethod]
    fn pop(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult {
        let (key, default) = arguments(vm, "pop", args)?;
        if index_of(vm, &this.frame, key, false)?.is_some() {
            return Err(vm.value_error(CANNOT_REMOVE));
        }
        if let Some(d) = extra(&this.frame)
            && let Some(v) = d.get(vm, key)?
        {
            vm.delitem(d.as_value(), key)?;
            return Ok(v);
        }
        default.cloned().ok_or_else(|| vm.key_error(key))
    }

    #[pymethod]
    fn setdefault(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult {
        let (key, default) = arguments(vm, "setdefault", args)?;
        if let Some(v) = get(vm, &this.frame, key)? {
            return Ok(v);
        }
        let v = default.cloned().unwrap_or_else(|| vm.none());
        set(vm, &this.frame, key, &v)?;
        Ok(v)
    }
}
