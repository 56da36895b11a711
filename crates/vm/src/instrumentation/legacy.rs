//! `sys.settrace` and `sys.setprofile`, made of monitoring events: their tools' callbacks are the functions here.

use taipan_object::{BaseException, PyResult, Ref, Value, Vm};

use super::{Monitoring, PROFILE_TOOL, TRACE_TOOL, ThreadTracing, event, monitoring, thread};
use crate::frame_object::{FrameObject, back_frame, frame_object};

const PROFILE_EVENTS: u32 = 1 << event::PY_START
    | 1 << event::PY_RESUME
    | 1 << event::PY_RETURN
    | 1 << event::PY_YIELD
    | 1 << event::CALL
    | 1 << event::PY_UNWIND
    | 1 << event::PY_THROW;

const TRACE_EVENTS: u32 = 1 << event::PY_START
    | 1 << event::PY_RESUME
    | 1 << event::PY_RETURN
    | 1 << event::PY_YIELD
    | 1 << event::RAISE
    | 1 << event::LINE
    | 1 << event::JUMP
    | 1 << event::PY_UNWIND
    | 1 << event::PY_THROW
    | 1 << event::STOP_ITERATION;

/// Sets the trace function of a thread.
pub(crate) fn set_trace(vm: &Vm, of: &ThreadTracing, f: Option<Value>) -> PyResult<()> {
    let m = monitoring(vm);
    let (is, was) = (f.is_some(), of.trace.is_some());
    let old = of.trace.replace(f);
    let n = m.tracing_threads.get() + usize::from(is) - usize::from(was);
    m.tracing_threads.set(n);
    drop(old);
    if n == 0 {
        return super::set_events(vm, TRACE_TOOL, 0);
    }
    if let Some(frame) = current_frame(vm)?
        && frame.trace_opcodes.get()
    {
        set_opcode_trace(vm, &frame, true)?;
    }
    super::set_events(vm, TRACE_TOOL, TRACE_EVENTS)
}

/// Sets the profile function of a thread.
pub(crate) fn set_profile(vm: &Vm, of: &ThreadTracing, f: Option<Value>) -> PyResult<()> {
    let m = monitoring(vm);
    let (is, was) = (f.is_some(), of.profile.is_some());
    let old = of.profile.replace(f);
    let n = m.profiling_threads.get() + usize::from(is) - usize::from(was);
    m.profiling_threads.set(n);
    drop(old);
    super::set_events(vm, PROFILE_TOOL, if n == 0 { 0 } else { PROFILE_EVENTS })
}

/// A thread ends: it neither traces nor profiles any more.
pub(crate) fn thread_ends(vm: &Vm) -> PyResult<()> {
    let of = thread(vm);
    if of.trace.is_some() {
        set_trace(vm, of, None)?;
    }
    if of.profile.is_some() {
        set_profile(vm, of, None)?;
    }
    Ok(())
}

/// Asks for INSTRUCTION events in the code of a frame whose `f_trace_opcodes` is set, or takes that back.
pub(crate) fn set_opcode_trace(vm: &Vm, frame: &FrameObject, on: bool) -> PyResult<()> {
    let events = super::local_events(&frame.code, TRACE_TOOL);
    let bit = 1 << event::INSTRUCTION;
    let wanted = if on { events | bit } else { events & !bit };
    if wanted == events {
        return Ok(());
    }
    super::set_local_events(vm, &frame.code, TRACE_TOOL, wanted)
}

fn current_frame(vm: &Vm) -> PyResult<Option<Ref<FrameObject>>> {
    let f = back_frame(vm.frame.get().cast());
    if f.is_null() {
        return Ok(None);
    }
    frame_object(vm, f).map(Some)
}

fn required_frame(vm: &Vm, what: &str) -> PyResult<Ref<FrameObject>> {
    match current_frame(vm)? {
        Some(f) => Ok(f),
        None => Err(vm.system_error(&format!("Missing frame when calling {what} function."))),
    }
}

/// Calls a trace or profile function.
fn call_back(vm: &Vm, f: &Value, frame: &Ref<FrameObject>, what: &str, arg: &Value) -> PyResult {
    let what = vm.intern(what)?.into_value();
    vm.call_pos(f, &[frame.as_value().clone(), what, arg.clone()])
}

fn trace(vm: &Vm, frame: &Ref<FrameObject>, what: &str, arg: &Value) -> PyResult<()> {
    let of = thread(vm);
    let f = if what == "call" {
        of.trace.get()
    } else {
        frame.trace.get()
    };
    let Some(f) = f else { return Ok(()) };
    match call_back(vm, &f, frame, what, arg) {
        Ok(result) => {
            if !vm.is_none(&result) {
                frame.trace.set(Some(result));
            }
            Ok(())
        }
        Err(e) => {
            let exc = vm.take_raised(e);
            set_trace(vm, of, None)?;
            frame.trace.set(None);
            Err(vm.raise_as_is(exc))
        }
    }
}

fn traced(vm: &Vm, what: &str, arg: &Value) -> PyResult<()> {
    if !thread(vm).trace.is_some() {
        return Ok(());
    }
    let frame = required_frame(vm, "trace")?;
    if frame.trace_opcodes.get() {
        set_opcode_trace(vm, &frame, true)?;
    }
    let result = trace(vm, &frame, what, arg);
    frame.lineno.set(0);
    result
}

