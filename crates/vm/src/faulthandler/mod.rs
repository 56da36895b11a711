//! `faulthandler`: tracebacks on demand, after a time, on signals, and before signals that end the process. [`dump`] writes
//! them.

mod dump;

use std::cell::{Cell, RefCell};
use std::sync::atomic::{AtomicI32, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use taipan_host::fault;
use taipan_macros::pyfunctions;
use taipan_object::{ModuleSpec, PyResult, Value, Vm};

use crate::gil::{self, Gil};
use crate::sys_module::sys_get;
use dump::Out;

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "faulthandler",
    doc: Some("faulthandler module."),
    functions: &[functions::FUNCTIONS],
    types: &[],
    exec: None,
};

const STACK: &str = "Stack (most recent call first):\n";

/// Signals that end the process, and what they mean.
const FATAL: [(i32, &str); 5] = [
    (7, "Bus error"),
    (4, "Illegal instruction"),
    (8, "Floating-point exception"),
    (6, "Aborted"),
    (11, "Segmentation fault"),
];

/// Where the handler of a signal writes to; -1 for nowhere. Handlers can read nothing else.
static TARGETS: [AtomicI32; 65] = [const { AtomicI32::new(-1) }; 65];
/// Signals, as bits, whose handlers were asked for one thread alone.
static SINGLE: AtomicU64 = AtomicU64::new(0);

#[derive(Default)]
struct State {
    enabled: Cell<bool>,
    /// The files whose descriptors are in use, by signal; 0 for those of `enable`.
    files: RefCell<Vec<(i32, Value)>>,
    watch: Watch,
}

/// The watchdog that runs.
#[derive(Default)]
struct Watch(RefCell<Option<Running>>);

struct Running {
    stop: Arc<Stop>,
    thread: Option<std::thread::JoinHandle<()>>,
}

#[derive(Default)]
struct Stop {
    asked: Mutex<bool>,
    changed: Condvar,
}

impl Stop {
    /// Waits; whether it was asked to stop.
    fn wait(&self, time: Duration) -> bool {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let (asked, _) = self
            .changed
            .wait_timeout_while(asked, time, |asked| !*asked)
            .unwrap_or_else(PoisonError::into_inner);
        *asked
    }

    fn ask(&self) {
        *self.asked.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.changed.notify_all();
    }
}

/// A thread that writes tracebacks when the time is up.
struct Watchdog {
    vm: Box<Vm>,
    gil: Arc<Gil>,
    stop: Arc<Stop>,
    time: Duration,
    head: String,
    repeat: bool,
    exit: bool,
    fd: i32,
}

// SAFETY: what belongs to the interpreter is touched only while the thread holds the GIL.
unsafe impl Send for Watchdog {}

impl Watchdog {
    fn run(self) {
        loop {
            if self.stop.wait(self.time) {
                break;
            }
            gil::take(&self.vm, &self.gil, Duration::from_millis(5));
            Out::new(self.fd).text(&self.head);
            dump::all_threads(&self.vm, self.fd, None);
            self.gil.release();
            if self.exit {
                taipan_host::process::exit_now(1);
            }
            if !self.repeat {
                break;
            }
        }
        let Watchdog { vm, gil: lock, .. } = self;
        gil::take(&vm, &lock, Duration::from_millis(5));
        drop(vm);
        lock.release();
    }
}

fn cancel(vm: &Vm) {
    let running = vm.state::<State>().watch.0.borrow_mut().take();
    if let Some(Running { stop, thread }) = running {
        stop.ask();
        gil::without(vm, || {
            if let Some(t) = thread {
                let _ = t.join();
            }
        });
    }
}

/// "Timeout (H:MM:SS)!"
fn timeout_text(us: u64) -> String {
    let (s, us) = (us / 1_000_000, us % 1_000_000);
    let (h, m, s) = (s / 3600, s / 60 % 60, s % 60);
    if us == 0 {
        format!("Timeout ({h}:{m:02}:{s:02})!\n")
    } else {
        format!("Timeout ({h}:{m:02}:{s:02}.{us:06})!\n")
    }
}

