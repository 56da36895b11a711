//! Exceptions in the interpreter: unwinding to a handler, the handler's instructions, raising, and matching.

use taipan_object::{
    BaseException, Payload, PyResult, SlotId, Tuple, TypeObject, Value, Vm, tpflags,
};

use super::instrumented;
use super::regs::Regs;
use crate::frame::{Frame, drop_slot, frame_flag};
use crate::generator;

/// Finds the handler of the pending exception, leaving frames that have none; false when `eval` itself is to be left
/// (the entry frame is gone then).
pub(super) fn unwind(vm: &Vm, r: &mut Regs) -> bool {
    loop {
        let f = r.frame;
        // SAFETY: the running frame.
        let again = unsafe { (*f).flags } & frame_flag::RERAISED != 0;
        if again {
            // RERAISE has set the instruction pointer that `f_lineno` goes by.
            // SAFETY: the running frame.
            unsafe { (*f).sp = r.sp };
        } else {
            r.save();
        }
        // Before its first instruction (a generator that was thrown into at once) a frame has no handlers.
        let at = r.unit().checked_sub(1);
        // SAFETY: the running frame.
        unsafe {
            if again {
                (*f).flags &= !frame_flag::RERAISED;
            } else {
                add_traceback(vm, f);
            }
        }
        instrumented::raised(vm, r, again);
        let handler = at.and_then(|at| r.code().handler_at(at));
        // The compiler's handlers lie ahead. One that does not can make a loop without a jump, such as RERAISE into itself.
        if let Some(h) = handler
            && (at < Some(h.target) || !interrupted(vm, r))
        {
            while r.depth() > h.depth {
                let bits = r.pop_bits();
                // SAFETY: the content was taken out.
                unsafe { drop_slot(bits) };
            }
            if h.lasti {
                // Where it was raised first, if it was raised again.
                r.push(Value::from_i32(r.f().lasti().max(0) as i32));
            }
            let exc = match vm.take_exception() {
                Some(e) => e,
                None => vm.none(),
            };
            r.push(exc);
            let base = r.code().stream().as_ptr();
            // SAFETY: targets of the exception table lie within the code.
            r.ip = unsafe { base.add(h.target) };
            if instrumented::handled(vm, r) {
                return true;
            }
            continue;
        }
        // No handler here: leave the frame.
        while r.depth() > 0 {
            let bits = r.pop_bits();
            // SAFETY: the content was taken out.
            unsafe { drop_slot(bits) };
        }
        // SAFETY: the running frame.
        unsafe { (*f).sp = r.sp };
        instrumented::unwinds(vm, r);
        // SAFETY: the running frame.
        let (flags, previous) = unsafe { ((*f).flags, (*f).previous) };
        if flags & frame_flag::GENERATOR != 0 {
            generator::finish(vm, f);
        }
        // What is dropped with the frame must not see or replace the pending exception.
        let pending = vm.take_exception();
        let called = super::control::leave_next(f);
        super::leave_frame(vm, f);
        drop(called);
        if let Some(e) = pending {
            let _ = vm.raise_as_is(e);
        }
        if flags & frame_flag::ENTRY != 0 {
            return false;
        }
        // SAFETY: the frame below waits with saved registers.
        *r = unsafe { Regs::load(previous) };
    }
}

/// Looks at the evaluation breaker on the way to a handler. Whether that raised another exception, which takes the pending
/// one's place and leaves the frame: the handler would only go round with it.
#[cold]
#[inline(never)]
fn interrupted(vm: &Vm, r: &Regs) -> bool {
    let pending = vm.take_exception();
    let interrupted = super::control::poll(vm, r).is_err();
    if !interrupted && let Some(e) = pending {
        let _ = vm.raise_as_is(e);
    }
    interrupted
}

/// Adds an entry for the frame to the pending exception's traceback.
pub(crate) fn add_traceback(vm: &Vm, f: *mut Frame) {
    let Some(exc) = vm.take_exception() else {
        return;
    };
    // SAFETY: the frame is live.
    if unsafe { &*f }.is_complete()
        && let Some(e) = exc.downcast_ref::<BaseException>()
    {
        match crate::traceback::push(vm, f, e.traceback.get()) {
            Ok(tb) => e.traceback.set(Some(tb)),
            // No memory for a traceback: the exception goes on without this entry.
            Err(r) => drop(vm.take_raised(r)),
        }
    }
    let _ = vm.raise_as_is(exc);
}

