//! The slots that `#[pyslot]` knows: what their functions are given and what they give.
//! The function types themselves are in the object crate's `class.rs`.

/// What the function's result becomes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Gives {
    /// A Python object, through `IntoPy`.
    Object,
    /// The Rust type that the slot says.
    Plain,
    /// The next item or nothing.
    Item,
}

/// The shape of a slot's function.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Parameters after `vm`, the receiver included.
    pub parameters: usize,
    /// Whether the first is always an instance of the class; else it may be anything.
    pub receiver: bool,
    /// The result.
    pub gives: Gives,
}

/// The shape of slot `name`, `None` when there is no such slot.
pub fn shape(name: &str) -> Option<Shape> {
    use Gives::{Item, Object, Plain};
    let of = |parameters, gives| {
        Some(Shape {
            parameters,
            receiver: true,
            gives,
        })
    };
    let operands = |parameters| {
        Some(Shape {
            parameters,
            receiver: false,
            gives: Object,
        })
    };
    match name {
        "tp_repr" | "tp_str" | "tp_iter" | "nb_negative" | "nb_positive" | "nb_absolute"
        | "nb_invert" | "nb_int" | "nb_float" | "nb_index" | "am_await" | "am_aiter"
        | "am_anext" => of(1, Object),
        "tp_hash" | "nb_bool" | "mp_length" | "sq_length" | "tp_finalize" => of(1, Plain),
        "tp_iternext" => of(1, Item),
        "tp_call" | "tp_new" | "tp_getattro" | "mp_subscript" | "sq_concat" | "sq_repeat"
        | "sq_item" | "sq_inplace_concat" | "sq_inplace_repeat" => of(2, Object),
        "tp_init" | "sq_contains" | "am_send" => of(2, Plain),
        "tp_richcompare" | "tp_descr_get" => of(3, Object),
        "tp_setattro" | "tp_descr_set" | "mp_ass_subscript" | "sq_ass_item" => of(3, Plain),
        "nb_power" => operands(3),
        "nb_inplace_power" => of(3, Object),
        "nb_add" | "nb_subtract" | "nb_multiply" | "nb_remainder" | "nb_divmod" | "nb_lshift"
        | "nb_rshift" | "nb_and" | "nb_xor" | "nb_or" | "nb_floor_divide" | "nb_true_divide"
        | "nb_matrix_multiply" => operands(2),
        name if name.starts_with("nb_inplace_") => of(2, Object),
        _ => None,
    }
}
