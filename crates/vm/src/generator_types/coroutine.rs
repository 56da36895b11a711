//! `coroutine` and `coroutine_wrapper`

use taipan_macros::pymethods;
use taipan_object::{
    Args, ClassPart, GetSetDef, Payload, PyResult, Raised, Ref, SendOutcome, Traverse, TypeObject,
    TypeSpec, Value, Visitor, Vm, tpflags,
};

use super::throwing::throw_method;
use crate::code_type::readonly;
use crate::frame::Frame;
use crate::frame_object::back_frame;
use crate::generator::{Generator, State};

/// `coroutine`
pub static COROUTINE: TypeSpec = TypeSpec {
    parts: &[&COROUTINE_METHODS, &COROUTINE_MEMBERS],
    has_weakref: true,
    flags: tpflags::DISALLOW_INSTANTIATION,
    ..TypeSpec::new("coroutine", "builtins", <Generator as Payload>::layout)
};

static COROUTINE_MEMBERS: ClassPart = ClassPart {
    methods: &[],
    slots: &[],
    getset: &[GetSetDef {
        name: "cr_origin",
        doc: None,
        get: Some(|vm, v| {
            let g = v.downcast_ref::<Generator>();
            Ok(g.and_then(|g| g.origin_or_finalizer.get())
                .unwrap_or_else(|| vm.none()))
        }),
        set: Some(readonly),
        member: true,
    }],
};

/// Where a coroutine was made, when `sys.set_coroutine_origin_tracking_depth` asks for it: file, line and name of the
/// nearest callers of `f`.
pub(crate) fn origin(vm: &Vm, f: *mut Frame) -> PyResult<Option<Value>> {
    let depth = crate::frame::thread_data(vm).origin_depth.get();
    if depth <= 0 {
        return Ok(None);
    }
    let mut out = Vec::new();
    // SAFETY: frames of the chain are live while their callee runs.
    unsafe {
        let mut at = back_frame((*f).previous);
        while !at.is_null() && out.len() < depth as usize {
            let code = (*at).code_ref();
            let line = vm.new_int(i64::from((*at).lineno().unwrap_or(0)))?;
            let entry = vec![
                code.filename.get().into_value(),
                line,
                code.name.as_value().clone(),
            ];
            out.push(vm.new_tuple(entry)?.into_value());
            at = back_frame((*at).previous);
        }
    }
    Ok(Some(vm.new_tuple(out)?.into_value()))
}

/// The methods of coroutines, whose payload is that of generators.
struct CoroutineMethods;

#[pymethods(COROUTINE_METHODS)]
impl CoroutineMethods {
    #[pyslot]
    fn tp_repr(this: &Ref<Generator>) -> String {
        super::repr(this, "coroutine")
    }

    #[pyslot]
    fn am_send(vm: &Vm, this: &Value, arg: &Value) -> PyResult<SendOutcome> {
        super::send_slot(vm, this, arg)
    }

    #[pyslot]
    fn am_await(vm: &Vm, this: &Value) -> PyResult {
        Ok(vm
            .new(CoroutineWrapper {
                coroutine: this.clone(),
            })?
            .into_value())
    }

    #[pyslot]
    fn tp_finalize(vm: &Vm, this: &Value) -> PyResult<()> {
        super::finalize(vm, this)
    }

    /// Resume the coroutine with a value for the await that it waits in.
    #[pymethod(sig = "($self, object, /)")]
    fn send(vm: &Vm, this: &Ref<Generator>, object: &Value) -> PyResult {
        super::send(vm, this, object)
    }

    /// throw(value)
    /// throw(type[,value[,traceback]])
    ///
    /// Raise an exception where the coroutine waits.
    #[pymethod]
    fn throw(vm: &Vm, this: &Ref<Generator>, args: Args<'_>) -> PyResult {
        throw_method(vm, this, args)
    }

    /// Raise GeneratorExit where the coroutine waits.
    #[pymethod(sig = "($self, /)")]
    fn close(vm: &Vm, this: &Ref<Generator>) -> PyResult {
        super::close(vm, this)
    }

