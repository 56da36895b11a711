//! Text as sequences of code points of one, two or four bytes (PEP 393), without any object model.
//!
//! [`TextRef`] is a borrowed run of code points, [`TextBuf`] builds one and widens when it must.
//! The `str` object, the codecs, the formatter and the `re` engine all speak these two types.
//! Searching lives in [`search`], what a misspelt name was to be in [`suggestions`]; what characters *mean* lives in `taipan-unicode`.
//!
//! A code point is any number up to 0x10FFFF, surrogates included: Python allows them in a `str`.

mod buf;
pub mod search;
pub mod suggestions;

pub use buf::{TextBuf, TextStore, concat, join, join_size, repeat};

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::ops::Range;

/// The largest code point.
pub const MAX_CODE_POINT: u32 = 0x10_FFFF;

/// How many bytes a code point takes, and whether all are ASCII: the four forms a `str` can have.
///
/// The order is that of size: a form can hold whatever a smaller one can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Form {
    /// All code points are below 0x80; one byte each.
    Ascii,
    /// All code points are below 0x100; one byte each.
    Latin1,
    /// All code points are below 0x10000; two bytes each.
    Ucs2,
    /// Four bytes each.
    Ucs4,
}

impl Form {
    /// The smallest form that holds the text; its largest byte tells.
    #[inline]
    pub fn of_str(s: &str) -> Self {
        match s.bytes().fold(0, u8::max) {
            0..=0x7F => Self::Ascii,
            0x80..=0xC3 => Self::Latin1,
            0xC4..=0xEF => Self::Ucs2,
            _ => Self::Ucs4,
        }
    }

    /// The smallest form that holds `ch`. The bitwise or of several code points gives the form for all of them.
    #[inline]
    pub const fn of(ch: u32) -> Self {
        match ch {
            0..=0x7F => Self::Ascii,
            0x80..=0xFF => Self::Latin1,
            0x100..=0xFFFF => Self::Ucs2,
            _ => Self::Ucs4,
        }
    }

    /// The largest code point that this form holds.
    #[inline]
    pub const fn max_char(self) -> u32 {
        match self {
            Self::Ascii => 0x7F,
            Self::Latin1 => 0xFF,
            Self::Ucs2 => 0xFFFF,
            Self::Ucs4 => MAX_CODE_POINT,
        }
    }

    /// Bytes for a code point.
    #[inline]
    pub const fn width(self) -> usize {
        match self {
            Self::Ascii | Self::Latin1 => 1,
            Self::Ucs2 => 2,
            Self::Ucs4 => 4,
        }
    }
}

/// A borrowed run of code points.
///
/// Nothing here demands that the kind be the smallest possible one: a slice of a two-byte string stays
/// two-byte even if all of it is ASCII. Equality and order look at code points only.
#[derive(Clone, Copy, Debug)]
pub enum TextRef<'a> {
    /// Code points below 0x100.
    One(&'a [u8]),
    /// Code points below 0x10000.
    Two(&'a [u16]),
    /// Any code points.
    Four(&'a [u32]),
}

/// Evaluates an expression with `$s` bound to the slice inside, whatever its element type.
#[macro_export]
macro_rules! with_text {
    ($text:expr, $s:ident => $body:expr) => {
        match $text {
            $crate::TextRef::One($s) => $body,
            $crate::TextRef::Two($s) => $body,
            $crate::TextRef::Four($s) => $body,
        }
    };
}

/// An element of one of the three kinds.
pub trait Unit: Copy + Ord + bytemuck::Pod {
    /// The unit as a code point.
    fn code(self) -> u32;
    /// The unit for `ch`, if it fits.
    fn from_char(ch: u32) -> Option<Self>;
    /// Wraps a slice of this kind.
    fn text(units: &[Self]) -> TextRef<'_>;
}

impl Unit for u8 {
    #[inline]
    fn code(self) -> u32 {
        self.into()
    }
    #[inline]
    fn from_char(ch: u32) -> Option<Self> {
        ch.try_into().ok()
    }
    #[inline]
    fn text(units: &[Self]) -> TextRef<'_> {
        TextRef::One(units)
    }
}

impl Unit for u16 {
    #[inline]
    fn code(self) -> u32 {
        self.into()
    }
    #[inline]
    fn from_char(ch: u32) -> Option<Self> {
        ch.try_into().ok()
    }
    #[inline]
    fn text(units: &[Self]) -> TextRef<'_> {
        TextRef::Two(units)
    }
}

