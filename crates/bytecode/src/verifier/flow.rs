//! Following control through the code with an abstract frame: what each stack slot and each fast local may hold.

use super::VerifyError;
use super::decode::{Instruction, Instructions};
use super::effects;
use crate::code::{CodeObject, co};
use crate::exception_table;
use crate::opcode::{Opcode, flags};

/// What a slot may hold: a set of these.
pub(super) type Kind = u8;
/// Nothing.
pub(super) const NULL: Kind = 1;
/// Any object.
pub(super) const OBJECT: Kind = 2;
/// The exception that a handler was entered with.
pub(super) const EXCEPTION: Kind = 4;
/// What PUSH_EXC_INFO saves: an exception or None.
pub(super) const EXC_INFO: Kind = 8;
/// The offset of an instruction that raised.
pub(super) const LASTI: Kind = 16;
/// A cell.
pub(super) const CELL: Kind = 32;

/// A stack slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Slot {
    pub kind: Kind,
    /// The fast local that the reference is borrowed from.
    pub lender: Option<u32>,
}

impl Slot {
    pub fn owned(kind: Kind) -> Slot {
        Slot { kind, lender: None }
    }

    /// Adds what another path brings. Says whether that is new.
    fn merge(&mut self, new: Slot) -> Checked<bool> {
        let before = *self;
        self.kind |= new.kind;
        match (self.lender, new.lender) {
            (Some(known), Some(new)) if known != new => {
                return Err("a slot is borrowed from several variables");
            }
            (None, lender) => self.lender = lender,
            _ => {}
        }
        Ok(*self != before)
    }
}

/// The frame before an instruction that control can come to from several places.
struct State {
    stack: Vec<Slot>,
    locals: Vec<Kind>,
    queued: bool,
}

/// A handler and where it applies, in indices of instructions.
struct Handler {
    start: usize,
    end: usize,
    target: usize,
    depth: usize,
    lasti: bool,
}

/// The frame within a block.
pub(super) struct Frame {
    pub stack: Vec<Slot>,
    pub locals: Vec<Kind>,
    /// How many slots are borrowed from each local.
    lent: Vec<u32>,
    stacksize: usize,
    /// The lowest slot that the current instruction changed or removed.
    pub lowest: usize,
    /// The locals that the current instruction changed.
    pub changed: Vec<usize>,
}

type Checked<T = ()> = Result<T, &'static str>;

impl Frame {
    pub fn push(&mut self, slot: Slot) -> Checked {
        if self.stack.len() >= self.stacksize {
            return Err("the stack overflows");
        }
        if let Some(lender) = slot.lender {
            self.lent[lender as usize] += 1;
        }
        self.stack.push(slot);
        Ok(())
    }

    pub fn push_object(&mut self) -> Checked {
        self.push(Slot::owned(OBJECT))
    }

    /// Takes the top of the stack, whatever it is.
    pub fn pop(&mut self) -> Checked<Slot> {
        let slot = self.stack.pop().ok_or("the stack underflows")?;
        if let Some(lender) = slot.lender {
            self.lent[lender as usize] -= 1;
        }
        self.lowest = self.lowest.min(self.stack.len());
        Ok(slot)
    }

    /// Takes an object.
    pub fn pop_object(&mut self) -> Checked<Slot> {
        let slot = self.pop()?;
        if slot.kind & NULL != 0 {
            return Err("NULL where an object is needed");
        }
        Ok(slot)
    }

    /// Takes what can only be one of `kinds`.
    pub fn pop_only(&mut self, kinds: Kind) -> Checked<Slot> {
        let slot = self.pop()?;
        if slot.kind & !kinds != 0 {
            return Err("a slot does not hold what the instruction needs");
        }
        Ok(slot)
    }

    /// The slot so many below the top, which is 1.
    pub fn peek(&self, position: usize) -> Checked<Slot> {
        let index = self.stack.len().checked_sub(position);
        index
            .and_then(|i| self.stack.get(i))
            .copied()
            .ok_or("the stack underflows")
    }

