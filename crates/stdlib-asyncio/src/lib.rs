//! `_asyncio`: futures ([`future`]), what awaiting one gives ([`future_iter`]), tasks ([`task`]) and their steps
//! ([`step`]), and the module's functions ([`functions`]). What an interpreter keeps of them is in [`state`].

pub mod functions;
pub mod future;
pub mod future_iter;
pub mod state;
pub mod step;
pub mod task;

use taipan_object::ModuleSpec;

/// The modules of this crate.
pub const MODULES: &[&ModuleSpec] = &[&functions::MODULE];
