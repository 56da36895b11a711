//! Specialized operators, subscripts and iteration; the general ones are in `ops.rs` and `control.rs`.
//!
//! Cache word 0 counts; BINARY_OP_SUBSCR_GETITEM has a type's version in word 1 and the function in word 2, FOR_ITER the
//! address of the iterator's type in word 1. A handler that gives false (`Ok(false)`) has touched nothing.

use taipan_builtins::list_::iter::ListIter;
use taipan_builtins::range_::iter::RangeIter;
use taipan_builtins::tuple_::TupleIter;
use taipan_bytecode::Opcode;
use taipan_object::class::BinaryFn;
use taipan_object::{
    BinaryOp, Dict, Object, Payload, Plain, PyResult, Ref, Set, Str, TypeObject, Value, Vm,
};

use super::frames::push_exact_frame;
use super::ops;
use super::regs::{BINARY_CACHE, Regs};
use super::specialize::{back_off, miss};
use crate::frame::{self, drop_slot, drop_word, frame_flag};
use crate::function::Function;
use crate::generator::{self, Generator, Kind, State};

/// BINARY_OP's oparg for subscription.
pub(super) const NB_SUBSCR: u32 = 26;

/// Chooses an opcode for a BINARY_OP.
#[cold]
#[inline(never)]
pub(super) fn specialize_binary_op(vm: &Vm, r: &Regs, arg: u32) {
    let (a, b) = (r.peek(2), r.peek(1));
    match choose_binary(vm, r, arg, &a, &b) {
        Some(op) => r.specialize(op),
        None => back_off(r),
    }
}

fn choose_binary(vm: &Vm, r: &Regs, arg: u32, a: &Value, b: &Value) -> Option<Opcode> {
    if arg == NB_SUBSCR {
        return choose_subscript(vm, r, a, b);
    }
    let (op, _) = BinaryOp::from_oparg(arg)?;
    let ints = a.is_small_int() && b.is_small_int();
    let floats = vm.exact_float(a).is_some() && vm.exact_float(b).is_some();
    if a.is_exact_str(vm) && b.is_exact_str(vm) && op == BinaryOp::Add {
        return Some(match local_of_next_store(r) {
            Some(i) if r.local_bits(i) == frame::strip(r.peek_bits(2)) => {
                Opcode::BinaryOpInplaceAddUnicode
            }
            _ => Opcode::BinaryOpAddUnicode,
        });
    }
    Some(match op {
        BinaryOp::Add if ints => Opcode::BinaryOpAddInt,
        BinaryOp::Subtract if ints => Opcode::BinaryOpSubtractInt,
        BinaryOp::Multiply if ints => Opcode::BinaryOpMultiplyInt,
        BinaryOp::Add if floats => Opcode::BinaryOpAddFloat,
        BinaryOp::Subtract if floats => Opcode::BinaryOpSubtractFloat,
        BinaryOp::Multiply if floats => Opcode::BinaryOpMultiplyFloat,
        _ if ops::extends(vm, arg, a, b) => {
            r.cache(NATIVE_FUNCTION).set(0);
            Opcode::BinaryOpExtend
        }
        op => {
            let types = (vm.type_of(a), vm.type_of(b));
            let f = vm.native_operator(op, arg >= 13, types)?;
            return Some(keep_native(r, f, types.0, Some(types.1)));
        }
    })
}

/// The cache word of a BINARY_OP_EXTEND that has the native function that the site calls, for operands of the classes in the
/// words before; 0 when the loop itself does what the site does.
const NATIVE_FUNCTION: usize = 3;

/// Keeps a native class's function in the site's cache; `second` is `None` when the other operand may be anything.
fn keep_native(
    r: &Regs,
    f: BinaryFn,
    first: &Object<TypeObject>,
    second: Option<&Object<TypeObject>>,
) -> Opcode {
    r.cache(1).set((&raw const *first).addr() as u64);
    r.cache(2)
        .set(second.map_or(0, |t| (&raw const *t).addr() as u64));
    r.cache(NATIVE_FUNCTION).set(f as usize as u64);
    Opcode::BinaryOpExtend
}

