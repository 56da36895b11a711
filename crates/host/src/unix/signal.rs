//! Signals. Our handler does three things that are safe in a handler: it notes the signal in an atomic mask, raises the
//! interpreter's flag and writes to the wakeup descriptor. Running Python's handlers is the virtual machine's part.

use super::{check, done, last_error, scalar};
use crate::types::Disposition;
use crate::{Errno, Fd, Result};
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicI32, AtomicPtr, AtomicU32, AtomicU64, Ordering};

/// One more than the highest signal number.
pub const NSIG: i32 = 65;

/// Bit `n - 1` is set while signal `n` waits to be handled.
static PENDING: AtomicU64 = AtomicU64::new(0);
static WAKEUP: AtomicI32 = AtomicI32::new(-1);
static FLAG: AtomicPtr<AtomicU32> = AtomicPtr::new(std::ptr::null_mut());
static FLAG_BITS: AtomicU32 = AtomicU32::new(0);

extern "C" fn note(signal: libc::c_int) {
    // SAFETY: the location is this thread's own; its value is put back below, so the interrupted code sees no change.
    let errno = unsafe { *libc::__errno_location() };
    PENDING.fetch_or(bit(signal), Ordering::SeqCst);
    let flag = FLAG.load(Ordering::SeqCst);
    if !flag.is_null() {
        // SAFETY: `set_flag` stores pointers from `&'static` alone.
        unsafe { &*flag }.fetch_or(FLAG_BITS.load(Ordering::SeqCst), Ordering::SeqCst);
    }
    let wakeup = WAKEUP.load(Ordering::SeqCst);
    if wakeup >= 0 {
        let byte = signal as u8;
        // SAFETY: one readable byte. What the write cannot do is lost, as documented for `set_wakeup_fd`.
        unsafe { libc::write(wakeup, (&raw const byte).cast(), 1) };
    }
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = errno };
}

fn bit(signal: i32) -> u64 {
    if (1..NSIG).contains(&signal) {
        1 << (signal - 1)
    } else {
        0
    }
}

/// Makes the handler `fetch_or` these bits into `flag`, which the interpreter polls.
pub fn set_flag(flag: Option<&'static AtomicU32>, bits: u32) {
    FLAG_BITS.store(bits, Ordering::SeqCst);
    FLAG.store(
        flag.map_or(std::ptr::null_mut(), |flag| {
            std::ptr::from_ref(flag).cast_mut()
        }),
        Ordering::SeqCst,
    );
}

/// Whether any signal waits. Cheap.
#[inline]
pub fn is_pending() -> bool {
    PENDING.load(Ordering::Relaxed) != 0
}

/// Takes the signals that wait: bit `n - 1` for signal `n`. Lowest first is the order of CPython.
pub fn take_pending() -> u64 {
    PENDING.swap(0, Ordering::SeqCst)
}

/// Notes a signal as if it had come (`_thread.interrupt_main`).
pub fn simulate(signal: i32) {
    note(signal);
}

/// Sets the descriptor that gets a byte for each signal, -1 for none; gives the old one.
pub fn set_wakeup_fd(fd: Fd) -> Fd {
    WAKEUP.swap(fd, Ordering::SeqCst)
}

/// What `signal` does now.
pub fn disposition(signal: i32) -> Result<Disposition> {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: the new action is NULL, so nothing changes; the old one is written to a local. Zeroes are a valid value.
    let action = unsafe {
        done(libc::sigaction(
            signal,
            std::ptr::null(),
            action.as_mut_ptr(),
        ))?;
        action.assume_init()
    };
    Ok(match action.sa_sigaction {
        libc::SIG_DFL => Disposition::Default,
        libc::SIG_IGN => Disposition::Ignore,
        handler if handler == note as *const () as usize => Disposition::Noted,
        _ => Disposition::Foreign,
    })
}

