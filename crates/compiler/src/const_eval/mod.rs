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

#[cfg(test)]
mod tests {
    use super::*;
    use std::rc::Rc;

    fn slice(start: Constant, stop: Constant, step: Constant) -> Constant {
        Constant::Slice(Rc::new([start, stop, step]))
    }

    #[test]
    fn numbers() {
        let (int, float) = (|value: i64| Constant::int(value), Constant::float);
        for (op, left, right, expected) in [
            (BinaryOp::FloorDivide, int(-7), int(2), Some(int(-4))),
            (BinaryOp::Remainder, int(-7), int(2), Some(int(1))),
            (BinaryOp::Remainder, float(-7.0), int(2), Some(float(1.0))),
            (
                BinaryOp::FloorDivide,
                float(-0.5),
                float(1.0),
                Some(float(-1.0)),
            ),
            (BinaryOp::TrueDivide, int(1), int(3), Some(float(1.0 / 3.0))),
            (BinaryOp::TrueDivide, int(1), int(0), None),
            (BinaryOp::Rshift, int(-1), int(1000), Some(int(-1))),
            (BinaryOp::Lshift, int(1), int(128), None),
            (BinaryOp::Power, int(2), int(-1), Some(float(0.5))),
            (
                BinaryOp::Power,
                int(2),
                int(64),
                Some(Constant::int(1u128 << 64)),
            ),
            (BinaryOp::Power, int(2), int(65), None),
            (BinaryOp::Power, float(1e300), int(2), None),
            (
                BinaryOp::And,
                Constant::True,
                Constant::False,
                Some(Constant::False),
            ),
            (BinaryOp::Add, Constant::True, Constant::True, Some(int(2))),
            (
                BinaryOp::Subtract,
                int(1),
                Constant::complex(0.0, 2.0),
                Some(Constant::complex(1.0, -2.0)),
            ),
            (BinaryOp::Add, Constant::None, int(1), None),
        ] {
            assert_eq!(
                binary(op, &left, &right),
                expected,
                "{left:?} {op:?} {right:?}"
            );
        }
        let huge = Constant::Int(Rc::new(IBig::from(10).pow(400)));
        assert_eq!(binary(BinaryOp::TrueDivide, &huge, &huge), Some(float(1.0)));
        assert_eq!(binary(BinaryOp::TrueDivide, &huge, &int(3)), None);
        assert_eq!(
            binary(BinaryOp::TrueDivide, &int(3), &huge),
            Some(float(0.0))
        );
        assert_eq!(unary(UnaryOp::Invert, &Constant::True), None);
        assert_eq!(unary(UnaryOp::Negative, &float(0.0)), Some(float(-0.0)));
    }

    #[test]
    fn sequences() {
        let text = Constant::str("añb");
        let (int, none) = (|value: i64| Constant::int(value), Constant::None);
        let item = |subscript: Constant| binary(BinaryOp::Subscr, &text, &subscript);
        assert_eq!(item(int(-2)), Some(Constant::str("ñ")));
        assert_eq!(item(int(3)), None);
        assert_eq!(
            item(slice(none.clone(), none.clone(), int(-1))),
            Some(Constant::str("bña"))
        );
        assert_eq!(
            item(slice(int(1), int(i64::MAX), none.clone())),
            Some(Constant::str("ñb"))
        );
        assert_eq!(item(slice(none.clone(), none.clone(), int(0))), None);
        let times = |count: i64| binary(BinaryOp::Multiply, &text, &int(count));
        assert_eq!(times(2), Some(Constant::str("añbañb")));
        assert_eq!(times(-1), None);
        assert_eq!(times(4000), None);
    }

    #[test]
    fn sets_hold_equal_things_once() {
        assert!(equal(&Constant::True, &Constant::float(1.0)));
        assert!(!equal(
            &Constant::int((1i64 << 53) + 1),
            &Constant::float(9007199254740992.0)
        ));
        assert!(equal(
            &Constant::tuple(vec![Constant::int(0)]),
            &Constant::tuple(vec![Constant::False])
        ));
    }
}
