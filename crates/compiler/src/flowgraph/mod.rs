//! The control-flow graph of a code unit, and what is optimized on it: CPython's passes, in CPython's order, so that the
//! code comes out the same to the byte.
//!
//! `graph` makes the graph of an instruction sequence. Each other file holds passes, as methods of the graph; this one
//! runs them. [`assemble`](crate::assemble) takes over from there.

mod borrow;
mod cleanup;
mod consts;
mod exceptions;
mod fold;
pub(crate) mod graph;
mod kinds;
mod layout;
mod lines;
mod locals;
pub(crate) mod localsplus;
mod peephole;
mod swaps;

use crate::assemble::{AssembleError, UnitMetadata};
use crate::const_cache::ConstCache;
use crate::instruction_sequence::{Instruction, InstructionSequence};
use consts::Consts;
use graph::{Cfg, Room, for_each_block};
use taipan_bytecode::Constant;
use taipan_bytecode::code::co;

/// A unit that is ready to be laid out.
pub(crate) struct Optimized {
    pub cfg: Cfg,
    pub consts: Vec<Constant>,
    pub stacksize: u32,
}

/// Makes the graph of a unit, optimizes it, and lowers what is left of pseudo instructions, but for unconditional jumps.
pub(crate) fn optimize(
    metadata: &UnitMetadata,
    sequence: InstructionSequence,
    consts: Vec<Constant>,
    cache: &mut ConstCache,
    room: Room,
) -> Result<Optimized, AssembleError> {
    let (mut cfg, consts) = optimize_unit(
        Cfg::from_sequence(sequence, true, room)?,
        consts,
        metadata.varnames.len(),
        nparams(metadata),
        cache,
    )?;
    let stacksize = cfg.lower(metadata)?;
    Ok(Optimized {
        cfg,
        consts,
        stacksize,
    })
}

/// The part of this that goes on with pseudo instructions.
fn optimize_unit(
    mut cfg: Cfg,
    consts: Vec<Constant>,
    nlocals: usize,
    nparams: usize,
    cache: &mut ConstCache,
) -> Result<(Cfg, Vec<Constant>), AssembleError> {
    let mut consts = Consts::new(consts, cache);
    cfg.mark_except_handlers();
    cfg.label_exception_targets()?;

    cfg.optimize(&mut consts)?;
    cfg.remove_unused_consts(&mut consts);
    cfg.check_loads_of_uninitialized_variables(nlocals, nparams);
    cfg.insert_superinstructions();
    cfg.push_cold_blocks_to_end()?;
    cfg.resolve_line_numbers();
    Ok((cfg, consts.into_list()))
}

/// Optimizes instructions that belong to no unit, and gives them back (`_PyCompile_OptimizeCfg`).
pub(crate) fn optimize_alone(
    sequence: InstructionSequence,
    consts: Vec<Constant>,
    nlocals: usize,
) -> Result<(Vec<Instruction>, Vec<Constant>), AssembleError> {
    let mut cache = ConstCache::new();
    let consts = consts.into_iter().map(|c| cache.merge(c)).collect();
    let cfg = Cfg::from_sequence(sequence, true, Room::default())?;
    let (mut cfg, consts) = optimize_unit(cfg, consts, nlocals, 0, &mut cache)?;
    cfg.calculate_stackdepth()?;
    cfg.optimize_load_fast()?;
    Ok((cfg.into_instructions(), consts))
}

/// Makes the graph of instructions that are optimized already, and lowers it.
pub(crate) fn lower_alone(
    metadata: &UnitMetadata,
    sequence: InstructionSequence,
    consts: Vec<Constant>,
) -> Result<Optimized, AssembleError> {
    let mut cfg = Cfg::from_sequence(sequence, false, Room::default())?;
    cfg.mark_except_handlers();
    cfg.label_exception_targets()?;
    let stacksize = cfg.lower(metadata)?;
    Ok(Optimized {
        cfg,
        consts,
        stacksize,
    })
}

/// The number of parameters, all kinds.
fn nparams(metadata: &UnitMetadata) -> usize {
    let mut count = metadata.argcount as usize + metadata.kwonlyargcount as usize;
    count += usize::from(metadata.flags & co::VARARGS != 0);
    count + usize::from(metadata.flags & co::VARKEYWORDS != 0)
}

impl Cfg {
    /// Finds the handler of each instruction and the depth of the stack at the start of each block, in a graph that has
    /// not been optimized.
    pub(crate) fn find_handlers(&mut self) -> Result<(), AssembleError> {
        self.mark_except_handlers();
        self.label_exception_targets()?;
        self.calculate_stackdepth()?;
        Ok(())
    }

    /// Lowers what is left of pseudo instructions, but for unconditional jumps; gives the depth of the stack.
    fn lower(&mut self, metadata: &UnitMetadata) -> Result<u32, AssembleError> {
        self.convert_pseudo_conditional_jumps();
        let stacksize = self.calculate_stackdepth()?;
        self.lower_instrs(metadata)?;
        // The order of the blocks is final from here on.
        self.normalize_jumps()?;
        self.optimize_load_fast()?;
        Ok(stacksize)
    }

    /// The instructions in order; the operand of what has a target is the index of the instruction there.
    fn into_instructions(self) -> Vec<Instruction> {
        let mut first = vec![0; self.len()];
        let mut count = 0;
        for_each_block!(self, id, {
            first[self.number(id)] = count;
            count += self[id].instrs.len() as u32;
        });
        let mut instructions = Vec::new();
        for_each_block!(self, id, {
            for instr in &self[id].instrs {
                let target = instr.target.map(|target| first[self.number(target)]);
                instructions.push(Instruction {
                    oparg: target.unwrap_or(instr.oparg),
                    ..instr.plain()
                });
            }
        });
        instructions
    }

    fn optimize(&mut self, consts: &mut Consts<'_>) -> Result<(), AssembleError> {
        self.inline_small_or_no_lineno_blocks();
        self.remove_unreachable();
        self.resolve_line_numbers();
        self.optimize_load_const(consts)?;
        for_each_block!(self, id, {
            self.optimize_basic_block(id, consts)?;
        });
        self.remove_redundant_nops_and_pairs();
        if self.rewired {
            self.remove_unreachable();
        }
        self.remove_redundant_nops_and_jumps()
    }
}
