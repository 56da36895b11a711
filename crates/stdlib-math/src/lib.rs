//! Native modules for mathematics: `math`, `cmath`, `_random`, `_statistics`. Data formats are in `taipan-stdlib-data`.

pub mod cmath;
pub mod libm;
pub mod math;
pub mod random;
pub mod statistics;

use taipan_object::ModuleSpec;

/// The modules of this crate.
pub const MODULES: &[&ModuleSpec] = &[
    &math::MODULE,
    &cmath::MODULE,
    &random::MODULE,
    &statistics::MODULE,
];
