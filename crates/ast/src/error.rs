//! The ways in which the stages after the parser (preprocessing, symbol table, compiler) can fail.

use taipan_tokenizer::{SyntaxError, SyntaxErrorKind};

use crate::{Location, TooDeep};

/// Why a tree could not be compiled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompileError {
    /// A `SyntaxError`.
    Syntax(Box<SyntaxError>),
    /// A `RecursionError`.
    TooDeep,
    /// A `RuntimeError` with this message.
    Runtime(&'static str),
}

impl CompileError {
    /// A `SyntaxError` that covers a node. As in CPython, the columns of these count bytes.
    pub fn syntax(msg: impl Into<String>, loc: Location) -> CompileError {
        CompileError::Syntax(Box::new(SyntaxError {
            kind: SyntaxErrorKind::SyntaxError,
            msg: msg.into(),
            lineno: loc.lineno,
            offset: Some(loc.col_offset.wrapping_add(1)),
            end_lineno: Some(loc.end_lineno),
            end_offset: Some(loc.end_col_offset.wrapping_add(1)),
            text: None,
            last_statement: None,
            bare: false,
            in_program: false,
        }))
    }

    /// The error of a stage that places exceptions after it has made them (the symbol table, future features).
    #[must_use]
    pub fn bare(mut self) -> CompileError {
        if let CompileError::Syntax(error) = &mut self {
            error.bare = true;
        }
        self
    }
}

impl From<TooDeep> for CompileError {
    fn from(_: TooDeep) -> Self {
        CompileError::TooDeep
    }
}

impl std::fmt::Display for CompileError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CompileError::Syntax(error) => error.fmt(f),
            CompileError::TooDeep => {
                f.write_str("RecursionError: the tree is too deep for the stack")
            }
            CompileError::Runtime(msg) => write!(f, "RuntimeError: {msg}"),
        }
    }
}

impl std::error::Error for CompileError {}
