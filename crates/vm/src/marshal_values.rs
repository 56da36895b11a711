//! Marshal data from objects. Which values are marked as shared goes by reference counts, as in CPython; code that still
//! has the compiler's description is written from that, so that `.pyc` files come out byte for byte.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::rc::Rc;

use taipan_bytecode::Constant;
use taipan_bytecode::marshal::writer::{Source, View, WriteError, write};
use taipan_bytecode::marshal::{CodeFields, Living, dump_living_code};
use taipan_object::{
    Bytes, Complex, Dict, List, PyResult, Raised, Ref, Slice, Str, Tuple, TypeRef, Value, Vm,
};
use taipan_wtf8::Wtf8;

use crate::code::{Code, Table, str_to_wtf8};

/// Why something could not be written.
enum DumpError {
    /// The format does not have it.
    Write(WriteError),
    /// An exception is pending.
    Raised(Raised),
}

impl From<WriteError> for DumpError {
    fn from(e: WriteError) -> DumpError {
        DumpError::Write(e)
    }
}

impl From<Raised> for DumpError {
    fn from(e: Raised) -> DumpError {
        DumpError::Raised(e)
    }
}

/// What tells values apart: their word, or what they are where CPython has each value once.
#[derive(PartialEq, Eq, Hash)]
enum Identity {
    Object(u64),
    Int(i64),
    Char(u8),
    Byte(Option<u8>),
}

/// Tuples of names, by the words of these, with the tuple once it was made; and ints.
#[derive(Default)]
struct Repeated {
    names: RefCell<HashMap<Vec<u64>, Option<Value>>>,
    ints: HashSet<i64>,
}

fn words(names: &[Ref<Str>]) -> Vec<u64> {
    names.iter().map(|n| n.as_value().bits()).collect()
}

impl Repeated {
    /// What there is several times in `value`, if it is code, and in the code within it.
    fn of(vm: &Vm, value: &Value) -> PyResult<Repeated> {
        let mut seen = HashSet::new();
        let mut names: HashMap<Vec<u64>, usize> = HashMap::new();
        let mut ints: HashMap<i64, usize> = HashMap::new();
        let mut todo = vec![value.clone()];
        while let Some(value) = todo.pop() {
            let Some(code) = value.downcast_ref::<Code>() else {
                continue;
            };
            if !seen.insert(value.bits()) {
                continue;
            }
            let tuples = [code.names(), code.locals()];
            for tuple in tuples.iter().filter(|_| code.name_tuples().is_none()) {
                *names.entry(words(tuple)).or_default() += 1;
            }
            // Code objects may have one tuple of constants.
            if seen.insert(code.consts().as_value().bits()) {
                count_ints(vm, code.consts().as_slice(), &mut seen, &mut ints)?;
            }
            todo.extend(code.consts().as_slice().iter().cloned());
        }
        let names = names.into_iter().filter(|(_, n)| *n > 1);
        let ints = ints.into_iter().filter(|(_, n)| *n > 1);
        Ok(Repeated {
            names: RefCell::new(names.map(|(words, _)| (words, None)).collect()),
            ints: ints.map(|(i, _)| i).collect(),
        })
    }
}

/// Counts ints in constants; those of a tuple or set that is there several times count once,
/// and those of slices do not: the compiler leaves them as they are.
fn count_ints(
    vm: &Vm,
    items: &[Value],
    seen: &mut HashSet<u64>,
    into: &mut HashMap<i64, usize>,
) -> PyResult<()> {
    vm.check_stack(" while looking at constants")?;
    for v in items {
        if let Some(i) = v.as_small_int() {
            *into.entry(i).or_default() += 1;
        } else if v.downcast_ref::<Code>().is_some() || !seen.insert(v.bits()) {
            continue;
        } else if let Some(t) = v.downcast_ref::<Tuple>() {
            count_ints(vm, t.as_slice(), seen, into)?;
        } else if let Some(s) = vm.as_any_set(v) {
            count_ints(vm, &s.keys(), seen, into)?;
        }
    }
    Ok(())
}

struct Objects<'a> {
    vm: &'a Vm,
    /// Bytes that count as shared, by their words: the code units of code objects, as CPython's code keeps the bytes object
    /// that it makes of them, and tables that several code objects have.
    code_units: RefCell<HashMap<u64, Value>>,
    /// What the code that is written has several times, where our code objects do not tell whether it is the same object: the
    /// compiler makes it one.
    repeated: Repeated,
    /// The values that later references may mean: they must live for their words to tell them apart.
    kept: RefCell<Vec<Value>>,
}

/// The references that the writer itself holds to a value that is in nothing else but its container.
const OWN_REFERENCES: u32 = 2;

