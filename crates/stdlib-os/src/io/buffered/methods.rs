//! The methods of `BufferedReader`, `BufferedWriter` and `BufferedRandom`.

use taipan_macros::pymethods;
use taipan_object::{
    Args, Bytes, Payload, PyResult, Ref, Str, TypeObject, TypeSpec, Value, Vm, tpflags,
};

use super::{Buffered, BufferedRandom, BufferedReader, BufferedWriter};
use crate::io::base::{self, BUFFERED_IO_BASE, class_of, unsupported};
use crate::util::{Data, Size, Writable, chain, offset, tp_name};

/// `BufferedReader`
pub static BUFFERED_READER: TypeSpec = TypeSpec {
    doc: Some("Create a new buffered reader using the given readable raw IO object."),
    text_signature: Some("(raw, buffer_size=DEFAULT_BUFFER_SIZE)"),
    flags: tpflags::BASETYPE,
    base: Some(|vm| class_of(vm, &BUFFERED_IO_BASE)),
    parts: &[&READER_INIT, &COMMON, &READING, &READER_FLUSH],
    ..TypeSpec::new("BufferedReader", "_io", <BufferedReader as Payload>::layout)
};

/// `BufferedWriter`
pub static BUFFERED_WRITER: TypeSpec = TypeSpec {
    doc: Some("A buffer for a writeable sequential RawIO object."),
    text_signature: Some("(raw, buffer_size=DEFAULT_BUFFER_SIZE)"),
    flags: tpflags::BASETYPE,
    base: Some(|vm| class_of(vm, &BUFFERED_IO_BASE)),
    parts: &[&WRITER_INIT, &COMMON, &WRITING],
    ..TypeSpec::new("BufferedWriter", "_io", <BufferedWriter as Payload>::layout)
};

/// `BufferedRandom`
pub static BUFFERED_RANDOM: TypeSpec = TypeSpec {
    doc: Some("A buffered interface to random access streams."),
    text_signature: Some("(raw, buffer_size=DEFAULT_BUFFER_SIZE)"),
    flags: tpflags::BASETYPE,
    base: Some(|vm| class_of(vm, &BUFFERED_IO_BASE)),
    parts: &[&RANDOM_INIT, &COMMON, &READING, &WRITING],
    ..TypeSpec::new("BufferedRandom", "_io", <BufferedRandom as Payload>::layout)
};

fn initialize(
    vm: &Vm,
    this: &Value,
    state: &Buffered,
    raw: &Value,
    buffer_size: isize,
    readable: bool,
    writable: bool,
) -> PyResult<()> {
    state.ready.set(false);
    state.detached.set(false);
    if readable && writable {
        base::check_seekable(vm, raw)?;
    }
    if readable {
        base::check_readable(vm, raw)?;
    }
    if writable {
        base::check_writable(vm, raw)?;
    }
    let Some(capacity) = usize::try_from(buffer_size).ok().filter(|n| *n > 0) else {
        return Err(vm.value_error("buffer size must be strictly positive"));
    };
    state.raw.set(Some(raw.clone()));
    state.capacity.set(capacity);
    state.readable.set(readable);
    state.writable.set(writable);
    *state.state.borrow_mut() = super::State::default();
    state.raw_pos.set(-1);
    state.direct.set(Buffered::is_direct(vm, this, raw));
    // Some files cannot tell; the position stays unknown then.
    if let Err(r) = state.raw_tell(vm, raw) {
        let e = vm.take_raised(r);
        if !vm.is_instance_exact(&e, &vm.exc().Exception) {
            return Err(vm.raise_as_is(e));
        }
    }
    state.ready.set(true);
    Ok(())
}

macro_rules! constructor {
    ($t:ident, $part:ident, $name:literal, $readable:literal, $writable:literal) => {
        #[pymethods($part)]
        impl $t {
            #[pyslot]
            fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<$t>> {
                let _ = args;
                vm.new_object(
                    cls,
                    $t {
                        buffered: Buffered::new(),
                    },
                )
            }

            #[pyslot(name = $name, params = "(raw, buffer_size=131072)")]
            fn tp_init(vm: &Vm, this: &Ref<$t>, raw: &Value, buffer_size: isize) -> PyResult<()> {
                initialize(
                    vm,
                    this.as_value(),
                    &this.buffered,
                    raw,
                    buffer_size,
                    $readable,
                    $writable,
                )
            }
        }
    };
}

