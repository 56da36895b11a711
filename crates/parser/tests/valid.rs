//! Valid texts and the trees that CPython 3.14 makes of them, with every position: `valid.tsv` has one a line, the
//! text and `ast.dump(tree, include_attributes=True)` with a tab between.

use std::fmt::Write;

use taipan_ast::reflect::NodeRef;
use taipan_ast::{Arena, DumpOptions, StackLimit, dump};
use taipan_parser::{ParseOptions, parse};

fn unescape(text: &str) -> String {
    let mut out = String::new();
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        out.push(match c {
            '\\' => match chars.next() {
                Some('n') => '\n',
                Some('t') => '\t',
                Some(other) => other,
                None => '\\',
            },
            c => c,
        });
    }
    out
}

fn tree(text: &str, no_quick_pass: bool) -> String {
    let arena = Arena::new();
    let options = ParseOptions {
        no_quick_pass,
        ..ParseOptions::default()
    };
    match parse(&arena, text, &options, &mut Vec::new()) {
        Ok(tree) => {
            let options = DumpOptions {
                include_attributes: true,
                ..DumpOptions::default()
            };
            dump(NodeRef::Mod(&tree), options, StackLimit::at(0)).unwrap_or_default()
        }
        Err(error) => error.to_string(),
    }
}

#[test]
fn trees_are_those_of_cpython() {
    let mut wrong = String::new();
    for line in include_str!("valid.tsv").lines() {
        let Some((text, expected)) = line.split_once('\t') else {
            panic!("a line without two columns: {line}");
        };
        let text = unescape(text);
        for no_quick_pass in [false, true] {
            let found = tree(&text, no_quick_pass);
            if found != expected {
                let _ = writeln!(wrong, "{text}\n  expected {expected}\n  found    {found}");
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
