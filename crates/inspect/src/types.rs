//! What the stages of a program look like from outside: plain data, which becomes JSON. `cargo xtask gen` makes TypeScript
//! of this file (`inspector/src/engine/types.ts`), so it keeps to structures with named fields, enumerations without
//! data, and [`Table`]s.
//!
//! Offsets are UTF-16 code units from the start of the source, after its newlines have been translated to `\n`; that is
//! how editors on the web count. Lines count from 1. Columns are what Python shows in the same place: characters for
//! tokens, bytes of UTF-8 for trees and code. In tables -1 stands for what there is not.

use crate::table::{Table, rows};
use serde::Serialize;

/// From and to, as offsets in the source.
pub type Span = (u32, u32);

/// What a text is to be compiled as; the third argument of Python's `compile`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// A module.
    #[default]
    Exec,
    /// One interactive statement.
    Single,
    /// An expression.
    Eval,
}

/// How a program is to be looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Options {
    /// 0, 1 without assertions (`-O`), 2 without docstrings too (`-OO`).
    pub optimize: u8,
    /// What the text is.
    pub mode: Mode,
    /// `co_filename`, and what errors show.
    pub filename: String,
    /// When the source was changed, in seconds since 1970: for the header of the `.pyc`.
    pub mtime: u32,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            optimize: 0,
            mode: Mode::Exec,
            filename: "<string>".to_owned(),
            mtime: 0,
        }
    }
}

/// The stages that a program can reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Stage {
    /// `tokens`
    Tokens,
    /// `tree`
    Tree,
    /// `tree` of what the compiler reads
    Optimized,
    /// `scopes`
    Scopes,
    /// `units`
    Units,
    /// `code`, `listing`
    Code,
    /// `pyc`
    Pyc,
}

/// The texts that can be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum TextKind {
    /// What `python -m tokenize -e` prints.
    Tokens,
    /// `ast.dump(tree, indent=4)`
    Ast,
    /// The same of the tree that the compiler reads.
    AstOptimized,
    /// The scopes and their symbols.
    Scopes,
    /// The compiler's instructions before and after optimization.
    Units,
    /// What `python -m dis` prints.
    Dis,
    /// What `python -m dis -C` prints.
    DisCaches,
    /// The bytes of the `.pyc` in hexadecimal.
    Pyc,
}

/// An error or a warning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// The name of the exception's class.
    pub class: String,
    /// The message.
    pub message: String,
    /// The attribute `lineno`, from 1; `None` for exceptions that have no place.
    pub line: Option<i32>,
    /// `offset`, in characters from 1; 0 and -1 where CPython says so.
    pub offset: Option<i32>,
    /// `end_lineno`
    pub end_line: Option<i32>,
    /// `end_offset`
    pub end_offset: Option<i32>,
    /// `text`: the line of the source.
    pub text: Option<String>,
    /// The place in the source, if it has one.
    pub span: Option<Span>,
    /// What `python3.14` prints for it, carets included.
    pub formatted: String,
}

/// What is known of a program once it has been opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Overview {
    /// The options it was opened with.
    pub options: Options,
    /// The length of the source in UTF-16 code units.
    pub length: u32,
    /// The number of lines.
    pub lines: u32,
    /// Why it cannot be compiled.
    pub error: Option<Problem>,
    /// The warnings of the parser and the compiler, in their order.
    pub warnings: Vec<Problem>,
    /// The stages that can be asked for. Tokens are always among them, up to the place of an error.
    pub stages: Vec<Stage>,
}

/// The tokens, as the module `tokenize` gives them.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tokens {
    /// The names of the kinds (`token.tok_name`) by number.
    pub kinds: Vec<&'static str>,
    /// The tokens; the first one is ENCODING.
    pub rows: Table<TokenRow>,
    /// The text of each token.
    pub texts: Vec<String>,
    /// f-strings and t-strings, and what is nested in them, in the order in which they begin.
    pub groups: Vec<TokenGroup>,
    /// Where the tokenizer stopped, if it did.
    pub error: Option<Problem>,
}

rows! {
    /// A token.
    pub struct TokenRow {
        /// `type`, a number in `kinds`
        pub kind: i32,
        /// `exact_type`, a number in `kinds`
        pub exact: i32,
        /// The line it begins in.
        pub line: i32,
        /// The column it begins at, in characters.
        pub column: i32,
        /// The line it ends in.
        pub end_line: i32,
        /// The column it ends before, in characters.
        pub end_column: i32,
        /// The offset it begins at.
        pub from: i32,
        /// The offset it ends before.
        pub to: i32,
        /// The innermost of the `groups` that it belongs to, or -1.
        pub group: i32,
    }
}

