//! `weakref.ProxyType` and `weakref.CallableProxyType`: stand-ins that pass every operation on to the object.

use taipan_object::class::CompareOp;
use taipan_object::native::NativeCode::NoArgs;
use taipan_object::native::NativeDef;
use taipan_object::weakref::WeakRef;
use taipan_object::{
    Args, BinaryOp, ClassPart, Payload, PyResult, SlotDef, TypeRef, TypeSpec, Value, Vm,
};

use crate::decl::method;

/// The payload of a proxy is a weak reference; the class tells them apart.
#[repr(C)]
pub struct Proxy {
    reference: WeakRef,
}

taipan_object::payload!(Proxy, gc, base = WeakRef);

impl taipan_object::Traverse for Proxy {
    fn traverse(&self, visit: &mut taipan_object::Visitor<'_>) {
        self.reference.traverse(visit);
    }
    fn clear(&self) {
        self.reference.clear();
    }
}

/// The object behind a proxy, or the value itself.
fn behind(vm: &Vm, v: &Value) -> PyResult {
    let is_proxy = is_proxy_type(vm, vm.type_of(v));
    match v.downcast_ref::<WeakRef>() {
        Some(r) if is_proxy => r
            .target()
            .ok_or_else(|| vm.reference_error("weakly-referenced object no longer exists")),
        _ => Ok(v.clone()),
    }
}

fn is_proxy_type(_: &Vm, ty: &taipan_object::Object<taipan_object::TypeObject>) -> bool {
    ty.payload
        .spec()
        .is_some_and(|s| std::ptr::eq(s, &PROXY_TYPE) || std::ptr::eq(s, &CALLABLE_PROXY_TYPE))
}

macro_rules! binary {
    ($($slot:ident $op:ident)*; $($islot:ident $iop:ident)*) => {
        &[
            $(SlotDef::$slot(|vm, a, b| vm.binary_op(BinaryOp::$op, &behind(vm, a)?, &behind(vm, b)?)),)*
            $(SlotDef::$islot(|vm, a, b| vm.inplace_op(BinaryOp::$iop, &behind(vm, a)?, &behind(vm, b)?)),)*
        ]
    };
}

static NUMBERS: ClassPart = ClassPart {
    slots: binary! {
        nb_add Add nb_subtract Subtract nb_multiply Multiply nb_remainder Remainder nb_lshift Lshift nb_rshift Rshift
        nb_and And nb_xor Xor nb_or Or nb_floor_divide FloorDivide nb_true_divide TrueDivide
        nb_matrix_multiply MatrixMultiply nb_divmod Divmod;
        nb_inplace_add Add nb_inplace_subtract Subtract nb_inplace_multiply Multiply nb_inplace_remainder Remainder
        nb_inplace_lshift Lshift nb_inplace_rshift Rshift nb_inplace_and And nb_inplace_xor Xor nb_inplace_or Or
        nb_inplace_floor_divide FloorDivide nb_inplace_true_divide TrueDivide
        nb_inplace_matrix_multiply MatrixMultiply
    },
    methods: &[],
    getset: &[],
};