/// PUSH_EXC_INFO: `exception -> previous exception, exception`; it becomes the one being handled.
#[inline(always)]
pub(super) fn push_exc_info(vm: &Vm, r: &mut Regs) {
    let exc = r.pop_value();
    let level = vm.exc_level();
    let old = level
        .value
        .replace(Some(exc.clone()))
        .unwrap_or_else(|| vm.none());
    r.push(old);
    r.push(exc);
}

/// POP_EXCEPT: `previous exception ->`; it is again the one being handled.
#[inline(always)]
pub(super) fn pop_except(vm: &Vm, r: &mut Regs) {
    let old = r.pop_value();
    let level = vm.exc_level();
    let new = if vm.is_none(&old) { None } else { Some(old) };
    let gone = level.value.replace(new);
    drop(gone);
}

fn check_class(vm: &Vm, class: &Value, message: &str) -> PyResult<()> {
    let ok = |v: &Value| {
        v.downcast_ref::<TypeObject>()
            .is_some_and(|t| t.has_flag(tpflags::BASE_EXC_SUBCLASS))
    };
    let fine = match class.downcast_ref::<Tuple>() {
        Some(t) => t.as_slice().iter().all(ok),
        None => ok(class),
    };
    if fine {
        Ok(())
    } else {
        Err(vm.type_error(message))
    }
}

/// Whether an exception is caught by a class or a tuple of classes (PyErr_GivenExceptionMatches).
pub(crate) fn matches(vm: &Vm, exc: &Value, class: &Value) -> bool {
    if let Some(t) = class.downcast_ref::<Tuple>() {
        return t.as_slice().iter().any(|c| matches(vm, exc, c));
    }
    match class.downcast_ref::<TypeObject>() {
        Some(t) => vm.is_instance_exact(exc, t),
        None => false,
    }
}

/// CHECK_EXC_MATCH of an exception and a class of exceptions that it is an instance of by its own type; takes the jump that
/// follows.
#[inline(always)]
pub(super) fn check_exc_match_class(vm: &Vm, r: &mut Regs) -> bool {
    let (exc, class) = (r.peek(2), r.peek(1));
    if exc.is_small_int() || class.is_small_int() {
        return false;
    }
    let ty = vm.type_of(&exc);
    if class.as_ptr_unchecked().addr() != (&raw const *ty).addr()
        || !ty.payload.has_flag(tpflags::BASE_EXC_SUBCLASS)
    {
        return false;
    }
    let class = r.pop_bits();
    super::ops::push_truth(vm, r, true);
    // SAFETY: the word was popped.
    unsafe { drop_slot(class) };
    true
}

pub(super) fn check_exc_match(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    let class = r.peek(1);
    let result = match class.downcast_ref::<TypeObject>() {
        Some(t) if t.has_flag(tpflags::BASE_EXC_SUBCLASS) => vm.is_instance_exact(&r.peek(2), t),
        _ => {
            r.save_ip();
            check_class(
                vm,
                &class,
                "catching classes that do not inherit from BaseException is not allowed",
            )?;
            matches(vm, &r.peek(2), &class)
        }
    };
    r.set_top(1, vm.bool(result));
    Ok(())
}

/// CHECK_EG_MATCH: `exception, class -> rest or None, match or None`
pub(super) fn check_eg_match(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    r.save_ip();
    let (exc, class) = (r.peek(2), r.peek(1));
    check_class(
        vm,
        &class,
        "catching classes that do not inherit from BaseException is not allowed",
    )?;
    let group = &vm.exc().BaseExceptionGroup;
    let is_group = |c: &Value| {
        c.downcast_ref::<TypeObject>()
            .is_some_and(|t| t.is_subtype(group.object()))
    };
    let bad = match class.downcast_ref::<Tuple>() {
        Some(t) => t.as_slice().iter().any(is_group),
        None => is_group(&class),
    };
    if bad {
        return Err(vm.type_error(
            "catching ExceptionGroup with except* is not allowed. Use except instead.",
        ));
    }
    let (matched, rest) = crate::groups::eg_match(vm, r.frame, &exc, &class)?;
    if !vm.is_none(&matched) {
        // The match is what is being handled from here.
        let old = vm.exc_level().value.replace(Some(matched.clone()));
        drop(old);
    }
    r.set_top(2, rest);
    r.set_top(1, matched);
    Ok(())
}

