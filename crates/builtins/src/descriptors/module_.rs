//! `module`.

use taipan_object::bind::{Buffer, bind};
use taipan_object::native::NativeCode::NoArgs;
use taipan_object::native::Params;
use taipan_object::protocol::attr::generic_getattr_opt;
use taipan_object::{
    Args, ClassPart, Dict, Module, Payload, PyCell, PyResult, Raised, Ref, SlotDef, Str, TypeRef,
    TypeSpec, Value, Vm, tpflags,
};

use super::native::this;
use crate::decl::{attribute, member, method};

static PARAMS: Params = Params {
    names: &["name", "doc"],
    positional_only: 0,
    positional: 2,
    required: 1,
    required_keyword: 0,
};

/// `module`
pub static MODULE: TypeSpec = TypeSpec {
    doc: Some(
        "Create a module object.\n\nThe name must be a string; the optional doc argument can have any type.",
    ),
    text_signature: Some("(name, doc=None)"),
    flags: tpflags::BASETYPE,
    has_dict: true,
    has_weakref: true,
    parts: &[&ClassPart {
        slots: &[
            SlotDef::tp_new(|vm: &Vm, cls: &TypeRef, _: Args<'_>| {
                let m = Module {
                    dict: PyCell::new(Some(vm.new_dict()?)),
                    spec: None,
                };
                Ok(vm.new_object(cls, m)?.into_value())
            }),
            SlotDef::tp_init(init),
            SlotDef::tp_repr(repr),
            SlotDef::tp_getattro(module_getattro),
        ],
        methods: &[method(
            "__dir__",
            "($self, /)",
            "__dir__() -> list\nspecialized dir() implementation",
            NoArgs(dir),
        )],
        getset: &[
            member(
                "__dict__",
                None,
                |vm, v| Ok(dict(vm, v)?.into_value()),
                Some(|vm, _, _| Err(vm.raise_new(&vm.exc().AttributeError, "readonly attribute"))),
            ),
            attribute("__annotations__", None, annotations, Some(set_annotations)),
            attribute("__annotate__", None, annotate, Some(set_annotate)),
        ],
    }],
    ..TypeSpec::new("module", "builtins", Module::layout)
};

/// The module's dict, made if it has been lost.
fn dict(vm: &Vm, v: &Value) -> PyResult<Ref<Dict>> {
    let m = this::<Module>(vm, v)?;
    match m.dict.get() {
        Some(d) => Ok(d),
        None => {
            let d = vm.new_dict()?;
            m.dict.set(Some(d.clone()));
            Ok(d)
        }
    }
}

fn init(vm: &Vm, v: &Value, args: Args<'_>) -> PyResult<()> {
    let mut buffer = Buffer::new();
    let places = bind(vm, "module", &PARAMS, args, &mut buffer)?;
    let at = |i: usize| places.get(i).copied().flatten();
    let Some(name) = at(0) else { return Ok(()) };
    if name.downcast_ref::<Str>().is_none() {
        return Err(vm.type_error(&format!(
            "module() argument 'name' must be str, not {}",
            vm.type_name(name)
        )));
    }
    let d = dict(vm, v)?;
    let n = vm.names();
    d.set_str(vm, &n.__name__, name.clone())?;
    d.set_str(vm, &n.__doc__, at(1).cloned().unwrap_or_else(|| vm.none()))?;
    for key in [&n.__package__, &n.__loader__, &n.__spec__] {
        d.set_str(vm, key, vm.none())?;
    }
    Ok(())
}

fn text(v: Option<Value>) -> Option<String> {
    v.and_then(|v| v.downcast::<Str>().ok())
        .map(|s| s.to_string_lossy().into_owned())
}

fn repr(vm: &Vm, v: &Value) -> PyResult {
    let importlib = match vm.interp().modules.get() {
        Some(modules) => modules.get_str(vm, &vm.intern("_frozen_importlib")?),
        None => None,
    };
    if let Some(importlib) = importlib {
        return vm.call_method_str(&importlib, "_module_repr", std::slice::from_ref(v));
    }
    // The import system is not there yet.
    let d = dict(vm, v)?;
    let name = text(d.get_str(vm, &vm.names().__name__)).unwrap_or_else(|| "?".to_owned());
    let native = if this::<Module>(vm, v)?.spec.is_some() {
        " (built-in)"
    } else {
        ""
    };
    Ok(vm
        .new_str(&format!("<module '{name}'{native}>"))?
        .into_value())
}

/// Attributes of modules: as of any object, then by the module's `__getattr__`.
#[inline(never)]
pub fn module_getattro(vm: &Vm, v: &Value, name: &Ref<Str>) -> PyResult {
    if let Some(x) = generic_getattr_opt(vm, v, name)? {
        return Ok(x);
    }
    let d = dict(vm, v)?;
    if let Some(f) = d.get_str(vm, &vm.names().__getattr__) {
        return vm.call1(&f, name.as_value());
    }
    Err(no_attribute(vm, v, &d, name)?)
}

