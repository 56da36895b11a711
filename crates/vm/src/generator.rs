//! Generators, coroutines and async generators: objects that own a suspended frame. Resuming from native code is here;
//! their Python methods are in `generator_types`.

use std::cell::Cell;

use taipan_bytecode::Opcode;
use taipan_bytecode::code::co;
use taipan_object::vm::ExcStackItem;
use taipan_object::{
    Object, PyCell, PyResult, Ref, SendOutcome, Str, Traverse, Value, Visitor, Vm,
};

use crate::code::Code;
use crate::eval::{self, Outcome, Start};
use crate::frame::{FRAME_WORDS, Frame, frame_flag, is_borrowed};
use crate::function::Function;

/// Which kind of generator an object is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// `generator`
    Generator,
    /// `coroutine`
    Coroutine,
    /// `async_generator`
    AsyncGenerator,
}

/// Where a generator is in its life.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum State {
    /// Not started.
    Created,
    /// Suspended at a yield.
    Suspended,
    /// Running.
    Running,
    /// Its frame is gone.
    Finished,
}

/// The payload of generators, coroutines and async generators.
pub struct Generator {
    /// Which of the three.
    pub kind: Kind,
    /// Where it is in its life.
    pub state: Cell<State>,
    /// Exceptions handled inside while it is suspended.
    exc: ExcStackItem,
    /// `__name__`
    pub name: PyCell<Ref<Str>>,
    /// `__qualname__`
    pub qualname: PyCell<Ref<Str>>,
    /// `gi_code`
    pub code: Ref<Code>,
    /// `cr_origin`, or the finalizer of an async generator.
    pub origin_or_finalizer: PyCell<Option<Value>>,
    /// Async generators: the hooks were called.
    pub hooks_inited: Cell<bool>,
    /// Async generators: `aclose()` was called.
    pub closed: Cell<bool>,
    /// Async generators: `__anext__`, `asend`, `athrow` or `aclose` is running.
    pub running_async: Cell<bool>,
}

taipan_object::payload!(Generator, gc);

impl Traverse for Generator {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.origin_or_finalizer.visit(visit);
        self.exc.value.visit(visit);
        if !matches!(self.state.get(), State::Created | State::Suspended) {
            return;
        }
        let f = self.frame();
        // SAFETY: a suspended frame's words are 0, own values or borrow them; owned ones are shown.
        unsafe {
            let words = Frame::locals_ptr(f);
            let n = (*f).sp.offset_from(words).max(0) as usize;
            for i in 0..n {
                let w = words.add(i);
                if *w != 0 && !is_borrowed(*w) {
                    visit(Value::from_word_ref(w));
                }
            }
            for w in [
                &raw const (*f).func,
                &raw const (*f).locals,
                &raw const (*f).frame_obj,
            ] {
                if *w != 0 {
                    visit(Value::from_word_ref(w));
                }
            }
        }
    }
    fn clear(&self) {
        if matches!(self.state.get(), State::Created | State::Suspended) {
            self.discard(false);
        }
    }
}

impl Drop for Generator {
    fn drop(&mut self) {
        if matches!(self.state.get(), State::Created | State::Suspended) {
            self.discard(true);
        }
    }
}

impl Generator {
    /// The frame, which lies behind the payload; only meaningful while it is not finished.
    #[inline(always)]
    pub fn frame(&self) -> *mut Frame {
        let at = (&raw const *self).addr() + size_of::<Generator>();
        std::ptr::with_exposed_provenance_mut(at)
    }

    /// Drops a frame that does not run, running nothing of the generator's code. A frame object that others hold keeps the
    /// locals, if they are to be kept.
    fn discard(&self, keep_locals: bool) {
        self.state.set(State::Finished);
        let f = self.frame();
        // SAFETY: the frame is suspended; its stack and locals are dropped once.
        unsafe {
            let base = Frame::stack_base(f);
            while (*f).sp > base {
                (*f).sp = (*f).sp.sub(1);
                let bits = std::mem::replace(&mut *(*f).sp, 0);
                crate::frame::drop_slot(bits);
            }
            if (*f).frame_obj != 0 {
                crate::frame_object::forget_frame(f, keep_locals);
            }
            eval::clear_frame(f);
        }
        self.exc.value.set(None);
    }

