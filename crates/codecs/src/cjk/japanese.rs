//! EUC-JP and Shift JIS with their successors for JIS X 0213, and Microsoft's code page 932.

use taipan_text::TextBuf;

use super::generated as sets;
use super::tables::{Code, Meaning, PLANE_2, Table};
use super::{Chars, Input, Scheme, State, Stop, put, put_two, two};

/// Which character sets an encoding is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edition {
    /// JIS X 0208 and JIS X 0212.
    Jis,
    /// JIS X 0213 as of 2000.
    Jis2000,
    /// JIS X 0213 as of 2004.
    Jis2004,
}

impl Edition {
    pub(super) fn table(self) -> Table {
        let (a, b) = (&sets::JISX0208, &sets::JISX0212);
        match self {
            Self::Jis => Table::new(&[a, b]),
            Self::Jis2004 => Table::new(&[a, b, &sets::JISX0213]).with_short_pairs(),
            Self::Jis2000 => {
                Table::new(&[a, b, &sets::JISX0213, &sets::JISX0213_2000]).with_short_pairs()
            }
        }
    }
}

/// Half-width katakana are this far from their bytes in JIS X 0201.
const KATAKANA: u32 = 0xFEC0;

/// The byte of a half-width katakana.
pub(super) fn katakana(c: u32) -> Option<u8> {
    (0xFF61..=0xFF9F).contains(&c).then(|| (c - KATAKANA) as u8)
}

/// The half-width katakana of a byte.
pub(super) fn katakana_char(byte: u8) -> Option<u32> {
    (0xA1..=0xDF)
        .contains(&byte)
        .then(|| u32::from(byte) + KATAKANA)
}

/// What JIS X 0201 has in place of backslash and tilde.
const YEN: u32 = 0xA5;
const OVERLINE: u32 = 0x203E;

/// The ASCII character that takes the place of one that JIS X 0201 has there.
pub(super) fn roman(c: u32) -> Option<u8> {
    match c {
        YEN => Some(b'\\'),
        OVERLINE => Some(b'~'),
        _ => None,
    }
}

/// What JIS X 0201 has at an ASCII character's place.
pub(super) fn roman_char(byte: u8) -> u32 {
    match byte {
        b'\\' => YEN,
        b'~' => OVERLINE,
        other => other.into(),
    }
}

/// Full-width backslash and tilde, which some encodings take for the ASCII characters.
const FULL_BACKSLASH: u32 = 0xFF3C;
const FULL_TILDE: u32 = 0xFF5E;
const FULL_BACKSLASH_CODE: u32 = 0xA1C0;
const FULL_TILDE_CODE: u32 = 0xA2B2;

/// A code's meaning where its full-width tilde is the ASCII one.
pub(super) fn ascii_tilde(meaning: Meaning) -> Meaning {
    match meaning {
        Meaning::One(FULL_TILDE) => Meaning::One('~'.into()),
        other => other,
    }
}

/// The rows of JIS X 0213's second plane that Shift JIS has first, counted from 0; all from 77 on follow. JIS X 0212
/// has none of them.
const ROWS: [u32; 9] = [0, 7, 2, 3, 4, 11, 12, 13, 14];
const LAST_ROWS: u32 = 77;

/// Where Shift JIS has a row of the second plane, after the first plane; `None` for rows of JIS X 0212.
pub(super) fn place_of_row(code: u32) -> Option<u32> {
    let row = ((code >> 8) & 0xFF).checked_sub(0xA1)?;
    let first = ROWS.len() as u32;
    match ROWS.iter().position(|&r| r == row) {
        Some(place) => Some(place as u32),
        None => row.checked_sub(LAST_ROWS).map(|n| n + first),
    }
}

/// Puts out what a code means; one that JIS X 0213 did not have in 2000 is wrong as a whole.
fn put_known(meaning: Meaning, out: &mut TextBuf) -> Result<(), Stop> {
    match meaning {
        Meaning::Removed => Err(Stop::Illegal(2)),
        other => put(other, out),
    }
}

pub(super) struct Euc {
    table: Table,
    edition: Edition,
}

impl Euc {
    pub(super) fn new(edition: Edition) -> Euc {
        Euc {
            table: edition.table(),
            edition,
        }
    }
}

