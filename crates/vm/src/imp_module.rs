//! Module `_imp`: what importlib asks of the interpreter.

use taipan_macros::pyfunctions;
use taipan_object::{List, Module, ModuleSpec, PyResult, Ref, Str, Value, Vm};

use crate::code::Code;
use crate::config::{Frozen, config, settings};
use crate::imp::{ImportState, create_native, exec_native, find_native};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_imp",
    doc: Some("(Extremely) low-level import machinery bits as used by importlib."),
    functions: &[functions::FUNCTIONS],
    types: &[],
    exec: Some(exec),
};

/// The first half of the magic number of `.pyc` files, as CPython 3.14 has it, with `\r\n` behind it.
const PYC_MAGIC_NUMBER_TOKEN: i64 = 168_627_755;

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    let Some(d) = module.dict.get() else {
        return Ok(());
    };
    let mode = vm.new_str(&settings(vm).check_hash_pycs_mode)?.into_value();
    d.set_named(vm, "check_hash_based_pycs", mode)?;
    d.set_named(
        vm,
        "pyc_magic_number_token",
        vm.new_int(PYC_MAGIC_NUMBER_TOKEN)?,
    )
}

fn frozen(vm: &Vm, name: &Ref<Str>) -> PyResult<Frozen> {
    match crate::frozen::find(vm, name) {
        Some(f) => Ok(f),
        None => {
            let message = format!("No such frozen object named '{}'", name.to_string_lossy());
            let e = vm.new_exception(&vm.exc().ImportError, &message)?;
            vm.setattr_str(&e, "name", name.as_value())?;
            Err(vm.raise(e))
        }
    }
}

/// SipHash-1-3 of the source with this key, for hash-based `.pyc` files.
fn siphash(key: u64, source: &[u8]) -> u64 {
    use std::hash::Hasher;
    let mut h = siphasher::sip::SipHasher13::new_with_keys(key, 0);
    h.write(source);
    h.finish()
}

/// Gives code and the code in its constants another file name.
fn with_filename(vm: &Vm, code: &Ref<Code>, name: &Ref<Str>) -> PyResult<()> {
    code.set_filename(name);
    vm.check_stack(" in _fix_co_filename")?;
    for c in code.consts().as_slice() {
        if let Some(inner) = c.downcast_ref::<Code>() {
            with_filename(vm, inner, name)?;
        }
    }
    Ok(())
}

/// The functions.
#[pyfunctions(FUNCTIONS)]
pub mod functions {
    use super::*;

    /// Return True if the import lock is currently held, else False.
    ///
    /// On platforms without threads, return False.
    #[pyfunction(sig = "($module, /)")]
    fn lock_held(vm: &Vm) -> bool {
        vm.state::<ImportState>().lock_depth.get() > 0
    }

    /// Acquires the interpreter's import lock for the current thread.
    ///
    /// This lock should be used by import hooks to ensure thread-safety when importing modules. On platforms without
    /// threads, this function does nothing.
    #[pyfunction(sig = "($module, /)")]
    fn acquire_lock(vm: &Vm) {
        let s = vm.state::<ImportState>();
        s.lock_depth.set(s.lock_depth.get().saturating_add(1));
    }

    /// Release the interpreter's import lock.
    ///
    /// On platforms without threads, this function does nothing.
    #[pyfunction(sig = "($module, /)")]
    fn release_lock(vm: &Vm) -> PyResult<()> {
        let s = vm.state::<ImportState>();
        match s.lock_depth.get().checked_sub(1) {
            Some(n) => {
                s.lock_depth.set(n);
                Ok(())
            }
            None => Err(vm.runtime_error("not holding the import lock")),
        }
    }

    /// Returns the list of file suffixes used to identify extension modules.
    #[pyfunction(sig = "($module, /)")]
    fn extension_suffixes(vm: &Vm) -> PyResult<Ref<List>> {
        vm.new_list(Vec::new())
    }

    /// Create an extension module.
    #[pyfunction(sig = "($module, spec, /)")]
    fn create_builtin(vm: &Vm, spec: &Value) -> PyResult {
        let name = vm.getattr(spec, &vm.names().name)?;
        let Some(name) = name.downcast_ref::<Str>() else {
            return Err(vm.type_error(&format!("name must be string, not {}", vm.type_name(&name))));
        };
        match find_native(vm, name) {
            Some(s) => Ok(create_native(vm, s)?.into_value()),
            None => Ok(vm.none()),
        }
    }

    /// Initialize a built-in module.
    #[pyfunction(sig = "($module, mod, /)")]
    fn exec_builtin(vm: &Vm, r#mod: &Value) -> PyResult<i32> {
        if let Some(m) = r#mod.downcast_ref::<Module>()
            && m.spec
                .is_some_and(|s| s.name != "sys" && s.name != "builtins")
        {
            exec_native(vm, m)?;
        }
        Ok(0)
    }

    /// Create an extension module.
    #[pyfunction(sig = "($module, spec, file=<unrepresentable>, /)")]
    fn create_dynamic(vm: &Vm, spec: &Value, file: Option<&Value>) -> PyResult {
        let _ = (spec, file);
        Err(vm.raise_new(
            &vm.exc().ImportError,
            "extension modules in C cannot be loaded",
        ))
    }

    /// Initialize an extension module.
    #[pyfunction(sig = "($module, mod, /)")]
    fn exec_dynamic(r#mod: &Value) -> i32 {
        let _ = r#mod;
        0
    }

