//! Calls, returns and generators' steps as the interpreter loop does them inline: each calls nothing but destructors and
//! cannot fail, or touches nothing and says false; then the outlined instruction does it all. Those are in `call_cache.rs`,
//! `control.rs` and `ops_cache.rs`.

use taipan_bytecode::Opcode;
use taipan_object::descr::{MethodDescr, NativeFunction};
use taipan_object::{Dict, List, Object, Plain, Ref, Set, Str, Tuple, TypeObject, Value, Vm};

use super::calls::{ATTR_CACHE, CALL_CACHE, Site, end_call};
use super::frames::{owned, unbind};
use super::ops_cache::known_iterator;
use super::regs::{BINARY_CACHE, Regs};
use crate::code::Code;
use crate::frame::{FRAME_WORDS, Frame, borrow, drop_slot, drop_word, frame_flag, strip};
use crate::function::Function;
use crate::generator::{Generator, Kind, State};
use crate::stats;

/// The function that a site calls, if its type is the one that the site knows: that of functions.
///
/// # Safety
/// The stack has the callable. The references are not used after the function was let go of.
#[inline(always)]
unsafe fn known_function<'a>(r: &Regs, site: &Site) -> Option<(&'a Function, &'a Object<Code>)> {
    // SAFETY: the contract; functions keep their code.
    unsafe {
        let func: &Function = r.object_of_type(*site.callable, r.cache(1).get())?;
        Some((func, &*func.code.as_ptr()))
    }
}

/// CALL_PY_EXACT_ARGS, when there is room for the frame. The RESUME that comes first is done as well.
#[inline(always)]
pub(super) fn call_py_exact_args(vm: &Vm, r: &mut Regs, arg: u32) -> bool {
    let site = Site::new(r, arg as usize);
    // SAFETY: the stack has the callable. The frame will keep the function.
    let Some((func, code)) = (unsafe { known_function(r, &site) }) else {
        return false;
    };
    if !code.payload.runs_with_exactly(site.total) {
        return false;
    }
    // SAFETY: the function takes these arguments, which are at the stack's end.
    unsafe {
        let call = Entered {
            first: site.first,
            rest: &[],
            base: site.callable,
            caches: CALL_CACHE,
        };
        enter_function(vm, r, call, *site.callable, func, code)
    }
}

/// CALL_PY_GENERAL of a function whose defaults make up for the arguments that are missing, as [`call_py_exact_args`].
#[inline(always)]
pub(super) fn call_py_defaults(vm: &Vm, r: &mut Regs, arg: u32) -> bool {
    let site = Site::new(r, arg as usize);
    // SAFETY: the stack has the callable. The frame will keep the function.
    let Some((func, code)) = (unsafe { known_function(r, &site) }) else {
        return false;
    };
    let parameters = code.payload.plain_parameters();
    let Some(defaults) = func.defaults.peek() else {
        return false;
    };
    // SAFETY: the function keeps its defaults; nothing runs while they are copied.
    let defaults = unsafe { (*defaults).payload.as_slice() };
    let Some(missing) = parameters.checked_sub(site.total) else {
        return false;
    };
    let Some(first) = defaults.len().checked_sub(missing) else {
        return false;
    };
    // SAFETY: the function takes these arguments, which are at the stack's end, and so many values behind them.
    unsafe {
        let call = Entered {
            first: site.first,
            rest: &defaults[first..],
            base: site.callable,
            caches: CALL_CACHE,
        };
        enter_function(vm, r, call, *site.callable, func, code)
    }
}

/// BINARY_OP_SUBSCR_GETITEM of a class that the site knows, as [`call_py_exact_args`].
#[inline(always)]
pub(super) fn subscr_getitem(vm: &Vm, r: &mut Regs) -> bool {
    let container = r.peek(2);
    if u64::from(vm.type_of(&container).payload.version.get()) != r.cache(1).get() {
        return false;
    }
    // SAFETY: the type keeps the function alive while its version is valid, and functions keep their code. Both operands are
    // on the stack, and the function takes them.
    unsafe {
        let word = r.cache(2).get();
        let function = std::mem::ManuallyDrop::new(Value::from_bits(word));
        let func: &Function = Ref::<Function>::cast_unchecked(&function);
        let code = &*func.code.as_ptr();
        if !code.payload.runs_with_exactly(2) {
            return false;
        }
        let operands = r.sp.sub(2);
        let call = Entered {
            first: operands,
            rest: &[],
            base: operands,
            caches: BINARY_CACHE,
        };
        enter_function(vm, r, call, borrow(word), func, code)
    }
}

