//! The whole way from a parsed tree to a code object: features, preprocessing, symbol table, code.

use std::rc::Rc;

use taipan_ast::{
    Arena, CompileError, Mod, PreprocessOptions, Spots, StackLimit, TooDeep, future_features,
    preprocess_at,
};
use taipan_bytecode::CodeObject;
use taipan_bytecode::constant::Str;
use taipan_tokenizer::SyntaxWarning;

use crate::assemble::AssembleError;
use crate::codegen::{self, Observer};

/// Why something could not be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// What is wrong with the tree.
    Tree(CompileError),
    /// A failure of the compiler's back half; source text leads to it only by sheer size.
    Assemble(AssembleError),
    /// A `SystemError` with this message: a tree that no source text has.
    System(String),
}

impl From<CompileError> for Error {
    fn from(error: CompileError) -> Error {
        Error::Tree(error)
    }
}

impl From<TooDeep> for Error {
    fn from(error: TooDeep) -> Error {
        Error::Tree(error.into())
    }
}

impl From<AssembleError> for Error {
    fn from(error: AssembleError) -> Error {
        Error::Assemble(error)
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::Tree(error) => error.fmt(f),
            Error::Assemble(AssembleError::System(message)) => write!(f, "SystemError: {message}"),
            Error::Assemble(AssembleError::Value(message)) => write!(f, "ValueError: {message}"),
            Error::Assemble(AssembleError::Overflow(message)) => {
                write!(f, "OverflowError: {message}")
            }
            Error::System(message) => write!(f, "SystemError: {message}"),
        }
    }
}

impl std::error::Error for Error {}

/// How to compile. The mode is the kind of the tree: `Module`, `Interactive` or `Expression`.
#[derive(Clone, Debug)]
pub struct CompileOptions {
    /// `co_filename`.
    pub filename: Rc<Str>,
    /// 0, 1 without assertions, 2 without docstrings too.
    pub optimize: u8,
    /// The `CO_FUTURE_*` flags that are inherited; those of the module are added. All go into each code object.
    pub flags: u32,
    /// `PyCF_ALLOW_TOP_LEVEL_AWAIT`: `await` may stand outside of functions.
    pub allow_top_level_await: bool,
    /// How far down the stack the compiler may go.
    pub stack_limit: StackLimit,
}

impl CompileOptions {
    /// Options for source text with nothing special about it.
    pub fn new(filename: Rc<Str>, stack_limit: StackLimit) -> CompileOptions {
        CompileOptions {
            filename,
            optimize: 0,
            flags: 0,
            allow_top_level_await: false,
            stack_limit,
        }
    }
}

/// What a compilation comes to.
#[derive(Debug)]
pub struct Compiled {
    /// The module's code.
    pub code: Rc<CodeObject>,
    /// The options' flags with those that the module asks for: what code that is compiled next in the same session
    /// inherits.
    pub flags: u32,
}

/// Compiles a tree. `SyntaxWarning`s are added to `warnings` in the order in which they are to be shown, even when there
/// is an error; the first of them that the filters turn into an exception comes before that error.
pub fn compile<'a>(
    arena: &'a Arena,
    module: &'a Mod<'a>,
    options: &CompileOptions,
    warnings: &mut Vec<SyntaxWarning>,
) -> Result<Compiled, Error> {
    compile_noted(arena, module, &Spots::Anywhere, options, warnings)
}

/// The same for a tree of which the parser noted where there is something to preprocess.
pub fn compile_noted<'a>(
    arena: &'a Arena,
    module: &'a Mod<'a>,
    spots: &Spots,
    options: &CompileOptions,
    warnings: &mut Vec<SyntaxWarning>,
) -> Result<Compiled, Error> {
    compile_whole(arena, module, spots, options, warnings, &mut ())
}

/// The same as [`compile`], with somebody who looks on.
pub fn compile_observed<'a>(
    arena: &'a Arena,
    module: &'a Mod<'a>,
    options: &CompileOptions,
    warnings: &mut Vec<SyntaxWarning>,
    observer: &mut dyn Observer,
) -> Result<Compiled, Error> {
    let spots = &Spots::Anywhere;
    compile_whole(arena, module, spots, options, warnings, observer)
}

fn compile_whole<'a>(
    arena: &'a Arena,
    module: &'a Mod<'a>,
    spots: &Spots,
    options: &CompileOptions,
    warnings: &mut Vec<SyntaxWarning>,
    observer: &mut dyn Observer,
) -> Result<Compiled, Error> {
    let limit = options.stack_limit;
    let mut future = future_features(module).map_err(CompileError::bare)?;
    future.features |= options.flags;
    let preprocessing = PreprocessOptions {
        optimize: options.optimize,
        features: future.features,
        syntax_check_only: false,
        warnings: true,
        limit,
    };
    let module = preprocess_at(arena, module, preprocessing, spots, warnings)?;
    let table_options = taipan_symtable::Options {
        future,
        allow_top_level_await: options.allow_top_level_await,
        limit,
    };
    let symtable =
        taipan_symtable::build(arena, module, table_options).map_err(CompileError::bare)?;
    let options = CompileOptions {
        flags: future.features,
        ..options.clone()
    };
    let code = codegen::generate(arena, module, &symtable, &options, warnings, observer)?;
    Ok(Compiled {
        code,
        flags: options.flags,
    })
}
