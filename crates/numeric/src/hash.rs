//! Python's hash rules over plain numbers and bytes. All results are what `hash()` returns on a 64-bit machine; -1
//! never is one.

/// The modulus of numeric hashes: 2**61 - 1.
pub const MODULUS: u64 = (1 << BITS) - 1;
const BITS: u32 = 61;
/// `hash(float('inf'))`.
pub const INFINITY: i64 = 314_159;
/// The factor of a complex number's imaginary part.
pub const IMAGINARY: u64 = 1_000_003;

/// -1 is how errors are told; a hash of -1 becomes -2.
#[inline]
pub const fn avoid_error(hash: i64) -> i64 {
    if hash == -1 { -2 } else { hash }
}

fn signed(size: u64, negative: bool) -> i64 {
    // Below 2**61, so the cast keeps the value.
    avoid_error(if negative {
        -(size as i64)
    } else {
        size as i64
    })
}

/// Hash of an integer that fits 64 bits.
#[inline]
pub fn int(value: i64) -> i64 {
    signed(value.unsigned_abs() % MODULUS, value < 0)
}

/// Hash of an integer given by its sign and the limbs of its size, least significant first. Limbs are what the bigint
/// crate has on the platform: `u64`, or `u32` on wasm32.
pub fn int_limbs<L: Copy + Into<u64>>(negative: bool, limbs: &[L]) -> i64 {
    // 2**64 is 8 modulo 2**61 - 1, so a limb more is three bits of rotation.
    let reduce = |hash: u64, &limb: &L| {
        let joined = u128::from(hash) << (8 * size_of::<L>()) | u128::from(limb.into());
        (joined % u128::from(MODULUS)) as u64
    };
    signed(limbs.iter().rev().fold(0, reduce), negative)
}

/// Hash of a float; `None` for NaN, which hashes by identity.
pub fn float(value: f64) -> Option<i64> {
    if value.is_nan() {
        return None;
    }
    if value.is_infinite() {
        return Some(if value > 0.0 { INFINITY } else { -INFINITY });
    }
    if value == 0.0 {
        return Some(0);
    }
    let bits = value.to_bits();
    let biased = ((bits >> 52) & 0x7FF) as i32;
    let fraction = bits & ((1 << 52) - 1);
    let (mantissa, exponent) = if biased == 0 {
        (fraction, -1074)
    } else {
        (fraction | 1 << 52, biased - 1075)
    };
    // mantissa * 2**exponent modulo 2**61 - 1, where 2**61 is 1: a rotation of 61 bits.
    let turn = exponent.rem_euclid(BITS as i32) as u32;
    let rotated = (mantissa << turn & MODULUS) | mantissa >> (BITS - turn);
    Some(signed(rotated % MODULUS, value < 0.0))
}

/// Hash of a complex number from the hashes of its parts (of which a NaN's is that of the object).
pub fn complex(real: i64, imag: i64) -> i64 {
    avoid_error((real as u64).wrapping_add(IMAGINARY.wrapping_mul(imag as u64)) as i64)
}

/// Hash of an address, for objects that hash by identity.
#[inline]
pub fn pointer(address: usize) -> i64 {
    // The lowest bits are always zero; they go to the top.
    avoid_error((address as u64).rotate_right(4) as i64)
}

/// The secret that the hashes of `str` and `bytes` are keyed with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Key(pub u64, pub u64);

impl Key {
    /// The key for a seed, as `PYTHONHASHSEED` gives it; 0 means no randomness.
    pub fn from_seed(seed: u32) -> Self {
        if seed == 0 {
            return Self(0, 0);
        }
        let mut state = seed;
        let mut word = || {
            (0..8).fold(0u64, |word, i| {
                state = state.wrapping_mul(214_013).wrapping_add(2_531_011);
                word | u64::from(state >> 16 & 0xFF) << (8 * i)
            })
        };
        let first = word();
        Self(first, word())
    }
}

