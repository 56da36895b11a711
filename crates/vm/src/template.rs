//! Template strings (PEP 750): what BUILD_TEMPLATE and BUILD_INTERPOLATION make. The types are in `taipan-builtins`.

pub(crate) use taipan_builtins::template::{new_interpolation, new_template};
