//! Iterators over other objects: `enumerate`, `zip`, `map`, `filter`, `reversed` and the nameless ones.

use crate::Family;

/// This folder's types.
pub const FAMILY: Family = Family {
    core: &[],
    types: &[],
    init: None,
};
