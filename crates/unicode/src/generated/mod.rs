//! Tables written by `cargo xtask gen`; the readers are the modules above.

pub(crate) mod case;
pub(crate) mod decomp;
pub(crate) mod names;
pub(crate) mod props;
