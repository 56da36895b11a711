//! Writing instrumented opcodes into the private stream of code, and taking them out again.

use taipan_bytecode::Opcode;
use taipan_bytecode::code::co;
use taipan_object::Vm;

use super::data::{self, CodeMonitoring};
use super::{LOCAL_EVENTS, LocalTools, Monitoring, event};
use crate::code::Code;

/// The instrumented form of an opcode.
fn instrumented(op: Opcode) -> Option<Opcode> {
    Some(match op {
        Opcode::EndFor => Opcode::InstrumentedEndFor,
        Opcode::PopIter => Opcode::InstrumentedPopIter,
        Opcode::EndSend => Opcode::InstrumentedEndSend,
        Opcode::ForIter => Opcode::InstrumentedForIter,
        Opcode::JumpForward => Opcode::InstrumentedJumpForward,
        Opcode::NotTaken => Opcode::InstrumentedNotTaken,
        Opcode::PopJumpIfTrue => Opcode::InstrumentedPopJumpIfTrue,
        Opcode::PopJumpIfFalse => Opcode::InstrumentedPopJumpIfFalse,
        Opcode::PopJumpIfNone => Opcode::InstrumentedPopJumpIfNone,
        Opcode::PopJumpIfNotNone => Opcode::InstrumentedPopJumpIfNotNone,
        Opcode::Resume => Opcode::InstrumentedResume,
        Opcode::ReturnValue => Opcode::InstrumentedReturnValue,
        Opcode::YieldValue => Opcode::InstrumentedYieldValue,
        Opcode::EndAsyncFor => Opcode::InstrumentedEndAsyncFor,
        Opcode::LoadSuperAttr => Opcode::InstrumentedLoadSuperAttr,
        Opcode::Call => Opcode::InstrumentedCall,
        Opcode::CallKw => Opcode::InstrumentedCallKw,
        Opcode::CallFunctionEx => Opcode::InstrumentedCallFunctionEx,
        Opcode::JumpBackward => Opcode::InstrumentedJumpBackward,
        _ => return None,
    })
}

/// Whether an instruction is instrumented for the event of its opcode. Jumps always are in code with LINE events, since the
/// next line depends on where it was jumped from, and RESUME is in all instrumented code, to see when it is out of date.
pub(crate) fn has_event_form(data: &CodeMonitoring, unit: usize, op: Opcode) -> bool {
    let active = || data.active.get();
    data.tools[unit].get() != 0
        || match op {
            Opcode::Resume => active() != [0; LOCAL_EVENTS],
            Opcode::PopJumpIfFalse
            | Opcode::PopJumpIfTrue
            | Opcode::PopJumpIfNone
            | Opcode::PopJumpIfNotNone
            | Opcode::JumpForward
            | Opcode::JumpBackward => active()[event::LINE] != 0,
            _ => false,
        }
}

/// Writes the opcode that an instruction needs now.
fn refresh(code: &Code, data: &CodeMonitoring, unit: usize, op: Opcode) {
    let wanted = if data.line_tools[unit].get() != 0 {
        Some(Opcode::InstrumentedLine)
    } else if data.instruction_tools[unit].get() != 0 {
        Some(Opcode::InstrumentedInstruction)
    } else if has_event_form(data, unit, op) {
        instrumented(op)
    } else {
        None
    };
    let cell = &code.stream()[unit];
    let old = cell.get();
    match wanted {
        Some(new) => cell.set((old & 0xff00) | new as u16),
        // A specialized form may stay.
        None if old as u8 >= taipan_bytecode::opcode::MIN_INSTRUMENTED_OPCODE => {
            cell.set((old & 0xff00) | op as u16);
        }
        None => {}
    }
}

/// Takes a tool away from an instruction, as its callback asked by giving DISABLE.
pub(crate) fn disable(code: &Code, unit: usize, what: usize, tool: usize) {
    let (Some(data), Some(op)) = (code.monitoring.get(), data::opcode_at(code, unit)) else {
        return;
    };
    let cell = match what {
        event::LINE => &data.line_tools[unit],
        event::INSTRUCTION => &data.instruction_tools[unit],
        _ => &data.tools[unit],
    };
    cell.set(cell.get() & !(1 << tool));
    refresh(code, data, unit, op);
}

/// Whether the instruction has tools for anything.
pub(crate) fn has_tools(code: &Code, unit: usize) -> bool {
    code.monitoring.get().is_some_and(|d| {
        [&d.tools, &d.line_tools, &d.instruction_tools]
            .iter()
            .any(|t| t.get(unit).is_some_and(|c| c.get() != 0))
    })
}

/// Brings code up to date; whether there was anything to do.
pub(crate) fn instrument(m: &Monitoring, code: &Code) -> bool {
    if code.instrumentation_version.get() == m.version() {
        return false;
    }
    force(m, code);
    true
}

/// Instruments code for what is wanted now.
pub(crate) fn force(m: &Monitoring, code: &Code) {
    let global = m.local_part();
    let before = code.instrumentation_version.replace(m.version());
    if code.has(co::NO_MONITORING_EVENTS)
        || (code.monitoring.get().is_none() && global == [0; LOCAL_EVENTS])
    {
        return;
    }
    let data = data::of(code);
    let mut local = data.local.get();
    let (theirs, ours) = (m.tool_versions.get(), data.tool_versions.get());
    for (tool, (a, b)) in theirs.iter().zip(ours).enumerate() {
        if *a != b {
            for tools in &mut local {
                *tools &= !(1 << tool);
            }
        }
    }
    data.local.set(local);
    let old = data.active.get();
    let new: LocalTools = std::array::from_fn(|e| global[e] | local[e]);
    // After a restart all tools get all of their events again.
    let (removed, added): (LocalTools, LocalTools) = if m.restarted.get() > before {
        (old, new)
    } else {
        (
            std::array::from_fn(|e| old[e] & !new[e]),
            std::array::from_fn(|e| new[e] & !old[e]),
        )
    };
    data.active.set(new);
    if removed == [0; LOCAL_EVENTS] && added == [0; LOCAL_EVENTS] {
        return;
    }
    let change = |cell: &std::cell::Cell<u8>, e: usize| {
        cell.set((cell.get() & !removed[e]) | added[e]);
    };
    for i in data::instructions(code, data.first) {
        if let Some(e) = data::event_of(i) {
            change(&data.tools[i.unit], e);
        }
        if data.starts[i.unit] {
            change(&data.line_tools[i.unit], event::LINE);
        }
        if !matches!(i.op, Opcode::Resume | Opcode::EndFor) {
            change(&data.instruction_tools[i.unit], event::INSTRUCTION);
        }
        refresh(code, data, i.unit, i.op);
    }
}

/// Brings all code up to date that runs in any thread.
pub(crate) fn update_running(vm: &Vm, m: &Monitoring) {
    crate::threads::for_each(vm, |thread| {
        crate::frame::for_each(thread, |f| {
            instrument(m, f.code());
        });
    });
}
