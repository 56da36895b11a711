//! Native modules that turn objects into text or bytes and back: `_csv`, `_json`, `_pickle`. Packed numbers (`_struct`, `array`) are in
//! `taipan-stdlib-data`.

pub mod csv;
pub mod json;
pub mod pickle;
mod util;

use taipan_object::ModuleSpec;

/// The modules of this crate.
pub const MODULES: &[&ModuleSpec] = &[&csv::MODULE, &json::MODULE, &pickle::MODULE];
