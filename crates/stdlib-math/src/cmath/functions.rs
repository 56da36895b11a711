//! The functions of complex numbers, over plain pairs. The formulas for the inverse functions and the square root are
//! Kahan's ("Branch cuts for complex elementary functions"), with arguments scaled where a square would overflow.

use std::f64::consts::{E, FRAC_PI_2, LN_2, LN_10};

use super::special::{self, look_up};
use super::{C, Fault};
use crate::libm;

type Outcome = Result<C, Fault>;

/// Numbers beyond this are halved or quartered before sums are taken.
const LARGE: f64 = f64::MAX / 4.0;

/// The logarithm of [`LARGE`].
fn log_large() -> f64 {
    LARGE.ln()
}

fn finite(z: C) -> bool {
    z.0.is_finite() && z.1.is_finite()
}

/// Whether only `e**re` of a function is infinite: the angle decides the signs of the parts.
fn has_direction(z: C) -> bool {
    z.0.is_infinite() && z.1.is_finite() && z.1 != 0.0
}

fn too_large(z: C) -> bool {
    z.0.abs() > LARGE || z.1.abs() > LARGE
}

/// `log(|z|)` for a large z.
fn log_of_large(z: C) -> f64 {
    (z.0 / 2.0).hypot(z.1 / 2.0).ln() + LN_2 * 2.0
}

fn in_range(z: C) -> Outcome {
    if z.0.is_infinite() || z.1.is_infinite() {
        Err(Fault::Range)
    } else {
        Ok(z)
    }
}

/// `acos(z)`
pub fn acos(z: C) -> Outcome {
    if !finite(z) {
        return look_up(&special::ACOS, z).ok_or(Fault::Domain);
    }
    if too_large(z) {
        let size = log_of_large(z);
        let im = if z.0 < 0.0 {
            -size.copysign(z.1)
        } else {
            size.copysign(-z.1)
        };
        return Ok((z.1.abs().atan2(z.0), im));
    }
    let a = sqrt((1.0 - z.0, -z.1))?;
    let b = sqrt((1.0 + z.0, z.1))?;
    Ok((2.0 * a.0.atan2(b.0), libm::asinh(b.0 * a.1 - b.1 * a.0)))
}

/// `acosh(z)`
pub fn acosh(z: C) -> Outcome {
    if !finite(z) {
        return look_up(&special::ACOSH, z).ok_or(Fault::Domain);
    }
    if too_large(z) {
        return Ok((log_of_large(z), z.1.atan2(z.0)));
    }
    let a = sqrt((z.0 - 1.0, z.1))?;
    let b = sqrt((z.0 + 1.0, z.1))?;
    Ok((libm::asinh(a.0 * b.0 + a.1 * b.1), 2.0 * a.1.atan2(b.0)))
}

/// `asin(z)`, which is `-i asinh(i z)`
pub fn asin(z: C) -> Outcome {
    asinh((-z.1, z.0)).map(|(re, im)| (im, -re))
}

/// `asinh(z)`
pub fn asinh(z: C) -> Outcome {
    if !finite(z) {
        return look_up(&special::ASINH, z).ok_or(Fault::Domain);
    }
    if too_large(z) {
        return Ok((log_of_large(z).copysign(z.0), z.1.atan2(z.0.abs())));
    }
    let a = sqrt((1.0 + z.1, -z.0))?;
    let b = sqrt((1.0 - z.1, z.0))?;
    Ok((
        libm::asinh(a.0 * b.1 - b.0 * a.1),
        z.1.atan2(a.0 * b.0 - a.1 * b.1),
    ))
}

/// `atan(z)`, which is `-i atanh(i z)`
pub fn atan(z: C) -> Outcome {
    atanh((-z.1, z.0)).map(|(re, im)| (im, -re))
}

