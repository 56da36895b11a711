//! `_operator`: the operators as functions are in `functions.rs`, the makers of key functions in `getters.rs`.

mod functions;
mod getters;

use taipan_object::ModuleSpec;

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_operator",
    doc: Some(
        "Operator interface.\n\nThis module exports a set of functions implemented in C corresponding\nto the intrinsic operators of Python.  For example, operator.add(x, y)\nis equivalent to the expression x+y.  The function names are those\nused for special methods; variants without leading and trailing\n'__' are also provided for convenience.",
    ),
    functions: &[
        functions::UNARY,
        functions::BINARY,
        functions::others::FUNCTIONS,
    ],
    types: &[
        &getters::ITEM_GETTER,
        &getters::ATTR_GETTER,
        &getters::METHOD_CALLER,
    ],
    exec: None,
};
