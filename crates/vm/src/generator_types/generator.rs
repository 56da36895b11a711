//! `generator`

use taipan_macros::pymethods;
use taipan_object::{
    Args, Payload, PyResult, Ref, SendOutcome, TypeObject, TypeSpec, Value, Vm, tpflags,
};

use super::throwing::throw_method;
use crate::generator::{Generator, State};

/// `generator`
pub static GENERATOR: TypeSpec = TypeSpec {
    parts: &[&GENERATOR_METHODS],
    has_weakref: true,
    flags: tpflags::DISALLOW_INSTANTIATION,
    ..TypeSpec::new("generator", "builtins", <Generator as Payload>::layout)
};

#[pymethods(GENERATOR_METHODS)]
impl Generator {
    #[pyslot]
    fn tp_repr(this: &Ref<Self>) -> String {
        super::repr(this, "generator")
    }

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
        super::send_slot(vm, this, arg)
    }

    #[pyslot]
    fn tp_finalize(vm: &Vm, this: &Value) -> PyResult<()> {
        super::finalize(vm, this)
    }

    /// Resume the generator with a value for the yield that it waits in.
    #[pymethod(sig = "($self, object, /)")]
    fn send(vm: &Vm, this: &Ref<Self>, object: &Value) -> PyResult {
        super::send(vm, this, object)
    }

    /// throw(value)
    /// throw(type[,value[,tb]])
    ///
    /// Raise an exception where the generator waits.
    #[pymethod]
    fn throw(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult {
        throw_method(vm, this, args)
    }

    /// Raise GeneratorExit where the generator waits.
    #[pymethod(sig = "($self, /)")]
    fn close(vm: &Vm, this: &Ref<Self>) -> PyResult {
        super::close(vm, this)
    }

    /// The size of the generator in memory, in bytes.
    #[pymethod(sig = "($self, /)")]
    fn __sizeof__(this: &Ref<Self>) -> usize {
        super::size_of(this)
    }

    /// Generators are generic over the types of what they yield, are sent and return.
    #[classmethod(sig = "($type, object, /)")]
    fn __class_getitem__(vm: &Vm, cls: &Ref<TypeObject>, object: &Value) -> PyResult {
        vm.generic_alias(cls.as_value(), object)
    }

    /// name of the generator
    #[getter(__name__)]
    fn name(this: &Ref<Self>) -> Value {
        this.name.get().into_value()
    }

    #[setter(__name__)]
    fn set_name(vm: &Vm, this: &Ref<Self>, value: Option<&Value>) -> PyResult<()> {
        super::set_name(vm, &this.name, "__name__", value)
    }

    /// qualified name of the generator
    #[getter(__qualname__)]
    fn qualname(this: &Ref<Self>) -> Value {
        this.qualname.get().into_value()
    }

    #[setter(__qualname__)]
    fn set_qualname(vm: &Vm, this: &Ref<Self>, value: Option<&Value>) -> PyResult<()> {
        super::set_name(vm, &this.qualname, "__qualname__", value)
    }

    /// object being iterated by yield from, or None
    #[getter(gi_yieldfrom)]
    fn gi_yieldfrom(vm: &Vm, this: &Ref<Self>) -> Value {
        this.yield_from(vm).unwrap_or_else(|| vm.none())
    }

    #[getter(gi_running)]
    fn gi_running(this: &Ref<Self>) -> bool {
        this.state.get() == State::Running
    }

    #[getter(gi_frame)]
    fn gi_frame(vm: &Vm, this: &Ref<Self>) -> PyResult {
        super::frame_of(vm, this)
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
