//! `_signal`: Python's signal handlers. The system's handler only notes that a signal came; the interpreter loop sees
//! that in its evaluation breaker and calls [`run_pending_signals`].

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use taipan_builtins::structseq::{StructSeq, field};
use taipan_host::signal::{self, NSIG, SigInfo};
use taipan_host::types::Disposition;
use taipan_host::{Errno, consts, process};
use taipan_macros::pyfunctions;
use taipan_object::convert::IntoPy;
use taipan_object::vm::breaker;
use taipan_object::{Module, ModuleSpec, PyCell, PyResult, Raised, Ref, Str, Tuple, Value, Vm};

use crate::time::{Round, nanoseconds};
use crate::util::{self, add, add_constants, call, done};

/// `_signal`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_signal",
    doc: Some("This module provides mechanisms to use signal handlers in Python."),
    functions: &[functions::FUNCTIONS],
    types: &[],
    exec: Some(exec),
};

/// `signal.struct_siginfo`
pub static STRUCT_SIGINFO: StructSeq = StructSeq {
    spec: StructSeq::spec(
        "struct_siginfo",
        "signal",
        Some("struct_siginfo: Result from sigwaitinfo or sigtimedwait."),
    ),
    fields: &[
        field::<0>("si_signo", Some("signal number")),
        field::<1>("si_code", Some("signal code")),
        field::<2>("si_errno", Some("errno associated with this signal")),
        field::<3>("si_pid", Some("sending process ID")),
        field::<4>("si_uid", Some("real user ID of sending process")),
        field::<5>("si_status", Some("exit value or signal")),
        field::<6>("si_band", Some("band event for SIGPOLL")),
    ],
    visible: 7,
    total: 7,
};

const SIGINT: i32 = 2;
const SIGPIPE: i32 = 13;
const SIGXFSZ: i32 = 25;

/// Gives the frame that a handler is shown.
pub type FrameGetter = fn(&Vm) -> Value;

struct Handlers {
    /// By signal number: a callable, 0 (SIG_DFL), 1 (SIG_IGN), or `None` where it is not ours.
    by_signal: Vec<PyCell<Option<Value>>>,
    itimer_error: PyCell<Option<Value>>,
    frame: Cell<Option<FrameGetter>>,
    /// The thread that runs handlers; 0 for any.
    main_thread: Cell<u64>,
}

impl Default for Handlers {
    fn default() -> Handlers {
        Handlers {
            by_signal: (0..NSIG).map(|_| PyCell::new(None)).collect(),
            itimer_error: PyCell::new(None),
            frame: Cell::new(None),
            main_thread: Cell::new(0),
        }
    }
}

impl Handlers {
    fn get(&self, signal: i32) -> Option<Value> {
        self.by_signal.get(usize::try_from(signal).ok()?)?.get()
    }
    fn set(&self, signal: i32, v: Value) -> Option<Value> {
        let at = usize::try_from(signal).ok()?;
        self.by_signal.get(at)?.replace(Some(v))
    }
}

/// Says how to get the current frame, which handlers get as their second argument.
pub fn set_frame_getter(vm: &Vm, f: FrameGetter) {
    vm.state::<Handlers>().frame.set(Some(f));
}

/// Makes signals raise the evaluation breaker of this interpreter, the process's main one.
pub fn attach(vm: &Vm) {
    // The handler may run at any time until the process ends: what it points to is never freed.
    let flag: &'static Arc<AtomicU32> = Box::leak(Box::new(vm.interp().breaker.clone()));
    signal::set_flag(Some(flag), breaker::SIGNAL);
    vm.state::<Handlers>()
        .main_thread
        .set(taipan_host::thread::ident());
}

/// In the child of a fork: signals that came before were the parent's, and this thread is the main one.
pub fn after_fork(vm: &Vm) {
    let _ = signal::take_pending();
    let handlers = vm.state::<Handlers>();
    if handlers.main_thread.get() != 0 {
        handlers.main_thread.set(taipan_host::thread::ident());
    }
}

