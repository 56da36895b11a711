//! Interior mutability for payloads. No reference into a cell ever leaves it, so nothing mutable can be borrowed
//! across code that may run Python: `get` clones, `set` gives the old content back for the caller to drop last.

use std::cell::UnsafeCell;

use crate::reference::{Payload, Ref};
use crate::value::{Value, append_copies, copies};

/// Types whose `clone` only counts references and so cannot run Python code.
///
/// # Safety
/// `clone` must not run Python code nor touch any [`PyCell`].
pub unsafe trait PlainClone: Clone {}

// SAFETY: cloning a value counts a reference.
unsafe impl PlainClone for Value {}
// SAFETY: as for `Value`.
unsafe impl<T: Payload> PlainClone for Ref<T> {}
// SAFETY: at most one value.
unsafe impl<T: PlainClone> PlainClone for Option<T> {}
// SAFETY: two values.
unsafe impl<A: PlainClone, B: PlainClone> PlainClone for (A, B) {}
// SAFETY: a shared pointer's clone counts a reference.
unsafe impl<T: ?Sized> PlainClone for std::rc::Rc<T> {}

/// A mutable place for a reference.
#[repr(transparent)]
pub struct PyCell<T>(UnsafeCell<T>);

impl<T> PyCell<T> {
    /// A cell with this content.
    pub const fn new(v: T) -> PyCell<T> {
        PyCell(UnsafeCell::new(v))
    }

    /// Replaces the content; the old one is returned and should be dropped when the caller's invariants hold.
    #[inline(always)]
    #[must_use = "the old content may run a finalizer when dropped: drop it last"]
    pub fn replace(&self, v: T) -> T {
        // SAFETY: no reference into the cell exists outside of this module's short accesses, which run no foreign code.
        unsafe { std::mem::replace(&mut *self.0.get(), v) }
    }

    /// Replaces the content and drops the old one.
    #[inline(always)]
    pub fn set(&self, v: T) {
        drop(self.replace(v));
    }
}

impl<T: PlainClone> PyCell<T> {
    /// A copy of the content.
    #[inline(always)]
    pub fn get(&self) -> T {
        // SAFETY: as for `replace`; `PlainClone` promises that cloning runs no foreign code.
        unsafe { (*self.0.get()).clone() }
    }
}

impl<T> PyCell<Option<T>> {
    /// Takes the content out.
    #[inline(always)]
    pub fn take(&self) -> Option<T> {
        self.replace(None)
    }

    /// Whether there is content.
    #[inline(always)]
    pub fn is_some(&self) -> bool {
        // SAFETY: as for `replace`.
        unsafe { (*self.0.get()).is_some() }
    }
}

impl PyCell<Value> {
    /// Shows the content to the collector.
    pub fn visit(&self, visit: &mut crate::reference::Visitor<'_>) {
        // SAFETY: the collector runs no Python code while it visits.
        visit(unsafe { &*self.0.get() });
    }
}

impl PyCell<Option<Value>> {
    /// Shows the content to the collector.
    pub fn visit(&self, visit: &mut crate::reference::Visitor<'_>) {
        // SAFETY: as above.
        if let Some(v) = unsafe { &*self.0.get() } {
            visit(v);
        }
    }

    /// Identity of the content with `other`.
    pub fn holds(&self, other: &Value) -> bool {
        // SAFETY: as for `replace`.
        unsafe { (*self.0.get()).as_ref().is_some_and(|v| v.is(other)) }
    }
}

impl PyCell<Option<(Value, Value)>> {
    /// Shows both values to the collector.
    pub fn visit_pair(&self, visit: &mut crate::reference::Visitor<'_>) {
        // SAFETY: as above.
        if let Some((a, b)) = unsafe { &*self.0.get() } {
            visit(a);
            visit(b);
        }
    }
}

impl<T: Payload> PyCell<Ref<T>> {
    /// Shows the content to the collector.
    pub fn visit(&self, visit: &mut crate::reference::Visitor<'_>) {
        // SAFETY: as above.
        visit(unsafe { (*self.0.get()).as_value() });
    }
}

impl<T: Payload> PyCell<Ref<T>> {
    /// The object's address, uncounted.
    #[inline(always)]
    pub fn as_ptr(&self) -> *const crate::reference::Object<T> {
        // SAFETY: as for `replace`.
        unsafe { (*self.0.get()).as_ptr() }
    }
}

