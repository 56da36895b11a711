//! Statements, apart from those that have a file of their own.

use taipan_ast::{Constant, Expr, ExprContext, ExprKind, Operator, Stmt, StmtKind};
use taipan_bytecode::opcode::{CommonConstant, CompilerOpcode as Op, Intrinsic1};

use super::class::ClassDef;
use super::expr::two_element_slice;
use super::function::FunctionDef;
use super::oparg;
use super::try_::TryStmt;
use super::unit::{FBlockDatum, FBlockKind};
use super::{Compiler, Res};
use crate::instruction_sequence::SourceLocation;

const NONE: SourceLocation = SourceLocation::NONE;

impl<'a> Compiler<'a> {
    pub(crate) fn visit_stmts(&mut self, stmts: &'a [Stmt<'a>]) -> Res {
        stmts.iter().try_for_each(|s| self.visit_stmt(s))
    }

    pub(crate) fn visit_stmt(&mut self, s: &'a Stmt<'a>) -> Res {
        self.check_depth()?;
        // What stands in these may not be executed; annotations take note of it.
        let conditional = matches!(
            s.kind,
            StmtKind::For { .. }
                | StmtKind::AsyncFor { .. }
                | StmtKind::While { .. }
                | StmtKind::If { .. }
                | StmtKind::Match { .. }
                | StmtKind::Try { .. }
                | StmtKind::TryStar { .. }
                | StmtKind::With { .. }
                | StmtKind::AsyncWith { .. }
        );
        if conditional {
            self.unit_mut().conditional_blocks += 1;
        }
        self.visit_stmt_inner(s)?;
        if conditional {
            self.unit_mut().conditional_blocks -= 1;
        }
        Ok(())
    }

    fn visit_stmt_inner(&mut self, s: &'a Stmt<'a>) -> Res {
        let loc = self.loc(s.loc);
        match s.kind {
            StmtKind::FunctionDef {
                name,
                args,
                body,
                decorator_list,
                returns,
                type_params,
                ..
            } => {
                let def = FunctionDef {
                    name,
                    args,
                    body,
                    decorator_list,
                    returns,
                    type_params,
                    is_async: false,
                };
                self.function(s, &def)
            }
            StmtKind::AsyncFunctionDef {
                name,
                args,
                body,
                decorator_list,
                returns,
                type_params,
                ..
            } => {
                let def = FunctionDef {
                    name,
                    args,
                    body,
                    decorator_list,
                    returns,
                    type_params,
                    is_async: true,
                };
                self.function(s, &def)
            }
            StmtKind::ClassDef {
                name,
                bases,
                keywords,
                body,
                decorator_list,
                type_params,
            } => self.class(
                s,
                &ClassDef {
                    name,
                    bases,
                    keywords,
                    body,
                    decorator_list,
                    type_params,
                },
            ),
            StmtKind::TypeAlias {
                name,
                type_params,
                value,
            } => self.type_alias(s, name, type_params, value),
            StmtKind::Return { value } => self.return_stmt(s, value),
            StmtKind::Delete { targets } => self.visit_exprs(targets),
            StmtKind::Assign { targets, value, .. } => self.assign(loc, targets, value),
            StmtKind::AugAssign { target, op, value } => self.aug_assign(loc, target, op, value),
            StmtKind::AnnAssign {
                target,
                annotation,
                value,
                simple,
            } => self.ann_assign(s, target, annotation, value, simple != 0),
            StmtKind::For {
                target,
                iter,
                body,
                orelse,
                ..
            } => self.for_stmt(loc, target, iter, body, orelse),
            StmtKind::AsyncFor {
                target,
                iter,
                body,
                orelse,
                ..
            } => self.async_for(loc, target, iter, body, orelse),
            StmtKind::While { test, body, orelse } => self.while_stmt(loc, test, body, orelse),
            StmtKind::If { test, body, orelse } => self.if_stmt(loc, test, body, orelse),
            StmtKind::With { items, body, .. } => self.with(items, body, false),
            StmtKind::AsyncWith { items, body, .. } => self.with(items, body, true),
            StmtKind::Match { subject, cases } => self.match_stmt(subject, cases),
            StmtKind::Raise { exc, cause } => {
                let mut count = 0;
                if let Some(exc) = exc {
                    self.visit_expr(exc)?;
                    count += 1;
                    if let Some(cause) = cause {
                        self.visit_expr(cause)?;
                        count += 1;
                    }
                }
                self.addop_i(loc, Op::RaiseVarargs, count);
                Ok(())
            }
            StmtKind::Try {
                body,
                handlers,
                orelse,
                finalbody,
            } => self.try_stmt(
                loc,
                &TryStmt {
                    body,
                    handlers,
                    orelse,
                    finalbody,
                    star: false,
                },
            ),
            StmtKind::TryStar {
                body,
                handlers,
                orelse,
                finalbody,
            } => self.try_stmt(
                loc,
                &TryStmt {
                    body,
                    handlers,
                    orelse,
                    finalbody,
                    star: true,
                },
            ),
            StmtKind::Assert { test, msg } => self.assert(loc, test, msg),
            StmtKind::Import { names } => self.import(loc, names),
            StmtKind::ImportFrom {
                module,
                names,
                level,
            } => self.import_from(loc, module, names, level),
            StmtKind::Global { .. } | StmtKind::Nonlocal { .. } => Ok(()),
            StmtKind::Expr { value } => self.expr_stmt(loc, value),
            StmtKind::Pass => {
                self.addop(loc, Op::Nop);
                Ok(())
            }
            StmtKind::Break => self.break_stmt(loc),
            StmtKind::Continue => self.continue_stmt(loc),
        }
    }

    fn expr_stmt(&mut self, loc: SourceLocation, value: &'a Expr<'a>) -> Res {
        if self.is_interactive_top_level() {
            self.visit_expr(value)?;
            self.addop_i(loc, Op::CallIntrinsic1, Intrinsic1::Print as u32);
            self.addop(NONE, Op::PopTop);
            return Ok(());
        }
        if let ExprKind::Constant { .. } = value.kind {
            self.addop(loc, Op::Nop);
            return Ok(());
        }
        self.visit_expr(value)?;
        self.addop(NONE, Op::PopTop);
        Ok(())
    }

    fn assign(&mut self, loc: SourceLocation, targets: &'a [Expr<'a>], value: &'a Expr<'a>) -> Res {
        self.visit_expr(value)?;
        for (i, target) in targets.iter().enumerate() {
            if i + 1 < targets.len() {
                self.addop_i(loc, Op::Copy, 1);
            }
            self.visit_expr(target)?;
        }
        Ok(())
    }

    fn aug_assign(
        &mut self,
        loc: SourceLocation,
        target: &'a Expr<'a>,
        op: Operator,
        value: &'a Expr<'a>,
    ) -> Res {
        let mut target_loc = self.loc(target.loc);
        match target.kind {
            ExprKind::Attribute {
                value: object,
                attr,
                ..
            } => {
                self.visit_expr(object)?;
                self.addop_i(target_loc, Op::Copy, 1);
                target_loc = self.attr_location(target_loc, target, attr);
                self.load_attr(target_loc, attr);
                self.visit_expr(value)?;
                self.addop_binary(loc, op, true);
                self.addop_i(target_loc, Op::Swap, 2);
                self.addop_name(target_loc, Op::StoreAttr, attr);
            }
            ExprKind::Subscript {
                value: object,
                slice,
                ..
            } => {
                self.visit_expr(object)?;
                if let Some((lower, upper)) = two_element_slice(slice) {
                    self.slice_two_parts(slice, lower, upper)?;
                    self.addop_i(target_loc, Op::Copy, 3);
                    self.addop_i(target_loc, Op::Copy, 3);
                    self.addop_i(target_loc, Op::Copy, 3);
                    self.addop(target_loc, Op::BinarySlice);
                    self.visit_expr(value)?;
                    self.addop_binary(loc, op, true);
                    self.addop_i(target_loc, Op::Swap, 4);
                    self.addop_i(target_loc, Op::Swap, 3);
                    self.addop_i(target_loc, Op::Swap, 2);
                    self.addop(target_loc, Op::StoreSlice);
                } else {
                    self.visit_expr(slice)?;
                    self.addop_i(target_loc, Op::Copy, 2);
                    self.addop_i(target_loc, Op::Copy, 2);
                    self.addop_i(target_loc, Op::BinaryOp, oparg::NB_SUBSCR);
                    self.visit_expr(value)?;
                    self.addop_binary(loc, op, true);
                    self.addop_i(target_loc, Op::Swap, 3);
                    self.addop_i(target_loc, Op::Swap, 2);
                    self.addop(target_loc, Op::StoreSubscr);
                }
            }
            ExprKind::Name { id, .. } => {
                self.nameop(target_loc, id, ExprContext::Load)?;
                self.visit_expr(value)?;
                self.addop_binary(loc, op, true);
                self.nameop(target_loc, id, ExprContext::Store)?;
            }
            // Only a tree made by hand has these; the numbers are those of the definition of trees.
            ref other => {
                let kind = match other {
                    ExprKind::Starred { .. } => 25,
                    ExprKind::List { .. } => 27,
                    _ => 28,
                };
                return self.internal_error(format!(
                    "invalid node type ({kind}) for augmented assignment"
                ));
            }
        }
        Ok(())
    }

    fn if_stmt(
        &mut self,
        loc: SourceLocation,
        test: &'a Expr<'a>,
        body: &'a [Stmt<'a>],
        orelse: &'a [Stmt<'a>],
    ) -> Res {
        let end = self.new_label();
        let next = if orelse.is_empty() {
            end
        } else {
            self.new_label()
        };
        self.jump_if(loc, test, next, false)?;
        self.visit_stmts(body)?;
        if !orelse.is_empty() {
            self.addop_jump(NONE, Op::JumpNoInterrupt, end);
            self.use_label(next);
            self.visit_stmts(orelse)?;
        }
        self.use_label(end);
        Ok(())
    }

    fn for_stmt(
        &mut self,
        loc: SourceLocation,
        target: &'a Expr<'a>,
        iter: &'a Expr<'a>,
        body: &'a [Stmt<'a>],
        orelse: &'a [Stmt<'a>],
    ) -> Res {
        let start = self.new_label();
        let cleanup = self.new_label();
        let end = self.new_label();
        self.push_fblock(
            loc,
            FBlockKind::ForLoop,
            Some(start),
            Some(end),
            FBlockDatum::None,
        )?;
        self.visit_expr(iter)?;
        let iter_loc = self.loc(iter.loc);
        self.addop(iter_loc, Op::GetIter);
        self.use_label(start);
        self.addop_jump(iter_loc, Op::ForIter, cleanup);
        // Lets a target on a line of its own be traced; goes away where it is not needed.
        self.addop(self.loc(target.loc), Op::Nop);
        self.visit_expr(target)?;
        self.visit_stmts(body)?;
        self.addop_jump(NONE, Op::Jump, start);
        self.use_label(cleanup);
        self.addop(NONE, Op::EndFor);
        self.addop(NONE, Op::PopIter);
        self.pop_fblock(FBlockKind::ForLoop);
        self.visit_stmts(orelse)?;
        self.use_label(end);
        Ok(())
    }

    fn async_for(
        &mut self,
        loc: SourceLocation,
        target: &'a Expr<'a>,
        iter: &'a Expr<'a>,
        body: &'a [Stmt<'a>],
        orelse: &'a [Stmt<'a>],
    ) -> Res {
        let start = self.new_label();
        let send = self.new_label();
        let except = self.new_label();
        let end = self.new_label();
        let iter_loc = self.loc(iter.loc);
        self.visit_expr(iter)?;
        self.addop(iter_loc, Op::GetAiter);
        self.use_label(start);
        self.push_fblock(
            loc,
            FBlockKind::ForLoop,
            Some(start),
            Some(end),
            FBlockDatum::None,
        )?;
        self.addop_jump(loc, Op::SetupFinally, except);
        self.addop(loc, Op::GetAnext);
        self.load_none(loc);
        self.use_label(send);
        self.add_yield_from(loc, true);
        self.addop(loc, Op::PopBlock);
        self.addop(loc, Op::NotTaken);
        self.visit_expr(target)?;
        self.visit_stmts(body)?;
        self.addop_jump(NONE, Op::Jump, start);
        self.pop_fblock(FBlockKind::ForLoop);
        self.use_label(except);
        self.addop_jump(iter_loc, Op::EndAsyncFor, send);
        self.visit_stmts(orelse)?;
        self.use_label(end);
        Ok(())
    }

    fn while_stmt(
        &mut self,
        loc: SourceLocation,
        test: &'a Expr<'a>,
        body: &'a [Stmt<'a>],
        orelse: &'a [Stmt<'a>],
    ) -> Res {
        let start = self.new_label();
        let end = self.new_label();
        let anchor = self.new_label();
        self.use_label(start);
        self.push_fblock(
            loc,
            FBlockKind::WhileLoop,
            Some(start),
            Some(end),
            FBlockDatum::None,
        )?;
        self.jump_if(loc, test, anchor, false)?;
        self.visit_stmts(body)?;
        self.addop_jump(NONE, Op::Jump, start);
        self.pop_fblock(FBlockKind::WhileLoop);
        self.use_label(anchor);
        self.visit_stmts(orelse)?;
        self.use_label(end);
        Ok(())
    }

    fn return_stmt(&mut self, s: &'a Stmt<'a>, value: Option<&'a Expr<'a>>) -> Res {
        let mut loc = self.loc(s.loc);
        if !self.is_function_like() {
            return self.error(loc, "'return' outside function");
        }
        let ste = &self.unit().ste;
        if value.is_some() && ste.coroutine && ste.generator {
            return self.error(loc, "'return' with value in async generator");
        }
        // A constant is loaded after the blocks are left; anything else before.
        let constant: Option<Constant<'a>> = match value.map(|value| value.kind) {
            Some(ExprKind::Constant { value, .. }) => Some(value),
            _ => None,
        };
        let preserve_tos = value.is_some() && constant.is_none();
        if let Some(value) = value {
            if preserve_tos {
                self.visit_expr(value)?;
            } else {
                loc = self.loc(value.loc);
                self.addop(loc, Op::Nop);
            }
        }
        if value.is_none_or(|value| value.loc.lineno != s.loc.lineno) {
            loc = self.loc(s.loc);
            self.addop(loc, Op::Nop);
        }
        self.unwind_fblock_stack(&mut loc, preserve_tos, false)?;
        match constant {
            Some(constant) => self.load_ast_const(loc, &constant)?,
            None if value.is_none() => self.load_none(loc),
            None => {}
        }
        self.addop(loc, Op::ReturnValue);
        Ok(())
    }

    fn break_stmt(&mut self, origin: SourceLocation) -> Res {
        let mut loc = origin;
        self.addop(loc, Op::Nop);
        let found = self.unwind_fblock_stack(&mut loc, false, true)?;
        let Some(block) = found else {
            return self.error(origin, "'break' outside loop");
        };
        self.unwind_fblock(&mut loc, &block, false)?;
        match block.exit {
            Some(exit) => self.addop_jump(loc, Op::Jump, exit),
            None => return self.internal_error("a loop without an exit"),
        }
        Ok(())
    }

    fn continue_stmt(&mut self, origin: SourceLocation) -> Res {
        let mut loc = origin;
        self.addop(loc, Op::Nop);
        let found = self.unwind_fblock_stack(&mut loc, false, true)?;
        let Some(block) = found else {
            return self.error(origin, "'continue' not properly in loop");
        };
        match block.block {
            Some(start) => self.addop_jump(loc, Op::Jump, start),
            None => return self.internal_error("a loop without a start"),
        }
        Ok(())
    }

    fn assert(
        &mut self,
        loc: SourceLocation,
        test: &'a Expr<'a>,
        msg: Option<&'a Expr<'a>>,
    ) -> Res {
        let always_true = match test.kind {
            ExprKind::Tuple { elts, .. } => !elts.is_empty(),
            ExprKind::Constant {
                value: Constant::Tuple(items),
                ..
            } => !items.is_empty(),
            _ => false,
        };
        if always_true {
            self.warn(loc, "assertion is always true, perhaps remove parentheses?");
        }
        if self.options.optimize > 0 {
            return Ok(());
        }
        let end = self.new_label();
        self.jump_if(loc, test, end, true)?;
        self.addop_i(
            loc,
            Op::LoadCommonConstant,
            CommonConstant::AssertionError as u32,
        );
        if let Some(msg) = msg {
            self.visit_expr(msg)?;
            self.addop_i(loc, Op::Call, 0);
        }
        self.addop_i(self.loc(test.loc), Op::RaiseVarargs, 1);
        self.use_label(end);
        Ok(())
    }
}
