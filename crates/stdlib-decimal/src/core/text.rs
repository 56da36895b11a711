//! Numbers as text and back: the scientific and engineering forms, and the numeric strings of the specification.

use super::coeff::Coeff;
use super::number::{Dec, Kind};
use super::rules::{EXP_INF, Rules, status};

/// The text of a number; `engineering` makes exponents multiples of three, `capitals` chooses `E` over `e`.
pub fn to_text(d: &Dec, engineering: bool, capitals: bool) -> String {
    let mut out = String::new();
    if d.negative {
        out.push('-');
    }
    match d.kind {
        Kind::Infinite => out.push_str("Infinity"),
        Kind::Nan | Kind::SignalingNan => {
            out.push_str(if d.is_signaling() { "sNaN" } else { "NaN" });
            if !d.coeff.is_zero() {
                d.coeff.push_digits(&mut out);
            }
        }
        Kind::Finite => push_finite(d, engineering, capitals, &mut out),
    }
    out
}

fn push_finite(d: &Dec, engineering: bool, capitals: bool, out: &mut String) {
    let sign = out.len();
    d.coeff.push_digits(out);
    let digits = (out.len() - sign) as i64;
    if d.exp == 0 {
        return;
    }
    // How many digits stand before the point, in the plain form and in the one that is written.
    let left = d.exp + digits;
    let point = if d.exp <= 0 && left > -6 {
        left
    } else if !engineering {
        1
    } else if d.coeff.is_zero() {
        (left + 1).rem_euclid(3) - 1
    } else {
        (left - 1).rem_euclid(3) + 1
    };
    if point <= 0 {
        let zeros = usize::try_from(-point).unwrap_or(0);
        out.insert_str(sign, &format!("0.{:0<zeros$}", ""));
    } else if point < digits {
        out.insert(sign + usize::try_from(point).unwrap_or(0), '.');
    } else {
        for _ in digits..point {
            out.push('0');
        }
    }
    if left != point {
        out.push(if capitals { 'E' } else { 'e' });
        out.push_str(&format!("{:+}", left - point));
    }
}

/// A numeric string taken apart.
fn parse(text: &str) -> Option<Dec> {
    let (negative, rest) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    match rest.as_bytes().first()? {
        b'0'..=b'9' | b'.' => parse_finite(negative, rest),
        _ => parse_special(negative, rest),
    }
}

fn parse_special(negative: bool, text: &str) -> Option<Dec> {
    if text.eq_ignore_ascii_case("inf") || text.eq_ignore_ascii_case("infinity") {
        return Some(Dec::infinity(negative));
    }
    let (kind, rest) = match text.as_bytes() {
        [b's' | b'S', ..] => (Kind::SignalingNan, text.get(1..)?),
        _ => (Kind::Nan, text),
    };
    let payload = rest.get(3..)?;
    if !rest.get(..3)?.eq_ignore_ascii_case("nan") || !payload.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(Dec {
        coeff: Coeff::from_digits(payload.trim_start_matches('0')),
        exp: 0,
        kind,
        negative,
    })
}

fn parse_finite(negative: bool, text: &str) -> Option<Dec> {
    let (mantissa, exp) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], parse_exponent(text.get(at + 1..)?)?),
        None => (text, 0),
    };
    let (whole, fraction) = match mantissa.split_once('.') {
        Some(parts) => parts,
        None => (mantissa, ""),
    };
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if (whole.is_empty() && fraction.is_empty()) || !all_digits(whole) || !all_digits(fraction) {
        return None;
    }
    let coeff = if fraction.is_empty() {
        Coeff::from_digits(whole)
    } else {
        let mut digits = String::with_capacity(mantissa.len());
        digits.push_str(whole);
        digits.push_str(fraction);
        Coeff::from_digits(&digits)
    };
    let exp = exp
        .saturating_sub(fraction.len() as i64)
        .clamp(-EXP_INF, EXP_INF);
    Some(Dec::finite(negative, coeff, exp))
}

/// An exponent; what does not fit is cut to a number that no context has room for.
fn parse_exponent(text: &str) -> Option<i64> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let size = digits
        .parse::<i64>()
        .unwrap_or(i64::MAX / 2)
        .min(i64::MAX / 2);
    Some(if negative { -size } else { size })
}

/// A number from a numeric string, fitted into the context.
pub fn from_text(text: &str, rules: &Rules, st: &mut u32) -> Dec {
    match parse(text) {
        None => Dec::error(status::CONVERSION_SYNTAX, st),
        Some(d)
            if d.is_nan()
                && !d.coeff.is_zero()
                && d.coeff.digits() > rules.prec - i64::from(rules.clamp) =>
        {
            Dec::error(status::CONVERSION_SYNTAX, st)
        }
        Some(d) => rules.finalize(d, st),
    }
}

/// A number from a numeric string, as it is; conditions beside errors are dropped.
pub fn from_text_exactly(text: &str, st: &mut u32) -> Dec {
    let mut work = 0;
    let d = from_text(text, &Rules::MAX, &mut work);
    exactly(d, work, st)
}

/// The result of a conversion that must lose nothing.
pub fn exactly(d: Dec, work: u32, st: &mut u32) -> Dec {
    *st |= work & status::ERRORS;
    if work & status::NOT_EXACT != 0 {
        return Dec::error(status::INVALID_OPERATION, st);
    }
    d
}

#[cfg(test)]
mod tests {
    use super::*;

    fn round_trip(text: &str) -> String {
        let mut st = 0;
        to_text(&from_text_exactly(text, &mut st), false, true)
    }

    #[test]
    fn text_round_trips() {
        for text in [
            "0",
            "-0",
            "1.50",
            "0.000001",
            "1E-7",
            "1.2E+20",
            "0E+3",
            "-Infinity",
            "NaN123",
            "-sNaN",
            "123456789012345678901234567890123456789012345678901234567890.5",
        ] {
            assert_eq!(round_trip(text), text);
        }
        assert_eq!(round_trip(".5e3"), "5E+2");
        assert_eq!(round_trip("00012."), "12");
    }

    #[test]
    fn what_is_no_number_is_told() {
        for text in [
            "", ".", "1e", "1e+", "x", "1..2", "nanx", "infinit", "1 ", "--1", "é",
        ] {
            let mut st = 0;
            from_text_exactly(text, &mut st);
            assert_eq!(st, status::CONVERSION_SYNTAX, "{text}");
        }
    }

    #[test]
    fn engineering_exponents_are_multiples_of_three() {
        let mut st = 0;
        for (text, expected) in [
            ("123E+1", "1.23E+3"),
            ("123E+3", "123E+3"),
            ("0E+4", "0.00E+6"),
            ("1E-8", "10E-9"),
        ] {
            let d = from_text_exactly(text, &mut st);
            assert_eq!(to_text(&d, true, true), expected);
        }
    }
}
