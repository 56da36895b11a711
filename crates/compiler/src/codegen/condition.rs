//! Conditions: comparisons, `and` and `or`, and expressions that only decide a jump.

use taipan_ast::{BoolOp, CmpOp, Expr, ExprKind, UnaryOp};
use taipan_bytecode::opcode::CompilerOpcode as Op;

use super::oparg;
use super::{Compiler, Res};
use crate::instruction_sequence::{Label, SourceLocation};

impl<'a> Compiler<'a> {
    pub(crate) fn boolop(
        &mut self,
        loc: SourceLocation,
        op: BoolOp,
        values: &'a [Expr<'a>],
    ) -> Res {
        let jump = match op {
            BoolOp::And => Op::JumpIfFalse,
            BoolOp::Or => Op::JumpIfTrue,
        };
        let end = self.new_label();
        if let Some((last, init)) = values.split_last() {
            for value in init {
                self.visit_expr(value)?;
                self.addop_jump(loc, jump, end);
                self.addop(loc, Op::PopTop);
            }
            self.visit_expr(last)?;
        }
        self.use_label(end);
        Ok(())
    }

    /// Emits `e` as a condition: jumps to `next` when its truth is `cond`, falls through otherwise.
    pub(crate) fn jump_if(
        &mut self,
        loc: SourceLocation,
        e: &'a Expr<'a>,
        next: Label,
        cond: bool,
    ) -> Res {
        self.check_depth()?;
        self.jump_if_inner(loc, e, next, cond)
    }

    fn jump_if_inner(
        &mut self,
        loc: SourceLocation,
        e: &'a Expr<'a>,
        next: Label,
        cond: bool,
    ) -> Res {
        match e.kind {
            ExprKind::UnaryOp {
                op: UnaryOp::Not,
                operand,
            } => return self.jump_if(loc, operand, next, !cond),
            ExprKind::BoolOp { op, values } => {
                let cond2 = op == BoolOp::Or;
                let next2 = if cond2 == cond {
                    next
                } else {
                    self.new_label()
                };
                if let Some((last, init)) = values.split_last() {
                    for value in init {
                        self.jump_if(loc, value, next2, cond2)?;
                    }
                    self.jump_if(loc, last, next, cond)?;
                }
                if cond2 != cond {
                    self.use_label(next2);
                }
                return Ok(());
            }
            ExprKind::IfExp { test, body, orelse } => {
                let end = self.new_label();
                let next2 = self.new_label();
                self.jump_if(loc, test, next2, false)?;
                self.jump_if(loc, body, next, cond)?;
                self.addop_jump(SourceLocation::NONE, Op::JumpNoInterrupt, end);
                self.use_label(next2);
                self.jump_if(loc, orelse, next, cond)?;
                self.use_label(end);
                return Ok(());
            }
            ExprKind::Compare {
                left,
                ops,
                comparators,
            } if ops.len() > 1 => {
                return self.jump_if_chained_compare(e, left, ops, comparators, next, cond);
            }
            _ => {}
        }
        self.visit_expr(e)?;
        let loc = self.loc(e.loc);
        self.addop(loc, Op::ToBool);
        self.addop_jump(loc, pop_jump_if(cond), next);
        Ok(())
    }

    fn jump_if_chained_compare(
        &mut self,
        e: &'a Expr<'a>,
        left: &'a Expr<'a>,
        ops: &'a [CmpOp],
        comparators: &'a [Expr<'a>],
        next: Label,
        cond: bool,
    ) -> Res {
        let loc = self.loc(e.loc);
        self.check_compare(e, left, ops, comparators);
        let cleanup = self.new_label();
        self.visit_expr(left)?;
        let last = ops.len().saturating_sub(1);
        for (i, (&op, comparator)) in ops.iter().zip(comparators).enumerate() {
            self.visit_expr(comparator)?;
            if i < last {
                self.addop_i(loc, Op::Swap, 2);
                self.addop_i(loc, Op::Copy, 2);
            }
            self.addop_compare(loc, op);
            self.addop(loc, Op::ToBool);
            if i < last {
                self.addop_jump(loc, Op::PopJumpIfFalse, cleanup);
            }
        }
        self.addop_jump(loc, pop_jump_if(cond), next);
        let end = self.new_label();
        self.addop_jump(SourceLocation::NONE, Op::JumpNoInterrupt, end);
        self.use_label(cleanup);
        self.addop(loc, Op::PopTop);
        if !cond {
            self.addop_jump(SourceLocation::NONE, Op::JumpNoInterrupt, next);
        }
        self.use_label(end);
        Ok(())
    }

    pub(crate) fn compare(
        &mut self,
        e: &'a Expr<'a>,
        left: &'a Expr<'a>,
        ops: &'a [CmpOp],
        comparators: &'a [Expr<'a>],
    ) -> Res {
        let loc = self.loc(e.loc);
        self.check_compare(e, left, ops, comparators);
        self.visit_expr(left)?;
        if let ([op], [comparator]) = (ops, comparators) {
            self.visit_expr(comparator)?;
            self.addop_compare(loc, *op);
            return Ok(());
        }
        let cleanup = self.new_label();
        let last = ops.len().saturating_sub(1);
        for (i, (&op, comparator)) in ops.iter().zip(comparators).enumerate() {
            self.visit_expr(comparator)?;
            if i == last {
                self.addop_compare(loc, op);
                break;
            }
            self.addop_i(loc, Op::Swap, 2);
            self.addop_i(loc, Op::Copy, 2);
            self.addop_compare(loc, op);
            self.addop_i(loc, Op::Copy, 1);
            self.addop(loc, Op::ToBool);
            self.addop_jump(loc, Op::PopJumpIfFalse, cleanup);
            self.addop(loc, Op::PopTop);
        }
        let end = self.new_label();
        self.addop_jump(SourceLocation::NONE, Op::JumpNoInterrupt, end);
        self.use_label(cleanup);
        self.addop_i(loc, Op::Swap, 2);
        self.addop(loc, Op::PopTop);
        self.use_label(end);
        Ok(())
    }

    /// Emits a comparison of the two items on top of the stack.
    pub(crate) fn addop_compare(&mut self, loc: SourceLocation, op: CmpOp) {
        match op {
            CmpOp::Is => self.addop_i(loc, Op::IsOp, 0),
            CmpOp::IsNot => self.addop_i(loc, Op::IsOp, 1),
            CmpOp::In => self.addop_i(loc, Op::ContainsOp, 0),
            CmpOp::NotIn => self.addop_i(loc, Op::ContainsOp, 1),
            CmpOp::Lt => self.addop_i(loc, Op::CompareOp, oparg::COMPARE_LT),
            CmpOp::LtE => self.addop_i(loc, Op::CompareOp, oparg::COMPARE_LE),
            CmpOp::Eq => self.addop_i(loc, Op::CompareOp, oparg::COMPARE_EQ),
            CmpOp::NotEq => self.addop_i(loc, Op::CompareOp, oparg::COMPARE_NE),
            CmpOp::Gt => self.addop_i(loc, Op::CompareOp, oparg::COMPARE_GT),
            CmpOp::GtE => self.addop_i(loc, Op::CompareOp, oparg::COMPARE_GE),
        }
    }
}

/// The conditional jump that is taken when the truth on top of the stack is `cond`.
pub(crate) fn pop_jump_if(cond: bool) -> Op {
    if cond {
        Op::PopJumpIfTrue
    } else {
        Op::PopJumpIfFalse
    }
}
