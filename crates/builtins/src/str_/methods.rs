//! Methods of `str` that look at characters: case, padding, stripping, predicates, replacing, encoding.

use taipan_macros::pymethods;
use taipan_object::convert::FromArg;
use taipan_object::{PyResult, Ref, Str, Value, Vm};
use taipan_text::{Form, TextBuf, TextRef, search};
use taipan_unicode as unicode;

use super::exact;
use crate::{codecs, util};

/// The fill character of `center` and its like.
struct Fill(u32);

impl<'a> FromArg<'a> for Fill {
    fn from_arg(vm: &Vm, v: &'a Value, _: &taipan_object::convert::ArgContext) -> PyResult<Fill> {
        let Some(s) = v.downcast_ref::<Str>() else {
            return Err(util::type_error_for(
                vm,
                "The fill character must be a unicode character, not ",
                v,
                "",
            ));
        };
        match (s.len(), s.text().get(0)) {
            (1, Some(c)) => Ok(Fill(c)),
            _ => Err(vm.type_error("The fill character must be exactly one character long")),
        }
    }
}

fn pad(vm: &Vm, s: &Ref<Str>, left: usize, right: usize, fill: u32) -> PyResult<Ref<Str>> {
    if left == 0 && right == 0 {
        return exact(vm, s);
    }
    let len = s.len().checked_add(left).and_then(|n| n.checked_add(right));
    let Some(len) = len.filter(|&n| n <= isize::MAX as usize) else {
        return Err(vm.overflow_error("padded string is too long"));
    };
    if len == 1 {
        return vm.char_str(fill);
    }
    vm.new_str_filled(len, s.form().max(Form::of(fill)), |out| {
        out.push_repeat(fill, left);
        out.push(s);
        out.push_repeat(fill, right);
    })
}

fn missing(s: &Str, width: isize) -> usize {
    usize::try_from(width).map_or(0, |w| w.saturating_sub(s.len()))
}

/// The range of `text` without what `drop` says at the ends.
fn stripped(
    text: TextRef<'_>,
    left: bool,
    right: bool,
    drop: impl Fn(u32) -> bool,
) -> (usize, usize) {
    let mut start = 0;
    if left {
        start = text.chars().take_while(|&c| drop(c)).count();
    }
    let mut end = text.len();
    if right {
        let rest = text.slice(start..end);
        end -= rest.chars().rev().take_while(|&c| drop(c)).count();
    }
    (start, end)
}

fn strip(
    vm: &Vm,
    this: &Ref<Str>,
    chars: Option<&Value>,
    name: &str,
    left: bool,
    right: bool,
) -> PyResult<Ref<Str>> {
    let text = this.text();
    let (start, end) = match chars.filter(|v| !vm.is_none(v)) {
        None => match this.as_ascii() {
            Some(s) => {
                let drop = |c: u32| matches!(c, 9..=13 | 28..=32);
                stripped(TextRef::One(s.as_bytes()), left, right, drop)
            }
            None => stripped(text, left, right, unicode::is_space),
        },
        Some(v) => {
            let Some(set) = v.downcast_ref::<Str>() else {
                return Err(vm.type_error(&format!("{name} arg must be None or str")));
            };
            let set = set.text();
            stripped(text, left, right, |c| search::find_char(set, c).is_some())
        }
    };
    vm.substring(this, start, end)
}

