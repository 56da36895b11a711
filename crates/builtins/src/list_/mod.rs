//! `list`: its methods and operators. The payload is in the object crate (`containers/list.rs`), sorting in `sort.rs`, the
//! iterators in `iter.rs`.

pub mod iter;
mod powersort;
pub mod sort;

pub use iter::{ListIter, ListReverseIter};

use std::cmp::Ordering;

use taipan_macros::pymethods;
use taipan_object::cell::VecCell;
use taipan_object::containers::slice::adjust;
use taipan_object::convert::SliceIndex;
use taipan_object::{
    Args, CompareOp, Dict, List, Payload, PyResult, Ref, Set, Str, Tuple, TypeObject, TypeSpec,
    Value, Vm,
};

use crate::Family;
use crate::util;

/// This folder's types.
pub const FAMILY: Family = Family {
    core: &[(|vm| &vm.types().list, &LIST)],
    types: &[&iter::LIST_ITER, &iter::LIST_REVERSE_ITER],
    init: None,
};

/// `list`
pub static LIST: TypeSpec = TypeSpec {
    doc: Some(
        "Built-in mutable sequence.\n\nIf no argument is given, the constructor creates a new empty list.\nThe argument must be an iterable if specified.",
    ),
    text_signature: Some("(iterable=(), /)"),
    parts: &[&LIST_METHODS],
    ..TypeSpec::new("list", "builtins", <List as Payload>::layout)
};

/// Adds the items of an iterable to the end of a list, one after another.
pub fn extend(vm: &Vm, list: &Ref<List>, iterable: &Value) -> PyResult<()> {
    let t = vm.types();
    let more =
        if util::is_exactly(vm, iterable, &t.list) || util::is_exactly(vm, iterable, &t.tuple) {
            vm.collect(iterable)?
        } else if util::is_exactly(vm, iterable, &t.dict)
            && let Some(d) = iterable.downcast_ref::<Dict>()
        {
            d.keys()
        } else if (util::is_exactly(vm, iterable, &t.set)
            || util::is_exactly(vm, iterable, &t.frozenset))
            && let Some(s) = iterable.downcast_ref::<Set>()
        {
            s.keys()
        } else {
            let it = vm.iter(iterable)?;
            let hint = vm.length_hint(iterable, 8)?;
            if list.capacity() == 0 && !list.reserve(hint) {
                return Err(vm.no_memory());
            }
            while let Some(v) = vm.next(&it)? {
                if !list.push(v) {
                    return Err(vm.no_memory());
                }
            }
            list.trim();
            return Ok(());
        };
    append_all(vm, list, more)
}

fn append_all(vm: &Vm, list: &VecCell, more: Vec<Value>) -> PyResult<()> {
    if more.is_empty() {
        return Ok(());
    }
    if list.capacity() == 0 {
        drop(list.replace(more));
        return Ok(());
    }
    match list.splice(usize::MAX, usize::MAX, more) {
        Some(_) => Ok(()),
        None => Err(vm.no_memory()),
    }
}

/// `items * n` in a new vector.
pub fn repeated(vm: &Vm, items: &[Value], n: isize) -> PyResult<Vec<Value>> {
    let n = n.max(0) as usize;
    let mut out = Vec::new();
    let Some(total) = items.len().checked_mul(n) else {
        return Err(vm.no_memory());
    };
    if out.try_reserve_exact(total).is_err() {
        return Err(vm.no_memory());
    }
    if let [one] = items {
        out.resize(n, one.clone());
    } else if !items.is_empty() {
        for _ in 0..n {
            out.extend_from_slice(items);
        }
    }
    Ok(out)
}

/// Compares two sequences whose items `a` and `b` give by position, as lists and tuples do. `equal_run` says how many pairs
/// from a position on are equal without asking Python.
pub fn compare_items(
    vm: &Vm,
    equal_run: impl Fn(usize) -> usize,
    a: impl Fn(usize) -> Option<Value>,
    b: impl Fn(usize) -> Option<Value>,
    lengths: impl Fn() -> (usize, usize),
    op: CompareOp,
) -> PyResult {
    let mut i = equal_run(0);
    while let (Some(x), Some(y)) = (a(i), b(i)) {
        if !vm.eq(&x, &y)? {
            // The comparison may have shortened a list: there is no differing pair then.
            let (n, m) = lengths();
            if i >= n || i >= m {
                break;
            }
            return match op {
                CompareOp::Eq => Ok(vm.bool(false)),
                CompareOp::Ne => Ok(vm.bool(true)),
                _ => vm.rich_compare(&x, &y, op),
            };
        }
        i += 1;
        i += equal_run(i);
    }
    let (n, m): (usize, usize) = lengths();
    let order: Ordering = n.cmp(&m);
    Ok(vm.bool(op.matches(order)))
}

