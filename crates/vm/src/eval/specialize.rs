//! Specialization of attribute access: choosing the opcode for a site from what it met, and the specialized handlers.
//!
//! A site's cache words: 0 counts executions until it is worth trying, or negative after a failure; 1 holds the guard, the
//! type's version in the low half and the instance's shape in the high one; the others belong to the opcode. Objects in
//! caches are not counted: while the version is valid, the type keeps them alive.

use taipan_bytecode::Opcode;
use taipan_object::{Header, Module, Ref, SlotId, Str, TypeObject, Value, Vm, tpflags};

use super::regs::Regs;
use crate::frame::drop_slot;

const LOAD_CACHE: usize = 9;
const STORE_CACHE: usize = 4;

/// Executions before a site is specialized, and executions to wait after a failure or a miss.
const WARM: u64 = 2;
const BACKOFF: u64 = 64;

/// Counts an execution of an unspecialized site; true when it should be specialized now.
#[inline(always)]
pub(super) fn warm(r: &Regs) -> bool {
    let c = r.cache(0);
    let n = c.get().wrapping_add(1);
    c.set(n);
    n == WARM
}

/// The site is not to be tried for a while.
#[inline]
pub(super) fn back_off(r: &Regs) {
    r.cache(0).set(0u64.wrapping_sub(BACKOFF));
}

/// A specialized site met something else: it is general again.
#[cold]
pub(super) fn miss(r: &Regs, general: Opcode) {
    r.specialize(general);
    back_off(r);
}

#[inline(always)]
fn guard_of(h: &Header) -> u64 {
    u64::from(h.ty().payload.version.get()) | u64::from(h.shape()) << 32
}

#[inline(always)]
fn owner_header<'a>(r: &Regs, n: usize) -> Option<&'a Header> {
    let bits = r.peek_bits(n);
    if bits & 1 != 0 {
        return None;
    }
    // SAFETY: the slot keeps the object alive, or a local does, until the instruction is done with it.
    Some(unsafe { &*std::ptr::with_exposed_provenance::<Header>((bits & !7) as usize) })
}

/// The word at an offset of an object.
///
/// # Safety
/// The guard proved that the object's layout has a value word there.
#[inline(always)]
unsafe fn word_at(h: &Header, offset: u64) -> *mut u64 {
    // SAFETY: the contract.
    unsafe {
        std::ptr::with_exposed_provenance_mut::<u8>((&raw const *h).addr())
            .add(offset as usize)
            .cast()
    }
}

/// Chooses an opcode for a LOAD_ATTR that found `owner`.
#[cold]
#[inline(never)]
pub(super) fn specialize_load_attr(vm: &Vm, r: &Regs, owner: &Value, name: &Ref<Str>, arg: u32) {
    if !try_load_attr(vm, r, owner, name, arg & 1 != 0) {
        back_off(r);
    }
}

fn try_load_attr(vm: &Vm, r: &Regs, owner: &Value, name: &Ref<Str>, method: bool) -> bool {
    let ty = vm.type_of(owner);
    let t = &ty.payload;
    if std::ptr::eq(ty, vm.types().module.object()) {
        let Some(dict) = owner.downcast_ref::<Module>().and_then(|m| m.dict.get()) else {
            return false;
        };
        let Some(i) = dict.index_of_str(vm, name) else {
            return false;
        };
        r.cache(1).set(u64::from(dict.keys_version(vm)));
        r.cache(2).set(i as u64);
        r.specialize(Opcode::LoadAttrModule);
        return r.cache(1).get() != 0;
    }
    if let Some(class) = owner.downcast_ref::<TypeObject>() {
        return try_class_attr(vm, r, class, name);
    }
    if !t.slots.same(SlotId::tp_getattro, &vm.types().object.slots) {
        return false;
    }
    let version = vm.type_version(t);
    if version == 0 {
        return false;
    }
    let shape = vm.refresh_shape(owner);
    let shapes = &vm.interp().shapes;
    let descr = vm.lookup(t, name);
    let (is_method, getter, setter) = match &descr {
        Some(d) => {
            let dt = &vm.type_of(d).payload;
            (
                dt.has_flag(tpflags::METHOD_DESCRIPTOR),
                dt.slots.tp_descr_get.get().is_some(),
                dt.slots.tp_descr_set.get().is_some(),
            )
        }
        None => (false, false, false),
    };
    if getter && setter {
        return try_data_descriptor(vm, r, descr, version);
    }
    let guard = u64::from(version) | u64::from(shape) << 32;
    if shape != 0
        && let Some(i) = shapes.find(shape, name)
    {
        r.cache(1).set(guard);
        r.cache(2).set((t.inline_offset() + 8 * i) as u64);
        r.specialize(Opcode::LoadAttrInstanceValue);
        return true;
    }
    // What the class has; the instance must be known not to shadow it.
    let Some(d) = descr else { return false };
    let certain = shape != 0 || t.dict_offset() == 0;
    if !certain || setter {
        return false;
    }
    r.cache(1).set(guard);
    r.cache(2).set(d.bits());
    if d.is_small_int() {
        return false;
    }
    if is_method {
        if !method {
            return false;
        }
        r.specialize(if shape != 0 {
            Opcode::LoadAttrMethodWithValues
        } else {
            Opcode::LoadAttrMethodNoDict
        });
        return true;
    }
    if getter {
        return false;
    }
    r.specialize(if shape != 0 {
        Opcode::LoadAttrNondescriptorWithValues
    } else {
        Opcode::LoadAttrNondescriptorNoDict
    });
    true
}

