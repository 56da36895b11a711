//! Coefficients: natural numbers with the operations that decimal digits need. What fits 128 bits is held inline, which
//! covers the usual precisions; anything larger is a shared bigint that knows its number of digits.

use std::cmp::Ordering;
use std::rc::Rc;

use dashu_int::UBig;

/// The longest coefficient that is worked with, in digits. What would be longer is reported as a lack of memory.
pub const MAX_DIGITS: i64 = 500_000_000;

/// Digits that always fit the inline form.
const INLINE_DIGITS: i64 = 38;

/// A natural number. `Big` is used only for what `Small` cannot hold.
#[derive(Clone, Debug)]
pub enum Coeff {
    /// Below 2**128.
    Small(u128),
    /// Anything else.
    Big(Rc<BigCoeff>),
}

/// A coefficient of 2**128 or more.
#[derive(Debug)]
pub struct BigCoeff {
    value: UBig,
    digits: i64,
}

/// What a shift to the right dropped, compared with half a unit in the last place that is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dropped {
    /// Only zeros.
    Nothing,
    /// Less than half.
    Below,
    /// Exactly half.
    Half,
    /// More than half.
    Above,
}

const fn powers() -> [u128; 39] {
    let mut table = [1u128; 39];
    let mut i = 1;
    while i < 39 {
        table[i] = table[i - 1] * 10;
        i += 1;
    }
    table
}

/// 10**0 to 10**38.
static POWERS: [u128; 39] = powers();

/// 10**n as a machine number, for n below 39.
#[inline]
fn small_power(n: i64) -> Option<u128> {
    usize::try_from(n).ok().and_then(|n| POWERS.get(n)).copied()
}

/// 10**n as a bigint; `None` when it would be longer than [`MAX_DIGITS`].
pub fn power_of_ten(n: i64) -> Option<UBig> {
    if let Some(p) = small_power(n) {
        return Some(UBig::from(p));
    }
    if n > MAX_DIGITS {
        return None;
    }
    let n = usize::try_from(n).ok()?;
    Some(UBig::from(5u8).pow(n) << n)
}

/// The product, if it fits. That of two machine words always does, and needs no check.
#[inline]
fn small_product(a: u128, b: u128) -> Option<u128> {
    match (u64::try_from(a), u64::try_from(b)) {
        (Ok(a), Ok(b)) => Some(u128::from(a) * u128::from(b)),
        _ => a.checked_mul(b),
    }
}

/// The number of decimal digits; 1 for zero.
#[inline]
fn small_digits(v: u128) -> i64 {
    if v == 0 {
        return 1;
    }
    let bits = if let Ok(low) = u64::try_from(v) {
        64 - low.leading_zeros()
    } else {
        128 - v.leading_zeros()
    };
    // 1233 / 4096 is log10(2) closely enough for 128 bits: the estimate is exact or one too low.
    let estimate = (bits * 1233) >> 12;
    let above = POWERS.get(estimate as usize).is_some_and(|&p| v >= p);
    i64::from(estimate) + i64::from(above)
}

fn big_digits(v: &UBig) -> i64 {
    use dashu_int::ops::BitTest;
    let bits = v.bit_len();
    // The number is in [2**(bits-1), 2**bits): two candidates, which differ only near a power of ten.
    let log = std::f64::consts::LOG10_2;
    let low = ((bits - 1) as f64 * log * (1.0 - 1e-15)).floor() as i64 + 1;
    let high = (bits as f64 * log * (1.0 + 1e-15)).floor() as i64 + 1;
    if low == high {
        return low;
    }
    // `low` digits exactly when the number is below 10**low; high is low + 1 for any length that fits in memory.
    match power_of_ten(low) {
        Some(p) if *v < p => low,
        _ => low + 1,
    }
}

impl Coeff {
    /// 0.
    pub const ZERO: Coeff = Coeff::Small(0);
    /// 1.
    pub const ONE: Coeff = Coeff::Small(1);

