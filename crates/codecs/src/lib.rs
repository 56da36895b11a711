//! The encodings that are built into Python, without objects: UTF-8, -16, -32 and -7, ASCII, Latin-1, character maps and
//! the escape codecs; and the multi-byte encodings of East Asia, which have ways of their own ([`cjk`]).
//!
//! A codec works from `*pos` on until it is done, lacks input, or meets an error. On an error it leaves `*pos` at the
//! error's start and reports the range and the reason; the caller asks an error handler, which may be Python code, puts
//! the replacement into the output, sets `*pos` to where the handler says, and calls again. The built-in handlers are
//! in [`handlers`].
//!
//! A decoder that is told that more input may follow (`last` is false) stops in front of an incomplete sequence;
//! `*pos` then says how much it has used.

pub mod cjk;
pub mod escape;
pub mod handlers;
pub mod single;
pub mod utf7;
pub mod utf8;
pub mod wide;

use handlers::{Handler, Replacement, on_decode_error, on_encode_error};
use taipan_text::{TextBuf, TextRef};

pub use escape::{RawUnicodeEscape, UnicodeEscape};
pub use single::{Ascii, CharmapDecoder, CharmapEncoder, EncodingMap, Latin1};
pub use utf7::Utf7;
pub use utf8::Utf8;
pub use wide::{ByteOrder, Utf16, Utf32};

/// What a codec cannot convert: a range of the input, and why. The fields of a `UnicodeError`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CodecError {
    /// Index of the first byte or code point.
    pub start: usize,
    /// Index after the last one.
    pub end: usize,
    /// The reason, as CPython words it.
    pub reason: &'static str,
}

impl CodecError {
    pub(crate) fn new(start: usize, end: usize, reason: &'static str) -> Self {
        Self { start, end, reason }
    }
}

/// Bytes to text.
pub trait Decoder {
    /// The encoding's name in errors, as far as it is known by now.
    fn name(&self) -> &'static str;

    /// Decodes `input` from `*pos` on, appending to `out`; see the crate's description.
    ///
    /// # Errors
    /// The first range that cannot be decoded.
    fn decode(
        &mut self,
        input: &[u8],
        pos: &mut usize,
        last: bool,
        out: &mut TextBuf,
    ) -> Result<(), CodecError>;
}

/// Text to bytes.
pub trait Encoder {
    /// The encoding's name in errors.
    fn name(&self) -> &'static str;

    /// Encodes `text` from `*pos` on, appending to `out`; see the crate's description.
    ///
    /// # Errors
    /// The first range that cannot be encoded.
    fn encode(
        &mut self,
        text: TextRef<'_>,
        pos: &mut usize,
        out: &mut Vec<u8>,
    ) -> Result<(), CodecError>;

    /// Appends the text that an error handler gave. False if it cannot be encoded either (the caller raises the
    /// original error then); nothing has been appended in that case.
    fn put_replacement(&mut self, text: TextRef<'_>, out: &mut Vec<u8>) -> bool;

    /// Appends the bytes that an error handler gave. False if they are no whole code units (the caller raises the
    /// original error then).
    fn put_bytes(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> bool {
        out.extend_from_slice(bytes);
        true
    }
}

/// The end of the run of code points from `start` on that all satisfy `bad`.
fn run_end(text: TextRef<'_>, start: usize, bad: impl Fn(u32) -> bool) -> usize {
    start
        + text
            .slice(start..usize::MAX)
            .chars()
            .take_while(|&c| bad(c))
            .count()
}

/// Is this half of a surrogate pair?
fn is_surrogate(c: u32) -> bool {
    (0xD800..0xE000).contains(&c)
}

/// Decodes all of `input` with a built-in handler.
///
/// # Errors
/// The error that the handler did not take.
pub fn decode_all(
    decoder: &mut impl Decoder,
    input: &[u8],
    handler: Handler,
) -> Result<TextBuf, CodecError> {
    let mut out = TextBuf::with_capacity(input.len());
    let mut pos = 0;
    while let Err(error) = decoder.decode(input, &mut pos, true, &mut out) {
        pos = on_decode_error(handler, decoder.name(), input, &error, &mut out).ok_or(error)?;
    }
    Ok(out)
}

/// Encodes all of `text` with a built-in handler.
///
/// # Errors
/// The error that the handler did not take.
pub fn encode_all(
    encoder: &mut impl Encoder,
    text: TextRef<'_>,
    handler: Handler,
) -> Result<Vec<u8>, CodecError> {
    let mut out = Vec::with_capacity(text.len());
    let mut pos = 0;
    while let Err(error) = encoder.encode(text, &mut pos, &mut out) {
        let (replacement, next) =
            on_encode_error(handler, encoder.name(), text, &error).ok_or(error)?;
        let done = match replacement {
            Replacement::Bytes(bytes) => encoder.put_bytes(&bytes, &mut out),
            Replacement::Text(text) => encoder.put_replacement(text.as_text(), &mut out),
        };
        if !done {
            return Err(error);
        }
        pos = next;
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn utf8_errors_and_handlers() {
        let bad = b"a\xe2\x82b\xff";
        let strict = decode_all(&mut Utf8, bad, Handler::Strict);
        assert_eq!(
            strict,
            Err(CodecError::new(1, 3, "invalid continuation byte"))
        );
        let escaped = decode_all(&mut Utf8, bad, Handler::SurrogateEscape).unwrap_or_default();
        assert_eq!(
            escaped.as_text().chars().collect::<Vec<_>>(),
            [0x61, 0xDCE2, 0xDC82, 0x62, 0xDCFF]
        );
        assert_eq!(
            encode_all(&mut Utf8, escaped.as_text(), Handler::SurrogateEscape),
            Ok(bad.to_vec())
        );
        assert!(encode_all(&mut Utf8, escaped.as_text(), Handler::Strict).is_err());
    }

    #[test]
    fn incomplete_input_waits() {
        let mut out = TextBuf::new();
        let mut pos = 0;
        assert_eq!(Utf8.decode(b"a\xe2\x82", &mut pos, false, &mut out), Ok(()));
        assert_eq!((pos, out.len()), (1, 1));
    }

    #[test]
    fn marks_tell_the_order() {
        let mut codec = Utf16::default();
        let text = decode_all(&mut codec, b"\xfe\xff\0a\xd8\x3d\xde\0", Handler::Strict)
            .unwrap_or_default();
        assert_eq!(text.to_string(), "a\u{1F600}");
        assert_eq!(codec.order, ByteOrder::Big);
        let bytes = encode_all(&mut Utf16::default(), text.as_text(), Handler::Strict);
        assert_eq!(bytes, Ok(b"\xff\xfea\0\x3d\xd8\0\xde".to_vec()));
    }

    #[test]
    fn names_replace() {
        let text = TextBuf::from("€\u{378}");
        let bytes = encode_all(&mut Ascii, text.as_text(), Handler::NameReplace);
        assert_eq!(bytes, Ok(b"\\N{EURO SIGN}\\u0378".to_vec()));
    }
}
