//! The case methods of `str` over whole texts, and the predicates that look at more than one character at a time.

use taipan_text::{TextBuf, TextRef};

use crate::case::{Mapping, fold, is_final_sigma, title as to_title, upper as to_upper};
use crate::props::{is_cased, is_lower, is_title, is_upper, is_xid_continue, is_xid_start};

const CAPITAL_SIGMA: u32 = 0x3A3;
const SMALL_SIGMA: u32 = 0x3C3;
const FINAL_SIGMA: u32 = 0x3C2;

/// Appends what a code point is mapped to: one code point, as a rule.
#[inline]
fn push_all(to: Mapping, out: &mut TextBuf) {
    match to.single() {
        Some(c) => out.push(c),
        None => to.as_slice().iter().for_each(|&c| out.push(c)),
    }
}

/// Appends the lowercase of the code point at `index`; a capital sigma depends on what is around it.
fn push_lower(text: TextRef<'_>, index: usize, c: u32, out: &mut TextBuf) {
    if c == CAPITAL_SIGMA {
        let (before, after) = (text.slice(0..index), text.slice(index + 1..usize::MAX));
        let last = is_final_sigma(before.chars().rev(), after.chars());
        out.push(if last { FINAL_SIGMA } else { SMALL_SIGMA });
    } else {
        push_all(crate::case::lower(c), out);
    }
}

/// ASCII text in one step, other text by `each`.
fn map(
    text: TextRef<'_>,
    ascii: impl Fn(&[u8]) -> Vec<u8>,
    mut each: impl FnMut(usize, u32, &mut TextBuf),
) -> TextBuf {
    if let Some(s) = text.as_ascii() {
        return TextBuf::from_latin1(ascii(s.as_bytes()));
    }
    let mut out = TextBuf::with_form(text.form(), text.len());
    text.chars()
        .enumerate()
        .for_each(|(i, c)| each(i, c, &mut out));
    out
}

/// `str.lower`.
pub fn lower(text: TextRef<'_>) -> TextBuf {
    map(text, <[u8]>::to_ascii_lowercase, |i, c, out| {
        push_lower(text, i, c, out)
    })
}

/// `str.upper`.
pub fn upper(text: TextRef<'_>) -> TextBuf {
    map(text, <[u8]>::to_ascii_uppercase, |_, c, out| {
        push_all(to_upper(c), out)
    })
}

/// `str.casefold`.
pub fn casefold(text: TextRef<'_>) -> TextBuf {
    map(text, <[u8]>::to_ascii_lowercase, |_, c, out| {
        push_all(fold(c), out)
    })
}

/// `str.title`.
pub fn title(text: TextRef<'_>) -> TextBuf {
    let mut in_word = false;
    let mut out = TextBuf::with_capacity(text.len());
    for (i, c) in text.chars().enumerate() {
        if in_word {
            push_lower(text, i, c, &mut out);
        } else {
            push_all(to_title(c), &mut out);
        }
        in_word = is_cased(c);
    }
    out
}

/// `str.capitalize`.
pub fn capitalize(text: TextRef<'_>) -> TextBuf {
    let mut out = TextBuf::with_capacity(text.len());
    for (i, c) in text.chars().enumerate() {
        if i == 0 {
            push_all(to_title(c), &mut out);
        } else {
            push_lower(text, i, c, &mut out);
        }
    }
    out
}

/// `str.swapcase`.
pub fn swapcase(text: TextRef<'_>) -> TextBuf {
    let mut out = TextBuf::with_capacity(text.len());
    for (i, c) in text.chars().enumerate() {
        if is_upper(c) {
            push_lower(text, i, c, &mut out);
        } else if is_lower(c) {
            push_all(to_upper(c), &mut out);
        } else {
            out.push(c);
        }
    }
    out
}

/// At least one code point satisfies `good` and none `bad`.
fn some_and_none(text: TextRef<'_>, good: fn(u32) -> bool, bad: fn(u32) -> bool) -> bool {
    let mut found = false;
    for c in text.chars() {
        if bad(c) || is_title(c) {
            return false;
        }
        found |= good(c);
    }
    found
}

/// `str.islower`.
pub fn islower(text: TextRef<'_>) -> bool {
    some_and_none(text, is_lower, is_upper)
}

/// `str.isupper`.
pub fn isupper(text: TextRef<'_>) -> bool {
    some_and_none(text, is_upper, is_lower)
}

/// `str.istitle`.
pub fn istitle(text: TextRef<'_>) -> bool {
    let (mut found, mut in_word) = (false, false);
    for c in text.chars() {
        let capital = is_upper(c) || is_title(c);
        let small = !capital && is_lower(c);
        // A capital starts a word, a small letter continues one.
        if capital == in_word && (capital || small) || small && !in_word {
            return false;
        }
        in_word = capital || small;
        found |= in_word;
    }
    found
}

/// `str.isidentifier`.
pub fn isidentifier(text: TextRef<'_>) -> bool {
    let mut chars = text.chars();
    chars.next().is_some_and(is_xid_start) && chars.all(is_xid_continue)
}

/// True if there is a code point and all satisfy `predicate`: `str.isalpha` and its like.
pub fn all(text: TextRef<'_>, predicate: impl FnMut(u32) -> bool) -> bool {
    !text.is_empty() && text.chars().all(predicate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sigmas_and_expansions() {
        let on = |f: fn(TextRef<'_>) -> TextBuf, s: &str| f(TextBuf::from(s).as_text()).to_string();
        assert_eq!(on(lower, "ΑΣ Σ ΑΣΑ Α.Σ."), "ας σ ασα α.ς.");
        assert_eq!(on(upper, "straße ﬁ"), "STRASSE FI");
        assert_eq!(on(title, "hello wORLD ǆ they're"), "Hello World ǅ They'Re");
        assert_eq!(on(capitalize, "ßIG ΣΑΣ"), "Ssig σας");
        assert_eq!(on(swapcase, "aBß Σ"), "AbSS σ");
        assert_eq!(on(casefold, "Straße"), "strasse");
        let is = |f: fn(TextRef<'_>) -> bool, s: &str| f(TextBuf::from(s).as_text());
        assert!(!is(istitle, "Hello World 3a") && is(istitle, "Hello World"));
        assert!(is(islower, "a1") && !is(islower, "1") && !is(isupper, "AǅB"));
        assert!(is(isidentifier, "_é1") && !is(isidentifier, "1a") && !is(isidentifier, ""));
    }
}
