//! Module `_thread`: locks, threads of the operating system, data of a thread.

pub mod handle;
pub mod local;
pub mod lock;

use std::cell::{Cell, RefCell};
use std::sync::{Arc, Weak};
use std::time::Duration;

use taipan_builtins::structseq::{StructSeq, field};
use taipan_macros::pyfunctions;
use taipan_object::{Dict, Module, ModuleSpec, PyResult, Ref, Str, Tuple, Value, Vm};

use handle::{Done, ThreadHandle};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_thread",
    doc: Some(
        "This module provides primitive operations to write multi-threaded programs.\nThe 'threading' module provides a more convenient interface.",
    ),
    functions: &[functions::FUNCTIONS],
    types: &[
        &lock::LOCK,
        &lock::RLOCK,
        &local::LOCAL,
        &handle::THREAD_HANDLE,
    ],
    exec: Some(exec),
};

/// The longest timeout, in seconds.
pub const TIMEOUT_MAX: f64 = 9_223_372_036.0;

static EXCEPT_HOOK_ARGS: StructSeq = StructSeq {
    spec: StructSeq::spec(
        "_ExceptHookArgs",
        "_thread",
        Some("ExceptHookArgs\n\nType used to pass arguments to threading.excepthook."),
    ),
    fields: &[
        field::<0>("exc_type", Some("Exception type")),
        field::<1>("exc_value", Some("Exception value")),
        field::<2>("exc_traceback", Some("Exception traceback")),
        field::<3>("thread", Some("Thread")),
    ],
    visible: 4,
    total: 4,
};

/// The threads of an interpreter.
#[derive(Default)]
pub struct Threads {
    /// How many run beside the main thread.
    pub running: Cell<usize>,
    /// The main thread's identifier.
    pub main: Cell<u64>,
    /// Threads that `_shutdown` waits for.
    pub to_join: RefCell<Vec<Arc<Done>>>,
    /// `stack_size`; 0: the default.
    pub stack_size: Cell<usize>,
    /// All that run, the main thread first.
    all: RefCell<Vec<*const Vm>>,
    /// How far threads that were started have come.
    started: RefCell<Vec<Weak<Done>>>,
}

/// Adds a thread that begins to run to those of its interpreter. It must stay where it is until [`end`].
pub(crate) fn begin(vm: &Vm) {
    vm.state::<Threads>().all.borrow_mut().push(vm);
}

/// Takes a thread that ends away from those of its interpreter.
fn end(vm: &Vm) {
    let threads = vm.state::<Threads>();
    threads.all.borrow_mut().retain(|t| !std::ptr::eq(*t, vm));
}

/// In the child of a fork: this thread is the only one, and the main thread.
pub fn after_fork(vm: &Vm) {
    crate::gil::after_fork(vm);
    let me = taipan_host::thread::ident();
    let threads = vm.state::<Threads>();
    threads.all.borrow_mut().retain(|t| std::ptr::eq(*t, vm));
    threads.main.set(me);
    threads.to_join.borrow_mut().clear();
    let started = threads.started.take();
    for done in started.iter().filter_map(Weak::upgrade) {
        if done.ident() == me {
            threads.started.borrow_mut().push(Arc::downgrade(&done));
        } else {
            done.finish();
        }
    }
    threads.running.set(threads.started.borrow().len());
}

/// Calls `f` with each thread of the interpreter.
pub(crate) fn for_each(vm: &Vm, f: impl FnMut(&Vm)) {
    let all = vm.state::<Threads>().all.borrow().clone();
    visit(all, f);
}

/// Calls `f` with each thread of the interpreter, the newest first.
pub(crate) fn for_each_newest_first(vm: &Vm, f: impl FnMut(&Vm)) {
    let mut all = vm.state::<Threads>().all.borrow().clone();
    all.reverse();
    visit(all, f);
}

