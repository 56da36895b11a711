//! The location table of a code object (`co_linetable`, PEP 657): which place in the source each code unit comes from.
//!
//! The table is a run of entries, each for one to eight code units. Its lines are differences; the first is to
//! `co_firstlineno`. Columns count bytes of UTF-8. A malformed table gives wrong places, never an error.

/// A place in the source; `None` for what is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub struct Position {
    /// The first line.
    pub lineno: Option<i32>,
    /// The last line.
    pub end_lineno: Option<i32>,
    /// The column where it starts.
    pub col_offset: Option<i32>,
    /// The column where it ends.
    pub end_col_offset: Option<i32>,
}

/// A run of code units from one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The first code unit.
    pub start: usize,
    /// The number of code units: 1 to 8.
    pub length: usize,
    /// Where they come from.
    pub position: Position,
}

/// A run of code units from one line, as `co_lines` gives it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineRange {
    /// The first code unit.
    pub start: usize,
    /// The code unit after the last.
    pub end: usize,
    /// The line.
    pub line: Option<i32>,
}

const SHORT_FORMS: u8 = 10;
const ONE_LINE_FORMS: u8 = 13;
const NO_COLUMNS: u8 = 13;
const LONG: u8 = 14;
const NONE: u8 = 15;

/// The entries of a table, in order.
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    table: &'a [u8],
    start: usize,
    line: i32,
}

/// Reads a table.
pub fn entries(table: &[u8], firstlineno: i32) -> Entries<'_> {
    Entries {
        table,
        start: 0,
        line: firstlineno,
    }
}

/// Goes on reading a table: `table` is its rest, `start` the code unit and `line` the line that were reached.
pub fn resumed(table: &[u8], start: usize, line: i32) -> Entries<'_> {
    Entries { table, start, line }
}

impl Entries<'_> {
    /// How many bytes of the table are left.
    pub fn rest(&self) -> usize {
        self.table.len()
    }

    /// The line that the next entry's difference is to.
    pub fn line(&self) -> i32 {
        self.line
    }

    fn byte(&mut self) -> u8 {
        // An entry's first byte alone has the high bit, so the next entry is not eaten by a truncated one.
        match self.table.split_first() {
            Some((byte, rest)) if byte & 0x80 == 0 => {
                self.table = rest;
                *byte
            }
            _ => 0,
        }
    }

    fn varint(&mut self) -> u32 {
        let mut value = 0u32;
        let mut shift = 0;
        loop {
            let byte = self.byte();
            if shift < 32 {
                value |= u32::from(byte & 63) << shift;
            }
            shift += 6;
            if byte & 64 == 0 {
                return value;
            }
        }
    }

    fn signed_varint(&mut self) -> i32 {
        let value = self.varint();
        let magnitude = (value >> 1) as i32;
        if value & 1 == 0 {
            magnitude
        } else {
            magnitude.wrapping_neg()
        }
    }
}

impl Iterator for Entries<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        let (first, rest) = self.table.split_first()?;
        let (form, length) = (first >> 3 & 15, usize::from(first & 7) + 1);
        self.table = rest;
        let known = |value: u32| {
            i32::try_from(value)
                .ok()
                .and_then(|value| value.checked_sub(1))
        };
        let column = |value: u32| known(value).filter(|value| *value >= 0);
        let mut position = Position::default();
        match form {
            NONE => {}
            NO_COLUMNS => {
                self.line = self.line.wrapping_add(self.signed_varint());
                position.lineno = Some(self.line);
                position.end_lineno = Some(self.line);
            }
            LONG => {
                self.line = self.line.wrapping_add(self.signed_varint());
                position.lineno = Some(self.line);
                position.end_lineno = Some(self.line.wrapping_add(self.varint() as i32));
                position.col_offset = column(self.varint());
                position.end_col_offset = column(self.varint());
            }
            SHORT_FORMS..ONE_LINE_FORMS => {
                self.line = self.line.wrapping_add(i32::from(form - SHORT_FORMS));
                position.lineno = Some(self.line);
                position.end_lineno = Some(self.line);
                position.col_offset = Some(i32::from(self.byte()));
                position.end_col_offset = Some(i32::from(self.byte()));
            }
            _ => {
                let byte = self.byte();
                let start = i32::from(form) << 3 | i32::from(byte >> 4 & 7);
                position.lineno = Some(self.line);
                position.end_lineno = Some(self.line);
                position.col_offset = Some(start);
                position.end_col_offset = Some(start + i32::from(byte & 15));
            }
        }
        let entry = Entry {
            start: self.start,
            length,
            position,
        };
        self.start += length;
        Some(entry)
    }
}

