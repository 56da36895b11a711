//! Module `array`: sequences of numbers in machine form. Type codes are in `codes.rs`.

mod codes;

use std::cell::{Cell, RefCell};

use taipan_builtins::util::{as_slice, clamp_start, wrap};
use taipan_macros::{pyfunctions, pymethods};
use taipan_object::bind::check_no_keywords;
use taipan_object::buffer::{Buffer, Export};
use taipan_object::convert::{CodePoint, SliceIndex};
use taipan_object::{
    Args, Bytes, ClassPart, CompareOp, List, Module, ModuleSpec, Payload, PyCell, PyResult, Ref,
    SlotDef, Str, Traverse, Tuple, TypeObject, TypeSpec, Value, Visitor, Vm, tpflags,
};

use codes::{
    CODES, LAST_MACHINE_FORMAT, integer_code, is_text, item_size, load, machine_format,
    machine_layout, store, text_encoding,
};

/// The payload of `array`.
pub struct Array {
    code: u8,
    size: usize,
    data: RefCell<Vec<u8>>,
    exports: Cell<usize>,
}
taipan_object::payload!(Array, leaf);

/// `array.array`
pub static ARRAY: TypeSpec = TypeSpec {
    doc: Some("array(typecode [, initializer]) -> array"),
    flags: tpflags::BASETYPE | tpflags::SEQUENCE,
    has_weakref: true,
    parts: &[&METHODS, &BUFFER],
    ..TypeSpec::new("array", "array", <Array as Payload>::layout)
};

/// Module `array`.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "array",
    doc: Some("Arrays of numbers and characters in machine form."),
    functions: &[functions::FUNCTIONS],
    types: &[&ARRAY],
    exec: Some(exec),
};

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    let Some(dict) = module.dict.get() else {
        return Ok(());
    };
    let ty = vm.make_type(&ARRAY)?;
    dict.set_named(vm, "ArrayType", ty.into_value())?;
    dict.set_named(vm, "typecodes", vm.new_str(CODES)?.into_value())?;
    let abc = vm.import("collections.abc")?;
    let sequence = vm.getattr_str(&abc, "MutableSequence")?;
    let ty = vm.make_type(&ARRAY)?.into_value();
    vm.call_method_str(&sequence, "register", &[ty]).map(drop)
}

impl Array {
    fn len(&self) -> usize {
        self.data.borrow().len() / self.size
    }

    fn item(&self, i: usize) -> Option<codes::Bytes> {
        let at = i.checked_mul(self.size)?;
        self.data
            .borrow()
            .get(at..at.checked_add(self.size)?)
            .map(codes::Bytes::from_slice)
    }

    #[inline]
    fn get(&self, vm: &Vm, i: usize) -> PyResult<Option<Value>> {
        // Items of the widest kinds are copied as one word.
        if self.size == 8 {
            let word = i.checked_mul(8).and_then(|at| {
                let data = self.data.borrow();
                data.get(at..)?.first_chunk::<8>().copied()
            });
            return match word {
                Some(bytes) => load(vm, self.code, &bytes).map(Some),
                None => Ok(None),
            };
        }
        match self.item(i) {
            Some(bytes) => load(vm, self.code, &bytes).map(Some),
            None => Ok(None),
        }
    }

    /// Replaces items `start..end` by those in `new`.
    fn splice(&self, vm: &Vm, start: usize, end: usize, new: &[u8]) -> PyResult<()> {
        let mut data = self.data.borrow_mut();
        let end = end.saturating_mul(self.size).min(data.len());
        let start = start.saturating_mul(self.size).min(end);
        if end - start != new.len() && self.exports.get() > 0 {
            return Err(vm.buffer_error("cannot resize an array that is exporting buffers"));
        }
        match data.get_mut(start..end) {
            Some(part) if part.len() == new.len() => {
                part.copy_from_slice(new);
                return Ok(());
            }
            _ => {}
        }
        if data.try_reserve(new.len()).is_err() {
            return Err(vm.no_memory());
        }
        if start == data.len() {
            data.extend_from_slice(new);
            return Ok(());
        }
        data.splice(start..end, new.iter().copied());
        Ok(())
    }

