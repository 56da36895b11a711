//! The inspector's machine as a WebAssembly module.
//!
//! The whole state of a program is the module's linear memory: its host goes back by putting an earlier copy in its place.
//! A run is left in two ways: it returns (paused, or over), or the host throws from an imported function, which leaves
//! memory and stack pointer as they are, fit only for being replaced by a copy.

#[cfg(target_family = "wasm")]
mod memory;

use std::cell::{Cell, RefCell};

use taipan::Settings;
use taipan_machine::{Machine, Outcome, Sink};
use taipan_object::Vm;

#[cfg(target_family = "wasm")]
mod imports {
    #[link(wasm_import_module = "machine")]
    unsafe extern "C" {
        /// Takes a text that was asked for.
        pub fn answer(text: *const u8, length: usize);
        /// A state is about to be described.
        pub fn describing();
        /// It was: the host may put the memory back as it was before.
        pub fn described();
        /// The step that was waited for is next. Gives the one to wait for from here on, or throws.
        pub fn reached(step: f64) -> f64;
        /// Takes rows of code, offset and depth of steps.
        pub fn timeline(rows: *const u32, numbers: usize);
    }
}

#[cfg(not(target_family = "wasm"))]
mod imports {
    pub unsafe fn answer(_: *const u8, _: usize) {}
    pub unsafe fn describing() {}
    pub unsafe fn described() {}
    pub unsafe fn reached(_: f64) -> f64 {
        f64::INFINITY
    }
    pub unsafe fn timeline(_: *const u32, _: usize) {}
}

/// How much more of the stack compiling may take than running: the functions that parse need less of the engine's own stack
/// beside it than those that run programs.
const COMPILE_STACK: usize = 224 << 10;

/// Numbers that are told at once: three for each step.
const ROWS: usize = 3 * 16384;

struct Host {
    machine: RefCell<Option<&'static Machine>>,
    /// Whether states are described where the host waits.
    describing: Cell<bool>,
    rows: RefCell<Vec<u32>>,
}

// SAFETY: a WebAssembly module has one thread; elsewhere nothing here is called.
unsafe impl Sync for Host {}

static HOST: Host = Host {
    machine: RefCell::new(None),
    describing: Cell::new(false),
    rows: RefCell::new(Vec::new()),
};

fn answer(text: &str) {
    // SAFETY: the text is readable for its length.
    unsafe { imports::answer(text.as_ptr(), text.len()) }
}

/// A function of its own: when it has returned, no local variable leads to memory that it took.
#[inline(never)]
fn describe(machine: &Machine, vm: &Vm) {
    answer(&machine.state_in(vm));
}

fn flush() {
    let mut rows = HOST.rows.borrow_mut();
    if !rows.is_empty() {
        // SAFETY: the rows are readable for their number.
        unsafe { imports::timeline(rows.as_ptr(), rows.len()) }
        rows.clear();
    }
}

impl Sink for Host {
    fn step(&self, code: u32, offset: u32, depth: u32) {
        let full = {
            let mut rows = self.rows.borrow_mut();
            rows.extend_from_slice(&[code, offset, depth]);
            rows.len() >= ROWS
        };
        if full {
            flush();
        }
    }

    fn reached(&self, vm: &Vm, step: u64) {
        flush();
        let machine = *self.machine.borrow();
        if let Some(machine) = machine {
            if self.describing.get() {
                // SAFETY: what `describe` leaves behind is all in the module's memory; nothing here depends on it.
                unsafe { imports::describing() }
                describe(machine, vm);
                // SAFETY: as above.
                unsafe { imports::described() }
            }
            // SAFETY: nothing is borrowed; the host may never come back.
            let next = unsafe { imports::reached(step as f64) };
            machine.recorder().want(next as u64);
        }
    }
}

