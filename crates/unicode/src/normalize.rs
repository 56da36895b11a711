//! Decomposition and the four normalization forms, for the present database and for 3.2.0.

use crate::generated::decomp::{
    COMPOSITIONS, CORRECTIONS_3_2_0, DECOMPOSITIONS, TAGS, decomposition_offset,
};
use crate::generated::props::{NFC_MAYBE, NFC_NO, NFD_NO, NFKC_NO, NFKD_NO};
use crate::props::{self, v3_2_0};

/// A normalization form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Canonical composition.
    Nfc,
    /// Canonical decomposition.
    Nfd,
    /// Compatible composition.
    Nfkc,
    /// Compatible decomposition.
    Nfkd,
}

impl Form {
    /// The form of that name; `None` for any other.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "NFC" => Self::Nfc,
            "NFD" => Self::Nfd,
            "NFKC" => Self::Nfkc,
            "NFKD" => Self::Nfkd,
            _ => return None,
        })
    }

    fn composes(self) -> bool {
        matches!(self, Self::Nfc | Self::Nfkc)
    }

    fn compatible(self) -> bool {
        matches!(self, Self::Nfkc | Self::Nfkd)
    }
}

/// Which database to normalize by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// 16.0.0.
    Current,
    /// 3.2.0: `unicodedata.ucd_3_2_0`.
    V3_2_0,
}

const S_BASE: u32 = 0xAC00;
const L_BASE: u32 = 0x1100;
const V_BASE: u32 = 0x1161;
const T_BASE: u32 = 0x11A7;
const L_COUNT: u32 = 19;
const V_COUNT: u32 = 21;
const T_COUNT: u32 = 28;
const S_COUNT: u32 = L_COUNT * V_COUNT * T_COUNT;

/// The tag and the UTF-16 units of a decomposition.
fn stored(cp: u32) -> Option<(u8, &'static [u16])> {
    let at = decomposition_offset(cp);
    if at == 0 {
        return None;
    }
    let (&head, rest) = DECOMPOSITIONS.get(at..)?.split_first()?;
    Some(((head >> 8) as u8, rest.get(..usize::from(head & 0xFF))?))
}

fn utf16(units: &'static [u16]) -> impl Iterator<Item = u32> {
    // The generator encoded proper characters only.
    char::decode_utf16(units.iter().copied()).filter_map(|c| c.ok().map(u32::from))
}

/// The decomposition of one step as `unicodedata.decomposition` spells it, empty when there is none.
pub fn decomposition(cp: u32, version: Version) -> String {
    let mut out = String::new();
    // The corrections are to normalization alone; this function never shows them.
    if version == Version::V3_2_0 && v3_2_0::is_unassigned(cp) {
        return out;
    }
    if let Some((tag, units)) = stored(cp) {
        out.push_str(TAGS.get(usize::from(tag)).copied().unwrap_or_default());
        for c in utf16(units) {
            let space = if out.is_empty() { "" } else { " " };
            out.push_str(&format!("{space}{c:04X}"));
        }
    }
    out
}

/// Appends the full decomposition. Depth is bounded by the tables: no decomposition leads back to itself.
fn decompose(cp: u32, compatible: bool, version: Version, out: &mut Vec<(u32, u8)>) {
    if cp < 0xA0 {
        out.push((cp, 0));
        return;
    }
    let s = cp.wrapping_sub(S_BASE);
    if s < S_COUNT {
        out.push((L_BASE + s / (V_COUNT * T_COUNT), 0));
        out.push((V_BASE + s % (V_COUNT * T_COUNT) / T_COUNT, 0));
        if !s.is_multiple_of(T_COUNT) {
            out.push((T_BASE + s % T_COUNT, 0));
        }
        return;
    }
    if version == Version::V3_2_0 {
        if v3_2_0::is_unassigned(cp) {
            out.push((cp, props::combining(cp)));
            return;
        }
        if let Some((_, to)) = CORRECTIONS_3_2_0.iter().find(|c| c.0 == cp) {
            out.push((*to, 0));
            return;
        }
    }
    match stored(cp) {
        Some((tag, units)) if compatible || tag == 0 => {
            utf16(units).for_each(|c| decompose(c, compatible, version, out));
        }
        _ => out.push((cp, props::combining(cp))),
    }
}

