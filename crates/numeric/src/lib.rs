//! Numbers as text and as hashes, exactly as CPython has them, over plain Rust numbers.
//!
//! [`double`] turns floats into text, [`parse`] text into floats and complex numbers, [`hexfloat`] is `float.hex` and
//! `fromhex`; [`integer`] reads and writes integers up to what fits a machine word and checks the text of longer ones;
//! [`spec`] parses the format-specification language and [`format`] renders by it; [`printf`] is the `%` operator's
//! part; [`hash`] has all of Python's hash rules, [`places`] what becomes of hashes in sets.

pub mod digits;
pub mod double;
pub mod format;
pub mod hash;
pub mod hexfloat;
pub mod integer;
pub mod parse;
pub mod places;
pub mod printf;
pub mod spec;

/// An error of this crate, by the Python exception it becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NumericError {
    /// `ValueError` with this message.
    Value(String),
    /// `OverflowError` with this message.
    Overflow(String),
    /// `MemoryError`: the result is too large.
    Memory,
}

impl NumericError {
    pub(crate) fn value(message: impl Into<String>) -> Self {
        Self::Value(message.into())
    }

    pub(crate) fn overflow(message: impl Into<String>) -> Self {
        Self::Overflow(message.into())
    }

    /// The message, whichever exception it is for.
    pub fn message(&self) -> &str {
        match self {
            Self::Value(m) | Self::Overflow(m) => m,
            Self::Memory => "",
        }
    }
}
