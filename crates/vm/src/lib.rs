//! Taipan's virtual machine: code, functions and frames; the interpreter loop; generators; compiling and importing.
//!
//! [`eval`] is the loop, one module for each family of instructions. [`frame`] is the layout of frames, [`code`] and
//! [`function`] are the objects that calls need. [`compile`] runs the front end. Objects and protocols are `taipan-object`'s.

pub mod atexit;
pub mod breaker;
pub mod builtin_functions;
pub mod builtins;
pub mod code;
pub mod code_type;
pub mod compile;
pub mod config;
pub mod eval;
pub mod faulthandler;
pub mod files;
pub mod finalize;
pub mod frame;
pub mod frame_object;
pub mod frame_type;
pub mod frozen;
pub mod function;
pub mod function_type;
pub mod gc_module;
pub mod generator;
pub mod generator_types;
pub mod gil;
mod glue;
mod groups;
pub mod image_code;
pub mod imp;
pub mod imp_module;
pub mod import;
pub mod instrumentation;
pub mod lsprof_module;
pub mod marshal_module;
pub mod marshal_objects;
mod marshal_values;
pub mod observe;
mod scope_hooks;
pub mod startup;
pub mod stats;
pub mod sys_module;
mod template;
pub mod threads;
pub mod traceback;
pub mod traceback_type;
mod warn;
pub mod warnings_module;

use taipan_object::vm::Hooks;
use taipan_object::{ModuleSpec, PyResult, TypeSpec, Vm};

/// The types that this crate makes.
const TYPES: &[&TypeSpec] = &[
    &function_type::FUNCTION,
    &code_type::CODE,
    &frame_type::FRAME,
    &frame_type::FRAME_LOCALS_PROXY,
    &traceback_type::TRACEBACK,
    &sys_module::std_printer::STD_PRINTER,
];

/// The declaration of module `builtins`.
pub static BUILTINS: ModuleSpec = ModuleSpec {
    name: "builtins",
    doc: Some(
        "Built-in functions, types, exceptions, and other objects.\n\nThis module provides direct access to all 'built-in'\nidentifiers of Python; for example, builtins.len is\nthe full name for the built-in function len().\n\nThis module is not normally accessed explicitly by most\napplications, but can be useful in modules that provide\nobjects with the same name as a builtin and need the\nbuilt-in of that name.",
    ),
    functions: &[
        builtin_functions::functions::FUNCTIONS,
        builtins::attributes::functions::FUNCTIONS,
        builtins::execution::functions::FUNCTIONS,
        builtins::inout::functions::FUNCTIONS,
        builtins::namespace::functions::FUNCTIONS,
        generator_types::anext::functions::FUNCTIONS,
        taipan_builtins::functions::FUNCTIONS,
        taipan_builtins::number_functions::NUMBER_FUNCTIONS,
        taipan_builtins::str_::FUNCTIONS,
    ],
    types: &[],
    exec: None,
};

/// The native modules of this crate.
const MODULES: &[&ModuleSpec] = &[
    &BUILTINS,
    &sys_module::MODULE,
    &imp_module::MODULE,
    &atexit::MODULE,
    &lsprof_module::MODULE,
    &marshal_module::MODULE,
    &threads::MODULE,
    &gc_module::MODULE,
    &faulthandler::MODULE,
    &warnings_module::MODULE,
];

/// Makes the interpreter of `vm` able to run code: builtin types with their methods, this crate's types, module `builtins`.
pub fn init(vm: &Vm) -> PyResult<()> {
    taipan_builtins::init(vm)?;
    for spec in TYPES.iter().chain(generator_types::TYPES) {
        vm.make_type(spec)?;
    }
    vm.set_hooks(Hooks {
        import: import::import_module,
        warn: warn::warn,
        handle_breaker: breaker::handle,
        current_globals: scope_hooks::current_globals,
        super_arguments: scope_hooks::super_arguments,
        annotated: scope_hooks::annotated,
        unraisable: sys_module::hooks::unraisable,
    });
    let builtins = taipan_builtins::builtins_module(vm, &BUILTINS)?;
    imp::register_modules(vm, MODULES);
    imp::add_made(vm, BUILTINS.name, builtins);
    gil::init(vm);
    threads::begin(vm);
    vm.interp()
        .super_type
        .set(Some(glue::builtin(vm, "super")?));
    let common = [glue::builtin(vm, "all")?, glue::builtin(vm, "any")?];
    // Set once, here.
    let _ = vm.interp().common_functions.set(common);
    Ok(())
}

/// A str of bytes from the operating system: UTF-8, other bytes as lone surrogates (PyUnicode_DecodeFSDefault).
pub fn fs_text(vm: &Vm, bytes: &[u8]) -> PyResult<taipan_object::Ref<taipan_object::Str>> {
    glue::fs_decode(vm, bytes)
}

/// Bytes for the operating system of a str (PyUnicode_EncodeFSDefault).
pub fn fs_bytes(vm: &Vm, text: &taipan_object::Ref<taipan_object::Str>) -> PyResult<Vec<u8>> {
    glue::fs_encode(vm, text)
}
