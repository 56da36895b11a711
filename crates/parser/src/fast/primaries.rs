//! The quick pass: unary operators, calls and subscripts, displays and comprehensions, strings, targets.

use taipan_ast::ExprContext::{Load, Store};
use taipan_ast::{Comprehension, Expr, ExprKind, Keyword, Operator, UnaryOp};

use crate::actions::{CallArgs, KeyValue, is_star_target};
use crate::generated::number::*;
use crate::generated::{self as full, first};
use crate::parser::{Parser, Tok};

use super::*;

pub fn factor<'a>(p: &mut Parser<'a>) -> Found<'a> {
    let start = p.mark;
    let op = match p.pred() {
        PLUS => UnaryOp::UAdd,
        MINUS => UnaryOp::USub,
        TILDE => UnaryOp::Invert,
        _ => {
            let left = await_primary(p)?;
            if p.pred() != DOUBLESTAR {
                return Some(left);
            }
            if !p.enter() {
                return None;
            }
            p.mark += 1;
            let right = factor(p)?;
            p.leave();
            return Some(p.expr(
                ExprKind::BinOp {
                    left,
                    op: Operator::Pow,
                    right,
                },
                start,
            ));
        }
    };
    if !p.enter() {
        return None;
    }
    p.mark += 1;
    let operand = factor(p)?;
    p.leave();
    Some(p.expr(ExprKind::UnaryOp { op, operand }, start))
}

#[inline]
pub fn await_primary<'a>(p: &mut Parser<'a>) -> Found<'a> {
    if p.pred() != KW_AWAIT {
        return primary(p);
    }
    let start = p.mark;
    p.mark += 1;
    let value = primary(p)?;
    p.await_expr(start, value)
}

pub fn primary<'a>(p: &mut Parser<'a>) -> Found<'a> {
    let start = p.mark;
    let mut left = atom(p)?;
    loop {
        match p.pred() {
            DOT => {
                p.mark += 1;
                let attr = p.identifier()?;
                left = p.expr(
                    ExprKind::Attribute {
                        value: left,
                        attr,
                        ctx: Load,
                    },
                    start,
                );
            }
            LPAR => {
                let CallArgs { args, keywords } = call(p)?;
                left = p.expr(
                    ExprKind::Call {
                        func: left,
                        args,
                        keywords,
                    },
                    start,
                );
            }
            LSQB => {
                if !p.enter() {
                    return None;
                }
                p.mark += 1;
                let slice = slices(p)?;
                p.leave();
                if !p.eat(RSQB) {
                    return None;
                }
                left = p.expr(
                    ExprKind::Subscript {
                        value: left,
                        slice,
                        ctx: Load,
                    },
                    start,
                );
            }
            _ => return Some(left),
        }
    }
}

/// A call's arguments with their parentheses; a generator expression can stand alone in them.
pub fn call<'a>(p: &mut Parser<'a>) -> Option<CallArgs<'a>> {
    let start = p.mark;
    p.mark += 1;
    if p.eat(RPAR) {
        return Some(CallArgs {
            args: &[],
            keywords: &[],
        });
    }
    if !p.enter() {
        return None;
    }
    let found = argument_list(p, Some(start))?;
    p.leave();
    p.eat(RPAR).then_some(found)
}

pub fn arguments<'a>(p: &mut Parser<'a>) -> Option<CallArgs<'a>> {
    let found = argument_list(p, None)?;
    (p.pred() == RPAR).then_some(found)
}

