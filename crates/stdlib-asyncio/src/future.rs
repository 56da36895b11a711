//! `Future`: a result that is not there yet, with those who wait for it.

use std::cell::{Cell, RefCell};

use taipan_macros::pymethods;
use taipan_object::{
    Args, BaseException, List, Payload, PyCell, PyResult, Raised, Ref, Set, Traverse, TypeObject,
    TypeSpec, Value, Visitor, Vm, payload, tpflags,
};

use crate::future_iter::FutureIter;
use crate::state::{Import, State, state};

/// How far a future is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Progress {
    /// Neither result nor exception.
    Pending,
    /// Cancelled.
    Cancelled,
    /// It has a result or an exception.
    Finished,
}

/// What a finished future holds.
pub enum Outcome {
    /// `set_result`
    Result(Value),
    /// `set_exception`
    Exception(Value),
}

/// The payload of `Future`, with which that of `Task` starts.
pub struct Future {
    event_loop: PyCell<Option<Value>>,
    progress: Cell<Progress>,
    /// Set when a future is given out by `await`, so that a task can tell it from one that was yielded.
    pub blocking: Cell<bool>,
    log_traceback: Cell<bool>,
    /// Callbacks with their contexts, the first by itself: most futures have one.
    callback: PyCell<Option<(Value, Value)>>,
    more_callbacks: RefCell<Vec<(Value, Value)>>,
    result: PyCell<Option<Value>>,
    exception: PyCell<Option<Value>>,
    exception_traceback: PyCell<Option<Value>>,
    source_traceback: PyCell<Option<Value>>,
    cancel_message: PyCell<Option<Value>>,
    /// The CancelledError that ended a task, for chaining.
    cancelled_error: PyCell<Option<Value>>,
    /// Who waits for this: nothing, a future, or a set of them.
    awaited_by: PyCell<Option<Value>>,
    awaited_by_many: Cell<bool>,
}

payload!(Future, gc);

impl Traverse for Future {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        for cell in self.cells() {
            cell.visit(visit);
        }
        self.callback.visit_pair(visit);
        for (f, context) in self.more_callbacks.borrow().iter() {
            visit(f);
            visit(context);
        }
    }
    fn clear(&self) {
        for cell in self.cells() {
            cell.set(None);
        }
        drop(self.take_callbacks());
    }
}

/// `Future`
pub static FUTURE: TypeSpec = TypeSpec {
    doc: Some(
        "A result that is not there yet.\n\nNearly a concurrent.futures.Future: result() and exception() take no \
         timeout and raise while\nthe future is not done, and callbacks are called by the event loop.",
    ),
    text_signature: Some("(*, loop=None)"),
    flags: tpflags::BASETYPE,
    has_dict: true,
    has_weakref: true,
    parts: &[&FUTURE_METHODS],
    extra: Some(hide_dict),
    ..TypeSpec::new("Future", "_asyncio", <Future as Payload>::layout)
};

/// Instances have a dict, which is not shown.
pub(crate) fn hide_dict(vm: &Vm, ty: &Ref<TypeObject>) -> PyResult<()> {
    if let Some(dict) = ty.dict.get() {
        drop(dict.remove_str(vm, &vm.names().__dict__));
        vm.type_modified(ty);
    }
    Ok(())
}

#[cold]
fn not_initialized(vm: &Vm) -> Raised {
    vm.runtime_error("Future object is not initialized.")
}

impl Default for Future {
    fn default() -> Future {
        Future {
            event_loop: PyCell::new(None),
            progress: Cell::new(Progress::Pending),
            blocking: Cell::new(false),
            log_traceback: Cell::new(false),
            callback: PyCell::new(None),
            more_callbacks: RefCell::new(Vec::new()),
            result: PyCell::new(None),
            exception: PyCell::new(None),
            exception_traceback: PyCell::new(None),
            source_traceback: PyCell::new(None),
            cancel_message: PyCell::new(None),
            cancelled_error: PyCell::new(None),
            awaited_by: PyCell::new(None),
            awaited_by_many: Cell::new(false),
        }
    }
}

