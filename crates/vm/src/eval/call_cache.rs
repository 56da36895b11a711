//! Specialization of CALL: choosing the opcode for a site from what it calls, and the specialized handlers. General calls
//! and frames are in `calls.rs` and `frames.rs`.
//!
//! Cache words: 0 counts; 1 is the address of the callable's type (such types are immortal), or a class's version; 2 and 3
//! belong to the opcode. What else a handler relies on it checks anew, so that one site may call many functions of a kind.
//! A handler gives `Ok(false)` when it does not know the callable; nothing has been touched then.

use taipan_bytecode::Opcode;
use taipan_object::bind::{self, call_native_directly};
use taipan_object::descr::{Method, MethodDescr, NativeFunction};
use taipan_object::native::{NativeCode, NativeDef};
use taipan_object::{
    Args, Header, List, Payload, PyResult, Ref, SlotId, TypeObject, Value, Vm, tpflags,
};

use super::calls::{
    CALL_CACHE, LENT_COPIES, Site, call_general, call_native_words, end_call, end_caller_stack,
    enter_init, find_init, lend_words,
};
use super::control::poll;
use super::frames::{push_exact_frame, push_general_frame};
use super::regs::Regs;
use super::specialize::back_off;
use crate::frame::{drop_slot, strip};
use crate::function::Function;
use crate::generator::Generator;

/// Chooses an opcode for the CALL that is about to run.
#[cold]
#[inline(never)]
pub(super) fn specialize_call(vm: &Vm, r: &Regs, arg: u32) {
    let n = arg as usize;
    let site = Site::new(r, n);
    match choose(vm, r, &site, n) {
        Some(op) => r.specialize(op),
        None => back_off(r),
    }
}

/// A specialized site met another callable: it is general again.
#[cold]
#[inline(never)]
pub(super) fn call_missed(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    super::specialize::miss(r, Opcode::Call);
    call_general(vm, r, arg)
}

fn choose(vm: &Vm, r: &Regs, site: &Site, n: usize) -> Option<Opcode> {
    let callable = site.callable();
    let ty = vm.type_of(&callable);
    r.cache(1).set((&raw const *ty).addr() as u64);
    if let Some(f) = callable.downcast_ref::<Function>() {
        let exact = f.code.get().takes_exactly(site.total);
        return Some(if exact {
            Opcode::CallPyExactArgs
        } else {
            Opcode::CallPyGeneral
        });
    }
    if let Some(m) = callable.downcast_exact::<Method>(&vm.types().method) {
        let f = m.function.downcast_ref::<Function>()?;
        if !site.without_self(n) {
            return None;
        }
        let exact = f.code.get().takes_exactly(n + 1);
        return Some(if exact {
            Opcode::CallBoundMethodExactArgs
        } else {
            Opcode::CallBoundMethodGeneral
        });
    }
    if let Some(class) = callable.downcast_ref::<TypeObject>() {
        return choose_class(vm, r, site, class, n);
    }
    if let Some(f) = callable.downcast_exact::<NativeFunction>(&vm.types().native_function) {
        return choose_function(vm, r, site, f);
    }
    let Some(d) = callable.downcast_exact::<MethodDescr>(&vm.types().method_descriptor) else {
        let native = !ty.payload.is_heap() && ty.header.is_immortal();
        let plain = callable.downcast_ref::<Method>().is_none();
        return (native && plain).then_some(Opcode::CallNonPyGeneral);
    };
    if d.def.name == "append"
        && d.owner.is(&vm.types().list)
        && site.total == 2
        && !site.without_self(n)
    {
        r.cache(2).set((&raw const *d.def).addr() as u64);
        return Some(Opcode::CallListAppend);
    }
    r.cache(2).set((&raw const *d.def).addr() as u64);
    r.cache(3).set(site.total as u64);
    Some(match (d.def.code, site.total) {
        (NativeCode::NoArgs(_), 1) => Opcode::CallMethodDescriptorNoargs,
        (NativeCode::One(_), 2) => Opcode::CallMethodDescriptorO,
        (NativeCode::Positional { min, max, .. }, n @ 1..) if takes(min, max, n - 1) => {
            if d.def.name == "get" && d.owner.is(&vm.types().dict) {
                r.cache(3).set(super::quick::GET_MARK + n as u64);
            }
            Opcode::CallMethodDescriptorFast
        }
        (NativeCode::Bound { .. } | NativeCode::Variadic(_), 1..) => {
            Opcode::CallMethodDescriptorFastWithKeywords
        }
        _ => return None,
    })
}

