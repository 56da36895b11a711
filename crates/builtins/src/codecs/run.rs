//! Runs a codec of `taipan-codecs` from start to end, with one of the built-in error handlers or a registered callable.

use std::borrow::Cow;

use taipan_codecs::handlers::{
    Handler, Replacement, handles_decoding, on_decode_error, on_encode_error,
};
use taipan_codecs::{CodecError, Decoder, Encoder};
use taipan_object::{Bytes, PyResult, Raised, Ref, Str, Tuple, Value, Vm};
use taipan_text::{TextBuf, TextRef};

use super::registry::lookup_error;

/// How errors are handled: by ourselves, or by a callable.
enum Errors {
    Builtin(Handler),
    Callable(Value),
}

fn errors_of(vm: &Vm, name: Option<&str>) -> PyResult<Errors> {
    let name = name.unwrap_or("strict");
    match Handler::from_name(name) {
        Some(h) => Ok(Errors::Builtin(h)),
        None => Ok(Errors::Callable(lookup_error(vm, name)?)),
    }
}

/// What a handler gave: a replacement, and the position to go on from before it is checked.
fn call_handler(vm: &Vm, f: &Value, exc: &Value, message: &str) -> PyResult<(Value, isize)> {
    let result = vm.call1(f, exc)?;
    let pair = match result.downcast_ref::<Tuple>().map(|t| t.as_slice()) {
        Some([replacement, position]) if position.as_int().is_some() => {
            Some((replacement.clone(), vm.index_isize_or_overflow(position)?))
        }
        _ => None,
    };
    pair.ok_or_else(|| vm.type_error(message))
}

fn position(vm: &Vm, at: isize, len: usize) -> PyResult<usize> {
    let real = if at < 0 {
        at.saturating_add(len as isize)
    } else {
        at
    };
    match usize::try_from(real) {
        Ok(p) if p <= len => Ok(p),
        _ => Err(vm.index_error(&format!("position {at} from error handler out of bounds"))),
    }
}

/// The bytes object that errors show.
struct Source<'a> {
    data: Cow<'a, [u8]>,
    object: Option<Value>,
}

impl Source<'_> {
    fn object(&mut self, vm: &Vm) -> PyResult {
        match &self.object {
            Some(v) => Ok(v.clone()),
            None => {
                let v = vm.new_bytes(&self.data)?.into_value();
                self.object = Some(v.clone());
                Ok(v)
            }
        }
    }
}

fn raise(vm: &Vm, exc: PyResult) -> Raised {
    match exc {
        Ok(e) => vm.raise(e),
        Err(raised) => raised,
    }
}

/// Decodes `data`; gives the text and how many bytes were used, which is all of them when `last` is true.
/// `object` is the bytes object that holds the data, made when an error needs one otherwise.
pub fn decode_with(
    vm: &Vm,
    codec: &mut dyn Decoder,
    data: &[u8],
    object: Option<&Value>,
    errors: Option<&str>,
    last: bool,
) -> PyResult<(TextBuf, usize)> {
    let mut out = TextBuf::with_capacity(data.len());
    let used = decode_onto(vm, codec, data, object, errors, last, 0, &mut out)?;
    Ok((out, used))
}