/// The primary composite of two code points.
pub fn compose(first: u32, second: u32) -> Option<u32> {
    let (l, v) = (first.wrapping_sub(L_BASE), second.wrapping_sub(V_BASE));
    if l < L_COUNT && v < V_COUNT {
        return Some(S_BASE + (l * V_COUNT + v) * T_COUNT);
    }
    let (s, t) = (first.wrapping_sub(S_BASE), second.wrapping_sub(T_BASE));
    if s < S_COUNT && s.is_multiple_of(T_COUNT) && (1..T_COUNT).contains(&t) {
        return Some(first + t);
    }
    let at = COMPOSITIONS
        .binary_search_by_key(&(first, second), |c| (c.0, c.1))
        .ok()?;
    Some(COMPOSITIONS[at].2)
}

fn compose_all(chars: &[(u32, u8)]) -> Vec<u32> {
    let mut out: Vec<u32> = Vec::with_capacity(chars.len());
    // The starter that may still combine, and the class of the last character after it that did not.
    let mut starter: Option<usize> = None;
    let mut last = 0u8;
    for &(c, class) in chars {
        if let Some(at) = starter {
            let adjacent = at + 1 == out.len();
            if (adjacent || (last != 0 && last < class))
                && let Some(joined) = compose(out[at], c)
            {
                out[at] = joined;
                continue;
            }
        }
        if class == 0 {
            starter = Some(out.len());
        }
        last = class;
        out.push(c);
    }
    out
}

/// `chars` in normalization form `form`.
pub fn normalize(form: Form, chars: &[u32]) -> Vec<u32> {
    normalize_by(Version::Current, form, chars)
}

/// `chars` in normalization form `form` by the rules of `version`.
pub fn normalize_by(version: Version, form: Form, chars: &[u32]) -> Vec<u32> {
    let mut all = Vec::with_capacity(chars.len() + chars.len() / 4);
    for &c in chars {
        decompose(c, form.compatible(), version, &mut all);
    }
    // Canonical ordering: runs of combining characters are sorted by class, equal classes stay as they are.
    for run in all.chunk_by_mut(|a, b| (a.1 == 0) == (b.1 == 0)) {
        if run.len() > 1 && run[0].1 != 0 {
            run.sort_by_key(|c| c.1);
        }
    }
    if form.composes() {
        compose_all(&all)
    } else {
        all.into_iter().map(|c| c.0).collect()
    }
}

/// The answer of the quick check: `Some` if it is sure.
pub fn quick_check(form: Form, chars: impl IntoIterator<Item = u32>) -> Option<bool> {
    let (no, maybe) = match form {
        Form::Nfc => (NFC_NO, NFC_MAYBE),
        Form::Nfkc => (NFKC_NO, NFC_MAYBE),
        Form::Nfd => (NFD_NO, 0),
        Form::Nfkd => (NFKD_NO, 0),
    };
    let mut last = 0;
    let mut sure = true;
    for c in chars {
        if c < 0xA0 {
            last = 0;
            continue;
        }
        let class = props::combining(c);
        let flags = props::flags(c);
        if (last > class && class != 0) || flags & no != 0 {
            return Some(false);
        }
        sure &= flags & maybe == 0;
        last = class;
    }
    sure.then_some(true)
}

/// Is `chars` in the form already?
pub fn is_normalized(form: Form, chars: &[u32]) -> bool {
    quick_check(form, chars.iter().copied()).unwrap_or_else(|| normalize(form, chars) == chars)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms() {
        let chars = |s: &str| s.chars().map(u32::from).collect::<Vec<_>>();
        assert_eq!(
            normalize(Form::Nfd, &chars("é한")),
            chars("e\u{301}\u{1112}\u{1161}\u{11ab}")
        );
        assert_eq!(
            normalize(Form::Nfc, &chars("e\u{301}\u{1112}\u{1161}\u{11ab}")),
            chars("é한")
        );
        assert_eq!(normalize(Form::Nfkc, &chars("ﬁ①")), chars("fi1"));
        assert_eq!(
            normalize(Form::Nfd, &chars("a\u{315}\u{300}")),
            chars("a\u{300}\u{315}")
        );
        assert!(is_normalized(Form::Nfc, &chars("é")));
        assert!(!is_normalized(Form::Nfc, &chars("e\u{301}")));
        assert_eq!(
            decomposition(0xBD, Version::Current),
            "<fraction> 0031 2044 0032"
        );
        assert_eq!(
            normalize_by(Version::V3_2_0, Form::Nfd, &[0x2F868]),
            [0x2136A]
        );
        assert_eq!(normalize(Form::Nfd, &[0x2F868]), [0x36FC]);
    }
}
