//! Module `_sha3`: the sponge Keccak-f[1600] (FIPS 202) and its classes.

use std::cell::RefCell;

use taipan_macros::pymethods;
use taipan_object::{
    Args, Module, ModuleSpec, Params, Payload, PyResult, Ref, TypeObject, TypeSpec, Value, Vm,
    bind, payload,
};

use crate::{bytes_of, data_or_string, hex};

/// `_sha3`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_sha3",
    doc: None,
    functions: &[],
    types: &[
        &SHA3_224, &SHA3_256, &SHA3_384, &SHA3_512, &SHAKE_128, &SHAKE_256,
    ],
    exec: Some(exec),
};

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    let Some(dict) = module.dict.get() else {
        return Ok(());
    };
    dict.set_named(vm, "implementation", vm.new_str("HACL")?.into_value())?;
    dict.set_named(vm, "_GIL_MINSIZE", Value::from_i32(2048))
}

const ROUNDS: [u64; 24] = [
    0x0000_0000_0000_0001,
    0x0000_0000_0000_8082,
    0x8000_0000_0000_808a,
    0x8000_0000_8000_8000,
    0x0000_0000_0000_808b,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8009,
    0x0000_0000_0000_008a,
    0x0000_0000_0000_0088,
    0x0000_0000_8000_8009,
    0x0000_0000_8000_000a,
    0x0000_0000_8000_808b,
    0x8000_0000_0000_008b,
    0x8000_0000_0000_8089,
    0x8000_0000_0000_8003,
    0x8000_0000_0000_8002,
    0x8000_0000_0000_0080,
    0x0000_0000_0000_800a,
    0x8000_0000_8000_000a,
    0x8000_0000_8000_8081,
    0x8000_0000_0000_8080,
    0x0000_0000_8000_0001,
    0x8000_0000_8000_8008,
];
const ROTATIONS: [u32; 24] = [
    1, 3, 6, 10, 15, 21, 28, 36, 45, 55, 2, 14, 27, 41, 56, 8, 25, 43, 62, 18, 39, 61, 20, 44,
];
const LANES: [usize; 24] = [
    10, 7, 11, 17, 18, 3, 5, 16, 8, 21, 24, 4, 15, 23, 19, 13, 12, 2, 20, 14, 22, 9, 6, 1,
];

fn keccak(a: &mut [u64; 25]) {
    for constant in ROUNDS {
        let mut c = [0u64; 5];
        for (x, c) in c.iter_mut().enumerate() {
            *c = a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20];
        }
        for x in 0..5 {
            let d = c[(x + 4) % 5] ^ c[(x + 1) % 5].rotate_left(1);
            for y in 0..5 {
                a[x + 5 * y] ^= d;
            }
        }
        let mut moved = a[1];
        for (lane, rotation) in LANES.iter().zip(ROTATIONS) {
            moved = std::mem::replace(&mut a[*lane], moved.rotate_left(rotation));
        }
        for row in a.chunks_exact_mut(5) {
            let old = [row[0], row[1], row[2], row[3], row[4]];
            for x in 0..5 {
                row[x] = old[x] ^ (!old[(x + 1) % 5] & old[(x + 2) % 5]);
            }
        }
        a[0] ^= constant;
    }
}

/// The sponge.
#[derive(Clone)]
struct Sponge {
    lanes: [u64; 25],
    rate: usize,
    at: usize,
}

impl Sponge {
    fn flip(&mut self, at: usize, byte: u8) {
        self.lanes[at / 8] ^= u64::from(byte) << (at % 8 * 8);
    }

    fn absorb(&mut self, data: &[u8]) {
        for byte in data {
            self.flip(self.at, *byte);
            self.at += 1;
            if self.at == self.rate {
                keccak(&mut self.lanes);
                self.at = 0;
            }
        }
    }

    fn squeeze(&self, suffix: u8, n: usize) -> Vec<u8> {
        let mut s = self.clone();
        s.flip(s.at, suffix);
        s.flip(s.rate - 1, 0x80);
        let mut out = Vec::with_capacity(n);
        while out.len() < n {
            keccak(&mut s.lanes);
            let bytes = s.lanes.iter().flat_map(|lane| lane.to_le_bytes());
            out.extend(bytes.take(s.rate).take(n - out.len()));
        }
        out
    }
}

/// What distinguishes the classes.
struct Kind {
    name: &'static str,
    /// Bytes of the digest; 0 for those of any length.
    digest: usize,
    /// Bytes of a block.
    rate: usize,
    suffix: u8,
}

static KINDS: [Kind; 6] = [
    Kind {
        name: "sha3_224",
        digest: 28,
        rate: 144,
        suffix: 6,
    },
    Kind {
        name: "sha3_256",
        digest: 32,
        rate: 136,
        suffix: 6,
    },
    Kind {
        name: "sha3_384",
        digest: 48,
        rate: 104,
        suffix: 6,
    },
    Kind {
        name: "sha3_512",
        digest: 64,
        rate: 72,
        suffix: 6,
    },
    Kind {
        name: "shake_128",
        digest: 0,
        rate: 168,
        suffix: 0x1f,
    },
    Kind {
        name: "shake_256",
        digest: 0,
        rate: 136,
        suffix: 0x1f,
    },
];

/// The payload of all classes.
pub struct Sha3 {
    kind: &'static Kind,
    sponge: RefCell<Sponge>,
}

payload!(Sha3, leaf);

