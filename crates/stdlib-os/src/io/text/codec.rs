//! The coders of a `TextIOWrapper`: our own for UTF-8, ASCII and Latin-1 with the builtin error handlers, incremental
//! coders of the codec registry for everything else. Line ends are translated here, whoever decodes.

use taipan_codecs::handlers::{Handler, Replacement, on_decode_error, on_encode_error};
use taipan_codecs::{Ascii, CodecError, Decoder, Encoder, Latin1, Utf8};
use taipan_object::{PyResult, Raised, Ref, Str, Value, Vm};
use taipan_text::{TextBuf, TextRef};

use super::TextIoWrapper;
use crate::io::newline::{NewlineArg, Newlines, decoder_state};
use crate::util::data;

/// The encodings that we do ourselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8
    Utf8,
    /// ASCII
    Ascii,
    /// Latin-1
    Latin1,
}

/// A coder of our own.
#[derive(Clone, Copy, Debug)]
pub struct Fast {
    encoding: Encoding,
    handler: Handler,
}

impl Fast {
    /// Our own coder, if there is one.
    fn find(encoding: &str, errors: &str) -> Option<Fast> {
        let name: String = encoding
            .chars()
            .map(|c| match c {
                ' ' | '_' => '-',
                c => c.to_ascii_lowercase(),
            })
            .collect();
        let encoding = match name.as_str() {
            "utf-8" | "utf8" | "u8" | "cp65001" => Encoding::Utf8,
            "ascii" | "us-ascii" | "646" => Encoding::Ascii,
            "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" | "8859" | "cp819" | "l1" => {
                Encoding::Latin1
            }
            _ => return None,
        };
        Some(Fast {
            encoding,
            handler: Handler::from_name(errors)?,
        })
    }

    /// Decodes what can be decoded of `input`; gives how much that was.
    fn decode(
        self,
        input: &[u8],
        last: bool,
        out: &mut TextBuf,
    ) -> Result<usize, (&'static str, CodecError)> {
        fn run(
            decoder: &mut dyn Decoder,
            handler: Handler,
            input: &[u8],
            last: bool,
            out: &mut TextBuf,
        ) -> Result<usize, (&'static str, CodecError)> {
            let mut pos = 0;
            while let Err(e) = decoder.decode(input, &mut pos, last, out) {
                let name = decoder.name();
                pos = on_decode_error(handler, name, input, &e, out).ok_or((name, e))?;
            }
            Ok(pos)
        }
        match self.encoding {
            Encoding::Utf8 => run(&mut Utf8, self.handler, input, last, out),
            Encoding::Ascii => run(&mut Ascii, self.handler, input, last, out),
            Encoding::Latin1 => {
                out.push_latin1(input);
                Ok(input.len())
            }
        }
    }

    fn encode(
        self,
        text: TextRef<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), (&'static str, CodecError)> {
        fn run(
            encoder: &mut dyn Encoder,
            handler: Handler,
            text: TextRef<'_>,
            out: &mut Vec<u8>,
        ) -> Result<(), (&'static str, CodecError)> {
            let mut pos = 0;
            while let Err(e) = encoder.encode(text, &mut pos, out) {
                let name = encoder.name();
                let (replacement, next) =
                    on_encode_error(handler, name, text, &e).ok_or((name, e))?;
                let done = match replacement {
                    Replacement::Bytes(bytes) => encoder.put_bytes(&bytes, out),
                    Replacement::Text(text) => encoder.put_replacement(text.as_text(), out),
                };
                if !done {
                    return Err((name, e));
                }
                pos = next;
            }
            Ok(())
        }
        if let Some(ascii) = text.as_ascii() {
            out.extend_from_slice(ascii.as_bytes());
            return Ok(());
        }
        match self.encoding {
            Encoding::Utf8 => run(&mut Utf8, self.handler, text, out),
            Encoding::Ascii => run(&mut Ascii, self.handler, text, out),
            Encoding::Latin1 => run(&mut Latin1, self.handler, text, out),
        }
    }
}

/// The registry's entry of a text encoding.
fn lookup(vm: &Vm, encoding: &Ref<Str>) -> PyResult {
    let codecs = vm.import("_codecs")?;
    let info = vm.call_method_str(&codecs, "lookup", &[encoding.as_value().clone()])?;
    if let Some(flag) = vm.getattr_opt(&info, &vm.names()._is_text_encoding)?
        && !vm.is_true(&flag)?
    {
        return Err(vm.lookup_error(&format!(
            "'{}' is not a text encoding; use codecs.open() to handle arbitrary codecs",
            encoding.to_string_lossy()
        )));
    }
    Ok(info)
}

