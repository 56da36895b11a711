//! Expressions other than literals.

use taipan_ast::{Comprehension, Constant, Expr, ExprContext, ExprKind, Operator};

use super::{ComparePair, KeyValue};
use crate::parser::{Parser, Tok};

impl<'a> Parser<'a> {
    /// An expression before others.
    pub fn in_front(&mut self, first: &Expr<'a>, rest: &[Expr<'a>]) -> &'a [Expr<'a>] {
        let height = self.height::<Expr<'a>>();
        self.push(*first);
        for expression in rest {
            self.push(*expression);
        }
        self.collect(height)
    }

    /// An expression after others.
    pub fn at_end(&self, rest: &[Expr<'a>], last: &Expr<'a>) -> &'a [Expr<'a>] {
        self.join(rest, &[*last])
    }

    /// A comparison.
    pub fn compare(
        &mut self,
        start: usize,
        left: &'a Expr<'a>,
        pairs: &[ComparePair<'a>],
    ) -> &'a Expr<'a> {
        let ops: Vec<_> = pairs.iter().map(|p| p.op).collect();
        let comparators: Vec<_> = pairs.iter().map(|p| p.right).collect();
        let kind = ExprKind::Compare {
            left,
            ops: self.arena.alloc_slice(&ops),
            comparators: self.arena.alloc_slice(&comparators),
        };
        self.expr(kind, start)
    }

    /// `!=` and `<>` are the same token; which of them is meant depends on a future statement.
    pub fn check_barry_as_flufl(&mut self, token: Tok) -> Option<Tok> {
        let old = self.text(token) == "<>";
        if self.barry_as_flufl && !old {
            return self.raise_last("with Barry as BDFL, use '<>' instead of '!='".to_owned());
        }
        (self.barry_as_flufl == old).then_some(token)
    }

    /// `target := value`
    pub fn named_expr(
        &mut self,
        start: usize,
        target: &'a Expr<'a>,
        value: &'a Expr<'a>,
    ) -> Option<&'a Expr<'a>> {
        let target = self.set_context(target, ExprContext::Store);
        let node = self.expr(ExprKind::NamedExpr { target, value }, start);
        self.since(8, "Assignment expressions are", node)
    }

    /// `left @ right`
    pub fn mat_mult(
        &mut self,
        start: usize,
        left: &'a Expr<'a>,
        right: &'a Expr<'a>,
    ) -> Option<&'a Expr<'a>> {
        let node = self.expr(
            ExprKind::BinOp {
                left,
                op: Operator::MatMult,
                right,
            },
            start,
        );
        self.since(5, "The '@' operator is", node)
    }

    /// `await value`
    pub fn await_expr(&mut self, start: usize, value: &'a Expr<'a>) -> Option<&'a Expr<'a>> {
        let node = self.expr(ExprKind::Await { value }, start);
        self.since(5, "Await expressions are", node)
    }

    /// A dict display.
    pub fn dict(&mut self, start: usize, items: Option<&[KeyValue<'a>]>) -> &'a Expr<'a> {
        let items = items.unwrap_or(&[]);
        let keys: Vec<_> = items.iter().map(|i| i.key).collect();
        let values: Vec<_> = items.iter().map(|i| i.value).collect();
        let kind = ExprKind::Dict {
            keys: self.arena.alloc_slice(&keys),
            values: self.arena.alloc_slice(&values),
        };
        self.expr(kind, start)
    }

    /// A dict comprehension. Its grammar takes no item without key.
    pub fn dict_comp(
        &mut self,
        start: usize,
        item: KeyValue<'a>,
        generators: &'a [Comprehension<'a>],
    ) -> &'a Expr<'a> {
        let none = Expr {
            kind: ExprKind::Constant {
                value: Constant::None,
                kind: None,
            },
            loc: item.value.loc,
        };
        let key = self.arena.alloc(item.key.unwrap_or(none));
        let value = self.arena.alloc(item.value);
        self.expr(
            ExprKind::DictComp {
                key,
                value,
                generators,
            },
            start,
        )
    }

    /// `async for` in a comprehension.
    pub fn async_comprehension(
        &mut self,
        target: &'a Expr<'a>,
        iter: &'a Expr<'a>,
        ifs: &'a [Expr<'a>],
    ) -> Option<Comprehension<'a>> {
        self.since(
            6,
            "Async comprehensions are",
            Comprehension {
                target,
                iter,
                ifs,
                is_async: 1,
            },
        )
    }
}
