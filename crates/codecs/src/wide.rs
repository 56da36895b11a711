//! UTF-16 and UTF-32 in both byte orders, with and without a byte order mark.

use taipan_text::{TextBuf, TextRef};

use crate::{CodecError, Decoder, Encoder, is_surrogate};

/// Order of the bytes of a code unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ByteOrder {
    /// By the byte order mark, which is read and written; little-endian without one.
    #[default]
    Mark,
    /// Least significant byte first; a mark is a character.
    Little,
    /// Most significant byte first; a mark is a character.
    Big,
}

impl ByteOrder {
    fn is_big(self) -> bool {
        self == Self::Big
    }

    fn read16(self, b: [u8; 2]) -> u32 {
        if self.is_big() {
            u16::from_be_bytes(b).into()
        } else {
            u16::from_le_bytes(b).into()
        }
    }

    fn read32(self, b: [u8; 4]) -> u32 {
        if self.is_big() {
            u32::from_be_bytes(b)
        } else {
            u32::from_le_bytes(b)
        }
    }

    fn put16(self, unit: u16, out: &mut Vec<u8>) {
        out.extend(if self.is_big() {
            unit.to_be_bytes()
        } else {
            unit.to_le_bytes()
        });
    }

    fn put32(self, unit: u32, out: &mut Vec<u8>) {
        out.extend(if self.is_big() {
            unit.to_be_bytes()
        } else {
            unit.to_le_bytes()
        });
    }
}

/// UTF-16. After decoding with [`ByteOrder::Mark`] the order is the one that a mark told, if there was one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Utf16 {
    /// The byte order.
    pub order: ByteOrder,
}

/// UTF-32. After decoding with [`ByteOrder::Mark`] the order is the one that a mark told, if there was one.
#[derive(Clone, Copy, Debug, Default)]
pub struct Utf32 {
    /// The byte order.
    pub order: ByteOrder,
}

fn array<const N: usize>(input: &[u8], at: usize) -> Option<[u8; N]> {
    input.get(at..at.checked_add(N)?)?.try_into().ok()
}

impl Decoder for Utf16 {
    fn name(&self) -> &'static str {
        if self.order.is_big() {
            "utf-16-be"
        } else {
            "utf-16-le"
        }
    }

    fn decode(
        &mut self,
        input: &[u8],
        pos: &mut usize,
        last: bool,
        out: &mut TextBuf,
    ) -> Result<(), CodecError> {
        if *pos == 0 && self.order == ByteOrder::Mark {
            match input {
                [0xFF, 0xFE, ..] => (self.order, *pos) = (ByteOrder::Little, 2),
                [0xFE, 0xFF, ..] => (self.order, *pos) = (ByteOrder::Big, 2),
                _ => {}
            }
        }
        let order = self.order;
        loop {
            let start = *pos;
            let Some(unit) = array(input, start).map(|b| order.read16(b)) else {
                if last && start < input.len() {
                    return Err(CodecError::new(start, input.len(), "truncated data"));
                }
                return Ok(());
            };
            if !is_surrogate(unit) {
                out.push(unit);
                *pos += 2;
                continue;
            }
            if unit >= 0xDC00 {
                return Err(CodecError::new(start, start + 2, "illegal encoding"));
            }
            match array(input, start + 2).map(|b| order.read16(b)) {
                Some(low @ 0xDC00..=0xDFFF) => {
                    out.push(0x1_0000 + ((unit & 0x3FF) << 10 | (low & 0x3FF)));
                    *pos += 4;
                }
                Some(_) => {
                    return Err(CodecError::new(
                        start,
                        start + 2,
                        "illegal UTF-16 surrogate",
                    ));
                }
                None if !last => return Ok(()),
                None => {
                    return Err(CodecError::new(
                        start,
                        input.len(),
                        "unexpected end of data",
                    ));
                }
            }
        }
    }
}

impl Decoder for Utf32 {
    fn name(&self) -> &'static str {
        if self.order.is_big() {
            "utf-32-be"
        } else {
            "utf-32-le"
        }
    }

    fn decode(
        &mut self,
        input: &[u8],
        pos: &mut usize,
        last: bool,
        out: &mut TextBuf,
    ) -> Result<(), CodecError> {
        if *pos == 0 && self.order == ByteOrder::Mark {
            match input {
                [0xFF, 0xFE, 0, 0, ..] => (self.order, *pos) = (ByteOrder::Little, 4),
                [0, 0, 0xFE, 0xFF, ..] => (self.order, *pos) = (ByteOrder::Big, 4),
                _ => {}
            }
        }
        loop {
            let start = *pos;
            let Some(unit) = array(input, start).map(|b| self.order.read32(b)) else {
                if last && start < input.len() {
                    return Err(CodecError::new(start, input.len(), "truncated data"));
                }
                return Ok(());
            };
            if is_surrogate(unit) {
                let reason = "code point in surrogate code point range(0xd800, 0xe000)";
                return Err(CodecError::new(start, start + 4, reason));
            }
            if unit > taipan_text::MAX_CODE_POINT {
                return Err(CodecError::new(
                    start,
                    start + 4,
                    "code point not in range(0x110000)",
                ));
            }
            out.push(unit);
            *pos += 4;
        }
    }
}

