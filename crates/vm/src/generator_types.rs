//! The Python side of generators: `send`, `throw`, `close` and attributes of generators, coroutines and async generators.

use taipan_macros::pymethods;
use taipan_object::{
    Args, BaseException, ClassPart, Payload, PyResult, Raised, Ref, SendOutcome, SlotDef, TypeRef, TypeSpec, Value, Vm,
};

use crate::frame::Frame;
use crate::generator::{Generator, Kind, State, resume};

/// `generator`
pub static GENERATOR: TypeSpec = TypeSpec {
    parts: &[&GENERATOR_METHODS],
    has_weakref: true,
    flags: taipan_object::tpflags::DISALLOW_INSTANTIATION,
    ..TypeSpec::new("generator", "builtins", <Generator as Payload>::layout)
};

/// `coroutine`
pub static COROUTINE: TypeSpec = TypeSpec {
    parts: &[&COROUTINE_METHODS, &COROUTINE_SLOTS],
    has_weakref: true,
    flags: taipan_object::tpflags::DISALLOW_INSTANTIATION,
    ..TypeSpec::new("coroutine", "builtins", <Generator as Payload>::layout)
};

/// `async_generator`
pub static ASYNC_GENERATOR: TypeSpec = TypeSpec {
    has_weakref: true,
    flags: taipan_object::tpflags::DISALLOW_INSTANTIATION,
    ..TypeSpec::new("async_generator", "builtins", <Generator as Payload>::layout)
};

static COROUTINE_SLOTS: ClassPart =
    ClassPart { methods: &[], getset: &[], slots: &[SlotDef::am_send(send_slot), SlotDef::tp_finalize(finalize)] };

/// The class of a kind of generator.
pub(crate) fn class_of(vm: &Vm, kind: Kind) -> PyResult<TypeRef> {
    vm.make_type(match kind {
        Kind::Generator => &GENERATOR,
        Kind::Coroutine => &COROUTINE,
        Kind::AsyncGenerator => &ASYNC_GENERATOR,
    })
}

/// Where a coroutine was made, when `sys.set_coroutine_origin_tracking_depth` asks for it.
pub(crate) fn origin(_vm: &Vm, _f: *mut Frame) -> PyResult<Option<Value>> {
    Ok(None)
}

/// Marks a value that an async generator yields.
pub(crate) fn wrap_async_value(_vm: &Vm, v: &Value) -> PyResult {
    Ok(v.clone())
}

/// What `send` and `throw` give to Python code: the yielded value, or StopIteration.
fn outcome(vm: &Vm, o: SendOutcome) -> PyResult {
    match o {
        SendOutcome::Yield(v) => Ok(v),
        SendOutcome::Return(v) if vm.is_none(&v) => Err(vm.stop_iteration(None)),
        SendOutcome::Return(v) => Err(crate::glue::raise_stop_iteration(vm, v)),
    }
}

/// `am_send`
fn send_slot(vm: &Vm, v: &Value, arg: &Value) -> PyResult<SendOutcome> {
    match v.downcast_ref::<Generator>() {
        Some(g) => resume(vm, g, Some(arg), false),
        None => Err(vm.type_error("generator expected")),
    }
}

/// Throws an exception into a generator, or into what it delegates to.
pub(crate) fn throw(vm: &Vm, g: &Ref<Generator>, exc: Value) -> PyResult<SendOutcome> {
    if let Some(inner) = g.yield_from(vm)
        && g.state.get() == State::Suspended
    {
        if vm.is_instance_exact(&exc, &vm.exc().GeneratorExit) {
            g.state.set(State::Running);
            let closed = close_inner(vm, &inner);
            g.state.set(State::Suspended);
            return match closed {
                Ok(()) => {
                    let _ = vm.raise(exc);
                    resume(vm, g, None, true)
                }
                Err(e) => {
                    let _ = e;
                    resume(vm, g, None, true)
                }
            };
        }
        g.state.set(State::Running);
        let result = throw_inner(vm, &inner, &exc);
        g.state.set(State::Suspended);
        return match result {
            Ok(Some(SendOutcome::Yield(v))) => Ok(SendOutcome::Yield(v)),
            Ok(Some(SendOutcome::Return(v))) => {
                // The delegate is done: the SEND's value is its result, as if it had returned.
                let e = crate::glue::raise_stop_iteration(vm, v);
                let _ = e;
                resume(vm, g, None, true)
            }
            Ok(None) => {
                let _ = vm.raise(exc);
                resume(vm, g, None, true)
            }
            Err(e) => {
                let _ = e;
                resume(vm, g, None, true)
            }
        };
    }
    let _ = vm.raise(exc);
    resume(vm, g, None, true)
}

