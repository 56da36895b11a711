//! `dict`: compact and ordered (Hettinger 2012, PEP 468). The table is in `table.rs`; here is lookup with Python's `==`,
//! which may run code that changes the dict: every such lookup looks at the stamp afterwards and starts again if needed.

mod table;

use std::cell::{Cell, UnsafeCell};

use crate::containers::string::Str;
use crate::protocol::compare::hash_i64;
use crate::reference::{Ref, Traverse, Visitor};
use crate::value::{PyResult, Value};
use crate::vm::Vm;

pub use table::Plain;
use table::{Probe, Table};

/// The payload of `dict`.
#[repr(C)]
pub struct Dict {
    table: UnsafeCell<Table>,
    /// Rises with every change of the keys: insertions, removals, clearing.
    stamp: Cell<u32>,
    /// Identifies the set of keys for caches; 0: none assigned. Reset when keys change.
    version: Cell<u32>,
}

crate::payload!(Dict, gc);

impl Traverse for Dict {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.table().visit(visit);
    }
    fn clear(&self) {
        self.clear_all();
    }
}

impl Default for Dict {
    fn default() -> Dict {
        Dict::new()
    }
}

impl Dict {
    /// An empty dict's payload.
    pub fn new() -> Dict {
        Dict {
            table: UnsafeCell::new(Table::new()),
            stamp: Cell::new(0),
            version: Cell::new(0),
        }
    }

    #[inline(always)]
    fn table(&self) -> &Table {
        // SAFETY: references into the table end before foreign code runs; unique ones exist only inside `table_mut` uses below.
        unsafe { &*self.table.get() }
    }

