//! What the fuzz targets share: from bytes to text, to trees, to code. Targets take the first byte of the input as
//! options and the rest as what it is about.

use std::rc::Rc;

use taipan_ast::{Arena, StackLimit};
use taipan_bytecode::CodeObject;
use taipan_bytecode::constant::Str;
use taipan_compiler::{CompileOptions, compile};
use taipan_parser::{Mode, ParseOptions, parse};
use taipan_tokenizer::source::{Source, SourceOptions, no_codecs};

/// How much stack the front end may use; the main thread has 8 MB.
pub const STACK: usize = 4 << 20;

/// An input's first byte and the rest.
pub fn split(data: &[u8]) -> (u8, &[u8]) {
    match data.split_first() {
        Some((first, rest)) => (*first, rest),
        None => (0, data),
    }
}

/// The text of a source file, if its bytes can be decoded.
pub fn text(data: &[u8], exec: bool) -> Option<String> {
    let options = SourceOptions {
        exec,
        ..SourceOptions::default()
    };
    let source = Source::from_bytes(data, options, no_codecs).ok()?;
    Some(source.text.into_owned())
}

/// How to parse, by the bits of a byte.
pub fn parse_options(bits: u8) -> ParseOptions {
    ParseOptions {
        mode: match bits & 3 {
            0 | 1 => Mode::File,
            2 => Mode::Interactive,
            _ => Mode::Eval,
        },
        type_comments: bits & 4 != 0,
        ..ParseOptions::default()
    }
}

/// The code that a text compiles to; the upper bits say how far to optimize.
pub fn code(bits: u8, text: &str) -> Option<Rc<CodeObject>> {
    let arena = Arena::new();
    let mut warnings = Vec::new();
    let tree = match parse(&arena, text, &parse_options(bits), &mut warnings) {
        Ok(tree) => arena.alloc(tree),
        Err(_) => return None,
    };
    let mut options = CompileOptions::new(Str::plain("fuzz"), StackLimit::below_here(STACK));
    options.optimize = (bits >> 3) % 3;
    options.allow_top_level_await = bits & 0x80 != 0;
    Some(compile(&arena, tree, &options, &mut warnings).ok()?.code)
}

/// Whether two values are the same. Where they are not equal, what they look like decides; NaNs, which are not equal and
/// change places in sets, are let pass.
pub fn same<T: PartialEq + std::fmt::Debug>(a: &T, b: &T) -> bool {
    if a == b {
        return true;
    }
    let (a, b) = (format!("{a:?}"), format!("{b:?}"));
    a == b || a.contains("NaN")
}
