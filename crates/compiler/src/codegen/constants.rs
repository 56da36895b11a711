//! The constants of a code unit, and literals as constants.

use std::rc::Rc;

use dashu_int::{IBig, Sign, UBig};
use taipan_ast::{Constant as AstConstant, TooDeep};
use taipan_bytecode::Constant;

use crate::const_cache::Identities;

/// The constants of a unit, which have been merged, numbered in the order of their first use.
#[derive(Debug, Default)]
pub(crate) struct ConstTable {
    indices: Identities,
    order: Vec<Constant>,
}

impl ConstTable {
    /// The index of `value`, which is added when it is new.
    pub(crate) fn add(&mut self, value: Constant) -> u32 {
        let next = u32::try_from(self.order.len()).unwrap_or(u32::MAX);
        let index = self.indices.index(&value, next);
        if index == next {
            self.order.push(value);
        }
        index
    }

    /// Takes the constants out, by index.
    pub(crate) fn take(&mut self) -> Vec<Constant> {
        self.indices.clear();
        std::mem::take(&mut self.order)
    }
}

fn big_int(negative: bool, magnitude: &[u8]) -> IBig {
    let sign = if negative {
        Sign::Negative
    } else {
        Sign::Positive
    };
    IBig::from_parts(sign, UBig::from_le_bytes(magnitude))
}

/// How deep tuples may be nested in a constant. Literals are never nested; trees made by hand can be.
const MAX_NESTING: u32 = 500;

/// The value of a literal as a constant.
pub(crate) fn from_ast(value: &AstConstant<'_>) -> Result<Constant, TooDeep> {
    nested(value, MAX_NESTING)
}

fn nested(value: &AstConstant<'_>, levels: u32) -> Result<Constant, TooDeep> {
    let items = |items: &[AstConstant<'_>]| -> Result<Vec<Constant>, TooDeep> {
        let levels = levels.checked_sub(1).ok_or(TooDeep)?;
        items.iter().map(|item| nested(item, levels)).collect()
    };
    Ok(match *value {
        AstConstant::None => Constant::None,
        AstConstant::True => Constant::True,
        AstConstant::False => Constant::False,
        AstConstant::Ellipsis => Constant::Ellipsis,
        AstConstant::Int(value) => Constant::int(value),
        AstConstant::BigInt {
            negative,
            magnitude,
        } => Constant::int(big_int(negative, magnitude)),
        AstConstant::Float(value) => Constant::float(value),
        AstConstant::Complex { real, imag } => Constant::complex(real, imag),
        AstConstant::Str(text) => Constant::str(text.to_owned()),
        AstConstant::Bytes(bytes) => Constant::bytes(bytes),
        AstConstant::Tuple(tuple) => Constant::tuple(items(tuple)?),
        AstConstant::FrozenSet(set) => Constant::FrozenSet(Rc::from(items(set)?)),
    })
}

/// A literal under Python's own equality, for which `1`, `1.0` and `True` are the same key of a mapping.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(crate) enum PythonKey {
    Number(IBig),
    /// A number that is no integer, as the bits of its parts.
    Inexact(u64, u64),
    Other(Constant),
}

impl PythonKey {
    pub(crate) fn new(value: &AstConstant<'_>) -> Result<PythonKey, TooDeep> {
        Ok(match *value {
            AstConstant::True => PythonKey::Number(IBig::ONE),
            AstConstant::False => PythonKey::Number(IBig::ZERO),
            AstConstant::Int(value) => PythonKey::Number(value.into()),
            AstConstant::BigInt {
                negative,
                magnitude,
            } => PythonKey::Number(big_int(negative, magnitude)),
            AstConstant::Float(real) => PythonKey::number(real, 0.0),
            AstConstant::Complex { real, imag } => PythonKey::number(real, imag),
            _ => PythonKey::Other(from_ast(value)?),
        })
    }

    fn number(real: f64, imag: f64) -> PythonKey {
        if imag == 0.0
            && real.fract() == 0.0
            && let Ok(whole) = IBig::try_from(real)
        {
            return PythonKey::Number(whole);
        }
        // Adding zero makes the two zeros one.
        PythonKey::Inexact((real + 0.0).to_bits(), (imag + 0.0).to_bits())
    }
}
