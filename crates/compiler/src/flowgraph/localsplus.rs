//! The one array of fast locals, cells and free variables: final indices, and the instructions at the start of a unit
//! that fill the cells.

use super::graph::{Cfg, Instr};
use crate::assemble::UnitMetadata;
use crate::instruction_sequence::SourceLocation;
use rustc_hash::FxHashMap;
use taipan_bytecode::CompilerOpcode as Op;
use taipan_bytecode::code::co;

/// The final index of each cell and free variable, in the order of the operands of `LOAD_DEREF` and its like.
pub(crate) fn cell_indices(metadata: &UnitMetadata) -> Vec<u32> {
    if metadata.cellvars.is_empty() && metadata.freevars.is_empty() {
        return Vec::new();
    }
    let locals: FxHashMap<_, u32> = metadata.varnames.iter().zip(0..).collect();
    let mut next = metadata.varnames.len() as u32;
    let mut indices = Vec::with_capacity(metadata.cellvars.len() + metadata.freevars.len());
    let mut own = || {
        let index = next;
        next += 1;
        index
    };
    for name in &metadata.cellvars {
        // A parameter that is a cell as well keeps its place.
        indices.push(locals.get(name).copied().unwrap_or_else(&mut own));
    }
    for _ in &metadata.freevars {
        indices.push(own());
    }
    indices
}

impl Cfg {
    /// Puts the prefix in front of the entry block. `indices` are those of [`cell_indices`].
    pub(super) fn insert_prefix(&mut self, metadata: &UnitMetadata, indices: &[u32]) {
        let mut prefix = Vec::new();
        if !metadata.freevars.is_empty() {
            let count = metadata.freevars.len() as u32;
            prefix.push(Instr::new(Op::CopyFreeVars, count, SourceLocation::NONE));
        }
        let mut cells: Vec<u32> = indices
            .iter()
            .take(metadata.cellvars.len())
            .copied()
            .collect();
        cells.sort_unstable();
        for cell in cells {
            prefix.push(Instr::new(Op::MakeCell, cell, SourceLocation::NONE));
        }
        if metadata.flags & (co::GENERATOR | co::COROUTINE | co::ASYNC_GENERATOR) != 0 {
            let line = metadata.firstlineno;
            let loc = SourceLocation::new(line, line, -1, -1);
            prefix.push(Instr::new(Op::ReturnGenerator, 0, loc));
            prefix.push(Instr::new(Op::PopTop, 0, loc));
        }
        if !prefix.is_empty() {
            self[Cfg::ENTRY].instrs.prepend(prefix);
        }
    }
}
