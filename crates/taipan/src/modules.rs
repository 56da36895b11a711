//! The native modules that an interpreter has: one list for each crate.

use taipan_object::{ModuleSpec, Vm};

/// The lists.
const FAMILIES: &[&[&ModuleSpec]] = &[
    taipan_stdlib_core::MODULES,
    taipan_stdlib_frontend::MODULES,
    taipan_stdlib_data::MODULES,
    taipan_stdlib_math::MODULES,
];

/// Makes the modules known to the import system.
pub fn register(vm: &Vm) {
    taipan_stdlib_frontend::register(vm);
    for family in FAMILIES {
        taipan_vm::imp::register_modules(vm, family);
    }
}
