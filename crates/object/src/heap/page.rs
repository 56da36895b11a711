//! Size-class pages: 64 KiB each, one slot size a page, walkable by the collector; larger objects stand alone in a registry.
//! All raw memory of objects is handled here.

use std::alloc::{Layout as MemLayout, alloc, dealloc};
use std::cell::{Cell, RefCell};
use std::ptr::{NonNull, null_mut};

use super::arena::{Arena, PAGE};
use crate::header::{Header, flag};

/// The size of the largest slots.
const LARGEST: usize = 512;
/// Objects up to this size live in pages. In a build for a memory checker none does: each object is an allocation of its
/// own, which the checker can watch.
pub(crate) const MAX_SMALL: usize = if cfg!(taipan_plain_heap) { 0 } else { LARGEST };
/// First slot's offset in a page.
const FIRST: usize = 64;
/// What the system hands out at a time; slots are made free one such piece at a time, so that no memory is touched early.
const PIECE: usize = 4096;
/// The alignment of large objects.
const LARGE_ALIGN: usize = 16;

const CLASSES: usize = 33;

/// Slot sizes: multiples of 8 up to 128, of 16 up to 256, of 32 beyond.
const SLOT_SIZES: [u16; CLASSES] = {
    let mut sizes = [16; CLASSES];
    let mut i = 2;
    while i < CLASSES {
        sizes[i] = if i <= 16 {
            8 * i as u16
        } else if i <= 24 {
            128 + 16 * (i as u16 - 16)
        } else {
            256 + 32 * (i as u16 - 24)
        };
        i += 1;
    }
    sizes
};

/// The class of a size, by eighths of it.
const CLASS_OF: [u8; LARGEST / 8 + 1] = {
    let mut classes = [2; LARGEST / 8 + 1];
    let mut eighths = 3;
    while eighths < classes.len() {
        let mut class = classes[eighths - 1];
        if (SLOT_SIZES[class as usize] as usize) < 8 * eighths {
            class += 1;
        }
        classes[eighths] = class;
        eighths += 1;
    }
    classes
};

/// The class for objects of so many bytes, if they live in pages.
#[inline(always)]
fn class_of(size: usize) -> Option<usize> {
    if size > MAX_SMALL {
        return None;
    }
    Some(usize::from(*CLASS_OF.get(size.div_ceil(8))?))
}

// Sizes that are multiples of 16 have slots of such sizes, which are aligned to 16 then.
const _: () = {
    let mut eighths = 2;
    while eighths < CLASS_OF.len() {
        assert!(SLOT_SIZES[CLASS_OF[eighths] as usize].is_multiple_of(16));
        eighths += 2;
    }
    assert!(FIRST.is_multiple_of(16));
};
const _: () = assert!(SLOT_SIZES[CLASSES - 1] as usize == LARGEST);
const _: () = assert!(CLASS_OF[LARGEST / 8] as usize == CLASSES - 1);

/// The head of a page.
#[repr(C)]
struct Page {
    /// Free slots given back, linked through their first word.
    free: Cell<*mut FreeSlot>,
    /// Where the never used part starts.
    bump: Cell<u32>,
    slot: u32,
    used: Cell<u32>,
    class: u8,
    gc: bool,
    /// Allocated from since the last collection.
    young: Cell<bool>,
    /// May have objects of the middle generation.
    middle: Cell<bool>,
    /// Linked in the list of pages with room.
    listed: Cell<bool>,
    next: Cell<*mut Page>,
    prev: Cell<*mut Page>,
    /// Position in `Pages::all`.
    index: Cell<usize>,
}

const _: () = assert!(size_of::<Page>() <= FIRST);

/// A free slot: the link, and a null type pointer where an object has its type.
#[repr(C)]
struct FreeSlot {
    next: *mut FreeSlot,
    null_type: u64,
}

impl Page {
    /// Makes the slots free that start in the next piece of memory; false when the page has no more. No slot is free now.
    ///
    /// # Safety
    /// The page is in its place: slots lie behind its head.
    unsafe fn free_piece(&self) -> bool {
        let first = self.bump.get() as usize;
        let slot = self.slot as usize;
        if first + slot > PAGE {
            return false;
        }
        let piece_end = (first / PIECE + 1) * PIECE;
        let count = (piece_end - first)
            .div_ceil(slot)
            .min((PAGE - first) / slot);
        let page: *mut u8 = std::ptr::with_exposed_provenance_mut((&raw const *self).addr());
        let mut next = null_mut();
        // The lowest one comes first.
        for i in (0..count).rev() {
            // SAFETY: the slot lies in the page and was never used.
            unsafe {
                let free = page.add(first + i * slot).cast::<FreeSlot>();
                free.write(FreeSlot { next, null_type: 0 });
                next = free;
            }
        }
        self.free.set(next);
        self.bump.set((first + count * slot) as u32);
        true
    }
}

