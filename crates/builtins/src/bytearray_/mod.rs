//! `bytearray`: bytes that change in place. What it shares with `bytes` is in `bytes_/`.
//!
//! The bytes are borrowed only for single steps that run no Python code: everything an operation needs is converted
//! before.

mod iter;

use std::cell::{Cell, RefCell};

use taipan_macros::pymethods;
use taipan_object::buffer::{Buffer, Export};
use taipan_object::{
    Bytes, ClassPart, CompareOp, List, Payload, PyResult, Ref, SlotDef, Str, TypeObject, TypeSpec,
    Value, Vm, payload,
};

use crate::bytes_::methods::byte_string_methods;
use crate::bytes_::shared::{self, ByteString, BytesArg, FillByte, Side, byte_value, bytes_of};
use crate::bytes_::{from_arguments, percent};
use crate::str_::{PREFIX, SUB, SUFFIX, searching};
use crate::{Family, util};

/// This folder's types.
pub const FAMILY: Family = Family {
    core: &[],
    types: &[&BYTEARRAY, &iter::BYTEARRAY_ITER],
    init: None,
};

/// `bytearray`
pub static BYTEARRAY: TypeSpec = TypeSpec {
    doc: Some(
        "bytearray(iterable_of_ints) -> bytearray\nbytearray(string, encoding[, errors]) -> bytearray\nbytearray(bytes_or_buffer) -> mutable copy of bytes_or_buffer\nbytearray(int) -> bytes array of size given by the parameter initialized with null bytes\nbytearray() -> empty bytes array\n\nA mutable array of bytes, made from integers, encoded text, the bytes of another\nobject, or a number of zeros.",
    ),
    flags: taipan_object::tpflags::BASETYPE | taipan_object::tpflags::MATCH_SELF,
    parts: &[
        &BYTEARRAY_SLOTS,
        &BYTEARRAY_SHARED,
        &BYTEARRAY_FINDING,
        &BYTEARRAY_BUFFER,
    ],
    ..TypeSpec::new("bytearray", "builtins", <ByteArray as Payload>::layout)
};

/// The payload of `bytearray`.
#[repr(C)]
pub struct ByteArray {
    pub(crate) data: RefCell<Vec<u8>>,
    /// Views of the memory that forbid to resize it.
    pub(crate) exports: Cell<usize>,
}

payload!(ByteArray, leaf);

const RANGE: &str = "byte must be in range(0, 256)";

impl ByteArray {
    /// A payload with these bytes.
    pub fn new(data: Vec<u8>) -> ByteArray {
        ByteArray {
            data: RefCell::new(data),
            exports: Cell::new(0),
        }
    }

    /// A copy of the bytes.
    pub fn to_vec(&self) -> Vec<u8> {
        self.data.borrow().clone()
    }

    /// Number of bytes.
    pub fn len(&self) -> usize {
        self.data.borrow().len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.data.borrow().is_empty()
    }

    /// BufferError while the memory is exported.
    fn resizable(&self, vm: &Vm) -> PyResult<()> {
        if self.exports.get() == 0 {
            Ok(())
        } else {
            Err(vm.buffer_error("Existing exports of data: object cannot be re-sized"))
        }
    }

    /// Replaces a range by other bytes.
    fn splice(&self, vm: &Vm, start: usize, end: usize, new: &[u8]) -> PyResult<()> {
        let mut data = self.data.borrow_mut();
        let end = end.min(data.len());
        let start = start.min(end);
        if end - start == new.len() {
            if let Some(part) = data.get_mut(start..end) {
                part.copy_from_slice(new);
            }
            return Ok(());
        }
        drop(data);
        self.resizable(vm)?;
        let mut data = self.data.borrow_mut();
        if data.try_reserve(new.len()).is_err() {
            drop(data);
            return Err(vm.no_memory());
        }
        data.splice(start..end, new.iter().copied());
        Ok(())
    }

    fn append(&self, vm: &Vm, new: &[u8]) -> PyResult<()> {
        let n = self.len();
        self.splice(vm, n, n, new)
    }

    fn push(&self, vm: &Vm, b: u8) -> PyResult<()> {
        self.resizable(vm)?;
        let mut data = self.data.borrow_mut();
        if data.len() == data.capacity() && data.try_reserve(1).is_err() {
            drop(data);
            return Err(vm.no_memory());
        }
        data.push(b);
        Ok(())
    }

