//! The compiler: from a syntax tree and its symbol table to code objects, byte for byte as CPython 3.14's.
//!
//! The front half (`codegen`) walks the tree and fills an [`instruction_sequence`] a code unit. The back half makes a
//! control-flow graph of it, optimizes that ([`flowgraph`]), and lays it out ([`assemble`]).

pub mod assemble;
pub mod codegen;
pub mod const_cache;
mod const_eval;
mod driver;
pub mod flowgraph;
pub mod graphs;
pub mod instruction_sequence;
pub mod stages;

pub use driver::{CompileOptions, Compiled, Error, compile, compile_noted, compile_observed};
