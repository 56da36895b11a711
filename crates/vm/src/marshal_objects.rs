//! Objects from marshal data. Code becomes objects at once, without a description in between; its shape is verified at once,
//! its instructions when they are to run. The format itself is `taipan_bytecode::marshal`'s.

use std::rc::Rc;

use dashu_int::IBig;
use taipan_bytecode::marshal::CodeFields;
use taipan_bytecode::marshal::reader::{Builder, Container, Input, ReadError, Reader};
use taipan_object::{Bytes, Dict, List, PyResult, Raised, Ref, Set, Str, Tuple, Value, Vm};
use taipan_wtf8::Wtf8;

use crate::code::{Body, BodySource, NameTuples, Parts, Table, wtf8_to_str};
use crate::glue::unhashable_note;

/// Why data could not be read.
pub enum LoadError {
    /// It is malformed.
    Read(ReadError),
    /// An exception is pending.
    Raised(Raised),
}

impl From<ReadError> for LoadError {
    fn from(e: ReadError) -> LoadError {
        LoadError::Read(e)
    }
}

impl From<Raised> for LoadError {
    fn from(e: Raised) -> LoadError {
        LoadError::Raised(e)
    }
}

struct Slice<'a>(&'a [u8]);

impl Input for Slice<'_> {
    type Error = LoadError;

    fn take(&mut self, size: usize) -> Result<&[u8], LoadError> {
        Ok(self.0.take(size)?)
    }

    fn next_byte(&mut self) -> Result<Option<u8>, LoadError> {
        Ok(self.0.next_byte()?)
    }
}

/// A file object, which is asked for exactly the bytes that are needed.
struct File<'a> {
    vm: &'a Vm,
    file: &'a Value,
    buffer: Vec<u8>,
}

/// The data may claim any size, so that no more is asked for at once.
const FILE_CHUNK: usize = 1 << 20;

impl File<'_> {
    /// Puts the next `size` bytes behind those in the buffer; false if there are fewer.
    fn read_into(&mut self, size: usize) -> PyResult<bool> {
        let vm = self.vm;
        let array = vm.call1(
            &crate::glue::builtin(vm, "bytearray")?,
            &vm.new_usize(size)?,
        )?;
        let view = vm.call1(&crate::glue::builtin(vm, "memoryview")?, &array)?;
        let read = vm.call_method_str(self.file, "readinto", std::slice::from_ref(&view))?;
        let read = vm.index_isize(&read)?;
        if read > size as isize {
            return Err(vm.value_error(&format!(
                "read() returned too much data: {size} bytes requested, {read} returned"
            )));
        }
        if read < size as isize {
            return Ok(false);
        }
        self.buffer
            .extend_from_slice(&vm.get_buffer(&array, false)?.to_vec());
        Ok(true)
    }
}

impl Input for File<'_> {
    type Error = LoadError;

    fn take(&mut self, size: usize) -> Result<&[u8], LoadError> {
        self.buffer.clear();
        while self.buffer.len() < size {
            if !self.read_into((size - self.buffer.len()).min(FILE_CHUNK))? {
                return Err(ReadError::Eof("EOF read where not expected").into());
            }
        }
        Ok(&self.buffer)
    }

    fn next_byte(&mut self) -> Result<Option<u8>, LoadError> {
        self.buffer.clear();
        Ok(if self.read_into(1)? {
            self.buffer.first().copied()
        } else {
            None
        })
    }
}

/// A value that was read. Bytes become an object when they turn out to be no table of a code object.
#[derive(Clone)]
enum Item {
    Value(Value),
    Bytes(usize),
}

/// A container that is being filled.
enum Partial {
    List(Ref<List>),
    Dict(Ref<Dict>),
    Set(Ref<Set>),
}

struct Objects<'a> {
    vm: &'a Vm,
    /// All bytes that were read, and their objects.
    bytes: Vec<(Table, Option<Value>)>,
    /// How many bytes there can be at most.
    left: usize,
    /// What code has whose tuples of names nobody else refers to.
    alone: Rc<NameTuples>,
}

/// Names, and their tuple if it is referred to elsewhere.
type Names = (Box<[Ref<Str>]>, Option<Ref<Tuple>>);

const BAD_ARGUMENT: ReadError = ReadError::System("bad argument to internal function");

fn count(value: i32) -> Result<u32, LoadError> {
    u32::try_from(value).map_err(|_| ReadError::Value("code: co_varnames is too small").into())
}

