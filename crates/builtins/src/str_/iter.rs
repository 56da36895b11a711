//! The iterators of strings: one for ASCII text, which is most text, and one for all other.

use std::cell::Cell;

use taipan_macros::pymethods;
use taipan_object::{
    Payload, PyCell, PyResult, Ref, Str, Traverse, TypeSpec, Value, Visitor, Vm, payload, tpflags,
};

use crate::util;

macro_rules! iterator {
    ($(#[$doc:meta])* $name:ident, $spec:ident, $part:ident, $python:literal, $vm:ident, $s:ident, $i:ident => $item:expr) => {
        $(#[$doc])*
        pub struct $name {
            string: PyCell<Option<Ref<Str>>>,
            index: Cell<usize>,
        }

        payload!($name, gc);

        impl Traverse for $name {
            fn traverse(&self, visit: &mut Visitor<'_>) {
                self.string.visit(visit);
            }
            fn clear(&self) {
                self.string.set(None);
            }
        }

        $(#[$doc])*
        pub static $spec: TypeSpec = TypeSpec {
            flags: tpflags::DISALLOW_INSTANTIATION,
            parts: &[&$part],
            ..TypeSpec::new($python, "builtins", <$name as Payload>::layout)
        };

        #[pymethods($part)]
        impl $name {
            #[pyslot]
            fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
                this.clone()
            }

            #[pyslot]
            fn tp_iternext(&self, vm: &Vm) -> PyResult<Option<Ref<Str>>> {
                let ($vm, $i) = (vm, self.index.get());
                let item = self.string.look(|$s| -> PyResult<Option<Ref<Str>>> { Ok($item) });
                match item.transpose()?.flatten() {
                    Some(item) => {
                        self.index.set($i + 1);
                        Ok(Some(item))
                    }
                    None => {
                        self.string.set(None);
                        Ok(None)
                    }
                }
            }

            /// Private method returning an estimate of len(list(it)).
            #[pymethod(sig = "($self, /)")]
            fn __length_hint__(&self) -> usize {
                match self.string.get() {
                    Some(s) => s.len().saturating_sub(self.index.get()),
                    None => 0,
                }
            }

            /// Return state information for pickling.
            #[pymethod(sig = "($self, /)")]
            fn __reduce__(&self, vm: &Vm) -> PyResult {
                let iter = util::builtin(vm, "iter")?;
                match self.string.get() {
                    Some(s) => {
                        let args = util::tuple(vm, [s.into_value()])?;
                        util::tuple(vm, [iter, args, vm.new_usize(self.index.get())?])
                    }
                    None => {
                        let args = util::tuple(vm, [vm.new_str("")?.into_value()])?;
                        util::tuple(vm, [iter, args])
                    }
                }
            }

            /// Set state information for unpickling.
            #[pymethod(sig = "($self, object, /)")]
            fn __setstate__(&self, object: isize) {
                if let Some(s) = self.string.get() {
                    self.index.set((object.max(0) as usize).min(s.len()));
                }
            }
        }
    };
}

iterator!(
    /// `str_ascii_iterator`
    StrAsciiIter, STR_ASCII_ITER, STR_ASCII_ITER_METHODS, "str_ascii_iterator",
    vm, s, i => s.raw_bytes().get(i).map(|&c| vm.latin1_char(c))
);

iterator!(
    /// `str_iterator`
    StrIter, STR_ITER, STR_ITER_METHODS, "str_iterator",
    vm, s, i => match s.text().get(i) {
        Some(c) => Some(vm.char_str(c)?),
        None => None,
    }
);

/// `iter(s)`
pub fn new(vm: &Vm, s: &Ref<Str>) -> PyResult<Value> {
    let string = PyCell::new(Some(s.clone()));
    let index = Cell::new(0);
    Ok(if s.is_ascii() {
        vm.new(StrAsciiIter { string, index })?.into_value()
    } else {
        vm.new(StrIter { string, index })?.into_value()
    })
}
