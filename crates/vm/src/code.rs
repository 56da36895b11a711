//! Code objects as Python sees them: the compiler's `CodeObject` with its constants and names made into objects, the
//! private copy of the instructions that the interpreter specializes, and the side array of inline caches.
//! The public bytes (`co_code`) never change.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use taipan_bytecode::code::{co, co_fast};
use taipan_bytecode::constant::Str as ConstStr;
use taipan_bytecode::{CodeObject, Constant, Opcode};
use taipan_object::{PyCell, PyResult, Ref, Str, Value, Vm};
use taipan_text::TextBuf;
use taipan_wtf8::Wtf8;

use crate::code_type::convert::value_to_constant;
use crate::instrumentation::data::CodeMonitoring;

/// Bytes of a code object.
#[derive(Clone, Debug)]
pub enum Table {
    /// They lie in the executable.
    Static(&'static [u8]),
    /// They were made or read while running.
    Shared(Rc<[u8]>),
}

impl std::ops::Deref for Table {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Table::Static(bytes) => bytes,
            Table::Shared(bytes) => bytes,
        }
    }
}

impl Table {
    fn shared(&self) -> Rc<[u8]> {
        match self {
            Table::Static(bytes) => Rc::from(*bytes),
            Table::Shared(bytes) => bytes.clone(),
        }
    }
}

/// What code needs to run: made when it first does.
pub struct Running {
    /// The instructions: a copy, in which opcodes are replaced by specialized ones.
    pub stream: Box<[Cell<u16>]>,
    /// One cache word for each code unit.
    pub caches: Box<[Cell<u64>]>,
    /// The address of the cache word of the unit at address 0 (words are four times as wide as units).
    pub cache_base: usize,
}

/// The payload of `code`.
pub struct Code {
    /// The compiler's description, if there is one: see [`Code::description`].
    description: RefCell<Option<Rc<CodeObject>>>,
    /// `co_code`
    pub code: Table,
    /// `co_linetable`
    pub linetable: Table,
    /// `co_exceptiontable`
    pub exceptiontable: Table,
    /// `co_firstlineno`
    pub firstlineno: i32,
    /// `co_consts`
    pub consts: Box<[Value]>,
    /// `co_names`, interned.
    pub names: Box<[Ref<Str>]>,
    /// Names of the fast locals.
    pub locals: Box<[Ref<Str>]>,
    /// Kinds of the fast locals.
    pub kinds: Table,
    /// `co_name`
    pub name: Ref<Str>,
    /// `co_qualname`
    pub qualname: Ref<Str>,
    /// `co_filename`
    pub filename: PyCell<Ref<Str>>,
    running: OnceCell<Running>,
    /// What monitoring keeps, once it was asked for.
    pub monitoring: OnceCell<Box<CodeMonitoring>>,
    /// The version of the tools' wishes that the stream is instrumented for.
    pub instrumentation_version: Cell<u32>,
    /// Positional parameters.
    pub argcount: u32,
    /// Positional-only parameters.
    pub posonlyargcount: u32,
    /// Keyword-only parameters.
    pub kwonlyargcount: u32,
    /// `co_flags`
    pub flags: u32,
    /// Fast locals, cells and free variables included.
    pub nlocalsplus: u32,
    /// Stack items.
    pub stacksize: u32,
    /// `LOAD_FAST*` names and cells: number of free variables.
    pub nfree: u32,
    /// A call with exactly `argcount` positional arguments needs no further binding: no `*args`, `**kwargs`, keyword-only,
    /// no namespace for its locals.
    pub simple_args: bool,
}

taipan_object::payload!(Code, leaf);

impl Code {
    /// The instructions that run, and their caches.
    #[inline(always)]
    pub fn running(&self) -> &Running {
        match self.running.get() {
            Some(r) => r,
            None => self.make_running(),
        }
    }

    #[cold]
    #[inline(never)]
    fn make_running(&self) -> &Running {
        self.running.get_or_init(|| {
            let stream: Box<[Cell<u16>]> = self
                .code
                .chunks_exact(2)
                .map(|u| Cell::new(u16::from_le_bytes([u[0], u[1]])))
                .collect();
            let caches = vec![Cell::new(0); self.code.len() / 2].into_boxed_slice();
            let cache_base = caches
                .as_ptr()
                .expose_provenance()
                .wrapping_sub(stream.as_ptr().addr().wrapping_mul(4));
            Running {
                stream,
                caches,
                cache_base,
            }
        })
    }

    /// The instructions that run.
    #[inline(always)]
    pub fn stream(&self) -> &[Cell<u16>] {
        &self.running().stream
    }

    /// The number of code units.
    pub fn units(&self) -> usize {
        self.code.len() / 2
    }

