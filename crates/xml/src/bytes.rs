//! What a byte can begin in XML, and the tables by which the scanner looks it up.

/// The kind of a character, told by its first byte (in UTF-16: its first code unit). The order serves the three
/// questions below.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Kind {
    // What text may end with, or what needs a look in text.
    /// Not allowed in XML.
    NonXml,
    /// Not the beginning of a character.
    Malformed,
    Lt,
    Amp,
    Rsqb,
    /// The first byte of a sequence of two, three or four.
    Lead2,
    Lead3,
    Lead4,
    /// A byte within a sequence.
    Trail,
    Cr,
    Lf,
    // What needs a look in attributes, besides.
    Quot,
    Apos,
    Space,
    // The rest.
    Gt,
    Equals,
    Quest,
    Excl,
    Slash,
    Semi,
    Num,
    Lsqb,
    Colon,
    /// Beyond ASCII, in UTF-16: the naming tables tell.
    NonAscii,
    Percent,
    Lpar,
    Rpar,
    Asterisk,
    Plus,
    Comma,
    Bar,
    Other,
    // What names are made of.
    /// A letter that is no hexadecimal digit, or what else starts a name.
    NameStart,
    Hex,
    Digit,
    /// May stand in a name, but not first.
    Name,
    Minus,
}

impl Kind {
    /// Whether it may not be passed over in text.
    #[inline(always)]
    pub(crate) fn stops_text(self) -> bool {
        self as u8 <= Kind::Lf as u8
    }

    /// Whether it may not be passed over in an attribute's value.
    #[inline(always)]
    pub(crate) fn stops_value(self) -> bool {
        self as u8 <= Kind::Space as u8
    }

    /// Whether names are made of it, in ASCII.
    #[inline(always)]
    pub(crate) fn is_in_names(self) -> bool {
        self as u8 >= Kind::NameStart as u8
    }
}

/// The kinds of all bytes.
pub(crate) type Table = [Kind; 256];

/// What stands in the upper half of a table.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Upper {
    Nothing,
    Latin1,
    Utf8,
}

const fn ascii(byte: u8) -> Kind {
    match byte {
        b'\t' | b' ' => Kind::Space,
        b'\n' => Kind::Lf,
        b'\r' => Kind::Cr,
        0..=0x1F => Kind::NonXml,
        b'!' => Kind::Excl,
        b'"' => Kind::Quot,
        b'#' => Kind::Num,
        b'%' => Kind::Percent,
        b'&' => Kind::Amp,
        b'\'' => Kind::Apos,
        b'(' => Kind::Lpar,
        b')' => Kind::Rpar,
        b'*' => Kind::Asterisk,
        b'+' => Kind::Plus,
        b',' => Kind::Comma,
        b'-' => Kind::Minus,
        b'.' => Kind::Name,
        b'/' => Kind::Slash,
        b'0'..=b'9' => Kind::Digit,
        b':' => Kind::Colon,
        b';' => Kind::Semi,
        b'<' => Kind::Lt,
        b'=' => Kind::Equals,
        b'>' => Kind::Gt,
        b'?' => Kind::Quest,
        b'A'..=b'F' | b'a'..=b'f' => Kind::Hex,
        b'G'..=b'Z' | b'g'..=b'z' | b'_' => Kind::NameStart,
        b'[' => Kind::Lsqb,
        b']' => Kind::Rsqb,
        b'|' => Kind::Bar,
        _ => Kind::Other,
    }
}

const fn upper(byte: u8, form: Upper) -> Kind {
    match form {
        Upper::Nothing => Kind::NonXml,
        Upper::Latin1 => match byte {
            0xAA | 0xB5 | 0xBA | 0xC0..=0xD6 | 0xD8..=0xF6 | 0xF8..=0xFF => Kind::NameStart,
            0xB7 => Kind::Name,
            _ => Kind::Other,
        },
        Upper::Utf8 => match byte {
            0x80..=0xBF => Kind::Trail,
            0xC0..=0xDF => Kind::Lead2,
            0xE0..=0xEF => Kind::Lead3,
            0xF0..=0xF4 => Kind::Lead4,
            0xFE | 0xFF => Kind::Malformed,
            _ => Kind::NonXml,
        },
    }
}

/// A table. With namespaces a colon divides names; elsewhere it is a letter. In text that was normalized already, a carriage
/// return is a space.
const fn table(namespaces: bool, normalized: bool, form: Upper) -> Table {
    let mut table = [Kind::Other; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = match byte as u8 {
            b':' if !namespaces => Kind::NameStart,
            b'\r' if normalized => Kind::Space,
            b @ 0..=0x7F => ascii(b),
            b => upper(b, form),
        };
        byte += 1;
    }
    table
}

/// Tables without and with namespaces.
pub(crate) static UTF8: [Table; 2] = [
    table(false, false, Upper::Utf8),
    table(true, false, Upper::Utf8),
];
/// As [`UTF8`], for text of entities.
pub(crate) static INTERNAL: [Table; 2] = [
    table(false, true, Upper::Utf8),
    table(true, true, Upper::Utf8),
];
/// ISO 8859-1, and the first 256 characters of UTF-16.
pub(crate) static LATIN1: [Table; 2] = [
    table(false, false, Upper::Latin1),
    table(true, false, Upper::Latin1),
];
/// ASCII alone.
pub(crate) static ASCII: [Table; 2] = [
    table(false, false, Upper::Nothing),
    table(true, false, Upper::Nothing),
];

/// Whether a character may be written by its number.
pub(crate) fn is_char_number(n: u32) -> bool {
    match n {
        0..=0xFF => LATIN1[0][n as usize] != Kind::NonXml,
        0xD800..=0xDFFF | 0xFFFE | 0xFFFF => false,
        _ => n < 0x11_0000,
    }
}
