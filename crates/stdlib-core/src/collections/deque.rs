//! `deque`. Its items are in a ring buffer; no borrow of it lasts while items are compared, shown or dropped, and
//! a counter of changes lets iterators and searches notice what happened meanwhile. Iterators are in `deque_iter.rs`.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use taipan_builtins::util;
use taipan_macros::pymethods;
use taipan_object::convert::SliceIndex;
use taipan_object::{
    CompareOp, Payload, PyResult, Raised, Ref, Str, Traverse, TypeObject, TypeSpec, Value, Visitor,
    Vm, payload, tpflags,
};

use super::deque_iter::{DequeIter, DequeReverseIter};

/// The payload of `deque`.
pub struct Deque {
    items: RefCell<VecDeque<Value>>,
    maxlen: Cell<Option<usize>>,
    changes: Cell<u64>,
}

payload!(Deque, gc);

impl Traverse for Deque {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        for v in self.items.borrow().iter() {
            visit(v);
        }
    }
    fn clear(&self) {
        drop(self.take());
    }
}

/// `deque`
pub static DEQUE: TypeSpec = TypeSpec {
    doc: Some("A list-like sequence optimized for data accesses near its endpoints."),
    text_signature: Some("([iterable[, maxlen]])"),
    flags: tpflags::BASETYPE | tpflags::SEQUENCE,
    has_weakref: true,
    parts: &[&DEQUE_METHODS],
    ..TypeSpec::new("deque", "collections", <Deque as Payload>::layout)
};

#[cold]
fn mutated(vm: &Vm) -> Raised {
    vm.runtime_error("deque mutated during iteration")
}

#[cold]
fn out_of_range(vm: &Vm) -> Raised {
    vm.index_error("deque index out of range")
}

impl Deque {
    /// An empty deque.
    pub fn new(maxlen: Option<usize>) -> Deque {
        Deque {
            items: RefCell::new(VecDeque::new()),
            maxlen: Cell::new(maxlen),
            changes: Cell::new(0),
        }
    }

