//! `repr` of constants, as `ast.dump` and annotations kept as strings show them. The object model has its own; here
//! there are no objects.

use std::fmt::Write;

use taipan_unicode::is_printable;
use taipan_wtf8::Wtf8;

use crate::Constant;

/// Appends `repr` of a constant.
pub fn constant(out: &mut String, value: &Constant<'_>) {
    match *value {
        Constant::None => out.push_str("None"),
        Constant::True => out.push_str("True"),
        Constant::False => out.push_str("False"),
        Constant::Ellipsis => out.push_str("Ellipsis"),
        Constant::Int(number) => push(out, format_args!("{number}")),
        Constant::BigInt {
            negative,
            magnitude,
        } => {
            if negative {
                out.push('-');
            }
            decimal(out, magnitude);
        }
        Constant::Float(number) => float(out, number, ".0"),
        Constant::Complex { real, imag } => complex(out, real, imag),
        Constant::Str(text) => string(out, text),
        Constant::Bytes(data) => bytes(out, data),
        Constant::Tuple(items) => {
            out.push('(');
            sequence(out, items);
            out.push_str(if items.len() == 1 { ",)" } else { ")" });
        }
        Constant::FrozenSet([]) => out.push_str("frozenset()"),
        Constant::FrozenSet(items) => {
            out.push_str("frozenset({");
            sequence(out, items);
            out.push_str("})");
        }
    }
}

fn push(out: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a `String` cannot fail.
    let _ = out.write_fmt(text);
}

/// Items of constants nest only as deep as the optimizer makes them, which is limited.
fn sequence(out: &mut String, items: &[Constant<'_>]) {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        constant(out, item);
    }
}

/// Appends the decimal digits of a number given by its bytes, least significant first.
fn decimal(out: &mut String, magnitude: &[u8]) {
    const CHUNK: u64 = 1_000_000_000;
    let mut limbs: Vec<u32> = magnitude
        .chunks(4)
        .map(|chunk| {
            chunk
                .iter()
                .rev()
                .fold(0, |limb, byte| limb << 8 | u32::from(*byte))
        })
        .collect();
    let mut chunks = Vec::new();
    while let Some(last) = limbs.last() {
        if *last == 0 {
            limbs.pop();
            continue;
        }
        let mut rest = 0;
        for limb in limbs.iter_mut().rev() {
            let value = rest << 32 | u64::from(*limb);
            *limb = (value / CHUNK) as u32;
            rest = value % CHUNK;
        }
        chunks.push(rest);
    }
    push(out, format_args!("{}", chunks.pop().unwrap_or(0)));
    for chunk in chunks.iter().rev() {
        push(out, format_args!("{chunk:09}"));
    }
}

/// Appends the shortest digits that give the number back, with `whole` after those of a whole number.
fn float(out: &mut String, number: f64, whole: &str) {
    if number.is_nan() {
        out.push_str("nan");
    } else if number.is_infinite() {
        out.push_str(if number > 0.0 { "inf" } else { "-inf" });
    } else if number == 0.0 || (1e-4..1e16).contains(&number.abs()) {
        let start = out.len();
        push(out, format_args!("{number}"));
        if !out[start..].contains('.') {
            out.push_str(whole);
        }
    } else {
        let text = format!("{number:e}");
        let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        let (sign, exponent) = exponent
            .strip_prefix('-')
            .map_or(('+', exponent), |rest| ('-', rest));
        push(out, format_args!("{digits}e{sign}{exponent:0>2}"));
    }
}

fn complex(out: &mut String, real: f64, imag: f64) {
    if real == 0.0 && real.is_sign_positive() {
        float(out, imag, "");
        out.push('j');
        return;
    }
    out.push('(');
    float(out, real, "");
    if imag.is_nan() || imag.is_sign_positive() {
        out.push('+');
    }
    float(out, imag, "");
    out.push_str("j)");
}

/// Appends `repr` of a `str`.
pub fn string(out: &mut String, text: &Wtf8) {
    let bytes = text.as_bytes();
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') {
        '"'
    } else {
        '\''
    };
    out.push(quote);
    for point in text.code_points() {
        match char::from_u32(point) {
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some(c) if c == quote || c == '\\' => out.extend(['\\', c]),
            Some(c) if is_printable(point) => out.push(c),
            _ if point < 0x100 => push(out, format_args!("\\x{point:02x}")),
            _ if point < 0x10000 => push(out, format_args!("\\u{point:04x}")),
            _ => push(out, format_args!("\\U{point:08x}")),
        }
    }
    out.push(quote);
}

/// Appends `repr` of a `bytes`.
pub fn bytes(out: &mut String, data: &[u8]) {
    let quote = if data.contains(&b'\'') && !data.contains(&b'"') {
        '"'
    } else {
        '\''
    };
    out.push('b');
    out.push(quote);
    for &byte in data {
        match byte {
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            _ if byte == b'\\' || char::from(byte) == quote => out.extend(['\\', char::from(byte)]),
            b' '..=b'~' => out.push(char::from(byte)),
            _ => push(out, format_args!("\\x{byte:02x}")),
        }
    }
    out.push(quote);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn repr(value: Constant<'_>) -> String {
        let mut out = String::new();
        constant(&mut out, &value);
        out
    }

    #[test]
    fn numbers() {
        for (number, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1e16, "1e+16"),
            (9999999999999998.0, "9999999999999998.0"),
            (0.0001, "0.0001"),
            (0.00001, "1e-05"),
            (1.5e300, "1.5e+300"),
            (f64::INFINITY, "inf"),
        ] {
            assert_eq!(repr(Constant::Float(number)), text);
        }
        assert_eq!(
            repr(Constant::Complex {
                real: 0.0,
                imag: 1.0
            }),
            "1j"
        );
        assert_eq!(
            repr(Constant::Complex {
                real: -0.0,
                imag: -2.5
            }),
            "(-0-2.5j)"
        );
        let magnitude = 123_456_789_012_345_678_901_234_567_890_u128.to_le_bytes();
        let big = Constant::BigInt {
            negative: true,
            magnitude: &magnitude[..13],
        };
        assert_eq!(repr(big), "-123456789012345678901234567890");
    }

    #[test]
    fn text() {
        assert_eq!(
            repr(Constant::Str("it's\t\u{7f}é\u{301}\u{a0}\u{2028}".into())),
            "\"it's\\t\\x7fé\u{301}\\xa0\\u2028\""
        );
        assert_eq!(repr(Constant::Str("'\"\\".into())), "'\\'\"\\\\'");
        assert_eq!(repr(Constant::Bytes(b"a'\x00\xff")), "b\"a'\\x00\\xff\"");
        assert_eq!(repr(Constant::Tuple(&[Constant::Int(1)])), "(1,)");
    }
}
