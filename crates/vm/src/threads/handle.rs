//! `_thread._ThreadHandle`: whether a thread has started and ended, and waiting for its end.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use taipan_macros::pymethods;
use taipan_object::{Args, Payload, PyResult, Ref, TypeObject, TypeSpec, Value, Vm};

#[derive(Default, Clone, Copy)]
struct State {
    ident: u64,
    started: bool,
    ended: bool,
}

/// How far a thread has come, shared between it and those that wait for it.
#[derive(Default)]
pub struct Done {
    state: Mutex<State>,
    changed: Condvar,
}

impl Done {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The thread runs.
    pub fn start(&self, ident: u64) {
        let mut s = self.lock();
        s.ident = ident;
        s.started = true;
        drop(s);
        self.changed.notify_all();
    }

    /// The thread has ended.
    pub fn finish(&self) {
        self.lock().ended = true;
        self.changed.notify_all();
    }

    /// Whether the thread runs or has run.
    pub fn is_started(&self) -> bool {
        self.lock().started
    }

    /// Whether it has ended.
    pub fn is_ended(&self) -> bool {
        self.lock().ended
    }

    /// Its identifier, 0 before it runs.
    pub fn ident(&self) -> u64 {
        self.lock().ident
    }

    /// Waits until the thread runs.
    pub fn wait_started(&self) {
        let mut s = self.lock();
        while !s.started {
            s = self.changed.wait(s).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Waits until the thread has ended; false when the time was up before.
    pub fn wait(&self, timeout: Option<Duration>) -> bool {
        let until = timeout.and_then(|t| Instant::now().checked_add(t));
        let mut s = self.lock();
        while !s.ended {
            match until {
                None => s = self.changed.wait(s).unwrap_or_else(PoisonError::into_inner),
                Some(u) => {
                    let Some(left) = u.checked_duration_since(Instant::now()) else {
                        return false;
                    };
                    s = self
                        .changed
                        .wait_timeout(s, left)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0;
                }
            }
        }
        true
    }
}

/// The payload.
#[derive(Default)]
pub struct ThreadHandle {
    /// The thread's progress.
    pub done: Arc<Done>,
}
taipan_object::payload!(ThreadHandle, leaf);

/// The type.
pub static THREAD_HANDLE: TypeSpec = TypeSpec {
    parts: &[&THREAD_HANDLE_METHODS],
    ..TypeSpec::new(
        "_ThreadHandle",
        "_thread",
        <ThreadHandle as Payload>::layout,
    )
};

#[pymethods(THREAD_HANDLE_METHODS)]
impl ThreadHandle {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, _args: Args<'_>) -> PyResult<Ref<ThreadHandle>> {
        vm.new_object(cls, ThreadHandle::default())
    }

    #[pyslot]
    fn tp_repr(&self) -> String {
        format!(
            "<_thread._ThreadHandle object: ident={}>",
            self.done.ident()
        )
    }

    /// Waits for the thread's end.
    #[pymethod(params = "($self, timeout=None, /)")]
    fn join(vm: &Vm, this: &Ref<Self>, timeout: Option<&Value>) -> PyResult<()> {
        let timeout = match timeout.filter(|t| !vm.is_none(t)) {
            None => None,
            Some(t) => {
                let s = vm.as_double(t)?;
                if s.is_nan() {
                    return Err(vm.value_error("Invalid value NaN (not a number)"));
                }
                if s < 0.0 {
                    None
                } else {
                    Some(Duration::try_from_secs_f64(s).unwrap_or(Duration::MAX))
                }
            }
        };
        if !this.done.is_started() {
            return Err(vm.runtime_error("thread not started"));
        }
        if this.done.ident() == taipan_host::thread::ident() && !this.done.is_ended() {
            return Err(vm.runtime_error("Cannot join current thread"));
        }
        let done = this.done.clone();
        crate::gil::without(vm, || done.wait(timeout));
        Ok(())
    }

    #[pymethod(params = "($self, /)")]
    fn is_done(&self) -> bool {
        self.done.is_ended()
    }

    #[pymethod(params = "($self, /)")]
    fn _set_done(vm: &Vm, this: &Ref<Self>) -> PyResult<()> {
        if !this.done.is_started() {
            return Err(vm.runtime_error("thread not started"));
        }
        this.done.finish();
        Ok(())
    }

    #[getter(ident)]
    fn ident(&self) -> u64 {
        self.done.ident()
    }
}
