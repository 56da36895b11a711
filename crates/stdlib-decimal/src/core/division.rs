//! Division, and the family of integer division.

use std::cmp::Ordering;

use super::coeff::{Coeff, MAX_DIGITS};
use super::number::{Dec, nan_of};
use super::rules::{Rules, status};

/// Digits above which a quotient is first tried as an exact one, which may be much shorter than the precision.
const LONG: i64 = 10_000;

/// `a / b`
pub fn divide(a: &Dec, b: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    let negative = a.negative != b.negative;
    if !a.is_finite() || !b.is_finite() {
        if let Some(nan) = nan_of(&[a, b], rules, st) {
            return nan;
        }
        if !a.is_infinite() {
            *st |= status::CLAMPED;
            return Dec::small(negative, 0, rules.etiny());
        }
        if b.is_infinite() {
            return Dec::error(status::INVALID_OPERATION, st);
        }
        return Dec::infinity(negative);
    }
    if b.coeff.is_zero() {
        if a.coeff.is_zero() {
            return Dec::error(status::DIVISION_UNDEFINED, st);
        }
        *st |= status::DIVISION_BY_ZERO;
        return Dec::infinity(negative);
    }
    let ideal = a.exp - b.exp;
    if a.coeff.is_zero() {
        return rules.finalize(Dec::finite(negative, Coeff::ZERO, ideal), st);
    }
    let (a_digits, b_digits) = (a.coeff.digits(), b.coeff.digits());
    if rules.prec > LONG {
        // An exact quotient has at most this many digits: every factor 2 or 5 of the divisor costs one.
        let enough = a_digits + 4 * b_digits + 1;
        if enough < rules.prec
            && let Some((q, exp, true)) = quotient(a, b, enough)
        {
            return rules.finalize(stripped(negative, q, exp, ideal), st);
        }
    }
    let Some((q, exp, exact)) = quotient(a, b, rules.prec) else {
        return Dec::error(status::NO_MEMORY, st);
    };
    if exact {
        return rules.finalize(stripped(negative, q, exp, ideal), st);
    }
    let q = if matches!(q.last_digit(), 0 | 5) {
        // A digit that rounding cannot take for an exact result.
        q.add(&Coeff::ONE)
    } else {
        q
    };
    rules.finalize(Dec::finite(negative, q, exp), st)
}

/// The quotient of the coefficients to more than `prec` digits, its exponent, and whether it is exact.
fn quotient(a: &Dec, b: &Dec, prec: i64) -> Option<(Coeff, i64, bool)> {
    let shift = b.coeff.digits() - a.coeff.digits() + prec + 1;
    let (n, d) = if shift >= 0 {
        (a.coeff.shift_left(shift)?, b.coeff.clone())
    } else {
        (a.coeff.clone(), b.coeff.shift_left(-shift)?)
    };
    let (q, r) = n.div_rem(&d);
    Some((q, a.exp - b.exp - shift, r.is_zero()))
}

/// A number without zeros at its end as far as `ideal` allows.
pub fn stripped(negative: bool, coeff: Coeff, exp: i64, ideal: i64) -> Dec {
    if exp >= ideal {
        return Dec::finite(negative, coeff, exp);
    }
    let (coeff, zeros) = coeff.strip_zeros(ideal - exp);
    Dec::finite(negative, coeff, exp + zeros)
}

/// Integer quotient and remainder of finite numbers, `b` not zero; `None` when the quotient is too long.
fn integer_quotient(a: &Dec, b: &Dec, rules: &Rules) -> Option<(Dec, Dec)> {
    let negative = a.negative != b.negative;
    let exp = a.exp.min(b.exp);
    let zero = Dec::small(negative, 0, 0);
    if a.coeff.is_zero() {
        return Some((zero, Dec::finite(a.negative, Coeff::ZERO, exp)));
    }
    let difference = a.adjusted() - b.adjusted();
    if difference < 0 {
        let rest = a.coeff.shift_left(a.exp - exp)?;
        return Some((zero, Dec::finite(a.negative, rest, exp)));
    }
    if difference > rules.prec || difference > MAX_DIGITS {
        return None;
    }
    let n = a.coeff.shift_left(a.exp - exp)?;
    let d = b.coeff.shift_left(b.exp - exp)?;
    let (q, r) = n.div_rem(&d);
    if q.digits() > rules.prec {
        return None;
    }
    Some((Dec::finite(negative, q, 0), Dec::finite(a.negative, r, exp)))
}

