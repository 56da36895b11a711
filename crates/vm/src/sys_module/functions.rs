//! Functions of `sys` on frames, exceptions being handled, auditing, interned strings, tracing, and the end of a program.

use taipan_macros::pyfunctions;
use taipan_object::{Dict, PyResult, Ref, Str, Tuple, Value, Vm};

use super::{audit, or_none, state};
use crate::builtin_functions::current_frame;
use crate::config::settings;
use crate::frame::Frame;
use crate::frame_object::{back_frame, frame_object};
use crate::instrumentation::{ThreadTracing, legacy, thread};

/// The frame `depth` levels above the one of the calling Python code.
pub fn frame_at(vm: &Vm, depth: usize) -> Option<*mut Frame> {
    let mut f = std::ptr::from_ref(current_frame(vm)?).cast_mut();
    for _ in 0..depth {
        // SAFETY: frames of the chain are live while their callee runs.
        f = back_frame(unsafe { (*f).previous });
        if f.is_null() {
            return None;
        }
    }
    Some(f)
}

fn frame_or_error(vm: &Vm, depth: i64) -> PyResult<*mut Frame> {
    let found = frame_at(vm, usize::try_from(depth).unwrap_or(0));
    found.ok_or_else(|| vm.value_error("call stack is not deep enough"))
}

fn exc_traceback(vm: &Vm, exc: &Value) -> Value {
    exc.downcast_ref::<taipan_object::BaseException>()
        .and_then(|b| b.traceback.get())
        .unwrap_or_else(|| vm.none())
}

fn unless_none(vm: &Vm, v: &Value) -> Option<Value> {
    (!vm.is_none(v)).then(|| v.clone())
}

/// Calls `f` with what each thread traces; the first error is reported, and ends it.
fn for_all_threads(vm: &Vm, mut f: impl FnMut(&ThreadTracing) -> PyResult<()>) {
    let mut failed = false;
    crate::threads::for_each(vm, |t| failed = failed || f(thread(t)).is_err());
    if failed {
        vm.unraisable(None, None);
    }
}

/// The functions.
#[pyfunctions(FUNCTIONS)]
pub mod functions {
    use super::*;

    /// Return information about the most recent exception caught by an except clause in the current stack frame or in an
    /// older stack frame.
    #[pyfunction(sig = "($module, /)")]
    fn exc_info(vm: &Vm) -> PyResult<(Value, Value, Value)> {
        Ok(match vm.handled_exception() {
            Some(e) => (
                vm.type_of(&e).to_ref().into_value(),
                e.clone(),
                exc_traceback(vm, &e),
            ),
            None => (vm.none(), vm.none(), vm.none()),
        })
    }

    /// Return the current exception.
    ///
    /// Return the most recent exception caught by an except clause in the current stack frame or in an older stack frame,
    /// or None if no such clause exists.
    #[pyfunction(sig = "($module, /)")]
    fn exception(vm: &Vm) -> Value {
        vm.handled_exception().unwrap_or_else(|| vm.none())
    }

    /// Exit the interpreter by raising SystemExit(status).
    ///
    /// If the status is omitted or None, it defaults to zero (i.e., success). If the status is an integer, it will be used
    /// as the system exit status. If it is another kind of object, it will be printed and the system exit status will be
    /// one (i.e., failure).
    #[pyfunction(sig = "($module, status=None, /)")]
    fn exit(vm: &Vm, status: Option<&Value>) -> PyResult {
        let ty = vm.exc().SystemExit.as_value();
        let e = match status.filter(|s| !vm.is_none(s)) {
            None => vm.call0(ty)?,
            Some(s) => match s.downcast_ref::<Tuple>() {
                Some(t) => vm.call_pos(ty, t.as_slice())?,
                None => vm.call1(ty, s)?,
            },
        };
        Err(vm.raise(e))
    }

    /// Return a frame object from the call stack.
    ///
    /// If optional integer depth is given, return the frame object that many calls below the top of the stack. If that is
    /// deeper than the call stack, ValueError is raised. The default for depth is zero, returning the frame at the top of
    /// the call stack.
    #[pyfunction(sig = "($module, depth=0, /)")]
    fn _getframe(vm: &Vm, depth: i64) -> PyResult {
        let f = frame_or_error(vm, depth)?;
        let o = frame_object(vm, f)?.into_value();
        audit(vm, "sys._getframe", std::slice::from_ref(&o))?;
        Ok(o)
    }

