//! The abstract syntax tree of Python 3.14. The node types are generated from `spec/ast.txt` ([`types`]); they live in an
//! [`Arena`], refer to one another by `&'a`, and are `Copy`. The parser builds them; the symbol table and the compiler
//! read them. Text and positions are as in CPython: columns count bytes of the UTF-8 source from 0, lines count from 1.

mod arena;
mod constant;
pub mod dump;
mod error;
pub mod future;
pub mod preprocess;
pub mod reflect;
pub mod repr;
mod spots;
mod stack;
pub mod transformer;
mod types;
pub mod unparse;
pub mod validate;
pub mod visitor;

pub use arena::Arena;
pub use constant::Constant;
pub use dump::{DumpOptions, dump};
pub use error::CompileError;
pub use future::{FutureFeatures, docstring, future_features};
pub use preprocess::{PreprocessOptions, preprocess, preprocess_at};
pub use spots::Spots;
pub use stack::{StackLimit, TooDeep};
pub use types::*;
pub use unparse::unparse;
pub use validate::{ValidateError, validate};

/// Where a node stands in its source. Lines count from 1, columns are offsets in bytes of UTF-8. Trees that come from
/// Python objects can hold any `int` here: a negative number is kept as its two's complement.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Location {
    /// Line of the first character.
    pub lineno: u32,
    /// Column of the first character.
    pub col_offset: u32,
    /// Line of the last character.
    pub end_lineno: u32,
    /// Column after the last character.
    pub end_col_offset: u32,
}

impl Location {
    /// No place: -1 in all four.
    pub const NONE: Location = Location::new(u32::MAX, u32::MAX, u32::MAX, u32::MAX);

    /// A place from its four numbers.
    pub const fn new(
        lineno: u32,
        col_offset: u32,
        end_lineno: u32,
        end_col_offset: u32,
    ) -> Location {
        Location {
            lineno,
            col_offset,
            end_lineno,
            end_col_offset,
        }
    }
}