    /// Ends a generator that does not run, running nothing of its code.
    pub(crate) fn throw_away(&self) {
        if matches!(self.state.get(), State::Created | State::Suspended) {
            self.discard(true);
        }
    }

    /// What the generator delegates to: the operand of the SEND it is suspended in.
    pub fn yield_from(&self, vm: &Vm) -> Option<Value> {
        let _ = vm;
        if self.state.get() != State::Suspended {
            return None;
        }
        let f = self.frame();
        // SAFETY: a suspended frame; its ip is behind YIELD_VALUE, at RESUME, whose operand says where it is.
        unsafe {
            let unit = (*(*f).ip).get();
            let op = crate::observe::opcode_at((*f).code(), (*f).next_unit().max(0) as usize)?;
            let op = op.deopt();
            let resume = matches!(op, Opcode::Resume | Opcode::InstrumentedResume);
            // RESUME 2: after `yield from`; 3: after `await`.
            if !resume || (unit >> 8) & 3 < 2 {
                return None;
            }
            let w = (*f).sp.sub(1);
            let v = std::mem::ManuallyDrop::new(Value::from_bits(crate::frame::strip(*w)));
            Some((*v).clone())
        }
    }
}

/// Moves the frame of a call that makes a generator into a new object.
pub(crate) fn from_frame(vm: &Vm, f: *mut Frame) -> PyResult {
    // SAFETY: the running frame, whose registers are saved. Its words move to the generator's memory, and nobody uses the
    // old ones again.
    unsafe {
        let code = (*f).code_ref();
        let words = FRAME_WORDS + code.frame_words();
        let kind = if code.has(co::COROUTINE) {
            Kind::Coroutine
        } else if code.has(co::ASYNC_GENERATOR) {
            Kind::AsyncGenerator
        } else {
            Kind::Generator
        };
        // SAFETY: the frame owns its function.
        let func = std::mem::ManuallyDrop::new(Value::from_bits((*f).func));
        let (name, qualname) = match func.downcast_ref::<Function>() {
            Some(func) => (func.name.get(), func.qualname.get()),
            None => (code.name.clone(), code.qualname.clone()),
        };
        let data = crate::frame::thread_data(vm);
        let origin = if kind == Kind::Coroutine && data.origin_depth.get() > 0 {
            crate::generator_types::origin(vm, f)?
        } else {
            None
        };
        let class = crate::generator_types::class_of(vm, data, kind)?;
        // What follows the payload is not looked at before the state says that there is a frame.
        let generator = vm.heap().new_object_with_tail(
            class,
            size_of::<Object<Generator>>() + 8 * words,
            false,
            || Generator {
                kind,
                state: Cell::new(State::Finished),
                exc: ExcStackItem::new(),
                name: PyCell::new(name),
                qualname: PyCell::new(qualname),
                code,
                origin_or_finalizer: PyCell::new(origin),
                hooks_inited: Cell::new(false),
                closed: Cell::new(false),
                running_async: Cell::new(false),
            },
        );
        let generator = generator.map_err(|_| vm.no_memory())?;
        let new = generator.frame();
        let used = (*f).sp.offset_from(f.cast::<u64>()) as usize;
        std::ptr::copy_nonoverlapping(f.cast::<u64>(), new.cast::<u64>(), used);
        (*new).sp = new.cast::<u64>().add(used);
        (*new).previous = std::ptr::null_mut();
        (*new).flags = frame_flag::GENERATOR | ((*f).flags & frame_flag::OBSERVED);
        (*new).generator = generator.as_value().bits();
        if (*new).frame_obj != 0 {
            crate::frame_object::frame_moved(new);
        }
        generator.state.set(State::Created);
        Ok(generator.into_value())
    }
}

