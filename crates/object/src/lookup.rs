//! Attribute lookup in types: along the MRO, with a cache by type version and name, and the versions themselves.

use std::cell::{Cell, UnsafeCell};

use crate::class::TypeObject;
use crate::containers::string::Str;
use crate::reference::{Object, Ref};
use crate::value::Value;
use crate::vm::Vm;

/// The cache grows from the first to the last of these when many entries push others out: most programs are small.
const SMALLEST: usize = 256;
const LARGEST: usize = 4096;

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
    /// None at first, then as many as a power of two.
    entries: UnsafeCell<Vec<Entry>>,
    /// How many entries were pushed out since the cache has this size.
    pushed_out: Cell<usize>,
}

impl MethodCache {
    pub(crate) fn new() -> MethodCache {
        MethodCache {
            entries: UnsafeCell::new(Vec::new()),
            pushed_out: Cell::new(0),
        }
    }

    #[inline(always)]
    fn slot(version: u32, name: &Ref<Str>, size: usize) -> usize {
        ((name.as_ptr().addr() >> 4) ^ (version as usize).wrapping_mul(31)) & size.wrapping_sub(1)
    }

    #[inline]
    fn get(&self, version: u32, name: &Ref<Str>) -> Option<Option<Value>> {
        // SAFETY: no reference into the table outlives this call.
        let entries = unsafe { &*self.entries.get() };
        let e = entries.get(Self::slot(version, name, entries.len()))?;
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
            let size = entries.len();
            if size == 0 || size < LARGEST && self.pushed_out.get() > size / 2 {
                self.pushed_out.set(0);
                let larger = vec![
                    Entry {
                        version: 0,
                        name: None,
                        value: 0,
                    };
                    (size * 4).max(SMALLEST)
                ];
                let size = larger.len();
                for e in std::mem::replace(entries, larger) {
                    if let Some(name) = &e.name {
                        // In a larger cache no two of them meet.
                        let slot = Self::slot(e.version, name, size);
                        entries[slot] = e;
                    }
                }
            }
            let slot = Self::slot(version, name, entries.len());
            std::mem::replace(&mut entries[slot], fresh)
        };
        if old.name.is_some() {
            self.pushed_out.set(self.pushed_out.get() + 1);
        }
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
