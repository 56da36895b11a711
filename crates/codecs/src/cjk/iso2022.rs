//! The encodings that shift between character sets by escape sequences (ISO 2022): `iso2022_jp` and its variants, and
//! `iso2022_kr`.
//!
//! The state has the marks of the sets that G0 to G3 stand for in its first bytes, and flags in the fifth.

use taipan_text::TextBuf;

use super::generated::{GB2312, KSX1001};
use super::japanese::{
    Edition, ascii_tilde, katakana, katakana_char, place_of_row, roman, roman_char,
};
use super::tables::{Meaning, PLANE_2, Table};
use super::{Chars, Input, Scheme, State, Stop, put, put_two, two};

const ESC: u8 = 0x1B;
const SHIFT_OUT: u8 = 0x0E;
const SHIFT_IN: u8 = 0x0F;

/// A code of JIS X 0213's second plane, and its character since 2004.
const CHANGED: (u32, u32) = (0xFDBB, 0x9B1C);

/// Where the flags are in the state.
const FLAGS: usize = 4;
/// G1 is in use.
const SHIFTED: u8 = 1;
/// Within an escape sequence of some other kind.
const ESCAPED: u8 = 2;

/// No escape sequence is longer.
const LONGEST: usize = 16;

/// Sets of two bytes have this in their marks.
const DOUBLE: u8 = 0x80;
const ASCII: u8 = b'B';

/// What codes of a set mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    Jisx0201Roman,
    Jisx0201Kana,
    Jisx0208,
    Jisx0212,
    /// The first plane of JIS X 0213.
    Jisx0213,
    /// The same, to be used for pairs of characters only when encoding.
    Jisx0213Pairs,
    Jisx0213Plane2,
    Ksx1001,
    Gb2312,
    /// ISO 8859-1 and -7 can be in G2 only, and are not encoded.
    G2Only,
}

/// A set that can be designated.
struct Designation {
    /// The last byte of the escape sequence, with [`DOUBLE`].
    mark: u8,
    /// Encoded in G0 or G1.
    plane: usize,
    set: Set,
}

const fn designation(mark: u8, plane: usize, set: Set) -> Designation {
    Designation { mark, plane, set }
}

const ROMAN: Designation = designation(b'J', 0, Set::Jisx0201Roman);
const KANA: Designation = designation(b'I', 0, Set::Jisx0201Kana);
const JISX0208: Designation = designation(b'B' | DOUBLE, 0, Set::Jisx0208);
const JISX0208_OLD: Designation = designation(b'@' | DOUBLE, 0, Set::Jisx0208);
const JISX0212: Designation = designation(b'D' | DOUBLE, 0, Set::Jisx0212);
const PLANE2: Designation = designation(b'P' | DOUBLE, 0, Set::Jisx0213Plane2);

static KR: [Designation; 1] = [designation(b'C' | DOUBLE, 1, Set::Ksx1001)];
static JP: [Designation; 3] = [JISX0208, ROMAN, JISX0208_OLD];
static JP_1: [Designation; 4] = [JISX0208, JISX0212, ROMAN, JISX0208_OLD];
static JP_2: [Designation; 8] = [
    JISX0208,
    JISX0212,
    designation(b'C' | DOUBLE, 0, Set::Ksx1001),
    designation(b'A' | DOUBLE, 0, Set::Gb2312),
    ROMAN,
    JISX0208_OLD,
    designation(b'A', 2, Set::G2Only),
    designation(b'F', 2, Set::G2Only),
];
static JP_3: [Designation; 4] = [
    designation(b'O' | DOUBLE, 0, Set::Jisx0213Pairs),
    JISX0208,
    designation(b'O' | DOUBLE, 0, Set::Jisx0213),
    PLANE2,
];
static JP_2004: [Designation; 4] = [
    designation(b'Q' | DOUBLE, 0, Set::Jisx0213Pairs),
    JISX0208,
    designation(b'Q' | DOUBLE, 0, Set::Jisx0213),
    PLANE2,
];
static JP_EXT: [Designation; 5] = [JISX0208, JISX0212, ROMAN, KANA, JISX0208_OLD];