/// All pages of a heap.
pub(crate) struct Pages {
    /// Heads of the lists of pages with room, for leaf and collectable objects.
    room: [[Cell<*mut Page>; CLASSES]; 2],
    all: RefCell<Vec<*mut Page>>,
    arena: Arena,
}

impl Pages {
    pub(crate) fn new() -> Pages {
        Pages {
            room: [const { [const { Cell::new(null_mut()) }; CLASSES] }; 2],
            all: RefCell::new(Vec::new()),
            arena: Arena::new(),
        }
    }

    /// Memory for an object of at most [`MAX_SMALL`] bytes.
    #[inline]
    pub(crate) fn allocate(&self, size: usize, gc: bool) -> Option<NonNull<u8>> {
        match self.allocate_quickly(size, gc) {
            Some(mem) => Some(mem),
            None => self.allocate_slow(class_of(size)?, gc),
        }
    }

    /// A slot that was free before, if there is one at hand.
    #[inline(always)]
    pub(crate) fn allocate_quickly(&self, size: usize, gc: bool) -> Option<NonNull<u8>> {
        let class = class_of(size)?;
        let head = &self.room[gc as usize][class];
        let page = head.get();
        if !page.is_null() {
            // SAFETY: pages in the list are live; a free slot in it is unused memory of the page.
            unsafe {
                let free = (*page).free.get();
                if !free.is_null() {
                    (*page).free.set((*free).next);
                    (*page).used.set((*page).used.get() + 1);
                    (*page).young.set(true);
                    return Some(NonNull::new_unchecked(free.cast()));
                }
            }
        }
        None
    }

    #[inline(never)]
    fn allocate_slow(&self, class: usize, gc: bool) -> Option<NonNull<u8>> {
        let head = &self.room[gc as usize][class];
        loop {
            let page = head.get();
            if page.is_null() {
                self.new_page(class, gc)?;
                continue;
            }
            // SAFETY: pages in the list are live and belong to this class.
            unsafe {
                let p = &*page;
                if p.free.get().is_null() && !p.free_piece() {
                    self.unlist(page);
                    continue;
                }
                let free = p.free.get();
                p.free.set((*free).next);
                p.used.set(p.used.get() + 1);
                p.young.set(true);
                return Some(NonNull::new_unchecked(free.cast()));
            }
        }
    }

    #[cold]
    fn new_page(&self, class: usize, gc: bool) -> Option<()> {
        let page = self.arena.page()?.as_ptr().cast::<Page>();
        let mut all = self.all.borrow_mut();
        // SAFETY: fresh memory of a page's size and alignment.
        unsafe {
            page.write(Page {
                free: Cell::new(null_mut()),
                bump: Cell::new(FIRST as u32),
                slot: u32::from(SLOT_SIZES[class]),
                used: Cell::new(0),
                class: class as u8,
                gc,
                young: Cell::new(true),
                middle: Cell::new(false),
                listed: Cell::new(false),
                next: Cell::new(null_mut()),
                prev: Cell::new(null_mut()),
                index: Cell::new(all.len()),
            });
        }
        all.push(page);
        drop(all);
        self.list(page);
        Some(())
    }

    /// Puts a page with room at the head of its list when the list is empty, else behind the head.
    fn list(&self, page: *mut Page) {
        // SAFETY: `page` and the pages in the list are live.
        unsafe {
            let p = &*page;
            let head = &self.room[p.gc as usize][p.class as usize];
            let first = head.get();
            if first.is_null() {
                p.next.set(null_mut());
                p.prev.set(null_mut());
                head.set(page);
            } else {
                let second = (*first).next.get();
                p.prev.set(first);
                p.next.set(second);
                (*first).next.set(page);
                if !second.is_null() {
                    (*second).prev.set(page);
                }
            }
            p.listed.set(true);
        }
    }

    fn unlist(&self, page: *mut Page) {
        // SAFETY: as in `list`.
        unsafe {
            let p = &*page;
            let (next, prev) = (p.next.get(), p.prev.get());
            if prev.is_null() {
                self.room[p.gc as usize][p.class as usize].set(next);
            } else {
                (*prev).next.set(next);
            }
            if !next.is_null() {
                (*next).prev.set(prev);
            }
            p.listed.set(false);
        }
    }

