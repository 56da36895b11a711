//! Writing a pickle: output with frames, the memo, and objects of builtin types. What goes by `__reduce__` or by name is
//! in `reduce.rs`.

use std::rc::Rc;

use rustc_hash::FxHashMap;
use taipan_builtins::bytearray_::ByteArray;
use taipan_builtins::int_;
use taipan_numeric::double;
use taipan_object::{Bytes, Dict, IntRef, List, PyResult, Raised, Ref, Set, Str, Tuple, Value, Vm};
use taipan_vm::function::Function;

use super::buffer::PickleBuffer;
use super::globals::{self, Globals};
use super::{DEFAULT, HIGHEST, opcode, pickling_error};
use crate::util::{type_name, with_note};

mod sets;

/// Items that one opcode takes at most.
const BATCH: usize = 1000;
/// A frame is closed when it is as long as this.
const FRAME_TARGET: usize = 64 * 1024;
/// A frame that is shorter has no header.
const FRAME_MIN: usize = 4;
/// The opcode and the length.
const FRAME_HEADER: usize = 9;
/// How deep fast mode goes before it looks for cycles.
const FAST_NESTING_LIMIT: usize = 50;

/// What the arguments `protocol` and `fix_imports` ask for.
#[derive(Clone, Copy)]
pub(crate) struct Options {
    /// 0 to 5.
    pub proto: u8,
    /// Names of Python 2.
    pub fix_imports: bool,
}

impl Options {
    /// Checks the arguments.
    pub(crate) fn new(vm: &Vm, protocol: &Value, fix_imports: bool) -> PyResult<Options> {
        let proto = if vm.is_none(protocol) {
            DEFAULT
        } else {
            let wanted = vm.index(protocol)?;
            let n = wanted.as_int().and_then(|i| i.to_i64());
            match n.ok_or_else(|| vm.overflow_error("Python int too large to convert to C int"))? {
                n if n < 0 => HIGHEST,
                n if n > HIGHEST => {
                    return Err(vm.value_error(&format!("pickle protocol must be <= {HIGHEST}")));
                }
                n => n,
            }
        };
        Ok(Options {
            proto: proto as u8,
            fix_imports: fix_imports && proto < 3,
        })
    }

    /// Checks the argument `buffer_callback`.
    pub(crate) fn buffer_callback(&self, vm: &Vm, v: &Value) -> PyResult<Option<Value>> {
        if vm.is_none(v) {
            return Ok(None);
        }
        if self.proto < 5 {
            return Err(vm.value_error("buffer_callback needs protocol >= 5"));
        }
        Ok(Some(v.clone()))
    }
}

/// Objects that were written, by identity: their numbers, and a reference that keeps each alive.
pub(crate) type Memo = FxHashMap<u64, (u32, Value)>;

/// A run of a pickler.
pub(crate) struct Save<'a> {
    pub(super) vm: &'a Vm,
    pub(super) globals: Rc<Globals>,
    pub(super) options: Options,
    out: Vec<u8>,
    framing: bool,
    frame_start: Option<usize>,
    write: Option<Value>,
    pub(crate) memo: Memo,
    buffer_callback: Option<Value>,
    /// `persistent_id`, if there is one of the user's.
    pub(crate) persistent_id: Option<Value>,
    /// `reducer_override`, if there is one.
    pub(crate) reducer_override: Option<Value>,
    /// `dispatch_table`, if there is one.
    pub(crate) dispatch_table: Option<Value>,
    /// No memo.
    pub(crate) fast: bool,
    fast_nesting: Vec<u64>,
}