fn put_utf16(c: u32, order: ByteOrder, out: &mut Vec<u8>) {
    match u16::try_from(c) {
        Ok(unit) => order.put16(unit, out),
        Err(_) => {
            let c = c - 0x1_0000;
            order.put16(0xD800 | (c >> 10 & 0x3FF) as u16, out);
            order.put16(0xDC00 | (c & 0x3FF) as u16, out);
        }
    }
}

/// Appends all units from a position on; none is a surrogate.
fn put_units<T: Copy + Into<u16>>(
    units: &[T],
    pos: &mut usize,
    order: ByteOrder,
    out: &mut Vec<u8>,
) {
    let rest = units.get(*pos..).unwrap_or_default();
    let start = out.len();
    out.resize(start + 2 * rest.len(), 0);
    let (places, _) = out[start..].as_chunks_mut::<2>();
    if order.is_big() {
        for (place, unit) in places.iter_mut().zip(rest) {
            *place = (*unit).into().to_be_bytes();
        }
    } else {
        for (place, unit) in places.iter_mut().zip(rest) {
            *place = (*unit).into().to_le_bytes();
        }
    }
    *pos = units.len();
}

fn encode(
    text: TextRef<'_>,
    pos: &mut usize,
    out: &mut Vec<u8>,
    put: impl Fn(u32, &mut Vec<u8>),
) -> Result<(), CodecError> {
    for c in text.slice(*pos..usize::MAX).chars() {
        if is_surrogate(c) {
            return Err(CodecError::new(*pos, *pos + 1, "surrogates not allowed"));
        }
        put(c, out);
        *pos += 1;
    }
    Ok(())
}

impl Encoder for Utf16 {
    fn name(&self) -> &'static str {
        match self.order {
            ByteOrder::Mark => "utf-16",
            ByteOrder::Little => "utf-16-le",
            ByteOrder::Big => "utf-16-be",
        }
    }

    fn encode(
        &mut self,
        text: TextRef<'_>,
        pos: &mut usize,
        out: &mut Vec<u8>,
    ) -> Result<(), CodecError> {
        let order = self.order;
        out.reserve((text.len().saturating_sub(*pos) + 1) * 2);
        if order == ByteOrder::Mark && *pos == 0 && out.is_empty() {
            order.put16(0xFEFF, out);
        }
        match text {
            TextRef::One(units) => put_units(units, pos, order, out),
            TextRef::Two(units) => {
                let rest = units.get(*pos..).unwrap_or_default();
                if !rest.iter().any(|u| is_surrogate((*u).into())) {
                    put_units(units, pos, order, out);
                }
            }
            TextRef::Four(_) => {}
        }
        encode(text, pos, out, |c, out| put_utf16(c, order, out))
    }

    fn put_replacement(&mut self, text: TextRef<'_>, out: &mut Vec<u8>) -> bool {
        let ascii = text.is_ascii();
        if ascii {
            text.chars().for_each(|c| put_utf16(c, self.order, out));
        }
        ascii
    }

    fn put_bytes(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> bool {
        let whole = bytes.len().is_multiple_of(2);
        if whole {
            out.extend_from_slice(bytes);
        }
        whole
    }
}

impl Encoder for Utf32 {
    fn name(&self) -> &'static str {
        match self.order {
            ByteOrder::Mark => "utf-32",
            ByteOrder::Little => "utf-32-le",
            ByteOrder::Big => "utf-32-be",
        }
    }

    fn encode(
        &mut self,
        text: TextRef<'_>,
        pos: &mut usize,
        out: &mut Vec<u8>,
    ) -> Result<(), CodecError> {
        let order = self.order;
        out.reserve((text.len().saturating_sub(*pos) + 1) * 4);
        if order == ByteOrder::Mark && *pos == 0 && out.is_empty() {
            order.put32(0xFEFF, out);
        }
        encode(text, pos, out, |c, out| order.put32(c, out))
    }

    fn put_replacement(&mut self, text: TextRef<'_>, out: &mut Vec<u8>) -> bool {
        let ascii = text.is_ascii();
        if ascii {
            text.chars().for_each(|c| self.order.put32(c, out));
        }
        ascii
    }

    fn put_bytes(&mut self, bytes: &[u8], out: &mut Vec<u8>) -> bool {
        let whole = bytes.len().is_multiple_of(4);
        if whole {
            out.extend_from_slice(bytes);
        }
        whole
    }
}
