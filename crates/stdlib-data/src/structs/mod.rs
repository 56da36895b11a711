//! Module `_struct`. Formats are parsed, packed and unpacked in `format.rs`.

pub mod format;

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use rustc_hash::FxHashMap;
use taipan_macros::{pyfunctions, pymethods};
use taipan_object::buffer::Buffer;
use taipan_object::{
    Args, BaseException, Bytes, ModuleSpec, Payload, PyCell, PyResult, Ref, Str, Traverse, Tuple,
    TypeObject, TypeSpec, Value, Visitor, Vm, tpflags,
};

use format::{Format, error};

/// `struct.error`
pub static ERROR: TypeSpec = TypeSpec {
    base: Some(|vm| TypeObjectRef::clone(&vm.exc().Exception)),
    flags: tpflags::BASETYPE,
    ..TypeSpec::new("error", "struct", <BaseException as Payload>::layout)
};

type TypeObjectRef = Ref<TypeObject>;

/// Module `_struct`.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_struct",
    doc: Some("Functions to convert between Python values and C structs."),
    functions: &[functions::FUNCTIONS],
    types: &[&STRUCT, &ERROR],
    exec: None,
};

/// The format of an argument that is a string or bytes, with its text.
fn parse(vm: &Vm, v: &Value) -> PyResult<(Format, Ref<Str>)> {
    let text = match (v.downcast_ref::<Str>(), v.downcast_ref::<Bytes>()) {
        (Some(s), _) => s.clone(),
        (_, Some(b)) => match std::str::from_utf8(b.as_slice()) {
            Ok(s) if s.is_ascii() => vm.new_str(s)?,
            _ => return Err(error(vm, "bad char in struct format")),
        },
        _ => {
            return Err(vm.type_error(&format!(
                "Struct() argument 1 must be a str or bytes object, not {}",
                vm.type_name(v)
            )));
        }
    };
    let format = match text.as_ascii() {
        Some(ascii) => Format::parse(ascii.as_bytes()),
        None => Err("bad char in struct format"),
    };
    Ok((format.map_err(|m| error(vm, m))?, text))
}

/// Formats that were used lately with their texts, by the texts' hashes.
#[derive(Default)]
struct Cache(RefCell<FxHashMap<i64, (Ref<Str>, Rc<Format>)>>);

const CACHE_SIZE: usize = 100;

fn cached(vm: &Vm, v: &Value) -> PyResult<Rc<Format>> {
    let cache = vm.state::<Cache>();
    if let Some(text) = v.downcast_ref::<Str>()
        && let Some((known, f)) = cache.0.borrow().get(&text.hash(vm))
        && known.same_text(text)
    {
        return Ok(f.clone());
    }
    let (format, text) = parse(vm, v)?;
    let format = Rc::new(format);
    let full = cache.0.borrow().len() >= CACHE_SIZE;
    let dropped = full.then(|| std::mem::take(&mut *cache.0.borrow_mut()));
    let entry = (text.clone(), format.clone());
    let replaced = cache.0.borrow_mut().insert(text.hash(vm), entry);
    drop((dropped, replaced));
    Ok(format)
}

fn pack(vm: &Vm, format: &Format, values: &[Value]) -> PyResult<Ref<Bytes>> {
    if values.len() != format.values {
        return Err(error(
            vm,
            &format!(
                "pack expected {} items for packing (got {})",
                format.values,
                values.len()
            ),
        ));
    }
    vm.new_bytes(&format.pack(vm, values)?)
}

