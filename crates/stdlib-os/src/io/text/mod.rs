//! `TextIOWrapper`: text over a buffered binary stream. This file has the payload and its construction; coders are in
//! `codec`, reading and writing in `transfer`, positions in `position`, the methods in `methods`.

mod codec;
mod methods;
mod position;
mod transfer;

use std::cell::{Cell, RefCell};

use taipan_object::{PyCell, PyResult, Raised, Ref, Str, Traverse, Value, Visitor, Vm, payload};
use taipan_text::TextBuf;

use super::base::{self, TextIoBase};
use super::buffered::{Buffered, BufferedRandom, BufferedReader, BufferedWriter};
use super::newline::{NewlineArg, Newlines};
use crate::util::is_exactly;
use codec::Fast;

pub use methods::TEXT_IO_WRAPPER;
pub use transfer::write_text;

/// The payload of `TextIOWrapper`.
#[repr(C)]
pub struct TextIoWrapper {
    base: TextIoBase,
    ready: Cell<bool>,
    detached: Cell<bool>,
    finalizing: Cell<bool>,
    buffer: PyCell<Option<Value>>,
    /// The buffer is one of ours, with nothing overridden: calls go to its payload.
    direct: Cell<bool>,
    encoding: PyCell<Option<Value>>,
    errors: PyCell<Option<Value>>,
    newline: Cell<NewlineArg>,
    line_buffering: Cell<bool>,
    write_through: Cell<bool>,
    seekable: Cell<bool>,
    telling: Cell<bool>,
    has_read1: Cell<bool>,
    chunk_size: Cell<usize>,

    reads: Cell<bool>,
    /// A decoder of our own; otherwise `decoder` has one.
    fast_decoder: Cell<Option<Fast>>,
    decoder: PyCell<Option<Value>>,
    /// Bytes that our own decoder could not decode yet.
    undecoded: RefCell<Vec<u8>>,
    newlines: Cell<Option<Newlines>>,
    /// Decoded text; what comes before `used` was given out.
    decoded: RefCell<TextBuf>,
    used: Cell<usize>,
    /// Where in `decoded` the text of the last chunk starts.
    chunk_start: Cell<usize>,
    /// The decoder's flags and the input, as they were before the last chunk; for `tell`.
    snapshot: RefCell<Option<(u64, Vec<u8>)>>,
    /// Bytes for each character of the last chunk.
    ratio: Cell<f64>,

    writes: Cell<bool>,
    fast_encoder: Cell<Option<Fast>>,
    encoder: PyCell<Option<Value>>,
    /// Encoded bytes that the buffer has not been given yet.
    pending: RefCell<Vec<u8>>,
}
payload!(TextIoWrapper, gc, base = TextIoBase);

impl Traverse for TextIoWrapper {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.buffer.visit(visit);
        self.encoding.visit(visit);
        self.errors.visit(visit);
        self.decoder.visit(visit);
        self.encoder.visit(visit);
    }
    fn clear(&self) {
        self.ready.set(false);
        self.buffer.set(None);
        self.decoder.set(None);
        self.encoder.set(None);
    }
}

impl TextIoWrapper {
    fn new() -> TextIoWrapper {
        TextIoWrapper {
            base: TextIoBase::NEW,
            ready: Cell::new(false),
            detached: Cell::new(false),
            finalizing: Cell::new(false),
            buffer: PyCell::new(None),
            direct: Cell::new(false),
            encoding: PyCell::new(None),
            errors: PyCell::new(None),
            newline: Cell::new(NewlineArg { given: None }),
            line_buffering: Cell::new(false),
            write_through: Cell::new(false),
            seekable: Cell::new(false),
            telling: Cell::new(false),
            has_read1: Cell::new(false),
            chunk_size: Cell::new(8192),
            reads: Cell::new(false),
            fast_decoder: Cell::new(None),
            decoder: PyCell::new(None),
            undecoded: RefCell::default(),
            newlines: Cell::new(None),
            decoded: RefCell::default(),
            used: Cell::new(0),
            chunk_start: Cell::new(0),
            snapshot: RefCell::new(None),
            ratio: Cell::new(0.0),
            writes: Cell::new(false),
            fast_encoder: Cell::new(None),
            encoder: PyCell::new(None),
            pending: RefCell::default(),
        }
    }

