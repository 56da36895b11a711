//! `StringIO`: a text stream over a string in memory.

use std::cell::{Cell, RefCell};

use taipan_macros::pymethods;
use taipan_object::{
    Args, Payload, PyResult, Raised, Ref, Str, Tuple, TypeObject, TypeSpec, Value, Vm, payload,
    tpflags,
};
use taipan_text::{TextBuf, TextRef};

use super::base::{TEXT_IO_BASE, TextIoBase, class_of};
use super::bytesio::{dict_copy, update_dict};
use super::newline::{LineEnd, NewlineArg, Newlines};
use crate::util::{Size, is_exactly, tp_name};

/// The payload of `StringIO`.
#[repr(C)]
pub struct StringIo {
    base: TextIoBase,
    text: RefCell<TextBuf>,
    /// In code points; may lie beyond the end.
    pos: Cell<usize>,
    ready: Cell<bool>,
    closed: Cell<bool>,
    newline: Cell<NewlineArg>,
    /// Translates what is written, in universal mode.
    decoder: Cell<Option<Newlines>>,
}
payload!(StringIo, leaf, base = TextIoBase);

/// `StringIO`
pub static STRING_IO: TypeSpec = TypeSpec {
    doc: Some(
        "Text I/O implementation using an in-memory buffer.\n\n`newline` is as for TextIOWrapper, but writing translates no line ends by default.",
    ),
    text_signature: Some("(initial_value='', newline='\\n')"),
    flags: tpflags::BASETYPE,
    base: Some(|vm| class_of(vm, &TEXT_IO_BASE)),
    parts: &[&STRING_IO_PART],
    ..TypeSpec::new("StringIO", "_io", <StringIo as Payload>::layout)
};

impl StringIo {
    #[inline]
    fn check(&self, vm: &Vm) -> PyResult<()> {
        if !self.ready.get() || self.closed.get() {
            return Err(self.unusable(vm));
        }
        Ok(())
    }

    #[cold]
    fn unusable(&self, vm: &Vm) -> Raised {
        if self.ready.get() {
            vm.value_error("I/O operation on closed file")
        } else {
            vm.value_error("I/O operation on uninitialized object")
        }
    }

    fn put(&self, text: TextRef<'_>) {
        let decoded = match self.decoder.get() {
            Some(mut d) => {
                let out = d.decode(text, true);
                self.decoder.set(Some(d));
                out
            }
            None => None,
        };
        let text = decoded.as_ref().map_or(text, TextBuf::as_text);
        let written = self.newline.get().write_as().and_then(|nl| {
            taipan_text::search::replace(
                text,
                TextRef::One(b"\n"),
                TextRef::One(nl.as_bytes()),
                usize::MAX,
            )
        });
        let text = written.as_ref().map_or(text, TextBuf::as_text);
        let n = text.len();
        if n == 0 {
            return;
        }
        let pos = self.pos.get();
        let mut buf = self.text.borrow_mut();
        let len = buf.len();
        if pos >= len {
            buf.push_repeat(0, pos - len);
            buf.push_text(text);
        } else if pos + n >= len {
            buf.truncate(pos);
            buf.push_text(text);
        } else {
            let mut new = TextBuf::with_capacity(len);
            let old = buf.as_text();
            new.push_text(old.slice(0..pos));
            new.push_text(text);
            new.push_text(old.slice(pos + n..usize::MAX));
            *buf = new;
        }
        self.pos.set(pos + n);
    }

    fn line(&self, vm: &Vm, limit: usize) -> PyResult<Ref<Str>> {
        let buf = self.text.borrow();
        let rest = buf.as_text().slice(self.pos.get()..usize::MAX);
        let end = self.newline.get().line_end();
        // What universal mode translated has one kind of line end left.
        let end = if self.decoder.get().is_some_and(|d| d.translate) {
            LineEnd::Lf
        } else {
            end
        };
        let n = end.find(rest).unwrap_or(rest.len()).min(limit);
        let line = vm.new_str_text(rest.slice(0..n))?;
        self.pos.set(self.pos.get() + n);
        Ok(line)
    }
}

fn newline_argument(vm: &Vm, newline: Option<&Value>) -> PyResult<NewlineArg> {
    match newline {
        None => Ok(NewlineArg { given: Some("\n") }),
        Some(v) if vm.is_none(v) => NewlineArg::parse(vm, None),
        Some(v) => match v.downcast_ref::<Str>() {
            Some(s) => NewlineArg::parse(vm, Some(s)).map_err(|r| {
                // Unlike TextIOWrapper, this class shows the value's repr.
                vm.take_raised(r);
                match vm.repr_string(v) {
                    Ok(shown) => vm.value_error(&format!("illegal newline value: {shown}")),
                    Err(r) => r,
                }
            }),
            None => Err(vm.type_error(&format!(
                "newline must be str or None, not {}",
                vm.type_name(v)
            ))),
        },
    }
}

