//! UTF-7 (RFC 2152): ASCII, with everything else as UTF-16 in base 64 between `+` and `-`.

use taipan_text::{TextBuf, TextRef};

use crate::{CodecError, Decoder, Encoder};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64(b: u8) -> Option<u32> {
    Some(match b {
        b'A'..=b'Z' => u32::from(b - b'A'),
        b'a'..=b'z' => u32::from(b - b'a') + 26,
        b'0'..=b'9' => u32::from(b - b'0') + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    })
}

/// Characters that are written as they are. `+`, `\`, `~` and control characters are not.
fn is_direct(c: u32) -> bool {
    match u8::try_from(c) {
        Ok(b'+' | b'\\' | b'~') => false,
        Ok(b'\t' | b'\n' | b'\r' | b' '..=b'}') => true,
        _ => false,
    }
}

/// The codec, with the state of a decoder inside a shift sequence.
#[derive(Clone, Copy, Debug, Default)]
pub struct Utf7 {
    in_shift: bool,
    /// Where the shift sequence started in the input and in the output.
    shift_start: usize,
    shift_out: usize,
    /// Bits read that are no full unit yet.
    buffer: u32,
    bits: u32,
    /// A high surrogate that waits for its other half; 0 for none.
    surrogate: u32,
}

impl Utf7 {
    fn unit(&mut self, unit: u32, out: &mut TextBuf) {
        if self.surrogate != 0 {
            let high = std::mem::take(&mut self.surrogate);
            if (0xDC00..0xE000).contains(&unit) {
                out.push(0x1_0000 + ((high & 0x3FF) << 10 | (unit & 0x3FF)));
                return;
            }
            out.push(high);
        }
        if (0xD800..0xDC00).contains(&unit) {
            self.surrogate = unit;
        } else {
            out.push(unit);
        }
    }

    /// The reason why the shift sequence may not end here.
    fn unfinished(&self) -> Option<&'static str> {
        if self.bits >= 6 {
            Some("partial character in shift sequence")
        } else if self.bits > 0 && self.buffer != 0 {
            Some("non-zero padding bits in shift sequence")
        } else {
            None
        }
    }
}

impl Decoder for Utf7 {
    fn name(&self) -> &'static str {
        "utf7"
    }

    fn decode(
        &mut self,
        input: &[u8],
        pos: &mut usize,
        last: bool,
        out: &mut TextBuf,
    ) -> Result<(), CodecError> {
        while let Some(&b) = input.get(*pos) {
            if self.in_shift {
                if let Some(value) = base64(b) {
                    self.buffer = self.buffer << 6 | value;
                    self.bits += 6;
                    *pos += 1;
                    if self.bits >= 16 {
                        self.bits -= 16;
                        let unit = self.buffer >> self.bits & 0xFFFF;
                        self.buffer &= (1 << self.bits) - 1;
                        self.unit(unit, out);
                    }
                    continue;
                }
                self.in_shift = false;
                if let Some(reason) = self.unfinished() {
                    let error = CodecError::new(self.shift_start, *pos + 1, reason);
                    *pos = self.shift_start;
                    return Err(error);
                }
                if self.surrogate != 0 && b < 0x80 && b != b'+' {
                    out.push(std::mem::take(&mut self.surrogate));
                }
                if b == b'-' {
                    *pos += 1;
                }
            } else if b == b'+' {
                match input.get(*pos + 1) {
                    Some(b'-') => {
                        out.push('+'.into());
                        *pos += 2;
                    }
                    Some(&next) if base64(next).is_none() => {
                        return Err(CodecError::new(*pos, *pos + 2, "ill-formed sequence"));
                    }
                    _ => {
                        *self = Self {
                            in_shift: true,
                            shift_start: *pos,
                            shift_out: out.len(),
                            ..Self::default()
                        };
                        *pos += 1;
                    }
                }
            } else if b < 0x80 {
                out.push(b.into());
                *pos += 1;
            } else {
                return Err(CodecError::new(
                    *pos,
                    *pos + 1,
                    "unexpected special character",
                ));
            }
        }
        if self.in_shift {
            self.in_shift = false;
            if !last {
                // The next call starts at the beginning of the sequence again.
                *pos = self.shift_start;
                out.truncate(self.shift_out);
            } else if self.surrogate != 0 || self.unfinished().is_some() {
                *pos = self.shift_start;
                return Err(CodecError::new(
                    self.shift_start,
                    input.len(),
                    "unterminated shift sequence",
                ));
            }
        }
        Ok(())
    }
}

impl Encoder for Utf7 {
    fn name(&self) -> &'static str {
        "utf7"
    }

    fn encode(
        &mut self,
        text: TextRef<'_>,
        pos: &mut usize,
        out: &mut Vec<u8>,
    ) -> Result<(), CodecError> {
        let (mut in_shift, mut buffer, mut bits) = (false, 0u32, 0u32);
        let digit = |v: u32| ALPHABET[(v & 63) as usize];
        for c in text.slice(*pos..usize::MAX).chars() {
            let direct = is_direct(c);
            if direct {
                if in_shift {
                    in_shift = false;
                    if bits > 0 {
                        out.push(digit(buffer << (6 - bits)));
                        (buffer, bits) = (0, 0);
                    }
                    if c == u32::from('-') || base64(c as u8).is_some() {
                        out.push(b'-');
                    }
                }
                out.push(c as u8);
                continue;
            }
            if !in_shift {
                if c == u32::from('+') {
                    out.extend(b"+-");
                    continue;
                }
                out.push(b'+');
                in_shift = true;
            }
            let mut put = |unit: u32| {
                buffer = buffer << 16 | unit;
                bits += 16;
                while bits >= 6 {
                    bits -= 6;
                    out.push(digit(buffer >> bits));
                }
                buffer &= (1 << bits) - 1;
            };
            if c > 0xFFFF {
                put(0xD800 | ((c - 0x1_0000) >> 10 & 0x3FF));
                put(0xDC00 | ((c - 0x1_0000) & 0x3FF));
            } else {
                put(c);
            }
        }
        if bits > 0 {
            out.push(digit(buffer << (6 - bits)));
        }
        if in_shift {
            out.push(b'-');
        }
        *pos = text.len();
        Ok(())
    }

    fn put_replacement(&mut self, _text: TextRef<'_>, _out: &mut Vec<u8>) -> bool {
        // Every character can be encoded, so no handler is ever asked.
        false
    }
}
