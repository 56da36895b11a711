//! `tee`: independent iterators over one iterator's items, which wait in a list of blocks for the slowest of them.

use std::cell::Cell;

use taipan_macros::{pyfunctions, pymethods};
use taipan_object::{
    Payload, PyCell, PyResult, Ref, Tuple, TypeObject, TypeSpec, Value, VecCell, Vm,
};

/// Items of a block.
const BLOCK: usize = 57;

/// The payload of `_tee_dataobject`: a block of items and the way to the next one.
pub struct TeeData {
    it: Value,
    values: VecCell,
    next: PyCell<Option<Ref<TeeData>>>,
    running: Cell<bool>,
}

owns!(TeeData: cleared(next) cells(values) values(it));

/// `_tee_dataobject`
pub static TEE_DATA: TypeSpec = TypeSpec {
    doc: Some("Data container common to multiple tee objects."),
    parts: &[&TEE_DATA_METHODS],
    ..TypeSpec::new("_tee_dataobject", "itertools", <TeeData as Payload>::layout)
};

impl TeeData {
    fn new(it: Value) -> TeeData {
        TeeData {
            it,
            values: VecCell::new(Vec::new()),
            next: PyCell::new(None),
            running: Cell::new(false),
        }
    }

    fn item(&self, vm: &Vm, i: usize) -> PyResult<Option<Value>> {
        if let Some(v) = self.values.get(i) {
            return Ok(Some(v));
        }
        if self.running.replace(true) {
            return Err(vm.runtime_error("cannot re-enter the tee iterator"));
        }
        let found = vm.next(&self.it);
        self.running.set(false);
        let Some(v) = found? else {
            return Ok(None);
        };
        if self.values.push(v.clone()) {
            Ok(Some(v))
        } else {
            Err(vm.no_memory())
        }
    }

    fn next_block(&self, vm: &Vm) -> PyResult<Ref<TeeData>> {
        if let Some(next) = self.next.get() {
            return Ok(next);
        }
        let next = vm.new(TeeData::new(self.it.clone()))?;
        self.next.set(Some(next.clone()));
        Ok(next)
    }
}

#[pymethods(TEE_DATA_METHODS)]
impl TeeData {
    #[pyslot(name = "teedataobject", params = "(iterable, values, next, /)")]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        iterable: &Value,
        values: &Ref<taipan_object::List>,
        next: &Value,
    ) -> PyResult<Ref<TeeData>> {
        let data = vm.new_object(cls, TeeData::new(iterable.clone()))?;
        let items = values.to_vec();
        let full = items.len() == BLOCK;
        if items.len() > BLOCK {
            return Err(vm.value_error("Invalid arguments"));
        }
        drop(data.values.replace(items));
        if full {
            if vm.is_none(next) {
                return Ok(data);
            }
            let Some(next) = next.downcast_ref::<TeeData>() else {
                return Err(vm.value_error("Invalid arguments"));
            };
            data.next.set(Some(next.clone()));
        } else if !vm.is_none(next) {
            return Err(vm.value_error("Invalid arguments"));
        }
        Ok(data)
    }
}

/// The payload of `_tee`.
pub struct Tee {
    data: PyCell<Ref<TeeData>>,
    index: Cell<usize>,
}

owns!(Tee: cells(data));

/// `_tee`
pub static TEE: TypeSpec = TypeSpec {
    doc: Some("Iterator wrapped to make it copyable."),
    text_signature: Some("(iterable, /)"),
    has_weakref: true,
    parts: &[&TEE_METHODS],
    ..TypeSpec::new("_tee", "itertools", <Tee as Payload>::layout)
};

fn copy(vm: &Vm, tee: &Ref<Tee>) -> PyResult<Ref<Tee>> {
    vm.new(Tee {
        data: PyCell::new(tee.data.get()),
        index: Cell::new(tee.index.get()),
    })
}

fn from_iterable(vm: &Vm, iterable: &Value) -> PyResult<Ref<Tee>> {
    let it = vm.iter(iterable)?;
    if let Some(tee) = it.downcast_ref::<Tee>() {
        return copy(vm, tee);
    }
    let data = vm.new(TeeData::new(it))?;
    vm.new(Tee {
        data: PyCell::new(data),
        index: Cell::new(0),
    })
}

#[pymethods(TEE_METHODS)]
impl Tee {
    #[pyslot(name = "_tee", params = "(iterable, /)")]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, iterable: &Value) -> PyResult<Ref<Tee>> {
        let _ = cls;
        from_iterable(vm, iterable)
    }

    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        if this.index.get() >= BLOCK {
            let next = this.data.get().next_block(vm)?;
            this.data.set(next);
            this.index.set(0);
        }
        let found = this.data.get().item(vm, this.index.get())?;
        if found.is_some() {
            this.index.set(this.index.get() + 1);
        }
        Ok(found)
    }

    /// Returns an independent iterator.
    #[pymethod(sig = "($self, /)")]
    fn __copy__(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Tee>> {
        copy(vm, this)
    }
}

/// The module's function.
#[pyfunctions(FUNCTIONS)]
pub mod functions {
    use super::*;

    /// Returns a tuple of n independent iterators.
    #[pyfunction(sig = "($module, iterable, n=2, /)")]
    fn tee(vm: &Vm, iterable: &Value, n: isize) -> PyResult<Ref<Tuple>> {
        let Ok(n) = usize::try_from(n) else {
            return Err(vm.value_error("n must be >= 0"));
        };
        let mut out = Vec::new();
        if out.try_reserve(n).is_err() {
            return Err(vm.no_memory());
        }
        if n == 0 {
            return vm.new_tuple(out);
        }
        let it = vm.iter(iterable)?;
        let copy_name = vm.names().__copy__.clone();
        let copier = match vm.getattr_opt(&it, &copy_name)? {
            Some(f) => f,
            None => {
                let first = from_iterable(vm, &it)?.into_value();
                vm.getattr(&first, &copy_name)?
            }
        };
        for _ in 0..n {
            out.push(vm.call0(&copier)?);
        }
        vm.new_tuple(out)
    }
}
