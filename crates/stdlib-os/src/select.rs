//! `select`: waiting for descriptors with select, poll and epoll.

use std::cell::{Cell, RefCell};

use taipan_host::types::{Clock, PollFd};
use taipan_host::{Errno, clock, consts, fs, select as host};
use taipan_macros::{pyfunctions, pymethods};
use taipan_object::convert::FromArg;
use taipan_object::{
    Module, ModuleSpec, Payload, PyResult, Ref, TypeObject, TypeSpec, Value, Vm, payload, tpflags,
};

use crate::time::{Round, nanoseconds};
use crate::util::{self, add, add_constants, done};

/// `select`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "select",
    doc: Some("This module supports asynchronous I/O on multiple file descriptors."),
    functions: &[functions::FUNCTIONS],
    types: &[&EPOLL],
    exec: Some(exec),
};

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    add_constants(vm, module, consts::SELECT)?;
    vm.make_type(&POLL)?;
    add(vm, module, "error", vm.exc().OSError.as_value().clone())
}

/// A number or an object with `fileno()`.
pub fn descriptor(vm: &Vm, v: &Value) -> PyResult<i32> {
    let ctx = taipan_object::convert::ArgContext {
        function: "select",
        argument: "argument",
    };
    taipan_object::convert::Fd::from_arg(vm, v, &ctx).map(|fd| fd.0)
}

fn monotonic() -> i64 {
    clock::now(Clock::Monotonic).unwrap_or(0)
}

/// Calls `f` with the time left until it is not interrupted by a signal; `None` waits for ever.
pub fn with_deadline<T>(
    vm: &Vm,
    timeout: Option<i64>,
    mut f: impl FnMut(Option<i64>) -> taipan_host::Result<T>,
) -> PyResult<taipan_host::Result<T>> {
    let deadline = timeout.map(|t| monotonic().saturating_add(t));
    let mut left = timeout;
    loop {
        match util::blocking(vm, || f(left)) {
            Err(Errno::EINTR) => {
                util::check_signals(vm)?;
                left = deadline.map(|d| d.saturating_sub(monotonic()).max(0));
            }
            result => return Ok(result),
        }
    }
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Wait until one or more file descriptors are ready for some kind of I/O.
    #[pyfunction(sig = "($module, rlist, wlist, xlist, timeout=None, /)")]
    fn select(
        vm: &Vm,
        rlist: &Value,
        wlist: &Value,
        xlist: &Value,
        timeout: Option<&Value>,
    ) -> PyResult<(Vec<Value>, Vec<Value>, Vec<Value>)> {
        let timeout = match timeout.filter(|t| !vm.is_none(t)) {
            None => None,
            Some(t) if t.as_float().is_none() && !vm.has_index(t) => {
                return Err(vm.type_error("timeout must be a float or None"));
            }
            Some(t) => Some(nanoseconds(vm, t, Round::Timeout)?),
        };
        if timeout.is_some_and(|t| t < 0) {
            return Err(vm.value_error("timeout must be non-negative"));
        }
        let mut lists = Vec::new();
        for list in [rlist, wlist, xlist] {
            let slots = &vm.type_of(list).payload.slots;
            if slots.tp_iter.get().is_none() && slots.sq_item.get().is_none() {
                return Err(vm.type_error("arguments 1-3 must be sequences"));
            }
            let objects = vm.collect(list)?;
            let mut fds = Vec::with_capacity(objects.len());
            for o in &objects {
                let fd = descriptor(vm, o)?;
                if fd >= host::FD_SETSIZE {
                    return Err(vm.value_error("filedescriptor out of range in select()"));
                }
                fds.push(fd);
            }
            lists.push((objects, fds));
        }
        let fds = |i: usize| lists.get(i).map(|(_, fds)| fds.clone()).unwrap_or_default();
        let ready = with_deadline(vm, timeout, |left| {
            let (mut r, mut w, mut x) = (fds(0), fds(1), fds(2));
            host::select(&mut r, &mut w, &mut x, left).map(|()| [r, w, x])
        })?;
        let ready = done(vm, ready)?;
        let mut out = lists.iter().zip(&ready).map(|((objects, fds), ready)| {
            let pairs = objects.iter().zip(fds);
            let ready = pairs.filter(|(_, fd)| ready.contains(fd));
            ready.map(|(o, _)| o.clone()).collect::<Vec<Value>>()
        });
        let mut next = || out.next().unwrap_or_default();
        Ok((next(), next(), next()))
    }

    /// Returns a polling object.
    #[pyfunction(sig = "($module, /)")]
    fn poll(vm: &Vm) -> PyResult<Ref<Poll>> {
        vm.new(Poll {
            fds: RefCell::default(),
            polling: Cell::new(false),
        })
    }
}

/// The payload of `select.poll`.
pub struct Poll {
    fds: RefCell<Vec<PollFd>>,
    polling: Cell<bool>,
}
payload!(Poll, leaf);

