//! `set` and `frozenset`: a table of hashed keys that is probed, filled and resized as CPython's is, because the order of
//! iteration shows it. Lookups compare with Python's `==`, which may run code that changes the set: they look at the stamp
//! afterwards and start again if needed.

use std::cell::{Cell, UnsafeCell};

use taipan_numeric::places::{self, MIN_SIZE, Walk};

use crate::cell::PyCell;
use crate::class::TypeObject;
use crate::containers::string::Str;
use crate::protocol::compare::hash_i64;
use crate::reference::{Ref, Traverse, Visitor};
use crate::value::{PyResult, Value};
use crate::vm::Vm;

/// Hash of a place whose key was removed; hashes of keys are never -1.
const DUMMY: i64 = -1;

/// A place: `key` is `None` when it is unused (`hash` 0) or its key was removed ([`DUMMY`]).
#[derive(Clone)]
struct Place {
    key: Option<Value>,
    hash: i64,
}

// An unused place is all zeros.
const _: () = assert!(size_of::<Option<Value>>() == 8 && size_of::<Place>() == 16);

/// The hash table. An empty one has no places; it counts as one of eight.
struct Table {
    places: Vec<Place>,
    /// Places that hold or held a key.
    fill: usize,
    /// Places that hold a key.
    used: usize,
}

impl Drop for Table {
    fn drop(&mut self) {
        // The keys are known to be so many: the rest of the places is not looked at.
        let mut left = self.used;
        let mut at = 0;
        while left != 0
            && let Some(p) = self.places.get_mut(at)
        {
            if let Some(k) = p.key.take() {
                left -= 1;
                drop(k);
            }
            at += 1;
        }
        // SAFETY: no place holds a key any more, so that none has anything to drop.
        unsafe { self.places.set_len(0) };
    }
}

/// What a step of a search found.
enum Found {
    /// The key is not there: the walk ends at this unused place.
    Absent(usize),
    Same(usize),
    /// A key with the same hash.
    Candidate(usize),
}

impl Table {
    const fn new() -> Table {
        Table {
            places: Vec::new(),
            fill: 0,
            used: 0,
        }
    }

    fn mask(&self) -> usize {
        self.places.len().max(MIN_SIZE) - 1
    }

    fn with_size(size: usize) -> Option<Vec<Place>> {
        let mut v = Vec::new();
        v.try_reserve_exact(size).ok()?;
        // SAFETY: there is room for so many. An unused place is all zeros: no key, and hash 0.
        unsafe {
            std::ptr::write_bytes::<Place>(v.as_mut_ptr(), 0, size);
            v.set_len(size);
        }
        Some(v)
    }

    #[inline(always)]
    fn step(&self, walk: &mut Walk, hash: i64, key: &Value) -> Found {
        loop {
            let at = walk.at;
            let Some(p) = self.places.get(at) else {
                return Found::Absent(at);
            };
            match &p.key {
                Some(k) if p.hash == hash => {
                    if k.is(key) {
                        return Found::Same(at);
                    }
                    if !(k.is_small_int() && key.is_small_int()) {
                        walk.advance();
                        return Found::Candidate(at);
                    }
                }
                Some(_) => {}
                None if p.hash == 0 => return Found::Absent(at),
                None => {}
            }
            walk.advance();
        }
    }

    /// Puts a key that is not there into the first unused place of its walk; the table has room.
    fn insert_clean(&mut self, key: Value, hash: i64) {
        let mut walk = Walk::new(self.places.len() - 1, hash);
        while self
            .places
            .get(walk.at)
            .is_some_and(|p| p.key.is_some() || p.hash != 0)
        {
            walk.advance();
        }
        if let Some(p) = self.places.get_mut(walk.at) {
            *p = Place {
                key: Some(key),
                hash,
            };
            self.fill += 1;
            self.used += 1;
        }
    }

