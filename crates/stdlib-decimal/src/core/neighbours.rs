//! The next representable numbers.

use std::cmp::Ordering;

use super::arith::add;
use super::coeff::Coeff;
use super::compare::compare_values;
use super::number::{Dec, nan_of};
use super::rules::{Round, Rules, status};

/// The largest finite number of a context.
fn largest(negative: bool, rules: &Rules, st: &mut u32) -> Dec {
    match Coeff::nines(rules.prec) {
        Some(c) => Dec::finite(negative, c, rules.etop()),
        None => Dec::error(status::NO_MEMORY, st),
    }
}

fn next(a: &Dec, up: bool, rules: &Rules, st: &mut u32) -> Dec {
    if let Some(nan) = nan_of(&[a], rules, st) {
        return nan;
    }
    if a.is_infinite() {
        return if a.negative == up {
            largest(a.negative, rules, st)
        } else {
            a.clone()
        };
    }
    let round = if up { Round::Ceiling } else { Round::Floor };
    let work = Rules { round, ..*rules };
    let mut work_status = 0;
    let fitted = work.finalize(a.clone(), &mut work_status);
    if work_status & (status::INEXACT | status::ERRORS) != 0 {
        *st |= work_status & status::ERRORS;
        return fitted;
    }
    let tiny = Dec::finite(!up, Coeff::ONE, rules.etiny() - 1);
    let mut work_status = 0;
    let result = add(a, &tiny, &work, &mut work_status);
    *st |= work_status & status::ERRORS;
    result
}

/// The smallest number above.
pub fn next_plus(a: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    next(a, true, rules, st)
}

/// The largest number below.
pub fn next_minus(a: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    next(a, false, rules, st)
}

/// The next number in the direction of `b`.
pub fn next_toward(a: &Dec, b: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    if let Some(nan) = nan_of(&[a, b], rules, st) {
        return nan;
    }
    let result = match compare_values(a, b) {
        Ordering::Equal => return a.clone().with_sign(b.negative),
        Ordering::Less => next(a, true, rules, st),
        Ordering::Greater => next(a, false, rules, st),
    };
    if result.is_infinite() {
        *st |= status::OVERFLOW | status::ROUNDED | status::INEXACT;
    } else if result.is_finite() && result.adjusted() < rules.emin {
        *st |= status::UNDERFLOW | status::SUBNORMAL | status::ROUNDED | status::INEXACT;
        if result.coeff.is_zero() {
            *st |= status::CLAMPED;
        }
    }
    result
}