    /// That the slot so many below the top is an object.
    pub fn peek_object(&self, position: usize) -> Checked {
        if self.peek(position)?.kind & NULL != 0 {
            return Err("NULL where an object is needed");
        }
        Ok(())
    }

    pub fn swap(&mut self, position: usize) -> Checked {
        self.peek(position)?;
        let other = self.stack.len() - position;
        let top = self.stack.len() - 1;
        self.stack.swap(top, other);
        self.lowest = self.lowest.min(other);
        Ok(())
    }

    pub fn set_local(&mut self, local: u32, kind: Kind) -> Checked {
        let local = local as usize;
        if self.lent[local] > 0 {
            return Err("a variable changes while it is borrowed from");
        }
        if self.locals[local] != kind {
            self.locals[local] = kind;
            self.changed.push(local);
        }
        Ok(())
    }

    /// Notes what a local turned out to hold; it does not change.
    pub fn know_local(&mut self, local: u32, kind: Kind) {
        self.locals[local as usize] = kind;
    }

    /// What a bound local holds.
    pub fn bound_local(&self, local: u32) -> Checked<Kind> {
        let kind = self.locals[local as usize];
        if kind & NULL != 0 {
            return Err("a variable may be unbound");
        }
        Ok(kind)
    }
}

/// How many slots and variables are stored and compared for a code unit, on average, before the code is refused; and how
/// many in any case. Code that a compiler makes stays far below: its stack is shallow where control joins.
const WORK_PER_UNIT: usize = 256;
const WORK_ALLOWED: usize = 1 << 24;

struct Flow<'a> {
    instructions: &'a Instructions,
    handlers: Vec<Handler>,
    /// The handler of each instruction.
    handler_of: Vec<Option<u32>>,
    /// The frame before each instruction where a block starts.
    states: Vec<Option<Box<State>>>,
    starts_block: Vec<bool>,
    todo: Vec<usize>,
    work_left: usize,
}

pub(super) fn check(code: &CodeObject, instructions: &Instructions) -> Result<(), VerifyError> {
    let count = instructions.list.len();
    let mut flow = Flow {
        instructions,
        handlers: Vec::new(),
        handler_of: vec![None; count],
        states: (0..count).map(|_| None).collect(),
        starts_block: vec![false; count],
        todo: Vec::new(),
        work_left: (code.units() * WORK_PER_UNIT).max(WORK_ALLOWED),
    };
    flow.read_handlers(code)?;
    flow.find_blocks();
    flow.check_generator(code)?;

    let mut locals = vec![NULL; code.nlocalsplus()];
    for local in locals.iter_mut().take(code.total_args() as usize) {
        *local = OBJECT;
    }
    let mut frame = Frame {
        stack: Vec::new(),
        lent: vec![0; locals.len()],
        locals,
        stacksize: code.stacksize as usize,
        lowest: 0,
        changed: Vec::new(),
    };
    let at = |index: usize| instructions.list[index].unit;
    let located = |index: usize| {
        move |reason| VerifyError {
            unit: at(index),
            reason,
        }
    };
    flow.starts_block[0] = true;
    flow.enter(0, &frame, 0, &[]).map_err(located(0))?;
    while let Some(index) = flow.todo.pop() {
        flow.load(index, &mut frame).map_err(located(index))?;
        let mut index = index;
        loop {
            let falls = flow.step(code, index, &mut frame).map_err(located(index))?;
            if !falls {
                break;
            }
            index += 1;
            if index >= count {
                return Err(located(index - 1)("control runs off the end"));
            }
            if flow.starts_block[index] {
                flow.leave(index, &frame).map_err(located(index))?;
                break;
            }
        }
    }
    Ok(())
}

