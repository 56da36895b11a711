//! Which characters make identifiers (PEP 3131, as `str.isidentifier` decides), and which are printable.

mod tables;

fn contains(ranges: &[(u32, u32)], c: char) -> bool {
    let c = u32::from(c);
    let i = ranges.partition_point(|&(_, high)| high < c);
    ranges.get(i).is_some_and(|&(low, _)| low <= c)
}

/// Whether an identifier may start with `c`.
#[must_use]
pub fn is_start(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphabetic() || c == '_'
    } else {
        contains(&tables::START, c)
    }
}

/// Whether an identifier may go on with `c`.
#[must_use]
pub fn is_continue(c: char) -> bool {
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || c == '_'
    } else {
        contains(&tables::CONTINUE, c)
    }
}

/// Whether `str.isprintable` holds for `c`.
#[must_use]
pub fn is_printable(c: char) -> bool {
    if c.is_ascii() {
        (' '..='~').contains(&c)
    } else {
        contains(&tables::PRINTABLE, c)
    }
}

/// The first character that keeps `name` from being an identifier, with its byte offset.
#[must_use]
pub fn first_invalid(name: &str) -> Option<(usize, char)> {
    name.char_indices().find(|&(i, c)| {
        if i == 0 {
            !is_start(c)
        } else {
            !is_continue(c)
        }
    })
}