impl<'a> Save<'a> {
    /// A run that writes by `write`, or into memory.
    pub(crate) fn new(
        vm: &'a Vm,
        options: Options,
        write: Option<Value>,
        buffer_callback: Option<Value>,
    ) -> PyResult<Save<'a>> {
        Ok(Save {
            vm,
            globals: globals::globals(vm)?,
            options,
            out: Vec::new(),
            framing: false,
            frame_start: None,
            write,
            memo: Memo::default(),
            buffer_callback,
            persistent_id: None,
            reducer_override: None,
            dispatch_table: None,
            fast: false,
            fast_nesting: Vec::new(),
        })
    }

    /// What was written and not flushed.
    pub(crate) fn output(&self) -> &[u8] {
        &self.out
    }

    /// Writes a whole pickle.
    pub(crate) fn dump(&mut self, obj: &Value) -> PyResult<()> {
        if self.options.proto >= 2 {
            self.out
                .extend_from_slice(&[opcode::PROTO, self.options.proto]);
        }
        self.framing = self.options.proto >= 4;
        self.save(obj, true)?;
        self.op(opcode::STOP);
        self.close_frame();
        self.framing = false;
        Ok(())
    }

    /// Gives what was written to the file.
    pub(crate) fn flush(&mut self) -> PyResult<()> {
        if let Some(write) = &self.write {
            let bytes = self.vm.new_bytes(&self.out)?;
            self.out.clear();
            self.frame_start = None;
            self.vm.call1(write, bytes.as_value())?;
        }
        Ok(())
    }

    #[inline]
    fn begin(&mut self) {
        if self.framing && self.frame_start.is_none() {
            self.frame_start = Some(self.out.len());
            self.out.extend_from_slice(&[0; FRAME_HEADER]);
        }
    }

    fn close_frame(&mut self) {
        let Some(start) = self.frame_start.take() else {
            return;
        };
        let body = start + FRAME_HEADER;
        let len = self.out.len().saturating_sub(body);
        if len < FRAME_MIN {
            self.out.drain(start..body);
            return;
        }
        if let Some([op, length @ ..]) = self.out.get_mut(start..body) {
            *op = opcode::FRAME;
            length.copy_from_slice(&(len as u64).to_le_bytes());
        }
    }

    /// Between two objects: a frame that is long enough ends here.
    #[inline]
    fn boundary(&mut self) -> PyResult<()> {
        match self.frame_start {
            Some(start) if self.out.len() - start >= FRAME_TARGET + FRAME_HEADER => {
                self.close_frame();
                self.flush()
            }
            _ => Ok(()),
        }
    }

    /// Writes an opcode.
    #[inline]
    pub(super) fn op(&mut self, op: u8) {
        self.begin();
        self.out.push(op);
    }

    /// Writes bytes that belong together.
    #[inline]
    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.begin();
        self.out.extend_from_slice(bytes);
    }

    /// Writes a header and bytes; large ones stand outside of frames.
    fn large(&mut self, header: &[u8], data: &[u8], object: Option<&Value>) -> PyResult<()> {
        if data.len() < FRAME_TARGET {
            self.bytes(header);
            self.out.extend_from_slice(data);
            return Ok(());
        }
        self.close_frame();
        let framing = std::mem::take(&mut self.framing);
        self.out.extend_from_slice(header);
        if let Some(write) = self.write.clone() {
            self.flush()?;
            match object {
                Some(v) => self.vm.call1(&write, v)?,
                None => self.vm.call1(&write, self.vm.new_bytes(data)?.as_value())?,
            };
        } else {
            self.out.extend_from_slice(data);
        }
        self.framing = framing;
        Ok(())
    }

    #[inline]
    pub(super) fn bin(&self) -> bool {
        self.options.proto >= 1
    }

    /// Whether the object was written already.
    #[inline]
    pub(super) fn known(&self, obj: &Value) -> Option<u32> {
        self.memo.get(&obj.bits()).map(|(i, _)| *i)
    }

    /// Writes a reference to an object that was written already.
    pub(super) fn get(&mut self, index: u32) {
        if !self.bin() {
            self.bytes(format!("g{index}\n").as_bytes());
        } else if let Ok(i) = u8::try_from(index) {
            self.bytes(&[opcode::BINGET, i]);
        } else {
            self.op(opcode::LONG_BINGET);
            self.out.extend_from_slice(&index.to_le_bytes());
        }
    }

    /// Remembers an object that was written.
    #[inline]
    pub(super) fn put(&mut self, obj: &Value) {
        if self.fast {
            return;
        }
        let index = self.memo.len() as u32;
        self.memo.insert(obj.bits(), (index, obj.clone()));
        if self.options.proto >= 4 {
            self.op(opcode::MEMOIZE);
        } else if !self.bin() {
            self.bytes(format!("p{index}\n").as_bytes());
        } else if let Ok(i) = u8::try_from(index) {
            self.bytes(&[opcode::BINPUT, i]);
        } else {
            self.op(opcode::LONG_BINPUT);
            self.out.extend_from_slice(&index.to_le_bytes());
        }
    }

    /// Writes an object of any type.
    pub(super) fn save(&mut self, obj: &Value, ask_for_id: bool) -> PyResult<()> {
        let vm = self.vm;
        vm.check_stack(" while pickling an object")?;
        self.boundary()?;
        if ask_for_id && let Some(f) = self.persistent_id.clone() {
            let id = vm.call1(&f, obj)?;
            if !vm.is_none(&id) {
                return self.persistent(&id);
            }
        }
        if let Some(i) = obj.as_small_int() {
            return self.int(IntRef::Small(i));
        }
        let singletons = vm.interp().singletons();
        if obj.is(&singletons.none) {
            self.op(opcode::NONE);
            return Ok(());
        }
        if obj.is(&singletons.true_) || obj.is(&singletons.false_) {
            let truth = obj.is(&singletons.true_);
            match (self.options.proto >= 2, truth) {
                (true, true) => self.op(opcode::NEWTRUE),
                (true, false) => self.op(opcode::NEWFALSE),
                (false, true) => self.bytes(b"I01\n"),
                (false, false) => self.bytes(b"I00\n"),
            }
            return Ok(());
        }
        let types = vm.types();
        let ty = vm.type_of(obj);
        let is = |t: &taipan_object::TypeRef| std::ptr::eq(ty, t.object());
        if is(&types.int)
            && let Some(i) = obj.as_int()
        {
            return self.int(i);
        }
        if is(&types.float)
            && let Some(f) = obj.as_float()
        {
            self.float(f);
            return Ok(());
        }
        if let Some(index) = self.known(obj) {
            self.get(index);
            return Ok(());
        }
        if is(&types.str)
            && let Some(s) = obj.downcast_ref::<Str>()
        {
            return self.str(s);
        }
        if is(&types.bytes)
            && let Some(b) = obj.downcast_ref::<Bytes>()
        {
            return self.bytes_object(obj, b);
        }
        if is(&types.dict)
            && let Some(d) = obj.downcast_ref::<Dict>()
        {
            return self.dict(obj, d);
        }
        if is(&types.list)
            && let Some(l) = obj.downcast_ref::<List>()
        {
            return self.list(obj, l);
        }
        if is(&types.tuple)
            && let Some(t) = obj.downcast_ref::<Tuple>()
        {
            return self.tuple(obj, t);
        }
        if let Some(set) = obj.downcast_ref::<Set>() {
            if is(&types.set) {
                return self.set(obj, set);
            }
            if is(&types.frozenset) {
                return self.frozenset(obj, set);
            }
        }
        if let Some(b) = obj.downcast_ref::<ByteArray>()
            && is(&vm.class::<ByteArray>()?)
        {
            return self.bytearray(obj, b);
        }
        if let Some(b) = obj.downcast_ref::<PickleBuffer>() {
            return self.pickle_buffer(obj, b);
        }
        if let Some(f) = self.reducer_override.clone() {
            let reduced = vm.call1(&f, obj)?;
            if !vm.is_not_implemented(&reduced) {
                return self.reduced(obj, &reduced);
            }
        }
        if is(&types.type_) {
            return self.save_type(obj);
        }
        if obj.downcast_ref::<Function>().is_some() {
            return self.global(obj, None);
        }
        self.other(obj)
    }

    fn persistent(&mut self, id: &Value) -> PyResult<()> {
        if self.bin() {
            self.save(id, false)?;
            self.op(opcode::BINPERSID);
            return Ok(());
        }
        let text = self.vm.str(id)?;
        let Some(text) = text.as_ascii() else {
            return Err(pickling_error(
                self.vm,
                "persistent IDs in protocol 0 must be ASCII strings",
            ));
        };
        self.op(opcode::PERSID);
        self.out.extend_from_slice(text.as_bytes());
        self.out.push(b'\n');
        Ok(())
    }

    fn int(&mut self, i: IntRef<'_>) -> PyResult<()> {
        if let IntRef::Small(n) = i
            && let Ok(n) = i32::try_from(n)
        {
            if !self.bin() {
                self.bytes(format!("I{n}\n").as_bytes());
            } else if let Ok(n) = u8::try_from(n) {
                self.bytes(&[opcode::BININT1, n]);
            } else if let Ok(n) = u16::try_from(n) {
                let [a, b] = n.to_le_bytes();
                self.bytes(&[opcode::BININT2, a, b]);
            } else {
                let [a, b, c, d] = n.to_le_bytes();
                self.bytes(&[opcode::BININT, a, b, c, d]);
            }
            return Ok(());
        }
        if self.options.proto < 2 {
            let text = int_::text::to_decimal(self.vm, i)?;
            self.bytes(format!("L{text}L\n").as_bytes());
            return Ok(());
        }
        let bytes = self.int_bytes(i)?;
        if let Ok(n) = u8::try_from(bytes.len()) {
            self.bytes(&[opcode::LONG1, n]);
        } else if let Ok(n) = i32::try_from(bytes.len()) {
            self.op(opcode::LONG4);
            self.out.extend_from_slice(&n.to_le_bytes());
        } else {
            return Err(self.vm.overflow_error("int too large to pickle"));
        }
        self.out.extend_from_slice(&bytes);
        Ok(())
    }

    /// The shortest two's complement.
    fn int_bytes(&self, i: IntRef<'_>) -> PyResult<Vec<u8>> {
        let bits = int_::arith::bit_length(i);
        let mut bytes = int_::methods::to_le_bytes(i, bits / 8 + 1, true)
            .map_err(|_| self.vm.overflow_error("int too large to pickle"))?;
        if i.is_negative()
            && let [.., before, 0xff] = bytes.as_slice()
            && before & 0x80 != 0
        {
            bytes.pop();
        }
        Ok(bytes)
    }

    fn float(&mut self, f: f64) {
        if self.bin() {
            self.op(opcode::BINFLOAT);
            self.out.extend_from_slice(&f.to_be_bytes());
        } else {
            self.bytes(format!("F{}\n", double::repr(f)).as_bytes());
        }
    }

    /// Writes `\u` or `\U` with a number of hexadecimal digits.
    fn escape(&mut self, kind: u8, digits: u32, c: u32) {
        self.out.extend([b'\\', kind]);
        self.out.extend(
            (0..digits)
                .rev()
                .map(|i| b"0123456789abcdef"[(c >> (4 * i) & 15) as usize]),
        );
    }

    fn str(&mut self, s: &Ref<Str>) -> PyResult<()> {
        if !self.bin() {
            self.op(opcode::UNICODE);
            for c in s.text().chars() {
                match c {
                    0x5c | 0 | 10 | 13 | 0x1a | 0x100..=0xffff => self.escape(b'u', 4, c),
                    0x10000.. => self.escape(b'U', 8, c),
                    _ => self.out.push(c as u8),
                }
            }
            self.out.push(b'\n');
        } else if let Some(ascii) = s.as_ascii() {
            self.utf8(ascii.as_bytes())?;
        } else if let Some(text) = s.to_str() {
            self.utf8(text.as_bytes())?;
        } else {
            self.utf8(&with_surrogates(s))?;
        }
        self.put(s.as_value());
        Ok(())
    }

    #[inline]
    fn utf8(&mut self, bytes: &[u8]) -> PyResult<()> {
        let n = bytes.len();
        if self.options.proto >= 4
            && let Ok(n) = u8::try_from(n)
        {
            self.bytes(&[opcode::SHORT_BINUNICODE, n]);
            self.out.extend_from_slice(bytes);
            return Ok(());
        }
        let mut header = [0u8; 9];
        let header = match self.header(&mut header, n, opcode::BINUNICODE, opcode::BINUNICODE8) {
            Some(h) => h,
            None => {
                return Err(self.vm.overflow_error(
                    "serializing a string larger than 4 GiB requires pickle protocol 4 or higher",
                ));
            }
        };
        self.large(header, bytes, None)
    }

    /// An opcode with a length of four bytes, or of eight; `None` if the protocol does not have it.
    fn header<'h>(&self, room: &'h mut [u8; 9], n: usize, op4: u8, op8: u8) -> Option<&'h [u8]> {
        let [op, length @ ..] = room;
        let used = match u32::try_from(n) {
            Ok(n) => {
                *op = op4;
                length[..4].copy_from_slice(&n.to_le_bytes());
                5
            }
            Err(_) if self.options.proto >= 4 => {
                *op = op8;
                length.copy_from_slice(&(n as u64).to_le_bytes());
                9
            }
            Err(_) => return None,
        };
        room.get(..used)
    }

    fn bytes_object(&mut self, obj: &Value, b: &Bytes) -> PyResult<()> {
        let vm = self.vm;
        if self.options.proto >= 3 {
            self.bytes_data(b.as_slice(), Some(obj))?;
            self.put(obj);
            return Ok(());
        }
        let (callable, args) = if b.is_empty() {
            let empty = vm.interp().singletons().empty_tuple.clone();
            (vm.types().bytes.as_value().clone(), empty)
        } else {
            let text = taipan_text::TextRef::One(b.as_slice());
            let text = vm.new_str_text(text)?.into_value();
            let latin1 = vm.new_str("latin1")?.into_value();
            (
                self.globals.encode.clone(),
                vm.new_tuple_array([text, latin1])?,
            )
        };
        self.call(obj, &callable, args)
    }

    /// Writes what a call makes.
    fn call(&mut self, obj: &Value, callable: &Value, args: Ref<Tuple>) -> PyResult<()> {
        let reduced = self
            .vm
            .new_tuple_array([callable.clone(), args.into_value()])?;
        self.reduce(obj, &reduced)
    }

    fn bytes_data(&mut self, data: &[u8], object: Option<&Value>) -> PyResult<()> {
        if let Ok(n) = u8::try_from(data.len()) {
            self.bytes(&[opcode::SHORT_BINBYTES, n]);
            self.out.extend_from_slice(data);
            return Ok(());
        }
        let mut header = [0u8; 9];
        let n = data.len();
        match self.header(&mut header, n, opcode::BINBYTES, opcode::BINBYTES8) {
            Some(header) => self.large(header, data, object),
            None => Err(self.vm.overflow_error(
                "serializing a bytes object larger than 4 GiB requires pickle protocol 4 or higher",
            )),
        }
    }

    fn bytearray(&mut self, obj: &Value, b: &ByteArray) -> PyResult<()> {
        let vm = self.vm;
        if self.options.proto >= 5 {
            self.bytearray_data(&b.to_vec(), Some(obj))?;
            self.put(obj);
            return Ok(());
        }
        let args = if b.is_empty() {
            vm.interp().singletons().empty_tuple.clone()
        } else {
            vm.new_tuple_array([vm.new_bytes(&b.to_vec())?.into_value()])?
        };
        let class = vm.class::<ByteArray>()?.into_value();
        self.call(obj, &class, args)
    }

    fn bytearray_data(&mut self, data: &[u8], object: Option<&Value>) -> PyResult<()> {
        let mut header = [opcode::BYTEARRAY8; 9];
        let [_, length @ ..] = &mut header;
        length.copy_from_slice(&(data.len() as u64).to_le_bytes());
        self.large(&header, data, object)
    }

    fn pickle_buffer(&mut self, obj: &Value, b: &Ref<PickleBuffer>) -> PyResult<()> {
        let vm = self.vm;
        if self.options.proto < 5 {
            return Err(pickling_error(
                vm,
                "PickleBuffer can only be pickled with protocol >= 5",
            ));
        }
        let view = b.view(vm)?;
        if !view.is_contiguous() && !super::buffer::is_fortran(&view) {
            return Err(pickling_error(
                vm,
                "PickleBuffer can not be pickled when pointing to a non-contiguous buffer",
            ));
        }
        let in_band = match self.buffer_callback.clone() {
            Some(f) => {
                let result = vm.call1(&f, obj)?;
                vm.is_true(&result)?
            }
            None => true,
        };
        if !in_band {
            self.op(opcode::NEXT_BUFFER);
            if view.readonly {
                self.op(opcode::READONLY_BUFFER);
            }
            return Ok(());
        }
        let data = view.to_vec();
        if view.readonly {
            self.bytes_data(&data, None)?;
        } else {
            self.bytearray_data(&data, None)?;
        }
        self.put(obj);
        Ok(())
    }

    fn tuple(&mut self, obj: &Value, t: &Ref<Tuple>) -> PyResult<()> {
        let vm = self.vm;
        let items = t.as_slice();
        let n = items.len();
        if n == 0 {
            if self.bin() {
                self.op(opcode::EMPTY_TUPLE);
            } else {
                self.bytes(&[opcode::MARK, opcode::TUPLE]);
            }
            return Ok(());
        }
        let short = n <= 3 && self.options.proto >= 2;
        if !short {
            self.op(opcode::MARK);
        }
        for (i, item) in items.iter().enumerate() {
            self.save(item, true)
                .map_err(|r| item_note(vm, r, obj, i))?;
        }
        // A recursive tuple was written while its items were: those are taken away again.
        if let Some(index) = self.known(obj) {
            if short {
                (0..n).for_each(|_| self.op(opcode::POP));
            } else if self.bin() {
                self.op(opcode::POP_MARK);
            } else {
                (0..=n).for_each(|_| self.op(opcode::POP));
            }
            self.get(index);
            return Ok(());
        }
        self.op(match (short, n) {
            (true, 1) => opcode::TUPLE1,
            (true, 2) => opcode::TUPLE2,
            (true, 3) => opcode::TUPLE3,
            _ => opcode::TUPLE,
        });
        self.put(obj);
        Ok(())
    }

    /// In fast mode, without a memo, only the depth shows that something contains itself.
    fn enter_fast(&mut self, obj: &Value) -> PyResult<()> {
        if !self.fast {
            return Ok(());
        }
        let id = obj.bits();
        if self.fast_nesting.len() >= FAST_NESTING_LIMIT && self.fast_nesting.contains(&id) {
            let name = self.vm.type_name(obj);
            return Err(self.vm.value_error(&format!(
                "fast mode: can't pickle cyclic objects including object type {name} at {id:#x}"
            )));
        }
        self.fast_nesting.push(id);
        Ok(())
    }

    fn leave_fast(&mut self) {
        if self.fast {
            self.fast_nesting.pop();
        }
    }

    fn list(&mut self, obj: &Value, l: &Ref<List>) -> PyResult<()> {
        self.enter_fast(obj)?;
        if self.bin() {
            self.op(opcode::EMPTY_LIST);
        } else {
            self.bytes(&[opcode::MARK, opcode::LIST]);
        }
        self.put(obj);
        if !l.is_empty() {
            if self.bin() {
                self.list_items(obj, l)?;
            } else {
                let iter = self.vm.iter(obj)?;
                self.appends(obj, &iter)?;
            }
        }
        self.leave_fast();
        Ok(())
    }

    /// The items of an exact list; it may change meanwhile.
    fn list_items(&mut self, obj: &Value, l: &List) -> PyResult<()> {
        let vm = self.vm;
        if l.len() == 1
            && let Some(item) = l.get(0)
        {
            self.save(&item, true)
                .map_err(|r| item_note(vm, r, obj, 0))?;
            self.op(opcode::APPEND);
            return Ok(());
        }
        let mut i = 0;
        loop {
            self.op(opcode::MARK);
            for _ in 0..BATCH {
                let Some(item) = l.get(i) else {
                    break;
                };
                self.save(&item, true)
                    .map_err(|r| item_note(vm, r, obj, i))?;
                i += 1;
            }
            self.op(opcode::APPENDS);
            if i >= l.len() {
                return Ok(());
            }
        }
    }

    /// Items from an iterator, to be appended to `obj`.
    pub(super) fn appends(&mut self, obj: &Value, iter: &Value) -> PyResult<()> {
        let vm = self.vm;
        let mut total = 0;
        let mut save = |this: &mut Self, item: &Value| {
            total += 1;
            let i = total - 1;
            this.save(item, true).map_err(|r| item_note(vm, r, obj, i))
        };
        if !self.bin() {
            while let Some(item) = vm.next(iter)? {
                save(self, &item)?;
                self.op(opcode::APPEND);
            }
            return Ok(());
        }
        loop {
            let Some(first) = vm.next(iter)? else {
                return Ok(());
            };
            let Some(mut item) = vm.next(iter)? else {
                save(self, &first)?;
                self.op(opcode::APPEND);
                return Ok(());
            };
            self.op(opcode::MARK);
            save(self, &first)?;
            let mut n = 1;
            let more = loop {
                save(self, &item)?;
                n += 1;
                if n == BATCH {
                    break true;
                }
                match vm.next(iter)? {
                    Some(next) => item = next,
                    None => break false,
                }
            };
            self.op(opcode::APPENDS);
            if !more {
                return Ok(());
            }
        }
    }

    fn dict(&mut self, obj: &Value, d: &Ref<Dict>) -> PyResult<()> {
        self.enter_fast(obj)?;
        if self.bin() {
            self.op(opcode::EMPTY_DICT);
        } else {
            self.bytes(&[opcode::MARK, opcode::DICT]);
        }
        self.put(obj);
        if !d.is_empty() {
            if self.bin() {
                self.dict_items(obj, d)?;
            } else {
                let items = self.vm.call_method_str(obj, "items", &[])?;
                let iter = self.vm.iter(&items)?;
                self.setitems(obj, &iter)?;
            }
        }
        self.leave_fast();
        Ok(())
    }

    fn pair(&mut self, obj: &Value, key: &Value, value: &Value) -> PyResult<()> {
        let vm = self.vm;
        self.save(key, true)?;
        self.save(value, true).map_err(|r| {
            with_note(vm, r, || {
                let key = vm.repr_string(key)?;
                Ok(format!(
                    "when serializing {} item {key}",
                    type_name(vm, obj)
                ))
            })
        })
    }

    /// The items of an exact dict.
    fn dict_items(&mut self, obj: &Value, d: &Dict) -> PyResult<()> {
        let size = d.len();
        if size == 1
            && let Some((_, key, value)) = d.next_entry(0)
        {
            self.pair(obj, &key, &value)?;
            self.op(opcode::SETITEM);
            return Ok(());
        }
        let mut at = 0;
        loop {
            self.op(opcode::MARK);
            let mut n = 0;
            while let Some((next, key, value)) = d.next_entry(at) {
                self.pair(obj, &key, &value)?;
                at = next;
                n += 1;
                if n == BATCH {
                    break;
                }
            }
            self.op(opcode::SETITEMS);
            if d.len() != size {
                return Err(self
                    .vm
                    .runtime_error("dictionary changed size during iteration"));
            }
            if n != BATCH {
                return Ok(());
            }
        }
    }

    /// Pairs from an iterator, to be put into `obj`.
    pub(super) fn setitems(&mut self, obj: &Value, iter: &Value) -> PyResult<()> {
        let vm = self.vm;
        let next = || -> PyResult<Option<Ref<Tuple>>> {
            let Some(item) = vm.next(iter)? else {
                return Ok(None);
            };
            match item.downcast::<Tuple>() {
                Ok(t) if t.len() == 2 => Ok(Some(t)),
                _ => Err(vm.type_error("dict items iterator must return 2-tuples")),
            }
        };
        let save = |this: &mut Self, item: &Ref<Tuple>| match item.as_slice() {
            [key, value] => this.pair(obj, key, value),
            _ => Ok(()),
        };
        if !self.bin() {
            while let Some(item) = next()? {
                save(self, &item)?;
                self.op(opcode::SETITEM);
            }
            return Ok(());
        }
        loop {
            let Some(first) = next()? else {
                return Ok(());
            };
            let Some(mut item) = next()? else {
                save(self, &first)?;
                self.op(opcode::SETITEM);
                return Ok(());
            };
            self.op(opcode::MARK);
            save(self, &first)?;
            let mut n = 1;
            let more = loop {
                save(self, &item)?;
                n += 1;
                if n == BATCH {
                    break true;
                }
                match next()? {
                    Some(next) => item = next,
                    None => break false,
                }
            };
            self.op(opcode::SETITEMS);
            if !more {
                return Ok(());
            }
        }
    }
}

fn item_note(vm: &Vm, r: Raised, obj: &Value, i: usize) -> Raised {
    with_note(vm, r, || {
        Ok(format!("when serializing {} item {i}", type_name(vm, obj)))
    })
}

/// UTF-8 in which surrogates stand as if they were characters (`surrogatepass`).
fn with_surrogates(s: &Str) -> Vec<u8> {
    let mut out = Vec::with_capacity(s.len() * 3);
    for c in s.text().chars() {
        match char::from_u32(c) {
            Some(c) => {
                let mut room = [0; 4];
                out.extend_from_slice(c.encode_utf8(&mut room).as_bytes());
            }
            None => out.extend_from_slice(&[
                0xe0 | (c >> 12) as u8,
                0x80 | (c >> 6 & 0x3f) as u8,
                0x80 | (c & 0x3f) as u8,
            ]),
        }
    }
    out
}
