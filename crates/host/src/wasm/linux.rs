//! What Linux has beyond POSIX, where there is no operating system. What each means is told in `unix/linux.rs`.

use super::stubs;
use crate::{Fd, Result};

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

stubs! {
    /// Highest priority of a policy.
    fn sched_get_priority_max(policy: i32) -> Result<i32>;
    /// Lowest priority of a policy.
    fn sched_get_priority_min(policy: i32) -> Result<i32>;
    /// Policy of a process.
    fn sched_getscheduler(pid: i32) -> Result<i32>;
    /// Sets policy and priority of a process.
    fn sched_setscheduler(pid: i32, policy: i32, priority: i32) -> Result<()>;
    /// Priority of a process.
    fn sched_getparam(pid: i32) -> Result<i32>;
    /// Sets the priority of a process.
    fn sched_setparam(pid: i32, priority: i32) -> Result<()>;
    /// The time slice of a process under SCHED_RR, in nanoseconds.
    fn sched_rr_get_interval(pid: i32) -> Result<i64>;
    /// The value of an extended attribute.
    fn getxattr(of: XattrOf<'_>, name: &[u8]) -> Result<Vec<u8>>;
    /// The names of all extended attributes, each ended by NUL.
    fn listxattr(of: XattrOf<'_>) -> Result<Vec<u8>>;
    /// Sets an extended attribute.
    fn setxattr(of: XattrOf<'_>, name: &[u8], value: &[u8], flags: i32) -> Result<()>;
    /// Removes an extended attribute.
    fn removexattr(of: XattrOf<'_>, name: &[u8]) -> Result<()>;
    /// A file that lives in memory.
    fn memfd_create(name: &[u8], flags: u32) -> Result<Fd>;
    /// Moves bytes between a pipe and another descriptor.
    fn splice(from: Fd, from_offset: Option<i64>, to: Fd, to_offset: Option<i64>, count: usize, flags: u32) -> Result<usize>;
    /// Joins a namespace.
    fn setns(fd: Fd, kind: i32) -> Result<()>;
    /// Leaves shared parts of the execution context.
    fn unshare(flags: i32) -> Result<()>;
    /// A timer as a descriptor.
    fn timerfd_create(clock: i32, flags: i32) -> Result<Fd>;
    /// Sets a timer (nanoseconds): gives what it was set to, time left and interval.
    fn timerfd_settime(fd: Fd, flags: i32, initial: i64, interval: i64) -> Result<(i64, i64)>;
    /// Time left and interval of a timer, in nanoseconds.
    fn timerfd_gettime(fd: Fd) -> Result<(i64, i64)>;
    /// Reads into several buffers from a position.
    fn preadv(fd: Fd, buffers: &mut [std::io::IoSliceMut<'_>], offset: i64, flags: i32) -> Result<usize>;
    /// Writes several buffers to a position.
    fn pwritev(fd: Fd, buffers: &[std::io::IoSlice<'_>], offset: i64, flags: i32) -> Result<usize>;
    /// Sends a signal through a process's descriptor.
    fn pidfd_send_signal(pidfd: Fd, signal: i32, flags: u32) -> Result<()>;
}
