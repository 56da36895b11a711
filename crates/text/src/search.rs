//! Finding text in text: `find`, `rfind`, `count`, all matches, `replace`. All are linear in the worst case.
//!
//! One-byte text goes to `memchr`; wider text first to a scan for the needle's last unit, and to the two-way
//! algorithm of Crochemore and Perrin once that scan has met too many false starts.
//!
//! Bytes can be searched as [`TextRef::One`].

use std::borrow::Cow;

use crate::{Form, TextBuf, TextRef, Unit};

/// Index of the first such byte. The first few are looked at here: where bytes are found soon, calls and the setting up of
/// vectors would take longer than the search.
#[inline]
pub fn find_byte(text: &[u8], byte: u8) -> Option<usize> {
    const LOW: u64 = 0x0101_0101_0101_0101;
    const NEAR: usize = 32;
    let wanted = u64::from(byte) * LOW;
    let (words, _) = text[..text.len().min(NEAR)].as_chunks::<8>();
    for (i, word) in words.iter().enumerate() {
        // A byte that is the wanted one is zero here; the lowest zero byte is marked, whatever is marked above it.
        let word = u64::from_le_bytes(*word) ^ wanted;
        let marks = word.wrapping_sub(LOW) & !word & (LOW << 7);
        if marks != 0 {
            return Some(i * 8 + marks.trailing_zeros() as usize / 8);
        }
    }
    let done = words.len() * 8;
    let rest = &text[done..];
    let found = if rest.len() < 8 {
        rest.iter().position(|&b| b == byte)
    } else {
        memchr::memchr(byte, rest)
    };
    found.map(|i| i + done)
}

/// Index of the first occurrence of `needle` in `text`. The empty needle is found at 0.
pub fn find(text: TextRef<'_>, needle: TextRef<'_>) -> Option<usize> {
    if let (TextRef::One(t), TextRef::One(n)) = (text, needle) {
        return match n {
            [c] => find_byte(t, *c),
            _ => memchr::memmem::find(t, n),
        };
    }
    Finder::new(needle, text)?.find(text)
}

/// Index of the last occurrence of `needle` in `text`. The empty needle is found at the end.
pub fn rfind(text: TextRef<'_>, needle: TextRef<'_>) -> Option<usize> {
    match (text, needle) {
        (TextRef::One(t), TextRef::One([c])) => memchr::memrchr(*c, t),
        (TextRef::One(t), TextRef::One(n)) => memchr::memmem::rfind(t, n),
        (TextRef::One(t), n) => rfind_units(t, &fit::<u8>(n)?),
        (TextRef::Two(t), n) => rfind_units(t, &fit::<u16>(n)?),
        (TextRef::Four(t), n) => rfind_units(t, &fit::<u32>(n)?),
    }
}

/// Index of the first occurrence of one code point.
#[inline]
pub fn find_char(text: TextRef<'_>, ch: u32) -> Option<usize> {
    match text {
        TextRef::One(t) => find_byte(t, u8::from_char(ch)?),
        TextRef::Two(t) => position(t, u16::from_char(ch)?),
        TextRef::Four(t) => position(t, ch),
    }
}

/// Index of the last occurrence of one code point.
#[inline]
pub fn rfind_char(text: TextRef<'_>, ch: u32) -> Option<usize> {
    match text {
        TextRef::One(t) => memchr::memrchr(u8::from_char(ch)?, t),
        TextRef::Two(t) => {
            let ch = u16::from_char(ch)?;
            t.iter().rposition(|&c| c == ch)
        }
        TextRef::Four(t) => t.iter().rposition(|&c| c == ch),
    }
}

/// True if `needle` occurs in `text`.
#[inline]
pub fn contains(text: TextRef<'_>, needle: TextRef<'_>) -> bool {
    find(text, needle).is_some()
}

/// How often `needle` occurs in `text` without overlap, at most `limit` times. The empty needle occurs at every
/// index and at the end.
pub fn count(text: TextRef<'_>, needle: TextRef<'_>, limit: usize) -> usize {
    if needle.is_empty() {
        return text.len().saturating_add(1).min(limit);
    }
    match (text, needle) {
        (TextRef::One(t), TextRef::One([c])) => memchr::memchr_iter(*c, t).count().min(limit),
        _ => matches(text, needle).take(limit).count(),
    }
}

/// The starts of all occurrences of `needle` without overlap, from left to right. None for an empty needle.
pub fn matches<'t, 'n>(text: TextRef<'t>, needle: TextRef<'n>) -> Matches<'t, 'n> {
    let finder = if needle.is_empty() {
        None
    } else {
        Finder::new(needle, text)
    };
    Matches {
        finder,
        rest: text,
        at: 0,
    }
}

