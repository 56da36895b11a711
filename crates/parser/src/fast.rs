//! The quick pass: rules that stand in for those of the grammar named alike, made for speed. They accept the same
//! texts and build the same trees, but never go back: where the grammar tries one alternative after the other, they
//! read on and decide by what follows. What they cannot take is left to the grammar, so they fail without an error.
//!
//! A test parses the same files both ways and compares.

mod expressions;
mod parameters;
mod primaries;
mod statements;

use taipan_ast::Expr;

pub use expressions::*;
pub use parameters::*;
pub use primaries::*;
pub use statements::*;

/// What `return` is in these rules.
pub(crate) type Found<'a> = Option<&'a Expr<'a>>;

#[inline]
pub(crate) fn is_in(set: u128, number: u8) -> bool {
    (set >> number) & 1 != 0
}
