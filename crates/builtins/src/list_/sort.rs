//! `list.sort` and `sorted`: key functions, the choice of a comparison by the items' types, and protection against lists that
//! change meanwhile. The algorithm is in `powersort.rs`.

use std::cmp::Ordering;

use taipan_object::{Args, CompareOp, List, PyResult, Ref, Str, Tuple, Value, Vm};

use super::powersort;

/// What all keys are, which decides how they are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    SmallInt,
    Str,
    Float,
    Tuple,
    Other,
}

fn kind(vm: &Vm, v: &Value) -> Kind {
    if v.is_small_int() {
        return Kind::SmallInt;
    }
    let (ty, t) = (vm.type_of(v), vm.types());
    if std::ptr::eq(ty, t.str.object()) {
        Kind::Str
    } else if std::ptr::eq(ty, t.float.object()) {
        Kind::Float
    } else if std::ptr::eq(ty, t.tuple.object()) {
        Kind::Tuple
    } else {
        Kind::Other
    }
}

fn common_kind<'a>(vm: &Vm, mut keys: impl Iterator<Item = &'a Value>) -> Kind {
    let Some(first) = keys.next() else {
        return Kind::Other;
    };
    let k = kind(vm, first);
    if k != Kind::Other && keys.all(|v| kind(vm, v) == k) {
        k
    } else {
        Kind::Other
    }
}

fn text_order(a: &Value, b: &Value) -> Ordering {
    match (a.downcast_ref::<Str>(), b.downcast_ref::<Str>()) {
        (Some(a), Some(b)) => a.text().cmp(&b.text()),
        _ => Ordering::Equal,
    }
}

/// `a < b` for keys that are known to be of one kind.
#[inline]
fn less(vm: &Vm, kind: Kind, first: Kind, a: &Value, b: &Value) -> PyResult<bool> {
    match kind {
        Kind::SmallInt => Ok(a.as_small_int() < b.as_small_int()),
        Kind::Str => Ok(text_order(a, b).is_lt()),
        Kind::Float => Ok(a.as_float() < b.as_float()),
        Kind::Tuple => {
            let (Some(a), Some(b)) = (a.downcast_ref::<Tuple>(), b.downcast_ref::<Tuple>()) else {
                return vm.compare_bool(a, b, CompareOp::Lt);
            };
            let (x, y) = (a.as_slice(), b.as_slice());
            for (i, (x, y)) in x.iter().zip(y).enumerate() {
                if !vm.eq(x, y)? {
                    let kind = if i == 0 { first } else { Kind::Other };
                    return less(vm, kind, Kind::Other, x, y);
                }
            }
            Ok(x.len() < y.len())
        }
        Kind::Other => vm.compare_bool(a, b, CompareOp::Lt),
    }
}

/// Sorts references; `key_of` gives what an item is sorted by.
fn sort_refs<T: Copy>(vm: &Vm, items: &mut [T], key_of: fn(&T) -> &Value) -> PyResult<()> {
    let kind = common_kind(vm, items.iter().map(key_of));
    // Nobody sees comparisons of ints and strings, and their order is total: any stable sort gives the same.
    match kind {
        Kind::SmallInt => {
            items.sort_by_key(|x| key_of(x).as_small_int());
            return Ok(());
        }
        Kind::Str => {
            items.sort_by(|x, y| text_order(key_of(x), key_of(y)));
            return Ok(());
        }
        _ => {}
    }
    let mut first = Kind::Other;
    if kind == Kind::Tuple {
        let tuples = || {
            items
                .iter()
                .filter_map(|x| key_of(x).downcast_ref::<Tuple>())
        };
        if tuples().all(|t| !t.is_empty()) {
            first = common_kind(vm, tuples().filter_map(|t| t.as_slice().first()));
            if first == Kind::Tuple {
                first = Kind::Other;
            }
        }
    }
    powersort::sort(items, &mut |a, b| {
        less(vm, kind, first, key_of(&a), key_of(&b))
    })
}

/// Sorts values that are in nobody else's hands. On failure they are left in some order.
pub fn sort_values(
    vm: &Vm,
    values: &mut Vec<Value>,
    key: Option<&Value>,
    reverse: bool,
) -> PyResult<()> {
    let keys = match key {
        None => None,
        Some(f) => {
            let mut keys = Vec::new();
            if keys.try_reserve_exact(values.len()).is_err() {
                return Err(vm.no_memory());
            }
            for v in values.iter() {
                keys.push(vm.call1(f, v)?);
            }
            Some(keys)
        }
    };
    if values.len() < 2 {
        return Ok(());
    }
    if keys.is_none() && values.iter().all(Value::is_small_int) {
        // Equal ints are the same: neither stability nor counts matter.
        values.sort_unstable_by_key(Value::as_small_int);
        if reverse {
            values.reverse();
        }
        return Ok(());
    }
    // Reversing before and after keeps the order of equal items.
    let (result, sorted) = match &keys {
        None => {
            let mut refs: Vec<&Value> = values.iter().collect();
            if reverse {
                refs.reverse();
            }
            let result = sort_refs(vm, &mut refs, |v| v);
            (result, refs.into_iter().cloned().collect::<Vec<Value>>())
        }
        Some(keys) => {
            let mut refs: Vec<(&Value, &Value)> = keys.iter().zip(values.iter()).collect();
            if reverse {
                refs.reverse();
            }
            let result = sort_refs(vm, &mut refs, |v| v.0);
            (result, refs.into_iter().map(|(_, v)| v.clone()).collect())
        }
    };
    *values = sorted;
    if reverse {
        values.reverse();
    }
    result
}

/// `list.sort(key, reverse)`. The list is empty while it is being sorted; ValueError when it was changed meanwhile.
pub fn sort_list(vm: &Vm, list: &Ref<List>, key: Option<&Value>, reverse: bool) -> PyResult<()> {
    let mut values = list.take();
    let result = sort_values(vm, &mut values, key, reverse);
    let changed = list.capacity() != 0;
    drop(list.replace(values));
    result?;
    if changed {
        return Err(vm.value_error("list modified during sort"));
    }
    Ok(())
}

/// `list.sort` with its keyword arguments as a call has them (`sorted` passes its own on).
pub fn sort_with(vm: &Vm, list: &Ref<List>, args: Args<'_>) -> PyResult<()> {
    if args.values.is_empty() {
        return sort_list(vm, list, None, false);
    }
    let Some(def) = super::LIST_METHODS
        .methods
        .iter()
        .find(|d| d.name == "sort")
    else {
        return Err(vm.system_error("list without sort"));
    };
    taipan_object::bind::call_native(vm, def, list.as_value(), Some("list"), args).map(drop)
}
