//! `bytes_iterator`.

use std::cell::Cell;

use taipan_macros::pymethods;
use taipan_object::{
    Bytes, Payload, PyCell, PyResult, Ref, Traverse, TypeSpec, Value, Visitor, Vm, payload, tpflags,
};

use crate::util;

/// The payload of `bytes_iterator`.
pub struct BytesIter {
    bytes: PyCell<Option<Ref<Bytes>>>,
    index: Cell<usize>,
}

payload!(BytesIter, gc);

impl Traverse for BytesIter {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.bytes.visit(visit);
    }
    fn clear(&self) {
        self.bytes.set(None);
    }
}

impl BytesIter {
    /// An iterator at the start.
    pub fn new(bytes: Ref<Bytes>) -> BytesIter {
        BytesIter {
            bytes: PyCell::new(Some(bytes)),
            index: Cell::new(0),
        }
    }
}

/// `bytes_iterator`
pub static BYTES_ITER: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    parts: &[&BYTES_ITER_METHODS],
    ..TypeSpec::new("bytes_iterator", "builtins", <BytesIter as Payload>::layout)
};

#[pymethods(BYTES_ITER_METHODS)]
impl BytesIter {
    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(&self) -> Option<Value> {
        let i = self.index.get();
        match self.bytes.look(|bytes| bytes.as_slice().get(i).copied())? {
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
                let args = util::tuple(vm, [vm.new_bytes(b"")?.into_value()])?;
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
