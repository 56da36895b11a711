//! `_IOBase`, `_RawIOBase`, `_BufferedIOBase`, `_TextIOBase`: what streams inherit, and the checks that all share.

use taipan_macros::pymethods;
use taipan_object::{
    Args, Bytes, List, Payload, PyResult, Raised, Ref, Str, TypeObject, TypeRef, TypeSpec, Value,
    Vm, payload, tpflags,
};

use crate::util::{self, Size, chain, data};

/// The payload of `_IOBase`: nothing.
#[repr(C)]
pub struct IoBase;
payload!(IoBase, leaf);

/// The payload of `_RawIOBase`.
#[repr(C)]
pub struct RawIoBase {
    base: IoBase,
}
payload!(RawIoBase, leaf, base = IoBase);

/// The payload of `_BufferedIOBase`.
#[repr(C)]
pub struct BufferedIoBase {
    base: IoBase,
}
payload!(BufferedIoBase, leaf, base = IoBase);

/// The payload of `_TextIOBase`.
#[repr(C)]
pub struct TextIoBase {
    base: IoBase,
}
payload!(TextIoBase, leaf, base = IoBase);

impl RawIoBase {
    /// The part of a payload that derives from it.
    pub const NEW: RawIoBase = RawIoBase { base: IoBase };
}
impl BufferedIoBase {
    /// The part of a payload that derives from it.
    pub const NEW: BufferedIoBase = BufferedIoBase { base: IoBase };
}
impl TextIoBase {
    /// The part of a payload that derives from it.
    pub const NEW: TextIoBase = TextIoBase { base: IoBase };
}

/// The class of a declaration, `object` should it not be possible to make it.
pub fn class_of(vm: &Vm, spec: &'static TypeSpec) -> TypeRef {
    vm.make_type(spec)
        .unwrap_or_else(|_| vm.types().object.clone())
}

/// `_IOBase`
pub static IO_BASE: TypeSpec = TypeSpec {
    doc: Some(
        "The abstract base class for all I/O classes.\n\nIt says which methods streams have; those that move data raise\nUnsupportedOperation until a subclass defines them.",
    ),
    flags: tpflags::BASETYPE,
    has_dict: true,
    has_weakref: true,
    parts: &[&IO_BASE_PART],
    ..TypeSpec::new("_IOBase", "_io", <IoBase as Payload>::layout)
};

/// `_RawIOBase`
pub static RAW_IO_BASE: TypeSpec = TypeSpec {
    doc: Some("Base class for raw binary I/O."),
    flags: tpflags::BASETYPE,
    base: Some(|vm| class_of(vm, &IO_BASE)),
    parts: &[&RAW_PART],
    ..TypeSpec::new("_RawIOBase", "_io", <RawIoBase as Payload>::layout)
};

/// `_BufferedIOBase`
pub static BUFFERED_IO_BASE: TypeSpec = TypeSpec {
    doc: Some(
        "Base class for buffered binary I/O: reads and writes take and give all data unless the stream would block.",
    ),
    flags: tpflags::BASETYPE,
    base: Some(|vm| class_of(vm, &IO_BASE)),
    parts: &[&BUFFERED_PART],
    ..TypeSpec::new(
        "_BufferedIOBase",
        "_io",
        <BufferedIoBase as Payload>::layout,
    )
};

/// `_TextIOBase`
pub static TEXT_IO_BASE: TypeSpec = TypeSpec {
    doc: Some("Base class for text I/O."),
    flags: tpflags::BASETYPE,
    base: Some(|vm| class_of(vm, &IO_BASE)),
    parts: &[&TEXT_PART],
    ..TypeSpec::new("_TextIOBase", "_io", <TextIoBase as Payload>::layout)
};

/// Raises `io.UnsupportedOperation`.
#[cold]
pub fn unsupported(vm: &Vm, message: &str) -> Raised {
    match super::unsupported_operation(vm).and_then(|cls| {
        let text = vm.new_str(message)?.into_value();
        vm.call1(&cls, &text)
    }) {
        Ok(e) => vm.raise(e),
        Err(r) => r,
    }
}

/// ValueError "I/O operation on closed file."
#[cold]
pub fn closed_error(vm: &Vm) -> Raised {
    vm.value_error("I/O operation on closed file.")
}

/// `bool(v.closed)`
pub fn is_closed(vm: &Vm, v: &Value) -> PyResult<bool> {
    let closed = vm.getattr(v, &vm.names().closed)?;
    vm.is_true(&closed)
}

