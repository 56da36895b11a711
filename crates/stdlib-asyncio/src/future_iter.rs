//! `FutureIter`: what `await future` runs. It gives the future to the task once, and the result when it goes on.

use taipan_macros::pymethods;
use taipan_object::{
    Args, BaseException, Payload, PyCell, PyResult, Ref, SendOutcome, Traverse, TypeObject,
    TypeSpec, Value, Visitor, Vm, payload, tpflags,
};
use taipan_vm::traceback::Traceback;

use crate::future::{Future, Outcome};
use crate::state::state;

/// The payload of `FutureIter`.
pub struct FutureIter {
    future: PyCell<Option<Ref<Future>>>,
}

payload!(FutureIter, gc);

impl Traverse for FutureIter {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.future.visit(visit);
    }
    fn clear(&self) {
        self.future.set(None);
    }
}

/// `FutureIter`
pub static FUTURE_ITER: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    parts: &[&FUTURE_ITER_METHODS],
    ..TypeSpec::new("FutureIter", "_asyncio", <FutureIter as Payload>::layout)
};

impl FutureIter {
    /// An iterator for one await.
    pub fn new(future: Ref<Future>) -> FutureIter {
        FutureIter {
            future: PyCell::new(Some(future)),
        }
    }

    fn resume(&self, vm: &Vm) -> PyResult<SendOutcome> {
        let Some(future) = self.future.get() else {
            return Ok(SendOutcome::Return(vm.none()));
        };
        if future.is_pending() {
            if future.blocking.replace(true) {
                return Err(vm.runtime_error("await wasn't used with future"));
            }
            return Ok(SendOutcome::Yield(future.into_value()));
        }
        self.future.set(None);
        match future.outcome(vm, &state(vm))? {
            Outcome::Result(v) => Ok(SendOutcome::Return(v)),
            Outcome::Exception(e) => Err(vm.raise(e)),
        }
    }

    fn step(&self, vm: &Vm) -> PyResult<Option<Value>> {
        match self.resume(vm)? {
            SendOutcome::Yield(v) => Ok(Some(v)),
            SendOutcome::Return(v) if vm.is_none(&v) => Ok(None),
            SendOutcome::Return(v) => Err(vm.stop_iteration(Some(v))),
        }
    }
}

#[pymethods(FUTURE_ITER_METHODS)]
impl FutureIter {
    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(&self, vm: &Vm) -> PyResult<Option<Value>> {
        self.step(vm)
    }

    #[pyslot]
    fn am_send(vm: &Vm, this: &Ref<Self>, _arg: &Value) -> PyResult<SendOutcome> {
        this.resume(vm)
    }

    #[pymethod(params = "($self, value, /)")]
    fn send(&self, vm: &Vm, _value: &Value) -> PyResult {
        match self.step(vm)? {
            Some(v) => Ok(v),
            None => Err(vm.stop_iteration(None)),
        }
    }

    #[pymethod]
    fn throw(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult {
        let pos = args.pos();
        let Some(first) = pos.first() else {
            return Err(vm.type_error("throw expected at least 1 argument, got 0"));
        };
        if pos.len() > 3 {
            let n = pos.len();
            return Err(vm.type_error(&format!("throw expected at most 3 arguments, got {n}")));
        }
        if pos.len() > 1 {
            let text = "the (type, exc, tb) signature of throw() is deprecated, \
                        use the single-arg signature instead.";
            vm.warn(&vm.exc().DeprecationWarning, text, 1)?;
        }
        let given = |i: usize| pos.get(i).filter(|v| !vm.is_none(v));
        let traceback = given(2);
        if traceback.is_some_and(|tb| tb.downcast_ref::<Traceback>().is_none()) {
            return Err(vm.type_error("throw() third argument must be a traceback"));
        }
        let is_class = first
            .downcast_ref::<TypeObject>()
            .filter(|t| t.is_subtype(vm.exc().BaseException.object()));
        let exc = match (is_class, given(1)) {
            (Some(class), Some(v)) if vm.is_instance_exact(v, class) => v.clone(),
            (Some(_), Some(v)) => vm.call1(first, v)?,
            (Some(_), None) => vm.call0(first)?,
            (None, _) if first.downcast_ref::<BaseException>().is_none() => {
                return Err(vm.type_error(
                    "exceptions must be classes deriving BaseException or instances of such a class",
                ));
            }
            (None, Some(_)) => {
                return Err(vm.type_error("instance exception may not have a separate value"));
            }
            (None, None) => first.clone(),
        };
        if let (Some(tb), Some(e)) = (traceback, exc.downcast_ref::<BaseException>()) {
            e.traceback.set(Some(tb.clone()));
        }
        this.future.set(None);
        Err(vm.raise(exc))
    }

    #[pymethod]
    fn close(&self) {
        self.future.set(None);
    }
}
