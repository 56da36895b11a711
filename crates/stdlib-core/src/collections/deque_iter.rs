//! The iterators of deques, forwards and backwards.

use std::cell::Cell;

use taipan_builtins::util;
use taipan_macros::pymethods;
use taipan_object::{Payload, PyResult, Ref, TypeObject, TypeSpec, Value, Vm};

use super::deque::Deque;

macro_rules! deque_iterator {
    ($(#[$doc:meta])* $name:ident, $spec:ident, $methods:ident, $py:literal, |$deque:ident, $left:ident| $at:expr) => {
        $(#[$doc])*
        pub struct $name {
            deque: Ref<Deque>,
            /// Items still to come.
            left: Cell<usize>,
            changes: u64,
        }

        owns!($name: refs(deque));

        #[doc = concat!("`", $py, "`")]
        pub static $spec: TypeSpec = TypeSpec {
            parts: &[&$methods],
            ..TypeSpec::new($py, "collections", <$name as Payload>::layout)
        };

        impl $name {
            /// An iterator at the start.
            pub fn new(deque: &Ref<Deque>) -> $name {
                $name {
                    left: Cell::new(deque.len()),
                    changes: deque.changes(),
                    deque: deque.clone(),
                }
            }
        }

        #[pymethods($methods)]
        impl $name {
            #[pyslot(name = $py, params = "(deque, index=0, /)")]
            fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, deque: &Value, index: isize) -> PyResult<Ref<$name>> {
                let Some(deque) = deque.downcast_ref::<Deque>() else {
                    return Err(util::type_error_for(vm, "argument 1 must be collections.deque, not ", deque, ""));
                };
                let it = $name::new(deque);
                it.left.set(it.left.get().saturating_sub(index.max(0) as usize));
                vm.new_object(cls, it)
            }

            #[pyslot]
            fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
                this.clone()
            }

            #[pyslot]
            fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
                if this.changes != this.deque.changes() {
                    this.left.set(0);
                    return Err(vm.runtime_error("deque mutated during iteration"));
                }
                let $left = this.left.get();
                if $left == 0 {
                    return Ok(None);
                }
                this.left.set($left - 1);
                let $deque = &this.deque;
                Ok($deque.get($at))
            }

            /// Private method returning an estimate of len(list(it)).
            #[pymethod(sig = "($self, /)")]
            fn __length_hint__(&self) -> usize {
                self.left.get()
            }

            /// Return state information for pickling.
            #[pymethod(sig = "($self, /)")]
            fn __reduce__(vm: &Vm, this: &Ref<Self>) -> PyResult {
                let at = this.deque.len().saturating_sub(this.left.get());
                let args = [this.deque.as_value().clone(), vm.new_usize(at)?];
                let ty = vm.type_of(this.as_value()).to_ref().into_value();
                util::tuple(vm, [ty, util::tuple(vm, args)?])
            }
        }
    };
}

deque_iterator! {
    /// The payload of `_deque_iterator`.
    DequeIter, DEQUE_ITER, DEQUE_ITER_METHODS, "_deque_iterator",
    |deque, left| deque.len().saturating_sub(left)
}

deque_iterator! {
    /// The payload of `_deque_reverse_iterator`.
    DequeReverseIter, DEQUE_REVERSE_ITER, DEQUE_REVERSE_ITER_METHODS, "_deque_reverse_iterator",
    |deque, left| left - 1
}
