//! What each instruction does to the abstract frame. Those that are not named here take objects and give objects, as many
//! as the opcode table says.

use super::decode::Instruction;
use super::flow::{CELL, EXC_INFO, EXCEPTION, Frame, LASTI, NULL, OBJECT, Slot};
use crate::code::CodeObject;
use crate::opcode::Opcode;

type Checked = Result<(), &'static str>;

pub(super) fn apply(code: &CodeObject, instruction: &Instruction, frame: &mut Frame) -> Checked {
    let oparg = instruction.oparg;
    let position = oparg as usize;
    match instruction.opcode {
        Opcode::LoadFast => load(frame, oparg, false)?,
        Opcode::LoadFastBorrow => load(frame, oparg, true)?,
        Opcode::LoadFastLoadFast => {
            load(frame, oparg >> 4, false)?;
            load(frame, oparg & 15, false)?;
        }
        Opcode::LoadFastBorrowLoadFastBorrow => {
            load(frame, oparg >> 4, true)?;
            load(frame, oparg & 15, true)?;
        }
        Opcode::LoadFastCheck => {
            // Where it is certainly unbound, this always raises.
            let kind = match frame.locals[position] & !NULL {
                0 => OBJECT,
                kind => kind,
            };
            frame.know_local(oparg, kind);
            frame.push(Slot::owned(kind))?;
        }
        Opcode::LoadFastAndClear => {
            let kind = frame.locals[position];
            frame.set_local(oparg, NULL)?;
            frame.push(Slot::owned(kind))?;
        }
        Opcode::StoreFast => store(frame, oparg)?,
        Opcode::StoreFastLoadFast => {
            store(frame, oparg >> 4)?;
            load(frame, oparg & 15, false)?;
        }
        Opcode::StoreFastStoreFast => {
            store(frame, oparg >> 4)?;
            store(frame, oparg & 15)?;
        }
        Opcode::DeleteFast => frame.set_local(oparg, NULL)?,
        Opcode::MakeCell => frame.set_local(oparg, CELL)?,
        Opcode::CopyFreeVars => {
            let first = code.nlocalsplus() as u32 - oparg;
            for local in first..code.nlocalsplus() as u32 {
                frame.set_local(local, CELL)?;
            }
        }
        Opcode::LoadDeref
        | Opcode::StoreDeref
        | Opcode::DeleteDeref
        | Opcode::LoadFromDictOrDeref => {
            if frame.locals[position] != CELL {
                return Err("a variable may hold no cell");
            }
            table_effect(instruction, frame)?;
        }
        Opcode::PopTop => {
            frame.pop()?;
        }
        Opcode::PushNull => frame.push(Slot::owned(NULL))?,
        Opcode::Copy => {
            let slot = frame.peek(position)?;
            frame.push(slot)?;
        }
        Opcode::Swap => frame.swap(position)?,
        Opcode::LoadGlobal => {
            frame.push_object()?;
            if oparg & 1 != 0 {
                frame.push(Slot::owned(NULL))?;
            }
        }
        Opcode::LoadAttr => {
            let receiver = frame.pop_object()?;
            frame.push_object()?;
            if oparg & 1 != 0 {
                frame.push(or_null(receiver))?;
            }
        }
        Opcode::LoadSuperAttr => {
            let receiver = frame.pop_object()?;
            frame.pop_object()?;
            frame.pop_object()?;
            frame.push_object()?;
            if oparg & 1 != 0 {
                frame.push(or_null(receiver))?;
            }
        }
        Opcode::LoadSpecial => {
            let receiver = frame.pop_object()?;
            frame.push_object()?;
            frame.push(or_null(receiver))?;
        }
        Opcode::Call | Opcode::CallKw => {
            if instruction.opcode == Opcode::CallKw {
                frame.pop_object()?;
            }
            for _ in 0..oparg {
                frame.pop_object()?;
            }
            frame.pop()?;
            frame.pop_object()?;
            frame.push_object()?;
        }
        Opcode::CallFunctionEx => {
            frame.pop()?;
            frame.pop_object()?;
            frame.pop()?;
            frame.pop_object()?;
            frame.push_object()?;
        }
        Opcode::ListAppend
        | Opcode::ListExtend
        | Opcode::SetAdd
        | Opcode::SetUpdate
        | Opcode::DictUpdate => {
            frame.pop_object()?;
            frame.peek_object(position)?;
        }
        Opcode::MapAdd => {
            frame.pop_object()?;
            frame.pop_object()?;
            frame.peek_object(position)?;
        }
        Opcode::DictMerge => {
            frame.pop_object()?;
            frame.peek_object(position)?;
            frame.peek_object(position + 3)?;
        }
        Opcode::GetAnext
        | Opcode::GetLen
        | Opcode::ImportFrom
        | Opcode::MatchMapping
        | Opcode::MatchSequence
        | Opcode::ForIter => {
            frame.peek_object(1)?;
            frame.push_object()?;
        }
        Opcode::MatchKeys => {
            frame.peek_object(1)?;
            frame.peek_object(2)?;
            frame.push_object()?;
        }
        Opcode::Send => {
            frame.pop_object()?;
            frame.peek_object(1)?;
            frame.push_object()?;
        }
        Opcode::EndSend | Opcode::SetFunctionAttribute => {
            let top = frame.pop_object()?;
            frame.pop_object()?;
            frame.push(top)?;
        }
        Opcode::PushExcInfo => {
            let exception = frame.pop_only(EXCEPTION)?;
            frame.push(Slot::owned(EXC_INFO))?;
            frame.push(exception)?;
        }
        Opcode::PopExcept => {
            frame.pop_only(EXC_INFO | EXCEPTION)?;
        }
        Opcode::CheckExcMatch => {
            frame.pop_object()?;
            let exception = frame.pop_only(EXCEPTION)?;
            frame.push(exception)?;
            frame.push_object()?;
        }
        Opcode::WithExceptStart => {
            only(frame.peek(1)?, EXCEPTION)?;
            only(frame.peek(3)?, LASTI)?;
            frame.peek(4)?;
            frame.peek_object(5)?;
            frame.push_object()?;
        }
        Opcode::CleanupThrow => {
            frame.pop_only(EXCEPTION)?;
            frame.pop_object()?;
            frame.pop_object()?;
            frame.push_object()?;
            frame.push_object()?;
        }
        Opcode::EndAsyncFor => {
            frame.pop_only(EXCEPTION)?;
            frame.pop_object()?;
        }
        Opcode::Reraise => {
            frame.pop_object()?;
            if oparg > 0 {
                only(frame.peek(position)?, LASTI)?;
            }
        }
        _ => table_effect(instruction, frame)?,
    }
    Ok(())
}

fn table_effect(instruction: &Instruction, frame: &mut Frame) -> Checked {
    for _ in 0..instruction.opcode.num_popped(instruction.oparg) {
        frame.pop_object()?;
    }
    // RETURN_VALUE gives its value to another frame, not to this one.
    if instruction.opcode != Opcode::ReturnValue {
        for _ in 0..instruction.opcode.num_pushed(instruction.oparg) {
            frame.push_object()?;
        }
    }
    Ok(())
}

fn only(slot: Slot, kinds: u8) -> Checked {
    if slot.kind & !kinds == 0 {
        Ok(())
    } else {
        Err("a slot does not hold what the instruction needs")
    }
}

/// The second slot of a call: the receiver, or NULL.
fn or_null(receiver: Slot) -> Slot {
    Slot {
        kind: receiver.kind | NULL,
        lender: receiver.lender,
    }
}

fn load(frame: &mut Frame, local: u32, borrow: bool) -> Checked {
    let kind = frame.bound_local(local)?;
    let lender = borrow.then_some(local);
    frame.push(Slot { kind, lender })
}

fn store(frame: &mut Frame, local: u32) -> Checked {
    let slot = frame.pop()?;
    frame.set_local(local, slot.kind)
}
