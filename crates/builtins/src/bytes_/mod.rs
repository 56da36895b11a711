//! `bytes`: the type, its constructor and operators. What it shares with `bytearray` is in `shared.rs` and `methods.rs`,
//! the `%` operator of both in `percent.rs`.

mod iter;
pub(crate) mod methods;
pub(crate) mod percent;
pub mod shared;

use taipan_macros::pymethods;
use taipan_object::buffer::{Buffer, Export};
use taipan_object::{
    Bytes, ClassPart, CompareOp, List, Payload, PyResult, Ref, SlotDef, Str, TypeObject, TypeSpec,
    Value, Vm,
};

use crate::str_::{PREFIX, SUB, SUFFIX, searching};
use crate::{Family, util};
use shared::{ByteString, BytesArg, FillByte, Side};

/// This folder's types.
pub const FAMILY: Family = Family {
    core: &[(|vm| &vm.types().bytes, &BYTES)],
    types: &[&iter::BYTES_ITER],
    init: None,
};

/// `bytes`
pub static BYTES: TypeSpec = TypeSpec {
    doc: Some(
        "bytes(iterable_of_ints) -> bytes\nbytes(string, encoding[, errors]) -> bytes\nbytes(bytes_or_buffer) -> immutable copy of bytes_or_buffer\nbytes(int) -> bytes object of size given by the parameter initialized with null bytes\nbytes() -> empty bytes object\n\nAn immutable array of bytes, made from integers, encoded text, the bytes of another\nobject, or a number of zeros.",
    ),
    parts: &[&BYTES_SLOTS, &BYTES_SHARED, &BYTES_FINDING, &BYTES_BUFFER],
    ..TypeSpec::new("bytes", "builtins", <Bytes as Payload>::layout)
};

methods::byte_string_methods!(Bytes, BytesShared, BYTES_SHARED, BYTES_FINDING);

/// The memory of a bytes object.
struct BytesMemory(Ref<Bytes>);

impl Export for BytesMemory {
    fn with(&self, f: &mut dyn FnMut(&[u8])) {
        f(self.0.as_slice());
    }
    fn with_mut(&self, _: &mut dyn FnMut(&mut [u8])) -> bool {
        false
    }
    fn visit(&self, visit: &mut taipan_object::Visitor<'_>) {
        visit(self.0.as_value());
    }
}

fn get_buffer(vm: &Vm, this: &Value, writable: bool) -> PyResult<Buffer> {
    let bytes = taipan_object::convert::receiver::<Bytes>(vm, this, "__buffer__")?;
    if writable {
        return Err(vm.buffer_error("Object is not writable."));
    }
    let memory = Box::new(BytesMemory(bytes.clone()));
    Ok(Buffer::simple(this.clone(), memory, bytes.len(), true))
}

static BYTES_BUFFER: ClassPart = ClassPart {
    methods: &[],
    getset: &[],
    slots: &[SlotDef::bf_getbuffer(get_buffer)],
};

/// The bytes that the arguments of a constructor stand for; `None` when they are no count, text or buffer and the first
/// has to be iterated over.
pub(crate) fn from_arguments(
    vm: &Vm,
    source: Option<&Value>,
    encoding: Option<&str>,
    errors: Option<&str>,
) -> PyResult<Option<Vec<u8>>> {
    let text = source.and_then(|v| v.downcast_ref::<Str>());
    if encoding.is_some() || errors.is_some() {
        return match (text, encoding) {
            (Some(s), Some(_)) => {
                let v = crate::codecs::encode_text(vm, s, encoding, errors)?;
                Ok(Some(shared::bytes_of(vm, &v)?.to_vec()))
            }
            (Some(_), None) => Err(vm.type_error("string argument without an encoding")),
            (None, Some(_)) => Err(vm.type_error("encoding without a string argument")),
            (None, None) => Err(vm.type_error("errors without a string argument")),
        };
    }
    let Some(source) = source else {
        return Ok(Some(Vec::new()));
    };
    if text.is_some() {
        return Err(vm.type_error("string argument without an encoding"));
    }
    if vm.has_index(source) {
        match vm.index_isize_or_overflow(source) {
            Ok(n) if n < 0 => return Err(vm.value_error("negative count")),
            Ok(n) => {
                let mut out = Vec::new();
                if out.try_reserve_exact(n as usize).is_err() {
                    return Err(vm.no_memory());
                }
                out.resize(n as usize, 0);
                return Ok(Some(out));
            }
            Err(raised) => drop(vm.catch(raised, &vm.exc().TypeError)?),
        }
    }
    if vm.has_buffer(source) {
        return Ok(Some(vm.get_buffer(source, false)?.gather()));
    }
    Ok(None)
}