    /// Rebuilds the table with room for more than `min_used` keys; false when memory is exhausted.
    fn resize(&mut self, min_used: usize) -> bool {
        let mut size = MIN_SIZE;
        while size <= min_used {
            match size.checked_mul(2) {
                Some(s) => size = s,
                None => return false,
            }
        }
        if size == MIN_SIZE && self.places.len() == MIN_SIZE && self.fill == self.used {
            return true;
        }
        let Some(places) = Table::with_size(size) else {
            return false;
        };
        let mut old = std::mem::replace(&mut self.places, places);
        let keys = std::mem::take(&mut self.used);
        self.fill = 0;
        for p in &mut old {
            if let Some(k) = p.key.take() {
                self.insert_clean(k, p.hash);
                if self.used == keys {
                    break;
                }
            }
        }
        // SAFETY: all keys were taken out: no place has anything to drop.
        unsafe { old.set_len(0) };
        true
    }

    /// Adds a key that is not there; false when memory is exhausted.
    fn insert(&mut self, key: Value, hash: i64) -> bool {
        if self.places.is_empty() {
            match Table::with_size(MIN_SIZE) {
                Some(p) => self.places = p,
                None => return false,
            }
        }
        if self.fill != self.used
            && let Some(p) = self.last_dummy(hash).and_then(|at| self.places.get_mut(at))
        {
            *p = Place {
                key: Some(key),
                hash,
            };
            self.used += 1;
            return true;
        }
        self.insert_clean(key, hash);
        self.make_room()
    }

    /// Grows the table if it has become too full; false when memory is exhausted.
    #[inline(always)]
    fn make_room(&mut self) -> bool {
        if !places::is_full(self.fill, self.mask()) {
            return true;
        }
        self.resize(places::grown(self.used))
    }

    /// Adds a key that is not there, for which a search ended at the unused place `at`.
    #[inline]
    fn insert_at(&mut self, at: usize, key: Value, hash: i64) -> bool {
        if self.fill == self.used
            && let Some(p) = self.places.get_mut(at)
        {
            *p = Place {
                key: Some(key),
                hash,
            };
            self.fill += 1;
            self.used += 1;
            return self.make_room();
        }
        self.insert(key, hash)
    }

    /// The last place of a removed key on a hash's walk before an unused place: what CPython fills again.
    fn last_dummy(&self, hash: i64) -> Option<usize> {
        let mut walk = Walk::new(self.mask(), hash);
        let mut last = None;
        while let Some(p) = self.places.get(walk.at) {
            if p.key.is_none() {
                if p.hash == 0 {
                    break;
                }
                last = Some(walk.at);
            }
            walk.advance();
        }
        last
    }

    fn remove(&mut self, at: usize) -> Option<Value> {
        let p = self.places.get_mut(at)?;
        let k = p.key.take()?;
        p.hash = DUMMY;
        self.used -= 1;
        Some(k)
    }

    /// Makes room for `more` keys, before they are added one after another.
    fn reserve(&mut self, more: usize) -> bool {
        if (self.fill + more) * 5 >= self.mask() * 3 {
            self.resize((self.used + more).saturating_mul(2))
        } else {
            true
        }
    }
}

/// What an iterator over a set finds.
pub enum Step {
    /// A key, and the place to go on from.
    Key(usize, Value),
    /// No more keys.
    End,
    /// The set has another length than at the start.
    Changed,
}

/// The payload of `set` and `frozenset`.
#[repr(C)]
pub struct Set {
    table: UnsafeCell<Table>,
    /// Rises with every change of the keys.
    stamp: Cell<u32>,
    /// Where `pop` looks next.
    finger: Cell<usize>,
    /// The hash of a frozenset; -1: not computed yet.
    hash: Cell<i64>,
}

crate::payload!(Set, gc);

impl Traverse for Set {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        for p in &self.table().places {
            if let Some(k) = &p.key {
                visit(k);
            }
        }
    }
    fn clear(&self) {
        self.clear_all();
    }
}

impl Default for Set {
    fn default() -> Set {
        Set::new()
    }
}

