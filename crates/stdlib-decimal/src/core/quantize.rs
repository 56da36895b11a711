//! Operations that choose the exponent: quantize, rounding to an integer, normalize, scaleb and logb.

use super::arith::apply;
use super::coeff::{Coeff, Dropped};
use super::number::{Dec, nan_of};
use super::rules::{Rules, status};

/// Rounds a finite number to the exponent `exp`, which is larger than its own.
fn round_to(a: &Dec, exp: i64, rules: &Rules) -> (Dec, Dropped) {
    let (coeff, dropped) = a.coeff.shift_right(exp - a.exp);
    let coeff = if rules.round.increments(dropped, &coeff, a.negative) {
        coeff.add(&Coeff::ONE)
    } else {
        coeff
    };
    (Dec::finite(a.negative, coeff, exp), dropped)
}

/// `a.quantize(b)`
pub fn quantize(a: &Dec, b: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    if !a.is_finite() || !b.is_finite() {
        if let Some(nan) = nan_of(&[a, b], rules, st) {
            return nan;
        }
        if a.is_infinite() && b.is_infinite() {
            return a.clone();
        }
        return Dec::error(status::INVALID_OPERATION, st);
    }
    if b.exp > rules.emax || b.exp < rules.etiny() {
        return Dec::error(status::INVALID_OPERATION, st);
    }
    let result = if a.coeff.is_zero() {
        Dec::finite(a.negative, Coeff::ZERO, b.exp)
    } else {
        let shift = a.exp - b.exp;
        if a.coeff.digits().saturating_add(shift) > rules.prec {
            return Dec::error(status::INVALID_OPERATION, st);
        }
        if shift >= 0 {
            match a.coeff.shift_left(shift) {
                Some(coeff) => Dec::finite(a.negative, coeff, b.exp),
                None => return Dec::error(status::NO_MEMORY, st),
            }
        } else {
            let (result, dropped) = round_to(a, b.exp, rules);
            if result.coeff.digits() > rules.prec || result.adjusted() > rules.emax {
                return Dec::error(status::INVALID_OPERATION, st);
            }
            *st |= status::ROUNDED;
            if dropped != Dropped::Nothing {
                *st |= status::INEXACT;
            }
            return rules.finalize(result, st);
        }
    };
    let adjusted = result.adjusted();
    if !result.coeff.is_zero() && (adjusted > rules.emax || adjusted < rules.etiny()) {
        return Dec::error(status::INVALID_OPERATION, st);
    }
    rules.finalize(result, st)
}

/// Rounds to an exponent whatever the precision, as formatting and conversions to int need it; no conditions.
pub fn rescale(a: &Dec, exp: i64, rules: &Rules) -> Option<Dec> {
    if !a.is_finite() {
        return Some(a.clone());
    }
    if a.coeff.is_zero() {
        return Some(Dec::finite(a.negative, Coeff::ZERO, exp));
    }
    if exp > a.exp {
        return Some(round_to(a, exp, rules).0);
    }
    let coeff = a.coeff.shift_left(a.exp - exp)?;
    Some(Dec::finite(a.negative, coeff, exp))
}

/// `to_integral_value`, or `to_integral_exact` where `report` is set: the conditions of rounding are reported.
pub fn to_integral(a: &Dec, report: bool, rules: &Rules, st: &mut u32) -> Dec {
    if let Some(nan) = nan_of(&[a], rules, st) {
        return nan;
    }
    if a.is_infinite() || a.exp >= 0 {
        return a.clone();
    }
    if a.coeff.is_zero() {
        return Dec::finite(a.negative, Coeff::ZERO, 0);
    }
    let (result, dropped) = round_to(a, 0, rules);
    if report {
        *st |= status::ROUNDED;
        if dropped != Dropped::Nothing {
            *st |= status::INEXACT;
        }
    }
    result
}

/// Without zeros at the end.
pub fn normalize(a: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    let d = apply(a, rules, st);
    if !d.is_finite() {
        return d;
    }
    if d.coeff.is_zero() {
        return Dec::finite(d.negative, Coeff::ZERO, 0);
    }
    let top = if rules.clamp {
        rules.etop()
    } else {
        rules.emax
    };
    let (coeff, zeros) = d.coeff.strip_zeros((top - d.exp).max(0));
    rules.finalize(Dec::finite(d.negative, coeff, d.exp + zeros), st)
}

/// `a * 10**b`
pub fn scaleb(a: &Dec, b: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    if let Some(nan) = nan_of(&[a, b], rules, st) {
        return nan;
    }
    let limit = 2 * (rules.emax.saturating_add(rules.prec));
    let n = if b.is_finite() && b.exp == 0 {
        b.to_i64()
            .filter(|n| n.unsigned_abs() <= limit.unsigned_abs())
    } else {
        None
    };
    let Some(n) = n else {
        return Dec::error(status::INVALID_OPERATION, st);
    };
    if a.is_infinite() {
        return a.clone();
    }
    let exp = a
        .exp
        .saturating_add(n)
        .clamp(-super::rules::EXP_INF, super::rules::EXP_INF);
    rules.finalize(Dec::finite(a.negative, a.coeff.clone(), exp), st)
}

/// The adjusted exponent as a number.
pub fn logb(a: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    if let Some(nan) = nan_of(&[a], rules, st) {
        return nan;
    }
    if a.is_infinite() {
        return Dec::infinity(false);
    }
    if a.coeff.is_zero() {
        *st |= status::DIVISION_BY_ZERO;
        return Dec::infinity(true);
    }
    rules.finalize(Dec::from_i64(a.adjusted()), st)
}
