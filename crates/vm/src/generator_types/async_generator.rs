//! `async_generator`, and the mark of the values that async generators yield.

use taipan_macros::pymethods;
use taipan_object::{
    Args, ClassPart, GetSetDef, Payload, PyResult, Raised, Ref, SendOutcome, Traverse, TypeObject,
    TypeSpec, Value, Visitor, Vm, tpflags,
};

use crate::code_type::readonly;
use crate::generator::{Generator, State};

/// `async_generator`
pub static ASYNC_GENERATOR: TypeSpec = TypeSpec {
    parts: &[&ASYNC_GENERATOR_METHODS, &ASYNC_GENERATOR_MEMBERS],
    has_weakref: true,
    flags: tpflags::DISALLOW_INSTANTIATION,
    ..TypeSpec::new(
        "async_generator",
        "builtins",
        <Generator as Payload>::layout,
    )
};

static ASYNC_GENERATOR_MEMBERS: ClassPart = ClassPart {
    methods: &[],
    slots: &[],
    getset: &[GetSetDef {
        name: "ag_running",
        doc: None,
        get: Some(|vm, v| {
            Ok(vm.bool(
                v.downcast_ref::<Generator>()
                    .is_some_and(|g| g.running_async.get()),
            ))
        }),
        set: Some(readonly),
        member: true,
    }],
};

/// A value that an async generator yielded, to tell it from what it awaits.
pub(super) struct WrappedValue {
    value: Value,
}

taipan_object::payload!(WrappedValue, gc);

impl Traverse for WrappedValue {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(&self.value);
    }
}

/// `async_generator_wrapped_value`
pub static ASYNC_GENERATOR_WRAPPED_VALUE: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    ..TypeSpec::new(
        "async_generator_wrapped_value",
        "builtins",
        <WrappedValue as Payload>::layout,
    )
};

/// Marks a value that an async generator yields.
pub(crate) fn wrap_async_value(vm: &Vm, v: &Value) -> PyResult {
    Ok(vm.new(WrappedValue { value: v.clone() })?.into_value())
}

/// Whether an async generator yielded this, rather than what it awaits.
pub(super) fn is_wrapped(v: &Value) -> bool {
    v.downcast_ref::<WrappedValue>().is_some()
}

/// Calls the hook for a generator that is iterated for the first time.
fn init_hooks(vm: &Vm, g: &Ref<Generator>) -> PyResult<()> {
    if g.hooks_inited.replace(true) {
        return Ok(());
    }
    let hooks = crate::sys_module::state(vm);
    if let Some(f) = hooks.asyncgen_finalizer.0.get() {
        g.origin_or_finalizer.set(Some(f));
    }
    match hooks.asyncgen_firstiter.0.get() {
        Some(f) => vm.call1(&f, g.as_value()).map(drop),
        None => Ok(()),
    }
}

/// Whether the generator is over for these pending exceptions.
pub(super) fn ends(vm: &Vm) -> bool {
    vm.exception_matches(&vm.exc().StopAsyncIteration)
        || vm.exception_matches(&vm.exc().GeneratorExit)
}

/// What `asend` makes of the generator's answer: `Yield` of what it awaits, `Return` of what it yielded.
pub(super) fn answer(
    vm: &Vm,
    g: &Ref<Generator>,
    result: PyResult<SendOutcome>,
) -> PyResult<SendOutcome> {
    let over = |e: Raised| {
        if ends(vm) {
            g.closed.set(true);
        }
        g.running_async.set(false);
        Err(e)
    };
    match result {
        Ok(SendOutcome::Yield(v)) => match v.downcast_ref::<WrappedValue>() {
            Some(w) => {
                g.running_async.set(false);
                Ok(SendOutcome::Return(w.value.clone()))
            }
            None => Ok(SendOutcome::Yield(v)),
        },
        Ok(SendOutcome::Return(_)) => over(vm.raise_args(&vm.exc().StopAsyncIteration, Vec::new())),
        Err(e) => over(e),
    }
}

