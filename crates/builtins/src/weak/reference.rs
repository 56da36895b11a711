//! `weakref.ref`, which is `weakref.ReferenceType`.

use taipan_object::class::CompareOp;
use taipan_object::weakref::WeakRef;
use taipan_object::{
    Args, ClassPart, Payload, PyResult, SlotDef, Str, TypeRef, TypeSpec, Value, Vm, tpflags,
};

use crate::decl::member;
use crate::descriptors::native::{class_getitem, this};

/// `weakref.ReferenceType`
pub static REFERENCE_TYPE: TypeSpec = TypeSpec {
    flags: tpflags::BASETYPE,
    parts: &[&ClassPart {
        slots: &[
            SlotDef::tp_new(new),
            SlotDef::tp_init(|vm, _, args| arguments(vm, "__init__", &args).map(drop)),
            SlotDef::tp_call(|vm, v, args| {
                if args.keyword_count() != 0 {
                    return Err(vm.type_error("weakref() takes no keyword arguments"));
                }
                if !args.is_empty() {
                    return Err(vm.type_error(&format!(
                        "weakref expected 0 arguments, got {}",
                        args.values.len()
                    )));
                }
                let target = this::<WeakRef>(vm, v)?.target();
                Ok(target.unwrap_or_else(|| vm.none()))
            }),
            SlotDef::tp_repr(repr),
            SlotDef::tp_hash(|vm, v| {
                let r = this::<WeakRef>(vm, v)?;
                if let Some(h) = r.hash.get() {
                    return Ok(h);
                }
                let Some(target) = r.target() else {
                    return Err(vm.type_error("weak object has gone away"));
                };
                let h = vm.hash(&target)?;
                r.hash.set(Some(h));
                Ok(h)
            }),
            SlotDef::tp_richcompare(compare),
        ],
        methods: &[class_getitem(Some(
            "Weakrefs are generic over the type of the referenced object.",
        ))],
        getset: &[member(
            "__callback__",
            None,
            |vm, v| {
                let r = this::<WeakRef>(vm, v)?;
                Ok(r.callback.get().unwrap_or_else(|| vm.none()))
            },
            None,
        )],
    }],
    ..TypeSpec::new("ReferenceType", "weakref", WeakRef::layout)
};

/// The object and the callback among a constructor's arguments.
fn arguments<'a>(vm: &Vm, name: &str, args: &Args<'a>) -> PyResult<(&'a Value, Option<&'a Value>)> {
    match args.pos() {
        [obj] => Ok((obj, None)),
        [obj, callback] => Ok((obj, Some(callback).filter(|c| !vm.is_none(c)))),
        [] => Err(vm.type_error(&format!("{name} expected at least 1 argument, got 0"))),
        more => Err(vm.type_error(&format!(
            "{name} expected at most 2 arguments, got {}",
            more.len()
        ))),
    }
}

/// Refuses objects whose class does not allow weak references.
pub(super) fn check_target(vm: &Vm, obj: &Value) -> PyResult<()> {
    if vm.supports_weakrefs(obj) {
        return Ok(());
    }
    Err(vm.type_error(&format!(
        "cannot create weak reference to '{}' object",
        vm.type_name(obj)
    )))
}

fn new(vm: &Vm, cls: &TypeRef, args: Args<'_>) -> PyResult {
    let own = &vm.types().weakref;
    let exact = cls.is(own);
    if exact && args.keyword_count() != 0 {
        return Err(vm.type_error("ref() takes no keyword arguments"));
    }
    let (obj, callback) = arguments(vm, "__new__", &args)?;
    check_target(vm, obj)?;
    if exact
        && callback.is_none()
        && let Some(r) = vm.shared_weakref(own, obj)
    {
        return Ok(r.into_value());
    }
    Ok(vm.new_weakref(cls, obj, callback.cloned())?.into_value())
}

fn repr(vm: &Vm, v: &Value) -> PyResult {
    let at = v.bits();
    let Some(target) = this::<WeakRef>(vm, v)?.target() else {
        return Ok(vm
            .new_str(&format!("<weakref at {at:#x}; dead>"))?
            .into_value());
    };
    // A class whose attributes raise is shown without a name.
    let name = vm.getattr_opt(&target, &vm.names().__name__);
    let name = name.unwrap_or_else(|r| {
        drop(vm.take_raised(r));
        None
    });
    let name = match name.as_ref().and_then(|n| n.downcast_ref::<Str>()) {
        Some(s) => format!(" ({})", s.to_string_lossy()),
        None => String::new(),
    };
    let text = format!(
        "<weakref at {at:#x}; to '{}' at {:#x}{name}>",
        vm.qualified_type_name(&target),
        target.bits()
    );
    Ok(vm.new_str(&text)?.into_value())
}

fn compare(vm: &Vm, a: &Value, b: &Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (a.downcast_ref::<WeakRef>(), b.downcast_ref::<WeakRef>()) else {
        return Ok(vm.not_implemented());
    };
    if !matches!(op, CompareOp::Eq | CompareOp::Ne) {
        return Ok(vm.not_implemented());
    }
    match (x.target(), y.target()) {
        (Some(x), Some(y)) => vm.rich_compare(&x, &y, op),
        _ => Ok(vm.bool(a.is(b) == (op == CompareOp::Eq))),
    }
}
