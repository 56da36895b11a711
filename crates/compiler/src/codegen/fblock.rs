//! The stack of frame blocks, and the code that leaves blocks early: for `return`, `break` and `continue`.

use taipan_ast::ExprContext;
use taipan_bytecode::opcode::CompilerOpcode as Op;

use super::unit::{CO_MAXBLOCKS, FBlock, FBlockDatum, FBlockKind};
use super::{Compiler, Res};
use crate::instruction_sequence::{Label, SourceLocation};

impl<'a> Compiler<'a> {
    pub(crate) fn push_fblock(
        &mut self,
        loc: SourceLocation,
        kind: FBlockKind,
        block: Option<Label>,
        exit: Option<Label>,
        datum: FBlockDatum<'a>,
    ) -> Res {
        if self.unit().fblocks.len() >= CO_MAXBLOCKS {
            return self.error(loc, "too many statically nested blocks");
        }
        self.unit_mut().fblocks.push(FBlock {
            kind,
            block,
            exit,
            loc,
            datum,
        });
        if kind == FBlockKind::FinallyEnd {
            self.disabled_warnings += 1;
        }
        Ok(())
    }

    /// Takes the innermost block off, which must be a `kind`.
    pub(crate) fn pop_fblock(&mut self, kind: FBlockKind) {
        let popped = self.unit_mut().fblocks.pop();
        debug_assert_eq!(popped.map(|block| block.kind), Some(kind));
        if kind == FBlockKind::FinallyEnd {
            self.disabled_warnings = self.disabled_warnings.saturating_sub(1);
        }
    }

    /// Emits the code that leaves all blocks, or with `to_loop` those inside the innermost loop, which is given back.
    /// `loc` becomes what the jump or return after it is to be attributed to. With `preserve_tos` a value stays on top.
    pub(crate) fn unwind_fblock_stack(
        &mut self,
        loc: &mut SourceLocation,
        preserve_tos: bool,
        to_loop: bool,
    ) -> Res<Option<FBlock<'a>>> {
        let Some(top) = self.unit().fblocks.last().copied() else {
            return Ok(None);
        };
        if top.kind == FBlockKind::ExceptionGroupHandler {
            let message = "'break', 'continue' and 'return' cannot appear in an except* block";
            return self.error(*loc, message);
        }
        if to_loop && matches!(top.kind, FBlockKind::WhileLoop | FBlockKind::ForLoop) {
            return Ok(Some(top));
        }
        // While a block's exit code is emitted, control is outside of it.
        self.pop_fblock(top.kind);
        self.unwind_fblock(loc, &top, preserve_tos)?;
        let found = self.unwind_fblock_stack(loc, preserve_tos, to_loop)?;
        self.push_fblock(top.loc, top.kind, top.block, top.exit, top.datum)?;
        Ok(found)
    }

    /// Emits the code that leaves one block.
    pub(crate) fn unwind_fblock(
        &mut self,
        loc: &mut SourceLocation,
        block: &FBlock<'a>,
        preserve_tos: bool,
    ) -> Res {
        match block.kind {
            FBlockKind::WhileLoop
            | FBlockKind::ExceptionHandler
            | FBlockKind::ExceptionGroupHandler
            | FBlockKind::AsyncComprehensionGenerator
            | FBlockKind::InlinedComprehension
            | FBlockKind::StopIteration => {}
            FBlockKind::ForLoop | FBlockKind::PopValue => {
                self.swap_if(*loc, preserve_tos);
                self.addop(*loc, Op::PopTop);
            }
            FBlockKind::TryExcept => self.addop(*loc, Op::PopBlock),
            FBlockKind::FinallyTry => {
                self.addop(*loc, Op::PopBlock);
                if preserve_tos {
                    self.push_fblock(*loc, FBlockKind::PopValue, None, None, FBlockDatum::None)?;
                }
                if let FBlockDatum::FinalBody(body) = block.datum {
                    self.visit_stmts(body)?;
                }
                if preserve_tos {
                    self.pop_fblock(FBlockKind::PopValue);
                }
                // The clause should appear to run after the statement that leaves, so what follows has no location.
                *loc = SourceLocation::NONE;
            }
            FBlockKind::FinallyEnd => {
                self.swap_if(*loc, preserve_tos);
                self.addop(*loc, Op::PopTop);
                self.swap_if(*loc, preserve_tos);
                self.addop(*loc, Op::PopBlock);
                self.addop(*loc, Op::PopExcept);
            }
            FBlockKind::With | FBlockKind::AsyncWith => {
                *loc = block.loc;
                self.addop(*loc, Op::PopBlock);
                if preserve_tos {
                    self.addop_i(*loc, Op::Swap, 3);
                    self.addop_i(*loc, Op::Swap, 2);
                }
                self.call_exit_with_nones(*loc);
                if block.kind == FBlockKind::AsyncWith {
                    self.add_await(*loc, 2);
                }
                self.addop(*loc, Op::PopTop);
                *loc = SourceLocation::NONE;
            }
            FBlockKind::HandlerCleanup => {
                if let FBlockDatum::HandlerName(_) = block.datum {
                    self.addop(*loc, Op::PopBlock);
                }
                self.swap_if(*loc, preserve_tos);
                self.addop(*loc, Op::PopBlock);
                self.addop(*loc, Op::PopExcept);
                if let FBlockDatum::HandlerName(name) = block.datum {
                    self.load_none(*loc);
                    self.nameop(*loc, name, ExprContext::Store)?;
                    self.nameop(*loc, name, ExprContext::Del)?;
                }
            }
        }
        Ok(())
    }

    fn swap_if(&mut self, loc: SourceLocation, preserve_tos: bool) {
        if preserve_tos {
            self.addop_i(loc, Op::Swap, 2);
        }
    }
}
