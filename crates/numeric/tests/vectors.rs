//! Compares formatting, reading and hashing with results that CPython gave (`vectors.txt`).
//!
//! Floats stand as the hexadecimal digits of their bits, text as the hexadecimal numbers of its code points.

use taipan_numeric::format::{self, IntStyle};
use taipan_numeric::spec::FormatSpec;
use taipan_numeric::{NumericError, double, hash, hexfloat, integer, printf};
use taipan_text::{TextBuf, TextRef};

fn float(s: &str) -> f64 {
    f64::from_bits(u64::from_str_radix(s, 16).expect("bits of a float"))
}

fn text(s: &str) -> TextBuf {
    let parts = s.split(',').filter(|p| !p.is_empty());
    TextBuf::from_chars(parts.map(|p| u32::from_str_radix(p, 16).expect("a code point")))
}

fn hashes(s: &str) -> Vec<i64> {
    s.split(',')
        .filter(|p| !p.is_empty())
        .map(|p| p.parse().expect("a hash"))
        .collect()
}

/// As Python's `ascii` shows text, without the quotes.
fn shown(text: TextRef<'_>) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            0x5C => out.push_str("\\\\"),
            0x0A => out.push_str("\\n"),
            0x0D => out.push_str("\\r"),
            0x09 => out.push_str("\\t"),
            0x20..=0x7E => out.push(char::from(c as u8)),
            0..=0xFF => out.push_str(&format!("\\x{c:02x}")),
            0x100..=0xFFFF => out.push_str(&format!("\\u{c:04x}")),
            _ => out.push_str(&format!("\\U{c:08x}")),
        }
    }
    out
}

fn result(result: Result<TextBuf, NumericError>) -> String {
    match result {
        Ok(text) => format!("ok:{}", shown(text.as_text())),
        Err(NumericError::Value(m)) => format!("ValueError:{}", shown(TextBuf::from(m).as_text())),
        Err(NumericError::Overflow(m)) => format!("OverflowError:{m}"),
        Err(NumericError::Memory) => "MemoryError:".to_owned(),
    }
}

fn format_float(value: f64, spec: TextRef<'_>) -> Result<TextBuf, NumericError> {
    let mut out = TextBuf::new();
    let spec = FormatSpec::for_float(spec, "float")?;
    format::format_float(&spec, "float", value, None, &mut out)?;
    Ok(out)
}

fn format_complex(value: (f64, f64), spec: TextRef<'_>) -> Result<TextBuf, NumericError> {
    let mut out = TextBuf::new();
    let spec = FormatSpec::for_float(spec, "complex")?;
    format::format_complex(&spec, "complex", value, None, &mut out)?;
    Ok(out)
}

fn format_str(value: TextRef<'_>, spec: TextRef<'_>) -> Result<TextBuf, NumericError> {
    let mut out = TextBuf::new();
    let spec = FormatSpec::for_str(spec, "str")?;
    format::format_str(&spec, "str", value, &mut out)?;
    Ok(out)
}

fn format_int(value: i64, spec: TextRef<'_>) -> Result<TextBuf, NumericError> {
    let mut out = TextBuf::new();
    let spec = FormatSpec::for_int(spec, "int")?;
    match format::int_style(&spec, "int")? {
        IntStyle::Digits(base) => {
            let digits = integer::to_base(value, base);
            format::format_int(
                &spec,
                value < 0,
                digits.trim_start_matches('-'),
                None,
                &mut out,
            )?;
        }
        IntStyle::Char => format::format_char(&spec, value, &mut out)?,
        IntStyle::Float => format::format_float(&spec, "int", value as f64, None, &mut out)?,
    }
    Ok(out)
}

fn percent(kind: &str, value: &str, spec: TextRef<'_>) -> Result<TextBuf, NumericError> {
    let mut reader = printf::Reader::new(spec, 1);
    let flags = reader.flags();
    let given = |size| match size {
        printf::Size::Given(n) => Some(n),
        _ => None,
    };
    let width = given(reader.width()?).unwrap_or(0);
    let precision = given(reader.precision(false)?);
    let conversion = char::from_u32(reader.conversion()?).unwrap_or('\0');
    if kind == "PF" {
        return Ok(printf::format_float(flags, width, precision, conversion, float(value))?.into());
    }
    let value: i64 = value.parse().expect("an integer");
    let base = match conversion {
        'o' => 8,
        'x' | 'X' => 16,
        _ => 10,
    };
    let digits = integer::to_base(value, base);
    let digits = digits.trim_start_matches('-');
    Ok(printf::format_int(flags, width, precision, conversion, value < 0, digits)?.into())
}

fn run(parts: &[&str]) -> String {
    match *parts {
        ["F", value, spec] => result(format_float(float(value), text(spec).as_text())),
        ["I", value, spec] => result(format_int(
            value.parse().expect("an integer"),
            text(spec).as_text(),
        )),
        ["C", real, imag, spec] => result(format_complex(
            (float(real), float(imag)),
            text(spec).as_text(),
        )),
        ["S", value, spec] => result(format_str(text(value).as_text(), text(spec).as_text())),
        ["N", value, digits] => result(
            double::round(float(value), digits.parse().expect("digits"))
                .map(|v| double::repr(v).into()),
        ),
        ["X", value] => result(Ok(hexfloat::to_hex(float(value)).into())),
        ["CR", real, imag] => result(Ok(double::repr_complex(float(real), float(imag)).into())),
        [kind @ ("PF" | "PI"), value, spec] => result(percent(kind, value, text(spec).as_text())),
        ["FH", input] => {
            let bytes: Vec<u8> = text(input).as_text().chars().map(|c| c as u8).collect();
            result(hexfloat::from_hex(&bytes).map(|v| double::repr(v).into()))
        }
        ["H", value] => hash::float(float(value)).unwrap_or_default().to_string(),
        ["HI", negative, limbs] => {
            let limbs = limbs.split(',').filter(|p| !p.is_empty());
            let limbs: Vec<u64> = limbs
                .map(|p| u64::from_str_radix(p, 16).expect("a limb"))
                .collect();
            hash::int_limbs(negative == "T", &limbs).to_string()
        }
        ["HT", items] => hash::tuple(hashes(items)).to_string(),
        ["HF", items] => hash::frozenset(hashes(items)).to_string(),
        ["HB", input] => {
            let byte = |i: usize| u8::from_str_radix(&input[i..i + 2], 16).expect("a byte");
            let bytes: Vec<u8> = (0..input.len()).step_by(2).map(byte).collect();
            hash::bytes(hash::Key::from_seed(42), &bytes).to_string()
        }
        ["HC", real, imag] => {
            let part = |s| hash::float(float(s)).unwrap_or_default();
            hash::complex(part(real), part(imag)).to_string()
        }
        _ => panic!("unknown vector {parts:?}"),
    }
}

#[test]
fn agrees_with_cpython() {
    let mut wrong = Vec::new();
    for line in include_str!("vectors.txt")
        .lines()
        .filter(|l| !l.starts_with('#'))
    {
        let parts: Vec<&str> = line.split('\t').collect();
        let (want, parts) = parts.split_last().expect("a result");
        let got = run(parts);
        if got != *want {
            wrong.push(format!("{line}\n    got {got}"));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} differ:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}
