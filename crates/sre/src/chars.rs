//! Classes and case of characters, by ASCII, by locale and by Unicode, and the sets that are made of them.

use crate::code::{category, op};
use crate::state::Env;

/// Lowercase in ASCII alone.
#[inline]
pub fn ascii_lower(ch: u32) -> u32 {
    if (0x41..=0x5a).contains(&ch) {
        ch + 32
    } else {
        ch
    }
}

/// Lowercase, one code point for one.
#[inline]
pub fn unicode_lower(ch: u32) -> u32 {
    if ch < 128 {
        ascii_lower(ch)
    } else {
        taipan_unicode::case::simple_lower(ch)
    }
}

#[inline]
fn unicode_upper(ch: u32) -> u32 {
    taipan_unicode::upper(ch)
        .as_slice()
        .first()
        .copied()
        .unwrap_or(ch)
}

/// Whether ASCII has the character in another case (`_sre.ascii_iscased`).
pub fn ascii_iscased(ch: u32) -> bool {
    ch < 128 && (ch as u8).is_ascii_alphabetic()
}

/// Whether Unicode has the character in another case (`_sre.unicode_iscased`).
pub fn unicode_iscased(ch: u32) -> bool {
    ch != unicode_lower(ch) || ch != unicode_upper(ch)
}

#[inline]
fn byte(ch: u32) -> Option<u8> {
    u8::try_from(ch).ok()
}

#[inline]
pub(crate) fn locale_lower(env: &dyn Env, ch: u32) -> u32 {
    byte(ch).map_or(ch, |byte| u32::from(env.locale_lower(byte)))
}

#[inline]
fn locale_upper(env: &dyn Env, ch: u32) -> u32 {
    byte(ch).map_or(ch, |byte| u32::from(env.locale_upper(byte)))
}

/// Whether `ch`, in either case, is the literal `wanted`.
pub(crate) fn locale_literal(env: &dyn Env, wanted: u32, ch: u32) -> bool {
    ch == wanted || locale_lower(env, ch) == wanted || locale_upper(env, ch) == wanted
}

