//! `int`'s constructor, slots and methods.

use dashu_int::ops::BitTest;
use dashu_int::{IBig, Sign, UBig};
use taipan_macros::pymethods;
use taipan_numeric::digits::Digits;
use taipan_object::bind::{Buffer, bind, check_positional};
use taipan_object::{
    Args, Bytes, CompareOp, Int, IntRef, Params, PyResult, Ref, Str, Tuple, TypeObject, Value, Vm,
};
use taipan_text::{TextBuf, TextRef};

use super::arith::{self, big, bit_length, int_of};
use super::text::{self, exact, to_decimal, to_int, to_int_base};

static NEW_PARAMS: Params = Params {
    names: &["", "base"],
    positional_only: 1,
    positional: 2,
    required: 0,
    required_keyword: 0,
};

fn is_exact_int(vm: &Vm, v: &Value) -> bool {
    v.is_small_int() || std::ptr::eq(vm.type_of(v), vm.types().int.object())
}

/// An instance of a subclass with this number; of `int` itself, the number.
pub fn of_class(vm: &Vm, cls: &Ref<TypeObject>, value: Value) -> PyResult {
    if cls.is(&vm.types().int) {
        return Ok(value);
    }
    let value = int_of(vm, &value)?.to_ibig();
    Ok(vm.new_object(cls, Int { value })?.into_value())
}

fn new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
    let exact_class = cls.is(&vm.types().int);
    if exact_class && args.keyword_count() == 0 {
        check_positional(vm, "int", args.values.len(), 0, 2)?;
    }
    let mut buffer = Buffer::new();
    let places = bind(vm, "int", &NEW_PARAMS, args, &mut buffer)?;
    let value = match (
        places.first().copied().flatten(),
        places.get(1).copied().flatten(),
    ) {
        (None, None) => Value::from_i32(0),
        (None, Some(_)) => return Err(vm.type_error("int() missing string argument")),
        (Some(v), None) => to_int(vm, v)?,
        (Some(v), Some(base)) => to_int_base(vm, v, base)?,
    };
    of_class(vm, cls, value)
}

/// Applies an operation to two ints; anything else is left to the other operand.
macro_rules! operators {
    ($($slot:ident => $f:path;)*) => {
        struct Operators;

        #[pymethods(OPERATORS)]
        impl Operators {
            $(#[pyslot]
            fn $slot(vm: &Vm, a: &Value, b: &Value) -> PyResult {
                if a.as_int().is_none() || b.as_int().is_none() {
                    return Ok(vm.not_implemented());
                }
                $f(vm, a, b)
            })*
        }
    };
}

operators! {
    nb_add => arith::int_add;
    nb_subtract => arith::int_sub;
    nb_multiply => arith::int_mul;
    nb_floor_divide => arith::int_floordiv;
    nb_remainder => arith::int_mod;
    nb_divmod => arith::int_divmod;
    nb_true_divide => arith::int_truediv;
    nb_lshift => arith::int_lshift;
    nb_rshift => arith::int_rshift;
    nb_and => arith::int_and;
    nb_or => arith::int_or;
    nb_xor => arith::int_xor;
}

/// The bytes that `int.from_bytes` reads: what `bytes(v)` would be, without its meanings of ints and strings.
fn source_bytes(vm: &Vm, v: &Value) -> PyResult<Vec<u8>> {
    if let Some(b) = v.downcast_exact::<Bytes>(&vm.types().bytes) {
        return Ok(b.as_slice().to_vec());
    }
    if let Some(f) = vm.special(v, &vm.names().__bytes__)? {
        let r = vm.call0(&f)?;
        return match r.downcast_ref::<Bytes>() {
            Some(b) => Ok(b.as_slice().to_vec()),
            None => Err(vm.type_error(&format!(
                "__bytes__ returned non-bytes (type {})",
                vm.type_name(&r)
            ))),
        };
    }
    let slots = &vm.type_of(v).payload.slots;
    if slots.bf_getbuffer.get().is_some() {
        return Ok(vm.get_buffer(v, false)?.to_vec());
    }
    let iterable = slots.tp_iter.get().is_some() || slots.sq_item.get().is_some();
    if !iterable || v.downcast_ref::<Str>().is_some() {
        return Err(vm.type_error(&format!(
            "cannot convert '{}' object to bytes",
            vm.type_name(v)
        )));
    }
    let mut out = Vec::new();
    for item in vm.collect(v)? {
        let i = vm.index(&item)?;
        match i.as_int().and_then(IntRef::to_i64).map(u8::try_from) {
            Some(Ok(b)) => out.push(b),
            _ => return Err(vm.value_error("bytes must be in range(0, 256)")),
        }
    }
    Ok(out)
}

