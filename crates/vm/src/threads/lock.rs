//! `_thread.lock` and `_thread.RLock`.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use taipan_macros::pymethods;
use taipan_object::{Args, Payload, PyResult, Ref, TypeObject, TypeSpec, Value, Vm, tpflags};

use super::TIMEOUT_MAX;

/// Who holds a lock and how often. A plain lock has no owner that matters.
#[derive(Default, Clone, Copy)]
struct Held {
    owner: u64,
    count: usize,
}

#[derive(Default)]
struct Raw {
    held: Mutex<Held>,
    freed: Condvar,
    /// Threads that wait: without any, there is nobody to wake, which would be a system call.
    waiting: AtomicUsize,
}

impl Raw {
    fn lock(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn try_take(&self, me: u64, again: bool) -> bool {
        let mut h = self.lock();
        if h.count == 0 || (again && h.owner == me) {
            *h = Held {
                owner: me,
                count: h.count + 1,
            };
            return true;
        }
        false
    }

    /// Wakes a thread that waits for the lock, which was just released.
    fn wake(&self) {
        if self.waiting.load(Ordering::SeqCst) != 0 {
            self.freed.notify_one();
        }
    }

    /// As new, in a child process: its other threads are gone.
    fn reset(&self) {
        *self.lock() = Held::default();
        self.waiting.store(0, Ordering::SeqCst);
    }

    fn take(&self, me: u64, timeout: Option<Duration>) -> bool {
        let until = timeout.and_then(|t| Instant::now().checked_add(t));
        let mut h = self.lock();
        // Counted before the mutex is given away, so that whoever releases the lock afterwards sees it.
        self.waiting.fetch_add(1, Ordering::SeqCst);
        while h.count != 0 {
            match until {
                None => h = self.freed.wait(h).unwrap_or_else(PoisonError::into_inner),
                Some(u) => {
                    let Some(left) = u.checked_duration_since(Instant::now()) else {
                        self.waiting.fetch_sub(1, Ordering::SeqCst);
                        return false;
                    };
                    h = self
                        .freed
                        .wait_timeout(h, left)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0;
                }
            }
        }
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        *h = Held {
            owner: me,
            count: 1,
        };
        true
    }
}

/// The payload of `lock`.
#[derive(Default)]
pub struct Lock {
    raw: Raw,
}
taipan_object::payload!(Lock, leaf);

/// The payload of `RLock`.
#[derive(Default)]
pub struct RLock {
    raw: Raw,
}
taipan_object::payload!(RLock, leaf);

/// `_thread.lock`
pub static LOCK: TypeSpec = TypeSpec {
    doc: Some(
        "A lock object is a synchronization primitive. To create a lock,\ncall threading.Lock().",
    ),
    text_signature: Some("()"),
    has_weakref: true,
    parts: &[&LOCK_METHODS],
    ..TypeSpec::new("lock", "_thread", <Lock as Payload>::layout)
};

/// `_thread.RLock`
pub static RLOCK: TypeSpec = TypeSpec {
    has_weakref: true,
    flags: tpflags::BASETYPE,
    parts: &[&RLOCK_METHODS],
    ..TypeSpec::new("RLock", "_thread", <RLock as Payload>::layout)
};

/// The timeout that `blocking` and `timeout` mean: `Some(zero)` not to wait, `None` to wait forever.
fn wait_time(vm: &Vm, blocking: bool, timeout: Option<&Value>) -> PyResult<Option<Duration>> {
    let seconds = match timeout {
        Some(t) => vm.as_double(t)?,
        None => -1.0,
    };
    if seconds.is_nan() {
        return Err(vm.value_error("Invalid value NaN (not a number)"));
    }
    if !blocking {
        if seconds != -1.0 {
            return Err(vm.value_error("can't specify a timeout for a non-blocking call"));
        }
        return Ok(Some(Duration::ZERO));
    }
    if seconds == -1.0 {
        return Ok(None);
    }
    if seconds < 0.0 {
        return Err(vm.value_error("timeout value must be a non-negative number"));
    }
    if seconds > TIMEOUT_MAX {
        return Err(vm.overflow_error("timeout value is too large"));
    }
    Ok(Some(Duration::from_secs_f64(seconds)))
}

fn acquire(
    vm: &Vm,
    raw: &Raw,
    again: bool,
    blocking: bool,
    timeout: Option<&Value>,
) -> PyResult<bool> {
    let wait = wait_time(vm, blocking, timeout)?;
    let me = vm.thread_ident.get();
    if raw.try_take(me, again) {
        return Ok(true);
    }
    if wait == Some(Duration::ZERO) {
        return Ok(false);
    }
    // Signal handlers of Python run in between, so that Ctrl-C ends the wait.
    let until = wait.and_then(|t| Instant::now().checked_add(t));
    loop {
        let step = Duration::from_millis(50);
        let slice = match until {
            Some(u) => u.saturating_duration_since(Instant::now()).min(step),
            None => step,
        };
        if crate::gil::without(vm, || raw.take(me, Some(slice))) {
            return Ok(true);
        }
        crate::breaker::handle(vm)?;
        if until.is_some_and(|u| Instant::now() >= u) {
            return Ok(false);
        }
    }
}

fn shown(vm: &Vm, this: &Value, locked: bool, extra: &str) -> String {
    format!(
        "<{} {} object{extra} at {:#x}>",
        if locked { "locked" } else { "unlocked" },
        vm.type_name(this),
        this.bits()
    )
}

#[pymethods(LOCK_METHODS)]
impl Lock {
    #[pyslot(name = "lock", params = "()")]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>) -> PyResult<Ref<Lock>> {
        vm.new_object(cls, Lock::default())
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> String {
        let locked = this.raw.lock().count > 0;
        shown(vm, this.as_value(), locked, "")
    }

