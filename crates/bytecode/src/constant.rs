//! Constants: the values that a code object refers to and `marshal` writes. Code objects are next door in `code`.
//!
//! All that CPython would hold as an object of its own is behind an `Rc`, because identity counts here: the compiler
//! merges equal constants, and `marshal` writes a shared one once and refers to it afterwards.

use crate::code::CodeObject;
use dashu_int::IBig;
use std::borrow::Borrow;
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use taipan_wtf8::{Wtf8, Wtf8Buf};

/// A string constant. Interned ones stand in the interpreter's table of strings that are one object when equal: all
/// names, and constants that look like names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Str {
    /// The text.
    pub text: Wtf8Buf,
    /// Whether the string is interned.
    pub interned: bool,
}

impl Str {
    /// A string that is not interned.
    pub fn plain(text: impl Into<Wtf8Buf>) -> Rc<Str> {
        Rc::new(Str {
            text: text.into(),
            interned: false,
        })
    }

    /// An interned string, as every name is.
    pub fn interned(text: impl Into<Wtf8Buf>) -> Rc<Str> {
        Rc::new(Str {
            text: text.into(),
            interned: true,
        })
    }

    /// The text borrowed.
    pub fn as_wtf8(&self) -> &Wtf8 {
        &self.text
    }
}

/// A string that is found by its text.
#[derive(Debug)]
pub struct ByText(pub Rc<Str>);

impl Borrow<Wtf8> for ByText {
    fn borrow(&self) -> &Wtf8 {
        &self.0.text
    }
}

impl PartialEq for ByText {
    fn eq(&self, other: &ByText) -> bool {
        self.0.text == other.0.text
    }
}

impl Eq for ByText {}

impl Hash for ByText {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.as_wtf8().hash(state);
    }
}

/// A sequence of constants with an identity, as a tuple has.
pub type Constants = Rc<[Constant]>;

/// A value that marshal can write.
///
/// Equality (and the hash that goes with it) is that of CPython's constant merging: it tells types apart (`1`, `1.0` and
/// `True` are three), and the signs of zeros; a NaN equals only itself, the same allocation. Two code objects are equal
/// when CPython's `==` says so. Whether a string is interned does not matter.
#[derive(Debug, Clone)]
pub enum Constant {
    /// `None`.
    None,
    /// `True`.
    True,
    /// `False`.
    False,
    /// `...`.
    Ellipsis,
    /// The class `StopIteration`, which marshal has a code for.
    StopIteration,
    /// An `int`.
    Int(Rc<IBig>),
    /// A `float`.
    Float(Rc<f64>),
    /// A `complex`: real and imaginary part.
    Complex(Rc<(f64, f64)>),
    /// A `str`.
    Str(Rc<Str>),
    /// A `bytes`.
    Bytes(Rc<[u8]>),
    /// A `tuple`.
    Tuple(Constants),
    /// A `list`; only marshal makes it.
    List(Constants),
    /// A `dict`, as its keys and values in order; only marshal makes it.
    Dict(Rc<[(Constant, Constant)]>),
    /// A `set`, in any order, without equal elements; only marshal makes it.
    Set(Constants),
    /// A `frozenset`, in any order, without equal elements (equal as Python's `==` has it).
    FrozenSet(Constants),
    /// A `slice`: start, stop, step.
    Slice(Rc<[Constant; 3]>),
    /// A code object.
    Code(Rc<CodeObject>),
}

impl Constant {
    /// A string constant that is not interned.
    pub fn str(text: impl Into<Wtf8Buf>) -> Constant {
        Constant::Str(Str::plain(text))
    }

    /// An interned string constant.
    pub fn name(text: impl Into<Wtf8Buf>) -> Constant {
        Constant::Str(Str::interned(text))
    }

    /// An int constant.
    pub fn int(value: impl Into<IBig>) -> Constant {
        Constant::Int(Rc::new(value.into()))
    }

    /// A float constant.
    pub fn float(value: f64) -> Constant {
        Constant::Float(Rc::new(value))
    }

    /// A complex constant.
    pub fn complex(real: f64, imaginary: f64) -> Constant {
        Constant::Complex(Rc::new((real, imaginary)))
    }

    /// A bytes constant.
    pub fn bytes(value: &[u8]) -> Constant {
        Constant::Bytes(Rc::from(value))
    }