/// `atanh(z)`
pub fn atanh(z: C) -> Outcome {
    if !finite(z) {
        return look_up(&special::ATANH, z).ok_or(Fault::Domain);
    }
    if z.0.is_sign_negative() {
        return atanh((-z.0, -z.1)).map(|(re, im)| (-re, -im));
    }
    let height = z.1.abs();
    let large = LARGE.sqrt();
    if z.0 > large || height > large {
        let h = (z.0 / 2.0).hypot(z.1 / 2.0);
        return Ok((z.0 / 4.0 / h / h, -FRAC_PI_2.copysign(-z.1)));
    }
    if z.0 == 1.0 && height < f64::MIN_POSITIVE.sqrt() {
        if height == 0.0 {
            return Err(Fault::Domain);
        }
        return Ok((
            -(height.sqrt() / height.hypot(2.0).sqrt()).ln(),
            (2.0f64.atan2(-height) / 2.0).copysign(z.1),
        ));
    }
    let rest = 1.0 - z.0;
    Ok((
        (4.0 * z.0 / (rest * rest + height * height)).ln_1p() / 4.0,
        -(-2.0 * z.1).atan2(rest * (1.0 + z.0) - height * height) / 2.0,
    ))
}

/// `cos(z)`, which is `cosh(i z)`
pub fn cos(z: C) -> Outcome {
    cosh((-z.1, z.0))
}

/// `cosh(z)`
pub fn cosh(z: C) -> Outcome {
    if !finite(z) {
        if has_direction(z) {
            let im = f64::INFINITY.copysign(z.1.sin());
            return Ok((
                f64::INFINITY.copysign(z.1.cos()),
                if z.0 > 0.0 { im } else { -im },
            ));
        }
        return look_up(&special::COSH, z).ok_or(Fault::Domain);
    }
    if z.0.abs() > log_large() {
        let less = z.0 - 1.0f64.copysign(z.0);
        return in_range((z.1.cos() * less.cosh() * E, z.1.sin() * less.sinh() * E));
    }
    in_range((z.1.cos() * z.0.cosh(), z.1.sin() * z.0.sinh()))
}

/// `e**z`
pub fn exp(z: C) -> Outcome {
    if !finite(z) {
        if has_direction(z) {
            let size = if z.0 > 0.0 { f64::INFINITY } else { 0.0 };
            return Ok((size.copysign(z.1.cos()), size.copysign(z.1.sin())));
        }
        return look_up(&special::EXP, z).ok_or(Fault::Domain);
    }
    if z.0 > log_large() {
        let l = (z.0 - 1.0).exp();
        return in_range((l * z.1.cos() * E, l * z.1.sin() * E));
    }
    let l = z.0.exp();
    in_range((l * z.1.cos(), l * z.1.sin()))
}

/// `log(z)`
pub fn log(z: C) -> Outcome {
    if !finite(z) {
        return look_up(&special::LOG, z).ok_or(Fault::Domain);
    }
    let (x, y) = (z.0.abs(), z.1.abs());
    let re = if too_large(z) {
        (x / 2.0).hypot(y / 2.0).ln() + LN_2
    } else if x < f64::MIN_POSITIVE && y < f64::MIN_POSITIVE {
        if x == 0.0 && y == 0.0 {
            return Err(Fault::Domain);
        }
        // Subnormal numbers are brought up by the digits that they lack.
        let up = |v| libm::ldexp(v, f64::MANTISSA_DIGITS as i32);
        up(x).hypot(up(y)).ln() - f64::from(f64::MANTISSA_DIGITS) * LN_2
    } else {
        let h = x.hypot(y);
        if (0.71..=1.73).contains(&h) {
            // Near one the logarithm of h itself would lose digits.
            let (more, less) = if x > y { (x, y) } else { (y, x) };
            ((more - 1.0) * (more + 1.0) + less * less).ln_1p() / 2.0
        } else {
            h.ln()
        }
    };
    Ok((re, z.1.atan2(z.0)))
}

/// `log(z)` to base ten
pub fn log10(z: C) -> Outcome {
    log(z).map(|(re, im)| (re / LN_10, im / LN_10))
}