/// Sets what `signal` does. Calls that it interrupts fail with EINTR. EINVAL for `Foreign`.
pub fn install(signal: i32, disposition: Disposition) -> Result<()> {
    let handler = match disposition {
        Disposition::Default => libc::SIG_DFL,
        Disposition::Ignore => libc::SIG_IGN,
        Disposition::Noted => note as *const () as usize,
        Disposition::Foreign => return Err(Errno::EINVAL),
    };
    // SAFETY: zeroes are a valid action; the handler is async-signal-safe (see `note`).
    unsafe {
        let mut action: libc::sigaction = MaybeUninit::zeroed().assume_init();
        action.sa_sigaction = handler;
        libc::sigemptyset(&raw mut action.sa_mask);
        action.sa_flags = libc::SA_ONSTACK;
        done(libc::sigaction(
            signal,
            &raw const action,
            std::ptr::null_mut(),
        ))
    }
}

/// Whether calls that `signal` interrupts fail with EINTR (`true`) or start again.
pub fn siginterrupt(signal: i32, interrupt: bool) -> Result<()> {
    let mut action = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: the action is read into a local, has one flag changed and is put back.
    unsafe {
        done(libc::sigaction(
            signal,
            std::ptr::null(),
            action.as_mut_ptr(),
        ))?;
        let mut action = action.assume_init();
        if interrupt {
            action.sa_flags &= !libc::SA_RESTART;
        } else {
            action.sa_flags |= libc::SA_RESTART;
        }
        done(libc::sigaction(
            signal,
            &raw const action,
            std::ptr::null_mut(),
        ))
    }
}

/// Asks for SIGALRM in `seconds`; gives the seconds that an earlier call had left.
pub fn alarm(seconds: u32) -> u32 {
    scalar!(alarm(seconds))
}

fn timeval(us: i64) -> libc::timeval {
    libc::timeval {
        tv_sec: us.div_euclid(1_000_000),
        tv_usec: us.rem_euclid(1_000_000),
    }
}

fn microseconds(time: libc::timeval) -> i64 {
    time.tv_sec
        .saturating_mul(1_000_000)
        .saturating_add(time.tv_usec)
}

unsafe extern "C" {
    fn setitimer(
        which: libc::c_int,
        new: *const libc::itimerval,
        old: *mut libc::itimerval,
    ) -> libc::c_int;
    fn getitimer(which: libc::c_int, current: *mut libc::itimerval) -> libc::c_int;
}

/// Sets an interval timer; delay and interval in microseconds. Gives the old ones.
pub fn set_itimer(which: i32, delay_us: i64, interval_us: i64) -> Result<(i64, i64)> {
    let new = libc::itimerval {
        it_interval: timeval(interval_us),
        it_value: timeval(delay_us),
    };
    let mut old = new;
    // SAFETY: one readable, one writable timer, both locals.
    done(unsafe { setitimer(which, &raw const new, &raw mut old) })?;
    Ok((microseconds(old.it_value), microseconds(old.it_interval)))
}

/// Delay and interval of a timer, in microseconds.
pub fn get_itimer(which: i32) -> Result<(i64, i64)> {
    let mut current = libc::itimerval {
        it_interval: timeval(0),
        it_value: timeval(0),
    };
    // SAFETY: a writable local.
    done(unsafe { getitimer(which, &raw mut current) })?;
    Ok((
        microseconds(current.it_value),
        microseconds(current.it_interval),
    ))
}

/// Waits for any signal.
pub fn pause() {
    scalar!(pause());
}

/// Sends a signal to this thread.
pub fn raise(signal: i32) -> Result<()> {
    super::returned(scalar!(raise(signal)))
}

pub(crate) fn set_of(mask: u64) -> libc::sigset_t {
    let mut set = MaybeUninit::<libc::sigset_t>::zeroed();
    // SAFETY: `sigemptyset` makes the set valid; numbers that the C library keeps to itself are refused and stay out.
    unsafe {
        libc::sigemptyset(set.as_mut_ptr());
        for signal in (1..NSIG).filter(|&signal| mask & bit(signal) != 0) {
            libc::sigaddset(set.as_mut_ptr(), signal);
        }
        set.assume_init()
    }
}