impl<T: Payload> PyCell<Option<Ref<T>>> {
    /// Looks at the object without counting it. The cell is empty meanwhile; what `f` puts into it is dropped.
    #[inline(always)]
    pub fn look<R>(&self, f: impl FnOnce(&T) -> R) -> Option<R> {
        let held = self.replace(None);
        let result = held.as_ref().map(|r| f(r));
        drop(self.replace(held));
        result
    }

    /// The object's address, uncounted.
    #[inline(always)]
    pub fn peek(&self) -> Option<*const crate::reference::Object<T>> {
        // SAFETY: as for `replace`.
        unsafe { (*self.0.get()).as_ref().map(Ref::as_ptr) }
    }

    /// Shows the content to the collector.
    pub fn visit(&self, visit: &mut crate::reference::Visitor<'_>) {
        // SAFETY: as above.
        if let Some(v) = unsafe { &*self.0.get() } {
            visit(v.as_value());
        }
    }
}

/// Copies of items of a slice, from `start` on, each `step` places behind the last, up to `count` of them.
pub fn pick(items: &[Value], start: usize, step: isize, count: usize) -> Vec<Value> {
    let (Some(last), true) = (count.checked_sub(1), count <= items.len()) else {
        return Vec::new();
    };
    let size = step.unsigned_abs().max(1);
    if step < 0 {
        let low = start.saturating_sub(last.saturating_mul(size));
        let part = items.get(low..=start).unwrap_or_default();
        part.iter().rev().step_by(size).cloned().collect()
    } else {
        let high = start.saturating_add(last.saturating_mul(size));
        let part = items.get(start..=high).unwrap_or_default();
        part.iter().step_by(size).cloned().collect()
    }
}

/// A mutable sequence of values with the same discipline as [`PyCell`]: items are cloned out, replaced items are given back.
pub struct VecCell(UnsafeCell<Vec<Value>>);

impl VecCell {
    /// A cell with these items.
    pub const fn new(v: Vec<Value>) -> VecCell {
        VecCell(UnsafeCell::new(v))
    }

    #[inline(always)]
    fn vec(&self) -> &Vec<Value> {
        // SAFETY: methods of this type let no reference out across foreign code, and never hold a unique one meanwhile.
        unsafe { &*self.0.get() }
    }