    fn get(&self, i: usize) -> Option<u8> {
        self.data.borrow().get(i).copied()
    }
}

/// The exported memory of a bytearray: it counts as an export until it is dropped.
struct ByteArrayMemory(Ref<ByteArray>);

/// Keeps a bytearray from changing its size while the result lives.
fn hold(this: &Ref<ByteArray>) -> ByteArrayMemory {
    this.exports.set(this.exports.get() + 1);
    ByteArrayMemory(this.clone())
}

impl Export for ByteArrayMemory {
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

impl Drop for ByteArrayMemory {
    fn drop(&mut self) {
        self.0.exports.set(self.0.exports.get().saturating_sub(1));
    }
}

fn get_buffer(vm: &Vm, this: &Value, _: bool) -> PyResult<Buffer> {
    let array = taipan_object::convert::receiver::<ByteArray>(vm, this, "__buffer__")?;
    let memory = Box::new(hold(array));
    Ok(Buffer::simple(this.clone(), memory, array.len(), false))
}

static BYTEARRAY_BUFFER: ClassPart = ClassPart {
    methods: &[],
    getset: &[],
    slots: &[SlotDef::bf_getbuffer(get_buffer)],
};

byte_string_methods!(
    ByteArray,
    ByteArrayShared,
    BYTEARRAY_SHARED,
    BYTEARRAY_FINDING
);

fn index_type_error(vm: &Vm, key: &Value) -> taipan_object::Raised {
    util::type_error_for(
        vm,
        "bytearray indices must be integers or slices, not ",
        key,
        "",
    )
}

/// The bytes that are assigned to a slice.
fn assigned(vm: &Vm, this: &Ref<ByteArray>, v: &Value) -> PyResult<Vec<u8>> {
    if v.is(this.as_value()) {
        return Ok(this.to_vec());
    }
    if let Some(b) = v.downcast_ref::<ByteArray>() {
        return Ok(b.to_vec());
    }
    if vm.has_buffer(v) {
        return Ok(bytes_of(vm, v)?.to_vec());
    }
    let slots = &vm.type_of(v).payload.slots;
    let iterable = slots.tp_iter.get().is_some() || slots.sq_item.get().is_some();
    if !iterable || v.downcast_ref::<Str>().is_some() {
        return Err(
            vm.type_error("can assign only bytes, buffers, or iterables of ints in range(0, 256)")
        );
    }
    shared::from_iterable(vm, v, RANGE)
}

fn assign_slice(
    vm: &Vm,
    this: &Ref<ByteArray>,
    slice: &taipan_object::Slice,
    value: Option<&Value>,
) -> PyResult<()> {
    let new = match value {
        Some(v) => assigned(vm, this, v)?,
        None => Vec::new(),
    };
    let r = slice.range(vm, || this.len())?;
    if r.step == 1 {
        let start = r.start as usize;
        return this.splice(vm, start, start + r.count, &new);
    }
    if new.is_empty() {
        if r.count == 0 {
            return Ok(());
        }
        this.resizable(vm)?;
        let mut gone = r.ascending().positions().peekable();
        let mut i = 0;
        this.data.borrow_mut().retain(|_| {
            let keep = gone.next_if_eq(&i).is_none();
            i += 1;
            keep
        });
        return Ok(());
    }
    if new.len() != r.count {
        return Err(vm.value_error(&format!(
            "attempt to assign bytes of size {} to extended slice of size {}",
            new.len(),
            r.count
        )));
    }
    let mut data = this.data.borrow_mut();
    for (i, b) in r.positions().zip(new) {
        if let Some(place) = data.get_mut(i) {
            *place = b;
        }
    }
    Ok(())
}

fn extend(vm: &Vm, this: &Ref<ByteArray>, v: &Value) -> PyResult<()> {
    if vm.has_buffer(v) {
        let new = bytes_of(vm, v)?.to_vec();
        return this.append(vm, &new);
    }
    if v.downcast_ref::<Str>().is_some() {
        return Err(vm.type_error("expected iterable of integers; got: 'str'"));
    }
    let slots = &vm.type_of(v).payload.slots;
    if slots.tp_iter.get().is_none() && slots.sq_item.get().is_none() {
        return Err(util::type_error_for(
            vm,
            "can't extend bytearray with ",
            v,
            "",
        ));
    }
    let new = shared::from_iterable(vm, v, RANGE)?;
    this.append(vm, &new)
}

/// Holder of the methods of `bytearray` that `bytes` has not.
pub struct ByteArraySlots;

#[pymethods(BYTEARRAY_SLOTS)]
impl ByteArraySlots {
    #[pyslot]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        args: taipan_object::Args<'_>,
    ) -> PyResult<Ref<ByteArray>> {
        let _ = args;
        vm.new_object(cls, ByteArray::new(Vec::new()))
    }

