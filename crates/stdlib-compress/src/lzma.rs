//! `_lzma`: `LZMACompressor` and `LZMADecompressor` on liblzma. Chains of filters are in `lzma_filters`.

use std::cell::RefCell;

use liblzma::stream::{Action, Check, Error, LzmaOptions, Status, Stream};
use taipan_macros::{pyfunctions, pymethods};
use taipan_object::{
    BaseException, Dict, Module, ModuleSpec, Payload, PyResult, Raised, Ref, TypeObject, TypeRef,
    TypeSpec, Value, Vm, tpflags,
};

use crate::lzma_filters::{BCJ, DELTA, Filter, LZMA1, LZMA2, alone, chain, number32};
use crate::pull::{Engine, Pull, Step};
use crate::{bytes_of, grow, new_bytes};
use functions::FUNCTIONS;

/// `_lzma`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_lzma",
    doc: None,
    functions: &[FUNCTIONS],
    types: &[&COMPRESSOR, &DECOMPRESSOR, &ERROR],
    exec: Some(exec),
};

static ERROR: TypeSpec = TypeSpec {
    doc: Some("Call to liblzma failed."),
    flags: tpflags::BASETYPE,
    base: Some(|vm| TypeRef::clone(&vm.exc().Exception)),
    has_weakref: true,
    ..TypeSpec::new("LZMAError", "_lzma", <BaseException as Payload>::layout)
};

const AUTO: i32 = 0;
const XZ: i32 = 1;
const ALONE: i32 = 2;
const RAW: i32 = 3;
/// The check of a stream is not known yet.
const CHECK_UNKNOWN: i32 = 16;

const CONSTANTS: &[(&str, i64)] = &[
    ("FORMAT_AUTO", AUTO as i64),
    ("FORMAT_XZ", XZ as i64),
    ("FORMAT_ALONE", ALONE as i64),
    ("FORMAT_RAW", RAW as i64),
    ("CHECK_NONE", 0),
    ("CHECK_CRC32", 1),
    ("CHECK_CRC64", 4),
    ("CHECK_SHA256", 10),
    ("CHECK_ID_MAX", 15),
    ("CHECK_UNKNOWN", CHECK_UNKNOWN as i64),
    ("FILTER_LZMA1", LZMA1 as i64),
    ("FILTER_LZMA2", LZMA2 as i64),
    ("FILTER_DELTA", DELTA as i64),
    ("FILTER_X86", BCJ[0] as i64),
    ("FILTER_POWERPC", BCJ[1] as i64),
    ("FILTER_IA64", BCJ[2] as i64),
    ("FILTER_ARM", BCJ[3] as i64),
    ("FILTER_ARMTHUMB", BCJ[4] as i64),
    ("FILTER_SPARC", BCJ[5] as i64),
    ("MF_HC3", 3),
    ("MF_HC4", 4),
    ("MF_BT2", 18),
    ("MF_BT3", 19),
    ("MF_BT4", 20),
    ("MODE_FAST", 1),
    ("MODE_NORMAL", 2),
    ("PRESET_DEFAULT", 6),
    ("PRESET_EXTREME", 1 << 31),
];

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    let Some(dict) = module.dict.get() else {
        return Ok(());
    };
    for (name, n) in CONSTANTS {
        dict.set_named(vm, name, vm.new_int(*n)?)?;
    }
    Ok(())
}

/// `LZMAError`
#[cold]
pub fn error(vm: &Vm, text: &str) -> Raised {
    match vm.make_type(&ERROR) {
        Ok(ty) => vm.raise_new(&ty, text),
        Err(r) => r,
    }
}

/// `LZMAError` for what liblzma says.
#[cold]
pub fn library_error(vm: &Vm, e: &Error) -> Raised {
    let text = match e {
        Error::Mem => return vm.no_memory(),
        Error::UnsupportedCheck | Error::NoCheck => "Unsupported integrity check",
        Error::MemLimit => "Memory usage limit exceeded",
        Error::Format => "Input format not supported by decoder",
        Error::Options => "Invalid or unsupported options",
        Error::Data => "Corrupt input data",
        Error::Program => "Internal error",
    };
    error(vm, text)
}

