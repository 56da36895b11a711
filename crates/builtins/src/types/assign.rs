//! Changing what an instance or a class is: assignment to `__class__` and to `__bases__`.

use taipan_object::class::{InstanceLayout, TypeObject};
use taipan_object::descr::MemberDescr;
use taipan_object::slotdefs::fill_slots;
use taipan_object::{PyResult, Raised, Tuple, TypeRef, Value, Vm, tpflags};

use super::type_attrs::{check_special, class_of};
use super::{layout, mro, type_new};

/// The names of a type's `__slots__` members in the order of their places.
fn members(ty: &TypeRef) -> Vec<(u32, String)> {
    let mut out = Vec::new();
    for t in ty.mro.get().iter().flat_map(|m| m.as_slice()) {
        let dict = t.downcast_ref::<TypeObject>().and_then(|t| t.dict.get());
        for v in dict.iter().flat_map(|d| d.values()) {
            if let Some(m) = v.downcast_ref::<MemberDescr>()
                && m.native.is_none()
                && m.owner.as_value().is(t)
            {
                out.push((m.offset, m.name.to_string_lossy().into_owned()));
            }
        }
    }
    out.sort();
    out
}

fn same_kind(a: &TypeRef, b: &TypeRef) -> bool {
    std::ptr::eq(a.layout(), b.layout())
        && (a.dict_offset() == 0) == (b.dict_offset() == 0)
        && a.has_flag(tpflags::MANAGED_WEAKREF) == b.has_flag(tpflags::MANAGED_WEAKREF)
}

/// The class from which instances of `ty` have their layout, dict and weak references included.
fn layout_class(ty: &TypeRef) -> TypeRef {
    let mut at = ty.clone();
    while let Some(base) = at.base.get() {
        let same_members = at.instance.borrow().member_offsets.len()
            == base.instance.borrow().member_offsets.len();
        if !same_kind(&at, &base) || !same_members {
            break;
        }
        at = base;
    }
    at
}

/// Whether instances of one class can become instances of the other (`compatible_for_assignment`): both have their layout
/// from the same class, or from two that add the same to a common base.
fn same_layout(a: &TypeRef, b: &TypeRef) -> bool {
    let (a, b) = (layout_class(a), layout_class(b));
    if a.is(&b) {
        return true;
    }
    let same_base = match (a.base.get(), b.base.get()) {
        (Some(x), Some(y)) => x.is(&y),
        _ => false,
    };
    same_base && same_kind(&a, &b) && members(&a) == members(&b)
}

#[cold]
fn differs(vm: &Vm, attribute: &str, new: &TypeRef, old: &TypeRef) -> Raised {
    vm.type_error(&format!(
        "{attribute} assignment: '{}' object layout differs from '{}'",
        new.full_name(),
        old.full_name()
    ))
}

/// Assignment to `x.__class__`.
pub(super) fn set_class(vm: &Vm, v: &Value, value: Option<&Value>) -> PyResult<()> {
    let Some(value) = value else {
        return Err(vm.type_error("can't delete __class__ attribute"));
    };
    let Some(new) = value.downcast_ref::<TypeObject>() else {
        return Err(vm.type_error(&format!(
            "__class__ must be set to a class, not '{}' object",
            vm.type_name(value)
        )));
    };
    let old = vm.type_value(v);
    let module = vm.types().module.object();
    let both_modules = new.is_subtype(module) && old.is_subtype(module);
    let immutable = new.has_flag(tpflags::IMMUTABLETYPE) || old.has_flag(tpflags::IMMUTABLETYPE);
    if immutable && !both_modules {
        return Err(vm.type_error(
            "__class__ assignment only supported for mutable types or ModuleType subclasses",
        ));
    }
    if !same_layout(new, &old) {
        return Err(differs(vm, "__class__", new, &old));
    }
    vm.set_type_of(v, new)
}

/// A class whose MRO was replaced, with the new one and the old one.
type NewOrder = (
    TypeRef,
    taipan_object::Ref<Tuple>,
    taipan_object::Ref<Tuple>,
);

/// Whether `cls` is in the chain of `__base__` of `t`.
fn derives_by_bases(t: &TypeRef, cls: &TypeRef) -> bool {
    let mut at = t.base.get();
    while let Some(b) = at {
        if b.is(cls) {
            return true;
        }
        at = b.base.get();
    }
    false
}