    /// The description that `marshal` writes and `==` compares. Constants that are of no builtin type leave it without
    /// constants.
    pub fn description(&self, vm: &Vm) -> PyResult<Rc<CodeObject>> {
        if let Some(d) = &*self.description.borrow() {
            return Ok(d.clone());
        }
        let name = |s: &Ref<Str>| ConstStr::interned(str_to_wtf8(s));
        let names = |all: &[Ref<Str>]| all.iter().map(|s| Constant::Str(name(s))).collect();
        let consts = self
            .consts
            .iter()
            .map(|v| value_to_constant(vm, v))
            .collect::<PyResult<Option<Vec<Constant>>>>()?;
        let d = Rc::new(CodeObject {
            argcount: self.argcount,
            posonlyargcount: self.posonlyargcount,
            kwonlyargcount: self.kwonlyargcount,
            stacksize: self.stacksize,
            flags: self.flags,
            code: self.code.shared(),
            consts: consts.unwrap_or_default().into(),
            names: names(&self.names),
            localsplusnames: names(&self.locals),
            localspluskinds: self.kinds.shared(),
            filename: name(&self.filename.get()),
            name: name(&self.name),
            qualname: name(&self.qualname),
            firstlineno: self.firstlineno,
            linetable: self.linetable.shared(),
            exceptiontable: self.exceptiontable.shared(),
        });
        *self.description.borrow_mut() = Some(d.clone());
        Ok(d)
    }

    /// The compiler's description, if the code is still what came from the compiler and has no other constants.
    pub fn own_description(&self) -> Option<Rc<CodeObject>> {
        let description = self.description.borrow();
        let whole = |d: &&Rc<CodeObject>| d.consts.len() == self.consts.len();
        description.as_ref().filter(whole).cloned()
    }

    /// Gives the code another file name; that of the code in its constants stays.
    pub fn set_filename(&self, name: &Ref<Str>) {
        *self.description.borrow_mut() = None;
        self.filename.set(name.clone());
    }

    /// Words of a frame's locals and stack.
    #[inline(always)]
    pub fn frame_words(&self) -> usize {
        (self.nlocalsplus + self.stacksize) as usize
    }

    /// Whether all of `flag`'s bits are set.
    #[inline(always)]
    pub fn has(&self, flag: u32) -> bool {
        self.flags & flag != 0
    }

    /// Whether calling makes a generator, coroutine or async generator.
    pub fn is_generator_like(&self) -> bool {
        self.has(co::GENERATOR | co::COROUTINE | co::ASYNC_GENERATOR)
    }

    /// The line of an instruction.
    pub fn line_of(&self, unit: usize) -> Option<i32> {
        taipan_bytecode::location::line_of(&self.linetable, self.firstlineno, unit)
    }

    /// Whether a call with `n` positional arguments needs no binding.
    #[inline(always)]
    pub fn takes_exactly(&self, n: usize) -> bool {
        self.simple_args && self.argcount as usize == n
    }

    /// The kind bits of a local.
    pub fn is_cell(&self, i: usize) -> bool {
        self.kinds.get(i).is_some_and(|k| k & co_fast::CELL != 0)
    }
}

/// A string object of a text that may hold lone surrogates.
pub fn wtf8_to_str(vm: &Vm, text: &Wtf8) -> PyResult<Ref<Str>> {
    match text.to_str() {
        Some(s) => vm.new_str(s),
        None => vm.new_str_buf(&TextBuf::from_chars(text.code_points())),
    }
}

/// The text of a string object, lone surrogates kept.
pub fn str_to_wtf8(s: &Str) -> taipan_wtf8::Wtf8Buf {
    let mut out = taipan_wtf8::Wtf8Buf::with_capacity(s.len());
    match s.as_ascii() {
        Some(a) => out.push_str(a),
        None => {
            for c in s.text().chars() {
                out.push_code_point(c);
            }
        }
    }
    out
}

fn interned(vm: &Vm, text: &Wtf8) -> PyResult<Ref<Str>> {
    let s = wtf8_to_str(vm, text)?;
    Ok(vm.intern_str(&s))
}

/// The object that a constant stands for.
pub fn constant_to_value(vm: &Vm, c: &Constant) -> PyResult {
    vm.check_stack(" while reading a constant")?;
    Ok(match c {
        Constant::None => vm.none(),
        Constant::True => vm.bool(true),
        Constant::False => vm.bool(false),
        Constant::Ellipsis => vm.ellipsis(),
        Constant::StopIteration => vm.exc().StopIteration.as_value().clone(),
        Constant::Int(i) => vm.new_ibig((**i).clone())?,
        Constant::Float(f) => vm.new_float(**f)?,
        Constant::Complex(c) => vm.new_complex(c.0, c.1)?,
        Constant::Str(s) => {
            let v = wtf8_to_str(vm, &s.text)?;
            if s.interned {
                vm.intern_str(&v).into_value()
            } else {
                v.into_value()
            }
        }
        Constant::Bytes(b) => vm.new_bytes(b)?.into_value(),
        Constant::Tuple(items) => vm.new_tuple(values(vm, items)?)?.into_value(),
        Constant::List(items) => vm.new_list(values(vm, items)?)?.into_value(),
        Constant::Dict(items) => {
            let d = vm.new_dict()?;
            for (k, v) in items.iter() {
                d.set(vm, &constant_to_value(vm, k)?, constant_to_value(vm, v)?)?;
            }
            d.into_value()
        }
        Constant::Set(items) => crate::glue::new_set(vm, values(vm, items)?, false)?,
        Constant::FrozenSet(items) => crate::glue::new_set(vm, values(vm, items)?, true)?,
        Constant::Slice(parts) => {
            let v = values(vm, &parts[..])?;
            crate::glue::new_slice(vm, &v[0], &v[1], &v[2])?
        }
        Constant::Code(code) => new_code(vm, code.clone())?.into_value(),
    })
}