    /// Return the name of the module for a calling frame.
    ///
    /// The default depth returns the module containing the call to this API. A more typical use in a library will pass a
    /// depth of 1 to get the user's module rather than the library module.
    #[pyfunction(sig = "($module, /, depth=0)")]
    fn _getframemodulename(vm: &Vm, depth: i64) -> PyResult {
        audit(vm, "sys._getframemodulename", &[vm.new_int(depth)?])?;
        let Some(f) = frame_at(vm, usize::try_from(depth).unwrap_or(0)) else {
            return Ok(vm.none());
        };
        // SAFETY: the frame is live.
        match unsafe { (*f).function() } {
            Some(f) => Ok(f.module.get()),
            None => Ok(vm.none()),
        }
    }

    /// Return a dict mapping each thread's thread id to its current stack frame.
    #[pyfunction(sig = "($module, /)")]
    fn _current_frames(vm: &Vm) -> PyResult<Ref<Dict>> {
        audit(vm, "sys._current_frames", &[])?;
        let d = vm.new_dict()?;
        let mut result = Ok(());
        crate::threads::for_each(vm, |t| {
            let f = back_frame(t.frame.get().cast());
            if result.is_ok() && !f.is_null() {
                result = vm
                    .new_usize(t.thread_ident.get() as usize)
                    .and_then(|id| d.set(vm, &id, frame_object(vm, f)?.into_value()));
            }
        });
        result.map(|()| d)
    }

    /// Return a dict mapping each thread's identifier to its current raised exception.
    #[pyfunction(sig = "($module, /)")]
    fn _current_exceptions(vm: &Vm) -> PyResult<Ref<Dict>> {
        audit(vm, "sys._current_exceptions", &[])?;
        let d = vm.new_dict()?;
        let mut result = Ok(());
        crate::threads::for_each(vm, |t| {
            let e = t.handled_exception().unwrap_or_else(|| vm.none());
            if result.is_ok() {
                result = vm
                    .new_usize(t.thread_ident.get() as usize)
                    .and_then(|id| d.set(vm, &id, e));
            }
        });
        result.map(|()| d)
    }

    /// Passes the event to any hooks that are attached.
    #[pyfunction(name = "audit", sig = "($module, event, /, *args)")]
    fn audit_(vm: &Vm, event: &str, args: &[Value]) -> PyResult<()> {
        audit(vm, event, args)
    }

    /// Adds a new audit hook callback.
    #[pyfunction(sig = "($module, /, hook)")]
    fn addaudithook(vm: &Vm, hook: &Value) -> PyResult<()> {
        if let Err(e) = audit(vm, "sys.addaudithook", &[]) {
            if vm.exception_matches(&vm.exc().RuntimeError) {
                drop(vm.take_raised(e));
                return Ok(());
            }
            return Err(e);
        }
        state(vm).audit_hooks.borrow_mut().push(hook.clone());
        Ok(())
    }

    /// ``Intern'' the given string.
    ///
    /// This enters the string in the (global) table of interned strings whose purpose is to speed up dictionary lookups.
    /// Return the string itself or the previously interned string object with the same value.
    #[pyfunction(sig = "($module, string, /)")]
    fn intern(vm: &Vm, string: &Ref<Str>) -> PyResult<Ref<Str>> {
        if !string.as_value().is_exact_str(vm) {
            return Err(vm.type_error(&format!("can't intern {}", vm.type_name(string.as_value()))));
        }
        Ok(vm.intern_str(string))
    }

    /// Return True if the given string is "interned".
    #[pyfunction(sig = "($module, string, /)")]
    fn _is_interned(string: &Ref<Str>) -> bool {
        string.is_interned()
    }

    /// Return True if the given object is "immortal" per PEP 683.
    #[pyfunction(sig = "($module, op, /)")]
    fn _is_immortal(op: &Value) -> bool {
        op.header().is_none_or(|h| h.is_immortal())
    }

    /// Return True if the GIL is currently enabled and False if the GIL is disabled.
    #[pyfunction(sig = "($module, /)")]
    fn _is_gil_enabled() -> bool {
        true
    }