/// The descriptor of a file that was given; `sys.stderr` by default. And the object to keep for as long as it is used.
fn descriptor(vm: &Vm, file: Option<&Value>) -> PyResult<(i32, Value)> {
    let file = match file.filter(|f| !vm.is_none(f)) {
        Some(f) => f.clone(),
        None => match sys_get(vm, "stderr") {
            None => return Err(vm.runtime_error("unable to get sys.stderr")),
            Some(f) if vm.is_none(&f) => return Err(vm.runtime_error("sys.stderr is None")),
            Some(f) => f,
        },
    };
    let number = |v: &Value| {
        v.as_int()
            .and_then(|n| n.to_i64())
            .and_then(|n| i32::try_from(n).ok())
    };
    if file.as_int().is_some() {
        if file.is(&vm.bool(true)) || file.is(&vm.bool(false)) {
            let message = "bool is used as a file descriptor";
            vm.warn(&vm.exc().RuntimeWarning, message, 1)?;
        }
        return match number(&file) {
            Some(fd) if fd >= 0 => Ok((fd, file)),
            _ => Err(vm.value_error("file is not a valid file descriptor")),
        };
    }
    let fileno = vm.call_method_str(&file, "fileno", &[])?;
    let fd = match number(&fileno) {
        Some(fd) if fd >= 0 => fd,
        _ => return Err(vm.runtime_error("file.fileno() is not a valid file descriptor")),
    };
    // What it holds back comes first; that it cannot be written is no matter here.
    if let Err(e) = vm.call_method(&file, &vm.names().flush, &[]) {
        drop(vm.take_raised(e));
    }
    Ok((fd, file))
}

/// In a signal handler: the traceback of the thread that got the signal.
fn on_signal(signal: i32) {
    let target = usize::try_from(signal).ok().and_then(|i| TARGETS.get(i));
    let fd = target.map_or(-1, |t| t.load(Ordering::SeqCst));
    if fd < 0 {
        return;
    }
    let mut out = Out::new(fd);
    let fatal = FATAL.iter().find(|(s, _)| *s == signal);
    if let Some((_, what)) = fatal {
        out.text("Fatal Python error: ");
        out.text(what);
        out.text("\n\n");
    }
    let single = SINGLE.load(Ordering::SeqCst) >> (signal - 1) & 1 != 0;
    Vm::with_current(|vm| {
        if single {
            out.text(STACK);
        } else {
            dump::thread_head(&mut out, vm, true);
        }
        dump::frames(&mut out, vm);
    });
    if fatal.is_some() {
        out.text("\nCurrent thread's C stack trace (most recent call first):\n");
        out.text("  <cannot get C stack on this system>\n");
    }
}

fn set_target(signal: i32, fd: i32, all_threads: bool) {
    let bit = 1 << (signal - 1);
    if all_threads {
        SINGLE.fetch_and(!bit, Ordering::SeqCst);
    } else {
        SINGLE.fetch_or(bit, Ordering::SeqCst);
    }
    if let Some(t) = usize::try_from(signal).ok().and_then(|i| TARGETS.get(i)) {
        t.store(fd, Ordering::SeqCst);
    }
}

fn keep(vm: &Vm, signal: i32, file: Option<Value>) {
    let state = vm.state::<State>();
    let mut files = state.files.borrow_mut();
    let old = files.iter().position(|(s, _)| *s == signal);
    let old = old.map(|i| files.swap_remove(i));
    files.extend(file.map(|f| (signal, f)));
    drop(files);
    drop(old);
}

