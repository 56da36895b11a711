//! JSON strings as they stand in a document: finding the end, replacing escapes.

use taipan_object::{PyResult, Ref, Str, Value, Vm};
use taipan_text::{TextBuf, Unit};

use super::decode_error;

/// A string found in a document of units `T`.
pub(crate) enum Scanned<'a, T> {
    /// Without escapes: a part of the document; and the index after the closing quote.
    Plain(&'a [T], usize),
    /// With escapes replaced; and the index after the closing quote.
    Built(TextBuf, usize),
}

impl<T: Unit> Scanned<'_, T> {
    /// The string as an object, and the index after its closing quote.
    #[inline]
    pub(crate) fn into_str(self, vm: &Vm) -> PyResult<(Ref<Str>, usize)> {
        match self {
            Scanned::Plain(units, next) => Ok((vm.new_str_text(T::text(units))?, next)),
            Scanned::Built(text, next) => Ok((vm.new_str_buf(&text)?, next)),
        }
    }
}

/// How many units go by in one step of the search for the end of a run.
const STEP: usize = 16;

#[inline(always)]
fn is_special(c: u32) -> bool {
    c == u32::from(b'"') || c == u32::from(b'\\') || c < 0x20
}

/// The index of the first quote, backslash or control character at or after `at`.
#[inline]
fn next_special<T: Unit>(units: &[T], mut at: usize) -> usize {
    // Most strings are short.
    if let Some(step) = units.get(at..at + STEP) {
        if let Some(i) = step.iter().position(|c| is_special(c.code())) {
            return at + i;
        }
        at += STEP;
    }
    while let Some(step) = units.get(at..at + STEP) {
        // No early exit within a step: the compiler makes vector code of it.
        if step.iter().fold(false, |any, c| any | is_special(c.code())) {
            break;
        }
        at += STEP;
    }
    let rest = units.get(at..).unwrap_or_default();
    rest.iter()
        .position(|c| is_special(c.code()))
        .map_or(units.len(), |i| at + i)
}

/// Reads the string whose first unit is at `begin`; `document` is what messages show.
pub(crate) fn scan<'a, T: Unit>(
    vm: &Vm,
    document: &Value,
    units: &'a [T],
    begin: usize,
    strict: bool,
) -> PyResult<Scanned<'a, T>> {
    let unterminated = || {
        let at = begin.wrapping_sub(1);
        if begin == 0 {
            // The opening quote would stand before the document.
            return decode_error_before(vm, document);
        }
        decode_error(vm, "Unterminated string starting at", document, at)
    };
    let mut built: Option<TextBuf> = None;
    let mut start = begin;
    loop {
        let mut at = start;
        let found = loop {
            at = next_special(units, at);
            match units.get(at).map(|c| c.code()) {
                Some(c) if c < 0x20 => {
                    if strict {
                        return Err(decode_error(
                            vm,
                            "Invalid control character at",
                            document,
                            at,
                        ));
                    }
                    at += 1;
                }
                other => break other,
            }
        };
        let Some(found) = found else {
            return Err(unterminated());
        };
        let run = units.get(start..at).unwrap_or_default();
        if found == u32::from(b'"') {
            return Ok(match built {
                None => Scanned::Plain(run, at + 1),
                Some(mut text) => {
                    text.push_text(T::text(run));
                    Scanned::Built(text, at + 1)
                }
            });
        }
        let text = built.get_or_insert_with(TextBuf::new);
        text.push_text(T::text(run));
        let Some(escape) = units.get(at + 1).map(|c| c.code()) else {
            return Err(unterminated());
        };
        let (ch, next) = match u8::try_from(escape).unwrap_or(0) {
            c @ (b'"' | b'\\' | b'/') => (c.into(), at + 2),
            b'b' => (8, at + 2),
            b'f' => (12, at + 2),
            b'n' => (10, at + 2),
            b'r' => (13, at + 2),
            b't' => (9, at + 2),
            b'u' => unicode_escape(vm, document, units, at)?,
            _ => return Err(decode_error(vm, "Invalid \\escape", document, at)),
        };
        text.push(ch);
        start = next;
    }
}

/// `scanstring(s, 0)` of an unterminated string: the quote is said to be at -1.
#[cold]
fn decode_error_before(vm: &Vm, document: &Value) -> taipan_object::Raised {
    let made = vm
        .import("json.decoder")
        .and_then(|m| vm.getattr_str(&m, "JSONDecodeError"))
        .and_then(|class| {
            let message = vm.new_str("Unterminated string starting at")?.into_value();
            vm.call_pos(&class, &[message, document.clone(), Value::from_i32(-1)])
        });
    match made {
        Ok(e) => vm.raise(e),
        Err(r) => r,
    }
}

/// The number that four hexadecimal digits at `at` are; `None` if they are none.
fn hex4<T: Unit>(units: &[T], at: usize) -> Option<u32> {
    units.get(at..at + 4)?.iter().try_fold(0, |n, c| {
        let digit = char::from_u32(c.code())?.to_digit(16)?;
        Some(n << 4 | digit)
    })
}

/// The code point of `\uXXXX` with its backslash at `at`, or of a pair of them, and the index behind.
fn unicode_escape<T: Unit>(
    vm: &Vm,
    document: &Value,
    units: &[T],
    at: usize,
) -> PyResult<(u32, usize)> {
    let Some(first) = hex4(units, at + 2) else {
        return Err(decode_error(vm, "Invalid \\uXXXX escape", document, at + 1));
    };
    let is = |i: usize, c: u8| units.get(i).is_some_and(|u| u.code() == u32::from(c));
    let pair = (0xD800..0xDC00).contains(&first) && is(at + 6, b'\\') && is(at + 7, b'u');
    if !pair || at + 12 >= units.len() {
        return Ok((first, at + 6));
    }
    match hex4(units, at + 8) {
        None => Err(decode_error(vm, "Invalid \\uXXXX escape", document, at + 7)),
        Some(second @ 0xDC00..0xE000) => {
            let joined = 0x10000 + ((first - 0xD800) << 10 | (second - 0xDC00));
            Ok((joined, at + 12))
        }
        Some(_) => Ok((first, at + 6)),
    }
}
