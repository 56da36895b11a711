//! `float.hex` and `float.fromhex`.

use crate::NumericError;

/// The float in hexadecimal, as `float.hex` writes it.
pub fn to_hex(value: f64) -> String {
    if !value.is_finite() {
        return crate::double::repr(value);
    }
    let sign = if value.is_sign_negative() { "-" } else { "" };
    let bits = value.to_bits();
    let fraction = bits & ((1 << 52) - 1);
    let biased = ((bits >> 52) & 0x7FF) as i32;
    if biased == 0 && fraction == 0 {
        return format!("{sign}0x0.0p+0");
    }
    let (lead, exponent) = if biased == 0 {
        (0, -1022)
    } else {
        (1, biased - 1023)
    };
    format!("{sign}0x{lead}.{fraction:013x}p{exponent:+}")
}

/// Reads what `float.fromhex` accepts; white space around it is allowed.
///
/// # Errors
/// A value error for what is no such number, an overflow for one that is too large.
pub fn from_hex(text: &[u8]) -> Result<f64, NumericError> {
    let invalid = || NumericError::value("invalid hexadecimal floating-point string");
    let too_large =
        || NumericError::overflow("hexadecimal value too large to represent as a float");
    let is_space = |b: &u8| matches!(b, 9..=13 | b' ');
    let start = text.iter().position(|b| !is_space(b)).ok_or_else(invalid)?;
    let end = text
        .iter()
        .rposition(|b| !is_space(b))
        .map_or(start, |i| i + 1);
    let mut rest = &text[start..end];
    let mut negative = false;
    if let Some((sign @ (b'+' | b'-'), tail)) = rest.split_first() {
        negative = *sign == b'-';
        rest = tail;
    }
    let signed = |v: f64| if negative { -v } else { v };
    if rest.eq_ignore_ascii_case(b"inf") || rest.eq_ignore_ascii_case(b"infinity") {
        return Ok(signed(f64::INFINITY));
    }
    if rest.eq_ignore_ascii_case(b"nan") {
        return Ok(signed(f64::NAN));
    }
    if let [b'0', b'x' | b'X', tail @ ..] = rest {
        rest = tail;
    }
    // The first 16 significant digits are kept, of the others only whether one is not zero.
    let (mut mantissa, mut exponent, mut sticky) = (0u64, 0i64, false);
    let (mut digits, mut seen_point, mut used) = (0usize, false, 0usize);
    for &b in rest {
        if b == b'.' && !seen_point {
            seen_point = true;
            used += 1;
            continue;
        }
        let Some(digit) = char::from(b).to_digit(16) else {
            break;
        };
        digits += 1;
        used += 1;
        if mantissa >> 60 == 0 {
            mantissa = mantissa << 4 | u64::from(digit);
            exponent -= if seen_point { 4 } else { 0 };
        } else {
            sticky |= digit != 0;
            exponent += if seen_point { 0 } else { 4 };
        }
    }
    if digits == 0 {
        return Err(invalid());
    }
    rest = rest.get(used..).unwrap_or_default();
    if let [b'p' | b'P', tail @ ..] = rest {
        let (minus, number) = match tail {
            [b'-', n @ ..] => (true, n),
            [b'+', n @ ..] => (false, n),
            n => (false, n),
        };
        if number.is_empty() || !number.iter().all(u8::is_ascii_digit) {
            return Err(invalid());
        }
        let size = number.iter().fold(0i64, |n, d| {
            n.saturating_mul(10).saturating_add(i64::from(d - b'0'))
        });
        exponent = exponent.saturating_add(if minus { -size } else { size });
    } else if !rest.is_empty() {
        return Err(invalid());
    }
    if mantissa == 0 {
        return Ok(signed(0.0));
    }
    // The value is mantissa * 2**exponent and a little more if sticky; normalize to a 64-bit mantissa.
    let shift = mantissa.leading_zeros();
    mantissa <<= shift;
    let top = exponent.saturating_sub(i64::from(shift)).saturating_add(63);
    if top > 1023 {
        return Err(too_large());
    }
    // Bits to drop: 11 for a normal number, more for a subnormal one.
    let drop = if top >= -1022 {
        11
    } else {
        11i64.saturating_add(-1022 - top)
    };
    if drop > 64 {
        return Ok(signed(0.0));
    }
    let wide = u128::from(mantissa) << 1 | u128::from(sticky);
    let drop = drop as u32 + 1;
    let (kept, rem, half) = (
        (wide >> drop) as u64,
        wide & ((1 << drop) - 1),
        1u128 << (drop - 1),
    );
    let up = rem > half || (rem == half && kept & 1 == 1);
    let kept = kept + u64::from(up);
    // Adding the exponent to the bits lets a carry out of the mantissa do the right thing.
    let bits = if top >= -1022 {
        kept.wrapping_add(((top + 1022) as u64) << 52)
    } else {
        kept
    };
    let value = f64::from_bits(bits);
    if value.is_infinite() {
        Err(too_large())
    } else {
        Ok(signed(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        assert_eq!(to_hex(3.5), "0x1.c000000000000p+1");
        assert_eq!(to_hex(-5e-324), "-0x0.0000000000001p-1022");
        for value in [1.0, 0.1, 5e-324, f64::MAX, f64::MIN_POSITIVE, -2.5e-310] {
            assert_eq!(from_hex(to_hex(value).as_bytes()), Ok(value));
        }
        assert_eq!(from_hex(b" +A.8p0\n"), Ok(10.5));
        assert_eq!(from_hex(b"0x1p-1075"), Ok(0.0));
        assert_eq!(from_hex(b"0x1.00001p-1075"), Ok(5e-324));
        assert!(matches!(
            from_hex(b"0x1p1024"),
            Err(NumericError::Overflow(_))
        ));
        assert!(matches!(
            from_hex(b"0x1.fffffffffffff8p1023"),
            Err(NumericError::Overflow(_))
        ));
        assert!(from_hex(b"0x").is_err() && from_hex(b"").is_err() && from_hex(b"1p").is_err());
    }
}
