//! A decimal number: sign, coefficient and exponent, or an infinity or NaN.

use std::cmp::Ordering;

use super::coeff::Coeff;
use super::rules::{Rules, status};

/// What a number is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `coeff * 10**exp`.
    Finite,
    /// An infinity.
    Infinite,
    /// A quiet NaN; the coefficient is its payload, zero for none.
    Nan,
    /// A signaling NaN.
    SignalingNan,
}

/// A decimal number.
#[derive(Clone, Debug)]
pub struct Dec {
    /// Digits; the payload of a NaN; zero for infinities.
    pub coeff: Coeff,
    /// Exponent; zero for special numbers.
    pub exp: i64,
    /// What it is.
    pub kind: Kind,
    /// Whether the sign is minus.
    pub negative: bool,
}

impl Dec {
    /// A finite number.
    #[inline]
    pub fn finite(negative: bool, coeff: Coeff, exp: i64) -> Dec {
        Dec {
            coeff,
            exp,
            kind: Kind::Finite,
            negative,
        }
    }

    /// A small number as it is written.
    pub fn small(negative: bool, coeff: u128, exp: i64) -> Dec {
        Dec::finite(negative, Coeff::Small(coeff), exp)
    }

    /// An integer.
    #[inline]
    pub fn from_i64(v: i64) -> Dec {
        Dec::small(v < 0, v.unsigned_abs().into(), 0)
    }

    /// An infinity.
    pub fn infinity(negative: bool) -> Dec {
        Dec {
            coeff: Coeff::ZERO,
            exp: 0,
            kind: Kind::Infinite,
            negative,
        }
    }

    /// The quiet NaN.
    pub fn nan() -> Dec {
        Dec {
            coeff: Coeff::ZERO,
            exp: 0,
            kind: Kind::Nan,
            negative: false,
        }
    }

    /// A quiet NaN for a condition that is noted.
    #[cold]
    pub fn error(condition: u32, st: &mut u32) -> Dec {
        *st |= condition;
        Dec::nan()
    }

    /// Whether this is a NaN of either kind.
    #[inline]
    pub fn is_nan(&self) -> bool {
        matches!(self.kind, Kind::Nan | Kind::SignalingNan)
    }

    /// Whether this is a signaling NaN.
    pub fn is_signaling(&self) -> bool {
        self.kind == Kind::SignalingNan
    }

    /// Whether this is an infinity.
    pub fn is_infinite(&self) -> bool {
        self.kind == Kind::Infinite
    }

    /// Whether this is a finite number.
    #[inline]
    pub fn is_finite(&self) -> bool {
        self.kind == Kind::Finite
    }

    /// Whether this is a zero.
    #[inline]
    pub fn is_zero(&self) -> bool {
        self.is_finite() && self.coeff.is_zero()
    }

    /// Exponent of the first digit.
    #[inline]
    pub fn adjusted(&self) -> i64 {
        self.exp + self.coeff.digits() - 1
    }

    /// Whether this is finite, not zero and not below the context's normal numbers.
    pub fn is_normal(&self, rules: &Rules) -> bool {
        self.is_finite() && !self.coeff.is_zero() && self.adjusted() >= rules.emin
    }

    /// Whether this is finite, not zero and below the context's normal numbers.
    pub fn is_subnormal(&self, rules: &Rules) -> bool {
        self.is_finite() && !self.coeff.is_zero() && self.adjusted() < rules.emin
    }

    /// Whether this is an integer.
    pub fn is_integer(&self) -> bool {
        self.is_finite()
            && (self.exp >= 0 || self.coeff.is_zero() || !self.coeff.has_low_digits(-self.exp))
    }

    /// Whether an integer is odd.
    pub fn is_odd_integer(&self) -> bool {
        if !self.is_integer() || self.exp > 0 || self.coeff.is_zero() {
            return false;
        }
        self.coeff.shift_right(-self.exp).0.is_odd()
    }

    /// With this sign.
    #[must_use]
    pub fn with_sign(mut self, negative: bool) -> Dec {
        self.negative = negative;
        self
    }

    /// The absolute value, special numbers included.
    #[must_use]
    pub fn magnitude(&self) -> Dec {
        self.clone().with_sign(false)
    }

    /// -1, 0 or 1 of a number that is no NaN.
    pub fn signum(&self) -> Ordering {
        if self.is_zero() {
            Ordering::Equal
        } else if self.negative {
            Ordering::Less
        } else {
            Ordering::Greater
        }
    }

    /// An integer's value, if it fits.
    pub fn to_i64(&self) -> Option<i64> {
        if !self.is_integer() {
            return None;
        }
        let size = if self.coeff.is_zero() {
            0
        } else if self.exp >= 0 {
            if self.adjusted() > 19 {
                return None;
            }
            self.coeff.shift_left(self.exp)?.to_u64()?
        } else {
            self.coeff.shift_right(-self.exp).0.to_u64()?
        };
        let size = i128::from(size);
        i64::try_from(if self.negative { -size } else { size }).ok()
    }
}

/// What an operation gives for operands with a NaN among them: the first signaling one, else the first. `None` when there
/// is none.
#[inline]
pub fn nan_of(operands: &[&Dec], rules: &Rules, st: &mut u32) -> Option<Dec> {
    if operands.iter().all(|d| !d.is_nan()) {
        return None;
    }
    let found = operands
        .iter()
        .find(|d| d.is_signaling())
        .or_else(|| operands.iter().find(|d| d.is_nan()))?;
    if found.is_signaling() {
        *st |= status::INVALID_OPERATION;
    }
    let mut quiet = (*found).clone();
    quiet.kind = Kind::Nan;
    Some(rules.fit_nan(quiet))
}

/// The same for one operand, without a context.
pub fn quiet(d: &Dec, st: &mut u32) -> Dec {
    let mut d = d.clone();
    if d.is_signaling() {
        *st |= status::INVALID_OPERATION;
        d.kind = Kind::Nan;
    }
    d
}
