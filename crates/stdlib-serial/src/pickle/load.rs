//! Reading a pickle: the stack machine.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use taipan_builtins::bytearray_::ByteArray;
use taipan_builtins::int_;
use taipan_numeric::parse;
use taipan_object::{PyResult, Raised, Ref, Str, Tuple, Value, Visitor, Vm};
use taipan_text::TextRef;

mod values;

use super::globals::{self, Globals};
use super::input::Input;
use super::{HIGHEST, names, opcode, unpickling_error};
use values::{not_found, special_float};

/// The arguments of `load` that say how to read.
pub(crate) struct Settings {
    /// Names of Python 2 are mapped to today's.
    pub fix_imports: bool,
    encoding: String,
    errors: String,
    buffers: Option<Value>,
}

impl Settings {
    /// Checks the arguments.
    pub(crate) fn new(
        vm: &Vm,
        fix_imports: bool,
        encoding: String,
        errors: String,
        buffers: Option<&Value>,
    ) -> PyResult<Settings> {
        let buffers = match buffers.filter(|b| !vm.is_none(b)) {
            Some(b) => Some(vm.iter(b)?),
            None => None,
        };
        Ok(Settings {
            fix_imports,
            encoding,
            errors,
            buffers,
        })
    }

    /// Shows the values to the collector.
    pub(crate) fn visit(&self, visit: &mut Visitor<'_>) {
        if let Some(b) = &self.buffers {
            visit(b);
        }
    }
}

/// Numbered objects. Numbers far beyond the others, which only a hostile pickle has, are kept apart.
#[derive(Clone, Default)]
pub(crate) struct Memo {
    near: Vec<Option<Value>>,
    far: FxHashMap<usize, Value>,
    count: usize,
}

/// How far beyond the last one a number may be to be kept in place.
const NEAR: usize = 1 << 16;

impl Memo {
    #[inline]
    fn get(&self, i: usize) -> Option<&Value> {
        match self.near.get(i) {
            Some(Some(v)) => Some(v),
            _ => self.far.get(&i),
        }
    }

    /// Puts an object under a number.
    #[inline]
    pub(crate) fn put(&mut self, i: usize, v: Value) {
        if i == self.near.len() {
            self.near.push(Some(v));
            self.count += 1;
            return;
        }
        if i > self.near.len() + NEAR {
            if self.far.insert(i, v).is_none() {
                self.count += 1;
            }
            return;
        }
        if i >= self.near.len() {
            self.near.resize(i + 1, None);
        }
        if let Some(place) = self.near.get_mut(i)
            && place.replace(v).is_none()
        {
            self.count += 1;
        }
    }

    /// All with their numbers.
    pub(crate) fn items(&self) -> Vec<(usize, Value)> {
        let near = self.near.iter().enumerate();
        let near = near.filter_map(|(i, v)| v.clone().map(|v| (i, v)));
        near.chain(self.far.iter().map(|(i, v)| (*i, v.clone())))
            .collect()
    }

    /// Memory that it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.near.capacity() * size_of::<Option<Value>>()
    }

    /// Shows the objects to the collector.
    pub(crate) fn visit(&self, visit: &mut Visitor<'_>) {
        self.near.iter().flatten().for_each(&mut *visit);
        self.far.values().for_each(visit);
    }
}

/// A run of an unpickler.
pub(crate) struct Load<'a> {
    vm: &'a Vm,
    globals: Rc<Globals>,
    settings: Settings,
    input: Input,
    pub(crate) memo: Memo,
    stack: Vec<Value>,
    marks: Vec<usize>,
    /// What lies below belongs to before the last mark.
    fence: usize,
    proto: u8,
    /// The unpickler's `find_class` when it is not the usual one.
    pub(crate) find_class: Option<Value>,
    /// The unpickler's `persistent_load`.
    pub(crate) persistent_load: Option<Value>,
    /// Told the protocol when it is read.
    pub(crate) on_protocol: Option<Box<dyn Fn(u8)>>,
}

/// Raises what a pickle with persistent ids does without a `persistent_load`.
#[cold]
pub(crate) fn no_persistent_load(vm: &Vm) -> Raised {
    unpickling_error(
        vm,
        "A load persistent id instruction was encountered, but no persistent_load function was specified.",
    )
}

/// The object that a pickle of this protocol means by a module and a name.
pub(crate) fn find_class(
    vm: &Vm,
    proto: u8,
    fix_imports: bool,
    module: &Value,
    name: &Value,
) -> PyResult {
    taipan_vm::sys_module::audit(vm, "pickle.find_class", &[module.clone(), name.clone()])?;
    let (Some(m), Some(n)) = (module.downcast_ref::<Str>(), name.downcast_ref::<Str>()) else {
        return Err(vm.type_error("module and name of a global must be strings"));
    };
    let (mut m, mut n) = (m.clone(), n.clone());
    if proto < 3 && fix_imports {
        let g = globals::globals(vm)?;
        (m, n) = names::compatible(vm, &g.names, &g.imports, "", m, n)?;
    }
    let module = names::import(vm, &vm.intern_str(&m))?;
    names::attribute(vm, &module, &m, &vm.intern_str(&n), proto >= 4)
}

