//! The arena in which the nodes of a tree live.

use bumpalo::Bump;
use taipan_wtf8::Wtf8;

/// Memory for one tree (or several), freed all at once. Only `Copy` things go in, so nothing is left undropped.
#[derive(Debug, Default)]
pub struct Arena {
    bump: Bump,
}

impl Arena {
    /// An arena that holds nothing and has allocated nothing.
    pub fn new() -> Arena {
        Arena { bump: Bump::new() }
    }

    /// Moves a value in.
    pub fn alloc<T: Copy>(&self, value: T) -> &T {
        self.bump.alloc(value)
    }

    /// Copies a slice in.
    pub fn alloc_slice<T: Copy>(&self, items: &[T]) -> &[T] {
        if items.is_empty() {
            &[]
        } else {
            self.bump.alloc_slice_copy(items)
        }
    }

    /// Copies a string in.
    pub fn alloc_str(&self, text: &str) -> &str {
        self.bump.alloc_str(text)
    }

    /// Copies bytes in.
    pub fn alloc_bytes(&self, bytes: &[u8]) -> &[u8] {
        self.alloc_slice(bytes)
    }

    /// Copies text in.
    pub fn alloc_wtf8(&self, text: &Wtf8) -> &Wtf8 {
        Wtf8::trusted(self.alloc_slice(text.as_bytes()))
    }

    /// The bytes allocated from the system so far.
    pub fn allocated_bytes(&self) -> usize {
        self.bump.allocated_bytes()
    }
}
