//! Module `math`. Sums are in `sums.rs`, the gamma functions in `gamma.rs`, integers in `integer.rs`.

mod gamma;
mod integer;
mod sums;

use taipan_builtins::float_::float_to_int;
use taipan_macros::pyfunctions;
use taipan_object::{BinaryOp, Dict, IntRef, Module, ModuleSpec, PyResult, Raised, Ref, Value, Vm};

use crate::libm;
use gamma::Fault;

/// Module `math`.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "math",
    doc: Some(
        "This module provides access to the mathematical functions\ndefined by the C standard.",
    ),
    functions: &[functions::FUNCTIONS],
    types: &[],
    exec: Some(exec),
};

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    let Some(dict) = module.dict.get() else {
        return Ok(());
    };
    add_constants(vm, &dict)
}

/// The constants that `math` and `cmath` share.
pub(crate) fn add_constants(vm: &Vm, dict: &Ref<Dict>) -> PyResult<()> {
    for (name, value) in [
        ("pi", std::f64::consts::PI),
        ("e", std::f64::consts::E),
        ("tau", std::f64::consts::TAU),
        ("inf", f64::INFINITY),
        ("nan", f64::NAN),
    ] {
        dict.set_named(vm, name, vm.new_float(value)?)?;
    }
    Ok(())
}

/// Raises "math domain error", or `expected` with the argument put in.
#[cold]
fn domain_error(vm: &Vm, expected: &str, x: f64) -> Raised {
    if expected.is_empty() {
        return vm.value_error("math domain error");
    }
    vm.value_error(&format!(
        "{expected}, got {}",
        taipan_numeric::double::repr(x)
    ))
}

#[cold]
fn range_error(vm: &Vm) -> Raised {
    vm.overflow_error("math range error")
}

/// Checks a function's result as CPython's `math_1` does: NaN from a number is a domain error, an infinity from a finite
/// number overflow where the function can overflow, else a pole.
fn checked(vm: &Vm, x: f64, r: f64, can_overflow: bool, expected: &str) -> PyResult<f64> {
    if r.is_nan() && !x.is_nan() {
        return Err(domain_error(vm, expected, x));
    }
    if r.is_infinite() && x.is_finite() {
        return Err(if can_overflow {
            range_error(vm)
        } else {
            domain_error(vm, expected, x)
        });
    }
    Ok(r)
}

/// Checks the result of a function of two numbers.
fn checked2(vm: &Vm, x: f64, y: f64, r: f64) -> PyResult<f64> {
    if r.is_nan() && !x.is_nan() && !y.is_nan() {
        return Err(domain_error(vm, "", x));
    }
    if r.is_infinite() && x.is_finite() && y.is_finite() {
        return Err(range_error(vm));
    }
    Ok(r)
}

fn gamma_result(vm: &Vm, x: f64, r: Result<f64, Fault>) -> PyResult<f64> {
    r.map_err(|fault| match fault {
        Fault::Domain => domain_error(vm, "expected a noninteger or positive integer", x),
        Fault::Range => range_error(vm),
    })
}

/// A logarithm of an int of any size or of a float.
fn logarithm(vm: &Vm, v: &Value, f: fn(f64) -> f64) -> PyResult<f64> {
    let Some(i) = v.as_int() else {
        let x = vm.as_double(v)?;
        return if x > 0.0 || x.is_nan() {
            Ok(f(x))
        } else {
            Err(domain_error(vm, "expected a positive input", x))
        };
    };
    if i.is_negative() || i.is_zero() {
        return Err(vm.value_error("expected a positive input"));
    }
    let b = match i {
        IntRef::Small(n) => return Ok(f(n as f64)),
        IntRef::Big(b) => b,
    };
    let x = b.to_f64().value();
    if x.is_finite() {
        return Ok(f(x));
    }
    // Beyond floats: the logarithm of the leading bits, and that of the power of two.
    let bits = taipan_builtins::int_::arith::bit_length(i);
    let leading = (b >> (bits - 1000)).to_f64().value();
    let (m, e) = libm::frexp(leading);
    let exponent = bits as i64 - 1000 + i64::from(e);
    Ok(f(m) + f(2.0) * exponent as f64)
}

