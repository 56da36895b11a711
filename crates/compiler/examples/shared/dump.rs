//! The text form of code objects by which compilers are compared: one line a field, tables in hexadecimal digits.

use std::fmt::Write as _;

use taipan_bytecode::code::CodeObject;
use taipan_bytecode::constant::Constant;
use taipan_bytecode::repr::repr;
use taipan_wtf8::Wtf8;

/// A code object with all that is in it.
pub fn code(code: &CodeObject) -> String {
    let mut out = String::from("<code");
    let names = |names: &[Constant]| constants(names, ", ");
    let mut field = |name: &str, value: String| {
        let _ = write!(out, "\n{name}={value}");
    };
    field("co_name", ascii(&code.name.text));
    field("co_qualname", ascii(&code.qualname.text));
    field("co_firstlineno", code.firstlineno.to_string());
    field("co_argcount", code.argcount.to_string());
    field("co_posonlyargcount", code.posonlyargcount.to_string());
    field("co_kwonlyargcount", code.kwonlyargcount.to_string());
    field("co_flags", code.flags.to_string());
    field("co_stacksize", code.stacksize.to_string());
    field("co_names", names(&code.names));
    field("co_varnames", names(&code.varnames()));
    field("co_cellvars", names(&code.cellvars()));
    field("co_freevars", names(&code.freevars()));
    field("co_code", hex(&code.code));
    field("co_linetable", hex(&code.linetable));
    field("co_exceptiontable", hex(&code.exceptiontable));
    for value in code.consts.iter() {
        let _ = write!(out, "\nconst {}", constant(value));
    }
    out.push('>');
    out
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// A tuple of strings, as `ascii` shows it.
fn constants(items: &[Constant], separator: &str) -> String {
    let texts: Vec<String> = items
        .iter()
        .map(|item| item.as_str().map_or_else(|| "?".to_owned(), ascii))
        .collect();
    let comma = if texts.len() == 1 { "," } else { "" };
    format!("({}{comma})", texts.join(separator))
}

fn constant(value: &Constant) -> String {
    let join = |items: &[Constant]| items.iter().map(constant).collect::<Vec<_>>().join(" ");
    match value {
        Constant::Code(inner) => code(inner),
        Constant::Tuple(items) => format!("({})", join(items)),
        Constant::FrozenSet(items) => {
            let mut texts: Vec<String> = items.iter().map(constant).collect();
            texts.sort();
            format!("frozenset{{{}}}", texts.join(" "))
        }
        Constant::Slice(parts) => format!("slice({})", join(&parts[..])),
        Constant::Str(text) => format!("str:{}", ascii(&text.text)),
        Constant::None => "NoneType:None".to_owned(),
        Constant::True => "bool:True".to_owned(),
        Constant::False => "bool:False".to_owned(),
        Constant::Ellipsis => "ellipsis:Ellipsis".to_owned(),
        Constant::Int(_) | Constant::Float(_) | Constant::Complex(_) | Constant::Bytes(_) => {
            format!("{}:{}", value.type_name(), repr(value))
        }
        _ => value.type_name().to_owned(),
    }
}

/// Python's `ascii` of a string.
fn ascii(text: &Wtf8) -> String {
    let bytes = text.as_bytes();
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') {
        '"'
    } else {
        '\''
    };
    let mut out = String::from(quote);
    for point in text.code_points() {
        let _ = match (point, char::from_u32(point)) {
            (_, Some('\n')) => write!(out, "\\n"),
            (_, Some('\r')) => write!(out, "\\r"),
            (_, Some('\t')) => write!(out, "\\t"),
            (_, Some(c)) if c == quote || c == '\\' => write!(out, "\\{c}"),
            (_, Some(c @ ' '..='~')) => write!(out, "{c}"),
            (0..0x100, _) => write!(out, "\\x{point:02x}"),
            (0..0x10000, _) => write!(out, "\\u{point:04x}"),
            _ => write!(out, "\\U{point:08x}"),
        };
    }
    out.push(quote);
    out
}
