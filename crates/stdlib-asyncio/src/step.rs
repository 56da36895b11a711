//! The steps of tasks: the coroutine runs until it waits for a future, which wakes the task when it is done.

use taipan_macros::pymethods;
use taipan_object::{
    Args, BaseException, NativeCode, NativeDef, NativeKind, Payload, PyCell, PyResult, Raised, Ref,
    SendOutcome, Traverse, TypeSpec, Value, Visitor, Vm, payload, tpflags,
};
use taipan_vm::generator::{Generator, Kind};

use crate::future::{Future, Outcome};
use crate::state::{State, state};
use crate::task::Task;

/// The payload of `TaskStepMethWrapper`: what loops call for a task's next step.
pub struct StepWrapper {
    task: PyCell<Option<Ref<Task>>>,
    /// What to throw into the coroutine.
    exception: PyCell<Option<Value>>,
}

payload!(StepWrapper, gc);

impl Traverse for StepWrapper {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.task.visit(visit);
        self.exception.visit(visit);
    }
    fn clear(&self) {
        self.task.set(None);
        self.exception.set(None);
    }
}

/// `TaskStepMethWrapper`
pub static STEP_WRAPPER: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    parts: &[&STEP_METHODS],
    ..TypeSpec::new(
        "TaskStepMethWrapper",
        "_asyncio",
        <StepWrapper as Payload>::layout,
    )
};

