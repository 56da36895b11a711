//! Module `zlib`.

use std::cell::{Cell, RefCell};

use libz_rs_sys as z;
use taipan_macros::{pyfunctions, pymethods};
use taipan_object::{
    BaseException, Bytes, Module, ModuleSpec, Payload, PyCell, PyResult, Raised, Ref, TypeObject,
    TypeSpec, Value, Vm, payload, tpflags,
};

use crate::bytes_of as data_of;
use crate::stream::{self, Step, Stream};

/// `zlib`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "zlib",
    doc: Some(
        "The functions in this module allow compression and decompression using the\nzlib library, which is based on GNU zip.\n\nadler32(string[, start]) -- Compute an Adler-32 checksum.\ncompress(data[, level]) -- Compress data, with compression level 0-9 or -1.\ncompressobj([level[, ...]]) -- Return a compressor object.\ncrc32(string[, start]) -- Compute a CRC-32 checksum.\ndecompress(string,[wbits],[bufsize]) -- Decompresses a compressed string.\ndecompressobj([wbits[, zdict]]) -- Return a decompressor object.\n\n'wbits' is window buffer size and container format.\nCompressor objects support compress() and flush() methods; decompressor\nobjects support decompress() and flush().",
    ),
    functions: &[functions::FUNCTIONS],
    types: &[&ERROR, &ZLIB_DECOMPRESSOR],
    exec: Some(exec),
};

/// `zlib.error`
static ERROR: TypeSpec = TypeSpec {
    base: Some(|vm| (*vm.exc().Exception).clone()),
    flags: tpflags::BASETYPE,
    has_dict: true,
    has_weakref: true,
    ..TypeSpec::new("error", "zlib", <BaseException as Payload>::layout)
};

const DEF_BUF_SIZE: usize = 16 * 1024;
const DEF_MEM_LEVEL: i32 = 8;
const MAX_WBITS: i32 = 15;
/// The version of zlib whose interface this is.
const VERSION: &str = "1.3.1";

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    let Some(dict) = module.dict.get() else {
        return Ok(());
    };
    let constants = [
        ("MAX_WBITS", MAX_WBITS),
        ("DEFLATED", z::Z_DEFLATED),
        ("DEF_MEM_LEVEL", DEF_MEM_LEVEL),
        ("Z_NO_COMPRESSION", 0),
        ("Z_BEST_SPEED", z::Z_BEST_SPEED),
        ("Z_BEST_COMPRESSION", z::Z_BEST_COMPRESSION),
        ("Z_DEFAULT_COMPRESSION", z::Z_DEFAULT_COMPRESSION),
        ("Z_FILTERED", z::Z_FILTERED),
        ("Z_HUFFMAN_ONLY", z::Z_HUFFMAN_ONLY),
        ("Z_RLE", z::Z_RLE),
        ("Z_FIXED", z::Z_FIXED),
        ("Z_DEFAULT_STRATEGY", z::Z_DEFAULT_STRATEGY),
        ("Z_NO_FLUSH", z::Z_NO_FLUSH),
        ("Z_PARTIAL_FLUSH", z::Z_PARTIAL_FLUSH),
        ("Z_SYNC_FLUSH", z::Z_SYNC_FLUSH),
        ("Z_FULL_FLUSH", z::Z_FULL_FLUSH),
        ("Z_FINISH", z::Z_FINISH),
        ("Z_BLOCK", z::Z_BLOCK),
        ("Z_TREES", z::Z_TREES),
        ("DEF_BUF_SIZE", DEF_BUF_SIZE as i32),
    ];
    for (name, value) in constants {
        dict.set_named(vm, name, Value::from_i32(value))?;
    }
    let version = vm.new_str(VERSION)?.into_value();
    dict.set_named(vm, "ZLIB_VERSION", version.clone())?;
    dict.set_named(vm, "ZLIB_RUNTIME_VERSION", version)
}

