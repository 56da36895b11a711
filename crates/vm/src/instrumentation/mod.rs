//! Monitoring (PEP 669): which tools want which events, and which threads trace or profile.
//!
//! An event that belongs to an instruction is delivered by an instrumented opcode in the code's private stream, which
//! [`install`] writes there; what runs them is `eval/instrumented.rs`. Each change of the wishes makes a new version. Code
//! that was instrumented for another version is brought up to date when its RESUME runs, and at once where it runs already.
//! While any tool wants events of all code, [`MONITOR`] is set in the evaluation breaker, which sends RESUME and the
//! unwinder to their slow paths; otherwise nothing is paid.
//!
//! [`legacy`] makes `sys.settrace` and `sys.setprofile` out of two tools that Python code cannot use, [`stacks`] is what
//! assignments to `f_lineno` need to know. Python's view is `sys_module/monitoring.rs`.

pub mod codelike;
pub(crate) mod data;
pub(crate) mod install;
pub(crate) mod legacy;
pub(crate) mod lineno;
pub(crate) mod stacks;

use std::cell::Cell;
use std::rc::Rc;
use std::sync::atomic::Ordering;

use taipan_object::vm::breaker::MONITOR;
use taipan_object::{PyCell, PyResult, Raised, Value, Vm};

use crate::code::Code;
use crate::imp::OptionCell;

/// Numbers of events: positions of their bits in `sys.monitoring.events`.
#[allow(missing_docs)]
pub mod event {
    pub const PY_START: usize = 0;
    pub const PY_RESUME: usize = 1;
    pub const PY_RETURN: usize = 2;
    pub const PY_YIELD: usize = 3;
    pub const CALL: usize = 4;
    pub const LINE: usize = 5;
    pub const INSTRUCTION: usize = 6;
    pub const JUMP: usize = 7;
    pub const BRANCH_LEFT: usize = 8;
    pub const BRANCH_RIGHT: usize = 9;
    pub const STOP_ITERATION: usize = 10;
    pub const RAISE: usize = 11;
    pub const EXCEPTION_HANDLED: usize = 12;
    pub const PY_UNWIND: usize = 13;
    pub const PY_THROW: usize = 14;
    pub const RERAISE: usize = 15;
    pub const C_RETURN: usize = 16;
    pub const C_RAISE: usize = 17;
    pub const BRANCH: usize = 18;
}

/// Names of the events, by number.
pub const EVENT_NAMES: [&str; 19] = [
    "PY_START",
    "PY_RESUME",
    "PY_RETURN",
    "PY_YIELD",
    "CALL",
    "LINE",
    "INSTRUCTION",
    "JUMP",
    "BRANCH_LEFT",
    "BRANCH_RIGHT",
    "STOP_ITERATION",
    "RAISE",
    "EXCEPTION_HANDLED",
    "PY_UNWIND",
    "PY_THROW",
    "RERAISE",
    "C_RETURN",
    "C_RAISE",
    "BRANCH",
];

/// Events below this number belong to instructions, and can be wanted and disabled for one code object.
pub const LOCAL_EVENTS: usize = 11;
/// Events below this number have tools of their own; the others come with CALL or stand for a pair.
pub const UNGROUPED_EVENTS: usize = 16;
/// All events.
pub const EVENTS: usize = 19;
/// Tools, with those of `sys.setprofile` and `sys.settrace`.
pub const TOOLS: usize = 8;
/// The tool behind `sys.setprofile`, and the number of tools that Python code can use.
pub const PROFILE_TOOL: usize = 6;
/// The tool behind `sys.settrace`.
pub const TRACE_TOOL: usize = 7;

/// For each event that belongs to instructions, the tools that want it: a bit for each.
pub(crate) type LocalTools = [u8; LOCAL_EVENTS];

/// The wishes of an interpreter's tools.
#[derive(Default)]
pub struct Monitoring {
    /// By event: the tools that want it of all code.
    tools: Cell<[u8; UNGROUPED_EVENTS]>,
    /// Names of the tools in use.
    names: [OptionCell; PROFILE_TOOL],
    callbacks: [[OptionCell; EVENTS]; TOOLS],
    /// Whether the callbacks for BRANCH_LEFT and BRANCH_RIGHT were registered as one for BRANCH.
    paired: [[Cell<bool>; 2]; TOOLS],
    /// Counts the changes.
    version: Cell<u32>,
    /// The version of the last `restart_events`.
    restarted: Cell<u32>,
    /// By tool: the version when it was cleared last.
    tool_versions: Cell<[u32; TOOLS]>,
    /// `sys.monitoring.DISABLE`
    pub(crate) disable: OptionCell,
    /// `sys.monitoring.MISSING`
    pub(crate) missing: OptionCell,
    /// Threads with a trace function.
    tracing_threads: Cell<usize>,
    /// Threads with a profile function.
    profiling_threads: Cell<usize>,
}