#[pymethods(STEP_METHODS)]
impl StepWrapper {
    #[pyslot]
    fn tp_call(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult {
        if args.keyword_count() != 0 {
            return Err(vm.type_error("function takes no keyword arguments"));
        }
        if !args.pos().is_empty() {
            return Err(vm.type_error("function takes no positional arguments"));
        }
        match this.task.get() {
            Some(task) => step(vm, &task, &state(vm), this.exception.get())?,
            None => return Err(vm.runtime_error("uninitialized Task object")),
        }
        Ok(vm.none())
    }

    #[getter]
    fn __self__(&self) -> Option<Ref<Task>> {
        self.task.get()
    }
}

/// The callback by which a future wakes the task that waits for it.
static WAKEUP: NativeDef = NativeDef {
    name: "task_wakeup",
    text_signature: None,
    doc: None,
    kind: NativeKind::Method,
    code: NativeCode::One(|vm, task, future| {
        if let Some(task) = task.downcast_ref::<Task>() {
            wake(vm, task, future)?;
        }
        Ok(vm.none())
    }),
};

/// What runs the eager first step, in the task's context.
static EAGER_STEP: NativeDef = NativeDef {
    name: "task_step",
    text_signature: None,
    doc: None,
    kind: NativeKind::Method,
    code: NativeCode::NoArgs(|vm, task| {
        if let Some(task) = task.downcast_ref::<Task>() {
            run(vm, task, &state(vm), None)?;
        }
        Ok(vm.none())
    }),
};

/// Has the loop call the task's next step, which throws `exception`.
pub fn soon(vm: &Vm, task: &Ref<Task>, state: &State, exception: Option<Value>) -> PyResult<()> {
    let wrapper = vm.new(StepWrapper {
        task: PyCell::new(Some(task.clone())),
        exception: PyCell::new(exception),
    })?;
    let event_loop = task.future.event_loop(vm)?;
    let context = task.context.get().unwrap_or_else(|| vm.none());
    state.call_soon(vm, &event_loop, wrapper.into_value(), None, context)
}

/// Has the loop throw a RuntimeError into the coroutine.
#[cold]
fn error_soon(vm: &Vm, task: &Ref<Task>, state: &State, message: &str) -> PyResult<()> {
    let exc = vm.new_exception(&vm.exc().RuntimeError, message)?;
    soon(vm, task, state, Some(exc))
}

/// One step, as the loop calls it.
fn step(vm: &Vm, task: &Ref<Task>, state: &State, exception: Option<Value>) -> PyResult<()> {
    let event_loop = task.future.event_loop(vm)?;
    state.enter_task(vm, &event_loop, task.as_value())?;
    match run(vm, task, state, exception) {
        Ok(()) => state.leave_task(vm, &event_loop, task.as_value()),
        Err(r) => {
            let exc = vm.take_raised(r);
            match state.leave_task(vm, &event_loop, task.as_value()) {
                Ok(()) => Err(vm.raise_as_is(exc)),
                Err(later) => {
                    let second = vm.take_raised(later);
                    if let Some(b) = second.downcast_ref::<BaseException>() {
                        b.context.set(Some(exc));
                    }
                    Err(vm.raise_as_is(second))
                }
            }
        }
    }
}

/// The first step of a task, at once.
pub fn start_eagerly(vm: &Vm, task: &Ref<Task>, state: &State) -> PyResult<()> {
    let event_loop = task.future.event_loop(vm)?;
    let before = state.swap_task(vm, &event_loop, task.as_value())?;
    let ran = (|| {
        state.register_eager(vm, task.as_value())?;
        let me = Some(task.as_value().clone());
        let run = vm.new_native_function(&EAGER_STEP, me, None, None)?;
        let context = task.context.get().unwrap_or_else(|| vm.none());
        vm.call_method_str(&context, "run", &[run.into_value()])
            .map(drop)
    })();
    let exc = ran.map_err(|r| vm.take_raised(r));
    let swapped = state.swap_task(vm, &event_loop, &before).map(drop);
    if !task.future.is_pending() {
        Task::forget(task, state);
        task.coroutine.set(None);
    }
    match exc {
        Ok(()) => swapped,
        Err(e) => {
            if let Err(r) = swapped {
                drop(vm.take_raised(r));
            }
            Err(vm.raise_as_is(e))
        }
    }
}

/// A future that the task waits for is done.
fn wake(vm: &Vm, task: &Ref<Task>, future: &Value) -> PyResult<()> {
    let state = state(vm);
    if let Some(f) = future.downcast_ref::<Future>() {
        f.discard_waiter(vm, task.as_value())?;
    }
    let outcome = match state.is_exact(vm, future)? {
        Some(f) => f.outcome(vm, &state),
        None => vm
            .call_method_str(future, "result", &[])
            .map(Outcome::Result),
    };
    match outcome {
        Ok(Outcome::Result(_)) => step(vm, task, &state, None),
        Ok(Outcome::Exception(e)) => step(vm, task, &state, Some(e)),
        Err(r) => {
            let e = vm.take_raised(r);
            step(vm, task, &state, Some(e))
        }
    }
}

/// Resumes the coroutine: what it yielded or returned.
fn resume(vm: &Vm, coroutine: &Value, exception: Option<Value>) -> PyResult<SendOutcome> {
    let result = match exception {
        Some(e) => vm.call_method(coroutine, &vm.names().throw, &[e]),
        None => {
            let none = vm.none();
            if let Some(send) = vm.type_of(coroutine).payload.slots.am_send.get() {
                return send(vm, coroutine, &none);
            }
            vm.call_method(coroutine, &vm.names().send, &[none])
        }
    };
    match result {
        Ok(v) => Ok(SendOutcome::Yield(v)),
        Err(r) => {
            let stop = vm.catch(r, &vm.exc().StopIteration)?;
            let value = vm.getattr(&stop, &vm.names().value)?;
            Ok(SendOutcome::Return(value))
        }
    }
}

/// Runs the coroutine to its next stop and does what follows from that.
fn run(vm: &Vm, task: &Ref<Task>, state: &State, exception: Option<Value>) -> PyResult<()> {
    let future = Task::as_future(task);
    let mut exception = exception;
    if !future.is_pending() {
        let shown = vm.repr_string(task.as_value())?;
        let thrown = vm.repr_string(&exception.unwrap_or_else(|| vm.none()))?;
        let text = format!("__step(): already done: {shown} {thrown}");
        return Err(state.invalid_state(vm, &text));
    }
    if task.must_cancel.get() {
        let class = state.cancelled_error(vm)?;
        if !exception
            .as_ref()
            .is_some_and(|e| vm.is_instance_exact(e, &class))
        {
            exception = Some(future.make_cancelled_error(vm, state)?);
        }
        task.must_cancel.set(false);
    }
    task.waiting_for.set(None);
    let Some(coroutine) = task.coroutine.get() else {
        return Err(vm.runtime_error("uninitialized Task object"));
    };
    match resume(vm, &coroutine, exception) {
        Ok(SendOutcome::Yield(v)) => wait_for(vm, task, state, &v),
        Ok(SendOutcome::Return(v)) => {
            Task::forget(task, state);
            if task.must_cancel.replace(false) {
                let message = future.cancel_message();
                return Future::cancel_with(vm, future, state, message).map(drop);
            }
            Future::finish(vm, future, state, v)
        }
        Err(r) => {
            Task::forget(task, state);
            failed(vm, future, state, r)
        }
    }
}

/// The coroutine raised an exception.
fn failed(vm: &Vm, future: &Ref<Future>, state: &State, r: Raised) -> PyResult<()> {
    let exc = vm.take_raised(r);
    let cancelled = state.cancelled_error(vm)?;
    if vm.is_instance_exact(&exc, &cancelled) {
        future.set_cancelled_error(exc);
        return Future::cancel_with(vm, future, state, None).map(drop);
    }
    Future::fail(vm, future, state, &exc)?;
    let types = vm.exc();
    if vm.is_instance_exact(&exc, &types.KeyboardInterrupt)
        || vm.is_instance_exact(&exc, &types.SystemExit)
    {
        return Err(vm.raise_as_is(exc));
    }
    Ok(())
}

/// `future.cancel(msg=message)`, as a truth value.
pub fn cancel_other(vm: &Vm, state: &State, future: &Value, message: Value) -> PyResult<bool> {
    if let Some(f) = state.is_exact(vm, future)?
        && future.downcast_ref::<Task>().is_none()
    {
        return Future::cancel_with(vm, f, state, Some(message));
    }
    let names = state.names(vm)?;
    let cancel = vm.getattr(future, &names.cancel)?;
    let args = Args {
        values: &[message],
        kwnames: Some(&names.msg),
    };
    let answer = vm.call(&cancel, args)?;
    vm.is_true(&answer)
}

/// The coroutine yielded: a future to wait for, None to go on soon, or something wrong.
fn wait_for(vm: &Vm, task: &Ref<Task>, state: &State, yielded: &Value) -> PyResult<()> {
    let me = task.as_value();
    if yielded.is(me) {
        let text = format!("Task cannot await on itself: {}", vm.repr_string(me)?);
        return error_soon(vm, task, state, &text);
    }
    if let Some(f) = state.is_exact(vm, yielded)? {
        let event_loop = task.future.event_loop(vm)?;
        if !f.has_loop(&event_loop) {
            return different_loop(vm, task, state, yielded);
        }
        if !f.blocking.get() {
            return not_awaited(vm, task, state, yielded);
        }
        f.add_waiter(vm, me)?;
        f.blocking.set(false);
        let wakeup = wakeup(vm, task)?;
        let context = task.context.get().unwrap_or_else(|| vm.none());
        Future::add_callback(vm, f, state, wakeup, context)?;
        return waiting(vm, task, state, yielded);
    }
    if vm.is_none(yielded) {
        return soon(vm, task, state, None);
    }
    let names = state.names(vm)?;
    let blocking = vm.getattr_opt(yielded, &names.blocking)?;
    if let Some(blocking) = blocking.filter(|b| !vm.is_none(b)) {
        let blocking = vm.is_true(&blocking)?;
        if !task.future.has_loop(&state.loop_of(vm, yielded)?) {
            return different_loop(vm, task, state, yielded);
        }
        if !blocking {
            return not_awaited(vm, task, state, yielded);
        }
        if let Some(f) = yielded.downcast_ref::<Future>() {
            f.add_waiter(vm, me)?;
        }
        vm.setattr(yielded, &names.blocking, &vm.bool(false))?;
        let wakeup = wakeup(vm, task)?;
        let context = task.context.get().unwrap_or_else(|| vm.none());
        let add = vm.getattr_str(yielded, "add_done_callback")?;
        let args = Args {
            values: &[wakeup, context],
            kwnames: Some(&names.context),
        };
        vm.call(&add, args)?;
        return waiting(vm, task, state, yielded);
    }
    let shown = vm.repr_string(yielded)?;
    let text = if yielded
        .downcast_ref::<Generator>()
        .is_some_and(|g| g.kind == Kind::Generator)
    {
        let me = vm.repr_string(me)?;
        format!("yield was used instead of yield from for generator in task {me} with {shown}")
    } else {
        format!("Task got bad yield: {shown}")
    };
    error_soon(vm, task, state, &text)
}

fn wakeup(vm: &Vm, task: &Ref<Task>) -> PyResult {
    let owner = vm.class::<Task>()?;
    let me = Some(task.as_value().clone());
    Ok(vm
        .new_native_function(&WAKEUP, me, None, Some(owner))?
        .into_value())
}

/// The task waits; or, when it is to be cancelled, cancels what it would wait for.
fn waiting(vm: &Vm, task: &Ref<Task>, state: &State, future: &Value) -> PyResult<()> {
    task.waiting_for.set(Some(future.clone()));
    if task.must_cancel.get() {
        let message = task.future.cancel_message().unwrap_or_else(|| vm.none());
        if cancel_other(vm, state, future, message)? {
            task.must_cancel.set(false);
        }
    }
    Ok(())
}

#[cold]
fn different_loop(vm: &Vm, task: &Ref<Task>, state: &State, future: &Value) -> PyResult<()> {
    let (me, other) = (vm.repr_string(task.as_value())?, vm.repr_string(future)?);
    let text = format!("Task {me} got Future {other} attached to a different loop");
    error_soon(vm, task, state, &text)
}

#[cold]
fn not_awaited(vm: &Vm, task: &Ref<Task>, state: &State, future: &Value) -> PyResult<()> {
    let (me, other) = (vm.repr_string(task.as_value())?, vm.repr_string(future)?);
    let text = format!("yield was used instead of yield from in task {me} with {other}");
    error_soon(vm, task, state, &text)
}