impl Objects<'_> {
    fn value(&mut self, item: Item) -> Result<Value, LoadError> {
        match item {
            Item::Value(v) => Ok(v),
            Item::Bytes(i) => {
                let Some((table, made)) = self.bytes.get_mut(i) else {
                    return Err(BAD_ARGUMENT.into());
                };
                if let Some(v) = made {
                    return Ok(v.clone());
                }
                let v = self.vm.new_bytes(table)?.into_value();
                *made = Some(v.clone());
                Ok(v)
            }
        }
    }

    fn values(&mut self, items: Vec<Item>) -> Result<Vec<Value>, LoadError> {
        items.into_iter().map(|i| self.value(i)).collect()
    }

    fn table(&self, item: Item) -> Result<Table, LoadError> {
        match item {
            Item::Bytes(i) => match self.bytes.get(i) {
                Some((table, _)) => Ok(table.clone()),
                None => Err(BAD_ARGUMENT.into()),
            },
            Item::Value(_) => Err(BAD_ARGUMENT.into()),
        }
    }

    fn tuple_items(&self, item: Item) -> Result<Ref<Tuple>, LoadError> {
        match item {
            Item::Value(v) => v.downcast::<Tuple>().map_err(|_| BAD_ARGUMENT.into()),
            Item::Bytes(_) => Err(BAD_ARGUMENT.into()),
        }
    }

    fn names(&self, item: Item) -> Result<Names, LoadError> {
        let tuple = self.tuple_items(item)?;
        let names: Box<[Ref<Str>]> = tuple
            .as_slice()
            .iter()
            .map(|v| match v.downcast_ref::<Str>() {
                Some(s) => Ok(self.vm.intern_str(s)),
                None => Err(ReadError::Type("name tuples must contain only strings").into()),
            })
            .collect::<Result<_, LoadError>>()?;
        let mut both = names.iter().zip(tuple.as_slice());
        let same = both.all(|(name, v)| name.as_value().is(v));
        let shared = same && tuple.as_value().refcount() > 1;
        Ok((names, shared.then_some(tuple)))
    }

    fn string(&self, item: Item) -> Result<Ref<Str>, LoadError> {
        match item {
            Item::Value(v) => match v.downcast_ref::<Str>() {
                Some(s) => Ok(self.vm.intern_str(s)),
                None => Err(BAD_ARGUMENT.into()),
            },
            Item::Bytes(_) => Err(BAD_ARGUMENT.into()),
        }
    }
}

