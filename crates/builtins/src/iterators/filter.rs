//! `filter`

use taipan_macros::pymethods;
use taipan_object::{
    Payload, PyResult, Ref, Traverse, TypeObject, TypeSpec, Value, Visitor, Vm, payload, tpflags,
};

use super::next;
use crate::util;

/// The payload of `filter`.
pub struct Filter {
    /// The predicate; None asks for the items' truth.
    pub func: Value,
    /// The iterator.
    pub iter: Value,
}

payload!(Filter, gc);

impl Traverse for Filter {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(&self.func);
        visit(&self.iter);
    }
}

/// `filter`
pub static FILTER: TypeSpec = TypeSpec {
    doc: Some(
        "Return an iterator yielding those items of iterable for which function(item)\nis true. If function is None, return the items that are true.",
    ),
    text_signature: Some("(function, iterable, /)"),
    flags: tpflags::BASETYPE,
    parts: &[&FILTER_METHODS],
    ..TypeSpec::new("filter", "builtins", <Filter as Payload>::layout)
};

#[pymethods(FILTER_METHODS)]
impl Filter {
    #[pyslot(name = "filter", params = "(function, iterable, /)")]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        function: Value,
        iterable: &Value,
    ) -> PyResult<Ref<Filter>> {
        let iter = vm.iter(iterable)?;
        vm.new_object(
            cls,
            Filter {
                func: function,
                iter,
            },
        )
    }

    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        let by_truth = vm.is_none(&this.func) || this.func.is(vm.types().bool.as_value());
        while let Some(v) = next(vm, &this.iter)? {
            let keep = if by_truth {
                vm.is_true(&v)?
            } else {
                vm.is_true(&vm.call1(&this.func, &v)?)?
            };
            if keep {
                return Ok(Some(v));
            }
        }
        Ok(None)
    }

    /// Return state information for pickling.
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let ty = vm.type_of(this.as_value()).to_ref().into_value();
        let args = util::tuple(vm, [this.func.clone(), this.iter.clone()])?;
        util::tuple(vm, [ty, args])
    }
}
