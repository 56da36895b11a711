//! Control-flow graphs for whoever looks at a compilation: blocks with their instructions, without the optimizer's notes.

use crate::assemble::AssembleError;
use crate::codegen::ObservedUnit;
use crate::flowgraph::graph::{Cfg, Room, for_each_block};
use crate::instruction_sequence::Instruction;
use taipan_bytecode::Constant;

/// An instruction in a block.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// The instruction. Of what has a target, the operand is the number of the instruction there, counted through all
    /// blocks.
    pub instruction: Instruction,
    /// The index of the block that it leads to, or opens a handler for.
    pub target: Option<usize>,
    /// The index of the block that handles what it raises.
    pub handler: Option<usize>,
}

/// A basic block.
#[derive(Debug, Clone, Default)]
pub struct Block {
    /// Its instructions.
    pub steps: Vec<Step>,
    /// The depth of the stack on entry; `None` if nothing leads here.
    pub depth: Option<u32>,
    /// Whether it handles exceptions.
    pub handler: bool,
    /// Whether only handlers lead to it.
    pub cold: bool,
    /// Whether control can run out of its end into the next block.
    pub falls: bool,
}

/// The graph of a code unit that is being compiled.
pub struct ObservedGraph<'g> {
    cfg: &'g Cfg,
    /// The constants by index.
    pub consts: &'g [Constant],
}

impl<'g> ObservedGraph<'g> {
    pub(crate) fn new(cfg: &'g Cfg, consts: &'g [Constant]) -> ObservedGraph<'g> {
        ObservedGraph { cfg, consts }
    }

    /// The blocks in the order of the code.
    pub fn blocks(&self) -> Vec<Block> {
        blocks(self.cfg)
    }
}

impl ObservedUnit<'_> {
    /// The graph of the instructions as they were generated.
    pub fn blocks(&self) -> Result<Vec<Block>, AssembleError> {
        let mut cfg = Cfg::from_sequence(self.sequence.clone(), false, Room::default())?;
        let mut generated = Vec::new();
        for_each_block!(cfg, id, {
            generated.extend(cfg[id].instrs.iter().map(|i| (i.opcode, i.oparg)));
        });
        let handlers = cfg.find_handlers();
        // To find out who handles what, marks in the instructions were used up.
        let mut generated = generated.into_iter();
        for_each_block!(cfg, id, {
            for (instr, (opcode, oparg)) in cfg[id].instrs.iter_mut().zip(&mut generated) {
                instr.set(opcode, oparg);
            }
        });
        handlers?;
        Ok(blocks(&cfg))
    }
}

fn blocks(cfg: &Cfg) -> Vec<Block> {
    // Of each block, its place in the code and the number of its first instruction.
    let mut places = vec![(0, 0); cfg.len()];
    let (mut count, mut first) = (0, 0);
    for_each_block!(cfg, id, {
        if let Some(place) = places.get_mut(cfg.number(id)) {
            *place = (count, first);
        }
        count += 1;
        first += cfg[id].instrs.len() as u32;
    });
    let place = |id| places.get(cfg.number(id)).copied().unwrap_or_default();
    let mut out = Vec::with_capacity(count);
    for_each_block!(cfg, id, {
        let block = &cfg[id];
        let steps = block.instrs.iter().map(|instr| Step {
            instruction: Instruction {
                oparg: instr.target.map_or(instr.oparg, |target| place(target).1),
                ..instr.plain()
            },
            target: instr.target.map(|target| place(target).0),
            handler: instr.except.map(|handler| place(handler).0),
        });
        out.push(Block {
            steps: steps.collect(),
            depth: block.startdepth,
            handler: block.except_handler,
            cold: block.cold,
            falls: block.has_fallthrough() && block.next.is_some(),
        });
    });
    out
}
