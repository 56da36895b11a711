//! `partial`, and `Placeholder`, which stands for an argument that the call gives.

use std::cell::{Cell, OnceCell};

use smallvec::SmallVec;
use taipan_builtins::{dict_, util};
use taipan_macros::pymethods;
use taipan_object::{
    Args, Dict, Payload, PyCell, PyResult, Ref, Str, Tuple, TypeObject, TypeSpec, Value, Vm,
    payload, tpflags,
};

use crate::util::type_value;

/// The payload of `Placeholder`.
pub struct Placeholder;

payload!(Placeholder, leaf);

/// `_PlaceholderType`
pub static PLACEHOLDER_TYPE: TypeSpec = TypeSpec {
    doc: Some(
        "The type of the Placeholder singleton.\n\nUsed as a placeholder for partial arguments.",
    ),
    parts: &[&PLACEHOLDER_METHODS],
    ..TypeSpec::new(
        "_PlaceholderType",
        "functools",
        <Placeholder as Payload>::layout,
    )
};

#[derive(Default)]
struct Singleton {
    placeholder: OnceCell<Value>,
}

/// `Placeholder`, made on first use.
pub fn placeholder(vm: &Vm) -> PyResult {
    let state = vm.state::<Singleton>();
    if let Some(p) = state.placeholder.get() {
        return Ok(p.clone());
    }
    let made = vm.new(Placeholder)?;
    made.head().make_immortal();
    Ok(state.placeholder.get_or_init(|| made.into_value()).clone())
}

#[pymethods(PLACEHOLDER_METHODS)]
impl Placeholder {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
        let _ = cls;
        if !args.is_empty() {
            return Err(vm.type_error("PlaceholderType takes no arguments"));
        }
        placeholder(vm)
    }

    #[pyslot]
    fn tp_repr(this: &Ref<Self>) -> &'static str {
        let _ = this;
        "Placeholder"
    }

    #[pymethod(sig = "($self, /)")]
    fn __reduce__(&self) -> &'static str {
        "Placeholder"
    }
}

/// What a partial object calls, and with what. Replaced as a whole by `__setstate__` only.
pub struct Partial {
    func: PyCell<Value>,
    args: PyCell<Ref<Tuple>>,
    keywords: PyCell<Ref<Dict>>,
    /// How many of `args` are placeholders.
    placeholders: Cell<usize>,
}

owns!(Partial: cells(func args keywords));

/// `partial`
pub static PARTIAL: TypeSpec = TypeSpec {
    doc: Some(
        "Create a new function with partial application of the given arguments\nand keywords.",
    ),
    text_signature: Some("(func, /, *args, **keywords)"),
    flags: tpflags::BASETYPE | tpflags::HAVE_VECTORCALL,
    has_dict: true,
    has_weakref: true,
    parts: &[&PARTIAL_METHODS],
    ..TypeSpec::new("partial", "functools", <Partial as Payload>::layout)
};

fn is_placeholder(v: &Value) -> bool {
    v.downcast_ref::<Placeholder>().is_some()
}

fn count_placeholders(vm: &Vm, args: &[Value]) -> PyResult<usize> {
    if args.last().is_some_and(is_placeholder) {
        return Err(vm.type_error("trailing Placeholders are not allowed"));
    }
    Ok(args.iter().filter(|v| is_placeholder(v)).count())
}

impl Partial {
    /// The arguments of a partial object with its placeholders replaced in order, and what is left over behind them.
    fn filled(bound: &[Value], given: &[Value]) -> SmallVec<[Value; 8]> {
        let mut given = given.iter();
        let mut out: SmallVec<[Value; 8]> = bound
            .iter()
            .map(|v| {
                if is_placeholder(v) {
                    given.next().unwrap_or(v).clone()
                } else {
                    v.clone()
                }
            })
            .collect();
        out.extend(given.cloned());
        out
    }
}

#[pymethods(PARTIAL_METHODS)]
impl Partial {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<Partial>> {
        let Some((func, given)) = args.pos().split_first() else {
            return Err(vm.type_error("type 'partial' takes at least one argument"));
        };
        // A partial object without attributes of its own is looked through.
        let inner = func
            .downcast_ref::<Partial>()
            .filter(|_| vm.instance_items(func).is_empty());
        if !vm.is_callable(func) {
            return Err(vm.type_error("the first argument must be callable"));
        }
        count_placeholders(vm, given)?;
        if args.keywords().any(|(_, v)| is_placeholder(v)) {
            return Err(vm.type_error("Placeholder cannot be passed as a keyword argument"));
        }
        let keywords = match inner {
            Some(p) => dict_::copy(vm, &p.keywords.get())?,
            None => vm.new_dict()?,
        };
        for (name, value) in args.keywords() {
            keywords.set_str(vm, &name, value.clone())?;
        }
        let (func, bound) = match inner {
            Some(p) => {
                let all = Partial::filled(p.args.get().as_slice(), given);
                (p.func.get(), vm.new_tuple(all.into_vec())?)
            }
            None => (func.clone(), vm.new_tuple_from(given)?),
        };
        let n = bound
            .as_slice()
            .iter()
            .filter(|v| is_placeholder(v))
            .count();
        vm.new_object(
            cls,
            Partial {
                func: PyCell::new(func),
                args: PyCell::new(bound),
                keywords: PyCell::new(keywords),
                placeholders: Cell::new(n),
            },
        )
    }

