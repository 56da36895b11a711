//! `BufferedRWPair`: a reader and a writer seen as one stream, for sockets and pairs of pipes.

use taipan_macros::pymethods;
use taipan_object::{
    Args, Payload, PyCell, PyResult, Ref, Traverse, TypeObject, TypeSpec, Value, Visitor, Vm,
    payload, tpflags,
};

use super::{BUFFERED_READER, BUFFERED_WRITER};
use crate::io::base::{self, BUFFERED_IO_BASE, BufferedIoBase, class_of};
use crate::util::chain;

/// The payload of `BufferedRWPair`.
#[repr(C)]
pub struct BufferedPair {
    base: BufferedIoBase,
    reader: PyCell<Option<Value>>,
    writer: PyCell<Option<Value>>,
}
payload!(BufferedPair, gc, base = BufferedIoBase);

impl Traverse for BufferedPair {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.reader.visit(visit);
        self.writer.visit(visit);
    }
    fn clear(&self) {
        self.reader.set(None);
        self.writer.set(None);
    }
}

/// `BufferedRWPair`
pub static BUFFERED_RW_PAIR: TypeSpec = TypeSpec {
    doc: Some(
        "A buffered reader and writer object together.\n\nUsed for sockets and two-way pipes.",
    ),
    text_signature: Some("(reader, writer, buffer_size=DEFAULT_BUFFER_SIZE, /)"),
    flags: tpflags::BASETYPE,
    base: Some(|vm| class_of(vm, &BUFFERED_IO_BASE)),
    parts: &[&PAIR_PART],
    ..TypeSpec::new("BufferedRWPair", "_io", <BufferedPair as Payload>::layout)
};

impl BufferedPair {
    fn part(&self, vm: &Vm, part: &PyCell<Option<Value>>) -> PyResult<Value> {
        part.get()
            .ok_or_else(|| vm.value_error("I/O operation on uninitialized object"))
    }

    fn forward(&self, vm: &Vm, write: bool, name: &str, args: &[Value]) -> PyResult {
        let part = self.part(vm, if write { &self.writer } else { &self.reader })?;
        vm.call_method_str(&part, name, args)
    }
}

#[pymethods(PAIR_PART)]
impl BufferedPair {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<BufferedPair>> {
        let _ = args;
        vm.new_object(
            cls,
            BufferedPair {
                base: BufferedIoBase::NEW,
                reader: PyCell::new(None),
                writer: PyCell::new(None),
            },
        )
    }

    #[pyslot(
        name = "BufferedRWPair",
        params = "(reader, writer, buffer_size=131072, /)"
    )]
    fn tp_init(
        vm: &Vm,
        this: &Ref<BufferedPair>,
        reader: &Value,
        writer: &Value,
        buffer_size: isize,
    ) -> PyResult<()> {
        base::check_readable(vm, reader)?;
        base::check_writable(vm, writer)?;
        let size = vm.new_int(buffer_size as i64)?;
        let make = |spec, raw: &Value| {
            let class = class_of(vm, spec);
            vm.call_pos(class.as_value(), &[raw.clone(), size.clone()])
        };
        this.reader.set(Some(make(&BUFFERED_READER, reader)?));
        this.writer.set(Some(make(&BUFFERED_WRITER, writer)?));
        Ok(())
    }

    #[pymethod(params = "($self, /, *args)", doc = "")]
    fn read(&self, vm: &Vm, args: &[Value]) -> PyResult {
        self.forward(vm, false, "read", args)
    }

    #[pymethod(params = "($self, /, *args)", doc = "")]
    fn peek(&self, vm: &Vm, args: &[Value]) -> PyResult {
        self.forward(vm, false, "peek", args)
    }

    #[pymethod(params = "($self, /, *args)", doc = "")]
    fn read1(&self, vm: &Vm, args: &[Value]) -> PyResult {
        self.forward(vm, false, "read1", args)
    }

    #[pymethod(params = "($self, /, *args)", doc = "")]
    fn readinto(&self, vm: &Vm, args: &[Value]) -> PyResult {
        self.forward(vm, false, "readinto", args)
    }

    #[pymethod(params = "($self, /, *args)", doc = "")]
    fn readinto1(&self, vm: &Vm, args: &[Value]) -> PyResult {
        self.forward(vm, false, "readinto1", args)
    }

    #[pymethod(params = "($self, /, *args)", doc = "")]
    fn write(&self, vm: &Vm, args: &[Value]) -> PyResult {
        self.forward(vm, true, "write", args)
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn flush(&self, vm: &Vm) -> PyResult {
        self.forward(vm, true, "flush", &[])
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn readable(&self, vm: &Vm) -> PyResult {
        self.forward(vm, false, "readable", &[])
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn writable(&self, vm: &Vm) -> PyResult {
        self.forward(vm, true, "writable", &[])
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn close(&self, vm: &Vm) -> PyResult {
        let written = self.forward(vm, true, "close", &[]);
        let failed = written.err().map(|r| vm.take_raised(r));
        let closed = self.forward(vm, false, "close", &[]);
        chain(vm, failed, closed)
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn isatty(&self, vm: &Vm) -> PyResult {
        let writer = self.forward(vm, true, "isatty", &[])?;
        if !writer.is(&vm.bool(false)) {
            return Ok(writer);
        }
        self.forward(vm, false, "isatty", &[])
    }

    #[getter]
    fn closed(&self, vm: &Vm) -> PyResult {
        match self.writer.get() {
            Some(w) => vm.getattr(&w, &vm.names().closed),
            None => Err(vm.runtime_error("the BufferedRWPair object is being garbage-collected")),
        }
    }
}
