//! The built-in error handlers, as functions from an error to a replacement.

use taipan_text::{TextBuf, TextRef};
use taipan_unicode::names;

use crate::single::UNDEFINED;
use crate::{ByteOrder, CodecError, is_surrogate, utf8};

/// A built-in error handler.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Handler {
    /// Raises.
    Strict,
    /// Leaves the bad part out.
    Ignore,
    /// U+FFFD when decoding, question marks when encoding.
    Replace,
    /// Backslash escapes.
    BackslashReplace,
    /// `&#N;`; encoding only.
    XmlCharRefReplace,
    /// `\N{NAME}`; encoding only.
    NameReplace,
    /// Bytes that do not decode become U+DC80 to U+DCFF, and back.
    SurrogateEscape,
    /// Surrogates pass as if they were characters; UTF-8, -16 and -32 only.
    SurrogatePass,
}

impl Handler {
    /// The handler of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "strict" => Self::Strict,
            "ignore" => Self::Ignore,
            "replace" => Self::Replace,
            "backslashreplace" => Self::BackslashReplace,
            "xmlcharrefreplace" => Self::XmlCharRefReplace,
            "namereplace" => Self::NameReplace,
            "surrogateescape" => Self::SurrogateEscape,
            "surrogatepass" => Self::SurrogatePass,
            _ => return None,
        })
    }
}

/// What goes into encoded output in place of what could not be encoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replacement {
    /// Text that is to be encoded itself.
    Text(TextBuf),
    /// Bytes as they are.
    Bytes(Vec<u8>),
}

/// The encodings that `surrogatepass` knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standard {
    Utf8,
    Utf16(ByteOrder),
    Utf32(ByteOrder),
}

impl Standard {
    /// Recognizes the usual spellings: `utf8`, `UTF-16`, `utf_32_be` and so on.
    fn from_name(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let rest = match name.strip_prefix("utf") {
            Some(rest) => rest.strip_prefix(['-', '_']).unwrap_or(rest),
            None => return (name == "cp65001").then_some(Self::Utf8),
        };
        if rest == "8" {
            return Some(Self::Utf8);
        }
        let (rest, make): (_, fn(ByteOrder) -> Self) = match rest.strip_prefix("16") {
            Some(rest) => (rest, Self::Utf16),
            None => (rest.strip_prefix("32")?, Self::Utf32),
        };
        Some(make(match rest.strip_prefix(['-', '_']).unwrap_or(rest) {
            "" | "le" => ByteOrder::Little,
            "be" => ByteOrder::Big,
            _ => return None,
        }))
    }

    fn put(self, c: u32, out: &mut Vec<u8>) {
        match self {
            Self::Utf8 => utf8::put(c, out),
            Self::Utf16(ByteOrder::Big) => out.extend((c as u16).to_be_bytes()),
            Self::Utf16(_) => out.extend((c as u16).to_le_bytes()),
            Self::Utf32(ByteOrder::Big) => out.extend(c.to_be_bytes()),
            Self::Utf32(_) => out.extend(c.to_le_bytes()),
        }
    }

    /// The code unit at the start of `input` and its length in bytes.
    fn read(self, input: &[u8]) -> Option<(u32, usize)> {
        Some(match (self, input) {
            (Self::Utf8, &[a @ 0xE0..=0xEF, b @ 0x80..=0xBF, c @ 0x80..=0xBF, ..]) => (
                u32::from(a & 15) << 12 | u32::from(b & 63) << 6 | u32::from(c & 63),
                3,
            ),
            (Self::Utf16(ByteOrder::Big), &[a, b, ..]) => (u16::from_be_bytes([a, b]).into(), 2),
            (Self::Utf16(_), &[a, b, ..]) => (u16::from_le_bytes([a, b]).into(), 2),
            (Self::Utf32(ByteOrder::Big), &[a, b, c, d, ..]) => {
                (u32::from_be_bytes([a, b, c, d]), 4)
            }
            (Self::Utf32(_), &[a, b, c, d, ..]) => (u32::from_le_bytes([a, b, c, d]), 4),
            _ => return None,
        })
    }
}