#[cold]
fn raise(vm: &Vm, message: &str) -> Raised {
    match vm.make_type(&ERROR) {
        Ok(ty) => vm.raise_new(&ty, message),
        Err(r) => r,
    }
}

/// Raises `zlib.error` for a return code.
#[cold]
fn error(vm: &Vm, stream: Option<&Stream>, code: i32, what: &str) -> Raised {
    let known = match code {
        z::Z_VERSION_ERROR => Some("library version mismatch".to_owned()),
        _ => stream.and_then(Stream::message),
    };
    let said = known.or_else(|| {
        let usual = match code {
            z::Z_BUF_ERROR => "incomplete or truncated stream",
            z::Z_STREAM_ERROR => "inconsistent stream state",
            z::Z_DATA_ERROR => "invalid input data",
            _ => return None,
        };
        Some(usual.to_owned())
    });
    raise(
        vm,
        &match said {
            Some(said) => format!("Error {code} {what}: {said}"),
            None => format!("Error {code} {what}"),
        },
    )
}

/// Output that grows as it is filled.
struct Output {
    bytes: Vec<u8>,
    filled: usize,
    limit: usize,
}

impl Output {
    fn new(first: usize, limit: usize) -> Output {
        Output {
            bytes: vec![0; first.min(limit)],
            filled: 0,
            limit,
        }
    }

    /// Room for more, if there may be more.
    fn room(&mut self) -> Option<&mut [u8]> {
        if self.filled == self.bytes.len() {
            let more = self.bytes.len().clamp(DEF_BUF_SIZE, 1 << 26);
            let len = self.bytes.len().saturating_add(more).min(self.limit);
            if len == self.filled {
                return None;
            }
            self.bytes.resize(len, 0);
        }
        self.bytes.get_mut(self.filled..)
    }

    fn finish(mut self) -> Vec<u8> {
        self.bytes.truncate(self.filled);
        self.bytes
    }
}

/// Runs a stream over all of `input` until nothing more comes. Gives the last return code and what was not used.
fn run<'a>(
    stream: &mut Stream,
    mut input: &'a [u8],
    out: &mut Output,
    flush: i32,
    mut on_dictionary: impl FnMut(&mut Stream) -> Option<i32>,
) -> (i32, &'a [u8]) {
    let mut code = z::Z_OK;
    while let Some(room) = out.room() {
        let size = room.len();
        let Step {
            code: returned,
            consumed,
            produced,
        } = stream.step(input, room, flush);
        code = returned;
        out.filled += produced;
        input = input.get(consumed..).unwrap_or_default();
        if code == z::Z_NEED_DICT {
            match on_dictionary(stream) {
                Some(z::Z_OK) => continue,
                Some(refused) => return (refused, input),
                None => return (code, input),
            }
        }
        // Z_BUF_ERROR says no more than that there was no room, or nothing to do.
        let going = code == z::Z_OK || code == z::Z_BUF_ERROR;
        let stuck = produced < size && (input.is_empty() || consumed == 0);
        if !going || stuck {
            break;
        }
    }
    (code, input)
}

