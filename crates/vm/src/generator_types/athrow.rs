//! `async_generator_athrow`: what `athrow()` and `aclose()` of an async generator give.

use std::cell::Cell;

use taipan_macros::pymethods;
use taipan_object::{
    Args, Payload, PyResult, Raised, Ref, SendOutcome, Traverse, TypeSpec, Value, Visitor, Vm,
    tpflags,
};

use super::asend::{AwaitState, closed};
use super::async_generator::{ends, is_wrapped, unwrap};
use super::throwing::{check_arguments, throw};
use crate::generator::{Generator, State, resume};

/// The payload of `async_generator_athrow`.
pub(super) struct AThrow {
    generator: Ref<Generator>,
    /// The arguments of `athrow()`; `None` for `aclose()`.
    args: Option<Vec<Value>>,
    state: Cell<AwaitState>,
}

taipan_object::payload!(AThrow, gc);

impl Traverse for AThrow {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(self.generator.as_value());
        for v in self.args.iter().flatten() {
            visit(v);
        }
    }
}

/// `async_generator_athrow`
pub static ASYNC_GENERATOR_ATHROW: TypeSpec = TypeSpec {
    parts: &[&ATHROW_METHODS],
    flags: tpflags::DISALLOW_INSTANTIATION,
    ..TypeSpec::new(
        "async_generator_athrow",
        "builtins",
        <AThrow as Payload>::layout,
    )
};

/// A new one: of `athrow(*args)`, or of `aclose()`.
pub(super) fn new(vm: &Vm, g: &Ref<Generator>, args: Option<Vec<Value>>) -> PyResult {
    Ok(vm
        .new(AThrow {
            generator: g.clone(),
            args,
            state: Cell::new(AwaitState::Init),
        })?
        .into_value())
}

impl AThrow {
    fn already_running(&self, vm: &Vm) -> Raised {
        self.state.set(AwaitState::Closed);
        vm.runtime_error(if self.args.is_some() {
            "athrow(): asynchronous generator is already running"
        } else {
            "aclose(): asynchronous generator is already running"
        })
    }

    fn reused(&self, vm: &Vm) -> Raised {
        vm.runtime_error("cannot reuse already awaited aclose()/athrow()")
    }

    /// What the awaiter gets of the generator's answer.
    fn answer(&self, vm: &Vm, result: PyResult<SendOutcome>) -> PyResult {
        let g = &self.generator;
        if self.args.is_some() {
            let result = unwrap(vm, g, result);
            if result.is_err() {
                g.running_async.set(false);
                self.state.set(AwaitState::Closed);
            }
            return result;
        }
        let error = match result {
            Ok(SendOutcome::Yield(v)) if !is_wrapped(&v) => return Ok(v),
            Ok(SendOutcome::Yield(_)) => vm.runtime_error("async generator ignored GeneratorExit"),
            Ok(SendOutcome::Return(_)) => vm.stop_iteration(None),
            // The generator is closed, which is what was asked for.
            Err(_) if ends(vm) => {
                vm.clear_exception();
                vm.stop_iteration(None)
            }
            Err(e) => e,
        };
        g.running_async.set(false);
        self.state.set(AwaitState::Closed);
        Err(error)
    }

    fn send_value(&self, vm: &Vm, arg: &Value) -> PyResult {
        let g = &self.generator;
        match self.state.get() {
            AwaitState::Closed => return Err(self.reused(vm)),
            _ if g.state.get() == State::Finished => {
                self.state.set(AwaitState::Closed);
                return Err(vm.stop_iteration(None));
            }
            AwaitState::Init => {}
            AwaitState::Iter => {
                let result = resume(vm, g, Some(arg), false);
                return self.answer(vm, result);
            }
        }
        if g.running_async.get() {
            return Err(self.already_running(vm));
        }
        if g.closed.get() {
            self.state.set(AwaitState::Closed);
            return Err(vm.raise_args(&vm.exc().StopAsyncIteration, Vec::new()));
        }
        if !vm.is_none(arg) {
            return Err(vm.runtime_error("can't send non-None value to a just-started coroutine"));
        }
        self.state.set(AwaitState::Iter);
        g.running_async.set(true);
        let exit = [vm.exc().GeneratorExit.as_value().clone()];
        let args = match &self.args {
            Some(a) => a.as_slice(),
            None => {
                g.closed.set(true);
                &exit
            }
        };
        let result = throw(vm, g, args);
        self.answer(vm, result)
    }

    fn throw_values(&self, vm: &Vm, args: &[Value]) -> PyResult {
        let g = &self.generator;
        match self.state.get() {
            AwaitState::Closed => return Err(self.reused(vm)),
            AwaitState::Init => {
                if g.running_async.get() {
                    return Err(self.already_running(vm));
                }
                self.state.set(AwaitState::Iter);
                g.running_async.set(true);
            }
            AwaitState::Iter => {}
        }
        let result = throw(vm, g, args);
        self.answer(vm, result)
    }
}

#[pymethods(ATHROW_METHODS)]
impl AThrow {
    #[pyslot]
    fn tp_iter(this: &Value) -> Value {
        this.clone()
    }

    #[pyslot]
    fn am_await(this: &Value) -> Value {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        this.send_value(vm, &vm.none()).map(Some)
    }

    #[pyslot]
    fn tp_finalize(vm: &Vm, this: &Ref<Self>) -> PyResult<()> {
        if this.state.get() == AwaitState::Init {
            let method = if this.args.is_some() {
                "athrow"
            } else {
                "aclose"
            };
            super::unawaited::method(vm, &this.generator, method);
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
