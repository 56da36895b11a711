//! `wrapper_descriptor` and `method-wrapper`: dunder methods that call native slots.

use taipan_object::class::CompareOp;
use taipan_object::descr::{MethodWrapper, WrapperDescr};
use taipan_object::native::NativeCode::NoArgs;
use taipan_object::native::NativeDef;
use taipan_object::slotdefs::{SLOT_DEFS, SlotEntry, call_wrapper};
use taipan_object::{
    Args, ClassPart, Payload, PyResult, Ref, SlotDef, TypeSpec, Value, Vm, tpflags,
};

use super::native::{does_not_apply, qualname, reduce_to_getattr, this};
use crate::decl::{attribute, member, method};

fn entry(vm: &Vm, d: &WrapperDescr) -> PyResult<&'static SlotEntry> {
    SLOT_DEFS
        .get(d.entry as usize)
        .ok_or_else(|| vm.system_error("a wrapper of no slot"))
}

/// `wrapper_descriptor`
pub static WRAPPER_DESCRIPTOR: TypeSpec = TypeSpec {
    flags: tpflags::METHOD_DESCRIPTOR,
    parts: &[&ClassPart {
        slots: &[
            SlotDef::tp_call(descr_call),
            SlotDef::tp_descr_get(descr_get),
            SlotDef::tp_repr(|vm, v| {
                let d = this::<WrapperDescr>(vm, v)?;
                let s = format!(
                    "<slot wrapper '{}' of '{}' objects>",
                    entry(vm, d)?.name,
                    d.owner.full_name()
                );
                Ok(vm.new_str(&s)?.into_value())
            }),
        ],
        methods: &[NativeDef {
            doc: None,
            ..method(
                "__reduce__",
                "($self, /)",
                "",
                NoArgs(|vm, v| {
                    let d = this::<WrapperDescr>(vm, v)?;
                    reduce_to_getattr(vm, d.owner.as_value().clone(), entry(vm, d)?.name)
                }),
            )
        }],
        getset: &[
            member(
                "__objclass__",
                None,
                |vm, v| Ok(this::<WrapperDescr>(vm, v)?.owner.as_value().clone()),
                None,
            ),
            member(
                "__name__",
                None,
                |vm, v| named(vm, this::<WrapperDescr>(vm, v)?, |e| e.name),
                None,
            ),
            attribute(
                "__doc__",
                None,
                |vm, v| named(vm, this::<WrapperDescr>(vm, v)?, |e| e.doc),
                None,
            ),
            attribute(
                "__qualname__",
                None,
                |vm, v| {
                    let d = this::<WrapperDescr>(vm, v)?;
                    qualname(vm, &d.owner, entry(vm, d)?.name)
                },
                None,
            ),
            attribute(
                "__text_signature__",
                None,
                |vm, v| named(vm, this::<WrapperDescr>(vm, v)?, |e| e.text_signature),
                None,
            ),
        ],
    }],
    ..TypeSpec::new("wrapper_descriptor", "builtins", WrapperDescr::layout)
};

fn named(vm: &Vm, d: &Ref<WrapperDescr>, f: fn(&SlotEntry) -> &'static str) -> PyResult {
    Ok(vm.new_str(f(entry(vm, d)?))?.into_value())
}

fn descr_call(vm: &Vm, v: &Value, args: Args<'_>) -> PyResult {
    let d = this::<WrapperDescr>(vm, v)?;
    let Some(self_) = args.pos().first() else {
        return Err(vm.type_error(&format!(
            "descriptor '{}' of '{}' object needs an argument",
            entry(vm, d)?.name,
            d.owner.full_name()
        )));
    };
    if !vm.type_of(self_).payload.is_subtype(d.owner.object()) {
        return Err(vm.type_error(&format!(
            "descriptor '{}' requires a '{}' object but received a '{}'",
            entry(vm, d)?.name,
            d.owner.full_name(),
            vm.type_name(self_)
        )));
    }
    let rest = Args {
        values: args.values.get(1..).unwrap_or_default(),
        kwnames: args.kwnames,
    };
    call_wrapper(vm, d, self_, rest)
}

