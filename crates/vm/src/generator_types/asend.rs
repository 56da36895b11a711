//! `async_generator_asend`: what `__anext__()` and `asend()` of an async generator give.

use std::cell::Cell;

use taipan_macros::pymethods;
use taipan_object::{
    Args, Payload, PyResult, Ref, SendOutcome, Traverse, TypeSpec, Value, Visitor, Vm, tpflags,
};

use super::async_generator::{answer, unwrap};
use super::throwing::{check_arguments, throw};
use crate::generator::{Generator, resume};

/// Where such an awaitable is in its life.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum AwaitState {
    /// Nobody awaited it yet.
    Init,
    /// It is being awaited.
    Iter,
    /// It is done.
    Closed,
}

/// The payload of `async_generator_asend`.
pub(super) struct ASend {
    generator: Ref<Generator>,
    value: Option<Value>,
    state: Cell<AwaitState>,
}

taipan_object::payload!(ASend, gc);

impl Traverse for ASend {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(self.generator.as_value());
        if let Some(v) = &self.value {
            visit(v);
        }
    }
}

/// `async_generator_asend`
pub static ASYNC_GENERATOR_ASEND: TypeSpec = TypeSpec {
    parts: &[&ASEND_METHODS],
    flags: tpflags::DISALLOW_INSTANTIATION,
    ..TypeSpec::new(
        "async_generator_asend",
        "builtins",
        <ASend as Payload>::layout,
    )
};

/// Whether this is an `async_generator_asend`.
pub(crate) fn is_asend(v: &Value) -> bool {
    v.downcast_ref::<ASend>().is_some()
}

/// A new one, that sends `value`.
pub(super) fn new(vm: &Vm, g: &Ref<Generator>, value: Option<Value>) -> PyResult {
    Ok(vm
        .new(ASend {
            generator: g.clone(),
            value,
            state: Cell::new(AwaitState::Init),
        })?
        .into_value())
}

impl ASend {
    /// Checks that it can go on; true when this is the first time.
    fn begin(&self, vm: &Vm) -> PyResult<bool> {
        match self.state.get() {
            AwaitState::Closed => {
                Err(vm.runtime_error("cannot reuse already awaited __anext__()/asend()"))
            }
            AwaitState::Init if self.generator.running_async.get() => {
                self.state.set(AwaitState::Closed);
                Err(vm.runtime_error("anext(): asynchronous generator is already running"))
            }
            AwaitState::Init => {
                self.state.set(AwaitState::Iter);
                Ok(true)
            }
            AwaitState::Iter => Ok(false),
        }
    }

    fn end(&self, result: PyResult) -> PyResult {
        if result.is_err() {
            self.state.set(AwaitState::Closed);
        }
        result
    }

    fn send_value(&self, vm: &Vm, arg: &Value) -> PyResult {
        let first = self.begin(vm)?;
        let arg = match &self.value {
            Some(v) if first && vm.is_none(arg) => v,
            _ => arg,
        };
        self.generator.running_async.set(true);
        let result = resume(vm, &self.generator, Some(arg), false);
        self.end(unwrap(vm, &self.generator, result))
    }

    /// As [`ASend::send_value`], without a StopIteration around what the generator yielded.
    fn send_directly(&self, vm: &Vm, arg: &Value) -> PyResult<SendOutcome> {
        let first = self.begin(vm)?;
        let arg = match &self.value {
            Some(v) if first && vm.is_none(arg) => v,
            _ => arg,
        };
        self.generator.running_async.set(true);
        let result = resume(vm, &self.generator, Some(arg), false);
        let outcome = answer(vm, &self.generator, result);
        if !matches!(outcome, Ok(SendOutcome::Yield(_))) {
            self.state.set(AwaitState::Closed);
        }
        outcome
    }

    fn throw_values(&self, vm: &Vm, args: &[Value]) -> PyResult {
        if self.begin(vm)? {
            self.generator.running_async.set(true);
        }
        let result = throw(vm, &self.generator, args);
        self.end(unwrap(vm, &self.generator, result))
    }
}

/// What `close()` of an awaitable makes of the answer to GeneratorExit.
pub(super) fn closed(vm: &Vm, result: PyResult) -> PyResult {
    match result {
        Ok(_) => Err(vm.runtime_error("coroutine ignored GeneratorExit")),
        Err(e) => {
            if vm.exception_matches(&vm.exc().StopIteration) || super::async_generator::ends(vm) {
                drop(vm.take_raised(e));
                return Ok(vm.none());
            }
            Err(e)
        }
    }
}

#[pymethods(ASEND_METHODS)]
impl ASend {
    #[pyslot]
    fn tp_iter(this: &Value) -> Value {
        this.clone()
    }

    #[pyslot]
    fn am_await(this: &Value) -> Value {
        this.clone()
    }

    #[pyslot]
    fn am_send(vm: &Vm, this: &Value, arg: &Value) -> PyResult<SendOutcome> {
        match this.downcast_ref::<ASend>() {
            Some(a) => a.send_directly(vm, arg),
            None => Err(vm.type_error("async_generator_asend expected")),
        }
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        this.send_value(vm, &vm.none()).map(Some)
    }

    #[pyslot]
    fn tp_finalize(vm: &Vm, this: &Ref<Self>) -> PyResult<()> {
        if this.state.get() == AwaitState::Init {
            super::unawaited::method(vm, &this.generator, "asend");
        }
        Ok(())
    }

    /// Resume the async generator with a value.
    #[pymethod(sig = "($self, object, /)")]
    fn send(vm: &Vm, this: &Ref<Self>, object: &Value) -> PyResult {
        this.send_value(vm, object)
    }

    /// throw(value)
    /// throw(type[,value[,tb]])
    ///
    /// Raise an exception in the async generator.
    #[pymethod]
    fn throw(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult {
        let args = check_arguments(vm, "throw", args)?;
        this.throw_values(vm, args)
    }

    /// Raise GeneratorExit in the async generator.
    #[pymethod(sig = "($self, /)")]
    fn close(vm: &Vm, this: &Ref<Self>) -> PyResult {
        if this.state.get() == AwaitState::Closed {
            return Ok(vm.none());
        }
        closed(
            vm,
            this.throw_values(vm, std::slice::from_ref(vm.exc().GeneratorExit.as_value())),
        )
    }
}