fn rounded(vm: &Vm, v: &Value, method: &str, f: fn(f64) -> f64) -> PyResult {
    if let Some(i) = v.as_small_int() {
        return vm.new_int(i);
    }
    if !std::ptr::eq(vm.type_of(v), vm.types().float.object()) {
        let name = vm.intern(method)?;
        if let Some(r) = vm.call_special(v, &name, &[])? {
            return Ok(r);
        }
    }
    float_to_int(vm, f(vm.as_double(v)?))
}

/// The float that is `steps` away from `x` towards `y`.
fn steps_towards(x: f64, y: f64, steps: u64) -> f64 {
    if x.is_nan() {
        return x;
    }
    if y.is_nan() || x == y {
        return y;
    }
    if steps == 0 {
        return x;
    }
    // Floats in their order as whole numbers.
    let place = |f: f64| {
        let bits = (f.to_bits() & (u64::MAX >> 1)) as i64;
        if f.is_sign_negative() { -bits } else { bits }
    };
    let (from, to) = (i128::from(place(x)), i128::from(place(y)));
    let n = i128::from(steps);
    let at = if to >= from {
        (from + n).min(to)
    } else {
        (from - n).max(to)
    };
    if at == to {
        return y;
    }
    let size = f64::from_bits(at.unsigned_abs() as u64);
    if at < 0 || (at == 0 && x < 0.0) {
        -size
    } else {
        size
    }
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Return the arc cosine (measured in radians) of x.
    #[pyfunction(sig = "($module, x, /)")]
    fn acos(vm: &Vm, x: f64) -> PyResult<f64> {
        checked(
            vm,
            x,
            x.acos(),
            false,
            "expected a number in range from -1 up to 1",
        )
    }

    /// Return the inverse hyperbolic cosine of x.
    #[pyfunction(sig = "($module, x, /)")]
    fn acosh(vm: &Vm, x: f64) -> PyResult<f64> {
        checked(
            vm,
            x,
            libm::acosh(x),
            false,
            "expected argument value not less than 1",
        )
    }

    /// Return the arc sine (measured in radians) of x.
    #[pyfunction(sig = "($module, x, /)")]
    fn asin(vm: &Vm, x: f64) -> PyResult<f64> {
        checked(
            vm,
            x,
            x.asin(),
            false,
            "expected a number in range from -1 up to 1",
        )
    }

    /// Return the inverse hyperbolic sine of x.
    #[pyfunction(sig = "($module, x, /)")]
    fn asinh(vm: &Vm, x: f64) -> PyResult<f64> {
        checked(vm, x, libm::asinh(x), false, "")
    }

    /// Return the arc tangent (measured in radians) of x.
    #[pyfunction(sig = "($module, x, /)")]
    fn atan(vm: &Vm, x: f64) -> PyResult<f64> {
        checked(vm, x, x.atan(), false, "")
    }

    /// Return the arc tangent (measured in radians) of y/x, with the signs of both considered.
    #[pyfunction(sig = "($module, y, x, /)")]
    fn atan2(vm: &Vm, y: f64, x: f64) -> PyResult<f64> {
        checked2(vm, y, x, y.atan2(x))
    }

    /// Return the inverse hyperbolic tangent of x.
    #[pyfunction(sig = "($module, x, /)")]
    fn atanh(vm: &Vm, x: f64) -> PyResult<f64> {
        checked(
            vm,
            x,
            libm::atanh(x),
            false,
            "expected a number between -1 and 1",
        )
    }

    /// Return the cube root of x.
    #[pyfunction(sig = "($module, x, /)")]
    fn cbrt(vm: &Vm, x: f64) -> PyResult<f64> {
        checked(vm, x, x.cbrt(), false, "")
    }

    /// Return the ceiling of x as an Integral, the smallest integer >= x.
    #[pyfunction(sig = "($module, x, /)")]
    fn ceil(vm: &Vm, x: &Value) -> PyResult {
        rounded(vm, x, "__ceil__", f64::ceil)
    }

    /// Return a float with the magnitude of x but the sign of y.
    #[pyfunction(sig = "($module, x, y, /)")]
    fn copysign(x: f64, y: f64) -> f64 {
        x.copysign(y)
    }

    /// Return the cosine of x (measured in radians).
    #[pyfunction(sig = "($module, x, /)")]
    fn cos(vm: &Vm, x: f64) -> PyResult<f64> {
        checked(vm, x, x.cos(), false, "expected a finite input")
    }

    /// Return the hyperbolic cosine of x.
    #[pyfunction(sig = "($module, x, /)")]
    fn cosh(vm: &Vm, x: f64) -> PyResult<f64> {
        checked(vm, x, x.cosh(), true, "")
    }

    /// Convert angle x from radians to degrees.
    #[pyfunction(sig = "($module, x, /)")]
    fn degrees(x: f64) -> f64 {
        x * (180.0 / std::f64::consts::PI)
    }

    /// Return the Euclidean distance between two points p and q.
    #[pyfunction(sig = "($module, p, q, /)")]
    fn dist(vm: &Vm, p: &Value, q: &Value) -> PyResult<f64> {
        let (p, q) = (vm.collect(p)?, vm.collect(q)?);
        if p.len() != q.len() {
            return Err(vm.value_error("both points must have the same number of dimensions"));
        }
        let mut differences = Vec::with_capacity(p.len());
        for (a, b) in p.iter().zip(&q) {
            differences.push((vm.as_double(a)? - vm.as_double(b)?).abs());
        }
        Ok(sums::vector_norm(&mut differences))
    }

    /// Error function at x.
    #[pyfunction(sig = "($module, x, /)")]
    fn erf(x: f64) -> f64 {
        libm::erf(x)
    }

    /// Complementary error function at x.
    #[pyfunction(sig = "($module, x, /)")]
    fn erfc(x: f64) -> f64 {
        libm::erfc(x)
    }

    /// Return e raised to the power of x.
    #[pyfunction(sig = "($module, x, /)")]
    fn exp(vm: &Vm, x: f64) -> PyResult<f64> {
        checked(vm, x, x.exp(), true, "")
    }

    /// Return 2 raised to the power of x.
    #[pyfunction(sig = "($module, x, /)")]
    fn exp2(vm: &Vm, x: f64) -> PyResult<f64> {
        checked(vm, x, x.exp2(), true, "")
    }

    /// Return exp(x)-1, without loss of precision for small x.
    #[pyfunction(sig = "($module, x, /)")]
    fn expm1(vm: &Vm, x: f64) -> PyResult<f64> {
        checked(vm, x, x.exp_m1(), true, "")
    }

    /// Return the absolute value of the float x.
    #[pyfunction(sig = "($module, x, /)")]
    fn fabs(x: f64) -> f64 {
        x.abs()
    }

    /// Find n!.
    #[pyfunction(sig = "($module, n, /)")]
    fn factorial(vm: &Vm, n: &Value) -> PyResult {
        integer::factorial(vm, n)
    }

    /// Return the floor of x as an Integral, the largest integer <= x.
    #[pyfunction(sig = "($module, x, /)")]
    fn floor(vm: &Vm, x: &Value) -> PyResult {
        rounded(vm, x, "__floor__", f64::floor)
    }

    /// Fused multiply-add: (x * y) + z with one rounding.
    #[pyfunction(sig = "($module, x, y, z, /)")]
    fn fma(vm: &Vm, x: f64, y: f64, z: f64) -> PyResult<f64> {
        let r = x.mul_add(y, z);
        if r.is_finite() {
            return Ok(r);
        }
        if r.is_nan() && !x.is_nan() && !y.is_nan() && !z.is_nan() {
            return Err(vm.value_error("invalid operation in fma"));
        }
        if r.is_infinite() && x.is_finite() && y.is_finite() && z.is_finite() {
            return Err(vm.overflow_error("overflow in fma"));
        }
        Ok(r)
    }

    /// Return fmod(x, y), according to platform C.
    #[pyfunction(sig = "($module, x, y, /)")]
    fn fmod(vm: &Vm, x: f64, y: f64) -> PyResult<f64> {
        if y.is_infinite() && x.is_finite() {
            return Ok(x);
        }
        checked2(vm, x, y, x % y)
    }

    /// Return the mantissa and exponent of x, as pair (m, e).
    #[pyfunction(sig = "($module, x, /)")]
    fn frexp(x: f64) -> (f64, i32) {
        libm::frexp(x)
    }

    /// Return an accurate floating-point sum of values in the iterable seq.
    #[pyfunction(sig = "($module, seq, /)")]
    fn fsum(vm: &Vm, seq: &Value) -> PyResult<f64> {
        sums::fsum(vm, seq)
    }

    /// Gamma function at x.
    #[pyfunction(sig = "($module, x, /)")]
    fn gamma(vm: &Vm, x: f64) -> PyResult<f64> {
        gamma_result(vm, x, super::gamma::gamma(x))
    }

    /// Greatest Common Divisor.
    #[pyfunction(sig = "($module, /, *integers)")]
    fn gcd(vm: &Vm, integers: &[Value]) -> PyResult {
        integer::gcd(vm, integers)
    }

    /// Multidimensional Euclidean distance from the origin to a point.
    #[pyfunction(sig = "($module, /, *coordinates)")]
    fn hypot(vm: &Vm, coordinates: &[Value]) -> PyResult<f64> {
        let mut values = Vec::with_capacity(coordinates.len());
        for c in coordinates {
            values.push(vm.as_double(c)?);
        }
        Ok(sums::vector_norm(&mut values))
    }

    /// Determine whether two floating-point numbers are close in value.
    #[pyfunction(sig = "($module, /, a, b, *, rel_tol=1e-09, abs_tol=0.0)")]
    fn isclose(vm: &Vm, a: f64, b: f64, rel_tol: f64, abs_tol: f64) -> PyResult<bool> {
        if rel_tol < 0.0 || abs_tol < 0.0 {
            return Err(vm.value_error("tolerances must be non-negative"));
        }
        if a == b {
            return Ok(true);
        }
        if a.is_infinite() || b.is_infinite() {
            return Ok(false);
        }
        let diff = (b - a).abs();
        Ok(diff <= (rel_tol * b).abs() || diff <= (rel_tol * a).abs() || diff <= abs_tol)
    }

    /// Return True if x is neither an infinity nor a NaN, and False otherwise.
    #[pyfunction(sig = "($module, x, /)")]
    fn isfinite(x: f64) -> bool {
        x.is_finite()
    }

    /// Return True if x is a positive or negative infinity, and False otherwise.
    #[pyfunction(sig = "($module, x, /)")]
    fn isinf(x: f64) -> bool {
        x.is_infinite()
    }

    /// Return True if x is a NaN (not a number), and False otherwise.
    #[pyfunction(sig = "($module, x, /)")]
    fn isnan(x: f64) -> bool {
        x.is_nan()
    }

    /// Return the integer part of the square root of the input.
    #[pyfunction(sig = "($module, n, /)")]
    fn isqrt(vm: &Vm, n: &Value) -> PyResult {
        integer::isqrt(vm, n)
    }

    /// Least Common Multiple.
    #[pyfunction(sig = "($module, /, *integers)")]
    fn lcm(vm: &Vm, integers: &[Value]) -> PyResult {
        integer::lcm(vm, integers)
    }

    /// Return x * (2**i).
    #[pyfunction(sig = "($module, x, i, /)")]
    fn ldexp(vm: &Vm, x: f64, i: &Value) -> PyResult<f64> {
        let Some(i) = i.as_int() else {
            return Err(vm.type_error("Expected an int as second argument to ldexp."));
        };
        if x == 0.0 || !x.is_finite() {
            return Ok(x);
        }
        let e = match i.to_i64() {
            Some(e) => e.clamp(-1_000_000, 1_000_000) as i32,
            None if i.is_negative() => -1_000_000,
            None => 1_000_000,
        };
        let r = libm::ldexp(x, e);
        if r.is_infinite() {
            return Err(range_error(vm));
        }
        Ok(r)
    }

    /// Natural logarithm of absolute value of Gamma function at x.
    #[pyfunction(sig = "($module, x, /)")]
    fn lgamma(vm: &Vm, x: f64) -> PyResult<f64> {
        gamma_result(vm, x, super::gamma::lgamma(x))
    }

    /// log(x, [base=math.e])
    /// Return the logarithm of x to the given base.
    #[pyfunction(params = "($module, x, base=<unrepresentable>, /)")]
    fn log(vm: &Vm, x: &Value, base: Option<&Value>) -> PyResult {
        let r = logarithm(vm, x, f64::ln)?;
        let Some(base) = base else {
            return vm.new_float(r);
        };
        let b = logarithm(vm, base, f64::ln)?;
        if b == 0.0 {
            return Err(vm.zero_division_error("division by zero"));
        }
        vm.new_float(r / b)
    }

    /// Return the natural logarithm of 1+x (base e), accurate near zero.
    #[pyfunction(sig = "($module, x, /)")]
    fn log1p(vm: &Vm, x: f64) -> PyResult<f64> {
        checked(vm, x, x.ln_1p(), false, "expected argument value > -1")
    }

    /// Return the base 10 logarithm of x.
    #[pyfunction(sig = "($module, x, /)")]
    fn log10(vm: &Vm, x: &Value) -> PyResult<f64> {
        logarithm(vm, x, f64::log10)
    }

    /// Return the base 2 logarithm of x.
    #[pyfunction(sig = "($module, x, /)")]
    fn log2(vm: &Vm, x: &Value) -> PyResult<f64> {
        logarithm(vm, x, f64::log2)
    }

    /// Return the fractional and integer parts of x.
    #[pyfunction(sig = "($module, x, /)")]
    fn modf(x: f64) -> (f64, f64) {
        if x.is_infinite() {
            return (0.0f64.copysign(x), x);
        }
        let whole = x.trunc();
        ((x - whole).copysign(x), whole)
    }

    /// Return x**y (x to the power of y).
    #[pyfunction(sig = "($module, x, y, /)")]
    fn pow(vm: &Vm, x: f64, y: f64) -> PyResult<f64> {
        let r = x.powf(y);
        if !x.is_finite() || !y.is_finite() {
            return Ok(r);
        }
        if r.is_nan() || (r.is_infinite() && x == 0.0) {
            return Err(domain_error(vm, "", x));
        }
        if r.is_infinite() {
            return Err(range_error(vm));
        }
        Ok(r)
    }

    /// Convert angle x from degrees to radians.
    #[pyfunction(sig = "($module, x, /)")]
    fn radians(x: f64) -> f64 {
        x * (std::f64::consts::PI / 180.0)
    }

    /// Difference between x and the closest integer multiple of y.
    #[pyfunction(sig = "($module, x, y, /)")]
    fn remainder(vm: &Vm, x: f64, y: f64) -> PyResult<f64> {
        if x.is_nan() {
            return Ok(x);
        }
        if y.is_nan() {
            return Ok(y);
        }
        if x.is_infinite() || y == 0.0 {
            return Err(domain_error(vm, "", x));
        }
        if y.is_infinite() {
            return Ok(x);
        }
        let (size, step) = (x.abs(), y.abs());
        let m = size % step;
        let c = step - m;
        let r = if m < c {
            m
        } else if m > c {
            -c
        } else {
            // Half way: to the even multiple.
            m - 2.0 * ((0.5 * (size - m)) % step)
        };
        Ok(1.0f64.copysign(x) * r)
    }

    /// Return the sine of x (measured in radians).
    #[pyfunction(sig = "($module, x, /)")]
    fn sin(vm: &Vm, x: f64) -> PyResult<f64> {
        checked(vm, x, x.sin(), false, "expected a finite input")
    }

    /// Return the hyperbolic sine of x.
    #[pyfunction(sig = "($module, x, /)")]
    fn sinh(vm: &Vm, x: f64) -> PyResult<f64> {
        checked(vm, x, x.sinh(), true, "")
    }

    /// Return the square root of x.
    #[pyfunction(sig = "($module, x, /)")]
    fn sqrt(vm: &Vm, x: f64) -> PyResult<f64> {
        checked(vm, x, x.sqrt(), false, "expected a nonnegative input")
    }

    /// Return the tangent of x (measured in radians).
    #[pyfunction(sig = "($module, x, /)")]
    fn tan(vm: &Vm, x: f64) -> PyResult<f64> {
        checked(vm, x, x.tan(), false, "expected a finite input")
    }

    /// Return the hyperbolic tangent of x.
    #[pyfunction(sig = "($module, x, /)")]
    fn tanh(x: f64) -> f64 {
        x.tanh()
    }

    /// Return the sum of products of values from two iterables p and q.
    #[pyfunction(sig = "($module, p, q, /)")]
    fn sumprod(vm: &Vm, p: &Value, q: &Value) -> PyResult {
        sums::sumprod(vm, p, q)
    }

    /// Truncates the Real x to the nearest Integral toward 0.
    #[pyfunction(sig = "($module, x, /)")]
    fn trunc(vm: &Vm, x: &Value) -> PyResult {
        if std::ptr::eq(vm.type_of(x), vm.types().float.object()) {
            return float_to_int(vm, vm.as_double(x)?);
        }
        match vm.call_special(x, &vm.names().__trunc__, &[])? {
            Some(r) => Ok(r),
            None => Err(vm.type_error(&format!(
                "type {} doesn't define __trunc__ method",
                vm.type_name(x)
            ))),
        }
    }

    /// Calculate the product of all the elements in the input iterable.
    #[pyfunction(sig = "($module, iterable, /, *, start=1)")]
    fn prod(vm: &Vm, iterable: &Value, start: Value) -> PyResult {
        let mut result = start;
        let it = vm.iter(iterable)?;
        while let Some(x) = vm.next(&it)? {
            result = vm.binary_op(BinaryOp::Multiply, &result, &x)?;
        }
        Ok(result)
    }

    /// Number of ways to choose k items from n items without repetition and with order.
    #[pyfunction(sig = "($module, n, k=None, /)")]
    fn perm(vm: &Vm, n: &Value, k: Value) -> PyResult {
        integer::perm(vm, n, &k)
    }

    /// Number of ways to choose k items from n items without repetition and without order.
    #[pyfunction(sig = "($module, n, k, /)")]
    fn comb(vm: &Vm, n: &Value, k: &Value) -> PyResult {
        integer::comb(vm, n, k)
    }

    /// Return the floating-point value the given number of steps after x towards y.
    #[pyfunction(sig = "($module, x, y, /, *, steps=None)")]
    fn nextafter(vm: &Vm, x: f64, y: f64, steps: Value) -> PyResult<f64> {
        if vm.is_none(&steps) {
            let next = steps_towards(x, y, 1);
            // A zero that was stepped to keeps the sign it was reached from.
            return Ok(if next == 0.0 && x != 0.0 {
                next.copysign(x)
            } else {
                next
            });
        }
        let steps = vm.index(&steps)?;
        match steps.as_int() {
            Some(n) if n.is_negative() => {
                Err(vm.value_error("steps must be a non-negative integer"))
            }
            Some(n) => {
                let n = n.to_i64().map_or(u64::MAX, i64::unsigned_abs);
                Ok(steps_towards(x, y, n))
            }
            None => Err(vm.system_error("__index__ gave no int")),
        }
    }

    /// Return the value of the least significant bit of the float x.
    #[pyfunction(sig = "($module, x, /)")]
    fn ulp(x: f64) -> f64 {
        if x.is_nan() {
            return x;
        }
        let x = x.abs();
        if x.is_infinite() {
            return x;
        }
        let next = steps_towards(x, f64::INFINITY, 1);
        if next.is_infinite() {
            return x - steps_towards(x, f64::NEG_INFINITY, 1);
        }
        next - x
    }
}
