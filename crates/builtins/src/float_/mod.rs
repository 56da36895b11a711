//! `float`. Text conversions are in `taipan-numeric`; the arithmetic that needs rules is in `arith.rs`.

pub mod arith;

use std::cmp::Ordering;

use dashu_int::IBig;
use taipan_macros::pymethods;
use taipan_numeric::format::format_float;
use taipan_numeric::parse::{parse_float, to_ascii, trim};
use taipan_numeric::spec::FormatSpec;
use taipan_numeric::{double, hexfloat};
use taipan_object::bind::constructor_positional;
use taipan_object::convert::IntoPy;
use taipan_object::{
    Args, Bytes, CompareOp, Float, IntRef, Payload, PyResult, Ref, Str, Tuple, TypeObject,
    TypeSpec, Value, Vm,
};
use taipan_text::TextBuf;

use crate::Family;
use crate::int_::arith::{compare_int_float, ibig_from_f64};
use crate::int_::text::raise_numeric;
use arith::{float_div, float_divmod, float_pow, float_rem, operand};

/// The float of an instance.
#[inline]
fn value(vm: &Vm, v: &Value) -> PyResult<f64> {
    match v.as_float() {
        Some(f) => Ok(f),
        None => Err(vm.type_error(&format!("must be real number, not {}", vm.type_name(v)))),
    }
}

fn could_not_convert(vm: &Vm, shown: &Value) -> PyResult<f64> {
    let mut message = TextBuf::default();
    message.push_str("could not convert string to float: ");
    message.push_text(vm.repr(shown)?.text());
    let message = vm.new_str_buf(&message)?.into_value();
    Err(vm.raise_args(&vm.exc().ValueError, vec![message]))
}

/// The float that a string is.
pub fn float_from_str(vm: &Vm, s: &Ref<Str>) -> PyResult<f64> {
    match parse_float(trim(&to_ascii(s.text()))) {
        Some(f) => Ok(f),
        None => could_not_convert(vm, s.as_value()),
    }
}

/// `float(v)`
pub fn to_float(vm: &Vm, v: &Value) -> PyResult<f64> {
    if v.is_exact_str(vm)
        && let Some(s) = v.downcast_ref::<Str>()
    {
        return float_from_str(vm, s);
    }
    let slots = &vm.type_of(v).payload.slots;
    if slots.nb_float.get().is_some() || slots.nb_index.get().is_some() {
        return vm.number_as_double(v);
    }
    if let Some(s) = v.downcast_ref::<Str>() {
        return float_from_str(vm, s);
    }
    let bytes = match v.downcast_ref::<Bytes>() {
        Some(b) => b.as_slice().to_vec(),
        None if slots.bf_getbuffer.get().is_some() => vm.get_buffer(v, false)?.to_vec(),
        None => {
            return Err(vm.type_error(&format!(
                "float() argument must be a string or a real number, not '{}'",
                vm.type_name(v)
            )));
        }
    };
    match parse_float(trim(&bytes)) {
        Some(f) => Ok(f),
        None => could_not_convert(vm, v),
    }
}

fn of_class(vm: &Vm, cls: &Ref<TypeObject>, f: f64) -> PyResult {
    Ok(vm.new_object(cls, Float { value: f })?.into_value())
}

/// The whole part as an int, for a float that has been rounded or is to be truncated.
pub fn float_to_int(vm: &Vm, f: f64) -> PyResult {
    const WORD: f64 = 9_223_372_036_854_775_808.0;
    if (-WORD..WORD).contains(&f) {
        return vm.new_int(f as i64);
    }
    if f.is_nan() {
        return Err(vm.value_error("cannot convert float NaN to integer"));
    }
    if f.is_infinite() {
        return Err(vm.overflow_error("cannot convert float infinity to integer"));
    }
    vm.new_ibig(ibig_from_f64(f))
}