impl Set {
    /// An empty set's payload.
    pub fn new() -> Set {
        Set {
            table: UnsafeCell::new(Table::new()),
            stamp: Cell::new(0),
            finger: Cell::new(0),
            hash: Cell::new(-1),
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

    fn changed(&self) {
        self.stamp.set(self.stamp.get().wrapping_add(1));
    }

    /// Number of keys.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.table().used
    }

    /// Whether it is empty.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The hash of a frozenset, if computed before.
    pub fn cached_hash(&self) -> Option<i64> {
        (self.hash.get() != -1).then(|| self.hash.get())
    }

    /// Remembers the hash of a frozenset.
    pub fn set_cached_hash(&self, hash: i64) {
        self.hash.set(hash);
    }

    /// The next key at or after place `at`, with its hash and the place to go on from.
    #[inline]
    pub fn next_key(&self, mut at: usize) -> Option<(usize, Value, i64)> {
        let places = &self.table().places;
        while let Some(p) = places.get(at) {
            at += 1;
            if let Some(k) = &p.key {
                return Some((at, k.clone(), p.hash));
            }
        }
        None
    }

    /// The next key of the set that an iterator holds, with the place to go on from.
    #[inline]
    pub fn step(held: &PyCell<Option<Ref<Set>>>, at: usize, len: usize) -> Step {
        let Some(set) = held.peek() else {
            return Step::End;
        };
        // SAFETY: the iterator holds the set, and nothing runs while its table is looked at.
        let set = unsafe { &(*set).payload };
        if set.len() != len {
            return Step::Changed;
        }
        match set.next_key(at) {
            Some((next, k, _)) => Step::Key(next, k),
            None => Step::End,
        }
    }

    /// Copies of the keys with their hashes, in the table's order.
    pub fn entries(&self) -> Vec<(Value, i64)> {
        let t = self.table();
        let mut out = Vec::with_capacity(t.used);
        out.extend(
            t.places
                .iter()
                .filter_map(|p| p.key.as_ref().map(|k| (k.clone(), p.hash))),
        );
        out
    }

    /// Copies of the keys, in the table's order.
    pub fn keys(&self) -> Vec<Value> {
        let t = self.table();
        let mut out = Vec::with_capacity(t.used);
        out.extend(t.places.iter().filter_map(|p| p.key.clone()));
        out
    }

    /// The hashes of the keys.
    pub fn hashes(&self) -> Vec<i64> {
        self.table()
            .places
            .iter()
            .filter(|p| p.key.is_some())
            .map(|p| p.hash)
            .collect()
    }

    /// What the first place of the key's walk says, which mostly settles it: the key itself, or an unused place.
    #[inline(always)]
    fn first_place(&self, key: &Value, hash: i64) -> Option<Result<usize, usize>> {
        let t = self.table();
        let at = hash as usize & t.mask();
        match t.places.get(at) {
            Some(Place { key: Some(k), .. }) if k.is(key) => Some(Ok(at)),
            Some(Place { key: None, hash: 0 }) => Some(Err(at)),
            _ => None,
        }
    }

    /// The place of a key.
    #[inline]
    fn find(&self, vm: &Vm, key: &Value, hash: i64) -> PyResult<Option<usize>> {
        match self.first_place(key, hash) {
            Some(found) => Ok(found.ok()),
            None => Ok(self.locate(vm, key, hash)?.ok()),
        }
    }

    /// The place of a key, or else the unused place where the search for it ended.
    #[inline(never)]
    fn locate(&self, vm: &Vm, key: &Value, hash: i64) -> PyResult<Result<usize, usize>> {
        let str_key = if key.is_exact_str(vm) {
            key.downcast_ref::<Str>()
        } else {
            None
        };
        'again: loop {
            let mut walk = Walk::new(self.table().mask(), hash);
            loop {
                match self.table().step(&mut walk, hash, key) {
                    Found::Absent(i) => return Ok(Err(i)),
                    Found::Same(i) => return Ok(Ok(i)),
                    Found::Candidate(i) => {
                        let Some(stored) = self.table().places.get(i).and_then(|p| p.key.as_ref())
                        else {
                            continue 'again;
                        };
                        if let Some(k) = str_key
                            && stored.is_exact_str(vm)
                            && let Some(s) = stored.downcast_ref::<Str>()
                        {
                            if s.same_text(k) {
                                return Ok(Ok(i));
                            }
                            continue;
                        }
                        let stored = stored.clone();
                        let stamp = self.stamp.get();
                        let equal = vm.eq(&stored, key)?;
                        if self.stamp.get() != stamp {
                            continue 'again;
                        }
                        if equal {
                            return Ok(Ok(i));
                        }
                    }
                }
            }
        }
    }

