//! Attributes of instances: inline values under a shape, or a dict once one was asked for or the inline places are used up.

use std::ptr::NonNull;

use crate::containers::dict::Dict;
use crate::containers::string::Str;
use crate::header::Header;
use crate::reference::Ref;
use crate::value::{PyResult, Value};
use crate::vm::Vm;

/// The word of inline value `i`.
///
/// # Safety
/// `i` is below the inline capacity of the object's type.
unsafe fn inline_word(h: &Header, i: usize) -> *mut u64 {
    let off = h.ty().payload.inline_offset() + 8 * i;
    // SAFETY: the offset lies within the instance, whose memory's provenance is exposed.
    unsafe {
        std::ptr::with_exposed_provenance_mut::<u8>((&raw const *h).addr())
            .add(off)
            .cast()
    }
}

fn dict_word(h: &Header) -> Option<*mut u64> {
    let p: *mut Header = std::ptr::with_exposed_provenance_mut((&raw const *h).addr());
    h.ty().payload.dict_word(NonNull::new(p)?)
}

/// The word of a `__slots__` member.
///
/// # Safety
/// `offset` is one of the member offsets of the object's type.
unsafe fn member_word(h: &Header, offset: u32) -> Option<*mut u64> {
    let p: *mut Header = std::ptr::with_exposed_provenance_mut((&raw const *h).addr());
    // SAFETY: the contract.
    unsafe { h.ty().payload.word_at(NonNull::new(p)?, offset as usize) }
}

fn dict_in_word(word: *mut u64) -> Option<Ref<Dict>> {
    // SAFETY: the word is the instance's dict word: 0 or an owned dict.
    unsafe {
        if *word == 0 {
            return None;
        }
        Value::from_word_ref(word).clone().downcast::<Dict>().ok()
    }
}

impl Vm {
    /// Whether instances of the value's type have a `__dict__` managed here.
    pub fn has_managed_dict(&self, obj: &Value) -> bool {
        self.type_of(obj).payload.dict_offset() != 0
    }

    /// The instance's `__dict__`, if it has been made.
    pub fn present_dict(&self, obj: &Value) -> Option<Ref<Dict>> {
        let h = obj.header().filter(|h| h.shape() == 0)?;
        dict_in_word(dict_word(h)?)
    }

    /// An attribute of the instance itself. `name` is interned.
    #[inline]
    pub fn instance_get(&self, obj: &Value, name: &Ref<Str>) -> Option<Value> {
        let h = obj.header()?;
        let shape = h.shape();
        if shape != 0 {
            let i = self.interp().shapes.find(shape, name)?;
            // SAFETY: places of the shape lie within the type's inline values; the word owns a value.
            return unsafe {
                let word = inline_word(h, i);
                if *word == 0 {
                    None
                } else {
                    Some(Value::from_word_ref(word).clone())
                }
            };
        }
        dict_in_word(dict_word(h)?)?.get_str(self, name)
    }

    /// Sets an attribute of the instance itself; false when instances of its type have no attributes. `name` is interned.
    pub fn instance_set(&self, obj: &Value, name: &Ref<Str>, value: Value) -> PyResult<bool> {
        let Some(h) = obj.header() else {
            return Ok(false);
        };
        let Some(word) = dict_word(h) else {
            return Ok(false);
        };
        let shape = h.shape();
        if shape != 0 {
            let shapes = &self.interp().shapes;
            if let Some(i) = shapes.find(shape, name) {
                // SAFETY: as in `instance_get`.
                let old = unsafe { std::mem::replace(&mut *inline_word(h, i), value.into_bits()) };
                if old != 0 {
                    // SAFETY: the word owned this value.
                    drop(unsafe { Value::from_bits(old) });
                }
                return Ok(true);
            }
            let shape = self.refresh_shape(obj);
            let n = shapes.len(shape);
            if n < h.ty().payload.inline_cap() {
                let next = shapes.with_key(shape, name);
                if next != 0 {
                    // SAFETY: n is below the capacity; the place is unused and 0.
                    unsafe { *inline_word(h, n) = value.into_bits() };
                    h.set_shape(next);
                    return Ok(true);
                }
            }
            self.materialize(h, word)?.set_str(self, name, value)?;
            return Ok(true);
        }
        let dict = match dict_in_word(word) {
            Some(d) => d,
            None => self.materialize(h, word)?,
        };
        dict.set_str(self, name, value)?;
        Ok(true)
    }

    /// Gives a new instance all of its attributes: `shape` is from [`Vm::shape_of_names`] for its type, with a name for
    /// each value.
    pub fn instance_fill(&self, obj: &Value, shape: u32, values: impl Iterator<Item = Value>) {
        let Some(h) = obj.header() else { return };
        let room = self.interp().shapes.len(shape);
        let room = room.min(h.ty().payload.inline_cap());
        debug_assert!(self.interp().shapes.is_empty(h.shape()));
        if h.shape() == 0 {
            return;
        }
        for (i, value) in values.take(room).enumerate() {
            // SAFETY: i is below the capacity; the places of a new instance are unused and 0.
            unsafe { *inline_word(h, i) = value.into_bits() };
        }
        h.set_shape(shape);
    }

