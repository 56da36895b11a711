//! LOAD_FAST_BORROW: the loads whose reference is used up while the local still holds it.
//!
//! A load may borrow if what it pushes is consumed in the same block, before the local is overwritten, and does not
//! become another local. Each block is simulated on a stack of references; loads that break a rule are marked.

use super::graph::{BlockId, Cfg, is_scope_exit, is_unconditional_jump};
use super::kinds;
use crate::assemble::AssembleError;
use taipan_bytecode::CompilerOpcode as Op;
use taipan_bytecode::opcode::Brief;

/// What is in the place of an instruction or a local that is not known.
const UNKNOWN: u32 = u32::MAX;

/// A reference on the simulated stack.
#[derive(Debug, Clone, Copy)]
struct Ref {
    /// The instruction of this block that pushed it.
    instr: u32,
    /// The local it was loaded from.
    local: u32,
}

/// The stack, and what it has shown; its room is used again.
#[derive(Debug, Default)]
pub(crate) struct Simulation {
    refs: Vec<Ref>,
    /// Of each instruction of the block: whether what it pushes must be owned.
    must_own: Vec<bool>,
}

const UNDERFLOW: AssembleError = AssembleError::Value("Invalid CFG, stack underflow");

impl Simulation {
    /// Starts a block with this many references from elsewhere on the stack.
    fn start(&mut self, depth: usize, length: usize) {
        self.refs.clear();
        let unknown = Ref {
            instr: UNKNOWN,
            local: UNKNOWN,
        };
        self.refs.resize(depth, unknown);
        self.must_own.clear();
        self.must_own.resize(length, false);
    }

    /// Pushes what no local holds.
    fn push(&mut self, instr: usize) {
        self.push_local(instr, UNKNOWN);
    }

    fn push_local(&mut self, instr: usize, local: u32) {
        // A sequence has far fewer instructions than 32 bits can count.
        let instr = instr as u32;
        self.refs.push(Ref { instr, local });
    }

    fn pop(&mut self) -> Result<Ref, AssembleError> {
        self.refs.pop().ok_or(UNDERFLOW)
    }

    fn pop_many(&mut self, count: u64) -> Result<(), AssembleError> {
        let left = (self.refs.len() as u64)
            .checked_sub(count)
            .ok_or(UNDERFLOW)?;
        self.refs.truncate(left as usize);
        Ok(())
    }

    fn own(&mut self, instr: u32) {
        if let Some(mark) = self.must_own.get_mut(instr as usize) {
            *mark = true;
        }
    }

    /// The local's value goes: what was loaded from it and is still on the stack must not have been borrowed.
    fn kill_local(&mut self, local: u32) {
        for i in 0..self.refs.len() {
            if self.refs[i].local == local {
                self.own(self.refs[i].instr);
            }
        }
    }

    fn store(&mut self, local: u32) -> Result<(), AssembleError> {
        let stored = self.pop()?;
        self.kill_local(local);
        self.own(stored.instr);
        Ok(())
    }
}

impl Cfg {
    /// Turns LOAD_FAST and LOAD_FAST_LOAD_FAST into their borrowing forms where that is safe. Depths must be known.
    pub(super) fn optimize_load_fast(&mut self) -> Result<(), AssembleError> {
        self.clear_visited();
        self[Cfg::ENTRY].visited = true;
        self[Cfg::ENTRY].startdepth = Some(0);
        let mut todo = self.take_stack();
        todo.push(Cfg::ENTRY);
        let mut state = std::mem::take(&mut self.room().simulation);
        while let Some(id) = todo.pop() {
            let depth = self[id].startdepth.unwrap_or(0) as usize;
            let mut instrs = std::mem::take(&mut self[id].instrs);
            // A jump is the last instruction, or the one before NOT_TAKEN.
            let first = match self[id].pushes() {
                true => 0,
                false => instrs.len().saturating_sub(2),
            };
            for instr in &instrs[first..] {
                if let Some(target) = instr.target
                    && kinds::of(instr.opcode) & kinds::TARGET != 0
                {
                    self.enter(target, &mut todo);
                }
            }
            let loads = self[id].kinds & kinds::FAST != 0;
            if loads {
                state.start(depth, instrs.len());
                for (i, instr) in instrs.iter().enumerate() {
                    state.simulate(i, instr.opcode, instr.oparg)?;
                }
            }
            if let (Some(last), Some(next)) = (instrs.last(), self[id].next)
                && !is_unconditional_jump(last.opcode)
                && !is_scope_exit(last.opcode)
            {
                self.enter(next, &mut todo);
            }
            if loads {
                for i in 0..state.refs.len() {
                    state.own(state.refs[i].instr);
                }
                for (instr, must_own) in instrs.iter_mut().zip(&state.must_own) {
                    match instr.opcode {
                        Op::LoadFast if !must_own => instr.opcode = Op::LoadFastBorrow,
                        Op::LoadFastLoadFast if !must_own => {
                            instr.opcode = Op::LoadFastBorrowLoadFastBorrow;
                        }
                        _ => {}
                    }
                }
            }
            self[id].instrs = instrs;
        }
        self.leave_stack(todo);
        self.room().simulation = state;
        Ok(())
    }

