//! The verifier: the proof that a code object that did not come from our compiler is fit for an interpreter that does not
//! check. It takes time and memory linear in the size of the code.
//!
//! What holds of code that [`verify`] accepts, along every path that control can take, exceptions included:
//!
//! 1. **Shape.** The code is a run of whole instructions: real opcodes (none that only CPython's own frames use), each
//!    behind at most three EXTENDED_ARGs, each followed by its inline cache of CACHE units. Operands are below 2**31.
//! 2. **Control.** Jumps land on the first unit of an instruction (its EXTENDED_ARG, if it has one). The target of
//!    FOR_ITER is an END_FOR, which the jump skips. Control does not run off the end.
//! 3. **Operands.** Indices of constants, names and fast locals are in range; operands with meanings of their own
//!    (BINARY_OP, COMPARE_OP, intrinsics, special methods, common constants, conversions, RAISE_VARARGS, ...) have one.
//! 4. **Depth.** The depth of the stack at an instruction does not depend on the path to it, is never negative, never more
//!    than `stacksize`; no instruction looks below the bottom.
//! 5. **Handlers.** Ranges of the exception table are in order, do not overlap, and begin and end between instructions.
//!    Wherever an instruction in one may raise, before it starts or after its operands are gone, the stack is at least as
//!    deep as the handler asks for. At YIELD_VALUE the stack counts with the operand: whatever is thrown in raises with
//!    some object in its place.
//! 6. **NULL.** Operands are objects, not NULL, except where CPython's definitions allow NULL: the second slot of a call,
//!    the last of CALL_FUNCTION_EX, what POP_TOP, COPY, SWAP and STORE_FAST move, and what LIST_APPEND and its like leave
//!    in between. Fast locals are bound where LOAD_FAST and its like (but LOAD_FAST_CHECK and LOAD_FAST_AND_CLEAR) read
//!    them.
//! 7. **Cells.** Where LOAD_DEREF and its like read a fast local, it holds a cell, provided that COPY_FREE_VARS finds a
//!    closure of as many cells as there are free variables.
//! 8. **Exceptions.** What PUSH_EXC_INFO, CHECK_EXC_MATCH, WITH_EXCEPT_START, CLEANUP_THROW and END_ASYNC_FOR take for an
//!    exception was pushed on entry to a handler; what POP_EXCEPT restores was pushed by PUSH_EXC_INFO or is such an
//!    exception; what RERAISE and WITH_EXCEPT_START take for an instruction offset is one that a handler was given.
//! 9. **Borrowing.** What LOAD_FAST_BORROW pushed is gone from the stack before its local changes. For this, what an
//!    instruction pushes is owned by the stack, except that the receiver that LOAD_ATTR, LOAD_SUPER_ATTR and LOAD_SPECIAL
//!    push again, the copy of COPY, and what END_SEND, SET_FUNCTION_ATTRIBUTE and PUSH_EXC_INFO leave, are as owned or
//!    borrowed as they were. A slot may be owned on one path and borrowed on another, but not from two locals. What
//!    changes locals from outside (a debugger, `frame.f_locals`) must keep the old values alive.
//! 10. **Generators.** RETURN_GENERATOR stands once in the code of a generator or coroutine of whatever kind, before any
//!     jump target, with nothing but COPY_FREE_VARS and MAKE_CELL before it, and not in other code; YIELD_VALUE stands in
//!     such code only.
//! 11. **Variables.** Names and kinds of fast locals are as many; parameters come first and are locals, free variables
//!     come last; the counts of parameters fit.
//!
//! Everything else is for the interpreter to check when it runs: the types of objects (that LIST_APPEND has a list,
//! MAKE_FUNCTION a code object, that RERAISE has an exception), and that a frame has a namespace where names need one.

mod decode;
mod effects;
mod flow;
#[cfg(test)]
mod tests;

use crate::code::{CodeObject, co, co_fast};
use crate::constant::Constant;
use crate::opcode::Opcode;
use std::rc::Rc;

/// Why code was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VerifyError {
    /// The code unit it was found at; 0 for what concerns the whole.
    pub unit: usize,
    /// What is wrong.
    pub reason: &'static str,
}

impl std::fmt::Display for VerifyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "invalid bytecode at offset {}: {}",
            self.unit * 2,
            self.reason
        )
    }
}

impl std::error::Error for VerifyError {}

/// The reason when a byte is no opcode.
pub(crate) const UNKNOWN_OPCODE: &str = "unknown opcode";

impl VerifyError {
    /// The byte that is no opcode, if that is what is wrong with `code`.
    pub fn unknown_opcode(&self, code: &[u8]) -> Option<u8> {
        if self.reason != UNKNOWN_OPCODE {
            return None;
        }
        let mut bytes = code.iter().skip(2 * self.unit).step_by(2);
        bytes
            .find(|byte| **byte != Opcode::ExtendedArg as u8)
            .copied()
    }
}

