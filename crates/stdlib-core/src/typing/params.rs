//! `TypeVar`, `ParamSpec`, `TypeVarTuple`, and `ParamSpecArgs` and `ParamSpecKwargs`.

use taipan_builtins::generic::union;
use taipan_macros::pymethods;
use taipan_object::{
    CompareOp, Payload, PyResult, Ref, Str, Traverse, Tuple, TypeObject, TypeSpec, Value, Visitor,
    Vm, payload,
};

use super::{Deferred, call_typing, caller_module, iter_one, no_default, no_subclass, unpacked};

/// What the three kinds of type parameters have in common.
pub struct Common {
    name: Ref<Str>,
    bound: Deferred,
    constraints: Deferred,
    pub(super) default: Deferred,
    variance: Variance,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Variance {
    Invariant,
    Covariant,
    Contravariant,
    Inferred,
}

impl Common {
    fn visit_all(&self, visit: &mut Visitor<'_>) {
        visit(self.name.as_value());
        self.bound.visit(visit);
        self.constraints.visit(visit);
        self.default.visit(visit);
    }

    fn clear_all(&self) {
        self.bound.clear();
        self.constraints.clear();
        self.default.clear();
    }

    fn shown(&self) -> String {
        let sign = match self.variance {
            Variance::Invariant => "~",
            Variance::Covariant => "+",
            Variance::Contravariant => "-",
            Variance::Inferred => "",
        };
        format!("{sign}{}", self.name.to_string_lossy())
    }

    fn default_value(&self, vm: &Vm) -> PyResult {
        match self.default.get(vm)? {
            Some(v) => Ok(v),
            None => no_default(vm),
        }
    }