fn mask_of(set: &libc::sigset_t) -> u64 {
    (1..NSIG)
        // SAFETY: `set` is a valid set.
        .filter(|&signal| unsafe { libc::sigismember(set, signal) } == 1)
        .fold(0, |mask, signal| mask | bit(signal))
}

/// Changes the thread's mask of blocked signals (`SIG_BLOCK`, ...); gives the old one.
pub fn sigmask(how: i32, mask: u64) -> Result<u64> {
    let new = set_of(mask);
    let mut old = set_of(0);
    // SAFETY: both sets are valid locals.
    super::returned(unsafe { libc::pthread_sigmask(how, &raw const new, &raw mut old) })?;
    Ok(mask_of(&old))
}

/// Signals that are blocked and have come.
pub fn sigpending() -> Result<u64> {
    let mut set = set_of(0);
    // SAFETY: a writable local.
    done(unsafe { libc::sigpending(&raw mut set) })?;
    Ok(mask_of(&set))
}

/// The mask of all signals that may be named.
pub fn valid_signals() -> u64 {
    let mut set = set_of(0);
    // SAFETY: a writable local.
    if unsafe { libc::sigfillset(&raw mut set) } != 0 {
        return 0;
    }
    mask_of(&set)
}

/// Waits for one of the signals of `mask`; gives its number.
pub fn sigwait(mask: u64) -> Result<i32> {
    let set = set_of(mask);
    let mut signal = 0;
    // SAFETY: a readable set and a writable int, both locals.
    super::returned(unsafe { libc::sigwait(&raw const set, &raw mut signal) })?;
    Ok(signal)
}

/// What `sigwaitinfo` tells: number, code, errno, pid, uid, status, band.
pub type SigInfo = (i32, i32, i32, i32, u32, i32, i64);

/// Waits for one of the signals of `mask`, at most `timeout` nanoseconds (EAGAIN after them).
pub fn sigtimedwait(mask: u64, timeout: Option<i64>) -> Result<SigInfo> {
    let set = set_of(mask);
    let mut info = MaybeUninit::<libc::siginfo_t>::zeroed();
    let time = timeout.map(|ns| libc::timespec {
        tv_sec: ns.max(0) / 1_000_000_000,
        tv_nsec: ns.max(0) % 1_000_000_000,
    });
    let time = time.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
    // SAFETY: valid locals, or NULL for no limit; zeroes are a valid `siginfo_t`, and its unions hold integers.
    unsafe {
        let signal = check(libc::sigtimedwait(&raw const set, info.as_mut_ptr(), time))?;
        let info = info.assume_init();
        Ok((
            signal,
            info.si_code,
            info.si_errno,
            info.si_pid(),
            info.si_uid(),
            info.si_status(),
            0,
        ))
    }
}

/// The text of `strsignal`, or `None` if the number names no signal.
pub fn strsignal(signal: i32) -> Option<Vec<u8>> {
    if bit(signal) == 0 {
        return None;
    }
    // SAFETY: the text is static, or this thread's until its next call.
    let text = unsafe { super::bytes_of(libc::strsignal(signal)) };
    (!text.is_empty() && !text.starts_with(b"Unknown signal")).then_some(text)
}

/// Sends a signal to one thread of this process, by the number of `pthread_self`.
///
/// # Safety
/// `thread` is the id of a thread that has not been joined or detached and ended.
pub unsafe fn pthread_kill(thread: u64, signal: i32) -> Result<()> {
    // SAFETY: the caller's contract.
    super::returned(unsafe { libc::pthread_kill(thread, signal) })
}

/// Whether `fd` can be a wakeup descriptor: open, and not blocking.
pub fn check_wakeup_fd(fd: Fd) -> Result<bool> {
    let flags = scalar!(fcntl(fd, libc::F_GETFL));
    if flags == -1 {
        Err(last_error())
    } else {
        Ok(flags & libc::O_NONBLOCK != 0)
    }
}
