//! `builtin_function_or_method`, `method_descriptor` and `classmethod_descriptor`: native functions as objects.

use taipan_object::bind::{call_native, call_native_directly};
use taipan_object::class::{CompareOp, TypeObject};
use taipan_object::descr::{MethodDescr, NativeFunction};
use taipan_object::native::NativeCode::NoArgs;
use taipan_object::native::{GetSetDef, NativeDef, NativeKind};
use taipan_object::{
    Args, ClassPart, Module, Payload, PyResult, Raised, Ref, SlotDef, Str, TypeRef, TypeSpec,
    Value, Vm, tpflags,
};

use crate::decl::{attribute, member, method, plain};

/// The payload that a method of this folder was called on; another payload cannot come here.
pub(crate) fn this<'a, T: Payload>(vm: &Vm, v: &'a Value) -> PyResult<&'a Ref<T>> {
    v.downcast_ref::<T>().ok_or_else(|| wrong_self(vm, v))
}

#[cold]
fn wrong_self(vm: &Vm, v: &Value) -> Raised {
    vm.type_error(&format!(
        "descriptor doesn't apply to a '{}' object",
        vm.type_name(v)
    ))
}

/// A string or `None`.
pub(crate) fn text_or_none(vm: &Vm, s: Option<&str>) -> PyResult {
    match s {
        Some(s) => Ok(vm.new_str(s)?.into_value()),
        None => Ok(vm.none()),
    }
}

/// `builtins.getattr` with its arguments: how methods are pickled.
pub(crate) fn reduce_to_getattr(vm: &Vm, obj: Value, name: &str) -> PyResult {
    let n = vm.names();
    let getattr = match vm.interp().builtins.get() {
        Some(b) => b.get_str(vm, &n.getattr),
        None => None,
    };
    let getattr = match getattr {
        Some(f) => f,
        None => {
            let builtins = vm.import("builtins")?;
            vm.getattr(&builtins, &n.getattr)?
        }
    };
    let args = vm.new_tuple(vec![obj, vm.new_str(name)?.into_value()])?;
    Ok(vm.new_tuple(vec![getattr, args.into_value()])?.into_value())
}

/// `builtin_function_or_method`
pub static NATIVE_FUNCTION: TypeSpec = TypeSpec {
    has_weakref: true,
    parts: &[&FUNCTION_PART],
    ..TypeSpec::new(
        "builtin_function_or_method",
        "builtins",
        NativeFunction::layout,
    )
};

static FUNCTION_PART: ClassPart = ClassPart {
    slots: &[
        SlotDef::tp_call(function_call),
        SlotDef::tp_repr(function_repr),
        SlotDef::tp_hash(function_hash),
        SlotDef::tp_richcompare(function_compare),
    ],
    methods: &[NativeDef {
        doc: None,
        ..method("__reduce__", "($self, /)", "", NoArgs(function_reduce))
    }],
    getset: &[
        member(
            "__module__",
            None,
            |vm, v| {
                let f = this::<NativeFunction>(vm, v)?;
                Ok(f.module.get().unwrap_or_else(|| vm.none()))
            },
            Some(|vm, v, x| {
                let none = vm.none();
                this::<NativeFunction>(vm, v)?
                    .module
                    .set(Some(x.unwrap_or(&none).clone()));
                Ok(())
            }),
        ),
        attribute(
            "__doc__",
            None,
            |vm, v| text_or_none(vm, this::<NativeFunction>(vm, v)?.def.doc),
            None,
        ),
        attribute(
            "__name__",
            None,
            |vm, v| {
                Ok(vm
                    .new_str(this::<NativeFunction>(vm, v)?.def.name)?
                    .into_value())
            },
            None,
        ),
        attribute("__qualname__", None, function_qualname, None),
        attribute(
            "__self__",
            None,
            |vm, v| {
                let f = this::<NativeFunction>(vm, v)?;
                let shown = bound_self(f)
                    .filter(|_| f.def.kind != NativeKind::StaticMethod || f.def.name == "__new__");
                Ok(shown.cloned().unwrap_or_else(|| vm.none()))
            },
            None,
        ),
        attribute(
            "__text_signature__",
            None,
            |vm, v| text_or_none(vm, this::<NativeFunction>(vm, v)?.def.text_signature),
            None,
        ),
    ],
};

