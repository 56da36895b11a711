//! `bytearray`.

use std::cell::{Cell, RefCell};

use taipan_object::payload;

/// The payload of `bytearray`.
#[repr(C)]
pub struct ByteArray {
    pub(crate) data: RefCell<Vec<u8>>,
    /// Views of the memory that forbid to resize it.
    pub(crate) exports: Cell<usize>,
}

payload!(ByteArray, leaf);

impl ByteArray {
    /// A payload with these bytes.
    pub fn new(data: Vec<u8>) -> ByteArray {
        ByteArray {
            data: RefCell::new(data),
            exports: Cell::new(0),
        }
    }

    /// A copy of the bytes.
    pub fn to_vec(&self) -> Vec<u8> {
        self.data.borrow().clone()
    }
}
