//! Calls, returns and generators' steps as the interpreter loop does them inline: each calls nothing but destructors and
//! cannot fail, or touches nothing and says false; then the outlined instruction does it all. Those are in `call_cache.rs`,
//! `control.rs` and `ops_cache.rs`.

use taipan_object::descr::NativeFunction;
use taipan_object::{Dict, List, Object, Ref, Str, Tuple, TypeObject, Value, Vm};

use super::calls::{CALL_CACHE, Site, end_call};
use super::frames::{init_frame, owned};
use super::ops_cache::known_iterator;
use super::regs::Regs;
use crate::code::Code;
use crate::frame::{FRAME_WORDS, Frame, drop_slot, frame_flag, strip};
use crate::function::Function;
use crate::generator::{Generator, State};

/// CALL_PY_EXACT_ARGS, when there is room for the frame.
#[inline(always)]
pub(super) fn call_py_exact_args(vm: &Vm, r: &mut Regs, arg: u32) -> bool {
    let site = Site::new(r, arg as usize);
    let callable = site.callable();
    let Some(h) = callable.header() else {
        return false;
    };
    if (&raw const *h.ty()).addr() as u64 != r.cache(1).get() {
        return false;
    }
    // SAFETY: the opcode goes with functions, which keep their code; the frame will keep the function.
    let code: &Object<Code> = unsafe { &*Ref::<Function>::cast_unchecked(&callable).code.as_ptr() };
    let c = &code.payload;
    let words = FRAME_WORDS + c.frame_words();
    let top = vm.stack_top.get();
    let room = (vm.stack_end.get().addr() - top.addr()) / 8;
    let left = vm.recursion_remaining.get();
    if !c.takes_exactly(site.total) || words > room || left <= 0 || !c.is_running() {
        return false;
    }
    vm.recursion_remaining.set(left - 1);
    // SAFETY: there is room, so the memory is the new frame's; the words of function and arguments are taken over.
    unsafe {
        vm.stack_top.set(top.add(words));
        let f: *mut Frame = top.cast();
        let locals = top.add(FRAME_WORDS);
        for i in 0..site.total {
            *locals.add(i) = owned(*site.first.add(i));
        }
        for i in site.total..c.nlocalsplus as usize {
            *locals.add(i) = 0;
        }
        let func = site.take_function();
        init_frame(f, func, code, 0, r.frame);
        // The caller goes on behind the call, with all its words gone.
        r.skip(CALL_CACHE);
        r.sp = site.callable;
        r.save();
        *r = Regs::load(f);
        r.make_current(vm);
    }
    true
}

/// RETURN_VALUE of a plain call's frame that nothing refers to.
#[inline(always)]
pub(super) fn return_value(vm: &Vm, r: &mut Regs) -> bool {
    let f = r.frame;
    // SAFETY: the running frame: what it owns are the value on its stack, its locals and the function. The frame below waits
    // with saved registers.
    unsafe {
        if (*f).flags != 0
            || (*f).frame_obj != 0
            || (*f).locals != 0
            || vm.stack_base.get() == f.cast()
        {
            return false;
        }
        let value = owned(r.pop_bits());
        let previous = (*f).previous;
        vm.frame.set(previous.cast());
        super::leave_call(vm);
        let locals = Frame::locals_ptr(f);
        for i in 0..(*f).code().nlocalsplus as usize {
            drop_slot(*locals.add(i));
        }
        drop_slot((*f).func);
        vm.stack_top.set(f.cast());
        *r = Regs::load(previous);
        r.push_bits(value);
    }
    true
}

/// FOR_ITER over a generator that is suspended: goes on in its frame.
#[inline(always)]
pub(super) fn for_iter_gen(vm: &Vm, r: &mut Regs, arg: u32) -> bool {
    let it = r.peek(1);
    // SAFETY: the opcode goes with generators.
    let Some(g) = (unsafe { known_iterator::<Generator>(r, &it) }) else {
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

/// SEND into a generator or coroutine that is suspended: goes on in its frame.
#[inline(always)]
pub(super) fn send_gen(vm: &Vm, r: &mut Regs, arg: u32) -> bool {
    let receiver = r.peek(2);
    // SAFETY: the opcode goes with generators and coroutines.
    let Some(g) = (unsafe { known_iterator::<Generator>(r, &receiver) }) else {
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
        if (*f).flags != frame_flag::GENERATOR {
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

/// `isinstance(x, C)` for instances of plain classes.
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
    if !vm.is_instance_exact(&v, class) {
        return false;
    }
    r.skip(CALL_CACHE);
    end_call(r, arg as usize, vm.bool(true));
    true
}
