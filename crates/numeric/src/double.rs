//! Floats to text: the conversions behind `repr`, `format` and `%`, and `round(x, n)`.
//!
//! All are correctly rounded, ties to even on the exact binary value, at any precision.

use crate::NumericError;

/// The largest number of significant digits that a double's exact decimal expansion can have.
const MAX_SIGNIFICANT: usize = 767;
/// The largest number of digits after the point that a double's exact decimal expansion can have.
const MAX_DECIMALS: usize = 1074;

/// How [`to_text`] writes a float.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// The shortest digits that read back as the same float: `repr`.
    Repr,
    /// `e`: one digit, a point, `precision` digits, an exponent.
    Exponent,
    /// `f`: `precision` digits after the point.
    Fixed,
    /// `g`: `precision` significant digits, with an exponent only where it is shorter.
    General,
}

/// Refinements of a [`Style`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Always a sign, `+` too.
    pub plus: bool,
    /// `.0` after what would look like an integer.
    pub dot_zero: bool,
    /// The `#` form: keeps the point and, with `g`, trailing zeros.
    pub alternate: bool,
    /// A negative number that rounds to zero loses its sign.
    pub no_negative_zero: bool,
    /// `E`, `INF` and `NAN`.
    pub upper: bool,
}

/// Significant decimal digits without trailing zeros ("0" for zero), and where the point stands: the value is
/// 0.DIGITS times ten to the power `point`.
struct Decimal {
    digits: Vec<u8>,
    point: i32,
}

impl Decimal {
    /// Reads `d.ddde±x` or plain decimal notation.
    fn read(text: &str) -> Self {
        let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let exponent: i32 = exponent.parse().unwrap_or(0);
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let all = [whole.as_bytes(), fraction.as_bytes()].concat();
        let zeros = all.iter().take_while(|&&d| d == b'0').count();
        let end = all.iter().rposition(|&d| d != b'0').map_or(0, |i| i + 1);
        match all.get(zeros..end) {
            Some(digits) if !digits.is_empty() => Self {
                digits: digits.to_vec(),
                point: whole.len() as i32 - zeros as i32 + exponent,
            },
            _ => Self {
                digits: vec![b'0'],
                point: 1,
            },
        }
    }

    fn shortest(value: f64) -> Self {
        Self::read(zmij::Buffer::new().format_finite(value))
    }

    /// Rounded to `count` significant digits (at least one).
    fn significant(value: f64, count: usize) -> Self {
        let count = count.clamp(1, MAX_SIGNIFICANT);
        Self::read(&format!("{value:.*e}", count - 1))
    }

    /// Rounded to `count` digits after the point.
    fn decimals(value: f64, count: usize) -> Self {
        Self::read(&format!("{value:.*}", count.min(MAX_DECIMALS)))
    }
}

/// Powers of ten that a double holds exactly.
pub(crate) const EXACT_POWERS: [f64; 23] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16,
    1e17, 1e18, 1e19, 1e20, 1e21, 1e22,
];

/// `size` times ten to the power `digits`, rounded to a whole number with ties to even; `None` where that takes more than 128
/// bits. `size` is finite and not negative.
fn scaled(size: f64, digits: usize) -> Option<u128> {
    let bits = size.to_bits();
    let exponent = (bits >> 52) as i32;
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, exponent) = match exponent {
        0 => (fraction, -1074),
        e => (fraction | 1 << 52, e - 1075),
    };
    let power = 10u128.checked_pow(u32::try_from(digits).ok()?)?;
    let product = u128::from(mantissa).checked_mul(power)?;
    if exponent >= 0 {
        let shift = exponent as u32;
        return (shift < product.leading_zeros()).then(|| product << shift);
    }
    let shift = exponent.unsigned_abs();
    if shift > 127 {
        return None;
    }
    let (whole, rest, half) = (
        product >> shift,
        product & ((1 << shift) - 1),
        1u128 << (shift - 1),
    );
    let up = rest > half || rest == half && whole & 1 == 1;
    Some(whole + u128::from(up))
}

/// Writes a number that was multiplied by ten to the power `digits`.
fn push_scaled(number: u128, digits: usize, out: &mut String) {
    use std::fmt::Write;
    let start = out.len();
    let _ = match u64::try_from(number) {
        Ok(n) => write!(out, "{n}"),
        Err(_) => write!(out, "{number}"),
    };
    if digits == 0 {
        return;
    }
    let missing = (digits + 1).saturating_sub(out.len() - start);
    if missing != 0 {
        out.insert_str(start, &"0".repeat(missing));
    }
    out.insert(out.len() - digits, '.');
}

