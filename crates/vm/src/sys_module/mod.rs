//! Module `sys`: its declaration and how the interpreter reads it. [`values`] are its constants, [`structs`] its struct
//! sequences, [`functions`] and [`limits`] its functions, [`hooks`] what shows results and exceptions.

pub mod functions;
pub mod hooks;
pub mod limits;
pub mod monitoring;
pub mod std_printer;
pub mod stdlib_names;
pub mod structs;
pub mod values;

use std::cell::{Cell, RefCell};

use taipan_object::{Dict, ModuleSpec, PyCell, PyResult, Ref, Value, Vm};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "sys",
    doc: Some(
        "This module provides access to some objects used or maintained by the\ninterpreter and to functions that interact strongly with the interpreter.",
    ),
    functions: &[
        functions::functions::FUNCTIONS,
        limits::functions::FUNCTIONS,
        hooks::functions::FUNCTIONS,
    ],
    types: &[],
    exec: Some(values::exec),
};

/// Per-interpreter state of `sys`.
#[derive(Default)]
pub struct SysState {
    /// The module's dict.
    pub dict: RefCell<Option<Ref<Dict>>>,
    /// Audit hooks, in the order in which they were added.
    pub audit_hooks: RefCell<Vec<Value>>,
    /// `set_asyncgen_hooks(firstiter)`
    pub asyncgen_firstiter: crate::imp::OptionCell,
    /// `set_asyncgen_hooks(finalizer)`
    pub asyncgen_finalizer: crate::imp::OptionCell,
    /// Set when the interpreter shuts down.
    pub finalizing: Cell<bool>,
    /// `setswitchinterval`, in microseconds; 0: the default.
    pub switch_interval: Cell<u64>,
    /// `setdlopenflags`; 0: RTLD_NOW.
    pub dlopen_flags: Cell<i32>,
}

/// The state of `sys`.
pub fn state(vm: &Vm) -> std::rc::Rc<SysState> {
    vm.state::<SysState>()
}

/// An attribute of `sys`, without running Python code.
pub fn sys_get(vm: &Vm, name: &str) -> Option<Value> {
    let dict = state(vm).dict.borrow().clone()?;
    let name = vm.intern(name).ok()?;
    dict.get_str(vm, &name)
}

/// An attribute of `sys`, or RuntimeError "lost sys.NAME".
pub fn sys_require(vm: &Vm, name: &str) -> PyResult {
    sys_get(vm, name).ok_or_else(|| vm.runtime_error(&format!("lost sys.{name}")))
}

/// Sets an attribute of `sys`.
pub fn sys_set(vm: &Vm, name: &str, v: Value) -> PyResult<()> {
    let dict = state(vm).dict.borrow().clone();
    match dict {
        Some(d) => d.set_named(vm, name, v),
        None => Ok(()),
    }
}

/// Raises an auditing event: calls the hooks with its name and arguments.
pub fn audit(vm: &Vm, event: &str, args: &[Value]) -> PyResult<()> {
    let state = state(vm);
    if state.audit_hooks.borrow().is_empty() {
        return Ok(());
    }
    let hooks = state.audit_hooks.borrow().clone();
    let event = vm.new_str(event)?.into_value();
    let args = vm.new_tuple_from(args)?.into_value();
    for h in hooks {
        vm.call_pos(&h, &[event.clone(), args.clone()])?;
    }
    Ok(())
}

/// A cell's content or None.
pub(crate) fn or_none(vm: &Vm, cell: &PyCell<Option<Value>>) -> Value {
    cell.get().unwrap_or_else(|| vm.none())
}