/// Where an access of `size` bytes at `offset` starts in a buffer of `len`; `verb` and `what` are for messages.
fn place(vm: &Vm, size: usize, offset: isize, len: usize, packing: bool) -> PyResult<usize> {
    let mut at = offset;
    if offset < 0 {
        if offset.saturating_add_unsigned(size) > 0 {
            let message = if packing {
                format!("no space to pack {size} bytes at offset {offset}")
            } else {
                format!("not enough data to unpack {size} bytes at offset {offset}")
            };
            return Err(error(vm, &message));
        }
        at = offset.saturating_add_unsigned(len);
        if at < 0 {
            return Err(error(
                vm,
                &format!("offset {offset} out of range for {len}-byte buffer"),
            ));
        }
    }
    let at = at.unsigned_abs();
    if len < at || len - at < size {
        let (function, verb) = if packing {
            ("pack_into", "packing")
        } else {
            ("unpack_from", "unpacking")
        };
        return Err(error(
            vm,
            &format!(
                "{function} requires a buffer of at least {} bytes for {verb} {size} bytes at offset {at} (actual buffer size is {len})",
                at.saturating_add(size)
            ),
        ));
    }
    Ok(at)
}

fn pack_into(vm: &Vm, format: &Format, args: &[Value]) -> PyResult<()> {
    let Some((target, rest)) = args.split_first() else {
        return Err(error(vm, "pack_into expected buffer argument"));
    };
    let Some((offset, values)) = rest.split_first() else {
        return Err(error(vm, "pack_into expected offset argument"));
    };
    if values.len() != format.values {
        return Err(error(
            vm,
            &format!(
                "pack_into expected {} items for packing (got {})",
                format.values,
                values.len()
            ),
        ));
    }
    let writable = vm.get_buffer(target, true).map_err(|r| {
        drop(vm.take_raised(r));
        vm.type_error(&format!(
            "argument must be read-write bytes-like object, not {}",
            vm.type_name(target)
        ))
    })?;
    if !writable.is_contiguous() {
        return Err(vm.type_error(&format!(
            "argument must be read-write bytes-like object, not {}",
            vm.type_name(target)
        )));
    }
    let offset = vm.index_isize_or_overflow(offset)?;
    let at = place(vm, format.size, offset, writable.len, true)?;
    let data = format.pack(vm, values)?;
    let start = writable.offset.saturating_add(at);
    writable.memory.with_mut(&mut |m| {
        if let Some(part) = m.get_mut(start..start.saturating_add(data.len())) {
            part.copy_from_slice(&data);
        }
    });
    Ok(())
}

/// Unpacks what stands at `at` in a buffer. Making numbers and bytes runs no code that could change it meanwhile.
fn unpack_at(vm: &Vm, format: &Format, buffer: &Buffer, at: usize) -> PyResult<Ref<Tuple>> {
    let start = buffer.offset.saturating_add(at);
    let mut out = None;
    buffer.memory.with(&mut |m| {
        if let Some(part) = m.get(start..start.saturating_add(format.size)) {
            out = Some(format.unpack(vm, part));
        }
    });
    out.unwrap_or_else(|| Err(error(vm, "unpack of a buffer that is too short")))
}

fn unpack(vm: &Vm, format: &Format, data: &Value) -> PyResult<Ref<Tuple>> {
    let wrong = || {
        error(
            vm,
            &format!("unpack requires a buffer of {} bytes", format.size),
        )
    };
    if let Some(b) = data.downcast_ref::<Bytes>() {
        if b.len() != format.size {
            return Err(wrong());
        }
        return format.unpack(vm, b.as_slice());
    }
    let buffer = vm.get_buffer(data, false)?;
    if buffer.len != format.size {
        return Err(wrong());
    }
    unpack_at(vm, format, &buffer, 0)
}

fn unpack_from(vm: &Vm, format: &Format, data: &Value, offset: isize) -> PyResult<Ref<Tuple>> {
    let buffer = vm.get_buffer(data, false)?;
    let at = place(vm, format.size, offset, buffer.len, false)?;
    unpack_at(vm, format, &buffer, at)
}

/// The payload of `unpack_iterator`.
pub struct UnpackIter {
    format: Rc<Format>,
    source: PyCell<Option<Value>>,
    at: Cell<usize>,
}
taipan_object::payload!(UnpackIter, gc);

impl Traverse for UnpackIter {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.source.visit(visit);
    }
    fn clear(&self) {
        self.source.set(None);
    }
}

static UNPACK_ITER: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    parts: &[&UNPACK_ITER_METHODS],
    ..TypeSpec::new(
        "unpack_iterator",
        "_struct",
        <UnpackIter as Payload>::layout,
    )
};

