//! The graph: basic blocks of instructions, made from an instruction sequence. The passes are in the other files.

use super::borrow::Simulation;
use super::kinds;
use crate::assemble::{AssembleError, Layout};
use crate::instruction_sequence::{
    Instruction, InstructionSequence, MAX_INSTRUCTIONS, SourceLocation,
};
use std::num::NonZeroU32;
use std::ops::{Index, IndexMut};
use taipan_bytecode::CompilerOpcode;

/// The number of a block in its graph, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct BlockId(NonZeroU32);

impl BlockId {
    const FIRST: BlockId = BlockId(NonZeroU32::MIN);

    pub fn of_index(index: usize) -> BlockId {
        // There are no more blocks than instructions, whose number is limited.
        BlockId(NonZeroU32::MIN.saturating_add(index as u32))
    }

    #[inline]
    pub fn number(self) -> usize {
        self.0.get() as usize - 1
    }
}

/// An instruction in a block.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instr {
    pub opcode: CompilerOpcode,
    pub oparg: u32,
    pub loc: SourceLocation,
    /// Where it jumps to, or the handler that it opens a block for.
    pub target: Option<BlockId>,
    /// The handler that an exception raised here goes to.
    pub except: Option<BlockId>,
}

impl Instr {
    pub fn new(opcode: CompilerOpcode, oparg: u32, loc: SourceLocation) -> Instr {
        Instr {
            opcode,
            oparg,
            loc,
            target: None,
            except: None,
        }
    }

    /// Without what the graph says of it.
    pub fn plain(&self) -> Instruction {
        Instruction {
            opcode: self.opcode,
            oparg: self.oparg,
            location: self.loc,
        }
    }

    /// Changes what it does; where it comes from, its target and its handler stay.
    pub fn set(&mut self, opcode: CompilerOpcode, oparg: u32) {
        self.opcode = opcode;
        self.oparg = oparg;
    }

    pub fn set_nop(&mut self) {
        self.set(CompilerOpcode::Nop, 0);
    }

    pub fn is_jump(&self) -> bool {
        is_jump(self.opcode)
    }
}

/// The instructions of a block.
///
/// An instruction that is appended after others have been removed gets the handler of the one that last stood in its
/// place, as in CPython, where it is what the array happens to hold. The exception table shows it.
#[derive(Debug, Default)]
pub(crate) struct Instrs {
    /// Those that are in use, and behind them what was removed.
    slots: Vec<Instr>,
    used: usize,
}

impl Instrs {
    /// Appends an instruction without a handler of its own.
    pub fn push(&mut self, instr: Instr) {
        match self.slots.get_mut(self.used) {
            Some(slot) => {
                *slot = Instr {
                    except: slot.except,
                    ..instr
                }
            }
            None => self.slots.push(instr),
        }
        self.used += 1;
    }

    /// Appends copies of instructions, with their handlers.
    pub fn extend(&mut self, instrs: impl IntoIterator<Item = Instr>) {
        for instr in instrs {
            match self.slots.get_mut(self.used) {
                Some(slot) => *slot = instr,
                None => self.slots.push(instr),
            }
            self.used += 1;
        }
    }

    /// Fills a block that is new.
    fn fill(&mut self, instrs: &[Instr]) {
        self.used = instrs.len();
        self.slots.extend_from_slice(instrs);
    }

    /// Makes this one empty, with the room that `slots` has.
    fn with_room(mut slots: Vec<Instr>) -> Instrs {
        slots.clear();
        Instrs { slots, used: 0 }
    }

    /// Puts instructions before all others.
    pub fn prepend(&mut self, mut instrs: Vec<Instr>) {
        instrs.extend_from_slice(self);
        self.used = 0;
        self.extend(instrs);
    }

    /// Removes all behind the first `length`.
    pub fn truncate(&mut self, length: usize) {
        self.used = self.used.min(length);
    }
}

impl std::ops::Deref for Instrs {
    type Target = [Instr];

    fn deref(&self) -> &[Instr] {
        &self.slots[..self.used]
    }
}

impl std::ops::DerefMut for Instrs {
    fn deref_mut(&mut self) -> &mut [Instr] {
        &mut self.slots[..self.used]
    }
}

impl<'a> IntoIterator for &'a Instrs {
    type Item = &'a Instr;
    type IntoIter = std::slice::Iter<'a, Instr>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<'a> IntoIterator for &'a mut Instrs {
    type Item = &'a mut Instr;
    type IntoIter = std::slice::IterMut<'a, Instr>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter_mut()
    }
}