constructor!(BufferedReader, READER_INIT, "BufferedReader", true, false);
constructor!(BufferedWriter, WRITER_INIT, "BufferedWriter", false, true);
constructor!(BufferedRandom, RANDOM_INIT, "BufferedRandom", true, true);

fn flush(vm: &Vm, this: &Ref<Buffered>) -> PyResult<()> {
    let raw = this.raw(vm)?;
    if this.is_closed(vm, &raw)? {
        return Err(vm.value_error("flush of closed file"));
    }
    let _busy = this.enter(vm, this.as_value())?;
    this.flush_pending(vm, &raw)?;
    if this.readable.get() {
        this.rewind(vm, &raw)?;
    }
    Ok(())
}

#[pymethods(READER_FLUSH)]
impl BufferedReader {
    #[pymethod(name = "flush", sig = "($self, /)", doc = "")]
    fn flush_raw(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let raw = this.buffered.raw(vm)?;
        vm.call_method(&raw, &vm.names().flush, &[])
    }
}

#[pymethods(COMMON)]
impl Buffered {
    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Str>> {
        let class = tp_name(vm, this.as_value());
        let name = match vm.getattr_opt(this.as_value(), &vm.names().name) {
            Ok(name) => name,
            Err(r) => {
                vm.catch(r, &vm.exc().ValueError)?;
                None
            }
        };
        let Some(name) = name else {
            return vm.new_str(&format!("<{class}>"));
        };
        base::guarded_repr(vm, this.as_value(), || {
            let mut out = taipan_text::TextBuf::new();
            out.push_str(&format!("<{class} name="));
            out.push_text(vm.repr(&name)?.text());
            out.push_str(">");
            vm.new_str_buf(&out)
        })
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn close(vm: &Vm, this: &Ref<Self>) -> PyResult<()> {
        let raw = this.raw(vm)?;
        if this.is_closed(vm, &raw)? {
            return Ok(());
        }
        if this.finalizing.get()
            && let Err(r) = vm.call_method_str(&raw, "_dealloc_warn", &[this.as_value().clone()])
        {
            vm.take_raised(r);
        }
        let flushed = vm.call_method(this.as_value(), &vm.names().flush, &[]);
        let failed = flushed.err().map(|r| vm.take_raised(r));
        let closed = vm.call_method(&raw, &vm.names().close, &[]);
        *this.state.borrow_mut() = super::State::default();
        chain(vm, failed, closed.map(drop))
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn detach(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let raw = this.raw(vm)?;
        vm.call_method(this.as_value(), &vm.names().flush, &[])?;
        drop(this.raw.take());
        this.detached.set(true);
        this.ready.set(false);
        Ok(raw)
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn seekable(&self, vm: &Vm) -> PyResult {
        vm.call_method_str(&self.raw(vm)?, "seekable", &[])
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn fileno(&self, vm: &Vm) -> PyResult {
        vm.call_method(&self.raw(vm)?, &vm.names().fileno, &[])
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn isatty(&self, vm: &Vm) -> PyResult {
        vm.call_method(&self.raw(vm)?, &vm.names().isatty, &[])
    }

    #[pymethod(name = "_dealloc_warn", sig = "($self, source, /)", doc = "")]
    fn dealloc_warn(&self, vm: &Vm, source: &Value) {
        if let Ok(raw) = self.raw(vm).map_err(|r| drop(vm.take_raised(r)))
            && let Err(r) = vm.call_method_str(&raw, "_dealloc_warn", std::slice::from_ref(source))
        {
            vm.take_raised(r);
        }
    }

    #[pymethod(sig = "($self, target, whence=0, /)", doc = "")]
    fn seek(vm: &Vm, this: &Ref<Self>, target: &Value, whence: i32) -> PyResult<i64> {
        let raw = this.raw(vm)?;
        if !matches!(whence, 0..=4) {
            return Err(vm.value_error(&format!("whence value {whence} unsupported")));
        }
        if this.is_closed(vm, &raw)? {
            return Err(vm.value_error("seek of closed file"));
        }
        if !this.direct.get() {
            base::check_seekable(vm, &raw)?;
        } else if let Some(f) = raw.downcast_ref::<crate::io::fileio::FileIo>()
            && !f.can_seek(vm)?
        {
            return Err(unsupported(vm, "File or stream is not seekable."));
        }
        let mut target = offset(vm, target)?;
        let pending = !this.state.borrow().pending.is_empty();
        if whence < 2 && this.readable.get() && !pending {
            let current = this.raw_position(vm, &raw)?;
            let mut s = this.state.borrow_mut();
            let left = s.rest().len() as i64;
            if left > 0 {
                let here = current.saturating_sub(left);
                let by = if whence == 0 {
                    target.saturating_sub(here)
                } else {
                    target
                };
                let new = (s.pos as i64).saturating_add(by);
                if let Some(new) = usize::try_from(new).ok().filter(|n| *n <= s.end) {
                    s.pos = new;
                    return Ok(here.saturating_add(by));
                }
            }
        }
        let _busy = this.enter(vm, this.as_value())?;
        this.flush_pending(vm, &raw)?;
        if whence == 1 {
            target = target.saturating_sub(this.state.borrow().rest().len() as i64);
        }
        let n = this.raw_seek(vm, &raw, target, whence)?;
        this.state.borrow_mut().forget();
        Ok(n)
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn tell(&self, vm: &Vm) -> PyResult<i64> {
        let raw = self.raw(vm)?;
        let at = self.raw_tell(vm, &raw)?;
        let s = self.state.borrow();
        Ok(at - s.rest().len() as i64 + s.pending.len() as i64)
    }

    #[pymethod(sig = "($self, pos=None, /)", doc = "")]
    fn truncate(vm: &Vm, this: &Ref<Self>, pos: Option<&Value>) -> PyResult {
        let raw = this.raw(vm)?;
        if this.is_closed(vm, &raw)? {
            return Err(vm.value_error("truncate of closed file"));
        }
        if !this.writable.get() {
            return Err(unsupported(vm, "truncate"));
        }
        let _busy = this.enter(vm, this.as_value())?;
        this.flush_pending(vm, &raw)?;
        this.rewind(vm, &raw)?;
        let pos = pos.cloned().unwrap_or_else(|| vm.none());
        let size = vm.call_method_str(&raw, "truncate", &[pos])?;
        // The raw stream may have moved.
        if let Err(r) = this.raw_tell(vm, &raw) {
            vm.take_raised(r);
        }
        Ok(size)
    }

    #[pymethod(name = "__sizeof__", sig = "($self, /)", doc = "")]
    fn sizeof(&self) -> usize {
        let s = self.state.borrow();
        std::mem::size_of::<Buffered>() + 16 + s.ahead.capacity() + s.pending.capacity()
    }

    #[pymethod(name = "__getstate__", sig = "($self, /)", doc = "")]
    fn getstate(vm: &Vm, this: &Value) -> PyResult<()> {
        Err(base::cannot_pickle(vm, this))
    }

    #[member(raw)]
    fn get_raw(&self) -> Option<Value> {
        self.raw.get()
    }

    #[getter]
    fn closed(&self, vm: &Vm) -> PyResult<bool> {
        let raw = self.raw(vm)?;
        self.is_closed(vm, &raw)
    }

    #[getter]
    fn name(&self, vm: &Vm) -> PyResult {
        vm.getattr(&self.raw(vm)?, &vm.names().name)
    }

    #[getter]
    fn mode(&self, vm: &Vm) -> PyResult {
        vm.getattr(&self.raw(vm)?, &vm.names().mode)
    }

    #[member(_finalizing)]
    fn get_finalizing(&self) -> bool {
        self.finalizing.get()
    }

    #[setter(_finalizing)]
    fn set_finalizing(&self, vm: &Vm, value: &Value) -> PyResult<()> {
        self.finalizing.set(vm.is_true(value)?);
        Ok(())
    }
}

fn read_into(
    vm: &Vm,
    this: &Ref<Buffered>,
    buffer: &Writable,
    once: bool,
) -> PyResult<Option<usize>> {
    let raw = this.open_raw(vm, "readinto of closed file")?;
    let n = buffer.len();
    if once {
        let got = this.read_once(vm, this.as_value(), n)?;
        return Ok(Some(buffer.put(0, &got)));
    }
    let _busy = this.enter(vm, this.as_value())?;
    match this.read_exactly(vm, &raw, n)? {
        Some(got) => Ok(Some(buffer.put(0, &got))),
        None => Ok(None),
    }
}

#[pymethods(READING)]
impl Buffered {
    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        let exact = this.direct.get();
        if exact {
            let line = this.read_line(vm, this.as_value(), usize::MAX)?;
            return Ok((!line.is_empty()).then(|| line.into_value()));
        }
        let line = vm.call_method(this.as_value(), &vm.names().readline, &[])?;
        if line.downcast_ref::<Bytes>().is_none() {
            return Err(vm.raise_new(
                &vm.exc().OSError,
                &format!(
                    "readline() should have returned a bytes object, not '{}'",
                    vm.type_name(&line)
                ),
            ));
        }
        Ok((vm.len(&line)? > 0).then_some(line))
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn readable(&self, vm: &Vm) -> PyResult {
        vm.call_method_str(&self.raw(vm)?, "readable", &[])
    }

    #[pymethod(sig = "($self, size=-1, /)", doc = "")]
    fn read(vm: &Vm, this: &Ref<Self>, size: Size) -> PyResult<Option<Ref<Bytes>>> {
        this.raw(vm)?;
        if size.0 < -1 {
            return Err(vm.value_error("read length must be non-negative or -1"));
        }
        let raw = this.open_raw(vm, "read of closed file")?;
        let Ok(n) = usize::try_from(size.0) else {
            let _busy = this.enter(vm, this.as_value())?;
            return match this.read_all(vm, &raw)? {
                Some(all) => vm.new_bytes(&all).map(Some),
                None => Ok(None),
            };
        };
        {
            let mut s = this.state.borrow_mut();
            if let Some(part) = s.rest().get(..n) {
                let out = vm.new_bytes(part)?;
                s.pos += n;
                return Ok(Some(out));
            }
        }
        let _busy = this.enter(vm, this.as_value())?;
        match this.read_exactly(vm, &raw, n)? {
            Some(got) => vm.new_bytes(&got).map(Some),
            None => Ok(None),
        }
    }

    #[pymethod(sig = "($self, size=0, /)", doc = "")]
    fn peek(vm: &Vm, this: &Ref<Self>, size: isize) -> PyResult<Ref<Bytes>> {
        let _ = size;
        let raw = this.open_raw(vm, "peek of closed file")?;
        if this.state.borrow().rest().is_empty() {
            let _busy = this.enter(vm, this.as_value())?;
            this.flush_pending(vm, &raw)?;
            this.fill(vm, &raw)?;
        }
        let s = this.state.borrow();
        vm.new_bytes(s.rest())
    }

    #[pymethod(sig = "($self, size=-1, /)", doc = "")]
    fn read1(vm: &Vm, this: &Ref<Self>, size: isize) -> PyResult<Ref<Bytes>> {
        let n = usize::try_from(size).unwrap_or(this.capacity.get());
        let got = this.read_once(vm, this.as_value(), n)?;
        vm.new_bytes(&got)
    }

    #[pymethod(sig = "($self, buffer, /)", doc = "")]
    fn readinto(vm: &Vm, this: &Ref<Self>, buffer: Writable) -> PyResult<Option<usize>> {
        read_into(vm, this, &buffer, false)
    }

    #[pymethod(sig = "($self, buffer, /)", doc = "")]
    fn readinto1(vm: &Vm, this: &Ref<Self>, buffer: Writable) -> PyResult<Option<usize>> {
        read_into(vm, this, &buffer, true)
    }

    #[pymethod(sig = "($self, size=-1, /)", doc = "")]
    fn readline(vm: &Vm, this: &Ref<Self>, size: Size) -> PyResult<Ref<Bytes>> {
        let limit = usize::try_from(size.0).unwrap_or(usize::MAX);
        this.read_line(vm, this.as_value(), limit)
    }
}

#[pymethods(WRITING)]
impl Buffered {
    #[pymethod(sig = "($self, /)", doc = "")]
    fn writable(&self, vm: &Vm) -> PyResult {
        vm.call_method_str(&self.raw(vm)?, "writable", &[])
    }

    /// Write the given buffer to the IO stream and return how many bytes, which is always all of them.
    #[pymethod(sig = "($self, buffer, /)")]
    fn write(vm: &Vm, this: &Ref<Self>, buffer: Data<'_>) -> PyResult<usize> {
        this.write_bytes(vm, this.as_value(), &buffer)
    }

    #[pymethod(name = "flush", sig = "($self, /)", doc = "")]
    fn flush_all(vm: &Vm, this: &Ref<Self>) -> PyResult<()> {
        flush(vm, this)
    }
}
