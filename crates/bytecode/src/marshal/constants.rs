//! Marshal for [`Constant`]: what `.pyc` files are read and written with.

use super::reader::{Builder, Container, ReadError, Reader};
use super::writer::{Source, View, WriteError, write};
use super::*;
use crate::code::CodeObject;
use crate::constant::{ByText, Constant, Constants, Str};
use dashu_int::IBig;
use rustc_hash::FxHashSet;
use std::borrow::Cow;
use std::marker::PhantomData;
use std::rc::Rc;
use taipan_wtf8::Wtf8;

/// What was read, with the values that references could mean. While these live, writing the value again marks the same
/// values as shared.
#[derive(Debug)]
pub struct Loaded<T> {
    /// The value.
    pub value: T,
    /// The values that references could mean.
    pub refs: Vec<Constant>,
}

/// Reads a value from the front of `input`, which is left after it.
pub fn load_constant(input: &mut &[u8]) -> Result<Loaded<Constant>, ReadError> {
    let mut builder = ConstantBuilder::default();
    let mut reader = Reader::new(input, &mut builder, true);
    let value = reader.read()?;
    let refs = reader.into_refs().into_iter().flatten().collect();
    Ok(Loaded { value, refs })
}

/// Reads a code object from the front of `input`, which is left after it. It is not verified.
pub fn load_code(input: &mut &[u8]) -> Result<Loaded<Rc<CodeObject>>, ReadError> {
    let Loaded { value, refs } = load_constant(input)?;
    match value {
        Constant::Code(value) => Ok(Loaded { value, refs }),
        _ => Err(ReadError::Type("Non-code object in marshal data")),
    }
}

/// Writes a value, as `marshal.dumps` does when something else holds it as well.
pub fn dump_constant(value: &Constant, version: i32) -> Result<Vec<u8>, WriteError> {
    let mut out = Vec::new();
    write(
        &ConstantSource::new(None),
        Reference::Constant(value),
        true,
        version,
        true,
        &mut out,
    )?;
    Ok(out)
}

/// Writes a code object, as `marshal.dumps` does when something else holds it as well.
pub fn dump_code(code: &CodeObject, version: i32) -> Result<Vec<u8>, WriteError> {
    let mut out = Vec::new();
    let root = Reference::Code(code);
    write(
        &ConstantSource::new(None),
        root,
        true,
        version,
        true,
        &mut out,
    )?;
    Ok(out)
}

/// What became of descriptions when objects were made of them.
#[derive(Debug, Default)]
pub struct Living {
    /// The code objects that are held by more than one thing.
    pub shared: FxHashSet<*const CodeObject>,
    /// The strings among constants that were to be interned, but when others of the same text were already.
    pub plain: FxHashSet<*const Str>,
}

/// Writes a code object that objects were made of, with those within it, as `marshal.dumps` does. Each table counts a
/// reference more than there are code objects that have it.
pub fn dump_living_code(
    code: &CodeObject,
    living: &Living,
    version: i32,
) -> Result<Vec<u8>, WriteError> {
    let mut out = Vec::new();
    let held = living.shared.contains(&std::ptr::from_ref(code));
    let root = Reference::Code(code);
    write(
        &ConstantSource::new(Some(living)),
        root,
        held,
        version,
        true,
        &mut out,
    )?;
    Ok(out)
}

/// Makes constants. Strings that are interned are one object each, as they are in an interpreter.
#[derive(Default)]
struct ConstantBuilder {
    interned: FxHashSet<ByText>,
}

impl Builder for ConstantBuilder {
    type Value = Constant;
    type Partial = (Container, Vec<Constant>);
    type Error = ReadError;

    fn singleton(&mut self, type_byte: u8) -> Result<Constant, ReadError> {
        Ok(match type_byte {
            TYPE_TRUE => Constant::True,
            TYPE_FALSE => Constant::False,
            TYPE_ELLIPSIS => Constant::Ellipsis,
            TYPE_STOPITER => Constant::StopIteration,
            _ => Constant::None,
        })
    }

    fn int(&mut self, value: IBig) -> Result<Constant, ReadError> {
        Ok(Constant::int(value))
    }

