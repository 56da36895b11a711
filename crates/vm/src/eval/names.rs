//! Instructions on variables: fast locals, cells, globals, names of class and module bodies; and the stack itself.

use taipan_bytecode::Opcode;
use taipan_object::descr::Cell as PyCellObject;
use taipan_object::{Dict, PyResult, Raised, Ref, Str, Value, Vm};

use super::regs::Regs;
use crate::frame::{borrow, drop_slot, strip};

#[inline(always)]
fn clone_bits(bits: u64) -> u64 {
    // SAFETY: the word is the bits of a live value, which stays where it is.
    unsafe {
        (*std::mem::ManuallyDrop::new(Value::from_bits(bits)))
            .clone()
            .into_bits()
    }
}

#[inline(always)]
pub(super) fn load_fast(r: &mut Regs, i: u32) {
    // LOAD_FAST alone may meet an unbound local: what LOAD_FAST_AND_CLEAR put away.
    let bits = r.local_bits(i);
    r.push_bits(if bits == 0 { 0 } else { clone_bits(bits) });
}

#[inline(always)]
pub(super) fn push_borrowed(r: &mut Regs, i: u32) {
    // The compiler and the verifier prove that the local is bound.
    r.push_bits(borrow(r.local_bits(i)));
}

/// LOAD_FAST_BORROW; does at once what comes next when that is an operator on the int which it loads, or an attribute
/// of the instance.
#[inline(always)]
pub(super) fn load_fast_borrow(vm: &Vm, r: &mut Regs, i: u32) {
    let bits = r.local_bits(i);
    if bits & 1 != 0 {
        super::ops_cache::push_small_int(vm, r, bits);
    } else if !super::specialize::load_attr_of_local(r, bits) {
        r.push_bits(bits | crate::frame::BORROWED);
    }
}

#[inline(always)]
pub(super) fn load_fast_check(r: &mut Regs, i: u32) -> bool {
    let bits = r.local_bits(i);
    if bits == 0 {
        return false;
    }
    r.push_bits(clone_bits(bits));
    true
}

/// LOAD_FAST_CHECK of a local that is not bound.
#[cold]
pub(super) fn load_fast_unbound(vm: &Vm, r: &mut Regs, i: u32) -> PyResult<()> {
    Err(unbound_local(vm, r, i))
}

#[cold]
fn unbound_local(vm: &Vm, r: &Regs, i: u32) -> Raised {
    r.save();
    let name = r.code().locals().get(i as usize).cloned();
    let shown = name
        .as_ref()
        .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let msg =
        format!("cannot access local variable '{shown}' where it is not associated with a value");
    vm.raise_new(&vm.exc().UnboundLocalError, &msg)
}

#[inline(always)]
pub(super) fn load_fast_and_clear(r: &mut Regs, i: u32) {
    let bits = r.replace_local(i, 0);
    r.push_bits(bits);
}

#[inline(always)]
pub(super) fn store_fast(r: &mut Regs, i: u32) {
    let bits = r.pop_bits();
    // STORE_FAST also puts back what LOAD_FAST_AND_CLEAR saved, which may be NULL.
    let owned = if crate::frame::is_borrowed(bits) {
        clone_bits(strip(bits))
    } else {
        bits
    };
    let old = r.replace_local(i, owned);
    // SAFETY: the old content was taken out.
    unsafe { drop_slot(old) };
}

pub(super) fn delete_fast(vm: &Vm, r: &mut Regs, i: u32) -> PyResult<()> {
    let old = r.replace_local(i, 0);
    if old == 0 {
        return Err(unbound_local(vm, r, i));
    }
    // SAFETY: the old content was taken out.
    unsafe { drop_slot(old) };
    Ok(())
}

#[inline(always)]
pub(super) fn copy(r: &mut Regs, n: u32) {
    let bits = r.peek_bits(n as usize);
    let new = if bits == 0 || crate::frame::is_borrowed(bits) {
        bits
    } else {
        clone_bits(bits)
    };
    r.push_bits(new);
}

#[inline(always)]
pub(super) fn swap(r: &mut Regs, n: u32) {
    let top = r.peek_bits(1);
    let other = r.poke_bits(n as usize, top);
    r.poke_bits(1, other);
}

