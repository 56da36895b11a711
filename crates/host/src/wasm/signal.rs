//! Signals, where there is no operating system. What each means is told in `unix/signal.rs`.

use super::{Missing, stubs};
use crate::types::*;
use crate::{Fd, Result};

/// One more than the highest signal number.
pub const NSIG: i32 = 65;

/// See `unix`.
pub type SigInfo = (i32, i32, i32, i32, u32, i32, i64);

stubs! {
    /// Makes the handler `fetch_or` these bits into `flag`, which the interpreter polls.
    fn set_flag(flag: Option<&'static std::sync::atomic::AtomicU32>, bits: u32);
    /// Whether any signal waits. Cheap.
    fn is_pending() -> bool;
    /// Takes the signals that wait: bit `n - 1` for signal `n`. Lowest first is the order of CPython.
    fn take_pending() -> u64;
    /// Notes a signal as if it had come (`_thread.interrupt_main`).
    fn simulate(signal: i32);
    /// Sets the descriptor that gets a byte for each signal, -1 for none; gives the old one.
    fn set_wakeup_fd(fd: Fd) -> Fd;
    /// What `signal` does now.
    fn disposition(signal: i32) -> Result<Disposition>;
    /// Sets what `signal` does. Calls that it interrupts fail with EINTR. EINVAL for `Foreign`.
    fn install(signal: i32, disposition: Disposition) -> Result<()>;
    /// Whether calls that `signal` interrupts fail with EINTR (`true`) or start again.
    fn siginterrupt(signal: i32, interrupt: bool) -> Result<()>;
    /// Asks for SIGALRM in `seconds`; gives the seconds that an earlier call had left.
    fn alarm(seconds: u32) -> u32;
    /// Sets an interval timer; delay and interval in microseconds. Gives the old ones.
    fn set_itimer(which: i32, delay_us: i64, interval_us: i64) -> Result<(i64, i64)>;
    /// Delay and interval of a timer, in microseconds.
    fn get_itimer(which: i32) -> Result<(i64, i64)>;
    /// Waits for any signal.
    fn pause();
    /// Sends a signal to this thread.
    fn raise(signal: i32) -> Result<()>;
    /// Changes the thread's mask of blocked signals (`SIG_BLOCK`, ...); gives the old one.
    fn sigmask(how: i32, mask: u64) -> Result<u64>;
    /// Signals that are blocked and have come.
    fn sigpending() -> Result<u64>;
    /// The mask of all signals that may be named.
    fn valid_signals() -> u64;
    /// Waits for one of the signals of `mask`; gives its number.
    fn sigwait(mask: u64) -> Result<i32>;
    /// Waits for one of the signals of `mask`, at most `timeout` nanoseconds (EAGAIN after them).
    fn sigtimedwait(mask: u64, timeout: Option<i64>) -> Result<SigInfo>;
    /// The text of `strsignal`, or `None` if the number names no signal.
    fn strsignal(signal: i32) -> Option<Vec<u8>>;
    /// Whether `fd` can be a wakeup descriptor: open, and not blocking.
    fn check_wakeup_fd(fd: Fd) -> Result<bool>;
}
/// Sends a signal to one thread of this process, by the number of `pthread_self`.
///
/// # Safety
/// Nothing to uphold here.
#[allow(unused_variables)]
pub unsafe fn pthread_kill(thread: u64, signal: i32) -> Result<()> {
    <Result<()> as Missing>::MISSING
}