/// BINARY_OP_EXTEND of other operands than numbers: calls the function that the site knows.
#[inline(never)]
pub(super) fn binary_op_native(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    let (a, b) = (r.peek(2), r.peek(1));
    let second = r.cache(2).get();
    let word = r.cache(NATIVE_FUNCTION).get();
    if word == 0
        || (&raw const *vm.type_of(&a)).addr() as u64 != r.cache(1).get()
        || second != 0 && (&raw const *vm.type_of(&b)).addr() as u64 != second
    {
        return binary_op_missed(vm, r, arg);
    }
    // SAFETY: `keep_native` put the function's address there.
    let f = unsafe { std::mem::transmute::<usize, BinaryFn>(word as usize) };
    r.save_ip();
    let v = f(vm, &a, &b)?;
    if vm.is_not_implemented(&v) {
        return ops::binary_op_general(vm, r, arg);
    }
    let (b, a) = (r.pop_bits(), r.pop_bits());
    r.finish_binary(v.into_bits());
    // SAFETY: both were taken out.
    unsafe {
        drop_word(b);
        drop_word(a);
    }
    Ok(())
}

fn choose_subscript(vm: &Vm, r: &Regs, a: &Value, b: &Value) -> Option<Opcode> {
    let t = vm.types();
    let ty = vm.type_of(a);
    let is = |other: &Ref<TypeObject>| std::ptr::eq(ty, other.object());
    if is(&t.dict) {
        return Some(Opcode::BinaryOpSubscrDict);
    }
    if b.is_small_int() {
        if is(&t.list) {
            return Some(Opcode::BinaryOpSubscrListInt);
        }
        if is(&t.tuple) {
            return Some(Opcode::BinaryOpSubscrTupleInt);
        }
        if is(&t.str) {
            return Some(Opcode::BinaryOpSubscrStrInt);
        }
    }
    if ty.is_native() {
        return Some(keep_native(
            r,
            ty.payload.slots.mp_subscript.get()?,
            ty,
            None,
        ));
    }
    let f = python_method(vm, r, a, &vm.names().__getitem__, 2)?;
    r.cache(2).set(f.as_value().bits());
    Some(Opcode::BinaryOpSubscrGetitem)
}

/// A method of the value's class that is a Python function of `n` parameters; the class's version goes to word 1.
fn python_method(vm: &Vm, r: &Regs, v: &Value, name: &Ref<Str>, n: usize) -> Option<Ref<Function>> {
    let ty = &vm.type_of(v).payload;
    if !ty.is_heap() {
        return None;
    }
    let f = vm.lookup(ty, name)?.downcast::<Function>().ok()?;
    let version = vm.type_version(ty);
    if version == 0 || !f.code.get().takes_exactly(n) {
        return None;
    }
    r.cache(1).set(u64::from(version));
    Some(f)
}

/// The local that the instruction after this BINARY_OP stores to.
#[inline(always)]
fn local_of_next_store(r: &Regs) -> Option<u32> {
    // SAFETY: BINARY_OP is followed by its cache units and another instruction.
    let unit = unsafe { (*r.ip.add(BINARY_CACHE)).get() };
    (unit as u8 == Opcode::StoreFast as u8).then_some(u32::from(unit >> 8))
}

/// A specialized BINARY_OP met other operands: it is general again.
#[cold]
#[inline(never)]
pub(super) fn binary_op_missed(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    miss(r, Opcode::BinaryOp);
    ops::binary_op_general(vm, r, arg)
}

/// Sums, differences and products of small ints. With the tag in the lowest bit, `2x+1` stands for `x`.
#[inline(always)]
fn of_small_ints(op: BinaryOp, a: u64, b: u64) -> Option<u64> {
    if a & b & 1 == 0 {
        return None;
    }
    let (a, b) = (a as i64, b as i64);
    let result = match op {
        BinaryOp::Add => a.checked_add(b - 1),
        BinaryOp::Subtract => a.checked_sub(b - 1),
        _ => (a - 1).checked_mul(b >> 1).map(|p| p | 1),
    };
    result.map(|bits| bits as u64)
}

