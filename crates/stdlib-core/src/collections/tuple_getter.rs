//! `_tuplegetter`: the descriptor of a named tuple's field.

use taipan_builtins::util;
use taipan_macros::pymethods;
use taipan_object::{Payload, PyCell, PyResult, Ref, Str, Tuple, TypeObject, TypeSpec, Value, Vm};
use taipan_text::TextBuf;

/// The payload of `_tuplegetter`.
pub struct TupleGetter {
    index: isize,
    doc: PyCell<Value>,
}

owns!(TupleGetter: cells(doc));

/// `_tuplegetter`
pub static TUPLE_GETTER: TypeSpec = TypeSpec {
    parts: &[&TUPLE_GETTER_METHODS],
    ..TypeSpec::new(
        "_tuplegetter",
        "collections",
        <TupleGetter as Payload>::layout,
    )
};

#[pymethods(TUPLE_GETTER_METHODS)]
impl TupleGetter {
    #[pyslot(name = "_tuplegetter", params = "(index, doc, /)")]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        index: isize,
        doc: Value,
    ) -> PyResult<Ref<TupleGetter>> {
        let doc = PyCell::new(doc);
        vm.new_object(cls, TupleGetter { index, doc })
    }

    #[pyslot]
    fn tp_descr_get(
        vm: &Vm,
        this: &Ref<Self>,
        instance: Option<&Value>,
        owner: &Value,
    ) -> PyResult {
        let _ = owner;
        let Some(instance) = instance.filter(|v| !vm.is_none(v)) else {
            return Ok(this.as_value().clone());
        };
        let Some(t) = instance.downcast_ref::<Tuple>() else {
            return Err(vm.type_error(&format!(
                "descriptor for index '{}' for tuple subclasses doesn't apply to '{}' object",
                this.index,
                vm.type_name(instance)
            )));
        };
        usize::try_from(this.index)
            .ok()
            .and_then(|i| t.get(i))
            .ok_or_else(|| vm.index_error("tuple index out of range"))
    }

    #[pyslot]
    fn tp_descr_set(
        vm: &Vm,
        this: &Ref<Self>,
        instance: &Value,
        value: Option<&Value>,
    ) -> PyResult<()> {
        let _ = (this, instance);
        let message = match value {
            Some(_) => "can't set attribute",
            None => "can't delete attribute",
        };
        Err(vm.raise_new(&vm.exc().AttributeError, message))
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Str>> {
        let mut out = TextBuf::default();
        out.push_str(&crate::util::bare_name(vm, this.as_value()));
        out.push_str(&format!("({}, ", this.index));
        util::push_repr(vm, &mut out, &this.doc.get())?;
        out.push_str(")");
        vm.new_str_buf(&out)
    }

    /// Return state information for pickling.
    #[pymethod]
    fn __reduce__(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let ty = vm.type_of(this.as_value()).to_ref().into_value();
        let args = util::tuple(vm, [vm.new_int(this.index as i64)?, this.doc.get()])?;
        util::tuple(vm, [ty, args])
    }

    #[member]
    fn __doc__(&self) -> Value {
        self.doc.get()
    }

    #[setter(__doc__)]
    fn set_doc(&self, vm: &Vm, value: Option<&Value>) {
        self.doc.set(value.cloned().unwrap_or_else(|| vm.none()));
    }
}
