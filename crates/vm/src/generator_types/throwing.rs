//! `throw()` and `close()`: how exceptions get into generators and into what they delegate to.

use taipan_bytecode::Opcode;
use taipan_object::{Args, BaseException, PyResult, Ref, SendOutcome, TypeObject, Value, Vm};

use crate::generator::{Generator, Kind, State, resume};
use crate::traceback::Traceback;

/// The bit of RESUME's operand that says that no handler but the automatic one is around the yield.
const RESUME_DEPTH1: u16 = 4;

/// Raises `exc` where the generator is.
fn raise_in(vm: &Vm, g: &Ref<Generator>, exc: Value) -> PyResult<SendOutcome> {
    let _ = vm.raise_as_is(exc);
    resume(vm, g, None, true)
}

/// Whether these arguments of `throw` mean a GeneratorExit.
fn is_exit(vm: &Vm, args: &[Value]) -> bool {
    let exit = &vm.exc().GeneratorExit;
    args.first()
        .is_some_and(|v| match v.downcast_ref::<TypeObject>() {
            Some(t) => t.is_subtype(exit.object()),
            None => vm.is_instance_exact(v, exit),
        })
}

/// Throws an exception, given as `throw` takes it, into a generator or into what it delegates to.
pub(super) fn throw(vm: &Vm, g: &Ref<Generator>, args: &[Value]) -> PyResult<SendOutcome> {
    let Some(inner) = g.yield_from(vm) else {
        return raise_in(vm, g, exception_of(vm, args)?);
    };
    vm.check_stack(" while calling a Python object")?;
    g.state.set(State::Running);
    let result = if is_exit(vm, args) {
        close_inner(vm, &inner).map(|()| None)
    } else {
        throw_inner(vm, &inner, args)
    };
    g.state.set(State::Suspended);
    let exc = match result {
        Ok(Some(SendOutcome::Yield(v))) => return Ok(SendOutcome::Yield(v)),
        // The delegate is done: CLEANUP_THROW takes its result from a StopIteration.
        Ok(Some(SendOutcome::Return(v))) => {
            let e = crate::glue::raise_stop_iteration(vm, v);
            vm.take_raised(e)
        }
        Ok(None) => exception_of(vm, args)?,
        // What the delegate raised goes on in the generator, in place of what was thrown.
        Err(e) => vm.take_raised(e),
    };
    raise_in(vm, g, exc)
}

/// Throws into a delegate; `None` when it has no `throw`.
fn throw_inner(vm: &Vm, inner: &Value, args: &[Value]) -> PyResult<Option<SendOutcome>> {
    if let Some(g) = inner.downcast_ref::<Generator>()
        && g.kind != Kind::AsyncGenerator
    {
        return throw(vm, g, args).map(Some);
    }
    let Some(f) = vm.getattr_opt(inner, &vm.names().throw)? else {
        return Ok(None);
    };
    vm.call_pos(&f, args).map(|v| Some(SendOutcome::Yield(v)))
}

fn close_inner(vm: &Vm, inner: &Value) -> PyResult<()> {
    if let Some(g) = inner.downcast_ref::<Generator>()
        && g.kind != Kind::AsyncGenerator
    {
        return close(vm, g).map(drop);
    }
    match vm.getattr_opt(inner, &vm.names().close) {
        Ok(Some(f)) => vm.call0(&f).map(drop),
        Ok(None) => Ok(()),
        Err(_) => {
            vm.unraisable(None, Some(inner));
            Ok(())
        }
    }
}

/// Whether nothing in the generator's code, and no tool, would notice an exception at its yield.
fn unguarded(vm: &Vm, g: &Generator) -> bool {
    if crate::instrumentation::is_active(vm) {
        return false;
    }
    // SAFETY: the frame is suspended; its ip is behind YIELD_VALUE, within the code.
    let unit = unsafe { (*(*g.frame()).ip).get() };
    let op = Opcode::from_u8(unit as u8).map(Opcode::deopt);
    matches!(op, Some(Opcode::Resume)) && (unit >> 8) & RESUME_DEPTH1 != 0
}

