//! GB 18030, which has codes of four bytes too, and HZ, which shifts between ASCII and GB 2312.

use taipan_text::TextBuf;

use super::generated::{GB2312, GB18030, GB18030_RUNS, GBK};
use super::tables::{Meaning, Table};
use super::{Chars, Input, Scheme, State, Stop, put, put_two, two};

/// How many four-byte codes there are below those of the supplementary planes.
const BASIC: u32 = 39420;
/// The number of the four-byte code of U+10000.
const SUPPLEMENTARY: u32 = 15 * 12600;

pub(super) struct Gb18030 {
    table: Table,
}

impl Gb18030 {
    pub(super) fn new() -> Gb18030 {
        Gb18030 {
            table: Table::new(&[&GB2312, &GBK, &GB18030]),
        }
    }
}

/// The character of a four-byte code.
fn four(bytes: [u8; 4]) -> Option<u32> {
    let digit = |b: u8, from: u8| b.checked_sub(from).map(u32::from);
    let number = digit(bytes[0], 0x81)? * 12600
        + digit(bytes[1], 0x30)? * 1260
        + digit(bytes[2], 0x81).filter(|&d| d < 126)? * 10
        + digit(bytes[3], 0x30).filter(|&d| d < 10)?;
    if bytes[0] >= 0x90 {
        let c = number.checked_sub(SUPPLEMENTARY)? + 0x1_0000;
        return (c <= 0x10_FFFF).then_some(c);
    }
    if number >= BASIC {
        return None;
    }
    let run = GB18030_RUNS.partition_point(|run| run.0 <= number);
    let (start, c) = GB18030_RUNS.get(run.checked_sub(1)?)?;
    Some(c + (number - start))
}

/// The number of a character's four-byte code.
fn number(c: u32) -> Option<u32> {
    if c >= 0x1_0000 {
        return Some(c - 0x1_0000 + SUPPLEMENTARY);
    }
    let run = GB18030_RUNS.partition_point(|run| run.1 <= c);
    let (start, first) = GB18030_RUNS.get(run.checked_sub(1)?)?;
    let end = GB18030_RUNS.get(run).map_or(BASIC, |next| next.0);
    let number = start + (c - first);
    (number < end).then_some(number)
}

impl Scheme for Gb18030 {
    fn decode(&self, _: &mut State, input: &mut Input<'_>, out: &mut TextBuf) -> Result<(), Stop> {
        let Some(first) = input.beyond_ascii(out)? else {
            return Ok(());
        };
        let second = input.need(1)?;
        if second.is_ascii_digit() {
            let fourth = input.need(3)?;
            let c = four([first, second, input.need(2)?, fourth]).ok_or(Stop::Illegal(1))?;
            out.push(c);
            input.skip(4);
            return Ok(());
        }
        put(self.table.decode(two(first, second)), out)?;
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
        } else if let Some(code) = self.table.encode(c) {
            put_two(code, out);
        } else {
            let n = number(c).ok_or(Stop::Illegal(1))?;
            out.extend([
                (n / 12600 + 0x81) as u8,
                (n / 1260 % 10 + 0x30) as u8,
                (n / 10 % 126 + 0x81) as u8,
                (n % 10 + 0x30) as u8,
            ]);
        }
        Ok(1)
    }
}

pub(super) struct Hz {
    table: Table,
}

impl Hz {
    pub(super) fn new() -> Hz {
        Hz {
            table: Table::new(&[&GB2312]),
        }
    }
}

impl Scheme for Hz {
    fn decode(
        &self,
        state: &mut State,
        input: &mut Input<'_>,
        out: &mut TextBuf,
    ) -> Result<(), Stop> {
        let shifted = &mut state.0[0];
        let first = input.need(0)?;
        if first == b'~' {
            match input.need(1)? {
                b'}' if *shifted == 1 => *shifted = 0,
                _ if *shifted == 1 => return Err(Stop::Illegal(1)),
                b'~' => out.push('~'.into()),
                b'{' => *shifted = 1,
                b'\n' => {}
                _ => return Err(Stop::Illegal(1)),
            }
            input.skip(2);
            return Ok(());
        }
        if !first.is_ascii() {
            return Err(Stop::Illegal(1));
        }
        if *shifted == 0 {
            out.push(first.into());
            input.skip(1);
            return Ok(());
        }
        let second = input.need(1)?;
        let meaning = if second.is_ascii() {
            self.table.decode(two(first, second) | 0x8080)
        } else {
            Meaning::Nothing
        };
        put(meaning, out)?;
        input.skip(2);
        Ok(())
    }

    fn encode(
        &self,
        state: &mut State,
        c: u32,
        _: &Chars<'_>,
        out: &mut Vec<u8>,
    ) -> Result<usize, Stop> {
        if c < 0x80 {
            self.finish(state, out);
            if c == u32::from(b'~') {
                out.push(b'~');
            }
            out.push(c as u8);
            return Ok(1);
        }
        let code = self.table.encode(c).ok_or(Stop::Illegal(1))?;
        if state.0[0] == 0 {
            out.extend(b"~{");
            state.0[0] = 1;
        }
        put_two(code & 0x7F7F, out);
        Ok(1)
    }

    fn finish(&self, state: &mut State, out: &mut Vec<u8>) {
        if state.0[0] != 0 {
            out.extend(b"~}");
            state.0[0] = 0;
        }
    }

    fn reset(&self, state: &mut State) {
        state.0[0] = 0;
    }
}
