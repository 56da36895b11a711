//! Tokens, trees and disassembly of the programs in `snapshots`, to the letter what CPython 3.14 makes of them:
//! `python -m tokenize -e`, `ast.dump(tree, indent=4)` and `python -m dis -C`, with 0 for addresses. `tests/tools/
//! inspect_parity.py` compares more, and any files.

use taipan_inspect::Program;
use taipan_inspect::types::{Options, TextKind};

/// The text with 0 in place of the addresses of code objects.
fn without_addresses(text: &str) -> String {
    let mut parts = text.split(" at 0x");
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        out.push_str(" at 0x0");
        out.push_str(part.trim_start_matches(|c: char| c.is_ascii_hexdigit()));
    }
    out
}

fn check(name: &str, source: &str, expected: [(TextKind, &str); 3]) {
    let options = Options {
        filename: name.to_owned(),
        ..Options::default()
    };
    let program = Program::open(source, options, 1 << 19);
    assert_eq!(program.overview().error, None);
    for (kind, expected) in expected {
        let text = program.stage_text(kind).expect("the program is right");
        for (number, (got, expected)) in without_addresses(&text)
            .lines()
            .zip(expected.lines())
            .enumerate()
        {
            assert_eq!(got, expected, "{name}, {kind:?}, line {}", number + 1);
        }
        assert_eq!(
            text.lines().count(),
            expected.lines().count(),
            "{name}, {kind:?}"
        );
    }
}

macro_rules! snapshots {
    ($($name:ident)*) => { $(
        #[test]
        fn $name() {
            macro_rules! part {
                ($suffix:literal) => {
                    include_str!(concat!("snapshots/", stringify!($name), $suffix))
                };
            }
            check(
                concat!(stringify!($name), ".py"),
                part!(".py"),
                [
                    (TextKind::Tokens, part!(".tokens")),
                    (TextKind::Ast, part!(".ast")),
                    (TextKind::DisCaches, part!(".dis")),
                ],
            );
        }
    )* };
}

snapshots! { closures strings }