    /// Number of items.
    #[inline]
    pub fn len(&self) -> usize {
        self.items.borrow().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// A copy of an item.
    #[inline]
    pub fn get(&self, i: usize) -> Option<Value> {
        self.items.borrow().get(i).cloned()
    }

    /// How often items were added, removed or moved.
    #[inline]
    pub fn changes(&self) -> u64 {
        self.changes.get()
    }

    /// Copies of all items.
    pub fn to_vec(&self) -> Vec<Value> {
        self.items.borrow().iter().cloned().collect()
    }

    #[inline]
    fn changed(&self) {
        self.changes.set(self.changes.get().wrapping_add(1));
    }

    fn take(&self) -> VecDeque<Value> {
        self.changed();
        std::mem::take(&mut *self.items.borrow_mut())
    }

    #[inline]
    fn reserve(&self, vm: &Vm) -> PyResult<()> {
        let mut items = self.items.borrow_mut();
        if items.len() == items.capacity() && items.try_reserve(1).is_err() {
            return Err(vm.no_memory());
        }
        Ok(())
    }

    /// Appends at the right; a full deque loses its leftmost item.
    #[inline]
    pub fn push_right(&self, vm: &Vm, v: Value) -> PyResult<()> {
        self.reserve(vm)?;
        let mut items = self.items.borrow_mut();
        items.push_back(v);
        self.changed();
        let lost = match self.maxlen.get() {
            Some(max) if items.len() > max => items.pop_front(),
            _ => None,
        };
        drop(items);
        drop(lost);
        Ok(())
    }

    /// Appends at the left; a full deque loses its rightmost item.
    #[inline]
    pub fn push_left(&self, vm: &Vm, v: Value) -> PyResult<()> {
        self.reserve(vm)?;
        let mut items = self.items.borrow_mut();
        items.push_front(v);
        self.changed();
        let lost = match self.maxlen.get() {
            Some(max) if items.len() > max => items.pop_back(),
            _ => None,
        };
        drop(items);
        drop(lost);
        Ok(())
    }

    fn extend_with(
        this: &Ref<Deque>,
        vm: &Vm,
        iterable: &Value,
        push: fn(&Deque, &Vm, Value) -> PyResult<()>,
    ) -> PyResult<()> {
        if iterable.is(this.as_value()) {
            for v in this.to_vec() {
                push(this, vm, v)?;
            }
            return Ok(());
        }
        let mut items = vm.items(iterable)?;
        while let Some(v) = items.next(vm)? {
            if this.maxlen.get() != Some(0) {
                push(this, vm, v)?;
            }
        }
        Ok(())
    }

    /// The position of the first item equal to `v` in `range`; errors when the deque changes meanwhile.
    fn find(
        &self,
        vm: &Vm,
        v: &Value,
        range: std::ops::Range<usize>,
        changed: fn(&Vm) -> Raised,
    ) -> PyResult<Option<usize>> {
        let changes = self.changes();
        for i in range {
            let Some(item) = self.get(i) else {
                return Ok(None);
            };
            let equal = vm.eq(&item, v)?;
            if self.changes() != changes {
                return Err(changed(vm));
            }
            if equal {
                return Ok(Some(i));
            }
        }
        Ok(None)
    }

    /// Repeats the items `n` times in place, as far as `maxlen` lets the end of that be kept.
    fn repeat(&self, vm: &Vm, n: isize) -> PyResult<()> {
        let size = self.len();
        if size == 0 || n == 1 {
            return Ok(());
        }
        if n <= 0 {
            drop(self.take());
            return Ok(());
        }
        let Some(total) = size
            .checked_mul(n as usize)
            .filter(|&t| t <= isize::MAX as usize)
        else {
            return Err(vm.no_memory());
        };
        let kept = self.maxlen.get().map_or(total, |max| max.min(total));
        let items = self.to_vec();
        let mut new: VecDeque<Value> = VecDeque::new();
        if new.try_reserve(kept).is_err() {
            return Err(vm.no_memory());
        }
        let first = (total - kept) % size;
        new.extend(items.iter().cycle().skip(first).take(kept).cloned());
        self.changed();
        let old = std::mem::replace(&mut *self.items.borrow_mut(), new);
        drop(old);
        Ok(())
    }
}

/// A copy of the same type, made by calling the type unless it is `deque` itself.
fn copy(vm: &Vm, this: &Ref<Deque>) -> PyResult {
    let class = vm.class::<Deque>()?;
    if util::is_exactly(vm, this.as_value(), &class) {
        let new = vm.new(Deque::new(this.maxlen.get()))?;
        *new.items.borrow_mut() = this.to_vec().into();
        return Ok(new.into_value());
    }
    let ty = vm.type_of(this.as_value()).to_ref();
    let made = match this.maxlen.get() {
        None => vm.call1(ty.as_value(), this.as_value())?,
        Some(max) => vm.call_pos(
            ty.as_value(),
            &[this.as_value().clone(), vm.new_usize(max)?],
        )?,
    };
    if made.downcast_ref::<Deque>().is_none() {
        return Err(vm.type_error(&format!(
            "{}() must return a deque, not {}",
            ty.name.get().to_string_lossy(),
            vm.type_name(&made)
        )));
    }
    Ok(made)
}

fn compare(vm: &Vm, a: &Ref<Deque>, b: &Ref<Deque>, op: CompareOp) -> PyResult {
    let same = a.as_value().is(b.as_value());
    match op {
        CompareOp::Eq if same => return Ok(vm.bool(true)),
        CompareOp::Ne if same => return Ok(vm.bool(false)),
        CompareOp::Eq if a.len() != b.len() => return Ok(vm.bool(false)),
        CompareOp::Ne if a.len() != b.len() => return Ok(vm.bool(true)),
        _ => {}
    }
    let before = (a.changes(), b.changes());
    let mut i = 0;
    loop {
        let (x, y) = (a.get(i), b.get(i));
        let (Some(x), Some(y)) = (&x, &y) else {
            // One is a prefix of the other.
            return Ok(vm.bool(op.matches(x.is_some().cmp(&y.is_some()))));
        };
        if !vm.eq(x, y)? {
            return vm.rich_compare(x, y, op);
        }
        if (a.changes(), b.changes()) != before {
            return Err(mutated(vm));
        }
        i += 1;
    }
}

#[pymethods(DEQUE_METHODS)]
impl Deque {
    #[pyslot]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        args: taipan_object::Args<'_>,
    ) -> PyResult<Ref<Deque>> {
        let _ = args;
        vm.new_object(cls, Deque::new(None))
    }

