//! Folding: displays and operators whose operands are constants become constants.

use super::consts::{Consts, loads_const};
use super::graph::{BlockId, Cfg};
use super::kinds;
use crate::assemble::AssembleError;
use crate::const_eval::{self, UnaryOp};
use crate::instruction_sequence::SourceLocation;
use std::rc::Rc;
use taipan_bytecode::opcode::{BINARY_OPS, Intrinsic1};
use taipan_bytecode::{CompilerOpcode as Op, Constant};

/// The most stack items that the compiler uses for one display.
const STACK_USE_GUIDELINE: u32 = 30;
/// The fewest constants for which a list or set display is built from a constant tuple or frozenset.
const MIN_CONST_SEQUENCE_SIZE: u32 = 3;

type Folded = Result<(), AssembleError>;

impl Cfg {
    fn nop_out(&mut self, id: BlockId, positions: &[usize]) {
        for i in positions {
            let instr = &mut self[id].instrs[*i];
            instr.set_nop();
            instr.loc = SourceLocation::NONE;
        }
        self[id].kinds |= kinds::NO_LINE;
    }

    fn values(
        &self,
        id: BlockId,
        positions: &[usize],
        consts: &Consts<'_>,
    ) -> Option<Vec<Constant>> {
        let value = |i: &usize| consts.value(&self[id].instrs[*i]);
        positions.iter().map(value).collect()
    }

    /// BUILD_TUPLE of constants becomes a constant tuple.
    pub(super) fn fold_tuple(&mut self, id: BlockId, i: usize, consts: &mut Consts<'_>) -> Folded {
        let size = self[id].instrs[i].oparg;
        if size > STACK_USE_GUIDELINE {
            return Ok(());
        }
        let Some(loads) = self.const_loads_before(id, i, size as usize) else {
            return Ok(());
        };
        if let Some(items) = self.values(id, &loads, consts) {
            self.nop_out(id, &loads);
            consts.make_load(&mut self[id].instrs[i], Constant::tuple(items))?;
        }
        Ok(())
    }

    /// A list or set that is built of constants one by one, right before the instruction at `i`, becomes a constant
    /// tuple or frozenset: in the place of that instruction if it makes a tuple of a list, before it if it iterates over
    /// the items or searches them.
    pub(super) fn fold_built_sequence(
        &mut self,
        id: BlockId,
        i: usize,
        consts: &mut Consts<'_>,
    ) -> Folded {
        let to_tuple = self[id].instrs[i].opcode == Op::CallIntrinsic1;
        let mut append = None;
        let mut expect_append = true;
        for start in (0..i).rev() {
            let instr = self[id].instrs[start];
            match instr.opcode {
                Op::Nop => continue,
                Op::BuildList | Op::BuildSet if instr.oparg == 0 => {
                    let of_list = instr.opcode == Op::BuildList;
                    let expected = if of_list { Op::ListAppend } else { Op::SetAdd };
                    // An empty list becomes a tuple as well, but nothing is filled with it.
                    let fits = append.map_or(to_tuple, |append| append == expected);
                    if !expect_append || !fits || (to_tuple && !of_list) {
                        return Ok(());
                    }
                    let used: Vec<usize> = (start..i)
                        .filter(|at| self[id].instrs[*at].opcode != Op::Nop)
                        .collect();
                    let loads: Vec<usize> = used
                        .iter()
                        .copied()
                        .filter(|at| loads_const(self[id].instrs[*at].opcode))
                        .collect();
                    if let Some(items) = self.values(id, &loads, consts) {
                        self.nop_out(id, &used);
                        let at = if to_tuple { i } else { i - 1 };
                        let value = if of_list {
                            Constant::tuple(items)
                        } else {
                            Constant::FrozenSet(Rc::from(distinct(items)))
                        };
                        consts.make_load(&mut self[id].instrs[at], value)?;
                    }
                    return Ok(());
                }
                opcode @ (Op::ListAppend | Op::SetAdd)
                    if expect_append
                        && instr.oparg == 1
                        && append.is_none_or(|op| op == opcode) =>
                {
                    append = Some(opcode);
                }
                opcode if !expect_append && loads_const(opcode) => {}
                _ => return Ok(()),
            }
            expect_append = !expect_append;
        }
        Ok(())
    }

