//! The quick pass: statements.

use taipan_ast::ExprContext::{Del, Store};
use taipan_ast::{ExceptHandler, Expr, ExprKind, Operator, Stmt, StmtKind, WithItem};

use crate::actions::{is_del_target, is_single_target, is_star_target};
use crate::generated::number::*;
use crate::generated::{self as full, first};
use crate::parser::{Parser, Tok};

use super::*;

pub fn statements<'a>(p: &mut Parser<'a>) -> Option<&'a [Stmt<'a>]> {
    if !p.enter() {
        return None;
    }
    let height = p.height::<Stmt<'a>>();
    loop {
        let t = p.pred();
        if is_in(first::COMPOUND_STMT, t) {
            let mark = p.mark;
            if let Some(statement) = full::compound_stmt(p) {
                p.push(statement);
                continue;
            }
            // Only `match` can turn out to be something else.
            if t != SOFT_MATCH || p.raised {
                return None;
            }
            p.mark = mark;
        }
        if !is_in(first::SIMPLE_STMT, t) {
            break;
        }
        line(p)?;
    }
    let statements = p.collect::<Stmt<'a>>(height);
    p.leave();
    (!statements.is_empty()).then_some(statements)
}

/// Simple statements up to the end of the line; they stay on their stack.
pub fn line<'a>(p: &mut Parser<'a>) -> Option<()> {
    loop {
        let statement = simple_stmt(p)?;
        p.push(statement);
        if p.eat(NEWLINE) {
            return Some(());
        }
        if !p.eat(SEMI) {
            return None;
        }
        if p.eat(NEWLINE) {
            return Some(());
        }
    }
}

pub fn simple_stmts<'a>(p: &mut Parser<'a>) -> Option<&'a [Stmt<'a>]> {
    let height = p.height::<Stmt<'a>>();
    line(p)?;
    Some(p.collect(height))
}

pub fn block<'a>(p: &mut Parser<'a>) -> Option<&'a [Stmt<'a>]> {
    if p.eat(NEWLINE) {
        if !p.eat(INDENT) {
            return None;
        }
        let statements = statements(p)?;
        return p.eat(DEDENT).then_some(statements);
    }
    if is_in(first::SIMPLE_STMT, p.pred()) {
        simple_stmts(p)
    } else {
        None
    }
}

pub fn simple_stmt<'a>(p: &mut Parser<'a>) -> Option<Stmt<'a>> {
    match p.pred() {
        KW_RETURN => full::return_stmt(p),
        KW_IMPORT => full::import_name(p),
        KW_FROM => full::import_from(p),
        KW_RAISE => raise_stmt(p),
        KW_PASS => full::pass_stmt(p),
        KW_DEL => del_stmt(p),
        KW_YIELD => full::yield_stmt(p),
        KW_ASSERT => full::assert_stmt(p),
        KW_BREAK => full::break_stmt(p),
        KW_CONTINUE => full::continue_stmt(p),
        KW_GLOBAL => full::global_stmt(p),
        KW_NONLOCAL => full::nonlocal_stmt(p),
        SOFT_TYPE => {
            let mark = p.mark;
            if is_in(
                1 << NAME
                    | 1 << SOFT_CASE
                    | 1 << SOFT_MATCH
                    | 1 << SOFT_TYPE
                    | 1 << SOFT_UNDERSCORE,
                p.pred_after(),
            ) && let Some(statement) = full::type_alias(p)
            {
                return Some(statement);
            }
            if p.raised {
                return None;
            }
            p.mark = mark;
            expression_statement(p)
        }
        _ => expression_statement(p),
    }
}

pub fn augmented(number: u8) -> Option<Operator> {
    Some(match number {
        PLUSEQUAL => Operator::Add,
        MINEQUAL => Operator::Sub,
        STAREQUAL => Operator::Mult,
        ATEQUAL => Operator::MatMult,
        SLASHEQUAL => Operator::Div,
        PERCENTEQUAL => Operator::Mod,
        AMPEREQUAL => Operator::BitAnd,
        VBAREQUAL => Operator::BitOr,
        CIRCUMFLEXEQUAL => Operator::BitXor,
        LEFTSHIFTEQUAL => Operator::LShift,
        RIGHTSHIFTEQUAL => Operator::RShift,
        DOUBLESTAREQUAL => Operator::Pow,
        DOUBLESLASHEQUAL => Operator::FloorDiv,
        _ => return None,
    })
}