/// Whether a spec says of its module that it is being initialized.
pub fn is_initializing(vm: &Vm, spec: &Value) -> PyResult<bool> {
    if vm.is_none(spec) {
        return Ok(false);
    }
    match vm.getattr_opt(spec, &vm.names()._initializing)? {
        Some(x) => vm.is_true(&x),
        None => Ok(false),
    }
}

/// The file that a module comes from, by its spec.
pub fn origin_of(vm: &Vm, spec: &Value) -> PyResult<Option<String>> {
    let n = vm.names();
    let Some(has) = vm.getattr_opt(spec, &n.has_location)? else {
        return Ok(None);
    };
    if !vm.is_true(&has)? {
        return Ok(None);
    }
    Ok(text(vm.getattr_opt(spec, &n.origin)?))
}

#[cold]
fn no_attribute(vm: &Vm, v: &Value, d: &Ref<Dict>, name: &Ref<Str>) -> PyResult<Raised> {
    let n = vm.names();
    let shown = name.to_string_lossy();
    let Some(module) = text(d.get_str(vm, &n.__name__)) else {
        let msg = format!("module has no attribute '{shown}'");
        return Ok(vm.attribute_error(v, name.as_value(), &msg));
    };
    let mut msg = format!("module '{module}' has no attribute '{shown}'");
    if let Some(spec) = d.get_str(vm, &n.__spec__).filter(|s| !vm.is_none(s)) {
        if is_initializing(vm, &spec)? {
            let from = match origin_of(vm, &spec)? {
                Some(o) => format!(" from '{o}'"),
                None => String::new(),
            };
            msg = format!(
                "partially initialized module '{module}'{from} has no attribute '{shown}' (most likely due to a circular import)"
            );
        } else if let Some(subs) = vm.getattr_opt(&spec, &n._uninitialized_submodules)?
            && vm.contains(&subs, name.as_value())?
        {
            msg = format!(
                "cannot access submodule '{shown}' of module '{module}' (most likely due to a circular import)"
            );
        }
    }
    Ok(vm.attribute_error(v, name.as_value(), &msg))
}

fn dir(vm: &Vm, v: &Value) -> PyResult {
    let d = vm.getattr(v, &vm.names().__dict__)?;
    let Some(d) = d.downcast_ref::<Dict>() else {
        return Err(vm.type_error(&format!("{}.__dict__ is not a dictionary", vm.type_name(v))));
    };
    match d.get_str(vm, &vm.names().__dir__) {
        Some(f) => vm.call0(&f),
        None => Ok(vm.new_list(d.keys())?.into_value()),
    }
}

fn annotate(vm: &Vm, v: &Value) -> PyResult {
    let d = dict(vm, v)?;
    let key = &vm.names().__annotate__;
    match d.get_str(vm, key) {
        Some(f) => Ok(f),
        None => {
            d.set_str(vm, key, vm.none())?;
            Ok(vm.none())
        }
    }
}

fn set_annotate(vm: &Vm, v: &Value, value: Option<&Value>) -> PyResult<()> {
    let Some(f) = value else {
        return Err(vm.type_error("cannot delete __annotate__ attribute"));
    };
    if !vm.is_none(f) && !vm.is_callable(f) {
        return Err(vm.type_error("__annotate__ must be callable or None"));
    }
    let d = dict(vm, v)?;
    d.set_str(vm, &vm.names().__annotate__, f.clone())?;
    if !vm.is_none(f) {
        drop(d.remove_str(vm, &vm.names().__annotations__));
    }
    Ok(())
}

fn annotations(vm: &Vm, v: &Value) -> PyResult {
    let d = dict(vm, v)?;
    let n = vm.names();
    if let Some(a) = d.get_str(vm, &n.__annotations__) {
        return Ok(a);
    }
    let f = annotate(vm, v)?;
    let made = if vm.is_callable(&f) {
        let r = vm.call1(&f, &Value::from_i32(1))?;
        if r.downcast_ref::<Dict>().is_none() {
            return Err(vm.type_error(&format!(
                "__annotate__ returned non-dict of type '{}'",
                vm.type_name(&r)
            )));
        }
        r
    } else {
        vm.new_dict()?.into_value()
    };
    // While the module is being initialized, more annotations may come: they are not kept yet.
    let initializing = match d.get_str(vm, &n.__spec__) {
        Some(spec) => is_initializing(vm, &spec)?,
        None => false,
    };
    if !initializing {
        d.set_str(vm, &n.__annotations__, made.clone())?;
    }
    Ok(made)
}

fn set_annotations(vm: &Vm, v: &Value, value: Option<&Value>) -> PyResult<()> {
    let d = dict(vm, v)?;
    let n = vm.names();
    match value {
        Some(x) => d.set_str(vm, &n.__annotations__, x.clone())?,
        None => {
            if d.remove_str(vm, &n.__annotations__).is_none() {
                return Err(vm.attribute_error(v, n.__annotations__.as_value(), "__annotations__"));
            }
        }
    }
    drop(d.remove_str(vm, &n.__annotate__));
    Ok(())
}
