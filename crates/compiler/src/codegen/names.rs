//! Tables that number names in the order of their first use.

use rustc_hash::FxHashMap;

/// An insertion-ordered set of names; a name's position is its index in the code object.
#[derive(Clone, Debug, Default)]
pub(crate) struct NameTable<'a> {
    indices: FxHashMap<&'a str, u32>,
    order: Vec<&'a str>,
    /// The index of the first name: free variables are numbered after the cell variables.
    base: u32,
}

impl<'a> NameTable<'a> {
    /// Makes the first name get the index `base`; to be called while the table is empty.
    pub(crate) fn set_base(&mut self, base: usize) {
        self.base = index(base);
    }

    /// Makes the table empty, with its room.
    pub(crate) fn clear(&mut self) {
        self.indices.clear();
        self.order.clear();
        self.base = 0;
    }

    /// The index of `name`, which is added when it is new.
    pub(crate) fn add(&mut self, name: &'a str) -> u32 {
        let next = self.base.saturating_add(index(self.order.len()));
        *self.indices.entry(name).or_insert_with(|| {
            self.order.push(name);
            next
        })
    }

    /// The index of `name`, if it is there.
    pub(crate) fn get(&self, name: &str) -> Option<u32> {
        self.indices.get(name).copied()
    }

    /// How many names there are.
    pub(crate) fn len(&self) -> usize {
        self.order.len()
    }

    /// The names, first to last.
    pub(crate) fn names(&self) -> &[&'a str] {
        &self.order
    }
}

/// A count as an index; a table cannot outgrow 32 bits, since every entry comes from a byte of the source.
fn index(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
