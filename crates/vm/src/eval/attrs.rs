//! Attribute access.

use taipan_object::descr::WrappedMethod;
use taipan_object::{PyResult, Ref, Str, TypeObject, Value, Vm, tpflags};

use super::regs::Regs;
use super::specialize;

const LOAD_CACHE: usize = 9;
const STORE_CACHE: usize = 4;

/// Finds what `obj.name(...)` calls without binding: the function and true, or the attribute and false.
pub(crate) fn get_method(
    vm: &Vm,
    obj: &Value,
    name: &taipan_object::Ref<taipan_object::Str>,
) -> PyResult<(Value, bool)> {
    let ty = vm.type_of(obj);
    if !ty
        .payload
        .slots
        .same(taipan_object::SlotId::tp_getattro, &vm.types().object.slots)
    {
        return vm.getattr(obj, name).map(|v| (v, false));
    }
    let name = &vm.intern_str(name);
    let descr = vm.lookup(&ty.payload, name);
    let mut is_method = false;
    let mut getter = None;
    if let Some(d) = &descr {
        let dt = vm.type_of(d);
        if dt.payload.has_flag(tpflags::METHOD_DESCRIPTOR) {
            is_method = true;
        } else {
            getter = dt.payload.slots.tp_descr_get.get();
            if let Some(get) = getter
                && dt.payload.slots.tp_descr_set.get().is_some()
            {
                return get(vm, d, Some(obj), ty.to_ref().as_value()).map(|v| (v, false));
            }
        }
    }
    if let Some(v) = vm.instance_get(obj, name) {
        return Ok((v, false));
    }
    match (descr, getter) {
        (Some(d), _) if is_method => Ok((d, true)),
        (Some(d), Some(get)) => get(vm, &d, Some(obj), ty.to_ref().as_value()).map(|v| (v, false)),
        (Some(d), None) => Ok((d, false)),
        (None, _) => Err(taipan_object::protocol::attr::no_attribute(vm, obj, name)),
    }
}

pub(super) fn load_attr(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    if specialize::warm(r) {
        r.save_ip();
        specialize::specialize_load_attr(vm, r, &r.peek(1), r.name_ref(arg >> 1), arg);
    }
    load_attr_general(vm, r, arg)
}

/// LOAD_ATTR_METHOD_LAZY_DICT
pub(super) fn load_attr_method_lazy_dict(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    if specialize::load_attr_method_lazy_dict(vm, r, arg) {
        Ok(())
    } else {
        load_attr_missed(vm, r, arg)
    }
}

/// A specialized LOAD_ATTR that does not know its operand.
#[cold]
pub(super) fn load_attr_missed(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    r.save_ip();
    specialize::load_attr_miss(vm, r, arg);
    load_attr_general(vm, r, arg)
}

fn load_attr_general(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    r.save_ip();
    let name = r.name_ref(arg >> 1);
    let owner = r.peek(1);
    if arg & 1 != 0 {
        let (v, is_method) = get_method(vm, &owner, name)?;
        r.skip(LOAD_CACHE);
        if is_method {
            // function, self
            let self_ = r.pop_value();
            r.push(v);
            r.push(self_);
        } else {
            r.set_top(1, v);
            r.push_bits(0);
        }
        return Ok(());
    }
    let v = vm.getattr(&owner, name)?;
    r.skip(LOAD_CACHE);
    r.set_top(1, v);
    Ok(())
}

pub(super) fn store_attr(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    if specialize::warm(r) {
        r.save_ip();
        specialize::specialize_store_attr(vm, r, &r.peek(1), r.name_ref(arg));
    }
    store_attr_general(vm, r, arg)
}

/// A specialized STORE_ATTR that does not know its operand.
#[cold]
pub(super) fn store_attr_missed(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    r.save_ip();
    specialize::store_attr_miss(vm, r, arg);
    store_attr_general(vm, r, arg)
}

fn store_attr_general(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    r.save_ip();
    let name = r.name_ref(arg);
    let (v, owner) = (r.peek(2), r.peek(1));
    vm.setattr(&owner, name, &v)?;
    r.drop_n(2);
    r.skip(STORE_CACHE);
    Ok(())
}

pub(super) fn delete_attr(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    r.save_ip();
    let owner = r.peek(1);
    vm.delattr(&owner, r.name_ref(arg))?;
    r.drop_n(1);
    Ok(())
}

/// What guards the attribute that a LOAD_SUPER_ATTR found for `self`: the versions of its type and of the class; 0 when one has
/// none.
fn super_guard(self_: &Value, class: &Value) -> u64 {
    match self_.header() {
        Some(h) => pair_of_versions(&h.ty().payload, class),
        None => 0,
    }
}

