//! The buffer protocol (PEP 3118): what exporters fill in and views read.

use crate::value::{PyResult, Value};
use crate::vm::Vm;

/// `bf_getbuffer`: exports the memory of an object.
pub type GetBufferFn = fn(&Vm, &Value, writable: bool) -> PyResult<Buffer>;

/// Access to an exporter's memory. The memory stays at its place while the export is held; exporters refuse to resize meanwhile.
pub trait Export {
    /// The bytes, for the time of the call; the closure must not run Python code.
    fn with(&self, f: &mut dyn FnMut(&[u8]));
    /// The bytes to change, for the time of the call; false when read-only.
    fn with_mut(&self, f: &mut dyn FnMut(&mut [u8])) -> bool;
    /// Shows the values that the export itself holds counts of, to the cycle collector.
    fn visit(&self, _: &mut crate::reference::Visitor<'_>) {}
}

/// An exported buffer. Dropping it ends the export.
pub struct Buffer {
    /// The exporting object.
    pub owner: Value,
    /// Access to the memory.
    pub memory: Box<dyn Export>,
    /// Where the first item starts in the memory.
    pub offset: usize,
    /// Bytes in all (`nbytes`).
    pub len: usize,
    /// Not writable.
    pub readonly: bool,
    /// Bytes of an item.
    pub itemsize: usize,
    /// `struct` format of an item.
    pub format: std::borrow::Cow<'static, str>,
    /// Items in each dimension.
    pub shape: Vec<isize>,
    /// Bytes from an item to the next in each dimension.
    pub strides: Vec<isize>,
}

impl Buffer {
    /// A one-dimensional buffer of bytes.
    pub fn simple(owner: Value, memory: Box<dyn Export>, len: usize, readonly: bool) -> Buffer {
        Buffer {
            owner,
            memory,
            offset: 0,
            len,
            readonly,
            itemsize: 1,
            format: "B".into(),
            shape: vec![len as isize],
            strides: vec![1],
        }
    }

    /// Whether items follow each other without gaps, in C order.
    pub fn is_contiguous(&self) -> bool {
        let mut expect = self.itemsize as isize;
        for (n, s) in self.shape.iter().zip(&self.strides).rev() {
            if *n > 1 && *s != expect {
                return false;
            }
            expect = expect.saturating_mul(*n);
        }
        true
    }

    /// A copy of the bytes of a contiguous buffer.
    pub fn to_vec(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.len);
        self.memory.with(&mut |m| {
            if let Some(part) = m.get(self.offset..self.offset.saturating_add(self.len)) {
                out.extend_from_slice(part);
            }
        });
        out
    }
}

impl Vm {
    /// Exports an object's buffer: TypeError "a bytes-like object is required, not 'X'" when it has none.
    pub fn get_buffer(&self, v: &Value, writable: bool) -> PyResult<Buffer> {
        match self.type_of(v).payload.slots.bf_getbuffer.get() {
            Some(f) => f(self, v, writable),
            None => Err(self.type_error(&format!(
                "a bytes-like object is required, not '{}'",
                self.type_name(v)
            ))),
        }
    }
}

impl Buffer {
    /// A copy of the bytes of all items in C order, whatever the strides.
    pub fn gather(&self) -> Vec<u8> {
        if self.is_contiguous() {
            return self.to_vec();
        }
        let mut out = Vec::with_capacity(self.len);
        self.memory
            .with(&mut |m| self.walk(m, 0, self.offset as isize, &mut out));
        out
    }

    fn walk(&self, m: &[u8], dim: usize, at: isize, out: &mut Vec<u8>) {
        match (self.shape.get(dim), self.strides.get(dim)) {
            (Some(&n), Some(&stride)) => {
                for i in 0..n {
                    self.walk(m, dim + 1, at.wrapping_add(i.wrapping_mul(stride)), out);
                }
            }
            _ => {
                let start = usize::try_from(at).unwrap_or(usize::MAX);
                match m.get(start..start.saturating_add(self.itemsize)) {
                    Some(item) => out.extend_from_slice(item),
                    None => out.resize(out.len() + self.itemsize, 0),
                }
            }
        }
    }
}

impl Vm {
    /// Whether the value exports a buffer.
    pub fn has_buffer(&self, v: &Value) -> bool {
        self.type_of(v).payload.slots.bf_getbuffer.get().is_some()
    }

    /// A copy of the bytes of a bytes-like object, which must lie without gaps.
    pub fn bytes_like(&self, v: &Value) -> PyResult<Vec<u8>> {
        let buffer = self.get_buffer(v, false)?;
        if !buffer.is_contiguous() {
            return Err(self.buffer_error("memoryview: underlying buffer is not C-contiguous"));
        }
        Ok(buffer.to_vec())
    }
}