/// `bytes(source, encoding, errors)`
pub fn new(
    vm: &Vm,
    source: Option<&Value>,
    encoding: Option<&str>,
    errors: Option<&str>,
) -> PyResult<Ref<Bytes>> {
    if encoding.is_none()
        && errors.is_none()
        && let Some(v) = source
    {
        if let Some(b) = v.downcast_exact::<Bytes>(&vm.types().bytes) {
            return Ok(b.clone());
        }
        if let Some(f) = vm.special(v, &vm.names().__bytes__)? {
            return vm.call0(&f)?.downcast::<Bytes>().map_err(|r| {
                util::type_error_for(vm, "__bytes__ returned non-bytes (type ", &r, ")")
            });
        }
    }
    if let Some(bytes) = from_arguments(vm, source, encoding, errors)? {
        return vm.new_bytes(&bytes);
    }
    let Some(v) = source else {
        return vm.new_bytes(b"");
    };
    let slots = &vm.type_of(v).payload.slots;
    if slots.tp_iter.get().is_none() && slots.sq_item.get().is_none() {
        return Err(util::type_error_for(
            vm,
            "cannot convert '",
            v,
            "' object to bytes",
        ));
    }
    vm.new_bytes(&shared::from_iterable(
        vm,
        v,
        "bytes must be in range(0, 256)",
    )?)
}

/// Holder of the slots of `bytes`.
pub struct BytesSlots;

