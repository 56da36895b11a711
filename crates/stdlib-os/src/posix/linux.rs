//! Functions of `posix` that Linux has beyond POSIX: scheduling, extended attributes, memory files, timers as
//! descriptors, namespaces, `splice`; and the pseudo-terminals made by hand.

use taipan_host::linux::{self, XattrOf};
use taipan_host::{fs, process, term};
use taipan_macros::pyfunctions;
use taipan_object::convert::Fd;
use taipan_object::{Bytes, PyResult, Ref, Str, Tuple, Value, Vm};

use super::descriptors::{gather, scatter};
use super::path::{Gid, PathBuf, PathFdNone, PathOrFd};
use super::process::fork_with;
use super::structs::SCHED_PARAM;
use crate::util::{self, Data, call, done, offset};

pub use functions::FUNCTIONS;

fn priority(vm: &Vm, v: &Value) -> PyResult<i32> {
    let priority = v
        .downcast_ref::<Tuple>()
        .filter(|_| SCHED_PARAM.is_instance(vm, v))
        .and_then(|t| t.get(0))
        .ok_or_else(|| vm.type_error("must have a sched_param object"))?;
    i32::try_from(offset(vm, &priority)?)
        .map_err(|_| vm.overflow_error("sched_priority out of range"))
}

fn sched_param(vm: &Vm, priority: i32) -> PyResult<Ref<Tuple>> {
    SCHED_PARAM.build(vm, vec![Value::from_i32(priority)])
}

fn xattr_of<'a>(vm: &Vm, function: &str, path: &'a PathBuf, follow: bool) -> PyResult<XattrOf<'a>> {
    match (path.fd, follow) {
        (Some(_), false) => Err(vm.value_error(&format!(
            "{function}: cannot use fd and follow_symlinks together"
        ))),
        (Some(fd), true) => Ok(XattrOf::Fd(fd)),
        (None, true) => Ok(XattrOf::Path(&path.bytes)),
        (None, false) => Ok(XattrOf::Link(&path.bytes)),
    }
}

/// Seconds as nanoseconds, rounded away from zero to whole ones (`_PyTime_ROUND_CEILING` of positive numbers).
fn timer_seconds(vm: &Vm, seconds: f64) -> PyResult<i64> {
    let ns = (seconds * 1e9).ceil();
    if !ns.is_finite() || ns.abs() >= 9.2e18 {
        return Err(vm.overflow_error("timestamp out of range for platform time_t"));
    }
    Ok(ns as i64)
}

fn seconds((left, interval): (i64, i64)) -> (f64, f64) {
    (left as f64 * 1e-9, interval as f64 * 1e-9)
}

fn optional_offset(vm: &Vm, v: Option<&Value>) -> PyResult<Option<i64>> {
    v.filter(|v| !vm.is_none(v))
        .map(|v| offset(vm, v))
        .transpose()
}