/// Whether a call of a native class is that of `type`: it makes an instance and initialises it.
fn is_plain_class(vm: &Vm, class: &Ref<TypeObject>) -> bool {
    class.head().is_immortal()
        && std::ptr::eq(class.head().ty(), vm.types().type_.object())
        && !class.is(&vm.types().type_)
        && !class.has_flag(tpflags::DISALLOW_INSTANTIATION)
}

fn choose_class(
    vm: &Vm,
    r: &Regs,
    site: &Site,
    class: &Ref<TypeObject>,
    n: usize,
) -> Option<Opcode> {
    if !site.without_self(n) {
        return None;
    }
    let types = vm.types();
    if n == 1 {
        if class.is(&types.type_) {
            return Some(Opcode::CallType1);
        }
        if class.is(&types.str) {
            return Some(Opcode::CallStr1);
        }
        if class.is(&types.tuple) {
            return Some(Opcode::CallTuple1);
        }
    }
    if !class.is_heap() && is_plain_class(vm, class) {
        let object = &types.object.slots;
        let plain =
            class.slots.same(SlotId::tp_init, object) && !class.slots.same(SlotId::tp_new, object);
        r.cache(1).set(class.as_value().bits());
        r.cache(2).set(u64::from(plain));
        return Some(Opcode::CallBuiltinClass);
    }
    let init = find_init(vm, class)?;
    let version = vm.type_version(class);
    if version == 0 {
        return None;
    }
    r.cache(1).set(u64::from(version));
    r.cache(2).set(init.as_value().bits());
    Some(Opcode::CallAllocAndEnterInit)
}

/// Whether native code that takes `min` to `max` arguments takes `n`.
fn takes(min: u8, max: u8, n: usize) -> bool {
    n >= usize::from(min) && (max == bind::ANY || n <= usize::from(max))
}

fn choose_function(vm: &Vm, r: &Regs, site: &Site, f: &Ref<NativeFunction>) -> Option<Opcode> {
    let builtin = |name| {
        let found = vm
            .interp()
            .builtins
            .get()?
            .get_str(vm, vm.intern(name).ok().as_ref()?)?;
        let known = found.downcast_ref::<NativeFunction>()?;
        Some(std::ptr::eq(known.def, f.def))
    };
    r.cache(2).set((&raw const *f.def).addr() as u64);
    r.cache(3).set(site.total as u64);
    Some(match (f.def.code, site.total) {
        (_, 1) if f.def.name == "len" && builtin("len")? => Opcode::CallLen,
        (_, 2) if f.def.name == "isinstance" && builtin("isinstance")? => Opcode::CallIsinstance,
        (NativeCode::One(_), 1) => Opcode::CallBuiltinO,
        (NativeCode::Positional { min, max, .. }, n) if takes(min, max, n) => {
            let generator = n == 1 && {
                // SAFETY: there is one argument.
                let argument = unsafe { site.arg(0) };
                argument.downcast_ref::<Generator>().is_some()
            };
            if generator && f.def.name == "next" && builtin("next")? {
                r.cache(3).set(super::quick::NEXT_MARK);
            }
            Opcode::CallBuiltinFast
        }
        (NativeCode::NoArgs(_) | NativeCode::Bound { .. } | NativeCode::Variadic(_), _) => {
            Opcode::CallBuiltinFastWithKeywords
        }
        _ => return None,
    })
}

/// The callable as a `T`, if its type is the one that the site knows.
///
/// # Safety
/// The payload of objects of that type is a `T`: `choose` set the opcode and the type's address together.
#[inline(always)]
unsafe fn known<'a, T: Payload>(r: &Regs, callable: &'a Value) -> Option<&'a Ref<T>> {
    let h: &Header = callable.header()?;
    if (&raw const *h.ty()).addr() as u64 == r.cache(1).get() {
        // SAFETY: the contract.
        Some(unsafe { Ref::cast_unchecked(callable) })
    } else {
        None
    }
}

/// Whether the code of a live function takes exactly `n` arguments.
#[inline(always)]
fn takes_exactly(f: &Function, n: usize) -> bool {
    // SAFETY: the function keeps its code alive.
    unsafe { (*f.code.as_ptr()).payload.takes_exactly(n) }
}

