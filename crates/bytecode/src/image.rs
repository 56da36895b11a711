//! Code as it lies in an executable: each code object is a record that can be looked at by itself, so that what a module
//! defines and never calls is never read. Equal strings are there once. The writer runs when the executable is built.
//!
//! The format is ours alone and goes with the executable, so it has no version. All numbers are of 32 bits, little-endian:
//!
//! | part | what it is |
//! |---|---|
//! | head | where the strings' table starts, and where the bodies do |
//! | records | [`FIELDS`] numbers for each code object |
//! | strings' table | for each string: where it starts (from the table's own start) and its length, doubled, plus 1 if interned |
//! | strings | their bytes (WTF-8) |
//! | bodies | what records refer to: tables of bytes, names by their numbers, constants |
//!
//! A constant is a byte that says its kind, and what belongs to it; a tuple's items follow it.

use crate::code::CodeObject;
use crate::constant::{Constant, Str};
use dashu_int::{IBig, Sign, UBig};
use std::collections::HashMap;
use std::rc::Rc;
use taipan_wtf8::{Wtf8, Wtf8Buf};

/// The numbers of a record, in order.
#[derive(Clone, Copy)]
enum Field {
    ArgCount,
    PosOnlyArgCount,
    KwOnlyArgCount,
    StackSize,
    Flags,
    FirstLine,
    FileName,
    Name,
    QualName,
    Code,
    CodeLength,
    LineTable,
    LineTableLength,
    ExceptionTable,
    ExceptionTableLength,
    Kinds,
    Locals,
    LocalCount,
    Names,
    NameCount,
    Constants,
    ConstantCount,
}

const FIELDS: usize = Field::ConstantCount as usize + 1;
const HEAD: usize = 8;

mod kind {
    pub const NONE: u8 = 0;
    pub const TRUE: u8 = 1;
    pub const FALSE: u8 = 2;
    pub const ELLIPSIS: u8 = 3;
    pub const INT: u8 = 4;
    pub const BIG_INT: u8 = 5;
    pub const NEGATIVE_BIG_INT: u8 = 6;
    pub const FLOAT: u8 = 7;
    pub const COMPLEX: u8 = 8;
    pub const STR: u8 = 9;
    pub const BYTES: u8 = 10;
    pub const TUPLE: u8 = 11;
    pub const FROZENSET: u8 = 12;
    pub const SLICE: u8 = 13;
    pub const CODE: u8 = 14;
}

/// Writes an image.
#[derive(Default)]
pub struct Writer {
    records: Vec<u32>,
    bodies: Vec<u8>,
    strings: Vec<Rc<Str>>,
    numbers: HashMap<(Wtf8Buf, bool), u32>,
}

impl Writer {
    /// Adds a code object with those in its constants; gives its number. `None` for constants that no source text has.
    pub fn add(&mut self, code: &CodeObject) -> Option<u32> {
        let mut constants = Vec::new();
        for c in code.consts.iter() {
            self.constant(c, &mut constants)?;
        }
        let names = self.names(&code.names)?;
        let locals = self.names(&code.localsplusnames)?;
        let mut record = [0; FIELDS];
        let mut set = |field: Field, value: u32| record[field as usize] = value;
        set(Field::ArgCount, code.argcount);
        set(Field::PosOnlyArgCount, code.posonlyargcount);
        set(Field::KwOnlyArgCount, code.kwonlyargcount);
        set(Field::StackSize, code.stacksize);
        set(Field::Flags, code.flags);
        set(Field::FirstLine, code.firstlineno as u32);
        set(Field::FileName, self.string(&code.filename));
        set(Field::Name, self.string(&code.name));
        set(Field::QualName, self.string(&code.qualname));
        set(Field::Code, self.body(&code.code));
        set(Field::CodeLength, code.code.len() as u32);
        set(Field::LineTable, self.body(&code.linetable));
        set(Field::LineTableLength, code.linetable.len() as u32);
        set(Field::ExceptionTable, self.body(&code.exceptiontable));
        set(
            Field::ExceptionTableLength,
            code.exceptiontable.len() as u32,
        );
        set(Field::Kinds, self.body(&code.localspluskinds));
        set(Field::Locals, self.body(&locals));
        set(Field::LocalCount, code.localsplusnames.len() as u32);
        set(Field::Names, self.body(&names));
        set(Field::NameCount, code.names.len() as u32);
        set(Field::Constants, self.body(&constants));
        set(Field::ConstantCount, code.consts.len() as u32);
        let number = (self.records.len() / FIELDS) as u32;
        self.records.extend(record);
        Some(number)
    }

