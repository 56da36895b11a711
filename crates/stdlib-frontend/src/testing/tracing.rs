//! A trace function that keeps what it is told.

use taipan_macros::{pyfunctions, pymethods};
use taipan_object::{
    Args, List, Payload, PyCell, PyResult, Ref, Str, Traverse, TypeSpec, Value, Visitor, Vm,
    payload,
};

/// The payload of the trace function.
pub(super) struct Recorder {
    events: PyCell<Option<Ref<List>>>,
}

payload!(Recorder, gc);

impl Traverse for Recorder {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.events.visit(visit);
    }
    fn clear(&self) {
        self.events.set(None);
    }
}

pub(super) static RECORDER: TypeSpec = TypeSpec {
    parts: &[&METHODS],
    ..TypeSpec::new("_recorder", "_testcapi", <Recorder as Payload>::layout)
};

/// The events by CPython's numbers.
const EVENTS: [&str; 4] = ["call", "exception", "line", "return"];

#[pymethods(METHODS)]
impl Recorder {
    #[pyslot]
    fn tp_call(vm: &Vm, this: &Value, args: Args<'_>) -> PyResult {
        let Some(recorder) = this.downcast_ref::<Recorder>() else {
            return Err(vm.type_error("expected a recorder"));
        };
        let [frame, event, arg] = args.pos() else {
            return Err(vm.type_error("a trace function takes three arguments"));
        };
        let number = event
            .downcast_ref::<Str>()
            .and_then(|e| EVENTS.iter().position(|name| e.eq_str(name)));
        if let (Some(number), Some(events)) = (number, recorder.events.get()) {
            let line = vm.getattr_str(frame, "f_lineno")?;
            let entry = vec![vm.new_usize(number)?, line, arg.clone()];
            if !events.push(vm.new_tuple(entry)?.into_value()) {
                return Err(vm.no_memory());
            }
        }
        Ok(this.clone())
    }
}

/// The functions.
#[pyfunctions(FUNCTIONS)]
pub(super) mod functions {
    use super::*;

    /// Traces, and appends number, line and argument of each event to a list.
    #[pyfunction(params = "($module, events, /)")]
    fn settrace_to_record(vm: &Vm, events: &Ref<List>) -> PyResult<()> {
        let recorder = vm.new(Recorder {
            events: PyCell::new(Some(events.clone())),
        })?;
        let settrace = vm.getattr_str(&vm.import("sys")?, "settrace")?;
        vm.call1(&settrace, recorder.as_value()).map(drop)
    }
}
