//! Writing the marshal format, with a stack of this module's own for what is still to be written.

use super::*;
use dashu_int::ops::UnsignedAbs;
use dashu_int::{IBig, Sign};
use rustc_hash::{FxHashMap, FxHashSet};
use std::borrow::Cow;
use std::hash::Hash;
use taipan_wtf8::Wtf8;

/// Why a value cannot be written: a ValueError with the message that `Display` gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteError {
    /// Something of a type, or a size, that the format does not have.
    Unmarshallable,
    /// Containers within each other, too many.
    TooDeep,
    /// A code object where none is allowed.
    CodeDisallowed,
}

impl std::fmt::Display for WriteError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            WriteError::Unmarshallable => "unmarshallable object",
            WriteError::TooDeep => "object too deeply nested to marshal",
            WriteError::CodeDisallowed => "marshalling code objects is disallowed",
        })
    }
}

impl std::error::Error for WriteError {}

/// What a value is, one level deep.
#[allow(missing_docs)]
pub enum View<'v, V> {
    None,
    True,
    False,
    Ellipsis,
    StopIteration,
    Int(Cow<'v, IBig>),
    Float(f64),
    Complex(f64, f64),
    /// The text, and whether it is interned.
    Str(Cow<'v, Wtf8>, bool),
    /// Bytes, and whatever else is written as bytes.
    Bytes(Cow<'v, [u8]>),
    Tuple(Vec<V>),
    List(Vec<V>),
    Dict(Vec<(V, V)>),
    Set(Vec<V>),
    FrozenSet(Vec<V>),
    Slice([V; 3]),
    Code(Box<CodeFields<V>>),
    /// Nothing that the format knows.
    Other,
}

/// Knows the values that are written.
pub trait Source {
    /// A value, or a reference to one.
    type Value: Clone;
    /// What tells values apart that are not the same object.
    type Identity: Hash + Eq;
    /// The error of looking at a value, and of everything else.
    type Error: From<WriteError>;

    /// What a value is.
    fn view<'v>(&self, value: &'v Self::Value) -> Result<View<'v, Self::Value>, Self::Error>;

    /// The identity of a value that something else may refer to as well; `None` if this is its only place. CPython goes
    /// by the reference count, and takes interned strings for shared always. `held` says that its writer holds the value
    /// itself, as it does with the elements of sets, or its caller. Not asked for `None`, bools and the like.
    fn identity(&self, value: &Self::Value, held: bool) -> Option<Self::Identity>;
}

enum Task<V> {
    /// A value, how deep it is, and whether it is held.
    Value(V, usize, bool),
    Long(i32),
    Null,
    /// The value of this index among the references has been written.
    Complete(u32),
}

/// Appends a value in a version of the format to `out`. `held` says that something else holds the value as well.
pub fn write<S: Source>(
    source: &S,
    value: S::Value,
    held: bool,
    version: i32,
    allow_code: bool,
    out: &mut Vec<u8>,
) -> Result<(), S::Error> {
    write_at(source, value, held, version, allow_code, 0, out)
}

fn write_at<S: Source>(
    source: &S,
    value: S::Value,
    held: bool,
    version: i32,
    allow_code: bool,
    depth: usize,
    out: &mut Vec<u8>,
) -> Result<(), S::Error> {
    let mut writer = Writer {
        source,
        version,
        allow_code,
        refs: FxHashMap::default(),
        open: FxHashSet::default(),
        tasks: vec![Task::Value(value, depth + 1, held)],
        out,
    };
    while let Some(task) = writer.tasks.pop() {
        match task {
            Task::Long(value) => writer.long(value),
            Task::Null => writer.out.push(TYPE_NULL),
            Task::Complete(index) => {
                writer.open.remove(&index);
            }
            Task::Value(value, depth, held) => writer.value(&value, depth, held)?,
        }
    }
    Ok(())
}

struct Writer<'a, S: Source> {
    source: &'a S,
    version: i32,
    allow_code: bool,
    refs: FxHashMap<S::Identity, u32>,
    /// The slices and code objects that are being written: no reader could refer to them yet.
    open: FxHashSet<u32>,
    /// What is still to be written, the next last.
    tasks: Vec<Task<S::Value>>,
    out: &'a mut Vec<u8>,
}

