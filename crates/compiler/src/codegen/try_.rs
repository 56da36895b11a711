//! `try` statements, with `except`, `except*` and `finally`.

use taipan_ast::{ExceptHandler, ExceptHandlerKind, Expr, ExprContext, Stmt};
use taipan_bytecode::opcode::{CompilerOpcode as Op, Intrinsic2};

use super::unit::{FBlockDatum, FBlockKind};
use super::{Compiler, Res};
use crate::instruction_sequence::{Label, SourceLocation};

const NONE: SourceLocation = SourceLocation::NONE;

/// The parts of a `Try` or `TryStar`.
#[derive(Clone, Copy)]
pub(crate) struct TryStmt<'a> {
    pub body: &'a [Stmt<'a>],
    pub handlers: &'a [ExceptHandler<'a>],
    pub orelse: &'a [Stmt<'a>],
    pub finalbody: &'a [Stmt<'a>],
    /// `except*`
    pub star: bool,
}

/// The parts of an `except` clause.
struct Handler<'a> {
    type_: Option<&'a Expr<'a>>,
    name: Option<&'a str>,
    body: &'a [Stmt<'a>],
    loc: SourceLocation,
}

impl<'a> Compiler<'a> {
    pub(crate) fn try_stmt(&mut self, loc: SourceLocation, s: &TryStmt<'a>) -> Res {
        if s.finalbody.is_empty() {
            self.try_handlers(loc, s)
        } else {
            self.try_finally(loc, s)
        }
    }

    fn try_handlers(&mut self, loc: SourceLocation, s: &TryStmt<'a>) -> Res {
        if s.star {
            self.try_star_except(loc, s)
        } else {
            self.try_except(loc, s)
        }
    }

