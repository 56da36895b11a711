//! Slot functions of classes whose methods are Python objects: arithmetic with its reflected forms, containers, truth.

use super::functions::{call_unbound, call_unbound_required};
use crate::class::{BinaryFn, Slots, TernaryFn};
use crate::containers::number::IntRef;
use crate::containers::string::Str;
use crate::reference::Ref;
use crate::value::{PyResult, Value};
use crate::vm::Vm;

/// Whether the right operand's class gives the reflected method a meaning of its own.
fn is_overloaded(vm: &Vm, left: &Value, right: &Value, name: &Ref<Str>) -> PyResult<bool> {
    let theirs = vm.getattr_opt(vm.type_value(right).as_value(), name)?;
    let Some(theirs) = theirs else {
        return Ok(false);
    };
    match vm.getattr_opt(vm.type_value(left).as_value(), name)? {
        Some(ours) => vm.compare_bool(&theirs, &ours, crate::class::CompareOp::Ne),
        None => Ok(true),
    }
}

/// Calls a method that the object's class may have.
pub(crate) fn call_or_not_implemented(
    vm: &Vm,
    obj: &Value,
    name: &Ref<Str>,
    args: &[&Value],
) -> PyResult {
    match call_unbound(vm, obj, name, args)? {
        Some(r) => Ok(r),
        None => Ok(vm.not_implemented()),
    }
}

/// The rule of SLOT1BINFULL: `ours` and `theirs` say which operand's class has this very slot function, so that a native
/// operand's slot is left to the caller; `rest` is the modulus of `pow`, if any; a subclass on the right that overrides the reflected method goes first.
fn reflected(
    vm: &Vm,
    a: &Value,
    b: &Value,
    ours: bool,
    theirs: bool,
    name: &Ref<Str>,
    rname: &Ref<Str>,
    rest: &[&Value],
) -> PyResult {
    let same = std::ptr::eq(vm.type_of(a), vm.type_of(b));
    let mut do_other = !same && theirs;
    let n = 1 + rest.len().min(1);
    let third = rest.first().copied().unwrap_or(a);
    let (forward, backward) = ([b, third], [a, third]);
    let (forward, backward) = (&forward[..n], &backward[..n]);
    if ours {
        if do_other
            && vm.type_of(b).payload.is_subtype(vm.type_of(a))
            && is_overloaded(vm, a, b, rname)?
        {
            let r = call_or_not_implemented(vm, b, rname, backward)?;
            if !vm.is_not_implemented(&r) {
                return Ok(r);
            }
            do_other = false;
        }
        let r = call_or_not_implemented(vm, a, name, forward)?;
        if !vm.is_not_implemented(&r) || std::ptr::eq(vm.type_of(a), vm.type_of(b)) {
            return Ok(r);
        }
    }
    if do_other {
        return call_or_not_implemented(vm, b, rname, backward);
    }
    Ok(vm.not_implemented())
}

fn has(vm: &Vm, v: &Value, get: fn(&Slots) -> Option<BinaryFn>, f: BinaryFn) -> bool {
    get(&vm.type_of(v).payload.slots).is_some_and(|g| g as usize == f as usize)
}

macro_rules! binary {
    ($($f:ident, $slot:ident, $name:ident, $rname:ident;)*) => {
        $(#[inline(never)]
        pub(super) fn $f(vm: &Vm, a: &Value, b: &Value) -> PyResult {
            let get: fn(&Slots) -> Option<BinaryFn> = |s| s.$slot.get();
            let (ours, theirs) = (has(vm, a, get, $f), has(vm, b, get, $f));
            reflected(vm, a, b, ours, theirs, &vm.names().$name, &vm.names().$rname, &[])
        })*
    };
}

binary! {
    slot_nb_add, nb_add, __add__, __radd__;
    slot_nb_subtract, nb_subtract, __sub__, __rsub__;
    slot_nb_multiply, nb_multiply, __mul__, __rmul__;
    slot_nb_remainder, nb_remainder, __mod__, __rmod__;
    slot_nb_divmod, nb_divmod, __divmod__, __rdivmod__;
    slot_nb_lshift, nb_lshift, __lshift__, __rlshift__;
    slot_nb_rshift, nb_rshift, __rshift__, __rrshift__;
    slot_nb_and, nb_and, __and__, __rand__;
    slot_nb_xor, nb_xor, __xor__, __rxor__;
    slot_nb_or, nb_or, __or__, __ror__;
    slot_nb_floor_divide, nb_floor_divide, __floordiv__, __rfloordiv__;
    slot_nb_true_divide, nb_true_divide, __truediv__, __rtruediv__;
    slot_nb_matrix_multiply, nb_matrix_multiply, __matmul__, __rmatmul__;
}