/// LOAD_ATTR_PROPERTY of a class that the site knows, as [`call_py_exact_args`].
#[inline(always)]
pub(super) fn load_attr_property(vm: &Vm, r: &mut Regs) -> bool {
    let Some(getter) = super::specialize::property_getter(r) else {
        return false;
    };
    // SAFETY: functions keep their code. The owner is on the stack, and the function takes it; what is not entered drops the
    // getter.
    unsafe {
        let code = &*getter.code.as_ptr();
        if !code.payload.runs_with_exactly(1) {
            return false;
        }
        let owner = r.sp.sub(1);
        let call = Entered {
            first: owner,
            rest: &[],
            base: owner,
            caches: ATTR_CACHE,
        };
        enter_function(vm, r, call, borrow(getter.as_value().bits()), &getter, code)
    }
}

/// What a frame is entered with.
struct Entered<'a> {
    /// The first argument's word; the last one's is at the stack's end.
    first: *mut u64,
    /// Values for the parameters behind the arguments.
    rest: &'a [Value],
    /// The caller's stack ends here meanwhile.
    base: *mut u64,
    /// The units behind the instruction that enters.
    caches: usize,
}

/// Goes on in a function's new frame, if there is room for it. Takes over the function's word then, which may be borrowed.
///
/// # Safety
/// The word leads to this function, which has this code and as many parameters as there are arguments and values behind them.
#[inline(always)]
unsafe fn enter_function(
    vm: &Vm,
    r: &mut Regs,
    call: Entered<'_>,
    word: u64,
    func: &Function,
    code: &Object<Code>,
) -> bool {
    let c = &code.payload;
    let words = c.words as usize;
    let top = vm.stack_top.get();
    let room = (vm.stack_end.get().addr() - top.addr()) / 8;
    let left = vm.recursion_remaining.get();
    if words > room || left <= 0 {
        return false;
    }
    vm.recursion_remaining.set(left - 1);
    stats::frame();
    // SAFETY: there is room, so the memory is the new frame's; the words of function and arguments are taken over.
    unsafe {
        vm.stack_top.set(top.add(words));
        let f: *mut Frame = top.cast();
        let mut to = top.add(FRAME_WORDS);
        let stack = to.add(c.nlocalsplus as usize);
        let mut from = call.first;
        while from != r.sp {
            *to = owned(*from);
            from = from.add(1);
            to = to.add(1);
        }
        for v in call.rest {
            *to = v.clone().into_bits();
            to = to.add(1);
        }
        unbind(to, stack);
        let running = c.running();
        (&raw mut (*f).ip).write(running.stream.as_ptr());
        (&raw mut (*f).sp).write(stack);
        (&raw mut (*f).previous).write(r.frame);
        (&raw mut (*f).code).write(code);
        (&raw mut (*f).consts).write(running.consts.as_ptr());
        (&raw mut (*f).cache_base).write(running.cache_base);
        (&raw mut (*f).func).write(owned(word));
        (&raw mut (*f).globals).write(func.globals.as_ptr());
        (&raw mut (*f).builtins).write(func.builtins.as_ptr());
        (&raw mut (*f).locals).write(0);
        (&raw mut (*f).frame_obj).write(0);
        (&raw mut (*f).flags).write(0);
        // The caller goes on behind the call, with all its words gone.
        (*r.frame).ip = r.ip.add(call.caches);
        (*r.frame).sp = call.base;
        r.frame = f;
        r.ip = running.stream.as_ptr();
        r.sp = stack;
        r.make_current(vm);
    }
    if r.at(Opcode::Resume) && super::control::is_quiet(vm) {
        r.skip(1);
    }
    true
}

/// RETURN_VALUE of a plain call's frame that nothing refers to, or of an `__init__`'s.
#[inline(always)]
pub(super) fn return_value(vm: &Vm, r: &mut Regs) -> bool {
    let f = r.frame;
    // SAFETY: the running frame: what it owns are the value on its stack, its locals, the function, and the instance that an
    // `__init__` is for. The frame below waits with saved registers.
    unsafe {
        let flags = (*f).flags;
        let value = if flags == 0 {
            owned(r.peek_bits(1))
        } else if flags == frame_flag::INIT && strip(r.peek_bits(1)) == vm.known().none {
            (*f).init_self
        } else {
            return false;
        };
        let previous = (*f).previous;
        leave_plain_frame(vm, f);
        *r = Regs::load(previous);
        r.push_bits(value);
    }
    true
}

/// RETURN_VALUE of a frame that native code has called, as [`return_value`]: the value that it gets.
#[inline(always)]
pub(super) fn return_out(vm: &Vm, r: &mut Regs) -> Option<Value> {
    let f = r.frame;
    // SAFETY: as in `return_value`.
    unsafe {
        if (*f).flags != frame_flag::ENTRY {
            return None;
        }
        let value = Value::from_bits(owned(r.peek_bits(1)));
        leave_plain_frame(vm, f);
        Some(value)
    }
}