/// `sin(z)`, which is `-i sinh(i z)`
pub fn sin(z: C) -> Outcome {
    sinh((-z.1, z.0)).map(|(re, im)| (im, -re))
}

/// `sinh(z)`
pub fn sinh(z: C) -> Outcome {
    if !finite(z) {
        if has_direction(z) {
            let re = f64::INFINITY.copysign(z.1.cos());
            return Ok((
                if z.0 > 0.0 { re } else { -re },
                f64::INFINITY.copysign(z.1.sin()),
            ));
        }
        return look_up(&special::SINH, z).ok_or(Fault::Domain);
    }
    if z.0.abs() > log_large() {
        let less = z.0 - 1.0f64.copysign(z.0);
        return in_range((z.1.cos() * less.sinh() * E, z.1.sin() * less.cosh() * E));
    }
    in_range((z.1.cos() * z.0.sinh(), z.1.sin() * z.0.cosh()))
}

/// `sqrt(z)`
pub fn sqrt(z: C) -> Outcome {
    if !finite(z) {
        return look_up(&special::SQRT, z).ok_or(Fault::Domain);
    }
    if z.0 == 0.0 && z.1 == 0.0 {
        return Ok((0.0, z.1));
    }
    let (x, y) = (z.0.abs(), z.1.abs());
    let s = if x < f64::MIN_POSITIVE && y < f64::MIN_POSITIVE {
        // An odd power of two up, half of the next one down.
        let (x, y) = (libm::ldexp(x, 53), libm::ldexp(y, 53));
        libm::ldexp((x + x.hypot(y)).sqrt(), -27)
    } else {
        let x = x / 8.0;
        2.0 * (x + x.hypot(y / 8.0)).sqrt()
    };
    let d = y / (2.0 * s);
    Ok(if z.0 >= 0.0 {
        (s, d.copysign(z.1))
    } else {
        (d, s.copysign(z.1))
    })
}

/// `tan(z)`, which is `-i tanh(i z)`
pub fn tan(z: C) -> Outcome {
    tanh((-z.1, z.0)).map(|(re, im)| (im, -re))
}

/// `tanh(z)`
pub fn tanh(z: C) -> Outcome {
    if !finite(z) {
        if has_direction(z) {
            let im = 0.0f64.copysign(2.0 * z.1.sin() * z.1.cos());
            return Ok((1.0f64.copysign(z.0), im));
        }
        return look_up(&special::TANH, z).ok_or(Fault::Domain);
    }
    if z.0.abs() > log_large() {
        let im = 4.0 * z.1.sin() * z.1.cos() * (-2.0 * z.0.abs()).exp();
        return Ok((1.0f64.copysign(z.0), im));
    }
    let (tx, ty) = (z.0.tanh(), z.1.tan());
    let cx = 1.0 / z.0.cosh();
    let product = tx * ty;
    let below = 1.0 + product * product;
    Ok((tx * (1.0 + ty * ty) / below, (ty / below) * cx * cx))
}

/// Radius and angle.
pub fn polar(z: C) -> Outcome {
    let r = z.0.hypot(z.1);
    if r.is_infinite() && finite(z) {
        return Err(Fault::Range);
    }
    Ok((r, z.1.atan2(z.0)))
}

/// From radius and angle.
pub fn rect(r: f64, phi: f64) -> Outcome {
    if !finite((r, phi)) {
        if has_direction((r, phi)) {
            let (re, im) = (
                f64::INFINITY.copysign(phi.cos()),
                f64::INFINITY.copysign(phi.sin()),
            );
            return Ok(if r > 0.0 { (re, im) } else { (-re, -im) });
        }
        return look_up(&special::RECT, (r, phi)).ok_or(Fault::Domain);
    }
    Ok(if phi == 0.0 {
        (r, r * phi)
    } else {
        (r * phi.cos(), r * phi.sin())
    })
}
