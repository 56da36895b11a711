//! Symbol tables and their errors against those of CPython, which stand in `data/`.

use std::fmt::Write;

use taipan_ast::{Arena, CompileError, Mod, StackLimit, future_features};
use taipan_symtable::{Options, ScopeId, SymbolTable, build, flags};

/// The cases of a file: the sources, each with what is expected of it.
fn cases(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split("\n----\n")
        .skip(1)
        .filter_map(|case| case.split_once("\n====\n"))
}

fn table<'a>(arena: &'a Arena, source: &'a str) -> Result<SymbolTable<'a>, CompileError> {
    let parsed = taipan_parser::parse(
        arena,
        source,
        &taipan_parser::ParseOptions::default(),
        &mut Vec::new(),
    );
    let module: &Mod<'_> = arena.alloc(parsed.expect("the sources are well-formed"));
    let future = future_features(module)?;
    let options = Options {
        future,
        allow_top_level_await: false,
        limit: StackLimit::below_here(1 << 20),
    };
    build(arena, module, options)
}

fn show(table: &SymbolTable<'_>, id: ScopeId, depth: usize, out: &mut String) {
    let scope = table.scope(id);
    let mut symbols: Vec<String> = Vec::new();
    for (name, value) in &scope.symbols {
        let letter = ["?", "L", "E", "I", "F", "C"][(value >> flags::SCOPE_OFFSET) as usize];
        symbols.push(format!("{name}:{}:{letter}", value & 0xFFF));
    }
    let _ = writeln!(
        out,
        "{}{} type={} line={}{} [{}] ({})",
        "  ".repeat(depth),
        scope.name,
        scope.block_type as u8,
        scope.loc.lineno,
        if scope.nested { " nested" } else { "" },
        symbols.join(" "),
        scope.varnames.join(" ")
    );
    for child in &scope.children {
        show(table, *child, depth + 1, out);
    }
}

#[test]
fn scopes() {
    for (source, expected) in cases(include_str!("data/scopes.txt")) {
        let arena = Arena::new();
        let mut shown = String::new();
        match table(&arena, source) {
            Ok(table) => show(&table, ScopeId::TOP, 0, &mut shown),
            Err(error) => shown = error.to_string(),
        }
        assert_eq!(shown.trim_end(), expected.trim_end(), "\n{source}");
    }
}

#[test]
fn errors() {
    for (source, expected) in cases(include_str!("data/errors.txt")) {
        let arena = Arena::new();
        let shown = match table(&arena, source) {
            Ok(_) => "no error".to_owned(),
            Err(CompileError::Syntax(e)) => format!(
                "{}:{}-{}:{} {}",
                e.lineno,
                e.offset.unwrap_or(0),
                e.end_lineno.unwrap_or(0),
                e.end_offset.unwrap_or(0),
                e.msg
            ),
            Err(error) => error.to_string(),
        };
        assert_eq!(shown, expected.trim_end(), "\n{source}");
    }
}
