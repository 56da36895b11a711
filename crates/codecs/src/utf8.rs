//! UTF-8.

use taipan_text::{TextBuf, TextRef, Unit};

use crate::{CodecError, Decoder, Encoder, is_surrogate, run_end};

/// The codec; it has no state.
#[derive(Clone, Copy, Debug, Default)]
pub struct Utf8;

impl Decoder for Utf8 {
    fn name(&self) -> &'static str {
        "utf-8"
    }

    fn decode(
        &mut self,
        input: &[u8],
        pos: &mut usize,
        last: bool,
        out: &mut TextBuf,
    ) -> Result<(), CodecError> {
        let rest = input.get(*pos..).unwrap_or_default();
        let error = match std::str::from_utf8(rest) {
            Ok(text) => {
                out.push_str(text);
                *pos = input.len();
                return Ok(());
            }
            Err(error) => error,
        };
        let (valid, bad) = rest.split_at(error.valid_up_to());
        out.push_str(std::str::from_utf8(valid).unwrap_or_default());
        *pos += valid.len();
        let start = *pos;
        match error.error_len() {
            None if !last => Ok(()),
            None => Err(CodecError::new(
                start,
                input.len(),
                "unexpected end of data",
            )),
            Some(len) => {
                // What may start no sequence is told apart from what is not continued as it must.
                let starts = matches!(bad.first(), Some(0xC2..=0xF4));
                let reason = if starts {
                    "invalid continuation byte"
                } else {
                    "invalid start byte"
                };
                Err(CodecError::new(start, start + len, reason))
            }
        }
    }
}

/// Appends one code point; surrogates come out as three bytes, too.
pub(crate) fn put(c: u32, out: &mut Vec<u8>) {
    let tail = |shift: u32| 0x80 | (c >> shift & 0x3F) as u8;
    match c {
        0..=0x7F => out.push(c as u8),
        0x80..=0x7FF => out.extend([0xC0 | (c >> 6) as u8, tail(0)]),
        0x800..=0xFFFF => out.extend([0xE0 | (c >> 12) as u8, tail(6), tail(0)]),
        _ => out.extend([0xF0 | (c >> 18 & 7) as u8, tail(12), tail(6), tail(0)]),
    }
}

impl Encoder for Utf8 {
    fn name(&self) -> &'static str {
        "utf-8"
    }

    fn encode(
        &mut self,
        text: TextRef<'_>,
        pos: &mut usize,
        out: &mut Vec<u8>,
    ) -> Result<(), CodecError> {
        fn wide<T: Unit>(units: &[T], pos: &mut usize, out: &mut Vec<u8>) -> bool {
            let rest = units.get(*pos..).unwrap_or_default();
            let good = rest
                .iter()
                .position(|u| is_surrogate(u.code()))
                .unwrap_or(rest.len());
            // Room for the longest encoding at once: writing by index into it is much faster than pushing.
            let longest = match size_of::<T>() {
                1 => 2,
                2 => 3,
                _ => 4,
            };
            let start = out.len();
            out.resize(start + good * longest, 0);
            let mut end = start;
            for unit in &rest[..good] {
                let c = unit.code();
                let tail = |shift: u32| 0x80 | (c >> shift & 0x3F) as u8;
                match c {
                    0..=0x7F => {
                        out[end] = c as u8;
                        end += 1;
                    }
                    0x80..=0x7FF => {
                        out[end..end + 2].copy_from_slice(&[0xC0 | (c >> 6) as u8, tail(0)]);
                        end += 2;
                    }
                    0x800..=0xFFFF => {
                        out[end..end + 3].copy_from_slice(&[
                            0xE0 | (c >> 12) as u8,
                            tail(6),
                            tail(0),
                        ]);
                        end += 3;
                    }
                    _ => {
                        out[end..end + 4].copy_from_slice(&[
                            0xF0 | (c >> 18 & 7) as u8,
                            tail(12),
                            tail(6),
                            tail(0),
                        ]);
                        end += 4;
                    }
                }
            }
            out.truncate(end);
            *pos += good;
            if good < rest.len() {
                return false;
            }
            true
        }
        let done = match text {
            TextRef::One(units) => {
                let rest = units.get(*pos..).unwrap_or_default();
                if rest.is_ascii() {
                    out.extend_from_slice(rest);
                    *pos = units.len();
                    true
                } else {
                    wide(units, pos, out)
                }
            }
            TextRef::Two(units) => wide(units, pos, out),
            TextRef::Four(units) => wide(units, pos, out),
        };
        if done {
            return Ok(());
        }
        Err(CodecError::new(
            *pos,
            run_end(text, *pos, is_surrogate),
            "surrogates not allowed",
        ))
    }

    fn put_replacement(&mut self, text: TextRef<'_>, out: &mut Vec<u8>) -> bool {
        // Only ASCII may come from a handler, though more could be encoded.
        if !text.is_ascii() {
            return false;
        }
        out.extend(text.chars().map(|c| c as u8));
        true
    }
}
