//! The square root, correctly rounded.

use super::coeff::{Coeff, Dropped};
use super::division::stripped;
use super::number::{Dec, nan_of};
use super::rules::{Rules, status};

/// `sqrt(a)`, always rounded to the nearest even.
pub fn sqrt(a: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    if let Some(nan) = nan_of(&[a], rules, st) {
        return nan;
    }
    let rules = rules.half_even();
    let ideal = a.exp.div_euclid(2);
    if a.is_zero() {
        return rules.finalize(Dec::finite(a.negative, Coeff::ZERO, ideal), st);
    }
    if a.negative {
        return Dec::error(status::INVALID_OPERATION, st);
    }
    if a.is_infinite() {
        return a.clone();
    }
    let Some(even) = a.coeff.shift_left(a.exp.rem_euclid(2)) else {
        return Dec::error(status::NO_MEMORY, st);
    };
    // The root of a number with 2k more digits has k more.
    let extra = rules.prec + 1 - (even.digits() + 1) / 2;
    if extra > 0
        && let (root, true) = integer_root(&even)
    {
        return rules.finalize(Dec::finite(false, root, ideal), st);
    }
    let (number, dropped) = if extra >= 0 {
        match extra.checked_mul(2).and_then(|n| even.shift_left(n)) {
            Some(number) => (number, Dropped::Nothing),
            None => return Dec::error(status::NO_MEMORY, st),
        }
    } else {
        even.shift_right(-2 * extra)
    };
    let (root, exact) = integer_root(&number);
    let exp = ideal - extra;
    if exact && dropped == Dropped::Nothing {
        return rules.finalize(stripped(false, root, exp, ideal), st);
    }
    let root = if matches!(root.last_digit(), 0 | 5) {
        // A digit that rounding cannot take for an exact result.
        root.add(&Coeff::ONE)
    } else {
        root
    };
    rules.finalize(Dec::finite(false, root, exp), st)
}

/// The integer part of the root, and whether it is all of it.
fn integer_root(n: &Coeff) -> (Coeff, bool) {
    use dashu_int::ops::SquareRootRem;
    let (root, rest) = n.to_big().sqrt_rem();
    (Coeff::from_big(root), rest.is_zero())
}
