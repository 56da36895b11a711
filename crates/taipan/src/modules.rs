//! The native modules that an interpreter has: one list for each crate. And the modules that are frozen.

use taipan_object::{ModuleSpec, Vm};
use taipan_vm::config::{Frozen, FrozenCode};

/// The lists.
const FAMILIES: &[&[&ModuleSpec]] = &[
    taipan_builtins::MODULES,
    &[&taipan_builtins::weak::module::MODULE],
    taipan_stdlib_core::MODULES,
    taipan_stdlib_data::MODULES,
    taipan_stdlib_frontend::MODULES,
    taipan_stdlib_hash::MODULES,
    taipan_stdlib_math::MODULES,
    taipan_stdlib_os::MODULES,
    taipan_stdlib_text::MODULES,
];

macro_rules! source {
    ($name:literal, $orig:expr, $file:literal) => {
        Frozen {
            name: $name,
            package: false,
            origname: $orig,
            code: FrozenCode::Source(|| taipan_pylib::find($file).and_then(|f| f.contents())),
        }
    };
}

/// Modules that the import system needs before it can read files.
static FROZEN: &[Frozen] = &[
    source!(
        "_frozen_importlib",
        Some("importlib._bootstrap"),
        "importlib/_bootstrap.py"
    ),
    source!(
        "_frozen_importlib_external",
        Some("importlib._bootstrap_external"),
        "importlib/_bootstrap_external.py"
    ),
    source!("zipimport", None, "zipimport.py"),
];

/// Makes the modules known to the import system.
pub fn register(vm: &Vm) {
    taipan_stdlib_frontend::register(vm);
    for family in FAMILIES {
        taipan_vm::imp::register_modules(vm, family);
    }
    taipan_vm::config::config(vm).frozen.set(FROZEN);
}
