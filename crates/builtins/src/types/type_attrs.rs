//! Attributes of classes: lookup through the class and its metaclass, assignment with its effect on slots, and the
//! computed attributes of `type` that are not about bases (those are in `assign.rs`).

use taipan_object::slotdefs::update_slots_of;
use taipan_object::{Dict, PyResult, Raised, Ref, Str, TypeObject, TypeRef, Value, Vm, tpflags};

use crate::descriptors::mapping_proxy::MappingProxy;

/// The class that a method of `type` was called on.
pub(crate) fn class_of<'a>(vm: &Vm, v: &'a Value) -> PyResult<&'a TypeRef> {
    match v.downcast_ref::<TypeObject>() {
        Some(t) => Ok(t),
        None => Err(vm.type_error(&format!(
            "descriptor requires a 'type' object but received a '{}'",
            vm.type_name(v)
        ))),
    }
}

/// `type.__getattribute__`
#[inline(never)]
pub fn type_getattro(vm: &Vm, v: &Value, name: &Ref<Str>) -> PyResult {
    let name = &vm.intern_str(name);
    let cls = class_of(vm, v)?;
    let meta = vm.type_of(v).to_ref();
    let in_meta = vm.lookup(&meta, name);
    let mut meta_get = None;
    if let Some(m) = &in_meta {
        let slots = &vm.type_of(m).payload.slots;
        meta_get = slots.tp_descr_get.get();
        if let Some(get) = meta_get
            && slots.tp_descr_set.get().is_some()
        {
            return get(vm, m, Some(v), meta.as_value());
        }
    }
    if let Some(found) = vm.lookup(cls, name) {
        return match vm.type_of(&found).payload.slots.tp_descr_get.get() {
            Some(get) => get(vm, &found, None, v),
            None => Ok(found),
        };
    }
    match (in_meta, meta_get) {
        (Some(m), Some(get)) => get(vm, &m, Some(v), meta.as_value()),
        (Some(m), None) => Ok(m),
        (None, _) => Err(no_attribute(vm, v, cls, name)),
    }
}

#[cold]
fn no_attribute(vm: &Vm, v: &Value, cls: &TypeRef, name: &Ref<Str>) -> Raised {
    let msg = format!(
        "type object '{}' has no attribute '{}'",
        cls.full_name(),
        name.to_string_lossy()
    );
    vm.attribute_error(v, name.as_value(), &msg)
}

/// `type.__setattr__` and `type.__delattr__`
#[inline(never)]
pub fn type_setattro(vm: &Vm, v: &Value, name: &Ref<Str>, value: Option<&Value>) -> PyResult<()> {
    let cls = class_of(vm, v)?;
    if cls.has_flag(tpflags::IMMUTABLETYPE) {
        return Err(vm.type_error(&format!(
            "cannot set {} attribute of immutable type '{}'",
            vm.repr_string(name.as_value())?,
            cls.full_name()
        )));
    }
    let name = &vm.intern_str(name);
    if let Some(m) = vm.lookup(&vm.type_of(v).payload, name)
        && let Some(set) = vm.type_of(&m).payload.slots.tp_descr_set.get()
    {
        return set(vm, &m, v, value);
    }
    set_class_attribute(vm, cls, name, value)
}

/// Sets or deletes an attribute in the class's own dict; caches and slots follow.
pub fn set_class_attribute(
    vm: &Vm,
    cls: &TypeRef,
    name: &Ref<Str>,
    value: Option<&Value>,
) -> PyResult<()> {
    let Some(dict) = cls.dict.get() else {
        return Ok(());
    };
    // Held until caches and slots agree with the dict again: dropping it may run anything.
    let old = dict.get_str(vm, name);
    match value {
        Some(x) => dict.set_str(vm, name, x.clone())?,
        None => {
            if dict.remove_str(vm, name).is_none() {
                return Err(no_attribute(vm, cls.as_value(), cls, name));
            }
        }
    }
    vm.type_modified(cls);
    let special = name.len() > 4
        && name
            .as_ascii()
            .is_some_and(|s| s.starts_with("__") && s.ends_with("__"));
    if special {
        update_slots_of(vm, cls, name);
    }
    drop(old);
    Ok(())
}

