//! `typing.Union`: `int | str`.

use taipan_object::class::{CompareOp, TypeObject};
use taipan_object::generic::{GenericAlias, Union};
use taipan_object::native::NativeCode::One;
use taipan_object::native::{GetSetDef, NativeDef};
use taipan_object::protocol::attr::generic_getattr;
use taipan_object::{
    ClassPart, Payload, PyCell, PyResult, Ref, SlotDef, Tuple, TypeSpec, Value, Vm,
};

use super::{params, type_repr};
use crate::decl::{attribute, member, method, on_class};
use crate::descriptors::native::this;

/// `typing.Union`
pub static UNION: TypeSpec = TypeSpec {
    doc: Some("Represent a union type\n\nE.g. for int | str"),
    has_weakref: true,
    parts: &[&ClassPart {
        slots: &[
            SlotDef::tp_repr(|vm, v| {
                let parts: PyResult<Vec<String>> = this::<Union>(vm, v)?
                    .args
                    .as_slice()
                    .iter()
                    .map(|a| type_repr(vm, a))
                    .collect();
                Ok(vm.new_str(&parts?.join(" | "))?.into_value())
            }),
            SlotDef::tp_hash(hash),
            SlotDef::tp_richcompare(compare),
            SlotDef::tp_getattro(|vm, v, name| {
                // The module is that of the class, as for classes.
                if name.eq_str("__module__") {
                    vm.getattr(vm.type_value(v).as_value(), name)
                } else {
                    generic_getattr(vm, v, name)
                }
            }),
            SlotDef::nb_or(type_or),
            SlotDef::mp_subscript(|vm, v, item| {
                let u = this::<Union>(vm, v)?;
                let p = parameters(vm, u)?;
                let args = params::substitute(vm, v, u.args.as_slice(), &p, item)?;
                from_args(vm, &args, true)
            }),
        ],
        methods: &[
            NativeDef {
                doc: None,
                ..method(
                    "__mro_entries__",
                    "($self, object, /)",
                    "",
                    One(|vm, v, _| {
                        Err(vm.type_error(&format!("Cannot subclass {}", vm.repr_string(v)?)))
                    }),
                )
            },
            on_class(method(
                "__class_getitem__",
                "($type, object, /)",
                "Create a union containing the given types",
                One(|vm, _, item| match item.downcast_ref::<Tuple>() {
                    Some(t) if t.is_empty() => {
                        Err(vm.type_error("Cannot take a Union of no types."))
                    }
                    Some(t) => from_args(vm, t.as_slice(), true),
                    None => from_args(vm, std::slice::from_ref(item), true),
                }),
            )),
        ],
        getset: &GETSET,
    }],
    ..TypeSpec::new("Union", "typing", Union::layout)
};

static GETSET: [GetSetDef; 5] = [
    member(
        "__args__",
        None,
        |vm, v| Ok(this::<Union>(vm, v)?.args.as_value().clone()),
        None,
    ),
    attribute(
        "__name__",
        Some("Name of the type"),
        |vm, _| Ok(vm.intern("Union")?.into_value()),
        None,
    ),
    attribute(
        "__qualname__",
        Some("Qualified name of the type"),
        |vm, _| Ok(vm.intern("Union")?.into_value()),
        None,
    ),
    attribute(
        "__origin__",
        Some("Always returns the type"),
        |vm, _| Ok(vm.class::<Union>()?.into_value()),
        None,
    ),
    attribute(
        "__parameters__",
        Some("Type variables in the types.UnionType."),
        |vm, v| Ok(parameters(vm, this::<Union>(vm, v)?)?.into_value()),
        None,
    ),
];

fn parameters(vm: &Vm, u: &Ref<Union>) -> PyResult<Ref<Tuple>> {
    if let Some(p) = u.parameters.get() {
        return Ok(p);
    }
    let p = params::make_parameters(vm, u.args.as_slice())?;
    u.parameters.set(Some(p.clone()));
    Ok(p)
}

fn is_unionable(vm: &Vm, v: &Value) -> bool {
    vm.is_none(v)
        || v.downcast_ref::<TypeObject>().is_some()
        || v.downcast_ref::<GenericAlias>().is_some()
        || v.downcast_ref::<Union>().is_some()
        || vm
            .type_of(v)
            .payload
            .spec()
            .is_some_and(|s| s.name == "TypeAliasType")
}

fn add(vm: &Vm, out: &mut Vec<Value>, v: &Value) -> PyResult<()> {
    if let Some(u) = v.downcast_ref::<Union>() {
        for a in u.args.as_slice() {
            add(vm, out, a)?;
        }
        return Ok(());
    }
    let v = if vm.is_none(v) {
        vm.types().none_type.as_value().clone()
    } else {
        v.clone()
    };
    for x in out.iter() {
        if vm.eq(x, &v)? {
            return Ok(());
        }
    }
    out.push(v);
    Ok(())
}

/// The union of some types: flat, without repetitions; a single type is itself. With `check`, other things than types
/// go through `typing`, which knows forward references.
pub fn from_args(vm: &Vm, args: &[Value], check: bool) -> PyResult {
    let mut all = Vec::with_capacity(args.len());
    for a in args {
        if check && !is_unionable(vm, a) {
            let typing = vm.import("typing")?;
            let message = vm.new_str("Union[arg, ...]: each arg must be a type.")?;
            let checked =
                vm.call_method_str(&typing, "_type_check", &[a.clone(), message.into_value()])?;
            add(vm, &mut all, &checked)?;
        } else {
            add(vm, &mut all, a)?;
        }
    }
    if let [one] = all.as_slice() {
        return Ok(one.clone());
    }
    let u = Union {
        args: vm.new_tuple(all)?,
        parameters: PyCell::new(None),
    };
    Ok(vm.new(u)?.into_value())
}

/// `|` of types.
#[inline(never)]
pub fn type_or(vm: &Vm, a: &Value, b: &Value) -> PyResult {
    if !is_unionable(vm, a) || !is_unionable(vm, b) {
        return Ok(vm.not_implemented());
    }
    from_args(vm, &[a.clone(), b.clone()], false)
}

/// The same for every order of the types.
fn hash(vm: &Vm, v: &Value) -> PyResult<i64> {
    let mut h: i64 = 0x5bd1_e995;
    for a in this::<Union>(vm, v)?.args.as_slice() {
        h ^= vm.hash(a)?.wrapping_mul(0x9e37_79b9).rotate_left(17);
    }
    Ok(if h == -1 { -2 } else { h })
}

fn compare(vm: &Vm, a: &Value, b: &Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (a.downcast_ref::<Union>(), b.downcast_ref::<Union>()) else {
        return Ok(vm.not_implemented());
    };
    let want = match op {
        CompareOp::Eq => true,
        CompareOp::Ne => false,
        _ => return Ok(vm.not_implemented()),
    };
    let mut equal = x.args.len() == y.args.len();
    for p in x.args.as_slice() {
        if !equal {
            break;
        }
        equal = false;
        for q in y.args.as_slice() {
            if vm.eq(p, q)? {
                equal = true;
                break;
            }
        }
    }
    Ok(vm.bool(equal == want))
}