fn descr_get(vm: &Vm, v: &Value, obj: Option<&Value>, _: &Value) -> PyResult {
    let d = this::<WrapperDescr>(vm, v)?;
    let Some(obj) = obj else {
        return Ok(v.clone());
    };
    if !vm.type_of(obj).payload.is_subtype(d.owner.object()) {
        return Err(does_not_apply(vm, entry(vm, d)?.name, &d.owner, obj));
    }
    let w = MethodWrapper {
        descr: d.clone(),
        self_: obj.clone(),
    };
    Ok(vm.new_object(&vm.types().method_wrapper, w)?.into_value())
}

/// `method-wrapper`
pub static METHOD_WRAPPER: TypeSpec = TypeSpec {
    parts: &[&ClassPart {
        slots: &[
            SlotDef::tp_call(|vm, v, args| {
                let w = this::<MethodWrapper>(vm, v)?;
                call_wrapper(vm, &w.descr, &w.self_, args)
            }),
            SlotDef::tp_repr(|vm, v| {
                let w = this::<MethodWrapper>(vm, v)?;
                let s = format!(
                    "<method-wrapper '{}' of {} object at {:#x}>",
                    entry(vm, &w.descr)?.name,
                    vm.type_name(&w.self_),
                    w.self_.bits()
                );
                Ok(vm.new_str(&s)?.into_value())
            }),
            SlotDef::tp_hash(|vm, v| {
                let w = this::<MethodWrapper>(vm, v)?;
                let a = w.self_.bits().rotate_right(4);
                let b = w.descr.as_value().bits().rotate_right(4);
                let h = (a ^ b) as i64;
                Ok(if h == -1 { -2 } else { h })
            }),
            SlotDef::tp_richcompare(wrapper_compare),
        ],
        methods: &[NativeDef {
            doc: None,
            ..method(
                "__reduce__",
                "($self, /)",
                "",
                NoArgs(|vm, v| {
                    let w = this::<MethodWrapper>(vm, v)?;
                    reduce_to_getattr(vm, w.self_.clone(), entry(vm, &w.descr)?.name)
                }),
            )
        }],
        getset: &[
            member(
                "__self__",
                None,
                |vm, v| Ok(this::<MethodWrapper>(vm, v)?.self_.clone()),
                None,
            ),
            attribute(
                "__objclass__",
                None,
                |vm, v| {
                    let w = this::<MethodWrapper>(vm, v)?;
                    Ok(w.descr.owner.as_value().clone())
                },
                None,
            ),
            attribute(
                "__name__",
                None,
                |vm, v| named(vm, &this::<MethodWrapper>(vm, v)?.descr, |e| e.name),
                None,
            ),
            attribute(
                "__qualname__",
                None,
                |vm, v| {
                    let w = this::<MethodWrapper>(vm, v)?;
                    qualname(vm, &w.descr.owner, entry(vm, &w.descr)?.name)
                },
                None,
            ),
            attribute(
                "__doc__",
                None,
                |vm, v| named(vm, &this::<MethodWrapper>(vm, v)?.descr, |e| e.doc),
                None,
            ),
            attribute(
                "__text_signature__",
                None,
                |vm, v| {
                    named(vm, &this::<MethodWrapper>(vm, v)?.descr, |e| {
                        e.text_signature
                    })
                },
                None,
            ),
        ],
    }],
    ..TypeSpec::new("method-wrapper", "builtins", MethodWrapper::layout)
};

fn wrapper_compare(vm: &Vm, a: &Value, b: &Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (
        a.downcast_ref::<MethodWrapper>(),
        b.downcast_ref::<MethodWrapper>(),
    ) else {
        return Ok(vm.not_implemented());
    };
    let equal = x.descr.is(&y.descr) && x.self_.is(&y.self_);
    match op {
        CompareOp::Eq => Ok(vm.bool(equal)),
        CompareOp::Ne => Ok(vm.bool(!equal)),
        _ => Ok(vm.not_implemented()),
    }
}
