//! Line ends: their translation across pieces of text (`IncrementalNewlineDecoder`), and finding where lines end.

use std::cell::RefCell;

use taipan_macros::pymethods;
use taipan_object::{
    Args, Payload, PyCell, PyResult, Ref, Str, Traverse, Tuple, TypeObject, TypeSpec, Value,
    Visitor, Vm, payload, tpflags,
};
use taipan_text::search::find_char;
use taipan_text::{TextBuf, TextRef};

/// `"\r"` was met.
const CR: u8 = 1;
/// `"\n"` was met.
const LF: u8 = 2;
/// `"\r\n"` was met.
const CRLF: u8 = 4;

/// The state of a translation of line ends.
#[derive(Clone, Copy, Debug, Default)]
pub struct Newlines {
    /// A `"\r"` was held back at the end of the last piece.
    pub pending_cr: bool,
    /// Whether all line ends become `"\n"`.
    pub translate: bool,
    seen: u8,
}

impl Newlines {
    /// At the start of a text.
    pub fn new(translate: bool) -> Newlines {
        Newlines {
            translate,
            ..Newlines::default()
        }
    }

    /// Forgets what was met.
    pub fn reset(&mut self) {
        self.pending_cr = false;
        self.seen = 0;
    }

    /// The next piece. `None`: it goes through unchanged.
    pub fn decode(&mut self, text: TextRef<'_>, last: bool) -> Option<TextBuf> {
        if !self.pending_cr && find_char(text, 13).is_none() {
            if self.seen & LF == 0 && find_char(text, 10).is_some() {
                self.seen |= LF;
            }
            return None;
        }
        let prefix = self.pending_cr && (last || !text.is_empty());
        if prefix {
            self.pending_cr = false;
        }
        let mut body = text;
        let ends_in_cr = match body.len() {
            0 => prefix,
            n => body.get(n - 1) == Some(13),
        };
        let mut out = TextBuf::with_capacity(text.len() + 1);
        let mut carried = prefix;
        if !last && ends_in_cr {
            self.pending_cr = true;
            match body.len() {
                0 => carried = false,
                n => body = body.slice(0..n - 1),
            }
        }
        // `carried` is a "\r" in front of `body`.
        let mut after_cr = carried;
        let mut from = 0;
        loop {
            if after_cr {
                let crlf = body.get(from) == Some(10);
                self.seen |= if crlf { CRLF } else { CR };
                match (self.translate, crlf) {
                    (true, _) => out.push(10),
                    (false, true) => out.push_latin1(b"\r\n"),
                    (false, false) => out.push(13),
                }
                from += usize::from(crlf);
            }
            let rest = body.slice(from..usize::MAX);
            let end = find_char(rest, 13);
            let plain = rest.slice(0..end.unwrap_or(usize::MAX));
            if self.seen & LF == 0 && find_char(plain, 10).is_some() {
                self.seen |= LF;
            }
            out.push_text(plain);
            match end {
                Some(i) => from += i + 1,
                None => return Some(out),
            }
            after_cr = true;
        }
    }

    /// The value of `newlines`.
    pub fn seen(&self, vm: &Vm) -> PyResult {
        let all: Vec<Value> = [(CR, "\r"), (LF, "\n"), (CRLF, "\r\n")]
            .iter()
            .filter(|(bit, _)| self.seen & bit != 0)
            .map(|(_, text)| vm.new_str(text).map(Ref::into_value))
            .collect::<PyResult<_>>()?;
        match all.len() {
            0 => Ok(vm.none()),
            1 => Ok(all.into_iter().next().unwrap_or_else(|| vm.none())),
            _ => Ok(vm.new_tuple(all)?.into_value()),
        }
    }
}

/// What ends a line when reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineEnd {
    /// `"\n"` alone.
    Lf,
    /// `"\r"` alone.
    Cr,
    /// `"\r\n"` alone.
    CrLf,
    /// Any of the three.
    Universal,
}

