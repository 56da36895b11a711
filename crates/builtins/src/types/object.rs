//! `object`: what every instance does. Pickling is in `reduce.rs`, assignment to `__class__` in `assign.rs`.

use taipan_object::class::CompareOp;
use taipan_object::native::NativeCode::{NoArgs, One, Variadic};
use taipan_object::protocol::attr::{generic_getattr, generic_setattr};
use taipan_object::types::Plain;
use taipan_object::{
    Args, ClassPart, Dict, Payload, PyResult, Ref, SlotDef, Str, TypeObject, TypeRef, TypeSpec,
    Value, Vm, tpflags,
};

use crate::decl::{attribute, method, on_class};

/// The declaration of `object`.
pub static OBJECT: TypeSpec = TypeSpec {
    doc: Some(
        "The base class of the class hierarchy.\n\nWhen called, it accepts no arguments and returns a new featureless\ninstance that has no instance attributes and cannot be given any.\n",
    ),
    text_signature: Some("()"),
    parts: &[&PART],
    ..TypeSpec::new("object", "builtins", Plain::layout)
};

static PART: ClassPart = ClassPart {
    slots: &[
        SlotDef::tp_new(object_new),
        SlotDef::tp_init(object_init),
        SlotDef::tp_repr(object_repr),
        SlotDef::tp_str(object_str),
        SlotDef::tp_hash(object_hash),
        SlotDef::tp_getattro(generic_getattr),
        SlotDef::tp_setattro(generic_setattr),
        SlotDef::tp_richcompare(object_richcompare),
    ],
    methods: &[
        method(
            "__reduce_ex__",
            "($self, protocol, /)",
            "Helper for pickle.",
            One(super::reduce::reduce_ex),
        ),
        method(
            "__reduce__",
            "($self, /)",
            "Helper for pickle.",
            NoArgs(super::reduce::reduce),
        ),
        method(
            "__getstate__",
            "($self, /)",
            "Helper for pickle.",
            NoArgs(super::reduce::getstate),
        ),
        on_class(method(
            "__subclasshook__",
            "($type, object, /)",
            "Abstract classes can override this to customize issubclass().\n\nThis is invoked early on by abc.ABCMeta.__subclasscheck__().\nIt should return True, False or NotImplemented.  If it returns\nNotImplemented, the normal algorithm is used.  Otherwise, it\noverrides the normal algorithm (and the outcome is cached).\n",
            One(|vm, _, _| Ok(vm.not_implemented())),
        )),
        on_class(method(
            "__init_subclass__",
            "($type, /)",
            "This method is called when a class is subclassed.\n\nThe default implementation does nothing. It may be\noverridden to extend subclasses.\n",
            Variadic(init_subclass),
        )),
        method(
            "__format__",
            "($self, format_spec, /)",
            "Default object formatter.\n\nReturn str(self) if format_spec is empty. Raise TypeError otherwise.",
            One(object_format),
        ),
        method(
            "__sizeof__",
            "($self, /)",
            "Size of object in memory, in bytes.",
            NoArgs(object_sizeof),
        ),
        method(
            "__dir__",
            "($self, /)",
            "Default dir() implementation.",
            NoArgs(object_dir),
        ),
    ],
    getset: &[attribute(
        "__class__",
        Some("the object's class"),
        |vm, v| Ok(vm.type_value(v).into_value()),
        Some(super::assign::set_class),
    )],
};

fn is_object_new(t: &TypeObject) -> bool {
    t.slots
        .tp_new
        .get()
        .is_some_and(|f| f as usize == object_new as *const () as usize)
}

fn is_object_init(t: &TypeObject) -> bool {
    t.slots
        .tp_init
        .get()
        .is_some_and(|f| f as usize == object_init as *const () as usize)
}

/// `object.__new__`
#[inline(never)]
pub fn object_new(vm: &Vm, cls: &TypeRef, args: Args<'_>) -> PyResult {
    if !args.is_empty() {
        if !is_object_new(cls) {
            return Err(vm.type_error(
                "object.__new__() takes exactly one argument (the type to instantiate)",
            ));
        }
        if is_object_init(cls) {
            return Err(vm.type_error(&format!("{}() takes no arguments", cls.full_name())));
        }
    }
    if cls.has_flag(tpflags::IS_ABSTRACT) {
        return Err(abstract_class(vm, cls)?);
    }
    if !std::ptr::eq(cls.layout(), Plain::layout()) {
        // The native class says how its instances are made; nothing else may make them.
        return Err(vm.type_error(&format!(
            "object.__new__({0}) is not safe, use {0}.__new__()",
            cls.full_name()
        )));
    }
    Ok(vm.new_object(cls, Plain)?.into_value())
}

#[cold]
fn abstract_class(vm: &Vm, cls: &TypeRef) -> PyResult<taipan_object::Raised> {
    let methods = vm.getattr(cls.as_value(), &vm.names().__abstractmethods__)?;
    let methods = vm.collect(&methods)?;
    let mut names = Vec::new();
    for m in &methods {
        match m.downcast_ref::<Str>() {
            Some(s) => names.push(s.to_string_lossy().into_owned()),
            None => {
                return Ok(vm.type_error(&format!(
                    "sequence item 0: expected str instance, {} found",
                    vm.type_name(m)
                )));
            }
        }
    }
    names.sort();
    Ok(vm.type_error(&format!(
        "Can't instantiate abstract class {} without an implementation for abstract method{} '{}'",
        cls.full_name(),
        if names.len() > 1 { "s" } else { "" },
        names.join("', '")
    )))
}