/// What a thread traces.
pub struct ThreadTracing {
    /// `sys.settrace`
    pub trace: PyCell<Option<Value>>,
    /// `sys.setprofile`
    pub profile: PyCell<Option<Value>>,
    /// Callbacks that run: no events meanwhile.
    pub(crate) running: Cell<u32>,
    /// The event whose callback runs; assignments to `f_lineno` ask.
    pub(crate) what: Cell<Option<usize>>,
    /// The jump that was made last in code with LINE events: addresses of the jump and of its target.
    pub(crate) jumped: Cell<(usize, usize)>,
}

impl Default for ThreadTracing {
    fn default() -> ThreadTracing {
        ThreadTracing {
            trace: PyCell::new(None),
            profile: PyCell::new(None),
            running: Cell::new(0),
            what: Cell::new(None),
            jumped: Cell::new((0, 0)),
        }
    }
}

/// The wishes of the interpreter's tools.
pub(crate) fn monitoring(vm: &Vm) -> Rc<Monitoring> {
    vm.state::<Monitoring>()
}

/// What the thread traces.
pub(crate) fn thread(vm: &Vm) -> &ThreadTracing {
    &crate::frame::thread_data(vm).tracing
}

/// Whether some tool wants events of all code.
#[inline(always)]
pub(crate) fn is_active(vm: &Vm) -> bool {
    vm.interp().breaker.load(Ordering::Relaxed) & MONITOR != 0
}

impl Monitoring {
    /// The version that code must have been instrumented for.
    pub(crate) fn version(&self) -> u32 {
        self.version.get()
    }

    /// Tools that want an event of all code.
    pub(crate) fn tools_for(&self, event: usize) -> u8 {
        self.tools.get().get(event).copied().unwrap_or(0)
    }

    /// Those of the events that belong to instructions.
    pub(crate) fn local_part(&self) -> LocalTools {
        let all = self.tools.get();
        std::array::from_fn(|e| all[e])
    }

    /// The name of a tool in use.
    pub(crate) fn name(&self, tool: usize) -> Option<Value> {
        self.names.get(tool)?.0.get()
    }

    pub(crate) fn set_name(&self, tool: usize, name: Option<Value>) {
        if let Some(cell) = self.names.get(tool) {
            cell.0.set(name);
        }
    }

    /// The callback of a tool, and whether it was registered for BRANCH.
    pub(crate) fn callback(&self, tool: usize, event: usize) -> (Option<Value>, bool) {
        let f = self.callbacks[tool][event].0.get();
        (f, self.is_paired(tool, event))
    }

    fn is_paired(&self, tool: usize, event: usize) -> bool {
        match event {
            event::BRANCH_LEFT => self.paired[tool][0].get(),
            event::BRANCH_RIGHT => self.paired[tool][1].get(),
            _ => false,
        }
    }

    /// Replaces a callback; gives the old one.
    pub(crate) fn register(&self, tool: usize, event: usize, f: Option<Value>) -> Option<Value> {
        let cells = &self.callbacks[tool];
        match event {
            event::BRANCH => {
                self.paired[tool][0].set(f.is_some());
                self.paired[tool][1].set(f.is_some());
                drop(cells[event::BRANCH_RIGHT].0.replace(f.clone()));
                cells[event::BRANCH_LEFT].0.replace(f)
            }
            event::BRANCH_LEFT => {
                self.paired[tool][0].set(false);
                cells[event].0.replace(f)
            }
            event::BRANCH_RIGHT => {
                self.paired[tool][1].set(false);
                cells[event].0.replace(f)
            }
            _ => cells[event].0.replace(f),
        }
    }

    /// The events that a tool wants of all code, as bits.
    pub(crate) fn events_of(&self, tool: usize) -> u32 {
        let all = self.tools.get();
        (0..UNGROUPED_EVENTS)
            .filter(|&e| all[e] >> tool & 1 != 0)
            .fold(0, |set, e| set | 1 << e)
    }

    /// By event, the tools that want it; for `_all_events`.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&'static str, u8)> {
        let all = self.tools.get();
        (0..UNGROUPED_EVENTS).map(move |e| (EVENT_NAMES[e], all[e]))
    }

    fn next_version(&self, vm: &Vm) -> PyResult<u32> {
        // CPython's versions have 24 bits.
        match self.version.get() + 1 {
            n if n >= 1 << 24 => Err(vm.overflow_error("events set too many times")),
            n => Ok(n),
        }
    }

    fn update_breaker(&self, vm: &Vm) {
        let bits = &vm.interp().breaker;
        if self.tools.get().iter().any(|&t| t != 0) {
            bits.fetch_or(MONITOR, Ordering::Relaxed);
        } else {
            bits.fetch_and(!MONITOR, Ordering::Relaxed);
        }
    }
}

fn check_in_use(vm: &Vm, m: &Monitoring, tool: usize) -> PyResult<()> {
    if tool < PROFILE_TOOL && m.name(tool).is_none() {
        return Err(vm.value_error(&format!("tool {tool} is not in use")));
    }
    Ok(())
}

