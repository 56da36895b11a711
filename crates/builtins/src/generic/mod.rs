//! Types as values: `types.GenericAlias` (`list[int]`) and `typing.Union` (`int | str`).

pub mod alias;
pub mod params;
pub mod union;

use taipan_object::{PyResult, Str, Value, Vm};

use crate::Family;

/// This folder's types.
pub const FAMILY: Family = Family {
    core: &[],
    types: &[
        &alias::GENERIC_ALIAS,
        &alias::GENERIC_ALIAS_ITERATOR,
        &union::UNION,
    ],
    init: None,
};

/// How a type shows itself within another (`_Py_typing_type_repr`).
pub fn type_repr(vm: &Vm, v: &Value) -> PyResult<String> {
    let n = vm.names();
    if v.is(&vm.ellipsis()) {
        return Ok("...".to_owned());
    }
    if v.is(vm.types().none_type.as_value()) {
        return Ok("None".to_owned());
    }
    let is_alias =
        vm.getattr_opt(v, &n.__origin__)?.is_some() && vm.getattr_str_opt(v, "__args__")?.is_some();
    if !is_alias
        && let Some(qualname) = vm.getattr_opt(v, &n.__qualname__)?
        && let Some(module) = vm.getattr_opt(v, &n.__module__)?
        && !vm.is_none(&module)
    {
        let qualname = vm.str(&qualname)?;
        let in_builtins = module
            .downcast_ref::<Str>()
            .is_some_and(|m| m.eq_str("builtins"));
        return Ok(if in_builtins {
            qualname.to_string_lossy().into_owned()
        } else {
            let module = vm.str(&module)?;
            format!(
                "{}.{}",
                module.to_string_lossy(),
                qualname.to_string_lossy()
            )
        });
    }
    vm.repr_string(v)
}
