//! Module `_types`: the types that module `types` names. Those of the interpreter (functions, code, frames, generators)
//! are added by the crate that makes them, with [`add_type`].

use std::cell::RefCell;

use taipan_object::generic::{GenericAlias, Union};
use taipan_object::{ModuleSpec, PyResult, TypeRef, Vm};

use super::namespace::Namespace;
use crate::descriptors::mapping_proxy::MappingProxy;

/// Types that other crates have put into the module.
#[derive(Default)]
struct Added {
    types: RefCell<Vec<(&'static str, TypeRef)>>,
}

/// Puts a type into module `_types` when it is imported.
pub fn add_type(vm: &Vm, name: &'static str, ty: &TypeRef) {
    vm.state::<Added>()
        .types
        .borrow_mut()
        .push((name, ty.clone()));
}

fn own_types(vm: &Vm) -> PyResult<Vec<(&'static str, TypeRef)>> {
    let t = vm.types();
    let one = |t: &TypeRef| t.clone();
    Ok(vec![
        ("BuiltinFunctionType", one(&t.native_function)),
        ("BuiltinMethodType", one(&t.native_function)),
        ("CellType", one(&t.cell)),
        ("ClassMethodDescriptorType", one(&t.classmethod_descriptor)),
        ("EllipsisType", one(&t.ellipsis_type)),
        ("GenericAlias", vm.class::<GenericAlias>()?),
        ("GetSetDescriptorType", one(&t.getset_descriptor)),
        ("MappingProxyType", vm.class::<MappingProxy>()?),
        ("MemberDescriptorType", one(&t.member_descriptor)),
        ("MethodDescriptorType", one(&t.method_descriptor)),
        ("MethodType", one(&t.method)),
        ("MethodWrapperType", one(&t.method_wrapper)),
        ("ModuleType", one(&t.module)),
        ("NoneType", one(&t.none_type)),
        ("NotImplementedType", one(&t.not_implemented_type)),
        ("SimpleNamespace", vm.class::<Namespace>()?),
        ("UnionType", vm.class::<Union>()?),
        ("WrapperDescriptorType", one(&t.wrapper_descriptor)),
    ])
}

/// Module `_types`.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_types",
    doc: Some("Define names for built-in types."),
    functions: &[],
    types: &[],
    exec: Some(|vm, module| {
        let Some(dict) = module.dict.get() else {
            return Ok(());
        };
        let added = vm.state::<Added>().types.borrow().clone();
        for (name, ty) in own_types(vm)?.into_iter().chain(added) {
            dict.set_named(vm, name, ty.into_value())?;
        }
        Ok(())
    }),
};