fn visit(all: Vec<*const Vm>, mut f: impl FnMut(&Vm)) {
    for thread in all {
        // SAFETY: threads are listed from their beginning to their end, and the list changes under the GIL, which is held
        // here. What a thread's state holds is only touched by who has the GIL.
        f(unsafe { &*thread });
    }
}

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    let Some(d) = module.dict.get() else {
        return Ok(());
    };
    let threads = vm.state::<Threads>();
    if threads.main.get() == 0 {
        threads.main.set(taipan_host::thread::ident());
    }
    EXCEPT_HOOK_ARGS.add_to(vm, module)?;
    d.set_named(vm, "error", vm.exc().RuntimeError.as_value().clone())?;
    d.set_named(vm, "TIMEOUT_MAX", vm.new_float(TIMEOUT_MAX)?)?;
    d.set_named(vm, "_NAME_MAXLEN", Value::from_i32(15))?;
    if let Some(l) = d.get_str(vm, &vm.intern("lock")?) {
        d.set_named(vm, "LockType", l)?;
    }
    Ok(())
}

/// What moves to a new thread.
struct Start {
    vm: Box<Vm>,
    function: Value,
    args: Vec<Value>,
    kwargs: Option<Ref<Dict>>,
    gil: Arc<crate::gil::Gil>,
    done: Arc<Done>,
}

// SAFETY: the thread touches what is in here only while it holds the interpreter's GIL, and the thread that made it does not
// touch it any more.
unsafe impl Send for Start {}

impl Start {
    fn run(self) {
        let Start {
            vm,
            function,
            args,
            kwargs,
            gil,
            done,
        } = self;
        if let Some(bounds) = taipan_host::thread::stack_bounds() {
            vm.stack_limit.set(bounds.limit.saturating_add(256 << 10));
        }
        vm.thread_ident.set(taipan_host::thread::ident());
        crate::gil::take(&vm, &gil, Duration::from_millis(5));
        done.start(taipan_host::thread::ident());
        vm.enter(|| {
            begin(&vm);
            let threads = vm.state::<Threads>();
            threads.running.set(threads.running.get() + 1);
            if vm.call_dict(&function, &args, kwargs.as_ref()).is_err() {
                if vm.exception_matches(&vm.exc().SystemExit) {
                    vm.clear_exception();
                } else {
                    let exc = vm.take_exception();
                    let text = vm.repr_string(&function).unwrap_or_else(|e| {
                        drop(vm.take_raised(e));
                        String::new()
                    });
                    if let Some(exc) = exc {
                        let _ = vm.raise_as_is(exc);
                    }
                    vm.unraisable(Some(&format!("in thread started by {text}")), None);
                }
            }
            drop((function, args, kwargs));
            if crate::instrumentation::legacy::thread_ends(&vm).is_err() {
                vm.clear_exception();
            }
            // While this thread is the current one: objects that die afterwards would not be given back.
            vm.context.set(None);
            end(&vm);
            let threads = vm.state::<Threads>();
            threads.running.set(threads.running.get().saturating_sub(1));
        });
        done.finish();
        drop(vm);
        gil.release();
    }
}

/// Starts a thread that calls `function`.
fn start(
    vm: &Vm,
    function: &Value,
    args: Vec<Value>,
    kwargs: Option<Ref<Dict>>,
    done: Arc<Done>,
) -> PyResult<()> {
    let fresh = Vm::for_interp(vm.interp_rc());
    let start = Start {
        vm: fresh,
        function: function.clone(),
        args,
        kwargs,
        gil: crate::gil::gil(vm),
        done: done.clone(),
    };
    let size = match vm.state::<Threads>().stack_size.get() {
        0 => 16 << 20,
        // The stack holds native calls alone, and must have room for some.
        n => n.max(4 << 20),
    };
    let spawned = std::thread::Builder::new()
        .stack_size(size)
        .spawn(move || start.run());
    match spawned {
        Ok(_) => {
            let threads = vm.state::<Threads>();
            let mut started = threads.started.borrow_mut();
            started.retain(|d| d.upgrade().is_some_and(|d| !d.is_ended()));
            started.push(Arc::downgrade(&done));
            drop(started);
            // The identifier is known once the thread has started.
            crate::gil::without(vm, || done.wait_started());
            Ok(())
        }
        Err(_) => Err(vm.runtime_error("can't start new thread")),
    }
}

/// Waits for the threads that are not daemons.
pub fn shutdown(vm: &Vm) {
    loop {
        let next = vm.state::<Threads>().to_join.borrow_mut().pop();
        let Some(d) = next else { return };
        crate::gil::without(vm, || d.wait(None));
    }
}

/// The functions.
#[pyfunctions(FUNCTIONS)]
pub mod functions {
    use super::*;