/// The ordering of a float and an int or float; `Ok(None)` for NaN, `Err(())` for another type.
fn order(a: f64, b: &Value) -> Result<Option<Ordering>, ()> {
    if let Some(g) = b.as_float() {
        return Ok(a.partial_cmp(&g));
    }
    match b.as_int() {
        Some(i) => Ok(compare_int_float(i, a).map(Ordering::reverse)),
        None => Err(()),
    }
}

macro_rules! operators {
    ($vm:ident; $($slot:ident => |$x:ident, $y:ident| $f:expr;)*) => {
        struct Operators;

        #[pymethods(OPERATORS)]
        impl Operators {
            $(#[pyslot]
            fn $slot($vm: &Vm, a: &Value, b: &Value) -> PyResult {
                match (operand($vm, a)?, operand($vm, b)?) {
                    (Some($x), Some($y)) => IntoPy::into_py($f, $vm),
                    _ => Ok($vm.not_implemented()),
                }
            })*
        }
    };
}

operators! {
    vm;
    nb_add => |x, y| x + y;
    nb_subtract => |x, y| x - y;
    nb_multiply => |x, y| x * y;
    nb_true_divide => |x, y| float_div(vm, x, y);
    nb_remainder => |x, y| float_rem(vm, x, y);
    nb_floor_divide => |x, y| float_divmod(vm, x, y)?.0;
    nb_divmod => |x, y| float_divmod(vm, x, y);
}

struct Methods;

