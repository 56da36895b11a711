//! ASCII beside codes of two bytes, of which the first is no ASCII: Big5 and its kin, GB 2312, GBK, CP949.

use taipan_text::TextBuf;

use super::tables::{Layer, Table};
use super::{Chars, Input, Scheme, State, Stop, put, put_two, two};

pub(super) struct Double {
    table: Table,
}

impl Double {
    pub(super) fn new(layers: &[&Layer]) -> Double {
        Double {
            table: Table::new(layers),
        }
    }
}

impl Scheme for Double {
    fn decode(&self, _: &mut State, input: &mut Input<'_>, out: &mut TextBuf) -> Result<(), Stop> {
        let Some(first) = input.beyond_ascii(out)? else {
            return Ok(());
        };
        put(self.table.decode(two(first, input.need(1)?)), out)?;
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
        if c < 0x80 {
            out.push(c as u8);
            return Ok(1);
        }
        let (code, count) = chars.code(c, &self.table)?;
        put_two(code, out);
        Ok(count)
    }
}