/// Raises unless the stream is open.
pub fn check_closed(vm: &Vm, v: &Value) -> PyResult<()> {
    if is_closed(vm, v)? {
        return Err(closed_error(vm));
    }
    Ok(())
}

fn check_able(vm: &Vm, v: &Value, method: &str, message: &str) -> PyResult<()> {
    let able = vm.call_method_str(v, method, &[])?;
    if !able.is(&vm.bool(true)) {
        return Err(unsupported(vm, message));
    }
    Ok(())
}

/// Raises UnsupportedOperation unless `v.seekable()` is True.
pub fn check_seekable(vm: &Vm, v: &Value) -> PyResult<()> {
    check_able(vm, v, "seekable", "File or stream is not seekable.")
}

/// Raises UnsupportedOperation unless `v.readable()` is True.
pub fn check_readable(vm: &Vm, v: &Value) -> PyResult<()> {
    check_able(vm, v, "readable", "File or stream is not readable.")
}

/// Raises UnsupportedOperation unless `v.writable()` is True.
pub fn check_writable(vm: &Vm, v: &Value) -> PyResult<()> {
    check_able(vm, v, "writable", "File or stream is not writable.")
}

/// `_IOBase.close`: flushes and marks the stream closed.
pub fn base_close(vm: &Vm, this: &Value) -> PyResult<()> {
    if marked_closed(vm, this)? {
        return Ok(());
    }
    let flushed = vm.call_method(this, &vm.names().flush, &[]);
    let failed = flushed.err().map(|r| vm.take_raised(r));
    let marked = vm.setattr_str(this, "__IOBase_closed", &vm.bool(true));
    chain(vm, failed, marked)
}

fn marked_closed(vm: &Vm, this: &Value) -> PyResult<bool> {
    Ok(vm.getattr_str_opt(this, "__IOBase_closed")?.is_some())
}

/// Closes a stream that dies open.
fn finalize(vm: &Vm, this: &Value) -> PyResult<()> {
    let closed = match vm.getattr(this, &vm.names().closed) {
        Ok(v) => vm.is_true(&v),
        Err(r) => Err(r),
    };
    match closed {
        Ok(true) => return Ok(()),
        Ok(false) => {}
        // What cannot say whether it is open was never opened, or was detached.
        Err(r) => {
            vm.take_raised(r);
            return Ok(());
        }
    }
    if let Err(r) = vm.setattr_str(this, "_finalizing", &vm.bool(true)) {
        vm.take_raised(r);
    }
    if let Err(r) = vm.call_method(this, &vm.names().close, &[]) {
        let raised = vm.take_raised(r);
        let shown = vm.repr_string(this).unwrap_or_else(|r| {
            vm.take_raised(r);
            "<unprintable>".to_owned()
        });
        let _ = vm.raise_as_is(raised);
        vm.unraisable(
            Some(&format!("Exception ignored while finalizing file {shown}")),
            None,
        );
    }
    Ok(())
}

#[pymethods(IO_BASE_PART)]
impl IoBase {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<IoBase>> {
        let _ = args;
        vm.new_object(cls, IoBase)
    }

    #[pyslot]
    fn tp_iter(vm: &Vm, this: &Value) -> PyResult {
        check_closed(vm, this)?;
        Ok(this.clone())
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Value) -> PyResult<Option<Value>> {
        let line = vm.call_method(this, &vm.names().readline, &[])?;
        Ok((vm.len(&line)? > 0).then_some(line))
    }

    #[pyslot]
    fn tp_finalize(vm: &Vm, this: &Value) -> PyResult<()> {
        finalize(vm, this)
    }

    /// Moves the position.
    #[pymethod(sig = "($self, offset, whence=os.SEEK_SET, /)")]
    fn seek(vm: &Vm, this: &Value, offset: &Value, whence: Option<&Value>) -> PyResult<()> {
        let _ = (this, offset, whence);
        Err(unsupported(vm, "seek"))
    }

    /// Return the position.
    #[pymethod(sig = "($self, /)")]
    fn tell(vm: &Vm, this: &Value) -> PyResult {
        vm.call_method(
            this,
            &vm.names().seek,
            &[Value::from_i32(0), Value::from_i32(1)],
        )
    }

