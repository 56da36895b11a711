//! What happens when the last reference goes: finalizer, weak references, payload, attributes, memory.
//! Nested destruction is bounded: beyond a depth, or near the end of the stack, objects wait in a queue that the outermost
//! call drains.

use std::ptr::NonNull;

use crate::class::End;
use crate::containers::dict::Dict;
use crate::containers::list::List;
use crate::containers::tuple::Tuple;
use crate::header::{Header, flag};
use crate::reference::Object;
use crate::value::Value;
use crate::vm::Vm;

/// Destructions nested more deeply than this are queued.
const MAX_DEPTH: u32 = 40;
/// Bytes of native stack that must be left where a destruction begins, so that a finalizer can run.
const STACK_FOR_FINALIZER: usize = 256 * 1024;

/// Destroys an object whose count has reached zero. A thread with no interpreter leaks it: nothing could run its finalizer.
#[inline(never)]
pub(crate) fn dealloc(ptr: NonNull<Header>) {
    Vm::with_current(|vm| {
        // SAFETY: the object's count is zero; nobody uses it any more.
        let head = unsafe { ptr.as_ref() };
        if head.has_only_default_flags() && head.ty().payload.end(&head.ty().header) == End::Plain {
            // Floats and the like: nothing to run, nothing to let go of.
            // SAFETY: a small object of this heap with no destructor.
            unsafe { vm.heap().pages.free(ptr.cast()) };
        } else if head.has(flag::WEAKREFS | flag::LARGE | flag::DYING) {
            dealloc_general(vm, ptr);
        } else if std::ptr::eq(head.ty(), vm.known().tuple) {
            dealloc_container::<Tuple>(vm, ptr);
        } else if std::ptr::eq(head.ty(), vm.known().list) {
            dealloc_list(vm, ptr);
        } else if std::ptr::eq(head.ty(), vm.known().dict) {
            dealloc_dict(vm, ptr);
        } else {
            dealloc_general(vm, ptr);
        }
    });
}

/// The end of a tuple, list or dict that is exactly that, with payload `T`: there are many.
#[inline(always)]
fn dealloc_container<T>(vm: &Vm, ptr: NonNull<Header>) {
    let depth = vm.dealloc_depth.get();
    if depth >= MAX_DEPTH || depth > 0 && vm.is_stack_short(STACK_FOR_FINALIZER) {
        vm.deferred.borrow_mut().push(ptr);
        return;
    }
    vm.dealloc_depth.set(depth + 1);
    // SAFETY: the count of this object is zero and nobody else uses it any more; its type says what the payload is; its memory
    // is a page's, as no flag says otherwise.
    unsafe {
        ptr.as_ref().begin_dying();
        std::ptr::drop_in_place(&raw mut (*ptr.cast::<Object<T>>().as_ptr()).payload);
        let heap = vm.heap();
        heap.gc.freed();
        heap.pages.free(ptr.cast());
    }
    if depth == 0 {
        destroy_deferred(vm);
    }
    vm.dealloc_depth.set(depth);
}

#[inline(never)]
fn dealloc_list(vm: &Vm, ptr: NonNull<Header>) {
    dealloc_container::<List>(vm, ptr);
}

#[inline(never)]
fn dealloc_dict(vm: &Vm, ptr: NonNull<Header>) {
    dealloc_container::<Dict>(vm, ptr);
}

/// What was queued because it nested too deeply.
#[inline]
fn destroy_deferred(vm: &Vm) {
    loop {
        let next = vm.deferred.borrow_mut().pop();
        match next {
            Some(p) => destroy(vm, p),
            None => break,
        }
    }
}

#[inline(never)]
fn dealloc_general(vm: &Vm, ptr: NonNull<Header>) {
    let depth = vm.dealloc_depth.get();
    // Finalizers nest too: generators that hold each other, for one.
    if depth >= MAX_DEPTH || depth > 0 && vm.is_stack_short(STACK_FOR_FINALIZER) {
        vm.deferred.borrow_mut().push(ptr);
        return;
    }
    vm.dealloc_depth.set(depth + 1);
    // SAFETY: the object's count is zero; nobody else uses it any more.
    let head = unsafe { ptr.as_ref() };
    let ty_obj = head.ty();
    let ty = &ty_obj.payload;
    if ty.end(&ty_obj.header) == End::Simple
        && !head.has(flag::WEAKREFS | flag::LARGE | flag::DYING)
    {
        head.begin_dying();
        // SAFETY: the layout of the object's type describes its payload; the memory is a page's, as no flag says
        // otherwise.
        unsafe {
            (ty.layout().drop)(ptr.as_ptr());
            let heap = vm.heap();
            if ty.is_gc() {
                heap.gc.freed();
            }
            heap.pages.free(ptr.cast());
        }
    } else {
        destroy(vm, ptr);
    }
    if depth == 0 {
        destroy_deferred(vm);
    }
    vm.dealloc_depth.set(depth);
}

fn destroy(vm: &Vm, ptr: NonNull<Header>) {
    // SAFETY: the object's count is zero and this call is the only one that destroys it.
    let head = unsafe { ptr.as_ref() };
    if head.has(flag::DYING) {
        return;
    }
    if let Some(finalize) = head.ty().payload.slots.tp_finalize.get()
        && !head.has(flag::FINALIZED)
    {
        head.set(flag::FINALIZED);
        head.set_refcount(1);
        // SAFETY: the count of one just set is this value's.
        let value = unsafe { Value::from_owned_ptr(ptr) };
        // A finalizer is ordinary code: it starts with room to destroy.
        let depth = vm.dealloc_depth.replace(1);
        vm.run_finalizer(finalize, &value);
        vm.dealloc_depth.set(depth);
        let _ = value.into_bits();
        if !head.decref() {
            return;
        }
    }
    if head.has(flag::WEAKREFS) {
        // Callbacks run Python code, which must not see the object alive again: the weak references are cleared first.
        crate::weakref::object_dies(vm, ptr);
    }
    head.begin_dying();
    // Only now: the finalizer may have given the object another class.
    let ty_obj = head.ty();
    let ty = &ty_obj.payload;
    let layout = ty.layout();
    ty.drop_attributes(ptr);
    // SAFETY: the layout of the object's type describes its payload; nobody uses it any more.
    unsafe { (layout.drop)(ptr.as_ptr()) };
    let large = head.has(flag::LARGE);
    let gc = ty.is_gc();
    let immortal_type = ty_obj.header.is_immortal();
    let ty_ptr = NonNull::from(ty_obj).cast::<Header>();
    let heap = vm.heap();
    if gc {
        heap.gc.freed();
    }
    // SAFETY: the memory came from this interpreter's heap, by the way that the flag says.
    unsafe {
        if large {
            super::page::free_large(&heap.large, ptr.cast());
        } else {
            heap.pages.free(ptr.cast());
        }
        if !immortal_type {
            // The object's own count of its type.
            drop(Value::from_owned_ptr(ty_ptr));
        }
    }
}
