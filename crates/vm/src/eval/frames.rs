//! Pushing the frame of a Python function's call, from the interpreter loop and from native code. Arguments are bound to
//! parameters in `binding.rs`, unless the number of them fits as it is.

use taipan_bytecode::code::co;
use taipan_object::{Args, Object, PyResult, Raised, Ref, Tuple, Value, Vm};

use super::binding::{bind, bind_words};
use super::regs::Regs;
use super::{Outcome, eval};
use crate::code::Code;
use crate::frame::{self, Frame, Popped, drop_slot, frame_flag};
use crate::function::Function;
use crate::stats;

/// Fills in the head of a new frame. Takes over `func`.
///
/// # Safety
/// `f` has room for the head and the code's words; the locals are initialised by the caller.
#[inline(always)]
pub(super) unsafe fn init_frame(
    f: *mut Frame,
    func: Ref<Function>,
    code: &Object<Code>,
    flags: u32,
    previous: *mut Frame,
) {
    stats::frame();
    // SAFETY: the contract. `init_self` and `generator` are for those that set the flags which say that they are in use.
    unsafe {
        let (globals, builtins) = (func.globals.as_ptr(), func.builtins.as_ptr());
        let running = code.payload.running();
        (&raw mut (*f).ip).write(running.stream.as_ptr());
        (&raw mut (*f).sp).write(
            f.cast::<u64>()
                .add(frame::FRAME_WORDS + code.payload.nlocalsplus as usize),
        );
        (&raw mut (*f).previous).write(previous);
        (&raw mut (*f).code).write(code);
        (&raw mut (*f).consts).write(running.consts.as_ptr());
        (&raw mut (*f).cache_base).write(running.cache_base);
        (&raw mut (*f).func).write(func.into_value().into_bits());
        (&raw mut (*f).globals).write(globals);
        (&raw mut (*f).builtins).write(builtins);
        (&raw mut (*f).locals).write(0);
        (&raw mut (*f).frame_obj).write(0);
        (&raw mut (*f).flags).write(flags);
        (&raw mut (*f).extra).write(0);
    }
}

/// As [`init_frame`], for a frame that may be the first of its chunk.
///
/// # Safety
/// As for [`init_frame`].
#[inline(always)]
unsafe fn begin_frame(
    vm: &Vm,
    f: *mut Frame,
    func: Ref<Function>,
    code: &Object<Code>,
    flags: u32,
    previous: *mut Frame,
) {
    let first = vm.stack_base.get() == f.cast();
    let flags = flags | if first { frame_flag::OBSERVED } else { 0 };
    // SAFETY: the contract.
    unsafe { init_frame(f, func, code, flags, previous) };
}

/// A function made of a module's or a class's code has the globals for its locals.
///
/// # Safety
/// The frame was made by [`init_frame`] and does not run yet.
unsafe fn share_globals(f: *mut Frame, code: &Code) {
    if !code.has(co::OPTIMIZED) {
        // SAFETY: the contract; the function in the frame keeps its globals alive.
        unsafe {
            (*f).locals = (*(*f).globals).to_ref().into_value().into_bits();
            (*f).flags |= frame_flag::OBSERVED;
        }
    }
}

/// Counts a nested Python call; RecursionError when there are too many.
#[inline(always)]
pub(crate) fn enter_call(vm: &Vm) -> PyResult<()> {
    // Frames on the stack are what counts; see `Vm::recursion_remaining`.
    let n = vm.recursion_remaining.get();
    if n <= 0 {
        return Err(too_deep(vm));
    }
    vm.recursion_remaining.set(n - 1);
    Ok(())
}

#[cold]
fn too_deep(vm: &Vm) -> Raised {
    // Room for what handles the error, as the message itself calls nothing.
    vm.recursion_error("maximum recursion depth exceeded")
}

/// Ends what [`enter_call`] began.
#[inline(always)]
pub(crate) fn leave_call(vm: &Vm) {
    vm.recursion_remaining.set(vm.recursion_remaining.get() + 1);
}

/// Counts a call and takes the memory of its frame.
#[inline(always)]
pub(super) fn open_frame(vm: &Vm, c: &Code) -> PyResult<*mut Frame> {
    enter_call(vm)?;
    frame::allocate(vm, c.frame_words()).inspect_err(|_| leave_call(vm))
}

