//! Attribute access: `getattr`, `setattr`, and the generic behaviour of `object`.

use crate::containers::string::Str;
use crate::exceptions::FieldException;
use crate::reference::Ref;
use crate::value::{PyResult, Raised, Value};
use crate::vm::Vm;

impl Vm {
    /// `obj.name`
    #[inline]
    pub fn getattr(&self, obj: &Value, name: &Ref<Str>) -> PyResult {
        match self.type_of(obj).payload.slots.tp_getattro.get() {
            Some(f) => f(self, obj, name).map_err(|r| self.attribute_context(r, obj, name)),
            None => generic_getattr(self, obj, name),
        }
    }

    /// Tells an AttributeError that says neither whose attribute was asked for nor its name, for suggestions.
    #[cold]
    #[inline(never)]
    fn attribute_context(&self, r: Raised, obj: &Value, name: &Ref<Str>) -> Raised {
        if self.exception_matches(&self.exc().AttributeError)
            && let Some(e) = self.pending_exception()
            && let Some(f) = e.downcast_ref::<FieldException>()
            && let [own_name, own_obj, ..] = &f.fields
            && !own_name.is_some()
            && !own_obj.is_some()
        {
            own_name.set(Some(name.as_value().clone()));
            own_obj.set(Some(obj.clone()));
        }
        r
    }

    /// `obj.name` for a name given as text.
    pub fn getattr_str(&self, obj: &Value, name: &str) -> PyResult {
        let name = self.intern(name)?;
        self.getattr(obj, &name)
    }

    /// `obj.name`, or `None` when that raises AttributeError.
    pub fn getattr_opt(&self, obj: &Value, name: &Ref<Str>) -> PyResult<Option<Value>> {
        // The common case of the generic behaviour makes no exception to throw away.
        if self
            .type_of(obj)
            .payload
            .slots
            .tp_getattro
            .get()
            .is_none_or(|f| f as usize == generic_getattr as *const () as usize)
        {
            return generic_getattr_opt(self, obj, name).or_else(|r| {
                if self.exception_matches(&self.exc().AttributeError) {
                    drop(self.take_raised(r));
                    Ok(None)
                } else {
                    Err(r)
                }
            });
        }
        match self.getattr(obj, name) {
            Ok(v) => Ok(Some(v)),
            Err(r) => {
                self.catch(r, &self.exc().AttributeError)?;
                Ok(None)
            }
        }
    }

    /// `getattr_opt` for a name given as text.
    pub fn getattr_str_opt(&self, obj: &Value, name: &str) -> PyResult<Option<Value>> {
        let name = self.intern(name)?;
        self.getattr_opt(obj, &name)
    }

    /// `obj.name = value`
    #[inline]
    pub fn setattr(&self, obj: &Value, name: &Ref<Str>, value: &Value) -> PyResult<()> {
        self.set_or_delete_attr(obj, name, Some(value))
    }

    /// `obj.name = value` for a name given as text.
    pub fn setattr_str(&self, obj: &Value, name: &str, value: &Value) -> PyResult<()> {
        let name = self.intern(name)?;
        self.set_or_delete_attr(obj, &name, Some(value))
    }

    /// `del obj.name`
    pub fn delattr(&self, obj: &Value, name: &Ref<Str>) -> PyResult<()> {
        self.set_or_delete_attr(obj, name, None)
    }

    /// Sets or deletes an attribute.
    pub fn set_or_delete_attr(
        &self,
        obj: &Value,
        name: &Ref<Str>,
        value: Option<&Value>,
    ) -> PyResult<()> {
        match self.type_of(obj).payload.slots.tp_setattro.get() {
            Some(f) => f(self, obj, name, value),
            None => generic_setattr(self, obj, name, value),
        }
    }

    /// A special method, looked up in the type and bound (`_PyObject_LookupSpecial`); `None` when the type has none.
    pub fn special(&self, obj: &Value, name: &Ref<Str>) -> PyResult<Option<Value>> {
        let Some(f) = self.lookup_special(obj, name) else {
            return Ok(None);
        };
        match self.type_of(&f).payload.slots.tp_descr_get.get() {
            Some(get) => get(self, &f, Some(obj), self.type_value(obj).as_ref()).map(Some),
            None => Ok(Some(f)),
        }
    }

    /// The type of a value, as a value.
    pub fn type_value(&self, v: &Value) -> Ref<crate::class::TypeObject> {
        self.type_of(v).to_ref()
    }

