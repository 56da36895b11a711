//! The compiler's stages one at a time, for tools and tests that look between them. In what passes between these, the
//! operand of a jump is the index of the instruction that it leads to.

use taipan_ast::{Arena, Mod};
use taipan_bytecode::{CodeObject, Constant};
use taipan_tokenizer::SyntaxWarning;
use taipan_wtf8::{Wtf8, Wtf8Buf};

use crate::assemble::{AssembleError, UnitMetadata, assemble};
use crate::codegen::ObservedUnit;
use crate::const_cache::ConstCache;
use crate::flowgraph;
use crate::instruction_sequence::{Instruction, InstructionSequence};
use crate::{CompileOptions, Error, compile_observed};

/// What code generation makes of a unit, with the units in it.
#[derive(Debug, Clone)]
pub struct Generated {
    /// What the unit has beside its instructions.
    pub metadata: UnitMetadata,
    /// The instructions.
    pub instructions: Vec<Instruction>,
    /// The constants by index.
    pub consts: Vec<Constant>,
    /// The units directly in it, in the order in which they end.
    pub nested: Vec<Generated>,
}

/// Generates the code of a tree, without optimizing it. `None` only for a tree without a unit, which there is not.
pub fn generate<'a>(
    arena: &'a Arena,
    module: &'a Mod<'a>,
    options: &CompileOptions,
    warnings: &mut Vec<SyntaxWarning>,
) -> Result<Option<Generated>, Error> {
    // Finished units by depth, which wait for the one around them.
    let mut waiting: Vec<Vec<Generated>> = Vec::new();
    let mut observe = |unit: &ObservedUnit<'_>| {
        if waiting.len() < unit.depth + 2 {
            waiting.resize_with(unit.depth + 2, Vec::new);
        }
        let nested = std::mem::take(&mut waiting[unit.depth + 1]);
        waiting[unit.depth].push(Generated {
            metadata: unit.metadata.clone(),
            instructions: unit.sequence.resolved(),
            consts: unit.consts.to_vec(),
            nested,
        });
    };
    compile_observed(arena, module, options, warnings, &mut observe)?;
    Ok(waiting.first_mut().and_then(Vec::pop))
}

/// Optimizes instructions; gives them and the constants that they use.
pub fn optimize(
    instructions: Vec<Instruction>,
    consts: Vec<Constant>,
    nlocals: usize,
) -> Result<(Vec<Instruction>, Vec<Constant>), AssembleError> {
    let sequence = InstructionSequence::from_resolved(instructions);
    flowgraph::optimize_alone(sequence, consts, nlocals)
}

/// Makes a code object of instructions as they are.
pub fn assemble_unit(
    metadata: &UnitMetadata,
    instructions: Vec<Instruction>,
    consts: Vec<Constant>,
) -> Result<CodeObject, AssembleError> {
    let sequence = InstructionSequence::from_resolved(instructions);
    let lowered = flowgraph::lower_alone(metadata, sequence, consts)?;
    let (code, _) = assemble(metadata, lowered, &mut ConstCache::new())?;
    Ok(code)
}

/// A docstring as the compiler puts it into code.
pub fn clean_doc(doc: &str) -> Wtf8Buf {
    crate::codegen::clean_doc(Wtf8::new(doc))
}
