//! `type`, `object`, and the singletons' types.

use crate::Family;

/// This folder's types.
pub const FAMILY: Family = Family {
    core: &[],
    types: &[],
    init: None,
};