    #[inline(always)]
    #[allow(
        clippy::mut_from_ref,
        reason = "private, and each use ends before foreign code can run"
    )]
    fn vec_mut(&self) -> &mut Vec<Value> {
        // SAFETY: as for `vec`; callers below end the borrow before anything is dropped.
        unsafe { &mut *self.0.get() }
    }

    /// Number of items.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.vec().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.vec().is_empty()
    }

    /// Allocated room, in items.
    pub fn capacity(&self) -> usize {
        self.vec().capacity()
    }

    /// A copy of an item.
    #[inline(always)]
    pub fn get(&self, i: usize) -> Option<Value> {
        self.vec().get(i).cloned()
    }

    /// The address of the items, for the interpreter's fast paths; invalid after any change.
    #[inline(always)]
    pub fn as_ptr(&self) -> *const Value {
        self.vec().as_ptr()
    }

    /// Replaces an item and gives the old one back; `None` (and the new one dropped) when there is no such place.
    #[inline(always)]
    pub fn set(&self, i: usize, v: Value) -> Option<Value> {
        match self.vec_mut().get_mut(i) {
            Some(place) => Some(std::mem::replace(place, v)),
            None => None,
        }
    }

    /// Appends; false (and the value dropped) when memory is exhausted.
    #[inline(always)]
    pub fn push(&self, v: Value) -> bool {
        let vec = self.vec_mut();
        if vec.len() == vec.capacity() && !Self::grow(vec) {
            return false;
        }
        vec.push(v);
        true
    }

    /// Makes room for `n` more, and no more than that; false when memory is exhausted.
    pub fn reserve(&self, n: usize) -> bool {
        self.vec_mut().try_reserve_exact(n).is_ok()
    }

    /// Gives back room that is far from being used.
    pub fn trim(&self) {
        let vec = self.vec_mut();
        if vec.len() + (vec.len() >> 3) + 6 < vec.capacity() {
            vec.shrink_to_fit();
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(vec: &mut Vec<Value>) -> bool {
        // Grows by an eighth and a little, as CPython's lists do.
        let n = vec.len();
        let more = (n >> 3) + 4 + (n < 9) as usize * 2;
        vec.try_reserve_exact(more).is_ok()
    }

    /// Removes and gives the last item.
    #[inline(always)]
    pub fn pop(&self) -> Option<Value> {
        self.vec_mut().pop()
    }

    /// Inserts before `i` (clamped to the end); false when memory is exhausted.
    pub fn insert(&self, i: usize, v: Value) -> bool {
        let vec = self.vec_mut();
        if vec.len() == vec.capacity() && !Self::grow(vec) {
            return false;
        }
        let i = i.min(vec.len());
        vec.insert(i, v);
        true
    }

    /// Removes and gives item `i`.
    pub fn remove(&self, i: usize) -> Option<Value> {
        let vec = self.vec_mut();
        if i < vec.len() {
            Some(vec.remove(i))
        } else {
            None
        }
    }

    /// Replaces `range` (clamped) by `new`; gives the removed items. `None` when memory is exhausted.
    #[must_use = "the removed items may run finalizers when dropped: drop them last"]
    pub fn splice(&self, start: usize, end: usize, new: Vec<Value>) -> Option<Vec<Value>> {
        let vec = self.vec_mut();
        let end = end.min(vec.len());
        let start = start.min(end);
        if end == vec.len() {
            // At the end, nothing moves.
            vec.try_reserve(new.len()).ok()?;
            let removed = if start == end {
                Vec::new()
            } else {
                vec.split_off(start)
            };
            vec.extend(new);
            return Some(removed);
        }
        if new.is_empty() {
            return Some(vec.drain(start..end).collect());
        }
        vec.try_reserve(new.len()).ok()?;
        Some(vec.splice(start..end, new).collect())
    }

    /// As [`VecCell::splice`]; cheaper when the number of items stays the same.
    #[must_use = "the removed items may run finalizers when dropped: drop them last"]
    pub fn replace_range(
        &self,
        start: usize,
        end: usize,
        mut new: Vec<Value>,
    ) -> Option<Vec<Value>> {
        let vec = self.vec_mut();
        match vec.get_mut(start..end) {
            Some(old) if old.len() == new.len() => {
                old.swap_with_slice(&mut new);
                Some(new)
            }
            _ => self.splice(start, end, new),
        }
    }

    /// Takes all items out, leaving none.
    #[must_use = "the items may run finalizers when dropped: drop them last"]
    pub fn take(&self) -> Vec<Value> {
        std::mem::take(self.vec_mut())
    }

    /// Puts items in place of all that are there, giving those.
    #[must_use = "the items may run finalizers when dropped: drop them last"]
    pub fn replace(&self, v: Vec<Value>) -> Vec<Value> {
        std::mem::replace(self.vec_mut(), v)
    }

    /// Copies of all items.
    pub fn to_vec(&self) -> Vec<Value> {
        copies(self.vec())
    }

    /// A tuple of all items.
    pub fn to_tuple(&self, vm: &crate::Vm) -> crate::PyResult<Ref<crate::Tuple>> {
        // No code runs while a tuple is made.
        vm.new_tuple_from(self.vec())
    }

    /// Copies of the items in `start..end` (clamped).
    pub fn slice(&self, start: usize, end: usize) -> Vec<Value> {
        let vec = self.vec();
        let end = end.min(vec.len());
        vec.get(start.min(end)..end).map(copies).unwrap_or_default()
    }

    /// Copies of all items and of those of another. `None` when memory is exhausted.
    pub fn concat(&self, other: &VecCell) -> Option<Vec<Value>> {
        let (a, b) = (self.vec(), other.vec());
        let mut out = Vec::new();
        out.try_reserve_exact(a.len().checked_add(b.len())?).ok()?;
        append_copies(&mut out, a);
        append_copies(&mut out, b);
        Some(out)
    }

    /// Copies of items from `start` on, each `step` places behind the last, up to `count` of them.
    pub fn slice_step(&self, start: usize, step: isize, count: usize) -> Vec<Value> {
        pick(self.vec(), start, step, count)
    }

    /// Reverses in place.
    pub fn reverse(&self) {
        self.vec_mut().reverse();
    }

    /// Gives unused room back.
    pub fn shrink(&self) {
        self.vec_mut().shrink_to_fit();
    }

    /// [`crate::Vm::equal_run`] from position `from` on.
    pub fn equal_run(&self, vm: &crate::Vm, other: &VecCell, from: usize) -> usize {
        match (self.vec().get(from..), other.vec().get(from..)) {
            (Some(a), Some(b)) => vm.equal_run(a, b),
            _ => 0,
        }
    }

    /// Shows the items to the collector, or to code that runs no Python.
    pub fn visit(&self, visit: &mut crate::reference::Visitor<'_>) {
        self.each(visit);
    }

    /// [`VecCell::visit`] without an indirect call.
    #[inline(always)]
    pub(crate) fn each<F: FnMut(&Value) + ?Sized>(&self, f: &mut F) {
        self.vec().iter().for_each(f);
    }
}
