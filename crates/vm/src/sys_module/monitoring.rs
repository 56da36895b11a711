//! `sys.monitoring`: Python's view of what `instrumentation` does. And `sys._jit`.

use taipan_macros::pyfunctions;
use taipan_object::{Module, ModuleSpec, PyResult, Ref, Value, Vm};

use super::audit;
use crate::code::Code;
use crate::instrumentation::{
    self, EVENT_NAMES, EVENTS, LOCAL_EVENTS, PROFILE_TOOL, event, monitoring,
};

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
    let m = monitoring(vm);
    for (name, cell) in [("DISABLE", &m.disable), ("MISSING", &m.missing)] {
        let v = vm.call0(object)?;
        cell.0.set(Some(v.clone()));
        dict.set_named(vm, name, v)?;
    }
    let mut events: Vec<(&str, Value)> = EVENT_NAMES
        .iter()
        .enumerate()
        .map(|(n, name)| (*name, Value::from_i32(1 << n)))
        .collect();
    events.push(("NO_EVENTS", Value::from_i32(0)));
    dict.set_named(
        vm,
        "events",
        taipan_builtins::types::namespace::new_namespace(vm, &events)?,
    )
}

fn tool(vm: &Vm, id: i32) -> PyResult<usize> {
    match usize::try_from(id) {
        Ok(i) if i < PROFILE_TOOL => Ok(i),
        _ => Err(vm.value_error(&format!("invalid tool {id} (must be between 0 and 5)"))),
    }
}

/// Checks a set of events. C_RETURN and C_RAISE come with CALL, and BRANCH stands for both sides.
fn event_set(vm: &Vm, set: i32) -> PyResult<i32> {
    const C_EVENTS: i32 = 1 << event::C_RETURN | 1 << event::C_RAISE;
    const BRANCH: i32 = 1 << event::BRANCH;
    if set & C_EVENTS != 0 && set & (C_EVENTS | 1 << event::CALL) != C_EVENTS | 1 << event::CALL {
        return Err(vm.value_error("cannot set C_RETURN or C_RAISE events independently"));
    }
    let set = set & !C_EVENTS;
    if set & BRANCH == 0 {
        return Ok(set);
    }
    Ok((set & !BRANCH) | 1 << event::BRANCH_LEFT | 1 << event::BRANCH_RIGHT)
}

fn code<'a>(vm: &Vm, v: &'a Value) -> PyResult<&'a Code> {
    match v.downcast_ref::<Code>() {
        Some(c) => Ok(c),
        None => Err(vm.type_error("code must be a code object")),
    }
}

/// The functions.
#[pyfunctions(FUNCTIONS)]
pub mod functions {
    use super::*;

    #[pyfunction(sig = "($module, tool_id, name, /)")]
    fn use_tool_id(vm: &Vm, tool_id: i32, name: &Value) -> PyResult<()> {
        let i = tool(vm, tool_id)?;
        if name.downcast_ref::<taipan_object::Str>().is_none() {
            return Err(vm.value_error("tool name must be a str"));
        }
        let m = monitoring(vm);
        if m.name(i).is_some() {
            return Err(vm.value_error(&format!("tool {tool_id} is already in use")));
        }
        m.set_name(i, Some(name.clone()));
        Ok(())
    }

    #[pyfunction(sig = "($module, tool_id, /)")]
    fn clear_tool_id(vm: &Vm, tool_id: i32) -> PyResult<()> {
        let i = tool(vm, tool_id)?;
        if monitoring(vm).name(i).is_some() {
            instrumentation::clear_tool(vm, i)?;
        }
        Ok(())
    }

    #[pyfunction(sig = "($module, tool_id, /)")]
    fn free_tool_id(vm: &Vm, tool_id: i32) -> PyResult<()> {
        clear_tool_id(vm, tool_id)?;
        let i = tool(vm, tool_id)?;
        monitoring(vm).set_name(i, None);
        Ok(())
    }

    #[pyfunction(sig = "($module, tool_id, /)")]
    fn get_tool(vm: &Vm, tool_id: i32) -> PyResult {
        let i = tool(vm, tool_id)?;
        Ok(monitoring(vm).name(i).unwrap_or_else(|| vm.none()))
    }

    #[pyfunction(sig = "($module, tool_id, event, func, /)")]
    fn register_callback(vm: &Vm, tool_id: i32, event: i32, func: &Value) -> PyResult {
        let i = tool(vm, tool_id)?;
        if event.count_ones() != 1 {
            return Err(vm.value_error("The callback can only be set for one event at a time"));
        }
        let what = event.trailing_zeros() as usize;
        if what >= EVENTS {
            return Err(vm.value_error(&format!("invalid event {event}")));
        }
        audit(
            vm,
            "sys.monitoring.register_callback",
            std::slice::from_ref(func),
        )?;
        let func = (!vm.is_none(func)).then(|| func.clone());
        let old = monitoring(vm).register(i, what, func);
        Ok(old.unwrap_or_else(|| vm.none()))
    }

    #[pyfunction(sig = "($module, tool_id, /)")]
    fn get_events(vm: &Vm, tool_id: i32) -> PyResult<u32> {
        let i = tool(vm, tool_id)?;
        Ok(monitoring(vm).events_of(i))
    }

    #[pyfunction(sig = "($module, tool_id, event_set, /)")]
    fn set_events(vm: &Vm, tool_id: i32, event_set: i32) -> PyResult<()> {
        let i = tool(vm, tool_id)?;
        if !(0..1 << EVENTS).contains(&event_set) {
            return Err(vm.value_error(&format!("invalid event set 0x{event_set:x}")));
        }
        let set = super::event_set(vm, event_set)?;
        instrumentation::set_events(vm, i, set as u32)
    }

    #[pyfunction(sig = "($module, tool_id, code, /)")]
    fn get_local_events(vm: &Vm, tool_id: i32, code: &Value) -> PyResult<u32> {
        let c = super::code(vm, code)?;
        let i = tool(vm, tool_id)?;
        Ok(instrumentation::local_events(c, i))
    }

    #[pyfunction(sig = "($module, tool_id, code, event_set, /)")]
    fn set_local_events(vm: &Vm, tool_id: i32, code: &Value, event_set: i32) -> PyResult<()> {
        let c = super::code(vm, code)?;
        let i = tool(vm, tool_id)?;
        let set = super::event_set(vm, event_set)?;
        if !(0..1 << LOCAL_EVENTS).contains(&set) {
            return Err(vm.value_error(&format!("invalid local event set 0x{set:x}")));
        }
        instrumentation::set_local_events(vm, c, i, set as u32)
    }

    #[pyfunction(sig = "($module, /)")]
    fn restart_events(vm: &Vm) -> PyResult<()> {
        instrumentation::restart_events(vm)
    }

    #[pyfunction(sig = "($module, /)")]
    fn _all_events(vm: &Vm) -> PyResult {
        let d = vm.new_dict()?;
        for (name, tools) in monitoring(vm).all() {
            if tools != 0 {
                d.set_named(vm, name, Value::from_i32(i32::from(tools)))?;
            }
        }
        Ok(d.into_value())
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
