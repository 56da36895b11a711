//! `_multiprocessing`: semaphores that processes share, and `_posixshmem`.

use std::cell::Cell;

use taipan_host::semaphore::{self, SEM_VALUE_MAX, Semaphore};
use taipan_host::{Errno, clock, thread};
use taipan_macros::{pyfunctions, pymethods};
use taipan_object::{
    Module, ModuleSpec, Payload, PyResult, Ref, TypeObject, TypeSpec, Value, Vm, payload, tpflags,
};

use crate::util::{self, blocking, check_signals, os_error};

/// `_multiprocessing`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_multiprocessing",
    doc: None,
    functions: &[functions::FUNCTIONS],
    types: &[&SEM_LOCK],
    exec: Some(exec),
};

/// `_posixshmem`
pub static SHARED_MEMORY: ModuleSpec = ModuleSpec {
    name: "_posixshmem",
    doc: Some("POSIX shared memory module"),
    functions: &[memory_functions::FUNCTIONS],
    types: &[],
    exec: None,
};

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    let flags = vm.new_dict()?;
    for name in ["HAVE_SEM_OPEN", "HAVE_SEM_TIMEDWAIT"] {
        flags.set_named(vm, name, vm.new_int(1)?)?;
    }
    util::add(vm, module, "flags", flags.into_value())?;
    let class = vm.make_type(&SEM_LOCK)?;
    let most = vm.new_int(SEM_VALUE_MAX.into())?;
    match class.dict.get() {
        Some(dict) => dict.set_named(vm, "SEM_VALUE_MAX", most),
        None => Ok(()),
    }
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    #[pyfunction(sig = "($module, name, /)", doc = "")]
    fn sem_unlink(vm: &Vm, name: &str) -> PyResult<()> {
        util::done(vm, semaphore::sem_unlink(name.as_bytes()))
    }
}

#[pyfunctions(FUNCTIONS)]
mod memory_functions {
    use super::*;

    fn named(vm: &Vm, e: Errno, path: &str) -> PyResult<taipan_object::Raised> {
        let path = vm.new_str(path)?.into_value();
        Ok(vm.os_error(e.0, Some(&path), None))
    }

    /// Open a shared memory object.  Returns a file descriptor (integer).
    #[pyfunction(sig = "($module, /, path, flags, mode=511)")]
    fn shm_open(vm: &Vm, path: &str, flags: i32, mode: i32) -> PyResult<i32> {
        match util::retry(vm, || {
            semaphore::shm_open(path.as_bytes(), flags, mode as u32)
        })? {
            Ok(fd) => Ok(fd),
            Err(e) => Err(named(vm, e, path)?),
        }
    }

    /// Remove a shared memory object (similar to unlink()).
    ///
    /// Remove a shared memory object name, and, once all processes have
    /// unmapped the object, de-allocates and destroys the contents of the
    /// associated memory region.
    #[pyfunction(sig = "($module, /, path)")]
    fn shm_unlink(vm: &Vm, path: &str) -> PyResult<()> {
        match util::retry(vm, || semaphore::shm_unlink(path.as_bytes()))? {
            Ok(()) => Ok(()),
            Err(e) => Err(named(vm, e, path)?),
        }
    }
}

const RECURSIVE_MUTEX: i32 = 0;
const SEMAPHORE: i32 = 1;

/// The payload of `SemLock`: a semaphore, and how often this process took it.
pub struct SemLock {
    semaphore: Semaphore,
    kind: i32,
    maxvalue: i32,
    name: Option<String>,
    count: Cell<i32>,
    /// The thread that took it last.
    owner: Cell<u64>,
}

payload!(SemLock, leaf);

/// `SemLock`
pub static SEM_LOCK: TypeSpec = TypeSpec {
    doc: Some("Semaphore/Mutex type"),
    flags: tpflags::BASETYPE | tpflags::IMMUTABLETYPE,
    parts: &[&SEM_LOCK_METHODS],
    ..TypeSpec::new("SemLock", "_multiprocessing", <SemLock as Payload>::layout)
};

impl SemLock {
    fn new(semaphore: Semaphore, kind: i32, maxvalue: i32, name: Option<&str>) -> SemLock {
        SemLock {
            semaphore,
            kind,
            maxvalue,
            name: name.map(str::to_owned),
            count: Cell::new(0),
            owner: Cell::new(0),
        }
    }

    fn is_owned(&self) -> bool {
        self.count.get() > 0 && self.owner.get() == thread::ident()
    }

    /// Takes one, waiting as long as told; whether that worked.
    fn take(&self, vm: &Vm, wait: bool, timeout: Option<f64>) -> PyResult<bool> {
        let deadline = match timeout {
            Some(seconds) => {
                let now = util::done(vm, clock::clock_gettime(0))?;
                let ahead = (seconds.max(0.0) * 1e9).min(4e18) as i64;
                Some(now.saturating_add(ahead))
            }
            None => None,
        };
        let mut result = self.semaphore.try_wait();
        while wait && matches!(result, Err(Errno::EAGAIN | Errno::EINTR)) {
            result = blocking(vm, || match deadline {
                Some(at) => self.semaphore.wait_until(at),
                None => self.semaphore.wait(),
            });
            if result == Err(Errno::EINTR) {
                check_signals(vm)?;
            }
        }
        match result {
            Ok(()) => Ok(true),
            Err(Errno::EAGAIN | Errno::ETIMEDOUT) => Ok(false),
            Err(e) => Err(os_error(vm, e)),
        }
    }
}

