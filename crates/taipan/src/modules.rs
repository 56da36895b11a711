//! The native modules that an interpreter has: one list for each crate. And the modules that are frozen.

use taipan_bytecode::image::Image;
use taipan_object::{ModuleSpec, Vm};
use taipan_vm::config::{Frozen, FrozenModules};

/// The lists.
const FAMILIES: &[&[&ModuleSpec]] = &[
    taipan_builtins::MODULES,
    &[&taipan_builtins::weak::module::MODULE],
    taipan_stdlib_asyncio::MODULES,
    taipan_stdlib_compress::MODULES,
    taipan_stdlib_core::MODULES,
    taipan_stdlib_data::MODULES,
    taipan_stdlib_datetime::MODULES,
    taipan_stdlib_decimal::MODULES,
    taipan_stdlib_frontend::MODULES,
    taipan_stdlib_hash::MODULES,
    taipan_stdlib_math::MODULES,
    taipan_stdlib_os::MODULES,
    taipan_stdlib_serial::MODULES,
    taipan_stdlib_text::MODULES,
    taipan_stdlib_thread::MODULES,
    taipan_stdlib_xml::MODULES,
];

static IMAGE: Image = Image::new(taipan_pylib::FROZEN_CODE);

fn frozen(name: &str) -> Option<Frozen> {
    let f = taipan_pylib::FROZEN.iter().find(|f| f.name == name)?;
    Some(Frozen {
        name: f.name,
        package: f.package,
        origname: f.origname,
        code: IMAGE.code(f.code),
    })
}

/// Makes the modules known to the import system.
pub fn register(vm: &Vm) {
    taipan_stdlib_frontend::register(vm);
    for family in FAMILIES {
        taipan_vm::imp::register_modules(vm, family);
    }
    taipan_vm::config::config(vm)
        .base_repl
        .set(Some(crate::interactive::base_repl));
    taipan_vm::config::config(vm)
        .frozen
        .set(Some(FrozenModules {
            find: frozen,
            names: || taipan_pylib::FROZEN.iter().map(|f| f.name).collect(),
        }));
}