/// A statement that begins with an expression: that, or an assignment of any kind.
pub fn expression_statement<'a>(p: &mut Parser<'a>) -> Option<Stmt<'a>> {
    let start = p.mark;
    let left = star_expressions(p)?;
    match p.pred() {
        NEWLINE | SEMI => Some(p.stmt(StmtKind::Expr { value: left }, start)),
        EQUAL => {
            let height = p.height::<Expr<'a>>();
            let mut value = left;
            while p.eat(EQUAL) {
                if !is_star_target(value) {
                    return None;
                }
                let target = p.set_context(value, Store);
                p.push(*target);
                value = full::annotated_rhs(p)?;
            }
            let targets = p.collect(height);
            let comment = p.take(TYPE_COMMENT);
            let type_comment = p.type_comment(comment);
            Some(p.stmt(
                StmtKind::Assign {
                    targets,
                    value,
                    type_comment,
                },
                start,
            ))
        }
        COLON => {
            let bare = p.mark == start + 1;
            if !is_single_target(left) {
                return None;
            }
            p.mark += 1;
            let annotation = expression(p)?;
            let value = if p.eat(EQUAL) {
                Some(full::annotated_rhs(p)?)
            } else {
                None
            };
            p.ann_assign(start, left, annotation, value, i32::from(bare))
        }
        t => match augmented(t) {
            Some(op) => {
                if !is_single_target(left) {
                    return None;
                }
                p.mark += 1;
                let target = p.set_context(left, Store);
                let value = full::annotated_rhs(p)?;
                if op == Operator::MatMult {
                    p.since(5, "The '@' operator is", ())?;
                }
                Some(p.stmt(StmtKind::AugAssign { target, op, value }, start))
            }
            None => Some(p.stmt(StmtKind::Expr { value: left }, start)),
        },
    }
}

pub fn raise_stmt<'a>(p: &mut Parser<'a>) -> Option<Stmt<'a>> {
    let start = p.mark;
    p.mark += 1;
    let exc = if is_in(first::EXPRESSION, p.pred()) {
        Some(expression(p)?)
    } else {
        None
    };
    let cause = if exc.is_some() && p.eat(KW_FROM) {
        Some(expression(p)?)
    } else {
        None
    };
    Some(p.stmt(StmtKind::Raise { exc, cause }, start))
}

pub fn del_stmt<'a>(p: &mut Parser<'a>) -> Option<Stmt<'a>> {
    let start = p.mark;
    p.mark += 1;
    let height = p.height::<Expr<'a>>();
    loop {
        let target = primary(p)?;
        if !is_del_target(target) {
            return None;
        }
        let target = p.set_context(target, Del);
        p.push(*target);
        if !p.eat(COMMA) || !is_in(first::PRIMARY, p.pred()) {
            break;
        }
    }
    let targets = p.collect(height);
    matches!(p.pred(), SEMI | NEWLINE).then(|| p.stmt(StmtKind::Delete { targets }, start))
}

pub fn import_from<'a>(p: &mut Parser<'a>) -> Option<Stmt<'a>> {
    let start = p.mark;
    p.mark += 1;
    let height = p.height::<Tok>();
    while let Some(dot) = p.take(DOT).or_else(|| p.take(ELLIPSIS)) {
        p.push(dot);
    }
    let dots = p.collect::<Tok>(height);
    let module = if p.kind() == NAME {
        Some(full::dotted_name(p)?)
    } else {
        None
    };
    if (module.is_none() && dots.is_empty()) || !p.eat(KW_IMPORT) {
        return None;
    }
    let names = full::import_from_targets(p)?;
    Some(p.import_from(start, module, names, dots))
}

