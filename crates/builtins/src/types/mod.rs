//! `type`, `object`, and the singletons' types.

pub mod assign;
pub mod layout;
pub mod module;
pub mod mro;
pub mod namespace;
pub mod object;
pub mod singletons;
pub mod type_attrs;
pub mod type_new;
pub mod type_object;

mod reduce;

use crate::Family;

/// This folder's types.
pub const FAMILY: Family = Family {
    core: &[
        (|vm| &vm.types().object, &object::OBJECT),
        (|vm| &vm.types().type_, &type_object::TYPE),
        (|vm| &vm.types().none_type, &singletons::NONE_TYPE),
        (|vm| &vm.types().ellipsis_type, &singletons::ELLIPSIS_TYPE),
        (
            |vm| &vm.types().not_implemented_type,
            &singletons::NOT_IMPLEMENTED_TYPE,
        ),
    ],
    types: &[&namespace::SIMPLE_NAMESPACE],
    init: None,
};
