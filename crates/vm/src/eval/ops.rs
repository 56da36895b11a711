//! Operators, comparison, truth, subscripts and slices.

use taipan_object::{BinaryOp, CompareOp, List, PyResult, Tuple, Value, Vm};

use super::regs::Regs;

/// BINARY_OP's oparg for subscription.
const NB_SUBSCR: u32 = 26;

#[inline(always)]
pub(super) fn binary_op(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    r.save_ip();
    let (a, b) = (r.peek(2), r.peek(1));
    let small = if let (Some(x), Some(y)) = (a.as_small_int(), b.as_small_int()) {
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
            3 | 16 if (0..32).contains(&y) && x.unsigned_abs() < 1 << 30 => {
                Value::small_int(x << y)
            }
            _ => None,
        }
    } else {
        None
    };
    if let Some(v) = small {
        r.drop_n(2);
        r.skip(5);
        r.push(v);
        return Ok(());
    }
    if let (Some(x), Some(y)) = (vm.exact_float(&a), vm.exact_float(&b))
        && let Some(z) = float_op(arg, x, y)
    {
        // A temporary on the stack takes the result: it has no other owner.
        if !crate::frame::is_borrowed(r.peek_bits(2)) && vm.reuse_float(&a, z) {
            r.drop_n(1);
        } else if !crate::frame::is_borrowed(r.peek_bits(1)) && vm.reuse_float(&b, z) {
            let b = r.pop_bits();
            r.drop_n(1);
            r.push_bits(b);
        } else {
            let v = vm.new_float(z)?;
            r.drop_n(2);
            r.push(v);
        }
        r.skip(5);
        return Ok(());
    }
    let v = if arg == NB_SUBSCR {
        subscript(vm, &a, &b)?
    } else {
        general(vm, arg, &a, &b)?
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

#[inline(always)]
fn subscript(vm: &Vm, a: &Value, b: &Value) -> PyResult {
    if let Some(i) = b.as_small_int() {
        if let Some(l) = a.downcast_exact::<List>(&vm.types().list) {
            let at = if i < 0 { i + l.len() as i64 } else { i };
            if let Ok(at) = usize::try_from(at)
                && let Some(v) = l.get(at)
            {
                return Ok(v);
            }
        } else if let Some(t) = a.downcast_exact::<Tuple>(&vm.types().tuple) {
            let at = if i < 0 { i + t.len() as i64 } else { i };
            if let Ok(at) = usize::try_from(at)
                && let Some(v) = t.get(at)
            {
                return Ok(v);
            }
        }
    }
    vm.getitem(a, b)
}

#[inline(always)]
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

#[inline(always)]
pub(super) fn is_op(vm: &Vm, r: &mut Regs, arg: u32) {
    let b = r.pop();
    let a = r.pop();
    let same = a.view().is(&b.view());
    r.push(vm.bool(same != (arg != 0)));
}

#[inline(always)]
pub(super) fn contains_op(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    r.save_ip();
    let (a, b) = (r.peek(2), r.peek(1));
    let found = vm.contains(&b, &a)?;
    r.drop_n(2);
    r.skip(1);
    r.push(vm.bool(found != (arg != 0)));
    Ok(())
}

#[inline(always)]
pub(super) fn to_bool(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    r.save_ip();
    let v = r.peek(1);
    let s = vm.interp().singletons();
    if !v.is(&s.true_) && !v.is(&s.false_) {
        let b = vm.is_true(&v)?;
        r.set_top(1, vm.bool(b));
    }
    r.skip(3);
    Ok(())
}

#[inline(always)]
pub(super) fn unary_not(vm: &Vm, r: &mut Regs) {
    let v = r.pop();
    let truth = v.view().is(&vm.interp().singletons().true_);
    r.push(vm.bool(!truth));
}

pub(super) fn unary(vm: &Vm, r: &mut Regs, f: fn(&Vm, &Value) -> PyResult) -> PyResult<()> {
    r.save_ip();
    let v = r.peek(1);
    let out = f(vm, &v)?;
    r.set_top(1, out);
    Ok(())
}

pub(super) fn binary_slice(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    r.save_ip();
    let (container, start, stop) = (r.peek(3), r.peek(2), r.peek(1));
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
pub(super) fn store_subscr(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    r.save_ip();
    let (v, container, key) = (r.peek(3), r.peek(2), r.peek(1));
    if let Some(i) = key.as_small_int()
        && let Some(l) = container.downcast_exact::<List>(&vm.types().list)
        && let Ok(at) = usize::try_from(i)
        && at < l.len()
    {
        let old = l.set(at, (*v).clone());
        r.drop_n(3);
        r.skip(1);
        drop(old);
        return Ok(());
    }
    vm.setitem(&container, &key, &v)?;
    r.drop_n(3);
    r.skip(1);
    Ok(())
}

pub(super) fn delete_subscr(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    r.save_ip();
    let (container, key) = (r.peek(2), r.peek(1));
    vm.delitem(&container, &key)?;
    r.drop_n(2);
    Ok(())
}
