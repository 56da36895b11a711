//! Removing what does nothing: unreachable blocks, NOPs, jumps to what follows anyway, values pushed to be popped; and
//! inlining the small blocks that a jump leads to.

use super::graph::{BlockId, Cfg, for_each_block, is_unconditional_jump};
use super::kinds;
use crate::assemble::AssembleError;
use taipan_bytecode::CompilerOpcode as Op;

/// The most instructions of an exit block that is copied instead of jumped to.
const MAX_COPY_SIZE: usize = 4;

impl Cfg {
    /// Counts each block's predecessors and empties the blocks that have none.
    pub(super) fn remove_unreachable(&mut self) {
        self.rewired = false;
        for_each_block!(self, id, {
            self[id].predecessors = 0;
        });
        self.clear_visited();
        let mut stack = self.take_stack();
        stack.push(Cfg::ENTRY);
        self[Cfg::ENTRY].visited = true;
        self[Cfg::ENTRY].predecessors = 1;
        while let Some(id) = stack.pop() {
            if let (true, Some(next)) = (self[id].has_fallthrough(), self[id].next) {
                self.reach(next, &mut stack);
            }
            let last = self[id].instrs.len().saturating_sub(1);
            let first = if self[id].pushes() { 0 } else { last };
            for i in first..self[id].instrs.len() {
                let instr = &self[id].instrs[i];
                if let Some(target) = instr.target
                    && kinds::of(instr.opcode) & kinds::TARGET != 0
                {
                    self.reach(target, &mut stack);
                }
            }
        }
        self.leave_stack(stack);
        for_each_block!(self, id, {
            if self[id].predecessors == 0 {
                self[id].instrs.truncate(0);
                self[id].except_handler = false;
            }
        });
    }

    fn reach(&mut self, id: BlockId, stack: &mut Vec<BlockId>) {
        let block = &mut self[id];
        if !block.visited {
            block.visited = true;
            stack.push(id);
        }
        block.predecessors += 1;
    }

    /// Removes the block's NOPs, except where one is all that stands for its line. Says how many there were.
    pub(super) fn remove_redundant_nops_in(&mut self, id: BlockId) -> usize {
        if self[id].kinds & kinds::NOPS == 0 {
            return 0;
        }
        let Some(first) = self[id].instrs.iter().position(|i| i.opcode == Op::Nop) else {
            self[id].kinds &= !kinds::NOPS;
            return 0;
        };
        let mut instrs = std::mem::take(&mut self[id].instrs);
        let before = instrs.len();
        let mut kept = first;
        let mut needed = false;
        let mut previous_line = match first.checked_sub(1) {
            Some(i) => instrs[i].loc.lineno,
            None => -1,
        };
        for i in first..before {
            let line = instrs[i].loc.lineno;
            if instrs[i].opcode == Op::Nop {
                if line < 0 || previous_line == line {
                    continue;
                }
                if i + 1 < before {
                    let next_line = instrs[i + 1].loc.lineno;
                    if next_line == line {
                        continue;
                    }
                    if next_line < 0 {
                        instrs[i + 1].loc = instrs[i].loc;
                        continue;
                    }
                } else if let Some(next) = self.next_nonempty(self[id].next) {
                    // NOPs without a line will go as well, so they are not what follows.
                    let mut following = self[next].instrs.iter();
                    let first =
                        following.find(|instr| instr.opcode != Op::Nop || instr.loc.lineno >= 0);
                    if first.map_or(-1, |instr| instr.loc.lineno) == line {
                        continue;
                    }
                }
                needed = true;
            }
            instrs[kept] = instrs[i];
            kept += 1;
            previous_line = line;
        }
        instrs.truncate(kept);
        self[id].instrs = instrs;
        if !needed {
            self[id].kinds &= !kinds::NOPS;
        }
        before - kept
    }

    /// Removes all NOPs that no line needs. Says how many there were.
    fn remove_redundant_nops(&mut self) -> usize {
        let mut changes = 0;
        for_each_block!(self, id, {
            changes += self.remove_redundant_nops_in(id);
        });
        changes
    }