impl Future {
    fn cells(&self) -> [&PyCell<Option<Value>>; 8] {
        [
            &self.event_loop,
            &self.result,
            &self.exception,
            &self.exception_traceback,
            &self.source_traceback,
            &self.cancel_message,
            &self.cancelled_error,
            &self.awaited_by,
        ]
    }

    fn take_callbacks(&self) -> (Option<(Value, Value)>, Vec<(Value, Value)>) {
        let more = std::mem::take(&mut *self.more_callbacks.borrow_mut());
        (self.callback.take(), more)
    }

    /// Whether neither a result nor an exception is there.
    pub fn is_pending(&self) -> bool {
        self.progress.get() == Progress::Pending
    }

    /// Whether this is the future's loop.
    pub fn has_loop(&self, event_loop: &Value) -> bool {
        self.event_loop.holds(event_loop)
    }

    /// The loop; RuntimeError before `__init__`.
    pub fn event_loop(&self, vm: &Vm) -> PyResult {
        self.event_loop.get().ok_or_else(|| not_initialized(vm))
    }

    fn check_alive(&self, vm: &Vm) -> PyResult<()> {
        if self.event_loop.is_some() {
            Ok(())
        } else {
            Err(not_initialized(vm))
        }
    }

    /// The message that `cancel` was given last.
    pub fn cancel_message(&self) -> Option<Value> {
        self.cancel_message.get()
    }

    /// Sets the message for the CancelledError to come.
    pub fn set_cancel_message(&self, message: Value) {
        self.cancel_message.set(Some(message));
    }

    /// Keeps the exception that a cancelled task ended with.
    pub fn set_cancelled_error(&self, exc: Value) {
        self.cancelled_error.set(Some(exc));
    }

    /// The exception was seen, or shall not be asked for: it is not logged.
    pub fn quiet(&self) {
        self.log_traceback.set(false);
    }

    /// `__init__`: everything as new, with a loop.
    pub fn init(&self, vm: &Vm, event_loop: &Value) -> PyResult<()> {
        for cell in self.cells() {
            cell.set(None);
        }
        drop(self.take_callbacks());
        self.progress.set(Progress::Pending);
        self.log_traceback.set(false);
        self.blocking.set(false);
        self.awaited_by_many.set(false);
        let state = state(vm);
        let event_loop = if vm.is_none(event_loop) {
            state.event_loop(vm)?
        } else {
            event_loop.clone()
        };
        self.event_loop.set(Some(event_loop.clone()));
        let debug = vm.call_method(&event_loop, &state.names(vm)?.get_debug, &[])?;
        if vm.is_true(&debug)? {
            let stack = vm.call0(state.import(vm, Import::ExtractStack)?)?;
            self.source_traceback.set(Some(stack));
        }
        Ok(())
    }

    fn schedule_callbacks(vm: &Vm, this: &Ref<Future>, state: &State) -> PyResult<()> {
        if !this.callback.is_some() {
            return Ok(());
        }
        let (first, more) = this.take_callbacks();
        let event_loop = this.event_loop(vm)?;
        for (function, context) in first.into_iter().chain(more) {
            let me = Some(this.as_value().clone());
            state.call_soon(vm, &event_loop, function, me, context)?;
        }
        Ok(())
    }

    /// `add_done_callback`
    pub fn add_callback(
        vm: &Vm,
        this: &Ref<Future>,
        state: &State,
        function: Value,
        context: Value,
    ) -> PyResult<()> {
        let Some(event_loop) = this.event_loop.get() else {
            return Err(vm.runtime_error("uninitialized Future object"));
        };
        if !this.is_pending() {
            let me = Some(this.as_value().clone());
            return state.call_soon(vm, &event_loop, function, me, context);
        }
        if this.callback.is_some() {
            this.more_callbacks.borrow_mut().push((function, context));
        } else {
            this.callback.set(Some((function, context)));
        }
        Ok(())
    }

    /// `cancel`
    pub fn cancel_with(
        vm: &Vm,
        this: &Ref<Future>,
        state: &State,
        message: Option<Value>,
    ) -> PyResult<bool> {
        this.quiet();
        if !this.is_pending() {
            return Ok(false);
        }
        this.progress.set(Progress::Cancelled);
        this.cancel_message.set(message);
        Future::schedule_callbacks(vm, this, state)?;
        Ok(true)
    }

