//! `function` and `code` as Python types.

use taipan_macros::pymethods;
use taipan_object::{Args, Payload, PyResult, Ref, TypeSpec, Value, Vm, tpflags};

use crate::code::Code;
use crate::function::Function;

/// `function`
pub static FUNCTION: TypeSpec = TypeSpec {
    parts: &[&FUNCTION_METHODS],
    flags: tpflags::METHOD_DESCRIPTOR | tpflags::HAVE_VECTORCALL,
    has_dict: true,
    has_weakref: true,
    ..TypeSpec::new("function", "builtins", <Function as Payload>::layout)
};

/// `code`
pub static CODE: TypeSpec = TypeSpec {
    parts: &[&CODE_METHODS],
    has_weakref: true,
    ..TypeSpec::new("code", "builtins", <Code as Payload>::layout)
};

fn opt(vm: &Vm, v: Option<Value>) -> Value {
    v.unwrap_or_else(|| vm.none())
}

#[pymethods(FUNCTION_METHODS)]
impl Function {
    #[pyslot]
    fn tp_call(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult {
        crate::eval::call_function(vm, this, args)
    }

    #[pyslot]
    fn tp_repr(this: &Ref<Self>) -> String {
        format!("<function {} at {:#x}>", this.qualname.get().to_string_lossy(), this.as_value().bits())
    }

    #[pyslot]
    fn tp_descr_get(vm: &Vm, this: &Value, obj: Option<&Value>, _owner: &Value) -> PyResult {
        match obj {
            Some(o) => crate::glue::bind_method(vm, this, o),
            None => Ok(this.clone()),
        }
    }

    #[getter(__name__)]
    fn name(this: &Ref<Self>) -> Value {
        this.name.get().into_value()
    }

    #[getter(__qualname__)]
    fn qualname(this: &Ref<Self>) -> Value {
        this.qualname.get().into_value()
    }

    #[getter(__code__)]
    fn code(this: &Ref<Self>) -> Value {
        this.code.get().into_value()
    }

    #[getter(__globals__)]
    fn globals(this: &Ref<Self>) -> Value {
        this.globals.as_value().clone()
    }

    #[getter(__builtins__)]
    fn builtins(this: &Ref<Self>) -> Value {
        this.builtins.as_value().clone()
    }

    #[getter(__closure__)]
    fn closure(vm: &Vm, this: &Ref<Self>) -> Value {
        opt(vm, this.closure.get().map(Ref::into_value))
    }

    #[getter(__defaults__)]
    fn defaults(vm: &Vm, this: &Ref<Self>) -> Value {
        opt(vm, this.defaults.get().map(Ref::into_value))
    }

    #[getter(__kwdefaults__)]
    fn kwdefaults(vm: &Vm, this: &Ref<Self>) -> Value {
        opt(vm, this.kwdefaults.get().map(Ref::into_value))
    }

    #[getter(__doc__)]
    fn doc(this: &Ref<Self>) -> Value {
        this.doc.get()
    }

    #[setter(__doc__)]
    fn set_doc(vm: &Vm, this: &Ref<Self>, value: Option<&Value>) {
        this.doc.set(value.cloned().unwrap_or_else(|| vm.none()));
    }

    #[getter(__module__)]
    fn module(this: &Ref<Self>) -> Value {
        this.module.get()
    }

    #[setter(__module__)]
    fn set_module(vm: &Vm, this: &Ref<Self>, value: Option<&Value>) {
        this.module.set(value.cloned().unwrap_or_else(|| vm.none()));
    }
}

#[pymethods(CODE_METHODS)]
impl Code {
    #[pyslot]
    fn tp_repr(this: &Ref<Self>) -> String {
        format!(
            "<code object {} at {:#x}, file \"{}\", line {}>",
            this.name.to_string_lossy(),
            this.as_value().bits(),
            this.filename.to_string_lossy(),
            this.co.firstlineno
        )
    }

    #[getter(co_name)]
    fn co_name(this: &Ref<Self>) -> Value {
        this.name.as_value().clone()
    }

    #[getter(co_filename)]
    fn co_filename(this: &Ref<Self>) -> Value {
        this.filename.as_value().clone()
    }

    #[getter(co_code)]
    fn co_code(vm: &Vm, this: &Ref<Self>) -> PyResult {
        Ok(vm.new_bytes(&this.co.code)?.into_value())
    }
}