fn new_bytes(vm: &Vm, out: Output) -> PyResult {
    Ok(vm.new_bytes(&out.finish())?.into_value())
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Compute an Adler-32 checksum of data.
    ///
    ///   value
    ///     Starting value of the checksum.
    ///
    /// The returned checksum is an integer.
    #[pyfunction(sig = "($module, data, value=1, /)")]
    fn adler32(vm: &Vm, data: &Value, value: Option<&Value>) -> PyResult<u32> {
        let start = start_value(vm, value, 1)?;
        Ok(stream::adler32(start, &data_of(vm, data)?))
    }

    /// Compute a CRC-32 checksum of data.
    ///
    ///   value
    ///     Starting value of the checksum.
    ///
    /// The returned checksum is an integer.
    #[pyfunction(sig = "($module, data, value=0, /)")]
    fn crc32(vm: &Vm, data: &Value, value: Option<&Value>) -> PyResult<u32> {
        let start = start_value(vm, value, 0)?;
        Ok(stream::crc32(start, &data_of(vm, data)?))
    }

    /// Returns a bytes object containing compressed data.
    ///
    ///   data
    ///     Binary data to be compressed.
    ///   level
    ///     Compression level, in 0-9 or -1.
    ///   wbits
    ///     The window buffer size and container format.
    #[pyfunction(sig = "($module, data, /, level=Z_DEFAULT_COMPRESSION, wbits=MAX_WBITS)")]
    fn compress(vm: &Vm, data: &Value, level: Option<i32>, wbits: Option<i32>) -> PyResult {
        let data = data_of(vm, data)?;
        let stream = Stream::deflate(
            level.unwrap_or(z::Z_DEFAULT_COMPRESSION),
            z::Z_DEFLATED,
            wbits.unwrap_or(MAX_WBITS),
            DEF_MEM_LEVEL,
            z::Z_DEFAULT_STRATEGY,
        );
        let mut stream = match stream {
            Ok(stream) => stream,
            Err(z::Z_STREAM_ERROR) => return Err(raise(vm, "Bad compression level")),
            Err(code) => return Err(error(vm, None, code, "while compressing data")),
        };
        let mut out = Output::new(DEF_BUF_SIZE, usize::MAX);
        match run(&mut stream, &data, &mut out, z::Z_FINISH, |_| None) {
            (z::Z_STREAM_END, _) => new_bytes(vm, out),
            (code, _) => Err(error(vm, Some(&stream), code, "while compressing data")),
        }
    }

    /// Returns a bytes object containing the uncompressed data.
    ///
    ///   data
    ///     Compressed data.
    ///   wbits
    ///     The window buffer size and container format.
    ///   bufsize
    ///     The initial output buffer size.
    #[pyfunction(sig = "($module, data, /, wbits=MAX_WBITS, bufsize=DEF_BUF_SIZE)")]
    fn decompress(vm: &Vm, data: &Value, wbits: Option<i32>, bufsize: Option<isize>) -> PyResult {
        let data = data_of(vm, data)?;
        let size = match bufsize.map(usize::try_from) {
            None => DEF_BUF_SIZE,
            Some(Ok(n)) => n.max(1),
            Some(Err(_)) => return Err(vm.value_error("bufsize must be non-negative")),
        };
        let mut stream = inflate(
            vm,
            wbits.unwrap_or(MAX_WBITS),
            "while preparing to decompress data",
        )?;
        let mut out = Output::new(size.min(1 << 24), usize::MAX);
        match run(&mut stream, &data, &mut out, z::Z_SYNC_FLUSH, |_| None) {
            (z::Z_STREAM_END, _) => new_bytes(vm, out),
            (z::Z_OK, _) => Err(error(
                vm,
                Some(&stream),
                z::Z_BUF_ERROR,
                "while decompressing data",
            )),
            (code, _) => Err(error(vm, Some(&stream), code, "while decompressing data")),
        }
    }

    /// Return a compressor object.
    ///
    ///   level
    ///     The compression level (an integer in the range 0-9 or -1; default is
    ///     currently equivalent to 6).  Higher compression levels are slower,
    ///     but produce smaller results.
    ///   method
    ///     The compression algorithm.  If given, this must be DEFLATED.
    ///   wbits
    ///     The base two logarithm of the window's size, and the container: +9 to +15
    ///     with zlib's header, -9 to -15 raw, +25 to +31 with gzip's header.
    ///   memLevel
    ///     Controls the amount of memory used for internal compression state.
    ///     Valid values range from 1 to 9.  Higher values result in higher memory
    ///     usage, faster compression, and smaller output.
    ///   strategy
    ///     Used to tune the compression algorithm.  Possible values are
    ///     Z_DEFAULT_STRATEGY, Z_FILTERED, and Z_HUFFMAN_ONLY.
    ///   zdict
    ///     The predefined compression dictionary - a sequence of bytes
    ///     containing subsequences that are likely to occur in the input data.
    #[pyfunction(
        sig = "($module, /, level=Z_DEFAULT_COMPRESSION, method=DEFLATED,\n            wbits=MAX_WBITS, memLevel=DEF_MEM_LEVEL,\n            strategy=Z_DEFAULT_STRATEGY, zdict=<unrepresentable>)"
    )]
    fn compressobj(
        vm: &Vm,
        level: Option<i32>,
        method: Option<i32>,
        wbits: Option<i32>,
        mem_level: Option<i32>,
        strategy: Option<i32>,
        zdict: Option<&Value>,
    ) -> PyResult<Ref<Compress>> {
        let dictionary = zdict.map(|v| data_of(vm, v)).transpose()?;
        let stream = Stream::deflate(
            level.unwrap_or(z::Z_DEFAULT_COMPRESSION),
            method.unwrap_or(z::Z_DEFLATED),
            wbits.unwrap_or(MAX_WBITS),
            mem_level.unwrap_or(DEF_MEM_LEVEL),
            strategy.unwrap_or(z::Z_DEFAULT_STRATEGY),
        );
        let mut stream = match stream {
            Ok(stream) => stream,
            Err(z::Z_STREAM_ERROR) => {
                return Err(vm.value_error("Invalid initialization option"));
            }
            Err(code) => return Err(error(vm, None, code, "while creating compression object")),
        };
        if let Some(dictionary) = dictionary {
            match stream.set_dictionary(&dictionary) {
                z::Z_OK => {}
                z::Z_STREAM_ERROR => return Err(vm.value_error("Invalid dictionary")),
                _ => return Err(vm.value_error("deflateSetDictionary()")),
            }
        }
        let ty = vm.make_type(&COMPRESS)?;
        let stream = RefCell::new(Some(stream));
        vm.new_object(&ty, Compress { stream })
    }

    /// Return a decompressor object.
    ///
    ///   wbits
    ///     The window buffer size and container format.
    ///   zdict
    ///     The predefined compression dictionary.  This must be the same
    ///     dictionary as used by the compressor that produced the input data.
    #[pyfunction(sig = "($module, /, wbits=MAX_WBITS, zdict=b'')")]
    fn decompressobj(
        vm: &Vm,
        wbits: Option<i32>,
        zdict: Option<&Value>,
    ) -> PyResult<Ref<Decompress>> {
        let wbits = wbits.unwrap_or(MAX_WBITS);
        let dictionary = dictionary_of(vm, zdict)?;
        let stream = decompression(vm, wbits, dictionary.as_deref())?;
        let empty = || PyCell::new(vm.interp().singletons().empty_bytes.clone());
        let ty = vm.make_type(&DECOMPRESS)?;
        vm.new_object(
            &ty,
            Decompress {
                stream: RefCell::new(Some(stream)),
                dictionary,
                unused_data: empty(),
                unconsumed_tail: empty(),
                eof: Cell::new(false),
            },
        )
    }
}

