//! The quick pass: expressions from the loosest operators to `%`.

use taipan_ast::ExprContext::Load;
use taipan_ast::{CmpOp, Expr, ExprKind, Operator, UnaryOp};

use crate::actions::ComparePair;
use crate::generated::number::*;
use crate::generated::{self as full, first};
use crate::parser::{Parser, Tok};

use super::*;

/// `first`, or a tuple if commas follow; `item` gives what follows them.
pub fn tuple_after<'a>(
    p: &mut Parser<'a>,
    start: usize,
    one: &'a Expr<'a>,
    set: u128,
    item: fn(&mut Parser<'a>) -> Found<'a>,
) -> Found<'a> {
    if p.pred() != COMMA {
        return Some(one);
    }
    let height = p.height::<Expr<'a>>();
    p.push(*one);
    while p.eat(COMMA) {
        if !is_in(set, p.pred()) {
            break;
        }
        let expr = item(p)?;
        p.push(*expr);
    }
    let elts = p.collect(height);
    Some(p.expr(ExprKind::Tuple { elts, ctx: Load }, start))
}

pub fn expressions<'a>(p: &mut Parser<'a>) -> Found<'a> {
    let start = p.mark;
    let one = expression(p)?;
    tuple_after(p, start, one, first::EXPRESSION, expression)
}

pub fn star_expressions<'a>(p: &mut Parser<'a>) -> Found<'a> {
    let start = p.mark;
    let one = star_expression(p)?;
    tuple_after(p, start, one, first::STAR_EXPRESSION, star_expression)
}

pub fn star_expression<'a>(p: &mut Parser<'a>) -> Found<'a> {
    if p.pred() == STAR {
        starred(p, binary_operation)
    } else {
        expression(p)
    }
}

pub fn starred<'a>(p: &mut Parser<'a>, item: fn(&mut Parser<'a>) -> Found<'a>) -> Found<'a> {
    let start = p.mark;
    p.mark += 1;
    let value = item(p)?;
    Some(p.expr(ExprKind::Starred { value, ctx: Load }, start))
}

pub fn star_named_expression<'a>(p: &mut Parser<'a>) -> Found<'a> {
    if p.pred() == STAR {
        starred(p, binary_operation)
    } else {
        named_expression(p)
    }
}

pub fn named_expression<'a>(p: &mut Parser<'a>) -> Found<'a> {
    let start = p.mark;
    if p.kind() == NAME && p.pred_after() == COLONEQUAL {
        let target = p.name()?;
        p.mark += 1;
        let value = expression(p)?;
        return p.named_expr(start, target, value);
    }
    let value = expression(p)?;
    (p.pred() != COLONEQUAL).then_some(value)
}

pub fn expression<'a>(p: &mut Parser<'a>) -> Found<'a> {
    if p.pred() == KW_LAMBDA {
        return full::lambdef(p);
    }
    let start = p.mark;
    let body = disjunction(p)?;
    if p.pred() != KW_IF {
        return Some(body);
    }
    if !p.enter() {
        return None;
    }
    p.mark += 1;
    let test = disjunction(p)?;
    if !p.eat(KW_ELSE) {
        return None;
    }
    let orelse = expression(p)?;
    p.leave();
    Some(p.expr(ExprKind::IfExp { test, body, orelse }, start))
}

pub fn bool_op<'a>(
    p: &mut Parser<'a>,
    start: usize,
    first: &'a Expr<'a>,
    keyword: u8,
    op: taipan_ast::BoolOp,
    item: fn(&mut Parser<'a>) -> Found<'a>,
) -> Found<'a> {
    let height = p.height::<Expr<'a>>();
    p.push(*first);
    while p.eat(keyword) {
        let expr = item(p)?;
        p.push(*expr);
    }
    let values = p.collect(height);
    Some(p.expr(ExprKind::BoolOp { op, values }, start))
}

#[inline]
pub fn disjunction<'a>(p: &mut Parser<'a>) -> Found<'a> {
    let start = p.mark;
    let first = conjunction(p)?;
    if p.pred() != KW_OR {
        return Some(first);
    }
    bool_op(p, start, first, KW_OR, taipan_ast::BoolOp::Or, conjunction)
}

