//! `timedelta`.

use std::cell::Cell;

use dashu_int::IBig;
use taipan_builtins::float_;
use taipan_macros::pymethods;
use taipan_object::bind::{self, Buffer};
use taipan_object::{
    Args, BinaryOp, CompareOp, Params, Payload, PyResult, Ref, Tuple, TypeObject, TypeRef,
    TypeSpec, Value, Vm, payload, tpflags,
};

use crate::util::{set_class_value, state_hash};

/// The payload of `timedelta`: normalized, `0 <= seconds < 86400` and `0 <= micros < 1000000`.
pub struct Delta {
    /// Days, any sign.
    pub days: i32,
    /// Seconds of the day.
    pub seconds: i32,
    /// Microseconds of the second.
    pub micros: i32,
    hash: Cell<i64>,
}

payload!(Delta, leaf);

/// `timedelta`
pub static TIMEDELTA: TypeSpec = TypeSpec {
    doc: Some(
        "Difference between two datetime values.\n\ntimedelta(days=0, seconds=0, microseconds=0, milliseconds=0, minutes=0, hours=0, weeks=0)\n\nAll arguments are optional and default to 0.\nArguments may be integers or floats, and may be positive or negative.",
    ),
    flags: tpflags::BASETYPE,
    parts: &[&TIMEDELTA_METHODS],
    extra: Some(extra),
    ..TypeSpec::new("timedelta", "datetime", <Delta as Payload>::layout)
};

/// The largest magnitude of `days`.
const MAX_DAYS: i32 = 999_999_999;
const US_PER_SECOND: i64 = 1_000_000;
const US_PER_DAY: i64 = 86_400 * US_PER_SECOND;

/// Named units in microseconds, in the order in which they are summed up.
const UNITS: [(usize, &str, i64); 7] = [
    (2, "microseconds", 1),
    (3, "milliseconds", 1000),
    (1, "seconds", US_PER_SECOND),
    (4, "minutes", 60 * US_PER_SECOND),
    (5, "hours", 3600 * US_PER_SECOND),
    (0, "days", US_PER_DAY),
    (6, "weeks", 7 * US_PER_DAY),
];

static PARAMS: Params = Params {
    names: &[
        "days",
        "seconds",
        "microseconds",
        "milliseconds",
        "minutes",
        "hours",
        "weeks",
    ],
    positional_only: 0,
    positional: 7,
    required: 0,
    required_keyword: 0,
};

fn extra(vm: &Vm, ty: &TypeRef) -> PyResult<()> {
    let resolution = new_of(vm, ty, 0, 0, 1)?;
    let min = new_of(vm, ty, -i64::from(MAX_DAYS), 0, 0)?;
    let max = new_of(vm, ty, i64::from(MAX_DAYS), 86_399, 999_999)?;
    set_class_value(vm, ty, "resolution", resolution.into_value())?;
    set_class_value(vm, ty, "min", min.into_value())?;
    set_class_value(vm, ty, "max", max.into_value())
}

/// A `timedelta` of any numbers of days, seconds and microseconds.
pub fn new(vm: &Vm, days: i64, seconds: i64, micros: i64) -> PyResult<Ref<Delta>> {
    new_of(vm, &vm.class::<Delta>()?, days, seconds, micros)
}

fn new_of(vm: &Vm, ty: &TypeRef, days: i64, seconds: i64, micros: i64) -> PyResult<Ref<Delta>> {
    let seconds = seconds + micros.div_euclid(US_PER_SECOND);
    let days = days + seconds.div_euclid(86_400);
    let max = i64::from(MAX_DAYS);
    if !(-max..=max).contains(&days) {
        return Err(vm.overflow_error(&format!("days={days}; must have magnitude <= {MAX_DAYS}")));
    }
    let payload = Delta {
        days: days as i32,
        seconds: seconds.rem_euclid(86_400) as i32,
        micros: micros.rem_euclid(US_PER_SECOND) as i32,
        hash: Cell::new(-1),
    };
    vm.new_object(ty, payload)
}

