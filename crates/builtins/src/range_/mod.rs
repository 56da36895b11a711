//! `range`: arithmetic sequences of ints of any size, with a variant for those that fit machine words. Iterators in `iter.rs`.

pub mod iter;

pub use iter::{LongRangeIter, RangeIter};

use dashu_int::IBig;
use taipan_macros::pymethods;
use taipan_numeric::hash::TupleHash;
use taipan_object::convert::IntoPy;
use taipan_object::{
    Args, CompareOp, Payload, PyResult, Ref, Slice, TypeObject, TypeSpec, Value, Vm, payload,
    tpflags,
};

use crate::Family;
use crate::slice_;
use crate::util;

/// This folder's types.
pub const FAMILY: Family = Family {
    core: &[],
    types: &[&RANGE, &iter::RANGE_ITER, &iter::LONG_RANGE_ITER],
    init: None,
};

/// The payload of `range`. The bounds are as given, the length follows from them.
pub enum Range {
    /// All numbers fit 64 bits, the length included.
    Small {
        /// `start`
        start: i64,
        /// `stop`
        stop: i64,
        /// `step`, not zero
        step: i64,
        /// `len(range)`
        len: i64,
    },
    /// Any numbers.
    Big(Box<BigRange>),
}

/// A range with numbers of any size.
pub struct BigRange {
    /// `start`
    pub start: IBig,
    /// `stop`
    pub stop: IBig,
    /// `step`, not zero
    pub step: IBig,
    /// How many numbers.
    pub len: IBig,
}

payload!(Range, leaf);

/// `range`
pub static RANGE: TypeSpec = TypeSpec {
    doc: Some(
        "range(stop) -> range object\nrange(start, stop[, step]) -> range object\n\nReturn an object that produces a sequence of integers from start (inclusive)\nto stop (exclusive) by step.",
    ),
    flags: tpflags::SEQUENCE,
    parts: &[&RANGE_METHODS],
    ..TypeSpec::new("range", "builtins", <Range as Payload>::layout)
};

fn length(start: &IBig, stop: &IBig, step: &IBig) -> IBig {
    let up = *step > IBig::ZERO;
    let (low, high) = if up { (start, stop) } else { (stop, start) };
    if low >= high {
        return IBig::ZERO;
    }
    let step = if up { step.clone() } else { -step };
    (high - low - IBig::ONE) / step + IBig::ONE
}

impl Range {
    /// The range of these bounds; `step` is not zero.
    pub fn from_big(start: IBig, stop: IBig, step: IBig) -> Range {
        let small = |i: &IBig| i64::try_from(i).ok();
        if let (Some(a), Some(b), Some(c)) = (small(&start), small(&stop), small(&step))
            && let Some(r) = Range::from_small(a, b, c)
        {
            return r;
        }
        let len = length(&start, &stop, &step);
        Range::Big(Box::new(BigRange {
            start,
            stop,
            step,
            len,
        }))
    }

    /// The range of these bounds, `None` if its length does not fit; `step` is not zero.
    pub fn from_small(start: i64, stop: i64, step: i64) -> Option<Range> {
        let (a, b, c) = (i128::from(start), i128::from(stop), i128::from(step));
        let distance = if c > 0 { b - a } else { a - b };
        let len = if distance <= 0 {
            0
        } else {
            (distance - 1) / c.abs() + 1
        };
        Some(Range::Small {
            start,
            stop,
            step,
            len: i64::try_from(len).ok()?,
        })
    }