/// The cell in a local.
#[inline(always)]
fn cell(r: &Regs, i: u32) -> Option<Ref<PyCellObject>> {
    let bits = r.local_bits(i);
    if bits == 0 {
        return None;
    }
    // SAFETY: the local owns the value; the view is not dropped.
    let v = std::mem::ManuallyDrop::new(unsafe { Value::from_bits(bits) });
    v.downcast_ref::<PyCellObject>().cloned()
}

pub(super) fn make_cell(vm: &Vm, r: &mut Regs, i: u32) -> PyResult<()> {
    let bits = r.replace_local(i, 0);
    let initial = if bits == 0 {
        None
    } else {
        // SAFETY: the local owned the value.
        Some(unsafe { Value::from_bits(bits) })
    };
    let c = vm.new(PyCellObject {
        contents: taipan_object::PyCell::new(initial),
    })?;
    r.replace_local(i, c.into_value().into_bits());
    Ok(())
}

#[inline(always)]
pub(super) fn copy_free_vars(r: &mut Regs, n: u32) -> bool {
    // SAFETY: the frame owns its function, which keeps its closure.
    let closure = unsafe {
        let f = Value::from_word_ref(&raw const (*r.frame).func);
        let Some(f) = f.downcast_ref::<crate::function::Function>() else {
            return false;
        };
        let Some(closure) = f.closure.peek() else {
            return false;
        };
        &(*closure).payload
    };
    // The cells are known to be cells: who gives a function its closure looks at them.
    if closure.len() < n as usize {
        return false;
    }
    let first = r.code().nlocalsplus - n;
    for (i, c) in closure.as_slice().iter().take(n as usize).enumerate() {
        let _ = r.replace_local(first + i as u32, c.clone().into_bits());
    }
    true
}

/// COPY_FREE_VARS of a function that foreign code made without a closure.
pub(super) fn no_closure(vm: &Vm, r: &mut Regs, _arg: u32) -> PyResult<()> {
    r.save();
    Err(vm.system_error("a function has no closure that fits its code"))
}

#[inline(always)]
pub(super) fn load_deref_bound(r: &mut Regs, i: u32) -> bool {
    let bits = r.local_bits(i);
    if bits != 0 {
        // SAFETY: the local owns the value; the view is not dropped.
        let v = std::mem::ManuallyDrop::new(unsafe { Value::from_bits(bits) });
        if let Some(c) = v.downcast_ref::<PyCellObject>()
            && let Some(content) = c.contents.get()
        {
            r.push(content);
            return true;
        }
    }
    false
}

pub(super) fn load_deref(vm: &Vm, r: &mut Regs, i: u32) -> PyResult<()> {
    if load_deref_bound(r, i) {
        Ok(())
    } else {
        Err(unbound_deref(vm, r, i))
    }
}

#[cold]
fn unbound_deref(vm: &Vm, r: &Regs, i: u32) -> Raised {
    r.save();
    let code = r.code();
    let is_free = code
        .kinds
        .get(i as usize)
        .is_some_and(|k| k & taipan_bytecode::code::co_fast::FREE != 0);
    if !is_free {
        return unbound_local(vm, r, i);
    }
    let name = code.locals().get(i as usize).cloned();
    let shown = name
        .as_ref()
        .map_or_else(String::new, |n| n.to_string_lossy().into_owned());
    let msg = format!(
        "cannot access free variable '{shown}' where it is not associated with a value in enclosing scope"
    );
    crate::glue::name_error(vm, &vm.exc().NameError, &msg, name.as_ref())
}

pub(super) fn store_deref(r: &mut Regs, i: u32) {
    let v = r.pop_value();
    if let Some(c) = cell(r, i) {
        c.contents.set(Some(v));
    }
}

pub(super) fn delete_deref(vm: &Vm, r: &mut Regs, i: u32) -> PyResult<()> {
    match cell(r, i).and_then(|c| c.contents.take()) {
        Some(old) => {
            drop(old);
            Ok(())
        }
        None => Err(unbound_deref(vm, r, i)),
    }
}

