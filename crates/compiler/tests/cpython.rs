//! Code objects, errors and warnings against those of CPython, which stand in `data/`.

mod listing;

use std::fmt::Write as _;

use taipan_ast::{Arena, CompileError, StackLimit};
use taipan_bytecode::constant::Str;
use taipan_compiler::{CompileOptions, Error, compile};
use taipan_parser::{Mode, ParseError, ParseOptions, parse};
use taipan_tokenizer::SyntaxError;

/// The cases of a file: options, source, and what is expected.
fn cases(text: &str) -> impl Iterator<Item = (&str, &str, &str)> {
    text.split("----\n").filter_map(|case| {
        let (input, expected) = case.split_once("\n====\n")?;
        let (options, source) = input.split_once('\n')?;
        Some((options, source, expected.trim_end()))
    })
}

fn compiled(options: &str, source: &str) -> String {
    let arena = Arena::new();
    let mut warnings = Vec::new();
    let mut words = options.split(' ');
    let parse_options = ParseOptions {
        mode: match words.next() {
            Some("single") => Mode::Interactive,
            Some("eval") => Mode::Eval,
            _ => Mode::File,
        },
        ..ParseOptions::default()
    };
    let mut compile_options =
        CompileOptions::new(Str::plain("file.py"), StackLimit::below_here(1 << 20));
    compile_options.optimize = match words.next() {
        Some("-O") => 1,
        Some("-OO") => 2,
        _ => 0,
    };
    let mut out = String::new();
    match parse(&arena, source, &parse_options, &mut warnings) {
        Ok(module) => {
            let module = arena.alloc(module);
            match compile(&arena, module, &compile_options, &mut warnings) {
                Ok(compiled) => listing::listing(&compiled.code, &mut out),
                Err(Error::Tree(CompileError::Syntax(error))) => show_error(&error, &mut out),
                Err(error) => out.push_str(&error.to_string()),
            }
        }
        Err(ParseError::Syntax(error)) => show_error(&error, &mut out),
        Err(error) => out.push_str(&error.to_string()),
    }
    let warnings = warnings.iter().fold(String::new(), |mut text, warning| {
        let _ = writeln!(text, "warning {} {}", warning.lineno, warning.msg);
        text
    });
    warnings + &out
}

fn show_error(error: &SyntaxError, out: &mut String) {
    let show = |number: Option<u32>| number.map_or("None".to_owned(), |number| number.to_string());
    let _ = writeln!(
        out,
        "{}: {} {} {} {} {}",
        error.kind.name(),
        error.msg,
        error.lineno,
        show(error.offset),
        show(error.end_lineno),
        show(error.end_offset)
    );
}

/// Where two texts part, with the lines before.
fn difference(expected: &str, found: &str) -> String {
    let same = expected
        .lines()
        .zip(found.lines())
        .take_while(|(a, b)| a == b)
        .count();
    let lines = |text: &str| {
        let lines: Vec<&str> = text.lines().skip(same.saturating_sub(3)).take(8).collect();
        lines.join("\n")
    };
    format!("expected:\n{}\nfound:\n{}", lines(expected), lines(found))
}

fn check(text: &str) {
    let mut failures = String::new();
    let mut count = 0;
    for (options, source, expected) in cases(text) {
        count += 1;
        let mut source = source.to_owned();
        source.push('\n');
        let found = compiled(options, &source);
        if found.trim_end() != expected {
            let _ = writeln!(
                failures,
                "{options}\n{source}\n{}\n",
                difference(expected, &found)
            );
        }
    }
    assert!(count > 0);
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn statements() {
    check(include_str!("data/statements.txt"));
}

#[test]
fn expressions() {
    check(include_str!("data/expressions.txt"));
}

#[test]
fn calls_and_names() {
    check(include_str!("data/calls_and_names.txt"));
}

#[test]
fn patterns() {
    check(include_str!("data/patterns.txt"));
}

#[test]
fn scopes() {
    check(include_str!("data/scopes.txt"));
}

#[test]
fn annotations() {
    check(include_str!("data/annotations.txt"));
}

#[test]
fn errors() {
    check(include_str!("data/errors.txt"));
}

#[test]
fn warnings() {
    check(include_str!("data/warnings.txt"));
}

#[test]
fn modes() {
    check(include_str!("data/modes.txt"));
}
