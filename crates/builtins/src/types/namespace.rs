//! `types.SimpleNamespace`.

use taipan_object::class::CompareOp;
use taipan_object::native::NativeCode::{NoArgs, Variadic};
use taipan_object::{
    Args, ClassPart, Dict, Payload, PyResult, Ref, SlotDef, Str, TypeRef, TypeSpec, Value, Vm,
    tpflags,
};

use super::type_new::instance_dict;
use crate::decl::{member, method};

/// The payload of `types.SimpleNamespace`: everything is in the instance's `__dict__`.
pub struct Namespace;

taipan_object::payload!(Namespace, leaf);

/// `types.SimpleNamespace`
pub static SIMPLE_NAMESPACE: TypeSpec = TypeSpec {
    doc: Some("A simple attribute-based namespace."),
    text_signature: Some("(mapping_or_iterable=(), /, **kwargs)"),
    flags: tpflags::BASETYPE,
    has_dict: true,
    parts: &[&ClassPart {
        slots: &[
            SlotDef::tp_new(|vm: &Vm, cls: &TypeRef, _: Args<'_>| {
                Ok(vm.new_object(cls, Namespace)?.into_value())
            }),
            SlotDef::tp_init(init),
            SlotDef::tp_repr(repr),
            SlotDef::tp_richcompare(compare),
        ],
        methods: &[
            method(
                "__reduce__",
                "($self, /)",
                "Return state information for pickling",
                NoArgs(|vm, v| {
                    let args = vm.new_tuple(Vec::new())?.into_value();
                    let cls = vm.type_value(v).into_value();
                    let state = dict(vm, v)?.into_value();
                    Ok(vm.new_tuple(vec![cls, args, state])?.into_value())
                }),
            ),
            method(
                "__replace__",
                "($self, /, **changes)",
                "Return a copy of the namespace object with new values for the specified attributes.",
                Variadic(replace),
            ),
        ],
        getset: &[member(
            "__dict__",
            None,
            instance_dict,
            Some(|vm, _, _| Err(vm.raise_new(&vm.exc().AttributeError, "readonly attribute"))),
        )],
    }],
    ..TypeSpec::new("SimpleNamespace", "types", Namespace::layout)
};

fn dict(vm: &Vm, v: &Value) -> PyResult<Ref<Dict>> {
    match vm.instance_dict(v)? {
        Some(d) => Ok(d),
        None => Err(vm.system_error("a namespace has a dict")),
    }
}

/// A new namespace with these attributes.
pub fn new_namespace(vm: &Vm, items: &[(&str, Value)]) -> PyResult {
    let ns = vm.new(Namespace)?.into_value();
    let d = dict(vm, &ns)?;
    for (k, v) in items {
        d.set_named(vm, k, v.clone())?;
    }
    Ok(ns)
}

fn init(vm: &Vm, v: &Value, args: Args<'_>) -> PyResult<()> {
    let d = dict(vm, v)?;
    match args.pos() {
        [] => {}
        [source] => {
            // A mapping or pairs: `dict` knows which.
            let made = vm.call1(vm.types().dict.as_value(), source)?;
            for (k, x) in made
                .downcast_ref::<Dict>()
                .map(|m| m.items())
                .unwrap_or_default()
            {
                let Some(s) = k.downcast_ref::<Str>() else {
                    return Err(vm.type_error("keywords must be strings"));
                };
                d.set_str(vm, &vm.intern_str(s), x)?;
            }
        }
        more => {
            return Err(vm.type_error(&format!(
                "SimpleNamespace expected at most 1 argument, got {}",
                more.len()
            )));
        }
    }
    for (k, x) in args.keywords() {
        d.set_str(vm, &k, x.clone())?;
    }
    Ok(())
}

fn repr(vm: &Vm, v: &Value) -> PyResult {
    let ty = vm.type_value(v);
    let name = if ty.is(&vm.class::<Namespace>()?) {
        "namespace".to_owned()
    } else {
        ty.full_name()
    };
    if !vm.repr_enter(v) {
        return Ok(vm.new_str(&format!("{name}(...)"))?.into_value());
    }
    let shown = (|| {
        let mut parts = Vec::new();
        for (k, x) in dict(vm, v)?.items() {
            if let Some(s) = k.downcast_ref::<Str>()
                && !s.is_empty()
            {
                parts.push(format!("{}={}", s.to_string_lossy(), vm.repr_string(&x)?));
            }
        }
        Ok(vm
            .new_str(&format!("{name}({})", parts.join(", ")))?
            .into_value())
    })();
    vm.repr_leave(v);
    shown
}

fn compare(vm: &Vm, a: &Value, b: &Value, op: CompareOp) -> PyResult {
    if a.downcast_ref::<Namespace>().is_none() || b.downcast_ref::<Namespace>().is_none() {
        return Ok(vm.not_implemented());
    }
    vm.rich_compare(dict(vm, a)?.as_value(), dict(vm, b)?.as_value(), op)
}

fn replace(vm: &Vm, v: &Value, args: Args<'_>) -> PyResult {
    if !args.pos().is_empty() {
        return Err(vm.type_error("__replace__() takes no positional arguments"));
    }
    let new = vm.call0(vm.type_value(v).as_value())?;
    let d = dict(vm, &new)?;
    for (k, x) in dict(vm, v)?.items() {
        d.set(vm, &k, x)?;
    }
    for (k, x) in args.keywords() {
        d.set_str(vm, &k, x.clone())?;
    }
    Ok(new)
}