    #[pyslot]
    fn tp_call(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult {
        let wanted = this.placeholders.get();
        let given = args.pos();
        if given.len() < wanted {
            let n = given.len();
            return Err(vm.type_error(&format!(
                "missing positional arguments in 'partial' call; expected at least {wanted}, got {n}"
            )));
        }
        let (func, bound, keywords) = (this.func.get(), this.args.get(), this.keywords.get());
        if keywords.is_empty() {
            if args.is_empty() {
                return vm.call_pos(&func, bound.as_slice());
            }
            if bound.is_empty() {
                return vm.call(&func, args);
            }
            // What follows the positional arguments are the keywords' values: they go along.
            let values = Partial::filled(bound.as_slice(), args.values);
            let kwnames = args.kwnames;
            return vm.call(
                &func,
                Args {
                    values: &values,
                    kwnames,
                },
            );
        }
        let mut values = Partial::filled(bound.as_slice(), given);
        let mut names: Vec<Value> = Vec::with_capacity(keywords.len() + args.keyword_count());
        let first = values.len();
        for (name, value) in keywords.items() {
            names.push(name);
            values.push(value);
        }
        for (name, value) in args.keywords() {
            let known = names
                .iter()
                .position(|k| k.downcast_ref::<Str>().is_some_and(|k| k.same_text(&name)));
            match known.and_then(|i| values.get_mut(first + i)) {
                Some(place) => *place = value.clone(),
                None => {
                    names.push(name.into_value());
                    values.push(value.clone());
                }
            }
        }
        let names = vm.new_tuple(names)?;
        vm.call(
            &func,
            Args {
                values: &values,
                kwnames: Some(&names),
            },
        )
    }

    #[pyslot]
    fn tp_descr_get(
        vm: &Vm,
        this: &Ref<Self>,
        instance: Option<&Value>,
        owner: &Value,
    ) -> PyResult {
        let _ = owner;
        match instance.filter(|v| !vm.is_none(v)) {
            None => Ok(this.as_value().clone()),
            Some(v) => Ok(vm
                .new_method(this.as_value().clone(), v.clone())?
                .into_value()),
        }
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Str>> {
        util::guarded_repr(vm, this.as_value(), "...", |out| {
            let ty = type_value(vm, this.as_value());
            for (name, after) in [("__module__", "."), ("__qualname__", "(")] {
                let text = vm.str(&vm.getattr_str(&ty, name)?)?;
                out.push_text(text.text());
                out.push_str(after);
            }
            let (func, args, keywords) = (this.func.get(), this.args.get(), this.keywords.get());
            util::push_repr(vm, out, &func)?;
            for v in args.as_slice() {
                out.push_str(", ");
                util::push_repr(vm, out, v)?;
            }
            for (key, value) in keywords.items() {
                out.push_str(", ");
                out.push_text(vm.str(&key)?.text());
                out.push_str("=");
                util::push_repr(vm, out, &value)?;
            }
            out.push_str(")");
            Ok(())
        })
    }

    #[pymethod]
    fn __reduce__(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let v = this.as_value();
        let func = this.func.get();
        let attributes = match vm.instance_items(v).is_empty() {
            true => vm.none(),
            false => vm
                .instance_dict(v)?
                .map_or_else(|| vm.none(), Ref::into_value),
        };
        let state = [
            func.clone(),
            this.args.get().into_value(),
            this.keywords.get().into_value(),
            attributes,
        ];
        let state = util::tuple(vm, state)?;
        let args = util::tuple(vm, [func])?;
        util::tuple(vm, [type_value(vm, v), args, state])
    }

    #[pymethod(sig = "($self, object, /)")]
    fn __setstate__(vm: &Vm, this: &Ref<Self>, object: &Value) -> PyResult<()> {
        let invalid = || Err(vm.type_error("invalid partial state"));
        let Some([func, args, keywords, attributes]) =
            object.downcast_ref::<Tuple>().map(|t| t.as_slice())
        else {
            return invalid();
        };
        let Some(bound) = args.downcast_ref::<Tuple>() else {
            return invalid();
        };
        let kw = keywords.downcast_ref::<Dict>();
        let own = attributes.downcast_ref::<Dict>();
        if !vm.is_callable(func)
            || (kw.is_none() && !vm.is_none(keywords))
            || (own.is_none() && !vm.is_none(attributes))
        {
            return invalid();
        }
        let n = count_placeholders(vm, bound.as_slice())?;
        let bound = match util::is_exactly(vm, args, &vm.types().tuple) {
            true => bound.clone(),
            false => vm.collect_tuple(args)?,
        };
        let kw = match kw {
            None => vm.new_dict()?,
            Some(d) if util::is_exactly(vm, keywords, &vm.types().dict) => d.clone(),
            Some(d) => dict_::copy(vm, d)?,
        };
        this.func.set(func.clone());
        this.args.set(bound);
        this.keywords.set(kw);
        this.placeholders.set(n);
        vm.set_instance_dict(this.as_value(), own.cloned())?;
        Ok(())
    }

    /// See PEP 585
    #[classmethod(name = "__class_getitem__", sig = "($type, object, /)")]
    fn class_getitem(vm: &Vm, cls: &Value, object: &Value) -> PyResult {
        vm.generic_alias(cls, object)
    }

    /// function object to use in future partial calls
    #[member]
    fn func(&self) -> Value {
        self.func.get()
    }

    /// tuple of arguments to future partial calls
    #[member]
    fn args(&self) -> Ref<Tuple> {
        self.args.get()
    }

    /// dictionary of keyword arguments to future partial calls
    #[member]
    fn keywords(&self) -> Ref<Dict> {
        self.keywords.get()
    }
}