/// What a group of tokens is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum GroupKind {
    /// An f-string, from FSTRING_START to FSTRING_END.
    Fstring,
    /// A t-string.
    Tstring,
    /// A replacement field, with its braces.
    Field,
    /// The format specification in a field, behind the colon.
    Format,
}

/// Tokens that belong together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenGroup {
    /// What they are.
    pub kind: GroupKind,
    /// The index of the first token.
    pub first: u32,
    /// The index of the last token.
    pub last: u32,
    /// The index of the group around it.
    pub parent: Option<u32>,
}

/// A syntax tree. Operators and contexts are no nodes of their own here: they are in the label and in `context`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Tree {
    /// The names of the classes that occur.
    pub classes: Vec<&'static str>,
    /// The names of the fields that occur.
    pub fields: Vec<&'static str>,
    /// The nodes: parents before their children, children in the order of their fields. A node's id is its index.
    pub rows: Table<NodeRow>,
    /// What is in the node beside its children, short: names, constants, operators. Empty if there is nothing.
    pub labels: Vec<String>,
}

rows! {
    /// A node of a tree.
    pub struct NodeRow {
        /// A number in `classes`
        pub class: i32,
        /// The field of the parent that it is in: a number in `fields`, or -1 for the root.
        pub field: i32,
        /// The index in that field, or -1 if it is no list.
        pub index: i32,
        /// The parent's id, or -1 for the root.
        pub parent: i32,
        /// The offset it begins at; nodes without a place have -1 here and in what follows.
        pub from: i32,
        /// The offset it ends before.
        pub to: i32,
        /// `lineno`
        pub line: i32,
        /// `col_offset`
        pub column: i32,
        /// `end_lineno`
        pub end_line: i32,
        /// `end_col_offset`
        pub end_column: i32,
        /// 0 without a context, 1 for `Load`, 2 for `Store`, 3 for `Del`
        pub context: i32,
        /// What kind of node, for colours: 0 module, 1 statement, 2 expression, 3 pattern, 4 anything else
        pub family: i32,
    }
}

/// The text of a tree, with where its nodes stand in it.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TreeText {
    /// `ast.dump(tree, indent=4)`; beyond 16 MB the rest is left out.
    pub text: String,
    /// Where each node stands, by id; nodes that were left out have no row.
    pub places: Table<TextPlace>,
}

rows! {
    /// A place in a text, in UTF-16 code units.
    pub struct TextPlace {
        /// Where it begins.
        pub from: i32,
        /// Where it ends.
        pub to: i32,
    }
}

/// The symbol tables.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Scopes {
    /// The scopes, parents first; the first one is the module's. An id is an index here.
    pub scopes: Vec<Scope>,
}

/// A scope: what the module `symtable` calls a table.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Scope {
    /// `get_name()`
    pub name: String,
    /// `get_type()`: `module`, `function`, `class`, `annotation`, `type alias`, `type parameters` or `type variable`
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// `get_lineno()`
    pub line: u32,
    /// Where the construct stands that makes the scope.
    pub span: Option<Span>,
    /// The scope around it.
    pub parent: Option<u32>,
    /// `get_children()`, as ids.
    pub children: Vec<u32>,
    /// `is_nested()`
    pub nested: bool,
    /// What else is known of it: `generator`, `coroutine`, `comprehension`, `inlined`, `method`, `varargs`, `varkeywords`,
    /// `returns value`, `docstring`, `class closure`, `class dict`
    pub traits: Vec<&'static str>,
    /// `get_parameters()`
    pub parameters: Vec<String>,
    /// The symbols in the order in which they occur.
    pub symbols: Vec<Symbol>,
}

/// A name in a scope.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Symbol {
    /// `get_name()`
    pub name: String,
    /// Where it lives: `local`, `global explicit`, `global implicit`, `free`, `cell`, or empty.
    pub scope: &'static str,
    /// The methods `is_*` of `symtable.Symbol` that give true, without `is_`.
    pub is: Vec<&'static str>,
    /// The bits of the flags that `_symtable` shows.
    pub flags: u32,
    /// The scopes that have this name and are in this one: `get_namespaces()`, as ids.
    pub namespaces: Vec<u32>,
    /// Where it stands in the scope (not in those within it): offsets, from and to in turns.
    pub places: Vec<u32>,
}

/// The instructions of each code unit between the compiler's halves. Ids are those of the code objects.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Units {
    /// The names of the opcodes that occur, pseudo opcodes included.
    pub opnames: Vec<&'static str>,
    /// The units, parents first, in the order of the code objects.
    pub units: Vec<Unit>,
}

