//! Calls: what CALL calls, Python functions and everything else. Frames are pushed in `frames.rs`, keywords and unpacked
//! arguments are in `keywords.rs`, specialized calls in `call_cache.rs` and `quick.rs`.

use std::mem::MaybeUninit;

use taipan_object::descr::Method;
use taipan_object::{Args, PyResult, Raised, Ref, Str, Tuple, TypeObject, Value, Vm};

use super::frames::{owned, push_exact_frame, push_python_frame};
use super::regs::Regs;
use crate::frame::{self, Popped, drop_slot, drop_word, frame_flag, strip};
use crate::function::Function;

/// Units of CALL's cache.
pub(super) const CALL_CACHE: usize = 3;
/// Units of LOAD_ATTR's cache.
pub(super) const ATTR_CACHE: usize = 9;

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
        let args = at.sub(n);
        let base = args.sub(2);
        // The result stands where the callable was, which is looked at before.
        let callable = *base;
        while at != args {
            at = at.sub(1);
            drop_word(*at);
        }
        drop_slot(*args.sub(1));
        r.sp = base;
        r.push(v);
        drop_word(callable);
    }
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
        .filter(|init| !init.code.get().is_generator_like())
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
pub(super) const LENT_COPIES: usize = 5;

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
    if total == 1 {
        // SAFETY: the contract; the value is only lent.
        return unsafe {
            let word = strip(*first);
            f(std::slice::from_ref(Value::from_word_ref(&raw const word)))
        };
    }
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
pub(super) fn not_callable(vm: &Vm, callable: &Value) -> Raised {
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
