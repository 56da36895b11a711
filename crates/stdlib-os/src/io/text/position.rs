//! `tell()` and `seek()` of a `TextIOWrapper`. A position in text is a cookie: where to start reading bytes, the
//! decoder's flags there, and how many bytes to decode and characters to skip from there on.

use dashu_int::IBig;
use taipan_object::{PyResult, Value, Vm};
use taipan_text::TextBuf;

use super::TextIoWrapper;
use crate::io::base::{OsErrorText, unsupported};
use crate::util::{data, offset};

/// The parts of a cookie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Cookie {
    start: u64,
    flags: u32,
    feed: u32,
    skip: u32,
    need_eof: bool,
}

impl Cookie {
    fn pack(self, vm: &Vm) -> PyResult {
        let mut bytes = [0u8; 21];
        bytes[..8].copy_from_slice(&self.start.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.flags.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.feed.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.skip.to_le_bytes());
        bytes[20] = self.need_eof.into();
        vm.new_ibig(IBig::from(dashu_int::UBig::from_le_bytes(&bytes)))
    }

    fn unpack(vm: &Vm, number: &Value) -> PyResult<Cookie> {
        let too_large = || vm.overflow_error("int too big to convert");
        let big = number.as_int().map(|i| i.to_ibig()).unwrap_or_default();
        let (_, magnitude) = big.into_parts();
        let given = magnitude.to_le_bytes();
        let mut bytes = [0u8; 21];
        bytes
            .get_mut(..given.len())
            .ok_or_else(too_large)?
            .copy_from_slice(&given);
        let word = |at: usize| {
            let mut w = [0u8; 4];
            w.copy_from_slice(&bytes[at..at + 4]);
            u32::from_le_bytes(w)
        };
        Ok(Cookie {
            start: u64::from(word(0)) | u64::from(word(4)) << 32,
            flags: word(8),
            feed: word(12),
            skip: word(16),
            need_eof: bytes[20] != 0,
        })
    }
}

impl TextIoWrapper {
    /// Decodes `input` from a state on, for its length alone.
    fn measure(&self, vm: &Vm, input: &[u8], last: bool) -> PyResult<usize> {
        let mut out = TextBuf::new();
        self.decode(vm, input, last, &mut out)?;
        Ok(out.len())
    }

    fn locate(&self, vm: &Vm, at: u64, flags: u64, input: &[u8], skip: usize) -> PyResult<Cookie> {
        let mut cookie = Cookie {
            start: at,
            flags: flags as u32,
            ..Cookie::default()
        };
        let mut skip = skip;
        // A point near the wanted one, at which the decoder holds nothing back, found by the ratio of the last chunk.
        let mut skipped = ((self.ratio.get() * skip as f64) as usize).min(input.len());
        let mut step = 1;
        let mut found = false;
        while skipped > 0 {
            self.set_decoder_state(vm, b"", flags)?;
            let chars = self.measure(vm, &input[..skipped], false)?;
            if chars <= skip {
                let (held, new_flags) = self.decoder_state(vm)?;
                if held.is_empty() {
                    cookie.flags = new_flags as u32;
                    skip -= chars;
                    found = true;
                    break;
                }
                skipped = skipped.saturating_sub(held.len());
                step = 1;
            } else {
                skipped = skipped.saturating_sub(step);
                step *= 2;
            }
        }
        if !found {
            skipped = 0;
            self.set_decoder_state(vm, b"", flags)?;
        }
        cookie.start = at.saturating_add(skipped as u64);
        if skip == 0 {
            return Ok(cookie);
        }
        // From there on byte by byte, taking later safe points as they come.
        let mut chars = 0;
        for byte in &input[skipped..] {
            cookie.feed += 1;
            chars += self.measure(vm, std::slice::from_ref(byte), false)?;
            let (held, new_flags) = self.decoder_state(vm)?;
            if held.is_empty() && chars <= skip {
                cookie.start = cookie.start.saturating_add(u64::from(cookie.feed));
                skip -= chars;
                cookie.flags = new_flags as u32;
                cookie.feed = 0;
                chars = 0;
            }
            if chars >= skip {
                cookie.skip = skip as u32;
                return Ok(cookie);
            }
        }
        chars += self.measure(vm, b"", true)?;
        cookie.need_eof = true;
        if chars < skip {
            return Err(vm.os_error_text("can't reconstruct logical file position"));
        }
        cookie.skip = skip as u32;
        Ok(cookie)
    }

