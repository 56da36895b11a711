//! `with` and `async with`.

use taipan_ast::{Stmt, WithItem};
use taipan_bytecode::opcode::{CompilerOpcode as Op, SpecialMethod};

use super::unit::{FBlockDatum, FBlockKind};
use super::{Compiler, Res};
use crate::instruction_sequence::{Label, SourceLocation};

impl<'a> Compiler<'a> {
    /// The first of `items` with the others and the body inside it.
    pub(crate) fn with(
        &mut self,
        items: &'a [WithItem<'a>],
        body: &'a [Stmt<'a>],
        is_async: bool,
    ) -> Res {
        let Some((item, rest)) = items.split_first() else {
            return self.visit_stmts(body);
        };
        self.check_depth()?;
        self.with_item(item, rest, body, is_async)
    }

    fn with_item(
        &mut self,
        item: &'a WithItem<'a>,
        rest: &'a [WithItem<'a>],
        body: &'a [Stmt<'a>],
        is_async: bool,
    ) -> Res {
        let (enter, exit_method, kind) = if is_async {
            (
                SpecialMethod::Aenter,
                SpecialMethod::Aexit,
                FBlockKind::AsyncWith,
            )
        } else {
            (SpecialMethod::Enter, SpecialMethod::Exit, FBlockKind::With)
        };
        let block = self.new_label();
        let final_ = self.new_label();
        let exit = self.new_label();
        let cleanup = self.new_label();

        self.visit_expr(item.context_expr)?;
        let loc = self.loc(item.context_expr.loc);
        self.addop_i(loc, Op::Copy, 1);
        self.addop_i(loc, Op::LoadSpecial, exit_method as u32);
        self.addop_i(loc, Op::Swap, 2);
        self.addop_i(loc, Op::Swap, 3);
        self.addop_i(loc, Op::LoadSpecial, enter as u32);
        self.addop_i(loc, Op::Call, 0);
        if is_async {
            self.add_await(loc, 1);
        }
        self.addop_jump(loc, Op::SetupWith, final_);

        self.use_label(block);
        self.push_fblock(loc, kind, Some(block), Some(final_), FBlockDatum::None)?;
        match item.optional_vars {
            Some(vars) => self.visit_expr(vars)?,
            None => self.addop(loc, Op::PopTop),
        }
        if rest.is_empty() {
            self.visit_stmts(body)?;
        } else {
            self.with(rest, body, is_async)?;
        }
        // In an `async with`, leaving the block belongs to the line of the manager.
        self.addop(
            if is_async { loc } else { SourceLocation::NONE },
            Op::PopBlock,
        );
        self.pop_fblock(kind);

        self.call_exit_with_nones(loc);
        if is_async {
            self.add_await(loc, 2);
        }
        self.addop(loc, Op::PopTop);
        self.addop_jump(loc, Op::Jump, exit);

        self.use_label(final_);
        self.addop_jump(loc, Op::SetupCleanup, cleanup);
        self.addop(loc, Op::PushExcInfo);
        self.addop(loc, Op::WithExceptStart);
        if is_async {
            self.add_await(loc, 2);
        }
        self.with_except_finish(cleanup);
        self.use_label(exit);
        Ok(())
    }

    /// What follows the call of `__exit__` with an exception: swallow it or raise it again.
    fn with_except_finish(&mut self, cleanup: Label) {
        let none = SourceLocation::NONE;
        let suppress = self.new_label();
        self.addop(none, Op::ToBool);
        self.addop_jump(none, Op::PopJumpIfTrue, suppress);
        self.addop_i(none, Op::Reraise, 2);
        self.use_label(suppress);
        self.addop(none, Op::PopTop);
        self.addop(none, Op::PopBlock);
        self.addop(none, Op::PopExcept);
        self.addop(none, Op::PopTop);
        self.addop(none, Op::PopTop);
        self.addop(none, Op::PopTop);
        let exit = self.new_label();
        self.addop_jump(none, Op::JumpNoInterrupt, exit);
        self.use_label(cleanup);
        self.pop_except_and_reraise(none);
        self.use_label(exit);
    }

    pub(crate) fn call_exit_with_nones(&mut self, loc: SourceLocation) {
        self.load_none(loc);
        self.load_none(loc);
        self.load_none(loc);
        self.addop_i(loc, Op::Call, 3);
    }
}
