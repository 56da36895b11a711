//! EUC-KR, which spells syllables that KS X 1001 lacks in letters, and Johab, which composes them from bits.

use taipan_text::TextBuf;

use super::generated::KSX1001;
use super::tables::Table;
use super::{Chars, Input, Scheme, State, Stop, put, put_two, two};

/// The first syllable.
const SYLLABLES: u32 = 0xAC00;
/// How many there are.
const COUNT: u32 = 19 * 21 * 28;

/// Consonants of KS X 1001's row of letters (from 0xA4A1 on, U+3131) as initials and as finals; vowels follow them.
const INITIALS: [u8; 19] = [
    0, 1, 3, 6, 7, 8, 16, 17, 18, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29,
];
const FINALS: [u8; 27] = [
    0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 19, 20, 21, 22, 23, 25, 26, 27, 28,
    29,
];
const VOWELS_FROM: u8 = 30;

/// Initial, vowel and final of a syllable; final 0 is none.
fn letters(c: u32) -> Option<(usize, usize, usize)> {
    let n = c.checked_sub(SYLLABLES).filter(|&n| n < COUNT)? as usize;
    Some((n / 588, n / 28 % 21, n % 28))
}

fn syllable(initial: usize, vowel: usize, last: usize) -> u32 {
    SYLLABLES + (initial * 588 + vowel * 28 + last) as u32
}

fn index(list: &[u8], item: u8) -> Option<usize> {
    list.iter().position(|&x| x == item)
}

pub(super) struct EucKr {
    table: Table,
}

impl EucKr {
    pub(super) fn new() -> EucKr {
        EucKr {
            table: Table::new(&[&KSX1001]),
        }
    }
}

/// The row of letters.
const ROW: u8 = 0xA4;
/// What stands for no letter, and begins a syllable that is spelled.
const FILLER: u8 = 0xD4;

impl Scheme for EucKr {
    fn decode(&self, _: &mut State, input: &mut Input<'_>, out: &mut TextBuf) -> Result<(), Stop> {
        let Some(first) = input.beyond_ascii(out)? else {
            return Ok(());
        };
        let second = input.need(1)?;
        if (first, second) != (ROW, FILLER) {
            put(self.table.decode(two(first, second)), out)?;
            input.skip(2);
            return Ok(());
        }
        input.need(7)?;
        let letter = |at: usize| {
            let letter = input.peek(at + 1)?;
            (input.peek(at) == Some(ROW)).then_some(letter)
        };
        let consonant = |letter: u8| letter.checked_sub(0xA1);
        let found = || {
            let (initial, vowel, last) = (letter(2)?, letter(4)?, letter(6)?);
            let vowel = consonant(vowel)?.checked_sub(VOWELS_FROM)?;
            let last = match last {
                FILLER => 0,
                last => index(&FINALS, consonant(last)?)? + 1,
            };
            let initial = index(&INITIALS, consonant(initial)?)?;
            (vowel < 21).then(|| syllable(initial, vowel.into(), last))
        };
        out.push(found().ok_or(Stop::Illegal(1))?);
        input.skip(8);
        Ok(())
    }

    fn encode(
        &self,
        _: &mut State,
        c: u32,
        _: &Chars<'_>,
        out: &mut Vec<u8>,
    ) -> Result<usize, Stop> {
        if c < 0x80 {
            out.push(c as u8);
        } else if let Some(code) = self.table.encode(c) {
            put_two(code, out);
        } else {
            let (initial, vowel, last) = letters(c).ok_or(Stop::Illegal(1))?;
            let last = last.checked_sub(1).map_or(FILLER, |i| FINALS[i] + 0xA1);
            let vowel = vowel as u8 + VOWELS_FROM + 0xA1;
            for letter in [FILLER, INITIALS[initial] + 0xA1, vowel, last] {
                out.extend([ROW, letter]);
            }
        }
        Ok(1)
    }
}

pub(super) struct Johab {
    table: Table,
}

impl Johab {
    pub(super) fn new() -> Johab {
        Johab {
            table: Table::new(&[&KSX1001]),
        }
    }
}

/// The five bits of each vowel; those of initials count from 2, those of finals from 1 with a gap at 18.
const VOWEL_BITS: [u8; 21] = [
    3, 4, 5, 6, 7, 10, 11, 12, 13, 14, 15, 18, 19, 20, 21, 22, 23, 26, 27, 28, 29,
];
const NO_INITIAL: u8 = 1;
const NO_VOWEL: u8 = 2;
const NO_FINAL: u8 = 1;

fn final_bits(last: usize) -> u8 {
    last as u8 + 1 + u8::from(last > 16)
}

fn compose(initial: u8, vowel: u8, last: u8) -> u32 {
    0x8000 | u32::from(initial) << 10 | u32::from(vowel) << 5 | u32::from(last)
}