macro_rules! class {
    ($spec:ident, $name:literal, $doc:expr, $digest:path) => {
        static $spec: TypeSpec = TypeSpec {
            doc: Some($doc),
            parts: &[&SHA3_METHODS, &$digest],
            ..TypeSpec::new($name, "_sha3", <Sha3 as Payload>::layout)
        };
    };
}

macro_rules! sha3 {
    ($spec:ident, $name:literal, $n:literal) => {
        class!(
            $spec,
            $name,
            concat!(
                $name,
                "([data], *, usedforsecurity=True) -> SHA3 object\n\nReturn a new SHA3 hash object with a hashbit length of ",
                $n,
                " bytes."
            ),
            FIXED
        );
    };
}

sha3!(SHA3_224, "sha3_224", "28");
sha3!(SHA3_256, "sha3_256", "32");
sha3!(SHA3_384, "sha3_384", "48");
sha3!(SHA3_512, "sha3_512", "64");
class!(
    SHAKE_128,
    "shake_128",
    "shake_128([data], *, usedforsecurity=True) -> SHAKE object\n\nReturn a new SHAKE hash object.",
    VARIABLE
);
class!(
    SHAKE_256,
    "shake_256",
    "shake_256([data], *, usedforsecurity=True) -> SHAKE object\n\nReturn a new SHAKE hash object.",
    VARIABLE
);

static PARAMS: Params = Params {
    names: &["data", "usedforsecurity", "string"],
    positional_only: 0,
    positional: 1,
    required: 0,
    required_keyword: 0,
};

#[pymethods(SHA3_METHODS)]
impl Sha3 {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
        let name = cls.name.get();
        let Some(kind) = KINDS.iter().find(|k| name.eq_str(k.name)) else {
            return Err(vm.type_error("not a class of SHA3"));
        };
        let mut buffer = bind::Buffer::new();
        let given = bind::bind(vm, kind.name, &PARAMS, args, &mut buffer)?;
        let at = |i: usize| given.get(i).copied().flatten();
        if let Some(v) = at(1) {
            vm.is_true(v)?;
        }
        let data = data_or_string(vm, at(0), at(2))?;
        let mut sponge = Sponge {
            lanes: [0; 25],
            rate: kind.rate,
            at: 0,
        };
        if let Some(data) = data {
            sponge.absorb(&bytes_of(vm, data)?);
        }
        let sponge = RefCell::new(sponge);
        Ok(vm.new_object(cls, Sha3 { kind, sponge })?.into_value())
    }

    /// Return a copy of the hash object.
    #[pymethod(sig = "($self, /)")]
    fn copy(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Sha3>> {
        let sponge = RefCell::new(this.sponge.borrow().clone());
        let kind = this.kind;
        vm.new_object(&vm.type_of(this.as_value()).to_ref(), Sha3 { kind, sponge })
    }

    /// Update this hash object's state with the provided bytes-like object.
    #[pymethod(sig = "($self, data, /)")]
    fn update(&self, vm: &Vm, data: &Value) -> PyResult<()> {
        let data = bytes_of(vm, data)?;
        self.sponge.borrow_mut().absorb(&data);
        Ok(())
    }

    #[getter]
    fn name(&self) -> &'static str {
        self.kind.name
    }

    #[getter]
    fn block_size(&self) -> usize {
        self.kind.rate
    }

    #[getter]
    fn digest_size(&self) -> usize {
        self.kind.digest
    }

    #[getter(_capacity_bits)]
    fn capacity_bits(&self) -> usize {
        1600 - self.kind.rate * 8
    }

    #[getter(_rate_bits)]
    fn rate_bits(&self) -> usize {
        self.kind.rate * 8
    }

    #[getter(_suffix)]
    fn suffix(vm: &Vm, this: &Ref<Self>) -> PyResult {
        Ok(vm.new_bytes(&[this.kind.suffix])?.into_value())
    }
}

impl Sha3 {
    fn squeeze(&self, n: usize) -> Vec<u8> {
        self.sponge.borrow().squeeze(self.kind.suffix, n)
    }
}

#[pymethods(FIXED)]
impl Sha3 {
    /// Return the digest value as a bytes object.
    #[pymethod(sig = "($self, /)")]
    fn digest(&self, vm: &Vm) -> PyResult {
        Ok(vm.new_bytes(&self.squeeze(self.kind.digest))?.into_value())
    }

    /// Return the digest value as a string of hexadecimal digits.
    #[pymethod(sig = "($self, /)")]
    fn hexdigest(&self) -> String {
        hex(&self.squeeze(self.kind.digest))
    }
}

/// SHAKE gives digests up to this length.
const MAX_LENGTH: u64 = 1 << 29;

fn length_of(vm: &Vm, length: u64) -> PyResult<usize> {
    if length >= MAX_LENGTH {
        return Err(vm.value_error("length is too large"));
    }
    Ok(length as usize)
}

#[pymethods(VARIABLE)]
impl Sha3 {
    /// Return the digest value as a bytes object.
    #[pymethod(name = "digest", sig = "($self, /, length)")]
    fn shake_digest(&self, vm: &Vm, length: u64) -> PyResult {
        let digest = self.squeeze(length_of(vm, length)?);
        Ok(vm.new_bytes(&digest)?.into_value())
    }

    /// Return the digest value as a string of hexadecimal digits.
    #[pymethod(name = "hexdigest", sig = "($self, /, length)")]
    fn shake_hexdigest(&self, vm: &Vm, length: u64) -> PyResult<String> {
        Ok(hex(&self.squeeze(length_of(vm, length)?)))
    }
}
