//! One byte a character: ASCII, Latin-1, and character maps.

use taipan_text::{TextBuf, TextRef};

use crate::{CodecError, Decoder, Encoder, run_end};

/// ASCII.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ascii;

/// Latin-1: the first 256 code points.
#[derive(Clone, Copy, Debug, Default)]
pub struct Latin1;

impl Decoder for Ascii {
    fn name(&self) -> &'static str {
        "ascii"
    }

    fn decode(
        &mut self,
        input: &[u8],
        pos: &mut usize,
        _last: bool,
        out: &mut TextBuf,
    ) -> Result<(), CodecError> {
        let rest = input.get(*pos..).unwrap_or_default();
        // The standard test is several times as fast as the search, so it goes first.
        let good = if rest.is_ascii() {
            rest.len()
        } else {
            rest.iter().take_while(|b| b.is_ascii()).count()
        };
        out.push_latin1(&rest[..good]);
        *pos += good;
        if good == rest.len() {
            return Ok(());
        }
        Err(CodecError::new(*pos, *pos + 1, "ordinal not in range(128)"))
    }
}

impl Decoder for Latin1 {
    fn name(&self) -> &'static str {
        "latin-1"
    }

    fn decode(
        &mut self,
        input: &[u8],
        pos: &mut usize,
        _last: bool,
        out: &mut TextBuf,
    ) -> Result<(), CodecError> {
        out.push_latin1(input.get(*pos..).unwrap_or_default());
        *pos = input.len();
        Ok(())
    }
}

fn encode_below(
    limit: u32,
    reason: &'static str,
    text: TextRef<'_>,
    pos: &mut usize,
    out: &mut Vec<u8>,
) -> Result<(), CodecError> {
    let rest = text.slice(*pos..usize::MAX);
    if let TextRef::One(units) = rest
        && (limit > 0xFF || units.is_ascii())
    {
        out.extend_from_slice(units);
        *pos = text.len();
        return Ok(());
    }
    let good = run_end(text, *pos, |c| c < limit);
    out.extend(text.slice(*pos..good).chars().map(|c| c as u8));
    *pos = good;
    if good >= text.len() {
        return Ok(());
    }
    Err(CodecError::new(
        good,
        run_end(text, good, |c| c >= limit),
        reason,
    ))
}

fn put_below(limit: u32, text: TextRef<'_>, out: &mut Vec<u8>) -> bool {
    let fits = text.chars().all(|c| c < limit);
    if fits {
        out.extend(text.chars().map(|c| c as u8));
    }
    fits
}

impl Encoder for Ascii {
    fn name(&self) -> &'static str {
        "ascii"
    }

    fn encode(
        &mut self,
        text: TextRef<'_>,
        pos: &mut usize,
        out: &mut Vec<u8>,
    ) -> Result<(), CodecError> {
        encode_below(0x80, "ordinal not in range(128)", text, pos, out)
    }

    fn put_replacement(&mut self, text: TextRef<'_>, out: &mut Vec<u8>) -> bool {
        put_below(0x80, text, out)
    }
}

impl Encoder for Latin1 {
    fn name(&self) -> &'static str {
        "latin-1"
    }

    fn encode(
        &mut self,
        text: TextRef<'_>,
        pos: &mut usize,
        out: &mut Vec<u8>,
    ) -> Result<(), CodecError> {
        encode_below(0x100, "ordinal not in range(256)", text, pos, out)
    }

    fn put_replacement(&mut self, text: TextRef<'_>, out: &mut Vec<u8>) -> bool {
        put_below(0x100, text, out)
    }
}

/// The reason of all character map errors.
pub const UNDEFINED: &str = "character maps to <undefined>";

/// The code point that stands for "undefined" in a decoding table.
const HOLE: u32 = 0xFFFE;

/// Decodes by a table: the code point for byte `n` is the table's `n`-th, and U+FFFE stands for none.
#[derive(Clone, Copy, Debug)]
pub struct CharmapDecoder<'a> {
    /// Up to 256 code points; bytes beyond are undefined.
    pub table: TextRef<'a>,
}

impl Decoder for CharmapDecoder<'_> {
    fn name(&self) -> &'static str {
        "charmap"
    }

    fn decode(
        &mut self,
        input: &[u8],
        pos: &mut usize,
        _last: bool,
        out: &mut TextBuf,
    ) -> Result<(), CodecError> {
        for &b in input.get(*pos..).unwrap_or_default() {
            match self.table.get(b.into()) {
                Some(c) if c != HOLE => out.push(c),
                _ => return Err(CodecError::new(*pos, *pos + 1, UNDEFINED)),
            }
            *pos += 1;
        }
        Ok(())
    }
}

/// The inverse of a decoding table: `codecs.charmap_build`.
#[derive(Clone, Debug)]
pub struct EncodingMap {
    /// Code points and bytes, sorted by code point.
    entries: Vec<(u32, u8)>,
}

impl EncodingMap {
    /// Inverts a decoding table. Of several bytes for one code point the last counts.
    pub fn new(table: TextRef<'_>) -> Self {
        let mut entries: Vec<(u32, u8)> = table
            .chars()
            .take(256)
            .enumerate()
            .filter(|e| e.1 != HOLE)
            .map(|(b, c)| (c, b as u8))
            .collect();
        entries.sort_by_key(|e| (e.0, std::cmp::Reverse(e.1)));
        entries.dedup_by_key(|e| e.0);
        Self { entries }
    }

    /// The byte for a code point.
    pub fn get(&self, c: u32) -> Option<u8> {
        let at = self.entries.binary_search_by_key(&c, |e| e.0).ok()?;
        Some(self.entries[at].1)
    }
}

/// Encodes by an [`EncodingMap`]. For mappings that are Python objects the caller has to look up each character itself.
#[derive(Clone, Copy, Debug)]
pub struct CharmapEncoder<'a> {
    /// The map.
    pub map: &'a EncodingMap,
}

impl Encoder for CharmapEncoder<'_> {
    fn name(&self) -> &'static str {
        "charmap"
    }

    fn encode(
        &mut self,
        text: TextRef<'_>,
        pos: &mut usize,
        out: &mut Vec<u8>,
    ) -> Result<(), CodecError> {
        for c in text.slice(*pos..usize::MAX).chars() {
            let Some(b) = self.map.get(c) else {
                let end = run_end(text, *pos, |c| self.map.get(c).is_none());
                return Err(CodecError::new(*pos, end, UNDEFINED));
            };
            out.push(b);
            *pos += 1;
        }
        Ok(())
    }

    fn put_replacement(&mut self, text: TextRef<'_>, out: &mut Vec<u8>) -> bool {
        match text
            .chars()
            .map(|c| self.map.get(c))
            .collect::<Option<Vec<u8>>>()
        {
            Some(bytes) => {
                out.extend(bytes);
                true
            }
            None => false,
        }
    }
}
