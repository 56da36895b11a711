//! What Linux has beyond POSIX: scheduling policies, extended attributes, memory files, timers as descriptors,
//! namespaces, `splice`; and the offsets and flags of `preadv2` and `pwritev2`.

use super::{check, done, scalar, size, with_cstr};
use crate::{Fd, Result};
use std::mem::MaybeUninit;

/// Highest priority of a policy.
pub fn sched_get_priority_max(policy: i32) -> Result<i32> {
    check(scalar!(sched_get_priority_max(policy)))
}

/// Lowest priority of a policy.
pub fn sched_get_priority_min(policy: i32) -> Result<i32> {
    check(scalar!(sched_get_priority_min(policy)))
}

/// Policy of a process.
pub fn sched_getscheduler(pid: i32) -> Result<i32> {
    check(scalar!(sched_getscheduler(pid)))
}

fn param(priority: i32) -> libc::sched_param {
    libc::sched_param {
        sched_priority: priority,
    }
}

/// Sets policy and priority of a process.
pub fn sched_setscheduler(pid: i32, policy: i32, priority: i32) -> Result<()> {
    let param = param(priority);
    // SAFETY: a readable local.
    check(unsafe { libc::sched_setscheduler(pid, policy, &raw const param) }).map(drop)
}

/// Priority of a process.
pub fn sched_getparam(pid: i32) -> Result<i32> {
    let mut param = param(0);
    // SAFETY: a writable local.
    done(unsafe { libc::sched_getparam(pid, &raw mut param) })?;
    Ok(param.sched_priority)
}

/// Sets the priority of a process.
pub fn sched_setparam(pid: i32, priority: i32) -> Result<()> {
    let param = param(priority);
    // SAFETY: a readable local.
    done(unsafe { libc::sched_setparam(pid, &raw const param) })
}

/// The time slice of a process under SCHED_RR, in nanoseconds.
pub fn sched_rr_get_interval(pid: i32) -> Result<i64> {
    let mut t = MaybeUninit::<libc::timespec>::zeroed();
    // SAFETY: a writable local, valid with all bits zero.
    let t = unsafe {
        done(libc::sched_rr_get_interval(pid, t.as_mut_ptr()))?;
        t.assume_init()
    };
    Ok(nanoseconds(t))
}

fn nanoseconds(t: libc::timespec) -> i64 {
    t.tv_sec
        .saturating_mul(1_000_000_000)
        .saturating_add(t.tv_nsec)
}

fn timespec(ns: i64) -> libc::timespec {
    libc::timespec {
        tv_sec: ns.div_euclid(1_000_000_000),
        tv_nsec: ns.rem_euclid(1_000_000_000),
    }
}

