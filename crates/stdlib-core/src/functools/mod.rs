//! `_functools`: a file for each type; `reduce` is here.

mod cmp_to_key;
mod lru_cache;
mod lru_table;
mod partial;

use taipan_macros::pyfunctions;
use taipan_object::{Module, ModuleSpec, PyResult, Ref, Value, Vm};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_functools",
    doc: Some("Tools that operate on functions."),
    functions: &[functions::FUNCTIONS],
    types: &[
        &partial::PLACEHOLDER_TYPE,
        &partial::PARTIAL,
        &lru_cache::LRU_CACHE,
    ],
    exec: Some(exec),
};

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    vm.make_type(&cmp_to_key::KEY_WRAPPER)?;
    let placeholder = partial::placeholder(vm)?;
    match module.dict.get() {
        Some(dict) => dict.set_named(vm, "Placeholder", placeholder),
        None => Ok(()),
    }
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Apply a function of two arguments cumulatively to the items of an iterable, from left to right.
    ///
    /// This effectively reduces the iterable to a single value.  If initial is
    /// present, it is placed before the items of the iterable in the
    /// calculation, and serves as a default when the iterable is empty.
    ///
    /// For example, reduce(lambda x, y: x+y, [1, 2, 3, 4, 5])
    /// calculates ((((1 + 2) + 3) + 4) + 5).
    #[pyfunction(sig = "($module, function, iterable, /, initial=<unrepresentable>)")]
    fn reduce(vm: &Vm, function: &Value, iterable: &Value, initial: Option<&Value>) -> PyResult {
        let it = match vm.iter(iterable) {
            Ok(it) => it,
            Err(r) => {
                drop(vm.catch(r, &vm.exc().TypeError)?);
                return Err(vm.type_error("reduce() arg 2 must support iteration"));
            }
        };
        let first = match initial {
            Some(v) => Some(v.clone()),
            None => vm.next(&it)?,
        };
        let Some(mut result) = first else {
            return Err(vm.type_error("reduce() of empty iterable with no initial value"));
        };
        while let Some(v) = vm.next(&it)? {
            result = vm.call_pos(function, &[result, v])?;
        }
        Ok(result)
    }

    /// Convert a cmp= function into a key= function.
    ///
    ///   mycmp
    ///     Function that compares two objects.
    #[pyfunction(sig = "($module, /, mycmp)")]
    fn cmp_to_key(vm: &Vm, mycmp: Value) -> PyResult {
        cmp_to_key::wrapper(vm, mycmp)
    }
}
