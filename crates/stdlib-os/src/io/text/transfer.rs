//! Reading and writing of a `TextIOWrapper`.

use taipan_object::{Bytes, PyResult, Ref, Str, Value, Vm};
use taipan_text::search::{find_char, replace};
use taipan_text::{TextBuf, TextRef};

use super::TextIoWrapper;
use crate::io::base::unsupported;
use crate::io::buffered::Buffered;
use crate::io::newline::LineEnd;
use crate::util::data;

impl TextIoWrapper {
    /// Reads and decodes another chunk behind the text that is there. False at the end.
    pub(super) fn read_chunk(&self, vm: &Vm, buffer: &Value, hint: usize) -> PyResult<bool> {
        if !self.reads.get() {
            return Err(unsupported(vm, "not readable"));
        }
        let before = match self.telling.get() {
            true => Some(self.decoder_state(vm)?),
            false => None,
        };
        let hint = (self.ratio.get().max(1.0) * hint as f64) as usize;
        let size = self.chunk_size.get().max(hint);
        let input = self.read_input(vm, buffer, size)?;
        let eof = input.is_empty();
        let mut decoded = self.decoded.take();
        let used = self.used.replace(0);
        if used > 0 {
            if used >= decoded.len() {
                decoded.clear();
            } else {
                decoded = TextBuf::from_text(decoded.as_text().slice(used..usize::MAX));
            }
        }
        let start = decoded.len();
        let result = self.decode(vm, &input, eof, &mut decoded);
        let chars = decoded.len() - start;
        *self.decoded.borrow_mut() = decoded;
        self.chunk_start.set(start);
        result?;
        self.ratio.set(if chars > 0 {
            input.len() as f64 / chars as f64
        } else {
            0.0
        });
        if let Some((mut bytes, flags)) = before {
            if bytes.is_empty() {
                bytes = input;
            } else {
                bytes.extend_from_slice(&input);
            }
            *self.snapshot.borrow_mut() = Some((flags, bytes));
        }
        Ok(!eof || chars > 0)
    }

    fn read_input(&self, vm: &Vm, buffer: &Value, size: usize) -> PyResult<Vec<u8>> {
        if self.direct.get()
            && let Some(b) = buffer.downcast_ref::<Buffered>()
        {
            return b.read_chunk(vm, buffer, size);
        }
        let method = if self.has_read1.get() {
            "read1"
        } else {
            "read"
        };
        let input = vm.call_method_str(buffer, method, &[vm.new_usize(size)?])?;
        if input.downcast_ref::<Bytes>().is_none()
            && vm
                .type_of(&input)
                .payload
                .slots
                .bf_getbuffer
                .get()
                .is_none()
        {
            return Err(vm.type_error(&format!(
                "underlying {method}() should have returned a bytes-like object, not '{}'",
                vm.type_name(&input)
            )));
        }
        Ok(data(vm, &input)?.0.into_owned())
    }

    fn take(&self, vm: &Vm, n: usize) -> PyResult<Ref<Str>> {
        let decoded = self.decoded.borrow();
        let used = self.used.get();
        let rest = decoded.as_text().slice(used..usize::MAX);
        let n = n.min(rest.len());
        let out = vm.new_str_text(rest.slice(0..n))?;
        self.used.set(used + n);
        Ok(out)
    }

    /// Reads another chunk for a caller who has taken all text so far, which is lost with him if that fails.
    fn read_on(&self, vm: &Vm, buffer: &Value, hint: usize) -> PyResult<bool> {
        let result = self.read_chunk(vm, buffer, hint);
        if result.is_err() {
            self.forget_decoded();
        }
        result
    }

    /// Reads at most `limit` characters of a line.
    pub(super) fn read_line(&self, vm: &Vm, limit: usize) -> PyResult<Ref<Str>> {
        let buffer = self.open_buffer(vm)?;
        let end = self.newline.get().line_end();
        if !self.pending.borrow().is_empty() {
            self.flush_pending(vm, &buffer)?;
        }
        // How far a line end is known not to be there.
        let mut searched = 0;
        loop {
            let found = {
                let decoded = self.decoded.borrow();
                let rest = decoded.as_text().slice(self.used.get()..usize::MAX);
                let from = match end {
                    // The first half of the end may have been the last thing seen.
                    LineEnd::CrLf if searched > 0 => searched - 1,
                    _ => searched,
                };
                let n = end.find(rest.slice(from..usize::MAX)).map(|n| n + from);
                searched = rest.len();
                match n {
                    Some(n) => Some(n.min(limit)),
                    None if rest.len() >= limit => Some(limit),
                    None => None,
                }
            };
            if let Some(n) = found {
                return self.take(vm, n);
            }
            let mut more = true;
            while more && self.decoded.borrow().len() - self.used.get() == searched {
                more = self.read_on(vm, &buffer, 0)?;
            }
            if !more {
                let line = self.take(vm, usize::MAX)?;
                self.forget_decoded();
                self.snapshot.replace(None);
                return Ok(line);
            }
        }
    }