/// Arguments up to the closing parenthesis; `call` is the place of the opening one if a generator expression is
/// allowed without parentheses of its own.
pub fn argument_list<'a>(p: &mut Parser<'a>, call: Option<usize>) -> Option<CallArgs<'a>> {
    let height = p.height::<Expr<'a>>();
    let keyword_height = p.height::<Keyword<'a>>();
    let mut double_starred = false;
    loop {
        let start = p.mark;
        match p.pred() {
            STAR => {
                if double_starred {
                    return None;
                }
                let arg = starred(p, expression)?;
                p.push(*arg);
            }
            DOUBLESTAR => {
                double_starred = true;
                p.mark += 1;
                let value = expression(p)?;
                let loc = p.loc(start);
                p.push(Keyword {
                    arg: None,
                    value,
                    loc,
                });
            }
            _ if p.kind() == NAME && p.pred_after() == EQUAL => {
                let arg = p.identifier();
                p.mark += 1;
                let value = expression(p)?;
                let loc = p.loc(start);
                p.push(Keyword { arg, value, loc });
            }
            _ => {
                if p.height::<Keyword<'a>>() != keyword_height {
                    return None;
                }
                let mut arg = named_expression(p)?;
                if is_in(first::FOR_IF_CLAUSES, p.pred()) {
                    let call = call.filter(|_| p.height::<Expr<'a>>() == height)?;
                    let generators = clauses(p)?;
                    if p.pred() != RPAR {
                        return None;
                    }
                    // The parentheses of the call are those of the generator expression.
                    p.mark += 1;
                    arg = p.expr(
                        ExprKind::GeneratorExp {
                            elt: arg,
                            generators,
                        },
                        call,
                    );
                    p.mark -= 1;
                }
                p.push(*arg);
            }
        }
        if !p.eat(COMMA) || p.pred() == RPAR {
            break;
        }
    }
    Some(CallArgs {
        args: p.collect(height),
        keywords: p.collect(keyword_height),
    })
}

pub fn slices<'a>(p: &mut Parser<'a>) -> Found<'a> {
    let start = p.mark;
    let lone = p.pred() != STAR;
    let one = slice_or_starred(p)?;
    if lone && p.pred() != COMMA {
        return Some(one);
    }
    let height = p.height::<Expr<'a>>();
    p.push(*one);
    while p.eat(COMMA) {
        if p.pred() == RSQB {
            break;
        }
        let expr = slice_or_starred(p)?;
        p.push(*expr);
    }
    let elts = p.collect(height);
    Some(p.expr(ExprKind::Tuple { elts, ctx: Load }, start))
}

pub fn slice_or_starred<'a>(p: &mut Parser<'a>) -> Found<'a> {
    if p.pred() == STAR {
        starred(p, expression)
    } else {
        slice(p)
    }
}

pub fn optional_expression<'a>(p: &mut Parser<'a>) -> Option<Option<&'a Expr<'a>>> {
    if is_in(first::EXPRESSION, p.pred()) {
        Some(Some(expression(p)?))
    } else {
        Some(None)
    }
}

pub fn slice<'a>(p: &mut Parser<'a>) -> Found<'a> {
    let start = p.mark;
    let lower = if p.pred() == COLON {
        None
    } else {
        let assigns = p.kind() == NAME && p.pred_after() == COLONEQUAL;
        let value = named_expression(p)?;
        if assigns || p.pred() != COLON {
            return Some(value);
        }
        Some(value)
    };
    p.mark += 1;
    let upper = optional_expression(p)?;
    let step = if p.eat(COLON) {
        optional_expression(p)?
    } else {
        None
    };
    Some(p.expr(ExprKind::Slice { lower, upper, step }, start))
}

pub fn atom<'a>(p: &mut Parser<'a>) -> Found<'a> {
    use taipan_ast::Constant;
    let start = p.mark;
    let value = match p.kind() {
        NAME => return p.name(),
        STRING | FSTRING_START | TSTRING_START => return strings(p),
        NUMBER => return p.number(),
        LPAR => return bracketed(p, parenthesized),
        LSQB => return bracketed(p, square),
        LBRACE => return bracketed(p, braced),
        KW_TRUE => Constant::True,
        KW_FALSE => Constant::False,
        KW_NONE => Constant::None,
        ELLIPSIS => Constant::Ellipsis,
        _ => return None,
    };
    p.mark += 1;
    Some(p.expr(ExprKind::Constant { value, kind: None }, start))
}