fn cased(
    vm: &Vm,
    this: &Ref<Str>,
    ascii: impl Fn(&u8) -> u8,
    other: fn(TextRef<'_>) -> TextBuf,
) -> PyResult<Ref<Str>> {
    match this.as_ascii() {
        Some(s) => vm.new_ascii_mapped(s, |b| ascii(&b)),
        None => vm.new_str_buf(&other(this.text())),
    }
}

fn swapped(b: &u8) -> u8 {
    if b.is_ascii_alphabetic() {
        b ^ 0x20
    } else {
        *b
    }
}

/// Every character satisfies a predicate, and there is one.
fn all(this: &Ref<Str>, ascii: fn(&u8) -> bool, other: fn(u32) -> bool) -> bool {
    match this.as_ascii() {
        Some(s) => !s.is_empty() && s.as_bytes().iter().all(ascii),
        None => unicode::strings::all(this.text(), other),
    }
}

fn replaced(
    vm: &Vm,
    this: &Ref<Str>,
    old: &Ref<Str>,
    new: &Ref<Str>,
    limit: usize,
) -> PyResult<Ref<Str>> {
    if limit == 0 || old.len() > this.len() || old.form() > this.form() || old.same_text(new) {
        return exact(vm, this);
    }
    let (text, old_text, new_text) = (this.text(), old.text(), new.text());
    if let (true, Some(text), Some(&[byte])) = (
        new.is_ascii(),
        this.as_ascii(),
        old.as_ascii().map(str::as_bytes),
    ) && this.len() > 1
    {
        return replaced_byte(vm, this, text.as_bytes(), byte, new, limit);
    }
    if !old.is_empty() && this.is_ascii() && new.is_ascii() {
        let places: Vec<usize> = search::matches(text, old_text).take(limit).collect();
        if places.is_empty() {
            return exact(vm, this);
        }
        let gone = places.len() * old.len();
        let len = places
            .len()
            .checked_mul(new.len())
            .and_then(|n| n.checked_add(this.len() - gone))
            .filter(|&n| n <= isize::MAX as usize);
        let Some(len) = len else {
            return Err(vm.overflow_error("replace string is too long"));
        };
        match len {
            0 => return vm.new_str(""),
            1 => {}
            _ => {
                return vm.new_str_filled(len, Form::Ascii, |out| {
                    let mut from = 0;
                    for at in places {
                        out.push_part(this, from..at);
                        out.push(new);
                        from = at + old.len();
                    }
                    out.push_part(this, from..usize::MAX);
                });
            }
        }
    }
    let count = search::count(text, old_text, limit);
    let added = count.checked_mul(new.len());
    if added.is_none_or(|n| n > isize::MAX as usize / 4 - this.len()) {
        return Err(vm.overflow_error("replace string is too long"));
    }
    match search::replace(text, old_text, new_text, limit) {
        Some(out) => vm.new_str_buf(&out),
        None => exact(vm, this),
    }
}

/// [`replaced`] for one ASCII character in ASCII text of more than one.
fn replaced_byte(
    vm: &Vm,
    this: &Ref<Str>,
    text: &[u8],
    old: u8,
    new: &Ref<Str>,
    limit: usize,
) -> PyResult<Ref<Str>> {
    let all = search::count(TextRef::One(text), TextRef::One(&[old]), usize::MAX);
    let count = all.min(limit);
    if count == 0 {
        return exact(vm, this);
    }
    if let (&[new], true) = (new.raw_bytes(), count == all) {
        return vm.new_str_filled(text.len(), Form::Ascii, |out| {
            out.push_mapped(text, |b| if b == old { new } else { b })
        });
    }
    let len = count
        .checked_mul(new.len())
        .and_then(|n| n.checked_add(text.len() - count))
        .filter(|&n| n <= isize::MAX as usize);
    let Some(len) = len else {
        return Err(vm.overflow_error("replace string is too long"));
    };
    if len < 2 {
        // Such strings exist already.
        let (text, old) = (TextRef::One(text), [old]);
        return match search::replace(text, TextRef::One(&old), new.text(), limit) {
            Some(out) => vm.new_str_buf(&out),
            None => exact(vm, this),
        };
    }
    vm.new_str_filled(len, Form::Ascii, |out| {
        let mut from = 0;
        for _ in 0..count {
            let Some(found) = search::find_byte(&text[from..], old) else {
                break;
            };
            out.push_part(this, from..from + found);
            out.push(new);
            from += found + 1;
        }
        out.push_part(this, from..usize::MAX);
    })
}

/// Holder of the methods of `str`.
pub struct StrMethods;

#[pymethods(STR_METHODS)]
impl StrMethods {
    /// Encode the string using the codec registered for encoding.
    #[pymethod(sig = "($self, /, encoding='utf-8', errors='strict')")]
    fn encode(vm: &Vm, this: &Ref<Str>, encoding: Option<&str>, errors: Option<&str>) -> PyResult {
        codecs::encode_text(vm, this, encoding, errors)
    }

    /// Return a copy with all occurrences of substring old replaced by new.
    ///
    /// With a count that is not negative, only the first count occurrences are replaced.
    #[pymethod(sig = "($self, old, new, /, count=-1)")]
    fn replace(
        vm: &Vm,
        this: &Ref<Str>,
        old: &Ref<Str>,
        new: &Ref<Str>,
        count: isize,
    ) -> PyResult<Ref<Str>> {
        replaced(
            vm,
            this,
            old,
            new,
            usize::try_from(count).unwrap_or(usize::MAX),
        )
    }

    /// Return a capitalized version of the string.
    ///
    /// More specifically, the first character in title case and the rest lower case.
    #[pymethod(sig = "($self, /)")]
    fn capitalize(vm: &Vm, this: &Ref<Str>) -> PyResult<Ref<Str>> {
        match this.as_ascii() {
            Some(s) => {
                let first = std::cell::Cell::new(true);
                vm.new_ascii_mapped(s, |b| match first.replace(false) {
                    true => b.to_ascii_uppercase(),
                    false => b.to_ascii_lowercase(),
                })
            }
            None => vm.new_str_buf(&unicode::strings::capitalize(this.text())),
        }
    }

    /// Return a version of the string suitable for caseless comparisons.
    #[pymethod(sig = "($self, /)")]
    fn casefold(vm: &Vm, this: &Ref<Str>) -> PyResult<Ref<Str>> {
        cased(vm, this, u8::to_ascii_lowercase, unicode::strings::casefold)
    }

    /// Return a version of the string where each word is titlecased.
    #[pymethod(sig = "($self, /)")]
    fn title(vm: &Vm, this: &Ref<Str>) -> PyResult<Ref<Str>> {
        vm.new_str_buf(&unicode::strings::title(this.text()))
    }

    /// Return a centered string of length width.
    ///
    /// Padding is done using the specified fill character (default is a space).
    #[pymethod(sig = "($self, width, fillchar=' ', /)")]
    fn center(
        vm: &Vm,
        this: &Ref<Str>,
        width: isize,
        fillchar: Option<Fill>,
    ) -> PyResult<Ref<Str>> {
        let n = missing(this, width);
        let left = n / 2 + (n & width as usize & 1);
        pad(vm, this, left, n - left, fillchar.map_or(32, |f| f.0))
    }

    /// Return a left-justified string of length width.
    ///
    /// Padding is done using the specified fill character (default is a space).
    #[pymethod(sig = "($self, width, fillchar=' ', /)")]
    fn ljust(vm: &Vm, this: &Ref<Str>, width: isize, fillchar: Option<Fill>) -> PyResult<Ref<Str>> {
        pad(
            vm,
            this,
            0,
            missing(this, width),
            fillchar.map_or(32, |f| f.0),
        )
    }

    /// Return a right-justified string of length width.
    ///
    /// Padding is done using the specified fill character (default is a space).
    #[pymethod(sig = "($self, width, fillchar=' ', /)")]
    fn rjust(vm: &Vm, this: &Ref<Str>, width: isize, fillchar: Option<Fill>) -> PyResult<Ref<Str>> {
        pad(
            vm,
            this,
            missing(this, width),
            0,
            fillchar.map_or(32, |f| f.0),
        )
    }

    /// Pad a numeric string with zeros on the left, to fill a field of the given width.
    ///
    /// The string is never truncated.
    #[pymethod(sig = "($self, width, /)")]
    fn zfill(vm: &Vm, this: &Ref<Str>, width: isize) -> PyResult<Ref<Str>> {
        let n = missing(this, width);
        let sign = this.text().get(0);
        if n == 0 || !matches!(sign, Some(0x2b | 0x2d)) {
            return pad(vm, this, n, 0, '0'.into());
        }
        let len = this.len().saturating_add(n);
        vm.new_str_filled(len, this.form(), |out| {
            out.push_part(this, 0..1);
            out.push_repeat('0'.into(), n);
            out.push_part(this, 1..usize::MAX);
        })
    }

    /// Return a copy where all tab characters are expanded using spaces.
    ///
    /// If tabsize is not given, a tab size of 8 characters is assumed.
    #[pymethod(sig = "($self, /, tabsize=8)")]
    fn expandtabs(vm: &Vm, this: &Ref<Str>, tabsize: i32) -> PyResult<Ref<Str>> {
        let text = this.text();
        if search::find_char(text, 9).is_none() {
            return exact(vm, this);
        }
        let size = tabsize.max(0) as usize;
        // The first pass finds the length, the second writes.
        let expand = |put: &mut dyn FnMut(u32, usize)| {
            let mut column = 0usize;
            for c in text.chars() {
                if c == 9 {
                    if size > 0 {
                        let n = size - column % size;
                        column = column.saturating_add(n);
                        put(32, n);
                    }
                } else {
                    column = if c == 10 || c == 13 {
                        0
                    } else {
                        column.saturating_add(1)
                    };
                    put(c, 1);
                }
            }
        };
        let mut len = Some(0usize);
        expand(&mut |_, n| len = len.and_then(|l| l.checked_add(n)));
        let Some(len) = len.filter(|&n| n <= isize::MAX as usize) else {
            return Err(vm.overflow_error("new string is too long"));
        };
        match len {
            0 => return vm.new_str(""),
            1 => {
                let mut only = 32;
                expand(&mut |c, _| only = c);
                return vm.char_str(only);
            }
            _ => {}
        }
        vm.new_str_filled(len, this.form(), |out| {
            expand(&mut |c, n| out.push_repeat(c, n));
        })
    }

    /// Return a copy of the string converted to lowercase.
    #[pymethod(sig = "($self, /)")]
    fn lower(vm: &Vm, this: &Ref<Str>) -> PyResult<Ref<Str>> {
        cased(vm, this, u8::to_ascii_lowercase, unicode::strings::lower)
    }

    /// Return a copy of the string converted to uppercase.
    #[pymethod(sig = "($self, /)")]
    fn upper(vm: &Vm, this: &Ref<Str>) -> PyResult<Ref<Str>> {
        cased(vm, this, u8::to_ascii_uppercase, unicode::strings::upper)
    }

    /// Convert uppercase characters to lowercase and lowercase characters to uppercase.
    #[pymethod(sig = "($self, /)")]
    fn swapcase(vm: &Vm, this: &Ref<Str>) -> PyResult<Ref<Str>> {
        cased(vm, this, swapped, unicode::strings::swapcase)
    }

    /// Return a copy of the string with leading and trailing whitespace removed.
    ///
    /// If chars is given and not None, remove characters in chars instead.
    #[pymethod(sig = "($self, chars=None, /)")]
    fn strip(vm: &Vm, this: &Ref<Str>, chars: Option<&Value>) -> PyResult<Ref<Str>> {
        strip(vm, this, chars, "strip", true, true)
    }

    /// Return a copy of the string with leading whitespace removed.
    ///
    /// If chars is given and not None, remove characters in chars instead.
    #[pymethod(sig = "($self, chars=None, /)")]
    fn lstrip(vm: &Vm, this: &Ref<Str>, chars: Option<&Value>) -> PyResult<Ref<Str>> {
        strip(vm, this, chars, "lstrip", true, false)
    }

    /// Return a copy of the string with trailing whitespace removed.
    ///
    /// If chars is given and not None, remove characters in chars instead.
    #[pymethod(sig = "($self, chars=None, /)")]
    fn rstrip(vm: &Vm, this: &Ref<Str>, chars: Option<&Value>) -> PyResult<Ref<Str>> {
        strip(vm, this, chars, "rstrip", false, true)
    }

    /// Return a str with the given prefix string removed if present.
    ///
    /// Otherwise, the result is a copy of the string.
    #[pymethod(sig = "($self, prefix, /)")]
    fn removeprefix(vm: &Vm, this: &Ref<Str>, prefix: &Ref<Str>) -> PyResult<Ref<Str>> {
        if this.text().starts_with(prefix.text()) {
            return vm.substring(this, prefix.len(), usize::MAX);
        }
        exact(vm, this)
    }

    /// Return a str with the given suffix string removed if present.
    ///
    /// Otherwise, the result is a copy of the string.
    #[pymethod(sig = "($self, suffix, /)")]
    fn removesuffix(vm: &Vm, this: &Ref<Str>, suffix: &Ref<Str>) -> PyResult<Ref<Str>> {
        if this.text().ends_with(suffix.text()) {
            return vm.substring(this, 0, this.len() - suffix.len());
        }
        exact(vm, this)
    }

    /// Return True if all characters in the string are ASCII, False otherwise.
    ///
    /// The empty string is ASCII too.
    #[pymethod(sig = "($self, /)")]
    fn isascii(this: &Ref<Str>) -> bool {
        this.is_ascii()
    }

    /// Return True if the string is a lowercase string, False otherwise.
    #[pymethod(sig = "($self, /)")]
    fn islower(this: &Ref<Str>) -> bool {
        unicode::strings::islower(this.text())
    }

    /// Return True if the string is an uppercase string, False otherwise.
    #[pymethod(sig = "($self, /)")]
    fn isupper(this: &Ref<Str>) -> bool {
        unicode::strings::isupper(this.text())
    }

    /// Return True if the string is a title-cased string, False otherwise.
    #[pymethod(sig = "($self, /)")]
    fn istitle(this: &Ref<Str>) -> bool {
        unicode::strings::istitle(this.text())
    }

    /// Return True if the string is a whitespace string, False otherwise.
    #[pymethod(sig = "($self, /)")]
    fn isspace(this: &Ref<Str>) -> bool {
        all(this, |b| matches!(b, 9..=13 | 28..=32), unicode::is_space)
    }

    /// Return True if the string is a decimal string, False otherwise.
    #[pymethod(sig = "($self, /)")]
    fn isdecimal(this: &Ref<Str>) -> bool {
        all(this, u8::is_ascii_digit, unicode::is_decimal)
    }

    /// Return True if the string is a digit string, False otherwise.
    #[pymethod(sig = "($self, /)")]
    fn isdigit(this: &Ref<Str>) -> bool {
        all(this, u8::is_ascii_digit, unicode::is_digit)
    }

    /// Return True if the string is a numeric string, False otherwise.
    #[pymethod(sig = "($self, /)")]
    fn isnumeric(this: &Ref<Str>) -> bool {
        all(this, u8::is_ascii_digit, unicode::is_numeric)
    }

    /// Return True if the string is an alphabetic string, False otherwise.
    #[pymethod(sig = "($self, /)")]
    fn isalpha(this: &Ref<Str>) -> bool {
        all(this, u8::is_ascii_alphabetic, unicode::is_alpha)
    }

    /// Return True if the string is an alpha-numeric string, False otherwise.
    #[pymethod(sig = "($self, /)")]
    fn isalnum(this: &Ref<Str>) -> bool {
        all(this, u8::is_ascii_alphanumeric, unicode::is_alnum)
    }

    /// Return True if the string is a valid Python identifier, False otherwise.
    ///
    /// Call keyword.iskeyword(s) to test whether string s is a reserved identifier,
    /// such as "def" or "class".
    #[pymethod(sig = "($self, /)")]
    fn isidentifier(this: &Ref<Str>) -> bool {
        unicode::strings::isidentifier(this.text())
    }

    /// Return True if all characters in the string are printable, False otherwise.
    ///
    /// A character is printable if repr() leaves it as it is.
    #[pymethod(sig = "($self, /)")]
    fn isprintable(this: &Ref<Str>) -> bool {
        match this.as_ascii() {
            Some(s) => s.bytes().all(|b| (32..127).contains(&b)),
            None => this.text().chars().all(unicode::is_printable),
        }
    }
}