    #[pyslot(name = "deque", params = "(iterable=<unrepresentable>, maxlen=None)")]
    fn tp_init(vm: &Vm, this: &Ref<Self>, iterable: Option<&Value>, maxlen: Value) -> PyResult<()> {
        let max = if vm.is_none(&maxlen) {
            None
        } else {
            let Some(i) = maxlen.as_int() else {
                return Err(vm.type_error("an integer is required"));
            };
            if i.is_negative() {
                return Err(vm.value_error("maxlen must be non-negative"));
            }
            Some(vm.index_isize_or_overflow(&maxlen)? as usize)
        };
        this.maxlen.set(max);
        if !this.is_empty() {
            drop(this.take());
        }
        match iterable {
            Some(v) => Deque::extend_with(this, vm, v, Deque::push_right),
            None => Ok(()),
        }
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Str>> {
        util::guarded_repr(vm, this.as_value(), "[...]", |out| {
            let list = vm.new_list(this.to_vec())?;
            out.push_str(&crate::util::bare_name(vm, this.as_value()));
            out.push_str("(");
            util::push_repr(vm, out, list.as_value())?;
            if let Some(max) = this.maxlen.get() {
                out.push_str(&format!(", maxlen={max}"));
            }
            out.push_str(")");
            Ok(())
        })
    }

    #[pyslot]
    fn tp_richcompare(vm: &Vm, this: &Ref<Self>, other: &Value, op: CompareOp) -> PyResult {
        match other.downcast_ref::<Deque>() {
            Some(other) => compare(vm, this, other, op),
            None => Ok(vm.not_implemented()),
        }
    }

    #[pyslot]
    fn tp_iter(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<DequeIter>> {
        vm.new(DequeIter::new(this))
    }

    #[pyslot]
    fn sq_length(&self) -> usize {
        self.len()
    }

    #[pyslot]
    fn sq_item(vm: &Vm, this: &Ref<Self>, i: isize) -> PyResult {
        usize::try_from(i)
            .ok()
            .and_then(|i| this.get(i))
            .ok_or_else(|| out_of_range(vm))
    }

    #[pyslot]
    fn sq_ass_item(vm: &Vm, this: &Ref<Self>, i: isize, value: Option<&Value>) -> PyResult<()> {
        let Some(i) = usize::try_from(i).ok().filter(|&i| i < this.len()) else {
            return Err(out_of_range(vm));
        };
        let old = match value {
            Some(v) => this
                .items
                .borrow_mut()
                .get_mut(i)
                .map(|place| std::mem::replace(place, v.clone())),
            None => {
                this.changed();
                this.items.borrow_mut().remove(i)
            }
        };
        drop(old);
        Ok(())
    }

    #[pyslot]
    fn sq_contains(vm: &Vm, this: &Ref<Self>, v: &Value) -> PyResult<bool> {
        Ok(this.find(vm, v, 0..this.len(), mutated)?.is_some())
    }

    #[pyslot]
    fn sq_concat(vm: &Vm, this: &Ref<Self>, other: &Value) -> PyResult {
        if other.downcast_ref::<Deque>().is_none() {
            return Err(vm.type_error(&format!(
                "can only concatenate deque (not \"{}\") to deque",
                vm.type_name(other)
            )));
        }
        let new = copy(vm, this)?;
        if let Some(d) = new.downcast_ref::<Deque>() {
            Deque::extend_with(d, vm, other, Deque::push_right)?;
        }
        Ok(new)
    }

    #[pyslot]
    fn sq_repeat(vm: &Vm, this: &Ref<Self>, n: isize) -> PyResult {
        let new = copy(vm, this)?;
        if let Some(d) = new.downcast_ref::<Deque>() {
            d.repeat(vm, n)?;
        }
        Ok(new)
    }

    #[pyslot]
    fn sq_inplace_concat(vm: &Vm, this: &Ref<Self>, other: &Value) -> PyResult<Ref<Self>> {
        Deque::extend_with(this, vm, other, Deque::push_right)?;
        Ok(this.clone())
    }

    #[pyslot]
    fn sq_inplace_repeat(vm: &Vm, this: &Ref<Self>, n: isize) -> PyResult<Ref<Self>> {
        this.repeat(vm, n)?;
        Ok(this.clone())
    }

    /// Add an element to the right side of the deque.
    #[pymethod(sig = "($self, item, /)")]
    fn append(&self, vm: &Vm, item: Value) -> PyResult<()> {
        self.push_right(vm, item)
    }

    /// Add an element to the left side of the deque.
    #[pymethod(sig = "($self, item, /)")]
    fn appendleft(&self, vm: &Vm, item: Value) -> PyResult<()> {
        self.push_left(vm, item)
    }

    /// Remove all elements from the deque.
    #[pymethod(sig = "($self, /)")]
    fn clear(&self) {
        drop(self.take());
    }

    /// Return a shallow copy of a deque.
    #[pymethod(name = "__copy__", sig = "($self, /)")]
    fn shallow_copy(vm: &Vm, this: &Ref<Self>) -> PyResult {
        copy(vm, this)
    }

    /// Return a shallow copy of a deque.
    #[pymethod(sig = "($self, /)", name = "copy")]
    fn copy_method(vm: &Vm, this: &Ref<Self>) -> PyResult {
        copy(vm, this)
    }

    /// Return number of occurrences of value.
    #[pymethod(sig = "($self, value, /)")]
    fn count(&self, vm: &Vm, value: &Value) -> PyResult<usize> {
        let (mut n, mut from, len) = (0, 0, self.len());
        while let Some(i) = self.find(vm, value, from..len, mutated)? {
            n += 1;
            from = i + 1;
        }
        Ok(n)
    }

    /// Extend the right side of the deque with elements from the iterable.
    #[pymethod(sig = "($self, iterable, /)")]
    fn extend(vm: &Vm, this: &Ref<Self>, iterable: &Value) -> PyResult<()> {
        Deque::extend_with(this, vm, iterable, Deque::push_right)
    }

    /// Extend the left side of the deque with elements from the iterable.
    #[pymethod(sig = "($self, iterable, /)")]
    fn extendleft(vm: &Vm, this: &Ref<Self>, iterable: &Value) -> PyResult<()> {
        Deque::extend_with(this, vm, iterable, Deque::push_left)
    }

    /// Return first index of value.
    ///
    /// Raises ValueError if the value is not present.
    #[pymethod(params = "($self, value, start=0, stop=sys.maxsize, /)")]
    fn index(
        &self,
        vm: &Vm,
        value: &Value,
        start: SliceIndex,
        stop: SliceIndex,
    ) -> PyResult<usize> {
        let len = self.len();
        let clamp = |i: isize| util::clamp_start(i, len).min(len);
        let (start, stop) = (clamp(start.0), clamp(stop.0));
        match self.find(vm, value, start..stop.max(start), mutated)? {
            Some(i) => Ok(i),
            None => Err(vm.value_error("deque.index(x): x not in deque")),
        }
    }

    /// Insert value before index.
    #[pymethod(sig = "($self, index, value, /)")]
    fn insert(&self, vm: &Vm, index: isize, value: Value) -> PyResult<()> {
        let len = self.len();
        if self.maxlen.get() == Some(len) {
            return Err(vm.index_error("deque already at its maximum size"));
        }
        self.reserve(vm)?;
        let at = util::clamp_start(index, len).min(len);
        self.items.borrow_mut().insert(at, value);
        self.changed();
        Ok(())
    }

    /// Remove and return the rightmost element.
    #[pymethod(sig = "($self, /)")]
    fn pop(&self, vm: &Vm) -> PyResult {
        self.changed();
        let last = self.items.borrow_mut().pop_back();
        last.ok_or_else(|| vm.index_error("pop from an empty deque"))
    }

    /// Remove and return the leftmost element.
    #[pymethod(sig = "($self, /)")]
    fn popleft(&self, vm: &Vm) -> PyResult {
        self.changed();
        let first = self.items.borrow_mut().pop_front();
        first.ok_or_else(|| vm.index_error("pop from an empty deque"))
    }

    /// Return state information for pickling.
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let v = this.as_value();
        let state = vm.call_method(v, &vm.names().__getstate__, &[])?;
        let it = vm.iter(v)?;
        let empty = vm.new_tuple(Vec::new())?.into_value();
        let args = match this.maxlen.get() {
            None => empty,
            Some(max) => util::tuple(vm, [empty, vm.new_usize(max)?])?,
        };
        let ty = vm.type_of(v).to_ref().into_value();
        util::tuple(vm, [ty, args, state, it])
    }

    /// Remove first occurrence of value.
    #[pymethod(sig = "($self, value, /)")]
    fn remove(&self, vm: &Vm, value: &Value) -> PyResult<()> {
        let changed = |vm: &Vm| vm.index_error("deque mutated during iteration");
        match self.find(vm, value, 0..self.len(), changed)? {
            Some(i) => {
                self.changed();
                let old = self.items.borrow_mut().remove(i);
                drop(old);
                Ok(())
            }
            None => Err(vm.value_error("deque.remove(x): x not in deque")),
        }
    }

    /// Return a reverse iterator over the deque.
    #[pymethod(sig = "($self, /)")]
    fn __reversed__(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<DequeReverseIter>> {
        vm.new(DequeReverseIter::new(this))
    }

    /// Reverse *IN PLACE*.
    #[pymethod(sig = "($self, /)")]
    fn reverse(&self) {
        self.changed();
        self.items.borrow_mut().make_contiguous().reverse();
    }

    /// Rotate the deque n steps to the right.  If n is negative, rotates left.
    #[pymethod(sig = "($self, n=1, /)")]
    fn rotate(&self, n: isize) {
        let mut items = self.items.borrow_mut();
        let len = items.len();
        if len > 1 {
            self.changed();
            items.rotate_right(n.rem_euclid(len as isize) as usize);
        }
    }

    /// Return the size of the deque in memory, in bytes.
    #[pymethod(sig = "($self, /)")]
    fn __sizeof__(&self) -> usize {
        // As if it lay in blocks of 64 items, filled from the middle of the first.
        216 + 528 * (1 + self.len().saturating_sub(32).div_ceil(64))
    }

    /// See PEP 585
    #[classmethod(sig = "($type, object, /)")]
    fn __class_getitem__(vm: &Vm, cls: &Value, object: &Value) -> PyResult {
        vm.generic_alias(cls, object)
    }

    /// maximum size of a deque or None if unbounded
    #[getter]
    fn maxlen(&self) -> Option<usize> {
        self.maxlen.get()
    }
}