/// Handles the signals that end the process.
pub(crate) fn enable(vm: &Vm, file: Option<&Value>, all_threads: bool) -> PyResult<()> {
    let (fd, file) = descriptor(vm, file)?;
    keep(vm, 0, Some(file));
    vm.state::<State>().enabled.set(true);
    for (signal, _) in FATAL {
        set_target(signal, fd, all_threads);
        if fault::install(signal, on_signal, false, false).is_err() {
            return Err(vm.runtime_error("cannot install a signal handler"));
        }
    }
    Ok(())
}

fn check_signal(vm: &Vm, signal: i32) -> PyResult<()> {
    if FATAL.iter().any(|(s, _)| *s == signal) {
        return Err(vm.runtime_error(&format!(
            "signal {signal} cannot be registered, use enable() instead"
        )));
    }
    if !(1..65).contains(&signal) {
        return Err(vm.value_error("signal number out of range"));
    }
    Ok(())
}

fn raise(vm: &Vm, signal: i32) -> PyResult<()> {
    taipan_host::signal::raise(signal).map_err(|_| vm.runtime_error("cannot raise a signal"))
}

/// The functions.
#[pyfunctions(FUNCTIONS)]
pub mod functions {
    use super::*;

    /// Enable the fault handler.
    #[pyfunction(params = "($module, /, file=sys.stderr, all_threads=True, c_stack=True)")]
    fn enable(vm: &Vm, file: Option<&Value>, all_threads: bool, c_stack: bool) -> PyResult<()> {
        let _ = c_stack;
        super::enable(vm, file, all_threads)
    }

    /// Disable the fault handler.
    #[pyfunction(sig = "($module, /)")]
    fn disable(vm: &Vm) -> bool {
        if !vm.state::<State>().enabled.replace(false) {
            return false;
        }
        for (signal, _) in FATAL {
            fault::uninstall(signal);
            set_target(signal, -1, true);
        }
        keep(vm, 0, None);
        true
    }

    /// Check if the handler is enabled.
    #[pyfunction(sig = "($module, /)")]
    fn is_enabled(vm: &Vm) -> bool {
        vm.state::<State>().enabled.get()
    }

    /// Dump the traceback of the current thread, or of all threads if all_threads is True, into file.
    #[pyfunction(sig = "($module, /, file=sys.stderr, all_threads=True)")]
    fn dump_traceback(vm: &Vm, file: Option<&Value>, all_threads: bool) -> PyResult<()> {
        let (fd, _file) = descriptor(vm, file)?;
        if all_threads {
            dump::all_threads(vm, fd, Some(vm));
            return Ok(());
        }
        let mut out = Out::new(fd);
        out.text(STACK);
        dump::frames(&mut out, vm);
        Ok(())
    }

    /// Dump the C stack of the current thread.
    #[pyfunction(sig = "($module, /, file=sys.stderr)")]
    fn dump_c_stack(vm: &Vm, file: Option<&Value>) -> PyResult<()> {
        let (fd, _file) = descriptor(vm, file)?;
        let mut out = Out::new(fd);
        out.text("Current thread's C stack trace (most recent call first):\n");
        out.text("  <cannot get C stack on this system>\n");
        Ok(())
    }

