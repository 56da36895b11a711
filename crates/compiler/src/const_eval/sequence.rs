//! Operators of str, bytes and tuple: joining, repeating, items and slices.

use dashu_int::IBig;
use std::rc::Rc;
use taipan_bytecode::Constant;
use taipan_wtf8::Wtf8Buf;

/// The most items of a tuple that folding makes by repeating.
const MAX_COLLECTION_SIZE: usize = 256;
/// The most characters or bytes that folding makes by repeating.
const MAX_STR_SIZE: usize = 4096;
/// The most items, nested ones included, that folding makes by repeating.
const MAX_TOTAL_ITEMS: i64 = 1024;

pub(super) fn concatenate(left: &Constant, right: &Constant) -> Option<Constant> {
    match (left, right) {
        (Constant::Str(a), Constant::Str(b)) => {
            let mut text = a.text.clone();
            text.push_wtf8(&b.text);
            Some(Constant::str(text))
        }
        (Constant::Bytes(a), Constant::Bytes(b)) => {
            Some(Constant::Bytes(Rc::from([&a[..], &b[..]].concat())))
        }
        (Constant::Tuple(a), Constant::Tuple(b)) => {
            Some(Constant::tuple([&a[..], &b[..]].concat()))
        }
        _ => None,
    }
}

/// The room that is left of `limit` after the items of a nested tuple are counted; `None` once there is none.
fn room(constant: &Constant, limit: i64) -> Option<i64> {
    let Constant::Tuple(items) = constant else {
        return Some(limit);
    };
    let mut limit = limit - items.len() as i64;
    for item in items.iter() {
        if limit < 0 {
            return None;
        }
        limit = room(item, limit)?;
    }
    (limit >= 0).then_some(limit)
}

pub(super) fn repeat(sequence: &Constant, count: &IBig) -> Option<Constant> {
    let (size, limit) = match sequence {
        Constant::Tuple(items) => (items.len(), MAX_COLLECTION_SIZE),
        Constant::Str(text) => (text.text.len(), MAX_STR_SIZE),
        Constant::Bytes(bytes) => (bytes.len(), MAX_STR_SIZE),
        _ => return None,
    };
    if size == 0 {
        return Some(sequence.clone());
    }
    let count = usize::try_from(count).ok()?;
    if count > limit / size {
        return None;
    }
    match sequence {
        Constant::Tuple(items) => {
            if count > 0 {
                room(sequence, MAX_TOTAL_ITEMS / count as i64)?;
            }
            let repeated = (0..count).flat_map(|_| items.iter().cloned());
            Some(Constant::tuple(repeated.collect()))
        }
        Constant::Str(text) => {
            let mut out = Wtf8Buf::new();
            for _ in 0..count {
                out.push_wtf8(&text.text);
            }
            Some(Constant::str(out))
        }
        Constant::Bytes(bytes) => Some(Constant::Bytes(Rc::from(bytes.repeat(count)))),
        _ => None,
    }
}

/// The positions that a subscript means in a sequence of this length; `None` if it raises.
enum Positions {
    One(usize),
    Many(Vec<usize>),
}

fn as_int(constant: &Constant) -> Option<IBig> {
    match constant {
        Constant::Int(value) => Some((**value).clone()),
        Constant::True => Some(IBig::ONE),
        Constant::False => Some(IBig::ZERO),
        _ => None,
    }
}

/// An int as Python's sequence methods take it: far-off values stand for the ends.
fn clamp(value: &IBig) -> i64 {
    match i64::try_from(value) {
        Ok(value) => value.clamp(-(1 << 62), 1 << 62),
        Err(_) if *value < IBig::ZERO => -(1 << 62),
        Err(_) => 1 << 62,
    }
}

fn positions(subscript: &Constant, length: usize) -> Option<Positions> {
    let size = length as i64;
    let Constant::Slice(parts) = subscript else {
        let index = i64::try_from(&as_int(subscript)?).ok()?;
        let index = if index < 0 {
            index.checked_add(size)?
        } else {
            index
        };
        let index = usize::try_from(index).ok()?;
        return (index < length).then_some(Positions::One(index));
    };
    let part = |constant: &Constant| match constant {
        Constant::None => Some(None),
        other => Some(Some(clamp(&as_int(other)?))),
    };
    let step = part(&parts[2])?.unwrap_or(1);
    if step == 0 {
        return None;
    }
    let (low, high) = if step < 0 { (-1, size - 1) } else { (0, size) };
    let place = |value: Option<i64>, default: i64| match value {
        None => default,
        Some(value) if value < 0 => (value + size).max(low),
        Some(value) => value.min(high),
    };
    let mut at = place(part(&parts[0])?, if step < 0 { high } else { low });
    let stop = place(part(&parts[1])?, if step < 0 { low } else { high });
    let mut chosen = Vec::new();
    while if step < 0 { at > stop } else { at < stop } {
        chosen.push(usize::try_from(at).ok()?);
        at += step;
    }
    Some(Positions::Many(chosen))
}

pub(super) fn item(sequence: &Constant, subscript: &Constant) -> Option<Constant> {
    match sequence {
        Constant::Str(text) => {
            let points: Vec<u32> = text.text.code_points().collect();
            let chosen = match positions(subscript, points.len())? {
                Positions::One(index) => vec![index],
                Positions::Many(chosen) => chosen,
            };
            let text: Wtf8Buf = chosen
                .iter()
                .filter_map(|i| points.get(*i).copied())
                .collect();
            Some(Constant::str(text))
        }
        Constant::Bytes(bytes) => match positions(subscript, bytes.len())? {
            Positions::One(index) => Some(Constant::int(*bytes.get(index)?)),
            Positions::Many(chosen) => {
                let bytes: Vec<u8> = chosen
                    .iter()
                    .filter_map(|i| bytes.get(*i).copied())
                    .collect();
                Some(Constant::Bytes(Rc::from(bytes)))
            }
        },
        Constant::Tuple(items) => match positions(subscript, items.len())? {
            Positions::One(index) => items.get(index).cloned(),
            Positions::Many(chosen) => Some(Constant::tuple(
                chosen
                    .iter()
                    .filter_map(|i| items.get(*i).cloned())
                    .collect(),
            )),
        },
        _ => None,
    }
}
