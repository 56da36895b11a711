//! Code objects as Python sees them: the compiler's `CodeObject` with its constants and names made into objects, the
//! private copy of the instructions that the interpreter specializes, and the side array of inline caches.
//! The public bytes (`co_code`) never change.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use rustc_hash::FxHashMap;
use taipan_bytecode::code::{co, co_fast};
use taipan_bytecode::constant::Str as ConstStr;
use taipan_bytecode::exception_table;
use taipan_bytecode::image::CodeView;
use taipan_bytecode::verifier::{self, VerifyError};
use taipan_bytecode::{CodeObject, Constant, Opcode};
use taipan_object::{PyCell, PyResult, Raised, Ref, Str, Tuple, Value, Vm};
use taipan_text::TextBuf;
use taipan_wtf8::Wtf8;

use crate::code_type::convert::value_to_constant;
use crate::instrumentation::data::CodeMonitoring;
use crate::observe::Watched;

/// Bytes of a code object.
#[derive(Clone, Debug)]
pub enum Table {
    /// They lie in the executable.
    Static(&'static [u8]),
    /// They were made or read while running.
    Shared(Rc<TableBytes>),
}

/// Bytes of one code object, or of several that are of the same compilation.
#[derive(Debug)]
pub struct TableBytes {
    bytes: Rc<[u8]>,
    /// The bytes object, once it was asked for: it stays the same one.
    object: OnceCell<Value>,
}

impl std::ops::Deref for Table {
    type Target = [u8];

    #[inline]
    fn deref(&self) -> &[u8] {
        match self {
            Table::Static(bytes) => bytes,
            Table::Shared(table) => &table.bytes,
        }
    }
}

impl Table {
    /// Bytes that no other code object has.
    pub fn new(bytes: Rc<[u8]>) -> Table {
        Table::Shared(Rc::new(TableBytes {
            bytes,
            object: OnceCell::new(),
        }))
    }

    /// Whether another code object has the same bytes object.
    pub fn is_shared(&self) -> bool {
        matches!(self, Table::Shared(table) if Rc::strong_count(table) > 1)
    }

    /// The bytes without their object.
    pub fn shared(&self) -> Rc<[u8]> {
        match self {
            Table::Static(bytes) => Rc::from(*bytes),
            Table::Shared(table) => table.bytes.clone(),
        }
    }

    /// The bytes object.
    pub fn object(&self, vm: &Vm) -> PyResult {
        let Table::Shared(table) = self else {
            return Ok(vm.new_bytes(self)?.into_value());
        };
        if let Some(object) = table.object.get() {
            return Ok(object.clone());
        }
        let object = vm.new_bytes(&table.bytes)?.into_value();
        Ok(table.object.get_or_init(|| object).clone())
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
    /// The words of the constants as the value stack has them: borrowed from the code, which keeps them alive.
    pub consts: Box<[u64]>,
    /// What is kept for an observer: opcodes of the stream are here then.
    pub watched: Option<Box<Watched>>,
    /// The unit that an exception was raised at last, and its handler.
    raised: Cell<(usize, Option<exception_table::Entry>)>,
}

/// What the verifier refused. Such code can be looked at, but not run.
struct Refused {
    /// What running it raises.
    reason: VerifyError,
    /// In the place of its instructions, as many that raise.
    code: Box<[u8]>,
}

/// The objects that a code object refers to. For code that lies in the executable they are made when it first runs, or is
/// looked at.
pub struct Body {
    /// `co_consts`
    pub consts: Ref<Tuple>,
    /// `co_names`, interned.
    pub names: Box<[Ref<Str>]>,
    /// Names of the fast locals.
    pub locals: Box<[Ref<Str>]>,
    /// The tuples that the names were read from, for code that marshal made.
    pub tuples: Option<Rc<NameTuples>>,
}

/// Tuples of names that others than their code object refer to: marshal writes them as shared again.
#[derive(Default)]
pub struct NameTuples {
    /// That of `co_names`.
    pub names: Option<Ref<Tuple>>,
    /// That of the fast locals.
    pub locals: Option<Ref<Tuple>>,
}

/// The payload of `code`.
pub struct Code {
    /// The compiler's description, if there is one: see [`Code::description`].
    description: RefCell<Option<Rc<CodeObject>>>,
    /// `co_code`; what runs goes by [`Code::instructions`].
    pub code: Table,
    /// `co_linetable`
    pub linetable: Table,
    /// `co_exceptiontable`; what runs goes by [`Code::handlers`].
    pub exceptiontable: Table,
    /// The code came from the compiler, or out of the executable: it needs no verification.
    trusted: bool,
    /// The verdict on code that is not trusted. It is made when the code is first to run: most code of a module never does.
    verdict: OnceCell<Option<Box<Refused>>>,
    /// `co_firstlineno`
    pub firstlineno: i32,
    body: OnceCell<Body>,
    /// What the body is made of, if the code lies in the executable.
    image: Option<CodeView>,
    /// Kinds of the fast locals.
    pub kinds: Table,
    /// `co_name`
    pub name: Ref<Str>,
    /// `co_qualname`
    pub qualname: Ref<Str>,
    /// `co_filename`
    pub filename: PyCell<Ref<Str>>,
    running: OnceCell<Running>,
    /// `argcount`, once the code has run, if a call with exactly so many positional arguments needs no further binding.
    exact_args: Cell<u32>,
    /// Words of a frame, its head included.
    pub words: u32,
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

