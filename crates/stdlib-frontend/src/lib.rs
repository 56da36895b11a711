//! Native modules that show the front end to Python: `_ast` (trees as objects), `_tokenize`, `_symtable`, `_opcode`,
//! and `_suggestions`. [`testinternal`] is what CPython has for tests of the compiler,
//! [`testing`] what the suite asks of the other test modules.
//! One folder or file for each module; [`MODULES`] lists them for the import system.

pub mod ast;
pub mod opcode;
pub mod suggestions;
pub mod symtable;
pub mod testing;
pub mod testinternal;
pub mod tokenize;

use taipan_object::ModuleSpec;

/// The modules of this crate.
pub const MODULES: &[&ModuleSpec] = &[
    &ast::MODULE,
    &opcode::MODULE,
    &suggestions::MODULE,
    &symtable::MODULE,
    &testinternal::MODULE,
    &testing::TESTCAPI,
    &testing::TESTLIMITEDCAPI,
    &testing::TESTMULTIPHASE,
    &tokenize::MODULE,
];

/// Tells `compile()` of the trees. Call it once for each interpreter.
pub fn register(vm: &taipan_object::Vm) {
    ast::register(vm);
}