#[pymethods(METHODS)]
impl Methods {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
        let exact = cls.is(&vm.types().float);
        let args = constructor_positional(vm, "float", cls.as_value(), 0, 1, args)?;
        match args.first() {
            None => of_class(vm, cls, 0.0),
            Some(v) if exact && std::ptr::eq(vm.type_of(v), vm.types().float.object()) => {
                Ok(v.clone())
            }
            Some(v) => of_class(vm, cls, to_float(vm, v)?),
        }
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Value) -> PyResult<String> {
        Ok(double::repr(value(vm, this)?))
    }

    #[pyslot]
    fn tp_hash(vm: &Vm, this: &Value) -> PyResult<i64> {
        Ok(hash(this, value(vm, this)?))
    }

    #[pyslot]
    fn tp_richcompare(vm: &Vm, a: &Value, b: &Value, op: CompareOp) -> PyResult {
        match order(value(vm, a)?, b) {
            Ok(Some(o)) => Ok(vm.bool(op.matches(o))),
            Ok(None) => Ok(vm.bool(op == CompareOp::Ne)),
            Err(()) => Ok(vm.not_implemented()),
        }
    }

    #[pyslot]
    fn nb_power(vm: &Vm, a: &Value, b: &Value, c: &Value) -> PyResult {
        if !vm.is_none(c) {
            return Err(
                vm.type_error("pow() 3rd argument not allowed unless all arguments are integers")
            );
        }
        match (operand(vm, a)?, operand(vm, b)?) {
            (Some(x), Some(y)) => float_pow(vm, x, y),
            _ => Ok(vm.not_implemented()),
        }
    }

    #[pyslot]
    fn nb_negative(vm: &Vm, this: &Value) -> PyResult<f64> {
        Ok(-value(vm, this)?)
    }

    #[pyslot]
    fn nb_positive(vm: &Vm, this: &Value) -> PyResult {
        exact(vm, this)
    }

    #[pyslot]
    fn nb_absolute(vm: &Vm, this: &Value) -> PyResult<f64> {
        Ok(value(vm, this)?.abs())
    }

    #[pyslot]
    fn nb_bool(vm: &Vm, this: &Value) -> PyResult<bool> {
        Ok(value(vm, this)? != 0.0)
    }

    #[pyslot]
    fn nb_int(vm: &Vm, this: &Value) -> PyResult {
        float_to_int(vm, value(vm, this)?)
    }

    #[pyslot]
    fn nb_float(vm: &Vm, this: &Value) -> PyResult {
        exact(vm, this)
    }

    /// Convert real number to a floating-point number.
    #[classmethod(sig = "($type, number, /)")]
    fn from_number(vm: &Vm, cls: &Ref<TypeObject>, number: &Value) -> PyResult {
        let is_float = std::ptr::eq(vm.type_of(number), vm.types().float.object());
        if is_float && cls.is(&vm.types().float) {
            return Ok(number.clone());
        }
        let f = vm.new_float(vm.as_double(number)?)?;
        if cls.is(&vm.types().float) {
            return Ok(f);
        }
        vm.call1(cls.as_value(), &f)
    }

    /// Return self, the complex conjugate of any float.
    #[pymethod(sig = "($self, /)")]
    fn conjugate(vm: &Vm, this: &Value) -> PyResult {
        exact(vm, this)
    }

    /// Return the Integral closest to x between 0 and x.
    #[pymethod(sig = "($self, /)")]
    fn __trunc__(vm: &Vm, this: &Value) -> PyResult {
        float_to_int(vm, value(vm, this)?)
    }

    /// Return the floor as an Integral.
    #[pymethod(sig = "($self, /)")]
    fn __floor__(vm: &Vm, this: &Value) -> PyResult {
        float_to_int(vm, value(vm, this)?.floor())
    }

    /// Return the ceiling as an Integral.
    #[pymethod(sig = "($self, /)")]
    fn __ceil__(vm: &Vm, this: &Value) -> PyResult {
        float_to_int(vm, value(vm, this)?.ceil())
    }

    /// Return the Integral closest to x, rounding half toward even.
    #[pymethod(sig = "($self, ndigits=None, /)")]
    fn __round__(vm: &Vm, this: &Value, ndigits: Option<&Value>) -> PyResult {
        let f = value(vm, this)?;
        let Some(n) = ndigits.filter(|n| !vm.is_none(n)) else {
            return float_to_int(vm, f.round_ties_even());
        };
        let n = vm.index_isize(n)?;
        if !f.is_finite() {
            return vm.new_float(f);
        }
        let r = double::round(f, n as i64).map_err(|e| raise_numeric(vm, &e))?;
        vm.new_float(r)
    }

    /// Return a pair of integers, whose ratio is exactly equal to the original float.
    #[pymethod(sig = "($self, /)")]
    fn as_integer_ratio(vm: &Vm, this: &Value) -> PyResult<(Value, Value)> {
        let f = value(vm, this)?;
        if f.is_infinite() {
            return Err(vm.overflow_error("cannot convert Infinity to integer ratio"));
        }
        if f.is_nan() {
            return Err(vm.value_error("cannot convert NaN to integer ratio"));
        }
        let (n, d) = integer_ratio(f);
        Ok((vm.new_ibig(n)?, vm.new_ibig(d)?))
    }

    /// Create a floating-point number from a hexadecimal string.
    #[classmethod(sig = "($type, string, /)")]
    fn fromhex(vm: &Vm, cls: &Ref<TypeObject>, string: &Value) -> PyResult {
        let Some(s) = string.downcast_ref::<Str>() else {
            return Err(vm.type_error("bad argument type for built-in operation"));
        };
        let text = s.to_string_lossy();
        let f = hexfloat::from_hex(text.as_bytes()).map_err(|e| raise_numeric(vm, &e))?;
        let f = vm.new_float(f)?;
        if cls.is(&vm.types().float) {
            return Ok(f);
        }
        vm.call1(cls.as_value(), &f)
    }

    /// Return a hexadecimal representation of a floating-point number.
    #[pymethod(sig = "($self, /)")]
    fn hex(vm: &Vm, this: &Value) -> PyResult<String> {
        Ok(hexfloat::to_hex(value(vm, this)?))
    }

    /// Return True if the float is an integer.
    #[pymethod(sig = "($self, /)")]
    fn is_integer(vm: &Vm, this: &Value) -> PyResult<bool> {
        let f = value(vm, this)?;
        Ok(f.is_finite() && f == f.floor())
    }

    #[pymethod(sig = "($self, /)")]
    fn __getnewargs__(vm: &Vm, this: &Value) -> PyResult<Ref<Tuple>> {
        vm.new_tuple(vec![vm.new_float(value(vm, this)?)?])
    }

    /// How floats of a C type are stored: for Python's own test suite.
    #[classmethod(sig = "($type, typestr, /)")]
    fn __getformat__(vm: &Vm, _cls: &Value, typestr: &str) -> PyResult<&'static str> {
        match typestr {
            "double" | "float" => Ok("IEEE, little-endian"),
            _ => Err(vm.value_error("__getformat__() argument 1 must be 'double' or 'float'")),
        }
    }

    /// Formats the float according to format_spec.
    #[pymethod(sig = "($self, format_spec, /)")]
    fn __format__(vm: &Vm, this: &Value, format_spec: &Ref<Str>) -> PyResult {
        if format_spec.is_empty() {
            return Ok(vm.str(this)?.into_value());
        }
        let mut out = TextBuf::default();
        FormatSpec::for_float(format_spec.text(), "float")
            .and_then(|spec| {
                let f = this.as_float().unwrap_or(f64::NAN);
                format_float(&spec, "float", f, None, &mut out)
            })
            .map_err(|e| raise_numeric(vm, &e))?;
        Ok(vm.new_str_buf(&out)?.into_value())
    }

    /// the real part of a complex number
    #[getter]
    fn real(vm: &Vm, this: &Value) -> PyResult {
        exact(vm, this)
    }

    /// the imaginary part of a complex number
    #[getter]
    fn imag(_this: &Value) -> f64 {
        0.0
    }
}