/// The same where `self` is a class itself, as in `__new__`, and its own classes are searched.
fn super_guard_of_class(self_: &Value, class: &Value) -> u64 {
    match self_.downcast_ref::<TypeObject>() {
        Some(t) => pair_of_versions(t, class),
        None => 0,
    }
}

#[inline(always)]
fn pair_of_versions(own: &TypeObject, class: &Value) -> u64 {
    let Some(class) = class.downcast_ref::<TypeObject>() else {
        return 0;
    };
    match (own.version.get(), class.version.get()) {
        (0, _) | (_, 0) => 0,
        (own, class) => u64::from(own) | u64::from(class) << 32,
    }
}

/// Marks what a LOAD_SUPER_ATTR found for a class: that is called without `self`.
const OF_CLASS: u64 = 4;

/// LOAD_SUPER_ATTR: `super, class, self -> attribute` (and NULL or self). Cache words: 0 is the guard of the attribute in 1,
/// which the type of `self` keeps alive while its version is valid.
pub(super) fn load_super_attr(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    r.save_ip();
    let name = r.name_ref(arg >> 2);
    let (super_, class, self_) = (r.peek(3), r.peek(2), r.peek(1));
    let call = arg & 1 != 0;
    let known = r.cache(0).get();
    if call
        && known != 0
        && vm
            .interp()
            .super_type
            .get()
            .as_ref()
            .is_some_and(|s| super_.is(s))
    {
        let word = r.cache(1).get();
        let of_class = word & OF_CLASS != 0;
        let guard = if of_class {
            super_guard_of_class(&self_, &class)
        } else {
            super_guard(&self_, &class)
        };
        if guard == known {
            // SAFETY: see above.
            let f = unsafe { std::mem::ManuallyDrop::new(Value::from_bits(word & !OF_CLASS)) };
            r.skip(1);
            if of_class {
                r.drop_n(3);
                r.push((*f).clone());
                r.push_bits(0);
            } else {
                let this = r.pop_value();
                r.drop_n(2);
                r.push((*f).clone());
                r.push(this);
            }
            return Ok(());
        }
    }
    if let Some(found) = super_method(vm, &super_, &class, &self_, name)? {
        let (v, is_method) = found;
        if call
            && is_method
            && let Some(h) = self_.header()
        {
            vm.type_version(&h.ty().payload);
            r.cache(0).set(super_guard(&self_, &class));
            r.cache(1).set(v.bits());
        }
        r.skip(1);
        if call {
            let this = r.pop_value();
            r.drop_n(2);
            r.push(v);
            if is_method {
                r.push(this);
            } else {
                r.push_bits(0);
            }
        } else {
            let v = if is_method {
                crate::glue::bind_method(vm, &v, &self_)?
            } else {
                v
            };
            r.drop_n(3);
            r.push(v);
        }
        return Ok(());
    }
    if call && let Some((v, stays)) = super_function_of_class(vm, &super_, &class, &self_, name) {
        if stays && let Some(own) = self_.downcast_ref::<TypeObject>() {
            vm.type_version(own);
            r.cache(0).set(super_guard_of_class(&self_, &class));
            r.cache(1).set(v.bits() | OF_CLASS);
        }
        r.skip(1);
        r.drop_n(3);
        r.push(v);
        r.push_bits(0);
        return Ok(());
    }
    let obj = if arg & 2 != 0 {
        vm.call_pos(&super_, &[(*class).clone(), (*self_).clone()])?
    } else {
        vm.call_pos(&super_, &[])?
    };
    let v = vm.getattr(&obj, name)?;
    r.skip(1);
    r.drop_n(3);
    r.push(v);
    if call {
        r.push_bits(0);
    }
    Ok(())
}

/// The function that `super(class, self).name` is when `self` is a class below `class`, as it is in `__new__`, and whether it is
/// the same until a class changes; `None` when that is something else, or binds.
fn super_function_of_class(
    vm: &Vm,
    super_: &Value,
    class: &Value,
    self_: &Value,
    name: &Ref<Str>,
) -> Option<(Value, bool)> {
    let known = vm.interp().super_type.get();
    let (class, own) = (
        class.downcast_ref::<TypeObject>()?,
        self_.downcast_ref::<TypeObject>()?,
    );
    if !known.as_ref().is_some_and(|s| super_.is(s))
        || !own.is_subtype(class.object())
        || name.is(&vm.names().__class__)
    {
        return None;
    }
    let v = find_behind(vm, own, class, name)?;
    if let Some(m) = v.downcast_exact::<WrappedMethod>(&vm.types().static_method) {
        return Some((m.callable.get()?, false));
    }
    let vt = vm.type_of(&v);
    let unbound = vt.payload.slots.tp_descr_get.get().is_none()
        || vt.payload.has_flag(tpflags::METHOD_DESCRIPTOR);
    unbound.then_some((v, true))
}