/// Assignment to `C.__bases__`.
pub(super) fn set_bases(vm: &Vm, v: &Value, value: Option<&Value>) -> PyResult<()> {
    let cls = class_of(vm, v)?;
    let value = check_special(vm, cls, value, "__bases__")?;
    let name = cls.full_name();
    let Some(bases) = value.downcast_ref::<Tuple>() else {
        return Err(vm.type_error(&format!(
            "can only assign tuple to {name}.__bases__, not {}",
            vm.type_name(value)
        )));
    };
    if bases.is_empty() {
        return Err(vm.type_error(&format!(
            "can only assign non-empty tuple to {name}.__bases__, not ()"
        )));
    }
    for b in bases.as_slice() {
        let Some(t) = b.downcast_ref::<TypeObject>() else {
            return Err(vm.type_error(&format!(
                "{name}.__bases__ must be tuple of classes, not '{}'",
                vm.type_name(b)
            )));
        };
        // The chain of bases is ahead of the MRO while a metaclass's `mro()` runs.
        if t.is_subtype(cls.object()) || derives_by_bases(t, cls) {
            return Err(vm.type_error("a __bases__ item causes an inheritance cycle"));
        }
    }
    let new_base = layout::best_base(vm, bases.as_slice())?;
    if let Some(old_base) = cls.base.get()
        && !compatible_bases(cls, &old_base, &new_base)
    {
        return Err(differs(vm, "__bases__", &new_base, &old_base));
    }
    let (old_bases, old_base) = (cls.bases.get(), cls.base.get());
    type_new::unlink(cls);
    cls.bases.set(Some(bases.clone()));
    cls.base.set(Some(new_base));
    let mut changed: Vec<NewOrder> = Vec::new();
    let done = reorder(vm, cls, &mut changed);
    // A metaclass's `mro()` may have assigned bases meanwhile, which stay then.
    let still_ours = cls.bases.get().is_some_and(|b| b.is(bases));
    if let Err(r) = done {
        for (t, new, old) in changed.into_iter().rev() {
            if t.mro.get().is_some_and(|m| m.is(&new)) {
                t.mro.set(Some(old));
            }
        }
        if still_ours {
            cls.bases.set(old_bases);
            cls.base.set(old_base);
            type_new::link(cls);
        }
        return Err(r);
    }
    if !still_ours {
        return Ok(());
    }
    type_new::link(cls);
    vm.type_modified(cls);
    for (t, ..) in &changed {
        vm.type_modified(t);
        if let Some(base) = t.base.get() {
            t.slots.inherit(&base.slots);
        }
        fill_slots(vm, t);
    }
    Ok(())
}

/// Instances made before the change must still fit: everything but what the class itself adds lies as before.
fn compatible_bases(cls: &TypeRef, old: &TypeRef, new: &TypeRef) -> bool {
    if !std::ptr::eq(old.layout(), new.layout()) {
        return false;
    }
    let before: InstanceLayout = old.instance.borrow().clone();
    let after: InstanceLayout = new.instance.borrow().clone();
    let word = |t: &TypeRef| t.dict_offset() != 0;
    // A dict that only the old or the new base has does no harm when the class has one itself.
    before.member_offsets.len() == after.member_offsets.len()
        && (word(old) == word(new) || word(cls))
}

/// Gives a class and those that derive from it new MROs; `changed` gets the old ones.
fn reorder(vm: &Vm, cls: &TypeRef, changed: &mut Vec<NewOrder>) -> PyResult<()> {
    vm.check_stack("")?;
    let before = cls.mro.get();
    let new = mro::compute(vm, cls)?;
    let present = cls.mro.get();
    let untouched = match (&before, &present) {
        (Some(a), Some(b)) => a.is(b),
        (None, None) => true,
        _ => false,
    };
    if !untouched {
        // The metaclass's `mro()` assigned bases: what it brought about is newer.
        return Ok(());
    }
    if let Some(old) = cls.mro.replace(Some(new.clone())) {
        changed.push((cls.clone(), new, old));
    }
    for s in subclasses(cls) {
        reorder(vm, &s, changed)?;
    }
    Ok(())
}

/// The living classes that derive directly from a class, oldest first.
pub fn subclasses(cls: &TypeRef) -> Vec<TypeRef> {
    cls.living_subclasses()
}

pub(super) fn get_bases(vm: &Vm, v: &Value) -> PyResult {
    Ok(match class_of(vm, v)?.bases.get() {
        Some(b) => b.into_value(),
        None => vm.new_tuple(Vec::new())?.into_value(),
    })
}
