//! The builtin functions `aiter` and `anext`, and `anext_awaitable`, what `anext()` with a default gives.

use taipan_macros::{pyfunctions, pymethods};
use taipan_object::{
    Args, Payload, PyResult, Raised, Ref, Traverse, TypeSpec, Value, Visitor, Vm, tpflags,
};

use crate::generator::awaitable_iter;

/// The payload of `anext_awaitable`.
pub(super) struct AnextAwaitable {
    awaitable: Value,
    default: Value,
}

taipan_object::payload!(AnextAwaitable, gc);

impl Traverse for AnextAwaitable {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(&self.awaitable);
        visit(&self.default);
    }
}

/// `anext_awaitable`
pub static ANEXT_AWAITABLE: TypeSpec = TypeSpec {
    parts: &[&ANEXT_METHODS],
    flags: tpflags::DISALLOW_INSTANTIATION,
    ..TypeSpec::new(
        "anext_awaitable",
        "builtins",
        <AnextAwaitable as Payload>::layout,
    )
};

impl AnextAwaitable {
    /// An iterator over what is awaited.
    fn iterator(&self, vm: &Vm) -> PyResult {
        let it = awaitable_iter(vm, &self.awaitable)?;
        let slots = |v: &Value| vm.type_of(v).payload.slots.tp_iternext.get();
        if slots(&it).is_some() {
            return Ok(it);
        }
        let Some(f) = vm.type_of(&it).payload.slots.am_await.get() else {
            return Err(vm.type_error("__await__() must return an iterable, not None"));
        };
        let new = f(vm, &it)?;
        if slots(&new).is_none() {
            return Err(vm.type_error(&format!(
                "__await__() must return an iterable, not {}",
                vm.type_name(&new)
            )));
        }
        Ok(new)
    }

    /// The default, in place of StopAsyncIteration.
    fn or_default(&self, vm: &Vm, e: Raised) -> Raised {
        if !vm.exception_matches(&vm.exc().StopAsyncIteration) {
            return e;
        }
        drop(vm.take_raised(e));
        crate::glue::raise_stop_iteration(vm, self.default.clone())
    }

    fn delegate(&self, vm: &Vm, method: &str, args: &[Value]) -> PyResult {
        let it = self.iterator(vm)?;
        vm.call_method_str(&it, method, args)
            .map_err(|e| self.or_default(vm, e))
    }
}

#[pymethods(ANEXT_METHODS)]
impl AnextAwaitable {
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
        let it = this.iterator(vm)?;
        let next = match vm.type_of(&it).payload.slots.tp_iternext.get() {
            Some(f) => f(vm, &it),
            None => return Ok(None),
        };
        next.map_err(|e| this.or_default(vm, e))
    }

    /// Resume what is awaited with a value.
    #[pymethod]
    fn send(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult {
        this.delegate(vm, "send", args.pos())
    }

    /// Raise an exception in what is awaited.
    #[pymethod]
    fn throw(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult {
        this.delegate(vm, "throw", args.pos())
    }

    /// Raise GeneratorExit in what is awaited.
    #[pymethod]
    fn close(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult {
        this.delegate(vm, "close", args.pos())
    }
}

#[pyfunctions(FUNCTIONS)]
/// The functions.
pub(crate) mod functions {
    use super::*;

    /// Return an AsyncIterator for an AsyncIterable object.
    #[pyfunction(sig = "($module, async_iterable, /)")]
    fn aiter(vm: &Vm, async_iterable: &Value) -> PyResult {
        let Some(f) = vm.type_of(async_iterable).payload.slots.am_aiter.get() else {
            return Err(vm.type_error(&format!(
                "'{}' object is not an async iterable",
                vm.type_name(async_iterable)
            )));
        };
        let it = f(vm, async_iterable)?;
        if vm.type_of(&it).payload.slots.am_anext.get().is_none() {
            return Err(vm.type_error(&format!(
                "aiter() returned not an async iterator of type '{}'",
                vm.type_name(&it)
            )));
        }
        Ok(it)
    }

    /// Return the next item from the async iterator.
    ///
    /// If default is given and the async iterator is exhausted, it is returned instead of raising StopAsyncIteration.
    #[pyfunction(sig = "($module, aiterator, default=<unrepresentable>, /)")]
    fn anext(vm: &Vm, aiterator: &Value, default: Option<&Value>) -> PyResult {
        let Some(f) = vm.type_of(aiterator).payload.slots.am_anext.get() else {
            return Err(vm.type_error(&format!(
                "'{}' object is not an async iterator",
                vm.type_name(aiterator)
            )));
        };
        let awaitable = f(vm, aiterator)?;
        match default {
            None => Ok(awaitable),
            Some(d) => Ok(vm
                .new(AnextAwaitable {
                    awaitable,
                    default: d.clone(),
                })?
                .into_value()),
        }
    }
}