    /// A list or set display of constants: what is only iterated over or searched becomes a tuple or a frozenset, and a
    /// long one is filled from such a constant.
    pub(super) fn optimize_lists_and_sets(
        &mut self,
        id: BlockId,
        i: usize,
        consts: &mut Consts<'_>,
    ) -> Folded {
        let instr = self[id].instrs[i];
        let next = self[id].opcode_after(i);
        let contains_or_iter = matches!(next, Some(Op::GetIter | Op::ContainsOp));
        let size = instr.oparg;
        if size > STACK_USE_GUIDELINE || (size < MIN_CONST_SEQUENCE_SIZE && !contains_or_iter) {
            return Ok(());
        }
        let is_list = instr.opcode == Op::BuildList;
        let Some(loads) = self.const_loads_before(id, i, size as usize) else {
            if contains_or_iter && is_list {
                self[id].instrs[i].opcode = Op::BuildTuple;
            }
            return Ok(());
        };
        let Some(items) = self.values(id, &loads, consts) else {
            return Ok(());
        };
        let index = consts.add(if is_list {
            Constant::tuple(items)
        } else {
            Constant::FrozenSet(Rc::from(distinct(items)))
        })?;
        self.nop_out(id, &loads);
        if contains_or_iter {
            self[id].instrs[i].set(Op::LoadConst, index);
            return Ok(());
        }
        // There are at least three instructions before this one that did load constants.
        let instrs = &mut self[id].instrs;
        instrs[i - 2].loc = instr.loc;
        instrs[i - 2].set(instr.opcode, 0);
        instrs[i - 1].set(Op::LoadConst, index);
        instrs[i].set(
            if is_list {
                Op::ListExtend
            } else {
                Op::SetUpdate
            },
            1,
        );
        Ok(())
    }

    pub(super) fn fold_binary(&mut self, id: BlockId, i: usize, consts: &mut Consts<'_>) -> Folded {
        let Some(loads) = self.const_loads_before(id, i, 2) else {
            return Ok(());
        };
        let operands = self.values(id, &loads, consts);
        let op = BINARY_OPS.get(self[id].instrs[i].oparg as usize);
        if let (Some([left, right]), Some((op, _, _))) = (operands.as_deref(), op)
            && let Some(result) = const_eval::binary(*op, left, right)
        {
            self.nop_out(id, &loads);
            consts.make_load(&mut self[id].instrs[i], result)?;
        }
        Ok(())
    }

    pub(super) fn fold_unary(&mut self, id: BlockId, i: usize, consts: &mut Consts<'_>) -> Folded {
        let instr = self[id].instrs[i];
        let op = match instr.opcode {
            Op::UnaryNegative => UnaryOp::Negative,
            Op::UnaryInvert => UnaryOp::Invert,
            Op::UnaryNot => UnaryOp::Not,
            Op::CallIntrinsic1 if instr.oparg == Intrinsic1::UnaryPositive as u32 => {
                UnaryOp::Positive
            }
            _ => return Ok(()),
        };
        let Some(loads) = self.const_loads_before(id, i, 1) else {
            return Ok(());
        };
        if let Some([operand]) = self.values(id, &loads, consts).as_deref()
            && let Some(result) = const_eval::unary(op, operand)
        {
            self.nop_out(id, &loads);
            consts.make_load(&mut self[id].instrs[i], result)?;
        }
        Ok(())
    }
}

/// The items of a set display: the first of those that are equal to each other.
fn distinct(items: Vec<Constant>) -> Vec<Constant> {
    let mut out: Vec<Constant> = Vec::with_capacity(items.len());
    for item in items {
        if !out.iter().any(|other| const_eval::equal(&item, other)) {
            out.push(item);
        }
    }
    out
}
