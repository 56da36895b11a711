//! Python 3.14 to embed: [`Interpreter`] puts the virtual machine, the native modules and the library together.
//! [`run`] is what the command does with a program; [`paths`] finds the library.

pub mod interactive;
pub mod main_program;
pub mod modules;
pub mod paths;

use taipan_object::{InterpConfig, PyResult, Vm};
pub use taipan_vm::config::Settings;
#[cfg(feature = "stats")]
pub use taipan_vm::stats;

/// Stack of the thread that runs a program, in bytes. It is reserved, not used: native recursion (the parser, `repr` of
/// nested lists) raises RecursionError late.
pub const STACK_SIZE: usize = 64 << 20;

/// What native code may need between a check of the stack and the next one.
const STACK_MARGIN: usize = 256 << 10;

/// An interpreter on the thread that made it.
pub struct Interpreter {
    vm: Box<Vm>,
}

/// Settings on the way to an [`Interpreter`].
#[derive(Default)]
pub struct Builder {
    settings: Settings,
    hash_key: Option<(u64, u64)>,
    library: bool,
}

/// Why an interpreter could not be made.
#[derive(Debug)]
pub enum StartError {
    /// There is no memory.
    NoMemory,
    /// An exception was raised; its text was written to the standard error stream.
    Raised,
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            StartError::NoMemory => "no memory for an interpreter",
            StartError::Raised => "the interpreter could not be initialized",
        })
    }
}

impl std::error::Error for StartError {}

impl Builder {
    /// Replaces the settings.
    pub fn settings(mut self, settings: Settings) -> Builder {
        self.settings = settings;
        self
    }

    /// Fixes the key of `hash(str)`; it is random otherwise.
    pub fn hash_key(mut self, key: (u64, u64)) -> Builder {
        self.hash_key = Some(key);
        self
    }

    /// Whether to bring up the import system and the library: without, native modules alone can be imported.
    pub fn library(mut self, on: bool) -> Builder {
        self.library = on;
        self
    }

    /// Makes the interpreter.
    ///
    /// # Errors
    /// When there is no memory, or when the start of the interpreter raised an exception.
    pub fn build(self) -> Result<Interpreter, StartError> {
        let hash_key = self.hash_key.unwrap_or_else(random_key);
        let vm = Vm::new_interpreter(&InterpConfig { hash_key }).ok_or(StartError::NoMemory)?;
        if let Some(bounds) = taipan_host::thread::stack_bounds() {
            vm.stack_limit
                .set(bounds.limit.saturating_add(STACK_MARGIN));
        }
        vm.thread_ident.set(taipan_host::thread::ident());
        let library = self.library;
        let settings = self.settings;
        let started = vm.enter(|| {
            let start = || -> PyResult<()> {
                taipan_vm::config::set_settings(&vm, settings);
                taipan_vm::init(&vm)?;
                taipan_stdlib_os::util::set_without_gil(&vm, |vm, f| {
                    taipan_vm::gil::without(vm, f)
                });
                taipan_stdlib_os::util::set_threads_after_fork(&vm, taipan_vm::threads::after_fork);
                taipan_vm::breaker::register(
                    &vm,
                    taipan_object::vm::breaker::SIGNAL,
                    taipan_stdlib_os::signal::run_pending_signals,
                );
                taipan_stdlib_os::signal::attach(&vm);
                taipan_stdlib_os::signal::set_frame_getter(&vm, taipan_vm::frame_object::current);
                modules::register(&vm);
                taipan_vm::startup::initialize(&vm, library)?;
                // Python's handler of SIGINT is there from the start.
                vm.import("_signal").map(drop)
            };
            start().map_err(|e| {
                let exc = vm.take_raised(e);
                taipan_vm::sys_module::hooks::write_stderr(
                    &vm,
                    &taipan_vm::sys_module::hooks::plain_exception(&vm, &exc),
                );
                StartError::Raised
            })
        });
        started?;
        Ok(Interpreter { vm })
    }
}

fn random_key() -> (u64, u64) {
    let mut bytes = [0; 16];
    // Without randomness the key is fixed, as with PYTHONHASHSEED=0.
    let _ = taipan_host::random::fill(&mut bytes);
    let (a, b) = bytes.split_at(8);
    let number = |b: &[u8]| b.iter().fold(0, |n, b| (n << 8) | u64::from(*b));
    (number(a), number(b))
}

impl Interpreter {
    /// Settings for a new interpreter.
    pub fn builder() -> Builder {
        Builder {
            library: true,
            ..Builder::default()
        }
    }

    /// Runs `f` with the interpreter's thread.
    pub fn enter<R>(&self, f: impl FnOnce(&Vm) -> R) -> R {
        self.vm.enter(|| f(&self.vm))
    }
}

/// Runs `f` on a thread of its own with a large stack, and gives what it gives; `None` when no thread could be made or `f`
/// panicked.
pub fn on_big_stack<R: Send + 'static>(f: impl FnOnce() -> R + Send + 'static) -> Option<R> {
    let thread = std::thread::Builder::new()
        .name("MainThread".to_owned())
        .stack_size(STACK_SIZE)
        .spawn(f)
        .ok()?;
    // Signals to the process are for the thread that runs Python: here they would interrupt nothing.
    let mask = taipan_host::signal::sigmask(0, u64::MAX);
    let result = thread.join().ok();
    if let Ok(mask) = mask {
        let _ = taipan_host::signal::sigmask(2, mask);
    }
    result
}
