//! What Python code does with objects, for native code: attributes, calls, comparison and text, numbers, items, iteration.
//! These functions go through the types' slots, as the interpreter's instructions do.

pub mod attr;
pub mod call;
pub mod compare;
pub mod instance;
pub mod item;
pub mod iter;
pub mod number;
