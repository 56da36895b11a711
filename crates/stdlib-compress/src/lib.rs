//! Native modules for compression: `zlib`, on the library's Rust twin. [`stream`] is the one place with `unsafe`.

pub mod stream;
pub mod zlib;

use taipan_object::ModuleSpec;

/// The modules of this crate.
pub const MODULES: &[&ModuleSpec] = &[&zlib::MODULE];
