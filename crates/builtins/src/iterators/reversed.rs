//! `reversed`, for objects that have no `__reversed__` of their own.

use std::cell::Cell;

use taipan_macros::pymethods;
use taipan_object::{
    Args, Dict, Payload, PyCell, PyResult, Ref, Traverse, TypeObject, TypeSpec, Value, Visitor, Vm,
    payload, tpflags,
};

use super::nameless::{ends_iteration, item_at};
use crate::util;

/// The payload of `reversed`.
pub struct Reversed {
    /// The sequence; `None` at the end.
    pub seq: PyCell<Option<Value>>,
    /// The next index, -1 at the end.
    pub index: Cell<isize>,
}

payload!(Reversed, gc);

impl Traverse for Reversed {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.seq.visit(visit);
    }
    fn clear(&self) {
        self.seq.set(None);
    }
}

/// `reversed`
pub static REVERSED: TypeSpec = TypeSpec {
    doc: Some("Return a reverse iterator over the values of the given sequence."),
    text_signature: Some("(sequence, /)"),
    flags: tpflags::BASETYPE,
    parts: &[&REVERSED_METHODS],
    ..TypeSpec::new("reversed", "builtins", <Reversed as Payload>::layout)
};

#[pymethods(REVERSED_METHODS)]
impl Reversed {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
        let given = taipan_object::bind::constructor_positional(
            vm,
            "reversed",
            cls.as_value(),
            1,
            1,
            args,
        )?;
        let Some(seq) = given.first() else {
            return Err(vm.system_error("reversed without an argument"));
        };
        let method = vm.lookup_special(seq, &vm.names().__reversed__);
        if method.as_ref().is_none_or(|m| !vm.is_none(m))
            && let Some(f) = vm.special(seq, &vm.names().__reversed__)?
        {
            return vm.call0(&f);
        }
        let slots = &vm.type_of(seq).payload.slots;
        if method.is_some() || slots.sq_item.get().is_none() || seq.downcast_ref::<Dict>().is_some()
        {
            return Err(util::type_error_for(
                vm,
                "'",
                seq,
                "' object is not reversible",
            ));
        }
        let n = vm.len(seq)? as isize;
        vm.new_object(
            cls,
            Reversed {
                seq: PyCell::new(Some(seq.clone())),
                index: Cell::new(n - 1),
            },
        )
        .map(Ref::into_value)
    }

    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(&self, vm: &Vm) -> PyResult<Option<Value>> {
        let i = self.index.get();
        if i >= 0
            && let Some(seq) = self.seq.get()
        {
            match item_at(vm, &seq, i) {
                Ok(v) => {
                    self.index.set(i - 1);
                    return Ok(Some(v));
                }
                Err(r) => ends_iteration(vm, r)?,
            }
        }
        self.index.set(-1);
        self.seq.set(None);
        Ok(None)
    }

    /// Private method returning an estimate of len(list(it)).
    #[pymethod(sig = "($self, /)")]
    fn __length_hint__(&self, vm: &Vm) -> PyResult<usize> {
        let Some(seq) = self.seq.get() else {
            return Ok(0);
        };
        let n = vm.len(&seq)?;
        let left = (self.index.get() + 1) as usize;
        Ok(if n < left { 0 } else { left })
    }

    /// Return state information for pickling.
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let ty = vm.type_of(this.as_value()).to_ref().into_value();
        match this.seq.get() {
            Some(s) => {
                let args = util::tuple(vm, [s])?;
                util::tuple(vm, [ty, args, vm.new_int(this.index.get() as i64)?])
            }
            None => {
                let empty = vm.new_tuple(Vec::new())?.into_value();
                let args = util::tuple(vm, [empty])?;
                util::tuple(vm, [ty, args])
            }
        }
    }

    /// Set state information for unpickling.
    #[pymethod(sig = "($self, object, /)")]
    fn __setstate__(&self, vm: &Vm, object: isize) -> PyResult<()> {
        if let Some(seq) = self.seq.get() {
            let n = vm.len(&seq)? as isize;
            self.index.set(object.clamp(-1, n - 1));
        }
        Ok(())
    }
}
