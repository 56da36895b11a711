//! `Decimal`: construction, text, conversions to other numbers, hashing and pickling. Operators and comparisons are in
//! `operators.rs`, the named operations in `decimal_operations.rs`, formatting in `formatting.rs`.

use std::cell::Cell;

use dashu_int::IBig;
use taipan_macros::pymethods;
use taipan_object::{
    Args, Payload, PyResult, Ref, Tuple, TypeObject, TypeSpec, Value, Vm, payload, tpflags,
};

use super::arguments::{named, positional};
use super::context::ssize;
use super::convert;
use super::current::{classes, current, or_current};
use super::decimal_operations::DECIMAL_OPERATIONS;
use super::formatting::DECIMAL_FORMAT;
use super::operators::DECIMAL_OPERATORS;
use crate::core::convert::{hash, to_integer, to_ratio};
use crate::core::quantize::quantize;
use crate::core::text::to_text;
use crate::core::{Dec, Kind, Round};

/// The payload of `Decimal`.
pub struct Decimal {
    /// The number.
    pub dec: Dec,
    hash: Cell<i64>,
}

payload!(Decimal, leaf);

/// `Decimal`
pub static DECIMAL: TypeSpec = TypeSpec {
    doc: Some(
        "A decimal number. The value can be an int, a string, a float, another Decimal, or a\n\
         tuple of sign, digits and exponent. Without a value it is 0.",
    ),
    text_signature: Some("(value=\"0\", context=None)"),
    flags: tpflags::BASETYPE,
    parts: &[
        &DECIMAL_METHODS,
        &DECIMAL_OPERATORS,
        &DECIMAL_OPERATIONS,
        &DECIMAL_FORMAT,
    ],
    ..TypeSpec::new("Decimal", "decimal", <Decimal as Payload>::layout)
};

fn payload_of(dec: Dec) -> Decimal {
    Decimal {
        dec,
        hash: Cell::new(-1),
    }
}

/// A new Decimal.
#[inline]
pub fn new(vm: &Vm, dec: Dec) -> PyResult {
    Ok(vm.new(payload_of(dec))?.into_value())
}

/// A new instance of `Decimal` or a subclass.
pub fn new_of(vm: &Vm, cls: &Ref<TypeObject>, dec: Dec) -> PyResult {
    Ok(vm.new_object(cls, payload_of(dec))?.into_value())
}

/// A finite number as an int.
pub fn to_int(vm: &Vm, d: &Dec, round: Round) -> PyResult {
    match d.kind {
        Kind::Nan | Kind::SignalingNan => Err(vm.value_error("cannot convert NaN to integer")),
        Kind::Infinite => Err(vm.overflow_error("cannot convert Infinity to integer")),
        Kind::Finite => match to_integer(d, round) {
            Some(i) => vm.new_ibig(i),
            None => Err(vm.no_memory()),
        },
    }
}

/// A number as a float.
fn to_float(vm: &Vm, d: &Dec) -> PyResult<f64> {
    match d.kind {
        Kind::SignalingNan => Err(vm.value_error("cannot convert signaling NaN to float")),
        Kind::Nan => Ok(f64::NAN.copysign(if d.negative { -1.0 } else { 1.0 })),
        Kind::Infinite => Ok(if d.negative {
            f64::NEG_INFINITY
        } else {
            f64::INFINITY
        }),
        // The text is one that the parser knows, and it rounds correctly.
        Kind::Finite => Ok(to_text(d, false, true).parse().unwrap_or(f64::NAN)),
    }
}

/// The text of a number, with the current context's letter for exponents.
fn text(vm: &Vm, d: &Dec) -> PyResult<String> {
    Ok(to_text(d, false, current(vm)?.capital_letters()))
}

#[pymethods(DECIMAL_METHODS)]
impl Decimal {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
        let [value, context] = named(vm, args, ["value", "context"], 0)?;
        let context = or_current(vm, context)?;
        convert::construct(vm, cls, value, &context)
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult<String> {
        Ok(format!("Decimal('{}')", text(vm, &this.dec)?))
    }

    #[pyslot]
    fn tp_str(vm: &Vm, this: &Ref<Self>) -> PyResult<String> {
        text(vm, &this.dec)
    }

    #[pyslot]
    fn tp_hash(vm: &Vm, this: &Ref<Self>) -> PyResult<i64> {
        if this.hash.get() == -1 {
            let h = match this.dec.kind {
                Kind::SignalingNan => {
                    return Err(vm.type_error("Cannot hash a signaling NaN value"));
                }
                Kind::Nan => taipan_numeric::hash::pointer(this.as_value().bits() as usize),
                _ => hash(&this.dec),
            };
            this.hash.set(h);
        }
        Ok(this.hash.get())
    }

    #[pyslot]
    fn nb_bool(&self) -> bool {
        !self.dec.is_zero()
    }

    #[pyslot]
    fn nb_int(vm: &Vm, this: &Ref<Self>) -> PyResult {
        to_int(vm, &this.dec, Round::Down)
    }

    #[pyslot]
    fn nb_float(vm: &Vm, this: &Ref<Self>) -> PyResult<f64> {
        to_float(vm, &this.dec)
    }

    #[pymethod(sig = "($self, /)")]
    fn __trunc__(&self, vm: &Vm) -> PyResult {
        to_int(vm, &self.dec, Round::Down)
    }

    #[pymethod(sig = "($self, /)")]
    fn __floor__(&self, vm: &Vm) -> PyResult {
        to_int(vm, &self.dec, Round::Floor)
    }

    #[pymethod(sig = "($self, /)")]
    fn __ceil__(&self, vm: &Vm) -> PyResult {
        to_int(vm, &self.dec, Round::Ceiling)
    }

