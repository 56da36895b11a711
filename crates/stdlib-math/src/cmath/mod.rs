//! Module `cmath`. The functions are in `functions.rs`, their values for infinities and NaNs in `special.rs`.

mod functions;
mod special;

use taipan_builtins::complex_::to_complex;
use taipan_macros::pyfunctions;
use taipan_object::{Module, ModuleSpec, PyResult, Raised, Ref, Value, Vm};

/// A complex number's parts.
pub type C = (f64, f64);

/// Why there is no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The function is not defined there.
    Domain,
    /// The result is too large.
    Range,
}

impl Fault {
    fn raise(self, vm: &Vm) -> Raised {
        match self {
            Fault::Domain => vm.value_error("math domain error"),
            Fault::Range => vm.overflow_error("math range error"),
        }
    }
}

/// Module `cmath`.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "cmath",
    doc: Some("This module provides access to mathematical functions for complex\nnumbers."),
    functions: &[functions_of_module::FUNCTIONS],
    types: &[],
    exec: Some(exec),
};

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    let Some(dict) = module.dict.get() else {
        return Ok(());
    };
    crate::math::add_constants(vm, &dict)?;
    dict.set_named(vm, "infj", vm.new_complex(0.0, f64::INFINITY)?)?;
    dict.set_named(vm, "nanj", vm.new_complex(0.0, f64::NAN)?)?;
    Ok(())
}

fn call(vm: &Vm, z: &Value, f: fn(C) -> Result<C, Fault>) -> PyResult {
    let z = to_complex(vm, z)?;
    number(vm, f(z))
}

fn number(vm: &Vm, result: Result<C, Fault>) -> PyResult {
    match result {
        Ok((re, im)) => vm.new_complex(re, im),
        Err(fault) => Err(fault.raise(vm)),
    }
}

/// A quotient, neither number being too large or too small for what logarithms are.
fn quotient(a: C, b: C) -> Result<C, Fault> {
    if b == (0.0, 0.0) {
        return Err(Fault::Domain);
    }
    if b.0.abs() >= b.1.abs() {
        let ratio = b.1 / b.0;
        let below = b.0 + b.1 * ratio;
        Ok(((a.0 + a.1 * ratio) / below, (a.1 - a.0 * ratio) / below))
    } else if b.1.abs() >= b.0.abs() {
        let ratio = b.0 / b.1;
        let below = b.0 * ratio + b.1;
        Ok(((a.0 * ratio + a.1) / below, (a.1 * ratio - a.0) / below))
    } else {
        Ok((f64::NAN, f64::NAN))
    }
}

#[pyfunctions(FUNCTIONS)]
mod functions_of_module {
    use super::*;

    /// Return the arc cosine of z.
    #[pyfunction(sig = "($module, z, /)")]
    fn acos(vm: &Vm, z: &Value) -> PyResult {
        call(vm, z, functions::acos)
    }

    /// Return the inverse hyperbolic cosine of z.
    #[pyfunction(sig = "($module, z, /)")]
    fn acosh(vm: &Vm, z: &Value) -> PyResult {
        call(vm, z, functions::acosh)
    }

    /// Return the arc sine of z.
    #[pyfunction(sig = "($module, z, /)")]
    fn asin(vm: &Vm, z: &Value) -> PyResult {
        call(vm, z, functions::asin)
    }

    /// Return the inverse hyperbolic sine of z.
    #[pyfunction(sig = "($module, z, /)")]
    fn asinh(vm: &Vm, z: &Value) -> PyResult {
        call(vm, z, functions::asinh)
    }

    /// Return the arc tangent of z.
    #[pyfunction(sig = "($module, z, /)")]
    fn atan(vm: &Vm, z: &Value) -> PyResult {
        call(vm, z, functions::atan)
    }

    /// Return the inverse hyperbolic tangent of z.
    #[pyfunction(sig = "($module, z, /)")]
    fn atanh(vm: &Vm, z: &Value) -> PyResult {
        call(vm, z, functions::atanh)
    }

    /// Return the cosine of z.
    #[pyfunction(sig = "($module, z, /)")]
    fn cos(vm: &Vm, z: &Value) -> PyResult {
        call(vm, z, functions::cos)
    }

    /// Return the hyperbolic cosine of z.
    #[pyfunction(sig = "($module, z, /)")]
    fn cosh(vm: &Vm, z: &Value) -> PyResult {
        call(vm, z, functions::cosh)
    }

    /// Return the exponential value e**z.
    #[pyfunction(sig = "($module, z, /)")]
    fn exp(vm: &Vm, z: &Value) -> PyResult {
        call(vm, z, functions::exp)
    }