    fn float(&mut self, value: f64) -> Result<Constant, ReadError> {
        Ok(Constant::float(value))
    }

    fn complex(&mut self, real: f64, imaginary: f64) -> Result<Constant, ReadError> {
        Ok(Constant::complex(real, imaginary))
    }

    fn str(&mut self, text: &Wtf8, interned: bool) -> Result<Constant, ReadError> {
        if !interned {
            return Ok(Constant::str(text.to_owned()));
        }
        if let Some(known) = self.interned.get(text) {
            return Ok(Constant::Str(known.0.clone()));
        }
        let new = Str::interned(text.to_owned());
        self.interned.insert(ByText(new.clone()));
        Ok(Constant::Str(new))
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<Constant, ReadError> {
        Ok(Constant::bytes(bytes))
    }

    fn tuple(&mut self, items: Vec<Constant>) -> Result<Constant, ReadError> {
        Ok(Constant::tuple(items))
    }

    fn frozenset(&mut self, items: Vec<Constant>) -> Result<Constant, ReadError> {
        Ok(Constant::FrozenSet(Rc::from(items)))
    }

    fn slice(&mut self, parts: [Constant; 3]) -> Result<Constant, ReadError> {
        Ok(Constant::Slice(Rc::new(parts)))
    }

    fn code(&mut self, fields: CodeFields<Constant>) -> Result<Constant, ReadError> {
        Ok(Constant::Code(Rc::new(code_of(fields)?)))
    }

    fn begin(&mut self, kind: Container) -> Result<(Self::Partial, Option<Constant>), ReadError> {
        Ok(((kind, Vec::new()), None))
    }

    fn push(
        &mut self,
        partial: &mut Self::Partial,
        item: Constant,
        value: Option<Constant>,
    ) -> Result<(), ReadError> {
        partial.1.push(item);
        partial.1.extend(value);
        Ok(())
    }

    fn finish(&mut self, (kind, items): Self::Partial) -> Result<Constant, ReadError> {
        Ok(match kind {
            Container::List => Constant::List(Rc::from(items)),
            Container::Set => Constant::Set(Rc::from(items)),
            Container::Dict => {
                let pairs = items.chunks_exact(2);
                let pair = |pair: &[Constant]| (pair[0].clone(), pair[1].clone());
                Constant::Dict(pairs.map(pair).collect())
            }
        })
    }
}

fn count(value: i32) -> Result<u32, ReadError> {
    u32::try_from(value).map_err(|_| ReadError::Value("code: co_varnames is too small"))
}

const BAD_ARGUMENT: ReadError = ReadError::System("bad argument to internal function");

fn bytes(value: Constant) -> Result<Rc<[u8]>, ReadError> {
    match value {
        Constant::Bytes(bytes) => Ok(bytes),
        _ => Err(BAD_ARGUMENT),
    }
}

fn tuple(value: Constant) -> Result<Constants, ReadError> {
    match value {
        Constant::Tuple(items) => Ok(items),
        _ => Err(BAD_ARGUMENT),
    }
}

fn names(value: Constant) -> Result<Constants, ReadError> {
    let names = tuple(value)?;
    if names.iter().any(|name| name.as_str().is_none()) {
        return Err(ReadError::Type("name tuples must contain only strings"));
    }
    Ok(names)
}

fn string(value: Constant) -> Result<Rc<Str>, ReadError> {
    match value {
        Constant::Str(text) => Ok(text),
        _ => Err(BAD_ARGUMENT),
    }
}

/// The code object of these fields, whose types are checked.
fn code_of(fields: CodeFields<Constant>) -> Result<CodeObject, ReadError> {
    Ok(CodeObject {
        argcount: count(fields.argcount)?,
        posonlyargcount: count(fields.posonlyargcount)?,
        kwonlyargcount: count(fields.kwonlyargcount)?,
        stacksize: count(fields.stacksize)?,
        flags: fields.flags as u32,
        code: bytes(fields.code)?,
        consts: tuple(fields.consts)?,
        names: names(fields.names)?,
        localsplusnames: names(fields.localsplusnames)?,
        localspluskinds: bytes(fields.localspluskinds)?,
        filename: string(fields.filename)?,
        name: string(fields.name)?,
        qualname: string(fields.qualname)?,
        firstlineno: fields.firstlineno,
        linetable: bytes(fields.linetable)?,
        exceptiontable: bytes(fields.exceptiontable)?,
    })
}

/// A value that is written, by what holds it: cloning would change the counts that say what is shared.
#[derive(Clone, Copy)]
enum Reference<'a> {
    Constant(&'a Constant),
    Bytes(&'a Rc<[u8]>),
    Tuple(&'a Constants),
    Str(&'a Rc<Str>),
    /// The code units, which CPython makes a new bytes object of, and keeps a reference to.
    CodeUnits(&'a CodeObject),
    Code(&'a CodeObject),
}

/// What tells shared values apart: an address, or the value where equal ones are one object in any interpreter.
#[derive(PartialEq, Eq, Hash)]
enum Identity<'a> {
    Address(*const u8),
    Code(*const CodeObject),
    CodeUnits(*const CodeObject),
    SmallInt(i32),
    Text(&'a Wtf8),
    Bytes(Option<u8>),
    EmptyTuple,
}

/// The ints that exist once in an interpreter.
const SMALL_INTS: std::ops::RangeInclusive<i32> = -5..=256;

fn address<T: ?Sized>(shared: &Rc<T>, held: bool) -> Option<Identity<'static>> {
    address_above(shared, held, 1)
}

/// The address of what has more references than `own`.
fn address_above<T: ?Sized>(shared: &Rc<T>, held: bool, own: usize) -> Option<Identity<'static>> {
    let address = Identity::Address(Rc::as_ptr(shared).cast());
    (held || Rc::strong_count(shared) > own).then_some(address)
}

/// The empty bytes object exists once. So do those of one byte, but not where they are tables of a code object.
fn bytes_identity(bytes: &Rc<[u8]>, held: bool) -> Option<Identity<'static>> {
    match **bytes {
        [] => Some(Identity::Bytes(None)),
        [byte] => Some(Identity::Bytes(Some(byte))),
        _ => address(bytes, held),
    }
}

fn table_identity(bytes: &Rc<[u8]>, own: usize) -> Option<Identity<'static>> {
    if bytes.is_empty() {
        Some(Identity::Bytes(None))
    } else {
        address_above(bytes, false, own)
    }
}

fn tuple_identity(items: &Constants, held: bool) -> Option<Identity<'static>> {
    if items.is_empty() {
        Some(Identity::EmptyTuple)
    } else {
        address(items, held)
    }
}

fn str_identity(text: &Rc<Str>, held: bool) -> Option<Identity<'_>> {
    if text.interned {
        Some(Identity::Text(text.as_wtf8()))
    } else {
        address(text, held)
    }
}

