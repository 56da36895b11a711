//! Where pages come from: regions of the system's memory, cut into pages. A region whose pages are all free goes back,
//! unless few pages are free. Beyond some size the heap asks for regions that the system may back by huge pages.

use std::cell::{Cell, RefCell};
use std::ptr::NonNull;

/// Bytes of a page, and its alignment: masking an object's address gives its page.
pub(super) const PAGE: usize = 64 * 1024;
/// Bytes of a region, and its alignment: the system's huge page.
const REGION: usize = 2 * 1024 * 1024;
const PAGES: usize = REGION / PAGE;
/// With so many regions, a program is large enough for huge pages to pay: what is left unused of the last one is little
/// beside what is in use.
const MANY: usize = 16;

struct Region {
    start: NonNull<u8>,
    free: u32,
}

/// The regions of a heap, with the pages in them that are not used.
pub(super) struct Arena {
    regions: RefCell<Vec<Region>>,
    /// Pages that were used and given back; the last one is used first.
    free: RefCell<Vec<NonNull<u8>>>,
    /// The part of the newest region that was never used.
    next: Cell<usize>,
    end: Cell<usize>,
}

impl Arena {
    pub(super) const fn new() -> Arena {
        Arena {
            regions: RefCell::new(Vec::new()),
            free: RefCell::new(Vec::new()),
            next: Cell::new(0),
            end: Cell::new(0),
        }
    }

    /// A page, with whatever is in it.
    pub(super) fn page(&self) -> Option<NonNull<u8>> {
        if let Some(page) = self.free.borrow_mut().pop() {
            if let Some(region) = self
                .regions
                .borrow_mut()
                .iter_mut()
                .rfind(|r| holds(r, page))
            {
                region.free -= 1;
            }
            return Some(page);
        }
        if self.next.get() == self.end.get() {
            let start = taipan_host::mem::alloc_region(REGION, REGION)?;
            let mut regions = self.regions.borrow_mut();
            if regions.len() >= MANY {
                taipan_host::mem::advise_huge(start, REGION);
            }
            regions.push(Region { start, free: 0 });
            let at = start.as_ptr().expose_provenance();
            self.next.set(at);
            self.end.set(at + REGION);
        }
        let at = self.next.get();
        self.next.set(at + PAGE);
        NonNull::new(std::ptr::with_exposed_provenance_mut(at))
    }

    /// Takes a page back.
    ///
    /// # Safety
    /// The page came from [`Arena::page`] of this arena and nothing in it is used again.
    pub(super) unsafe fn give_back(&self, page: NonNull<u8>) {
        let mut free = self.free.borrow_mut();
        let mut regions = self.regions.borrow_mut();
        free.push(page);
        let Some(index) = regions.iter().rposition(|r| holds(r, page)) else {
            return;
        };
        let Some(region) = regions.get_mut(index) else {
            return;
        };
        region.free += 1;
        let start = region.start;
        if region.free as usize == PAGES && free.len() >= 2 * PAGES {
            free.retain(|p| p.as_ptr().addr() & !(REGION - 1) != start.as_ptr().addr());
            regions.swap_remove(index);
            // SAFETY: all pages of the region were given back, and the list holds them no more.
            unsafe { taipan_host::mem::free_region(start, REGION, REGION) };
        }
    }
}

fn holds(region: &Region, page: NonNull<u8>) -> bool {
    page.as_ptr().addr() & !(REGION - 1) == region.start.as_ptr().addr()
}

impl Drop for Arena {
    fn drop(&mut self) {
        for region in self.regions.get_mut().drain(..) {
            // SAFETY: the heap goes away, nothing refers to its objects any more.
            unsafe { taipan_host::mem::free_region(region.start, REGION, REGION) };
        }
    }
}
