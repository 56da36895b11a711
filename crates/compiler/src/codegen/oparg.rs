//! Operands whose bits carry more than a number or an index.

use taipan_ast::Operator;
use taipan_bytecode::opcode::BinaryOp;

// COMPARE_OP: the operator stands above bit 4 (bit 4 asks for a bool and is the optimizer's); the low four bits say
// which outcomes of a comparison count as true, for the specialized forms.
const LESS: u32 = 2;
const GREATER: u32 = 4;
const EQUAL: u32 = 8;
const UNORDERED: u32 = 1;

pub(crate) const COMPARE_LT: u32 = LESS;
pub(crate) const COMPARE_LE: u32 = 1 << 5 | LESS | EQUAL;
pub(crate) const COMPARE_EQ: u32 = 2 << 5 | EQUAL;
pub(crate) const COMPARE_NE: u32 = 3 << 5 | UNORDERED | LESS | GREATER;
pub(crate) const COMPARE_GT: u32 = 4 << 5 | GREATER;
pub(crate) const COMPARE_GE: u32 = 5 << 5 | GREATER | EQUAL;

/// BINARY_OP for `a[b]`.
pub(crate) const NB_SUBSCR: u32 = BinaryOp::Subscr as u32;

// RESUME: where a frame goes on.
pub(crate) const RESUME_AT_FUNC_START: u32 = 0;
pub(crate) const RESUME_AFTER_YIELD: u32 = 1;
pub(crate) const RESUME_AFTER_YIELD_FROM: u32 = 2;
pub(crate) const RESUME_AFTER_AWAIT: u32 = 3;

// SET_FUNCTION_ATTRIBUTE, and the flags of what a new function has.
pub(crate) const MAKE_FUNCTION_DEFAULTS: u32 = 1;
pub(crate) const MAKE_FUNCTION_KWDEFAULTS: u32 = 2;
pub(crate) const MAKE_FUNCTION_ANNOTATIONS: u32 = 4;
pub(crate) const MAKE_FUNCTION_CLOSURE: u32 = 8;
pub(crate) const MAKE_FUNCTION_ANNOTATE: u32 = 16;

/// The operand of UNPACK_EX for a star with `before` targets before it and `after` behind it, if they fit.
pub(crate) fn unpack_ex(before: usize, after: usize) -> Option<u32> {
    if before >= 1 << 8 || after >= (i32::MAX as usize) >> 8 {
        return None;
    }
    u32::try_from(before + (after << 8)).ok()
}

/// The operand of CONVERT_VALUE for the conversion character `conversion`.
pub(crate) fn conversion(conversion: i32) -> Option<u32> {
    match u8::try_from(conversion).ok()? {
        b's' => Some(1),
        b'r' => Some(2),
        b'a' => Some(3),
        _ => None,
    }
}

/// The operand of BINARY_OP.
pub(crate) fn binary_op(op: Operator, inplace: bool) -> u32 {
    let (plain, in_place) = match op {
        Operator::Add => (BinaryOp::Add, BinaryOp::InplaceAdd),
        Operator::Sub => (BinaryOp::Subtract, BinaryOp::InplaceSubtract),
        Operator::Mult => (BinaryOp::Multiply, BinaryOp::InplaceMultiply),
        Operator::MatMult => (BinaryOp::MatrixMultiply, BinaryOp::InplaceMatrixMultiply),
        Operator::Div => (BinaryOp::TrueDivide, BinaryOp::InplaceTrueDivide),
        Operator::Mod => (BinaryOp::Remainder, BinaryOp::InplaceRemainder),
        Operator::Pow => (BinaryOp::Power, BinaryOp::InplacePower),
        Operator::LShift => (BinaryOp::Lshift, BinaryOp::InplaceLshift),
        Operator::RShift => (BinaryOp::Rshift, BinaryOp::InplaceRshift),
        Operator::BitOr => (BinaryOp::Or, BinaryOp::InplaceOr),
        Operator::BitXor => (BinaryOp::Xor, BinaryOp::InplaceXor),
        Operator::BitAnd => (BinaryOp::And, BinaryOp::InplaceAnd),
        Operator::FloorDiv => (BinaryOp::FloorDivide, BinaryOp::InplaceFloorDivide),
    };
    if inplace {
        in_place as u32
    } else {
        plain as u32
    }
}
