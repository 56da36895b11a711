//! The methods and attributes of `TextIOWrapper`.

use taipan_macros::pymethods;
use taipan_object::{Args, Payload, PyResult, Ref, Str, TypeObject, TypeSpec, Value, Vm, tpflags};

use super::{Options, TextIoWrapper, codec, initialize};
use crate::io::base::{self, OsErrorText, TEXT_IO_BASE, class_of, unsupported};
use crate::io::newline::NewlineArg;
use crate::util::{Size, chain, is_exactly, tp_name};

/// `TextIOWrapper`
pub static TEXT_IO_WRAPPER: TypeSpec = TypeSpec {
    doc: Some(
        "Character and line based layer over a BufferedIOBase object, buffer.\n\nencoding gives the name of the encoding, the locale's by default.\nerrors determines the strictness of encoding and decoding.\nnewline controls how line endings are handled: None, '', '\\n', '\\r' or '\\r\\n'.\nIf line_buffering is True, a call to flush is implied when a line is written.",
    ),
    text_signature: Some(
        "(buffer, encoding=None, errors=None, newline=None,\n              line_buffering=False, write_through=False)",
    ),
    flags: tpflags::BASETYPE,
    base: Some(|vm| class_of(vm, &TEXT_IO_BASE)),
    parts: &[&TEXT_IO_WRAPPER_PART],
    ..TypeSpec::new("TextIOWrapper", "_io", <TextIoWrapper as Payload>::layout)
};

fn str_or_none<'a>(
    vm: &Vm,
    v: Option<&'a Value>,
    function: &str,
    name: &str,
) -> PyResult<Option<&'a Ref<Str>>> {
    match v.filter(|v| !vm.is_none(v)) {
        None => Ok(None),
        Some(v) => match v.downcast_ref::<Str>() {
            Some(s) => Ok(Some(s)),
            None => Err(vm.type_error(&format!(
                "{function}() argument '{name}' must be str or None, not {}",
                vm.type_name(v)
            ))),
        },
    }
}

#[pymethods(TEXT_IO_WRAPPER_PART)]
impl TextIoWrapper {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<TextIoWrapper>> {
        let _ = args;
        vm.new_object(cls, TextIoWrapper::new())
    }

