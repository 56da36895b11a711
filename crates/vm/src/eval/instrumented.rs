//! Instrumented instructions: they deliver events of monitoring and do, or leave to the interpreter loop, what the
//! instruction does that they stand for. And the events of exceptions, which belong to no instruction.

use taipan_bytecode::Opcode;
use taipan_object::descr::Method;
use taipan_object::{Object, PyResult, SendOutcome, Tuple, Value, Vm};

use super::regs::Regs;
use super::{calls, control};
use crate::code::Code;
use crate::frame::{Frame, drop_slot, strip};
use crate::function::Function;
use crate::generator::Generator;
use crate::instrumentation::{
    self, LOCAL_EVENTS, Monitoring, cannot_disable, data, event, install, is_active, monitoring,
    thread,
};

/// What a callback made of the frame.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    /// Nothing.
    Same,
    /// It goes on elsewhere; the registers say where.
    Jumped,
}

/// The unit of an instruction's address.
fn unit_of(code: &Code, ip: *const std::cell::Cell<u16>) -> usize {
    ip.addr().wrapping_sub(code.stream().as_ptr().addr()) / 2
}

/// The running code, which outlives what is done with it here.
fn code_of<'a>(r: &Regs) -> &'a Object<Code> {
    // SAFETY: the frame keeps its code alive, and events do not end the frame.
    unsafe { &*r.f().code }
}

fn byte_offset(unit: usize) -> Value {
    Value::from_i32(i32::try_from(unit * 2).unwrap_or(i32::MAX))
}

/// Notes a jump, for the LINE event of its target.
fn note_jump(vm: &Vm, code: &Code, from: usize, to: usize) {
    let base = code.stream().as_ptr().addr();
    thread(vm).jumped.set((base + from * 2, base + to * 2));
}

/// The instruction that ran before the one at `unit`.
fn previous(vm: &Vm, code: &Code, data: &data::CodeMonitoring, unit: usize) -> usize {
    let base = code.stream().as_ptr().addr();
    let (from, to) = thread(vm).jumped.get();
    if to == base + unit * 2 && from >= base && (from - base) / 2 < code.units() {
        (from - base) / 2
    } else {
        data.before.get(unit).copied().unwrap_or(0) as usize
    }
}

/// Calls the callbacks of tools for an event; `args` are theirs.
fn call_tools(
    vm: &Vm,
    m: &Monitoring,
    mut tools: u8,
    what: usize,
    args: &[Value],
    mut disable: impl FnMut(usize) -> PyResult<()>,
) -> PyResult<()> {
    while tools != 0 {
        let tool = tools.ilog2() as usize;
        tools &= !(1 << tool);
        if instrumentation::call_back(vm, m, tool, what, args)? {
            disable(tool)?;
        }
    }
    Ok(())
}

/// Delivers an event of the instruction at `unit`. The registers were saved, with the instruction being the running one.
fn fire(vm: &Vm, r: &mut Regs, unit: usize, what: usize, args: &[Value]) -> PyResult<After> {
    let code = code_of(r);
    let Some(data) = code.payload.monitoring.get() else {
        return Ok(After::Same);
    };
    if thread(vm).running.get() != 0 {
        return Ok(After::Same);
    }
    let tools = match what {
        event::LINE => data.line_tools[unit].get(),
        event::INSTRUCTION => data.instruction_tools[unit].get(),
        _ => data.tools[unit].get(),
    };
    if tools == 0 {
        return Ok(After::Same);
    }
    let mut all = Vec::with_capacity(args.len() + 1);
    all.push(code.to_ref().into_value());
    all.extend_from_slice(args);
    // Callbacks for C_RETURN and C_RAISE are disabled with CALL, which they come with.
    let m = monitoring(vm);
    let result = call_tools(vm, &m, tools, what, &all, |tool| {
        if what < LOCAL_EVENTS {
            install::disable(&code.payload, unit, what, tool);
            return Ok(());
        }
        Err(cannot_disable(vm, &m, tool, what))
    });
    let after = reload(vm, r, unit);
    result.map(|()| after)
}

