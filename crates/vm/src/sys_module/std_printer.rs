//! `stderrprinter`: an unbuffered writer on a file descriptor, for the time before `io` can be imported and for interpreters
//! without it.

use taipan_macros::pymethods;
use taipan_object::{Payload, PyResult, Ref, Str, TypeSpec, Vm, tpflags};

/// The payload.
pub struct StdPrinter {
    fd: i32,
}
taipan_object::payload!(StdPrinter, leaf);

/// The type.
pub static STD_PRINTER: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    parts: &[&STD_PRINTER_METHODS],
    ..TypeSpec::new("stderrprinter", "builtins", <StdPrinter as Payload>::layout)
};

/// A printer on a descriptor.
pub fn new_printer(vm: &Vm, fd: i32) -> PyResult<Ref<StdPrinter>> {
    vm.new(StdPrinter { fd })
}

/// Writes all bytes, as far as the descriptor takes them.
pub fn write_all(fd: i32, mut data: &[u8]) {
    while !data.is_empty() {
        match taipan_host::fs::write(fd, data) {
            Ok(0) => return,
            Ok(n) => data = data.get(n..).unwrap_or_default(),
            Err(e) if e == taipan_host::Errno::EINTR => {}
            Err(_) => return,
        }
    }
}

#[pymethods(STD_PRINTER_METHODS)]
impl StdPrinter {
    #[pyslot]
    fn tp_repr(this: &Ref<Self>) -> String {
        format!(
            "<stderrprinter(fd={}) object at {:#x}>",
            this.fd,
            this.as_value().bits()
        )
    }

    /// Writes text; what UTF-8 cannot say is escaped.
    #[pymethod(params = "($self, text, /)")]
    fn write(&self, text: &Ref<Str>) -> usize {
        let mut out = Vec::with_capacity(text.len());
        for c in text.text().chars() {
            match char::from_u32(c) {
                Some(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
                None => out.extend_from_slice(format!("\\u{c:04x}").as_bytes()),
            }
        }
        write_all(self.fd, &out);
        text.len()
    }

    #[pymethod(params = "($self, /)")]
    fn flush(&self) {}

    #[pymethod(params = "($self, /)")]
    fn close(&self) {}

    #[pymethod(params = "($self, /)")]
    fn fileno(&self) -> i32 {
        self.fd
    }

    #[pymethod(params = "($self, /)")]
    fn isatty(&self) -> bool {
        taipan_host::fs::isatty(self.fd)
    }

    #[getter(closed)]
    fn closed(&self) -> bool {
        false
    }

    #[getter(encoding)]
    fn encoding(vm: &Vm, _this: &Ref<Self>) -> PyResult<Ref<Str>> {
        vm.new_str("utf-8")
    }

    #[getter(mode)]
    fn mode(vm: &Vm, _this: &Ref<Self>) -> PyResult<Ref<Str>> {
        vm.new_str("w")
    }
}