#[pymethods(UNPACK_ITER_METHODS)]
impl UnpackIter {
    #[pyslot]
    fn tp_iter(this: &Value) -> Value {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(&self, vm: &Vm) -> PyResult<Option<Value>> {
        let Some(source) = self.source.get() else {
            return Ok(None);
        };
        let buffer = vm.get_buffer(&source, false)?;
        let (at, size) = (self.at.get(), self.format.size);
        if at.saturating_add(size) > buffer.len {
            self.source.set(None);
            return Ok(None);
        }
        self.at.set(at + size);
        let items = unpack_at(vm, &self.format, &buffer, at)?;
        Ok(Some(items.into_value()))
    }

    #[pymethod(sig = "($self, /)")]
    fn __length_hint__(&self, vm: &Vm) -> PyResult<usize> {
        match self.source.get() {
            Some(source) => {
                let len = vm.get_buffer(&source, false)?.len;
                Ok(len.saturating_sub(self.at.get()) / self.format.size.max(1))
            }
            None => Ok(0),
        }
    }
}

fn iter_unpack(vm: &Vm, format: &Rc<Format>, data: &Value) -> PyResult {
    if format.size == 0 {
        return Err(error(
            vm,
            "cannot iteratively unpack with a struct of length 0",
        ));
    }
    let len = vm.get_buffer(data, false)?.len;
    if !len.is_multiple_of(format.size) {
        return Err(error(
            vm,
            &format!(
                "iterative unpacking requires a buffer of a multiple of {} bytes",
                format.size
            ),
        ));
    }
    let ty = vm.make_type(&UNPACK_ITER)?;
    let payload = UnpackIter {
        format: format.clone(),
        source: PyCell::new(Some(data.clone())),
        at: Cell::new(0),
    };
    Ok(vm.new_object(&ty, payload)?.into_value())
}

/// The payload of `Struct`.
pub struct Struct {
    format: RefCell<Option<Rc<Format>>>,
    text: PyCell<Option<Ref<Str>>>,
}
taipan_object::payload!(Struct, gc);

impl Traverse for Struct {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.text.visit(visit);
    }
}

static STRUCT: TypeSpec = TypeSpec {
    doc: Some("Struct(fmt) --> compiled struct object"),
    flags: tpflags::BASETYPE,
    has_weakref: true,
    parts: &[&STRUCT_METHODS],
    ..TypeSpec::new("Struct", "_struct", <Struct as Payload>::layout)
};

impl Struct {
    fn ready(&self, vm: &Vm) -> PyResult<Rc<Format>> {
        match &*self.format.borrow() {
            Some(f) => Ok(f.clone()),
            None => Err(vm.runtime_error("Struct object is not initialized")),
        }
    }
}

