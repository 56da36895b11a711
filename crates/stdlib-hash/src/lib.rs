//! Native modules of hash functions. `_md5`, `_sha1` and `_sha2` are RustCrypto's functions, with the objects here; `_sha3` and
//! `_blake2` (with all its parameters, which RustCrypto's lacks) are in files of their own.

pub mod blake2;
pub mod blake2_core;
pub mod sha3;

use std::cell::RefCell;

use digest::DynDigest;
use taipan_macros::{pyfunctions, pymethods};
use taipan_object::{ModuleSpec, Payload, PyResult, Ref, TypeSpec, Value, Vm, tpflags};

/// The modules.
pub const MODULES: &[&ModuleSpec] = &[&MD5, &SHA1, &SHA2, &sha3::MODULE, &blake2::MODULE];

/// The payload of hash objects.
pub struct Hasher {
    state: RefCell<Box<dyn DynDigest>>,
    name: &'static str,
    block_size: i64,
}

taipan_object::payload!(Hasher, leaf);

/// The type of hash objects.
pub static HASHER: TypeSpec = TypeSpec {
    parts: &[&HASHER_METHODS],
    flags: tpflags::DISALLOW_INSTANTIATION,
    ..TypeSpec::new("HashType", "_hashlib", <Hasher as Payload>::layout)
};

fn bytes_of(vm: &Vm, data: &Value) -> PyResult<Vec<u8>> {
    if data.downcast_ref::<taipan_object::Str>().is_some() {
        return Err(vm.type_error("Strings must be encoded before hashing"));
    }
    if !vm.has_buffer(data) {
        return Err(vm.type_error("object supporting the buffer API required"));
    }
    let buffer = vm.get_buffer(data, false)?;
    if buffer.shape.len() > 1 {
        return Err(vm.buffer_error("Buffer must be single dimension"));
    }
    Ok(buffer.to_vec())
}

