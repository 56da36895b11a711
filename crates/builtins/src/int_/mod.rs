//! `int`. Its payload and small-int representation are in `taipan_object::containers::number`.

pub mod arith;
pub mod methods;
pub mod text;

use taipan_object::{Int, Payload, TypeSpec};

use crate::Family;

pub use arith::{
    compare_int_float, compare_ints, int_add, int_and, int_divmod, int_floordiv, int_lshift,
    int_mod, int_mul, int_or, int_power, int_rshift, int_sub, int_truediv, int_xor,
};

static INT: TypeSpec = TypeSpec {
    doc: Some(
        "int([x]) -> integer\nint(x, base=10) -> integer\n\nA number without fractional part, of any size; from a number, or from text in a base.",
    ),
    parts: &[&methods::METHODS, &methods::OPERATORS],
    ..TypeSpec::new("int", "builtins", <Int as Payload>::layout)
};

/// This folder's types.
pub const FAMILY: Family = Family {
    core: &[(|vm| &vm.types().int, &INT)],
    types: &[],
    init: None,
};
