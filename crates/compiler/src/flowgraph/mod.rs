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
mod layout;
mod lines;
mod locals;
pub(crate) mod localsplus;
mod peephole;
mod swaps;

use crate::assemble::{AssembleError, UnitMetadata};
use crate::const_cache::ConstCache;
use crate::instruction_sequence::InstructionSequence;
use consts::Consts;
use graph::{Cfg, MALFORMED, for_each_block, is_terminator};
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
) -> Result<Optimized, AssembleError> {
    let mut cfg = Cfg::from_sequence(sequence)?;
    let mut consts = Consts::new(consts, cache);
    cfg.mark_except_handlers();
    cfg.label_exception_targets()?;

    cfg.optimize(&mut consts)?;
    cfg.remove_unused_consts(&mut consts);
    cfg.check_loads_of_uninitialized_variables(metadata.varnames.len(), nparams(metadata));
    cfg.insert_superinstructions();
    cfg.push_cold_blocks_to_end()?;
    cfg.resolve_line_numbers();

    cfg.convert_pseudo_conditional_jumps();
    let stacksize = cfg.calculate_stackdepth()?;
    cfg.prepare_localsplus(metadata)?;
    cfg.convert_pseudo_ops()?;
    // The order of the blocks is final from here on.
    cfg.normalize_jumps()?;
    cfg.optimize_load_fast()?;
    Ok(Optimized {
        cfg,
        consts: consts.into_list(),
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
    fn check(&self) -> Result<(), AssembleError> {
        for_each_block!(self, id, {
            let before_last = self[id].instrs.iter().rev().skip(1);
            if before_last
                .into_iter()
                .any(|instr| is_terminator(instr.opcode))
            {
                return Err(MALFORMED);
            }
        });
        Ok(())
    }

    fn optimize(&mut self, consts: &mut Consts<'_>) -> Result<(), AssembleError> {
        self.check()?;
        self.inline_small_or_no_lineno_blocks();
        self.remove_unreachable();
        self.resolve_line_numbers();
        self.optimize_load_const(consts)?;
        for_each_block!(self, id, {
            self.optimize_basic_block(id, consts)?;
        });
        self.remove_redundant_nops_and_pairs();
        self.remove_unreachable();
        self.remove_redundant_nops_and_jumps()
    }
}
