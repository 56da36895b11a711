//! Drawings for people: the syntax tree of a program ([`tree`]) as SVG, and the control-flow graphs of its code
//! ([`flow`]), before or after optimization, as SVG or in Graphviz's language.

mod dot;
mod flow;
mod flow_svg;
mod svg;
mod tidy;
mod tree;

use std::rc::Rc;

use taipan_ast::{Arena, CompileError, StackLimit};
use taipan_bytecode::constant::Str;
use taipan_compiler::{CompileOptions, compile, stages};
use taipan_parser::{ParseError, ParseOptions, parse};
use taipan_tokenizer::SyntaxError;
use taipan_tokenizer::source::{Source, SourceError, SourceOptions, no_codecs};

/// What to draw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// The syntax tree, as SVG.
    Tree,
    /// The control-flow graphs of all code objects.
    Flow {
        /// As the code generator made them; else as they run.
        before: bool,
        /// In Graphviz's language; else as SVG.
        dot: bool,
    },
}

impl What {
    /// What these words, with commas between them, ask for: `tree`, or `cfg` with `before` and `dot`.
    pub fn parse(text: &str) -> Option<What> {
        let mut words = text.split(',');
        match words.next()? {
            "tree" => words.next().is_none().then_some(What::Tree),
            "cfg" => {
                let (mut before, mut dot) = (false, false);
                for word in words {
                    match word {
                        "before" => before = true,
                        "after" => before = false,
                        "dot" => dot = true,
                        "svg" => dot = false,
                        _ => return None,
                    }
                }
                Some(What::Flow { before, dot })
            }
            _ => None,
        }
    }
}

fn syntax(error: &SyntaxError) -> String {
    format!(
        "{}: {} (line {})",
        error.kind.name(),
        error.msg,
        error.lineno
    )
}

/// Draws the program in these bytes, with at most so much of the stack.
///
/// # Errors
/// What is wrong with the program, in words.
pub fn draw(what: What, data: &[u8], filename: &str, stack: usize) -> Result<String, String> {
    let options = SourceOptions {
        exec: true,
        ..SourceOptions::default()
    };
    let source = match Source::from_bytes(data, options, no_codecs) {
        Ok(source) => source,
        Err(SourceError::Syntax(error)) => return Err(syntax(&error)),
        Err(error) => return Err(format!("{error:?}")),
    };
    let arena = Arena::new();
    let mut warnings = Vec::new();
    let parsed = parse(
        &arena,
        &source.text,
        &ParseOptions::default(),
        &mut warnings,
    );
    let module = match parsed {
        Ok(module) => arena.alloc(module),
        Err(ParseError::Syntax(error)) => return Err(syntax(&error)),
        Err(error) => return Err(error.to_string()),
    };
    let (before, dot) = match what {
        What::Tree => return Ok(tree::draw(module)),
        What::Flow { before, dot } => (before, dot),
    };
    let limit = StackLimit::below_here(stack);
    let filename: Rc<Str> = Str::plain(filename);
    let options = CompileOptions::new(filename, limit);
    let words = |error: taipan_compiler::Error| match error {
        taipan_compiler::Error::Tree(CompileError::Syntax(error)) => syntax(&error),
        error => error.to_string(),
    };
    let graphs = if before {
        let unit = stages::generate(&arena, module, &options, &mut warnings).map_err(words)?;
        unit.iter().flat_map(flow::of_generated).collect()
    } else {
        let compiled = compile(&arena, module, &options, &mut warnings).map_err(words)?;
        flow::of_code(&compiled.code)
    };
    Ok(if dot {
        dot::draw(&graphs)
    } else {
        flow_svg::draw(&graphs)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROGRAM: &[u8] =
        b"def f(a):\n    for x in a:\n        try:\n            g(x)\n        except E:\n            pass\n";

    fn drawn(what: &str) -> String {
        let what = What::parse(what).expect("it is one of the words");
        draw(what, PROGRAM, "x.py", 1 << 19).expect("the program is right")
    }

    #[test]
    fn trees_name_their_nodes() {
        let svg = drawn("tree");
        for word in ["FunctionDef", "For", "Try", "ExceptHandler", "Pass"] {
            assert!(svg.contains(word), "{word}");
        }
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
    }

    #[test]
    fn graphs_have_all_kinds_of_edges() {
        for (what, loops) in [("cfg", "JUMP_BACKWARD"), ("cfg,before", "JUMP")] {
            let svg = drawn(what);
            assert!(svg.contains(loops) && svg.contains("FOR_ITER"));
            for class in ["edge falls", "edge jumps", "edge raises"] {
                assert!(svg.contains(class), "{what}: {class}");
            }
        }
        let dot = drawn("cfg,dot");
        assert!(dot.starts_with("digraph") && dot.contains("style=dashed"));
    }

    #[test]
    fn other_words_are_refused() {
        for what in ["", "trees", "tree,dot", "cfg,x"] {
            assert_eq!(What::parse(what), None);
        }
        assert!(draw(What::Tree, b"(", "x.py", 1 << 19).is_err());
    }
}
