//! What pickling shares with Python modules: `copyreg`'s registries, `_compat_pickle`'s names, `codecs.encode`.

use std::cell::OnceCell;
use std::rc::Rc;

use taipan_builtins::util::builtin;
use taipan_object::{Dict, PyResult, Ref, Value, Vm};

/// The shared objects.
pub(crate) struct Globals {
    /// `copyreg.dispatch_table`
    pub dispatch_table: Ref<Dict>,
    /// `copyreg._extension_registry`
    pub extension_registry: Ref<Dict>,
    /// `copyreg._inverted_registry`
    pub inverted_registry: Ref<Dict>,
    /// `copyreg._extension_cache`
    pub extension_cache: Ref<Dict>,
    /// `_compat_pickle.NAME_MAPPING`
    pub names: Ref<Dict>,
    /// `_compat_pickle.IMPORT_MAPPING`
    pub imports: Ref<Dict>,
    /// `_compat_pickle.REVERSE_NAME_MAPPING`
    pub reverse_names: Ref<Dict>,
    /// `_compat_pickle.REVERSE_IMPORT_MAPPING`
    pub reverse_imports: Ref<Dict>,
    /// `codecs.encode`
    pub encode: Value,
    /// `functools.partial`
    pub partial: Value,
    /// `getattr`
    pub getattr: Value,
}

#[derive(Default)]
struct Cell {
    globals: OnceCell<Rc<Globals>>,
}

/// The interpreter's shared objects, imported on first use.
pub(crate) fn globals(vm: &Vm) -> PyResult<Rc<Globals>> {
    let cell = vm.state::<Cell>();
    if let Some(g) = cell.globals.get() {
        return Ok(g.clone());
    }
    let dict = |module: &str, name: &str| -> PyResult<Ref<Dict>> {
        let v = vm.getattr_str(&vm.import(module)?, name)?;
        v.downcast::<Dict>().map_err(|v| {
            vm.runtime_error(&format!(
                "{module}.{name} should be a dict, not {}",
                vm.type_name(&v)
            ))
        })
    };
    let made = Rc::new(Globals {
        dispatch_table: dict("copyreg", "dispatch_table")?,
        extension_registry: dict("copyreg", "_extension_registry")?,
        inverted_registry: dict("copyreg", "_inverted_registry")?,
        extension_cache: dict("copyreg", "_extension_cache")?,
        names: dict("_compat_pickle", "NAME_MAPPING")?,
        imports: dict("_compat_pickle", "IMPORT_MAPPING")?,
        reverse_names: dict("_compat_pickle", "REVERSE_NAME_MAPPING")?,
        reverse_imports: dict("_compat_pickle", "REVERSE_IMPORT_MAPPING")?,
        encode: vm.getattr_str(&vm.import("codecs")?, "encode")?,
        partial: vm.getattr_str(&vm.import("functools")?, "partial")?,
        getattr: builtin(vm, "getattr")?,
    });
    Ok(cell.globals.get_or_init(|| made).clone())
}