/// Looks at constants that outlive the writing.
struct ConstantSource<'a> {
    constants: PhantomData<&'a Constant>,
    /// What became of them, where objects were made of them all.
    living: Option<&'a Living>,
}

impl<'a> ConstantSource<'a> {
    fn new(living: Option<&'a Living>) -> ConstantSource<'a> {
        ConstantSource {
            constants: PhantomData,
            living,
        }
    }

    fn is_plain(&self, text: &Rc<Str>) -> bool {
        let plain = |l: &Living| l.plain.contains(&Rc::as_ptr(text));
        self.living.is_some_and(plain)
    }
}

impl<'a> Reference<'a> {
    fn of(constant: &'a Constant) -> Reference<'a> {
        Reference::Constant(constant)
    }
}

fn references(items: &[Constant]) -> Vec<Reference<'_>> {
    items.iter().map(Reference::of).collect()
}

fn code_fields(code: &CodeObject) -> Box<CodeFields<Reference<'_>>> {
    Box::new(CodeFields {
        argcount: code.argcount as i32,
        posonlyargcount: code.posonlyargcount as i32,
        kwonlyargcount: code.kwonlyargcount as i32,
        stacksize: code.stacksize as i32,
        flags: code.flags as i32,
        code: Reference::CodeUnits(code),
        consts: Reference::Tuple(&code.consts),
        names: Reference::Tuple(&code.names),
        localsplusnames: Reference::Tuple(&code.localsplusnames),
        localspluskinds: Reference::Bytes(&code.localspluskinds),
        filename: Reference::Str(&code.filename),
        name: Reference::Str(&code.name),
        qualname: Reference::Str(&code.qualname),
        firstlineno: code.firstlineno,
        linetable: Reference::Bytes(&code.linetable),
        exceptiontable: Reference::Bytes(&code.exceptiontable),
    })
}