fn index_type_error(vm: &Vm, key: &Value) -> taipan_object::Raised {
    util::type_error_for(vm, "list indices must be integers or slices, not ", key, "")
}

fn subscript(vm: &Vm, this: &Ref<List>, key: &Value) -> PyResult {
    if let Some(s) = util::as_slice(vm, key) {
        let r = s.range(vm, || this.len())?;
        if r.step == 1 {
            let start = r.start as usize;
            return Ok(vm
                .new_list(this.slice(start, start + r.count))?
                .into_value());
        }
        let items = this.slice_step(r.start as usize, r.step, r.count);
        return Ok(vm.new_list(items)?.into_value());
    }
    if !vm.has_index(key) {
        return Err(index_type_error(vm, key));
    }
    let i = util::position(vm, key)?;
    match util::wrap(i, this.len()).and_then(|i| this.get(i)) {
        Some(v) => Ok(v),
        None => Err(vm.index_error("list index out of range")),
    }
}

fn assign_item(vm: &Vm, this: &Ref<List>, i: Option<usize>, value: Option<&Value>) -> PyResult<()> {
    let done = i.and_then(|i| match value {
        Some(v) => this.set(i, v.clone()),
        None => this.remove(i),
    });
    match done {
        Some(_old) => Ok(()),
        None => Err(vm.index_error("list assignment index out of range")),
    }
}

fn assign_slice(
    vm: &Vm,
    this: &Ref<List>,
    slice: &taipan_object::Slice,
    value: Option<&Value>,
) -> PyResult<()> {
    let (start, stop, step) = slice.unpack(vm)?;
    let r = adjust(this.len(), start, stop, step);
    if r.step == 1 {
        let new = match value {
            Some(v) => util::collect_or(vm, v, "must assign iterable to extended slice")?,
            None => Vec::new(),
        };
        let start = r.start as usize;
        return match this.splice(start, start + r.count, new) {
            Some(_old) => Ok(()),
            None => Err(vm.no_memory()),
        };
    }
    let Some(value) = value else {
        if r.count == 0 {
            return Ok(());
        }
        let mut gone = r.ascending().positions().peekable();
        let (mut kept, mut removed) = (Vec::new(), Vec::with_capacity(r.count));
        for (i, v) in this.take().into_iter().enumerate() {
            if gone.next_if_eq(&i).is_some() {
                removed.push(v);
            } else {
                kept.push(v);
            }
        }
        drop(this.replace(kept));
        drop(removed);
        return Ok(());
    };
    let new = util::collect_or(vm, value, "must assign iterable to extended slice")?;
    // The iterable's code may have changed the list.
    let r = adjust(this.len(), start, stop, step);
    if new.len() != r.count {
        return Err(vm.value_error(&format!(
            "attempt to assign sequence of size {} to extended slice of size {}",
            new.len(),
            r.count
        )));
    }
    let old: Vec<Option<Value>> = r
        .positions()
        .zip(new)
        .map(|(i, v)| this.set(i, v))
        .collect();
    drop(old);
    Ok(())
}

/// Holder of the methods of `list`.
pub struct ListMethods;

#[pymethods(LIST_METHODS)]
impl ListMethods {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<List>> {
        let _ = args;
        vm.new_object(
            cls,
            List {
                items: VecCell::new(Vec::new()),
            },
        )
    }

    #[pyslot(name = "list", params = "(iterable=(), /)")]
    fn tp_init(vm: &Vm, this: &Ref<List>, iterable: Option<&Value>) -> PyResult<()> {
        if !this.is_empty() {
            drop(this.take());
        }
        match iterable {
            Some(v) => extend(vm, this, v),
            None => Ok(()),
        }
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<List>) -> PyResult<Ref<Str>> {
        if this.is_empty() {
            return vm.new_str("[]");
        }
        util::guarded_repr(vm, this.as_value(), "[...]", |out| {
            out.push_str("[");
            let mut i = 0;
            while let Some(v) = this.get(i) {
                if i != 0 {
                    out.push_str(", ");
                }
                util::push_repr(vm, out, &v)?;
                i += 1;
            }
            out.push_str("]");
            Ok(())
        })
    }

