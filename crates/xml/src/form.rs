//! How characters are laid out in bytes: what the scanner asks of an encoding.

use crate::bytes::{Kind, LATIN1, Table};
use crate::names::{is_name, is_name_start};

/// A layout of characters. The scanner is compiled for each.
pub(crate) trait Form: Copy {
    /// Bytes of the shortest character.
    const MIN: usize;

    /// The kind of the character at `i`; `None` when not even the shortest one fits.
    fn kind(self, data: &[u8], i: usize) -> Option<Kind>;

    /// The first place at or behind `i` whose kind stops; the others are characters of the shortest length. Forms for which
    /// this saves nothing give `i`.
    #[inline(always)]
    fn skip(self, data: &[u8], i: usize, stops: impl Fn(Kind) -> bool) -> usize {
        let _ = (data, stops);
        i
    }

    /// The character at `i` if it is in ASCII (or any byte in an encoding of single bytes), otherwise 0.
    fn ascii(self, data: &[u8], i: usize) -> u8;

    /// Whether a sequence of `n` bytes, all of them there, is no character.
    fn is_malformed(self, data: &[u8], i: usize, n: usize) -> bool;

    /// The number of a character of `n` bytes; 0 when it is none of the first 2^16.
    fn code(self, data: &[u8], i: usize, n: usize) -> u32;

    /// Whether a name may begin with a character of `n` bytes.
    fn starts_name(self, data: &[u8], i: usize, n: usize) -> bool {
        is_name_start(self.code(data, i, n))
    }

    /// Whether a character of `n` bytes may stand in a name.
    fn in_name(self, data: &[u8], i: usize, n: usize) -> bool {
        is_name(self.code(data, i, n))
    }
}

/// Bytes that a table describes, with sequences as in UTF-8 where it says so.
#[derive(Clone, Copy)]
pub(crate) struct Bytes<'a>(pub(crate) &'a Table);

impl Form for Bytes<'_> {
    const MIN: usize = 1;

    #[inline(always)]
    fn kind(self, data: &[u8], i: usize) -> Option<Kind> {
        data.get(i).map(|&b| self.0[usize::from(b)])
    }

    #[inline(always)]
    fn skip(self, data: &[u8], i: usize, stops: impl Fn(Kind) -> bool) -> usize {
        let rest = data.get(i..).unwrap_or_default();
        let end = rest.iter().position(|&b| stops(self.0[usize::from(b)]));
        i + end.unwrap_or(rest.len())
    }

    #[inline(always)]
    fn ascii(self, data: &[u8], i: usize) -> u8 {
        data.get(i).copied().unwrap_or(0)
    }

    fn is_malformed(self, data: &[u8], i: usize, n: usize) -> bool {
        let bad = |b: &u8| b & 0xC0 != 0x80;
        match data.get(i..i + n) {
            Some([first, a]) => *first < 0xC2 || bad(a),
            Some([first, a, b]) => {
                // Neither longer than needed, nor a surrogate, nor U+FFFE and U+FFFF.
                bad(a)
                    || bad(b)
                    || (*first == 0xE0 && *a < 0xA0)
                    || (*first == 0xED && *a > 0x9F)
                    || (*first == 0xEF && *a == 0xBF && *b > 0xBD)
            }
            Some([first, a, b, c]) => {
                bad(a)
                    || bad(b)
                    || bad(c)
                    || (*first == 0xF0 && *a < 0x90)
                    || (*first == 0xF4 && *a > 0x8F)
            }
            _ => true,
        }
    }

    fn code(self, data: &[u8], i: usize, n: usize) -> u32 {
        let low = |b: &u8| u32::from(b & 0x3F);
        match data.get(i..i + n) {
            Some([first, a]) => u32::from(first & 0x1F) << 6 | low(a),
            Some([first, a, b]) => u32::from(first & 0x0F) << 12 | low(a) << 6 | low(b),
            _ => 0,
        }
    }
}

/// UTF-16 of one of the byte orders.
#[derive(Clone, Copy)]
pub(crate) struct Wide<const BIG: bool> {
    pub(crate) namespaces: bool,
}

impl<const BIG: bool> Wide<BIG> {
    /// High and low half of a code unit.
    #[inline(always)]
    fn unit(self, data: &[u8], i: usize) -> Option<(u8, u8)> {
        match data.get(i..i + 2) {
            Some(&[a, b]) if BIG => Some((a, b)),
            Some(&[a, b]) => Some((b, a)),
            _ => None,
        }
    }
}

impl<const BIG: bool> Form for Wide<BIG> {
    const MIN: usize = 2;

    fn kind(self, data: &[u8], i: usize) -> Option<Kind> {
        Some(match self.unit(data, i)? {
            (0, low) => LATIN1[usize::from(self.namespaces)][usize::from(low)],
            (0xD8..=0xDB, _) => Kind::Lead4,
            (0xDC..=0xDF, _) => Kind::Trail,
            (0xFF, 0xFE | 0xFF) => Kind::NonXml,
            _ => Kind::NonAscii,
        })
    }

    fn ascii(self, data: &[u8], i: usize) -> u8 {
        match self.unit(data, i) {
            Some((0, low)) => low,
            _ => 0,
        }
    }

    fn is_malformed(self, _: &[u8], _: usize, _: usize) -> bool {
        false
    }

    fn code(self, data: &[u8], i: usize, n: usize) -> u32 {
        match self.unit(data, i) {
            Some((high, low)) if n == 2 => u32::from(high) << 8 | u32::from(low),
            _ => 0,
        }
    }
}