/// `select.poll`
pub static POLL: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    parts: &[&POLL_PART],
    ..TypeSpec::new("poll", "select", <Poll as Payload>::layout)
};

/// The events that poll waits for by default: POLLIN, POLLPRI, POLLOUT.
const POLL_DEFAULT: u16 = 1 | 2 | 4;

#[pymethods(POLL_PART)]
impl Poll {
    /// Register a file descriptor with the polling object.
    #[pymethod(
        sig = "($self, fd,\n         eventmask=select.POLLIN | select.POLLPRI | select.POLLOUT, /)"
    )]
    fn register(&self, vm: &Vm, fd: &Value, eventmask: Option<u16>) -> PyResult<()> {
        let fd = descriptor(vm, fd)?;
        let events = eventmask.unwrap_or(POLL_DEFAULT) as i16;
        let mut fds = self.fds.borrow_mut();
        match fds.iter_mut().find(|p| p.fd == fd) {
            Some(p) => p.events = events,
            None => fds.push(PollFd {
                fd,
                events,
                revents: 0,
            }),
        }
        Ok(())
    }

    /// Modify an already registered file descriptor.
    #[pymethod(sig = "($self, fd, eventmask, /)")]
    fn modify(&self, vm: &Vm, fd: &Value, eventmask: u16) -> PyResult<()> {
        let fd = descriptor(vm, fd)?;
        if let Some(p) = self.fds.borrow_mut().iter_mut().find(|p| p.fd == fd) {
            p.events = eventmask as i16;
            return Ok(());
        }
        Err(util::os_error(vm, Errno::ENOENT))
    }

    /// Remove a file descriptor being tracked by the polling object.
    #[pymethod(sig = "($self, fd, /)")]
    fn unregister(&self, vm: &Vm, fd: &Value) -> PyResult<()> {
        let number = descriptor(vm, fd)?;
        let mut fds = self.fds.borrow_mut();
        match fds.iter().position(|p| p.fd == number) {
            Some(i) => {
                fds.remove(i);
                Ok(())
            }
            None => {
                drop(fds);
                Err(vm.key_error(&Value::from_i32(number)))
            }
        }
    }

    /// Polls the registered file descriptors; timeout in milliseconds.
    #[pymethod(sig = "($self, timeout=None, /)")]
    fn poll(&self, vm: &Vm, timeout: Option<&Value>) -> PyResult<Vec<(i32, i32)>> {
        let timeout = match timeout.filter(|t| !vm.is_none(t)) {
            None => None,
            Some(t) => Some(milliseconds(vm, t)?).filter(|t| *t >= 0),
        };
        if self.polling.replace(true) {
            return Err(vm.runtime_error("concurrent poll() invocation"));
        }
        let mut fds = self.fds.borrow().clone();
        let result = with_deadline(vm, timeout, |left| host::poll(&mut fds, left));
        self.polling.set(false);
        done(vm, result?)?;
        let ready = fds.iter().filter(|p| p.revents != 0);
        Ok(ready.map(|p| (p.fd, i32::from(p.revents as u16))).collect())
    }
}

fn milliseconds(vm: &Vm, v: &Value) -> PyResult<i64> {
    if let Some(f) = v.as_float() {
        if f.is_nan() {
            return Err(vm.value_error("Invalid value NaN (not a number)"));
        }
        // Away from zero: what is negative stays so.
        let ns = f * 1e6;
        return Ok(if ns < 0.0 { ns.floor() } else { ns.ceil() } as i64);
    }
    if !vm.has_index(v) {
        return Err(vm.type_error("timeout must be an integer or None"));
    }
    let n = vm.index(v)?;
    n.as_int()
        .and_then(|i| i.to_i64())
        .and_then(|ms| ms.checked_mul(1_000_000))
        .ok_or_else(|| vm.overflow_error("timeout is too large"))
}

/// The payload of `select.epoll`.
pub struct Epoll {
    fd: Cell<i32>,
}
payload!(Epoll, leaf);

impl Drop for Epoll {
    fn drop(&mut self) {
        if self.fd.get() >= 0 {
            let _ = fs::close(self.fd.get());
        }
    }
}

/// `select.epoll`
pub static EPOLL: TypeSpec = TypeSpec {
    doc: Some("Returns an epolling object."),
    text_signature: Some("(sizehint=-1, flags=0)"),
    parts: &[&EPOLL_PART],
    ..TypeSpec::new("epoll", "select", <Epoll as Payload>::layout)
};

/// EPOLLIN, EPOLLPRI, EPOLLOUT.
const EPOLL_DEFAULT: u32 = 1 | 2 | 4;
const EPOLL_CTL_ADD: i32 = 1;
const EPOLL_CTL_DEL: i32 = 2;
const EPOLL_CTL_MOD: i32 = 3;
const EPOLL_CLOEXEC: i32 = 0o2000000;

