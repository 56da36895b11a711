//! Memory for everything but Python's objects, which have a heap of their own: buffers, tables, trees.
//!
//! Small blocks come from free lists that each thread has, one for every size in steps of 16 bytes: taking a block and giving it
//! back are a few instructions, where the system's allocator needs a hundred. A list that grows long becomes the thread's
//! spare one, and a second such list goes to a pool that all threads take from, so that what one thread takes and another
//! gives back goes round; a thread that ends leaves all that it has there. New blocks are cut from chunks, which are never
//! given back. Larger blocks are the system's.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::ptr::null_mut;
use std::sync::atomic::{AtomicBool, AtomicPtr, Ordering};

/// The allocator; `#[global_allocator]` makes it a program's.
pub struct Allocator;

/// Sizes are multiples of this, and blocks are aligned to it.
const STEP: usize = 16;
/// The largest small block.
const MOST: usize = 256;
const CLASSES: usize = MOST / STEP;
/// Bytes of a list that is long.
const LONG: usize = 32 << 10;
/// The length of a list of any size that is about to be long: the next block given back takes the slow way.
const ALMOST_LONG: usize = LONG / STEP;
const CHUNK: usize = 64 << 10;

/// What stands in a free block.
struct Free {
    next: *mut Free,
    /// The next list of a pool, in the first block of one.
    next_list: *mut Free,
}

const _: () = assert!(size_of::<Free>() <= STEP);

/// A thread's free blocks of one size.
struct Class {
    head: Cell<*mut Free>,
    /// The number of blocks in the list.
    len: Cell<usize>,
    /// A long list.
    spare: Cell<*mut Free>,
}

/// How far a thread has come.
#[derive(Clone, Copy, PartialEq)]
enum Stage {
    /// It has not asked for memory, nor given any back. All lists pretend to be [`ALMOST_LONG`], so that it will be seen.
    New,
    /// [`Handover`] knows of it.
    Known,
    /// It has handed over its memory. What its last destructors give back follows at once: the lists pretend again.
    Ended,
}

/// A thread's memory. It has no destructor, so that it can be used for as long as the thread runs.
struct Local {
    classes: [Class; CLASSES],
    /// The rest of the chunk that new blocks are cut from.
    rest: Cell<*mut u8>,
    left: Cell<usize>,
    stage: Cell<Stage>,
}

thread_local! {
    static LOCAL: Local = const {
        Local {
            classes: [const {
                Class {
                    head: Cell::new(null_mut()),
                    len: Cell::new(ALMOST_LONG),
                    spare: Cell::new(null_mut()),
                }
            }; CLASSES],
            rest: Cell::new(null_mut()),
            left: Cell::new(0),
            stage: Cell::new(Stage::New),
        }
    };
    static HANDOVER: Handover = const { Handover };
}

/// Gives a thread's blocks to the pool when the thread ends.
struct Handover;

impl Drop for Handover {
    fn drop(&mut self) {
        LOCAL.with(|local| {
            local.stage.set(Stage::Ended);
            local.hand_over();
        });
    }
}

/// Lists of blocks of one size that belong to no thread.
struct Pool {
    /// Whether a thread is at it. No `Mutex`, which might allocate, and could not be repaired after a fork.
    busy: AtomicBool,
    lists: AtomicPtr<Free>,
}

/// What ended threads left of their chunks. The end of each stands where another list has its next block.
static RESTS: Pool = Pool::new();

static POOL: [Pool; CLASSES] = [const { Pool::new() }; CLASSES];

/// In the child of a fork: no thread is at the pools any more. Whatever one was about to do, the lists are in order.
pub(crate) fn after_fork() {
    for pool in POOL.iter().chain([&RESTS]) {
        pool.busy.store(false, Ordering::Release);
    }
}

impl Pool {
    const fn new() -> Pool {
        Pool {
            busy: AtomicBool::new(false),
            lists: AtomicPtr::new(null_mut()),
        }
    }

