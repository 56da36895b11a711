//! `_typing`: type parameters (`params.rs`), aliases (`alias.rs`), and `Generic`. Rules that are written in Python stay
//! in module `typing`, which is asked for them. The functions `_make_*` are what the interpreter's instructions for
//! `def f[T]` and `type X = ..` call.

mod alias;
mod params;

use std::cell::OnceCell;

use taipan_builtins::util;
use taipan_macros::{pyfunctions, pymethods};
use taipan_object::generic::Union;
use taipan_object::types::Plain;
use taipan_object::{
    Args, Module, ModuleSpec, Payload, PyCell, PyResult, Ref, Str, Tuple, TypeObject, TypeRef,
    TypeSpec, Value, Vm, payload, tpflags,
};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_typing",
    doc: Some("Primitives and accelerators for the typing module.\n"),
    functions: &[functions::FUNCTIONS],
    types: &[
        &params::TYPE_VAR,
        &params::TYPE_VAR_TUPLE,
        &params::PARAM_SPEC,
        &params::PARAM_SPEC_ARGS,
        &params::PARAM_SPEC_KWARGS,
        &alias::TYPE_ALIAS,
        &GENERIC,
    ],
    exec: Some(exec),
};

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    // Instances of `Generic` are plain objects; that class stays `object`'s.
    let object = vm.types().object.clone();
    vm.set_class(<Plain as Payload>::layout().index(), object);
    vm.make_type(&GENERIC)?.unset_flag(tpflags::IMMUTABLETYPE);
    vm.make_type(&CONST_EVALUATOR)?;
    let no_default = no_default(vm)?;
    if let Some(dict) = module.dict.get() {
        dict.set_named(vm, "NoDefault", no_default)?;
        dict.set_named(vm, "Union", vm.class::<Union>()?.into_value())?;
    }
    Ok(())
}

/// Calls a function of module `typing`.
fn call_typing(vm: &Vm, name: &str, args: &[Value]) -> PyResult {
    let typing = vm.import("typing")?;
    let f = vm.getattr_str(&typing, name)?;
    vm.call_pos(&f, args)
}

/// `typing.Unpack[v]`
fn unpacked(vm: &Vm, v: &Value) -> PyResult {
    let typing = vm.import("typing")?;
    let unpack = vm.getattr_str(&typing, "Unpack")?;
    vm.getitem(&unpack, v)
}

/// The name of the module whose code calls the native function that asks.
fn caller_module(vm: &Vm) -> PyResult<Option<Value>> {
    let sys = vm.import("sys")?;
    let Some(f) = vm.getattr_str_opt(&sys, "_getframemodulename")? else {
        return Ok(None);
    };
    let name = vm.call1(&f, &Value::from_i32(0))?;
    Ok((!vm.is_none(&name)).then_some(name))
}

/// What is given at once, or the function that gives it.
struct Deferred {
    value: PyCell<Option<Value>>,
    evaluate: PyCell<Option<Value>>,
}

impl Deferred {
    fn empty() -> Deferred {
        Deferred::of(None)
    }

    fn of(value: Option<Value>) -> Deferred {
        Deferred {
            value: PyCell::new(value),
            evaluate: PyCell::new(None),
        }
    }

    fn by(evaluate: Value) -> Deferred {
        Deferred {
            value: PyCell::new(None),
            evaluate: PyCell::new(Some(evaluate)),
        }
    }

    fn get(&self, vm: &Vm) -> PyResult<Option<Value>> {
        if let Some(v) = self.value.get() {
            return Ok(Some(v));
        }
        let Some(f) = self.evaluate.get() else {
            return Ok(None);
        };
        let v = vm.call1(&f, &Value::from_i32(1))?;
        self.value.set(Some(v.clone()));
        Ok(Some(v))
    }

    /// The function: the one given, or one that gives the value.
    fn evaluator(&self, vm: &Vm) -> PyResult {
        match (self.evaluate.get(), self.value.get()) {
            (Some(f), _) => Ok(f),
            (None, Some(value)) => Ok(vm.new(ConstEvaluator { value })?.into_value()),
            (None, None) => Ok(vm.none()),
        }
    }

    fn visit(&self, visit: &mut taipan_object::Visitor<'_>) {
        self.value.visit(visit);
        self.evaluate.visit(visit);
    }