    fn push_bytes(&self, vm: &Vm, new: &[u8]) -> PyResult<()> {
        let n = self.len();
        self.splice(vm, n, n, new)
    }

    fn values(&self, vm: &Vm) -> PyResult<Vec<Value>> {
        let mut out = Vec::with_capacity(self.len());
        let mut i = 0;
        while let Some(v) = self.get(vm, i)? {
            out.push(v);
            i += 1;
        }
        Ok(out)
    }

    fn text(&self, vm: &Vm) -> PyResult<Ref<Str>> {
        let mut buf = taipan_text_buf();
        let mut i = 0;
        while let Some(v) = self.get(vm, i)? {
            if let Some(s) = v.downcast_ref::<Str>() {
                buf.push_text(s.text());
            }
            i += 1;
        }
        vm.new_str_buf(&buf)
    }

    /// Appends the items of another array of the same code, or of an iterable.
    fn extend_from(&self, vm: &Vm, v: &Value) -> PyResult<()> {
        if let Some(other) = v.downcast_ref::<Array>() {
            if other.code != self.code {
                return Err(vm.type_error("can only extend with array of same kind"));
            }
            let bytes = other.data.borrow().clone();
            return self.push_bytes(vm, &bytes);
        }
        let it = vm.iter(v)?;
        while let Some(x) = vm.next(&it)? {
            let bytes = store(vm, self.code, &x)?;
            self.push_bytes(vm, &bytes)?;
        }
        Ok(())
    }

    fn append_bytes_like(&self, vm: &Vm, bytes: &[u8]) -> PyResult<()> {
        if !bytes.len().is_multiple_of(self.size) {
            return Err(vm.value_error("bytes length not a multiple of item size"));
        }
        self.push_bytes(vm, bytes)
    }

    fn append_text(&self, vm: &Vm, s: &Str) -> PyResult<()> {
        let bytes: Vec<u8> = s.text().chars().flat_map(u32::to_ne_bytes).collect();
        self.push_bytes(vm, &bytes)
    }

    /// The place of the first item equal to `v` in a range.
    fn find(&self, vm: &Vm, v: &Value, start: usize, stop: usize) -> PyResult<Option<usize>> {
        let mut i = start;
        while i < stop {
            let Some(x) = self.get(vm, i)? else {
                break;
            };
            if vm.compare_bool(&x, v, CompareOp::Eq)? {
                return Ok(Some(i));
            }
            i += 1;
        }
        Ok(None)
    }
}

fn taipan_text_buf() -> taipan_text::TextBuf {
    taipan_text::TextBuf::default()
}

fn make(vm: &Vm, cls: &Ref<TypeObject>, code: u8, data: Vec<u8>) -> PyResult<Ref<Array>> {
    let Some(size) = item_size(code) else {
        return Err(
            vm.value_error("bad typecode (must be b, B, u, w, h, H, i, I, l, L, q, Q, f or d)")
        );
    };
    let payload = Array {
        code,
        size,
        data: RefCell::new(data),
        exports: Cell::new(0),
    };
    vm.new_object(cls, payload)
}

fn like(vm: &Vm, this: &Array, data: Vec<u8>) -> PyResult<Ref<Array>> {
    make(vm, &vm.make_type(&ARRAY)?, this.code, data)
}