/// A `timedelta` of microseconds.
pub fn from_micros(vm: &Vm, micros: i128) -> PyResult<Ref<Delta>> {
    from_micros_of(vm, &vm.class::<Delta>()?, micros)
}

fn from_micros_of(vm: &Vm, ty: &TypeRef, micros: i128) -> PyResult<Ref<Delta>> {
    let days = micros.div_euclid(US_PER_DAY.into());
    let rest = micros.rem_euclid(US_PER_DAY.into()) as i64;
    match i32::try_from(days) {
        Ok(days) => new_of(vm, ty, days.into(), 0, rest),
        Err(_) => Err(too_large(vm)),
    }
}

#[cold]
fn too_large(vm: &Vm) -> taipan_object::Raised {
    vm.overflow_error("Python int too large to convert to C int")
}

fn from_big(vm: &Vm, micros: &IBig) -> PyResult<Ref<Delta>> {
    match i128::try_from(micros) {
        Ok(us) => from_micros(vm, us),
        Err(_) => Err(too_large(vm)),
    }
}

/// A microsecond count given as an int object.
fn from_int_value(vm: &Vm, v: &Value) -> PyResult {
    match v.as_int() {
        Some(i) => Ok(from_big(vm, &i.to_ibig())?.into_value()),
        None => Err(vm.type_error("microseconds are an int")),
    }
}

impl Delta {
    /// All of it in microseconds.
    pub fn total_micros(&self) -> i128 {
        i128::from(self.days) * i128::from(US_PER_DAY)
            + i128::from(i64::from(self.seconds) * US_PER_SECOND + i64::from(self.micros))
    }

    /// Whether it is zero.
    pub fn is_zero(&self) -> bool {
        self.days == 0 && self.seconds == 0 && self.micros == 0
    }

    /// Days, seconds, microseconds.
    pub fn parts(&self) -> (i32, i32, i32) {
        (self.days, self.seconds, self.micros)
    }

    /// Days and seconds in seconds.
    pub fn whole_seconds(&self) -> i64 {
        i64::from(self.days) * 86_400 + i64::from(self.seconds)
    }

    /// `total_seconds()`
    pub fn total_seconds(&self) -> f64 {
        // Below 2^53 microseconds both operands are exact, and one division rounds once, as dividing ints does.
        let us = self.total_micros();
        if us.unsigned_abs() < 1 << 53 {
            us as f64 / 1e6
        } else {
            ratio(us, US_PER_SECOND.into())
        }
    }
}

/// `a / b` correctly rounded, for `b != 0`.
fn ratio(a: i128, b: i128) -> f64 {
    // A quotient of 64 significant bits with a sticky bit rounds like the exact one.
    let negative = (a < 0) != (b < 0);
    let (a, b) = (a.unsigned_abs(), b.unsigned_abs());
    if a == 0 {
        return if negative { -0.0 } else { 0.0 };
    }
    let shift = (i64::from(b.ilog2()) - i64::from(a.ilog2()) + 64).max(0) as usize;
    let (n, d) = (IBig::from(a) << shift, IBig::from(b));
    let q = &n / &d;
    let sticky = &q * &d != n;
    let Ok(q) = u128::try_from(&q) else {
        return f64::NAN;
    };
    let q = q | u128::from(sticky);
    let f = q as f64 * 2f64.powi(-(shift as i32));
    if negative { -f } else { f }
}

pub(crate) fn sum(vm: &Vm, a: &Delta, b: &Delta, sign: i64) -> PyResult<Ref<Delta>> {
    new(
        vm,
        i64::from(a.days) + sign * i64::from(b.days),
        i64::from(a.seconds) + sign * i64::from(b.seconds),
        i64::from(a.micros) + sign * i64::from(b.micros),
    )
}

fn negated(vm: &Vm, a: &Delta) -> PyResult<Ref<Delta>> {
    new(
        vm,
        -i64::from(a.days),
        -i64::from(a.seconds),
        -i64::from(a.micros),
    )
}

/// The sum of the constructor's arguments in microseconds.
#[derive(Default)]
struct Total {
    small: i128,
    /// What is beyond; zero almost always.
    big: IBig,
    /// Fractions of microseconds.
    rest: f64,
}