    /// Whether a key is there that is an exact string, a small int, or an object that is hashed by its identity, if that takes
    /// no Python code.
    #[inline(never)]
    pub fn contains_plain(&self, vm: &Vm, key: &Value) -> Option<bool> {
        let (text, hash) = match key.as_small_int() {
            Some(i) => (None, hash_i64(i)),
            None if key.is_exact_str(vm) => {
                let s = key.downcast_ref::<Str>()?;
                (Some(s), s.hash(vm))
            }
            None => (None, vm.identity_hash(key)?),
        };
        let table = self.table();
        let mut walk = Walk::new(table.mask(), hash);
        loop {
            match table.step(&mut walk, hash, key) {
                Found::Absent(_) => return Some(false),
                Found::Same(_) => return Some(true),
                Found::Candidate(i) => {
                    let stored = table.places.get(i).and_then(|p| p.key.as_ref())?;
                    let text = text?;
                    if !stored.is_exact_str(vm) {
                        return None;
                    }
                    if stored.downcast_ref::<Str>()?.same_text(text) {
                        return Some(true);
                    }
                }
            }
        }
    }

    /// The place of a key, or else the unused place where the search for it ended; `None` when keys of the same hash have to be
    /// compared by code that may run Python's.
    #[inline(always)]
    fn locate_plain(&self, vm: &Vm, key: &Value, hash: i64) -> Option<Result<usize, usize>> {
        if let found @ Some(_) = self.first_place(key, hash) {
            return found;
        }
        let table = self.table();
        let mut walk = Walk::new(table.mask(), hash);
        loop {
            match table.step(&mut walk, hash, key) {
                Found::Absent(i) => return Some(Err(i)),
                Found::Same(i) => return Some(Ok(i)),
                Found::Candidate(i) => {
                    let stored = table.places.get(i).and_then(|p| p.key.as_ref())?;
                    if !stored.is_exact_str(vm) || !key.is_exact_str(vm) {
                        return None;
                    }
                    if stored
                        .downcast_ref::<Str>()?
                        .same_text(key.downcast_ref::<Str>()?)
                    {
                        return Some(Ok(i));
                    }
                }
            }
        }
    }

    /// Whether all keys are in `other`.
    pub fn is_subset(&self, vm: &Vm, other: &Set) -> PyResult<bool> {
        if self.len() > other.len() {
            return Ok(false);
        }
        let mut at = 0;
        loop {
            // Keys that compare without Python code are not counted: nothing can change meanwhile.
            while let Some(Place { key, hash }) = self.table().places.get(at) {
                if let Some(k) = key {
                    match other.locate_plain(vm, k, *hash) {
                        Some(Ok(_)) => {}
                        Some(Err(_)) => return Ok(false),
                        None => break,
                    }
                }
                at += 1;
            }
            let Some((next, k, hash)) = self.next_key(at) else {
                return Ok(true);
            };
            if !other.contains_with_hash(vm, &k, hash)? {
                return Ok(false);
            }
            at = next;
        }
    }

    /// Adds the keys that are in `other`, or those that are not, to `result`, which nobody else has seen.
    pub fn select(&self, vm: &Vm, other: &Set, there: bool, result: &Set) -> PyResult<()> {
        let mut at = 0;
        loop {
            while let Some(Place { key, hash }) = self.table().places.get(at) {
                if let Some(k) = key {
                    let Some(found) = other.locate_plain(vm, k, *hash) else {
                        break;
                    };
                    if found.is_ok() == there {
                        let (k, hash) = (k.clone(), *hash);
                        result.add_new(vm, k, hash)?;
                    }
                }
                at += 1;
            }
            let Some((next, k, hash)) = self.next_key(at) else {
                return Ok(());
            };
            if other.contains_with_hash(vm, &k, hash)? == there {
                result.add_with_hash(vm, &k, hash)?;
            }
            at = next;
        }
    }