impl LineEnd {
    /// The index after the first line's end.
    #[inline]
    pub fn find(self, text: TextRef<'_>) -> Option<usize> {
        match self {
            LineEnd::Lf => find_char(text, 10).map(|i| i + 1),
            LineEnd::Cr => find_char(text, 13).map(|i| i + 1),
            LineEnd::CrLf => {
                let mut from = 0;
                while let Some(i) = find_char(text.slice(from..usize::MAX), 13) {
                    from += i + 1;
                    if text.get(from) == Some(10) {
                        return Some(from + 1);
                    }
                }
                None
            }
            LineEnd::Universal => {
                let lf = find_char(text, 10);
                let before = text.slice(0..lf.unwrap_or(usize::MAX));
                match find_char(before, 13) {
                    Some(i) if lf == Some(i + 1) => Some(i + 2),
                    Some(i) => Some(i + 1),
                    None => lf.map(|i| i + 1),
                }
            }
        }
    }
}

/// A `newline` argument, checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NewlineArg {
    /// As given; `None` for None.
    pub given: Option<&'static str>,
}

impl NewlineArg {
    /// Checks the text of a `newline` argument.
    pub fn parse(vm: &Vm, given: Option<&Ref<Str>>) -> PyResult<NewlineArg> {
        let Some(text) = given else {
            return Ok(NewlineArg { given: None });
        };
        let known = ["", "\n", "\r", "\r\n"]
            .into_iter()
            .find(|n| text.eq_str(n));
        match known {
            Some(n) => Ok(NewlineArg { given: Some(n) }),
            None => Err(vm.value_error(&format!(
                "illegal newline value: {}",
                text.to_string_lossy()
            ))),
        }
    }

    /// Whether any line end ends a line.
    pub fn universal(self) -> bool {
        matches!(self.given, None | Some(""))
    }

    /// Whether reading makes all line ends `"\n"`.
    pub fn translates(self) -> bool {
        self.given.is_none()
    }

    /// What writing makes of `"\n"`, where that is something else.
    pub fn write_as(self) -> Option<&'static str> {
        self.given.filter(|n| n.starts_with('\r'))
    }

    /// What ends lines in decoded text.
    pub fn line_end(self) -> LineEnd {
        match self.given {
            None | Some("\n") => LineEnd::Lf,
            Some("\r") => LineEnd::Cr,
            Some("\r\n") => LineEnd::CrLf,
            Some(_) => LineEnd::Universal,
        }
    }
}

/// The payload of `IncrementalNewlineDecoder`.
pub struct NewlineDecoder {
    decoder: PyCell<Option<Value>>,
    errors: PyCell<Option<Value>>,
    /// `None` before `__init__`.
    state: RefCell<Option<Newlines>>,
}
payload!(NewlineDecoder, gc);

impl Traverse for NewlineDecoder {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.decoder.visit(visit);
        self.errors.visit(visit);
    }
    fn clear(&self) {
        self.decoder.set(None);
    }
}

/// `IncrementalNewlineDecoder`
pub static NEWLINE_DECODER: TypeSpec = TypeSpec {
    doc: Some(
        "Codec used when reading a file in universal newlines mode.\n\nIt wraps another incremental decoder and translates the line ends of what that gives.",
    ),
    text_signature: Some("(decoder, translate, errors='strict')"),
    flags: tpflags::BASETYPE,
    parts: &[&NEWLINE_DECODER_PART],
    ..TypeSpec::new(
        "IncrementalNewlineDecoder",
        "_io",
        <NewlineDecoder as Payload>::layout,
    )
};

impl NewlineDecoder {
    fn wrapped(&self, vm: &Vm) -> PyResult<Option<Value>> {
        if self.state.borrow().is_none() {
            return Err(vm.value_error("IncrementalNewlineDecoder.__init__() not called"));
        }
        Ok(self.decoder.get().filter(|d| !vm.is_none(d)))
    }
}

#[pymethods(NEWLINE_DECODER_PART)]
impl NewlineDecoder {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<NewlineDecoder>> {
        let _ = args;
        vm.new_object(
            cls,
            NewlineDecoder {
                decoder: PyCell::new(None),
                errors: PyCell::new(None),
                state: RefCell::new(None),
            },
        )
    }

