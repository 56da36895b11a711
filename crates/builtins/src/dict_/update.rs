//! Filling dicts from other objects: `dict.update`, `dict(...)`, `|=`, and what calls and displays with `**` do.

use taipan_object::{Args, Dict, PyResult, Ref, Value, Vm};

use crate::util;

/// Whether the items of `v` can be taken from its table: a dict whose iteration no subclass has changed.
fn plain_dict<'a>(vm: &Vm, v: &'a Value) -> Option<&'a Ref<Dict>> {
    let d = v.downcast_ref::<Dict>()?;
    let ty = vm.type_of(v);
    let base = &vm.types().dict;
    let same = std::ptr::eq(ty, base.object())
        || ty.payload.slots.tp_iter.get().map(|f| f as usize)
            == base.slots.tp_iter.get().map(|f| f as usize);
    same.then_some(d)
}

/// What is done about a key that is there already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Duplicate {
    Replace,
    Refuse,
}

/// Gives the first duplicate key when those are refused.
fn merge_dict(vm: &Vm, dict: &Dict, other: &Ref<Dict>, dup: Duplicate) -> PyResult<Option<Value>> {
    if std::ptr::eq(dict, &**other) || other.is_empty() {
        return Ok(None);
    }
    if dict.is_empty() {
        dict.copy_from(other);
        return Ok(None);
    }
    let (mut at, stamp) = (0, other.stamp());
    while let Some((next, k, v)) = other.next_entry(at) {
        let hash = other.hash_at(at_of(next));
        at = next;
        if dup == Duplicate::Refuse && dict.find(vm, &k, hash)?.is_some() {
            return Ok(Some(k));
        }
        dict.set_with_hash(vm, &k, hash, v)?;
        if other.stamp() != stamp {
            return Err(vm.runtime_error("dict mutated during update"));
        }
    }
    Ok(None)
}

fn at_of(next: usize) -> usize {
    next.saturating_sub(1)
}

/// From anything with `keys()`.
fn merge_mapping(vm: &Vm, dict: &Dict, other: &Value, dup: Duplicate) -> PyResult<Option<Value>> {
    let keys = vm.call_method(other, &vm.names().keys, &[])?;
    let it = vm.iter(&keys)?;
    while let Some(k) = vm.next(&it)? {
        if dup == Duplicate::Refuse && dict.get(vm, &k)?.is_some() {
            return Ok(Some(k));
        }
        let v = vm.getitem(other, &k)?;
        dict.set(vm, &k, v)?;
    }
    Ok(None)
}

fn merge(vm: &Vm, dict: &Dict, other: &Value, dup: Duplicate) -> PyResult<Option<Value>> {
    match plain_dict(vm, other) {
        Some(d) => merge_dict(vm, dict, d, dup),
        None => merge_mapping(vm, dict, other, dup),
    }
}

/// Adds the items of a mapping to `dict`, replacing values (`PyDict_Update`, and the `{**x}` of displays).
/// AttributeError when `other` is no mapping.
pub fn dict_update(vm: &Vm, dict: &Ref<Dict>, other: &Value) -> PyResult<()> {
    merge(vm, dict, other, Duplicate::Replace).map(drop)
}

/// Adds the keyword arguments of a call from a mapping. Stops at a key that is there already and gives it, for the caller
/// to raise TypeError "f() got multiple values for keyword argument ..". AttributeError when `other` is no mapping.
pub fn dict_merge(vm: &Vm, dict: &Ref<Dict>, other: &Value) -> PyResult<Option<Value>> {
    merge(vm, dict, other, Duplicate::Refuse)
}

/// From an iterable of pairs.
pub fn merge_pairs(vm: &Vm, dict: &Dict, pairs: &Value) -> PyResult<()> {
    let it = vm.iter(pairs)?;
    let mut i = 0usize;
    while let Some(item) = vm.next(&it)? {
        let pair = match util::collect_or(vm, &item, "object is not iterable") {
            Ok(p) => p,
            Err(r) => {
                if !vm.exception_matches(&vm.exc().TypeError) {
                    return Err(r);
                }
                let e = vm.take_raised(r);
                let note =
                    format!("Cannot convert dictionary update sequence element #{i} to a sequence");
                let note = vm.new_str(&note)?.into_value();
                vm.call_method_str(&e, "add_note", &[note])?;
                return Err(vm.raise_as_is(e));
            }
        };
        let [k, v] = &pair[..] else {
            return Err(vm.value_error(&format!(
                "dictionary update sequence element #{i} has length {}; 2 is required",
                pair.len()
            )));
        };
        dict.set(vm, k, v.clone())?;
        i += 1;
    }
    Ok(())
}

/// From a mapping or an iterable of pairs, as `dict.update`'s positional argument.
pub fn update_from(vm: &Vm, dict: &Dict, other: &Value) -> PyResult<()> {
    let mapping = util::is_exactly(vm, other, &vm.types().dict)
        || vm.getattr_opt(other, &vm.names().keys)?.is_some();
    if mapping {
        merge(vm, dict, other, Duplicate::Replace).map(drop)
    } else {
        merge_pairs(vm, dict, other)
    }
}

/// `dict.update(*args, **kwargs)`; `name` is the function's for messages.
pub fn update_args(vm: &Vm, dict: &Dict, args: Args<'_>, name: &str) -> PyResult<()> {
    let pos = args.pos();
    taipan_object::bind::check_positional(vm, name, pos.len(), 0, 1)?;
    if let Some(v) = pos.first() {
        update_from(vm, dict, v)?;
    }
    for (k, v) in args.keywords() {
        dict.set_str(vm, &k, v.clone())?;
    }
    Ok(())
}
