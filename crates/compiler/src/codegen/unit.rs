//! What the compiler knows about the code unit it is in: its scope, its tables of names and constants, its block stack.

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;
use taipan_ast::{Expr, Stmt};
use taipan_symtable::{NameScope, Scope, ScopeId};

use super::constants::ConstTable;
use super::names::NameTable;
use crate::instruction_sequence::{InstructionSequence, Label, SourceLocation};

/// The kind of code unit that is being compiled; finer than the symbol table's block types.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ScopeType {
    Module,
    Class,
    Function,
    AsyncFunction,
    Lambda,
    Comprehension,
    Annotations,
}

/// The most blocks that may be open at once in one unit.
pub(crate) const CO_MAXBLOCKS: usize = 21;

/// What a frame block is; it says what leaving it early must undo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FBlockKind {
    WhileLoop,
    ForLoop,
    TryExcept,
    FinallyTry,
    FinallyEnd,
    With,
    AsyncWith,
    HandlerCleanup,
    PopValue,
    ExceptionHandler,
    ExceptionGroupHandler,
    AsyncComprehensionGenerator,
    InlinedComprehension,
    StopIteration,
}

/// What undoing a block needs to know beside its kind.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FBlockDatum<'a> {
    None,
    /// The statements of a `finally` clause, emitted again wherever control leaves the `try` part.
    FinalBody(&'a [Stmt<'a>]),
    /// The name that an `except` clause binds and must unbind.
    HandlerName(&'a str),
}

/// One entry of the block stack.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FBlock<'a> {
    pub kind: FBlockKind,
    /// Where `continue` goes, for loops; identifies the block otherwise.
    pub block: Option<Label>,
    /// Where `break` goes, for loops.
    pub exit: Option<Label>,
    pub loc: SourceLocation,
    pub datum: FBlockDatum<'a>,
}

/// The counts of parameters that a new scope starts with.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ArgCounts {
    pub args: usize,
    pub posonly: usize,
    pub kwonly: usize,
}

/// An annotation whose evaluation was put off to `__annotate__`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DeferredAnnotation<'a> {
    /// The name that is annotated, not mangled.
    pub name: &'a str,
    pub annotation: &'a Expr<'a>,
    /// Of the whole statement.
    pub loc: SourceLocation,
    /// The number by which the running code marks that it came past, where the statement may not run.
    pub conditional_index: Option<i64>,
}

/// The tables of names that a unit has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    Names = 0,
    Varnames = 1,
    Cellvars = 2,
    Freevars = 3,
}

/// A place is a table, and below it an index.
const TABLE_SHIFT: u32 = 28;
const MAX_INDEX: u32 = (1 << TABLE_SHIFT) - 1;
/// No place: there is no such table.
const NO_PLACE: u32 = u32::MAX;

/// The tables of a unit that has been finished, empty: the next one to begin takes over their room.
#[derive(Default)]
pub(crate) struct Tables<'a> {
    sequence: InstructionSequence,
    consts: ConstTable,
    names: NameTable<'a>,
    varnames: NameTable<'a>,
    cellvars: NameTable<'a>,
    freevars: NameTable<'a>,
    places: Vec<u32>,
    fblocks: Vec<FBlock<'a>>,
}

/// The state of one code unit.
pub(crate) struct CompilerUnit<'a> {
    pub scope_type: ScopeType,
    pub name: &'a str,
    pub qualname: &'a str,
    pub first_line: u32,
    /// The class whose private names are mangled here.
    pub private: Option<&'a str>,
    pub arg_counts: ArgCounts,
    pub ste: &'a Scope<'a>,
    pub ste_id: ScopeId,
    /// The symbols whose flags are for now those of an inlined comprehension.
    pub symbol_overrides: FxHashMap<&'a str, u32>,
    pub sequence: InstructionSequence,
    /// The module's own sequence while that of its annotations is written.
    pub stashed_sequence: Option<InstructionSequence>,
    pub consts: ConstTable,
    pub names: NameTable<'a>,
    pub varnames: NameTable<'a>,
    pub cellvars: NameTable<'a>,
    pub freevars: NameTable<'a>,
    /// Of each symbol of the scope, by its number there: in which table it was found last, and its index in that.
    places: Vec<u32>,
    /// The variables of inlined comprehensions outside of functions: whether each is a fast local at the moment.
    pub fast_hidden: FxHashMap<&'a str, bool>,
    pub fblocks: Vec<FBlock<'a>>,
    /// How many inlined comprehensions surround what is emitted.
    pub inlined_comprehensions: u32,
    /// How many statements surround it that may skip it.
    pub conditional_blocks: u32,
    pub deferred_annotations: Vec<DeferredAnnotation<'a>>,
    /// The next number of an annotation that may be skipped.
    pub conditional_annotations: i64,
    /// For classes: the attributes that methods assign to `self`.
    pub static_attributes: BTreeSet<&'a str>,
    /// The first parameter is called `format` in the code object.
    pub rename_format_parameter: bool,
}

