//! `types.SimpleNamespace`, of which `sys.implementation` is one.

use taipan_macros::pymethods;
use taipan_object::{
    Args, CompareOp, Dict, Payload, PyResult, Ref, Str, Traverse, TypeObject, TypeSpec, Value,
    Visitor, Vm, tpflags,
};

/// The payload: attributes live in the instance's dict.
pub struct SimpleNamespace(());
taipan_object::payload!(SimpleNamespace, gc);

impl Traverse for SimpleNamespace {
    fn traverse(&self, _: &mut Visitor<'_>) {}
}

/// `types.SimpleNamespace`
pub static NAMESPACE: TypeSpec = TypeSpec {
    doc: Some("A simple attribute-based namespace."),
    text_signature: Some("(mapping_or_iterable=(), /, **kwargs)"),
    flags: tpflags::BASETYPE,
    has_dict: true,
    parts: &[&NAMESPACE_METHODS],
    ..TypeSpec::new(
        "SimpleNamespace",
        "types",
        <SimpleNamespace as Payload>::layout,
    )
};

/// A namespace with these attributes.
pub fn new_namespace(vm: &Vm, attributes: &Ref<Dict>) -> PyResult {
    let ns = vm.new(SimpleNamespace(()))?.into_value();
    for (k, v) in attributes.items() {
        if let Some(k) = k.downcast_ref::<Str>() {
            vm.setattr(&ns, &vm.intern_str(k), &v)?;
        }
    }
    Ok(ns)
}

fn dict_of(vm: &Vm, v: &Value) -> PyResult<Ref<Dict>> {
    let d = vm.getattr(v, &vm.names().__dict__)?;
    d.downcast::<Dict>()
        .map_err(|_| vm.type_error("__dict__ is not a dict"))
}

#[pymethods(NAMESPACE_METHODS)]
impl SimpleNamespace {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, _args: Args<'_>) -> PyResult<Ref<SimpleNamespace>> {
        vm.new_object(cls, SimpleNamespace(()))
    }

    #[pyslot]
    fn tp_init(vm: &Vm, this: &Value, args: Args<'_>) -> PyResult<()> {
        let pos = args.pos();
        if pos.len() > 1 {
            return Err(vm.type_error(&format!(
                "{} expected at most 1 positional argument, got {}",
                vm.type_name(this),
                pos.len()
            )));
        }
        let dict = dict_of(vm, this)?;
        if let Some(m) = pos.first() {
            let given = match m.downcast_ref::<Dict>() {
                Some(d) => d.clone(),
                None => {
                    let d = vm.call1(vm.types().dict.as_value(), m)?;
                    d.downcast::<Dict>()
                        .map_err(|_| vm.type_error("expected a dict"))?
                }
            };
            for (k, v) in given.items() {
                if k.downcast_ref::<Str>().is_none() {
                    return Err(vm.type_error("keywords must be strings"));
                }
                dict.set(vm, &k, v)?;
            }
        }
        for (k, v) in args.keywords() {
            dict.set_str(vm, &vm.intern_str(&k), v.clone())?;
        }
        Ok(())
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Value) -> PyResult<String> {
        let ty = vm.type_of(this);
        let name = if std::ptr::eq(ty, vm.class::<SimpleNamespace>()?.object()) {
            "namespace".to_owned()
        } else {
            ty.payload.name.get().to_string_lossy().into_owned()
        };
        if !vm.repr_enter(this) {
            return Ok(format!("{name}(...)"));
        }
        let text = || -> PyResult<String> {
            let mut parts = Vec::new();
            for (k, v) in dict_of(vm, this)?.items() {
                if let Some(k) = k.downcast_ref::<Str>()
                    && !k.is_empty()
                {
                    parts.push(format!("{}={}", k.to_string_lossy(), vm.repr_string(&v)?));
                }
            }
            Ok(format!("{name}({})", parts.join(", ")))
        };
        let out = text();
        vm.repr_leave(this);
        out
    }

    #[pyslot]
    fn tp_richcompare(vm: &Vm, a: &Value, b: &Value, op: CompareOp) -> PyResult {
        if a.downcast_ref::<SimpleNamespace>().is_none()
            || b.downcast_ref::<SimpleNamespace>().is_none()
        {
            return Ok(vm.not_implemented());
        }
        vm.rich_compare(dict_of(vm, a)?.as_value(), dict_of(vm, b)?.as_value(), op)
    }

    /// Return state information for pickling
    #[pymethod(params = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Value) -> PyResult {
        let ty = vm.type_of(this).to_ref().into_value();
        let empty = vm.new_tuple(Vec::new())?.into_value();
        Ok(vm
            .new_tuple(vec![ty, empty, dict_of(vm, this)?.into_value()])?
            .into_value())
    }

    /// Return a copy of the namespace object with new values for the specified attributes.
    #[pymethod(params = "($self, /, **changes)")]
    fn __replace__(vm: &Vm, this: &Value, args: Args<'_>) -> PyResult {
        if !args.pos().is_empty() {
            return Err(vm.type_error("__replace__() takes no positional arguments"));
        }
        let out = vm.call0(vm.type_of(this).to_ref().as_value())?;
        let dict = dict_of(vm, &out)?;
        for (k, v) in dict_of(vm, this)?.items() {
            dict.set(vm, &k, v)?;
        }
        for (k, v) in args.keywords() {
            dict.set_str(vm, &k, v.clone())?;
        }
        Ok(out)
    }
}