impl Builder for Objects<'_> {
    type Value = Item;
    type Partial = Partial;
    type Error = LoadError;

    fn singleton(&mut self, type_byte: u8) -> Result<Item, LoadError> {
        let vm = self.vm;
        Ok(Item::Value(match type_byte {
            b'T' => vm.bool(true),
            b'F' => vm.bool(false),
            b'.' => vm.ellipsis(),
            b'S' => vm.exc().StopIteration.as_value().clone(),
            _ => vm.none(),
        }))
    }

    fn int(&mut self, value: IBig) -> Result<Item, LoadError> {
        Ok(Item::Value(self.vm.new_ibig(value)?))
    }

    fn float(&mut self, value: f64) -> Result<Item, LoadError> {
        Ok(Item::Value(self.vm.new_float(value)?))
    }

    fn complex(&mut self, real: f64, imaginary: f64) -> Result<Item, LoadError> {
        Ok(Item::Value(self.vm.new_complex(real, imaginary)?))
    }

    fn str(&mut self, text: &Wtf8, interned: bool) -> Result<Item, LoadError> {
        let s = match text.to_str() {
            Some(text) if interned => self.vm.intern(text)?,
            _ => {
                let s = wtf8_to_str(self.vm, text)?;
                if interned { self.vm.intern_str(&s) } else { s }
            }
        };
        Ok(Item::Value(s.into_value()))
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<Item, LoadError> {
        self.bytes.push((Table::new(Rc::from(bytes)), None));
        Ok(Item::Bytes(self.bytes.len() - 1))
    }

    fn tuple(&mut self, items: Vec<Item>) -> Result<Item, LoadError> {
        let items = self.values(items)?;
        Ok(Item::Value(self.vm.new_tuple(items)?.into_value()))
    }

    fn early_tuple(&mut self, size: usize) -> Result<Option<Item>, LoadError> {
        // Each item takes a byte at least.
        if size > self.left {
            return Err(ReadError::Eof("EOF read where object expected").into());
        }
        let nones = vec![self.vm.none(); size];
        Ok(Some(Item::Value(self.vm.new_tuple(nones)?.into_value())))
    }

    fn fill(&mut self, tuple: Item, items: Vec<Item>) -> Result<Item, LoadError> {
        let items = self.values(items)?;
        if let Item::Value(v) = &tuple
            && let Some(t) = v.downcast_ref::<Tuple>()
        {
            t.fill_late(items);
        }
        Ok(tuple)
    }

    fn frozenset(&mut self, items: Vec<Item>) -> Result<Item, LoadError> {
        let items = self.values(items)?;
        Ok(Item::Value(crate::glue::new_set(self.vm, items, true)?))
    }

    fn slice(&mut self, parts: [Item; 3]) -> Result<Item, LoadError> {
        let [start, stop, step] = parts;
        let (start, stop, step) = (self.value(start)?, self.value(stop)?, self.value(step)?);
        Ok(Item::Value(
            self.vm.new_slice(start, stop, step)?.into_value(),
        ))
    }

    fn code(&mut self, f: CodeFields<Item>) -> Result<Item, LoadError> {
        let (names, names_tuple) = self.names(f.names)?;
        let (locals, locals_tuple) = self.names(f.localsplusnames)?;
        let tuples = if names_tuple.is_some() || locals_tuple.is_some() {
            Rc::new(NameTuples {
                names: names_tuple,
                locals: locals_tuple,
            })
        } else {
            Rc::clone(&self.alone)
        };
        let parts = Parts {
            argcount: count(f.argcount)?,
            posonlyargcount: count(f.posonlyargcount)?,
            kwonlyargcount: count(f.kwonlyargcount)?,
            stacksize: count(f.stacksize)?,
            flags: f.flags as u32,
            firstlineno: f.firstlineno,
            code: self.table(f.code)?,
            body: BodySource::Made(Body {
                consts: self.tuple_items(f.consts)?,
                names,
                locals,
                tuples: Some(tuples),
            }),
            kinds: self.table(f.localspluskinds)?,
            filename: self.string(f.filename)?,
            name: self.string(f.name)?,
            qualname: self.string(f.qualname)?,
            linetable: self.table(f.linetable)?,
            exceptiontable: self.table(f.exceptiontable)?,
        };
        if let Err(e) = parts.shape().verify() {
            let message = format!("bad marshal data ({e})");
            return Err(self.vm.value_error(&message).into());
        }
        Ok(Item::Value(parts.into_code(self.vm, false)?.into_value()))
    }

    fn begin(&mut self, kind: Container) -> Result<(Partial, Option<Item>), LoadError> {
        let vm = self.vm;
        let (partial, value) = match kind {
            Container::List => {
                let l = vm.new_list(Vec::new())?;
                let v = l.as_value().clone();
                (Partial::List(l), v)
            }
            Container::Dict => {
                let d = vm.new_dict()?;
                let v = d.as_value().clone();
                (Partial::Dict(d), v)
            }
            Container::Set => {
                let s = vm.new_set()?;
                let v = s.as_value().clone();
                (Partial::Set(s), v)
            }
        };
        Ok((partial, Some(Item::Value(value))))
    }

    fn push(
        &mut self,
        partial: &mut Partial,
        item: Item,
        value: Option<Item>,
    ) -> Result<(), LoadError> {
        let item = self.value(item)?;
        match (partial, value) {
            (Partial::Dict(d), Some(v)) => {
                let v = self.value(v)?;
                let set = d.set(self.vm, &item, v);
                set.map_err(|e| unhashable_note(self.vm, e, &item, "dict key"))?;
            }
            (Partial::Dict(_), None) => {}
            (Partial::List(l), _) => {
                if !l.push(item) {
                    return Err(self.vm.no_memory().into());
                }
            }
            (Partial::Set(s), _) => {
                let added = s.add(self.vm, &item);
                added.map_err(|e| unhashable_note(self.vm, e, &item, "set element"))?;
            }
        }
        Ok(())
    }

    fn finish(&mut self, partial: Partial) -> Result<Item, LoadError> {
        Ok(Item::Value(match partial {
            Partial::List(l) => l.into_value(),
            Partial::Dict(d) => d.into_value(),
            Partial::Set(s) => s.into_value(),
        }))
    }
}

fn read<I: Input<Error = LoadError>>(
    vm: &Vm,
    input: &mut I,
    left: usize,
    allow_code: bool,
) -> Result<Value, LoadError> {
    let mut objects = Objects {
        vm,
        bytes: Vec::new(),
        left,
        alone: Rc::default(),
    };
    let mut reader = Reader::new(input, &mut objects, allow_code);
    let item = reader.read()?;
    drop(reader);
    objects.value(item)
}

/// Reads a value from the front of `data`; gives it and the number of bytes it took.
pub fn load(vm: &Vm, data: &[u8], allow_code: bool) -> Result<(Value, usize), LoadError> {
    let mut input = Slice(data);
    let value = read(vm, &mut input, data.len(), allow_code)?;
    Ok((value, data.len() - input.0.len()))
}

/// Reads a value from a file object, no further than its end.
pub fn load_file(vm: &Vm, file: &Value, allow_code: bool) -> Result<Value, LoadError> {
    let probe = vm.call_method(file, &vm.names().read, &[Value::from_i32(0)])?;
    if probe.downcast_ref::<Bytes>().is_none() {
        let message = format!(
            "file.read() returned not bytes but {}",
            vm.type_name(&probe)
        );
        return Err(vm.type_error(&message).into());
    }
    let mut input = File {
        vm,
        file,
        buffer: Vec::new(),
    };
    read(vm, &mut input, i32::MAX as usize, allow_code)
}
