//! Calls: pushing the frame of a Python function, and calling everything else. Arguments are bound to parameters in
//! `binding.rs`.

use std::mem::MaybeUninit;

use smallvec::SmallVec;
use taipan_bytecode::code::co;
use taipan_object::descr::Method;
use taipan_object::{Args, Dict, Object, PyResult, Raised, Ref, Str, Tuple, TypeObject, Value, Vm};

use super::binding::{bind, bind_words};
use super::regs::Regs;
use super::{Outcome, eval};
use crate::code::Code;
use crate::frame::{self, Frame, Popped, drop_slot, frame_flag, strip};
use crate::function::Function;

/// Units of CALL's cache.
pub(super) const CALL_CACHE: usize = 3;
/// Units of LOAD_ATTR's cache.
const ATTR_CACHE: usize = 9;

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
    // SAFETY: the contract.
    unsafe {
        let (globals, builtins) = (func.globals.as_ptr(), func.builtins.as_ptr());
        let running = code.payload.running();
        f.write(Frame {
            ip: running.stream.as_ptr(),
            sp: f
                .cast::<u64>()
                .add(frame::FRAME_WORDS + code.payload.nlocalsplus as usize),
            previous,
            code,
            consts: code.payload.consts().as_slice().as_ptr(),
            cache_base: running.cache_base,
            func: func.into_value().into_bits(),
            globals,
            builtins,
            locals: 0,
            frame_obj: 0,
            init_self: 0,
            generator: 0,
            flags,
            extra: 0,
        });
    }
}

