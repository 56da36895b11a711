//! Rewriting within a block by looking at an instruction, the one after it and the one it jumps to.

use super::consts::{Consts, loads_const};
use super::graph::{BlockId, Cfg, Instr, for_each_block};
use super::kinds;
use crate::assemble::AssembleError;
use crate::const_eval;
use taipan_bytecode::opcode::Intrinsic1;
use taipan_bytecode::{CompilerOpcode as Op, Constant};

/// The bit of COMPARE_OP's operand that asks for a bool.
const COMPARE_TO_BOOL: u32 = 16;

impl Cfg {
    /// Loads small ints without the constant table, and decides tests of constants.
    pub(super) fn optimize_load_const(
        &mut self,
        consts: &mut Consts<'_>,
    ) -> Result<(), AssembleError> {
        for_each_block!(self, id, {
            self.optimize_load_const_in(id, consts)?;
        });
        Ok(())
    }

    fn optimize_load_const_in(
        &mut self,
        id: BlockId,
        consts: &mut Consts<'_>,
    ) -> Result<(), AssembleError> {
        if self[id].kinds & kinds::CONST == 0 {
            return Ok(());
        }
        let instrs = &mut self[id].instrs;
        for instr in &mut **instrs {
            if instr.opcode == Op::LoadConst
                && let Some(value) = consts.small_int(instr)
            {
                instr.set(Op::LoadSmallInt, value);
            }
        }
        if self[id].kinds & kinds::TEST == 0 {
            return Ok(());
        }
        // The instruction that loaded what is on top of the stack, through copies of a constant.
        let mut load = Instr::new(
            Op::Nop,
            0,
            crate::instruction_sequence::SourceLocation::NONE,
        );
        for i in 0..self[id].instrs.len() {
            let instr = &self[id].instrs[i];
            if loads_const(instr.opcode) {
                load = *instr;
            } else if load.opcode != Op::LoadConst || instr.opcode != Op::Copy || instr.oparg != 1 {
                load.opcode = Op::Nop;
                continue;
            }
            let Some(
                next @ (Op::PopJumpIfFalse
                | Op::PopJumpIfTrue
                | Op::JumpIfFalse
                | Op::JumpIfTrue
                | Op::IsOp
                | Op::ToBool),
            ) = self[id].opcode_after(i)
            else {
                continue;
            };
            let Some(constant) = consts.value(&load) else {
                continue;
            };
            match next {
                Op::IsOp => {
                    if matches!(constant, Constant::None) {
                        self.fold_is_none(id, i);
                    }
                }
                Op::ToBool => {
                    let index = consts.add(Constant::bool(const_eval::is_true(&constant)))?;
                    self[id].instrs[i].set_nop();
                    self[id].instrs[i + 1].set(Op::LoadConst, index);
                }
                _ => {
                    self.rewired = true;
                    let instrs = &mut self[id].instrs;
                    if matches!(next, Op::PopJumpIfFalse | Op::PopJumpIfTrue) {
                        instrs[i].set_nop();
                    }
                    let jumps_if = matches!(next, Op::PopJumpIfTrue | Op::JumpIfTrue);
                    if const_eval::is_true(&constant) == jumps_if {
                        instrs[i + 1].opcode = Op::Jump;
                    } else {
                        instrs[i + 1].set_nop();
                    }
                }
            }
        }
        Ok(())
    }

    /// `LOAD_CONST None; IS_OP; (TO_BOOL;) POP_JUMP_IF_*` becomes a jump that tests for None.
    fn fold_is_none(&mut self, id: BlockId, i: usize) {
        let instrs = &mut self[id].instrs;
        let mut jump = i + 2;
        if instrs
            .get(jump)
            .is_some_and(|instr| instr.opcode == Op::ToBool)
        {
            instrs[jump].set_nop();
            jump += 1;
        }
        let Some(test) = instrs.get(jump).map(|instr| instr.opcode) else {
            return;
        };
        let inverted = instrs[i + 1].oparg != 0;
        let none = match test {
            Op::PopJumpIfTrue => !inverted,
            Op::PopJumpIfFalse => inverted,
            _ => return,
        };
        instrs[i].set_nop();
        instrs[i + 1].set_nop();
        instrs[jump].opcode = if none {
            Op::PopJumpIfNone
        } else {
            Op::PopJumpIfNotNone
        };
    }

    /// Makes the jump at the end of the block go where the jump that it leads to goes, with `opcode`. Says whether that
    /// changed anything.
    fn jump_thread(&mut self, id: BlockId, i: usize, onward: &Instr, opcode: Op) -> bool {
        let instrs = &mut self[id].instrs;
        if instrs[i].target == onward.target {
            return false;
        }
        self.rewired = true;
        let instrs = &mut self[id].instrs;
        // The NOP goes later, if the line does not need it.
        instrs[i].set_nop();
        let mut jump = Instr::new(opcode, 0, onward.loc);
        jump.target = onward.target;
        instrs.push(jump);
        self[id].kinds |= kinds::NO_LINE;
        true
    }

    /// JUMP_IF_* that leads to the opposite test of the same value goes behind that one.
    fn skip_opposite_test(&mut self, id: BlockId, i: usize) -> bool {
        let Some(target) = self[id].instrs[i].target else {
            return false;
        };
        match self[target].next {
            Some(next) => {
                self.rewired = true;
                self[id].instrs[i].target = Some(next);
                true
            }
            None => false,
        }
    }

