//! Specialization of attribute access: choosing the opcode for a site from what it met, and the specialized handlers.
//!
//! A site's cache words: 0 counts; then come pairs of a guard and a datum, so that a site may know several types or shapes
//! (`LOAD_ENTRIES`, `STORE_ENTRIES`). A guard is the type's version in the low half and the instance's shape in the high
//! one, or the version alone. Objects in caches are not counted: while the version is valid, the type keeps them alive.

use taipan_builtins::descriptors::property::Property;
use taipan_bytecode::Opcode;
use taipan_object::descr::WrappedMethod;
use taipan_object::{Header, Module, Ref, SlotId, Str, TypeObject, Value, Vm, tpflags};

use super::regs::Regs;
use crate::frame::{drop_slot, drop_word};
use crate::function::Function;
use crate::stats;

const LOAD_CACHE: usize = 9;
const STORE_CACHE: usize = 4;

/// Pairs in the cache of LOAD_ATTR.
const LOAD_ENTRIES: usize = 4;
/// Pairs in the cache of STORE_ATTR.
const STORE_ENTRIES: usize = 2;
/// A guard that nothing passes: shapes have 24 bits.
const FREE: u64 = u64::MAX;

/// Executions before a site is specialized, and executions to wait after a failure.
const WARM: u64 = 2;
const BACKOFF: u64 = 64;
/// Misses after which a site is taken to meet too many types, and executions to wait then.
const MANY_MISSES: u64 = 24;
const LONG_BACKOFF: u64 = 4096;

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
#[inline(never)]
pub(super) fn miss(r: &Regs, general: Opcode) {
    stats::miss(general);
    r.specialize(general);
    back_off(r);
}

#[inline(always)]
fn guard_of(h: &Header) -> u64 {
    u64::from(h.ty().payload.version.get()) | u64::from(h.shape()) << 32
}

