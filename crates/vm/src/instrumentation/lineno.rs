//! Assignments to `f_lineno`: where a traced frame goes on.

use taipan_object::{PyResult, Ref, Value, Vm};

use super::stacks::{self, Known};
use super::{event, thread};
use crate::code::Code;
use crate::frame_object::FrameObject;

/// The line of each unit where another line begins than the last one, -1 for the others.
fn marked_lines(code: &Code) -> Vec<i32> {
    let mut lines = vec![-1; code.units()];
    let mut last = None;
    for e in taipan_bytecode::location::entries(&code.linetable, code.firstlineno) {
        let line = e.position.lineno;
        if let (Some(line), Some(l)) = (line.filter(|_| line != last), lines.get_mut(e.start)) {
            *l = line;
            last = Some(line);
        }
    }
    lines
}

fn check_event(vm: &Vm) -> PyResult<()> {
    Err(vm.value_error(match thread(vm).what.get() {
        None => "f_lineno can only be set in a trace function",
        Some(
            event::PY_RESUME
            | event::JUMP
            | event::BRANCH_LEFT
            | event::BRANCH_RIGHT
            | event::LINE
            | event::PY_YIELD,
        ) => return Ok(()),
        Some(event::PY_START) => "can't jump from the 'call' trace event of a new frame",
        Some(event::CALL | event::C_RETURN) => "can't jump during a call",
        Some(
            event::PY_RETURN
            | event::PY_THROW
            | event::PY_UNWIND
            | event::RAISE
            | event::C_RAISE
            | event::INSTRUCTION
            | event::EXCEPTION_HANDLED,
        ) => "can only jump from a 'line' trace event",
        Some(_) => return Err(vm.system_error("unexpected event type")),
    }))
}

/// The unit to go on at for a line, and the depth of the stack there.
fn destination(
    vm: &Vm,
    code: &Code,
    known: &[Known],
    start: &Known,
    line: i32,
) -> PyResult<(usize, usize)> {
    let mut best: Option<(usize, usize)> = None;
    let mut message = None;
    for (unit, _) in marked_lines(code)
        .iter()
        .enumerate()
        .filter(|(_, l)| **l == line)
    {
        let there = known.get(unit).unwrap_or(&Known::Nothing);
        if stacks::compatible(start, there) {
            let depth = match there {
                Known::Stack(v) => v.len(),
                _ => 0,
            };
            if best.is_none_or(|(_, d)| depth > d) {
                best = Some((unit, depth));
            }
        } else if message.is_none() {
            message = Some(match start {
                Known::TooDeep => "stack to deep to analyze",
                Known::Nothing => "can't jump from unreachable code",
                Known::Stack(_) => stacks::explain_incompatible(there),
            });
        }
    }
    best.ok_or_else(|| vm.value_error(message.unwrap_or("cannot find bytecode for specified line")))
}

/// Sets the line that a frame goes on with, for a trace function.
pub(crate) fn set_lineno(vm: &Vm, o: &Ref<FrameObject>, value: &Value) -> PyResult<()> {
    let number = match value.as_int() {
        Some(n) if std::ptr::eq(vm.type_of(value), vm.types().int.object()) => n,
        _ => return Err(vm.value_error("lineno must be an integer")),
    };
    check_event(vm)?;
    let Some(line) = number.to_i64().and_then(|n| i32::try_from(n).ok()) else {
        return Err(vm.value_error("lineno out of range"));
    };
    let code = &o.code;
    if line < code.firstlineno {
        return Err(vm.value_error(&format!("line {line} comes before the current code block")));
    }
    let Some(line) = marked_lines(code).into_iter().filter(|&l| l >= line).min() else {
        return Err(vm.value_error(&format!("line {line} comes after the current code block")));
    };
    if o.is_detached() {
        return Err(vm.value_error("can only jump from a 'line' trace event"));
    }
    let lasti = crate::frame_type::live(o).map_or(-1, crate::frame::Frame::lasti);
    let known = stacks::stacks(code);
    let start = usize::try_from(lasti)
        .ok()
        .and_then(|unit| known.get(unit))
        .unwrap_or(&Known::Nothing);
    let (unit, depth) = destination(vm, code, &known, start, line)?;
    bind_unbound(vm, o)?;
    let Known::Stack(kinds) = start else {
        return Ok(());
    };
    o.lineno.set(0);
    crate::frame_object::go_on_at(vm, o, unit, kinds.get(depth..).unwrap_or(&[]));
    Ok(())
}

/// The compiler may have proved at the new place that a variable is bound: all are.
fn bind_unbound(vm: &Vm, o: &Ref<FrameObject>) -> PyResult<()> {
    let unbound = crate::frame_object::unbound_locals(o);
    if unbound.is_empty() {
        return Ok(());
    }
    let n = unbound.len();
    let plural = if n == 1 { "" } else { "s" };
    vm.warn(
        &vm.exc().RuntimeWarning,
        &format!("assigning None to {n} unbound local{plural}"),
        0,
    )?;
    for i in unbound {
        crate::frame_object::bind_local(o, i, vm.none());
    }
    Ok(())
}
