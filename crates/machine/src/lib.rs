//! Runs a program instruction by instruction and describes its state, for the inspector.
//!
//! [`Machine`] loads a program, runs it with a [`Recorder`] watching, and says what it looks like where it stands. Steps are
//! the instructions of the program's own code; the library runs through. Nothing here goes backwards: whoever wants to
//! go back keeps the memory of the whole (as the WebAssembly module's host does), or runs the program again.

mod codes;
mod json;
mod recorder;
mod report;
mod show;
mod state;

pub use recorder::{Recorder, Sink};
pub use report::{Request, report};

use std::cell::{Cell, RefCell};

use taipan::{Interpreter, Settings, StartError};
use taipan_object::{Dict, PyResult, Ref, Value, Vm};
use taipan_vm::builtins::execution::bytes_text;
use taipan_vm::code::Code;
use taipan_vm::compile::{Options, compile_text};
use taipan_vm::config::config;
use taipan_vm::observe::{self, End};
use taipan_vm::sys_module::hooks;

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was paused and can go on.
    Paused,
    /// The program is over.
    Finished,
    /// It ended by an exception that nobody caught: its type and message. The traceback was written to `sys.stderr`.
    Raised(String),
}

/// An interpreter with a program.
pub struct Machine {
    interpreter: Interpreter,
    recorder: &'static Recorder,
    program: RefCell<Option<(Ref<Code>, Ref<Dict>)>>,
    started: Cell<bool>,
    compile_stack: Cell<usize>,
}

impl Machine {
    /// A machine without a program. The hash key is fixed, so that runs are alike. It is never freed.
    ///
    /// # Errors
    /// When the interpreter cannot be started.
    pub fn new(settings: Settings, library: bool) -> Result<Machine, StartError> {
        let interpreter = Interpreter::builder()
            .settings(settings)
            .hash_key((0, 0))
            .library(library)
            .build()?;
        let recorder: &'static Recorder = Box::leak(Box::default());
        interpreter.enter(|vm| observe::set_observer(vm, recorder));
        Ok(Machine {
            interpreter,
            recorder,
            program: RefCell::default(),
            started: Cell::new(false),
            compile_stack: Cell::new(0),
        })
    }

    /// Who watches.
    pub fn recorder(&self) -> &'static Recorder {
        self.recorder
    }

    /// Lets [`Machine::load`] use so many bytes of the stack beyond the bound of what runs.
    pub fn compile_stack(&self, bytes: usize) {
        self.compile_stack.set(bytes);
    }

    /// Compiles a program, which stands before its first instruction then.
    ///
    /// # Errors
    /// The exception's type and message. What Python prints was written to `sys.stderr`.
    pub fn load(&self, source: &[u8], filename: &str, optimize: u8) -> Result<(), String> {
        let loaded = self.interpreter.enter(|vm| {
            config(vm).optimization_level.set(optimize);
            let load = || -> PyResult<(Ref<Code>, Ref<Dict>)> {
                let name = vm.new_str(filename)?;
                let text = bytes_text(vm, source, &name, true, true)?;
                let options = Options {
                    optimize,
                    from_file: true,
                    ..Options::exec()
                };
                let (code, _) = compile_text(vm, &text, &name, &options)?;
                let main = taipan_vm::startup::main_module(vm)?;
                let Some(globals) = main.dict.get() else {
                    return Err(vm.runtime_error("__main__ has no dict"));
                };
                globals.set_named(vm, "__file__", name.into_value())?;
                globals.set_named(vm, "__cached__", vm.none())?;
                Ok((code, globals))
            };
            let limit = vm.stack_limit.get();
            vm.stack_limit
                .set(limit.saturating_sub(self.compile_stack.get()));
            let loaded = load();
            vm.stack_limit.set(limit);
            let loaded = loaded.map_err(|e| uncaught(vm, e))?;
            self.recorder.begin(vm, &loaded.0);
            Ok::<_, String>(loaded)
        })?;
        *self.program.borrow_mut() = Some(loaded);
        self.started.set(false);
        Ok(())
    }

    /// Runs on, until the program is over or was paused.
    pub fn run(&self) -> Outcome {
        let program = self.program.borrow().clone();
        let Some((code, globals)) = program else {
            return Outcome::Finished;
        };
        let started = self.started.replace(true);
        self.interpreter.enter(|vm| {
            let end = if started {
                observe::resume(vm)
            } else {
                observe::start(vm, &code, &globals)
            };
            let outcome = match end {
                Ok(End::Paused) => return Outcome::Paused,
                Ok(End::Over(_)) => Outcome::Finished,
                Err(e) => {
                    let exc = vm.take_raised(e);
                    let text = summary(vm, &exc);
                    hooks::print_uncaught(vm, &exc);
                    Outcome::Raised(text)
                }
            };
            taipan_vm::startup::flush_std_files(vm);
            outcome
        })
    }

    /// Ends the interpreter as the end of a program does: waits for threads, runs `atexit`, empties modules.
    pub fn finalize(&self) {
        self.interpreter.enter(|vm| {
            taipan_vm::finalize::finalize(vm);
        });
    }

    /// The code objects of the program, as JSON.
    pub fn codes(&self) -> String {
        codes::describe(&self.recorder.codes())
    }

    /// How often instructions ran, and what they became, as JSON.
    pub fn counts(&self) -> String {
        codes::counts(&self.recorder.codes())
    }

    /// The state where the program stands, as JSON; for use from a [`Sink`] or between runs.
    pub fn state(&self) -> String {
        let mut text = String::new();
        self.interpreter.enter(|vm| text = self.state_in(vm));
        text
    }

    /// The same within a call of a sink.
    pub fn state_in(&self, vm: &Vm) -> String {
        let program = self.program.borrow().clone();
        let place = state::Place {
            step: self.recorder.next(),
            globals: program.as_ref().map(|(_, globals)| globals),
            code_id: &|code| self.recorder.number_of(code),
        };
        state::describe(vm, &place)
    }

    /// Runs `f` with the interpreter's thread.
    pub fn enter<R>(&self, f: impl FnOnce(&Vm) -> R) -> R {
        self.interpreter.enter(f)
    }
}

/// The type and the message of an exception.
fn summary(vm: &Vm, exc: &Value) -> String {
    let name = show::type_name(vm, exc);
    match vm.str(exc) {
        Ok(text) if !text.is_empty() => format!("{name}: {}", text.to_string_lossy()),
        Ok(_) => name,
        Err(e) => {
            drop(vm.take_raised(e));
            name
        }
    }
}

fn uncaught(vm: &Vm, e: taipan_object::Raised) -> String {
    let exc = vm.take_raised(e);
    let text = summary(vm, &exc);
    hooks::print_uncaught(vm, &exc);
    text
}
