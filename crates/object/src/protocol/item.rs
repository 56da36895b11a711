//! Length, items and membership.

use crate::value::{PyResult, Value};
use crate::vm::Vm;

impl Vm {
    /// `len(v)`
    pub fn len(&self, v: &Value) -> PyResult<usize> {
        let slots = &self.type_of(v).payload.slots;
        match slots.sq_length.get().or(slots.mp_length.get()) {
            Some(f) => f(self, v),
            None => Err(self.type_error(&format!(
                "object of type '{}' has no len()",
                self.type_name(v)
            ))),
        }
    }

    /// `v[key]`
    #[inline]
    pub fn getitem(&self, v: &Value, key: &Value) -> PyResult {
        let ty = self.type_of(v);
        if let Some(f) = ty.payload.slots.mp_subscript.get() {
            return f(self, v, key);
        }
        self.getitem_slow(v, key)
    }

    #[cold]
    fn getitem_slow(&self, v: &Value, key: &Value) -> PyResult {
        let slots = &self.type_of(v).payload.slots;
        if let Some(f) = slots.sq_item.get() {
            if self.has_index(key) {
                let i = self.index_position(key)?;
                let i = self.wrap_index(v, i)?;
                return f(self, v, i);
            }
            return Err(self.type_error(&format!(
                "sequence index must be integer, not '{}'",
                self.type_name(key)
            )));
        }
        if let Some(cls) = v.downcast_ref::<crate::class::TypeObject>() {
            if std::ptr::eq(cls.as_ptr(), self.types().type_.as_ptr()) {
                return self.generic_alias(v, key);
            }
            if let Some(f) = self.getattr_opt(v, &self.names().__class_getitem__)? {
                return self.call1(&f, key);
            }
            return Err(self.type_error(&format!(
                "type '{}' is not subscriptable",
                cls.name.get().to_string_lossy()
            )));
        }
        Err(self.type_error(&format!(
            "'{}' object is not subscriptable",
            self.type_name(v)
        )))
    }

    /// `types.GenericAlias(origin, args)`
    pub fn generic_alias(&self, origin: &Value, args: &Value) -> PyResult {
        let args = match args.downcast_ref::<crate::containers::tuple::Tuple>() {
            Some(t) => t.clone(),
            None => self.new_tuple(vec![args.clone()])?,
        };
        let alias = crate::generic::GenericAlias {
            origin: origin.clone(),
            args,
            parameters: crate::cell::PyCell::new(None),
            starred: false,
        };
        Ok(self.new(alias)?.into_value())
    }

    /// A negative index counts from the end, when the type has a length.
    pub fn wrap_index(&self, v: &Value, i: isize) -> PyResult<isize> {
        if i >= 0 {
            return Ok(i);
        }
        match self.type_of(v).payload.slots.sq_length.get() {
            Some(len) => Ok(i.saturating_add(len(self, v)? as isize)),
            None => Ok(i),
        }
    }

    /// `v[key] = value`
    pub fn setitem(&self, v: &Value, key: &Value, value: &Value) -> PyResult<()> {
        self.set_or_delete_item(v, key, Some(value))
    }

    /// `del v[key]`
    pub fn delitem(&self, v: &Value, key: &Value) -> PyResult<()> {
        self.set_or_delete_item(v, key, None)
    }

    fn set_or_delete_item(&self, v: &Value, key: &Value, value: Option<&Value>) -> PyResult<()> {
        let slots = &self.type_of(v).payload.slots;
        if let Some(f) = slots.mp_ass_subscript.get() {
            return f(self, v, key, value);
        }
        if let Some(f) = slots.sq_ass_item.get() {
            if !self.has_index(key) {
                return Err(self.type_error(&format!(
                    "sequence index must be integer, not '{}'",
                    self.type_name(key)
                )));
            }
            let i = self.index_position(key)?;
            let i = self.wrap_index(v, i)?;
            return f(self, v, i, value);
        }
        let what = if value.is_some() {
            "assignment"
        } else {
            "deletion"
        };
        Err(self.type_error(&format!(
            "'{}' object does not support item {what}",
            self.type_name(v)
        )))
    }

    /// `value in container`
    pub fn contains(&self, container: &Value, value: &Value) -> PyResult<bool> {
        if let Some(f) = self.type_of(container).payload.slots.sq_contains.get() {
            return f(self, container, value);
        }
        self.contains_by_iteration(container, value)
    }

    /// Whether iterating over the container gives a value equal to `value`.
    pub fn contains_by_iteration(&self, container: &Value, value: &Value) -> PyResult<bool> {
        let it = match self.iter(container) {
            Ok(it) => it,
            Err(r) => {
                self.catch(r, &self.exc().TypeError)?;
                return Err(self.type_error(&format!(
                    "argument of type '{}' is not a container or iterable",
                    self.type_name(container)
                )));
            }
        };
        while let Some(v) = self.next(&it)? {
            if self.eq(&v, value)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