    /// Start a new thread and return its identifier.
    ///
    /// The thread will call the function with positional arguments from the tuple args and keyword arguments taken from the
    /// optional dictionary kwargs. The thread exits when the function returns; the return value is ignored.
    #[pyfunction(sig = "($module, function, args, kwargs={}, /)")]
    fn start_new_thread(
        vm: &Vm,
        function: &Value,
        args: &Value,
        kwargs: Option<&Value>,
    ) -> PyResult<u64> {
        if !vm.is_callable(function) {
            return Err(vm.type_error("first arg must be callable"));
        }
        let Some(args) = args.downcast_ref::<Tuple>() else {
            return Err(vm.type_error("2nd arg must be a tuple"));
        };
        let kwargs = match kwargs {
            None => None,
            Some(k) => match k.downcast_ref::<Dict>() {
                Some(d) => Some(d.clone()),
                None => return Err(vm.type_error("optional 3rd arg must be a dictionary")),
            },
        };
        let done = Arc::new(Done::default());
        start(vm, function, args.as_slice().to_vec(), kwargs, done.clone())?;
        Ok(done.ident())
    }

    /// An obsolete synonym of start_new_thread().
    #[pyfunction(sig = "($module, function, args, kwargs={}, /)")]
    fn start_new(vm: &Vm, function: &Value, args: &Value, kwargs: Option<&Value>) -> PyResult<u64> {
        start_new_thread(vm, function, args, kwargs)
    }

    /// *For internal use only*: start a new thread.
    #[pyfunction(sig = "($module, /, function, handle=None, daemon=True)")]
    fn start_joinable_thread(
        vm: &Vm,
        function: &Value,
        handle: Option<&Value>,
        daemon: bool,
    ) -> PyResult {
        if !vm.is_callable(function) {
            return Err(vm.type_error("thread function must be callable"));
        }
        let handle = match handle.filter(|h| !vm.is_none(h)) {
            None => vm.new(ThreadHandle::default())?,
            Some(h) => match h.downcast_ref::<ThreadHandle>() {
                Some(h) => h.clone(),
                None => {
                    return Err(vm.type_error(&format!(
                        "'handle' must be a _ThreadHandle, not {}",
                        vm.type_name(h)
                    )));
                }
            },
        };
        if handle.done.is_started() {
            return Err(vm.runtime_error("thread already started"));
        }
        start(vm, function, Vec::new(), None, handle.done.clone())?;
        if !daemon {
            let threads = vm.state::<Threads>();
            let mut to_join = threads.to_join.borrow_mut();
            if to_join.len() == to_join.capacity() {
                // Before it grows: there is nothing to wait for with those that have ended.
                to_join.retain(|done| !done.is_ended());
            }
            to_join.push(handle.done.clone());
        }
        Ok(handle.into_value())
    }

    /// Return True if daemon threads are allowed in the current interpreter, and False otherwise.
    #[pyfunction(sig = "($module, /)")]
    fn daemon_threads_allowed() -> bool {
        true
    }

    /// Create a new lock object.
    #[pyfunction(sig = "($module, /)")]
    fn allocate_lock(vm: &Vm) -> PyResult {
        Ok(vm.new(lock::Lock::default())?.into_value())
    }

    /// An obsolete synonym of allocate_lock().
    #[pyfunction(sig = "($module, /)")]
    fn allocate(vm: &Vm) -> PyResult {
        allocate_lock(vm)
    }

    /// This is synonymous to ``raise SystemExit''.
    #[pyfunction(sig = "($module, /)")]
    fn exit(vm: &Vm) -> PyResult {
        let e = vm.call0(vm.exc().SystemExit.as_value())?;
        Err(vm.raise(e))
    }

    /// An obsolete synonym of exit().
    #[pyfunction(sig = "($module, /)")]
    fn exit_thread(vm: &Vm) -> PyResult {
        exit(vm)
    }

    /// Return a non-zero integer that uniquely identifies the current thread amongst other threads that exist
    /// simultaneously.
    #[pyfunction(sig = "($module, /)")]
    fn get_ident() -> u64 {
        taipan_host::thread::ident()
    }

    /// Return a non-negative integer identifying the thread as reported by the OS (kernel).
    #[pyfunction(sig = "($module, /)")]
    fn get_native_id() -> u64 {
        taipan_host::thread::native_id()
    }

