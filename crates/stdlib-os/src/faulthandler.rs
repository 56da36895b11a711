//! `faulthandler`, minimal: it remembers whether it is enabled. Crashes it would report do not happen in safe code.

use std::cell::Cell;

use taipan_macros::pyfunctions;
use taipan_object::{ModuleSpec, PyResult, Value, Vm};

/// `faulthandler`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "faulthandler",
    doc: Some("faulthandler module."),
    functions: &[functions::FUNCTIONS],
    types: &[],
    exec: None,
};

#[derive(Default)]
struct State {
    enabled: Cell<bool>,
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Enable the fault handler.
    #[pyfunction(sig = "($module, /, file=sys.stderr, all_threads=True)")]
    fn enable(vm: &Vm, file: Option<&Value>, all_threads: bool) {
        let _ = (file, all_threads);
        vm.state::<State>().enabled.set(true);
    }
    /// Disable the fault handler, and return whether it was enabled.
    #[pyfunction(sig = "($module, /)")]
    fn disable(vm: &Vm) -> bool {
        vm.state::<State>().enabled.replace(false)
    }
    /// Check if the handler is enabled.
    #[pyfunction(sig = "($module, /)")]
    fn is_enabled(vm: &Vm) -> bool {
        vm.state::<State>().enabled.get()
    }
    /// Dump the traceback of the current thread into file.
    #[pyfunction(sig = "($module, /, file=sys.stderr, all_threads=True)")]
    fn dump_traceback(vm: &Vm, file: Option<&Value>, all_threads: bool) -> PyResult<()> {
        let _ = all_threads;
        let traceback = vm.import("traceback")?;
        let args = [
            vm.none(),
            vm.none(),
            file.cloned().unwrap_or_else(|| vm.none()),
        ];
        vm.call_method_str(&traceback, "print_stack", &args)
            .map(drop)
    }
    /// Dump the traceback of all threads in timeout seconds. Not done yet.
    #[pyfunction(sig = "($module, /, timeout, repeat=False, file=sys.stderr, exit=False)")]
    fn dump_traceback_later(timeout: &Value, repeat: bool, file: Option<&Value>, exit: bool) {
        let _ = (timeout, repeat, file, exit);
    }
    /// Cancel the previous call to dump_traceback_later().
    #[pyfunction(sig = "($module, /)")]
    fn cancel_dump_traceback_later() {}
    /// Register a handler for the signal 'signum'. Not done yet.
    #[pyfunction(sig = "($module, /, signum, file=sys.stderr, all_threads=True, chain=False)")]
    fn register(signum: i32, file: Option<&Value>, all_threads: bool, chain: bool) {
        let _ = (signum, file, all_threads, chain);
    }
    /// Unregister the handler of the signal registered by register().
    #[pyfunction(sig = "($module, signum, /)")]
    fn unregister(signum: i32) -> bool {
        let _ = signum;
        false
    }
}
