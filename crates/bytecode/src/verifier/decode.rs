//! From bytes to instructions: properties 1 to 3, as far as they concern an instruction by itself.

use super::{UNKNOWN_OPCODE, VerifyError};
use crate::code::{CodeObject, co};
use crate::opcode::{
    BINARY_OPS, COMMON_CONSTANTS, INTRINSIC_1S, INTRINSIC_2S, Opcode, SPECIAL_METHODS, flags,
};

/// An instruction.
#[derive(Debug, Clone, Copy)]
pub(super) struct Instruction {
    pub opcode: Opcode,
    pub oparg: u32,
    /// Its first code unit, that of its first EXTENDED_ARG if it has one.
    pub unit: usize,
    /// The code unit after it and its inline cache.
    pub end: usize,
    /// The index of the instruction that it jumps to.
    pub target: Option<usize>,
}

/// The instructions of a code object, and what is at each of its code units.
pub(super) struct Instructions {
    pub list: Vec<Instruction>,
    /// The index of the instruction that starts at each code unit.
    starts: Vec<Option<u32>>,
}

impl Instructions {
    /// The index of the instruction that starts at a code unit.
    pub fn at(&self, unit: usize) -> Option<usize> {
        Some(self.starts.get(unit).copied().flatten()? as usize)
    }
}

/// The most EXTENDED_ARGs before an instruction.
const MAX_EXTENDED: usize = 3;

pub(super) fn decode(code: &CodeObject) -> Result<Instructions, VerifyError> {
    let bytes = &code.code;
    if bytes.is_empty() || !bytes.len().is_multiple_of(2) || bytes.len() > i32::MAX as usize {
        let reason = "the code is not a run of code units";
        return Err(VerifyError { unit: 0, reason });
    }
    let units = bytes.len() / 2;
    let mut all = Instructions {
        list: Vec::new(),
        starts: vec![None; units],
    };
    let mut at = 0;
    while at < units {
        let start = at;
        let fail = |reason| VerifyError {
            unit: start,
            reason,
        };
        let mut oparg = 0u32;
        let opcode = loop {
            let (Some(byte), Some(low)) = (bytes.get(2 * at), bytes.get(2 * at + 1)) else {
                return Err(fail("the code ends within an instruction"));
            };
            oparg = oparg << 8 | u32::from(*low);
            let opcode = Opcode::from_u8(*byte).ok_or_else(|| fail(UNKNOWN_OPCODE))?;
            at += 1;
            if opcode != Opcode::ExtendedArg {
                break opcode;
            }
            if at - start > MAX_EXTENDED {
                return Err(fail("too many EXTENDED_ARGs"));
            }
        };
        let forbidden = matches!(
            opcode,
            Opcode::Cache | Opcode::Reserved | Opcode::InterpreterExit | Opcode::ExitInitCheck
        );
        if !opcode.is_real() || forbidden {
            return Err(fail("opcode that public code does not have"));
        }
        if oparg > i32::MAX as u32 {
            return Err(fail("the operand is too large"));
        }
        let end = at + opcode.caches();
        let cache = bytes.get(2 * at..2 * end);
        let is_cache = |unit: &[u8]| unit[0] == Opcode::Cache as u8;
        if !cache.is_some_and(|cache| cache.chunks_exact(2).all(is_cache)) {
            return Err(fail("the inline cache is missing"));
        }
        let instruction = Instruction {
            opcode,
            oparg,
            unit: start,
            end,
            target: None,
        };
        check_operand(code, &instruction).map_err(fail)?;
        all.starts[start] = Some(all.list.len() as u32);
        all.list.push(instruction);
        at = end;
    }
    for i in 0..all.list.len() {
        let instruction = all.list[i];
        if instruction.opcode.has(flags::JUMP) && instruction.opcode != Opcode::EndAsyncFor {
            let target = jump_target(&all, &instruction).ok_or(VerifyError {
                unit: instruction.unit,
                reason: "the jump leads to no instruction",
            })?;
            if instruction.opcode == Opcode::ForIter && all.list[target].opcode != Opcode::EndFor {
                let reason = "FOR_ITER does not lead to END_FOR";
                return Err(VerifyError {
                    unit: instruction.unit,
                    reason,
                });
            }
            all.list[i].target = Some(target);
        }
    }
    Ok(all)
}

fn jump_target(all: &Instructions, instruction: &Instruction) -> Option<usize> {
    let distance = instruction.oparg as usize;
    let unit = if instruction.opcode.jumps_backward() {
        instruction.end.checked_sub(distance)?
    } else {
        instruction.end.checked_add(distance)?
    };
    all.at(unit)
}

/// Checks an operand that is an index, or has meanings of its own.
fn check_operand(code: &CodeObject, instruction: &Instruction) -> Result<(), &'static str> {
    let oparg = instruction.oparg as usize;
    let opcode = instruction.opcode;
    let fits = match opcode {
        Opcode::LoadConst => return within(oparg, code.consts.len(), "no such constant"),
        Opcode::LoadFastLoadFast
        | Opcode::LoadFastBorrowLoadFastBorrow
        | Opcode::StoreFastLoadFast
        | Opcode::StoreFastStoreFast => {
            let larger = (oparg >> 4).max(oparg & 15);
            return within(larger, code.nlocalsplus(), "no such variable");
        }
        Opcode::LoadAttr | Opcode::LoadGlobal => {
            return within(oparg >> 1, code.names.len(), "no such name");
        }
        Opcode::LoadSuperAttr => return within(oparg >> 2, code.names.len(), "no such name"),
        _ if opcode.has(flags::NAME) => return within(oparg, code.names.len(), "no such name"),
        _ if opcode.has(flags::LOCAL | flags::FREE) => {
            return within(oparg, code.nlocalsplus(), "no such variable");
        }
        Opcode::CopyFreeVars => oparg == code.nfreevars(),
        Opcode::LoadSmallInt => oparg <= 256,
        Opcode::LoadCommonConstant => oparg < COMMON_CONSTANTS.len(),
        Opcode::LoadSpecial => oparg < SPECIAL_METHODS.len(),
        Opcode::BinaryOp => oparg < BINARY_OPS.len(),
        Opcode::CompareOp => oparg >> 5 < 6,
        Opcode::IsOp | Opcode::ContainsOp => oparg < 2,
        Opcode::CallIntrinsic1 => (1..INTRINSIC_1S.len()).contains(&oparg),
        Opcode::CallIntrinsic2 => (1..INTRINSIC_2S.len()).contains(&oparg),
        Opcode::ConvertValue => (1..=3).contains(&oparg),
        Opcode::BuildSlice => (2..=3).contains(&oparg),
        Opcode::RaiseVarargs | Opcode::Reraise => oparg <= 2,
        Opcode::SetFunctionAttribute => matches!(oparg, 1 | 2 | 4 | 8 | 16),
        Opcode::Resume => oparg <= 7,
        Opcode::Copy
        | Opcode::Swap
        | Opcode::ListAppend
        | Opcode::ListExtend
        | Opcode::SetAdd
        | Opcode::SetUpdate
        | Opcode::MapAdd
        | Opcode::DictUpdate
        | Opcode::DictMerge => oparg >= 1,
        Opcode::YieldValue | Opcode::ReturnGenerator => {
            code.flags & (co::GENERATOR | co::COROUTINE | co::ASYNC_GENERATOR) != 0
        }
        _ => true,
    };
    if fits {
        Ok(())
    } else {
        Err("the operand has no meaning")
    }
}

fn within(index: usize, length: usize, reason: &'static str) -> Result<(), &'static str> {
    if index < length { Ok(()) } else { Err(reason) }
}
