//! Text to float and complex. The text is ASCII: [`to_ascii`] turns other decimal digits and spaces into ASCII first.
//! White space around the number is the caller's business, see [`trim`].

use std::borrow::Cow;

use taipan_text::TextRef;
use taipan_unicode as unicode;

/// `text` as ASCII for the functions that read numbers: decimal digits of all scripts as `0` to `9`, white space as
/// spaces; anything else beyond ASCII becomes a question mark that ends the text, since no number has one. ASCII text
/// stays as it is.
pub fn to_ascii(text: TextRef<'_>) -> Cow<'_, [u8]> {
    if let Some(ascii) = text.as_ascii() {
        return Cow::Borrowed(ascii.as_bytes());
    }
    let mut out = Vec::with_capacity(text.len());
    for c in text.chars() {
        match (u8::try_from(c), unicode::decimal(c)) {
            (Ok(b), _) if b.is_ascii() => out.push(b),
            (_, Some(digit)) => out.push(b'0' + digit),
            _ if unicode::is_space(c) => out.push(b' '),
            _ => {
                out.push(b'?');
                break;
            }
        }
    }
    Cow::Owned(out)
}

/// Removes the underscores that separate digits; `None` if one stands anywhere else.
fn without_underscores(text: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    for (i, &b) in text.iter().enumerate() {
        if b != b'_' {
            out.push(b);
            continue;
        }
        let before = i
            .checked_sub(1)
            .and_then(|i| text.get(i))
            .is_some_and(u8::is_ascii_digit);
        let after = text.get(i + 1).is_some_and(u8::is_ascii_digit);
        if !(before && after) {
            return None;
        }
    }
    Some(out)
}

/// The length of the longest decimal float literal at the start of `text`: sign, digits with a point, exponent, or
/// one of the words inf, infinity, nan in any case. 0 if there is none.
pub fn float_prefix(text: &[u8]) -> usize {
    let sign = usize::from(matches!(text.first(), Some(b'+' | b'-')));
    let body = &text[sign..];
    for word in [&b"infinity"[..], b"inf", b"nan"] {
        if body
            .get(..word.len())
            .is_some_and(|w| w.eq_ignore_ascii_case(word))
        {
            return sign + word.len();
        }
    }
    let digits = |from: usize| {
        body[from.min(body.len())..]
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count()
    };
    let whole = digits(0);
    let mut end = whole;
    let mut fraction = 0;
    if body.get(end) == Some(&b'.') {
        fraction = digits(end + 1);
        end += 1 + fraction;
    }
    if whole + fraction == 0 {
        return 0;
    }
    if let Some(b'e' | b'E') = body.get(end) {
        let exponent_sign = usize::from(matches!(body.get(end + 1), Some(b'+' | b'-')));
        let exponent = digits(end + 1 + exponent_sign);
        if exponent > 0 {
            end += 1 + exponent_sign + exponent;
        }
    }
    sign + end
}

/// A number whose digits and whose power of ten are both exact doubles: their quotient is the nearest one.
fn parse_short(text: &[u8]) -> Option<f64> {
    const MOST: u64 = 1 << 53;
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    // Up to 19 digits fit.
    if digits.len() > 20 {
        return None;
    }
    let (mut value, mut count, mut point) = (0u64, 0, None);
    for &b in digits {
        let digit = b.wrapping_sub(b'0');
        if digit <= 9 {
            value = value.checked_mul(10)?.checked_add(digit.into())?;
            count += 1;
        } else if b == b'.' && point.is_none() {
            point = Some(count);
        } else {
            return None;
        }
    }
    if count == 0 || value > MOST {
        return None;
    }
    let decimals: usize = count - point.unwrap_or(count);
    let value = value as f64 / crate::double::EXACT_POWERS.get(decimals)?;
    Some(if negative { -value } else { value })
}

/// Reads a literal that [`float_prefix`] has measured.
fn read(text: &[u8]) -> Option<f64> {
    std::str::from_utf8(text).ok()?.parse().ok()
}

/// The float that `text` is, by the rules of `float()`; `None` if it is none.
pub fn parse_float(text: &[u8]) -> Option<f64> {
    if let Some(value) = parse_short(text) {
        return Some(value);
    }
    let cleaned;
    let text = if text.contains(&b'_') {
        cleaned = without_underscores(text)?;
        &cleaned[..]
    } else {
        text
    };
    if text.is_empty() || float_prefix(text) != text.len() {
        return None;
    }
    read(text)
}

fn is_space(b: u8) -> bool {
    matches!(b, 9..=13 | b' ')
}

/// `text` without the ASCII white space around it.
pub fn trim(mut text: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = text
        && is_space(*first)
    {
        text = rest;
    }
    while let [rest @ .., last] = text
        && is_space(*last)
    {
        text = rest;
    }
    text
}

/// Why a text is no complex number; each has a message of its own in CPython.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ComplexError {
    /// "could not convert string to complex: " and the `repr` of the text.
    Underscore,
    /// "complex() arg is a malformed string".
    Malformed,
}