/// Goes on in a new frame. The caller's stack ends at `sp` meanwhile.
///
/// # Safety
/// The frame is from [`open_frame`] for this code, and its locals are filled. The words from `sp` on are the frame's now.
#[inline(always)]
pub(super) unsafe fn go_on_in(
    vm: &Vm,
    r: &mut Regs,
    f: *mut Frame,
    func: Ref<Function>,
    code: &Object<Code>,
    flags: u32,
    sp: *mut u64,
) {
    // SAFETY: the contract.
    unsafe {
        begin_frame(vm, f, func, code, flags, r.frame);
        r.sp = sp;
        r.save();
        *r = Regs::load(f);
    }
    r.make_current(vm);
}

/// Pushes the frame of a call whose arguments stand in `args` (words of the value stack, which are taken over) and goes on
/// there. The code takes exactly these arguments.
#[inline(always)]
pub(super) fn push_exact_frame(
    vm: &Vm,
    r: &mut Regs,
    func: Ref<Function>,
    args: *mut u64,
    nargs: usize,
    flags: u32,
) -> PyResult<()> {
    push_frame_with_defaults(vm, r, func, args, nargs, &[], flags)
}

/// As [`push_exact_frame`], with values for the parameters behind the arguments.
#[inline(always)]
fn push_frame_with_defaults(
    vm: &Vm,
    r: &mut Regs,
    func: Ref<Function>,
    args: *mut u64,
    nargs: usize,
    rest: &[Value],
    flags: u32,
) -> PyResult<()> {
    // SAFETY: the function keeps its code alive, and the frame keeps the function.
    let code: &Object<Code> = unsafe { &*func.code.as_ptr() };
    let c = &code.payload;
    let f = open_frame(vm, c)?;
    // SAFETY: the frame's memory is fresh; argument words are taken over one by one.
    unsafe {
        let locals = f.cast::<u64>().add(frame::FRAME_WORDS);
        for i in 0..nargs {
            *locals.add(i) = owned(*args.add(i));
        }
        for (i, v) in rest.iter().enumerate() {
            *locals.add(nargs + i) = v.clone().into_bits();
        }
        unbind(
            locals.add(nargs + rest.len()),
            locals.add(c.nlocalsplus as usize),
        );
        go_on_in(vm, r, f, func, code, flags, args);
    }
    Ok(())
}

/// The word of a stack slot that is taken over, owned.
///
/// # Safety
/// The slot holds a value, which is used no more.
#[inline(always)]
pub(super) unsafe fn owned(bits: u64) -> u64 {
    if frame::is_borrowed(bits) {
        // SAFETY: the contract.
        unsafe { Popped::from_bits(bits) }.into_value().into_bits()
    } else {
        bits
    }
}

/// Makes the words from `from` up to `to` unbound.
///
/// # Safety
/// They are words of a new frame.
#[inline(always)]
pub(super) unsafe fn unbind(mut from: *mut u64, to: *mut u64) {
    while from != to {
        // SAFETY: the contract. There are few: a call of memset, which plain stores would become, takes longer.
        unsafe {
            from.write_volatile(0);
            from = from.add(1);
        }
    }
}

/// The number of positional parameters that have defaults.
#[inline(always)]
fn default_count(func: &Function) -> usize {
    // SAFETY: the function keeps its defaults.
    func.defaults
        .peek()
        .map_or(0, |d| unsafe { (*d).payload.len() })
}

