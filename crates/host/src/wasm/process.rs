//! Processes, where there is no operating system. What each means is told in `unix/process.rs`.

use super::{Missing, stubs};
use crate::Result;
use crate::types::*;

/// Ends the process at once.
pub fn exit_now(_status: i32) -> ! {
    std::process::abort()
}

/// Ends the process.
pub fn abort() -> ! {
    std::process::abort()
}

stubs! {
    /// Id of the process.
    fn getpid() -> i32;
    /// Id of the parent.
    fn getppid() -> i32;
    /// Real user.
    fn getuid() -> u32;
    /// Effective user.
    fn geteuid() -> u32;
    /// Real group.
    fn getgid() -> u32;
    /// Effective group.
    fn getegid() -> u32;
    /// Process group.
    fn getpgrp() -> i32;
    /// Sends a signal to a process.
    fn kill(pid: i32, signal: i32) -> Result<()>;
    /// Sends a signal to a process group.
    fn killpg(group: i32, signal: i32) -> Result<()>;
    /// Sets the user.
    fn setuid(uid: u32) -> Result<()>;
    /// Sets the effective user.
    fn seteuid(uid: u32) -> Result<()>;
    /// Sets the group.
    fn setgid(gid: u32) -> Result<()>;
    /// Sets the effective group.
    fn setegid(gid: u32) -> Result<()>;
    /// Sets real and effective user.
    fn setreuid(real: u32, effective: u32) -> Result<()>;
    /// Sets real and effective group.
    fn setregid(real: u32, effective: u32) -> Result<()>;
    /// Sets real, effective and saved user.
    fn setresuid(real: u32, effective: u32, saved: u32) -> Result<()>;
    /// Sets real, effective and saved group.
    fn setresgid(real: u32, effective: u32, saved: u32) -> Result<()>;
    /// Moves a process to a group.
    fn setpgid(pid: i32, group: i32) -> Result<()>;
    /// Starts a session.
    fn setsid() -> Result<i32>;
    /// Session of a process.
    fn getsid(pid: i32) -> Result<i32>;
    /// Process group of a process.
    fn getpgid(pid: i32) -> Result<i32>;
    /// Real, effective and saved user.
    fn getresuid() -> Result<(u32, u32, u32)>;
    /// Real, effective and saved group.
    fn getresgid() -> Result<(u32, u32, u32)>;
    /// Supplementary groups.
    fn getgroups() -> Result<Vec<u32>>;
    /// Sets the supplementary groups.
    fn setgroups(groups: &[u32]) -> Result<()>;
    /// Reads the group table and sets the supplementary groups of `user`, `gid` among them.
    fn initgroups(user: &[u8], gid: u32) -> Result<()>;
    /// Groups that `user` is in, `gid` among them.
    fn getgrouplist(user: &[u8], gid: u32) -> Result<Vec<u32>>;
    /// Replaces the program. `env` holds `NAME=value`; `env::block()` is our own. Returns only on failure.
    fn execve [S: AsRef<[u8]>, T: AsRef<[u8]>] (path: &[u8], args: &[S], env: &[T]) -> Result<core::convert::Infallible>;
    /// Replaces the program by the one that `fd` has open.
    fn fexecve [S: AsRef<[u8]>, T: AsRef<[u8]>] (fd: i32, args: &[S], env: &[T]) -> Result<core::convert::Infallible>;
    /// Waits for a child: its id (0 if none has changed and `WNOHANG` is set) and status.
    fn waitpid(pid: i32, options: i32) -> Result<(i32, i32)>;
    /// `waitpid` with the child's resource usage.
    fn wait4(pid: i32, options: i32) -> Result<(i32, i32, Rusage)>;
    /// Pid, uid, signal, status and code of a child, or `None` if none has changed and `WNOHANG` is set.
    fn waitid(kind: u32, id: u32, options: i32) -> Result<Option<(i32, u32, i32, i32, i32)>>;
    /// Resource usage of the process, its thread or its children.
    fn getrusage(who: i32) -> Result<Rusage>;
    /// Soft and hard limit.
    fn getrlimit(resource: u32) -> Result<(u64, u64)>;
    /// Sets soft and hard limit.
    fn setrlimit(resource: u32, soft: u64, hard: u64) -> Result<()>;
    /// Adds to the niceness; gives the new one.
    fn nice(increment: i32) -> Result<i32>;
    /// Scheduling priority.
    fn getpriority(which: u32, who: u32) -> Result<i32>;
    /// Sets the scheduling priority.
    fn setpriority(which: u32, who: u32, priority: i32) -> Result<()>;
    /// Load averages of 1, 5 and 15 minutes.
    fn getloadavg() -> Option<[f64; 3]>;
    /// `sysconf`: -1 if there is no limit.
    fn sysconf(name: i32) -> Result<i64>;
    /// `fpathconf`: -1 if there is no limit.
    fn fpathconf(fd: i32, name: i32) -> Result<i64>;
    /// `pathconf`: -1 if there is no limit.
    fn pathconf(path: &[u8], name: i32) -> Result<i64>;
    /// `confstr`: `None` if it has no value.
    fn confstr(name: i32) -> Result<Option<Vec<u8>>>;
    /// Name and release of the system.
    fn uname() -> Result<Uname>;
    /// Processors that are online.
    fn cpu_count() -> Option<usize>;
    /// The processors that `pid` may run on; 0 is this thread.
    fn sched_getaffinity(pid: i32) -> Result<Vec<usize>>;
    /// Sets the processors that `pid` may run on. EINVAL beyond 1,023.
    fn sched_setaffinity(pid: i32, cpus: &[usize]) -> Result<()>;
    /// Lets other threads run.
    fn sched_yield() -> Result<()>;
    /// User, system, children's user, children's system and elapsed time, in clock ticks.
    fn times() -> Result<(i64, i64, i64, i64, i64)>;
    /// A descriptor for a process.
    fn pidfd_open(pid: i32, flags: u32) -> Result<i32>;
    /// Starts a program; gives the child's id. With `search`, `PATH` is searched.
    fn posix_spawn [S: AsRef<[u8]>, T: AsRef<[u8]>] (path: &[u8], args: &[S], env: &[T], actions: &[SpawnAction], attrs: &SpawnAttrs, search: bool) -> Result<i32>;
}
/// `fork`: 0 in the child.
///
/// # Safety
/// Nothing to uphold here.
#[allow(unused_variables)]
pub unsafe fn fork() -> Result<i32> {
    <Result<i32> as Missing>::MISSING
}
