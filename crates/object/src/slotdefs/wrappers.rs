//! How a wrapper descriptor (`int.__add__`) calls the slot of the type that it belongs to, with CPython's argument checks.

use super::table::SLOT_DEFS;
use crate::class::{BinaryFn, CompareOp, LenFn, Slots, SsizeArgFn, TernaryFn, TypeObject, UnaryFn};
use crate::containers::string::Str;
use crate::descr::WrapperDescr;
use crate::native::Args;
use crate::reference::Ref;
use crate::value::{PyResult, Raised, Value};
use crate::vm::Vm;

/// What the method takes and how the slot is called with it.
#[derive(Clone, Copy)]
pub enum Wrap {
    /// No arguments.
    Unary(fn(&Slots) -> Option<UnaryFn>),
    /// One argument, the right operand.
    Binary(fn(&Slots) -> Option<BinaryFn>),
    /// One argument, the left operand.
    BinaryRight(fn(&Slots) -> Option<BinaryFn>),
    /// Exponent and modulus.
    Ternary(fn(&Slots) -> Option<TernaryFn>),
    /// Base and modulus; `self` is the exponent.
    TernaryRight(fn(&Slots) -> Option<TernaryFn>),
    /// A count.
    Repeat(fn(&Slots) -> Option<SsizeArgFn>),
    /// Length.
    Len(fn(&Slots) -> Option<LenFn>),
    /// A comparison.
    Compare(CompareOp),
    /// `__hash__`
    Hash,
    /// `__call__`
    Call,
    /// `__getattribute__`
    GetAttr,
    /// `__setattr__`
    SetAttr,
    /// `__delattr__`
    DelAttr,
    /// `__next__`
    Next,
    /// `__get__`
    DescrGet,
    /// `__set__`
    DescrSet,
    /// `__delete__`
    DescrDelete,
    /// `__init__`
    Init,
    /// `__del__`
    Finalize,
    /// `__buffer__`
    Buffer,
    /// `__bool__`
    Bool,
    /// `__setitem__` by key
    SetItem,
    /// `__delitem__` by key
    DelItem,
    /// `__getitem__` by position
    SqItem,
    /// `__setitem__` by position
    SqSetItem,
    /// `__delitem__` by position
    SqDelItem,
    /// `__contains__`
    Contains,
}

fn plural(n: usize) -> &'static str {
    if n == 1 { "" } else { "s" }
}

#[cold]
fn wrong_count(vm: &Vm, wanted: usize, got: usize) -> Raised {
    vm.type_error(&format!(
        "expected {wanted} argument{}, got {got}",
        plural(wanted)
    ))
}

fn none<'a>(vm: &Vm, args: &'a [Value]) -> PyResult<&'a [Value]> {
    if args.is_empty() {
        Ok(args)
    } else {
        Err(wrong_count(vm, 0, args.len()))
    }
}

fn one<'a>(vm: &Vm, args: &'a [Value]) -> PyResult<&'a Value> {
    match args {
        [a] => Ok(a),
        _ => Err(wrong_count(vm, 1, args.len())),
    }
}

fn two<'a>(vm: &Vm, name: &str, args: &'a [Value]) -> PyResult<(&'a Value, &'a Value)> {
    match args {
        [a, b] => Ok((a, b)),
        _ => Err(vm.type_error(&format!("{name} expected 2 arguments, got {}", args.len()))),
    }
}

fn attribute_name(vm: &Vm, v: &Value) -> PyResult<Ref<Str>> {
    match v.downcast_ref::<Str>() {
        Some(s) => Ok(vm.intern_str(s)),
        None => Err(vm.type_error(&format!(
            "attribute name must be string, not '{}'",
            vm.type_name(v)
        ))),
    }
}