/// `\x..`, `\u....` or `\U........`.
fn backslash(c: u32) -> String {
    match c {
        0..=0xFF => format!("\\x{c:02x}"),
        0x100..=0xFFFF => format!("\\u{c:04x}"),
        _ => format!("\\U{c:08x}"),
    }
}

/// Appends what `handler` puts in place of bytes that could not be decoded, and gives the index to go on from; `None`
/// if the error is to be raised (for handlers that do not work on decoding that is a `TypeError` in CPython: see
/// [`handles_decoding`]). `encoding` is the encoding's name, which `surrogatepass` goes by.
pub fn on_decode_error(
    handler: Handler,
    encoding: &str,
    input: &[u8],
    error: &CodecError,
    out: &mut TextBuf,
) -> Option<usize> {
    let bad = input.get(error.start..error.end)?;
    match handler {
        Handler::Strict | Handler::XmlCharRefReplace | Handler::NameReplace => None,
        Handler::Ignore => Some(error.end),
        Handler::Replace => {
            out.push(0xFFFD);
            Some(error.end)
        }
        Handler::BackslashReplace => {
            bad.iter()
                .for_each(|&b| out.push_str(&format!("\\x{b:02x}")));
            Some(error.end)
        }
        Handler::SurrogateEscape => {
            // At most four bytes at a time, and none that is ASCII.
            let count = bad.iter().take(4).take_while(|b| !b.is_ascii()).count();
            out.extend(bad[..count].iter().map(|&b| 0xDC00 + u32::from(b)));
            (count > 0).then_some(error.start + count)
        }
        Handler::SurrogatePass => {
            let (c, len) = Standard::from_name(encoding)?.read(input.get(error.start..)?)?;
            is_surrogate(c).then(|| out.push(c))?;
            Some(error.start + len)
        }
    }
}

/// Does the handler work on decoding at all?
pub fn handles_decoding(handler: Handler) -> bool {
    !matches!(handler, Handler::XmlCharRefReplace | Handler::NameReplace)
}

/// What `handler` puts in place of code points that could not be encoded, and the index to go on from. `None` if the
/// error is to be raised. `encoding` is the encoding's name, which `surrogatepass` goes by.
pub fn on_encode_error(
    handler: Handler,
    encoding: &str,
    text: TextRef<'_>,
    error: &CodecError,
) -> Option<(Replacement, usize)> {
    let bad = text.slice(error.start..error.end);
    let mut out = TextBuf::new();
    match handler {
        Handler::Strict => return None,
        Handler::Ignore => {}
        Handler::Replace => out.push_repeat('?'.into(), bad.len()),
        Handler::BackslashReplace => bad.chars().for_each(|c| out.push_str(&backslash(c))),
        Handler::XmlCharRefReplace => bad.chars().for_each(|c| out.push_str(&format!("&#{c};"))),
        Handler::NameReplace => bad.chars().for_each(|c| match names::name(c) {
            Some(name) => out.push_str(&format!("\\N{{{name}}}")),
            None => out.push_str(&backslash(c)),
        }),
        Handler::SurrogateEscape => {
            let bytes: Vec<u8> = bad
                .chars()
                .take_while(|c| (0xDC80..=0xDCFF).contains(c))
                .map(|c| c as u8)
                .collect();
            let whole = bytes.len() == bad.len();
            // What goes before a code point that is no such byte is written all the same, and only the rest is an
            // error, except in character maps.
            if bytes.is_empty() || !whole && error.reason == UNDEFINED {
                return None;
            }
            let next = error.start + bytes.len();
            return Some((Replacement::Bytes(bytes), next));
        }
        Handler::SurrogatePass => {
            let standard = Standard::from_name(encoding)?;
            let mut bytes = Vec::new();
            for c in bad.chars() {
                is_surrogate(c).then(|| standard.put(c, &mut bytes))?;
            }
            return Some((Replacement::Bytes(bytes), error.end));
        }
    }
    Some((Replacement::Text(out), error.end))
}
