//! Control-flow graphs: of what the code generator made, and of finished code.

use std::rc::Rc;

use taipan_bytecode::constant::Str;
use taipan_bytecode::opcode::flags;
use taipan_bytecode::{CodeObject, Constant, Opcode, exception_table, location, repr};
use taipan_compiler::stages::Generated;

use crate::svg;

/// How control gets from one block to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// To what follows.
    Falls,
    /// By a jump.
    Jumps,
    /// By an exception.
    Raises,
}

/// Instructions that are executed in a row.
#[derive(Debug, Default)]
pub struct Block {
    /// The first line of the source that it comes from.
    pub line: Option<i32>,
    /// The instructions as text.
    pub instructions: Vec<String>,
}

/// The graph of one code object.
#[derive(Debug)]
pub struct Graph {
    /// The qualified name.
    pub name: String,
    /// The blocks in the order of the code.
    pub blocks: Vec<Block>,
    /// From, to, and how.
    pub edges: Vec<(usize, usize, Kind)>,
}

/// An instruction on its way into a graph.
struct Step {
    text: String,
    line: Option<i32>,
    /// Where it jumps to, as a number of a step.
    jump: Option<usize>,
    /// The handler of what it raises, or that it opens a block for.
    handler: Option<usize>,
    /// Control does not go on to the next one.
    leaves: bool,
}

/// How much of an operand is shown.
const OPERAND: usize = 32;

fn line_of(opcode: &str, operand: &str) -> String {
    if operand.is_empty() {
        return opcode.to_owned();
    }
    format!("{opcode:<22} {}", svg::shortened(operand, OPERAND))
}

fn graph(name: String, steps: Vec<Step>) -> Graph {
    let mut starts = vec![false; steps.len() + 1];
    starts[0] = true;
    for (i, step) in steps.iter().enumerate() {
        for target in step.jump.into_iter().chain(step.handler) {
            if let Some(start) = starts.get_mut(target) {
                *start = true;
            }
        }
        if step.jump.is_some() || step.leaves {
            starts[i + 1] = true;
        }
        // What handles an exception is the same all through a block.
        let before = i.checked_sub(1).and_then(|i| steps.get(i));
        if before.is_some_and(|before| before.handler != step.handler) {
            starts[i] = true;
        }
    }
    let mut block_of = Vec::with_capacity(steps.len());
    let mut count = 0;
    for start in starts.iter().take(steps.len()) {
        count += usize::from(*start);
        block_of.push(count - 1);
    }
    let mut blocks: Vec<Block> = Vec::new();
    blocks.resize_with(count, Block::default);
    let mut edges = Vec::new();
    for (i, step) in steps.iter().enumerate() {
        let here = block_of[i];
        let mut add = |target: Option<usize>, kind| {
            if let Some(&to) = target.and_then(|target| block_of.get(target))
                && !edges.contains(&(here, to, kind))
            {
                edges.push((here, to, kind));
            }
        };
        add(step.jump, Kind::Jumps);
        add(step.handler, Kind::Raises);
        if starts[i + 1] && !step.leaves {
            add(Some(i + 1), Kind::Falls);
        }
    }
    for (step, block) in steps.into_iter().zip(block_of) {
        let block = &mut blocks[block];
        block.line = block.line.or(step.line);
        block.instructions.push(step.text);
    }
    Graph {
        name,
        blocks,
        edges,
    }
}

/// A name as text; all but those made by hand are.
fn words(name: &Str) -> String {
    name.as_wtf8().to_str().unwrap_or("?").to_owned()
}

fn name_at(names: &[Rc<Str>], index: u32) -> String {
    match names.get(index as usize) {
        Some(name) => words(name),
        None => index.to_string(),
    }
}

/// The graphs of a unit and of those in it, as the code generator made them.
pub fn of_generated(unit: &Generated) -> Vec<Graph> {
    let mut out = Vec::new();
    let mut todo = vec![unit];
    while let Some(unit) = todo.pop() {
        let steps = unit.instructions.iter().map(|instruction| {
            let opcode = instruction.opcode;
            let arg = instruction.oparg;
            let metadata = &unit.metadata;
            let operand = if opcode.has_target() || !opcode.has(flags::ARG) {
                String::new()
            } else if opcode.has(flags::CONST) {
                let constant = unit.consts.get(arg as usize);
                constant.map_or_else(String::new, repr::repr)
            } else if opcode.has(flags::NAME) {
                name_at(&metadata.names, arg >> name_shift(opcode.name()))
            } else if opcode.has(flags::LOCAL) {
                name_at(&metadata.varnames, arg)
            } else if opcode.has(flags::FREE) {
                let cells = metadata.cellvars.len() as u32;
                match arg.checked_sub(cells) {
                    Some(free) => name_at(&metadata.freevars, free),
                    None => name_at(&metadata.cellvars, arg),
                }
            } else {
                arg.to_string()
            };
            let target = opcode.has_target().then_some(arg as usize);
            let opens = opcode.is_block_push();
            Step {
                text: line_of(opcode.name(), &operand),
                line: (instruction.location.lineno > 0).then_some(instruction.location.lineno),
                jump: target.filter(|_| !opens),
                handler: target.filter(|_| opens),
                leaves: leaves(opcode.name()),
            }
        });
        out.push(graph(words(&unit.metadata.qualname), steps.collect()));
        todo.extend(unit.nested.iter().rev());
    }
    out
}