    /// Determine whether two complex numbers are close in value.
    #[pyfunction(sig = "($module, /, a, b, *, rel_tol=1e-09, abs_tol=0.0)")]
    fn isclose(vm: &Vm, a: &Value, b: &Value, rel_tol: f64, abs_tol: f64) -> PyResult<bool> {
        let (a, b) = (to_complex(vm, a)?, to_complex(vm, b)?);
        if rel_tol < 0.0 || abs_tol < 0.0 {
            return Err(vm.value_error("tolerances must be non-negative"));
        }
        if a == b {
            return Ok(true);
        }
        if [a.0, a.1, b.0, b.1].iter().any(|x| x.is_infinite()) {
            return Ok(false);
        }
        let size = |z: C| z.0.hypot(z.1);
        let diff = size((a.0 - b.0, a.1 - b.1));
        Ok(diff <= rel_tol * size(b) || diff <= rel_tol * size(a) || diff <= abs_tol)
    }

    /// Return True if both the real and imaginary parts of z are finite, else False.
    #[pyfunction(sig = "($module, z, /)")]
    fn isfinite(vm: &Vm, z: &Value) -> PyResult<bool> {
        let (re, im) = to_complex(vm, z)?;
        Ok(re.is_finite() && im.is_finite())
    }

    /// Checks if the real or imaginary part of z is infinite.
    #[pyfunction(sig = "($module, z, /)")]
    fn isinf(vm: &Vm, z: &Value) -> PyResult<bool> {
        let (re, im) = to_complex(vm, z)?;
        Ok(re.is_infinite() || im.is_infinite())
    }

    /// Checks if the real or imaginary part of z not a number (NaN).
    #[pyfunction(sig = "($module, z, /)")]
    fn isnan(vm: &Vm, z: &Value) -> PyResult<bool> {
        let (re, im) = to_complex(vm, z)?;
        Ok(re.is_nan() || im.is_nan())
    }

    /// log(z[, base]) -> the logarithm of z to the given base.
    ///
    /// If the base is not specified, returns the natural logarithm (base e) of z.
    #[pyfunction(sig = "($module, z, base=<unrepresentable>, /)")]
    fn log(vm: &Vm, z: &Value, base: Option<&Value>) -> PyResult {
        let z = to_complex(vm, z)?;
        let base = match base {
            Some(b) => Some(to_complex(vm, b)?),
            None => None,
        };
        let result = functions::log(z).and_then(|z| match base {
            Some(b) => quotient(z, functions::log(b)?),
            None => Ok(z),
        });
        number(vm, result)
    }

    /// Return the base-10 logarithm of z.
    #[pyfunction(sig = "($module, z, /)")]
    fn log10(vm: &Vm, z: &Value) -> PyResult {
        call(vm, z, functions::log10)
    }

    /// Return argument, also known as the phase angle, of a complex.
    #[pyfunction(sig = "($module, z, /)")]
    fn phase(vm: &Vm, z: &Value) -> PyResult<f64> {
        let (re, im) = to_complex(vm, z)?;
        Ok(im.atan2(re))
    }

    /// Convert a complex from rectangular coordinates to polar coordinates.
    ///
    /// r is the distance from 0 and phi the phase angle.
    #[pyfunction(sig = "($module, z, /)")]
    fn polar(vm: &Vm, z: &Value) -> PyResult<(f64, f64)> {
        let z = to_complex(vm, z)?;
        functions::polar(z).map_err(|fault| fault.raise(vm))
    }

    /// Convert from polar coordinates to rectangular coordinates.
    #[pyfunction(sig = "($module, r, phi, /)")]
    fn rect(vm: &Vm, r: f64, phi: f64) -> PyResult {
        number(vm, functions::rect(r, phi))
    }

    /// Return the sine of z.
    #[pyfunction(sig = "($module, z, /)")]
    fn sin(vm: &Vm, z: &Value) -> PyResult {
        call(vm, z, functions::sin)
    }

    /// Return the hyperbolic sine of z.
    #[pyfunction(sig = "($module, z, /)")]
    fn sinh(vm: &Vm, z: &Value) -> PyResult {
        call(vm, z, functions::sinh)
    }

    /// Return the square root of z.
    #[pyfunction(sig = "($module, z, /)")]
    fn sqrt(vm: &Vm, z: &Value) -> PyResult {
        call(vm, z, functions::sqrt)
    }

    /// Return the tangent of z.
    #[pyfunction(sig = "($module, z, /)")]
    fn tan(vm: &Vm, z: &Value) -> PyResult {
        call(vm, z, functions::tan)
    }

    /// Return the hyperbolic tangent of z.
    #[pyfunction(sig = "($module, z, /)")]
    fn tanh(vm: &Vm, z: &Value) -> PyResult {
        call(vm, z, functions::tanh)
    }
}