/// What the classes behind `class` in the MRO of `own` have of this name.
fn find_behind(
    vm: &Vm,
    own: &TypeObject,
    class: &Ref<TypeObject>,
    name: &Ref<Str>,
) -> Option<Value> {
    let mro = own.mro.get()?;
    let mut rest = mro
        .as_slice()
        .iter()
        .skip_while(|b| !b.is(class.as_value()));
    rest.next();
    rest.find_map(|b| {
        let t = b.downcast_ref::<TypeObject>()?;
        t.dict.get()?.get_str(vm, name)
    })
}

/// The attribute that `super(class, self).name` finds along the MRO behind `class`, without making the super object;
/// `None` when the general way has to be gone.
fn super_method(
    vm: &Vm,
    super_: &Value,
    class: &Value,
    self_: &Value,
    name: &Ref<Str>,
) -> PyResult<Option<(Value, bool)>> {
    if !super_.is(vm.interp().super_type.get().as_ref().unwrap_or(self_)) || super_.is(self_) {
        return Ok(None);
    }
    let Some(class) = class.downcast_ref::<TypeObject>() else {
        return Ok(None);
    };
    let ty = vm.type_of(self_).to_ref();
    if !ty.is_subtype(class.object()) || self_.downcast_ref::<TypeObject>().is_some() {
        return Ok(None);
    }
    if name.is(&vm.names().__class__) {
        return Ok(None);
    }
    let Some(v) = find_behind(vm, &ty, class, name) else {
        return Ok(None);
    };
    let vt = vm.type_of(&v);
    if vt.payload.has_flag(tpflags::METHOD_DESCRIPTOR) {
        return Ok(Some((v, true)));
    }
    match vt.payload.slots.tp_descr_get.get() {
        Some(get) => get(vm, &v, Some(self_), ty.as_value()).map(|v| Some((v, false))),
        None => Ok(Some((v, false))),
    }
}

/// LOAD_SPECIAL: the method of a `with` statement, as `function, self` or `method, NULL`.
pub(super) fn load_special(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    r.save_ip();
    let n = vm.names();
    let Some(name) = [&n.__enter__, &n.__exit__, &n.__aenter__, &n.__aexit__]
        .get(arg as usize)
        .copied()
    else {
        return Err(vm.system_error("bad operand of LOAD_SPECIAL"));
    };
    let owner = r.peek(1);
    let Some(f) = vm.lookup_special(&owner, name) else {
        return Err(not_a_context_manager(vm, &owner, arg));
    };
    let ft = vm.type_of(&f);
    if ft.payload.has_flag(tpflags::METHOD_DESCRIPTOR) {
        let owner = r.pop_value();
        r.push(f);
        r.push(owner);
        return Ok(());
    }
    let f = match ft.payload.slots.tp_descr_get.get() {
        Some(get) => get(vm, &f, Some(&owner), vm.type_value(&owner).as_value())?,
        None => f,
    };
    r.set_top(1, f);
    r.push_bits(0);
    Ok(())
}

#[cold]
fn not_a_context_manager(vm: &Vm, owner: &Value, which: u32) -> taipan_object::Raised {
    let n = vm.names();
    let has = |a, b| vm.lookup_special(owner, a).is_some() && vm.lookup_special(owner, b).is_some();
    let ty = vm.qualified_type_name(owner);
    let (kind, missing, hint) = match which {
        0 => (
            "the context manager",
            "__enter__",
            has(&n.__aenter__, &n.__aexit__).then_some("async with"),
        ),
        1 => (
            "the context manager",
            "__exit__",
            has(&n.__aenter__, &n.__aexit__).then_some("async with"),
        ),
        2 => (
            "the asynchronous context manager",
            "__aenter__",
            has(&n.__enter__, &n.__exit__).then_some("with"),
        ),
        _ => (
            "the asynchronous context manager",
            "__aexit__",
            has(&n.__enter__, &n.__exit__).then_some("with"),
        ),
    };
    let mut msg =
        format!("'{ty}' object does not support {kind} protocol (missed {missing} method)");
    if let Some(h) = hint {
        let plain = if which < 2 {
            "asynchronous context manager"
        } else {
            "context manager"
        };
        msg.push_str(&format!(
            " but it supports the {plain} protocol. Did you mean to use '{h}'?"
        ));
    }
    vm.type_error(&msg)
}
