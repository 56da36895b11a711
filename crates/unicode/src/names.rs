//! Names of characters, and the way back.
//!
//! A name is a run of word numbers in `STREAM`, one or two bytes each, ended by 0. Names are numbered ("rank"):
//! characters in order first, then aliases, then named sequences. `SORTED` holds the ranks in the order of names.
//! Hangul syllables, ideographs and the like are computed.

use crate::generated::names::*;

const HANGUL: &str = "HANGUL SYLLABLE ";
const S_BASE: u32 = 0xAC00;
const LEADS: [&str; 19] = [
    "G", "GG", "N", "D", "DD", "R", "M", "B", "BB", "S", "SS", "", "J", "JJ", "C", "K", "T", "P",
    "H",
];
const VOWELS: [&str; 21] = [
    "A", "AE", "YA", "YAE", "EO", "E", "YEO", "YE", "O", "WA", "WAE", "OE", "YO", "U", "WEO", "WE",
    "WI", "YU", "EU", "YI", "I",
];
const TAILS: [&str; 28] = [
    "", "G", "GG", "GS", "N", "NJ", "NH", "D", "L", "LG", "LM", "LB", "LS", "LT", "LP", "LH", "M",
    "B", "BS", "S", "SS", "NG", "J", "C", "K", "T", "P", "H",
];

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named {
    /// One character.
    Char(u32),
    /// A named sequence of several.
    Sequence(&'static [u32]),
}

/// Appends the name of `rank`.
fn spell(rank: usize, out: &mut String) -> Option<()> {
    let start = *CHECKPOINTS.get(rank / 16)? as usize;
    let mut bytes = STREAM.get(start..)?.iter();
    let mut to_skip = rank % 16;
    while to_skip > 0 {
        match usize::from(*bytes.next()?) {
            0 => to_skip -= 1,
            b if b >= SHORT => {
                bytes.next()?;
            }
            _ => {}
        }
    }
    let from = out.len();
    loop {
        let first = usize::from(*bytes.next()?);
        let word = match first {
            0 => return Some(()),
            _ if first < SHORT => first,
            _ => SHORT + (first - SHORT) * 256 + usize::from(*bytes.next()?),
        };
        let word = WORDS.get(*WORD_ENDS.get(word - 1)? as usize..*WORD_ENDS.get(word)? as usize)?;
        if let Some(rest) = word.strip_prefix('+') {
            if out.len() > from {
                out.push(' ');
            }
            out.push('-');
            out.push_str(rest);
            continue;
        }
        if out.len() > from && !word.starts_with('-') {
            out.push(' ');
        }
        out.push_str(word);
    }
}

/// The name of a character, as `unicodedata.name`; `None` where it has none (control characters, too).
pub fn name(cp: u32) -> Option<String> {
    let s = cp.wrapping_sub(S_BASE);
    if s < 19 * 21 * 28 {
        let (l, v, t) = (s / 588, s % 588 / 28, s % 28);
        return Some(format!(
            "{HANGUL}{}{}{}",
            LEADS[l as usize], VOWELS[v as usize], TAILS[t as usize]
        ));
    }
    if let Some((_, _, _, prefix)) = PREFIXES.iter().find(|p| p.2 && (p.0..=p.1).contains(&cp)) {
        return Some(format!("{prefix}{cp:04X}"));
    }
    let run = RUNS.get(RUNS.partition_point(|r| r.1 < cp))?;
    let rank = u32::from(run.2) + cp.checked_sub(run.0)?;
    let mut out = String::new();
    spell(rank as usize, &mut out)?;
    Some(out)
}

/// The one of `parts` that `text` starts with and that is longest, and what follows it.
fn longest<'a>(parts: &[&str], text: &'a str) -> Option<(u32, &'a str)> {
    let fits = parts
        .iter()
        .enumerate()
        .filter_map(|(i, p)| Some((i as u32, text.strip_prefix(p)?)));
    fits.min_by_key(|(_, rest)| rest.len())
}

fn hangul(text: &str) -> Option<u32> {
    let (l, text) = longest(&LEADS, text)?;
    let (v, text) = longest(&VOWELS, text)?;
    let (t, text) = longest(&TAILS, text)?;
    // "HANGUL SYLLABLE " and nothing is no name, and has failed for want of a vowel already.
    text.is_empty().then_some(S_BASE + l * 588 + v * 28 + t)
}

/// The character or sequence with that name or alias, in any case of its letters, as `unicodedata.lookup`.
pub fn lookup(name: &str) -> Option<Named> {
    if name.len() > LONGEST || !name.is_ascii() {
        return None;
    }
    let name = name.to_ascii_uppercase();
    if let Some(rest) = name.strip_prefix(HANGUL)
        && let Some(cp) = hangul(rest)
    {
        return Some(Named::Char(cp));
    }
    for &(first, last, _, prefix) in &PREFIXES {
        if let Some(digits) = name.strip_prefix(prefix)
            && (4..=6).contains(&digits.len())
            && let Ok(cp) = u32::from_str_radix(digits, 16)
            && (first..=last).contains(&cp)
            && format!("{cp:04X}") == digits
        {
            return Some(Named::Char(cp));
        }
    }
    let mut text = String::with_capacity(LONGEST);
    let found = SORTED.binary_search_by(|&rank| {
        text.clear();
        let _ = spell(usize::from(rank), &mut text);
        text.as_str().cmp(&name)
    });
    let rank = usize::from(SORTED[found.ok()?]);
    if rank >= FIRST_SEQUENCE {
        return SEQUENCES
            .get(rank - FIRST_SEQUENCE)
            .map(|s| Named::Sequence(s));
    }
    if rank >= FIRST_ALIAS {
        return ALIASES.get(rank - FIRST_ALIAS).map(|&c| Named::Char(c));
    }
    let rank = rank as u16;
    let run = RUNS.get(RUNS.partition_point(|r| r.2 <= rank).checked_sub(1)?)?;
    Some(Named::Char(run.0 + u32::from(rank - run.2)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_leads_back() {
        let mut named = 0;
        for cp in 0..0x11_0000 {
            if let Some(name) = name(cp) {
                named += 1;
                if cp % 7 == 0 || cp < 0x3000 {
                    assert_eq!(lookup(&name), Some(Named::Char(cp)), "{name}");
                }
            }
        }
        assert!(named > 140_000);
    }

    #[test]
    fn particular_names() {
        assert_eq!(name(0x20).as_deref(), Some("SPACE"));
        assert_eq!(name(0x0A), None);
        assert_eq!(name(0x0F60).as_deref(), Some("TIBETAN LETTER -A"));
        assert_eq!(
            name(0x0FD0).as_deref(),
            Some("TIBETAN MARK BSKA- SHOG GI MGO RGYAN")
        );
        assert_eq!(name(0x4E00).as_deref(), Some("CJK UNIFIED IDEOGRAPH-4E00"));
        assert_eq!(name(0xD4DB).as_deref(), Some("HANGUL SYLLABLE PWILH"));
        assert_eq!(name(0x17000), None);
        assert_eq!(lookup("tangut ideograph-17000"), Some(Named::Char(0x17000)));
        assert_eq!(lookup("latin small letter gha"), Some(Named::Char(0x1A3)));
        assert_eq!(
            lookup("KEYCAP DIGIT ONE"),
            Some(Named::Sequence(&[0x31, 0xFE0F, 0x20E3]))
        );
        assert_eq!(lookup("CJK UNIFIED IDEOGRAPH-04E00"), None);
        assert_eq!(lookup("HANGUL SYLLABLE "), None);
    }
}
