//! Frozen modules: those whose code is in the executable.

use taipan_object::{Module, PyResult, Ref, Str, Value, Vm};

use crate::code::Code;
use crate::config::{Frozen, config, settings};

/// The modules that the import system needs before it can read files; they are there even when no frozen modules are wanted.
const BOOTSTRAP: &[&str] = &[
    "_frozen_importlib",
    "_frozen_importlib_external",
    "zipimport",
];

/// The frozen module of a name.
pub fn find(vm: &Vm, name: &Str) -> Option<Frozen> {
    let c = config(vm);
    let name = name.to_string_lossy();
    let wanted = match c.frozen_override.get() {
        0 => settings(vm).use_frozen_modules,
        n => n > 0,
    };
    if !wanted && !BOOTSTRAP.contains(&&*name) {
        return None;
    }
    (c.frozen.get()?.find)(&name)
}

/// The code of a frozen module.
pub fn code(vm: &Vm, f: &Frozen) -> PyResult<Ref<Code>> {
    crate::image_code::new_code(vm, f.code)
}

/// ImportError "Frozen object named 'x' is invalid".
pub fn invalid<T>(vm: &Vm, name: &str) -> PyResult<T> {
    let message = format!("Frozen object named '{name}' is invalid");
    let e = vm.new_exception(&vm.exc().ImportError, &message)?;
    vm.setattr_str(&e, "name", vm.new_str(name)?.as_value())?;
    Err(vm.raise(e))
}

/// Makes and runs a frozen module; `None` when there is none of that name.
pub fn init_frozen(vm: &Vm, name: &Ref<Str>) -> PyResult<Option<Value>> {
    let Some(f) = find(vm, name) else {
        return Ok(None);
    };
    let code = code(vm, &f)?;
    let module: Ref<Module> = vm.new_module(f.name, None)?;
    let Some(dict) = module.dict.get() else {
        return Ok(None);
    };
    if let Some(b) = vm.interp().builtins.get() {
        dict.set_str(vm, &vm.names().__builtins__, b.as_value().clone())?;
    }
    if f.package {
        dict.set_str(
            vm,
            &vm.names().__path__,
            vm.new_list(Vec::new())?.into_value(),
        )?;
    }
    let orig = match f.origname {
        Some(o) => vm.new_str(o)?.into_value(),
        None => vm.none(),
    };
    dict.set_named(vm, "__origname__", orig)?;
    if let Some(modules) = vm.interp().modules.get() {
        modules.set(vm, name.as_value(), module.as_value().clone())?;
    }
    crate::builtin_functions::eval_code(vm, &code, &dict, dict.as_value(), None)?;
    Ok(Some(module.into_value()))
}