/// Pushes a small int. When an operator comes next that is specialized for it and finds the left operand that it wants, the
/// operator is done at once.
#[inline(always)]
pub(super) fn push_small_int(vm: &Vm, r: &mut Regs, b: u64) {
    // SAFETY: ip stays within the code.
    let unit = unsafe { (*r.ip).get() };
    let op = unit as u8;
    // Below an empty stack are words of the frame: looked at, but not used unless an operator proves that there is an operand.
    let a = r.peek_bits(1);
    if op == Opcode::CompareOpInt as u8 {
        if a & 1 != 0 {
            r.shrink();
            r.skip(2);
            let (a, b) = (a as i64, b as i64);
            let truth = ops::compared(u32::from(unit >> 8), a >= b, a <= b);
            return ops::push_truth(vm, r, truth);
        }
    } else if op == Opcode::BinaryOpSubscrListInt as u8 {
        if let Some(v) = r.list(vm, 1).and_then(|l| l.get(item_at(b, l.len()))) {
            r.shrink();
            r.skip(1);
            r.finish_binary(v.into_bits());
            // SAFETY: the operand was popped.
            return unsafe { drop_word(a) };
        }
    } else {
        let result = if op == Opcode::BinaryOpAddInt as u8 {
            of_small_ints(BinaryOp::Add, a, b)
        } else if op == Opcode::BinaryOpSubtractInt as u8 {
            of_small_ints(BinaryOp::Subtract, a, b)
        } else if op == Opcode::BinaryOpMultiplyInt as u8 {
            of_small_ints(BinaryOp::Multiply, a, b)
        } else {
            None
        };
        if let Some(bits) = result {
            r.shrink();
            r.skip(1);
            return r.finish_binary(bits);
        }
    }
    r.push_bits(b);
}

/// The position that a small int's word stands for in a sequence of `len` items; too large when there is none.
#[inline(always)]
fn item_at(word: u64, len: usize) -> usize {
    let i = (word as i64) >> 1;
    (if i < 0 { i + len as i64 } else { i }) as usize
}

#[inline(always)]
pub(super) fn int_op(r: &mut Regs, op: BinaryOp) -> bool {
    let Some(bits) = of_small_ints(op, r.peek_bits(2), r.peek_bits(1)) else {
        return false;
    };
    // Small ints need no drop.
    r.shrink();
    r.shrink();
    r.finish_binary(bits);
    true
}

#[inline(always)]
pub(super) fn float_op(vm: &Vm, r: &mut Regs, op: BinaryOp) -> bool {
    let Some(x) = r.float(vm, 2) else {
        return false;
    };
    let Some(y) = r.float(vm, 1) else {
        return false;
    };
    let z = match op {
        BinaryOp::Add => x + y,
        BinaryOp::Subtract => x - y,
        _ => x * y,
    };
    ops::replace_operands(vm, r, z)
}

#[inline(always)]
pub(super) fn subscr_list_int(vm: &Vm, r: &mut Regs) -> bool {
    let (container, key) = (r.peek_bits(2), r.peek_bits(1));
    if key & 1 != 0
        && let Some(l) = r.list(vm, 2)
        && let Some(v) = l.get(item_at(key, l.len()))
    {
        r.shrink();
        r.shrink();
        r.finish_binary(v.into_bits());
        // SAFETY: the operand was popped.
        unsafe { drop_word(container) };
        return true;
    }
    false
}

#[inline(always)]
pub(super) fn subscr_tuple_int(vm: &Vm, r: &mut Regs) -> bool {
    let (container, key) = (r.peek_bits(2), r.peek_bits(1));
    if key & 1 != 0
        && let Some(t) = r.tuple(vm, 2)
        && let Some(v) = t.get(item_at(key, t.len()))
    {
        r.shrink();
        r.shrink();
        r.finish_binary(v.into_bits());
        // SAFETY: the operand was popped.
        unsafe { drop_word(container) };
        return true;
    }
    false
}