    /// The size of the coroutine in memory, in bytes.
    #[pymethod(sig = "($self, /)")]
    fn __sizeof__(this: &Ref<Generator>) -> usize {
        super::size_of(this)
    }

    /// Coroutines are generic over the types of what they yield, are sent and return.
    #[classmethod(sig = "($type, object, /)")]
    fn __class_getitem__(vm: &Vm, cls: &Ref<TypeObject>, object: &Value) -> PyResult {
        vm.generic_alias(cls.as_value(), object)
    }

    /// name of the coroutine
    #[getter(__name__)]
    fn name(this: &Ref<Generator>) -> Value {
        this.name.get().into_value()
    }

    #[setter(__name__)]
    fn set_name(vm: &Vm, this: &Ref<Generator>, value: Option<&Value>) -> PyResult<()> {
        super::set_name(vm, &this.name, "__name__", value)
    }

    /// qualified name of the coroutine
    #[getter(__qualname__)]
    fn qualname(this: &Ref<Generator>) -> Value {
        this.qualname.get().into_value()
    }

    #[setter(__qualname__)]
    fn set_qualname(vm: &Vm, this: &Ref<Generator>, value: Option<&Value>) -> PyResult<()> {
        super::set_name(vm, &this.qualname, "__qualname__", value)
    }

    /// object being awaited on, or None
    #[getter(cr_await)]
    fn cr_await(vm: &Vm, this: &Ref<Generator>) -> Value {
        this.yield_from(vm).unwrap_or_else(|| vm.none())
    }

    #[getter(cr_running)]
    fn cr_running(this: &Ref<Generator>) -> bool {
        this.state.get() == State::Running
    }

    #[getter(cr_frame)]
    fn cr_frame(vm: &Vm, this: &Ref<Generator>) -> PyResult {
        super::frame_of(vm, this)
    }

    #[getter(cr_suspended)]
    fn cr_suspended(this: &Ref<Generator>) -> bool {
        this.state.get() == State::Suspended
    }

    #[getter(cr_code)]
    fn cr_code(this: &Ref<Generator>) -> Value {
        this.code.as_value().clone()
    }
}

/// `coroutine_wrapper`: what `coroutine.__await__()` gives.
pub struct CoroutineWrapper {
    coroutine: Value,
}

taipan_object::payload!(CoroutineWrapper, gc);

impl Traverse for CoroutineWrapper {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(&self.coroutine);
    }
}

/// `coroutine_wrapper`
pub static COROUTINE_WRAPPER: TypeSpec = TypeSpec {
    doc: Some("A wrapper object implementing __await__ for coroutines."),
    parts: &[&WRAPPER_METHODS],
    flags: tpflags::DISALLOW_INSTANTIATION,
    ..TypeSpec::new(
        "coroutine_wrapper",
        "builtins",
        <CoroutineWrapper as Payload>::layout,
    )
};

fn coroutine_of(vm: &Vm, w: &Ref<CoroutineWrapper>) -> PyResult<Ref<Generator>> {
    w.coroutine
        .clone()
        .downcast::<Generator>()
        .map_err(|_| -> Raised { vm.type_error("coroutine expected") })
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

    /// Resume the coroutine with a value.
    #[pymethod(sig = "($self, object, /)")]
    fn send(vm: &Vm, this: &Ref<Self>, object: &Value) -> PyResult {
        super::send(vm, &coroutine_of(vm, this)?, object)
    }

    /// throw(value)
    /// throw(type[,value[,traceback]])
    ///
    /// Raise an exception in the coroutine.
    #[pymethod]
    fn throw(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult {
        throw_method(vm, &coroutine_of(vm, this)?, args)
    }

    /// Raise GeneratorExit in the coroutine.
    #[pymethod(sig = "($self, /)")]
    fn close(vm: &Vm, this: &Ref<Self>) -> PyResult {
        super::close(vm, &coroutine_of(vm, this)?)
    }
}