    fn has_default(&self, vm: &Vm) -> PyResult<bool> {
        if self.default.evaluate.is_some() {
            return Ok(true);
        }
        let none = no_default(vm)?;
        Ok(self.default.value.get().is_some_and(|v| !v.is(&none)))
    }
}

/// What a type parameter has in common with the others, if it is one.
pub fn common_of(v: &Value) -> Option<&Common> {
    if let Some(t) = v.downcast_ref::<TypeVar>() {
        return Some(&t.common);
    }
    if let Some(t) = v.downcast_ref::<ParamSpec>() {
        return Some(&t.common);
    }
    v.downcast_ref::<TypeVarTuple>().map(|t| &t.common)
}

/// Whether a parameter has a default.
pub fn has_default(vm: &Vm, v: &Value) -> PyResult<bool> {
    common_of(v).map_or(Ok(false), |c| c.has_default(vm))
}

fn variance(vm: &Vm, covariant: bool, contravariant: bool, infer: bool) -> PyResult<Variance> {
    match (covariant, contravariant, infer) {
        (true, true, _) => Err(vm.value_error("Bivariant types are not supported.")),
        (true, _, true) | (_, true, true) => {
            Err(vm.value_error("Variance cannot be specified with infer_variance."))
        }
        (true, ..) => Ok(Variance::Covariant),
        (_, true, _) => Ok(Variance::Contravariant),
        (.., true) => Ok(Variance::Inferred),
        _ => Ok(Variance::Invariant),
    }
}

fn checked_bound(vm: &Vm, bound: Option<&Value>) -> PyResult<Option<Value>> {
    match bound.filter(|b| !vm.is_none(b)) {
        Some(b) => {
            let message = vm.new_str("Bound must be a type.")?.into_value();
            call_typing(vm, "_type_check", &[b.clone(), message]).map(Some)
        }
        None => Ok(None),
    }
}

fn set_module(vm: &Vm, v: &Value) -> PyResult<()> {
    match caller_module(vm)? {
        Some(module) => vm.setattr(v, &vm.names().__module__, &module),
        None => Ok(()),
    }
}

macro_rules! type_param {
    ($(#[$doc:meta])* $name:ident, $spec:ident, $part:ident, $own:ident, $py:literal, $text:literal) => {
        $(#[$doc])*
        pub struct $name {
            pub(super) common: Common,
        }

        payload!($name, gc);

        impl Traverse for $name {
            fn traverse(&self, visit: &mut Visitor<'_>) {
                self.common.visit_all(visit);
            }
            fn clear(&self) {
                self.common.clear_all();
            }
        }

        #[doc = concat!("`", $py, "`")]
        pub static $spec: TypeSpec = TypeSpec {
            doc: Some($text),
            has_dict: true,
            has_weakref: true,
            parts: &[&$own, &$part],
            ..TypeSpec::new($py, "typing", <$name as Payload>::layout)
        };

        impl $name {
            /// A parameter of a `[..]` list, whose variance is inferred.
            pub fn inferred(vm: &Vm, name: &Ref<Str>, bound: Deferred, constraints: Deferred) -> PyResult {
                let common = Common {
                    name: name.clone(),
                    bound,
                    constraints,
                    default: Deferred::empty(),
                    variance: Variance::Inferred,
                };
                Ok(vm.new($name { common })?.into_value())
            }
        }

        #[pymethods($part)]
        impl $name {
            #[pyslot]
            fn tp_repr(this: &Ref<Self>) -> String {
                this.common.shown()
            }

            #[pymethod(sig = "($self, /)")]
            fn has_default(&self, vm: &Vm) -> PyResult<bool> {
                self.common.has_default(vm)
            }

            #[pymethod(sig = "($self, /)")]
            fn __reduce__(&self) -> Ref<Str> {
                self.common.name.clone()
            }

            #[pymethod(sig = "($self, object, /)")]
            fn __mro_entries__(&self, vm: &Vm, object: &Value) -> PyResult {
                let _ = object;
                no_subclass(vm, $py)
            }

            #[member]
            fn __name__(&self) -> Ref<Str> {
                self.common.name.clone()
            }

            #[getter]
            fn __default__(&self, vm: &Vm) -> PyResult {
                self.common.default_value(vm)
            }

            #[getter]
            fn evaluate_default(&self, vm: &Vm) -> PyResult {
                self.common.default.evaluator(vm)
            }
        }
    };
}

type_param! {
    /// The payload of `TypeVar`.
    TypeVar, TYPE_VAR, TYPE_VAR_SHARED, TYPE_VAR_METHODS, "TypeVar",
    "Type variable.\n\nThe preferred way to construct a type variable is via the dedicated\nsyntax for generic functions, classes, and type aliases::\n\n    class Sequence[T]:  # T is a TypeVar\n        ..."
}

type_param! {
    /// The payload of `ParamSpec`.
    ParamSpec, PARAM_SPEC, PARAM_SPEC_SHARED, PARAM_SPEC_METHODS, "ParamSpec",
    "Parameter specification variable.\n\nThe preferred way to construct a parameter specification is via the\ndedicated syntax for generic functions, classes, and type aliases,\nwhere the use of '**' creates a parameter specification."
}

type_param! {
    /// The payload of `TypeVarTuple`.
    TypeVarTuple, TYPE_VAR_TUPLE, TYPE_VAR_TUPLE_SHARED, TYPE_VAR_TUPLE_METHODS, "TypeVarTuple",
    "Type variable tuple. A specialized form of type variable that enables\nvariadic generics."
}

#[pymethods(TYPE_VAR_METHODS)]
impl TypeVar {
    #[pyslot(
        name = "typevar",
        params = "(name, *constraints, bound=None, default=<unrepresentable>, covariant=False, contravariant=False, infer_variance=False)"
    )]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        name: &Ref<Str>,
        constraints: &[Value],
        bound: Option<&Value>,
        default: Option<&Value>,
        covariant: bool,
        contravariant: bool,
        infer_variance: bool,
    ) -> PyResult<Ref<TypeVar>> {
        let variance = variance(vm, covariant, contravariant, infer_variance)?;
        let bound = checked_bound(vm, bound)?;
        let constraints = match constraints {
            [] => None,
            [_] => return Err(vm.type_error("A single constraint is not allowed")),
            _ if bound.is_some() => {
                return Err(vm.type_error("Constraints cannot be combined with bound=..."));
            }
            many => Some(vm.new_tuple_from(many)?.into_value()),
        };
        let default = match default {
            Some(v) => v.clone(),
            None => no_default(vm)?,
        };
        let common = Common {
            name: name.clone(),
            bound: Deferred::of(bound),
            constraints: Deferred::of(constraints),
            default: Deferred::of(Some(default)),
            variance,
        };
        let made = vm.new_object(cls, TypeVar { common })?;
        set_module(vm, made.as_value())?;
        Ok(made)
    }

    #[pyslot]
    fn nb_or(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        union::from_args(vm, &[a.clone(), b.clone()], true)
    }

    #[pymethod(sig = "($self, arg, /)")]
    fn __typing_subst__(vm: &Vm, this: &Ref<Self>, arg: Value) -> PyResult {
        call_typing(vm, "_typevar_subst", &[this.as_value().clone(), arg])
    }