/// A checksum to go on from: any int, of which 32 bits count.
fn start_value(vm: &Vm, v: Option<&Value>, default: u32) -> PyResult<u32> {
    let Some(v) = v else {
        return Ok(default);
    };
    let n = vm.index(v)?;
    match n.as_int() {
        Some(i) => match i.to_i64() {
            Some(n) => Ok(n as u32),
            None => {
                let mask = vm.new_int(0xffff_ffff)?;
                let low = vm.binary_op(taipan_object::BinaryOp::And, &n, &mask)?;
                Ok(low.as_small_int().unwrap_or_default() as u32)
            }
        },
        None => Ok(default),
    }
}

fn inflate(vm: &Vm, wbits: i32, what: &str) -> PyResult<Stream> {
    Stream::inflate(wbits).map_err(|code| error(vm, None, code, what))
}

fn dictionary_of(vm: &Vm, v: Option<&Value>) -> PyResult<Option<Vec<u8>>> {
    match v {
        Some(v) if !vm.has_buffer(v) => {
            Err(vm.type_error("zdict argument must support the buffer protocol"))
        }
        Some(v) => Ok(Some(data_of(vm, v)?)),
        None => Ok(None),
    }
}

/// A stream that decompresses; one without a header needs its dictionary at once.
fn decompression(vm: &Vm, wbits: i32, dictionary: Option<&[u8]>) -> PyResult<Stream> {
    let mut stream = match Stream::inflate(wbits) {
        Ok(stream) => stream,
        Err(z::Z_STREAM_ERROR) => return Err(vm.value_error("Invalid initialization option")),
        Err(code) => return Err(error(vm, None, code, "while creating decompression object")),
    };
    if let Some(dictionary) = dictionary
        && wbits < 0
    {
        let code = stream.set_dictionary(dictionary);
        if code != z::Z_OK {
            return Err(error(vm, Some(&stream), code, "while setting zdict"));
        }
    }
    Ok(stream)
}

