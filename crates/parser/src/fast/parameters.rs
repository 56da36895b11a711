//! The quick pass: parameters of functions and lambdas.

use taipan_ast::{Arg, Arguments, Expr};

use crate::generated::first;
use crate::generated::number::*;
use crate::parser::Parser;

use super::*;

/// What parameters look like: those of `def` have annotations and type comments, those of `lambda` have not.
pub fn parameters<'a>(p: &mut Parser<'a>, annotated: bool, end: u8) -> Option<&'a Arguments<'a>> {
    let mut posonly: Vec<Arg<'a>> = Vec::new();
    let mut args: Vec<Arg<'a>> = Vec::new();
    let mut defaults: Vec<Expr<'a>> = Vec::new();
    let mut kwonly: Vec<Arg<'a>> = Vec::new();
    let mut kw_defaults: Vec<Option<Expr<'a>>> = Vec::new();
    let mut vararg = None;
    let mut kwarg = None;
    let mut star = false;
    let mut slash = false;
    loop {
        let mut comment_of: Option<&mut Arg<'a>> = None;
        match p.pred() {
            SLASH => {
                if slash || star || args.is_empty() {
                    return None;
                }
                p.mark += 1;
                slash = true;
                posonly = std::mem::take(&mut args);
                p.since(8, "Positional-only parameters are", ())?;
            }
            STAR => {
                if star {
                    return None;
                }
                p.mark += 1;
                star = true;
                if p.pred() == COMMA {
                    // A bare star needs a parameter after it.
                    if !is_in(first::LAMBDA_PARAM, p.pred_after()) {
                        return None;
                    }
                } else {
                    let arg = parameter(p, annotated, true)?;
                    comment_of = Some(vararg.insert(arg));
                }
            }
            DOUBLESTAR => {
                p.mark += 1;
                let arg = parameter(p, annotated, false)?;
                comment_of = Some(kwarg.insert(arg));
            }
            _ => {
                let arg = parameter(p, annotated, false)?;
                let default = if p.eat(EQUAL) {
                    Some(*expression(p)?)
                } else {
                    None
                };
                if star {
                    kw_defaults.push(default);
                    kwonly.push(arg);
                    comment_of = kwonly.last_mut();
                } else {
                    if default.is_none() && !defaults.is_empty() {
                        return None;
                    }
                    defaults.extend(default);
                    args.push(arg);
                    comment_of = args.last_mut();
                }
            }
        }
        let comma = p.eat(COMMA);
        if annotated && let Some(comment) = p.take(TYPE_COMMENT) {
            let arg = comment_of?;
            arg.type_comment = p.type_comment(Some(comment));
        }
        if p.pred() == end {
            break;
        }
        if !comma || kwarg.is_some() {
            return None;
        }
    }
    let arena = p.arena;
    Some(arena.alloc(Arguments {
        posonlyargs: arena.alloc_slice(&posonly),
        args: arena.alloc_slice(&args),
        vararg: vararg.map(|a| arena.alloc(a)),
        kwonlyargs: arena.alloc_slice(&kwonly),
        kw_defaults: arena.alloc_slice(&kw_defaults),
        kwarg: kwarg.map(|a| arena.alloc(a)),
        defaults: arena.alloc_slice(&defaults),
    }))
}

pub fn parameter<'a>(p: &mut Parser<'a>, annotated: bool, star: bool) -> Option<Arg<'a>> {
    let start = p.mark;
    let arg = p.identifier()?;
    let annotation = if annotated && p.eat(COLON) {
        Some(if star {
            star_expression(p)?
        } else {
            expression(p)?
        })
    } else {
        None
    };
    Some(Arg {
        arg,
        annotation,
        type_comment: None,
        loc: p.loc(start),
    })
}

pub fn params<'a>(p: &mut Parser<'a>) -> Option<&'a Arguments<'a>> {
    parameters(p, true, RPAR)
}

pub fn lambda_params<'a>(p: &mut Parser<'a>) -> Option<&'a Arguments<'a>> {
    parameters(p, false, COLON)
}
