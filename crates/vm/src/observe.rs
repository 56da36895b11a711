//! Watching a program instruction by instruction.
//!
//! The private stream of code that an observer wants has EnterExecutor in the place of every opcode; what belongs there, or
//! its specialized form, is kept beside the stream. So the interpreter's loop pays nothing for code that nobody watches,
//! and fusions of instructions, which look for plain opcodes, are off in watched code. The observer is told before each
//! instruction and may pause the program: then the base of the run ([`start`], [`resume`]) is left, with all frames as
//! they are.

use std::cell::Cell;

use taipan_bytecode::Opcode;
use taipan_object::{Dict, PyResult, Ref, Value, Vm};

use crate::code::Code;
use crate::eval::regs::Regs;
use crate::eval::{self, Outcome};
use crate::frame::{Frame, frame_flag, thread_data};
use crate::function;

/// What is told of an instruction that is next.
pub struct Step<'a> {
    /// Its frame, with registers saved.
    pub frame: &'a Frame,
    /// What the observer called the code.
    pub id: u32,
    /// Its unit.
    pub unit: u32,
}

/// Who watches.
pub trait Observer {
    /// Whether to watch code that runs for the first time, and what to call it.
    fn wants(&self, vm: &Vm, code: &Code) -> Option<u32>;
    /// An instruction is next. True asks for a pause before it, which happens if [`can_pause`]; it is told again then when
    /// the program goes on. It must not run Python code.
    fn step(&self, vm: &Vm, step: &Step<'_>) -> bool;
}

/// What is kept for the code that is watched.
pub struct Watched {
    /// What the observer calls it.
    pub id: u32,
    /// The opcodes that belong into the stream.
    opcodes: Box<[Cell<u8>]>,
    /// How often each instruction was run.
    counts: Box<[Cell<u32>]>,
    /// How often each was run in a specialized form.
    specialized: Box<[Cell<u32>]>,
}

impl Watched {
    /// The opcode that runs at a unit, specialized if it is.
    pub fn opcode(&self, unit: usize) -> Option<Opcode> {
        self.opcodes
            .get(unit)
            .and_then(|o| Opcode::from_u8(o.get()))
    }