impl Total {
    fn add_big(&mut self, n: &IBig, unit: i64) {
        match i64::try_from(n) {
            // At most 2^63 * 2^40 each, and seven of them.
            Ok(n) => self.small += i128::from(n) * i128::from(unit),
            Err(_) => self.big += n * IBig::from(unit),
        }
    }

    fn add_float(&mut self, vm: &Vm, f: f64, unit: i64) -> PyResult<()> {
        if f.is_nan() {
            return Err(vm.value_error("cannot convert float NaN to integer"));
        }
        if f.is_infinite() {
            return Err(vm.overflow_error("cannot convert float infinity to integer"));
        }
        let whole = f.trunc();
        let (n, d) = float_::integer_ratio(whole);
        self.add_big(&(n / d), unit);
        let fraction = f - whole;
        if fraction != 0.0 {
            let scaled = unit as f64 * fraction;
            self.small += scaled.trunc() as i128;
            self.rest += scaled - scaled.trunc();
        }
        Ok(())
    }

    /// The whole number of microseconds, the rest rounded to the nearest even one.
    fn finish(self) -> IBig {
        let mut total = self.big + IBig::from(self.small);
        if self.rest != 0.0 {
            let mut whole = self.rest.round();
            if (whole - self.rest).abs() == 0.5 {
                let odd = (&total & IBig::ONE) != IBig::ZERO;
                let odd = f64::from(u8::from(odd));
                whole = 2.0 * ((self.rest + odd) * 0.5).round() - odd;
            }
            total += IBig::from(whole as i64);
        }
        total
    }
}

/// `a / b` rounded to the nearest, ties to even; `b` is not zero.
fn divide_nearest(a: &IBig, b: &IBig) -> IBig {
    let (a, b) = if *b < IBig::ZERO {
        (-a, -b)
    } else {
        (a.clone(), b.clone())
    };
    let (q, r) = floor_div(&a, &b);
    let twice = &r + &r;
    let up = twice > b || (twice == b && (&q & IBig::ONE) != IBig::ZERO);
    if up { q + IBig::ONE } else { q }
}

fn floor_div(a: &IBig, b: &IBig) -> (IBig, IBig) {
    let q = a / b;
    let r = a - &q * b;
    if r != IBig::ZERO && ((r < IBig::ZERO) != (*b < IBig::ZERO)) {
        (q - IBig::ONE, r + b)
    } else {
        (q, r)
    }
}

fn pair<'a>(a: &'a Value, b: &'a Value) -> Option<(&'a Ref<Delta>, &'a Ref<Delta>)> {
    Some((a.downcast_ref()?, b.downcast_ref()?))
}

fn micros_value(vm: &Vm, d: &Delta) -> PyResult {
    vm.new_ibig(IBig::from(d.total_micros()))
}

/// The division of two deltas as ints, by the operation of the ints.
fn int_operation(vm: &Vm, op: BinaryOp, a: &Delta, b: &Delta) -> PyResult {
    vm.binary_op(op, &micros_value(vm, a)?, &micros_value(vm, b)?)
}

#[cold]
fn zero_division(vm: &Vm) -> taipan_object::Raised {
    vm.zero_division_error("division by zero")
}

/// `v.as_integer_ratio()` of a float or an instance of a subclass, which may have its own.
fn float_ratio(vm: &Vm, v: &Value, f: f64) -> PyResult<(IBig, IBig)> {
    if vm.exact_float(v).is_none() {
        let ratio = vm.call_method_str(v, "as_integer_ratio", &[])?;
        let Some(ratio) = ratio.downcast_ref::<Tuple>() else {
            return Err(vm.type_error(&format!(
                "unexpected return type from as_integer_ratio(): expected tuple, not '{}'",
                vm.type_name(&ratio)
            )));
        };
        let [n, d] = ratio.as_slice() else {
            return Err(vm.value_error("as_integer_ratio() must return a 2-tuple"));
        };
        return match (n.as_int(), d.as_int()) {
            (Some(n), Some(d)) => Ok((n.to_ibig(), d.to_ibig())),
            _ => Err(vm.type_error("as_integer_ratio() must return ints")),
        };
    }
    if f.is_nan() {
        return Err(vm.value_error("cannot convert NaN to integer ratio"));
    }
    if f.is_infinite() {
        return Err(vm.overflow_error("cannot convert Infinity to integer ratio"));
    }
    Ok(float_::integer_ratio(f))
}