fn check_of(vm: &Vm, id: i32) -> PyResult<Check> {
    match id {
        -1 | 4 => Ok(Check::Crc64),
        0 => Ok(Check::None),
        1 => Ok(Check::Crc32),
        10 => Ok(Check::Sha256),
        2..=15 => Err(library_error(vm, &Error::UnsupportedCheck)),
        _ => Err(library_error(vm, &Error::Program)),
    }
}

/// The payload of `LZMACompressor`; `None` once it was flushed.
pub struct LzmaCompressor(RefCell<Option<Stream>>);
taipan_object::payload!(LzmaCompressor, leaf);

/// `LZMACompressor`
static COMPRESSOR: TypeSpec = TypeSpec {
    doc: Some(
        "LZMACompressor(format=FORMAT_XZ, check=-1, preset=None, filters=None)\n\nCreate a compressor object for compressing data incrementally.\n\nformat is the container, check the integrity check of FORMAT_XZ. The compressor\nis set up by a preset (0 to 9, or'ed with PRESET_EXTREME) or by a chain of filters:\na sequence of dicts, each with an \"id\" and the options of the filter.",
    ),
    parts: &[&COMPRESSOR_METHODS],
    ..TypeSpec::new(
        "LZMACompressor",
        "_lzma",
        <LzmaCompressor as Payload>::layout,
    )
};

/// Gives input to a compressor, and all output that comes.
fn compress(vm: &Vm, c: &mut Stream, input: &[u8], action: Action) -> PyResult<Vec<u8>> {
    let (mut out, mut at) = (Vec::new(), 0);
    loop {
        let start = out.len();
        grow(vm, &mut out, 32 * 1024, usize::MAX)?;
        let room = out.len() - start;
        let before = (c.total_in(), c.total_out());
        let status = c.process(&input[at..], &mut out[start..], action);
        at += (c.total_in() - before.0) as usize;
        let written = (c.total_out() - before.1) as usize;
        out.truncate(start + written);
        match status.map_err(|e| library_error(vm, &e))? {
            Status::StreamEnd => return Ok(out),
            Status::MemNeeded if written == 0 && at < input.len() => {
                return Err(error(vm, "Insufficient buffer space"));
            }
            _ if matches!(action, Action::Run) && at == input.len() && written < room => {
                return Ok(out);
            }
            _ => {}
        }
    }
}

#[pymethods(COMPRESSOR_METHODS)]
impl LzmaCompressor {
    #[pyslot(
        name = "LZMACompressor",
        params = "(format=1, check=-1, preset=None, filters=None)"
    )]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        format: i32,
        check: i32,
        preset: Option<&Value>,
        filters: Option<&Value>,
    ) -> PyResult<Ref<LzmaCompressor>> {
        let preset = preset.filter(|v| !vm.is_none(v));
        let filters = filters.filter(|v| !vm.is_none(v));
        if preset.is_some() && filters.is_some() {
            return Err(vm.value_error("Cannot specify both preset and filter chain"));
        }
        let level = match preset {
            Some(v) => number32(vm, v)?,
            None => 6,
        };
        if format != XZ && check != -1 && check != 0 {
            return Err(vm.value_error("Integrity checks are only supported by FORMAT_XZ"));
        }
        let made = match (format, filters) {
            (XZ, None) => Stream::new_easy_encoder(level, check_of(vm, check)?),
            (XZ, Some(f)) => Stream::new_stream_encoder(&chain(vm, f)?, check_of(vm, check)?),
            (ALONE, None) => match LzmaOptions::new_preset(level) {
                Ok(options) => Stream::new_lzma_encoder(&options),
                Err(_) => {
                    return Err(error(vm, &format!("Invalid compression preset: {level}")));
                }
            },
            (ALONE, Some(f)) => Stream::new_lzma_encoder(&alone(vm, f)?),
            (RAW, None) => return Err(vm.value_error("Must specify filters for FORMAT_RAW")),
            (RAW, Some(f)) => Stream::new_raw_encoder(&chain(vm, f)?),
            _ => return Err(vm.value_error(&format!("Invalid container format: {format}"))),
        };
        let stream = made.map_err(|e| library_error(vm, &e))?;
        vm.new_object(cls, LzmaCompressor(RefCell::new(Some(stream))))
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
        let out = compress(vm, c, &data, Action::Run)?;
        new_bytes(vm, &out)
    }

    /// Finish the compression process.
    #[pymethod(sig = "($self, /)")]
    fn flush(&self, vm: &Vm) -> PyResult<Value> {
        let Some(mut c) = self.0.borrow_mut().take() else {
            return Err(vm.value_error("Repeated call to flush()"));
        };
        let out = compress(vm, &mut c, b"", Action::Finish)?;
        new_bytes(vm, &out)
    }
}

