//! Encodings of input: how they are named and detected, and their way into UTF-8.

use std::rc::Rc;

use crate::bytes::{ASCII, INTERNAL, Kind, LATIN1, Table, UTF8, is_char_number};
use crate::form::{Bytes, Form, Wide};
use crate::names::{is_name, is_name_start};
use crate::scan::Scanner;
use crate::token::{RawAttribute, Scan, Tok};

/// An encoding of single bytes that the parser did not know.
pub(crate) struct Custom {
    kinds: Table,
    chars: [Option<char>; 256],
}

/// Which encoding.
#[derive(Clone)]
pub(crate) enum Charset {
    Utf8,
    /// Text of entities: UTF-8 whose line ends are newlines already.
    Internal,
    Latin1,
    Ascii,
    Utf16Be,
    Utf16Le,
    Custom(Rc<Custom>),
    /// To be detected. What was named from outside, if that was anything.
    Unknown(Option<Named>),
}

/// An encoding that the parser knows by name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Named {
    Latin1,
    Ascii,
    Utf8,
    Utf16,
    Utf16Be,
    Utf16Le,
}

impl Named {
    /// By its name, in any case.
    pub(crate) fn find(name: &[u8]) -> Option<Named> {
        let known: [(&[u8], Named); 6] = [
            (b"ISO-8859-1", Named::Latin1),
            (b"US-ASCII", Named::Ascii),
            (b"UTF-8", Named::Utf8),
            (b"UTF-16", Named::Utf16),
            (b"UTF-16BE", Named::Utf16Be),
            (b"UTF-16LE", Named::Utf16Le),
        ];
        known
            .iter()
            .find(|(n, _)| n.eq_ignore_ascii_case(name))
            .map(|&(_, named)| named)
    }

    pub(crate) fn charset(self) -> Charset {
        match self {
            Named::Latin1 => Charset::Latin1,
            Named::Ascii => Charset::Ascii,
            Named::Utf8 => Charset::Utf8,
            Named::Utf16 | Named::Utf16Be => Charset::Utf16Be,
            Named::Utf16Le => Charset::Utf16Le,
        }
    }
}

/// An encoding, for names with or without namespaces.
#[derive(Clone)]
pub(crate) struct Encoding {
    pub(crate) charset: Charset,
    pub(crate) namespaces: bool,
}

/// Runs `$body` with a scanner of the encoding's form.
macro_rules! with_scanner {
    ($encoding:expr, $data:expr, $scanner:ident => $body:expr) => {{
        let ns = usize::from($encoding.namespaces);
        let namespaces = $encoding.namespaces;
        match &$encoding.charset {
            Charset::Utf16Be => {
                let form = Wide::<true> { namespaces };
                let $scanner = Scanner { form, data: $data };
                $body
            }
            Charset::Utf16Le => {
                let form = Wide::<false> { namespaces };
                let $scanner = Scanner { form, data: $data };
                $body
            }
            single => {
                let table = match single {
                    Charset::Internal => &INTERNAL[ns],
                    Charset::Latin1 => &LATIN1[ns],
                    Charset::Ascii => &ASCII[ns],
                    Charset::Custom(custom) => &custom.kinds,
                    _ => &UTF8[ns],
                };
                let form = Bytes(table);
                let $scanner = Scanner { form, data: $data };
                $body
            }
        }
    }};
}

impl Encoding {
    /// Bytes of the shortest character.
    pub(crate) fn min(&self) -> usize {
        match self.charset {
            Charset::Utf16Be | Charset::Utf16Le => 2,
            _ => 1,
        }
    }

    /// Whether bytes are UTF-8 as they stand.
    pub(crate) fn is_utf8(&self) -> bool {
        matches!(
            self.charset,
            Charset::Utf8 | Charset::Internal | Charset::Ascii
        )
    }

    pub(crate) fn is_undetected(&self) -> bool {
        matches!(self.charset, Charset::Unknown(_))
    }

    /// Whether two encodings of wide characters are the same one.
    pub(crate) fn same_order(&self, other: &Charset) -> bool {
        matches!(
            (&self.charset, other),
            (Charset::Utf16Be, Charset::Utf16Be) | (Charset::Utf16Le, Charset::Utf16Le)
        )
    }

