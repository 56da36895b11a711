//! Operators, comparison, truth, subscripts and slices.

use taipan_bytecode::Opcode;
use taipan_object::class::RichCompareFn;
use taipan_object::{
    BinaryOp, CompareOp, Dict, Float, List, Object, PyResult, Str, Tuple, Value, Vm,
};

use super::regs::{BINARY_CACHE, Regs};
use super::{operators, ops_cache, specialize};
use crate::frame::{BORROWED, drop_slot, drop_word};

/// BINARY_OP: chooses an opcode for the site when it is worth it.
#[inline(never)]
pub(super) fn binary_op(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    if specialize::warm(r) {
        ops_cache::specialize_binary_op(vm, r, arg);
    }
    if operators::is_made_in_python(vm, r) && arg != ops_cache::NB_SUBSCR {
        return operators::binary(vm, r, arg);
    }
    binary_op_general(vm, r, arg)
}

/// What BINARY_OP_EXTEND does in the loop: the operations of [`small_op`] and [`float_op`].
pub(super) fn extends(vm: &Vm, arg: u32, a: &Value, b: &Value) -> bool {
    match (a.as_small_int(), b.as_small_int()) {
        (Some(x), Some(y)) => small_op(arg, x, y).is_some(),
        _ => match (number(vm, a), number(vm, b)) {
            (Some(x), Some(y)) => float_op(arg, x, y).is_some(),
            _ => false,
        },
    }
}

/// An exact float's number, or a small int's when floats have it exactly.
#[inline(always)]
fn number(vm: &Vm, v: &Value) -> Option<f64> {
    match v.as_small_int() {
        Some(i) if i.unsigned_abs() <= 1 << 53 => Some(i as f64),
        Some(_) => None,
        None => vm.exact_float(v),
    }
}

/// Operations of small ints with a small result.
#[inline(always)]
fn small_op(arg: u32, x: i64, y: i64) -> Option<Value> {
    // Small ints have 63 bits: sums and differences fit 64.
    match arg {
        0 | 13 => Value::small_int(x + y),
        10 | 23 => Value::small_int(x - y),
        5 | 18 => x.checked_mul(y).and_then(Value::small_int),
        1 | 14 => Value::small_int(x & y),
        7 | 20 => Value::small_int(x | y),
        12 | 25 => Value::small_int(x ^ y),
        2 | 15 if y > 0 => Value::small_int(if x < 0 { -1 - (-1 - x) / y } else { x / y }),
        6 | 19 if y > 0 => Value::small_int(x.rem_euclid(y)),
        9 | 22 if (0..63).contains(&y) => Value::small_int(x >> y),
        3 | 16 if (0..32).contains(&y) && x.unsigned_abs() < 1 << 30 => Value::small_int(x << y),
        _ => None,
    }
}

/// BINARY_OP_EXTEND: numbers of which at least one is a float or whose operation has no opcode of its own.
#[inline(always)]
pub(super) fn binary_op_extend(vm: &Vm, r: &mut Regs, arg: u32) -> bool {
    let (a, b) = (r.peek(2), r.peek(1));
    if let (Some(x), Some(y)) = (a.as_small_int(), b.as_small_int()) {
        let Some(v) = small_op(arg, x, y) else {
            return false;
        };
        // Small ints need no drop.
        r.shrink();
        r.shrink();
        r.finish_binary(v.into_bits());
        return true;
    }
    if let (Some(x), Some(y)) = (number(vm, &a), number(vm, &b))
        && let Some(z) = float_op(arg, x, y)
    {
        return replace_operands(vm, r, z);
    }
    false
}

/// Puts a float in the place of the two operands of a BINARY_OP, or in the local that STORE_FAST gives it to. False, and
/// nothing has been touched, when there is no room for it at hand.
#[inline(always)]
pub(super) fn replace_operands(vm: &Vm, r: &mut Regs, z: f64) -> bool {
    // The two words, which are not used again when this gives true.
    let (a, b) = (r.peek_bits(2), r.peek_bits(1));
    // SAFETY: BINARY_OP is followed by its cache units and another instruction.
    let unit = unsafe { (*r.ip.add(BINARY_CACHE)).get() };
    // SAFETY: the words were taken out of the stack, and lead to numbers; a word that `set_only_float` accepts leads to a
    // live float which nothing else refers to. Borrowed words do not outlive an assignment to their local.
    unsafe {
        if unit as u8 == Opcode::StoreFast as u8
            && let old = r.local_bits(u32::from(unit >> 8))
            && old != 0
            && set_only_float(vm, old, z)
        {
            // What the local held would go: it takes the new number.
            r.skip(BINARY_CACHE + 1);
            r.sp = r.sp.sub(2);
            drop_number(vm, a);
            drop_number(vm, b);
        } else if set_only_float(vm, a, z) {
            // A temporary on the stack takes the result.
            r.skip(BINARY_CACHE);
            r.shrink();
            drop_number(vm, b);
        } else if set_only_float(vm, b, z) {
            r.skip(BINARY_CACHE);
            r.shrink();
            let _ = r.poke_bits(1, b);
            drop_number(vm, a);
        } else if let Some(v) = vm.new_float_quickly(z) {
            r.shrink();
            r.shrink();
            r.finish_binary(v.into_bits());
            drop_number(vm, a);
            drop_number(vm, b);
        } else {
            return false;
        }
    }
    true
}