    /// The name of a value's type, for messages: `tp_name`.
    pub fn type_name(&self, v: &Value) -> String {
        self.type_of(v).payload.full_name()
    }

    /// The qualified name of a value's type, with its module unless that is `builtins` or `__main__` (`%T` in CPython's messages).
    pub fn qualified_type_name(&self, v: &Value) -> String {
        let ty = &self.type_of(v).payload;
        let qualname = ty.qualname.get().to_string_lossy().into_owned();
        let module = ty
            .dict
            .get()
            .and_then(|d| d.get_str(self, &self.names().__module__));
        match module.as_ref().and_then(|m| m.downcast_ref::<Str>()) {
            Some(m) if !m.eq_str("builtins") && !m.eq_str("__main__") => {
                format!("{}.{qualname}", m.to_string_lossy())
            }
            _ => qualname,
        }
    }
}

impl crate::class::TypeObject {
    /// `tp_name`: the name, with the module before it for native types outside of `builtins`.
    pub fn full_name(&self) -> String {
        let name = self.name.get();
        match self.spec() {
            Some(spec) if spec.module != "builtins" => {
                format!("{}.{}", spec.module, name.to_string_lossy())
            }
            _ => name.to_string_lossy().into_owned(),
        }
    }
}

/// `object.__getattribute__`
#[inline(never)]
pub fn generic_getattr(vm: &Vm, obj: &Value, name: &Ref<Str>) -> PyResult {
    match generic_getattr_opt(vm, obj, name)? {
        Some(v) => Ok(v),
        None => Err(no_attribute(vm, obj, name)),
    }
}

/// AttributeError "'X' object has no attribute 'name'".
#[cold]
pub fn no_attribute(vm: &Vm, obj: &Value, name: &Ref<Str>) -> crate::value::Raised {
    let msg = format!(
        "'{}' object has no attribute '{}'",
        vm.type_name(obj),
        name.to_string_lossy()
    );
    vm.attribute_error(obj, name.as_value(), &msg)
}

/// `object.__getattribute__`, `None` where it would say that there is no such attribute.
pub fn generic_getattr_opt(vm: &Vm, obj: &Value, name: &Ref<Str>) -> PyResult<Option<Value>> {
    let name = &vm.intern_str(name);
    let ty = vm.type_of(obj);
    let descr = vm.lookup(&ty.payload, name);
    let mut getter = None;
    if let Some(d) = &descr {
        let slots = &vm.type_of(d).payload.slots;
        getter = slots.tp_descr_get.get();
        if let Some(get) = getter
            && slots.tp_descr_set.get().is_some()
        {
            return get(vm, d, Some(obj), ty.to_ref().as_value()).map(Some);
        }
    }
    if let Some(v) = vm.instance_get(obj, name) {
        return Ok(Some(v));
    }
    match (descr, getter) {
        (Some(d), Some(get)) => get(vm, &d, Some(obj), ty.to_ref().as_value()).map(Some),
        (Some(d), None) => Ok(Some(d)),
        _ => Ok(None),
    }
}

/// `object.__setattr__` and `object.__delattr__`
#[inline(never)]
pub fn generic_setattr(
    vm: &Vm,
    obj: &Value,
    name: &Ref<Str>,
    value: Option<&Value>,
) -> PyResult<()> {
    let name = &vm.intern_str(name);
    let ty = vm.type_of(obj);
    let descr = vm.lookup(&ty.payload, name);
    if let Some(d) = &descr
        && let Some(set) = vm.type_of(d).payload.slots.tp_descr_set.get()
    {
        return set(vm, d, obj, value);
    }
    let done = match value {
        Some(v) => vm.instance_set(obj, name, v.clone())?,
        None => {
            if vm.instance_delete(obj, name)? {
                return Ok(());
            }
            false
        }
    };
    if done {
        return Ok(());
    }
    let shown = name.to_string_lossy();
    let ty_name = vm.type_name(obj);
    let msg = if vm.has_managed_dict(obj) {
        format!("'{ty_name}' object has no attribute '{shown}'")
    } else if descr.is_some() {
        format!("'{ty_name}' object attribute '{shown}' is read-only")
    } else {
        format!(
            "'{ty_name}' object has no attribute '{shown}' and no __dict__ for setting new attributes"
        )
    };
    Err(vm.attribute_error(obj, name.as_value(), &msg))
}