    pub(crate) fn content(
        &self,
        data: &[u8],
        i: usize,
        attributes: &mut Vec<RawAttribute>,
    ) -> Scan {
        with_scanner!(self, data, s => s.content(i, attributes))
    }

    pub(crate) fn cdata(&self, data: &[u8], i: usize) -> Scan {
        with_scanner!(self, data, s => s.cdata(i))
    }

    pub(crate) fn prolog(&self, data: &[u8], i: usize) -> Scan {
        with_scanner!(self, data, s => s.prolog(i))
    }

    pub(crate) fn ignore_section(&self, data: &[u8], i: usize) -> Scan {
        with_scanner!(self, data, s => s.ignore_section(i))
    }

    pub(crate) fn attribute_value(&self, data: &[u8], i: usize) -> Scan {
        with_scanner!(self, data, s => s.attribute_value(i))
    }

    pub(crate) fn entity_value(&self, data: &[u8], i: usize) -> Scan {
        with_scanner!(self, data, s => s.entity_value(i))
    }

    pub(crate) fn char_number(&self, data: &[u8], i: usize) -> Option<u32> {
        with_scanner!(self, data, s => s.char_number(i))
    }

    pub(crate) fn check_public_id(
        &self,
        data: &[u8],
        start: usize,
        end: usize,
    ) -> Result<(), usize> {
        with_scanner!(self, data, s => s.check_public_id(start, end))
    }

    /// The character at `i` if it is one of ASCII and lies before the end.
    pub(crate) fn ascii(&self, data: &[u8], i: usize, end: usize) -> Option<u8> {
        if i >= end {
            return None;
        }
        if let Charset::Custom(custom) = &self.charset {
            let c = custom.chars[usize::from(*data.get(i)?)]?;
            return u8::try_from(c).ok().filter(u8::is_ascii);
        }
        let c = with_scanner!(self, data, s => s.form.ascii(data, i));
        (c != 0 && c.is_ascii()).then_some(c)
    }

    /// Whether the characters of a range are these of ASCII.
    pub(crate) fn matches(&self, data: &[u8], start: usize, end: usize, word: &str) -> bool {
        let min = self.min();
        end.checked_sub(start) == Some(word.len() * min)
            && word
                .bytes()
                .enumerate()
                .all(|(k, c)| self.ascii(data, start + k * min, end) == Some(c))
    }

    /// The end of the name at `i`.
    pub(crate) fn name_end(&self, data: &[u8], mut i: usize) -> usize {
        with_scanner!(self, data, s => {
            while let Some(kind) = s.kind(i) {
                i += match kind {
                    Kind::Lead2 => 2,
                    Kind::Lead3 => 3,
                    Kind::Lead4 => 4,
                    Kind::NonAscii
                    | Kind::NameStart
                    | Kind::Colon
                    | Kind::Hex
                    | Kind::Digit
                    | Kind::Name
                    | Kind::Minus => self.min(),
                    _ => break,
                };
            }
            i.min(data.len())
        })
    }

    /// The first character at or behind `i` that is no space.
    pub(crate) fn skip_space(&self, data: &[u8], mut i: usize) -> usize {
        with_scanner!(self, data, s => {
            while let Some(Kind::Space | Kind::Cr | Kind::Lf) = s.kind(i) {
                i += self.min();
            }
            i
        })
    }

    /// The character that one of the five predefined entities stands for.
    pub(crate) fn predefined(&self, data: &[u8], start: usize, end: usize) -> Option<u8> {
        match end.checked_sub(start)? / self.min() {
            2..=4 => {}
            _ => return None,
        }
        let known = [
            ("lt", b'<'),
            ("gt", b'>'),
            ("amp", b'&'),
            ("quot", b'"'),
            ("apos", b'\''),
        ];
        let is = |word: &str| self.matches(data, start, end, word);
        known
            .iter()
            .find(|(word, _)| is(word))
            .map(|&(_, character)| character)
    }