impl Scheme for Euc {
    fn decode(&self, _: &mut State, input: &mut Input<'_>, out: &mut TextBuf) -> Result<(), Stop> {
        let first = input.need(0)?;
        let (meaning, len) = match first {
            0..=0x7F => (Meaning::One(first.into()), 1),
            0x8E => {
                let found = katakana_char(input.need(1)?);
                (found.map_or(Meaning::Nothing, Meaning::One), 2)
            }
            0x8F => {
                let third = input.need(2)?;
                (self.table.decode(PLANE_2 | two(input.need(1)?, third)), 3)
            }
            _ => (self.table.decode(two(first, input.need(1)?)), 2),
        };
        put_known(meaning, out)?;
        input.skip(len);
        Ok(())
    }

    fn encode(
        &self,
        _: &mut State,
        c: u32,
        chars: &Chars<'_>,
        out: &mut Vec<u8>,
    ) -> Result<usize, Stop> {
        if c < 0x80 {
            out.push(c as u8);
        } else if let Some(byte) = katakana(c) {
            out.extend([0x8E, byte]);
        } else if let Some(byte) = roman(c).filter(|_| self.edition == Edition::Jis) {
            out.push(byte);
        } else {
            let (code, count) = chars.code(c, &self.table)?;
            if code & PLANE_2 != 0 {
                out.push(0x8F);
            }
            put_two(code, out);
            return Ok(count);
        }
        Ok(1)
    }
}

/// Row and cell, counted from 0, of two bytes of Shift JIS.
fn place(first: u8, second: u8) -> Option<(u32, u32)> {
    let lead = match first {
        0x81..=0x9F => first - 0x81,
        0xE0..=0xFC => first - 0xC1,
        _ => return None,
    };
    let cell = match second {
        0x40..=0x7E => second - 0x40,
        0x80..=0xFC => second - 0x41,
        _ => return None,
    };
    Some((
        u32::from(lead) * 2 + u32::from(cell / 94),
        u32::from(cell % 94),
    ))
}

fn put_place(row: u32, cell: u32, out: &mut Vec<u8>) {
    let (lead, cell) = (row / 2, cell + row % 2 * 94);
    out.extend([
        (lead + if lead < 0x1F { 0x81 } else { 0xC1 }) as u8,
        (cell + if cell < 0x3F { 0x40 } else { 0x41 }) as u8,
    ]);
}

fn code_at(row: u32, cell: u32) -> u32 {
    (row + 0xA1) << 8 | (cell + 0xA1)
}

/// Puts out a code of the first plane.
fn put_code(code: u32, out: &mut Vec<u8>) {
    put_place((code >> 8) - 0xA1, (code & 0xFF) - 0xA1, out);
}

pub(super) struct ShiftJis {
    table: Table,
    edition: Edition,
}

impl ShiftJis {
    pub(super) fn new(edition: Edition) -> ShiftJis {
        ShiftJis {
            table: edition.table(),
            edition,
        }
    }

    fn meaning(&self, row: u32, cell: u32) -> Meaning {
        if row < 94 {
            let meaning = self.table.decode(code_at(row, cell));
            return match meaning {
                Meaning::One(FULL_BACKSLASH) if self.edition != Edition::Jis => {
                    Meaning::One('\\'.into())
                }
                other => ascii_tilde(other),
            };
        }
        if self.edition == Edition::Jis {
            return Meaning::Nothing;
        }
        let place = row - 94;
        let row = match ROWS.get(place as usize) {
            Some(&row) => row,
            None => place - ROWS.len() as u32 + LAST_ROWS,
        };
        self.table.decode(PLANE_2 | code_at(row, cell))
    }
}

impl Scheme for ShiftJis {
    fn decode(&self, _: &mut State, input: &mut Input<'_>, out: &mut TextBuf) -> Result<(), Stop> {
        let first = input.need(0)?;
        let one = match first {
            0..=0x7F if self.edition == Edition::Jis => Some(first.into()),
            0..=0x7F => Some(roman_char(first)),
            _ => katakana_char(first),
        };
        if let Some(c) = one {
            out.push(c);
            input.skip(1);
            return Ok(());
        }
        let last = if self.edition == Edition::Jis {
            0xEA
        } else {
            0xFC
        };
        if matches!(first, 0x80 | 0xA0) || first > last {
            return Err(Stop::Illegal(1));
        }
        let (row, cell) = place(first, input.need(1)?).ok_or(Stop::Illegal(1))?;
        put_known(self.meaning(row, cell), out)?;
        input.skip(2);
        Ok(())
    }