    /// Gives a slot back.
    ///
    /// # Safety
    /// `mem` came from [`Pages::allocate`] of this heap and is not used any more.
    #[inline]
    pub(crate) unsafe fn free(&self, mem: NonNull<u8>) {
        let page = mem.as_ptr().map_addr(|a| a & !(PAGE - 1)).cast::<Page>();
        // SAFETY: the mask leads to the slot's page; the slot is unused memory from now on.
        unsafe {
            let p = &*page;
            let slot = mem.as_ptr().cast::<FreeSlot>();
            slot.write(FreeSlot {
                next: p.free.get(),
                null_type: 0,
            });
            p.free.set(slot);
            let used = p.used.get() - 1;
            p.used.set(used);
            if !p.listed.get() {
                self.list(page);
            } else if used == 0 && !p.prev.get().is_null() {
                self.release(page);
            }
        }
    }

    #[cold]
    fn release(&self, page: *mut Page) {
        self.unlist(page);
        let mut all = self.all.borrow_mut();
        // SAFETY: no slot of the page is in use, and no list holds it any more.
        unsafe {
            let index = (*page).index.get();
            all.swap_remove(index);
            if let Some(moved) = all.get(index) {
                (**moved).index.set(index);
            }
            self.arena.give_back(NonNull::new_unchecked(page.cast()));
        }
    }

    /// Calls `f` for every tracked object in the pages that can have objects of generations up to this one.
    /// `f` must not allocate or free objects.
    #[inline(always)]
    pub(crate) fn walk(&self, generation: usize, f: &mut impl FnMut(NonNull<Header>)) {
        for &page in self.all.borrow().iter() {
            // SAFETY: pages in `all` are live; slots below `bump` hold objects, or free slots with a null type.
            unsafe {
                let p = &*page;
                let wanted = match generation {
                    0 => p.young.get(),
                    1 => p.young.get() || p.middle.get(),
                    _ => true,
                };
                if !p.gc || !wanted {
                    continue;
                }
                let mut at = FIRST;
                let end = p.bump.get() as usize;
                while at < end {
                    let h = page.cast::<u8>().add(at).cast::<Header>();
                    if !(*h).ty_ptr().is_null() && (*h).has(flag::TRACKED) {
                        f(NonNull::new_unchecked(h));
                    }
                    at += p.slot as usize;
                }
            }
        }
    }

    /// Whether `f` says yes to any object in the pages. `f` must not allocate or free objects.
    pub(crate) fn any(&self, f: &mut dyn FnMut(&Header) -> bool) -> bool {
        self.all.borrow().iter().any(|&page| {
            // SAFETY: as in `walk`.
            unsafe {
                let p = &*page;
                (FIRST..p.bump.get() as usize)
                    .step_by(p.slot as usize)
                    .any(|at| {
                        let h = &*page.cast::<u8>().add(at).cast::<Header>();
                        !h.ty_ptr().is_null() && f(h)
                    })
            }
        })
    }

    /// After a collection of generations up to this one: what survived is a generation older.
    pub(crate) fn settle(&self, generation: usize) {
        for &page in self.all.borrow().iter() {
            // SAFETY: pages in `all` are live.
            let p = unsafe { &*page };
            let middle = generation == 0 && (p.young.get() || p.middle.get());
            p.young.set(false);
            p.middle.set(middle);
        }
    }
}

/// What stands before a large object.
#[repr(C, align(16))]
struct LargeHead {
    size: usize,
    index: usize,
    /// Which of the lists it is in.
    list: u8,
}

/// The list of objects that the collector does not look at.
const LEAVES: u8 = 3;

/// The large objects: those of each generation, and those that own no values.
#[derive(Default)]
pub(crate) struct LargeSet {
    lists: [Vec<*mut LargeHead>; 4],
}

const LARGE_HEAD: usize = size_of::<LargeHead>();

fn large_layout(size: usize) -> Option<MemLayout> {
    MemLayout::from_size_align(size, LARGE_ALIGN).ok()
}

pub(crate) fn allocate_large(
    set: &RefCell<LargeSet>,
    size: usize,
    gc: bool,
) -> Option<NonNull<u8>> {
    let total = size.checked_add(LARGE_HEAD)?;
    let layout = large_layout(total)?;
    // SAFETY: the size is not zero.
    let mem = unsafe { alloc(layout) }.cast::<LargeHead>();
    if mem.is_null() {
        return None;
    }
    let list = if gc { 0 } else { LEAVES };
    // SAFETY: fresh memory with room for the head and the object behind it.
    unsafe {
        mem.write(LargeHead {
            size: total,
            index: 0,
            list,
        });
        set.borrow_mut().enter(mem, list);
        Some(NonNull::new_unchecked(mem.cast::<u8>().add(LARGE_HEAD)))
    }
}