#[inline]
fn sip_round(v: &mut [u64; 4]) {
    v[0] = v[0].wrapping_add(v[1]);
    v[2] = v[2].wrapping_add(v[3]);
    v[1] = v[1].rotate_left(13) ^ v[0];
    v[3] = v[3].rotate_left(16) ^ v[2];
    v[0] = v[0].rotate_left(32);
    v[2] = v[2].wrapping_add(v[1]);
    v[0] = v[0].wrapping_add(v[3]);
    v[1] = v[1].rotate_left(17) ^ v[2];
    v[3] = v[3].rotate_left(21) ^ v[0];
    v[2] = v[2].rotate_left(32);
}

/// SipHash-1-3 as an unsigned number.
pub fn siphash13(key: Key, bytes: &[u8]) -> u64 {
    let mut v = [
        key.0 ^ 0x736f_6d65_7073_6575,
        key.1 ^ 0x646f_7261_6e64_6f6d,
        key.0 ^ 0x6c79_6765_6e65_7261,
        key.1 ^ 0x7465_6462_7974_6573,
    ];
    let mix = |v: &mut [u64; 4], word: u64| {
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    };
    let (words, tail) = bytes.as_chunks::<8>();
    for word in words {
        mix(&mut v, u64::from_le_bytes(*word));
    }
    let last = tail
        .iter()
        .enumerate()
        .fold((bytes.len() as u64) << 56, |w, (i, &b)| {
            w | u64::from(b) << (8 * i)
        });
    mix(&mut v, last);
    v[2] ^= 0xFF;
    for _ in 0..3 {
        sip_round(&mut v);
    }
    v[0] ^ v[1] ^ v[2] ^ v[3]
}

/// Hash of `bytes`, or of a `str` by the memory of its smallest form.
#[inline]
pub fn bytes(key: Key, bytes: &[u8]) -> i64 {
    if bytes.is_empty() {
        0
    } else {
        avoid_error(siphash13(key, bytes) as i64)
    }
}

const XX_1: u64 = 11_400_714_785_074_694_791;
const XX_2: u64 = 14_029_467_366_897_019_727;
const XX_5: u64 = 2_870_177_450_012_600_261;

/// Combines the hashes of a tuple's items, one at a time, since hashing an item may run Python code.
#[derive(Clone, Copy, Debug)]
pub struct TupleHash {
    acc: u64,
    len: u64,
}

impl Default for TupleHash {
    fn default() -> Self {
        Self { acc: XX_5, len: 0 }
    }
}

impl TupleHash {
    /// Adds the hash of the next item.
    #[inline]
    pub fn add(&mut self, hash: i64) {
        self.acc = self
            .acc
            .wrapping_add((hash as u64).wrapping_mul(XX_2))
            .rotate_left(31)
            .wrapping_mul(XX_1);
        self.len += 1;
    }

    /// The hash of a slice, whose three parts were added: a tuple's without the length.
    pub fn finish_without_length(self) -> i64 {
        if self.acc == u64::MAX {
            1_546_275_796
        } else {
            self.acc as i64
        }
    }

    /// The hash of the tuple.
    #[inline]
    pub fn finish(self) -> i64 {
        let acc = self.acc.wrapping_add(self.len ^ (XX_5 ^ 3_527_539));
        if acc == u64::MAX {
            1_546_275_796
        } else {
            acc as i64
        }
    }
}

/// Hash of a tuple from those of its items.
pub fn tuple(hashes: impl IntoIterator<Item = i64>) -> i64 {
    let mut state = TupleHash::default();
    hashes.into_iter().for_each(|h| state.add(h));
    state.finish()
}

/// Hash of a frozenset from those of its items, in any order.
pub fn frozenset(hashes: impl IntoIterator<Item = i64>) -> i64 {
    let (mut all, mut len) = (0u64, 0u64);
    for h in hashes {
        let h = h as u64;
        all ^= ((h ^ 89_869_747) ^ (h << 16)).wrapping_mul(3_644_798_167);
        len += 1;
    }
    all ^= len.wrapping_add(1).wrapping_mul(1_927_868_237);
    all ^= (all >> 11) ^ (all >> 25);
    all = all.wrapping_mul(69_069).wrapping_add(907_133_923);
    if all == u64::MAX {
        590_923_713
    } else {
        all as i64
    }
}
