//! Memory in large pieces, where there is no operating system. What each means is told in `unix/mem.rs`.

use super::{Missing, stubs};

use crate::{Fd, Result};
use std::ptr::NonNull;

use std::alloc::Layout;

/// The unit of [`alloc_region`].
pub fn page_size() -> usize {
    4096
}

fn layout(size: usize, align: usize) -> Option<Layout> {
    (size != 0 && size.is_multiple_of(page_size()))
        .then(|| Layout::from_size_align(size, align.max(page_size())).ok())?
}

/// A zeroed region of `size` bytes at a multiple of `align`; see `unix`.
pub fn alloc_region(size: usize, align: usize) -> Option<NonNull<u8>> {
    // SAFETY: the layout has a size.
    NonNull::new(unsafe { std::alloc::alloc_zeroed(layout(size, align)?) })
}

/// Gives a region back.
///
/// # Safety
/// `region`, `size` and `align` are of one call of [`alloc_region`], and nothing in the region is used again.
pub unsafe fn free_region(region: NonNull<u8>, size: usize, align: usize) {
    if let Some(layout) = layout(size, align) {
        // SAFETY: the caller's contract.
        unsafe { std::alloc::dealloc(region.as_ptr(), layout) }
    }
}

/// Clears part of a region.
///
/// # Safety
/// Whole pages of one region, whose contents nobody counts on.
pub unsafe fn discard(start: NonNull<u8>, size: usize) {
    // SAFETY: the caller's contract.
    unsafe { start.as_ptr().write_bytes(0, size) }
}

/// Does nothing here.
pub fn advise_huge(_start: NonNull<u8>, _size: usize) {}

stubs! {
    /// Bytes of the process that are in memory now.
    fn resident() -> Option<usize>;
    /// Maps memory for the module `mmap`: `fd` is -1 for anonymous memory.
    fn map(fd: Fd, length: usize, prot: i32, flags: i32, offset: i64) -> Result<NonNull<u8>>;
}
/// Ends a map.
///
/// # Safety
/// Nothing to uphold here.
#[allow(unused_variables)]
pub unsafe fn unmap(start: NonNull<u8>, length: usize) -> Result<()> {
    <Result<()> as Missing>::MISSING
}
/// Changes the length of a map, which may move.
///
/// # Safety
/// Nothing to uphold here.
#[allow(unused_variables)]
pub unsafe fn remap(start: NonNull<u8>, old: usize, new: usize) -> Result<NonNull<u8>> {
    <Result<NonNull<u8>> as Missing>::MISSING
}
/// Writes a shared map back to its file.
///
/// # Safety
/// Nothing to uphold here.
#[allow(unused_variables)]
pub unsafe fn sync(start: NonNull<u8>, length: usize, flags: i32) -> Result<()> {
    <Result<()> as Missing>::MISSING
}
/// Advice on a map. `MADV_DONTNEED` and its like change the contents, which is Python's own affair in an `mmap`.
///
/// # Safety
/// Nothing to uphold here.
#[allow(unused_variables)]
pub unsafe fn advise(start: NonNull<u8>, length: usize, advice: i32) -> Result<()> {
    <Result<()> as Missing>::MISSING
}

/// Nothing is to be done where there is one thread.
pub fn share_allocator() {}