    #[pyslot(
        name = "TextIOWrapper",
        params = "(buffer, encoding=None, errors=None, newline=None, line_buffering=False, write_through=False)"
    )]
    fn tp_init(
        vm: &Vm,
        this: &Ref<TextIoWrapper>,
        buffer: &Value,
        encoding: Option<&Value>,
        errors: Option<&Value>,
        newline: Option<&Value>,
        line_buffering: bool,
        write_through: bool,
    ) -> PyResult<()> {
        const NAME: &str = "TextIOWrapper";
        let encoding = str_or_none(vm, encoding, NAME, "encoding")?;
        let errors = str_or_none(vm, errors, NAME, "errors")?;
        let newline = NewlineArg::parse(vm, str_or_none(vm, newline, NAME, "newline")?)?;
        let options = Options {
            encoding,
            errors,
            newline,
            line_buffering,
            write_through,
        };
        initialize(vm, this, buffer, &options)
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Str>> {
        if !this.ready.get() && !this.detached.get() {
            return Err(this.unusable(vm));
        }
        let me = this.as_value();
        base::guarded_repr(vm, me, || {
            let mut out = taipan_text::TextBuf::new();
            out.push_str(&format!("<{}", tp_name(vm, me)));
            let n = vm.names();
            for (label, name) in [(" name=", &n.name), (" mode=", &n.mode)] {
                let attribute = match vm.getattr_opt(me, name) {
                    Ok(v) => v,
                    Err(r) => {
                        vm.catch(r, &vm.exc().ValueError)?;
                        None
                    }
                };
                if let Some(v) = attribute {
                    out.push_str(label);
                    out.push_text(vm.repr(&v)?.text());
                }
            }
            out.push_str(" encoding=");
            let encoding = this.encoding.get().unwrap_or_else(|| vm.none());
            out.push_text(vm.repr(&encoding)?.text());
            out.push_str(">");
            vm.new_str_buf(&out)
        })
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        this.buffer(vm)?;
        this.telling.set(false);
        let me = this.as_value();
        let line = if is_exactly::<TextIoWrapper>(vm, me) {
            this.read_line(vm, usize::MAX)?.into_value()
        } else {
            let line = vm.call_method(me, &vm.names().readline, &[])?;
            if line.downcast_ref::<Str>().is_none() {
                return Err(vm.os_error_text(&format!(
                    "readline() should have returned a str object, not '{}'",
                    vm.type_name(&line)
                )));
            }
            line
        };
        if line.downcast_ref::<Str>().is_some_and(|s| s.is_empty()) {
            this.snapshot.replace(None);
            this.telling.set(this.seekable.get());
            return Ok(None);
        }
        Ok(Some(line))
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn detach(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let buffer = this.buffer(vm)?;
        vm.call_method(this.as_value(), &vm.names().flush, &[])?;
        drop(this.buffer.take());
        this.detached.set(true);
        this.ready.set(false);
        Ok(buffer)
    }

    /// Reconfigure the text stream with new parameters.
    ///
    /// This also does an implicit stream flush.
    #[pymethod(
        sig = "($self, /, *, encoding=None, errors=None, newline=None,\n            line_buffering=None, write_through=None)"
    )]
    fn reconfigure(
        vm: &Vm,
        this: &Ref<Self>,
        encoding: Option<&Value>,
        errors: Option<&Value>,
        newline: Option<&Value>,
        line_buffering: Option<&Value>,
        write_through: Option<&Value>,
    ) -> PyResult<()> {
        let buffer = this.buffer(vm)?;
        let encoding = encoding.filter(|v| !vm.is_none(v));
        let errors = errors.filter(|v| !vm.is_none(v));
        let recode = encoding.is_some() || errors.is_some() || newline.is_some();
        if recode && (this.has_decoded() || this.snapshot.borrow().is_some()) {
            return Err(unsupported(
                vm,
                "It is not possible to set the encoding or newline of stream after the first read",
            ));
        }
        let newline = match newline {
            None => this.newline.get(),
            Some(v) => NewlineArg::parse(vm, str_or_none(vm, Some(v), "reconfigure", "newline")?)?,
        };
        let flag = |v: Option<&Value>, now: bool| -> PyResult<bool> {
            match v.filter(|v| !vm.is_none(v)) {
                None => Ok(now),
                Some(v) => {
                    let number = vm.index(v)?;
                    vm.is_true(&number)
                }
            }
        };
        let line_buffering = flag(line_buffering, this.line_buffering.get())?;
        let write_through = flag(write_through, this.write_through.get())?;
        vm.call_method(this.as_value(), &vm.names().flush, &[])?;
        if recode {
            let given = str_or_none(vm, encoding, "reconfigure", "encoding")?;
            let errors = match str_or_none(vm, errors, "reconfigure", "errors")? {
                Some(e) => e.clone(),
                None if given.is_some() => vm.intern("strict")?,
                None => kept(vm, this.errors.get())?,
            };
            let encoding = match given {
                Some(e) if e.eq_str("locale") => vm.new_str(super::locale_encoding())?,
                Some(e) => e.clone(),
                None => kept(vm, this.encoding.get())?,
            };
            codec::set_coders(vm, this, &buffer, &encoding, &errors, newline)?;
            if this.seekable.get() && this.encoder.get().is_some() {
                let at = vm.call_method(&buffer, &vm.names().tell, &[])?;
                if vm.is_true(&at)? {
                    this.reset_encoder(vm, false)?;
                }
            }
        }
        this.line_buffering.set(line_buffering);
        this.write_through.set(write_through);
        Ok(())
    }

    #[pymethod(sig = "($self, text, /)", doc = "")]
    fn write(vm: &Vm, this: &Ref<Self>, text: &Ref<Str>) -> PyResult<usize> {
        this.do_write(vm, text)
    }

    #[pymethod(sig = "($self, size=-1, /)", doc = "")]
    fn read(vm: &Vm, this: &Ref<Self>, size: Size) -> PyResult<Ref<Str>> {
        match usize::try_from(size.0) {
            Ok(n) => this.read_chars(vm, n),
            Err(_) => this.read_all(vm),
        }
    }

    #[pymethod(sig = "($self, size=-1, /)", doc = "")]
    fn readline(vm: &Vm, this: &Ref<Self>, size: isize) -> PyResult<Ref<Str>> {
        this.read_line(vm, usize::try_from(size).unwrap_or(usize::MAX))
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn flush(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let buffer = this.open_buffer(vm)?;
        this.telling.set(this.seekable.get());
        this.flush_pending(vm, &buffer)?;
        vm.call_method(&buffer, &vm.names().flush, &[])
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn close(vm: &Vm, this: &Ref<Self>) -> PyResult<()> {
        let buffer = this.buffer(vm)?;
        if this.is_closed(vm, &buffer)? {
            return Ok(());
        }
        if this.finalizing.get()
            && let Err(r) = vm.call_method_str(&buffer, "_dealloc_warn", &[this.as_value().clone()])
        {
            vm.take_raised(r);
        }
        let flushed = vm.call_method(this.as_value(), &vm.names().flush, &[]);
        let failed = flushed.err().map(|r| vm.take_raised(r));
        let closed = vm.call_method(&buffer, &vm.names().close, &[]);
        chain(vm, failed, closed.map(drop))
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn fileno(&self, vm: &Vm) -> PyResult {
        vm.call_method(&self.buffer(vm)?, &vm.names().fileno, &[])
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn seekable(&self, vm: &Vm) -> PyResult {
        vm.call_method_str(&self.buffer(vm)?, "seekable", &[])
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn readable(&self, vm: &Vm) -> PyResult {
        vm.call_method_str(&self.buffer(vm)?, "readable", &[])
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn writable(&self, vm: &Vm) -> PyResult {
        vm.call_method_str(&self.buffer(vm)?, "writable", &[])
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn isatty(&self, vm: &Vm) -> PyResult {
        vm.call_method(&self.buffer(vm)?, &vm.names().isatty, &[])
    }

    /// Set the stream position, and return the new stream position.
    ///
    /// The position is one that tell() gave; relative ones must be 0.
    #[pymethod(sig = "($self, cookie, whence=os.SEEK_SET, /)")]
    fn seek(vm: &Vm, this: &Ref<Self>, cookie: &Value, whence: Option<i32>) -> PyResult {
        this.do_seek(vm, this.as_value(), cookie, whence.unwrap_or(0))
    }

    /// Return the stream position as an opaque number.
    #[pymethod(sig = "($self, /)")]
    fn tell(vm: &Vm, this: &Ref<Self>) -> PyResult {
        this.do_tell(vm, this.as_value())
    }

    #[pymethod(sig = "($self, pos=None, /)", doc = "")]
    fn truncate(vm: &Vm, this: &Ref<Self>, pos: Option<&Value>) -> PyResult {
        this.do_truncate(vm, this.as_value(), pos)
    }

    #[pymethod(name = "__getstate__", sig = "($self, /)", doc = "")]
    fn getstate(vm: &Vm, this: &Value) -> PyResult<()> {
        Err(base::cannot_pickle(vm, this))
    }

    #[member]
    fn encoding(&self) -> Option<Value> {
        self.encoding.get()
    }

    #[member(buffer)]
    fn get_buffer(&self) -> Option<Value> {
        self.buffer.get()
    }

    #[member]
    fn line_buffering(&self) -> bool {
        self.line_buffering.get()
    }

    #[member]
    fn write_through(&self) -> bool {
        self.write_through.get()
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

    #[getter]
    fn name(&self, vm: &Vm) -> PyResult {
        vm.getattr(&self.buffer(vm)?, &vm.names().name)
    }

    #[getter]
    fn closed(&self, vm: &Vm) -> PyResult<bool> {
        let buffer = self.buffer(vm)?;
        self.is_closed(vm, &buffer)
    }

    #[getter]
    fn newlines(&self, vm: &Vm) -> PyResult {
        self.buffer(vm)?;
        match self.newlines.get() {
            Some(n) => n.seen(vm),
            None => Ok(vm.none()),
        }
    }

    #[getter]
    fn errors(&self, vm: &Vm) -> PyResult<Option<Value>> {
        if !self.ready.get() && !self.detached.get() {
            return Err(self.unusable(vm));
        }
        Ok(self.errors.get())
    }

    #[getter(_CHUNK_SIZE)]
    fn chunk_size(&self, vm: &Vm) -> PyResult<usize> {
        self.buffer(vm)?;
        Ok(self.chunk_size.get())
    }

    #[setter(_CHUNK_SIZE)]
    fn set_chunk_size(&self, vm: &Vm, value: Option<&Value>) -> PyResult<()> {
        self.buffer(vm)?;
        let Some(value) = value else {
            return Err(vm.raise_new(&vm.exc().AttributeError, "cannot delete attribute"));
        };
        let n = vm.index_isize_or_overflow(value)?;
        match usize::try_from(n).ok().filter(|n| *n > 0) {
            Some(n) => {
                self.chunk_size.set(n);
                Ok(())
            }
            None => Err(vm.value_error("a strictly positive integer is required")),
        }
    }
}

fn kept(vm: &Vm, v: Option<Value>) -> PyResult<Ref<Str>> {
    match v.and_then(|v| v.downcast::<Str>().ok()) {
        Some(s) => Ok(s),
        None => vm.intern("strict"),
    }
}
