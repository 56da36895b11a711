//! Iterators over one iterable that regroup or pick items: `accumulate`, `batched`, `islice`, `pairwise`.

use std::cell::Cell;

use taipan_macros::pymethods;
use taipan_object::{
    Args, BinaryOp, Payload, PyCell, PyResult, Ref, TypeObject, TypeSpec, Value, Vm, bind,
};

use crate::util::count_or_minus_one;

/// The payload of `accumulate`.
pub struct Accumulate {
    it: Value,
    /// The function; `None` adds.
    func: Option<Value>,
    total: PyCell<Option<Value>>,
    /// Gives the initial value first.
    initial: PyCell<Option<Value>>,
}

taipan_object::payload!(Accumulate, gc);

impl taipan_object::Traverse for Accumulate {
    fn traverse(&self, visit: &mut taipan_object::Visitor<'_>) {
        visit(&self.it);
        if let Some(f) = &self.func {
            visit(f);
        }
        self.total.visit(visit);
        self.initial.visit(visit);
    }
    fn clear(&self) {
        self.total.set(None);
        self.initial.set(None);
    }
}

/// `accumulate`
pub static ACCUMULATE: TypeSpec = TypeSpec {
    text_signature: Some("(iterable, func=None, *, initial=None)"),
    parts: &[&ACCUMULATE_METHODS],
    ..super::iterator(
        "accumulate",
        "Return series of accumulated sums (or other binary function results).",
        <Accumulate as Payload>::layout,
    )
};

#[pymethods(ACCUMULATE_METHODS)]
impl Accumulate {
    #[pyslot(name = "accumulate", params = "(iterable, func=None, *, initial=None)")]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        iterable: &Value,
        func: Value,
        initial: Value,
    ) -> PyResult<Ref<Accumulate>> {
        let it = vm.iter(iterable)?;
        vm.new_object(
            cls,
            Accumulate {
                it,
                func: (!vm.is_none(&func)).then_some(func),
                total: PyCell::new(None),
                initial: PyCell::new((!vm.is_none(&initial)).then_some(initial)),
            },
        )
    }

    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        if let Some(first) = this.initial.take() {
            this.total.set(Some(first.clone()));
            return Ok(Some(first));
        }
        let Some(v) = vm.next(&this.it)? else {
            return Ok(None);
        };
        let new = match this.total.get() {
            None => v,
            Some(total) => match &this.func {
                None => vm.binary_op(BinaryOp::Add, &total, &v)?,
                Some(f) => vm.call_pos(f, &[total, v])?,
            },
        };
        this.total.set(Some(new.clone()));
        Ok(Some(new))
    }
}

/// The payload of `batched`.
pub struct Batched {
    /// The iterator; `None` at the end.
    it: PyCell<Option<Value>>,
    size: usize,
    strict: bool,
}

owns!(Batched: cleared(it));

/// `batched`
pub static BATCHED: TypeSpec = TypeSpec {
    text_signature: Some("(iterable, n, *, strict=False)"),
    parts: &[&BATCHED_METHODS],
    ..super::iterator(
        "batched",
        "Batch data into tuples of length n. The last batch may be shorter than n.\n\nLoops over the input iterable and accumulates data into tuples up to size\nn.  The input is consumed lazily, just enough to fill a batch.  The result\nis yielded as soon as a batch is full or when the input iterable is\nexhausted.\n\n    >>> for batch in batched('ABCDEFG', 3):\n    ...     print(batch)\n    ...\n    ('A', 'B', 'C')\n    ('D', 'E', 'F')\n    ('G',)\n\nIf \"strict\" is True, raises a ValueError if the final batch is shorter\nthan n.",
        <Batched as Payload>::layout,
    )
};

#[pymethods(BATCHED_METHODS)]
impl Batched {
    #[pyslot(name = "batched", params = "(iterable, n, *, strict=False)")]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        iterable: &Value,
        n: isize,
        strict: bool,
    ) -> PyResult<Ref<Batched>> {
        let Some(size) = usize::try_from(n).ok().filter(|&n| n >= 1) else {
            return Err(vm.value_error("n must be at least one"));
        };
        let it = PyCell::new(Some(vm.iter(iterable)?));
        vm.new_object(cls, Batched { it, size, strict })
    }

    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        let Some(it) = this.it.get() else {
            return Ok(None);
        };
        let mut items = Vec::with_capacity(this.size.min(64));
        while items.len() < this.size {
            match vm.next(&it) {
                Ok(Some(v)) => {
                    if items.len() == items.capacity() && items.try_reserve(1).is_err() {
                        return Err(vm.no_memory());
                    }
                    items.push(v);
                }
                Ok(None) => break,
                Err(r) => {
                    this.it.set(None);
                    return Err(r);
                }
            }
        }
        if items.len() < this.size {
            this.it.set(None);
            if items.is_empty() {
                return Ok(None);
            }
            if this.strict {
                return Err(vm.value_error("batched(): incomplete batch"));
            }
        }
        vm.new_tuple(items).map(|t| Some(t.into_value()))
    }
}

/// The payload of `pairwise`.
pub struct Pairwise {
    /// The iterator; `None` at the end.
    it: PyCell<Option<Value>>,
    old: PyCell<Option<Value>>,
}

owns!(Pairwise: cleared(it old));

