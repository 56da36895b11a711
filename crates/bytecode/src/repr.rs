//! `repr` of constants, for the disassembler and other tools that show code without running it.

use crate::constant::{Constant, Str};
use crate::set_order::in_order;
use std::fmt::Write;
use std::rc::Rc;

/// How deep containers may be nested before the rest is left out.
const MAX_DEPTH: usize = 200;

/// Python's `repr(constant)`. A code object's address is that of ours; the order of sets is Python's with `PYTHONHASHSEED=0`.
pub fn repr(constant: &Constant) -> String {
    let mut out = String::new();
    write_repr(constant, MAX_DEPTH, &mut out);
    out
}

fn write_repr(constant: &Constant, depth: usize, out: &mut String) {
    let Some(depth) = depth.checked_sub(1) else {
        out.push_str("...");
        return;
    };
    match constant {
        Constant::None => out.push_str("None"),
        Constant::True => out.push_str("True"),
        Constant::False => out.push_str("False"),
        Constant::Ellipsis => out.push_str("Ellipsis"),
        Constant::StopIteration => out.push_str("<class 'StopIteration'>"),
        Constant::Int(value) => {
            write!(out, "{value}").ok();
        }
        Constant::Float(value) => out.push_str(&taipan_numeric::double::repr(**value)),
        Constant::Complex(value) => {
            out.push_str(&taipan_numeric::double::repr_complex(value.0, value.1));
        }
        Constant::Str(text) => str_repr(text, out),
        Constant::Bytes(bytes) => bytes_repr(bytes, out),
        Constant::Tuple(items) => {
            let end = if items.len() == 1 { ",)" } else { ")" };
            list("(", items, end, depth, out);
        }
        Constant::List(items) => list("[", items, "]", depth, out),
        Constant::Set(items) if items.is_empty() => out.push_str("set()"),
        Constant::Set(items) => list("{", &in_order(items, 1), "}", depth, out),
        Constant::FrozenSet(items) if items.is_empty() => out.push_str("frozenset()"),
        // CPython makes those of its compiler a second time when it interns their strings.
        Constant::FrozenSet(items) => list("frozenset({", &in_order(items, 2), "})", depth, out),
        Constant::Slice(parts) => list("slice(", &parts[..], ")", depth, out),
        Constant::Dict(items) => {
            out.push('{');
            for (i, (key, value)) in items.iter().enumerate() {
                if i > 0 {
                    out.push_str(", ");
                }
                write_repr(key, depth, out);
                out.push_str(": ");
                write_repr(value, depth, out);
            }
            out.push('}');
        }
        Constant::Code(code) => {
            let file = &code.filename.text;
            write!(
                out,
                "<code object {} at {:p}, file \"{}\", line {}>",
                display(&code.name),
                Rc::as_ptr(code),
                file.to_str().unwrap_or("?"),
                code.firstlineno
            )
            .ok();
        }
    }
}

fn list(start: &str, items: &[Constant], end: &str, depth: usize, out: &mut String) {
    out.push_str(start);
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        write_repr(item, depth, out);
    }
    out.push_str(end);
}

/// A string as it is, surrogates escaped.
pub(crate) fn display(text: &Str) -> String {
    let point = |point: u32| match char::from_u32(point) {
        Some(c) => c.to_string(),
        None => format!("\\u{point:04x}"),
    };
    text.text.code_points().map(point).collect()
}

fn str_repr(text: &Str, out: &mut String) {
    let bytes = text.text.as_bytes();
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') {
        '"'
    } else {
        '\''
    };
    out.push(quote);
    for point in text.text.code_points() {
        match char::from_u32(point) {
            Some('\\') => out.push_str("\\\\"),
            Some('\n') => out.push_str("\\n"),
            Some('\r') => out.push_str("\\r"),
            Some('\t') => out.push_str("\\t"),
            Some(c) if c == quote => out.extend(['\\', c]),
            Some(c) if taipan_unicode::props::is_printable(point) => out.push(c),
            _ => {
                match point {
                    0..=0xFF => write!(out, "\\x{point:02x}"),
                    0x100..=0xFFFF => write!(out, "\\u{point:04x}"),
                    _ => write!(out, "\\U{point:08x}"),
                }
                .ok();
            }
        }
    }
    out.push(quote);
}

fn bytes_repr(bytes: &[u8], out: &mut String) {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') {
        '"'
    } else {
        '\''
    };
    out.push('b');
    out.push(quote);
    for byte in bytes {
        match byte {
            b'\\' => out.push_str("\\\\"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            byte if char::from(*byte) == quote => out.extend(['\\', quote]),
            b' '..=b'~' => out.push(char::from(*byte)),
            byte => {
                write!(out, "\\x{byte:02x}").ok();
            }
        }
    }
    out.push(quote);
}
