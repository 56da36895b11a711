//! `method`, a callable bound to an instance, and `cell`, a variable that functions share.

use taipan_object::class::CompareOp;
use taipan_object::descr::{Cell, Method};
use taipan_object::native::NativeCode::NoArgs;
use taipan_object::native::NativeDef;
use taipan_object::protocol::attr::generic_getattr;
use taipan_object::slotdefs::call_with_first;
use taipan_object::{
    Args, ClassPart, Payload, PyResult, Ref, SlotDef, Str, TypeRef, TypeSpec, Value, Vm, tpflags,
};

use super::native::{reduce_to_getattr, this};
use crate::decl::{attribute, member, method};

/// `method`
pub static METHOD: TypeSpec = TypeSpec {
    doc: Some("Create a bound instance method object."),
    text_signature: Some("(function, instance, /)"),
    flags: tpflags::HAVE_VECTORCALL,
    has_weakref: true,
    parts: &[&ClassPart {
        slots: &[
            SlotDef::tp_new(method_new),
            SlotDef::tp_call(method_call),
            SlotDef::tp_repr(method_repr),
            SlotDef::tp_hash(|vm, v| {
                let m = this::<Method>(vm, v)?;
                let h = m.self_.bits().rotate_right(4) as i64 ^ vm.hash(&m.function)?;
                Ok(if h == -1 { -2 } else { h })
            }),
            SlotDef::tp_getattro(method_getattro),
            SlotDef::tp_richcompare(method_compare),
            // Bound already: it is not bound again.
            SlotDef::tp_descr_get(|_, v, _, _| Ok(v.clone())),
        ],
        methods: &[NativeDef {
            doc: None,
            ..method(
                "__reduce__",
                "($self, /)",
                "",
                NoArgs(|vm, v| {
                    let m = this::<Method>(vm, v)?;
                    let name = vm.getattr(&m.function, &vm.names().__name__)?;
                    let name = vm.str(&name)?;
                    reduce_to_getattr(vm, m.self_.clone(), &name.to_string_lossy())
                }),
            )
        }],
        getset: &[
            attribute(
                "__doc__",
                None,
                |vm, v| vm.getattr(&this::<Method>(vm, v)?.function, &vm.names().__doc__),
                None,
            ),
            member(
                "__func__",
                Some("the function (or other callable) implementing a method"),
                |vm, v| Ok(this::<Method>(vm, v)?.function.clone()),
                None,
            ),
            member(
                "__self__",
                Some("the instance to which a method is bound"),
                |vm, v| Ok(this::<Method>(vm, v)?.self_.clone()),
                None,
            ),
        ],
    }],
    ..TypeSpec::new("method", "builtins", Method::layout)
};

fn method_new(vm: &Vm, _: &TypeRef, args: Args<'_>) -> PyResult {
    if args.keyword_count() != 0 {
        return Err(vm.type_error("method() takes no keyword arguments"));
    }
    let [f, obj] = args.values else {
        return Err(vm.type_error(&format!(
            "method expected 2 arguments, got {}",
            args.values.len()
        )));
    };
    if !vm.is_callable(f) {
        return Err(vm.type_error("first argument must be callable"));
    }
    if vm.is_none(obj) {
        return Err(vm.type_error("instance must not be None"));
    }
    Ok(vm.new_method(f.clone(), obj.clone())?.into_value())
}

/// Calling a bound method.
pub fn method_call(vm: &Vm, v: &Value, args: Args<'_>) -> PyResult {
    let m = this::<Method>(vm, v)?;
    call_with_first(vm, &m.function, &m.self_, args)
}

fn name_of(vm: &Vm, f: &Value) -> PyResult<Option<Ref<Str>>> {
    let n = vm.names();
    for key in [&n.__qualname__, &n.__name__] {
        if let Some(v) = vm.getattr_opt(f, key)? {
            return Ok(v.downcast::<Str>().ok());
        }
    }
    Ok(None)
}

fn method_repr(vm: &Vm, v: &Value) -> PyResult {
    let m = this::<Method>(vm, v)?;
    let name = match name_of(vm, &m.function)? {
        Some(s) => s.to_string_lossy().into_owned(),
        None => "?".to_owned(),
    };
    let s = format!("<bound method {name} of {}>", vm.repr_string(&m.self_)?);
    Ok(vm.new_str(&s)?.into_value())
}

/// Attributes of a method are its own, then those of its function.
fn method_getattro(vm: &Vm, v: &Value, name: &Ref<Str>) -> PyResult {
    if vm.lookup_special(v, &vm.intern_str(name)).is_some() {
        return generic_getattr(vm, v, name);
    }
    vm.getattr(&this::<Method>(vm, v)?.function, name)
}

fn method_compare(vm: &Vm, a: &Value, b: &Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (a.downcast_ref::<Method>(), b.downcast_ref::<Method>()) else {
        return Ok(vm.not_implemented());
    };
    let want = match op {
        CompareOp::Eq => true,
        CompareOp::Ne => false,
        _ => return Ok(vm.not_implemented()),
    };
    let equal = x.self_.is(&y.self_) && vm.eq(&x.function, &y.function)?;
    Ok(vm.bool(equal == want))
}

/// `cell`
pub static CELL: TypeSpec = TypeSpec {
    doc: Some(
        "Create a new cell object.\n\n  contents\n    the contents of the cell. If not specified, the cell will be empty,\n    and further attempts to access its cell_contents attribute will\n    raise a ValueError.",
    ),
    text_signature: Some("([contents])"),
    parts: &[&ClassPart {
        slots: &[
            SlotDef::tp_new(cell_new),
            SlotDef::tp_repr(cell_repr),
            SlotDef::tp_richcompare(cell_compare),
        ],
        methods: &[],
        getset: &[attribute(
            "cell_contents",
            None,
            |vm, v| {
                let c = this::<Cell>(vm, v)?;
                c.contents
                    .get()
                    .ok_or_else(|| vm.value_error("Cell is empty"))
            },
            Some(|vm, v, x| {
                this::<Cell>(vm, v)?.contents.set(x.cloned());
                Ok(())
            }),
        )],
    }],
    ..TypeSpec::new("cell", "builtins", Cell::layout)
};

fn cell_new(vm: &Vm, _: &TypeRef, args: Args<'_>) -> PyResult {
    if args.keyword_count() != 0 {
        return Err(vm.type_error("cell() takes no keyword arguments"));
    }
    if args.values.len() > 1 {
        return Err(vm.type_error(&format!(
            "cell expected at most 1 argument, got {}",
            args.values.len()
        )));
    }
    Ok(vm.new_cell(args.values.first().cloned())?.into_value())
}

fn cell_repr(vm: &Vm, v: &Value) -> PyResult {
    let s = match this::<Cell>(vm, v)?.contents.get() {
        Some(x) => format!(
            "<cell at {:#x}: {} object at {:#x}>",
            v.bits(),
            vm.type_name(&x),
            x.bits()
        ),
        None => format!("<cell at {:#x}: empty>", v.bits()),
    };
    Ok(vm.new_str(&s)?.into_value())
}

fn cell_compare(vm: &Vm, a: &Value, b: &Value, op: CompareOp) -> PyResult {
    let (Some(x), Some(y)) = (a.downcast_ref::<Cell>(), b.downcast_ref::<Cell>()) else {
        return Ok(vm.not_implemented());
    };
    match (x.contents.get(), y.contents.get()) {
        (Some(x), Some(y)) => vm.rich_compare(&x, &y, op),
        // Empty cells come first.
        (x, y) => Ok(vm.bool(op.matches(x.is_some().cmp(&y.is_some())))),
    }
}
