//! `BytesIO`: a stream over bytes in memory, and the buffer that `getbuffer()` exports.

use std::cell::{Cell, RefCell};

use taipan_macros::pymethods;
use taipan_object::buffer::{Buffer, Export};
use taipan_object::{
    Args, Bytes, Dict, List, Payload, PyResult, Ref, Traverse, Tuple, TypeObject, TypeSpec, Value,
    Visitor, Vm, payload, tpflags,
};

use super::base::{BUFFERED_IO_BASE, BufferedIoBase, class_of, closed_error};
use crate::util::{Data, Size, Writable, data, tp_name};

/// The payload of `BytesIO`.
#[repr(C)]
pub struct BytesIo {
    base: BufferedIoBase,
    bytes: RefCell<Vec<u8>>,
    pos: Cell<usize>,
    closed: Cell<bool>,
    /// Exported buffers that keep the bytes from being resized.
    exports: Cell<usize>,
}
payload!(BytesIo, leaf, base = BufferedIoBase);

/// `BytesIO`
pub static BYTES_IO: TypeSpec = TypeSpec {
    doc: Some("Buffered I/O implementation using an in-memory bytes buffer."),
    text_signature: Some("(initial_bytes=b'')"),
    flags: tpflags::BASETYPE,
    base: Some(|vm| class_of(vm, &BUFFERED_IO_BASE)),
    parts: &[&BYTES_IO_PART],
    ..TypeSpec::new("BytesIO", "_io", <BytesIo as Payload>::layout)
};

/// The payload of `_BytesIOBuffer`, which `getbuffer()` makes a memoryview of.
pub struct BytesIoBuffer {
    source: Ref<BytesIo>,
}
payload!(BytesIoBuffer, gc);

impl Traverse for BytesIoBuffer {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(self.source.as_value());
    }
}

/// `_BytesIOBuffer`
pub static BYTES_IO_BUFFER: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    parts: &[&BYTES_IO_BUFFER_PART],
    ..TypeSpec::new("_BytesIOBuffer", "_io", <BytesIoBuffer as Payload>::layout)
};

struct Held(Ref<BytesIo>);

impl Export for Held {
    fn with(&self, f: &mut dyn FnMut(&[u8])) {
        f(&self.0.bytes.borrow());
    }
    fn with_mut(&self, f: &mut dyn FnMut(&mut [u8])) -> bool {
        f(&mut self.0.bytes.borrow_mut());
        true
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.0.exports.set(self.0.exports.get().saturating_sub(1));
    }
}

#[pymethods(BYTES_IO_BUFFER_PART)]
impl BytesIoBuffer {
    #[pyslot]
    fn bf_getbuffer(vm: &Vm, this: &Value, writable: bool) -> PyResult<Buffer> {
        let _ = writable;
        let this = taipan_object::convert::receiver::<BytesIoBuffer>(vm, this, "__buffer__")?;
        let source = this.source.clone();
        source.exports.set(source.exports.get() + 1);
        let len = source.bytes.borrow().len();
        Ok(Buffer::simple(
            this.as_value().clone(),
            Box::new(Held(source)),
            len,
            false,
        ))
    }
}

impl BytesIo {
    #[inline]
    fn check_open(&self, vm: &Vm) -> PyResult<()> {
        if self.closed.get() {
            return Err(closed_error(vm));
        }
        Ok(())
    }

    fn check_exports(&self, vm: &Vm) -> PyResult<()> {
        if self.exports.get() > 0 {
            return Err(vm.buffer_error("Existing exports of data: object cannot be re-sized"));
        }
        Ok(())
    }

    fn put(&self, vm: &Vm, new: &[u8]) -> PyResult<usize> {
        self.check_open(vm)?;
        self.check_exports(vm)?;
        if new.is_empty() {
            return Ok(0);
        }
        let pos = self.pos.get();
        let Some(end) = pos.checked_add(new.len()) else {
            return Err(vm.overflow_error("new buffer size too large"));
        };
        let mut bytes = self.bytes.borrow_mut();
        if end > bytes.len() {
            let more = end - bytes.len();
            if bytes.try_reserve(more).is_err() {
                drop(bytes);
                return Err(vm.no_memory());
            }
            if pos >= bytes.len() {
                bytes.resize(pos, 0);
                bytes.extend_from_slice(new);
            } else {
                bytes.truncate(pos);
                bytes.extend_from_slice(new);
            }
        } else {
            bytes[pos..end].copy_from_slice(new);
        }
        self.pos.set(end);
        Ok(new.len())
    }

