//! `types.GenericAlias`.

use taipan_object::class::CompareOp;
use taipan_object::generic::GenericAlias;
use taipan_object::native::NativeCode::{NoArgs, One};
use taipan_object::native::{GetSetDef, NativeDef};
use taipan_object::protocol::attr::generic_getattr;
use taipan_object::{
    Args, ClassPart, List, Payload, PyCell, PyResult, Ref, SlotDef, Str, Traverse, Tuple, TypeRef,
    TypeSpec, Value, Visitor, Vm, tpflags,
};

use super::{params, type_repr, union};
use crate::decl::{attribute, member, method};
use crate::descriptors::native::this;

/// Attributes that are the alias's own; all others are its origin's.
const OWN: &[&str] = &[
    "__class__",
    "__origin__",
    "__args__",
    "__unpacked__",
    "__parameters__",
    "__typing_unpacked_tuple_args__",
    "__mro_entries__",
    "__reduce_ex__",
    "__reduce__",
];
/// Attributes that are not looked up in the origin.
const BLOCKED: &[&str] = &["__bases__", "__copy__", "__deepcopy__"];

const fn bare(name: &'static str, sig: &'static str, code: taipan_object::NativeCode) -> NativeDef {
    NativeDef {
        doc: None,
        ..method(name, sig, "", code)
    }
}

/// `types.GenericAlias`
pub static GENERIC_ALIAS: TypeSpec = TypeSpec {
    doc: Some(
        "Represent a PEP 585 generic type\n\nFor example, for t = list[int], t.__origin__ is list and t.__args__\nis (int,).",
    ),
    text_signature: Some("(origin, args, /)"),
    flags: tpflags::BASETYPE,
    has_weakref: true,
    parts: &[&ClassPart {
        slots: &[
            SlotDef::tp_new(new),
            SlotDef::tp_repr(repr),
            SlotDef::tp_hash(|vm, v| {
                let a = this::<GenericAlias>(vm, v)?;
                let h = vm.hash(&a.origin)? ^ vm.hash(a.args.as_value())?;
                Ok(if h == -1 { -2 } else { h })
            }),
            SlotDef::tp_call(call),
            SlotDef::tp_getattro(getattro),
            SlotDef::tp_richcompare(compare),
            SlotDef::tp_iter(|vm, v| {
                let it = AliasIterator {
                    alias: PyCell::new(Some(v.clone())),
                };
                Ok(vm.new(it)?.into_value())
            }),
            SlotDef::nb_or(union::type_or),
            SlotDef::mp_subscript(subscript),
        ],
        methods: &[
            bare(
                "__mro_entries__",
                "($self, object, /)",
                One(|vm, v, _| {
                    let origin = this::<GenericAlias>(vm, v)?.origin.clone();
                    Ok(vm.new_tuple(vec![origin])?.into_value())
                }),
            ),
            bare(
                "__instancecheck__",
                "($self, object, /)",
                One(|vm, _, _| {
                    Err(vm.type_error("isinstance() argument 2 cannot be a parameterized generic"))
                }),
            ),
            bare(
                "__subclasscheck__",
                "($self, object, /)",
                One(|vm, _, _| {
                    Err(vm.type_error("issubclass() argument 2 cannot be a parameterized generic"))
                }),
            ),
            bare("__reduce__", "($self, /)", NoArgs(reduce)),
            bare("__dir__", "($self, /)", NoArgs(dir)),
        ],
        getset: &GETSET,
    }],
    ..TypeSpec::new("GenericAlias", "types", GenericAlias::layout)
};

static GETSET: [GetSetDef; 5] = [
    member(
        "__origin__",
        None,
        |vm, v| Ok(this::<GenericAlias>(vm, v)?.origin.clone()),
        None,
    ),
    member(
        "__args__",
        None,
        |vm, v| Ok(this::<GenericAlias>(vm, v)?.args.as_value().clone()),
        None,
    ),
    member(
        "__unpacked__",
        None,
        |vm, v| Ok(vm.bool(this::<GenericAlias>(vm, v)?.starred)),
        None,
    ),
    attribute(
        "__parameters__",
        Some("Type variables in the GenericAlias."),
        |vm, v| Ok(parameters(vm, this::<GenericAlias>(vm, v)?)?.into_value()),
        None,
    ),
    attribute(
        "__typing_unpacked_tuple_args__",
        None,
        |vm, v| {
            let a = this::<GenericAlias>(vm, v)?;
            if a.starred && a.origin.is(vm.types().tuple.as_value()) {
                Ok(a.args.as_value().clone())
            } else {
                Ok(vm.none())
            }
        },
        None,
    ),
];