    /// `set_result`
    pub fn finish(vm: &Vm, this: &Ref<Future>, state: &State, result: Value) -> PyResult<()> {
        this.check_alive(vm)?;
        if !this.is_pending() {
            return Err(state.invalid_state(vm, "invalid state"));
        }
        this.result.set(Some(result));
        this.progress.set(Progress::Finished);
        Future::schedule_callbacks(vm, this, state)
    }

    /// `set_exception`
    pub fn fail(vm: &Vm, this: &Ref<Future>, state: &State, exc: &Value) -> PyResult<()> {
        this.check_alive(vm)?;
        if !this.is_pending() {
            return Err(state.invalid_state(vm, "invalid state"));
        }
        let is_class = exc
            .downcast_ref::<TypeObject>()
            .is_some_and(|t| t.is_subtype(vm.exc().BaseException.object()));
        let mut exc = exc.clone();
        if is_class {
            exc = vm.call0(&exc)?;
            if !this.is_pending() {
                return Err(state.invalid_state(vm, "invalid state"));
            }
        }
        let Some(mut base) = exc.downcast_ref::<BaseException>().cloned() else {
            return Err(vm.type_error("invalid exception object"));
        };
        if vm.is_instance_exact(&exc, &vm.exc().StopIteration) {
            let text =
                "StopIteration interacts badly with generators and cannot be raised into a Future";
            let outer = vm.new_exception(&vm.exc().RuntimeError, text)?;
            if let Some(o) = outer.downcast_ref::<BaseException>() {
                o.cause.set(Some(exc.clone()));
                o.context.set(Some(exc));
                base = o.clone();
            }
            exc = outer;
        }
        this.exception_traceback.set(base.traceback.get());
        this.exception.set(Some(exc));
        this.progress.set(Progress::Finished);
        Future::schedule_callbacks(vm, this, state)?;
        this.log_traceback.set(true);
        Ok(())
    }

    /// The CancelledError for those who ask a cancelled future for its result.
    pub fn make_cancelled_error(&self, vm: &Vm, state: &State) -> PyResult {
        if let Some(e) = self.cancelled_error.take() {
            return Ok(e);
        }
        let class = state.import(vm, Import::CancelledError)?;
        match self.cancel_message.get() {
            Some(m) if !vm.is_none(&m) => vm.call1(class, &m),
            _ => vm.call0(class),
        }
    }

    /// What `result` and `exception` say of a future that is not finished.
    fn check_finished(&self, vm: &Vm, state: &State, unset: &str) -> PyResult<()> {
        if !self.event_loop.is_some() {
            return Err(state.invalid_state(vm, "Future object is not initialized."));
        }
        match self.progress.get() {
            Progress::Finished => Ok(()),
            Progress::Pending => Err(state.invalid_state(vm, unset)),
            Progress::Cancelled => {
                let e = self.make_cancelled_error(vm, state)?;
                Err(vm.raise(e))
            }
        }
    }

    /// What a finished future holds; an error when it is cancelled or pending.
    pub fn outcome(&self, vm: &Vm, state: &State) -> PyResult<Outcome> {
        self.check_finished(vm, state, "Result is not set.")?;
        self.quiet();
        match self.exception.get() {
            Some(e) => {
                if let Some(base) = e.downcast_ref::<BaseException>() {
                    base.traceback.set(self.exception_traceback.take());
                }
                Ok(Outcome::Exception(e))
            }
            None => Ok(Outcome::Result(
                self.result.get().unwrap_or_else(|| vm.none()),
            )),
        }
    }

    /// Notes that `waiter` waits for this.
    pub fn add_waiter(&self, vm: &Vm, waiter: &Value) -> PyResult<()> {
        match self.awaited_by.get() {
            None => self.awaited_by.set(Some(waiter.clone())),
            Some(v) if self.awaited_by_many.get() => {
                if let Some(set) = v.downcast_ref::<Set>() {
                    set.add(vm, waiter)?;
                }
            }
            Some(one) => {
                let set = vm.new_set()?;
                set.add(vm, &one)?;
                set.add(vm, waiter)?;
                self.awaited_by_many.set(true);
                self.awaited_by.set(Some(set.into_value()));
            }
        }
        Ok(())
    }

