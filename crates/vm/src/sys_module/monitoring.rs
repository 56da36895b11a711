//! `sys.monitoring`: tool names and event numbers. Events are not delivered yet. And `sys._jit`.

use taipan_macros::pyfunctions;
use taipan_object::{Module, ModuleSpec, PyResult, Ref, Value, Vm};

/// `sys.monitoring`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "sys.monitoring",
    doc: None,
    functions: &[functions::FUNCTIONS],
    types: &[],
    exec: None,
};

/// `sys._jit`
pub static JIT: ModuleSpec = ModuleSpec {
    name: "sys._jit",
    doc: Some("Utilities for observing just-in-time compilation."),
    functions: &[jit::FUNCTIONS],
    types: &[],
    exec: None,
};

const EVENTS: &[(&str, i32)] = &[
    ("PY_START", 1),
    ("PY_RESUME", 2),
    ("PY_RETURN", 4),
    ("PY_YIELD", 8),
    ("CALL", 16),
    ("LINE", 32),
    ("INSTRUCTION", 64),
    ("JUMP", 128),
    ("BRANCH_LEFT", 256),
    ("BRANCH_RIGHT", 512),
    ("STOP_ITERATION", 1024),
    ("RAISE", 2048),
    ("EXCEPTION_HANDLED", 4096),
    ("PY_UNWIND", 8192),
    ("PY_THROW", 16384),
    ("RERAISE", 32768),
    ("C_RETURN", 65536),
    ("C_RAISE", 131_072),
    ("BRANCH", 262_144),
    ("NO_EVENTS", 0),
];

#[derive(Default)]
struct Tools {
    names: [crate::imp::OptionCell; 8],
}

/// Constants of `sys.monitoring`.
pub(super) fn fill(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    let Some(dict) = module.dict.get() else {
        return Ok(());
    };
    for (name, id) in [
        ("DEBUGGER_ID", 0),
        ("COVERAGE_ID", 1),
        ("PROFILER_ID", 2),
        ("OPTIMIZER_ID", 5),
    ] {
        dict.set_named(vm, name, Value::from_i32(id))?;
    }
    let object = vm.types().object.as_value();
    dict.set_named(vm, "DISABLE", vm.call0(object)?)?;
    dict.set_named(vm, "MISSING", vm.call0(object)?)?;
    let events: Vec<(&str, Value)> = EVENTS
        .iter()
        .map(|(name, n)| (*name, Value::from_i32(*n)))
        .collect();
    dict.set_named(
        vm,
        "events",
        taipan_builtins::types::namespace::new_namespace(vm, &events)?,
    )
}

fn slot(vm: &Vm, id: i32) -> PyResult<usize> {
    match usize::try_from(id) {
        Ok(i) if i < 6 => Ok(i),
        _ => Err(vm.value_error("invalid tool ID")),
    }
}

/// The functions.
#[pyfunctions(FUNCTIONS)]
pub mod functions {
    use super::*;

    #[pyfunction(sig = "($module, tool_id, name, /)")]
    fn use_tool_id(vm: &Vm, tool_id: i32, name: &Value) -> PyResult<()> {
        let i = slot(vm, tool_id)?;
        if name.downcast_ref::<taipan_object::Str>().is_none() {
            return Err(vm.value_error("tool name must be a str"));
        }
        let tools = vm.state::<Tools>();
        if tools.names[i].0.is_some() {
            return Err(vm.value_error(&format!("tool {tool_id} is already in use")));
        }
        tools.names[i].0.set(Some(name.clone()));
        Ok(())
    }

    #[pyfunction(sig = "($module, tool_id, /)")]
    fn free_tool_id(vm: &Vm, tool_id: i32) -> PyResult<()> {
        let i = slot(vm, tool_id)?;
        vm.state::<Tools>().names[i].0.set(None);
        Ok(())
    }

    #[pyfunction(sig = "($module, tool_id, /)")]
    fn clear_tool_id(vm: &Vm, tool_id: i32) -> PyResult<()> {
        slot(vm, tool_id).map(drop)
    }

    #[pyfunction(sig = "($module, tool_id, /)")]
    fn get_tool(vm: &Vm, tool_id: i32) -> PyResult {
        let i = slot(vm, tool_id)?;
        Ok(super::super::or_none(vm, &vm.state::<Tools>().names[i].0))
    }

    #[pyfunction(sig = "($module, tool_id, event, func, /)")]
    fn register_callback(vm: &Vm, tool_id: i32, event: i32, func: &Value) -> PyResult {
        slot(vm, tool_id)?;
        let _ = (event, func);
        Ok(vm.none())
    }

    #[pyfunction(sig = "($module, tool_id, /)")]
    fn get_events(vm: &Vm, tool_id: i32) -> PyResult<i32> {
        slot(vm, tool_id).map(|_| 0)
    }

    #[pyfunction(sig = "($module, tool_id, event_set, /)")]
    fn set_events(vm: &Vm, tool_id: i32, event_set: i32) -> PyResult<()> {
        let _ = event_set;
        slot(vm, tool_id).map(drop)
    }

    #[pyfunction(sig = "($module, tool_id, code, /)")]
    fn get_local_events(vm: &Vm, tool_id: i32, code: &Value) -> PyResult<i32> {
        let _ = code;
        slot(vm, tool_id).map(|_| 0)
    }

    #[pyfunction(sig = "($module, tool_id, code, event_set, /)")]
    fn set_local_events(vm: &Vm, tool_id: i32, code: &Value, event_set: i32) -> PyResult<()> {
        let _ = (code, event_set);
        slot(vm, tool_id).map(drop)
    }

    #[pyfunction(sig = "($module, /)")]
    fn restart_events() {}

    #[pyfunction(sig = "($module, /)")]
    fn _all_events(vm: &Vm) -> PyResult {
        Ok(vm.new_dict()?.into_value())
    }
}

/// The functions of `sys._jit`.
#[pyfunctions(FUNCTIONS)]
pub mod jit {
    /// Return True if the current Python executable supports JIT compilation, and False otherwise.
    #[pyfunction(sig = "($module, /)")]
    fn is_available() -> bool {
        false
    }

    /// Return True if JIT compilation is enabled for the current Python process (implies sys._jit.is_available()), and
    /// False otherwise.
    #[pyfunction(sig = "($module, /)")]
    fn is_enabled() -> bool {
        false
    }

    /// Return True if the topmost Python frame is currently executing JIT code (implies sys._jit.is_enabled()), and False
    /// otherwise.
    #[pyfunction(sig = "($module, /)")]
    fn is_active() -> bool {
        false
    }
}
