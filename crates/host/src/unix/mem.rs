//! Memory in large pieces: aligned regions for the object heap, maps of files for `mmap`, and how much is in use.

use crate::{Fd, Result};
use std::ptr::NonNull;

/// The size of a page.
pub fn page_size() -> usize {
    super::process::sysconf(libc::_SC_PAGESIZE)
        .ok()
        .and_then(|size| usize::try_from(size).ok())
        .unwrap_or(4096)
}

/// A zeroed region of `size` bytes at a multiple of `align`. `align` is a power of two and `size` a multiple of the page
/// size, else there is none. It is given back with [`free_region`].
pub fn alloc_region(size: usize, align: usize) -> Option<NonNull<u8>> {
    let page = page_size();
    if size == 0 || !size.is_multiple_of(page) || !align.is_power_of_two() {
        return None;
    }
    let slack = if align > page { align } else { 0 };
    let total = size.checked_add(slack)?;
    let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE;
    // SAFETY: a new private map at a place of the kernel's choice touches nothing that exists.
    let start = unsafe {
        libc::mmap(
            std::ptr::null_mut(),
            total,
            libc::PROT_READ | libc::PROT_WRITE,
            flags,
            -1,
            0,
        )
    };
    if start == libc::MAP_FAILED {
        return None;
    }
    let start = start.cast::<u8>();
    let before = start.align_offset(align).min(slack);
    let after = slack - before;
    // SAFETY: `before + size + after` is the map just made; its ends, which nobody has seen, are unmapped.
    unsafe {
        if before > 0 {
            libc::munmap(start.cast(), before);
        }
        let region = start.add(before);
        if after > 0 {
            libc::munmap(region.add(size).cast(), after);
        }
        NonNull::new(region)
    }
}

/// Gives a region back.
///
/// # Safety
/// `region` and `size` are of one call of [`alloc_region`], and nothing in the region is used again.
pub unsafe fn free_region(region: NonNull<u8>, size: usize, _align: usize) {
    // SAFETY: the caller's contract.
    unsafe { libc::munmap(region.as_ptr().cast(), size) };
}

/// Tells the system that the contents of part of a region are not needed; they read as zeroes afterwards.
///
/// # Safety
/// Whole pages of one region, whose contents nobody counts on.
pub unsafe fn discard(start: NonNull<u8>, size: usize) {
    // SAFETY: the caller's contract.
    unsafe { libc::madvise(start.as_ptr().cast(), size, libc::MADV_DONTNEED) };
}

/// Lets the system back a region by huge pages, where it can.
pub fn advise_huge(start: NonNull<u8>, size: usize) {
    #[cfg(target_os = "linux")]
    // SAFETY: the advice changes no contents; a range that is not mapped gives an error, which does not matter.
    unsafe {
        libc::madvise(start.as_ptr().cast(), size, libc::MADV_HUGEPAGE);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (start, size);
}

/// Bytes of the process that are in memory now.
pub fn resident() -> Option<usize> {
    let text = super::fs::read_file(b"/proc/self/statm").ok()?;
    let pages = text.split(|&byte| byte == b' ').nth(1)?;
    std::str::from_utf8(pages)
        .ok()?
        .parse::<usize>()
        .ok()?
        .checked_mul(page_size())
}

/// Maps memory for the module `mmap`: `fd` is -1 for anonymous memory.
pub fn map(fd: Fd, length: usize, prot: i32, flags: i32, offset: i64) -> Result<NonNull<u8>> {
    // MAP_FIXED would replace what is there already.
    if flags & (libc::MAP_FIXED | libc::MAP_GROWSDOWN) != 0 {
        return Err(crate::Errno::EINVAL);
    }
    // SAFETY: without MAP_FIXED a new map touches nothing that exists.
    let start = unsafe { libc::mmap(std::ptr::null_mut(), length, prot, flags, fd, offset) };
    if start == libc::MAP_FAILED {
        Err(super::last_error())
    } else {
        NonNull::new(start.cast()).ok_or(crate::Errno::ENOMEM)
    }
}

/// Ends a map.
///
/// # Safety
/// The whole of a map that [`map`] or [`remap`] gave, not used again.
pub unsafe fn unmap(start: NonNull<u8>, length: usize) -> Result<()> {
    // SAFETY: the caller's contract.
    super::done(unsafe { libc::munmap(start.as_ptr().cast(), length) })
}

/// Changes the length of a map, which may move.
///
/// # Safety
/// The whole of a map that [`map`] or [`remap`] gave; its old address is not used again.
pub unsafe fn remap(start: NonNull<u8>, old: usize, new: usize) -> Result<NonNull<u8>> {
    // SAFETY: the caller's contract.
    let start = unsafe { libc::mremap(start.as_ptr().cast(), old, new, libc::MREMAP_MAYMOVE) };
    if start == libc::MAP_FAILED {
        Err(super::last_error())
    } else {
        NonNull::new(start.cast()).ok_or(crate::Errno::ENOMEM)
    }
}

/// Writes a shared map back to its file.
///
/// # Safety
/// The range lies in a live map.
pub unsafe fn sync(start: NonNull<u8>, length: usize, flags: i32) -> Result<()> {
    // SAFETY: the caller's contract.
    super::done(unsafe { libc::msync(start.as_ptr().cast(), length, flags) })
}

/// Advice on a map. `MADV_DONTNEED` and its like change the contents, which is Python's own affair in an `mmap`.
///
/// # Safety
/// The range lies in a live map that Rust code holds no reference into.
pub unsafe fn advise(start: NonNull<u8>, length: usize, advice: i32) -> Result<()> {
    // SAFETY: the caller's contract.
    super::done(unsafe { libc::madvise(start.as_ptr().cast(), length, advice) })
}

/// Lets all threads allocate from one place. An interpreter runs one thread at a time, and glibc's places for further
/// threads cost pages and system calls: they grow page by page. To be called before there are threads.
pub fn share_allocator() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: sets a parameter of the allocator.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 1);
        // What the allocator comes to by itself once a program has used large blocks: they stay mapped when they are freed,
        // so that tables and buffers that grow again and again find their pages there.
        libc::mallopt(libc::M_MMAP_THRESHOLD, 32 << 20);
        libc::mallopt(libc::M_TRIM_THRESHOLD, 64 << 20);
    }
}