    fn clear(&self) {
        self.value.set(None);
        self.evaluate.set(None);
    }
}

/// The payload of `_ConstEvaluator`.
pub struct ConstEvaluator {
    value: Value,
}

owns!(ConstEvaluator: values(value));

static CONST_EVALUATOR: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    parts: &[&CONST_EVALUATOR_METHODS],
    ..TypeSpec::new(
        "_ConstEvaluator",
        "_typing",
        <ConstEvaluator as Payload>::layout,
    )
};

#[pymethods(CONST_EVALUATOR_METHODS)]
impl ConstEvaluator {
    #[pyslot]
    fn tp_call(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult {
        taipan_object::bind::check_no_keywords(vm, "constevaluator.__call__", &args)?;
        let [format] = args.values else {
            return Err(vm.type_error(&format!(
                "constevaluator.__call__() takes exactly 1 argument ({} given)",
                args.values.len()
            )));
        };
        if vm.index_isize(format)? != 4 {
            return Ok(this.value.clone());
        }
        let repr = |v: &Value| taipan_builtins::generic::type_repr(vm, v);
        let text = match this.value.downcast_ref::<Tuple>() {
            Some(t) => {
                let parts: PyResult<Vec<String>> = t.as_slice().iter().map(repr).collect();
                format!("({})", parts?.join(", "))
            }
            None => repr(&this.value)?,
        };
        Ok(vm.new_str(&text)?.into_value())
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult<String> {
        Ok(format!("<constevaluator {}>", vm.repr_string(&this.value)?))
    }
}

/// The payload of `NoDefault`.
pub struct NoDefault;

payload!(NoDefault, leaf);

static NO_DEFAULT_TYPE: TypeSpec = TypeSpec {
    doc: Some("The type of the NoDefault singleton."),
    parts: &[&NO_DEFAULT_METHODS],
    ..TypeSpec::new("NoDefaultType", "builtins", <NoDefault as Payload>::layout)
};

#[derive(Default)]
struct Singleton {
    no_default: OnceCell<Value>,
}

fn no_default(vm: &Vm) -> PyResult {
    let state = vm.state::<Singleton>();
    if let Some(v) = state.no_default.get() {
        return Ok(v.clone());
    }
    vm.make_type(&NO_DEFAULT_TYPE)?;
    let made = vm.new(NoDefault)?;
    made.head().make_immortal();
    Ok(state.no_default.get_or_init(|| made.into_value()).clone())
}

#[pymethods(NO_DEFAULT_METHODS)]
impl NoDefault {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
        let _ = cls;
        if !args.is_empty() {
            return Err(vm.type_error("NoDefaultType takes no arguments"));
        }
        no_default(vm)
    }

    #[pyslot]
    fn tp_repr(this: &Ref<Self>) -> &'static str {
        let _ = this;
        "typing.NoDefault"
    }

    #[pymethod(sig = "($self, /)")]
    fn __reduce__(&self) -> &'static str {
        "NoDefault"
    }
}

/// `Generic`
static GENERIC: TypeSpec = TypeSpec {
    doc: Some(
        "Abstract base class for generic types.\n\nOn Python 3.12 and newer, generic classes implicitly inherit from\nGeneric when they declare a parameter list after the class's name::\n\n    class Mapping[KT, VT]:\n        def __getitem__(self, key: KT) -> VT:\n            ...\n            # Etc.\n\nOn older versions of Python, however, generic classes have to\nexplicitly inherit from Generic.\n\nAfter a class has been declared to be generic, it can then be used as\nfollows::\n\n    def lookup_name[KT, VT](mapping: Mapping[KT, VT], key: KT, default: VT) -> VT:\n        try:\n            return mapping[key]\n        except KeyError:\n            return default\n",
    ),
    flags: tpflags::BASETYPE | tpflags::HEAPTYPE,
    parts: &[&GENERIC_METHODS],
    // Instances are made as `object` makes them, which looks at the slot itself to tell whether arguments are its own.
    extra: Some(|vm: &Vm, ty: &TypeRef| {
        ty.slots.tp_new.set(vm.types().object.slots.tp_new.get());
        Ok(())
    }),
    ..TypeSpec::new("Generic", "typing", <Plain as Payload>::layout)
};

