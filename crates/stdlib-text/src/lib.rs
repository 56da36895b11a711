//! Native modules for text: `_sre`, the objects around the engine in `taipan-sre`, `unicodedata`, and the multi-byte codecs.

pub mod multibyte;
pub mod sre;
pub mod unicodedata;

use taipan_object::ModuleSpec;

/// The modules of this crate.
pub const MODULES: &[&ModuleSpec] = &[
    &sre::MODULE,
    &unicodedata::MODULE,
    &multibyte::MODULE,
    &multibyte::FAMILIES[0],
    &multibyte::FAMILIES[1],
    &multibyte::FAMILIES[2],
    &multibyte::FAMILIES[3],
    &multibyte::FAMILIES[4],
    &multibyte::FAMILIES[5],
];