#[pymethods(SEM_LOCK_METHODS)]
impl SemLock {
    #[pyslot(name = "SemLock", params = "(kind, value, maxvalue, name, unlink)")]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        kind: i32,
        value: i32,
        maxvalue: i32,
        name: &str,
        unlink: bool,
    ) -> PyResult<Ref<SemLock>> {
        if kind != RECURSIVE_MUTEX && kind != SEMAPHORE {
            return Err(vm.value_error("unrecognized kind"));
        }
        let made = Semaphore::create(name.as_bytes(), 0o600, value as u32);
        let semaphore = util::done(vm, made)?;
        if unlink {
            util::done(vm, semaphore::sem_unlink(name.as_bytes()))?;
        }
        let name = (!unlink).then_some(name);
        vm.new_object(cls, SemLock::new(semaphore, kind, maxvalue, name))
    }

    /// Acquire the semaphore/lock.
    #[pymethod(sig = "($self, /, block=True, timeout=None)")]
    fn acquire(&self, vm: &Vm, block: bool, timeout: Option<&Value>) -> PyResult<bool> {
        if self.kind == RECURSIVE_MUTEX && self.is_owned() {
            self.count.set(self.count.get() + 1);
            return Ok(true);
        }
        let timeout = match timeout.filter(|v| block && !vm.is_none(v)) {
            Some(v) => Some(vm.as_double(v)?),
            None => None,
        };
        if !self.take(vm, block, timeout)? {
            return Ok(false);
        }
        self.count.set(self.count.get() + 1);
        self.owner.set(thread::ident());
        Ok(true)
    }

    /// Release the semaphore/lock.
    #[pymethod(sig = "($self, /)")]
    fn release(&self, vm: &Vm) -> PyResult<()> {
        if self.kind == RECURSIVE_MUTEX {
            if !self.is_owned() {
                return Err(vm.raise_new(
                    &vm.exc().AssertionError,
                    "attempt to release recursive lock not owned by thread",
                ));
            }
            if self.count.get() > 1 {
                self.count.set(self.count.get() - 1);
                return Ok(());
            }
        } else {
            // Another process may be between the two: the limit is a check of the program, no promise.
            let value = util::done(vm, self.semaphore.value())?;
            if value >= self.maxvalue {
                return Err(vm.value_error("semaphore or lock released too many times"));
            }
        }
        util::done(vm, self.semaphore.post())?;
        self.count.set(self.count.get() - 1);
        Ok(())
    }

    /// Enter the semaphore/lock.
    #[pymethod(sig = "($self, /)")]
    fn __enter__(&self, vm: &Vm) -> PyResult<bool> {
        self.acquire(vm, true, None)
    }

    /// Exit the semaphore/lock.
    #[pymethod(sig = "($self, exc_type=None, exc_value=None, exc_tb=None, /)")]
    fn __exit__(
        &self,
        vm: &Vm,
        exc_type: Option<&Value>,
        exc_value: Option<&Value>,
        exc_tb: Option<&Value>,
    ) -> PyResult<()> {
        let _ = (exc_type, exc_value, exc_tb);
        self.release(vm)
    }

    /// Num of `acquire()`s minus num of `release()`s for this process.
    #[pymethod(sig = "($self, /)")]
    fn _count(&self) -> i32 {
        self.count.get()
    }

    /// Whether the lock is owned by this thread.
    #[pymethod(sig = "($self, /)")]
    fn _is_mine(&self) -> bool {
        self.is_owned()
    }

    /// Get the value of the semaphore.
    #[pymethod(sig = "($self, /)")]
    fn _get_value(&self, vm: &Vm) -> PyResult<i32> {
        Ok(util::done(vm, self.semaphore.value())?.max(0))
    }

    /// Return whether semaphore has value zero.
    #[pymethod(sig = "($self, /)")]
    fn _is_zero(&self, vm: &Vm) -> PyResult<bool> {
        Ok(util::done(vm, self.semaphore.value())? <= 0)
    }

    #[classmethod(sig = "($type, handle, kind, maxvalue, name, /)", doc = "")]
    fn _rebuild(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        handle: &Value,
        kind: i32,
        maxvalue: i32,
        name: Option<&str>,
    ) -> PyResult<Ref<SemLock>> {
        // A handle is the address of a semaphore: only its name can be trusted.
        let _ = handle;
        let Some(name) = name else {
            return Err(vm.value_error("a semaphore without a name cannot be opened again"));
        };
        let semaphore = util::done(vm, Semaphore::open(name.as_bytes()))?;
        vm.new_object(cls, SemLock::new(semaphore, kind, maxvalue, Some(name)))
    }

    /// Rezero the net acquisition count after fork().
    #[pymethod(sig = "($self, /)")]
    fn _after_fork(&self) {
        self.count.set(0);
    }

    #[member(handle)]
    fn handle(&self) -> usize {
        self.semaphore.handle()
    }

    #[member(kind)]
    fn kind(&self) -> i32 {
        self.kind
    }

    #[member(maxvalue)]
    fn maxvalue(&self) -> i32 {
        self.maxvalue
    }

    #[member(name)]
    fn name(&self) -> Option<String> {
        self.name.clone()
    }
}
