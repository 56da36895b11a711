//! Full case mappings: a code point becomes one to three.

use crate::generated::case::{CASE_EXTENDED, CASE_RECORDS, EXTENDED, case_record};
use crate::props::{is_case_ignorable, is_cased};

/// What a code point is mapped to: one to three code points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapping {
    chars: [u32; 3],
    len: u8,
}

impl Mapping {
    const fn one(cp: u32) -> Self {
        Self {
            chars: [cp, 0, 0],
            len: 1,
        }
    }

    /// The code points.
    #[inline]
    pub fn as_slice(&self) -> &[u32] {
        &self.chars[..usize::from(self.len).min(3)]
    }

    /// The code point, if it is one only.
    #[inline]
    pub fn single(&self) -> Option<u32> {
        (self.len == 1).then_some(self.chars[0])
    }
}

impl IntoIterator for Mapping {
    type Item = u32;
    type IntoIter = std::iter::Take<std::array::IntoIter<u32, 3>>;

    fn into_iter(self) -> Self::IntoIter {
        self.chars.into_iter().take(self.len.into())
    }
}

#[inline]
fn map(cp: u32, which: usize) -> Mapping {
    let to = CASE_RECORDS[case_record(cp)][which];
    if to < EXTENDED {
        return Mapping::one(cp.wrapping_add_signed(to));
    }
    let (at, len) = (
        ((to - EXTENDED) >> 2) as usize,
        ((to - EXTENDED) & 3) as usize,
    );
    let mut chars = [0; 3];
    for (to, from) in chars
        .iter_mut()
        .zip(CASE_EXTENDED.iter().skip(at).take(len))
    {
        *to = *from;
    }
    Mapping {
        chars,
        len: len as u8,
    }
}

/// Full lowercase. U+03A3 becomes U+03C3; see [`is_final_sigma`].
#[inline]
pub fn lower(cp: u32) -> Mapping {
    match cp {
        0x41..=0x5A => Mapping::one(cp + 0x20),
        0..=0x7F => Mapping::one(cp),
        _ => map(cp, 0),
    }
}

/// Full uppercase.
#[inline]
pub fn upper(cp: u32) -> Mapping {
    match cp {
        0x61..=0x7A => Mapping::one(cp - 0x20),
        0..=0x7F => Mapping::one(cp),
        _ => map(cp, 1),
    }
}

/// Full titlecase.
#[inline]
pub fn title(cp: u32) -> Mapping {
    match cp {
        0..=0x7F => upper(cp),
        _ => map(cp, 2),
    }
}

/// Full case folding.
#[inline]
pub fn fold(cp: u32) -> Mapping {
    match cp {
        0..=0x7F => lower(cp),
        _ => map(cp, 3),
    }
}

/// Lowercase as `re` uses it, one code point for one: the full mapping, or the first of it where it is longer.
#[inline]
pub fn simple_lower(cp: u32) -> u32 {
    lower(cp).chars[0]
}

/// Is a capital sigma between these two runs of code points at the end of a word, so that its lowercase is U+03C2?
/// `before` is read from the sigma backwards, `after` forwards.
pub fn is_final_sigma(before: impl Iterator<Item = u32>, after: impl Iterator<Item = u32>) -> bool {
    fn cased(mut chars: impl Iterator<Item = u32>) -> bool {
        chars.find(|&c| !is_case_ignorable(c)).is_some_and(is_cased)
    }
    cased(before) && !cased(after)
}