fn try_data_descriptor(vm: &Vm, r: &Regs, descr: Option<Value>, version: u32) -> bool {
    let Some(d) = descr else { return false };
    if std::ptr::eq(vm.type_of(&d), vm.types().member_descriptor.object())
        && let Some(m) = d.downcast_ref::<taipan_object::descr::MemberDescr>()
        && let Some(offset) = m.fixed_offset()
    {
        r.cache(1).set(u64::from(version));
        r.cache(2).set(u64::from(offset));
        r.specialize(Opcode::LoadAttrSlot);
        return true;
    }
    false
}

fn try_class_attr(vm: &Vm, r: &Regs, class: &Ref<TypeObject>, name: &Ref<Str>) -> bool {
    let meta = class.head().ty();
    if !std::ptr::eq(meta, vm.types().type_.object()) {
        return false;
    }
    // A data descriptor of `type` itself comes first.
    if vm.lookup(&meta.payload, name).is_some() {
        return false;
    }
    let Some(v) = vm.lookup(class, name) else {
        return false;
    };
    if v.is_small_int()
        || vm
            .type_of(&v)
            .payload
            .slots
            .tp_descr_get
            .get()
            .is_some_and(|_| !is_plain_function(vm, &v))
    {
        return false;
    }
    let version = vm.type_version(class);
    if version == 0 {
        return false;
    }
    r.cache(1).set(u64::from(version));
    r.cache(2).set(v.bits());
    r.specialize(Opcode::LoadAttrClass);
    true
}

/// A function found in a class is itself when the class is asked for it.
fn is_plain_function(_vm: &Vm, v: &Value) -> bool {
    v.downcast_ref::<crate::function::Function>().is_some()
}

/// Replaces the owner on the top by a value that is not owned yet.
///
/// # Safety
/// `bits` are those of a live object.
#[inline(always)]
unsafe fn push_result(r: &mut Regs, bits: u64, method: bool) {
    // SAFETY: the contract.
    let v = unsafe { (*std::mem::ManuallyDrop::new(Value::from_bits(bits))).clone() };
    r.skip(LOAD_CACHE);
    r.set_top(1, v);
    if method {
        r.push_bits(0);
    }
}

#[inline(always)]
pub(super) fn load_attr_instance_value(r: &mut Regs, arg: u32) -> bool {
    if let Some(h) = owner_header(r, 1)
        && guard_of(h) == r.cache(1).get()
    {
        // SAFETY: the guard proved the shape, which has the attribute at this place.
        unsafe {
            let bits = *word_at(h, r.cache(2).get());
            if bits != 0 {
                push_result(r, bits, arg & 1 != 0);
                return true;
            }
        }
    }
    miss(&{ *r }, Opcode::LoadAttr);
    false
}

/// Class attributes of instances with inline values: a method, or a plain value.
#[inline(always)]
pub(super) fn load_attr_class_value(
    vm: &Vm,
    r: &mut Regs,
    arg: u32,
    is_method: bool,
    values: bool,
) -> bool {
    let ok = match owner_header(r, 1) {
        Some(h) if values => guard_of(h) == r.cache(1).get(),
        Some(h) => u64::from(h.ty().payload.version.get()) == r.cache(1).get(),
        None => !values && u64::from(vm.types().int.version.get()) == r.cache(1).get(),
    };
    if ok && r.cache(1).get() != 0 {
        let bits = r.cache(2).get();
        if is_method {
            // SAFETY: the type keeps the method alive while its version is valid.
            let f = unsafe { (*std::mem::ManuallyDrop::new(Value::from_bits(bits))).clone() };
            let owner = r.poke_bits(1, f.into_bits());
            r.skip(LOAD_CACHE);
            r.push_bits(owner);
        } else {
            // SAFETY: as above.
            unsafe { push_result(r, bits, arg & 1 != 0) };
        }
        return true;
    }
    miss(&{ *r }, Opcode::LoadAttr);
    false
}

#[inline(always)]
pub(super) fn load_attr_slot(r: &mut Regs, arg: u32) -> bool {
    if let Some(h) = owner_header(r, 1)
        && u64::from(h.ty().payload.version.get()) == r.cache(1).get()
    {
        // SAFETY: the version proved the type, whose instances have a member there.
        unsafe {
            let bits = *word_at(h, r.cache(2).get());
            if bits != 0 {
                push_result(r, bits, arg & 1 != 0);
                return true;
            }
        }
    }
    miss(&{ *r }, Opcode::LoadAttr);
    false
}