    /// Takes the next part: up to `size` bytes, all when that is negative.
    fn take(&self, vm: &Vm, size: isize) -> PyResult<Ref<Bytes>> {
        self.check_open(vm)?;
        let bytes = self.bytes.borrow();
        let rest = bytes.get(self.pos.get()..).unwrap_or_default();
        let n = usize::try_from(size).unwrap_or(usize::MAX).min(rest.len());
        let out = vm.new_bytes(&rest[..n])?;
        self.pos.set(self.pos.get() + n);
        Ok(out)
    }

    fn line(&self, vm: &Vm, size: isize) -> PyResult<Ref<Bytes>> {
        self.check_open(vm)?;
        let bytes = self.bytes.borrow();
        let rest = bytes.get(self.pos.get()..).unwrap_or_default();
        let n = memchr::memchr(b'\n', rest).map_or(rest.len(), |i| i + 1);
        let n = usize::try_from(size).unwrap_or(usize::MAX).min(n);
        let out = vm.new_bytes(&rest[..n])?;
        self.pos.set(self.pos.get() + n);
        Ok(out)
    }
}

#[pymethods(BYTES_IO_PART)]
impl BytesIo {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<BytesIo>> {
        let _ = args;
        vm.new_object(
            cls,
            BytesIo {
                base: BufferedIoBase::NEW,
                bytes: RefCell::default(),
                pos: Cell::new(0),
                closed: Cell::new(false),
                exports: Cell::new(0),
            },
        )
    }

    #[pyslot(name = "BytesIO", params = "(initial_bytes=b'')")]
    fn tp_init(vm: &Vm, this: &Ref<BytesIo>, initial_bytes: Option<&Value>) -> PyResult<()> {
        this.check_exports(vm)?;
        this.pos.set(0);
        this.closed.set(false);
        this.bytes.borrow_mut().clear();
        if let Some(v) = initial_bytes.filter(|v| !vm.is_none(v)) {
            let bytes = data(vm, v)?.0.into_owned();
            *this.bytes.borrow_mut() = bytes;
        }
        Ok(())
    }