pub fn orelse<'a>(p: &mut Parser<'a>) -> Option<&'a [Stmt<'a>]> {
    if p.kind() == KW_ELSE {
        full::else_block(p)
    } else {
        Some(&[])
    }
}

pub fn if_stmt<'a>(p: &mut Parser<'a>) -> Option<Stmt<'a>> {
    if !p.enter() {
        return None;
    }
    let start = p.mark;
    p.mark += 1;
    let test = named_expression(p)?;
    if !p.eat(COLON) {
        return None;
    }
    let body = block(p)?;
    let orelse = if p.kind() == KW_ELIF {
        let statement = if_stmt(p)?;
        p.one(statement)
    } else {
        orelse(p)?
    };
    p.leave();
    Some(p.stmt(StmtKind::If { test, body, orelse }, start))
}

pub fn elif_stmt<'a>(p: &mut Parser<'a>) -> Option<Stmt<'a>> {
    if p.kind() == KW_ELIF {
        if_stmt(p)
    } else {
        None
    }
}

pub fn with_item<'a>(p: &mut Parser<'a>) -> Option<WithItem<'a>> {
    let context_expr = expression(p)?;
    let mut optional_vars = None;
    if p.eat(KW_AS) {
        optional_vars = Some(star_target(p)?);
        if !matches!(p.pred(), COMMA | RPAR | COLON) {
            return None;
        }
    }
    Some(WithItem {
        context_expr,
        optional_vars,
    })
}

pub fn try_stmt<'a>(p: &mut Parser<'a>) -> Option<Stmt<'a>> {
    let start = p.mark;
    p.mark += 1;
    if !p.eat(COLON) {
        return None;
    }
    let body = block(p)?;
    let mut handlers: &[ExceptHandler<'a>] = &[];
    let mut orelse_body: &[Stmt<'a>] = &[];
    let mut star = false;
    if p.kind() == KW_EXCEPT {
        star = p.pred_after() == STAR;
        let height = p.height::<ExceptHandler<'a>>();
        while p.kind() == KW_EXCEPT {
            if (p.pred_after() == STAR) != star {
                return None;
            }
            let handler = handler(p, star)?;
            p.push(handler);
        }
        handlers = p.collect(height);
        orelse_body = orelse(p)?;
    }
    let mut finalbody: &[Stmt<'a>] = &[];
    if p.kind() == KW_FINALLY {
        finalbody = full::finally_block(p)?;
    } else if handlers.is_empty() {
        return None;
    }
    if star {
        return p.try_star(start, body, handlers, Some(orelse_body), Some(finalbody));
    }
    Some(p.stmt(
        StmtKind::Try {
            body,
            handlers,
            orelse: orelse_body,
            finalbody,
        },
        start,
    ))
}

pub fn handler<'a>(p: &mut Parser<'a>, star: bool) -> Option<ExceptHandler<'a>> {
    let start = p.mark;
    p.mark += if star { 2 } else { 1 };
    if !star && p.eat(COLON) {
        let body = block(p)?;
        return Some(p.except_handler(start, None, None, body));
    }
    let types = expressions(p)?;
    let unparenthesized = p.previous_entry().kind == COMMA
        || matches!(types.kind, ExprKind::Tuple { elts, .. } if elts.first().is_some_and(|e| e.loc.lineno == types.loc.lineno && e.loc.col_offset == types.loc.col_offset));
    let name = if p.eat(KW_AS) {
        if unparenthesized {
            return None;
        }
        Some(p.identifier()?)
    } else {
        None
    };
    if !p.eat(COLON) {
        return None;
    }
    let body = block(p)?;
    if unparenthesized {
        return p.except_several(start, types, body);
    }
    Some(p.except_handler(start, Some(types), name, body))
}

pub fn except_block<'a>(p: &mut Parser<'a>) -> Option<ExceptHandler<'a>> {
    handler(p, false)
}

pub fn except_star_block<'a>(p: &mut Parser<'a>) -> Option<ExceptHandler<'a>> {
    handler(p, true)
}