    #[pymethod(sig = "($self, alias, args, /)")]
    fn __typing_prepare_subst__(
        vm: &Vm,
        this: &Ref<Self>,
        alias: &Value,
        args: &Value,
    ) -> PyResult {
        let parameters = vm.getattr(alias, &vm.names().__parameters__)?;
        let index =
            vm.call_method_str(&parameters, "index", std::slice::from_ref(this.as_value()))?;
        let index = vm.index_isize(&index)?.max(0) as usize;
        let mut items = vm.collect(args)?;
        if index < items.len() {
            return Ok(args.clone());
        }
        if index == items.len() && this.common.has_default(vm)? {
            items.push(this.common.default_value(vm)?);
            return Ok(vm.new_tuple(items)?.into_value());
        }
        let alias = vm.str(alias)?;
        Err(vm.type_error(&format!(
            "Too few arguments for {}",
            alias.to_string_lossy()
        )))
    }

    #[getter]
    fn __bound__(&self, vm: &Vm) -> PyResult<Option<Value>> {
        self.common.bound.get(vm)
    }

    #[getter]
    fn __constraints__(&self, vm: &Vm) -> PyResult {
        match self.common.constraints.get(vm)? {
            Some(v) => Ok(v),
            None => Ok(vm.new_tuple(Vec::new())?.into_value()),
        }
    }

    #[getter]
    fn evaluate_bound(&self, vm: &Vm) -> PyResult {
        self.common.bound.evaluator(vm)
    }

    #[getter]
    fn evaluate_constraints(&self, vm: &Vm) -> PyResult {
        self.common.constraints.evaluator(vm)
    }

    #[member]
    fn __covariant__(&self) -> bool {
        self.common.variance == Variance::Covariant
    }

    #[member]
    fn __contravariant__(&self) -> bool {
        self.common.variance == Variance::Contravariant
    }

    #[member]
    fn __infer_variance__(&self) -> bool {
        self.common.variance == Variance::Inferred
    }
}

#[pymethods(PARAM_SPEC_METHODS)]
impl ParamSpec {
    #[pyslot(
        name = "paramspec",
        params = "(name, *, bound=None, default=<unrepresentable>, covariant=False, contravariant=False, infer_variance=False)"
    )]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        name: &Ref<Str>,
        bound: Option<&Value>,
        default: Option<&Value>,
        covariant: bool,
        contravariant: bool,
        infer_variance: bool,
    ) -> PyResult<Ref<ParamSpec>> {
        let variance = variance(vm, covariant, contravariant, infer_variance)?;
        let bound = checked_bound(vm, bound)?;
        let default = match default {
            Some(v) => v.clone(),
            None => no_default(vm)?,
        };
        let common = Common {
            name: name.clone(),
            bound: Deferred::of(bound),
            constraints: Deferred::empty(),
            default: Deferred::of(Some(default)),
            variance,
        };
        let made = vm.new_object(cls, ParamSpec { common })?;
        set_module(vm, made.as_value())?;
        Ok(made)
    }

    #[pyslot]
    fn nb_or(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        union::from_args(vm, &[a.clone(), b.clone()], true)
    }

    #[pymethod(sig = "($self, arg, /)")]
    fn __typing_subst__(vm: &Vm, this: &Ref<Self>, arg: Value) -> PyResult {
        call_typing(vm, "_paramspec_subst", &[this.as_value().clone(), arg])
    }

    #[pymethod(sig = "($self, alias, args, /)")]
    fn __typing_prepare_subst__(vm: &Vm, this: &Ref<Self>, alias: Value, args: Value) -> PyResult {
        let all = [this.as_value().clone(), alias, args];
        call_typing(vm, "_paramspec_prepare_subst", &all)
    }

    /// Represents positional arguments.
    #[getter]
    fn args(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<ParamSpecArgs>> {
        let origin = this.as_value().clone();
        vm.new(ParamSpecArgs { origin })
    }

    /// Represents keyword arguments.
    #[getter]
    fn kwargs(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<ParamSpecKwargs>> {
        let origin = this.as_value().clone();
        vm.new(ParamSpecKwargs { origin })
    }

    #[member]
    fn __bound__(&self, vm: &Vm) -> PyResult<Option<Value>> {
        self.common.bound.get(vm)
    }

    #[member]
    fn __covariant__(&self) -> bool {
        self.common.variance == Variance::Covariant
    }

    #[member]
    fn __contravariant__(&self) -> bool {
        self.common.variance == Variance::Contravariant
    }

    #[member]
    fn __infer_variance__(&self) -> bool {
        self.common.variance == Variance::Inferred
    }
}

#[pymethods(TYPE_VAR_TUPLE_METHODS)]
impl TypeVarTuple {
    #[pyslot(name = "typevartuple", params = "(name, *, default=<unrepresentable>)")]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        name: &Ref<Str>,
        default: Option<&Value>,
    ) -> PyResult<Ref<TypeVarTuple>> {
        let default = match default {
            Some(v) => v.clone(),
            None => no_default(vm)?,
        };
        let common = Common {
            name: name.clone(),
            bound: Deferred::empty(),
            constraints: Deferred::empty(),
            default: Deferred::of(Some(default)),
            variance: Variance::Inferred,
        };
        let made = vm.new_object(cls, TypeVarTuple { common })?;
        set_module(vm, made.as_value())?;
        Ok(made)
    }

    #[pyslot]
    fn tp_iter(vm: &Vm, this: &Ref<Self>) -> PyResult {
        iter_one(vm, unpacked(vm, this.as_value())?)
    }

    #[pymethod(sig = "($self, arg, /)")]
    fn __typing_subst__(&self, vm: &Vm, arg: &Value) -> PyResult {
        let _ = arg;
        Err(vm.type_error("Substitution of bare TypeVarTuple is not supported"))
    }

    #[pymethod(sig = "($self, alias, args, /)")]
    fn __typing_prepare_subst__(vm: &Vm, this: &Ref<Self>, alias: Value, args: Value) -> PyResult {
        let all = [this.as_value().clone(), alias, args];
        call_typing(vm, "_typevartuple_prepare_subst", &all)
    }
}