    /// Adds a key that is mostly not there.
    #[inline(always)]
    fn add_new(&self, vm: &Vm, key: Value, hash: i64) -> PyResult<()> {
        let at = hash as usize & self.table().mask();
        if let Some(Place { key: None, hash: 0 }) = self.table().places.get(at) {
            if !self.table_mut().insert_at(at, key, hash) {
                return Err(vm.no_memory());
            }
            self.changed();
            return Ok(());
        }
        self.add_with_hash(vm, &key, hash).map(drop)
    }

    /// Whether a key is there.
    #[inline]
    pub fn contains(&self, vm: &Vm, key: &Value) -> PyResult<bool> {
        let hash = vm.hash_set_element(key)?;
        self.contains_with_hash(vm, key, hash)
    }

    /// Whether a key whose hash is known is there.
    #[inline]
    pub fn contains_with_hash(&self, vm: &Vm, key: &Value, hash: i64) -> PyResult<bool> {
        Ok(!self.is_empty() && self.find(vm, key, hash)?.is_some())
    }

    /// Adds a key; true if it was not there.
    #[inline]
    pub fn add(&self, vm: &Vm, key: &Value) -> PyResult<bool> {
        let hash = vm.hash_set_element(key)?;
        self.add_with_hash(vm, key, hash)
    }

    /// Adds a key whose hash is known; true if it was not there.
    pub fn add_with_hash(&self, vm: &Vm, key: &Value, hash: i64) -> PyResult<bool> {
        let place = match self.first_place(key, hash) {
            Some(place) => place,
            None => self.locate(vm, key, hash)?,
        };
        let Err(at) = place else {
            return Ok(false);
        };
        if !self.table_mut().insert_at(at, key.clone(), hash) {
            return Err(vm.no_memory());
        }
        self.changed();
        Ok(true)
    }

    /// Removes a key; gives it as it was stored.
    pub fn remove(&self, vm: &Vm, key: &Value) -> PyResult<Option<Value>> {
        let hash = vm.hash_set_element(key)?;
        self.remove_with_hash(vm, key, hash)
    }

    /// Removes a key whose hash is known; gives it as it was stored.
    pub fn remove_with_hash(&self, vm: &Vm, key: &Value, hash: i64) -> PyResult<Option<Value>> {
        if self.is_empty() {
            return Ok(None);
        }
        let Some(i) = self.find(vm, key, hash)? else {
            return Ok(None);
        };
        let k = self.table_mut().remove(i);
        self.changed();
        Ok(k)
    }

    /// Removes and gives some key: the next one behind where the last was taken.
    pub fn pop(&self) -> Option<Value> {
        let t = self.table_mut();
        if t.used == 0 {
            return None;
        }
        let mask = t.mask();
        let mut at = self.finger.get() & mask;
        while t.places.get(at).is_none_or(|p| p.key.is_none()) {
            at = (at + 1) & mask;
        }
        self.finger.set(at + 1);
        let k = t.remove(at);
        self.changed();
        k
    }

    /// Removes everything.
    pub fn clear_all(&self) {
        let old = std::mem::replace(self.table_mut(), Table::new());
        self.changed();
        drop(old);
    }

    /// Adds all keys of another set, as CPython's merge does (the table's size, and with it the order, depends on it).
    pub fn merge(&self, vm: &Vm, other: &Set) -> PyResult<()> {
        if std::ptr::eq(self, other) || other.is_empty() {
            return Ok(());
        }
        if !self.table_mut().reserve(other.len()) {
            return Err(vm.no_memory());
        }
        self.changed();
        if self.table().fill == 0 {
            let theirs = other.table();
            let t = self.table_mut();
            if t.mask() == theirs.mask() && theirs.fill == theirs.used {
                let mut places = Vec::new();
                if places.try_reserve_exact(theirs.places.len()).is_err() {
                    return Err(vm.no_memory());
                }
                places.extend(theirs.places.iter().cloned());
                *t = Table {
                    places,
                    fill: theirs.fill,
                    used: theirs.used,
                };
                return Ok(());
            }
            if t.places.is_empty() {
                match Table::with_size(MIN_SIZE) {
                    Some(p) => t.places = p,
                    None => return Err(vm.no_memory()),
                }
            }
            for p in &theirs.places {
                if let Some(k) = &p.key {
                    t.insert_clean(k.clone(), p.hash);
                }
            }
            return Ok(());
        }
        let mut at = 0;
        while let Some((next, k, h)) = other.next_key(at) {
            self.add_with_hash(vm, &k, h)?;
            at = next;
        }
        Ok(())
    }

