//! `exp`, `ln` and `log10`, correctly rounded to the nearest even: the value is computed in binary fixed point with some
//! digits more than wanted, and again with more of them when those do not decide the rounding.

use dashu_int::{IBig, Sign, UBig};

use super::coeff::{Coeff, power_of_ten};
use super::compare::is_one;
use super::number::{Dec, nan_of};
use super::rules::{EXP_INF, Rules, status};

/// The highest precision that these functions work with.
const MAX_WORK: i64 = 10_000_000;

/// Digits beyond the precision at the first attempt.
const GUARD: i64 = 8;

/// Bits that the errors of some hundred steps do not reach beyond.
const SLACK: usize = 40;

/// Bits for so many decimal digits.
fn bits_for(digits: i64) -> usize {
    // 3.33 is above log2(10).
    usize::try_from(digits.max(0)).unwrap_or(0) * 333 / 100 + 1
}

/// A fixed-point product.
fn mul(a: &IBig, b: &IBig, bits: usize) -> IBig {
    (a * b) >> bits
}

fn magnitude(v: &IBig) -> UBig {
    v.clone().into_parts().1
}

/// `numerator / denominator` in fixed point.
fn ratio(numerator: &UBig, denominator: &UBig, bits: usize) -> IBig {
    IBig::from((numerator << bits) / denominator)
}

/// `atanh(1/n)`
fn atanh_inverse(n: u32, bits: usize) -> IBig {
    let square = UBig::from(n) * UBig::from(n);
    let mut power = (UBig::ONE << bits) / UBig::from(n);
    let mut sum = power.clone();
    let mut k = 1u32;
    loop {
        power /= &square;
        if power.is_zero() {
            return IBig::from(sum);
        }
        k += 2;
        sum += &power / UBig::from(k);
    }
}

/// `ln(10)`
fn ln_ten(bits: usize) -> IBig {
    let work = bits + 16;
    // (32/30)**23 (50/48)**17 (162/160)**10 is 10: powers of 2, 3 and 5 cancel.
    let sum = IBig::from(46) * atanh_inverse(31, work)
        + IBig::from(34) * atanh_inverse(49, work)
        + IBig::from(20) * atanh_inverse(161, work);
    sum >> 16usize
}

/// `2 atanh(x)` for a small x: `ln((1+x)/(1-x))`.
fn twice_atanh(x: &IBig, bits: usize) -> IBig {
    let square = mul(x, x, bits);
    let mut power = x.clone();
    let mut sum = x.clone();
    let mut k = 1i64;
    loop {
        power = mul(&power, &square, bits);
        k += 2;
        let term = &power / IBig::from(k);
        // A negative power shifts down to -1 and stays there.
        if magnitude(&term) <= UBig::ONE {
            return sum << 1usize;
        }
        sum += term;
    }
}

/// `e**x` for |x| below 2 or so.
fn exp_fixed(x: &IBig, bits: usize) -> IBig {
    // Halving the argument k times costs k squarings and saves terms: about the root of the bits is a good number.
    let halvings = (bits as f64).sqrt() as usize / 2 + 2;
    let work = bits + halvings + 12;
    let small: IBig = (x << (work - bits)) >> halvings;
    let one = IBig::ONE << work;
    let mut sum = &one + &small;
    let mut term = small.clone();
    let mut k = 1i64;
    loop {
        k += 1;
        term = mul(&term, &small, work) / IBig::from(k);
        if magnitude(&term) <= UBig::ONE {
            break;
        }
        sum += &term;
    }
    for _ in 0..halvings {
        sum = mul(&sum, &sum, work);
    }
    sum >> (work - bits)
}

/// A finite number in fixed point.
fn fixed(d: &Dec, bits: usize) -> Option<IBig> {
    let size = if d.exp >= 0 {
        (d.coeff.to_big() * power_of_ten(d.exp)?) << bits
    } else {
        // Digits far below the point are nothing in fixed point, and need no long division.
        let below = bits as i64 / 3 + 8;
        let excess = (-d.exp - below).max(0);
        let coeff = d.coeff.shift_right(excess).0;
        (coeff.to_big() << bits) / power_of_ten(-d.exp - excess)?
    };
    Some(IBig::from_parts(sign(d.negative), size))
}

fn sign(negative: bool) -> Sign {
    if negative {
        Sign::Negative
    } else {
        Sign::Positive
    }
}

/// The digits of a fixed-point value times 10**places, and whether they decide the rounding to `prec` digits: they may be
/// wrong by one in the last place.
fn decided(value: &UBig, bits: usize, places: i64, prec: i64) -> Option<(UBig, bool)> {
    let scaled = if places >= 0 {
        (value * power_of_ten(places)?) >> bits
    } else {
        (value >> bits) / power_of_ten(-places)?
    };
    let coeff = Coeff::from_big(scaled.clone());
    let spare = coeff.digits() - prec;
    if spare < 2 {
        return Some((scaled, false));
    }
    let unit = power_of_ten(spare)?;
    let rest = coeff.low_digits(spare).to_big();
    let margin = UBig::from(3u8);
    let near = |point: &UBig| {
        let distance = if rest > *point {
            &rest - point
        } else {
            point - &rest
        };
        distance <= margin
    };
    let half = &unit >> 1usize;
    Some((scaled, !near(&UBig::ZERO) && !near(&half) && !near(&unit)))
}