    #[pyslot(
        name = "IncrementalNewlineDecoder",
        params = "(decoder, translate, errors='strict')"
    )]
    fn tp_init(
        this: &Ref<NewlineDecoder>,
        decoder: &Value,
        translate: bool,
        errors: Option<&Value>,
    ) {
        this.decoder.set(Some(decoder.clone()));
        this.errors.set(errors.cloned());
        *this.state.borrow_mut() = Some(Newlines::new(translate));
    }

    #[pymethod(sig = "($self, /, input, final=False)", doc = "")]
    fn decode(&self, vm: &Vm, input: &Value, r#final: bool) -> PyResult {
        let output = match self.wrapped(vm)? {
            Some(decoder) => {
                let args = [input.clone(), vm.bool(r#final)];
                vm.call_method(&decoder, &vm.names().decode, &args)?
            }
            None => input.clone(),
        };
        let Some(text) = output.downcast_ref::<Str>() else {
            return Err(vm.type_error(&format!(
                "decoder should return a string result, not '{}'",
                vm.type_name(&output)
            )));
        };
        let changed = match self.state.borrow_mut().as_mut() {
            Some(state) => state.decode(text.text(), r#final),
            None => None,
        };
        match changed {
            Some(buf) => Ok(vm.new_str_buf(&buf)?.into_value()),
            None => Ok(output),
        }
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn getstate(&self, vm: &Vm) -> PyResult<(Value, u64)> {
        let (buffer, flag) = match self.wrapped(vm)? {
            Some(decoder) => {
                let state = vm.call_method_str(&decoder, "getstate", &[])?;
                let (buffer, flag) = decoder_state(vm, &state)?;
                (buffer, flag)
            }
            None => (vm.new_bytes(b"")?.into_value(), 0),
        };
        let pending = self.state.borrow().is_some_and(|s| s.pending_cr);
        Ok((buffer, flag << 1 | u64::from(pending)))
    }

    #[pymethod(sig = "($self, state, /)", doc = "")]
    fn setstate(&self, vm: &Vm, state: &Value) -> PyResult<()> {
        let decoder = self.wrapped(vm)?;
        if state.downcast_ref::<Tuple>().is_none() {
            return Err(vm.type_error("state argument must be a tuple"));
        }
        let (buffer, flag) = decoder_state(vm, state)?;
        if let Some(s) = self.state.borrow_mut().as_mut() {
            s.pending_cr = flag & 1 != 0;
        }
        if let Some(decoder) = decoder {
            let inner = vm.new_tuple(vec![buffer, vm.new_int((flag >> 1) as i64)?])?;
            vm.call_method_str(&decoder, "setstate", &[inner.into_value()])?;
        }
        Ok(())
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn reset(&self, vm: &Vm) -> PyResult {
        let decoder = self.wrapped(vm)?;
        if let Some(s) = self.state.borrow_mut().as_mut() {
            s.reset();
        }
        match decoder {
            Some(decoder) => vm.call_method_str(&decoder, "reset", &[]),
            None => Ok(vm.none()),
        }
    }

    #[getter]
    fn newlines(&self, vm: &Vm) -> PyResult {
        self.wrapped(vm)?;
        let state = *self.state.borrow();
        match state {
            Some(s) => s.seen(vm),
            None => Ok(vm.none()),
        }
    }
}

/// What a decoder's `getstate()` gave: bytes and flags.
pub fn decoder_state(vm: &Vm, state: &Value) -> PyResult<(Value, u64)> {
    let bad = || vm.type_error("illegal decoder state");
    let Some(t) = state.downcast_ref::<Tuple>() else {
        return Err(bad());
    };
    let [buffer, flag] = t.as_slice() else {
        return Err(bad());
    };
    let flag = flag.as_int().and_then(|i| i.to_i64()).ok_or_else(bad)?;
    Ok((buffer.clone(), flag as u64))
}