/// Iterator of [`matches`].
pub struct Matches<'t, 'n> {
    finder: Option<Finder<'n>>,
    rest: TextRef<'t>,
    at: usize,
}

impl Iterator for Matches<'_, '_> {
    type Item = usize;

    #[inline]
    fn next(&mut self) -> Option<usize> {
        let finder = self.finder.as_ref()?;
        if let (Inner::Byte(c), TextRef::One(t)) = (&finder.inner, self.rest) {
            let Some(found) = find_byte(t, *c) else {
                self.finder = None;
                return None;
            };
            let here = self.at + found;
            self.rest = TextRef::One(&t[found + 1..]);
            self.at = here + 1;
            return Some(here);
        }
        let Some(found) = finder.find(self.rest) else {
            self.finder = None;
            return None;
        };
        let past = found + finder.len();
        let here = self.at + found;
        self.at += past;
        self.rest = self.rest.slice(past..usize::MAX);
        Some(here)
    }
}

/// `text` with the first `limit` occurrences of `old` replaced by `new`; `None` when nothing is replaced. An empty
/// `old` is found before each code point and at the end, as in `str.replace`.
pub fn replace(
    text: TextRef<'_>,
    old: TextRef<'_>,
    new: TextRef<'_>,
    limit: usize,
) -> Option<TextBuf> {
    if limit == 0 {
        return None;
    }
    if old.is_empty() {
        let mut out = TextBuf::with_form(text.form().max(new.form()), text.len());
        for i in 0..limit.min(text.len() + 1) {
            out.push_text(new);
            out.push_text(text.slice(i..i + 1));
        }
        out.push_text(text.slice(limit..usize::MAX));
        return Some(out);
    }
    let mut out: Option<TextBuf> = None;
    let mut from = 0;
    for at in matches(text, old).take(limit) {
        let out = out.get_or_insert_with(|| TextBuf::with_capacity(text.len()));
        out.push_text(text.slice(from..at));
        out.push_text(new);
        from = at + old.len();
    }
    out.as_mut()?.push_text(text.slice(from..usize::MAX));
    out
}

fn position<T: Unit>(text: &[T], unit: T) -> Option<usize> {
    // Testing a block at a time compiles to vector instructions; a plain `position` does not.
    const BLOCK: usize = 32;
    let mut base = 0;
    for block in text.chunks(BLOCK) {
        if block.iter().fold(false, |any, &c| any | (c == unit)) {
            return block.iter().position(|&c| c == unit).map(|i| base + i);
        }
        base += block.len();
    }
    None
}

/// The needle in the units of the text; `None` if it has a code point that the text's kind cannot hold.
fn fit<'n, T: Unit>(needle: TextRef<'n>) -> Option<Cow<'n, [T]>> {
    fn same<T: Unit, U: Unit>(units: &[U]) -> Option<&[T]> {
        // Kinds are told apart by size alone, so equal sizes are equal types.
        if size_of::<T>() == size_of::<U>() {
            bytemuck::try_cast_slice(units).ok()
        } else {
            None
        }
    }
    let borrowed = crate::with_text!(needle, s => same::<T, _>(s));
    match borrowed {
        Some(units) => Some(Cow::Borrowed(units)),
        None => needle
            .chars()
            .map(T::from_char)
            .collect::<Option<Vec<T>>>()
            .map(Cow::Owned),
    }
}

/// A needle made ready for texts of one kind.
pub struct Finder<'n> {
    inner: Inner<'n>,
}

#[expect(
    clippy::large_enum_variant,
    reason = "a finder lives on the stack, for one search"
)]
enum Inner<'n> {
    Byte(u8),
    Bytes(memchr::memmem::Finder<'n>),
    Two(Needle<'n, u16>),
    Four(Needle<'n, u32>),
}

struct Needle<'n, T: Unit> {
    units: Cow<'n, [T]>,
    plan: Plan,
}

impl<'n> Finder<'n> {
    /// Prepares `needle` for texts of the kind of `like`; `None` if it cannot occur in any.
    pub fn new(needle: TextRef<'n>, like: TextRef<'_>) -> Option<Self> {
        fn ready<'n, T: Unit>(units: Cow<'n, [T]>) -> Needle<'n, T> {
            let plan = Plan::new(&units[..]);
            Needle { units, plan }
        }
        let inner = match like {
            TextRef::One(_) => match fit::<u8>(needle)? {
                Cow::Borrowed([c]) => Inner::Byte(*c),
                Cow::Borrowed(n) => Inner::Bytes(memchr::memmem::Finder::new(n)),
                Cow::Owned(n) => Inner::Bytes(memchr::memmem::Finder::new(&n).into_owned()),
            },
            TextRef::Two(_) => Inner::Two(ready(fit(needle)?)),
            TextRef::Four(_) => Inner::Four(ready(fit(needle)?)),
        };
        Some(Self { inner })
    }

    fn len(&self) -> usize {
        match &self.inner {
            Inner::Byte(_) => 1,
            Inner::Bytes(f) => f.needle().len(),
            Inner::Two(n) => n.units.len(),
            Inner::Four(n) => n.units.len(),
        }
    }

    /// Index of the first occurrence in `text`, which must be of the kind that this was made for; in text of another
    /// kind nothing is found.
    pub fn find(&self, text: TextRef<'_>) -> Option<usize> {
        match (&self.inner, text) {
            (Inner::Byte(c), TextRef::One(t)) => find_byte(t, *c),
            (Inner::Bytes(f), TextRef::One(t)) => f.find(t),
            (Inner::Two(n), TextRef::Two(t)) => n.find(t),
            (Inner::Four(n), TextRef::Four(t)) => n.find(t),
            _ => None,
        }
    }
}