fn new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<Array>> {
    if cls.is(&vm.make_type(&ARRAY)?) {
        check_no_keywords(vm, "array.array", &args)?;
    }
    let pos = args.pos();
    let Some(code) = pos.first() else {
        return Err(vm.type_error("array() takes at least 1 argument (0 given)"));
    };
    if pos.len() > 2 {
        return Err(vm.type_error(&format!(
            "array() takes at most 2 arguments ({} given)",
            pos.len()
        )));
    }
    let context = taipan_object::convert::ArgContext {
        function: "array",
        argument: "argument 1",
    };
    if let Some(n) = code
        .downcast_ref::<Str>()
        .map(|s| s.len())
        .filter(|n| *n != 1)
    {
        return Err(vm.type_error(&format!(
            "array() argument 1 must be a unicode character, not a string of length {n}"
        )));
    }
    let CodePoint(c) = taipan_object::convert::FromArg::from_arg(vm, code, &context)?;
    let code = u8::try_from(c).unwrap_or(0);
    let initial = pos.get(1);
    if code == b'u' {
        vm.warn(
            &vm.exc().DeprecationWarning,
            "The 'u' type code is deprecated and will be removed in Python 3.16",
            1,
        )?;
    }
    if let Some(v) = initial
        && !is_text(code)
    {
        let shown = char::from(code);
        if v.downcast_ref::<Str>().is_some() {
            return Err(vm.type_error(&format!(
                "cannot use a str to initialize an array with typecode '{shown}'"
            )));
        }
        if let Some(a) = v.downcast_ref::<Array>()
            && is_text(a.code)
        {
            return Err(vm.type_error(&format!(
                "cannot use a unicode array to initialize an array with typecode '{shown}'"
            )));
        }
    }
    let array = make(vm, cls, code, Vec::new())?;
    let Some(v) = initial else {
        return Ok(array);
    };
    let is_bytes =
        v.downcast_ref::<Bytes>().is_some() || vm.type_of(v).payload.layout().name == "ByteArray";
    if let Some(s) = v.downcast_ref::<Str>() {
        array.append_text(vm, s)?;
    } else if is_bytes {
        array.append_bytes_like(vm, &vm.get_buffer(v, false)?.to_vec())?;
    } else if let Some(other) = v.downcast_ref::<Array>()
        && other.code != code
    {
        for x in other.values(vm)? {
            let bytes = store(vm, code, &x)?;
            array.push_bytes(vm, &bytes)?;
        }
    } else {
        array.extend_from(vm, v)?;
    }
    Ok(array)
}

/// The payload of `arrayiterator`.
pub struct ArrayIter {
    array: PyCell<Option<Ref<Array>>>,
    at: Cell<usize>,
}
taipan_object::payload!(ArrayIter, gc);

impl Traverse for ArrayIter {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.array.visit(visit);
    }
    fn clear(&self) {
        self.array.set(None);
    }
}

static ARRAY_ITER: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    parts: &[&ITER_METHODS],
    ..TypeSpec::new("arrayiterator", "array", <ArrayIter as Payload>::layout)
};

