//! Streams of zlib with a safe interface. The library has zlib's own: pointers into buffers that the caller owns.

use std::ffi::CStr;
use std::ptr::NonNull;

use libz_rs_sys as z;

/// Which way a stream goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Way {
    Deflate,
    Inflate,
}

/// A stream that compresses or decompresses. Its state holds its address, so it never moves.
pub struct Stream {
    raw: Box<z::z_stream>,
    way: Way,
}

/// What a step did.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// zlib's return code.
    pub code: i32,
    /// Bytes taken from the input.
    pub consumed: usize,
    /// Bytes put into the output.
    pub produced: usize,
}

const STREAM_SIZE: i32 = size_of::<z::z_stream>() as i32;

impl Stream {
    /// A stream that compresses.
    ///
    /// # Errors
    /// zlib's code for parameters that do not fit.
    pub fn deflate(
        level: i32,
        method: i32,
        window_bits: i32,
        memory_level: i32,
        strategy: i32,
    ) -> Result<Stream, i32> {
        let mut raw = Box::<z::z_stream>::default();
        // SAFETY: `raw` is a fresh stream, the version is the library's own, and the size is that of its struct.
        let code = unsafe {
            z::deflateInit2_(
                &raw mut *raw,
                level,
                method,
                window_bits,
                memory_level,
                strategy,
                z::zlibVersion(),
                STREAM_SIZE,
            )
        };
        let way = Way::Deflate;
        (code == z::Z_OK).then_some(Stream { raw, way }).ok_or(code)
    }

    /// A stream that decompresses.
    ///
    /// # Errors
    /// As for [`Stream::deflate`].
    pub fn inflate(window_bits: i32) -> Result<Stream, i32> {
        let mut raw = Box::<z::z_stream>::default();
        // SAFETY: as in `deflate`.
        let code =
            unsafe { z::inflateInit2_(&raw mut *raw, window_bits, z::zlibVersion(), STREAM_SIZE) };
        // The library copies only streams that have an output, be it without room.
        raw.next_out = NonNull::dangling().as_ptr();
        let way = Way::Inflate;
        (code == z::Z_OK).then_some(Stream { raw, way }).ok_or(code)
    }

    /// One step from `input` into `output`.
    pub fn step(&mut self, input: &[u8], output: &mut [u8], flush: i32) -> Step {
        let given = u32::try_from(input.len()).unwrap_or(u32::MAX);
        let room = u32::try_from(output.len()).unwrap_or(u32::MAX);
        self.raw.next_in = input.as_ptr();
        self.raw.avail_in = given;
        self.raw.next_out = output.as_mut_ptr();
        self.raw.avail_out = room;
        // SAFETY: the stream was initialized for this way, and its buffers are slices that live through the call, with
        // lengths of at most theirs.
        let code = unsafe {
            match self.way {
                Way::Deflate => z::deflate(&raw mut *self.raw, flush),
                Way::Inflate => z::inflate(&raw mut *self.raw, flush),
            }
        };
        let step = Step {
            code,
            consumed: given.saturating_sub(self.raw.avail_in) as usize,
            produced: room.saturating_sub(self.raw.avail_out) as usize,
        };
        self.raw.next_in = std::ptr::null();
        self.raw.avail_in = 0;
        self.raw.next_out = NonNull::dangling().as_ptr();
        self.raw.avail_out = 0;
        step
    }

    /// Gives the stream a preset dictionary; zlib's return code.
    pub fn set_dictionary(&mut self, dictionary: &[u8]) -> i32 {
        let Ok(len) = u32::try_from(dictionary.len()) else {
            return z::Z_STREAM_ERROR;
        };
        // SAFETY: the stream was initialized for this way, and the dictionary is a slice of that length.
        unsafe {
            match self.way {
                Way::Deflate => {
                    z::deflateSetDictionary(&raw mut *self.raw, dictionary.as_ptr(), len)
                }
                Way::Inflate => {
                    z::inflateSetDictionary(&raw mut *self.raw, dictionary.as_ptr(), len)
                }
            }
        }
    }

    /// A stream in the same state.
    ///
    /// # Errors
    /// zlib's code.
    pub fn copy(&self) -> Result<Stream, i32> {
        let mut raw = Box::<z::z_stream>::default();
        // zlib takes the source by a mutable pointer; it is copied first so that nothing is written through `self`.
        let source = &raw const *self.raw;
        // SAFETY: the source was initialized for this way; the copy makes a whole stream of the destination or fails.
        let code = unsafe {
            match self.way {
                Way::Deflate => z::deflateCopy(&raw mut *raw, source.cast_mut()),
                Way::Inflate => z::inflateCopy(&raw mut *raw, source),
            }
        };
        let way = self.way;
        if code == z::Z_OK {
            return Ok(Stream { raw, way });
        }
        Err(code)
    }

    /// What the library says about its last error.
    pub fn message(&self) -> Option<String> {
        if self.raw.msg.is_null() {
            return None;
        }
        // SAFETY: the library's messages are static strings that end with NUL.
        let message = unsafe { CStr::from_ptr(self.raw.msg) };
        Some(message.to_string_lossy().into_owned())
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        // SAFETY: the stream was initialized for this way, and this is its last use.
        unsafe {
            match self.way {
                Way::Deflate => z::deflateEnd(&raw mut *self.raw),
                Way::Inflate => z::inflateEnd(&raw mut *self.raw),
            };
        }
    }
}

/// The CRC-32 of more data.
pub fn crc32(start: u32, data: &[u8]) -> u32 {
    data.chunks(1 << 30).fold(start, |crc, part| {
        // SAFETY: the slice has that many bytes.
        unsafe { z::crc32(crc.into(), part.as_ptr(), part.len() as u32) as u32 }
    })
}

/// The Adler-32 checksum of more data.
pub fn adler32(start: u32, data: &[u8]) -> u32 {
    data.chunks(1 << 30).fold(start, |sum, part| {
        // SAFETY: the slice has that many bytes.
        unsafe { z::adler32(sum.into(), part.as_ptr(), part.len() as u32) as u32 }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let data = b"a stream of a stream of a stream".repeat(100);
        let mut packed = vec![0; 4096];
        let mut deflate = Stream::deflate(6, 8, 15, 8, 0).expect("usual parameters");
        let step = deflate.step(&data, &mut packed, z::Z_FINISH);
        assert_eq!(step.code, z::Z_STREAM_END);
        let mut out = vec![0; data.len()];
        let inflate = Stream::inflate(15).expect("usual parameters");
        let mut inflate = inflate.copy().expect("a stream to copy");
        let step = inflate.step(&packed[..step.produced], &mut out, z::Z_FINISH);
        assert_eq!((step.code, step.produced), (z::Z_STREAM_END, data.len()));
        assert_eq!(out, data);
        assert!(inflate.copy().is_ok() && deflate.copy().is_ok());
        assert_eq!(crc32(0, b"123456789"), 0xcbf4_3926);
        assert_eq!(adler32(1, b"Wikipedia"), 0x11e6_0398);
    }
}