/// The items of a class's `__dict__` or of any mapping that stands for one.
pub(crate) fn mapping_items(vm: &Vm, d: &Value) -> PyResult<Vec<(Value, Value)>> {
    if let Some(d) = d.downcast_ref::<Dict>() {
        return Ok(d.items());
    }
    if let Some(p) = d.downcast_ref::<MappingProxy>()
        && let Some(d) = p.mapping.downcast_ref::<Dict>()
    {
        return Ok(d.items());
    }
    let keys = vm.call_method(d, &vm.names().keys, &[])?;
    let mut out = Vec::new();
    for k in vm.collect(&keys)? {
        let v = vm.getitem(d, &k)?;
        out.push((k, v));
    }
    Ok(out)
}

/// `__module__` of a class, `None` when its dict has none.
pub fn module_of(vm: &Vm, ty: &TypeRef) -> PyResult<Option<Value>> {
    let own = ty
        .dict
        .get()
        .and_then(|d| d.get_str(vm, &vm.names().__module__));
    match ty.spec() {
        _ if ty.is_heap() => Ok(own),
        Some(spec) => Ok(Some(vm.new_str(spec.module)?.into_value())),
        None => Ok(Some(vm.intern("builtins")?.into_value())),
    }
}

fn own(vm: &Vm, cls: &TypeRef, key: &Ref<Str>) -> Option<Value> {
    cls.dict.get()?.get_str(vm, key)
}

fn put(vm: &Vm, cls: &TypeRef, key: &Ref<Str>, value: Value) -> PyResult<()> {
    if let Some(d) = cls.dict.get() {
        // Held until no cache has it any more.
        let old = d.get_str(vm, key);
        d.set_str(vm, key, value)?;
        vm.type_modified(cls);
        drop(old);
    }
    Ok(())
}

fn remove(vm: &Vm, cls: &TypeRef, key: &Ref<Str>) -> bool {
    let removed = cls.dict.get().and_then(|d| d.remove_str(vm, key));
    vm.type_modified(cls);
    removed.is_some()
}

/// Refuses to set a special attribute of an immutable type, or to delete it (`check_set_special_type_attr`).
pub(super) fn check_special<'a>(
    vm: &Vm,
    cls: &TypeRef,
    value: Option<&'a Value>,
    name: &str,
) -> PyResult<&'a Value> {
    let what = match value {
        _ if cls.has_flag(tpflags::IMMUTABLETYPE) => "set",
        Some(v) => return Ok(v),
        None => "delete",
    };
    Err(vm.type_error(&format!(
        "cannot {what} '{name}' attribute of immutable type '{}'",
        cls.full_name()
    )))
}

pub(super) fn get_name(vm: &Vm, v: &Value) -> PyResult {
    Ok(class_of(vm, v)?.name.get().into_value())
}

fn text<'a>(vm: &Vm, cls: &TypeRef, value: &'a Value, name: &str) -> PyResult<&'a Ref<Str>> {
    value.downcast_ref::<Str>().ok_or_else(|| {
        vm.type_error(&format!(
            "can only assign string to {}.{name}, not '{}'",
            cls.full_name(),
            vm.type_name(value)
        ))
    })
}

pub(super) fn set_name(vm: &Vm, v: &Value, value: Option<&Value>) -> PyResult<()> {
    let cls = class_of(vm, v)?;
    let value = check_special(vm, cls, value, "__name__")?;
    let s = text(vm, cls, value, "__name__")?;
    if s.text().chars().any(|c| c == 0) {
        return Err(vm.value_error("type name must not contain null characters"));
    }
    cls.name.set(s.clone());
    Ok(())
}

pub(super) fn get_qualname(vm: &Vm, v: &Value) -> PyResult {
    Ok(class_of(vm, v)?.qualname.get().into_value())
}