impl Epoll {
    fn open_fd(&self, vm: &Vm) -> PyResult<i32> {
        match self.fd.get() {
            fd if fd >= 0 => Ok(fd),
            _ => Err(vm.value_error("I/O operation on closed epoll object")),
        }
    }

    fn control(&self, vm: &Vm, operation: i32, fd: &Value, events: u32) -> PyResult<()> {
        let epoll = self.open_fd(vm)?;
        let fd = descriptor(vm, fd)?;
        done(vm, host::epoll_ctl(epoll, operation, fd, events))
    }
}

#[pymethods(EPOLL_PART)]
impl Epoll {
    #[pyslot(name = "epoll", params = "(sizehint=-1, flags=0)")]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, sizehint: i32, flags: i32) -> PyResult<Ref<Epoll>> {
        if sizehint == 0 || sizehint < -1 {
            return Err(vm.value_error("negative sizehint"));
        }
        if flags != 0 && flags != EPOLL_CLOEXEC {
            return Err(vm.raise_new(&vm.exc().OSError, "invalid flags"));
        }
        let fd = Cell::new(done(vm, host::epoll_create())?);
        vm.new_object(cls, Epoll { fd })
    }

    /// Close the epoll control file descriptor.
    #[pymethod(sig = "($self, /)")]
    fn close(&self, vm: &Vm) -> PyResult<()> {
        match self.fd.replace(-1) {
            fd if fd >= 0 => done(vm, util::blocking(vm, || fs::close(fd))),
            _ => Ok(()),
        }
    }

    /// Return the epoll control file descriptor.
    #[pymethod(sig = "($self, /)")]
    fn fileno(&self, vm: &Vm) -> PyResult<i32> {
        self.open_fd(vm)
    }

    /// Modify event mask for a registered file descriptor.
    #[pymethod(sig = "($self, /, fd, eventmask)")]
    fn modify(&self, vm: &Vm, fd: &Value, eventmask: u32) -> PyResult<()> {
        self.control(vm, EPOLL_CTL_MOD, fd, eventmask)
    }

    /// Registers a new fd or raises an OSError if the fd is already registered.
    #[pymethod(
        sig = "($self, /, fd,\n         eventmask=select.EPOLLIN | select.EPOLLPRI | select.EPOLLOUT)"
    )]
    fn register(&self, vm: &Vm, fd: &Value, eventmask: Option<u32>) -> PyResult<()> {
        self.control(vm, EPOLL_CTL_ADD, fd, eventmask.unwrap_or(EPOLL_DEFAULT))
    }

    /// Remove a registered file descriptor from the epoll object.
    #[pymethod(sig = "($self, /, fd)")]
    fn unregister(&self, vm: &Vm, fd: &Value) -> PyResult<()> {
        self.control(vm, EPOLL_CTL_DEL, fd, 0)
    }

    /// Wait for events on the epoll file descriptor; timeout in seconds.
    #[pymethod(sig = "($self, /, timeout=None, maxevents=-1)")]
    fn poll(&self, vm: &Vm, timeout: Option<&Value>, maxevents: i32) -> PyResult<Vec<(i32, u32)>> {
        let epoll = self.open_fd(vm)?;
        let timeout = match timeout.filter(|t| !vm.is_none(t)) {
            None => None,
            Some(t) if t.as_float().is_none() && !vm.has_index(t) => {
                return Err(vm.type_error("timeout must be an integer or None"));
            }
            Some(t) => Some(nanoseconds(vm, t, Round::Timeout)?).filter(|t| *t >= 0),
        };
        let limit = match maxevents {
            -1 => host::FD_SETSIZE as usize - 1,
            n if n < 1 => {
                return Err(vm.value_error(&format!("maxevents must be greater than 0, got {n}")));
            }
            n => n as usize,
        };
        let events = with_deadline(vm, timeout, |left| host::epoll_wait(epoll, limit, left))?;
        done(vm, events)
    }

    #[pymethod(name = "__enter__", sig = "($self, /)", doc = "")]
    fn enter(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Self>> {
        this.open_fd(vm)?;
        Ok(this.clone())
    }

    #[pymethod(
        name = "__exit__",
        sig = "($self, exc_type=None, exc_value=None, exc_tb=None, /)",
        doc = ""
    )]
    fn exit(
        &self,
        vm: &Vm,
        exc_type: Option<&Value>,
        exc_value: Option<&Value>,
        exc_tb: Option<&Value>,
    ) -> PyResult<()> {
        let _ = (exc_type, exc_value, exc_tb);
        self.close(vm)
    }

    /// Create an epoll object from a given control fd.
    #[classmethod(sig = "($type, fd, /)")]
    fn fromfd(vm: &Vm, cls: &Ref<TypeObject>, fd: i32) -> PyResult<Ref<Epoll>> {
        vm.new_object(cls, Epoll { fd: Cell::new(fd) })
    }

    /// True if the epoll handler is closed
    #[getter]
    fn closed(&self) -> bool {
        self.fd.get() < 0
    }
}