/// The complex number that `text` is, by the rules of `complex()`, white space and one pair of parentheses included.
///
/// # Errors
/// Says what is wrong with the text.
pub fn parse_complex(text: &[u8]) -> Result<(f64, f64), ComplexError> {
    let text = trim(text);
    if text.contains(&b'_') {
        let cleaned = without_underscores(text).ok_or(ComplexError::Underscore)?;
        return read_complex(&cleaned).ok_or(ComplexError::Malformed);
    }
    read_complex(text).ok_or(ComplexError::Malformed)
}

fn read_complex(mut text: &[u8]) -> Option<(f64, f64)> {
    if let [b'(', inner @ .., b')'] = text {
        text = trim(inner);
    }
    let is_j = |b: Option<&u8>| matches!(b, Some(b'j' | b'J'));
    let first = float_prefix(text);
    if first == 0 {
        // A lone imaginary unit, perhaps with a sign.
        return match text {
            [b'j' | b'J'] | [b'+', b'j' | b'J'] => Some((0.0, 1.0)),
            [b'-', b'j' | b'J'] => Some((0.0, -1.0)),
            _ => None,
        };
    }
    let value = read(&text[..first])?;
    let rest = &text[first..];
    if rest.is_empty() {
        return Some((value, 0.0));
    }
    if is_j(rest.first()) {
        return (rest.len() == 1).then_some((0.0, value));
    }
    let sign = match rest.first()? {
        b'+' => 1.0,
        b'-' => -1.0,
        _ => return None,
    };
    let second = float_prefix(rest);
    let (imag, rest) = if second == 0 {
        (sign, &rest[1..])
    } else {
        (read(&rest[..second])?, &rest[second..])
    };
    (rest.len() == 1 && is_j(rest.first())).then_some((value, imag))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats() {
        for (text, value) in [
            ("1", Some(1.0)),
            ("1.", Some(1.0)),
            (".5e1", Some(5.0)),
            ("1_000.5", Some(1000.5)),
            ("-InFinity", Some(f64::NEG_INFINITY)),
            ("1__0", None),
            ("_1", None),
            ("1_.0", None),
            ("1e", None),
            (".", None),
            ("", None),
            ("+", None),
            ("1e400", Some(f64::INFINITY)),
            ("infinit", None),
        ] {
            assert_eq!(parse_float(text.as_bytes()), value, "{text}");
        }
    }

    #[test]
    fn other_scripts() {
        let text = [0x2003, 0x661, 0x2E, 0x665u16];
        let ascii = to_ascii(TextRef::Two(&text));
        assert_eq!(parse_float(trim(&ascii)), Some(1.5));
        assert_eq!(&*to_ascii(TextRef::Two(&[0x31, 0x20AC, 0x32])), b"1?");
    }

    #[test]
    fn complexes() {
        assert_eq!(parse_complex(b" ( 1.5-2e1j ) "), Ok((1.5, -20.0)));
        assert_eq!(parse_complex(b"-j"), Ok((0.0, -1.0)));
        assert_eq!(parse_complex(b"1+J"), Ok((1.0, 1.0)));
        assert_eq!(parse_complex(b"1 + 2j"), Err(ComplexError::Malformed));
        assert_eq!(parse_complex(b"1j2"), Err(ComplexError::Malformed));
        assert_eq!(parse_complex(b"inf+nanj").map(|c| c.1.is_nan()), Ok(true));
    }
}
