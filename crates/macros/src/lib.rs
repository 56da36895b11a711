//! Attribute macros that declare native Python classes and modules: one Rust function for each Python function, with its
//! signature written once. The macro reads the signature as Argument Clinic does, picks the calling convention that CPython
//! has for it, converts the arguments, and makes the static tables from which the object system builds types and modules.
//! What runs when a function is called is in `taipan_object::bind` (binding) and `taipan_object::convert` (conversions).
//!
//! # A class
//! ```ignore
//! use taipan_macros::pymethods;
//! use taipan_object::{Args, List, PyResult, Ref, SlotDef, Str, TypeObject, TypeSpec, Value, Vm, payload};
//! use taipan_object::{CompareOp, PyCell, Traverse, Visitor};
//!
//! /// The payload: plain Rust data, interior mutability through `Cell`, `PyCell` and `VecCell`.
//! pub struct Counter {
//!     count: std::cell::Cell<i64>,
//!     label: PyCell<Value>,
//! }
//! payload!(Counter, gc);
//!
//! impl Traverse for Counter {
//!     fn traverse(&self, visit: &mut Visitor<'_>) {
//!         self.label.visit(visit);
//!     }
//! }
//!
//! /// What interpreters make the class from.
//! pub static COUNTER: TypeSpec = TypeSpec {
//!     doc: Some("Counts things."),
//!     text_signature: Some("(start=0, *, label=None)"),
//!     flags: taipan_object::tpflags::BASETYPE,
//!     parts: &[&COUNTER_METHODS],
//!     ..TypeSpec::new("Counter", "toys", <Counter as taipan_object::Payload>::layout)
//! };
//!
//! #[pymethods(COUNTER_METHODS)]
//! impl Counter {
//!     /// A constructor with parameters: `name` is what messages call the function. Without `params`, a constructor is
//!     /// `fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult`.
//!     #[pyslot(name = "Counter", params = "(start=0, *, label=None)")]
//!     fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, start: i64, label: Value) -> PyResult<Ref<Counter>> {
//!         vm.new_object(cls, Counter { count: start.into(), label: PyCell::new(label) })
//!     }
//!
//!     /// A slot: the function has the slot's name and its parameters; the result may be anything that `IntoPy` takes
//!     /// where the slot gives an object.
//!     #[pyslot]
//!     fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult<String> {
//!         Ok(format!("Counter({})", this.count.get()))
//!     }
//!
//!     /// Operators get both operands as they come: either may be the instance.
//!     #[pyslot]
//!     fn nb_add(vm: &Vm, a: &Value, b: &Value) -> PyResult {
//!         let (Some(a), Some(b)) = (a.downcast_ref::<Counter>(), b.downcast_ref::<Counter>()) else {
//!             return Ok(vm.not_implemented());
//!         };
//!         vm.new_int(a.count.get().wrapping_add(b.count.get()))
//!     }
//!
//!     /// `&self` is the payload, when the object itself is not needed.
//!     #[pyslot]
//!     fn sq_length(&self) -> usize {
//!         self.count.get().unsigned_abs() as usize
//!     }
//!
//!     /// Counts n more and gives the new count.
//!     #[pymethod(sig = "($self, n=1, /)")]
//!     fn add(&self, vm: &Vm, n: i64) -> PyResult<i64> {
//!         let sum = self.count.get().checked_add(n).ok_or_else(|| vm.overflow_error("too much"))?;
//!         self.count.set(sum);
//!         Ok(sum)
//!     }
//!
//!     /// Forget everything.
//!     #[pymethod(sig = "($self, /)")]
//!     fn clear(&self) {
//!         self.count.set(0);
//!     }
//!
//!     /// The function's name in Python differs, and no signature is shown.
//!     #[pymethod(name = "__length_hint__", params = "($self, /)")]
//!     fn length_hint(this: &Ref<Self>) -> i64 {
//!         this.count.get()
//!     }
//!
//!     /// Counts the items of an iterable.
//!     #[classmethod(sig = "($type, items, /, *, label='')")]
//!     fn of(vm: &Vm, cls: &Ref<TypeObject>, items: &Ref<List>, label: &str) -> PyResult<Ref<Counter>> {
//!         let label = PyCell::new(vm.new_str(label)?.into_value());
//!         vm.new_object(cls, Counter { count: (items.len() as i64).into(), label })
//!     }
//!
//!     /// The label.
//!     #[getter]
//!     fn label(&self) -> Value {
//!         self.label.get()
//!     }
//!
//!     #[setter(label)]
//!     fn set_label(&self, vm: &Vm, value: Option<&Value>) -> PyResult<()> {
//!         let value = value.ok_or_else(|| vm.type_error("the label cannot be deleted"))?;
//!         self.label.set(value.clone());
//!         Ok(())
//!     }
//! }
//! ```
//!
//! # A module
//! ```ignore
//! use taipan_macros::pyfunctions;
//! use taipan_object::{ModuleSpec, PyResult, Ref, Str, Value, Vm};
//!
//! pub static MODULE: ModuleSpec = ModuleSpec {
//!     name: "toys",
//!     doc: Some("Toys."),
//!     functions: &[functions::FUNCTIONS],
//!     types: &[&crate::counter::COUNTER],
//!     exec: None,
//! };
//!
//! #[pyfunctions(FUNCTIONS)]
//! mod functions {
//!     use super::*;
//!
//!     /// Return the hypotenuse.
//!     #[pyfunction(sig = "($module, a, b, /)")]
//!     fn hypot(a: f64, b: f64) -> f64 {
//!         a.hypot(b)
//!     }
//!
//!     /// Join the parts.
//!     #[pyfunction(sig = "($module, *parts, sep=' ')")]
//!     fn join(vm: &Vm, parts: &[Value], sep: &str) -> PyResult<String> {
//!         // ...
//!     }
//!
//!     /// A function that wants its module takes it as `module`; one that parses its arguments itself takes `Args`.
//!     #[pyfunction(sig = "($module, /, *args, **kwargs)")]
//!     fn anything(vm: &Vm, module: &Value, args: Args<'_>) -> PyResult<usize> {
//!         Ok(args.values.len())
//!     }
//! }
//! ```
//! Within the object crate itself: `#[pymethods(PART, crate = crate)]`.
//!
//! # Options
//! | option | meaning |
//! |---|---|
//! | `sig = "(..)"` | the parameters, shown as `__text_signature__` |
//! | `params = "(..)"` | the parameters, not shown |
//! | `name = ".."` | the name in Python; otherwise the Rust function's. `#[getter(x)]` and `#[setter(x)]` name it directly |
//! | `doc = ".."` | `__doc__`; otherwise the doc comment |
//!
//! `#[member]` is `#[getter]` for what is a field of the instance in CPython: Python sees a `member_descriptor`.
//!
//! `#[cfg]` on a marked function applies to its entry too. Without `sig` and `params` a function takes no arguments
//! (METH_NOARGS) or an `Args`.
//!
//! # Parameters
//! An optional `vm: &Vm` comes first (after `&self`, if that is used), then the receiver, then one parameter for each of
//! the signature, converted by `taipan_object::convert::FromArg`:
//!
//! | Rust type | Argument Clinic | accepts |
//! |---|---|---|
//! | `&Value`, `Value` | `object` | anything |
//! | `&Ref<T>`, `Ref<T>` | `object(subclass_of=..)`, `unicode` | instances of `T`'s class |
//! | `&str`, `String`, `Cow<str>` | `str` | `str` without NUL and surrogates |
//! | `bool` | `bool` | anything with a truth value |
//! | `i16` `i32` `i64` | `short` `int` `long` | `__index__`, in range |
//! | `isize` | `Py_ssize_t` | `__index__`, in range |
//! | `u8` | `unsigned_char` | `__index__`, in range |
//! | `u16` `u32` `u64` `usize` | `unsigned_short` .. `size_t` | `__index__`, not negative, in range |
//! | `SliceIndex` | `slice_index` | `__index__`, clamped; with `Option`: or None |
//! | `CodePoint` | `int(accept={str})` | a string of one character |
//! | `Fd` | `fildes` | an int or an object with `fileno()` |
//! | `f64` | `double` | `__float__` or `__index__` |
//! | `Option<T>` | `accept={.., NoneType}` | None, or what `T` does |
//!
//! A parameter with a literal default (None, bool, int, float, string, `sys.maxsize`) gets that when the argument is missing;
//! with any other default its type is `Option<T>`. An `Option<T>` whose default is None is `None` for a missing argument and
//! for an explicit `None` alike; with another default it is `None` only for a missing one. `Option<&Value>` is always `None`
//! for a missing argument alone. `*args` is a `&[Value]`.
//!
//! # Results
//! Anything that `taipan_object::convert::IntoPy` takes, bare or in a `PyResult`: `Value`, `Ref<T>`, `()`, `bool`, integers,
//! `f64`, strings, `Option` of those, tuples of up to four of them (a tuple), `Vec<Value>` (a list).

use proc_macro::TokenStream;
use syn::parse_macro_input;

mod call;
mod convert;
mod functions;
mod item;
mod methods;
mod signature;
mod slots;
mod types;

/// Declares the methods, computed attributes and slots of a native class: `#[pymethods(TABLE)] impl Foo { .. }` keeps the
/// block and makes `pub static TABLE: ClassPart`. See the crate's documentation.
#[proc_macro_attribute]
pub fn pymethods(args: TokenStream, input: TokenStream) -> TokenStream {
    let args = parse_macro_input!(args as item::TableArgs);
    let block = parse_macro_input!(input as syn::ItemImpl);
    methods::expand(&args, block)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}

/// Declares a module's functions: `#[pyfunctions(TABLE)] mod functions { .. }` keeps the module and puts
/// `pub static TABLE: &[NativeDef]` into it. See the crate's documentation.
#[proc_macro_attribute]
pub fn pyfunctions(args: TokenStream, input: TokenStream) -> TokenStream {
    let args = parse_macro_input!(args as item::TableArgs);
    let module = parse_macro_input!(input as syn::ItemMod);
    functions::expand(&args, module)
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