    /// Makes room for `more` keys (before those of a dict are added).
    pub fn reserve(&self, vm: &Vm, more: usize) -> PyResult<()> {
        if self.table_mut().reserve(more) {
            Ok(())
        } else {
            Err(vm.no_memory())
        }
    }

    /// Drops the places of removed keys when they are more than a quarter of the table.
    pub fn compact(&self, vm: &Vm) -> PyResult<()> {
        let t = self.table_mut();
        if t.fill - t.used <= t.mask() / 4 {
            return Ok(());
        }
        self.changed();
        if t.resize(places::grown(t.used)) {
            Ok(())
        } else {
            Err(vm.no_memory())
        }
    }

    /// Exchanges the contents of two sets.
    pub fn swap(&self, other: &Set) {
        if !std::ptr::eq(self, other) {
            std::mem::swap(self.table_mut(), other.table_mut());
            self.changed();
            other.changed();
            self.hash.set(-1);
            other.hash.set(-1);
        }
    }

    /// Bytes of the table beyond the eight places that CPython keeps in the object, for `sys.getsizeof`.
    pub fn table_bytes(&self) -> usize {
        let n = self.table().places.len();
        if n > MIN_SIZE { n * 16 } else { 0 }
    }
}

impl Vm {
    /// A new empty set.
    pub fn new_set(&self) -> PyResult<Ref<Set>> {
        self.new_object(&self.types().set, Set::new())
    }

    /// A new empty set of type `ty` (`set`, `frozenset` or a subclass).
    pub fn new_set_of(&self, ty: &Ref<TypeObject>) -> PyResult<Ref<Set>> {
        self.new_object(ty, Set::new())
    }

    /// A new frozenset of these items.
    pub fn new_frozenset(&self, items: &[Value]) -> PyResult<Ref<Set>> {
        let s = self.new_object(&self.types().frozenset, Set::new())?;
        for v in items {
            s.add(self, v)?;
        }
        Ok(s)
    }

    /// Whether a value is a `set` or a `frozenset` or of a subclass.
    #[inline]
    pub fn as_any_set<'a>(&self, v: &'a Value) -> Option<&'a Ref<Set>> {
        v.downcast_ref::<Set>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vm::InterpConfig;

    fn order(vm: &Vm, s: &Set) -> Vec<i64> {
        let _ = vm;
        s.keys().iter().filter_map(Value::as_small_int).collect()
    }

    #[test]
    fn the_order_is_cpythons() -> Result<(), &'static str> {
        let vm = Vm::new_interpreter(&InterpConfig::default()).ok_or("no interpreter")?;
        vm.enter(|| {
            let run = |add: &[i64], del: &[i64], then: &[i64]| -> PyResult<Vec<i64>> {
                let s = vm.new_set()?;
                for &i in add {
                    s.add(&vm, &vm.new_int(i)?)?;
                }
                for &i in del {
                    s.remove(&vm, &vm.new_int(i)?)?;
                }
                for &i in then {
                    s.add(&vm, &vm.new_int(i)?)?;
                }
                Ok(order(&vm, &s))
            };
            let check = |got: PyResult<Vec<i64>>, want: &[i64]| match got {
                Ok(got) if got == want => Ok(()),
                _ => Err("another order"),
            };
            check(run(&[3, 1, 2], &[], &[]), &[1, 2, 3])?;
            check(run(&[0, 8, 16], &[0, 16], &[24]), &[8, 24])?;
            check(run(&[0, 8], &[0], &[16]), &[16, 8])?;
            check(run(&[100, 33, 1, 65, 7], &[], &[]), &[65, 33, 1, 100, 7])?;
            Ok(())
        })
    }
}