fn multiplied(vm: &Vm, d: &Delta, by: &Value) -> PyResult {
    let us = IBig::from(d.total_micros());
    if let Some(n) = by.as_int() {
        return Ok(from_big(vm, &(us * n.to_ibig()))?.into_value());
    }
    let Some(f) = by.as_float() else {
        return Ok(vm.not_implemented());
    };
    let (n, d) = float_ratio(vm, by, f)?;
    if d == IBig::ZERO {
        return Err(zero_division(vm));
    }
    Ok(from_big(vm, &divide_nearest(&(us * n), &d))?.into_value())
}

#[pymethods(TIMEDELTA_METHODS)]
impl Delta {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
        let mut buffer = Buffer::new();
        let given = bind::bind(vm, "__new__", &PARAMS, args, &mut buffer)?;
        let mut total = Total::default();
        for (place, name, unit) in UNITS {
            let Some(v) = given.get(place).copied().flatten() else {
                continue;
            };
            if let Some(n) = v.as_int() {
                total.add_big(&n.to_ibig(), unit);
            } else if let Some(f) = v.as_float() {
                total.add_float(vm, f, unit)?;
            } else {
                return Err(vm.type_error(&format!(
                    "unsupported type for timedelta {name} component: {}",
                    vm.type_name(v)
                )));
            }
        }
        match i128::try_from(&total.finish()) {
            Ok(us) => Ok(from_micros_of(vm, cls, us)?.into_value()),
            Err(_) => Err(too_large(vm)),
        }
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult<String> {
        let parts = [
            ("days", this.days),
            ("seconds", this.seconds),
            ("microseconds", this.micros),
        ];
        let shown: Vec<String> = parts
            .iter()
            .filter(|(_, n)| *n != 0)
            .map(|(name, n)| format!("{name}={n}"))
            .collect();
        let shown = if shown.is_empty() {
            "0".to_owned()
        } else {
            shown.join(", ")
        };
        Ok(format!("{}({shown})", vm.type_name(this.as_value())))
    }

    #[pyslot]
    fn tp_str(this: &Ref<Self>) -> String {
        let s = this.seconds;
        let mut out = String::new();
        if this.days != 0 {
            let plural = if this.days.abs() == 1 { "" } else { "s" };
            out.push_str(&format!("{} day{plural}, ", this.days));
        }
        out.push_str(&format!("{}:{:02}:{:02}", s / 3600, s / 60 % 60, s % 60));
        if this.micros != 0 {
            out.push_str(&format!(".{:06}", this.micros));
        }
        out
    }

    #[pyslot]
    fn tp_hash(vm: &Vm, this: &Ref<Self>) -> PyResult<i64> {
        let known = this.hash.get();
        if known != -1 {
            return Ok(known);
        }
        let hash = state_hash(&[this.days, this.seconds, this.micros]);
        let _ = vm;
        this.hash.set(hash);
        Ok(hash)
    }

    #[pyslot]
    fn tp_richcompare(vm: &Vm, this: &Ref<Self>, other: &Value, op: CompareOp) -> PyResult {
        match other.downcast_ref::<Delta>() {
            Some(other) => Ok(vm.bool(op.matches(this.parts().cmp(&other.parts())))),
            None => Ok(vm.not_implemented()),
        }
    }

    #[pyslot]
    fn nb_bool(&self) -> bool {
        !self.is_zero()
    }

    #[pyslot]
    fn nb_add(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        match pair(a, b) {
            Some((a, b)) => Ok(sum(vm, a, b, 1)?.into_value()),
            None => Ok(vm.not_implemented()),
        }
    }

    #[pyslot]
    fn nb_subtract(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        match pair(a, b) {
            Some((a, b)) => Ok(sum(vm, a, b, -1)?.into_value()),
            None => Ok(vm.not_implemented()),
        }
    }

