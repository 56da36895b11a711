//! The exception table of a code object (`co_exceptiontable`): the handler of each range of code units.
//!
//! An entry is four numbers: start, length and target in code units, and twice the depth of the stack that the handler
//! finds, plus one if it wants the offset of the raising instruction pushed. Numbers are big-endian in groups of six
//! bits; the first byte of an entry has its high bit set.

/// An entry: what is raised in `start..end` goes to `target`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The first code unit of the range.
    pub start: usize,
    /// The code unit after the range.
    pub end: usize,
    /// The handler's first code unit.
    pub target: usize,
    /// How many items stay on the stack.
    pub depth: usize,
    /// Whether the offset of the instruction that raised is pushed before the exception.
    pub lasti: bool,
}

/// The entries of a table, in order, up to the first that is malformed.
#[derive(Debug, Clone)]
pub struct Entries<'a> {
    table: &'a [u8],
}

/// Reads a table.
pub fn entries(table: &[u8]) -> Entries<'_> {
    Entries { table }
}

impl Entries<'_> {
    /// What is left to read: not empty after the last entry if the rest is malformed.
    pub fn rest(&self) -> &[u8] {
        self.table
    }

    fn number(&mut self) -> Option<usize> {
        let mut value = 0usize;
        loop {
            let (byte, rest) = self.table.split_first()?;
            self.table = rest;
            value = value.checked_mul(64)? | usize::from(byte & 63);
            if byte & 64 == 0 {
                return Some(value);
            }
        }
    }

    fn entry(&mut self) -> Option<Entry> {
        let start = self.number()?;
        let length = self.number()?;
        let target = self.number()?;
        let depth_lasti = self.number()?;
        Some(Entry {
            start,
            end: start.checked_add(length)?,
            target,
            depth: depth_lasti >> 1,
            lasti: depth_lasti & 1 != 0,
        })
    }
}

impl Iterator for Entries<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        let before = self.table;
        let entry = self.entry();
        if entry.is_none() {
            self.table = before;
        }
        entry
    }
}

/// The entry for what is raised at a code unit. The ranges are in order and do not overlap.
pub fn handler_of(table: &[u8], unit: usize) -> Option<Entry> {
    entries(table)
        .take_while(|entry| entry.start <= unit)
        .find(|entry| unit < entry.end)
}

/// Appends an entry to a table.
pub fn push_entry(table: &mut Vec<u8>, entry: &Entry) {
    let first = table.len();
    push_number(table, entry.start);
    if let Some(byte) = table.get_mut(first) {
        *byte |= 0x80;
    }
    push_number(table, entry.end.saturating_sub(entry.start));
    push_number(table, entry.target);
    push_number(table, entry.depth << 1 | usize::from(entry.lasti));
}

fn push_number(table: &mut Vec<u8>, value: usize) {
    let mut groups = 1;
    while groups < 10 && value >> (6 * groups) != 0 {
        groups += 1;
    }
    for group in (0..groups).rev() {
        let more = if group > 0 { 64 } else { 0 };
        table.push((value >> (6 * group) & 63) as u8 | more);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let all = [
            Entry {
                start: 0,
                end: 1,
                target: 64,
                depth: 0,
                lasti: false,
            },
            Entry {
                start: 63,
                end: 5000,
                target: 1 << 20,
                depth: 33,
                lasti: true,
            },
        ];
        let mut table = Vec::new();
        for entry in &all {
            push_entry(&mut table, entry);
        }
        assert_eq!(entries(&table).collect::<Vec<_>>(), all);
        assert_eq!(handler_of(&table, 0), Some(all[0]));
        assert_eq!(handler_of(&table, 1), None);
        assert_eq!(handler_of(&table, 4999), Some(all[1]));
    }

    #[test]
    fn a_truncated_entry_is_left() {
        let mut read = entries(&[0x81, 1, 1]);
        assert_eq!(read.next(), None);
        assert_eq!(read.rest().len(), 3);
    }
}
