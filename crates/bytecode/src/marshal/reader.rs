//! Reading the marshal format. Containers that are still open stand on a stack of this module's own, so the depth of the
//! input costs no call stack.

use super::*;
use dashu_int::{IBig, UBig};
use taipan_wtf8::Wtf8;

/// What is wrong with marshal data. `Display` gives CPython's message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadError {
    /// EOFError.
    Eof(&'static str),
    /// ValueError.
    Value(&'static str),
    /// TypeError.
    Type(&'static str),
    /// SystemError.
    System(&'static str),
    /// ValueError: this text is no float.
    Float(String),
    /// What UnicodeDecodeError says of these bytes, read as UTF-8 with surrogates.
    Utf8(Vec<u8>),
}

impl std::fmt::Display for ReadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            ReadError::Eof(message)
            | ReadError::Value(message)
            | ReadError::Type(message)
            | ReadError::System(message) => f.write_str(message),
            ReadError::Float(text) => {
                write!(f, "could not convert string to float: '{text}'")
            }
            ReadError::Utf8(_) => f.write_str("invalid UTF-8 in marshal data"),
        }
    }
}

impl std::error::Error for ReadError {}

const TOO_SHORT: ReadError = ReadError::Eof("marshal data too short");
const INVALID_REFERENCE: ReadError = ReadError::Value("bad marshal data (invalid reference)");

/// Where the bytes come from.
pub trait Input {
    /// The error of reading, and of everything else.
    type Error: From<ReadError>;

    /// The next `size` bytes; [`ReadError::Eof`] "marshal data too short" if there are fewer.
    fn take(&mut self, size: usize) -> Result<&[u8], Self::Error>;

    /// The next byte; `None` at the end.
    fn next_byte(&mut self) -> Result<Option<u8>, Self::Error>;
}

/// Input from memory; what is left of the slice is what was not read.
impl Input for &[u8] {
    type Error = ReadError;

    fn take(&mut self, size: usize) -> Result<&[u8], ReadError> {
        let (taken, rest) = self.split_at_checked(size).ok_or(TOO_SHORT)?;
        *self = rest;
        Ok(taken)
    }

    fn next_byte(&mut self) -> Result<Option<u8>, ReadError> {
        let Some((byte, rest)) = self.split_first() else {
            return Ok(None);
        };
        *self = rest;
        Ok(Some(*byte))
    }
}

/// The kinds of containers that are filled while they already exist.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Container {
    /// `list`: the items in order.
    List,
    /// `dict`: key, value, key, value...
    Dict,
    /// `set`: the elements.
    Set,
}

/// Makes values of what is read.
pub trait Builder {
    /// A value; a clone is another reference to it.
    type Value: Clone;
    /// A container that is being filled.
    type Partial;
    /// The error of making a value.
    type Error: From<ReadError>;

    /// `None`, `True`, `False`, `...` and the class `StopIteration`, by their type bytes `N`, `T`, `F`, `.`, `S`.
    fn singleton(&mut self, type_byte: u8) -> Result<Self::Value, Self::Error>;
    /// An int.
    fn int(&mut self, value: IBig) -> Result<Self::Value, Self::Error>;
    /// A float.
    fn float(&mut self, value: f64) -> Result<Self::Value, Self::Error>;
    /// A complex.
    fn complex(&mut self, real: f64, imaginary: f64) -> Result<Self::Value, Self::Error>;
    /// A str, to be interned or not.
    fn str(&mut self, text: &Wtf8, interned: bool) -> Result<Self::Value, Self::Error>;
    /// A bytes.
    fn bytes(&mut self, bytes: &[u8]) -> Result<Self::Value, Self::Error>;
    /// A tuple.
    fn tuple(&mut self, items: Vec<Self::Value>) -> Result<Self::Value, Self::Error>;
    /// A tuple of `size` items that its own items may refer to before they are all read; `None` if there can be no such
    /// thing. [`Builder::fill`] gives it its items.
    fn early_tuple(&mut self, size: usize) -> Result<Option<Self::Value>, Self::Error> {
        let _ = size;
        Ok(None)
    }
    /// The early tuple with its items.
    fn fill(
        &mut self,
        tuple: Self::Value,
        items: Vec<Self::Value>,
    ) -> Result<Self::Value, Self::Error> {
        let _ = items;
        Ok(tuple)
    }
    /// A frozenset of these elements, some of which may be equal.
    fn frozenset(&mut self, items: Vec<Self::Value>) -> Result<Self::Value, Self::Error>;
    /// A slice.
    fn slice(&mut self, parts: [Self::Value; 3]) -> Result<Self::Value, Self::Error>;
    /// A code object. The types of its fields are not checked yet.
    fn code(&mut self, fields: CodeFields<Self::Value>) -> Result<Self::Value, Self::Error>;
    /// An empty container, and the value by which its own items may refer to it, if there can be such a value already.
    fn begin(
        &mut self,
        kind: Container,
    ) -> Result<(Self::Partial, Option<Self::Value>), Self::Error>;
    /// Puts a value into a container; for a dict, a key and its value.
    fn push(
        &mut self,
        partial: &mut Self::Partial,
        item: Self::Value,
        value: Option<Self::Value>,
    ) -> Result<(), Self::Error>;
    /// The filled container.
    fn finish(&mut self, partial: Self::Partial) -> Result<Self::Value, Self::Error>;
}