    fn encode(
        &self,
        _: &mut State,
        c: u32,
        chars: &Chars<'_>,
        out: &mut Vec<u8>,
    ) -> Result<usize, Stop> {
        if let Some(byte) = roman(c).or_else(|| katakana(c)) {
            out.push(byte);
            return Ok(1);
        }
        if self.edition == Edition::Jis {
            if c < 0x80 {
                out.push(c as u8);
                return Ok(1);
            }
        } else {
            const BACKSLASH: u32 = '\\' as u32;
            const TILDE: u32 = '~' as u32;
            match c {
                BACKSLASH => {
                    put_code(FULL_BACKSLASH_CODE, out);
                    return Ok(1);
                }
                TILDE => {
                    put_code(FULL_TILDE_CODE, out);
                    return Ok(1);
                }
                0..=0x7F => {
                    out.push(c as u8);
                    return Ok(1);
                }
                FULL_BACKSLASH | FULL_TILDE => return Err(Stop::Illegal(1)),
                _ => {}
            }
        }
        let (code, count) = chars.code(c, &self.table)?;
        if code & PLANE_2 == 0 {
            put_code(code, out);
            return Ok(count);
        }
        let place = place_of_row(code).filter(|_| self.edition != Edition::Jis);
        let place = place.ok_or(Stop::Illegal(1))?;
        put_place(94 + place, (code & 0xFF) - 0xA1, out);
        Ok(count)
    }
}

pub(super) struct Cp932 {
    /// Codes as they are.
    own: Table,
    /// The rest is Shift JIS.
    jis: Table,
}

impl Cp932 {
    pub(super) fn new() -> Cp932 {
        Cp932 {
            own: Table::new(&[&sets::CP932]),
            jis: Edition::Jis.table(),
        }
    }
}

/// The user's own characters, 188 for each first byte from 0xF0 to 0xF9.
const USER: u32 = 0xE000;
const USER_ROW: u32 = 2 * (0xF0 - 0xC1);
const USER_COUNT: u32 = 10 * 188;

/// The characters of bytes that Windows gives none.
const ODD: [(u8, u32); 4] = [
    (0xA0, 0xF8F0),
    (0xFD, 0xF8F1),
    (0xFE, 0xF8F2),
    (0xFF, 0xF8F3),
];

impl Scheme for Cp932 {
    fn decode(&self, _: &mut State, input: &mut Input<'_>, out: &mut TextBuf) -> Result<(), Stop> {
        let first = input.need(0)?;
        let odd = ODD.iter().find(|odd| odd.0 == first).map(|odd| odd.1);
        let one = odd
            .or_else(|| katakana_char(first))
            .or_else(|| (first <= 0x80).then_some(first.into()));
        if let Some(c) = one {
            out.push(c);
            input.skip(1);
            return Ok(());
        }
        let second = input.need(1)?;
        let mut meaning = self.own.decode(two(first, second));
        if meaning == Meaning::Nothing {
            let (row, cell) = place(first, second).ok_or(Stop::Illegal(1))?;
            meaning = match first {
                0xF0..=0xF9 => Meaning::One(USER + (row - USER_ROW) * 94 + cell),
                0x81..=0xEA => self.jis.decode(code_at(row, cell)),
                _ => Meaning::Nothing,
            };
        }
        put(meaning, out)?;
        input.skip(2);
        Ok(())
    }

    fn encode(
        &self,
        _: &mut State,
        c: u32,
        _: &Chars<'_>,
        out: &mut Vec<u8>,
    ) -> Result<usize, Stop> {
        let odd = ODD.iter().find(|odd| odd.1 == c).map(|odd| odd.0);
        if c <= 0x80 {
            out.push(c as u8);
        } else if let Some(byte) = katakana(c).or(odd) {
            out.push(byte);
        } else if (USER..USER + USER_COUNT).contains(&c) {
            put_place(USER_ROW + (c - USER) / 94, (c - USER) % 94, out);
        } else {
            match self.own.code(c) {
                Code::Is(code) => put_two(code, out),
                Code::Not => return Err(Stop::Illegal(1)),
                Code::Unknown => {
                    let code = self.jis.encode(c).filter(|code| code & PLANE_2 == 0);
                    put_code(code.ok_or(Stop::Illegal(1))?, out);
                }
            }
        }
        Ok(1)
    }
}
