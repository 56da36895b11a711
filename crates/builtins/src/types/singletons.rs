//! The types of `None`, `Ellipsis` and `NotImplemented`.

use taipan_object::native::NativeCode::NoArgs;
use taipan_object::types::Plain;
use taipan_object::{Args, ClassPart, Payload, PyResult, SlotDef, TypeRef, TypeSpec, Value, Vm};

use crate::decl::plain;

fn no_arguments(vm: &Vm, name: &str, args: Args<'_>, v: Value) -> PyResult {
    if args.is_empty() {
        Ok(v)
    } else {
        Err(vm.type_error(&format!("{name} takes no arguments")))
    }
}

/// `NoneType`
pub static NONE_TYPE: TypeSpec = TypeSpec {
    doc: Some("The type of the None singleton."),
    text_signature: Some("()"),
    parts: &[&ClassPart {
        methods: &[],
        getset: &[],
        slots: &[
            SlotDef::tp_new(|vm: &Vm, _: &TypeRef, a: Args<'_>| {
                no_arguments(vm, "NoneType", a, vm.none())
            }),
            SlotDef::tp_repr(|vm, _| Ok(vm.new_str("None")?.into_value())),
            SlotDef::nb_bool(|_, _| Ok(false)),
            // The same in every process, so that sets with None in them iterate alike.
            SlotDef::tp_hash(|_, _| Ok(0xfca8_6420)),
        ],
    }],
    ..TypeSpec::new("NoneType", "builtins", Plain::layout)
};

/// `ellipsis`
pub static ELLIPSIS_TYPE: TypeSpec = TypeSpec {
    doc: Some("The type of the Ellipsis singleton."),
    text_signature: Some("()"),
    parts: &[&ClassPart {
        methods: &[plain(
            "__reduce__",
            "",
            NoArgs(|vm, _| Ok(vm.new_str("Ellipsis")?.into_value())),
        )],
        getset: &[],
        slots: &[
            SlotDef::tp_new(|vm: &Vm, _: &TypeRef, a: Args<'_>| {
                no_arguments(vm, "EllipsisType", a, vm.ellipsis())
            }),
            SlotDef::tp_repr(|vm, _| Ok(vm.new_str("Ellipsis")?.into_value())),
        ],
    }],
    ..TypeSpec::new("ellipsis", "builtins", Plain::layout)
};

/// `NotImplementedType`
pub static NOT_IMPLEMENTED_TYPE: TypeSpec = TypeSpec {
    doc: Some("The type of the NotImplemented singleton."),
    text_signature: Some("()"),
    parts: &[&ClassPart {
        methods: &[plain(
            "__reduce__",
            "",
            NoArgs(|vm, _| Ok(vm.new_str("NotImplemented")?.into_value())),
        )],
        getset: &[],
        slots: &[
            SlotDef::tp_new(|vm: &Vm, _: &TypeRef, a: Args<'_>| {
                no_arguments(vm, "NotImplementedType", a, vm.not_implemented())
            }),
            SlotDef::tp_repr(|vm, _| Ok(vm.new_str("NotImplemented")?.into_value())),
            SlotDef::nb_bool(|vm, _| {
                Err(vm.type_error("NotImplemented should not be used in a boolean context"))
            }),
        ],
    }],
    ..TypeSpec::new("NotImplementedType", "builtins", Plain::layout)
};
