//! Properties of code points, and the predicates that `str`'s methods are made of.
//!
//! The properties that the older database `unicodedata.ucd_3_2_0` sees are in [`v3_2_0`].

use crate::generated::props::{self as tables, *};

/// What is stored for a code point.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Record {
    pub(crate) category: u8,
    pub(crate) bidi: u8,
    pub(crate) combining: u8,
    pub(crate) width: u8,
    pub(crate) flags: u32,
    pub(crate) number: u8,
}

#[inline]
fn record(cp: u32) -> &'static Record {
    &RECORDS[tables::record(cp)]
}

#[inline]
pub(crate) fn flags(cp: u32) -> u32 {
    match LATIN1_FLAGS.get(cp as usize) {
        Some(&flags) => flags,
        None => record(cp).flags,
    }
}

/// General category, as `unicodedata.category`.
pub fn category(cp: u32) -> &'static str {
    CATEGORIES[record(cp).category as usize]
}

/// Bidirectional class, as `unicodedata.bidirectional`; empty when none is defined.
pub fn bidirectional(cp: u32) -> &'static str {
    BIDI[record(cp).bidi as usize]
}

/// Canonical combining class.
#[inline]
pub fn combining(cp: u32) -> u8 {
    // No code point below U+0300 combines.
    if cp < 0x300 { 0 } else { record(cp).combining }
}

/// True for characters that are mirrored in right-to-left text.
pub fn mirrored(cp: u32) -> bool {
    flags(cp) & MIRRORED != 0
}

/// East Asian width, as `unicodedata.east_asian_width`.
pub fn east_asian_width(cp: u32) -> &'static str {
    WIDTHS[record(cp).width as usize]
}

fn small(value: i8) -> Option<u8> {
    u8::try_from(value).ok()
}

/// The value of a decimal digit, 0 to 9.
#[inline]
pub fn decimal(cp: u32) -> Option<u8> {
    if cp < 0x80 {
        return char::from_u32(cp)?.to_digit(10).map(|d| d as u8);
    }
    small(NUMBERS[record(cp).number as usize].0)
}

/// The value of a digit, decimal or not (superscripts and the like), 0 to 9.
pub fn digit(cp: u32) -> Option<u8> {
    small(NUMBERS[record(cp).number as usize].1)
}

/// The numeric value, which may be a fraction.
pub fn numeric(cp: u32) -> Option<f64> {
    Some(NUMBERS[record(cp).number as usize].2).filter(|v| !v.is_nan())
}

macro_rules! predicates {
    ($($(#[$doc:meta])* $name:ident: $flags:expr;)*) => {$(
        $(#[$doc])*
        #[inline]
        pub fn $name(cp: u32) -> bool {
            flags(cp) & ($flags) != 0
        }
    )*};
}

predicates! {
    /// A letter: the rule of `str.isalpha`.
    is_alpha: ALPHA;
    /// A decimal digit: the rule of `str.isdecimal`.
    is_decimal: DECIMAL;
    /// A digit: the rule of `str.isdigit`.
    is_digit: DIGIT;
    /// Has a numeric value: the rule of `str.isnumeric`.
    is_numeric: NUMERIC;
    /// A letter or a number: the rule of `str.isalnum`.
    is_alnum: ALPHA | DECIMAL | DIGIT | NUMERIC;
    /// Lowercase, as `str.islower` counts it.
    is_lower: LOWER;
    /// Uppercase, as `str.isupper` counts it.
    is_upper: UPPER;
    /// Titlecase (category Lt).
    is_title: TITLE;
    /// White space as `str.split` and `str.strip` see it.
    is_space: SPACE;
    /// Stands as itself in `repr`.
    is_printable: PRINTABLE;
    /// Has case, for `str.title` and the final sigma.
    is_cased: CASED;
    /// Is passed over when looking for the end of a word before or after a sigma.
    is_case_ignorable: CASE_IGNORABLE;
    /// May continue an identifier; in ASCII letters, digits and the underscore.
    is_xid_continue: XID_CONTINUE;
    /// May start an identifier. The underscore is one of them, as in `str.isidentifier`.
    is_xid_start: XID_START;
}

/// Line boundaries as `str.splitlines` sees them (CR LF is the caller's business).
#[inline]
pub fn is_linebreak(cp: u32) -> bool {
    matches!(cp, 0x0A..=0x0D | 0x1C..=0x1E | 0x85 | 0x2028 | 0x2029)
}

/// Properties in Unicode 3.2.0, for `unicodedata.ucd_3_2_0`. What is not here did not change.
pub mod v3_2_0 {
    use super::*;

    fn old(cp: u32) -> &'static Record {
        let at = DELTA_3_2_0.partition_point(|r| r.1 < cp);
        match DELTA_3_2_0.get(at) {
            Some((first, _, record)) if *first <= cp => record,
            _ => record(cp),
        }
    }

    /// General category.
    pub fn category(cp: u32) -> &'static str {
        CATEGORIES[old(cp).category as usize]
    }

    /// True for code points that had no character yet.
    pub fn is_unassigned(cp: u32) -> bool {
        old(cp).category == 0
    }

    /// Bidirectional class.
    pub fn bidirectional(cp: u32) -> &'static str {
        BIDI[old(cp).bidi as usize]
    }

    /// Canonical combining class.
    pub fn combining(cp: u32) -> u8 {
        old(cp).combining
    }

    /// True for characters that are mirrored in right-to-left text.
    pub fn mirrored(cp: u32) -> bool {
        old(cp).flags & MIRRORED != 0
    }

    /// East Asian width.
    pub fn east_asian_width(cp: u32) -> &'static str {
        WIDTHS[old(cp).width as usize]
    }

    /// The value of a decimal digit.
    pub fn decimal(cp: u32) -> Option<u8> {
        small(NUMBERS[old(cp).number as usize].0)
    }

    /// The value of a digit.
    pub fn digit(cp: u32) -> Option<u8> {
        small(NUMBERS[old(cp).number as usize].1)
    }

    /// The numeric value.
    pub fn numeric(cp: u32) -> Option<f64> {
        Some(NUMBERS[old(cp).number as usize].2).filter(|v| !v.is_nan())
    }
}