#[cold]
fn name_undefined(vm: &Vm, name: &Ref<Str>) -> Raised {
    let msg = format!("name '{}' is not defined", name.to_string_lossy());
    crate::glue::name_error(vm, &vm.exc().NameError, &msg, Some(name))
}

/// Looks a name up in globals and builtins. Namespaces that are no exact dicts are asked as mappings (`__missing__`).
fn global(vm: &Vm, r: &Regs, name: &Ref<Str>) -> PyResult<Value> {
    let f = r.f();
    for namespace in [f.globals(), f.builtins()] {
        if let Some(v) = mapping_get(vm, namespace.as_value(), name)? {
            return Ok(v);
        }
    }
    Err(name_undefined(vm, name))
}

/// Units of LOAD_GLOBAL's cache.
const GLOBAL_CACHE: usize = 4;

pub(super) fn load_global(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    r.save_ip();
    let name = r.name_ref(arg >> 1);
    let f = r.f();
    let (globals, builtins) = (f.globals(), f.builtins());
    let exact = |d: &Ref<Dict>| std::ptr::eq(d.head().ty(), vm.types().dict.object());
    if !exact(&globals) || !exact(&builtins) {
        let v = global(vm, r, name)?;
        r.skip(GLOBAL_CACHE);
        r.push(v);
        if arg & 1 != 0 {
            r.push_bits(0);
        }
        return Ok(());
    }
    let v = match globals.index_of_str(vm, name) {
        Some(i) => {
            r.cache(0).set(u64::from(globals.keys_version(vm)));
            r.cache(1).set(i as u64);
            r.specialize(Opcode::LoadGlobalModule);
            globals.value_at(i)
        }
        None => match builtins.index_of_str(vm, name) {
            Some(i) => {
                r.cache(0).set(
                    u64::from(globals.keys_version(vm))
                        | u64::from(builtins.keys_version(vm)) << 32,
                );
                r.cache(1).set(i as u64);
                r.specialize(Opcode::LoadGlobalBuiltin);
                builtins.value_at(i)
            }
            None => None,
        },
    };
    let Some(v) = v else {
        return Err(name_undefined(vm, name));
    };
    r.skip(GLOBAL_CACHE);
    r.push(v);
    if arg & 1 != 0 {
        r.push_bits(0);
    }
    Ok(())
}

#[inline(always)]
pub(super) fn load_global_module(r: &mut Regs, arg: u32) -> bool {
    // SAFETY: the function keeps its globals alive.
    let globals = unsafe { &(*r.f().globals).payload };
    let version = globals.cached_version();
    if version == 0 || u64::from(version) != r.cache(0).get() {
        return false;
    }
    let Some(v) = globals.value_at(r.cache(1).get() as usize) else {
        return false;
    };
    r.skip(GLOBAL_CACHE);
    r.push(v);
    if arg & 1 != 0 {
        r.push_bits(0);
    }
    true
}

#[inline(always)]
pub(super) fn load_global_builtin(r: &mut Regs, arg: u32) -> bool {
    // SAFETY: the function keeps its globals and builtins alive.
    let (globals, builtins) = unsafe { (&(*r.f().globals).payload, &(*r.f().builtins).payload) };
    let (vg, vb) = (globals.cached_version(), builtins.cached_version());
    if vg == 0 || vb == 0 || (u64::from(vg) | u64::from(vb) << 32) != r.cache(0).get() {
        return false;
    }
    let Some(v) = builtins.value_at(r.cache(1).get() as usize) else {
        return false;
    };
    r.skip(GLOBAL_CACHE);
    r.push(v);
    if arg & 1 != 0 {
        r.push_bits(0);
    }
    true
}

pub(super) fn store_global(vm: &Vm, r: &mut Regs, i: u32) -> PyResult<()> {
    r.save_ip();
    let v = r.pop_value();
    r.f().globals().set_str(vm, r.name_ref(i), v)
}

pub(super) fn delete_global(vm: &Vm, r: &mut Regs, i: u32) -> PyResult<()> {
    r.save_ip();
    let name = r.name_ref(i);
    match r.f().globals().remove_str(vm, name) {
        Some(old) => {
            drop(old);
            Ok(())
        }
        None => Err(name_undefined(vm, name)),
    }
}

