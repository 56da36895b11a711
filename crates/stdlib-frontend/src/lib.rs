//! Native modules that show the front end to Python: `_ast` (trees as objects), `_tokenize`, `_symtable`, `_opcode`.
//! One folder or file for each module; [`MODULES`] lists them for the import system.

pub mod opcode;
pub mod symtable;
pub mod tokenize;

use taipan_object::ModuleSpec;

/// The modules of this crate.
pub const MODULES: &[&ModuleSpec] = &[&opcode::MODULE, &symtable::MODULE, &tokenize::MODULE];