pub(super) fn raise_varargs(vm: &Vm, r: &mut Regs, n: u32) -> PyResult<()> {
    r.save_ip();
    if n == 0 {
        return Err(match vm.handled_exception() {
            Some(e) => raise_again(vm, r, e),
            None => vm.runtime_error("No active exception to reraise"),
        });
    }
    let cause = if n == 2 { Some(r.pop_value()) } else { None };
    let exc = r.pop_value();
    let exc = instantiate(vm, exc, "exceptions must derive from BaseException")?;
    if let Some(cause) = cause {
        let cause = if vm.is_none(&cause) {
            None
        } else {
            Some(instantiate(
                vm,
                cause,
                "exception causes must derive from BaseException",
            )?)
        };
        if let Some(e) = exc.downcast_ref::<BaseException>() {
            e.cause.set(cause);
            e.suppress_context.set(true);
        }
    }
    Err(vm.raise(exc))
}

/// Whether a call of the exception class without arguments just makes an instance: a native class that is made as
/// `BaseException` is.
fn is_plain(vm: &Vm, class: &TypeObject) -> bool {
    // Mostly it is the one that was raised last. Such classes do not change.
    let data = crate::frame::thread_data(vm);
    let address = (&raw const *class).addr();
    if data.plain_exception.get() == address {
        return true;
    }
    let plain = is_plain_class(vm, class);
    if plain && class.has_flag(tpflags::IMMUTABLETYPE) {
        data.plain_exception.set(address);
    }
    plain
}

fn is_plain_class(vm: &Vm, class: &TypeObject) -> bool {
    let base = &vm.exc().BaseException.slots;
    !class.is_heap()
        && std::ptr::eq(class.layout(), BaseException::layout())
        && class.slots.same(SlotId::tp_new, base)
        && class.slots.same(SlotId::tp_init, base)
}

/// An exception from what `raise` was given: an instance, or a class to call.
pub(crate) fn instantiate(vm: &Vm, v: Value, message: &str) -> PyResult {
    if let Some(t) = v.downcast_ref::<TypeObject>()
        && t.has_flag(tpflags::BASE_EXC_SUBCLASS)
    {
        if is_plain(vm, t) {
            let args = vm.interp().singletons().empty_tuple.clone();
            let e = vm.new_object(t, BaseException::new(args))?;
            return Ok(e.into_value());
        }
        let e = vm.call0(&v)?;
        if e.downcast_ref::<BaseException>().is_none() {
            return Err(vm.type_error(&format!(
                "calling {} should have returned an instance of BaseException, not {}",
                vm.repr_string(&v)?,
                vm.type_name(&e)
            )));
        }
        return Ok(e);
    }
    if v.downcast_ref::<BaseException>().is_some() {
        Ok(v)
    } else {
        Err(vm.type_error(message))
    }
}

/// RERAISE: raises the exception on the top again; with an operand, `f_lasti` goes back to where it was raised.
pub(super) fn reraise(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    let exc = r.pop_value();
    if arg != 0
        && let Some(unit) = r.peek(arg as usize).as_small_int()
        && let Ok(unit) = usize::try_from(unit)
        && unit < r.code().stream().len()
    {
        let base = r.code().stream().as_ptr();
        // The handler is looked up for the instruction that runs, RERAISE; the frame's line is that of the first raise.
        let here = r.ip;
        // SAFETY: the unit was checked.
        r.ip = unsafe { base.add(unit + 1) };
        r.save_ip();
        r.ip = here;
    } else {
        r.save_ip();
    }
    Err(raise_again(vm, r, exc))
}

/// Raises an exception that passed through this frame before: no new traceback entry.
pub(super) fn raise_again(vm: &Vm, r: &Regs, exc: Value) -> taipan_object::Raised {
    // Verified code may bring any value here.
    if exc.downcast_ref::<BaseException>().is_none() {
        return vm.system_error("what is raised again is no exception");
    }
    // SAFETY: the running frame.
    unsafe { (*r.frame).flags |= frame_flag::RERAISED };
    vm.raise_as_is(exc)
}

/// WITH_EXCEPT_START: calls `__exit__(type, value, traceback)` of the operand below.
pub(super) fn with_except_start(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    r.save_ip();
    // exit_func, self or NULL, lasti, previous exception, exception
    let exc = r.peek(1);
    let tb = exc
        .downcast_ref::<BaseException>()
        .and_then(|e| e.traceback.get())
        .unwrap_or_else(|| vm.none());
    let class = vm.type_value(&exc).into_value();
    let exit = r.peek(5);
    let mut args = Vec::with_capacity(4);
    if r.peek_bits(4) != 0 {
        args.push((*r.peek(4)).clone());
    }
    args.extend([class, (*exc).clone(), tb]);
    let v = vm.call_pos(&exit, &args)?;
    r.push(v);
    Ok(())
}
