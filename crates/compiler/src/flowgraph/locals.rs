//! Fast locals: which loads must check that the variable is bound, and superinstructions.

use super::graph::{BlockId, Cfg, Instr, for_each_block};
use super::kinds;
use taipan_bytecode::CompilerOpcode as Op;

/// The locals whose state is followed from block to block; the others are followed within one block only, which keeps
/// the work linear in the size of the code.
const TRACKED: usize = 64;

/// The largest index of a local that fits in half of a superinstruction's operand, plus one.
const SUPERINSTRUCTION_LOCALS: u32 = 16;

/// The bit of a local; none for those that are not followed.
fn bit(local: u32) -> u64 {
    1u64.checked_shl(local).unwrap_or(0)
}

impl Cfg {
    /// Turns LOAD_FAST into LOAD_FAST_CHECK where the local may be unbound.
    pub(super) fn check_loads_of_uninitialized_variables(
        &mut self,
        nlocals: usize,
        nparams: usize,
    ) {
        if nlocals == 0 {
            return;
        }
        if nlocals > TRACKED {
            self.check_untracked_locals(nlocals);
        }
        self.clear_visited();
        let mut stack = self.take_stack();
        let mut start = 0;
        for local in nparams..nlocals.min(TRACKED) {
            start |= 1u64 << local;
        }
        if start == 0 && self.kinds & kinds::CLEARS == 0 {
            // All are parameters and stay bound.
            self.leave_stack(stack);
            return;
        }
        self.add_unsafe(Cfg::ENTRY, start, &mut stack);
        // A DELETE_FAST may stand anywhere, so every block is looked at once.
        for_each_block!(self, id, {
            self.scan_for_locals(id, &mut stack);
        });
        while let Some(id) = stack.pop() {
            self[id].visited = false;
            self.scan_for_locals(id, &mut stack);
        }
        self.leave_stack(stack);
    }

    /// Adds to the locals that may be unbound on entry to a block. `visited` means that it waits on the stack.
    fn add_unsafe(&mut self, id: BlockId, mask: u64, stack: &mut Vec<BlockId>) {
        let block = &mut self[id];
        let both = block.unsafe_locals | mask;
        if block.unsafe_locals != both {
            block.unsafe_locals = both;
            if !block.visited {
                block.visited = true;
                stack.push(id);
            }
        }
    }

    fn scan_for_locals(&mut self, id: BlockId, stack: &mut Vec<BlockId>) {
        let mut mask = self[id].unsafe_locals;
        if self[id].kinds & kinds::FAST != 0 || self.pushes {
            mask = self.scan_instrs_for_locals(id, mask, stack);
        }
        if let (true, Some(next)) = (self[id].has_fallthrough(), self[id].next) {
            self.add_unsafe(next, mask, stack);
        }
        if let Some(target) = self[id].jump_target() {
            self.add_unsafe(target, mask, stack);
        }
    }

    /// The locals that may be unbound behind the block.
    fn scan_instrs_for_locals(
        &mut self,
        id: BlockId,
        mut mask: u64,
        stack: &mut Vec<BlockId>,
    ) -> u64 {
        // The handler that has been told of this mask.
        let mut told = None;
        let mut instrs = std::mem::take(&mut self[id].instrs);
        for instr in &mut instrs {
            if instr.except.is_some() && told != instr.except {
                told = instr.except;
                if let Some(handler) = told {
                    self.add_unsafe(handler, mask, stack);
                }
            }
            if kinds::of(instr.opcode) & kinds::FAST == 0 {
                continue;
            }
            let before = mask;
            match instr.opcode {
                Op::DeleteFast | Op::LoadFastAndClear | Op::StoreFastMaybeNull => {
                    mask |= bit(instr.oparg);
                }
                Op::StoreFast | Op::LoadFastCheck => mask &= !bit(instr.oparg),
                Op::LoadFast => {
                    if mask & bit(instr.oparg) != 0 {
                        instr.opcode = Op::LoadFastCheck;
                    }
                    mask &= !bit(instr.oparg);
                }
                _ => continue,
            }
            if mask != before {
                told = None;
            }
        }
        self[id].instrs = instrs;
        mask
    }

    fn check_untracked_locals(&mut self, nlocals: usize) {
        // The block in which each local is known to be bound, counted from 1.
        let mut bound_in = vec![0usize; nlocals];
        let mut number = 0;
        for_each_block!(self, id, {
            number += 1;
            for instr in &mut self[id].instrs {
                let local = instr.oparg as usize;
                if local < TRACKED || local >= nlocals {
                    continue;
                }
                match instr.opcode {
                    Op::DeleteFast | Op::LoadFastAndClear | Op::StoreFastMaybeNull => {
                        bound_in[local] = 0;
                    }
                    Op::StoreFast => bound_in[local] = number,
                    Op::LoadFast => {
                        if bound_in[local] != number {
                            instr.opcode = Op::LoadFastCheck;
                        }
                        bound_in[local] = number;
                    }
                    _ => {}
                }
            }
        });
    }

    /// Joins neighbouring loads and stores of fast locals.
    pub(super) fn insert_superinstructions(&mut self) {
        for_each_block!(self, id, {
            if self[id].kinds & kinds::FAST != 0 && join_all(&mut self[id].instrs) {
                self[id].kinds |= kinds::NOPS;
                self.remove_redundant_nops_in(id);
            }
        });
    }
}

/// Joins what can be joined in a block. Says whether there was something.
fn join_all(instrs: &mut [Instr]) -> bool {
    let mut changed = false;
    let mut before = Op::Nop;
    for i in 0..instrs.len() {
        let opcode = instrs[i].opcode;
        let first = std::mem::replace(&mut before, opcode);
        if !matches!(opcode, Op::LoadFast | Op::StoreFast) {
            continue;
        }
        let joined = match (first, opcode) {
            (Op::LoadFast, Op::LoadFast) => Op::LoadFastLoadFast,
            (Op::StoreFast, Op::LoadFast) => Op::StoreFastLoadFast,
            (Op::StoreFast, Op::StoreFast) => Op::StoreFastStoreFast,
            _ => continue,
        };
        changed |= join(instrs, i, joined);
        before = instrs[i].opcode;
    }
    changed
}

fn join(instrs: &mut [Instr], i: usize, joined: Op) -> bool {
    let (first, second) = (instrs[i - 1], instrs[i]);
    let lines = (first.loc.lineno, second.loc.lineno);
    if lines.0 >= 0 && lines.1 >= 0 && lines.0 != lines.1 {
        return false;
    }
    if first.oparg >= SUPERINSTRUCTION_LOCALS || second.oparg >= SUPERINSTRUCTION_LOCALS {
        return false;
    }
    instrs[i - 1].set(joined, first.oparg << 4 | second.oparg);
    instrs[i].set_nop();
    true
}
