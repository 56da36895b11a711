//! The heap of one interpreter: allocation (`page.rs`, on memory from `arena.rs`), destruction (`dealloc.rs`) and the cycle collector (`gc.rs`).

mod arena;
pub mod dealloc;
pub mod gc;
pub(crate) mod page;

use std::cell::RefCell;
use std::ptr::NonNull;

use crate::class::TypeObject;
use crate::header::{Header, flag};
use crate::reference::{Object, Payload, Ref};
use crate::stats;

/// Memory for objects, shared by the threads of one interpreter under its GIL.
pub struct Heap {
    pub(crate) pages: page::Pages,
    pub(crate) large: RefCell<page::LargeSet>,
    /// The collector.
    pub gc: gc::GcState,
}

impl Heap {
    /// An empty heap.
    pub fn new() -> Heap {
        Heap {
            pages: page::Pages::new(),
            large: RefCell::new(page::LargeSet::default()),
            gc: gc::GcState::new(),
        }
    }

    /// Memory for an object of `size` bytes, `None` when there is none. `gc` objects can be walked by the collector.
    /// The memory is not initialised; `large` in the result says which flag its header must carry.
    #[inline]
    fn allocate(&self, size: usize, gc: bool) -> Option<(NonNull<u8>, u32)> {
        if size <= page::MAX_SMALL {
            self.pages.allocate(size, gc).map(|p| (p, 0))
        } else {
            page::allocate_large(&self.large, size, gc).map(|p| (p, flag::LARGE))
        }
    }

    /// Makes room for `size` bytes in all in a large object, which may move. What is added is not initialised. Gives the
    /// object back as it was when there is no memory.
    ///
    /// # Safety
    /// The reference is the object's only one, the object is a large one of this heap, and `size` is not below its size.
    pub(crate) unsafe fn grow_large<T: Payload>(
        &self,
        object: Ref<T>,
        size: usize,
    ) -> Result<Ref<T>, Ref<T>> {
        // SAFETY: the contract; the count moves with the object.
        unsafe {
            let old = NonNull::new_unchecked(object.as_ptr().cast_mut().cast::<u8>());
            match page::grow_large(&self.large, old, size) {
                Some(new) => {
                    let _ = object.into_value().into_bits();
                    Ok(Ref::from_owned_ptr(new.cast()))
                }
                None => Err(object),
            }
        }
    }

    /// Whether `f` says yes to any object there is. `f` must not allocate or free objects.
    pub fn any_object(&self, f: &mut dyn FnMut(&Header) -> bool) -> bool {
        self.pages.any(f) || self.large.borrow().any(f)
    }

    /// A new object of type `ty` with `size` bytes in all (at least `Object<T>`'s); what follows the payload is zeroed if it can own values.
    /// The object is tracked if its payload can own values. `None` when memory is exhausted; the payload is then dropped.
    #[inline]
    pub fn new_object<T: Payload>(
        &self,
        ty: &Object<TypeObject>,
        size: usize,
        payload: T,
    ) -> Option<Ref<T>> {
        let zero = ty.payload.is_gc() || ty.payload.dict_offset() != 0;
        match self.new_object_with_tail(ty, size, zero, move || payload) {
            Ok(made) => Some(made),
            Err(payload) => {
                if size > size_of::<Object<T>>() {
                    // Such a payload looks for its header and its items around itself, and owns nothing yet.
                    std::mem::forget(payload);
                }
                None
            }
        }
    }

    /// A new object without a tail whose payload owns nothing, of an immortal type; `None` when that takes more than
    /// taking a free slot.
    #[inline(always)]
    pub(crate) fn new_plain<T: Payload>(
        &self,
        ty: NonNull<Object<TypeObject>>,
        payload: T,
    ) -> Option<Ref<T>> {
        self.new_plain_of_size(ty, size_of::<Object<T>>(), || payload)
    }

    /// As [`Heap::new_plain`], for objects with a tail: of `size` bytes in all (at least `Object<T>`'s), of which those behind
    /// the payload are not initialised.
    #[inline(always)]
    pub(crate) fn new_plain_of_size<T: Payload>(
        &self,
        ty: NonNull<Object<TypeObject>>,
        size: usize,
        payload: impl FnOnce() -> T,
    ) -> Option<Ref<T>> {
        debug_assert!(size >= size_of::<Object<T>>());
        if size > page::MAX_SMALL {
            return None;
        }
        let mem = self.pages.allocate_quickly(size, false)?;
        stats::allocation::<T>(size);
        let p = mem.cast::<Object<T>>();
        const { assert!(align_of::<Object<T>>() <= 8) };
        // SAFETY: the memory is fresh, aligned to 8 at least, and large enough.
        unsafe {
            p.as_ptr().write(Object {
                header: Header::new(ty, 0),
                payload: payload(),
            });
            Some(Ref::from_owned_ptr(p))
        }
    }

