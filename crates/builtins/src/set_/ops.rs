//! What the methods and operators of sets do. The order of a result shows how it was made, so each operation goes the way
//! that CPython's does: which operand is walked, and when a table is rebuilt.

use taipan_object::{Dict, PyResult, Ref, Set, TypeRef, Value, Vm};

use crate::util;

/// A new set with the items of an iterable.
pub fn from_iterable(vm: &Vm, iterable: &Value) -> PyResult<Ref<Set>> {
    let s = vm.new_set()?;
    update(vm, &s, iterable)?;
    Ok(s)
}

/// `set` or `frozenset`, whichever the set's type derives from: what operators give.
fn base_type<'a>(vm: &'a Vm, s: &Ref<Set>) -> &'a TypeRef {
    if vm.is_instance_exact(s.as_value(), &vm.types().frozenset) {
        &vm.types().frozenset
    } else {
        &vm.types().set
    }
}

/// A new empty set of the base type of `like`.
fn new_like(vm: &Vm, like: &Ref<Set>) -> PyResult<Ref<Set>> {
    vm.new_set_of(base_type(vm, like))
}

/// A copy, of the base type.
pub fn copy(vm: &Vm, s: &Ref<Set>) -> PyResult<Ref<Set>> {
    let new = new_like(vm, s)?;
    new.merge(vm, s)?;
    Ok(new)
}

fn exact_dict<'a>(vm: &Vm, v: &'a Value) -> Option<&'a Ref<Dict>> {
    v.downcast_exact::<Dict>(&vm.types().dict)
}

/// The keys of a dict with their hashes, one after another.
struct DictKeys<'a> {
    dict: &'a Dict,
    at: usize,
}

impl Iterator for DictKeys<'_> {
    type Item = (Value, i64);
    fn next(&mut self) -> Option<(Value, i64)> {
        let (next, k) = self.dict.next_key(self.at)?;
        self.at = next;
        Some((k, self.dict.hash_at(next - 1)))
    }
}

fn dict_keys(dict: &Dict) -> DictKeys<'_> {
    DictKeys { dict, at: 0 }
}

/// The keys of a set with their hashes, one after another; sees changes that are made meanwhile.
struct SetKeys<'a> {
    set: &'a Set,
    at: usize,
}

impl Iterator for SetKeys<'_> {
    type Item = (Value, i64);
    fn next(&mut self) -> Option<(Value, i64)> {
        let (next, k, h) = self.set.next_key(self.at)?;
        self.at = next;
        Some((k, h))
    }
}

fn set_keys(set: &Set) -> SetKeys<'_> {
    SetKeys { set, at: 0 }
}

/// `s |= iterable`, for any iterable.
pub fn update(vm: &Vm, s: &Ref<Set>, iterable: &Value) -> PyResult<()> {
    if let Some(other) = iterable.downcast_ref::<Set>() {
        return s.merge(vm, other);
    }
    if let Some(d) = exact_dict(vm, iterable) {
        s.reserve(vm, d.len())?;
        for (k, h) in dict_keys(d) {
            s.add_with_hash(vm, &k, h)?;
        }
        return Ok(());
    }
    let mut items = vm.items(iterable)?;
    while let Some(k) = items.next(vm)? {
        s.add(vm, &k)?;
    }
    Ok(())
}

/// `s & other`, for any iterable.
pub fn intersection(vm: &Vm, s: &Ref<Set>, other: &Value) -> PyResult<Ref<Set>> {
    if s.as_value().is(other) {
        return copy(vm, s);
    }
    let result = new_like(vm, s)?;
    if let Some(other) = other.downcast_ref::<Set>() {
        let (mut walked, mut looked) = (other, s);
        if other.len() > s.len() {
            std::mem::swap(&mut walked, &mut looked);
        }
        walked.select(vm, looked, true, &result)?;
        return Ok(result);
    }
    let mut items = vm.items(other)?;
    while let Some(k) = items.next(vm)? {
        let h = vm.hash(&k)?;
        if s.contains_with_hash(vm, &k, h)? {
            result.add_with_hash(vm, &k, h)?;
        }
    }
    Ok(result)
}

/// `s -= other`, for any iterable.
pub fn difference_update(vm: &Vm, s: &Ref<Set>, other: &Value) -> PyResult<()> {
    if s.as_value().is(other) {
        s.clear_all();
        return Ok(());
    }
    if let Some(o) = other.downcast_ref::<Set>() {
        // Of a much larger set, only what is in both matters.
        let both = if o.len() >> 3 > s.len() {
            Some(intersection(vm, s, other)?)
        } else {
            None
        };
        for (k, h) in set_keys(both.as_ref().unwrap_or(o)) {
            drop(s.remove_with_hash(vm, &k, h)?);
        }
    } else {
        let mut items = vm.items(other)?;
        while let Some(k) = items.next(vm)? {
            drop(s.remove(vm, &k)?);
        }
    }
    s.compact(vm)
}