    pub(super) fn do_tell(&self, vm: &Vm, this: &Value) -> PyResult {
        let buffer = self.open_buffer(vm)?;
        if !self.seekable.get() {
            return Err(unsupported(vm, "underlying stream is not seekable"));
        }
        if !self.telling.get() {
            return Err(vm.os_error_text("telling position disabled by next() call"));
        }
        self.flush_pending(vm, &buffer)?;
        vm.call_method(this, &vm.names().flush, &[])?;
        let at = vm.call_method(&buffer, &vm.names().tell, &[])?;
        let snapshot = self.snapshot.borrow().clone();
        let Some((flags, input)) = snapshot.filter(|_| self.reads.get()) else {
            return Ok(at);
        };
        let at = (offset(vm, &at)? as u64).wrapping_sub(input.len() as u64);
        let skip = self.used.get().saturating_sub(self.chunk_start.get());
        if skip == 0 {
            return Cookie {
                start: at,
                flags: flags as u32,
                ..Cookie::default()
            }
            .pack(vm);
        }
        let (held, now) = self.decoder_state(vm)?;
        let newlines = self.newlines.get();
        let located = self.locate(vm, at, flags, &input, skip);
        let failed = match &located {
            Ok(_) => None,
            Err(_) => vm.take_exception(),
        };
        let restored = self.set_decoder_state(vm, &held, now);
        self.newlines.set(newlines);
        crate::util::chain(vm, failed, restored)?;
        located?.pack(vm)
    }

    fn number(&self, vm: &Vm, cookie: &Value) -> PyResult<(Value, bool)> {
        let zero = Value::from_i32(0);
        let is_zero = vm.compare_bool(cookie, &zero, taipan_object::CompareOp::Eq)?;
        Ok((cookie.clone(), is_zero))
    }

    pub(super) fn do_seek(&self, vm: &Vm, this: &Value, cookie: &Value, whence: i32) -> PyResult {
        let buffer = self.open_buffer(vm)?;
        if !self.seekable.get() {
            return Err(unsupported(vm, "underlying stream is not seekable"));
        }
        let (mut cookie, is_zero) = self.number(vm, cookie)?;
        match whence {
            0 => {}
            1 => {
                if !is_zero {
                    return Err(unsupported(vm, "can't do nonzero cur-relative seeks"));
                }
                cookie = vm.call_method(this, &vm.names().tell, &[])?;
            }
            2 => {
                if !is_zero {
                    return Err(unsupported(vm, "can't do nonzero end-relative seeks"));
                }
                vm.call_method(this, &vm.names().flush, &[])?;
                self.forget_decoded();
                self.snapshot.replace(None);
                self.reset_decoder(vm)?;
                let end = [Value::from_i32(0), Value::from_i32(2)];
                let at = vm.call_method(&buffer, &vm.names().seek, &end)?;
                let start = !vm.is_true(&at)?;
                self.reset_encoder(vm, start)?;
                return Ok(at);
            }
            _ => {
                return Err(
                    vm.value_error(&format!("invalid whence ({whence}, should be 0, 1 or 2)"))
                );
            }
        }
        let number = vm.index(&cookie)?;
        if number.as_int().is_some_and(|i| i.is_negative()) {
            let shown = vm.repr_string(&cookie)?;
            return Err(vm.value_error(&format!("negative seek position {shown}")));
        }
        vm.call_method(this, &vm.names().flush, &[])?;
        let parts = Cookie::unpack(vm, &number)?;
        let start = taipan_object::convert::IntoPy::into_py(parts.start, vm)?;
        vm.call_method(&buffer, &vm.names().seek, &[start])?;
        self.forget_decoded();
        self.snapshot.replace(None);
        if parts.start == 0 && parts.flags == 0 {
            self.reset_decoder(vm)?;
        } else {
            self.set_decoder_state(vm, b"", parts.flags.into())?;
        }
        if parts.skip > 0 {
            let feed = vm.new_int(parts.feed.into())?;
            let input = vm.call_method(&buffer, &vm.names().read, &[feed])?;
            let input = data(vm, &input)?.0.into_owned();
            let mut decoded = TextBuf::new();
            let result = self.decode(vm, &input, parts.need_eof, &mut decoded);
            *self.snapshot.borrow_mut() = Some((parts.flags.into(), input));
            result?;
            let skip = parts.skip as usize;
            let enough = decoded.len() >= skip;
            *self.decoded.borrow_mut() = decoded;
            if !enough {
                return Err(vm.os_error_text("can't restore logical file position"));
            }
            self.used.set(skip);
        } else {
            *self.snapshot.borrow_mut() = Some((parts.flags.into(), Vec::new()));
        }
        self.reset_encoder(vm, parts == Cookie::default())?;
        Ok(cookie)
    }

    /// `truncate()`
    pub(super) fn do_truncate(&self, vm: &Vm, this: &Value, pos: Option<&Value>) -> PyResult {
        let buffer = self.buffer(vm)?;
        vm.call_method(this, &vm.names().flush, &[])?;
        let pos = pos.cloned().unwrap_or_else(|| vm.none());
        vm.call_method_str(&buffer, "truncate", &[pos])
    }
}
