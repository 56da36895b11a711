//! Where in a source preprocessing may find something to do: the parser notes it, so that the statements in which there is
//! nothing, which are nearly all, need not be walked through.

use crate::{Constant, Expr, ExprKind, Operator, Stmt, StmtKind};

/// The places of what preprocessing without `-OO` changes or looks at closely.
#[derive(Clone, Debug, Default)]
pub enum Spots {
    /// Not known: for trees that the parser did not make.
    #[default]
    Anywhere,
    /// The lines on which such nodes begin, sorted.
    Lines(Vec<u32>),
}

impl Spots {
    /// The spots on these lines, in any order.
    pub fn on(mut lines: Vec<u32>) -> Spots {
        lines.sort_unstable();
        Spots::Lines(lines)
    }

    /// Whether there may be a spot in a statement.
    pub(crate) fn any_in(&self, node: &Stmt<'_>) -> bool {
        let Spots::Lines(lines) = self else {
            return true;
        };
        let decorators = match node.kind {
            StmtKind::FunctionDef { decorator_list, .. }
            | StmtKind::AsyncFunctionDef { decorator_list, .. }
            | StmtKind::ClassDef { decorator_list, .. } => decorator_list,
            _ => &[],
        };
        let first = decorators
            .first()
            .map_or(node.loc.lineno, |d| d.loc.lineno.min(node.loc.lineno));
        let after = lines.partition_point(|line| *line < first);
        lines
            .get(after)
            .is_some_and(|line| *line <= node.loc.end_lineno)
    }

    /// Whether an expression is one: `__debug__`, or a text that is formatted with a tuple.
    #[inline]
    pub fn is_expr(kind: &ExprKind<'_>) -> bool {
        let is_text = |node: &Expr<'_>| {
            let value = match node.kind {
                ExprKind::Constant { value, .. } => value,
                _ => return false,
            };
            matches!(value, Constant::Str(_))
        };
        match *kind {
            ExprKind::BinOp {
                left,
                op: Operator::Mod,
                right,
            } => is_text(left) && matches!(right.kind, ExprKind::Tuple { .. }),
            ExprKind::Name { id, .. } => id == "__debug__",
            _ => false,
        }
    }

    /// Whether a statement is one: `match`, whose patterns may hold numbers, and `finally`.
    #[inline]
    pub fn is_stmt(kind: &StmtKind<'_>) -> bool {
        match kind {
            StmtKind::Match { .. } => true,
            StmtKind::Try { finalbody, .. } | StmtKind::TryStar { finalbody, .. } => {
                !finalbody.is_empty()
            }
            _ => false,
        }
    }
}