impl Flow<'_> {
    fn read_handlers(&mut self, code: &CodeObject) -> Result<(), VerifyError> {
        let fail = |unit, reason| Err(VerifyError { unit, reason });
        let mut entries = exception_table::entries(&code.exceptiontable);
        let mut last_end = 0;
        for entry in &mut entries {
            let units = code.units();
            let end = if entry.end == units {
                Some(self.instructions.list.len())
            } else {
                self.instructions.at(entry.end)
            };
            let (Some(start), Some(end), Some(target)) = (
                self.instructions.at(entry.start),
                end,
                self.instructions.at(entry.target),
            ) else {
                return fail(
                    entry.start.min(units),
                    "an exception table entry cuts instructions",
                );
            };
            if entry.start < last_end || entry.end <= entry.start {
                return fail(entry.start, "the exception table is not in order");
            }
            last_end = entry.end;
            let number = self.handlers.len() as u32;
            self.handler_of[start..end].fill(Some(number));
            let (depth, lasti) = (entry.depth, entry.lasti);
            self.handlers.push(Handler {
                start,
                end,
                target,
                depth,
                lasti,
            });
        }
        if entries.rest().is_empty() {
            Ok(())
        } else {
            fail(0, "the exception table is cut off")
        }
    }

    fn find_blocks(&mut self) {
        for instruction in &self.instructions.list {
            if let Some(target) = instruction.target {
                // FOR_ITER jumps over the END_FOR that it names.
                let skipped = usize::from(instruction.opcode == Opcode::ForIter);
                if let Some(starts) = self.starts_block.get_mut(target + skipped) {
                    *starts = true;
                }
            }
        }
        for handler in &self.handlers {
            self.starts_block[handler.target] = true;
            debug_assert!(handler.start < handler.end);
        }
    }

    /// Property 10.
    fn check_generator(&self, code: &CodeObject) -> Result<(), VerifyError> {
        let list = &self.instructions.list;
        let wanted = code.flags & (co::GENERATOR | co::COROUTINE | co::ASYNC_GENERATOR) != 0;
        let found: Vec<usize> = (0..list.len())
            .filter(|i| list[*i].opcode == Opcode::ReturnGenerator)
            .collect();
        let fits = match found.as_slice() {
            [] => !wanted,
            [at] => {
                let prefix =
                    |i: &Instruction| matches!(i.opcode, Opcode::CopyFreeVars | Opcode::MakeCell);
                wanted
                    && list[..*at].iter().all(prefix)
                    && !self.starts_block[..=*at].contains(&true)
            }
            _ => false,
        };
        let unit = found.last().map_or(0, |i| list[*i].unit);
        if fits {
            Ok(())
        } else {
            Err(VerifyError {
                unit,
                reason: "RETURN_GENERATOR is misplaced",
            })
        }
    }

    fn spend(&mut self, work: usize) -> Checked {
        self.work_left = self
            .work_left
            .checked_sub(work)
            .ok_or("the code is too complex")?;
        Ok(())
    }

    /// Merges the lowest `depth` slots of a frame, with `pushed` on top, into the state before an instruction.
    fn enter(&mut self, index: usize, frame: &Frame, depth: usize, pushed: &[Kind]) -> Checked {
        let kept = frame
            .stack
            .get(..depth)
            .ok_or("the stack is too shallow for the handler")?;
        self.spend(depth + frame.locals.len() + 1)?;
        let pushed = pushed.iter().map(|kind| Slot::owned(*kind));
        let slots = kept.iter().copied().chain(pushed);
        let queue = match &mut self.states[index] {
            Some(state) => {
                let mut changed = false;
                let mut count = 0;
                for new in slots {
                    let depends = "the depth of the stack depends on the path";
                    let known = state.stack.get_mut(count).ok_or(depends)?;
                    changed |= known.merge(new)?;
                    count += 1;
                }
                if state.stack.len() != count {
                    return Err("the depth of the stack depends on the path");
                }
                for (known, new) in state.locals.iter_mut().zip(&frame.locals) {
                    changed |= new & !*known != 0;
                    *known |= new;
                }
                let queue = changed && !state.queued;
                state.queued |= changed;
                queue
            }
            empty => {
                let stack = slots.collect();
                let locals = frame.locals.clone();
                *empty = Some(Box::new(State {
                    stack,
                    locals,
                    queued: true,
                }));
                true
            }
        };
        if queue {
            self.todo.push(index);
        }
        Ok(())
    }

    /// Goes on elsewhere with all of the frame.
    fn leave(&mut self, index: usize, frame: &Frame) -> Checked {
        self.enter(index, frame, frame.stack.len(), &[])
    }

    /// Takes up the state before an instruction.
    fn load(&mut self, index: usize, frame: &mut Frame) -> Checked {
        let Some(state) = &mut self.states[index] else {
            return Err("a block was never entered");
        };
        state.queued = false;
        if state.stack.len() > frame.stacksize {
            return Err("the stack overflows");
        }
        while !frame.stack.is_empty() {
            frame.pop()?;
        }
        for slot in &state.stack {
            frame.push(*slot)?;
        }
        frame.locals.clone_from(&state.locals);
        let work = frame.stack.len() + frame.locals.len();
        self.spend(work)?;
        // The handler hears of the frame at the first instruction under it.
        if let Some(handler) = self.handler_of[index] {
            self.raise(handler as usize, frame)?;
        }
        Ok(())
    }

    /// What a handler finds if something raises now.
    fn raise(&mut self, handler: usize, frame: &Frame) -> Checked {
        let Handler {
            target,
            depth,
            lasti,
            ..
        } = self.handlers[handler];
        let pushed: &[Kind] = if lasti {
            &[LASTI, EXCEPTION]
        } else {
            &[EXCEPTION]
        };
        if depth + pushed.len() > frame.stacksize {
            return Err("the stack overflows");
        }
        self.enter(target, frame, depth, pushed)
    }

    /// Executes an instruction. Says whether control goes on to the next one.
    fn step(&mut self, code: &CodeObject, index: usize, frame: &mut Frame) -> Checked<bool> {
        let instruction = &self.instructions.list[index];
        let opcode = instruction.opcode;
        let before = frame.stack.len();
        frame.lowest = before;
        frame.changed.clear();
        let metadata = opcode.metadata();
        let items = metadata.popped.of(instruction.oparg) + metadata.pushed.of(instruction.oparg);
        self.spend(usize::try_from(items).unwrap_or(usize::MAX))?;
        effects::apply(code, instruction, frame)?;
        let handler = self.handler_of[index];
        if let Some(handler) = handler {
            let depth = self.handlers[handler as usize].depth;
            if before < depth {
                return Err("the stack is too shallow for the handler");
            }
            let takes = opcode.has(flags::ERROR | flags::ESCAPES) && opcode != Opcode::YieldValue;
            if takes && frame.lowest < depth {
                return Err("an instruction takes what the handler needs");
            }
        }
        let falls = !opcode.is_scope_exit() && !opcode.is_unconditional_jump();
        // The next instruction may raise before it starts, so its handler must know of what this one has changed.
        if let (true, Some(next)) = (falls, self.handler_of.get(index + 1).copied().flatten()) {
            let reaches = frame.lowest < self.handlers[next as usize].depth;
            if handler != Some(next) || reaches {
                self.raise(next as usize, frame)?;
            } else {
                self.raise_locals(next as usize, frame)?;
            }
        }
        if let Some(target) = instruction.target {
            let skipped = usize::from(opcode == Opcode::ForIter);
            if target + skipped >= self.instructions.list.len() {
                return Err("control runs off the end");
            }
            if opcode == Opcode::ForIter {
                // When the iterator is exhausted, nothing was pushed.
                self.enter(target + skipped, frame, frame.stack.len() - 1, &[])?;
            } else {
                self.leave(target, frame)?;
            }
        }
        Ok(falls)
    }

    /// Merges the locals that have just changed into what a handler finds.
    fn raise_locals(&mut self, handler: usize, frame: &Frame) -> Checked {
        let target = self.handlers[handler].target;
        let Some(state) = &mut self.states[target] else {
            return Err("a block was never entered");
        };
        let mut changed = false;
        for local in &frame.changed {
            let new = frame.locals[*local];
            changed |= new & !state.locals[*local] != 0;
            state.locals[*local] |= new;
        }
        if changed && !state.queued {
            state.queued = true;
            self.todo.push(target);
        }
        Ok(())
    }
}