fn make(vm: &Vm, ty: &TypeRef, origin: &Value, args: Ref<Tuple>, starred: bool) -> PyResult {
    let alias = GenericAlias {
        origin: origin.clone(),
        args,
        parameters: PyCell::new(None),
        starred,
    };
    Ok(vm.new_object(ty, alias)?.into_value())
}

fn new(vm: &Vm, cls: &TypeRef, args: Args<'_>) -> PyResult {
    if args.keyword_count() != 0 {
        return Err(vm.type_error("GenericAlias() takes no keyword arguments"));
    }
    let [origin, args] = args.values else {
        return Err(vm.type_error(&format!(
            "GenericAlias expected 2 arguments, got {}",
            args.values.len()
        )));
    };
    let args = match args.downcast_ref::<Tuple>() {
        Some(t) => t.clone(),
        None => vm.new_tuple(vec![args.clone()])?,
    };
    make(vm, cls, origin, args, false)
}

fn parameters(vm: &Vm, a: &Ref<GenericAlias>) -> PyResult<Ref<Tuple>> {
    if let Some(p) = a.parameters.get() {
        return Ok(p);
    }
    let p = params::make_parameters(vm, a.args.as_slice())?;
    a.parameters.set(Some(p.clone()));
    Ok(p)
}

fn repr(vm: &Vm, v: &Value) -> PyResult {
    vm.check_stack(" while getting the repr of an object")?;
    let a = this::<GenericAlias>(vm, v)?;
    let mut out = String::new();
    if a.starred {
        out.push('*');
    }
    out.push_str(&type_repr(vm, &a.origin)?);
    out.push('[');
    for (i, x) in a.args.as_slice().iter().enumerate() {
        if i != 0 {
            out.push_str(", ");
        }
        match x.downcast_ref::<List>() {
            Some(l) => {
                let items: PyResult<Vec<String>> =
                    l.to_vec().iter().map(|x| type_repr(vm, x)).collect();
                out.push_str(&format!("[{}]", items?.join(", ")));
            }
            None => out.push_str(&type_repr(vm, x)?),
        }
    }
    if a.args.is_empty() {
        out.push_str("()");
    }
    out.push(']');
    Ok(vm.new_str(&out)?.into_value())
}

fn call(vm: &Vm, v: &Value, args: Args<'_>) -> PyResult {
    let a = this::<GenericAlias>(vm, v)?;
    let obj = vm.call(&a.origin, args)?;
    if let Err(r) = vm.setattr(&obj, &vm.names().__orig_class__, v) {
        // Instances that cannot have the attribute go without.
        if vm.exception_matches(&vm.exc().AttributeError)
            || vm.exception_matches(&vm.exc().TypeError)
        {
            drop(vm.take_raised(r));
        } else {
            return Err(r);
        }
    }
    Ok(obj)
}

fn getattro(vm: &Vm, v: &Value, name: &Ref<Str>) -> PyResult {
    let own = OWN.iter().chain(BLOCKED).any(|n| name.eq_str(n));
    if own {
        generic_getattr(vm, v, name)
    } else {
        vm.getattr(&this::<GenericAlias>(vm, v)?.origin, name)
    }
}

fn compare(vm: &Vm, a: &Value, b: &Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (
        a.downcast_ref::<GenericAlias>(),
        b.downcast_ref::<GenericAlias>(),
    ) else {
        return Ok(vm.not_implemented());
    };
    let want = match op {
        CompareOp::Eq => true,
        CompareOp::Ne => false,
        _ => return Ok(vm.not_implemented()),
    };
    let equal = x.starred == y.starred
        && vm.eq(&x.origin, &y.origin)?
        && vm.eq(x.args.as_value(), y.args.as_value())?;
    Ok(vm.bool(equal == want))
}