pub fn bracketed<'a>(
    p: &mut Parser<'a>,
    inside: fn(&mut Parser<'a>, usize) -> Found<'a>,
) -> Found<'a> {
    if !p.enter() {
        return None;
    }
    let start = p.mark;
    p.mark += 1;
    let found = inside(p, start)?;
    p.leave();
    Some(found)
}

pub fn parenthesized<'a>(p: &mut Parser<'a>, start: usize) -> Found<'a> {
    if p.eat(RPAR) {
        return Some(p.expr(
            ExprKind::Tuple {
                elts: &[],
                ctx: Load,
            },
            start,
        ));
    }
    if p.pred() == KW_YIELD {
        let value = full::yield_expr(p)?;
        return p.eat(RPAR).then_some(value);
    }
    let star = p.pred() == STAR;
    let one = star_named_expression(p)?;
    match p.pred() {
        RPAR if !star => {
            p.mark += 1;
            Some(one)
        }
        COMMA => {
            let elts = elements(p, one, RPAR)?;
            Some(p.expr(ExprKind::Tuple { elts, ctx: Load }, start))
        }
        KW_FOR | KW_ASYNC if !star => {
            let generators = clauses(p)?;
            p.eat(RPAR).then(|| {
                p.expr(
                    ExprKind::GeneratorExp {
                        elt: one,
                        generators,
                    },
                    start,
                )
            })
        }
        _ => None,
    }
}

/// Elements of a tuple, list or set after the first, up to the closing bracket and with it.
pub fn elements<'a>(p: &mut Parser<'a>, one: &'a Expr<'a>, close: u8) -> Option<&'a [Expr<'a>]> {
    let height = p.height::<Expr<'a>>();
    p.push(*one);
    loop {
        if p.eat(close) {
            return Some(p.collect(height));
        }
        if !p.eat(COMMA) {
            return None;
        }
        if p.eat(close) {
            return Some(p.collect(height));
        }
        let expr = star_named_expression(p)?;
        p.push(*expr);
    }
}

pub fn square<'a>(p: &mut Parser<'a>, start: usize) -> Found<'a> {
    if p.eat(RSQB) {
        return Some(p.expr(
            ExprKind::List {
                elts: &[],
                ctx: Load,
            },
            start,
        ));
    }
    let star = p.pred() == STAR;
    let one = star_named_expression(p)?;
    if !star && is_in(first::FOR_IF_CLAUSES, p.pred()) {
        let generators = clauses(p)?;
        return p.eat(RSQB).then(|| {
            p.expr(
                ExprKind::ListComp {
                    elt: one,
                    generators,
                },
                start,
            )
        });
    }
    let elts = elements(p, one, RSQB)?;
    Some(p.expr(ExprKind::List { elts, ctx: Load }, start))
}

pub fn braced<'a>(p: &mut Parser<'a>, start: usize) -> Found<'a> {
    if p.eat(RBRACE) {
        return Some(p.dict(start, None));
    }
    if p.pred() == DOUBLESTAR {
        return dict(p, start, None);
    }
    let plain = p.pred() != STAR && !(p.kind() == NAME && p.pred_after() == COLONEQUAL);
    let one = star_named_expression(p)?;
    if plain && p.eat(COLON) {
        let value = *expression(p)?;
        let item = KeyValue {
            key: Some(*one),
            value,
        };
        if is_in(first::FOR_IF_CLAUSES, p.pred()) {
            let generators = clauses(p)?;
            return p.eat(RBRACE).then(|| p.dict_comp(start, item, generators));
        }
        return dict(p, start, Some(item));
    }
    if matches!(one.kind, ExprKind::Starred { .. }) {
        let elts = elements(p, one, RBRACE)?;
        return Some(p.expr(ExprKind::Set { elts }, start));
    }
    if is_in(first::FOR_IF_CLAUSES, p.pred()) {
        let generators = clauses(p)?;
        return p.eat(RBRACE).then(|| {
            p.expr(
                ExprKind::SetComp {
                    elt: one,
                    generators,
                },
                start,
            )
        });
    }
    let elts = elements(p, one, RBRACE)?;
    Some(p.expr(ExprKind::Set { elts }, start))
}

