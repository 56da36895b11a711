//! The dict of module `builtins`: the builtin types and constants under their names. Its functions come from `taipan-vm`
//! and from other crates as `NativeDef`s.

use taipan_object::{Module, ModuleSpec, PyResult, Ref, Value, Vm};

use crate::FAMILIES;

/// The types that module `builtins` shows, in its order.
pub const BUILTIN_NAMES: &[&str] = &[
    "bool",
    "memoryview",
    "bytearray",
    "bytes",
    "classmethod",
    "complex",
    "dict",
    "enumerate",
    "filter",
    "float",
    "frozenset",
    "property",
    "int",
    "list",
    "map",
    "object",
    "range",
    "reversed",
    "set",
    "slice",
    "staticmethod",
    "str",
    "super",
    "tuple",
    "type",
    "zip",
];

/// Makes module `builtins` from the declaration of its functions, with constants, types and exceptions in it, and makes its
/// dict the interpreter's builtins.
pub fn builtins_module(vm: &Vm, spec: &'static ModuleSpec) -> PyResult<Ref<Module>> {
    let module = vm.make_native_module(spec)?;
    let Some(dict) = module.dict.get() else {
        return Ok(module);
    };
    let constants: [(&str, Value); 5] = [
        ("None", vm.none()),
        ("Ellipsis", vm.ellipsis()),
        ("NotImplemented", vm.not_implemented()),
        ("False", vm.bool(false)),
        ("True", vm.bool(true)),
    ];
    for (name, value) in constants {
        dict.set_named(vm, name, value)?;
    }
    let mut types = vm.types().all();
    for spec in FAMILIES.iter().flat_map(|f| f.types) {
        if spec.module == "builtins" {
            types.push(vm.make_type(spec)?);
        }
    }
    for name in BUILTIN_NAMES {
        if let Some(t) = types
            .iter()
            .find(|t| t.name.get().to_string_lossy() == *name)
        {
            dict.set_named(vm, name, t.as_value().clone())?;
        }
    }
    dict.set_named(vm, "__debug__", vm.bool(true))?;
    for t in vm.exc().all() {
        let name = t.name.get();
        dict.set_str(vm, &name, t.into_value())?;
    }
    for alias in ["EnvironmentError", "IOError"] {
        dict.set_named(vm, alias, vm.exc().OSError.as_value().clone())?;
    }
    // A second call (a subinterpreter's re-import) keeps the first dict.
    drop(vm.interp().builtins.set(dict));
    Ok(module)
}
