//! Code objects: the fields of CPython 3.14's, as they go through `marshal`, and what follows from them.
//! What the fields of foreign code must fulfil is checked by `verifier`; the two tables are read by `location` and
//! `exception_table`.

use crate::constant::{Constant, Constants, Str};
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use taipan_wtf8::Wtf8;

/// The flags of a code object (`co_flags`).
#[allow(missing_docs)]
pub mod co {
    pub const OPTIMIZED: u32 = 0x1;
    pub const NEWLOCALS: u32 = 0x2;
    pub const VARARGS: u32 = 0x4;
    pub const VARKEYWORDS: u32 = 0x8;
    pub const NESTED: u32 = 0x10;
    pub const GENERATOR: u32 = 0x20;
    pub const COROUTINE: u32 = 0x80;
    pub const ITERABLE_COROUTINE: u32 = 0x100;
    pub const ASYNC_GENERATOR: u32 = 0x200;
    pub const FUTURE_DIVISION: u32 = 0x2_0000;
    pub const FUTURE_ABSOLUTE_IMPORT: u32 = 0x4_0000;
    pub const FUTURE_WITH_STATEMENT: u32 = 0x8_0000;
    pub const FUTURE_PRINT_FUNCTION: u32 = 0x10_0000;
    pub const FUTURE_UNICODE_LITERALS: u32 = 0x20_0000;
    pub const FUTURE_BARRY_AS_BDFL: u32 = 0x40_0000;
    pub const FUTURE_GENERATOR_STOP: u32 = 0x80_0000;
    pub const FUTURE_ANNOTATIONS: u32 = 0x100_0000;
    pub const NO_MONITORING_EVENTS: u32 = 0x200_0000;
    pub const HAS_DOCSTRING: u32 = 0x400_0000;
    pub const METHOD: u32 = 0x800_0000;
}

/// The bits of `localspluskinds`, one byte a variable.
#[allow(missing_docs)]
pub mod co_fast {
    pub const ARG_POS: u8 = 0x02;
    pub const ARG_KW: u8 = 0x04;
    pub const ARG_VAR: u8 = 0x08;
    pub const ARG: u8 = ARG_POS | ARG_KW | ARG_VAR;
    pub const HIDDEN: u8 = 0x10;
    pub const LOCAL: u8 = 0x20;
    pub const CELL: u8 = 0x40;
    pub const FREE: u8 = 0x80;
}

/// A code object. The sequences are shared where CPython shares the objects, and `marshal` shows that.
#[derive(Debug, Clone)]
pub struct CodeObject {
    /// The number of positional parameters, `*args` not counted.
    pub argcount: u32,
    /// How many of them are positional-only.
    pub posonlyargcount: u32,
    /// The number of keyword-only parameters, `**kwargs` not counted.
    pub kwonlyargcount: u32,
    /// The stack items that a frame needs.
    pub stacksize: u32,
    /// A set of [`co`] flags.
    pub flags: u32,
    /// The code units, two bytes each, inline caches included (as zeros).
    pub code: Rc<[u8]>,
    /// What LOAD_CONST's operand indexes.
    pub consts: Constants,
    /// What the operands of global names and attributes index: strings all.
    pub names: Constants,
    /// The names of the fast locals (parameters, locals, cells, free variables, in this order): strings all.
    pub localsplusnames: Constants,
    /// The kind of each of them: a set of [`co_fast`] bits.
    pub localspluskinds: Rc<[u8]>,
    /// Where the source came from.
    pub filename: Rc<Str>,
    /// The name of the function, class or module.
    pub name: Rc<Str>,
    /// The name with those of the scopes around it.
    pub qualname: Rc<Str>,
    /// The line that the location table starts from.
    pub firstlineno: i32,
    /// The location table: see `location`.
    pub linetable: Rc<[u8]>,
    /// The exception table: see `exception_table`.
    pub exceptiontable: Rc<[u8]>,
}

impl CodeObject {
    /// The number of fast locals: cells and free variables are among them.
    pub fn nlocalsplus(&self) -> usize {
        self.localsplusnames.len()
    }

    /// The number of code units.
    pub fn units(&self) -> usize {
        self.code.len() / 2
    }

    fn count_kinds(&self, bit: u8) -> usize {
        self.localspluskinds
            .iter()
            .filter(|kind| **kind & bit != 0)
            .count()
    }

    /// `co_nlocals`: parameters and other locals, cells among them if they are locals as well.
    pub fn nlocals(&self) -> usize {
        self.count_kinds(co_fast::LOCAL)
    }

    /// The number of variables that live in cells of this frame.
    pub fn ncellvars(&self) -> usize {
        self.count_kinds(co_fast::CELL)
    }

    /// The number of variables that live in cells of enclosing functions.
    pub fn nfreevars(&self) -> usize {
        self.count_kinds(co_fast::FREE)
    }

    fn names_of(&self, bit: u8) -> Vec<Constant> {
        let all = self.localsplusnames.iter().zip(self.localspluskinds.iter());
        all.filter(|(_, kind)| **kind & bit != 0)
            .map(|(name, _)| name.clone())
            .collect()
    }

    /// `co_varnames`.
    pub fn varnames(&self) -> Vec<Constant> {
        self.names_of(co_fast::LOCAL)
    }

    /// `co_cellvars`.
    pub fn cellvars(&self) -> Vec<Constant> {
        self.names_of(co_fast::CELL)
    }

    /// `co_freevars`.
    pub fn freevars(&self) -> Vec<Constant> {
        self.names_of(co_fast::FREE)
    }

    /// The name that an operand of a global name or an attribute means, if there is one.
    pub fn name_at(&self, index: usize) -> Option<&Wtf8> {
        self.names.get(index)?.as_str()
    }

    /// The name of a fast local, if there is one.
    pub fn local_name_at(&self, index: usize) -> Option<&Wtf8> {
        self.localsplusnames.get(index)?.as_str()
    }

    /// The parameters, `*args` and `**kwargs` included.
    pub fn total_args(&self) -> u64 {
        u64::from(self.argcount)
            + u64::from(self.kwonlyargcount)
            + u64::from(self.flags & co::VARARGS != 0)
            + u64::from(self.flags & co::VARKEYWORDS != 0)
    }
}

impl PartialEq for CodeObject {
    /// Python's `==` of code objects: file name and qualified name do not count.
    fn eq(&self, other: &CodeObject) -> bool {
        self.name.text == other.name.text
            && self.argcount == other.argcount
            && self.posonlyargcount == other.posonlyargcount
            && self.kwonlyargcount == other.kwonlyargcount
            && self.flags == other.flags
            && self.firstlineno == other.firstlineno
            && self.code == other.code
            && self.consts == other.consts
            && self.names == other.names
            && self.localsplusnames == other.localsplusnames
            && self.linetable == other.linetable
            && self.exceptiontable == other.exceptiontable
    }
}

impl Eq for CodeObject {}

impl Hash for CodeObject {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.name.text.hash(state);
        self.firstlineno.hash(state);
        self.code.hash(state);
        self.names.hash(state);
        [self.argcount, self.posonlyargcount, self.kwonlyargcount].hash(state);
    }
}
