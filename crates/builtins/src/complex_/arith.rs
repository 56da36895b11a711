//! Complex arithmetic, by the rules of C99's Annex G where Python follows them: infinities are recovered from NaNs in
//! products and quotients, and operations with a real operand do not invent an imaginary zero.

use taipan_object::{PyResult, Raised, Vm};

/// Real and imaginary part.
pub type C = (f64, f64);

fn unit_or_zero(x: f64) -> f64 {
    if x.is_infinite() { 1.0f64 } else { 0.0 }.copysign(x)
}

fn nan_to_zero(x: f64) -> f64 {
    if x.is_nan() { 0.0f64.copysign(x) } else { x }
}

/// `a * b`
pub fn mul((a, b): C, (c, d): C) -> C {
    let (ac, bd, ad, bc) = (a * c, b * d, a * d, b * c);
    let r = (ac - bd, ad + bc);
    if !(r.0.is_nan() && r.1.is_nan()) {
        return r;
    }
    let (mut a, mut b, mut c, mut d) = (a, b, c, d);
    let mut recalculate = false;
    if a.is_infinite() || b.is_infinite() {
        (a, b) = (unit_or_zero(a), unit_or_zero(b));
        (c, d) = (nan_to_zero(c), nan_to_zero(d));
        recalculate = true;
    }
    if c.is_infinite() || d.is_infinite() {
        (c, d) = (unit_or_zero(c), unit_or_zero(d));
        (a, b) = (nan_to_zero(a), nan_to_zero(b));
        recalculate = true;
    }
    if !recalculate && [ac, bd, ad, bc].iter().any(|x| x.is_infinite()) {
        (a, b) = (nan_to_zero(a), nan_to_zero(b));
        (c, d) = (nan_to_zero(c), nan_to_zero(d));
        recalculate = true;
    }
    if !recalculate {
        return r;
    }
    (
        f64::INFINITY * (a * c - b * d),
        f64::INFINITY * (a * d + b * c),
    )
}

#[cold]
fn zero(vm: &Vm) -> Raised {
    vm.zero_division_error("division by zero")
}

/// `a / b`, scaled so that the intermediate values stay in range (Smith's method).
pub fn div(vm: &Vm, a: C, b: C) -> PyResult<C> {
    let (size_re, size_im) = (b.0.abs(), b.1.abs());
    let mut r = if size_re >= size_im {
        if size_re == 0.0 {
            return Err(zero(vm));
        }
        let ratio = b.1 / b.0;
        let denominator = b.0 + b.1 * ratio;
        (
            (a.0 + a.1 * ratio) / denominator,
            (a.1 - a.0 * ratio) / denominator,
        )
    } else if size_im >= size_re {
        let ratio = b.0 / b.1;
        let denominator = b.0 * ratio + b.1;
        (
            (a.0 * ratio + a.1) / denominator,
            (a.1 * ratio - a.0) / denominator,
        )
    } else {
        // One of the divisor's parts is NaN.
        (f64::NAN, f64::NAN)
    };
    if r.0.is_nan() && r.1.is_nan() {
        if (a.0.is_infinite() || a.1.is_infinite()) && b.0.is_finite() && b.1.is_finite() {
            let (x, y) = (unit_or_zero(a.0), unit_or_zero(a.1));
            r = (
                f64::INFINITY * (x * b.0 + y * b.1),
                f64::INFINITY * (y * b.0 - x * b.1),
            );
        } else if (size_re.is_infinite() || size_im.is_infinite())
            && a.0.is_finite()
            && a.1.is_finite()
        {
            let (x, y) = (unit_or_zero(b.0), unit_or_zero(b.1));
            r = (0.0 * (a.0 * x + a.1 * y), 0.0 * (a.1 * x - a.0 * y));
        }
    }
    Ok(r)
}

/// `a / b` for a real `a`.
pub fn real_div(vm: &Vm, a: f64, b: C) -> PyResult<C> {
    let (size_re, size_im) = (b.0.abs(), b.1.abs());
    let mut r = if size_re >= size_im {
        if size_re == 0.0 {
            return Err(zero(vm));
        }
        let ratio = b.1 / b.0;
        let denominator = b.0 + b.1 * ratio;
        (a / denominator, (-a * ratio) / denominator)
    } else if size_im >= size_re {
        let ratio = b.0 / b.1;
        let denominator = b.0 * ratio + b.1;
        ((a * ratio) / denominator, (-a) / denominator)
    } else {
        (f64::NAN, f64::NAN)
    };
    if r.0.is_nan()
        && r.1.is_nan()
        && a.is_finite()
        && (size_re.is_infinite() || size_im.is_infinite())
    {
        let (x, y) = (unit_or_zero(b.0), unit_or_zero(b.1));
        r = (0.0 * (a * x), 0.0 * (-a * y));
    }
    Ok(r)
}

/// `a ** n` for a small whole `n`, by squaring.
fn powi(vm: &Vm, a: C, n: i64) -> PyResult<C> {
    let by_squaring = |n: u64| {
        let (mut r, mut p) = ((1.0, 0.0), a);
        let mut mask = 1;
        while mask > 0 && n >= mask {
            if n & mask != 0 {
                r = mul(r, p);
            }
            mask <<= 1;
            p = mul(p, p);
        }
        r
    };
    if n > 0 {
        return Ok(by_squaring(n.unsigned_abs()));
    }
    let denominator = by_squaring(n.unsigned_abs());
    if denominator == (0.0, 0.0) {
        return Err(vm.zero_division_error("zero to a negative or complex power"));
    }
    div(vm, (1.0, 0.0), denominator)
}

fn general_pow(vm: &Vm, a: C, b: C) -> PyResult<C> {
    if b == (0.0, 0.0) {
        return Ok((1.0, 0.0));
    }
    if a == (0.0, 0.0) {
        if b.1 != 0.0 || b.0 < 0.0 {
            return Err(vm.zero_division_error("zero to a negative or complex power"));
        }
        return Ok((0.0, 0.0));
    }
    let size = a.0.hypot(a.1);
    let mut len = size.powf(b.0);
    let angle = a.1.atan2(a.0);
    let mut phase = angle * b.0;
    if b.1 != 0.0 {
        len *= (-angle * b.1).exp();
        phase += b.1 * size.ln();
    }
    Ok((len * phase.cos(), len * phase.sin()))
}

/// `a ** b`
pub fn pow(vm: &Vm, a: C, b: C) -> PyResult<C> {
    const SMALL: f64 = 100.0;
    let whole = b.1 == 0.0 && b.0 == b.0.floor() && b.0.abs() <= SMALL;
    let r = if whole {
        powi(vm, a, b.0 as i64)?
    } else {
        general_pow(vm, a, b)?
    };
    if r.0.is_infinite() || r.1.is_infinite() {
        return Err(vm.overflow_error("complex exponentiation"));
    }
    Ok(r)
}