/// The text of a float. `precision` has the meaning that `style` gives it, and none for [`Style::Repr`].
pub fn to_text(value: f64, style: Style, precision: usize, options: Options) -> String {
    let mut out = String::new();
    if !value.is_finite() {
        if value == f64::NEG_INFINITY {
            out.push('-');
        } else if options.plus {
            out.push('+');
        }
        out.push_str(match (value.is_nan(), options.upper) {
            (true, false) => "nan",
            (true, true) => "NAN",
            (false, false) => "inf",
            (false, true) => "INF",
        });
        return out;
    }
    let size = value.abs();
    if style == Style::Fixed && !options.alternate && precision <= MAX_DECIMALS {
        use std::fmt::Write;
        // A sign goes when no digit but 0 follows it.
        if value.is_sign_negative() {
            out.push('-');
        } else if options.plus {
            out.push('+');
        }
        match scaled(size, precision) {
            Some(number) => push_scaled(number, precision, &mut out),
            // The standard library writes just that, but slowly.
            None => {
                let _ = write!(out, "{size:.precision$}");
            }
        }
        if options.no_negative_zero
            && value.is_sign_negative()
            && out.bytes().all(|c| matches!(c, b'-' | b'0' | b'.'))
        {
            out.replace_range(..1, if options.plus { "+" } else { "" });
        }
        return out;
    }
    let general = precision.max(1);
    let decimal = match style {
        Style::Repr => Decimal::shortest(size),
        Style::Exponent => Decimal::significant(size, precision.saturating_add(1)),
        Style::Fixed => Decimal::decimals(size, precision),
        Style::General => Decimal::significant(size, general),
    };
    if value.is_sign_negative() && !(options.no_negative_zero && decimal.digits == b"0") {
        out.push('-');
    } else if options.plus {
        out.push('+');
    }
    lay_out(
        &decimal,
        style,
        if style == Style::General {
            general
        } else {
            precision
        },
        options,
        &mut out,
    );
    out
}

/// Writes the digits, with the point and perhaps an exponent.
fn lay_out(decimal: &Decimal, style: Style, precision: usize, options: Options, out: &mut String) {
    let digits = &decimal.digits[..];
    let mut point = i64::from(decimal.point);
    let precision = i64::try_from(precision).unwrap_or(i64::MAX);
    // Up to where digits are written, counted from the first; beyond what there is they are zeros.
    let mut end = digits.len() as i64;
    let mut exponent = None;
    match style {
        Style::Exponent => {
            exponent = Some(point - 1);
            end = precision.saturating_add(1);
        }
        Style::Fixed => end = point.saturating_add(precision),
        Style::General => {
            // With ".0" to come the limit is one less, so that the result does not look more precise than it is.
            if point <= -4 || point > precision - i64::from(options.dot_zero) {
                exponent = Some(point - 1);
            }
            if options.alternate {
                end = precision;
            }
        }
        Style::Repr => {
            if point <= -4 || point > 16 {
                exponent = Some(point - 1);
            }
        }
    }
    if exponent.is_some() {
        point = 1;
    }
    end = if exponent.is_none() && options.dot_zero {
        end.max(point + 1)
    } else {
        end.max(point)
    };
    let digit = |i: i64| {
        usize::try_from(i)
            .ok()
            .and_then(|i| digits.get(i))
            .map_or('0', |&d| char::from(d))
    };
    if point <= 0 {
        out.push('0');
    }
    (0..point).for_each(|i| out.push(digit(i)));
    // Digits after the point start with the zeros that stand before the first digit.
    if end > point || options.alternate {
        out.push('.');
        (point..end).for_each(|i| out.push(digit(i)));
    }
    if let Some(exponent) = exponent {
        out.push(if options.upper { 'E' } else { 'e' });
        out.push(if exponent < 0 { '-' } else { '+' });
        out.push_str(&format!("{:02}", exponent.abs()));
    }
}

/// `repr(value)`.
pub fn repr(value: f64) -> String {
    // In this range the shortest digits are laid out as Python does it already.
    if (1e-4..1e16).contains(&value.abs()) {
        return zmij::Buffer::new().format_finite(value).to_owned();
    }
    to_text(
        value,
        Style::Repr,
        0,
        Options {
            dot_zero: true,
            ..Options::default()
        },
    )
}

