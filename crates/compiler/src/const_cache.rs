//! One object for equal constants: the table that all code units of a compilation share.
//!
//! CPython merges equal constants over a whole module, and interns names and the strings that look like names; `marshal`
//! then writes each of them once. What is merged and interned is therefore visible in a `.pyc`.

use rustc_hash::{FxHashMap, FxHashSet, FxHasher};
use std::hash::{Hash, Hasher};
use std::rc::Rc;
use taipan_bytecode::constant::{ByText, Constant, Constants, Str};
use taipan_wtf8::Wtf8;

/// A constant with a hash that is found quickly: its parts count by their identity, since they have been merged.
#[derive(Debug)]
struct ByParts {
    hash: u64,
    constant: Constant,
}

impl ByParts {
    fn new(constant: Constant) -> ByParts {
        let mut hasher = FxHasher::default();
        match &constant {
            Constant::Tuple(items) => {
                for item in &**items {
                    match item {
                        // There may be several of one value.
                        Constant::FrozenSet(items) => items.len().hash(&mut hasher),
                        _ => identity(item).hash(&mut hasher),
                    }
                }
            }
            Constant::Code(code) => {
                for bytes in [&code.code, &code.linetable] {
                    Rc::as_ptr(bytes).addr().hash(&mut hasher);
                }
                for constants in [&code.consts, &code.names, &code.localsplusnames] {
                    Rc::as_ptr(constants).addr().hash(&mut hasher);
                }
                (Rc::as_ptr(&code.name).addr(), code.firstlineno).hash(&mut hasher);
            }
            other => other.hash(&mut hasher),
        }
        ByParts {
            hash: hasher.finish(),
            constant,
        }
    }
}

impl PartialEq for ByParts {
    fn eq(&self, other: &ByParts) -> bool {
        self.hash == other.hash && self.constant == other.constant
    }
}

impl Eq for ByParts {}

impl Hash for ByParts {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

/// The constants of a compilation so far, each once. Kinds that are frequent have tables of their own, in which they are
/// looked up before anything is allocated.
#[derive(Debug, Default)]
pub struct ConstCache {
    constants: FxHashSet<ByParts>,
    /// Where the tuples and frozensets among them are: what was merged once need not be gone through again.
    merged: FxHashSet<usize>,
    /// Strings that are not interned.
    strings: FxHashSet<ByText>,
    interned: FxHashSet<ByText>,
    bytes: FxHashSet<Rc<[u8]>>,
    /// The ints of 64 bits.
    ints: FxHashMap<i64, Constant>,
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
            return found.0.clone();
        }
        let string = Str::interned(text.to_owned());
        self.interned.insert(ByText(string.clone()));
        string
    }

    /// The one string constant of this text.
    pub fn merge_text(&mut self, text: &Wtf8) -> Constant {
        if is_interned(text) {
            return Constant::Str(self.intern(text));
        }
        if let Some(found) = self.strings.get(text) {
            return Constant::Str(found.0.clone());
        }
        let string = Str::plain(text.to_owned());
        self.strings.insert(ByText(string.clone()));
        Constant::Str(string)
    }

    /// The one constant of this int.
    pub fn merge_int(&mut self, value: i64) -> Constant {
        let found = self.ints.entry(value);
        found.or_insert_with(|| Constant::int(value)).clone()
    }

    /// The one constant that equals this one, in all its parts. The depth of nested constants is bounded by that of the
    /// syntax tree they come from.
    pub fn merge(&mut self, constant: Constant) -> Constant {
        match &constant {
            Constant::Str(string) if is_interned(&string.text) => {
                Constant::Str(self.intern(&string.text))
            }
            Constant::Tuple(_) | Constant::FrozenSet(_)
                if self.merged.contains(&identity(&constant)) =>
            {
                constant
            }
            Constant::Tuple(items) => {
                let merged: Vec<Constant> =
                    items.iter().map(|item| self.merge(item.clone())).collect();
                self.merge_whole(Constant::Tuple(Rc::from(merged)))
            }
            Constant::FrozenSet(items) => {
                let merged: Vec<Constant> =
                    items.iter().map(|item| self.merge(item.clone())).collect();
                self.merge_whole(Constant::FrozenSet(Rc::from(merged)))
            }
            Constant::Slice(parts) => {
                // Only strings that exist once anyway are the same inside and outside of slices.
                let merged = parts.each_ref().map(|part| match part {
                    Constant::Str(string) if exists_once(&string.text) => {
                        Constant::Str(self.intern(&string.text))
                    }
                    other => other.clone(),
                });
                self.merge_whole(Constant::Slice(Rc::new(merged)))
            }
            _ => self.merge_whole(constant),
        }
    }

    /// The one constant that equals this one; its parts have been merged.
    fn merge_whole(&mut self, constant: Constant) -> Constant {
        match &constant {
            Constant::None
            | Constant::True
            | Constant::False
            | Constant::Ellipsis
            | Constant::StopIteration => constant,
            Constant::Str(string) => {
                if let Some(found) = self.strings.get(string.as_wtf8()) {
                    return Constant::Str(found.0.clone());
                }
                self.strings.insert(ByText(string.clone()));
                constant
            }
            Constant::Int(value) => match i64::try_from(&**value) {
                Ok(value) => self.ints.entry(value).or_insert(constant).clone(),
                Err(_) => self.merge_other(constant),
            },
            Constant::Bytes(bytes) => {
                if let Some(found) = self.bytes.get(bytes) {
                    return Constant::Bytes(found.clone());
                }
                self.bytes.insert(bytes.clone());
                constant
            }
            Constant::Tuple(_) | Constant::FrozenSet(_) => {
                let constant = self.merge_other(constant);
                self.merged.insert(identity(&constant));
                constant
            }
            _ => self.merge_other(constant),
        }
    }

    fn merge_other(&mut self, constant: Constant) -> Constant {
        let constant = ByParts::new(constant);
        if let Some(found) = self.constants.get(&constant) {
            return found.constant.clone();
        }
        let merged = constant.constant.clone();
        self.constants.insert(constant);
        merged
    }

    /// A sequence of constants as a merged tuple.
    pub fn merge_tuple(&mut self, items: Vec<Constant>) -> Constants {
        if items.is_empty() {
            return self
                .empty_tuple
                .get_or_insert_with(|| Rc::from(Vec::new()))
                .clone();
        }
        match self.merge_other(Constant::Tuple(Rc::from(items))) {
            Constant::Tuple(items) => items,
            _ => Rc::from(Vec::new()),
        }
    }

    /// Bytes as merged bytes.
    pub fn merge_bytes(&mut self, bytes: &[u8]) -> Rc<[u8]> {
        if let Some(found) = self.bytes.get(bytes) {
            return found.clone();
        }
        let bytes: Rc<[u8]> = Rc::from(bytes);
        self.bytes.insert(bytes.clone());
        bytes
    }
}

