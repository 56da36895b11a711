//! Texts and what CPython 3.14 makes of them: `errors.tsv` has one a line, with tabs between its columns: mode, text,
//! and `OK`, or the exception's class, its message, and lineno, offset, end_lineno and end_offset.
//! `+dedent` after the mode is `PyCF_DONT_IMPLY_DEDENT`, `+incomplete` is `PyCF_ALLOW_INCOMPLETE_INPUT`.

use std::fmt::Write;

use taipan_ast::Arena;
use taipan_parser::{Mode, ParseError, ParseOptions, parse};

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.push(match (c, c == '\\') {
            (_, true) => match chars.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some('r') => '\r',
                Some(other) => other,
                None => '\\',
            },
            _ => c,
        });
    }
    out
}

fn shown(number: Option<u32>) -> String {
    match number {
        None => "None".to_owned(),
        Some(u32::MAX) => "-1".to_owned(),
        Some(number) => number.to_string(),
    }
}

fn outcome(mode: &str, text: &str, no_quick_pass: bool) -> String {
    let arena = Arena::new();
    let options = ParseOptions {
        dont_imply_dedent: mode.contains("+dedent"),
        allow_incomplete_input: mode.contains("+incomplete"),
        mode: match mode.split('+').next().unwrap_or(mode) {
            "single" => Mode::Interactive,
            "eval" => Mode::Eval,
            "func_type" => Mode::FuncType,
            _ => Mode::File,
        },
        no_quick_pass,
        ..ParseOptions::default()
    };
    let text = taipan_tokenizer::source::Source::from_text(text).text;
    match parse(&arena, &text, &options, &mut Vec::new()) {
        Ok(_) => "OK".to_owned(),
        Err(ParseError::Syntax(e)) => format!(
            "{}\t{}\t{}\t{}\t{}\t{}",
            e.kind.name(),
            e.msg
                .replace('\\', "\\\\")
                .replace('\n', "\\n")
                .replace('\t', "\\t"),
            e.lineno,
            shown(e.offset),
            shown(e.end_lineno),
            shown(e.end_offset)
        ),
        Err(error) => error.to_string().replacen(": ", "\t", 1),
    }
}

fn check(table: &str) {
    let mut wrong = String::new();
    let mut count = 0;
    for line in table.lines() {
        let mut columns = line.splitn(3, '\t');
        let (Some(mode), Some(text), Some(expected)) =
            (columns.next(), columns.next(), columns.next())
        else {
            panic!("a line without three columns: {line}");
        };
        let program = unescape(text);
        for no_quick_pass in [false, true] {
            let found = outcome(mode, &program, no_quick_pass);
            if found != expected {
                count += 1;
                let _ = writeln!(
                    wrong,
                    "{mode} {text}\n  expected {expected}\n  found    {found}"
                );
                break;
            }
        }
    }
    assert!(count == 0, "{count} differ\n{wrong}");
}

#[test]
fn errors_are_those_of_cpython() {
    match std::env::var("TAIPAN_ERROR_TABLE") {
        Ok(path) => check(&std::fs::read_to_string(path).unwrap_or_default()),
        Err(_) => check(include_str!("errors.tsv")),
    }
}
