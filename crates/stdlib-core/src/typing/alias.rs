//! `TypeAliasType`: what `type X = ..` makes.

use taipan_builtins::generic::union;
use taipan_macros::pymethods;
use taipan_object::{
    Payload, PyResult, Ref, Str, Traverse, Tuple, TypeObject, TypeSpec, Value, Visitor, Vm, payload,
};

use super::params::{common_of, has_default, shown_parameters};
use super::{Deferred, caller_module, iter_one, unpacked};

/// The payload of `TypeAliasType`.
pub struct TypeAlias {
    name: Ref<Str>,
    /// `None` for an alias without parameters.
    params: Option<Ref<Tuple>>,
    value: Deferred,
    module: Option<Value>,
}

payload!(TypeAlias, gc);

impl Traverse for TypeAlias {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(self.name.as_value());
        if let Some(p) = &self.params {
            visit(p.as_value());
        }
        self.value.visit(visit);
        if let Some(m) = &self.module {
            visit(m);
        }
    }
    fn clear(&self) {
        self.value.clear();
    }
}

/// `TypeAliasType`
pub static TYPE_ALIAS: TypeSpec = TypeSpec {
    doc: Some(
        "Type alias.\n\nType aliases are created through the type statement::\n\n    type Alias = int",
    ),
    parts: &[&TYPE_ALIAS_METHODS],
    ..TypeSpec::new("TypeAliasType", "typing", <TypeAlias as Payload>::layout)
};

/// The alias of a `type` statement: its name, its parameters or None, and the function that computes its value.
pub fn from_parts(vm: &Vm, parts: &Ref<Tuple>) -> PyResult {
    let [name, params, compute] = parts.as_slice() else {
        return Err(vm.system_error("a type alias has three parts"));
    };
    let Some(name) = name.downcast_ref::<Str>() else {
        return Err(vm.type_error("TypeAliasType name must be a string"));
    };
    let alias = TypeAlias {
        name: name.clone(),
        params: params.downcast_ref::<Tuple>().cloned(),
        value: Deferred::by(compute.clone()),
        module: None,
    };
    Ok(vm.new(alias)?.into_value())
}

fn check_params(vm: &Vm, params: &Ref<Tuple>) -> PyResult<()> {
    let mut default_seen = false;
    for p in params.as_slice() {
        if common_of(p).is_none() {
            let text = vm.repr_string(p)?;
            return Err(vm.type_error(&format!("Expected a type param, got {text}")));
        }
        if has_default(vm, p)? {
            default_seen = true;
        } else if default_seen {
            let text = vm.repr_string(p)?;
            return Err(vm.type_error(&format!(
                "non-default type parameter '{text}' follows default type parameter"
            )));
        }
    }
    Ok(())
}

#[pymethods(TYPE_ALIAS_METHODS)]
impl TypeAlias {
    #[pyslot(
        name = "typealias",
        params = "(name, value, *, type_params=<unrepresentable>)"
    )]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        name: &Ref<Str>,
        value: Value,
        type_params: Option<&Value>,
    ) -> PyResult<Ref<TypeAlias>> {
        let params = match type_params {
            None => None,
            Some(v) => match v.downcast_ref::<Tuple>() {
                Some(t) => {
                    check_params(vm, t)?;
                    Some(t.clone()).filter(|t| !t.is_empty())
                }
                None => return Err(vm.type_error("type_params must be a tuple")),
            },
        };
        let module = caller_module(vm)?;
        vm.new_object(
            cls,
            TypeAlias {
                name: name.clone(),
                params,
                value: Deferred::of(Some(value)),
                module,
            },
        )
    }

    #[pyslot]
    fn tp_repr(this: &Ref<Self>) -> Ref<Str> {
        this.name.clone()
    }

    #[pyslot]
    fn tp_iter(vm: &Vm, this: &Ref<Self>) -> PyResult {
        iter_one(vm, unpacked(vm, this.as_value())?)
    }

    #[pyslot]
    fn nb_or(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        union::from_args(vm, &[a.clone(), b.clone()], true)
    }

    #[pyslot]
    fn mp_subscript(vm: &Vm, this: &Ref<Self>, args: &Value) -> PyResult {
        if this.params.is_none() {
            return Err(vm.type_error("Only generic type aliases are subscriptable"));
        }
        vm.generic_alias(this.as_value(), args)
    }

    #[pymethod(sig = "($self, /)")]
    fn __reduce__(&self) -> Ref<Str> {
        self.name.clone()
    }

    #[member]
    fn __name__(&self) -> Ref<Str> {
        self.name.clone()
    }

    #[getter]
    fn __value__(&self, vm: &Vm) -> PyResult<Option<Value>> {
        self.value.get(vm)
    }

    #[getter]
    fn evaluate_value(&self, vm: &Vm) -> PyResult {
        self.value.evaluator(vm)
    }

    #[getter]
    fn __type_params__(&self, vm: &Vm) -> PyResult<Ref<Tuple>> {
        match &self.params {
            Some(p) => Ok(p.clone()),
            None => vm.new_tuple(Vec::new()),
        }
    }

    #[getter]
    fn __parameters__(&self, vm: &Vm) -> PyResult<Ref<Tuple>> {
        match &self.params {
            Some(p) => shown_parameters(vm, p),
            None => vm.new_tuple(Vec::new()),
        }
    }

    #[getter]
    fn __module__(&self, vm: &Vm) -> PyResult<Option<Value>> {
        match (&self.module, self.value.evaluate.get()) {
            (Some(m), _) => Ok(Some(m.clone())),
            (None, Some(f)) => vm.getattr_opt(&f, &vm.names().__module__),
            (None, None) => Ok(None),
        }
    }
}
