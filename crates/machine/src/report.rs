//! A program run from beginning to end, with its states at every Nth step: for tools and tests that compare.

use std::cell::{OnceCell, RefCell};

use taipan::{Settings, StartError};
use taipan_object::{PyResult, Value, Vm};
use taipan_vm::sys_module::sys_set;

use crate::json::Json;
use crate::{Machine, Outcome, Sink};

/// What to run.
pub struct Request<'a> {
    /// The program's text.
    pub source: &'a [u8],
    /// What it is called.
    pub filename: &'a str,
    /// 0, 1 or 2
    pub optimize: u8,
    /// States at steps that are multiples of this are reported.
    pub every: u64,
    /// Where the program is stopped.
    pub most_steps: u64,
    /// Whether the library can be imported.
    pub library: bool,
}

struct Reporter {
    machine: OnceCell<&'static Machine>,
    every: u64,
    most: u64,
    states: RefCell<Vec<String>>,
}

impl Sink for Reporter {
    fn step(&self, _: u32, _: u32, _: u32) {}

    fn reached(&self, vm: &Vm, step: u64) {
        if let Some(machine) = self.machine.get() {
            self.states.borrow_mut().push(machine.state_in(vm));
            let next = step.saturating_add(self.every.max(1));
            machine.recorder().want(next.min(self.most));
            if step >= self.most {
                // What cannot pause runs on unseen.
                machine.recorder().want(u64::MAX);
                machine.recorder().pause_from(step);
            }
        }
    }
}

fn catch_output(vm: &Vm) -> PyResult<(Value, Value)> {
    let io = vm.import("_io")?;
    let class = vm.getattr_str(&io, "StringIO")?;
    let (out, err) = (vm.call_pos(&class, &[])?, vm.call_pos(&class, &[])?);
    sys_set(vm, "stdout", out.clone())?;
    sys_set(vm, "stderr", err.clone())?;
    Ok((out, err))
}

fn written(vm: &Vm, stream: &Value) -> String {
    match vm.call_method_str(stream, "getvalue", &[]) {
        Ok(text) => vm
            .str(&text)
            .map_or_else(|_| String::new(), |t| t.to_string_lossy().into_owned()),
        Err(e) => {
            drop(vm.take_raised(e));
            String::new()
        }
    }
}

/// Runs a program and gives JSON: `codes`, `states`, `steps`, `ending` (`finished`, `limit`, or the exception), what was
/// written as `output` and `errors`, and `counts`. The machine is not freed.
///
/// # Errors
/// When the interpreter cannot be started.
pub fn report(settings: Settings, request: &Request<'_>) -> Result<String, StartError> {
    let machine: &'static Machine = Box::leak(Box::new(Machine::new(settings, request.library)?));
    let reporter: &'static Reporter = Box::leak(Box::new(Reporter {
        machine: OnceCell::from(machine),
        every: request.every,
        most: request.most_steps,
        states: RefCell::default(),
    }));
    let streams = machine.enter(|vm| catch_output(vm).map_err(|e| drop(vm.take_raised(e))));
    let mut ending = String::new();
    let mut loaded = false;
    match machine.load(request.source, request.filename, request.optimize) {
        Err(text) => ending = text,
        Ok(()) => {
            loaded = true;
            machine.recorder().set_sink(reporter);
            machine.recorder().want(0);
            match machine.run() {
                Outcome::Finished => ending.push_str("finished"),
                Outcome::Paused => ending.push_str("limit"),
                Outcome::Raised(text) => ending = text,
            }
        }
    }
    let mut j = Json::default();
    j.open('{');
    j.key("steps").size(machine.recorder().next());
    j.key("ending").string(&ending);
    if let Ok((out, err)) = streams {
        machine.enter(|vm| {
            j.key("output").string(&written(vm, &out));
            j.key("errors").string(&written(vm, &err));
        });
    }
    if loaded {
        j.key("codes").raw(&machine.codes());
        j.key("states").open('[');
        for state in reporter.states.borrow().iter() {
            j.raw(state);
        }
        j.close(']');
        j.key("counts").raw(&machine.counts());
    }
    j.close('}');
    Ok(j.finish())
}
