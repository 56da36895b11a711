//! What the functions of `cmath` give for infinities and NaNs. They follow annex G of the C standard, with the signs
//! that CPython chose where the standard leaves them open.

use super::C;

/// Rows by the class of the real part, columns by that of the imaginary part, see [`class`]. `None`: a domain error, or a
/// case that is computed.
pub type Table = [[Option<C>; 7]; 7];

/// minus infinity, below zero, minus zero, zero, above zero, infinity, NaN
fn class(x: f64) -> usize {
    if x.is_nan() {
        6
    } else if x.is_infinite() {
        if x > 0.0 { 5 } else { 0 }
    } else if x == 0.0 {
        if x.is_sign_positive() { 3 } else { 2 }
    } else if x > 0.0 {
        4
    } else {
        1
    }
}

/// A table's entry.
pub fn look_up(table: &Table, z: C) -> Option<C> {
    table[class(z.0)][class(z.1)]
}

const I: f64 = f64::INFINITY;
const N: f64 = f64::NAN;
const P1: f64 = std::f64::consts::PI;
const P2: f64 = std::f64::consts::FRAC_PI_2;
const P4: f64 = std::f64::consts::FRAC_PI_4;
const P34: f64 = 3.0 * std::f64::consts::FRAC_PI_4;
const E: Option<C> = None;

/// `cmath.acos`
pub static ACOS: Table = [
    [
        Some((P34, I)),
        Some((P1, I)),
        Some((P1, I)),
        Some((P1, -I)),
        Some((P1, -I)),
        Some((P34, -I)),
        Some((N, I)),
    ],
    [Some((P2, I)), E, E, E, E, Some((P2, -I)), Some((N, N))],
    [Some((P2, I)), E, E, E, E, Some((P2, -I)), Some((P2, N))],
    [Some((P2, I)), E, E, E, E, Some((P2, -I)), Some((P2, N))],
    [Some((P2, I)), E, E, E, E, Some((P2, -I)), Some((N, N))],
    [
        Some((P4, I)),
        Some((0.0, I)),
        Some((0.0, I)),
        Some((0.0, -I)),
        Some((0.0, -I)),
        Some((P4, -I)),
        Some((N, I)),
    ],
    [
        Some((N, I)),
        Some((N, N)),
        Some((N, N)),
        Some((N, N)),
        Some((N, N)),
        Some((N, -I)),
        Some((N, N)),
    ],
];

/// `cmath.acosh`
pub static ACOSH: Table = [
    [
        Some((I, -P34)),
        Some((I, -P1)),
        Some((I, -P1)),
        Some((I, P1)),
        Some((I, P1)),
        Some((I, P34)),
        Some((I, N)),
    ],
    [Some((I, -P2)), E, E, E, E, Some((I, P2)), Some((N, N))],
    [Some((I, -P2)), E, E, E, E, Some((I, P2)), Some((N, P2))],
    [Some((I, -P2)), E, E, E, E, Some((I, P2)), Some((N, P2))],
    [Some((I, -P2)), E, E, E, E, Some((I, P2)), Some((N, N))],
    [
        Some((I, -P4)),
        Some((I, -0.0)),
        Some((I, -0.0)),
        Some((I, 0.0)),
        Some((I, 0.0)),
        Some((I, P4)),
        Some((I, N)),
    ],
    [
        Some((I, N)),
        Some((N, N)),
        Some((N, N)),
        Some((N, N)),
        Some((N, N)),
        Some((I, N)),
        Some((N, N)),
    ],
];

/// `cmath.asinh`
pub static ASINH: Table = [
    [
        Some((-I, -P4)),
        Some((-I, -0.0)),
        Some((-I, -0.0)),
        Some((-I, 0.0)),
        Some((-I, 0.0)),
        Some((-I, P4)),
        Some((-I, N)),
    ],
    [Some((-I, -P2)), E, E, E, E, Some((-I, P2)), Some((N, N))],
    [Some((-I, -P2)), E, E, E, E, Some((-I, P2)), Some((N, N))],
    [Some((I, -P2)), E, E, E, E, Some((I, P2)), Some((N, N))],
    [Some((I, -P2)), E, E, E, E, Some((I, P2)), Some((N, N))],
    [
        Some((I, -P4)),
        Some((I, -0.0)),
        Some((I, -0.0)),
        Some((I, 0.0)),
        Some((I, 0.0)),
        Some((I, P4)),
        Some((I, N)),
    ],
    [
        Some((I, N)),
        Some((N, N)),
        Some((N, -0.0)),
        Some((N, 0.0)),
        Some((N, N)),
        Some((I, N)),
        Some((N, N)),
    ],
];

