//! `tuple`.

use crate::Family;

/// This folder's types.
pub const FAMILY: Family = Family {
    core: &[],
    types: &[],
    init: None,
};