#[pymethods(STRING_IO_PART)]
impl StringIo {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<StringIo>> {
        let _ = args;
        vm.new_object(
            cls,
            StringIo {
                base: TextIoBase::NEW,
                text: RefCell::default(),
                pos: Cell::new(0),
                ready: Cell::new(false),
                closed: Cell::new(false),
                newline: Cell::new(NewlineArg { given: Some("\n") }),
                decoder: Cell::new(None),
            },
        )
    }

    #[pyslot(name = "StringIO", params = "(initial_value='', newline='\\n')")]
    fn tp_init(
        vm: &Vm,
        this: &Ref<StringIo>,
        initial_value: Option<&Value>,
        newline: Option<&Value>,
    ) -> PyResult<()> {
        this.ready.set(false);
        let newline = newline_argument(vm, newline)?;
        let initial = match initial_value.filter(|v| !vm.is_none(v)) {
            None => None,
            Some(v) => match v.downcast_ref::<Str>() {
                Some(s) => Some(s),
                None => {
                    return Err(vm.type_error(&format!(
                        "initial_value must be str or None, not {}",
                        vm.type_name(v)
                    )));
                }
            },
        };
        this.text.borrow_mut().clear();
        this.pos.set(0);
        this.closed.set(false);
        this.newline.set(newline);
        this.decoder.set(
            newline
                .universal()
                .then(|| Newlines::new(newline.translates())),
        );
        if let Some(s) = initial {
            this.put(s.text());
            this.pos.set(0);
        }
        this.ready.set(true);
        Ok(())
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        this.check(vm)?;
        let line = if is_exactly::<StringIo>(vm, this.as_value()) {
            this.line(vm, usize::MAX)?.into_value()
        } else {
            let line = vm.call_method(this.as_value(), &vm.names().readline, &[])?;
            if line.downcast_ref::<Str>().is_none() {
                return Err(vm.raise_new(
                    &vm.exc().OSError,
                    &format!(
                        "readline() should have returned a str object, not '{}'",
                        vm.type_name(&line)
                    ),
                ));
            }
            line
        };
        Ok((vm.len(&line)? > 0).then_some(line))
    }

    /// Close the stream; every operation on it fails afterwards.
    #[pymethod(sig = "($self, /)")]
    fn close(&self) {
        self.closed.set(true);
        drop(self.text.take());
    }

    /// The entire contents.
    #[pymethod(sig = "($self, /)")]
    fn getvalue(&self, vm: &Vm) -> PyResult<Ref<Str>> {
        self.check(vm)?;
        vm.new_str_text(self.text.borrow().as_text())
    }

    /// Read at most `size` characters, all by default.
    #[pymethod(sig = "($self, size=-1, /)")]
    fn read(&self, vm: &Vm, size: Size) -> PyResult<Ref<Str>> {
        self.check(vm)?;
        let buf = self.text.borrow();
        let rest = buf.as_text().slice(self.pos.get()..usize::MAX);
        let n = usize::try_from(size.0)
            .unwrap_or(usize::MAX)
            .min(rest.len());
        let out = vm.new_str_text(rest.slice(0..n))?;
        self.pos.set(self.pos.get() + n);
        Ok(out)
    }

    /// Read until newline or EOF.
    #[pymethod(sig = "($self, size=-1, /)")]
    fn readline(&self, vm: &Vm, size: Size) -> PyResult<Ref<Str>> {
        self.check(vm)?;
        self.line(vm, usize::try_from(size.0).unwrap_or(usize::MAX))
    }

    /// Tell the current file position.
    #[pymethod(sig = "($self, /)")]
    fn tell(&self, vm: &Vm) -> PyResult<usize> {
        self.check(vm)?;
        Ok(self.pos.get())
    }

    /// Cut the contents at `pos`, by default at the position.
    #[pymethod(sig = "($self, pos=None, /)")]
    fn truncate(&self, vm: &Vm, pos: Option<isize>) -> PyResult<usize> {
        self.check(vm)?;
        let size = match pos {
            None => self.pos.get(),
            Some(n) => usize::try_from(n)
                .map_err(|_| vm.value_error(&format!("Negative size value {n}")))?,
        };
        let mut buf = self.text.borrow_mut();
        if size < buf.len() {
            buf.truncate(size);
        }
        Ok(size)
    }