/// Runs the handlers of the signals that have come: for the `handle_breaker` hook, on the main thread.
pub fn run_pending_signals(vm: &Vm) -> PyResult<()> {
    let main = vm.state::<Handlers>().main_thread.get();
    if main != 0 && main != taipan_host::thread::ident() {
        // The main thread is still to see it.
        vm.interp()
            .breaker
            .fetch_or(breaker::SIGNAL, Ordering::SeqCst);
        return Ok(());
    }
    vm.interp()
        .breaker
        .fetch_and(!breaker::SIGNAL, Ordering::SeqCst);
    if !signal::is_pending() {
        return Ok(());
    }
    let mut pending = signal::take_pending();
    let handlers = vm.state::<Handlers>();
    while pending != 0 {
        let n = pending.trailing_zeros() as i32 + 1;
        pending &= pending - 1;
        // A handler may have been reset since the signal came.
        let Some(handler) = handlers.get(n).filter(|h| vm.is_callable(h)) else {
            let message = format!("Signal {n} ignored due to race condition");
            let exc = vm.new_exception(&vm.exc().OSError, &message)?;
            let _ = vm.raise(exc);
            vm.unraisable(Some("while calling signal handler"), None);
            continue;
        };
        let frame = handlers.frame.get().map_or_else(|| vm.none(), |f| f(vm));
        if let Err(r) = vm.call_pos(&handler, &[Value::from_i32(n), frame]) {
            // The others wait for the next look.
            for later in 1..NSIG {
                if pending >> (later - 1) & 1 != 0 {
                    signal::simulate(later);
                }
            }
            return Err(r);
        }
    }
    Ok(())
}

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    add_constants(vm, module, consts::SIGNAL)?;
    add_constants(vm, module, &[("NSIG", NSIG.into())])?;
    STRUCT_SIGINFO.add_to(vm, module)?;
    let dict = vm.new_dict()?;
    dict.set_named(vm, "__module__", vm.intern("signal")?.into_value())?;
    let bases = vm.new_tuple(vec![vm.exc().OSError.as_value().clone()])?;
    let args = [
        vm.intern("ItimerError")?.into_value(),
        bases.into_value(),
        dict.into_value(),
    ];
    let error = vm.call_pos(vm.types().type_.as_value(), &args)?;
    add(vm, module, "ItimerError", error.clone())?;
    let handlers = vm.state::<Handlers>();
    handlers.itimer_error.set(Some(error));
    // Writing to a closed pipe and beyond the limit of a file's size fail with errors instead.
    for n in [SIGPIPE, SIGXFSZ] {
        let _ = signal::install(n, Disposition::Ignore);
    }
    for n in 1..NSIG {
        let known = match signal::disposition(n) {
            Ok(Disposition::Default) => Some(0),
            Ok(Disposition::Ignore) => Some(1),
            _ => None,
        };
        if let Some(known) = known {
            handlers.set(n, Value::from_i32(known));
        }
    }
    let interrupt = module
        .dict
        .get()
        .and_then(|d| d.get_str(vm, &vm.intern("default_int_handler").ok()?));
    if let Some(handler) = interrupt
        && matches!(signal::disposition(SIGINT), Ok(Disposition::Default))
        && signal::install(SIGINT, Disposition::Noted).is_ok()
    {
        handlers.set(SIGINT, handler);
    }
    Ok(())
}

fn check_number(vm: &Vm, n: i32) -> PyResult<()> {
    if (1..NSIG).contains(&n) {
        return Ok(());
    }
    Err(vm.value_error("signal number out of range"))
}

/// The bits of an iterable of signal numbers.
pub fn signal_set(vm: &Vm, v: &Value) -> PyResult<u64> {
    let mut set = 0u64;
    for item in vm.collect(v)? {
        let n = vm.index(&item)?;
        match n.as_int().and_then(|i| i.to_i64()) {
            Some(n @ 1..=64) => set |= 1 << (n - 1),
            Some(n) => {
                return Err(vm.value_error(&format!("signal number {n} out of range [1; 64]")));
            }
            // As a C long that it does not fit in.
            None => return Err(vm.value_error("signal number -1 out of range [1; 64]")),
        }
    }
    Ok(set)
}

fn set_of(vm: &Vm, bits: u64) -> PyResult {
    let all: Vec<i32> = (1..NSIG).filter(|n| bits >> (n - 1) & 1 != 0).collect();
    vm.call1(vm.types().set.as_value(), &all.into_py(vm)?)
}

fn microseconds(vm: &Vm, v: &Value) -> PyResult<i64> {
    let ns = nanoseconds(vm, v, Round::Timeout)?;
    // Away from zero: a tiny delay must not turn the timer off.
    let us = ns / 1000;
    Ok(us + (ns % 1000).signum())
}

fn timer_pair(vm: &Vm, (delay, interval): (i64, i64)) -> PyResult {
    (delay as f64 / 1e6, interval as f64 / 1e6).into_py(vm)
}

