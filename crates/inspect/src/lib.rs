//! Every static stage of a program's way through Taipan, as plain data for people and tools to look at.
mod table;
pub mod types;
pub use table::{Row, Table};