    /// Reads at most `n` characters.
    pub(super) fn read_chars(&self, vm: &Vm, n: usize) -> PyResult<Ref<Str>> {
        let buffer = self.open_buffer(vm)?;
        if !self.reads.get() {
            return Err(unsupported(vm, "not readable"));
        }
        self.flush_pending(vm, &buffer)?;
        loop {
            let there = self.decoded.borrow().len() - self.used.get();
            if there >= n || !self.read_on(vm, &buffer, n - there)? {
                return self.take(vm, n);
            }
        }
    }

    /// Reads everything.
    pub(super) fn read_all(&self, vm: &Vm) -> PyResult<Ref<Str>> {
        let buffer = self.open_buffer(vm)?;
        if !self.reads.get() {
            return Err(unsupported(vm, "not readable"));
        }
        self.flush_pending(vm, &buffer)?;
        let input = vm.call_method(&buffer, &vm.names().read, &[])?;
        if vm.is_none(&input) {
            return Err(vm.raise_new(&vm.exc().BlockingIOError, "Read returned None."));
        }
        if input.downcast_ref::<Bytes>().is_none()
            && vm
                .type_of(&input)
                .payload
                .slots
                .bf_getbuffer
                .get()
                .is_none()
        {
            return Err(vm.type_error(&format!(
                "a bytes-like object is required, not '{}'",
                vm.type_name(&input)
            )));
        }
        let input = data(vm, &input)?;
        if let Some(text) = self.decode_whole(vm, &input)? {
            self.forget_decoded();
            self.snapshot.replace(None);
            return Ok(text);
        }
        let mut text = TextBuf::new();
        {
            let decoded = self.decoded.borrow();
            let rest = decoded.as_text().slice(self.used.get()..usize::MAX);
            if !rest.is_empty() {
                text.push_text(rest);
            }
        }
        self.decode(vm, &input, true, &mut text)?;
        self.forget_decoded();
        self.snapshot.replace(None);
        vm.new_str_buf(&text)
    }

    /// Gives the buffer the encoded bytes that wait.
    pub(super) fn flush_pending(&self, vm: &Vm, buffer: &Value) -> PyResult<()> {
        let pending = self.pending.take();
        if pending.is_empty() {
            return Ok(());
        }
        if self.direct.get()
            && let Some(b) = buffer.downcast_ref::<Buffered>()
        {
            b.write_bytes(vm, buffer, &pending)?;
            let mut kept = self.pending.borrow_mut();
            if kept.is_empty() {
                // The allocation serves again.
                *kept = pending;
                kept.clear();
            }
            return Ok(());
        }
        let bytes = vm.new_bytes(&pending)?.into_value();
        vm.call_method(buffer, &vm.names().write, &[bytes])?;
        Ok(())
    }

    /// `write()`
    pub(super) fn do_write(&self, vm: &Vm, text: &Ref<Str>) -> PyResult<usize> {
        let buffer = self.open_buffer(vm)?;
        if !self.writes.get() {
            return Err(unsupported(vm, "not writable"));
        }
        let line_buffering = self.line_buffering.get();
        let newline = self.newline.get();
        let units = text.text();
        let has_lf =
            (line_buffering || newline.write_as().is_some()) && find_char(units, 10).is_some();
        let translated = match newline.write_as() {
            Some(end) if has_lf => replace(
                units,
                TextRef::One(b"\n"),
                TextRef::One(end.as_bytes()),
                usize::MAX,
            ),
            _ => None,
        };
        let flush = line_buffering && (has_lf || find_char(units, 13).is_some());
        let units = translated.as_ref().map_or(units, TextBuf::as_text);
        if self.fast_encoder.get().is_some() {
            let mut pending = self.pending.take();
            let at = pending.len();
            let result = self.encode(vm, text, units, &mut pending);
            if result.is_err() {
                pending.truncate(at);
            }
            *self.pending.borrow_mut() = pending;
            result?;
        } else {
            let mut encoded = Vec::new();
            self.encode(vm, text, units, &mut encoded)?;
            self.pending.borrow_mut().extend_from_slice(&encoded);
        }
        if flush || self.write_through.get() || self.pending.borrow().len() >= self.chunk_size.get()
        {
            self.flush_pending(vm, &buffer)?;
        }
        if flush {
            vm.call_method(&buffer, &vm.names().flush, &[])?;
        }
        if self.reads.get() {
            self.forget_decoded();
            self.snapshot.replace(None);
            self.reset_decoder(vm)?;
        }
        Ok(text.len())
    }
}

/// Writes text to a stream: straight into a `TextIOWrapper` whose class overrides nothing, by `write()` otherwise.
pub fn write_text(vm: &Vm, stream: &Value, text: &Ref<Str>) -> PyResult<()> {
    if crate::util::is_exactly::<TextIoWrapper>(vm, stream)
        && let Some(t) = stream.downcast_ref::<TextIoWrapper>()
    {
        return t.do_write(vm, text).map(drop);
    }
    vm.call_method(stream, &vm.names().write, &[text.as_value().clone()])
        .map(drop)
}
