//! One object for equal constants: the table that all code units of a compilation share.
//!
//! CPython merges equal constants over a whole module, and interns names and the strings that look like names; `marshal`
//! then writes each of them once. What is merged and interned is therefore visible in a `.pyc`.

use std::collections::HashMap;
use std::rc::Rc;
use taipan_bytecode::constant::{Constant, Constants, Str};
use taipan_wtf8::{Wtf8, Wtf8Buf};

/// The constants of a compilation so far, each once.
#[derive(Debug, Default)]
pub struct ConstCache {
    constants: HashMap<Constant, Constant>,
    interned: HashMap<Wtf8Buf, Rc<Str>>,
    empty_tuple: Option<Constants>,
}

impl ConstCache {
    /// An empty table.
    pub fn new() -> ConstCache {
        ConstCache::default()
    }

    /// The interned string of this text: what names are.
    pub fn intern(&mut self, text: &Wtf8) -> Rc<Str> {
        if let Some(found) = self.interned.get(text) {
            return found.clone();
        }
        let string = Str::interned(text.to_owned());
        self.interned.insert(text.to_owned(), string.clone());
        string
    }

    /// The one constant that equals this one, in all its parts. The depth of nested constants is bounded by that of the
    /// syntax tree they come from.
    pub fn merge(&mut self, constant: Constant) -> Constant {
        match &constant {
            Constant::None
            | Constant::True
            | Constant::False
            | Constant::Ellipsis
            | Constant::StopIteration => constant,
            Constant::Str(string) if is_interned(&string.text) => {
                Constant::Str(self.intern(&string.text))
            }
            Constant::Tuple(items) => {
                let items = items.clone();
                if let Some(found) = self.constants.get(&constant) {
                    return found.clone();
                }
                let merged: Vec<Constant> =
                    items.iter().map(|item| self.merge(item.clone())).collect();
                self.merge_whole(Constant::Tuple(Rc::from(merged)))
            }
            Constant::FrozenSet(items) => {
                let items = items.clone();
                if let Some(found) = self.constants.get(&constant) {
                    return found.clone();
                }
                let merged: Vec<Constant> =
                    items.iter().map(|item| self.merge(item.clone())).collect();
                self.merge_whole(Constant::FrozenSet(Rc::from(merged)))
            }
            _ => self.merge_whole(constant),
        }
    }

    /// The one constant that equals this one; its parts are left alone.
    pub fn merge_whole(&mut self, constant: Constant) -> Constant {
        self.constants
            .entry(constant)
            .or_insert_with_key(Clone::clone)
            .clone()
    }

    /// A sequence of constants as a merged tuple.
    pub fn merge_tuple(&mut self, items: Vec<Constant>) -> Constants {
        if items.is_empty() {
            return self
                .empty_tuple
                .get_or_insert_with(|| Rc::from(Vec::new()))
                .clone();
        }
        match self.merge_whole(Constant::Tuple(Rc::from(items))) {
            Constant::Tuple(items) => items,
            _ => Rc::from(Vec::new()),
        }
    }

    /// Bytes as merged bytes.
    pub fn merge_bytes(&mut self, bytes: &[u8]) -> Rc<[u8]> {
        match self.merge_whole(Constant::bytes(bytes)) {
            Constant::Bytes(bytes) => bytes,
            _ => Rc::from(bytes),
        }
    }
}

/// Whether a string constant of this text is an interned string in CPython: if it looks like a name (ASCII letters,
/// digits and underscores only), and if it is one character of Latin-1, of which each exists once.
fn is_interned(text: &Wtf8) -> bool {
    let name_character = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let mut points = text.code_points();
    text.as_bytes().iter().all(name_character)
        || (points.next().is_some_and(|point| point < 256) && points.next().is_none())
}
