//! Depth: a text that nests too deep is an error, whatever the stack's size; and the options that change what a text
//! means or how its end is taken.

use taipan_ast::{Arena, Mod};
use taipan_parser::{Mode, ParseError, ParseOptions, parse};
use taipan_tokenizer::SyntaxErrorKind;

fn error(text: &str, options: &ParseOptions) -> Option<ParseError> {
    let arena = Arena::new();
    parse(&arena, text, options, &mut Vec::new()).err()
}

fn message(text: &str, options: &ParseOptions) -> String {
    match error(text, options) {
        None => "OK".to_owned(),
        Some(ParseError::Syntax(e)) => format!("{}: {}", e.kind.name(), e.msg),
        Some(error) => error.to_string(),
    }
}

fn nests() -> Vec<(&'static str, String)> {
    let n = 100_000;
    vec![
        ("unary", format!("{}1", "-".repeat(n))),
        ("not", format!("{}1", "not ".repeat(n))),
        ("lambda", format!("{}1", "lambda: ".repeat(n))),
        ("conditional", format!("{}1", "a if b else ".repeat(n))),
        ("power", format!("{}1", "a ** ".repeat(n))),
        ("elif", format!("if a: b\n{}", "elif a: b\n".repeat(n))),
    ]
}

#[test]
fn deep_texts_are_errors() {
    for (name, text) in nests() {
        let found = error(&text, &ParseOptions::default());
        assert_eq!(found, Some(ParseError::TooDeep), "{name}");
    }
}

#[test]
fn long_texts_are_not_deep() {
    let n = 20_000;
    for text in [
        format!("{}1", "a + ".repeat(n)),
        format!("a{}", ".b".repeat(n)),
        format!("a{}", "()".repeat(n)),
        format!("{}1", "a = ".repeat(n)),
        format!("{}1", "a or ".repeat(n)),
        format!("{}1", "a < ".repeat(n)),
        "a\n".repeat(n),
    ] {
        assert_eq!(
            error(&text, &ParseOptions::default()),
            None,
            "{}",
            &text[..20]
        );
    }
}

#[test]
fn a_small_stack_is_respected() {
    let worker = std::thread::Builder::new()
        .stack_size(256 << 10)
        .spawn(|| {
            let local = 0_u8;
            let here = std::ptr::from_ref(&local).addr();
            let options = ParseOptions {
                stack_limit: Some(here - (128 << 10)),
                ..ParseOptions::default()
            };
            for (name, text) in nests() {
                assert_eq!(error(&text, &options), Some(ParseError::TooDeep), "{name}");
            }
        })
        .expect("a thread can be started");
    worker.join().expect("the thread does not fail");
}

#[test]
fn incomplete_input() {
    let options = ParseOptions {
        mode: Mode::Interactive,
        allow_incomplete_input: true,
        dont_imply_dedent: true,
        ..ParseOptions::default()
    };
    for text in ["if x:\n", "(1,\n", "'''abc\n", "x = [\n1,\n", "@d\n"] {
        match error(text, &options) {
            Some(ParseError::Syntax(e)) => {
                assert_eq!(e.kind, SyntaxErrorKind::IncompleteInput, "{text:?}");
                assert_eq!(e.msg, "incomplete input", "{text:?}");
            }
            other => panic!("{text:?}: {other:?}"),
        }
    }
    assert_eq!(message("x = 1\n", &options), "OK");
    assert_eq!(
        message("x = = 1\n", &options),
        "SyntaxError: invalid syntax"
    );
}

#[test]
fn interactive_statements() {
    let options = ParseOptions {
        mode: Mode::Interactive,
        ..ParseOptions::default()
    };
    assert_eq!(message("x = 1", &options), "OK");
    assert_eq!(message("x = 1 # comment\n\n", &options), "OK");
    assert_eq!(message("x; y\n", &options), "OK");
    assert_eq!(message("if x:\n  y\n", &options), "OK");
    assert_eq!(
        message("x\ny\n", &options),
        "SyntaxError: multiple statements found while compiling a single statement"
    );
}