    /// A tuple constant.
    pub fn tuple(items: Vec<Constant>) -> Constant {
        Constant::Tuple(Rc::from(items))
    }

    /// `True` or `False`.
    pub fn bool(value: bool) -> Constant {
        if value {
            Constant::True
        } else {
            Constant::False
        }
    }

    /// The text, if this is a string.
    pub fn as_str(&self) -> Option<&Wtf8> {
        match self {
            Constant::Str(text) => Some(text.as_wtf8()),
            _ => None,
        }
    }

    /// The name of the Python type of this value.
    pub fn type_name(&self) -> &'static str {
        match self {
            Constant::None => "NoneType",
            Constant::True | Constant::False => "bool",
            Constant::Ellipsis => "ellipsis",
            Constant::StopIteration => "type",
            Constant::Int(_) => "int",
            Constant::Float(_) => "float",
            Constant::Complex(_) => "complex",
            Constant::Str(_) => "str",
            Constant::Bytes(_) => "bytes",
            Constant::Tuple(_) => "tuple",
            Constant::List(_) => "list",
            Constant::Dict(_) => "dict",
            Constant::Set(_) => "set",
            Constant::FrozenSet(_) => "frozenset",
            Constant::Slice(_) => "slice",
            Constant::Code(_) => "code",
        }
    }
}

fn same_float(a: f64, b: f64) -> bool {
    a == b && a.is_sign_negative() == b.is_sign_negative()
}

/// Equality of sets of distinct elements, whatever their order. Sets in code are small (literals in a source file), and
/// equal ones nearly always have the same order, so the quadratic case is rare.
fn same_elements(a: &[Constant], b: &[Constant]) -> bool {
    a.len() == b.len() && (a == b || a.iter().all(|item| b.contains(item)))
}

impl PartialEq for Constant {
    fn eq(&self, other: &Constant) -> bool {
        match (self, other) {
            (Constant::None, Constant::None)
            | (Constant::True, Constant::True)
            | (Constant::False, Constant::False)
            | (Constant::Ellipsis, Constant::Ellipsis)
            | (Constant::StopIteration, Constant::StopIteration) => true,
            (Constant::Int(a), Constant::Int(b)) => a == b,
            (Constant::Float(a), Constant::Float(b)) => Rc::ptr_eq(a, b) || same_float(**a, **b),
            (Constant::Complex(a), Constant::Complex(b)) => {
                Rc::ptr_eq(a, b) || (same_float(a.0, b.0) && same_float(a.1, b.1))
            }
            (Constant::Str(a), Constant::Str(b)) => a.text == b.text,
            (Constant::Bytes(a), Constant::Bytes(b)) => a == b,
            (Constant::Tuple(a), Constant::Tuple(b)) | (Constant::List(a), Constant::List(b)) => {
                Rc::ptr_eq(a, b) || a == b
            }
            (Constant::Dict(a), Constant::Dict(b)) => Rc::ptr_eq(a, b) || a == b,
            (Constant::Set(a), Constant::Set(b))
            | (Constant::FrozenSet(a), Constant::FrozenSet(b)) => {
                Rc::ptr_eq(a, b) || same_elements(a, b)
            }
            (Constant::Slice(a), Constant::Slice(b)) => Rc::ptr_eq(a, b) || a == b,
            (Constant::Code(a), Constant::Code(b)) => Rc::ptr_eq(a, b) || a == b,
            _ => false,
        }
    }
}

impl Eq for Constant {}

impl Hash for Constant {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::mem::discriminant(self).hash(state);
        match self {
            Constant::None
            | Constant::True
            | Constant::False
            | Constant::Ellipsis
            | Constant::StopIteration => {}
            Constant::Int(value) => value.hash(state),
            Constant::Float(value) => value.to_bits().hash(state),
            Constant::Complex(value) => (value.0.to_bits(), value.1.to_bits()).hash(state),
            Constant::Str(text) => text.text.hash(state),
            Constant::Bytes(bytes) => bytes.hash(state),
            Constant::Tuple(items) | Constant::List(items) => items.hash(state),
            Constant::Dict(items) => items.hash(state),
            // The order does not count, so only the size may.
            Constant::Set(items) | Constant::FrozenSet(items) => items.len().hash(state),
            Constant::Slice(parts) => parts.hash(state),
            Constant::Code(code) => code.hash(state),
        }
    }
}