/// A code unit: a module, a class, a function.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Unit {
    /// `co_name`
    pub name: String,
    /// `co_qualname`
    pub qualname: String,
    /// `co_firstlineno`
    pub line: i32,
    /// The unit around it.
    pub parent: Option<u32>,
    /// As the code generator made it.
    pub before: Graph,
    /// Optimized, with the stack measured and pseudo instructions lowered.
    pub after: Graph,
}

/// A control-flow graph. Its instructions in order are the instruction sequence.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Graph {
    /// The instructions, block after block.
    pub rows: Table<StepRow>,
    /// What the operand of each means; empty if there is nothing to say.
    pub details: Vec<String>,
    /// The blocks in the order of the code.
    pub blocks: Table<BlockRow>,
    /// The edges.
    pub edges: Table<EdgeRow>,
}

rows! {
    /// An instruction of the compiler.
    pub struct StepRow {
        /// A number in `opnames`
        pub opcode: i32,
        /// The operand, or -1 if the opcode has none. Of what has a target, the index of the instruction there.
        pub arg: i32,
        /// The block that it leads to, or opens a handler for; or -1.
        pub target: i32,
        /// The block that handles what it raises, or -1.
        pub handler: i32,
        /// The depth of the stack before it, or -1 if it is never reached.
        pub depth: i32,
        /// The offset in the source that it comes from, or -1.
        pub from: i32,
        /// The offset where that ends, or -1.
        pub to: i32,
        /// The line, or -1.
        pub line: i32,
        /// The column in bytes, or -1.
        pub column: i32,
        /// The last line, or -1.
        pub end_line: i32,
        /// The last column in bytes, or -1.
        pub end_column: i32,
    }

    /// A basic block.
    pub struct BlockRow {
        /// The index of its first instruction.
        pub first: i32,
        /// How many instructions it has.
        pub count: i32,
        /// The depth of the stack on entry, or -1 if it is never reached.
        pub depth: i32,
        /// 1 if it handles exceptions.
        pub handler: i32,
        /// 1 if only handlers lead to it.
        pub cold: i32,
        /// The first line of the source in it, or -1.
        pub line: i32,
    }

    /// A way from a block to another.
    pub struct EdgeRow {
        /// The block it starts from.
        pub source: i32,
        /// The block it leads to.
        pub target: i32,
        /// 0 falls through, 1 jumps, 2 by an exception
        pub kind: i32,
    }
}

/// The code objects.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Codes {
    /// The names of the opcodes that occur.
    pub opnames: Vec<&'static str>,
    /// The code objects, parents first, in the order in which `dis` shows them. An id is an index here.
    pub codes: Vec<Code>,
}

/// A code object.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Code {
    /// The code object among whose constants it is.
    pub parent: Option<u32>,
    /// `co_name`
    pub name: String,
    /// `co_qualname`
    pub qualname: String,
    /// `co_filename`
    pub filename: String,
    /// `co_firstlineno`
    pub firstlineno: i32,
    /// The part of the source that its instructions come from.
    pub span: Option<Span>,
    /// `co_argcount`
    pub argcount: u32,
    /// `co_posonlyargcount`
    pub posonlyargcount: u32,
    /// `co_kwonlyargcount`
    pub kwonlyargcount: u32,
    /// `co_nlocals`
    pub nlocals: u32,
    /// `co_stacksize`
    pub stacksize: u32,
    /// `co_flags`
    pub flags: u32,
    /// The names of the flags, as `dis` knows them.
    pub flag_names: Vec<&'static str>,
    /// `co_consts`
    pub consts: Vec<Const>,
    /// `co_names`
    pub names: Vec<String>,
    /// `co_varnames`
    pub varnames: Vec<String>,
    /// `co_cellvars`
    pub cellvars: Vec<String>,
    /// `co_freevars`
    pub freevars: Vec<String>,
    /// `co_code` in hexadecimal
    pub code: String,
    /// `co_linetable` in hexadecimal
    pub linetable: String,
    /// `co_exceptiontable` in hexadecimal
    pub exceptiontable: String,
    /// The instructions, EXTENDED_ARGs among them.
    pub rows: Table<InstructionRow>,
    /// What the operand of each means (`argrepr`); empty if there is nothing to say.
    pub argreprs: Vec<String>,
    /// The exception table.
    pub handlers: Table<HandlerRow>,
    /// The line table: one row for each of its entries.
    pub lines: Table<LineRow>,
}

