//! Evaluating operators on constants, as Python would at run time. `None` means that the operation is left for run time:
//! because it raises, or because its result would be too large to be worth keeping.

mod complex;
mod number;
mod sequence;

use dashu_int::IBig;
use number::Number;
use taipan_bytecode::Constant;
use taipan_bytecode::opcode::BinaryOp;

/// A unary operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum UnaryOp {
    Negative,
    Positive,
    Invert,
    Not,
}

/// `bool(constant)`.
pub(crate) fn is_true(constant: &Constant) -> bool {
    match constant {
        Constant::None | Constant::False => false,
        Constant::True
        | Constant::Ellipsis
        | Constant::StopIteration
        | Constant::Slice(_)
        | Constant::Code(_) => true,
        Constant::Int(value) => **value != IBig::ZERO,
        Constant::Float(value) => **value != 0.0,
        Constant::Complex(value) => value.0 != 0.0 || value.1 != 0.0,
        Constant::Str(text) => !text.text.is_empty(),
        Constant::Bytes(bytes) => !bytes.is_empty(),
        Constant::Tuple(items)
        | Constant::List(items)
        | Constant::Set(items)
        | Constant::FrozenSet(items) => !items.is_empty(),
        Constant::Dict(items) => !items.is_empty(),
    }
}

/// Python's `a == b or a is b`, which tells what a set holds once.
pub(crate) fn equal(a: &Constant, b: &Constant) -> bool {
    match (a, b) {
        (Constant::Tuple(a), Constant::Tuple(b)) => {
            a.len() == b.len() && a.iter().zip(b.iter()).all(|(a, b)| equal(a, b))
        }
        (Constant::FrozenSet(a), Constant::FrozenSet(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|item| b.iter().any(|other| equal(item, other)))
        }
        _ => match (Number::of(a), Number::of(b)) {
            // Constants that are the same object are equal even where the numbers are not (NaN).
            (Some(x), Some(y)) => x.equals(&y) || a == b,
            _ => a == b,
        },
    }
}

/// A unary operator's result.
pub(crate) fn unary(op: UnaryOp, operand: &Constant) -> Option<Constant> {
    if op == UnaryOp::Not {
        return Some(Constant::bool(!is_true(operand)));
    }
    // `~True` is deprecated, and the warning belongs to run time.
    if op == UnaryOp::Invert && matches!(operand, Constant::True | Constant::False) {
        return None;
    }
    Number::of(operand)?.unary(op)
}

/// A binary operator's result, within the limits that CPython sets to folding.
pub(crate) fn binary(op: BinaryOp, left: &Constant, right: &Constant) -> Option<Constant> {
    if op == BinaryOp::Subscr {
        return sequence::item(left, right);
    }
    match (Number::of(left), Number::of(right)) {
        (Some(a), Some(b)) => number::binary(op, left, a, right, b),
        (None, None) if op == BinaryOp::Add => sequence::concatenate(left, right),
        (Some(Number::Int(count)), None) if op == BinaryOp::Multiply => {
            sequence::repeat(right, &count)
        }
        (None, Some(Number::Int(count))) if op == BinaryOp::Multiply => {
            sequence::repeat(left, &count)
        }
        _ => None,
    }
}
