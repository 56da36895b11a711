//! The order of the blocks and the last lowering: cold blocks to the end, pseudo instructions to real ones, the direction
//! of conditional jumps; and the depth of the stack.

use super::graph::{
    BlockId, Cfg, Instr, MALFORMED, for_each_block, is_scope_exit, is_unconditional_jump,
};
use super::kinds;
use super::localsplus::cell_indices;
use crate::assemble::{AssembleError, UnitMetadata};
use crate::instruction_sequence::SourceLocation;
use taipan_bytecode::CompilerOpcode as Op;

/// The deepest stack that a code object may ask for; frames are sized by it.
const MAX_DEPTH: u32 = 1 << 28;

impl Cfg {
    fn mark_warm(&mut self) {
        self.clear_visited();
        let mut stack = self.take_stack();
        stack.push(Cfg::ENTRY);
        self[Cfg::ENTRY].visited = true;
        while let Some(id) = stack.pop() {
            self[id].warm = true;
            if let (true, Some(next)) = (self[id].has_fallthrough(), self[id].next)
                && !self[next].visited
            {
                self[next].visited = true;
                stack.push(next);
            }
            if let Some(target) = self[id].jump_target()
                && !self[target].visited
            {
                self[target].visited = true;
                stack.push(target);
            }
        }
        self.leave_stack(stack);
    }

    /// Marks as cold what only exception handlers lead to.
    fn mark_cold(&mut self) {
        self.mark_warm();
        self.clear_visited();
        let mut stack = self.take_stack();
        for_each_block!(self, id, {
            if self[id].except_handler {
                self[id].visited = true;
                stack.push(id);
            }
        });
        while let Some(id) = stack.pop() {
            self[id].cold = true;
            if let (true, Some(next)) = (self[id].has_fallthrough(), self[id].next) {
                self.cool(next, &mut stack);
            }
            if let Some(target) = self[id].jump_target() {
                self.cool(target, &mut stack);
            }
        }
        self.leave_stack(stack);
    }

    fn cool(&mut self, id: BlockId, stack: &mut Vec<BlockId>) {
        if !self[id].warm && !self[id].visited {
            self[id].visited = true;
            stack.push(id);
        }
    }

    /// Moves the cold blocks behind the others.
    pub(super) fn push_cold_blocks_to_end(&mut self) -> Result<(), AssembleError> {
        if !self.pushes || self[Cfg::ENTRY].next.is_none() {
            return Ok(());
        }
        self.mark_cold();
        // Where a cold block runs into a warm one, it needs a jump from now on.
        for_each_block!(self, id, {
            if let (true, true, Some(next)) =
                (self[id].cold, self[id].has_fallthrough(), self[id].next)
                && self[next].warm
            {
                let jump = self.new_block();
                self[next].labelled = true;
                let mut instr = Instr::new(Op::JumpNoInterrupt, 0, SourceLocation::NONE);
                instr.target = Some(next);
                let block = &mut self[jump];
                block.instrs.push(instr);
                block.kinds = kinds::NO_LINE;
                block.cold = true;
                block.next = Some(next);
                block.predecessors = 1;
                self[id].next = Some(jump);
            }
        });
        let (mut warm, mut cold) = (Vec::new(), Vec::new());
        for_each_block!(self, id, {
            if self[id].cold {
                cold.push(id);
            } else {
                warm.push(id);
            }
        });
        let moved = !cold.is_empty();
        warm.append(&mut cold);
        for (i, id) in warm.iter().enumerate() {
            self[*id].next = warm.get(i + 1).copied();
        }
        if moved {
            self.remove_redundant_nops_and_jumps()?;
        }
        Ok(())
    }

    /// JUMP_IF_* becomes a copy, its truth, and a jump that pops that.
    pub(super) fn convert_pseudo_conditional_jumps(&mut self) {
        for_each_block!(self, id, {
            if let Some(last) = self[id].instrs.last().copied() {
                let opcode = match last.opcode {
                    Op::JumpIfFalse => Op::PopJumpIfFalse,
                    Op::JumpIfTrue => Op::PopJumpIfTrue,
                    _ => last.opcode,
                };
                if opcode != last.opcode {
                    let under = |opcode, oparg| Instr {
                        except: last.except,
                        ..Instr::new(opcode, oparg, last.loc)
                    };
                    let instrs = &mut self[id].instrs;
                    instrs.truncate(instrs.len() - 1);
                    instrs.extend([
                        under(Op::Copy, 1),
                        under(Op::ToBool, 0),
                        Instr { opcode, ..last },
                    ]);
                }
            }
        });
    }

    /// SETUP_* has done its service; the pseudo loads and stores become what they stand for; operands that name cells get
    /// their final values, and the cells are filled in front of all.
    pub(super) fn lower_instrs(&mut self, metadata: &UnitMetadata) -> Result<(), AssembleError> {
        let cells = cell_indices(metadata);
        for_each_block!(self, id, {
            if self[id].kinds & kinds::LOWERED != 0 {
                self[id].kinds |= kinds::NOPS;
                for instr in &mut self[id].instrs {
                    lower_instr(instr, &cells)?;
                }
            }
        });
        self.insert_prefix(metadata, &cells);
        self.remove_redundant_nops_and_jumps()
    }