/// The payload of `zlib.Compress`.
pub struct Compress {
    /// Gone once the stream is finished.
    stream: RefCell<Option<Stream>>,
}

payload!(Compress, leaf);

static COMPRESS: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    parts: &[&COMPRESS_METHODS],
    ..TypeSpec::new("Compress", "zlib", <Compress as Payload>::layout)
};

fn copied(vm: &Vm, stream: &RefCell<Option<Stream>>) -> PyResult<Stream> {
    let stream = stream.borrow();
    let Some(stream) = stream.as_ref() else {
        return Err(vm.value_error("Inconsistent stream state"));
    };
    match stream.copy() {
        Ok(copy) => Ok(copy),
        Err(z::Z_STREAM_ERROR) => Err(vm.value_error("Inconsistent stream state")),
        Err(z::Z_MEM_ERROR) => Err(vm.no_memory()),
        Err(code) => Err(error(vm, Some(stream), code, "while copying object")),
    }
}

#[pymethods(COMPRESS_METHODS)]
impl Compress {
    /// Returns a bytes object containing compressed data.
    ///
    ///   data
    ///     Binary data to be compressed.
    ///
    /// After calling this function, some of the input data may still
    /// be stored in internal buffers for later processing.
    /// Call the flush() method to clear these buffers.
    #[pymethod(sig = "($self, data, /)")]
    fn compress(&self, vm: &Vm, data: &Value) -> PyResult {
        let data = data_of(vm, data)?;
        let mut stream = self.stream.borrow_mut();
        let what = "while compressing data";
        let Some(stream) = stream.as_mut() else {
            return Err(error(vm, None, z::Z_STREAM_ERROR, what));
        };
        let mut out = Output::new(DEF_BUF_SIZE, usize::MAX);
        match run(stream, &data, &mut out, z::Z_NO_FLUSH, |_| None) {
            (z::Z_STREAM_ERROR, _) => Err(error(vm, Some(stream), z::Z_STREAM_ERROR, what)),
            _ => new_bytes(vm, out),
        }
    }