/// The mapping of local names.
fn locals(vm: &Vm, r: &Regs) -> PyResult<Value> {
    let bits = r.f().locals;
    if bits == 0 {
        return Err(vm.system_error("no locals found"));
    }
    // SAFETY: the frame owns the value; the view is not dropped.
    Ok((*std::mem::ManuallyDrop::new(unsafe { Value::from_bits(bits) })).clone())
}

/// `mapping[name]`, `None` when there is no such key.
pub(crate) fn mapping_get(vm: &Vm, mapping: &Value, name: &Ref<Str>) -> PyResult<Option<Value>> {
    if std::ptr::eq(vm.type_of(mapping), vm.types().dict.object())
        && let Some(d) = mapping.downcast_ref::<Dict>()
    {
        return d.get(vm, name.as_value());
    }
    match vm.getitem(mapping, name.as_value()) {
        Ok(v) => Ok(Some(v)),
        Err(e) => {
            drop(vm.catch(e, &vm.exc().KeyError)?);
            Ok(None)
        }
    }
}

pub(super) fn load_name(vm: &Vm, r: &mut Regs, i: u32) -> PyResult<()> {
    r.save_ip();
    let name = r.name_ref(i);
    let v = match mapping_get(vm, &locals(vm, r)?, name)? {
        Some(v) => v,
        None => global(vm, r, name)?,
    };
    r.push(v);
    Ok(())
}

pub(super) fn store_name(vm: &Vm, r: &mut Regs, i: u32) -> PyResult<()> {
    r.save_ip();
    let v = r.pop_value();
    let name = r.name_ref(i);
    let ns = locals(vm, r)?;
    if std::ptr::eq(vm.type_of(&ns), vm.types().dict.object())
        && let Some(d) = ns.downcast_ref::<Dict>()
    {
        return d.set_str(vm, name, v);
    }
    vm.setitem(&ns, name.as_value(), &v)
}

pub(super) fn delete_name(vm: &Vm, r: &mut Regs, i: u32) -> PyResult<()> {
    r.save_ip();
    let name = r.name_ref(i);
    let ns = locals(vm, r)?;
    match vm.delitem(&ns, name.as_value()) {
        Ok(()) => Ok(()),
        Err(e) => {
            drop(vm.catch(e, &vm.exc().KeyError)?);
            Err(name_undefined(vm, name))
        }
    }
}

pub(super) fn load_locals(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    let v = locals(vm, r)?;
    r.push(v);
    Ok(())
}

pub(super) fn load_from_dict_or_globals(vm: &Vm, r: &mut Regs, i: u32) -> PyResult<()> {
    r.save_ip();
    let name = r.name_ref(i);
    let ns = r.pop();
    let v = match mapping_get(vm, &ns.view(), name)? {
        Some(v) => v,
        None => global(vm, r, name)?,
    };
    r.push(v);
    Ok(())
}

pub(super) fn load_from_dict_or_deref(vm: &Vm, r: &mut Regs, i: u32) -> PyResult<()> {
    r.save_ip();
    let ns = r.pop();
    if let Some(name) = r.code().locals().get(i as usize).cloned()
        && let Some(v) = mapping_get(vm, &ns.view(), &name)?
    {
        r.push(v);
        return Ok(());
    }
    load_deref(vm, r, i)
}

pub(super) fn setup_annotations(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    r.save_ip();
    let ns = locals(vm, r)?;
    let name = &vm.names().__annotations__;
    if mapping_get(vm, &ns, name)?.is_none() {
        let d = vm.new_dict()?;
        vm.setitem(&ns, name.as_value(), d.as_value())?;
    }
    Ok(())
}

pub(super) fn load_build_class(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    r.save_ip();
    match r.f().builtins().get_str(vm, &vm.names().__build_class__) {
        Some(v) => {
            r.push(v);
            Ok(())
        }
        None => Err(crate::glue::name_error(
            vm,
            &vm.exc().NameError,
            "__build_class__ not found",
            None,
        )),
    }
}