#[inline(always)]
fn version_of(h: &Header) -> u64 {
    u64::from(h.ty().payload.version.get())
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

/// The datum that stands with `guard` among the first `N` pairs of the site.
#[inline(always)]
fn entry<const N: usize>(r: &Regs, guard: u64) -> Option<u64> {
    if r.cache(1).get() == guard {
        return Some(r.cache(2).get());
    }
    for i in 1..N {
        if r.cache(1 + 2 * i).get() == guard {
            return Some(r.cache(2 + 2 * i).get());
        }
    }
    None
}

/// How a site is specialized for an owner.
struct Found {
    op: Opcode,
    guard: u64,
    datum: u64,
}

impl Found {
    fn new(op: Opcode, guard: u64, datum: u64) -> Option<Found> {
        Some(Found { op, guard, datum })
    }
}

/// The site knows `found` alone from now on.
fn begin<const N: usize>(r: &Regs, found: &Found) {
    for i in 1..N {
        r.cache(1 + 2 * i).set(FREE);
    }
    r.cache(0).set(0);
    r.cache(1).set(found.guard);
    r.cache(2).set(found.datum);
    r.specialize(found.op);
}

/// The specialized site met an owner that it does not know: it learns it, or becomes general.
fn learn<const N: usize>(r: &Regs, op: Opcode, general: Opcode, found: Option<Found>) {
    let Some(found) = found.filter(|f| f.op == op) else {
        miss(r, general);
        return;
    };
    stats::miss(general);
    let misses = u64::from(r.cache(0).get() as u32) + 1;
    r.cache(0).set(misses);
    if misses > MANY_MISSES {
        r.specialize(general);
        r.cache(0).set(0u64.wrapping_sub(LONG_BACKOFF));
        return;
    }
    // What is met now is looked for first from now on; a place of the same guard is stale.
    let guard = |i: &usize| r.cache(1 + 2 * i).get();
    let last = (0..N)
        .find(|i| guard(i) == found.guard || guard(i) == FREE)
        .unwrap_or(N - 1);
    for i in (0..last).rev() {
        r.cache(3 + 2 * i).set(r.cache(1 + 2 * i).get());
        r.cache(4 + 2 * i).set(r.cache(2 + 2 * i).get());
    }
    r.cache(1).set(found.guard);
    r.cache(2).set(found.datum);
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
    match find_load(vm, owner, name, arg & 1 != 0) {
        Some(found) => begin::<LOAD_ENTRIES>(r, &found),
        None => back_off(r),
    }
}

/// A specialized LOAD_ATTR does not know the owner on the top.
#[cold]
#[inline(never)]
pub(super) fn load_attr_miss(vm: &Vm, r: &Regs, arg: u32) {
    let owner = r.peek(1);
    let found = find_load(vm, &owner, r.name_ref(arg >> 1), arg & 1 != 0);
    if let Some(op) = r.running_opcode() {
        learn::<LOAD_ENTRIES>(r, op, Opcode::LoadAttr, found);
    }
}

fn find_load(vm: &Vm, owner: &Value, name: &Ref<Str>, method: bool) -> Option<Found> {
    let ty = vm.type_of(owner);
    let t = &ty.payload;
    if std::ptr::eq(ty, vm.types().module.object()) {
        let dict = owner.downcast_ref::<Module>()?.dict.get()?;
        let i = dict.index_of_str(vm, name)?;
        let version = dict.keys_version(vm);
        return Found::new(Opcode::LoadAttrModule, u64::from(version), i as u64)
            .filter(|_| version != 0);
    }
    if let Some(class) = owner.downcast_ref::<TypeObject>() {
        return find_class_attr(vm, class, name, method);
    }
    if !t.slots.same(SlotId::tp_getattro, &vm.types().object.slots) {
        return None;
    }
    let version = vm.type_version(t);
    if version == 0 {
        return None;
    }
    let shape = vm.refresh_shape(owner);
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
    let version = u64::from(version);
    if getter && setter {
        return find_data_descriptor(vm, t, &descr?, name, version, method);
    }
    let guard = version | u64::from(shape) << 32;
    if shape != 0 {
        if let Some(i) = vm.interp().shapes.find(shape, name) {
            let offset = t.inline_offset() + 8 * i;
            return Found::new(Opcode::LoadAttrInstanceValue, guard, offset as u64);
        }
    } else if t.dict_offset() != 0 {
        if let Some(found) = find_in_dict(vm, owner, name, version) {
            return Some(found).filter(|_| !setter);
        }
        // A method of an instance with a dict, which is asked first each time.
        if !is_method || !method || t.fixed_dict_offset().is_none() {
            return None;
        }
        return Found::new(Opcode::LoadAttrMethodLazyDict, version, descr?.bits());
    }
    // What the class has; the instance is known not to shadow it.
    let d = descr.filter(|_| !setter)?;
    let mark = match (is_method, getter) {
        (false, true) => wrapped_mark(vm, &d, method)?,
        _ => 0,
    };
    let (op, guard) = match is_method {
        true if !method => return None,
        true if shape != 0 => (Opcode::LoadAttrMethodWithValues, guard),
        true => (Opcode::LoadAttrMethodNoDict, version),
        false if shape != 0 => (Opcode::LoadAttrNondescriptorWithValues, guard),
        false => (Opcode::LoadAttrNondescriptorNoDict, version),
    };
    Found::new(op, guard, d.bits() | mark)
}

/// An attribute in the `__dict__` of an instance that has no inline values.
fn find_in_dict(vm: &Vm, owner: &Value, name: &Ref<Str>, version: u64) -> Option<Found> {
    let offset = u32::try_from(vm.type_of(owner).payload.fixed_dict_offset()?).ok()?;
    let dict = vm.present_dict(owner)?;
    let i = u32::try_from(dict.index_of_str(vm, name)?).ok()?;
    let datum = u64::from(offset) << 32 | u64::from(i);
    Found::new(Opcode::LoadAttrWithHint, version, datum)
}

/// The offset of the member that a member descriptor found in class `t` stands for in its instances. A descriptor that was
/// taken from another class does not apply to them.
fn member_offset(vm: &Vm, t: &TypeObject, d: &Value) -> Option<u32> {
    if !std::ptr::eq(vm.type_of(d), vm.types().member_descriptor.object()) {
        return None;
    }
    let m = d.downcast_ref::<taipan_object::descr::MemberDescr>()?;
    m.fixed_offset().filter(|_| t.is_subtype(m.owner.object()))
}

fn find_data_descriptor(
    vm: &Vm,
    t: &TypeObject,
    d: &Value,
    name: &Ref<Str>,
    version: u64,
    method: bool,
) -> Option<Found> {
    // The class is a word of the instance as well.
    if let Some(offset) = Header::TYPE_OFFSET
        && name.is(&vm.names().__class__)
        && vm.lookup(&vm.types().object, name).is_some_and(|o| o.is(d))
    {
        return Found::new(Opcode::LoadAttrSlot, version, offset as u64);
    }
    if let Some(offset) = member_offset(vm, t, d) {
        return Found::new(Opcode::LoadAttrSlot, version, u64::from(offset));
    }
    if !method
        && vm
            .class::<Property>()
            .is_ok_and(|c| std::ptr::eq(vm.type_of(d), c.object()))
        && let Some(getter) = d.downcast_ref::<Property>().and_then(|p| p.get.get())
        && let Some(f) = getter.downcast_ref::<Function>()
        && f.code.get().takes_exactly(1)
    {
        return Found::new(Opcode::LoadAttrProperty, version, d.bits());
    }
    None
}

/// Marks in the datum of a class attribute that is a `classmethod` or a `staticmethod`; objects' addresses end in three zeros,
/// and small ints' words in a one.
const CLASS_METHOD: u64 = 2;
const STATIC_METHOD: u64 = 4;

/// Whether a datum has one of the marks.
#[inline(always)]
fn is_marked(datum: u64) -> bool {
    datum & 1 == 0 && datum & (CLASS_METHOD | STATIC_METHOD) != 0
}

/// The mark of a wrapped Python function that a site can bind itself.
fn wrapped_mark(vm: &Vm, v: &Value, method: bool) -> Option<u64> {
    let ty = vm.type_of(v);
    let mark = if std::ptr::eq(ty, vm.types().static_method.object()) {
        STATIC_METHOD
    } else if method && std::ptr::eq(ty, vm.types().class_method.object()) {
        CLASS_METHOD
    } else {
        return None;
    };
    let wrapped = v.downcast_ref::<WrappedMethod>()?.callable.get()?;
    wrapped.downcast_ref::<Function>().map(|_| mark)
}

/// Replaces the owner on the top by the function in the `classmethod` or `staticmethod` that a marked datum leads to; what it
/// is bound to follows when a method is loaded. `class` is the owner's class, or `None` when it is one itself.
///
/// # Safety
/// The datum leads to such an object.
#[inline(always)]
unsafe fn push_wrapped(r: &mut Regs, datum: u64, method: bool, class: Option<Value>) -> bool {
    let bits = datum & !(CLASS_METHOD | STATIC_METHOD);
    // SAFETY: the contract; the class keeps the object alive while its version is valid.
    let function = unsafe {
        let wrapped = std::mem::ManuallyDrop::new(Value::from_bits(bits));
        Ref::<WrappedMethod>::cast_unchecked(&wrapped)
            .callable
            .get()
    };
    let Some(function) = function else {
        return false;
    };
    r.skip(LOAD_CACHE);
    let owner = r.poke_bits(1, function.into_bits());
    if method {
        if datum & STATIC_METHOD != 0 {
            r.push_bits(0);
        } else if let Some(class) = class {
            r.push(class);
        } else {
            r.push_bits(owner);
            return true;
        }
    }
    // SAFETY: the word was taken out.
    unsafe { drop_word(owner) };
    true
}

fn find_class_attr(
    vm: &Vm,
    class: &Ref<TypeObject>,
    name: &Ref<Str>,
    method: bool,
) -> Option<Found> {
    let meta = class.head().ty();
    let plain = std::ptr::eq(meta, vm.types().type_.object());
    if !plain
        && !meta
            .payload
            .slots
            .same(SlotId::tp_getattro, &vm.types().type_.slots)
    {
        return None;
    }
    // A data descriptor of the metaclass comes first.
    if let Some(own) = vm.lookup(&meta.payload, name)
        && vm.type_of(&own).payload.slots.tp_descr_set.get().is_some()
    {
        return None;
    }
    let v = vm.lookup(class, name)?;
    // A function or a native method found in a class is itself when the class is asked for it.
    let mut mark = 0;
    let kind = &vm.type_of(&v).payload;
    if kind.slots.tp_descr_get.get().is_some()
        && (kind.is_heap() || !kind.has_flag(tpflags::METHOD_DESCRIPTOR))
    {
        mark = wrapped_mark(vm, &v, method)?;
    }
    let (version, meta_version) = (vm.type_version(class), vm.type_version(&meta.payload));
    if version == 0 || meta_version == 0 {
        return None;
    }
    let op = if plain {
        Opcode::LoadAttrClass
    } else {
        Opcode::LoadAttrClassWithMetaclassCheck
    };
    let guard = u64::from(version) | u64::from(meta_version) << 32;
    Found::new(op, guard, v.bits() | mark)
}

/// Replaces the owner on the top by a value that is not owned yet.
///
/// # Safety
/// `bits` are those of a live value.
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
        && let Some(offset) = entry::<LOAD_ENTRIES>(r, guard_of(h))
    {
        // SAFETY: the guard proved the shape, which has the attribute at this place.
        unsafe {
            let bits = *word_at(h, offset);
            if bits != 0 {
                push_result(r, bits, arg & 1 != 0);
                return true;
            }
        }
    }
    false
}

