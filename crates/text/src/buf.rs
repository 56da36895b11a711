//! [`TextBuf`]: text being built. It starts with one byte a code point and widens when a larger one arrives.

use crate::{Form, TextRef, Unit, is_ascii, with_text};

/// The owned units of a [`TextBuf`].
#[derive(Clone, Debug)]
pub enum TextStore {
    /// Code points below 0x100.
    One(Vec<u8>),
    /// Code points below 0x10000.
    Two(Vec<u16>),
    /// Any code points.
    Four(Vec<u32>),
}

/// Text being built, kept in the smallest kind that holds what was pushed so far.
///
/// After [`TextBuf::truncate`] or [`TextBuf::clear`] the kind may be wider than needed;
/// [`TextBuf::into_parts`] sees to that.
#[derive(Clone, Debug)]
pub struct TextBuf {
    store: TextStore,
    /// Bitwise or of all code points pushed: its form is the form of the text.
    bits: u32,
    /// False once text was taken away, so that `bits` may say too much.
    exact: bool,
}

impl Default for TextBuf {
    fn default() -> Self {
        Self::new()
    }
}

fn widen<A: Unit, B: Unit>(units: &[A], extra: usize) -> Vec<B> {
    let mut out = Vec::with_capacity(units.len() + extra);
    // Every caller goes from a smaller kind to a larger one, so nothing is filtered out.
    out.extend(units.iter().filter_map(|&c| B::from_char(c.code())));
    out
}

fn narrow<A: Unit, B: Unit>(units: &[A]) -> Vec<B> {
    units
        .iter()
        .filter_map(|&c| B::from_char(c.code()))
        .collect()
}

impl TextBuf {
    /// Empty text.
    pub const fn new() -> Self {
        Self {
            store: TextStore::One(Vec::new()),
            bits: 0,
            exact: true,
        }
    }

    /// Empty text with room for `len` code points below 0x100.
    pub fn with_capacity(len: usize) -> Self {
        Self {
            store: TextStore::One(Vec::with_capacity(len)),
            bits: 0,
            exact: true,
        }
    }

    /// Empty text with room for `len` code points of `form`; pushing those does not copy.
    pub fn with_form(form: Form, len: usize) -> Self {
        let store = match form {
            Form::Ascii | Form::Latin1 => TextStore::One(Vec::with_capacity(len)),
            Form::Ucs2 => TextStore::Two(Vec::with_capacity(len)),
            Form::Ucs4 => TextStore::Four(Vec::with_capacity(len)),
        };
        Self {
            store,
            bits: 0,
            exact: true,
        }
    }

    /// A copy of `text` in the smallest kind that holds it.
    pub fn from_text(text: TextRef<'_>) -> Self {
        let form = text.form();
        let store = match (text, form) {
            (TextRef::One(s), _) => TextStore::One(s.to_vec()),
            (TextRef::Two(s), Form::Ascii | Form::Latin1) => TextStore::One(narrow(s)),
            (TextRef::Two(s), _) => TextStore::Two(s.to_vec()),
            (TextRef::Four(s), Form::Ascii | Form::Latin1) => TextStore::One(narrow(s)),
            (TextRef::Four(s), Form::Ucs2) => TextStore::Two(narrow(s)),
            (TextRef::Four(s), Form::Ucs4) => TextStore::Four(s.to_vec()),
        };
        Self {
            store,
            bits: form.max_char(),
            exact: true,
        }
    }

    /// Takes bytes as code points below 0x100, without a copy.
    pub fn from_latin1(bytes: Vec<u8>) -> Self {
        let bits = if bytes.is_ascii() { 0x7F } else { 0xFF };
        Self {
            store: TextStore::One(bytes),
            bits,
            exact: true,
        }
    }

    /// Takes code points, in the smallest kind that holds them.
    pub fn from_chars(chars: impl IntoIterator<Item = u32>) -> Self {
        let mut out = Self::new();
        out.extend(chars);
        out
    }

    /// Number of code points.
    #[inline]
    pub fn len(&self) -> usize {
        match &self.store {
            TextStore::One(v) => v.len(),
            TextStore::Two(v) => v.len(),
            TextStore::Four(v) => v.len(),
        }
    }

