//! `_lsprof`: the profiler behind `cProfile`. It is a tool of `sys.monitoring`, whose callbacks are methods of the profiler.

use std::cell::{Cell, RefCell};

use taipan_builtins::structseq::{StructSeq, field};
use taipan_macros::pymethods;
use taipan_object::descr::NativeFunction;
use taipan_object::{
    Args, Module, ModuleSpec, Payload, PyCell, PyResult, Ref, Str, Traverse, TypeObject, TypeSpec,
    Value, Visitor, Vm, tpflags,
};

use crate::instrumentation::{event, monitoring};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_lsprof",
    doc: Some("Fast profiler"),
    functions: &[],
    types: &[&PROFILER],
    exec: Some(|vm, module: &Ref<Module>| {
        ENTRY.add_to(vm, module)?;
        SUBENTRY.add_to(vm, module)
    }),
};

static ENTRY: StructSeq = StructSeq {
    spec: StructSeq::spec("profiler_entry", "_lsprof", None),
    fields: &[
        field::<0>("code", Some("code object or built-in function name")),
        field::<1>("callcount", Some("how many times this was called")),
        field::<2>("reccallcount", Some("how many times called recursively")),
        field::<3>("totaltime", Some("total time in this entry")),
        field::<4>(
            "inlinetime",
            Some("inline time in this entry (not in subcalls)"),
        ),
        field::<5>("calls", Some("details of the calls")),
    ],
    visible: 6,
    total: 6,
};

static SUBENTRY: StructSeq = StructSeq {
    spec: StructSeq::spec("profiler_subentry", "_lsprof", None),
    fields: &[
        field::<0>("code", Some("called code object or built-in function name")),
        field::<1>("callcount", Some("how many times this is called")),
        field::<2>(
            "reccallcount",
            Some("how many times this is called recursively"),
        ),
        field::<3>("totaltime", Some("total time spent in this call")),
        field::<4>("inlinetime", Some("inline time (not in further subcalls)")),
    ],
    visible: 5,
    total: 5,
};

/// What is counted for a function, and for a function called by another.
#[derive(Clone, Copy, Default)]
struct Counts {
    /// Time in it, what it calls included.
    total: i64,
    /// Time in it alone.
    inline: i64,
    calls: i64,
    recursive_calls: i64,
    /// Calls that run.
    depth: i64,
}

impl Counts {
    fn leave(&mut self, total: i64, inline: i64) {
        self.depth -= 1;
        if self.depth == 0 {
            self.total += total;
        } else {
            self.recursive_calls += 1;
        }
        self.inline += inline;
        self.calls += 1;
    }
}

/// A function.
struct Entry {
    /// The code object, or how the native function is called.
    shown: Value,
    counts: Counts,
    /// What it called, by entry.
    callees: Vec<(usize, Counts)>,
}

/// A call that runs.
#[derive(Clone, Copy)]
struct Context {
    entry: usize,
    began: i64,
    /// Time in what it called.
    inside: i64,
}

/// The payload of `Profiler`.
pub struct Profiler {
    entries: RefCell<Vec<Entry>>,
    /// Entries by the address of the code object, which they keep, or of the native declaration.
    by_key: RefCell<rustc_hash::FxHashMap<usize, usize>>,
    running: RefCell<Vec<Context>>,
    timer: PyCell<Option<Value>>,
    time_unit: Cell<f64>,
    enabled: Cell<bool>,
    subcalls: Cell<bool>,
    builtins: Cell<bool>,
    /// The timer runs.
    in_timer: Cell<bool>,
}

taipan_object::payload!(Profiler, gc);

impl Traverse for Profiler {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        if let Ok(entries) = self.entries.try_borrow() {
            for e in entries.iter() {
                visit(&e.shown);
            }
        }
        self.timer.visit(visit);
    }
    fn clear(&self) {
        drop(self.forget());
        self.timer.set(None);
    }
}