    /// Makes conditional jumps go forward, with a NOT_TAKEN where they do not jump: one that goes back jumps over an
    /// unconditional jump instead.
    pub(super) fn normalize_jumps(&mut self) -> Result<(), AssembleError> {
        self.clear_visited();
        for_each_block!(self, id, {
            self[id].visited = true;
            if let Some(last) = self[id].instrs.last().copied() {
                let reversed = match last.opcode {
                    Op::PopJumpIfNotNone => Some(Op::PopJumpIfNone),
                    Op::PopJumpIfNone => Some(Op::PopJumpIfNotNone),
                    Op::PopJumpIfFalse => Some(Op::PopJumpIfTrue),
                    Op::PopJumpIfTrue => Some(Op::PopJumpIfFalse),
                    _ => None,
                };
                if let Some(reversed) = reversed {
                    let target = last.target.ok_or(MALFORMED)?;
                    if self[target].visited {
                        self.jump_back_over(id, reversed, target, last.loc)?;
                    } else {
                        let not_taken = Instr::new(Op::NotTaken, 0, last.loc);
                        self[id].instrs.push(not_taken);
                    }
                }
            }
        });
        Ok(())
    }

    fn jump_back_over(
        &mut self,
        id: BlockId,
        reversed: Op,
        target: BlockId,
        loc: SourceLocation,
    ) -> Result<(), AssembleError> {
        let next = self[id].next.ok_or(MALFORMED)?;
        let back = self.new_block();
        let mut jump = Instr::new(Op::Jump, 0, loc);
        jump.target = Some(target);
        let depth = self[target].startdepth;
        let cold = self[id].cold;
        let block = &mut self[back];
        block.instrs.push(Instr::new(Op::NotTaken, 0, loc));
        block.instrs.push(jump);
        block.startdepth = depth;
        block.cold = cold;
        block.next = Some(next);
        self[id].next = Some(back);
        if let Some(last) = self[id].instrs.last_mut() {
            last.opcode = reversed;
            last.target = Some(next);
        }
        Ok(())
    }

    /// Finds the depth of the stack at the start of each block, and the greatest there is.
    pub(super) fn calculate_stackdepth(&mut self) -> Result<u32, AssembleError> {
        for_each_block!(self, id, {
            self[id].startdepth = None;
        });
        let mut greatest = 0;
        let mut todo = self.take_stack();
        self.enter_at_depth(Cfg::ENTRY, 0, &mut todo)?;
        while let Some(id) = todo.pop() {
            let mut depth = i64::from(self[id].startdepth.unwrap_or(0));
            let mut next = self[id].next;
            // The other blocks that are entered from here; SETUP_* aside, only the last instruction has one.
            let pushes = self[id].pushes();
            let instrs = std::mem::take(&mut self[id].instrs);
            let simple = match pushes {
                true => 0,
                false => instrs.len().saturating_sub(1),
            };
            let mut least = 0;
            for instr in &instrs[..simple] {
                greatest = greatest.max(depth);
                depth += effect(instr);
                least = least.min(depth);
            }
            if least < 0 {
                return Err(AssembleError::Value("Invalid CFG, stack underflow"));
            }
            for instr in &instrs[simple..] {
                let effect = effect(instr);
                greatest = greatest.max(depth);
                let opcode = instr.opcode;
                let kinds = kinds::of(opcode);
                if let (true, Some(target)) = (kinds & kinds::TARGET != 0, instr.target)
                    && opcode != Op::EndAsyncFor
                {
                    self.enter_at_depth(target, depth + effect, &mut todo)?;
                }
                if kinds & kinds::PUSH == 0 {
                    depth += effect;
                }
                if depth < 0 {
                    return Err(AssembleError::Value("Invalid CFG, stack underflow"));
                }
                if is_unconditional_jump(opcode) || is_scope_exit(opcode) {
                    next = None;
                    break;
                }
            }
            self[id].instrs = instrs;
            if let Some(next) = next {
                self.enter_at_depth(next, depth, &mut todo)?;
            }
        }
        self.leave_stack(todo);
        Ok(greatest as u32)
    }

    fn enter_at_depth(
        &mut self,
        id: BlockId,
        depth: i64,
        todo: &mut Vec<BlockId>,
    ) -> Result<(), AssembleError> {
        let depth = u32::try_from(depth)
            .ok()
            .filter(|depth| *depth < MAX_DEPTH)
            .ok_or(AssembleError::Value("Invalid CFG, stack underflow"))?;
        match self[id].startdepth {
            None => {
                self[id].startdepth = Some(depth);
                todo.push(id);
            }
            Some(known) if known != depth => {
                return Err(AssembleError::Value("Invalid CFG, inconsistent stackdepth"));
            }
            Some(_) => {}
        }
        Ok(())
    }
}

/// What an instruction does to the depth of the stack.
#[inline]
fn effect(instr: &Instr) -> i64 {
    instr.opcode.effect().of(instr.oparg)
}

/// Lowers an instruction. `cells` are the final operands of those that name cells.
fn lower_instr(instr: &mut Instr, cells: &[u32]) -> Result<(), AssembleError> {
    match instr.opcode {
        Op::SetupFinally | Op::SetupWith | Op::SetupCleanup => instr.set_nop(),
        Op::StoreFastMaybeNull => instr.opcode = Op::StoreFast,
        Op::MakeCell
        | Op::LoadClosure
        | Op::LoadDeref
        | Op::StoreDeref
        | Op::DeleteDeref
        | Op::LoadFromDictOrDeref => {
            instr.oparg = *cells.get(instr.oparg as usize).ok_or(MALFORMED)?;
            if instr.opcode == Op::LoadClosure {
                instr.opcode = Op::LoadFast;
            }
        }
        _ => {}
    }
    Ok(())
}
