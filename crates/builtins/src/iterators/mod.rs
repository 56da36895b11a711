//! Iterators over other objects: `enumerate`, `zip`, `map`, `filter`, `reversed`, and the ones that `iter` makes of sequences
//! and of callables. Iterators of one container type are in that type's folder.

mod enumerate;
mod filter;
mod map;
mod nameless;
mod reversed;
mod zip;

pub use enumerate::Enumerate;
pub use filter::Filter;
pub use map::Map;
pub use nameless::CallIter;
pub use reversed::Reversed;
pub use zip::Zip;

use taipan_object::bind::{check_keyword_count, no_such_keyword};
use taipan_object::{Args, PyResult, Value, Vm};

use crate::Family;
use crate::list_::ListIter;

/// The next item of an iterator. Most are lists' iterators: they are asked directly.
#[inline(always)]
fn next(vm: &Vm, it: &Value) -> PyResult<Option<Value>> {
    match it.downcast_same::<ListIter>() {
        Some(it) => Ok(it.next()),
        None => vm.next(it),
    }
}

/// This folder's types.
pub const FAMILY: Family = Family {
    core: &[],
    types: &[
        &enumerate::ENUMERATE,
        &zip::ZIP,
        &map::MAP,
        &filter::FILTER,
        &reversed::REVERSED,
        &nameless::ITERATOR,
        &nameless::CALLABLE_ITERATOR,
    ],
    init: None,
};

/// The keyword `strict`, the only one that `zip` and `map` take.
fn strict_keyword(vm: &Vm, name: &str, args: &Args<'_>) -> PyResult<bool> {
    check_keyword_count(vm, name, args.keyword_count(), 1)?;
    let mut strict = false;
    for (k, v) in args.keywords() {
        if !k.eq_str("strict") {
            let (shown, known) = (format!("{name}()"), ["strict"]);
            return Err(no_such_keyword(vm, &shown, &k, known.into_iter()));
        }
        strict = vm.is_true(v)?;
    }
    Ok(strict)
}

/// Iterators over all of `values`.
fn iterators(vm: &Vm, values: &[Value]) -> PyResult<Vec<Value>> {
    values.iter().map(|v| vm.iter(v)).collect()
}

/// Fills `out` with the next item of each iterator; false at the end of any. With `strict`, all must end together.
fn next_of_all(
    vm: &Vm,
    name: &str,
    iters: &[Value],
    strict: bool,
    out: &mut Vec<Value>,
) -> PyResult<bool> {
    for (i, it) in iters.iter().enumerate() {
        match next(vm, it)? {
            Some(v) => out.push(v),
            None if strict => return ended(vm, name, iters, i),
            None => return Ok(false),
        }
    }
    Ok(true)
}

#[cold]
fn ended(vm: &Vm, name: &str, iters: &[Value], at: usize) -> PyResult<bool> {
    let complain = |i: usize, how: &str| {
        let before = if i == 1 {
            "argument 1".to_owned()
        } else {
            format!("arguments 1-{i}")
        };
        vm.value_error(&format!(
            "{name}() argument {} is {how} than {before}",
            i + 1
        ))
    };
    if at != 0 {
        return Err(complain(at, "shorter"));
    }
    for (i, it) in iters.iter().enumerate().skip(1) {
        if vm.next(it)?.is_some() {
            return Err(complain(i, "longer"));
        }
    }
    Ok(false)
}
