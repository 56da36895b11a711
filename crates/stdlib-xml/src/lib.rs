//! Native modules for XML: `pyexpat`, a parser with handlers, and `_elementtree`, trees. The parser itself is `taipan-xml`.

mod etree;
mod expat;
mod text;

use taipan_object::ModuleSpec;

/// The modules of this crate.
pub const MODULES: &[&ModuleSpec] = &[&expat::MODULE, &etree::MODULE];