/// `object.__setattr__` must not reach past a more special native `__setattr__` of the instance's class (`hackcheck`).
fn check_setattr(vm: &Vm, owner: &TypeObject, v: &Value, what: &str) -> PyResult<()> {
    type Id = Option<usize>;
    let id = |t: &TypeObject| -> Id { t.slots.tp_setattro.get().map(|f| f as usize) };
    let python: Id = Some(super::functions::slot_tp_setattro as *const () as usize);
    let ty = vm.type_of(v).to_ref();
    // The class that defined the slot function of the instance's class; those made in Python never define one.
    let mut defining = ty.clone();
    if let Some(mro) = ty.mro.get() {
        let found = mro.as_slice().iter().rev().find_map(|b| {
            let b = b.downcast_ref::<TypeObject>()?;
            (id(b) != python && id(b) == id(&ty)).then(|| b.clone())
        });
        if let Some(b) = found {
            defining = b;
        }
    }
    let mut at = Some(defining);
    while let Some(t) = at {
        if id(&t) == id(owner) {
            break;
        }
        if id(&t) != python {
            return Err(vm.type_error(&format!(
                "can't apply this {what} to {} object",
                ty.name.get().to_string_lossy()
            )));
        }
        at = t.base.get();
    }
    Ok(())
}

fn item_index(vm: &Vm, v: &Value, key: &Value) -> PyResult<isize> {
    let i = vm.index_isize_or_overflow(key)?;
    vm.wrap_index(v, i)
}

/// Calls the slot that `descr` stands for, as `descr.__objclass__` implements it.
pub fn call_wrapper(vm: &Vm, descr: &Ref<WrapperDescr>, v: &Value, args: Args<'_>) -> PyResult {
    let Some(entry) = SLOT_DEFS.get(descr.entry as usize) else {
        return Err(vm.system_error("a wrapper of no slot"));
    };
    let Some(wrap) = entry.wrap else {
        return Err(vm.system_error("a wrapper of no slot"));
    };
    let takes_keywords = matches!(wrap, Wrap::Call | Wrap::Init);
    if !takes_keywords && args.keyword_count() != 0 {
        return Err(vm.type_error(&format!(
            "wrapper {}() takes no keyword arguments",
            entry.name
        )));
    }
    match wrapped(vm, entry.name, wrap, &descr.owner, v, args)? {
        Some(r) => Ok(r),
        None => Err(vm.type_error(&format!("{} is not supported", entry.name))),
    }
}

