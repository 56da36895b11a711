//! Signal handlers that show at once where the program is: for signals that end the process, and for others on request.
//! What they call must do with what is safe in a signal handler.

use super::done;
use crate::Result;
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicUsize, Ordering};

const NSIG: usize = super::signal::NSIG as usize;

/// Shows where the program is, in the handler of this signal.
pub type Dump = fn(i32);

static DUMP: AtomicUsize = AtomicUsize::new(0);
/// What the signals did before; never freed once a handler may read it.
static PREVIOUS: [AtomicPtr<libc::sigaction>; NSIG] =
    [const { AtomicPtr::new(std::ptr::null_mut()) }; NSIG];
/// Whether the handler before is called as well.
static CHAIN: [AtomicBool; NSIG] = [const { AtomicBool::new(false) }; NSIG];

fn dump(signal: libc::c_int) {
    let f = DUMP.load(Ordering::SeqCst);
    if f != 0 {
        // SAFETY: `install` alone stores a value other than 0, a `Dump`.
        let f = unsafe { std::mem::transmute::<usize, Dump>(f) };
        f(signal);
    }
}

fn restore(signal: libc::c_int) {
    let previous = usize::try_from(signal).ok().and_then(|i| PREVIOUS.get(i));
    let previous = previous.map_or(std::ptr::null_mut(), |p| p.load(Ordering::SeqCst));
    if !previous.is_null() {
        // SAFETY: the pointer leads to an action that is never freed.
        unsafe { libc::sigaction(signal, previous, std::ptr::null_mut()) };
    }
}

extern "C" fn on_fatal(signal: libc::c_int) {
    restore(signal);
    dump(signal);
    // SAFETY: raising a signal; it does what it did before. If that comes back, the default action ends the process: a
    // handler before us may have counted on the fault to happen again.
    unsafe {
        libc::raise(signal);
        libc::signal(signal, libc::SIG_DFL);
        libc::raise(signal);
    }
}

extern "C" fn on_request(signal: libc::c_int) {
    // SAFETY: the location is this thread's own.
    let errno = unsafe { *libc::__errno_location() };
    dump(signal);
    let chain = usize::try_from(signal).ok().and_then(|i| CHAIN.get(i));
    if chain.is_some_and(|c| c.load(Ordering::SeqCst)) {
        restore(signal);
        // SAFETY: as in `on_fatal`; the handler is put back behind it.
        unsafe {
            libc::raise(signal);
            let action = action(on_request as *const () as usize, libc::SA_NODEFER);
            libc::sigaction(signal, &raw const action, std::ptr::null_mut());
        }
    }
    // SAFETY: as above.
    unsafe { *libc::__errno_location() = errno };
}

fn action(handler: usize, flags: libc::c_int) -> libc::sigaction {
    // SAFETY: zeroes are a valid action.
    unsafe {
        let mut action: libc::sigaction = MaybeUninit::zeroed().assume_init();
        action.sa_sigaction = handler;
        libc::sigemptyset(&raw mut action.sa_mask);
        action.sa_flags = libc::SA_ONSTACK | flags;
        action
    }
}

/// Makes a signal call `f`. With `request` the program goes on afterwards, and with `chain` what the signal did before is
/// done too; otherwise it is done in any case.
///
/// # Errors
/// EINVAL for a signal that cannot be handled.
pub fn install(signal: i32, f: Dump, request: bool, chain: bool) -> Result<()> {
    let Some(place) = usize::try_from(signal).ok().filter(|&i| i < NSIG) else {
        return Err(crate::Errno::EINVAL);
    };
    DUMP.store(f as usize, Ordering::SeqCst);
    let new = if request {
        let flags = if chain {
            libc::SA_NODEFER
        } else {
            libc::SA_RESTART
        };
        action(on_request as *const () as usize, flags)
    } else {
        action(on_fatal as *const () as usize, libc::SA_NODEFER)
    };
    let mut old = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: both actions are local; zeroes are a valid value.
    let old = unsafe {
        done(libc::sigaction(signal, &raw const new, old.as_mut_ptr()))?;
        old.assume_init()
    };
    CHAIN[place].store(chain, Ordering::SeqCst);
    let ours = [
        on_fatal as *const () as usize,
        on_request as *const () as usize,
    ];
    if !ours.contains(&old.sa_sigaction) {
        PREVIOUS[place].store(Box::leak(Box::new(old)), Ordering::SeqCst);
    }
    Ok(())
}

/// Makes a signal do again what it did before [`install`].
pub fn uninstall(signal: i32) {
    restore(signal);
}
