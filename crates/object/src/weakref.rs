//! Weak references: the payload of `weakref.ref`, and the interpreter's table of who refers weakly to what.
//! Objects carry one flag bit; the table is looked up only when it is set.

use std::cell::RefCell;
use std::ptr::NonNull;

use rustc_hash::FxHashMap;

use crate::cell::PyCell;
use crate::class::TypeRef;
use crate::header::{Header, flag};
use crate::native::Args;
use crate::reference::{Object, Ref, Traverse, Visitor};
use crate::value::{PyResult, Value};
use crate::vm::Vm;

/// The payload of weak references and proxies.
pub struct WeakRef {
    /// Address of the object while it lives; 0 afterwards.
    target: std::cell::Cell<usize>,
    /// Called with the reference when the object dies.
    pub callback: PyCell<Option<Value>>,
    /// The object's hash, once computed.
    pub hash: std::cell::Cell<Option<i64>>,
}

crate::payload!(WeakRef, gc);

impl Traverse for WeakRef {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.callback.visit(visit);
    }
    fn clear(&self) {
        self.callback.set(None);
    }
}

impl Drop for WeakRef {
    fn drop(&mut self) {
        let target = self.target.get();
        if target != 0 {
            let this: *const WeakRef = self;
            Vm::with_current(|vm| vm.interp().weakrefs.forget(target, this));
        }
    }
}

impl WeakRef {
    /// The object, if it lives.
    pub fn target(&self) -> Option<Value> {
        let addr = self.target.get();
        if addr == 0 {
            return None;
        }
        let p: *const Header = std::ptr::with_exposed_provenance(addr);
        // SAFETY: the address is cleared before the object's memory is given back.
        unsafe {
            if (*p).refcount() == 0 || (*p).has(flag::DYING) {
                return None;
            }
            (*p).incref();
            Some(Value::from_owned_ptr(NonNull::new_unchecked(p.cast_mut())))
        }
    }

    /// Forgets the object without calling back.
    pub fn detach(&self, vm: &Vm) {
        let target = self.target.replace(0);
        if target != 0 {
            vm.interp().weakrefs.forget(target, self);
        }
    }
}

/// Who refers weakly to which object. Entries own no counts: references take themselves out when they die.
#[derive(Default)]
pub struct WeakTable {
    by_target: RefCell<FxHashMap<usize, Vec<NonNull<Object<WeakRef>>>>>,
}

impl WeakTable {
    fn forget(&self, target: usize, r: *const WeakRef) {
        let mut table = self.by_target.borrow_mut();
        if let Some(list) = table.get_mut(&target) {
            // SAFETY: entries are live; only the address is taken.
            list.retain(|p| unsafe { &raw const (*p.as_ptr()).payload } != r);
            if list.is_empty() {
                table.remove(&target);
                let p: *const Header = std::ptr::with_exposed_provenance(target);
                // SAFETY: the target is live: its death would have removed the entry.
                unsafe { (*p).unset(flag::WEAKREFS) };
            }
        }
    }

    fn any_callback(&self, matters: impl Fn(&Value) -> bool) -> bool {
        let table = self.by_target.borrow();
        table.values().flatten().any(|p| {
            // SAFETY: entries are live.
            let callback = &unsafe { p.as_ref() }.payload.callback;
            callback.is_some() && callback.get().is_some_and(|c| matters(&c))
        })
    }

    /// Takes out all references to an object and clears them; gives them alive, those with a callback to be called.
    fn take(&self, target: NonNull<Header>) -> Vec<Ref<WeakRef>> {
        let addr = target.as_ptr().addr();
        let list = self
            .by_target
            .borrow_mut()
            .remove(&addr)
            .unwrap_or_default();
        // SAFETY: the target is live memory.
        unsafe { target.as_ref() }.unset(flag::WEAKREFS);
        let mut out = Vec::new();
        for p in list {
            // SAFETY: entries are live.
            let o = unsafe { p.as_ref() };
            o.payload.target.set(0);
            if o.header.refcount() != 0 && !o.header.has(flag::DYING) {
                out.push(o.to_ref());
            }
        }
        out
    }
}

