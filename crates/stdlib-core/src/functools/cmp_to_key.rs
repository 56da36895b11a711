//! What `cmp_to_key` gives: a callable that wraps an object so that it compares as a function says.

use taipan_macros::pymethods;
use taipan_object::{CompareOp, Payload, PyCell, PyResult, Ref, TypeSpec, Value, Vm, tpflags};

/// The payload of `KeyWrapper`: the key function itself, and each key.
pub struct KeyWrapper {
    cmp: Value,
    /// The wrapped object; the key function has none.
    object: PyCell<Option<Value>>,
}

owns!(KeyWrapper: cleared(object) values(cmp));

/// `KeyWrapper`
pub static KEY_WRAPPER: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    parts: &[&KEY_WRAPPER_METHODS],
    ..TypeSpec::new("KeyWrapper", "functools", <KeyWrapper as Payload>::layout)
};

/// The key function of a comparison function.
pub fn wrapper(vm: &Vm, cmp: Value) -> PyResult {
    let object = PyCell::new(None);
    Ok(vm.new(KeyWrapper { cmp, object })?.into_value())
}

#[pymethods(KEY_WRAPPER_METHODS)]
impl KeyWrapper {
    #[pyslot(name = "K", params = "(obj)")]
    fn tp_call(vm: &Vm, this: &Ref<Self>, obj: Value) -> PyResult<Ref<KeyWrapper>> {
        vm.new(KeyWrapper {
            cmp: this.cmp.clone(),
            object: PyCell::new(Some(obj)),
        })
    }

    #[pyslot]
    fn tp_richcompare(vm: &Vm, this: &Ref<Self>, other: &Value, op: CompareOp) -> PyResult {
        let Some(other) = other.downcast_ref::<KeyWrapper>() else {
            return Err(vm.type_error("other argument must be K instance"));
        };
        let (Some(x), Some(y)) = (this.object.get(), other.object.get()) else {
            return Err(vm.raise_new(&vm.exc().AttributeError, "object"));
        };
        let order = vm.call_pos(&this.cmp, &[x, y])?;
        match order.as_small_int() {
            Some(i) => Ok(vm.bool(op.matches(i.cmp(&0)))),
            None => vm.rich_compare(&order, &Value::from_i32(0), op),
        }
    }

    /// Value wrapped by a key function.
    #[member]
    fn obj(&self) -> Option<Value> {
        self.object.get()
    }

    #[setter(obj)]
    fn set_obj(&self, value: Option<&Value>) {
        self.object.set(value.cloned());
    }
}