/// LOAD_FAST_BORROW of an instance whose attribute the next instruction loads: both at once, if the site knows its shape
/// before all others. The instance never comes to the stack.
#[inline(always)]
pub(super) fn load_attr_of_local(r: &mut Regs, owner: u64) -> bool {
    if !r.at(Opcode::LoadAttrInstanceValue) {
        return false;
    }
    let mut next = *r;
    let (_, arg) = next.fetch();
    // SAFETY: the local keeps the object alive.
    let h = unsafe { &*std::ptr::with_exposed_provenance::<Header>(owner as usize) };
    if next.cache(1).get() != guard_of(h) {
        return false;
    }
    // SAFETY: the guard proved the shape, which has the attribute at this place; the word is 0 or a live value's.
    unsafe {
        let bits = *word_at(h, next.cache(2).get());
        if bits == 0 {
            return false;
        }
        let v = (*std::mem::ManuallyDrop::new(Value::from_bits(bits))).clone();
        next.skip(LOAD_CACHE);
        next.push(v);
    }
    if arg & 1 != 0 {
        next.push_bits(0);
    }
    *r = next;
    true
}

#[inline(always)]
pub(super) fn load_attr_with_hint(r: &mut Regs, arg: u32) -> bool {
    if let Some(h) = owner_header(r, 1)
        && h.shape() == 0
        && let Some(datum) = entry::<LOAD_ENTRIES>(r, version_of(h))
    {
        let name = r.name_ref(arg >> 1);
        // SAFETY: the version proved the type, whose instances have their dict word there; it is 0 or owns a dict.
        let found = unsafe {
            let word = word_at(h, datum >> 32);
            if *word == 0 {
                None
            } else {
                let dict = Value::from_word_ref(word);
                Ref::<taipan_object::Dict>::cast_unchecked(dict)
                    .value_of_key_at(datum as u32 as usize, name)
            }
        };
        if let Some(v) = found {
            r.skip(LOAD_CACHE);
            r.set_top(1, v);
            if arg & 1 != 0 {
                r.push_bits(0);
            }
            return true;
        }
    }
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
    let guard = match owner_header(r, 1) {
        Some(h) if values => guard_of(h),
        Some(h) => version_of(h),
        None => u64::from(vm.types().int.version.get()),
    };
    let Some(bits) = entry::<LOAD_ENTRIES>(r, guard) else {
        return false;
    };
    if is_method {
        // SAFETY: the type keeps the method alive while its version is valid.
        let f = unsafe { (*std::mem::ManuallyDrop::new(Value::from_bits(bits))).clone() };
        let owner = r.poke_bits(1, f.into_bits());
        r.skip(LOAD_CACHE);
        r.push_bits(owner);
    } else if is_marked(bits) {
        let class = vm.type_value(&r.peek(1)).into_value();
        // SAFETY: as above.
        return unsafe { push_wrapped(r, bits, arg & 1 != 0, Some(class)) };
    } else {
        // SAFETY: as above.
        unsafe { push_result(r, bits, arg & 1 != 0) };
    }
    true
}

