//! `_posixsubprocess`: starting a program in a forked child with everything that `subprocess.Popen` can ask for.

use taipan_host::types::Disposition;
use taipan_host::{Errno, env, fs, process, signal};
use taipan_macros::pyfunctions;
use taipan_object::{ModuleSpec, PyResult, Ref, Tuple, Value, Vm};

use crate::posix::path::id;
use crate::posix::process::{after_fork_child, after_fork_parent, before_fork};
use crate::util::{self, done, fs_convert, offset};

/// `_posixsubprocess`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_posixsubprocess",
    doc: Some("A POSIX helper for the subprocess module."),
    functions: &[functions::FUNCTIONS],
    types: &[],
    exec: None,
};

/// What the child does.
struct Plan {
    args: Option<Vec<Vec<u8>>>,
    programs: Vec<Vec<u8>>,
    environment: Option<Vec<Vec<u8>>>,
    cwd: Option<Vec<u8>>,
    close_fds: bool,
    keep: Vec<i32>,
    /// p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite, errpipe_read, errpipe_write
    fds: [i32; 8],
    restore_signals: bool,
    setsid: bool,
    pgid: i32,
    gid: Option<u32>,
    groups: Option<Vec<u32>>,
    uid: Option<u32>,
    umask: i32,
}

/// What failed, and what the parent is told about it.
type Failure = (Errno, &'static str);

fn before(e: Errno) -> Failure {
    (e, "noexec")
}

impl Plan {
    /// Prepares the child. Descriptors 0 to 2 are in place afterwards, and the parent's ends of the pipes closed.
    fn prepare(&self) -> Result<(), Failure> {
        let [
            p2cread,
            p2cwrite,
            c2pread,
            c2pwrite,
            errread,
            errwrite,
            errpipe_read,
            errpipe_write,
        ] = self.fds;
        for fd in &self.keep {
            // A descriptor that is not open is the caller's concern, as in CPython.
            if *fd != errpipe_write && fs::get_inheritable(*fd) == Ok(false) {
                fs::set_inheritable(*fd, true).map_err(before)?;
            }
        }
        for fd in [p2cwrite, c2pread, errread] {
            if fd >= 0 {
                fs::close(fd).map_err(before)?;
            }
        }
        fs::close(errpipe_read).map_err(before)?;
        // What stands where another end must go moves out of the way first.
        let mut c2pwrite = c2pwrite;
        if c2pwrite == 0 {
            c2pwrite = fs::dup(c2pwrite).map_err(before)?;
        }
        let mut errwrite = errwrite;
        while errwrite == 0 || errwrite == 1 {
            errwrite = fs::dup(errwrite).map_err(before)?;
        }
        for (fd, to) in [(p2cread, 0), (c2pwrite, 1), (errwrite, 2)] {
            if fd == to {
                fs::set_inheritable(fd, true).map_err(before)?;
            } else if fd >= 0 {
                fs::dup2(fd, to, true).map_err(before)?;
            }
        }
        if let Some(cwd) = &self.cwd {
            env::chdir(cwd).map_err(|e| (e, "noexec:chdir"))?;
        }
        if self.umask >= 0 {
            fs::umask(self.umask as u32);
        }
        if self.restore_signals {
            for n in [13, 25] {
                let _ = signal::install(n, Disposition::Default);
            }
        }
        if self.setsid {
            process::setsid().map_err(before)?;
        }
        if self.pgid >= 0 {
            process::setpgid(0, self.pgid).map_err(before)?;
        }
        if let Some(groups) = &self.groups {
            process::setgroups(groups).map_err(before)?;
        }
        if let Some(gid) = self.gid {
            process::setregid(gid, gid).map_err(before)?;
        }
        if let Some(uid) = self.uid {
            process::setreuid(uid, uid).map_err(before)?;
        }
        Ok(())
    }

    fn close_others(&self) {
        let mut open = Vec::new();
        if let Ok(mut dir) = fs::Dir::open(b"/proc/self/fd") {
            while let Ok(Some(entry)) = dir.next_entry() {
                let number = std::str::from_utf8(&entry.name).ok();
                open.extend(number.and_then(|n| n.parse::<i32>().ok()));
            }
        } else {
            let most = process::sysconf(4).unwrap_or(256).clamp(0, 65536);
            open.extend(3..most as i32);
        }
        for fd in open {
            if fd > 2 && fd != self.fds[7] && !self.keep.contains(&fd) {
                let _ = fs::close(fd);
            }
        }
    }

    /// Tries the programs in order; the error that says most.
    fn exec(&self) -> Errno {
        let empty = Vec::new();
        let args = self.args.as_ref().unwrap_or(&empty);
        let own;
        let environment = match &self.environment {
            Some(e) => e,
            None => {
                own = env::block();
                &own
            }
        };
        let mut told = None;
        let mut last = Errno::ENOENT;
        for program in &self.programs {
            last = match process::execve(program, args, environment) {
                Ok(never) => match never {},
                Err(e) => e,
            };
            if last != Errno::ENOENT && last != Errno::ENOTDIR {
                told = Some(last);
            }
        }
        told.unwrap_or(last)
    }
}

/// The child's part; it does not return.
fn child(vm: &Vm, plan: &Plan, preexec: Option<&Value>) -> ! {
    let report = |text: String| -> ! {
        let _ = fs::write_all(plan.fds[7], text.as_bytes());
        process::exit_now(255)
    };
    if let Err((e, what)) = plan.prepare() {
        report(format!("OSError:{:X}:{what}", e.0));
    }
    if let Some(f) = preexec
        && let Err(r) = vm.call0(f)
    {
        vm.take_raised(r);
        report("SubprocessError:0:Exception occurred in preexec_fn.".to_owned());
    }
    if plan.close_fds {
        plan.close_others();
    }
    let e = plan.exec();
    report(format!("OSError:{:X}:", e.0))
}

fn int(vm: &Vm, v: &Value) -> PyResult<i32> {
    i32::try_from(offset(vm, v)?)
        .map_err(|_| vm.overflow_error("Python int too large to convert to C int"))
}

fn paths(vm: &Vm, v: &Value) -> PyResult<Vec<Vec<u8>>> {
    vm.collect(v)?.iter().map(|p| fs_convert(vm, p)).collect()
}

fn given<'a>(vm: &Vm, v: &'a Value) -> Option<&'a Value> {
    (!vm.is_none(v)).then_some(v)
}

