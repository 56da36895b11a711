//! Functions of `posix` on processes and the system: identity, starting, waiting, limits, configuration.

use taipan_host::consts::{CONFSTR, PATHCONF, SYSCONF};
use taipan_host::types::{SpawnAction, SpawnAttrs};
use taipan_host::{Errno, env, process, users};
use taipan_macros::pyfunctions;
use taipan_object::convert::Fd;
use taipan_object::{Dict, PyCell, PyResult, Ref, Str, Tuple, Value, Vm};

use super::path::{Gid, Path, PathBuf, PathOrFd, Uid, configuration_name, environment, strings};
use super::structs::{TIMES_RESULT, UNAME_RESULT, WAITID_RESULT, rusage_result};
use crate::util::{self, call, done, fs_text};

pub use functions::FUNCTIONS;

/// What `register_at_fork` was given: before, after in the parent, after in the child.
#[derive(Default)]
struct AtFork {
    hooks: [std::cell::RefCell<Vec<Value>>; 3],
    /// Kept so that hooks live as long as the interpreter.
    _anchor: Option<PyCell<Value>>,
}

fn run_hooks(vm: &Vm, which: usize) {
    let hooks: Vec<Value> = match vm.state::<AtFork>().hooks.get(which) {
        Some(hooks) => hooks.borrow().clone(),
        None => return,
    };
    // Those before the fork run in the reverse order.
    let ordered: Vec<Value> = match which {
        0 => hooks.into_iter().rev().collect(),
        _ => hooks,
    };
    for hook in ordered {
        if let Err(r) = vm.call0(&hook) {
            let e = vm.take_raised(r);
            let _ = vm.raise_as_is(e);
            vm.unraisable(None, Some(&hook));
        }
    }
}

/// Runs what `os.register_at_fork` registered for before the fork.
pub fn before_fork(vm: &Vm) {
    run_hooks(vm, 0);
}

/// Runs what was registered for the parent after the fork.
pub fn after_fork_parent(vm: &Vm) {
    run_hooks(vm, 1);
}

/// Runs what was registered for the child after the fork.
pub fn after_fork_child(vm: &Vm) {
    crate::signal::after_fork(vm);
    crate::util::threads_after_fork(vm);
    run_hooks(vm, 2);
}

fn fork_now(vm: &Vm) -> PyResult<i32> {
    fork_with(vm, || ())
}

/// Forks; the child runs `in_child` before the hooks.
pub(super) fn fork_with(vm: &Vm, in_child: impl FnOnce()) -> PyResult<i32> {
    before_fork(vm);
    // SAFETY: this thread holds the GIL, so no other thread of the interpreter is inside its state; the child goes on
    // as this thread alone, and takes what belongs to other threads apart in `after_fork_child`.
    #[allow(unsafe_code, reason = "the one way to fork")]
    let pid = unsafe { process::fork() };
    match pid {
        Ok(0) => {
            in_child();
            after_fork_child(vm);
        }
        _ => after_fork_parent(vm),
    }
    done(vm, pid)
}

fn exit_code(vm: &Vm, status: i32) -> PyResult<i32> {
    if status & 0x7f == 0 {
        return Ok(status >> 8 & 0xff);
    }
    let stopped = status & 0xff == 0x7f;
    if stopped {
        let signal = status >> 8 & 0xff;
        return Err(vm.value_error(&format!("process stopped by delivery of signal {signal}")));
    }
    let signal = status & 0x7f;
    if signal == 0 {
        return Err(vm.value_error(&format!("invalid wait status: {status}")));
    }
    Ok(-signal)
}

fn exec_args(vm: &Vm, argv: &Value, function: &str) -> PyResult<Vec<Vec<u8>>> {
    let what = if function == "execv" { "arg 2" } else { "argv" };
    let (call, kind) = match function {
        "execv" => ("execv()", what),
        _ => ("execve:", what),
    };
    let args = strings(vm, argv, call, kind)?;
    match args.first() {
        None => Err(vm.value_error(&format!("{call} {kind} must not be empty"))),
        Some(first) if first.is_empty() => {
            Err(vm.value_error(&format!("{call} {kind} first element cannot be empty")))
        }
        Some(_) => Ok(args),
    }
}

