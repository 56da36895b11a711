//! Functions, methods and descriptors: what binds to an instance or computes an attribute.

pub mod getset;
pub mod mapping_proxy;
pub mod method;
pub mod native;
pub mod union;
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
    ],
    types: &[&mapping_proxy::MAPPING_PROXY],
    init: None,
};
