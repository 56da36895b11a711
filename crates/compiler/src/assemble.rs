//! The end of the compiler: a unit's instructions become a code object.

use crate::const_cache::ConstCache;
use crate::instruction_sequence::InstructionSequence;
use std::rc::Rc;
use taipan_bytecode::code::CodeObject;
use taipan_bytecode::constant::{Constant, Str};
use taipan_wtf8::Wtf8Buf;

/// What a code unit has beside its instructions.
#[derive(Debug, Clone)]
pub struct UnitMetadata {
    /// `co_name`.
    pub name: Wtf8Buf,
    /// `co_qualname`.
    pub qualname: Wtf8Buf,
    /// `co_filename`; the same allocation for all units of a module.
    pub filename: Rc<Str>,
    /// `co_flags`.
    pub flags: u32,
    /// `co_firstlineno`.
    pub firstlineno: i32,
    /// `co_argcount`.
    pub argcount: u32,
    /// `co_posonlyargcount`.
    pub posonlyargcount: u32,
    /// `co_kwonlyargcount`.
    pub kwonlyargcount: u32,
    /// The fast locals by index: the parameters first, then in the order of first use.
    pub varnames: Vec<Wtf8Buf>,
    /// Of each of them, whether it is hidden (the variables of inlined comprehensions outside functions).
    pub fast_hidden: Vec<bool>,
    /// The cell variables by index; some may be among `varnames` too.
    pub cellvars: Vec<Wtf8Buf>,
    /// The free variables; their indices go on from those of the cell variables.
    pub freevars: Vec<Wtf8Buf>,
    /// The names of globals and attributes by index.
    pub names: Vec<Wtf8Buf>,
}

/// What can go wrong in the back half. None of these comes from source text that the front half accepts, except for
/// sheer size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssembleError {
    /// SystemError with this message: the instructions do not make sense.
    System(&'static str),
    /// ValueError with this message: the same, where CPython says ValueError.
    Value(&'static str),
    /// OverflowError with this message: too much of something.
    Overflow(&'static str),
}

/// Optimizes a unit's instructions and makes its code object. `consts` are the unit's constants by index, each merged
/// through the same `cache`.
pub fn optimize_and_assemble(
    metadata: &UnitMetadata,
    sequence: InstructionSequence,
    consts: Vec<Constant>,
    cache: &mut ConstCache,
) -> Result<CodeObject, AssembleError> {
    let _ = (metadata, sequence, consts, cache);
    Err(AssembleError::System("the back half is not built yet"))
}
