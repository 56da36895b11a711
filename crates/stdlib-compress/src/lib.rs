//! Native modules for compression: `zlib`, `_bz2`, `_lzma`. The algorithms are libraries'; here are the objects.
//!
//! [`pull`] has what the decompressors of `_bz2` and `_lzma` share; [`stream`] is the one place with `unsafe`.

mod bz2;
#[cfg(not(target_family = "wasm"))]
mod lzma;
#[cfg(not(target_family = "wasm"))]
mod lzma_filters;
pub mod pull;
pub mod stream;
pub mod zlib;

use taipan_object::{Bytes, ModuleSpec, PyResult, Value, Vm};

/// The modules of this crate.
pub const MODULES: &[&ModuleSpec] = &[
    &zlib::MODULE,
    &bz2::MODULE,
    #[cfg(not(target_family = "wasm"))]
    &lzma::MODULE,
];

/// The bytes of a bytes-like object.
fn bytes_of(vm: &Vm, v: &Value) -> PyResult<Vec<u8>> {
    match v.downcast_ref::<Bytes>() {
        Some(b) => Ok(b.as_slice().to_vec()),
        None => vm.bytes_like(v),
    }
}

/// A new `bytes` object.
fn new_bytes(vm: &Vm, bytes: &[u8]) -> PyResult<Value> {
    Ok(vm.new_bytes(bytes)?.into_value())
}

/// Grows `out` by zeros, to `limit` bytes at most: by as much as there is, so that each turn doubles it, the first time by
/// `first`. MemoryError when there is no memory.
fn grow(vm: &Vm, out: &mut Vec<u8>, first: usize, limit: usize) -> PyResult<()> {
    let by = out
        .len()
        .max(first.max(1))
        .min(limit.saturating_sub(out.len()));
    if out.try_reserve_exact(by).is_err() {
        return Err(vm.no_memory());
    }
    out.resize(out.len() + by, 0);
    Ok(())
}