    /// Change stream position and return it.
    #[pymethod(sig = "($self, pos, whence=0, /)")]
    fn seek(&self, vm: &Vm, pos: isize, whence: i32) -> PyResult<usize> {
        self.check(vm)?;
        if !(0..=2).contains(&whence) {
            return Err(vm.value_error(&format!("Invalid whence ({whence}, should be 0, 1 or 2)")));
        }
        if pos < 0 && whence == 0 {
            return Err(vm.value_error(&format!("Negative seek position {pos}")));
        }
        if whence != 0 && pos != 0 {
            return Err(vm.raise_new(&vm.exc().OSError, "Can't do nonzero cur-relative seeks"));
        }
        let new = match whence {
            1 => self.pos.get(),
            2 => self.text.borrow().len(),
            _ => pos.unsigned_abs(),
        };
        self.pos.set(new);
        Ok(new)
    }

    /// Write string to file and return how many characters were written.
    #[pymethod(sig = "($self, s, /)")]
    fn write(&self, vm: &Vm, s: &Value) -> PyResult<usize> {
        let Some(text) = s.downcast_ref::<Str>() else {
            return Err(vm.type_error(&format!(
                "string argument expected, got '{}'",
                vm.type_name(s)
            )));
        };
        self.check(vm)?;
        self.put(text.text());
        Ok(text.len())
    }

    /// Returns True if the IO object can be seeked.
    #[pymethod(sig = "($self, /)")]
    fn seekable(&self, vm: &Vm) -> PyResult<bool> {
        self.check(vm).map(|()| true)
    }

    /// Returns True if the IO object can be read.
    #[pymethod(sig = "($self, /)")]
    fn readable(&self, vm: &Vm) -> PyResult<bool> {
        self.check(vm).map(|()| true)
    }

    /// Returns True if the IO object can be written.
    #[pymethod(sig = "($self, /)")]
    fn writable(&self, vm: &Vm) -> PyResult<bool> {
        self.check(vm).map(|()| true)
    }

    #[pymethod(name = "__getstate__", sig = "($self, /)", doc = "")]
    fn getstate(
        vm: &Vm,
        this: &Ref<Self>,
    ) -> PyResult<(Ref<Str>, Option<&'static str>, usize, Value)> {
        let text = this.getvalue(vm)?;
        let dict = dict_copy(vm, this.as_value())?;
        Ok((text, this.newline.get().given, this.pos.get(), dict))
    }

    #[pymethod(name = "__setstate__", sig = "($self, state, /)", doc = "")]
    fn setstate(vm: &Vm, this: &Ref<Self>, state: &Value) -> PyResult<()> {
        let items = state.downcast_ref::<Tuple>().map(|t| t.as_slice());
        let Some([initial, newline, pos, dict, ..]) = items else {
            return Err(vm.type_error(&format!(
                "{}.__setstate__ argument should be 4-tuple, got {}",
                tp_name(vm, this.as_value()),
                vm.type_name(state)
            )));
        };
        let newline = newline_argument(vm, Some(newline))?;
        let initial = match initial.downcast_ref::<Str>() {
            Some(s) => TextBuf::from_text(s.text()),
            None if vm.is_none(initial) => TextBuf::new(),
            None => {
                return Err(vm.type_error(&format!(
                    "initial_value must be str or None, not {}",
                    vm.type_name(initial)
                )));
            }
        };
        let Some(pos) = pos.as_int().and_then(|i| i.to_i64()) else {
            return Err(vm.type_error(&format!(
                "third item of state must be an integer, got {}",
                vm.type_name(pos)
            )));
        };
        let Ok(pos) = usize::try_from(pos) else {
            return Err(vm.value_error("position value cannot be negative"));
        };
        // The text was translated when it was written first: it goes back as it is.
        *this.text.borrow_mut() = initial;
        this.newline.set(newline);
        this.decoder.set(
            newline
                .universal()
                .then(|| Newlines::new(newline.translates())),
        );
        this.pos.set(pos);
        this.closed.set(false);
        this.ready.set(true);
        update_dict(vm, this.as_value(), dict, "fourth")
    }

    #[getter]
    fn closed(&self, vm: &Vm) -> PyResult<bool> {
        if !self.ready.get() {
            return Err(self.unusable(vm));
        }
        Ok(self.closed.get())
    }

    #[getter]
    fn newlines(&self, vm: &Vm) -> PyResult {
        self.check(vm)?;
        match self.decoder.get() {
            Some(d) => d.seen(vm),
            None => Ok(vm.none()),
        }
    }

    #[getter]
    fn line_buffering(&self, vm: &Vm) -> PyResult<bool> {
        self.check(vm).map(|()| false)
    }
}