/// A container that is not complete.
enum Open<B: Builder> {
    Tuple(Vec<B::Value>, usize),
    FrozenSet(Vec<B::Value>, usize),
    Slice(Vec<B::Value>),
    Container(Container, B::Partial, usize),
    Dict(B::Partial, Option<B::Value>),
    Code([i32; 5], i32, Vec<B::Value>),
}

/// The fields of code before and after its first line.
const CODE_FIELDS_BEFORE_LINE: usize = 8;
const CODE_FIELDS: usize = 10;

/// How many items room is made for before they have been seen.
const TRUSTED_SIZE: usize = 64;

struct Frame<B: Builder> {
    open: Open<B>,
    /// The reference that means it once it is complete.
    slot: Option<usize>,
    /// The tuple, if something in it has referred to it already.
    early: Option<B::Value>,
}

/// What a step gave: a value, the NULL that ends dicts, or nothing yet.
enum Step<V> {
    Value(V),
    Null,
    Opened,
}

fn array<const N: usize, I: Input>(input: &mut I) -> Result<[u8; N], I::Error>
where
    I::Error: From<ReadError>,
{
    let bytes = input.take(N)?;
    bytes.try_into().map_err(|_| TOO_SHORT.into())
}

fn long<I: Input>(input: &mut I) -> Result<i32, I::Error>
where
    I::Error: From<ReadError>,
{
    Ok(i32::from_le_bytes(array(input)?))
}

/// A reader of one value and what is in it.
pub struct Reader<'a, I, B: Builder> {
    input: &'a mut I,
    builder: &'a mut B,
    allow_code: bool,
    refs: Vec<Option<B::Value>>,
    frames: Vec<Frame<B>>,
}