    fn enter(&mut self, id: BlockId, todo: &mut Vec<BlockId>) {
        if !self[id].visited {
            self[id].visited = true;
            todo.push(id);
        }
    }
}

impl Simulation {
    /// The effect of the instruction at `i`.
    fn simulate(&mut self, i: usize, opcode: Op, oparg: u32) -> Result<(), AssembleError> {
        let state = self;
        let popped = || opcode.metadata().popped.of(oparg);
        let pushed = || opcode.metadata().pushed.of(oparg);
        match opcode {
            Op::LoadFast => state.push_local(i, oparg),
            Op::DeleteFast => state.kill_local(oparg),
            Op::LoadFastAndClear => {
                state.kill_local(oparg);
                state.push_local(i, oparg);
            }
            Op::LoadFastLoadFast => {
                state.push_local(i, oparg >> 4);
                state.push_local(i, oparg & 15);
            }
            Op::StoreFast => state.store(oparg)?,
            Op::StoreFastLoadFast => {
                state.store(oparg >> 4)?;
                state.push_local(i, oparg & 15);
            }
            Op::StoreFastStoreFast => {
                state.store(oparg >> 4)?;
                state.store(oparg & 15)?;
            }
            Op::Copy => {
                let from = state.refs.len().checked_sub(oparg as usize);
                let copied = from.and_then(|at| state.refs.get(at)).copied();
                state.refs.push(copied.ok_or(UNDERFLOW)?);
            }
            Op::Swap => {
                let top = state.refs.len().checked_sub(1).ok_or(UNDERFLOW)?;
                let other = state
                    .refs
                    .len()
                    .checked_sub(oparg as usize)
                    .ok_or(UNDERFLOW)?;
                if other > top {
                    return Err(UNDERFLOW);
                }
                state.refs.swap(top, other);
            }
            // These leave what they look at. CPython counts the items it pushes with the variable that holds the
            // instruction's position, so that the first instructions of the block are taken for their source.
            Op::GetAnext
            | Op::FormatSimple
            | Op::GetLen
            | Op::GetYieldFromIter
            | Op::ImportFrom
            | Op::MatchKeys
            | Op::MatchMapping
            | Op::MatchSequence
            | Op::WithExceptStart => {
                for position in 0..pushed().saturating_sub(popped()) {
                    state.push(position as usize);
                }
            }
            // These take some of what they look at and push nothing.
            Op::DictMerge
            | Op::DictUpdate
            | Op::ListAppend
            | Op::ListExtend
            | Op::MapAdd
            | Op::Reraise
            | Op::SetAdd
            | Op::SetUpdate => state.pop_many(popped().saturating_sub(pushed()))?,
            Op::CheckExcMatch => {
                state.pop()?;
                state.push(i);
            }
            Op::ForIter => state.push(i),
            Op::LoadAttr | Op::LoadSuperAttr => {
                let receiver = state.pop()?;
                if opcode == Op::LoadSuperAttr {
                    state.pop_many(2)?;
                }
                state.push(i);
                // For a method call, the receiver may be pushed again.
                if oparg & 1 != 0 {
                    state.refs.push(receiver);
                }
            }
            Op::LoadSpecial => {
                let receiver = state.pop()?;
                state.push(i);
                state.refs.push(receiver);
            }
            // The function stays, the attribute goes.
            Op::SetFunctionAttribute => {
                let function = state.pop()?;
                state.pop()?;
                state.refs.push(function);
            }
            Op::PushExcInfo => {
                let exception = state.pop()?;
                state.push(i);
                state.refs.push(exception);
            }
            Op::Send => {
                state.pop()?;
                state.push(i);
            }
            // What SETUP_* push is there for their target only.
            opcode if opcode.is_block_push() => {}
            _ => {
                let brief = opcode.brief();
                if brief.popped == Brief::VARIES {
                    state.pop_many(popped())?;
                    for _ in 0..pushed() {
                        state.push(i);
                    }
                    return Ok(());
                }
                state.pop_many(brief.popped.into())?;
                for _ in 0..brief.pushed {
                    state.push(i);
                }
            }
        }
        Ok(())
    }
}