    /// Set the global debug tracing function.
    ///
    /// It will be called on each function call.  See the debugger chapter
    /// in the library manual.
    #[pyfunction(sig = "($module, function, /)")]
    fn settrace(vm: &Vm, function: &Value) -> PyResult<()> {
        audit(vm, "sys.settrace", &[])?;
        legacy::set_trace(vm, thread(vm), unless_none(vm, function))
    }

    /// Set the global debug tracing function in all running threads belonging to the current interpreter.
    ///
    /// It will be called on each function call. See the debugger chapter
    /// in the library manual.
    #[pyfunction(sig = "($module, function, /)")]
    fn _settraceallthreads(vm: &Vm, function: &Value) {
        for_all_threads(vm, |t| {
            audit(vm, "sys.settrace", &[])?;
            legacy::set_trace(vm, t, unless_none(vm, function))
        });
    }

    /// Return the global debug tracing function set with sys.settrace.
    ///
    /// See the debugger chapter in the library manual.
    #[pyfunction(sig = "($module, /)")]
    fn gettrace(vm: &Vm) -> Value {
        or_none(vm, &thread(vm).trace)
    }

    /// Set the profiling function.
    ///
    /// It will be called on each function call and return.  See the profiler
    /// chapter in the library manual.
    #[pyfunction(sig = "($module, function, /)")]
    fn setprofile(vm: &Vm, function: &Value) -> PyResult<()> {
        audit(vm, "sys.setprofile", &[])?;
        legacy::set_profile(vm, thread(vm), unless_none(vm, function))
    }

    /// Set the profiling function in all running threads belonging to the current interpreter.
    ///
    /// It will be called on each function call and return.  See the profiler
    /// chapter in the library manual.
    #[pyfunction(sig = "($module, function, /)")]
    fn _setprofileallthreads(vm: &Vm, function: &Value) {
        for_all_threads(vm, |t| {
            audit(vm, "sys.setprofile", &[])?;
            legacy::set_profile(vm, t, unless_none(vm, function))
        });
    }

    /// Return the profiling function set with sys.setprofile.
    ///
    /// See the profiler chapter in the library manual.
    #[pyfunction(sig = "($module, /)")]
    fn getprofile(vm: &Vm) -> Value {
        or_none(vm, &thread(vm).profile)
    }

    /// Call func(*args), while tracing is enabled.
    ///
    /// The tracing state is saved, and restored afterwards.  This is intended
    /// to be called from a debugger from a checkpoint, to recursively debug
    /// some other code.
    #[pyfunction(sig = "($module, func, args, /)")]
    fn call_tracing(vm: &Vm, func: &Value, args: &Value) -> PyResult {
        match args.downcast_ref::<Tuple>() {
            Some(t) => crate::instrumentation::call_tracing(vm, func, t.as_slice()),
            None => Err(vm.type_error(&format!(
                "call_tracing() argument 2 must be tuple, not {}",
                vm.type_name(args)
            ))),
        }
    }

    /// set_asyncgen_hooks([firstiter] [, finalizer])
    ///
    /// Set a finalizer for async generators objects.
    #[pyfunction(params = "($module, /, firstiter=<unrepresentable>, finalizer=<unrepresentable>)")]
    fn set_asyncgen_hooks(
        vm: &Vm,
        firstiter: Option<&Value>,
        finalizer: Option<&Value>,
    ) -> PyResult<()> {
        for (what, v) in [("finalizer", finalizer), ("firstiter", firstiter)] {
            if let Some(v) = v
                && !vm.is_none(v)
                && !vm.is_callable(v)
            {
                return Err(vm.type_error(&format!(
                    "callable {what} expected, got {}",
                    vm.type_name(v)
                )));
            }
        }
        let s = state(vm);
        if let Some(v) = finalizer {
            audit(vm, "sys.set_asyncgen_hooks_finalizer", &[])?;
            s.asyncgen_finalizer
                .0
                .set(Some(v.clone()).filter(|f| !vm.is_none(f)));
        }
        if let Some(v) = firstiter {
            audit(vm, "sys.set_asyncgen_hooks_firstiter", &[])?;
            s.asyncgen_firstiter
                .0
                .set(Some(v.clone()).filter(|f| !vm.is_none(f)));
        }
        Ok(())
    }