/// `s - other`, for any iterable.
pub fn difference(vm: &Vm, s: &Ref<Set>, other: &Value) -> PyResult<Ref<Set>> {
    let by_copy = || -> PyResult<Ref<Set>> {
        let result = copy(vm, s)?;
        difference_update(vm, &result, other)?;
        Ok(result)
    };
    let (set, dict) = (other.downcast_ref::<Set>(), exact_dict(vm, other));
    let size = match (set, dict) {
        (Some(o), _) => o.len(),
        (_, Some(d)) => d.len(),
        _ => return by_copy(),
    };
    if s.len() >> 2 > size {
        return by_copy();
    }
    let result = new_like(vm, s)?;
    if let Some(o) = set {
        s.select(vm, o, false, &result)?;
    } else if let Some(d) = dict {
        for (k, h) in set_keys(s) {
            if d.find(vm, &k, h)?.is_none() {
                result.add_with_hash(vm, &k, h)?;
            }
        }
    }
    Ok(result)
}

fn toggle(vm: &Vm, s: &Set, keys: impl Iterator<Item = (Value, i64)>) -> PyResult<()> {
    for (k, h) in keys {
        if s.remove_with_hash(vm, &k, h)?.is_none() {
            s.add_with_hash(vm, &k, h)?;
        }
    }
    Ok(())
}

/// `s ^= other`, for any iterable.
pub fn symmetric_difference_update(vm: &Vm, s: &Ref<Set>, other: &Value) -> PyResult<()> {
    if s.as_value().is(other) {
        s.clear_all();
        return Ok(());
    }
    if let Some(d) = exact_dict(vm, other) {
        return toggle(vm, s, dict_keys(d));
    }
    match other.downcast_ref::<Set>() {
        Some(o) => toggle(vm, s, set_keys(o)),
        None => {
            let o = new_like(vm, s)?;
            update(vm, &o, other)?;
            toggle(vm, s, set_keys(&o))
        }
    }
}

/// `s ^ other`, for any iterable.
pub fn symmetric_difference(vm: &Vm, s: &Ref<Set>, other: &Value) -> PyResult<Ref<Set>> {
    let result = new_like(vm, s)?;
    update(vm, &result, other)?;
    symmetric_difference_update(vm, &result, s.as_value())?;
    Ok(result)
}

/// Whether all of `a` is in `b`.
pub fn is_subset(vm: &Vm, a: &Ref<Set>, b: &Ref<Set>) -> PyResult<bool> {
    a.is_subset(vm, b)
}

/// Whether all items of any iterable are in `s`.
pub fn is_superset(vm: &Vm, s: &Ref<Set>, other: &Value) -> PyResult<bool> {
    if let Some(o) = other.downcast_ref::<Set>() {
        return is_subset(vm, o, s);
    }
    let mut items = vm.items(other)?;
    while let Some(k) = items.next(vm)? {
        if !s.contains(vm, &k)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether `s` and any iterable have nothing in common.
pub fn is_disjoint(vm: &Vm, s: &Ref<Set>, other: &Value) -> PyResult<bool> {
    if s.as_value().is(other) {
        return Ok(s.is_empty());
    }
    let exact = util::is_exactly(vm, other, &vm.types().set)
        || util::is_exactly(vm, other, &vm.types().frozenset);
    if exact && let Some(o) = other.downcast_ref::<Set>() {
        let (mut walked, mut looked) = (o, s);
        if o.len() > s.len() {
            std::mem::swap(&mut walked, &mut looked);
        }
        for (k, h) in set_keys(walked) {
            if looked.contains_with_hash(vm, &k, h)? {
                return Ok(false);
            }
        }
        return Ok(true);
    }
    let mut items = vm.items(other)?;
    while let Some(k) = items.next(vm)? {
        if s.contains(vm, &k)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The hash by which a set looks for `v`: a set, which has none, is looked for as the frozenset of its items.
pub fn hash_for_search(vm: &Vm, v: &Value) -> PyResult<(Value, i64)> {
    match vm.hash_set_element(v) {
        Ok(h) => Ok((v.clone(), h)),
        Err(r) => {
            let is_set = vm.is_instance_exact(v, &vm.types().set);
            let Some(s) = v.downcast_ref::<Set>().filter(|_| is_set) else {
                return Err(r);
            };
            drop(vm.catch(r, &vm.exc().TypeError)?);
            let frozen = vm.new_set_of(&vm.types().frozenset)?;
            frozen.merge(vm, s)?;
            let h = hash(&frozen);
            Ok((frozen.into_value(), h))
        }
    }
}

/// `hash(frozenset)`
pub fn hash(s: &Set) -> i64 {
    match s.cached_hash() {
        Some(h) => h,
        None => {
            let h = taipan_numeric::hash::frozenset(s.hashes());
            s.set_cached_hash(h);
            h
        }
    }
}
