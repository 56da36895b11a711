//! Module `_ast`: syntax trees as objects. The classes come from the tables of `taipan_ast::reflect` ([`classes`]); [`base`]
//! is `ast.AST`, from which they derive; [`to_object`] and [`from_object`] convert trees; [`hooks`] is what `compile()` calls.

mod base;
mod classes;
mod from_object;
pub(crate) mod hooks;
mod to_object;

pub use base::AST;
pub use classes::Classes;

use taipan_object::{Module, ModuleSpec, PyResult, Ref, Vm};
use taipan_vm::config::AstHooks;

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_ast",
    doc: None,
    functions: &[],
    types: &[],
    exec: Some(exec),
};

/// `PyCF_*` constants of the module.
const FLAGS: [(&str, i64); 4] = [
    ("PyCF_ALLOW_TOP_LEVEL_AWAIT", 0x2000),
    ("PyCF_ONLY_AST", 0x400),
    ("PyCF_TYPE_COMMENTS", 0x1000),
    ("PyCF_OPTIMIZED_AST", 0x8400),
];

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    let classes = classes::get(vm)?;
    vm.setattr_str(module.as_value(), "AST", classes.ast.as_value())?;
    for class in classes.families.iter().chain(&classes.kinds) {
        vm.setattr(module.as_value(), &class.name.get(), class.as_value())?;
    }
    for (name, value) in FLAGS {
        vm.setattr_str(module.as_value(), name, &vm.new_int(value)?)?;
    }
    Ok(())
}

/// Makes `compile()` able to give trees and to take them.
pub fn register(vm: &Vm) {
    let hooks = AstHooks {
        is_ast: hooks::is_ast,
        compile_ast: hooks::compile_ast,
        parse_to_ast: hooks::parse_to_ast,
    };
    taipan_vm::config::config(vm).ast_hooks.set(Some(hooks));
}