#[pymethods(BYTES_SLOTS)]
impl BytesSlots {
    #[pyslot(
        name = "bytes",
        params = "(source=<unrepresentable>, encoding=<unrepresentable>, errors=<unrepresentable>)"
    )]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        source: Option<&Value>,
        encoding: Option<&str>,
        errors: Option<&str>,
    ) -> PyResult<Ref<Bytes>> {
        let b = new(vm, source, encoding, errors)?;
        if cls.is(&vm.types().bytes) {
            return Ok(b);
        }
        vm.new_bytes_of(cls, b.as_slice())
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Bytes>) -> PyResult<Ref<Str>> {
        vm.new_str_buf(&taipan_unicode::repr::repr_bytes(this.as_slice(), true))
    }

    #[pyslot]
    fn tp_str(vm: &Vm, this: &Ref<Bytes>) -> PyResult<Ref<Str>> {
        vm.repr(this.as_value())
    }

    #[pyslot]
    fn tp_hash(vm: &Vm, this: &Ref<Bytes>) -> PyResult<i64> {
        Ok(this.hash(vm))
    }

    #[pyslot]
    fn tp_richcompare(vm: &Vm, this: &Ref<Bytes>, other: &Value, op: CompareOp) -> PyResult {
        shared::compare(vm, this, other, op)
    }

    #[pyslot]
    fn tp_iter(vm: &Vm, this: &Ref<Bytes>) -> PyResult<Ref<iter::BytesIter>> {
        vm.new(iter::BytesIter::new(this.clone()))
    }

    #[pyslot]
    fn sq_length(this: &Ref<Bytes>) -> usize {
        this.len()
    }

    #[pyslot]
    fn mp_length(this: &Ref<Bytes>) -> usize {
        this.len()
    }

    #[pyslot]
    fn sq_concat(vm: &Vm, this: &Ref<Bytes>, other: &Value) -> PyResult {
        if !vm.has_buffer(other) {
            return Err(util::type_error_for(
                vm,
                "can't concat ",
                other,
                " to bytes",
            ));
        }
        if this.is_empty() && util::is_exactly(vm, other, &vm.types().bytes) {
            return Ok(other.clone());
        }
        let other = shared::bytes_of(vm, other)?;
        if other.is_empty() && util::is_exactly(vm, this.as_value(), &vm.types().bytes) {
            return Ok(this.as_value().clone());
        }
        let mut out = Vec::new();
        if out
            .try_reserve_exact(this.len().saturating_add(other.len()))
            .is_err()
        {
            return Err(vm.no_memory());
        }
        out.extend_from_slice(this.as_slice());
        out.extend_from_slice(&other);
        Ok(vm.new_bytes(&out)?.into_value())
    }

    #[pyslot]
    fn sq_repeat(vm: &Vm, this: &Ref<Bytes>, n: isize) -> PyResult {
        if n == 1 && util::is_exactly(vm, this.as_value(), &vm.types().bytes) {
            return Ok(this.as_value().clone());
        }
        let out = shared::repeated(vm, this.as_slice(), n)?;
        Ok(vm.new_bytes(&out)?.into_value())
    }

    #[pyslot]
    fn sq_item(vm: &Vm, this: &Ref<Bytes>, i: isize) -> PyResult<u8> {
        let found = usize::try_from(i).ok().and_then(|i| this.as_slice().get(i));
        found
            .copied()
            .ok_or_else(|| vm.index_error("index out of range"))
    }

    #[pyslot]
    fn sq_contains(vm: &Vm, this: &Ref<Bytes>, value: &Value) -> PyResult<bool> {
        shared::contains(vm, this, value)
    }

    #[pyslot]
    fn mp_subscript(vm: &Vm, this: &Ref<Bytes>, key: &Value) -> PyResult {
        if let Some(slice) = util::as_slice(vm, key) {
            let r = slice.range(vm, || this.len())?;
            if r.step == 1 {
                let start = r.start as usize;
                return Bytes::part(vm, this, start, start + r.count);
            }
            let b = this.as_slice();
            let out: Vec<u8> = r.positions().filter_map(|i| b.get(i).copied()).collect();
            return Ok(vm.new_bytes(&out)?.into_value());
        }
        if !vm.has_index(key) {
            return Err(util::type_error_for(
                vm,
                "byte indices must be integers or slices, not ",
                key,
                "",
            ));
        }
        let i = util::position(vm, key)?;
        match util::wrap(i, this.len()).and_then(|i| this.as_slice().get(i)) {
            Some(b) => Ok(Value::from_i32((*b).into())),
            None => Err(vm.index_error("index out of range")),
        }
    }

    #[pyslot]
    fn nb_remainder(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        match a.downcast_ref::<Bytes>() {
            Some(format) => {
                let out = percent::format(vm, format.as_slice(), b)?;
                Ok(vm.new_bytes(&out)?.into_value())
            }
            None => Ok(vm.not_implemented()),
        }
    }

    /// The arguments of __new__ that make an equal object.
    #[pymethod(sig = "($self, /)", doc = "")]
    fn __getnewargs__(vm: &Vm, this: &Ref<Bytes>) -> PyResult<(Ref<Bytes>,)> {
        Ok((vm.new_bytes(this.as_slice())?,))
    }

    /// Convert this value to exact type bytes.
    #[pymethod(sig = "($self, /)")]
    fn __bytes__(vm: &Vm, this: &Ref<Bytes>) -> PyResult {
        Bytes::part(vm, this, 0, usize::MAX)
    }
}