/// A letter of its own, from U+3131 on, as five bits.
enum Letter {
    Initial(u8),
    Vowel(u8),
    Final(u8),
}

fn letter_code(c: u32) -> Option<u32> {
    let n = u8::try_from(c.checked_sub(0x3131)?).ok()?;
    let letter = if let Some(i) = index(&INITIALS, n) {
        Letter::Initial(i as u8 + 2)
    } else if let Some(i) = index(&FINALS, n) {
        Letter::Final(final_bits(i + 1))
    } else {
        let vowel = n.checked_sub(VOWELS_FROM)?;
        Letter::Vowel(*VOWEL_BITS.get(usize::from(vowel))?)
    };
    Some(match letter {
        Letter::Initial(bits) => compose(bits, NO_VOWEL, NO_FINAL),
        Letter::Vowel(bits) => compose(NO_INITIAL, bits, NO_FINAL),
        Letter::Final(bits) => compose(NO_INITIAL, NO_VOWEL, bits),
    })
}

/// The character of a composed code.
fn composed(code: u32) -> Option<u32> {
    let bits = |shift: u32| (code >> shift & 0x1F) as u8;
    let (initial, vowel, last) = (bits(10), bits(5), bits(0));
    let initial = match initial {
        NO_INITIAL => None,
        bits => Some(bits.checked_sub(2).filter(|&i| i < 19)?),
    };
    let vowel = match vowel {
        NO_VOWEL => None,
        bits => Some(index(&VOWEL_BITS, bits)?),
    };
    let last = match last {
        NO_FINAL => None,
        bits => Some((1..28).find(|&last| final_bits(last) == bits)?),
    };
    Some(match (initial, vowel, last) {
        (None, None, None) => 0x3000,
        (None, None, Some(last)) => 0x3131 + u32::from(*FINALS.get(last - 1)?),
        (None, Some(vowel), None) => 0x3131 + u32::from(VOWELS_FROM) + vowel as u32,
        (Some(i), None, None) => 0x3131 + u32::from(*INITIALS.get(usize::from(i))?),
        (Some(i), Some(vowel), last) => syllable(i.into(), vowel, last.unwrap_or(0)),
        _ => return None,
    })
}

impl Johab {
    /// A code of KS X 1001 where it stands in Johab.
    fn other(&self, first: u8, second: u8) -> Result<u32, Stop> {
        let letters = first == 0xDA && (0xA1..=0xD3).contains(&second);
        let valid = matches!(first, 0xD8..=0xDE | 0xE0..=0xF9)
            && matches!(second, 0x31..=0x7E | 0x91..=0xFE)
            && !letters;
        if !valid {
            return Err(Stop::Illegal(1));
        }
        // Two rows to each first byte: symbols from 0xD9 on (0xD8 has none), characters from 0xE0 on, after row 41.
        let (first, cell) = (i32::from(first), i32::from(second));
        let cell = if cell < 0x91 {
            cell - 0x31
        } else {
            cell - 0x43
        };
        let row = if first < 0xE0 {
            2 * (first - 0xD9)
        } else {
            2 * first - 0x197
        } + cell / 94;
        let row = u8::try_from(row + 0xA1).map_err(|_| Stop::Illegal(1))?;
        Ok(two(row, (cell % 94) as u8 + 0xA1))
    }
}

impl Scheme for Johab {
    fn decode(&self, _: &mut State, input: &mut Input<'_>, out: &mut TextBuf) -> Result<(), Stop> {
        let Some(first) = input.beyond_ascii(out)? else {
            return Ok(());
        };
        let second = input.need(1)?;
        if first < 0xD8 {
            out.push(composed(two(first, second)).ok_or(Stop::Illegal(1))?);
        } else {
            put(self.table.decode(self.other(first, second)?), out)?;
        }
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
        if c < 0x80 {
            out.push(c as u8);
            return Ok(1);
        }
        if let Some((initial, vowel, last)) = letters(c) {
            let code = compose(initial as u8 + 2, VOWEL_BITS[vowel], final_bits(last));
            put_two(code, out);
            return Ok(1);
        }
        if let Some(code) = letter_code(c) {
            put_two(code, out);
            return Ok(1);
        }
        let code = self.table.encode(c).ok_or(Stop::Illegal(1))?;
        let (row, cell) = ((code >> 8) - 0xA1, (code & 0xFF) - 0xA1);
        // Rows 1 to 12 have symbols, 42 to 93 characters.
        let row = match row {
            0..=11 => row + 0x1B2,
            41..=92 => row + 0x197,
            _ => return Err(Stop::Illegal(1)),
        };
        let cell = cell + if row & 1 == 1 { 94 } else { 0 };
        out.extend([
            (row >> 1) as u8,
            (cell + if cell < 0x4E { 0x31 } else { 0x43 }) as u8,
        ]);
        Ok(1)
    }
}