/// Drops what a frame owns, but for its stack, and gives its memory back.
///
/// # Safety
/// The running frame, which is done: nothing refers to it, and it does not begin a chunk of the stack.
#[inline(always)]
unsafe fn leave_plain_frame(vm: &Vm, f: *mut Frame) {
    // SAFETY: the contract.
    unsafe {
        vm.frame.set((*f).previous.cast());
        super::leave_call(vm);
        let mut at = Frame::locals_ptr(f);
        let end = at.add((*f).code().nlocalsplus as usize);
        while at != end {
            drop_slot(*at);
            at = at.add(1);
        }
        drop_word((*f).func);
        vm.stack_top.set(f.cast());
    }
}

/// FOR_ITER over a generator that is suspended: goes on in its frame.
#[inline(always)]
pub(super) fn for_iter_gen(vm: &Vm, r: &mut Regs, arg: u32) -> bool {
    // SAFETY: the opcode goes with generators.
    let Some(g) = (unsafe { known_iterator::<Generator>(r, 1) }) else {
        return false;
    };
    if !matches!(g.state.get(), State::Created | State::Suspended)
        || vm.recursion_remaining.get() <= 0
    {
        return false;
    }
    r.skip(1);
    crate::generator::go_on(vm, r, g, vm.none(), arg);
    true
}

/// What stands in the place of the number of arguments in the cache of a call of `next()`.
pub(super) const NEXT_MARK: u64 = u64::MAX;

/// `next(g)` of a generator that is suspended: goes on in its frame.
#[inline(always)]
pub(super) fn call_next(vm: &Vm, r: &mut Regs, arg: u32) -> bool {
    if r.cache(3).get() != NEXT_MARK {
        return false;
    }
    let site = Site::new(r, arg as usize);
    if site.total != 1 || vm.recursion_remaining.get() <= 0 {
        return false;
    }
    // SAFETY: the opcode goes with native functions; there is one argument, whose word is taken over by the frame that goes
    // on, which is suspended until then.
    unsafe {
        let callable = *site.callable;
        let Some(f) = r.object_of_type::<NativeFunction>(callable, r.cache(1).get()) else {
            return false;
        };
        if (&raw const *f.def).addr() as u64 != r.cache(2).get() {
            return false;
        }
        let argument = site.arg(0);
        let Some(g) = argument.downcast_ref::<Generator>() else {
            return false;
        };
        if g.kind != Kind::Generator || !matches!(g.state.get(), State::Created | State::Suspended)
        {
            return false;
        }
        let frame = g.frame();
        (*frame).init_self = owned(*site.first);
        (*frame).flags |= frame_flag::NEXT;
        r.sp = site.callable;
        r.skip(CALL_CACHE);
        crate::generator::go_on(vm, r, g, vm.none(), 0);
        drop_word(callable);
    }
    true
}

/// What stands above the number of arguments in the cache of a call of `dict.get()`.
pub(super) const GET_MARK: u64 = 1 << 32;

/// `d.get(key)` or `d.get(key, default)` when the key is found, or not, without Python code.
#[inline(always)]
pub(super) fn call_dict_get(vm: &Vm, r: &mut Regs, arg: u32) -> bool {
    let n = arg as usize;
    if r.cache(3).get() != GET_MARK + n as u64 + 1 {
        return false;
    }
    // SAFETY: the stack has the callable, self or NULL, and the arguments; the opcode goes with method descriptors.
    let get = unsafe { r.object_of_type::<MethodDescr>(r.peek_bits(n + 2), r.cache(1).get()) };
    if get.is_none_or(|d| (&raw const *d.def).addr() as u64 != r.cache(2).get())
        || r.peek_bits(n + 1) == 0
    {
        return false;
    }
    let Some(d) = r.dict(vm, n + 1) else {
        return false;
    };
    let found = match d.find_plain(vm, &r.peek(n)) {
        Plain::At(i) => d.value_at(i),
        Plain::Absent => None,
        Plain::Unknown => return false,
    };
    let v = match found {
        Some(v) => v,
        None if n == 2 => (*r.peek(1)).clone(),
        None => vm.none(),
    };
    r.skip(CALL_CACHE);
    end_call(r, n, v);
    true
}

/// YIELD_VALUE of a generator that native code went on in: the value that it gets.
#[inline(always)]
pub(super) fn yield_out(vm: &Vm, r: &mut Regs) -> Option<Value> {
    let f = r.frame;
    // SAFETY: the running frame, a generator's.
    unsafe {
        if (*f).flags & !frame_flag::OBSERVED != frame_flag::GENERATOR | frame_flag::ENTRY {
            return None;
        }
        let value = Value::from_bits(owned(r.pop_bits()));
        r.save();
        crate::generator::suspend(vm, f);
        let previous = std::mem::replace(&mut (*f).previous, std::ptr::null_mut());
        vm.frame.set(previous.cast());
        Some(value)
    }
}

