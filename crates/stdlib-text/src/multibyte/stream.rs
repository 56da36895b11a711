//! `MultibyteStreamReader` and `MultibyteStreamWriter`: codecs on files.

use taipan_macros::pymethods;
use taipan_object::{
    Bytes, Dict, Payload, PyResult, Ref, Str, Traverse, TypeObject, TypeSpec, Value, Visitor, Vm,
    payload, tpflags,
};
use taipan_text::TextBuf;

use super::codec_of;
use super::incremental::{DecoderState, Encoding, has_text, set_errors};

/// The payload of `MultibyteStreamReader`.
pub struct Reader {
    stream: Value,
    decoder: DecoderState,
}

payload!(Reader, gc);

impl Traverse for Reader {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(&self.stream);
    }
}

/// `MultibyteStreamReader`
pub static READER: TypeSpec = TypeSpec {
    flags: tpflags::BASETYPE | tpflags::IMMUTABLETYPE,
    parts: &[&READER_METHODS],
    ..TypeSpec::new(
        "MultibyteStreamReader",
        "_multibytecodec",
        <Reader as Payload>::layout,
    )
};

impl Reader {
    /// Reads with a method of the stream until there is text, or the stream ends.
    fn read_with(&self, vm: &Vm, method: &str, size: isize) -> PyResult<Ref<Str>> {
        let mut out = TextBuf::new();
        let mut size = size;
        while size != 0 {
            let read = if size < 0 {
                vm.call_method_str(&self.stream, method, &[])?
            } else {
                let size = vm.new_int(size as i64)?;
                vm.call_method_str(&self.stream, method, &[size])?
            };
            let Some(bytes) = read.downcast_ref::<Bytes>() else {
                return Err(vm.type_error(&format!(
                    "stream function returned a non-bytes object ({})",
                    vm.type_name(&read)
                )));
            };
            let whole = self.decoder.take(bytes.as_slice());
            let last = bytes.is_empty() || size < 0;
            out = self.decoder.decode(vm, &whole, last, out, &[])?;
            if size < 0 || has_text(&out) || whole.is_empty() {
                break;
            }
            size = 1;
        }
        vm.new_str_buf(&out)
    }

    fn size(vm: &Vm, size: Option<&Value>) -> PyResult<isize> {
        match size.filter(|v| !vm.is_none(v)) {
            None => Ok(-1),
            Some(v) if v.as_int().is_some() => vm.index_isize_or_overflow(v),
            Some(_) => Err(vm.type_error("arg 1 must be an integer")),
        }
    }
}

#[pymethods(READER_METHODS)]
impl Reader {
    #[pyslot(name = "StreamReader", params = "(stream, errors=None)")]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        stream: &Value,
        errors: Option<&str>,
    ) -> PyResult<Ref<Reader>> {
        let reader = Reader {
            stream: stream.clone(),
            decoder: DecoderState::new(codec_of(vm, cls)?, errors),
        };
        vm.new_object(cls, reader)
    }

    #[pyslot]
    fn tp_init(this: &Ref<Reader>, args: taipan_object::Args<'_>) {
        let _ = (this, args);
    }

    #[pymethod(sig = "($self, sizeobj=None, /)", doc = "")]
    fn read(&self, vm: &Vm, sizeobj: Option<&Value>) -> PyResult<Ref<Str>> {
        self.read_with(vm, "read", Self::size(vm, sizeobj)?)
    }

    #[pymethod(sig = "($self, sizeobj=None, /)", doc = "")]
    fn readline(&self, vm: &Vm, sizeobj: Option<&Value>) -> PyResult<Ref<Str>> {
        self.read_with(vm, "readline", Self::size(vm, sizeobj)?)
    }

    #[pymethod(sig = "($self, sizehintobj=None, /)", doc = "")]
    fn readlines(&self, vm: &Vm, sizehintobj: Option<&Value>) -> PyResult {
        let text = self.read_with(vm, "read", Self::size(vm, sizehintobj)?)?;
        vm.call_method_str(text.as_value(), "splitlines", &[vm.bool(true)])
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn reset(&self) {
        self.decoder.reset();
    }

    #[member(stream)]
    fn stream(&self) -> Value {
        self.stream.clone()
    }

    /// how to treat errors
    #[getter]
    fn errors(&self) -> String {
        self.decoder.errors.borrow().name().to_owned()
    }

    #[setter(errors)]
    fn set_errors(&self, vm: &Vm, value: Option<&Value>) -> PyResult<()> {
        set_errors(vm, &self.decoder.errors, value)
    }
}

/// The payload of `MultibyteStreamWriter`.
pub struct Writer {
    stream: Value,
    encoding: Encoding,
}

payload!(Writer, gc);

impl Traverse for Writer {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(&self.stream);
    }
}

/// `MultibyteStreamWriter`
pub static WRITER: TypeSpec = TypeSpec {
    flags: tpflags::BASETYPE | tpflags::IMMUTABLETYPE,
    parts: &[&WRITER_METHODS],
    ..TypeSpec::new(
        "MultibyteStreamWriter",
        "_multibytecodec",
        <Writer as Payload>::layout,
    )
};

#[pymethods(WRITER_METHODS)]
impl Writer {
    #[pyslot(name = "StreamWriter", params = "(stream, errors=None)")]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        stream: &Value,
        errors: Option<&str>,
    ) -> PyResult<Ref<Writer>> {
        let writer = Writer {
            stream: stream.clone(),
            encoding: Encoding::new(codec_of(vm, cls)?, errors),
        };
        vm.new_object(cls, writer)
    }

    #[pyslot]
    fn tp_init(this: &Ref<Writer>, args: taipan_object::Args<'_>) {
        let _ = (this, args);
    }

    #[pymethod(sig = "($self, strobj, /)", doc = "")]
    fn write(&self, vm: &Vm, strobj: &Value) -> PyResult<()> {
        let bytes = self.encoding.encode(vm, strobj, false)?.into_value();
        vm.call_method_str(&self.stream, "write", &[bytes])?;
        Ok(())
    }

    #[pymethod(sig = "($self, lines, /)", doc = "")]
    fn writelines(&self, vm: &Vm, lines: &Value) -> PyResult<()> {
        let indexed = vm.type_of(lines).payload.slots.sq_item.get().is_some();
        if !indexed || lines.downcast_ref::<Dict>().is_some() {
            return Err(vm.type_error("arg must be a sequence object"));
        }
        // The length may change on the way.
        let mut i = 0;
        while i < vm.len(lines)? {
            let line = vm.getitem(lines, &vm.new_usize(i)?)?;
            self.write(vm, &line)?;
            i += 1;
        }
        Ok(())
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn reset(&self, vm: &Vm) -> PyResult<()> {
        let rest = self.encoding.flush(vm)?.unwrap_or_default();
        if !rest.is_empty() {
            let bytes = vm.new_bytes(&rest)?.into_value();
            vm.call_method_str(&self.stream, "write", &[bytes])?;
        }
        Ok(())
    }

    #[member(stream)]
    fn stream(&self) -> Value {
        self.stream.clone()
    }

    /// how to treat errors
    #[getter]
    fn errors(&self) -> String {
        self.encoding.errors.borrow().name().to_owned()
    }

    #[setter(errors)]
    fn set_errors(&self, vm: &Vm, value: Option<&Value>) -> PyResult<()> {
        set_errors(vm, &self.encoding.errors, value)
    }
}