/// `Profiler`
pub static PROFILER: TypeSpec = TypeSpec {
    doc: Some(
        "Build a profiler object using the specified timer function.\n\nThe default timer is a fast built-in one based on real time.\nFor custom timer functions returning integers, 'timeunit' can\nbe a float specifying a scale (that is, how long each integer unit\nis, in seconds).",
    ),
    flags: tpflags::BASETYPE,
    parts: &[&PROFILER_METHODS],
    ..TypeSpec::new("Profiler", "_lsprof", <Profiler as Payload>::layout)
};

const TOOL: i32 = 2;

/// The callbacks: an event, and the method for it.
const CALLBACKS: [(usize, &str); 9] = [
    (event::PY_START, "_pystart_callback"),
    (event::PY_RESUME, "_pystart_callback"),
    (event::PY_THROW, "_pythrow_callback"),
    (event::PY_RETURN, "_pyreturn_callback"),
    (event::PY_YIELD, "_pyreturn_callback"),
    (event::PY_UNWIND, "_pyreturn_callback"),
    (event::CALL, "_ccall_callback"),
    (event::C_RETURN, "_creturn_callback"),
    (event::C_RAISE, "_creturn_callback"),
];

/// Times of timers that return floats are kept in this fraction of a second.
const FLOAT_TICKS: f64 = 4_294_967_296.0;

impl Profiler {
    /// Takes all that was collected.
    fn forget(&self) -> Vec<Entry> {
        self.by_key.borrow_mut().clear();
        self.running.borrow_mut().clear();
        self.entries.take()
    }

    fn read_timer(&self, vm: &Vm, timer: &Value) -> PyResult<i64> {
        let v = vm.call0(timer)?;
        if self.time_unit.get() > 0.0 {
            let n = vm.index(&v)?;
            return n
                .as_int()
                .and_then(|n| n.to_i64())
                .ok_or_else(|| vm.overflow_error("Python int too large to convert to C long"));
        }
        Ok((vm.as_double(&v)? * FLOAT_TICKS) as i64)
    }

    fn now(&self, vm: &Vm) -> i64 {
        let Some(timer) = self.timer.get() else {
            return taipan_host::clock::now(taipan_host::types::Clock::Monotonic).unwrap_or(0);
        };
        self.in_timer.set(true);
        let result = self.read_timer(vm, &timer);
        self.in_timer.set(false);
        result.unwrap_or_else(|e| {
            let exc = vm.take_raised(e);
            let text = vm.repr_string(&timer).unwrap_or_else(|e| {
                drop(vm.take_raised(e));
                String::new()
            });
            let _ = vm.raise_as_is(exc);
            vm.unraisable(Some(&format!("while calling _lsprof timer {text}")), None);
            0
        })
    }

    fn enter(&self, vm: &Vm, key: usize, function: &Value) -> PyResult<()> {
        let known = self.by_key.borrow().get(&key).copied();
        let entry = match known {
            Some(e) => e,
            None => {
                let shown = shown_as(vm, function)?;
                let mut entries = self.entries.borrow_mut();
                entries.push(Entry {
                    shown,
                    counts: Counts::default(),
                    callees: Vec::new(),
                });
                self.by_key.borrow_mut().insert(key, entries.len() - 1);
                entries.len() - 1
            }
        };
        let caller = self.running.borrow().last().map(|c| c.entry);
        if let Some(e) = self.entries.borrow_mut().get_mut(entry) {
            e.counts.depth += 1;
        }
        if self.subcalls.get()
            && let Some(caller) = caller
        {
            self.with_callee(caller, entry, |c| c.depth += 1);
        }
        let began = self.now(vm);
        self.running.borrow_mut().push(Context {
            entry,
            began,
            inside: 0,
        });
        Ok(())
    }