/// Holder of the methods of `Generic`.
pub struct GenericMethods;

fn with_class(vm: &Vm, name: &str, cls: &Value, args: Args<'_>) -> PyResult {
    let typing = vm.import("typing")?;
    let f = vm.getattr_str(&typing, name)?;
    let mut values = vec![cls.clone()];
    values.extend_from_slice(args.values);
    let kwnames = args.kwnames;
    vm.call(
        &f,
        Args {
            values: &values,
            kwnames,
        },
    )
}

#[pymethods(GENERIC_METHODS)]
impl GenericMethods {
    /// Parameterizes a generic class.
    ///
    /// At least, parameterizing a generic class is the *main* thing this
    /// method does.  For example, for some generic class `Foo`, this is
    /// called when we do `Foo[int]` - there, with `cls=Foo` and
    /// `params=int`.
    ///
    /// However, note that this method is also called when defining generic
    /// classes in the first place with `class Foo[T]: ...`.
    #[classmethod]
    fn __class_getitem__(vm: &Vm, cls: &Value, args: Args<'_>) -> PyResult {
        with_class(vm, "_generic_class_getitem", cls, args)
    }

    /// Function to initialize subclasses.
    #[classmethod]
    fn __init_subclass__(vm: &Vm, cls: &Value, args: Args<'_>) -> PyResult {
        with_class(vm, "_generic_init_subclass", cls, args)
    }
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    #[pyfunction(sig = "($module, x, /)")]
    fn _idfunc(x: Value) -> Value {
        x
    }

    #[pyfunction(name = "_make_typevar", params = "($module, name, /)")]
    fn make_typevar(vm: &Vm, name: &Ref<Str>) -> PyResult {
        params::TypeVar::inferred(vm, name, Deferred::empty(), Deferred::empty())
    }

    #[pyfunction(
        name = "_make_typevar_with_bound",
        params = "($module, name, evaluate, /)"
    )]
    fn make_typevar_with_bound(vm: &Vm, name: &Ref<Str>, evaluate: Value) -> PyResult {
        params::TypeVar::inferred(vm, name, Deferred::by(evaluate), Deferred::empty())
    }

    #[pyfunction(
        name = "_make_typevar_with_constraints",
        params = "($module, name, evaluate, /)"
    )]
    fn make_typevar_with_constraints(vm: &Vm, name: &Ref<Str>, evaluate: Value) -> PyResult {
        params::TypeVar::inferred(vm, name, Deferred::empty(), Deferred::by(evaluate))
    }

    #[pyfunction(name = "_make_paramspec", params = "($module, name, /)")]
    fn make_paramspec(vm: &Vm, name: &Ref<Str>) -> PyResult {
        params::ParamSpec::inferred(vm, name, Deferred::empty(), Deferred::empty())
    }

    #[pyfunction(name = "_make_typevartuple", params = "($module, name, /)")]
    fn make_typevartuple(vm: &Vm, name: &Ref<Str>) -> PyResult {
        params::TypeVarTuple::inferred(vm, name, Deferred::empty(), Deferred::empty())
    }

    #[pyfunction(
        name = "_set_typeparam_default",
        params = "($module, param, evaluate, /)"
    )]
    fn set_typeparam_default(vm: &Vm, param: &Value, evaluate: Value) -> PyResult {
        match params::common_of(param) {
            Some(c) => c.default.evaluate.set(Some(evaluate)),
            None => return Err(vm.type_error("Expected a type param")),
        }
        Ok(param.clone())
    }

    #[pyfunction(name = "_make_typealias", params = "($module, parts, /)")]
    fn make_typealias(vm: &Vm, parts: &Ref<Tuple>) -> PyResult {
        alias::from_parts(vm, parts)
    }
}

/// `cls` cannot be a base: what `__mro_entries__` of type parameters says.
fn no_subclass(vm: &Vm, name: &str) -> PyResult {
    Err(vm.type_error(&format!("Cannot subclass an instance of {name}")))
}

/// An iterator over a tuple of one value.
fn iter_one(vm: &Vm, v: Value) -> PyResult {
    vm.iter(&util::tuple(vm, [v])?)
}
