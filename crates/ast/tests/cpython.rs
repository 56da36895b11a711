//! Preprocessed trees and annotations as text against those of CPython, which stand in `data/`.

use taipan_ast::reflect::NodeRef;
use taipan_ast::{
    Arena, DumpOptions, Mod, PreprocessOptions, StackLimit, dump, future_features, preprocess,
    unparse,
};
use taipan_parser::{Mode, ParseOptions};

/// The cases of a file: the sources, each with what is expected of it.
fn cases(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.split("\n----\n")
        .skip(1)
        .filter_map(|case| case.split_once("\n====\n"))
}

fn parse<'a>(arena: &'a Arena, source: &'a str, mode: Mode) -> &'a Mod<'a> {
    let options = ParseOptions {
        mode,
        ..ParseOptions::default()
    };
    let parsed = taipan_parser::parse(arena, source, &options, &mut Vec::new());
    arena.alloc(parsed.expect("the sources are well-formed"))
}

#[test]
fn preprocessed() {
    for (source, expected) in cases(include_str!("data/preprocess.txt")) {
        let arena = Arena::new();
        let module = parse(&arena, source, Mode::File);
        let limit = StackLimit::below_here(1 << 20);
        let features = future_features(module)
            .expect("only known features are imported")
            .features;
        let mut shown = Vec::new();
        for optimize in [0, 2] {
            let options = PreprocessOptions {
                optimize,
                features,
                syntax_check_only: false,
                warnings: false,
                limit,
            };
            let tree = preprocess(&arena, module, options, &mut Vec::new())
                .expect("the sources are small");
            let text = dump(NodeRef::Mod(tree), DumpOptions::default(), limit)
                .expect("the trees are small");
            shown.push(format!("{optimize} {text}"));
        }
        assert_eq!(shown.join("\n"), expected.trim_end(), "\n{source}");
    }
}

#[test]
fn annotations() {
    for (source, expected) in cases(include_str!("data/annotations.txt")) {
        let arena = Arena::new();
        let Mod::Expression { body } = parse(&arena, source, Mode::Eval) else {
            unreachable!("the mode asks for an expression");
        };
        let text = unparse(body, StackLimit::below_here(1 << 20)).expect("the sources are small");
        assert_eq!(text.to_str(), Some(expected.trim_end()), "\n{source}");
    }
}