fn values(vm: &Vm, items: &[Constant]) -> PyResult<Vec<Value>> {
    items.iter().map(|c| constant_to_value(vm, c)).collect()
}

fn names_of(vm: &Vm, items: &[Constant]) -> PyResult<Box<[Ref<Str>]>> {
    items
        .iter()
        .map(|c| match c.as_str() {
            Some(s) => interned(vm, s),
            None => Err(vm.type_error("code: names must be strings")),
        })
        .collect()
}

/// A code object. The description must come from the compiler or have passed the verifier.
pub fn new_code(vm: &Vm, code: Rc<CodeObject>) -> PyResult<Ref<Code>> {
    let consts: Box<[Value]> = values(vm, &code.consts)?.into_boxed_slice();
    new_code_with_consts(vm, code, consts)
}

/// A code object whose constants are already objects (they stand for `code.consts`, which may be empty then).
pub fn new_code_with_consts(
    vm: &Vm,
    code: Rc<CodeObject>,
    consts: Box<[Value]>,
) -> PyResult<Ref<Code>> {
    let names = names_of(vm, &code.names)?;
    let locals = names_of(vm, &code.localsplusnames)?;
    let parts = Parts {
        argcount: code.argcount,
        posonlyargcount: code.posonlyargcount,
        kwonlyargcount: code.kwonlyargcount,
        stacksize: code.stacksize,
        flags: code.flags,
        firstlineno: code.firstlineno,
        code: Table::Shared(code.code.clone()),
        linetable: Table::Shared(code.linetable.clone()),
        exceptiontable: Table::Shared(code.exceptiontable.clone()),
        consts,
        names,
        locals,
        kinds: Table::Shared(code.localspluskinds.clone()),
        name: interned(vm, &code.name.text)?,
        qualname: interned(vm, &code.qualname.text)?,
        filename: interned(vm, &code.filename.text)?,
    };
    let made = parts.into_code(vm)?;
    if !crate::config::config(vm).no_debug_ranges.get() {
        *made.description.borrow_mut() = Some(code);
    }
    Ok(made)
}

/// The fields of a code object as objects.
#[allow(missing_docs, reason = "the fields' names")]
pub struct Parts {
    pub argcount: u32,
    pub posonlyargcount: u32,
    pub kwonlyargcount: u32,
    pub stacksize: u32,
    pub flags: u32,
    pub firstlineno: i32,
    pub code: Table,
    pub linetable: Table,
    pub exceptiontable: Table,
    pub consts: Box<[Value]>,
    pub names: Box<[Ref<Str>]>,
    pub locals: Box<[Ref<Str>]>,
    pub kinds: Table,
    pub name: Ref<Str>,
    pub qualname: Ref<Str>,
    pub filename: Ref<Str>,
}

impl Parts {
    /// The code object of these parts, which must have been verified or come from the compiler.
    pub fn into_code(self, vm: &Vm) -> PyResult<Ref<Code>> {
        let linetable = if !crate::config::config(vm).no_debug_ranges.get() {
            self.linetable
        } else {
            let table =
                taipan_bytecode::location::without_columns(&self.linetable, self.firstlineno);
            Table::Shared(table.into())
        };
        vm.new(Code {
            description: RefCell::new(None),
            simple_args: self.flags & (co::VARARGS | co::VARKEYWORDS | co::OPTIMIZED)
                == co::OPTIMIZED
                && self.kwonlyargcount == 0,
            nlocalsplus: self.locals.len() as u32,
            nfree: self
                .kinds
                .iter()
                .filter(|k| **k & co_fast::FREE != 0)
                .count() as u32,
            running: OnceCell::new(),
            monitoring: OnceCell::new(),
            instrumentation_version: Cell::new(0),
            filename: PyCell::new(self.filename),
            code: self.code,
            linetable,
            exceptiontable: self.exceptiontable,
            firstlineno: self.firstlineno,
            consts: self.consts,
            names: self.names,
            locals: self.locals,
            kinds: self.kinds,
            name: self.name,
            qualname: self.qualname,
            argcount: self.argcount,
            posonlyargcount: self.posonlyargcount,
            kwonlyargcount: self.kwonlyargcount,
            flags: self.flags,
            stacksize: self.stacksize,
        })
    }
}

/// The opcode in a code unit of the private stream.
pub fn opcode_of(unit: u16) -> Option<Opcode> {
    Opcode::from_u8(unit as u8)
}
