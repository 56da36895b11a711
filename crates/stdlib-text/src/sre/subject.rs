//! What is searched: a string or the bytes of a buffer; and the engine's way back to the interpreter.

use taipan_builtins::bytes_::shared::ByteString;
use taipan_object::{Bytes, PyResult, Raised, Ref, Str, Value, Vm};
use taipan_sre::{Env, Error, Subject};
use taipan_text::TextRef;

/// A subject that owns what it searches.
pub enum Text {
    /// A string.
    Str(Ref<Str>),
    /// A bytes object.
    Bytes(Ref<Bytes>),
    /// A copy of the bytes of another buffer.
    Copy(Vec<u8>),
}

impl Text {
    /// The text of an argument: TypeError for anything but strings and bytes-like objects.
    pub fn new(vm: &Vm, v: &Value) -> PyResult<Text> {
        if let Some(s) = v.downcast_ref::<Str>() {
            return Ok(Text::Str(s.clone()));
        }
        if let Some(b) = v.downcast_ref::<Bytes>() {
            return Ok(Text::Bytes(b.clone()));
        }
        if !vm.has_buffer(v) {
            return Err(vm.type_error(&format!(
                "expected string or bytes-like object, got '{}'",
                vm.type_name(v)
            )));
        }
        Ok(Text::Copy(vm.bytes_like(v)?))
    }

    /// Whether it is bytes.
    pub fn is_bytes(&self) -> bool {
        !matches!(self, Text::Str(_))
    }

    /// Number of characters.
    pub fn len(&self) -> usize {
        match self {
            Text::Str(s) => s.len(),
            Text::Bytes(b) => b.len(),
            Text::Copy(v) => v.len(),
        }
    }

    /// The first `end` characters, for the engine.
    pub fn subject(&self, end: usize) -> Subject<'_> {
        let end = end.min(self.len());
        match self {
            Text::Str(s) => match s.text().slice(0..end) {
                TextRef::One(t) => Subject::Latin1(t),
                TextRef::Two(t) => Subject::Ucs2(t),
                TextRef::Four(t) => Subject::Ucs4(t),
            },
            Text::Bytes(b) => Subject::Latin1(b.as_slice().get(..end).unwrap_or_default()),
            Text::Copy(v) => Subject::Latin1(v.get(..end).unwrap_or_default()),
        }
    }

    /// A part as an object.
    pub fn part(&self, vm: &Vm, start: usize, end: usize) -> PyResult {
        match self {
            Text::Str(s) => Ok(vm.substring(s, start, end)?.into_value()),
            Text::Bytes(b) => Bytes::part(vm, b, start, end),
            Text::Copy(v) => {
                let end = end.min(v.len());
                let part = v.get(start.min(end)..end).unwrap_or_default();
                Ok(vm.new_bytes(part)?.into_value())
            }
        }
    }

    /// Whether there is a backslash in it.
    pub fn has_backslash(&self) -> bool {
        match self {
            Text::Str(s) => taipan_text::search::find_char(s.text(), '\\'.into()).is_some(),
            Text::Bytes(b) => b.as_slice().contains(&b'\\'),
            Text::Copy(v) => v.contains(&b'\\'),
        }
    }
}

/// The interpreter as the engine sees it.
pub struct VmEnv<'a> {
    vm: &'a Vm,
    raised: Option<Raised>,
}

impl<'a> VmEnv<'a> {
    /// The environment of a match.
    pub fn new(vm: &'a Vm) -> VmEnv<'a> {
        VmEnv { vm, raised: None }
    }

    /// The result of a match, with the engine's errors raised.
    pub fn finish<T>(&mut self, result: Result<T, Error>) -> PyResult<T> {
        match result {
            Ok(v) => Ok(v),
            Err(Error::Memory) => Err(self.vm.no_memory()),
            Err(Error::Interrupted) => Err(self
                .raised
                .take()
                .unwrap_or_else(|| self.vm.runtime_error("interrupted"))),
            Err(Error::Illegal) => Err(self.vm.runtime_error("invalid SRE code")),
        }
    }
}

impl Env for VmEnv<'_> {
    fn poll(&mut self) -> Result<(), Error> {
        (self.vm.hooks().handle_breaker)(self.vm).map_err(|raised| {
            self.raised = Some(raised);
            Error::Interrupted
        })
    }
}