/// Sets encoding, errors, line ends, and the coders for what the buffer can do.
pub fn set_coders(
    vm: &Vm,
    this: &TextIoWrapper,
    buffer: &Value,
    encoding: &Ref<Str>,
    errors: &Ref<Str>,
    newline: NewlineArg,
) -> PyResult<()> {
    for (name, text) in [("encoding", encoding), ("errors", errors)] {
        if taipan_text::search::find_char(text.text(), 0).is_some() {
            let _ = name;
            return Err(vm.value_error("embedded null character"));
        }
    }
    let fast = match (encoding.to_str(), errors.to_str()) {
        (Some(encoding), Some(errors)) => Fast::find(&encoding, &errors),
        _ => None,
    };
    let info = match fast {
        Some(_) => None,
        None => Some(lookup(vm, encoding)?),
    };
    let able = |method: &str| -> PyResult<bool> {
        let able = vm.call_method_str(buffer, method, &[])?;
        vm.is_true(&able)
    };
    let coder = |kind: &str| -> PyResult<Option<Value>> {
        match &info {
            None => Ok(None),
            Some(info) => {
                let make = vm.getattr_str(info, kind)?;
                vm.call1(&make, errors.as_value()).map(Some)
            }
        }
    };
    let (reads, writes) = (able("readable")?, able("writable")?);
    let decoder = if reads {
        coder("incrementaldecoder")?
    } else {
        None
    };
    let encoder = if writes {
        coder("incrementalencoder")?
    } else {
        None
    };
    this.reads.set(reads);
    this.writes.set(writes);
    this.fast_decoder.set(fast.filter(|_| reads));
    this.fast_encoder.set(fast.filter(|_| writes));
    this.decoder.set(decoder);
    this.encoder.set(encoder);
    this.undecoded.borrow_mut().clear();
    this.newline.set(newline);
    this.newlines
        .set((reads && newline.universal()).then(|| Newlines::new(newline.translates())));
    this.encoding.set(Some(encoding.as_value().clone()));
    this.errors.set(Some(errors.as_value().clone()));
    Ok(())
}

#[cold]
fn decode_error(vm: &Vm, name: &str, input: &[u8], e: CodecError) -> Raised {
    let exc = vm
        .new_bytes(input)
        .and_then(|b| vm.new_unicode_decode_error(name, b.as_value(), e.start, e.end, e.reason));
    match exc {
        Ok(exc) => vm.raise(exc),
        Err(r) => r,
    }
}

impl TextIoWrapper {
    /// All of the text at once, if nothing was decoded before and the input is well-formed UTF-8: so that there are no
    /// copies of it in between.
    pub fn decode_whole(&self, vm: &Vm, input: &[u8]) -> PyResult<Option<Ref<Str>>> {
        let fast = self.fast_decoder.get();
        if fast.is_none_or(|fast| fast.encoding != Encoding::Utf8)
            || self.used.get() < self.decoded.borrow().len()
            || !self.undecoded.borrow().is_empty()
        {
            return Ok(None);
        }
        let Ok(text) = std::str::from_utf8(input) else {
            return Ok(None);
        };
        let text = vm.new_str(text)?;
        let Some(mut state) = self.newlines.get() else {
            return Ok(Some(text));
        };
        let changed = state.decode(text.text(), true);
        self.newlines.set(Some(state));
        match changed {
            Some(changed) => vm.new_str_buf(&changed).map(Some),
            None => Ok(Some(text)),
        }
    }

    /// Decodes the next input and appends it to `out`.
    pub fn decode(&self, vm: &Vm, input: &[u8], last: bool, out: &mut TextBuf) -> PyResult<()> {
        let mut fresh = TextBuf::new();
        let direct = out.is_empty() && self.newlines.get().is_none();
        if let Some(fast) = self.fast_decoder.get() {
            let rest = self.undecoded.take();
            let joined;
            let all = if rest.is_empty() {
                input
            } else {
                joined = [&rest[..], input].concat();
                &joined
            };
            let target = if direct { &mut *out } else { &mut fresh };
            match fast.decode(all, last, target) {
                Ok(done) => {
                    if done < all.len() {
                        *self.undecoded.borrow_mut() = all[done..].to_vec();
                    }
                }
                Err((name, e)) => {
                    self.undecoded.replace(rest);
                    return Err(decode_error(vm, name, all, e));
                }
            }
            if direct {
                return Ok(());
            }
        } else if let Some(decoder) = self.decoder.get() {
            let args = [vm.new_bytes(input)?.into_value(), vm.bool(last)];
            let text = vm.call_method(&decoder, &vm.names().decode, &args)?;
            let Some(text) = text.downcast_ref::<Str>() else {
                return Err(vm.type_error(&format!(
                    "decoder should return a string result, not '{}'",
                    vm.type_name(&text)
                )));
            };
            fresh.push_text(text.text());
        }
        if let Some(mut state) = self.newlines.get() {
            let changed = state.decode(fresh.as_text(), last);
            self.newlines.set(Some(state));
            if let Some(changed) = changed {
                fresh = changed;
            }
        }
        if out.is_empty() {
            *out = fresh;
        } else {
            out.push_text(fresh.as_text());
        }
        Ok(())
    }

