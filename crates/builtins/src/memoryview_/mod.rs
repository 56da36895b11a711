//! `memoryview`: a window on the memory of an exporter. Items of single native formats are in `item.rs`.

mod item;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use taipan_macros::pymethods;
use taipan_object::buffer::{Buffer, Export};
use taipan_object::{
    ClassPart, CompareOp, List, Payload, PyResult, Ref, SlotDef, Str, Traverse, Tuple, TypeObject,
    TypeSpec, Value, Visitor, Vm, payload, tpflags,
};

use crate::{Family, util};

/// This folder's types.
pub const FAMILY: Family = Family {
    core: &[],
    types: &[&MEMORYVIEW],
    init: None,
};

/// `memoryview`
pub static MEMORYVIEW: TypeSpec = TypeSpec {
    doc: Some("Create a new memoryview object which references the given object."),
    text_signature: Some("(object)"),
    flags: tpflags::SEQUENCE,
    has_weakref: true,
    parts: &[&MEMORYVIEW_METHODS, &MEMORYVIEW_BUFFER],
    ..TypeSpec::new("memoryview", "builtins", <MemoryView as Payload>::layout)
};

/// The payload of `memoryview`: shape and strides of its own over an export that views share.
pub struct MemoryView {
    owner: Value,
    memory: RefCell<Option<Rc<dyn Export>>>,
    offset: usize,
    readonly: bool,
    itemsize: usize,
    format: String,
    shape: Vec<isize>,
    strides: Vec<isize>,
    exports: Cell<usize>,
    hash: Cell<i64>,
}

payload!(MemoryView, gc);

impl Traverse for MemoryView {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(&self.owner);
        // What views share is counted once: it is nobody's own while there are several.
        if let Ok(memory) = self.memory.try_borrow()
            && let Some(m) = &*memory
            && Rc::strong_count(m) == 1
        {
            m.visit(visit);
        }
    }
}

impl MemoryView {
    fn from_buffer(b: Buffer) -> MemoryView {
        MemoryView {
            owner: b.owner,
            memory: RefCell::new(Some(Rc::from(b.memory))),
            offset: b.offset,
            readonly: b.readonly,
            itemsize: b.itemsize,
            format: b.format.into_owned(),
            shape: b.shape,
            strides: b.strides,
            exports: Cell::new(0),
            hash: Cell::new(-1),
        }
    }

    fn memory(&self, vm: &Vm) -> PyResult<Rc<dyn Export>> {
        self.memory
            .borrow()
            .clone()
            .ok_or_else(|| vm.value_error("operation forbidden on released memoryview object"))
    }

    /// A view of the same memory with other structure.
    fn with(
        &self,
        vm: &Vm,
        offset: usize,
        shape: Vec<isize>,
        strides: Vec<isize>,
    ) -> PyResult<MemoryView> {
        Ok(self.share(self.memory(vm)?, offset, shape, strides))
    }

    fn share(
        &self,
        memory: Rc<dyn Export>,
        offset: usize,
        shape: Vec<isize>,
        strides: Vec<isize>,
    ) -> MemoryView {
        MemoryView {
            owner: self.owner.clone(),
            memory: RefCell::new(Some(memory)),
            offset,
            readonly: self.readonly,
            itemsize: self.itemsize,
            format: self.format.clone(),
            shape,
            strides,
            exports: Cell::new(0),
            hash: Cell::new(-1),
        }
    }

    fn count(&self) -> usize {
        self.shape.iter().map(|&n| n.max(0) as usize).product()
    }

    fn nbytes(&self) -> usize {
        self.count().saturating_mul(self.itemsize)
    }

    fn contiguous(&self, fortran: bool) -> bool {
        let mut expect = self.itemsize as isize;
        let dims = self.shape.iter().zip(&self.strides);
        let mut check = |(n, s): (&isize, &isize)| {
            let ok = *n <= 1 || *s == expect;
            expect = expect.saturating_mul(*n);
            ok
        };
        let all = if fortran {
            dims.into_iter().all(&mut check)
        } else {
            dims.rev().all(&mut check)
        };
        all || self.count() == 0
    }

