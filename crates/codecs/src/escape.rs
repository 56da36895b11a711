//! `unicode_escape`, `raw_unicode_escape`, and the escapes of bytes literals.

use taipan_text::{TextBuf, TextRef};
use taipan_unicode::names::{Named, lookup};

use crate::{CodecError, Decoder, Encoder};

/// A backslash that starts no escape, or an octal escape above 0o377: the caller warns about the first one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidEscape {
    /// Index of the character after the backslash.
    pub pos: usize,
    /// That character.
    pub ch: u8,
    /// The value of an octal escape that is too large.
    pub octal: Option<u16>,
}

impl InvalidEscape {
    /// The escape as it is shown in the warning, without the backslash.
    pub fn shown(&self) -> String {
        match self.octal {
            Some(value) => format!("{value:o}"),
            None => char::from(self.ch).to_string(),
        }
    }
}

/// What a simple escape stands for.
fn simple(b: u8) -> Option<u8> {
    Some(match b {
        b'\\' | b'\'' | b'"' => b,
        b'b' => 8,
        b't' => b'\t',
        b'n' => b'\n',
        b'r' => b'\r',
        b'f' => 12,
        b'v' => 11,
        b'a' => 7,
        _ => return None,
    })
}

/// One to three octal digits from `at` on: the value and the index after them.
fn octal(input: &[u8], at: usize) -> (u16, usize) {
    let digits = input
        .iter()
        .skip(at)
        .take(3)
        .take_while(|b| matches!(b, b'0'..=b'7'));
    digits.fold((0, at), |(value, at), b| {
        (value * 8 + u16::from(b - b'0'), at + 1)
    })
}

/// Exactly `count` hexadecimal digits: the value, or the index of the first byte that is none.
fn hex(input: &[u8], at: usize, count: usize) -> Result<u32, usize> {
    let mut value = 0u32;
    for i in at..at + count {
        let digit = input
            .get(i)
            .and_then(|&b| char::from(b).to_digit(16))
            .ok_or(i)?;
        value = value << 4 | digit;
    }
    Ok(value)
}

/// `unicode_escape`: the escapes of string literals, over Latin-1.
#[derive(Clone, Copy, Debug, Default)]
pub struct UnicodeEscape {
    /// The first invalid escape met, for the caller's warning.
    pub first_invalid: Option<InvalidEscape>,
}

impl UnicodeEscape {
    fn numeric(input: &[u8], start: usize, kind: u8) -> Result<(u32, usize), CodecError> {
        let (count, reason) = match kind {
            b'x' => (2, "truncated \\xXX escape"),
            b'u' => (4, "truncated \\uXXXX escape"),
            _ => (8, "truncated \\UXXXXXXXX escape"),
        };
        let at = start + 2;
        match hex(input, at, count) {
            Ok(value) if value <= taipan_text::MAX_CODE_POINT => Ok((value, at + count)),
            Ok(_) => Err(CodecError::new(
                start,
                at + count,
                "illegal Unicode character",
            )),
            Err(end) => Err(CodecError::new(start, end, reason)),
        }
    }

    fn named(input: &[u8], start: usize) -> Result<(u32, usize), CodecError> {
        let malformed = |end| CodecError::new(start, end, "malformed \\N character escape");
        let open = start + 2;
        if input.get(open) != Some(&b'{') {
            return Err(malformed(open));
        }
        let from = open + 1;
        let rest = input.get(from..).unwrap_or_default();
        let Some(len) = rest.iter().position(|&b| b == b'}') else {
            return Err(malformed(input.len()));
        };
        if len == 0 {
            return Err(malformed(from));
        }
        let end = from + len + 1;
        // Named sequences are not for escapes.
        match std::str::from_utf8(&rest[..len]).ok().and_then(lookup) {
            Some(Named::Char(c)) => Ok((c, end)),
            _ => Err(CodecError::new(
                start,
                end,
                "unknown Unicode character name",
            )),
        }
    }
}

