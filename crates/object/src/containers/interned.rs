//! The interned strings of an interpreter: a table with open addressing. A place takes 12 bytes, and searching looks at
//! strings whose hashes agree alone.

use std::cell::RefCell;
use std::ptr::{NonNull, null};

use super::string::Str;
use crate::reference::{Object, Ref};

/// As many places as a start needs, so that the table does not grow on the way.
const FIRST: usize = 8192;

/// The table owns no counts: a string removes itself when it dies.
#[derive(Default)]
pub struct Interned {
    table: RefCell<Table>,
}

#[derive(Default)]
struct Table {
    /// What hashes say of the strings in these places; 0 for free ones. Their number is a power of two, at first 0.
    tags: Vec<u32>,
    strings: Vec<*const Object<Str>>,
    used: usize,
}

fn tag(hash: i64) -> u32 {
    ((hash >> 32) as u32 ^ hash as u32).max(1)
}

impl Table {
    fn mask(&self) -> usize {
        self.tags.len().wrapping_sub(1)
    }

    /// Puts a string into the first free place. There is one.
    fn place(&mut self, tag: u32, s: *const Object<Str>) {
        let mask = self.mask();
        let mut i = tag as usize & mask;
        while self.tags[i] != 0 {
            i = (i + 1) & mask;
        }
        self.tags[i] = tag;
        self.strings[i] = s;
    }

    fn grow(&mut self) {
        let places = (self.tags.len() * 2).max(FIRST);
        let tags = std::mem::replace(&mut self.tags, vec![0; places]);
        let strings = std::mem::replace(&mut self.strings, vec![null(); places]);
        for (tag, s) in tags.into_iter().zip(strings) {
            if tag != 0 {
                self.place(tag, s);
            }
        }
    }

    /// Frees a place. Strings behind it that would not be found any more move up.
    fn free(&mut self, mut hole: usize) {
        let mask = self.mask();
        let mut i = hole;
        loop {
            i = (i + 1) & mask;
            let tag = self.tags[i];
            if tag == 0 {
                break;
            }
            let from_home = i.wrapping_sub(tag as usize) & mask;
            if from_home >= i.wrapping_sub(hole) & mask {
                self.tags[hole] = tag;
                self.strings[hole] = self.strings[i];
                hole = i;
            }
        }
        self.tags[hole] = 0;
        self.strings[hole] = null();
        self.used -= 1;
    }

    /// The place of the string with this tag that `is` accepts.
    #[inline]
    fn search(&self, tag: u32, is: impl Fn(*const Object<Str>) -> bool) -> Option<usize> {
        let mask = self.mask();
        let mut i = tag as usize & mask;
        loop {
            match *self.tags.get(i)? {
                0 => return None,
                t if t == tag && is(self.strings[i]) => return Some(i),
                _ => i = (i + 1) & mask,
            }
        }
    }
}

impl Interned {
    pub(super) fn remove(&self, hash: i64, s: *const Str) {
        let mut table = self.table.borrow_mut();
        // SAFETY: entries are live; only the address is taken.
        let found = table.search(tag(hash), |p| unsafe { &raw const (*p).payload } == s);
        if let Some(place) = found {
            table.free(place);
        }
    }

    /// The string with this hash that `eq` accepts.
    #[inline]
    pub(super) fn find(&self, hash: i64, eq: impl Fn(&Str) -> bool) -> Option<Ref<Str>> {
        let table = self.table.borrow();
        // SAFETY: strings in the table are live: they remove themselves when they die.
        let place = table.search(tag(hash), |p| eq(unsafe { &(*p).payload }))?;
        // SAFETY: as above.
        Some(unsafe { &*table.strings[place] }.to_ref())
    }

    /// Adds a string that is not there.
    pub(super) fn add(&self, s: NonNull<Object<Str>>, hash: i64) {
        let mut table = self.table.borrow_mut();
        if (table.used + 1) * 4 > table.tags.len() * 3 {
            table.grow();
        }
        table.place(tag(hash), s.as_ptr());
        table.used += 1;
    }
}