impl<T: Unit> Needle<'_, T> {
    fn find(&self, text: &[T]) -> Option<usize> {
        let needle = &self.units[..];
        let Some((&last, head)) = needle.split_last() else {
            return Some(0);
        };
        if head.is_empty() {
            return position(text, last);
        }
        // Work on false starts may exceed the text's length by this much before the slower-starting but linear
        // algorithm takes over.
        let mut budget = 4 * text.len() + 64;
        let mut at = 0;
        while let Some(window) = text.get(at + head.len()..) {
            at += position(window, last)?;
            let wrong = text[at..].iter().zip(head).position(|(a, b)| a != b);
            let Some(wrong) = wrong.filter(|&w| w < head.len()) else {
                return Some(at);
            };
            at += 1;
            budget = budget.saturating_sub(wrong + 8);
            if budget == 0 {
                return two_way(&Forward(&text[at..]), &Forward(needle), &self.plan)
                    .map(|i| at + i);
            }
        }
        None
    }
}

fn rfind_units<T: Unit>(text: &[T], needle: &[T]) -> Option<usize> {
    let Some(&first) = needle.first() else {
        return Some(text.len());
    };
    if needle.len() == 1 {
        return text.iter().rposition(|&c| c == first);
    }
    let mut budget = 4 * text.len() + 64;
    let mut end = text.len().checked_sub(needle.len())? + 1;
    loop {
        let at = text[..end].iter().rposition(|&c| c == first)?;
        let here = &text[at..at + needle.len()];
        let Some(wrong) = here.iter().zip(needle).position(|(a, b)| a != b) else {
            return Some(at);
        };
        end = at;
        budget = budget.saturating_sub(wrong + 8);
        if budget == 0 {
            let text = &text[..(end + needle.len() - 1).min(text.len())];
            let plan = Plan::build(&Backward(needle));
            let i = two_way(&Backward(text), &Backward(needle), &plan)?;
            return Some(text.len() - i - needle.len());
        }
    }
}

/// A sequence that the two-way search reads in its own direction.
trait Sequence {
    fn len(&self) -> usize;
    fn at(&self, index: usize) -> u32;
}

struct Forward<'a, T>(&'a [T]);
struct Backward<'a, T>(&'a [T]);

impl<T: Unit> Sequence for Forward<'_, T> {
    fn len(&self) -> usize {
        self.0.len()
    }
    fn at(&self, index: usize) -> u32 {
        self.0[index].code()
    }
}

impl<T: Unit> Sequence for Backward<'_, T> {
    fn len(&self) -> usize {
        self.0.len()
    }
    fn at(&self, index: usize) -> u32 {
        self.0[self.0.len() - 1 - index].code()
    }
}

/// The critical factorization of a needle.
struct Plan {
    /// Where the needle is cut.
    cut: usize,
    /// The period of the needle if it is periodic, otherwise a safe shift.
    period: usize,
    periodic: bool,
}

impl Plan {
    fn new<T: Unit>(needle: &[T]) -> Self {
        Self::build(&Forward(needle))
    }

    fn build(needle: &impl Sequence) -> Self {
        let (less_cut, less_period) = maximal_suffix(needle, false);
        let (more_cut, more_period) = maximal_suffix(needle, true);
        let (cut, period) = if less_cut > more_cut {
            (less_cut, less_period)
        } else {
            (more_cut, more_period)
        };
        let periodic =
            cut + period <= needle.len() && (0..cut).all(|i| needle.at(i) == needle.at(i + period));
        if periodic {
            Self {
                cut,
                period,
                periodic,
            }
        } else {
            Self {
                cut,
                period: cut.max(needle.len() - cut) + 1,
                periodic,
            }
        }
    }
}

