//! How native code is declared and called: `Args`, `NativeDef` for functions and methods, `TypeSpec` for types.
//! The attribute macros of `taipan-macros` produce these tables; binding arguments to parameters is in `bind.rs`.

use crate::class::{SlotDef, TypeObject};
use crate::containers::string::Str;
use crate::containers::tuple::Tuple;
use crate::reference::{Layout, Ref};
use crate::value::{PyResult, Value};
use crate::vm::Vm;

/// The arguments of a call, as vectorcall has them: positional values, then the values of the keywords that `kwnames` names.
#[derive(Clone, Copy)]
pub struct Args<'a> {
    /// Positional values followed by keyword values.
    pub values: &'a [Value],
    /// Names of the last `kwnames.len()` values.
    pub kwnames: Option<&'a Ref<Tuple>>,
}

impl<'a> Args<'a> {
    /// Positional arguments only.
    #[inline(always)]
    pub fn positional(values: &'a [Value]) -> Args<'a> {
        Args {
            values,
            kwnames: None,
        }
    }

    /// No arguments.
    pub const EMPTY: Args<'static> = Args {
        values: &[],
        kwnames: None,
    };

    /// The number of keyword arguments.
    #[inline(always)]
    pub fn keyword_count(&self) -> usize {
        self.kwnames.map_or(0, |k| k.len())
    }

    /// The positional values.
    #[inline(always)]
    pub fn pos(&self) -> &'a [Value] {
        let n = self.values.len().saturating_sub(self.keyword_count());
        &self.values[..n]
    }

    /// The keyword arguments with their names.
    pub fn keywords(&self) -> impl Iterator<Item = (Ref<Str>, &'a Value)> + use<'a> {
        let n = self.values.len().saturating_sub(self.keyword_count());
        let values = &self.values[n..];
        let names: &'a [Value] = match self.kwnames {
            Some(k) => {
                let k: &'a Ref<Tuple> = k;
                k.as_slice()
            }
            None => &[],
        };
        names
            .iter()
            .zip(values)
            .filter_map(|(n, v)| n.downcast_ref::<Str>().map(|n| (n.clone(), v)))
    }

    /// The keyword arguments with their names, which are no strings in the calls that `Vm::takes_any_keywords` allows.
    pub fn any_keywords(&self) -> impl Iterator<Item = (&'a Value, &'a Value)> + use<'a> {
        let n = self.values.len().saturating_sub(self.keyword_count());
        let names: &'a [Value] = match self.kwnames {
            Some(k) => {
                let k: &'a Ref<Tuple> = k;
                k.as_slice()
            }
            None => &[],
        };
        names.iter().zip(&self.values[n..])
    }

    /// Whether there are no arguments at all.
    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }
}

/// A native function's code, by the way it takes its arguments. `self` is the instance, the class, or the module.
#[derive(Clone, Copy)]
pub enum NativeCode {
    /// No arguments beside `self` (METH_NOARGS).
    NoArgs(fn(&Vm, &Value) -> PyResult),
    /// Exactly one positional argument (METH_O).
    One(fn(&Vm, &Value, &Value) -> PyResult),
    /// `min..=max` positional-only arguments (METH_FASTCALL).
    Positional {
        /// Fewest arguments.
        min: u8,
        /// Most arguments.
        max: u8,
        /// The code; the slice has between `min` and `max` values.
        f: fn(&Vm, &Value, &[Value]) -> PyResult,
    },
    /// Parameters bound by name and position; the slice has one place for each parameter, `None` where none was given.
    Bound {
        /// The parameters.
        params: &'static Params,
        /// The code.
        f: fn(&Vm, &Value, &[Option<&Value>]) -> PyResult,
    },
    /// Does its own argument parsing.
    Variadic(fn(&Vm, &Value, Args<'_>) -> PyResult),
}

/// The parameters of a [`NativeCode::Bound`] function.
pub struct Params {
    /// Names in order; positional-only ones may be empty.
    pub names: &'static [&'static str],
    /// How many come first that cannot be given by keyword.
    pub positional_only: u8,
    /// How many can be given by position (positional-only ones included); the rest are keyword-only.
    pub positional: u8,
    /// How many of the positional ones are required.
    pub required: u8,
    /// Bit i: the keyword-only parameter i (index in `names`) is required.
    pub required_keyword: u64,
}

/// What a native function is bound to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NativeKind {
    /// A module's function.
    Function,
    /// An instance's method.
    Method,
    /// A class method.
    ClassMethod,
    /// A static method.
    StaticMethod,
}

