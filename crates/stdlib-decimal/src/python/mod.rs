//! The module's classes over the arithmetic of [`crate::core`].

pub mod arguments;
pub mod context;
pub mod context_operations;
pub mod convert;
pub mod current;
pub mod decimal;
pub mod decimal_operations;
pub mod formatting;
pub mod manager;
pub mod module;
pub mod operators;
pub mod signals;
