//! Counting a program's machine instructions by running it one at a time under ptrace: exact, and in need of nothing that is
//! not in every Linux. It is slow (a microsecond or two for each instruction), so programs mark the parts that count.

use std::io;
use std::process::Command;

/// Runs a program, and counts what it executes between the signals SIGUSR1 that it sends to itself: the first starts a count,
/// the second ends it, and so on. The counts come in their order.
///
/// # Errors
/// Where a program cannot be traced (another system, a container that forbids it), or when it fails.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
pub fn count(command: &mut Command) -> io::Result<Vec<u64>> {
    use std::os::unix::process::CommandExt;

    // SAFETY: between fork and exec the child makes three system calls and touches no memory of ours.
    unsafe {
        command.pre_exec(|| {
            // Addresses decide how many steps some loops of the dynamic linker and the allocator take.
            libc::personality(libc::ADDR_NO_RANDOMIZE as libc::c_ulong);
            match libc::ptrace(libc::PTRACE_TRACEME, 0, 0, 0) {
                -1 => Err(io::Error::last_os_error()),
                _ => Ok(()),
            }
        });
    }
    let pid = command.spawn()?.id().cast_signed();
    // The child stands still after exec. Its threads are to be traced as well: Python code may run in one of them.
    wait(pid)?;
    // SAFETY: `pid` is a stopped child of ours; the request takes a number.
    check(unsafe { libc::ptrace(libc::PTRACE_SETOPTIONS, pid, 0, libc::PTRACE_O_TRACECLONE) })?;
    resume(pid, false, 0)?;
    let mut counts = Vec::new();
    let mut counting: Option<(libc::pid_t, u64)> = None;
    loop {
        let (thread, stop) = wait(-1)?;
        let mut signal = 0;
        match stop {
            Stop::Ended(0) if thread == pid => return Ok(counts),
            Stop::Ended(status) if thread == pid => {
                return Err(io::Error::other(format!(
                    "the program ended with status {status:#x}"
                )));
            }
            Stop::Ended(_) => continue,
            Stop::Signal(libc::SIGTRAP) => {
                if let Some((_, n)) = counting.as_mut().filter(|(t, _)| *t == thread) {
                    *n += 1;
                }
            }
            Stop::Signal(libc::SIGUSR1) => match counting.take() {
                Some((_, n)) => counts.push(n),
                None => counting = Some((thread, 0)),
            },
            // How a new thread begins.
            Stop::Signal(libc::SIGSTOP) | Stop::Event => {}
            Stop::Signal(other) => signal = other,
        }
        resume(thread, counting.is_some_and(|(t, _)| t == thread), signal)?;
    }
}

/// As above, for systems where it is not to be had.
///
/// # Errors
/// Always.
#[cfg(not(all(target_os = "linux", target_arch = "x86_64")))]
pub fn count(_command: &mut Command) -> io::Result<Vec<u64>> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
enum Stop {
    Ended(i32),
    Signal(i32),
    /// What tracing itself tells: a thread was made.
    Event,
}

/// Waits for the next stop of a thread, or of any (-1).
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn wait(thread: libc::pid_t) -> io::Result<(libc::pid_t, Stop)> {
    let mut status = 0;
    // SAFETY: `status` is a valid place for the result.
    let thread = unsafe { libc::waitpid(thread, &raw mut status, libc::__WALL) };
    check(i64::from(thread))?;
    let stop = match libc::WIFSTOPPED(status) {
        true if status >> 16 != 0 => Stop::Event,
        true => Stop::Signal(libc::WSTOPSIG(status)),
        false => Stop::Ended(status),
    };
    Ok((thread, stop))
}

/// Lets a stopped thread run: to its next stop, or for one instruction.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn resume(thread: libc::pid_t, step: bool, signal: i32) -> io::Result<()> {
    let request = match step {
        true => libc::PTRACE_SINGLESTEP,
        false => libc::PTRACE_CONT,
    };
    // SAFETY: the thread is a stopped one that we trace; the requests take a signal's number.
    check(unsafe { libc::ptrace(request, thread, 0, signal) })
}

#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
fn check(result: i64) -> io::Result<()> {
    match result {
        -1 => Err(io::Error::last_os_error()),
        _ => Ok(()),
    }
}

#[cfg(all(test, target_os = "linux", target_arch = "x86_64"))]
mod tests {
    use super::*;

    #[test]
    fn a_shell_that_counts_twice() {
        let script = "kill -USR1 $$; kill -USR1 $$; :; kill -USR1 $$; x=1; kill -USR1 $$";
        let counts = match count(Command::new("sh").args(["-c", script])) {
            Ok(counts) => counts,
            // Containers may forbid it.
            Err(e) if e.kind() == io::ErrorKind::PermissionDenied => return,
            Err(e) => panic!("{e}"),
        };
        assert_eq!(counts.len(), 2);
        assert!(counts.iter().all(|&n| n > 50), "{counts:?}");
    }
}