    #[pymethod]
    fn __round__(&self, vm: &Vm, args: Args<'_>) -> PyResult {
        let Some(places) = positional(vm, args, "Decimal.__round__", 0, 1)?.first() else {
            return to_int(vm, &self.dec, Round::HalfEven);
        };
        if places.as_int().is_none() {
            return Err(vm.type_error("optional arg must be an integer"));
        }
        let exp = ssize(vm, places)?.saturating_neg();
        let context = current(vm)?;
        let mut st = 0;
        let unit = Dec::small(false, 1, exp);
        let d = quantize(&self.dec, &unit, &context.rules(), &mut st);
        context.finish(vm, d, st)
    }

    #[pymethod(sig = "($self, /)")]
    fn __complex__(&self, vm: &Vm) -> PyResult {
        vm.new_complex(to_float(vm, &self.dec)?, 0.0)
    }

    #[pymethod(sig = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Tuple>> {
        let text = vm.new_str(&text(vm, &this.dec)?)?.into_value();
        let args = vm.new_tuple(vec![text])?.into_value();
        vm.new_tuple(vec![vm.type_value(this.as_value()).into_value(), args])
    }

    #[pymethod(sig = "($self, /)")]
    fn __copy__(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pymethod(sig = "($self, object, /)")]
    fn __deepcopy__(this: &Ref<Self>, object: &Value) -> Ref<Self> {
        let _ = object;
        this.clone()
    }

    /// Returns the size of the object in memory, in bytes
    #[pymethod(sig = "($self, /)")]
    fn __sizeof__(&self) -> i64 {
        // A coefficient of four words is part of CPython's object; what is longer stands outside it.
        let words = (self.dec.coeff.digits() + 18) / 19;
        if words <= 4 { 104 } else { 72 + 8 * words + 8 }
    }

    /// The real part: the number itself.
    #[getter]
    fn real(this: &Ref<Self>) -> Value {
        this.as_value().clone()
    }

    /// The imaginary part: zero.
    #[getter]
    fn imag(&self, vm: &Vm) -> PyResult {
        new(vm, Dec::small(false, 0, 0))
    }

    /// The exponent of the first digit; zero for infinities and NaNs.
    #[pymethod(sig = "($self, /)")]
    fn adjusted(&self) -> i64 {
        if self.dec.is_finite() {
            self.dec.adjusted()
        } else {
            0
        }
    }

    /// The number as a pair of integers with a positive denominator, in lowest terms.
    #[pymethod(sig = "($self, /)")]
    fn as_integer_ratio(&self, vm: &Vm) -> PyResult<Ref<Tuple>> {
        match self.dec.kind {
            Kind::Nan | Kind::SignalingNan => {
                return Err(vm.value_error("cannot convert NaN to integer ratio"));
            }
            Kind::Infinite => {
                return Err(vm.overflow_error("cannot convert Infinity to integer ratio"));
            }
            Kind::Finite => {}
        }
        let Some((n, d)): Option<(IBig, IBig)> = to_ratio(&self.dec) else {
            return Err(vm.no_memory());
        };
        vm.new_tuple(vec![vm.new_ibig(n)?, vm.new_ibig(d)?])
    }

    /// Sign, digits and exponent.
    #[pymethod(sig = "($self, /)")]
    fn as_tuple(&self, vm: &Vm) -> PyResult {
        let d = &self.dec;
        let digits = match d.kind {
            Kind::Nan | Kind::SignalingNan if d.coeff.is_zero() => String::new(),
            _ => d.coeff.to_digits(),
        };
        let digits = digits
            .bytes()
            .map(|b| Value::from_i32((b - b'0').into()))
            .collect();
        let exponent = match d.kind {
            Kind::Infinite => vm.new_str("F")?.into_value(),
            Kind::Nan => vm.new_str("n")?.into_value(),
            Kind::SignalingNan => vm.new_str("N")?.into_value(),
            Kind::Finite => vm.new_int(d.exp)?,
        };
        let sign = Value::from_i32(d.negative.into());
        let digits = vm.new_tuple(digits)?.into_value();
        let state = classes(vm)?;
        vm.call_pos(&state.get(vm)?.decimal_tuple, &[sign, digits, exponent])
    }

    /// The number that a float or int is, exactly.
    #[classmethod(sig = "($type, f, /)")]
    fn from_float(vm: &Vm, cls: &Ref<TypeObject>, f: &Value) -> PyResult {
        let d = new(vm, convert::of_float_or_int(vm, f)?)?;
        through(vm, cls, d)
    }

    /// The number that an int, float or Decimal is, exactly.
    #[classmethod(sig = "($type, number, /)")]
    fn from_number(vm: &Vm, cls: &Ref<TypeObject>, number: &Value) -> PyResult {
        if number.downcast_ref::<Decimal>().is_none()
            && number.as_int().is_none()
            && number.as_float().is_none()
        {
            let name = vm.type_name(number);
            return Err(vm.type_error(&format!(
                "conversion from {name} to Decimal is not supported"
            )));
        }
        let d = match number.downcast_ref::<Decimal>() {
            Some(d) if std::ptr::eq(vm.type_of(number), vm.class::<Decimal>()?.object()) => {
                d.as_value().clone()
            }
            Some(d) => new(vm, d.dec.clone())?,
            None => new(vm, convert::of_float_or_int(vm, number)?)?,
        };
        through(vm, cls, d)
    }
}

/// The number itself for `Decimal`, and what a subclass makes of it.
fn through(vm: &Vm, cls: &Ref<TypeObject>, d: Value) -> PyResult {
    if cls.is(&vm.class::<Decimal>()?) {
        return Ok(d);
    }
    vm.call1(cls.as_value(), &d)
}
