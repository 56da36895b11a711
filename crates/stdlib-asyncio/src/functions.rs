//! The functions of `_asyncio`, and the module.

use taipan_macros::pyfunctions;
use taipan_object::{Module, ModuleSpec, PyResult, Ref, Set, Value, Vm};

use crate::future::{FUTURE, Future};
use crate::future_iter::FUTURE_ITER;
use crate::state::{State, state};
use crate::step::STEP_WRAPPER;
use crate::task::TASK;

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_asyncio",
    doc: Some("Accelerator module for asyncio"),
    functions: &[functions::FUNCTIONS],
    types: &[&FUTURE, &TASK],
    exec: Some(exec),
};

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    let _ = module;
    vm.make_type(&FUTURE_ITER)?;
    vm.make_type(&STEP_WRAPPER)?;
    Ok(())
}

/// The loop that an argument means: itself, or the running loop for None.
fn loop_or_running(vm: &Vm, state: &State, event_loop: &Value) -> PyResult {
    if !vm.is_none(event_loop) {
        return Ok(event_loop.clone());
    }
    state
        .running_loop(vm)
        .ok_or_else(|| vm.runtime_error("no running event loop"))
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// The task that runs now.
    #[pyfunction(sig = "($module, /, loop=None)")]
    fn current_task(vm: &Vm, event_loop: Value) -> PyResult<Option<Value>> {
        let state = state(vm);
        let event_loop = loop_or_running(vm, &state, &event_loop)?;
        Ok(state.current_task(&event_loop))
    }

    /// The set of a loop's tasks that are not done.
    #[pyfunction(sig = "($module, /, loop=None)")]
    fn all_tasks(vm: &Vm, event_loop: Value) -> PyResult<Ref<Set>> {
        let state = state(vm);
        let event_loop = loop_or_running(vm, &state, &event_loop)?;
        state.all_tasks(vm, &event_loop)
    }

    /// The running event loop of this thread, or the one that the policy gives.
    #[pyfunction(sig = "($module, /)")]
    fn get_event_loop(vm: &Vm) -> PyResult {
        state(vm).event_loop(vm)
    }

    /// The running event loop of this thread; RuntimeError when there is none.
    #[pyfunction(sig = "($module, /)")]
    fn get_running_loop(vm: &Vm) -> PyResult {
        loop_or_running(vm, &state(vm), &vm.none())
    }

    /// The running event loop of this thread, or None.
    #[pyfunction(name = "_get_running_loop", sig = "($module, /)")]
    fn running_loop_or_none(vm: &Vm) -> Option<Value> {
        state(vm).running_loop(vm)
    }

    /// Set the running event loop of this thread.
    #[pyfunction(sig = "($module, loop, /)")]
    fn _set_running_loop(vm: &Vm, event_loop: &Value) {
        let new = (!vm.is_none(event_loop)).then(|| event_loop.clone());
        state(vm).set_running_loop(vm, new);
    }

    /// Remember a task of its loop.
    ///
    /// Returns None.
    #[pyfunction(sig = "($module, /, task)")]
    fn _register_task(vm: &Vm, task: &Value) -> PyResult<()> {
        state(vm).register(vm, task)
    }

    /// Remember a task for the time of its eager step.
    ///
    /// Returns None.
    #[pyfunction(sig = "($module, /, task)")]
    fn _register_eager_task(vm: &Vm, task: &Value) -> PyResult<()> {
        state(vm).register_eager(vm, task)
    }

    /// Forget a task.
    ///
    /// Returns None.
    #[pyfunction(sig = "($module, /, task)")]
    fn _unregister_task(vm: &Vm, task: &Value) -> PyResult<()> {
        state(vm).unregister(vm, task)
    }

    /// Forget a task after its eager step.
    ///
    /// Returns None.
    #[pyfunction(sig = "($module, /, task)")]
    fn _unregister_eager_task(vm: &Vm, task: &Value) -> PyResult<()> {
        state(vm).unregister_eager(vm, task)
    }

    /// A task of the loop begins or goes on.
    ///
    /// Returns None.
    #[pyfunction(sig = "($module, /, loop, task)")]
    fn _enter_task(vm: &Vm, event_loop: &Value, task: &Value) -> PyResult<()> {
        state(vm).enter_task(vm, event_loop, task)
    }

    /// A task of the loop ends or is suspended.
    ///
    /// Returns None.
    #[pyfunction(sig = "($module, /, loop, task)")]
    fn _leave_task(vm: &Vm, event_loop: &Value, task: &Value) -> PyResult<()> {
        state(vm).leave_task(vm, event_loop, task)
    }

    /// Make a task the running one for a while; returns the one that was, or None.
    #[pyfunction(sig = "($module, /, loop, task)")]
    fn _swap_current_task(vm: &Vm, event_loop: &Value, task: &Value) -> PyResult {
        state(vm).swap_task(vm, event_loop, task)
    }

    /// Note that `waiter` waits for `fut`.
    #[pyfunction(sig = "($module, fut, waiter, /)")]
    fn future_add_to_awaited_by(vm: &Vm, fut: &Value, waiter: &Value) -> PyResult<()> {
        match (
            fut.downcast_ref::<Future>(),
            waiter.downcast_ref::<Future>(),
        ) {
            (Some(f), Some(_)) => f.add_waiter(vm, waiter),
            _ => Ok(()),
        }
    }

    #[pyfunction(sig = "($module, fut, waiter, /)")]
    fn future_discard_from_awaited_by(vm: &Vm, fut: &Value, waiter: &Value) -> PyResult<()> {
        match (
            fut.downcast_ref::<Future>(),
            waiter.downcast_ref::<Future>(),
        ) {
            (Some(f), Some(_)) => f.discard_waiter(vm, waiter),
            _ => Ok(()),
        }
    }
}
