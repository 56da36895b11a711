//! Functions, methods and descriptors: what binds to an instance or computes an attribute.

use crate::Family;

/// This folder's types.
pub const FAMILY: Family = Family {
    core: &[],
    types: &[],
    init: None,
};
