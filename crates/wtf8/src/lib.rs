//! Text as Python has it: code points from U+0000 to U+10FFFF, lone surrogates included, held as the bytes that
//! Python's `utf-8` codec gives with the error handler `surrogatepass`. [`Wtf8`] is the borrowed form, [`Wtf8Buf`] the
//! owned one. Unlike in WTF-8 proper, a high surrogate followed by a low one stays two code points, as in a `str`.

use std::borrow::Borrow;
use std::fmt;
use std::ops::Deref;

/// A borrowed run of code points, lone surrogates allowed.
#[derive(PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct Wtf8 {
    bytes: [u8],
}

impl Wtf8 {
    /// Text without surrogates, as it is.
    pub fn new(text: &str) -> &Wtf8 {
        Wtf8::trusted(text.as_bytes())
    }

    /// The bytes as text, if they are well formed (shortest form, at most U+10FFFF; surrogates allowed).
    pub fn from_bytes(bytes: &[u8]) -> Option<&Wtf8> {
        if std::str::from_utf8(bytes).is_ok() {
            return Some(Wtf8::trusted(bytes));
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            rest = match rest {
                [0xED, 0xA0..=0xBF, 0x80..=0xBF, rest @ ..] => rest,
                _ => {
                    let size = sequence_length(*rest.first()?);
                    let (one, rest) = rest.split_at_checked(size)?;
                    std::str::from_utf8(one).ok()?;
                    rest
                }
            };
        }
        Some(Wtf8::trusted(bytes))
    }

    /// The bytes as text, unchecked. They must be well formed, as those of another [`Wtf8`] are; if not, the code points
    /// that come out are
    /// unspecified, but nothing worse happens.
    pub fn trusted(bytes: &[u8]) -> &Wtf8 {
        // SAFETY: `Wtf8` is a transparent wrapper of `[u8]`, so the two references have the same layout and metadata,
        // and no byte sequence is invalid for the type.
        unsafe { &*(std::ptr::from_ref::<[u8]>(bytes) as *const Wtf8) }
    }

    /// The encoded bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The text as a `str`, unless a surrogate stands in it.
    pub fn to_str(&self) -> Option<&str> {
        if self.bytes.is_ascii() {
            // SAFETY: ASCII is UTF-8.
            return Some(unsafe { std::str::from_utf8_unchecked(&self.bytes) });
        }
        std::str::from_utf8(&self.bytes).ok()
    }

    /// The number of code points, found in linear time.
    pub fn len(&self) -> usize {
        self.bytes
            .iter()
            .filter(|byte| (**byte as i8) >= -0x40)
            .count()
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Whether all is below U+0080.
    pub fn is_ascii(&self) -> bool {
        self.bytes.is_ascii()
    }

    /// The code points in order, surrogates as they are.
    pub fn code_points(&self) -> CodePoints<'_> {
        CodePoints { rest: &self.bytes }
    }
}

/// The length in bytes of the sequence that begins with `first`; 1 for what cannot begin one.
fn sequence_length(first: u8) -> usize {
    match first {
        0xC2..=0xDF => 2,
        0xE0..=0xEF => 3,
        0xF0..=0xF4 => 4,
        _ => 1,
    }
}

/// The code points of a [`Wtf8`], made by [`Wtf8::code_points`].
#[derive(Clone, Debug)]
pub struct CodePoints<'a> {
    rest: &'a [u8],
}

impl Iterator for CodePoints<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let (&first, after) = self.rest.split_first()?;
        if first < 0x80 {
            self.rest = after;
            return Some(u32::from(first));
        }
        let more = sequence_length(first) - 1;
        let (tail, after) = after.split_at_checked(more)?;
        self.rest = after;
        let head = u32::from(first) & (0x3F >> more);
        Some(
            tail.iter()
                .fold(head, |value, byte| value << 6 | u32::from(byte & 0x3F)),
        )
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.rest.len().div_ceil(4), Some(self.rest.len()))
    }
}

impl fmt::Debug for Wtf8 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("\"")?;
        for point in self.code_points() {
            match char::from_u32(point) {
                Some(c) => write!(f, "{}", c.escape_debug())?,
                None => write!(f, "\\u{{{point:x}}}")?,
            }
        }
        f.write_str("\"")
    }
}

impl<'a> From<&'a str> for &'a Wtf8 {
    fn from(text: &'a str) -> &'a Wtf8 {
        Wtf8::new(text)
    }
}

impl PartialEq<str> for Wtf8 {
    fn eq(&self, other: &str) -> bool {
        &self.bytes == other.as_bytes()
    }
}

impl ToOwned for Wtf8 {
    type Owned = Wtf8Buf;