fn spawn_actions(vm: &Vm, v: &Value) -> PyResult<Vec<SpawnAction>> {
    let mut out = Vec::new();
    for action in vm.collect(v)? {
        let Some(t) = action.downcast_ref::<Tuple>().filter(|t| !t.is_empty()) else {
            return Err(vm.type_error("Each file_actions element must be a non-empty tuple"));
        };
        let items = t.as_slice();
        let int = |v: &Value| -> PyResult<i32> {
            let n = vm.index(v)?;
            n.as_int()
                .and_then(|i| i.to_i64())
                .and_then(|i| i32::try_from(i).ok())
                .ok_or_else(|| vm.overflow_error("Python int too large to convert to C int"))
        };
        let tag = int(&items[0])?;
        out.push(match (tag, &items[1..]) {
            (0, [fd, path, flags, mode]) => SpawnAction::Open {
                fd: int(fd)?,
                path: util::fs_convert(vm, path)?,
                flags: int(flags)?,
                mode: int(mode)? as u32,
            },
            (0, _) => {
                return Err(vm.type_error("A open file_action tuple must have 5 elements"));
            }
            (1, [fd]) => SpawnAction::Close(int(fd)?),
            (1, _) => {
                return Err(vm.type_error("A close file_action tuple must have 2 elements"));
            }
            (2, [fd, to]) => SpawnAction::Dup2(int(fd)?, int(to)?),
            (2, _) => {
                return Err(vm.type_error("A dup2 file_action tuple must have 3 elements"));
            }
            (3, [fd]) => SpawnAction::CloseFrom(int(fd)?),
            (3, _) => {
                return Err(vm.type_error("A closefrom file_action tuple must have 2 elements"));
            }
            _ => return Err(vm.type_error("Unknown file_actions identifier")),
        });
    }
    Ok(out)
}

