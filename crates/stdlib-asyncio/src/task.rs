//! `Task`: a future that runs a coroutine, step by step (see `step.rs`).

use std::cell::Cell;

use taipan_macros::pymethods;
use taipan_object::{
    Args, Payload, PyCell, PyResult, Ref, Traverse, TypeObject, TypeSpec, Value, Visitor, Vm,
    payload, tpflags,
};
use taipan_vm::generator::{Generator, Kind};

use crate::future::{FUTURE, Future, cannot_delete, hide_dict};
use crate::state::{Import, State, state};
use crate::step;

/// The payload of `Task`.
#[repr(C)]
pub struct Task {
    /// What a task is as a future.
    pub future: Future,
    /// What the coroutine waits for.
    pub waiting_for: PyCell<Option<Value>>,
    /// The coroutine; `None` before `__init__` and when it ended in its eager step.
    pub coroutine: PyCell<Option<Value>>,
    /// The name: a string, or the number that the name is made from when it is asked for.
    name: PyCell<Option<Value>>,
    /// The context that steps run in.
    pub context: PyCell<Option<Value>>,
    /// CancelledError is to be thrown in at the next step.
    pub must_cancel: Cell<bool>,
    log_destroy_pending: Cell<bool>,
    cancels: Cell<u64>,
}

payload!(Task, gc, base = Future);

impl Traverse for Task {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.future.traverse(visit);
        for cell in self.cells() {
            cell.visit(visit);
        }
    }
    fn clear(&self) {
        self.future.clear();
        for cell in self.cells() {
            cell.set(None);
        }
    }
}

/// `Task`
pub static TASK: TypeSpec = TypeSpec {
    doc: Some("A coroutine wrapped in a Future."),
    text_signature: Some("(coro, *, loop=None, name=None, context=None, eager_start=False)"),
    flags: tpflags::BASETYPE,
    base: Some(|vm| match vm.make_type(&FUTURE) {
        Ok(t) => t,
        Err(_) => vm.types().object.clone(),
    }),
    has_dict: true,
    has_weakref: true,
    parts: &[&TASK_METHODS],
    extra: Some(hide_dict),
    ..TypeSpec::new("Task", "_asyncio", <Task as Payload>::layout)
};

impl Task {
    fn cells(&self) -> [&PyCell<Option<Value>>; 4] {
        [
            &self.waiting_for,
            &self.coroutine,
            &self.name,
            &self.context,
        ]
    }

    /// The task as a future.
    pub fn as_future(this: &Ref<Task>) -> &Ref<Future> {
        match this.as_value().downcast_ref::<Future>() {
            Some(f) => f,
            None => unreachable!("a task's payload starts with a future's"),
        }
    }

    /// The coroutine ended: it is not needed any more.
    pub fn forget(this: &Ref<Task>, state: &State) {
        state.forget(this.as_value().bits());
    }

    fn shown_name(&self, vm: &Vm) -> PyResult {
        match self.name.get() {
            Some(v) if v.is_small_int() => {
                let n = v.as_small_int().unwrap_or_default();
                let name = vm.new_str(&format!("Task-{n}"))?.into_value();
                self.name.set(Some(name.clone()));
                Ok(name)
            }
            Some(v) => Ok(v),
            None => Ok(vm.none()),
        }
    }
}

/// Whether a value is a coroutine, as `asyncio.iscoroutine` says.
fn is_coroutine(vm: &Vm, state: &State, v: &Value) -> PyResult<bool> {
    if v.downcast_ref::<Generator>()
        .is_some_and(|g| g.kind == Kind::Coroutine)
    {
        return Ok(true);
    }
    let answer = vm.call1(state.import(vm, Import::IsCoroutine)?, v)?;
    vm.is_true(&answer)
}