    /// Notes that `waiter` waits for this no longer.
    pub fn discard_waiter(&self, vm: &Vm, waiter: &Value) -> PyResult<()> {
        if self.awaited_by_many.get() {
            if let Some(v) = self.awaited_by.get()
                && let Some(set) = v.downcast_ref::<Set>()
            {
                drop(set.remove(vm, waiter)?);
            }
        } else if self.awaited_by.holds(waiter) {
            self.awaited_by.set(None);
        }
        Ok(())
    }

    /// Tells the loop's exception handler, with `{"message": .., key: ..}` and what goes with it.
    pub(crate) fn report(vm: &Vm, this: &Ref<Future>, entries: &[(&str, Value)]) -> PyResult<()> {
        let Some(event_loop) = this.event_loop.get() else {
            return Ok(());
        };
        let context = vm.new_dict()?;
        for (key, v) in entries {
            context.set_named(vm, key, v.clone())?;
        }
        if let Some(tb) = this.source_traceback.get() {
            context.set_named(vm, "source_traceback", tb)?;
        }
        let handler = vm.getattr_str(&event_loop, "call_exception_handler")?;
        if vm.call1(&handler, context.as_value()).is_err() {
            let what = "Exception ignored while calling asyncio's function";
            vm.unraisable(Some(what), Some(&handler));
        }
        Ok(())
    }

    /// Logs an exception that nobody asked for.
    pub(crate) fn finalize(vm: &Vm, this: &Ref<Future>) -> PyResult<()> {
        if !this.log_traceback.replace(false) {
            return Ok(());
        }
        let Some(exc) = this.exception.get() else {
            return Ok(());
        };
        let class = vm.type_of(this.as_value()).payload.name.get();
        let message = format!("{} exception was never retrieved", class.to_string_lossy());
        let entries = [
            ("message", vm.new_str(&message)?.into_value()),
            ("exception", exc),
            ("future", this.as_value().clone()),
        ];
        Future::report(vm, this, &entries)
    }

    fn shown(&self, vm: &Vm, cell: &PyCell<Option<Value>>) -> PyResult {
        self.check_alive(vm)?;
        Ok(cell.get().unwrap_or_else(|| vm.none()))
    }

    fn await_iter(vm: &Vm, this: &Ref<Future>) -> PyResult<Ref<FutureIter>> {
        this.check_alive(vm)?;
        vm.new(FutureIter::new(this.clone()))
    }
}

/// AttributeError for `del x.name`.
#[cold]
pub(crate) fn cannot_delete(vm: &Vm, owner: &str, name: &str) -> Raised {
    let text = format!("attribute '{name}' of '_asyncio.{owner}' objects cannot be deleted");
    vm.raise_new(&vm.exc().AttributeError, &text)
}

/// The keyword-only argument `context` of a method that also takes one positional argument.
fn callback_arguments<'a>(vm: &Vm, args: Args<'a>) -> PyResult<(&'a Value, Option<&'a Value>)> {
    let mut context = None;
    for (name, v) in args.keywords() {
        if !name.eq_str("context") {
            let text = format!(
                "add_done_callback() got an unexpected keyword argument '{}'",
                name.to_string_lossy()
            );
            return Err(vm.type_error(&text));
        }
        context = Some(v);
    }
    match args.pos() {
        [function] => Ok((function, context)),
        pos => {
            let n = pos.len();
            Err(vm.type_error(&format!(
                "add_done_callback() takes exactly 1 positional argument ({n} given)"
            )))
        }
    }
}

