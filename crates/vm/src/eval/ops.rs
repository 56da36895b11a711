//! Operators, comparison, truth, subscripts and slices.

use taipan_bytecode::Opcode;
use taipan_object::{BinaryOp, CompareOp, Dict, List, PyResult, Str, Tuple, Value, Vm};

use super::regs::Regs;
use super::{ops_cache, specialize};
use crate::frame::drop_slot;

/// BINARY_OP: chooses an opcode for the site when it is worth it.
#[inline(never)]
pub(super) fn binary_op(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    if specialize::warm(r) {
        ops_cache::specialize_binary_op(vm, r, arg);
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
        2 | 15 if y > 0 => Value::small_int(x.div_euclid(y)),
        6 | 19 if y > 0 => Value::small_int(x.rem_euclid(y)),
        9 | 22 if (0..63).contains(&y) => Value::small_int(x >> y),
        3 | 16 if (0..32).contains(&y) && x.unsigned_abs() < 1 << 30 => Value::small_int(x << y),
        _ => None,
    }
}

/// BINARY_OP_EXTEND: numbers of which at least one is a float or whose operation has no opcode of its own.
#[inline(always)]
pub(super) fn binary_op_extend(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<bool> {
    let (a, b) = (r.peek(2), r.peek(1));
    if let (Some(x), Some(y)) = (a.as_small_int(), b.as_small_int()) {
        let Some(v) = small_op(arg, x, y) else {
            return Ok(false);
        };
        r.skip(5);
        // Small ints need no drop.
        let _ = r.pop_bits();
        let _ = r.poke_bits(1, v.into_bits());
        return Ok(true);
    }
    if let (Some(x), Some(y)) = (number(vm, &a), number(vm, &b))
        && let Some(z) = float_op(arg, x, y)
    {
        r.skip(5);
        replace_floats(vm, r, &a, &b, z)?;
        return Ok(true);
    }
    Ok(false)
}

/// Puts a float in the place of two operands.
#[inline(always)]
pub(super) fn replace_floats(vm: &Vm, r: &mut Regs, a: &Value, b: &Value, z: f64) -> PyResult<()> {
    // A temporary on the stack takes the result: it has no other owner.
    if !crate::frame::is_borrowed(r.peek_bits(2)) && vm.reuse_float(a, z) {
        r.drop_n(1);
    } else if !crate::frame::is_borrowed(r.peek_bits(1)) && vm.reuse_float(b, z) {
        let b = r.pop_bits();
        r.set_top_bits(b);
    } else {
        let v = vm.new_float(z)?;
        r.drop_n(1);
        r.set_top(1, v);
    }
    Ok(())
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
    } else {
        let v = vm.rich_compare(&a, &b, op)?;
        if arg & 16 != 0 {
            vm.bool(vm.is_true(&v)?)
        } else {
            v
        }
    };
    r.drop_n(2);
    r.skip(1);
    r.push(v);
    Ok(())
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
        r.push(vm.bool(truth));
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
    let truth = compared(arg, (a as i64).cmp(&(b as i64)));
    // Small ints need no drop.
    let _ = r.pop_bits();
    let _ = r.pop_bits();
    r.skip(1);
    push_truth(vm, r, truth);
    true
}

#[inline(always)]
fn compared(arg: u32, o: std::cmp::Ordering) -> bool {
    match arg >> 5 {
        0 => o.is_lt(),
        1 => o.is_le(),
        2 => o.is_eq(),
        3 => o.is_ne(),
        4 => o.is_gt(),
        _ => o.is_ge(),
    }
}

#[inline(always)]
pub(super) fn compare_op_float(vm: &Vm, r: &mut Regs, arg: u32) -> bool {
    let (a, b) = (r.peek(2), r.peek(1));
    let (Some(x), Some(y)) = (vm.exact_float(&a), vm.exact_float(&b)) else {
        return false;
    };
    let truth = match arg >> 5 {
        0 => x < y,
        1 => x <= y,
        2 => x == y,
        3 => x != y,
        4 => x > y,
        _ => x >= y,
    };
    r.drop_n(2);
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

#[inline(always)]
pub(super) fn contains_op(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    r.save_ip();
    let (a, b) = (r.peek(2), r.peek(1));
    let found = vm.contains(&b, &a)?;
    r.drop_n(2);
    r.skip(1);
    push_truth(vm, r, found != (arg != 0));
    Ok(())
}

#[inline(always)]
pub(super) fn to_bool(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    let v = r.peek(1);
    let s = vm.interp().singletons();
    let truth = if v.is(&s.true_) {
        true
    } else if v.is(&s.false_) || v.is(&s.none) {
        false
    } else if let Some(i) = v.as_small_int() {
        i != 0
    } else if let Some(l) = v.downcast_exact::<List>(&vm.types().list) {
        !l.is_empty()
    } else {
        r.save_ip();
        vm.is_true(&v)?
    };
    r.drop_n(1);
    r.skip(3);
    push_truth(vm, r, truth);
    Ok(())
}

#[inline(always)]
pub(super) fn unary_not(vm: &Vm, r: &mut Regs) {
    let v = r.pop();
    let truth = v.view().is(&vm.interp().singletons().true_);
    push_truth(vm, r, !truth);
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

pub(super) fn store_slice(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    r.save_ip();
    let (v, container, start, stop) = (r.peek(4), r.peek(3), r.peek(2), r.peek(1));
    let slice = crate::glue::new_slice(vm, &start, &stop, &vm.none())?;
    vm.setitem(&container, &slice, &v)?;
    r.drop_n(4);
    Ok(())
}

#[inline(always)]
pub(super) fn store_subscr_list_int(vm: &Vm, r: &mut Regs) -> bool {
    let (container, key) = (r.peek(2), r.peek(1));
    if let Some(i) = key.as_small_int()
        && let Some(l) = container.downcast_exact::<List>(&vm.types().list)
        && let i = if i < 0 { i + l.len() as i64 } else { i }
        && let Ok(at) = usize::try_from(i)
        && at < l.len()
    {
        let _ = r.pop_bits();
        let container = r.pop_bits();
        let old = l.set(at, r.pop_value());
        r.skip(1);
        // SAFETY: the content was taken out.
        unsafe { drop_slot(container) };
        drop(old);
        return true;
    }
    false
}

pub(super) fn store_subscr_dict(vm: &Vm, r: &mut Regs) -> PyResult<bool> {
    let (v, container, key) = (r.peek(3), r.peek(2), r.peek(1));
    let Some(d) = container.downcast_exact::<Dict>(&vm.types().dict) else {
        return Ok(false);
    };
    r.save_ip();
    d.set(vm, &key, (*v).clone())
        .map_err(|e| crate::glue::unhashable_note(vm, e, &key, "dict key"))?;
    r.drop_n(3);
    r.skip(1);
    Ok(true)
}

pub(super) fn store_subscr(vm: &Vm, r: &mut Regs) -> PyResult<()> {
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
pub(super) fn store_subscr_missed(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    specialize::miss(r, Opcode::StoreSubscr);
    store_subscr(vm, r)
}

pub(super) fn delete_subscr(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    r.save_ip();
    let (container, key) = (r.peek(2), r.peek(1));
    vm.delitem(&container, &key)?;
    r.drop_n(2);
    Ok(())
}
