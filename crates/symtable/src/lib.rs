//! Symbol tables as CPython 3.14 makes them: one [`Scope`] for each block of a module, and in it what is known of each
//! name. A first pass over the tree ([`build`](mod@builder)) collects facts and reports what the grammar cannot; a
//! second over the scopes (`analyze`) decides where each name lives. The compiler asks for the scope of a node by its
//! [`ScopeKey`]; Python's module `_symtable` shows the same table.

mod analyze;
mod builder;
mod expressions;
pub mod flags;
mod mangle;
mod messages;
mod patterns;
mod scope;
mod statements;

pub use builder::{Options, build};
pub use mangle::mangle;
pub use scope::{BlockType, Comprehension, NameScope, Scope, ScopeId, ScopeKey, SymbolTable};
