//! `bytes`: immutable bytes in the object itself, with a cached hash.

use std::cell::Cell;

use crate::reference::{Object, Ref};
use crate::value::PyResult;
use crate::vm::Vm;

/// The payload of `bytes`; the bytes follow it in memory.
#[repr(C)]
pub struct Bytes {
    hash: Cell<i64>,
    len: usize,
}

crate::payload!(Bytes, leaf, var);

impl crate::reference::VarSized for Bytes {
    fn var_bytes(&self) -> usize {
        self.len
    }
}

impl Bytes {
    fn data(&self) -> *const u8 {
        let at = (&raw const *self).addr() + size_of::<Bytes>();
        std::ptr::with_exposed_provenance(at)
    }

    /// The bytes. They never change.
    #[inline(always)]
    pub fn as_slice(&self) -> &[u8] {
        // SAFETY: `len` bytes follow the payload, written when the object was made.
        unsafe { std::slice::from_raw_parts(self.data(), self.len) }
    }

    /// Number of bytes.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The hash, as that of a `str` of the same bytes.
    pub fn hash(&self, vm: &Vm) -> i64 {
        let h = self.hash.get();
        if h != -1 {
            return h;
        }
        let h = super::string::hash_bytes(vm, self.as_slice());
        self.hash.set(h);
        h
    }
}

impl Vm {
    /// A new bytes object.
    pub fn new_bytes(&self, bytes: &[u8]) -> PyResult<Ref<Bytes>> {
        if bytes.is_empty()
            && let Some(empty) = self
                .interp()
                .singletons_opt()
                .map(|s| s.empty_bytes.clone())
        {
            return Ok(empty);
        }
        if let [b] = bytes
            && let Some(s) = self.interp().singletons_opt()
        {
            return Ok(s.one_byte[*b as usize].clone());
        }
        self.new_bytes_raw(bytes)
    }

    pub(crate) fn new_bytes_raw(&self, bytes: &[u8]) -> PyResult<Ref<Bytes>> {
        self.new_bytes_of(&self.types().bytes, bytes)
    }

    /// A new instance of a subclass of `bytes` (or of `bytes` itself, never shared).
    pub fn new_bytes_of(&self, ty: &crate::class::TypeRef, bytes: &[u8]) -> PyResult<Ref<Bytes>> {
        let size = size_of::<Object<Bytes>>()
            .checked_add(bytes.len())
            .ok_or_else(|| self.no_memory())?;
        let r = self
            .heap()
            .new_object(
                ty.object(),
                ty.var_instance_size(size),
                Bytes {
                    hash: Cell::new(-1),
                    len: bytes.len(),
                },
            )
            .ok_or_else(|| self.no_memory())?;
        // SAFETY: the object was made with room for the bytes.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), r.data().cast_mut(), bytes.len()) };
        Ok(r)
    }
}