pub(super) fn set_qualname(vm: &Vm, v: &Value, value: Option<&Value>) -> PyResult<()> {
    let cls = class_of(vm, v)?;
    let value = check_special(vm, cls, value, "__qualname__")?;
    cls.qualname
        .set(text(vm, cls, value, "__qualname__")?.clone());
    Ok(())
}

#[cold]
fn missing(vm: &Vm, v: &Value, name: &Ref<Str>) -> Raised {
    vm.attribute_error(v, name.as_value(), &name.to_string_lossy())
}

pub(super) fn get_module(vm: &Vm, v: &Value) -> PyResult {
    match module_of(vm, class_of(vm, v)?)? {
        Some(m) => Ok(m),
        None => Err(missing(vm, v, &vm.names().__module__)),
    }
}

pub(super) fn set_module(vm: &Vm, v: &Value, value: Option<&Value>) -> PyResult<()> {
    let cls = class_of(vm, v)?;
    let value = check_special(vm, cls, value, "__module__")?;
    let n = vm.names();
    remove(vm, cls, &n.__firstlineno__);
    put(vm, cls, &n.__module__, value.clone())
}

pub(super) fn get_abstract_methods(vm: &Vm, v: &Value) -> PyResult {
    let cls = class_of(vm, v)?;
    let key = &vm.names().__abstractmethods__;
    // `type` itself has the descriptor in its dict under this name.
    let found = if cls.is(&vm.types().type_) {
        None
    } else {
        own(vm, cls, key)
    };
    found.ok_or_else(|| missing(vm, v, key))
}

pub(super) fn set_abstract_methods(vm: &Vm, v: &Value, value: Option<&Value>) -> PyResult<()> {
    let cls = class_of(vm, v)?;
    let key = &vm.names().__abstractmethods__;
    let is_abstract = match value {
        Some(x) => {
            let truth = vm.is_true(x)?;
            put(vm, cls, key, x.clone())?;
            truth
        }
        None => {
            if !remove(vm, cls, key) {
                return Err(missing(vm, v, key));
            }
            false
        }
    };
    if is_abstract {
        cls.set_flag(tpflags::IS_ABSTRACT);
    } else {
        cls.unset_flag(tpflags::IS_ABSTRACT);
    }
    Ok(())
}

pub(super) fn get_dict(vm: &Vm, v: &Value) -> PyResult {
    match class_of(vm, v)?.dict.get() {
        Some(d) => Ok(vm
            .new(MappingProxy {
                mapping: d.into_value(),
            })?
            .into_value()),
        None => Ok(vm.none()),
    }
}

fn bind_to_class(vm: &Vm, found: Value, cls: &TypeRef) -> PyResult {
    match vm.type_of(&found).payload.slots.tp_descr_get.get() {
        Some(get) => get(vm, &found, None, cls.as_value()),
        None => Ok(found),
    }
}

pub(super) fn get_doc(vm: &Vm, v: &Value) -> PyResult {
    let cls = class_of(vm, v)?;
    if let Some(doc) = cls.spec().and_then(|s| s.doc) {
        return Ok(vm.new_str(doc)?.into_value());
    }
    match own(vm, cls, &vm.names().__doc__) {
        Some(d) => bind_to_class(vm, d, cls),
        None => Ok(vm.none()),
    }
}

pub(super) fn set_doc(vm: &Vm, v: &Value, value: Option<&Value>) -> PyResult<()> {
    let cls = class_of(vm, v)?;
    let value = check_special(vm, cls, value, "__doc__")?;
    put(vm, cls, &vm.names().__doc__, value.clone())
}

pub(super) fn get_text_signature(vm: &Vm, v: &Value) -> PyResult {
    match class_of(vm, v)?.spec().and_then(|s| s.text_signature) {
        Some(s) => Ok(vm.new_str(s)?.into_value()),
        None => Ok(vm.none()),
    }
}

pub(super) fn get_type_params(vm: &Vm, v: &Value) -> PyResult {
    let cls = class_of(vm, v)?;
    let found = if cls.is_heap() {
        own(vm, cls, &vm.names().__type_params__)
    } else {
        None
    };
    Ok(match found {
        Some(p) => p,
        None => vm.new_tuple(Vec::new())?.into_value(),
    })
}

