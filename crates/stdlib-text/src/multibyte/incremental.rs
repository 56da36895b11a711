//! `MultibyteIncrementalEncoder`, `MultibyteIncrementalDecoder`, and what streams share with them.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use taipan_builtins::bytes_::shared::bytes_of;
use taipan_builtins::int_::methods::{from_le_bytes, to_le_bytes};
use taipan_codecs::cjk::{Codec, State, Stop};
use taipan_macros::pymethods;
use taipan_object::{
    Bytes, Payload, PyResult, Raised, Ref, Str, Tuple, TypeObject, TypeSpec, Value, Vm, payload,
    tpflags,
};
use taipan_text::{TextBuf, TextRef, concat};

use super::codec_of;
use super::run::{Decoding, Errors, encode, text_of};

/// As much may wait for more: characters to be encoded, bytes to be decoded.
const MOST_CHARS: usize = 2;
const MOST_BYTES: usize = 8;

/// The value of the attribute `errors`.
pub(super) fn set_errors(
    vm: &Vm,
    errors: &RefCell<Rc<Errors>>,
    value: Option<&Value>,
) -> PyResult<()> {
    let Some(value) = value else {
        return Err(vm.raise_new(&vm.exc().AttributeError, "cannot delete attribute"));
    };
    let Some(s) = value.downcast_ref::<Str>() else {
        return Err(vm.type_error("errors must be a string"));
    };
    let name = taipan_object::convert::utf8(vm, s)?;
    *errors.borrow_mut() = Rc::new(Errors::new(&name));
    Ok(())
}

fn overflow(vm: &Vm) -> Raised {
    vm.raise_new(&vm.exc().UnicodeError, "pending buffer overflow")
}

/// The error for bytes of which too many would wait.
fn too_many(vm: &Vm, codec: &Codec, data: &[u8], reason: &str) -> Raised {
    let made = vm.new_bytes(data).and_then(|object| {
        let object = object.into_value();
        vm.new_unicode_decode_error(codec.name(), &object, 0, data.len(), reason)
    });
    match made {
        Ok(e) => vm.raise(e),
        Err(raised) => raised,
    }
}

fn too_large(vm: &Vm) -> Raised {
    vm.raise_new(&vm.exc().UnicodeError, "pending buffer too large")
}

/// A number as bytes of a state.
fn state_bytes(vm: &Vm, number: &Value, length: usize) -> PyResult<Vec<u8>> {
    let Some(i) = number.as_int() else {
        return Err(vm.type_error("state must be an integer"));
    };
    to_le_bytes(i, length, false).map_err(|negative| {
        vm.overflow_error(if negative {
            "can't convert negative int to unsigned"
        } else {
            "int too big to convert"
        })
    })
}

/// An encoder between calls.
pub(super) struct Encoding {
    pub(super) codec: Rc<Codec>,
    pub(super) errors: RefCell<Rc<Errors>>,
    state: Cell<State>,
    /// Characters that wait for the next ones.
    pending: RefCell<TextBuf>,
}

impl Encoding {
    pub(super) fn new(codec: Rc<Codec>, errors: Option<&str>) -> Encoding {
        Encoding {
            state: Cell::new(codec.start(false)),
            codec,
            errors: RefCell::new(Rc::new(Errors::new(errors.unwrap_or("strict")))),
            pending: RefCell::default(),
        }
    }

    pub(super) fn encode(&self, vm: &Vm, input: &Value, last: bool) -> PyResult<Ref<Bytes>> {
        let mut text = text_of(vm, input)?;
        let before = self.pending.borrow().as_text().len();
        if before > 0 {
            let whole = concat(self.pending.borrow().as_text(), text.text());
            text = vm.new_str_buf(&whole)?;
        }
        let errors = Rc::clone(&self.errors.borrow());
        let mut state = self.state.get();
        let result = encode(vm, &self.codec, &mut state, &text, &errors, last);
        self.state.set(state);
        let (bytes, used) = result?;
        let rest = text.text().slice(used..usize::MAX);
        self.pending.borrow_mut().clear();
        if rest.len() > MOST_CHARS {
            return Err(overflow(vm));
        }
        self.pending.borrow_mut().push_text(rest);
        vm.new_bytes(&bytes)
    }

