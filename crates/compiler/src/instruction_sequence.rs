//! Instruction sequences: what the front half of the compiler writes and the back half reads.
//!
//! # How the front half uses the back half
//!
//! One [`InstructionSequence`] a code unit. [`InstructionSequence::emit`] appends an instruction; jumps and block pushes
//! (`SETUP_*`) name a [`Label`] through [`InstructionSequence::emit_jump`]; [`InstructionSequence::use_label`] binds a
//! label to the instruction that is emitted next. A label may be bound before or after it is used; several may be bound
//! to one place. When the unit is done, its sequence, its tables and its constants go through
//! [`flowgraph`](crate::flowgraph) and [`assemble`](crate::assemble), which gives the code object:
//!
//! - operands of `LOAD_FAST` and its like index [`UnitMetadata::varnames`](crate::assemble::UnitMetadata::varnames);
//! - operands of `LOAD_DEREF`, `MAKE_CELL`, `LOAD_CLOSURE` and their like index the cell variables and, after them, the
//!   free variables; cells that are parameters as well are given their final place here;
//! - operands of `LOAD_CONST` index the constants, which the optimizer extends and thins out. Constants must have gone
//!   through [`ConstCache::merge`](crate::const_cache::ConstCache::merge), which is shared by all units of a module;
//! - the front half emits `RESUME`; `RETURN_GENERATOR`, `MAKE_CELL` and `COPY_FREE_VARS` are put in front here;
//! - only real opcodes without inline caches' units, and pseudo opcodes, are emitted: no `CACHE`, no `EXTENDED_ARG`.

use crate::flowgraph::graph::Instr;
use taipan_bytecode::CompilerOpcode;

/// A place in the source: lines from 1, columns in bytes from 0; -1 for what is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SourceLocation {
    /// The first line.
    pub lineno: i32,
    /// The last line.
    pub end_lineno: i32,
    /// The column where it starts.
    pub col_offset: i32,
    /// The column where it ends.
    pub end_col_offset: i32,
}

impl SourceLocation {
    /// The location of an instruction that comes from nowhere in the source.
    pub const NONE: SourceLocation = SourceLocation::new(-1, -1, -1, -1);
    /// The location of whatever instruction comes next.
    pub const NEXT: SourceLocation = SourceLocation::new(-2, -2, -2, -2);

    /// Whether it is this one; equality without branches.
    #[inline]
    pub(crate) const fn is(self, other: SourceLocation) -> bool {
        let lines = (self.lineno ^ other.lineno) | (self.end_lineno ^ other.end_lineno);
        let columns =
            (self.col_offset ^ other.col_offset) | (self.end_col_offset ^ other.end_col_offset);
        lines | columns == 0
    }

    /// A location.
    pub const fn new(
        lineno: i32,
        end_lineno: i32,
        col_offset: i32,
        end_col_offset: i32,
    ) -> SourceLocation {
        SourceLocation {
            lineno,
            end_lineno,
            col_offset,
            end_col_offset,
        }
    }
}

/// A jump target that may not have its place yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Label(pub(crate) u32);

/// An instruction. A jump's operand is the number of its label.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instruction {
    /// The opcode.
    pub opcode: CompilerOpcode,
    /// The operand, 0 if the opcode has none.
    pub oparg: u32,
    /// Where it comes from.
    pub location: SourceLocation,
}

/// The instructions of one code unit, in source order, with labels between them.
#[derive(Debug, Clone, Default)]
pub struct InstructionSequence {
    pub(crate) instructions: Vec<Instr>,
    /// The index of the instruction that each label stands before; `None` while it is not bound.
    pub(crate) labels: Vec<Option<u32>>,
    /// What stands in the place of `ANNOTATIONS_PLACEHOLDER`.
    pub(crate) annotations: Option<Box<InstructionSequence>>,
}

/// The number of instructions that a sequence may have: operands and offsets are 32 bits wide, and four code units are
/// the most that one instruction needs before its caches.
pub const MAX_INSTRUCTIONS: usize = (1 << 28) - 1;