#[inline(always)]
pub(super) fn load_attr_module(vm: &Vm, r: &mut Regs, arg: u32) -> bool {
    let owner = r.peek(1);
    if let Some(m) = owner.downcast_exact::<Module>(&vm.types().module)
        && let Some(d) = m.dict.get()
        && u64::from(d.cached_version()) == r.cache(1).get()
        && let Some(v) = d.value_at(r.cache(2).get() as usize)
    {
        r.skip(LOAD_CACHE);
        r.set_top(1, v);
        if arg & 1 != 0 {
            r.push_bits(0);
        }
        return true;
    }
    miss(&{ *r }, Opcode::LoadAttr);
    false
}

#[inline(always)]
pub(super) fn load_attr_class(vm: &Vm, r: &mut Regs, arg: u32) -> bool {
    let owner = r.peek(1);
    if let Some(t) = owner.downcast_exact::<TypeObject>(&vm.types().type_)
        && u64::from(t.version.get()) == r.cache(1).get()
    {
        // SAFETY: the type keeps the value alive while its version is valid.
        unsafe { push_result(r, r.cache(2).get(), arg & 1 != 0) };
        return true;
    }
    miss(&{ *r }, Opcode::LoadAttr);
    false
}

/// Chooses an opcode for a STORE_ATTR; runs before the store, since adding an attribute changes the shape.
#[cold]
#[inline(never)]
pub(super) fn specialize_store_attr(vm: &Vm, r: &Regs, owner: &Value, name: &Ref<Str>) {
    if !try_store_attr(vm, r, owner, name) {
        back_off(r);
    }
}

fn try_store_attr(vm: &Vm, r: &Regs, owner: &Value, name: &Ref<Str>) -> bool {
    let ty = vm.type_of(owner);
    let t = &ty.payload;
    if !t.slots.same(SlotId::tp_setattro, &vm.types().object.slots) {
        return false;
    }
    let version = vm.type_version(t);
    if version == 0 {
        return false;
    }
    if let Some(d) = vm.lookup(t, name)
        && vm.type_of(&d).payload.slots.tp_descr_set.get().is_some()
    {
        if std::ptr::eq(vm.type_of(&d), vm.types().member_descriptor.object())
            && let Some(m) = d.downcast_ref::<taipan_object::descr::MemberDescr>()
            && let Some(offset) = m.fixed_offset()
        {
            r.cache(1).set(u64::from(version));
            r.cache(2).set(u64::from(offset));
            r.specialize(Opcode::StoreAttrSlot);
            return true;
        }
        return false;
    }
    let shape = vm.refresh_shape(owner);
    if shape == 0 {
        return false;
    }
    let shapes = &vm.interp().shapes;
    let (place, next) = match shapes.find(shape, name) {
        Some(i) => (i, shape),
        None => {
            let n = shapes.len(shape);
            if n >= t.inline_cap() {
                return false;
            }
            (n, shapes.with_key(shape, name))
        }
    };
    if next == 0 {
        return false;
    }
    r.cache(1).set(u64::from(version) | u64::from(shape) << 32);
    r.cache(2).set((t.inline_offset() + 8 * place) as u64);
    r.cache(3).set(u64::from(next));
    r.specialize(Opcode::StoreAttrInstanceValue);
    true
}

#[inline(always)]
pub(super) fn store_attr_instance_value(r: &mut Regs) -> bool {
    if let Some(h) = owner_header(r, 1)
        && guard_of(h) == r.cache(1).get()
    {
        // SAFETY: the guard proved the shape; the place is the attribute's, or the next free one.
        let old = unsafe {
            let word = word_at(h, r.cache(2).get());
            h.set_shape(r.cache(3).get() as u32);
            store_word(r, word)
        };
        finish_store(r, old);
        return true;
    }
    miss(&{ *r }, Opcode::StoreAttr);
    false
}

/// Moves the value below the owner into the word; gives the old bits.
///
/// # Safety
/// The word is 0 or owns a value.
#[inline(always)]
unsafe fn store_word(r: &mut Regs, word: *mut u64) -> u64 {
    let bits = r.poke_bits(2, 0);
    // SAFETY: the stack's word is taken over; the contract.
    unsafe {
        let v = crate::frame::Popped::from_bits(bits).into_value();
        std::mem::replace(&mut *word, v.into_bits())
    }
}

#[inline(always)]
fn finish_store(r: &mut Regs, old: u64) {
    let owner = r.pop_bits();
    let _moved = r.pop_bits();
    r.skip(STORE_CACHE);
    // SAFETY: both were taken out.
    unsafe {
        drop_slot(old);
        drop_slot(owner);
    }
}

#[inline(always)]
pub(super) fn store_attr_slot(r: &mut Regs) -> bool {
    if let Some(h) = owner_header(r, 1)
        && u64::from(h.ty().payload.version.get()) == r.cache(1).get()
    {
        // SAFETY: the version proved the type, whose instances have a member there.
        let old = unsafe {
            let word = word_at(h, r.cache(2).get());
            store_word(r, word)
        };
        finish_store(r, old);
        return true;
    }
    miss(&{ *r }, Opcode::StoreAttr);
    false
}