/// As [`answer`], for callers that expect StopIteration with what was yielded.
pub(super) fn unwrap(vm: &Vm, g: &Ref<Generator>, result: PyResult<SendOutcome>) -> PyResult {
    match answer(vm, g, result)? {
        SendOutcome::Yield(v) => Ok(v),
        SendOutcome::Return(v) => Err(crate::glue::raise_stop_iteration(vm, v)),
    }
}

/// The methods of async generators, whose payload is that of generators.
struct AsyncGeneratorMethods;

#[pymethods(ASYNC_GENERATOR_METHODS)]
impl AsyncGeneratorMethods {
    #[pyslot]
    fn tp_repr(this: &Ref<Generator>) -> String {
        super::repr(this, "async_generator")
    }

    #[pyslot]
    fn am_aiter(this: &Value) -> Value {
        this.clone()
    }

    #[pyslot]
    fn am_anext(vm: &Vm, this: &Ref<Generator>) -> PyResult {
        init_hooks(vm, this)?;
        super::asend::new(vm, this, None)
    }

    #[pyslot]
    fn tp_finalize(vm: &Vm, this: &Value) -> PyResult<()> {
        super::finalize(vm, this)
    }

    /// Gives an awaitable that sends a value into the generator.
    #[pymethod(sig = "($self, object, /)")]
    fn asend(vm: &Vm, this: &Ref<Generator>, object: &Value) -> PyResult {
        init_hooks(vm, this)?;
        super::asend::new(vm, this, Some(object.clone()))
    }

    /// athrow(value)
    /// athrow(type[,value[,tb]])
    ///
    /// Gives an awaitable that raises an exception in the generator.
    #[pymethod]
    fn athrow(vm: &Vm, this: &Ref<Generator>, args: Args<'_>) -> PyResult {
        let args = super::throwing::check_arguments(vm, "athrow", args)?;
        init_hooks(vm, this)?;
        super::athrow::new(vm, this, Some(args.to_vec()))
    }

    /// Gives an awaitable that raises GeneratorExit in the generator.
    #[pymethod(sig = "($self, /)")]
    fn aclose(vm: &Vm, this: &Ref<Generator>) -> PyResult {
        init_hooks(vm, this)?;
        super::athrow::new(vm, this, None)
    }

    /// The size of the async generator in memory, in bytes.
    #[pymethod(sig = "($self, /)")]
    fn __sizeof__(this: &Ref<Generator>) -> usize {
        super::size_of(this)
    }

    /// Async generators are generic over the types of what they yield and are sent.
    #[classmethod(sig = "($type, object, /)")]
    fn __class_getitem__(vm: &Vm, cls: &Ref<TypeObject>, object: &Value) -> PyResult {
        vm.generic_alias(cls.as_value(), object)
    }

    /// name of the async generator
    #[getter(__name__)]
    fn name(this: &Ref<Generator>) -> Value {
        this.name.get().into_value()
    }

    #[setter(__name__)]
    fn set_name(vm: &Vm, this: &Ref<Generator>, value: Option<&Value>) -> PyResult<()> {
        super::set_name(vm, &this.name, "__name__", value)
    }

    /// qualified name of the async generator
    #[getter(__qualname__)]
    fn qualname(this: &Ref<Generator>) -> Value {
        this.qualname.get().into_value()
    }

    #[setter(__qualname__)]
    fn set_qualname(vm: &Vm, this: &Ref<Generator>, value: Option<&Value>) -> PyResult<()> {
        super::set_name(vm, &this.qualname, "__qualname__", value)
    }

    /// object being awaited on, or None
    #[getter(ag_await)]
    fn ag_await(vm: &Vm, this: &Ref<Generator>) -> Value {
        this.yield_from(vm).unwrap_or_else(|| vm.none())
    }

    #[getter(ag_frame)]
    fn ag_frame(vm: &Vm, this: &Ref<Generator>) -> PyResult {
        super::frame_of(vm, this)
    }

    #[getter(ag_suspended)]
    fn ag_suspended(this: &Ref<Generator>) -> bool {
        this.state.get() == State::Suspended
    }

    #[getter(ag_code)]
    fn ag_code(this: &Ref<Generator>) -> Value {
        this.code.as_value().clone()
    }
}