/// A native function or method, as declared.
pub struct NativeDef {
    /// `__name__`
    pub name: &'static str,
    /// `__text_signature__`, e.g. `($self, object, /)`.
    pub text_signature: Option<&'static str>,
    /// `__doc__`
    pub doc: Option<&'static str>,
    /// What it is bound to.
    pub kind: NativeKind,
    /// Its code.
    pub code: NativeCode,
}

/// A computed attribute of a native type.
pub struct GetSetDef {
    /// Name.
    pub name: &'static str,
    /// `__doc__`
    pub doc: Option<&'static str>,
    /// Reads it.
    pub get: Option<fn(&Vm, &Value) -> PyResult>,
    /// Sets (`Some`) or deletes (`None`) it; `None` here: read-only.
    pub set: Option<fn(&Vm, &Value, Option<&Value>) -> PyResult<()>>,
    /// Shown as a `member_descriptor`: in CPython the attribute is a field of the instance.
    pub member: bool,
}

/// What one `#[pymethods(PART)]` block declares.
pub struct ClassPart {
    /// Methods.
    pub methods: &'static [NativeDef],
    /// Computed attributes.
    pub getset: &'static [GetSetDef],
    /// Natively implemented slots.
    pub slots: &'static [SlotDef],
}

/// A native type, as declared. One `static` each; interpreters make their type objects from it.
pub struct TypeSpec {
    /// `__name__`
    pub name: &'static str,
    /// `__module__`
    pub module: &'static str,
    /// `__doc__` (without the signature).
    pub doc: Option<&'static str>,
    /// `__text_signature__` of the class.
    pub text_signature: Option<&'static str>,
    /// The instances' payload.
    pub layout: fn() -> &'static Layout,
    /// The base, `None` for `object`.
    pub base: Option<fn(&Vm) -> Ref<TypeObject>>,
    /// Flags beside those that are inherited or follow from the layout.
    pub flags: u64,
    /// Instances have a `__dict__`.
    pub has_dict: bool,
    /// Instances can be weakly referenced.
    pub has_weakref: bool,
    /// Methods, slots and computed attributes.
    pub parts: &'static [&'static ClassPart],
    /// Puts constants and other attributes into the type's dict; runs when the type is made.
    pub extra: Option<fn(&Vm, &Ref<TypeObject>) -> PyResult<()>>,
}

impl TypeSpec {
    /// A description to fill in with struct update syntax.
    pub const fn new(
        name: &'static str,
        module: &'static str,
        layout: fn() -> &'static Layout,
    ) -> TypeSpec {
        TypeSpec {
            name,
            module,
            doc: None,
            text_signature: None,
            layout,
            base: None,
            flags: 0,
            has_dict: false,
            has_weakref: false,
            parts: &[],
            extra: None,
        }
    }
}

/// A native module, as declared.
pub struct ModuleSpec {
    /// Full name.
    pub name: &'static str,
    /// `__doc__`
    pub doc: Option<&'static str>,
    /// Functions.
    pub functions: &'static [&'static [NativeDef]],
    /// Types to make and put in, by name.
    pub types: &'static [&'static TypeSpec],
    /// Puts constants and anything else into the module; runs on each import.
    pub exec: Option<fn(&Vm, &Ref<crate::module::Module>) -> PyResult<()>>,
}
