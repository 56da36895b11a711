//! How a class gets its slots: the methods of a native type from its slots, the slots of a class from its methods, and
//! what a change of an attribute does to a class and those that derive from it.

use super::table::{SLOT_DEFS, SlotEntry};
use crate::class::{SlotId, TypeObject, TypeRef};
use crate::containers::string::Str;
use crate::descr::{NativeFunction, WrapperDescr};
use crate::native::{Args, NativeCode, NativeDef, NativeKind};
use crate::reference::Ref;
use crate::value::{PyResult, Value};
use crate::vm::Vm;

/// `__new__` of every native type that makes instances.
static NEW: NativeDef = NativeDef {
    name: "__new__",
    text_signature: Some("($type, *args, **kwargs)"),
    doc: Some("Create and return a new object.  See help(type) for accurate signature."),
    kind: NativeKind::StaticMethod,
    code: NativeCode::Variadic(tp_new_wrapper),
};

/// Checks that the class given to `X.__new__` may be made by it, then calls the slot (`tp_new_wrapper`).
fn tp_new_wrapper(vm: &Vm, owner: &Value, args: Args<'_>) -> PyResult {
    let Some(owner) = owner.downcast_ref::<TypeObject>() else {
        return Err(vm.system_error("__new__() called with non-type 'self'"));
    };
    let name = TypeObject::full_name;
    let Some(first) = args.pos().first() else {
        return Err(vm.type_error(&format!("{}.__new__(): not enough arguments", name(owner))));
    };
    let Some(cls) = first.downcast_ref::<TypeObject>() else {
        return Err(vm.type_error(&format!(
            "{}.__new__(X): X is not a type object ({})",
            name(owner),
            vm.type_name(first)
        )));
    };
    if !cls.is_subtype(owner.object()) {
        return Err(vm.type_error(&format!(
            "{0}.__new__({1}): {1} is not a subtype of {0}",
            name(owner),
            name(cls)
        )));
    }
    // The native base that decides how instances lie in memory must make them.
    let base = TypeObject::native_base(cls.object());
    let (Some(ours), safe) = (owner.slots.tp_new.get(), base.payload.slots.tp_new.get()) else {
        return Err(vm.type_error(&format!("cannot create '{}' instances", name(owner))));
    };
    let base = &base.payload;
    let Some(safe) = safe else {
        return Err(vm.type_error(&format!("cannot create '{}' instances", base.full_name())));
    };
    if safe as usize != ours as usize {
        return Err(vm.type_error(&format!(
            "{}.__new__({}) is not safe, use {}.__new__()",
            name(owner),
            name(cls),
            name(base)
        )));
    }
    ours(
        vm,
        cls,
        Args {
            values: args.values.get(1..).unwrap_or_default(),
            kwnames: args.kwnames,
        },
    )
}

/// Whether a value found as `__new__` is the native one of some type.
fn is_native_new(v: &Value) -> bool {
    v.downcast_ref::<NativeFunction>()
        .is_some_and(|f| std::ptr::eq(f.def, &NEW))
}

/// The `__new__` of a native type.
pub fn new_wrapper(vm: &Vm, ty: &TypeRef) -> PyResult {
    Ok(vm
        .new_native_function(&NEW, Some(ty.as_value().clone()), None, Some(ty.clone()))?
        .into_value())
}

/// Adds a wrapper descriptor for each slot that the type sets and its dict does not have a method for.
pub(crate) fn add_slot_wrappers(vm: &Vm, ty: &TypeRef) -> PyResult<()> {
    let Some(dict) = ty.dict.get() else {
        return Ok(());
    };
    let n = vm.names();
    if ty.slots.tp_new.get().is_some() && dict.get_str(vm, &n.__new__).is_none() {
        dict.set_str(vm, &n.__new__, new_wrapper(vm, ty)?)?;
    }
    for (i, e) in SLOT_DEFS.iter().enumerate() {
        let key = (e.key)(n);
        if e.wrap.is_none() || !ty.slots.is_set(e.slot) || dict.get_str(vm, key).is_some() {
            continue;
        }
        if e.slot == SlotId::tp_hash
            && ty.slots.tp_hash.get().map(|f| f as usize)
                == Some(crate::protocol::compare::hash_not_implemented as *const () as usize)
        {
            dict.set_str(vm, key, vm.none())?;
            continue;
        }
        let w = vm.new_object(
            &vm.types().wrapper_descriptor,
            WrapperDescr {
                entry: i as u16,
                slot: e.slot,
                owner: ty.clone(),
            },
        )?;
        dict.set_str(vm, key, w.into_value())?;
    }
    Ok(())
}

/// The one slot of those a name stands for that the type has filled; `None` when there are none or several.
fn only_slot(ty: &TypeObject, name: &str) -> Option<SlotId> {
    let mut found = None;
    for e in SLOT_DEFS.iter().filter(|e| e.name == name) {
        if ty.slots.is_set(e.slot) {
            if found.is_some() {
                return None;
            }
            found = Some(e.slot);
        }
    }
    found
}

