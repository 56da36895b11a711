//! The allocator. It remembers in the memory itself how far that is in use, so that putting back a copy of the memory puts
//! back the allocator: what lies behind is zeroed by the host and given out again.

use std::alloc::{GlobalAlloc, Layout};
use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicUsize, Ordering};

use dlmalloc::{Allocator, Dlmalloc};

const PAGE: usize = 65536;

/// Where memory that nobody uses begins; 0 before the first is given out.
static END: AtomicUsize = AtomicUsize::new(0);

struct Pages;

// SAFETY: memory that is given out lies behind all that is in use, within the module's memory, and is never taken back.
unsafe impl Allocator for Pages {
    fn alloc(&self, size: usize) -> (*mut u8, usize, u32) {
        let none = (std::ptr::null_mut(), 0, 0);
        let have = core::arch::wasm32::memory_size::<0>() * PAGE;
        let start = match END.load(Ordering::Relaxed) {
            0 => have,
            end => end,
        };
        let Some(end) = size
            .checked_next_multiple_of(PAGE)
            .and_then(|size| start.checked_add(size))
        else {
            return none;
        };
        if end > have {
            let pages = (end - have).div_ceil(PAGE);
            if core::arch::wasm32::memory_grow::<0>(pages) == usize::MAX {
                return none;
            }
        }
        END.store(end, Ordering::Relaxed);
        let at = std::ptr::with_exposed_provenance_mut(start);
        (at, end - start, 0)
    }

    fn remap(&self, _: *mut u8, _: usize, _: usize, _: bool) -> *mut u8 {
        std::ptr::null_mut()
    }

    fn free_part(&self, _: *mut u8, _: usize, _: usize) -> bool {
        false
    }

    fn free(&self, _: *mut u8, _: usize) -> bool {
        false
    }

    fn can_release_part(&self, _: u32) -> bool {
        false
    }

    fn allocates_zeros(&self) -> bool {
        true
    }

    fn page_size(&self) -> usize {
        PAGE
    }
}

struct Global(UnsafeCell<Dlmalloc<Pages>>);

// SAFETY: the module has one thread.
unsafe impl Sync for Global {}

#[global_allocator]
static GLOBAL: Global = Global(UnsafeCell::new(Dlmalloc::new_with_allocator(Pages)));

// SAFETY: dlmalloc upholds the contract, and no call happens during another.
unsafe impl GlobalAlloc for Global {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the contract.
        unsafe { (*self.0.get()).malloc(layout.size(), layout.align()) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the contract.
        unsafe { (*self.0.get()).calloc(layout.size(), layout.align()) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the contract.
        unsafe { (*self.0.get()).free(at, layout.size(), layout.align()) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        // SAFETY: the contract.
        unsafe { (*self.0.get()).realloc(at, layout.size(), layout.align(), size) }
    }
}

/// How far the memory is in use.
#[unsafe(no_mangle)]
pub extern "C" fn used() -> usize {
    END.load(Ordering::Relaxed)
}