    #[inline(always)]
    fn body(&self) -> &Body {
        match self.body.get() {
            Some(b) => b,
            None => self.make_body(),
        }
    }

    #[cold]
    #[inline(never)]
    fn make_body(&self) -> &Body {
        let mut made = None;
        if let Some(view) = self.image {
            Vm::with_current(|vm| made = crate::image_code::body(vm, view).ok());
        }
        match made {
            Some(body) => self.body.get_or_init(|| body),
            // Only memory can be lacking, for a few small objects.
            None => std::alloc::handle_alloc_error(std::alloc::Layout::new::<Body>()),
        }
    }

    /// `co_consts`
    #[inline(always)]
    pub fn consts(&self) -> &Ref<Tuple> {
        &self.body().consts
    }

    /// `co_names`, interned.
    #[inline(always)]
    pub fn names(&self) -> &[Ref<Str>] {
        &self.body().names
    }

    /// Names of the fast locals.
    #[inline(always)]
    pub fn locals(&self) -> &[Ref<Str>] {
        &self.body().locals
    }

    /// The tuples that its names were read from, if marshal made it.
    pub fn name_tuples(&self) -> Option<&NameTuples> {
        self.body().tuples.as_deref()
    }

    /// The handler of an exception that is raised at a unit.
    pub fn handler_at(&self, unit: usize) -> Option<exception_table::Entry> {
        let running = self.running();
        let (known, handler) = running.raised.get();
        if known == unit {
            return handler;
        }
        let handler = exception_table::handler_of(self.handlers(), unit);
        running.raised.set((unit, handler));
        handler
    }

    /// The docstring; None when there is none.
    pub fn docstring(&self, vm: &Vm) -> PyResult {
        if !self.has(co::HAS_DOCSTRING) {
            return Ok(vm.none());
        }
        match (self.body.get(), self.image) {
            (None, Some(view)) => crate::image_code::docstring(vm, view),
            _ => Ok(self.consts().get(0).unwrap_or_else(|| vm.none())),
        }
    }

    /// Whether there is a docstring that takes work to make and may never be needed.
    pub fn has_docstring_to_make(&self) -> bool {
        self.body.get().is_none() && self.has(co::HAS_DOCSTRING)
    }

    /// Whether it ran already.
    #[inline(always)]
    pub fn is_running(&self) -> bool {
        self.running.get().is_some()
    }

