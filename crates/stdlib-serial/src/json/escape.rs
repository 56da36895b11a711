//! Strings as JSON writes them.

use taipan_object::{PyResult, Ref, Str, Vm};
use taipan_text::{TextBuf, Unit, with_text};

/// What is escaped beside quotes, backslashes and control characters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Escapes {
    /// Nothing else.
    Minimal,
    /// DEL and everything beyond ASCII.
    Ascii,
}

/// How many units go by in one step of the search for what must be escaped.
const STEP: usize = 16;

#[inline(always)]
fn must_escape(c: u32, escapes: Escapes) -> bool {
    c < 0x20 || c == 0x22 || c == 0x5c || (escapes == Escapes::Ascii && c >= 0x7f)
}

/// The index of the first unit to escape at or after `at`.
#[inline(always)]
fn next_special<T: Unit>(units: &[T], mut at: usize, escapes: Escapes) -> usize {
    while let Some(step) = units.get(at..at + STEP) {
        // No early exit within a step: the compiler makes vector code of it.
        if step
            .iter()
            .fold(false, |any, c| any | must_escape(c.code(), escapes))
        {
            break;
        }
        at += STEP;
    }
    let rest = units.get(at..).unwrap_or_default();
    rest.iter()
        .position(|c| must_escape(c.code(), escapes))
        .map_or(units.len(), |i| at + i)
}

fn push_hex(out: &mut TextBuf, unit: u32) {
    const HEX: &[u8; 16] = b"0123456789abcdef";
    let digit = |shift: u32| HEX[(unit >> shift & 15) as usize];
    out.push_latin1(&[b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]);
}

#[cold]
fn push_escape(out: &mut TextBuf, c: u32) {
    let short = match c {
        0x22 => b'"',
        0x5c => b'\\',
        8 => b'b',
        12 => b'f',
        10 => b'n',
        13 => b'r',
        9 => b't',
        0x10000.. => {
            let c = c - 0x10000;
            push_hex(out, 0xD800 | c >> 10);
            return push_hex(out, 0xDC00 | c & 0x3FF);
        }
        _ => return push_hex(out, c),
    };
    out.push_latin1(&[b'\\', short]);
}

fn push_units<T: Unit>(out: &mut TextBuf, units: &[T], escapes: Escapes) {
    out.push_latin1(b"\"");
    let mut at = 0;
    loop {
        let end = next_special(units, at, escapes);
        let run = units.get(at..end).unwrap_or_default();
        if !run.is_empty() {
            out.push_text(T::text(run));
        }
        let Some(c) = units.get(end) else {
            break;
        };
        push_escape(out, c.code());
        at = end + 1;
    }
    out.push_latin1(b"\"");
}

/// Appends a string with quotes and escapes.
pub(crate) fn push_quoted(out: &mut TextBuf, s: &Str, escapes: Escapes) {
    with_text!(s.text(), units => push_units(out, units, escapes));
}

/// A string with quotes and escapes.
pub(crate) fn quoted(vm: &Vm, s: &Str, escapes: Escapes) -> PyResult<Ref<Str>> {
    let mut out = TextBuf::with_capacity(s.len() + 2);
    push_quoted(&mut out, s, escapes);
    vm.new_str_buf(&out)
}
