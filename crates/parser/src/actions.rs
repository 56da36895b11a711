//! What the rules build. The small values that pass between rules are here; each file below belongs to one part of
//! the grammar.

mod arguments;
mod expressions;
mod fstrings;
mod numbers;
mod statements;
mod strings;
mod targets;

use taipan_ast::{Arg, CmpOp, Expr, Keyword, Pattern};
use taipan_wtf8::Wtf8;

use crate::parser::Tok;

pub use crate::errors::{expr_name, first_expr, first_pattern, last_expr, last_item, last_pattern};
pub use targets::{Targets, is_del_target, is_single_target, is_star_target};

/// A comparison operator and its right operand.
#[derive(Clone, Copy)]
pub struct ComparePair<'a> {
    /// The operator.
    pub op: CmpOp,
    /// The right operand.
    pub right: Expr<'a>,
}

/// An item of a dict display; without key it is `**value`.
#[derive(Clone, Copy)]
pub struct KeyValue<'a> {
    /// The key.
    pub key: Option<Expr<'a>>,
    /// The value.
    pub value: Expr<'a>,
}

/// An item of a mapping pattern.
#[derive(Clone, Copy)]
pub struct KeyPattern<'a> {
    /// The key.
    pub key: Expr<'a>,
    /// The pattern of its value.
    pub pattern: Pattern<'a>,
}

/// A keyword argument of a class pattern.
#[derive(Clone, Copy)]
pub struct KeywordPattern<'a> {
    /// The attribute.
    pub name: &'a str,
    /// The pattern of its value.
    pub pattern: Pattern<'a>,
}

/// A parameter and perhaps its default.
#[derive(Clone, Copy)]
pub struct NameDefault<'a> {
    /// The parameter.
    pub arg: Arg<'a>,
    /// The default.
    pub value: Option<&'a Expr<'a>>,
}

/// Positional-only parameters of which the last ones have defaults.
#[derive(Clone, Copy)]
pub struct SlashWithDefault<'a> {
    /// Those without.
    pub plain: &'a [Arg<'a>],
    /// Those with.
    pub with_defaults: &'a [NameDefault<'a>],
}

/// Parameters from the `*` or `**` on.
#[derive(Clone, Copy)]
pub struct StarEtc<'a> {
    /// `*args`
    pub vararg: Option<Arg<'a>>,
    /// Keyword-only parameters.
    pub kwonly: &'a [NameDefault<'a>],
    /// `**kwargs`
    pub kwarg: Option<Arg<'a>>,
}

/// A keyword argument, or a starred one among them.
#[derive(Clone, Copy)]
pub enum KeywordOrStarred<'a> {
    /// `name=value` or `**value`
    Keyword(Keyword<'a>),
    /// `*value`
    Starred(Expr<'a>),
}

/// The arguments of a call.
#[derive(Clone, Copy)]
pub struct CallArgs<'a> {
    /// Positional and starred ones.
    pub args: &'a [Expr<'a>],
    /// Keywords and `**`.
    pub keywords: &'a [Keyword<'a>],
}

/// The conversion of a replacement field.
#[derive(Clone, Copy)]
pub struct Conversion<'a> {
    /// The `!`.
    pub mark: Tok,
    /// The name after it.
    pub name: &'a Expr<'a>,
    /// Which one it is.
    pub character: u8,
}

/// The format specification of a replacement field.
#[derive(Clone, Copy)]
pub struct FormatSpec<'a> {
    /// The `:`.
    pub colon: Tok,
    /// A `JoinedStr`.
    pub value: &'a Expr<'a>,
}

/// A piece of literal text is empty.
fn is_empty_text(text: &Wtf8) -> bool {
    text.as_bytes().is_empty()
}
