//! `BufferedReader`, `BufferedWriter`, `BufferedRandom`: one payload, with read-ahead or pending writes, never both.
//! This file has the state and what works on the raw stream; the methods are in `methods`, `BufferedRWPair` in `pair`.

mod methods;
mod pair;

use std::cell::{Cell, RefCell};

use taipan_object::{Bytes, PyCell, PyResult, Raised, Ref, Traverse, Value, Visitor, Vm, payload};

use super::base::{self, BufferedIoBase, OsErrorText};
use super::fileio::{FileIo, zeroed};
use crate::util::{data, is_exactly, offset};

pub use methods::{BUFFERED_RANDOM, BUFFERED_READER, BUFFERED_WRITER};
pub use pair::BUFFERED_RW_PAIR;

/// What the three classes have.
#[repr(C)]
pub struct Buffered {
    base: BufferedIoBase,
    raw: PyCell<Option<Value>>,
    ready: Cell<bool>,
    detached: Cell<bool>,
    readable: Cell<bool>,
    writable: Cell<bool>,
    finalizing: Cell<bool>,
    /// The raw stream is a `FileIO`, and neither class overrides anything: calls go to it directly.
    direct: Cell<bool>,
    /// An operation on the raw stream runs: another one from within it is refused.
    busy: Cell<bool>,
    /// The thread whose operation runs.
    owner: Cell<u64>,
    capacity: Cell<usize>,
    /// Where the raw stream stands, -1 when unknown.
    raw_pos: Cell<i64>,
    state: RefCell<State>,
}
payload!(Buffered, gc, base = BufferedIoBase);

#[derive(Default)]
struct State {
    /// Bytes that were read; those before `pos` have been given out and stay for seeking back.
    ahead: Vec<u8>,
    pos: usize,
    end: usize,
    /// Bytes to write.
    pending: Vec<u8>,
}

impl State {
    #[inline]
    fn rest(&self) -> &[u8] {
        self.ahead.get(self.pos..self.end).unwrap_or_default()
    }
    fn forget(&mut self) {
        (self.pos, self.end) = (0, 0);
    }
}

impl Traverse for Buffered {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.raw.visit(visit);
    }
    fn clear(&self) {
        self.ready.set(false);
        self.raw.set(None);
    }
}

/// The payload of `BufferedReader`.
#[repr(C)]
pub struct BufferedReader {
    /// Everything.
    pub buffered: Buffered,
}
payload!(BufferedReader, gc, base = Buffered);

/// The payload of `BufferedWriter`.
#[repr(C)]
pub struct BufferedWriter {
    /// Everything.
    pub buffered: Buffered,
}
payload!(BufferedWriter, gc, base = Buffered);

/// The payload of `BufferedRandom`.
#[repr(C)]
pub struct BufferedRandom {
    /// Everything.
    pub buffered: Buffered,
}
payload!(BufferedRandom, gc, base = Buffered);

macro_rules! forward {
    ($($t:ty)*) => {$(
        impl Traverse for $t {
            fn traverse(&self, visit: &mut Visitor<'_>) {
                self.buffered.traverse(visit);
            }
            fn clear(&self) {
                self.buffered.clear();
            }
        }
    )*};
}
forward! { BufferedReader BufferedWriter BufferedRandom }

/// Ends the time in which an operation is running.
struct Busy<'a>(&'a Cell<bool>);
impl Drop for Busy<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}

impl Buffered {
    fn new() -> Buffered {
        Buffered {
            base: BufferedIoBase::NEW,
            raw: PyCell::new(None),
            ready: Cell::new(false),
            detached: Cell::new(false),
            readable: Cell::new(false),
            writable: Cell::new(false),
            finalizing: Cell::new(false),
            direct: Cell::new(false),
            busy: Cell::new(false),
            owner: Cell::new(0),
            capacity: Cell::new(0),
            raw_pos: Cell::new(-1),
            state: RefCell::default(),
        }
    }

    /// The raw stream.
    fn raw(&self, vm: &Vm) -> PyResult<Value> {
        if self.ready.get()
            && let Some(raw) = self.raw.get()
        {
            return Ok(raw);
        }
        Err(self.unusable(vm))
    }

    #[cold]
    fn unusable(&self, vm: &Vm) -> Raised {
        if self.detached.get() {
            vm.value_error("raw stream has been detached")
        } else {
            vm.value_error("I/O operation on uninitialized object")
        }
    }

