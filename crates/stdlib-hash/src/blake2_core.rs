//! BLAKE2b and BLAKE2s (RFC 7693) with all parameters of the specification: key, salt, personalization, tree hashing.

/// The order of the message words in each round.
const SIGMA: [[usize; 16]; 10] = [
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    [14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3],
    [11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4],
    [7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8],
    [9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13],
    [2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9],
    [12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11],
    [13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10],
    [6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5],
    [10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0],
];

/// What a hash is parametrized with; lengths were checked.
#[derive(Clone, Default)]
pub struct Parameters {
    /// Bytes of the digest.
    pub digest_size: u8,
    /// Key, salt and personalization.
    pub key: Vec<u8>,
    /// See `key`.
    pub salt: Vec<u8>,
    /// See `key`.
    pub person: Vec<u8>,
    /// Tree hashing.
    pub fanout: u8,
    /// Tree hashing.
    pub depth: u8,
    /// Tree hashing.
    pub leaf_size: u32,
    /// Tree hashing.
    pub node_offset: u64,
    /// Tree hashing.
    pub node_depth: u8,
    /// Tree hashing.
    pub inner_size: u8,
    /// Tree hashing.
    pub last_node: bool,
}

macro_rules! blake2 {
    ($(#[$doc:meta])* $name:ident, $word:ty, $count:ty, rounds $rounds:literal, rotate $r:expr, iv $iv:expr, offset $offset:literal) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name {
            h: [$word; 8],
            buffer: [u8; Self::BLOCK],
            /// Bytes in the buffer. A full one waits until it is known whether more comes.
            filled: usize,
            total: $count,
            last_node: bool,
            digest_size: usize,
        }

        impl $name {
            const WORD: usize = size_of::<$word>();
            /// Bytes of a block.
            pub const BLOCK: usize = 16 * Self::WORD;
            /// Bytes of the longest digest and key.
            pub const MAX: usize = 8 * Self::WORD;
            /// Bytes of salt and personalization.
            pub const SALT: usize = 2 * Self::WORD;
            const IV: [$word; 8] = $iv;

            /// The state before any data.
            pub fn new(p: &Parameters) -> $name {
                let mut block = [0u8; 8 * Self::WORD];
                let mut head = vec![p.digest_size, p.key.len() as u8, p.fanout, p.depth];
                head.extend_from_slice(&p.leaf_size.to_le_bytes());
                head.extend_from_slice(&p.node_offset.to_le_bytes()[..$offset]);
                head.extend_from_slice(&[p.node_depth, p.inner_size]);
                for (to, from) in block.iter_mut().zip(&head) {
                    *to = *from;
                }
                for (to, from) in block[4 * Self::WORD..].iter_mut().zip(&p.salt) {
                    *to = *from;
                }
                for (to, from) in block[6 * Self::WORD..].iter_mut().zip(&p.person) {
                    *to = *from;
                }
                let mut h = Self::IV;
                for (h, bytes) in h.iter_mut().zip(block.chunks_exact(Self::WORD)) {
                    *h ^= word(bytes) as $word;
                }
                let mut new = $name {
                    h,
                    buffer: [0; Self::BLOCK],
                    filled: 0,
                    total: 0,
                    last_node: p.last_node,
                    digest_size: p.digest_size.into(),
                };
                if !p.key.is_empty() {
                    let mut block = [0u8; Self::BLOCK];
                    for (to, from) in block.iter_mut().zip(&p.key) {
                        *to = *from;
                    }
                    new.update(&block);
                }
                new
            }

            /// Takes more data.
            pub fn update(&mut self, mut data: &[u8]) {
                while !data.is_empty() {
                    if self.filled == Self::BLOCK {
                        self.total = self.total.wrapping_add(Self::BLOCK as $count);
                        let block = self.buffer;
                        self.compress(&block, false);
                        self.filled = 0;
                    }
                    let n = data.len().min(Self::BLOCK - self.filled);
                    let (now, later) = data.split_at(n);
                    self.buffer[self.filled..self.filled + n].copy_from_slice(now);
                    self.filled += n;
                    data = later;
                }
            }

            /// The digest of all data so far.
            pub fn digest(&self) -> Vec<u8> {
                let mut last = self.clone();
                last.total = last.total.wrapping_add(last.filled as $count);
                last.buffer[last.filled..].fill(0);
                let block = last.buffer;
                last.compress(&block, true);
                let mut out: Vec<u8> = last.h.iter().flat_map(|w| w.to_le_bytes()).collect();
                out.truncate(self.digest_size);
                out
            }

            /// Bytes of the digest.
            pub fn digest_size(&self) -> usize {
                self.digest_size
            }

            fn compress(&mut self, block: &[u8; Self::BLOCK], last: bool) {
                let mut m: [$word; 16] = [0; 16];
                for (m, bytes) in m.iter_mut().zip(block.chunks_exact(Self::WORD)) {
                    *m = word(bytes) as $word;
                }
                let mut v: [$word; 16] = [0; 16];
                v[..8].copy_from_slice(&self.h);
                v[8..].copy_from_slice(&Self::IV);
                v[12] ^= self.total as $word;
                v[13] ^= (self.total >> (8 * Self::WORD)) as $word;
                if last {
                    v[14] = !v[14];
                    if self.last_node {
                        v[15] = !v[15];
                    }
                }
                let mut mix = |a: usize, b: usize, c: usize, d: usize, x: $word, y: $word| {
                    const R: [u32; 4] = $r;
                    v[a] = v[a].wrapping_add(v[b]).wrapping_add(x);
                    v[d] = (v[d] ^ v[a]).rotate_right(R[0]);
                    v[c] = v[c].wrapping_add(v[d]);
                    v[b] = (v[b] ^ v[c]).rotate_right(R[1]);
                    v[a] = v[a].wrapping_add(v[b]).wrapping_add(y);
                    v[d] = (v[d] ^ v[a]).rotate_right(R[2]);
                    v[c] = v[c].wrapping_add(v[d]);
                    v[b] = (v[b] ^ v[c]).rotate_right(R[3]);
                };
                for round in 0..$rounds {
                    let s = &SIGMA[round % 10];
                    mix(0, 4, 8, 12, m[s[0]], m[s[1]]);
                    mix(1, 5, 9, 13, m[s[2]], m[s[3]]);
                    mix(2, 6, 10, 14, m[s[4]], m[s[5]]);
                    mix(3, 7, 11, 15, m[s[6]], m[s[7]]);
                    mix(0, 5, 10, 15, m[s[8]], m[s[9]]);
                    mix(1, 6, 11, 12, m[s[10]], m[s[11]]);
                    mix(2, 7, 8, 13, m[s[12]], m[s[13]]);
                    mix(3, 4, 9, 14, m[s[14]], m[s[15]]);
                }
                for (i, h) in self.h.iter_mut().enumerate() {
                    *h ^= v[i] ^ v[i + 8];
                }
            }
        }
    };
}

