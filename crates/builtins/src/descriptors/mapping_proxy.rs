//! `mappingproxy`: a read-only view of a mapping, which classes give out as their `__dict__`.

use taipan_object::class::CompareOp;
use taipan_object::native::NativeCode::{NoArgs, Positional};
use taipan_object::{
    Args, ClassPart, Dict, List, Payload, PyResult, SlotDef, Traverse, Tuple, TypeRef, TypeSpec,
    Value, Visitor, Vm, tpflags,
};

use super::native::{class_getitem, this};
use crate::decl::method;

/// The payload of `mappingproxy`.
pub struct MappingProxy {
    /// The mapping.
    pub mapping: Value,
}

taipan_object::payload!(MappingProxy, gc);

impl Traverse for MappingProxy {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(&self.mapping);
    }
}

fn mapping<'a>(vm: &Vm, v: &'a Value) -> PyResult<&'a Value> {
    Ok(&this::<MappingProxy>(vm, v)?.mapping)
}

/// The mapping behind a proxy, or the value itself.
fn behind(v: &Value) -> &Value {
    v.downcast_ref::<MappingProxy>().map_or(v, |p| &p.mapping)
}

fn call(vm: &Vm, v: &Value, name: &str) -> PyResult {
    vm.call_method_str(mapping(vm, v)?, name, &[])
}

/// `mappingproxy`
pub static MAPPING_PROXY: TypeSpec = TypeSpec {
    doc: Some("Read-only proxy of a mapping."),
    text_signature: Some("(mapping)"),
    flags: tpflags::MAPPING,
    parts: &[&ClassPart {
        slots: &[
            SlotDef::tp_new(proxy_new),
            SlotDef::tp_repr(|vm, v| {
                let s = format!("mappingproxy({})", vm.repr_string(mapping(vm, v)?)?);
                Ok(vm.new_str(&s)?.into_value())
            }),
            SlotDef::tp_str(|vm, v| Ok(vm.str(mapping(vm, v)?)?.into_value())),
            SlotDef::tp_hash(|vm, v| vm.hash(mapping(vm, v)?)),
            SlotDef::tp_iter(|vm, v| vm.iter(mapping(vm, v)?)),
            SlotDef::tp_richcompare(|vm, v, w, op: CompareOp| {
                vm.rich_compare(mapping(vm, v)?, behind(w), op)
            }),
            SlotDef::nb_or(|vm, a, b| {
                vm.binary_op(taipan_object::BinaryOp::Or, behind(a), behind(b))
            }),
            SlotDef::nb_inplace_or(|vm, v, _| {
                Err(vm.type_error(&format!(
                    "'|=' is not supported by {}; use '|' instead",
                    vm.type_name(v)
                )))
            }),
            SlotDef::mp_length(|vm, v| vm.len(mapping(vm, v)?)),
            SlotDef::mp_subscript(|vm, v, k| vm.getitem(mapping(vm, v)?, k)),
            SlotDef::sq_contains(|vm, v, k| {
                let m = mapping(vm, v)?;
                match m.downcast_ref::<Dict>() {
                    Some(d) if vm.type_of(m).payload.spec().is_some() => {
                        Ok(d.get(vm, k)?.is_some())
                    }
                    _ => vm.contains(m, k),
                }
            }),
        ],
        methods: &[
            method(
                "get",
                "($self, key, default=None, /)",
                "Return the value for key if key is in the mapping, else default.",
                Positional {
                    min: 1,
                    max: 2,
                    f: |vm, v, args| {
                        let name = &vm.names().get;
                        let mut args = args.to_vec();
                        if args.len() == 1 {
                            args.push(vm.none());
                        }
                        vm.call_method(mapping(vm, v)?, name, &args)
                    },
                },
            ),
            method(
                "keys",
                "($self, /)",
                "D.keys() -> a set-like object providing a view on D's keys",
                NoArgs(|vm, v| call(vm, v, "keys")),
            ),
            method(
                "values",
                "($self, /)",
                "D.values() -> an object providing a view on D's values",
                NoArgs(|vm, v| call(vm, v, "values")),
            ),
            method(
                "items",
                "($self, /)",
                "D.items() -> a set-like object providing a view on D's items",
                NoArgs(|vm, v| call(vm, v, "items")),
            ),
            method(
                "copy",
                "($self, /)",
                "D.copy() -> a shallow copy of D",
                NoArgs(|vm, v| call(vm, v, "copy")),
            ),
            class_getitem(Some(
                "mappingproxy objects are generic over two types, signifying (respectively) the types of their keys and values",
            )),
            method(
                "__reversed__",
                "($self, /)",
                "D.__reversed__() -> reverse iterator",
                NoArgs(|vm, v| call(vm, v, "__reversed__")),
            ),
        ],
        getset: &[],
    }],
    ..TypeSpec::new("mappingproxy", "builtins", MappingProxy::layout)
};

fn proxy_new(vm: &Vm, _: &TypeRef, args: Args<'_>) -> PyResult {
    let found = match (args.pos(), args.keyword_count()) {
        ([m], 0) => Some(m),
        ([], 1) => args
            .keywords()
            .find(|(k, _)| k.eq_str("mapping"))
            .map(|(_, v)| v),
        _ => None,
    };
    let Some(m) = found else {
        let n = args.values.len();
        return Err(if n > 1 {
            vm.type_error(&format!(
                "mappingproxy() takes at most 1 argument ({n} given)"
            ))
        } else {
            vm.type_error("mappingproxy() missing required argument 'mapping' (pos 1)")
        });
    };
    let is_mapping = vm.type_of(m).payload.slots.mp_subscript.get().is_some()
        && m.downcast_ref::<List>().is_none()
        && m.downcast_ref::<Tuple>().is_none();
    if !is_mapping {
        return Err(vm.type_error(&format!(
            "mappingproxy() argument must be a mapping, not {}",
            vm.type_name(m)
        )));
    }
    Ok(vm.new(MappingProxy { mapping: m.clone() })?.into_value())
}