/// `cmath.atanh`
pub static ATANH: Table = [
    [
        Some((-0.0, -P2)),
        Some((-0.0, -P2)),
        Some((-0.0, -P2)),
        Some((-0.0, P2)),
        Some((-0.0, P2)),
        Some((-0.0, P2)),
        Some((-0.0, N)),
    ],
    [
        Some((-0.0, -P2)),
        E,
        E,
        E,
        E,
        Some((-0.0, P2)),
        Some((N, N)),
    ],
    [
        Some((-0.0, -P2)),
        E,
        E,
        E,
        E,
        Some((-0.0, P2)),
        Some((-0.0, N)),
    ],
    [
        Some((0.0, -P2)),
        E,
        E,
        E,
        E,
        Some((0.0, P2)),
        Some((0.0, N)),
    ],
    [Some((0.0, -P2)), E, E, E, E, Some((0.0, P2)), Some((N, N))],
    [
        Some((0.0, -P2)),
        Some((0.0, -P2)),
        Some((0.0, -P2)),
        Some((0.0, P2)),
        Some((0.0, P2)),
        Some((0.0, P2)),
        Some((0.0, N)),
    ],
    [
        Some((0.0, -P2)),
        Some((N, N)),
        Some((N, N)),
        Some((N, N)),
        Some((N, N)),
        Some((0.0, P2)),
        Some((N, N)),
    ],
];

/// `cmath.cosh`
pub static COSH: Table = [
    [E, E, Some((I, 0.0)), Some((I, -0.0)), E, E, Some((I, N))],
    [E, E, E, E, E, E, Some((N, N))],
    [E, E, E, E, E, E, Some((N, 0.0))],
    [E, E, E, E, E, E, Some((N, 0.0))],
    [E, E, E, E, E, E, Some((N, N))],
    [E, E, Some((I, -0.0)), Some((I, 0.0)), E, E, Some((I, N))],
    [
        Some((N, N)),
        Some((N, N)),
        Some((N, 0.0)),
        Some((N, 0.0)),
        Some((N, N)),
        Some((N, N)),
        Some((N, N)),
    ],
];

/// `cmath.exp`
pub static EXP: Table = [
    [
        Some((0.0, 0.0)),
        E,
        Some((0.0, -0.0)),
        Some((0.0, 0.0)),
        E,
        Some((0.0, 0.0)),
        Some((0.0, 0.0)),
    ],
    [E, E, E, E, E, E, Some((N, N))],
    [E, E, E, E, E, E, Some((N, N))],
    [E, E, E, E, E, E, Some((N, N))],
    [E, E, E, E, E, E, Some((N, N))],
    [E, E, Some((I, -0.0)), Some((I, 0.0)), E, E, Some((I, N))],
    [
        Some((N, N)),
        Some((N, N)),
        Some((N, -0.0)),
        Some((N, 0.0)),
        Some((N, N)),
        Some((N, N)),
        Some((N, N)),
    ],
];

/// `cmath.log`
pub static LOG: Table = [
    [
        Some((I, -P34)),
        Some((I, -P1)),
        Some((I, -P1)),
        Some((I, P1)),
        Some((I, P1)),
        Some((I, P34)),
        Some((I, N)),
    ],
    [Some((I, -P2)), E, E, E, E, Some((I, P2)), Some((N, N))],
    [Some((I, -P2)), E, E, E, E, Some((I, P2)), Some((N, N))],
    [Some((I, -P2)), E, E, E, E, Some((I, P2)), Some((N, N))],
    [Some((I, -P2)), E, E, E, E, Some((I, P2)), Some((N, N))],
    [
        Some((I, -P4)),
        Some((I, -0.0)),
        Some((I, -0.0)),
        Some((I, 0.0)),
        Some((I, 0.0)),
        Some((I, P4)),
        Some((I, N)),
    ],
    [
        Some((I, N)),
        Some((N, N)),
        Some((N, N)),
        Some((N, N)),
        Some((N, N)),
        Some((I, N)),
        Some((N, N)),
    ],
];