impl InstructionSequence {
    /// An empty sequence.
    pub fn new() -> InstructionSequence {
        InstructionSequence::default()
    }

    /// An empty sequence with the room that these had.
    pub(crate) fn with_room(
        mut instructions: Vec<Instr>,
        mut labels: Vec<Option<u32>>,
    ) -> InstructionSequence {
        instructions.clear();
        labels.clear();
        InstructionSequence {
            instructions,
            labels,
            annotations: None,
        }
    }

    /// The number of instructions.
    pub fn len(&self) -> usize {
        self.instructions.len()
    }

    /// Whether there is no instruction.
    pub fn is_empty(&self) -> bool {
        self.instructions.is_empty()
    }

    /// The instructions so far.
    pub fn instructions(&self) -> impl Iterator<Item = Instruction> {
        self.instructions.iter().map(|instr| instr.plain())
    }

    /// A new label, bound to nothing yet.
    pub fn new_label(&mut self) -> Label {
        let label = Label(self.labels.len() as u32);
        self.labels.push(None);
        label
    }

    /// Binds a label to the place of the next instruction.
    pub fn use_label(&mut self, label: Label) {
        if let Some(place) = self.labels.get_mut(label.0 as usize) {
            *place = Some(self.instructions.len() as u32);
        }
    }

    /// Appends an instruction. The operand is 0 for opcodes without one.
    pub fn emit(&mut self, opcode: CompilerOpcode, oparg: u32, location: SourceLocation) {
        self.instructions.push(Instr::new(opcode, oparg, location));
    }

    /// Appends a jump, or a block push, to a label.
    pub fn emit_jump(&mut self, opcode: CompilerOpcode, target: Label, location: SourceLocation) {
        debug_assert!(opcode.has_target());
        self.emit(opcode, target.0, location);
    }

    /// Inserts an instruction before the one at `position`; labels that stand there or after it move with theirs.
    pub fn insert(
        &mut self,
        position: usize,
        opcode: CompilerOpcode,
        oparg: u32,
        location: SourceLocation,
    ) {
        let position = position.min(self.instructions.len());
        for place in self.labels.iter_mut().flatten() {
            if *place as usize >= position {
                *place += 1;
            }
        }
        let instr = Instr::new(opcode, oparg, location);
        self.instructions.insert(position, instr);
    }

    /// Inserts a jump, or a block push, as [`InstructionSequence::insert`] does.
    pub fn insert_jump(
        &mut self,
        position: usize,
        opcode: CompilerOpcode,
        target: Label,
        location: SourceLocation,
    ) {
        self.insert(position, opcode, target.0, location);
    }

    /// A sequence of instructions in which the operand of what has a target is the index of the instruction there.
    pub fn from_resolved(instructions: Vec<Instruction>) -> InstructionSequence {
        let labels = (0..=instructions.len()).map(|i| Some(i as u32)).collect();
        let instr = |i: Instruction| Instr::new(i.opcode, i.oparg, i.location);
        InstructionSequence {
            instructions: instructions.into_iter().map(instr).collect(),
            labels,
            annotations: None,
        }
    }

    /// The instructions, with indices of instructions in the place of labels; a label that is not bound stays.
    pub fn resolved(&self) -> Vec<Instruction> {
        let resolve = |instr: &Instr| {
            let instruction = instr.plain();
            let bound = self
                .labels
                .get(instruction.oparg as usize)
                .copied()
                .flatten();
            match bound.filter(|_| instruction.opcode.has_target()) {
                Some(place) => Instruction {
                    oparg: place,
                    ..instruction
                },
                None => instruction,
            }
        };
        self.instructions.iter().map(resolve).collect()
    }

    /// Gives the code that takes the place of `ANNOTATIONS_PLACEHOLDER`. It must have no jumps.
    pub fn set_annotations_code(&mut self, code: InstructionSequence) {
        self.annotations = Some(Box::new(code));
    }
}
