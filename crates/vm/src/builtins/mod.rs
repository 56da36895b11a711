//! Functions of module `builtins` that need the interpreter, beside those of `builtin_functions.rs`: one file a topic.
//! Functions on containers, numbers and text are in `taipan-builtins`.

pub mod attributes;
pub mod execution;
pub mod inout;
pub mod namespace;