/// `object.__init__`
#[inline(never)]
pub fn object_init(vm: &Vm, v: &Value, args: Args<'_>) -> PyResult<()> {
    if args.is_empty() {
        return Ok(());
    }
    let ty = vm.type_of(v).to_ref();
    if !is_object_init(&ty) {
        return Err(vm.type_error(
            "object.__init__() takes exactly one argument (the instance to initialize)",
        ));
    }
    if is_object_new(&ty) {
        return Err(vm.type_error(&format!(
            "{}.__init__() takes exactly one argument (the instance to initialize)",
            ty.full_name()
        )));
    }
    Ok(())
}

/// Module and qualified name of a type, joined as `repr` shows them; the module is left out when it is `builtins`.
pub fn shown_name(vm: &Vm, ty: &TypeRef) -> PyResult<String> {
    let module = super::type_attrs::module_of(vm, ty)?;
    let module = module
        .as_ref()
        .and_then(|m| m.downcast_ref::<Str>())
        .map(|m| m.to_string_lossy().into_owned());
    Ok(match module {
        Some(m) if m != "builtins" => {
            format!("{m}.{}", ty.qualname.get().to_string_lossy())
        }
        Some(_) | None => ty.name.get().to_string_lossy().into_owned(),
    })
}

fn object_repr(vm: &Vm, v: &Value) -> PyResult {
    let name = shown_name(vm, &vm.type_value(v))?;
    Ok(vm
        .new_str(&format!("<{name} object at {:#x}>", v.bits()))?
        .into_value())
}

fn object_str(vm: &Vm, v: &Value) -> PyResult {
    Ok(vm.repr(v)?.into_value())
}

/// The hash of identity: the address, rotated because its low bits are always zero.
pub fn object_hash(_: &Vm, v: &Value) -> PyResult<i64> {
    Ok(taipan_object::protocol::compare::hash_of_identity(v))
}

fn object_richcompare(vm: &Vm, a: &Value, b: &Value, op: CompareOp) -> PyResult {
    match op {
        CompareOp::Eq if a.is(b) => Ok(vm.bool(true)),
        CompareOp::Ne => {
            // `!=` is the opposite of `==` unless the class says otherwise.
            let Some(eq) = vm.type_of(a).payload.slots.tp_richcompare.get() else {
                return Ok(vm.not_implemented());
            };
            let r = eq(vm, a, b, CompareOp::Eq)?;
            if vm.is_not_implemented(&r) {
                return Ok(r);
            }
            Ok(vm.bool(!vm.is_true(&r)?))
        }
        _ => Ok(vm.not_implemented()),
    }
}

fn init_subclass(vm: &Vm, cls: &Value, args: Args<'_>) -> PyResult {
    if args.is_empty() {
        return Ok(vm.none());
    }
    let name = super::type_attrs::class_of(vm, cls)?.qualname.get();
    let name = name.to_string_lossy();
    if args.keyword_count() != 0 {
        return Err(vm.type_error(&format!(
            "{name}.__init_subclass__() takes no keyword arguments"
        )));
    }
    Err(vm.type_error(&format!(
        "{name}.__init_subclass__() takes no arguments ({} given)",
        args.values.len()
    )))
}

fn object_format(vm: &Vm, v: &Value, spec: &Value) -> PyResult {
    let Some(s) = spec.downcast_ref::<Str>() else {
        return Err(vm.type_error(&format!(
            "__format__() argument must be str, not {}",
            vm.type_name(spec)
        )));
    };
    if !s.is_empty() {
        return Err(vm.type_error(&format!(
            "unsupported format string passed to {}.__format__",
            vm.type_name(v)
        )));
    }
    Ok(vm.str(v)?.into_value())
}

fn object_sizeof(vm: &Vm, v: &Value) -> PyResult {
    vm.new_usize(vm.type_of(v).payload.instance_size())
}

/// Adds the attributes of a class and its bases to a dict (`merge_class_dict`).
pub fn merge_class_dict(vm: &Vm, into: &Ref<Dict>, cls: &Value) -> PyResult<()> {
    vm.check_stack("")?;
    if let Some(d) = vm.getattr_opt(cls, &vm.names().__dict__)? {
        for (k, v) in super::type_attrs::mapping_items(vm, &d)? {
            into.set(vm, &k, v)?;
        }
    }
    if let Some(bases) = vm.getattr_opt(cls, &vm.names().__bases__)? {
        for b in vm.collect(&bases)? {
            merge_class_dict(vm, into, &b)?;
        }
    }
    Ok(())
}

fn object_dir(vm: &Vm, v: &Value) -> PyResult {
    let all = vm.new_dict()?;
    if let Some(d) = vm.getattr_opt(v, &vm.names().__dict__)?
        && let Some(d) = d.downcast_ref::<Dict>()
    {
        for (k, x) in d.items() {
            all.set(vm, &k, x)?;
        }
    }
    if let Some(cls) = vm.getattr_opt(v, &vm.names().__class__)? {
        merge_class_dict(vm, &all, &cls)?;
    }
    Ok(vm.new_list(all.keys())?.into_value())
}