    #[pyslot]
    fn tp_iter(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Self>> {
        this.check_open(vm)?;
        Ok(this.clone())
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Ref<Bytes>>> {
        let line = this.line(vm, -1)?;
        Ok((!line.is_empty()).then_some(line))
    }

    /// Returns True if the IO object can be read.
    #[pymethod(sig = "($self, /)")]
    fn readable(&self, vm: &Vm) -> PyResult<bool> {
        self.check_open(vm).map(|()| true)
    }

    /// Returns True if the IO object can be seeked.
    #[pymethod(sig = "($self, /)")]
    fn seekable(&self, vm: &Vm) -> PyResult<bool> {
        self.check_open(vm).map(|()| true)
    }

    /// Returns True if the IO object can be written.
    #[pymethod(sig = "($self, /)")]
    fn writable(&self, vm: &Vm) -> PyResult<bool> {
        self.check_open(vm).map(|()| true)
    }

    /// Disable all I/O operations.
    #[pymethod(sig = "($self, /)")]
    fn close(&self, vm: &Vm) -> PyResult<()> {
        self.check_exports(vm)?;
        self.closed.set(true);
        drop(self.bytes.take());
        Ok(())
    }

    /// Does nothing.
    #[pymethod(sig = "($self, /)")]
    fn flush(&self, vm: &Vm) -> PyResult<()> {
        self.check_open(vm)
    }

    /// Always returns False.
    #[pymethod(sig = "($self, /)")]
    fn isatty(&self, vm: &Vm) -> PyResult<bool> {
        self.check_open(vm).map(|()| false)
    }

    /// Current file position, an integer.
    #[pymethod(sig = "($self, /)")]
    fn tell(&self, vm: &Vm) -> PyResult<usize> {
        self.check_open(vm)?;
        Ok(self.pos.get())
    }

    /// Write bytes and return how many.
    #[pymethod(sig = "($self, b, /)")]
    fn write(&self, vm: &Vm, b: &Value) -> PyResult<usize> {
        self.check_open(vm)?;
        let new = data(vm, b)?;
        self.put(vm, &new)
    }

    /// Write each of an iterable's bytes objects; no line ends are added.
    #[pymethod(sig = "($self, lines, /)")]
    fn writelines(&self, vm: &Vm, lines: &Value) -> PyResult<()> {
        self.check_open(vm)?;
        vm.for_each(lines, &mut |line| {
            let new = data(vm, &line)?;
            self.put(vm, &new).map(|_| true)
        })
    }

    /// As read().
    #[pymethod(sig = "($self, size=-1, /)")]
    fn read1(&self, vm: &Vm, size: Size) -> PyResult<Ref<Bytes>> {
        self.take(vm, size.0)
    }

    /// Read into a writable buffer and return how many bytes.
    #[pymethod(sig = "($self, buffer, /)")]
    fn readinto(&self, vm: &Vm, buffer: Writable) -> PyResult<usize> {
        self.check_open(vm)?;
        // The target may be this object's own exported memory: copy out first.
        let part = {
            let bytes = self.bytes.borrow();
            let rest = bytes.get(self.pos.get()..).unwrap_or_default();
            rest[..rest.len().min(buffer.len())].to_vec()
        };
        let n = buffer.put(0, &part);
        self.pos.set(self.pos.get() + n);
        Ok(n)
    }

    /// Next line from the file, as a bytes object.
    #[pymethod(sig = "($self, size=-1, /)")]
    fn readline(&self, vm: &Vm, size: Size) -> PyResult<Ref<Bytes>> {
        self.line(vm, size.0)
    }

    /// List of lines, each a bytes object; stops after about `size` bytes if that is positive.
    #[pymethod(sig = "($self, size=None, /)")]
    fn readlines(&self, vm: &Vm, size: Option<&Value>) -> PyResult<Ref<List>> {
        self.check_open(vm)?;
        let hint = match size.filter(|s| !vm.is_none(s)) {
            None => 0,
            Some(s) if s.as_int().is_some() => vm.index_isize_or_overflow(s)?,
            Some(s) => {
                return Err(vm.type_error(&format!(
                    "integer argument expected, got '{}'",
                    vm.type_name(s)
                )));
            }
        };
        let (mut lines, mut length) = (Vec::new(), 0usize);
        loop {
            let line = self.line(vm, -1)?;
            if line.is_empty() {
                break;
            }
            length = length.saturating_add(line.len());
            lines.push(line.into_value());
            if hint > 0 && length >= hint as usize {
                break;
            }
        }
        vm.new_list(lines)
    }

    /// Read at most `size` bytes, all by default.
    #[pymethod(sig = "($self, size=-1, /)")]
    fn read(&self, vm: &Vm, size: Size) -> PyResult<Ref<Bytes>> {
        self.take(vm, size.0)
    }

    /// Get a read-write view over the contents.
    #[pymethod(sig = "($self, /)")]
    fn getbuffer(vm: &Vm, this: &Ref<Self>) -> PyResult {
        this.check_open(vm)?;
        let buffer = vm.new(BytesIoBuffer {
            source: this.clone(),
        })?;
        let memoryview = taipan_builtins::util::builtin(vm, "memoryview")?;
        vm.call1(&memoryview, buffer.as_value())
    }

    /// The entire contents.
    #[pymethod(sig = "($self, /)")]
    fn getvalue(&self, vm: &Vm) -> PyResult<Ref<Bytes>> {
        self.check_open(vm)?;
        let bytes = self.bytes.borrow();
        vm.new_bytes(&bytes)
    }

    /// Change stream position and return it.
    #[pymethod(sig = "($self, pos, whence=0, /)")]
    fn seek(&self, vm: &Vm, pos: isize, whence: i32) -> PyResult<usize> {
        self.check_open(vm)?;
        if pos < 0 && whence == 0 {
            return Err(vm.value_error(&format!("negative seek value {pos}")));
        }
        let base = match whence {
            0 => 0,
            1 => self.pos.get(),
            2 => self.bytes.borrow().len(),
            _ => {
                return Err(
                    vm.value_error(&format!("invalid whence ({whence}, should be 0, 1 or 2)"))
                );
            }
        };
        let Some(new) = (base as isize).checked_add(pos) else {
            return Err(vm.overflow_error("new position too large"));
        };
        let new = usize::try_from(new).unwrap_or(0);
        self.pos.set(new);
        Ok(new)
    }

    /// Cut the contents to at most `size` bytes, by default at the position.
    #[pymethod(sig = "($self, size=None, /)")]
    fn truncate(&self, vm: &Vm, size: Option<isize>) -> PyResult<usize> {
        self.check_open(vm)?;
        self.check_exports(vm)?;
        let size = match size {
            None => self.pos.get(),
            Some(n) => usize::try_from(n)
                .map_err(|_| vm.value_error(&format!("negative size value {n}")))?,
        };
        let mut bytes = self.bytes.borrow_mut();
        if size < bytes.len() {
            bytes.truncate(size);
        }
        Ok(size)
    }

    #[pymethod(name = "__getstate__", sig = "($self, /)", doc = "")]
    fn getstate(vm: &Vm, this: &Ref<Self>) -> PyResult<(Ref<Bytes>, usize, Value)> {
        let bytes = this.getvalue(vm)?;
        Ok((bytes, this.pos.get(), dict_copy(vm, this.as_value())?))
    }

    #[pymethod(name = "__setstate__", sig = "($self, object, /)", doc = "")]
    fn setstate(vm: &Vm, this: &Ref<Self>, object: &Value) -> PyResult<()> {
        let state = object.downcast_ref::<Tuple>().map(|t| t.as_slice());
        let Some([initial, pos, dict, ..]) = state else {
            return Err(vm.type_error(&format!(
                "{}.__setstate__ argument should be 3-tuple, got {}",
                tp_name(vm, this.as_value()),
                vm.type_name(object)
            )));
        };
        this.check_exports(vm)?;
        this.pos.set(0);
        this.bytes.borrow_mut().clear();
        let initial: Data<'_> = data(vm, initial)?;
        this.put(vm, &initial)?;
        let Some(pos) = pos.as_int().and_then(|i| i.to_i64()) else {
            return Err(vm.type_error(&format!(
                "second item of state must be an integer, not {}",
                vm.type_name(pos)
            )));
        };
        let Ok(pos) = usize::try_from(pos) else {
            return Err(vm.value_error("position value cannot be negative"));
        };
        this.pos.set(pos);
        update_dict(vm, this.as_value(), dict, "third")
    }

    #[pymethod(name = "__sizeof__", sig = "($self, /)", doc = "")]
    fn sizeof(&self) -> usize {
        self.bytes.borrow().capacity() + 72
    }

    /// True if the file is closed.
    #[getter]
    fn closed(&self) -> bool {
        self.closed.get()
    }
}

/// A copy of an instance's `__dict__`, None when that is empty and was never asked for.
pub fn dict_copy(vm: &Vm, this: &Value) -> PyResult {
    match vm.getattr_opt(this, &vm.names().__dict__)? {
        Some(d) => match d.downcast_ref::<Dict>() {
            Some(d) if d.is_empty() => Ok(vm.none()),
            Some(d) => {
                let copy = vm.new_dict()?;
                copy.copy_from(d);
                Ok(copy.into_value())
            }
            None => Ok(vm.none()),
        },
        None => Ok(vm.none()),
    }
}

/// Updates an instance's `__dict__` from the `which` item of a state.
pub fn update_dict(vm: &Vm, this: &Value, dict: &Value, which: &str) -> PyResult<()> {
    if vm.is_none(dict) {
        return Ok(());
    }
    let Some(d) = dict.downcast_ref::<Dict>() else {
        return Err(vm.type_error(&format!(
            "{which} item of state should be a dict, got a {}",
            vm.type_name(dict)
        )));
    };
    let target = vm.getattr(this, &vm.names().__dict__)?;
    for (k, v) in d.items() {
        vm.setitem(&target, &k, &v)?;
    }
    Ok(())
}