fn with(f: impl FnOnce(&'static Machine) -> i32) -> i32 {
    let machine = *HOST.machine.borrow();
    machine.map_or(-1, f)
}

/// Memory for a text that the host gives; the function that it is given to takes it over.
#[unsafe(no_mangle)]
pub extern "C" fn allocate(length: usize) -> *mut u8 {
    let bytes = vec![0u8; length].into_boxed_slice();
    Box::into_raw(bytes).cast()
}

/// Takes over what [`allocate`] gave.
///
/// # Safety
/// `length` bytes of one call of `allocate`.
unsafe fn take(at: *mut u8, length: usize) -> Vec<u8> {
    let bytes = std::ptr::slice_from_raw_parts_mut(at, length);
    // SAFETY: the contract.
    unsafe { Box::from_raw(bytes) }.into_vec()
}

/// Starts the interpreter. The text lists the library's files: a line for each, with name and size. 0 if all went well.
///
/// # Safety
/// The text is `length` bytes of [`allocate`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn boot(index: *mut u8, length: usize) -> i32 {
    // What went wrong is said before the module traps.
    std::panic::set_hook(Box::new(|what| answer(&what.to_string())));
    // SAFETY: the contract.
    let index = unsafe { take(index, length) };
    #[cfg(not(unix))]
    taipan_host::fs::set_library(&String::from_utf8_lossy(&index));
    let library = b"/lib/python3.14".to_vec();
    let settings = Settings {
        argv: vec![b"program.py".to_vec()],
        orig_argv: vec![b"taipan".to_vec(), b"program.py".to_vec()],
        executable: b"/bin/taipan".to_vec(),
        base_executable: b"/bin/taipan".to_vec(),
        prefix: b"/".to_vec(),
        exec_prefix: b"/".to_vec(),
        base_prefix: b"/".to_vec(),
        base_exec_prefix: b"/".to_vec(),
        stdlib_dir: Some(library.clone()),
        module_search_paths: vec![b"/".to_vec(), library],
        user_site_directory: false,
        use_environment: false,
        write_bytecode: false,
        // What is printed is seen at once.
        buffered_stdio: false,
        ..Settings::default()
    };
    drop(index);
    match Machine::new(settings, true) {
        Ok(machine) => {
            let machine: &'static Machine = Box::leak(Box::new(machine));
            machine.recorder().set_sink(&HOST);
            machine.compile_stack(COMPILE_STACK);
            HOST.rows.borrow_mut().reserve_exact(ROWS + 3);
            *HOST.machine.borrow_mut() = Some(machine);
            0
        }
        Err(_) => 1,
    }
}

/// Compiles a program. 0 if it can be run; else the answer says why not, and the traceback was written.
///
/// # Safety
/// Both texts are of [`allocate`], with their lengths.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn load(
    source: *mut u8,
    source_length: usize,
    name: *mut u8,
    name_length: usize,
    optimize: u32,
) -> i32 {
    // SAFETY: the contract.
    let (source, name) = unsafe { (take(source, source_length), take(name, name_length)) };
    #[cfg(not(unix))]
    taipan_host::fs::put(&name, &source);
    with(|machine| {
        let name = String::from_utf8_lossy(&name);
        match machine.load(&source, &name, optimize.min(2) as u8) {
            Ok(()) => 0,
            Err(text) => {
                answer(&text);
                1
            }
        }
    })
}

/// Runs on. The host is called before step `want`, and the program pauses at `pause` or as soon behind it as it can.
/// `tell`: steps are told. `describe`: where the host is called, the state is answered before. 0: paused, 1: over,
/// 2: ended by an exception, which is the answer.
#[unsafe(no_mangle)]
pub extern "C" fn run(want: f64, pause: f64, tell: u32, describe: u32) -> i32 {
    with(|machine| {
        let recorder = machine.recorder();
        recorder.want(want as u64);
        recorder.pause_from(pause as u64);
        recorder.tell(tell != 0);
        HOST.describing.set(describe != 0);
        let outcome = machine.run();
        flush();
        match outcome {
            Outcome::Paused => 0,
            Outcome::Finished => 1,
            Outcome::Raised(text) => {
                answer(&text);
                2
            }
        }
    })
}

/// Tells the steps that were not told yet, after a run that the host left in the middle.
#[unsafe(no_mangle)]
pub extern "C" fn tell_rest() {
    flush();
}

/// The number of the next step.
#[unsafe(no_mangle)]
pub extern "C" fn position() -> f64 {
    let machine = *HOST.machine.borrow();
    machine.map_or(0.0, |m| m.recorder().next() as f64)
}

/// Answers the state where the program stands.
#[unsafe(no_mangle)]
pub extern "C" fn state() -> i32 {
    with(|machine| {
        answer(&machine.state());
        0
    })
}

/// Answers the program's code objects.
#[unsafe(no_mangle)]
pub extern "C" fn codes() -> i32 {
    with(|machine| {
        answer(&machine.codes());
        0
    })
}

/// Answers what was counted.
#[unsafe(no_mangle)]
pub extern "C" fn counts() -> i32 {
    with(|machine| {
        answer(&machine.counts());
        0
    })
}

/// Ends the interpreter: `atexit` functions run.
#[unsafe(no_mangle)]
pub extern "C" fn finish() -> i32 {
    with(|machine| {
        machine.finalize();
        0
    })
}
