//! What the passes ask of opcodes, as sets of bits: one look into a table for each instruction, and one for a block whose
//! instructions' bits have been joined, which spares most passes most blocks.

use taipan_bytecode::CompilerOpcode as Op;
use taipan_bytecode::opcode::flags;

/// Its operand is a label: a jump, or a SETUP_*.
pub(crate) const TARGET: u16 = 1;
/// A block ends after it: a jump or an exit.
pub(crate) const TERMINATOR: u16 = 1 << 1;
/// It opens a block that a handler protects.
pub(crate) const PUSH: u16 = 1 << 2;
/// POP_BLOCK.
pub(crate) const POP: u16 = 1 << 3;
/// The peephole optimizer has a rule for it.
pub(crate) const REWRITTEN: u16 = 1 << 4;
/// It tests the constant that may have been pushed before it.
pub(crate) const TEST: u16 = 1 << 5;
/// It loads, stores or deletes a fast local, or becomes such a load.
pub(crate) const FAST: u16 = 1 << 6;
/// Lowering changes it.
pub(crate) const LOWERED: u16 = 1 << 7;
/// POP_TOP.
pub(crate) const POP_TOP: u16 = 1 << 8;
/// ANNOTATIONS_PLACEHOLDER.
pub(crate) const PLACEHOLDER: u16 = 1 << 9;
/// It may unbind a fast local.
pub(crate) const CLEARS: u16 = 1 << 10;
/// LOAD_CONST, or what a rule may make one of.
pub(crate) const CONST: u16 = 1 << 11;
/// An unconditional jump.
pub(crate) const JUMPS: u16 = 1 << 12;

/// Of a block: some of its instructions may have no line.
pub(crate) const NO_LINE: u16 = 1 << 14;
/// Of a block: there may be NOPs in it.
pub(crate) const NOPS: u16 = 1 << 15;

/// The bits of an opcode.
#[inline]
pub(crate) fn of(opcode: Op) -> u16 {
    KINDS[opcode as usize & 511]
}

/// Opcodes with a rule in `peephole`.
const WITH_RULE: [Op; 24] = [
    Op::BuildTuple,
    Op::BuildList,
    Op::BuildSet,
    Op::PopJumpIfNotNone,
    Op::PopJumpIfNone,
    Op::PopJumpIfFalse,
    Op::PopJumpIfTrue,
    Op::JumpIfFalse,
    Op::JumpIfTrue,
    Op::Jump,
    Op::JumpNoInterrupt,
    Op::StoreFast,
    Op::Swap,
    Op::LoadGlobal,
    Op::CompareOp,
    Op::ContainsOp,
    Op::IsOp,
    Op::GetIter,
    Op::ToBool,
    Op::UnaryNot,
    Op::UnaryInvert,
    Op::UnaryNegative,
    Op::CallIntrinsic1,
    Op::BinaryOp,
];

const TESTS: [Op; 6] = [
    Op::PopJumpIfFalse,
    Op::PopJumpIfTrue,
    Op::JumpIfFalse,
    Op::JumpIfTrue,
    Op::IsOp,
    Op::ToBool,
];

const FASTS: [Op; 7] = [
    Op::LoadClosure,
    Op::LoadFast,
    Op::LoadFastCheck,
    Op::LoadFastAndClear,
    Op::StoreFast,
    Op::StoreFastMaybeNull,
    Op::DeleteFast,
];

const CLEARING: [Op; 3] = [Op::DeleteFast, Op::LoadFastAndClear, Op::StoreFastMaybeNull];

const UNCONDITIONAL: [Op; 5] = [
    Op::Jump,
    Op::JumpNoInterrupt,
    Op::JumpForward,
    Op::JumpBackward,
    Op::JumpBackwardNoInterrupt,
];

const PUSHES: [Op; 3] = [Op::SetupFinally, Op::SetupWith, Op::SetupCleanup];

/// Those beside `PUSHES`.
const LOWERABLE: [Op; 7] = [
    Op::StoreFastMaybeNull,
    Op::MakeCell,
    Op::LoadClosure,
    Op::LoadDeref,
    Op::StoreDeref,
    Op::DeleteDeref,
    Op::LoadFromDictOrDeref,
];

const EXITS: [Op; 3] = [Op::ReturnValue, Op::RaiseVarargs, Op::Reraise];

static KINDS: [u16; 512] = {
    let mut table = [0; 512];
    let mut number = 0;
    while number < 512 {
        if taipan_bytecode::opcode::BRIEF[number].flags & flags::JUMP != 0 {
            table[number] = TARGET | TERMINATOR;
        }
        number += 1;
    }
    mark(&mut table, &WITH_RULE, REWRITTEN | CONST);
    mark(&mut table, &[Op::LoadConst], CONST);
    mark(&mut table, &[Op::AnnotationsPlaceholder], PLACEHOLDER);
    mark(&mut table, &CLEARING, CLEARS);
    mark(&mut table, &UNCONDITIONAL, JUMPS);
    mark(&mut table, &TESTS, TEST);
    mark(&mut table, &FASTS, FAST);
    mark(&mut table, &PUSHES, TARGET | PUSH | LOWERED);
    mark(&mut table, &LOWERABLE, LOWERED);
    mark(&mut table, &EXITS, TERMINATOR);
    mark(&mut table, &[Op::PopBlock], POP);
    mark(&mut table, &[Op::PopTop], POP_TOP);
    table
};

const fn mark(table: &mut [u16; 512], opcodes: &[Op], kind: u16) {
    let mut i = 0;
    while i < opcodes.len() {
        table[opcodes[i] as usize] |= kind;
        i += 1;
    }
}