/// A run of instructions that is entered at its first one only; jumps and exits stand at its end.
#[derive(Debug, Default)]
pub(crate) struct Block {
    pub instrs: Instrs,
    /// The block that follows in the code.
    pub next: Option<BlockId>,
    /// Whether something may jump here.
    pub labelled: bool,
    pub predecessors: u32,
    /// The depth of the stack on entry, once it is known.
    pub startdepth: Option<u32>,
    /// As a handler: whether the offset of the raising instruction is pushed as well.
    pub preserve_lasti: bool,
    /// The [`kinds`] of its instructions, and perhaps more: what is not here is not in the block.
    pub kinds: u16,
    /// For the use of each pass.
    pub visited: bool,
    pub except_handler: bool,
    pub cold: bool,
    pub warm: bool,
    /// The first 64 locals that may be unbound on entry.
    pub unsafe_locals: u64,
    /// The handlers in force on entry, while they are being worked out.
    pub except_stack: u32,
}

impl Block {
    /// Whether there may be SETUP_* among the instructions. Jumps stand at the end only.
    pub fn pushes(&self) -> bool {
        self.kinds & kinds::PUSH != 0
    }

    /// The opcode of the instruction after the one at `index`.
    pub fn opcode_after(&self, index: usize) -> Option<CompilerOpcode> {
        self.instrs.get(index + 1).map(|instr| instr.opcode)
    }

    /// Whether control can run out of its end into the next block.
    pub fn has_fallthrough(&self) -> bool {
        !self
            .instrs
            .last()
            .is_some_and(|last| is_scope_exit(last.opcode) || is_unconditional_jump(last.opcode))
    }

    /// Where the jump leads that it ends with, if it does.
    pub fn jump_target(&self) -> Option<BlockId> {
        let last = self.instrs.last()?;
        last.target.filter(|_| last.is_jump())
    }

    /// Whether it ends with a return or a raise.
    pub fn exits_scope(&self) -> bool {
        self.instrs
            .last()
            .is_some_and(|last| is_scope_exit(last.opcode))
    }

    /// Whether no instruction of it has a line.
    pub fn has_no_lineno(&self) -> bool {
        self.instrs.iter().all(|instr| instr.loc.lineno < 0)
    }
}

pub(crate) fn is_jump(opcode: CompilerOpcode) -> bool {
    opcode.has(taipan_bytecode::opcode::flags::JUMP)
}

pub(crate) fn is_scope_exit(opcode: CompilerOpcode) -> bool {
    matches!(
        opcode,
        CompilerOpcode::ReturnValue | CompilerOpcode::RaiseVarargs | CompilerOpcode::Reraise
    )
}

pub(crate) fn is_unconditional_jump(opcode: CompilerOpcode) -> bool {
    matches!(
        opcode,
        CompilerOpcode::Jump
            | CompilerOpcode::JumpNoInterrupt
            | CompilerOpcode::JumpForward
            | CompilerOpcode::JumpBackward
            | CompilerOpcode::JumpBackwardNoInterrupt
    )
}

/// Whether a block ends after this instruction.
pub(crate) fn is_terminator(opcode: CompilerOpcode) -> bool {
    kinds::of(opcode) & kinds::TERMINATOR != 0
}

/// Room for a graph, which one unit leaves to the next.
#[derive(Debug, Default)]
pub(crate) struct Room {
    blocks: Vec<Block>,
    slots: Vec<Vec<Instr>>,
    block_at: Vec<u32>,
    sequence: InstructionSequence,
    stack: Vec<BlockId>,
    /// For `borrow`.
    pub simulation: Simulation,
    /// For the assembler.
    pub layout: Layout,
}

impl Room {
    /// The room of the sequence that the graph was made of.
    pub fn take_sequence(&mut self) -> InstructionSequence {
        std::mem::take(&mut self.sequence)
    }
}

/// The control-flow graph of a code unit.
#[derive(Debug)]
pub(crate) struct Cfg {
    blocks: Vec<Block>,
    /// The [`kinds`] of all instructions that it was made of.
    pub kinds: u16,
    /// Whether any block has SETUP_* in it; then there are handlers.
    pub pushes: bool,
    /// Whether jumps have changed since predecessors were counted.
    pub rewired: bool,
    room: Room,
}