/// The generator that a frame belongs to.
///
/// # Safety
/// `f` is a generator's frame, whose generator is alive (it runs, so its caller holds it).
#[inline(always)]
unsafe fn owner<'a>(f: *mut Frame) -> &'a Generator {
    // SAFETY: the word is the address of the live generator that `from_frame` made.
    unsafe {
        let at = (*f).generator as usize;
        &(*std::ptr::with_exposed_provenance::<Object<Generator>>(at)).payload
    }
}

#[inline(always)]
fn unlink(vm: &Vm, g: &Generator) {
    vm.exc_info.set(g.exc.previous.get());
    g.exc.previous.set(std::ptr::null());
}

/// The running generator's frame yields.
#[inline(always)]
pub(crate) fn suspend(vm: &Vm, f: *mut Frame) {
    // SAFETY: the generator runs.
    let g = unsafe { owner(f) };
    g.state.set(State::Suspended);
    unlink(vm, g);
    eval::leave_call(vm);
}

/// The running generator's frame is done; the frame itself is cleared by the caller.
pub(crate) fn finish(vm: &Vm, f: *mut Frame) {
    // SAFETY: the generator runs.
    let g = unsafe { owner(f) };
    g.state.set(State::Finished);
    unlink(vm, g);
    g.exc.value.set(None);
}

/// Resumes a generator: pushes `arg` as the value of its yield, or, with `throw`, raises the pending exception there.
/// `Ok(Yield)`, `Ok(Return)`, or the exception it raised.
pub fn resume(
    vm: &Vm,
    g: &Ref<Generator>,
    arg: Option<&Value>,
    throw: bool,
) -> PyResult<SendOutcome> {
    let state = g.state.get();
    let f = g.frame();
    match state {
        State::Running => {
            return Err(vm.value_error(match g.kind {
                Kind::Generator => "generator already executing",
                Kind::Coroutine => "coroutine already executing",
                Kind::AsyncGenerator => "async generator already executing",
            }));
        }
        State::Finished => {
            if g.kind == Kind::Coroutine {
                return Err(vm.runtime_error("cannot reuse already awaited coroutine"));
            }
            if throw {
                return Err(vm.raised());
            }
            return Ok(SendOutcome::Return(vm.none()));
        }
        State::Created | State::Suspended => {}
    }
    if state == State::Created
        && let Some(v) = arg
        && !vm.is_none(v)
    {
        return Err(vm.type_error(match g.kind {
            Kind::Generator => "can't send non-None value to a just-started generator",
            Kind::Coroutine => "can't send non-None value to a just-started coroutine",
            Kind::AsyncGenerator => "can't send non-None value to a just-started async generator",
        }));
    }
    vm.check_stack(" while calling a Python object")?;
    eval::enter_call(vm)?;
    // The object stays alive while it runs.
    let g = g.clone();
    // SAFETY: the frame is suspended.
    unsafe { (*f).flags |= frame_flag::ENTRY };
    g.state.set(State::Running);
    let level = vm.exc_info.replace(&raw const g.exc);
    // What the generator handles is the context of what is thrown in; what its caller handles is not.
    if throw && let Some(e) = vm.take_exception() {
        let _ = vm.raise(e);
    }
    g.exc.previous.set(level);
    let start = match throw {
        true => Start::Throw,
        false => Start::Send(arg.cloned().unwrap_or_else(|| vm.none())),
    };
    match eval::eval(vm, f, start) {
        Ok(Outcome::Yield(v)) => Ok(SendOutcome::Yield(v)),
        Ok(Outcome::Return(v)) => Ok(SendOutcome::Return(v)),
        Ok(Outcome::Paused) => Err(vm.system_error("a generator's frame was paused")),
        Err(e) => Err(e),
    }
}

