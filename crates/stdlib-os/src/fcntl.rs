//! `fcntl`: control of descriptors, and locks on files.

use taipan_host::{consts, fcntl as host};
use taipan_macros::pyfunctions;
use taipan_object::convert::Fd;
use taipan_object::{Module, ModuleSpec, PyResult, Ref, Str, Value, Vm};

use crate::util::{self, add_constants, call};

/// `fcntl`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "fcntl",
    doc: Some(
        "This module performs file control and I/O control on file\ndescriptors.  It is an interface to the fcntl() and ioctl() Unix\nroutines.",
    ),
    functions: &[functions::FUNCTIONS],
    types: &[],
    exec: Some(exec),
};

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    add_constants(vm, module, consts::FCNTL)
}

/// Commands of `fcntl` that take a pointer to a structure: an integer is no argument for them.
fn takes_pointer(command: i32) -> bool {
    // F_GETLK, F_SETLK, F_SETLKW, F_SETOWN_EX, F_GETOWN_EX, the F_OFD_* locks and the hints of writes.
    matches!(command, 5..=7 | 15 | 16 | 36..=38 | 1035..=1038)
}

/// Requests of `ioctl` that are known to take an integer, or nothing.
fn ioctl_takes_integer(request: u64) -> bool {
    // FIOCLEX, FIONCLEX, TIOCSCTTY, TIOCNOTTY, TIOCEXCL, TIOCNXCL, TCSBRK, TCXONC, TCFLSH, FICLONE, BLK* and the like:
    // requests that carry no size, other than those of terminals that read or write structures.
    let size = request >> 16 & 0x3fff;
    let terminal_structures = matches!(
        request,
        0x5401..=0x5408 | 0x540f..=0x541b | 0x541d..=0x5421 | 0x5423 | 0x5424 | 0x5429..=0x5432
            | 0x5450..=0x545f | 0x5460
    );
    request == 0x4004_9409
        || (size == 0 && !terminal_structures)
        || matches!(request, 0x540e | 0x5450 | 0x5451)
}

#[pyfunctions(FUNCTIONS)]
#[allow(unsafe_code, reason = "the arguments of these calls are checked here")]
mod functions {
    use super::*;

    /// Perform the operation `cmd` on file descriptor fd.
    #[pyfunction(sig = "($module, fd, cmd, arg=0, /)")]
    fn fcntl(vm: &Vm, fd: Fd, cmd: i32, arg: Option<&Value>) -> PyResult {
        let number = match arg {
            None => Some(0),
            Some(v) if vm.has_index(v) => Some(util::offset(vm, v)?),
            Some(_) => None,
        };
        if let Some(n) = number {
            if takes_pointer(cmd) {
                return Err(util::os_error(vm, taipan_host::Errno(14)));
            }
            // SAFETY: commands that take pointers were refused.
            let n = call(vm, || unsafe { host::fcntl_int(fd.0, cmd, n) })?;
            return vm.new_int(n.into());
        }
        let Some(arg) = arg else {
            return Ok(vm.none());
        };
        let mut bytes = argument(vm, arg, "fcntl")?;
        // SAFETY: the structure has at most 1,024 bytes and comes from the caller as plain data.
        call(vm, || unsafe { host::fcntl_bytes(fd.0, cmd, &mut bytes) })?;
        Ok(vm.new_bytes(&bytes)?.into_value())
    }

    /// Perform the operation request on file descriptor fd.
    #[pyfunction(sig = "($module, fd, request, arg=0, mutate_flag=True, /)")]
    fn ioctl(vm: &Vm, fd: Fd, request: &Value, arg: Option<&Value>, mutate_flag: bool) -> PyResult {
        let request = util::offset(vm, request)? as u32 as u64;
        let number = match arg {
            None => Some(0),
            Some(v) if vm.has_index(v) => Some(util::offset(vm, v)?),
            Some(_) => None,
        };
        if let Some(n) = number {
            if !ioctl_takes_integer(request) {
                return Err(util::os_error(vm, taipan_host::Errno(14)));
            }
            // SAFETY: requests that take pointers were refused.
            let n = call(vm, || unsafe { host::ioctl_int(fd.0, request, n) })?;
            return vm.new_int(n.into());
        }
        let Some(arg) = arg else {
            return Ok(vm.none());
        };
        if arg.downcast_ref::<Str>().is_none()
            && arg.downcast_ref::<taipan_object::Bytes>().is_none()
            && mutate_flag
            && let Ok(target) = util::writable(vm, arg).map_err(|r| drop(vm.take_raised(r)))
        {
            let mut bytes = target.0.to_vec();
            if bytes.len() > host::MAX_ARGUMENT {
                return Err(vm.value_error("ioctl mutable arg is too long"));
            }
            // SAFETY: as in `fcntl`.
            let n = call(vm, || unsafe {
                host::ioctl_bytes(fd.0, request, &mut bytes)
            })?;
            target.put(0, &bytes);
            return vm.new_int(n.into());
        }
        let mut bytes = argument(vm, arg, "ioctl")?;
        // SAFETY: as in `fcntl`.
        call(vm, || unsafe {
            host::ioctl_bytes(fd.0, request, &mut bytes)
        })?;
        Ok(vm.new_bytes(&bytes)?.into_value())
    }

    /// Perform the lock operation `operation` on file descriptor fd.
    #[pyfunction(sig = "($module, fd, operation, /)")]
    fn flock(vm: &Vm, fd: Fd, operation: i32) -> PyResult<()> {
        call(vm, || host::flock(fd.0, operation))
    }

    /// A wrapper around the fcntl() locking calls.
    #[pyfunction(sig = "($module, fd, cmd, len=0, start=0, whence=0, /)")]
    fn lockf(
        vm: &Vm,
        fd: Fd,
        cmd: i32,
        len: Option<&Value>,
        start: Option<&Value>,
        whence: i32,
    ) -> PyResult<()> {
        const LOCK_SH: i32 = 1;
        const LOCK_EX: i32 = 2;
        const LOCK_NB: i32 = 4;
        const LOCK_UN: i32 = 8;
        let kind = match cmd {
            LOCK_UN => 2,
            _ if cmd & LOCK_SH != 0 => 0,
            _ if cmd & LOCK_EX != 0 => 1,
            _ => return Err(vm.value_error("unrecognized lockf argument")),
        };
        let number = |v: Option<&Value>| v.map_or(Ok(0), |v| util::offset(vm, v));
        let (len, start) = (number(len)?, number(start)?);
        let wait = cmd & LOCK_NB == 0;
        call(vm, || {
            host::lock_range(fd.0, kind, wait, start, len, whence)
        })
    }
}

fn argument(vm: &Vm, v: &Value, function: &str) -> PyResult<Vec<u8>> {
    let bytes = util::text_or_data(vm, v)?.0.into_owned();
    if bytes.len() > host::MAX_ARGUMENT {
        return Err(vm.value_error(&format!("{function} argument 3 is too long")));
    }
    Ok(bytes)
}