    /// Lock the lock.
    #[pymethod(sig = "($self, /, blocking=True, timeout=-1)")]
    fn acquire(
        vm: &Vm,
        this: &Ref<Self>,
        blocking: bool,
        timeout: Option<&Value>,
    ) -> PyResult<bool> {
        acquire(vm, &this.raw, false, blocking, timeout)
    }

    /// An obsolete synonym of acquire().
    #[pymethod(sig = "($self, /, blocking=True, timeout=-1)")]
    fn acquire_lock(
        vm: &Vm,
        this: &Ref<Self>,
        blocking: bool,
        timeout: Option<&Value>,
    ) -> PyResult<bool> {
        acquire(vm, &this.raw, false, blocking, timeout)
    }

    /// Lock the lock.
    #[pymethod(sig = "($self, /)")]
    fn __enter__(vm: &Vm, this: &Ref<Self>) -> PyResult<bool> {
        acquire(vm, &this.raw, false, true, None)
    }

    /// Release the lock, allowing another thread that is blocked waiting for the lock to acquire the lock.
    #[pymethod(sig = "($self, /)")]
    fn release(vm: &Vm, this: &Ref<Self>) -> PyResult<()> {
        let mut h = this.raw.lock();
        if h.count == 0 {
            drop(h);
            return Err(vm.runtime_error("release unlocked lock"));
        }
        *h = Held::default();
        drop(h);
        this.raw.wake();
        Ok(())
    }

    /// An obsolete synonym of release().
    #[pymethod(sig = "($self, /)")]
    fn release_lock(vm: &Vm, this: &Ref<Self>) -> PyResult<()> {
        Self::release(vm, this)
    }

    /// Release the lock.
    #[pymethod(sig = "($self, /, *exc_info)")]
    fn __exit__(vm: &Vm, this: &Ref<Self>, exc_info: &[Value]) -> PyResult<()> {
        let _ = exc_info;
        Self::release(vm, this)
    }

    /// Return whether the lock is in the locked state.
    #[pymethod(sig = "($self, /)")]
    fn locked(&self) -> bool {
        self.raw.lock().count > 0
    }

