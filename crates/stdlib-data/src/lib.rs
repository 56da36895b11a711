//! Native modules for data: `_struct`, `array`, `binascii`, `_bisect`, `_heapq`. Mathematics is in `taipan-stdlib-math`.

pub mod array;
pub mod binascii;
pub mod bisect;
pub mod heapq;
pub mod structs;

use taipan_object::ModuleSpec;

/// The modules of this crate.
pub const MODULES: &[&ModuleSpec] = &[
    &structs::MODULE,
    &array::MODULE,
    &binascii::MODULE,
    &bisect::MODULE,
    &heapq::MODULE,
];
