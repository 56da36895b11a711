//! Targets: giving an expression the context of one, and finding what cannot be one.

use taipan_ast::{CmpOp, Expr, ExprContext, ExprKind};

use crate::parser::Parser;

/// What an expression is to be a target of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Targets {
    /// An assignment.
    Star,
    /// A `del` statement.
    Del,
    /// A `for` loop.
    For,
}

impl<'a> Parser<'a> {
    /// The expression with another context, which goes down into tuples, lists and starred expressions.
    pub fn set_context(&mut self, expr: &'a Expr<'a>, ctx: ExprContext) -> &'a Expr<'a> {
        let changed = self.with_context(expr, ctx);
        self.arena.alloc(changed)
    }

    fn with_context(&mut self, expr: &Expr<'a>, ctx: ExprContext) -> Expr<'a> {
        let kind = match expr.kind {
            ExprKind::Name { id, .. } => ExprKind::Name { id, ctx },
            ExprKind::Tuple { elts, .. } => ExprKind::Tuple {
                elts: self.all_with_context(elts, ctx),
                ctx,
            },
            ExprKind::List { elts, .. } => ExprKind::List {
                elts: self.all_with_context(elts, ctx),
                ctx,
            },
            ExprKind::Subscript { value, slice, .. } => ExprKind::Subscript { value, slice, ctx },
            ExprKind::Attribute { value, attr, .. } => ExprKind::Attribute { value, attr, ctx },
            ExprKind::Starred { value, .. } => ExprKind::Starred {
                value: self.set_context(value, ctx),
                ctx,
            },
            other => other,
        };
        Expr {
            kind,
            loc: expr.loc,
        }
    }

    fn all_with_context(&mut self, elts: &[Expr<'a>], ctx: ExprContext) -> &'a [Expr<'a>] {
        let height = self.height::<Expr<'a>>();
        for elt in elts {
            let changed = self.with_context(elt, ctx);
            self.push(changed);
        }
        self.collect(height)
    }

    /// Raises the error for the part of an expression that cannot be a target, if there is one.
    pub fn invalid_target(&mut self, targets: Targets, expr: &'a Expr<'a>) -> Option<()> {
        let invalid = invalid_part(targets, expr)?;
        let verb = if targets == Targets::Del {
            "delete"
        } else {
            "assign to"
        };
        let name = super::expr_name(invalid);
        self.raise_at(invalid, format!("cannot {verb} {name}"));
        None
    }
}

fn invalid_part<'a>(targets: Targets, expr: &'a Expr<'a>) -> Option<&'a Expr<'a>> {
    match &expr.kind {
        ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } => {
            elts.iter().find_map(|elt| invalid_part(targets, elt))
        }
        ExprKind::Starred { value, .. } if targets != Targets::Del => invalid_part(targets, value),
        // In `for a in b` the expression is a comparison, of which only the left side is meant to be a target.
        ExprKind::Compare { left, ops, .. } if targets == Targets::For => {
            if ops.first() == Some(&CmpOp::In) {
                invalid_part(targets, left)
            } else {
                None
            }
        }
        ExprKind::Name { .. } | ExprKind::Subscript { .. } | ExprKind::Attribute { .. } => None,
        _ => Some(expr),
    }
}

/// Whether an expression can be assigned to, starred parts included.
pub fn is_star_target(expr: &Expr<'_>) -> bool {
    match &expr.kind {
        ExprKind::Name { .. } | ExprKind::Subscript { .. } | ExprKind::Attribute { .. } => true,
        ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } => {
            elts.iter().all(is_star_target)
        }
        ExprKind::Starred { value, .. } => {
            !matches!(value.kind, ExprKind::Starred { .. }) && is_star_target(value)
        }
        _ => false,
    }
}

/// Whether an expression can be deleted.
pub fn is_del_target(expr: &Expr<'_>) -> bool {
    match &expr.kind {
        ExprKind::Name { .. } | ExprKind::Subscript { .. } | ExprKind::Attribute { .. } => true,
        ExprKind::List { elts, .. } | ExprKind::Tuple { elts, .. } => {
            elts.iter().all(is_del_target)
        }
        _ => false,
    }
}

/// Whether an expression can be annotated or assigned to with an operator.
pub fn is_single_target(expr: &Expr<'_>) -> bool {
    matches!(
        expr.kind,
        ExprKind::Name { .. } | ExprKind::Subscript { .. } | ExprKind::Attribute { .. }
    )
}