/// As [`push_exact_frame`], for positional arguments of a function with `*args` or `**kwargs` that has no keyword-only
/// parameters; defaults make up for what is missing.
///
/// # Safety
/// `args` leads to `nargs` words of the value stack.
#[inline(always)]
unsafe fn push_variadic_frame(
    vm: &Vm,
    r: &mut Regs,
    func: Ref<Function>,
    args: *mut u64,
    nargs: usize,
    flags: u32,
) -> PyResult<()> {
    // SAFETY: as in `push_frame_with_defaults`.
    let code: &Object<Code> = unsafe { &*func.code.as_ptr() };
    let c = &code.payload;
    let argcount = c.argcount as usize;
    let direct = nargs.min(argcount);
    let (varargs, varkeywords) = (c.has(co::VARARGS), c.has(co::VARKEYWORDS));
    // What can fail comes before any word is taken over.
    let kwargs = if varkeywords {
        Some(vm.new_dict()?)
    } else {
        None
    };
    let f = open_frame(vm, c)?;
    // SAFETY: as in `push_frame_with_defaults`; the words behind the parameters' move to the tuple.
    unsafe {
        let locals = f.cast::<u64>().add(frame::FRAME_WORDS);
        unbind(locals.add(direct), locals.add(c.nlocalsplus as usize));
        if varargs {
            let rest = |i: usize| Popped::from_bits(*args.add(direct + i)).into_value();
            match vm.new_tuple_with(nargs - direct, rest) {
                Ok(t) => *locals.add(argcount) = t.into_value().into_bits(),
                Err(e) => {
                    frame::release(vm, f);
                    leave_call(vm);
                    return Err(e);
                }
            }
        }
        if let Some(d) = kwargs {
            *locals.add(argcount + usize::from(varargs)) = d.into_value().into_bits();
        }
        for i in 0..direct {
            *locals.add(i) = owned(*args.add(i));
        }
        if direct < argcount
            && let Some(defaults) = func.defaults.peek()
        {
            let defaults = (*defaults).payload.as_slice();
            let missing = defaults.iter().rev().take(argcount - direct).rev();
            for (i, v) in missing.enumerate() {
                *locals.add(direct + i) = v.clone().into_bits();
            }
        }
        go_on_in(vm, r, f, func, code, flags, args);
    }
    Ok(())
}

/// Whether a function with `*args` or `**kwargs` takes `n` positional arguments, with the defaults that it has.
#[inline(always)]
fn takes_variadically(func: &Function, c: &Code, n: usize) -> bool {
    c.kwonlyargcount == 0
        && (n <= c.argcount as usize || c.has(co::VARARGS))
        && c.has(co::VARARGS | co::VARKEYWORDS)
        && c.has(co::OPTIMIZED)
        && c.argcount as usize <= n + default_count(func)
}

/// As [`push_python_frame`] without keywords, for sites that call functions with `*args` or `**kwargs`.
#[inline(always)]
pub(super) fn push_general_frame(
    vm: &Vm,
    r: &mut Regs,
    func: Ref<Function>,
    args: *mut u64,
    nargs: usize,
) -> PyResult<()> {
    // SAFETY: the function keeps its code alive.
    let c: &Code = unsafe { &(*func.code.as_ptr()).payload };
    if takes_variadically(&func, c, nargs) {
        // SAFETY: the contract of the words is the caller's.
        return unsafe { push_variadic_frame(vm, r, func, args, nargs, 0) };
    }
    push_python_frame(vm, r, func, args, nargs, None, 0)
}

/// As [`push_exact_frame`], for any parameters and arguments.
#[inline(never)]
pub(super) fn push_python_frame(
    vm: &Vm,
    r: &mut Regs,
    func: Ref<Function>,
    args: *mut u64,
    nargs: usize,
    kwnames: Option<&Ref<Tuple>>,
    flags: u32,
) -> PyResult<()> {
    // SAFETY: the function keeps its code alive, and the frame keeps the function.
    let code: &Object<Code> = unsafe { &*func.code.as_ptr() };
    let c = &code.payload;
    if kwnames.is_none() && c.takes_exactly(nargs) {
        return push_exact_frame(vm, r, func, args, nargs, flags);
    }
    if kwnames.is_none()
        && c.simple_args
        && nargs < c.argcount as usize
        && let Some(defaults) = func.defaults.peek()
        // SAFETY: the function keeps its defaults; nothing runs while they are copied.
        && let defaults = unsafe { (*defaults).payload.as_slice() }
        && let Some(first) = (nargs + defaults.len()).checked_sub(c.argcount as usize)
    {
        return push_frame_with_defaults(
            vm,
            r,
            func.clone(),
            args,
            nargs,
            &defaults[first..],
            flags,
        );
    }
    if kwnames.is_none() && takes_variadically(&func, c, nargs) {
        // SAFETY: the contract of the words is ours.
        return unsafe { push_variadic_frame(vm, r, func, args, nargs, flags) };
    }
    let f = open_frame(vm, c)?;
    // SAFETY: the frame's memory is fresh; argument words are taken over one by one.
    unsafe {
        let locals = f.cast::<u64>().add(frame::FRAME_WORDS);
        let n = c.nlocalsplus as usize;
        for i in 0..n {
            *locals.add(i) = 0;
        }
        let out = std::slice::from_raw_parts_mut(locals, n);
        let bound = match bind_words(vm, &func, c, args, nargs, kwnames, out) {
            Ok(false) => {
                let values: Vec<Value> = (0..nargs + kwnames.map_or(0, |k| k.len()))
                    .map(|i| Popped::from_bits(*args.add(i)).into_value())
                    .collect();
                let given = Args {
                    values: &values,
                    kwnames,
                };
                bind(vm, &func, c, given, out)
            }
            done => done.map(drop),
        };
        if let Err(e) = bound {
            for w in out {
                drop_slot(std::mem::replace(w, 0));
            }
            frame::release(vm, f);
            leave_call(vm);
            // The argument words were taken over: nothing is left for the unwinder.
            r.sp = args;
            return Err(e);
        }
        go_on_in(vm, r, f, func, code, flags, args);
        share_globals(f, c);
    }
    Ok(())
}