    /// The buffer, when the stream is attached to one.
    fn buffer(&self, vm: &Vm) -> PyResult<Value> {
        if self.ready.get()
            && let Some(b) = self.buffer.get()
        {
            return Ok(b);
        }
        Err(self.unusable(vm))
    }

    #[cold]
    fn unusable(&self, vm: &Vm) -> Raised {
        if self.detached.get() {
            vm.value_error("underlying buffer has been detached")
        } else {
            vm.value_error("I/O operation on uninitialized object")
        }
    }

    fn is_closed(&self, vm: &Vm, buffer: &Value) -> PyResult<bool> {
        if self.direct.get()
            && let Some(b) = buffer.downcast_ref::<Buffered>()
        {
            return b.is_closed_now(vm);
        }
        base::is_closed(vm, buffer)
    }

    /// The buffer of an open stream.
    fn open_buffer(&self, vm: &Vm) -> PyResult<Value> {
        let buffer = self.buffer(vm)?;
        if self.is_closed(vm, &buffer)? {
            return Err(base::closed_error(vm));
        }
        Ok(buffer)
    }

    /// Forgets decoded text that was not given out.
    fn forget_decoded(&self) {
        self.decoded.borrow_mut().clear();
        self.used.set(0);
        self.chunk_start.set(0);
    }

    fn has_decoded(&self) -> bool {
        self.decoded.borrow().len() > self.used.get()
    }
}

/// What `TextIOWrapper.__init__` is given, with defaults for what is not.
pub struct Options<'a> {
    /// `encoding`
    pub encoding: Option<&'a Ref<Str>>,
    /// `errors`
    pub errors: Option<&'a Ref<Str>>,
    /// `newline`
    pub newline: NewlineArg,
    /// `line_buffering`
    pub line_buffering: bool,
    /// `write_through`
    pub write_through: bool,
}

fn initialize(
    vm: &Vm,
    this: &TextIoWrapper,
    buffer: &Value,
    options: &Options<'_>,
) -> PyResult<()> {
    this.ready.set(false);
    this.detached.set(false);
    this.forget_decoded();
    this.snapshot.replace(None);
    this.pending.borrow_mut().clear();
    this.telling.set(false);
    let encoding = match options.encoding {
        Some(e) if !e.eq_str("locale") => e.clone(),
        _ => vm.new_str(locale_encoding())?,
    };
    let errors = match options.errors {
        Some(e) => e.clone(),
        None => vm.intern("strict")?,
    };
    this.chunk_size.set(8192);
    this.line_buffering.set(options.line_buffering);
    this.write_through.set(options.write_through);
    let ours = is_exactly::<BufferedReader>(vm, buffer)
        || is_exactly::<BufferedWriter>(vm, buffer)
        || is_exactly::<BufferedRandom>(vm, buffer);
    codec::set_coders(vm, this, buffer, &encoding, &errors, options.newline)?;
    this.buffer.set(Some(buffer.clone()));
    this.direct.set(ours);
    let seekable = vm.call_method_str(buffer, "seekable", &[])?;
    let seekable = vm.is_true(&seekable)?;
    this.seekable.set(seekable);
    this.telling.set(seekable);
    this.has_read1
        .set(ours || vm.getattr_str_opt(buffer, "read1")?.is_some());
    if seekable && let Some(encoder) = this.encoder.get() {
        // An encoder that begins with a mark must not write it in the middle of a file.
        let at = vm.call_method(buffer, &vm.names().tell, &[])?;
        if vm.is_true(&at)? {
            vm.call_method_str(&encoder, "setstate", &[Value::from_i32(0)])?;
        }
    }
    this.ready.set(true);
    Ok(())
}

/// The encoding of the locale: what the environment names, UTF-8 for the C locale (PEP 538, PEP 540).
pub fn locale_encoding() -> &'static str {
    let value = [&b"LC_ALL"[..], b"LC_CTYPE", b"LANG"]
        .into_iter()
        .find_map(|name| taipan_host::env::var(name).filter(|v| !v.is_empty()));
    match value.as_deref() {
        None | Some(b"C" | b"POSIX") => "utf-8",
        Some(_) => "UTF-8",
    }
}