/// Takes over what a callback did to the frame by assigning to `f_lineno`.
fn reload(vm: &Vm, r: &mut Regs, unit: usize) -> After {
    let code = code_of(r);
    let (ip, sp) = (r.f().ip, r.f().sp);
    if std::ptr::eq(ip, r.ip) {
        return After::Same;
    }
    let to = unit_of(&code.payload, ip);
    r.sp = sp;
    if to == unit {
        // To where it is: the instruction goes on.
        return After::Same;
    }
    r.ip = ip;
    // The line jumped to has no event of its own.
    note_jump(vm, &code.payload, to, to);
    After::Jumped
}

/// RESUME while something is asked for: instruments the code when it is out of date, and runs again then.
#[cold]
#[inline(never)]
pub(super) fn resume(vm: &Vm, r: &mut Regs, _arg: u32) -> PyResult<()> {
    control::poll_slow(vm, r)?;
    let code = code_of(r);
    if is_active(vm) && install::instrument(&monitoring(vm), &code.payload) {
        r.jump(-1);
        if !current_opcode(r).is_some_and(Opcode::is_instrumented) {
            r.skip(1);
        }
    }
    Ok(())
}

fn current_opcode(r: &Regs) -> Option<Opcode> {
    // SAFETY: the instruction pointer lies within the code.
    Opcode::from_u8(unsafe { (*r.ip).get() } as u8)
}