/// Whether an instance's dict has a name. The version of the keys of the dict that was looked at last, and did not have it,
/// stands above the site's count of misses.
#[inline(always)]
fn is_shadowed(vm: &Vm, r: &Regs, dict: &taipan_object::Dict, name: &Ref<Str>) -> bool {
    let state = r.cache(0);
    let version = dict.cached_version();
    if version != 0 && u64::from(version) == state.get() >> 32 {
        return false;
    }
    if dict.index_of_str(vm, name).is_some() {
        return true;
    }
    let misses = u64::from(state.get() as u32);
    state.set(misses | u64::from(dict.keys_version(vm)) << 32);
    false
}

/// A method of an instance that has its attributes in a dict, or none yet.
#[inline]
pub(super) fn load_attr_method_lazy_dict(vm: &Vm, r: &mut Regs, arg: u32) -> bool {
    if let Some(h) = owner_header(r, 1)
        && h.shape() == 0
        && let Some(bits) = entry::<LOAD_ENTRIES>(r, version_of(h))
        && let Some(offset) = h.ty().payload.fixed_dict_offset()
    {
        // SAFETY: the type's instances have their dict word there; it is 0 or owns a dict.
        let shadowed = unsafe {
            let word = word_at(h, offset as u64);
            *word != 0 && {
                let dict = Ref::<taipan_object::Dict>::cast_unchecked(Value::from_word_ref(word));
                is_shadowed(vm, r, dict, r.name_ref(arg >> 1))
            }
        };
        if !shadowed {
            // SAFETY: the type keeps the method alive while its version is valid.
            let f = unsafe { (*std::mem::ManuallyDrop::new(Value::from_bits(bits))).clone() };
            let owner = r.poke_bits(1, f.into_bits());
            r.skip(LOAD_CACHE);
            r.push_bits(owner);
            return true;
        }
    }
    false
}

