//! Native modules that nearly every program needs at its start or in its inner loops: `_collections`, `_functools`,
//! `_operator`, `itertools`, and what `abc`, `typing`, `types` and `contextvars` are made of.
//! One folder or file for each module; [`MODULES`] lists them for the import system.

#[macro_use]
mod util;

pub mod abc;
pub mod collections;
pub mod contextvars;
pub mod functools;
pub mod itertools;
pub mod operator;
pub mod typing;

use taipan_object::ModuleSpec;

/// The modules of this crate.
pub const MODULES: &[&ModuleSpec] = &[
    &abc::MODULE,
    &collections::MODULE,
    &contextvars::MODULE,
    &functools::MODULE,
    &itertools::MODULE,
    &operator::MODULE,
    &typing::MODULE,
];
