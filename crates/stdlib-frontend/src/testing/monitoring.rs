//! `CodeLike`, a thing that fires the events of monitoring as native code does that is no bytecode, and the functions that
//! make it do so.

use std::cell::Cell;

use taipan_macros::{pyfunctions, pymethods};
use taipan_object::{Args, Payload, PyResult, Ref, TypeObject, TypeSpec, Value, Vm, payload};
use taipan_vm::instrumentation::codelike::{Place, enter, fire};
use taipan_vm::instrumentation::event;

/// The payload of `CodeLike`: a place for each event.
pub(super) struct CodeLike {
    places: Box<[Place]>,
    version: Cell<u32>,
}

payload!(CodeLike, leaf);

/// `CodeLike`
pub(super) static CODE_LIKE: TypeSpec = TypeSpec {
    doc: Some("CodeLike objects"),
    parts: &[&METHODS],
    ..TypeSpec::new("CodeLike", "monitoring", <CodeLike as Payload>::layout)
};

/// More events than there are make no sense.
const MAX_EVENTS: usize = 64;

#[pymethods(METHODS)]
impl CodeLike {
    #[pyslot]
    fn tp_new(vm: &Vm, _cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
        let [count] = args.pos() else {
            return Err(vm.type_error("CodeLike takes the number of its events"));
        };
        let count = usize::try_from(vm.index_isize(count)?).unwrap_or(0);
        let made = CodeLike {
            places: (0..count.min(MAX_EVENTS))
                .map(|_| Place::default())
                .collect(),
            version: Cell::new(0),
        };
        Ok(vm.new(made)?.into_value())
    }
}

fn code_like<'a>(vm: &Vm, v: &'a Value) -> PyResult<&'a Ref<CodeLike>> {
    v.downcast_ref::<CodeLike>()
        .ok_or_else(|| vm.type_error("expected a code-like"))
}

/// Fires an event of the place at `offset`.
fn fired(vm: &Vm, code: &Value, offset: i32, what: usize, args: &[&Value]) -> PyResult<()> {
    let places = &code_like(vm, code)?.places;
    let place = usize::try_from(offset).ok().and_then(|i| places.get(i));
    let Some(place) = place else {
        return Err(vm.value_error("offset out of range"));
    };
    let mut all = vec![code.clone(), vm.new_int(offset.into())?];
    all.extend(args.iter().map(|v| (*v).clone()));
    fire(vm, place, what, &all)
}

/// Fires an event that an exception belongs to.
fn fired_with(vm: &Vm, code: &Value, offset: i32, what: usize, exception: &Value) -> PyResult<()> {
    if vm.is_none(exception) {
        return Err(vm.value_error(&format!("Firing event {what} with no exception set")));
    }
    fired(vm, code, offset, what, &[exception])
}

/// The functions.
#[pyfunctions(FUNCTIONS)]
pub(super) mod functions {
    use super::*;

    /// Looks which tools want the events, one for each place.
    #[pyfunction(params = "($module, codelike, event, second=None, /)")]
    fn monitoring_enter_scope(
        vm: &Vm,
        codelike: &Value,
        event: i32,
        second: Option<i32>,
    ) -> PyResult<()> {
        let code = code_like(vm, codelike)?;
        let events = std::iter::once(event).chain(second);
        let events: Vec<usize> = events.filter_map(|e| usize::try_from(e).ok()).collect();
        enter(vm, &code.places, &code.version, &events);
        Ok(())
    }

    /// The places stay as they are.
    #[pyfunction(params = "($module, /)")]
    fn monitoring_exit_scope() {}

    #[pyfunction(params = "($module, codelike, offset, /)")]
    fn fire_event_py_start(vm: &Vm, codelike: &Value, offset: i32) -> PyResult<()> {
        fired(vm, codelike, offset, event::PY_START, &[])
    }

    #[pyfunction(params = "($module, codelike, offset, /)")]
    fn fire_event_py_resume(vm: &Vm, codelike: &Value, offset: i32) -> PyResult<()> {
        fired(vm, codelike, offset, event::PY_RESUME, &[])
    }