#[pymethods(ITER_METHODS)]
impl ArrayIter {
    #[pyslot]
    fn tp_iter(this: &Value) -> Value {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(&self, vm: &Vm) -> PyResult<Option<Value>> {
        let Some(array) = self.array.get() else {
            return Ok(None);
        };
        match array.get(vm, self.at.get())? {
            Some(v) => {
                self.at.set(self.at.get() + 1);
                Ok(Some(v))
            }
            None => {
                self.array.set(None);
                Ok(None)
            }
        }
    }

    /// Return state information for pickling.
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(&self, vm: &Vm) -> PyResult<Value> {
        let iter = taipan_builtins::util::builtin(vm, "iter")?;
        match self.array.get() {
            Some(a) => {
                let args = vm.new_tuple(vec![a.into_value()])?.into_value();
                let at = vm.new_usize(self.at.get())?;
                Ok(vm.new_tuple(vec![iter, args, at])?.into_value())
            }
            None => {
                let empty = vm.new_list(Vec::new())?.into_value();
                let args = vm.new_tuple(vec![empty])?.into_value();
                Ok(vm.new_tuple(vec![iter, args])?.into_value())
            }
        }
    }

    /// Set state information for unpickling.
    #[pymethod(sig = "($self, state, /)")]
    fn __setstate__(&self, state: isize) {
        self.at.set(state.max(0).unsigned_abs());
    }
}

struct Memory(Ref<Array>);

impl Export for Memory {
    fn with(&self, f: &mut dyn FnMut(&[u8])) {
        f(&self.0.data.borrow());
    }
    fn with_mut(&self, f: &mut dyn FnMut(&mut [u8])) -> bool {
        f(&mut self.0.data.borrow_mut());
        true
    }
    fn visit(&self, visit: &mut taipan_object::Visitor<'_>) {
        visit(self.0.as_value());
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.0.exports.set(self.0.exports.get().saturating_sub(1));
    }
}

fn get_buffer(vm: &Vm, this: &Value, _: bool) -> PyResult<Buffer> {
    let array = taipan_object::convert::receiver::<Array>(vm, this, "__buffer__")?;
    array.exports.set(array.exports.get() + 1);
    let memory = Box::new(Memory(array.clone()));
    let mut buffer = Buffer::simple(this.clone(), memory, array.data.borrow().len(), false);
    buffer.itemsize = array.size;
    buffer.format = char::from(array.code).to_string().into();
    buffer.shape = vec![array.len() as isize];
    buffer.strides = vec![array.size as isize];
    Ok(buffer)
}

static BUFFER: ClassPart = ClassPart {
    methods: &[],
    getset: &[],
    slots: &[SlotDef::bf_getbuffer(get_buffer)],
};

fn repeated(vm: &Vm, data: &[u8], n: isize) -> PyResult<Vec<u8>> {
    let n = n.max(0).unsigned_abs();
    let mut out = Vec::new();
    match data.len().checked_mul(n) {
        Some(total) if out.try_reserve_exact(total).is_ok() => {}
        _ => return Err(vm.no_memory()),
    }
    for _ in 0..if data.is_empty() { 0 } else { n } {
        out.extend_from_slice(data);
    }
    Ok(out)
}

/// The other operand of a concatenation: an array of the same kind.
fn same_kind(vm: &Vm, this: &Array, other: &Value) -> PyResult<Vec<u8>> {
    let Some(b) = other.downcast_ref::<Array>() else {
        return Err(vm.type_error(&format!(
            "can only append array (not \"{}\") to array",
            vm.type_name(other)
        )));
    };
    if b.code != this.code {
        return Err(vm.type_error("bad argument type for built-in operation"));
    }
    Ok(b.data.borrow().clone())
}

#[pymethods(METHODS)]
impl Array {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<Array>> {
        new(vm, cls, args)
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Str>> {
        let name = vm.type_of(this.as_value()).payload.name.get();
        let mut out = taipan_text_buf();
        out.push_text(name.text());
        out.push_str(&format!("('{}'", char::from(this.code)));
        if this.len() > 0 {
            let content = if is_text(this.code) {
                this.text(vm)?.into_value()
            } else {
                vm.new_list(this.values(vm)?)?.into_value()
            };
            out.push_str(", ");
            out.push_text(vm.repr(&content)?.text());
        }
        out.push_str(")");
        vm.new_str_buf(&out)
    }

    #[pyslot]
    fn tp_richcompare(vm: &Vm, a: &Ref<Self>, b: &Value, op: CompareOp) -> PyResult {
        let Some(b) = b.downcast_ref::<Array>() else {
            return Ok(vm.not_implemented());
        };
        let (n, m) = (a.len(), b.len());
        if n != m && matches!(op, CompareOp::Eq | CompareOp::Ne) {
            return Ok(vm.bool(op == CompareOp::Ne));
        }
        let mut i = 0;
        while let (Some(x), Some(y)) = (a.get(vm, i)?, b.get(vm, i)?) {
            if !vm.compare_bool(&x, &y, CompareOp::Eq)? {
                return match op {
                    CompareOp::Eq => Ok(vm.bool(false)),
                    CompareOp::Ne => Ok(vm.bool(true)),
                    _ => vm.rich_compare(&x, &y, op),
                };
            }
            i += 1;
        }
        Ok(vm.bool(op.matches(n.cmp(&m))))
    }