macro_rules! param_spec_part {
    ($(#[$doc:meta])* $name:ident, $spec:ident, $methods:ident, $py:literal, $suffix:literal) => {
        $(#[$doc])*
        pub struct $name {
            origin: Value,
        }

        owns!($name: values(origin));

        #[doc = concat!("`", $py, "`")]
        pub static $spec: TypeSpec = TypeSpec {
            has_weakref: true,
            parts: &[&$methods],
            ..TypeSpec::new($py, "typing", <$name as Payload>::layout)
        };

        #[pymethods($methods)]
        impl $name {
            #[pyslot(name = $py, params = "(origin)")]
            fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, origin: Value) -> PyResult<Ref<$name>> {
                vm.new_object(cls, $name { origin })
            }

            #[pyslot]
            fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult<String> {
                let text = match this.origin.downcast_ref::<ParamSpec>() {
                    Some(p) => p.common.name.to_string_lossy().into_owned(),
                    None => vm.repr_string(&this.origin)?,
                };
                Ok(text + $suffix)
            }

            #[pyslot]
            fn tp_richcompare(vm: &Vm, this: &Ref<Self>, other: &Value, op: CompareOp) -> PyResult {
                match (other.downcast_ref::<$name>(), op) {
                    (Some(o), CompareOp::Eq | CompareOp::Ne) => {
                        vm.rich_compare(&this.origin, &o.origin, op)
                    }
                    _ => Ok(vm.not_implemented()),
                }
            }

            #[pymethod(sig = "($self, object, /)")]
            fn __mro_entries__(&self, vm: &Vm, object: &Value) -> PyResult {
                let _ = object;
                no_subclass(vm, $py)
            }

            #[member]
            fn __origin__(&self) -> Value {
                self.origin.clone()
            }
        }
    };
}

param_spec_part! {
    /// The payload of `ParamSpecArgs`.
    ParamSpecArgs, PARAM_SPEC_ARGS, PARAM_SPEC_ARGS_METHODS, "ParamSpecArgs", ".args"
}

param_spec_part! {
    /// The payload of `ParamSpecKwargs`.
    ParamSpecKwargs, PARAM_SPEC_KWARGS, PARAM_SPEC_KWARGS_METHODS, "ParamSpecKwargs", ".kwargs"
}

/// The parameters of an alias as its users see them: tuples of type variables are unpacked.
pub fn shown_parameters(vm: &Vm, params: &Ref<Tuple>) -> PyResult<Ref<Tuple>> {
    let mut out = Vec::with_capacity(params.len());
    for p in params.as_slice() {
        out.push(match p.downcast_ref::<TypeVarTuple>() {
            Some(_) => unpacked(vm, p)?,
            None => p.clone(),
        });
    }
    vm.new_tuple(out)
}