impl Unit for u32 {
    #[inline]
    fn code(self) -> u32 {
        self
    }
    #[inline]
    fn from_char(ch: u32) -> Option<Self> {
        Some(ch)
    }
    #[inline]
    fn text(units: &[Self]) -> TextRef<'_> {
        TextRef::Four(units)
    }
}

/// Whether all bytes are below 0x80; quick for the short texts that most are.
#[inline]
pub fn is_ascii(bytes: &[u8]) -> bool {
    const SHORT: usize = 64;
    if bytes.len() > SHORT {
        return bytes.is_ascii();
    }
    let (words, rest) = bytes.as_chunks::<8>();
    let words = words.iter().fold(0, |all, w| all | u64::from_le_bytes(*w));
    let rest = rest.iter().fold(0, |all, b| all | b);
    (words | u64::from(rest)) & 0x8080_8080_8080_8080 == 0
}

impl<'a> TextRef<'a> {
    /// The empty text.
    pub const EMPTY: TextRef<'static> = TextRef::One(&[]);

    /// ASCII text of a Rust string; `None` if it has anything beyond ASCII.
    #[inline]
    pub fn from_ascii(s: &'a str) -> Option<Self> {
        s.is_ascii().then_some(TextRef::One(s.as_bytes()))
    }

    /// Number of code points.
    #[inline]
    pub fn len(self) -> usize {
        with_text!(self, s => s.len())
    }

    /// True if there is no code point.
    #[inline]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Bytes for a code point in this slice: 1, 2 or 4.
    #[inline]
    pub fn width(self) -> usize {
        match self {
            TextRef::One(_) => 1,
            TextRef::Two(_) => 2,
            TextRef::Four(_) => 4,
        }
    }

    /// The code point at `index`.
    #[inline]
    pub fn get(self, index: usize) -> Option<u32> {
        with_text!(self, s => s.get(index).map(|&c| c.code()))
    }