    #[inline(always)]
    #[allow(
        clippy::mut_from_ref,
        reason = "private, and each use ends before foreign code can run"
    )]
    fn table_mut(&self) -> &mut Table {
        // SAFETY: as for `table`; no other reference is live at the call sites in this file.
        unsafe { &mut *self.table.get() }
    }

    /// Shows values and keys to the collector, but not keys that own nothing.
    #[inline(always)]
    pub(crate) fn each_collectable<F: FnMut(&Value) + ?Sized>(&self, f: &mut F) {
        self.table().visit(f);
    }

    fn keys_changed(&self) {
        self.stamp.set(self.stamp.get().wrapping_add(1));
        self.version.set(0);
    }

    /// Number of items.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.table().len()
    }

    /// Whether it is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Changes whenever keys are added or removed; iterators compare it.
    pub fn stamp(&self) -> u32 {
        self.stamp.get()
    }

    /// The version of the keys for caches, assigned on demand. Equal versions mean: same keys at the same indices.
    pub fn keys_version(&self, vm: &Vm) -> u32 {
        if self.version.get() == 0 {
            self.version.set(vm.interp().next_dict_version());
        }
        self.version.get()
    }

    /// The version of the keys, 0 if none was assigned.
    #[inline(always)]
    pub fn cached_version(&self) -> u32 {
        self.version.get()
    }

    /// One past the last index that entries use; entries of removed items are gaps.
    pub fn index_end(&self) -> usize {
        self.table().end()
    }

    /// The value at an index from [`Dict::index_of_str`], if there is still an item.
    #[inline(always)]
    pub fn value_at(&self, index: usize) -> Option<Value> {
        self.table().value(index).cloned()
    }

    /// The item at an index.
    pub fn entry_at(&self, index: usize) -> Option<(Value, Value)> {
        let t = self.table();
        Some((t.key(index)?.clone(), t.value(index)?.clone()))
    }

    /// Whether the key at an index is this very string.
    #[inline(always)]
    pub fn has_key_at(&self, index: usize, key: &Ref<Str>) -> bool {
        self.table()
            .key(index)
            .is_some_and(|k| k.is(key.as_value()))
    }

    /// The value at an index whose key is this very string.
    #[inline(always)]
    pub fn value_of_key_at(&self, index: usize, key: &Ref<Str>) -> Option<Value> {
        if self.has_key_at(index, key) {
            self.value_at(index)
        } else {
            None
        }
    }

    /// The hash of the key at an index.
    pub fn hash_at(&self, index: usize) -> i64 {
        self.table().hash(index)
    }

    /// Replaces the value at an index that holds an item; gives the old one.
    pub fn set_value_at(&self, index: usize, v: Value) -> Option<Value> {
        self.table_mut().replace_value(index, v)
    }

    /// The next item at or after `index`, with the index to go on from.
    #[inline]
    pub fn next_entry(&self, mut index: usize) -> Option<(usize, Value, Value)> {
        let t = self.table();
        let end = t.end();
        while index < end {
            if let (Some(k), Some(v)) = (t.key(index), t.value(index)) {
                return Some((index + 1, k.clone(), v.clone()));
            }
            index += 1;
        }
        None
    }

    /// The next key at or after `index`, with the index to go on from.
    #[inline]
    pub fn next_key(&self, mut index: usize) -> Option<(usize, Value)> {
        let t = self.table();
        let end = t.end();
        while index < end {
            if let Some(k) = t.key(index) {
                return Some((index + 1, k.clone()));
            }
            index += 1;
        }
        None
    }

    /// The next value at or after `index`, with the index to go on from.
    #[inline]
    pub fn next_value(&self, mut index: usize) -> Option<(usize, Value)> {
        let t = self.table();
        let end = t.end();
        while index < end {
            if let Some(v) = t.value(index) {
                return Some((index + 1, v.clone()));
            }
            index += 1;
        }
        None
    }

    /// The item before `index` (exclusive), with its index.
    pub fn prev_entry(&self, mut index: usize) -> Option<(usize, Value, Value)> {
        let t = self.table();
        index = index.min(t.end());
        while index > 0 {
            index -= 1;
            if let (Some(k), Some(v)) = (t.key(index), t.value(index)) {
                return Some((index, k.clone(), v.clone()));
            }
        }
        None
    }

    /// Copies of all items, in order.
    pub fn items(&self) -> Vec<(Value, Value)> {
        let t = self.table();
        let mut out = Vec::with_capacity(t.len());
        for i in 0..t.end() {
            if let (Some(k), Some(v)) = (t.key(i), t.value(i)) {
                out.push((k.clone(), v.clone()));
            }
        }
        out
    }

    /// Copies of all keys, in order.
    pub fn keys(&self) -> Vec<Value> {
        let t = self.table();
        let mut out = Vec::with_capacity(t.len());
        out.extend((0..t.end()).filter_map(|i| t.key(i).cloned()));
        out
    }

    /// Copies of all values, in order.
    pub fn values(&self) -> Vec<Value> {
        let t = self.table();
        let mut out = Vec::with_capacity(t.len());
        out.extend((0..t.end()).filter_map(|i| t.value(i).cloned()));
        out
    }

    /// The index of a str key; runs no Python code: keys that are not exact strings are passed over.
    #[inline]
    pub fn index_of_str(&self, vm: &Vm, key: &Ref<Str>) -> Option<usize> {
        let hash = key.hash(vm);
        self.table().find_str(vm, key, hash)
    }

    /// The value of a str key; runs no Python code: keys that are not exact strings are passed over.
    #[inline]
    pub fn get_str(&self, vm: &Vm, key: &Ref<Str>) -> Option<Value> {
        let (table, hash) = (self.table(), key.hash(vm));
        if table.only_str_keys() {
            return table.value_of_str(key, hash).cloned();
        }
        table
            .find_str(vm, key, hash)
            .and_then(|i| table.value(i).cloned())
    }

    /// The index of a key that is an exact string, a small int, or an object that is hashed by its identity, if that takes no
    /// Python code.
    #[inline(never)]
    pub fn find_plain(&self, vm: &Vm, key: &Value) -> Plain {
        if let Some(i) = key.as_small_int() {
            return self.table().find_plain(vm, key, None, hash_i64(i));
        }
        match exact_str(vm, key) {
            Some(s) => self.table().find_plain(vm, key, Some(s), s.hash(vm)),
            None => self.find_identical(vm, key),
        }
    }

    #[inline(never)]
    fn find_identical(&self, vm: &Vm, key: &Value) -> Plain {
        let Some(hash) = vm.identity_hash(key) else {
            return Plain::Unknown;
        };
        match self.table().find_same(key, hash) {
            Ok(Some(i)) => Plain::At(i),
            Ok(None) => Plain::Absent,
            Err(()) => Plain::Unknown,
        }
    }

    /// The index of a key.
    pub fn find(&self, vm: &Vm, key: &Value, hash: i64) -> PyResult<Option<usize>> {
        if key.is_exact_str(vm)
            && self.table().only_str_keys()
            && let Some(s) = key.downcast_ref::<Str>()
        {
            return Ok(self.table().find_str(vm, s, hash));
        }
        match self.table().find_same(key, hash) {
            Ok(found) => Ok(found),
            Err(()) => self.find_equal(vm, key, hash),
        }
    }

    /// The index of a key among those with the same hash.
    fn find_equal(&self, vm: &Vm, key: &Value, hash: i64) -> PyResult<Option<usize>> {
        'again: loop {
            let mut probe = self.table().probe(hash);
            loop {
                match self.table().step(&mut probe, hash, key) {
                    Probe::Absent => return Ok(None),
                    Probe::Same(i) => return Ok(Some(i)),
                    Probe::Candidate(i) => {
                        let Some(stored) = self.table().key(i).cloned() else {
                            continue 'again;
                        };
                        if let (Some(a), Some(b)) = (exact_str(vm, &stored), exact_str(vm, key)) {
                            if a.same_text(b) {
                                return Ok(Some(i));
                            }
                            continue;
                        }
                        let stamp = self.stamp.get();
                        let equal = vm.eq(&stored, key)?;
                        if self.stamp.get() != stamp {
                            continue 'again;
                        }
                        if equal {
                            return Ok(Some(i));
                        }
                    }
                }
            }
        }
    }

    /// The value of a key.
    #[inline]
    pub fn get(&self, vm: &Vm, key: &Value) -> PyResult<Option<Value>> {
        let table = self.table();
        if let Some(s) = exact_str(vm, key)
            && table.only_str_keys()
        {
            return Ok(table.value_of_str(s, s.hash(vm)).cloned());
        }
        let hash = vm.hash_dict_key(key)?;
        self.get_with_hash(vm, key, hash)
    }

    /// The value of a key whose hash is known.
    pub fn get_with_hash(&self, vm: &Vm, key: &Value, hash: i64) -> PyResult<Option<Value>> {
        if self.is_empty() {
            return Ok(None);
        }
        Ok(self
            .find(vm, key, hash)?
            .and_then(|i| self.table().value(i).cloned()))
    }

    /// Sets the value of a key.
    #[inline]
    pub fn set(&self, vm: &Vm, key: &Value, value: Value) -> PyResult<()> {
        if let Some(s) = exact_str(vm, key) {
            return self.set_str(vm, s, value);
        }
        let hash = vm.hash_dict_key(key)?;
        self.set_with_hash(vm, key, hash, value)
    }

    /// Sets the value of a key whose hash is known.
    pub fn set_with_hash(&self, vm: &Vm, key: &Value, hash: i64, value: Value) -> PyResult<()> {
        match self.find(vm, key, hash)? {
            Some(i) => {
                let old = self.table_mut().replace_value(i, value);
                drop(old);
                Ok(())
            }
            None => self.insert_new(vm, key.clone(), hash, value),
        }
    }

    /// Sets the value of a str key.
    #[inline]
    pub fn set_str(&self, vm: &Vm, key: &Ref<Str>, value: Value) -> PyResult<()> {
        let hash = key.hash(vm);
        match self.table().find_str(vm, key, hash) {
            Some(i) => {
                let old = self.table_mut().replace_value(i, value);
                drop(old);
                Ok(())
            }
            None if self.table().only_str_keys() && key.as_value().is_exact_str(vm) => {
                if !self.table_mut().insert_str(key.clone(), hash, value) {
                    return Err(vm.no_memory());
                }
                self.keys_changed();
                Ok(())
            }
            None => self.set_with_hash(vm, key.as_value(), hash, value),
        }
    }

    /// Makes room in a dict that is empty for `n` items whose keys are exact strings; false when memory is exhausted.
    pub(crate) fn reserve_str(&self, n: usize) -> bool {
        self.table_mut().reserve_str(n)
    }

    /// Adds an item to a dict that [`Dict::reserve_str`] made room in. The key is an exact string and not there yet.
    pub(crate) fn add_reserved(&self, vm: &Vm, key: Ref<Str>, value: Value) {
        let hash = key.hash(vm);
        let added = self.table_mut().insert_str(key, hash, value);
        debug_assert!(added, "there is room");
    }

    /// Sets the value of a key given as text; the key is interned.
    pub fn set_named(&self, vm: &Vm, key: &str, value: Value) -> PyResult<()> {
        let key = vm.intern(key)?;
        self.set_str(vm, &key, value)
    }

    fn insert_new(&self, vm: &Vm, key: Value, hash: i64, value: Value) -> PyResult<()> {
        let is_str = key.is_exact_str(vm);
        if !self.table_mut().insert(key, hash, value, is_str) {
            return Err(vm.no_memory());
        }
        self.keys_changed();
        Ok(())
    }

    /// The value of a key, after putting `default` there if it has none.
    pub fn setdefault(&self, vm: &Vm, key: &Value, default: &Value) -> PyResult<Value> {
        let hash = vm.hash_dict_key(key)?;
        if let Some(i) = self.find(vm, key, hash)?
            && let Some(v) = self.table().value(i)
        {
            return Ok(v.clone());
        }
        self.insert_new(vm, key.clone(), hash, default.clone())?;
        Ok(default.clone())
    }

    /// Removes a key; gives its value.
    pub fn remove(&self, vm: &Vm, key: &Value) -> PyResult<Option<Value>> {
        let hash = vm.hash_dict_key(key)?;
        self.remove_with_hash(vm, key, hash)
    }

    /// Removes a key whose hash is known; gives its value.
    pub fn remove_with_hash(&self, vm: &Vm, key: &Value, hash: i64) -> PyResult<Option<Value>> {
        if self.is_empty() {
            return Ok(None);
        }
        Ok(self
            .find(vm, key, hash)?
            .and_then(|i| self.remove_at(i))
            .map(|(_, v)| v))
    }

    /// Removes a str key; gives its value.
    pub fn remove_str(&self, vm: &Vm, key: &Ref<Str>) -> Option<Value> {
        let i = self.index_of_str(vm, key)?;
        self.remove_at(i).map(|(_, v)| v)
    }

    /// Removes the item at an index; gives it.
    pub fn remove_at(&self, index: usize) -> Option<(Value, Value)> {
        let removed = self.table_mut().remove(index);
        if removed.is_some() {
            self.keys_changed();
        }
        removed
    }

    /// Removes and gives the last item.
    pub fn pop_last(&self) -> Option<(Value, Value)> {
        let (i, _, _) = self.prev_entry(usize::MAX)?;
        let item = self.remove_at(i);
        self.table_mut().trim();
        item
    }

    /// Removes everything.
    pub fn clear_all(&self) {
        let old = std::mem::replace(self.table_mut(), Table::new());
        self.keys_changed();
        drop(old);
    }

    /// Takes over a copy of the other dict's table; this one must be empty.
    pub fn copy_from(&self, other: &Dict) {
        if let Some(copy) = other.table().copy() {
            let old = std::mem::replace(self.table_mut(), copy);
            self.keys_changed();
            drop(old);
        }
    }

    /// Bytes of the table, for `sys.getsizeof`.
    pub fn table_bytes(&self) -> usize {
        self.table().bytes()
    }
}

