//! Arithmetic of int (bool among them) and float, and what is mixed with complex.

use super::UnaryOp;
use super::complex;
use dashu_int::ops::{BitTest, DivRem, UnsignedAbs};
use dashu_int::{IBig, Sign, UBig};
use taipan_bytecode::Constant;
use taipan_bytecode::opcode::BinaryOp;

/// The most bits of an int that folding makes by multiplying, raising or shifting.
const MAX_INT_SIZE: usize = 128;

/// A constant as a number.
#[derive(Debug, Clone)]
pub(super) enum Number {
    Int(IBig),
    Float(f64),
    Complex(f64, f64),
}

impl Number {
    pub fn of(constant: &Constant) -> Option<Number> {
        match constant {
            Constant::False => Some(Number::Int(IBig::ZERO)),
            Constant::True => Some(Number::Int(IBig::ONE)),
            Constant::Int(value) => Some(Number::Int((**value).clone())),
            Constant::Float(value) => Some(Number::Float(**value)),
            Constant::Complex(value) => Some(Number::Complex(value.0, value.1)),
            _ => None,
        }
    }

    /// Equality as Python has it, exact across types.
    pub fn equals(&self, other: &Number) -> bool {
        match (self, other) {
            (Number::Int(a), Number::Int(b)) => a == b,
            (Number::Float(a), Number::Float(b)) => a == b,
            (Number::Int(a), Number::Float(b)) | (Number::Float(b), Number::Int(a)) => {
                IBig::try_from(*b).is_ok_and(|b| *a == b)
            }
            (Number::Complex(re, im), Number::Complex(re2, im2)) => re == re2 && im == im2,
            (Number::Complex(re, im), real) | (real, Number::Complex(re, im)) => {
                *im == 0.0 && real.equals(&Number::Float(*re))
            }
        }
    }

    pub fn unary(self, op: UnaryOp) -> Option<Constant> {
        Some(match (op, self) {
            (UnaryOp::Negative, Number::Int(value)) => Constant::int(-value),
            (UnaryOp::Negative, Number::Float(value)) => Constant::float(-value),
            (UnaryOp::Negative, Number::Complex(re, im)) => Constant::complex(-re, -im),
            (UnaryOp::Positive, Number::Int(value)) => Constant::int(value),
            (UnaryOp::Positive, Number::Float(value)) => Constant::float(value),
            (UnaryOp::Positive, Number::Complex(re, im)) => Constant::complex(re, im),
            (UnaryOp::Invert, Number::Int(value)) => Constant::int(!value),
            _ => return None,
        })
    }

    /// The value as a float, unless it is too large or complex.
    fn to_float(&self) -> Option<f64> {
        match self {
            Number::Int(value) => quotient(value, &IBig::ONE),
            Number::Float(value) => Some(*value),
            Number::Complex(..) => None,
        }
    }
}

pub(super) fn binary(
    op: BinaryOp,
    left: &Constant,
    a: Number,
    right: &Constant,
    b: Number,
) -> Option<Constant> {
    match (&a, &b) {
        (Number::Complex(..), _) | (_, Number::Complex(..)) => {
            let part = |number: &Number| match number {
                Number::Complex(re, im) => Some(complex::Operand::Complex(*re, *im)),
                real => Some(complex::Operand::Real(real.to_float()?)),
            };
            complex::binary(op, part(&a)?, part(&b)?)
        }
        (Number::Int(x), Number::Int(y)) => {
            let bools = |c: &Constant| matches!(c, Constant::True | Constant::False);
            let result = int_binary(op, x, y)?;
            let bitwise = matches!(op, BinaryOp::And | BinaryOp::Or | BinaryOp::Xor);
            match &result {
                Constant::Int(value) if bitwise && bools(left) && bools(right) => {
                    Some(Constant::bool(**value != IBig::ZERO))
                }
                _ => Some(result),
            }
        }
        _ => float_binary(op, a.to_float()?, b.to_float()?),
    }
}

fn bits(value: &IBig) -> usize {
    value.unsigned_abs().bit_len()
}

fn is_zero(value: &IBig) -> bool {
    *value == IBig::ZERO
}

fn int_binary(op: BinaryOp, a: &IBig, b: &IBig) -> Option<Constant> {
    let negative = |value: &IBig| value.sign() == Sign::Negative;
    Some(match op {
        BinaryOp::Add => Constant::int(a + b),
        BinaryOp::Subtract => Constant::int(a - b),
        BinaryOp::Multiply => {
            if !is_zero(a) && !is_zero(b) && bits(a) + bits(b) > MAX_INT_SIZE {
                return None;
            }
            Constant::int(a * b)
        }
        BinaryOp::TrueDivide => Constant::float(quotient(a, b)?),
        BinaryOp::FloorDivide => Constant::int(floor_div_mod(a, b)?.0),
        BinaryOp::Remainder => Constant::int(floor_div_mod(a, b)?.1),
        BinaryOp::Power if negative(b) => {
            let exponent = Number::Int(b.clone()).to_float()?;
            float_power(Number::Int(a.clone()).to_float()?, exponent)?
        }
        BinaryOp::Power => {
            if is_zero(a) || is_zero(b) {
                return Some(Constant::int(u8::from(is_zero(b))));
            }
            let exponent = usize::try_from(b).ok()?;
            if bits(a) > MAX_INT_SIZE / exponent {
                return None;
            }
            Constant::int(a.pow(exponent))
        }
        BinaryOp::Lshift => {
            if negative(b) {
                return None;
            }
            if is_zero(a) || is_zero(b) {
                return Some(Constant::int(a.clone()));
            }
            let shift = usize::try_from(b).ok()?;
            if shift > MAX_INT_SIZE || bits(a) > MAX_INT_SIZE - shift {
                return None;
            }
            Constant::int(a << shift)
        }
        BinaryOp::Rshift => {
            if negative(b) {
                return None;
            }
            // Whatever has more bits shifted out than it has is all sign.
            let shift = usize::try_from(b).unwrap_or(usize::MAX).min(bits(a) + 1);
            Constant::int(a >> shift)
        }
        BinaryOp::And => Constant::int(a & b),
        BinaryOp::Or => Constant::int(a | b),
        BinaryOp::Xor => Constant::int(a ^ b),
        _ => return None,
    })
}

