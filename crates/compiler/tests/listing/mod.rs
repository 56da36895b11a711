//! The text form of code objects in the expectation files; `data/make.py` writes the same under CPython.

use std::fmt::Write as _;

use taipan_bytecode::code::CodeObject;
use taipan_bytecode::constant::Constant;
use taipan_bytecode::location::Position;
use taipan_bytecode::opcode::Opcode;
use taipan_bytecode::{exception_table, location};

/// A code object and, after it, those among its constants.
pub fn listing(code: &CodeObject, out: &mut String) {
    let text = |constant: &Constant| {
        constant
            .as_str()
            .and_then(|text| text.to_str())
            .unwrap_or("?")
            .to_owned()
    };
    let _ = writeln!(
        out,
        "code {} {} first={} flags={:#x} stack={} args={},{},{}",
        code.name.text.to_str().unwrap_or("?"),
        code.qualname.text.to_str().unwrap_or("?"),
        code.firstlineno,
        code.flags,
        code.stacksize,
        code.posonlyargcount,
        code.argcount,
        code.kwonlyargcount
    );
    let tables = [
        ("names", code.names.to_vec()),
        ("varnames", code.varnames()),
        ("cellvars", code.cellvars()),
        ("freevars", code.freevars()),
    ];
    for (title, names) in tables {
        if !names.is_empty() {
            let names: Vec<String> = names.iter().map(text).collect();
            let _ = writeln!(out, "{title} {}", names.join(" "));
        }
    }
    if !code.consts.is_empty() {
        let consts: Vec<String> = code.consts.iter().map(constant).collect();
        let _ = writeln!(out, "consts {}", consts.join("; "));
    }
    let mut last = None;
    for (unit, pair) in code.code.chunks_exact(2).enumerate() {
        let opcode = Opcode::from_u8(pair[0]).expect("the compiler makes real opcodes");
        if opcode == Opcode::Cache {
            assert_eq!(pair[1], 0);
            continue;
        }
        let here = location::position_of(&code.linetable, code.firstlineno, unit);
        let _ = write!(out, "{unit} {} {}", opcode.name(), pair[1]);
        if last != Some(here) {
            let _ = write!(out, " @{}", place(here));
        }
        out.push('\n');
        last = Some(here);
    }
    for entry in exception_table::entries(&code.exceptiontable) {
        let _ = writeln!(
            out,
            "handler {}-{} -> {} depth {}{}",
            entry.start,
            entry.end,
            entry.target,
            entry.depth,
            if entry.lasti { " lasti" } else { "" }
        );
    }
    for inner in code.consts.iter() {
        if let Constant::Code(inner) = inner {
            listing(inner, out);
        }
    }
}

fn place(position: Position) -> String {
    let show = |number: Option<i32>| number.map_or("-".to_owned(), |number| number.to_string());
    format!(
        "{}:{}-{}:{}",
        show(position.lineno),
        show(position.col_offset),
        show(position.end_lineno),
        show(position.end_col_offset)
    )
}

fn constant(value: &Constant) -> String {
    let join = |items: &[Constant]| items.iter().map(constant).collect::<Vec<_>>().join(", ");
    match value {
        Constant::Code(inner) => format!("code {}", inner.qualname.text.to_str().unwrap_or("?")),
        Constant::Tuple(items) => format!("({})", join(items)),
        Constant::FrozenSet(items) => {
            let mut texts: Vec<String> = items.iter().map(constant).collect();
            texts.sort();
            format!("frozenset{{{}}}", texts.join(", "))
        }
        Constant::Slice(parts) => format!("slice({})", join(&parts[..])),
        _ => taipan_bytecode::repr::repr(value),
    }
}