#[derive(Default)]
pub(super) struct Iso2022 {
    designations: &'static [Designation],
    /// SO and SI shift, as in Korean text.
    shifts: bool,
    /// G2 can be designated.
    g2: bool,
    jis: Table,
    jisx0213: Table,
    ksx1001: Table,
    gb2312: Table,
}

impl Iso2022 {
    pub(super) fn new(name: &str) -> Option<Iso2022> {
        let designations: &'static [Designation] = match name.strip_prefix("iso2022_")? {
            "kr" => &KR,
            "jp" => &JP,
            "jp_1" => &JP_1,
            "jp_2" => &JP_2,
            "jp_3" => &JP_3,
            "jp_2004" => &JP_2004,
            "jp_ext" => &JP_EXT,
            _ => return None,
        };
        let mut new = Iso2022 {
            designations,
            shifts: name == "iso2022_kr",
            g2: name == "iso2022_jp_2",
            ..Iso2022::default()
        };
        for d in designations {
            match d.set {
                Set::Jisx0208 => new.jis = Edition::Jis.table(),
                Set::Ksx1001 => new.ksx1001 = Table::new(&[&KSX1001]),
                Set::Gb2312 => new.gb2312 = Table::new(&[&GB2312]),
                Set::Jisx0213 if name == "iso2022_jp_3" => new.jisx0213 = Edition::Jis2000.table(),
                Set::Jisx0213 => new.jisx0213 = Edition::Jis2004.table(),
                _ => {}
            }
        }
        Some(new)
    }

    /// What the bytes that stand here mean in a set, and how many they are.
    fn meaning(&self, set: Set, input: &Input<'_>) -> Result<(Meaning, usize), Stop> {
        let first = input.need(0)?;
        let one = |c: Option<u32>| (c.map_or(Meaning::Nothing, Meaning::One), 1);
        match set {
            Set::Jisx0201Roman => return Ok(one(Some(roman_char(first)))),
            Set::Jisx0201Kana => return Ok(one(katakana_char(first | 0x80))),
            Set::G2Only => return Ok(one(None)),
            _ => {}
        }
        let second = input.need(1)?;
        if !second.is_ascii() {
            return Ok((Meaning::Nothing, 2));
        }
        let code = two(first, second) | 0x8080;
        let meaning = match set {
            Set::Jisx0208 => self.jis.decode(code),
            Set::Jisx0212 => self.jis.decode(code | PLANE_2),
            Set::Ksx1001 => self.ksx1001.decode(code),
            Set::Gb2312 => self.gb2312.decode(code),
            // The one character of this plane that changed in 2004 is the new one, as in CPython, though the old edition
            // encodes it.
            Set::Jisx0213Plane2 if code == CHANGED.0 => Meaning::One(CHANGED.1),
            Set::Jisx0213Plane2 => match place_of_row(code) {
                Some(_) => self.jisx0213.decode(code | PLANE_2),
                None => Meaning::Nothing,
            },
            _ => ascii_tilde(self.jisx0213.decode(code)),
        };
        Ok((meaning, 2))
    }

    /// The code of the character that stands here in a set, and how many characters it is for.
    fn code(&self, set: Set, c: u32, chars: &Chars<'_>) -> Result<Option<(u32, usize)>, Stop> {
        let found = match set {
            Set::Jisx0201Roman => roman(c).map(u32::from),
            Set::Jisx0201Kana => katakana(c).map(|byte| u32::from(byte & 0x7F)),
            Set::Jisx0208 => self.jis.encode(c).filter(|code| code & PLANE_2 == 0),
            Set::Jisx0212 => self.jis.encode(c).filter(|code| code & PLANE_2 != 0),
            Set::Ksx1001 => self.ksx1001.encode(c),
            Set::Gb2312 => self.gb2312.encode(c),
            Set::G2Only => None,
            Set::Jisx0213 | Set::Jisx0213Pairs | Set::Jisx0213Plane2 => {
                let (code, count) = match chars.code(c, &self.jisx0213) {
                    Ok(found) => found,
                    Err(Stop::TooFew) => return Err(Stop::TooFew),
                    Err(_) => return Ok(None),
                };
                let fits = match set {
                    Set::Jisx0213Pairs => count == 2,
                    Set::Jisx0213 => code & PLANE_2 == 0,
                    _ => code & PLANE_2 != 0 && place_of_row(code).is_some(),
                };
                // The full-width tilde is the ASCII one here.
                let fits = fits && ascii_tilde(Meaning::One(c)) == Meaning::One(c);
                return Ok(fits.then_some((code & 0x7F7F, count)));
            }
        };
        Ok(found.map(|code| (code & 0x7F7F, 1)))
    }

    /// The length of the escape sequence that begins here.
    fn escape_len(&self, input: &Input<'_>) -> Result<usize, Stop> {
        let mut i = 1;
        while i < LONGEST {
            let byte = input.need(i)?;
            if byte.is_ascii_uppercase() || byte == b'@' {
                return Ok(i + 1);
            }
            // A newer edition of JIS X 0208 is announced by a sequence before its own.
            if !self.shifts && byte == b'&' && input.peek(i + 1) == Some(b'@') {
                i += 2;
            }
            i += 1;
        }
        Err(Stop::Illegal(1))
    }

    fn designate(&self, state: &mut State, input: &mut Input<'_>) -> Result<(), Stop> {
        let len = self.escape_len(input)?;
        let bad = Stop::Illegal(len);
        let byte = |ahead| input.peek(ahead).unwrap_or(0);
        let side = |byte| match byte {
            b'(' => Ok(0),
            b')' => Ok(1),
            b'.' if self.g2 && len == 3 => Ok(2),
            _ => Err(bad),
        };
        let (mark, plane) = match len {
            3 if byte(1) == b'$' => (byte(2) | DOUBLE, 0),
            3 => (byte(2), side(byte(1))?),
            4 if byte(1) == b'$' => (byte(3) | DOUBLE, side(byte(2))?),
            6 if !self.shifts && [byte(3), byte(4), byte(5)] == [ESC, b'$', b'B'] => {
                (b'B' | DOUBLE, 0)
            }
            _ => return Err(bad),
        };
        if mark != ASCII && !self.designations.iter().any(|d| d.mark == mark) {
            return Err(bad);
        }
        state.0[plane] = mark;
        input.skip(len);
        Ok(())
    }

    /// A single character of G2.
    fn single_shift(
        &self,
        state: &State,
        input: &mut Input<'_>,
        out: &mut TextBuf,
    ) -> Result<(), Stop> {
        let byte = input.need(2)?;
        let c = match state.0[2] {
            b'A' => byte.is_ascii().then(|| u32::from(byte) + 0x80),
            b'F' => greek(byte ^ 0x80),
            ASCII => byte.is_ascii().then_some(byte.into()),
            _ => return Err(Stop::Internal),
        };
        out.push(c.ok_or(Stop::Illegal(3))?);
        input.skip(3);
        Ok(())
    }
}

