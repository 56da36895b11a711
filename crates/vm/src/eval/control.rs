//! Control flow: jumps, polling, returning, generators' instructions, iteration.

use taipan_builtins::dict_::DictItemIter;
use taipan_builtins::iterators::{Enumerate, Zip};
use taipan_builtins::list_::iter::ListIter;
use taipan_bytecode::Opcode;
use taipan_object::vm::breaker::MONITOR;
use taipan_object::{List, Payload, PyResult, Raised, Ref, SendOutcome, Value, Vm};

use super::regs::Regs;
use super::{Flow, Outcome};
use crate::frame::{self, Frame, drop_slot, frame_flag};
use crate::generator::{self, Generator};

/// Looks at the evaluation breaker.
#[inline(always)]
pub(super) fn poll(vm: &Vm, r: &Regs) -> PyResult<()> {
    if vm.breaker_bits() & !MONITOR != 0 {
        poll_slow(vm, &{ *r })
    } else {
        Ok(())
    }
}

#[cold]
#[inline(never)]
pub(super) fn poll_slow(vm: &Vm, r: &Regs) -> PyResult<()> {
    r.save();
    (vm.hooks().handle_breaker)(vm)
}

/// Whether nothing waits for the evaluation breaker, monitoring included: what RESUME asks.
#[inline(always)]
pub(super) fn is_quiet(vm: &Vm) -> bool {
    vm.breaker_bits() == 0
}

/// JUMP_BACKWARD, unless the breaker wants something.
#[inline(always)]
pub(super) fn jump_backward(vm: &Vm, r: &mut Regs, arg: u32) -> bool {
    if vm.breaker_bits() & !MONITOR != 0 {
        return false;
    }
    r.jump(1 - arg as isize);
    true
}

/// JUMP_BACKWARD when the breaker wants something.
#[cold]
#[inline(never)]
pub(super) fn jump_backward_polling(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    poll(vm, r)?;
    r.jump(1 - arg as isize);
    Ok(())
}

/// JUMP_BACKWARD_NO_INTERRUPT, unless the breaker wants something.
#[inline(always)]
pub(super) fn jump_backward_no_interrupt(vm: &Vm, r: &mut Regs, arg: u32) -> bool {
    let quiet = vm.breaker_bits() & !MONITOR == 0;
    if quiet {
        r.jump(-(arg as isize));
    }
    quiet
}

/// JUMP_BACKWARD_NO_INTERRUPT when the breaker wants something. Nothing comes between the RESUME of a `yield from` or an
/// `await` and its SEND; any other loop is to end when it is told to.
#[cold]
#[inline(never)]
pub(super) fn jump_backward_polling_loops(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    let before = r.unit().checked_sub(2);
    let op = before.and_then(|unit| r.code().code.get(2 * unit));
    if op != Some(&(Opcode::Resume as u8)) {
        poll(vm, r)?;
    }
    r.jump(-(arg as isize));
    Ok(())
}

#[inline(always)]
pub(super) fn pop_jump_if(vm: &Vm, r: &mut Regs, arg: u32, when: bool) {
    let bits = r.pop_bits();
    r.skip(1);
    // The operand is True or False: TO_BOOL or a comparison came before. Both are immortal.
    let known = vm.known();
    let truth = frame::strip(bits) == known.true_;
    if truth == when {
        r.jump(arg as isize);
    } else if r.at(Opcode::NotTaken) {
        r.skip(1);
    }
    if !truth && frame::strip(bits) != known.false_ {
        // SAFETY: the slot's content was taken out.
        unsafe { drop_slot(bits) };
    }
}

#[inline(always)]
pub(super) fn pop_jump_if_none(vm: &Vm, r: &mut Regs, arg: u32, when: bool) {
    let v = r.pop();
    r.skip(1);
    if (frame::strip(v.bits()) == vm.known().none) == when {
        r.jump(arg as isize);
    } else if r.at(Opcode::NotTaken) {
        r.skip(1);
    }
}

