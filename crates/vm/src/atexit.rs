//! Module `atexit`: functions to run when the interpreter ends.

use std::cell::RefCell;

use taipan_macros::pyfunctions;
use taipan_object::{Args, Dict, ModuleSpec, PyResult, Ref, Value, Vm};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "atexit",
    doc: Some(
        "allow programmer to define multiple exit functions to be executed\nupon normal program termination.\n\nTwo public functions, register and unregister, are defined.\n",
    ),
    functions: &[functions::FUNCTIONS],
    types: &[],
    exec: None,
};

struct Callback {
    func: Value,
    args: Vec<Value>,
    kwargs: Option<Ref<Dict>>,
}

#[derive(Default)]
struct State {
    callbacks: RefCell<Vec<Callback>>,
}

/// Runs the functions, the last registered first; exceptions are reported.
pub fn run(vm: &Vm) {
    let state = vm.state::<State>();
    loop {
        let next = state.callbacks.borrow_mut().pop();
        let Some(c) = next else { return };
        if vm.call_dict(&c.func, &c.args, c.kwargs.as_ref()).is_err() {
            let pending = vm.take_exception();
            let shown = match vm.repr(&c.func) {
                Ok(s) => s.to_string_lossy().into_owned(),
                Err(e) => {
                    drop(vm.take_raised(e));
                    String::new()
                }
            };
            if let Some(e) = pending {
                let _ = vm.raise_as_is(e);
            }
            vm.unraisable(Some(&format!("in atexit callback {shown}")), None);
        }
    }
}

/// The functions.
#[pyfunctions(FUNCTIONS)]
pub mod functions {
    use super::*;

    /// Register a function to be executed upon normal program termination.
    ///
    ///     func - function to be called at exit
    ///     args - optional arguments to pass to func
    ///     kwargs - optional keyword arguments to pass to func
    ///
    ///     func is returned to facilitate usage as a decorator.
    #[pyfunction(sig = "($module, func, /, *args, **kwargs)")]
    fn register(vm: &Vm, args: Args<'_>) -> PyResult {
        let Some((func, rest)) = args.pos().split_first() else {
            return Err(vm.type_error("register() takes at least 1 argument (0 given)"));
        };
        if !vm.is_callable(func) {
            return Err(vm.type_error("the first argument must be callable"));
        }
        let kwargs = if args.keyword_count() == 0 {
            None
        } else {
            let d = vm.new_dict()?;
            for (k, v) in args.keywords() {
                d.set_str(vm, &k, v.clone())?;
            }
            Some(d)
        };
        let callback = Callback {
            func: func.clone(),
            args: rest.to_vec(),
            kwargs,
        };
        vm.state::<State>().callbacks.borrow_mut().push(callback);
        Ok(func.clone())
    }

    /// Unregister an exit function which was previously registered using atexit.register
    ///
    ///     func - function to be unregistered
    #[pyfunction(sig = "($module, func, /)")]
    fn unregister(vm: &Vm, func: &Value) -> PyResult<()> {
        let state = vm.state::<State>();
        let known: Vec<Value> = state
            .callbacks
            .borrow()
            .iter()
            .map(|c| c.func.clone())
            .collect();
        let mut gone = Vec::new();
        for f in known {
            if vm.eq(&f, func)? {
                gone.push(f);
            }
        }
        let taken: Vec<Callback> = {
            let mut callbacks = state.callbacks.borrow_mut();
            let all = std::mem::take(&mut *callbacks);
            let (out, kept) = all
                .into_iter()
                .partition(|c| gone.iter().any(|g| g.is(&c.func)));
            *callbacks = kept;
            out
        };
        drop(taken);
        Ok(())
    }

    /// Clear the list of previously registered exit functions.
    #[pyfunction(sig = "($module, /)")]
    fn _clear(vm: &Vm) {
        let taken = std::mem::take(&mut *vm.state::<State>().callbacks.borrow_mut());
        drop(taken);
    }

    /// Run all registered exit functions.
    ///
    /// If a callback raises an exception, it is logged with sys.unraisablehook.
    #[pyfunction(sig = "($module, /)")]
    fn _run_exitfuncs(vm: &Vm) {
        run(vm);
    }

    /// Return the number of registered exit functions.
    #[pyfunction(sig = "($module, /)")]
    fn _ncallbacks(vm: &Vm) -> usize {
        vm.state::<State>().callbacks.borrow().len()
    }
}