/// The place that a code unit comes from.
pub fn position_of(table: &[u8], firstlineno: i32, unit: usize) -> Position {
    entries(table, firstlineno)
        .find(|entry| unit < entry.start + entry.length)
        .map_or(Position::default(), |entry| entry.position)
}

/// The line that a code unit comes from.
pub fn line_of(table: &[u8], firstlineno: i32, unit: usize) -> Option<i32> {
    position_of(table, firstlineno, unit).lineno
}

/// The runs of code units of one line each (`co_lines`).
pub fn line_ranges(table: &[u8], firstlineno: i32) -> impl Iterator<Item = LineRange> {
    let mut entries = entries(table, firstlineno).peekable();
    std::iter::from_fn(move || {
        let first = entries.next()?;
        let line = first.position.lineno;
        let mut end = first.start + first.length;
        while let Some(entry) = entries.next_if(|entry| entry.position.lineno == line) {
            end = entry.start + entry.length;
        }
        Some(LineRange {
            start: first.start,
            end,
            line,
        })
    })
}

/// The table with the first lines alone (`-X no_debug_ranges`).
pub fn without_columns(table: &[u8], firstlineno: i32) -> Vec<u8> {
    let mut out = Writer::new(firstlineno);
    for entry in entries(table, firstlineno) {
        let position = Position {
            lineno: entry.position.lineno,
            end_lineno: entry.position.lineno,
            ..Position::default()
        };
        out.push(position, entry.length);
    }
    out.finish()
}

/// Writes a table, entry by entry, in the shortest form for each.
#[derive(Debug)]
pub struct Writer {
    table: Vec<u8>,
    line: i32,
}

impl Writer {
    /// A writer of the table of a code object with this first line.
    pub fn new(firstlineno: i32) -> Writer {
        Writer::with_room(firstlineno, Vec::new())
    }

    /// The same, which writes into this vector in place of what it holds.
    pub fn with_room(firstlineno: i32, mut table: Vec<u8>) -> Writer {
        table.clear();
        Writer {
            table,
            line: firstlineno,
        }
    }

    /// Appends `units` code units from one place.
    pub fn push(&mut self, position: Position, mut units: usize) {
        while units > 8 {
            self.entry(position, 8);
            units -= 8;
        }
        if units > 0 {
            self.entry(position, units);
        }
    }

    /// The same for a place whose numbers are negative where they are not known.
    #[inline]
    pub fn push_place(&mut self, line: i32, end_line: i32, start: i32, end: i32, units: usize) {
        let columns = (start | end) >= 0;
        if line >= 0 && end_line == line && columns && (1..=8).contains(&units) {
            let delta = line.wrapping_sub(self.line);
            let length = 0x80 | (units as u8 - 1);
            if delta == 0 && start < 80 && end >= start && end - start < 16 {
                let second = (start & 7) << 4 | (end - start);
                let bytes = [length | ((start >> 3) as u8) << 3, second as u8];
                self.table.extend_from_slice(&bytes);
                return;
            }
            if (0..3).contains(&delta) && start < 128 && end < 128 {
                let form = SHORT_FORMS + delta as u8;
                let bytes = [length | form << 3, start as u8, end as u8];
                self.table.extend_from_slice(&bytes);
                self.line = line;
                return;
            }
        }
        let known = |value: i32| (value >= 0).then_some(value);
        let position = Position {
            lineno: known(line),
            end_lineno: known(end_line),
            col_offset: known(start),
            end_col_offset: known(end),
        };
        self.push(position, units);
    }

    /// The table.
    pub fn finish(self) -> Vec<u8> {
        self.table
    }

