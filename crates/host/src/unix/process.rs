//! Processes: identity, starting, waiting, limits, the machine. `posix_spawn` is in `spawn` and re-exported here.

pub use super::spawn::posix_spawn;
use super::{CStrings, check, done, scalar, with_cstr};
use crate::types::{Rusage, Uname};
use crate::{Errno, Result};
use std::mem::MaybeUninit;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident() -> $type:ty;)*) => {
        $($(#[$doc])* pub fn $name() -> $type { scalar!($name()) })*
    };
}

ids! {
    /// Id of the process.
    getpid() -> i32;
    /// Id of the parent.
    getppid() -> i32;
    /// Real user.
    getuid() -> u32;
    /// Effective user.
    geteuid() -> u32;
    /// Real group.
    getgid() -> u32;
    /// Effective group.
    getegid() -> u32;
    /// Process group.
    getpgrp() -> i32;
}

macro_rules! calls {
    ($($(#[$doc:meta])* $name:ident($($arg:ident: $type:ty),*);)*) => {
        $($(#[$doc])* pub fn $name($($arg: $type),*) -> Result<()> { done(scalar!($name($($arg),*))) })*
    };
}

calls! {
    /// Sends a signal to a process.
    kill(pid: i32, signal: i32);
    /// Sends a signal to a process group.
    killpg(group: i32, signal: i32);
    /// Sets the user.
    setuid(uid: u32);
    /// Sets the effective user.
    seteuid(uid: u32);
    /// Sets the group.
    setgid(gid: u32);
    /// Sets the effective group.
    setegid(gid: u32);
    /// Sets real and effective user.
    setreuid(real: u32, effective: u32);
    /// Sets real and effective group.
    setregid(real: u32, effective: u32);
    /// Sets real, effective and saved user.
    setresuid(real: u32, effective: u32, saved: u32);
    /// Sets real, effective and saved group.
    setresgid(real: u32, effective: u32, saved: u32);
    /// Moves a process to a group.
    setpgid(pid: i32, group: i32);
}

/// Starts a session.
pub fn setsid() -> Result<i32> {
    check(scalar!(setsid()))
}

/// Session of a process.
pub fn getsid(pid: i32) -> Result<i32> {
    check(scalar!(getsid(pid)))
}

/// Process group of a process.
pub fn getpgid(pid: i32) -> Result<i32> {
    check(scalar!(getpgid(pid)))
}

/// Real, effective and saved user.
pub fn getresuid() -> Result<(u32, u32, u32)> {
    let (mut real, mut effective, mut saved) = (0, 0, 0);
    // SAFETY: three writable locals.
    done(unsafe { libc::getresuid(&raw mut real, &raw mut effective, &raw mut saved) })?;
    Ok((real, effective, saved))
}

/// Real, effective and saved group.
pub fn getresgid() -> Result<(u32, u32, u32)> {
    let (mut real, mut effective, mut saved) = (0, 0, 0);
    // SAFETY: three writable locals.
    done(unsafe { libc::getresgid(&raw mut real, &raw mut effective, &raw mut saved) })?;
    Ok((real, effective, saved))
}

/// Supplementary groups.
pub fn getgroups() -> Result<Vec<u32>> {
    // SAFETY: with size 0 nothing is written.
    let count = check(unsafe { libc::getgroups(0, std::ptr::null_mut()) })?;
    let mut groups = vec![0; usize::try_from(count).unwrap_or(0)];
    // SAFETY: the vector is writable for `count` entries.
    let count = check(unsafe { libc::getgroups(count, groups.as_mut_ptr()) })?;
    groups.truncate(usize::try_from(count).unwrap_or(0));
    Ok(groups)
}

/// Sets the supplementary groups.
pub fn setgroups(groups: &[u32]) -> Result<()> {
    // SAFETY: the slice is readable for its length.
    done(unsafe { libc::setgroups(groups.len(), groups.as_ptr()) })
}

/// Groups that `user` is in, `gid` among them.
pub fn getgrouplist(user: &[u8], gid: u32) -> Result<Vec<u32>> {
    super::databases::prepare();
    with_cstr(user, |user| {
        let mut groups = vec![0; 64];
        loop {
            let mut count = i32::try_from(groups.len()).map_err(|_| Errno::ENOMEM)?;
            // SAFETY: `user` is NUL-terminated and the vector writable for `count` entries.
            let status = unsafe {
                libc::getgrouplist(user.as_ptr(), gid, groups.as_mut_ptr(), &raw mut count)
            };
            let wanted = usize::try_from(count).unwrap_or(0);
            if status >= 0 {
                groups.truncate(wanted);
                return Ok(groups);
            }
            groups.resize(wanted.max(groups.len() * 2), 0);
        }
    })
}

/// Reads the group table and sets the supplementary groups of `user`, `gid` among them.
pub fn initgroups(user: &[u8], gid: u32) -> Result<()> {
    super::databases::prepare();
    with_cstr(user, |user| {
        // SAFETY: the name is NUL-terminated.
        done(unsafe { libc::initgroups(user.as_ptr(), gid) })
    })
}

/// `fork`: 0 in the child.
///
/// # Safety
/// The child has this thread alone: locks that others held stay locked. Callers hold what they need across the call and
/// set it right in the child.
pub unsafe fn fork() -> Result<i32> {
    // SAFETY: the caller's contract.
    let child = check(unsafe { libc::fork() })?;
    if child == 0 {
        crate::alloc::after_fork();
    }
    Ok(child)
}

/// Replaces the program. `env` holds `NAME=value`; `env::block()` is our own. Returns only on failure.
pub fn execve<S: AsRef<[u8]>, T: AsRef<[u8]>>(
    path: &[u8],
    args: &[S],
    env: &[T],
) -> Result<core::convert::Infallible> {
    let (args, env) = (CStrings::new(args)?, CStrings::new(env)?);
    with_cstr(path, |path| {
        // SAFETY: NUL-terminated strings in NULL-terminated arrays, all alive during the call.
        unsafe { libc::execve(path.as_ptr(), args.as_ptr(), env.as_ptr()) };
        Err(super::last_error())
    })
}

/// Replaces the program by the one that `fd` has open.
pub fn fexecve<S: AsRef<[u8]>, T: AsRef<[u8]>>(
    fd: i32,
    args: &[S],
    env: &[T],
) -> Result<core::convert::Infallible> {
    let (args, env) = (CStrings::new(args)?, CStrings::new(env)?);
    // SAFETY: as for `execve`.
    unsafe { libc::fexecve(fd, args.as_ptr(), env.as_ptr()) };
    Err(super::last_error())
}

/// Ends the process at once.
pub fn exit_now(status: i32) -> ! {
    if cfg!(taipan_training) {
        // What the instrumented build counted is written by an exit handler.
        std::process::exit(status);
    }
    // SAFETY: does not return; nothing of ours runs after it.
    unsafe { libc::_exit(status) }
}

/// Ends the process by SIGABRT.
pub fn abort() -> ! {
    std::process::abort()
}

/// Waits for a child: its id (0 if none has changed and `WNOHANG` is set) and status.
pub fn waitpid(pid: i32, options: i32) -> Result<(i32, i32)> {
    let mut status = 0;
    // SAFETY: a writable local.
    let pid = check(unsafe { libc::waitpid(pid, &raw mut status, options) })?;
    Ok((pid, status))
}

/// `waitpid` with the child's resource usage.
pub fn wait4(pid: i32, options: i32) -> Result<(i32, i32, Rusage)> {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: writable locals; zeroes are a valid `rusage`.
    unsafe {
        let pid = check(libc::wait4(
            pid,
            &raw mut status,
            options,
            usage.as_mut_ptr(),
        ))?;
        Ok((pid, status, rusage_of(&usage.assume_init())))
    }
}

/// Pid, uid, signal, status and code of a child, or `None` if none has changed and `WNOHANG` is set.
pub fn waitid(kind: u32, id: u32, options: i32) -> Result<Option<(i32, u32, i32, i32, i32)>> {
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    // SAFETY: a writable local; zeroes are a valid `siginfo_t`.
    let info = unsafe {
        done(libc::waitid(kind, id, info.as_mut_ptr(), options))?;
        info.assume_init()
    };
    // SAFETY: for a child's change these members are the ones set, and all are integers.
    let (pid, uid, status) = unsafe { (info.si_pid(), info.si_uid(), info.si_status()) };
    Ok((pid != 0).then_some((pid, uid, info.si_signo, status, info.si_code)))
}

fn rusage_of(usage: &libc::rusage) -> Rusage {
    let us = |time: libc::timeval| {
        time.tv_sec
            .saturating_mul(1_000_000)
            .saturating_add(time.tv_usec)
    };
    Rusage {
        utime_us: us(usage.ru_utime),
        stime_us: us(usage.ru_stime),
        maxrss: usage.ru_maxrss,
        ixrss: usage.ru_ixrss,
        idrss: usage.ru_idrss,
        isrss: usage.ru_isrss,
        minflt: usage.ru_minflt,
        majflt: usage.ru_majflt,
        nswap: usage.ru_nswap,
        inblock: usage.ru_inblock,
        oublock: usage.ru_oublock,
        msgsnd: usage.ru_msgsnd,
        msgrcv: usage.ru_msgrcv,
        nsignals: usage.ru_nsignals,
        nvcsw: usage.ru_nvcsw,
        nivcsw: usage.ru_nivcsw,
    }
}

/// Resource usage of the process, its thread or its children.
pub fn getrusage(who: i32) -> Result<Rusage> {
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: a writable local; zeroes are a valid `rusage`.
    unsafe {
        done(libc::getrusage(who, usage.as_mut_ptr()))?;
        Ok(rusage_of(&usage.assume_init()))
    }
}

/// Soft and hard limit.
pub fn getrlimit(resource: u32) -> Result<(u64, u64)> {
    let mut limit = libc::rlimit {
        rlim_cur: 0,
        rlim_max: 0,
    };
    // SAFETY: a writable local.
    done(unsafe { libc::getrlimit(resource, &raw mut limit) })?;
    Ok((limit.rlim_cur, limit.rlim_max))
}

/// Sets soft and hard limit.
pub fn setrlimit(resource: u32, soft: u64, hard: u64) -> Result<()> {
    let limit = libc::rlimit {
        rlim_cur: soft,
        rlim_max: hard,
    };
    // SAFETY: a readable local.
    done(unsafe { libc::setrlimit(resource, &raw const limit) })
}

/// Adds to the niceness; gives the new one.
pub fn nice(increment: i32) -> Result<i32> {
    clear_errno();
    let value = scalar!(nice(increment));
    if value == -1 && super::last_error().0 != 0 {
        Err(super::last_error())
    } else {
        Ok(value)
    }
}

fn clear_errno() {
    // SAFETY: the location is this thread's own.
    unsafe { *libc::__errno_location() = 0 };
}

/// Scheduling priority.
pub fn getpriority(which: u32, who: u32) -> Result<i32> {
    clear_errno();
    let value = scalar!(getpriority(which, who));
    if value == -1 && super::last_error().0 != 0 {
        Err(super::last_error())
    } else {
        Ok(value)
    }
}

/// Sets the scheduling priority.
pub fn setpriority(which: u32, who: u32, priority: i32) -> Result<()> {
    done(scalar!(setpriority(which, who, priority)))
}

/// Load averages of 1, 5 and 15 minutes.
pub fn getloadavg() -> Option<[f64; 3]> {
    let mut loads = [0.0; 3];
    // SAFETY: writable for three numbers.
    (unsafe { libc::getloadavg(loads.as_mut_ptr(), 3) } == 3).then_some(loads)
}

/// `sysconf`: -1 if there is no limit.
pub fn sysconf(name: i32) -> Result<i64> {
    clear_errno();
    let value = scalar!(sysconf(name));
    if value == -1 && super::last_error().0 != 0 {
        Err(super::last_error())
    } else {
        Ok(value)
    }
}

/// `fpathconf`: -1 if there is no limit.
pub fn fpathconf(fd: i32, name: i32) -> Result<i64> {
    clear_errno();
    let value = scalar!(fpathconf(fd, name));
    if value == -1 && super::last_error().0 != 0 {
        Err(super::last_error())
    } else {
        Ok(value)
    }
}

/// `pathconf`: -1 if there is no limit.
pub fn pathconf(path: &[u8], name: i32) -> Result<i64> {
    clear_errno();
    with_cstr(path, |path| {
        // SAFETY: `path` is NUL-terminated.
        let value = unsafe { libc::pathconf(path.as_ptr(), name) };
        if value == -1 && super::last_error().0 != 0 {
            Err(super::last_error())
        } else {
            Ok(value)
        }
    })
}

/// `confstr`: `None` if it has no value.
pub fn confstr(name: i32) -> Result<Option<Vec<u8>>> {
    let mut buffer = vec![0u8; 256];
    loop {
        clear_errno();
        // SAFETY: the buffer is writable for the length given.
        let length = unsafe { libc::confstr(name, buffer.as_mut_ptr().cast(), buffer.len()) };
        match length {
            0 if super::last_error().0 != 0 => return Err(super::last_error()),
            0 => return Ok(None),
            _ if length > buffer.len() => buffer.resize(length, 0),
            _ => {
                buffer.truncate(length - 1);
                return Ok(Some(buffer));
            }
        }
    }
}

fn field(chars: &[libc::c_char]) -> Vec<u8> {
    chars
        .iter()
        .take_while(|&&c| c != 0)
        .map(|&c| c as u8)
        .collect()
}

/// Name and release of the system.
pub fn uname() -> Result<Uname> {
    let mut name = MaybeUninit::<libc::utsname>::zeroed();
    // SAFETY: a writable local; zeroes are a valid `utsname`.
    let name = unsafe {
        done(libc::uname(name.as_mut_ptr()))?;
        name.assume_init()
    };
    Ok(Uname {
        sysname: field(&name.sysname),
        nodename: field(&name.nodename),
        release: field(&name.release),
        version: field(&name.version),
        machine: field(&name.machine),
    })
}

/// Processors that are online.
pub fn cpu_count() -> Option<usize> {
    sysconf(libc::_SC_NPROCESSORS_ONLN)
        .ok()
        .and_then(|count| usize::try_from(count).ok())
        .filter(|&count| count > 0)
}

const CPUS: usize = libc::CPU_SETSIZE as usize;

/// The processors that `pid` may run on; 0 is this thread.
pub fn sched_getaffinity(pid: i32) -> Result<Vec<usize>> {
    // SAFETY: zeroes are a valid set; the call writes at most its size; `CPU_ISSET` stays below `CPU_SETSIZE`.
    unsafe {
        let mut set: libc::cpu_set_t = MaybeUninit::zeroed().assume_init();
        done(libc::sched_getaffinity(
            pid,
            size_of::<libc::cpu_set_t>(),
            &raw mut set,
        ))?;
        Ok((0..CPUS)
            .filter(|&cpu| libc::CPU_ISSET(cpu, &set))
            .collect())
    }
}

/// Sets the processors that `pid` may run on. EINVAL beyond 1,023.
pub fn sched_setaffinity(pid: i32, cpus: &[usize]) -> Result<()> {
    if cpus.iter().any(|&cpu| cpu >= CPUS) {
        return Err(Errno::EINVAL);
    }
    // SAFETY: zeroes are a valid set; every index was checked above.
    unsafe {
        let mut set: libc::cpu_set_t = MaybeUninit::zeroed().assume_init();
        cpus.iter().for_each(|&cpu| libc::CPU_SET(cpu, &mut set));
        done(libc::sched_setaffinity(
            pid,
            size_of::<libc::cpu_set_t>(),
            &raw const set,
        ))
    }
}

/// Lets other threads run.
pub fn sched_yield() -> Result<()> {
    done(scalar!(sched_yield()))
}

/// User, system, children's user, children's system and elapsed time, in clock ticks.
pub fn times() -> Result<(i64, i64, i64, i64, i64)> {
    let mut tms = libc::tms {
        tms_utime: 0,
        tms_stime: 0,
        tms_cutime: 0,
        tms_cstime: 0,
    };
    // SAFETY: a writable local.
    let elapsed = check(unsafe { libc::times(&raw mut tms) })?;
    Ok((
        tms.tms_utime,
        tms.tms_stime,
        tms.tms_cutime,
        tms.tms_cstime,
        elapsed,
    ))
}

/// A descriptor for a process.
pub fn pidfd_open(pid: i32, flags: u32) -> Result<i32> {
    check(scalar!(syscall(libc::SYS_pidfd_open, pid, flags))).map(|fd| fd as i32)
}
