//! Taipan's object model: the tagged [`Value`], reference counts, the heap and its cycle collector, types with slots,
//! shapes, the containers that the object system itself is made of, and the protocols by which native code uses objects.
//!
//! It knows nothing of source code, bytecode or frames. Methods of builtin types are in `taipan-builtins`; the interpreter
//! is in `taipan-vm`. ARCHITECTURE.md has the invariants that this crate keeps.

pub mod bind;
pub mod buffer;
pub mod cell;
pub mod class;
pub mod containers;
pub mod convert;
pub mod descr;
pub mod exceptions;
pub mod generic;
pub mod header;
pub mod heap;
pub mod instance;
pub mod lookup;
pub mod module;
pub mod names;
pub mod native;
pub mod protocol;
pub mod reference;
pub mod shape;
pub mod slotdefs;
pub mod stats;
pub use taipan_text::suggestions;
pub mod typebuild;
pub mod types;
pub mod value;
pub mod vm;
pub mod weakref;

mod bootstrap;

pub use cell::{PyCell, VecCell};
pub use class::{CompareOp, SendOutcome, SlotDef, SlotId, Slots, TypeObject, TypeRef, tpflags};
pub use containers::bytes::Bytes;
pub use containers::dict::{Dict, Plain};
pub use containers::list::List;
pub use containers::number::{Complex, Float, Int, IntRef};
pub use containers::set::Set;
pub use containers::slice::Slice;
pub use containers::string::{Str, StrFiller};
pub use containers::tuple::Tuple;
pub use descr::NativeFunction;
pub use exceptions::{BaseException, FieldException};
pub use header::Header;
pub use module::Module;
pub use native::{
    Args, ClassPart, GetSetDef, ModuleSpec, NativeCode, NativeDef, NativeKind, Params, TypeSpec,
};
pub use protocol::number::BinaryOp;
pub use reference::{Fixed, Layout, Object, Payload, Ref, Traverse, VarSized, Visitor};
pub use value::{PyResult, Raised, Value};
pub use vm::{Interp, InterpConfig, Vm};
