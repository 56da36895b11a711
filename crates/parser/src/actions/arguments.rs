//! Parameters of functions and lambdas, and the arguments of calls.

use taipan_ast::{Arg, Arguments, Expr, ExprKind, Keyword};

use super::{CallArgs, KeywordOrStarred, NameDefault, SlashWithDefault, StarEtc};
use crate::parser::{Parser, Tok};

impl<'a> Parser<'a> {
    /// A parameter with the type comment that follows it.
    pub fn with_type_comment(&self, mut arg: Arg<'a>, comment: Option<Tok>) -> Arg<'a> {
        if comment.is_some() {
            arg.type_comment = self.type_comment(comment);
        }
        arg
    }

    /// The parameters, or none.
    pub fn or_empty_arguments(
        &mut self,
        arguments: Option<&'a Arguments<'a>>,
    ) -> &'a Arguments<'a> {
        arguments.unwrap_or_else(|| {
            self.arena.alloc(Arguments {
                posonlyargs: &[],
                args: &[],
                vararg: None,
                kwonlyargs: &[],
                kw_defaults: &[],
                kwarg: None,
                defaults: &[],
            })
        })
    }

    /// Parameters, of which some come before a `/`.
    pub fn posonly_arguments(
        &mut self,
        slash: Option<&'a [Arg<'a>]>,
        slash_with_default: Option<SlashWithDefault<'a>>,
        plain: &[Arg<'a>],
        with_defaults: &[NameDefault<'a>],
        star: Option<StarEtc<'a>>,
    ) -> Option<&'a Arguments<'a>> {
        let arguments = self.make_arguments(slash, slash_with_default, plain, with_defaults, star);
        self.since(8, "Positional-only parameters are", arguments)
    }

    /// Parameters.
    pub fn make_arguments(
        &mut self,
        slash: Option<&'a [Arg<'a>]>,
        slash_with_default: Option<SlashWithDefault<'a>>,
        plain: &[Arg<'a>],
        with_defaults: &[NameDefault<'a>],
        star: Option<StarEtc<'a>>,
    ) -> &'a Arguments<'a> {
        let mut posonly: Vec<Arg<'a>> = slash.unwrap_or(&[]).to_vec();
        let mut defaults: Vec<Expr<'a>> = Vec::new();
        if let Some(slash) = slash_with_default {
            posonly.extend_from_slice(slash.plain);
            posonly.extend(slash.with_defaults.iter().map(|d| d.arg));
            defaults.extend(slash.with_defaults.iter().filter_map(|d| d.value.copied()));
        }
        let mut args = plain.to_vec();
        args.extend(with_defaults.iter().map(|d| d.arg));
        defaults.extend(with_defaults.iter().filter_map(|d| d.value.copied()));
        let star = star.unwrap_or(StarEtc {
            vararg: None,
            kwonly: &[],
            kwarg: None,
        });
        let kwonly: Vec<_> = star.kwonly.iter().map(|d| d.arg).collect();
        let kw_defaults: Vec<_> = star.kwonly.iter().map(|d| d.value.copied()).collect();
        let arena = self.arena;
        arena.alloc(Arguments {
            posonlyargs: arena.alloc_slice(&posonly),
            args: arena.alloc_slice(&args),
            vararg: star.vararg.map(|a| arena.alloc(a)),
            kwonlyargs: arena.alloc_slice(&kwonly),
            kw_defaults: arena.alloc_slice(&kw_defaults),
            kwarg: star.kwarg.map(|a| arena.alloc(a)),
            defaults: arena.alloc_slice(&defaults),
        })
    }

    /// Arguments: positional and starred ones, then keywords with starred ones among them.
    pub fn call_args(
        &mut self,
        args: &'a [Expr<'a>],
        rest: &[KeywordOrStarred<'a>],
    ) -> CallArgs<'a> {
        if rest.is_empty() {
            return CallArgs {
                args,
                keywords: &[],
            };
        }
        let mut all = args.to_vec();
        let mut keywords: Vec<Keyword<'a>> = Vec::new();
        for item in rest {
            match item {
                KeywordOrStarred::Keyword(keyword) => keywords.push(*keyword),
                KeywordOrStarred::Starred(value) => all.push(*value),
            }
        }
        let args = if all.len() == args.len() {
            args
        } else {
            self.arena.alloc_slice(&all)
        };
        CallArgs {
            args,
            keywords: self.arena.alloc_slice(&keywords),
        }
    }

    /// Two sequences as one.
    pub fn join<T: Copy>(&self, a: &[T], b: &[T]) -> &'a [T] {
        self.arena.alloc_slice(&[a, b].concat())
    }

    /// A call.
    pub fn call(
        &mut self,
        start: usize,
        func: &'a Expr<'a>,
        arguments: Option<CallArgs<'a>>,
    ) -> &'a Expr<'a> {
        let CallArgs { args, keywords } = arguments.unwrap_or(CallArgs {
            args: &[],
            keywords: &[],
        });
        self.expr(
            ExprKind::Call {
                func,
                args,
                keywords,
            },
            start,
        )
    }
}