    #[cold]
    #[inline(never)]
    fn make_running(&self) -> &Running {
        self.running.get_or_init(|| {
            let code = self.instructions();
            let stream: Box<[Cell<u16>]> = code
                .chunks_exact(2)
                .map(|u| Cell::new(u16::from_le_bytes([u[0], u[1]])))
                .collect();
            let watched = crate::observe::begin(self, &stream);
            let caches = vec![Cell::new(0); stream.len()].into_boxed_slice();
            let cache_base = caches
                .as_ptr()
                .expose_provenance()
                .wrapping_sub(stream.as_ptr().addr().wrapping_mul(4));
            let consts = self.consts().as_slice();
            let consts = consts.iter().map(|v| crate::frame::borrow(v.bits()));
            if self.simple_args {
                self.exact_args.set(self.argcount);
            }
            Running {
                stream,
                caches,
                cache_base,
                consts: consts.collect(),
                watched,
                raised: Cell::new((usize::MAX, None)),
            }
        })
    }

    /// The instructions that run.
    #[inline(always)]
    pub fn stream(&self) -> &[Cell<u16>] {
        &self.running().stream
    }

    /// Whether the code runs or has run.
    pub fn has_run(&self) -> bool {
        self.running.get().is_some()
    }

    /// Whether the code came from the compiler, or out of the executable.
    pub fn is_trusted(&self) -> bool {
        self.trusted
    }

    fn refused(&self) -> Option<&Refused> {
        if self.trusted {
            return None;
        }
        self.verdict.get_or_init(|| self.verify()).as_deref()
    }

    #[cold]
    fn verify(&self) -> Option<Box<Refused>> {
        // Constants and names only count; that names are strings is known.
        let name = ConstStr::interned("name");
        let names = |n: usize| Rc::from(vec![Constant::Str(name.clone()); n]);
        let described = CodeObject {
            argcount: self.argcount,
            posonlyargcount: self.posonlyargcount,
            kwonlyargcount: self.kwonlyargcount,
            stacksize: self.stacksize,
            flags: self.flags,
            code: self.code.shared(),
            consts: Rc::from(vec![Constant::None; self.consts().len()]),
            names: names(self.names().len()),
            localsplusnames: names(self.locals().len()),
            localspluskinds: self.kinds.shared(),
            filename: name.clone(),
            name: name.clone(),
            qualname: name.clone(),
            firstlineno: self.firstlineno,
            linetable: self.linetable.shared(),
            exceptiontable: self.exceptiontable.shared(),
        };
        let reason = verifier::verify(&described).err()?;
        // As many units as there were, so that whatever goes by their number goes on to work.
        let raising = (Opcode::Reserved as u16).to_le_bytes();
        Some(Box::new(Refused {
            reason,
            code: raising.repeat((self.code.len() / 2).max(1)).into(),
        }))
    }

    /// The instructions that the interpreter may trust: those of `co_code`, or ones that raise if these were refused.
    pub fn instructions(&self) -> &[u8] {
        self.refused().map_or(&*self.code, |r| &r.code)
    }

    /// The exception table that belongs to them.
    #[inline]
    pub fn handlers(&self) -> &[u8] {
        match self.refused() {
            None => &self.exceptiontable,
            Some(_) => &[],
        }
    }

    /// What running an instruction that stands for refused code raises.
    pub(crate) fn refusal(&self, vm: &Vm, found: u8, unit: usize) -> Raised {
        let unknown = |byte: u8| {
            let (file, line) = (self.filename.get(), self.line_of(unit).unwrap_or(-1));
            let file = file.to_string_lossy();
            vm.system_error(&format!("{file}:{line}: unknown opcode {byte}"))
        };
        match self.refused() {
            None => unknown(found),
            Some(refused) => match refused.reason.unknown_opcode(&self.code) {
                Some(byte) => unknown(byte),
                None => vm.value_error(&format!("code: {}", refused.reason)),
            },
        }
    }