/// The same number as an exact float.
fn exact(vm: &Vm, v: &Value) -> PyResult {
    if std::ptr::eq(vm.type_of(v), vm.types().float.object()) {
        return Ok(v.clone());
    }
    vm.new_float(value(vm, v)?)
}

/// The hash of a float object: NaNs hash by identity.
pub fn hash(object: &Value, f: f64) -> i64 {
    taipan_numeric::hash::float(f)
        .unwrap_or_else(|| taipan_numeric::hash::pointer(object.bits() as usize))
}

/// A finite float as a fraction in lowest terms.
pub fn integer_ratio(f: f64) -> (IBig, IBig) {
    let bits = f.abs().to_bits();
    let exponent = (bits >> 52) as i32;
    let mantissa = (bits & ((1 << 52) - 1)) | if exponent == 0 { 0 } else { 1 << 52 };
    if mantissa == 0 {
        return (IBig::ZERO, IBig::ONE);
    }
    let zeros = mantissa.trailing_zeros();
    let shift = exponent.max(1) - 1075 + zeros as i32;
    let mut n = IBig::from(mantissa >> zeros);
    if f < 0.0 {
        n = -n;
    }
    let amount = shift.unsigned_abs() as usize;
    if shift >= 0 {
        (n << amount, IBig::ONE)
    } else {
        (n, IBig::ONE << amount)
    }
}

/// Compares an int with a float, for callers that have the int as a value.
pub fn int_equals_float(i: IntRef<'_>, f: f64) -> bool {
    compare_int_float(i, f) == Some(Ordering::Equal)
}

static FLOAT: TypeSpec = TypeSpec {
    doc: Some("A floating-point number of 64 bits; from a number or from text."),
    text_signature: Some("(x=0, /)"),
    parts: &[&METHODS, &OPERATORS],
    ..TypeSpec::new("float", "builtins", <Float as Payload>::layout)
};

/// This folder's types.
pub const FAMILY: Family = Family {
    core: &[(|vm| &vm.types().float, &FLOAT)],
    types: &[],
    init: None,
};
