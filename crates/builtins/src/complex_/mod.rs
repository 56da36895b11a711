//! `complex`. The arithmetic is in `arith.rs`.

pub mod arith;

use taipan_macros::pymethods;
use taipan_numeric::double;
use taipan_numeric::format::format_complex;
use taipan_numeric::parse::{ComplexError, parse_complex, to_ascii};
use taipan_numeric::spec::FormatSpec;
use taipan_object::bind::{Buffer, bind};
use taipan_object::{
    Args, CompareOp, Complex, Params, Payload, PyResult, Ref, Str, Tuple, TypeObject, TypeSpec,
    Value, Vm,
};
use taipan_text::TextBuf;

use crate::Family;
use crate::int_::arith::{compare_int_float, int_to_f64};
use crate::int_::text::raise_numeric;
use arith::C;

fn as_complex(v: &Value) -> Option<C> {
    v.downcast_ref::<Complex>().map(|c| (c.re, c.im))
}

fn value(vm: &Vm, v: &Value) -> PyResult<C> {
    as_complex(v).ok_or_else(|| vm.type_error("a complex number is required"))
}

/// An operand: complex, or a real number with its kind kept, since `complex + float` leaves the imaginary part alone.
#[derive(Clone, Copy)]
enum Operand {
    Complex(C),
    Real(f64),
}

fn operand(vm: &Vm, v: &Value) -> PyResult<Option<Operand>> {
    if let Some(c) = as_complex(v) {
        return Ok(Some(Operand::Complex(c)));
    }
    if let Some(f) = v.as_float() {
        return Ok(Some(Operand::Real(f)));
    }
    match v.as_int() {
        Some(i) => Ok(Some(Operand::Real(int_to_f64(vm, i)?))),
        None => Ok(None),
    }
}

fn both(vm: &Vm, a: &Value, b: &Value) -> PyResult<Option<(Operand, Operand)>> {
    let Some(x) = operand(vm, a)? else {
        return Ok(None);
    };
    Ok(operand(vm, b)?.map(|y| (x, y)))
}

impl Operand {
    fn complex(self) -> C {
        match self {
            Operand::Complex(c) => c,
            Operand::Real(f) => (f, 0.0),
        }
    }
}

fn make(vm: &Vm, (re, im): C) -> PyResult {
    vm.new_complex(re, im)
}

fn of_class(vm: &Vm, cls: &Ref<TypeObject>, (re, im): C) -> PyResult {
    Ok(vm.new_object(cls, Complex { re, im })?.into_value())
}

/// What `__complex__` gives, if the type has one.
fn by_special_method(vm: &Vm, v: &Value) -> PyResult<Option<C>> {
    let Some(f) = vm.special(v, &vm.names().__complex__)? else {
        return Ok(None);
    };
    let r = vm.call0(&f)?;
    let Some(c) = as_complex(&r) else {
        return Err(vm.type_error(&format!(
            "__complex__ returned non-complex (type {})",
            vm.type_name(&r)
        )));
    };
    if !std::ptr::eq(vm.type_of(&r), vm.types().complex.object()) {
        let message = format!(
            "__complex__ returned non-complex (type {}).  The ability to return an instance of a strict subclass of complex is deprecated, and may be removed in a future version of Python.",
            vm.type_name(&r)
        );
        vm.warn(&vm.exc().DeprecationWarning, &message, 1)?;
    }
    Ok(Some(c))
}

/// `v` as a complex number: complex, by `__complex__`, or real (`PyComplex_AsCComplex`).
pub fn to_complex(vm: &Vm, v: &Value) -> PyResult<C> {
    if let Some(c) = as_complex(v) {
        return Ok(c);
    }
    match by_special_method(vm, v)? {
        Some(c) => Ok(c),
        None => Ok((vm.as_double(v)?, 0.0)),
    }
}

fn is_real(vm: &Vm, v: &Value) -> bool {
    let slots = &vm.type_of(v).payload.slots;
    slots.nb_float.get().is_some() || slots.nb_index.get().is_some()
}

fn from_str(vm: &Vm, s: &Ref<Str>) -> PyResult<C> {
    match parse_complex(&to_ascii(s.text())) {
        Ok(c) => Ok(c),
        Err(ComplexError::Malformed) => Err(vm.value_error("complex() arg is a malformed string")),
        Err(_) => {
            let mut message = TextBuf::default();
            message.push_str("could not convert string to complex: ");
            message.push_text(vm.repr(s.as_value())?.text());
            let message = vm.new_str_buf(&message)?.into_value();
            Err(vm.raise_args(&vm.exc().ValueError, vec![message]))
        }
    }
}

fn from_one(vm: &Vm, v: &Value) -> PyResult<C> {
    if let Some(s) = v.downcast_ref::<Str>() {
        return from_str(vm, s);
    }
    if let Some(c) = by_special_method(vm, v)? {
        return Ok(c);
    }
    if let Some(c) = as_complex(v) {
        return Ok(c);
    }
    if !is_real(vm, v) {
        return Err(vm.type_error(&format!(
            "complex() argument must be a string or a number, not {}",
            vm.type_name(v)
        )));
    }
    Ok((vm.as_double(v)?, 0.0))
}