    /// Deletes an attribute of the instance itself; false when it has none of that name.
    pub fn instance_delete(&self, obj: &Value, name: &Ref<Str>) -> PyResult<bool> {
        let Some(h) = obj.header() else {
            return Ok(false);
        };
        let Some(word) = dict_word(h) else {
            return Ok(false);
        };
        let shape = h.shape();
        if shape != 0 {
            let shapes = &self.interp().shapes;
            let Some(i) = shapes.find(shape, name) else {
                return Ok(false);
            };
            if i + 1 == shapes.len(shape) {
                h.set_shape(shapes.parent(shape));
                // SAFETY: as in `instance_get`.
                let old = unsafe { std::mem::replace(&mut *inline_word(h, i), 0) };
                if old != 0 {
                    // SAFETY: the word owned this value.
                    drop(unsafe { Value::from_bits(old) });
                }
                return Ok(true);
            }
            return Ok(self.materialize(h, word)?.remove_str(self, name).is_some());
        }
        match dict_in_word(word) {
            Some(d) => Ok(d.remove_str(self, name).is_some()),
            None => Ok(false),
        }
    }

    /// The instance's `__dict__`, made from its inline values if need be; `None` when its type has none.
    pub fn instance_dict(&self, obj: &Value) -> PyResult<Option<Ref<Dict>>> {
        let Some(h) = obj.header() else {
            return Ok(None);
        };
        let Some(word) = dict_word(h) else {
            return Ok(None);
        };
        if h.shape() == 0
            && let Some(d) = dict_in_word(word)
        {
            return Ok(Some(d));
        }
        self.materialize(h, word).map(Some)
    }

    /// Whether the instance's attributes are in itself, or would be if it had any.
    pub fn has_inline_values(&self, obj: &Value) -> bool {
        let Some(h) = obj.header() else {
            return false;
        };
        h.shape() != 0 || dict_word(h).is_some_and(|word| dict_in_word(word).is_none())
    }

    /// Replaces the instance's `__dict__`; false when its type has none.
    pub fn set_instance_dict(&self, obj: &Value, dict: Option<Ref<Dict>>) -> PyResult<bool> {
        let Some(h) = obj.header() else {
            return Ok(false);
        };
        let Some(word) = dict_word(h) else {
            return Ok(false);
        };
        if h.shape() != 0 {
            drop(self.materialize(h, word)?);
        }
        let new = dict.map_or(0, |d| d.into_value().into_bits());
        // SAFETY: the word is 0 or owns a dict.
        let old = unsafe { std::mem::replace(&mut *word, new) };
        if old != 0 {
            // SAFETY: it owned it.
            drop(unsafe { Value::from_bits(old) });
        }
        Ok(true)
    }

    /// Copies of the instance's own attributes, without making a dict of them.
    pub fn instance_items(&self, obj: &Value) -> Vec<(Value, Value)> {
        let Some(h) = obj.header() else {
            return Vec::new();
        };
        if h.shape() != 0 {
            return self.inline_items(h);
        }
        dict_word(h)
            .and_then(dict_in_word)
            .map(|d| d.items())
            .unwrap_or_default()
    }

    /// Whether the instance has no attributes of its own.
    pub fn is_instance_bare(&self, obj: &Value) -> bool {
        let Some(h) = obj.header() else {
            return true;
        };
        if h.shape() != 0 {
            let count = self.interp().shapes.len(h.shape());
            // SAFETY: places of the shape.
            return (0..count).all(|i| unsafe { *inline_word(h, i) == 0 });
        }
        dict_word(h)
            .and_then(dict_in_word)
            .is_none_or(|d| d.is_empty())
    }

    fn inline_items(&self, h: &Header) -> Vec<(Value, Value)> {
        let keys = self.interp().shapes.keys(h.shape());
        keys.into_iter()
            .enumerate()
            .filter_map(|(i, k)| {
                // SAFETY: places of the shape.
                unsafe {
                    let word = inline_word(h, i);
                    (*word != 0).then(|| (k.into_value(), Value::from_word_ref(word).clone()))
                }
            })
            .collect()
    }

