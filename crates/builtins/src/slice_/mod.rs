//! `slice`: its constructor, comparison and methods. The payload and the arithmetic of positions are in the object crate
//! (`containers/slice.rs`).

use dashu_int::IBig;
use taipan_macros::pymethods;
use taipan_numeric::hash::TupleHash;
use taipan_object::{
    Args, CompareOp, Payload, PyResult, Ref, Slice, Str, TypeObject, TypeSpec, Value, Vm,
};
use taipan_text::TextBuf;

use crate::Family;
use crate::util;

/// This folder's types.
pub const FAMILY: Family = Family {
    core: &[(|vm| &vm.types().slice, &SLICE)],
    types: &[],
    init: None,
};

/// `slice`
pub static SLICE: TypeSpec = TypeSpec {
    doc: Some(
        "slice(stop)\nslice(start, stop[, step])\n\nCreate a slice object.  This is used for extended slicing (e.g. a[0:10:2]).",
    ),
    parts: &[&SLICE_METHODS],
    ..TypeSpec::new("slice", "builtins", <Slice as Payload>::layout)
};

/// A part of a slice as an int of any size, `None` for None.
fn part(vm: &Vm, v: &Value) -> PyResult<Option<IBig>> {
    if vm.is_none(v) {
        return Ok(None);
    }
    if !vm.has_index(v) {
        return Err(
            vm.type_error("slice indices must be integers or None or have an __index__ method")
        );
    }
    let i = vm.index(v)?;
    Ok(i.as_int().map(|i| i.to_ibig()))
}

/// The three numbers of `slice.indices(len)` for a length of any size.
pub fn indices(vm: &Vm, slice: &Slice, len: &IBig) -> PyResult<(IBig, IBig, IBig)> {
    let zero = IBig::ZERO;
    let step = part(vm, &slice.step)?.unwrap_or(IBig::ONE);
    if step == zero {
        return Err(vm.value_error("slice step cannot be zero"));
    }
    let down = step < zero;
    let (low, high) = if down {
        (-IBig::ONE, len - IBig::ONE)
    } else {
        (zero.clone(), len.clone())
    };
    let fit = |v: &Value, default: &IBig| -> PyResult<IBig> {
        Ok(match part(vm, v)? {
            None => default.clone(),
            Some(i) if i < zero => (i + len).max(low.clone()),
            Some(i) => i.min(high.clone()),
        })
    };
    let (first, last) = if down { (&high, &low) } else { (&low, &high) };
    let start = fit(&slice.start, first)?;
    let stop = fit(&slice.stop, last)?;
    Ok((start, stop, step))
}

/// Holder of the methods of `slice`.
pub struct SliceMethods;

#[pymethods(SLICE_METHODS)]
impl SliceMethods {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<Slice>> {
        taipan_object::bind::check_no_keywords(vm, "slice", &args)?;
        taipan_object::bind::check_positional(vm, "slice", args.values.len(), 1, 3)?;
        let none = || vm.none();
        let (start, stop, step) = match args.values {
            [stop] => (none(), stop.clone(), none()),
            [start, stop] => (start.clone(), stop.clone(), none()),
            [start, stop, step] => (start.clone(), stop.clone(), step.clone()),
            _ => (none(), none(), none()),
        };
        vm.new_object(cls, Slice { start, stop, step })
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Slice>) -> PyResult<Ref<Str>> {
        let mut out = TextBuf::from("slice(");
        for (i, v) in [&this.start, &this.stop, &this.step]
            .into_iter()
            .enumerate()
        {
            if i != 0 {
                out.push_str(", ");
            }
            util::push_repr(vm, &mut out, v)?;
        }
        out.push_str(")");
        vm.new_str_buf(&out)
    }

    #[pyslot]
    fn tp_hash(vm: &Vm, this: &Ref<Slice>) -> PyResult<i64> {
        vm.check_stack("")?;
        let mut state = TupleHash::default();
        for v in [&this.start, &this.stop, &this.step] {
            state.add(vm.hash(v)?);
        }
        // A tuple's hash without its length mixed in.
        Ok(state.finish_without_length())
    }

    #[pyslot]
    fn tp_richcompare(vm: &Vm, this: &Ref<Slice>, other: &Value, op: CompareOp) -> PyResult {
        let Some(other) = other.downcast_ref::<Slice>() else {
            return Ok(vm.not_implemented());
        };
        if this.is(other) {
            return Ok(vm.bool(matches!(op, CompareOp::Eq | CompareOp::Le | CompareOp::Ge)));
        }
        let parts = |s: &Slice| vec![s.start.clone(), s.stop.clone(), s.step.clone()];
        let a = vm.new_tuple(parts(this))?;
        let b = vm.new_tuple(parts(other))?;
        vm.rich_compare(a.as_value(), b.as_value(), op)
    }

    /// The first position.
    #[member(start)]
    fn get_start(this: &Ref<Slice>) -> Value {
        this.start.clone()
    }

    /// Where the positions end.
    #[member(stop)]
    fn get_stop(this: &Ref<Slice>) -> Value {
        this.stop.clone()
    }

    /// The distance between positions.
    #[member(step)]
    fn get_step(this: &Ref<Slice>) -> Value {
        this.step.clone()
    }

    /// Fit the slice to a sequence of the given length.
    ///
    /// Return the start, stop and step of the positions that the slice selects in it.
    #[pymethod(sig = "($self, object, /)")]
    fn indices(vm: &Vm, this: &Ref<Slice>, object: &Value) -> PyResult<(IBig, IBig, IBig)> {
        let len = vm.index(object)?;
        let len = len.as_int().map(|i| i.to_ibig()).unwrap_or(IBig::ZERO);
        if len < IBig::ZERO {
            return Err(vm.value_error("length should not be negative"));
        }
        indices(vm, this, &len)
    }

    /// Return state information for pickling.
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Ref<Slice>) -> PyResult {
        let ty = vm.types().slice.as_value().clone();
        let parts = util::tuple(
            vm,
            [this.start.clone(), this.stop.clone(), this.step.clone()],
        )?;
        util::tuple(vm, [ty, parts])
    }
}