    #[pyslot]
    fn nb_negative(vm: &Vm, this: &Ref<Self>) -> PyResult {
        Ok(negated(vm, this)?.into_value())
    }

    #[pyslot]
    fn nb_positive(vm: &Vm, this: &Ref<Self>) -> PyResult {
        Ok(new(
            vm,
            this.days.into(),
            this.seconds.into(),
            this.micros.into(),
        )?
        .into_value())
    }

    #[pyslot]
    fn nb_absolute(vm: &Vm, this: &Ref<Self>) -> PyResult {
        if this.days < 0 {
            return Ok(negated(vm, this)?.into_value());
        }
        Ok(new(
            vm,
            this.days.into(),
            this.seconds.into(),
            this.micros.into(),
        )?
        .into_value())
    }

    #[pyslot]
    fn nb_multiply(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        match (a.downcast_ref::<Delta>(), b.downcast_ref::<Delta>()) {
            (Some(a), None) => multiplied(vm, a, b),
            (None, Some(b)) => multiplied(vm, b, a),
            _ => Ok(vm.not_implemented()),
        }
    }

    #[pyslot]
    fn nb_floor_divide(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        if let Some((a, b)) = pair(a, b) {
            return int_operation(vm, BinaryOp::FloorDivide, a, b);
        }
        let (Some(a), Some(_)) = (a.downcast_ref::<Delta>(), b.as_int()) else {
            return Ok(vm.not_implemented());
        };
        let quotient = vm.binary_op(BinaryOp::FloorDivide, &micros_value(vm, a)?, b)?;
        from_int_value(vm, &quotient)
    }

    #[pyslot]
    fn nb_true_divide(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        if let Some((a, b)) = pair(a, b) {
            return int_operation(vm, BinaryOp::TrueDivide, a, b);
        }
        let Some(a) = a.downcast_ref::<Delta>() else {
            return Ok(vm.not_implemented());
        };
        let us = IBig::from(a.total_micros());
        let (n, d) = if let Some(i) = b.as_int() {
            (us, i.to_ibig())
        } else if let Some(f) = b.as_float() {
            let (n, d) = float_ratio(vm, b, f)?;
            (us * d, n)
        } else {
            return Ok(vm.not_implemented());
        };
        if d == IBig::ZERO {
            return Err(zero_division(vm));
        }
        Ok(from_big(vm, &divide_nearest(&n, &d))?.into_value())
    }

    #[pyslot]
    fn nb_remainder(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        let Some((a, b)) = pair(a, b) else {
            return Ok(vm.not_implemented());
        };
        from_int_value(vm, &int_operation(vm, BinaryOp::Remainder, a, b)?)
    }

    #[pyslot]
    fn nb_divmod(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        let Some((a, b)) = pair(a, b) else {
            return Ok(vm.not_implemented());
        };
        let (x, y) = (micros_value(vm, a)?, micros_value(vm, b)?);
        let quotient = vm.binary_op(BinaryOp::FloorDivide, &x, &y)?;
        let rest = from_int_value(vm, &vm.binary_op(BinaryOp::Remainder, &x, &y)?)?;
        Ok(vm.new_tuple_array([quotient, rest])?.into_value())
    }

    /// Number of days.
    #[getter(days)]
    fn get_days(&self) -> i32 {
        self.days
    }

    /// Number of seconds (>= 0 and less than 1 day).
    #[getter(seconds)]
    fn get_seconds(&self) -> i32 {
        self.seconds
    }

    /// Number of microseconds (>= 0 and less than 1 second).
    #[getter(microseconds)]
    fn get_micros(&self) -> i32 {
        self.micros
    }

    /// Total seconds in the duration.
    #[pymethod(name = "total_seconds", sig = "($self, /)")]
    fn total_seconds_method(&self) -> f64 {
        self.total_seconds()
    }

    /// __reduce__() -> (cls, state)
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Ref<Self>) -> (Value, (i32, i32, i32)) {
        (crate::util::class_of(vm, this.as_value()), this.parts())
    }
}
