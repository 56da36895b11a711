//! `_decimal`: decimal floating-point arithmetic as the General Decimal Arithmetic specification has it, with the limits
//! of libmpdec. [`core`] is the arithmetic, which knows nothing of Python; [`python`] makes classes of it.

pub mod core;
pub mod python;

use taipan_object::ModuleSpec;

/// The crate's modules.
pub const MODULES: &[&ModuleSpec] = &[&python::module::MODULE];
