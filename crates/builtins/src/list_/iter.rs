//! The iterators of lists, forwards and backwards.

use std::cell::Cell;

use taipan_macros::pymethods;
use taipan_object::{
    List, Payload, PyCell, PyResult, Ref, Traverse, TypeSpec, Value, Visitor, Vm, payload, tpflags,
};

use crate::util;

/// The payload of `list_iterator`.
pub struct ListIter {
    /// The list; `None` at the end.
    pub list: PyCell<Option<Ref<List>>>,
    /// The next index.
    pub index: Cell<usize>,
}

payload!(ListIter, gc);

impl Traverse for ListIter {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.list.visit(visit);
    }
    fn clear(&self) {
        self.list.set(None);
    }
}

impl ListIter {
    /// An iterator at the start of a list.
    pub fn new(list: Ref<List>) -> ListIter {
        ListIter {
            list: PyCell::new(Some(list)),
            index: Cell::new(0),
        }
    }

    /// The next item.
    #[inline(always)]
    pub fn next(&self) -> Option<Value> {
        let i = self.index.get();
        let item = self.list.look(|l| l.get(i))?;
        match item {
            Some(_) => self.index.set(i + 1),
            None => self.list.set(None),
        }
        item
    }
}

/// `list_iterator`
pub static LIST_ITER: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    parts: &[&LIST_ITER_METHODS],
    ..TypeSpec::new("list_iterator", "builtins", <ListIter as Payload>::layout)
};

#[pymethods(LIST_ITER_METHODS)]
impl ListIter {
    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(this: &Ref<Self>) -> Option<Value> {
        this.next()
    }

    /// Private method returning an estimate of len(list(it)).
    #[pymethod(sig = "($self, /)")]
    fn __length_hint__(&self) -> usize {
        match self.list.get() {
            Some(l) => l.len().saturating_sub(self.index.get()),
            None => 0,
        }
    }

    /// Return state information for pickling.
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(&self, vm: &Vm) -> PyResult {
        // Looking the function up can run code that moves the iterator on: do it first.
        let iter = util::builtin(vm, "iter")?;
        match self.list.get() {
            Some(l) => {
                let args = util::tuple(vm, [l.into_value()])?;
                util::tuple(vm, [iter, args, vm.new_usize(self.index.get())?])
            }
            None => {
                let empty = vm.new_list(Vec::new())?.into_value();
                let args = util::tuple(vm, [empty])?;
                util::tuple(vm, [iter, args])
            }
        }
    }

    /// Set state information for unpickling.
    #[pymethod(sig = "($self, object, /)")]
    fn __setstate__(&self, object: isize) {
        if let Some(l) = self.list.get() {
            self.index.set((object.max(0) as usize).min(l.len()));
        }
    }
}

/// The payload of `list_reverseiterator`.
pub struct ListReverseIter {
    /// The list; `None` at the end.
    pub list: PyCell<Option<Ref<List>>>,
    /// One past the next index.
    pub end: Cell<usize>,
}

payload!(ListReverseIter, gc);

impl Traverse for ListReverseIter {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.list.visit(visit);
    }
    fn clear(&self) {
        self.list.set(None);
    }
}

impl ListReverseIter {
    /// An iterator at the end of a list.
    pub fn new(list: Ref<List>) -> ListReverseIter {
        ListReverseIter {
            end: Cell::new(list.len()),
            list: PyCell::new(Some(list)),
        }
    }
}

/// `list_reverseiterator`
pub static LIST_REVERSE_ITER: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    parts: &[&LIST_REVERSE_ITER_METHODS],
    ..TypeSpec::new(
        "list_reverseiterator",
        "builtins",
        <ListReverseIter as Payload>::layout,
    )
};

#[pymethods(LIST_REVERSE_ITER_METHODS)]
impl ListReverseIter {
    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(&self) -> Option<Value> {
        let i = self.end.get().checked_sub(1);
        match self.list.look(|l| i.and_then(|i| l.get(i)))? {
            Some(v) => {
                self.end.set(i.unwrap_or(0));
                Some(v)
            }
            None => {
                self.end.set(0);
                self.list.set(None);
                None
            }
        }
    }

    /// Private method returning an estimate of len(list(it)).
    #[pymethod(sig = "($self, /)")]
    fn __length_hint__(&self) -> usize {
        match self.list.get() {
            Some(l) if self.end.get() <= l.len() => self.end.get(),
            _ => 0,
        }
    }

    /// Return state information for pickling.
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(&self, vm: &Vm) -> PyResult {
        let reversed = util::builtin(vm, "reversed")?;
        match self.list.get() {
            Some(l) => {
                let args = util::tuple(vm, [l.into_value()])?;
                let index = vm.new_int(self.end.get() as i64 - 1)?;
                util::tuple(vm, [reversed, args, index])
            }
            None => {
                let iter = util::builtin(vm, "iter")?;
                let empty = vm.new_list(Vec::new())?.into_value();
                let args = util::tuple(vm, [empty])?;
                util::tuple(vm, [iter, args])
            }
        }
    }

    /// Set state information for unpickling.
    #[pymethod(sig = "($self, object, /)")]
    fn __setstate__(&self, object: isize) {
        if let Some(l) = self.list.get() {
            let end = object.saturating_add(1).max(0) as usize;
            self.end.set(end.min(l.len()));
        }
    }
}
