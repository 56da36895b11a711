//! Operations on coefficients as rows of digits: the logical ones, shift and rotate.

use super::coeff::Coeff;
use super::number::{Dec, nan_of};
use super::rules::{Rules, status};

/// The bits of a logical operand, the last digit first; `None` if it is not one.
fn bits(d: &Dec) -> Option<Vec<bool>> {
    if !d.is_finite() || d.negative || d.exp != 0 {
        return None;
    }
    d.coeff
        .to_digits()
        .bytes()
        .rev()
        .map(|b| match b {
            b'0' => Some(false),
            b'1' => Some(true),
            _ => None,
        })
        .collect()
}

fn number(bits: &[bool]) -> Dec {
    let digits: String = bits
        .iter()
        .rev()
        .map(|&b| if b { '1' } else { '0' })
        .collect();
    Dec::finite(false, Coeff::from_digits(&digits), 0)
}

/// `logical_and` and its kind. Any operand that is not made of zeros and ones is invalid, a NaN too.
pub fn logical(a: &Dec, b: &Dec, op: fn(bool, bool) -> bool, rules: &Rules, st: &mut u32) -> Dec {
    let (Some(x), Some(y)) = (bits(a), bits(b)) else {
        return Dec::error(status::INVALID_OPERATION, st);
    };
    let room = usize::try_from(rules.prec).unwrap_or(usize::MAX);
    let len = x.len().max(y.len()).min(room);
    let at = |v: &[bool], i: usize| v.get(i).copied().unwrap_or(false);
    let z: Vec<bool> = (0..len).map(|i| op(at(&x, i), at(&y, i))).collect();
    number(&z)
}

/// `logical_invert`
pub fn invert(a: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    let Some(x) = bits(a) else {
        return Dec::error(status::INVALID_OPERATION, st);
    };
    let Ok(len) = usize::try_from(rules.prec) else {
        return Dec::error(status::NO_MEMORY, st);
    };
    if rules.prec > super::coeff::MAX_DIGITS {
        return Dec::error(status::NO_MEMORY, st);
    }
    let z: Vec<bool> = (0..len)
        .map(|i| !x.get(i).copied().unwrap_or(false))
        .collect();
    number(&z)
}

/// How far `shift` and `rotate` move, if their second operand says so properly.
fn distance(b: &Dec, rules: &Rules) -> Option<i64> {
    if !b.is_finite() || b.exp != 0 {
        return None;
    }
    b.to_i64()
        .filter(|n| n.unsigned_abs() <= rules.prec.unsigned_abs())
}

/// `a.shift(b)`
pub fn shift(a: &Dec, b: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    if let Some(nan) = nan_of(&[a, b], rules, st) {
        return nan;
    }
    let Some(n) = distance(b, rules) else {
        return Dec::error(status::INVALID_OPERATION, st);
    };
    if a.is_infinite() {
        return a.clone();
    }
    let coeff = if n >= 0 {
        // Digits that fall out on the left need not be made.
        let kept = a.coeff.low_digits(rules.prec - n);
        match kept.shift_left(n) {
            Some(c) => c,
            None => return Dec::error(status::NO_MEMORY, st),
        }
    } else {
        a.coeff.low_digits(rules.prec).shift_right(-n).0
    };
    Dec::finite(a.negative, coeff, a.exp)
}

/// `a.rotate(b)`
pub fn rotate(a: &Dec, b: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    if let Some(nan) = nan_of(&[a, b], rules, st) {
        return nan;
    }
    let Some(n) = distance(b, rules) else {
        return Dec::error(status::INVALID_OPERATION, st);
    };
    if a.is_infinite() {
        return a.clone();
    }
    let left = if n < 0 { rules.prec + n } else { n };
    let row = a.coeff.low_digits(rules.prec);
    let high = row.shift_right(rules.prec - left).0;
    match row.low_digits(rules.prec - left).shift_left(left) {
        Some(low) => Dec::finite(a.negative, low.add(&high), a.exp),
        None => Dec::error(status::NO_MEMORY, st),
    }
}
