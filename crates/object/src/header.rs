//! The 16 bytes that every object starts with: reference count, flags with the shape, and type.

use std::cell::Cell;
use std::ptr::NonNull;

use crate::class::TypeObject;
use crate::reference::Object;

/// What every object starts with. `#[repr(C)]`, because compiled code addresses the fields; aligned to 8 and of 16 bytes where
/// addresses have four bytes, too: each payload then lies directly behind it.
#[repr(C, align(8))]
pub struct Header {
    refcnt: Cell<u32>,
    /// Bits 0 to 7: flags; bits 8 to 31: shape.
    bits: Cell<u32>,
    ty: Cell<*const Object<TypeObject>>,
}

const _: () = assert!(size_of::<Header>() == 16);

/// Flags in the low byte of [`Header`]'s second word.
pub mod flag {
    /// The collector visits this object.
    pub const TRACKED: u32 = 1;
    /// In the oldest generation; with MIDDLE, in the permanent one.
    pub const OLD: u32 = 1 << 1;
    /// The finalizer has run; it runs once (PEP 442).
    pub const FINALIZED: u32 = 1 << 2;
    /// The interpreter's weak-reference table has an entry for this object.
    pub const WEAKREFS: u32 = 1 << 3;
    /// Allocated on its own, outside of the size-class pages.
    pub const LARGE: u32 = 1 << 4;
    /// Being destroyed: the count is zero and must not rise again.
    pub const DYING: u32 = 1 << 5;
    /// In the middle generation.
    pub const MIDDLE: u32 = 1 << 6;
    /// A mark that one type may use as it likes (documented at the type).
    pub const TYPE_SPECIFIC: u32 = 1 << 7;
    /// All flag bits.
    pub const MASK: u32 = 0xff;
}

/// Counts from here on mean "never freed"; counting up saturates into it.
const IMMORTAL: u32 = 1 << 28;

impl Header {
    /// Where the address of the type stands, if an address fills a value's word.
    pub const TYPE_OFFSET: Option<usize> = if size_of::<*const ()>() == 8 {
        Some(std::mem::offset_of!(Header, ty))
    } else {
        None
    };

    /// A header with one reference.
    pub fn new(ty: NonNull<Object<TypeObject>>, flags: u32) -> Header {
        Header {
            refcnt: Cell::new(1),
            bits: Cell::new(flags),
            ty: Cell::new(ty.as_ptr()),
        }
    }

    /// One reference more. Saturates: an object with 2²⁸ references lives for ever.
    #[inline(always)]
    pub fn incref(&self) {
        let c = self.refcnt.get();
        if c < IMMORTAL {
            self.refcnt.set(c + 1);
        }
    }

    /// One reference less; true when it was the last.
    #[inline(always)]
    #[must_use]
    pub fn decref(&self) -> bool {
        let c = self.refcnt.get();
        if c >= IMMORTAL {
            return false;
        }
        self.refcnt.set(c.wrapping_sub(1));
        c == 1
    }

    /// The count (meaningless for immortal objects).
    #[inline(always)]
    pub fn refcount(&self) -> u32 {
        self.refcnt.get()
    }

    /// Sets the count; for the destructor's and the collector's resurrections only.
    pub(crate) fn set_refcount(&self, n: u32) {
        self.refcnt.set(n);
    }

    /// Makes the object live for ever.
    pub fn make_immortal(&self) {
        self.refcnt.set(IMMORTAL | (IMMORTAL >> 1));
    }

    /// Whether the object lives for ever.
    #[inline(always)]
    pub fn is_immortal(&self) -> bool {
        self.refcnt.get() >= IMMORTAL
    }

    /// The object's type.
    #[inline(always)]
    pub fn ty(&self) -> &Object<TypeObject> {
        // SAFETY: an object owns a count of its type, so the type lives as long as the object.
        unsafe { &*self.ty.get() }
    }

    /// The type's address; null in a free slot of a page.
    #[inline(always)]
    pub(crate) fn ty_ptr(&self) -> *const Object<TypeObject> {
        self.ty.get()
    }

    /// Replaces the type pointer; counts are the caller's business.
    pub(crate) fn set_ty_ptr(&self, ty: *const Object<TypeObject>) {
        self.ty.set(ty);
    }

    /// Whether all bits of `flag` are set.
    #[inline(always)]
    pub fn has(&self, flag: u32) -> bool {
        self.bits.get() & flag != 0
    }

    /// Sets flag bits.
    #[inline(always)]
    pub fn set(&self, flag: u32) {
        self.bits.set(self.bits.get() | (flag & flag::MASK));
    }

    /// Clears flag bits.
    #[inline(always)]
    pub fn unset(&self, flag: u32) {
        self.bits.set(self.bits.get() & !(flag & flag::MASK));
    }

    /// The object is being destroyed: the collector does not look at it any more.
    #[inline(always)]
    pub(crate) fn begin_dying(&self) {
        self.bits
            .set(self.bits.get() & !flag::TRACKED | flag::DYING);
    }

    /// Whether no flag is set and there is no shape.
    #[inline(always)]
    pub(crate) fn has_only_default_flags(&self) -> bool {
        self.bits.get() == 0
    }

    /// The shape of the instance's attributes; 0 when it has none (see `shape.rs`).
    #[inline(always)]
    pub fn shape(&self) -> u32 {
        self.bits.get() >> 8
    }

    /// Sets the shape.
    #[inline(always)]
    pub fn set_shape(&self, shape: u32) {
        debug_assert!(shape < 1 << 24);
        self.bits.set((self.bits.get() & flag::MASK) | (shape << 8));
    }
}