#[pymethods(TASK_METHODS)]
impl Task {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, _args: Args<'_>) -> PyResult<Ref<Task>> {
        let task = Task {
            future: Future::default(),
            waiting_for: PyCell::new(None),
            coroutine: PyCell::new(None),
            name: PyCell::new(None),
            context: PyCell::new(None),
            must_cancel: Cell::new(false),
            log_destroy_pending: Cell::new(false),
            cancels: Cell::new(0),
        };
        vm.new_object(cls, task)
    }

    #[pyslot(
        name = "Task",
        params = "(coro, *, loop=None, name=None, context=None, eager_start=False)"
    )]
    fn tp_init(
        vm: &Vm,
        this: &Ref<Self>,
        coro: &Value,
        event_loop: Value,
        name: Value,
        context: Value,
        eager_start: bool,
    ) -> PyResult<()> {
        this.future.init(vm, &event_loop)?;
        let state = state(vm);
        if !is_coroutine(vm, &state, coro)? {
            this.log_destroy_pending.set(false);
            let shown = vm.repr_string(coro)?;
            return Err(vm.type_error(&format!("a coroutine was expected, got {shown}")));
        }
        let context = if vm.is_none(&context) {
            vm.call0(state.import(vm, Import::CopyContext)?)?
        } else {
            context
        };
        this.context.set(Some(context));
        this.waiting_for.set(None);
        this.must_cancel.set(false);
        this.log_destroy_pending.set(true);
        this.cancels.set(0);
        this.coroutine.set(Some(coro.clone()));
        let name = if vm.is_none(&name) {
            vm.new_int(state.next_name() as i64)?
        } else {
            vm.str(&name)?.into_value()
        };
        this.name.set(Some(name));
        if eager_start {
            let event_loop = this.future.event_loop(vm)?;
            let running = vm.call_method_str(&event_loop, "is_running", &[])?;
            if vm.is_true(&running)? {
                return step::start_eagerly(vm, this, &state);
            }
        }
        step::soon(vm, this, &state, None)?;
        state.register(vm, this.as_value())
    }

    #[pyslot]
    fn tp_finalize(vm: &Vm, this: &Ref<Self>) -> PyResult<()> {
        if this.future.is_pending() && this.log_destroy_pending.get() {
            let message = vm.new_str("Task was destroyed but it is pending!")?;
            let entries = [
                ("task", this.as_value().clone()),
                ("message", message.into_value()),
            ];
            Future::report(vm, Task::as_future(this), &entries)?;
        }
        Task::forget(this, &state(vm));
        Future::finalize(vm, Task::as_future(this))
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult {
        this.future.event_loop(vm)?;
        vm.call1(state(vm).import(vm, Import::TaskRepr)?, this.as_value())
    }

    #[pymethod(sig = "($self, result, /)")]
    fn set_result(&self, vm: &Vm, _result: &Value) -> PyResult<()> {
        Err(vm.runtime_error("Task does not support set_result operation"))
    }

    #[pymethod(sig = "($self, exception, /)")]
    fn set_exception(&self, vm: &Vm, _exception: &Value) -> PyResult<()> {
        Err(vm.runtime_error("Task does not support set_exception operation"))
    }

    /// Ask the task to cancel itself.
    ///
    /// CancelledError is thrown into its coroutine at the next step, which may
    /// clean up, or refuse by catching it. The task counts as cancelled when its
    /// coroutine ends with CancelledError. Each call counts as a request.
    #[pymethod(sig = "($self, /, msg=None)")]
    fn cancel(vm: &Vm, this: &Ref<Self>, msg: Value) -> PyResult<bool> {
        this.future.quiet();
        if !this.future.is_pending() {
            return Ok(false);
        }
        this.cancels.set(this.cancels.get() + 1);
        if let Some(f) = this.waiting_for.get()
            && step::cancel_other(vm, &state(vm), &f, msg.clone())?
        {
            return Ok(true);
        }
        this.must_cancel.set(true);
        this.future.set_cancel_message(msg);
        Ok(true)
    }

    /// The number of requests to cancel the task.
    ///
    /// cancel() adds one, uncancel() takes one away.
    #[pymethod(sig = "($self, /)")]
    fn cancelling(&self) -> u64 {
        self.cancels.get()
    }

    /// Take back one request to cancel the task.
    ///
    /// For tasks that catch CancelledError and want to go on. Returns how many
    /// requests are left.
    #[pymethod(sig = "($self, /)")]
    fn uncancel(&self) -> u64 {
        let n = self.cancels.get();
        if n > 0 {
            self.cancels.set(n - 1);
            if n == 1 {
                self.must_cancel.set(false);
            }
        }
        self.cancels.get()
    }

    /// The stack frames of the task's coroutine, oldest first.
    ///
    /// Where it is suspended; none when it is done; the frames of the traceback
    /// when an exception ended it. With a limit, the newest frames of a stack or the
    /// oldest of a traceback.
    #[pymethod(sig = "($self, /, *, limit=None)")]
    fn get_stack(vm: &Vm, this: &Ref<Self>, limit: Value) -> PyResult {
        this.future.event_loop(vm)?;
        let f = state(vm).import(vm, Import::TaskGetStack)?.clone();
        vm.call_pos(&f, &[this.as_value().clone(), limit])
    }

    /// Print what get_stack() gives, as the traceback module does.
    ///
    /// To the file, or to sys.stderr.
    #[pymethod(sig = "($self, /, *, limit=None, file=None)")]
    fn print_stack(vm: &Vm, this: &Ref<Self>, limit: Value, file: Value) -> PyResult {
        this.future.event_loop(vm)?;
        let f = state(vm).import(vm, Import::TaskPrintStack)?.clone();
        vm.call_pos(&f, &[this.as_value().clone(), limit, file])
    }

    /// The CancelledError to raise for a cancelled task.
    ///
    /// To be called once for each cancellation: the saved exception is given away.
    #[pymethod(sig = "($self, /)")]
    fn _make_cancelled_error(&self, vm: &Vm) -> PyResult {
        self.future.make_cancelled_error(vm, &state(vm))
    }

    #[pymethod(sig = "($self, /)")]
    fn get_name(&self, vm: &Vm) -> PyResult {
        self.shown_name(vm)
    }

    #[pymethod(sig = "($self, value, /)")]
    fn set_name(&self, vm: &Vm, value: &Value) -> PyResult<()> {
        let name = vm.str(value)?;
        self.name.set(Some(name.into_value()));
        Ok(())
    }

    #[pymethod(sig = "($self, /)")]
    fn get_coro(&self) -> Option<Value> {
        self.coroutine.get()
    }

    #[pymethod(sig = "($self, /)")]
    fn get_context(&self) -> Option<Value> {
        self.context.get()
    }

    /// Tasks are generic over the type of what their coroutines return
    #[classmethod(sig = "($type, object, /)")]
    fn __class_getitem__(vm: &Vm, cls: &Value, object: &Value) -> PyResult {
        vm.generic_alias(cls, object)
    }

    #[getter]
    fn _log_destroy_pending(&self) -> bool {
        self.log_destroy_pending.get()
    }

    #[setter(_log_destroy_pending)]
    fn set_log_destroy_pending(&self, vm: &Vm, value: Option<&Value>) -> PyResult<()> {
        let value = value.ok_or_else(|| cannot_delete(vm, "Task", "_log_destroy_pending"))?;
        self.log_destroy_pending.set(vm.is_true(value)?);
        Ok(())
    }

    #[getter]
    fn _must_cancel(&self) -> bool {
        self.must_cancel.get()
    }

    #[getter]
    fn _coro(&self) -> Option<Value> {
        self.coroutine.get()
    }

    #[getter]
    fn _fut_waiter(&self) -> Option<Value> {
        self.waiting_for.get()
    }
}