fn must_be_real(vm: &Vm, which: &str, v: &Value) -> String {
    format!(
        "complex() argument '{which}' must be a real number, not {}",
        vm.type_name(v)
    )
}

/// One of two arguments: complex numbers still count, with a warning.
fn part(vm: &Vm, which: &str, v: &Value) -> PyResult<Operand> {
    let c = match as_complex(v) {
        Some(c) => Some(c),
        None if which == "real" => by_special_method(vm, v)?,
        None => None,
    };
    if let Some(c) = c {
        vm.warn(&vm.exc().DeprecationWarning, &must_be_real(vm, which, v), 1)?;
        return Ok(Operand::Complex(c));
    }
    if !is_real(vm, v) {
        return Err(vm.type_error(&must_be_real(vm, which, v)));
    }
    Ok(Operand::Real(vm.as_double(v)?))
}

static PARAMS: Params = Params {
    names: &["real", "imag"],
    positional_only: 0,
    positional: 2,
    required: 0,
    required_keyword: 0,
};

fn new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
    let mut buffer = Buffer::new();
    let places = bind(vm, "complex", &PARAMS, args, &mut buffer)?;
    let exact = cls.is(&vm.types().complex);
    let c = match (
        places.first().copied().flatten(),
        places.get(1).copied().flatten(),
    ) {
        (None, None) => (0.0, 0.0),
        (Some(v), None) => {
            if exact && std::ptr::eq(vm.type_of(v), vm.types().complex.object()) {
                return Ok(v.clone());
            }
            from_one(vm, v)?
        }
        (re, Some(im)) => {
            let re = match re {
                Some(v) => part(vm, "real", v)?,
                None => Operand::Real(0.0),
            };
            match (re, part(vm, "imag", im)?) {
                (Operand::Real(a), Operand::Real(b)) => (a, b),
                (Operand::Complex((a, ai)), Operand::Real(b)) => (a, ai + b),
                (Operand::Real(a), Operand::Complex((b, bi))) => (a - bi, b),
                (Operand::Complex((a, ai)), Operand::Complex((b, bi))) => (a - bi, ai + b),
            }
        }
    };
    of_class(vm, cls, c)
}

fn equals((re, im): C, other: &Value) -> Option<bool> {
    if let Some(c) = as_complex(other) {
        return Some(c == (re, im));
    }
    if let Some(f) = other.as_float() {
        return Some(im == 0.0 && f == re);
    }
    let i = other.as_int()?;
    Some(im == 0.0 && compare_int_float(i, re).is_some_and(std::cmp::Ordering::is_eq))
}

struct Methods;