    fn handler(&self, handler: &'a ExceptHandler<'a>) -> Handler<'a> {
        let ExceptHandlerKind::ExceptHandler { type_, name, body } = handler.kind;
        Handler {
            type_,
            name,
            body,
            loc: self.loc(handler.loc),
        }
    }

    /// The statements of `finally` are emitted twice: for the regular end, and as a handler of any exception.
    fn try_finally(&mut self, loc: SourceLocation, s: &TryStmt<'a>) -> Res {
        let body = self.new_label();
        let end = self.new_label();
        let exit = self.new_label();
        let cleanup = self.new_label();

        self.addop_jump(loc, Op::SetupFinally, end);
        self.use_label(body);
        let datum = FBlockDatum::FinalBody(s.finalbody);
        self.push_fblock(loc, FBlockKind::FinallyTry, Some(body), Some(end), datum)?;
        if s.handlers.is_empty() {
            self.visit_stmts(s.body)?;
        } else {
            self.try_handlers(loc, s)?;
        }
        self.addop(NONE, Op::PopBlock);
        self.pop_fblock(FBlockKind::FinallyTry);
        self.visit_stmts(s.finalbody)?;
        self.addop_jump(NONE, Op::JumpNoInterrupt, exit);

        self.use_label(end);
        self.addop_jump(NONE, Op::SetupCleanup, cleanup);
        self.addop(NONE, Op::PushExcInfo);
        self.push_fblock(
            NONE,
            FBlockKind::FinallyEnd,
            Some(end),
            None,
            FBlockDatum::None,
        )?;
        self.visit_stmts(s.finalbody)?;
        self.pop_fblock(FBlockKind::FinallyEnd);
        self.addop_i(NONE, Op::Reraise, 0);
        self.use_label(cleanup);
        self.pop_except_and_reraise(NONE);
        self.use_label(exit);
        Ok(())
    }

    fn try_except(&mut self, loc: SourceLocation, s: &TryStmt<'a>) -> Res {
        let body = self.new_label();
        let except = self.new_label();
        let end = self.new_label();
        let cleanup = self.new_label();

        self.addop_jump(loc, Op::SetupFinally, except);
        self.use_label(body);
        self.push_fblock(
            loc,
            FBlockKind::TryExcept,
            Some(body),
            None,
            FBlockDatum::None,
        )?;
        self.visit_stmts(s.body)?;
        self.pop_fblock(FBlockKind::TryExcept);
        self.addop(NONE, Op::PopBlock);
        self.visit_stmts(s.orelse)?;
        self.addop_jump(NONE, Op::JumpNoInterrupt, end);

        self.use_label(except);
        self.addop_jump(NONE, Op::SetupCleanup, cleanup);
        self.addop(NONE, Op::PushExcInfo);
        self.push_fblock(
            loc,
            FBlockKind::ExceptionHandler,
            None,
            None,
            FBlockDatum::None,
        )?;
        for (i, handler) in s.handlers.iter().enumerate() {
            let handler = self.handler(handler);
            if handler.type_.is_none() && i + 1 < s.handlers.len() {
                return self.error(handler.loc, "default 'except:' must be last");
            }
            let next = self.new_label();
            if let Some(type_) = handler.type_ {
                self.visit_expr(type_)?;
                self.addop(handler.loc, Op::CheckExcMatch);
                self.addop_jump(handler.loc, Op::PopJumpIfFalse, next);
            }
            match handler.name {
                Some(name) => self.named_handler(&handler, name, end)?,
                None => self.unnamed_handler(&handler, end)?,
            }
            self.use_label(next);
        }
        self.pop_fblock(FBlockKind::ExceptionHandler);
        self.addop_i(NONE, Op::Reraise, 0);
        self.use_label(cleanup);
        self.pop_except_and_reraise(NONE);
        self.use_label(end);
        Ok(())
    }

    /// An `except` clause with `as name`: however it ends, the name is unbound.
    fn named_handler(&mut self, handler: &Handler<'a>, name: &'a str, end: Label) -> Res {
        let cleanup_end = self.new_label();
        let cleanup_body = self.new_label();
        self.nameop(handler.loc, name, ExprContext::Store)?;
        self.addop_jump(handler.loc, Op::SetupCleanup, cleanup_end);
        self.use_label(cleanup_body);
        let datum = FBlockDatum::HandlerName(name);
        self.push_fblock(
            handler.loc,
            FBlockKind::HandlerCleanup,
            Some(cleanup_body),
            None,
            datum,
        )?;
        self.visit_stmts(handler.body)?;
        self.pop_fblock(FBlockKind::HandlerCleanup);
        self.addop(NONE, Op::PopBlock);
        self.addop(NONE, Op::PopBlock);
        self.addop(NONE, Op::PopExcept);
        self.unbind(NONE, name)?;
        self.addop_jump(NONE, Op::JumpNoInterrupt, end);

        self.use_label(cleanup_end);
        self.unbind(NONE, name)?;
        self.addop_i(NONE, Op::Reraise, 1);
        Ok(())
    }

    fn unnamed_handler(&mut self, handler: &Handler<'a>, end: Label) -> Res {
        let cleanup_body = self.new_label();
        self.addop(handler.loc, Op::PopTop);
        self.use_label(cleanup_body);
        self.push_fblock(
            handler.loc,
            FBlockKind::HandlerCleanup,
            Some(cleanup_body),
            None,
            FBlockDatum::None,
        )?;
        self.visit_stmts(handler.body)?;
        self.pop_fblock(FBlockKind::HandlerCleanup);
        self.addop(NONE, Op::PopBlock);
        self.addop(NONE, Op::PopExcept);
        self.addop_jump(NONE, Op::JumpNoInterrupt, end);
        Ok(())
    }

    /// `name = None; del name`: unbinds a name that may be unbound already.
    pub(crate) fn unbind(&mut self, loc: SourceLocation, name: &'a str) -> Res {
        self.load_none(loc);
        self.nameop(loc, name, ExprContext::Store)?;
        self.nameop(loc, name, ExprContext::Del)
    }

    /// Each clause takes the part of the exception group that it matches. On the stack are the group, the list of what
    /// the clauses raised, and the part that is left; at the end, what remains is put together and raised.
    fn try_star_except(&mut self, loc: SourceLocation, s: &TryStmt<'a>) -> Res {
        let body = self.new_label();
        let except = self.new_label();
        let orelse = self.new_label();
        let end = self.new_label();
        let cleanup = self.new_label();
        let reraise_star = self.new_label();

        self.addop_jump(loc, Op::SetupFinally, except);
        self.use_label(body);
        self.push_fblock(
            loc,
            FBlockKind::TryExcept,
            Some(body),
            None,
            FBlockDatum::None,
        )?;
        self.visit_stmts(s.body)?;
        self.pop_fblock(FBlockKind::TryExcept);
        self.addop(NONE, Op::PopBlock);
        self.addop_jump(NONE, Op::JumpNoInterrupt, orelse);

        self.use_label(except);
        self.addop_jump(NONE, Op::SetupCleanup, cleanup);
        self.addop(NONE, Op::PushExcInfo);
        self.push_fblock(
            loc,
            FBlockKind::ExceptionGroupHandler,
            None,
            None,
            FBlockDatum::None,
        )?;
        for (i, handler) in s.handlers.iter().enumerate() {
            let handler = self.handler(handler);
            if i == 0 {
                self.addop_i(handler.loc, Op::BuildList, 0);
                self.addop_i(handler.loc, Op::Copy, 2);
            }
            self.star_handler(&handler)?;
            if i + 1 == s.handlers.len() {
                self.addop_i(NONE, Op::ListAppend, 1);
                self.addop_jump(NONE, Op::JumpNoInterrupt, reraise_star);
            }
        }
        self.pop_fblock(FBlockKind::ExceptionGroupHandler);
        let reraise = self.new_label();

        self.use_label(reraise_star);
        self.addop_i(NONE, Op::CallIntrinsic2, Intrinsic2::PrepReraiseStar as u32);
        self.addop_i(NONE, Op::Copy, 1);
        self.addop_jump(NONE, Op::PopJumpIfNotNone, reraise);
        self.addop(NONE, Op::PopTop);
        self.addop(NONE, Op::PopBlock);
        self.addop(NONE, Op::PopExcept);
        self.addop_jump(NONE, Op::JumpNoInterrupt, end);

        self.use_label(reraise);
        self.addop(NONE, Op::PopBlock);
        self.addop_i(NONE, Op::Swap, 2);
        self.addop(NONE, Op::PopExcept);
        self.addop_i(NONE, Op::Reraise, 0);
        self.use_label(cleanup);
        self.pop_except_and_reraise(NONE);

        self.use_label(orelse);
        self.visit_stmts(s.orelse)?;
        self.use_label(end);
        Ok(())
    }

    fn star_handler(&mut self, handler: &Handler<'a>) -> Res {
        let next = self.new_label();
        let except_with_error = self.new_label();
        let no_match = self.new_label();
        let loc = handler.loc;
        if let Some(type_) = handler.type_ {
            self.visit_expr(type_)?;
            self.addop(loc, Op::CheckEgMatch);
            self.addop_i(loc, Op::Copy, 1);
            self.addop_jump(loc, Op::PopJumpIfNone, no_match);
        }
        let cleanup_end = self.new_label();
        let cleanup_body = self.new_label();
        let mut datum = FBlockDatum::None;
        match handler.name {
            Some(name) => {
                self.nameop(loc, name, ExprContext::Store)?;
                datum = FBlockDatum::HandlerName(name);
            }
            None => self.addop(loc, Op::PopTop),
        }
        self.addop_jump(loc, Op::SetupCleanup, cleanup_end);
        self.use_label(cleanup_body);
        self.push_fblock(
            loc,
            FBlockKind::HandlerCleanup,
            Some(cleanup_body),
            None,
            datum,
        )?;
        self.visit_stmts(handler.body)?;
        self.pop_fblock(FBlockKind::HandlerCleanup);
        self.addop(NONE, Op::PopBlock);
        if let Some(name) = handler.name {
            self.unbind(NONE, name)?;
        }
        self.addop_jump(NONE, Op::JumpNoInterrupt, next);

        self.use_label(cleanup_end);
        if let Some(name) = handler.name {
            self.unbind(NONE, name)?;
        }
        self.addop_i(NONE, Op::ListAppend, 3);
        self.addop(NONE, Op::PopTop);
        self.addop_jump(NONE, Op::JumpNoInterrupt, except_with_error);

        self.use_label(next);
        self.addop(NONE, Op::Nop);
        self.addop_jump(NONE, Op::JumpNoInterrupt, except_with_error);

        self.use_label(no_match);
        self.addop(loc, Op::PopTop);
        self.use_label(except_with_error);
        Ok(())
    }
}