#[inline(always)]
fn exact_str<'a>(vm: &Vm, v: &'a Value) -> Option<&'a Ref<Str>> {
    if v.is_exact_str(vm) {
        v.downcast_ref::<Str>()
    } else {
        None
    }
}

impl Vm {
    /// A new empty dict.
    pub fn new_dict(&self) -> PyResult<Ref<Dict>> {
        let size = size_of::<crate::Object<Dict>>();
        if let Some(ty) = std::ptr::NonNull::new(self.known().dict.cast_mut())
            && let Some(dict) = self.heap().new_tracked(ty, size, Dict::new)
        {
            return Ok(dict);
        }
        self.new_object(&self.types().dict, Dict::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::InterpConfig;

    fn check(ok: bool) -> Result<(), &'static str> {
        if ok { Ok(()) } else { Err("another content") }
    }

    /// Random operations agree with those on a plain list of pairs.
    #[test]
    fn behaves_as_an_ordered_map() -> Result<(), &'static str> {
        let vm = Vm::new_interpreter(&InterpConfig::default()).ok_or("no interpreter")?;
        vm.enter(|| {
            for kinds in [1u64, 2, 3] {
                let d = vm.new_dict().map_err(|_| "no dict")?;
                let mut model: Vec<(u64, i64)> = Vec::new();
                let mut state = kinds;
                let mut random = |n: u64| {
                    state = state.wrapping_mul(6364136223846793005).wrapping_add(1);
                    (state >> 33) % n
                };
                let key = |k: u64| -> PyResult {
                    // Strings, ints, or both.
                    if kinds == 1 || (kinds == 3 && k.is_multiple_of(2)) {
                        Ok(vm.new_str(&format!("key {k}"))?.into_value())
                    } else {
                        vm.new_int(k as i64 * 64)
                    }
                };
                for step in 0..20000i64 {
                    let k = random(if step < 10000 { 300 } else { 12 });
                    let v = key(k).map_err(|_| "no key")?;
                    let at = model.iter().position(|m| m.0 == k);
                    if random(5) < 3 {
                        d.set(&vm, &v, Value::from_i32(step as i32))
                            .map_err(|_| "no set")?;
                        match at {
                            Some(i) => model[i].1 = step,
                            None => model.push((k, step)),
                        }
                    } else {
                        let gone = d.remove(&vm, &v).map_err(|_| "no remove")?;
                        check(
                            gone.and_then(|g| g.as_small_int()) == at.map(|i| model.remove(i).1),
                        )?;
                    }
                    if step % 1000 == 999 {
                        let values: Vec<i64> =
                            d.values().iter().filter_map(Value::as_small_int).collect();
                        check(values.iter().eq(model.iter().map(|m| &m.1)))?;
                        let copy = vm.new_dict().map_err(|_| "no dict")?;
                        copy.copy_from(&d);
                        for m in &model {
                            let found = copy.get(&vm, &key(m.0).map_err(|_| "no key")?);
                            let found = found.map_err(|_| "no get")?;
                            check(found.and_then(|v| v.as_small_int()) == Some(m.1))?;
                        }
                    }
                }
            }
            Ok(())
        })
    }
}
