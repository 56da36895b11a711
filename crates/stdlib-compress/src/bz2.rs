//! `_bz2`: `BZ2Compressor` and `BZ2Decompressor` on the crate bzip2.

use std::cell::RefCell;

use bzip2::{Action, Compress, Compression, Decompress, Error, Status};
use taipan_macros::pymethods;
use taipan_object::{ModuleSpec, Payload, PyResult, Raised, Ref, TypeObject, TypeSpec, Value, Vm};

use crate::pull::{Engine, Pull, Step};
use crate::{bytes_of, grow, new_bytes};

/// `_bz2`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_bz2",
    doc: None,
    functions: &[],
    types: &[&COMPRESSOR, &DECOMPRESSOR],
    exec: None,
};

#[cold]
fn error(vm: &Vm, e: &Error) -> Raised {
    match e {
        Error::Sequence => vm.raise_new(
            &vm.exc().RuntimeError,
            "Internal error - Invalid sequence of commands sent to libbzip2",
        ),
        Error::Param => vm.value_error("Internal error - invalid parameters passed to libbzip2"),
        _ => vm.raise_new(&vm.exc().OSError, "Invalid data stream"),
    }
}

/// The payload of `BZ2Compressor`; `None` once it was flushed.
pub struct Bz2Compressor(RefCell<Option<Compress>>);
taipan_object::payload!(Bz2Compressor, leaf);

/// `BZ2Compressor`
static COMPRESSOR: TypeSpec = TypeSpec {
    doc: Some(
        "Create a compressor object for compressing data incrementally.\n\n  compresslevel\n    Compression level, as a number between 1 and 9.\n\nFor one-shot compression, use the compress() function instead.",
    ),
    text_signature: Some("(compresslevel=9, /)"),
    parts: &[&COMPRESSOR_METHODS],
    ..TypeSpec::new("BZ2Compressor", "_bz2", <Bz2Compressor as Payload>::layout)
};

impl Bz2Compressor {
    /// Gives input to the compressor, and all output that comes.
    fn run(vm: &Vm, c: &mut Compress, input: &[u8], action: Action) -> PyResult<Vec<u8>> {
        let (mut out, mut at) = (Vec::new(), 0);
        loop {
            let start = out.len();
            grow(vm, &mut out, 32 * 1024, usize::MAX)?;
            let room = out.len() - start;
            let before = (c.total_in(), c.total_out());
            let finishing = matches!(action, Action::Finish);
            let status = c
                .compress(
                    &input[at..],
                    &mut out[start..],
                    if finishing {
                        Action::Finish
                    } else {
                        Action::Run
                    },
                )
                .map_err(|e| error(vm, &e))?;
            at += (c.total_in() - before.0) as usize;
            let written = (c.total_out() - before.1) as usize;
            out.truncate(start + written);
            let over = match status {
                Status::StreamEnd => true,
                _ if finishing => false,
                _ => at == input.len() && written < room,
            };
            if over {
                return Ok(out);
            }
        }
    }
}

#[pymethods(COMPRESSOR_METHODS)]
impl Bz2Compressor {
    #[pyslot(name = "BZ2Compressor", params = "(compresslevel=9, /)")]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, compresslevel: i32) -> PyResult<Ref<Bz2Compressor>> {
        let Some(level) = u32::try_from(compresslevel)
            .ok()
            .filter(|n| (1..=9).contains(n))
        else {
            return Err(vm.value_error("compresslevel must be between 1 and 9"));
        };
        let c = Compress::new(Compression::new(level), 0);
        vm.new_object(cls, Bz2Compressor(RefCell::new(Some(c))))
    }

    /// Provide data to the compressor object.
    #[pymethod(sig = "($self, data, /)")]
    fn compress(&self, vm: &Vm, data: &Value) -> PyResult<Value> {
        let data = bytes_of(vm, data)?;
        let mut state = self.0.borrow_mut();
        let Some(c) = &mut *state else {
            return Err(vm.value_error("Compressor has been flushed"));
        };
        if data.is_empty() {
            return new_bytes(vm, b"");
        }
        let out = Bz2Compressor::run(vm, c, &data, Action::Run)?;
        new_bytes(vm, &out)
    }

    /// Finish the compression process.
    #[pymethod(sig = "($self, /)")]
    fn flush(&self, vm: &Vm) -> PyResult<Value> {
        let Some(mut c) = self.0.borrow_mut().take() else {
            return Err(vm.value_error("Repeated call to flush()"));
        };
        let out = Bz2Compressor::run(vm, &mut c, b"", Action::Finish)?;
        new_bytes(vm, &out)
    }
}

impl Engine for Decompress {
    const WANTS_INPUT_WHEN_FULL: bool = true;
    const AT_END: &'static str = "End of stream already reached";
    const AFTER_ERROR: Option<&'static str> =
        Some("Decompressor is unusable after a previous error");

    fn step(&mut self, vm: &Vm, input: &[u8], output: &mut [u8]) -> PyResult<Step> {
        let before = (self.total_in(), self.total_out());
        let status = self.decompress(input, output).map_err(|e| error(vm, &e))?;
        if matches!(status, Status::MemNeeded) {
            return Err(vm.no_memory());
        }
        Ok(Step {
            read: (self.total_in() - before.0) as usize,
            written: (self.total_out() - before.1) as usize,
            end: matches!(status, Status::StreamEnd),
        })
    }
}

/// The payload of `BZ2Decompressor`.
pub struct Bz2Decompressor(RefCell<Pull<Decompress>>);
taipan_object::payload!(Bz2Decompressor, leaf);

/// `BZ2Decompressor`
static DECOMPRESSOR: TypeSpec = TypeSpec {
    doc: Some(
        "Create a decompressor object for decompressing data incrementally.\n\nFor one-shot decompression, use the decompress() function instead.",
    ),
    text_signature: Some("()"),
    parts: &[&DECOMPRESSOR_METHODS],
    ..TypeSpec::new(
        "BZ2Decompressor",
        "_bz2",
        <Bz2Decompressor as Payload>::layout,
    )
};

#[pymethods(DECOMPRESSOR_METHODS)]
impl Bz2Decompressor {
    #[pyslot(name = "BZ2Decompressor", params = "()")]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>) -> PyResult<Ref<Bz2Decompressor>> {
        let pull = Pull::new(Decompress::new(false));
        vm.new_object(cls, Bz2Decompressor(RefCell::new(pull)))
    }

    /// Decompress data, returning uncompressed data as bytes.
    #[pymethod(sig = "($self, /, data, max_length=-1)")]
    fn decompress(&self, vm: &Vm, data: &Value, max_length: isize) -> PyResult<Value> {
        let data = bytes_of(vm, data)?;
        let out = self.0.borrow_mut().decompress(vm, data, max_length)?;
        new_bytes(vm, &out)
    }

    /// True if the end-of-stream marker has been reached.
    #[member]
    fn eof(&self) -> bool {
        self.0.borrow().eof
    }

    /// Data found after the end of the compressed stream.
    #[member]
    fn unused_data(&self, vm: &Vm) -> PyResult<Value> {
        new_bytes(vm, &self.0.borrow().unused)
    }

    /// True if more input is needed before more decompressed data can be produced.
    #[member]
    fn needs_input(&self) -> bool {
        self.0.borrow().needs_input
    }
}
