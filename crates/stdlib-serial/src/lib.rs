//! Native modules that turn objects into text or bytes and back: `_json`. Packed numbers (`_struct`, `array`) are in
//! `taipan-stdlib-data`.

pub mod json;

use taipan_object::ModuleSpec;

/// The modules of this crate.
pub const MODULES: &[&ModuleSpec] = &[&json::MODULE];
