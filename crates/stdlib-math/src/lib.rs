//! Native modules for mathematics: `math`, `_random`, `_statistics`. Data formats are in `taipan-stdlib-data`.

pub mod libm;
pub mod math;
pub mod random;
pub mod statistics;

use taipan_object::ModuleSpec;

/// The modules of this crate.
pub const MODULES: &[&ModuleSpec] = &[&math::MODULE, &random::MODULE, &statistics::MODULE];
