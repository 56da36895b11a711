//! `_collections`: a file for each type.

mod default_dict;
mod deque;
mod deque_iter;
mod ordered_dict;
mod ordered_views;
mod tuple_getter;

pub use default_dict::DefaultDict;
pub use deque::Deque;
pub use ordered_dict::OrderedDict;

use taipan_macros::pyfunctions;
use taipan_object::{Dict, Module, ModuleSpec, PyResult, Ref, Value, Vm};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_collections",
    doc: Some(
        "High performance data structures.\n- deque:        ordered collection accessible from endpoints only\n- defaultdict:  dict subclass with a default value factory\n",
    ),
    functions: &[functions::FUNCTIONS],
    types: &[
        &deque::DEQUE,
        &default_dict::DEFAULT_DICT,
        &ordered_dict::ORDERED_DICT,
        &deque_iter::DEQUE_ITER,
        &deque_iter::DEQUE_REVERSE_ITER,
        &tuple_getter::TUPLE_GETTER,
    ],
    exec: Some(exec),
};

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    let _ = module;
    for spec in [
        &ordered_views::ODICT_ITER,
        &ordered_views::ODICT_KEYS,
        &ordered_views::ODICT_VALUES,
        &ordered_views::ODICT_ITEMS,
    ] {
        vm.make_type(spec)?;
    }
    Ok(())
}

/// Whether counting may go to the table: the mapping is a dict that changes neither `get` nor `__setitem__`.
fn counts_in_table<'a>(vm: &Vm, mapping: &'a Value) -> PyResult<Option<&'a Ref<Dict>>> {
    let Some(dict) = mapping.downcast_ref::<Dict>() else {
        return Ok(None);
    };
    if mapping.downcast_ref::<OrderedDict>().is_some() {
        return Ok(None);
    }
    let (ty, base) = (vm.type_of(mapping), &vm.types().dict);
    if std::ptr::eq(ty, base.object()) {
        return Ok(Some(dict));
    }
    let names = vm.names();
    for name in [&names.get, &names.__setitem__] {
        match (vm.lookup(&ty.payload, name), vm.lookup(base, name)) {
            (Some(a), Some(b)) if a.is(&b) => {}
            _ => return Ok(None),
        }
    }
    Ok(Some(dict))
}

fn count_in_table(vm: &Vm, dict: &Dict, it: &Value) -> PyResult<()> {
    let one = Value::from_i32(1);
    while let Some(key) = vm.next(it)? {
        let hash = vm.hash_dict_key(&key)?;
        let Some(i) = dict.find(vm, &key, hash)? else {
            dict.set_with_hash(vm, &key, hash, one.clone())?;
            continue;
        };
        let old = dict.value_at(i).unwrap_or_else(|| vm.none());
        if let Some(new) = old.as_small_int().and_then(|n| Value::small_int(n + 1)) {
            drop(dict.set_value_at(i, new));
        } else {
            let new = vm.binary_op(taipan_object::BinaryOp::Add, &old, &one)?;
            dict.set_with_hash(vm, &key, hash, new)?;
        }
    }
    Ok(())
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Count elements in the iterable, updating the mapping
    #[pyfunction(sig = "($module, mapping, iterable, /)")]
    fn _count_elements(vm: &Vm, mapping: &Value, iterable: &Value) -> PyResult<()> {
        let it = vm.iter(iterable)?;
        if let Some(dict) = counts_in_table(vm, mapping)? {
            return count_in_table(vm, dict, &it);
        }
        let get = vm.getattr(mapping, &vm.names().get)?;
        let (zero, one) = (Value::from_i32(0), Value::from_i32(1));
        while let Some(key) = vm.next(&it)? {
            let old = vm.call_pos(&get, &[key.clone(), zero.clone()])?;
            let new = vm.binary_op(taipan_object::BinaryOp::Add, &old, &one)?;
            vm.setitem(mapping, &key, &new)?;
        }
        Ok(())
    }
}
