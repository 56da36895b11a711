//! `isinstance` and `issubclass`, with tuples, unions and the metaclass's hooks.

use crate::class::TypeObject;
use crate::containers::tuple::Tuple;
use crate::generic::Union;
use crate::reference::Ref;
use crate::value::{PyResult, Value};
use crate::vm::Vm;

const INSTANCE_ARG: &str = "isinstance() arg 2 must be a type, a tuple of types, or a union";
const SUBCLASS_ARG_1: &str = "issubclass() arg 1 must be a class";
const SUBCLASS_ARG_2: &str = "issubclass() arg 2 must be a class, a tuple of classes, or a union";

impl Vm {
    /// `isinstance(v, cls)`
    pub fn is_instance(&self, v: &Value, cls: &Value) -> PyResult<bool> {
        if std::ptr::eq(&raw const self.type_of(v).header, cls.as_ptr_unchecked()) {
            return Ok(true);
        }
        if self.is_plain_class(cls) {
            return self.is_instance_real(v, cls);
        }
        if let Some(parts) = alternatives(cls) {
            self.check_stack(" in __instancecheck__")?;
            for c in parts.as_slice() {
                if self.is_instance(v, c)? {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        self.check_stack(" in __instancecheck__")?;
        let check = &self.names().__instancecheck__;
        if let Some(r) = self.call_special(cls, check, std::slice::from_ref(v))? {
            return self.is_true(&r);
        }
        self.is_instance_real(v, cls)
    }

    /// Whether the value is exactly a class with metaclass `type`, which has no hooks of its own.
    fn is_plain_class(&self, cls: &Value) -> bool {
        std::ptr::eq(self.type_of(cls), self.types().type_.object())
    }

    /// Whether the value's `__class__` is its type for certain: types of the interpreter's own that look attributes up as
    /// `object` does have no other.
    #[inline]
    pub fn class_is_type(&self, v: &Value) -> bool {
        let ty = &self.type_of(v).payload;
        let object = &self.types().object.slots;
        !ty.is_heap() && ty.slots.same(crate::class::SlotId::tp_getattro, object)
    }

    /// `type.__instancecheck__`: by type, then by `__class__`.
    pub fn is_instance_real(&self, v: &Value, cls: &Value) -> PyResult<bool> {
        let class_name = &self.names().__class__;
        if let Some(c) = cls.downcast_ref::<TypeObject>() {
            if self.is_instance_exact(v, c) {
                return Ok(true);
            }
            let ty = &self.type_of(v).payload;
            let object = &self.types().object;
            if ty
                .slots
                .same(crate::class::SlotId::tp_getattro, &object.slots)
                // No native type has an attribute `__class__` but `object`'s.
                && (!ty.is_heap() || match (self.lookup(ty, class_name), self.lookup(object, class_name)) {
                    (Some(a), Some(b)) => a.is(&b),
                    _ => false,
                })
            {
                // `__class__` is the type, which was asked.
                return Ok(false);
            }
            let Some(own) = self.getattr_opt(v, class_name)? else {
                return Ok(false);
            };
            return Ok(match own.downcast_ref::<TypeObject>() {
                Some(t) => t.is_subtype(c.object()),
                None => false,
            });
        }
        self.check_class(cls, INSTANCE_ARG)?;
        match self.getattr_opt(v, class_name)? {
            Some(own) => self.abstract_is_subclass(&own, cls),
            None => Ok(false),
        }
    }

    /// `issubclass(sub, cls)`
    pub fn is_subclass(&self, sub: &Value, cls: &Value) -> PyResult<bool> {
        if self.is_plain_class(cls) {
            if sub.is(cls) {
                return Ok(true);
            }
            return self.is_subclass_real(sub, cls);
        }
        if let Some(parts) = alternatives(cls) {
            self.check_stack(" in __subclasscheck__")?;
            for c in parts.as_slice() {
                if self.is_subclass(sub, c)? {
                    return Ok(true);
                }
            }
            return Ok(false);
        }
        if let Some(f) = self.special(cls, &self.names().__subclasscheck__)? {
            self.check_stack(" in __subclasscheck__")?;
            let r = self.call1(&f, sub)?;
            return self.is_true(&r);
        }
        self.is_subclass_real(sub, cls)
    }

    /// `type.__subclasscheck__`
    pub fn is_subclass_real(&self, sub: &Value, cls: &Value) -> PyResult<bool> {
        if let (Some(s), Some(c)) = (
            sub.downcast_ref::<TypeObject>(),
            cls.downcast_ref::<TypeObject>(),
        ) {
            return Ok(s.is_subtype(c.object()));
        }
        self.check_class(sub, SUBCLASS_ARG_1)?;
        self.check_class(cls, SUBCLASS_ARG_2)?;
        self.abstract_is_subclass(sub, cls)
    }

    /// What has a tuple as `__bases__` counts as a class.
    fn abstract_bases(&self, cls: &Value) -> PyResult<Option<Ref<Tuple>>> {
        let bases = self.getattr_opt(cls, &self.names().__bases__)?;
        Ok(bases.and_then(|b| b.downcast::<Tuple>().ok()))
    }

    fn check_class(&self, cls: &Value, message: &str) -> PyResult<()> {
        match self.abstract_bases(cls)? {
            Some(_) => Ok(()),
            None => Err(self.type_error(message)),
        }
    }

    fn abstract_is_subclass(&self, sub: &Value, cls: &Value) -> PyResult<bool> {
        self.check_stack(" in __issubclass__")?;
        if sub.is(cls) {
            return Ok(true);
        }
        if let Some(bases) = self.abstract_bases(sub)? {
            for b in bases.as_slice() {
                if self.abstract_is_subclass(b, cls)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }
}

/// The classes of a tuple or a union.
fn alternatives(cls: &Value) -> Option<Ref<Tuple>> {
    if let Some(t) = cls.downcast_ref::<Tuple>() {
        return Some(t.clone());
    }
    cls.downcast_ref::<Union>().map(|u| u.args.clone())
}
