//! Float arithmetic with Python's rules: floor division, modulo and power.

use taipan_object::{PyResult, Raised, Value, Vm};

use crate::int_::arith::int_to_f64;

/// The operand of a float operation as a float: floats and ints are, nothing else.
#[inline]
pub fn operand(vm: &Vm, v: &Value) -> PyResult<Option<f64>> {
    if let Some(f) = v.as_float() {
        return Ok(Some(f));
    }
    match v.as_int() {
        Some(i) => int_to_f64(vm, i).map(Some),
        None => Ok(None),
    }
}

#[cold]
fn division_by_zero(vm: &Vm) -> Raised {
    vm.zero_division_error("division by zero")
}

/// `a / b`
#[inline]
pub fn float_div(vm: &Vm, a: f64, b: f64) -> PyResult<f64> {
    if b == 0.0 {
        return Err(division_by_zero(vm));
    }
    Ok(a / b)
}

/// `a % b`: the remainder with the divisor's sign.
pub fn float_rem(vm: &Vm, a: f64, b: f64) -> PyResult<f64> {
    if b == 0.0 {
        return Err(division_by_zero(vm));
    }
    let r = a % b;
    Ok(if r == 0.0 {
        0.0f64.copysign(b)
    } else if (b < 0.0) != (r < 0.0) {
        r + b
    } else {
        r
    })
}

/// `divmod(a, b)`
pub fn float_divmod(vm: &Vm, a: f64, b: f64) -> PyResult<(f64, f64)> {
    if b == 0.0 {
        return Err(division_by_zero(vm));
    }
    let mut r = a % b;
    // fmod is exact, so this is close to a whole number.
    let mut quotient = (a - r) / b;
    if r == 0.0 {
        r = 0.0f64.copysign(b);
    } else if (b < 0.0) != (r < 0.0) {
        r += b;
        quotient -= 1.0;
    }
    let floor = if quotient == 0.0 {
        0.0f64.copysign(a / b)
    } else {
        let floor = quotient.floor();
        if quotient - floor > 0.5 {
            floor + 1.0
        } else {
            floor
        }
    };
    Ok((floor, r))
}

fn is_odd(f: f64) -> bool {
    (f.abs() % 2.0) == 1.0
}

/// `a ** b`: a float, or a complex number for a fractional power of a negative number.
pub fn float_pow(vm: &Vm, a: f64, b: f64) -> PyResult {
    if b == 0.0 {
        return vm.new_float(1.0);
    }
    if a.is_nan() {
        return vm.new_float(a);
    }
    if b.is_nan() {
        return vm.new_float(if a == 1.0 { 1.0 } else { b });
    }
    if b.is_infinite() {
        let size = a.abs();
        return vm.new_float(if size == 1.0 {
            1.0
        } else if (b > 0.0) == (size > 1.0) {
            b.abs()
        } else {
            0.0
        });
    }
    if a.is_infinite() {
        let odd = is_odd(b);
        return vm.new_float(match (b > 0.0, odd) {
            (true, true) => a,
            (true, false) => a.abs(),
            (false, true) => 0.0f64.copysign(a),
            (false, false) => 0.0,
        });
    }
    if a == 0.0 {
        if b < 0.0 {
            return Err(vm.zero_division_error("zero to a negative power"));
        }
        return vm.new_float(if is_odd(b) { a } else { 0.0 });
    }
    if a < 0.0 && b != b.floor() {
        let (re, im) = crate::complex_::arith::pow(vm, (a, 0.0), (b, 0.0))?;
        return vm.new_complex(re, im);
    }
    let r = a.powf(b);
    if r.is_infinite() {
        let text = vm.new_str("Numerical result out of range")?.into_value();
        return Err(vm.raise_args(&vm.exc().OverflowError, vec![Value::from_i32(34), text]));
    }
    vm.new_float(r)
}