/// The ints that exist once in CPython.
const SMALL_INTS: std::ops::RangeInclusive<i64> = -5..=256;

/// The character of a string that CPython has once: one of Latin-1.
fn single_char(s: &Str) -> Option<u8> {
    let mut chars = s.text().chars();
    match (chars.next(), chars.next()) {
        (Some(c), None) => u8::try_from(c).ok(),
        _ => None,
    }
}

impl Objects<'_> {
    /// The tuple of names that were read from one.
    fn read_names(&self, names: &[Ref<Str>], tuple: Option<&Ref<Tuple>>) -> PyResult {
        match tuple {
            Some(tuple) => Ok(tuple.as_value().clone()),
            None => self.tuple_of(names),
        }
    }

    fn tuple_of(&self, names: &[Ref<Str>]) -> PyResult {
        let names = names.iter().map(|n| n.as_value().clone()).collect();
        Ok(self.vm.new_tuple(names)?.into_value())
    }

    fn names(&self, names: &[Ref<Str>]) -> PyResult {
        let made = || self.tuple_of(names);
        match self.repeated.names.borrow_mut().get_mut(&words(names)) {
            Some(Some(tuple)) => Ok(tuple.clone()),
            Some(empty) => {
                let tuple = self.shared(made()?);
                *empty = Some(tuple.clone());
                Ok(tuple)
            }
            None => made(),
        }
    }

    fn shared(&self, bytes: Value) -> Value {
        let mut all = self.code_units.borrow_mut();
        all.insert(bytes.bits(), bytes.clone());
        bytes
    }

    /// A table as a value that nothing holds, unless several code objects have it.
    fn table(&self, table: &Table) -> PyResult {
        if table.is_shared() {
            return Ok(self.shared(table.object(self.vm)?));
        }
        Ok(self.vm.new_bytes(table)?.into_value())
    }

    fn code(&self, c: &Code) -> PyResult<CodeFields<Value>> {
        let (names, locals) = match c.name_tuples() {
            Some(tuples) => (
                self.read_names(c.names(), tuples.names.as_ref())?,
                self.read_names(c.locals(), tuples.locals.as_ref())?,
            ),
            None => (self.names(c.names())?, self.names(c.locals())?),
        };
        let code = self.shared(c.code.object(self.vm)?);
        Ok(CodeFields {
            argcount: c.argcount as i32,
            posonlyargcount: c.posonlyargcount as i32,
            kwonlyargcount: c.kwonlyargcount as i32,
            stacksize: c.stacksize as i32,
            flags: c.flags as i32,
            code,
            consts: c.consts_tuple()?,
            names,
            localsplusnames: locals,
            localspluskinds: self.table(&c.kinds)?,
            filename: c.filename.get().into_value(),
            name: c.name.as_value().clone(),
            qualname: c.qualname.as_value().clone(),
            firstlineno: c.firstlineno,
            linetable: self.table(&c.linetable)?,
            exceptiontable: self.table(&c.exceptiontable)?,
        })
    }
}

