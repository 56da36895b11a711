//! Multi-byte codecs with error handlers.

use taipan_builtins::codecs::error_handler;
use taipan_codecs::cjk::{Codec, State, Stop};
use taipan_object::{Bytes, PyResult, Ref, Str, Tuple, Value, Vm};
use taipan_text::TextBuf;

/// How errors are handled: three ways need no callable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Errors {
    Strict,
    Ignore,
    Replace,
    Named(String),
}

impl Errors {
    pub(super) fn new(name: &str) -> Errors {
        match name {
            "strict" => Self::Strict,
            "ignore" => Self::Ignore,
            "replace" => Self::Replace,
            name => Self::Named(name.to_owned()),
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Self::Strict => "strict",
            Self::Ignore => "ignore",
            Self::Replace => "replace",
            Self::Named(name) => name,
        }
    }
}

/// The text of what is to be encoded, which may be any object.
pub(super) fn text_of(vm: &Vm, input: &Value) -> PyResult<Ref<Str>> {
    match input.downcast_ref::<Str>() {
        Some(s) => Ok(s.clone()),
        None => vm.str(input),
    }
}

/// The start, end and reason of an error; `rest` is how much input there is from its start on.
fn range(vm: &Vm, stop: Stop, start: usize, rest: usize) -> PyResult<(usize, &'static str)> {
    match stop {
        Stop::Illegal(len) => Ok((start + len, "illegal multibyte sequence")),
        Stop::TooFew => Ok((start + rest, "incomplete multibyte sequence")),
        Stop::Internal => Err(vm.runtime_error("internal codec error")),
    }
}

/// The error object, made on the first error and changed on later ones.
fn error_object(
    vm: &Vm,
    exc: &mut Option<Value>,
    start: usize,
    end: usize,
    reason: &str,
    make: impl FnOnce() -> PyResult,
) -> PyResult {
    let Some(e) = exc else {
        return Ok(exc.insert(make()?).clone());
    };
    let values = [
        ("start", vm.new_usize(start)?),
        ("end", vm.new_usize(end)?),
        ("reason", vm.new_str(reason)?.into_value()),
    ];
    for (name, v) in values {
        vm.setattr_str(e, name, &v)?;
    }
    Ok(e.clone())
}

/// What a handler says: a replacement that `good` accepts, and where to go on.
fn ask(
    vm: &Vm,
    handler: &str,
    exc: &Value,
    good: fn(&Value) -> bool,
    message: &str,
) -> PyResult<(Value, isize)> {
    let f = error_handler(vm, handler)?;
    let result = vm.call1(&f, exc)?;
    match result.downcast_ref::<Tuple>().map(|t| t.as_slice()) {
        Some([replacement, position]) if good(replacement) && position.as_int().is_some() => {
            // What is too large for a position is out of bounds like any other.
            let at = match vm.index_isize_or_overflow(position) {
                Ok(at) => at,
                Err(raised) => {
                    drop(vm.catch(raised, &vm.exc().OverflowError)?);
                    return Err(position_error(vm, -1));
                }
            };
            Ok((replacement.clone(), at))
        }
        _ => Err(vm.type_error(message)),
    }
}

fn position_error(vm: &Vm, at: isize) -> taipan_object::Raised {
    vm.index_error(&format!("position {at} from error handler out of bounds"))
}

fn position(vm: &Vm, at: isize, len: usize) -> PyResult<usize> {
    let real = if at < 0 {
        at.saturating_add_unsigned(len)
    } else {
        at
    };
    match usize::try_from(real) {
        Ok(p) if p <= len => Ok(p),
        _ => Err(position_error(vm, real)),
    }
}

/// Encodes `text`, and gives how much of it was used; all, when `last` is true, and the state is the first then.
pub(super) fn encode(
    vm: &Vm,
    codec: &Codec,
    state: &mut State,
    text: &Ref<Str>,
    errors: &Errors,
    last: bool,
) -> PyResult<(Vec<u8>, usize)> {
    let mut out = Vec::new();
    let mut pos = 0;
    convert(vm, codec, state, text, errors, last, &mut pos, &mut out)?;
    if last {
        codec.finish(state, &mut out);
    }
    Ok((out, pos))
}