    /// The places of all items in C order.
    fn places(&self) -> Vec<usize> {
        let mut out = vec![self.offset];
        for (n, s) in self.shape.iter().zip(&self.strides) {
            out = out
                .iter()
                .flat_map(|&at| (0..*n).map(move |i| at.wrapping_add_signed(i.wrapping_mul(*s))))
                .collect();
        }
        out
    }

    fn bytes(&self, vm: &Vm) -> PyResult<Vec<u8>> {
        let memory = self.memory(vm)?;
        let mut out = Vec::with_capacity(self.nbytes());
        let n = self.nbytes();
        memory.with(&mut |m| {
            if self.contiguous(false) {
                out.extend_from_slice(
                    m.get(self.offset..self.offset.saturating_add(n))
                        .unwrap_or_default(),
                );
                return;
            }
            for at in self.places() {
                out.extend_from_slice(
                    m.get(at..at.saturating_add(self.itemsize))
                        .unwrap_or_default(),
                );
            }
        });
        Ok(out)
    }

    fn read(&self, vm: &Vm, at: usize) -> PyResult {
        let memory = self.memory(vm)?;
        let mut raw = Vec::with_capacity(self.itemsize);
        memory.with(&mut |m| {
            raw.extend_from_slice(
                m.get(at..at.saturating_add(self.itemsize))
                    .unwrap_or_default(),
            );
        });
        item::unpack(vm, &self.format, &raw)
    }

    fn write(&self, vm: &Vm, at: usize, data: &[u8]) -> PyResult<()> {
        let memory = self.memory(vm)?;
        memory.with_mut(&mut |m| {
            if let Some(place) = m.get_mut(at..at.saturating_add(data.len())) {
                place.copy_from_slice(data);
            }
        });
        Ok(())
    }

    fn place(&self, vm: &Vm, mut at: usize, dim: usize, i: isize) -> PyResult<usize> {
        let n = self.shape.get(dim).copied().unwrap_or(0);
        let wrapped = if i < 0 { i.saturating_add(n) } else { i };
        if wrapped < 0 || wrapped >= n {
            return Err(vm.index_error(&format!("index out of bounds on dimension {}", dim + 1)));
        }
        let stride = self.strides.get(dim).copied().unwrap_or(0);
        at = at.wrapping_add_signed(wrapped.wrapping_mul(stride));
        Ok(at)
    }

    /// The place that a subscript means; `None` if it is a slice.
    fn key(&self, vm: &Vm, key: &Value) -> PyResult<Option<usize>> {
        self.memory(vm)?;
        let ndim = self.shape.len();
        let tuple = key.downcast_ref::<Tuple>();
        if ndim == 0 {
            return match tuple {
                Some(t) if t.is_empty() => Ok(Some(self.offset)),
                _ if key.is(&vm.ellipsis()) => Ok(None),
                _ => Err(vm.type_error("invalid indexing of 0-dim memory")),
            };
        }
        if let Some(t) = tuple {
            if !t.as_slice().iter().all(|v| vm.has_index(v)) {
                if t.as_slice().iter().all(|v| util::as_slice(vm, v).is_some()) && !t.is_empty() {
                    return Err(
                        vm.not_implemented_error("multi-dimensional slicing is not implemented")
                    );
                }
                return Err(vm.type_error("memoryview: invalid slice key"));
            }
            if t.len() > ndim {
                return Err(vm.type_error(&format!(
                    "cannot index {ndim}-dimension view with {}-element tuple",
                    t.len()
                )));
            }
            if t.len() < ndim {
                return Err(vm.not_implemented_error("sub-views are not implemented"));
            }
            let mut at = self.offset;
            for (dim, v) in t.as_slice().iter().enumerate() {
                at = self.place(vm, at, dim, vm.index_isize_or_overflow(v)?)?;
            }
            return Ok(Some(at));
        }
        if vm.has_index(key) {
            let i = util::position(vm, key)?;
            if ndim > 1 {
                self.place(vm, self.offset, 0, i)?;
                return Err(
                    vm.not_implemented_error("multi-dimensional sub-views are not implemented")
                );
            }
            return self.place(vm, self.offset, 0, i).map(Some);
        }
        if util::as_slice(vm, key).is_some() {
            return Ok(None);
        }
        Err(vm.type_error("memoryview: invalid slice key"))
    }

