//! `type`: calling classes, their text, and the methods of classes. Making them is in `type_new.rs`.

use taipan_object::class::TypeObject;
use taipan_object::native::NativeCode::{NoArgs, One, Variadic};
use taipan_object::{Args, ClassPart, Payload, PyResult, SlotDef, TypeSpec, Value, Vm, tpflags};

use super::type_attrs::{self as attrs, class_of};
use super::{assign, layout};
use crate::decl::{attribute, member, method, on_class};

/// The declaration of `type`.
pub static TYPE: TypeSpec = TypeSpec {
    doc: Some("type(object) -> the object's type\ntype(name, bases, dict, **kwds) -> a new type"),
    has_weakref: true,
    parts: &[&PART],
    ..TypeSpec::new("type", "builtins", <TypeObject as Payload>::layout)
};

static PART: ClassPart = ClassPart {
    slots: &[
        SlotDef::tp_new(super::type_new::type_new),
        SlotDef::tp_repr(type_repr),
        SlotDef::tp_call(type_call),
        SlotDef::tp_getattro(attrs::type_getattro),
        SlotDef::tp_setattro(attrs::type_setattro),
        SlotDef::tp_init(type_init),
        SlotDef::nb_or(crate::generic::union::type_or),
    ],
    methods: &[
        method(
            "mro",
            "($self, /)",
            "Return a type's method resolution order.",
            NoArgs(|vm, v| {
                Ok(vm
                    .new_list(super::mro::c3(vm, class_of(vm, v)?)?)?
                    .into_value())
            }),
        ),
        method(
            "__subclasses__",
            "($self, /)",
            "Return a list of immediate subclasses.",
            NoArgs(|vm, v| {
                let subs = assign::subclasses(class_of(vm, v)?);
                let subs = subs.into_iter().map(Into::into).collect();
                Ok(vm.new_list(subs)?.into_value())
            }),
        ),
        on_class(method(
            "__prepare__",
            "($cls, name, bases, /, **kwds)",
            "Create the namespace for the class statement",
            Variadic(|vm, _, _| Ok(vm.new_dict()?.into_value())),
        )),
        method(
            "__instancecheck__",
            "($self, instance, /)",
            "Check if an object is an instance.",
            One(|vm, v, x| Ok(vm.bool(vm.is_instance_real(x, v)?))),
        ),
        method(
            "__subclasscheck__",
            "($self, subclass, /)",
            "Check if a class is a subclass.",
            One(|vm, v, x| Ok(vm.bool(vm.is_subclass_real(x, v)?))),
        ),
        method(
            "__dir__",
            "($self, /)",
            "Specialized __dir__ implementation for types.",
            NoArgs(|vm, v| {
                let all = vm.new_dict()?;
                super::object::merge_class_dict(vm, &all, v)?;
                Ok(vm.new_list(all.keys())?.into_value())
            }),
        ),
        method(
            "__sizeof__",
            "($self, /)",
            "Return memory consumption of the type object.",
            NoArgs(|vm, _| vm.new_usize(<TypeObject as Payload>::layout().size)),
        ),
    ],
    getset: &[
        member(
            "__basicsize__",
            None,
            |vm, v| vm.new_usize(class_of(vm, v)?.instance_size()),
            None,
        ),
        member(
            "__itemsize__",
            None,
            |vm, v| vm.new_usize(layout::itemsize(class_of(vm, v)?)),
            None,
        ),
        member(
            "__flags__",
            None,
            |vm, v| vm.new_int((class_of(vm, v)?.flags.get() & !tpflags::ANY_KEYWORDS) as i64),
            None,
        ),
        member(
            "__weakrefoffset__",
            None,
            |vm, v| {
                let has = class_of(vm, v)?.has_flag(tpflags::MANAGED_WEAKREF);
                vm.new_int(if has { -32 } else { 0 })
            },
            None,
        ),
        member(
            "__base__",
            None,
            |vm, v| {
                Ok(match class_of(vm, v)?.base.get() {
                    Some(b) => b.into_value(),
                    None => vm.none(),
                })
            },
            None,
        ),
        member(
            "__dictoffset__",
            None,
            |vm, v| {
                let has = class_of(vm, v)?.dict_offset() != 0;
                vm.new_int(if has { -1 } else { 0 })
            },
            None,
        ),
        attribute("__name__", None, attrs::get_name, Some(attrs::set_name)),
        attribute(
            "__qualname__",
            None,
            attrs::get_qualname,
            Some(attrs::set_qualname),
        ),
        attribute(
            "__bases__",
            None,
            assign::get_bases,
            Some(assign::set_bases),
        ),
        attribute(
            "__mro__",
            None,
            |vm, v| {
                Ok(match class_of(vm, v)?.mro.get() {
                    Some(m) => m.into_value(),
                    None => vm.none(),
                })
            },
            None,
        ),
        attribute(
            "__module__",
            None,
            attrs::get_module,
            Some(attrs::set_module),
        ),
        attribute(
            "__abstractmethods__",
            None,
            attrs::get_abstract_methods,
            Some(attrs::set_abstract_methods),
        ),
        attribute("__dict__", None, attrs::get_dict, None),
        attribute("__doc__", None, attrs::get_doc, Some(attrs::set_doc)),
        attribute("__text_signature__", None, attrs::get_text_signature, None),
        attribute(
            "__annotations__",
            None,
            attrs::get_annotations,
            Some(attrs::set_annotations),
        ),
        attribute(
            "__annotate__",
            None,
            attrs::get_annotate,
            Some(attrs::set_annotate),
        ),
        attribute(
            "__type_params__",
            None,
            attrs::get_type_params,
            Some(attrs::set_type_params),
        ),
    ],
};

fn type_repr(vm: &Vm, v: &Value) -> PyResult {
    let name = super::object::shown_name(vm, class_of(vm, v)?)?;
    Ok(vm.new_str(&format!("<class '{name}'>"))?.into_value())
}

/// Calling a class: makes an instance and initializes it.
#[inline(never)]
pub fn type_call(vm: &Vm, v: &Value, args: Args<'_>) -> PyResult {
    let cls = class_of(vm, v)?;
    if cls.is(&vm.types().type_) {
        match args.pos() {
            [x] if args.keyword_count() == 0 => return Ok(vm.type_value(x).into_value()),
            [_, _, _] => {}
            _ => return Err(vm.type_error("type() takes 1 or 3 arguments")),
        }
    }
    let new = match cls.slots.tp_new.get() {
        Some(f) if !cls.has_flag(tpflags::DISALLOW_INSTANTIATION) => f,
        _ => {
            return Err(vm.type_error(&format!("cannot create '{}' instances", cls.full_name())));
        }
    };
    let obj = new(vm, cls, args)?;
    let ty = vm.type_of(&obj);
    if !std::ptr::eq(ty, cls.object()) && !ty.payload.is_subtype(cls.object()) {
        return Ok(obj);
    }
    if let Some(init) = ty.payload.slots.tp_init.get() {
        init(vm, &obj, args)?;
    }
    Ok(obj)
}

fn type_init(vm: &Vm, _: &Value, args: Args<'_>) -> PyResult<()> {
    let n = args.pos().len();
    if n == 1 && args.keyword_count() != 0 {
        return Err(vm.type_error("type.__init__() takes no keyword arguments"));
    }
    if n != 1 && n != 3 {
        return Err(vm.type_error("type.__init__() takes 1 or 3 arguments"));
    }
    Ok(())
}