#[test]
fn feature_versions() {
    for (version, text, what) in [
        (5, "x: int\n", "Variable annotation syntax is"),
        (7, "(x := 1)\n", "Assignment expressions are"),
        (7, "def f(a, /): pass\n", "Positional-only parameters are"),
        (9, "match x:\n  case 1: pass\n", "Pattern matching is"),
        (10, "try: pass\nexcept* A: pass\n", "Exception groups are"),
        (11, "type X = int\n", "Type statement is"),
        (11, "def f[T](): pass\n", "Type parameter lists are"),
        (12, "def f[T=int](): pass\n", "Type parameter defaults are"),
        (13, "t''\n", "t-strings are"),
        (
            13,
            "try: pass\nexcept A, B: pass\n",
            "except expressions without parentheses are",
        ),
    ] {
        let at = |v| {
            message(
                text,
                &ParseOptions {
                    feature_version: v,
                    ..ParseOptions::default()
                },
            )
        };
        let next = version + 1;
        assert_eq!(
            at(version),
            format!("SyntaxError: {what} only supported in Python 3.{next} and greater")
        );
        assert_eq!(at(next), "OK");
    }
}

#[test]
fn barry_as_flufl() {
    let plain = ParseOptions::default();
    let barry = ParseOptions {
        barry_as_flufl: true,
        ..ParseOptions::default()
    };
    assert_eq!(message("a != b\n", &plain), "OK");
    assert_eq!(message("a <> b\n", &barry), "OK");
    assert_eq!(
        message("a != b\n", &barry),
        "SyntaxError: with Barry as BDFL, use '<>' instead of '!='"
    );
    assert_eq!(
        message("from __future__ import barry_as_FLUFL\na <> b\n", &plain),
        "OK"
    );
}

#[test]
fn warnings_come_once() {
    for no_quick_pass in [false, true] {
        for text in ["'\\d'\n", "x = '''a\n\\d'''\n", "'\\d' x\n"] {
            let arena = Arena::new();
            let options = ParseOptions {
                no_quick_pass,
                ..ParseOptions::default()
            };
            let mut warnings = Vec::new();
            let _ = parse(&arena, text, &options, &mut warnings);
            let [warning] = warnings.as_slice() else {
                panic!("{text:?}: {warnings:?}");
            };
            assert_eq!(
                warning.msg,
                "\"\\d\" is an invalid escape sequence. Such sequences will not work in the future. \
                 Did you mean \"\\\\d\"? A raw string is also an option."
            );
            assert_eq!(warning.lineno, if text.contains("'''") { 2 } else { 1 });
        }
    }
}

#[test]
fn type_comments() {
    let arena = Arena::new();
    let options = ParseOptions {
        type_comments: true,
        ..ParseOptions::default()
    };
    let text = "x = 1 # type: int\ny = 2 # type: ignore[a]\n";
    match parse(&arena, text, &options, &mut Vec::new()) {
        Ok(Mod::Module { body, type_ignores }) => {
            assert_eq!((body.len(), type_ignores.len()), (2, 1));
            assert!(format!("{:?}", body[0].kind).contains("type_comment: Some(\"int\")"));
            assert_eq!(
                format!("{:?}", type_ignores[0]),
                "TypeIgnore { lineno: 2, tag: \"[a]\" }"
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn warnings_as_errors_have_places() {
    for (text, lineno, place) in [
        ("x = '\\d'\n", 1, [1, 6, 1, 8]),
        ("x = '''a\n\\d'''\n", 2, [2, 1, 2, 3]),
        ("x = f'\\d{a}'\n", 1, [1, 13, 1, 14]),
        ("b'\\d'\n", 1, [1, 1, 1, 3]),
        ("'\\777'\n", 1, [1, 2, 1, 4]),
        ("'é\\d'\n", 1, [1, 7, 1, 7]),
        ("f'{a:\\d}'\n", 1, [1, 6, 1, 8]),
        ("f'{\"\\d\"}'\n", 1, [1, 5, 1, 7]),
        ("1if 2else 3\n", 1, [1, 1, 1, 1]),
    ] {
        let arena = Arena::new();
        let mut warnings = Vec::new();
        let _ = parse(&arena, text, &ParseOptions::default(), &mut warnings);
        let first = warnings.first().expect("there is a warning");
        let e = &first.as_error;
        let found = [Some(e.lineno), e.offset, e.end_lineno, e.end_offset];
        assert_eq!(first.lineno, lineno, "{text:?}");
        assert_eq!(found, place.map(Some), "{text:?}");
    }
    let arena = Arena::new();
    let mut warnings = Vec::new();
    let _ = parse(
        &arena,
        "rf'{a:\\d}'\n",
        &ParseOptions::default(),
        &mut warnings,
    );
    assert!(warnings.is_empty());
}
