//! The arithmetic, free of Python: numbers, contexts and the operations of the General Decimal Arithmetic specification,
//! within the limits of a 64-bit libmpdec. Operations take the operands, the context's rules ([`Rules`]) and a set of
//! conditions ([`status`]) that they add to; what the conditions lead to is decided in `crate::python`.

pub mod arith;
pub mod coeff;
pub mod compare;
pub mod convert;
pub mod division;

pub mod format;
pub mod logical;
pub mod neighbours;
pub mod number;
pub mod power;
pub mod quantize;
pub mod root;
pub mod rules;
pub mod text;
pub mod transcend;

pub use coeff::{Coeff, Dropped};
pub use number::{Dec, Kind};
pub use rules::{Round, Rules, status};