/// Lets go of a word that may be borrowed and leads to a float or is a small int.
///
/// # Safety
/// The word is not used again.
#[inline(always)]
unsafe fn drop_number(vm: &Vm, word: u64) {
    if word & (BORROWED | 1) == 0 {
        // SAFETY: an owned pointer to a float.
        unsafe { vm.release_float(word) };
    }
}

/// Changes the number of the float that the word owns, if nothing else refers to it.
///
/// # Safety
/// The word is that of a live value, or a borrowed one.
#[inline(always)]
unsafe fn set_only_float(vm: &Vm, word: u64, z: f64) -> bool {
    if word & 7 != 0 {
        return false;
    }
    let object = std::ptr::with_exposed_provenance_mut::<Object<Float>>(word as usize);
    // SAFETY: an owned pointer to an object; a float whose only reference is the word, so that none into it exists.
    unsafe {
        let h = &(*object).header;
        if h.refcount() != 1 || !std::ptr::eq(h.ty(), vm.known().float) {
            return false;
        }
        (&raw mut (*object).payload.value).write(z);
    }
    true
}

/// Any BINARY_OP.
#[inline(never)]
pub(super) fn binary_op_general(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    r.save_ip();
    let (a, b) = (r.peek(2), r.peek(1));
    let v = match (a.as_small_int(), b.as_small_int()) {
        (Some(x), Some(y)) => small_op(arg, x, y),
        _ => None,
    };
    let v = match v {
        Some(v) => v,
        None if arg == ops_cache::NB_SUBSCR => vm.getitem(&a, &b)?,
        None => general(vm, arg, &a, &b)?,
    };
    r.drop_n(2);
    r.skip(5);
    r.push(v);
    Ok(())
}

#[inline(always)]
fn float_op(arg: u32, x: f64, y: f64) -> Option<f64> {
    Some(match arg {
        0 | 13 => x + y,
        10 | 23 => x - y,
        5 | 18 => x * y,
        11 | 24 if y != 0.0 => x / y,
        _ => return None,
    })
}

#[inline(never)]
fn general(vm: &Vm, arg: u32, a: &Value, b: &Value) -> PyResult {
    match BinaryOp::from_oparg(arg) {
        Some((op, false)) => vm.binary_op(op, a, b),
        Some((op, true)) => vm.inplace_op(op, a, b),
        None => Err(vm.system_error("bad operand of BINARY_OP")),
    }
}

pub(super) fn compare_op(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    r.save_ip();
    let (a, b) = (r.peek(2), r.peek(1));
    let Some(op) = CompareOp::from_index((arg >> 5) as u8) else {
        return Err(vm.system_error("bad operand of COMPARE_OP"));
    };
    let v = if let (Some(x), Some(y)) = (a.as_small_int(), b.as_small_int()) {
        vm.bool(op.matches(x.cmp(&y)))
    } else if let (Some(x), Some(y)) = (vm.exact_float(&a), vm.exact_float(&b)) {
        vm.bool(match op {
            CompareOp::Lt => x < y,
            CompareOp::Le => x <= y,
            CompareOp::Eq => x == y,
            CompareOp::Ne => x != y,
            CompareOp::Gt => x > y,
            CompareOp::Ge => x >= y,
        })
    } else if let Some(f) = compare_of_native_class(vm, &a, &b) {
        let v = f(vm, &a, &b, op)?;
        if vm.is_not_implemented(&v) {
            vm.rich_compare_right(&a, &b, op)?
        } else {
            v
        }
    } else if let Some(truth) = vm.identity_compare(&a, &b, op) {
        vm.bool(truth)
    } else if operators::enter_compare(vm, r, op)? {
        return Ok(());
    } else {
        vm.rich_compare(&a, &b, op)?
    };
    let known = vm.known();
    if v.bits() == known.true_ || v.bits() == known.false_ {
        r.drop_n(2);
        r.skip(1);
        push_truth(vm, r, v.bits() == known.true_);
        return Ok(());
    }
    let v = if arg & 16 != 0 {
        vm.bool(vm.is_true(&v)?)
    } else {
        v
    };
    r.drop_n(2);
    r.skip(1);
    r.push(v);
    Ok(())
}

