//! The GIL: the lock that a thread holds while it runs Python code of an interpreter. A thread that waits longer than the
//! switch interval sets a bit of the evaluation breaker, and the holder lets go between two instructions. Native code that
//! blocks runs inside [`without`].

use std::cell::RefCell;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use taipan_object::vm::breaker;
use taipan_object::{PyResult, Vm};

#[derive(Default)]
struct Holding {
    held: bool,
    /// Threads that wait for the lock.
    waiting: usize,
    /// Threads that let go of it and wait until another has had it.
    yielding: usize,
    /// Counts how often the lock was taken: a holder that was asked to let go waits until it changes.
    taken: u64,
}

/// The lock of one interpreter.
#[derive(Default)]
pub struct Gil {
    holding: Mutex<Holding>,
    changed: Condvar,
}

/// The lock in the state of an interpreter.
#[derive(Default)]
pub struct GilState {
    /// The lock.
    gil: RefCell<Arc<Gil>>,
}

/// The lock of the interpreter.
pub fn gil(vm: &Vm) -> Arc<Gil> {
    vm.state::<GilState>().gil.borrow().clone()
}

/// In the child of a fork, where the threads that waited are gone: this thread has a new lock.
pub(crate) fn after_fork(vm: &Vm) {
    let fresh = Gil::default();
    fresh.lock().held = true;
    *vm.state::<GilState>().gil.borrow_mut() = Arc::new(fresh);
    vm.interp()
        .breaker
        .fetch_and(!breaker::GIL_DROP, Ordering::Relaxed);
}

impl Gil {
    fn lock(&self) -> MutexGuard<'_, Holding> {
        self.holding.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes the lock; `ask` is called each time the interval has passed in vain.
    pub fn take(&self, interval: Duration, mut ask: impl FnMut()) {
        let mut h = self.lock();
        h.waiting += 1;
        while h.held {
            let before = h.taken;
            let (back, timeout) = self
                .changed
                .wait_timeout(h, interval)
                .unwrap_or_else(PoisonError::into_inner);
            h = back;
            if timeout.timed_out() && h.held && h.taken == before {
                ask();
            }
        }
        h.waiting -= 1;
        h.held = true;
        h.taken = h.taken.wrapping_add(1);
        let heard = h.waiting > 0 || h.yielding > 0;
        drop(h);
        // Waking costs a system call even when nobody listens.
        if heard {
            self.changed.notify_all();
        }
    }

    /// Lets go of the lock.
    pub fn release(&self) {
        let mut h = self.lock();
        h.held = false;
        let heard = h.waiting > 0 || h.yielding > 0;
        drop(h);
        if heard {
            self.changed.notify_all();
        }
    }

    /// Lets go and comes back once another thread has had the lock.
    fn give_way(&self) -> bool {
        let mut h = self.lock();
        if h.waiting == 0 {
            return false;
        }
        let before = h.taken;
        h.held = false;
        self.changed.notify_all();
        h.yielding += 1;
        while h.taken == before && h.waiting > 0 {
            h = self.changed.wait(h).unwrap_or_else(PoisonError::into_inner);
        }
        h.yielding -= 1;
        true
    }
}

fn interval(vm: &Vm) -> Duration {
    match crate::sys_module::state(vm).switch_interval.get() {
        0 => Duration::from_millis(5),
        us => Duration::from_micros(us),
    }
}

/// Takes the lock for the current thread.
pub fn take(vm: &Vm, gil: &Gil, interval: Duration) {
    let bits = vm.interp().breaker.clone();
    gil.take(interval, || {
        bits.fetch_or(breaker::GIL_DROP, Ordering::Relaxed);
    });
}

/// Runs `f`, which must not touch objects, without the lock.
pub fn without<R>(vm: &Vm, f: impl FnOnce() -> R) -> R {
    let gil = gil(vm);
    let interval = interval(vm);
    let bits = vm.interp().breaker.clone();
    gil.release();
    let out = f();
    gil.take(interval, || {
        bits.fetch_or(breaker::GIL_DROP, Ordering::Relaxed);
    });
    out
}

fn drop_request(vm: &Vm) -> PyResult<()> {
    let gil = gil(vm);
    let interval = interval(vm);
    let bits = vm.interp().breaker.clone();
    if gil.give_way() {
        gil.take(interval, || {
            bits.fetch_or(breaker::GIL_DROP, Ordering::Relaxed);
        });
    }
    Ok(())
}

/// Takes the lock for the first thread and registers what its bit of the breaker asks for.
pub fn init(vm: &Vm) {
    gil(vm).take(Duration::from_millis(5), || {});
    crate::breaker::register(vm, breaker::GIL_DROP, drop_request);
}