/// `None` when the slot is empty, which a wrapper made for it excludes.
fn wrapped(
    vm: &Vm,
    name: &str,
    wrap: Wrap,
    owner: &Ref<TypeObject>,
    v: &Value,
    call: Args<'_>,
) -> PyResult<Option<Value>> {
    let s = &owner.slots;
    let args = call.values;
    macro_rules! slot {
        ($e:expr) => {
            match $e {
                Some(f) => f,
                None => return Ok(None),
            }
        };
    }
    Ok(Some(match wrap {
        Wrap::Unary(get) => {
            none(vm, args)?;
            slot!(get(s))(vm, v)?
        }
        Wrap::Binary(get) => slot!(get(s))(vm, v, one(vm, args)?)?,
        Wrap::BinaryRight(get) => slot!(get(s))(vm, one(vm, args)?, v)?,
        Wrap::Ternary(get) | Wrap::TernaryRight(get) => {
            let none = vm.none();
            let (a, m) = match args {
                [a] => (a, &none),
                [a, m] => (a, m),
                _ => {
                    return Err(
                        vm.type_error(&format!("expected 1 or 2 arguments, got {}", args.len()))
                    );
                }
            };
            if matches!(wrap, Wrap::Ternary(_)) {
                slot!(get(s))(vm, v, a, m)?
            } else {
                slot!(get(s))(vm, a, v, m)?
            }
        }
        Wrap::Repeat(get) => {
            let n = vm.index_isize_or_overflow(one(vm, args)?)?;
            slot!(get(s))(vm, v, n)?
        }
        Wrap::Len(get) => {
            none(vm, args)?;
            let n = slot!(get(s))(vm, v)?;
            vm.new_usize(n)?
        }
        Wrap::Compare(op) => slot!(s.tp_richcompare.get())(vm, v, one(vm, args)?, op)?,
        Wrap::Hash => {
            none(vm, args)?;
            vm.new_int(slot!(s.tp_hash.get())(vm, v)?)?
        }
        Wrap::Call => slot!(s.tp_call.get())(vm, v, call)?,
        Wrap::GetAttr => {
            let name = attribute_name(vm, one(vm, args)?)?;
            slot!(s.tp_getattro.get())(vm, v, &name)?
        }
        Wrap::SetAttr => {
            let (name, value) = two(vm, name, args)?;
            let f = slot!(s.tp_setattro.get());
            check_setattr(vm, owner, v, "__setattr__")?;
            f(vm, v, &attribute_name(vm, name)?, Some(value))?;
            vm.none()
        }
        Wrap::DelAttr => {
            let name = one(vm, args)?;
            let f = slot!(s.tp_setattro.get());
            check_setattr(vm, owner, v, "__delattr__")?;
            f(vm, v, &attribute_name(vm, name)?, None)?;
            vm.none()
        }
        Wrap::Next => {
            none(vm, args)?;
            match slot!(s.tp_iternext.get())(vm, v)? {
                Some(x) => x,
                None => return Err(vm.stop_iteration(None)),
            }
        }
        Wrap::DescrGet => descr_get(vm, slot!(s.tp_descr_get.get()), v, args)?,
        Wrap::DescrSet => {
            let (obj, value) = two(vm, name, args)?;
            slot!(s.tp_descr_set.get())(vm, v, obj, Some(value))?;
            vm.none()
        }
        Wrap::DescrDelete => {
            slot!(s.tp_descr_set.get())(vm, v, one(vm, args)?, None)?;
            vm.none()
        }
        Wrap::Init => {
            slot!(s.tp_init.get())(vm, v, call)?;
            vm.none()
        }
        Wrap::Finalize => {
            none(vm, args)?;
            slot!(s.tp_finalize.get())(vm, v)?;
            vm.none()
        }
        Wrap::Buffer => buffer(vm, v, args)?,
        Wrap::Bool => {
            none(vm, args)?;
            vm.bool(slot!(s.nb_bool.get())(vm, v)?)
        }
        Wrap::SetItem => {
            let (key, value) = two(vm, name, args)?;
            slot!(s.mp_ass_subscript.get())(vm, v, key, Some(value))?;
            vm.none()
        }
        Wrap::DelItem => {
            slot!(s.mp_ass_subscript.get())(vm, v, one(vm, args)?, None)?;
            vm.none()
        }
        Wrap::SqItem => {
            let i = item_index(vm, v, one(vm, args)?)?;
            slot!(s.sq_item.get())(vm, v, i)?
        }
        Wrap::SqSetItem => {
            let (key, value) = two(vm, name, args)?;
            let i = item_index(vm, v, key)?;
            slot!(s.sq_ass_item.get())(vm, v, i, Some(value))?;
            vm.none()
        }
        Wrap::SqDelItem => {
            let i = item_index(vm, v, one(vm, args)?)?;
            slot!(s.sq_ass_item.get())(vm, v, i, None)?;
            vm.none()
        }
        Wrap::Contains => {
            let x = one(vm, args)?;
            vm.bool(slot!(s.sq_contains.get())(vm, v, x)?)
        }
    }))
}

fn descr_get(vm: &Vm, f: crate::class::DescrGetFn, v: &Value, args: &[Value]) -> PyResult {
    let (obj, owner) = match args {
        [o] => (o, None),
        [o, t] => (o, Some(t)),
        _ => {
            let bound = if args.is_empty() {
                "at least 1 argument"
            } else {
                "at most 2 arguments"
            };
            return Err(vm.type_error(&format!("__get__ expected {bound}, got {}", args.len())));
        }
    };
    let obj = (!vm.is_none(obj)).then_some(obj);
    let owner = owner.filter(|t| !vm.is_none(t));
    match (obj, owner) {
        (None, None) => Err(vm.type_error("__get__(None, None) is invalid")),
        (Some(o), None) => f(vm, v, Some(o), vm.type_value(o).as_value()),
        (o, Some(t)) => f(vm, v, o, t),
    }
}

fn buffer(vm: &Vm, v: &Value, args: &[Value]) -> PyResult {
    let [flags] = args else {
        return Err(vm.type_error(&format!(
            "__buffer__ expected 1 argument, got {}",
            args.len()
        )));
    };
    let flags = vm.index_isize_or_overflow(flags)?;
    // Asking for write access of a read-only exporter fails here as it does for any consumer.
    drop(vm.get_buffer(v, flags & 1 != 0)?);
    let builtins = vm.interp().builtins.get();
    match builtins.and_then(|b| {
        let name = vm.intern("memoryview").ok()?;
        b.get_str(vm, &name)
    }) {
        Some(memoryview) => vm.call1(&memoryview, v),
        None => Err(vm.system_error("memoryview is not there yet")),
    }
}