#[inline]
pub fn conjunction<'a>(p: &mut Parser<'a>) -> Found<'a> {
    let start = p.mark;
    let first = inversion(p)?;
    if p.pred() != KW_AND {
        return Some(first);
    }
    bool_op(p, start, first, KW_AND, taipan_ast::BoolOp::And, inversion)
}

pub fn inversion<'a>(p: &mut Parser<'a>) -> Found<'a> {
    let start = p.mark;
    if p.pred() == KW_NOT {
        if !p.enter() {
            return None;
        }
        p.mark += 1;
        let operand = inversion(p)?;
        p.leave();
        return Some(p.expr(
            ExprKind::UnaryOp {
                op: UnaryOp::Not,
                operand,
            },
            start,
        ));
    }
    let left = binary_operation(p)?;
    if is_in(first::COMPARE_OP_BITWISE_OR_PAIR, p.pred()) {
        return comparison(p, start, left);
    }
    Some(left)
}

pub fn comparison<'a>(p: &mut Parser<'a>, start: usize, left: &'a Expr<'a>) -> Found<'a> {
    let height = p.height::<ComparePair<'a>>();
    loop {
        let op = match p.pred() {
            EQEQUAL => CmpOp::Eq,
            NOTEQUAL => {
                p.check_barry_as_flufl(Tok(p.mark as u32))?;
                CmpOp::NotEq
            }
            LESSEQUAL => CmpOp::LtE,
            LESS => CmpOp::Lt,
            GREATEREQUAL => CmpOp::GtE,
            GREATER => CmpOp::Gt,
            KW_IN => CmpOp::In,
            KW_NOT if p.pred_after() == KW_IN => {
                p.mark += 1;
                CmpOp::NotIn
            }
            KW_IS if p.pred_after() == KW_NOT => {
                p.mark += 1;
                CmpOp::IsNot
            }
            KW_IS => CmpOp::Is,
            _ => break,
        };
        p.mark += 1;
        let right = *binary_operation(p)?;
        p.push(ComparePair { op, right });
    }
    let pairs = p.collect::<ComparePair<'a>>(height);
    if pairs.is_empty() {
        return Some(left);
    }
    Some(p.compare(start, left, pairs))
}

/// The operators from `|` to `%`: how tight they bind, and what they are.
pub const fn binary_operator(number: u8) -> Option<(u8, Operator)> {
    Some(match number {
        VBAR => (1, Operator::BitOr),
        CIRCUMFLEX => (2, Operator::BitXor),
        AMPER => (3, Operator::BitAnd),
        LEFTSHIFT => (4, Operator::LShift),
        RIGHTSHIFT => (4, Operator::RShift),
        PLUS => (5, Operator::Add),
        MINUS => (5, Operator::Sub),
        STAR => (6, Operator::Mult),
        SLASH => (6, Operator::Div),
        DOUBLESLASH => (6, Operator::FloorDiv),
        PERCENT => (6, Operator::Mod),
        AT => (6, Operator::MatMult),
        _ => return None,
    })
}

pub fn binary_operation<'a>(p: &mut Parser<'a>) -> Found<'a> {
    let start = p.mark;
    let left = factor(p)?;
    match binary_operator(p.pred()) {
        None => Some(left),
        Some(_) => operators(p, start, left, 0),
    }
}

/// Operators that bind tighter than `loosest`, after their left operand.
pub fn operators<'a>(
    p: &mut Parser<'a>,
    start: usize,
    left: &'a Expr<'a>,
    loosest: u8,
) -> Found<'a> {
    let mut left = left;
    while let Some((level, op)) = binary_operator(p.pred()) {
        if level <= loosest {
            break;
        }
        p.mark += 1;
        let right_start = p.mark;
        let right = factor(p)?;
        let right = operators(p, right_start, right, level)?;
        if op == Operator::MatMult {
            p.since(5, "The '@' operator is", ())?;
        }
        left = p.expr(ExprKind::BinOp { left, op, right }, start);
    }
    Some(left)
}
