//! The native modules that an interpreter has: one list for each crate.

use taipan_object::{ModuleSpec, Vm};

/// The lists.
const FAMILIES: &[&[&ModuleSpec]] = &[taipan_stdlib_core::MODULES, taipan_stdlib_frontend::MODULES];

/// Makes the modules known to the import system.
pub fn register(vm: &Vm) {
    for family in FAMILIES {
        taipan_vm::imp::register_modules(vm, family);
    }
}