fn is_little(vm: &Vm, order: Option<&Ref<Str>>) -> PyResult<bool> {
    match order {
        None => Ok(false),
        Some(s) if s.eq_str("big") => Ok(false),
        Some(s) if s.eq_str("little") => Ok(true),
        Some(_) => Err(vm.value_error("byteorder must be either 'little' or 'big'")),
    }
}

/// The number that bytes in little-endian order are.
pub fn from_le_bytes(bytes: &[u8], signed: bool) -> IBig {
    let negative = signed && bytes.last().is_some_and(|b| b & 0x80 != 0);
    let magnitude = UBig::from_le_bytes(bytes);
    let value = IBig::from(magnitude);
    if negative {
        value - (IBig::ONE << (bytes.len() * 8))
    } else {
        value
    }
}

/// Two's complement in `length` bytes, little-endian; `Err(true)`: a negative number for an unsigned field.
pub fn to_le_bytes(i: IntRef<'_>, length: usize, signed: bool) -> Result<Vec<u8>, bool> {
    if i.is_negative() && !signed {
        return Err(true);
    }
    let b = big(i);
    let room = length.saturating_mul(8);
    // A negative number -n needs the bits of n - 1, and a sign bit.
    let needed = if i.is_negative() {
        (b.as_ref() + IBig::ONE).bit_len() + 1
    } else if b.is_zero() {
        0
    } else {
        b.bit_len() + usize::from(signed)
    };
    if needed > room {
        return Err(false);
    }
    let value = if i.is_negative() {
        b.as_ref() + (IBig::ONE << room)
    } else {
        b.into_owned()
    };
    let (_, magnitude) = value.into_parts();
    let mut out = magnitude.to_le_bytes().into_vec();
    out.resize(length, 0);
    Ok(out)
}

/// Two's complement of a number that fits a few bytes, of which `length` count; little-endian.
#[inline]
fn to_few_bytes(n: i64, length: usize, signed: bool) -> Option<[u8; 16]> {
    let fits = match (length, signed) {
        (0, _) => n == 0,
        (1..=7, true) => {
            let bound = 1 << (length * 8 - 1);
            -bound <= n && n < bound
        }
        (1..=7, false) => n >> (length * 8) == 0,
        (8..=16, _) => signed || n >= 0,
        _ => false,
    };
    fits.then(|| i128::from(n).to_le_bytes())
}

/// Bits that are one in the magnitude.
fn count_ones(i: IntRef<'_>) -> usize {
    match i {
        IntRef::Small(n) => n.unsigned_abs().count_ones() as usize,
        IntRef::Big(b) => b
            .as_sign_words()
            .1
            .iter()
            .map(|w| w.count_ones() as usize)
            .sum(),
    }
}

/// `hash` of an int.
pub fn int_hash(i: IntRef<'_>) -> i64 {
    match i {
        IntRef::Small(n) => taipan_numeric::hash::int(n),
        IntRef::Big(b) => {
            let (sign, words) = b.as_sign_words();
            taipan_numeric::hash::int_limbs(sign == Sign::Negative, words)
        }
    }
}

/// Floats below this are the numbers of small ints, without their fractions.
const SMALL: f64 = (1i64 << 53) as f64;

/// Where the methods of `int` are declared.
pub struct Methods;