    #[pyfunction(params = "($module, codelike, offset, retval, /)")]
    fn fire_event_py_return(
        vm: &Vm,
        codelike: &Value,
        offset: i32,
        retval: &Value,
    ) -> PyResult<()> {
        fired(vm, codelike, offset, event::PY_RETURN, &[retval])
    }

    #[pyfunction(params = "($module, codelike, offset, retval, /)")]
    fn fire_event_py_yield(vm: &Vm, codelike: &Value, offset: i32, retval: &Value) -> PyResult<()> {
        fired(vm, codelike, offset, event::PY_YIELD, &[retval])
    }

    #[pyfunction(params = "($module, codelike, offset, callable, arg0, /)")]
    fn fire_event_call(
        vm: &Vm,
        codelike: &Value,
        offset: i32,
        callable: &Value,
        arg0: &Value,
    ) -> PyResult<()> {
        fired(vm, codelike, offset, event::CALL, &[callable, arg0])
    }

    #[pyfunction(params = "($module, codelike, offset, lineno, /)")]
    fn fire_event_line(vm: &Vm, codelike: &Value, offset: i32, lineno: &Value) -> PyResult<()> {
        fired(vm, codelike, offset, event::LINE, &[lineno])
    }

    #[pyfunction(params = "($module, codelike, offset, target, /)")]
    fn fire_event_jump(vm: &Vm, codelike: &Value, offset: i32, target: &Value) -> PyResult<()> {
        fired(vm, codelike, offset, event::JUMP, &[target])
    }

    #[pyfunction(params = "($module, codelike, offset, target, /)")]
    fn fire_event_branch_left(
        vm: &Vm,
        codelike: &Value,
        offset: i32,
        target: &Value,
    ) -> PyResult<()> {
        fired(vm, codelike, offset, event::BRANCH_LEFT, &[target])
    }

    #[pyfunction(params = "($module, codelike, offset, target, /)")]
    fn fire_event_branch_right(
        vm: &Vm,
        codelike: &Value,
        offset: i32,
        target: &Value,
    ) -> PyResult<()> {
        fired(vm, codelike, offset, event::BRANCH_RIGHT, &[target])
    }

    #[pyfunction(params = "($module, codelike, offset, exception, /)")]
    fn fire_event_py_throw(
        vm: &Vm,
        codelike: &Value,
        offset: i32,
        exception: &Value,
    ) -> PyResult<()> {
        fired_with(vm, codelike, offset, event::PY_THROW, exception)
    }

    #[pyfunction(params = "($module, codelike, offset, exception, /)")]
    fn fire_event_raise(vm: &Vm, codelike: &Value, offset: i32, exception: &Value) -> PyResult<()> {
        fired_with(vm, codelike, offset, event::RAISE, exception)
    }

    #[pyfunction(params = "($module, codelike, offset, exception, /)")]
    fn fire_event_reraise(
        vm: &Vm,
        codelike: &Value,
        offset: i32,
        exception: &Value,
    ) -> PyResult<()> {
        fired_with(vm, codelike, offset, event::RERAISE, exception)
    }

    #[pyfunction(params = "($module, codelike, offset, exception, /)")]
    fn fire_event_exception_handled(
        vm: &Vm,
        codelike: &Value,
        offset: i32,
        exception: &Value,
    ) -> PyResult<()> {
        fired_with(vm, codelike, offset, event::EXCEPTION_HANDLED, exception)
    }

    #[pyfunction(params = "($module, codelike, offset, exception, /)")]
    fn fire_event_py_unwind(
        vm: &Vm,
        codelike: &Value,
        offset: i32,
        exception: &Value,
    ) -> PyResult<()> {
        fired_with(vm, codelike, offset, event::PY_UNWIND, exception)
    }

    #[pyfunction(params = "($module, codelike, offset, value, /)")]
    fn fire_event_stop_iteration(
        vm: &Vm,
        codelike: &Value,
        offset: i32,
        value: &Value,
    ) -> PyResult<()> {
        let class = vm.exc().StopIteration.as_value();
        let exception = if vm.is_instance(value, class)? {
            value.clone()
        } else {
            vm.call1(class, value)?
        };
        fired(vm, codelike, offset, event::STOP_ITERATION, &[&exception])
    }
}
