//! The objects that the object system itself is made of. Their methods and types are in `taipan-builtins`.

pub mod bytes;
pub mod dict;
pub mod interned;
pub mod list;
pub mod number;
pub mod set;
pub mod slice;
pub mod string;
pub mod tuple;
