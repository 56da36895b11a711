//! The Unicode Character Database 16.0.0 as CPython 3.14 uses it, over code points as `u32`.
//!
//! Properties and predicates are in [`props`], case mappings in [`case`], normalization in [`normalize`], names in
//! [`names`]. The tables come from `spec/unicode` through `cargo xtask gen`. Functions take any `u32`; what is no
//! code point has the properties of an unassigned one.

pub mod case;
mod generated;
pub mod names;
pub mod normalize;
pub mod props;
pub mod repr;
pub mod strings;

pub use case::{Mapping, fold, lower, title, upper};
pub use normalize::{Form, is_normalized, normalize};
pub use props::*;

/// Version of the database, as `unicodedata.unidata_version` gives it.
pub const UNIDATA_VERSION: &str = "16.0.0";
