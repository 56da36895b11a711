//! `groupby` and the iterators over its groups.

use std::cell::Cell;

use taipan_macros::pymethods;
use taipan_object::{Payload, PyCell, PyResult, Ref, TypeObject, TypeSpec, Value, Vm, tpflags};

/// The payload of `groupby`.
pub struct GroupBy {
    it: Value,
    /// The function; None gives the item itself.
    key: Value,
    target_key: PyCell<Option<Value>>,
    current_key: PyCell<Option<Value>>,
    current_value: PyCell<Option<Value>>,
    /// Bits of the group that may still take items: compared only, never followed.
    current_group: Cell<u64>,
}

owns!(GroupBy: cleared(target_key current_key current_value) values(it key));

/// `groupby`
pub static GROUPBY: TypeSpec = TypeSpec {
    text_signature: Some("(iterable, key=None)"),
    parts: &[&GROUPBY_METHODS],
    ..super::iterator(
        "groupby",
        "make an iterator that returns consecutive keys and groups from the iterable\n\n  iterable\n    Elements to divide into groups according to the key function.\n  key\n    A function for computing the group category for each element.\n    If the key function is not specified or is None, the element itself\n    is used for grouping.",
        <GroupBy as Payload>::layout,
    )
};

impl GroupBy {
    /// Takes the next item and its key; false at the end.
    fn step(&self, vm: &Vm) -> PyResult<bool> {
        let Some(value) = vm.next(&self.it)? else {
            return Ok(false);
        };
        let key = if vm.is_none(&self.key) {
            value.clone()
        } else {
            vm.call1(&self.key, &value)?
        };
        self.current_value.set(Some(value));
        self.current_key.set(Some(key));
        Ok(true)
    }
}

#[pymethods(GROUPBY_METHODS)]
impl GroupBy {
    #[pyslot(name = "groupby", params = "(iterable, key=None)")]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        iterable: &Value,
        key: Value,
    ) -> PyResult<Ref<GroupBy>> {
        let it = vm.iter(iterable)?;
        vm.new_object(
            cls,
            GroupBy {
                it,
                key,
                target_key: PyCell::new(None),
                current_key: PyCell::new(None),
                current_value: PyCell::new(None),
                current_group: Cell::new(0),
            },
        )
    }

    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        this.current_group.set(0);
        let key = loop {
            // Skips what is left of the present group.
            if let Some(current) = this.current_key.get() {
                let Some(target) = this.target_key.get() else {
                    break current;
                };
                if !vm.eq(&target, &current)? {
                    break current;
                }
            }
            if !this.step(vm)? {
                return Ok(None);
            }
        };
        this.target_key.set(Some(key.clone()));
        let group = new_group(vm, this, key.clone())?;
        vm.new_tuple_array([key, group])
            .map(|t| Some(t.into_value()))
    }
}

/// The payload of `_grouper`.
pub struct Grouper {
    parent: Ref<GroupBy>,
    key: Value,
}

owns!(Grouper: values(key) refs(parent));

/// `_grouper`
pub static GROUPER: TypeSpec = TypeSpec {
    parts: &[&GROUPER_METHODS],
    flags: tpflags::IMMUTABLETYPE,
    ..TypeSpec::new("_grouper", "itertools", <Grouper as Payload>::layout)
};

fn new_group(vm: &Vm, parent: &Ref<GroupBy>, key: Value) -> PyResult {
    let group = vm.new(Grouper {
        parent: parent.clone(),
        key,
    })?;
    parent.current_group.set(group.as_value().bits());
    Ok(group.into_value())
}

#[pymethods(GROUPER_METHODS)]
impl Grouper {
    #[pyslot(name = "_grouper", params = "(parent, tgtkey, /)")]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, parent: &Ref<GroupBy>, tgtkey: Value) -> PyResult {
        let _ = cls;
        new_group(vm, parent, tgtkey)
    }

    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        let parent = &this.parent;
        if parent.current_group.get() != this.as_value().bits() {
            return Ok(None);
        }
        if !parent.current_value.is_some() && !parent.step(vm)? {
            return Ok(None);
        }
        let Some(current) = parent.current_key.get() else {
            return Ok(None);
        };
        if !vm.eq(&this.key, &current)? {
            return Ok(None);
        }
        Ok(parent.current_value.take())
    }
}