#[inline(never)]
pub(super) fn subscr_str_int(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    let (a, b) = (r.peek(2), r.peek(1));
    if let Some(i) = b.as_small_int()
        && let Some(s) = a.downcast_exact::<Str>(&vm.types().str)
        && let at = if i < 0 { i + s.len() as i64 } else { i }
        && let Ok(at) = usize::try_from(at)
        && let Some(c) = s.text().get(at)
    {
        r.save_ip();
        let v = vm.char_str(c)?.into_value();
        let _ = r.pop_bits();
        r.skip(BINARY_CACHE);
        r.set_top(1, v);
        return Ok(());
    }
    binary_op_missed(vm, r, arg)
}

/// `d[k]` of a key that is there, found without Python code.
#[inline(always)]
pub(super) fn subscr_dict_plain(vm: &Vm, r: &mut Regs) -> bool {
    let Some(d) = r.dict(vm, 2) else {
        return false;
    };
    let Plain::At(i) = d.find_plain(vm, &r.peek(1)) else {
        return false;
    };
    let Some(v) = d.value_at(i) else {
        return false;
    };
    let (key, container) = (r.pop_bits(), r.pop_bits());
    r.finish_binary(v.into_bits());
    // SAFETY: both were popped.
    unsafe {
        drop_word(key);
        drop_word(container);
    }
    true
}

/// `k in d`, or `not in`, when that takes no Python code.
#[inline(always)]
pub(super) fn contains_dict_plain(vm: &Vm, r: &mut Regs, arg: u32) -> bool {
    let Some(d) = r.dict(vm, 1) else {
        return false;
    };
    let found = match d.find_plain(vm, &r.peek(2)) {
        Plain::At(_) => true,
        Plain::Absent => false,
        Plain::Unknown => return false,
    };
    finish_contains(vm, r, found != (arg != 0));
    true
}

/// `k in s`, or `not in`, for a set or frozenset when that takes no Python code.
#[inline(always)]
pub(super) fn contains_set_plain(vm: &Vm, r: &mut Regs, arg: u32) -> bool {
    // SAFETY: the opcode goes with sets and frozensets, the type of which the site knows.
    let Some(s) = (unsafe { r.object_of_type::<Set>(r.peek_bits(1), r.cache(1).get()) }) else {
        return false;
    };
    let Some(found) = s.contains_plain(vm, &r.peek(2)) else {
        return false;
    };
    finish_contains(vm, r, found != (arg != 0));
    true
}

#[inline(always)]
fn finish_contains(vm: &Vm, r: &mut Regs, truth: bool) {
    let (container, key) = (r.pop_bits(), r.pop_bits());
    r.skip(1);
    ops::push_truth(vm, r, truth);
    // SAFETY: both were popped.
    unsafe {
        drop_word(container);
        drop_word(key);
    }
}

/// Chooses an opcode for a CONTAINS_OP.
#[cold]
#[inline(never)]
pub(super) fn specialize_contains(vm: &Vm, r: &Regs) {
    let container = r.peek(1);
    let ty = vm.type_of(&container);
    let t = vm.types();
    if std::ptr::eq(ty, t.dict.object()) {
        r.specialize(Opcode::ContainsOpDict);
    } else if std::ptr::eq(ty, t.set.object()) || std::ptr::eq(ty, t.frozenset.object()) {
        r.cache(1).set((&raw const *ty).addr() as u64);
        r.specialize(Opcode::ContainsOpSet);
    } else {
        back_off(r);
    }
}

/// A specialized CONTAINS_OP that takes the general way: for the key's sake, or because it met another container.
pub(super) fn contains_missed(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    let container = r.peek(1);
    let ty = vm.type_of(&container);
    let t = vm.types();
    let known = [&t.dict, &t.set, &t.frozenset];
    if !known.iter().any(|k| std::ptr::eq(ty, k.object())) {
        miss(r, Opcode::ContainsOp);
    }
    ops::contains_general(vm, r, arg)
}

