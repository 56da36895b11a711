//! `getset_descriptor` and `member_descriptor`: computed attributes of native types, and the members that `__slots__` makes.

use taipan_object::descr::{GetSetDescr, MemberDescr};
use taipan_object::native::NativeCode::NoArgs;
use taipan_object::native::NativeDef;
use taipan_object::{ClassPart, Payload, PyResult, Ref, SlotDef, TypeSpec, Value, Vm};

use super::native::{does_not_apply, qualname, reduce_to_getattr, text_or_none, this};
use crate::decl::{attribute, member, method};

/// `getset_descriptor`
pub static GETSET_DESCRIPTOR: TypeSpec = TypeSpec {
    parts: &[&ClassPart {
        slots: &[
            SlotDef::tp_descr_get(getset_get),
            SlotDef::tp_descr_set(getset_set),
            SlotDef::tp_repr(|vm, v| {
                let d = this::<GetSetDescr>(vm, v)?;
                let s = format!(
                    "<attribute '{}' of '{}' objects>",
                    d.def.name,
                    d.owner.full_name()
                );
                Ok(vm.new_str(&s)?.into_value())
            }),
        ],
        methods: &[],
        getset: &[
            member(
                "__objclass__",
                None,
                |vm, v| Ok(this::<GetSetDescr>(vm, v)?.owner.as_value().clone()),
                None,
            ),
            member(
                "__name__",
                None,
                |vm, v| {
                    Ok(vm
                        .new_str(this::<GetSetDescr>(vm, v)?.def.name)?
                        .into_value())
                },
                None,
            ),
            attribute(
                "__doc__",
                None,
                |vm, v| text_or_none(vm, this::<GetSetDescr>(vm, v)?.def.doc),
                None,
            ),
            attribute(
                "__qualname__",
                None,
                |vm, v| {
                    let d = this::<GetSetDescr>(vm, v)?;
                    qualname(vm, &d.owner, d.def.name)
                },
                None,
            ),
        ],
    }],
    ..TypeSpec::new("getset_descriptor", "builtins", GetSetDescr::layout)
};

fn getset_get(vm: &Vm, v: &Value, obj: Option<&Value>, _: &Value) -> PyResult {
    let d = this::<GetSetDescr>(vm, v)?;
    let Some(obj) = obj else {
        return Ok(v.clone());
    };
    if !vm.type_of(obj).payload.is_subtype(d.owner.object()) {
        return Err(does_not_apply(vm, d.def.name, &d.owner, obj));
    }
    match d.def.get {
        Some(get) => get(vm, obj),
        None => Err(vm.attribute_error(
            obj,
            vm.intern(d.def.name)?.as_value(),
            &format!(
                "attribute '{}' of '{}' objects is not readable",
                d.def.name,
                d.owner.full_name()
            ),
        )),
    }
}

fn getset_set(vm: &Vm, v: &Value, obj: &Value, value: Option<&Value>) -> PyResult<()> {
    let d = this::<GetSetDescr>(vm, v)?;
    if !vm.type_of(obj).payload.is_subtype(d.owner.object()) {
        return Err(does_not_apply(vm, d.def.name, &d.owner, obj));
    }
    match d.def.set {
        Some(set) => set(vm, obj, value),
        None => Err(vm.raise_new(
            &vm.exc().AttributeError,
            &format!(
                "attribute '{}' of '{}' objects is not writable",
                d.def.name,
                d.owner.full_name()
            ),
        )),
    }
}

/// `member_descriptor`
pub static MEMBER_DESCRIPTOR: TypeSpec = TypeSpec {
    parts: &[&ClassPart {
        slots: &[
            SlotDef::tp_descr_get(member_get),
            SlotDef::tp_descr_set(member_set),
            SlotDef::tp_repr(|vm, v| {
                let d = this::<MemberDescr>(vm, v)?;
                let s = format!(
                    "<member '{}' of '{}' objects>",
                    d.name.to_string_lossy(),
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
                    let d = this::<MemberDescr>(vm, v)?;
                    reduce_to_getattr(vm, d.owner.as_value().clone(), &d.name.to_string_lossy())
                }),
            )
        }],
        getset: &[
            member(
                "__objclass__",
                None,
                |vm, v| Ok(this::<MemberDescr>(vm, v)?.owner.as_value().clone()),
                None,
            ),
            member(
                "__name__",
                None,
                |vm, v| Ok(this::<MemberDescr>(vm, v)?.name.as_value().clone()),
                None,
            ),
            attribute(
                "__doc__",
                None,
                |vm, v| text_or_none(vm, this::<MemberDescr>(vm, v)?.native.and_then(|n| n.doc)),
                None,
            ),
            attribute(
                "__qualname__",
                None,
                |vm, v| {
                    let d = this::<MemberDescr>(vm, v)?;
                    qualname(vm, &d.owner, &d.name.to_string_lossy())
                },
                None,
            ),
        ],
    }],
    ..TypeSpec::new("member_descriptor", "builtins", MemberDescr::layout)
};

/// The instance's type must derive from the class whose `__slots__` made the member: its layout has the place then.
fn check_member(vm: &Vm, d: &Ref<MemberDescr>, obj: &Value) -> PyResult<()> {
    if vm.type_of(obj).payload.is_subtype(d.owner.object()) {
        return Ok(());
    }
    Err(does_not_apply(vm, &d.name.to_string_lossy(), &d.owner, obj))
}

fn unset(vm: &Vm, d: &Ref<MemberDescr>, obj: &Value) -> taipan_object::Raised {
    let msg = format!(
        "'{}' object has no attribute '{}'",
        vm.qualified_type_name(obj),
        d.name.to_string_lossy()
    );
    vm.attribute_error(obj, d.name.as_value(), &msg)
}

fn member_get(vm: &Vm, v: &Value, obj: Option<&Value>, _: &Value) -> PyResult {
    let d = this::<MemberDescr>(vm, v)?;
    let Some(obj) = obj else {
        return Ok(v.clone());
    };
    check_member(vm, d, obj)?;
    if let Some(get) = d.native.and_then(|n| n.get) {
        return get(vm, obj);
    }
    vm.member_value(d, obj).ok_or_else(|| unset(vm, d, obj))
}

fn member_set(vm: &Vm, v: &Value, obj: &Value, value: Option<&Value>) -> PyResult<()> {
    let d = this::<MemberDescr>(vm, v)?;
    check_member(vm, d, obj)?;
    if let Some(native) = d.native {
        return match native.set {
            Some(set) => set(vm, obj, value),
            None => Err(vm.raise_new(&vm.exc().AttributeError, "readonly attribute")),
        };
    }
    let old = vm.set_member_value(d, obj, value.cloned());
    if value.is_none() && old.is_none() {
        return Err(unset(vm, d, obj));
    }
    Ok(())
}