impl Index<BlockId> for Cfg {
    type Output = Block;

    fn index(&self, id: BlockId) -> &Block {
        // Ids are made by `new_block` alone, and blocks are never removed.
        &self.blocks[id.number()]
    }
}

impl IndexMut<BlockId> for Cfg {
    fn index_mut(&mut self, id: BlockId) -> &mut Block {
        &mut self.blocks[id.number()]
    }
}

/// The blocks in the order of the code; the links are read as it goes.
macro_rules! for_each_block {
    ($cfg:expr, $id:ident, $body:block) => {
        let mut following = Some($crate::flowgraph::graph::Cfg::ENTRY);
        while let Some($id) = following {
            $body
            following = $cfg[$id].next;
        }
    };
}
pub(crate) use for_each_block;

impl Cfg {
    /// The block that control enters first.
    pub const ENTRY: BlockId = BlockId::FIRST;

    pub fn new_block(&mut self) -> BlockId {
        let id = BlockId::of_index(self.blocks.len());
        self.blocks.push(Block {
            instrs: Instrs::with_room(self.room.slots.pop().unwrap_or_default()),
            ..Block::default()
        });
        id
    }

    /// An empty stack of blocks, to be given back by [`Cfg::leave_stack`].
    pub fn take_stack(&mut self) -> Vec<BlockId> {
        let mut stack = std::mem::take(&mut self.room.stack);
        stack.clear();
        stack
    }

    /// Leaves the stack to the next pass.
    pub fn leave_stack(&mut self, stack: Vec<BlockId>) {
        self.room.stack = stack;
    }

    /// The room that is not in use.
    pub fn room(&mut self) -> &mut Room {
        &mut self.room
    }

    /// Gives back the room.
    pub fn into_room(mut self) -> Room {
        let slots = self.blocks.drain(..).map(|block| block.instrs.slots);
        self.room.slots.extend(slots);
        self.room.blocks = self.blocks;
        self.room
    }

    /// The number of blocks, also of those that are linked no more.
    pub fn len(&self) -> usize {
        self.blocks.len()
    }

    /// A number for each block, below [`Cfg::len`].
    pub fn number(&self, id: BlockId) -> usize {
        id.number()
    }

    pub fn clear_visited(&mut self) {
        for block in &mut self.blocks {
            block.visited = false;
        }
    }

    /// This block, or the first one after it that has instructions.
    pub fn next_nonempty(&self, mut id: Option<BlockId>) -> Option<BlockId> {
        while let Some(block) = id {
            if !self[block].instrs.is_empty() {
                break;
            }
            id = self[block].next;
        }
        id
    }

    /// Makes the graph of a sequence: a block starts at each jump target and after each jump or exit. With `prune`,
    /// most blocks that control cannot reach are empty from the start: those that follow an exit and have no label. They
    /// are there because some passes stop at an empty block.
    pub fn from_sequence(
        sequence: InstructionSequence,
        prune: bool,
        mut room: Room,
    ) -> Result<Cfg, AssembleError> {
        let mut block_at = std::mem::take(&mut room.block_at);
        let mut sequence = sequence;
        if mark_targets(&sequence, &mut block_at)? & kinds::PLACEHOLDER != 0 {
            sequence = with_annotations(sequence)?;
            mark_targets(&sequence, &mut block_at)?;
        }
        let InstructionSequence {
            instructions,
            labels,
            ..
        } = sequence;
        let mut cfg = Cfg {
            blocks: std::mem::take(&mut room.blocks),
            kinds: 0,
            pushes: false,
            rewired: false,
            room,
        };
        let mut rest = &instructions[..];
        let mut starts = &mut block_at[..];
        let mut previous: Option<BlockId> = None;
        let mut all_kinds = 0;
        let mut ended = false;
        while !rest.is_empty() || previous.is_none() {
            let (length, kinds) = block_length(rest, starts);
            let (instrs, after) = rest.split_at(length);
            let (here, starts_after) = std::mem::take(&mut starts).split_at_mut(length);
            (rest, starts) = (after, starts_after);
            // Handlers are marked by what opens their blocks, even if that is not reached.
            let dead = ended && prune && here.first() == Some(&0) && kinds & kinds::PUSH == 0;
            let id = cfg.new_block();
            if let Some(previous) = previous.replace(id) {
                cfg[previous].next = Some(id);
            }
            if dead {
                continue;
            }
            ended = kinds & kinds::TERMINATOR != 0
                && instrs.last().is_some_and(|last| {
                    is_scope_exit(last.opcode) || is_unconditional_jump(last.opcode)
                });
            all_kinds |= kinds;
            let block = &mut cfg[id];
            block.kinds = kinds | kinds::NOPS;
            if let Some(start) = here.first_mut()
                && *start != 0
            {
                block.labelled = true;
                *start = id.0.get();
            }
            block.instrs.fill(instrs);
        }
        cfg.kinds = all_kinds;
        cfg.pushes = all_kinds & kinds::PUSH != 0;
        let jumps = all_kinds & kinds::TARGET != 0;
        for block in cfg.blocks.iter_mut().filter(|_| jumps) {
            let last = block.instrs.len().saturating_sub(1);
            let first = if block.pushes() { 0 } else { last };
            for instr in block.instrs.iter_mut().skip(first) {
                if kinds::of(instr.opcode) & kinds::TARGET != 0 {
                    let number = block_at.get(place(&labels, instr.oparg)?);
                    let number = number.copied().and_then(NonZeroU32::new);
                    instr.target = Some(BlockId(number.ok_or(MALFORMED)?));
                    instr.oparg = 0;
                }
            }
        }
        cfg.room.block_at = block_at;
        cfg.room.sequence = InstructionSequence::with_room(instructions, labels);
        Ok(cfg)
    }
}