    /// Returns True if the module name corresponds to a built-in module.
    #[pyfunction(sig = "($module, name, /)")]
    fn is_builtin(vm: &Vm, name: &Ref<Str>) -> i32 {
        match find_native(vm, name) {
            Some(s) if s.name == "sys" || s.name == "builtins" => -1,
            Some(_) => 1,
            None => 0,
        }
    }

    /// Returns True if the module name corresponds to a frozen module.
    #[pyfunction(sig = "($module, name, /)")]
    fn is_frozen(vm: &Vm, name: &Ref<Str>) -> bool {
        crate::frozen::find(vm, name).is_some()
    }

    /// Returns True if the module name is of a frozen package.
    #[pyfunction(sig = "($module, name, /)")]
    fn is_frozen_package(vm: &Vm, name: &Ref<Str>) -> PyResult<bool> {
        Ok(frozen(vm, name)?.package)
    }

    /// Return info about the corresponding frozen module (if there is one) or None.
    ///
    /// The returned info (a 3-tuple):
    ///
    ///  * data         the raw marshalled bytes
    ///  * is_package   whether or not it is a package
    ///  * origname     the originally frozen module's name, or None if not
    ///                 a stdlib module (this will usually be the same as
    ///                 the module's current name)
    #[pyfunction(sig = "($module, name, /, *, withdata=False)")]
    fn find_frozen(vm: &Vm, name: &Ref<Str>, withdata: bool) -> PyResult {
        let Some(f) = crate::frozen::find(vm, name) else {
            return Ok(vm.none());
        };
        let data = if withdata {
            let view = crate::glue::builtin(vm, "memoryview")?;
            let code = crate::frozen::code(vm, &f)?;
            let version = taipan_bytecode::marshal::VERSION;
            let data = crate::marshal_values::dumps(vm, code.as_value(), version, true)?;
            vm.call1(&view, vm.new_bytes(&data)?.as_value())?
        } else {
            vm.none()
        };
        let orig = match f.origname {
            Some(o) => vm.new_str(o)?.into_value(),
            None => vm.none(),
        };
        Ok(vm
            .new_tuple(vec![data, vm.bool(f.package), orig])?
            .into_value())
    }

    /// Create a code object for a frozen module.
    #[pyfunction(sig = "($module, name, data=None, /)")]
    fn get_frozen_object(vm: &Vm, name: &Ref<Str>, data: Option<&Value>) -> PyResult {
        let Some(data) = data.filter(|d| !vm.is_none(d)) else {
            return Ok(crate::frozen::code(vm, &frozen(vm, name)?)?.into_value());
        };
        let bytes = vm.get_buffer(data, false)?.to_vec();
        let shown = name.to_string_lossy();
        if bytes.is_empty() {
            return crate::frozen::invalid(vm, &shown);
        }
        match crate::marshal_module::loads(vm, &bytes, true) {
            Ok((code, _)) if code.downcast_ref::<Code>().is_some() => Ok(code),
            Ok(_) => Err(vm.type_error(&format!(
                "frozen object {} is not a code object",
                vm.repr(name.as_value())?.to_string_lossy()
            ))),
            Err(e) => {
                drop(vm.take_raised(e));
                crate::frozen::invalid(vm, &shown)
            }
        }
    }

    /// Initializes a frozen module.
    #[pyfunction(sig = "($module, name, /)")]
    fn init_frozen(vm: &Vm, name: &Ref<Str>) -> PyResult {
        Ok(crate::frozen::init_frozen(vm, name)?.unwrap_or_else(|| vm.none()))
    }

    /// Returns the list of available frozen modules.
    #[pyfunction(sig = "($module, /)")]
    fn _frozen_module_names(vm: &Vm) -> PyResult<Vec<Value>> {
        let names = config(vm).frozen.get().map(|f| (f.names)());
        names
            .unwrap_or_default()
            .into_iter()
            .map(|n| Ok(vm.new_str(n)?.into_value()))
            .collect()
    }

    /// (internal-only) Override PyConfig.use_frozen_modules.
    #[pyfunction(sig = "($module, override, /)")]
    fn _override_frozen_modules_for_tests(vm: &Vm, r#override: i32) {
        config(vm).frozen_override.set(r#override);
    }

    /// (internal-only) Override PyInterpreterConfig.check_multi_interp_extensions.
    #[pyfunction(sig = "($module, override, /)")]
    fn _override_multi_interp_extensions_check(r#override: i32) -> i32 {
        let _ = r#override;
        0
    }

    /// Changes code.co_filename to specify the passed-in file path.
    ///
    ///   code
    ///     Code object to change.
    ///   path
    ///     File path to use.
    #[pyfunction(sig = "($module, code, path, /)")]
    fn _fix_co_filename(vm: &Vm, code: &Ref<Code>, path: &Ref<Str>) -> PyResult<()> {
        if code.filename.get().same_text(path) {
            return Ok(());
        }
        with_filename(vm, code, path)
    }

    #[pyfunction(sig = "($module, /, key, source)")]
    fn source_hash(vm: &Vm, key: i64, source: &Value) -> PyResult {
        let bytes = vm.get_buffer(source, false)?.to_vec();
        Ok(vm
            .new_bytes(&siphash(key as u64, &bytes).to_le_bytes())?
            .into_value())
    }
}