fn view_str<V>(text: &Str) -> View<'_, V> {
    View::Str(Cow::Borrowed(text.as_wtf8()), text.interned)
}

fn view_constant(constant: &Constant) -> View<'_, Reference<'_>> {
    match constant {
        Constant::None => View::None,
        Constant::True => View::True,
        Constant::False => View::False,
        Constant::Ellipsis => View::Ellipsis,
        Constant::StopIteration => View::StopIteration,
        Constant::Int(value) => View::Int(Cow::Borrowed(value)),
        Constant::Float(value) => View::Float(**value),
        Constant::Complex(value) => View::Complex(value.0, value.1),
        Constant::Str(text) => view_str(text),
        Constant::Bytes(bytes) => View::Bytes(Cow::Borrowed(bytes)),
        Constant::Tuple(items) => View::Tuple(references(items)),
        Constant::List(items) => View::List(references(items)),
        Constant::Set(items) => View::Set(references(items)),
        Constant::FrozenSet(items) => View::FrozenSet(references(items)),
        Constant::Dict(items) => {
            let pair = |(key, value)| (Reference::of(key), Reference::of(value));
            View::Dict(
                items
                    .iter()
                    .map(|(key, value)| (key, value))
                    .map(pair)
                    .collect(),
            )
        }
        Constant::Slice(parts) => View::Slice(parts.each_ref().map(Reference::of)),
        Constant::Code(code) => View::Code(code_fields(code)),
    }
}

impl<'a> Source for ConstantSource<'a> {
    type Value = Reference<'a>;
    type Identity = Identity<'a>;
    type Error = WriteError;