/// What stands in the place of a block's number, from 1, at an instruction that something leads to.
const TARGET: u32 = u32::MAX;

/// Marks the instructions that something leads to, with [`TARGET`]; the others have 0. Gives the kinds of all.
fn mark_targets(
    sequence: &InstructionSequence,
    block_at: &mut Vec<u32>,
) -> Result<u16, AssembleError> {
    let instructions = &sequence.instructions;
    if instructions.len() > MAX_INSTRUCTIONS {
        return Err(AssembleError::Overflow("too many instructions"));
    }
    block_at.clear();
    block_at.resize(instructions.len(), 0);
    let mut all = 0;
    for instr in instructions {
        let kind = kinds::of(instr.opcode);
        all |= kind;
        if kind & kinds::TARGET != 0 {
            *block_at
                .get_mut(place(&sequence.labels, instr.oparg)?)
                .ok_or(MALFORMED)? = TARGET;
        }
    }
    Ok(all)
}

/// How many of these instructions make the first block: those up to the next that something leads to, or to the first
/// that control does not go on from; and their kinds. `starts` is not 0 for those that something leads to.
fn block_length(instructions: &[Instr], starts: &[u32]) -> (usize, u16) {
    let (mut length, mut kinds) = (0, 0);
    for (instr, start) in instructions.iter().zip(starts) {
        if length > 0 && *start != 0 {
            break;
        }
        length += 1;
        let kind = kinds::of(instr.opcode);
        kinds |= kind;
        if instr.loc.lineno == SourceLocation::NONE.lineno {
            kinds |= kinds::NO_LINE;
        }
        if kind & kinds::TERMINATOR != 0 {
            break;
        }
    }
    (length, kinds)
}

/// The instructions are not what a compiler makes.
pub(crate) const MALFORMED: AssembleError = AssembleError::System("malformed control flow graph.");

fn place(labels: &[Option<u32>], label: u32) -> Result<usize, AssembleError> {
    let place = labels.get(label as usize).copied().flatten();
    Ok(place.ok_or(MALFORMED)? as usize)
}

/// The sequence with the annotations' code in its place.
fn with_annotations(
    mut sequence: InstructionSequence,
) -> Result<InstructionSequence, AssembleError> {
    let placeholder = CompilerOpcode::AnnotationsPlaceholder;
    let mut instructions = sequence.instructions.iter();
    let Some(at) = instructions.position(|i| i.opcode == placeholder) else {
        return Ok(sequence);
    };
    let annotations = sequence.annotations.take();
    let code = annotations.map_or(Vec::new(), |code| code.instructions);
    if code.iter().any(|i| i.opcode.has_target()) {
        return Err(MALFORMED);
    }
    for label in sequence.labels.iter_mut().flatten() {
        if *label as usize > at {
            *label = *label - 1 + code.len() as u32;
        }
    }
    sequence.instructions.splice(at..=at, code);
    Ok(sequence)
}
