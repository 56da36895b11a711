//! The import system's native half: the table of native modules, importlib's bootstrap module, and the errors of
//! `from ... import`.

use std::cell::{Cell, RefCell};

use taipan_object::{Module, ModuleSpec, PyCell, PyResult, Raised, Ref, Str, Value, Vm};

/// Per-interpreter state of the import system.
#[derive(Default)]
pub struct ImportState {
    /// Native modules that can be imported (`sys.builtin_module_names`).
    pub natives: RefCell<Vec<&'static ModuleSpec>>,
    /// Native modules that were made already, by name: a second import gives a module with the same dict.
    pub made: RefCell<rustc_hash::FxHashMap<&'static str, Ref<Module>>>,
    /// `importlib._bootstrap`
    pub bootstrap: OptionCell,
    /// `builtins.__import__` as the interpreter started with.
    pub import_function: OptionCell,
    /// -X importtime: whether the heading was shown.
    pub header_shown: Cell<bool>,
    /// -X importtime: how many imports are under way.
    pub level: Cell<usize>,
    /// -X importtime: what the imports within the present one took, in nanoseconds.
    pub inner_time: Cell<u64>,
    /// Depth of the global import lock.
    pub lock_depth: Cell<usize>,
}

/// A cell that starts empty.
pub struct OptionCell(pub PyCell<Option<Value>>);

impl Default for OptionCell {
    fn default() -> OptionCell {
        OptionCell(PyCell::new(None))
    }
}

/// `importlib._bootstrap`, once it is there.
pub fn bootstrap_module(vm: &Vm) -> Option<Value> {
    vm.state::<ImportState>().bootstrap.0.get()
}

/// The native `__import__`.
pub fn import_function(vm: &Vm) -> Option<Value> {
    vm.state::<ImportState>().import_function.0.get()
}

/// Adds native modules to those that can be imported.
pub fn register_modules(vm: &Vm, specs: &[&'static ModuleSpec]) {
    vm.state::<ImportState>()
        .natives
        .borrow_mut()
        .extend_from_slice(specs);
}

/// The declaration of a native module.
pub fn find_native(vm: &Vm, name: &Ref<Str>) -> Option<&'static ModuleSpec> {
    let state = vm.state::<ImportState>();
    let natives = state.natives.borrow();
    natives.iter().copied().find(|s| name.eq_str(s.name))
}

/// Makes and runs a native module and puts it into `sys.modules`; `None` when there is none of that name.
pub fn init_native(vm: &Vm, name: &Ref<Str>) -> PyResult<Option<Value>> {
    let Some(spec) = find_native(vm, name) else {
        return Ok(None);
    };
    let module = create_native(vm, spec)?;
    if let Some(modules) = vm.interp().modules.get() {
        modules.set(vm, name.as_value(), module.as_value().clone())?;
    }
    exec_native(vm, &module)?;
    Ok(Some(module.into_value()))
}

/// The module object of a native module, made once in an interpreter.
pub fn create_native(vm: &Vm, spec: &'static ModuleSpec) -> PyResult<Ref<Module>> {
    let state = vm.state::<ImportState>();
    if let Some(m) = state.made.borrow().get(spec.name) {
        return Ok(m.clone());
    }
    let module = vm.make_native_module(spec)?;
    state.made.borrow_mut().insert(spec.name, module.clone());
    Ok(module)
}

/// Runs a native module's `exec`.
pub fn exec_native(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    match module.spec.and_then(|s| s.exec) {
        Some(exec) => exec(vm, module),
        None => Ok(()),
    }
}

/// Whether a module's file lies where the program's own modules do: it may stand before one of the same name that was meant.
fn is_in_program_directory(vm: &Vm, origin: &str) -> bool {
    let config = crate::config::config(vm);
    let first = config.sys_path_0.borrow();
    let Some(first) = first.as_deref() else {
        return false;
    };
    let Some((mut root, file)) = origin.rsplit_once('/') else {
        return false;
    };
    if file == "__init__.py" {
        root = root.rsplit_once('/').map_or("", |p| p.0);
    }
    if first.is_empty() {
        let here = taipan_host::env::cwd().unwrap_or_default();
        return root.as_bytes() == here;
    }
    root.as_bytes() == first
}

/// ImportError "cannot import name 'x' from 'm' (file)".
#[cold]
pub(crate) fn cannot_import_name(
    vm: &Vm,
    module: &Value,
    module_name: Option<Ref<Str>>,
    name: &Ref<Str>,
) -> Raised {
    let build = || -> PyResult {
        let n = vm.names();
        let shown = name.to_string_lossy();
        let module_shown = match &module_name {
            Some(m) => m.to_string_lossy().into_owned(),
            None => "<unknown module name>".to_owned(),
        };
        let spec = vm
            .getattr_opt(module, &n.__spec__)?
            .filter(|s| !vm.is_none(s));
        let mut origin = match &spec {
            Some(s) => vm
                .getattr_opt(s, &n.origin)?
                .and_then(|o| o.downcast::<Str>().ok()),
            None => None,
        };
        if origin.is_none() {
            origin = vm
                .getattr_opt(module, &n.__file__)?
                .and_then(|o| o.downcast::<Str>().ok());
        }
        let initializing = match &spec {
            Some(s) => match vm.getattr_opt(s, &n._initializing)? {
                Some(b) => vm.is_true(&b)?,
                None => false,
            },
            None => false,
        };
        let place = origin.as_ref().map_or("unknown location".to_owned(), |o| {
            o.to_string_lossy().into_owned()
        });
        let shadows = origin.is_some() && is_in_program_directory(vm, &place);
        let quoted = match &origin {
            Some(o) => vm.repr(o.as_value())?.to_string_lossy().into_owned(),
            None => String::new(),
        };
        let msg = if shadows
            && crate::sys_module::stdlib_names::NAMES
                .split(' ')
                .any(|n| n == module_shown)
        {
            format!(
                "cannot import name '{shown}' from '{module_shown}' (consider renaming {quoted} since it has the same name as the standard library module named '{module_shown}' and prevents importing that standard library module)"
            )
        } else if initializing && shadows {
            format!(
                "cannot import name '{shown}' from '{module_shown}' (consider renaming {quoted} if it has the same name as a library you intended to import)"
            )
        } else if initializing {
            format!(
                "cannot import name '{shown}' from partially initialized module '{module_shown}' (most likely due to a circular import) ({place})"
            )
        } else {
            format!("cannot import name '{shown}' from '{module_shown}' ({place})")
        };
        let e = vm.new_exception(&vm.exc().ImportError, &msg)?;
        let set = |attr: &str, v: Value| vm.setattr_str(&e, attr, &v);
        set(
            "name",
            module_name
                .clone()
                .map_or_else(|| vm.none(), Ref::into_value),
        )?;
        set("path", origin.map_or_else(|| vm.none(), Ref::into_value))?;
        set("name_from", name.as_value().clone())?;
        Ok(e)
    };
    match build() {
        Ok(e) => vm.raise(e),
        Err(r) => r,
    }
}

/// Makes a module that exists already known as a native one.
pub fn add_made(vm: &Vm, name: &'static str, module: Ref<Module>) {
    vm.state::<ImportState>()
        .made
        .borrow_mut()
        .insert(name, module);
}

/// A native module that was made already.
pub fn made(vm: &Vm, name: &str) -> Option<Value> {
    vm.state::<ImportState>()
        .made
        .borrow()
        .get(name)
        .map(|m| m.as_value().clone())
}