/// Start and period of the lexicographically largest suffix, under the usual order or its inverse.
fn maximal_suffix(needle: &impl Sequence, inverse: bool) -> (usize, usize) {
    let (mut start, mut candidate, mut offset, mut period) = (0, 1, 0, 1);
    while candidate + offset < needle.len() {
        let (a, b) = (needle.at(candidate + offset), needle.at(start + offset));
        let smaller = if inverse { a > b } else { a < b };
        if smaller {
            candidate += offset + 1;
            offset = 0;
            period = candidate - start;
        } else if a == b {
            if offset + 1 == period {
                candidate += period;
                offset = 0;
            } else {
                offset += 1;
            }
        } else {
            start = candidate;
            candidate += 1;
            offset = 0;
            period = 1;
        }
    }
    (start, period)
}

fn two_way(text: &impl Sequence, needle: &impl Sequence, plan: &Plan) -> Option<usize> {
    let (n, last) = (needle.len(), text.len().checked_sub(needle.len())?);
    let mut at = 0;
    // How much of the window's front is known to match, for periodic needles.
    let mut memory = 0;
    while at <= last {
        let from = plan.cut.max(memory);
        let right = (from..n).find(|&i| needle.at(i) != text.at(at + i));
        if let Some(i) = right {
            at += i - plan.cut + 1;
            memory = 0;
            continue;
        }
        if (memory..plan.cut)
            .rev()
            .all(|i| needle.at(i) == text.at(at + i))
        {
            return Some(at);
        }
        at += plan.period;
        memory = if plan.periodic { n - plan.period } else { 0 };
    }
    None
}

/// The form that holds both texts; for callers that size a result before they build it.
pub fn common_form(a: TextRef<'_>, b: TextRef<'_>) -> Form {
    a.form().max(b.form())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A small generator of pseudo-random numbers, enough for comparisons with the naive search.
    struct Lcg(u64);
    impl Lcg {
        fn below(&mut self, n: u64) -> u64 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (self.0 >> 33) % n
        }
    }

    fn naive<T: Unit>(text: &[T], needle: &[T]) -> Vec<usize> {
        (0..=text.len().saturating_sub(needle.len()))
            .filter(|&i| text[i..].starts_with(needle))
            .collect()
    }

    #[test]
    fn agrees_with_naive_search() {
        let mut rng = Lcg(7);
        for _ in 0..4000 {
            let letters = 1 + rng.below(3);
            let size = rng.below(60);
            let text: Vec<u16> = (0..size)
                .map(|_| 0x3B0 + rng.below(letters) as u16)
                .collect();
            let size = rng.below(12);
            let needle: Vec<u16> = (0..size)
                .map(|_| 0x3B0 + rng.below(letters) as u16)
                .collect();
            let all = naive(&text, &needle);
            let (t, n) = (TextRef::Two(&text), TextRef::Two(&needle));
            assert_eq!(find(t, n), all.first().copied());
            assert_eq!(rfind(t, n), all.last().copied());
            let plan = Plan::build(&Forward(&needle));
            assert_eq!(
                two_way(&Forward(&text), &Forward(&needle), &plan),
                all.first().copied()
            );
            let wide: Vec<u32> = needle.iter().map(|&c| c.into()).collect();
            assert_eq!(find(t, TextRef::Four(&wide)), all.first().copied());
        }
    }

    #[test]
    fn hard_cases_stay_linear() {
        let text = vec![0x3B1u16; 200_000];
        let mut needle = vec![0x3B1u16; 20_000];
        needle[10_000] = 0x3B2;
        assert_eq!(find(TextRef::Two(&text), TextRef::Two(&needle)), None);
        assert_eq!(rfind(TextRef::Two(&text), TextRef::Two(&needle)), None);
    }

    #[test]
    fn counts_and_replaces() {
        let t = TextRef::One(b"aaaa");
        assert_eq!(count(t, TextRef::One(b"aa"), usize::MAX), 2);
        assert_eq!(count(t, TextRef::EMPTY, usize::MAX), 5);
        let r = |old: &[u8], new: &[u8], limit| {
            replace(t, TextRef::One(old), TextRef::One(new), limit).map(|b| b.to_string())
        };
        assert_eq!(r(b"a", b"xy", 2).as_deref(), Some("xyxyaa"));
        assert_eq!(r(b"", b"-", usize::MAX).as_deref(), Some("-a-a-a-a-"));
        assert_eq!(r(b"", b"-", 2).as_deref(), Some("-a-aaa"));
        assert_eq!(r(b"b", b"-", 2), None);
        assert_eq!(find(TextRef::One(b"abc"), TextRef::Two(&[0x20AC])), None);
    }
}