    fn sliced(&self, vm: &Vm, key: &Value) -> PyResult<MemoryView> {
        let Some(slice) = util::as_slice(vm, key) else {
            return self.with(vm, self.offset, self.shape.clone(), self.strides.clone());
        };
        let n = self.shape.first().copied().unwrap_or(0);
        // Evaluating the slice may release the view, which does not concern the new one.
        let memory = self.memory(vm)?;
        let r = slice.range(vm, || n as usize)?;
        let stride = self.strides.first().copied().unwrap_or(0);
        let (mut shape, mut strides) = (self.shape.clone(), self.strides.clone());
        if let (Some(n), Some(s)) = (shape.first_mut(), strides.first_mut()) {
            *n = r.count as isize;
            *s = stride.wrapping_mul(r.step);
        }
        let start = if r.count == 0 { 0 } else { r.start };
        let offset = self.offset.wrapping_add_signed(start.wrapping_mul(stride));
        Ok(self.share(memory, offset, shape, strides))
    }

    fn list(&self, vm: &Vm, dim: usize, at: usize) -> PyResult {
        let (Some(&n), Some(&stride)) = (self.shape.get(dim), self.strides.get(dim)) else {
            return self.read(vm, at);
        };
        let mut out = Vec::with_capacity(n.max(0) as usize);
        for i in 0..n {
            out.push(self.list(vm, dim + 1, at.wrapping_add_signed(i.wrapping_mul(stride)))?);
        }
        Ok(vm.new_list(out)?.into_value())
    }

    fn values(&self, vm: &Vm) -> PyResult<Vec<Value>> {
        self.places()
            .into_iter()
            .map(|at| self.read(vm, at))
            .collect()
    }

    fn dims(&self, vm: &Vm, dims: &[isize]) -> PyResult<Ref<Tuple>> {
        self.memory(vm)?;
        let items = dims.iter().map(|&n| vm.new_int(n as i64));
        vm.new_tuple(items.collect::<PyResult<Vec<Value>>>()?)
    }
}

/// A view's share of an export; while it lives the view cannot be released.
struct ViewMemory {
    view: Ref<MemoryView>,
    memory: Rc<dyn Export>,
}

impl Export for ViewMemory {
    fn with(&self, f: &mut dyn FnMut(&[u8])) {
        self.memory.with(f);
    }
    fn with_mut(&self, f: &mut dyn FnMut(&mut [u8])) -> bool {
        self.memory.with_mut(f)
    }
    fn visit(&self, visit: &mut Visitor<'_>) {
        visit(self.view.as_value());
    }
}

/// Keeps a view from being released while it lives.
fn hold(vm: &Vm, view: &Ref<MemoryView>) -> PyResult<ViewMemory> {
    let memory = view.memory(vm)?;
    view.exports.set(view.exports.get() + 1);
    Ok(ViewMemory {
        view: view.clone(),
        memory,
    })
}

impl Drop for ViewMemory {
    fn drop(&mut self) {
        self.view
            .exports
            .set(self.view.exports.get().saturating_sub(1));
    }
}

fn get_buffer(vm: &Vm, this: &Value, writable: bool) -> PyResult<Buffer> {
    let view = taipan_object::convert::receiver::<MemoryView>(vm, this, "__buffer__")?;
    let memory = view.memory(vm)?;
    if writable && view.readonly {
        return Err(vm.buffer_error("memoryview: underlying buffer is not writable"));
    }
    view.exports.set(view.exports.get() + 1);
    Ok(Buffer {
        owner: this.clone(),
        memory: Box::new(ViewMemory {
            view: view.clone(),
            memory,
        }),
        offset: view.offset,
        len: view.nbytes(),
        readonly: view.readonly,
        itemsize: view.itemsize,
        format: view.format.clone().into(),
        shape: view.shape.clone(),
        strides: view.strides.clone(),
    })
}