    fn view<'v>(&self, value: &'v Reference<'a>) -> Result<View<'v, Reference<'a>>, WriteError> {
        Ok(match *value {
            Reference::Constant(Constant::Str(text)) if self.is_plain(text) => {
                View::Str(Cow::Borrowed(text.as_wtf8()), false)
            }
            Reference::Constant(constant) => view_constant(constant),
            Reference::Bytes(bytes) => View::Bytes(Cow::Borrowed(bytes)),
            Reference::Tuple(items) => View::Tuple(references(items)),
            Reference::Str(text) => view_str(text),
            Reference::CodeUnits(code) => View::Bytes(Cow::Borrowed(&code.code)),
            Reference::Code(code) => View::Code(code_fields(code)),
        })
    }

    fn identity(&self, value: &Reference<'a>, held: bool) -> Option<Identity<'a>> {
        match *value {
            Reference::Bytes(bytes) => {
                table_identity(bytes, 1 + usize::from(self.living.is_some()))
            }
            Reference::Tuple(items) => tuple_identity(items, false),
            Reference::Str(text) => str_identity(text, false),
            Reference::CodeUnits(code) => match *code.code {
                [] => Some(Identity::Bytes(None)),
                _ => Some(Identity::CodeUnits(code)),
            },
            Reference::Code(code) => held.then_some(Identity::Code(code)),
            Reference::Constant(constant) => match constant {
                Constant::Int(value) => match i32::try_from(&**value) {
                    Ok(value) if SMALL_INTS.contains(&value) => Some(Identity::SmallInt(value)),
                    _ => address(value, held),
                },
                Constant::Float(value) => address(value, held),
                Constant::Complex(value) => address(value, held),
                Constant::Str(text) if self.is_plain(text) => address_above(text, held, usize::MAX),
                Constant::Str(text) => str_identity(text, held),
                Constant::Bytes(bytes) => bytes_identity(bytes, held),
                Constant::Tuple(items) => tuple_identity(items, held),
                Constant::List(items) | Constant::Set(items) | Constant::FrozenSet(items) => {
                    address(items, held)
                }
                Constant::Dict(items) => address(items, held),
                Constant::Slice(parts) => address(parts, held),
                Constant::Code(code) => {
                    let shared = match self.living {
                        Some(living) => living.shared.contains(&Rc::as_ptr(code)),
                        None => Rc::strong_count(code) > 1,
                    };
                    (held || shared).then_some(Identity::Code(Rc::as_ptr(code)))
                }
                _ => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(data: &[u8]) -> Result<Constant, ReadError> {
        let mut input = data;
        load_constant(&mut input).map(|loaded| loaded.value)
    }

    #[test]
    fn malformed_data_has_cpythons_messages() {
        for (data, message) in [
            (&b""[..], "EOF read where object expected"),
            (b"q", "bad marshal data (unknown type code)"),
            (b"s\x05\0\0\0ab", "marshal data too short"),
            (b"s\xff\xff\xff\x7f", "marshal data too short"),
            (
                b"s\xff\xff\xff\xff",
                "bad marshal data (bytes object size out of range)",
            ),
            (
                b"(\xff\xff\xff\xff",
                "bad marshal data (tuple size out of range)",
            ),
            (b"(\xff\xff\xff\x7f", "EOF read where object expected"),
            (b")\x02N", "EOF read where object expected"),
            (b")\x010", "NULL object in marshal data for tuple"),
            (b"0", "NULL object in marshal data for object"),
            (b":N0N", "NULL object in marshal data for object"),
            (b"r\0\0\0\0", "bad marshal data (invalid reference)"),
            (
                b"l\x01\0\0\0\0\x80",
                "bad marshal data (digit out of range in long)",
            ),
            (
                b"l\x01\0\0\0\0\0",
                "bad marshal data (unnormalized long data)",
            ),
            (b"l\0\0\0\x80", "bad marshal data (long size out of range)"),
            (b"z", "EOF read where not expected"),
            (b"i\0\0", "marshal data too short"),
            (&b")\x01".repeat(2000), "EOF read where object expected"),
            (
                &[&b")\x01".repeat(2000)[..], b"N"].concat(),
                "recursion limit exceeded",
            ),
        ] {
            assert_eq!(
                load(data).map_err(|e| e.to_string()),
                Err(message.to_owned()),
                "{data:?}"
            );
        }
    }

    #[test]
    fn values_are_written_as_cpython_writes_them() {
        let numbers = vec![Constant::int(3), Constant::int(1), Constant::name("a")];
        let cases = [
            (
                Constant::int(1i64 << 40),
                &b"\xec\x03\0\0\0\0\0\0\0\0\x04"[..],
            ),
            (
                Constant::int(-(1i64 << 31) - 1),
                b"\xec\xfd\xff\xff\xff\x01\0\0\0\x02\0",
            ),
            (
                Constant::Set(Rc::from(numbers)),
                b"\xbc\x03\0\0\0\xda\x01a\xe9\x01\0\0\0\xe9\x03\0\0\0",
            ),
            (
                Constant::Dict(Rc::from(vec![(Constant::None, Constant::True)])),
                b"\xfbNT0",
            ),
        ];
        for (value, bytes) in cases {
            assert_eq!(dump_constant(&value, VERSION).as_deref(), Ok(bytes));
            assert_eq!(load(bytes).as_ref(), Ok(&value));
        }
        assert_eq!(
            dump_constant(&Constant::float(0.1), 0).unwrap_or_default(),
            b"f\x130.10000000000000001"
        );
    }

    #[test]
    fn what_is_nested_too_deep_is_refused() {
        let mut value = Constant::tuple(Vec::new());
        for _ in 0..1999 {
            value = Constant::tuple(vec![value]);
        }
        assert!(dump_constant(&value, VERSION).is_ok());
        let value = Constant::tuple(vec![value]);
        assert_eq!(dump_constant(&value, VERSION), Err(WriteError::TooDeep));
    }
}