    #[inline(never)]
    fn materialize(&self, h: &Header, word: *mut u64) -> PyResult<Ref<Dict>> {
        let dict = self.new_dict()?;
        let shape = h.shape();
        if shape != 0 {
            let keys = self.interp().shapes.keys(shape);
            if !keys.is_empty() && !dict.reserve_str(keys.len()) {
                return Err(self.no_memory());
            }
            h.set_shape(0);
            for (i, key) in keys.into_iter().enumerate() {
                // SAFETY: a place of the shape, emptied as its value moves into the dict.
                unsafe {
                    let bits = std::mem::replace(&mut *inline_word(h, i), 0);
                    if bits != 0 {
                        dict.add_reserved(self, key, Value::from_bits(bits));
                    }
                }
            }
        }
        // SAFETY: the instance's dict word, 0 until now.
        let old = unsafe { std::mem::replace(&mut *word, dict.clone().into_value().into_bits()) };
        if old != 0 {
            // SAFETY: it owned it.
            drop(unsafe { Value::from_bits(old) });
        }
        Ok(dict)
    }

    /// The value of the slot that a descriptor stands for; `None` when unset or when the instance has no such slot.
    #[inline]
    pub fn member_value(&self, d: &crate::descr::MemberDescr, obj: &Value) -> Option<Value> {
        if d.native.is_some() || !self.type_of(obj).payload.is_subtype(d.owner.object()) {
            return None;
        }
        // SAFETY: instances of the descriptor's class and of those that derive from it have the member at this offset.
        unsafe { self.member_get(obj, d.offset) }
    }

    /// Sets or deletes the slot that a descriptor stands for; gives the old value.
    #[inline]
    pub fn set_member_value(
        &self,
        d: &crate::descr::MemberDescr,
        obj: &Value,
        value: Option<Value>,
    ) -> Option<Value> {
        if d.native.is_some() || !self.type_of(obj).payload.is_subtype(d.owner.object()) {
            return None;
        }
        // SAFETY: as in `member_value`.
        unsafe { self.member_replace(obj, d.offset, value) }
    }

    /// Changes the class of an instance. The caller has checked that payload, members and dict word are at the same places.
    pub fn set_type_of(&self, obj: &Value, new: &crate::class::TypeRef) -> PyResult<()> {
        let Some(h) = obj.header() else {
            return Ok(());
        };
        // Inline attributes lie where the old class has them: they move into a dict.
        if h.shape() != 0 {
            match dict_word(h) {
                Some(word) => drop(self.materialize(h, word)?),
                None => h.set_shape(0),
            }
        }
        let old = h.ty().to_ref();
        // The instance's count of its class goes over to the new one.
        let _ = new.clone().into_value().into_bits();
        h.set_ty_ptr(new.as_ptr());
        let old_bits = old.as_value().bits();
        if !old.head().is_immortal() {
            // SAFETY: the count that the instance held of its old class.
            drop(unsafe { Value::from_bits(old_bits) });
        }
        Ok(())
    }

    /// The value of a `__slots__` member, `None` when unset.
    ///
    /// # Safety
    /// `offset` is one of the member offsets of the object's type.
    pub unsafe fn member_get(&self, obj: &Value, offset: u32) -> Option<Value> {
        let h = obj.header()?;
        // SAFETY: the contract.
        unsafe {
            let word = member_word(h, offset)?;
            if *word == 0 {
                None
            } else {
                Some(Value::from_word_ref(word).clone())
            }
        }
    }

    /// Replaces the value of a `__slots__` member; gives the old one.
    ///
    /// # Safety
    /// `offset` is one of the member offsets of the object's type.
    pub unsafe fn member_replace(
        &self,
        obj: &Value,
        offset: u32,
        value: Option<Value>,
    ) -> Option<Value> {
        let h = obj.header()?;
        // SAFETY: the contract.
        unsafe {
            let word = member_word(h, offset)?;
            let old = std::mem::replace(&mut *word, value.map_or(0, Value::into_bits));
            if old == 0 {
                None
            } else {
                Some(Value::from_bits(old))
            }
        }
    }
}

/// `__dict__` of instances of native types that have one and do not declare the attribute themselves.
pub(crate) static DICT_ATTRIBUTE: crate::native::GetSetDef = crate::native::GetSetDef {
    name: "__dict__",
    member: false,
    doc: None,
    get: Some(|vm, v| match vm.instance_dict(v)? {
        Some(d) => Ok(d.into_value()),
        None => Err(no_dict(vm, v)),
    }),
    set: Some(|vm, v, value| {
        let dict = match value {
            None => None,
            Some(x) => match x.downcast_ref::<Dict>() {
                Some(d) => Some(d.clone()),
                None => {
                    return Err(vm.type_error(&format!(
                        "__dict__ must be set to a dictionary, not a '{}'",
                        vm.type_name(x)
                    )));
                }
            },
        };
        if vm.set_instance_dict(v, dict)? {
            Ok(())
        } else {
            Err(no_dict(vm, v))
        }
    }),
};

fn no_dict(vm: &Vm, v: &Value) -> crate::value::Raised {
    vm.attribute_error(
        v,
        vm.names().__dict__.as_value(),
        "This object has no __dict__",
    )
}