/// Fills one slot from the methods that its entries name, as they are found along the MRO.
fn update_one_slot(vm: &Vm, ty: &TypeObject, group: &[SlotEntry]) {
    let Some(slot) = group.first().map(|e| e.slot) else {
        return;
    };
    // The native type whose slot function serves directly, if all methods agree on one.
    let mut specific: Option<TypeRef> = None;
    let mut keep = false;
    let mut unhashable = false;
    let mut concat = None;
    let mut generic = None;
    let mut use_generic = false;
    for e in group {
        let Some(d) = vm.lookup_uncached(ty, (e.key)(vm.names())) else {
            continue;
        };
        let wrapper = d.downcast_ref::<WrapperDescr>().filter(|w| {
            SLOT_DEFS
                .get(w.entry as usize)
                .is_some_and(|o| o.name == e.name)
        });
        if let Some(w) = wrapper {
            if only_slot(ty, e.name).is_none_or(|s| s == slot) {
                generic = e.function;
            }
            let agrees = specific
                .as_ref()
                .is_none_or(|t| t.slots.same(slot, &w.owner.slots));
            if w.slot == slot && agrees && ty.is_subtype(w.owner.object()) {
                specific = Some(w.owner.clone());
            } else if slot == SlotId::nb_inplace_add && w.slot == SlotId::sq_inplace_concat {
                // Both take the same operands: `+=` of a sequence comes before a `__add__` of the subclass.
                concat = w.owner.slots.sq_inplace_concat.get();
            } else {
                use_generic = true;
            }
        } else if slot == SlotId::tp_new && is_native_new(&d) {
            // The function inherited from the base knows how to make instances.
            keep = true;
        } else if slot == SlotId::tp_hash && vm.is_none(&d) {
            unhashable = true;
        } else {
            use_generic = true;
            generic = e.function;
        }
    }
    if !use_generic {
        if keep {
            return;
        }
        if unhashable {
            ty.slots
                .tp_hash
                .set(Some(crate::protocol::compare::hash_not_implemented));
            return;
        }
        if concat.is_some() {
            ty.slots.nb_inplace_add.set(concat);
            return;
        }
        if let Some(t) = specific {
            ty.slots.copy(slot, &t.slots);
            return;
        }
    }
    match generic {
        Some(f) => f.install(&ty.slots),
        None => ty.slots.clear(slot),
    }
}

/// The entries of each slot.
fn groups() -> impl Iterator<Item = &'static [SlotEntry]> {
    SLOT_DEFS.chunk_by(|a, b| a.slot == b.slot)
}

/// Fills all slots of a new class from its methods (`fixup_slot_dispatchers`); its `tp_new` and those slots that no method
/// stands for are the base's.
pub fn fill_slots(vm: &Vm, ty: &TypeObject) {
    for g in groups() {
        update_one_slot(vm, ty, g);
    }
}

/// Fills the slots of a new class with one base: all are the base's but those that its own attributes name.
pub fn fill_slots_from_base(vm: &Vm, ty: &TypeObject) {
    let Some(dict) = ty.dict.get() else {
        return;
    };
    let n = vm.names();
    for g in groups() {
        if g.iter().any(|e| dict.get_str(vm, (e.key)(n)).is_some()) {
            update_one_slot(vm, ty, g);
        }
    }
    // See `update_one_slot`: a class made in Python has `+=` of the sequence that it derives from among its operators.
    if !ty.slots.is_set(SlotId::nb_inplace_add) {
        let concat = ty.slots.sq_inplace_concat.get();
        ty.slots.nb_inplace_add.set(concat);
    }
}

/// After the attribute `name` of a class was set or deleted: its slots, and those of classes that inherit the attribute,
/// follow (`update_slot`).
pub fn update_slots_of(vm: &Vm, ty: &TypeRef, name: &Ref<Str>) {
    let n = vm.names();
    let touched: Vec<&'static [SlotEntry]> = groups()
        .filter(|g| g.iter().any(|e| (e.key)(n).is(name)))
        .collect();
    if touched.is_empty() {
        return;
    }
    let is_descr = |g: &&[SlotEntry]| {
        g.iter()
            .any(|e| matches!(e.slot, SlotId::tp_descr_get | SlotId::tp_descr_set))
    };
    if touched.iter().any(is_descr) {
        // Instances of the class become descriptors, or none, in the classes that have them for attributes: no cache of any
        // class's attributes holds any more.
        vm.type_modified(&vm.types().object);
    }
    let mut work = vec![ty.clone()];
    while let Some(t) = work.pop() {
        for g in &touched {
            update_one_slot(vm, &t, g);
        }
        for s in t.living_subclasses() {
            let own = s.dict.get().is_some_and(|d| d.get_str(vm, name).is_some());
            if !own {
                work.push(s);
            }
        }
    }
}
