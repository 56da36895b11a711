//! Waiting for descriptors: poll, select, epoll, eventfd. Timeouts are nanoseconds; `None` waits for ever.

use super::{check, done, scalar, size};
use crate::types::PollFd;
use crate::{Errno, Fd, Result};
use std::mem::MaybeUninit;

fn timespec(ns: i64) -> libc::timespec {
    libc::timespec {
        tv_sec: ns.max(0) / 1_000_000_000,
        tv_nsec: ns.max(0) % 1_000_000_000,
    }
}

/// Waits for any of `fds`; gives the number of those that something happened to.
pub fn poll(fds: &mut [PollFd], timeout: Option<i64>) -> Result<usize> {
    let time = timeout.map(timespec);
    let time = time.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: `PollFd` has the layout of `pollfd`; the slice is writable for its length; the time is NULL or a local.
    let count = check(unsafe {
        libc::ppoll(
            fds.as_mut_ptr().cast(),
            fds.len() as libc::nfds_t,
            time,
            std::ptr::null(),
        )
    })?;
    Ok(usize::try_from(count).unwrap_or(0))
}

/// Descriptors from here on do not fit in the sets of [`select`].
pub const FD_SETSIZE: Fd = libc::FD_SETSIZE as Fd;

/// Waits; leaves in each list the descriptors that are ready. EINVAL for descriptors that do not fit.
pub fn select(
    read: &mut Vec<Fd>,
    write: &mut Vec<Fd>,
    except: &mut Vec<Fd>,
    timeout: Option<i64>,
) -> Result<()> {
    let mut highest = -1;
    let mut set_of = |fds: &[Fd]| -> Result<libc::fd_set> {
        // SAFETY: zeroes are an empty set; every descriptor is checked against its size before it is added.
        unsafe {
            let mut set: libc::fd_set = MaybeUninit::zeroed().assume_init();
            for &fd in fds {
                if !(0..FD_SETSIZE).contains(&fd) {
                    return Err(Errno::EINVAL);
                }
                libc::FD_SET(fd, &raw mut set);
                highest = highest.max(fd);
            }
            Ok(set)
        }
    };
    let (mut r, mut w, mut e) = (set_of(read)?, set_of(write)?, set_of(except)?);
    let time = timeout.map(timespec);
    let time = time.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: three writable sets; the time is NULL or a local; no mask.
    check(unsafe {
        libc::pselect(
            highest + 1,
            &raw mut r,
            &raw mut w,
            &raw mut e,
            time,
            std::ptr::null(),
        )
    })?;
    // SAFETY: every descriptor of the lists fits in the sets.
    read.retain(|&fd| unsafe { libc::FD_ISSET(fd, &raw const r) });
    // SAFETY: as above.
    write.retain(|&fd| unsafe { libc::FD_ISSET(fd, &raw const w) });
    // SAFETY: as above.
    except.retain(|&fd| unsafe { libc::FD_ISSET(fd, &raw const e) });
    Ok(())
}

/// Makes an epoll descriptor, not inherited.
pub fn epoll_create() -> Result<Fd> {
    check(scalar!(epoll_create1(libc::EPOLL_CLOEXEC)))
}

/// Adds, changes or removes (`EPOLL_CTL_*`) a descriptor.
pub fn epoll_ctl(epoll: Fd, operation: i32, fd: Fd, events: u32) -> Result<()> {
    let mut event = libc::epoll_event {
        events,
        u64: fd as u32 as u64,
    };
    // SAFETY: a local event.
    done(unsafe { libc::epoll_ctl(epoll, operation, fd, &raw mut event) })
}

/// Waits for at most `limit` events; gives descriptors and events.
pub fn epoll_wait(epoll: Fd, limit: usize, timeout: Option<i64>) -> Result<Vec<(Fd, u32)>> {
    let mut events = vec![libc::epoll_event { events: 0, u64: 0 }; limit.clamp(1, 1 << 16)];
    // Rounded up, so that a wait never ends before its time.
    let ms = timeout.map_or(-1, |ns| {
        i32::try_from(ns.max(0).saturating_add(999_999) / 1_000_000).unwrap_or(i32::MAX)
    });
    // SAFETY: the vector is writable for its length.
    let count =
        check(unsafe { libc::epoll_wait(epoll, events.as_mut_ptr(), events.len() as i32, ms) })?;
    Ok(events
        .iter()
        .take(usize::try_from(count).unwrap_or(0))
        .map(|event| (event.u64 as u32 as Fd, event.events))
        .collect())
}

/// Makes a descriptor that counts.
pub fn eventfd(initial: u32, flags: i32) -> Result<Fd> {
    check(scalar!(eventfd(initial, flags)))
}

/// Takes the count.
pub fn eventfd_read(fd: Fd) -> Result<u64> {
    let mut bytes = [0u8; 8];
    // SAFETY: the buffer is writable for the length given.
    size(unsafe { libc::read(fd, bytes.as_mut_ptr().cast(), 8) })?;
    Ok(u64::from_ne_bytes(bytes))
}

/// Adds to the count.
pub fn eventfd_write(fd: Fd, value: u64) -> Result<()> {
    let bytes = value.to_ne_bytes();
    // SAFETY: the bytes are readable for the length given.
    size(unsafe { libc::write(fd, bytes.as_ptr().cast(), 8) }).map(drop)
}