fn floor_div_mod(a: &IBig, b: &IBig) -> Option<(IBig, IBig)> {
    if is_zero(b) {
        return None;
    }
    let (quotient, remainder) = a.div_rem(b);
    if is_zero(&remainder) || remainder.sign() == b.sign() {
        Some((quotient, remainder))
    } else {
        Some((quotient - IBig::ONE, remainder + b))
    }
}

/// `a / b` rounded to the nearest float, ties to even; `None` if `b` is zero or the result is too large.
fn quotient(a: &IBig, b: &IBig) -> Option<f64> {
    if is_zero(b) {
        return None;
    }
    let negative = (a.sign() == Sign::Negative) != (b.sign() == Sign::Negative);
    if is_zero(a) {
        return Some(if negative { -0.0 } else { 0.0 });
    }
    let (a, b) = (a.unsigned_abs(), b.unsigned_abs());
    // A quotient of 66 or 67 bits, its last bit set if anything is left over, rounds as the exact one does.
    let shift = 66 + b.bit_len() as i64 - a.bit_len() as i64;
    let amount = usize::try_from(shift.unsigned_abs()).ok()?;
    let (q, r) = if shift >= 0 {
        (a << amount).div_rem(&b)
    } else {
        a.div_rem(b << amount)
    };
    let q = u128::try_from(q).ok()? | u128::from(r != UBig::ZERO);
    let bits = i64::from(128 - q.leading_zeros());
    // The value lies below two to this power, and has this many significant bits as a float.
    let exponent = bits - shift;
    let precision = (exponent + 1074).min(53);
    if exponent > 1024 {
        return None;
    }
    if precision < 0 {
        return Some(if negative { -0.0 } else { 0.0 });
    }
    let extra = u32::try_from(bits - precision).ok()?;
    let (mut mantissa, rest, half) = (q >> extra, q & ((1 << extra) - 1), 1u128 << (extra - 1));
    if rest > half || (rest == half && mantissa & 1 == 1) {
        mantissa += 1;
    }
    let scale = i64::from(extra) - shift;
    // Two exact steps, since a single power of two may be out of range.
    let low = i32::try_from(scale / 2).ok()?;
    let high = i32::try_from(scale - scale / 2).ok()?;
    let value = mantissa as f64 * 2f64.powi(low) * 2f64.powi(high);
    if value.is_infinite() {
        return None;
    }
    Some(if negative { -value } else { value })
}

fn float_binary(op: BinaryOp, a: f64, b: f64) -> Option<Constant> {
    Some(Constant::float(match op {
        BinaryOp::Add => a + b,
        BinaryOp::Subtract => a - b,
        BinaryOp::Multiply => a * b,
        BinaryOp::TrueDivide if b != 0.0 => a / b,
        BinaryOp::FloorDivide if b != 0.0 => float_div_mod(a, b).0,
        BinaryOp::Remainder if b != 0.0 => float_div_mod(a, b).1,
        BinaryOp::Power => return float_power(a, b),
        _ => return None,
    }))
}

fn float_div_mod(a: f64, b: f64) -> (f64, f64) {
    let mut remainder = a % b;
    let mut quotient = (a - remainder) / b;
    if remainder == 0.0 {
        remainder = 0f64.copysign(b);
    } else if (b < 0.0) != (remainder < 0.0) {
        remainder += b;
        quotient -= 1.0;
    }
    if quotient == 0.0 {
        return (0f64.copysign(a / b), remainder);
    }
    let mut floor = quotient.floor();
    if quotient - floor > 0.5 {
        floor += 1.0;
    }
    (floor, remainder)
}

fn float_power(a: f64, b: f64) -> Option<Constant> {
    if a == 0.0 && b < 0.0 {
        return None;
    }
    if a < 0.0 && a.is_finite() && b.is_finite() && b != b.floor() {
        let base = complex::Operand::Complex(a, 0.0);
        return complex::binary(BinaryOp::Power, base, complex::Operand::Complex(b, 0.0));
    }
    let result = a.powf(b);
    if result.is_infinite() && a.is_finite() && b.is_finite() {
        return None;
    }
    Some(Constant::float(result))
}