/// The data of a constructor, which has two names.
fn data_or_string<'a>(
    vm: &Vm,
    data: Option<&'a Value>,
    string: Option<&'a Value>,
) -> PyResult<Option<&'a Value>> {
    match (data, string) {
        (Some(_), Some(_)) => Err(vm.type_error(
            "'data' and 'string' are mutually exclusive and support for 'string' keyword parameter is slated for removal in a future version.",
        )),
        (data, string) => Ok(data.or(string)),
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

fn make(
    vm: &Vm,
    name: &'static str,
    block_size: i64,
    mut state: Box<dyn DynDigest>,
    data: Option<&Value>,
) -> PyResult<Ref<Hasher>> {
    if let Some(d) = data {
        state.update(&bytes_of(vm, d)?);
    }
    let ty = vm.make_type(&HASHER)?;
    vm.new_object(
        &ty,
        Hasher {
            state: RefCell::new(state),
            name,
            block_size,
        },
    )
}

#[pymethods(HASHER_METHODS)]
impl Hasher {
    /// Update this hash object's state with the provided string.
    #[pymethod(sig = "($self, obj, /)")]
    fn update(vm: &Vm, this: &Ref<Self>, obj: &Value) -> PyResult<()> {
        let bytes = bytes_of(vm, obj)?;
        this.state.borrow_mut().update(&bytes);
        Ok(())
    }

    /// Return the digest value as a bytes object.
    #[pymethod(sig = "($self, /)")]
    fn digest(vm: &Vm, this: &Ref<Self>) -> PyResult {
        Ok(vm.new_bytes(&this.finish())?.into_value())
    }

    /// Return the digest value as a string of hexadecimal digits.
    #[pymethod(sig = "($self, /)")]
    fn hexdigest(this: &Ref<Self>) -> String {
        hex(&this.finish())
    }

    /// Return a copy of the hash object.
    #[pymethod(sig = "($self, /)")]
    fn copy(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Hasher>> {
        let state = this.state.borrow().box_clone();
        make(vm, this.name, this.block_size, state, None)
    }

    #[getter(name)]
    fn get_name(this: &Ref<Self>) -> &'static str {
        this.name
    }

    #[getter(digest_size)]
    fn digest_size(this: &Ref<Self>) -> i64 {
        this.state.borrow().output_size() as i64
    }

    #[getter(block_size)]
    fn get_block_size(this: &Ref<Self>) -> i64 {
        this.block_size
    }
}

impl Hasher {
    fn finish(&self) -> Box<[u8]> {
        let state = self.state.borrow().box_clone();
        state.finalize()
    }
}

/// Functions of `_md5`.
#[pyfunctions(FUNCTIONS)]
pub mod md5_functions {
    use super::*;

    /// Return a new MD5 hash object; optionally initialized with a string.
    #[pyfunction(sig = "($module, data=b'', *, usedforsecurity=True, string=None)")]
    fn md5(
        vm: &Vm,
        data: Option<&Value>,
        usedforsecurity: Option<&Value>,
        string: Option<&Value>,
    ) -> PyResult<Ref<Hasher>> {
        let _ = usedforsecurity;
        make(
            vm,
            "md5",
            64,
            Box::new(md5::Md5::default()),
            data.or(string.filter(|s| !vm.is_none(s))),
        )
    }
}

/// Functions of `_sha1`.
#[pyfunctions(FUNCTIONS)]
pub mod sha1_functions {
    use super::*;

    /// Return a new SHA1 hash object; optionally initialized with a string.
    #[pyfunction(sig = "($module, data=b'', *, usedforsecurity=True, string=None)")]
    fn sha1(
        vm: &Vm,
        data: Option<&Value>,
        usedforsecurity: Option<&Value>,
        string: Option<&Value>,
    ) -> PyResult<Ref<Hasher>> {
        let _ = usedforsecurity;
        make(
            vm,
            "sha1",
            64,
            Box::new(sha1::Sha1::default()),
            data.or(string.filter(|s| !vm.is_none(s))),
        )
    }
}

/// Functions of `_sha2`.
#[pyfunctions(FUNCTIONS)]
pub mod sha2_functions {
    use super::*;

    /// Return a new SHA-224 hash object; optionally initialized with a string.
    #[pyfunction(sig = "($module, data=b'', *, usedforsecurity=True, string=None)")]
    fn sha224(
        vm: &Vm,
        data: Option<&Value>,
        usedforsecurity: Option<&Value>,
        string: Option<&Value>,
    ) -> PyResult<Ref<Hasher>> {
        let _ = usedforsecurity;
        make(
            vm,
            "sha224",
            64,
            Box::new(sha2::Sha224::default()),
            data.or(string.filter(|s| !vm.is_none(s))),
        )
    }

    /// Return a new SHA-256 hash object; optionally initialized with a string.
    #[pyfunction(sig = "($module, data=b'', *, usedforsecurity=True, string=None)")]
    fn sha256(
        vm: &Vm,
        data: Option<&Value>,
        usedforsecurity: Option<&Value>,
        string: Option<&Value>,
    ) -> PyResult<Ref<Hasher>> {
        let _ = usedforsecurity;
        make(
            vm,
            "sha256",
            64,
            Box::new(sha2::Sha256::default()),
            data.or(string.filter(|s| !vm.is_none(s))),
        )
    }

    /// Return a new SHA-384 hash object; optionally initialized with a string.
    #[pyfunction(sig = "($module, data=b'', *, usedforsecurity=True, string=None)")]
    fn sha384(
        vm: &Vm,
        data: Option<&Value>,
        usedforsecurity: Option<&Value>,
        string: Option<&Value>,
    ) -> PyResult<Ref<Hasher>> {
        let _ = usedforsecurity;
        make(
            vm,
            "sha384",
            128,
            Box::new(sha2::Sha384::default()),
            data.or(string.filter(|s| !vm.is_none(s))),
        )
    }

    /// Return a new SHA-512 hash object; optionally initialized with a string.
    #[pyfunction(sig = "($module, data=b'', *, usedforsecurity=True, string=None)")]
    fn sha512(
        vm: &Vm,
        data: Option<&Value>,
        usedforsecurity: Option<&Value>,
        string: Option<&Value>,
    ) -> PyResult<Ref<Hasher>> {
        let _ = usedforsecurity;
        make(
            vm,
            "sha512",
            128,
            Box::new(sha2::Sha512::default()),
            data.or(string.filter(|s| !vm.is_none(s))),
        )
    }
}

macro_rules! module {
    ($spec:ident, $name:literal, $functions:path) => {
        static $spec: ModuleSpec = ModuleSpec {
            name: $name,
            doc: None,
            functions: &[$functions],
            types: &[],
            exec: None,
        };
    };
}

module!(MD5, "_md5", md5_functions::FUNCTIONS);
module!(SHA1, "_sha1", sha1_functions::FUNCTIONS);
module!(SHA2, "_sha2", sha2_functions::FUNCTIONS);