/// SEND into a generator or coroutine that is suspended: goes on in its frame.
#[inline(always)]
pub(super) fn send_gen(vm: &Vm, r: &mut Regs, arg: u32) -> bool {
    // SAFETY: the opcode goes with generators and coroutines.
    let Some(g) = (unsafe { known_iterator::<Generator>(r, 2) }) else {
        return false;
    };
    let ready = match g.state.get() {
        State::Suspended => true,
        State::Created => vm.is_none(&r.peek(1)),
        _ => false,
    };
    if !ready || vm.recursion_remaining.get() <= 0 {
        return false;
    }
    let v = r.pop_value();
    r.skip(1);
    crate::generator::go_on(vm, r, g, v, arg);
    true
}

/// YIELD_VALUE of a generator that FOR_ITER or SEND went on in.
#[inline(always)]
pub(super) fn yield_value(vm: &Vm, r: &mut Regs) -> bool {
    let f = r.frame;
    // SAFETY: the running frame, a generator's; the frame below waits behind its FOR_ITER or SEND.
    unsafe {
        if (*f).flags & !frame_flag::OBSERVED != frame_flag::GENERATOR {
            return false;
        }
        let value = owned(r.pop_bits());
        r.save();
        crate::generator::suspend(vm, f);
        let previous = std::mem::replace(&mut (*f).previous, std::ptr::null_mut());
        vm.frame.set(previous.cast());
        *r = Regs::load(previous);
        r.push_bits(value);
    }
    true
}

/// `len()` of the containers whose length is a field.
#[inline(always)]
pub(super) fn call_len(vm: &Vm, r: &mut Regs, arg: u32) -> bool {
    let site = Site::new(r, arg as usize);
    let callable = site.callable();
    let Some(h) = callable.header() else {
        return false;
    };
    if site.total != 1 || (&raw const *h.ty()).addr() as u64 != r.cache(1).get() {
        return false;
    }
    // SAFETY: the opcode goes with native functions; there is one argument.
    let (f, v) = unsafe {
        let f = Ref::<NativeFunction>::cast_unchecked(&callable);
        (f, site.arg(0))
    };
    if (&raw const *f.def).addr() as u64 != r.cache(2).get() {
        return false;
    }
    let types = vm.types();
    let n = if let Some(l) = v.downcast_exact::<List>(&types.list) {
        l.len()
    } else if let Some(t) = v.downcast_exact::<Tuple>(&types.tuple) {
        t.len()
    } else if let Some(d) = v.downcast_exact::<Dict>(&types.dict) {
        d.len()
    } else if let Some(s) = v.downcast_exact::<Str>(&types.str) {
        s.len()
    } else if let Some(s) = v.downcast_exact::<Set>(&types.set) {
        s.len()
    } else if let Some(s) = v.downcast_exact::<Set>(&types.frozenset) {
        s.len()
    } else {
        return false;
    };
    let Some(n) = Value::small_int(n as i64) else {
        return false;
    };
    r.skip(CALL_CACHE);
    end_call(r, arg as usize, n);
    true
}

/// `type(x)`
#[inline(always)]
pub(super) fn call_type_1(vm: &Vm, r: &mut Regs, arg: u32) -> bool {
    if arg != 1
        || r.peek_bits(2) != 0
        || strip(r.peek_bits(3)) != vm.types().type_.as_value().bits()
    {
        return false;
    }
    let ty = vm.type_value(&r.peek(1)).into_value();
    r.skip(CALL_CACHE);
    end_call(r, 1, ty);
    true
}

/// `isinstance(x, C)` for plain classes, where the types settle it.
#[inline(always)]
pub(super) fn call_isinstance(vm: &Vm, r: &mut Regs, arg: u32) -> bool {
    let site = Site::new(r, arg as usize);
    let callable = site.callable();
    let Some(h) = callable.header() else {
        return false;
    };
    if site.total != 2 || (&raw const *h.ty()).addr() as u64 != r.cache(1).get() {
        return false;
    }
    // SAFETY: the opcode goes with native functions; there are two arguments.
    let (f, v, class) = unsafe {
        let f = Ref::<NativeFunction>::cast_unchecked(&callable);
        (f, site.arg(0), site.arg(1))
    };
    if (&raw const *f.def).addr() as u64 != r.cache(2).get() {
        return false;
    }
    let Some(class) = class.downcast_exact::<TypeObject>(&vm.types().type_) else {
        return false;
    };
    // What is no instance by its type may say otherwise by its `__class__`.
    let is_instance = vm.is_instance_exact(&v, class);
    if !is_instance && !vm.class_is_type(&v) {
        return false;
    }
    r.skip(CALL_CACHE);
    end_call(r, arg as usize, vm.bool(is_instance));
    true
}