/// Takes a frame that is done off the thread's chain: drops what it owns and frees its memory.
pub fn leave_frame(vm: &Vm, f: *mut Frame) {
    // SAFETY: the frame is live and does not run any more.
    unsafe {
        vm.frame.set((*f).previous.cast());
        super::frames::leave_call(vm);
        let flags = (*f).flags;
        if (*f).frame_obj != 0 {
            crate::frame_object::frame_done(vm, f);
        }
        clear_frame(f);
        if flags & frame_flag::GENERATOR == 0 {
            frame::release(vm, f);
        }
    }
}

/// Drops locals and all else that a frame owns. Its stack must be empty.
///
/// # Safety
/// The frame is live and does not run; it is used no more, or only as a cleared one.
pub(crate) unsafe fn clear_frame(f: *mut Frame) {
    // SAFETY: the contract; words of the frame own their contents. Each is zeroed before its content is dropped.
    unsafe {
        let locals = Frame::locals_ptr(f);
        let n = (*f).code().nlocalsplus as usize;
        for i in 0..n {
            let bits = std::mem::replace(&mut *locals.add(i), 0);
            drop_slot(bits);
        }
        for word in [&raw mut (*f).locals, &raw mut (*f).frame_obj] {
            let bits = std::mem::replace(&mut *word, 0);
            drop_slot(bits);
        }
        if (*f).flags & frame_flag::INIT != 0 {
            let bits = std::mem::replace(&mut (*f).init_self, 0);
            drop_slot(bits);
        }
        (*f).flags |= frame_flag::CLEARED;
        let func = std::mem::replace(&mut (*f).func, 0);
        drop_slot(func);
    }
}

/// Ends the running frame with a value: hands it to the frame below, or out of `eval`.
#[inline(never)]
pub(super) fn return_value(vm: &Vm, r: &mut Regs) -> PyResult<Flow> {
    let mut value = r.pop_value();
    let f = r.frame;
    // SAFETY: the running frame.
    let (flags, previous) = unsafe { ((*f).flags, (*f).previous) };
    // SAFETY: as above. A frame of a plain call, which nothing refers to: its stack is empty, and what it owns are its
    // locals, the function, and the instance that an `__init__` is for, which is handed on. Unless native code called it, the
    // frame below waits with saved registers.
    unsafe {
        let init = flags & frame_flag::INIT != 0;
        let plain = frame_flag::ENTRY | frame_flag::INIT | frame_flag::BINARY | frame_flag::COMPARE;
        if flags & !plain == 0
            && (*f).frame_obj == 0
            && (*f).locals == 0
            && (!init || vm.is_none(&value))
        {
            if init {
                value = Value::from_bits((*f).init_self);
            }
            vm.frame.set(previous.cast());
            super::frames::leave_call(vm);
            let locals = Frame::locals_ptr(f);
            for i in 0..(*f).code().nlocalsplus as usize {
                drop_slot(*locals.add(i));
            }
            drop_slot((*f).func);
            frame::release(vm, f);
            if flags & frame_flag::ENTRY != 0 {
                return Ok(Flow::Leave(Outcome::Return(value)));
            }
            *r = Regs::load(previous);
            if flags & (frame_flag::BINARY | frame_flag::COMPARE) != 0 {
                return super::operators::finish(vm, r, flags, value).map(|()| Flow::Next);
            }
            r.push(value);
            return Ok(Flow::Next);
        }
    }
    // SAFETY: as above. A generator that FOR_ITER or SEND went on in: its frame is not looked at any more once it is finished.
    unsafe {
        if flags == frame_flag::GENERATOR && (*f).frame_obj == 0 && (*f).locals == 0 {
            generator::finish(vm, f);
            vm.frame.set(previous.cast());
            super::frames::leave_call(vm);
            let locals = Frame::locals_ptr(f);
            for i in 0..(*f).code().nlocalsplus as usize {
                drop_slot(*locals.add(i));
            }
            drop_slot((*f).func);
            *r = Regs::load(previous);
            r.push(value);
            r.jump(r.f().extra as isize);
            return Ok(Flow::Next);
        }
    }
    r.save();
    if flags & frame_flag::INIT != 0 {
        if !vm.is_none(&value) {
            return Err(vm.type_error(&format!(
                "__init__() should return None, not '{}'",
                vm.type_name(&value)
            )));
        }
        // SAFETY: the word owns the instance; it is taken out.
        value = unsafe { Value::from_bits(std::mem::replace(&mut (*f).init_self, 0)) };
    }
    if flags & frame_flag::GENERATOR != 0 {
        generator::finish(vm, f);
    }
    let called = leave_next(f);
    leave_frame(vm, f);
    if flags & frame_flag::ENTRY != 0 {
        return Ok(Flow::Leave(Outcome::Return(value)));
    }
    // SAFETY: a frame that is not an entry has the frame below it waiting with saved registers.
    *r = unsafe { Regs::load(previous) };
    if called.is_some() {
        let value = Some(value).filter(|v| !vm.is_none(v));
        return Err(vm.stop_iteration(value));
    }
    if flags & frame_flag::DISCARD != 0 {
        return Ok(Flow::Next);
    }
    if flags & (frame_flag::BINARY | frame_flag::COMPARE) != 0 {
        return super::operators::finish(vm, r, flags, value).map(|()| Flow::Next);
    }
    r.push(value);
    if flags & frame_flag::GENERATOR != 0 {
        // Resumed in place: FOR_ITER or SEND said where to go on when it returns.
        r.jump(r.f().extra as isize);
    }
    Ok(Flow::Next)
}