impl Source for Objects<'_> {
    type Value = Value;
    type Identity = Identity;
    type Error = DumpError;

    fn view<'v>(&self, v: &'v Value) -> Result<View<'v, Value>, DumpError> {
        let vm = self.vm;
        let types = vm.types();
        let ty = vm.type_of(v);
        let exact = |t: &TypeRef| std::ptr::eq(ty, t.object());
        if vm.is_none(v) {
            return Ok(View::None);
        }
        if v.is(&vm.bool(true)) {
            return Ok(View::True);
        }
        if v.is(&vm.bool(false)) {
            return Ok(View::False);
        }
        if v.is(&vm.ellipsis()) {
            return Ok(View::Ellipsis);
        }
        if v.is(vm.exc().StopIteration.as_value()) {
            return Ok(View::StopIteration);
        }
        if exact(&types.int)
            && let Some(i) = v.as_int()
        {
            return Ok(View::Int(Cow::Owned(i.to_ibig())));
        }
        if exact(&types.float)
            && let Some(f) = v.as_float()
        {
            return Ok(View::Float(f));
        }
        if let Some(c) = v.downcast_exact::<Complex>(&types.complex) {
            return Ok(View::Complex(c.re, c.im));
        }
        if let Some(s) = v.downcast_exact::<Str>(&types.str) {
            let text = match s.as_ascii() {
                Some(text) => Cow::Borrowed(Wtf8::new(text)),
                None => Cow::Owned(str_to_wtf8(s)),
            };
            let interned = s.is_interned() || s.is_empty() || single_char(s).is_some();
            return Ok(View::Str(text, interned));
        }
        if let Some(b) = v.downcast_exact::<Bytes>(&types.bytes) {
            return Ok(View::Bytes(Cow::Borrowed(b.as_slice())));
        }
        if let Some(t) = v.downcast_exact::<Tuple>(&types.tuple) {
            return Ok(View::Tuple(t.as_slice().to_vec()));
        }
        if let Some(l) = v.downcast_exact::<List>(&types.list) {
            return Ok(View::List(l.to_vec()));
        }
        if let Some(d) = v.downcast_exact::<Dict>(&types.dict) {
            return Ok(View::Dict(d.items()));
        }
        if (exact(&types.set) || exact(&types.frozenset))
            && let Some(s) = vm.as_any_set(v)
        {
            return Ok(if exact(&types.set) {
                View::Set(s.keys())
            } else {
                View::FrozenSet(s.keys())
            });
        }
        if let Some(s) = v.downcast_ref::<Slice>() {
            return Ok(View::Slice([
                s.start.clone(),
                s.stop.clone(),
                s.step.clone(),
            ]));
        }
        if let Some(c) = v.downcast_ref::<Code>() {
            return Ok(View::Code(Box::new(self.code(c)?)));
        }
        if !vm.has_buffer(v) {
            return Ok(View::Other);
        }
        match vm.bytes_like(v) {
            Ok(b) => Ok(View::Bytes(Cow::Owned(b))),
            Err(e) => {
                drop(vm.take_raised(e));
                Ok(View::Other)
            }
        }
    }

    fn identity(&self, v: &Value, held: bool) -> Option<Identity> {
        if let Some(i) = v.as_small_int() {
            // Ints of a word are no objects here: nothing can be said of whether CPython would have one or several.
            let once = held || SMALL_INTS.contains(&i) || self.repeated.ints.contains(&i);
            return once.then_some(Identity::Int(i));
        }
        let types = self.vm.types();
        if let Some(s) = v.downcast_exact::<Str>(&types.str) {
            if let Some(c) = single_char(s) {
                return Some(Identity::Char(c));
            }
            if s.is_interned() || s.is_empty() {
                return Some(Identity::Object(v.bits()));
            }
        }
        if let Some(b) = v.downcast_exact::<Bytes>(&types.bytes) {
            match b.as_slice() {
                [] => return Some(Identity::Byte(None)),
                [byte] => return Some(Identity::Byte(Some(*byte))),
                _ => {}
            }
        }
        let shared = held
            || v.refcount() > OWN_REFERENCES
            || self.code_units.borrow().contains_key(&v.bits());
        shared.then(|| {
            self.kept.borrow_mut().push(v.clone());
            Identity::Object(v.bits())
        })
    }
}

/// What became of the descriptions of code and of code within it: what something holds besides the constants that it is in
/// (a function, for instance), and which strings are not interned.
fn living(value: &Value) -> Living {
    let mut into = Living::default();
    // Counts are looked at before the clone.
    let held = |v: &Value| {
        let shared = v.refcount() > 1;
        (v.clone(), shared)
    };
    let mut todo = vec![held(value)];
    let mut seen = HashSet::new();
    while let Some((value, shared)) = todo.pop() {
        let Some(code) = value.downcast_ref::<Code>() else {
            continue;
        };
        if !seen.insert(value.bits()) {
            continue;
        }
        if let Some(description) = code.own_description() {
            if shared {
                into.shared.insert(Rc::as_ptr(&description));
            }
            for (constant, v) in description.consts.iter().zip(code.consts().as_slice()) {
                if let (Constant::Str(text), Some(s)) = (constant, v.downcast_ref::<Str>())
                    && text.interned
                    && !s.is_interned()
                {
                    into.plain.insert(Rc::as_ptr(text));
                }
            }
        }
        let within = code.consts().as_slice().iter();
        let within = within.filter(|v| v.downcast_ref::<Code>().is_some());
        todo.extend(within.map(held));
    }
    into
}

/// Writes a value.
pub fn dumps(vm: &Vm, value: &Value, version: i32, allow_code: bool) -> PyResult<Vec<u8>> {
    let failed = |e: WriteError| vm.value_error(&e.to_string());
    if allow_code
        && let Some(code) = value.downcast_ref::<Code>()
        && let Some(description) = code.own_description()
    {
        return dump_living_code(&description, &living(value), version).map_err(failed);
    }
    let objects = Objects {
        vm,
        code_units: RefCell::default(),
        repeated: Repeated::of(vm, value)?,
        kept: RefCell::default(),
    };
    let mut out = Vec::new();
    match write(
        &objects,
        value.clone(),
        false,
        version,
        allow_code,
        &mut out,
    ) {
        Ok(()) => Ok(out),
        Err(DumpError::Write(e)) => Err(failed(e)),
        Err(DumpError::Raised(e)) => Err(e),
    }
}