#[pyfunctions(FUNCTIONS)]
#[allow(unsafe_code, reason = "forking is what this module is for")]
mod functions {
    use super::*;

    /// Spawn a fresh new child process.
    #[pyfunction(
        sig = "($module, args, executable_list, close_fds, pass_fds, cwd,\n          env, p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite,\n          errpipe_read, errpipe_write, restore_signals, call_setsid,\n          pgid_to_set, gid, extra_groups, uid, child_umask, preexec_fn,\n          /)"
    )]
    fn fork_exec(
        vm: &Vm,
        args: &Value,
        executable_list: &Value,
        close_fds: bool,
        pass_fds: &Ref<Tuple>,
        cwd: &Value,
        env: &Value,
        p2cread: i32,
        p2cwrite: i32,
        c2pread: i32,
        c2pwrite: i32,
        errread: i32,
        errwrite: i32,
        errpipe_read: i32,
        errpipe_write: i32,
        restore_signals: bool,
        call_setsid: bool,
        pgid_to_set: i32,
        gid: &Value,
        extra_groups: &Value,
        uid: &Value,
        child_umask: i32,
        preexec_fn: &Value,
    ) -> PyResult<i32> {
        if close_fds && errpipe_write < 3 {
            return Err(vm.value_error("errpipe_write must be >= 3"));
        }
        let keep = pass_fds
            .as_slice()
            .iter()
            .map(|v| int(vm, v))
            .collect::<PyResult<Vec<i32>>>()?;
        if keep.windows(2).any(|w| w[0] >= w[1]) || keep.first().is_some_and(|fd| *fd < 0) {
            return Err(vm.value_error("bad value(s) in fds_to_keep"));
        }
        let plan = Plan {
            args: given(vm, args).map(|v| paths(vm, v)).transpose()?,
            programs: paths(vm, executable_list)?,
            environment: match given(vm, env) {
                Some(v) => Some(
                    vm.collect(v)?
                        .iter()
                        .map(|v| util::data(vm, v).map(|d| d.0.into_owned()))
                        .collect::<PyResult<_>>()?,
                ),
                None => None,
            },
            cwd: given(vm, cwd).map(|v| fs_convert(vm, v)).transpose()?,
            close_fds,
            keep,
            fds: [
                p2cread,
                p2cwrite,
                c2pread,
                c2pwrite,
                errread,
                errwrite,
                errpipe_read,
                errpipe_write,
            ],
            restore_signals,
            setsid: call_setsid,
            pgid: pgid_to_set,
            gid: given(vm, gid).map(|v| id(vm, v, "gid")).transpose()?,
            groups: match given(vm, extra_groups) {
                Some(v) => Some(
                    vm.collect(v)?
                        .iter()
                        .map(|v| id(vm, v, "gid"))
                        .collect::<PyResult<_>>()?,
                ),
                None => None,
            },
            uid: given(vm, uid).map(|v| id(vm, v, "uid")).transpose()?,
            umask: child_umask,
        };
        let preexec = given(vm, preexec_fn);
        if preexec.is_some() {
            before_fork(vm);
        }
        // SAFETY: this thread holds the GIL; the child either replaces itself by another program or ends, and until
        // then runs on this thread's state alone.
        let pid = unsafe { process::fork() };
        if pid == Ok(0) {
            if preexec.is_some() {
                after_fork_child(vm);
            }
            child(vm, &plan, preexec);
        }
        if preexec.is_some() {
            after_fork_parent(vm);
        }
        done(vm, pid)
    }
}