    fn is_closed(&self, vm: &Vm, raw: &Value) -> PyResult<bool> {
        if self.direct.get()
            && let Some(f) = raw.downcast_ref::<FileIo>()
        {
            return Ok(f.fd.get() < 0);
        }
        base::is_closed(vm, raw)
    }

    /// The raw stream; ValueError with `message` when it is closed and nothing is left in the buffer.
    fn open_raw(&self, vm: &Vm, message: &str) -> PyResult<Value> {
        let raw = self.raw(vm)?;
        if self.state.borrow().rest().is_empty() && self.is_closed(vm, &raw)? {
            return Err(vm.value_error(message));
        }
        Ok(raw)
    }

    /// Begins an operation on the raw stream; waits for one of another thread.
    fn enter<'a>(&'a self, vm: &Vm, this: &Value) -> PyResult<Busy<'a>> {
        let me = taipan_host::thread::ident();
        while self.busy.get() {
            if self.owner.get() == me {
                let shown = vm.repr_string(this)?;
                return Err(vm.runtime_error(&format!("reentrant call inside {shown}")));
            }
            let pause = std::time::Duration::from_micros(50);
            crate::util::blocking(vm, || std::thread::sleep(pause));
            crate::util::check_signals(vm)?;
        }
        self.busy.set(true);
        self.owner.set(me);
        Ok(Busy(&self.busy))
    }

    fn moved(&self, n: usize) {
        let at = self.raw_pos.get();
        if at >= 0 {
            self.raw_pos.set(at.saturating_add(n as i64));
        }
    }

    /// One read of the raw stream; `None` when it would block.
    fn raw_read(&self, vm: &Vm, raw: &Value, into: &mut [u8]) -> PyResult<Option<usize>> {
        if self.direct.get()
            && let Some(f) = raw.downcast_ref::<FileIo>()
        {
            let got = f.read_into(vm, into)?;
            self.moved(got.unwrap_or(0));
            return Ok(got);
        }
        let bytearray = taipan_builtins::util::builtin(vm, "bytearray")?;
        let memoryview = taipan_builtins::util::builtin(vm, "memoryview")?;
        let target = vm.call1(&bytearray, &vm.new_usize(into.len())?)?;
        let view = vm.call1(&memoryview, &target)?;
        let got = vm.call_method(raw, &vm.names().readinto, std::slice::from_ref(&view));
        let released = vm.call_method_str(&view, "release", &[]);
        let got = got?;
        released?;
        if vm.is_none(&got) {
            return Ok(None);
        }
        let n = match vm.index_isize_or_overflow(&got) {
            Ok(n) => n,
            Err(r) => {
                // The reason stays visible as the cause.
                let cause = vm.take_raised(r);
                let failed = vm.os_error_text("raw readinto() failed");
                let e = vm.take_raised(failed);
                if let Some(base) = e.downcast_ref::<taipan_object::BaseException>() {
                    base.cause.set(Some(cause.clone()));
                    base.context.set(Some(cause));
                    base.suppress_context.set(true);
                }
                return Err(vm.raise_as_is(e));
            }
        };
        let Some(n) = usize::try_from(n).ok().filter(|n| *n <= into.len()) else {
            return Err(vm.os_error_text(&format!(
                "raw readinto() returned invalid length {n} (should have been between 0 and {})",
                into.len()
            )));
        };
        let bytes = data(vm, &target)?;
        if let Some(part) = bytes.get(..n) {
            into[..n].copy_from_slice(part);
        }
        self.moved(n);
        Ok(Some(n))
    }

    /// One write to the raw stream; `None` when it would block.
    fn raw_write(&self, vm: &Vm, raw: &Value, bytes: &[u8]) -> PyResult<Option<usize>> {
        if self.direct.get()
            && let Some(f) = raw.downcast_ref::<FileIo>()
        {
            let n = f.write_some(vm, bytes)?;
            self.moved(n.unwrap_or(0));
            return Ok(n);
        }
        let memoryview = taipan_builtins::util::builtin(vm, "memoryview")?;
        let view = vm.call1(&memoryview, vm.new_bytes(bytes)?.as_value())?;
        let n = vm.call_method(raw, &vm.names().write, &[view])?;
        if vm.is_none(&n) {
            return Ok(None);
        }
        let n = vm.index_isize_or_overflow(&n)?;
        let Some(n) = usize::try_from(n).ok().filter(|n| *n <= bytes.len()) else {
            return Err(vm.os_error_text(&format!(
                "raw write() returned invalid length {n} (should have been between 0 and {})",
                bytes.len()
            )));
        };
        self.moved(n);
        Ok(Some(n))
    }

    fn raw_tell(&self, vm: &Vm, raw: &Value) -> PyResult<i64> {
        let n = if self.direct.get()
            && let Some(f) = raw.downcast_ref::<FileIo>()
        {
            f.seek_to(vm, 0, 1)?
        } else {
            let at = vm.call_method(raw, &vm.names().tell, &[])?;
            offset(vm, &at)?
        };
        if n < 0 {
            return Err(vm.os_error_text(&format!("Raw stream returned invalid position {n}")));
        }
        self.raw_pos.set(n);
        Ok(n)
    }

    /// Where the raw stream stands, asking it only when that is not known.
    fn raw_position(&self, vm: &Vm, raw: &Value) -> PyResult<i64> {
        match self.raw_pos.get() {
            at if at >= 0 => Ok(at),
            _ => self.raw_tell(vm, raw),
        }
    }

    fn raw_seek(&self, vm: &Vm, raw: &Value, target: i64, whence: i32) -> PyResult<i64> {
        let n = if self.direct.get()
            && let Some(f) = raw.downcast_ref::<FileIo>()
        {
            f.seek_to(vm, target, whence)?
        } else {
            let args = [vm.new_int(target)?, Value::from_i32(whence)];
            let at = vm.call_method(raw, &vm.names().seek, &args)?;
            offset(vm, &at)?
        };
        if n < 0 {
            return Err(vm.os_error_text(&format!("Raw stream returned invalid position {n}")));
        }
        self.raw_pos.set(n);
        Ok(n)
    }

    /// Fills the read-ahead, which is used up. `None`: would block; 0: at the end.
    fn fill(&self, vm: &Vm, raw: &Value) -> PyResult<Option<usize>> {
        let mut ahead = {
            let mut s = self.state.borrow_mut();
            // Another thread may have filled it while this one waited for its turn.
            if !s.rest().is_empty() {
                return Ok(Some(s.rest().len()));
            }
            s.forget();
            std::mem::take(&mut s.ahead)
        };
        if ahead.len() != self.capacity.get() {
            ahead = zeroed(vm, self.capacity.get())?;
        }
        let got = self.raw_read(vm, raw, &mut ahead);
        let mut s = self.state.borrow_mut();
        s.ahead = ahead;
        if let Ok(Some(n)) = got {
            s.end = n;
        }
        got
    }

    /// Takes up to `limit` bytes from the read-ahead.
    fn take(&self, limit: usize, out: &mut Vec<u8>) -> usize {
        let mut s = self.state.borrow_mut();
        let rest = s.rest();
        let n = rest.len().min(limit);
        out.extend_from_slice(&rest[..n]);
        s.pos += n;
        n
    }

    fn read_all(&self, vm: &Vm, raw: &Value) -> PyResult<Option<Vec<u8>>> {
        let mut out = Vec::new();
        self.take(usize::MAX, &mut out);
        self.state.borrow_mut().forget();
        self.flush_pending(vm, raw)?;
        if self.direct.get()
            && let Some(f) = raw.downcast_ref::<FileIo>()
        {
            let rest = f.read_to_end(vm)?;
            self.raw_pos.set(-1);
            return Ok(match rest {
                Some(rest) if out.is_empty() => Some(rest),
                Some(rest) => {
                    out.extend_from_slice(&rest);
                    Some(out)
                }
                None => (!out.is_empty()).then_some(out),
            });
        }
        if let Some(readall) = vm.getattr_str_opt(raw, "readall")? {
            let rest = vm.call0(&readall)?;
            self.raw_pos.set(-1);
            if vm.is_none(&rest) {
                return Ok((!out.is_empty()).then_some(out));
            }
            let Some(rest) = rest.downcast_ref::<Bytes>() else {
                return Err(vm.type_error("readall() should return bytes"));
            };
            out.extend_from_slice(rest.as_slice());
            return Ok(Some(out));
        }
        loop {
            let part = vm.call_method(raw, &vm.names().read, &[])?;
            if vm.is_none(&part) {
                return Ok((!out.is_empty()).then_some(out));
            }
            let Some(part) = part.downcast_ref::<Bytes>() else {
                return Err(vm.type_error("read() should return bytes"));
            };
            if part.is_empty() {
                return Ok(Some(out));
            }
            self.moved(part.len());
            out.extend_from_slice(part.as_slice());
        }
    }

    /// Reads `n` bytes, fewer at the end or when it would block; `None` when that gave nothing.
    fn read_exactly(&self, vm: &Vm, raw: &Value, n: usize) -> PyResult<Option<Vec<u8>>> {
        let mut out = Vec::new();
        self.take(n, &mut out);
        if out.len() == n {
            return Ok(Some(out));
        }
        self.flush_pending(vm, raw)?;
        self.state.borrow_mut().forget();
        let capacity = self.capacity.get().max(1);
        while out.len() < n {
            let direct = (n - out.len()) / capacity * capacity;
            let got = if direct > 0 {
                let at = out.len();
                if out.try_reserve(direct).is_err() {
                    return Err(vm.no_memory());
                }
                out.resize(at.saturating_add(direct), 0);
                let got = self.raw_read(vm, raw, &mut out[at..]);
                out.truncate(at + got.as_ref().ok().copied().flatten().unwrap_or(0));
                got?
            } else {
                let got = self.fill(vm, raw)?;
                self.take(n - out.len(), &mut out);
                got
            };
            match got {
                Some(0) => return Ok(Some(out)),
                Some(_) => {}
                None if out.is_empty() => return Ok(None),
                None => return Ok(Some(out)),
            }
        }
        Ok(Some(out))
    }

    /// What is there without waiting for more than one read of the raw stream.
    pub fn read_once(&self, vm: &Vm, this: &Value, n: usize) -> PyResult<Vec<u8>> {
        let raw = self.open_raw(vm, "read of closed file")?;
        let mut out = Vec::new();
        if n == 0 {
            return Ok(out);
        }
        if self.take(n, &mut out) > 0 {
            return Ok(out);
        }
        let _busy = self.enter(vm, this)?;
        self.flush_pending(vm, &raw)?;
        if self.take(n, &mut out) > 0 {
            return Ok(out);
        }
        self.state.borrow_mut().forget();
        let mut out = zeroed(vm, n)?;
        let got = self.raw_read(vm, &raw, &mut out)?;
        out.truncate(got.unwrap_or(0));
        Ok(out)
    }

    /// As [`Buffered::read_once`] for a caller that will come back: fills the buffer when it is empty.
    pub fn read_chunk(&self, vm: &Vm, this: &Value, n: usize) -> PyResult<Vec<u8>> {
        let raw = self.open_raw(vm, "read of closed file")?;
        let mut out = Vec::with_capacity(n.min(self.capacity.get()));
        if self.take(n, &mut out) > 0 {
            return Ok(out);
        }
        if n >= self.capacity.get() {
            return self.read_once(vm, this, n);
        }
        let _busy = self.enter(vm, this)?;
        self.flush_pending(vm, &raw)?;
        self.fill(vm, &raw)?;
        self.take(n, &mut out);
        Ok(out)
    }

    /// Reads a line of at most `limit` bytes.
    fn read_line(&self, vm: &Vm, this: &Value, limit: usize) -> PyResult<Ref<Bytes>> {
        let raw = self.open_raw(vm, "readline of closed file")?;
        let mut line = Vec::new();
        {
            let mut s = self.state.borrow_mut();
            let rest = s.rest();
            let within = &rest[..rest.len().min(limit)];
            let n = memchr::memchr(b'\n', within).map(|i| i + 1);
            let n = n.or_else(|| (within.len() == limit).then_some(limit));
            if let Some(n) = n {
                let out = vm.new_bytes(&within[..n])?;
                s.pos += n;
                return Ok(out);
            }
            line.extend_from_slice(within);
            s.pos = s.end;
        }
        let _busy = self.enter(vm, this)?;
        self.flush_pending(vm, &raw)?;
        loop {
            if self.fill(vm, &raw)?.unwrap_or(0) == 0 {
                break;
            }
            let mut s = self.state.borrow_mut();
            let rest = s.rest();
            let within = &rest[..rest.len().min(limit - line.len())];
            let end = memchr::memchr(b'\n', within).map(|i| i + 1);
            let n = end.unwrap_or(within.len());
            line.extend_from_slice(&within[..n]);
            s.pos += n;
            if end.is_some() || line.len() >= limit {
                break;
            }
        }
        vm.new_bytes(&line)
    }

    #[cold]
    fn would_block(&self, vm: &Vm, written: usize) -> Raised {
        let args = || -> PyResult<Vec<Value>> {
            Ok(vec![
                Value::from_i32(taipan_host::Errno::EAGAIN.0),
                vm.new_str("write could not complete without blocking")?
                    .into_value(),
                vm.new_usize(written)?,
            ])
        };
        match args() {
            Ok(args) => vm.raise_args(&vm.exc().BlockingIOError, args),
            Err(r) => r,
        }
    }

    /// Writes what is pending.
    fn flush_pending(&self, vm: &Vm, raw: &Value) -> PyResult<()> {
        if !self.writable.get() {
            return Ok(());
        }
        let pending = std::mem::take(&mut self.state.borrow_mut().pending);
        let mut done = 0;
        let mut failed = None;
        while done < pending.len() {
            match self.raw_write(vm, raw, &pending[done..]) {
                Ok(Some(n)) => {
                    done += n;
                    if done < pending.len()
                        && let Err(r) = crate::util::check_signals(vm)
                    {
                        failed = Some(r);
                        break;
                    }
                }
                Ok(None) => {
                    failed = Some(self.would_block(vm, 0));
                    break;
                }
                Err(r) => {
                    failed = Some(r);
                    break;
                }
            }
        }
        // Keep the allocation, and what was not written in front of anything that came meanwhile.
        let mut pending = pending;
        pending.drain(..done);
        let mut s = self.state.borrow_mut();
        pending.append(&mut s.pending);
        s.pending = pending;
        match failed {
            Some(r) => Err(r),
            None => Ok(()),
        }
    }

    /// Makes the raw stream stand where the reader is.
    fn rewind(&self, vm: &Vm, raw: &Value) -> PyResult<()> {
        let back = {
            let mut s = self.state.borrow_mut();
            let n = s.rest().len();
            s.forget();
            n
        };
        if back > 0 {
            self.raw_seek(vm, raw, -(back as i64), 1)?;
        }
        Ok(())
    }

    /// Writes or buffers bytes; all are taken unless the raw stream would block.
    pub fn write_bytes(&self, vm: &Vm, this: &Value, bytes: &[u8]) -> PyResult<usize> {
        let raw = self.raw(vm)?;
        if self.is_closed(vm, &raw)? {
            return Err(vm.value_error("write to closed file"));
        }
        let capacity = self.capacity.get();
        {
            let mut s = self.state.borrow_mut();
            if s.rest().is_empty()
                && !self.busy.get()
                && s.pending.len() + bytes.len() <= capacity
                && bytes.len() < capacity
            {
                s.forget();
                s.pending.extend_from_slice(bytes);
                return Ok(bytes.len());
            }
        }
        let _busy = self.enter(vm, this)?;
        self.rewind(vm, &raw)?;
        if let Err(r) = self.flush_pending(vm, &raw) {
            if !vm.exception_matches(&vm.exc().BlockingIOError) {
                return Err(r);
            }
            vm.take_raised(r);
            let mut s = self.state.borrow_mut();
            let room = capacity.saturating_sub(s.pending.len()).min(bytes.len());
            s.pending.extend_from_slice(&bytes[..room]);
            drop(s);
            if room == bytes.len() {
                return Ok(room);
            }
            return Err(self.would_block(vm, room));
        }
        let mut done = 0;
        while bytes.len() - done > capacity {
            match self.raw_write(vm, &raw, &bytes[done..])? {
                Some(n) => {
                    done += n;
                    // The next write may block for ever: a signal that ended this one is handled first.
                    if done < bytes.len() {
                        crate::util::check_signals(vm)?;
                    }
                }
                None => {
                    // The stream takes nothing more: as much as fits is kept.
                    let room = capacity.min(bytes.len() - done);
                    let mut s = self.state.borrow_mut();
                    s.pending.extend_from_slice(&bytes[done..done + room]);
                    drop(s);
                    done += room;
                    if done < bytes.len() {
                        return Err(self.would_block(vm, done));
                    }
                    return Ok(done);
                }
            }
        }
        self.state
            .borrow_mut()
            .pending
            .extend_from_slice(&bytes[done..]);
        Ok(bytes.len())
    }

    /// Whether everything can go directly to the payloads (see `direct`).
    fn is_direct(vm: &Vm, this: &Value, raw: &Value) -> bool {
        let plain = is_exactly::<BufferedReader>(vm, this)
            || is_exactly::<BufferedWriter>(vm, this)
            || is_exactly::<BufferedRandom>(vm, this);
        plain && is_exactly::<FileIo>(vm, raw)
    }
}

impl Buffered {
    /// `closed`, for the text layer.
    pub fn is_closed_now(&self, vm: &Vm) -> PyResult<bool> {
        let raw = self.raw(vm)?;
        self.is_closed(vm, &raw)
    }
}