    /// Changes the lists while no other thread does; nothing is done when one does not come to its end.
    fn change(&self, f: impl FnOnce(*mut Free) -> *mut Free) {
        for round in 0..1000 {
            if !self.busy.swap(true, Ordering::Acquire) {
                let lists = f(self.lists.load(Ordering::Relaxed));
                self.lists.store(lists, Ordering::Relaxed);
                self.busy.store(false, Ordering::Release);
                return;
            }
            if round < 100 {
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
    }

    /// Takes over a list.
    fn give(&self, list: *mut Free) {
        if !list.is_null() {
            self.change(|lists| {
                // SAFETY: the first block of the list is free memory, which is the pool's from now on.
                unsafe { (*list).next_list = lists };
                list
            });
        }
    }

    /// Hands out a list, null if there is none.
    fn take(&self) -> *mut Free {
        let mut taken = null_mut();
        if !self.lists.load(Ordering::Relaxed).is_null() {
            self.change(|list| {
                taken = list;
                if list.is_null() {
                    return list;
                }
                // SAFETY: blocks in the pool's lists are free memory that holds a `Free`.
                unsafe { (*list).next_list }
            });
        }
        taken
    }
}

/// The class of blocks for a layout, `None` for what is the system's.
#[inline(always)]
fn class_of(layout: Layout) -> Option<usize> {
    let class = layout.size().wrapping_sub(1) / STEP;
    (class < CLASSES && layout.align() <= STEP).then_some(class)
}

/// Has the block that is taken next brought near, which may have been given back long ago.
#[inline(always)]
fn prefetch(block: *mut Free) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: this reads nothing, whatever the address.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(block.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = block;
}

impl Local {
    #[inline(always)]
    fn take(&self, class: usize) -> *mut u8 {
        let Some(of) = self.classes.get(class) else {
            return null_mut();
        };
        let block = of.head.get();
        if block.is_null() {
            return self.take_slowly(class);
        }
        // SAFETY: blocks in the list are free memory that holds a `Free`.
        let next = unsafe { (*block).next };
        prefetch(next);
        of.head.set(next);
        of.len.set(of.len.get().saturating_sub(1));
        block.cast()
    }

    #[cold]
    #[inline(never)]
    fn take_slowly(&self, class: usize) -> *mut u8 {
        self.make_known();
        let size = (class + 1) * STEP;
        let (Some(of), Some(pool)) = (self.classes.get(class), POOL.get(class)) else {
            return null_mut();
        };
        let mut block = of.spare.replace(null_mut());
        if block.is_null() {
            block = pool.take();
        }
        let block = if !block.is_null() {
            // SAFETY: as in `take`. How many blocks follow need not be known: too low a number makes the list long later.
            of.head.set(unsafe { (*block).next });
            of.len.set(0);
            block.cast()
        } else if self.left.get() >= size || self.next_chunk(size) {
            let block = self.rest.get();
            // SAFETY: at least `size` bytes of the chunk are left.
            self.rest.set(unsafe { block.add(size) });
            self.left.set(self.left.get() - size);
            block
        } else {
            null_mut()
        };
        if self.stage.get() == Stage::Ended {
            self.hand_over();
        }
        block
    }

    /// Sees to it that the thread hands its memory over when it ends.
    fn make_known(&self) {
        if self.stage.get() == Stage::New {
            self.stage.set(Stage::Known);
            for class in &self.classes {
                class.len.set(0);
            }
            // What this allocates finds the thread known.
            let _ = HANDOVER.try_with(|_| ());
        }
    }

    /// Gives all that the thread has to the pools.
    fn hand_over(&self) {
        for (class, pool) in self.classes.iter().zip(&POOL) {
            pool.give(class.head.replace(null_mut()));
            pool.give(class.spare.replace(null_mut()));
            class.len.set(ALMOST_LONG);
        }
        let (rest, left) = (self.rest.replace(null_mut()), self.left.replace(0));
        if left >= size_of::<Free>() {
            let block = rest.cast::<Free>();
            // SAFETY: so many bytes of the chunk are left, aligned to `STEP`, and nobody's.
            unsafe { (*block).next = rest.add(left).cast() };
            RESTS.give(block);
        }
    }

    /// Finds memory for new blocks, the first of them of this size.
    fn next_chunk(&self, size: usize) -> bool {
        // What is left of the present chunk is too small for this block, and so is one of the others.
        let (rest, left) = (self.rest.replace(null_mut()), self.left.replace(0));
        self.use_up(rest, left);
        loop {
            let rest = RESTS.take();
            if rest.is_null() {
                break;
            }
            // SAFETY: what is in this pool is free memory that holds a `Free`.
            let left = unsafe { (*rest).next }.addr() - rest.addr();
            if left >= size {
                self.rest.set(rest.cast());
                self.left.set(left);
                return true;
            }
            self.use_up(rest.cast(), left);
        }
        let Ok(layout) = Layout::from_size_align(CHUNK, STEP) else {
            return false;
        };
        // SAFETY: the size is not zero.
        let chunk = unsafe { System.alloc(layout) };
        if chunk.is_null() {
            return false;
        }
        self.rest.set(chunk);
        self.left.set(CHUNK);
        true
    }

    /// Makes a free block of the end of a chunk.
    fn use_up(&self, rest: *mut u8, left: usize) {
        if let Some(class) = (left / STEP).checked_sub(1)
            && class < CLASSES
        {
            // SAFETY: `left` is a multiple of `STEP`, since blocks are; so many bytes are nobody's.
            unsafe { self.give(rest, class) };
        }
    }

    /// # Safety
    /// The block came from [`Local::take`] with this class, of any thread, and is not used any more.
    #[inline(always)]
    unsafe fn give(&self, block: *mut u8, class: usize) {
        let Some(of) = self.classes.get(class) else {
            return;
        };
        let block = block.cast::<Free>();
        // SAFETY: the block is free memory of at least `STEP` bytes, aligned to that.
        unsafe { (*block).next = of.head.get() };
        of.head.set(block);
        let len = of.len.get() + 1;
        of.len.set(len);
        if len * (class + 1) > LONG / STEP {
            self.put_aside(of, class);
        }
    }

    #[cold]
    #[inline(never)]
    fn put_aside(&self, of: &Class, class: usize) {
        match self.stage.get() {
            Stage::New => self.make_known(),
            Stage::Known => {
                let list = of.head.replace(null_mut());
                of.len.set(0);
                if let Some(pool) = POOL.get(class) {
                    pool.give(of.spare.replace(list));
                }
            }
            Stage::Ended => self.hand_over(),
        }
    }
}

// SAFETY: blocks are at least as large and as aligned as asked for, and belong to one owner at a time: those of a class are
// in a list, in a pool, or handed out. Which class a block is of follows from its layout alone. Nothing here panics.
unsafe impl GlobalAlloc for Allocator {
    #[inline]
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        match class_of(layout) {
            Some(class) => LOCAL.with(|l| l.take(class)),
            // SAFETY: the caller's promise.
            None => unsafe { System.alloc(layout) },
        }
    }

    #[inline]
    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        match class_of(layout) {
            // SAFETY: `alloc` took it from the same class, since the layout is the same.
            Some(class) => LOCAL.with(|l| unsafe { l.give(block, class) }),
            // SAFETY: the caller's promise.
            None => unsafe { System.dealloc(block, layout) },
        }
    }