    /// Return a bytes object containing any remaining compressed data.
    ///
    ///   mode
    ///     One of the constants Z_SYNC_FLUSH, Z_FULL_FLUSH, Z_FINISH.
    ///     If mode == Z_FINISH, the compressor object can no longer be
    ///     used after calling the flush() method.  Otherwise, more data
    ///     can still be compressed.
    #[pymethod(sig = "($self, mode=zlib.Z_FINISH, /)")]
    fn flush(&self, vm: &Vm, mode: Option<i32>) -> PyResult {
        let mode = mode.unwrap_or(z::Z_FINISH);
        if mode == z::Z_NO_FLUSH {
            return Ok(vm.new_bytes(b"")?.into_value());
        }
        let mut place = self.stream.borrow_mut();
        let what = "while flushing";
        let Some(stream) = place.as_mut() else {
            return Err(error(vm, None, z::Z_STREAM_ERROR, what));
        };
        let mut out = Output::new(DEF_BUF_SIZE, usize::MAX);
        let (code, _) = run(stream, b"", &mut out, mode, |_| None);
        match code {
            z::Z_STREAM_END if mode == z::Z_FINISH => *place = None,
            z::Z_OK | z::Z_BUF_ERROR => {}
            code => return Err(error(vm, Some(stream), code, what)),
        }
        new_bytes(vm, out)
    }

    /// Return a copy of the compression object.
    #[pymethod(sig = "($self, /)")]
    fn copy(&self, vm: &Vm) -> PyResult<Ref<Compress>> {
        let stream = RefCell::new(Some(copied(vm, &self.stream)?));
        vm.new_object(&vm.make_type(&COMPRESS)?, Compress { stream })
    }

    #[pymethod(name = "__copy__", sig = "($self, /)", doc = "")]
    fn shallow_copy(&self, vm: &Vm) -> PyResult<Ref<Compress>> {
        self.copy(vm)
    }

    #[pymethod(name = "__deepcopy__", sig = "($self, memo, /)", doc = "")]
    fn deep_copy(&self, vm: &Vm, memo: &Value) -> PyResult<Ref<Compress>> {
        let _ = memo;
        self.copy(vm)
    }
}

/// The payload of `zlib.Decompress`.
pub struct Decompress {
    /// Gone once the stream was flushed to its end.
    stream: RefCell<Option<Stream>>,
    dictionary: Option<Vec<u8>>,
    unused_data: PyCell<Ref<Bytes>>,
    unconsumed_tail: PyCell<Ref<Bytes>>,
    eof: Cell<bool>,
}

payload!(Decompress, leaf);

static DECOMPRESS: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    parts: &[&DECOMPRESS_METHODS],
    ..TypeSpec::new("Decompress", "zlib", <Decompress as Payload>::layout)
};

impl Decompress {
    /// Keeps what was not used: behind the end of the stream, or for later.
    fn save_rest(&self, vm: &Vm, code: i32, rest: &[u8]) -> PyResult<()> {
        if code == z::Z_STREAM_END {
            if !rest.is_empty() {
                let mut all = self.unused_data.get().as_slice().to_vec();
                all.extend_from_slice(rest);
                self.unused_data.set(vm.new_bytes(&all)?);
            }
            self.unconsumed_tail
                .set(vm.interp().singletons().empty_bytes.clone());
            return Ok(());
        }
        if !rest.is_empty() || !self.unconsumed_tail.get().is_empty() {
            self.unconsumed_tail.set(vm.new_bytes(rest)?);
        }
        Ok(())
    }

    fn run(&self, vm: &Vm, data: &[u8], out: &mut Output, flush: i32) -> PyResult<i32> {
        let mut place = self.stream.borrow_mut();
        let Some(stream) = place.as_mut() else {
            return Err(error(
                vm,
                None,
                z::Z_STREAM_ERROR,
                "while decompressing data",
            ));
        };
        let mut refused = None;
        let (code, rest) = run(stream, data, out, flush, |stream| {
            let code = stream.set_dictionary(self.dictionary.as_deref()?);
            refused = (code != z::Z_OK).then_some(code);
            Some(code)
        });
        if let Some(code) = refused {
            return Err(error(vm, Some(stream), code, "while setting zdict"));
        }
        self.save_rest(vm, code, rest)?;
        match code {
            z::Z_STREAM_END => self.eof.set(true),
            z::Z_OK | z::Z_BUF_ERROR => {}
            code => return Err(error(vm, Some(stream), code, "while decompressing data")),
        }
        Ok(code)
    }
}