/// `d[k] = v` for a key that is there, found without Python code.
#[inline(always)]
pub(super) fn store_subscr_dict_plain(vm: &Vm, r: &mut Regs) -> bool {
    let Some(d) = r.dict(vm, 2) else {
        return false;
    };
    let Plain::At(i) = d.find_plain(vm, &r.peek(1)) else {
        return false;
    };
    let (key, container) = (r.pop_bits(), r.pop_bits());
    let old = d.set_value_at(i, r.pop_value()).map_or(0, Value::into_bits);
    r.skip(1);
    // SAFETY: all were popped or taken out.
    unsafe {
        drop_word(key);
        drop_word(container);
        drop_slot(old);
    }
    true
}

#[inline(never)]
pub(super) fn subscr_dict(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    let (a, b) = (r.peek(2), r.peek(1));
    let Some(d) = a.downcast_exact::<Dict>(&vm.types().dict) else {
        return binary_op_missed(vm, r, arg);
    };
    r.save_ip();
    let v = match d.get(vm, &b)? {
        Some(v) => v,
        // KeyError is the dict's own business.
        None => vm.getitem(&a, &b)?,
    };
    r.drop_n(2);
    r.skip(BINARY_CACHE);
    r.push(v);
    Ok(())
}

/// Enters a `__getitem__` written in Python.
#[inline(never)]
pub(super) fn subscr_getitem(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    let a = r.peek(2);
    if u64::from(vm.type_of(&a).payload.version.get()) != r.cache(1).get() {
        return binary_op_missed(vm, r, arg);
    }
    // SAFETY: the type keeps the function alive while its version is valid.
    let f = unsafe {
        let v = std::mem::ManuallyDrop::new(Value::from_bits(r.cache(2).get()));
        Ref::<Function>::from_value_unchecked((*v).clone())
    };
    if !f.code.get().takes_exactly(2) {
        return binary_op_missed(vm, r, arg);
    }
    r.save_ip();
    r.skip(BINARY_CACHE);
    // SAFETY: both operands are on the stack.
    let args = unsafe { r.sp.sub(2) };
    push_exact_frame(vm, r, f, args, 2, 0)?;
    Ok(())
}

#[inline(never)]
pub(super) fn add_unicode(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    let (a, b) = (r.peek(2), r.peek(1));
    let str_type = &vm.types().str;
    let (Some(x), Some(y)) = (
        a.downcast_exact::<Str>(str_type),
        b.downcast_exact::<Str>(str_type),
    ) else {
        return binary_op_missed(vm, r, arg);
    };
    r.save_ip();
    let v = taipan_builtins::str_::concat(vm, x, y)?;
    r.drop_n(2);
    r.skip(BINARY_CACHE);
    r.push(v.into_value());
    Ok(())
}

/// `s = s + t` and `s += t` for a local `s`: grows in place when the local alone holds the string.
#[inline(never)]
pub(super) fn inplace_add_unicode(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    let (a, b) = (r.peek(2), r.peek(1));
    let str_type = &vm.types().str;
    let (Some(_), Some(y)) = (
        a.downcast_exact::<Str>(str_type),
        b.downcast_exact::<Str>(str_type),
    ) else {
        return binary_op_missed(vm, r, arg);
    };
    let left = r.peek_bits(2);
    let Some(i) = local_of_next_store(r).filter(|&i| r.local_bits(i) == frame::strip(left)) else {
        return binary_op_missed(vm, r, arg);
    };
    r.save_ip();
    if !frame::is_borrowed(left) {
        // The stack's own count goes; the local has another.
        let stack = r.poke_bits(2, frame::borrow(left));
        // SAFETY: the content was taken out.
        unsafe { drop_slot(stack) };
    }
    // The local's content moves through the operation; the stack's word only borrows it.
    let bits = r.replace_local(i, 0);
    let _ = r.poke_bits(2, Value::from_i32(0).into_bits());
    // SAFETY: the local owned an exact string.
    let x = unsafe { Ref::<Str>::from_value_unchecked(Value::from_bits(bits)) };
    match vm.append_str(x, y) {
        Ok(s) => {
            let _ = r.replace_local(i, s.into_value().into_bits());
            r.drop_n(2);
            r.skip(BINARY_CACHE + 1);
            Ok(())
        }
        Err((x, e)) => {
            let _ = r.replace_local(i, x.into_value().into_bits());
            Err(e)
        }
    }
}