impl Vm {
    /// A new weak reference of class `ty` to `target`. The caller has checked that the type allows it.
    pub fn new_weakref(
        &self,
        ty: &TypeRef,
        target: &Value,
        callback: Option<Value>,
    ) -> PyResult<Ref<WeakRef>> {
        let Some(head) = target.header() else {
            return Err(self.type_error("cannot create weak reference to 'int' object"));
        };
        let addr = (&raw const *head).addr();
        let r = self.new_object(
            ty,
            WeakRef {
                target: std::cell::Cell::new(0),
                callback: PyCell::new(callback),
                hash: std::cell::Cell::new(None),
            },
        )?;
        r.target.set(addr);
        head.set(flag::WEAKREFS);
        self.interp()
            .weakrefs
            .by_target
            .borrow_mut()
            .entry(addr)
            .or_default()
            .push(NonNull::from(r.object()));
        Ok(r)
    }

    /// The weak references to an object, oldest first.
    pub fn weakrefs_of(&self, target: &Value) -> Vec<Ref<WeakRef>> {
        let Some(head) = target.header() else {
            return Vec::new();
        };
        if !head.has(flag::WEAKREFS) {
            return Vec::new();
        }
        let table = self.interp().weakrefs.by_target.borrow();
        let Some(list) = table.get(&(&raw const *head).addr()) else {
            return Vec::new();
        };
        list.iter()
            // SAFETY: entries are live.
            .map(|p| unsafe { p.as_ref() })
            .filter(|o| o.header.refcount() != 0 && !o.header.has(flag::DYING))
            .map(Object::to_ref)
            .collect()
    }

    /// The weak reference to an object that is exactly of class `ty` and has no callback: all who ask for one share it.
    pub fn shared_weakref(&self, ty: &TypeRef, target: &Value) -> Option<Ref<WeakRef>> {
        let head = target.header().filter(|h| h.has(flag::WEAKREFS))?;
        let table = self.interp().weakrefs.by_target.borrow();
        let list = table.get(&(&raw const *head).addr())?;
        list.iter()
            // SAFETY: entries are live.
            .map(|p| unsafe { p.as_ref() })
            .find(|o| {
                std::ptr::eq(o.header.ty(), ty.object())
                    && !o.payload.callback.is_some()
                    && o.header.refcount() != 0
                    && !o.header.has(flag::DYING)
            })
            .map(Object::to_ref)
    }

    /// Whether any weak reference there is would call back something that `matters`, which only looks at it.
    pub fn any_weakref_calls_back(&self, matters: impl Fn(&Value) -> bool) -> bool {
        self.interp().weakrefs.any_callback(matters)
    }

    /// Whether instances of the value's type can be weakly referenced.
    pub fn supports_weakrefs(&self, v: &Value) -> bool {
        self.type_of(v)
            .payload
            .has_flag(crate::class::tpflags::MANAGED_WEAKREF)
    }
}

fn call_back(vm: &Vm, refs: Vec<Ref<WeakRef>>) {
    // The newest first, as CPython does.
    for r in refs.into_iter().rev() {
        if let Some(cb) = r.callback.take() {
            let saved = vm.take_exception();
            if vm
                .call(&cb, Args::positional(std::slice::from_ref(r.as_value())))
                .is_err()
            {
                vm.unraisable(None, Some(&cb));
            }
            if let Some(e) = saved {
                let _ = vm.raise_as_is(e);
            }
        }
    }
}

/// Clears the weak references to a dying object, then calls back.
pub(crate) fn object_dies(vm: &Vm, p: NonNull<Header>) {
    let refs = vm.interp().weakrefs.take(p);
    // The object's count is zero while callbacks run, and nothing leads to it any more.
    call_back(vm, refs);
}

/// Clears the weak references to garbage. Callbacks of references that are garbage themselves are not called.
pub(crate) fn garbage_dies(vm: &Vm, garbage: &[Value]) {
    let dead: rustc_hash::FxHashSet<u64> = garbage.iter().map(Value::bits).collect();
    let mut to_call = Vec::new();
    for v in garbage {
        if let Some(h) = v.header()
            && h.has(flag::WEAKREFS)
        {
            to_call.extend(
                vm.interp()
                    .weakrefs
                    .take(NonNull::from(h))
                    .into_iter()
                    .filter(|r| !dead.contains(&r.as_value().bits())),
            );
        }
    }
    call_back(vm, to_call);
}