impl<S: Source> Writer<'_, S> {
    fn long(&mut self, value: i32) {
        self.out.extend_from_slice(&value.to_le_bytes());
    }

    fn size(&mut self, size: usize) -> Result<(), WriteError> {
        let size = i32::try_from(size).map_err(|_| WriteError::Unmarshallable)?;
        self.long(size);
        Ok(())
    }

    fn value(&mut self, value: &S::Value, depth: usize, held: bool) -> Result<(), S::Error> {
        if depth > MAX_DEPTH {
            return Err(WriteError::TooDeep.into());
        }
        let view = self.source.view(value)?;
        let singleton = match &view {
            View::None => Some(TYPE_NONE),
            View::True => Some(TYPE_TRUE),
            View::False => Some(TYPE_FALSE),
            View::Ellipsis => Some(TYPE_ELLIPSIS),
            View::StopIteration => Some(TYPE_STOPITER),
            _ => None,
        };
        if let Some(byte) = singleton {
            self.out.push(byte);
            return Ok(());
        }
        let mut flag = 0;
        if self.version >= 3
            && let Some(identity) = self.source.identity(value, held)
        {
            if let Some(index) = self.refs.get(&identity).copied() {
                if self.open.contains(&index) {
                    return Err(WriteError::Unmarshallable.into());
                }
                self.out.push(TYPE_REF);
                self.out.extend_from_slice(&index.to_le_bytes());
                return Ok(());
            }
            let index = self.refs.len() as u32;
            self.refs.insert(identity, index);
            if matches!(view, View::Slice(_) | View::Code(_)) {
                self.open.insert(index);
                self.tasks.push(Task::Complete(index));
            }
            flag = FLAG_REF;
        }
        match view {
            View::Int(value) => self.int(&value, flag)?,
            View::Float(value) => {
                self.out.push(
                    flag | if self.version > 1 {
                        TYPE_BINARY_FLOAT
                    } else {
                        TYPE_FLOAT
                    },
                );
                self.float(value);
            }
            View::Complex(real, imaginary) => {
                let binary = self.version > 1;
                self.out.push(
                    flag | if binary {
                        TYPE_BINARY_COMPLEX
                    } else {
                        TYPE_COMPLEX
                    },
                );
                self.float(real);
                self.float(imaginary);
            }
            View::Str(text, interned) => self.str(&text, interned, flag)?,
            View::Bytes(bytes) => {
                self.out.push(flag | TYPE_STRING);
                self.size(bytes.len())?;
                self.out.extend_from_slice(&bytes);
            }
            View::Tuple(items) => {
                if self.version >= 4 && items.len() < 256 {
                    self.out.push(flag | TYPE_SMALL_TUPLE);
                    self.out.push(items.len() as u8);
                } else {
                    self.out.push(flag | TYPE_TUPLE);
                    self.size(items.len())?;
                }
                self.later(items, depth);
            }
            View::List(items) => {
                self.out.push(flag | TYPE_LIST);
                self.size(items.len())?;
                self.later(items, depth);
            }
            View::Dict(items) => {
                self.out.push(flag | TYPE_DICT);
                self.tasks.push(Task::Null);
                let items = items.into_iter().rev();
                let tasks = items.flat_map(|(key, value)| [value, key]);
                self.tasks
                    .extend(tasks.map(|value| Task::Value(value, depth + 1, false)));
            }
            View::Set(items) => self.set(items, flag | TYPE_SET, depth)?,
            View::FrozenSet(items) => self.set(items, flag | TYPE_FROZENSET, depth)?,
            View::Slice(parts) if self.version >= 5 => {
                self.out.push(flag | TYPE_SLICE);
                self.later(parts.into(), depth);
            }
            View::Code(_) if !self.allow_code => return Err(WriteError::CodeDisallowed.into()),
            View::Code(fields) => self.code(*fields, flag, depth),
            _ => return Err(WriteError::Unmarshallable.into()),
        }
        Ok(())
    }

    /// Leaves values to be written next, in order.
    fn later(&mut self, items: Vec<S::Value>, depth: usize) {
        let items = items.into_iter().rev();
        self.tasks
            .extend(items.map(|value| Task::Value(value, depth + 1, false)));
    }

    fn int(&mut self, value: &IBig, flag: u8) -> Result<(), WriteError> {
        if let Ok(value) = i32::try_from(value) {
            self.out.push(flag | TYPE_INT);
            self.long(value);
            return Ok(());
        }
        self.out.push(flag | TYPE_LONG);
        let bytes = value.unsigned_abs().to_le_bytes();
        let mut digits: Vec<u16> = Vec::with_capacity(bytes.len() * 8 / 15 + 1);
        let (mut buffer, mut filled) = (0u32, 0);
        for byte in bytes.iter() {
            buffer |= u32::from(*byte) << filled;
            filled += 8;
            if filled >= 15 {
                digits.push(buffer as u16 & 0x7FFF);
                buffer >>= 15;
                filled -= 15;
            }
        }
        digits.push(buffer as u16);
        while digits.last() == Some(&0) {
            digits.pop();
        }
        let count = i32::try_from(digits.len()).map_err(|_| WriteError::Unmarshallable)?;
        self.long(if value.sign() == Sign::Negative {
            -count
        } else {
            count
        });
        for digit in digits {
            self.out.extend_from_slice(&digit.to_le_bytes());
        }
        Ok(())
    }

    fn float(&mut self, value: f64) {
        if self.version > 1 {
            self.out.extend_from_slice(&value.to_le_bytes());
            return;
        }
        let text = general_format(value);
        self.out.push(text.len() as u8);
        self.out.extend_from_slice(text.as_bytes());
    }

    fn str(&mut self, text: &Wtf8, interned: bool, flag: u8) -> Result<(), WriteError> {
        let bytes = text.as_bytes();
        let ascii = self.version >= 4 && text.is_ascii();
        let interned = interned && self.version >= 3;
        let short = ascii && bytes.len() < 256;
        self.out.push(
            flag | match (ascii, short, interned) {
                (true, true, true) => TYPE_SHORT_ASCII_INTERNED,
                (true, true, false) => TYPE_SHORT_ASCII,
                (true, false, true) => TYPE_ASCII_INTERNED,
                (true, false, false) => TYPE_ASCII,
                (false, _, true) => TYPE_INTERNED,
                (false, _, false) => TYPE_UNICODE,
            },
        );
        if short {
            self.out.push(bytes.len() as u8);
        } else {
            self.size(bytes.len())?;
        }
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    /// Sets have no order of their own, so that of what is written for each element is taken.
    fn set(&mut self, items: Vec<S::Value>, byte: u8, depth: usize) -> Result<(), S::Error> {
        self.out.push(byte);
        self.size(items.len())?;
        let mut keyed = Vec::with_capacity(items.len());
        for item in items {
            let mut key = Vec::new();
            let (version, allow_code) = (self.version, self.allow_code);
            write_at(
                self.source,
                item.clone(),
                true,
                version,
                allow_code,
                depth,
                &mut key,
            )?;
            keyed.push((key, item));
        }
        keyed.sort_by(|a, b| a.0.cmp(&b.0));
        let items = keyed.into_iter().rev();
        self.tasks
            .extend(items.map(|(_, item)| Task::Value(item, depth + 1, true)));
        Ok(())
    }

    fn code(&mut self, fields: CodeFields<S::Value>, flag: u8, depth: usize) {
        self.out.push(flag | TYPE_CODE);
        self.long(fields.argcount);
        self.long(fields.posonlyargcount);
        self.long(fields.kwonlyargcount);
        self.long(fields.stacksize);
        self.long(fields.flags);
        self.later(vec![fields.linetable, fields.exceptiontable], depth);
        self.tasks.push(Task::Long(fields.firstlineno));
        let before_line = vec![
            fields.code,
            fields.consts,
            fields.names,
            fields.localsplusnames,
            fields.localspluskinds,
            fields.filename,
            fields.name,
            fields.qualname,
        ];
        self.later(before_line, depth);
    }
}

/// C's `%.17g`, which versions 0 and 1 write floats as.
fn general_format(value: f64) -> String {
    if value.is_nan() {
        return "nan".to_owned();
    }
    if value.is_infinite() {
        return if value < 0.0 { "-inf" } else { "inf" }.to_owned();
    }
    let scientific = format!("{value:.16e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if (-4..17).contains(&exponent) {
        return trim(&format!("{value:.*}", (16 - exponent) as usize));
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", trim(digits), exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::general_format;

    #[test]
    fn floats_as_c_prints_them() {
        for (value, text) in [
            (0.1, "0.10000000000000001"),
            (1.0, "1"),
            (-0.0, "-0"),
            (1e16, "10000000000000000"),
            (1e17, "1e+17"),
            (1.5e-5, "1.5000000000000000e-05"),
        ] {
            let expected = if value == 1.5e-5 { "1.5e-05" } else { text };
            assert_eq!(general_format(value), expected);
        }
    }
}