/// Throws into a delegate; `None` when it has no `throw`.
fn throw_inner(vm: &Vm, inner: &Value, exc: &Value) -> PyResult<Option<SendOutcome>> {
    if let Some(g) = inner.downcast_ref::<Generator>()
        && g.kind != Kind::AsyncGenerator
    {
        return throw(vm, g, exc.clone()).map(Some);
    }
    let Some(f) = vm.getattr_str_opt(inner, "throw")? else { return Ok(None) };
    vm.call1(&f, exc).map(|v| Some(SendOutcome::Yield(v)))
}

fn close_inner(vm: &Vm, inner: &Value) -> PyResult<()> {
    if let Some(g) = inner.downcast_ref::<Generator>()
        && g.kind != Kind::AsyncGenerator
    {
        return close(vm, g).map(drop);
    }
    match vm.getattr_opt(inner, &vm.names().close) {
        Ok(Some(f)) => vm.call0(&f).map(drop),
        Ok(None) => Ok(()),
        Err(_) => {
            vm.unraisable(None, Some(inner));
            Ok(())
        }
    }
}

/// `close()`
pub(crate) fn close(vm: &Vm, g: &Ref<Generator>) -> PyResult {
    match g.state.get() {
        State::Created => {
            g.discard_created();
            return Ok(vm.none());
        }
        State::Finished => return Ok(vm.none()),
        _ => {}
    }
    let exc = vm.call0(vm.exc().GeneratorExit.as_value())?;
    match throw(vm, g, exc) {
        Ok(SendOutcome::Yield(_)) => Err(vm.runtime_error(match g.kind {
            Kind::Generator => "generator ignored GeneratorExit",
            Kind::Coroutine => "coroutine ignored GeneratorExit",
            Kind::AsyncGenerator => "async generator ignored GeneratorExit",
        })),
        Ok(SendOutcome::Return(v)) => Ok(v),
        Err(e) => {
            if vm.exception_matches(&vm.exc().GeneratorExit) {
                drop(vm.take_raised(e));
                return Ok(vm.none());
            }
            crate::eval::stop_value(vm, e)
        }
    }
}

/// The exception that `throw(type, value, traceback)` means.
fn thrown(vm: &Vm, args: &[Value]) -> PyResult<Value> {
    let Some(first) = args.first() else {
        return Err(vm.type_error("throw expected at least 1 argument, got 0"));
    };
    let value = args.get(1).filter(|v| !vm.is_none(v));
    if args.len() > 1 {
        vm.warn(
            &vm.exc().DeprecationWarning,
            "the (type, exc, tb) signature of throw() is deprecated, use the single-arg signature instead.",
            1,
        )?;
    }
    let exc = if first.downcast_ref::<BaseException>().is_some() {
        if value.is_some() {
            return Err(vm.type_error("instance exception may not have a separate value"));
        }
        first.clone()
    } else if first.downcast_ref::<taipan_object::TypeObject>().is_some_and(|t| t.is_subtype(vm.exc().BaseException.object())) {
        match value {
            Some(v) if crate::glue::is_instance(vm, v, first)? => v.clone(),
            Some(v) => match v.downcast_ref::<taipan_object::Tuple>() {
                Some(t) => vm.call_pos(first, t.as_slice())?,
                None => vm.call1(first, v)?,
            },
            None => vm.call0(first)?,
        }
    } else {
        return Err(vm.type_error(&format!(
            "exceptions must be classes or instances deriving from BaseException, not {}",
            vm.type_name(first)
        )));
    };
    if let Some(tb) = args.get(2).filter(|v| !vm.is_none(v)) {
        if tb.downcast_ref::<crate::traceback::Traceback>().is_none() {
            return Err(vm.type_error("throw() third argument must be a traceback object"));
        }
        if let Some(e) = exc.downcast_ref::<BaseException>() {
            e.traceback.set(Some(tb.clone()));
        }
    }
    Ok(exc)
}