/// Chooses an opcode for a STORE_SUBSCR.
#[cold]
#[inline(never)]
pub(super) fn specialize_store_subscr(vm: &Vm, r: &Regs) {
    let (container, key) = (r.peek(2), r.peek(1));
    let ty = vm.type_of(&container);
    if std::ptr::eq(ty, vm.types().dict.object()) {
        r.specialize(Opcode::StoreSubscrDict);
    } else if std::ptr::eq(ty, vm.types().list.object()) && key.is_small_int() {
        r.specialize(Opcode::StoreSubscrListInt);
    } else {
        back_off(r);
    }
}

/// Enters a `__setitem__` written in Python; false when the container has none.
pub(super) fn store_subscr_python(vm: &Vm, r: &mut Regs) -> PyResult<bool> {
    let container = r.peek(2);
    let ty = &vm.type_of(&container).payload;
    if !ty.is_heap() {
        return Ok(false);
    }
    let Some(f) = vm
        .lookup(ty, &vm.names().__setitem__)
        .and_then(|f| f.downcast::<Function>().ok())
        .filter(|f| f.code.get().takes_exactly(3) && !f.code.get().is_generator_like())
    else {
        return Ok(false);
    };
    r.save_ip();
    r.skip(1);
    // SAFETY: value, container and key are on the stack; they become container, key and value.
    unsafe {
        let args = r.sp.sub(3);
        let value = *args;
        *args = *args.add(1);
        *args.add(1) = *args.add(2);
        *args.add(2) = value;
        push_exact_frame(vm, r, f, args, 3, frame_flag::DISCARD)?;
    }
    Ok(true)
}

/// Chooses an opcode for a FOR_ITER.
#[cold]
#[inline(never)]
pub(super) fn specialize_for_iter(vm: &Vm, r: &Regs) {
    let it = r.peek(1);
    let ty = vm.type_of(&it);
    let op = if it.downcast_ref::<ListIter>().is_some() {
        Opcode::ForIterList
    } else if it.downcast_ref::<TupleIter>().is_some() {
        Opcode::ForIterTuple
    } else if it.downcast_ref::<RangeIter>().is_some() {
        Opcode::ForIterRange
    } else if it.downcast_ref::<Generator>().is_some() {
        Opcode::ForIterGen
    } else {
        return back_off(r);
    };
    r.cache(1).set((&raw const *ty).addr() as u64);
    r.specialize(op);
}

/// The `n`th item from the top, if its type is the one that the site knows.
///
/// # Safety
/// The payload of objects of that type is a `T`. The reference is not used after the item was let go of.
#[inline(always)]
pub(super) unsafe fn known_iterator<'a, T: Payload>(r: &Regs, n: usize) -> Option<&'a T> {
    // SAFETY: the contract; the item is not NULL.
    unsafe { r.object_of_type(r.peek_bits(n), r.cache(1).get()) }
}

/// Pushes an iterator's next item, or stores it at once when that is what comes next; leaves the loop at the end.
#[inline(always)]
fn step(r: &mut Regs, arg: u32, next: Option<Value>) {
    r.skip(1);
    match next {
        Some(v) => {
            // SAFETY: ip stays within the code.
            let unit = unsafe { (*r.ip).get() };
            if unit as u8 == Opcode::StoreFast as u8 {
                r.skip(1);
                let old = r.replace_local(u32::from(unit >> 8), v.into_bits());
                // SAFETY: the content was taken out.
                unsafe { drop_slot(old) };
            } else {
                r.push(v);
            }
        }
        // As in the general FOR_ITER.
        None => r.jump(arg as isize + 1),
    }
}