/// liblzma's part of an `LZMADecompressor`.
struct Lzma {
    stream: Stream,
    /// The integrity check: known from the format, or once the head of an .xz stream was seen.
    check: i32,
    head: Vec<u8>,
}

impl Lzma {
    /// Looks for the check in the head of the stream: six bytes of magic, a zero, the check.
    fn look(&mut self, input: &[u8]) {
        if self.check != CHECK_UNKNOWN || self.head.len() >= 8 {
            return;
        }
        let more = input.len().min(8 - self.head.len());
        self.head.extend_from_slice(&input[..more]);
        match self.head.as_slice() {
            [0xfd, b'7', b'z', b'X', b'Z', 0, 0, check] => self.check = (check & 15).into(),
            [first, ..] if *first != 0xfd => self.check = 0,
            _ => {}
        }
    }
}

impl Engine for Lzma {
    const WANTS_INPUT_WHEN_FULL: bool = false;
    const AT_END: &'static str = "Already at end of stream";
    const AFTER_ERROR: Option<&'static str> = None;

    fn step(&mut self, vm: &Vm, input: &[u8], output: &mut [u8]) -> PyResult<Step> {
        let before = (self.stream.total_in(), self.stream.total_out());
        let status = self.stream.process(input, output, Action::Run);
        let read = (self.stream.total_in() - before.0) as usize;
        let status = status.map_err(|e| library_error(vm, &e))?;
        self.look(&input[..read.min(input.len())]);
        Ok(Step {
            read,
            written: (self.stream.total_out() - before.1) as usize,
            end: matches!(status, Status::StreamEnd),
        })
    }
}

/// The payload of `LZMADecompressor`.
pub struct LzmaDecompressor(RefCell<Pull<Lzma>>);
taipan_object::payload!(LzmaDecompressor, leaf);

/// `LZMADecompressor`
static DECOMPRESSOR: TypeSpec = TypeSpec {
    doc: Some(
        "Create a decompressor object for decompressing data incrementally.\n\n  format\n    Specifies the container format of the input stream.  If this is\n    FORMAT_AUTO (the default), the decompressor will automatically detect\n    whether the input is FORMAT_XZ or FORMAT_ALONE.\n  memlimit\n    Limit the amount of memory used by the decompressor.\n  filters\n    A custom filter chain, required for FORMAT_RAW and for it alone.\n\nFor one-shot decompression, use the decompress() function instead.",
    ),
    text_signature: Some("(format=FORMAT_AUTO, memlimit=None, filters=None)"),
    parts: &[&DECOMPRESSOR_METHODS],
    ..TypeSpec::new(
        "LZMADecompressor",
        "_lzma",
        <LzmaDecompressor as Payload>::layout,
    )
};