    /// Return the number of currently running Python threads, excluding the main thread.
    #[pyfunction(sig = "($module, /)")]
    fn _count(vm: &Vm) -> usize {
        vm.state::<Threads>().running.get()
    }

    /// Return the thread stack size used when creating new threads.
    #[pyfunction(sig = "($module, size=0, /)")]
    fn stack_size(vm: &Vm, size: i64) -> PyResult<usize> {
        let threads = vm.state::<Threads>();
        let before = threads.stack_size.get();
        match usize::try_from(size) {
            Err(_) => return Err(vm.value_error("size must be 0 or a positive value")),
            Ok(n) if n != 0 && n < 32768 => {
                return Err(vm.value_error(&format!("size not valid: {n} bytes")));
            }
            Ok(n) => threads.stack_size.set(n),
        }
        Ok(before)
    }

    /// Internal only. Return a non-zero integer that uniquely identifies the main thread of the main interpreter.
    #[pyfunction(sig = "($module, /)")]
    fn _get_main_thread_ident(vm: &Vm) -> u64 {
        vm.state::<Threads>().main.get()
    }

    /// Wait for all non-daemon threads (other than the calling thread) to stop.
    #[pyfunction(sig = "($module, /)")]
    fn _shutdown(vm: &Vm) {
        shutdown(vm);
    }

    /// Internal only. Make a thread handle for threads not spawned by the _thread or threading module.
    #[pyfunction(sig = "($module, ident, /)")]
    fn _make_thread_handle(vm: &Vm, ident: u64) -> PyResult {
        let h = ThreadHandle::default();
        h.done.start(ident);
        Ok(vm.new(h)?.into_value())
    }

    /// Return True if the current interpreter is the main Python interpreter.
    #[pyfunction(sig = "($module, /)")]
    fn _is_main_interpreter() -> bool {
        true
    }

    /// Get the name of the current thread.
    #[pyfunction(sig = "($module, /)")]
    fn _get_name(vm: &Vm) -> PyResult {
        Ok(crate::fs_text(vm, &taipan_host::thread::name())?.into_value())
    }

    /// Set the name of the current thread.
    #[pyfunction(sig = "($module, /, name)")]
    fn set_name(name: &Ref<Str>) {
        // Surrogates become question marks; the system's name ends at a null character.
        let text: String = name
            .text()
            .chars()
            .take_while(|&c| c != 0)
            .map(|c| char::from_u32(c).unwrap_or('?'))
            .collect();
        taipan_host::thread::set_name(text.as_bytes());
    }

    /// Simulate the arrival of the given signal in the main thread.
    #[pyfunction(sig = "($module, signum=signal.SIGINT, /)")]
    fn interrupt_main(vm: &Vm, signum: Option<i32>) -> PyResult<()> {
        let n = signum.unwrap_or(2);
        if !(1..=64).contains(&n) {
            return Err(vm.value_error("signal number out of range"));
        }
        taipan_host::signal::simulate(n);
        Ok(())
    }

    /// Handle uncaught Thread.run() exception.
    #[pyfunction(sig = "($module, args, /)")]
    fn _excepthook(vm: &Vm, args: &Value) -> PyResult<()> {
        let exc = vm.getattr_str(args, "exc_value")?;
        let ty = vm.getattr_str(args, "exc_type")?;
        if ty.is(vm.exc().SystemExit.as_value()) {
            return Ok(());
        }
        let thread = vm.getattr_str(args, "thread")?;
        // `sys.stderr` may be gone by now: the thread knows what it was.
        let mut file = crate::sys_module::sys_get(vm, "stderr").filter(|f| !vm.is_none(f));
        if file.is_none() && !vm.is_none(&thread) {
            file = Some(vm.getattr_str(&thread, "_stderr")?).filter(|f| !vm.is_none(f));
        }
        let Some(file) = file else {
            return Ok(());
        };
        let name = if vm.is_none(&thread) {
            taipan_host::thread::ident().to_string()
        } else {
            let n = vm.getattr_str(&thread, "name")?;
            vm.str(&n)?.to_string_lossy().into_owned()
        };
        let head = vm.new_str(&format!("Exception in thread {name}:\n"))?;
        crate::builtins::inout::write_str(vm, &file, head.as_value())?;
        crate::sys_module::hooks::print_exception_to(vm, &exc, Some(&file));
        vm.call_method(&file, &vm.names().flush, &[])?;
        Ok(())
    }
}
