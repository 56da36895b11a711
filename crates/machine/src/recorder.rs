//! Who watches a program: counts its steps, tells of each, and stops it where that is wanted.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;

use taipan_object::{Ref, Value, Vm};
use taipan_vm::code::Code;
use taipan_vm::observe::{self, Observer, Step};

/// Where steps are told.
pub trait Sink {
    /// A step that is about to run: the code's number, the instruction's offset in bytes, how many calls are active.
    fn step(&self, code: u32, offset: u32, depth: u32);
    /// The step with this number, which was waited for, is next.
    fn reached(&self, vm: &Vm, step: u64);
}

/// See the module's documentation.
pub struct Recorder {
    sink: OnceCell<&'static dyn Sink>,
    /// The number of the next step.
    next: Cell<u64>,
    /// The step that the sink waits for.
    wanted: Cell<u64>,
    /// From this step on the program is to be paused where that is possible.
    pause: Cell<u64>,
    /// Whether the sink is told of each step.
    telling: Cell<bool>,
    /// Calls that were possible when the program began.
    calls: Cell<i32>,
    /// Whether code that is not the program's is watched as well.
    all: Cell<bool>,
    numbers: RefCell<HashMap<usize, u32>>,
    codes: RefCell<Vec<Ref<Code>>>,
}

impl Default for Recorder {
    fn default() -> Recorder {
        Recorder {
            sink: OnceCell::new(),
            next: Cell::new(0),
            wanted: Cell::new(u64::MAX),
            pause: Cell::new(u64::MAX),
            telling: Cell::new(false),
            calls: Cell::new(0),
            all: Cell::new(false),
            numbers: RefCell::default(),
            codes: RefCell::default(),
        }
    }
}

impl Recorder {
    /// Says where steps are told; once.
    pub fn set_sink(&self, sink: &'static dyn Sink) {
        let _ = self.sink.set(sink);
    }

    /// Numbers the code objects of a program: parents first, in the order of constants.
    pub fn begin(&self, vm: &Vm, program: &Ref<Code>) {
        self.numbers.borrow_mut().clear();
        self.codes.borrow_mut().clear();
        let mut todo = vec![program.clone()];
        while let Some(code) = todo.pop() {
            self.add(&code);
            let consts = code.consts().as_slice().iter().rev();
            todo.extend(consts.filter_map(|c: &Value| c.clone().downcast::<Code>().ok()));
        }
        self.next.set(0);
        self.calls.set(vm.recursion_remaining.get());
    }

    fn add(&self, code: &Ref<Code>) -> u32 {
        let mut codes = self.codes.borrow_mut();
        let number = codes.len() as u32;
        let address = (&raw const **code).addr();
        self.numbers.borrow_mut().insert(address, number);
        codes.push(code.clone());
        number
    }

    /// The number of a code object of the program.
    pub fn number_of(&self, code: &Code) -> Option<u32> {
        let address = (&raw const *code).addr();
        self.numbers.borrow().get(&address).copied()
    }

    /// The code objects by number.
    pub fn codes(&self) -> Vec<Ref<Code>> {
        self.codes.borrow().clone()
    }

    /// The number of the next step.
    pub fn next(&self) -> u64 {
        self.next.get()
    }

    /// The step at which the sink wants to be called.
    pub fn want(&self, step: u64) {
        self.wanted.set(step);
    }

    /// The step from which on the program shall pause.
    pub fn pause_from(&self, step: u64) {
        self.pause.set(step);
    }

    /// Whether the sink is told of each step.
    pub fn tell(&self, on: bool) {
        self.telling.set(on);
    }

    /// Whether code that is not the program's is watched as well, if it runs for the first time from now on.
    pub fn watch_all(&self, on: bool) {
        self.all.set(on);
    }
}

impl Observer for Recorder {
    fn wants(&self, _vm: &Vm, code: &Code) -> Option<u32> {
        self.number_of(code)
    }

    fn step(&self, vm: &Vm, step: &Step<'_>) -> bool {
        let number = self.next.get();
        if number >= self.wanted.get()
            && let Some(sink) = self.sink.get()
        {
            sink.reached(vm, number);
        }
        if number >= self.pause.get() && observe::can_pause(vm, step) {
            return true;
        }
        if self.telling.get()
            && let Some(sink) = self.sink.get()
        {
            let depth = self.calls.get() - vm.recursion_remaining.get();
            sink.step(step.id, 2 * step.unit, depth.max(0) as u32);
        }
        self.next.set(number + 1);
        false
    }
}
