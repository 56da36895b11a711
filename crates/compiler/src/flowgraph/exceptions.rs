//! Exception handlers: which one each instruction is under.

use super::graph::{BlockId, Cfg, MALFORMED, for_each_block};
use super::kinds;
use crate::assemble::AssembleError;
use taipan_bytecode::CompilerOpcode as Op;

/// What CPython calls `RESUME_AT_FUNC_START`: the RESUME of a call rather than of a suspension.
const RESUME_AT_FUNC_START: u32 = 0;
/// The bit of RESUME's operand that says that only the generator's own handler is around it.
const RESUME_DEPTH1: u32 = 4;

impl Cfg {
    /// Marks the blocks that SETUP_* instructions name.
    pub(super) fn mark_except_handlers(&mut self) {
        if !self.pushes {
            return;
        }
        for_each_block!(self, id, {
            let pushes = self[id].pushes();
            let end = if pushes { self[id].instrs.len() } else { 0 };
            for i in 0..end {
                let instr = self[id].instrs[i];
                if let (true, Some(handler)) = (instr.opcode.is_block_push(), instr.target) {
                    self[handler].except_handler = true;
                }
            }
        });
    }

    /// Follows control flow with the stack of open blocks and notes the innermost handler in every instruction. SETUP_*
    /// instructions stay for the depth computation; POP_BLOCK has done its service and becomes NOP.
    pub(super) fn label_exception_targets(&mut self) -> Result<(), AssembleError> {
        if self.kinds & (kinds::PUSH | kinds::POP) == 0 {
            return Ok(());
        }
        self.clear_visited();
        let mut todo = self.take_stack();
        todo.push(Cfg::ENTRY);
        self[Cfg::ENTRY].visited = true;
        self[Cfg::ENTRY].except_stack = Stacks::EMPTY;
        let mut stacks = Stacks::default();
        while let Some(id) = todo.pop() {
            let mut stack = self[id].except_stack;
            let mut last_yield_depth = None;
            let mut handler = stacks.top(stack);
            let mut instrs = std::mem::take(&mut self[id].instrs);
            for instr in &mut instrs {
                let target = instr.target;
                match instr.opcode {
                    Op::SetupFinally | Op::SetupWith | Op::SetupCleanup => {
                        let opcode = instr.opcode;
                        let target = target.ok_or(MALFORMED)?;
                        self.visit_under(target, stack, &mut todo);
                        if opcode != Op::SetupFinally {
                            self[target].preserve_lasti = true;
                        }
                        stack = stacks.push(stack, target);
                        handler = Some(target);
                    }
                    Op::PopBlock => {
                        stack = stacks.pop(stack).ok_or(MALFORMED)?;
                        handler = stacks.top(stack);
                        instr.set_nop();
                    }
                    Op::YieldValue => {
                        instr.except = handler;
                        last_yield_depth = Some(stacks.depth(stack));
                    }
                    Op::Resume => {
                        instr.except = handler;
                        if instr.oparg != RESUME_AT_FUNC_START {
                            if last_yield_depth == Some(1) {
                                instr.oparg |= RESUME_DEPTH1;
                            }
                            last_yield_depth = None;
                        }
                    }
                    _ => {
                        instr.except = handler;
                        if let (true, Some(target)) = (instr.is_jump(), target) {
                            self.visit_under(target, stack, &mut todo);
                        }
                    }
                }
            }
            self[id].instrs = instrs;
            if let (true, Some(next)) = (self[id].has_fallthrough(), self[id].next) {
                self.visit_under(next, stack, &mut todo);
            }
        }
        self.leave_stack(todo);
        Ok(())
    }

    fn visit_under(&mut self, id: BlockId, stack: u32, todo: &mut Vec<BlockId>) {
        if !self[id].visited {
            self[id].visited = true;
            self[id].except_stack = stack;
            todo.push(id);
        }
    }
}

/// Stacks of handlers, which share what is below: each number names one.
#[derive(Default)]
struct Stacks {
    /// Of each but the empty one: its top, what is below, its depth.
    entries: Vec<(BlockId, u32, u32)>,
}

impl Stacks {
    const EMPTY: u32 = 0;

    fn entry(&self, stack: u32) -> Option<&(BlockId, u32, u32)> {
        self.entries.get((stack as usize).checked_sub(1)?)
    }

    fn top(&self, stack: u32) -> Option<BlockId> {
        self.entry(stack).map(|entry| entry.0)
    }

    fn pop(&self, stack: u32) -> Option<u32> {
        self.entry(stack).map(|entry| entry.1)
    }

    fn depth(&self, stack: u32) -> u32 {
        self.entry(stack).map_or(0, |entry| entry.2)
    }

    fn push(&mut self, stack: u32, handler: BlockId) -> u32 {
        self.entries.push((handler, stack, self.depth(stack) + 1));
        self.entries.len() as u32
    }
}