/// What an extended attribute is on.
#[derive(Clone, Copy, Debug)]
pub enum XattrOf<'a> {
    /// The file a path leads to.
    Path(&'a [u8]),
    /// The path itself, were it a link.
    Link(&'a [u8]),
    /// An open file.
    Fd(Fd),
}

fn xattr_read(call: impl Fn(*mut libc::c_void, usize) -> Result<usize>) -> Result<Vec<u8>> {
    // First the lengths that nearly all have, then the greatest that the kernel knows.
    for capacity in [128, 65536] {
        let mut buffer = vec![0u8; capacity];
        match call(buffer.as_mut_ptr().cast(), capacity) {
            Ok(n) => {
                buffer.truncate(n);
                return Ok(buffer);
            }
            Err(e) if e.0 == libc::ERANGE && capacity < 65536 => {}
            Err(e) => return Err(e),
        }
    }
    Err(crate::Errno(libc::ERANGE))
}

/// Calls the variant of a function on extended attributes that fits what it is on.
macro_rules! on_xattr {
    ($of:expr, $path:ident, $link:ident, $fd:ident, ($($arg:expr),*)) => {
        match $of {
            // SAFETY: the path is NUL-terminated; the caller answers for the other arguments.
            XattrOf::Path(p) => with_cstr(p, |p| check(unsafe { libc::$path(p.as_ptr(), $($arg),*) })),
            // SAFETY: as above.
            XattrOf::Link(p) => with_cstr(p, |p| check(unsafe { libc::$link(p.as_ptr(), $($arg),*) })),
            // SAFETY: as above, without a path.
            XattrOf::Fd(fd) => check(unsafe { libc::$fd(fd, $($arg),*) }),
        }
    };
}

/// The value of an extended attribute.
pub fn getxattr(of: XattrOf<'_>, name: &[u8]) -> Result<Vec<u8>> {
    with_cstr(name, |name| {
        // The name is NUL-terminated, and `xattr_read` gives a buffer writable for its length.
        xattr_read(|b, n| {
            on_xattr!(of, getxattr, lgetxattr, fgetxattr, (name.as_ptr(), b, n)).and_then(size)
        })
    })
}

/// The names of all extended attributes, each ended by NUL.
pub fn listxattr(of: XattrOf<'_>) -> Result<Vec<u8>> {
    // `xattr_read` gives a buffer writable for its length.
    xattr_read(|b, n| {
        on_xattr!(of, listxattr, llistxattr, flistxattr, (b.cast(), n)).and_then(size)
    })
}

/// Sets an extended attribute.
pub fn setxattr(of: XattrOf<'_>, name: &[u8], value: &[u8], flags: i32) -> Result<()> {
    let (v, n) = (value.as_ptr().cast(), value.len());
    with_cstr(name, |name| {
        // The name is NUL-terminated, the value readable for its length.
        let name = name.as_ptr();
        on_xattr!(of, setxattr, lsetxattr, fsetxattr, (name, v, n, flags)).map(drop)
    })
}

/// Removes an extended attribute.
pub fn removexattr(of: XattrOf<'_>, name: &[u8]) -> Result<()> {
    with_cstr(name, |name| {
        // The name is NUL-terminated.
        on_xattr!(of, removexattr, lremovexattr, fremovexattr, (name.as_ptr())).map(drop)
    })
}

/// A file that lives in memory.
pub fn memfd_create(name: &[u8], flags: u32) -> Result<Fd> {
    with_cstr(name, |name| {
        // SAFETY: the name is NUL-terminated.
        check(unsafe { libc::memfd_create(name.as_ptr(), flags) })
    })
}

/// Moves bytes between a pipe and another descriptor, without copying where that is possible.
pub fn splice(
    from: Fd,
    from_offset: Option<i64>,
    to: Fd,
    to_offset: Option<i64>,
    count: usize,
    flags: u32,
) -> Result<usize> {
    let (mut a, mut b) = (from_offset, to_offset);
    let at = |offset: &mut Option<i64>| match offset {
        Some(offset) => std::ptr::from_mut(offset),
        None => std::ptr::null_mut(),
    };
    // SAFETY: each offset is NULL or a writable local.
    size(unsafe { libc::splice(from, at(&mut a), to, at(&mut b), count, flags) })
}

/// Joins a namespace.
pub fn setns(fd: Fd, kind: i32) -> Result<()> {
    done(scalar!(setns(fd, kind)))
}

/// Leaves shared parts of the execution context.
pub fn unshare(flags: i32) -> Result<()> {
    done(scalar!(unshare(flags)))
}

/// A timer as a descriptor.
pub fn timerfd_create(clock: i32, flags: i32) -> Result<Fd> {
    check(scalar!(timerfd_create(clock, flags)))
}

fn itimerspec(initial: i64, interval: i64) -> libc::itimerspec {
    libc::itimerspec {
        it_interval: timespec(interval),
        it_value: timespec(initial),
    }
}

fn timer_state(t: &libc::itimerspec) -> (i64, i64) {
    (nanoseconds(t.it_value), nanoseconds(t.it_interval))
}

/// Sets a timer (nanoseconds): gives what it was set to, time left and interval.
pub fn timerfd_settime(fd: Fd, flags: i32, initial: i64, interval: i64) -> Result<(i64, i64)> {
    let (new, mut old) = (itimerspec(initial, interval), itimerspec(0, 0));
    // SAFETY: a readable and a writable local.
    done(unsafe { libc::timerfd_settime(fd, flags, &raw const new, &raw mut old) })?;
    Ok(timer_state(&old))
}

/// Time left and interval of a timer, in nanoseconds.
pub fn timerfd_gettime(fd: Fd) -> Result<(i64, i64)> {
    let mut t = itimerspec(0, 0);
    // SAFETY: a writable local.
    done(unsafe { libc::timerfd_gettime(fd, &raw mut t) })?;
    Ok(timer_state(&t))
}

/// Reads into several buffers from a position.
pub fn preadv(
    fd: Fd,
    buffers: &mut [std::io::IoSliceMut<'_>],
    offset: i64,
    flags: i32,
) -> Result<usize> {
    let count = i32::try_from(buffers.len()).unwrap_or(i32::MAX);
    // SAFETY: `IoSliceMut` has the layout of `iovec`; each part is writable for its length.
    size(unsafe { libc::preadv2(fd, buffers.as_mut_ptr().cast(), count, offset, flags) })
}

/// Writes several buffers to a position.
pub fn pwritev(fd: Fd, buffers: &[std::io::IoSlice<'_>], offset: i64, flags: i32) -> Result<usize> {
    let count = i32::try_from(buffers.len()).unwrap_or(i32::MAX);
    // SAFETY: `IoSlice` has the layout of `iovec`; each part is readable for its length.
    size(unsafe { libc::pwritev2(fd, buffers.as_ptr().cast(), count, offset, flags) })
}

/// Sends a signal through a process's descriptor.
pub fn pidfd_send_signal(pidfd: Fd, signal: i32, flags: u32) -> Result<()> {
    // SAFETY: the call takes integers and a NULL for the signal's information.
    let status = unsafe {
        libc::syscall(
            libc::SYS_pidfd_send_signal,
            pidfd,
            signal,
            std::ptr::null::<libc::siginfo_t>(),
            flags,
        )
    };
    check(status).map(drop)
}
