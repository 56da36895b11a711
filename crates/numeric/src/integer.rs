//! Text to integers and back, in any base. What does not fit a machine word is checked here and handed on as plain
//! digits for the big-integer library.

/// An integer that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Parsed {
    /// It fits.
    Small(i64),
    /// It does not: its digits in `base`, without sign, prefix, underscores and leading zeros.
    Big {
        /// True below zero.
        negative: bool,
        /// ASCII digits and letters, checked.
        digits: String,
        /// 2 to 36.
        base: u32,
    },
}

fn is_space(b: &u8) -> bool {
    matches!(b, 9..=13 | b' ')
}

/// A number of a few decimal digits and perhaps a sign, which most are.
#[inline]
fn parse_plain(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        _ => (false, text),
    };
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut value = 0i64;
    for &b in digits {
        let digit = b.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + i64::from(digit);
    }
    Some(if negative { -value } else { value })
}

/// The integer that `text` is, by the rules of `int(text, base)`: ASCII white space around it, a sign, a prefix where
/// the base allows one, single underscores between digits. `base` is 0 (by the prefix) or 2 to 36. `None` if it is no
/// such integer. Other decimal digits and spaces have been turned into ASCII by the caller.
pub fn parse_int(text: &[u8], base: u32) -> Option<Parsed> {
    if base == 1 || base > 36 {
        return None;
    }
    if base == 10
        && let Some(value) = parse_plain(text)
    {
        return Some(Parsed::Small(value));
    }
    let start = text.iter().position(|b| !is_space(b))?;
    let end = text.iter().rposition(|b| !is_space(b))? + 1;
    let mut rest = &text[start..end];
    let mut negative = false;
    if let Some((sign @ (b'+' | b'-'), tail)) = rest.split_first() {
        negative = *sign == b'-';
        rest = tail;
    }
    let prefix = match rest {
        [b'0', b'x' | b'X', ..] => 16,
        [b'0', b'o' | b'O', ..] => 8,
        [b'0', b'b' | b'B', ..] => 2,
        _ => 0,
    };
    let guessed = base == 0;
    let (base, prefixed) = match base {
        0 if prefix != 0 => (prefix, true),
        0 => (10, false),
        _ => (base, base == prefix),
    };
    if prefixed {
        // An underscore may follow the prefix.
        rest = rest.get(2..)?;
        rest = rest.strip_prefix(b"_").unwrap_or(rest);
    }
    let mut digits = String::with_capacity(rest.len());
    let mut after_digit = false;
    for &b in rest {
        if b == b'_' {
            if !after_digit {
                return None;
            }
            after_digit = false;
            continue;
        }
        char::from(b).to_digit(base)?;
        digits.push(char::from(b));
        after_digit = true;
    }
    if !after_digit {
        return None;
    }
    let significant = digits.trim_start_matches('0');
    // "010" without a base would be octal in C; only zeros may have leading zeros.
    if guessed && !prefixed && digits.len() > significant.len() && !significant.is_empty() {
        return None;
    }
    if significant.is_empty() {
        return Some(Parsed::Small(0));
    }
    if significant.len() <= 64
        && let Ok(size) = i128::from_str_radix(significant, base)
        && let Ok(value) = i64::try_from(if negative { -size } else { size })
    {
        return Some(Parsed::Small(value));
    }
    Some(Parsed::Big {
        negative,
        digits: significant.to_owned(),
        base,
    })
}

/// The digits of `value` in `base` (2 to 36; any other is taken as 10), lowercase, with a minus sign below zero.
pub fn to_base(value: i64, base: u32) -> String {
    let base = if (2..=36).contains(&base) { base } else { 10 };
    if base == 10 {
        return value.to_string();
    }
    let mut size = value.unsigned_abs();
    let mut out = Vec::new();
    loop {
        out.push(char::from_digit((size % u64::from(base)) as u32, base).unwrap_or('0'));
        size /= u64::from(base);
        if size == 0 {
            break;
        }
    }
    if value < 0 {
        out.push('-');
    }
    out.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn small_and_big() {
        let small = |t: &str, b| match parse_int(t.as_bytes(), b) {
            Some(Parsed::Small(v)) => Some(v),
            _ => None,
        };
        assert_eq!(small(" -1_000\n", 10), Some(-1000));
        assert_eq!(small("0x_ff", 0), Some(255));
        assert_eq!(small("0xff", 16), Some(255));
        assert_eq!(small("0b1", 16), Some(0xB1));
        assert_eq!(small("010", 0), None);
        assert_eq!(small("0_0", 0), Some(0));
        assert_eq!(small("010", 10), Some(10));
        assert_eq!(small("z", 36), Some(35));
        assert_eq!(small("-9223372036854775808", 10), Some(i64::MIN));
        for bad in ["", "_1", "1_", "1__0", "0x", "+", "- 1", "1 1", "0x__1"] {
            assert_eq!(parse_int(bad.as_bytes(), 0), None, "{bad}");
        }
        let big = parse_int(b"-0009223372036854775809", 10);
        assert_eq!(
            big,
            Some(Parsed::Big {
                negative: true,
                digits: "9223372036854775809".to_owned(),
                base: 10
            })
        );
    }

    #[test]
    fn bases() {
        assert_eq!(to_base(-255, 16), "-ff");
        assert_eq!(to_base(i64::MIN, 2), format!("-1{}", "0".repeat(63)));
        assert_eq!(to_base(0, 8), "0");
    }
}
