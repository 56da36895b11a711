//! `staticmethod` and `classmethod`.

use taipan_object::descr::WrappedMethod;
use taipan_object::native::GetSetDef;
use taipan_object::{
    Args, ClassPart, Dict, Payload, PyCell, PyResult, Ref, SlotDef, Str, TypeRef, TypeSpec, Value,
    Vm, tpflags,
};

use super::native::{class_getitem, this};
use crate::decl::{attribute, member};
use crate::types::type_new::{instance_dict, set_instance_dict};

/// `staticmethod`
pub static STATIC_METHOD: TypeSpec = TypeSpec {
    doc: Some(
        "Convert a function to be a static method.\n\nA static method does not receive an implicit first argument.\nTo declare a static method, use this idiom:\n\n     class C:\n         @staticmethod\n         def f(arg1, arg2, argN):\n             ...\n\nIt can be called either on the class (e.g. C.f()) or on an instance\n(e.g. C().f()). Both the class and the instance are ignored, and\nneither is passed implicitly as the first argument to the method.\n\nStatic methods in Python are similar to those found in Java or C++.\nFor a more advanced concept, see the classmethod builtin.",
    ),
    text_signature: Some("(function, /)"),
    flags: tpflags::BASETYPE,
    has_dict: true,
    parts: &[
        &ClassPart {
            slots: &[
                SlotDef::tp_new(new),
                SlotDef::tp_init(|vm, v, args| init(vm, v, "staticmethod", args)),
                SlotDef::tp_call(|vm, v, args| vm.call(&callable(vm, v)?, args)),
                SlotDef::tp_descr_get(|vm, v, _, _| callable(vm, v)),
                SlotDef::tp_repr(|vm, v| repr(vm, v, "staticmethod")),
            ],
            methods: &[],
            getset: &[],
        },
        &SHARED,
    ],
    ..TypeSpec::new("staticmethod", "builtins", WrappedMethod::layout)
};

/// `classmethod`
pub static CLASS_METHOD: TypeSpec = TypeSpec {
    doc: Some(
        "Convert a function to be a class method.\n\nA class method receives the class as implicit first argument,\njust like an instance method receives the instance.\nTo declare a class method, use this idiom:\n\n  class C:\n      @classmethod\n      def f(cls, arg1, arg2, argN):\n          ...\n\nIt can be called either on the class (e.g. C.f()) or on an instance\n(e.g. C().f()).  The instance is ignored except for its class.\nIf a class method is called for a derived class, the derived class\nobject is passed as the implied first argument.\n\nClass methods are different than C++ or Java static methods.\nIf you want those, see the staticmethod builtin.",
    ),
    text_signature: Some("(function, /)"),
    flags: tpflags::BASETYPE,
    has_dict: true,
    parts: &[
        &ClassPart {
            slots: &[
                SlotDef::tp_new(new),
                SlotDef::tp_init(|vm, v, args| init(vm, v, "classmethod", args)),
                SlotDef::tp_descr_get(|vm, v, obj, owner| {
                    let f = callable(vm, v)?;
                    let cls = match obj {
                        Some(o) if vm.is_none(owner) => vm.type_value(o).into_value(),
                        _ => owner.clone(),
                    };
                    Ok(vm.new_method(f, cls)?.into_value())
                }),
                SlotDef::tp_repr(|vm, v| repr(vm, v, "classmethod")),
            ],
            methods: &[],
            getset: &[],
        },
        &SHARED,
    ],
    ..TypeSpec::new("classmethod", "builtins", WrappedMethod::layout)
};

static SHARED: ClassPart = ClassPart {
    slots: &[],
    methods: &[class_getitem(None)],
    getset: &GETSET,
};

static GETSET: [GetSetDef; 6] = [
    member("__func__", None, callable, None),
    member("__wrapped__", None, callable, None),
    attribute(
        "__isabstractmethod__",
        None,
        |vm, v| Ok(vm.bool(is_abstract(vm, &callable(vm, v)?)?)),
        None,
    ),
    attribute("__dict__", None, instance_dict, Some(set_instance_dict)),
    attribute(
        "__annotations__",
        None,
        |vm, v| wrapped_attribute(vm, v, &vm.names().__annotations__),
        Some(|vm, v, x| set_wrapped_attribute(vm, v, &vm.names().__annotations__, x)),
    ),
    attribute(
        "__annotate__",
        None,
        |vm, v| wrapped_attribute(vm, v, &vm.names().__annotate__),
        Some(|vm, v, x| set_wrapped_attribute(vm, v, &vm.names().__annotate__, x)),
    ),
];

fn new(vm: &Vm, cls: &TypeRef, _: Args<'_>) -> PyResult {
    let w = WrappedMethod {
        callable: PyCell::new(None),
    };
    Ok(vm.new_object(cls, w)?.into_value())
}

fn init(vm: &Vm, v: &Value, name: &str, args: Args<'_>) -> PyResult<()> {
    if args.keyword_count() != 0 {
        return Err(vm.type_error(&format!("{name}() takes no keyword arguments")));
    }
    let [f] = args.values else {
        return Err(vm.type_error(&format!(
            "{name} expected 1 argument, got {}",
            args.values.len()
        )));
    };
    this::<WrappedMethod>(vm, v)?.callable.set(Some(f.clone()));
    let n = vm.names();
    for key in [&n.__module__, &n.__name__, &n.__qualname__, &n.__doc__] {
        if let Some(x) = vm.getattr_opt(f, key)? {
            vm.setattr(v, key, &x)?;
        }
    }
    Ok(())
}

fn callable(vm: &Vm, v: &Value) -> PyResult {
    let w = this::<WrappedMethod>(vm, v)?;
    Ok(w.callable.get().unwrap_or_else(|| vm.none()))
}

fn repr(vm: &Vm, v: &Value, name: &str) -> PyResult {
    let f = vm.repr_string(&callable(vm, v)?)?;
    Ok(vm.new_str(&format!("<{name}({f})>"))?.into_value())
}

/// Whether something says of itself that it is abstract.
pub(crate) fn is_abstract(vm: &Vm, v: &Value) -> PyResult<bool> {
    match vm.getattr_opt(v, &vm.names().__isabstractmethod__)? {
        Some(x) => vm.is_true(&x),
        None => Ok(false),
    }
}

fn own_dict(vm: &Vm, v: &Value) -> PyResult<Ref<Dict>> {
    match vm.instance_dict(v)? {
        Some(d) => Ok(d),
        None => Err(vm.system_error("a method wrapper has a dict")),
    }
}

/// An attribute of the wrapped callable, kept once it was asked for.
fn wrapped_attribute(vm: &Vm, v: &Value, name: &Ref<Str>) -> PyResult {
    let dict = own_dict(vm, v)?;
    if let Some(x) = dict.get_str(vm, name) {
        return Ok(x);
    }
    let x = vm.getattr(&callable(vm, v)?, name)?;
    dict.set_str(vm, name, x.clone())?;
    Ok(x)
}

fn set_wrapped_attribute(
    vm: &Vm,
    v: &Value,
    name: &Ref<Str>,
    value: Option<&Value>,
) -> PyResult<()> {
    let dict = own_dict(vm, v)?;
    match value {
        Some(x) => dict.set_str(vm, name, x.clone()),
        None => match dict.remove_str(vm, name) {
            Some(_) => Ok(()),
            None => Err(vm.attribute_error(
                v,
                name.as_value(),
                &format!(
                    "'{}' object has no attribute '{}'",
                    vm.type_name(v),
                    name.to_string_lossy()
                ),
            )),
        },
    }
}