impl<'a> Load<'a> {
    /// A run over some input.
    pub(crate) fn new(vm: &'a Vm, settings: Settings, input: Input) -> PyResult<Load<'a>> {
        Ok(Load {
            vm,
            globals: globals::globals(vm)?,
            settings,
            input,
            memo: Memo::default(),
            stack: Vec::new(),
            marks: Vec::new(),
            fence: 0,
            proto: 0,
            find_class: None,
            persistent_load: None,
            on_protocol: None,
        })
    }

    /// What an unpickler keeps for its next pickle.
    pub(crate) fn into_parts(self) -> (Settings, Input) {
        (self.settings, self.input)
    }

    #[cold]
    fn underflow(&self) -> Raised {
        let message = if self.marks.is_empty() {
            "unpickling stack underflow"
        } else {
            "unexpected MARK found"
        };
        unpickling_error(self.vm, message)
    }

    #[inline(always)]
    fn pop(&mut self) -> PyResult {
        if self.stack.len() > self.fence
            && let Some(v) = self.stack.pop()
        {
            return Ok(v);
        }
        Err(self.underflow())
    }

    #[inline(always)]
    fn top(&self) -> PyResult<&Value> {
        match self.stack.last() {
            Some(v) if self.stack.len() > self.fence => Ok(v),
            _ => Err(self.underflow()),
        }
    }

    #[inline(always)]
    fn push(&mut self, v: Value) {
        self.stack.push(v);
    }

    /// Takes the last mark away; gives where it was.
    fn mark(&mut self) -> PyResult<usize> {
        let Some(at) = self.marks.pop() else {
            return Err(unpickling_error(self.vm, "could not find MARK"));
        };
        self.fence = self.marks.last().copied().unwrap_or(0);
        Ok(at)
    }

    /// The objects above the last mark.
    fn marked(&mut self) -> PyResult<Vec<Value>> {
        let at = self.mark()?;
        Ok(self.stack.split_off(at.min(self.stack.len())))
    }

    /// The last `n` objects.
    fn last(&mut self, n: usize) -> PyResult<Vec<Value>> {
        match self.stack.len().checked_sub(n) {
            Some(at) if at >= self.fence => Ok(self.stack.split_off(at)),
            _ => Err(self.underflow()),
        }
    }

    #[inline(always)]
    fn array<const N: usize>(&mut self) -> PyResult<[u8; N]> {
        let at = self.input.take(self.vm, N)?;
        match self.input.slice(at, N).try_into() {
            Ok(a) => Ok(a),
            Err(_) => Err(self.vm.system_error("bytes that were there")),
        }
    }

    /// A length in one, four or eight bytes.
    fn length(&mut self, width: usize, what: &str) -> PyResult<usize> {
        let n = match width {
            1 => self.array::<1>()?[0].into(),
            4 => u32::from_le_bytes(self.array()?).into(),
            _ => u64::from_le_bytes(self.array()?),
        };
        usize::try_from(n)
            .ok()
            .filter(|&n| n <= isize::MAX as usize)
            .ok_or_else(|| {
                self.vm.overflow_error(&format!(
                    "{what} exceeds system's maximum size of {} bytes",
                    isize::MAX
                ))
            })
    }

    /// A line as text of which the caller says how it is decoded.
    fn line(&mut self) -> PyResult<&[u8]> {
        let (at, n) = self.input.line(self.vm)?;
        Ok(self.input.slice(at, n))
    }

    fn latin1_line(&mut self) -> PyResult<Ref<Str>> {
        let vm = self.vm;
        let line = self.line()?;
        vm.new_str_text(TextRef::One(line))
    }

    /// Reads the pickle.
    pub(crate) fn run(&mut self) -> PyResult {
        self.stack.clear();
        self.marks.clear();
        self.fence = 0;
        self.proto = 0;
        loop {
            let op = match self.input.next() {
                Some(op) => op,
                None => match self.input.take(self.vm, 1) {
                    Ok(at) => match self.input.slice(at, 1).first() {
                        Some(op) => *op,
                        None => continue,
                    },
                    Err(r) => {
                        let ty = self.vm.make_type(&super::UNPICKLING_ERROR)?;
                        self.vm.catch(r, &ty)?;
                        return Err(self.vm.eof_error("Ran out of input"));
                    }
                },
            };
            if op == opcode::STOP {
                break;
            }
            self.step(op)?;
        }
        self.input.skip_consumed(self.vm)?;
        self.pop()
    }

    #[inline(always)]
    fn step(&mut self, op: u8) -> PyResult<()> {
        let vm = self.vm;
        match op {
            opcode::BINGET => {
                let [i] = self.array()?;
                self.recall(i.into())
            }
            opcode::LONG_BINGET => {
                let i = u32::from_le_bytes(self.array()?);
                self.recall(i as usize)
            }
            opcode::MEMOIZE => {
                let v = self.top()?.clone();
                let i = self.memo.count;
                self.memo.put(i, v);
                Ok(())
            }
            opcode::BINPUT => {
                let [i] = self.array()?;
                let v = self.top()?.clone();
                self.memo.put(i.into(), v);
                Ok(())
            }
            opcode::LONG_BINPUT => {
                let i = u32::from_le_bytes(self.array()?);
                let v = self.top()?.clone();
                self.memo.put(i as usize, v);
                Ok(())
            }
            opcode::SHORT_BINUNICODE => self.unicode(1),
            opcode::BINUNICODE => self.unicode(4),
            opcode::BINUNICODE8 => self.unicode(8),
            opcode::BININT1 => {
                let [n] = self.array()?;
                self.push(Value::from_i32(n.into()));
                Ok(())
            }
            opcode::BININT2 => {
                let n = u16::from_le_bytes(self.array()?);
                self.push(Value::from_i32(n.into()));
                Ok(())
            }
            opcode::BININT => {
                let n = i32::from_le_bytes(self.array()?);
                self.push(Value::from_i32(n));
                Ok(())
            }
            opcode::MARK => {
                self.fence = self.stack.len();
                self.marks.push(self.fence);
                Ok(())
            }
            opcode::NONE => {
                self.push(vm.none());
                Ok(())
            }
            opcode::NEWTRUE => {
                self.push(vm.bool(true));
                Ok(())
            }
            opcode::NEWFALSE => {
                self.push(vm.bool(false));
                Ok(())
            }
            opcode::BINFLOAT => {
                let f = f64::from_be_bytes(self.array()?);
                let f = vm.new_float(f)?;
                self.push(f);
                Ok(())
            }
            opcode::EMPTY_DICT => {
                let d = vm.new_dict()?.into_value();
                self.push(d);
                Ok(())
            }
            opcode::EMPTY_LIST => {
                let l = vm.new_list(Vec::new())?.into_value();
                self.push(l);
                Ok(())
            }
            opcode::EMPTY_TUPLE => {
                let t = vm.interp().singletons().empty_tuple.clone().into_value();
                self.push(t);
                Ok(())
            }
            opcode::TUPLE1 => self.tuple(1),
            opcode::TUPLE2 => self.tuple(2),
            opcode::TUPLE3 => self.tuple(3),
            opcode::TUPLE => {
                let items = self.marked()?;
                let t = vm.new_tuple(items)?.into_value();
                self.push(t);
                Ok(())
            }
            opcode::APPEND => {
                let items = self.last(1)?;
                self.append(items)
            }
            opcode::APPENDS => {
                let items = self.marked()?;
                self.append(items)
            }
            opcode::SETITEM => {
                let items = self.last(2)?;
                self.setitems(items)
            }
            opcode::SETITEMS => {
                let items = self.marked()?;
                self.setitems(items)
            }
            _ => self.rare(op),
        }
    }

    #[inline(never)]
    fn rare(&mut self, op: u8) -> PyResult<()> {
        let vm = self.vm;
        let made = match op {
            opcode::LONG1 => self.long(1)?,
            opcode::LONG4 => self.long(4)?,
            opcode::SHORT_BINBYTES => self.bytes(1)?,
            opcode::BINBYTES => self.bytes(4)?,
            opcode::BINBYTES8 => self.bytes(8)?,
            opcode::BYTEARRAY8 => {
                let n = self.length(8, "BYTEARRAY8")?;
                let at = self.input.take(vm, n)?;
                let data = self.input.slice(at, n).to_vec();
                vm.new(ByteArray::new(data))?.into_value()
            }
            opcode::NEXT_BUFFER => self.next_buffer()?,
            opcode::READONLY_BUFFER => return self.readonly_buffer(),
            opcode::SHORT_BINSTRING => self.binstring(1)?,
            opcode::BINSTRING => self.binstring(4)?,
            opcode::STRING => self.string()?,
            opcode::UNICODE => self.raw_unicode()?,
            opcode::INT => self.int()?,
            opcode::LONG => {
                let line = self.line()?;
                let digits = line.strip_suffix(b"L").unwrap_or(line);
                // A message shows the line with its end.
                let text = vm.new_str_text(TextRef::One(&[digits, b"\n"].concat()))?;
                int_::text::from_str(vm, &text, 10)?
            }
            opcode::FLOAT => {
                let line = self.line()?;
                let f = parse::parse_float(line).or_else(|| special_float(line));
                match f {
                    Some(f) => vm.new_float(f)?,
                    None => {
                        // The line is shown with its end.
                        let line = String::from_utf8_lossy(line);
                        return Err(vm.value_error(&format!(
                            "could not convert string to float: '{line}\n'"
                        )));
                    }
                }
            }
            opcode::LIST => vm.new_list(self.marked()?)?.into_value(),
            opcode::DICT => self.dict()?,
            opcode::EMPTY_SET => vm.new_set()?.into_value(),
            opcode::FROZENSET => vm.new_frozenset(&self.marked()?)?.into_value(),
            opcode::ADDITEMS => return self.additems(),
            opcode::OBJ => {
                let mut items = self.marked()?.into_iter();
                let Some(class) = items.next() else {
                    return Err(self.underflow());
                };
                self.instantiate(&class, items.collect())?
            }
            opcode::INST => {
                let args = self.marked()?;
                let class = self.global_lines(true)?;
                self.instantiate(&class, args)?
            }
            opcode::NEWOBJ => self.new_object(false)?,
            opcode::NEWOBJ_EX => self.new_object(true)?,
            opcode::GLOBAL => self.global_lines(false)?,
            opcode::STACK_GLOBAL => {
                let (name, module) = (self.pop()?, self.pop()?);
                if !name.is_exact_str(vm) || !module.is_exact_str(vm) {
                    return Err(unpickling_error(vm, "STACK_GLOBAL requires str"));
                }
                self.global(&module, &name)?
            }
            opcode::BUILD => return self.build(),
            opcode::DUP => self.top()?.clone(),
            opcode::GET => {
                let i = self.index_line()?;
                return match usize::try_from(i) {
                    Ok(i) => self.recall(i),
                    Err(_) => Err(not_found(vm, &i.to_string())),
                };
            }
            opcode::PUT => {
                let v = self.top()?.clone();
                let i = self.index_line()?;
                let i = usize::try_from(i).map_err(|_| vm.value_error("negative PUT argument"))?;
                self.memo.put(i, v);
                return Ok(());
            }
            opcode::POP => {
                if self.marks.last() == Some(&self.stack.len()) {
                    self.mark()?;
                } else {
                    drop(self.pop()?);
                }
                return Ok(());
            }
            opcode::POP_MARK => return self.marked().map(drop),
            opcode::PERSID => {
                let line = self.line()?;
                if !line.is_ascii() {
                    return Err(unpickling_error(
                        vm,
                        "persistent IDs in protocol 0 must be ASCII strings",
                    ));
                }
                let id = vm.new_str_text(TextRef::One(line))?.into_value();
                self.persistent(&id)?
            }
            opcode::BINPERSID => {
                let id = self.pop()?;
                self.persistent(&id)?
            }
            opcode::REDUCE => {
                let (args, callable) = (self.pop()?, self.pop()?);
                let Some(args) = args.downcast_ref::<Tuple>() else {
                    return Err(vm.type_error("argument list must be a tuple"));
                };
                vm.call_pos(&callable, args.as_slice())?
            }
            opcode::PROTO => {
                let [n] = self.array()?;
                if i64::from(n) > HIGHEST {
                    return Err(vm.value_error(&format!("unsupported pickle protocol: {n}")));
                }
                self.proto = n;
                if let Some(f) = &self.on_protocol {
                    f(n);
                }
                return Ok(());
            }
            opcode::FRAME => {
                let n = u64::from_le_bytes(self.array()?);
                let n = usize::try_from(n)
                    .ok()
                    .filter(|&n| n <= isize::MAX as usize)
                    .ok_or_else(|| {
                        vm.overflow_error(&format!(
                            "FRAME length exceeds system's maximum of {} bytes",
                            isize::MAX
                        ))
                    })?;
                return self.input.frame(vm, n);
            }
            opcode::EXT1 => {
                let [n] = self.array()?;
                self.extension(n.into())?
            }
            opcode::EXT2 => {
                let n = u16::from_le_bytes(self.array()?);
                self.extension(n.into())?
            }
            opcode::EXT4 => {
                let n = i32::from_le_bytes(self.array()?);
                self.extension(n.into())?
            }
            c @ 0x20..=0x7e if c != b'\'' && c != b'\\' => {
                return Err(unpickling_error(
                    vm,
                    &format!("invalid load key, '{}'.", char::from(c)),
                ));
            }
            c => {
                return Err(unpickling_error(
                    vm,
                    &format!("invalid load key, '\\x{c:02x}'."),
                ));
            }
        };
        self.push(made);
        Ok(())
    }
}