/// How a class that is not made in Python compares two of its own instances: nothing comes before that.
#[inline(always)]
fn compare_of_native_class(vm: &Vm, a: &Value, b: &Value) -> Option<RichCompareFn> {
    let (ta, tb) = (vm.type_of(a), vm.type_of(b));
    if !std::ptr::eq(ta, tb) || ta.payload.is_heap() {
        return None;
    }
    ta.payload.slots.tp_richcompare.get()
}

/// Pushes a truth value, or takes the jump at once when a conditional jump comes next.
#[inline(always)]
pub(super) fn push_truth(vm: &Vm, r: &mut Regs, truth: bool) {
    // SAFETY: ip stays within the code.
    let unit = unsafe { (*r.ip).get() };
    let when = if unit as u8 == Opcode::PopJumpIfFalse as u8 {
        false
    } else if unit as u8 == Opcode::PopJumpIfTrue as u8 {
        true
    } else {
        let known = vm.known();
        // Both are immortal.
        r.push_bits(if truth { known.true_ } else { known.false_ });
        return;
    };
    r.skip(2);
    if truth == when {
        r.jump((unit >> 8) as isize);
    } else if r.at(Opcode::NotTaken) {
        r.skip(1);
    }
}

/// COMPARE_OP: chooses an opcode for the site when it is worth it.
#[inline(never)]
pub(super) fn compare_op_any(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    if specialize::warm(r) {
        let (a, b) = (r.peek(2), r.peek(1));
        if a.is_small_int() && b.is_small_int() {
            r.specialize(Opcode::CompareOpInt);
        } else if vm.exact_float(&a).is_some() && vm.exact_float(&b).is_some() {
            r.specialize(Opcode::CompareOpFloat);
        } else if a.is_exact_str(vm) && b.is_exact_str(vm) && matches!(arg >> 5, 2 | 3) {
            r.specialize(Opcode::CompareOpStr);
        } else {
            specialize::back_off(r);
        }
    }
    compare_op(vm, r, arg)
}

/// A specialized COMPARE_OP met other operands.
#[cold]
#[inline(never)]
pub(super) fn compare_op_missed(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    specialize::miss(r, Opcode::CompareOp);
    compare_op(vm, r, arg)
}

#[inline(always)]
pub(super) fn compare_op_int(vm: &Vm, r: &mut Regs, arg: u32) -> bool {
    let (a, b) = (r.peek_bits(2), r.peek_bits(1));
    if a & b & 1 == 0 {
        return false;
    }
    let (a, b) = (a as i64, b as i64);
    let truth = compared(arg, a >= b, a <= b);
    // Small ints need no drop.
    let _ = r.pop_bits();
    let _ = r.pop_bits();
    r.skip(1);
    push_truth(vm, r, truth);
    true
}

/// COMPARE_OP's operand has a bit for each outcome: unordered, less, greater, equal.
#[inline(always)]
pub(super) fn compared(arg: u32, at_least: bool, at_most: bool) -> bool {
    (arg >> (2 * u32::from(at_least) + u32::from(at_most))) & 1 != 0
}

#[inline(always)]
pub(super) fn compare_op_float(vm: &Vm, r: &mut Regs, arg: u32) -> bool {
    let Some(x) = r.float(vm, 2) else {
        return false;
    };
    let Some(y) = r.float(vm, 1) else {
        return false;
    };
    let truth = compared(arg, x >= y, x <= y);
    let (b, a) = (r.pop_bits(), r.pop_bits());
    // SAFETY: both were taken out; they lead to floats.
    unsafe {
        drop_number(vm, b);
        drop_number(vm, a);
    }
    r.skip(1);
    push_truth(vm, r, truth);
    true
}