#[pymethods(DECOMPRESS_METHODS)]
impl Decompress {
    /// Return a bytes object containing the decompressed version of the data.
    ///
    ///   data
    ///     The binary data to decompress.
    ///   max_length
    ///     The maximum allowable length of the decompressed data.
    ///     Unconsumed input data will be stored in
    ///     the unconsumed_tail attribute.
    ///
    /// After calling this function, some of the input data may still be stored in
    /// internal buffers for later processing.
    /// Call the flush() method to clear these buffers.
    #[pymethod(sig = "($self, data, /, max_length=0)")]
    fn decompress(&self, vm: &Vm, data: &Value, max_length: isize) -> PyResult {
        let data = data_of(vm, data)?;
        let limit = match usize::try_from(max_length) {
            Ok(0) => usize::MAX,
            Ok(n) => n,
            Err(_) => return Err(vm.value_error("max_length must be non-negative")),
        };
        let mut out = Output::new(DEF_BUF_SIZE, limit);
        self.run(vm, &data, &mut out, z::Z_SYNC_FLUSH)?;
        new_bytes(vm, out)
    }

    /// Return a bytes object containing any remaining decompressed data.
    ///
    ///   length
    ///     the initial size of the output buffer.
    #[pymethod(sig = "($self, length=zlib.DEF_BUF_SIZE, /)")]
    fn flush(&self, vm: &Vm, length: Option<isize>) -> PyResult {
        if length.is_some_and(|n| n <= 0) {
            return Err(vm.value_error("length must be greater than zero"));
        }
        if self.stream.borrow().is_none() {
            return Ok(vm.new_bytes(b"")?.into_value());
        }
        let tail = self.unconsumed_tail.get();
        let mut out = Output::new(DEF_BUF_SIZE, usize::MAX);
        if self.run(vm, tail.as_slice(), &mut out, z::Z_FINISH)? == z::Z_STREAM_END {
            drop(self.stream.take());
        }
        new_bytes(vm, out)
    }

    /// Return a copy of the decompression object.
    #[pymethod(sig = "($self, /)")]
    fn copy(&self, vm: &Vm) -> PyResult<Ref<Decompress>> {
        let stream = copied(vm, &self.stream)?;
        vm.new_object(
            &vm.make_type(&DECOMPRESS)?,
            Decompress {
                stream: RefCell::new(Some(stream)),
                dictionary: self.dictionary.clone(),
                unused_data: PyCell::new(self.unused_data.get()),
                unconsumed_tail: PyCell::new(self.unconsumed_tail.get()),
                eof: self.eof.clone(),
            },
        )
    }

    #[pymethod(name = "__copy__", sig = "($self, /)", doc = "")]
    fn shallow_copy(&self, vm: &Vm) -> PyResult<Ref<Decompress>> {
        self.copy(vm)
    }

    #[pymethod(name = "__deepcopy__", sig = "($self, memo, /)", doc = "")]
    fn deep_copy(&self, vm: &Vm, memo: &Value) -> PyResult<Ref<Decompress>> {
        let _ = memo;
        self.copy(vm)
    }

    #[getter]
    fn unused_data(&self) -> Ref<Bytes> {
        self.unused_data.get()
    }

    #[getter]
    fn unconsumed_tail(&self) -> Ref<Bytes> {
        self.unconsumed_tail.get()
    }

    #[getter]
    fn eof(&self) -> bool {
        self.eof.get()
    }
}

/// The payload of `zlib._ZlibDecompressor`, which keeps input that it cannot use yet.
pub struct ZlibDecompressor {
    stream: RefCell<Stream>,
    dictionary: Option<Vec<u8>>,
    pending: RefCell<Vec<u8>>,
    unused_data: PyCell<Ref<Bytes>>,
    eof: Cell<bool>,
    needs_input: Cell<bool>,
}

payload!(ZlibDecompressor, leaf);