/// `pairwise`
pub static PAIRWISE: TypeSpec = TypeSpec {
    text_signature: Some("(iterable, /)"),
    parts: &[&PAIRWISE_METHODS],
    ..super::iterator(
        "pairwise",
        "Return an iterator of overlapping pairs taken from the input iterator.\n\n    s -> (s0,s1), (s1,s2), (s2, s3), ...",
        <Pairwise as Payload>::layout,
    )
};

impl Pairwise {
    fn end<T>(&self, ended: PyResult<Option<T>>) -> PyResult<Option<T>> {
        self.it.set(None);
        self.old.set(None);
        ended
    }
}

#[pymethods(PAIRWISE_METHODS)]
impl Pairwise {
    #[pyslot(name = "pairwise", params = "(iterable, /)")]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, iterable: &Value) -> PyResult<Ref<Pairwise>> {
        let it = PyCell::new(Some(vm.iter(iterable)?));
        let old = PyCell::new(None);
        vm.new_object(cls, Pairwise { it, old })
    }

    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        let Some(it) = this.it.get() else {
            return Ok(None);
        };
        let old = match this.old.get() {
            Some(v) => v,
            None => match vm.next(&it) {
                Ok(Some(v)) => {
                    this.old.set(Some(v.clone()));
                    // The iterator may have used this object meanwhile.
                    if !this.it.is_some() {
                        this.old.set(None);
                        return Ok(None);
                    }
                    v
                }
                ended => return this.end(ended),
            },
        };
        match vm.next(&it) {
            Ok(Some(new)) => {
                this.old.set(Some(new.clone()));
                vm.new_tuple_array([old, new]).map(|t| Some(t.into_value()))
            }
            ended => this.end(ended),
        }
    }
}

/// The payload of `islice`.
pub struct ISlice {
    /// The iterator; `None` at the end.
    it: PyCell<Option<Value>>,
    /// The position of the next item to give.
    next: Cell<usize>,
    stop: Option<usize>,
    step: usize,
    /// The position of the iterator.
    at: Cell<usize>,
}

owns!(ISlice: cleared(it));

/// `islice`
pub static ISLICE: TypeSpec = TypeSpec {
    parts: &[&ISLICE_METHODS],
    ..super::iterator(
        "islice",
        "islice(iterable, stop) --> islice object\nislice(iterable, start, stop[, step]) --> islice object\n\nReturn an iterator whose next() method returns selected values from an\niterable.  If start is specified, will skip all preceding elements;\notherwise, start defaults to zero.  Step defaults to one.  If\nspecified as another value, step determines how many values are\nskipped between successive calls.  Works like a slice() on a list\nbut returns an iterator.",
        <ISlice as Payload>::layout,
    )
};

const BAD_STOP: &str =
    "Stop argument for islice() must be None or an integer: 0 <= x <= sys.maxsize.";
const BAD_INDICES: &str = "Indices for islice() must be None or an integer: 0 <= x <= sys.maxsize.";

#[pymethods(ISLICE_METHODS)]
impl ISlice {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<ISlice>> {
        let args = bind::constructor_positional(vm, "islice", cls.as_value(), 2, 4, args)?;
        let (iterable, start, stop, step) = match args {
            [it, stop] => (it, None, stop, None),
            [it, start, stop] => (it, Some(start), stop, None),
            [it, start, stop, step] => (it, Some(start), stop, Some(step)),
            _ => return Err(vm.system_error("islice: arguments were checked")),
        };
        let given = |v: Option<&Value>| v.filter(|v| !vm.is_none(v)).cloned();
        let stop = match given(Some(stop)) {
            None => None,
            Some(v) => match count_or_minus_one(vm, &v) {
                -1 => return Err(vm.value_error(BAD_STOP)),
                n => Some(usize::try_from(n).map_err(|_| {
                    vm.value_error(if start.is_some() {
                        BAD_INDICES
                    } else {
                        BAD_STOP
                    })
                })?),
            },
        };
        let start = given(start).map_or(0, |v| count_or_minus_one(vm, &v));
        let start = usize::try_from(start).map_err(|_| vm.value_error(BAD_INDICES))?;
        let step = given(step).map_or(1, |v| count_or_minus_one(vm, &v));
        let Some(step) = usize::try_from(step).ok().filter(|&n| n >= 1) else {
            return Err(vm.value_error("Step for islice() must be a positive integer or None."));
        };
        let it = PyCell::new(Some(vm.iter(iterable)?));
        vm.new_object(
            cls,
            ISlice {
                it,
                next: Cell::new(start),
                stop,
                step,
                at: Cell::new(0),
            },
        )
    }

    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        let Some(it) = this.it.get() else {
            return Ok(None);
        };
        loop {
            let at = this.at.get();
            let wanted = this.next.get();
            if at >= wanted && this.stop.is_some_and(|stop| at >= stop) {
                this.it.set(None);
                return Ok(None);
            }
            match vm.next(&it) {
                Ok(Some(v)) => {
                    this.at.set(this.at.get().saturating_add(1));
                    if at < wanted {
                        continue;
                    }
                    let next = this.next.get().checked_add(this.step);
                    this.next.set(match (next, this.stop) {
                        (Some(next), Some(stop)) => next.min(stop),
                        (Some(next), None) => next,
                        (None, stop) => stop.unwrap_or(usize::MAX),
                    });
                    return Ok(Some(v));
                }
                ended => {
                    this.it.set(None);
                    return ended;
                }
            }
        }
    }
}