    fn with_callee(&self, caller: usize, callee: usize, f: impl FnOnce(&mut Counts)) {
        let mut entries = self.entries.borrow_mut();
        let Some(e) = entries.get_mut(caller) else {
            return;
        };
        match e.callees.iter_mut().find(|(c, _)| *c == callee) {
            Some((_, counts)) => f(counts),
            None => {
                let mut counts = Counts::default();
                f(&mut counts);
                e.callees.push((callee, counts));
            }
        }
    }

    /// Ends the innermost call.
    fn stop(&self, vm: &Vm) {
        let Some(&Context { began, .. }) = self.running.borrow().last() else {
            return;
        };
        let total = self.now(vm).wrapping_sub(began);
        let Some(context) = self.running.borrow_mut().pop() else {
            return;
        };
        let inline = total.wrapping_sub(context.inside);
        let caller = {
            let mut running = self.running.borrow_mut();
            running.last_mut().map(|c| {
                c.inside = c.inside.wrapping_add(total);
                c.entry
            })
        };
        if let Some(e) = self.entries.borrow_mut().get_mut(context.entry) {
            e.counts.leave(total, inline);
        }
        if self.subcalls.get()
            && let Some(caller) = caller
        {
            self.with_callee(caller, context.entry, |c| c.leave(total, inline));
        }
    }

    fn leave(&self, vm: &Vm, key: usize) {
        let known = self.by_key.borrow().get(&key).copied();
        match known {
            Some(_) => self.stop(vm),
            None => drop(self.running.borrow_mut().pop()),
        }
    }
}

/// What stands for a function in the results: the code object, or a text for a native function.
fn shown_as(vm: &Vm, function: &Value) -> PyResult {
    let Some(f) = function.downcast_ref::<NativeFunction>() else {
        return Ok(function.clone());
    };
    let name = f.def.name;
    let module = f.module.get();
    let module = module.as_ref().and_then(|m| m.downcast_ref::<Str>());
    let this = f.self_.as_ref();
    if let Some(this) = this.filter(|s| s.downcast_ref::<Module>().is_none())
        && let Some(found) = vm.lookup(&vm.type_of(this).payload, &vm.intern(name)?)
    {
        return Ok(vm.repr(&found)?.into_value());
    }
    let text = match module {
        Some(m) => format!("<built-in method {}.{name}>", m.to_string_lossy()),
        None => format!("<built-in method {name}>"),
    };
    Ok(vm.new_str(&text)?.into_value())
}

/// The native function that a call is of.
fn native_function(vm: &Vm, callable: &Value, first: &Value) -> PyResult<Option<(usize, Value)>> {
    let key = |v: &Value| {
        v.downcast_ref::<NativeFunction>()
            .map(|f| std::ptr::from_ref(f.def).addr())
    };
    if let Some(k) = key(callable) {
        return Ok(Some((k, callable.clone())));
    }
    let ty = vm.type_of(callable);
    if !std::ptr::eq(ty, vm.types().method_descriptor.object())
        || monitoring(vm).missing.0.get().is_some_and(|m| m.is(first))
    {
        return Ok(None);
    }
    let Some(get) = ty.payload.slots.tp_descr_get.get() else {
        return Ok(None);
    };
    let method = get(vm, callable, Some(first), vm.type_value(first).as_value())?;
    Ok(key(&method).map(|k| (k, method)))
}

fn monitor(vm: &Vm, name: &str, args: &[Value]) -> PyResult {
    let module = crate::sys_module::sys_require(vm, "monitoring")?;
    vm.call_method_str(&module, name, args)
}

fn counts(vm: &Vm, shown: &Value, c: &Counts, factor: f64) -> PyResult<Vec<Value>> {
    Ok(vec![
        shown.clone(),
        vm.new_int(c.calls)?,
        vm.new_int(c.recursive_calls)?,
        vm.new_float(factor * c.total as f64)?,
        vm.new_float(factor * c.inline as f64)?,
    ])
}