/// ISO 8859-7 as of 1987.
fn greek(byte: u8) -> Option<u32> {
    let c = u32::from(byte);
    match byte {
        0xA1 => Some(0x2018),
        0xA2 => Some(0x2019),
        0xAF => Some(0x2015),
        0..=0x9F | 0xA0 | 0xA3 | 0xA6..=0xA9 | 0xAB..=0xAD | 0xB0..=0xB3 | 0xB7 | 0xBB | 0xBD => {
            Some(c)
        }
        0xB4..=0xB6 | 0xB8..=0xBA | 0xBC | 0xBE..=0xD1 | 0xD3..=0xFE => Some(c + 0x2D0),
        _ => None,
    }
}

impl Scheme for Iso2022 {
    fn start(&self, decoding: bool) -> State {
        let g2 = if decoding { ASCII } else { 0 };
        State([ASCII, ASCII, g2, 0, 0, 0, 0, 0])
    }

    fn decode(
        &self,
        state: &mut State,
        input: &mut Input<'_>,
        out: &mut TextBuf,
    ) -> Result<(), Stop> {
        let first = input.need(0)?;
        let mut plain = || {
            out.push(first.into());
            input.skip(1);
            Ok(())
        };
        if state.0[FLAGS] & ESCAPED != 0 {
            if first.is_ascii_uppercase() || first == b'@' {
                state.0[FLAGS] &= !ESCAPED;
            }
            return plain();
        }
        match first {
            ESC => match input.need(1)? {
                b'(' | b')' | b'$' | b'.' | b'&' => self.designate(state, input),
                b'N' if self.g2 => self.single_shift(state, input, out),
                _ => {
                    state.0[FLAGS] |= ESCAPED;
                    out.push(first.into());
                    input.skip(1);
                    Ok(())
                }
            },
            SHIFT_IN | SHIFT_OUT if self.shifts => {
                if first == SHIFT_OUT {
                    state.0[FLAGS] |= SHIFTED;
                } else {
                    state.0[FLAGS] &= !SHIFTED;
                }
                input.skip(1);
                Ok(())
            }
            b'\n' => {
                state.0[FLAGS] &= !SHIFTED;
                plain()
            }
            0..=0x1F => plain(),
            0x80.. => Err(Stop::Illegal(1)),
            _ => {
                let mark = state.0[usize::from(state.0[FLAGS] & SHIFTED)];
                if mark == ASCII {
                    return plain();
                }
                let found = self.designations.iter().find(|d| d.mark == mark);
                // A state may have been made up.
                let set = found.ok_or(Stop::Illegal(1))?.set;
                let (meaning, len) = self.meaning(set, input)?;
                put(meaning, out).map_err(|_| Stop::Illegal(len))?;
                input.skip(len);
                Ok(())
            }
        }
    }

