//! Addition, subtraction, multiplication, fused multiply-add, and the operations on the sign.

use std::cmp::Ordering;

use super::coeff::Coeff;
use super::number::{Dec, nan_of, quiet};
use super::rules::{Round, Rules, status};

/// `a + b`
#[inline]
pub fn add(a: &Dec, b: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    add_signed(a, b, b.negative, rules, st)
}

/// `a - b`
#[inline]
pub fn subtract(a: &Dec, b: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    add_signed(a, b, !b.negative, rules, st)
}

#[inline]
fn add_signed(a: &Dec, b: &Dec, b_negative: bool, rules: &Rules, st: &mut u32) -> Dec {
    if a.is_finite() && b.is_finite() {
        let sum = add_finite(a, b, b_negative, rules, st);
        return rules.finalize(sum, st);
    }
    if let Some(nan) = nan_of(&[a, b], rules, st) {
        return nan;
    }
    if !a.is_infinite() {
        return b.clone().with_sign(b_negative);
    }
    if b.is_infinite() && a.negative != b_negative {
        return Dec::error(status::INVALID_OPERATION, st);
    }
    a.clone()
}

/// The sum before it is fitted into the context: exact, but for digits too far to the right to matter, for which a one
/// stands.
fn add_finite(a: &Dec, b: &Dec, b_negative: bool, rules: &Rules, st: &mut u32) -> Dec {
    let (big, big_negative, small, small_negative) = if a.exp >= b.exp {
        (a, a.negative, b, b_negative)
    } else {
        (b, b_negative, a, a.negative)
    };
    let mut exp = small.exp;
    let mut low = &small.coeff;
    let shifted;
    let tiny;
    let mut high = &big.coeff;
    if big.exp != small.exp && !big.coeff.is_zero() {
        let digits = big.coeff.digits();
        let limit = big.exp - 1 + (digits - rules.prec - 1).min(0);
        if small.adjusted() < limit {
            tiny = if small.coeff.is_zero() {
                Coeff::ZERO
            } else {
                Coeff::ONE
            };
            low = &tiny;
            exp = limit;
        }
        match big.coeff.shift_left(big.exp - exp) {
            Some(c) => shifted = c,
            None => return Dec::error(status::NO_MEMORY, st),
        }
        high = &shifted;
    }
    if big_negative == small_negative {
        return Dec::finite(big_negative, high.add(low), exp);
    }
    match high.cmp(low) {
        Ordering::Greater => Dec::finite(big_negative, high.sub(low), exp),
        Ordering::Less => Dec::finite(small_negative, low.sub(high), exp),
        Ordering::Equal => Dec::finite(rules.round == Round::Floor, Coeff::ZERO, exp),
    }
}

/// `a * b`
#[inline]
pub fn multiply(a: &Dec, b: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    if a.is_finite() && b.is_finite() {
        let product = Dec::finite(
            a.negative != b.negative,
            a.coeff.mul(&b.coeff),
            a.exp + b.exp,
        );
        return rules.finalize(product, st);
    }
    multiply_special(a, b, rules, st)
}

#[cold]
fn multiply_special(a: &Dec, b: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    if let Some(nan) = nan_of(&[a, b], rules, st) {
        return nan;
    }
    if a.is_zero() || b.is_zero() {
        return Dec::error(status::INVALID_OPERATION, st);
    }
    Dec::infinity(a.negative != b.negative)
}

/// `a * b + c`, rounded once.
pub fn fma(a: &Dec, b: &Dec, c: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    if a.is_finite() && b.is_finite() {
        let product = Dec::finite(
            a.negative != b.negative,
            a.coeff.mul(&b.coeff),
            a.exp + b.exp,
        );
        return add(&product, c, rules, st);
    }
    let mut work = 0;
    let product = multiply_special(a, b, rules, &mut work);
    if work != 0 {
        // The multiplication was invalid; the third operand does not count any more.
        *st |= work;
        return product;
    }
    add(&product, c, rules, st)
}

/// Unary plus: the number fitted into the context, without a minus on zeros.
pub fn plus(a: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    let d = if a.is_zero() && rules.round != Round::Floor {
        a.magnitude()
    } else {
        a.clone()
    };
    apply(&d, rules, st)
}

/// Unary minus.
pub fn minus(a: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    if a.is_nan() {
        return apply(a, rules, st);
    }
    let unsigned = a.is_zero() && rules.round != Round::Floor;
    let negative = !(a.negative || unsigned);
    apply(&a.clone().with_sign(negative), rules, st)
}

/// The absolute value, fitted into the context.
pub fn abs(a: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    if a.negative {
        minus(a, rules, st)
    } else {
        plus(a, rules, st)
    }
}

/// Fits a number into the context; a signaling NaN signals.
pub fn apply(a: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    let d = quiet(a, st);
    rules.finalize(d, st)
}