    /// The number of code units.
    pub fn units(&self) -> usize {
        self.instructions().len() / 2
    }

    /// A description: the compiler's, or one that is made now. Constants that are of no builtin type leave it without
    /// constants.
    pub fn description(&self, vm: &Vm) -> PyResult<Rc<CodeObject>> {
        if let Some(d) = &*self.description.borrow() {
            return Ok(d.clone());
        }
        let name = |s: &Ref<Str>| ConstStr::interned(str_to_wtf8(s));
        let names = |all: &[Ref<Str>]| all.iter().map(|s| Constant::Str(name(s))).collect();
        let consts = self
            .consts()
            .as_slice()
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
            names: names(self.names()),
            localsplusnames: names(self.locals()),
            localspluskinds: self.kinds.shared(),
            filename: name(&self.filename.get()),
            name: name(&self.name),
            qualname: name(&self.qualname),
            firstlineno: self.firstlineno,
            linetable: self.linetable.shared(),
            exceptiontable: self.exceptiontable.shared(),
        });
        Ok(d)
    }

    /// The compiler's description, if the code is still what came from the compiler.
    pub fn own_description(&self) -> Option<Rc<CodeObject>> {
        self.description.borrow().clone()
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

    /// Whether a call with `n` positional arguments needs no binding, and the code has run.
    #[inline(always)]
    pub fn runs_with_exactly(&self, n: usize) -> bool {
        self.exact_args.get() as usize == n
    }

    /// The number of positional parameters of code that has run and has no others; too large a number for other code.
    #[inline(always)]
    pub fn plain_parameters(&self) -> usize {
        self.exact_args.get() as usize
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

/// Makes objects of constants. What the compiler has once, though it is used in several places, becomes one object.
struct Objects<'a> {
    vm: &'a Vm,
    /// The objects by the addresses of what they were made of, which is kept alive by the code.
    values: FxHashMap<usize, Value>,
    /// The same for names, which are interned.
    names: FxHashMap<usize, Ref<Str>>,
    tables: FxHashMap<usize, Table>,
}

fn address<T: ?Sized>(shared: &Rc<T>) -> usize {
    Rc::as_ptr(shared).cast::<u8>().addr()
}

/// The object that a constant stands for.
pub fn constant_to_value(vm: &Vm, c: &Constant) -> PyResult {
    Objects::new(vm).value(c)
}

impl<'a> Objects<'a> {
    fn new(vm: &'a Vm) -> Objects<'a> {
        Objects {
            vm,
            values: FxHashMap::default(),
            names: FxHashMap::default(),
            tables: FxHashMap::default(),
        }
    }

    /// What `make` makes of a part that other constants may have as well.
    fn once<T: ?Sized>(
        &mut self,
        shared: &Rc<T>,
        make: impl FnOnce(&mut Self) -> PyResult,
    ) -> PyResult {
        if Rc::strong_count(shared) == 1 {
            return make(self);
        }
        if let Some(known) = self.values.get(&address(shared)) {
            return Ok(known.clone());
        }
        let made = make(self)?;
        self.values.insert(address(shared), made.clone());
        Ok(made)
    }

    /// The interned string of a name.
    fn name(&mut self, name: &Rc<ConstStr>) -> PyResult<Ref<Str>> {
        if let Some(known) = self.names.get(&address(name)) {
            return Ok(known.clone());
        }
        let made = interned(self.vm, &name.text)?;
        self.names.insert(address(name), made.clone());
        Ok(made)
    }

    fn names(&mut self, items: &[Constant]) -> PyResult<Box<[Ref<Str>]>> {
        items
            .iter()
            .map(|c| match c {
                Constant::Str(name) => self.name(name),
                _ => Err(self.vm.type_error("code: names must be strings")),
            })
            .collect()
    }

    /// Bytes that other code objects may have as well; their description has them too.
    fn table(&mut self, bytes: &Rc<[u8]>) -> Table {
        if Rc::strong_count(bytes) == 1 {
            return Table::new(bytes.clone());
        }
        self.tables
            .entry(address(bytes))
            .or_insert_with(|| Table::new(bytes.clone()))
            .clone()
    }

    fn values(&mut self, items: &[Constant]) -> PyResult<Vec<Value>> {
        items.iter().map(|c| self.value(c)).collect()
    }

    fn tuple(&mut self, items: &Rc<[Constant]>) -> PyResult {
        self.once(items, |o| {
            let values = o.values(items)?;
            Ok(o.vm.new_tuple(values)?.into_value())
        })
    }

    fn value(&mut self, c: &Constant) -> PyResult {
        let vm = self.vm;
        vm.check_stack(" while reading a constant")?;
        match c {
            Constant::None => Ok(vm.none()),
            Constant::True => Ok(vm.bool(true)),
            Constant::False => Ok(vm.bool(false)),
            Constant::Ellipsis => Ok(vm.ellipsis()),
            Constant::StopIteration => Ok(vm.exc().StopIteration.as_value().clone()),
            Constant::Int(i) => self.once(i, |_| vm.new_ibig((**i).clone())),
            Constant::Float(f) => self.once(f, |_| vm.new_float(**f)),
            Constant::Complex(c) => self.once(c, |_| vm.new_complex(c.0, c.1)),
            Constant::Str(s) if s.interned => self.once(s, |_| {
                let made = wtf8_to_str(vm, &s.text)?;
                let known = vm.intern_str(&made);
                // A name is interned as a constant; a qualified name only because it is the code's as well, and that is
                // replaced if there was one of the same text.
                let is_name = |c: u32| c < 128 && (c == 95 || (c as u8).is_ascii_alphanumeric());
                let is_name = s.text.len() < 2 || s.text.code_points().all(is_name);
                Ok(if is_name { known } else { made }.into_value())
            }),
            Constant::Str(s) => self.once(s, |_| Ok(wtf8_to_str(vm, &s.text)?.into_value())),
            Constant::Bytes(b) => self.once(b, |_| Ok(vm.new_bytes(b)?.into_value())),
            Constant::Tuple(items) => self.tuple(items),
            Constant::List(items) => {
                let items = self.values(items)?;
                Ok(vm.new_list(items)?.into_value())
            }
            Constant::Dict(items) => {
                let d = vm.new_dict()?;
                for (k, v) in items.iter() {
                    d.set(vm, &self.value(k)?, self.value(v)?)?;
                }
                Ok(d.into_value())
            }
            Constant::Set(items) => {
                let items = self.values(items)?;
                crate::glue::new_set(vm, items, false)
            }
            Constant::FrozenSet(items) => self.once(items, |o| {
                let items = o.values(items)?;
                crate::glue::new_set(vm, items, true)
            }),
            Constant::Slice(parts) => self.once(parts, |o| {
                let v = o.values(&parts[..])?;
                crate::glue::new_slice(vm, &v[0], &v[1], &v[2])
            }),
            Constant::Code(code) => Ok(self.code(code)?.into_value()),
        }
    }

    fn code(&mut self, code: &Rc<CodeObject>) -> PyResult<Ref<Code>> {
        let consts = self.tuple(&code.consts)?;
        let Ok(consts) = consts.downcast::<Tuple>() else {
            return Err(self.vm.system_error("constants are no tuple"));
        };
        let made = self.code_with(code, consts, true)?;
        // Without columns, its location table is not the description's.
        if !crate::config::config(self.vm).no_debug_ranges.get() {
            *made.description.borrow_mut() = Some(code.clone());
        }
        Ok(made)
    }

    fn code_with(
        &mut self,
        code: &CodeObject,
        consts: Ref<Tuple>,
        trusted: bool,
    ) -> PyResult<Ref<Code>> {
        let vm = self.vm;
        let parts = Parts {
            argcount: code.argcount,
            posonlyargcount: code.posonlyargcount,
            kwonlyargcount: code.kwonlyargcount,
            stacksize: code.stacksize,
            flags: code.flags,
            firstlineno: code.firstlineno,
            code: Table::new(code.code.clone()),
            linetable: self.table(&code.linetable),
            exceptiontable: self.table(&code.exceptiontable),
            body: BodySource::Made(Body {
                consts,
                names: self.names(&code.names)?,
                locals: self.names(&code.localsplusnames)?,
                tuples: None,
            }),
            kinds: self.table(&code.localspluskinds),
            name: self.name(&code.name)?,
            qualname: self.name(&code.qualname)?,
            filename: self.name(&code.filename)?,
        };
        parts.into_code(vm, trusted)
    }
}

/// A code object. The description must come from the compiler or have passed the verifier.
pub fn new_code(vm: &Vm, code: Rc<CodeObject>) -> PyResult<Ref<Code>> {
    Objects::new(vm).code(&code)
}

/// A code object that somebody made up, with constants that are already objects: they stand for `code.consts`, of which the
/// number counts alone. Its shape must have been verified; its instructions are when it runs.
pub fn new_foreign_code(vm: &Vm, code: &CodeObject, consts: Ref<Tuple>) -> PyResult<Ref<Code>> {
    Objects::new(vm).code_with(code, consts, false)
}

/// Constants and names, or where to find them.
pub enum BodySource {
    /// They are there.
    Made(Body),
    /// They are made when they are needed.
    Image(CodeView),
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
    pub body: BodySource,
    pub kinds: Table,
    pub name: Ref<Str>,
    pub qualname: Ref<Str>,
    pub filename: Ref<Str>,
}

impl Parts {
    /// What frames are made by.
    pub fn shape(&self) -> verifier::Shape<'_> {
        verifier::Shape {
            argcount: self.argcount,
            posonlyargcount: self.posonlyargcount,
            kwonlyargcount: self.kwonlyargcount,
            stacksize: self.stacksize,
            flags: self.flags,
            names: match &self.body {
                BodySource::Made(body) => body.locals.len(),
                BodySource::Image(_) => self.kinds.len(),
            },
            kinds: &self.kinds,
        }
    }

    /// The code object of these parts. `trusted` ones come from the compiler or the executable; of others, the shape must
    /// have been verified.
    pub fn into_code(self, vm: &Vm, trusted: bool) -> PyResult<Ref<Code>> {
        let linetable = if !crate::config::config(vm).no_debug_ranges.get() {
            self.linetable
        } else {
            let table =
                taipan_bytecode::location::without_columns(&self.linetable, self.firstlineno);
            Table::new(table.into())
        };
        let (body, image) = match self.body {
            BodySource::Made(b) => (OnceCell::from(b), None),
            BodySource::Image(view) => (OnceCell::new(), Some(view)),
        };
        vm.new(Code {
            body,
            image,
            description: RefCell::new(None),
            simple_args: self.flags & (co::VARARGS | co::VARKEYWORDS | co::OPTIMIZED)
                == co::OPTIMIZED
                && self.kwonlyargcount == 0,
            nlocalsplus: self.kinds.len() as u32,
            nfree: self
                .kinds
                .iter()
                .filter(|k| **k & co_fast::FREE != 0)
                .count() as u32,
            running: OnceCell::new(),
            exact_args: Cell::new(u32::MAX),
            words: crate::frame::FRAME_WORDS as u32 + self.kinds.len() as u32 + self.stacksize,
            monitoring: OnceCell::new(),
            instrumentation_version: Cell::new(0),
            filename: PyCell::new(self.filename),
            code: self.code,
            linetable,
            exceptiontable: self.exceptiontable,
            trusted,
            verdict: OnceCell::new(),
            firstlineno: self.firstlineno,
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