fn subscript(vm: &Vm, v: &Value, item: &Value) -> PyResult {
    let a = this::<GenericAlias>(vm, v)?;
    let p = parameters(vm, a)?;
    let args = params::substitute(vm, v, a.args.as_slice(), &p, item)?;
    let args = vm.new_tuple(args)?;
    make(vm, &vm.class::<GenericAlias>()?, &a.origin, args, a.starred)
}

fn reduce(vm: &Vm, v: &Value) -> PyResult {
    let a = this::<GenericAlias>(vm, v)?;
    let cls = vm.type_value(v);
    if a.starred {
        let plain = make(
            vm,
            &vm.class::<GenericAlias>()?,
            &a.origin,
            a.args.clone(),
            false,
        )?;
        let it = vm.iter(&plain)?;
        let builtins = vm.import("builtins")?;
        let next = vm.getattr_str(&builtins, "next")?;
        let args = vm.new_tuple(vec![it])?.into_value();
        return Ok(vm.new_tuple(vec![next, args])?.into_value());
    }
    let args = vm.new_tuple(vec![a.origin.clone(), a.args.as_value().clone()])?;
    Ok(vm
        .new_tuple(vec![cls.into_value(), args.into_value()])?
        .into_value())
}

fn dir(vm: &Vm, v: &Value) -> PyResult {
    let a = this::<GenericAlias>(vm, v)?;
    let names = vm.call_method(&a.origin, &vm.names().__dir__, &[]);
    let mut names = match names {
        Ok(l) => vm.collect(&l)?,
        // `dir` of a class is that of its metaclass.
        Err(r) => {
            drop(vm.catch(r, &vm.exc().TypeError)?);
            let f = vm.special(&a.origin, &vm.names().__dir__)?;
            match f {
                Some(f) => vm.collect(&vm.call0(&f)?)?,
                None => Vec::new(),
            }
        }
    };
    for own in OWN {
        let known = names
            .iter()
            .any(|n| n.downcast_ref::<Str>().is_some_and(|s| s.eq_str(own)));
        if !known {
            names.push(vm.intern(own)?.into_value());
        }
    }
    Ok(vm.new_list(names)?.into_value())
}

/// The payload of the iterator that gives `*alias`, once.
pub struct AliasIterator {
    alias: PyCell<Option<Value>>,
}

taipan_object::payload!(AliasIterator, gc);

impl Traverse for AliasIterator {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.alias.visit(visit);
    }
    fn clear(&self) {
        self.alias.set(None);
    }
}

/// `generic_alias_iterator`
pub static GENERIC_ALIAS_ITERATOR: TypeSpec = TypeSpec {
    parts: &[&ClassPart {
        slots: &[
            SlotDef::tp_iter(|_, v| Ok(v.clone())),
            SlotDef::tp_iternext(|vm, v| {
                let it = this::<AliasIterator>(vm, v)?;
                let Some(alias) = it.alias.take() else {
                    return Ok(None);
                };
                let a = this::<GenericAlias>(vm, &alias)?;
                let ty = vm.class::<GenericAlias>()?;
                make(vm, &ty, &a.origin, a.args.clone(), true).map(Some)
            }),
        ],
        methods: &[bare(
            "__reduce__",
            "($self, /)",
            NoArgs(|vm, v| {
                let it = this::<AliasIterator>(vm, v)?;
                let builtins = vm.import("builtins")?;
                let iter = vm.getattr_str(&builtins, "iter")?;
                let arg = match it.alias.get() {
                    Some(a) => a,
                    None => vm.new_tuple(Vec::new())?.into_value(),
                };
                let args = vm.new_tuple(vec![arg])?.into_value();
                Ok(vm.new_tuple(vec![iter, args])?.into_value())
            }),
        )],
        getset: &[],
    }],
    ..TypeSpec::new("generic_alias_iterator", "builtins", AliasIterator::layout)
};