/// `divmod(a, b)`
pub fn divmod(a: &Dec, b: &Dec, rules: &Rules, st: &mut u32) -> (Dec, Dec) {
    let negative = a.negative != b.negative;
    if let Some(nan) = nan_of(&[a, b], rules, st) {
        return (nan.clone(), nan);
    }
    if a.is_infinite() {
        *st |= status::INVALID_OPERATION;
        let q = if b.is_infinite() {
            Dec::nan()
        } else {
            Dec::infinity(negative)
        };
        return (q, Dec::nan());
    }
    if b.is_infinite() {
        return (Dec::small(negative, 0, 0), rules.finalize(a.clone(), st));
    }
    if b.coeff.is_zero() {
        if a.coeff.is_zero() {
            *st |= status::DIVISION_UNDEFINED;
            return (Dec::nan(), Dec::nan());
        }
        *st |= status::DIVISION_BY_ZERO | status::INVALID_OPERATION;
        return (Dec::infinity(negative), Dec::nan());
    }
    match integer_quotient(a, b, rules) {
        Some((q, r)) => (rules.finalize(q, st), rules.finalize(r, st)),
        None => {
            *st |= status::DIVISION_IMPOSSIBLE;
            (Dec::nan(), Dec::nan())
        }
    }
}

/// `a // b`
pub fn divide_int(a: &Dec, b: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    let negative = a.negative != b.negative;
    if let Some(nan) = nan_of(&[a, b], rules, st) {
        return nan;
    }
    if a.is_infinite() {
        if b.is_infinite() {
            return Dec::error(status::INVALID_OPERATION, st);
        }
        return Dec::infinity(negative);
    }
    if b.is_infinite() {
        return Dec::small(negative, 0, 0);
    }
    if b.coeff.is_zero() {
        if a.coeff.is_zero() {
            return Dec::error(status::DIVISION_UNDEFINED, st);
        }
        *st |= status::DIVISION_BY_ZERO;
        return Dec::infinity(negative);
    }
    match integer_quotient(a, b, rules) {
        Some((q, _)) => rules.finalize(q, st),
        None => Dec::error(status::DIVISION_IMPOSSIBLE, st),
    }
}

/// What both remainders give for operands that are not a plain division.
fn remainder_special(a: &Dec, b: &Dec, rules: &Rules, st: &mut u32) -> Option<Dec> {
    if let Some(nan) = nan_of(&[a, b], rules, st) {
        return Some(nan);
    }
    if a.is_infinite() {
        return Some(Dec::error(status::INVALID_OPERATION, st));
    }
    if b.is_infinite() {
        return Some(rules.finalize(a.clone(), st));
    }
    if b.coeff.is_zero() {
        let condition = if a.coeff.is_zero() {
            status::DIVISION_UNDEFINED
        } else {
            status::INVALID_OPERATION
        };
        return Some(Dec::error(condition, st));
    }
    None
}

/// `a % b`
pub fn remainder(a: &Dec, b: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    if let Some(d) = remainder_special(a, b, rules, st) {
        return d;
    }
    match integer_quotient(a, b, rules) {
        Some((_, r)) => rules.finalize(r, st),
        None => Dec::error(status::DIVISION_IMPOSSIBLE, st),
    }
}

/// `a - b * n` for the integer n nearest to the quotient, ties to even.
pub fn remainder_near(a: &Dec, b: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    if let Some(d) = remainder_special(a, b, rules, st) {
        return d;
    }
    let Some((q, r)) = integer_quotient(a, b, rules) else {
        return Dec::error(status::DIVISION_IMPOSSIBLE, st);
    };
    let twice = Dec::finite(false, r.coeff.add(&r.coeff), r.exp);
    let increase = match super::compare::compare_magnitudes(&twice, b) {
        Ordering::Greater => true,
        Ordering::Equal => q.coeff.is_odd(),
        Ordering::Less => false,
    };
    if !increase {
        return rules.finalize(r, st);
    }
    if Coeff::add(&q.coeff, &Coeff::ONE).digits() > rules.prec {
        return Dec::error(status::DIVISION_IMPOSSIBLE, st);
    }
    // The divisor is at least the remainder, so that its exponent does not reach below by much.
    let Some(divisor) = b.coeff.shift_left(b.exp - r.exp) else {
        return Dec::error(status::NO_MEMORY, st);
    };
    let rest = Dec::finite(!r.negative, divisor.sub(&r.coeff), r.exp);
    rules.finalize(rest, st)
}