    fn first_byte(&mut self, form: u8, units: usize) {
        self.table.push(0x80 | form << 3 | (units as u8 - 1));
    }

    fn varint(&mut self, mut value: u32) {
        while value >= 64 {
            self.table.push(64 | (value & 63) as u8);
            value >>= 6;
        }
        self.table.push(value as u8);
    }

    fn signed_varint(&mut self, value: i32) {
        let sign = u32::from(value < 0);
        self.varint(value.unsigned_abs() << 1 | sign);
    }

    fn entry(&mut self, position: Position, units: usize) {
        let Some(line) = position.lineno else {
            self.first_byte(NONE, units);
            return;
        };
        let delta = line.wrapping_sub(self.line);
        let end_line = position.end_lineno;
        let same_line = end_line == Some(line);
        match (position.col_offset, position.end_col_offset) {
            (Some(start), Some(end)) if same_line => {
                if delta == 0 && start < 80 && end >= start && end - start < 16 {
                    self.first_byte((start >> 3) as u8, units);
                    self.table.push(((start & 7) << 4 | (end - start)) as u8);
                    return;
                }
                if (0..3).contains(&delta) && start < 128 && end < 128 {
                    self.first_byte(SHORT_FORMS + delta as u8, units);
                    self.table.push(start as u8);
                    self.table.push(end as u8);
                    self.line = line;
                    return;
                }
            }
            (Some(_), Some(_)) => {}
            _ if same_line || end_line.is_none() => {
                self.first_byte(NO_COLUMNS, units);
                self.signed_varint(delta);
                self.line = line;
                return;
            }
            _ => {}
        }
        self.first_byte(LONG, units);
        self.signed_varint(delta);
        self.varint(end_line.unwrap_or(-1).wrapping_sub(line) as u32);
        self.varint(position.col_offset.unwrap_or(-1).wrapping_add(1) as u32);
        self.varint(position.end_col_offset.unwrap_or(-1).wrapping_add(1) as u32);
        self.line = line;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lineno: i32, end_lineno: i32, start: i32, end: i32) -> Position {
        let known = |value: i32| (value >= 0).then_some(value);
        Position {
            lineno: known(lineno),
            end_lineno: known(end_lineno),
            col_offset: known(start),
            end_col_offset: known(end),
        }
    }

    #[test]
    fn what_is_written_is_read_again() {
        let places = [
            (at(3, 3, 0, 5), 1),
            (at(3, 3, 79, 94), 2),
            (at(4, 4, 79, 200), 3),
            (at(6, 6, 100, 127), 4),
            (at(2, 9, 1, 2), 5),
            (at(-1, -1, -1, -1), 6),
            (at(2, 2, -1, -1), 7),
            (at(100_000, 100_001, 70_000, 3), 8),
        ];
        let mut writer = Writer::new(1);
        let mut places_writer = Writer::new(1);
        for (position, units) in places {
            writer.push(position, units);
            let known = |value: Option<i32>| value.unwrap_or(-1);
            places_writer.push_place(
                known(position.lineno),
                known(position.end_lineno),
                known(position.col_offset),
                known(position.end_col_offset),
                units,
            );
        }
        let table = writer.finish();
        assert_eq!(table, places_writer.finish());
        let read: Vec<_> = entries(&table, 1).map(|e| (e.position, e.length)).collect();
        assert_eq!(read, places);
    }

    #[test]
    fn long_runs_are_split_after_eight_units() {
        let mut writer = Writer::new(1);
        writer.push(at(1, 1, 0, 1), 20);
        let table = writer.finish();
        let lengths: Vec<_> = entries(&table, 1).map(|e| e.length).collect();
        assert_eq!(lengths, [8, 8, 4]);
        let range = LineRange {
            start: 0,
            end: 20,
            line: Some(1),
        };
        assert_eq!(line_ranges(&table, 1).collect::<Vec<_>>(), [range]);
    }

    #[test]
    fn malformed_tables_are_read_to_their_end() {
        for table in [
            &[0xF0][..],
            &[0x7F, 0x7F, 0x7F],
            &[0xF3, 0x40, 0x40, 0xFF, 0x40],
        ] {
            assert!(entries(table, i32::MAX).count() <= table.len());
        }
    }
}