macro_rules! required {
    (unary: $($f:ident $name:ident)*; binary: $($g:ident $gname:ident)*;) => {
        $(#[inline(never)]
        pub(super) fn $f(vm: &Vm, v: &Value) -> PyResult {
            call_unbound_required(vm, v, &vm.names().$name, &[])
        })*
        $(#[inline(never)]
        pub(super) fn $g(vm: &Vm, a: &Value, b: &Value) -> PyResult {
            call_unbound_required(vm, a, &vm.names().$gname, &[b])
        })*
    };
}

required! {
    unary:
        slot_nb_negative __neg__ slot_nb_positive __pos__ slot_nb_absolute __abs__ slot_nb_invert __invert__
        slot_nb_int __int__ slot_nb_float __float__ slot_nb_index __index__;
    binary:
        slot_nb_inplace_add __iadd__ slot_nb_inplace_subtract __isub__ slot_nb_inplace_multiply __imul__
        slot_nb_inplace_remainder __imod__ slot_nb_inplace_lshift __ilshift__ slot_nb_inplace_rshift __irshift__
        slot_nb_inplace_and __iand__ slot_nb_inplace_xor __ixor__ slot_nb_inplace_or __ior__
        slot_nb_inplace_floor_divide __ifloordiv__ slot_nb_inplace_true_divide __itruediv__
        slot_nb_inplace_matrix_multiply __imatmul__ slot_mp_subscript __getitem__;
}

#[inline(never)]
pub(super) fn slot_nb_power(vm: &Vm, a: &Value, b: &Value, modulus: &Value) -> PyResult {
    let mine = |v: &Value| {
        let f: Option<TernaryFn> = vm.type_of(v).payload.slots.nb_power.get();
        f.is_some_and(|f| f as usize == slot_nb_power as *const () as usize)
    };
    let (ours, theirs) = (mine(a), mine(b));
    let n = vm.names();
    let rest: &[&Value] = if vm.is_none(modulus) { &[] } else { &[modulus] };
    reflected(vm, a, b, ours, theirs, &n.__pow__, &n.__rpow__, rest)
}

#[inline(never)]
pub(super) fn slot_nb_inplace_power(vm: &Vm, a: &Value, b: &Value, _: &Value) -> PyResult {
    call_unbound_required(vm, a, &vm.names().__ipow__, &[b])
}

#[inline(never)]
pub(super) fn slot_nb_bool(vm: &Vm, v: &Value) -> PyResult<bool> {
    let n = vm.names();
    if let Some(r) = call_unbound(vm, v, &n.__bool__, &[])? {
        let s = vm.interp().singletons();
        return if r.is(&s.true_) {
            Ok(true)
        } else if r.is(&s.false_) {
            Ok(false)
        } else {
            Err(vm.type_error(&format!(
                "__bool__ should return bool, returned {}",
                vm.type_name(&r)
            )))
        };
    }
    match call_unbound(vm, v, &n.__len__, &[])? {
        Some(r) => vm.is_true(&r),
        None => Ok(true),
    }
}

#[inline(never)]
pub(super) fn slot_length(vm: &Vm, v: &Value) -> PyResult<usize> {
    let r = call_unbound_required(vm, v, &vm.names().__len__, &[])?;
    let r = vm.index(&r)?;
    match r.as_int() {
        Some(i) if i.is_negative() => Err(vm.value_error("__len__() should return >= 0")),
        Some(IntRef::Small(n)) if isize::try_from(n).is_ok() => Ok(n as usize),
        _ => vm.index_isize_or_overflow(&r).map(|n| n as usize),
    }
}

#[inline(never)]
pub(super) fn slot_mp_ass_subscript(
    vm: &Vm,
    v: &Value,
    key: &Value,
    value: Option<&Value>,
) -> PyResult<()> {
    let n = vm.names();
    match value {
        Some(x) => call_unbound_required(vm, v, &n.__setitem__, &[key, x])?,
        None => call_unbound_required(vm, v, &n.__delitem__, &[key])?,
    };
    Ok(())
}

#[inline(never)]
pub(super) fn slot_sq_item(vm: &Vm, v: &Value, i: isize) -> PyResult {
    let i = vm.new_int(i as i64)?;
    call_unbound_required(vm, v, &vm.names().__getitem__, &[&i])
}

#[inline(never)]
pub(super) fn slot_sq_ass_item(
    vm: &Vm,
    v: &Value,
    i: isize,
    value: Option<&Value>,
) -> PyResult<()> {
    let i = vm.new_int(i as i64)?;
    slot_mp_ass_subscript(vm, v, &i, value)
}

#[inline(never)]
pub(super) fn slot_sq_contains(vm: &Vm, v: &Value, x: &Value) -> PyResult<bool> {
    let name = &vm.names().__contains__;
    if vm.lookup_special(v, name).is_some_and(|f| vm.is_none(&f)) {
        return Err(vm.type_error(&format!("'{}' object is not a container", vm.type_name(v))));
    }
    match call_unbound(vm, v, name, &[x])? {
        Some(r) => vm.is_true(&r),
        None => vm.contains_by_iteration(v, x),
    }
}