/// `close()`: gives what the generator returned, or None.
pub(crate) fn close(vm: &Vm, g: &Ref<Generator>) -> PyResult {
    match g.state.get() {
        State::Created => {
            g.throw_away();
            return Ok(vm.none());
        }
        State::Finished => return Ok(vm.none()),
        State::Suspended | State::Running => {}
    }
    let mut exc = None;
    if let Some(inner) = g.yield_from(vm) {
        g.state.set(State::Running);
        let closed = close_inner(vm, &inner);
        g.state.set(State::Suspended);
        exc = closed.err().map(|e| vm.take_raised(e));
    }
    if exc.is_none() && g.state.get() == State::Suspended && unguarded(vm, g) {
        g.throw_away();
        return Ok(vm.none());
    }
    let exc = match exc {
        Some(e) => e,
        None => vm.call0(vm.exc().GeneratorExit.as_value())?,
    };
    match raise_in(vm, g, exc) {
        Ok(SendOutcome::Yield(_)) => Err(vm.runtime_error(match g.kind {
            Kind::Generator => "generator ignored GeneratorExit",
            Kind::Coroutine => "coroutine ignored GeneratorExit",
            Kind::AsyncGenerator => "async generator ignored GeneratorExit",
        })),
        Ok(SendOutcome::Return(v)) => Ok(v),
        Err(e) => {
            if vm.exception_matches(&vm.exc().GeneratorExit) {
                drop(vm.take_raised(e));
                return Ok(vm.none());
            }
            crate::eval::stop_value(vm, e)
        }
    }
}

/// Checks the number of arguments of `throw`, and warns of the old signature.
pub(super) fn check_arguments<'a>(vm: &Vm, name: &str, args: Args<'a>) -> PyResult<&'a [Value]> {
    let pos = args.pos();
    if args.keyword_count() != 0 {
        return Err(vm.type_error(&format!("{name}() takes no keyword arguments")));
    }
    if pos.is_empty() {
        return Err(vm.type_error(&format!("{name} expected at least 1 argument, got 0")));
    }
    if pos.len() > 3 {
        return Err(vm.type_error(&format!(
            "{name} expected at most 3 arguments, got {}",
            pos.len()
        )));
    }
    if pos.len() > 1 {
        let msg = format!(
            "the (type, exc, tb) signature of {name}() is deprecated, use the single-arg signature instead."
        );
        vm.warn(&vm.exc().DeprecationWarning, &msg, 1)?;
    }
    Ok(pos)
}

/// The exception that `throw(type, value, traceback)` means.
fn exception_of(vm: &Vm, args: &[Value]) -> PyResult<Value> {
    let Some(first) = args.first() else {
        return Err(vm.system_error("throw() without an exception"));
    };
    let value = args.get(1).filter(|v| !vm.is_none(v));
    let tb = args.get(2).filter(|v| !vm.is_none(v));
    if tb.is_some_and(|tb| tb.downcast_ref::<Traceback>().is_none()) {
        return Err(vm.type_error("throw() third argument must be a traceback object"));
    }
    let is_class = first
        .downcast_ref::<TypeObject>()
        .is_some_and(|t| t.is_subtype(vm.exc().BaseException.object()));
    let exc = if is_class {
        let made = match value {
            Some(v) if crate::glue::is_instance(vm, v, first)? => v.clone(),
            Some(v) => match v.downcast_ref::<taipan_object::Tuple>() {
                Some(t) => vm.call_pos(first, t.as_slice())?,
                None => vm.call1(first, v)?,
            },
            None => vm.call0(first)?,
        };
        if made.downcast_ref::<BaseException>().is_none() {
            return Err(vm.type_error(&format!(
                "calling {} should have returned an instance of BaseException, not {}",
                vm.repr_string(first)?,
                vm.type_name(&made)
            )));
        }
        made
    } else if first.downcast_ref::<BaseException>().is_some() {
        if value.is_some() {
            return Err(vm.type_error("instance exception may not have a separate value"));
        }
        first.clone()
    } else {
        return Err(vm.type_error(&format!(
            "exceptions must be classes or instances deriving from BaseException, not {}",
            vm.type_name(first)
        )));
    };
    if let (Some(tb), Some(e)) = (tb, exc.downcast_ref::<BaseException>()) {
        e.traceback.set(Some(tb.clone()));
    }
    Ok(exc)
}

/// The method `throw`.
pub(super) fn throw_method(vm: &Vm, g: &Ref<Generator>, args: Args<'_>) -> PyResult {
    let o = throw(vm, g, check_arguments(vm, "throw", args)?)?;
    super::outcome(vm, o)
}