fn decode_onto(
    vm: &Vm,
    codec: &mut dyn Decoder,
    data: &[u8],
    object: Option<&Value>,
    errors: Option<&str>,
    last: bool,
    start: usize,
    out: &mut TextBuf,
) -> PyResult<usize> {
    let mut source = Source {
        data: Cow::Borrowed(data),
        object: object.cloned(),
    };
    let mut pos = start;
    let mut handling: Option<Errors> = None;
    let mut exc: Option<Value> = None;
    loop {
        let Err(error) = codec.decode(&source.data, &mut pos, last, out) else {
            return Ok(pos);
        };
        if handling.is_none() {
            handling = Some(errors_of(vm, errors)?);
        }
        let CodecError { start, end, reason } = error;
        let name = codec.name();
        match &handling {
            Some(Errors::Callable(f)) => {
                let object = source.object(vm)?;
                let e = match &exc {
                    Some(e) => {
                        let values = [
                            ("start", vm.new_usize(start)?),
                            ("end", vm.new_usize(end)?),
                            ("reason", vm.new_str(reason)?.into_value()),
                        ];
                        for (name, v) in values {
                            vm.setattr_str(e, name, &v)?;
                        }
                        e.clone()
                    }
                    None => vm.new_unicode_decode_error(name, &object, start, end, reason)?,
                };
                exc = Some(e.clone());
                let message = "decoding error handler must return (str, int) tuple";
                let (replacement, at) = call_handler(vm, f, &e, message)?;
                let Some(text) = replacement.downcast_ref::<Str>() else {
                    return Err(vm.type_error(message));
                };
                // The handler may have put other bytes in place of the input.
                let now = vm.getattr_str(&e, "object")?;
                if !now.is(&object) {
                    let Some(bytes) = now.downcast_ref::<Bytes>() else {
                        return Err(vm.type_error("exception attribute object must be bytes"));
                    };
                    source.data = Cow::Owned(bytes.as_slice().to_vec());
                    source.object = Some(now.clone());
                }
                pos = position(vm, at, source.data.len())?;
                out.push_text(text.text());
            }
            Some(Errors::Builtin(h)) => {
                match on_decode_error(*h, name, &source.data, &error, out) {
                    Some(next) => pos = next,
                    None if handles_decoding(*h) => {
                        let object = source.object(vm)?;
                        return Err(raise(
                            vm,
                            vm.new_unicode_decode_error(name, &object, start, end, reason),
                        ));
                    }
                    None => {
                        return Err(vm.type_error(
                            "don't know how to handle UnicodeDecodeError in error callback",
                        ));
                    }
                }
            }
            None => {}
        }
    }
}

/// Encodes a string.
pub fn encode_with(
    vm: &Vm,
    codec: &mut dyn Encoder,
    s: &Ref<Str>,
    errors: Option<&str>,
) -> PyResult<Vec<u8>> {
    let text: TextRef<'_> = s.text();
    let mut out = Vec::new();
    if out.try_reserve(text.len()).is_err() {
        return Err(vm.no_memory());
    }
    let mut pos = 0;
    let mut handling: Option<Errors> = None;
    let mut exc: Option<Value> = None;
    loop {
        let Err(error) = codec.encode(text, &mut pos, &mut out) else {
            return Ok(out);
        };
        if handling.is_none() {
            handling = Some(errors_of(vm, errors)?);
        }
        let CodecError { start, end, reason } = error;
        let name = codec.name();
        let original = || {
            raise(
                vm,
                vm.new_unicode_encode_error(name, s.as_value(), start, end, reason),
            )
        };
        let (replacement, next) = match &handling {
            Some(Errors::Callable(f)) => {
                let e = match &exc {
                    Some(e) => {
                        let values = [
                            ("start", vm.new_usize(start)?),
                            ("end", vm.new_usize(end)?),
                            ("reason", vm.new_str(reason)?.into_value()),
                        ];
                        for (name, v) in values {
                            vm.setattr_str(e, name, &v)?;
                        }
                        e.clone()
                    }
                    None => vm.new_unicode_encode_error(name, s.as_value(), start, end, reason)?,
                };
                exc = Some(e.clone());
                let message = "encoding error handler must return (str/bytes, int) tuple";
                let (replacement, at) = call_handler(vm, f, &e, message)?;
                let replacement = if let Some(t) = replacement.downcast_ref::<Str>() {
                    Replacement::Text(TextBuf::from_text(t.text()))
                } else if let Some(b) = replacement.downcast_ref::<Bytes>() {
                    Replacement::Bytes(b.as_slice().to_vec())
                } else {
                    return Err(vm.type_error(message));
                };
                (replacement, position(vm, at, text.len())?)
            }
            Some(Errors::Builtin(h)) => match on_encode_error(*h, name, text, &error) {
                Some(done) => done,
                None => return Err(original()),
            },
            None => return Err(original()),
        };
        let done = match &replacement {
            Replacement::Bytes(bytes) => codec.put_bytes(bytes, &mut out),
            Replacement::Text(text) => codec.put_replacement(text.as_text(), &mut out),
        };
        if !done {
            return Err(match exc.take() {
                Some(e) => vm.raise(e),
                None => original(),
            });
        }
        pos = next;
    }
}
