//! The current thread: the bounds of its stack, its number for the system.

use crate::types::StackBounds;
use std::mem::MaybeUninit;

/// The stack of the current thread. The main thread's may grow down to `limit` as its resource limit allows; where there
/// is no limit, 8 MiB below the place we are at are counted on.
pub fn stack_bounds() -> Option<StackBounds> {
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::zeroed();
    let mut lowest = std::ptr::null_mut();
    let mut size = 0;
    let mut guard = 0;
    // SAFETY: `pthread_getattr_np` initialises the attributes, which are read and destroyed; all are locals.
    unsafe {
        if libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) != 0 {
            return None;
        }
        let status =
            libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut lowest, &raw mut size);
        let guarded = libc::pthread_attr_getguardsize(attributes.as_ptr(), &raw mut guard);
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        if status != 0 || guarded != 0 {
            return None;
        }
    }
    let lowest = lowest as usize;
    let base = lowest.checked_add(size)?;
    // glibc counts the guard of a thread's stack as part of it; the kernel keeps a gap of its own under the main one.
    let mut limit = lowest.checked_add(guard)?;
    const UNLIMITED: usize = 1 << 30;
    if base - limit > UNLIMITED {
        limit = base.saturating_sub(8 << 20);
    }
    (limit < base).then_some(StackBounds { base, limit })
}

/// An address in the present frame, to compare with the bounds.
#[inline]
pub fn stack_pointer() -> usize {
    let here = 0u8;
    std::hint::black_box(&raw const here) as usize
}

/// The system's number for this thread (`threading.get_native_id`).
pub fn native_id() -> u64 {
    super::scalar!(syscall(libc::SYS_gettid)) as u64
}

/// The C library's number for this thread (`threading.get_ident`).
pub fn ident() -> u64 {
    super::scalar!(pthread_self())
}

/// Writes the name of a thread that runs, given by its `ident`; gives its length, 0 when there is none.
pub fn name_of(ident: u64, buffer: &mut [u8; 32]) -> usize {
    // SAFETY: the buffer has the length that is given; the call writes a NUL-terminated name. It looks at threads of this
    // process alone, by a number that the system knows.
    let result = unsafe {
        libc::pthread_getname_np(
            ident as libc::pthread_t,
            buffer.as_mut_ptr().cast(),
            buffer.len(),
        )
    };
    if result != 0 {
        return 0;
    }
    buffer.iter().position(|&b| b == 0).unwrap_or(0)
}

/// The name of this thread; empty when there is none.
pub fn name() -> Vec<u8> {
    let mut buffer = [0; 32];
    let length = name_of(ident(), &mut buffer);
    buffer[..length].to_vec()
}

/// Names this thread for debuggers; what is beyond 15 bytes is cut.
pub fn set_name(name: &[u8]) {
    let name = &name[..name.len().min(15)];
    let _ = super::with_cstr(name, |name| {
        // SAFETY: `name` is NUL-terminated; the call copies it.
        super::returned(unsafe { libc::pthread_setname_np(libc::pthread_self(), name.as_ptr()) })
    });
}