    /// All code points, from the first to the last and backwards.
    #[inline]
    pub fn chars(self) -> Chars<'a> {
        Chars { text: self }
    }

    /// The part of the text in `range`; the range is cut to what exists.
    #[inline]
    pub fn slice(self, range: Range<usize>) -> Self {
        let end = range.end.min(self.len());
        let start = range.start.min(end);
        match self {
            TextRef::One(s) => TextRef::One(&s[start..end]),
            TextRef::Two(s) => TextRef::Two(&s[start..end]),
            TextRef::Four(s) => TextRef::Four(&s[start..end]),
        }
    }

    /// The text before and from `at` (which is cut to the length).
    #[inline]
    pub fn split_at(self, at: usize) -> (Self, Self) {
        (self.slice(0..at), self.slice(at..usize::MAX))
    }

    /// The `count` code points at `start`, `start + step`, ...; those outside the text are left out.
    pub fn slice_step(self, start: usize, step: isize, count: usize) -> TextBuf {
        if step == 1 {
            return TextBuf::from_text(self.slice(start..start.saturating_add(count)));
        }
        fn pick<T: Unit>(s: &[T], start: usize, step: isize, count: usize) -> TextBuf {
            let mut at = Some(start);
            let units: Vec<T> = std::iter::from_fn(|| {
                let here = *s.get(at?)?;
                at = at?.checked_add_signed(step);
                Some(here)
            })
            .take(count)
            .collect();
            TextBuf::from_text(T::text(&units))
        }
        with_text!(self, s => pick(s, start, step, count))
    }

    /// The smallest form that holds this text. Reads all of it.
    pub fn form(self) -> Form {
        match self {
            TextRef::One(s) if is_ascii(s) => Form::Ascii,
            TextRef::One(_) => Form::Latin1,
            // Chunks let the compiler use vector instructions, and let us stop early.
            TextRef::Two(s) => {
                let mut all = 0;
                for chunk in s.chunks(256) {
                    all |= chunk.iter().fold(0, |a, &c| a | c);
                    if all > 0xFF {
                        return Form::Ucs2;
                    }
                }
                Form::of(all.into())
            }
            TextRef::Four(s) => {
                let mut all = 0;
                for chunk in s.chunks(256) {
                    all |= chunk.iter().fold(0, |a, &c| a | c);
                    if all > 0xFFFF {
                        return Form::Ucs4;
                    }
                }
                Form::of(all)
            }
        }
    }

    /// True if all code points are below 0x80.
    #[inline]
    pub fn is_ascii(self) -> bool {
        match self {
            TextRef::One(s) => s.is_ascii(),
            _ => self.form() == Form::Ascii,
        }
    }

    /// The text as a Rust string, if it is stored in one byte a code point and is ASCII.
    #[inline]
    pub fn as_ascii(self) -> Option<&'a str> {
        match self {
            TextRef::One(s) if is_ascii(s) => std::str::from_utf8(s).ok(),
            _ => None,
        }
    }

    /// The memory behind the text. For text in its smallest kind this is what CPython hashes.
    #[inline]
    pub fn as_bytes(self) -> &'a [u8] {
        match self {
            TextRef::One(s) => s,
            TextRef::Two(s) => bytemuck::cast_slice(s),
            TextRef::Four(s) => bytemuck::cast_slice(s),
        }
    }

    /// The text as a Rust string, with lone surrogates replaced by U+FFFD.
    pub fn to_string_lossy(self) -> String {
        self.chars()
            .map(|c| char::from_u32(c).unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect()
    }

    /// The text as a Rust string, or the index of its first surrogate.
    pub fn to_string_strict(self) -> Result<String, usize> {
        if let Some(s) = self.as_ascii() {
            return Ok(s.to_owned());
        }
        let mut out = String::with_capacity(self.len() * 2);
        for (i, c) in self.chars().enumerate() {
            out.push(char::from_u32(c).ok_or(i)?);
        }
        Ok(out)
    }

    /// Is this the same text as the Rust string?
    pub fn eq_str(self, other: &str) -> bool {
        match self {
            TextRef::One(s) if other.is_ascii() => s == other.as_bytes(),
            _ => self.chars().eq(other.chars().map(u32::from)),
        }
    }

    /// Does the text begin with `prefix`?
    #[inline]
    pub fn starts_with(self, prefix: TextRef<'_>) -> bool {
        prefix.len() <= self.len() && self.slice(0..prefix.len()) == prefix
    }

    /// Does the text end with `suffix`?
    #[inline]
    pub fn ends_with(self, suffix: TextRef<'_>) -> bool {
        let Some(at) = self.len().checked_sub(suffix.len()) else {
            return false;
        };
        self.slice(at..usize::MAX) == suffix
    }
}

impl PartialEq for TextRef<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (*self, *other) {
            (TextRef::One(a), TextRef::One(b)) => a == b,
            (TextRef::Two(a), TextRef::Two(b)) => a == b,
            (TextRef::Four(a), TextRef::Four(b)) => a == b,
            (a, b) => a.len() == b.len() && a.chars().eq(b.chars()),
        }
    }
}

impl Eq for TextRef<'_> {}