#[inline]
pub(crate) fn ascii_word(ch: u32) -> bool {
    byte(ch).is_some_and(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[inline]
pub(crate) fn locale_word(env: &dyn Env, ch: u32) -> bool {
    byte(ch).is_some_and(|byte| env.locale_is_alnum(byte) || byte == b'_')
}

#[inline]
pub(crate) fn unicode_word(ch: u32) -> bool {
    if ch < 128 {
        ascii_word(ch)
    } else {
        taipan_unicode::is_alnum(ch)
    }
}

/// Whether `ch` is in the category with number `code`.
pub(crate) fn in_category(env: &dyn Env, code: u32, ch: u32) -> bool {
    // Each category is followed by its opposite.
    let positive = match code & !1 {
        category::DIGIT => (0x30..=0x39).contains(&ch),
        category::SPACE => matches!(ch, 0x20 | 0x09..=0x0d),
        category::WORD => ascii_word(ch),
        category::LINEBREAK => ch == 0x0a,
        category::LOC_WORD => locale_word(env, ch),
        category::UNI_DIGIT => taipan_unicode::is_decimal(ch),
        category::UNI_SPACE => taipan_unicode::is_space(ch),
        category::UNI_WORD => unicode_word(ch),
        category::UNI_LINEBREAK => taipan_unicode::is_linebreak(ch),
        _ => return false,
    };
    positive != (code & 1 == 1)
}

/// Whether the set that starts at `at` has `ch`.
pub(crate) fn in_set(env: &dyn Env, code: &[u32], at: usize, ch: u32) -> bool {
    let mut wanted = true;
    let mut rest = code.get(at..).unwrap_or(&[]);
    loop {
        let (found, after) = match *rest {
            [op::NEGATE, ref after @ ..] => {
                wanted = !wanted;
                (false, after)
            }
            [op::LITERAL, literal, ref after @ ..] => (ch == literal, after),
            [op::RANGE, low, high, ref after @ ..] => ((low..=high).contains(&ch), after),
            [op::RANGE_UNI_IGNORE, low, high, ref after @ ..] => {
                // `ch` is in lowercase already.
                (
                    (low..=high).contains(&ch) || (low..=high).contains(&unicode_upper(ch)),
                    after,
                )
            }
            [op::CATEGORY, category, ref after @ ..] => (in_category(env, category, ch), after),
            [op::CHARSET, ref after @ ..] => (
                ch < 256 && bit(after, ch as usize),
                after.get(8..).unwrap_or(&[]),
            ),
            [op::BIGCHARSET, blocks, ref after @ ..] => {
                let bits = after.get(64..).unwrap_or(&[]);
                let found = ch < 0x10000 && {
                    let page = (ch >> 8) as usize;
                    let block = after
                        .get(page / 4)
                        .map_or(0, |word| word.to_le_bytes()[page % 4]);
                    bit(bits, usize::from(block) * 256 + (ch & 255) as usize)
                };
                (
                    found,
                    bits.get((blocks as usize).saturating_mul(8)..)
                        .unwrap_or(&[]),
                )
            }
            // FAILURE, and nothing else in validated code.
            _ => return !wanted,
        };
        if found {
            return wanted;
        }
        rest = after;
    }
}

/// Which characters below 256 are in a category.
fn category_members(env: &dyn Env, category: u32) -> [u64; 4] {
    const WORD: [u64; 2] = [0x03ff_0000_0000_0000, 0x07ff_fffe_87ff_fffe];
    let members = match category & !1 {
        category::DIGIT | category::UNI_DIGIT => [0x03ff_0000_0000_0000, 0, 0, 0],
        category::SPACE => [0x1_0000_3e00, 0, 0, 0],
        category::UNI_SPACE => [0x1_f000_3e00, 0, 0x1_0000_0020, 0],
        category::WORD => [WORD[0], WORD[1], 0, 0],
        category::UNI_WORD => [
            WORD[0],
            WORD[1],
            0x762c_0400_0000_0000,
            0xff7f_ffff_ff7f_ffff,
        ],
        _ => {
            let mut members = [0; 4];
            for ch in 0..256u32 {
                if in_category(env, category & !1, ch) {
                    members[(ch >> 6) as usize & 3] |= 1 << (ch & 63);
                }
            }
            members
        }
    };
    members.map(|word| if category & 1 == 1 { !word } else { word })
}

/// Which characters below 256 the set that starts at `at` has: what [`in_set`] says of each, where no locale is asked.
pub(crate) fn members(env: &dyn Env, code: &[u32], at: usize) -> [u64; 4] {
    fn add(found: &mut [u64; 4], low: u32, high: u32) {
        for ch in low..=high.min(255) {
            found[(ch >> 6) as usize & 3] |= 1 << (ch & 63);
        }
    }
    let (mut members, mut decided) = ([0u64; 4], [0u64; 4]);
    let mut wanted = true;
    let mut rest = code.get(at..).unwrap_or(&[]);
    loop {
        let mut found = [0u64; 4];
        let start = rest;
        rest = match *rest {
            [op::NEGATE, ref after @ ..] => {
                wanted = !wanted;
                after
            }
            [op::LITERAL, literal, ref after @ ..] => {
                add(&mut found, literal, literal);
                after
            }
            [op::RANGE, low, high, ref after @ ..] => {
                add(&mut found, low, high);
                after
            }
            [op::CHARSET, ref after @ ..] => {
                for (word, pair) in found.iter_mut().zip(after.chunks(2)) {
                    if let [low, high] = *pair {
                        *word = u64::from(low) | u64::from(high) << 32;
                    }
                }
                after.get(8..).unwrap_or(&[])
            }
            [op::CATEGORY, category, ref after @ ..] => {
                found = category_members(env, category);
                after
            }
            [op::RANGE_UNI_IGNORE | op::BIGCHARSET, ..] => {
                // Rare: each of what is left is asked for.
                let at = code.len() - start.len();
                for ch in 0..256 {
                    let place = (ch >> 6) as usize & 3;
                    if decided[place] >> (ch & 63) & 1 == 0 && in_set(env, code, at, ch) == wanted {
                        members[place] |= 1 << (ch & 63);
                    }
                }
                return members;
            }
            // FAILURE, and nothing else in validated code.
            _ => {
                if !wanted {
                    for (members, decided) in members.iter_mut().zip(decided) {
                        *members |= !decided;
                    }
                }
                return members;
            }
        };
        for ((members, decided), found) in members.iter_mut().zip(&mut decided).zip(found) {
            if wanted {
                *members |= found & !*decided;
            }
            *decided |= found;
        }
    }
}

fn bit(words: &[u32], index: usize) -> bool {
    words
        .get(index / 32)
        .is_some_and(|word| word >> (index % 32) & 1 == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::category;
    use crate::state::NoEnv;

    #[test]
    fn categories_have_what_is_in_them() {
        for category in category::DIGIT..=category::UNI_NOT_LINEBREAK {
            let members = category_members(&NoEnv, category);
            for ch in 0..256u32 {
                let has = members[ch as usize / 64] >> (ch % 64) & 1 == 1;
                assert_eq!(has, in_category(&NoEnv, category, ch), "{category} {ch}");
            }
        }
    }

    #[test]
    fn members_are_those_that_are_in_the_set() {
        let mut charset = vec![op::LITERAL, 3, op::CHARSET];
        charset.extend([0x8000_0001, 2, 3, 0xffff_0000, 0, 7, 0, 0x8000_0000]);
        let sets: [&[u32]; 6] = [
            &[op::LITERAL, 97, op::RANGE, 200, 300, op::LITERAL, 400],
            &[
                op::NEGATE,
                op::RANGE,
                63,
                64,
                op::CATEGORY,
                category::UNI_DIGIT,
            ],
            &[
                op::CATEGORY,
                category::UNI_NOT_SPACE,
                op::NEGATE,
                op::RANGE,
                0,
                40,
            ],
            &[
                op::RANGE,
                65,
                66,
                op::RANGE_UNI_IGNORE,
                224,
                230,
                op::NEGATE,
                op::LITERAL,
                1,
            ],
            &[op::NEGATE],
            &charset,
        ];
        for set in sets {
            for tail in [&[op::FAILURE][..], &[]] {
                let code = [&[7][..], set, tail].concat();
                let members = members(&NoEnv, &code, 1);
                for ch in 0..256u32 {
                    let has = members[ch as usize / 64] >> (ch % 64) & 1 == 1;
                    assert_eq!(has, in_set(&NoEnv, &code, 1, ch), "{code:?} {ch}");
                }
            }
        }
    }
}