#[inline(always)]
pub(super) fn for_iter_list(r: &mut Regs, arg: u32) -> bool {
    // SAFETY: the opcode goes with list iterators.
    let Some(it) = (unsafe { known_iterator::<ListIter>(r, 1) }) else {
        return false;
    };
    let i = it.index.get();
    let next = match it.list.peek() {
        // SAFETY: the iterator keeps its list alive; the reference ends before anything is dropped.
        Some(list) => unsafe { (*list).payload.get(i) },
        None => None,
    };
    let ended = if next.is_some() {
        it.index.set(i + 1);
        None
    } else {
        it.list.take()
    };
    step(r, arg, next);
    drop(ended);
    true
}

#[inline(always)]
pub(super) fn for_iter_tuple(r: &mut Regs, arg: u32) -> bool {
    // SAFETY: the opcode goes with tuple iterators.
    let Some(it) = (unsafe { known_iterator::<TupleIter>(r, 1) }) else {
        return false;
    };
    let i = it.index.get();
    let next = match it.tuple.peek() {
        // SAFETY: as for lists.
        Some(tuple) => unsafe { (*tuple).payload.get(i) },
        None => None,
    };
    let ended = if next.is_some() {
        it.index.set(i + 1);
        None
    } else {
        it.tuple.take()
    };
    step(r, arg, next);
    drop(ended);
    true
}

#[inline(always)]
pub(super) fn for_iter_range(r: &mut Regs, arg: u32) -> bool {
    // SAFETY: the opcode goes with range iterators.
    let Some(it) = (unsafe { known_iterator::<RangeIter>(r, 1) }) else {
        return false;
    };
    let left = it.left.get();
    if left <= 0 {
        step(r, arg, None);
        return true;
    }
    let i = it.next.get();
    let Some(v) = Value::small_int(i) else {
        return false;
    };
    it.left.set(left - 1);
    it.next.set(i.wrapping_add(it.step));
    step(r, arg, Some(v));
    true
}

/// FOR_ITER over a generator: goes on in its frame.
#[inline(never)]
pub(super) fn for_iter_gen(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    // SAFETY: the opcode goes with generators.
    let Some(g) = (unsafe { known_iterator::<Generator>(r, 1) }) else {
        return for_iter_missed(vm, r, arg);
    };
    if !matches!(g.state.get(), State::Created | State::Suspended) {
        return for_iter_missed(vm, r, arg);
    }
    r.skip(1);
    // When it returns, END_FOR pops what it returned.
    generator::resume_in_place(vm, r, g, vm.none(), arg)
}

/// Chooses an opcode for a SEND.
#[cold]
#[inline(never)]
pub(super) fn specialize_send(vm: &Vm, r: &Regs) {
    let receiver = r.peek(2);
    match receiver.downcast_ref::<Generator>() {
        Some(g) if g.kind != Kind::AsyncGenerator => {
            let ty = vm.type_of(&receiver);
            r.cache(1).set((&raw const *ty).addr() as u64);
            r.specialize(Opcode::SendGen);
        }
        _ => back_off(r),
    }
}

/// SEND into a suspended generator or coroutine: goes on in its frame.
#[inline(never)]
pub(super) fn send_gen(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    // SAFETY: the opcode goes with generators and coroutines.
    let Some(g) = (unsafe { known_iterator::<Generator>(r, 2) }) else {
        return send_missed(vm, r, arg);
    };
    let ready = match g.state.get() {
        State::Suspended => true,
        State::Created => vm.is_none(&r.peek(1)),
        _ => false,
    };
    if !ready {
        return send_missed(vm, r, arg);
    }
    let v = r.pop_value();
    r.skip(1);
    generator::resume_in_place(vm, r, g, v, arg)
}

/// A specialized SEND met another receiver.
#[cold]
#[inline(never)]
pub(super) fn send_missed(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    miss(r, Opcode::Send);
    super::control::send(vm, r, arg)
}

/// A specialized FOR_ITER met another iterator.
#[cold]
#[inline(never)]
pub(super) fn for_iter_missed(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    miss(r, Opcode::ForIter);
    super::control::for_iter_general(vm, r, arg)
}