    #[inline]
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        if class_of(layout).is_none() {
            // SAFETY: the caller's promise.
            return unsafe { System.alloc_zeroed(layout) };
        }
        // SAFETY: as above; the block has the layout's size.
        unsafe {
            let block = self.alloc(layout);
            if !block.is_null() {
                block.write_bytes(0, layout.size());
            }
            block
        }
    }

    #[inline]
    unsafe fn realloc(&self, block: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        // SAFETY: the caller promises that the size is possible with this alignment.
        let new_layout = unsafe { Layout::from_size_align_unchecked(new_size, layout.align()) };
        match (class_of(layout), class_of(new_layout)) {
            (Some(old), Some(new)) if old == new => block,
            // SAFETY: the caller's promise; the block is the system's and stays so.
            (None, None) => unsafe { System.realloc(block, layout, new_size) },
            // SAFETY: both blocks have at least as many bytes as are copied.
            _ => unsafe {
                let new = self.alloc(new_layout);
                if !new.is_null() {
                    std::ptr::copy_nonoverlapping(block, new, layout.size().min(new_size));
                    self.dealloc(block, layout);
                }
                new
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Mutex, PoisonError};

    /// The tests share one allocator: each looks at it alone.
    static ALONE: Mutex<()> = Mutex::new(());

    /// Threads that come and go use the same chunks.
    #[test]
    fn ended_threads_leave_their_rest() {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let one = || {
            let layout = Layout::from_size_align(48, 8).ok()?;
            // SAFETY: the size is not zero.
            let block = unsafe { Allocator.alloc(layout) };
            Some(block.addr() / CHUNK)
        };
        let places: std::collections::BTreeSet<_> = (0..200)
            .filter_map(|_| std::thread::spawn(one).join().ok()?)
            .collect();
        assert!(places.len() < 50, "{} chunks", places.len());
    }

    /// What a thread takes from others or gives back for them is there for the next one, without a chunk of its own.
    #[test]
    fn ended_threads_keep_nothing() {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let Ok(layout) = Layout::from_size_align(208, 8) else {
            return;
        };
        let mut places = std::collections::BTreeSet::new();
        for _ in 0..2000 {
            // SAFETY: the size is not zero.
            let block = unsafe { Allocator.alloc(layout) };
            places.insert(block.addr());
            let block = block.expose_provenance();
            let ended = std::thread::spawn(move || {
                let block = std::ptr::with_exposed_provenance_mut::<u8>(block);
                // SAFETY: the block was handed out with this layout and is given back once.
                unsafe { Allocator.dealloc(block, layout) };
            });
            assert!(ended.join().is_ok());
        }
        // This thread's own chunk may be used up first.
        assert!(
            places.len() < 2 * CHUNK / layout.size(),
            "{} blocks",
            places.len()
        );
    }

    /// Blocks keep their bytes while they are handed out, whichever thread gives them back.
    #[test]
    fn blocks_do_not_overlap() {
        let _alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
        let fill = |seed: usize| -> Vec<(usize, Layout)> {
            (0..20_000)
                .filter_map(|i| {
                    let size = (i * 7 + seed) % 600 + 1;
                    let layout = Layout::from_size_align(size, 8).ok()?;
                    // SAFETY: the size is not zero; the block has that many bytes.
                    let block = unsafe {
                        let block = Allocator.alloc(layout);
                        assert!(!block.is_null());
                        block.write_bytes(size as u8, size);
                        block
                    };
                    Some((block.expose_provenance(), layout))
                })
                .collect()
        };
        let check = |blocks: Vec<(usize, Layout)>| {
            for (i, (at, layout)) in blocks.into_iter().enumerate() {
                let block = std::ptr::with_exposed_provenance_mut::<u8>(at);
                let new_size = if i % 3 == 0 {
                    layout.size() + 40
                } else {
                    layout.size()
                };
                // SAFETY: the block was handed out with this layout and is given back once.
                unsafe {
                    let block = Allocator.realloc(block, layout, new_size);
                    let bytes = std::slice::from_raw_parts(block, layout.size());
                    assert!(bytes.iter().all(|&b| b == layout.size() as u8));
                    let Ok(layout) = Layout::from_size_align(new_size, 8) else {
                        return;
                    };
                    Allocator.dealloc(block, layout);
                }
            }
        };
        for seed in 0..4 {
            let blocks = fill(seed);
            let other = std::thread::spawn(move || check(blocks));
            check(fill(seed + 9));
            assert!(other.join().is_ok());
        }
    }
}