fn bound_self(f: &NativeFunction) -> Option<&Value> {
    f.self_.as_ref()
}

/// What it is bound to, unless that is the module that it is a function of.
fn method_self(f: &NativeFunction) -> Option<&Value> {
    f.self_
        .as_ref()
        .filter(|s| s.downcast_ref::<Module>().is_none())
}

/// Calling a native function: the interpreter's instructions do the same.
#[inline]
pub fn function_call(vm: &Vm, v: &Value, args: Args<'_>) -> PyResult {
    let f = this::<NativeFunction>(vm, v)?;
    let none;
    let self_ = match &f.self_ {
        Some(s) => s,
        None => {
            none = vm.none();
            &none
        }
    };
    if let Some(result) = call_native_directly(vm, f.def, self_, args) {
        return result;
    }
    if let Some(owner) = &f.owner {
        let class = match self_.downcast_ref::<TypeObject>() {
            Some(t) => t.object(),
            None => vm.type_of(self_),
        };
        if std::ptr::eq(class, owner.object()) {
            return call_native(vm, f.def, self_, owner.spec().map(|s| s.name), args);
        }
        // Messages name the class that it was found through.
        let name = class.payload.qualname.get();
        return call_native(vm, f.def, self_, Some(&name.to_string_lossy()), args);
    }
    let module = f.module.get();
    let module = module
        .as_ref()
        .and_then(|m| m.downcast_ref::<Str>())
        .and_then(|s| s.as_ascii())
        .filter(|m| *m != "builtins");
    call_native(vm, f.def, self_, module, args)
}

fn function_repr(vm: &Vm, v: &Value) -> PyResult {
    let f = this::<NativeFunction>(vm, v)?;
    let s = match method_self(f) {
        Some(s) => format!(
            "<built-in method {} of {} object at {:#x}>",
            f.def.name,
            vm.type_name(s),
            s.bits()
        ),
        None => format!("<built-in function {}>", f.def.name),
    };
    Ok(vm.new_str(&s)?.into_value())
}

fn function_hash(_: &Vm, v: &Value) -> PyResult<i64> {
    let Some(f) = v.downcast_ref::<NativeFunction>() else {
        return Ok(0);
    };
    let s = f.self_.as_ref().map_or(0, Value::bits).rotate_right(4);
    let d = ((&raw const *f.def).addr() as u64).rotate_right(4);
    let h = (s ^ d) as i64;
    Ok(if h == -1 { -2 } else { h })
}

fn function_compare(vm: &Vm, a: &Value, b: &Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (
        a.downcast_ref::<NativeFunction>(),
        b.downcast_ref::<NativeFunction>(),
    ) else {
        return Ok(vm.not_implemented());
    };
    let same_self = match (&x.self_, &y.self_) {
        (Some(p), Some(q)) => p.is(q),
        (None, None) => true,
        _ => false,
    };
    let equal = same_self && std::ptr::eq(x.def, y.def);
    match op {
        CompareOp::Eq => Ok(vm.bool(equal)),
        CompareOp::Ne => Ok(vm.bool(!equal)),
        _ => Ok(vm.not_implemented()),
    }
}

fn function_qualname(vm: &Vm, v: &Value) -> PyResult {
    let f = this::<NativeFunction>(vm, v)?;
    let Some(s) = method_self(f) else {
        return Ok(vm.new_str(f.def.name)?.into_value());
    };
    let ty = match s.downcast_ref::<TypeObject>() {
        Some(t) => t.clone(),
        None => vm.type_value(s),
    };
    let qualname = vm.getattr(ty.as_value(), &vm.names().__qualname__)?;
    let qualname = vm.str(&qualname)?;
    let s = format!("{}.{}", qualname.to_string_lossy(), f.def.name);
    Ok(vm.new_str(&s)?.into_value())
}