/// The largest `stacksize` that is accepted.
const MAX_STACKSIZE: u32 = 1 << 26;

/// The kinds of variables that there are.
const KNOWN_KINDS: u8 =
    co_fast::ARG | co_fast::HIDDEN | co_fast::LOCAL | co_fast::CELL | co_fast::FREE;

/// Verifies a code object; those among its constants are not looked at.
pub fn verify(code: &CodeObject) -> Result<(), VerifyError> {
    let is_string = |name: &Constant| name.as_str().is_some();
    let mut names = code.names.iter().chain(code.localsplusnames.iter());
    if !names.all(is_string) {
        return Err(VerifyError {
            unit: 0,
            reason: "a name is not a string",
        });
    }
    Shape::of(code).verify()?;
    let generator = code.flags & (co::GENERATOR | co::COROUTINE | co::ASYNC_GENERATOR);
    if generator.count_ones() > 1 {
        return Err(VerifyError {
            unit: 0,
            reason: "the flags are inconsistent",
        });
    }
    let instructions = decode::decode(code)?;
    flow::check(code, &instructions)
}

/// What holds of a code object before its instructions are looked at (property 11): what frames are made by.
#[allow(missing_docs, reason = "the fields' names")]
#[derive(Debug, Clone, Copy)]
pub struct Shape<'a> {
    pub argcount: u32,
    pub posonlyargcount: u32,
    pub kwonlyargcount: u32,
    pub stacksize: u32,
    pub flags: u32,
    /// How many names of fast locals there are.
    pub names: usize,
    /// Their kinds.
    pub kinds: &'a [u8],
}

impl<'a> Shape<'a> {
    /// The shape of a code object.
    pub fn of(code: &'a CodeObject) -> Shape<'a> {
        Shape {
            argcount: code.argcount,
            posonlyargcount: code.posonlyargcount,
            kwonlyargcount: code.kwonlyargcount,
            stacksize: code.stacksize,
            flags: code.flags,
            names: code.localsplusnames.len(),
            kinds: &code.localspluskinds,
        }
    }

    /// Verifies that variables and parameters fit, and that a frame can be made.
    pub fn verify(&self) -> Result<(), VerifyError> {
        let whole = |reason| Err(VerifyError { unit: 0, reason });
        if self.names != self.kinds.len() {
            return whole("names and kinds of variables differ in number");
        }
        let class = |kind: &u8| match kind & (co_fast::LOCAL | co_fast::CELL | co_fast::FREE) {
            co_fast::FREE => 2,
            co_fast::CELL => 1,
            _ => 0,
        };
        let valid = |kind: &u8| {
            let free = kind & co_fast::FREE != 0;
            kind & !KNOWN_KINDS == 0
                && kind & (co_fast::LOCAL | co_fast::CELL | co_fast::FREE) != 0
                && (!free || kind & (co_fast::LOCAL | co_fast::CELL) == 0)
        };
        if !self.kinds.iter().all(valid) || !self.kinds.is_sorted_by_key(class) {
            return whole("the kinds of variables are inconsistent");
        }
        let flag = |bit: u32| u64::from(self.flags & bit != 0);
        let parameters = u64::from(self.argcount)
            + u64::from(self.kwonlyargcount)
            + flag(co::VARARGS)
            + flag(co::VARKEYWORDS);
        let locals = self.kinds.iter().filter(|k| **k & co_fast::LOCAL != 0);
        if self.posonlyargcount > self.argcount || parameters > locals.count() as u64 {
            return whole("the parameters do not fit the variables");
        }
        if self.stacksize > MAX_STACKSIZE {
            return whole("the stack is too large");
        }
        Ok(())
    }
}

/// Verifies a code object and all those within it.
pub fn verify_tree(code: &CodeObject) -> Result<(), VerifyError> {
    let mut todo: Vec<Rc<CodeObject>> = Vec::new();
    verify(code)?;
    add_nested(&code.consts, &mut todo);
    while let Some(code) = todo.pop() {
        verify(&code)?;
        add_nested(&code.consts, &mut todo);
    }
    Ok(())
}

/// Collects the code objects among constants, those inside of containers too: anything that LOAD_CONST can reach.
fn add_nested(consts: &[Constant], todo: &mut Vec<Rc<CodeObject>>) {
    let mut containers: Vec<&[Constant]> = vec![consts];
    while let Some(items) = containers.pop() {
        for item in items {
            match item {
                Constant::Code(code) => todo.push(code.clone()),
                Constant::Tuple(items)
                | Constant::List(items)
                | Constant::Set(items)
                | Constant::FrozenSet(items) => containers.push(items),
                Constant::Slice(parts) => containers.push(&parts[..]),
                _ => {}
            }
        }
    }
}