fn convert(
    vm: &Vm,
    codec: &Codec,
    state: &mut State,
    text: &Ref<Str>,
    errors: &Errors,
    flush: bool,
    pos: &mut usize,
    out: &mut Vec<u8>,
) -> PyResult<()> {
    let len = text.len();
    if out.try_reserve(len).is_err() {
        return Err(vm.no_memory());
    }
    let mut exc = None;
    while *pos < len {
        let stop = match codec.encode(state, text.text(), pos, out, flush) {
            Ok(()) => return Ok(()),
            Err(Stop::TooFew) if !flush => return Ok(()),
            Err(stop) => stop,
        };
        let start = *pos;
        let (end, reason) = range(vm, stop, start, len - start)?;
        let handler = match errors {
            Errors::Ignore => {
                *pos = end;
                continue;
            }
            Errors::Replace => {
                let mark = TextBuf::from("?");
                if codec
                    .encode(state, mark.as_text(), &mut 0, out, false)
                    .is_err()
                {
                    out.push(b'?');
                }
                *pos = end;
                continue;
            }
            Errors::Strict => {
                let e = error_object(vm, &mut exc, start, end, reason, || {
                    vm.new_unicode_encode_error(codec.name(), text.as_value(), start, end, reason)
                })?;
                return Err(vm.raise(e));
            }
            Errors::Named(name) => name,
        };
        let e = error_object(vm, &mut exc, start, end, reason, || {
            vm.new_unicode_encode_error(codec.name(), text.as_value(), start, end, reason)
        })?;
        let good =
            |v: &Value| v.downcast_ref::<Str>().is_some() || v.downcast_ref::<Bytes>().is_some();
        let message = "encoding error handler must return (str, int) tuple";
        let (replacement, at) = ask(vm, handler, &e, good, message)?;
        if let Some(s) = replacement.downcast_ref::<Str>() {
            convert(vm, codec, state, s, &Errors::Strict, true, &mut 0, out)?;
        } else if let Some(b) = replacement.downcast_ref::<Bytes>() {
            out.extend_from_slice(b.as_slice());
        }
        *pos = position(vm, at, len)?;
    }
    Ok(())
}

/// Bytes that are being decoded, piece by piece.
pub(super) struct Decoding<'a> {
    pub(super) codec: &'a Codec,
    pub(super) errors: &'a Errors,
    pub(super) data: &'a [u8],
    pub(super) pos: usize,
    pub(super) out: TextBuf,
    exc: Option<Value>,
}

impl<'a> Decoding<'a> {
    pub(super) fn new(codec: &'a Codec, errors: &'a Errors, data: &'a [u8], out: TextBuf) -> Self {
        Decoding {
            codec,
            errors,
            data,
            pos: 0,
            out,
            exc: None,
        }
    }

    /// Decodes until the end, or what needs more input; with `last`, nothing may.
    pub(super) fn run(&mut self, vm: &Vm, state: &mut State, last: bool) -> PyResult<()> {
        while self.pos < self.data.len() {
            match self
                .codec
                .decode(state, self.data, &mut self.pos, &mut self.out)
            {
                Ok(()) => break,
                Err(Stop::TooFew) if !last => break,
                Err(stop) => self.handle(vm, stop)?,
            }
        }
        Ok(())
    }

    /// Handles an error.
    pub(super) fn handle(&mut self, vm: &Vm, stop: Stop) -> PyResult<()> {
        let (start, data, codec) = (self.pos, self.data, self.codec);
        let (end, reason) = range(vm, stop, start, data.len() - start)?;
        let handler = match self.errors {
            Errors::Ignore | Errors::Replace => {
                if *self.errors == Errors::Replace {
                    self.out.push(0xFFFD);
                }
                self.pos = end;
                return Ok(());
            }
            Errors::Strict => None,
            Errors::Named(name) => Some(name),
        };
        let e = error_object(vm, &mut self.exc, start, end, reason, || {
            let object = vm.new_bytes(data)?.into_value();
            vm.new_unicode_decode_error(codec.name(), &object, start, end, reason)
        })?;
        let Some(handler) = handler else {
            return Err(vm.raise(e));
        };
        let good = |v: &Value| v.downcast_ref::<Str>().is_some();
        let message = "decoding error handler must return (str, int) tuple";
        let (replacement, at) = ask(vm, handler, &e, good, message)?;
        if let Some(s) = replacement.downcast_ref::<Str>() {
            self.out.push_text(s.text());
        }
        self.pos = position(vm, at, data.len())?;
        Ok(())
    }
}

/// Decodes all of `data`.
pub(super) fn decode_all(
    vm: &Vm,
    codec: &Codec,
    data: &[u8],
    errors: &Errors,
) -> PyResult<TextBuf> {
    let mut state = codec.start(true);
    let mut decoding = Decoding::new(codec, errors, data, TextBuf::with_capacity(data.len()));
    decoding.run(vm, &mut state, true)?;
    Ok(decoding.out)
}