#[inline(always)]
pub(super) fn load_attr_slot(r: &mut Regs, arg: u32) -> bool {
    if let Some(h) = owner_header(r, 1)
        && let Some(offset) = entry::<LOAD_ENTRIES>(r, version_of(h))
    {
        // SAFETY: the version proved the type, whose instances have a member there.
        unsafe {
            let bits = *word_at(h, offset);
            if bits != 0 {
                push_result(r, bits, arg & 1 != 0);
                return true;
            }
        }
    }
    false
}

/// The getter of the property that the owner on the top has, when it is still a function of one parameter.
#[inline(always)]
pub(super) fn property_getter(r: &Regs) -> Option<Ref<Function>> {
    let h = owner_header(r, 1)?;
    let bits = entry::<LOAD_ENTRIES>(r, version_of(h))?;
    // SAFETY: the type keeps the property alive while its version is valid, and it is an exact property.
    let getter = unsafe {
        let d = std::mem::ManuallyDrop::new(Value::from_bits(bits));
        Ref::<Property>::cast_unchecked(&d).get.get()
    }?;
    let f = getter.downcast::<Function>().ok()?;
    // SAFETY: the function keeps its code alive.
    let exact = unsafe { (*f.code.as_ptr()).payload.takes_exactly(1) };
    exact.then_some(f)
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
    false
}

#[inline(always)]
pub(super) fn load_attr_class(r: &mut Regs, arg: u32) -> bool {
    if let Some(h) = owner_header(r, 1) {
        let meta = version_of(h);
        for i in 0..LOAD_ENTRIES {
            let guard = r.cache(1 + 2 * i).get();
            // SAFETY: the version is that of a metaclass, so the object is a class.
            if guard >> 32 == meta && unsafe { class_version(h) } == guard as u32 && guard != FREE {
                let datum = r.cache(2 + 2 * i).get();
                // SAFETY: the type keeps the value alive while its version is valid.
                unsafe {
                    if is_marked(datum) {
                        return push_wrapped(r, datum, arg & 1 != 0, None);
                    }
                    push_result(r, datum, arg & 1 != 0);
                }
                return true;
            }
        }
    }
    false
}

/// # Safety
/// The object is a class.
#[inline(always)]
unsafe fn class_version(h: &Header) -> u32 {
    // SAFETY: the contract; the payload of classes is, or starts with, a type object.
    unsafe {
        let object = (&raw const *h).cast::<taipan_object::Object<TypeObject>>();
        (*object).payload.version.get()
    }
}

/// Chooses an opcode for a STORE_ATTR; runs before the store, since adding an attribute changes the shape.
#[cold]
#[inline(never)]
pub(super) fn specialize_store_attr(vm: &Vm, r: &Regs, owner: &Value, name: &Ref<Str>) {
    match find_store(vm, owner, name) {
        Some(found) => begin::<STORE_ENTRIES>(r, &found),
        None => back_off(r),
    }
}