static MEMORYVIEW_BUFFER: ClassPart = ClassPart {
    methods: &[],
    getset: &[],
    slots: &[SlotDef::bf_getbuffer(get_buffer)],
};

/// A memoryview of an object.
pub fn new(vm: &Vm, object: &Value) -> PyResult<Ref<MemoryView>> {
    if let Some(view) = object.downcast_ref::<MemoryView>() {
        return vm.new(view.with(vm, view.offset, view.shape.clone(), view.strides.clone())?);
    }
    if !vm.has_buffer(object) {
        return Err(util::type_error_for(
            vm,
            "memoryview: a bytes-like object is required, not '",
            object,
            "'",
        ));
    }
    vm.new(MemoryView::from_buffer(vm.get_buffer(object, false)?))
}

fn release(vm: &Vm, this: &Ref<MemoryView>) -> PyResult<()> {
    if this.exports.get() > 0 {
        let n = this.exports.get();
        let s = if n == 1 { "" } else { "s" };
        return Err(vm.buffer_error(&format!("memoryview has {n} exported buffer{s}")));
    }
    drop(this.memory.take());
    Ok(())
}

#[pymethods(MEMORYVIEW_METHODS)]
impl MemoryView {
    #[pyslot(name = "memoryview", params = "(object)")]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, object: &Value) -> PyResult<Ref<MemoryView>> {
        let _ = cls;
        new(vm, object)
    }

    #[pyslot]
    fn tp_repr(this: &Ref<Self>) -> String {
        let released = if this.memory.borrow().is_none() {
            "released "
        } else {
            ""
        };
        format!("<{released}memory at {:#x}>", this.as_value().bits())
    }

    #[pyslot]
    fn tp_hash(vm: &Vm, this: &Ref<Self>) -> PyResult<i64> {
        if this.hash.get() != -1 {
            return Ok(this.hash.get());
        }
        let bytes = this.bytes(vm)?;
        if !this.readonly {
            return Err(vm.value_error("cannot hash writable memoryview object"));
        }
        if !matches!(this.format.trim_start_matches('@'), "B" | "b" | "c") {
            return Err(
                vm.value_error("memoryview: hashing is restricted to formats 'B', 'b' or 'c'")
            );
        }
        let held = hold(vm, this)?;
        vm.hash(&this.owner)?;
        drop(held);
        let h = taipan_object::containers::string::hash_bytes(vm, &bytes);
        this.hash.set(h);
        Ok(h)
    }

    #[pyslot]
    fn tp_richcompare(vm: &Vm, this: &Ref<Self>, other: &Value, op: CompareOp) -> PyResult {
        if !matches!(op, CompareOp::Eq | CompareOp::Ne) || !vm.has_buffer(other) {
            return Ok(vm.not_implemented());
        }
        let equal = if this.memory.borrow().is_none() {
            this.as_value().is(other)
        } else {
            let other = new(vm, other)?;
            if this.shape != other.shape {
                false
            } else if this.format == other.format
                && !matches!(this.format.trim_start_matches('@'), "f" | "d" | "e" | "?")
            {
                this.bytes(vm)? == other.bytes(vm)?
            } else {
                let (a, b) = (this.values(vm)?, other.values(vm)?);
                let mut same = true;
                for (x, y) in a.iter().zip(&b) {
                    let r = vm.rich_compare(x, y, CompareOp::Eq)?;
                    same &= vm.is_true(&r)?;
                }
                same
            }
        };
        Ok(vm.bool(equal == (op == CompareOp::Eq)))
    }

    #[pyslot]
    fn mp_length(vm: &Vm, this: &Ref<Self>) -> PyResult<usize> {
        length(vm, this)
    }

    #[pyslot]
    fn sq_length(vm: &Vm, this: &Ref<Self>) -> PyResult<usize> {
        length(vm, this)
    }

    #[pyslot]
    fn sq_item(vm: &Vm, this: &Ref<Self>, i: isize) -> PyResult {
        if this.shape.len() > 1 {
            this.memory(vm)?;
            return Err(vm.not_implemented_error("multi-dimensional sub-views are not implemented"));
        }
        let at = this.place(vm, this.offset, 0, i)?;
        this.read(vm, at)
    }

    #[pyslot]
    fn mp_subscript(vm: &Vm, this: &Ref<Self>, key: &Value) -> PyResult {
        match this.key(vm, key)? {
            Some(at) => this.read(vm, at),
            None => Ok(vm.new(this.sliced(vm, key)?)?.into_value()),
        }
    }

    #[pyslot]
    fn mp_ass_subscript(
        vm: &Vm,
        this: &Ref<Self>,
        key: &Value,
        value: Option<&Value>,
    ) -> PyResult<()> {
        this.memory(vm)?;
        if this.readonly {
            return Err(vm.type_error("cannot modify read-only memory"));
        }
        let Some(value) = value else {
            return Err(vm.type_error("cannot delete memory"));
        };
        match this.key(vm, key)? {
            Some(at) => {
                let data = item::pack(vm, &this.format, value)?;
                this.write(vm, at, &data)
            }
            None => {
                let source = MemoryView::from_buffer(vm.get_buffer(value, false)?);
                let target = this.sliced(vm, key)?;
                this.memory(vm)?;
                let plain = |f: &str| f.trim_start_matches('@').to_owned();
                if source.shape != target.shape || plain(&source.format) != plain(&target.format) {
                    return Err(vm.value_error(
                        "memoryview assignment: lvalue and rvalue have different structures",
                    ));
                }
                let data = source.bytes(vm)?;
                drop(source);
                for (at, part) in target
                    .places()
                    .into_iter()
                    .zip(data.chunks(this.itemsize.max(1)))
                {
                    target.write(vm, at, part)?;
                }
                Ok(())
            }
        }
    }

    /// Release the underlying buffer exposed by the memoryview object.
    #[pymethod(sig = "($self, /)", name = "release")]
    fn release_(vm: &Vm, this: &Ref<Self>) -> PyResult<()> {
        release(vm, this)
    }

    /// Return the data in the buffer as a byte string.
    ///
    /// Order can be {'C', 'F', 'A'}. For 'F' the first index varies fastest;
    /// for 'A' it does if the memory is laid out that way.
    #[pymethod(sig = "($self, /, order='C')")]
    fn tobytes(
        vm: &Vm,
        this: &Ref<Self>,
        order: Option<&str>,
    ) -> PyResult<Ref<taipan_object::Bytes>> {
        let fortran = match order {
            None | Some("C") => false,
            Some("F") => true,
            Some("A") => this.contiguous(true) && !this.contiguous(false),
            Some(_) => return Err(vm.value_error("order must be 'C', 'F' or 'A'")),
        };
        if fortran && this.shape.len() > 1 {
            let (mut shape, mut strides) = (this.shape.clone(), this.strides.clone());
            shape.reverse();
            strides.reverse();
            let turned = this.with(vm, this.offset, shape, strides)?;
            return vm.new_bytes(&turned.bytes(vm)?);
        }
        vm.new_bytes(&this.bytes(vm)?)
    }

    /// Return the data in the buffer as a str of hexadecimal numbers.
    #[pymethod(sig = "($self, /, sep=<unrepresentable>, bytes_per_sep=1)")]
    fn hex(
        vm: &Vm,
        this: &Ref<Self>,
        sep: Option<&Value>,
        bytes_per_sep: i32,
    ) -> PyResult<Ref<Str>> {
        let _held = hold(vm, this)?;
        crate::bytes_::shared::hex(vm, &this.bytes(vm)?, sep, bytes_per_sep)
    }

    /// Return the data in the buffer as a list of elements.
    #[pymethod(sig = "($self, /)")]
    fn tolist(vm: &Vm, this: &Ref<Self>) -> PyResult {
        this.memory(vm)?;
        this.list(vm, 0, this.offset)
    }

    /// Cast a memoryview to a new format or shape.
    #[pymethod(sig = "($self, /, format, shape=<unrepresentable>)")]
    fn cast(
        vm: &Vm,
        this: &Ref<Self>,
        format: &Ref<Str>,
        shape: Option<&Value>,
    ) -> PyResult<Ref<MemoryView>> {
        this.memory(vm)?;
        if let Some(s) = shape
            && s.downcast_ref::<List>().is_none()
            && s.downcast_ref::<Tuple>().is_none()
        {
            return Err(vm.type_error("shape must be a list or a tuple"));
        }
        if !this.contiguous(false) {
            return Err(vm.type_error("memoryview: casts are restricted to C-contiguous views"));
        }
        if shape.is_some() && this.shape.len() != 1 {
            return Err(vm.type_error("memoryview: cast must be 1D -> ND or ND -> 1D"));
        }
        let format = format.to_string_lossy().into_owned();
        let Some(size) = item::size(&format) else {
            return Err(vm.value_error("memoryview: destination format must be a native single character format prefixed with an optional '@'"));
        };
        let is_byte = |f: &str| matches!(f.trim_start_matches('@'), "B" | "b" | "c");
        if !is_byte(&this.format) && !is_byte(&format) {
            return Err(vm.type_error("memoryview: cannot cast between two non-byte formats"));
        }
        let n = this.nbytes();
        if !n.is_multiple_of(size) {
            return Err(vm.type_error("memoryview: length is not a multiple of itemsize"));
        }
        let dims = match shape {
            None => vec![(n / size) as isize],
            Some(s) => {
                let mut dims = Vec::new();
                for v in vm.collect(s)? {
                    if v.as_int().is_none() {
                        return Err(
                            vm.type_error("memoryview.cast(): elements of shape must be integers")
                        );
                    }
                    let d = vm.index_isize_or_overflow(&v)?;
                    if d <= 0 {
                        return Err(vm.value_error(
                            "memoryview.cast(): elements of shape must be integers > 0",
                        ));
                    }
                    dims.push(d);
                }
                let total = dims
                    .iter()
                    .try_fold(size, |t, &d| t.checked_mul(d as usize));
                if total != Some(n) {
                    return Err(
                        vm.type_error("memoryview: product(shape) * itemsize != buffer size")
                    );
                }
                dims
            }
        };
        let mut strides = vec![0; dims.len()];
        let mut step = size as isize;
        for (s, d) in strides.iter_mut().zip(&dims).rev() {
            *s = step;
            step = step.saturating_mul(*d);
        }
        let mut view = this.with(vm, this.offset, dims, strides)?;
        view.itemsize = size;
        view.format = format;
        vm.new(view)
    }

    /// Return a readonly version of the memoryview.
    #[pymethod(sig = "($self, /)")]
    fn toreadonly(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<MemoryView>> {
        let mut view = this.with(vm, this.offset, this.shape.clone(), this.strides.clone())?;
        view.readonly = true;
        vm.new(view)
    }

    /// Count the number of occurrences of a value.
    #[pymethod(sig = "($self, value, /)", name = "count")]
    fn count_of(vm: &Vm, this: &Ref<Self>, value: &Value) -> PyResult<usize> {
        let mut n = 0;
        for v in this.values(vm)? {
            n += usize::from(vm.eq(&v, value)?);
        }
        Ok(n)
    }

    /// Return the index of the first occurrence of a value.
    ///
    /// Raises ValueError if the value is not present.
    #[pymethod(sig = "($self, value, start=0, stop=sys.maxsize, /)")]
    fn index(
        vm: &Vm,
        this: &Ref<Self>,
        value: &Value,
        start: taipan_object::convert::SliceIndex,
        stop: taipan_object::convert::SliceIndex,
    ) -> PyResult<usize> {
        let values = this.values(vm)?;
        let (start, stop) = crate::str_::adjust(start.0, stop.0, values.len());
        for (i, v) in values.iter().enumerate().take(stop).skip(start) {
            if vm.eq(v, value)? {
                return Ok(i);
            }
        }
        Err(vm.value_error("memoryview.index(x): x not found"))
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn __enter__(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Self>> {
        this.memory(vm)?;
        Ok(this.clone())
    }

    /// Release the underlying buffer exposed by the memoryview object.
    #[pymethod(sig = "($self, /, *exc_info)")]
    fn __exit__(vm: &Vm, this: &Ref<Self>, exc_info: &[Value]) -> PyResult<()> {
        let _ = exc_info;
        release(vm, this)
    }

    /// memoryviews are generic over the type of their underlying data
    #[classmethod(sig = "($type, object, /)")]
    fn __class_getitem__(vm: &Vm, cls: &Value, object: &Value) -> PyResult {
        vm.generic_alias(cls, object)
    }

    /// The underlying object of the memoryview.
    #[getter]
    fn obj(&self, vm: &Vm) -> PyResult {
        self.memory(vm)?;
        Ok(self.owner.clone())
    }

    /// The number of bytes that the items take.
    #[getter(nbytes)]
    fn get_nbytes(&self, vm: &Vm) -> PyResult<usize> {
        self.memory(vm)?;
        Ok(self.nbytes())
    }

    /// A bool indicating whether the memory is read only.
    #[getter(readonly)]
    fn get_readonly(&self, vm: &Vm) -> PyResult<bool> {
        self.memory(vm)?;
        Ok(self.readonly)
    }

    /// The size in bytes of each element of the memoryview.
    #[getter(itemsize)]
    fn get_itemsize(&self, vm: &Vm) -> PyResult<usize> {
        self.memory(vm)?;
        Ok(self.itemsize)
    }

    /// The format of each element, as module struct has them.
    #[getter(format)]
    fn get_format(&self, vm: &Vm) -> PyResult<String> {
        self.memory(vm)?;
        Ok(self.format.clone())
    }

    /// The number of dimensions.
    #[getter]
    fn ndim(&self, vm: &Vm) -> PyResult<usize> {
        self.memory(vm)?;
        Ok(self.shape.len())
    }

    /// The number of items in each dimension.
    #[getter(shape)]
    fn get_shape(&self, vm: &Vm) -> PyResult<Ref<Tuple>> {
        self.dims(vm, &self.shape)
    }

    /// The bytes from one item to the next in each dimension.
    #[getter(strides)]
    fn get_strides(&self, vm: &Vm) -> PyResult<Ref<Tuple>> {
        self.dims(vm, &self.strides)
    }

    /// Used internally for arrays of pointers; always empty.
    #[getter]
    fn suboffsets(&self, vm: &Vm) -> PyResult<Ref<Tuple>> {
        self.dims(vm, &[])
    }

    /// A bool indicating whether the memory is C contiguous.
    #[getter]
    fn c_contiguous(&self, vm: &Vm) -> PyResult<bool> {
        self.memory(vm)?;
        Ok(self.contiguous(false))
    }

    /// A bool indicating whether the memory is Fortran contiguous.
    #[getter]
    fn f_contiguous(&self, vm: &Vm) -> PyResult<bool> {
        self.memory(vm)?;
        Ok(self.contiguous(true))
    }

    /// A bool indicating whether the memory is contiguous.
    #[getter(contiguous)]
    fn get_contiguous(&self, vm: &Vm) -> PyResult<bool> {
        self.memory(vm)?;
        Ok(self.contiguous(false) || self.contiguous(true))
    }
}

fn length(vm: &Vm, this: &Ref<MemoryView>) -> PyResult<usize> {
    this.memory(vm)?;
    match this.shape.first() {
        Some(n) => Ok((*n).max(0) as usize),
        None => Err(vm.type_error("0-dim memory has no length")),
    }
}