impl<'a> CompilerUnit<'a> {
    /// A unit with these empty tables.
    pub(crate) fn new(
        tables: Tables<'a>,
        name: &'a str,
        scope_type: ScopeType,
        ste: &'a Scope<'a>,
        ste_id: ScopeId,
        first_line: u32,
        private: Option<&'a str>,
        arg_counts: ArgCounts,
    ) -> CompilerUnit<'a> {
        let mut places = tables.places;
        places.resize(ste.symbols.len(), NO_PLACE);
        CompilerUnit {
            scope_type,
            name,
            qualname: name,
            first_line,
            private,
            arg_counts,
            ste,
            ste_id,
            symbol_overrides: FxHashMap::default(),
            sequence: tables.sequence,
            stashed_sequence: None,
            consts: tables.consts,
            names: tables.names,
            varnames: tables.varnames,
            cellvars: tables.cellvars,
            freevars: tables.freevars,
            places,
            fast_hidden: FxHashMap::default(),
            fblocks: tables.fblocks,
            inlined_comprehensions: 0,
            conditional_blocks: 0,
            deferred_annotations: Vec::new(),
            conditional_annotations: 0,
            static_attributes: BTreeSet::new(),
            rename_format_parameter: false,
        }
    }

    /// The unit's tables, emptied, once nothing of them is needed any more; with the room of a sequence.
    pub(crate) fn into_tables(mut self, sequence: InstructionSequence) -> Tables<'a> {
        for table in [
            &mut self.names,
            &mut self.varnames,
            &mut self.cellvars,
            &mut self.freevars,
        ] {
            table.clear();
        }
        self.places.clear();
        self.fblocks.clear();
        Tables {
            sequence,
            consts: self.consts,
            names: self.names,
            varnames: self.varnames,
            cellvars: self.cellvars,
            freevars: self.freevars,
            places: self.places,
            fblocks: self.fblocks,
        }
    }

    /// The flags of a name, which inlined comprehensions may have changed for the time.
    pub(crate) fn symbol(&self, name: &str) -> u32 {
        if self.symbol_overrides.is_empty() {
            return self.ste.flags(name);
        }
        self.symbol_overrides
            .get(name)
            .copied()
            .unwrap_or_else(|| self.ste.flags(name))
    }

    /// The flags of a name, as [`CompilerUnit::symbol`] gives them, and the number of the symbol, if it is one.
    pub(crate) fn numbered_symbol(&self, name: &str) -> (u32, Option<usize>) {
        let (number, flags) = match self.ste.symbols.get_full(name) {
            Some((number, _, flags)) => (Some(number), *flags),
            None => (None, 0),
        };
        if self.symbol_overrides.is_empty() {
            return (flags, number);
        }
        let overridden = self.symbol_overrides.get(name).copied();
        (overridden.unwrap_or(flags), number)
    }

    /// The index of a name in one of the tables; `number` is that of its symbol.
    pub(crate) fn index_in(&mut self, table: Table, name: &'a str, number: Option<usize>) -> u32 {
        let place = number.and_then(|number| self.places.get_mut(number));
        if let Some(place) = &place
            && **place >> TABLE_SHIFT == table as u32
        {
            return **place & MAX_INDEX;
        }
        let index = match table {
            Table::Names => self.names.add(name),
            Table::Varnames => self.varnames.add(name),
            Table::Cellvars => self.cellvars.add(name),
            Table::Freevars => self.freevars.add(name),
        };
        if let Some(place) = place
            && index <= MAX_INDEX
        {
            *place = (table as u32) << TABLE_SHIFT | index;
        }
        index
    }

    /// Where a name lives; nothing if the scope does not know it.
    pub(crate) fn scope_of(&self, name: &str) -> Option<NameScope> {
        NameScope::of(self.symbol(name))
    }
}
