//! What a code object keeps while it is monitored: lines and tools of its instructions.

use std::cell::Cell;

use taipan_bytecode::Opcode;
use taipan_bytecode::{exception_table, location};

use super::{LocalTools, TOOLS, event};
use crate::code::Code;

/// The monitoring data of a code object. The tables have an entry for each code unit; those of inline caches are unused.
pub struct CodeMonitoring {
    /// Events wanted of this code alone.
    pub(crate) local: Cell<LocalTools>,
    /// What the stream is instrumented for.
    pub(crate) active: Cell<LocalTools>,
    /// By tool: its version when its local events were set; others are out of date.
    pub(crate) tool_versions: Cell<[u32; TOOLS]>,
    /// The first unit that is instrumented.
    pub(crate) first: usize,
    /// The line, -1 for none.
    pub(crate) lines: Box<[i32]>,
    /// Whether the instruction may begin a line.
    pub(crate) starts: Box<[bool]>,
    /// The unit of the instruction before.
    pub(crate) before: Box<[u32]>,
    /// Tools for the event that the opcode stands for.
    pub(crate) tools: Box<[Cell<u8>]>,
    /// Tools for LINE.
    pub(crate) line_tools: Box<[Cell<u8>]>,
    /// Tools for INSTRUCTION.
    pub(crate) instruction_tools: Box<[Cell<u8>]>,
}

/// The opcode of the public code at a unit.
pub(crate) fn opcode_at(code: &Code, unit: usize) -> Option<Opcode> {
    code.instructions()
        .get(unit * 2)
        .copied()
        .and_then(Opcode::from_u8)
}

/// An instruction of the public code, EXTENDED_ARG being one of its own.
#[derive(Clone, Copy)]
pub(crate) struct Instruction {
    /// Its unit.
    pub unit: usize,
    /// Its opcode.
    pub op: Opcode,
    /// Its operand, with those of the EXTENDED_ARGs before it.
    pub arg: usize,
    /// The unit behind it and its caches.
    pub next: usize,
}

impl Instruction {
    /// Where it may jump to: behind the END_FOR or END_SEND for the instructions that end loops.
    pub(crate) fn target(self) -> Option<usize> {
        match self.op {
            Opcode::PopJumpIfFalse
            | Opcode::PopJumpIfTrue
            | Opcode::PopJumpIfNone
            | Opcode::PopJumpIfNotNone
            | Opcode::JumpForward => Some(self.next + self.arg),
            Opcode::ForIter | Opcode::Send => Some(self.next + self.arg + 1),
            Opcode::JumpBackward | Opcode::JumpBackwardNoInterrupt => {
                self.next.checked_sub(self.arg)
            }
            _ => None,
        }
    }
}

/// The instructions of the public code from a unit on.
pub(crate) fn instructions(code: &Code, first: usize) -> impl Iterator<Item = Instruction> {
    let bytes = code.instructions();
    let mut unit = first;
    let mut high = 0usize;
    std::iter::from_fn(move || {
        let op = bytes.get(unit * 2).copied().and_then(Opcode::from_u8)?;
        let arg = high << 8 | usize::from(*bytes.get(unit * 2 + 1)?);
        high = if op == Opcode::ExtendedArg { arg } else { 0 };
        let i = Instruction {
            unit,
            op,
            arg,
            next: unit + 1 + op.caches(),
        };
        unit = i.next;
        Some(i)
    })
}

/// The event that an instruction stands for, if any.
pub(crate) fn event_of(i: Instruction) -> Option<usize> {
    Some(match i.op {
        Opcode::Resume if i.arg == 0 => event::PY_START,
        Opcode::Resume => event::PY_RESUME,
        Opcode::ReturnValue => event::PY_RETURN,
        Opcode::YieldValue => event::PY_YIELD,
        Opcode::Call | Opcode::CallKw | Opcode::CallFunctionEx | Opcode::LoadSuperAttr => {
            event::CALL
        }
        Opcode::JumpForward | Opcode::JumpBackward => event::JUMP,
        Opcode::NotTaken | Opcode::ForIter => event::BRANCH_LEFT,
        Opcode::PopJumpIfFalse
        | Opcode::PopJumpIfTrue
        | Opcode::PopJumpIfNone
        | Opcode::PopJumpIfNotNone
        | Opcode::PopIter
        | Opcode::EndAsyncFor => event::BRANCH_RIGHT,
        Opcode::EndFor | Opcode::EndSend => event::STOP_ITERATION,
        _ => return None,
    })
}

/// The code's monitoring data, made on first use.
pub(crate) fn of(code: &Code) -> &CodeMonitoring {
    code.monitoring.get_or_init(|| Box::new(make(code)))
}

fn make(code: &Code) -> CodeMonitoring {
    let n = code.units();
    let cells = || vec![Cell::new(0); n].into_boxed_slice();
    let first = crate::frame_object::first_traceable(code);
    let mut data = CodeMonitoring {
        local: Cell::default(),
        active: Cell::default(),
        tool_versions: Cell::default(),
        first,
        lines: vec![-1; n].into_boxed_slice(),
        starts: vec![false; n].into_boxed_slice(),
        before: vec![0; n].into_boxed_slice(),
        tools: cells(),
        line_tools: cells(),
        instruction_tools: cells(),
    };
    fill_lines(code, &mut data);
    data
}

/// The lines, and which instructions may begin one: those with another line than the instruction before, targets of
/// jumps and handlers. Whether they do is seen when they run, by what ran before them.
fn fill_lines(code: &Code, data: &mut CodeMonitoring) {
    let mut of_unit = vec![-1; data.lines.len()];
    for e in location::entries(&code.linetable, code.firstlineno) {
        let end = (e.start + e.length).min(of_unit.len());
        for line in of_unit.get_mut(e.start..end).unwrap_or(&mut []) {
            *line = e.position.lineno.unwrap_or(-1);
        }
    }
    let mut current = -1;
    let mut before = 0;
    for i in instructions(code, 0) {
        let line = of_unit[i.unit];
        data.lines[i.unit] = line;
        data.before[i.unit] = before;
        before = i.unit as u32;
        // END_FOR and END_SEND are passed over by what ends the loop; RESUME and POP_ITER must not be hidden.
        let never = matches!(
            i.op,
            Opcode::EndAsyncFor
                | Opcode::EndFor
                | Opcode::EndSend
                | Opcode::Resume
                | Opcode::PopIter
        );
        if i.unit >= data.first && !never {
            data.starts[i.unit] = line != current && line >= 0;
            current = line;
        }
    }
    let mut mark = |unit: usize, but: Opcode| {
        if data.lines.get(unit).is_some_and(|&l| l >= 0) && opcode_at(code, unit) != Some(but) {
            data.starts[unit] = true;
        }
    };
    for target in instructions(code, data.first).filter_map(Instruction::target) {
        mark(target, Opcode::PopIter);
    }
    for e in exception_table::entries(code.handlers()) {
        // The end of an `async for` loop is no line of its own.
        mark(e.target, Opcode::EndAsyncFor);
    }
}