    fn body(&mut self, bytes: &[u8]) -> u32 {
        let at = self.bodies.len() as u32;
        self.bodies.extend_from_slice(bytes);
        at
    }

    fn string(&mut self, s: &Rc<Str>) -> u32 {
        let next = self.strings.len() as u32;
        let key = (s.text.clone(), s.interned);
        let number = *self.numbers.entry(key).or_insert(next);
        if number == next {
            self.strings.push(s.clone());
        }
        number
    }

    fn names(&mut self, names: &[Constant]) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        for name in names {
            let Constant::Str(s) = name else { return None };
            out.extend(self.string(s).to_le_bytes());
        }
        Some(out)
    }

    fn constant(&mut self, c: &Constant, out: &mut Vec<u8>) -> Option<()> {
        let mut word = |kind: u8, n: u32| {
            out.push(kind);
            out.extend(n.to_le_bytes());
        };
        match c {
            Constant::None => out.push(kind::NONE),
            Constant::True => out.push(kind::TRUE),
            Constant::False => out.push(kind::FALSE),
            Constant::Ellipsis => out.push(kind::ELLIPSIS),
            Constant::Int(i) => match i64::try_from(&**i) {
                Ok(i) => {
                    out.push(kind::INT);
                    out.extend(i.to_le_bytes());
                }
                Err(_) => {
                    let (sign, magnitude) = (**i).clone().into_parts();
                    let bytes = magnitude.to_le_bytes();
                    let kind = match sign {
                        Sign::Positive => kind::BIG_INT,
                        Sign::Negative => kind::NEGATIVE_BIG_INT,
                    };
                    word(kind, bytes.len() as u32);
                    out.extend_from_slice(&bytes);
                }
            },
            Constant::Float(f) => {
                out.push(kind::FLOAT);
                out.extend(f.to_le_bytes());
            }
            Constant::Complex(c) => {
                out.push(kind::COMPLEX);
                out.extend(c.0.to_le_bytes());
                out.extend(c.1.to_le_bytes());
            }
            Constant::Str(s) => word(kind::STR, self.string(s)),
            Constant::Bytes(b) => {
                word(kind::BYTES, b.len() as u32);
                out.extend_from_slice(b);
            }
            Constant::Tuple(items) => {
                word(kind::TUPLE, items.len() as u32);
                items.iter().try_for_each(|c| self.constant(c, out))?;
            }
            Constant::FrozenSet(items) => {
                word(kind::FROZENSET, items.len() as u32);
                items.iter().try_for_each(|c| self.constant(c, out))?;
            }
            Constant::Slice(parts) => {
                out.push(kind::SLICE);
                parts.iter().try_for_each(|c| self.constant(c, out))?;
            }
            Constant::Code(code) => word(kind::CODE, self.add(code)?),
            Constant::StopIteration | Constant::List(_) | Constant::Dict(_) | Constant::Set(_) => {
                return None;
            }
        }
        Some(())
    }

    /// The image.
    pub fn finish(self) -> Vec<u8> {
        let mut table: Vec<u8> = Vec::new();
        let mut text: Vec<u8> = Vec::new();
        let table_size = self.strings.len() * 8;
        for s in &self.strings {
            let bytes = s.text.as_wtf8().as_bytes();
            let length = (bytes.len() as u32) << 1 | u32::from(s.interned);
            table.extend(((table_size + text.len()) as u32).to_le_bytes());
            table.extend(length.to_le_bytes());
            text.extend_from_slice(bytes);
        }
        let strings_at = HEAD + self.records.len() * 4;
        let bodies_at = strings_at + table.len() + text.len();
        let mut out = Vec::new();
        out.extend((strings_at as u32).to_le_bytes());
        out.extend((bodies_at as u32).to_le_bytes());
        out.extend(self.records.iter().flat_map(|n| n.to_le_bytes()));
        out.extend(table);
        out.extend(text);
        out.extend(self.bodies);
        out
    }
}