/// A frame for a call of `func` from native code, on the frame stack, ready for `eval`.
pub fn new_frame_for(
    vm: &Vm,
    func: &Ref<Function>,
    args: Args<'_>,
    locals_ns: Option<Value>,
) -> PyResult<*mut Frame> {
    // SAFETY: the function keeps its code alive, and the frame keeps the function.
    let code: &Object<Code> = unsafe { &*func.code.as_ptr() };
    let c = &code.payload;
    let f = open_frame(vm, c)?;
    // SAFETY: fresh memory, whose locals are filled here.
    unsafe {
        let locals = f.cast::<u64>().add(frame::FRAME_WORDS);
        let n = c.nlocalsplus as usize;
        if args.kwnames.is_none() && c.takes_exactly(args.values.len()) {
            for (i, v) in args.values.iter().enumerate() {
                *locals.add(i) = v.clone().into_bits();
            }
            for i in args.values.len()..n {
                *locals.add(i) = 0;
            }
        } else if let Err(e) = bind_values(vm, func, c, args, locals) {
            frame::release(vm, f);
            leave_call(vm);
            return Err(e);
        }
        let previous = vm.frame.get().cast();
        begin_frame(vm, f, func.clone(), code, frame_flag::ENTRY, previous);
        match locals_ns {
            Some(ns) => {
                (*f).locals = ns.into_bits();
                (*f).flags |= frame_flag::OBSERVED;
            }
            None => share_globals(f, c),
        }
    }
    Ok(f)
}

/// Fills the locals of a fresh frame for any parameters and arguments; nothing is left in them after an error.
///
/// # Safety
/// `locals` leads to the frame's words for locals, which hold nothing yet.
#[inline(never)]
unsafe fn bind_values(
    vm: &Vm,
    func: &Ref<Function>,
    c: &Code,
    args: Args<'_>,
    locals: *mut u64,
) -> PyResult<()> {
    // SAFETY: the contract.
    unsafe {
        let n = c.nlocalsplus as usize;
        for i in 0..n {
            *locals.add(i) = 0;
        }
        let out = std::slice::from_raw_parts_mut(locals, n);
        bind(vm, func, c, args, out).inspect_err(|_| {
            for w in out {
                drop_slot(std::mem::replace(w, 0));
            }
        })
    }
}

/// Calls a Python function from native code.
pub fn call_function(vm: &Vm, func: &Ref<Function>, args: Args<'_>) -> PyResult {
    stats::call_from_native();
    vm.check_stack(" while calling a Python object")?;
    let f = new_frame_for(vm, func, args, None)?;
    finish_call(eval(vm, f, super::Start::Next), vm)
}

/// What a call of a frame gives.
pub(crate) fn finish_call(outcome: PyResult<Outcome>, vm: &Vm) -> PyResult {
    match outcome? {
        Outcome::Return(v) => Ok(v),
        Outcome::Yield(_) | Outcome::Paused => Err(vm.system_error("a function's frame yielded")),
    }
}
