//! CPython 3.14's code format: everything that is known of a code object without running it.
//!
//! - [`opcode`]: the opcodes and their tables, generated from `spec/opcodes.txt`;
//! - [`code`]: code objects, [`constant`]: the constants in them;
//! - [`location`] and [`exception_table`]: the two tables of a code object;
//! - [`marshal`] and [`pyc`]: how code objects are kept in files, [`image`]: how executables carry them;
//! - [`verifier`]: the proof that foreign code is fit for an interpreter that does not check;
//! - [`dis`]: the text that Python's `dis` shows; [`repr`]: that of constants.
//!
//! Nothing here knows of objects, heaps or frames: the front end and the object model meet in this crate.

pub mod code;
pub mod constant;
pub mod dis;
pub mod exception_table;
pub mod image;
pub mod location;
pub mod marshal;
pub mod opcode;
pub mod pyc;
pub mod repr;
mod set_order;
pub mod verifier;

pub use code::CodeObject;
pub use constant::{Constant, Str};
pub use opcode::{CompilerOpcode, Opcode};