/// A function made of a module's or a class's code has the globals for its locals.
///
/// # Safety
/// The frame was made by [`init_frame`] and does not run yet.
unsafe fn share_globals(f: *mut Frame, code: &Code) {
    if !code.has(co::OPTIMIZED) {
        // SAFETY: the contract; the function in the frame keeps its globals alive.
        unsafe { (*f).locals = (*(*f).globals).to_ref().into_value().into_bits() };
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
    enter_call(vm)?;
    // SAFETY: the function keeps its code alive, and the frame keeps the function.
    let code: &Object<Code> = unsafe { &*func.code.as_ptr() };
    let c = &code.payload;
    let f = match frame::allocate(vm, c.frame_words()) {
        Ok(f) => f,
        Err(e) => {
            leave_call(vm);
            return Err(e);
        }
    };
    // SAFETY: the frame's memory is fresh; argument words are taken over one by one.
    unsafe {
        let locals = f.cast::<u64>().add(frame::FRAME_WORDS);
        for i in 0..nargs {
            *locals.add(i) = owned(*args.add(i));
        }
        for i in nargs..c.nlocalsplus as usize {
            *locals.add(i) = 0;
        }
        init_frame(f, func, code, flags, r.frame);
        // The caller goes on with the arguments, the callable and self gone.
        r.sp = args;
        r.save();
        *r = Regs::load(f);
        r.make_current(vm);
    }
    Ok(())
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
    enter_call(vm)?;
    // SAFETY: as in `push_exact_frame`.
    let code: &Object<Code> = unsafe { &*func.code.as_ptr() };
    let c = &code.payload;
    let f = match frame::allocate(vm, c.frame_words()) {
        Ok(f) => f,
        Err(e) => {
            leave_call(vm);
            return Err(e);
        }
    };
    // SAFETY: as in `push_exact_frame`.
    unsafe {
        let locals = f.cast::<u64>().add(frame::FRAME_WORDS);
        for i in 0..nargs {
            *locals.add(i) = owned(*args.add(i));
        }
        for (i, v) in rest.iter().enumerate() {
            *locals.add(nargs + i) = v.clone().into_bits();
        }
        for i in nargs + rest.len()..c.nlocalsplus as usize {
            *locals.add(i) = 0;
        }
        init_frame(f, func, code, flags, r.frame);
        r.sp = args;
        r.save();
        *r = Regs::load(f);
        r.make_current(vm);
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
    // SAFETY: as in `push_exact_frame`.
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
    enter_call(vm)?;
    let f = match frame::allocate(vm, c.frame_words()) {
        Ok(f) => f,
        Err(e) => {
            leave_call(vm);
            return Err(e);
        }
    };
    // SAFETY: as in `push_exact_frame`; the words behind the parameters' move to the tuple.
    unsafe {
        let locals = f.cast::<u64>().add(frame::FRAME_WORDS);
        for i in direct..c.nlocalsplus as usize {
            *locals.add(i) = 0;
        }
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
        init_frame(f, func, code, flags, r.frame);
        r.sp = args;
        r.save();
        *r = Regs::load(f);
        r.make_current(vm);
    }
    Ok(())
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
    if kwnames.is_none()
        && c.kwonlyargcount == 0
        && (nargs <= c.argcount as usize || c.has(co::VARARGS))
        && c.has(co::VARARGS | co::VARKEYWORDS)
        && c.has(co::OPTIMIZED)
        && c.argcount as usize <= nargs + default_count(&func)
    {
        // SAFETY: the contract of the words is ours.
        return unsafe { push_variadic_frame(vm, r, func, args, nargs, flags) };
    }
    enter_call(vm)?;
    let f = match frame::allocate(vm, c.frame_words()) {
        Ok(f) => f,
        Err(e) => {
            leave_call(vm);
            return Err(e);
        }
    };
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
        init_frame(f, func, code, flags, r.frame);
        share_globals(f, c);
        r.sp = args;
        r.save();
        *r = Regs::load(f);
        r.make_current(vm);
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
    enter_call(vm)?;
    let f = match frame::allocate(vm, c.frame_words()) {
        Ok(f) => f,
        Err(e) => {
            leave_call(vm);
            return Err(e);
        }
    };
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
        init_frame(f, func.clone(), code, frame_flag::ENTRY, previous);
        match locals_ns {
            Some(ns) => (*f).locals = ns.into_bits(),
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
    vm.check_stack(" while calling a Python object")?;
    let f = new_frame_for(vm, func, args, None)?;
    finish_call(eval(vm, f, false), vm)
}

/// What a call of a frame gives.
pub(crate) fn finish_call(outcome: PyResult<Outcome>, vm: &Vm) -> PyResult {
    match outcome? {
        Outcome::Return(v) => Ok(v),
        Outcome::Yield(_) => Err(vm.system_error("a function's frame yielded")),
    }
}

/// The parts of a call on the value stack.
pub(super) struct Site {
    /// The word of the callable.
    pub(super) callable: *mut u64,
    /// The first argument's word: that of `self` when there is one.
    pub(super) first: *mut u64,
    /// The number of arguments, `self` included.
    pub(super) total: usize,
}

impl Site {
    /// The call whose `n` arguments are on the top.
    #[inline(always)]
    pub(super) fn new(r: &Regs, n: usize) -> Site {
        // SAFETY: the stack has the callable, self or NULL, and the arguments.
        unsafe {
            let args = r.sp.sub(n);
            let self_word = args.sub(1);
            let (first, total) = if *self_word != 0 {
                (self_word, n + 1)
            } else {
                (args, n)
            };
            Site {
                callable: args.sub(2),
                first,
                total,
            }
        }
    }

    /// The callable, for looking.
    #[inline(always)]
    pub(super) fn callable(&self) -> std::mem::ManuallyDrop<Value> {
        // SAFETY: the slot keeps the callable alive.
        std::mem::ManuallyDrop::new(unsafe { Value::from_bits(strip(*self.callable)) })
    }

    /// Argument `i`, for looking.
    ///
    /// # Safety
    /// There are more than `i`.
    #[inline(always)]
    pub(super) unsafe fn arg(&self, i: usize) -> std::mem::ManuallyDrop<Value> {
        // SAFETY: the contract; the slot keeps the value alive.
        std::mem::ManuallyDrop::new(unsafe { Value::from_bits(strip(*self.first.add(i))) })
    }

    /// Puts the parts of a bound method in the places of function and `self`.
    #[inline(always)]
    pub(super) fn expand_method(&mut self, m: &Method) {
        // SAFETY: without a `self`, its place is NULL, before the first argument.
        unsafe {
            self.first = self.first.sub(1);
            self.total += 1;
            *self.first = m.self_.clone().into_bits();
            let function = m.function.clone().into_bits();
            drop_slot(std::mem::replace(&mut *self.callable, function));
        }
    }

    /// Takes the function out of the callable's word.
    ///
    /// # Safety
    /// The callable is a function.
    #[inline(always)]
    pub(super) unsafe fn take_function(&self) -> Ref<Function> {
        // SAFETY: the contract; the word's content is taken over.
        unsafe {
            let bits = std::mem::replace(&mut *self.callable, 0);
            Ref::from_value_unchecked(Popped::from_bits(bits).into_value())
        }
    }

    /// Whether no `self` stands before the `n` arguments.
    #[inline(always)]
    pub(super) fn without_self(&self, n: usize) -> bool {
        self.total == n
    }
}

/// CALL: `callable, self or NULL, args...`
#[inline(never)]
pub(super) fn call(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    if super::specialize::warm(r) {
        super::call_cache::specialize_call(vm, r, arg);
    }
    call_general(vm, r, arg)
}

/// Any call without keywords.
#[inline(never)]
pub(super) fn call_general(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    r.save_ip();
    let n = arg as usize;
    let mut site = Site::new(r, n);
    if site.without_self(n)
        && let Some(m) = site.callable().downcast_ref::<Method>()
    {
        site.expand_method(m);
    }
    let callable = site.callable();
    if callable.downcast_ref::<Function>().is_some() {
        r.skip(CALL_CACHE);
        // SAFETY: it is a function; the words of the arguments are taken over.
        unsafe {
            let func = site.take_function();
            push_python_frame(vm, r, func, site.first, site.total, None, 0)?;
            end_caller_stack(r, site.callable);
        }
        return Ok(());
    }
    if let Some(ty) = callable.downcast_ref::<TypeObject>()
        && site.without_self(n)
        && let Some(init) = find_init(vm, ty)
    {
        return enter_init(vm, r, &site, ty, init);
    }
    if site.without_self(n)
        && let Some(func) = find_call(vm, &callable)
    {
        r.skip(CALL_CACHE);
        // SAFETY: the object moves to the place of `self`; its old place is below the stack's end.
        unsafe {
            let first = site.first.sub(1);
            *first = std::mem::replace(&mut *site.callable, 0);
            push_python_frame(vm, r, func, first, site.total + 1, None, 0)?;
            end_caller_stack(r, site.callable);
        }
        return Ok(());
    }
    r.skip(CALL_CACHE);
    // SAFETY: the words are live stack slots.
    let v = unsafe { call_native_words(vm, &callable, site.first, site.total, None)? };
    end_call(r, n, v);
    super::control::poll(vm, r)
}

/// The `__call__` of an instance of a class, if it is written in Python.
#[inline(always)]
fn find_call(vm: &Vm, callable: &Value) -> Option<Ref<Function>> {
    let ty = &vm.type_of(callable).payload;
    if !ty.is_heap() {
        return None;
    }
    vm.lookup(ty, &vm.names().__call__)?
        .downcast::<Function>()
        .ok()
}

/// Drops the words of a call with `n` arguments and pushes its result.
#[inline(always)]
pub(super) fn end_call(r: &mut Regs, n: usize, v: Value) {
    // SAFETY: the stack has the callable, self or NULL, and the arguments; each word is taken out once.
    unsafe {
        let mut at = r.sp;
        let base = at.sub(n + 2);
        r.sp = base;
        while at != base {
            at = at.sub(1);
            drop_slot(*at);
        }
    }
    r.push(v);
}

/// Makes an instance of a class that [`find_init`] accepted, and enters its `__init__`.
#[inline(always)]
pub(super) fn enter_init(
    vm: &Vm,
    r: &mut Regs,
    site: &Site,
    ty: &Ref<TypeObject>,
    init: Ref<Function>,
) -> PyResult<()> {
    let instance = vm.new_object(ty, taipan_object::types::Plain)?.into_value();
    r.skip(CALL_CACHE);
    // SAFETY: `self` goes to the NULL's place; the class word is dropped once the frame runs.
    unsafe {
        let first = site.first.sub(1);
        let total = site.total + 1;
        *first = instance.clone().into_bits();
        if (*init.code.as_ptr()).payload.takes_exactly(total) {
            push_exact_frame(vm, r, init, first, total, frame_flag::INIT)?;
        } else {
            push_python_frame(vm, r, init, first, total, None, frame_flag::INIT)?;
        }
        (*r.frame).init_self = instance.into_bits();
        let class = std::mem::replace(&mut *site.callable, 0);
        end_caller_stack(r, site.callable);
        drop_slot(class);
    }
    Ok(())
}

/// LOAD_ATTR_PROPERTY: enters the getter, whose argument is the owner on the top.
pub(super) fn load_attr_property(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    r.save_ip();
    let Some(getter) = super::specialize::property_getter(r) else {
        return super::attrs::load_attr_missed(vm, r, arg);
    };
    r.skip(ATTR_CACHE);
    // SAFETY: the owner's word is taken over by the frame.
    unsafe {
        let owner = r.sp.sub(1);
        push_python_frame(vm, r, getter, owner, 1, None, 0)
    }
}

/// The `__init__` of a class whose instances can be made here: a plain class with `object.__new__` and a Python `__init__`.
#[inline(never)]
pub(super) fn find_init(vm: &Vm, ty: &Ref<TypeObject>) -> Option<Ref<Function>> {
    if !ty.is_heap()
        || !std::ptr::eq(ty.head().ty(), vm.types().type_.object())
        || ty.has_flag(taipan_object::tpflags::IS_ABSTRACT)
        || !ty
            .slots
            .same(taipan_object::SlotId::tp_new, &vm.types().object.slots)
        || !std::ptr::eq(
            ty.layout(),
            <taipan_object::types::Plain as taipan_object::Payload>::layout(),
        )
    {
        return None;
    }
    vm.lookup(ty, &vm.names().__init__)?
        .downcast::<Function>()
        .ok()
}

/// After a frame was pushed: the caller's stack ends below its callable, whose word has been taken out.
///
/// # Safety
/// `r` runs the new frame, and `word` is a slot of the caller's stack.
#[inline(always)]
pub(super) unsafe fn end_caller_stack(r: &mut Regs, word: *mut u64) {
    // SAFETY: the contract.
    unsafe {
        let previous = (*r.frame).previous;
        (*previous).sp = word;
    }
}

/// Calls a callable that is no Python function with `n` positional words (and keyword words behind them).
///
/// # Safety
/// The words are live stack slots. They still belong to the stack afterwards.
pub(super) unsafe fn call_native_words(
    vm: &Vm,
    callable: &Value,
    first: *mut u64,
    n: usize,
    kwnames: Option<&Ref<Tuple>>,
) -> PyResult {
    let total = n + kwnames.map_or(0, |k| k.len());
    let Some(f) = vm.type_of(callable).payload.slots.tp_call.get() else {
        return Err(not_callable(vm, callable));
    };
    vm.check_stack(" while calling a Python object")?;
    // SAFETY: the contract.
    unsafe {
        lend_words(first, total, |values| {
            f(vm, callable, Args { values, kwnames })
        })
    }
}

/// Arguments that [`lend_words`] copies rather than unmark in place.
const LENT_COPIES: usize = 5;

/// Calls `f` with words of the stack as values. Borrowed words lose their mark meanwhile.
///
/// # Safety
/// The words are live stack slots. They still belong to the stack afterwards.
#[inline(always)]
pub(super) unsafe fn lend_words<T>(
    first: *mut u64,
    total: usize,
    f: impl FnOnce(&[Value]) -> T,
) -> T {
    if total <= LENT_COPIES {
        let mut words = [const { MaybeUninit::<u64>::uninit() }; LENT_COPIES];
        let lent = words.as_mut_ptr().cast::<u64>();
        // SAFETY: the contract, and there is room. The values are only lent: the stack's words keep them alive.
        return unsafe {
            for i in 0..total {
                *lent.add(i) = strip(*first.add(i));
            }
            f(std::slice::from_raw_parts(lent.cast::<Value>(), total))
        };
    }
    let mut borrowed: u64 = 0;
    // SAFETY: the contract. The values are only lent.
    unsafe {
        if total > 64 {
            for i in 0..total {
                let w = first.add(i);
                *w = owned(*w);
            }
        } else {
            for i in 0..total {
                let w = first.add(i);
                if frame::is_borrowed(*w) {
                    borrowed |= 1 << i;
                    *w = strip(*w);
                }
            }
        }
        let result = f(std::slice::from_raw_parts(first.cast::<Value>(), total));
        while borrowed != 0 {
            let i = borrowed.trailing_zeros() as usize;
            let w = first.add(i);
            *w = frame::borrow(*w);
            borrowed &= borrowed - 1;
        }
        result
    }
}

#[cold]
fn not_callable(vm: &Vm, callable: &Value) -> Raised {
    let mut msg = format!("'{}' object is not callable", vm.type_name(callable));
    if let Some(m) = callable.downcast_ref::<taipan_object::Module>()
        && let Some(d) = m.dict.get()
        && let Some(name) = d.get_str(vm, &vm.names().__name__)
        && let Some(name) = name.downcast_ref::<Str>()
        && let Some(attr) = d.get_str(vm, name)
        && vm.is_callable(&attr)
    {
        let n = name.to_string_lossy();
        msg.push_str(&format!(". Did you mean: '{n}.{n}(...)'?"));
    }
    vm.type_error(&msg)
}

/// CALL_KW: `callable, self or NULL, args..., kwnames`
pub(super) fn call_kw(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    r.save_ip();
    let names = r.pop();
    let names = names.view();
    let Some(names) = names.downcast_ref::<Tuple>() else {
        return Err(vm.system_error("CALL_KW without a tuple of names"));
    };
    let n = arg as usize;
    let Some(npos) = n.checked_sub(names.len()) else {
        return Err(vm.system_error("CALL_KW with more names than arguments"));
    };
    let mut site = Site::new(r, n);
    if site.without_self(n)
        && let Some(m) = site.callable().downcast_ref::<Method>()
    {
        site.expand_method(m);
    }
    let npos = npos + site.total - n;
    let callable = site.callable();
    // SAFETY: as in `call`.
    unsafe {
        if let Some(func) = callable.downcast_ref::<Function>() {
            let places = keyword_places(vm, r, func, npos, names);
            r.skip(CALL_CACHE);
            let func = site.take_function();
            match places {
                Some(places) => push_placed_frame(vm, r, func, &site, npos, names.len(), places)?,
                None => push_python_frame(vm, r, func, site.first, npos, Some(names), 0)?,
            }
            end_caller_stack(r, site.callable);
            return Ok(());
        }
        r.skip(CALL_CACHE);
        let v = call_native_words(vm, &callable, site.first, npos, Some(names))?;
        end_call(r, n, v);
    }
    super::control::poll(vm, r)
}

/// Keywords whose places fit the cache of a CALL_KW.
const MAX_PLACED: usize = 8;

/// For each keyword of a call the place of its parameter, a byte each, from the site's cache: the arguments fill parameters
/// by these places and the rest by defaults, without `*args`, `**kwargs`, or anything wrong. Cache words: 0 is the tuple of
/// names, 1 the function's version and the number of positional arguments, 2 the places. A version of 0 is none, and
/// changes of code and defaults take it away.
#[inline(always)]
fn keyword_places(
    vm: &Vm,
    r: &Regs,
    func: &Ref<Function>,
    npos: usize,
    names: &Ref<Tuple>,
) -> Option<u64> {
    let version = func.version.get();
    if version != 0
        && r.cache(0).get() == names.as_value().bits()
        && r.cache(1).get() == u64::from(version) | (npos as u64) << 32
    {
        return Some(r.cache(2).get());
    }
    find_places(vm, r, func, npos, names)
}

#[inline(never)]
fn find_places(
    vm: &Vm,
    r: &Regs,
    func: &Ref<Function>,
    npos: usize,
    names: &Ref<Tuple>,
) -> Option<u64> {
    let c = func.code.get();
    let argcount = c.argcount as usize;
    let total = argcount + c.kwonlyargcount as usize;
    if names.len() > MAX_PLACED
        || total > 64
        || npos > argcount
        || c.has(co::VARARGS)
        || c.has(co::VARKEYWORDS)
        || !c.has(co::OPTIMIZED)
    {
        return None;
    }
    let mut given: u64 = if npos == 64 { !0 } else { (1 << npos) - 1 };
    let mut places = 0;
    let first = c.posonlyargcount as usize;
    let params = c.locals().get(..total)?;
    for (i, name) in names.as_slice().iter().enumerate() {
        let at = first
            + params
                .iter()
                .skip(first)
                .position(|p| p.as_value().is(name))?;
        if given & 1 << at != 0 {
            return None;
        }
        given |= 1 << at;
        places |= (at as u64) << (8 * i);
    }
    let required = argcount.saturating_sub(func.defaults.get().map_or(0, |d| d.len()));
    let missing = |i: &usize| given & 1 << i == 0;
    // Keyword-only parameters have their defaults in a dict that may change.
    if (0..required).chain(argcount..total).any(|i| missing(&i)) {
        return None;
    }
    r.cache(0).set(names.as_value().bits());
    r.cache(1)
        .set(u64::from(func.version(vm)) | (npos as u64) << 32);
    r.cache(2).set(places);
    Some(places)
}

/// As [`push_exact_frame`], with keywords at the places that [`keyword_places`] gave.
///
/// # Safety
/// The site's words are live stack slots: `npos` positional arguments, and `nkw` more for the keywords.
#[inline(always)]
unsafe fn push_placed_frame(
    vm: &Vm,
    r: &mut Regs,
    func: Ref<Function>,
    site: &Site,
    npos: usize,
    nkw: usize,
    places: u64,
) -> PyResult<()> {
    enter_call(vm)?;
    // SAFETY: as in `push_exact_frame`; the places are below the number of parameters.
    unsafe {
        let code: &Object<Code> = &*func.code.as_ptr();
        let c = &code.payload;
        let f = match frame::allocate(vm, c.frame_words()) {
            Ok(f) => f,
            Err(e) => {
                leave_call(vm);
                return Err(e);
            }
        };
        let args = site.first;
        let locals = f.cast::<u64>().add(frame::FRAME_WORDS);
        for i in 0..npos {
            *locals.add(i) = owned(*args.add(i));
        }
        for i in npos..c.nlocalsplus as usize {
            *locals.add(i) = 0;
        }
        for i in 0..nkw {
            let at = (places >> (8 * i)) as u8;
            *locals.add(usize::from(at)) = owned(*args.add(npos + i));
        }
        let argcount = c.argcount as usize;
        if npos + nkw < argcount + c.kwonlyargcount as usize
            && let Some(defaults) = func.defaults.peek()
        {
            let defaults = (*defaults).payload.as_slice();
            let skipped = defaults.len().saturating_sub(argcount);
            let first = argcount.saturating_sub(defaults.len());
            for (i, v) in defaults.iter().skip(skipped).enumerate() {
                let word = locals.add(first + i);
                if *word == 0 {
                    *word = v.clone().into_bits();
                }
            }
        }
        init_frame(f, func, code, 0, r.frame);
        r.sp = args;
        r.save();
        *r = Regs::load(f);
        r.make_current(vm);
    }
    Ok(())
}

/// CALL_FUNCTION_EX: `callable, NULL, iterable, mapping or NULL`
pub(super) fn call_function_ex(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    r.save_ip();
    let kw_bits = r.peek_bits(1);
    let callable = r.peek(4);
    let star = r.peek(2);
    let args: Ref<Tuple> = match star.downcast_exact::<Tuple>(&vm.types().tuple) {
        Some(t) => t.clone(),
        None => {
            let slots = &vm.type_of(&star).payload.slots;
            if slots.tp_iter.get().is_none() && slots.sq_item.get().is_none() {
                return Err(vm.type_error(&format!(
                    "{} argument after * must be an iterable, not {}",
                    crate::glue::function_str(vm, &callable),
                    vm.type_name(&star)
                )));
            }
            vm.new_tuple(vm.collect(&star)?)?
        }
    };
    let kwargs: Option<Ref<Dict>> = if kw_bits == 0 {
        None
    } else {
        let kw = r.peek(1);
        match kw.downcast_exact::<Dict>(&vm.types().dict) {
            Some(d) => Some(d.clone()),
            None => {
                let d = vm.new_dict()?;
                merge_keywords(vm, &callable, &d, &kw)?;
                Some(d)
            }
        }
    };
    let mut values: SmallVec<[Value; 8]> = args.as_slice().iter().cloned().collect();
    let mut names: SmallVec<[Value; 8]> = SmallVec::new();
    if let Some(d) = &kwargs {
        let mut at = 0;
        while let Some((i, k, v)) = d.next_entry(at) {
            if k.downcast_ref::<Str>().is_none() {
                return Err(vm.type_error("keywords must be strings"));
            }
            names.push(k);
            values.push(v);
            at = i;
        }
    }
    let npos = args.len();
    let names = if names.is_empty() {
        None
    } else {
        Some(vm.new_tuple_from(&names)?)
    };
    if let Some(func) = callable.downcast_ref::<Function>() {
        // The arguments move through a buffer: their number is not bounded by this frame's stack.
        let func = func.clone();
        let words = values.as_mut_ptr().cast::<u64>();
        let caller_sp = r.sp;
        let result = push_python_frame(vm, r, func, words, npos, names.as_ref(), 0);
        match result {
            Ok(()) => {
                // SAFETY: the words were taken over. The caller's frame waits below the new one; its four operands are
                // dropped.
                unsafe {
                    values.set_len(0);
                    let previous = (*r.frame).previous;
                    (*previous).sp = caller_sp.sub(4);
                    for i in 1..=4 {
                        drop_slot(*caller_sp.sub(i));
                    }
                }
                return Ok(());
            }
            Err(e) => {
                // The words were taken over unless pushing failed before that.
                if !std::ptr::eq(r.sp, caller_sp) {
                    // SAFETY: as above.
                    unsafe { values.set_len(0) };
                }
                r.sp = caller_sp;
                return Err(e);
            }
        }
    }
    if !vm.is_callable(&callable) {
        return Err(not_callable(vm, &callable));
    }
    let v = vm.call(
        &callable,
        Args {
            values: &values,
            kwnames: names.as_ref(),
        },
    )?;
    r.drop_n(4);
    r.push(v);
    super::control::poll(vm, r)
}

/// Adds the items of a mapping after `**` to the keyword arguments of a call.
pub(super) fn merge_keywords(
    vm: &Vm,
    callable: &Value,
    d: &Ref<Dict>,
    mapping: &Value,
) -> PyResult<()> {
    if d.is_empty()
        && let Some(m) = mapping.downcast_ref::<Dict>()
    {
        d.copy_from(m);
        return Ok(());
    }
    let items: Vec<(Value, Value)> = match mapping.downcast_ref::<Dict>() {
        Some(m) => m.items(),
        None => {
            let Some(keys) = vm.getattr_opt(mapping, &vm.names().keys)? else {
                return Err(vm.type_error(&format!(
                    "{} argument after ** must be a mapping, not {}",
                    crate::glue::function_str(vm, callable),
                    vm.type_name(mapping)
                )));
            };
            let keys = vm.call0(&keys)?;
            let mut out = Vec::new();
            for k in vm.collect(&keys)? {
                let v = vm.getitem(mapping, &k)?;
                out.push((k, v));
            }
            out
        }
    };
    for (k, v) in items {
        if d.get(vm, &k)?.is_some() {
            let name = vm.str(&k)?.to_string_lossy().into_owned();
            return Err(vm.type_error(&format!(
                "{} got multiple values for keyword argument '{name}'",
                crate::glue::function_str(vm, callable)
            )));
        }
        d.set(vm, &k, v)?;
    }
    Ok(())
}
