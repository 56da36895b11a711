//! Integer arithmetic: on machine words as long as they hold the result, on bigints beyond. The `int_*` functions take
//! any two ints (of whatever storage) and are the interpreter's entry points; a value that is no int is a TypeError there.

use std::borrow::Cow;
use std::cmp::Ordering;

use dashu_int::fast_div::ConstDivisor;
use dashu_int::ops::{BitTest, DivRem};
use dashu_int::{IBig, Sign, UBig};
use taipan_object::{IntRef, PyResult, Raised, Value, Vm};

use crate::float_::arith::float_pow;

/// The number of a value that is known to be an int.
#[inline(always)]
pub fn int_of<'a>(vm: &Vm, v: &'a Value) -> PyResult<IntRef<'a>> {
    match v.as_int() {
        Some(i) => Ok(i),
        None => Err(vm.type_error(&format!("an integer is required, not {}", vm.type_name(v)))),
    }
}

/// The number as a bigint, borrowed where it is one. Machine words need no allocation.
#[inline]
pub fn big(i: IntRef<'_>) -> Cow<'_, IBig> {
    match i {
        IntRef::Small(n) => Cow::Owned(IBig::from(n)),
        IntRef::Big(b) => Cow::Borrowed(b),
    }
}

/// Bits of the magnitude (`int.bit_length`).
pub fn bit_length(i: IntRef<'_>) -> usize {
    match i {
        IntRef::Small(n) => 64 - n.unsigned_abs().leading_zeros() as usize,
        IntRef::Big(b) => b.bit_len(),
    }
}

/// Fails with MemoryError when a number of so many bits cannot be had. Asked before results that are much larger
/// than their operands are computed, since the bigint library cannot report it.
pub fn check_room(vm: &Vm, bits: u128) -> PyResult<()> {
    const ALWAYS: u128 = 1 << 26;
    if bits <= ALWAYS {
        return Ok(());
    }
    // Results of a multiplication need about as much again as working space.
    let bytes = usize::try_from(bits / 8).unwrap_or(usize::MAX);
    if bytes > isize::MAX as usize / 4 || Vec::<u8>::new().try_reserve_exact(bytes * 2).is_err() {
        return Err(vm.no_memory());
    }
    Ok(())
}

macro_rules! checked_op {
    ($(#[$doc:meta])* $name:ident, $refs:ident, $checked:ident, $op:tt) => {
        $(#[$doc])*
        #[inline]
        pub fn $name(vm: &Vm, a: &Value, b: &Value) -> PyResult {
            if let (Some(x), Some(y)) = (a.as_small_int(), b.as_small_int())
                && let Some(r) = x.$checked(y)
            {
                return vm.new_int(r);
            }
            $refs(vm, int_of(vm, a)?, int_of(vm, b)?)
        }

        fn $refs(vm: &Vm, a: IntRef<'_>, b: IntRef<'_>) -> PyResult {
            if let (IntRef::Small(x), IntRef::Small(y)) = (a, b)
                && let Some(r) = x.$checked(y)
            {
                return vm.new_int(r);
            }
            if let (Some(x), Some(y)) = (wide(a), wide(b))
                && let Some(r) = x.$checked(y)
            {
                return vm.new_ibig(IBig::from(r));
            }
            vm.new_ibig(&*big(a) $op &*big(b))
        }
    };
}

/// The number, if it has at most 128 bits: such are held without memory of their own.
#[inline]
fn wide(i: IntRef<'_>) -> Option<i128> {
    match i {
        IntRef::Small(i) => Some(i.into()),
        IntRef::Big(b) => i128::try_from(b).ok(),
    }
}

checked_op! {
    /// `a + b`
    int_add, add_refs, checked_add, +
}
checked_op! {
    /// `a - b`
    int_sub, sub_refs, checked_sub, -
}
checked_op! {
    /// `a * b`
    int_mul, mul_refs, checked_mul, *
}

macro_rules! bit_op {
    ($(#[$doc:meta])* $name:ident, $op:tt) => {
        $(#[$doc])*
        #[inline]
        pub fn $name(vm: &Vm, a: &Value, b: &Value) -> PyResult {
            match (int_of(vm, a)?, int_of(vm, b)?) {
                (IntRef::Small(x), IntRef::Small(y)) => vm.new_int(x $op y),
                (x, y) => vm.new_ibig(&*big(x) $op &*big(y)),
            }
        }
    };
}

bit_op! {
    /// `a & b`
    int_and, &
}
bit_op! {
    /// `a | b`
    int_or, |
}
bit_op! {
    /// `a ^ b`
    int_xor, ^
}

#[cold]
fn division_by_zero(vm: &Vm) -> Raised {
    vm.zero_division_error("division by zero")
}

/// Quotient rounded down and the remainder with the divisor's sign; the divisor is not zero.
pub fn floor_div_rem(a: &IBig, b: &IBig) -> (IBig, IBig) {
    let (mut q, mut r) = a.div_rem(b);
    if !r.is_zero() && r.sign() != b.sign() {
        q -= IBig::ONE;
        r += b;
    }
    (q, r)
}

/// Word-sized floor division; `None` on overflow (or a divisor of zero).
#[inline(always)]
fn small_floor_div_rem(x: i64, y: i64) -> Option<(i64, i64)> {
    let q = x.checked_div(y)?;
    let r = x.checked_rem(y)?;
    if r != 0 && (r ^ y) < 0 {
        Some((q - 1, r + y))
    } else {
        Some((q, r))
    }
}

/// The same for numbers of up to 128 bits. Most divisors of such are small.
fn wide_floor_div_rem(x: IntRef<'_>, y: IntRef<'_>) -> Option<(i128, i128)> {
    let (x, y) = (wide(x)?, wide(y)?);
    let (q, r) = (x.checked_div(y)?, x.checked_rem(y)?);
    if r != 0 && (r ^ y) < 0 {
        Some((q - 1, r + y))
    } else {
        Some((q, r))
    }
}

/// `a // b`
#[inline]
pub fn int_floordiv(vm: &Vm, a: &Value, b: &Value) -> PyResult {
    let (x, y) = (int_of(vm, a)?, int_of(vm, b)?);
    if let (IntRef::Small(x), IntRef::Small(y)) = (x, y)
        && let Some((q, _)) = small_floor_div_rem(x, y)
    {
        return vm.new_int(q);
    }
    if y.is_zero() {
        return Err(division_by_zero(vm));
    }
    if let Some((q, _)) = wide_floor_div_rem(x, y) {
        return vm.new_ibig(IBig::from(q));
    }
    vm.new_ibig(floor_div_rem(&big(x), &big(y)).0)
}

/// `a % b`
#[inline]
pub fn int_mod(vm: &Vm, a: &Value, b: &Value) -> PyResult {
    let (x, y) = (int_of(vm, a)?, int_of(vm, b)?);
    if let (IntRef::Small(x), IntRef::Small(y)) = (x, y)
        && let Some((_, r)) = small_floor_div_rem(x, y)
    {
        return vm.new_int(r);
    }
    if y.is_zero() {
        return Err(division_by_zero(vm));
    }
    if let Some((_, r)) = wide_floor_div_rem(x, y) {
        return vm.new_ibig(IBig::from(r));
    }
    vm.new_ibig(floor_div_rem(&big(x), &big(y)).1)
}

/// `divmod(a, b)`
pub fn int_divmod(vm: &Vm, a: &Value, b: &Value) -> PyResult {
    let (x, y) = (int_of(vm, a)?, int_of(vm, b)?);
    if y.is_zero() {
        return Err(division_by_zero(vm));
    }
    let pair = match (x, y) {
        (IntRef::Small(x), IntRef::Small(y)) => small_floor_div_rem(x, y),
        _ => None,
    };
    let (q, r) = match pair {
        Some((q, r)) => (vm.new_int(q)?, vm.new_int(r)?),
        None => {
            let (q, r) = floor_div_rem(&big(x), &big(y));
            (vm.new_ibig(q)?, vm.new_ibig(r)?)
        }
    };
    Ok(vm.new_tuple_array([q, r])?.into_value())
}

/// `a << b`
#[inline]
pub fn int_lshift(vm: &Vm, a: &Value, b: &Value) -> PyResult {
    if let (Some(x), Some(n @ 0..=62)) = (a.as_small_int(), b.as_small_int()) {
        let shifted = x << n;
        if shifted >> n == x {
            return vm.new_int(shifted);
        }
    }
    let (x, n) = (int_of(vm, a)?, int_of(vm, b)?);
    if n.is_negative() {
        return Err(vm.value_error("negative shift count"));
    }
    if x.is_zero() {
        return Ok(Value::from_i32(0));
    }
    let Some(n) = n.to_i64().and_then(|n| usize::try_from(n).ok()) else {
        return Err(vm.overflow_error("too many digits in integer"));
    };
    check_room(vm, n as u128 + bit_length(x) as u128)?;
    vm.new_ibig(&*big(x) << n)
}

/// `a >> b`
#[inline]
pub fn int_rshift(vm: &Vm, a: &Value, b: &Value) -> PyResult {
    let (x, n) = (int_of(vm, a)?, int_of(vm, b)?);
    if n.is_negative() {
        return Err(vm.value_error("negative shift count"));
    }
    let n = n.to_i64().unwrap_or(i64::MAX);
    match x {
        IntRef::Small(x) => vm.new_int(x >> n.min(63)),
        IntRef::Big(b) => match usize::try_from(n) {
            Ok(n) if n < b.bit_len() => vm.new_ibig(b >> n),
            _ => Ok(Value::from_i32(-i32::from(x.is_negative()))),
        },
    }
}

/// `-a`
pub fn int_neg(vm: &Vm, a: IntRef<'_>) -> PyResult {
    match a {
        IntRef::Small(x) => match x.checked_neg() {
            Some(r) => vm.new_int(r),
            None => vm.new_ibig(-IBig::from(x)),
        },
        IntRef::Big(b) => vm.new_ibig(-b),
    }
}

/// The ordering of two ints.
#[inline]
pub fn compare_ints(a: IntRef<'_>, b: IntRef<'_>) -> Ordering {
    match (a, b) {
        (IntRef::Small(x), IntRef::Small(y)) => x.cmp(&y),
        // A bigint that does not fit a word is beyond every word on its side of zero.
        (IntRef::Small(_), y @ IntRef::Big(_)) if y.is_negative() => Ordering::Greater,
        (IntRef::Small(_), IntRef::Big(_)) => Ordering::Less,
        (x @ IntRef::Big(_), IntRef::Small(_)) if x.is_negative() => Ordering::Less,
        (IntRef::Big(_), IntRef::Small(_)) => Ordering::Greater,
        (IntRef::Big(x), IntRef::Big(y)) => x.cmp(y),
    }
}

/// The whole part of a finite float.
pub fn ibig_from_f64(f: f64) -> IBig {
    let bits = f.abs().to_bits();
    let exponent = (bits >> 52) as i32;
    let mantissa = (bits & ((1 << 52) - 1)) | if exponent == 0 { 0 } else { 1 << 52 };
    let shift = exponent.max(1) - 1075;
    let magnitude = if shift >= 0 {
        UBig::from(mantissa) << shift as usize
    } else {
        UBig::from(mantissa.checked_shr(shift.unsigned_abs()).unwrap_or(0))
    };
    let sign = if f < 0.0 {
        Sign::Negative
    } else {
        Sign::Positive
    };
    IBig::from_parts(sign, magnitude)
}

/// The exact ordering of an int and a float; `None` for NaN.
pub fn compare_int_float(i: IntRef<'_>, f: f64) -> Option<Ordering> {
    const EXACT: f64 = 9_223_372_036_854_775_808.0;
    if f.is_nan() {
        return None;
    }
    if f.is_infinite() {
        return 0.0f64.partial_cmp(&f);
    }
    let whole = match i {
        IntRef::Small(n) if (-EXACT..EXACT).contains(&f) => n.cmp(&(f as i64)),
        IntRef::Small(_) => return 0.0f64.partial_cmp(&f),
        IntRef::Big(b) => b.cmp(&ibig_from_f64(f)),
    };
    match whole {
        Ordering::Equal => 0.0f64.partial_cmp(&f.fract()),
        other => Some(other),
    }
}

/// The nearest float, ties to even; OverflowError when it would be infinite.
#[inline]
pub fn int_to_f64(vm: &Vm, i: IntRef<'_>) -> PyResult<f64> {
    match i {
        IntRef::Small(n) => Ok(n as f64),
        IntRef::Big(b) => {
            let f = b.to_f64().value();
            if f.is_finite() {
                Ok(f)
            } else {
                Err(vm.overflow_error("int too large to convert to float"))
            }
        }
    }
}

/// `a / b`, correctly rounded.
pub fn int_truediv(vm: &Vm, a: &Value, b: &Value) -> PyResult {
    const EXACT: i64 = 1 << 53;
    let (x, y) = (int_of(vm, a)?, int_of(vm, b)?);
    if y.is_zero() {
        return Err(division_by_zero(vm));
    }
    if let (IntRef::Small(x), IntRef::Small(y)) = (x, y)
        && (-EXACT..=EXACT).contains(&x)
        && (-EXACT..=EXACT).contains(&y)
    {
        return vm.new_float(x as f64 / y as f64);
    }
    let magnitude = divide_magnitudes(&big(x), &big(y));
    if magnitude.is_infinite() {
        return Err(vm.overflow_error("integer division result too large for a float"));
    }
    vm.new_float(if x.is_negative() != y.is_negative() {
        -magnitude
    } else {
        magnitude
    })
}

/// |a| / |b| correctly rounded, infinite when too large; b is not zero.
fn divide_magnitudes(a: &IBig, b: &IBig) -> f64 {
    let (la, lb) = (a.bit_len() as i64, b.bit_len() as i64);
    let exponent = la - lb;
    if la == 0 || exponent < -1080 {
        return 0.0;
    }
    if exponent > 1030 {
        return f64::INFINITY;
    }
    // A quotient of 55 or 56 bits, or fewer where the result is subnormal, with a sticky bit below.
    let shift = exponent.max(-1021) - 55;
    let (_, mut n) = a.clone().into_parts();
    let (_, mut d) = b.clone().into_parts();
    let amount = shift.unsigned_abs() as usize;
    if shift < 0 {
        n <<= amount;
    } else {
        d <<= amount;
    }
    let (q, r) = n.div_rem(&d);
    let Ok(mut q) = u64::try_from(&q) else {
        return f64::INFINITY;
    };
    if !r.is_zero() {
        q |= 1;
    }
    // Round to even at 53 bits, or at the place of the smallest subnormal.
    let bits = i64::from(64 - q.leading_zeros());
    let extra = bits.max(-1021 - shift) - 53;
    let mask = 1u64
        .checked_shl(extra.max(0) as u32)
        .unwrap_or(0)
        .wrapping_sub(1);
    if extra > 0 {
        let half = (mask >> 1) + 1;
        let low = q & mask;
        q &= !mask;
        if low > half || (low == half && q & (mask + 1) != 0) {
            q += mask + 1;
        }
    }
    scale(q as f64, shift)
}

/// `f * 2**e` where the result is representable or overflows; `f` is below 2**60 and `e` above -1100.
fn scale(f: f64, e: i64) -> f64 {
    if e < -1000 {
        // In two exact steps: the power of two alone would be subnormal.
        return f * 2f64.powi(-500) * 2f64.powi(e as i32 + 500);
    }
    f * 2f64.powi(e as i32)
}

/// `a ** b`, or `pow(a, b, c)` for a `c` that is not None. `NotImplemented` unless all are ints.
pub fn int_power(vm: &Vm, a: &Value, b: &Value, c: &Value) -> PyResult {
    let (Some(x), Some(e)) = (a.as_int(), b.as_int()) else {
        return Ok(vm.not_implemented());
    };
    if !vm.is_none(c) {
        return match c.as_int() {
            Some(m) => modular_power(vm, x, e, m),
            None => Ok(vm.not_implemented()),
        };
    }
    if e.is_negative() {
        return float_pow(vm, int_to_f64(vm, x)?, int_to_f64(vm, e)?);
    }
    let Some(n) = e.to_i64().and_then(|n| usize::try_from(n).ok()) else {
        return match x {
            IntRef::Small(0 | 1) => vm.new_ibig(x.to_ibig()),
            IntRef::Small(-1) => {
                let odd = big(e).bit(0);
                Ok(Value::from_i32(if odd { -1 } else { 1 }))
            }
            _ => Err(vm.no_memory()),
        };
    };
    if let IntRef::Small(x) = x {
        if let Ok(n32) = u32::try_from(n)
            && let Some(r) = x.checked_pow(n32)
        {
            return vm.new_int(r);
        }
        match x {
            0 | 1 => return vm.new_int(x),
            -1 => return vm.new_int(if n % 2 == 0 { 1 } else { -1 }),
            _ => {}
        }
    }
    let bits = (bit_length(x) as u128).saturating_mul(n as u128);
    check_room(vm, bits)?;
    vm.new_ibig(big(x).pow(n))
}

fn modular_power(vm: &Vm, a: IntRef<'_>, e: IntRef<'_>, m: IntRef<'_>) -> PyResult {
    if m.is_zero() {
        return Err(vm.value_error("pow() 3rd argument cannot be 0"));
    }
    let m = big(m);
    let (sign, modulus) = m.as_ref().clone().into_parts();
    if modulus.is_one() {
        return Ok(Value::from_i32(0));
    }
    let (_, base) = floor_div_rem(&big(a), &IBig::from(modulus.clone()));
    let (_, base) = base.into_parts();
    let (_, exponent) = big(e).into_owned().into_parts();
    let ring = ConstDivisor::new(modulus.clone());
    let mut base = ring.reduce(base);
    if e.is_negative() {
        base = match base.inv() {
            Some(inverse) => inverse,
            None => return Err(vm.value_error("base is not invertible for the given modulus")),
        };
    }
    let r = IBig::from(base.pow(&exponent).residue());
    if sign == Sign::Negative && !r.is_zero() {
        return vm.new_ibig(r - IBig::from(modulus));
    }
    vm.new_ibig(r)
}

/// `round(i, -places)`: to a multiple of ten to the power `places`, ties to even.
pub fn round_to_tens(vm: &Vm, i: IntRef<'_>, places: IntRef<'_>) -> PyResult {
    // A number of d digits is below half of ten to the power d + 1.
    let digits = bit_length(i) / 3 + 2;
    let places = match places.to_i64().and_then(|p| usize::try_from(p).ok()) {
        Some(p) if p <= digits => p,
        _ => return Ok(Value::from_i32(0)),
    };
    let unit = IBig::from(10).pow(places);
    let i = big(i);
    let (q, r) = floor_div_rem(&i, &unit);
    let twice: IBig = &r * 2;
    let up = match twice.cmp(&unit) {
        Ordering::Less => false,
        Ordering::Greater => true,
        Ordering::Equal => q.bit(0),
    };
    let q = if up { q + IBig::ONE } else { q };
    vm.new_ibig(q * unit)
}