/// An image in the executable. What it gives is safe to look at whatever is in it, but code is not verified: it came from
/// our own compiler.
pub struct Image {
    data: &'static [u8],
}

fn word(data: &[u8], at: usize) -> u32 {
    match data.get(at..).and_then(|d| d.first_chunk()) {
        Some(bytes) => u32::from_le_bytes(*bytes),
        None => 0,
    }
}

impl Image {
    /// The image in these bytes, which [`Writer::finish`] gave.
    pub const fn new(data: &'static [u8]) -> Image {
        Image { data }
    }

    /// The code object of a number that [`Writer::add`] gave.
    pub fn code(&'static self, number: u32) -> CodeView {
        CodeView {
            image: self,
            number,
        }
    }

    fn body(&self, at: u32, length: usize) -> &'static [u8] {
        let start = word(self.data, 4) as usize + at as usize;
        let end = start.saturating_add(length);
        self.data.get(start..end).unwrap_or_default()
    }

    fn string(&'static self, number: u32) -> StringView {
        StringView {
            image: self,
            number,
        }
    }

    /// How many strings there are.
    pub fn string_count(&self) -> usize {
        // The first one's bytes stand behind the table.
        word(self.data, word(self.data, 0) as usize) as usize / 8
    }
}

/// A string of an image. Equal ones have the same number.
#[derive(Clone, Copy)]
pub struct StringView {
    image: &'static Image,
    number: u32,
}

impl StringView {
    /// The image.
    pub fn image(&self) -> &'static Image {
        self.image
    }

    /// Its number among the image's strings.
    pub fn number(&self) -> usize {
        self.number as usize
    }

    /// Where the text starts, and its length, doubled, plus 1 if it is interned.
    fn entry(&self) -> (usize, u32) {
        let table = word(self.image.data, 0) as usize;
        let entry = table + self.number() * 8;
        let start = table + word(self.image.data, entry) as usize;
        (start, word(self.image.data, entry + 4))
    }

    /// Whether it is interned.
    pub fn is_interned(&self) -> bool {
        self.entry().1 & 1 != 0
    }

    /// The text.
    pub fn text(&self) -> &'static Wtf8 {
        let (start, length) = self.entry();
        let end = start + (length >> 1) as usize;
        Wtf8::trusted(self.image.data.get(start..end).unwrap_or_default())
    }
}

/// A code object in an image.
#[derive(Clone, Copy)]
pub struct CodeView {
    image: &'static Image,
    number: u32,
}

impl CodeView {
    fn field(&self, field: Field) -> u32 {
        let at = HEAD + (self.number as usize * FIELDS + field as usize) * 4;
        word(self.image.data, at)
    }