#[pymethods(STRUCT_METHODS)]
impl Struct {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, _args: Args<'_>) -> PyResult<Ref<Struct>> {
        let payload = Struct {
            format: RefCell::new(None),
            text: PyCell::new(None),
        };
        vm.new_object(cls, payload)
    }

    #[pyslot(name = "Struct", params = "(format)")]
    fn tp_init(vm: &Vm, this: &Ref<Self>, format: &Value) -> PyResult<()> {
        let (format, text) = parse(vm, format)?;
        *this.format.borrow_mut() = Some(Rc::new(format));
        this.text.set(Some(text));
        Ok(())
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult<String> {
        this.ready(vm)?;
        let text = this
            .text
            .get()
            .unwrap_or_else(|| vm.interp().singletons().empty_str.clone());
        let name = vm.type_of(this.as_value()).payload.name.get();
        Ok(format!(
            "{}({})",
            name.to_string_lossy(),
            vm.repr_string(text.as_value())?
        ))
    }

    /// Return an iterator yielding tuples.
    #[pymethod(sig = "($self, buffer, /)")]
    fn iter_unpack(&self, vm: &Vm, buffer: &Value) -> PyResult {
        iter_unpack(vm, &self.ready(vm)?, buffer)
    }

    /// pack(*values) -> bytes
    #[pymethod(params = "($self, *values)")]
    fn pack(&self, vm: &Vm, values: &[Value]) -> PyResult<Ref<Bytes>> {
        pack(vm, &*self.ready(vm)?, values)
    }

    /// pack_into(buffer, offset, *values)
    #[pymethod(params = "($self, *values)")]
    fn pack_into(&self, vm: &Vm, values: &[Value]) -> PyResult<()> {
        pack_into(vm, &*self.ready(vm)?, values)
    }

    /// Return a tuple containing unpacked values.
    #[pymethod(sig = "($self, buffer, /)")]
    fn unpack(&self, vm: &Vm, buffer: &Value) -> PyResult<Ref<Tuple>> {
        unpack(vm, &*self.ready(vm)?, buffer)
    }

    /// Return a tuple containing unpacked values, from an offset on.
    #[pymethod(sig = "($self, /, buffer, offset=0)")]
    fn unpack_from(&self, vm: &Vm, buffer: &Value, offset: isize) -> PyResult<Ref<Tuple>> {
        unpack_from(vm, &*self.ready(vm)?, buffer, offset)
    }

    /// Returns size in memory, in bytes.
    #[pymethod(sig = "($self, /)")]
    fn __sizeof__(&self, vm: &Vm) -> PyResult<usize> {
        Ok(56 + 32 * (self.ready(vm)?.items.len() + 1))
    }

    /// struct format string
    #[getter]
    fn format(&self) -> Option<Ref<Str>> {
        self.text.get()
    }

    /// struct size in bytes
    #[getter]
    fn size(&self, vm: &Vm) -> PyResult<usize> {
        Ok(self.ready(vm)?.size)
    }
}

fn split_format<'a>(vm: &Vm, args: &'a [Value]) -> PyResult<(Rc<Format>, &'a [Value])> {
    match args.split_first() {
        Some((format, rest)) => Ok((cached(vm, format)?, rest)),
        None => Err(vm.type_error("missing format argument")),
    }
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Clear the internal cache.
    #[pyfunction(sig = "($module, /)")]
    fn _clearcache(vm: &Vm) {
        vm.state::<Cache>().0.borrow_mut().clear();
    }

    /// Return size in bytes of the struct described by the format string.
    #[pyfunction(sig = "($module, format, /)")]
    fn calcsize(vm: &Vm, format: &Value) -> PyResult<usize> {
        Ok(cached(vm, format)?.size)
    }

    /// Return an iterator yielding tuples unpacked from the given bytes.
    #[pyfunction(sig = "($module, format, buffer, /)")]
    fn iter_unpack(vm: &Vm, format: &Value, buffer: &Value) -> PyResult {
        super::iter_unpack(vm, &cached(vm, format)?, buffer)
    }

    /// pack(format, v1, v2, ...) -> bytes
    #[pyfunction(params = "($module, *values)")]
    fn pack(vm: &Vm, values: &[Value]) -> PyResult<Ref<Bytes>> {
        let (format, values) = split_format(vm, values)?;
        super::pack(vm, &format, values)
    }

    /// pack_into(format, buffer, offset, v1, v2, ...)
    #[pyfunction(params = "($module, *values)")]
    fn pack_into(vm: &Vm, values: &[Value]) -> PyResult<()> {
        let (format, values) = split_format(vm, values)?;
        super::pack_into(vm, &format, values)
    }

    /// Return a tuple containing values unpacked according to the format string.
    #[pyfunction(sig = "($module, format, buffer, /)")]
    fn unpack(vm: &Vm, format: &Value, buffer: &Value) -> PyResult<Ref<Tuple>> {
        super::unpack(vm, &*cached(vm, format)?, buffer)
    }

    /// Return a tuple containing values unpacked according to the format string, from an offset on.
    #[pyfunction(sig = "($module, format, /, buffer, offset=0)")]
    fn unpack_from(vm: &Vm, format: &Value, buffer: &Value, offset: isize) -> PyResult<Ref<Tuple>> {
        super::unpack_from(vm, &*cached(vm, format)?, buffer, offset)
    }
}