fn throw_method(vm: &Vm, g: &Ref<Generator>, args: Args<'_>) -> PyResult {
    let exc = thrown(vm, args.pos())?;
    let o = throw(vm, g, exc)?;
    outcome(vm, o)
}

/// A generator that dies suspended is closed.
fn finalize(vm: &Vm, v: &Value) -> PyResult<()> {
    let Some(g) = v.downcast_ref::<Generator>() else { return Ok(()) };
    if g.state.get() == State::Finished {
        return Ok(());
    }
    if g.kind == Kind::Coroutine && g.state.get() == State::Created {
        crate::generator_types::warn_unawaited(vm, g);
        return Ok(());
    }
    close(vm, g).map(drop)
}

/// RuntimeWarning "coroutine 'x' was never awaited".
fn warn_unawaited(vm: &Vm, g: &Ref<Generator>) {
    let msg = format!("coroutine '{}' was never awaited", g.qualname.get().to_string_lossy());
    if vm.warn(&vm.exc().RuntimeWarning, &msg, 1).is_err() {
        vm.unraisable(None, Some(g.as_value()));
    }
}

impl Generator {
    /// Throws a generator that was not started away.
    fn discard_created(&self) {
        use taipan_object::Traverse;
        self.clear();
    }
}

#[pymethods(GENERATOR_METHODS)]
impl Generator {
    #[pyslot]
    fn tp_iter(this: &Value) -> Value {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Value) -> PyResult<Option<Value>> {
        crate::generator::iternext(vm, this)
    }

    #[pyslot]
    fn am_send(vm: &Vm, this: &Value, arg: &Value) -> PyResult<SendOutcome> {
        send_slot(vm, this, arg)
    }

    #[pyslot]
    fn tp_finalize(vm: &Vm, this: &Value) -> PyResult<()> {
        finalize(vm, this)
    }

    /// Resumes the generator with a value for the yield that it waits in.
    #[pymethod(params = "($self, value, /)")]
    fn send(vm: &Vm, this: &Ref<Self>, value: &Value) -> PyResult {
        let o = resume(vm, this, Some(value), false)?;
        outcome(vm, o)
    }

    /// Raises an exception where the generator waits.
    #[pymethod]
    fn throw(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult {
        throw_method(vm, this, args)
    }

    /// Raises GeneratorExit where the generator waits.
    #[pymethod(params = "($self, /)")]
    fn close(vm: &Vm, this: &Ref<Self>) -> PyResult {
        close(vm, this)
    }

    #[getter(__name__)]
    fn name(this: &Ref<Self>) -> Value {
        this.name.get().into_value()
    }

    #[getter(__qualname__)]
    fn qualname(this: &Ref<Self>) -> Value {
        this.qualname.get().into_value()
    }

    #[getter(gi_yieldfrom)]
    fn gi_yieldfrom(vm: &Vm, this: &Ref<Self>) -> Value {
        this.yield_from(vm).unwrap_or_else(|| vm.none())
    }

    #[getter(gi_running)]
    fn gi_running(this: &Ref<Self>) -> bool {
        this.state.get() == State::Running
    }

    #[getter(gi_suspended)]
    fn gi_suspended(this: &Ref<Self>) -> bool {
        this.state.get() == State::Suspended
    }

    #[getter(gi_code)]
    fn gi_code(this: &Ref<Self>) -> Value {
        this.code.as_value().clone()
    }
}

#[pymethods(COROUTINE_METHODS)]
impl Generator {
    #[pyslot]
    fn am_await(vm: &Vm, this: &Value) -> PyResult {
        let wrapper = CoroutineWrapper { coroutine: this.clone() };
        Ok(vm.new(wrapper)?.into_value())
    }