/// `cmath.sinh`
pub static SINH: Table = [
    [E, E, Some((-I, -0.0)), Some((-I, 0.0)), E, E, Some((I, N))],
    [E, E, E, E, E, E, Some((N, N))],
    [E, E, E, E, E, E, Some((0.0, N))],
    [E, E, E, E, E, E, Some((0.0, N))],
    [E, E, E, E, E, E, Some((N, N))],
    [E, E, Some((I, -0.0)), Some((I, 0.0)), E, E, Some((I, N))],
    [
        Some((N, N)),
        Some((N, N)),
        Some((N, -0.0)),
        Some((N, 0.0)),
        Some((N, N)),
        Some((N, N)),
        Some((N, N)),
    ],
];

/// `cmath.sqrt`
pub static SQRT: Table = [
    [
        Some((I, -I)),
        Some((0.0, -I)),
        Some((0.0, -I)),
        Some((0.0, I)),
        Some((0.0, I)),
        Some((I, I)),
        Some((N, I)),
    ],
    [Some((I, -I)), E, E, E, E, Some((I, I)), Some((N, N))],
    [Some((I, -I)), E, E, E, E, Some((I, I)), Some((N, N))],
    [Some((I, -I)), E, E, E, E, Some((I, I)), Some((N, N))],
    [Some((I, -I)), E, E, E, E, Some((I, I)), Some((N, N))],
    [
        Some((I, -I)),
        Some((I, -0.0)),
        Some((I, -0.0)),
        Some((I, 0.0)),
        Some((I, 0.0)),
        Some((I, I)),
        Some((I, N)),
    ],
    [
        Some((I, -I)),
        Some((N, N)),
        Some((N, N)),
        Some((N, N)),
        Some((N, N)),
        Some((I, I)),
        Some((N, N)),
    ],
];

/// `cmath.tanh`
pub static TANH: Table = [
    [
        Some((-1.0, 0.0)),
        E,
        Some((-1.0, -0.0)),
        Some((-1.0, 0.0)),
        E,
        Some((-1.0, 0.0)),
        Some((-1.0, 0.0)),
    ],
    [E, E, E, E, E, E, Some((N, N))],
    [E, E, E, E, E, E, Some((-0.0, N))],
    [E, E, E, E, E, E, Some((0.0, N))],
    [E, E, E, E, E, E, Some((N, N))],
    [
        Some((1.0, 0.0)),
        E,
        Some((1.0, -0.0)),
        Some((1.0, 0.0)),
        E,
        Some((1.0, 0.0)),
        Some((1.0, 0.0)),
    ],
    [
        Some((N, N)),
        Some((N, N)),
        Some((N, -0.0)),
        Some((N, 0.0)),
        Some((N, N)),
        Some((N, N)),
        Some((N, N)),
    ],
];

/// `cmath.rect`
pub static RECT: Table = [
    [E, E, Some((-I, 0.0)), Some((-I, -0.0)), E, E, Some((I, N))],
    [E, E, E, E, E, E, Some((N, N))],
    [
        Some((0.0, 0.0)),
        E,
        E,
        E,
        E,
        Some((0.0, 0.0)),
        Some((0.0, 0.0)),
    ],
    [
        Some((0.0, 0.0)),
        E,
        E,
        E,
        E,
        Some((0.0, 0.0)),
        Some((0.0, 0.0)),
    ],
    [E, E, E, E, E, E, Some((N, N))],
    [E, E, Some((I, -0.0)), Some((I, 0.0)), E, E, Some((I, N))],
    [
        Some((N, N)),
        Some((N, N)),
        Some((N, 0.0)),
        Some((N, 0.0)),
        Some((N, N)),
        Some((N, N)),
        Some((N, N)),
    ],
];
