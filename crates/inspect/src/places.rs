//! From the measures of the front end (bytes, lines and columns in bytes) to offsets in UTF-16 code units.

use crate::types::Span;
use taipan_ast::Location;
use taipan_bytecode::location::Position;

/// A line of the source.
#[derive(Debug, Clone, Copy)]
struct Line {
    /// Its first byte.
    byte: u32,
    /// The same in UTF-16 code units.
    unit: u32,
    /// Bytes and code units are the same in it.
    ascii: bool,
}

/// Where the lines of a source begin, in both measures.
#[derive(Debug)]
pub(crate) struct Places {
    lines: Vec<Line>,
    bytes: u32,
    units: u32,
}

fn small(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// How many UTF-16 code units a text has.
pub(crate) fn units_of(text: &str) -> u32 {
    if text.is_ascii() {
        return small(text.len());
    }
    small(text.chars().map(char::len_utf16).sum())
}

/// The same of bytes of UTF-8, which may be cut anywhere: a character counts with its first byte.
fn units_of_bytes(bytes: &[u8]) -> u32 {
    let units = bytes.iter().map(|byte| match byte {
        0x80..0xC0 => 0,
        0xF0.. => 2,
        _ => 1,
    });
    units.sum()
}

impl Places {
    pub(crate) fn new(text: &str) -> Places {
        let mut lines = Vec::new();
        let (mut byte, mut unit) = (0, 0);
        for line in text.split_inclusive('\n') {
            let ascii = line.is_ascii();
            lines.push(Line { byte, unit, ascii });
            byte += small(line.len());
            unit += units_of(line);
        }
        if text.is_empty() || text.ends_with('\n') {
            let ascii = true;
            lines.push(Line { byte, unit, ascii });
        }
        Places {
            lines,
            bytes: byte,
            units: unit,
        }
    }

    /// The length of the source in code units.
    pub(crate) fn length(&self) -> u32 {
        self.units
    }

    /// The number of lines; what follows the last newline counts.
    pub(crate) fn lines(&self) -> u32 {
        small(self.lines.len())
    }

    fn in_line(&self, text: &str, line: Line, bytes: u32) -> u32 {
        let end = line.byte.saturating_add(bytes).min(self.bytes);
        if line.ascii {
            return (line.unit + (end - line.byte)).min(self.units);
        }
        let bytes = text.as_bytes().get(line.byte as usize..end as usize);
        line.unit + units_of_bytes(bytes.unwrap_or(&[]))
    }

    /// The offset of a byte.
    pub(crate) fn of_byte(&self, text: &str, byte: u32) -> u32 {
        let after = self.lines.partition_point(|line| line.byte <= byte);
        match after.checked_sub(1).and_then(|index| self.lines.get(index)) {
            Some(line) => self.in_line(text, *line, byte - line.byte),
            None => 0,
        }
    }

    /// The offset of a line and a column in bytes; that of the source's end for lines beyond it.
    pub(crate) fn of_column(&self, text: &str, line: u32, column: u32) -> u32 {
        let index = (line as usize).saturating_sub(1);
        match self.lines.get(index) {
            Some(line) => self.in_line(text, *line, column),
            None => self.units,
        }
    }

    /// The offset of a line and a column in characters, from 0.
    pub(crate) fn of_characters(&self, text: &str, line: u32, column: u32) -> u32 {
        let index = (line as usize).saturating_sub(1);
        let Some(line) = self.lines.get(index) else {
            return self.units;
        };
        let rest = text.get(line.byte as usize..).unwrap_or("");
        let before = rest.chars().take_while(|c| *c != '\n');
        let units = before.take(column as usize).map(char::len_utf16);
        line.unit + units.map(small).sum::<u32>()
    }

    /// Where a node stands; nothing for places that the source does not have.
    pub(crate) fn of_location(&self, text: &str, loc: Location) -> Option<Span> {
        if loc == Location::NONE || loc.lineno == 0 {
            return None;
        }
        let from = self.of_column(text, loc.lineno, loc.col_offset);
        let to = self.of_column(text, loc.end_lineno, loc.end_col_offset);
        Some((from, to.max(from)))
    }

    /// Where an instruction comes from; nothing unless all four numbers are known.
    pub(crate) fn of_position(&self, text: &str, position: &Position) -> Option<Span> {
        let number = |part: Option<i32>| u32::try_from(part?).ok();
        let loc = Location::new(
            number(position.lineno)?,
            number(position.col_offset)?,
            number(position.end_lineno)?,
            number(position.end_col_offset)?,
        );
        self.of_location(text, loc)
    }
}

/// A number of a table.
pub(crate) fn cell(n: u32) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

/// The same for lengths and indices.
pub(crate) fn cell_of(n: usize) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

/// Both ends of a span as numbers of a table.
pub(crate) fn cells(span: Option<Span>) -> (i32, i32) {
    span.map_or((-1, -1), |(from, to)| (cell(from), cell(to)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_units_are_not_bytes() {
        let text = "ä = '𝄞'\nx";
        let places = Places::new(text);
        assert_eq!((places.lines(), places.length()), (2, 10));
        assert_eq!(places.of_byte(text, 5), 4);
        assert_eq!(places.of_byte(text, 10), 7);
        assert_eq!(places.of_column(text, 1, 11), 8);
        assert_eq!(places.of_column(text, 2, 1), 10);
        assert_eq!(places.of_characters(text, 1, 6), 7);
        assert_eq!(places.of_column(text, 9, 1), 10);
    }
}
