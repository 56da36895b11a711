//! Native modules for text: `_sre`, the objects around the engine in `taipan-sre`, and `unicodedata`.

pub mod sre;
pub mod unicodedata;

use taipan_object::ModuleSpec;

/// The modules of this crate.
pub const MODULES: &[&ModuleSpec] = &[&sre::MODULE, &unicodedata::MODULE];