pub(super) fn call_py_exact_args(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    let site = Site::new(r, arg as usize);
    let callable = site.callable();
    // SAFETY: the opcode goes with functions.
    let Some(f) = (unsafe { known::<Function>(r, &callable) }) else {
        return call_missed(vm, r, arg);
    };
    if !takes_exactly(f, site.total) {
        return call_missed(vm, r, arg);
    }
    r.save_ip();
    r.skip(CALL_CACHE);
    // SAFETY: it is a function; the argument words are taken over.
    unsafe {
        let func = site.take_function();
        push_exact_frame(vm, r, func, site.first, site.total, 0)?;
        end_caller_stack(r, site.callable);
    }
    Ok(())
}

#[inline(always)]
pub(super) fn call_bound_method_exact_args(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<bool> {
    let n = arg as usize;
    let mut site = Site::new(r, n);
    let callable = site.callable();
    // SAFETY: the opcode goes with methods.
    let Some(m) = (unsafe { known::<Method>(r, &callable) }) else {
        return Ok(false);
    };
    let Some(f) = m.function.downcast_ref::<Function>() else {
        return Ok(false);
    };
    if !site.without_self(n) || !takes_exactly(f, n + 1) {
        return Ok(false);
    }
    r.save_ip();
    site.expand_method(m);
    r.skip(CALL_CACHE);
    // SAFETY: as above.
    unsafe {
        let func = site.take_function();
        push_exact_frame(vm, r, func, site.first, site.total, 0)?;
        end_caller_stack(r, site.callable);
    }
    Ok(true)
}

/// Python functions and methods with any parameters.
pub(super) fn call_py_general(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    let n = arg as usize;
    let mut site = Site::new(r, n);
    if site.without_self(n)
        && let Some(m) = site.callable().downcast_ref::<Method>()
        && m.function.downcast_ref::<Function>().is_some()
    {
        site.expand_method(m);
    }
    if site.callable().downcast_ref::<Function>().is_none() {
        return call_missed(vm, r, arg);
    }
    r.save_ip();
    r.skip(CALL_CACHE);
    // SAFETY: it is a function; the argument words are taken over.
    unsafe {
        let func = site.take_function();
        push_general_frame(vm, r, func, site.first, site.total)?;
        end_caller_stack(r, site.callable);
    }
    Ok(())
}

pub(super) fn call_alloc_and_enter_init(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    let n = arg as usize;
    let site = Site::new(r, n);
    let callable = site.callable();
    let known = callable
        .downcast_ref::<TypeObject>()
        .filter(|t| u64::from(t.version.get()) == r.cache(1).get() && site.without_self(n));
    let Some(class) = known else {
        return call_missed(vm, r, arg);
    };
    r.save_ip();
    // SAFETY: the type keeps its `__init__`, a function, alive while its version is valid.
    let init = unsafe {
        let v = std::mem::ManuallyDrop::new(Value::from_bits(r.cache(2).get()));
        Ref::<Function>::from_value_unchecked((*v).clone())
    };
    enter_init(vm, r, &site, class, init)
}

/// Drops the call's words and pushes its result.
#[inline(always)]
fn finish(r: &mut Regs, n: usize, v: Value) {
    r.skip(CALL_CACHE);
    end_call(r, n, v);
}

/// What a native function is bound to.
#[inline(always)]
fn bound_to<'a>(vm: &'a Vm, f: &'a NativeFunction) -> &'a Value {
    match &f.self_ {
        Some(v) => v,
        None => &vm.interp().singletons().none,
    }
}

#[inline(always)]
pub(super) fn call_builtin_o(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<bool> {
    let site = Site::new(r, arg as usize);
    let callable = site.callable();
    // SAFETY: the opcode goes with native functions.
    let Some(f) = (unsafe { known::<NativeFunction>(r, &callable) }) else {
        return Ok(false);
    };
    let (NativeCode::One(code), 1) = (f.def.code, site.total) else {
        return Ok(false);
    };
    r.save_ip();
    vm.check_stack(" while calling a Python object")?;
    // SAFETY: there is one argument.
    let v = code(vm, bound_to(vm, f), &*unsafe { site.arg(0) })?;
    finish(r, arg as usize, v);
    poll(vm, r).map(|()| true)
}

/// Native functions that take a slice of arguments, the number of which `choose` checked.
pub(super) fn call_builtin_fast(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    let site = Site::new(r, arg as usize);
    let callable = site.callable();
    // SAFETY: as above.
    let Some(f) = (unsafe { known::<NativeFunction>(r, &callable) }) else {
        return call_missed(vm, r, arg);
    };
    let NativeCode::Positional { f: code, .. } = f.def.code else {
        return call_builtin_any(vm, r, arg);
    };
    if !is_known_def(r, f.def) || r.cache(3).get() != site.total as u64 {
        return call_builtin_any(vm, r, arg);
    }
    r.save_ip();
    vm.check_stack(" while calling a Python object")?;
    let self_ = bound_to(vm, f);
    // SAFETY: the words are live stack slots.
    let v = unsafe { lend_words(site.first, site.total, |values| code(vm, self_, values))? };
    finish(r, arg as usize, v);
    poll(vm, r)
}

/// Native functions that take arguments in any way.
#[inline(never)]
pub(super) fn call_builtin_any(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    let site = Site::new(r, arg as usize);
    let callable = site.callable();
    // SAFETY: as above.
    let Some(f) = (unsafe { known::<NativeFunction>(r, &callable) }) else {
        return call_missed(vm, r, arg);
    };
    r.save_ip();
    // SAFETY: the words are live stack slots.
    let v = unsafe {
        call_def(vm, f.def, bound_to(vm, f), site.first, site.total)
            // Wrong arguments: the general way says so.
            .unwrap_or_else(|| call_native_words(vm, &callable, site.first, site.total, None))?
    };
    finish(r, arg as usize, v);
    poll(vm, r)
}

/// Parameters that are filled right here.
const PLACES: usize = 6;

/// Calls native code with `n` words; `None` when it does not take so many arguments.
///
/// # Safety
/// The words are live stack slots. They still belong to the stack afterwards.
#[inline(always)]
unsafe fn call_def(
    vm: &Vm,
    def: &'static NativeDef,
    self_: &Value,
    first: *mut u64,
    n: usize,
) -> Option<PyResult> {
    if let Err(e) = vm.check_stack(" while calling a Python object") {
        return Some(Err(e));
    }
    if let NativeCode::Bound { params, f } = def.code
        && params.names.len() <= PLACES
        && n <= LENT_COPIES
        && params.takes_positional(n)
    {
        // SAFETY: the contract.
        return Some(unsafe {
            lend_words(first, n.min(LENT_COPIES), |values| {
                let mut places = [None; PLACES];
                for (place, v) in places.iter_mut().zip(values) {
                    *place = Some(v);
                }
                f(vm, self_, &places[..params.names.len()])
            })
        });
    }
    // SAFETY: the contract.
    unsafe {
        lend_words(first, n, |values| {
            call_native_directly(vm, def, self_, Args::positional(values))
        })
    }
}

/// Calls a class of the interpreter's own: its `tp_new`, and its `tp_init` unless that is `object`'s, which does nothing then.
/// Such classes and their slots never change.
pub(super) fn call_builtin_class(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    let site = Site::new(r, arg as usize);
    let callable = site.callable();
    if callable.bits() != r.cache(1).get() || !site.without_self(arg as usize) {
        return call_missed(vm, r, arg);
    }
    // SAFETY: `choose` found that the object at this address, which lives for ever, is a class.
    let class = unsafe { Ref::<TypeObject>::cast_unchecked(&callable) };
    let Some(new) = class.slots.tp_new.get() else {
        return call_missed(vm, r, arg);
    };
    r.save_ip();
    vm.check_stack(" while calling a Python object")?;
    let plain = r.cache(2).get() != 0;
    let make = |values: &[Value]| -> PyResult {
        let args = Args::positional(values);
        let made = new(vm, class, args)?;
        let ty = vm.type_of(&made);
        if (!plain || !std::ptr::eq(ty, class.object()))
            && ty.payload.is_subtype(class.object())
            && let Some(init) = ty.payload.slots.tp_init.get()
        {
            init(vm, &made, args)?;
        }
        Ok(made)
    };
    // SAFETY: the words are live stack slots.
    let v = unsafe { lend_words(site.first, site.total, make)? };
    finish(r, arg as usize, v);
    poll(vm, r)
}

/// Objects of a native type that can be called, but for functions, methods and classes.
pub(super) fn call_non_py_general(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    let site = Site::new(r, arg as usize);
    let callable = site.callable();
    let ty = vm.type_of(&callable);
    if (&raw const *ty).addr() as u64 != r.cache(1).get() {
        return call_missed(vm, r, arg);
    }
    r.save_ip();
    // SAFETY: the words are live stack slots.
    let v = unsafe { call_native_words(vm, &callable, site.first, site.total, None)? };
    finish(r, arg as usize, v);
    poll(vm, r)
}

/// The method and its `self`, if the callable is a method descriptor that applies to it.
#[inline(always)]
fn method_descriptor<'a>(
    vm: &Vm,
    r: &Regs,
    site: &Site,
    callable: &'a Value,
) -> Option<(&'a Ref<MethodDescr>, std::mem::ManuallyDrop<Value>)> {
    // SAFETY: the opcodes go with method descriptors.
    let d = unsafe { known::<MethodDescr>(r, callable) }?;
    if site.total == 0 {
        return None;
    }
    // SAFETY: there is an argument.
    let this = unsafe { site.arg(0) };
    let ty = vm.type_of(&this);
    let applies = std::ptr::eq(ty, d.owner.object()) || ty.payload.is_subtype(d.owner.object());
    applies.then_some((d, this))
}

#[inline(always)]
pub(super) fn call_method_descriptor_noargs(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<bool> {
    let site = Site::new(r, arg as usize);
    let callable = site.callable();
    let Some((d, this)) = method_descriptor(vm, r, &site, &callable) else {
        return Ok(false);
    };
    let (NativeCode::NoArgs(code), 1) = (d.def.code, site.total) else {
        return Ok(false);
    };
    r.save_ip();
    vm.check_stack(" while calling a Python object")?;
    let v = code(vm, &this)?;
    finish(r, arg as usize, v);
    poll(vm, r).map(|()| true)
}

#[inline(always)]
pub(super) fn call_method_descriptor_o(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<bool> {
    let site = Site::new(r, arg as usize);
    let callable = site.callable();
    let Some((d, this)) = method_descriptor(vm, r, &site, &callable) else {
        return Ok(false);
    };
    let (NativeCode::One(code), 2) = (d.def.code, site.total) else {
        return Ok(false);
    };
    r.save_ip();
    vm.check_stack(" while calling a Python object")?;
    // SAFETY: there are two arguments.
    let v = code(vm, &this, &*unsafe { site.arg(1) })?;
    finish(r, arg as usize, v);
    poll(vm, r).map(|()| true)
}

/// Native methods that take a slice of arguments, the number of which `choose` checked.
pub(super) fn call_method_descriptor_fast(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    let n = arg as usize;
    // SAFETY: the stack has the callable, self or NULL, and the arguments; the opcode goes with method descriptors.
    let (args, this, d) = unsafe {
        let args = r.sp.sub(n);
        let this = *args.sub(1);
        let d = r.object_of_type::<MethodDescr>(*args.sub(2), r.cache(1).get());
        (args, this, d)
    };
    let Some(d) = d else {
        return call_missed(vm, r, arg);
    };
    let NativeCode::Positional { f: code, .. } = d.def.code else {
        return call_method_descriptor_any(vm, r, arg);
    };
    if this == 0 || !is_known_def(r, d.def) || r.cache(3).get() as u32 as usize != n + 1 {
        return call_method_descriptor_any(vm, r, arg);
    }
    // SAFETY: the stack keeps the value alive.
    let this = std::mem::ManuallyDrop::new(unsafe { Value::from_bits(strip(this)) });
    let ty = vm.type_of(&this);
    if !std::ptr::eq(ty, d.owner.object()) && !ty.payload.is_subtype(d.owner.object()) {
        return call_missed(vm, r, arg);
    }
    r.save_ip();
    vm.check_stack(" while calling a Python object")?;
    // SAFETY: the words are live stack slots.
    let v = unsafe { lend_words(args, n, |values| code(vm, &this, values))? };
    finish(r, n, v);
    poll(vm, r)
}

/// Native methods that take arguments in any way.
#[inline(never)]
pub(super) fn call_method_descriptor_any(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    let site = Site::new(r, arg as usize);
    let callable = site.callable();
    let Some((d, this)) = method_descriptor(vm, r, &site, &callable) else {
        return call_missed(vm, r, arg);
    };
    r.save_ip();
    // SAFETY: the words are live stack slots.
    let v = unsafe {
        call_def(vm, d.def, &this, site.first.add(1), site.total - 1)
            .unwrap_or_else(|| call_native_words(vm, &callable, site.first, site.total, None))?
    };
    finish(r, arg as usize, v);
    poll(vm, r)
}

/// Whether the callable is the native function or method that the site knows.
#[inline(always)]
fn is_known_def(r: &Regs, def: &'static NativeDef) -> bool {
    (&raw const *def).addr() as u64 == r.cache(2).get()
}

#[inline(always)]
pub(super) fn call_list_append(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<bool> {
    let site = Site::new(r, arg as usize);
    let callable = site.callable();
    // SAFETY: the opcode goes with method descriptors.
    let Some(d) = (unsafe { known::<MethodDescr>(r, &callable) }) else {
        return Ok(false);
    };
    if !is_known_def(r, d.def) || site.total != 2 || arg != 1 {
        return Ok(false);
    }
    // SAFETY: there are two arguments.
    let this = unsafe { site.arg(0) };
    let Some(list) = this.downcast_exact::<List>(&vm.types().list) else {
        return Ok(false);
    };
    r.save_ip();
    let item = r.pop_value();
    if !list.push(item) {
        return Err(vm.no_memory());
    }
    let (list, append) = (r.pop_bits(), r.pop_bits());
    r.skip(CALL_CACHE);
    // The result is mostly dropped at once.
    if r.at(Opcode::PopTop) {
        r.skip(1);
    } else {
        r.push(vm.none());
    }
    // SAFETY: both were taken out.
    unsafe {
        drop_slot(list);
        drop_slot(append);
    }
    Ok(true)
}

pub(super) fn call_len(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    let site = Site::new(r, arg as usize);
    let callable = site.callable();
    // SAFETY: the opcode goes with native functions.
    let Some(f) = (unsafe { known::<NativeFunction>(r, &callable) }) else {
        return call_missed(vm, r, arg);
    };
    if !is_known_def(r, f.def) || site.total != 1 {
        return call_missed(vm, r, arg);
    }
    r.save_ip();
    // SAFETY: there is one argument.
    let v = unsafe { site.arg(0) };
    let n = match v.downcast_exact::<List>(&vm.types().list) {
        Some(l) => l.len(),
        None => vm.len(&v)?,
    };
    let n = vm.new_int(n as i64)?;
    finish(r, arg as usize, n);
    Ok(())
}

pub(super) fn call_isinstance(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    let site = Site::new(r, arg as usize);
    let callable = site.callable();
    // SAFETY: the opcode goes with native functions.
    let f = unsafe { known::<NativeFunction>(r, &callable) };
    if site.total != 2 || !f.is_some_and(|f| is_known_def(r, f.def)) {
        return call_missed(vm, r, arg);
    }
    r.save_ip();
    vm.check_stack(" while calling a Python object")?;
    // SAFETY: there are two arguments.
    let (v, class) = unsafe { (site.arg(0), site.arg(1)) };
    let result = match class.downcast_exact::<TypeObject>(&vm.types().type_) {
        Some(t) if std::ptr::eq(vm.type_of(&v), t.object()) => true,
        _ => vm.is_instance(&v, &class)?,
    };
    finish(r, arg as usize, vm.bool(result));
    Ok(())
}

/// `type(x)`, `str(x)` and `tuple(x)`.
pub(super) fn call_class_1(vm: &Vm, r: &mut Regs, arg: u32, op: Opcode) -> PyResult<()> {
    let site = Site::new(r, arg as usize);
    let callable = site.callable();
    let types = vm.types();
    let class = match op {
        Opcode::CallType1 => &types.type_,
        Opcode::CallStr1 => &types.str,
        _ => &types.tuple,
    };
    if !callable.is(class.as_value()) || site.total != 1 || arg != 1 {
        return call_missed(vm, r, arg);
    }
    r.save_ip();
    // SAFETY: there is one argument.
    let v = unsafe { site.arg(0) };
    let result = match op {
        Opcode::CallType1 => vm.type_value(&v).into_value(),
        Opcode::CallStr1 => vm.str(&v)?.into_value(),
        _ => vm.collect_tuple(&v)?.into_value(),
    };
    finish(r, 1, result);
    poll(vm, r)
}
