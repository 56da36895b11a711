//! What the host of a WebAssembly module does: three functions that the module imports as `taipan`.

use crate::Fd;

#[cfg(target_family = "wasm")]
mod imports {
    #[link(wasm_import_module = "taipan")]
    unsafe extern "C" {
        /// Takes what is written to the standard output or the standard error stream.
        pub fn output(fd: i32, data: *const u8, length: usize);
        /// Gives bytes of the standard input; 0 at its end. It may leave the program for good by throwing.
        pub fn input(buffer: *mut u8, length: usize) -> usize;
        /// Copies a file of the library into a buffer of exactly its size; 0 if it cannot. It may throw as well.
        pub fn library(
            name: *const u8,
            name_length: usize,
            buffer: *mut u8,
            length: usize,
        ) -> usize;
    }
}

#[cfg(not(target_family = "wasm"))]
mod imports {
    pub unsafe fn output(_: i32, _: *const u8, _: usize) {}
    pub unsafe fn input(_: *mut u8, _: usize) -> usize {
        0
    }
    pub unsafe fn library(_: *const u8, _: usize, _: *mut u8, _: usize) -> usize {
        0
    }
}

pub(super) fn output(fd: Fd, data: &[u8]) {
    // SAFETY: the data is readable for the length given.
    unsafe { imports::output(fd, data.as_ptr(), data.len()) }
}

pub(super) fn input(buffer: &mut [u8]) -> usize {
    // SAFETY: the buffer is writable for the length given.
    let n = unsafe { imports::input(buffer.as_mut_ptr(), buffer.len()) };
    n.min(buffer.len())
}

pub(super) fn read_library(name: &[u8], buffer: &mut [u8]) -> bool {
    let (at, length) = (buffer.as_mut_ptr(), buffer.len());
    // SAFETY: the name is readable and the buffer writable for the lengths given.
    unsafe { imports::library(name.as_ptr(), name.len(), at, length) != 0 }
}
