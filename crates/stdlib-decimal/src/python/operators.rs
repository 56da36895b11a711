//! `Decimal`'s operators and comparisons.

use taipan_macros::pymethods;
use taipan_object::{CompareOp, Complex, Float, PyResult, Ref, Value, Vm};

use super::context::Context;
use super::convert::{Operand, operand};
use super::current::{classes, current};
use super::decimal::{Decimal, new};
use crate::core::convert::from_float;
use crate::core::{Dec, Rules, arith, compare, division, power, status};

type Unary = fn(&Dec, &Rules, &mut u32) -> Dec;
type Binary = fn(&Dec, &Dec, &Rules, &mut u32) -> Dec;

#[inline]
fn unary(vm: &Vm, this: &Ref<Decimal>, f: Unary) -> PyResult {
    let context = current(vm)?;
    let mut st = 0;
    let d = f(&this.dec, &context.rules(), &mut st);
    context.finish(vm, d, st)
}

#[inline(always)]
fn binary(vm: &Vm, a: &Value, b: &Value, f: Binary) -> PyResult {
    let (Some(a), Some(b)) = (operand(a), operand(b)) else {
        return Ok(vm.not_implemented());
    };
    let context = current(vm)?;
    let mut st = 0;
    let d = f(&a, &b, &context.rules(), &mut st);
    context.finish(vm, d, st)
}

#[pymethods(DECIMAL_OPERATORS)]
impl Decimal {
    #[pyslot]
    fn nb_add(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        binary(vm, a, b, arith::add)
    }

    #[pyslot]
    fn nb_subtract(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        binary(vm, a, b, arith::subtract)
    }

    #[pyslot]
    fn nb_multiply(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        binary(vm, a, b, arith::multiply)
    }

    #[pyslot]
    fn nb_true_divide(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        binary(vm, a, b, division::divide)
    }

    #[pyslot]
    fn nb_floor_divide(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        binary(vm, a, b, division::divide_int)
    }

    #[pyslot]
    fn nb_remainder(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        binary(vm, a, b, division::remainder)
    }

    #[pyslot]
    fn nb_divmod(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        let (Some(a), Some(b)) = (operand(a), operand(b)) else {
            return Ok(vm.not_implemented());
        };
        divmod(vm, &a, &b, &*current(vm)?)
    }

    #[pyslot]
    fn nb_power(vm: &Vm, a: &Value, b: &Value, c: &Value) -> PyResult {
        let (Some(a), Some(b)) = (operand(a), operand(b)) else {
            return Ok(vm.not_implemented());
        };
        let context = current(vm)?;
        let mut st = 0;
        let d = if vm.is_none(c) {
            power::power(&a, &b, &context.rules(), &mut st)
        } else {
            let Some(c) = operand(c) else {
                return Ok(vm.not_implemented());
            };
            power::power_modulo(&a, &b, &c, &context.rules(), &mut st)
        };
        context.finish(vm, d, st)
    }

    #[pyslot]
    fn nb_negative(vm: &Vm, this: &Ref<Self>) -> PyResult {
        unary(vm, this, arith::minus)
    }

    #[pyslot]
    fn nb_positive(vm: &Vm, this: &Ref<Self>) -> PyResult {
        unary(vm, this, arith::plus)
    }

    #[pyslot]
    fn nb_absolute(vm: &Vm, this: &Ref<Self>) -> PyResult {
        unary(vm, this, arith::abs)
    }

    #[pyslot]
    fn tp_richcompare(vm: &Vm, this: &Ref<Self>, other: &Value, op: CompareOp) -> PyResult {
        let context = current(vm)?;
        let Some((a, b)) = compared(vm, this, other, op, &context)? else {
            return Ok(vm.not_implemented());
        };
        let equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
        if a.is_nan() || b.is_nan() {
            // Order and signaling NaNs are invalid; an untrapped comparison is false.
            if a.is_signaling() || b.is_signaling() || !equality {
                context.report(vm, status::INVALID_OPERATION)?;
            }
            return Ok(vm.bool(matches!(op, CompareOp::Ne)));
        }
        let order = compare::compare_values(&a, &b);
        Ok(vm.bool(match op {
            CompareOp::Lt => order.is_lt(),
            CompareOp::Le => order.is_le(),
            CompareOp::Eq => order.is_eq(),
            CompareOp::Ne => order.is_ne(),
            CompareOp::Gt => order.is_gt(),
            CompareOp::Ge => order.is_ge(),
        }))
    }
}

/// `divmod(a, b)` as a tuple.
pub fn divmod(vm: &Vm, a: &Dec, b: &Dec, context: &Context) -> PyResult {
    let mut st = 0;
    let (q, r) = division::divmod(a, b, &context.rules(), &mut st);
    context.report(vm, st)?;
    Ok(vm.new_tuple(vec![new(vm, q)?, new(vm, r)?])?.into_value())
}

/// Two numbers that compare as a Decimal and another object do; `None` when they cannot be compared.
fn compared<'a>(
    vm: &Vm,
    this: &'a Ref<Decimal>,
    other: &'a Value,
    op: CompareOp,
    context: &Context,
) -> PyResult<Option<(Operand<'a>, Operand<'a>)>> {
    let equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
    let mine = Operand::Borrowed(&this.dec);
    if let Some(b) = operand(other) {
        return Ok(Some((mine, b)));
    }
    if let Some(f) = other.downcast_ref::<Float>() {
        if equality {
            context.set_flags(status::FLOAT_OPERATION);
        } else {
            context.report(vm, status::FLOAT_OPERATION)?;
        }
        return Ok(Some((mine, Operand::Owned(from_float(f.value)))));
    }
    if let Some(c) = other.downcast_ref::<Complex>()
        && equality
    {
        if c.im != 0.0 {
            return Ok(None);
        }
        context.set_flags(status::FLOAT_OPERATION);
        return Ok(Some((mine, Operand::Owned(from_float(c.re)))));
    }
    let state = classes(vm)?;
    if !vm.is_instance(other, &state.get(vm)?.rational)? {
        return Ok(None);
    }
    let part = |name: &str| -> PyResult<Dec> {
        let v = vm.getattr_str(other, name)?;
        match v.as_int() {
            Some(i) => Ok(crate::core::convert::from_integer(&i.to_ibig())),
            None => Err(vm.type_error("argument must be an integer")),
        }
    };
    let numerator = part("numerator")?;
    if !this.dec.is_finite() {
        return Ok(Some((mine, Operand::Owned(numerator))));
    }
    let denominator = part("denominator")?;
    let product = Dec::finite(
        this.dec.negative,
        this.dec.coeff.mul(&denominator.coeff),
        this.dec.exp,
    );
    Ok(Some((Operand::Owned(product), Operand::Owned(numerator))))
}
