//! The iterators of ranges: of machine words, and of ints of any size.

use std::cell::{Cell, RefCell};

use dashu_int::IBig;
use taipan_macros::pymethods;
use taipan_object::{Payload, PyResult, Ref, TypeSpec, Value, Vm, payload, tpflags};

use super::Range;
use crate::util;

/// The payload of `range_iterator`.
pub struct RangeIter {
    /// The next number.
    pub next: Cell<i64>,
    /// The distance to the one after it.
    pub step: i64,
    /// How many numbers are left.
    pub left: Cell<i64>,
}

payload!(RangeIter, leaf);

/// `range_iterator`
pub static RANGE_ITER: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    parts: &[&RANGE_ITER_METHODS],
    ..TypeSpec::new("range_iterator", "builtins", <RangeIter as Payload>::layout)
};

/// The payload of `longrange_iterator`.
pub struct LongRangeIter {
    state: RefCell<LongState>,
}

struct LongState {
    next: IBig,
    step: IBig,
    left: IBig,
}

payload!(LongRangeIter, leaf);

/// `longrange_iterator`
pub static LONG_RANGE_ITER: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    parts: &[&LONG_RANGE_ITER_METHODS],
    ..TypeSpec::new(
        "longrange_iterator",
        "builtins",
        <LongRangeIter as Payload>::layout,
    )
};

/// Whether one step beyond `stop` still fits, so that counting cannot overflow.
fn fits(stop: i64, step: i64, len: i64) -> bool {
    len == 0
        || if step > 0 {
            stop <= i64::MAX - (step - 1)
        } else {
            stop >= i64::MIN + (-1 - step)
        }
}

fn long(vm: &Vm, next: IBig, step: IBig, left: IBig) -> PyResult {
    let state = RefCell::new(LongState { next, step, left });
    vm.new(LongRangeIter { state }).map(Ref::into_value)
}

/// `iter(range)`
pub(super) fn forwards(vm: &Vm, range: &Range) -> PyResult {
    if let Range::Small {
        start,
        stop,
        step,
        len,
    } = *range
        && fits(stop, step, len)
    {
        return vm
            .new(RangeIter {
                next: Cell::new(start),
                step,
                left: Cell::new(len),
            })
            .map(Ref::into_value);
    }
    let (start, _, step, len) = range.parts();
    long(vm, start, step, len)
}

/// `reversed(range)`
pub(super) fn backwards(vm: &Vm, range: &Range) -> PyResult {
    if let Range::Small {
        start, step, len, ..
    } = *range
        && let Some(down) = step.checked_neg()
        && let Some(end) = start.checked_sub(step)
        && fits(end, down, len)
    {
        let last = start.wrapping_add(len.wrapping_sub(1).wrapping_mul(step));
        return vm
            .new(RangeIter {
                next: Cell::new(last),
                step: down,
                left: Cell::new(len),
            })
            .map(Ref::into_value);
    }
    let (start, _, step, len) = range.parts();
    let last = start + (&len - IBig::ONE) * &step;
    long(vm, last, -step, len)
}

fn reduced(vm: &Vm, rest: Range) -> PyResult {
    let iter = util::builtin(vm, "iter")?;
    let range = vm.new(rest)?.into_value();
    let args = util::tuple(vm, [range])?;
    util::tuple(vm, [iter, args, vm.none()])
}

impl RangeIter {
    /// The next number.
    #[inline(always)]
    pub fn next_int(&self) -> Option<i64> {
        let left = self.left.get();
        if left <= 0 {
            return None;
        }
        let n = self.next.get();
        self.left.set(left - 1);
        self.next.set(n.wrapping_add(self.step));
        Some(n)
    }
}

#[pymethods(RANGE_ITER_METHODS)]
impl RangeIter {
    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(this: &Ref<Self>) -> Option<i64> {
        this.next_int()
    }

    /// Private method returning an estimate of len(list(it)).
    #[pymethod(sig = "($self, /)")]
    fn __length_hint__(&self) -> i64 {
        self.left.get()
    }

    /// Return state information for pickling.
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(&self, vm: &Vm) -> PyResult {
        let (next, step, left) = (self.next.get(), self.step, self.left.get());
        let (start, each) = (IBig::from(next), IBig::from(step));
        let stop = &start + &each * IBig::from(left);
        reduced(vm, Range::from_big(start, stop, each))
    }

    /// Set state information for unpickling.
    #[pymethod(sig = "($self, object, /)")]
    fn __setstate__(&self, object: i64) {
        let skip = object.clamp(0, self.left.get());
        self.next
            .set(self.next.get().wrapping_add(skip.wrapping_mul(self.step)));
        self.left.set(self.left.get() - skip);
    }
}

#[pymethods(LONG_RANGE_ITER_METHODS)]
impl LongRangeIter {
    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(&self) -> Option<IBig> {
        let mut s = self.state.borrow_mut();
        if s.left <= IBig::ZERO {
            return None;
        }
        s.left -= IBig::ONE;
        let next = &s.next + &s.step;
        Some(std::mem::replace(&mut s.next, next))
    }

    /// Private method returning an estimate of len(list(it)).
    #[pymethod(sig = "($self, /)")]
    fn __length_hint__(&self) -> IBig {
        self.state.borrow().left.clone()
    }

    /// Return state information for pickling.
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(&self, vm: &Vm) -> PyResult {
        let rest = {
            let s = self.state.borrow();
            let stop = &s.next + &s.step * &s.left;
            Range::from_big(s.next.clone(), stop, s.step.clone())
        };
        reduced(vm, rest)
    }

    /// Set state information for unpickling.
    #[pymethod(sig = "($self, object, /)")]
    fn __setstate__(&self, vm: &Vm, object: &Value) -> PyResult<()> {
        let Some(n) = object.as_int().map(|i| i.to_ibig()) else {
            return Err(util::type_error_for(
                vm,
                "state must be an int, not ",
                object,
                "",
            ));
        };
        let mut s = self.state.borrow_mut();
        let skip = n.max(IBig::ZERO).min(s.left.clone());
        s.next = &s.next + &s.step * &skip;
        s.left -= skip;
        Ok(())
    }
}
