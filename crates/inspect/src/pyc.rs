//! A `.pyc` file and the names of its parts: the header, and every value of the marshal format down to the single fields.
//! The bytes are those that our own writer makes, so reading stops at the first that it would not write.

use crate::Table;
use crate::places::cell_of;
use crate::types::{PartRow, Pyc};
use std::collections::HashMap;
use taipan_bytecode::CodeObject;
use taipan_bytecode::marshal::{self, dump_code};
use taipan_bytecode::pyc::{HEADER_SIZE, Validation, header};
use taipan_wtf8::Wtf8;

/// The bit of a type code that says that references may mean the value.
const FLAG_REF: u8 = 0x80;

/// How many characters of a value are shown.
const SHOWN: usize = 60;

/// What a code object consists of, in the order of the format; `None` for what is a number of four bytes.
const CODE_FIELDS: [(&str, bool); 16] = [
    ("co_argcount", true),
    ("co_posonlyargcount", true),
    ("co_kwonlyargcount", true),
    ("co_stacksize", true),
    ("co_flags", true),
    ("co_code", false),
    ("co_consts", false),
    ("co_names", false),
    ("co_localsplusnames", false),
    ("co_localspluskinds", false),
    ("co_filename", false),
    ("co_name", false),
    ("co_qualname", false),
    ("co_firstlineno", true),
    ("co_linetable", false),
    ("co_exceptiontable", false),
];

/// The bytes of a `.pyc` that is checked by time and size.
fn bytes_of(code: &CodeObject, mtime: u32, size: usize) -> Option<Vec<u8>> {
    let size = size as u32;
    let mut bytes = header(&Validation::Timestamp { mtime, size }).to_vec();
    bytes.extend(dump_code(code, marshal::VERSION).ok()?);
    Some(bytes)
}

/// A `.pyc` and its parts.
pub(crate) fn pyc(code: &CodeObject, mtime: u32, size: usize) -> Option<Pyc> {
    let bytes = bytes_of(code, mtime, size)?;
    let mut reader = Reader {
        bytes: &bytes,
        at: HEADER_SIZE,
        rows: Table::default(),
        parts: Vec::new(),
        names: Vec::new(),
        numbers: HashMap::new(),
        values: Vec::new(),
        refs: Vec::new(),
        objects: 0,
    };
    let file = reader.begin(0, -1, "file");
    for (name, value, start) in [
        (
            "magic number",
            taipan_bytecode::pyc::MAGIC_NUMBER.to_string(),
            0,
        ),
        ("flags", "0: checked by time and size".to_owned(), 4),
        ("source mtime", mtime.to_string(), 8),
        ("source size", (size as u32).to_string(), 12),
    ] {
        let part = reader.begin(start, cell_of(file), name);
        reader.end(part, start + 4, value);
    }
    // What does not fit is left without a name.
    let _ = reader.values_below(file);
    reader.end(file, bytes.len(), format!("{} bytes", bytes.len()));
    for part in &reader.parts {
        reader.rows.push(part);
    }
    Some(Pyc {
        bytes: base64(&bytes),
        rows: reader.rows,
        names: reader.names,
        values: reader.values,
    })
}

/// The bytes in hexadecimal, sixteen in a line, with their offsets and characters.
pub(crate) fn text(code: &CodeObject, mtime: u32, size: usize) -> Option<String> {
    let bytes = bytes_of(code, mtime, size)?;
    let mut out = String::new();
    for (number, line) in bytes.chunks(16).enumerate() {
        let hex: Vec<String> = line.chunks(2).map(crate::codes::hex).collect();
        let shown = line.iter().map(|byte| match byte {
            b' '..=b'~' => char::from(*byte),
            _ => '.',
        });
        let shown: String = shown.collect();
        out.push_str(&format!(
            "{:08x}: {:<39}  {shown}\n",
            number * 16,
            hex.join(" ")
        ));
    }
    Some(out)
}

/// Bytes in base64.
fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for group in bytes.chunks(3) {
        let byte = |index: usize| u32::from(group.get(index).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            let value = bits >> (18 - 6 * digit) & 63;
            out.push(match digit <= group.len() {
                true => char::from(DIGITS[value as usize]),
                false => '=',
            });
        }
    }
    out
}

/// A container that is not complete.
struct Open {
    part: usize,
    /// The code object that its items belong to.
    object: i32,
    kind: Kind,
    /// How many items have been read.
    read: usize,
}

enum Kind {
    Items { size: usize, name: &'static str },
    Code,
}

struct Reader<'b> {
    bytes: &'b [u8],
    at: usize,
    rows: Table<PartRow>,
    parts: Vec<PartRow>,
    names: Vec<String>,
    numbers: HashMap<String, i32>,
    values: Vec<String>,
    /// What references mean, shown.
    refs: Vec<String>,
    objects: i32,
}