/// The items of a dict display, after the first if that has been read.
pub fn dict<'a>(p: &mut Parser<'a>, start: usize, one: Option<KeyValue<'a>>) -> Found<'a> {
    let height = p.height::<KeyValue<'a>>();
    if let Some(one) = one {
        p.push(one);
    } else {
        let item = dict_item(p)?;
        p.push(item);
    }
    while !p.eat(RBRACE) {
        if !p.eat(COMMA) {
            return None;
        }
        if p.pred() == RBRACE {
            continue;
        }
        let item = dict_item(p)?;
        p.push(item);
    }
    let items = p.collect(height);
    Some(p.dict(start, Some(items)))
}

pub fn dict_item<'a>(p: &mut Parser<'a>) -> Option<KeyValue<'a>> {
    if p.eat(DOUBLESTAR) {
        return Some(KeyValue {
            key: None,
            value: *binary_operation(p)?,
        });
    }
    let key = Some(*expression(p)?);
    if !p.eat(COLON) {
        return None;
    }
    Some(KeyValue {
        key,
        value: *expression(p)?,
    })
}

pub fn clauses<'a>(p: &mut Parser<'a>) -> Option<&'a [Comprehension<'a>]> {
    let height = p.height::<Comprehension<'a>>();
    loop {
        let is_async = p.eat(KW_ASYNC);
        if !p.eat(KW_FOR) {
            if is_async {
                return None;
            }
            return Some(p.collect(height));
        }
        let target = star_targets(p)?;
        if !p.eat(KW_IN) {
            return None;
        }
        let iter = disjunction(p)?;
        let if_height = p.height::<Expr<'a>>();
        while p.eat(KW_IF) {
            let test = disjunction(p)?;
            p.push(*test);
        }
        let ifs = p.collect(if_height);
        let clause = if is_async {
            p.async_comprehension(target, iter, ifs)?
        } else {
            Comprehension {
                target,
                iter,
                ifs,
                is_async: 0,
            }
        };
        p.push(clause);
    }
}

pub fn strings<'a>(p: &mut Parser<'a>) -> Found<'a> {
    let start = p.mark;
    let first = p.kind();
    if first == STRING && !matches!(p.pred_after(), STRING | FSTRING_START | TSTRING_START) {
        p.mark += 1;
        return p.constant_from_string(Tok(start as u32));
    }
    let height = p.height::<Expr<'a>>();
    loop {
        let part = match p.kind() {
            STRING if first != TSTRING_START => full::string(p)?,
            FSTRING_START if first != TSTRING_START => full::fstring(p)?,
            TSTRING_START if first == TSTRING_START => full::tstring(p)?,
            STRING | FSTRING_START | TSTRING_START => return None,
            _ => break,
        };
        p.push(*part);
    }
    let parts = p.collect(height);
    if first == TSTRING_START {
        return Some(p.concatenate_tstrings(start, parts));
    }
    p.concatenate_strings(start, parts)
}

pub fn star_targets<'a>(p: &mut Parser<'a>) -> Found<'a> {
    let start = p.mark;
    let one = star_target(p)?;
    if p.pred() != COMMA {
        return Some(one);
    }
    let height = p.height::<Expr<'a>>();
    p.push(*one);
    while p.eat(COMMA) {
        if !is_in(first::STAR_TARGET, p.pred()) {
            break;
        }
        let target = star_target(p)?;
        p.push(*target);
    }
    let elts = p.collect(height);
    Some(p.expr(ExprKind::Tuple { elts, ctx: Store }, start))
}

pub fn star_target<'a>(p: &mut Parser<'a>) -> Found<'a> {
    let target = if p.pred() == STAR {
        starred(p, primary)?
    } else {
        primary(p)?
    };
    is_star_target(target).then(|| p.set_context(target, Store))
}