    #[pyslot]
    fn tp_iter(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<ArrayIter>> {
        let payload = ArrayIter {
            array: PyCell::new(Some(this.clone())),
            at: Cell::new(0),
        };
        vm.new_object(&vm.make_type(&ARRAY_ITER)?, payload)
    }

    #[pyslot]
    fn sq_length(&self) -> usize {
        self.len()
    }

    #[pyslot]
    fn sq_item(&self, vm: &Vm, i: isize) -> PyResult {
        let item = match usize::try_from(i) {
            Ok(i) => self.get(vm, i)?,
            Err(_) => None,
        };
        item.ok_or_else(|| vm.index_error("array index out of range"))
    }

    #[pyslot]
    fn sq_contains(&self, vm: &Vm, v: &Value) -> PyResult<bool> {
        Ok(self.find(vm, v, 0, usize::MAX)?.is_some())
    }

    #[pyslot]
    fn sq_concat(&self, vm: &Vm, other: &Value) -> PyResult<Ref<Array>> {
        let more = same_kind(vm, self, other)?;
        let mut data = self.data.borrow().clone();
        data.extend_from_slice(&more);
        like(vm, self, data)
    }

    #[pyslot]
    fn sq_repeat(&self, vm: &Vm, n: isize) -> PyResult<Ref<Array>> {
        let data = repeated(vm, &self.data.borrow(), n)?;
        like(vm, self, data)
    }

    #[pyslot]
    fn sq_inplace_concat(vm: &Vm, this: &Ref<Self>, other: &Value) -> PyResult<Ref<Array>> {
        if other.downcast_ref::<Array>().is_none() {
            return Err(vm.type_error(&format!(
                "can only extend with array (not \"{}\")",
                vm.type_name(other)
            )));
        }
        this.extend_from(vm, other)?;
        Ok(this.clone())
    }

    #[pyslot]
    fn sq_inplace_repeat(vm: &Vm, this: &Ref<Self>, n: isize) -> PyResult<Ref<Array>> {
        let data = repeated(vm, &this.data.borrow(), n)?;
        this.splice(vm, 0, this.len(), &data)?;
        Ok(this.clone())
    }

    #[pyslot]
    fn mp_subscript(&self, vm: &Vm, key: &Value) -> PyResult {
        if let Some(i) = key.as_small_int().and_then(|i| usize::try_from(i).ok())
            && let Some(v) = self.get(vm, i)?
        {
            return Ok(v);
        }
        if let Some(slice) = as_slice(vm, key) {
            let range = slice.range(vm, || self.len())?;
            let mut data = Vec::with_capacity(range.count * self.size);
            for i in range.positions() {
                data.extend(self.item(i).unwrap_or_default());
            }
            return Ok(like(vm, self, data)?.into_value());
        }
        if !vm.has_index(key) {
            return Err(vm.type_error("array indices must be integers"));
        }
        let i = vm.index_position(key)?;
        match wrap(i, self.len()) {
            Some(i) => self.sq_item(vm, i as isize),
            None => Err(vm.index_error("array index out of range")),
        }
    }

    #[pyslot]
    fn mp_ass_subscript(
        vm: &Vm,
        this: &Ref<Self>,
        key: &Value,
        value: Option<&Value>,
    ) -> PyResult<()> {
        let Some(slice) = as_slice(vm, key) else {
            if !vm.has_index(key) {
                return Err(vm.type_error("array indices must be integers"));
            }
            let i = vm.index_position(key)?;
            let Some(at) = wrap(i, this.len()) else {
                return Err(vm.index_error("array assignment index out of range"));
            };
            let bytes = match value {
                Some(v) => store(vm, this.code, v)?,
                None => codes::Bytes::new(),
            };
            // Converting the value may have shortened the array.
            if at >= this.len() {
                return Err(vm.index_error("array assignment index out of range"));
            }
            return this.splice(vm, at, at + 1, &bytes);
        };
        let new = match value {
            None => Vec::new(),
            Some(v) => match v.downcast_ref::<Array>() {
                Some(b) if b.code == this.code => b.data.borrow().clone(),
                Some(_) => return Err(vm.type_error("bad argument type for built-in operation")),
                None => {
                    return Err(vm.type_error(&format!(
                        "can only assign array (not \"{}\") to array slice",
                        vm.type_name(v)
                    )));
                }
            },
        };
        let range = slice.range(vm, || this.len())?;
        if range.step == 1 {
            let start = range.start.max(0).unsigned_abs();
            return this.splice(vm, start, start + range.count, &new);
        }
        let given = new.len() / this.size;
        if value.is_some() && given != range.count {
            return Err(vm.value_error(&format!(
                "attempt to assign array of size {given} to extended slice of size {}",
                range.count
            )));
        }
        if value.is_none() {
            for i in range.ascending().positions().rev() {
                this.splice(vm, i, i + 1, &[])?;
            }
            return Ok(());
        }
        for (i, part) in range.positions().zip(new.chunks(this.size)) {
            this.splice(vm, i, i + 1, part)?;
        }
        Ok(())
    }

    /// Append new value v to the end of the array.
    #[pymethod(sig = "($self, v, /)")]
    fn append(&self, vm: &Vm, v: &Value) -> PyResult<()> {
        let bytes = store(vm, self.code, v)?;
        self.push_bytes(vm, &bytes)
    }

    /// Return a tuple (address, length) of the array's memory.
    #[pymethod(sig = "($self, /)")]
    fn buffer_info(&self) -> (u64, usize) {
        (self.data.borrow().as_ptr().addr() as u64, self.len())
    }

    /// Byteswap all items of the array.
    #[pymethod(sig = "($self, /)")]
    fn byteswap(&self) {
        for item in self.data.borrow_mut().chunks_mut(self.size) {
            item.reverse();
        }
    }

    /// Remove all items from the array.
    #[pymethod(sig = "($self, /)")]
    fn clear(&self, vm: &Vm) -> PyResult<()> {
        self.splice(vm, 0, usize::MAX, &[])
    }

    /// Return a copy of the array.
    #[pymethod(sig = "($self, /)")]
    fn __copy__(&self, vm: &Vm) -> PyResult<Ref<Array>> {
        like(vm, self, self.data.borrow().clone())
    }

    /// Return a copy of the array.
    #[pymethod(sig = "($self, unused, /)")]
    fn __deepcopy__(&self, vm: &Vm, unused: &Value) -> PyResult<Ref<Array>> {
        let _ = unused;
        like(vm, self, self.data.borrow().clone())
    }

    /// Return number of occurrences of v in the array.
    #[pymethod(sig = "($self, v, /)")]
    fn count(&self, vm: &Vm, v: &Value) -> PyResult<usize> {
        let (mut n, mut from) = (0, 0);
        while let Some(i) = self.find(vm, v, from, usize::MAX)? {
            n += 1;
            from = i + 1;
        }
        Ok(n)
    }

    /// Append items to the end of the array.
    #[pymethod(sig = "($self, bb, /)")]
    fn extend(&self, vm: &Vm, bb: &Value) -> PyResult<()> {
        self.extend_from(vm, bb)
    }

    /// Read n objects from the file object f and append them to the end of the array.
    #[pymethod(sig = "($self, f, n, /)")]
    fn fromfile(&self, vm: &Vm, f: &Value, n: isize) -> PyResult<()> {
        let Ok(n) = usize::try_from(n) else {
            return Err(vm.value_error("negative count"));
        };
        let Some(wanted) = n.checked_mul(self.size) else {
            return Err(vm.no_memory());
        };
        let read = vm.call_method_str(f, "read", &[vm.new_usize(wanted)?])?;
        let Some(b) = read.downcast_ref::<Bytes>() else {
            return Err(vm.type_error("read() didn't return bytes"));
        };
        self.append_bytes_like(vm, b.as_slice())?;
        if b.len() != wanted {
            return Err(vm.eof_error("read() didn't return enough bytes"));
        }
        Ok(())
    }

    /// Append items to array from list.
    #[pymethod(sig = "($self, list, /)")]
    fn fromlist(&self, vm: &Vm, list: &Value) -> PyResult<()> {
        let Some(list) = list.downcast_ref::<List>() else {
            return Err(vm.type_error("arg must be list"));
        };
        let mut bytes = Vec::new();
        for v in list.to_vec() {
            bytes.extend(store(vm, self.code, &v)?);
        }
        self.push_bytes(vm, &bytes)
    }

    /// Appends items from a bytes-like object, interpreting it as an array of machine values.
    #[pymethod(sig = "($self, buffer, /)")]
    fn frombytes(&self, vm: &Vm, buffer: &Value) -> PyResult<()> {
        let bytes = vm.get_buffer(buffer, false)?.to_vec();
        self.append_bytes_like(vm, &bytes)
    }

    /// Extends this array with data from the unicode string ustr.
    #[pymethod(sig = "($self, ustr, /)")]
    fn fromunicode(&self, vm: &Vm, ustr: &Ref<Str>) -> PyResult<()> {
        if !is_text(self.code) {
            return Err(vm.value_error(
                "fromunicode() may only be called on unicode type arrays ('u' or 'w')",
            ));
        }
        self.append_text(vm, ustr)
    }

    /// Return index of first occurrence of v in the array.
    #[pymethod(sig = "($self, v, start=0, stop=sys.maxsize, /)")]
    fn index(&self, vm: &Vm, v: &Value, start: SliceIndex, stop: SliceIndex) -> PyResult<usize> {
        let len = self.len();
        let (start, stop) = (clamp_start(start.0, len), clamp_start(stop.0, len));
        match self.find(vm, v, start, stop)? {
            Some(i) => Ok(i),
            None => Err(vm.value_error("array.index(x): x not in array")),
        }
    }

    /// Insert a new item v into the array before position i.
    #[pymethod(sig = "($self, i, v, /)")]
    fn insert(&self, vm: &Vm, i: isize, v: &Value) -> PyResult<()> {
        let bytes = store(vm, self.code, v)?;
        let at = clamp_start(i, self.len()).min(self.len());
        self.splice(vm, at, at, &bytes)
    }

    /// Return the i-th element and delete it from the array.
    #[pymethod(sig = "($self, i=-1, /)")]
    fn pop(&self, vm: &Vm, i: isize) -> PyResult {
        if self.len() == 0 {
            return Err(vm.index_error("pop from empty array"));
        }
        let Some(at) = wrap(i, self.len()) else {
            return Err(vm.index_error("pop index out of range"));
        };
        let v = self.sq_item(vm, at as isize)?;
        self.splice(vm, at, at + 1, &[])?;
        Ok(v)
    }

    /// Return state information for pickling.
    #[pymethod(sig = "($self, value, /)")]
    fn __reduce_ex__(vm: &Vm, this: &Ref<Self>, value: i64) -> PyResult<Ref<Tuple>> {
        let class = vm.type_value(this.as_value()).into_value();
        let code = vm.latin1_char(this.code).into_value();
        let state = match vm.instance_dict(this.as_value())? {
            Some(d) => d.into_value(),
            None => vm.none(),
        };
        if value < 3 {
            let items = if is_text(this.code) {
                this.text(vm)?.into_value()
            } else {
                vm.new_list(this.values(vm)?)?.into_value()
            };
            let args = vm.new_tuple(vec![code, items])?.into_value();
            return vm.new_tuple(vec![class, args, state]);
        }
        let module = vm.import("array")?;
        let rebuild = vm.getattr_str(&module, "_array_reconstructor")?;
        let format = Value::from_i32(machine_format(this.code));
        let bytes = vm.new_bytes(&this.data.borrow())?.into_value();
        let args = vm.new_tuple(vec![class, code, format, bytes])?.into_value();
        vm.new_tuple(vec![rebuild, args, state])
    }

    /// Remove the first occurrence of v in the array.
    #[pymethod(sig = "($self, v, /)")]
    fn remove(&self, vm: &Vm, v: &Value) -> PyResult<()> {
        match self.find(vm, v, 0, usize::MAX)? {
            Some(i) => self.splice(vm, i, i + 1, &[]),
            None => Err(vm.value_error("array.remove(x): x not in array")),
        }
    }

    /// Reverse the order of the items in the array.
    #[pymethod(sig = "($self, /)")]
    fn reverse(&self) {
        let mut data = self.data.borrow_mut();
        data.reverse();
        for item in data.chunks_mut(self.size) {
            item.reverse();
        }
    }

    /// Write all items (as machine values) to the file object f.
    #[pymethod(sig = "($self, f, /)")]
    fn tofile(&self, vm: &Vm, f: &Value) -> PyResult<()> {
        const BLOCK: usize = 64 * 1024;
        let data = self.data.borrow().clone();
        for block in data.chunks(BLOCK) {
            let bytes = vm.new_bytes(block)?.into_value();
            vm.call_method_str(f, "write", &[bytes])?;
        }
        Ok(())
    }

    /// Convert array to an ordinary list with the same items.
    #[pymethod(sig = "($self, /)")]
    fn tolist(&self, vm: &Vm) -> PyResult<Ref<List>> {
        vm.new_list(self.values(vm)?)
    }

    /// Convert the array to an array of machine values and return the bytes representation.
    #[pymethod(sig = "($self, /)")]
    fn tobytes(&self, vm: &Vm) -> PyResult<Ref<Bytes>> {
        vm.new_bytes(&self.data.borrow())
    }

    /// Convert the array to a unicode string.
    #[pymethod(sig = "($self, /)")]
    fn tounicode(&self, vm: &Vm) -> PyResult<Ref<Str>> {
        if !is_text(self.code) {
            return Err(vm.value_error(
                "tounicode() may only be called on unicode type arrays ('u' or 'w')",
            ));
        }
        self.text(vm)
    }

    /// Size of the array in memory, in bytes.
    #[pymethod(sig = "($self, /)")]
    fn __sizeof__(&self) -> usize {
        64 + self.data.borrow().len()
    }

    /// See PEP 585
    #[classmethod(sig = "($type, object, /)")]
    fn __class_getitem__(vm: &Vm, cls: &Value, object: &Value) -> PyResult {
        vm.generic_alias(cls, object)
    }

    /// the typecode character used to create the array
    #[getter]
    fn typecode(&self, vm: &Vm) -> Ref<Str> {
        vm.latin1_char(self.code)
    }

    /// the size, in bytes, of one array item
    #[getter]
    fn itemsize(&self) -> usize {
        self.size
    }
}

/// An array of items that another machine wrote.
fn foreign(vm: &Vm, class: &Ref<TypeObject>, code: u8, format: i32, bytes: &[u8]) -> PyResult {
    let (size, big_endian) = machine_layout(format);
    if !bytes.len().is_multiple_of(size) {
        return Err(vm.value_error("string length not a multiple of item size"));
    }
    if let Some(encoding) = text_encoding(format) {
        let text = taipan_builtins::codecs::decode_text(vm, bytes, None, Some(encoding), None)?;
        let array = make(vm, class, code, Vec::new())?;
        array.append_text(vm, &text)?;
        return Ok(array.into_value());
    }
    // Integers keep their size, whatever type code has it here.
    let code = integer_code(format).unwrap_or(code);
    let array = make(vm, class, code, Vec::new())?;
    for item in bytes.chunks_exact(size) {
        let mut item = item.to_vec();
        if big_endian != cfg!(target_endian = "big") {
            item.reverse();
        }
        let stored = match format {
            14..=17 if size == array.size => item,
            14..=17 => {
                let read = if size == 4 { b'f' } else { b'd' };
                store(vm, code, &load(vm, read, &item)?)?.into_vec()
            }
            _ => item,
        };
        array.push_bytes(vm, &stored)?;
    }
    Ok(array.into_value())
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Internal. Used for pickling support.
    #[pyfunction(
        sig = "($module, arraytype, typecode, mformat_code, items,\n                     /)"
    )]
    fn _array_reconstructor(
        vm: &Vm,
        arraytype: &Value,
        typecode: CodePoint,
        mformat_code: i32,
        items: &Value,
    ) -> PyResult {
        let code = u8::try_from(typecode.0).unwrap_or(0);
        let Some(class) = arraytype.downcast_ref::<TypeObject>() else {
            return Err(vm.type_error(&format!(
                "first argument must be a type object, not {}",
                vm.type_name(arraytype)
            )));
        };
        if !class.is_subtype(vm.make_type(&ARRAY)?.object()) {
            return Err(vm.type_error(&format!(
                "{} is not a subtype of array.array",
                class.name.get().to_string_lossy()
            )));
        }
        if item_size(code).is_none() {
            return Err(vm.value_error("second argument must be a valid type code"));
        }
        let Some(bytes) = items.downcast_ref::<Bytes>() else {
            return Err(vm.type_error(&format!(
                "fourth argument should be bytes, not {}",
                vm.type_name(items)
            )));
        };
        if !(0..=LAST_MACHINE_FORMAT).contains(&mformat_code) {
            return Err(vm.value_error("third argument must be a valid machine format code."));
        }
        if mformat_code != machine_format(code) {
            return foreign(vm, class, code, mformat_code, bytes.as_slice());
        }
        let array = make(vm, class, code, Vec::new())?;
        array.append_bytes_like(vm, bytes.as_slice())?;
        Ok(array.into_value())
    }
}