#[pymethods(FUTURE_METHODS)]
impl Future {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, _args: Args<'_>) -> PyResult<Ref<Future>> {
        vm.new_object(cls, Future::default())
    }

    #[pyslot(name = "Future", params = "(*, loop=None)")]
    fn tp_init(vm: &Vm, this: &Ref<Self>, event_loop: Value) -> PyResult<()> {
        this.init(vm, &event_loop)
    }

    #[pyslot]
    fn tp_finalize(vm: &Vm, this: &Ref<Self>) -> PyResult<()> {
        Future::finalize(vm, this)
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult {
        this.check_alive(vm)?;
        vm.call1(state(vm).import(vm, Import::FutureRepr)?, this.as_value())
    }

    #[pyslot]
    fn tp_iter(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<FutureIter>> {
        Future::await_iter(vm, this)
    }

    #[pyslot]
    fn am_await(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<FutureIter>> {
        Future::await_iter(vm, this)
    }

    /// The result, or the exception raised.
    ///
    /// A cancelled future raises CancelledError, one that is not done
    /// InvalidStateError.
    #[pymethod(sig = "($self, /)")]
    fn result(vm: &Vm, this: &Ref<Self>) -> PyResult {
        match this.outcome(vm, &state(vm))? {
            Outcome::Result(v) => Ok(v),
            Outcome::Exception(e) => Err(vm.raise(e)),
        }
    }

    /// The exception, or None when there is a result.
    ///
    /// A cancelled future raises CancelledError, one that is not done
    /// InvalidStateError.
    #[pymethod(sig = "($self, /)")]
    fn exception(&self, vm: &Vm) -> PyResult {
        self.check_finished(vm, &state(vm), "Exception is not set.")?;
        self.quiet();
        Ok(self.exception.get().unwrap_or_else(|| vm.none()))
    }

    /// Give the future its result; it is done then.
    ///
    /// A future that is done already raises InvalidStateError.
    #[pymethod(sig = "($self, result, /)")]
    fn set_result(vm: &Vm, this: &Ref<Self>, result: Value) -> PyResult<()> {
        Future::finish(vm, this, &state(vm), result)
    }

    /// Give the future an exception; it is done then.
    ///
    /// A future that is done already raises InvalidStateError.
    #[pymethod(sig = "($self, exception, /)")]
    fn set_exception(vm: &Vm, this: &Ref<Self>, exception: &Value) -> PyResult<()> {
        Future::fail(vm, this, &state(vm), exception)
    }

    /// Add a function to be called with the future when that is done.
    ///
    /// It is called soon when the future is done already.
    #[pymethod(sig = "($self, fn, /, *, context=<unrepresentable>)")]
    fn add_done_callback(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult<()> {
        let (function, context) = callback_arguments(vm, args)?;
        let state = state(vm);
        let context = match context {
            Some(c) => c.clone(),
            None => vm.call0(state.import(vm, Import::CopyContext)?)?,
        };
        Future::add_callback(vm, this, &state, function.clone(), context)
    }

    /// Take a function out of those to be called, as often as it is there.
    ///
    /// Returns how often that was.
    #[pymethod(sig = "($self, fn, /)")]
    fn remove_done_callback(vm: &Vm, this: &Ref<Self>, function: &Value) -> PyResult<usize> {
        this.check_alive(vm)?;
        let mut removed = 0;
        let mut kept = Vec::new();
        // Comparisons may change the callbacks.
        if let Some((f, context)) = this.callback.get() {
            if vm.eq(&f, function)? {
                removed += 1;
                drop(this.callback.take());
            } else {
                kept.push((f, context));
            }
        }
        let mut i = 0;
        loop {
            let Some((f, context)) = this.more_callbacks.borrow().get(i).cloned() else {
                break;
            };
            i += 1;
            if vm.eq(&f, function)? {
                removed += 1;
            } else {
                kept.push((f, context));
            }
        }
        let old = this.take_callbacks();
        let mut kept = kept.into_iter();
        this.callback.set(kept.next());
        this.more_callbacks.borrow_mut().extend(kept);
        drop(old);
        Ok(removed)
    }

    /// Cancel the future and schedule its callbacks.
    ///
    /// Returns False when the future is done or cancelled already, else True.
    #[pymethod(sig = "($self, /, msg=None)")]
    fn cancel(vm: &Vm, this: &Ref<Self>, msg: Value) -> PyResult<bool> {
        this.check_alive(vm)?;
        Future::cancel_with(vm, this, &state(vm), Some(msg))
    }

    /// Whether the future was cancelled.
    #[pymethod(sig = "($self, /)")]
    fn cancelled(&self) -> bool {
        self.progress.get() == Progress::Cancelled
    }

    /// Whether the future has a result or an exception, or was cancelled.
    #[pymethod(sig = "($self, /)")]
    fn done(&self) -> bool {
        !self.is_pending()
    }

    /// The event loop of the future.
    #[pymethod(sig = "($self, /)")]
    fn get_loop(&self, vm: &Vm) -> PyResult {
        self.event_loop(vm)
    }

    /// The CancelledError to raise for a cancelled future.
    ///
    /// To be called once for each cancellation: the saved exception is given away.
    #[pymethod(sig = "($self, /)")]
    fn _make_cancelled_error(&self, vm: &Vm) -> PyResult {
        self.make_cancelled_error(vm, &state(vm))
    }

    /// Futures are generic over the type of their results
    #[classmethod(sig = "($type, object, /)")]
    fn __class_getitem__(vm: &Vm, cls: &Value, object: &Value) -> PyResult {
        vm.generic_alias(cls, object)
    }

    #[getter]
    fn _state(&self, vm: &Vm) -> PyResult<&'static str> {
        self.check_alive(vm)?;
        Ok(match self.progress.get() {
            Progress::Pending => "PENDING",
            Progress::Cancelled => "CANCELLED",
            Progress::Finished => "FINISHED",
        })
    }

    #[getter]
    fn _asyncio_future_blocking(&self) -> bool {
        self.event_loop.is_some() && self.blocking.get()
    }

    #[setter(_asyncio_future_blocking)]
    fn set_blocking(&self, vm: &Vm, value: Option<&Value>) -> PyResult<()> {
        let value = value.ok_or_else(|| cannot_delete(vm, "Future", "_asyncio_future_blocking"))?;
        self.check_alive(vm)?;
        self.blocking.set(vm.is_true(value)?);
        Ok(())
    }

    #[getter]
    fn _loop(&self) -> Option<Value> {
        self.event_loop.get()
    }

    #[getter]
    fn _callbacks(&self, vm: &Vm) -> PyResult<Option<Ref<List>>> {
        self.check_alive(vm)?;
        let Some(first) = self.callback.get() else {
            return Ok(None);
        };
        let all: Vec<(Value, Value)> = std::iter::once(first)
            .chain(self.more_callbacks.borrow().iter().cloned())
            .collect();
        let mut items = Vec::with_capacity(all.len());
        for (f, context) in all {
            items.push(vm.new_tuple(vec![f, context])?.into_value());
        }
        vm.new_list(items).map(Some)
    }

    #[getter]
    fn _result(&self, vm: &Vm) -> PyResult {
        self.shown(vm, &self.result)
    }

    #[getter]
    fn _exception(&self, vm: &Vm) -> PyResult {
        self.shown(vm, &self.exception)
    }

    #[getter]
    fn _log_traceback(&self, vm: &Vm) -> PyResult<bool> {
        self.check_alive(vm)?;
        Ok(self.log_traceback.get())
    }

    #[setter(_log_traceback)]
    fn set_log_traceback(&self, vm: &Vm, value: Option<&Value>) -> PyResult<()> {
        let value = value.ok_or_else(|| cannot_delete(vm, "Future", "_log_traceback"))?;
        if vm.is_true(value)? {
            return Err(vm.value_error("_log_traceback can only be set to False"));
        }
        self.quiet();
        Ok(())
    }

    #[getter]
    fn _source_traceback(&self) -> Option<Value> {
        self.source_traceback.get()
    }

    #[getter]
    fn _cancel_message(&self) -> Option<Value> {
        self.cancel_message.get()
    }

    #[setter(_cancel_message)]
    fn set_message(&self, vm: &Vm, value: Option<&Value>) -> PyResult<()> {
        let value = value.ok_or_else(|| cannot_delete(vm, "Future", "_cancel_message"))?;
        self.set_cancel_message(value.clone());
        Ok(())
    }

    #[getter]
    fn _asyncio_awaited_by(&self, vm: &Vm) -> PyResult<Option<Ref<Set>>> {
        match self.awaited_by.get() {
            None => Ok(None),
            Some(v) if self.awaited_by_many.get() => {
                let waiters = v.downcast_ref::<Set>().map(|s| s.keys());
                vm.new_frozenset(&waiters.unwrap_or_default()).map(Some)
            }
            Some(one) => vm.new_frozenset(&[one]).map(Some),
        }
    }
}
