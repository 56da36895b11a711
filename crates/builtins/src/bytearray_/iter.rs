//! `bytearray_iterator`.

use std::cell::Cell;

use taipan_macros::pymethods;
use taipan_object::{
    Payload, PyCell, PyResult, Ref, Traverse, TypeSpec, Value, Visitor, Vm, payload, tpflags,
};

use super::ByteArray;
use crate::util;

/// The payload of `bytearray_iterator`.
pub struct ByteArrayIter {
    bytes: PyCell<Option<Ref<ByteArray>>>,
    index: Cell<usize>,
}

payload!(ByteArrayIter, gc);

impl Traverse for ByteArrayIter {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.bytes.visit(visit);
    }
    fn clear(&self) {
        self.bytes.set(None);
    }
}

impl ByteArrayIter {
    /// An iterator at the start.
    pub fn new(bytes: Ref<ByteArray>) -> ByteArrayIter {
        ByteArrayIter {
            bytes: PyCell::new(Some(bytes)),
            index: Cell::new(0),
        }
    }
}

/// `bytearray_iterator`
pub static BYTEARRAY_ITER: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    parts: &[&BYTEARRAY_ITER_METHODS],
    ..TypeSpec::new(
        "bytearray_iterator",
        "builtins",
        <ByteArrayIter as Payload>::layout,
    )
};

#[pymethods(BYTEARRAY_ITER_METHODS)]
impl ByteArrayIter {
    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(&self) -> Option<Value> {
        let bytes = self.bytes.get()?;
        let i = self.index.get();
        match bytes.get(i) {
            Some(b) => {
                self.index.set(i + 1);
                Some(Value::from_i32(b.into()))
            }
            None => {
                self.bytes.set(None);
                None
            }
        }
    }

    /// Private method returning an estimate of len(list(it)).
    #[pymethod(sig = "($self, /)")]
    fn __length_hint__(&self) -> usize {
        match self.bytes.get() {
            Some(b) => b.len().saturating_sub(self.index.get()),
            None => 0,
        }
    }

    /// Return state information for pickling.
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(&self, vm: &Vm) -> PyResult {
        let iter = util::builtin(vm, "iter")?;
        match self.bytes.get() {
            Some(b) => {
                let args = util::tuple(vm, [b.into_value()])?;
                util::tuple(vm, [iter, args, vm.new_usize(self.index.get())?])
            }
            None => {
                let args = util::tuple(vm, [vm.new(ByteArray::new(Vec::new()))?.into_value()])?;
                util::tuple(vm, [iter, args])
            }
        }
    }

    /// Set state information for unpickling.
    #[pymethod(sig = "($self, object, /)")]
    fn __setstate__(&self, object: isize) {
        if let Some(b) = self.bytes.get() {
            self.index.set((object.max(0) as usize).min(b.len()));
        }
    }
}