/// RETURN_GENERATOR: makes the generator of this frame's call, and returns it.
#[inline(never)]
pub(super) fn return_generator(vm: &Vm, r: &mut Regs) -> PyResult<Flow> {
    r.save();
    let f = r.frame;
    let generator = generator::from_frame(vm, f)?;
    // SAFETY: the running frame; its content has moved to the generator.
    let (flags, previous) = unsafe { ((*f).flags, (*f).previous) };
    vm.frame.set(previous.cast());
    super::frames::leave_call(vm);
    frame::release(vm, f);
    if flags & frame_flag::ENTRY != 0 {
        return Ok(Flow::Leave(Outcome::Return(generator)));
    }
    // SAFETY: as in `return_value`.
    *r = unsafe { Regs::load(previous) };
    r.push(generator);
    Ok(Flow::Next)
}

/// YIELD_VALUE: suspends the generator's frame and hands the value out.
#[inline(never)]
pub(super) fn yield_value(vm: &Vm, r: &mut Regs) -> PyResult<Flow> {
    let value = r.pop_value();
    r.save();
    let f = r.frame;
    generator::suspend(vm, f);
    // SAFETY: the frame is the generator's, live.
    let (flags, previous) = unsafe {
        let p = (*f).previous;
        (*f).previous = std::ptr::null_mut();
        ((*f).flags, p)
    };
    vm.frame.set(previous.cast());
    if flags & frame_flag::ENTRY != 0 {
        return Ok(Flow::Leave(Outcome::Yield(value)));
    }
    // A generator resumed in place: the frame below waits behind its FOR_ITER, SEND or CALL.
    let called = leave_next(f);
    // SAFETY: as in `return_value`.
    *r = unsafe { Regs::load(previous) };
    r.push(value);
    drop(called);
    Ok(Flow::Next)
}

/// The generator that a NEXT frame, which is left, holds for the call of `next()` that went on in it. To be dropped when
/// the frame is not needed any more.
#[inline(always)]
pub(super) fn leave_next(f: *mut Frame) -> Option<Value> {
    // SAFETY: the running frame; the word owns the generator.
    unsafe {
        if (*f).flags & frame_flag::NEXT == 0 {
            return None;
        }
        (*f).flags &= !frame_flag::NEXT;
        Some(Value::from_bits((*f).init_self))
    }
}

pub(super) fn exit_init_check(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    let v = r.pop();
    if vm.is_none(&v.view()) {
        return Ok(());
    }
    r.save_ip();
    Err(vm.type_error(&format!(
        "__init__() should return None, not '{}'",
        vm.type_name(&v.view())
    )))
}