    /// `start`, `stop`, `step` and the length.
    pub fn parts(&self) -> (IBig, IBig, IBig, IBig) {
        match self {
            Range::Small {
                start,
                stop,
                step,
                len,
            } => (
                (*start).into(),
                (*stop).into(),
                (*step).into(),
                (*len).into(),
            ),
            Range::Big(b) => (
                b.start.clone(),
                b.stop.clone(),
                b.step.clone(),
                b.len.clone(),
            ),
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        match self {
            Range::Small { len, .. } => *len == 0,
            Range::Big(b) => b.len == IBig::ZERO,
        }
    }

    /// The position of a number, `None` if it is not in the range.
    fn position(&self, v: &Value) -> Option<IBig> {
        if let (
            Range::Small {
                start, step, len, ..
            },
            Some(x),
        ) = (self, v.as_small_int())
        {
            let d = i128::from(x) - i128::from(*start);
            let step = i128::from(*step);
            let i = d / step;
            return (d % step == 0 && (0..i128::from(*len)).contains(&i)).then(|| IBig::from(i));
        }
        let x = v.as_int()?.to_ibig();
        let (start, _, step, len) = self.parts();
        let d = x - start;
        let i = &d / &step;
        (&i * &step == d && i >= IBig::ZERO && i < len).then_some(i)
    }

    fn equals(&self, other: &Range) -> bool {
        let (a, b) = (self.parts(), other.parts());
        a.3 == b.3 && (a.3 == IBig::ZERO || (a.0 == b.0 && (a.3 == IBig::ONE || a.2 == b.2)))
    }

    fn item(&self, vm: &Vm, i: &IBig) -> PyResult {
        let (start, _, step, len) = self.parts();
        let i = if *i < IBig::ZERO { i + &len } else { i.clone() };
        if i < IBig::ZERO || i >= len {
            return Err(out_of_range(vm));
        }
        vm.new_ibig(start + i * step)
    }

    fn slice(&self, vm: &Vm, s: &Slice) -> PyResult<Range> {
        if let Some(small) = self.small_slice(vm, s)? {
            return Ok(small);
        }
        let (first, _, each, len) = self.parts();
        let (start, stop, step) = slice_::indices(vm, s, &len)?;
        Ok(Range::from_big(
            &first + start * &each,
            first + stop * &each,
            each * step,
        ))
    }

    /// The slice, if this range, the slice's parts and the result are of machine size.
    fn small_slice(&self, vm: &Vm, s: &Slice) -> PyResult<Option<Range>> {
        let Range::Small {
            start: first,
            step: each,
            len,
            ..
        } = self
        else {
            return Ok(None);
        };
        let fits = |v: &Value| {
            vm.is_none(v)
                || v.as_small_int()
                    .is_some_and(|i| isize::try_from(i).is_ok_and(|i| i != isize::MIN))
        };
        let (true, Ok(len)) = (
            fits(&s.start) && fits(&s.stop) && fits(&s.step),
            usize::try_from(*len),
        ) else {
            return Ok(None);
        };
        let r = s.range(vm, || len)?;
        let place = |i: isize| (i as i64).checked_mul(*each)?.checked_add(*first);
        Ok((|| {
            let step = (r.step as i64).checked_mul(*each)?;
            Range::from_small(place(r.start)?, place(r.stop)?, step)
        })())
    }
}

#[cold]
fn out_of_range(vm: &Vm) -> taipan_object::Raised {
    vm.index_error("range object index out of range")
}

/// Ints and bools are looked for by arithmetic, since their `__eq__` holds no surprises.
fn is_plain_int(vm: &Vm, v: &Value) -> bool {
    v.is_small_int()
        || util::is_exactly(vm, v, &vm.types().int)
        || util::is_exactly(vm, v, &vm.types().bool)
}

fn integer(vm: &Vm, v: &Value) -> PyResult<IBig> {
    let i = vm.index(v)?;
    Ok(i.as_int().map(|i| i.to_ibig()).unwrap_or(IBig::ZERO))
}

/// `range(start, stop, step)`
pub fn new_range(
    vm: &Vm,
    start: &Value,
    stop: &Value,
    step: Option<&Value>,
) -> PyResult<Ref<Range>> {
    if let (Some(a), Some(b)) = (start.as_small_int(), stop.as_small_int())
        && let Some(c) = step.map_or(Some(1), Value::as_small_int)
        && c != 0
        && let Some(r) = Range::from_small(a, b, c)
    {
        return vm.new(r);
    }
    let start = integer(vm, start)?;
    let stop = integer(vm, stop)?;
    let step = match step {
        Some(s) => integer(vm, s)?,
        None => IBig::ONE,
    };
    if step == IBig::ZERO {
        return Err(vm.value_error("range() arg 3 must not be zero"));
    }
    vm.new(Range::from_big(start, stop, step))
}

#[pymethods(RANGE_METHODS)]
impl Range {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<Range>> {
        let _ = cls;
        taipan_object::bind::check_no_keywords(vm, "range", &args)?;
        taipan_object::bind::check_positional(vm, "range", args.values.len(), 1, 3)?;
        match args.values {
            [start, stop] => new_range(vm, start, stop, None),
            [start, stop, step] => new_range(vm, start, stop, Some(step)),
            [stop, ..] => new_range(vm, &Value::from_i32(0), stop, None),
            [] => Err(vm.system_error("range without arguments")),
        }
    }

    #[pyslot]
    fn tp_repr(this: &Ref<Self>) -> String {
        let (start, stop, step, _) = this.parts();
        if step == IBig::ONE {
            format!("range({start}, {stop})")
        } else {
            format!("range({start}, {stop}, {step})")
        }
    }

    #[pyslot]
    fn tp_hash(vm: &Vm, this: &Ref<Self>) -> PyResult<i64> {
        let (start, _, step, len) = this.parts();
        let none = vm.hash(&vm.none())?;
        let number = |i: IBig| -> PyResult<i64> { vm.hash(&vm.new_ibig(i)?) };
        let mut state = TupleHash::default();
        let (many, some) = (len > IBig::ONE, len > IBig::ZERO);
        state.add(number(len)?);
        state.add(if some { number(start)? } else { none });
        state.add(if many { number(step)? } else { none });
        Ok(state.finish())
    }

