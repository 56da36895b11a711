//! Attribute lookup in types: along the MRO, with a cache by type version and name, and the versions themselves.

use std::cell::UnsafeCell;

use crate::class::TypeObject;
use crate::containers::string::Str;
use crate::reference::{Object, Ref};
use crate::value::Value;
use crate::vm::Vm;

const CACHE_SIZE: usize = 4096;

#[derive(Clone)]
struct Entry {
    version: u32,
    /// Keeps the name alive, so that its address means it.
    name: Option<Ref<Str>>,
    /// Bits of the value, uncounted, 0 for none: while the version is valid, a type's dict holds the value.
    value: u64,
}

/// The cache of an interpreter (CPython's type cache).
pub struct MethodCache {
    entries: UnsafeCell<Vec<Entry>>,
}

impl MethodCache {
    pub(crate) fn new() -> MethodCache {
        MethodCache {
            entries: UnsafeCell::new(Vec::new()),
        }
    }

    #[inline(always)]
    fn slot(version: u32, name: &Ref<Str>) -> usize {
        ((name.as_ptr().addr() >> 4) ^ (version as usize).wrapping_mul(31)) & (CACHE_SIZE - 1)
    }

    #[inline]
    fn get(&self, version: u32, name: &Ref<Str>) -> Option<Option<Value>> {
        // SAFETY: no reference into the table outlives this call.
        let e = unsafe { &*self.entries.get() }.get(Self::slot(version, name))?;
        if e.version != version || !e.name.as_ref().is_some_and(|n| n.is(name)) {
            return None;
        }
        if e.value == 0 {
            return Some(None);
        }
        // SAFETY: the version is that of a live type, so the value is still in its dict or a base's; a count is taken.
        Some(Some(
            unsafe { Value::from_word_ref(&raw const e.value) }.clone(),
        ))
    }

    fn put(&self, version: u32, name: &Ref<Str>, value: Option<&Value>) {
        let value = value.map_or(0, Value::bits);
        let fresh = Entry {
            version,
            name: Some(name.clone()),
            value,
        };
        // SAFETY: as above; the old entry is dropped after the borrow.
        let old = unsafe {
            let entries = &mut *self.entries.get();
            if entries.is_empty() {
                entries.resize(
                    CACHE_SIZE,
                    Entry {
                        version: 0,
                        name: None,
                        value: 0,
                    },
                );
            }
            std::mem::replace(&mut entries[Self::slot(version, name)], fresh)
        };
        drop(old);
    }

    /// Forgets everything.
    pub fn clear(&self) {
        // SAFETY: as above.
        let old = std::mem::take(unsafe { &mut *self.entries.get() });
        drop(old);
    }
}

impl Vm {
    /// The type's version, assigned if it has none; 0 when versions have run out.
    #[inline]
    pub fn type_version(&self, ty: &TypeObject) -> u32 {
        let v = ty.version.get();
        if v != 0 { v } else { self.assign_version(ty) }
    }

    #[cold]
    fn assign_version(&self, ty: &TypeObject) -> u32 {
        // A change of a base must reach this type, so bases have versions as well.
        if let Some(mro) = ty.mro.get() {
            for b in mro.as_slice() {
                if let Some(b) = b.downcast_ref::<TypeObject>()
                    && b.version.get() == 0
                    && !std::ptr::eq::<TypeObject>(&**b, ty)
                {
                    b.version.set(self.interp().next_type_version());
                }
            }
        }
        ty.version.set(self.interp().next_type_version());
        ty.version.get()
    }

    /// After a change of the type's attributes or bases: it and its subclasses have no valid version any more.
    pub fn type_modified(&self, ty: &TypeObject) {
        if ty.version.get() == 0 {
            return;
        }
        ty.version.set(0);
        let subs: Vec<*const Object<TypeObject>> = ty.subclasses.borrow().clone();
        for s in subs {
            // SAFETY: subclasses take themselves out of the list when they die.
            self.type_modified(unsafe { &(*s).payload });
        }
    }

    /// Looks an interned name up along the MRO (_PyType_Lookup). Runs no Python code.
    #[inline]
    pub fn lookup(&self, ty: &TypeObject, name: &Ref<Str>) -> Option<Value> {
        let version = ty.version.get();
        if version != 0
            && let Some(found) = self.interp().method_cache.get(version, name)
        {
            return found;
        }
        self.lookup_slow(ty, name)
    }

    #[inline(never)]
    fn lookup_slow(&self, ty: &TypeObject, name: &Ref<Str>) -> Option<Value> {
        let found = self.lookup_with_owner(ty, name).map(|(v, _)| v);
        let version = self.type_version(ty);
        if version != 0 && name.is_interned() {
            self.interp()
                .method_cache
                .put(version, name, found.as_ref());
        }
        found
    }

    /// Looks a name up along the MRO without the cache, as the maker of a class does: no version is assigned.
    pub fn lookup_uncached(&self, ty: &TypeObject, name: &Ref<Str>) -> Option<Value> {
        self.lookup_with_owner(ty, name).map(|(v, _)| v)
    }

    /// Looks a name up along the MRO, uncached; gives the value and the type that has it.
    pub fn lookup_with_owner(
        &self,
        ty: &TypeObject,
        name: &Ref<Str>,
    ) -> Option<(Value, Ref<TypeObject>)> {
        match ty.mro.get() {
            Some(mro) => mro.as_slice().iter().find_map(|b| {
                let b = b.downcast_ref::<TypeObject>()?;
                let v = b.dict.get()?.get_str(self, name)?;
                Some((v, b.clone()))
            }),
            None => {
                // A type that is being made or torn down: only its own attributes count.
                let v = ty.dict.get()?.get_str(self, name)?;
                Some((v, ty.base.get()?))
            }
        }
    }

    /// Looks a name up in the type of a value.
    #[inline]
    pub fn lookup_special(&self, v: &Value, name: &Ref<Str>) -> Option<Value> {
        self.lookup(&self.type_of(v).payload, name)
    }
}
