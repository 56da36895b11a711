//! Tables of numbers: many rows of few whole numbers, kept and written as one list, row after row.

use serde::{Serialize, Serializer};
use std::marker::PhantomData;

/// What a row of a table is made of.
pub trait Row {
    /// How many numbers a row has.
    const WIDTH: usize;

    /// Appends the row's numbers, in the order of its fields.
    fn write(&self, out: &mut Vec<i32>);
}

/// Rows of numbers. In JSON it is one list, without borders between the rows.
#[derive(Debug, Clone)]
pub struct Table<R> {
    numbers: Vec<i32>,
    rows: PhantomData<R>,
}

impl<R> Default for Table<R> {
    fn default() -> Self {
        Table {
            numbers: Vec::new(),
            rows: PhantomData,
        }
    }
}

impl<R: Row> Table<R> {
    /// Appends a row.
    pub fn push(&mut self, row: &R) {
        row.write(&mut self.numbers);
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.numbers.len() / R::WIDTH
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The numbers of a row; none beyond the end.
    pub fn row(&self, index: usize) -> &[i32] {
        let start = index.saturating_mul(R::WIDTH);
        self.numbers
            .get(start..start.saturating_add(R::WIDTH))
            .unwrap_or(&[])
    }

    /// The rows one after the other.
    pub fn rows(&self) -> impl Iterator<Item = &[i32]> {
        self.numbers.chunks_exact(R::WIDTH)
    }

    /// Gives the row of this index its numbers anew.
    pub(crate) fn set(&mut self, index: usize, row: &R) {
        let mut numbers = Vec::with_capacity(R::WIDTH);
        row.write(&mut numbers);
        let start = index.saturating_mul(R::WIDTH);
        if let Some(place) = self.numbers.get_mut(start..start.saturating_add(R::WIDTH)) {
            place.copy_from_slice(&numbers);
        }
    }
}

impl<R> Serialize for Table<R> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.numbers.serialize(serializer)
    }
}

/// Structures of whole numbers that are rows of a [`Table`]. `cargo xtask gen` reads them as well, for TypeScript.
macro_rules! rows {
    ($(
        $(#[$attribute:meta])*
        pub struct $name:ident { $( $(#[$field_attribute:meta])* pub $field:ident: i32, )* }
    )*) => { $(
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub struct $name { $( $(#[$field_attribute])* pub $field: i32, )* }

        impl $crate::table::Row for $name {
            const WIDTH: usize = [$(stringify!($field)),*].len();

            fn write(&self, out: &mut Vec<i32>) {
                out.extend_from_slice(&[$(self.$field),*]);
            }
        }
    )* };
}
pub(crate) use rows;