fn spawn(
    vm: &Vm,
    path: &PathBuf,
    argv: &Value,
    env: &Value,
    options: &[Option<&Value>; 7],
    search: bool,
) -> PyResult<i32> {
    let name = if search {
        "posix_spawnp"
    } else {
        "posix_spawn"
    };
    let args = strings(vm, argv, &format!("{name}:"), "argv")?;
    match args.first() {
        None => return Err(vm.value_error(&format!("{name}: argv must not be empty"))),
        Some(first) if first.is_empty() => {
            return Err(vm.value_error(&format!("{name}: argv first element cannot be empty")));
        }
        Some(_) => {}
    }
    let env = match vm.is_none(env) {
        true => taipan_host::env::block(),
        false => environment(vm, env, name)?,
    };
    let [
        actions,
        pgroup,
        resetids,
        setsid,
        sigmask,
        sigdefault,
        scheduler,
    ] = *options;
    let given = |v: Option<&Value>| v.filter(|v| !vm.is_none(v)).cloned();
    let actions = match given(actions) {
        Some(v) => spawn_actions(vm, &v)?,
        None => Vec::new(),
    };
    let truth = |v: Option<&Value>| v.map_or(Ok(false), |v| vm.is_true(v));
    let signals = |v: Option<&Value>| -> PyResult<Option<u64>> {
        match given(v) {
            Some(v) => {
                let set = crate::signal::signal_set(vm, &v)?;
                Ok((set != 0).then_some(set))
            }
            None => Ok(None),
        }
    };
    let attrs = SpawnAttrs {
        pgroup: match given(pgroup) {
            Some(v) => Some(util::offset(vm, &v)? as i32),
            None => None,
        },
        resetids: truth(resetids)?,
        setsid: truth(setsid)?,
        sigmask: signals(sigmask)?,
        sigdefault: signals(sigdefault)?,
        scheduler: match given(scheduler) {
            Some(v) => {
                let items = vm.collect(&v)?;
                let [policy, param] = items.as_slice() else {
                    return Err(vm.type_error("A scheduler tuple must have two elements"));
                };
                let policy = match vm.is_none(policy) {
                    true => None,
                    false => Some(util::offset(vm, policy)? as i32),
                };
                let priority = vm.getattr_str(param, "sched_priority")?;
                Some((policy, util::offset(vm, &priority)? as i32))
            }
            None => None,
        },
    };
    process::posix_spawn(&path.bytes, &args, &env, &actions, &attrs, search)
        .map_err(|e| path.error(vm, e))
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Return the current process id.
    #[pyfunction(sig = "($module, /)")]
    fn getpid() -> i32 {
        process::getpid()
    }
    /// Return the parent's process id.
    #[pyfunction(sig = "($module, /)")]
    fn getppid() -> i32 {
        process::getppid()
    }
    /// Return the current process's user id.
    #[pyfunction(sig = "($module, /)")]
    fn getuid() -> u32 {
        process::getuid()
    }
    /// Return the current process's effective user id.
    #[pyfunction(sig = "($module, /)")]
    fn geteuid() -> u32 {
        process::geteuid()
    }
    /// Return the current process's group id.
    #[pyfunction(sig = "($module, /)")]
    fn getgid() -> u32 {
        process::getgid()
    }
    /// Return the current process's effective group id.
    #[pyfunction(sig = "($module, /)")]
    fn getegid() -> u32 {
        process::getegid()
    }
    /// Return the current process group id.
    #[pyfunction(sig = "($module, /)")]
    fn getpgrp() -> i32 {
        process::getpgrp()
    }
    /// Call the system call getpgid(), and return the result.
    #[pyfunction(sig = "($module, /, pid)")]
    fn getpgid(vm: &Vm, pid: i32) -> PyResult<i32> {
        done(vm, process::getpgid(pid))
    }
    /// Call the system call getsid(pid) and return the result.
    #[pyfunction(sig = "($module, pid, /)")]
    fn getsid(vm: &Vm, pid: i32) -> PyResult<i32> {
        done(vm, process::getsid(pid))
    }
    /// Call the system call setsid().
    #[pyfunction(sig = "($module, /)")]
    fn setsid(vm: &Vm) -> PyResult<()> {
        done(vm, process::setsid()).map(drop)
    }
    /// Make the current process the leader of its process group.
    #[pyfunction(sig = "($module, /)")]
    fn setpgrp(vm: &Vm) -> PyResult<()> {
        done(vm, process::setpgid(0, 0))
    }
    /// Call the system call setpgid(pid, pgrp).
    #[pyfunction(sig = "($module, pid, pgrp, /)")]
    fn setpgid(vm: &Vm, pid: i32, pgrp: i32) -> PyResult<()> {
        done(vm, process::setpgid(pid, pgrp))
    }
    /// Return a tuple of the current process's real, effective, and saved user ids.
    #[pyfunction(sig = "($module, /)")]
    fn getresuid(vm: &Vm) -> PyResult<(u32, u32, u32)> {
        done(vm, process::getresuid())
    }
    /// Return a tuple of the current process's real, effective, and saved group ids.
    #[pyfunction(sig = "($module, /)")]
    fn getresgid(vm: &Vm) -> PyResult<(u32, u32, u32)> {
        done(vm, process::getresgid())
    }
    /// Set the current process's user id.
    #[pyfunction(sig = "($module, uid, /)")]
    fn setuid(vm: &Vm, uid: Uid) -> PyResult<()> {
        done(vm, process::setuid(uid.0))
    }
    /// Set the current process's effective user id.
    #[pyfunction(sig = "($module, euid, /)")]
    fn seteuid(vm: &Vm, euid: Uid) -> PyResult<()> {
        done(vm, process::seteuid(euid.0))
    }
    /// Set the current process's group id.
    #[pyfunction(sig = "($module, gid, /)")]
    fn setgid(vm: &Vm, gid: Gid) -> PyResult<()> {
        done(vm, process::setgid(gid.0))
    }
    /// Set the current process's effective group id.
    #[pyfunction(sig = "($module, egid, /)")]
    fn setegid(vm: &Vm, egid: Gid) -> PyResult<()> {
        done(vm, process::setegid(egid.0))
    }
    /// Set the current process's real and effective user ids.
    #[pyfunction(sig = "($module, ruid, euid, /)")]
    fn setreuid(vm: &Vm, ruid: Uid, euid: Uid) -> PyResult<()> {
        done(vm, process::setreuid(ruid.0, euid.0))
    }
    /// Set the current process's real and effective group ids.
    #[pyfunction(sig = "($module, rgid, egid, /)")]
    fn setregid(vm: &Vm, rgid: Gid, egid: Gid) -> PyResult<()> {
        done(vm, process::setregid(rgid.0, egid.0))
    }
    /// Set the current process's real, effective, and saved user ids.
    #[pyfunction(sig = "($module, ruid, euid, suid, /)")]
    fn setresuid(vm: &Vm, ruid: Uid, euid: Uid, suid: Uid) -> PyResult<()> {
        done(vm, process::setresuid(ruid.0, euid.0, suid.0))
    }
    /// Set the current process's real, effective, and saved group ids.
    #[pyfunction(sig = "($module, rgid, egid, sgid, /)")]
    fn setresgid(vm: &Vm, rgid: Gid, egid: Gid, sgid: Gid) -> PyResult<()> {
        done(vm, process::setresgid(rgid.0, egid.0, sgid.0))
    }
    /// Return list of supplemental group IDs for the process.
    #[pyfunction(sig = "($module, /)")]
    fn getgroups(vm: &Vm) -> PyResult<Vec<u32>> {
        done(vm, process::getgroups())
    }
    /// Set the groups of the current process to list.
    #[pyfunction(sig = "($module, groups, /)")]
    fn setgroups(vm: &Vm, groups: &Value) -> PyResult<()> {
        let items = vm.collect(groups)?;
        let ids = items
            .iter()
            .map(|v| super::super::path::id(vm, v, "gid"))
            .collect::<PyResult<Vec<u32>>>()?;
        done(vm, process::setgroups(&ids))
    }
    /// Returns a list of groups to which a user belongs.
    #[pyfunction(sig = "($module, user, group, /)")]
    fn getgrouplist(vm: &Vm, user: &str, group: Gid) -> PyResult<Vec<u32>> {
        done(vm, process::getgrouplist(user.as_bytes(), group.0))
    }
    /// Return the actual login name.
    #[pyfunction(sig = "($module, /)")]
    fn getlogin(vm: &Vm) -> PyResult<Ref<Str>> {
        let name = done(vm, users::login())?;
        fs_text(vm, &name)
    }

    /// Kill a process with a signal.
    #[pyfunction(sig = "($module, pid, signal, /)")]
    fn kill(vm: &Vm, pid: i32, signal: isize) -> PyResult<()> {
        done(vm, process::kill(pid, signal as i32))?;
        // A signal to this process is handled before the call returns.
        util::check_signals(vm)
    }
    /// Kill a process group with a signal.
    #[pyfunction(sig = "($module, pgid, signal, /)")]
    fn killpg(vm: &Vm, pgid: i32, signal: i32) -> PyResult<()> {
        done(vm, process::killpg(pgid, signal))?;
        util::check_signals(vm)
    }
    /// Exit to the system with specified status, without normal exit processing.
    #[pyfunction(sig = "($module, /, status)")]
    fn _exit(vm: &Vm, status: i32) {
        let _ = vm;
        process::exit_now(status)
    }
    /// Abort the interpreter immediately.
    #[pyfunction(sig = "($module, /)")]
    fn abort(vm: &Vm) {
        let _ = vm;
        process::abort()
    }

    /// Fork a child process: 0 in the child, its id in the parent.
    #[pyfunction(sig = "($module, /)")]
    fn fork(vm: &Vm) -> PyResult<i32> {
        fork_now(vm)
    }

    /// Register callables to be called when forking a new process.
    #[pyfunction(
        sig = "($module, /, *, before=<unrepresentable>,\n                 after_in_child=<unrepresentable>,\n                 after_in_parent=<unrepresentable>)"
    )]
    fn register_at_fork(
        vm: &Vm,
        before: Option<&Value>,
        after_in_child: Option<&Value>,
        after_in_parent: Option<&Value>,
    ) -> PyResult<()> {
        let given = [
            (0, "before", before),
            (2, "after_in_child", after_in_child),
            (1, "after_in_parent", after_in_parent),
        ];
        if given.iter().all(|(_, _, v)| v.is_none()) {
            return Err(vm.type_error("At least one argument is required."));
        }
        for (_, name, v) in &given {
            if let Some(v) = v
                && !vm.is_callable(v)
            {
                return Err(vm.type_error(&format!(
                    "'{name}' must be callable, not {}",
                    vm.type_name(v)
                )));
            }
        }
        let state = vm.state::<AtFork>();
        for (i, _, v) in given {
            if let (Some(v), Some(hooks)) = (v, state.hooks.get(i)) {
                hooks.borrow_mut().push(v.clone());
            }
        }
        Ok(())
    }

    /// Execute an executable path with arguments, replacing current process.
    #[pyfunction(sig = "($module, path, argv, /)")]
    fn execv(vm: &Vm, path: Path, argv: &Value) -> PyResult<()> {
        let args = exec_args(vm, argv, "execv")?;
        match process::execve(&path.bytes, &args, &env::block()) {
            Ok(never) => match never {},
            Err(e) => Err(util::os_error(vm, e)),
        }
    }
    /// Execute an executable path with arguments, replacing current process.
    #[pyfunction(sig = "($module, /, path, argv, env)")]
    fn execve(vm: &Vm, path: PathOrFd, argv: &Value, env: &Value) -> PyResult<()> {
        let args = exec_args(vm, argv, "execve")?;
        let env = environment(vm, env, "execve")?;
        let failed = match path.fd {
            Some(fd) => process::fexecve(fd, &args, &env),
            None => process::execve(&path.bytes, &args, &env),
        };
        match failed {
            Ok(never) => match never {},
            Err(e) => Err(path.error(vm, e)),
        }
    }
    /// Execute the program specified by path in a new process.
    #[pyfunction(
        sig = "($module, path, argv, env, /, *, file_actions=(),\n            setpgroup=None, resetids=False, setsid=False,\n            setsigmask=(), setsigdef=(), scheduler=None)"
    )]
    fn posix_spawn(
        vm: &Vm,
        path: Path,
        argv: &Value,
        env: &Value,
        file_actions: Option<&Value>,
        setpgroup: Option<&Value>,
        resetids: Option<&Value>,
        setsid: Option<&Value>,
        setsigmask: Option<&Value>,
        setsigdef: Option<&Value>,
        scheduler: Option<&Value>,
    ) -> PyResult<i32> {
        let options = [
            file_actions,
            setpgroup,
            resetids,
            setsid,
            setsigmask,
            setsigdef,
            scheduler,
        ];
        spawn(vm, &path, argv, env, &options, false)
    }
    /// Execute the program specified by path in a new process, searching PATH.
    #[pyfunction(
        sig = "($module, path, argv, env, /, *, file_actions=(),\n             setpgroup=None, resetids=False, setsid=False,\n             setsigmask=(), setsigdef=(), scheduler=None)"
    )]
    fn posix_spawnp(
        vm: &Vm,
        path: Path,
        argv: &Value,
        env: &Value,
        file_actions: Option<&Value>,
        setpgroup: Option<&Value>,
        resetids: Option<&Value>,
        setsid: Option<&Value>,
        setsigmask: Option<&Value>,
        setsigdef: Option<&Value>,
        scheduler: Option<&Value>,
    ) -> PyResult<i32> {
        let options = [
            file_actions,
            setpgroup,
            resetids,
            setsid,
            setsigmask,
            setsigdef,
            scheduler,
        ];
        spawn(vm, &path, argv, env, &options, true)
    }
    /// Execute the command in a subshell.
    #[pyfunction(sig = "($module, /, command)")]
    fn system(vm: &Vm, command: &Value) -> PyResult<i32> {
        let command = util::fs_convert(vm, command)?;
        let args = [b"sh".to_vec(), b"-c".to_vec(), command];
        let attrs = SpawnAttrs::default();
        let pid = process::posix_spawn(b"/bin/sh", &args, &env::block(), &[], &attrs, false);
        let pid = done(vm, pid)?;
        let (_, status) = call(vm, || process::waitpid(pid, 0))?;
        Ok(status)
    }

    /// Wait for completion of a child process.
    #[pyfunction(sig = "($module, /)")]
    fn wait(vm: &Vm) -> PyResult<(i32, i32)> {
        call(vm, || process::waitpid(-1, 0))
    }
    /// Wait for completion of a given child process.
    #[pyfunction(sig = "($module, pid, options, /)")]
    fn waitpid(vm: &Vm, pid: i32, options: i32) -> PyResult<(i32, i32)> {
        call(vm, || process::waitpid(pid, options))
    }
    /// Wait for completion of a child process.
    #[pyfunction(sig = "($module, /, options)")]
    fn wait3(vm: &Vm, options: i32) -> PyResult<(i32, i32, Ref<Tuple>)> {
        let (pid, status, usage) = call(vm, || process::wait4(-1, options))?;
        Ok((pid, status, rusage_result(vm, &usage)?))
    }
    /// Wait for completion of a specific child process.
    #[pyfunction(sig = "($module, /, pid, options)")]
    fn wait4(vm: &Vm, pid: i32, options: i32) -> PyResult<(i32, i32, Ref<Tuple>)> {
        let (pid, status, usage) = call(vm, || process::wait4(pid, options))?;
        Ok((pid, status, rusage_result(vm, &usage)?))
    }
    /// Returns the result of waiting for a process or processes.
    #[pyfunction(sig = "($module, idtype, id, options, /)")]
    fn waitid(vm: &Vm, idtype: i32, id: i32, options: i32) -> PyResult<Option<Ref<Tuple>>> {
        let info = call(vm, || process::waitid(idtype as u32, id as u32, options))?;
        let Some((pid, uid, signal, status, code)) = info else {
            return Ok(None);
        };
        let v = [
            i64::from(pid),
            uid.into(),
            signal.into(),
            status.into(),
            code.into(),
        ];
        let v = v
            .map(|n| vm.new_int(n))
            .into_iter()
            .collect::<PyResult<_>>()?;
        WAITID_RESULT.build(vm, v).map(Some)
    }
    /// Convert a wait status to an exit code.
    #[pyfunction(sig = "($module, /, status)")]
    fn waitstatus_to_exitcode(vm: &Vm, status: i32) -> PyResult<i32> {
        exit_code(vm, status)
    }
    /// Return True if the process returning status was dumped to a core file.
    #[pyfunction(sig = "($module, status, /)", name = "WCOREDUMP")]
    fn wcoredump(status: i32) -> bool {
        status & 0x80 != 0
    }
    /// Return True if a particular process was continued from a job control stop.
    #[pyfunction(sig = "($module, /, status)", name = "WIFCONTINUED")]
    fn wifcontinued(status: i32) -> bool {
        status == 0xffff
    }
    /// Return True if the process returning status was stopped.
    #[pyfunction(sig = "($module, /, status)", name = "WIFSTOPPED")]
    fn wifstopped(status: i32) -> bool {
        status & 0xff == 0x7f
    }
    /// Return True if the process returning status was terminated by a signal.
    #[pyfunction(sig = "($module, /, status)", name = "WIFSIGNALED")]
    fn wifsignaled(status: i32) -> bool {
        let signal = status & 0x7f;
        signal != 0 && signal != 0x7f
    }
    /// Return True if the process returning status exited via the exit() system call.
    #[pyfunction(sig = "($module, /, status)", name = "WIFEXITED")]
    fn wifexited(status: i32) -> bool {
        status & 0x7f == 0
    }
    /// Return the process return code from status.
    #[pyfunction(sig = "($module, /, status)", name = "WEXITSTATUS")]
    fn wexitstatus(status: i32) -> i32 {
        status >> 8 & 0xff
    }
    /// Return the signal that terminated the process that provided the status value.
    #[pyfunction(sig = "($module, /, status)", name = "WTERMSIG")]
    fn wtermsig(status: i32) -> i32 {
        status & 0x7f
    }
    /// Return the signal that stopped the process that provided the status value.
    #[pyfunction(sig = "($module, /, status)", name = "WSTOPSIG")]
    fn wstopsig(status: i32) -> i32 {
        status >> 8 & 0xff
    }
    /// Return a file descriptor referring to the process *pid*.
    #[pyfunction(sig = "($module, /, pid, flags=0)")]
    fn pidfd_open(vm: &Vm, pid: i32, flags: u32) -> PyResult<i32> {
        done(vm, process::pidfd_open(pid, flags))
    }

    /// Add increment to the priority of process and return the new priority.
    #[pyfunction(sig = "($module, increment, /)")]
    fn nice(vm: &Vm, increment: i32) -> PyResult<i32> {
        done(vm, process::nice(increment))
    }
    /// Return program scheduling priority.
    #[pyfunction(sig = "($module, /, which, who)")]
    fn getpriority(vm: &Vm, which: i32, who: i32) -> PyResult<i32> {
        done(vm, process::getpriority(which as u32, who as u32))
    }
    /// Set program scheduling priority.
    #[pyfunction(sig = "($module, /, which, who, priority)")]
    fn setpriority(vm: &Vm, which: i32, who: i32, priority: i32) -> PyResult<()> {
        done(vm, process::setpriority(which as u32, who as u32, priority))
    }
    /// Voluntarily relinquish the CPU.
    #[pyfunction(sig = "($module, /)")]
    fn sched_yield(vm: &Vm) -> PyResult<()> {
        done(vm, util::blocking(vm, process::sched_yield))
    }
    /// Return the affinity of the process identified by pid (or the current process if zero).
    #[pyfunction(sig = "($module, pid, /)")]
    fn sched_getaffinity(vm: &Vm, pid: i32) -> PyResult {
        let cpus = done(vm, process::sched_getaffinity(pid))?;
        let list = taipan_object::convert::IntoPy::into_py(cpus, vm)?;
        vm.call1(vm.types().set.as_value(), &list)
    }
    /// Set the CPU affinity of the process identified by pid to mask.
    #[pyfunction(sig = "($module, pid, mask, /)")]
    fn sched_setaffinity(vm: &Vm, pid: i32, mask: &Value) -> PyResult<()> {
        let mut cpus = Vec::new();
        for v in vm.collect(mask)? {
            let Ok(cpu) = usize::try_from(util::offset(vm, &v)?) else {
                return Err(vm.value_error("negative CPU number"));
            };
            cpus.push(cpu);
        }
        done(vm, process::sched_setaffinity(pid, &cpus))
    }
    /// Return the number of logical CPUs in the system.
    #[pyfunction(sig = "($module, /)")]
    fn cpu_count(vm: &Vm) -> PyResult<Option<usize>> {
        // What -X cpu_count says counts more.
        let sys = vm.import("sys")?;
        let asked = vm.call_method_str(&sys, "_get_cpu_count_config", &[])?;
        Ok(match asked.as_int().and_then(|n| n.to_i64()) {
            Some(n) if n > 0 => usize::try_from(n).ok(),
            _ => process::cpu_count(),
        })
    }
    /// Return average recent system load information.
    #[pyfunction(sig = "($module, /)")]
    fn getloadavg(vm: &Vm) -> PyResult<(f64, f64, f64)> {
        match process::getloadavg() {
            Some([a, b, c]) => Ok((a, b, c)),
            None => Err(vm.raise_new(&vm.exc().OSError, "Load averages are unobtainable")),
        }
    }
    /// Return a collection containing process timing information.
    #[pyfunction(sig = "($module, /)")]
    fn times(vm: &Vm) -> PyResult<Ref<Tuple>> {
        let (u, s, cu, cs, e) = done(vm, process::times())?;
        let ticks = process::sysconf(2).unwrap_or(100).max(1) as f64;
        let v = [u, s, cu, cs, e]
            .into_iter()
            .map(|n| vm.new_float(n as f64 / ticks))
            .collect::<PyResult<_>>()?;
        TIMES_RESULT.build(vm, v)
    }
    /// Return an object identifying the current operating system.
    #[pyfunction(sig = "($module, /)")]
    fn uname(vm: &Vm) -> PyResult<Ref<Tuple>> {
        let u = done(vm, process::uname())?;
        let v = [u.sysname, u.nodename, u.release, u.version, u.machine]
            .iter()
            .map(|s| fs_text(vm, s).map(Ref::into_value))
            .collect::<PyResult<_>>()?;
        UNAME_RESULT.build(vm, v)
    }
    /// Return an integer-valued system configuration variable.
    #[pyfunction(sig = "($module, name, /)")]
    fn sysconf(vm: &Vm, name: &Value) -> PyResult<i64> {
        let name = configuration_name(vm, name, SYSCONF)?;
        done(vm, process::sysconf(name))
    }
    /// Return a string-valued system configuration variable.
    #[pyfunction(sig = "($module, name, /)")]
    fn confstr(vm: &Vm, name: &Value) -> PyResult<Option<Ref<Str>>> {
        let name = configuration_name(vm, name, CONFSTR)?;
        match done(vm, process::confstr(name))? {
            Some(text) => fs_text(vm, &text).map(Some),
            None => Ok(None),
        }
    }
    /// Return the configuration limit name for the file or directory path.
    #[pyfunction(sig = "($module, /, path, name)")]
    fn pathconf(vm: &Vm, path: PathOrFd, name: &Value) -> PyResult<i64> {
        let name = configuration_name(vm, name, PATHCONF)?;
        let limit = match path.fd {
            Some(fd) => process::fpathconf(fd, name),
            None => process::pathconf(&path.bytes, name),
        };
        limit.map_err(|e| path.error(vm, e))
    }
    /// Return the configuration limit name for the file descriptor fd.
    #[pyfunction(sig = "($module, fd, name, /)")]
    fn fpathconf(vm: &Vm, fd: Fd, name: &Value) -> PyResult<i64> {
        let name = configuration_name(vm, name, PATHCONF)?;
        done(vm, process::fpathconf(fd.0, name))
    }
    /// Set the current numeric umask and return the previous umask.
    #[pyfunction(sig = "($module, mask, /)")]
    fn umask(mask: i32) -> u32 {
        taipan_host::fs::umask(mask as u32)
    }
    /// Translate an error code to a message string.
    #[pyfunction(sig = "($module, code, /)")]
    fn strerror(vm: &Vm, code: i32) -> PyResult<Ref<Str>> {
        fs_text(vm, &Errno(code).message())
    }

    /// Change or add an environment variable.
    #[pyfunction(sig = "($module, name, value, /)")]
    fn putenv(vm: &Vm, name: &Value, value: &Value) -> PyResult<()> {
        let name = util::fs_convert(vm, name)?;
        let value = util::fs_convert(vm, value)?;
        if name.contains(&b'=') {
            return Err(vm.value_error("illegal environment variable name"));
        }
        done(vm, env::set_var(&name, &value))
    }
    /// Delete an environment variable.
    #[pyfunction(sig = "($module, name, /)")]
    fn unsetenv(vm: &Vm, name: &Value) -> PyResult<()> {
        let name = util::fs_convert(vm, name)?;
        done(vm, env::unset_var(&name))
    }
    /// Create the environment dictionary.
    #[pyfunction(sig = "($module, /)")]
    fn _create_environ(vm: &Vm) -> PyResult<Ref<Dict>> {
        super::environ(vm)
    }

    /// Returns a raw device number, composed of a major and a minor one.
    #[pyfunction(sig = "($module, major, minor, /)")]
    fn makedev(major: u32, minor: u32) -> u64 {
        let (major, minor) = (u64::from(major), u64::from(minor));
        (major & 0xffff_f000) << 32
            | (major & 0xfff) << 8
            | (minor & 0xffff_ff00) << 12
            | (minor & 0xff)
    }
    /// Extracts a device major number from a raw device number.
    #[pyfunction(sig = "($module, device, /)")]
    fn major(device: u64) -> u64 {
        (device >> 32 & 0xffff_f000) | (device >> 8 & 0xfff)
    }
    /// Extracts a device minor number from a raw device number.
    #[pyfunction(sig = "($module, device, /)")]
    fn minor(device: u64) -> u64 {
        (device >> 12 & 0xffff_ff00) | (device & 0xff)
    }

    #[pyfunction(
        sig = "($module, /)",
        doc = "Calls PyOS_CallInputHook droppping the GIL first"
    )]
    fn _inputhook() -> i32 {
        0
    }
    #[pyfunction(
        sig = "($module, /)",
        doc = "Checks if PyOS_CallInputHook has been set."
    )]
    fn _is_inputhook_installed() -> bool {
        false
    }
}

/// The environment as a dict of bytes.
pub fn environ(vm: &Vm) -> PyResult<Ref<Dict>> {
    let dict = vm.new_dict()?;
    for (name, value) in env::vars() {
        let name = vm.new_bytes(&name)?.into_value();
        vm.setitem(dict.as_value(), &name, vm.new_bytes(&value)?.as_value())?;
    }
    Ok(dict)
}