impl Reader<'_> {
    fn begin(&mut self, start: usize, parent: i32, name: &str) -> usize {
        let names = &mut self.names;
        let number = match self.numbers.get(name) {
            Some(number) => *number,
            None => {
                names.push(name.to_owned());
                let number = cell_of(names.len() - 1);
                self.numbers.insert(name.to_owned(), number);
                number
            }
        };
        self.parts.push(PartRow {
            start: cell_of(start),
            end: cell_of(start),
            parent,
            name: number,
            code: 0,
            reference: -1,
            object: -1,
        });
        self.values.push(String::new());
        self.parts.len() - 1
    }

    fn end(&mut self, part: usize, end: usize, value: String) {
        if let Some(row) = self.parts.get_mut(part) {
            row.end = cell_of(end);
        }
        if let Some(place) = self.values.get_mut(part) {
            *place = value;
        }
    }

    fn take(&mut self, size: usize) -> Option<&[u8]> {
        let end = self.at.checked_add(size)?;
        let taken = self.bytes.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    fn long(&mut self) -> Option<i32> {
        Some(i32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn size(&mut self) -> Option<usize> {
        usize::try_from(self.long()?).ok()
    }

    /// Reads a value, and all that is in it.
    fn values_below(&mut self, file: usize) -> Option<()> {
        let mut open: Vec<Open> = Vec::new();
        self.value(file, "code", -1, &mut open)?;
        while let Some(innermost) = open.last_mut() {
            let (part, object, index) = (innermost.part, innermost.object, innermost.read);
            innermost.read += 1;
            match innermost.kind {
                Kind::Items { size, name } if index < size => {
                    let name = format!("{name}[{index}]");
                    self.value(part, &name, object, &mut open)?;
                }
                Kind::Code if index < CODE_FIELDS.len() => {
                    let (name, is_number) = CODE_FIELDS[index];
                    if is_number {
                        let start = self.at;
                        let field = self.begin(start, cell_of(part), name);
                        let value = self.long()?;
                        self.own(field, object);
                        self.end(field, self.at, value.to_string());
                    } else {
                        self.value(part, name, object, &mut open)?;
                    }
                }
                _ => {
                    let value = self.values.get(part).cloned().unwrap_or_default();
                    self.end(part, self.at, value);
                    open.pop();
                }
            }
        }
        Some(())
    }

    fn own(&mut self, part: usize, object: i32) {
        if let Some(row) = self.parts.get_mut(part) {
            row.object = object;
        }
    }

    /// Reads a value up to its items.
    fn value(
        &mut self,
        parent: usize,
        name: &str,
        object: i32,
        open: &mut Vec<Open>,
    ) -> Option<()> {
        let start = self.at;
        let byte = *self.take(1)?.first()?;
        let (code, flagged) = (byte & !FLAG_REF, byte & FLAG_REF != 0);
        let part = self.begin(start, cell_of(parent), name);
        self.own(part, object);
        let reference = self.refs.len();
        if let Some(row) = self.parts.get_mut(part) {
            row.code = i32::from(code);
            if flagged {
                row.reference = cell_of(reference);
            }
        }
        if flagged {
            self.refs.push(String::new());
        }
        let value = match code {
            b'c' => {
                let object = self.objects;
                self.objects += 1;
                self.own(part, object);
                open.push(Open {
                    part,
                    object,
                    kind: Kind::Code,
                    read: 0,
                });
                "code object".to_owned()
            }
            b'(' | b')' | b'[' | b'<' | b'>' | b':' => {
                let size = match code {
                    b')' => usize::from(*self.take(1)?.first()?),
                    b':' => 3,
                    _ => self.size()?,
                };
                // Items are called after what holds them.
                let short = match name {
                    "co_consts" => "const",
                    "co_names" => "name",
                    "co_localsplusnames" => "local",
                    _ => "item",
                };
                open.push(Open {
                    part,
                    object,
                    kind: Kind::Items { size, name: short },
                    read: 0,
                });
                let what = match code {
                    b'[' => "list",
                    b'<' => "set",
                    b'>' => "frozenset",
                    b':' => "slice",
                    _ => "tuple",
                };
                format!("{what} of {size}")
            }
            b'r' => {
                let index = self.size()?;
                if let Some(row) = self.parts.get_mut(part) {
                    row.reference = cell_of(index);
                }
                let meant = self.refs.get(index).cloned().unwrap_or_default();
                format!("reference to {meant}")
            }
            code => self.scalar(code)?,
        };
        if flagged && let Some(place) = self.refs.get_mut(reference) {
            place.clone_from(&value);
        }
        self.end(part, self.at, value);
        Some(())
    }

    /// Reads a value that has no items; gives it as text.
    fn scalar(&mut self, code: u8) -> Option<String> {
        Some(match code {
            b'N' => "None".to_owned(),
            b'F' => "False".to_owned(),
            b'T' => "True".to_owned(),
            b'.' => "Ellipsis".to_owned(),
            b'S' => "StopIteration".to_owned(),
            b'0' => "NULL".to_owned(),
            b'i' => self.long()?.to_string(),
            b'l' => {
                let digits = self.long()?.unsigned_abs() as usize;
                self.take(digits.checked_mul(2)?)?;
                format!("int of {digits} digits of 15 bits")
            }
            b'g' => self.float()?,
            b'y' => {
                let (real, imaginary) = (self.float()?, self.float()?);
                format!("complex({real}, {imaginary})")
            }
            b's' => {
                let size = self.size()?;
                self.take(size)?;
                format!("{size} bytes")
            }
            b'a' | b'A' | b'u' | b't' => {
                let size = self.size()?;
                self.text(size)?
            }
            b'z' | b'Z' => {
                let size = usize::from(*self.take(1)?.first()?);
                self.text(size)?
            }
            _ => return None,
        })
    }

    fn float(&mut self) -> Option<String> {
        let value = f64::from_le_bytes(self.take(8)?.try_into().ok()?);
        let mut out = String::new();
        taipan_ast::repr::constant(&mut out, &taipan_ast::Constant::Float(value));
        Some(out)
    }

    fn text(&mut self, size: usize) -> Option<String> {
        let text = Wtf8::from_bytes(self.take(size)?)?;
        let mut out = String::new();
        taipan_ast::repr::string(&mut out, text);
        Some(match out.char_indices().nth(SHOWN) {
            Some((end, _)) => format!("{}…", &out[..end]),
            None => out,
        })
    }
}