    /// True if there is no code point.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The smallest form that holds all that was pushed.
    #[inline]
    pub fn form(&self) -> Form {
        Form::of(self.bits)
    }

    /// What was built so far.
    #[inline]
    pub fn as_text(&self) -> TextRef<'_> {
        match &self.store {
            TextStore::One(v) => TextRef::One(v),
            TextStore::Two(v) => TextRef::Two(v),
            TextStore::Four(v) => TextRef::Four(v),
        }
    }

    /// The units and their form, in the smallest kind.
    pub fn into_parts(self) -> (TextStore, Form) {
        let form = self.form();
        if self.exact && self.as_text().width() == form.width() {
            return (self.store, form);
        }
        let narrowed = Self::from_text(self.as_text());
        let form = narrowed.form();
        (narrowed.store, form)
    }

    /// Makes room for `extra` more code points of the present kind.
    pub fn reserve(&mut self, extra: usize) {
        match &mut self.store {
            TextStore::One(v) => v.reserve(extra),
            TextStore::Two(v) => v.reserve(extra),
            TextStore::Four(v) => v.reserve(extra),
        }
    }

    /// Makes room for `extra` more code points of up to `form`, so that appending those neither copies nor fails.
    /// False, and nothing changed, when memory is exhausted.
    #[must_use]
    pub fn try_reserve(&mut self, form: Form, extra: usize) -> bool {
        fn widened<A: Unit, B: Unit>(units: &[A], extra: usize) -> Option<Vec<B>> {
            let mut out = Vec::new();
            out.try_reserve_exact(units.len().checked_add(extra)?)
                .ok()?;
            out.extend(units.iter().filter_map(|&c| B::from_char(c.code())));
            Some(out)
        }
        let wider = match (&mut self.store, form) {
            (TextStore::One(v), Form::Ucs2) => widened(v, extra).map(TextStore::Two),
            (TextStore::One(v), Form::Ucs4) => widened(v, extra).map(TextStore::Four),
            (TextStore::Two(v), Form::Ucs4) => widened(v, extra).map(TextStore::Four),
            (TextStore::One(v), _) => return v.try_reserve(extra).is_ok(),
            (TextStore::Two(v), _) => return v.try_reserve(extra).is_ok(),
            (TextStore::Four(v), _) => return v.try_reserve(extra).is_ok(),
        };
        match wider {
            Some(store) => {
                self.store = store;
                true
            }
            None => false,
        }
    }

    /// Widens the store so that it holds `form`, with room for `extra` more.
    fn hold(&mut self, form: Form, extra: usize) {
        self.store = match (&self.store, form) {
            (TextStore::One(v), Form::Ucs2) => TextStore::Two(widen(v, extra)),
            (TextStore::One(v), Form::Ucs4) => TextStore::Four(widen(v, extra)),
            (TextStore::Two(v), Form::Ucs4) => TextStore::Four(widen(v, extra)),
            _ => return,
        };
    }

    /// Appends a code point.
    #[inline]
    pub fn push(&mut self, ch: u32) {
        self.bits |= ch;
        match &mut self.store {
            TextStore::One(v) if ch <= 0xFF => v.push(ch as u8),
            TextStore::Two(v) if ch <= 0xFFFF => v.push(ch as u16),
            TextStore::Four(v) => v.push(ch),
            _ => self.push_wide(ch),
        }
    }

    #[cold]
    fn push_wide(&mut self, ch: u32) {
        self.hold(Form::of(ch), self.len() / 2 + 8);
        match &mut self.store {
            TextStore::One(_) => {}
            TextStore::Two(v) => v.push(ch as u16),
            TextStore::Four(v) => v.push(ch),
        }
    }

    /// Appends `count` times the same code point.
    pub fn push_repeat(&mut self, ch: u32, count: usize) {
        if count == 0 {
            return;
        }
        self.hold(Form::of(ch), count);
        self.bits |= ch;
        match &mut self.store {
            TextStore::One(v) => v.resize(v.len() + count, ch as u8),
            TextStore::Two(v) => v.resize(v.len() + count, ch as u16),
            TextStore::Four(v) => v.resize(v.len() + count, ch),
        }
    }

    /// Appends bytes as code points below 0x100.
    #[inline]
    pub fn push_latin1(&mut self, bytes: &[u8]) {
        self.bits |= if is_ascii(bytes) { 0x7F } else { 0xFF };
        match &mut self.store {
            TextStore::One(to) => to.extend_from_slice(bytes),
            _ => self.append_units(bytes),
        }
    }

    /// Appends a Rust string.
    pub fn push_str(&mut self, s: &str) {
        if is_ascii(s.as_bytes()) {
            match &mut self.store {
                TextStore::One(to) => to.extend_from_slice(s.as_bytes()),
                _ => self.append_units(s.as_bytes()),
            }
            return;
        }
        // Known beforehand, so that the loop that follows need not ask for each character.
        let form = Form::of_str(s);
        self.hold(form, s.len());
        self.bits |= form.max_char();
        match &mut self.store {
            TextStore::One(v) => v.extend(s.chars().map(|c| u32::from(c) as u8)),
            TextStore::Two(v) => v.extend(s.chars().map(|c| u32::from(c) as u16)),
            TextStore::Four(v) => v.extend(s.chars().map(u32::from)),
        }
    }

    /// Appends text of any kind.
    #[inline]
    pub fn push_text(&mut self, text: TextRef<'_>) {
        match (&mut self.store, text) {
            (TextStore::One(to), TextRef::One(s)) => {
                to.extend_from_slice(s);
                if !s.is_empty() {
                    self.bits |= if is_ascii(s) { 0x7F } else { 0xFF };
                }
            }
            _ => self.push_wider(text),
        }
    }

    #[inline(never)]
    fn push_wider(&mut self, text: TextRef<'_>) {
        let form = text.form();
        self.hold(form, text.len());
        if !text.is_empty() {
            self.bits |= form.max_char();
        }
        with_text!(text, s => self.append_units(s));
    }

    /// Appends units that the present kind can hold.
    fn append_units<A: Unit>(&mut self, units: &[A]) {
        fn put<A: Unit, B: Unit>(to: &mut Vec<B>, units: &[A]) {
            // For equal types this is a plain copy.
            match bytemuck::try_cast_slice::<A, B>(units) {
                Ok(same) if size_of::<A>() == size_of::<B>() => to.extend_from_slice(same),
                _ => to.extend(units.iter().filter_map(|&c| B::from_char(c.code()))),
            }
        }
        match &mut self.store {
            TextStore::One(v) => put(v, units),
            TextStore::Two(v) => put(v, units),
            TextStore::Four(v) => put(v, units),
        }
    }

    /// Cuts the text to its first `len` code points.
    pub fn truncate(&mut self, len: usize) {
        self.exact &= len >= self.len();
        match &mut self.store {
            TextStore::One(v) => v.truncate(len),
            TextStore::Two(v) => v.truncate(len),
            TextStore::Four(v) => v.truncate(len),
        }
    }

    /// Forgets the text, keeps the memory and the kind.
    pub fn clear(&mut self) {
        self.truncate(0);
        self.bits = 0;
        self.exact = true;
    }
}