/// How far the operand is shifted that names a global or an attribute.
fn name_shift(opcode: &str) -> u32 {
    match opcode {
        "LOAD_GLOBAL" | "LOAD_ATTR" => 1,
        "LOAD_SUPER_ATTR" => 2,
        _ => 0,
    }
}

fn leaves(opcode: &str) -> bool {
    matches!(
        opcode,
        "RETURN_VALUE"
            | "RAISE_VARARGS"
            | "RERAISE"
            | "JUMP"
            | "JUMP_NO_INTERRUPT"
            | "JUMP_FORWARD"
            | "JUMP_BACKWARD"
            | "JUMP_BACKWARD_NO_INTERRUPT"
    )
}

fn constant_at(constants: &[Constant], index: usize) -> String {
    match constants.get(index) {
        Some(Constant::Str(name)) => words(name),
        Some(other) => repr::repr(other),
        None => index.to_string(),
    }
}

/// The graphs of a code object and of those among its constants.
pub fn of_code(code: &Rc<CodeObject>) -> Vec<Graph> {
    let mut out = Vec::new();
    let mut todo = vec![Rc::clone(code)];
    while let Some(code) = todo.pop() {
        out.push(of_one(&code));
        for constant in code.consts.iter().rev() {
            if let Constant::Code(inner) = constant {
                todo.push(Rc::clone(inner));
            }
        }
    }
    out
}

fn of_one(code: &CodeObject) -> Graph {
    // Instructions by code unit; those that have prefixes begin with the first.
    let mut decoded: Vec<(usize, usize, Opcode, u32)> = Vec::new();
    let (mut unit, mut start, mut extended) = (0, 0, 0u32);
    let (pairs, _) = code.code.as_chunks::<2>();
    while let Some([byte, low]) = pairs.get(unit) {
        let Some(opcode) = Opcode::from_u8(*byte) else {
            break;
        };
        let arg = extended << 8 | u32::from(*low);
        unit += 1 + opcode.caches();
        if opcode == Opcode::ExtendedArg {
            extended = arg;
            continue;
        }
        decoded.push((start, unit, opcode, arg));
        extended = 0;
        start = unit;
    }
    let step_at = |unit: usize| {
        let found = decoded.binary_search_by_key(&unit, |instruction| instruction.0);
        found.ok()
    };
    let handlers: Vec<_> = exception_table::entries(&code.exceptiontable).collect();
    let lines: Vec<_> = location::line_ranges(&code.linetable, code.firstlineno).collect();
    let mut line_index = 0;
    let steps = decoded.iter().map(|&(start, end, opcode, arg)| {
        let distance = arg as usize;
        let target = if !opcode.has(flags::JUMP) {
            None
        } else if opcode.jumps_backward() {
            end.checked_sub(distance)
        } else {
            Some(end + distance)
        };
        let operand = if target.is_some() || !opcode.has(flags::ARG) {
            String::new()
        } else if opcode.has(flags::CONST) {
            let constant = code.consts.get(distance);
            constant.map_or_else(String::new, repr::repr)
        } else if opcode.has(flags::NAME) {
            constant_at(&code.names, distance >> name_shift(opcode.name()))
        } else if opcode.has(flags::LOCAL) || opcode.has(flags::FREE) {
            let pair = matches!(opcode.name(), name if name.matches("_FAST").count() == 2);
            if pair {
                let names = &code.localsplusnames;
                let (first, second) = (distance >> 4, distance & 15);
                format!(
                    "{}, {}",
                    constant_at(names, first),
                    constant_at(names, second)
                )
            } else {
                constant_at(&code.localsplusnames, distance)
            }
        } else {
            arg.to_string()
        };
        while lines.get(line_index).is_some_and(|l| l.end <= start) {
            line_index += 1;
        }
        let handler = handlers.iter().find(|e| e.start <= start && start < e.end);
        Step {
            text: line_of(opcode.name(), &operand),
            line: lines.get(line_index).and_then(|range| range.line),
            jump: target.and_then(step_at),
            handler: handler.and_then(|e| step_at(e.target)),
            leaves: leaves(opcode.name()),
        }
    });
    let steps: Vec<Step> = steps.collect();
    graph(words(&code.qualname), steps)
}
