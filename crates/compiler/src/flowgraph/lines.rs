//! Line numbers: every instruction that may end a frame gets one.

use super::graph::{BlockId, Cfg, for_each_block};
use super::kinds;
use crate::instruction_sequence::SourceLocation;
use taipan_bytecode::opcode::flags;

impl Cfg {
    fn is_exit_or_eval_check_without_lineno(&self, id: BlockId) -> bool {
        let block = &self[id];
        let checks = || block.instrs.iter().any(|i| i.opcode.has(flags::EVAL_BREAK));
        block.has_no_lineno() && (block.exits_scope() || checks())
    }

    /// Copies the exits without a line that several jumps lead to, so that each can take the line of its only
    /// predecessor.
    fn duplicate_exits_without_lineno(&mut self) {
        for_each_block!(self, id, {
            if let Some(last) = self[id].instrs.last().copied()
                && last.is_jump()
                && let Some(target) = self.next_nonempty(last.target)
                && self[target].predecessors > 1
                && self.is_exit_or_eval_check_without_lineno(target)
            {
                let new = self.new_block();
                let copied = self[target].instrs.to_vec();
                self[new].kinds = self[target].kinds;
                self[new].instrs.extend(copied);
                if let Some(first) = self[new].instrs.first_mut() {
                    first.loc = last.loc;
                }
                if let Some(jump) = self[id].instrs.last_mut() {
                    jump.target = Some(new);
                }
                self.rewired = true;
                self[target].predecessors -= 1;
                self[new].predecessors = 1;
                self[new].labelled = true;
                self[new].next = self[target].next;
                self[target].next = Some(new);
            }
        });
        for_each_block!(self, id, {
            if let (true, Some(next), Some(last)) = (
                self[id].has_fallthrough(),
                self[id].next,
                self[id].instrs.last().copied(),
            ) && self.is_exit_or_eval_check_without_lineno(next)
                && let Some(first) = self[next].instrs.first_mut()
            {
                first.loc = last.loc;
            }
        });
    }

    /// Gives instructions without a location that of the one before, also across the border to a block that has only
    /// one predecessor.
    fn propagate_line_numbers(&mut self) {
        for_each_block!(self, id, {
            if let Some(last) = self[id].instrs.last().copied() {
                let mut location = last.loc;
                if self[id].kinds & kinds::NO_LINE != 0 {
                    location = SourceLocation::NONE;
                    let mut all = true;
                    for instr in &mut self[id].instrs {
                        if instr.loc.lineno == SourceLocation::NONE.lineno {
                            instr.loc = location;
                            all &= location.lineno != SourceLocation::NONE.lineno;
                        } else {
                            location = instr.loc;
                        }
                    }
                    if all {
                        self[id].kinds &= !kinds::NO_LINE;
                    }
                }
                if self[id].has_fallthrough()
                    && let Some(next) = self[id].next
                {
                    self.inherit_location(next, location);
                }
                if last.is_jump()
                    && let Some(target) = last.target
                {
                    self.inherit_location(target, location);
                }
            }
        });
    }

    fn inherit_location(&mut self, id: BlockId, location: SourceLocation) {
        if self[id].predecessors == 1
            && let Some(first) = self[id].instrs.first_mut()
            && first.loc.lineno == SourceLocation::NONE.lineno
        {
            first.loc = location;
        }
    }

    pub(super) fn resolve_line_numbers(&mut self) {
        self.duplicate_exits_without_lineno();
        self.propagate_line_numbers();
    }
}