    #[pyslot(
        name = "bytearray",
        params = "(source=<unrepresentable>, encoding=<unrepresentable>, errors=<unrepresentable>)"
    )]
    fn tp_init(
        vm: &Vm,
        this: &Ref<ByteArray>,
        source: Option<&Value>,
        encoding: Option<&str>,
        errors: Option<&str>,
    ) -> PyResult<()> {
        if !this.is_empty() {
            this.splice(vm, 0, usize::MAX, b"")?;
        }
        if let Some(bytes) = from_arguments(vm, source, encoding, errors)? {
            if bytes.is_empty() {
                return Ok(());
            }
            this.resizable(vm)?;
            drop(this.data.replace(bytes));
            return Ok(());
        }
        let Some(v) = source else {
            return Ok(());
        };
        let slots = &vm.type_of(v).payload.slots;
        if slots.tp_iter.get().is_none() && slots.sq_item.get().is_none() {
            return Err(util::type_error_for(
                vm,
                "cannot convert '",
                v,
                "' object to bytearray",
            ));
        }
        let bytes = shared::from_iterable(vm, v, RANGE)?;
        this.append(vm, &bytes)
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<ByteArray>) -> PyResult<Ref<Str>> {
        let name = vm.type_name(this.as_value());
        let shown = this.with(|b| taipan_unicode::repr::repr_bytes(b, true));
        let mut out = taipan_text::TextBuf::from(name.as_str());
        out.push_str("(");
        out.push_text(shown.as_text());
        out.push_str(")");
        vm.new_str_buf(&out)
    }

    #[pyslot]
    fn tp_str(vm: &Vm, this: &Ref<ByteArray>) -> PyResult<Ref<Str>> {
        vm.repr(this.as_value())
    }

    #[pyslot]
    fn tp_richcompare(vm: &Vm, this: &Ref<ByteArray>, other: &Value, op: CompareOp) -> PyResult {
        shared::compare(vm, this, other, op)
    }

    #[pyslot]
    fn tp_iter(vm: &Vm, this: &Ref<ByteArray>) -> PyResult<Ref<iter::ByteArrayIter>> {
        vm.new(iter::ByteArrayIter::new(this.clone()))
    }

    #[pyslot]
    fn sq_length(this: &Ref<ByteArray>) -> usize {
        this.len()
    }

    #[pyslot]
    fn mp_length(this: &Ref<ByteArray>) -> usize {
        this.len()
    }

    #[pyslot]
    fn sq_concat(vm: &Vm, this: &Ref<ByteArray>, other: &Value) -> PyResult<Ref<ByteArray>> {
        if !vm.has_buffer(other) {
            return Err(util::type_error_for(
                vm,
                "can't concat ",
                other,
                " to bytearray",
            ));
        }
        let mut out = this.to_vec();
        let other = bytes_of(vm, other)?;
        if out.try_reserve_exact(other.len()).is_err() {
            return Err(vm.no_memory());
        }
        out.extend_from_slice(&other);
        vm.new(ByteArray::new(out))
    }

    #[pyslot]
    fn sq_repeat(vm: &Vm, this: &Ref<ByteArray>, n: isize) -> PyResult<Ref<ByteArray>> {
        let out = shared::repeated(vm, &this.to_vec(), n)?;
        vm.new(ByteArray::new(out))
    }

    #[pyslot]
    fn sq_inplace_concat(
        vm: &Vm,
        this: &Ref<ByteArray>,
        other: &Value,
    ) -> PyResult<Ref<ByteArray>> {
        if !vm.has_buffer(other) {
            return Err(util::type_error_for(
                vm,
                "can't concat ",
                other,
                " to bytearray",
            ));
        }
        let new = bytes_of(vm, other)?.to_vec();
        this.append(vm, &new)?;
        Ok(this.clone())
    }

    #[pyslot]
    fn sq_inplace_repeat(vm: &Vm, this: &Ref<ByteArray>, n: isize) -> PyResult<Ref<ByteArray>> {
        let out = shared::repeated(vm, &this.to_vec(), n)?;
        if out.len() != this.len() {
            this.resizable(vm)?;
        }
        drop(this.data.replace(out));
        Ok(this.clone())
    }

    #[pyslot]
    fn sq_item(vm: &Vm, this: &Ref<ByteArray>, i: isize) -> PyResult<u8> {
        let found = usize::try_from(i).ok().and_then(|i| this.get(i));
        found.ok_or_else(|| vm.index_error("bytearray index out of range"))
    }

    #[pyslot]
    fn sq_contains(vm: &Vm, this: &Ref<ByteArray>, value: &Value) -> PyResult<bool> {
        shared::contains(vm, this, value)
    }

    #[pyslot]
    fn mp_subscript(vm: &Vm, this: &Ref<ByteArray>, key: &Value) -> PyResult {
        if let Some(slice) = util::as_slice(vm, key) {
            let r = slice.range(vm, || this.len())?;
            let out: Vec<u8> =
                this.with(|b| r.positions().filter_map(|i| b.get(i).copied()).collect());
            return Ok(vm.new(ByteArray::new(out))?.into_value());
        }
        if !vm.has_index(key) {
            return Err(index_type_error(vm, key));
        }
        let i = util::position(vm, key)?;
        match util::wrap(i, this.len()).and_then(|i| this.get(i)) {
            Some(b) => Ok(Value::from_i32(b.into())),
            None => Err(vm.index_error("bytearray index out of range")),
        }
    }

    #[pyslot]
    fn mp_ass_subscript(
        vm: &Vm,
        this: &Ref<ByteArray>,
        key: &Value,
        value: Option<&Value>,
    ) -> PyResult<()> {
        if let Some(slice) = util::as_slice(vm, key) {
            return assign_slice(vm, this, slice, value);
        }
        if !vm.has_index(key) {
            return Err(index_type_error(vm, key));
        }
        let i = util::position(vm, key)?;
        let out_of_range = || vm.index_error("bytearray index out of range");
        if util::wrap(i, this.len()).is_none() {
            return Err(out_of_range());
        }
        let Some(value) = value else {
            let i = util::wrap(i, this.len()).ok_or_else(out_of_range)?;
            return this.splice(vm, i, i + 1, b"");
        };
        let b = byte_value(vm, value, RANGE)?;
        // Asking for the number can have made the array shorter.
        let i = util::wrap(i, this.len()).ok_or_else(out_of_range)?;
        this.splice(vm, i, i + 1, &[b])
    }

    #[pyslot]
    fn nb_remainder(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        match a.downcast_ref::<ByteArray>() {
            Some(format) => {
                let _held = hold(format);
                let out = percent::format(vm, &format.to_vec(), b)?;
                Ok(vm.new(ByteArray::new(out))?.into_value())
            }
            None => Ok(vm.not_implemented()),
        }
    }

    /// B.__alloc__() -> int
    ///
    /// Return the number of bytes actually allocated.
    #[pymethod(sig = "($self, /)")]
    fn __alloc__(this: &Ref<ByteArray>) -> usize {
        let data = this.data.borrow();
        if data.capacity() == 0 {
            0
        } else {
            data.capacity() + 1
        }
    }

    /// Returns the size of the bytearray object in memory, in bytes.
    #[pymethod(sig = "($self, /)")]
    fn __sizeof__(this: &Ref<ByteArray>) -> usize {
        let n = this.data.borrow().capacity();
        56 + if n == 0 { 0 } else { n + 1 }
    }

    /// Return state information for pickling.
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Ref<ByteArray>) -> PyResult {
        reduce(vm, this, 2)
    }

    /// Return state information for pickling.
    #[pymethod(sig = "($self, proto=0, /)")]
    fn __reduce_ex__(vm: &Vm, this: &Ref<ByteArray>, proto: i32) -> PyResult {
        reduce(vm, this, proto)
    }

    /// Append a single item to the end of the bytearray.
    ///
    ///   item
    ///     The item to be appended.
    #[pymethod(sig = "($self, item, /)")]
    fn append(vm: &Vm, this: &Ref<ByteArray>, item: &Value) -> PyResult<()> {
        let b = byte_value(vm, item, RANGE)?;
        this.push(vm, b)
    }

    /// Remove all items from the bytearray.
    #[pymethod(sig = "($self, /)")]
    fn clear(vm: &Vm, this: &Ref<ByteArray>) -> PyResult<()> {
        this.resizable(vm)?;
        drop(this.data.take());
        Ok(())
    }

    /// Return a copy of B.
    #[pymethod(sig = "($self, /)")]
    fn copy(vm: &Vm, this: &Ref<ByteArray>) -> PyResult<Ref<ByteArray>> {
        vm.new(ByteArray::new(this.to_vec()))
    }

    /// Append all the items from the iterator or sequence to the end of the bytearray.
    ///
    ///   iterable_of_ints
    ///     The iterable of items to append.
    #[pymethod(sig = "($self, iterable_of_ints, /)")]
    fn extend(vm: &Vm, this: &Ref<ByteArray>, iterable_of_ints: &Value) -> PyResult<()> {
        extend(vm, this, iterable_of_ints)
    }

    /// Insert a single item into the bytearray before the given index.
    ///
    ///   index
    ///     The index where the value is to be inserted.
    ///   item
    ///     The item to be inserted.
    #[pymethod(sig = "($self, index, item, /)")]
    fn insert(vm: &Vm, this: &Ref<ByteArray>, index: isize, item: &Value) -> PyResult<()> {
        let b = byte_value(vm, item, RANGE)?;
        let n = this.len();
        let at = util::clamp_start(index, n).min(n);
        this.splice(vm, at, at, &[b])
    }

    /// Remove and return a single item from B.
    ///
    ///   index
    ///     The index from where to remove the item.
    ///     -1 (the default value) means remove the last item.
    #[pymethod(sig = "($self, index=-1, /)")]
    fn pop(vm: &Vm, this: &Ref<ByteArray>, index: isize) -> PyResult<u8> {
        if this.is_empty() {
            return Err(vm.index_error("pop from empty bytearray"));
        }
        let i = util::wrap(index, this.len());
        let Some((i, b)) = i.and_then(|i| Some((i, this.get(i)?))) else {
            return Err(vm.index_error("pop index out of range"));
        };
        this.splice(vm, i, i + 1, b"")?;
        Ok(b)
    }

    /// Remove the first occurrence of a value in the bytearray.
    ///
    ///   value
    ///     The value to remove.
    #[pymethod(sig = "($self, value, /)")]
    fn remove(vm: &Vm, this: &Ref<ByteArray>, value: &Value) -> PyResult<()> {
        let b = byte_value(vm, value, RANGE)?;
        match this.with(|all| all.iter().position(|&c| c == b)) {
            Some(i) => this.splice(vm, i, i + 1, b""),
            None => Err(vm.value_error("value not found in bytearray")),
        }
    }

    /// Resize the internal buffer of bytearray to len.
    ///
    ///   size
    ///     New size to resize to.
    #[pymethod(sig = "($self, size, /)")]
    fn resize(vm: &Vm, this: &Ref<ByteArray>, size: isize) -> PyResult<()> {
        let Ok(n) = usize::try_from(size) else {
            return Err(vm.value_error(&format!("Can only resize to positive sizes, got {size}")));
        };
        if n == this.len() {
            return Ok(());
        }
        this.resizable(vm)?;
        let mut data = this.data.borrow_mut();
        let more = n.saturating_sub(data.len());
        if data.try_reserve(more).is_err() {
            drop(data);
            return Err(vm.no_memory());
        }
        data.resize(n, 0);
        Ok(())
    }

    /// Reverse the order of the values in B in place.
    #[pymethod(sig = "($self, /)")]
    fn reverse(this: &Ref<ByteArray>) {
        this.data.borrow_mut().reverse();
    }
}

fn reduce(vm: &Vm, this: &Ref<ByteArray>, proto: i32) -> PyResult {
    let state = vm.call_method_str(this.as_value(), "__getstate__", &[])?;
    let class = vm.type_value(this.as_value()).into_value();
    let data = this.to_vec();
    let args = if proto < 3 {
        let text = vm.new_str_text(taipan_text::TextRef::One(&data))?;
        util::tuple(vm, [text.into_value(), vm.new_str("latin-1")?.into_value()])?
    } else if data.is_empty() {
        vm.new_tuple(Vec::new())?.into_value()
    } else {
        util::tuple(vm, [vm.new_bytes(&data)?.into_value()])?
    };
    util::tuple(vm, [class, args, state])
}
