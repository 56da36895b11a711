//! `power`, with and without a modulus.

use std::cmp::Ordering;

use dashu_int::UBig;

use super::arith::multiply;
use super::coeff::{Coeff, power_of_ten};
use super::compare::{compare_magnitudes, is_one};
use super::division::divide;
use super::number::{Dec, nan_of};
use super::quantize::rescale;
use super::rules::{EXP_INF, Round, Rules, status};
use super::transcend::{exp, ln};

/// Digits that exponents can have.
const EXP_DIGITS: i64 = 19;

fn zero(negative: bool) -> Dec {
    Dec::small(negative, 0, 0)
}

/// One with as many zeros behind the point as fit: what an inexact power of one is.
fn padded_one(negative: bool, rules: &Rules, st: &mut u32) -> Dec {
    *st |= status::INEXACT | status::ROUNDED;
    match Coeff::power_of_ten(rules.prec - 1) {
        Some(c) => Dec::finite(negative, c, 1 - rules.prec),
        None => Dec::error(status::NO_MEMORY, st),
    }
}

/// `base ** exponent`
pub fn power(base: &Dec, exponent: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    if let Some(nan) = nan_of(&[base, exponent], rules, st) {
        return nan;
    }
    let integer = exponent.is_integer();
    let negative = base.negative && exponent.is_odd_integer();
    if exponent.is_zero() {
        if base.is_zero() {
            return Dec::error(status::INVALID_OPERATION, st);
        }
        return Dec::small(false, 1, 0);
    }
    if base.is_zero() {
        return if exponent.negative {
            Dec::infinity(negative)
        } else {
            zero(negative)
        };
    }
    if base.negative && !integer {
        return Dec::error(status::INVALID_OPERATION, st);
    }
    if exponent.is_infinite() {
        // The power of a number above one grows, that of a number below one shrinks.
        let order = if base.is_infinite() {
            Ordering::Greater
        } else {
            compare_magnitudes(base, &Dec::small(false, 1, 0))
        };
        return match (order, exponent.negative) {
            (Ordering::Equal, _) => padded_one(negative, rules, st),
            (Ordering::Greater, false) | (Ordering::Less, true) => Dec::infinity(negative),
            _ => zero(negative),
        };
    }
    if base.is_infinite() {
        return if exponent.negative {
            zero(negative)
        } else {
            Dec::infinity(negative)
        };
    }
    if is_one(&base.magnitude()) {
        return power_of_one(base, exponent, integer, negative, rules, st);
    }
    if let Some(d) = out_of_range(base, exponent, negative, rules, st) {
        return d;
    }
    if integer {
        integer_power(base, exponent, negative, rules, st)
    } else {
        real_power(base, exponent, rules, st)
    }
}

/// Powers of a one that is written with or without zeros behind the point.
fn power_of_one(
    base: &Dec,
    exponent: &Dec,
    integer: bool,
    negative: bool,
    rules: &Rules,
    st: &mut u32,
) -> Dec {
    if !integer {
        return padded_one(negative, rules, st);
    }
    if exponent.negative {
        return Dec::small(negative, 1, 0);
    }
    let zeros = -base.exp;
    if zeros <= 0 {
        return Dec::small(negative, 1, 0);
    }
    // The zeros add up until the precision is reached.
    let wanted = exponent.to_i64().and_then(|n| n.checked_mul(zeros));
    let shift = match wanted {
        Some(shift) if shift < rules.prec => shift,
        _ => {
            *st |= status::ROUNDED;
            rules.prec - 1
        }
    };
    match Coeff::power_of_ten(shift) {
        Some(c) => rules.finalize(Dec::finite(negative, c, -shift), st),
        None => Dec::error(status::NO_MEMORY, st),
    }
}

/// Overflows and underflows that the exponents alone show.
fn out_of_range(
    base: &Dec,
    exponent: &Dec,
    negative: bool,
    rules: &Rules,
    st: &mut u32,
) -> Option<Dec> {
    let above = compare_magnitudes(base, &Dec::small(false, 1, 0)) == Ordering::Greater;
    let grows = above != exponent.negative;
    // |log10(base)| is at least 10**scale, so the result's exponent is at least 10**(scale + adjusted).
    let adjusted = base.adjusted();
    let scale = if adjusted > 0 {
        digits_of(adjusted) - 1
    } else if adjusted < -1 {
        digits_of(-adjusted - 1) - 1
    } else {
        // Near one: log10(1 + x) is about x / ln(10).
        let mut ignored = 0;
        let one = Dec::small(false, 1, 0);
        let rest = super::arith::subtract(&base.magnitude(), &one, &Rules::MAX, &mut ignored);
        rest.adjusted() - 1
    };
    let limit = if grows { rules.emax } else { -rules.etiny() };
    if exponent.adjusted().saturating_add(scale) < digits_of(limit) + 1 {
        return None;
    }
    let exp = if grows { EXP_INF } else { -EXP_INF };
    Some(rules.finalize(Dec::small(negative, 1, exp), st))
}