impl Extend<u32> for TextBuf {
    fn extend<I: IntoIterator<Item = u32>>(&mut self, chars: I) {
        let chars = chars.into_iter();
        self.reserve(chars.size_hint().0);
        chars.for_each(|c| self.push(c));
    }
}

impl From<&str> for TextBuf {
    fn from(s: &str) -> Self {
        let mut out = Self::with_capacity(s.len());
        out.push_str(s);
        out
    }
}

impl From<String> for TextBuf {
    fn from(s: String) -> Self {
        if s.is_ascii() {
            Self::from_latin1(s.into_bytes())
        } else {
            s.as_str().into()
        }
    }
}

impl From<TextRef<'_>> for TextBuf {
    fn from(text: TextRef<'_>) -> Self {
        Self::from_text(text)
    }
}

impl PartialEq for TextBuf {
    fn eq(&self, other: &Self) -> bool {
        self.as_text() == other.as_text()
    }
}

impl Eq for TextBuf {}

impl std::fmt::Display for TextBuf {
    /// Lone surrogates show as U+FFFD.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.as_text().to_string_lossy())
    }
}

impl std::fmt::Write for TextBuf {
    fn write_str(&mut self, s: &str) -> std::fmt::Result {
        self.push_str(s);
        Ok(())
    }
}