    /// A new object whose payload may own values, of an immortal type without attributes, finalizer or members: of `size`
    /// bytes in all (at least `Object<T>`'s), of which those behind the payload are not initialised. `None` when that takes
    /// more than taking a free slot.
    #[inline(always)]
    pub(crate) fn new_tracked<T: Payload>(
        &self,
        ty: NonNull<Object<TypeObject>>,
        size: usize,
        payload: impl FnOnce() -> T,
    ) -> Option<Ref<T>> {
        debug_assert!(size >= size_of::<Object<T>>());
        if size > page::MAX_SMALL {
            return None;
        }
        let mem = self.pages.allocate_quickly(size, true)?;
        stats::allocation::<T>(size);
        self.gc.allocated();
        let p = mem.cast::<Object<T>>();
        const { assert!(align_of::<Object<T>>() <= 8) };
        // SAFETY: the memory is fresh, aligned to 8 at least, and large enough.
        unsafe {
            p.as_ptr().write(Object {
                header: Header::new(ty, flag::TRACKED),
                payload: payload(),
            });
            Some(Ref::from_owned_ptr(p))
        }
    }

    /// A new object that is its payload alone, of a type whose instances end so; `gc` says whether they can own values.
    /// The payload comes back when that takes more than taking a free slot.
    #[inline(always)]
    pub(crate) fn new_bare<T: Payload>(
        &self,
        ty: &Object<TypeObject>,
        gc: bool,
        payload: T,
    ) -> Result<Ref<T>, T> {
        if size_of::<Object<T>>() > page::MAX_SMALL || align_of::<Object<T>>() > 8 {
            return Err(payload);
        }
        let Some(mem) = self.pages.allocate_quickly(size_of::<Object<T>>(), gc) else {
            return Err(payload);
        };
        stats::allocation::<T>(size_of::<Object<T>>());
        let flags = if gc {
            self.gc.allocated();
            flag::TRACKED
        } else {
            0
        };
        let p = mem.cast::<Object<T>>();
        // SAFETY: the memory is fresh, aligned to 8 at least, and large enough.
        unsafe {
            p.as_ptr().write(Object {
                header: Header::new(NonNull::from(ty), flags),
                payload,
            });
            Ok(Ref::from_owned_ptr(p))
        }
    }

    /// Gives up a reference to an object as [`Heap::new_plain`] makes it, of which only the word is left.
    ///
    /// # Safety
    /// The word owns a reference to such an object of this heap, of a type whose instances are bytes alone; it is not used
    /// again.
    #[inline(always)]
    pub(crate) unsafe fn release_plain(&self, word: u64) {
        let ptr = std::ptr::with_exposed_provenance_mut::<Header>(word as usize);
        // SAFETY: the contract; such an object has nothing but its memory, which is a page's unless a flag says otherwise.
        unsafe {
            if (*ptr).decref() {
                let ptr = NonNull::new_unchecked(ptr);
                if (*ptr.as_ptr()).has_only_default_flags() {
                    self.pages.free(ptr.cast());
                } else {
                    dealloc::dealloc(ptr);
                }
            }
        }
    }

    /// Like [`Heap::new_object`]; what follows the payload is zeroed only if `zero` says so. Without that, the caller writes it
    /// before anybody else sees the object. The payload is made where it stays, once there is memory; else `make` comes back.
    #[inline(always)]
    pub fn new_object_with_tail<T: Payload, F: FnOnce() -> T>(
        &self,
        ty: &Object<TypeObject>,
        size: usize,
        zero: bool,
        make: F,
    ) -> Result<Ref<T>, F> {
        let gc = ty.payload.is_gc();
        // Slots of a size that is a multiple of 16 are aligned to that.
        let size = size
            .max(size_of::<Object<T>>())
            .next_multiple_of(align_of::<Object<T>>());
        let Some((mem, large)) = self.allocate(size, gc) else {
            return Err(make);
        };
        stats::allocation::<T>(size);
        if !ty.header.is_immortal() {
            ty.header.incref();
        }
        let flags = if gc {
            self.gc.allocated();
            flag::TRACKED | large
        } else {
            large
        };
        let p = mem.cast::<Object<T>>();
        // SAFETY: the memory is fresh, aligned for the payload and has at least `size` bytes.
        unsafe {
            p.as_ptr().write(Object {
                header: Header::new(NonNull::from(ty), flags),
                payload: make(),
            });
            let tail = size - size_of::<Object<T>>();
            if zero && tail != 0 {
                mem.as_ptr()
                    .add(size_of::<Object<T>>())
                    .write_bytes(0, tail);
            }
            Ok(Ref::from_owned_ptr(p))
        }
    }
}

impl Default for Heap {
    fn default() -> Heap {
        Heap::new()
    }
}