/// `==` and `!=` of strings.
#[inline(always)]
pub(super) fn compare_op_str(vm: &Vm, r: &mut Regs, arg: u32) -> bool {
    let (a, b) = (r.peek(2), r.peek(1));
    let t = &vm.types().str;
    let (Some(x), Some(y)) = (a.downcast_exact::<Str>(t), b.downcast_exact::<Str>(t)) else {
        return false;
    };
    let truth = (x.is(y) || x.same_text(y)) == (arg >> 5 == 2);
    r.drop_n(2);
    r.skip(1);
    push_truth(vm, r, truth);
    true
}

#[inline(always)]
pub(super) fn is_op(vm: &Vm, r: &mut Regs, arg: u32) {
    let b = r.pop();
    let a = r.pop();
    let same = a.view().is(&b.view());
    push_truth(vm, r, same != (arg != 0));
}

/// CONTAINS_OP: chooses an opcode for the site when it is worth it.
pub(super) fn contains_op(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    if specialize::warm(r) {
        ops_cache::specialize_contains(vm, r);
    }
    contains_general(vm, r, arg)
}

/// Any CONTAINS_OP.
#[inline(never)]
pub(super) fn contains_general(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    r.save_ip();
    let (a, b) = (r.peek(2), r.peek(1));
    let found = vm.contains(&b, &a)?;
    r.drop_n(2);
    r.skip(1);
    push_truth(vm, r, found != (arg != 0));
    Ok(())
}

#[inline(always)]
pub(super) fn to_bool_plain(vm: &Vm, r: &mut Regs) -> bool {
    let bits = crate::frame::strip(r.peek_bits(1));
    let known = vm.known();
    let truth = if bits == known.true_ {
        true
    } else if bits == known.false_ || bits == known.none {
        false
    } else if bits & 1 != 0 {
        bits >> 1 != 0
    } else if let Some(l) = r.list(vm, 1) {
        !l.is_empty()
    } else if let Some(s) = r.str(vm, 1) {
        !s.is_empty()
    } else {
        return false;
    };
    drop(r.pop());
    r.skip(3);
    push_truth(vm, r, truth);
    true
}

pub(super) fn to_bool(vm: &Vm, r: &mut Regs, _arg: u32) -> PyResult<()> {
    r.save_ip();
    let truth = vm.is_true(&r.peek(1))?;
    r.drop_n(1);
    r.skip(3);
    push_truth(vm, r, truth);
    Ok(())
}

#[inline(always)]
pub(super) fn unary_not(vm: &Vm, r: &mut Regs) {
    // The operand is True or False: TO_BOOL came before.
    let truth = crate::frame::strip(r.pop().bits()) == vm.known().true_;
    push_truth(vm, r, !truth);
}

/// The negative of a small int that has a small one.
#[inline(always)]
pub(super) fn negative_small(r: &mut Regs) -> bool {
    // With the tag in the lowest bit, 2x+1 stands for x.
    match (
        r.peek_bits(1) as i64,
        2i64.checked_sub(r.peek_bits(1) as i64),
    ) {
        (bits, Some(negative)) if bits & 1 != 0 => {
            let _ = r.poke_bits(1, negative as u64);
            true
        }
        _ => false,
    }
}

pub(super) fn negative(vm: &Vm, r: &mut Regs, _arg: u32) -> PyResult<()> {
    unary(vm, r, Vm::negative)
}

pub(super) fn unary(vm: &Vm, r: &mut Regs, f: fn(&Vm, &Value) -> PyResult) -> PyResult<()> {
    r.save_ip();
    let v = r.peek(1);
    let out = f(vm, &v)?;
    r.set_top(1, out);
    Ok(())
}

/// A bound of a slice as a position: `default` for None; `None` for what is no small int.
fn bound(vm: &Vm, v: &Value, len: usize, default: usize) -> Option<usize> {
    if vm.is_none(v) {
        return Some(default);
    }
    let i = v.as_small_int()?;
    let i = if i < 0 {
        i.saturating_add(len as i64)
    } else {
        i
    };
    Some(usize::try_from(i).unwrap_or(0).min(len))
}

/// Slices of exact lists, tuples and strings need no slice object.
fn plain_slice(vm: &Vm, container: &Value, start: &Value, stop: &Value) -> PyResult<Option<Value>> {
    let t = vm.types();
    let bounds = |len: usize| Some((bound(vm, start, len, 0)?, bound(vm, stop, len, len)?));
    if let Some(l) = container.downcast_exact::<List>(&t.list) {
        if let Some((from, to)) = bounds(l.len()) {
            return vm.new_list(l.slice(from, to)).map(|l| Some(l.into_value()));
        }
    } else if let Some(s) = container.downcast_exact::<Str>(&t.str) {
        if let Some((from, to)) = bounds(s.len()) {
            return vm.substring(s, from, to).map(|s| Some(s.into_value()));
        }
    } else if let Some(items) = container.downcast_exact::<Tuple>(&t.tuple)
        && let Some((from, to)) = bounds(items.len())
        && (from, to) != (0, items.len())
        && let Some(part) = items.as_slice().get(from..to.max(from))
    {
        return vm.new_tuple_from(part).map(|t| Some(t.into_value()));
    }
    Ok(None)
}