/// Repeats a computation with more digits until they decide the rounding. `compute(extra)` gives a value with
/// `prec + extra` good digits in fixed point, the bits of it, and how many decimal places to take; the result is
/// `value * 10**exp`.
fn rounded(
    rules: &Rules,
    negative: bool,
    exp: i64,
    st: &mut u32,
    compute: impl Fn(i64) -> Option<(UBig, usize, i64)>,
) -> Dec {
    let mut extra = GUARD;
    while extra < MAX_WORK {
        let Some((value, bits, places)) = compute(extra) else {
            break;
        };
        match decided(&value, bits, places, rules.prec) {
            Some((digits, true)) => {
                let mut coeff = Coeff::from_big(digits);
                if matches!(coeff.last_digit(), 0 | 5) {
                    // A digit that rounding cannot take for an exact result.
                    coeff = coeff.add(&Coeff::ONE);
                }
                return rules.finalize(Dec::finite(negative, coeff, exp - places), st);
            }
            Some((_, false)) => extra *= 2,
            None => break,
        }
    }
    Dec::error(status::NO_MEMORY, st)
}

/// `e**a`
pub fn exp(a: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    if let Some(nan) = nan_of(&[a], rules, st) {
        return nan;
    }
    let rules = rules.half_even();
    if a.is_infinite() {
        return if a.negative {
            Dec::small(false, 0, 0)
        } else {
            a.clone()
        };
    }
    if a.coeff.is_zero() {
        return Dec::small(false, 1, 0);
    }
    if a.adjusted() > 18 {
        // Beyond what any context has room for.
        let exp = if a.negative { -EXP_INF } else { EXP_INF };
        return rules.finalize(Dec::small(false, 1, exp), st);
    }
    if rules.prec > MAX_WORK {
        return Dec::error(status::NO_MEMORY, st);
    }
    if a.adjusted() < -rules.prec - 2 {
        // 1 and next to nothing: it is 1 with all its digits.
        *st |= status::INEXACT | status::ROUNDED;
        return match Coeff::power_of_ten(rules.prec - 1) {
            Some(coeff) => Dec::finite(false, coeff, 1 - rules.prec),
            None => Dec::error(status::NO_MEMORY, st),
        };
    }
    // a = n ln(10) + r, so that e**a = e**r 10**n. How many tens there are does not depend on the precision.
    let Some(tens) = tens_of_exp(a) else {
        return Dec::error(status::NO_MEMORY, st);
    };
    let compute = |extra: i64| {
        let places = rules.prec + extra;
        let bits = bits_for(places) + 64 + SLACK;
        let work = bits + 72;
        let rest = fixed(a, work)? - ln_ten(work) * IBig::from(tens);
        let value = exp_fixed(&(rest >> 72usize), bits);
        Some((magnitude(&value), bits, places))
    };
    rounded(&rules, false, tens, st, compute)
}

/// `a / ln(10)`, as an integer nearby.
fn tens_of_exp(a: &Dec) -> Option<i64> {
    let bits = 128usize;
    let value = fixed(a, bits)?;
    let tens = value / ln_ten(bits);
    i64::try_from(&tens).ok()
}

/// The value of `ln` in fixed point for a finite number above zero that is not one.
struct Logarithm<'a> {
    number: &'a Dec,
    /// The number is this power of ten times a mantissa near one.
    tens: i64,
    /// -log10 of the result, if that is below one.
    smallness: i64,
    /// The mantissa as a float.
    estimate: f64,
}

