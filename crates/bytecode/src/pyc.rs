//! `.pyc` files: the header before the marshalled code, as `importlib` reads and writes it (PEP 552).

/// The number that changes with the bytecode.
pub const MAGIC_NUMBER: u16 = 3627;

/// The first four bytes of a `.pyc` of this version: `importlib.util.MAGIC_NUMBER`.
pub const MAGIC: [u8; 4] = [MAGIC_NUMBER as u8, (MAGIC_NUMBER >> 8) as u8, b'\r', b'\n'];

/// The length of a header.
pub const HEADER_SIZE: usize = 16;

/// What a `.pyc` is checked against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Validation {
    /// The source's time of modification and its size, both modulo 2**32.
    Timestamp {
        /// Seconds since 1970.
        mtime: u32,
        /// In bytes.
        size: u32,
    },
    /// The source's hash.
    Hash {
        /// What [`source_hash`] gives.
        hash: [u8; 8],
        /// Whether the source is to be read and hashed at every import.
        check_source: bool,
    },
}

/// Why a header is not fit: ImportError for the first, EOFError for the second.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderError {
    /// Another magic number, these bytes.
    BadMagic(Vec<u8>),
    /// Fewer than 16 bytes.
    TooShort,
    /// Flags that nobody knows; ImportError.
    InvalidFlags(u32),
}

/// Reads the header of `data`; the code follows after [`HEADER_SIZE`] bytes.
pub fn read_header(data: &[u8]) -> Result<Validation, HeaderError> {
    if !data.starts_with(&MAGIC) {
        return Err(HeaderError::BadMagic(
            data.iter().take(4).copied().collect(),
        ));
    }
    let header: [u8; HEADER_SIZE] = data
        .get(..HEADER_SIZE)
        .and_then(|header| header.try_into().ok())
        .ok_or(HeaderError::TooShort)?;
    let word = |at: usize| {
        u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
    };
    let flags = word(4);
    if flags & !0b11 != 0 {
        return Err(HeaderError::InvalidFlags(flags));
    }
    if flags & 1 == 0 {
        return Ok(Validation::Timestamp {
            mtime: word(8),
            size: word(12),
        });
    }
    let mut hash = [0; 8];
    hash.copy_from_slice(&header[8..]);
    Ok(Validation::Hash {
        hash,
        check_source: flags & 2 != 0,
    })
}

/// The header of a `.pyc`.
pub fn header(validation: &Validation) -> [u8; HEADER_SIZE] {
    let mut out = [0; HEADER_SIZE];
    out[..4].copy_from_slice(&MAGIC);
    match validation {
        Validation::Timestamp { mtime, size } => {
            out[8..12].copy_from_slice(&mtime.to_le_bytes());
            out[12..].copy_from_slice(&size.to_le_bytes());
        }
        Validation::Hash { hash, check_source } => {
            out[4] = 1 | u8::from(*check_source) << 1;
            out[8..].copy_from_slice(hash);
        }
    }
    out
}

/// `_imp.source_hash(key, source)`; `importlib` takes the magic bytes for the key.
pub fn source_hash(key: u64, source: &[u8]) -> [u8; 8] {
    siphash13(key, 0, source).to_le_bytes()
}

/// The hash of a source file, as [`Validation::Hash`] holds it.
pub fn hash_of_source(source: &[u8]) -> [u8; 8] {
    source_hash(u64::from(u32::from_le_bytes(MAGIC)), source)
}

/// SipHash with one round for each word and three at the end.
pub fn siphash13(k0: u64, k1: u64, data: &[u8]) -> u64 {
    let mut v = [
        k0 ^ 0x736f_6d65_7073_6575,
        k1 ^ 0x646f_7261_6e64_6f6d,
        k0 ^ 0x6c79_6765_6e65_7261,
        k1 ^ 0x7465_6462_7974_6573,
    ];
    let words = data.chunks_exact(8);
    let mut last = (data.len() as u64) << 56;
    for (i, byte) in words.remainder().iter().enumerate() {
        last |= u64::from(*byte) << (8 * i);
    }
    let word = |bytes: &[u8]| {
        bytes
            .iter()
            .rev()
            .fold(0, |word, byte| word << 8 | u64::from(*byte))
    };
    for word in words.map(word).chain([last]) {
        v[3] ^= word;
        round(&mut v);
        v[0] ^= word;
    }
    v[2] ^= 0xFF;
    for _ in 0..3 {
        round(&mut v);
    }
    v[0] ^ v[1] ^ v[2] ^ v[3]
}

fn round(v: &mut [u64; 4]) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn source_hashes_are_those_of_importlib() {
        assert_eq!(hash_of_source(b""), [97, 245, 183, 203, 101, 58, 106, 164]);
        assert_eq!(
            hash_of_source(b"12345678"),
            [13, 213, 123, 213, 32, 198, 107, 153]
        );
        let long = b"hello world, this is long";
        assert_eq!(hash_of_source(long), [240, 152, 74, 31, 229, 174, 19, 46]);
    }

    #[test]
    fn headers_are_read_as_written() {
        let hash = hash_of_source(b"pass");
        for validation in [
            Validation::Timestamp {
                mtime: 1,
                size: u32::MAX,
            },
            Validation::Hash {
                hash,
                check_source: true,
            },
            Validation::Hash {
                hash,
                check_source: false,
            },
        ] {
            assert_eq!(read_header(&header(&validation)), Ok(validation));
        }
        assert_eq!(read_header(&MAGIC), Err(HeaderError::TooShort));
        assert_eq!(
            read_header(b"\x2b\x0e"),
            Err(HeaderError::BadMagic(vec![0x2b, 0x0e]))
        );
    }
}