pub(super) fn get_iter(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    r.save_ip();
    let v = r.pop();
    let types = vm.types();
    let it = if v.view().downcast_exact::<List>(&types.list).is_some() {
        // SAFETY: it is a list.
        let list = unsafe { Ref::from_value_unchecked(v.into_value()) };
        vm.new(ListIter::new(list))?.into_value()
    } else {
        vm.iter(&v.view())?
    };
    r.push(it);
    Ok(())
}

/// FOR_ITER: chooses an opcode for the site when it is worth it.
pub(super) fn for_iter(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    if super::specialize::warm(r) {
        super::ops_cache::specialize_for_iter(vm, r);
    }
    for_iter_general(vm, r, arg)
}

/// Any FOR_ITER: pushes the next item, or jumps behind END_FOR's loop.
#[inline(never)]
pub(super) fn for_iter_general(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    r.save_ip();
    let it = r.peek(1);
    let ty = &vm.type_of(&it).payload;
    if !std::ptr::eq(ty.layout(), Generator::layout())
        && let Some(next) = ty.slots.tp_iternext.get()
    {
        if unpacks_pair(r)
            && !ty.is_heap()
            && let Some(next) = next_pair(vm, &it)
        {
            return for_iter_pair(vm, r, arg, next);
        }
        let next = match next(vm, &it) {
            Ok(next) => next,
            Err(e) => loop_ends(vm, &{ *r }, e)?,
        };
        r.skip(1);
        match next {
            Some(v) => r.push(v),
            // The jump leads to END_FOR, which would pop the item that is not there: it is passed over, POP_ITER follows.
            None => r.jump(arg as isize + 1),
        }
        return Ok(());
    }
    if let Some(g) = it.downcast_ref::<Generator>()
        && g.kind == generator::Kind::Generator
        && matches!(
            g.state.get(),
            generator::State::Created | generator::State::Suspended
        )
    {
        r.skip(1);
        // When it returns, END_FOR pops what it returned.
        return generator::resume_in_place(vm, r, g, vm.none(), arg);
    }
    let next = next_of(vm, r, &it)?;
    r.skip(1);
    match next {
        Some(v) => r.push(v),
        // The jump leads to END_FOR, which would pop the item that is not there: it is passed over, POP_ITER follows.
        None => r.jump(arg as isize + 1),
    }
    Ok(())
}

/// Whether the instruction behind a FOR_ITER takes the item to two parts.
#[inline(always)]
fn unpacks_pair(r: &Regs) -> bool {
    // SAFETY: FOR_ITER is followed by its cache unit and another instruction.
    let unit = unsafe { (*r.ip.add(1)).get() };
    unit == Opcode::UnpackSequence as u16 | 2 << 8
}

/// The next pair of a native iterator whose items are pairs that need not be tuples; `None` for others.
#[inline(always)]
fn next_pair(vm: &Vm, it: &Value) -> Option<PyResult<Option<(Value, Value)>>> {
    if let Some(it) = it.downcast_same::<DictItemIter>() {
        return Some(it.next_pair(vm));
    }
    if let Some(it) = it.downcast_same::<Enumerate>() {
        return Some(it.next_pair(vm));
    }
    it.downcast_same::<Zip>()?.next_pair(vm)
}

/// FOR_ITER and the UNPACK_SEQUENCE behind it, and the STORE_FAST_STORE_FAST behind that.
#[inline(always)]
fn for_iter_pair(
    vm: &Vm,
    r: &mut Regs,
    arg: u32,
    next: PyResult<Option<(Value, Value)>>,
) -> PyResult<()> {
    let next = match next {
        Ok(next) => next,
        Err(e) => {
            loop_ends(vm, &{ *r }, e)?;
            None
        }
    };
    let Some((x, y)) = next else {
        r.skip(1);
        // As in the general FOR_ITER.
        r.jump(arg as isize + 1);
        return Ok(());
    };
    // The cache unit, and UNPACK_SEQUENCE with its own.
    r.skip(3);
    // SAFETY: ip stays within the code.
    let unit = unsafe { (*r.ip).get() };
    if unit as u8 == Opcode::StoreFastStoreFast as u8 {
        r.skip(1);
        let (x, y) = (x.into_bits(), y.into_bits());
        // SAFETY: the old contents were taken out.
        unsafe {
            drop_slot(r.replace_local(u32::from(unit >> 12), x));
            drop_slot(r.replace_local(u32::from(unit >> 8) & 15, y));
        }
    } else {
        r.push(y);
        r.push(x);
    }
    Ok(())
}

