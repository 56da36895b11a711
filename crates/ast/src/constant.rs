//! The values that a `Constant` node can hold.

use taipan_wtf8::Wtf8;

/// The value of a literal. Comparison with `==` is that of Rust, not Python's: types differ, and NaN differs from itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Constant<'a> {
    /// `None`
    None,
    /// `True`
    True,
    /// `False`
    False,
    /// `...`
    Ellipsis,
    /// An `int` that fits.
    Int(i64),
    /// An `int` that does not fit in 64 bits.
    BigInt {
        /// Whether it is below zero; a parsed literal never is.
        negative: bool,
        /// The absolute value, least significant byte first, without zero bytes at the end.
        magnitude: &'a [u8],
    },
    /// A `float`.
    Float(f64),
    /// A `complex`.
    Complex {
        /// The real part.
        real: f64,
        /// The imaginary part.
        imag: f64,
    },
    /// A `str`.
    Str(&'a Wtf8),
    /// A `bytes`.
    Bytes(&'a [u8]),
    /// A `tuple`; the parser makes none.
    Tuple(&'a [Constant<'a>]),
    /// A `frozenset`; the parser makes none.
    FrozenSet(&'a [Constant<'a>]),
}