    /// Counts lines and columns.
    pub(crate) fn count(&self, data: &[u8], start: usize, end: usize, at: &mut Position) {
        let Some(data) = data.get(..end) else {
            return;
        };
        let part = data.get(start..).unwrap_or_default();
        if self.min() == 1 && !part.contains(&b'\r') {
            // Bytes within a character count for nothing.
            let has_sequences = !matches!(
                self.charset,
                Charset::Latin1 | Charset::Ascii | Charset::Custom(_)
            );
            let line = match part.iter().rposition(|&b| b == b'\n') {
                Some(last) => {
                    at.line += part.iter().map(|&b| u64::from(b == b'\n')).sum::<u64>();
                    at.column = 0;
                    part.get(last + 1..).unwrap_or_default()
                }
                None => part,
            };
            let within = |b: u8| has_sequences && b & 0xC0 == 0x80;
            at.column += line.iter().map(|&b| u64::from(!within(b))).sum::<u64>();
            return;
        }
        with_scanner!(self, data, s => {
            let mut i = start;
            while let Some(kind) = s.kind(i) {
                i += match kind {
                    Kind::Lf => {
                        at.line += 1;
                        at.column = 0;
                        i += self.min();
                        continue;
                    }
                    Kind::Cr => {
                        at.line += 1;
                        at.column = 0;
                        i += self.min();
                        if s.kind(i) == Some(Kind::Lf) {
                            i += self.min();
                        }
                        continue;
                    }
                    Kind::Lead2 => 2,
                    Kind::Lead3 => 3,
                    Kind::Lead4 => 4,
                    _ => self.min(),
                };
                at.column += 1;
            }
        });
    }

    /// Appends what stands in `start..end` as UTF-8, as long as that does not get longer than `limit`. Gives the place of the
    /// first character that did not fit.
    pub(crate) fn convert(
        &self,
        data: &[u8],
        start: usize,
        end: usize,
        to: &mut Vec<u8>,
        limit: usize,
    ) -> usize {
        let part = data.get(start..end).unwrap_or_default();
        match &self.charset {
            Charset::Latin1 => convert_bytes(part, start, to, limit, |b| Some(char::from(b))),
            Charset::Custom(custom) => {
                convert_bytes(part, start, to, limit, |b| custom.chars[usize::from(b)])
            }
            Charset::Utf16Be => convert_wide(part, start, to, limit, u16::from_be_bytes),
            Charset::Utf16Le => convert_wide(part, start, to, limit, u16::from_le_bytes),
            _ => {
                to.extend_from_slice(part);
                end
            }
        }
    }

    /// What stands in `start..end`, as UTF-8.
    pub(crate) fn text(&self, data: &[u8], start: usize, end: usize) -> Vec<u8> {
        let mut to = Vec::new();
        self.convert(data, start, end, &mut to, usize::MAX);
        to
    }
}

/// Appends a character unless it makes `used` bytes more than `limit`.
fn push(c: char, to: &mut Vec<u8>, used: &mut usize, limit: usize) -> bool {
    let mut room = [0; 4];
    let bytes = c.encode_utf8(&mut room).as_bytes();
    if limit - *used < bytes.len() {
        return false;
    }
    *used += bytes.len();
    to.extend_from_slice(bytes);
    true
}

fn convert_bytes(
    part: &[u8],
    start: usize,
    to: &mut Vec<u8>,
    limit: usize,
    map: impl Fn(u8) -> Option<char>,
) -> usize {
    let mut used = 0;
    for (i, &b) in part.iter().enumerate() {
        // Bytes without a character are no part of tokens.
        if let Some(c) = map(b)
            && !push(c, to, &mut used, limit)
        {
            return start + i;
        }
    }
    start + part.len()
}

fn convert_wide(
    part: &[u8],
    start: usize,
    to: &mut Vec<u8>,
    limit: usize,
    unit: fn([u8; 2]) -> u16,
) -> usize {
    let mut used = 0;
    let mut i = 0;
    while let Some(&[a, b]) = part.get(i..i + 2) {
        let first = u32::from(unit([a, b]));
        let (code, length) = match first {
            0xD800..=0xDBFF => {
                let Some(&[a, b]) = part.get(i + 2..i + 4) else {
                    break;
                };
                // What follows is taken for a low surrogate, whatever it is.
                let second = u32::from(unit([a, b]));
                (0x1_0000 + ((first & 0x3FF) << 10 | second & 0x3FF), 4)
            }
            _ => (first, 2),
        };
        let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        if !push(c, to, &mut used, limit) {
            return start + i;
        }
        i += length;
    }
    start + part.len()
}

