//! The marshal format, versions 0 to 5: reading and writing.
//!
//! [`reader`] and [`writer`] know the format; what values are is left to a [`Builder`](reader::Builder) and a
//! [`Source`](writer::Source). `constants` is both for [`Constant`](crate::Constant), which is all that `.pyc` files
//! need; the object-level `marshal` module brings its own. Neither side recurses over its input, and nothing is
//! allocated for a length that the input only claims.

mod constants;
pub mod reader;
pub mod writer;

pub use constants::{
    Living, Loaded, dump_code, dump_constant, dump_living_code, load_code, load_constant,
};

/// The newest version of the format.
pub const VERSION: i32 = 5;

/// How deep values may be nested.
pub const MAX_DEPTH: usize = 2000;

/// The bit of a type byte that says that later references may mean this value.
const FLAG_REF: u8 = 0x80;

const TYPE_NULL: u8 = b'0';
const TYPE_NONE: u8 = b'N';
const TYPE_FALSE: u8 = b'F';
const TYPE_TRUE: u8 = b'T';
const TYPE_STOPITER: u8 = b'S';
const TYPE_ELLIPSIS: u8 = b'.';
const TYPE_INT: u8 = b'i';
const TYPE_INT64: u8 = b'I';
const TYPE_FLOAT: u8 = b'f';
const TYPE_BINARY_FLOAT: u8 = b'g';
const TYPE_COMPLEX: u8 = b'x';
const TYPE_BINARY_COMPLEX: u8 = b'y';
const TYPE_LONG: u8 = b'l';
const TYPE_STRING: u8 = b's';
const TYPE_INTERNED: u8 = b't';
const TYPE_REF: u8 = b'r';
const TYPE_TUPLE: u8 = b'(';
const TYPE_LIST: u8 = b'[';
const TYPE_DICT: u8 = b'{';
const TYPE_CODE: u8 = b'c';
const TYPE_UNICODE: u8 = b'u';
const TYPE_SET: u8 = b'<';
const TYPE_FROZENSET: u8 = b'>';
const TYPE_SLICE: u8 = b':';
const TYPE_ASCII: u8 = b'a';
const TYPE_ASCII_INTERNED: u8 = b'A';
const TYPE_SMALL_TUPLE: u8 = b')';
const TYPE_SHORT_ASCII: u8 = b'z';
const TYPE_SHORT_ASCII_INTERNED: u8 = b'Z';

/// The fields of a code object on their way through the format, as values of whatever kind. The order is that of the
/// format.
#[derive(Debug, Clone)]
#[allow(missing_docs)]
pub struct CodeFields<V> {
    pub argcount: i32,
    pub posonlyargcount: i32,
    pub kwonlyargcount: i32,
    pub stacksize: i32,
    pub flags: i32,
    pub code: V,
    pub consts: V,
    pub names: V,
    pub localsplusnames: V,
    pub localspluskinds: V,
    pub filename: V,
    pub name: V,
    pub qualname: V,
    pub firstlineno: i32,
    pub linetable: V,
    pub exceptiontable: V,
}