    fn table(&self, at: Field, length: Field) -> &'static [u8] {
        let length = self.field(length) as usize;
        self.image.body(self.field(at), length)
    }

    fn names(&self, at: Field, count: Field) -> impl ExactSizeIterator<Item = StringView> {
        let image = self.image;
        let numbers = image.body(self.field(at), self.field(count) as usize * 4);
        numbers
            .chunks_exact(4)
            .map(move |n| image.string(word(n, 0)))
    }

    /// `co_argcount`
    pub fn argcount(&self) -> u32 {
        self.field(Field::ArgCount)
    }

    /// `co_posonlyargcount`
    pub fn posonlyargcount(&self) -> u32 {
        self.field(Field::PosOnlyArgCount)
    }

    /// `co_kwonlyargcount`
    pub fn kwonlyargcount(&self) -> u32 {
        self.field(Field::KwOnlyArgCount)
    }

    /// `co_stacksize`
    pub fn stacksize(&self) -> u32 {
        self.field(Field::StackSize)
    }

    /// `co_flags`
    pub fn flags(&self) -> u32 {
        self.field(Field::Flags)
    }

    /// `co_firstlineno`
    pub fn firstlineno(&self) -> i32 {
        self.field(Field::FirstLine) as i32
    }

    /// `co_filename`
    pub fn filename(&self) -> StringView {
        self.image.string(self.field(Field::FileName))
    }

    /// `co_name`
    pub fn name(&self) -> StringView {
        self.image.string(self.field(Field::Name))
    }

    /// `co_qualname`
    pub fn qualname(&self) -> StringView {
        self.image.string(self.field(Field::QualName))
    }

    /// `co_code`
    pub fn code(&self) -> &'static [u8] {
        self.table(Field::Code, Field::CodeLength)
    }

    /// `co_linetable`
    pub fn linetable(&self) -> &'static [u8] {
        self.table(Field::LineTable, Field::LineTableLength)
    }

    /// `co_exceptiontable`
    pub fn exceptiontable(&self) -> &'static [u8] {
        self.table(Field::ExceptionTable, Field::ExceptionTableLength)
    }

    /// The kinds of the fast locals.
    pub fn kinds(&self) -> &'static [u8] {
        self.table(Field::Kinds, Field::LocalCount)
    }

    /// The names of the fast locals.
    pub fn locals(&self) -> impl ExactSizeIterator<Item = StringView> {
        self.names(Field::Locals, Field::LocalCount)
    }

    /// `co_names`
    pub fn names_used(&self) -> impl ExactSizeIterator<Item = StringView> {
        self.names(Field::Names, Field::NameCount)
    }

    /// How many constants there are.
    pub fn constant_count(&self) -> usize {
        self.field(Field::ConstantCount) as usize
    }

    /// The constants, one after the other.
    pub fn constants(&self) -> ConstantReader {
        ConstantReader {
            image: self.image,
            at: word(self.image.data, 4) as usize + self.field(Field::Constants) as usize,
        }
    }
}

/// A constant of an image.
#[allow(missing_docs, reason = "the kinds of constants")]
pub enum ConstantView {
    None,
    True,
    False,
    Ellipsis,
    Int(i64),
    BigInt(IBig),
    Float(f64),
    Complex(f64, f64),
    Str(StringView),
    Bytes(&'static [u8]),
    /// So many items follow.
    Tuple(usize),
    /// So many elements follow.
    FrozenSet(usize),
    /// Start, stop and step follow.
    Slice,
    Code(CodeView),
}

/// Reads constants in their order.
pub struct ConstantReader {
    image: &'static Image,
    at: usize,
}

impl ConstantReader {
    fn take(&mut self, n: usize) -> &'static [u8] {
        let end = self.at.saturating_add(n);
        let bytes = self.image.data.get(self.at..end).unwrap_or_default();
        self.at = end;
        bytes
    }

    fn word(&mut self) -> u32 {
        word(self.take(4), 0)
    }

    fn eight(&mut self) -> [u8; 8] {
        self.take(8).try_into().unwrap_or_default()
    }