#[pymethods(DECOMPRESSOR_METHODS)]
impl LzmaDecompressor {
    #[pyslot(
        name = "LZMADecompressor",
        params = "(format=0, memlimit=None, filters=None)"
    )]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        format: i32,
        memlimit: Option<&Value>,
        filters: Option<&Value>,
    ) -> PyResult<Ref<LzmaDecompressor>> {
        let filters = filters.filter(|v| !vm.is_none(v));
        let limit = match memlimit.filter(|v| !vm.is_none(v)) {
            None => u64::MAX,
            Some(_) if format == RAW => {
                return Err(vm.value_error("Cannot specify memory limit with FORMAT_RAW"));
            }
            Some(v) => {
                let n = vm.index(v)?;
                match n.as_int().and_then(|i| i.to_i64()) {
                    Some(n) => u64::try_from(n)
                        .map_err(|_| vm.value_error("Cannot convert negative int"))?,
                    None => return Err(vm.overflow_error("int too big to convert")),
                }
            }
        };
        match (format, filters) {
            (RAW, None) => return Err(vm.value_error("Must specify filters for FORMAT_RAW")),
            (f, Some(_)) if f != RAW => {
                return Err(vm.value_error("Cannot specify filters except with FORMAT_RAW"));
            }
            _ => {}
        }
        let (made, check) = match (format, filters) {
            (AUTO, _) => (Stream::new_auto_decoder(limit, 0), CHECK_UNKNOWN),
            (XZ, _) => (Stream::new_stream_decoder(limit, 0), CHECK_UNKNOWN),
            (ALONE, _) => (Stream::new_lzma_decoder(limit), 0),
            (RAW, Some(f)) => (Stream::new_raw_decoder(&chain(vm, f)?), 0),
            _ => return Err(vm.value_error(&format!("Invalid container format: {format}"))),
        };
        let stream = made.map_err(|e| library_error(vm, &e))?;
        let pull = Pull::new(Lzma {
            stream,
            check,
            head: Vec::new(),
        });
        vm.new_object(cls, LzmaDecompressor(RefCell::new(pull)))
    }

    /// Decompress data, returning uncompressed data as bytes.
    #[pymethod(sig = "($self, /, data, max_length=-1)")]
    fn decompress(&self, vm: &Vm, data: &Value, max_length: isize) -> PyResult<Value> {
        let data = bytes_of(vm, data)?;
        let out = self.0.borrow_mut().decompress(vm, data, max_length)?;
        new_bytes(vm, &out)
    }

    /// ID of the integrity check used by the input stream.
    #[member]
    fn check(&self) -> i32 {
        self.0.borrow().engine.check
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

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Test whether the given integrity check is supported.
    #[pyfunction(sig = "($module, check_id, /)")]
    fn is_check_supported(check_id: i32) -> bool {
        matches!(check_id, 0 | 1 | 4 | 10)
    }

    /// Return a bytes object encoding the options (properties) of the filter specified by *filter* (a dict).
    #[pyfunction(sig = "($module, filter, /)")]
    fn _encode_filter_properties(vm: &Vm, filter: &Value) -> PyResult<Value> {
        let properties = Filter::parse(vm, filter)?.properties(vm)?;
        new_bytes(vm, &properties)
    }

    /// Return a dict describing a filter with ID *filter_id*, and options (properties) encoded in the bytes object *encoded_props*.
    #[pyfunction(sig = "($module, filter_id, encoded_props, /)")]
    fn _decode_filter_properties(
        vm: &Vm,
        filter_id: u64,
        encoded_props: &Value,
    ) -> PyResult<Ref<Dict>> {
        let properties = bytes_of(vm, encoded_props)?;
        let dict = vm.new_dict()?;
        for (name, n) in Filter::from_properties(vm, filter_id, &properties)? {
            let n = taipan_object::convert::IntoPy::into_py(n, vm)?;
            dict.set_named(vm, name, n)?;
        }
        Ok(dict)
    }
}
