//! The Python side of generators: [`generator`], [`coroutine`] and [`async_generator`] have the types' methods,
//! [`throwing`] how exceptions get into them, [`asend`] and [`athrow`] what async generators' methods give, [`anext`] what
//! `anext()` with a default gives. Resuming is in `generator.rs`.

pub(crate) mod anext;
mod asend;
mod async_generator;
mod athrow;
mod coroutine;
mod generator;
mod throwing;
mod unawaited;

pub use anext::ANEXT_AWAITABLE;
pub use asend::ASYNC_GENERATOR_ASEND;
pub(crate) use asend::is_asend;
pub(crate) use async_generator::wrap_async_value;
pub use async_generator::{ASYNC_GENERATOR, ASYNC_GENERATOR_WRAPPED_VALUE};
pub use athrow::ASYNC_GENERATOR_ATHROW;
pub(crate) use coroutine::origin;
pub use coroutine::{COROUTINE, COROUTINE_WRAPPER};
pub use generator::GENERATOR;
pub(crate) use throwing::close;

use taipan_object::{
    Object, PyCell, PyResult, Ref, SendOutcome, Str, TypeObject, TypeSpec, Value, Vm,
};

use crate::frame::ThreadData;
use crate::generator::{Generator, Kind, State, resume};

/// The types that this module makes.
pub(crate) const TYPES: &[&TypeSpec] = &[
    &GENERATOR,
    &COROUTINE,
    &COROUTINE_WRAPPER,
    &ASYNC_GENERATOR,
    &ASYNC_GENERATOR_WRAPPED_VALUE,
    &ASYNC_GENERATOR_ASEND,
    &ASYNC_GENERATOR_ATHROW,
    &ANEXT_AWAITABLE,
];

/// The class of a kind of generator.
#[inline]
pub(crate) fn class_of<'a>(
    vm: &Vm,
    data: &'a ThreadData,
    kind: Kind,
) -> PyResult<&'a Object<TypeObject>> {
    data.generator_class(kind as usize, || {
        vm.make_type(match kind {
            Kind::Generator => &GENERATOR,
            Kind::Coroutine => &COROUTINE,
            Kind::AsyncGenerator => &ASYNC_GENERATOR,
        })
    })
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

/// Makes what a getter shows of the generator's frame.
fn frame_of(vm: &Vm, g: &Ref<Generator>) -> PyResult {
    if g.state.get() == State::Finished {
        return Ok(vm.none());
    }
    Ok(crate::frame_object::frame_object(vm, g.frame())?.into_value())
}

fn repr(g: &Ref<Generator>, what: &str) -> String {
    format!(
        "<{what} object {} at {:#x}>",
        g.qualname.get().to_string_lossy(),
        g.as_value().bits()
    )
}

/// Bytes of a generator with its frame.
fn size_of(g: &Generator) -> usize {
    152 + 8 * g.code.frame_words()
}

fn set_name(vm: &Vm, cell: &PyCell<Ref<Str>>, what: &str, value: Option<&Value>) -> PyResult<()> {
    match value.and_then(|v| v.downcast_ref::<Str>()) {
        Some(s) => {
            cell.set(s.clone());
            Ok(())
        }
        None => Err(vm.type_error(&format!("{what} must be set to a string object"))),
    }
}

/// A generator that dies suspended is closed.
fn finalize(vm: &Vm, v: &Value) -> PyResult<()> {
    let Some(g) = v.downcast_ref::<Generator>() else {
        return Ok(());
    };
    if g.state.get() == State::Finished {
        return Ok(());
    }
    if g.kind == Kind::AsyncGenerator
        && !g.closed.get()
        && let Some(f) = g.origin_or_finalizer.get()
    {
        return vm.call1(&f, v).map(drop);
    }
    if g.kind == Kind::Coroutine && g.state.get() == State::Created {
        unawaited::coroutine(vm, g);
    }
    close(vm, g).map(drop)
}

/// Like [`resume`], with the generator's own StopIteration as `Return`.
fn send(vm: &Vm, g: &Ref<Generator>, arg: &Value) -> PyResult {
    let o = resume(vm, g, Some(arg), false)?;
    outcome(vm, o)
}