#[pymethods(METHODS)]
impl Methods {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
        // What `int()` is called with most.
        if let [v] = args.values
            && args.kwnames.is_none()
            && cls.is(&vm.types().int)
        {
            if v.is_small_int() {
                return Ok(v.clone());
            }
            if let Some(x) = vm.exact_float(v)
                && x.abs() < SMALL
                && let Some(v) = Value::small_int(x as i64)
            {
                return Ok(v);
            }
        }
        new(vm, cls, args)
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Value) -> PyResult<Ref<Str>> {
        match int_of(vm, this)? {
            IntRef::Small(n) => vm.new_str_text(TextRef::One(Digits::decimal(n).as_bytes())),
            big => vm.new_str(&to_decimal(vm, big)?),
        }
    }

    #[pyslot]
    fn tp_hash(vm: &Vm, this: &Value) -> PyResult<i64> {
        Ok(int_hash(int_of(vm, this)?))
    }

    #[pyslot]
    fn tp_richcompare(vm: &Vm, a: &Value, b: &Value, op: CompareOp) -> PyResult {
        match (a.as_int(), b.as_int()) {
            (Some(x), Some(y)) => Ok(vm.bool(op.matches(arith::compare_ints(x, y)))),
            _ => Ok(vm.not_implemented()),
        }
    }

    #[pyslot]
    fn nb_power(vm: &Vm, a: &Value, b: &Value, c: &Value) -> PyResult {
        arith::int_power(vm, a, b, c)
    }

    #[pyslot]
    fn nb_negative(vm: &Vm, this: &Value) -> PyResult {
        arith::int_neg(vm, int_of(vm, this)?)
    }

    #[pyslot]
    fn nb_positive(vm: &Vm, this: &Value) -> PyResult {
        exact(vm, this)
    }

    #[pyslot]
    fn nb_absolute(vm: &Vm, this: &Value) -> PyResult {
        let i = int_of(vm, this)?;
        if i.is_negative() {
            arith::int_neg(vm, i)
        } else {
            exact(vm, this)
        }
    }

    #[pyslot]
    fn nb_bool(vm: &Vm, this: &Value) -> PyResult<bool> {
        Ok(!int_of(vm, this)?.is_zero())
    }

    #[pyslot]
    fn nb_invert(vm: &Vm, this: &Value) -> PyResult {
        match int_of(vm, this)? {
            IntRef::Small(n) => vm.new_int(!n),
            IntRef::Big(b) => vm.new_ibig(!b),
        }
    }

    #[pyslot]
    fn nb_int(vm: &Vm, this: &Value) -> PyResult {
        exact(vm, this)
    }

    #[pyslot]
    fn nb_index(vm: &Vm, this: &Value) -> PyResult {
        exact(vm, this)
    }

    #[pyslot]
    fn nb_float(vm: &Vm, this: &Value) -> PyResult<f64> {
        arith::int_to_f64(vm, int_of(vm, this)?)
    }

    /// Returns self, the complex conjugate of any int.
    #[pymethod(sig = "($self, /)")]
    fn conjugate(vm: &Vm, this: &Value) -> PyResult {
        exact(vm, this)
    }

    /// Number of bits necessary to represent self in binary.
    #[pymethod(sig = "($self, /)")]
    fn bit_length(vm: &Vm, this: &Value) -> PyResult<usize> {
        Ok(bit_length(int_of(vm, this)?))
    }

    /// Number of ones in the binary representation of the absolute value of self.
    #[pymethod(sig = "($self, /)")]
    fn bit_count(vm: &Vm, this: &Value) -> PyResult<usize> {
        Ok(count_ones(int_of(vm, this)?))
    }

    /// Return an array of bytes representing an integer.
    #[pymethod(sig = "($self, /, length=1, byteorder='big', *, signed=False)")]
    fn to_bytes(
        vm: &Vm,
        this: &Value,
        length: isize,
        byteorder: Ref<Str>,
        signed: bool,
    ) -> PyResult<Ref<Bytes>> {
        let little = is_little(vm, Some(&byteorder))?;
        let Ok(length) = usize::try_from(length) else {
            return Err(vm.value_error("length argument must be non-negative"));
        };
        let value = int_of(vm, this)?;
        if let IntRef::Small(n) = value
            && let Some(mut bytes) = to_few_bytes(n, length, signed)
            && let Some(bytes) = bytes.get_mut(..length)
        {
            if !little {
                bytes.reverse();
            }
            return vm.new_bytes(bytes);
        }
        arith::check_room(vm, length as u128 * 8)?;
        match to_le_bytes(value, length, signed) {
            Ok(mut bytes) => {
                if !little {
                    bytes.reverse();
                }
                vm.new_bytes(&bytes)
            }
            Err(true) => Err(vm.overflow_error("can't convert negative int to unsigned")),
            Err(false) => Err(vm.overflow_error("int too big to convert")),
        }
    }

    /// Return the integer represented by the given array of bytes.
    #[classmethod(sig = "($type, /, bytes, byteorder='big', *, signed=False)")]
    fn from_bytes(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        bytes: &Value,
        byteorder: Ref<Str>,
        signed: bool,
    ) -> PyResult {
        let little = is_little(vm, Some(&byteorder))?;
        let mut bytes = source_bytes(vm, bytes)?;
        if !little {
            bytes.reverse();
        }
        let value = vm.new_ibig(from_le_bytes(&bytes, signed))?;
        if cls.is(&vm.types().int) {
            return Ok(value);
        }
        vm.call1(cls.as_value(), &value)
    }

    /// Return a pair of integers, whose ratio is equal to the original int.
    #[pymethod(sig = "($self, /)")]
    fn as_integer_ratio(vm: &Vm, this: &Value) -> PyResult<(Value, i64)> {
        Ok((exact(vm, this)?, 1))
    }

    /// Truncating an Integral returns itself.
    #[pymethod(sig = "($self, /)")]
    fn __trunc__(vm: &Vm, this: &Value) -> PyResult {
        exact(vm, this)
    }

    /// Flooring an Integral returns itself.
    #[pymethod(sig = "($self, /)")]
    fn __floor__(vm: &Vm, this: &Value) -> PyResult {
        exact(vm, this)
    }

    /// Ceiling of an Integral returns itself.
    #[pymethod(sig = "($self, /)")]
    fn __ceil__(vm: &Vm, this: &Value) -> PyResult {
        exact(vm, this)
    }

    /// Rounding an Integral returns itself; with ndigits, an integer as well.
    #[pymethod(sig = "($self, ndigits=None, /)")]
    fn __round__(vm: &Vm, this: &Value, ndigits: Option<&Value>) -> PyResult {
        let Some(n) = ndigits.filter(|n| !vm.is_none(n)) else {
            return exact(vm, this);
        };
        let n = vm.index(n)?;
        let n = int_of(vm, &n)?;
        if !n.is_negative() {
            return exact(vm, this);
        }
        let places = -n.to_ibig();
        let places = match i64::try_from(&places) {
            Ok(p) => IntRef::Small(p),
            Err(_) => IntRef::Big(&places),
        };
        arith::round_to_tens(vm, int_of(vm, this)?, places)
    }

    #[pymethod(sig = "($self, /)")]
    fn __getnewargs__(vm: &Vm, this: &Value) -> PyResult<Ref<Tuple>> {
        vm.new_tuple(vec![exact(vm, this)?])
    }

    /// Convert to a string according to format_spec.
    #[pymethod(sig = "($self, format_spec, /)")]
    fn __format__(vm: &Vm, this: &Value, format_spec: &Ref<Str>) -> PyResult {
        if format_spec.is_empty() {
            if is_exact_int(vm, this) {
                return Ok(vm.repr(this)?.into_value());
            }
            return Ok(vm.str(this)?.into_value());
        }
        let out: TextBuf = text::format(vm, int_of(vm, this)?, format_spec.text())?;
        Ok(vm.new_str_buf(&out)?.into_value())
    }

    /// Returns size in memory, in bytes.
    #[pymethod(sig = "($self, /)")]
    fn __sizeof__(vm: &Vm, this: &Value) -> PyResult<usize> {
        // What CPython's digits of 30 bits take.
        Ok(24 + 4 * bit_length(int_of(vm, this)?).div_ceil(30).max(1))
    }

    /// Returns True. Exists for duck type compatibility with float.is_integer.
    #[pymethod(sig = "($self, /)")]
    fn is_integer(_this: &Value) -> bool {
        true
    }

    /// the real part of a complex number
    #[getter]
    fn real(vm: &Vm, this: &Value) -> PyResult {
        exact(vm, this)
    }

    /// the imaginary part of a complex number
    #[getter]
    fn imag(_this: &Value) -> i64 {
        0
    }

    /// the numerator of a rational number in lowest terms
    #[getter]
    fn numerator(vm: &Vm, this: &Value) -> PyResult {
        exact(vm, this)
    }

    /// the denominator of a rational number in lowest terms
    #[getter]
    fn denominator(_this: &Value) -> i64 {
        1
    }
}