    #[pyslot]
    fn tp_richcompare(vm: &Vm, this: &Ref<Self>, other: &Value, op: CompareOp) -> PyResult {
        let Some(other) = other.downcast_ref::<Range>() else {
            return Ok(vm.not_implemented());
        };
        match op {
            CompareOp::Eq => Ok(vm.bool(this.equals(other))),
            CompareOp::Ne => Ok(vm.bool(!this.equals(other))),
            _ => Ok(vm.not_implemented()),
        }
    }

    #[pyslot]
    fn tp_iter(vm: &Vm, this: &Ref<Self>) -> PyResult {
        iter::forwards(vm, this)
    }

    #[pyslot]
    fn nb_bool(this: &Ref<Self>) -> bool {
        !this.is_empty()
    }

    #[pyslot]
    fn sq_length(vm: &Vm, this: &Ref<Self>) -> PyResult<usize> {
        match &**this {
            Range::Small { len, .. } => Ok(*len as usize),
            Range::Big(b) => isize::try_from(&b.len)
                .map(|n| n as usize)
                .map_err(|_| vm.overflow_error("Python int too large to convert to C ssize_t")),
        }
    }

    #[pyslot]
    fn sq_item(vm: &Vm, this: &Ref<Self>, i: isize) -> PyResult {
        if i < 0 {
            return Err(out_of_range(vm));
        }
        this.item(vm, &IBig::from(i))
    }

    #[pyslot]
    fn sq_contains(vm: &Vm, this: &Ref<Self>, v: &Value) -> PyResult<bool> {
        if is_plain_int(vm, v) {
            return Ok(this.position(v).is_some());
        }
        let it = iter::forwards(vm, this)?;
        while let Some(x) = vm.next(&it)? {
            if vm.eq(&x, v)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    #[pyslot]
    fn mp_subscript(vm: &Vm, this: &Ref<Self>, key: &Value) -> PyResult {
        if let (
            Range::Small {
                start, step, len, ..
            },
            Some(i),
        ) = (&**this, key.as_small_int())
        {
            let i = if i < 0 { i.saturating_add(*len) } else { i };
            if i < 0 || i >= *len {
                return Err(out_of_range(vm));
            }
            return vm.new_int(start.wrapping_add(i.wrapping_mul(*step)));
        }
        if let Some(s) = util::as_slice(vm, key) {
            return vm.new(this.slice(vm, s)?).map(Ref::into_value);
        }
        if !vm.has_index(key) {
            return Err(util::type_error_for(
                vm,
                "range indices must be integers or slices, not ",
                key,
                "",
            ));
        }
        this.item(vm, &integer(vm, key)?)
    }

    #[member(start)]
    fn get_start(&self) -> IBig {
        self.parts().0
    }

    #[member(stop)]
    fn get_stop(&self) -> IBig {
        self.parts().1
    }

    #[member(step)]
    fn get_step(&self) -> IBig {
        self.parts().2
    }

    /// Return a reverse iterator.
    #[pymethod(sig = "($self, /)")]
    fn __reversed__(vm: &Vm, this: &Ref<Self>) -> PyResult {
        iter::backwards(vm, this)
    }

    #[pymethod(sig = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let (start, stop, step, _) = this.parts();
        let args = (start, stop, step).into_py(vm)?;
        let ty = vm.class::<Range>()?.into_value();
        util::tuple(vm, [ty, args])
    }

    /// rangeobject.count(value) -> integer -- return number of occurrences of value
    #[pymethod(sig = "($self, object, /)")]
    fn count(vm: &Vm, this: &Ref<Self>, object: &Value) -> PyResult<usize> {
        if is_plain_int(vm, object) {
            return Ok(usize::from(this.position(object).is_some()));
        }
        let it = iter::forwards(vm, this)?;
        let mut n = 0;
        while let Some(x) = vm.next(&it)? {
            n += usize::from(vm.eq(&x, object)?);
        }
        Ok(n)
    }

    /// rangeobject.index(value) -> integer -- return index of value.
    /// Raise ValueError if the value is not present.
    #[pymethod(sig = "($self, object, /)")]
    fn index(vm: &Vm, this: &Ref<Self>, object: &Value) -> PyResult {
        if is_plain_int(vm, object) {
            return match this.position(object) {
                Some(i) => vm.new_ibig(i),
                None => Err(vm.value_error("range.index(x): x not in range")),
            };
        }
        let it = iter::forwards(vm, this)?;
        let mut i = 0usize;
        while let Some(x) = vm.next(&it)? {
            if vm.eq(&x, object)? {
                return vm.new_usize(i);
            }
            i += 1;
        }
        Err(vm.value_error("sequence.index(x): x not in sequence"))
    }
}