impl Decoder for UnicodeEscape {
    fn name(&self) -> &'static str {
        "unicodeescape"
    }

    fn decode(
        &mut self,
        input: &[u8],
        pos: &mut usize,
        last: bool,
        out: &mut TextBuf,
    ) -> Result<(), CodecError> {
        while let Some(rest) = input.get(*pos..).filter(|r| !r.is_empty()) {
            let plain = rest.iter().position(|&b| b == b'\\').unwrap_or(rest.len());
            out.push_latin1(&rest[..plain]);
            *pos += plain;
            let start = *pos;
            if start == input.len() {
                break;
            }
            let result = match input.get(start + 1) {
                None => Err(CodecError::new(start, start + 1, "\\ at end of string")),
                Some(b'\n') => {
                    *pos += 2;
                    continue;
                }
                Some(b'0'..=b'7') => {
                    let (value, end) = octal(input, start + 1);
                    if value > 0o377 {
                        let invalid = InvalidEscape {
                            pos: start + 1,
                            ch: input[start + 1],
                            octal: Some(value),
                        };
                        self.first_invalid.get_or_insert(invalid);
                    }
                    Ok((value.into(), end))
                }
                Some(&kind @ (b'x' | b'u' | b'U')) => Self::numeric(input, start, kind),
                Some(b'N') => Self::named(input, start),
                Some(&b) => match simple(b) {
                    Some(value) => Ok((value.into(), start + 2)),
                    None => {
                        self.first_invalid.get_or_insert(InvalidEscape {
                            pos: start + 1,
                            ch: b,
                            octal: None,
                        });
                        out.push('\\'.into());
                        Ok((b.into(), start + 2))
                    }
                },
            };
            match result {
                Ok((c, end)) => {
                    out.push(c);
                    *pos = end;
                }
                // An error at the very end may be for want of input.
                Err(error) if !last && error.end >= input.len() && is_incomplete(&error, input) => {
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Would more input perhaps have made this escape good?
fn is_incomplete(error: &CodecError, input: &[u8]) -> bool {
    match error.reason {
        "illegal Unicode character" | "unknown Unicode character name" => false,
        "malformed \\N character escape" => error.end >= input.len(),
        _ => true,
    }
}

fn escape_char(c: u32, out: &mut Vec<u8>) {
    let text = match c {
        0..=0xFF => format!("\\x{c:02x}"),
        0x100..=0xFFFF => format!("\\u{c:04x}"),
        _ => format!("\\U{c:08x}"),
    };
    out.extend(text.bytes());
}

impl Encoder for UnicodeEscape {
    fn name(&self) -> &'static str {
        "unicodeescape"
    }

    fn encode(
        &mut self,
        text: TextRef<'_>,
        pos: &mut usize,
        out: &mut Vec<u8>,
    ) -> Result<(), CodecError> {
        for c in text.slice(*pos..usize::MAX).chars() {
            match char::from_u32(c) {
                Some('\\') => out.extend(b"\\\\"),
                Some('\t') => out.extend(b"\\t"),
                Some('\n') => out.extend(b"\\n"),
                Some('\r') => out.extend(b"\\r"),
                Some(' '..='~') => out.push(c as u8),
                _ => escape_char(c, out),
            }
        }
        *pos = text.len();
        Ok(())
    }

    fn put_replacement(&mut self, _text: TextRef<'_>, _out: &mut Vec<u8>) -> bool {
        false
    }
}

/// `raw_unicode_escape`: Latin-1 with `\u` and `\U` escapes only.
#[derive(Clone, Copy, Debug, Default)]
pub struct RawUnicodeEscape;

impl Decoder for RawUnicodeEscape {
    fn name(&self) -> &'static str {
        "rawunicodeescape"
    }

    fn decode(
        &mut self,
        input: &[u8],
        pos: &mut usize,
        last: bool,
        out: &mut TextBuf,
    ) -> Result<(), CodecError> {
        while let Some(rest) = input.get(*pos..).filter(|r| !r.is_empty()) {
            let plain = rest.iter().position(|&b| b == b'\\').unwrap_or(rest.len());
            out.push_latin1(&rest[..plain]);
            *pos += plain;
            let start = *pos;
            if start == input.len() {
                break;
            }
            let (count, reason) = match input.get(start + 1) {
                Some(b'u') => (4, "truncated \\uXXXX escape"),
                Some(b'U') => (8, "truncated \\UXXXXXXXX escape"),
                None if !last => return Ok(()),
                other => {
                    // The character after a backslash is taken with it, so that an even number of them escapes nothing.
                    out.push('\\'.into());
                    out.extend(other.map(|&b| b.into()));
                    *pos += 1 + usize::from(other.is_some());
                    continue;
                }
            };
            match hex(input, start + 2, count) {
                Ok(c) if c <= taipan_text::MAX_CODE_POINT => {
                    out.push(c);
                    *pos = start + 2 + count;
                }
                Ok(_) => {
                    return Err(CodecError::new(
                        start,
                        start + 2 + count,
                        "\\Uxxxxxxxx out of range",
                    ));
                }
                Err(end) if !last && end >= input.len() => return Ok(()),
                Err(end) => return Err(CodecError::new(start, end, reason)),
            }
        }
        Ok(())
    }
}

impl Encoder for RawUnicodeEscape {
    fn name(&self) -> &'static str {
        "rawunicodeescape"
    }

    fn encode(
        &mut self,
        text: TextRef<'_>,
        pos: &mut usize,
        out: &mut Vec<u8>,
    ) -> Result<(), CodecError> {
        for c in text.slice(*pos..usize::MAX).chars() {
            match u8::try_from(c) {
                Ok(b) => out.push(b),
                Err(_) => escape_char(c, out),
            }
        }
        *pos = text.len();
        Ok(())
    }

    fn put_replacement(&mut self, _text: TextRef<'_>, _out: &mut Vec<u8>) -> bool {
        false
    }
}

/// Why the escapes of bytes cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EscapeError {
    /// "Trailing \ in string".
    Trailing,
    /// "invalid \x escape at position N": the index of the backslash.
    Hex(usize),
}

