//! The bits of a symbol's flags; Python's module `_symtable` shows them under the same names.

/// Declared `global`.
pub const DEF_GLOBAL: u32 = 1;
/// Assigned in the block.
pub const DEF_LOCAL: u32 = 1 << 1;
/// A parameter.
pub const DEF_PARAM: u32 = 1 << 2;
/// Declared `nonlocal`.
pub const DEF_NONLOCAL: u32 = 1 << 3;
/// Used.
pub const USE: u32 = 1 << 4;
/// Free in a child of a class block that binds the name itself.
pub const DEF_FREE_CLASS: u32 = 1 << 6;
/// Bound by an import.
pub const DEF_IMPORT: u32 = 1 << 7;
/// Annotated.
pub const DEF_ANNOT: u32 = 1 << 8;
/// An iteration variable of a comprehension.
pub const DEF_COMP_ITER: u32 = 1 << 9;
/// A type parameter.
pub const DEF_TYPE_PARAM: u32 = 1 << 10;
/// A cell of an inlined comprehension.
pub const DEF_COMP_CELL: u32 = 1 << 11;

/// Bound in the block, in whatever way.
pub const DEF_BOUND: u32 = DEF_LOCAL | DEF_PARAM | DEF_IMPORT | DEF_TYPE_PARAM;

/// Where the scope begins in the flags.
pub const SCOPE_OFFSET: u32 = 12;
/// The bits of the scope, once shifted down.
pub const SCOPE_MASK: u32 = 15;
