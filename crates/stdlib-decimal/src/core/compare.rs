//! Comparisons by value and by the total order, minimum and maximum.

use std::cmp::Ordering;

use super::coeff::Coeff;
use super::number::{Dec, Kind, nan_of};
use super::rules::{Rules, status};

/// Compares finite numbers without their signs.
pub fn compare_magnitudes(a: &Dec, b: &Dec) -> Ordering {
    match (a.coeff.is_zero(), b.coeff.is_zero()) {
        (true, true) => return Ordering::Equal,
        (true, false) => return Ordering::Less,
        (false, true) => return Ordering::Greater,
        _ => {}
    }
    if a.exp == b.exp {
        return a.coeff.cmp(&b.coeff);
    }
    match a.adjusted().cmp(&b.adjusted()) {
        Ordering::Equal => {}
        unequal => return unequal,
    }
    // The same adjusted exponent: the exponents differ by less than the digits of one of them.
    if a.exp > b.exp {
        let shifted = a.coeff.shift_left(a.exp - b.exp);
        shifted.map_or(Ordering::Equal, |c| c.cmp(&b.coeff))
    } else {
        let shifted = b.coeff.shift_left(b.exp - a.exp);
        shifted.map_or(Ordering::Equal, |c| a.coeff.cmp(&c))
    }
}

/// Compares numbers, of which none is a NaN.
pub fn compare_values(a: &Dec, b: &Dec) -> Ordering {
    match a.signum().cmp(&b.signum()) {
        Ordering::Equal => {}
        unequal => return unequal,
    }
    if a.is_zero() {
        return Ordering::Equal;
    }
    let magnitudes = match (a.is_infinite(), b.is_infinite()) {
        (false, false) => compare_magnitudes(a, b),
        (a, b) => a.cmp(&b),
    };
    if a.negative {
        magnitudes.reverse()
    } else {
        magnitudes
    }
}

/// An ordering as -1, 0 or 1.
pub fn as_number(order: Ordering) -> Dec {
    Dec::from_i64(order as i64)
}

/// `a.compare(b)`
pub fn compare(a: &Dec, b: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    match nan_of(&[a, b], rules, st) {
        Some(nan) => nan,
        None => as_number(compare_values(a, b)),
    }
}

/// `a.compare_signal(b)`: every NaN signals.
pub fn compare_signal(a: &Dec, b: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    match nan_of(&[a, b], rules, st) {
        Some(nan) => {
            *st |= status::INVALID_OPERATION;
            nan
        }
        None => as_number(compare_values(a, b)),
    }
}

/// Compares by the total order of representations.
pub fn compare_total(a: &Dec, b: &Dec) -> Ordering {
    if a.negative != b.negative {
        return b.negative.cmp(&a.negative);
    }
    let order = compare_total_magnitudes(a, b);
    if a.negative { order.reverse() } else { order }
}

/// Compares by the total order of representations, signs aside.
pub fn compare_total_magnitudes(a: &Dec, b: &Dec) -> Ordering {
    let rank = |d: &Dec| match d.kind {
        Kind::Finite => 0,
        Kind::Infinite => 1,
        Kind::SignalingNan => 2,
        Kind::Nan => 3,
    };
    rank(a).cmp(&rank(b)).then_with(|| match a.kind {
        Kind::Finite => compare_magnitudes(a, b).then(a.exp.cmp(&b.exp)),
        _ => a.coeff.cmp(&b.coeff),
    })
}

/// Which of two numbers `max`, `min` and their `_mag` forms choose.
#[derive(Clone, Copy)]
pub struct Choice {
    /// The larger one.
    pub largest: bool,
    /// By magnitude.
    pub magnitude: bool,
}

/// The larger or smaller of two numbers. A quiet NaN loses against a number.
pub fn choose(a: &Dec, b: &Dec, choice: Choice, rules: &Rules, st: &mut u32) -> Dec {
    let chosen = if a.kind == Kind::Nan && !b.is_nan() {
        b
    } else if b.kind == Kind::Nan && !a.is_nan() {
        a
    } else if let Some(nan) = nan_of(&[a, b], rules, st) {
        return nan;
    } else {
        let order = if choice.magnitude {
            compare_values(&a.magnitude(), &b.magnitude()).then_with(|| compare_values(a, b))
        } else {
            compare_values(a, b)
        };
        // Equal numbers are told apart by the total order.
        let order = order.then_with(|| compare_total(a, b));
        if (order == Ordering::Less) == choice.largest {
            b
        } else {
            a
        }
    };
    rules.finalize(chosen.clone(), st)
}

/// Whether two numbers have the same exponent or are of the same special kind.
pub fn same_quantum(a: &Dec, b: &Dec) -> bool {
    match (a.is_finite(), b.is_finite()) {
        (true, true) => a.exp == b.exp,
        (false, false) => (a.is_nan() && b.is_nan()) || (a.is_infinite() && b.is_infinite()),
        _ => false,
    }
}

/// `number_class`
pub fn number_class(d: &Dec, rules: &Rules) -> &'static str {
    match (d.kind, d.negative) {
        (Kind::Nan, _) => "NaN",
        (Kind::SignalingNan, _) => "sNaN",
        (Kind::Infinite, false) => "+Infinity",
        (Kind::Infinite, true) => "-Infinity",
        (Kind::Finite, negative) => {
            let name = if d.coeff.is_zero() {
                ["+Zero", "-Zero"]
            } else if d.is_subnormal(rules) {
                ["+Subnormal", "-Subnormal"]
            } else {
                ["+Normal", "-Normal"]
            };
            name[usize::from(negative)]
        }
    }
}

/// Whether a coefficient and an exponent are those of the number one.
pub fn is_one(d: &Dec) -> bool {
    d.is_finite() && compare_magnitudes(d, &Dec::finite(false, Coeff::ONE, 0)) == Ordering::Equal
}