/// Runs an instrumented instruction, whose unit is the one before the instruction pointer. Gives the opcode of the
/// instruction itself when the loop is to run that.
#[inline(never)]
pub(super) fn run(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<Option<Opcode>> {
    let op = r.opcode();
    let code = code_of(r);
    let unit = r.unit().wrapping_sub(1);
    let (Some(data), Some(real)) = (
        code.payload.monitoring.get(),
        data::opcode_at(&code.payload, unit),
    ) else {
        r.save();
        return Err(vm.system_error("instrumented code without its data"));
    };
    r.save();
    if op == Opcode::InstrumentedLine as u8 && line(vm, r, data, unit)? == After::Jumped {
        return Ok(None);
    }
    if data.instruction_tools[unit].get() != 0
        && fire(vm, r, unit, event::INSTRUCTION, &[byte_offset(unit)])? == After::Jumped
    {
        return Ok(None);
    }
    if real == Opcode::ForIter {
        // Not inlined: the loop's end is seen here.
        return for_iter(vm, r, unit, arg).map(|()| None);
    }
    if !install::has_event_form(data, unit, real) {
        return Ok(Some(real));
    }
    // What hides an instruction counts as what ran before it.
    let hidden =
        op == Opcode::InstrumentedLine as u8 || op == Opcode::InstrumentedInstruction as u8;
    match real {
        Opcode::NotTaken | Opcode::PopIter => {
            let what = if real == Opcode::NotTaken {
                event::BRANCH_LEFT
            } else {
                event::BRANCH_RIGHT
            };
            let from = if hidden {
                unit
            } else {
                branch_source(vm, r, data, unit)
            };
            let args = [byte_offset(from), byte_offset(unit + 1)];
            let after = fire(vm, r, unit, what, &args)?;
            Ok((after == After::Same).then_some(real))
        }
        _ => instruction(vm, r, unit, real, arg),
    }
}

fn line(vm: &Vm, r: &mut Regs, data: &data::CodeMonitoring, unit: usize) -> PyResult<After> {
    if thread(vm).running.get() != 0 {
        return Ok(After::Same);
    }
    let code = code_of(r);
    let before = previous(vm, &code.payload, data, unit);
    let number = data.lines[unit];
    if data.lines.get(before) == Some(&number)
        && data::opcode_at(&code.payload, before) != Some(Opcode::Resume)
    {
        return Ok(After::Same);
    }
    fire(vm, r, unit, event::LINE, &[Value::from_i32(number)])
}

/// Delivers the event that an opcode stands for.
fn instruction(
    vm: &Vm,
    r: &mut Regs,
    unit: usize,
    real: Opcode,
    arg: u32,
) -> PyResult<Option<Opcode>> {
    let at = byte_offset(unit);
    let after = match real {
        Opcode::Resume => {
            let code = code_of(r);
            if install::instrument(&monitoring(vm), &code.payload) {
                r.jump(-1);
                return Ok(None);
            }
            control::poll(vm, r)?;
            let what = if arg == 0 {
                event::PY_START
            } else {
                event::PY_RESUME
            };
            fire(vm, r, unit, what, &[at])?;
            return Ok(None);
        }
        Opcode::ReturnValue => {
            let v = (*r.peek(1)).clone();
            fire(vm, r, unit, event::PY_RETURN, &[at, v])?
        }
        Opcode::YieldValue => {
            let v = (*r.peek(1)).clone();
            fire(vm, r, unit, event::PY_YIELD, &[at, v])?
        }
        Opcode::EndFor | Opcode::EndSend => {
            let receiver = r.peek(2);
            if receiver.downcast_ref::<Generator>().is_some() {
                let v = (*r.peek(1)).clone();
                stop_iteration(vm, r, unit, v)?
            } else {
                After::Same
            }
        }
        Opcode::JumpForward => return jump(vm, r, unit, arg as isize, event::JUMP),
        Opcode::JumpBackward => {
            control::poll(vm, r)?;
            return jump(vm, r, unit, 1 - arg as isize, event::JUMP);
        }
        Opcode::PopJumpIfTrue
        | Opcode::PopJumpIfFalse
        | Opcode::PopJumpIfNone
        | Opcode::PopJumpIfNotNone => {
            let v = r.pop();
            r.save();
            let jumps = match real {
                Opcode::PopJumpIfTrue => v.view().is(&vm.bool(true)),
                Opcode::PopJumpIfFalse => v.view().is(&vm.bool(false)),
                Opcode::PopJumpIfNone => vm.is_none(&v.view()),
                _ => !vm.is_none(&v.view()),
            };
            if jumps {
                return jump(vm, r, unit, 1 + arg as isize, event::BRANCH_RIGHT);
            }
            r.skip(1);
            return Ok(None);
        }
        Opcode::EndAsyncFor => {
            let src = (unit + 1).wrapping_sub(arg as usize);
            let args = [byte_offset(src), byte_offset(unit + 1)];
            fire(vm, r, unit, event::BRANCH_RIGHT, &args)?
        }
        Opcode::LoadSuperAttr => return load_super_attr(vm, r, unit, arg),
        Opcode::Call => return call(vm, r, unit, arg as usize),
        Opcode::CallKw => return call_kw(vm, r, unit, arg as usize),
        Opcode::CallFunctionEx => return call_function_ex(vm, r, unit),
        _ => After::Same,
    };
    Ok((after == After::Same).then_some(real))
}

/// Delivers the event of a jump and makes it: by `n` units from behind the opcode.
fn jump(vm: &Vm, r: &mut Regs, unit: usize, n: isize, what: usize) -> PyResult<Option<Opcode>> {
    let to = (unit + 1).wrapping_add_signed(n);
    if fire(vm, r, unit, what, &[byte_offset(unit), byte_offset(to)])? == After::Same {
        note_jump(vm, &code_of(r).payload, unit, to);
        r.jump(n);
    }
    Ok(None)
}

/// The branch that leads to an instruction behind one.
fn branch_source(vm: &Vm, r: &Regs, data: &data::CodeMonitoring, unit: usize) -> usize {
    let code = r.code();
    let from = previous(vm, code, data, unit);
    if data::opcode_at(code, from) != Some(Opcode::EndFor) {
        return from;
    }
    // The loop's FOR_ITER jumped here, or to its END_FOR when it was a generator's end.
    data::instructions(code, data.first)
        .find(|i| i.op == Opcode::ForIter && i.target() == Some(unit))
        .map_or(from, |i| i.unit)
}

fn for_iter(vm: &Vm, r: &mut Regs, unit: usize, arg: u32) -> PyResult<()> {
    let it = (*r.peek(1)).clone();
    let next = control::next_of(vm, r, &it)?;
    let code = code_of(r);
    match next {
        Some(v) => {
            r.push(v);
            r.save();
            let args = [byte_offset(unit), byte_offset(unit + 2)];
            if fire(vm, r, unit, event::BRANCH_LEFT, &args)? == After::Same {
                r.skip(1);
            }
        }
        None => {
            // Over END_FOR, to POP_ITER.
            r.jump(arg as isize + 2);
            note_jump(vm, &code.payload, unit, r.unit());
        }
    }
    Ok(())
}

fn missing(vm: &Vm) -> Value {
    monitoring(vm).missing.0.get().unwrap_or_else(|| vm.none())
}

fn stop_iteration(vm: &Vm, r: &mut Regs, unit: usize, v: Value) -> PyResult<After> {
    let class = vm.exc().StopIteration.as_value();
    let exc = if vm.is_none(&v) {
        vm.call0(class)?
    } else {
        vm.call1(class, &v)?
    };
    fire(
        vm,
        r,
        unit,
        event::STOP_ITERATION,
        &[byte_offset(unit), exc],
    )
}

/// Makes a bound method at the callable's place the function with `self` before the arguments.
///
/// # Safety
/// The words are the callable's and self's on the stack.
unsafe fn expand_method(callable_word: *mut u64, self_word: *mut u64) {
    // SAFETY: the contract.
    unsafe {
        if *self_word != 0 {
            return;
        }
        let callable = std::mem::ManuallyDrop::new(Value::from_bits(strip(*callable_word)));
        if let Some(m) = callable.downcast_ref::<Method>() {
            let (func, this) = (m.function.clone(), m.self_.clone());
            *self_word = this.into_bits();
            let old = std::mem::replace(&mut *callable_word, func.into_bits());
            drop_slot(old);
        }
    }
}

/// The callable and what comes as its first argument.
fn call_event_args(vm: &Vm, r: &Regs, unit: usize, below: usize, n: usize) -> [Value; 3] {
    let first = if r.peek_bits(below + n + 1) != 0 {
        (*r.peek(below + n + 1)).clone()
    } else if n > 0 {
        (*r.peek(below + n)).clone()
    } else {
        missing(vm)
    };
    [byte_offset(unit), (*r.peek(below + n + 2)).clone(), first]
}

/// The event of a native call that is done.
fn native_done(vm: &Vm, r: &mut Regs, unit: usize, args: &[Value], result: PyResult) -> PyResult {
    match result {
        Ok(v) => {
            fire(vm, r, unit, event::C_RETURN, args)?;
            Ok(v)
        }
        Err(e) => {
            let exc = vm.take_raised(e);
            fire(vm, r, unit, event::C_RAISE, args)?;
            Err(vm.raise_as_is(exc))
        }
    }
}

fn call(vm: &Vm, r: &mut Regs, unit: usize, n: usize) -> PyResult<Option<Opcode>> {
    // SAFETY: the stack has the callable, self and the arguments.
    unsafe { expand_method(r.sp.sub(n + 2), r.sp.sub(n + 1)) };
    let args = call_event_args(vm, r, unit, 0, n);
    if fire(vm, r, unit, event::CALL, &args)? == After::Jumped {
        return Ok(None);
    }
    if args[1].downcast_ref::<Function>().is_some() {
        return Ok(Some(Opcode::Call));
    }
    let has_self = r.peek_bits(n + 1) != 0;
    let total = n + usize::from(has_self);
    // SAFETY: as above.
    let result = unsafe { calls::call_native_words(vm, &args[1], r.sp.sub(total), total, None) };
    let v = native_done(vm, r, unit, &args, result)?;
    r.skip(calls::CALL_CACHE);
    r.drop_n(n + 2);
    r.push(v);
    control::poll(vm, r)?;
    Ok(None)
}

fn call_kw(vm: &Vm, r: &mut Regs, unit: usize, n: usize) -> PyResult<Option<Opcode>> {
    let names = (*r.peek(1)).clone();
    let Some(npos) = names
        .downcast_ref::<Tuple>()
        .and_then(|t| n.checked_sub(t.len()))
    else {
        return Ok(Some(Opcode::CallKw));
    };
    // SAFETY: the stack has the callable, self, the arguments and the names.
    unsafe { expand_method(r.sp.sub(n + 3), r.sp.sub(n + 2)) };
    let args = call_event_args(vm, r, unit, 1, n);
    if fire(vm, r, unit, event::CALL, &args)? == After::Jumped {
        return Ok(None);
    }
    if args[1].downcast_ref::<Function>().is_some() {
        return Ok(Some(Opcode::CallKw));
    }
    let has_self = r.peek_bits(n + 2) != 0;
    let extra = usize::from(has_self);
    // SAFETY: as above.
    let result = unsafe {
        let first = r.sp.sub(1 + n + extra);
        calls::call_native_words(
            vm,
            &args[1],
            first,
            npos + extra,
            names.downcast_ref::<Tuple>(),
        )
    };
    let v = native_done(vm, r, unit, &args, result)?;
    r.skip(calls::CALL_CACHE);
    r.drop_n(n + 3);
    r.push(v);
    control::poll(vm, r)?;
    Ok(None)
}

fn call_function_ex(vm: &Vm, r: &mut Regs, unit: usize) -> PyResult<Option<Opcode>> {
    let star = (*r.peek(2)).clone();
    let tuple = match star.downcast_exact::<Tuple>(&vm.types().tuple) {
        Some(t) => t.clone(),
        None => {
            let slots = &vm.type_of(&star).payload.slots;
            if slots.tp_iter.get().is_none() && slots.sq_item.get().is_none() {
                return Ok(Some(Opcode::CallFunctionEx));
            }
            let t = vm.collect_tuple(&star)?;
            r.set_top(2, t.clone().into_value());
            t
        }
    };
    let callable = (*r.peek(4)).clone();
    let first = tuple
        .as_slice()
        .first()
        .cloned()
        .unwrap_or_else(|| missing(vm));
    let args = [byte_offset(unit), callable, first];
    if fire(vm, r, unit, event::CALL, &args)? == After::Jumped {
        return Ok(None);
    }
    let python = args[1].downcast_ref::<Function>().is_some();
    if python || args[1].downcast_ref::<Method>().is_some() {
        return Ok(Some(Opcode::CallFunctionEx));
    }
    let result = super::keywords::call_function_ex(vm, r).map(|()| vm.none());
    native_done(vm, r, unit, &args, result)?;
    Ok(None)
}

/// The call of `super` is shown, so it is made; otherwise LOAD_SUPER_ATTR does without it.
fn load_super_attr(vm: &Vm, r: &mut Regs, unit: usize, arg: u32) -> PyResult<Option<Opcode>> {
    let operands = [(*r.peek(2)).clone(), (*r.peek(1)).clone()];
    let given = if arg & 2 != 0 { &operands[..] } else { &[] };
    let first = given.first().cloned().unwrap_or_else(|| missing(vm));
    let args = [byte_offset(unit), (*r.peek(3)).clone(), first];
    if fire(vm, r, unit, event::CALL, &args)? == After::Jumped {
        return Ok(None);
    }
    let result = vm.call_pos(&args[1], given);
    let object = native_done(vm, r, unit, &args, result)?;
    let v = vm.getattr(&object, r.name_ref(arg >> 2))?;
    r.skip(1);
    r.drop_n(3);
    r.push(v);
    if arg & 1 != 0 {
        r.push_bits(0);
    }
    Ok(None)
}

/// Whether a tool wants an event that belongs to no instruction.
#[inline]
fn wanted(vm: &Vm, what: usize) -> bool {
    is_active(vm) && thread(vm).running.get() == 0 && monitoring(vm).tools_for(what) != 0
}

/// Delivers an event about the pending exception. What a callback raises takes its place.
#[cold]
fn exception_event(vm: &Vm, f: *mut Frame, what: usize, unit: usize) {
    if !wanted(vm, what) {
        return;
    }
    let Some(exc) = vm.take_exception() else {
        return;
    };
    // SAFETY: the frame is live.
    let code = unsafe { (*f).code_ref() };
    let args = [code.into_value(), byte_offset(unit), exc.clone()];
    let m = monitoring(vm);
    let result = call_tools(vm, &m, m.tools_for(what), what, &args, |tool| {
        Err(cannot_disable(vm, &m, tool, what))
    });
    if result.is_ok() {
        let _ = vm.raise_as_is(exc);
    }
}

fn running_unit(r: &Regs) -> usize {
    usize::try_from(r.f().lasti()).unwrap_or(0)
}

/// The last unit of the instruction that runs, its caches included: where exceptions are said to come from.
fn last_unit(r: &Regs) -> usize {
    let code = r.code();
    let stream = code.stream();
    let mut unit = r.unit().wrapping_sub(1);
    while unit > 0 && stream.get(unit).is_some_and(|u| u.get() as u8 == 0) {
        unit -= 1;
    }
    unit.wrapping_add(data::opcode_at(code, unit).map_or(0, Opcode::caches))
}

/// An exception reached the frame, or is raised there.
#[inline]
pub(super) fn raised(vm: &Vm, r: &Regs, again: bool) {
    if is_active(vm) {
        let what = if again { event::RERAISE } else { event::RAISE };
        exception_event(vm, r.frame, what, last_unit(r));
    }
}

/// An instruction got an exception that it handles itself.
#[cold]
pub(super) fn raised_inside(vm: &Vm, r: &Regs) {
    if is_active(vm) {
        r.save();
        exception_event(vm, r.frame, event::RAISE, running_unit(r));
    }
}

/// The frame is left with the pending exception.
#[inline]
pub(super) fn unwinds(vm: &Vm, r: &Regs) {
    if is_active(vm) {
        exception_event(vm, r.frame, event::PY_UNWIND, last_unit(r));
    }
}

/// An exception found its handler, which the instruction pointer is at. False when a callback raised another one.
#[inline]
pub(super) fn handled(vm: &Vm, r: &Regs) -> bool {
    if r.code().monitoring.get().is_none() && !is_active(vm) {
        return true;
    }
    let unit = r.unit();
    let from = match running_unit(r) {
        // It was thrown into a generator, which waited at the RESUME behind its yield.
        u if data::opcode_at(r.code(), u) == Some(Opcode::YieldValue) => u + 1,
        u => u,
    };
    let goes_on = !wanted(vm, event::EXCEPTION_HANDLED) || handled_event(vm, r, unit);
    // Last, since callbacks jump as well.
    note_jump(vm, r.code(), from, unit);
    goes_on
}

#[cold]
fn handled_event(vm: &Vm, r: &Regs, unit: usize) -> bool {
    r.save();
    let exc = (*r.peek(1)).clone();
    let _ = vm.raise_as_is(exc.clone());
    exception_event(vm, r.frame, event::EXCEPTION_HANDLED, unit);
    // The exception is pending again unless another took its place.
    match vm.take_exception() {
        Some(e) if !e.is(&exc) => {
            let _ = vm.raise_as_is(e);
            false
        }
        _ => true,
    }
}

/// An exception is thrown into the frame.
pub(super) fn throw(vm: &Vm, r: &Regs) {
    if !is_active(vm) {
        return;
    }
    let code = r.code();
    install::instrument(&monitoring(vm), code);
    exception_event(vm, r.frame, event::PY_THROW, r.unit());
}

/// Sends a value into what is no generator; its StopIteration is an event.
pub(super) fn send_to(vm: &Vm, r: &Regs, receiver: &Value, v: &Value) -> PyResult<SendOutcome> {
    if !is_active(vm) {
        return control::send_to(vm, receiver, v);
    }
    let slots = &vm.type_of(receiver).payload.slots;
    // What `asend()` gives can do without StopIteration, but tools are to see one.
    let result = if slots.am_send.get().is_some() && !crate::generator_types::is_asend(receiver) {
        return control::send_to(vm, receiver, v);
    } else if vm.is_none(v)
        && let Some(next) = slots.tp_iternext.get()
    {
        match next(vm, receiver) {
            Ok(Some(v)) => return Ok(SendOutcome::Yield(v)),
            Ok(None) => return Ok(SendOutcome::Return(vm.none())),
            Err(e) => e,
        }
    } else {
        match vm.call_method(receiver, &vm.names().send, std::slice::from_ref(v)) {
            Ok(v) => return Ok(SendOutcome::Yield(v)),
            Err(e) => e,
        }
    };
    if vm.exception_matches(&vm.exc().StopIteration) {
        raised_inside(vm, r);
    }
    control::stop_value(vm, result).map(SendOutcome::Return)
}