    /// Encodes what waits, as the end of the text; `None` if nothing does.
    pub(super) fn flush(&self, vm: &Vm) -> PyResult<Option<Vec<u8>>> {
        let pending = std::mem::take(&mut *self.pending.borrow_mut());
        if pending.is_empty() {
            return Ok(None);
        }
        let text = vm.new_str_buf(&pending)?;
        let errors = Rc::clone(&self.errors.borrow());
        let mut state = self.state.get();
        let result = encode(vm, &self.codec, &mut state, &text, &errors, true);
        self.state.set(state);
        Ok(Some(result?.0))
    }
}

/// The payload of `MultibyteIncrementalEncoder`.
pub struct Encoder {
    encoding: Encoding,
}

payload!(Encoder, leaf);

/// `MultibyteIncrementalEncoder`
pub static ENCODER: TypeSpec = TypeSpec {
    flags: tpflags::BASETYPE | tpflags::IMMUTABLETYPE,
    parts: &[&ENCODER_METHODS],
    ..TypeSpec::new(
        "MultibyteIncrementalEncoder",
        "_multibytecodec",
        <Encoder as Payload>::layout,
    )
};

#[pymethods(ENCODER_METHODS)]
impl Encoder {
    #[pyslot(name = "IncrementalEncoder", params = "(errors=None)")]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, errors: Option<&str>) -> PyResult<Ref<Encoder>> {
        let encoding = Encoding::new(codec_of(vm, cls)?, errors);
        vm.new_object(cls, Encoder { encoding })
    }

    #[pyslot]
    fn tp_init(this: &Ref<Encoder>, args: taipan_object::Args<'_>) {
        let _ = (this, args);
    }

    #[pymethod(sig = "($self, /, input, final=False)", doc = "")]
    fn encode(&self, vm: &Vm, input: &Value, r#final: bool) -> PyResult<Ref<Bytes>> {
        self.encoding.encode(vm, input, r#final)
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn getstate(&self, vm: &Vm) -> PyResult {
        let pending = self.encoding.pending.borrow();
        let text = pending
            .as_text()
            .to_string_strict()
            .map_err(|_| vm.raise_new(&vm.exc().UnicodeError, "surrogates not allowed"))?;
        let len = u8::try_from(text.len()).map_err(|_| too_large(vm))?;
        let mut bytes = vec![len];
        bytes.extend_from_slice(text.as_bytes());
        bytes.extend_from_slice(&self.encoding.state.get().0);
        vm.new_ibig(from_le_bytes(&bytes, false))
    }

    #[pymethod(sig = "($self, state, /)", doc = "")]
    fn setstate(&self, vm: &Vm, state: &Value) -> PyResult<()> {
        const TEXT: usize = MOST_CHARS * 4;
        if state.as_int().is_none() {
            return Err(vm.type_error(&format!(
                "setstate() argument must be int, not {}",
                vm.type_name(state)
            )));
        }
        let bytes = state_bytes(vm, state, 1 + TEXT + 8)?;
        let len = usize::from(bytes[0]);
        if len > TEXT {
            return Err(too_large(vm));
        }
        let object = vm.new_bytes(&bytes[1..=len])?;
        let text = taipan_builtins::codecs::decode_text(
            vm,
            &bytes[1..=len],
            Some(object.as_value()),
            None,
            None,
        )?;
        let mut new = State::default();
        new.0.copy_from_slice(&bytes[1 + len..1 + len + 8]);
        self.encoding.state.set(new);
        *self.encoding.pending.borrow_mut() = TextBuf::from_text(text.text());
        Ok(())
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn reset(&self) {
        let mut state = self.encoding.state.get();
        self.encoding.codec.finish(&mut state, &mut Vec::new());
        self.encoding.state.set(state);
        self.encoding.pending.borrow_mut().clear();
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

/// A decoder between calls.
pub(super) struct DecoderState {
    pub(super) codec: Rc<Codec>,
    pub(super) errors: RefCell<Rc<Errors>>,
    state: Cell<State>,
    /// Bytes that wait for the next ones.
    pending: RefCell<Vec<u8>>,
}

impl DecoderState {
    pub(super) fn new(codec: Rc<Codec>, errors: Option<&str>) -> DecoderState {
        DecoderState {
            state: Cell::new(codec.start(true)),
            codec,
            errors: RefCell::new(Rc::new(Errors::new(errors.unwrap_or("strict")))),
            pending: RefCell::default(),
        }
    }

    /// What waits, and then the new bytes; nothing waits any more.
    pub(super) fn take(&self, data: &[u8]) -> Vec<u8> {
        let mut whole = std::mem::take(&mut *self.pending.borrow_mut());
        whole.extend_from_slice(data);
        whole
    }

    /// Decodes `data` onto `out`. What is incomplete at the end waits, or is an error if it is the last piece; then
    /// `before` waits again.
    pub(super) fn decode(
        &self,
        vm: &Vm,
        data: &[u8],
        last: bool,
        out: TextBuf,
        before: &[u8],
    ) -> PyResult<TextBuf> {
        let errors = Rc::clone(&self.errors.borrow());
        let mut decoding = Decoding::new(&self.codec, &errors, data, out);
        let mut state = self.state.get();
        let result = decoding.run(vm, &mut state, false);
        self.state.set(state);
        result?;
        if last && decoding.pos < data.len() {
            decoding
                .handle(vm, Stop::TooFew)
                .inspect_err(|_| *self.pending.borrow_mut() = before.to_vec())?;
        }
        let rest = data.get(decoding.pos..).unwrap_or_default();
        if rest.len() > MOST_BYTES {
            return Err(too_many(vm, &self.codec, data, "pending buffer overflow"));
        }
        *self.pending.borrow_mut() = rest.to_vec();
        Ok(decoding.out)
    }

    pub(super) fn reset(&self) {
        let mut state = self.state.get();
        self.codec.reset(&mut state);
        self.state.set(state);
        self.pending.borrow_mut().clear();
    }
}

/// The payload of `MultibyteIncrementalDecoder`.
pub struct Decoder {
    decoder: DecoderState,
}

payload!(Decoder, leaf);

/// `MultibyteIncrementalDecoder`
pub static DECODER: TypeSpec = TypeSpec {
    flags: tpflags::BASETYPE | tpflags::IMMUTABLETYPE,
    parts: &[&DECODER_METHODS],
    ..TypeSpec::new(
        "MultibyteIncrementalDecoder",
        "_multibytecodec",
        <Decoder as Payload>::layout,
    )
};

#[pymethods(DECODER_METHODS)]
impl Decoder {
    #[pyslot(name = "IncrementalDecoder", params = "(errors=None)")]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, errors: Option<&str>) -> PyResult<Ref<Decoder>> {
        let decoder = DecoderState::new(codec_of(vm, cls)?, errors);
        vm.new_object(cls, Decoder { decoder })
    }

    #[pyslot]
    fn tp_init(this: &Ref<Decoder>, args: taipan_object::Args<'_>) {
        let _ = (this, args);
    }

    #[pymethod(sig = "($self, /, input, final=False)", doc = "")]
    fn decode(&self, vm: &Vm, input: &Value, r#final: bool) -> PyResult<Ref<Str>> {
        let data = bytes_of(vm, input)?;
        let before = self.decoder.pending.borrow().clone();
        let whole = self.decoder.take(&data);
        let out = TextBuf::with_capacity(whole.len());
        let out = self.decoder.decode(vm, &whole, r#final, out, &before)?;
        vm.new_str_buf(&out)
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn getstate(&self, vm: &Vm) -> PyResult<(Ref<Bytes>, Value)> {
        let number = from_le_bytes(&self.decoder.state.get().0, false);
        Ok((
            vm.new_bytes(&self.decoder.pending.borrow())?,
            vm.new_ibig(number)?,
        ))
    }

    #[pymethod(sig = "($self, state, /)", doc = "")]
    fn setstate(&self, vm: &Vm, state: &Value) -> PyResult<()> {
        let Some(tuple) = state.downcast_ref::<Tuple>() else {
            return Err(vm.type_error(&format!(
                "setstate() argument must be tuple, not {}",
                vm.type_name(state)
            )));
        };
        let illegal = || vm.type_error("setstate(): illegal state argument");
        let [buffer, number] = tuple.as_slice() else {
            return Err(illegal());
        };
        let Some(buffer) = buffer.downcast_ref::<Bytes>() else {
            return Err(illegal());
        };
        if number.as_int().is_none() {
            return Err(illegal());
        }
        let bytes = state_bytes(vm, number, 8)?;
        if buffer.len() > MOST_BYTES {
            let (codec, data) = (&self.decoder.codec, buffer.as_slice());
            return Err(too_many(vm, codec, data, "pending buffer too large"));
        }
        let mut new = State::default();
        new.0.copy_from_slice(&bytes[..8]);
        self.decoder.state.set(new);
        *self.decoder.pending.borrow_mut() = buffer.as_slice().to_vec();
        Ok(())
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn reset(&self) {
        self.decoder.reset();
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

/// Is there text already?
pub(super) fn has_text(text: &TextBuf) -> bool {
    !TextRef::is_empty(text.as_text())
}