    /// The next constant. There are as many as the code object has; what follows is meaningless.
    pub fn next_constant(&mut self) -> ConstantView {
        let kind = self.take(1).first().copied().unwrap_or(kind::NONE);
        match kind {
            kind::TRUE => ConstantView::True,
            kind::FALSE => ConstantView::False,
            kind::ELLIPSIS => ConstantView::Ellipsis,
            kind::INT => ConstantView::Int(i64::from_le_bytes(self.eight())),
            kind::BIG_INT | kind::NEGATIVE_BIG_INT => {
                let length = self.word() as usize;
                let value = IBig::from(UBig::from_le_bytes(self.take(length)));
                ConstantView::BigInt(if kind == kind::BIG_INT { value } else { -value })
            }
            kind::FLOAT => ConstantView::Float(f64::from_le_bytes(self.eight())),
            kind::COMPLEX => {
                let real = f64::from_le_bytes(self.eight());
                ConstantView::Complex(real, f64::from_le_bytes(self.eight()))
            }
            kind::STR => ConstantView::Str(self.image.string(self.word())),
            kind::BYTES => {
                let length = self.word() as usize;
                ConstantView::Bytes(self.take(length))
            }
            kind::TUPLE => ConstantView::Tuple(self.word() as usize),
            kind::FROZENSET => ConstantView::FrozenSet(self.word() as usize),
            kind::SLICE => ConstantView::Slice,
            kind::CODE => ConstantView::Code(self.image.code(self.word())),
            _ => ConstantView::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_back_what_was_written() {
        let inner = CodeObject {
            argcount: 1,
            posonlyargcount: 0,
            kwonlyargcount: 0,
            stacksize: 3,
            flags: 3,
            code: Rc::from([1u8, 2, 3, 4]),
            consts: Rc::from([
                Constant::None,
                Constant::int(-5),
                Constant::int(-(IBig::from(1u8) << 90usize)),
                Constant::Tuple(Rc::from([Constant::float(1.5), Constant::str("a b")])),
                Constant::bytes(b"xyz"),
            ]),
            names: Rc::from([Constant::name("print")]),
            localsplusnames: Rc::from([Constant::name("x")]),
            localspluskinds: Rc::from([0x26u8]),
            filename: Str::interned("<f>"),
            name: Str::interned("f"),
            qualname: Str::interned("C.f"),
            firstlineno: 7,
            linetable: Rc::from([9u8]),
            exceptiontable: Rc::from([]),
        };
        let outer = CodeObject {
            consts: Rc::from([Constant::Code(Rc::new(inner.clone()))]),
            ..inner.clone()
        };
        let mut writer = Writer::default();
        let number = writer.add(&outer).expect("all constants can be written");
        let data: &'static [u8] = Vec::leak(writer.finish());
        let image: &'static Image = Box::leak(Box::new(Image::new(data)));
        let ConstantView::Code(view) = image.code(number).constants().next_constant() else {
            unreachable!("the constant is code");
        };
        assert_eq!(view.code(), &*inner.code);
        assert_eq!(view.linetable(), [9]);
        assert_eq!(view.kinds(), [0x26]);
        assert_eq!(view.firstlineno(), 7);
        assert_eq!(view.qualname().text().to_str(), Some("C.f"));
        assert!(view.names_used().map(|n| n.text()).eq([Wtf8::new("print")]));
        assert!(view.locals().map(|n| n.text()).eq([Wtf8::new("x")]));
        assert_eq!(view.constant_count(), 5);
        let mut constants = view.constants();
        assert!(matches!(constants.next_constant(), ConstantView::None));
        assert!(matches!(constants.next_constant(), ConstantView::Int(-5)));
        let ConstantView::BigInt(big) = constants.next_constant() else {
            unreachable!("a large int");
        };
        assert_eq!(big, -(IBig::from(1u8) << 90usize));
        assert!(matches!(constants.next_constant(), ConstantView::Tuple(2)));
        assert!(matches!(constants.next_constant(), ConstantView::Float(f) if f == 1.5));
        assert!(
            matches!(constants.next_constant(), ConstantView::Str(s) if !s.is_interned() && s.text().to_str() == Some("a b"))
        );
        assert!(matches!(
            constants.next_constant(),
            ConstantView::Bytes(b"xyz")
        ));
    }
}