fn function_reduce(vm: &Vm, v: &Value) -> PyResult {
    let f = this::<NativeFunction>(vm, v)?;
    match method_self(f) {
        Some(s) => reduce_to_getattr(vm, s.clone(), f.def.name),
        None => Ok(vm.new_str(f.def.name)?.into_value()),
    }
}

/// `method_descriptor`
pub static METHOD_DESCRIPTOR: TypeSpec = TypeSpec {
    flags: tpflags::METHOD_DESCRIPTOR,
    parts: &[
        &ClassPart {
            slots: &[
                SlotDef::tp_call(method_call),
                SlotDef::tp_descr_get(method_get),
                SlotDef::tp_repr(method_repr),
            ],
            methods: &[NativeDef {
                doc: None,
                ..method(
                    "__reduce__",
                    "($self, /)",
                    "",
                    NoArgs(|vm, v| {
                        let d = this::<MethodDescr>(vm, v)?;
                        reduce_to_getattr(vm, d.owner.as_value().clone(), d.def.name)
                    }),
                )
            }],
            getset: &[],
        },
        &DESCRIPTOR_PART,
    ],
    ..TypeSpec::new("method_descriptor", "builtins", MethodDescr::layout)
};

/// `classmethod_descriptor`
pub static CLASSMETHOD_DESCRIPTOR: TypeSpec = TypeSpec {
    parts: &[
        &ClassPart {
            slots: &[
                SlotDef::tp_call(classmethod_call),
                SlotDef::tp_descr_get(classmethod_get),
                SlotDef::tp_repr(method_repr),
            ],
            methods: &[],
            getset: &[],
        },
        &DESCRIPTOR_PART,
    ],
    ..TypeSpec::new("classmethod_descriptor", "builtins", MethodDescr::layout)
};

static DESCRIPTOR_PART: ClassPart = ClassPart {
    slots: &[],
    methods: &[],
    getset: &DESCRIPTOR_GETSET,
};

static DESCRIPTOR_GETSET: [GetSetDef; 5] = [
    member(
        "__objclass__",
        None,
        |vm, v| Ok(this::<MethodDescr>(vm, v)?.owner.as_value().clone()),
        None,
    ),
    member(
        "__name__",
        None,
        |vm, v| {
            Ok(vm
                .new_str(this::<MethodDescr>(vm, v)?.def.name)?
                .into_value())
        },
        None,
    ),
    attribute(
        "__doc__",
        None,
        |vm, v| text_or_none(vm, this::<MethodDescr>(vm, v)?.def.doc),
        None,
    ),
    attribute(
        "__qualname__",
        None,
        |vm, v| {
            let d = this::<MethodDescr>(vm, v)?;
            qualname(vm, &d.owner, d.def.name)
        },
        None,
    ),
    attribute(
        "__text_signature__",
        None,
        |vm, v| text_or_none(vm, this::<MethodDescr>(vm, v)?.def.text_signature),
        None,
    ),
];

/// The qualified name of a descriptor in a class.
pub(crate) fn qualname(vm: &Vm, owner: &TypeRef, name: &str) -> PyResult {
    let q = owner.qualname.get();
    Ok(vm
        .new_str(&format!("{}.{name}", q.to_string_lossy()))?
        .into_value())
}

/// "descriptor 'x' for 'D' objects doesn't apply to a 'Y' object"
#[cold]
pub(crate) fn does_not_apply(vm: &Vm, name: &str, owner: &TypeRef, v: &Value) -> Raised {
    vm.type_error(&format!(
        "descriptor '{name}' for '{}' objects doesn't apply to a '{}' object",
        owner.full_name(),
        vm.type_name(v)
    ))
}

#[cold]
fn needs_argument(vm: &Vm, name: &str) -> Raised {
    vm.type_error(&format!("unbound method {name}() needs an argument"))
}