/// Goes on in the generator's frame without leaving the interpreter loop. The running frame's instruction pointer is where it
/// goes on when the generator yields; when it returns, `offset` units behind that.
#[inline(always)]
pub(crate) fn resume_in_place(
    vm: &Vm,
    r: &mut crate::eval::regs::Regs,
    g: &Generator,
    value: Value,
    offset: u32,
) -> PyResult<()> {
    if vm.recursion_remaining.get() <= 0 {
        eval::enter_call(vm)?;
    }
    go_on(vm, r, g, value, offset);
    Ok(())
}

/// As [`resume_in_place`], when the recursion limit is not reached.
#[inline(always)]
pub(crate) fn go_on(
    vm: &Vm,
    r: &mut crate::eval::regs::Regs,
    g: &Generator,
    value: Value,
    offset: u32,
) {
    vm.recursion_remaining.set(vm.recursion_remaining.get() - 1);
    let f = g.frame();
    r.save();
    // SAFETY: the frame is suspended, with room for the value that is pushed; the running frame's stack keeps the generator alive.
    unsafe {
        (*r.frame).extra = offset;
        (*f).flags &= !frame_flag::ENTRY;
        (*f).previous = r.frame;
        g.state.set(State::Running);
        g.exc.previous.set(vm.exc_info.get());
        vm.exc_info.set(&raw const g.exc);
        *r = crate::eval::regs::Regs::load(f);
    }
    r.push(value);
    r.make_current(vm);
}

/// `next(g)` for generators.
pub fn iternext(vm: &Vm, v: &Value) -> PyResult<Option<Value>> {
    let Some(g) = v.downcast_ref::<Generator>() else {
        return Err(vm.type_error("generator expected"));
    };
    if matches!(g.state.get(), State::Created | State::Suspended) {
        vm.check_stack(" while calling a Python object")?;
        eval::enter_call(vm)?;
        // The object stays alive while it runs.
        let g = g.clone();
        let f = g.frame();
        // SAFETY: as in `resume`.
        unsafe { (*f).flags |= frame_flag::ENTRY };
        g.state.set(State::Running);
        g.exc.previous.set(vm.exc_info.replace(&raw const g.exc));
        return match eval::eval(vm, f, Start::Send(vm.none()))? {
            Outcome::Yield(v) => Ok(Some(v)),
            Outcome::Return(r) if vm.is_none(&r) => Ok(None),
            Outcome::Return(r) => Err(crate::glue::raise_stop_iteration(vm, r)),
            Outcome::Paused => Err(vm.system_error("a generator's frame was paused")),
        };
    }
    match resume(vm, g, None, false)? {
        SendOutcome::Yield(v) => Ok(Some(v)),
        SendOutcome::Return(r) if vm.is_none(&r) => Ok(None),
        SendOutcome::Return(r) => Err(crate::glue::raise_stop_iteration(vm, r)),
    }
}

/// The iterator behind an awaitable (`_PyCoro_GetAwaitableIter`).
pub fn awaitable_iter(vm: &Vm, v: &Value) -> PyResult {
    if let Some(g) = v.downcast_ref::<Generator>()
        && (g.kind == Kind::Coroutine
            || (g.kind == Kind::Generator && g.code.has(co::ITERABLE_COROUTINE)))
    {
        return Ok(v.clone());
    }
    let Some(f) = vm.type_of(v).payload.slots.am_await.get() else {
        return Err(vm.type_error(&format!("'{}' object can't be awaited", vm.type_name(v))));
    };
    let it = f(vm, v)?;
    if let Some(g) = it.downcast_ref::<Generator>()
        && (g.kind == Kind::Coroutine || g.code.has(co::ITERABLE_COROUTINE))
    {
        return Err(vm.type_error("__await__() returned a coroutine"));
    }
    if vm.type_of(&it).payload.slots.tp_iternext.get().is_none() {
        return Err(vm.type_error(&format!(
            "__await__() returned non-iterator of type '{}'",
            vm.type_name(&it)
        )));
    }
    Ok(it)
}

/// Marks a value that an async generator yields, to tell it from what it awaits.
pub fn wrap_async_value(vm: &Vm, v: &Value) -> PyResult {
    crate::generator_types::wrap_async_value(vm, v)
}