    /// How often the instruction at a unit was run, and how often of that in a specialized form.
    pub fn counts(&self, unit: usize) -> (u32, u32) {
        let at = |cells: &[Cell<u32>]| cells.get(unit).map_or(0, Cell::get);
        (at(&self.counts), at(&self.specialized))
    }
}

/// The observer of a thread.
#[derive(Default)]
pub(crate) struct Watch {
    observer: Cell<Option<&'static dyn Observer>>,
}

/// Sets the observer of code that runs for the first time from now on in this thread.
pub fn set_observer(vm: &Vm, observer: &'static dyn Observer) {
    thread_data(vm).watch.observer.set(Some(observer));
}

/// Puts EnterExecutor into the stream of code that is to be watched.
pub(crate) fn begin(code: &Code, stream: &[Cell<u16>]) -> Option<Box<Watched>> {
    let mut id = None;
    Vm::with_current(|vm| {
        if let Some(observer) = thread_data(vm).watch.observer.get() {
            id = observer.wants(vm, code);
        }
    });
    let id = id?;
    let opcodes = stream.iter().map(|u| Cell::new(u.get() as u8)).collect();
    let mut unit = 0;
    while let Some(cell) = stream.get(unit) {
        let old = cell.get();
        cell.set((old & 0xff00) | Opcode::EnterExecutor as u16);
        unit += 1 + Opcode::from_u8(old as u8).map_or(0, Opcode::caches);
    }
    let zeros = || vec![Cell::new(0); stream.len()].into_boxed_slice();
    Some(Box::new(Watched {
        id,
        opcodes,
        counts: zeros(),
        specialized: zeros(),
    }))
}

fn unit_of(code: &Code, ip: *const Cell<u16>) -> usize {
    ip.addr().wrapping_sub(code.stream().as_ptr().addr()) / 2
}

/// The unit of the instruction that was just fetched.
pub(crate) fn running_unit(r: &Regs) -> usize {
    unit_of(r.code(), r.ip).wrapping_sub(1)
}

/// Tells of the instruction that was just fetched, and gives its opcode; `None` for a pause, with the instruction being
/// the next one.
#[inline(never)]
pub(crate) fn step(vm: &Vm, r: &Regs) -> Option<Opcode> {
    let code = r.code();
    let watched = code.running().watched.as_deref()?;
    let unit = running_unit(r);
    let byte = watched.opcodes.get(unit)?.get();
    let op = Opcode::from_u8(byte)?;
    if let Some(observer) = thread_data(vm).watch.observer.get() {
        let mut at = *r;
        // SAFETY: the unit before is the instruction's.
        at.ip = unsafe { r.ip.sub(1) };
        at.save();
        let step = Step {
            frame: r.f(),
            id: watched.id,
            unit: unit as u32,
        };
        if observer.step(vm, &step) && can_pause(vm, &step) {
            return None;
        }
    }
    let count = &watched.counts[unit];
    count.set(count.get().saturating_add(1));
    if op.deopt() != op {
        let count = &watched.specialized[unit];
        count.set(count.get().saturating_add(1));
    }
    Some(op)
}

/// Replaces the opcode of the watched instruction that was just fetched by a specialized one.
#[cold]
#[inline(never)]
pub(crate) fn specialize(r: &Regs, op: Opcode) {
    let code = r.code();
    if let Some(watched) = &code.running().watched
        && let Some(cell) = watched.opcodes.get(running_unit(r))
    {
        cell.set(op as u8);
    }
}

/// The opcode of a unit of the stream, also in watched code.
pub(crate) fn opcode_at(code: &Code, unit: usize) -> Option<Opcode> {
    match Opcode::from_u8(code.stream().get(unit)?.get() as u8) {
        Some(Opcode::EnterExecutor) => code.running().watched.as_ref()?.opcode(unit),
        op => op,
    }
}

/// Whether the program can be paused at a step: all its frames belong to one run of the loop, and the instruction has no
/// EXTENDED_ARG before it.
pub fn can_pause(vm: &Vm, step: &Step<'_>) -> bool {
    let code = step.frame.code();
    if let Some(before) = step.unit.checked_sub(1)
        && code.code.get(2 * before as usize) == Some(&(Opcode::ExtendedArg as u8))
    {
        return false;
    }
    let mut frame: *const Frame = vm.frame.get().cast();
    // SAFETY: frames of the chain are live.
    while let Some(f) = unsafe { frame.as_ref() } {
        if f.flags & frame_flag::ENTRY != 0 {
            return f.previous.is_null();
        }
        frame = f.previous;
    }
    false
}

/// How a run from the base ended.
pub enum End {
    /// The program is over.
    Over(Value),
    /// It was paused and can go on.
    Paused,
}

fn ended(vm: &Vm, outcome: PyResult<Outcome>) -> PyResult<End> {
    match outcome? {
        Outcome::Return(v) => Ok(End::Over(v)),
        Outcome::Paused => Ok(End::Paused),
        Outcome::Yield(_) => Err(vm.system_error("a module's frame yielded")),
    }
}

/// Runs a module's code in `globals`, from the base: nothing else runs in this thread.
pub fn start(vm: &Vm, code: &Ref<Code>, globals: &Ref<Dict>) -> PyResult<End> {
    let f = function::new_function(vm, code.clone(), globals.clone(), None)?;
    let locals = Some(globals.as_value().clone());
    let frame = eval::new_frame_for(vm, &f, taipan_object::Args::EMPTY, locals)?;
    ended(vm, eval::eval(vm, frame, eval::Start::Next))
}

/// Goes on with what was paused.
pub fn resume(vm: &Vm) -> PyResult<End> {
    if vm.frame.get().is_null() {
        return Err(vm.runtime_error("nothing is paused"));
    }
    ended(vm, eval::resume(vm))
}