/// A constant.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Const {
    /// The name of its type.
    #[serde(rename = "type")]
    pub kind: &'static str,
    /// Its `repr`.
    pub repr: String,
    /// The id of the code object that it is, if it is one.
    pub code: Option<u32>,
}

rows! {
    /// An instruction of a code object.
    pub struct InstructionRow {
        /// The offset of its opcode in `co_code`.
        pub offset: i32,
        /// The opcode's number.
        pub opcode: i32,
        /// The opcode's name, a number in `opnames`
        pub name: i32,
        /// The operand, or -1 if the opcode has none.
        pub arg: i32,
        /// The offset in the source that it comes from, or -1.
        pub from: i32,
        /// The offset where that ends, or -1.
        pub to: i32,
        /// The line, or -1.
        pub line: i32,
        /// The column in bytes, or -1.
        pub column: i32,
        /// The last line, or -1.
        pub end_line: i32,
        /// The last column in bytes, or -1.
        pub end_column: i32,
        /// 1 if a line of the source begins with it.
        pub starts_line: i32,
        /// The number of the label that it has in `dis` (`L1`), or 0: it is a jump's target, or a border in the exception
        /// table.
        pub label: i32,
        /// The offset in `co_code` that it jumps to, or -1.
        pub target: i32,
        /// 1 if it is a jump's target.
        pub is_target: i32,
        /// How many units of inline cache follow it.
        pub caches: i32,
        /// The depth of the stack before it, or -1 if it is never reached.
        pub depth: i32,
        /// The offset in `co_code` of the handler of what it raises, or -1.
        pub handler: i32,
    }

    /// An entry of an exception table. All but the depth are offsets in `co_code`.
    pub struct HandlerRow {
        /// The first instruction of the range.
        pub start: i32,
        /// The offset behind the range.
        pub end: i32,
        /// The handler.
        pub target: i32,
        /// How many items stay on the stack.
        pub depth: i32,
        /// 1 if the offset of the raising instruction is pushed as well.
        pub lasti: i32,
    }

    /// An entry of a line table.
    pub struct LineRow {
        /// The offset in `co_code` it begins at.
        pub start: i32,
        /// The offset it ends before.
        pub end: i32,
        /// The line, or -1.
        pub line: i32,
        /// The last line, or -1.
        pub end_line: i32,
        /// The column in bytes, or -1.
        pub column: i32,
        /// The last column in bytes, or -1.
        pub end_column: i32,
        /// The byte of `co_linetable` it begins at.
        pub byte: i32,
        /// How many bytes it takes there.
        pub bytes: i32,
    }
}

/// What `dis` prints.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Listing {
    /// The whole text.
    pub text: String,
    /// What each line of it shows.
    pub lines: Table<ListingRow>,
}

rows! {
    /// A line of a listing.
    pub struct ListingRow {
        /// The id of the code object that it is about.
        pub code: i32,
        /// The index of the instruction in it, or -1: a heading, an empty line, an entry of the exception table.
        pub instruction: i32,
    }
}

/// A `.pyc` file.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Pyc {
    /// The bytes in base64.
    pub bytes: String,
    /// The parts, parents first; each lies within its parent.
    pub rows: Table<PartRow>,
    /// The names that occur: fields, and what else parts are called.
    pub names: Vec<String>,
    /// What each part says, short.
    pub values: Vec<String>,
}

rows! {
    /// A part of a `.pyc`.
    pub struct PartRow {
        /// The first byte.
        pub start: i32,
        /// The byte after the last one.
        pub end: i32,
        /// The index of the part around it, or -1.
        pub parent: i32,
        /// What it is called: a number in `names`
        pub name: i32,
        /// The type code of a marshalled value as a character's number, without the flag; 0 for other parts.
        pub code: i32,
        /// The number by which references mean it, or -1. Of a reference, the number that it means.
        pub reference: i32,
        /// The id of the code object that it belongs to (or is), or -1.
        pub object: i32,
    }
}

/// All stages at once; those that were not asked for or not reached are `None`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Analysis {
    /// What is known of the whole.
    pub overview: Overview,
    /// The tokens.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<Tokens>,
    /// The tree as it was parsed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tree: Option<Tree>,
    /// Its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tree_text: Option<TreeText>,
    /// The tree that the compiler reads.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optimized: Option<Tree>,
    /// Its text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub optimized_text: Option<TreeText>,
    /// The symbol tables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<Scopes>,
    /// The compiler's instructions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub units: Option<Units>,
    /// The code objects.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<Codes>,
    /// The disassembly.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listing: Option<Listing>,
    /// The `.pyc`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pyc: Option<Pyc>,
}
