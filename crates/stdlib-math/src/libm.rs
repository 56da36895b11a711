//! The C library's functions that Rust's standard library has not, or computes by formulas of its own: results are to be
//! those of the platform's library to the last bit, as CPython's are. This is the crate's only module with `unsafe`.

#[cfg(unix)]
mod platform {
    // SAFETY: functions of the C library's `<math.h>` with these very signatures; they touch no memory of ours.
    unsafe extern "C" {
        /// Inverse hyperbolic sine.
        pub safe fn asinh(x: f64) -> f64;
        /// Inverse hyperbolic cosine.
        pub safe fn acosh(x: f64) -> f64;
        /// Inverse hyperbolic tangent.
        pub safe fn atanh(x: f64) -> f64;
        /// Error function.
        pub safe fn erf(x: f64) -> f64;
        /// Complementary error function.
        pub safe fn erfc(x: f64) -> f64;
    }
}

#[cfg(not(unix))]
mod platform {
    /// Inverse hyperbolic sine.
    pub fn asinh(x: f64) -> f64 {
        x.asinh()
    }
    /// Inverse hyperbolic cosine.
    pub fn acosh(x: f64) -> f64 {
        x.acosh()
    }
    /// Inverse hyperbolic tangent.
    pub fn atanh(x: f64) -> f64 {
        x.atanh()
    }
    /// Error function, by its series and continued fraction.
    pub fn erf(x: f64) -> f64 {
        if x.is_nan() {
            return x;
        }
        if x.abs() < 1.5 {
            let (mut acc, mut k) = (0.0, 25.5);
            while k > 0.0 {
                acc = 2.0 + x * x * acc / k;
                k -= 1.0;
            }
            return acc * x * (-x * x).exp() / std::f64::consts::PI.sqrt();
        }
        let tail = erfc(x.abs());
        (1.0 - tail).copysign(x)
    }
    /// Complementary error function.
    pub fn erfc(x: f64) -> f64 {
        if x.is_nan() {
            return x;
        }
        if x.abs() < 1.5 {
            return 1.0 - erf(x);
        }
        let size = x.abs();
        let tail = if size >= 30.0 {
            0.0
        } else {
            let (mut a, mut da) = (0.0, 0.5);
            let (mut p, mut p1) = (1.0, 0.0);
            let (mut q, mut q1) = (da + size * size, 1.0);
            for _ in 0..50 {
                a += da;
                da += 2.0;
                let b = da + size * size;
                (p1, p) = (p, b * p - a * p1);
                (q1, q) = (q, b * q - a * q1);
            }
            p / q * size * (-size * size).exp() / std::f64::consts::PI.sqrt()
        };
        if x > 0.0 { tail } else { 2.0 - tail }
    }
}

pub use platform::{acosh, asinh, atanh, erf, erfc};

/// `frexp`: a fraction with magnitude in 0.5..1 and an exponent.
pub fn frexp(x: f64) -> (f64, i32) {
    if x == 0.0 || !x.is_finite() {
        return (x, 0);
    }
    let bits = x.to_bits();
    let exponent = ((bits >> 52) & 0x7ff) as i32;
    if exponent == 0 {
        let (m, e) = frexp(x * 2f64.powi(64));
        return (m, e - 64);
    }
    let m = (bits & !(0x7ff << 52)) | (1022 << 52);
    (f64::from_bits(m), exponent - 1022)
}

/// `ldexp`: `x * 2**e`, rounded once.
pub fn ldexp(x: f64, e: i32) -> f64 {
    if x == 0.0 || !x.is_finite() {
        return x;
    }
    let (m, e0) = frexp(x);
    let e = e.saturating_add(e0);
    if e > 1024 {
        return f64::INFINITY.copysign(x);
    }
    if e < -1080 {
        return 0.0f64.copysign(x);
    }
    if e >= -1020 {
        // In two exact steps, since 2**1024 is no float.
        return m * 2.0 * 2f64.powi(e - 1);
    }
    // The last step alone rounds.
    m * 2f64.powi(-1000) * 2f64.powi(e + 1000)
}