    fn encode(
        &self,
        state: &mut State,
        c: u32,
        chars: &Chars<'_>,
        out: &mut Vec<u8>,
    ) -> Result<usize, Stop> {
        if c < 0x80 {
            if state.0[0] != ASCII {
                out.extend(b"\x1B(B");
                state.0[0] = ASCII;
            }
            if state.0[FLAGS] & SHIFTED != 0 {
                out.push(SHIFT_IN);
                state.0[FLAGS] &= !SHIFTED;
            }
            out.push(c as u8);
            return Ok(1);
        }
        for d in self.designations {
            let Some((code, count)) = self.code(d.set, c, chars)? else {
                continue;
            };
            if d.plane == 0 && state.0[FLAGS] & SHIFTED != 0 {
                out.push(SHIFT_IN);
                state.0[FLAGS] &= !SHIFTED;
            }
            if state.0[d.plane] != d.mark {
                state.0[d.plane] = d.mark;
                out.push(ESC);
                let side = if d.plane == 0 { b'(' } else { b')' };
                if d.mark & DOUBLE == 0 {
                    out.push(side);
                } else {
                    out.push(b'$');
                    // The oldest sets have no byte for the side.
                    if d.mark != JISX0208.mark {
                        out.push(side);
                    }
                }
                out.push(d.mark & !DOUBLE);
            }
            if d.plane == 1 && state.0[FLAGS] & SHIFTED == 0 {
                out.push(SHIFT_OUT);
                state.0[FLAGS] |= SHIFTED;
            }
            if d.mark & DOUBLE == 0 {
                out.push(code as u8);
            } else {
                put_two(code, out);
            }
            return Ok(count);
        }
        Err(Stop::Illegal(1))
    }

    fn finish(&self, state: &mut State, out: &mut Vec<u8>) {
        if state.0[FLAGS] & SHIFTED != 0 {
            out.push(SHIFT_IN);
            state.0[FLAGS] &= !SHIFTED;
        }
        if state.0[0] != ASCII {
            out.extend(b"\x1B(B");
            state.0[0] = ASCII;
        }
    }

    fn reset(&self, state: &mut State) {
        state.0[0] = ASCII;
        state.0[FLAGS] &= !SHIFTED;
    }
}
