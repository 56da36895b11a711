//! Conversions between decimal numbers and binary ones, and the hash that both share.

use dashu_int::{IBig, Sign, UBig};
use taipan_numeric::hash;

use super::coeff::{Coeff, power_of_ten};
use super::number::{Dec, Kind};
use super::quantize::rescale;
use super::rules::{Round, Rules};

/// An integer as a decimal number.
pub fn from_integer(v: &IBig) -> Dec {
    let (sign, size) = v.clone().into_parts();
    Dec::finite(sign == Sign::Negative, Coeff::from_big(size), 0)
}

/// A float as the decimal number that it is.
pub fn from_float(v: f64) -> Dec {
    if v.is_nan() {
        return Dec::nan();
    }
    let negative = v.is_sign_negative();
    if v.is_infinite() {
        return Dec::infinity(negative);
    }
    if v == 0.0 {
        return Dec::small(negative, 0, 0);
    }
    let bits = v.to_bits();
    let biased = ((bits >> 52) & 0x7FF) as i64;
    let fraction = bits & ((1 << 52) - 1);
    let (mut mantissa, mut exp) = if biased == 0 {
        (fraction, -1074)
    } else {
        (fraction | 1 << 52, biased - 1075)
    };
    let even = mantissa.trailing_zeros();
    mantissa >>= even;
    exp += i64::from(even);
    let size = UBig::from(mantissa);
    let shift = usize::try_from(exp.unsigned_abs()).unwrap_or(0);
    if exp >= 0 {
        return Dec::finite(negative, Coeff::from_big(size << shift), 0);
    }
    // m / 2**k is m * 5**k / 10**k.
    let coeff = Coeff::from_big(size * UBig::from(5u8).pow(shift));
    Dec::finite(negative, coeff, exp)
}

/// A finite number rounded to an integer; `None` when that would be too long.
pub fn to_integer(d: &Dec, round: Round) -> Option<IBig> {
    let rules = Rules {
        round,
        ..Rules::MAX
    };
    let whole = rescale(d, 0, &rules)?;
    let sign = if d.negative {
        Sign::Negative
    } else {
        Sign::Positive
    };
    Some(IBig::from_parts(sign, whole.coeff.to_big()))
}

/// A finite number as a fraction in lowest terms; `None` when a part would be too long.
pub fn to_ratio(d: &Dec) -> Option<(IBig, IBig)> {
    use dashu_int::ops::Gcd;
    if d.exp >= 0 || d.coeff.is_zero() {
        return Some((to_integer(d, Round::Down)?, IBig::ONE));
    }
    let n = d.coeff.to_big();
    let below = power_of_ten(-d.exp)?;
    let common = (&n).gcd(&below);
    let sign = if d.negative {
        Sign::Negative
    } else {
        Sign::Positive
    };
    Some((
        IBig::from_parts(sign, n / &common),
        IBig::from(below / &common),
    ))
}

fn mul_mod(a: u64, b: u64) -> u64 {
    (u128::from(a) * u128::from(b) % u128::from(hash::MODULUS)) as u64
}

/// The inverse of ten modulo the modulus of numeric hashes.
const INVERSE_OF_TEN: u64 = 2_075_258_708_292_324_556;

/// The hash of a number that is no NaN: that of an int, float or fraction that is equal to it.
pub fn hash(d: &Dec) -> i64 {
    if d.kind == Kind::Infinite {
        return if d.negative {
            -hash::INFINITY
        } else {
            hash::INFINITY
        };
    }
    let mut result = match &d.coeff {
        Coeff::Small(v) => (v % u128::from(hash::MODULUS)) as u64,
        Coeff::Big(_) => hash::int_limbs(false, d.coeff.to_big().as_words()) as u64,
    };
    let mut base = if d.exp < 0 { INVERSE_OF_TEN } else { 10 };
    let mut n = d.exp.unsigned_abs();
    while n > 0 {
        if n & 1 == 1 {
            result = mul_mod(result, base);
        }
        base = mul_mod(base, base);
        n >>= 1;
    }
    // Below 2**61, so that the cast keeps the value.
    let signed = result as i64;
    hash::avoid_error(if d.negative { -signed } else { signed })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_and_its_inverse() {
        assert_eq!(mul_mod(10, INVERSE_OF_TEN), 1);
    }

    #[test]
    fn hashes_are_those_of_equal_numbers() {
        assert_eq!(
            hash(&Dec::small(false, 5, -1)),
            hash::float(0.5).unwrap_or(0)
        );
        assert_eq!(hash(&Dec::small(true, 10, 2)), hash::int(-1000));
        assert_eq!(hash(&from_float(0.1)), hash::float(0.1).unwrap_or(0));
    }
}