#[pymethods(PROFILER_METHODS)]
impl Profiler {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<Profiler>> {
        let _ = args;
        vm.new_object(
            cls,
            Profiler {
                entries: RefCell::default(),
                by_key: RefCell::default(),
                running: RefCell::default(),
                timer: PyCell::new(None),
                time_unit: Cell::new(0.0),
                enabled: Cell::new(false),
                subcalls: Cell::new(true),
                builtins: Cell::new(true),
                in_timer: Cell::new(false),
            },
        )
    }

    #[pyslot(
        name = "Profiler",
        params = "(timer=None, timeunit=0.0, subcalls=True, builtins=True)"
    )]
    fn tp_init(
        vm: &Vm,
        this: &Ref<Self>,
        timer: Option<&Value>,
        timeunit: f64,
        subcalls: bool,
        builtins: bool,
    ) {
        this.timer.set(timer.filter(|t| !vm.is_none(t)).cloned());
        this.time_unit.set(timeunit);
        this.subcalls.set(subcalls);
        this.builtins.set(builtins);
    }

    /// list of profiler_entry objects.
    ///
    /// getstats() -> list of profiler_entry objects
    ///
    /// Return all information collected by the profiler.
    /// Each profiler_entry is a tuple-like object with the
    /// following attributes:
    ///
    ///     code          code object
    ///     callcount     how many times this was called
    ///     reccallcount  how many times called recursively
    ///     totaltime     total time in this entry
    ///     inlinetime    inline time in this entry (not in subcalls)
    ///     calls         details of the calls
    ///
    /// The calls attribute is either None or a list of
    /// profiler_subentry objects:
    ///
    ///     code          called code object
    ///     callcount     how many times this is called
    ///     reccallcount  how many times this is called recursively
    ///     totaltime     total time spent in this call
    ///     inlinetime    inline time (not in further subcalls)
    #[pymethod(sig = "($self, /)")]
    fn getstats(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let factor = match this.timer.is_some() {
            false => 1e-9,
            true if this.time_unit.get() == 0.0 => 1.0 / FLOAT_TICKS,
            true => this.time_unit.get(),
        };
        type Snapshot = (Value, Counts, Vec<(Value, Counts)>);
        let snapshot: Vec<Snapshot> = {
            let entries = this.entries.borrow();
            let callees = |e: &Entry| {
                e.callees
                    .iter()
                    .filter(|(_, c)| c.calls != 0)
                    .filter_map(|(i, c)| Some((entries.get(*i)?.shown.clone(), *c)))
                    .collect()
            };
            entries
                .iter()
                .filter(|e| e.counts.calls != 0)
                .map(|e| (e.shown.clone(), e.counts, callees(e)))
                .collect()
        };
        let mut out = Vec::with_capacity(snapshot.len());
        for (shown, c, callees) in snapshot {
            let mut parts = counts(vm, &shown, &c, factor)?;
            let mut calls = Vec::with_capacity(callees.len());
            for (shown, c) in &callees {
                calls.push(
                    SUBENTRY
                        .build(vm, counts(vm, shown, c, factor)?)?
                        .into_value(),
                );
            }
            parts.push(if calls.is_empty() {
                vm.none()
            } else {
                vm.new_list(calls)?.into_value()
            });
            out.push(ENTRY.build(vm, parts)?.into_value());
        }
        Ok(vm.new_list(out)?.into_value())
    }

    /// Start collecting profiling information.
    ///
    ///   subcalls
    ///     If True, also records for each function
    ///     statistics separated according to its current caller.
    ///   builtins
    ///     If True, records the time spent in
    ///     built-in functions separately from their caller.
    #[pymethod(sig = "($self, /, subcalls=True, builtins=True)")]
    fn enable(vm: &Vm, this: &Ref<Self>, subcalls: bool, builtins: bool) -> PyResult<()> {
        this.subcalls.set(subcalls);
        this.builtins.set(builtins);
        let tool = Value::from_i32(TOOL);
        let name = vm.new_str("cProfile")?.into_value();
        monitor(vm, "use_tool_id", &[tool.clone(), name])?;
        let mut events = 0;
        for (what, method) in CALLBACKS {
            let bit = 1 << what;
            let f = vm.getattr_str(this.as_value(), method)?;
            monitor(
                vm,
                "register_callback",
                &[tool.clone(), Value::from_i32(bit), f],
            )?;
            events |= bit;
        }
        monitor(vm, "set_events", &[tool, Value::from_i32(events)])?;
        this.enabled.set(true);
        Ok(())
    }

    /// Stop collecting profiling information.
    #[pymethod(sig = "($self, /)")]
    fn disable(vm: &Vm, this: &Ref<Self>) -> PyResult<()> {
        if this.in_timer.get() {
            return Err(vm.runtime_error("cannot disable profiler in external timer"));
        }
        if this.enabled.get() {
            let tool = Value::from_i32(TOOL);
            for (what, _) in CALLBACKS {
                let args = [tool.clone(), Value::from_i32(1 << what), vm.none()];
                monitor(vm, "register_callback", &args)?;
            }
            monitor(vm, "set_events", &[tool.clone(), Value::from_i32(0)])?;
            monitor(vm, "free_tool_id", &[tool])?;
            this.enabled.set(false);
            while !this.running.borrow().is_empty() {
                this.stop(vm);
            }
        }
        Ok(())
    }

    /// Clear all profiling information collected so far.
    #[pymethod(sig = "($self, /)")]
    fn clear(vm: &Vm, this: &Ref<Self>) -> PyResult<()> {
        if this.in_timer.get() {
            return Err(vm.runtime_error("cannot clear profiler in external timer"));
        }
        drop(this.forget());
        Ok(())
    }

    #[pymethod(sig = "($self, code, instruction_offset, /)", doc = "")]
    fn _pystart_callback(
        vm: &Vm,
        this: &Ref<Self>,
        code: &Value,
        instruction_offset: &Value,
    ) -> PyResult<()> {
        let _ = instruction_offset;
        this.enter(vm, code.bits() as usize, code)
    }

    #[pymethod(sig = "($self, code, instruction_offset, exception, /)", doc = "")]
    fn _pythrow_callback(
        vm: &Vm,
        this: &Ref<Self>,
        code: &Value,
        instruction_offset: &Value,
        exception: &Value,
    ) -> PyResult<()> {
        let _ = (instruction_offset, exception);
        this.enter(vm, code.bits() as usize, code)
    }

    #[pymethod(sig = "($self, code, instruction_offset, retval, /)", doc = "")]
    fn _pyreturn_callback(
        vm: &Vm,
        this: &Ref<Self>,
        code: &Value,
        instruction_offset: &Value,
        retval: &Value,
    ) {
        let _ = (instruction_offset, retval);
        this.leave(vm, code.bits() as usize);
    }

    #[pymethod(
        sig = "($self, code, instruction_offset, callable, self_arg, /)",
        doc = ""
    )]
    fn _ccall_callback(
        vm: &Vm,
        this: &Ref<Self>,
        code: &Value,
        instruction_offset: &Value,
        callable: &Value,
        self_arg: &Value,
    ) -> PyResult<()> {
        let _ = (code, instruction_offset);
        if this.builtins.get()
            && let Some((key, f)) = native_function(vm, callable, self_arg)?
        {
            this.enter(vm, key, &f)?;
        }
        Ok(())
    }

    #[pymethod(
        sig = "($self, code, instruction_offset, callable, self_arg, /)",
        doc = ""
    )]
    fn _creturn_callback(
        vm: &Vm,
        this: &Ref<Self>,
        code: &Value,
        instruction_offset: &Value,
        callable: &Value,
        self_arg: &Value,
    ) -> PyResult<()> {
        let _ = (code, instruction_offset);
        if this.builtins.get()
            && let Some((key, _)) = native_function(vm, callable, self_arg)?
        {
            this.leave(vm, key);
        }
        Ok(())
    }
}