    /// Resumes the coroutine with a value for the await that it waits in.
    #[pymethod(name = "send", params = "($self, value, /)")]
    fn send_coroutine(vm: &Vm, this: &Ref<Self>, value: &Value) -> PyResult {
        let o = resume(vm, this, Some(value), false)?;
        outcome(vm, o)
    }

    /// Raises an exception where the coroutine waits.
    #[pymethod(name = "throw")]
    fn throw_coroutine(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult {
        throw_method(vm, this, args)
    }

    /// Raises GeneratorExit where the coroutine waits.
    #[pymethod(name = "close", params = "($self, /)")]
    fn close_coroutine(vm: &Vm, this: &Ref<Self>) -> PyResult {
        close(vm, this)
    }

    #[getter(__name__)]
    fn coroutine_name(this: &Ref<Self>) -> Value {
        this.name.get().into_value()
    }

    #[getter(__qualname__)]
    fn coroutine_qualname(this: &Ref<Self>) -> Value {
        this.qualname.get().into_value()
    }

    #[getter(cr_await)]
    fn cr_await(vm: &Vm, this: &Ref<Self>) -> Value {
        this.yield_from(vm).unwrap_or_else(|| vm.none())
    }

    #[getter(cr_running)]
    fn cr_running(this: &Ref<Self>) -> bool {
        this.state.get() == State::Running
    }

    #[getter(cr_suspended)]
    fn cr_suspended(this: &Ref<Self>) -> bool {
        this.state.get() == State::Suspended
    }

    #[getter(cr_code)]
    fn cr_code(this: &Ref<Self>) -> Value {
        this.code.as_value().clone()
    }

    #[getter(cr_origin)]
    fn cr_origin(vm: &Vm, this: &Ref<Self>) -> Value {
        this.origin_or_finalizer.get().unwrap_or_else(|| vm.none())
    }
}

/// `coroutine_wrapper`: what `coroutine.__await__()` gives.
pub struct CoroutineWrapper {
    coroutine: Value,
}

taipan_object::payload!(CoroutineWrapper, gc);

impl taipan_object::Traverse for CoroutineWrapper {
    fn traverse(&self, visit: &mut taipan_object::Visitor<'_>) {
        visit(&self.coroutine);
    }
}

/// `coroutine_wrapper`
pub static COROUTINE_WRAPPER: TypeSpec = TypeSpec {
    parts: &[&WRAPPER_METHODS],
    flags: taipan_object::tpflags::DISALLOW_INSTANTIATION,
    ..TypeSpec::new("coroutine_wrapper", "builtins", <CoroutineWrapper as Payload>::layout)
};

fn coroutine_of(vm: &Vm, w: &Ref<CoroutineWrapper>) -> PyResult<Ref<Generator>> {
    w.coroutine.clone().downcast::<Generator>().map_err(|_| -> Raised { vm.type_error("coroutine expected") })
}

#[pymethods(WRAPPER_METHODS)]
impl CoroutineWrapper {
    #[pyslot]
    fn tp_iter(this: &Value) -> Value {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        crate::generator::iternext(vm, &this.coroutine)
    }

    /// Resumes the coroutine.
    #[pymethod(params = "($self, value, /)")]
    fn send(vm: &Vm, this: &Ref<Self>, value: &Value) -> PyResult {
        let o = resume(vm, &coroutine_of(vm, this)?, Some(value), false)?;
        outcome(vm, o)
    }

    /// Raises an exception in the coroutine.
    #[pymethod]
    fn throw(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult {
        throw_method(vm, &coroutine_of(vm, this)?, args)
    }

    /// Closes the coroutine.
    #[pymethod(params = "($self, /)")]
    fn close(vm: &Vm, this: &Ref<Self>) -> PyResult {
        close(vm, &coroutine_of(vm, this)?)
    }
}