/// What to do about a bad `\x` escape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnBadHex {
    /// Fail.
    Strict,
    /// A question mark.
    Replace,
    /// Nothing.
    Ignore,
}

/// Reads the escapes of a bytes literal: `codecs.escape_decode`. Gives the first invalid escape, too.
///
/// # Errors
/// A backslash at the end; a bad `\x` escape unless `on_bad_hex` says otherwise.
pub fn escape_decode(
    input: &[u8],
    on_bad_hex: OnBadHex,
) -> Result<(Vec<u8>, Option<InvalidEscape>), EscapeError> {
    let mut out = Vec::with_capacity(input.len());
    let mut first_invalid = None;
    let mut pos = 0;
    while let Some(&b) = input.get(pos) {
        if b != b'\\' {
            out.push(b);
            pos += 1;
            continue;
        }
        let at = pos + 1;
        match *input.get(at).ok_or(EscapeError::Trailing)? {
            b'\n' => pos += 2,
            b'0'..=b'7' => {
                let (value, end) = octal(input, at);
                if value > 0o377 {
                    first_invalid.get_or_insert(InvalidEscape {
                        pos: at,
                        ch: input[at],
                        octal: Some(value),
                    });
                }
                out.push(value as u8);
                pos = end;
            }
            b'x' => match hex(input, at + 1, 2) {
                Ok(value) => {
                    out.push(value as u8);
                    pos = at + 3;
                }
                Err(end) => {
                    match on_bad_hex {
                        OnBadHex::Strict => return Err(EscapeError::Hex(pos)),
                        OnBadHex::Replace => out.push(b'?'),
                        OnBadHex::Ignore => {}
                    }
                    // A digit that stood alone goes with the escape.
                    pos = end;
                }
            },
            b => {
                match simple(b) {
                    Some(value) => out.push(value),
                    None => {
                        first_invalid.get_or_insert(InvalidEscape {
                            pos: at,
                            ch: b,
                            octal: None,
                        });
                        out.extend([b'\\', b]);
                    }
                }
                pos += 2;
            }
        }
    }
    Ok((out, first_invalid))
}

/// Writes bytes as in a bytes literal between single quotes: `codecs.escape_encode`.
pub fn escape_encode(input: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(input.len());
    for &b in input {
        match b {
            b'\\' | b'\'' => out.extend([b'\\', b]),
            b'\t' => out.extend(b"\\t"),
            b'\n' => out.extend(b"\\n"),
            b'\r' => out.extend(b"\\r"),
            b' '..=b'~' => out.push(b),
            _ => escape_char(b.into(), &mut out),
        }
    }
    out
}
