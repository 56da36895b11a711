//! Frozen modules: those whose code is in the executable.

use taipan_object::{Module, PyResult, Ref, Str, Value, Vm};

use crate::code::{Code, new_code};
use crate::compile::{Options, compile_text};
use crate::config::{Frozen, FrozenCode, config};

/// The frozen module of a name.
pub fn find(vm: &Vm, name: &Str) -> Option<&'static Frozen> {
    config(vm).frozen.get().iter().find(|f| name.eq_str(f.name))
}

/// The code of a frozen module.
pub fn code(vm: &Vm, f: &Frozen) -> PyResult<Ref<Code>> {
    match f.code {
        FrozenCode::Marshal(data) => load(vm, data),
        FrozenCode::Source(get) => {
            let text = get().and_then(|b| String::from_utf8(b).ok());
            let Some(text) = text else {
                return Err(vm.raise_new(
                    &vm.exc().ImportError,
                    &format!("Excluded frozen object named '{}'", f.name),
                ));
            };
            let filename = vm.new_str(&format!("<frozen {}>", f.origname.unwrap_or(f.name)))?;
            Ok(compile_text(vm, &text, &filename, &Options::exec())?.0)
        }
    }
}

/// Code from marshal data that our own compiler wrote.
fn load(vm: &Vm, data: &[u8]) -> PyResult<Ref<Code>> {
    let mut input = data;
    match taipan_bytecode::marshal::load_code(&mut input) {
        Ok(loaded) => new_code(vm, loaded.value),
        Err(_) => Err(vm.raise_new(&vm.exc().ImportError, "Frozen object is invalid")),
    }
}

/// Makes and runs a frozen module; `None` when there is none of that name.
pub fn init_frozen(vm: &Vm, name: &Ref<Str>) -> PyResult<Option<Value>> {
    let Some(f) = find(vm, name) else {
        return Ok(None);
    };
    let code = code(vm, f)?;
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
    let orig = vm.new_str(f.origname.unwrap_or(f.name))?.into_value();
    dict.set_named(vm, "__origname__", orig)?;
    if let Some(modules) = vm.interp().modules.get() {
        modules.set(vm, name.as_value(), module.as_value().clone())?;
    }
    crate::builtin_functions::eval_code(vm, &code, &dict, dict.as_value(), None)?;
    Ok(Some(module.into_value()))
}