#[pymethods(METHODS)]
impl Methods {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
        new(vm, cls, args)
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Value) -> PyResult<String> {
        let (re, im) = value(vm, this)?;
        Ok(double::repr_complex(re, im))
    }

    #[pyslot]
    fn tp_hash(vm: &Vm, this: &Value) -> PyResult<i64> {
        let (re, im) = value(vm, this)?;
        let part = |f| crate::float_::hash(this, f);
        Ok(taipan_numeric::hash::complex(part(re), part(im)))
    }

    #[pyslot]
    fn tp_richcompare(vm: &Vm, a: &Value, b: &Value, op: CompareOp) -> PyResult {
        match (op, equals(value(vm, a)?, b)) {
            (CompareOp::Eq, Some(same)) => Ok(vm.bool(same)),
            (CompareOp::Ne, Some(same)) => Ok(vm.bool(!same)),
            _ => Ok(vm.not_implemented()),
        }
    }

    #[pyslot]
    fn nb_add(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        match both(vm, a, b)? {
            None => Ok(vm.not_implemented()),
            Some((Operand::Complex((r, i)), Operand::Real(f)))
            | Some((Operand::Real(f), Operand::Complex((r, i)))) => make(vm, (r + f, i)),
            Some((x, y)) => {
                let (x, y) = (x.complex(), y.complex());
                make(vm, (x.0 + y.0, x.1 + y.1))
            }
        }
    }

    #[pyslot]
    fn nb_subtract(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        match both(vm, a, b)? {
            None => Ok(vm.not_implemented()),
            Some((Operand::Complex((r, i)), Operand::Real(f))) => make(vm, (r - f, i)),
            Some((Operand::Real(f), Operand::Complex((r, i)))) => make(vm, (f - r, -i)),
            Some((x, y)) => {
                let (x, y) = (x.complex(), y.complex());
                make(vm, (x.0 - y.0, x.1 - y.1))
            }
        }
    }

    #[pyslot]
    fn nb_multiply(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        match both(vm, a, b)? {
            None => Ok(vm.not_implemented()),
            Some((Operand::Complex((r, i)), Operand::Real(f)))
            | Some((Operand::Real(f), Operand::Complex((r, i)))) => make(vm, (r * f, i * f)),
            Some((x, y)) => make(vm, arith::mul(x.complex(), y.complex())),
        }
    }

    #[pyslot]
    fn nb_true_divide(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        match both(vm, a, b)? {
            None => Ok(vm.not_implemented()),
            Some((Operand::Complex((r, i)), Operand::Real(f))) => {
                if f == 0.0 {
                    return Err(vm.zero_division_error("division by zero"));
                }
                make(vm, (r / f, i / f))
            }
            Some((Operand::Real(f), y)) => make(vm, arith::real_div(vm, f, y.complex())?),
            Some((x, y)) => make(vm, arith::div(vm, x.complex(), y.complex())?),
        }
    }

    #[pyslot]
    fn nb_power(vm: &Vm, a: &Value, b: &Value, c: &Value) -> PyResult {
        let Some((x, y)) = both(vm, a, b)? else {
            return Ok(vm.not_implemented());
        };
        if !vm.is_none(c) {
            return Err(vm.value_error("complex modulo"));
        }
        make(vm, arith::pow(vm, x.complex(), y.complex())?)
    }

    #[pyslot]
    fn nb_negative(vm: &Vm, this: &Value) -> PyResult {
        let (re, im) = value(vm, this)?;
        make(vm, (-re, -im))
    }

    #[pyslot]
    fn nb_positive(vm: &Vm, this: &Value) -> PyResult {
        if std::ptr::eq(vm.type_of(this), vm.types().complex.object()) {
            return Ok(this.clone());
        }
        make(vm, value(vm, this)?)
    }

    #[pyslot]
    fn nb_absolute(vm: &Vm, this: &Value) -> PyResult<f64> {
        let (re, im) = value(vm, this)?;
        let r = re.hypot(im);
        if r.is_infinite() && re.is_finite() && im.is_finite() {
            return Err(vm.overflow_error("absolute value too large"));
        }
        Ok(r)
    }

    #[pyslot]
    fn nb_bool(vm: &Vm, this: &Value) -> PyResult<bool> {
        let (re, im) = value(vm, this)?;
        Ok(re != 0.0 || im != 0.0)
    }

    /// Convert number to a complex floating-point number.
    #[classmethod(sig = "($type, number, /)")]
    fn from_number(vm: &Vm, cls: &Ref<TypeObject>, number: &Value) -> PyResult {
        let exact = cls.is(&vm.types().complex);
        if exact && std::ptr::eq(vm.type_of(number), vm.types().complex.object()) {
            return Ok(number.clone());
        }
        of_class(vm, cls, to_complex(vm, number)?)
    }

    /// Return the complex conjugate of its argument.
    #[pymethod(sig = "($self, /)")]
    fn conjugate(vm: &Vm, this: &Value) -> PyResult {
        let (re, im) = value(vm, this)?;
        make(vm, (re, -im))
    }

    /// Convert this value to exact type complex.
    #[pymethod(sig = "($self, /)")]
    fn __complex__(vm: &Vm, this: &Value) -> PyResult {
        Methods::nb_positive(vm, this)
    }

    #[pymethod(sig = "($self, /)")]
    fn __getnewargs__(vm: &Vm, this: &Value) -> PyResult<Ref<Tuple>> {
        let (re, im) = value(vm, this)?;
        vm.new_tuple(vec![vm.new_float(re)?, vm.new_float(im)?])
    }

    /// Convert to a string according to format_spec.
    #[pymethod(sig = "($self, format_spec, /)")]
    fn __format__(vm: &Vm, this: &Value, format_spec: &Ref<Str>) -> PyResult {
        if format_spec.is_empty() {
            return Ok(vm.str(this)?.into_value());
        }
        let c = value(vm, this)?;
        let mut out = TextBuf::default();
        FormatSpec::for_float(format_spec.text(), "complex")
            .and_then(|spec| format_complex(&spec, "complex", c, None, &mut out))
            .map_err(|e| raise_numeric(vm, &e))?;
        Ok(vm.new_str_buf(&out)?.into_value())
    }

    /// the real part of a complex number
    #[member]
    fn real(vm: &Vm, this: &Value) -> PyResult<f64> {
        Ok(value(vm, this)?.0)
    }

    /// the imaginary part of a complex number
    #[member]
    fn imag(vm: &Vm, this: &Value) -> PyResult<f64> {
        Ok(value(vm, this)?.1)
    }
}

static COMPLEX: TypeSpec = TypeSpec {
    doc: Some("A complex number; from a number or text, or from a real and an imaginary part."),
    text_signature: Some("(real=0, imag=0)"),
    parts: &[&METHODS],
    ..TypeSpec::new("complex", "builtins", <Complex as Payload>::layout)
};

/// This folder's types.
pub const FAMILY: Family = Family {
    core: &[(|vm| &vm.types().complex, &COMPLEX)],
    types: &[],
    init: None,
};