    /// The decoder's state: bytes that wait, and flags.
    pub fn decoder_state(&self, vm: &Vm) -> PyResult<(Vec<u8>, u64)> {
        let (bytes, flags) = match self.decoder.get() {
            Some(decoder) => {
                let state = vm.call_method_str(&decoder, "getstate", &[])?;
                let (buffer, flags) = decoder_state(vm, &state)?;
                if vm
                    .type_of(&buffer)
                    .payload
                    .slots
                    .bf_getbuffer
                    .get()
                    .is_none()
                    && buffer.downcast_ref::<taipan_object::Bytes>().is_none()
                {
                    return Err(vm.type_error(&format!(
                        "illegal decoder state: the first item should be a bytes object, not '{}'",
                        vm.type_name(&buffer)
                    )));
                }
                (data(vm, &buffer)?.0.into_owned(), flags)
            }
            None => (self.undecoded.borrow().clone(), 0),
        };
        Ok(match self.newlines.get() {
            Some(n) => (bytes, flags << 1 | u64::from(n.pending_cr)),
            None => (bytes, flags),
        })
    }

    /// Puts the decoder into a state.
    pub fn set_decoder_state(&self, vm: &Vm, bytes: &[u8], flags: u64) -> PyResult<()> {
        let mut flags = flags;
        if let Some(mut n) = self.newlines.get() {
            n.pending_cr = flags & 1 != 0;
            self.newlines.set(Some(n));
            flags >>= 1;
        }
        match self.decoder.get() {
            Some(decoder) => {
                let buffer = vm.new_bytes(bytes)?.into_value();
                let flags = taipan_object::convert::IntoPy::into_py(flags, vm)?;
                let state = vm.new_tuple(vec![buffer, flags])?.into_value();
                vm.call_method_str(&decoder, "setstate", &[state])?;
            }
            None => *self.undecoded.borrow_mut() = bytes.to_vec(),
        }
        Ok(())
    }

    /// Starts decoding anew.
    pub fn reset_decoder(&self, vm: &Vm) -> PyResult<()> {
        if let Some(mut n) = self.newlines.get() {
            n.reset();
            self.newlines.set(Some(n));
        }
        self.undecoded.borrow_mut().clear();
        if let Some(decoder) = self.decoder.get() {
            vm.call_method_str(&decoder, "reset", &[])?;
        }
        Ok(())
    }

    /// Starts encoding at the start of the stream, or elsewhere.
    pub fn reset_encoder(&self, vm: &Vm, at_start: bool) -> PyResult<()> {
        if let Some(encoder) = self.encoder.get() {
            if at_start {
                vm.call_method_str(&encoder, "reset", &[])?;
            } else {
                vm.call_method_str(&encoder, "setstate", &[Value::from_i32(0)])?;
            }
        }
        Ok(())
    }

    /// Encodes text and appends it to `out`.
    pub fn encode(
        &self,
        vm: &Vm,
        original: &Ref<Str>,
        text: TextRef<'_>,
        out: &mut Vec<u8>,
    ) -> PyResult<()> {
        if let Some(fast) = self.fast_encoder.get() {
            return fast.encode(text, out).map_err(|(name, e)| {
                let object = match text.len() == original.len() {
                    true => Ok(original.clone()),
                    false => vm.new_str_text(text),
                };
                let exc = object.and_then(|o| {
                    vm.new_unicode_encode_error(name, o.as_value(), e.start, e.end, e.reason)
                });
                match exc {
                    Ok(exc) => vm.raise(exc),
                    Err(r) => r,
                }
            });
        }
        let Some(encoder) = self.encoder.get() else {
            return Ok(());
        };
        let text = vm.new_str_text(text)?.into_value();
        let bytes = vm.call_method(&encoder, &vm.names().encode, &[text])?;
        let Some(bytes) = bytes.downcast_ref::<taipan_object::Bytes>() else {
            return Err(vm.type_error(&format!(
                "encoder should return a bytes object, not '{}'",
                vm.type_name(&bytes)
            )));
        };
        out.extend_from_slice(bytes.as_slice());
        Ok(())
    }
}