/// Makes room for `size` bytes in a large object, with some to spare so that growing again is cheap; it may move.
///
/// # Safety
/// `mem` came from [`allocate_large`] with the same set, and nobody else refers to it.
pub(crate) unsafe fn grow_large(
    set: &RefCell<LargeSet>,
    mem: NonNull<u8>,
    size: usize,
) -> Option<NonNull<u8>> {
    let mut set = set.borrow_mut();
    // SAFETY: the head stands before the object; its size is that of the allocation.
    unsafe {
        let head = mem.as_ptr().sub(LARGE_HEAD).cast::<LargeHead>();
        let needed = size.checked_add(LARGE_HEAD)?;
        if needed <= (*head).size {
            return Some(mem);
        }
        let total = needed.checked_add(needed / 8)?;
        large_layout(total)?;
        let new = std::alloc::realloc(head.cast(), large_layout((*head).size)?, total)
            .cast::<LargeHead>();
        if new.is_null() {
            return None;
        }
        (*new).size = total;
        if let Some(list) = set.lists.get_mut((*new).list as usize)
            && let Some(place) = list.get_mut((*new).index)
        {
            *place = new;
        }
        Some(NonNull::new_unchecked(new.cast::<u8>().add(LARGE_HEAD)))
    }
}

/// Gives a large object back.
///
/// # Safety
/// `mem` came from [`allocate_large`] with the same set and is not used any more.
pub(crate) unsafe fn free_large(set: &RefCell<LargeSet>, mem: NonNull<u8>) {
    let mut set = set.borrow_mut();
    // SAFETY: the head stands before the object, and lists hold live heads.
    unsafe {
        let head = mem.as_ptr().sub(LARGE_HEAD).cast::<LargeHead>();
        let index = (*head).index;
        if let Some(list) = set.lists.get_mut((*head).list as usize) {
            list.swap_remove(index);
            if let Some(&moved) = list.get(index) {
                (*moved).index = index;
            }
        }
        if let Some(layout) = large_layout((*head).size) {
            dealloc(head.cast(), layout);
        }
    }
}

impl LargeSet {
    /// Puts an object into a list.
    ///
    /// # Safety
    /// `head` is that of a live object, which is in no list.
    unsafe fn enter(&mut self, head: *mut LargeHead, to: u8) {
        if let Some(list) = self.lists.get_mut(to as usize) {
            // SAFETY: the contract.
            unsafe {
                (*head).list = to;
                (*head).index = list.len();
            }
            list.push(head);
        }
    }

    /// After a collection of generations up to this one: what survived is a generation older.
    pub(crate) fn settle(&mut self, generation: usize) {
        let to = (generation + 1).min(2) as u8;
        for from in self
            .lists
            .iter_mut()
            .take(to as usize)
            .map(std::mem::take)
            .collect::<Vec<_>>()
        {
            for head in from {
                // SAFETY: heads in the set are live; this one was just taken out of its list.
                unsafe { self.enter(head, to) };
            }
        }
    }

    /// Whether `f` says yes to any large object.
    pub(crate) fn any(&self, f: &mut dyn FnMut(&Header) -> bool) -> bool {
        self.lists.iter().flatten().any(|&head| {
            // SAFETY: heads in the set are live, and an object follows each.
            f(unsafe { &*head.cast::<u8>().add(LARGE_HEAD).cast::<Header>() })
        })
    }

    /// Calls `f` for every tracked large object of generations up to this one.
    #[inline(always)]
    pub(crate) fn walk(&self, generation: usize, f: &mut impl FnMut(NonNull<Header>)) {
        for &head in self.lists.iter().take(generation.min(2) + 1).flatten() {
            // SAFETY: heads in the set are live, and an object follows each.
            unsafe {
                let h = head.cast::<u8>().add(LARGE_HEAD).cast::<Header>();
                if (*h).has(flag::TRACKED) {
                    f(NonNull::new_unchecked(h));
                }
            }
        }
    }
}

impl Drop for LargeSet {
    fn drop(&mut self) {
        for head in self.lists.iter().flatten() {
            // SAFETY: the heap goes away, nothing refers to its objects any more.
            unsafe {
                if let Some(layout) = large_layout((**head).size) {
                    dealloc((*head).cast(), layout);
                }
            }
        }
    }
}