/// The `repr` of one part of a complex number: no `.0`.
pub fn repr_part(value: f64, plus: bool) -> String {
    to_text(
        value,
        Style::Repr,
        0,
        Options {
            plus,
            ..Options::default()
        },
    )
}

/// `repr` of a complex number.
pub fn repr_complex(real: f64, imag: f64) -> String {
    if real == 0.0 && real.is_sign_positive() {
        return format!("{}j", repr_part(imag, false));
    }
    format!("({}{}j)", repr_part(real, false), repr_part(imag, true))
}

/// `round(value, digits)` for a float; a negative `digits` rounds to tens, hundreds and so on.
///
/// # Errors
/// Overflow when the result is beyond the largest float.
pub fn round(value: f64, digits: i64) -> Result<f64, NumericError> {
    // Beyond these nothing is left to round, or nothing is left.
    const MAX: i64 = 323;
    const MIN: i64 = -308;
    if !value.is_finite() || value == 0.0 || digits > MAX {
        return Ok(value);
    }
    if digits < MIN {
        return Ok(0.0_f64.copysign(value));
    }
    if let Ok(digits) = usize::try_from(digits)
        && let Some(power) = EXACT_POWERS.get(digits)
        && let Some(number) = scaled(value.abs(), digits)
        && number <= 1 << 53
    {
        // Both are exact, so that the quotient is what the decimal number is rounded to.
        return Ok((number as f64 / power).copysign(value));
    }
    let text = match usize::try_from(digits) {
        Ok(digits) => format!("{value:.digits$}"),
        Err(_) => round_left(value, digits.unsigned_abs() as usize),
    };
    let rounded: f64 = text.parse().unwrap_or(value);
    if rounded.is_infinite() {
        return Err(NumericError::overflow(
            "rounded value too large to represent",
        ));
    }
    Ok(rounded)
}

/// `value` rounded to a multiple of ten to the power `places`, in decimal notation.
fn round_left(value: f64, places: usize) -> String {
    let whole = value.abs().trunc();
    let exact = whole == value.abs();
    let digits = format!("{whole:.0}").into_bytes();
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let Some(keep) = digits.len().checked_sub(places) else {
        return format!("{sign}0");
    };
    let (kept, dropped) = digits.split_at(keep);
    let odd = kept.last().is_some_and(|d| d % 2 == 1);
    let up = match dropped.split_first() {
        None => false,
        Some((b'5', rest)) => odd || !exact || rest.iter().any(|&d| d != b'0'),
        Some((first, _)) => *first > b'5',
    };
    let mut kept = kept.to_vec();
    if up {
        let mut carry = true;
        for d in kept.iter_mut().rev() {
            if !carry {
                break;
            }
            carry = *d == b'9';
            *d = if carry { b'0' } else { *d + 1 };
        }
        if carry {
            kept.insert(0, b'1');
        }
    }
    let kept = String::from_utf8(kept).unwrap_or_default();
    format!("{sign}0{kept}e{places}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortest() {
        for (value, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (0.1, "0.1"),
            (1e16, "1e+16"),
            (123_456_789_012_345_680.0, "1.2345678901234568e+17"),
            (9_999_999_999_999_998.0, "9999999999999998.0"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (5e-324, "5e-324"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::NEG_INFINITY, "-inf"),
        ] {
            assert_eq!(repr(value), text);
        }
        assert_eq!(repr_complex(1.0, -0.0), "(1-0j)");
        assert_eq!(repr_complex(0.0, 2.5), "2.5j");
    }

    #[test]
    fn ties_go_to_even() {
        let fixed = |v, p| to_text(v, Style::Fixed, p, Options::default());
        assert_eq!(fixed(0.5, 0), "0");
        assert_eq!(fixed(1.5, 0), "2");
        assert_eq!(fixed(2.5, 0), "2");
        assert_eq!(fixed(0.125, 2), "0.12");
        assert_eq!(fixed(0.375, 2), "0.38");
        assert_eq!(fixed(1e23, 3), "99999999999999991611392.000");
        assert_eq!(fixed(0.1, 60).len(), 62);
        assert_eq!(round(2.675, 2), Ok(2.67));
        assert_eq!(round(25.0, -1), Ok(20.0));
        assert_eq!(round(35.0, -1), Ok(40.0));
        assert_eq!(round(-1e-5, 3).map(f64::is_sign_negative), Ok(true));
        assert!(round(1.7e308, -308).is_err());
    }
}