    /// Dump the traceback of all threads in timeout seconds,
    /// or each timeout seconds if repeat is True. If exit is True, call _exit(1) which is not safe.
    #[pyfunction(sig = "($module, /, timeout, repeat=False, file=sys.stderr, exit=False)")]
    fn dump_traceback_later(
        vm: &Vm,
        timeout: &Value,
        repeat: bool,
        file: Option<&Value>,
        exit: bool,
    ) -> PyResult<()> {
        if timeout.as_int().is_none() && timeout.as_float().is_none() {
            let message = format!(
                "'{}' object cannot be interpreted as an integer or float",
                vm.type_name(timeout)
            );
            return Err(vm.type_error(&message));
        }
        let seconds = vm.as_double(timeout)?;
        if seconds.is_nan() {
            return Err(vm.value_error("Invalid value NaN (not a number)"));
        }
        if seconds <= 0.0 {
            return Err(vm.value_error("timeout must be greater than 0"));
        }
        let us = (seconds * 1e6).ceil();
        if us >= 9e15 {
            return Err(vm.overflow_error("timeout value is too large"));
        }
        let us = us as u64;
        let (fd, file) = descriptor(vm, file)?;
        cancel(vm);
        keep(vm, -1, Some(file));
        let stop = Arc::new(Stop::default());
        let watchdog = Watchdog {
            vm: Vm::for_interp(vm.interp_rc()),
            gil: gil::gil(vm),
            stop: stop.clone(),
            time: Duration::from_micros(us),
            head: timeout_text(us),
            repeat,
            exit,
            fd,
        };
        match std::thread::Builder::new().spawn(move || watchdog.run()) {
            Ok(thread) => {
                let running = Running {
                    stop,
                    thread: Some(thread),
                };
                *vm.state::<State>().watch.0.borrow_mut() = Some(running);
                Ok(())
            }
            Err(_) => Err(vm.runtime_error("unable to start watchdog thread")),
        }
    }

    /// Cancel the previous call to dump_traceback_later().
    #[pyfunction(sig = "($module, /)")]
    fn cancel_dump_traceback_later(vm: &Vm) {
        cancel(vm);
        keep(vm, -1, None);
    }

    /// Register a handler for the signal 'signum': dump the traceback of the current thread, or of all threads if all_threads is True, into file.
    #[pyfunction(sig = "($module, /, signum, file=sys.stderr, all_threads=True, chain=False)")]
    fn register(
        vm: &Vm,
        signum: i32,
        file: Option<&Value>,
        all_threads: bool,
        chain: bool,
    ) -> PyResult<()> {
        check_signal(vm, signum)?;
        let (fd, file) = descriptor(vm, file)?;
        if let Err(e) = fault::install(signum, on_signal, true, chain) {
            let args = vec![
                Value::from_i32(e.0),
                crate::fs_text(vm, &e.message())?.into_value(),
            ];
            let exc = vm.new_exception_args(&vm.exc().OSError, args)?;
            return Err(vm.raise(exc));
        }
        set_target(signum, fd, all_threads);
        keep(vm, signum, Some(file));
        Ok(())
    }

    /// Unregister the handler of the signal 'signum' registered by register().
    #[pyfunction(sig = "($module, signum, /)")]
    fn unregister(vm: &Vm, signum: i32) -> PyResult<bool> {
        check_signal(vm, signum)?;
        let target = usize::try_from(signum).ok().and_then(|i| TARGETS.get(i));
        if target.is_none_or(|t| t.load(Ordering::SeqCst) < 0) {
            return Ok(false);
        }
        fault::uninstall(signum);
        set_target(signum, -1, true);
        keep(vm, signum, None);
        Ok(true)
    }

    /// Read from NULL, raise a SIGSEGV or SIGBUS signal depending on the platform.
    #[pyfunction(sig = "($module, /)")]
    fn _read_null(vm: &Vm) -> PyResult<()> {
        raise(vm, 11)
    }

    /// Raise a SIGSEGV signal.
    #[pyfunction(sig = "($module, release_gil=False, /)")]
    fn _sigsegv(vm: &Vm, release_gil: bool) -> PyResult<()> {
        if release_gil {
            return gil::without(vm, || taipan_host::signal::raise(11))
                .map_err(|_| vm.runtime_error("cannot raise a signal"));
        }
        raise(vm, 11)
    }

    /// Raise a SIGABRT signal.
    #[pyfunction(sig = "($module, /)")]
    fn _sigabrt(vm: &Vm) -> PyResult<()> {
        raise(vm, 6)
    }

    /// Raise a SIGFPE signal.
    #[pyfunction(sig = "($module, /)")]
    fn _sigfpe(vm: &Vm) -> PyResult<()> {
        raise(vm, 8)
    }
}