const CLOEXEC: i32 = 0o2000000;

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Get the maximum scheduling priority for policy.
    #[pyfunction(sig = "($module, /, policy)")]
    fn sched_get_priority_max(vm: &Vm, policy: i32) -> PyResult<i32> {
        done(vm, linux::sched_get_priority_max(policy))
    }

    /// Get the minimum scheduling priority for policy.
    #[pyfunction(sig = "($module, /, policy)")]
    fn sched_get_priority_min(vm: &Vm, policy: i32) -> PyResult<i32> {
        done(vm, linux::sched_get_priority_min(policy))
    }

    /// Returns scheduling parameters for the process identified by pid.
    #[pyfunction(sig = "($module, pid, /)")]
    fn sched_getparam(vm: &Vm, pid: i32) -> PyResult<Ref<Tuple>> {
        sched_param(vm, done(vm, linux::sched_getparam(pid))?)
    }

    /// Get the scheduling policy for the process identified by pid.
    #[pyfunction(sig = "($module, pid, /)")]
    fn sched_getscheduler(vm: &Vm, pid: i32) -> PyResult<i32> {
        done(vm, linux::sched_getscheduler(pid))
    }

    /// Return the round-robin quantum for the process identified by pid, in seconds.
    #[pyfunction(sig = "($module, pid, /)")]
    fn sched_rr_get_interval(vm: &Vm, pid: i32) -> PyResult<f64> {
        Ok(done(vm, linux::sched_rr_get_interval(pid))? as f64 * 1e-9)
    }

    /// Set scheduling parameters for the process identified by pid.
    #[pyfunction(sig = "($module, pid, param, /)")]
    fn sched_setparam(vm: &Vm, pid: i32, param: &Value) -> PyResult<()> {
        let priority = priority(vm, param)?;
        done(vm, linux::sched_setparam(pid, priority))
    }

    /// Set the scheduling policy for the process identified by pid.
    #[pyfunction(sig = "($module, pid, policy, param, /)")]
    fn sched_setscheduler(vm: &Vm, pid: i32, policy: i32, param: &Value) -> PyResult<()> {
        let priority = priority(vm, param)?;
        done(vm, linux::sched_setscheduler(pid, policy, priority))
    }

    /// Open and return a file descriptor for a master pseudo-terminal device.
    #[pyfunction(sig = "($module, oflag, /)")]
    fn posix_openpt(vm: &Vm, oflag: i32) -> PyResult<i32> {
        done(vm, term::posix_openpt(oflag))
    }

    /// Grant access to the slave pseudo-terminal device.
    #[pyfunction(sig = "($module, fd, /)")]
    fn grantpt(vm: &Vm, fd: Fd) -> PyResult<()> {
        done(vm, term::grantpt(fd.0))
    }

    /// Unlock a pseudo-terminal master/slave pair.
    #[pyfunction(sig = "($module, fd, /)")]
    fn unlockpt(vm: &Vm, fd: Fd) -> PyResult<()> {
        done(vm, term::unlockpt(fd.0))
    }

    /// Return the name of the slave pseudo-terminal device.
    #[pyfunction(sig = "($module, fd, /)")]
    fn ptsname(vm: &Vm, fd: Fd) -> PyResult<Ref<Str>> {
        util::fs_text(vm, &done(vm, term::ptsname(fd.0))?)
    }

    /// Fork a new process with a new pseudo-terminal as controlling tty.
    #[pyfunction(sig = "($module, /)")]
    fn forkpty(vm: &Vm) -> PyResult<(i32, i32)> {
        let (master, slave) = done(vm, term::openpty())?;
        let pid = fork_with(vm, || {
            let _ = fs::close(master);
            let _ = term::login_tty(slave);
        });
        if pid.is_err() {
            let _ = fs::close(master);
        }
        if !matches!(pid, Ok(0)) {
            let _ = fs::close(slave);
        }
        let pid = pid?;
        Ok((pid, if pid == 0 { -1 } else { master }))
    }

    /// Initialize the group access list.
    #[pyfunction(sig = "($module, username, gid, /)")]
    fn initgroups(vm: &Vm, username: &Value, gid: Gid) -> PyResult<()> {
        let user = util::fs_convert(vm, username)?;
        done(vm, process::initgroups(&user, gid.0))
    }

    /// Reads from a file descriptor into a number of mutable bytes-like objects.
    #[pyfunction(sig = "($module, fd, buffers, offset, flags=0, /)")]
    fn preadv(vm: &Vm, fd: i32, buffers: &Value, offset: &Value, flags: i32) -> PyResult<usize> {
        let at = util::offset(vm, offset)?;
        scatter(vm, "preadv2", buffers, |parts| {
            linux::preadv(fd, parts, at, flags)
        })
    }

    /// Writes the contents of bytes-like objects to a file descriptor at a given offset.
    #[pyfunction(sig = "($module, fd, buffers, offset, flags=0, /)")]
    fn pwritev(vm: &Vm, fd: i32, buffers: &Value, offset: &Value, flags: i32) -> PyResult<usize> {
        let at = util::offset(vm, offset)?;
        gather(vm, "pwritev", buffers, |parts| {
            linux::pwritev(fd, parts, at, flags)
        })
    }

    /// Return the value of extended attribute attribute on path.
    #[pyfunction(sig = "($module, /, path, attribute, *, follow_symlinks=True)")]
    fn getxattr(
        vm: &Vm,
        path: PathOrFd,
        attribute: &Value,
        follow_symlinks: bool,
    ) -> PyResult<Ref<Bytes>> {
        let name = util::fs_convert(vm, attribute)?;
        let of = xattr_of(vm, "getxattr", &path, follow_symlinks)?;
        let value = util::blocking(vm, || linux::getxattr(of, &name));
        vm.new_bytes(&value.map_err(|e| path.error(vm, e))?)
    }

    /// Set extended attribute attribute on path to value.
    #[pyfunction(
        sig = "($module, /, path, attribute, value, flags=0, *,\n         follow_symlinks=True)"
    )]
    fn setxattr(
        vm: &Vm,
        path: PathOrFd,
        attribute: &Value,
        value: Data<'_>,
        flags: i32,
        follow_symlinks: bool,
    ) -> PyResult<()> {
        let name = util::fs_convert(vm, attribute)?;
        let of = xattr_of(vm, "setxattr", &path, follow_symlinks)?;
        util::blocking(vm, || linux::setxattr(of, &name, &value, flags))
            .map_err(|e| path.error(vm, e))
    }

    /// Remove extended attribute attribute on path.
    #[pyfunction(sig = "($module, /, path, attribute, *, follow_symlinks=True)")]
    fn removexattr(
        vm: &Vm,
        path: PathOrFd,
        attribute: &Value,
        follow_symlinks: bool,
    ) -> PyResult<()> {
        let name = util::fs_convert(vm, attribute)?;
        let of = xattr_of(vm, "removexattr", &path, follow_symlinks)?;
        util::blocking(vm, || linux::removexattr(of, &name)).map_err(|e| path.error(vm, e))
    }

    /// Return a list of extended attributes on path.
    #[pyfunction(sig = "($module, /, path=None, *, follow_symlinks=True)")]
    fn listxattr(vm: &Vm, path: PathFdNone, follow_symlinks: bool) -> PyResult<Vec<Value>> {
        let of = xattr_of(vm, "listxattr", &path, follow_symlinks)?;
        let names = util::blocking(vm, || linux::listxattr(of)).map_err(|e| path.error(vm, e))?;
        names
            .split(|b| *b == 0)
            .filter(|name| !name.is_empty())
            .map(|name| util::fs_text(vm, name).map(Ref::into_value))
            .collect()
    }

    #[pyfunction(sig = "($module, /, name, flags=MFD_CLOEXEC)")]
    fn memfd_create(vm: &Vm, name: &Value, flags: Option<u32>) -> PyResult<i32> {
        let name = util::fs_convert(vm, name)?;
        done(vm, linux::memfd_create(&name, flags.unwrap_or(1)))
    }

    /// Transfer count bytes from one pipe to a descriptor or vice versa.
    #[pyfunction(
        sig = "($module, /, src, dst, count, offset_src=None, offset_dst=None,\n       flags=0)"
    )]
    fn splice(
        vm: &Vm,
        src: i32,
        dst: i32,
        count: isize,
        offset_src: Option<&Value>,
        offset_dst: Option<&Value>,
        flags: u32,
    ) -> PyResult<usize> {
        let Ok(count) = usize::try_from(count) else {
            return Err(vm.value_error("negative value for 'count' not allowed"));
        };
        let from = optional_offset(vm, offset_src)?;
        let to = optional_offset(vm, offset_dst)?;
        call(vm, || linux::splice(src, from, dst, to, count, flags))
    }

    /// Move the calling thread into different namespaces.
    #[pyfunction(sig = "($module, /, fd, nstype=0)")]
    fn setns(vm: &Vm, fd: Fd, nstype: i32) -> PyResult<()> {
        done(vm, linux::setns(fd.0, nstype))
    }

    /// Disassociate parts of a process (or thread) execution context.
    #[pyfunction(sig = "($module, /, flags)")]
    fn unshare(vm: &Vm, flags: i32) -> PyResult<()> {
        done(vm, linux::unshare(flags))
    }

    /// Create and return a timer file descriptor.
    #[pyfunction(sig = "($module, clockid, /, *, flags=0)")]
    fn timerfd_create(vm: &Vm, clockid: i32, flags: i32) -> PyResult<i32> {
        done(vm, linux::timerfd_create(clockid, flags | CLOEXEC))
    }

    /// Alter a timer file descriptor's internal timer in seconds.
    #[pyfunction(sig = "($module, fd, /, *, flags=0, initial=0.0, interval=0.0)")]
    fn timerfd_settime(
        vm: &Vm,
        fd: Fd,
        flags: i32,
        initial: f64,
        interval: f64,
    ) -> PyResult<(f64, f64)> {
        let (initial, interval) = (timer_seconds(vm, initial)?, timer_seconds(vm, interval)?);
        done(vm, linux::timerfd_settime(fd.0, flags, initial, interval)).map(seconds)
    }

    /// Alter a timer file descriptor's internal timer in nanoseconds.
    #[pyfunction(sig = "($module, fd, /, *, flags=0, initial=0, interval=0)")]
    fn timerfd_settime_ns(
        vm: &Vm,
        fd: Fd,
        flags: i32,
        initial: i64,
        interval: i64,
    ) -> PyResult<(i64, i64)> {
        done(vm, linux::timerfd_settime(fd.0, flags, initial, interval))
    }

    /// Return a tuple of a timer file descriptor's (next expiration, interval) in float seconds.
    #[pyfunction(sig = "($module, fd, /)")]
    fn timerfd_gettime(vm: &Vm, fd: Fd) -> PyResult<(f64, f64)> {
        done(vm, linux::timerfd_gettime(fd.0)).map(seconds)
    }

    /// Return a tuple of a timer file descriptor's (next expiration, interval) in nanoseconds.
    #[pyfunction(sig = "($module, fd, /)")]
    fn timerfd_gettime_ns(vm: &Vm, fd: Fd) -> PyResult<(i64, i64)> {
        done(vm, linux::timerfd_gettime(fd.0))
    }
}