    /// From a bigint.
    pub fn from_big(value: UBig) -> Coeff {
        match u128::try_from(&value) {
            Ok(v) => Coeff::Small(v),
            Err(_) => {
                let digits = big_digits(&value);
                Coeff::Big(Rc::new(BigCoeff { value, digits }))
            }
        }
    }

    /// As a bigint.
    pub fn to_big(&self) -> UBig {
        match self {
            Coeff::Small(v) => UBig::from(*v),
            Coeff::Big(b) => b.value.clone(),
        }
    }

    /// 10**n - 1: n nines.
    pub fn nines(n: i64) -> Option<Coeff> {
        let p = power_of_ten(n)?;
        Some(Coeff::from_big(p - UBig::ONE))
    }

    /// 10**n.
    pub fn power_of_ten(n: i64) -> Option<Coeff> {
        match small_power(n) {
            Some(p) => Some(Coeff::Small(p)),
            None => power_of_ten(n).map(Coeff::from_big),
        }
    }

    /// The number of decimal digits; 1 for zero.
    #[inline]
    pub fn digits(&self) -> i64 {
        match self {
            Coeff::Small(v) => small_digits(*v),
            Coeff::Big(b) => b.digits,
        }
    }

    /// Whether it is 0.
    #[inline]
    pub fn is_zero(&self) -> bool {
        matches!(self, Coeff::Small(0))
    }

    /// Whether it is 1.
    pub fn is_one(&self) -> bool {
        matches!(self, Coeff::Small(1))
    }

    /// The last decimal digit.
    pub fn last_digit(&self) -> u8 {
        let digit = match self {
            Coeff::Small(v) => *v % 10,
            Coeff::Big(b) => u128::from(&b.value % 10u8),
        };
        digit as u8
    }

    /// Whether it is odd.
    pub fn is_odd(&self) -> bool {
        match self {
            Coeff::Small(v) => v & 1 == 1,
            Coeff::Big(b) => b.value.trailing_zeros() == Some(0),
        }
    }

    /// The sum.
    #[inline]
    pub fn add(&self, other: &Coeff) -> Coeff {
        if let (Coeff::Small(a), Coeff::Small(b)) = (self, other)
            && let Some(sum) = a.checked_add(*b)
        {
            return Coeff::Small(sum);
        }
        Coeff::from_big(self.to_big() + other.to_big())
    }

    /// The difference; `other` must not be larger.
    #[inline]
    pub fn sub(&self, other: &Coeff) -> Coeff {
        match (self, other) {
            (Coeff::Small(a), Coeff::Small(b)) => Coeff::Small(a.saturating_sub(*b)),
            _ if self < other => Coeff::ZERO,
            _ => Coeff::from_big(self.to_big() - other.to_big()),
        }
    }

    /// The product.
    #[inline]
    pub fn mul(&self, other: &Coeff) -> Coeff {
        match (self, other) {
            (Coeff::Small(a), Coeff::Small(b)) => match small_product(*a, *b) {
                Some(p) => Coeff::Small(p),
                None => Coeff::from_big(UBig::from(*a) * UBig::from(*b)),
            },
            (Coeff::Big(a), Coeff::Big(b)) if Rc::ptr_eq(a, b) => {
                Coeff::from_big(dashu_square(&a.value))
            }
            (Coeff::Big(a), Coeff::Big(b)) => Coeff::from_big(&a.value * &b.value),
            (Coeff::Big(a), Coeff::Small(b)) | (Coeff::Small(b), Coeff::Big(a)) => {
                Coeff::from_big(&a.value * UBig::from(*b))
            }
        }
    }