fn traced_line(vm: &Vm, frame: &Ref<FrameObject>, line: i32) -> PyResult<()> {
    if !frame.trace_lines.get() || line < 0 {
        return Ok(());
    }
    frame.lineno.set(line);
    let result = trace(vm, frame, "line", &vm.none());
    frame.lineno.set(0);
    result
}

fn profiled(vm: &Vm, what: &str, arg: &Value) -> PyResult<()> {
    let of = thread(vm);
    let Some(f) = of.profile.get() else {
        return Ok(());
    };
    let frame = required_frame(vm, "profile")?;
    match call_back(vm, &f, &frame, what, arg) {
        Ok(_) => Ok(()),
        Err(e) => {
            let exc = vm.take_raised(e);
            set_profile(vm, of, None)?;
            Err(vm.raise_as_is(exc))
        }
    }
}

/// A call of something native: functions and methods of native types are shown, the latter bound.
fn profiled_call(vm: &Vm, what: &str, args: &[Value], m: &Monitoring) -> PyResult<()> {
    let [_, _, callable, first] = args else {
        return Ok(());
    };
    let ty = vm.type_of(callable);
    if ty.payload.is_subtype(vm.types().native_function.object()) {
        return profiled(vm, what, callable);
    }
    if std::ptr::eq(ty, vm.types().method_descriptor.object())
        && !m.missing.0.get().is_some_and(|v| v.is(first))
        && let Some(get) = ty.payload.slots.tp_descr_get.get()
    {
        let method = get(vm, callable, Some(first), vm.type_value(first).as_value())?;
        return profiled(vm, what, &method);
    }
    Ok(())
}

/// An exception as trace functions see it.
fn exception_tuple(vm: &Vm, exc: &Value) -> PyResult {
    let tb = exc
        .downcast_ref::<BaseException>()
        .and_then(|e| e.traceback.get())
        .unwrap_or_else(|| vm.none());
    let parts = vec![vm.type_value(exc).into_value(), exc.clone(), tb];
    Ok(vm.new_tuple(parts)?.into_value())
}

fn int_arg(args: &[Value], i: usize) -> Option<usize> {
    args.get(i)?.as_small_int()?.try_into().ok()
}

/// A jump backwards within a line is a line event of its own. All others are left to the LINE events.
fn jumped(vm: &Vm, args: &[Value]) -> PyResult<bool> {
    if !thread(vm).trace.is_some() {
        return Ok(false);
    }
    let (Some(from), Some(to)) = (int_arg(args, 1), int_arg(args, 2)) else {
        return Ok(false);
    };
    if to > from {
        return Ok(true);
    }
    let frame = required_frame(vm, "trace")?;
    let line = |at: usize| {
        let data = frame.code.monitoring.get();
        data.and_then(|d| d.lines.get(at / 2).copied())
            .unwrap_or(-1)
    };
    if line(to) != line(from) {
        return Ok(true);
    }
    traced_line(vm, &frame, line(to))?;
    Ok(false)
}

fn instruction(vm: &Vm) -> PyResult<()> {
    let frame = required_frame(vm, "trace")?;
    if !thread(vm).trace.is_some() || !frame.trace_opcodes.get() {
        return set_opcode_trace(vm, &frame, false);
    }
    let result = trace(vm, &frame, "opcode", &vm.none());
    frame.lineno.set(0);
    result
}

/// The callback of the tools behind `sys.settrace` and `sys.setprofile`, with the arguments that other tools' callbacks
/// get; whether the event is to be disabled.
pub(super) fn callback(
    vm: &Vm,
    m: &Monitoring,
    tool: usize,
    what: usize,
    args: &[Value],
) -> PyResult<bool> {
    let none = vm.none();
    let last = args.last().unwrap_or(&none);
    if tool == PROFILE_TOOL {
        match what {
            event::PY_START | event::PY_RESUME | event::PY_THROW => profiled(vm, "call", &none)?,
            event::PY_RETURN | event::PY_YIELD => profiled(vm, "return", last)?,
            event::PY_UNWIND => profiled(vm, "return", &none)?,
            event::CALL => profiled_call(vm, "c_call", args, m)?,
            event::C_RETURN => profiled_call(vm, "c_return", args, m)?,
            event::C_RAISE => profiled_call(vm, "c_exception", args, m)?,
            _ => {}
        }
        return Ok(false);
    }
    match what {
        event::PY_START | event::PY_RESUME | event::PY_THROW => traced(vm, "call", &none)?,
        event::PY_RETURN | event::PY_YIELD => traced(vm, "return", last)?,
        event::PY_UNWIND => traced(vm, "return", &none)?,
        event::RAISE | event::STOP_ITERATION if thread(vm).trace.is_some() => {
            traced(vm, "exception", &exception_tuple(vm, last)?)?;
        }
        event::LINE if thread(vm).trace.is_some() => {
            let frame = required_frame(vm, "trace")?;
            let line = last.as_small_int().and_then(|n| i32::try_from(n).ok());
            traced_line(vm, &frame, line.unwrap_or(-1))?;
        }
        event::JUMP => return jumped(vm, args),
        event::INSTRUCTION => instruction(vm)?,
        _ => {}
    }
    Ok(false)
}