    fn to_owned(&self) -> Wtf8Buf {
        Wtf8Buf {
            bytes: self.bytes.to_vec(),
        }
    }
}

/// An owned, growing run of code points, lone surrogates allowed.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Wtf8Buf {
    bytes: Vec<u8>,
}

impl Wtf8Buf {
    /// Nothing yet.
    pub const fn new() -> Wtf8Buf {
        Wtf8Buf { bytes: Vec::new() }
    }

    /// Nothing yet, with room for `capacity` bytes.
    pub fn with_capacity(capacity: usize) -> Wtf8Buf {
        Wtf8Buf {
            bytes: Vec::with_capacity(capacity),
        }
    }

    /// Appends a character.
    pub fn push(&mut self, c: char) {
        self.push_str(c.encode_utf8(&mut [0; 4]));
    }

    /// Appends text without surrogates.
    pub fn push_str(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
    }

    /// Appends text.
    pub fn push_wtf8(&mut self, text: &Wtf8) {
        self.bytes.extend_from_slice(&text.bytes);
    }

    /// Appends a code point, surrogate or not; false, and nothing done, if it is over U+10FFFF.
    pub fn push_code_point(&mut self, point: u32) -> bool {
        match char::from_u32(point) {
            Some(c) => self.push(c),
            None if point > 0x10FFFF => return false,
            None => {
                let low = |shift: u32| 0x80 | (point >> shift & 0x3F) as u8;
                self.bytes.extend_from_slice(&[0xED, low(6), low(0)]);
            }
        }
        true
    }

    /// Removes everything and keeps the room.
    pub fn clear(&mut self) {
        self.bytes.clear();
    }

    /// The text borrowed.
    pub fn as_wtf8(&self) -> &Wtf8 {
        Wtf8::trusted(&self.bytes)
    }

    /// The text as a `String`, or as it was if a surrogate stands in it.
    pub fn into_string(self) -> Result<String, Wtf8Buf> {
        String::from_utf8(self.bytes).map_err(|e| Wtf8Buf {
            bytes: e.into_bytes(),
        })
    }
}

impl Deref for Wtf8Buf {
    type Target = Wtf8;

    fn deref(&self) -> &Wtf8 {
        self.as_wtf8()
    }
}

impl Borrow<Wtf8> for Wtf8Buf {
    fn borrow(&self) -> &Wtf8 {
        self.as_wtf8()
    }
}

impl AsRef<Wtf8> for Wtf8Buf {
    fn as_ref(&self) -> &Wtf8 {
        self.as_wtf8()
    }
}

impl From<&str> for Wtf8Buf {
    fn from(text: &str) -> Wtf8Buf {
        Wtf8Buf {
            bytes: text.as_bytes().to_vec(),
        }
    }
}

impl From<String> for Wtf8Buf {
    fn from(text: String) -> Wtf8Buf {
        Wtf8Buf {
            bytes: text.into_bytes(),
        }
    }
}

impl fmt::Debug for Wtf8Buf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_wtf8(), f)
    }
}

impl FromIterator<u32> for Wtf8Buf {
    /// Collects code points; those over U+10FFFF are left out.
    fn from_iter<I: IntoIterator<Item = u32>>(points: I) -> Wtf8Buf {
        let mut out = Wtf8Buf::new();
        for point in points {
            out.push_code_point(point);
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surrogates_pass() {
        let mut text = Wtf8Buf::from("aé");
        assert!(text.push_code_point(0xD800));
        assert!(text.push_code_point(0xDFFF));
        text.push('€');
        text.push('😀');
        assert!(!text.push_code_point(0x110000));
        let points = [0x61, 0xE9, 0xD800, 0xDFFF, 0x20AC, 0x1F600];
        assert!(text.code_points().eq(points));
        assert_eq!(text.len(), 6);
        assert_eq!(text.to_str(), None);
        assert_eq!(&text.as_bytes()[3..9], b"\xed\xa0\x80\xed\xbf\xbf");
        assert_eq!(format!("{text:?}"), "\"aé\\u{d800}\\u{dfff}€😀\"");
        assert_eq!(Wtf8::from_bytes(text.as_bytes()), Some(text.as_wtf8()));
        assert_eq!(points.into_iter().collect::<Wtf8Buf>(), text);
    }

    #[test]
    fn ill_formed_bytes_are_refused() {
        for bytes in [
            &b"\x80"[..],
            b"\xc0\x80",
            b"\xed\xa0",
            b"a\xed\xa0\x80\xff",
            b"\xf4\x90\x80\x80",
        ] {
            assert_eq!(Wtf8::from_bytes(bytes), None);
        }
        assert_eq!(Wtf8::new("ok").to_str(), Some("ok"));
    }
}