    /// Quotient and remainder; `other` must not be zero.
    pub fn div_rem(&self, other: &Coeff) -> (Coeff, Coeff) {
        use dashu_int::ops::DivRem;
        match (self, other) {
            (_, Coeff::Small(0)) => (Coeff::ZERO, Coeff::ZERO),
            (Coeff::Small(a), Coeff::Small(b)) => match (u64::try_from(*a), u64::try_from(*b)) {
                (Ok(a), Ok(b)) => (Coeff::Small((a / b).into()), Coeff::Small((a % b).into())),
                _ => (Coeff::Small(a / b), Coeff::Small(a % b)),
            },
            (Coeff::Small(_), Coeff::Big(_)) => (Coeff::ZERO, self.clone()),
            (Coeff::Big(a), Coeff::Small(b)) => {
                let (q, r) = (&a.value).div_rem(&UBig::from(*b));
                (Coeff::from_big(q), Coeff::from_big(r))
            }
            (Coeff::Big(a), Coeff::Big(b)) => {
                let (q, r) = (&a.value).div_rem(&b.value);
                (Coeff::from_big(q), Coeff::from_big(r))
            }
        }
    }

    /// Times 10**n; `None` when that would be longer than [`MAX_DIGITS`].
    #[inline]
    pub fn shift_left(&self, n: i64) -> Option<Coeff> {
        if n <= 0 || self.is_zero() {
            return Some(self.clone());
        }
        if let (Coeff::Small(v), Some(p)) = (self, small_power(n))
            && let Some(shifted) = small_product(*v, p)
        {
            return Some(Coeff::Small(shifted));
        }
        if self.digits().checked_add(n)? > MAX_DIGITS {
            return None;
        }
        Some(Coeff::from_big(self.to_big() * power_of_ten(n)?))
    }

    /// Without its last n digits, and what those were like.
    #[inline]
    pub fn shift_right(&self, n: i64) -> (Coeff, Dropped) {
        if n <= 0 {
            return (self.clone(), Dropped::Nothing);
        }
        match (self, small_power(n)) {
            (Coeff::Small(v), Some(p)) => {
                if let (Ok(v), Ok(p)) = (u64::try_from(*v), u64::try_from(p)) {
                    let rest = v % p;
                    let dropped = classify(u128::from(rest), u128::from(p));
                    return (Coeff::Small((v / p).into()), dropped);
                }
                let q = v / p;
                (Coeff::Small(q), classify(v - q * p, p))
            }
            (Coeff::Small(0), None) => (Coeff::ZERO, Dropped::Nothing),
            // At least 39 digits go, and half of 10**39 is more than 2**128.
            (Coeff::Small(_), None) => (Coeff::ZERO, Dropped::Below),
            (Coeff::Big(b), _) => b.shift_right(n),
        }
    }

    /// The last n digits.
    pub fn low_digits(&self, n: i64) -> Coeff {
        if n <= 0 {
            return Coeff::ZERO;
        }
        if n >= self.digits() {
            return self.clone();
        }
        match Coeff::power_of_ten(n) {
            Some(p) => self.div_rem(&p).1,
            None => self.clone(),
        }
    }

    /// Whether any of the last n digits is not zero.
    pub fn has_low_digits(&self, n: i64) -> bool {
        self.shift_right(n).1 != Dropped::Nothing
    }

    /// Strips zeros from the end, at most `limit`; says how many there were.
    pub fn strip_zeros(&self, limit: i64) -> (Coeff, i64) {
        if self.is_zero() || limit <= 0 {
            return (self.clone(), 0);
        }
        let mut now = self.clone();
        let mut count = 0;
        // Powers of two of zeros, the largest first: a number that is long has them tried in a few divisions.
        let mut step: i64 = 1;
        while step < limit && step < now.digits() {
            step *= 2;
        }
        while step > 0 {
            if step <= limit - count
                && step < now.digits()
                && let (shorter, Dropped::Nothing) = now.shift_right(step)
            {
                now = shorter;
                count += step;
            }
            step /= 2;
        }
        (now, count)
    }

    /// As a machine number, if it fits.
    pub fn to_u64(&self) -> Option<u64> {
        match self {
            Coeff::Small(v) => u64::try_from(*v).ok(),
            Coeff::Big(_) => None,
        }
    }

