//! Weak references: `weakref.ref`, the proxies, and module `_weakref`.

pub mod module;
pub mod proxy;
pub mod reference;

use crate::Family;

/// This folder's types.
pub const FAMILY: Family = Family {
    core: &[(|vm| &vm.types().weakref, &reference::REFERENCE_TYPE)],
    types: &[&proxy::PROXY_TYPE, &proxy::CALLABLE_PROXY_TYPE],
    init: None,
};
