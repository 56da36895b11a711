//! The quick pass: rules that stand in for those of the grammar named alike, made for speed. They accept the same
//! texts and build the same trees, but never go back: where the grammar tries one alternative after the other, they
//! read on and decide by what follows. What they cannot take is left to the grammar, so they fail without an error.
//!
//! A test parses the same files both ways and compares.

use taipan_ast::ExprContext::{Del, Load, Store};
use taipan_ast::{
    Arg, Arguments, CmpOp, Comprehension, ExceptHandler, Expr, ExprKind, Keyword, Operator, Stmt,
    StmtKind, UnaryOp, WithItem,
};

use crate::actions::{
    CallArgs, ComparePair, KeyValue, is_del_target, is_single_target, is_star_target,
};
use crate::generated::number::*;
use crate::generated::{self as full, first};
use crate::parser::{Parser, Tok};

/// What `return` is in these rules.
type Found<'a> = Option<&'a Expr<'a>>;

#[inline]
fn is_in(set: u128, number: u8) -> bool {
    (set >> number) & 1 != 0
}

// ---- Statements

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
fn line<'a>(p: &mut Parser<'a>) -> Option<()> {
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

fn augmented(number: u8) -> Option<Operator> {
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
fn expression_statement<'a>(p: &mut Parser<'a>) -> Option<Stmt<'a>> {
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

fn orelse<'a>(p: &mut Parser<'a>) -> Option<&'a [Stmt<'a>]> {
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

fn handler<'a>(p: &mut Parser<'a>, star: bool) -> Option<ExceptHandler<'a>> {
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

// ---- Parameters

/// What parameters look like: those of `def` have annotations and type comments, those of `lambda` have not.
fn parameters<'a>(p: &mut Parser<'a>, annotated: bool, end: u8) -> Option<&'a Arguments<'a>> {
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

fn parameter<'a>(p: &mut Parser<'a>, annotated: bool, star: bool) -> Option<Arg<'a>> {
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

// ---- Expressions, from those with the loosest operators on

/// `first`, or a tuple if commas follow; `item` gives what follows them.
fn tuple_after<'a>(
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

fn starred<'a>(p: &mut Parser<'a>, item: fn(&mut Parser<'a>) -> Found<'a>) -> Found<'a> {
    let start = p.mark;
    p.mark += 1;
    let value = item(p)?;
    Some(p.expr(ExprKind::Starred { value, ctx: Load }, start))
}

fn star_named_expression<'a>(p: &mut Parser<'a>) -> Found<'a> {
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

fn bool_op<'a>(
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

fn comparison<'a>(p: &mut Parser<'a>, start: usize, left: &'a Expr<'a>) -> Found<'a> {
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
const fn binary_operator(number: u8) -> Option<(u8, Operator)> {
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
fn operators<'a>(p: &mut Parser<'a>, start: usize, left: &'a Expr<'a>, loosest: u8) -> Found<'a> {
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
fn call<'a>(p: &mut Parser<'a>) -> Option<CallArgs<'a>> {
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
fn argument_list<'a>(p: &mut Parser<'a>, call: Option<usize>) -> Option<CallArgs<'a>> {
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

fn slice_or_starred<'a>(p: &mut Parser<'a>) -> Found<'a> {
    if p.pred() == STAR {
        starred(p, expression)
    } else {
        slice(p)
    }
}

fn optional_expression<'a>(p: &mut Parser<'a>) -> Option<Option<&'a Expr<'a>>> {
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

fn bracketed<'a>(p: &mut Parser<'a>, inside: fn(&mut Parser<'a>, usize) -> Found<'a>) -> Found<'a> {
    if !p.enter() {
        return None;
    }
    let start = p.mark;
    p.mark += 1;
    let found = inside(p, start)?;
    p.leave();
    Some(found)
}

fn parenthesized<'a>(p: &mut Parser<'a>, start: usize) -> Found<'a> {
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
fn elements<'a>(p: &mut Parser<'a>, one: &'a Expr<'a>, close: u8) -> Option<&'a [Expr<'a>]> {
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

fn square<'a>(p: &mut Parser<'a>, start: usize) -> Found<'a> {
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

fn braced<'a>(p: &mut Parser<'a>, start: usize) -> Found<'a> {
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
fn dict<'a>(p: &mut Parser<'a>, start: usize, one: Option<KeyValue<'a>>) -> Found<'a> {
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

fn dict_item<'a>(p: &mut Parser<'a>) -> Option<KeyValue<'a>> {
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

fn clauses<'a>(p: &mut Parser<'a>) -> Option<&'a [Comprehension<'a>]> {
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

// ---- Targets

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