/// Joins `a` and `b` into text of the smallest kind.
pub fn concat(a: TextRef<'_>, b: TextRef<'_>) -> TextBuf {
    let mut out = TextBuf::with_form(a.form().max(b.form()), a.len() + b.len());
    out.push_text(a);
    out.push_text(b);
    out
}

/// The length and form of `parts` joined with `sep` between them; `None` if the length overflows.
pub fn join_size<'a>(
    sep: TextRef<'_>,
    parts: impl IntoIterator<Item = TextRef<'a>>,
) -> Option<(usize, Form)> {
    let (mut len, mut form, mut count) = (0usize, Form::Ascii, 0usize);
    for part in parts {
        len = len.checked_add(part.len())?;
        form = form.max(part.form());
        count += 1;
    }
    if count > 1 {
        len = len.checked_add(sep.len().checked_mul(count - 1)?)?;
        form = form.max(sep.form());
    }
    Some((len, form))
}

/// Joins `parts` with `sep` between them; `None` if the length overflows.
pub fn join<'a>(
    sep: TextRef<'_>,
    parts: impl IntoIterator<Item = TextRef<'a>, IntoIter: Clone>,
) -> Option<TextBuf> {
    let parts = parts.into_iter();
    let (len, form) = join_size(sep, parts.clone())?;
    let mut out = TextBuf::with_form(form, len);
    for (i, part) in parts.enumerate() {
        if i > 0 {
            out.push_text(sep);
        }
        out.push_text(part);
    }
    Some(out)
}

/// `text` repeated `count` times; `None` if the length overflows.
pub fn repeat(text: TextRef<'_>, count: usize) -> Option<TextBuf> {
    let total = text.len().checked_mul(count)?;
    total
        .checked_mul(text.width())
        .filter(|&n| n <= isize::MAX as usize)?;
    let unit = TextBuf::from_text(text);
    let bits = unit.bits;
    let store = match unit.store {
        TextStore::One(v) => TextStore::One(v.repeat(count)),
        TextStore::Two(v) => TextStore::Two(v.repeat(count)),
        TextStore::Four(v) => TextStore::Four(v.repeat(count)),
    };
    Some(TextBuf {
        store,
        bits: if total == 0 { 0 } else { bits },
        exact: true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widens_as_needed() {
        let mut b = TextBuf::new();
        b.push_str("ab");
        assert_eq!(b.form(), Form::Ascii);
        b.push(0xE9);
        assert_eq!(b.form(), Form::Latin1);
        b.push(0x20AC);
        assert!(matches!(b.as_text(), TextRef::Two(_)));
        b.push_repeat(0x1F600, 2);
        b.push_text(TextRef::One(b"z"));
        assert_eq!(b.to_string(), "abé€😀😀z");
        let (store, form) = b.into_parts();
        assert!(matches!(store, TextStore::Four(_)));
        assert_eq!(form, Form::Ucs4);
    }

    #[test]
    fn parts_are_in_the_smallest_kind() {
        let mut b = TextBuf::with_form(Form::Ucs4, 4);
        b.push_str("ab");
        let (store, form) = b.into_parts();
        assert!(matches!(store, TextStore::One(_)));
        assert_eq!(form, Form::Ascii);
        let mut b = TextBuf::from("a€");
        b.truncate(1);
        let (store, form) = b.into_parts();
        assert!(matches!(store, TextStore::One(_)));
        assert_eq!(form, Form::Ascii);
    }

    #[test]
    fn joins() {
        let parts = [TextRef::One(b"a"), TextRef::Two(&[0x20AC]), TextRef::EMPTY];
        let joined = join(TextRef::One(b", "), parts);
        assert_eq!(joined.map(|t| t.to_string()).as_deref(), Some("a, €, "));
        assert_eq!(concat(parts[0], parts[1]).to_string(), "a€");
        assert_eq!(
            repeat(parts[1], 3).map(|t| t.to_string()).as_deref(),
            Some("€€€")
        );
        assert!(repeat(parts[1], usize::MAX).is_none());
    }
}