/// The next item of a loop's iterator.
#[inline(always)]
pub(super) fn next_of(vm: &Vm, r: &Regs, it: &Value) -> PyResult<Option<Value>> {
    match vm.type_of(it).payload.slots.tp_iternext.get() {
        Some(f) => f(vm, it).or_else(|e| loop_ends(vm, &{ *r }, e)),
        None => vm.next(it),
    }
}

/// A `__next__` written in Python ends with StopIteration, which is the end of the loop.
#[cold]
#[inline(never)]
fn loop_ends(vm: &Vm, r: &Regs, e: Raised) -> PyResult<Option<Value>> {
    if vm.exception_matches(&vm.exc().StopIteration) {
        super::instrumented::raised_inside(vm, r);
    }
    vm.catch(e, &vm.exc().StopIteration).map(|_| None)
}

pub(super) fn get_yield_from_iter(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    r.save_ip();
    let v = r.peek(1);
    if let Some(g) = v.downcast_ref::<Generator>() {
        match g.kind {
            generator::Kind::Generator => return Ok(()),
            generator::Kind::Coroutine => {
                let allowed = r.code().has(taipan_bytecode::code::co::COROUTINE)
                    || r.code().has(taipan_bytecode::code::co::ITERABLE_COROUTINE);
                if !allowed {
                    return Err(vm.type_error(
                        "cannot 'yield from' a coroutine object in a non-coroutine generator",
                    ));
                }
                return Ok(());
            }
            generator::Kind::AsyncGenerator => {}
        }
    }
    let it = vm.iter(&v)?;
    r.set_top(1, it);
    Ok(())
}

pub(super) fn get_awaitable(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    r.save_ip();
    let v = r.peek(1);
    if let Some(g) = v.downcast_ref::<Generator>()
        && g.kind == generator::Kind::Coroutine
        && g.state.get() == generator::State::Created
    {
        return Ok(());
    }
    let it = match generator::awaitable_iter(vm, &v) {
        Ok(it) => it,
        Err(e) => {
            return Err(
                if arg != 0 && vm.type_of(&v).payload.slots.am_await.get().is_none() {
                    let what = if arg == 1 { "__aenter__" } else { "__aexit__" };
                    drop(vm.take_raised(e));
                    vm.type_error(&format!(
                    "'async with' received an object from {what} that does not implement __await__: {}",
                    vm.type_name(&v)
                ))
                } else {
                    e
                },
            );
        }
    };
    if let Some(g) = it.downcast_ref::<Generator>()
        && g.kind == generator::Kind::Coroutine
        && g.yield_from(vm).is_some()
    {
        return Err(vm.runtime_error("coroutine is being awaited already"));
    }
    r.set_top(1, it);
    Ok(())
}

pub(super) fn get_aiter(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    r.save_ip();
    let v = r.pop();
    let v = v.view();
    let Some(f) = vm.type_of(&v).payload.slots.am_aiter.get() else {
        return Err(vm.type_error(&format!(
            "'async for' requires an object with __aiter__ method, got {}",
            vm.type_name(&v)
        )));
    };
    let it = f(vm, &v)?;
    if vm.type_of(&it).payload.slots.am_anext.get().is_none() {
        return Err(vm.type_error(&format!(
            "'async for' received an object from __aiter__ that does not implement __anext__: {}",
            vm.type_name(&it)
        )));
    }
    r.push(it);
    Ok(())
}

pub(super) fn get_anext(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    r.save_ip();
    let it = r.peek(1);
    let Some(f) = vm.type_of(&it).payload.slots.am_anext.get() else {
        return Err(vm.type_error(&format!(
            "'async for' requires an iterator with __anext__ method, got {}",
            vm.type_name(&it)
        )));
    };
    let next = f(vm, &it)?;
    let awaitable = if it.downcast_ref::<Generator>().is_some() {
        next
    } else {
        match generator::awaitable_iter(vm, &next) {
            Ok(a) => a,
            Err(e) => {
                let cause = vm.take_raised(e);
                let e = vm.type_error(&format!(
                    "'async for' received an invalid object from __anext__: {}",
                    vm.type_name(&next)
                ));
                crate::glue::set_pending_cause(vm, cause);
                return Err(e);
            }
        }
    };
    r.push(awaitable);
    Ok(())
}