/// A place in the input. Both count from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) line: u64,
    pub(crate) column: u64,
}

impl Custom {
    /// An encoding with these characters; `None` for bytes that have none. Fails when the encoding is not like ASCII where
    /// markup needs that.
    pub(crate) fn new(map: &[Option<u32>; 256], namespaces: bool) -> Option<Custom> {
        let plain = &LATIN1[usize::from(namespaces)];
        let free = |k: usize| matches!(LATIN1[0][k], Kind::Other | Kind::NonXml);
        if (0..128).any(|k| !free(k) && map[k] != Some(k as u32)) {
            return None;
        }
        let mut custom = Custom {
            kinds: [Kind::Malformed; 256],
            chars: [None; 256],
        };
        for (k, &code) in map.iter().enumerate() {
            let Some(code) = code else {
                continue;
            };
            custom.kinds[k] = match code {
                0..0x80 if !free(code as usize) && code as usize != k => return None,
                0..0x80 => LATIN1[0][code as usize],
                _ if !is_char_number(code) => {
                    custom.kinds[k] = Kind::NonXml;
                    continue;
                }
                0x1_0000.. => return None,
                _ if is_name_start(code) => Kind::NameStart,
                _ if is_name(code) => Kind::Name,
                _ => Kind::Other,
            };
            custom.chars[k] = char::from_u32(code);
        }
        custom.kinds[usize::from(b':')] = plain[usize::from(b':')];
        Some(custom)
    }
}

/// Finds out how input is encoded from its first bytes. `content` is for external general entities, which need not begin
/// with a character of ASCII. Gives the encoding, and a token if that is known already: a byte order mark, or that more
/// bytes are needed.
pub(crate) fn detect(
    named: Option<Named>,
    content: bool,
    data: &[u8],
    i: usize,
) -> (Option<Charset>, Option<Scan>) {
    use Named::{Latin1, Utf16, Utf16Be, Utf16Le};
    let given = named.unwrap_or(Named::Utf8).charset();
    let wide = matches!(named, Some(Utf16 | Utf16Be | Utf16Le));
    let latin1_content = content && named == Some(Latin1);
    let bom = |length: usize| Some(Scan::new(Tok::Bom, i + length));
    let partial = (None, Some(Scan::new(Tok::Partial, i)));
    match data.get(i..).unwrap_or_default() {
        [] => (None, Some(Scan::new(Tok::None, i))),
        [_] if wide => partial,
        [0xFE | 0xFF | 0xEF] if latin1_content => (Some(given), None),
        [0xFE | 0xFF | 0xEF | 0x00 | 0x3C] => partial,
        [0xFE, 0xFF, ..] if !latin1_content => (Some(Charset::Utf16Be), bom(2)),
        [0x3C, 0x00, ..] if !(content && matches!(named, Some(Utf16 | Utf16Be))) => {
            (Some(Charset::Utf16Le), None)
        }
        [0xFF, 0xFE, ..] if !latin1_content => (Some(Charset::Utf16Le), bom(2)),
        [0xEF, 0xBB, rest @ ..] if !(content && (wide || named == Some(Latin1))) => match rest {
            [] => partial,
            [0xBF, ..] => (Some(Charset::Utf8), bom(3)),
            _ => (Some(given), None),
        },
        [0x3C, 0x00, ..] | [0xFE, 0xFF, ..] | [0xFF, 0xFE, ..] | [0xEF, 0xBB, ..] => {
            (Some(given), None)
        }
        [0x00, ..] if content && named == Some(Utf16Le) => (Some(given), None),
        [0x00, _, ..] => (Some(Charset::Utf16Be), None),
        [_, 0x00, ..] if !content => (Some(Charset::Utf16Le), None),
        _ => (Some(given), None),
    }
}
