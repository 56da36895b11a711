//! `repr` of `str` and of `bytes`, and `ascii`.

use taipan_text::{TextBuf, TextRef};

use crate::props::is_printable;

/// The quote that `repr` puts around text with these characters: double quotes only where that saves escaping.
fn quote(single: bool, double: bool) -> char {
    if single && !double { '"' } else { '\'' }
}

fn push_escape(c: u32, out: &mut TextBuf) {
    let text = match c {
        0..=0xFF => format!("\\x{c:02x}"),
        0x100..=0xFFFF => format!("\\u{c:04x}"),
        _ => format!("\\U{c:08x}"),
    };
    out.push_str(&text);
}

/// Appends an ASCII character as it stands between quotes.
fn push_ascii(c: u8, quote: char, out: &mut TextBuf) {
    match c {
        b'\\' => out.push_str("\\\\"),
        b'\t' => out.push_str("\\t"),
        b'\n' => out.push_str("\\n"),
        b'\r' => out.push_str("\\r"),
        _ if char::from(c) == quote => {
            out.push('\\'.into());
            out.push(c.into());
        }
        b' '..=b'~' => out.push(c.into()),
        _ => push_escape(c.into(), out),
    }
}

fn quoted(text: TextRef<'_>, as_is: impl Fn(u32) -> bool) -> TextBuf {
    let has = |c: char| taipan_text::search::find_char(text, c.into()).is_some();
    let quote = quote(has('\''), has('"'));
    let mut out = TextBuf::with_capacity(text.len() + 2);
    out.push(quote.into());
    // Most text has nothing to escape.
    let plain = |c: u32| {
        matches!(c, 0x20..=0x7E) && c != 0x5C && c != u32::from(quote) || c > 0x7E && as_is(c)
    };
    if text.chars().all(plain) {
        out.push_text(text);
    } else {
        for c in text.chars() {
            match u8::try_from(c) {
                Ok(b) if b.is_ascii() => push_ascii(b, quote, &mut out),
                _ if as_is(c) => out.push(c),
                _ => push_escape(c, &mut out),
            }
        }
    }
    out.push(quote.into());
    out
}

/// `repr` of a `str`.
pub fn repr_str(text: TextRef<'_>) -> TextBuf {
    quoted(text, is_printable)
}

/// `ascii` of a `str`.
pub fn ascii_str(text: TextRef<'_>) -> TextBuf {
    quoted(text, |_| false)
}

/// What `ascii` makes of any other object's `repr`: the same, with what is not ASCII escaped.
pub fn escape_non_ascii(text: TextRef<'_>) -> TextBuf {
    let mut out = TextBuf::with_capacity(text.len());
    for c in text.chars() {
        if c < 0x80 {
            out.push(c);
        } else {
            push_escape(c, &mut out);
        }
    }
    out
}

/// `repr` of bytes. With `smart` false the quote is always
/// the single one.
pub fn repr_bytes(bytes: &[u8], smart: bool) -> TextBuf {
    let quote = quote(smart && bytes.contains(&b'\''), bytes.contains(&b'"'));
    let mut out = String::with_capacity(bytes.len() + bytes.len() / 2 + 3);
    out.push('b');
    out.push(quote);
    for &b in bytes {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        match b {
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            b'\\' => out.push_str("\\\\"),
            b' '..=b'~' if char::from(b) != quote => out.push(char::from(b)),
            b' '..=b'~' => out.extend(['\\', char::from(b)]),
            _ => {
                let digit = |d: u8| char::from(HEX[usize::from(d & 15)]);
                out.extend(['\\', 'x', digit(b >> 4), digit(b)]);
            }
        }
    }
    out.push(quote);
    TextBuf::from(out.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_and_escapes() {
        let repr = |s: &str| repr_str(TextBuf::from(s).as_text()).to_string();
        assert_eq!(repr("it's"), "\"it's\"");
        assert_eq!(repr("'\""), "'\\'\"'");
        assert_eq!(
            repr("a\\\n\x7fé\u{a0}\u{378}\u{e0001}"),
            "'a\\\\\\n\\x7fé\\xa0\\u0378\\U000e0001'"
        );
        assert_eq!(
            ascii_str(TextBuf::from("é").as_text()).to_string(),
            "'\\xe9'"
        );
        assert_eq!(repr_str(TextRef::Two(&[0xD800])).to_string(), "'\\ud800'");
        assert_eq!(
            repr_bytes(b"\x00'\xff", true).to_string(),
            "b\"\\x00'\\xff\""
        );
    }
}