/// Sends a value into what is on the stack: `SendOutcome` for anything that can be iterated or sent into.
pub(crate) fn send_to(vm: &Vm, receiver: &Value, v: &Value) -> PyResult<SendOutcome> {
    let slots = &vm.type_of(receiver).payload.slots;
    if let Some(f) = slots.am_send.get() {
        return f(vm, receiver, v);
    }
    if vm.is_none(v)
        && let Some(next) = slots.tp_iternext.get()
    {
        return match next(vm, receiver) {
            Ok(Some(v)) => Ok(SendOutcome::Yield(v)),
            Ok(None) => Ok(SendOutcome::Return(vm.none())),
            Err(e) => stop_value(vm, e).map(SendOutcome::Return),
        };
    }
    match vm.call_method(receiver, &vm.names().send, std::slice::from_ref(v)) {
        Ok(v) => Ok(SendOutcome::Yield(v)),
        Err(e) => stop_value(vm, e).map(SendOutcome::Return),
    }
}

/// The value of a pending StopIteration; any other exception stays.
pub(crate) fn stop_value(vm: &Vm, e: Raised) -> PyResult {
    let exc = vm.catch(e, &vm.exc().StopIteration)?;
    Ok(exc
        .downcast_ref::<taipan_object::FieldException>()
        .and_then(|f| f.fields[0].get())
        .unwrap_or_else(|| vm.none()))
}

/// SEND: `receiver, value -> receiver, yielded`, or jumps with `receiver, returned`.
#[inline(never)]
pub(super) fn send(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    if super::specialize::warm(r) {
        super::ops_cache::specialize_send(vm, r);
    }
    r.save_ip();
    let v = r.pop();
    let receiver = r.peek(1);
    if let Some(g) = receiver.downcast_ref::<Generator>()
        && g.kind != generator::Kind::AsyncGenerator
        && match g.state.get() {
            generator::State::Suspended => true,
            generator::State::Created => vm.is_none(&v.view()),
            _ => false,
        }
    {
        r.skip(1);
        return generator::resume_in_place(vm, r, g, v.into_value(), arg);
    }
    let outcome = super::instrumented::send_to(vm, r, &receiver, &v.view())?;
    r.skip(1);
    match outcome {
        SendOutcome::Yield(v) => r.push(v),
        SendOutcome::Return(v) => {
            r.push(v);
            r.jump(arg as isize);
        }
    }
    Ok(())
}

pub(super) fn end_send(r: &mut Regs) {
    let v = r.pop_bits();
    let receiver = r.pop_bits();
    r.push_bits(v);
    // SAFETY: the content was taken out.
    unsafe { drop_slot(receiver) };
}

/// END_ASYNC_FOR: `awaitable, exception`: swallows StopAsyncIteration.
pub(super) fn end_async_for(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    let exc = r.pop_value();
    if vm.is_instance_exact(&exc, &vm.exc().StopAsyncIteration) {
        drop(r.pop());
        return Ok(());
    }
    r.save_ip();
    Err(super::exceptions::raise_again(vm, r, exc))
}

/// CLEANUP_THROW: `sub-iterator, last sent value, exception` -> `None, value` when it is StopIteration.
pub(super) fn cleanup_throw(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    let exc = r.pop_value();
    if vm.is_instance_exact(&exc, &vm.exc().StopIteration) {
        let value = exc
            .downcast_ref::<taipan_object::FieldException>()
            .and_then(|f| f.fields[0].get())
            .unwrap_or_else(|| vm.none());
        drop(r.pop());
        drop(r.pop());
        r.push(vm.none());
        r.push(value);
        return Ok(());
    }
    r.save_ip();
    Err(super::exceptions::raise_again(vm, r, exc))
}
