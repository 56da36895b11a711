//! Native modules for threads: `_queue`. Threads and locks themselves (`_thread`) are in `taipan-vm`.

pub mod queue;

use taipan_object::ModuleSpec;

/// The modules of this crate.
pub const MODULES: &[&ModuleSpec] = &[&queue::MODULE];