impl<'a, I, B> Reader<'a, I, B>
where
    B: Builder,
    I: Input<Error = B::Error>,
{
    /// A reader from `input`; without `allow_code`, code objects are an error.
    pub fn new(input: &'a mut I, builder: &'a mut B, allow_code: bool) -> Self {
        Reader {
            input,
            builder,
            allow_code,
            refs: Vec::new(),
            frames: Vec::new(),
        }
    }

    /// Reads a value.
    pub fn read(&mut self) -> Result<B::Value, B::Error> {
        loop {
            let mut step = self.step()?;
            loop {
                step = match step {
                    Step::Opened => match self.complete()? {
                        Some(value) => Step::Value(value),
                        None => break,
                    },
                    Step::Value(value) if self.frames.is_empty() => return Ok(value),
                    Step::Value(value) => {
                        self.deliver(value)?;
                        // A frame without room for further items is complete at once.
                        Step::Opened
                    }
                    Step::Null => match self.frames.pop() {
                        Some(frame) => Step::Value(self.deliver_null(frame)?),
                        None => {
                            let message = "NULL object in marshal data for object";
                            return Err(ReadError::Type(message).into());
                        }
                    },
                };
            }
        }
    }

    /// The values that references could mean, in order. They hold what was read alive, as CPython's reader does while it
    /// reads.
    pub fn into_refs(self) -> Vec<Option<B::Value>> {
        self.refs
    }

    /// Gives a value to the container that waits for it, which stays open.
    fn deliver(&mut self, value: B::Value) -> Result<(), B::Error> {
        let Some(frame) = self.frames.last_mut() else {
            return Ok(());
        };
        match &mut frame.open {
            Open::Tuple(items, _) | Open::FrozenSet(items, _) | Open::Slice(items) => {
                items.push(value);
            }
            Open::Container(_, partial, left) => {
                self.builder.push(partial, value, None)?;
                *left = left.saturating_sub(1);
            }
            Open::Dict(partial, key) => match key.take() {
                None => *key = Some(value),
                Some(key) => self.builder.push(partial, key, Some(value))?,
            },
            Open::Code(_, line, fields) => {
                fields.push(value);
                if fields.len() == CODE_FIELDS_BEFORE_LINE {
                    *line = long(self.input)?;
                }
            }
        }
        Ok(())
    }

    /// NULL ends a dict where a key would be; after a key it ends it as well, and the key is dropped.
    fn deliver_null(&mut self, frame: Frame<B>) -> Result<B::Value, B::Error> {
        let message = match frame.open {
            Open::Dict(partial, _) => {
                let value = self.builder.finish(partial)?;
                self.fill(frame.slot, &value);
                return Ok(value);
            }
            Open::Tuple(..) => "NULL object in marshal data for tuple",
            Open::Container(Container::List, ..) => "NULL object in marshal data for list",
            Open::Container(..) | Open::FrozenSet(..) => "NULL object in marshal data for set",
            Open::Slice(_) => "NULL object in marshal data for object",
            Open::Code(..) => "NULL object in marshal data for code object",
        };
        Err(ReadError::Type(message).into())
    }

    /// The value of the innermost container, if that has all its items.
    fn complete(&mut self) -> Result<Option<B::Value>, B::Error> {
        let full = self.frames.last().is_some_and(|frame| match &frame.open {
            Open::Tuple(items, size) | Open::FrozenSet(items, size) => items.len() == *size,
            Open::Slice(items) => items.len() == 3,
            Open::Container(_, _, left) => *left == 0,
            Open::Dict(..) => false,
            Open::Code(_, _, fields) => fields.len() == CODE_FIELDS,
        });
        if !full {
            return Ok(None);
        }
        let Some(frame) = self.frames.pop() else {
            return Ok(None);
        };
        let value = match frame.open {
            Open::Tuple(items, _) => match frame.early {
                Some(tuple) => self.builder.fill(tuple, items)?,
                None => self.builder.tuple(items)?,
            },
            Open::FrozenSet(items, _) => self.builder.frozenset(items)?,
            Open::Container(_, partial, _) | Open::Dict(partial, _) => {
                self.builder.finish(partial)?
            }
            Open::Slice(items) => match <[B::Value; 3]>::try_from(items) {
                Ok(parts) => self.builder.slice(parts)?,
                Err(_) => return Err(INVALID_REFERENCE.into()),
            },
            Open::Code(counts, line, fields) => self.code(counts, line, fields)?,
        };
        self.fill(frame.slot, &value);
        Ok(Some(value))
    }

    fn code(
        &mut self,
        counts: [i32; 5],
        firstlineno: i32,
        fields: Vec<B::Value>,
    ) -> Result<B::Value, B::Error> {
        let Ok(
            [
                code,
                consts,
                names,
                localsplusnames,
                localspluskinds,
                filename,
                name,
                qualname,
                linetable,
                exceptiontable,
            ],
        ) = <[B::Value; CODE_FIELDS]>::try_from(fields)
        else {
            return Err(INVALID_REFERENCE.into());
        };
        let [argcount, posonlyargcount, kwonlyargcount, stacksize, flags] = counts;
        self.builder.code(CodeFields {
            argcount,
            posonlyargcount,
            kwonlyargcount,
            stacksize,
            flags,
            code,
            consts,
            names,
            localsplusnames,
            localspluskinds,
            filename,
            name,
            qualname,
            firstlineno,
            linetable,
            exceptiontable,
        })
    }

    fn byte(&mut self) -> Result<u8, B::Error> {
        let byte = self.input.next_byte()?;
        byte.ok_or_else(|| ReadError::Eof("EOF read where not expected").into())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], B::Error> {
        array(self.input)
    }

    fn long(&mut self) -> Result<i32, B::Error> {
        long(self.input)
    }

    fn size(&mut self, error: &'static str) -> Result<usize, B::Error> {
        let size = self.long()?;
        usize::try_from(size).map_err(|_| ReadError::Value(error).into())
    }

    fn float_text(&mut self) -> Result<f64, B::Error> {
        let size = self.byte()?;
        let bytes = self.input.take(usize::from(size))?;
        let text = std::str::from_utf8(bytes).ok();
        let value = text.and_then(|text| text.parse().ok());
        value.ok_or_else(|| ReadError::Float(String::from_utf8_lossy(bytes).into_owned()).into())
    }

    fn float(&mut self) -> Result<f64, B::Error> {
        Ok(f64::from_le_bytes(self.array()?))
    }

    /// An int in digits of 15 bits.
    fn big_int(&mut self) -> Result<IBig, B::Error> {
        let size = self.long()?;
        if size == i32::MIN {
            return Err(ReadError::Value("bad marshal data (long size out of range)").into());
        }
        let count = size.unsigned_abs() as usize;
        let mut bytes: Vec<u8> = Vec::new();
        let (mut buffer, mut filled) = (0u32, 0);
        for i in 0..count {
            let digit = u16::from_le_bytes(self.array()?);
            if digit > 0x7FFF {
                let message = "bad marshal data (digit out of range in long)";
                return Err(ReadError::Value(message).into());
            }
            if digit == 0 && i + 1 == count {
                let message = "bad marshal data (unnormalized long data)";
                return Err(ReadError::Value(message).into());
            }
            buffer |= u32::from(digit) << filled;
            filled += 15;
            while filled >= 8 {
                bytes.push(buffer as u8);
                buffer >>= 8;
                filled -= 8;
            }
        }
        bytes.push(buffer as u8);
        let magnitude = IBig::from(UBig::from_le_bytes(&bytes));
        Ok(if size < 0 { -magnitude } else { magnitude })
    }

    fn text(&mut self, size: usize, ascii: bool, interned: bool) -> Result<B::Value, B::Error> {
        let bytes = self.input.take(size)?;
        let all_ascii = bytes.is_ascii();
        if all_ascii {
            return self.builder.str(Wtf8::trusted(bytes), interned);
        }
        if ascii {
            // Bytes above 127 are taken for Latin-1 here; what CPython's writer writes has none.
            let text: taipan_wtf8::Wtf8Buf = bytes.iter().map(|byte| u32::from(*byte)).collect();
            return self.builder.str(&text, interned);
        }
        match Wtf8::from_bytes(bytes) {
            Some(text) => self.builder.str(text, interned),
            None => Err(ReadError::Utf8(bytes.to_vec()).into()),
        }
    }

    fn open(&mut self, open: Open<B>, slot: Option<usize>) -> Step<B::Value> {
        self.frames.push(Frame {
            open,
            slot,
            early: None,
        });
        Step::Opened
    }

    /// The place among the references that a value with the flag takes; it is filled when the value is complete.
    fn reserve(&mut self, flagged: bool) -> Option<usize> {
        if !flagged {
            return None;
        }
        self.refs.push(None);
        Some(self.refs.len() - 1)
    }

    /// What a reference means that a tuple will have which is still open: there are lists that are in themselves by way of
    /// a tuple.
    fn early_tuple(&mut self, slot: usize) -> Result<B::Value, B::Error> {
        for frame in self.frames.iter_mut().rev() {
            if let Open::Tuple(_, size) = &frame.open
                && frame.slot == Some(slot)
                && let Some(tuple) = self.builder.early_tuple(*size)?
            {
                frame.early = Some(tuple.clone());
                if let Some(place) = self.refs.get_mut(slot) {
                    *place = Some(tuple.clone());
                }
                return Ok(tuple);
            }
        }
        Err(INVALID_REFERENCE.into())
    }

    fn fill(&mut self, slot: Option<usize>, value: &B::Value) {
        if let Some(place) = slot.and_then(|slot| self.refs.get_mut(slot)) {
            *place = Some(value.clone());
        }
    }

    /// Reads one type byte and what belongs to it, but not the items of a container.
    fn step(&mut self) -> Result<Step<B::Value>, B::Error> {
        let Some(type_byte) = self.input.next_byte()? else {
            return Err(ReadError::Eof("EOF read where object expected").into());
        };
        if self.frames.len() >= MAX_DEPTH {
            return Err(ReadError::Value("recursion limit exceeded").into());
        }
        let flagged = type_byte & FLAG_REF != 0;
        let value = match type_byte & !FLAG_REF {
            TYPE_NULL => return Ok(Step::Null),
            byte @ (TYPE_NONE | TYPE_FALSE | TYPE_TRUE | TYPE_ELLIPSIS | TYPE_STOPITER) => {
                return Ok(Step::Value(self.builder.singleton(byte)?));
            }
            TYPE_REF => {
                let index = self.long()?;
                let index = usize::try_from(index).map_err(|_| INVALID_REFERENCE)?;
                return Ok(Step::Value(match self.refs.get(index).cloned().flatten() {
                    Some(value) => value,
                    None => self.early_tuple(index)?,
                }));
            }
            TYPE_INT => {
                let value = self.long()?;
                self.builder.int(IBig::from(value))?
            }
            TYPE_INT64 => {
                let value = i64::from_le_bytes(self.array()?);
                self.builder.int(IBig::from(value))?
            }
            TYPE_LONG => {
                let value = self.big_int()?;
                self.builder.int(value)?
            }
            TYPE_FLOAT => {
                let value = self.float_text()?;
                self.builder.float(value)?
            }
            TYPE_BINARY_FLOAT => {
                let value = self.float()?;
                self.builder.float(value)?
            }
            TYPE_COMPLEX => {
                let (real, imaginary) = (self.float_text()?, self.float_text()?);
                self.builder.complex(real, imaginary)?
            }
            TYPE_BINARY_COMPLEX => {
                let (real, imaginary) = (self.float()?, self.float()?);
                self.builder.complex(real, imaginary)?
            }
            TYPE_STRING => {
                let size = self.size("bad marshal data (bytes object size out of range)")?;
                let bytes = self.input.take(size)?;
                self.builder.bytes(bytes)?
            }
            byte @ (TYPE_ASCII | TYPE_ASCII_INTERNED | TYPE_UNICODE | TYPE_INTERNED) => {
                let size = self.size("bad marshal data (string size out of range)")?;
                let ascii = matches!(byte, TYPE_ASCII | TYPE_ASCII_INTERNED);
                let interned = matches!(byte, TYPE_ASCII_INTERNED | TYPE_INTERNED);
                self.text(size, ascii, interned)?
            }
            byte @ (TYPE_SHORT_ASCII | TYPE_SHORT_ASCII_INTERNED) => {
                let size = usize::from(self.byte()?);
                self.text(size, true, byte == TYPE_SHORT_ASCII_INTERNED)?
            }
            byte => return self.step_into(byte, flagged),
        };
        let slot = self.reserve(flagged);
        self.fill(slot, &value);
        Ok(Step::Value(value))
    }

    /// The start of a container.
    fn step_into(&mut self, byte: u8, flagged: bool) -> Result<Step<B::Value>, B::Error> {
        match byte {
            TYPE_SMALL_TUPLE | TYPE_TUPLE => {
                let size = if byte == TYPE_TUPLE {
                    self.size("bad marshal data (tuple size out of range)")?
                } else {
                    usize::from(self.byte()?)
                };
                let slot = self.reserve(flagged);
                let items = Vec::with_capacity(size.min(TRUSTED_SIZE));
                Ok(self.open(Open::Tuple(items, size), slot))
            }
            TYPE_LIST => {
                let size = self.size("bad marshal data (list size out of range)")?;
                self.begin(Container::List, size, flagged)
            }
            TYPE_SET => {
                let size = self.size("bad marshal data (set size out of range)")?;
                self.begin(Container::Set, size, flagged)
            }
            TYPE_FROZENSET => {
                let size = self.size("bad marshal data (set size out of range)")?;
                // The empty frozenset takes its place among the references late, but nothing can come between.
                let slot = self.reserve(flagged);
                Ok(self.open(Open::FrozenSet(Vec::new(), size), slot))
            }
            TYPE_DICT => self.begin(Container::Dict, 0, flagged),
            TYPE_SLICE => {
                let slot = self.reserve(flagged);
                Ok(self.open(Open::Slice(Vec::new()), slot))
            }
            TYPE_CODE if !self.allow_code => {
                let message = "unmarshalling code objects is disallowed";
                Err(ReadError::Value(message).into())
            }
            TYPE_CODE => {
                let slot = self.reserve(flagged);
                let mut counts = [0; 5];
                for count in &mut counts {
                    *count = self.long()?;
                }
                let fields = Vec::with_capacity(CODE_FIELDS);
                Ok(self.open(Open::Code(counts, 0, fields), slot))
            }
            _ => Err(ReadError::Value("bad marshal data (unknown type code)").into()),
        }
    }

    fn begin(
        &mut self,
        kind: Container,
        size: usize,
        flagged: bool,
    ) -> Result<Step<B::Value>, B::Error> {
        let (partial, early) = self.builder.begin(kind)?;
        let slot = self.reserve(flagged);
        if let Some(early) = early {
            self.fill(slot, &early);
        }
        let open = match kind {
            Container::Dict => Open::Dict(partial, None),
            _ => Open::Container(kind, partial, size),
        };
        Ok(self.open(open, slot))
    }
}