    #[pyslot]
    fn tp_richcompare(vm: &Vm, this: &Ref<List>, other: &Value, op: CompareOp) -> PyResult {
        let Some(other) = other.downcast_ref::<List>() else {
            return Ok(vm.not_implemented());
        };
        if this.len() != other.len() && matches!(op, CompareOp::Eq | CompareOp::Ne) {
            return Ok(vm.bool(op == CompareOp::Ne));
        }
        compare_items(
            vm,
            |i| this.equal_run(vm, other, i),
            |i| this.get(i),
            |i| other.get(i),
            || (this.len(), other.len()),
            op,
        )
    }

    #[pyslot]
    fn tp_iter(vm: &Vm, this: &Ref<List>) -> PyResult<Ref<ListIter>> {
        vm.new(ListIter::new(this.clone()))
    }

    #[pyslot]
    fn sq_length(this: &Ref<List>) -> usize {
        this.len()
    }

    #[pyslot]
    fn mp_length(this: &Ref<List>) -> usize {
        this.len()
    }

    #[pyslot]
    fn sq_concat(vm: &Vm, this: &Ref<List>, other: &Value) -> PyResult<Ref<List>> {
        let Some(other) = other.downcast_ref::<List>() else {
            return Err(util::type_error_for(
                vm,
                "can only concatenate list (not \"",
                other,
                "\") to list",
            ));
        };
        match this.concat(other) {
            Some(items) => vm.new_list(items),
            None => Err(vm.no_memory()),
        }
    }

    #[pyslot]
    fn sq_repeat(vm: &Vm, this: &Ref<List>, n: isize) -> PyResult<Ref<List>> {
        vm.new_list(repeated(vm, &this.to_vec(), n)?)
    }

    #[pyslot]
    fn sq_inplace_concat(vm: &Vm, this: &Ref<List>, other: &Value) -> PyResult<Ref<List>> {
        extend(vm, this, other)?;
        Ok(this.clone())
    }

    #[pyslot]
    fn sq_inplace_repeat(vm: &Vm, this: &Ref<List>, n: isize) -> PyResult<Ref<List>> {
        if n != 1 && !this.is_empty() {
            let items = repeated(vm, &this.to_vec(), n)?;
            drop(this.replace(items));
        }
        Ok(this.clone())
    }

    #[pyslot]
    fn sq_item(vm: &Vm, this: &Ref<List>, i: isize) -> PyResult {
        match usize::try_from(i).ok().and_then(|i| this.get(i)) {
            Some(v) => Ok(v),
            None => Err(vm.index_error("list index out of range")),
        }
    }

    #[pyslot]
    fn sq_ass_item(vm: &Vm, this: &Ref<List>, i: isize, value: Option<&Value>) -> PyResult<()> {
        assign_item(vm, this, usize::try_from(i).ok(), value)
    }

    #[pyslot]
    fn sq_contains(vm: &Vm, this: &Ref<List>, value: &Value) -> PyResult<bool> {
        let mut i = 0;
        while let Some(v) = this.get(i) {
            if vm.eq(&v, value)? {
                return Ok(true);
            }
            i += 1;
        }
        Ok(false)
    }

    #[pyslot]
    fn mp_subscript(vm: &Vm, this: &Ref<List>, key: &Value) -> PyResult {
        subscript(vm, this, key)
    }

    #[pyslot]
    fn mp_ass_subscript(
        vm: &Vm,
        this: &Ref<List>,
        key: &Value,
        value: Option<&Value>,
    ) -> PyResult<()> {
        if let Some(s) = util::as_slice(vm, key) {
            return assign_slice(vm, this, s, value);
        }
        if !vm.has_index(key) {
            return Err(index_type_error(vm, key));
        }
        let i = util::position(vm, key)?;
        assign_item(vm, this, util::wrap(i, this.len()), value)
    }

    /// Return self[index].
    #[pymethod(sig = "($self, index, /)")]
    fn __getitem__(vm: &Vm, this: &Ref<List>, index: &Value) -> PyResult {
        subscript(vm, this, index)
    }

    /// Return a reverse iterator over the list.
    #[pymethod(sig = "($self, /)")]
    fn __reversed__(vm: &Vm, this: &Ref<List>) -> PyResult<Ref<ListReverseIter>> {
        vm.new(ListReverseIter::new(this.clone()))
    }

    /// Return the size of the list in memory, in bytes.
    #[pymethod(sig = "($self, /)")]
    fn __sizeof__(this: &Ref<List>) -> usize {
        40 + 8 * this.capacity()
    }

    /// Remove all items from list.
    #[pymethod(sig = "($self, /)")]
    fn clear(this: &Ref<List>) {
        drop(this.take());
    }

    /// Return a shallow copy of the list.
    #[pymethod(sig = "($self, /)")]
    fn copy(vm: &Vm, this: &Ref<List>) -> PyResult<Ref<List>> {
        vm.new_list(this.to_vec())
    }