/// Whether a string constant of this text is an interned string in CPython: if it looks like a name (ASCII letters,
/// digits and underscores only), and if it is one character of Latin-1, of which each exists once.
fn is_interned(text: &Wtf8) -> bool {
    let name_character = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    let bytes = text.as_bytes();
    bytes.iter().all(name_character) || exists_once(text)
}

/// Whether a string of this text exists once in CPython: if it is empty or one character of Latin-1.
pub(crate) fn exists_once(text: &Wtf8) -> bool {
    // No such character has more than two bytes.
    if text.as_bytes().len() > 2 {
        return false;
    }
    let mut points = text.code_points();
    points.next().is_none_or(|point| point < 256) && points.next().is_none()
}

/// Constants that have been merged, by their identity, which for them says what equality would.
#[derive(Debug, Default)]
pub(crate) struct Identities {
    indices: FxHashMap<usize, u32>,
}

impl Identities {
    /// The table of these constants; of equal ones the first counts.
    pub fn of(constants: &[Constant]) -> Identities {
        let mut table = Identities::default();
        for (constant, index) in constants.iter().zip(0..) {
            table.indices.entry(identity(constant)).or_insert(index);
        }
        table
    }

    /// Makes the table empty.
    pub fn clear(&mut self) {
        self.indices.clear();
    }

    /// The index of a constant; `new` if it was not there.
    pub fn index(&mut self, constant: &Constant, new: u32) -> u32 {
        *self.indices.entry(identity(constant)).or_insert(new)
    }
}

/// Where a constant is; small numbers, which are no addresses, for those that are nowhere.
fn identity(constant: &Constant) -> usize {
    fn place<T: ?Sized>(value: &Rc<T>) -> usize {
        Rc::as_ptr(value).addr()
    }
    match constant {
        Constant::None => 0,
        Constant::True => 1,
        Constant::False => 2,
        Constant::Ellipsis => 3,
        Constant::StopIteration => 4,
        Constant::Int(value) => place(value),
        Constant::Float(value) => place(value),
        Constant::Complex(value) => place(value),
        Constant::Str(text) => place(text),
        Constant::Bytes(bytes) => place(bytes),
        Constant::Tuple(items)
        | Constant::List(items)
        | Constant::Set(items)
        | Constant::FrozenSet(items) => place(items),
        Constant::Dict(items) => place(items),
        Constant::Slice(parts) => place(parts),
        Constant::Code(code) => place(code),
    }
}