    /// An obsolete synonym of locked().
    #[pymethod(sig = "($self, /)")]
    fn locked_lock(&self) -> bool {
        self.raw.lock().count > 0
    }

    #[pymethod(params = "($self, /)")]
    fn _at_fork_reinit(&self) {
        self.raw.reset();
    }
}

#[pymethods(RLOCK_METHODS)]
impl RLock {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<RLock>> {
        // Arguments are ignored; `threading` warns of them.
        let _ = args;
        vm.new_object(cls, RLock::default())
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> String {
        let h = *this.raw.lock();
        let extra = format!(" owner={} count={}", h.owner, h.count);
        shown(vm, this.as_value(), h.count > 0, &extra)
    }

    /// Lock the lock.
    #[pymethod(sig = "($self, /, blocking=True, timeout=-1)")]
    fn acquire(
        vm: &Vm,
        this: &Ref<Self>,
        blocking: bool,
        timeout: Option<&Value>,
    ) -> PyResult<bool> {
        acquire(vm, &this.raw, true, blocking, timeout)
    }

    /// Lock the lock.
    #[pymethod(sig = "($self, /)")]
    fn __enter__(vm: &Vm, this: &Ref<Self>) -> PyResult<bool> {
        acquire(vm, &this.raw, true, true, None)
    }

    /// Release the lock, allowing another thread that is blocked waiting for the lock to acquire the lock.
    #[pymethod(sig = "($self, /)")]
    fn release(vm: &Vm, this: &Ref<Self>) -> PyResult<()> {
        let mut h = this.raw.lock();
        if h.count == 0 || h.owner != vm.thread_ident.get() {
            drop(h);
            return Err(vm.runtime_error("cannot release un-acquired lock"));
        }
        h.count -= 1;
        if h.count == 0 {
            h.owner = 0;
            drop(h);
            this.raw.wake();
        }
        Ok(())
    }

    /// Release the lock.
    #[pymethod(sig = "($self, /, *exc_info)")]
    fn __exit__(vm: &Vm, this: &Ref<Self>, exc_info: &[Value]) -> PyResult<()> {
        let _ = exc_info;
        Self::release(vm, this)
    }

    /// Return a boolean indicating whether this object is locked right now.
    #[pymethod(sig = "($self, /)")]
    fn locked(&self) -> bool {
        self.raw.lock().count > 0
    }

    /// For internal use by `threading.Condition`.
    #[pymethod(sig = "($self, /)")]
    fn _is_owned(&self, vm: &Vm) -> bool {
        let h = self.raw.lock();
        h.count > 0 && h.owner == vm.thread_ident.get()
    }

    /// For internal use by reentrancy tests.
    #[pymethod(sig = "($self, /)")]
    fn _recursion_count(&self, vm: &Vm) -> usize {
        let h = self.raw.lock();
        if h.owner == vm.thread_ident.get() {
            h.count
        } else {
            0
        }
    }

    /// For internal use by `threading.Condition`.
    #[pymethod(sig = "($self, /)")]
    fn _release_save(vm: &Vm, this: &Ref<Self>) -> PyResult<(usize, u64)> {
        let mut h = this.raw.lock();
        if h.count == 0 {
            drop(h);
            return Err(vm.runtime_error("cannot release un-acquired lock"));
        }
        let saved = std::mem::take(&mut *h);
        drop(h);
        this.raw.wake();
        Ok((saved.count, saved.owner))
    }

    /// For internal use by `threading.Condition`.
    #[pymethod(sig = "($self, state, /)")]
    fn _acquire_restore(vm: &Vm, this: &Ref<Self>, state: &Value) -> PyResult<()> {
        let count = vm.getitem(state, &Value::from_i32(0))?;
        acquire(vm, &this.raw, true, true, None)?;
        let mut h = this.raw.lock();
        h.count = count
            .as_small_int()
            .and_then(|n| usize::try_from(n).ok())
            .unwrap_or(1);
        Ok(())
    }

    #[pymethod(params = "($self, /)")]
    fn _at_fork_reinit(&self) {
        self.raw.reset();
    }
}