/// Calling a method through its class: the first argument is the instance. The interpreter's instructions do the same.
#[inline]
pub fn method_call(vm: &Vm, v: &Value, args: Args<'_>) -> PyResult {
    let d = this::<MethodDescr>(vm, v)?;
    let owner = d.owner.spec().map_or("", |s| s.name);
    let Some(self_) = args.pos().first() else {
        return Err(needs_argument(vm, &format!("{owner}.{}", d.def.name)));
    };
    if !vm.type_of(self_).payload.is_subtype(d.owner.object()) {
        return Err(does_not_apply(vm, d.def.name, &d.owner, self_));
    }
    let rest = Args {
        values: args.values.get(1..).unwrap_or_default(),
        kwnames: args.kwnames,
    };
    call_native(vm, d.def, self_, Some(owner), rest)
}

fn method_get(vm: &Vm, v: &Value, obj: Option<&Value>, _: &Value) -> PyResult {
    let d = this::<MethodDescr>(vm, v)?;
    let Some(obj) = obj else {
        return Ok(v.clone());
    };
    if !vm.type_of(obj).payload.is_subtype(d.owner.object()) {
        return Err(does_not_apply(vm, d.def.name, &d.owner, obj));
    }
    let f = vm.new_native_function(d.def, Some(obj.clone()), None, Some(d.owner.clone()))?;
    Ok(f.into_value())
}

fn method_repr(vm: &Vm, v: &Value) -> PyResult {
    let d = this::<MethodDescr>(vm, v)?;
    let s = format!(
        "<method '{}' of '{}' objects>",
        d.def.name,
        d.owner.full_name()
    );
    Ok(vm.new_str(&s)?.into_value())
}

fn bind_class<'a>(vm: &Vm, d: &MethodDescr, cls: &'a Value) -> PyResult<&'a TypeRef> {
    let Some(t) = cls.downcast_ref::<TypeObject>() else {
        return Err(vm.type_error(&format!(
            "descriptor '{}' for type '{}' needs a type, not a '{}' as arg 2",
            d.def.name,
            d.owner.full_name(),
            vm.type_name(cls)
        )));
    };
    if !t.is_subtype(d.owner.object()) {
        return Err(vm.type_error(&format!(
            "descriptor '{}' requires a subtype of '{}' but received '{}'",
            d.def.name,
            d.owner.full_name(),
            t.full_name()
        )));
    }
    Ok(t)
}

fn classmethod_get(vm: &Vm, v: &Value, obj: Option<&Value>, owner: &Value) -> PyResult {
    let d = this::<MethodDescr>(vm, v)?;
    let cls = match obj {
        Some(o) if vm.is_none(owner) => vm.type_value(o).into_value(),
        _ => owner.clone(),
    };
    bind_class(vm, d, &cls)?;
    let f = vm.new_native_function(d.def, Some(cls), None, Some(d.owner.clone()))?;
    Ok(f.into_value())
}

fn classmethod_call(vm: &Vm, v: &Value, args: Args<'_>) -> PyResult {
    let d = this::<MethodDescr>(vm, v)?;
    let Some(cls) = args.pos().first() else {
        return Err(vm.type_error(&format!(
            "descriptor '{}' of '{}' object needs an argument",
            d.def.name,
            d.owner.full_name()
        )));
    };
    bind_class(vm, d, cls)?;
    let rest = Args {
        values: args.values.get(1..).unwrap_or_default(),
        kwnames: args.kwnames,
    };
    call_native(vm, d.def, cls, d.owner.spec().map(|s| s.name), rest)
}

/// A method whose documentation shows `($self, object, /)` for `__class_getitem__`.
pub(crate) const fn class_getitem(doc: Option<&'static str>) -> NativeDef {
    NativeDef {
        doc,
        kind: NativeKind::ClassMethod,
        text_signature: Some("($type, object, /)"),
        ..plain(
            "__class_getitem__",
            "",
            taipan_object::NativeCode::One(|vm, cls, x| vm.generic_alias(cls, x)),
        )
    }
}