    /// Return the installed asynchronous generators hooks.
    ///
    /// This returns a namedtuple of the form (firstiter, finalizer).
    #[pyfunction(sig = "($module, /)")]
    fn get_asyncgen_hooks(vm: &Vm) -> PyResult {
        let s = state(vm);
        let values = vec![
            or_none(vm, &s.asyncgen_firstiter.0),
            or_none(vm, &s.asyncgen_finalizer.0),
        ];
        Ok(super::super::structs::ASYNCGEN_HOOKS
            .build(vm, values)?
            .into_value())
    }

    /// Enable or disable origin tracking for coroutine objects in this thread.
    ///
    /// Coroutine objects will track 'depth' frames of traceback information about where they came from, available in their
    /// cr_origin attribute. Set a depth of 0 to disable.
    #[pyfunction(sig = "($module, /, depth)")]
    fn set_coroutine_origin_tracking_depth(vm: &Vm, depth: i32) -> PyResult<()> {
        if depth < 0 {
            return Err(vm.value_error("depth must be >= 0"));
        }
        crate::frame::thread_data(vm).origin_depth.set(depth);
        Ok(())
    }

    /// Check status of origin tracking for coroutine objects in this thread.
    #[pyfunction(sig = "($module, /)")]
    fn get_coroutine_origin_tracking_depth(vm: &Vm) -> i32 {
        crate::frame::thread_data(vm).origin_depth.get()
    }

    /// Return True if Python is exiting.
    #[pyfunction(sig = "($module, /)")]
    fn is_finalizing(vm: &Vm) -> bool {
        state(vm).finalizing.get()
    }

    /// Return *True* if a stack profiler trampoline is active.
    #[pyfunction(sig = "($module, /)")]
    fn is_stack_trampoline_active() -> bool {
        false
    }

    /// Activate stack profiler trampoline *backend*.
    #[pyfunction(sig = "($module, backend, /)")]
    fn activate_stack_trampoline(vm: &Vm, backend: &str) -> PyResult<()> {
        Err(vm.value_error(&format!("invalid backend: {backend}")))
    }

    /// Deactivate the current stack profiler trampoline backend.
    #[pyfunction(sig = "($module, /)")]
    fn deactivate_stack_trampoline() {}

    /// Return True if remote debugging is enabled, False otherwise.
    #[pyfunction(sig = "($module, /)")]
    fn is_remote_debug_enabled() -> bool {
        false
    }

    /// Clear the internal type lookup cache.
    #[pyfunction(sig = "($module, /)")]
    fn _clear_type_cache() {}

    /// Private function for clearing certain descriptors from a type's dictionary.
    ///
    /// See gh-135228 for context.
    #[pyfunction(sig = "($module, type, /)")]
    fn _clear_type_descriptors(vm: &Vm, r#type: &Ref<taipan_object::TypeObject>) -> PyResult<()> {
        let n = vm.names();
        if let Some(d) = r#type.dict.get() {
            for name in [&n.__dict__, &n.__weakref__] {
                drop(d.remove_str(vm, name));
            }
        }
        vm.type_modified(r#type);
        Ok(())
    }

    /// Clear all internal performance-related caches.
    #[pyfunction(sig = "($module, /)")]
    fn _clear_internal_caches() {}

    /// Print debug info to stderr about the state of the memory allocator.
    #[pyfunction(sig = "($module, /)")]
    fn _debugmallocstats() {}

    /// Private function for getting the base REPL
    #[pyfunction(sig = "($module, /)")]
    fn _baserepl(vm: &Vm) -> PyResult<()> {
        match crate::config::config(vm).base_repl.get() {
            Some(run) => run(vm),
            None => Ok(()),
        }
    }

    /// Private function for getting PyConfig.cpu_count
    #[pyfunction(sig = "($module, /)")]
    fn _get_cpu_count_config(vm: &Vm) -> i64 {
        settings(vm).cpu_count
    }

    /// Set the flags used by the interpreter for dlopen calls.
    #[pyfunction(sig = "($module, flags, /)")]
    fn setdlopenflags(vm: &Vm, flags: i32) {
        state(vm).dlopen_flags.set(flags);
    }

    /// Return the current value of the flags that are used for dlopen calls.
    #[pyfunction(sig = "($module, /)")]
    fn getdlopenflags(vm: &Vm) -> i32 {
        match state(vm).dlopen_flags.get() {
            0 => 2,
            f => f,
        }
    }
}