impl Ord for TextRef<'_> {
    /// The order of the code points, as Python compares `str`.
    fn cmp(&self, other: &Self) -> Ordering {
        match (*self, *other) {
            (TextRef::One(a), TextRef::One(b)) => a.cmp(b),
            (TextRef::Two(a), TextRef::Two(b)) => a.cmp(b),
            (TextRef::Four(a), TextRef::Four(b)) => a.cmp(b),
            (a, b) => a.chars().cmp(b.chars()),
        }
    }
}

impl PartialOrd for TextRef<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Hash for TextRef<'_> {
    /// Rust's hash, for maps inside the interpreter; Python's is `taipan_numeric::hash` over [`TextRef::as_bytes`].
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.len().hash(state);
        self.chars().for_each(|c| state.write_u32(c));
    }
}

/// Iterator over the code points of a [`TextRef`].
#[derive(Clone, Debug)]
pub struct Chars<'a> {
    text: TextRef<'a>,
}

impl<'a> Chars<'a> {
    /// What has not been read yet.
    pub fn rest(&self) -> TextRef<'a> {
        self.text
    }
}

/// Takes one element off an end of each kind of slice.
macro_rules! take {
    ($self:ident, $split:ident) => {
        match $self.text {
            TextRef::One(s) => {
                let (&c, rest) = s.$split()?;
                $self.text = TextRef::One(rest);
                Some(c.code())
            }
            TextRef::Two(s) => {
                let (&c, rest) = s.$split()?;
                $self.text = TextRef::Two(rest);
                Some(c.code())
            }
            TextRef::Four(s) => {
                let (&c, rest) = s.$split()?;
                $self.text = TextRef::Four(rest);
                Some(c)
            }
        }
    };
}

impl Iterator for Chars<'_> {
    type Item = u32;

    #[inline]
    fn next(&mut self) -> Option<u32> {
        take!(self, split_first)
    }

    #[inline]
    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.text.len(), Some(self.text.len()))
    }

    // One dispatch for the whole loop instead of one for each element.
    fn fold<B, F: FnMut(B, u32) -> B>(self, init: B, mut f: F) -> B {
        with_text!(self.text, s => s.iter().fold(init, |acc, &c| f(acc, c.code())))
    }
}

impl DoubleEndedIterator for Chars<'_> {
    #[inline]
    fn next_back(&mut self) -> Option<u32> {
        take!(self, split_last)
    }
}

impl ExactSizeIterator for Chars<'_> {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_compare_by_code_point() {
        let one = TextRef::One(b"abc");
        let two = [0x61u16, 0x62, 0x63];
        let four = [0x61u32, 0x62, 0x1_0000];
        assert_eq!(one, TextRef::Two(&two));
        assert!(one < TextRef::Four(&four));
        assert!(TextRef::Four(&four).starts_with(TextRef::One(b"ab")));
        assert!(one.ends_with(TextRef::EMPTY));
        assert_eq!(TextRef::Two(&two).form(), Form::Ascii);
        assert_eq!(TextRef::Four(&four).form(), Form::Ucs4);
    }

    #[test]
    fn slices_never_leave_the_text() {
        let t = TextRef::One(b"abcdef");
        assert_eq!(t.slice(2..100), TextRef::One(b"cdef"));
        assert!(t.slice(9..100).is_empty());
        assert_eq!(t.slice_step(5, -2, 3).as_text(), TextRef::One(b"fdb"));
        assert_eq!(t.slice_step(0, 4, 9).as_text(), TextRef::One(b"ae"));
        assert_eq!(
            t.chars().rev().map(|c| c as u8).collect::<Vec<_>>(),
            b"fedcba"
        );
    }

    #[test]
    fn surrogates_are_text_but_not_rust_text() {
        let s = [0x61u16, 0xD800];
        assert_eq!(TextRef::Two(&s).to_string_strict(), Err(1));
        assert_eq!(TextRef::Two(&s).to_string_lossy(), "a\u{FFFD}");
        assert!(TextRef::One(b"\xe9").eq_str("é"));
    }
}