/// A specialized STORE_ATTR does not know the owner on the top.
#[cold]
#[inline(never)]
pub(super) fn store_attr_miss(vm: &Vm, r: &Regs, arg: u32) {
    let found = find_store(vm, &r.peek(1), r.name_ref(arg));
    if let Some(op) = r.running_opcode() {
        learn::<STORE_ENTRIES>(r, op, Opcode::StoreAttr, found);
    }
}

fn find_store(vm: &Vm, owner: &Value, name: &Ref<Str>) -> Option<Found> {
    let ty = vm.type_of(owner);
    let t = &ty.payload;
    if !t.slots.same(SlotId::tp_setattro, &vm.types().object.slots) {
        return None;
    }
    let version = vm.type_version(t);
    if version == 0 {
        return None;
    }
    if let Some(d) = vm.lookup(t, name)
        && vm.type_of(&d).payload.slots.tp_descr_set.get().is_some()
    {
        if let Some(offset) = member_offset(vm, t, &d) {
            return Found::new(Opcode::StoreAttrSlot, u64::from(version), u64::from(offset));
        }
        return None;
    }
    let shape = vm.refresh_shape(owner);
    if shape == 0 {
        return find_store_in_dict(vm, owner, name, u64::from(version));
    }
    let shapes = &vm.interp().shapes;
    let (place, next) = match shapes.find(shape, name) {
        Some(i) => (i, shape),
        None => {
            let n = shapes.len(shape);
            if n >= t.inline_cap() {
                return None;
            }
            (n, shapes.with_key(shape, name))
        }
    };
    if next == 0 {
        return None;
    }
    let offset = u32::try_from(t.inline_offset() + 8 * place).ok()?;
    Found::new(
        Opcode::StoreAttrInstanceValue,
        u64::from(version) | u64::from(shape) << 32,
        u64::from(offset) | u64::from(next) << 32,
    )
}

fn find_store_in_dict(vm: &Vm, owner: &Value, name: &Ref<Str>, version: u64) -> Option<Found> {
    let found = find_in_dict(vm, owner, name, version)?;
    Found::new(Opcode::StoreAttrWithHint, found.guard, found.datum)
}

#[inline(always)]
pub(super) fn store_attr_instance_value(r: &mut Regs) -> bool {
    let Some(h) = owner_header(r, 1) else {
        return false;
    };
    let guard = guard_of(h);
    let Some(datum) = entry::<STORE_ENTRIES>(r, guard) else {
        return false;
    };
    // SAFETY: the guard proved the shape; the place is the attribute's, or the next free one. Words of the stack are taken
    // over.
    unsafe {
        let word = word_at(h, datum & 0xffff_ffff);
        if datum >> 32 != guard >> 32 {
            h.set_shape((datum >> 32) as u32);
        }
        let value = super::frames::owned(r.peek_bits(2));
        let owner = r.peek_bits(1);
        let old = std::mem::replace(&mut *word, value);
        r.sp = r.sp.sub(2);
        r.skip(STORE_CACHE);
        drop_slot(old);
        drop_word(owner);
    }
    true
}

#[inline(always)]
pub(super) fn store_attr_with_hint(r: &mut Regs, arg: u32) -> bool {
    if let Some(h) = owner_header(r, 1)
        && h.shape() == 0
        && let Some(datum) = entry::<STORE_ENTRIES>(r, version_of(h))
    {
        let name = r.name_ref(arg);
        let at = datum as u32 as usize;
        // SAFETY: as in `load_attr_with_hint`.
        let dict = unsafe {
            let word = word_at(h, datum >> 32);
            if *word == 0 {
                return false;
            }
            Ref::<taipan_object::Dict>::cast_unchecked(Value::from_word_ref(word))
        };
        if dict.has_key_at(at, name) {
            let v = r.peek(2);
            let old = dict.set_value_at(at, (*v).clone());
            r.drop_n(2);
            r.skip(STORE_CACHE);
            drop(old);
            return true;
        }
    }
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
        && let Some(offset) = entry::<STORE_ENTRIES>(r, version_of(h))
    {
        // SAFETY: the version proved the type, whose instances have a member there.
        let old = unsafe {
            let word = word_at(h, offset);
            store_word(r, word)
        };
        finish_store(r, old);
        return true;
    }
    false
}