/// Sets the events that a tool wants of all code.
pub(crate) fn set_events(vm: &Vm, tool: usize, events: u32) -> PyResult<()> {
    let m = monitoring(vm);
    check_in_use(vm, &m, tool)?;
    if m.events_of(tool) == events {
        return Ok(());
    }
    let version = m.next_version(vm)?;
    let mut all = m.tools.get();
    for (e, tools) in all.iter_mut().enumerate() {
        *tools = (*tools & !(1 << tool)) | u8::from(events >> e & 1 != 0) << tool;
    }
    m.tools.set(all);
    m.version.set(version);
    m.update_breaker(vm);
    install::update_running(vm, &m);
    Ok(())
}

/// The events that a tool wants of one code object.
pub(crate) fn local_events(code: &Code, tool: usize) -> u32 {
    let tools = code
        .monitoring
        .get()
        .map_or([0; LOCAL_EVENTS], |d| d.local.get());
    (0..LOCAL_EVENTS)
        .filter(|&e| tools[e] >> tool & 1 != 0)
        .fold(0, |set, e| set | 1 << e)
}

/// Sets the events that a tool wants of one code object.
pub(crate) fn set_local_events(vm: &Vm, code: &Code, tool: usize, events: u32) -> PyResult<()> {
    let m = monitoring(vm);
    check_in_use(vm, &m, tool)?;
    let data = data::of(code);
    let mut versions = data.tool_versions.get();
    versions[tool] = m.tool_versions.get()[tool];
    data.tool_versions.set(versions);
    if local_events(code, tool) == events {
        return Ok(());
    }
    let mut local = data.local.get();
    for (e, tools) in local.iter_mut().enumerate() {
        *tools = (*tools & !(1 << tool)) | u8::from(events >> e & 1 != 0) << tool;
    }
    data.local.set(local);
    install::force(&m, code);
    Ok(())
}

/// Forgets a tool's callbacks and events, local ones too.
pub(crate) fn clear_tool(vm: &Vm, tool: usize) -> PyResult<()> {
    let m = monitoring(vm);
    for e in 0..EVENTS {
        drop(m.register(tool, e, None));
    }
    set_events(vm, tool, 0)?;
    let version = m.next_version(vm)?;
    let mut versions = m.tool_versions.get();
    versions[tool] = version;
    m.tool_versions.set(versions);
    m.version.set(version);
    install::update_running(vm, &m);
    Ok(())
}

/// Enables what callbacks disabled by giving DISABLE.
pub(crate) fn restart_events(vm: &Vm) -> PyResult<()> {
    let m = monitoring(vm);
    let restart = m.next_version(vm)?;
    m.version.set(restart);
    m.restarted.set(restart);
    m.version.set(m.next_version(vm)?);
    install::update_running(vm, &m);
    Ok(())
}

/// Calls a tool's callback for an event; whether it gave DISABLE.
pub(crate) fn call_back(
    vm: &Vm,
    m: &Monitoring,
    tool: usize,
    what: usize,
    args: &[Value],
) -> PyResult<bool> {
    let native = tool >= PROFILE_TOOL;
    let (f, paired) = m.callback(tool, what);
    if !native && f.is_none() {
        return Ok(false);
    }
    if paired && is_disabled(args) {
        return Ok(true);
    }
    let thread = thread(vm);
    let before = thread.what.replace(Some(what));
    thread.running.set(thread.running.get() + 1);
    let result = match f {
        Some(f) => vm
            .call_pos(&f, args)
            .map(|v| m.disable.0.get().is_some_and(|d| d.is(&v))),
        None => legacy::callback(vm, m, tool, what, args),
    };
    thread.running.set(thread.running.get() - 1);
    thread.what.set(before);
    result
}

/// An event that cannot be disabled: the tool loses its callback.
pub(crate) fn cannot_disable(vm: &Vm, m: &Monitoring, tool: usize, what: usize) -> Raised {
    drop(m.register(tool, what, None));
    vm.value_error(&format!(
        "Cannot disable {} events. Callback removed.",
        EVENT_NAMES[what]
    ))
}

/// A callback for BRANCH is called for neither side once the branch was disabled on one.
fn is_disabled(args: &[Value]) -> bool {
    let unit = args.get(1).and_then(Value::as_small_int).unwrap_or(0) / 2;
    match (
        args.first().and_then(|c| c.downcast_ref::<Code>()),
        usize::try_from(unit),
    ) {
        (Some(code), Ok(unit)) => !install::has_tools(code, unit),
        _ => false,
    }
}

/// Calls a function while events are delivered again, from within a trace function (`sys.call_tracing`).
pub(crate) fn call_tracing(vm: &Vm, f: &Value, args: &[Value]) -> PyResult {
    let thread = thread(vm);
    let running = thread.running.replace(0);
    let result = vm.call_pos(f, args);
    thread.running.set(running);
    result
}
