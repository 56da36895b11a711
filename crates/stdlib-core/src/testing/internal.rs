//! `_testinternalcapi`: what the standard test suite asks about the interpreter's inside.

use taipan_macros::pyfunctions;
use taipan_object::slotdefs::SLOT_DEFS;
use taipan_object::{Module, ModuleSpec, PyResult, Ref, TypeObject, Value, Vm};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_testinternalcapi",
    doc: None,
    functions: &[functions::FUNCTIONS],
    types: &[],
    exec: Some(exec),
};

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    let Some(d) = module.dict.get() else {
        return Ok(());
    };
    for (name, n) in [
        // As `sys.getsizeof` counts it for objects that the collector watches.
        ("SIZEOF_PYGC_HEAD", 16),
        // Runs of a function after which its instructions are specialized, and more.
        ("SPECIALIZATION_THRESHOLD", 100),
        ("SPECIALIZATION_COOLDOWN", 100),
        ("SIZEOF_MANAGED_PRE_HEADER", 0),
        ("SIZEOF_PYOBJECT", 16),
        ("SIZEOF_TIME_T", 8),
    ] {
        d.set_named(vm, name, Value::from_i32(n))?;
    }
    Ok(())
}

fn native_types(ty: &Ref<TypeObject>, into: &mut Vec<Value>) {
    if ty.is_heap() || into.iter().any(|v| v.is(ty.as_value())) {
        return;
    }
    into.push(ty.as_value().clone());
    for s in ty.living_subclasses() {
        native_types(&s, into);
    }
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Whether the attributes of an instance lie in it.
    #[pyfunction(params = "($module, obj, /)")]
    fn has_inline_values(vm: &Vm, obj: &Value) -> bool {
        vm.type_of(obj).payload.inline_cap() != 0 && obj.header().is_some_and(|h| h.shape() != 0)
    }

    /// How deeply Python calls are nested.
    #[pyfunction(params = "($module, /)")]
    fn get_recursion_depth(vm: &Vm) -> i32 {
        vm.interp().recursion_limit.get() - vm.recursion_remaining.get()
    }

    /// The types that are made of declarations in the interpreter.
    #[pyfunction(params = "($module, /)")]
    fn get_static_builtin_types(vm: &Vm) -> Vec<Value> {
        let mut all = Vec::new();
        native_types(&vm.types().object, &mut all);
        all
    }

    /// The names of the methods that stand for slots.
    #[pyfunction(params = "($module, /)")]
    fn identify_type_slot_wrappers(vm: &Vm) -> PyResult<Vec<Value>> {
        SLOT_DEFS
            .iter()
            .filter(|e| e.wrap.is_some())
            .map(|e| Ok(vm.new_str(e.name)?.into_value()))
            .collect()
    }
}