    pub(super) fn optimize_basic_block(
        &mut self,
        id: BlockId,
        consts: &mut Consts<'_>,
    ) -> Result<(), AssembleError> {
        if self[id].kinds & kinds::REWRITTEN == 0 {
            return Ok(());
        }
        let mut i = 0;
        let mut swaps = false;
        loop {
            let rest = self[id].instrs.get(i..).unwrap_or(&[]);
            let Some(skipped) = rest
                .iter()
                .position(|instr| kinds::of(instr.opcode) & kinds::REWRITTEN != 0)
            else {
                break;
            };
            // Most of what is frequent stays as it is.
            let after = rest.get(skipped + 1).map(|instr| instr.opcode);
            let stays = match rest[skipped].opcode {
                Op::StoreFast => after != Some(Op::StoreFast),
                Op::LoadGlobal => after != Some(Op::PushNull),
                Op::CompareOp => after != Some(Op::ToBool),
                _ => false,
            };
            swaps |= rest[skipped].opcode == Op::Swap;
            i += skipped;
            if stays || !self.optimize_instruction(id, i, consts)? {
                i += 1;
            }
        }
        if swaps {
            self.optimize_swaps(id);
        }
        Ok(())
    }

    /// Rewrites the instruction at `i`. Says whether to look at this place again.
    fn optimize_instruction(
        &mut self,
        id: BlockId,
        i: usize,
        consts: &mut Consts<'_>,
    ) -> Result<bool, AssembleError> {
        let instr = self[id].instrs[i];
        let oparg = instr.oparg;
        let next = self[id].opcode_after(i);
        let onward = match instr.target {
            Some(target) => self[target].instrs.first().copied(),
            None => None,
        };
        let onward = onward.unwrap_or(Instr::new(Op::Nop, 0, instr.loc));
        match instr.opcode {
            Op::BuildTuple => {
                let instrs = &mut self[id].instrs;
                if next == Some(Op::UnpackSequence)
                    && instrs[i + 1].oparg == oparg
                    && (1..=3).contains(&oparg)
                {
                    instrs[i].set_nop();
                    if oparg == 1 {
                        instrs[i + 1].set_nop();
                    } else {
                        instrs[i + 1].opcode = Op::Swap;
                    }
                } else {
                    self.fold_tuple(id, i, consts)?;
                }
            }
            Op::BuildList | Op::BuildSet => self.optimize_lists_and_sets(id, i, consts)?,
            Op::PopJumpIfNotNone | Op::PopJumpIfNone | Op::PopJumpIfFalse | Op::PopJumpIfTrue
                if onward.opcode == Op::Jump =>
            {
                return Ok(self.jump_thread(id, i, &onward, instr.opcode));
            }
            Op::JumpIfFalse | Op::JumpIfTrue => {
                if onward.opcode == Op::Jump || onward.opcode == instr.opcode {
                    return Ok(self.jump_thread(id, i, &onward, instr.opcode));
                }
                if matches!(onward.opcode, Op::JumpIfFalse | Op::JumpIfTrue) {
                    return Ok(self.skip_opposite_test(id, i));
                }
            }
            Op::Jump | Op::JumpNoInterrupt => match onward.opcode {
                Op::Jump => return Ok(self.jump_thread(id, i, &onward, Op::Jump)),
                Op::JumpNoInterrupt => {
                    return Ok(self.jump_thread(id, i, &onward, instr.opcode));
                }
                _ => {}
            },
            Op::StoreFast => {
                let instrs = &mut self[id].instrs;
                if next == Some(Op::StoreFast)
                    && instrs[i + 1].oparg == oparg
                    && instrs[i + 1].loc.lineno == instr.loc.lineno
                {
                    instrs[i].set(Op::PopTop, 0);
                    self[id].kinds |= kinds::POP_TOP;
                }
            }
            Op::Swap if oparg == 1 => self[id].instrs[i].set_nop(),
            Op::LoadGlobal if next == Some(Op::PushNull) && oparg & 1 == 0 => {
                self[id].instrs[i].oparg |= 1;
                self[id].instrs[i + 1].set_nop();
            }
            Op::CompareOp if next == Some(Op::ToBool) => {
                self.replace_pair(id, i, Op::CompareOp, oparg | COMPARE_TO_BOOL);
            }
            Op::ContainsOp | Op::IsOp => {
                if instr.opcode == Op::ContainsOp {
                    self.fold_built_sequence(id, i, consts)?;
                }
                match next {
                    Some(Op::ToBool) => self.replace_pair(id, i, instr.opcode, oparg),
                    Some(Op::UnaryNot) => self.replace_pair(id, i, instr.opcode, oparg ^ 1),
                    _ => {}
                }
            }
            Op::GetIter => self.fold_built_sequence(id, i, consts)?,
            Op::ToBool if next == Some(Op::ToBool) => self[id].instrs[i].set_nop(),
            Op::UnaryNot if next == Some(Op::ToBool) => self.replace_pair(id, i, Op::UnaryNot, 0),
            Op::UnaryNot if next == Some(Op::UnaryNot) => self.replace_pair(id, i, Op::Nop, 0),
            Op::UnaryNot | Op::UnaryInvert | Op::UnaryNegative => self.fold_unary(id, i, consts)?,
            Op::CallIntrinsic1 if oparg == Intrinsic1::ListToTuple as u32 => {
                if next == Some(Op::GetIter) {
                    self[id].instrs[i].set_nop();
                } else {
                    self.fold_built_sequence(id, i, consts)?;
                }
            }
            Op::CallIntrinsic1 => self.fold_unary(id, i, consts)?,
            Op::BinaryOp => self.fold_binary(id, i, consts)?,
            _ => {}
        }
        Ok(false)
    }

    /// The instruction at `i` and the next one become NOP and this one.
    fn replace_pair(&mut self, id: BlockId, i: usize, opcode: Op, oparg: u32) {
        let instrs = &mut self[id].instrs;
        instrs[i].set_nop();
        instrs[i + 1].set(opcode, oparg);
    }
}