/// A little-endian word of up to eight bytes.
fn word(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |word, byte| word << 8 | u64::from(*byte))
}

blake2! {
    /// BLAKE2b, for machines with words of 64 bits.
    Blake2b, u64, u128, rounds 12, rotate [32, 24, 16, 63], iv [
        0x6a09_e667_f3bc_c908,
        0xbb67_ae85_84ca_a73b,
        0x3c6e_f372_fe94_f82b,
        0xa54f_f53a_5f1d_36f1,
        0x510e_527f_ade6_82d1,
        0x9b05_688c_2b3e_6c1f,
        0x1f83_d9ab_fb41_bd6b,
        0x5be0_cd19_137e_2179,
    ], offset 8
}

blake2! {
    /// BLAKE2s, for smaller machines.
    Blake2s, u32, u64, rounds 10, rotate [16, 12, 8, 7], iv [
        0x6a09_e667,
        0xbb67_ae85,
        0x3c6e_f372,
        0xa54f_f53a,
        0x510e_527f,
        0x9b05_688c,
        0x1f83_d9ab,
        0x5be0_cd19,
    ], offset 6
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }

    #[test]
    fn examples_of_the_rfc() {
        let mut p = Parameters {
            digest_size: 64,
            fanout: 1,
            depth: 1,
            ..Parameters::default()
        };
        let mut b = Blake2b::new(&p);
        b.update(b"abc");
        assert!(hex(&b.digest()).starts_with("ba80a53f981c4d0d6a2797b69f12f6e9"));
        p.digest_size = 32;
        let mut s = Blake2s::new(&p);
        s.update(b"ab");
        s.update(b"c");
        assert!(hex(&s.digest()).starts_with("508c5e8c327c14e2e1a72ba34eeb452f"));
    }
}
