//! The builtin types: what their methods, operators and computed attributes do. One folder for each family of types,
//! each with a [`Family`] that says which specs fill which types; [`init`] goes through [`FAMILIES`].
//! The object system that the types live in is in `taipan-object`, functions of module `builtins` that run code in `taipan-vm`.
//!
//! To add a type: declare its `TypeSpec` in a folder here and name it in the folder's `FAMILY`. To add a folder: `mod` it
//! and append its `FAMILY` to [`FAMILIES`].

pub mod bool_;
pub mod bytearray_;
pub mod bytes_;
pub mod codecs;
pub mod complex_;
pub mod descriptors;
pub mod dict_;
pub mod exceptions;
pub mod float_;
pub mod functions;
pub mod generic;
pub mod int_;
pub mod iterators;
pub mod list_;
pub mod memoryview_;
pub mod number_functions;
pub mod range_;
pub mod set_;
pub mod slice_;
pub mod str_;
pub mod structseq;
pub mod template;
pub mod tuple_;
pub mod types;
pub mod util;
pub mod weak;

mod decl;

mod module;

pub use module::{BUILTIN_NAMES, builtins_module};

use taipan_object::{PyResult, TypeRef, TypeSpec, Vm};

/// A core type and what fills it.
pub type CoreType = (fn(&Vm) -> &TypeRef, &'static TypeSpec);

/// What a folder of this crate contributes.
pub struct Family {
    /// Types that the object system made bare (`vm.types()`, `vm.exc()`), with their methods.
    pub core: &'static [CoreType],
    /// Types to make; bases before what derives from them.
    pub types: &'static [&'static TypeSpec],
    /// Runs when all types of all families are there.
    pub init: Option<fn(&Vm) -> PyResult<()>>,
}

/// The families, bases before what derives from them.
pub const FAMILIES: &[&Family] = &[
    &types::FAMILY,
    &descriptors::FAMILY,
    &weak::FAMILY,
    &generic::FAMILY,
    &exceptions::FAMILY,
    &int_::FAMILY,
    &bool_::FAMILY,
    &float_::FAMILY,
    &complex_::FAMILY,
    &str_::FAMILY,
    &codecs::FAMILY,
    &bytes_::FAMILY,
    &bytearray_::FAMILY,
    &memoryview_::FAMILY,
    &template::FAMILY,
    &list_::FAMILY,
    &tuple_::FAMILY,
    &dict_::FAMILY,
    &set_::FAMILY,
    &range_::FAMILY,
    &slice_::FAMILY,
    &iterators::FAMILY,
];

/// Native modules whose code is in this crate.
pub const MODULES: &[&taipan_object::ModuleSpec] = &[&codecs::MODULE, &str_::string_module::MODULE];

/// Gives the core types of a new interpreter their methods and makes the other builtin types.
pub fn init(vm: &Vm) -> PyResult<()> {
    vm.enter(|| {
        let core: Vec<(&TypeRef, &'static TypeSpec)> = FAMILIES
            .iter()
            .flat_map(|f| f.core)
            .map(|(get, spec)| (get(vm), *spec))
            .collect();
        for ty in vm.types().all().into_iter().chain(vm.exc().all()) {
            match core.iter().find(|(t, _)| t.is(&ty)) {
                Some((_, spec)) => vm.populate_type(&ty, spec)?,
                None => vm.inherit_from_base(&ty),
            }
        }
        for spec in FAMILIES.iter().flat_map(|f| f.types) {
            vm.make_type(spec)?;
        }
        for f in FAMILIES.iter().filter_map(|f| f.init) {
            f(vm)?;
        }
        Ok(())
    })
}