    /// Resizes the file.
    #[pymethod(sig = "($self, size=None, /)")]
    fn truncate(vm: &Vm, this: &Value, size: Option<&Value>) -> PyResult<()> {
        let _ = (this, size);
        Err(unsupported(vm, "truncate"))
    }

    /// Writes what is buffered, where streams buffer.
    #[pymethod(sig = "($self, /)")]
    fn flush(vm: &Vm, this: &Value) -> PyResult<()> {
        if marked_closed(vm, this)? {
            return Err(closed_error(vm));
        }
        Ok(())
    }

    /// Flush and close.
    #[pymethod(sig = "($self, /)")]
    fn close(vm: &Vm, this: &Value) -> PyResult<()> {
        base_close(vm, this)
    }

    /// Whether the position can be moved.
    #[pymethod(sig = "($self, /)")]
    fn seekable(&self) -> bool {
        false
    }

    /// Whether it was opened for reading.
    #[pymethod(sig = "($self, /)")]
    fn readable(&self) -> bool {
        false
    }

    /// Whether it was opened for writing.
    #[pymethod(sig = "($self, /)")]
    fn writable(&self) -> bool {
        false
    }

    #[pymethod(name = "_checkClosed", sig = "($self, /)", doc = "")]
    fn check_is_open(vm: &Vm, this: &Value) -> PyResult<()> {
        check_closed(vm, this)
    }

    #[pymethod(name = "_checkSeekable", sig = "($self, /)", doc = "")]
    fn check_is_seekable(vm: &Vm, this: &Value) -> PyResult<bool> {
        check_seekable(vm, this).map(|()| true)
    }

    #[pymethod(name = "_checkReadable", sig = "($self, /)", doc = "")]
    fn check_is_readable(vm: &Vm, this: &Value) -> PyResult<bool> {
        check_readable(vm, this).map(|()| true)
    }

    #[pymethod(name = "_checkWritable", sig = "($self, /)", doc = "")]
    fn check_is_writable(vm: &Vm, this: &Value) -> PyResult<bool> {
        check_writable(vm, this).map(|()| true)
    }

    /// Return the file descriptor.
    #[pymethod(sig = "($self, /)")]
    fn fileno(vm: &Vm, this: &Value) -> PyResult<()> {
        let _ = this;
        Err(unsupported(vm, "fileno"))
    }

    /// Whether this is a terminal.
    #[pymethod(sig = "($self, /)")]
    fn isatty(vm: &Vm, this: &Value) -> PyResult<bool> {
        check_closed(vm, this)?;
        Ok(false)
    }

    #[pymethod(name = "__enter__", sig = "($self, /)", doc = "")]
    fn enter(vm: &Vm, this: &Value) -> PyResult {
        check_closed(vm, this)?;
        Ok(this.clone())
    }

    #[pymethod(name = "__exit__", params = "($self, /, *args)", doc = "")]
    fn exit(vm: &Vm, this: &Value, args: &[Value]) -> PyResult {
        let _ = args;
        vm.call_method(this, &vm.names().close, &[])
    }

    /// Read a line, of at most `size` bytes if that is not negative.
    #[pymethod(sig = "($self, size=-1, /)")]
    fn readline(vm: &Vm, this: &Value, size: Size) -> PyResult<Ref<Bytes>> {
        let limit = usize::try_from(size.0).unwrap_or(usize::MAX);
        let peek = vm.getattr_str_opt(this, "peek")?;
        let mut line: Vec<u8> = Vec::new();
        while line.len() < limit {
            let mut wanted = 1;
            if let Some(peek) = &peek {
                let ahead = vm.call1(peek, &Value::from_i32(1))?;
                let Some(ahead) = ahead.downcast_ref::<Bytes>() else {
                    return Err(wrong_bytes(vm, "peek", &ahead));
                };
                let ahead = ahead.as_slice();
                if !ahead.is_empty() {
                    let ahead = &ahead[..ahead.len().min(limit - line.len())];
                    wanted = memchr::memchr(b'\n', ahead).map_or(ahead.len(), |i| i + 1);
                }
            }
            let part = vm.call_method(this, &vm.names().read, &[vm.new_usize(wanted)?])?;
            let Some(part) = part.downcast_ref::<Bytes>() else {
                return Err(wrong_bytes(vm, "read", &part));
            };
            line.extend_from_slice(part.as_slice());
            if part.is_empty() || line.last() == Some(&b'\n') {
                break;
            }
        }
        vm.new_bytes(&line)
    }