static SHARED: ClassPart = ClassPart {
    slots: &[
        SlotDef::nb_power(|vm, a, b, c| {
            vm.power(&behind(vm, a)?, &behind(vm, b)?, &behind(vm, c)?)
        }),
        SlotDef::nb_inplace_power(|vm, a, b, _| {
            vm.inplace_op(BinaryOp::Power, &behind(vm, a)?, &behind(vm, b)?)
        }),
        SlotDef::nb_negative(|vm, v| vm.negative(&behind(vm, v)?)),
        SlotDef::nb_positive(|vm, v| vm.positive(&behind(vm, v)?)),
        SlotDef::nb_absolute(|vm, v| vm.absolute(&behind(vm, v)?)),
        SlotDef::nb_invert(|vm, v| vm.invert(&behind(vm, v)?)),
        SlotDef::nb_bool(|vm, v| vm.is_true(&behind(vm, v)?)),
        SlotDef::nb_int(|vm, v| {
            let int = vm.types().int.as_value();
            vm.call1(int, &behind(vm, v)?)
        }),
        SlotDef::nb_float(|vm, v| {
            let float = vm.types().float.as_value();
            vm.call1(float, &behind(vm, v)?)
        }),
        SlotDef::nb_index(|vm, v| vm.index(&behind(vm, v)?)),
        SlotDef::mp_length(|vm, v| vm.len(&behind(vm, v)?)),
        SlotDef::mp_subscript(|vm, v, k| vm.getitem(&behind(vm, v)?, k)),
        SlotDef::mp_ass_subscript(|vm, v, k, x| match x {
            Some(x) => vm.setitem(&behind(vm, v)?, k, x),
            None => vm.delitem(&behind(vm, v)?, k),
        }),
        SlotDef::sq_contains(|vm, v, x| vm.contains(&behind(vm, v)?, x)),
        SlotDef::tp_str(|vm, v| Ok(vm.str(&behind(vm, v)?)?.into_value())),
        SlotDef::tp_repr(repr),
        SlotDef::tp_getattro(|vm, v, name| vm.getattr(&behind(vm, v)?, name)),
        SlotDef::tp_setattro(|vm, v, name, x| vm.set_or_delete_attr(&behind(vm, v)?, name, x)),
        SlotDef::tp_richcompare(|vm, a, b, op: CompareOp| {
            vm.rich_compare(&behind(vm, a)?, &behind(vm, b)?, op)
        }),
        SlotDef::tp_iter(|vm, v| vm.iter(&behind(vm, v)?)),
        SlotDef::tp_iternext(|vm, v| {
            let it = behind(vm, v)?;
            if vm.type_of(&it).payload.slots.tp_iternext.get().is_none() {
                return Err(vm.type_error(&format!(
                    "Weakref proxy referenced a non-iterator '{}' object",
                    vm.type_name(&it)
                )));
            }
            vm.next_raw(&it)
        }),
    ],
    methods: &[
        NativeDef {
            doc: None,
            ..method(
                "__bytes__",
                "($self, /)",
                "",
                NoArgs(|vm, v| vm.call_method_str(&behind(vm, v)?, "__bytes__", &[])),
            )
        },
        NativeDef {
            doc: None,
            ..method(
                "__reversed__",
                "($self, /)",
                "",
                NoArgs(|vm, v| vm.call_method_str(&behind(vm, v)?, "__reversed__", &[])),
            )
        },
    ],
    getset: &[],
};

/// `weakref.ProxyType`
pub static PROXY_TYPE: TypeSpec = TypeSpec {
    parts: &[&NUMBERS, &SHARED],
    ..TypeSpec::new("ProxyType", "weakref", Proxy::layout)
};

/// `weakref.CallableProxyType`
pub static CALLABLE_PROXY_TYPE: TypeSpec = TypeSpec {
    parts: &[
        &NUMBERS,
        &SHARED,
        &ClassPart {
            slots: &[SlotDef::tp_call(|vm: &Vm, v: &Value, args: Args<'_>| {
                vm.call(&behind(vm, v)?, args)
            })],
            methods: &[],
            getset: &[],
        },
    ],
    ..TypeSpec::new("CallableProxyType", "weakref", Proxy::layout)
};

fn repr(vm: &Vm, v: &Value) -> PyResult {
    let at = v.bits();
    let target = v.downcast_ref::<WeakRef>().and_then(|r| r.target());
    let text = match target {
        Some(t) => format!(
            "<weakproxy at {at:#x}; to '{}' at {:#x}>",
            vm.qualified_type_name(&t),
            t.bits()
        ),
        None => format!("<weakproxy at {at:#x}; dead>"),
    };
    Ok(vm.new_str(&text)?.into_value())
}

/// `weakref.proxy(obj, callback)`
pub(super) fn new_proxy(vm: &Vm, obj: &Value, callback: Option<&Value>) -> PyResult {
    super::reference::check_target(vm, obj)?;
    let spec = if vm.is_callable(obj) {
        &CALLABLE_PROXY_TYPE
    } else {
        &PROXY_TYPE
    };
    let ty: TypeRef = vm.make_type(spec)?;
    let callback = callback.filter(|c| !vm.is_none(c));
    if callback.is_none()
        && let Some(p) = vm.shared_weakref(&ty, obj)
    {
        return Ok(p.into_value());
    }
    Ok(vm.new_weakref(&ty, obj, callback.cloned())?.into_value())
}