/// Sends a signal to this thread. The C library's `raise` tells a bad number from nothing else.
fn raise_now(vm: &Vm, n: i32) -> PyResult<()> {
    signal::raise(n).map_err(|_| util::os_error(vm, Errno::EINVAL))
}

#[cold]
fn timer_error(vm: &Vm, e: Errno) -> Raised {
    let make = || -> PyResult {
        let class = vm.state::<Handlers>().itimer_error.get();
        let class = class.unwrap_or_else(|| vm.exc().OSError.as_value().clone());
        let text = util::fs_text(vm, &e.message())?;
        vm.call_pos(&class, &[Value::from_i32(e.0), text.into_value()])
    };
    match make() {
        Ok(e) => vm.raise(e),
        Err(r) => r,
    }
}

fn siginfo(vm: &Vm, info: SigInfo) -> PyResult<Ref<Tuple>> {
    let (signo, code, errno, pid, uid, status, band) = info;
    let v = vec![
        Value::from_i32(signo),
        Value::from_i32(code),
        Value::from_i32(errno),
        Value::from_i32(pid),
        uid.into_py(vm)?,
        Value::from_i32(status),
        band.into_py(vm)?,
    ];
    STRUCT_SIGINFO.build(vm, v)
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// The default handler for SIGINT installed by Python: it raises KeyboardInterrupt.
    #[pyfunction(sig = "($module, signalnum, frame, /)")]
    fn default_int_handler(vm: &Vm, signalnum: i32, frame: &Value) -> PyResult<()> {
        let _ = (signalnum, frame);
        Err(vm.raise_args(&vm.exc().KeyboardInterrupt, Vec::new()))
    }

    /// Set the action for the given signal and return the old one.
    #[pyfunction(sig = "($module, signalnum, handler, /)")]
    fn signal(vm: &Vm, signalnum: i32, handler: &Value) -> PyResult<Option<Value>> {
        check_number(vm, signalnum)?;
        let disposition = if vm.is_callable(handler) {
            Disposition::Noted
        } else {
            let number = match vm.has_index(handler) {
                true => vm.index(handler)?.as_small_int(),
                false => None,
            };
            match number {
                Some(0) => Disposition::Default,
                Some(1) => Disposition::Ignore,
                _ => {
                    return Err(vm.type_error(
                        "signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable object",
                    ));
                }
            }
        };
        util::check_signals(vm)?;
        done(vm, taipan_host::signal::install(signalnum, disposition))?;
        Ok(vm.state::<Handlers>().set(signalnum, handler.clone()))
    }

    /// Return the current action for the given signal.
    #[pyfunction(sig = "($module, signalnum, /)")]
    fn getsignal(vm: &Vm, signalnum: i32) -> PyResult<Option<Value>> {
        check_number(vm, signalnum)?;
        Ok(vm.state::<Handlers>().get(signalnum))
    }

    /// Arrange for SIGALRM to arrive after the given number of seconds.
    #[pyfunction(sig = "($module, seconds, /)")]
    fn alarm(seconds: i32) -> u32 {
        taipan_host::signal::alarm(seconds as u32)
    }

    /// Sets given itimer (one of ITIMER_REAL, ITIMER_VIRTUAL or ITIMER_PROF).
    #[pyfunction(sig = "($module, which, seconds, interval=0.0, /)")]
    fn setitimer(vm: &Vm, which: i32, seconds: &Value, interval: Option<&Value>) -> PyResult {
        let delay = microseconds(vm, seconds)?;
        let interval = interval.map_or(Ok(0), |v| microseconds(vm, v))?;
        let old = taipan_host::signal::set_itimer(which, delay, interval)
            .map_err(|e| timer_error(vm, e))?;
        timer_pair(vm, old)
    }

    /// Returns current value of given itimer.
    #[pyfunction(sig = "($module, which, /)")]
    fn getitimer(vm: &Vm, which: i32) -> PyResult {
        let now = taipan_host::signal::get_itimer(which).map_err(|e| timer_error(vm, e))?;
        timer_pair(vm, now)
    }

    /// Change system call restart behaviour.
    #[pyfunction(sig = "($module, signalnum, flag, /)")]
    fn siginterrupt(vm: &Vm, signalnum: i32, flag: i32) -> PyResult<()> {
        check_number(vm, signalnum)?;
        done(vm, taipan_host::signal::siginterrupt(signalnum, flag != 0))
    }

    /// Wait until a signal arrives.
    #[pyfunction(sig = "($module, /)")]
    fn pause(vm: &Vm) -> PyResult<()> {
        util::blocking(vm, taipan_host::signal::pause);
        util::check_signals(vm)
    }

    /// Send a signal to the executing process.
    #[pyfunction(sig = "($module, signalnum, /)")]
    fn raise_signal(vm: &Vm, signalnum: i32) -> PyResult<()> {
        raise_now(vm, signalnum)?;
        util::check_signals(vm)
    }

    /// Send a signal to a thread.
    #[pyfunction(sig = "($module, thread_id, signalnum, /)")]
    fn pthread_kill(vm: &Vm, thread_id: u64, signalnum: i32) -> PyResult<()> {
        // Without a call for one thread, only this one can be reached.
        if thread_id == taipan_host::thread::ident() {
            raise_now(vm, signalnum)?;
        } else {
            done(vm, process::kill(process::getpid(), signalnum))?;
        }
        util::check_signals(vm)
    }

    /// Fetch and/or change the signal mask of the calling thread.
    #[pyfunction(sig = "($module, how, mask, /)")]
    fn pthread_sigmask(vm: &Vm, how: i32, mask: &Value) -> PyResult {
        let mask = signal_set(vm, mask)?;
        let old = done(vm, taipan_host::signal::sigmask(how, mask))?;
        util::check_signals(vm)?;
        set_of(vm, old)
    }

    /// Examine pending signals.
    #[pyfunction(sig = "($module, /)")]
    fn sigpending(vm: &Vm) -> PyResult {
        let bits = done(vm, taipan_host::signal::sigpending())?;
        set_of(vm, bits)
    }

    /// Return a set of valid signal numbers on this platform.
    #[pyfunction(sig = "($module, /)")]
    fn valid_signals(vm: &Vm) -> PyResult {
        set_of(vm, taipan_host::signal::valid_signals())
    }

    /// Wait for a signal.
    #[pyfunction(sig = "($module, sigset, /)")]
    fn sigwait(vm: &Vm, sigset: &Value) -> PyResult<i32> {
        let mask = signal_set(vm, sigset)?;
        call(vm, || taipan_host::signal::sigwait(mask))
    }

    /// Wait synchronously until one of the signals in *sigset* is delivered.
    #[pyfunction(sig = "($module, sigset, /)")]
    fn sigwaitinfo(vm: &Vm, sigset: &Value) -> PyResult<Ref<Tuple>> {
        let mask = signal_set(vm, sigset)?;
        let info = call(vm, || taipan_host::signal::sigtimedwait(mask, None))?;
        siginfo(vm, info)
    }

    /// Like sigwaitinfo(), but with a timeout.
    #[pyfunction(sig = "($module, sigset, timeout, /)")]
    fn sigtimedwait(vm: &Vm, sigset: &Value, timeout: &Value) -> PyResult<Option<Ref<Tuple>>> {
        let timeout = nanoseconds(vm, timeout, Round::Timeout)?;
        if timeout < 0 {
            return Err(vm.value_error("timeout must be non-negative"));
        }
        let mask = signal_set(vm, sigset)?;
        let clock = || taipan_host::clock::now(taipan_host::types::Clock::Monotonic).unwrap_or(0);
        let deadline = clock().saturating_add(timeout);
        let info = util::retry(vm, || {
            let left = deadline.saturating_sub(clock()).max(0);
            taipan_host::signal::sigtimedwait(mask, Some(left))
        })?;
        match info {
            Ok(info) => siginfo(vm, info).map(Some),
            Err(Errno::EAGAIN) => Ok(None),
            Err(e) => Err(util::os_error(vm, e)),
        }
    }

    /// Sets the fd to be written to (with the signal number) when a signal comes in.
    #[pyfunction(sig = "($module, fd, /, *, warn_on_full_buffer=True)")]
    fn set_wakeup_fd(vm: &Vm, fd: i32, warn_on_full_buffer: bool) -> PyResult<i32> {
        let _ = warn_on_full_buffer;
        if fd >= 0 && !done(vm, taipan_host::signal::check_wakeup_fd(fd))? {
            return Err(vm.value_error(&format!("the fd {fd} must be in non-blocking mode")));
        }
        Ok(taipan_host::signal::set_wakeup_fd(fd.max(-1)))
    }

    /// Return the system description of the given signal.
    #[pyfunction(sig = "($module, signalnum, /)")]
    fn strsignal(vm: &Vm, signalnum: i32) -> PyResult<Option<Ref<Str>>> {
        check_number(vm, signalnum)?;
        match taipan_host::signal::strsignal(signalnum) {
            Some(text) => util::fs_text(vm, &text).map(Some),
            None => Ok(None),
        }
    }
}
