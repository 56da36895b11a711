//! `list.sort` and `sorted`: key functions, the choice of a comparison by the items' types, and protection against lists that
//! change meanwhile. The algorithm is in `powersort.rs`.

use std::cmp::Ordering;

use taipan_object::{Args, CompareOp, List, PyResult, Ref, Str, Tuple, Value, Vm};
use taipan_text::TextRef;

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
            let equal = vm.equal_run(x, y);
            for (i, (x, y)) in x.iter().zip(y).enumerate().skip(equal) {
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

/// An item's position with what decides most comparisons without a look at the item.
#[derive(Clone, Copy)]
struct Keyed<K> {
    key: K,
    at: usize,
}

fn keyed<K>(count: usize, mut key: impl FnMut(usize) -> Option<K>) -> Option<Vec<Keyed<K>>> {
    (0..count)
        .map(|at| key(at).map(|key| Keyed { key, at }))
        .collect()
}

fn positions<K>(items: Vec<Keyed<K>>) -> Vec<usize> {
    items.into_iter().map(|x| x.at).collect()
}

/// The first eight bytes of a text of one byte a character, so that their order is that of the number.
fn prefix(text: &[u8]) -> u64 {
    let mut head = [0; 8];
    let n = text.len().min(8);
    head[..n].copy_from_slice(&text[..n]);
    u64::from_be_bytes(head)
}

fn narrow_text(v: &Value) -> Option<(u64, &[u8])> {
    match v.downcast_ref::<Str>()?.text() {
        TextRef::One(bytes) => Some((prefix(bytes), bytes)),
        _ => None,
    }
}

fn float_key(v: &Value) -> Option<f64> {
    v.as_float().filter(|x| !x.is_nan())
}

fn float_order(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or(Ordering::Equal)
}

/// Sorts tuples by a key of their first items; only where those are equal are the tuples compared as such.
fn sort_tuples<K: Copy>(
    vm: &Vm,
    mut items: Vec<Keyed<K>>,
    keys: &[Value],
    order: impl Fn(K, K) -> Ordering,
) -> (PyResult<()>, Vec<usize>) {
    let result = powersort::sort(&mut items, &mut |a, b| match order(a.key, b.key) {
        Ordering::Less => Ok(true),
        Ordering::Greater => Ok(false),
        Ordering::Equal => match (keys.get(a.at), keys.get(b.at)) {
            (Some(x), Some(y)) => less(vm, Kind::Tuple, Kind::Other, x, y),
            _ => Ok(false),
        },
    });
    (result, positions(items))
}

/// The positions of the keys in their order. On failure they are in some order.
fn sorted_positions(vm: &Vm, keys: &[Value]) -> (PyResult<()>, Vec<usize>) {
    let kind = common_kind(vm, keys.iter());
    let count = keys.len();
    let get = |i: usize| keys.get(i);
    // Nobody sees comparisons of ints, strings and floats; where their order is total, any stable sort gives the same.
    match kind {
        Kind::SmallInt => {
            if let Some(mut items) = keyed(count, |i| get(i)?.as_small_int()) {
                items.sort_by_key(|x| x.key);
                return (Ok(()), positions(items));
            }
        }
        Kind::Float => {
            if let Some(mut items) = keyed(count, |i| float_key(get(i)?)) {
                items.sort_by(|x, y| float_order(x.key, y.key));
                return (Ok(()), positions(items));
            }
        }
        Kind::Str => {
            if let Some(mut items) = keyed(count, |i| narrow_text(get(i)?)) {
                items.sort_by(|x, y| x.key.cmp(&y.key));
                return (Ok(()), positions(items));
            }
            let mut items: Vec<usize> = (0..count).collect();
            items.sort_by(|&x, &y| match (get(x), get(y)) {
                (Some(x), Some(y)) => text_order(x, y),
                _ => Ordering::Equal,
            });
            return (Ok(()), items);
        }
        Kind::Tuple => {
            let first = |i: usize| get(i)?.downcast_ref::<Tuple>()?.as_slice().first();
            if (0..count).all(|i| first(i).is_some()) {
                match common_kind(vm, (0..count).filter_map(first)) {
                    Kind::SmallInt => {
                        if let Some(items) = keyed(count, |i| first(i)?.as_small_int()) {
                            return sort_tuples(vm, items, keys, |a, b| a.cmp(&b));
                        }
                    }
                    Kind::Float => {
                        if let Some(items) = keyed(count, |i| float_key(first(i)?)) {
                            return sort_tuples(vm, items, keys, float_order);
                        }
                    }
                    Kind::Str => {
                        if let Some(items) = keyed(count, |i| narrow_text(first(i)?)) {
                            return sort_tuples(vm, items, keys, |a, b| a.cmp(&b));
                        }
                    }
                    Kind::Tuple | Kind::Other => {}
                }
            }
        }
        Kind::Other => {}
    }
    let mut items: Vec<usize> = (0..count).collect();
    let result = powersort::sort(&mut items, &mut |a, b| match (get(a), get(b)) {
        (Some(x), Some(y)) => less(vm, kind, Kind::Other, x, y),
        _ => Ok(false),
    });
    (result, items)
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
    let mut keys = keys;
    if reverse {
        // Reversing before and after keeps the order of equal items.
        values.reverse();
        if let Some(keys) = &mut keys {
            keys.reverse();
        }
    }
    let (result, order) = sorted_positions(vm, keys.as_deref().unwrap_or(values));
    let mut places: Vec<Option<Value>> = values.drain(..).map(Some).collect();
    values.extend(
        order
            .into_iter()
            .filter_map(|at| places.get_mut(at).and_then(Option::take)),
    );
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
