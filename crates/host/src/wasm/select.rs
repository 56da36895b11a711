//! Waiting for descriptors, where there is no operating system. What each means is told in `unix/select.rs`.

use super::stubs;
use crate::types::*;
use crate::{Fd, Result};

/// See `unix`.
pub const FD_SETSIZE: Fd = 1024;

stubs! {
    /// Waits for any of `fds`; gives the number of those that something happened to.
    fn poll(fds: &mut [PollFd], timeout: Option<i64>) -> Result<usize>;
    /// Waits; leaves in each list the descriptors that are ready. EINVAL for descriptors that do not fit.
    fn select(read: &mut Vec<Fd>, write: &mut Vec<Fd>, except: &mut Vec<Fd>, timeout: Option<i64>) -> Result<()>;
    /// Makes an epoll descriptor, not inherited.
    fn epoll_create() -> Result<Fd>;
    /// Adds, changes or removes (`EPOLL_CTL_*`) a descriptor.
    fn epoll_ctl(epoll: Fd, operation: i32, fd: Fd, events: u32) -> Result<()>;
    /// Waits for at most `limit` events; gives descriptors and events.
    fn epoll_wait(epoll: Fd, limit: usize, timeout: Option<i64>) -> Result<Vec<(Fd, u32)>>;
    /// Makes a descriptor that counts.
    fn eventfd(initial: u32, flags: i32) -> Result<Fd>;
    /// Takes the count.
    fn eventfd_read(fd: Fd) -> Result<u64>;
    /// Adds to the count.
    fn eventfd_write(fd: Fd, value: u64) -> Result<()>;
}