impl<'a> Logarithm<'a> {
    fn new(number: &'a Dec) -> Option<Logarithm<'a>> {
        let digits = number.coeff.digits();
        let head = number.coeff.shift_right(digits - 17).0;
        let scale = head.digits() - 1;
        let mut estimate = head.to_u64()? as f64 / 10f64.powi(i32::try_from(scale).unwrap_or(0));
        let mut tens = number.adjusted();
        if estimate > 3.2 {
            estimate /= 10.0;
            tens += 1;
        }
        let mut smallness = 0;
        if tens == 0 {
            let mut ignored = 0;
            let one = Dec::small(false, 1, 0);
            let difference = super::arith::subtract(number, &one, &Rules::MAX, &mut ignored);
            smallness = (-difference.adjusted()).max(0);
        }
        Some(Logarithm {
            number,
            tens,
            smallness,
            estimate,
        })
    }

    /// The logarithm with an error below 2**(SLACK / 2 - bits).
    fn value(&self, bits: usize) -> Option<IBig> {
        let mantissa = Dec::finite(
            false,
            self.number.coeff.clone(),
            self.number.exp - self.tens,
        );
        let m = fixed(&mantissa, bits)?;
        let one = IBig::ONE << bits;
        let (start, m) = if self.smallness > 6 {
            (IBig::ZERO, m)
        } else {
            // ln(m) = y + ln(m e**-y), and y is good to 15 digits.
            let y = self.estimate.ln();
            let scaled = (y * (1u64 << 60) as f64) as i64;
            let y = if bits >= 60 {
                IBig::from(scaled) << (bits - 60)
            } else {
                IBig::from(scaled) >> (60 - bits)
            };
            let rest = mul(&m, &exp_fixed(&-&y, bits), bits);
            (y, rest)
        };
        // ln(m) = 2 atanh((m-1)/(m+1))
        let x = ((&m - &one) << bits) / (&m + &one);
        let mut sum = start + twice_atanh(&x, bits);
        if self.tens != 0 {
            sum += (ln_ten(bits + 64) * IBig::from(self.tens)) >> 64usize;
        }
        Some(sum)
    }
}

/// What both logarithms give for operands that are no finite numbers above zero.
fn logarithm_special(a: &Dec, rules: &Rules, st: &mut u32) -> Option<Dec> {
    if let Some(nan) = nan_of(&[a], rules, st) {
        return Some(nan);
    }
    if a.is_zero() {
        return Some(Dec::infinity(true));
    }
    if a.negative {
        return Some(Dec::error(status::INVALID_OPERATION, st));
    }
    if a.is_infinite() {
        return Some(a.clone());
    }
    None
}

/// `ln(a)`
pub fn ln(a: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    if let Some(d) = logarithm_special(a, rules, st) {
        return d;
    }
    if is_one(a) {
        return Dec::small(false, 0, 0);
    }
    logarithm(a, &rules.half_even(), st, |value, _| value)
}

/// `log10(a)`
pub fn log10(a: &Dec, rules: &Rules, st: &mut u32) -> Dec {
    if let Some(d) = logarithm_special(a, rules, st) {
        return d;
    }
    let rules = rules.half_even();
    let (stripped, _) = a.coeff.strip_zeros(i64::MAX);
    if stripped.is_one() {
        return rules.finalize(Dec::from_i64(a.adjusted()), st);
    }
    logarithm(a, &rules, st, |value, bits| {
        ratio(&value, &magnitude(&ln_ten(bits)), bits)
            .into_parts()
            .1
    })
}

fn logarithm(a: &Dec, rules: &Rules, st: &mut u32, finish: impl Fn(UBig, usize) -> UBig) -> Dec {
    if rules.prec > MAX_WORK {
        return Dec::error(status::NO_MEMORY, st);
    }
    let Some(log) = Logarithm::new(a) else {
        return Dec::error(status::NO_MEMORY, st);
    };
    if log.smallness > MAX_WORK {
        return near_one(a, log.smallness, rules, st);
    }
    let negative = if log.tens == 0 {
        log.estimate < 1.0
            || super::compare::compare_magnitudes(a, &Dec::small(false, 1, 0)).is_lt()
    } else {
        log.tens < 0
    };
    let compute = |extra: i64| {
        let places = rules.prec + extra + log.smallness + 1;
        let bits = bits_for(places) + 64 + SLACK;
        let value = magnitude(&log.value(bits)?);
        Some((finish(value, bits), bits, places))
    };
    rounded(rules, negative, 0, st, compute)
}

/// Only a number with millions of digits can be so near to one.
fn near_one(_: &Dec, _: i64, _: &Rules, st: &mut u32) -> Dec {
    Dec::error(status::NO_MEMORY, st)
}

#[cfg(test)]
mod tests {
    use super::super::text::{from_text_exactly, to_text};
    use super::*;

    fn check(f: fn(&Dec, &Rules, &mut u32) -> Dec, arg: &str, expected: &str) {
        let rules = Rules {
            prec: 28,
            emax: 999_999,
            emin: -999_999,
            ..Rules::MAX
        };
        let mut st = 0;
        let d = f(&from_text_exactly(arg, &mut st), &rules, &mut st);
        assert_eq!(to_text(&d, false, true), expected, "{arg}");
    }

    #[test]
    fn exponentials() {
        check(exp, "1", "2.718281828459045235360287471");
        check(exp, "-100", "3.720075976020835962959695804E-44");
        check(exp, "1E-40", "1.000000000000000000000000000");
        check(exp, "0", "1");
    }

    #[test]
    fn logarithms() {
        check(ln, "10", "2.302585092994045684017991455");
        check(ln, "2", "0.6931471805599453094172321215");
        check(
            ln,
            "1.0000000000000000000000000001",
            "1.000000000000000000000000000E-28",
        );
        check(log10, "2", "0.3010299956639811952137388947");
        check(log10, "1E+12", "12");
    }
}