    /// Append object to the end of the list.
    #[pymethod(sig = "($self, object, /)")]
    fn append(vm: &Vm, this: &Ref<List>, object: &Value) -> PyResult<()> {
        if this.push(object.clone()) {
            Ok(())
        } else {
            Err(vm.no_memory())
        }
    }

    /// Insert object before index.
    #[pymethod(sig = "($self, index, object, /)")]
    fn insert(vm: &Vm, this: &Ref<List>, index: isize, object: &Value) -> PyResult<()> {
        if this.insert(util::clamp_start(index, this.len()), object.clone()) {
            Ok(())
        } else {
            Err(vm.no_memory())
        }
    }

    /// Extend list by appending elements from the iterable.
    #[pymethod(sig = "($self, iterable, /)")]
    fn extend(vm: &Vm, this: &Ref<List>, iterable: &Value) -> PyResult<()> {
        extend(vm, this, iterable)
    }

    /// Remove and return item at index (default last).
    ///
    /// Raises IndexError if list is empty or index is out of range.
    #[pymethod(sig = "($self, index=-1, /)")]
    fn pop(vm: &Vm, this: &Ref<List>, index: isize) -> PyResult {
        let n = this.len();
        if n == 0 {
            return Err(vm.index_error("pop from empty list"));
        }
        let item = match util::wrap(index, n) {
            Some(i) if i + 1 == n => this.pop(),
            Some(i) => this.remove(i),
            None => None,
        };
        item.ok_or_else(|| vm.index_error("pop index out of range"))
    }

    /// Remove first occurrence of value.
    ///
    /// Raises ValueError if the value is not present.
    #[pymethod(sig = "($self, value, /)")]
    fn remove(vm: &Vm, this: &Ref<List>, value: &Value) -> PyResult<()> {
        let mut i = 0;
        while let Some(v) = this.get(i) {
            if vm.eq(&v, value)? {
                drop(this.remove(i));
                return Ok(());
            }
            i += 1;
        }
        Err(vm.value_error("list.remove(x): x not in list"))
    }

    /// Return first index of value.
    ///
    /// Raises ValueError if the value is not present.
    #[pymethod(sig = "($self, value, start=0, stop=sys.maxsize, /)")]
    fn index(
        vm: &Vm,
        this: &Ref<List>,
        value: &Value,
        start: SliceIndex,
        stop: SliceIndex,
    ) -> PyResult<usize> {
        let n = this.len();
        let (mut i, stop) = (util::clamp_start(start.0, n), util::clamp_start(stop.0, n));
        while i < stop
            && let Some(v) = this.get(i)
        {
            if vm.eq(&v, value)? {
                return Ok(i);
            }
            i += 1;
        }
        Err(vm.value_error("list.index(x): x not in list"))
    }

    /// Return number of occurrences of value.
    #[pymethod(sig = "($self, value, /)")]
    fn count(vm: &Vm, this: &Ref<List>, value: &Value) -> PyResult<usize> {
        let (mut i, mut n) = (0, 0);
        while let Some(v) = this.get(i) {
            n += usize::from(vm.eq(&v, value)?);
            i += 1;
        }
        Ok(n)
    }

    /// Reverse *IN PLACE*.
    #[pymethod(sig = "($self, /)")]
    fn reverse(this: &Ref<List>) {
        this.reverse();
    }

    /// Sort the list in ascending order and return None.
    ///
    /// The sort is in-place and stable. If a key function is given, apply it once to each list item and sort by the results.
    /// The reverse flag can be set to sort in descending order.
    #[pymethod(sig = "($self, /, *, key=None, reverse=False)")]
    fn sort(vm: &Vm, this: &Ref<List>, key: Option<Value>, reverse: bool) -> PyResult<()> {
        let key = key.filter(|k| !vm.is_none(k));
        sort::sort_list(vm, this, key.as_ref(), reverse)
    }

    /// See PEP 585
    #[classmethod(sig = "($type, object, /)")]
    fn __class_getitem__(vm: &Vm, cls: &Value, object: &Value) -> PyResult {
        vm.generic_alias(cls, object)
    }
}

/// The items of a list or tuple, or of any iterable collected into a vector (`PySequence_Fast`).
pub fn sequence_items(vm: &Vm, v: &Value, message: &str) -> PyResult<Vec<Value>> {
    if let Some(t) = v.downcast_ref::<Tuple>()
        && util::is_exactly(vm, v, &vm.types().tuple)
    {
        return Ok(t.as_slice().to_vec());
    }
    util::collect_or(vm, v, message)
}
