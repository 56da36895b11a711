//! What `iter` makes: `iterator` of objects with `__getitem__` alone (its payload is in the object crate, `protocol/iter.rs`)
//! and `callable_iterator` of a callable and a sentinel.

use taipan_macros::pymethods;
use taipan_object::protocol::iter::SeqIter;
use taipan_object::{
    Payload, PyCell, PyResult, Raised, Ref, Traverse, TypeSpec, Value, Visitor, Vm, payload,
    tpflags,
};

use crate::util;

/// Item `i` of a sequence.
pub(super) fn item_at(vm: &Vm, seq: &Value, i: isize) -> PyResult {
    match vm.type_of(seq).payload.slots.sq_item.get() {
        Some(f) => f(vm, seq, i),
        None => vm.getitem(seq, &vm.new_int(i as i64)?),
    }
}

/// Drops an exception that says that a sequence has ended; others are given back.
pub(super) fn ends_iteration(vm: &Vm, r: Raised) -> PyResult<()> {
    if vm.exception_matches(&vm.exc().IndexError) || vm.exception_matches(&vm.exc().StopIteration) {
        drop(vm.take_raised(r));
        Ok(())
    } else {
        Err(r)
    }
}

/// `iterator`
pub static ITERATOR: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    parts: &[&ITERATOR_METHODS],
    ..TypeSpec::new("iterator", "builtins", <SeqIter as Payload>::layout)
};

fn empty_reduced(vm: &Vm, iter: Value) -> PyResult {
    let empty = vm.new_tuple(Vec::new())?.into_value();
    util::tuple(vm, [iter, util::tuple(vm, [empty])?])
}

/// Holder of the methods of `iterator`.
pub struct IteratorMethods;

#[pymethods(ITERATOR_METHODS)]
impl IteratorMethods {
    #[pyslot]
    fn tp_iter(this: &Ref<SeqIter>) -> Ref<SeqIter> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<SeqIter>) -> PyResult<Option<Value>> {
        let Some(seq) = this.seq.get() else {
            return Ok(None);
        };
        let i = this.index.get();
        if i == isize::MAX {
            return Err(vm.overflow_error("iter index too large"));
        }
        match item_at(vm, &seq, i) {
            Ok(v) => {
                this.index.set(this.index.get().saturating_add(1));
                Ok(Some(v))
            }
            Err(r) => {
                ends_iteration(vm, r)?;
                this.seq.set(None);
                Ok(None)
            }
        }
    }

    /// Private method returning an estimate of len(list(it)).
    #[pymethod(sig = "($self, /)")]
    fn __length_hint__(vm: &Vm, this: &Ref<SeqIter>) -> PyResult {
        let Some(seq) = this.seq.get() else {
            return vm.new_int(0);
        };
        let slots = &vm.type_of(&seq).payload.slots;
        if slots.sq_length.get().or(slots.mp_length.get()).is_none() {
            return Ok(vm.not_implemented());
        }
        let n = vm.len(&seq)? as isize;
        vm.new_int((n - this.index.get()).max(0) as i64)
    }

    /// Return state information for pickling.
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Ref<SeqIter>) -> PyResult {
        let iter = util::builtin(vm, "iter")?;
        match this.seq.get() {
            Some(s) => {
                let args = util::tuple(vm, [s])?;
                util::tuple(vm, [iter, args, vm.new_int(this.index.get() as i64)?])
            }
            None => empty_reduced(vm, iter),
        }
    }

    /// Set state information for unpickling.
    #[pymethod(sig = "($self, object, /)")]
    fn __setstate__(this: &Ref<SeqIter>, object: isize) {
        if this.seq.is_some() {
            this.index.set(object.max(0));
        }
    }
}

/// The payload of `callable_iterator`.
pub struct CallIter {
    /// The callable and the value that ends the iteration; `None` at the end.
    pub pair: PyCell<Option<(Value, Value)>>,
}

payload!(CallIter, gc);

impl Traverse for CallIter {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.pair.visit_pair(visit);
    }
    fn clear(&self) {
        drop(self.pair.take());
    }
}

/// `callable_iterator`
pub static CALLABLE_ITERATOR: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    parts: &[&CALLABLE_ITERATOR_METHODS],
    ..TypeSpec::new(
        "callable_iterator",
        "builtins",
        <CallIter as Payload>::layout,
    )
};

#[pymethods(CALLABLE_ITERATOR_METHODS)]
impl CallIter {
    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(&self, vm: &Vm) -> PyResult<Option<Value>> {
        let Some((callable, sentinel)) = self.pair.get() else {
            return Ok(None);
        };
        match vm.call0(&callable) {
            Ok(v) => {
                if !self.pair.is_some() {
                    return Ok(None);
                }
                if !vm.eq(&sentinel, &v)? {
                    return Ok(Some(v));
                }
            }
            Err(r) => drop(vm.catch(r, &vm.exc().StopIteration)?),
        }
        drop(self.pair.take());
        Ok(None)
    }

    /// Return state information for pickling.
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(&self, vm: &Vm) -> PyResult {
        let iter = util::builtin(vm, "iter")?;
        match self.pair.get() {
            Some((f, sentinel)) => util::tuple(vm, [iter, util::tuple(vm, [f, sentinel])?]),
            None => empty_reduced(vm, iter),
        }
    }
}