    /// Return a list of lines, stopping after about `hint` bytes if that is positive.
    #[pymethod(sig = "($self, hint=-1, /)")]
    fn readlines(vm: &Vm, this: &Value, hint: Size) -> PyResult<Ref<List>> {
        let it = vm.iter(this)?;
        let mut lines = Vec::new();
        let mut length = 0usize;
        while let Some(line) = vm.next(&it)? {
            length = length.saturating_add(if hint.0 > 0 { vm.len(&line)? } else { 0 });
            lines.push(line);
            if hint.0 > 0 && length > hint.0 as usize {
                break;
            }
        }
        vm.new_list(lines)
    }

    /// Write a list of lines; no line ends are added.
    #[pymethod(sig = "($self, lines, /)")]
    fn writelines(vm: &Vm, this: &Value, lines: &Value) -> PyResult<()> {
        check_closed(vm, this)?;
        vm.for_each(lines, &mut |line| {
            vm.call_method(this, &vm.names().write, &[line])?;
            Ok(true)
        })
    }

    /// Whether the stream is closed.
    #[getter]
    fn closed(vm: &Vm, this: &Value) -> PyResult<bool> {
        marked_closed(vm, this)
    }
}

#[cold]
fn wrong_bytes(vm: &Vm, method: &str, got: &Value) -> Raised {
    let got = vm.type_name(got);
    vm.os_error_text(&format!(
        "{method}() should have returned a bytes object, not '{got}'"
    ))
}

/// What raises OSError with a text alone.
pub trait OsErrorText {
    /// `OSError(text)`
    fn os_error_text(&self, text: &str) -> Raised;
}

impl OsErrorText for Vm {
    #[cold]
    fn os_error_text(&self, text: &str) -> Raised {
        self.raise_new(&self.exc().OSError, text)
    }
}

#[pymethods(RAW_PART)]
impl RawIoBase {
    /// Read up to `size` bytes with `readinto()`.
    #[pymethod(sig = "($self, size=-1, /)")]
    fn read(vm: &Vm, this: &Value, size: isize) -> PyResult {
        let Ok(n) = usize::try_from(size) else {
            return vm.call_method_str(this, "readall", &[]);
        };
        let bytearray = taipan_builtins::util::builtin(vm, "bytearray")?;
        let target = vm.call1(&bytearray, &vm.new_usize(n)?)?;
        let got = vm.call_method(this, &vm.names().readinto, std::slice::from_ref(&target))?;
        if vm.is_none(&got) {
            return Ok(got);
        }
        let got = vm.index_isize_or_overflow(&got)?;
        let bytes = data(vm, &target)?;
        match usize::try_from(got).ok().and_then(|got| bytes.get(..got)) {
            Some(part) => Ok(vm.new_bytes(part)?.into_value()),
            None => Err(vm.value_error(&format!(
                "readinto returned {got} outside buffer size {}",
                bytes.len()
            ))),
        }
    }

    /// Read until the end of the file.
    #[pymethod(sig = "($self, /)")]
    fn readall(vm: &Vm, this: &Value) -> PyResult {
        let size = vm.new_usize(super::DEFAULT_BUFFER_SIZE)?;
        let mut all = Vec::new();
        loop {
            let part = vm.call_method(this, &vm.names().read, std::slice::from_ref(&size))?;
            if vm.is_none(&part) {
                if all.is_empty() {
                    return Ok(part);
                }
                break;
            }
            let Some(part) = part.downcast_ref::<Bytes>() else {
                return Err(vm.type_error("read() should return bytes"));
            };
            if part.is_empty() {
                break;
            }
            all.extend_from_slice(part.as_slice());
        }
        Ok(vm.new_bytes(&all)?.into_value())
    }

    #[pymethod(params = "($self, buffer, /)", doc = "")]
    fn readinto(vm: &Vm, this: &Value, buffer: &Value) -> PyResult<()> {
        let _ = (this, buffer);
        Err(vm.raise_new(&vm.exc().NotImplementedError, ""))
    }

    #[pymethod(params = "($self, b, /)", doc = "")]
    fn write(vm: &Vm, this: &Value, b: &Value) -> PyResult<()> {
        let _ = (this, b);
        Err(vm.raise_new(&vm.exc().NotImplementedError, ""))
    }
}