static ZLIB_DECOMPRESSOR: TypeSpec = TypeSpec {
    doc: Some(
        "Create a decompressor object for decompressing data incrementally.\n\n  wbits = 15\n  zdict\n     The predefined compression dictionary, the same as used by the\n     compressor that produced the input data.\n",
    ),
    text_signature: Some("(wbits=15, zdict=b'')"),
    parts: &[&ZLIB_DECOMPRESSOR_METHODS],
    ..TypeSpec::new(
        "_ZlibDecompressor",
        "zlib",
        <ZlibDecompressor as Payload>::layout,
    )
};

#[pymethods(ZLIB_DECOMPRESSOR_METHODS)]
impl ZlibDecompressor {
    #[pyslot(
        name = "_ZlibDecompressor",
        params = "(wbits=15, zdict=<unrepresentable>)"
    )]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        wbits: i32,
        zdict: Option<&Value>,
    ) -> PyResult<Ref<ZlibDecompressor>> {
        let dictionary = dictionary_of(vm, zdict)?;
        let stream = decompression(vm, wbits, dictionary.as_deref())?;
        let made = ZlibDecompressor {
            stream: RefCell::new(stream),
            dictionary,
            pending: RefCell::new(Vec::new()),
            unused_data: PyCell::new(vm.interp().singletons().empty_bytes.clone()),
            eof: Cell::new(false),
            needs_input: Cell::new(true),
        };
        vm.new_object(cls, made)
    }

    /// Decompress *data*, returning uncompressed data as bytes.
    ///
    /// If *max_length* is nonnegative, returns at most *max_length* bytes of
    /// decompressed data. If this limit is reached and further output can be
    /// produced, *self.needs_input* will be set to ``False``. In this case, the next
    /// call to *decompress()* may provide *data* as b'' to obtain more of the output.
    ///
    /// If all of the input data was decompressed and returned (either because this
    /// was less than *max_length* bytes, or because *max_length* was negative),
    /// *self.needs_input* will be set to True.
    ///
    /// Attempting to decompress data after the end of stream is reached raises an
    /// EOFError.  Any data found after the end of the stream is ignored and saved in
    /// the unused_data attribute.
    #[pymethod(sig = "($self, /, data, max_length=-1)")]
    fn decompress(&self, vm: &Vm, data: &Value, max_length: isize) -> PyResult {
        let data = data_of(vm, data)?;
        if self.eof.get() {
            return Err(vm.eof_error("End of stream already reached"));
        }
        let limit = usize::try_from(max_length).unwrap_or(usize::MAX);
        let mut input = self.pending.take();
        input.extend_from_slice(&data);
        let mut stream = self.stream.borrow_mut();
        let mut out = Output::new(DEF_BUF_SIZE, limit);
        let (code, rest) = run(&mut stream, &input, &mut out, z::Z_SYNC_FLUSH, |stream| {
            Some(stream.set_dictionary(self.dictionary.as_deref()?))
        });
        match code {
            z::Z_STREAM_END => {
                self.eof.set(true);
                self.needs_input.set(false);
                self.unused_data.set(vm.new_bytes(rest)?);
            }
            z::Z_OK | z::Z_BUF_ERROR => {
                self.needs_input.set(rest.is_empty());
                self.pending.replace(rest.to_vec());
            }
            code => {
                return Err(error(vm, Some(&stream), code, "while decompressing data"));
            }
        }
        new_bytes(vm, out)
    }

    /// Data found after the end of the compressed stream.
    #[getter]
    fn unused_data(&self) -> Ref<Bytes> {
        self.unused_data.get()
    }

    /// True if the end-of-stream marker has been reached.
    #[getter]
    fn eof(&self) -> bool {
        self.eof.get()
    }

    /// True if more input is needed before more decompressed data can be produced.
    #[getter]
    fn needs_input(&self) -> bool {
        self.needs_input.get()
    }
}