fn digits_of(v: i64) -> i64 {
    Coeff::Small(v.unsigned_abs().into()).digits()
}

fn integer_power(base: &Dec, exponent: &Dec, negative: bool, rules: &Rules, st: &mut u32) -> Dec {
    let mut work = Rules {
        prec: rules.prec + exponent.coeff.digits() + exponent.exp + 2,
        round: Round::HalfEven,
        clamp: false,
        ..*rules
    };
    let mut start = base.magnitude();
    if exponent.negative {
        work.prec += 1;
        let one = Dec::small(false, 1, 0);
        let mut work_status = 0;
        start = divide(&one, &start, &work, &mut work_status);
        *st |= work_status;
        if work_status & status::ERRORS != 0 {
            return Dec::nan();
        }
    }
    let Some(n) = rescale(&exponent.magnitude(), 0, &Rules::MAX) else {
        return Dec::error(status::NO_MEMORY, st);
    };
    let n = n.coeff.to_big();
    let result = repeated_squares(&start, &n, &work, st);
    if result.is_infinite() {
        // The rounding mode decides about it once more.
        return rules.finalize(Dec::small(negative, 1, EXP_INF), st);
    }
    rules.finalize(result.with_sign(negative), st)
}

/// `base**n` by squaring, from the highest bit of n.
fn repeated_squares(base: &Dec, n: &UBig, rules: &Rules, st: &mut u32) -> Dec {
    use dashu_int::ops::BitTest;
    let mut result = base.clone();
    for bit in (0..n.bit_len().saturating_sub(1)).rev() {
        result = multiply(&result, &result, rules, st);
        if n.bit(bit) {
            result = multiply(&result, base, rules, st);
        }
        if !result.is_finite() || result.coeff.is_zero() {
            break;
        }
    }
    result
}

/// `e ** (exponent * ln(base))`
fn real_power(base: &Dec, exponent: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    let work = Rules {
        prec: rules.prec.max(base.coeff.digits()) + 4 + EXP_DIGITS,
        emax: super::rules::MAX_EMAX,
        emin: super::rules::MIN_EMIN,
        round: Round::HalfEven,
        clamp: false,
    };
    let mut work_status = 0;
    let log = ln(base, &work, &mut work_status);
    let product = multiply(&log, exponent, &work, &mut work_status);
    let result = exp(&product, &work, &mut work_status);
    *st |= work_status & status::ERRORS;
    *st |= status::INEXACT | status::ROUNDED;
    rules.finalize(result, st)
}

/// `pow(base, exponent, modulus)`
pub fn power_modulo(base: &Dec, exponent: &Dec, modulus: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    if let Some(nan) = nan_of(&[base, exponent, modulus], rules, st) {
        return nan;
    }
    let allowed = base.is_integer()
        && exponent.is_integer()
        && modulus.is_integer()
        && !exponent.negative_value()
        && !modulus.coeff.is_zero()
        && modulus.adjusted() < rules.prec
        && !(base.coeff.is_zero() && exponent.coeff.is_zero());
    if !allowed {
        return Dec::error(status::INVALID_OPERATION, st);
    }
    let negative = base.negative && exponent.is_odd_integer();
    let (Some(m), Some(e)) = (whole(modulus), whole(exponent)) else {
        return Dec::error(status::NO_MEMORY, st);
    };
    // The base's power of ten is reduced as well.
    let b = if base.exp > 0 {
        let tens = modular_power(
            &(UBig::from(10u8) % &m),
            &UBig::from(base.exp.unsigned_abs()),
            &m,
        );
        base.coeff.to_big() % &m * tens % &m
    } else {
        match whole(base) {
            Some(b) => b % &m,
            None => return Dec::error(status::NO_MEMORY, st),
        }
    };
    let result = modular_power(&b, &e, &m);
    rules.finalize(Dec::finite(negative, Coeff::from_big(result), 0), st)
}

/// An integer's size.
fn whole(d: &Dec) -> Option<UBig> {
    if d.exp >= 0 {
        return Some(d.coeff.to_big() * power_of_ten(d.exp)?);
    }
    Some(d.coeff.shift_right(-d.exp).0.to_big())
}

fn modular_power(base: &UBig, n: &UBig, m: &UBig) -> UBig {
    use dashu_int::ops::BitTest;
    let mut result = UBig::ONE % m;
    for bit in (0..n.bit_len()).rev() {
        result = result.sqr() % m;
        if n.bit(bit) {
            result = result * base % m;
        }
    }
    result
}

impl Dec {
    /// Whether this is below zero (a negative zero is not).
    fn negative_value(&self) -> bool {
        self.negative && !self.coeff.is_zero()
    }
}