    /// Removes constants and copies that are pushed only to be popped, and NOPs, until nothing changes.
    pub(super) fn remove_redundant_nops_and_pairs(&mut self) {
        let mut done = false;
        while !done {
            done = true;
            // Where the instruction before stands, if control comes from there alone.
            let mut previous: Option<(BlockId, usize)> = None;
            for_each_block!(self, id, {
                self.remove_redundant_nops_in(id);
                if self[id].labelled {
                    previous = None;
                }
                let pops = self[id].kinds & kinds::POP_TOP != 0;
                let end = if pops { self[id].instrs.len() } else { 0 };
                for i in 0..end {
                    if self[id].instrs[i].opcode != Op::PopTop {
                        continue;
                    }
                    if let Some(at) = i.checked_sub(1) {
                        previous = Some((id, at));
                    }
                    if let Some((block, at)) = previous {
                        let pushed = self[block].instrs[at];
                        let redundant = match pushed.opcode {
                            Op::LoadConst | Op::LoadSmallInt => true,
                            Op::Copy => pushed.oparg == 1,
                            _ => false,
                        };
                        if redundant {
                            for (id, i) in [(block, at), (id, i)] {
                                self[id].instrs[i].set_nop();
                                self[id].kinds |= kinds::NOPS;
                            }
                            done = false;
                        }
                    }
                }
                if let Some(last) = self[id].instrs.len().checked_sub(1) {
                    previous = Some((id, last));
                }
                let jumps = previous.is_some_and(|(block, at)| self[block].instrs[at].is_jump());
                if jumps || !self[id].has_fallthrough() {
                    previous = None;
                }
            });
        }
    }

    /// Turns jumps to the block that follows anyway into NOPs. Says how many there were.
    fn remove_redundant_jumps(&mut self) -> Result<usize, AssembleError> {
        let mut changes = 0;
        for_each_block!(self, id, {
            if let Some(last) = self[id].instrs.last().copied()
                && is_unconditional_jump(last.opcode)
            {
                let target = self.next_nonempty(last.target);
                if target.is_none() {
                    return Err(AssembleError::System("jump with NULL target"));
                }
                if target == self.next_nonempty(self[id].next) {
                    changes += 1;
                    self[id].kinds |= kinds::NOPS;
                    if let Some(last) = self[id].instrs.last_mut() {
                        last.set_nop();
                    }
                }
            }
        });
        Ok(changes)
    }

    /// Removes NOPs and jumps that do nothing until there are none.
    pub(super) fn remove_redundant_nops_and_jumps(&mut self) -> Result<(), AssembleError> {
        while self.remove_redundant_nops() + self.remove_redundant_jumps()? > 0 {}
        Ok(())
    }

    /// Copies the target of a jump over the jump, where that is a small exit, or a block without lines that goes on
    /// elsewhere.
    pub(super) fn inline_small_or_no_lineno_blocks(&mut self) {
        if self.kinds & kinds::JUMPS == 0 {
            return;
        }
        // Every change removes a jump, so this ends by itself, but for blocks without lines that jump in a circle.
        for _ in 0..=self.len() {
            let mut changed = false;
            for_each_block!(self, id, {
                changed |= self.inline_target(id);
            });
            if !changed {
                break;
            }
        }
    }

    fn inline_target(&mut self, id: BlockId) -> bool {
        let Some(last) = self[id].instrs.last().copied() else {
            return false;
        };
        let Some(target) = last.target else {
            return false;
        };
        if !is_unconditional_jump(last.opcode) {
            return false;
        }
        let block = &self[target];
        let small_exit = block.exits_scope() && block.instrs.len() <= MAX_COPY_SIZE;
        let no_lineno = block.has_no_lineno() && !block.has_fallthrough();
        if !small_exit && !no_lineno {
            return false;
        }
        let copied = block.instrs.to_vec();
        let kinds = block.kinds;
        self[id].kinds |= kinds;
        let instrs = &mut self[id].instrs;
        if let Some(jump) = instrs.last_mut() {
            jump.set_nop();
        }
        instrs.extend(copied);
        if no_lineno
            && last.opcode == Op::Jump
            && let Some(end) = instrs.last_mut()
            && is_unconditional_jump(end.opcode)
        {
            // The jump that went away looked for interrupts, so the one that is left must.
            end.opcode = Op::Jump;
        }
        self[target].predecessors = self[target].predecessors.saturating_sub(1);
        true
    }
}