pub(super) fn set_type_params(vm: &Vm, v: &Value, value: Option<&Value>) -> PyResult<()> {
    let cls = class_of(vm, v)?;
    let value = check_special(vm, cls, value, "__type_params__")?;
    put(vm, cls, &vm.names().__type_params__, value.clone())
}

fn not_annotated(vm: &Vm, v: &Value, cls: &TypeRef, name: &Ref<Str>) -> Raised {
    no_attribute(vm, v, cls, name)
}

pub(super) fn get_annotate(vm: &Vm, v: &Value) -> PyResult {
    let cls = class_of(vm, v)?;
    let n = vm.names();
    if !cls.is_heap() {
        return Err(not_annotated(vm, v, cls, &n.__annotate__));
    }
    // `__annotate__` stands in the dict when the class body set it explicitly.
    if let Some(f) = own(vm, cls, &n.__annotate__).or_else(|| own(vm, cls, &n.__annotate_func__)) {
        return bind_to_class(vm, f, cls);
    }
    put(vm, cls, &n.__annotate_func__, vm.none())?;
    Ok(vm.none())
}

pub(super) fn set_annotate(vm: &Vm, v: &Value, value: Option<&Value>) -> PyResult<()> {
    let cls = class_of(vm, v)?;
    let n = vm.names();
    let Some(f) = value else {
        return Err(vm.type_error("cannot delete __annotate__ attribute"));
    };
    if cls.has_flag(tpflags::IMMUTABLETYPE) {
        return Err(vm.type_error(&format!(
            "cannot set '__annotate__' attribute of immutable type '{}'",
            cls.full_name()
        )));
    }
    if !vm.is_none(f) && !vm.is_callable(f) {
        return Err(vm.type_error("__annotate__ must be callable or None"));
    }
    // Where the class body set it, there it stays.
    let key = if own(vm, cls, &n.__annotate__).is_some() {
        &n.__annotate__
    } else {
        &n.__annotate_func__
    };
    put(vm, cls, key, f.clone())?;
    if !vm.is_none(f) {
        remove(vm, cls, &n.__annotations_cache__);
    }
    Ok(())
}

pub(super) fn get_annotations(vm: &Vm, v: &Value) -> PyResult {
    let cls = class_of(vm, v)?;
    let n = vm.names();
    if !cls.is_heap() {
        return Err(not_annotated(vm, v, cls, &n.__annotations__));
    }
    if let Some(a) =
        own(vm, cls, &n.__annotations__).or_else(|| own(vm, cls, &n.__annotations_cache__))
    {
        return bind_to_class(vm, a, cls);
    }
    let annotate = get_annotate(vm, v)?;
    let made = if vm.is_callable(&annotate) {
        let r = vm.call1(&annotate, &Value::from_i32(1))?;
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
    put(vm, cls, &n.__annotations_cache__, made.clone())?;
    Ok(made)
}

pub(super) fn set_annotations(vm: &Vm, v: &Value, value: Option<&Value>) -> PyResult<()> {
    let cls = class_of(vm, v)?;
    let n = vm.names();
    if cls.has_flag(tpflags::IMMUTABLETYPE) {
        return Err(vm.type_error(&format!(
            "cannot set '__annotations__' attribute of immutable type '{}'",
            cls.full_name()
        )));
    }
    match value {
        Some(x) => {
            let key = if own(vm, cls, &n.__annotations__).is_some() {
                &n.__annotations__
            } else {
                &n.__annotations_cache__
            };
            put(vm, cls, key, x.clone())?;
        }
        None => {
            let had = remove(vm, cls, &n.__annotations__);
            if !had && !remove(vm, cls, &n.__annotations_cache__) {
                return Err(missing(vm, v, &n.__annotations__));
            }
        }
    }
    remove(vm, cls, &n.__annotate_func__);
    remove(vm, cls, &n.__annotate__);
    Ok(())
}
