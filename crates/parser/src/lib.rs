//! The parser of Taipan: from text to the syntax tree, and from wrong text to CPython's errors.
//!
//! The grammar is `spec/python.gram`; `cargo xtask gen` makes [`generated`] from it. [`parser`] is what its rules stand
//! on (tokens, memos, locations), [`actions`] are what they build, [`fast`] are the hand-tuned rules of the quick pass,
//! and [`errors`] is how errors are placed. Text comes from `taipan_tokenizer::source`; the tree is `taipan_ast`'s.

pub mod actions;
mod errors;
mod fast;
mod generated;
mod parser;

pub use errors::ParseError;
pub use generated::{KEYWORDS, SOFT_KEYWORDS};

use taipan_ast::{Arena, Mod, Spots};
use taipan_tokenizer::SyntaxWarning;

use parser::{Parser, Pass};

/// What a text is to be parsed as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Mode {
    /// A module: `exec`.
    #[default]
    File,
    /// One interactive statement: `single`.
    Interactive,
    /// An expression: `eval`.
    Eval,
    /// The type comment of a function: `func_type`.
    FuncType,
}

/// How a text is to be parsed.
#[derive(Clone, Debug)]
pub struct ParseOptions {
    /// What the text is.
    pub mode: Mode,
    /// Type comments are syntax (`PyCF_TYPE_COMMENTS`).
    pub type_comments: bool,
    /// `<>` is the inequality operator (`CO_FUTURE_BARRY_AS_BDFL`).
    pub barry_as_flufl: bool,
    /// The minor version of Python whose syntax is wanted; newer syntax is an error.
    pub feature_version: u8,
    /// At the end of interactive input, blocks stay open (`PyCF_DONT_IMPLY_DEDENT`).
    pub dont_imply_dedent: bool,
    /// An error at the end of the text is "incomplete input" (`PyCF_ALLOW_INCOMPLETE_INPUT`).
    pub allow_incomplete_input: bool,
    /// The text is a program's file that is read as it is parsed. Errors at its end have other columns then.
    pub from_file: bool,
    /// How many digits a decimal literal may have; 0 for no limit (`sys.set_int_max_str_digits`).
    pub int_max_str_digits: usize,
    /// The lowest address that the parser's stack may reach. `None` allows [`DEFAULT_STACK`] bytes from the call on.
    pub stack_limit: Option<usize>,
    /// Skip the quick pass. For tests: the result must be the same.
    pub no_quick_pass: bool,
}

/// How many bytes of stack a parser uses at most if it is not told a limit.
pub const DEFAULT_STACK: usize = 1 << 20;

impl Default for ParseOptions {
    fn default() -> Self {
        ParseOptions {
            mode: Mode::File,
            type_comments: false,
            barry_as_flufl: false,
            feature_version: 14,
            dont_imply_dedent: false,
            allow_incomplete_input: false,
            from_file: false,
            int_max_str_digits: 4300,
            stack_limit: None,
            no_quick_pass: false,
        }
    }
}

/// Parses a text whose newlines have been translated (see `taipan_tokenizer::source`). The tree lives in `arena` and
/// borrows names and constants from `source`. Warnings are added to `warnings` in the order of CPython.
///
/// # Errors
/// The error that CPython raises, with its positions.
pub fn parse<'a>(
    arena: &'a Arena,
    source: &'a str,
    options: &ParseOptions,
    warnings: &mut Vec<SyntaxWarning>,
) -> Result<Mod<'a>, ParseError> {
    parse_noting(arena, source, options, warnings, &mut Spots::Anywhere)
}

/// The same; the places that preprocessing has to look at are put into `spots`.
///
/// # Errors
/// The error that CPython raises, with its positions.
pub fn parse_noting<'a>(
    arena: &'a Arena,
    source: &'a str,
    options: &ParseOptions,
    warnings: &mut Vec<SyntaxWarning>,
    spots: &mut Spots,
) -> Result<Mod<'a>, ParseError> {
    let local = 0_u8;
    let here = std::hint::black_box(std::ptr::from_ref(&local)).addr();
    let stack_limit = options
        .stack_limit
        .unwrap_or_else(|| here.saturating_sub(DEFAULT_STACK));
    if !options.no_quick_pass {
        let mut parser = Parser::new(arena, source, options, stack_limit, Pass::Quick);
        if let Some(tree) = parser.quick_pass() {
            warnings.append(&mut parser.warnings);
            *spots = parser.take_spots();
            return Ok(tree);
        }
    }
    let mut parser = Parser::new(arena, source, options, stack_limit, Pass::Exact);
    let result = parser.exact_passes();
    warnings.append(&mut parser.warnings);
    *spots = parser.take_spots();
    result
}