    /// Writes the digits.
    pub fn push_digits(&self, out: &mut String) {
        use std::fmt::Write;
        // Writing to a String cannot fail.
        let _ = match self {
            Coeff::Small(v) => match u64::try_from(*v) {
                Ok(v) => write!(out, "{v}"),
                Err(_) => write!(out, "{v}"),
            },
            Coeff::Big(b) => write!(out, "{}", b.value),
        };
    }

    /// The digits as text.
    pub fn to_digits(&self) -> String {
        let mut out = String::new();
        self.push_digits(&mut out);
        out
    }

    /// From decimal digits; anything else counts as zero.
    pub fn from_digits(digits: &str) -> Coeff {
        if digits.len() as i64 <= INLINE_DIGITS {
            return Coeff::Small(digits.parse().unwrap_or(0));
        }
        UBig::from_str_radix(digits, 10).map_or(Coeff::ZERO, Coeff::from_big)
    }
}

fn dashu_square(v: &UBig) -> UBig {
    v.sqr()
}

#[inline]
fn classify(rest: u128, unit: u128) -> Dropped {
    if rest == 0 {
        return Dropped::Nothing;
    }
    match rest.cmp(&(unit / 2)) {
        Ordering::Less => Dropped::Below,
        Ordering::Equal => Dropped::Half,
        Ordering::Greater => Dropped::Above,
    }
}

impl BigCoeff {
    fn shift_right(&self, n: i64) -> (Coeff, Dropped) {
        use dashu_int::ops::DivRem;
        if n > self.digits {
            return (Coeff::ZERO, Dropped::Below);
        }
        let Some(unit) = power_of_ten(n) else {
            return (Coeff::ZERO, Dropped::Below);
        };
        let (q, rest) = (&self.value).div_rem(&unit);
        let dropped = if rest.is_zero() {
            Dropped::Nothing
        } else {
            match (rest << 1usize).cmp(&unit) {
                Ordering::Less => Dropped::Below,
                Ordering::Equal => Dropped::Half,
                Ordering::Greater => Dropped::Above,
            }
        };
        (Coeff::from_big(q), dropped)
    }
}

impl PartialEq for Coeff {
    fn eq(&self, other: &Coeff) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Coeff {}

impl PartialOrd for Coeff {
    fn partial_cmp(&self, other: &Coeff) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Coeff {
    #[inline]
    fn cmp(&self, other: &Coeff) -> Ordering {
        match (self, other) {
            (Coeff::Small(a), Coeff::Small(b)) => a.cmp(b),
            (Coeff::Small(_), Coeff::Big(_)) => Ordering::Less,
            (Coeff::Big(_), Coeff::Small(_)) => Ordering::Greater,
            (Coeff::Big(a), Coeff::Big(b)) => a.value.cmp(&b.value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_counted_at_the_powers_of_ten() {
        for n in 0..60 {
            let p = Coeff::power_of_ten(n).expect("small");
            assert_eq!(p.digits(), n + 1);
            assert_eq!(p.sub(&Coeff::ONE).digits(), n.max(1));
        }
    }

    #[test]
    fn shifts_tell_what_they_drop() {
        let c = Coeff::from_digits("12350");
        assert_eq!(c.shift_right(1), (Coeff::Small(1235), Dropped::Nothing));
        assert_eq!(c.shift_right(2), (Coeff::Small(123), Dropped::Half));
        assert_eq!(c.shift_right(5), (Coeff::ZERO, Dropped::Below));
        assert_eq!(Coeff::Small(7).shift_right(1).1, Dropped::Above);
        let long = Coeff::from_digits(&format!("5{}", "0".repeat(60)));
        assert_eq!(long.shift_right(61), (Coeff::ZERO, Dropped::Half));
        assert_eq!(long.strip_zeros(i64::MAX), (Coeff::Small(5), 60));
        assert_eq!(long.strip_zeros(7).1, 7);
    }
}