fn read_into(vm: &Vm, this: &Value, buffer: &Value, method: &str) -> PyResult<usize> {
    let target = util::writable(vm, buffer)?;
    let got = vm.call_method_str(this, method, &[vm.new_usize(target.len())?])?;
    let Some(got) = got.downcast_ref::<Bytes>() else {
        return Err(vm.type_error("read() should return bytes"));
    };
    if got.len() > target.len() {
        return Err(vm.value_error(&format!(
            "read() returned too much data: {} bytes requested, {} returned",
            target.len(),
            got.len()
        )));
    }
    Ok(target.put(0, got.as_slice()))
}

#[pymethods(BUFFERED_PART)]
impl BufferedIoBase {
    /// Take the raw stream out and return it.
    #[pymethod(sig = "($self, /)")]
    fn detach(vm: &Vm, this: &Value) -> PyResult<()> {
        let _ = this;
        Err(unsupported(vm, "detach"))
    }

    /// Read up to `size` bytes.
    #[pymethod(sig = "($self, size=-1, /)")]
    fn read(vm: &Vm, this: &Value, size: Option<&Value>) -> PyResult<()> {
        let _ = (this, size);
        Err(unsupported(vm, "read"))
    }

    /// Read up to `size` bytes with one read of the raw stream at most.
    #[pymethod(sig = "($self, size=-1, /)")]
    fn read1(vm: &Vm, this: &Value, size: Option<&Value>) -> PyResult<()> {
        let _ = (this, size);
        Err(unsupported(vm, "read1"))
    }

    #[pymethod(sig = "($self, buffer, /)", doc = "")]
    fn readinto(vm: &Vm, this: &Value, buffer: &Value) -> PyResult<usize> {
        read_into(vm, this, buffer, "read")
    }

    #[pymethod(sig = "($self, buffer, /)", doc = "")]
    fn readinto1(vm: &Vm, this: &Value, buffer: &Value) -> PyResult<usize> {
        read_into(vm, this, buffer, "read1")
    }

    /// Write `b`.
    #[pymethod(sig = "($self, b, /)")]
    fn write(vm: &Vm, this: &Value, b: &Value) -> PyResult<()> {
        let _ = (this, b);
        Err(unsupported(vm, "write"))
    }
}

#[pymethods(TEXT_PART)]
impl TextIoBase {
    /// Take the buffer out and return it.
    #[pymethod(sig = "($self, /)")]
    fn detach(vm: &Vm, this: &Value) -> PyResult<()> {
        let _ = this;
        Err(unsupported(vm, "detach"))
    }

    /// Read up to `size` characters.
    #[pymethod(sig = "($self, size=-1, /)")]
    fn read(vm: &Vm, this: &Value, size: Option<&Value>) -> PyResult<()> {
        let _ = (this, size);
        Err(unsupported(vm, "read"))
    }

    /// Read a line.
    #[pymethod(sig = "($self, size=-1, /)")]
    fn readline(vm: &Vm, this: &Value, size: Option<&Value>) -> PyResult<()> {
        let _ = (this, size);
        Err(unsupported(vm, "readline"))
    }

    /// Write `s`.
    #[pymethod(sig = "($self, s, /)")]
    fn write(vm: &Vm, this: &Value, s: &Value) -> PyResult<()> {
        let _ = (this, s);
        Err(unsupported(vm, "write"))
    }

    /// The encoding, None for a stream without one.
    #[getter]
    fn encoding(&self) -> Option<Value> {
        None
    }

    /// The line ends met so far.
    #[getter]
    fn newlines(&self) -> Option<Value> {
        None
    }

    /// How errors of the encoding are handled.
    #[getter]
    fn errors(&self) -> Option<Value> {
        None
    }
}

/// `repr` of a stream by an attribute of it; a `repr` inside of itself raises RuntimeError.
pub fn guarded_repr(
    vm: &Vm,
    this: &Value,
    f: impl FnOnce() -> PyResult<Ref<Str>>,
) -> PyResult<Ref<Str>> {
    if !vm.repr_enter(this) {
        return Err(vm.runtime_error(&format!(
            "reentrant call inside {}.__repr__",
            util::tp_name(vm, this)
        )));
    }
    let result = f();
    vm.repr_leave(this);
    result
}

/// TypeError of `__getstate__` of streams that cannot be pickled.
#[cold]
pub fn cannot_pickle(vm: &Vm, this: &Value) -> Raised {
    vm.type_error(&format!(
        "cannot pickle '{}' instances",
        util::tp_name(vm, this)
    ))
}