pub(super) fn binary_slice(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    r.save_ip();
    let (container, start, stop) = (r.peek(3), r.peek(2), r.peek(1));
    if let Some(v) = plain_slice(vm, &container, &start, &stop)? {
        r.drop_n(3);
        r.push(v);
        return Ok(());
    }
    let slice = crate::glue::new_slice(vm, &start, &stop, &vm.none())?;
    let v = vm.getitem(&container, &slice)?;
    r.drop_n(3);
    r.push(v);
    Ok(())
}

/// Items of an exact list or tuple go into an exact list without a slice object.
fn plain_store_slice(
    vm: &Vm,
    container: &Value,
    start: &Value,
    stop: &Value,
    v: &Value,
) -> Option<Vec<Value>> {
    let t = vm.types();
    let l = container.downcast_exact::<List>(&t.list)?;
    let from = bound(vm, start, l.len(), 0)?;
    let to = bound(vm, stop, l.len(), l.len())?.max(from);
    let new = if let Some(items) = v.downcast_exact::<List>(&t.list) {
        items.slice(0, items.len())
    } else {
        v.downcast_exact::<Tuple>(&t.tuple)?.as_slice().to_vec()
    };
    l.replace_range(from, to, new)
}

pub(super) fn store_slice(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    r.save_ip();
    let (v, container, start, stop) = (r.peek(4), r.peek(3), r.peek(2), r.peek(1));
    if let Some(old) = plain_store_slice(vm, &container, &start, &stop, &v) {
        r.drop_n(4);
        drop(old);
        return Ok(());
    }
    let slice = crate::glue::new_slice(vm, &start, &stop, &vm.none())?;
    vm.setitem(&container, &slice, &v)?;
    r.drop_n(4);
    Ok(())
}

#[inline(always)]
pub(super) fn store_subscr_list_int(vm: &Vm, r: &mut Regs) -> bool {
    let key = r.peek_bits(1);
    if key & 1 != 0
        && let Some(l) = r.list(vm, 2)
        && let i = (key as i64) >> 1
        && let at = if i < 0 { i + l.len() as i64 } else { i } as usize
        && at < l.len()
    {
        let _ = r.pop_bits();
        let container = r.pop_bits();
        let old = l.set(at, r.pop_value()).map_or(0, Value::into_bits);
        r.skip(1);
        // SAFETY: both were taken out.
        unsafe {
            drop_word(container);
            drop_slot(old);
        }
        return true;
    }
    false
}

pub(super) fn store_subscr_dict(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    let (v, container, key) = (r.peek(3), r.peek(2), r.peek(1));
    let Some(d) = container.downcast_exact::<Dict>(&vm.types().dict) else {
        return store_subscr_missed(vm, r, arg);
    };
    r.save_ip();
    d.set(vm, &key, (*v).clone())
        .map_err(|e| crate::glue::unhashable_note(vm, e, &key, "dict key"))?;
    r.drop_n(3);
    r.skip(1);
    Ok(())
}

pub(super) fn store_subscr(vm: &Vm, r: &mut Regs, _arg: u32) -> PyResult<()> {
    if specialize::warm(r) {
        ops_cache::specialize_store_subscr(vm, r);
    }
    if ops_cache::store_subscr_python(vm, r)? {
        return Ok(());
    }
    r.save_ip();
    let (v, container, key) = (r.peek(3), r.peek(2), r.peek(1));
    vm.setitem(&container, &key, &v)?;
    r.drop_n(3);
    r.skip(1);
    Ok(())
}

/// A specialized STORE_SUBSCR met other operands.
#[cold]
#[inline(never)]
pub(super) fn store_subscr_missed(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    specialize::miss(r, Opcode::StoreSubscr);
    store_subscr(vm, r, arg)
}

pub(super) fn delete_subscr(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    r.save_ip();
    let (container, key) = (r.peek(2), r.peek(1));
    vm.delitem(&container, &key)?;
    r.drop_n(2);
    Ok(())
}
