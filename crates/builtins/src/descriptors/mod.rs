//! Functions, methods and descriptors: what binds to an instance or computes an attribute.

pub mod getset;
pub mod mapping_proxy;
pub mod method;
pub mod module_;
pub mod native;
pub mod property;
pub mod static_class;
pub mod super_;
pub mod wrapper;

use crate::Family;

/// This folder's types.
pub const FAMILY: Family = Family {
    core: &[
        (|vm| &vm.types().native_function, &native::NATIVE_FUNCTION),
        (
            |vm| &vm.types().method_descriptor,
            &native::METHOD_DESCRIPTOR,
        ),
        (
            |vm| &vm.types().classmethod_descriptor,
            &native::CLASSMETHOD_DESCRIPTOR,
        ),
        (
            |vm| &vm.types().getset_descriptor,
            &getset::GETSET_DESCRIPTOR,
        ),
        (
            |vm| &vm.types().member_descriptor,
            &getset::MEMBER_DESCRIPTOR,
        ),
        (
            |vm| &vm.types().wrapper_descriptor,
            &wrapper::WRAPPER_DESCRIPTOR,
        ),
        (|vm| &vm.types().method_wrapper, &wrapper::METHOD_WRAPPER),
        (|vm| &vm.types().method, &method::METHOD),
        (|vm| &vm.types().cell, &method::CELL),
        (|vm| &vm.types().static_method, &static_class::STATIC_METHOD),
        (|vm| &vm.types().class_method, &static_class::CLASS_METHOD),
        (|vm| &vm.types().module, &module_::MODULE),
    ],
    types: &[
        &mapping_proxy::MAPPING_PROXY,
        &property::PROPERTY,
        &super_::SUPER,
    ],
    init: None,
};
