//! x
pub mod opcode;
