//! `function` as a Python type. Its payload is in `function.rs`, calls are in `eval/calls.rs`.

mod attributes;
mod construct;

use std::cell::RefCell;

use taipan_macros::pymethods;
use taipan_object::{
    Args, ClassPart, GetSetDef, Payload, PyResult, Ref, TypeObject, TypeSpec, Value, Vm, tpflags,
};

use crate::code_type::readonly;
use crate::function::Function;

/// `function`
pub static FUNCTION: TypeSpec = TypeSpec {
    doc: Some(
        "Create a function object.\n\n  code\n    a code object\n  globals\n    the globals dictionary\n  name\n    a string that overrides the name from the code object\n  argdefs\n    a tuple that specifies the default argument values\n  closure\n    a tuple that supplies the bindings for free variables\n  kwdefaults\n    a dictionary that specifies the default keyword argument values",
    ),
    text_signature: Some(
        "(code, globals, name=None, argdefs=None, closure=None,\n         kwdefaults=None)",
    ),
    parts: &[&FUNCTION_METHODS, &FUNCTION_MEMBERS],
    flags: tpflags::METHOD_DESCRIPTOR | tpflags::HAVE_VECTORCALL,
    has_dict: true,
    has_weakref: true,
    ..TypeSpec::new("function", "builtins", <Function as Payload>::layout)
};

/// Code objects that functions had: a frame that still runs one refers to it without holding it.
#[derive(Default)]
pub(crate) struct RetiredCode(pub(crate) RefCell<Vec<Value>>);

fn function_of<'a>(vm: &Vm, v: &'a Value) -> PyResult<&'a Ref<Function>> {
    v.downcast_ref::<Function>()
        .ok_or_else(|| vm.type_error("a function object is required"))
}

fn opt(vm: &Vm, v: Option<Value>) -> Value {
    v.unwrap_or_else(|| vm.none())
}

macro_rules! members {
    ($($name:literal: |$vm:ident, $f:ident| $e:expr;)*) => {
        &[$(GetSetDef {
            name: $name,
            doc: None,
            get: Some(|$vm, v| { let $f = function_of($vm, v)?; Ok($e) }),
            set: Some(readonly),
            member: true,
        },)*]
    };
}

static FUNCTION_MEMBERS: ClassPart = ClassPart {
    methods: &[],
    slots: &[],
    getset: members! {
        "__closure__": |vm, f| opt(vm, f.closure.get().map(Ref::into_value));
        "__globals__": |_vm, f| f.globals.as_value().clone();
        "__builtins__": |_vm, f| f.builtins.as_value().clone();
    },
};

#[pymethods(FUNCTION_METHODS)]
impl Function {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
        let _ = cls;
        construct::new(vm, args)
    }

    #[pyslot]
    fn tp_call(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult {
        crate::eval::call_function(vm, this, args)
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let mut text = taipan_text::TextBuf::new();
        text.push_str("<function ");
        text.push_text(this.qualname.get().text());
        text.push_str(&format!(" at {:#x}>", this.as_value().bits()));
        Ok(vm.new_str_buf(&text)?.into_value())
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

    #[setter(__name__)]
    fn set_name(vm: &Vm, this: &Ref<Self>, value: Option<&Value>) -> PyResult<()> {
        attributes::set_name(vm, &this.name, "__name__", value)
    }

    #[getter(__qualname__)]
    fn qualname(this: &Ref<Self>) -> Value {
        this.qualname.get().into_value()
    }

    #[setter(__qualname__)]
    fn set_qualname(vm: &Vm, this: &Ref<Self>, value: Option<&Value>) -> PyResult<()> {
        attributes::set_name(vm, &this.qualname, "__qualname__", value)
    }

    #[getter(__code__)]
    fn code(this: &Ref<Self>) -> Value {
        this.code.get().into_value()
    }

    #[setter(__code__)]
    fn set_code(vm: &Vm, this: &Ref<Self>, value: Option<&Value>) -> PyResult<()> {
        attributes::set_code(vm, this, value)
    }

    #[getter(__defaults__)]
    fn defaults(vm: &Vm, this: &Ref<Self>) -> Value {
        opt(vm, this.defaults.get().map(Ref::into_value))
    }

    #[setter(__defaults__)]
    fn set_defaults(vm: &Vm, this: &Ref<Self>, value: Option<&Value>) -> PyResult<()> {
        attributes::set_defaults(vm, this, value)
    }

    #[getter(__kwdefaults__)]
    fn kwdefaults(vm: &Vm, this: &Ref<Self>) -> Value {
        opt(vm, this.kwdefaults.get().map(Ref::into_value))
    }

    #[setter(__kwdefaults__)]
    fn set_kwdefaults(vm: &Vm, this: &Ref<Self>, value: Option<&Value>) -> PyResult<()> {
        attributes::set_kwdefaults(vm, this, value)
    }

    /// Dict of annotations in a function object.
    #[getter(__annotations__)]
    fn annotations(vm: &Vm, this: &Ref<Self>) -> PyResult {
        attributes::annotations(vm, this)
    }

    #[setter(__annotations__)]
    fn set_annotations(vm: &Vm, this: &Ref<Self>, value: Option<&Value>) -> PyResult<()> {
        attributes::set_annotations(vm, this, value)
    }

    /// Get the code object for a function.
    #[getter(__annotate__)]
    fn annotate(vm: &Vm, this: &Ref<Self>) -> Value {
        opt(vm, this.annotate.get())
    }

    #[setter(__annotate__)]
    fn set_annotate(vm: &Vm, this: &Ref<Self>, value: Option<&Value>) -> PyResult<()> {
        attributes::set_annotate(vm, this, value)
    }

    /// Get the declared type parameters for a function.
    #[getter(__type_params__)]
    fn type_params(vm: &Vm, this: &Ref<Self>) -> PyResult {
        match this.type_params.get() {
            Some(v) => Ok(v),
            None => Ok(vm.new_tuple(Vec::new())?.into_value()),
        }
    }

    #[setter(__type_params__)]
    fn set_type_params(vm: &Vm, this: &Ref<Self>, value: Option<&Value>) -> PyResult<()> {
        attributes::set_type_params(vm, this, value)
    }

    #[getter(__dict__)]
    fn dict(vm: &Vm, this: &Value) -> PyResult {
        attributes::dict(vm, this)
    }

    #[setter(__dict__)]
    fn set_dict(vm: &Vm, this: &Value, value: Option<&Value>) -> PyResult<()> {
        attributes::set_dict(vm, this, value)
    }

    #[getter(__doc__)]
    fn doc(vm: &Vm, this: &Ref<Self>) -> PyResult {
        this.docstring(vm)
    }

    #[setter(__doc__)]
    fn set_doc(vm: &Vm, this: &Ref<Self>, value: Option<&Value>) {
        this.doc
            .set(Some(value.cloned().unwrap_or_else(|| vm.none())));
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
