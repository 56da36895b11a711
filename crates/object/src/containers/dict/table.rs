//! The dict's hash table: an index of 1, 2 or 4 bytes a place, and entries in order of insertion.
//! Entries are two words (key, value) while all keys are exact strings, whose hashes the strings keep; else three (and hash).
//! Searches choose the widths once and then run a loop that is compiled for them.
//! Nothing here runs Python code; removed values are handed out, never dropped inside.

use crate::containers::string::Str;
use crate::reference::Ref;
use crate::value::Value;
use crate::vm::Vm;

const EMPTY: i32 = -1;
const DUMMY: i32 = -2;
const MIN_SIZE: usize = 8;
const PERTURB_SHIFT: u32 = 5;

/// A number of an index.
trait Width: Copy {
    fn wide(self) -> i32;
    fn narrow(v: i32) -> Self;
}

macro_rules! widths {
    ($($t:ty)*) => {$(
        impl Width for $t {
            #[inline(always)]
            fn wide(self) -> i32 {
                self.into()
            }
            #[inline(always)]
            fn narrow(v: i32) -> $t {
                v as $t
            }
        }
    )*};
}

widths! { i8 i16 i32 }

#[derive(Clone)]
enum Index {
    None,
    /// The two smallest sizes need no memory of their own.
    Least([i8; MIN_SIZE]),
    Less([i8; 2 * MIN_SIZE]),
    I8(Box<[i8]>),
    I16(Box<[i16]>),
    I32(Box<[i32]>),
}

/// Runs an expression with the index' slice at its width.
macro_rules! at_width {
    ($index:expr, $ix:ident => $body:expr, $none:expr) => {
        match $index {
            Index::None => $none,
            Index::Least($ix) => $body,
            Index::Less($ix) => $body,
            Index::I8($ix) => $body,
            Index::I16($ix) => $body,
            Index::I32($ix) => $body,
        }
    };
}

impl Index {
    fn with_size(size: usize) -> Option<Index> {
        fn filled<T: Width>(size: usize) -> Option<Box<[T]>> {
            let mut vec = Vec::new();
            vec.try_reserve_exact(size).ok()?;
            vec.resize(size, T::narrow(EMPTY));
            Some(vec.into_boxed_slice())
        }
        Some(if size == MIN_SIZE {
            Index::Least([EMPTY as i8; MIN_SIZE])
        } else if size == 2 * MIN_SIZE {
            Index::Less([EMPTY as i8; 2 * MIN_SIZE])
        } else if size <= 128 {
            Index::I8(filled(size)?)
        } else if size <= 32768 {
            Index::I16(filled(size)?)
        } else {
            Index::I32(filled(size)?)
        })
    }

    #[inline(always)]
    fn size(&self) -> usize {
        at_width!(self, ix => ix.len(), 0)
    }

    /// Bytes of a place.
    fn width(&self) -> usize {
        match self {
            Index::None => 0,
            Index::Least(_) | Index::Less(_) | Index::I8(_) => 1,
            Index::I16(_) => 2,
            Index::I32(_) => 4,
        }
    }

    /// Puts entry `n` at the first place of its hash's walk that holds none; true if the place was never used.
    fn place(&mut self, hash: i64, n: usize) -> bool {
        fn go<T: Width>(ix: &mut [T], hash: i64, n: usize) -> bool {
            let mut walk = Walk::new(hash);
            let mask = ix.len() - 1;
            loop {
                // The mask keeps the position inside; `get_mut` says so to the compiler.
                if let Some(p) = ix.get_mut(walk.at & mask)
                    && p.wide() < 0
                {
                    let fresh = p.wide() == EMPTY;
                    *p = T::narrow(n as i32);
                    return fresh;
                }
                walk.advance();
            }
        }
        at_width!(self, ix => go(ix, hash, n), false)
    }

    /// Fills an index that is empty with entries from 0 on, of which the hashes are given. There is room for them.
    fn fill(&mut self, hashes: impl Iterator<Item = i64>) {
        fn go<T: Width>(ix: &mut [T], hashes: impl Iterator<Item = i64>) {
            let mask = ix.len() - 1;
            for (n, hash) in hashes.enumerate() {
                let mut walk = Walk::new(hash);
                loop {
                    // As in `place`.
                    if let Some(p) = ix.get_mut(walk.at & mask)
                        && p.wide() == EMPTY
                    {
                        *p = T::narrow(n as i32);
                        break;
                    }
                    walk.advance();
                }
            }
        }
        at_width!(self, ix => go(ix, hashes), ());
    }

    /// Marks the place of entry `n` as one of a removed key.
    fn forget(&mut self, hash: i64, n: usize) {
        fn go<T: Width>(ix: &mut [T], hash: i64, n: usize) {
            let mut walk = Walk::new(hash);
            let mask = ix.len() - 1;
            while let Some(p) = ix.get_mut(walk.at & mask) {
                if p.wide() == EMPTY {
                    return;
                }
                if p.wide() == n as i32 {
                    *p = T::narrow(DUMMY);
                    return;
                }
                walk.advance();
            }
        }
        at_width!(self, ix => go(ix, hash, n), ());
    }
}

type StrEntry = (Option<Ref<Str>>, Option<Value>);
type Entry = (Option<Value>, Option<Value>, i64);

enum Entries {
    Str(Vec<StrEntry>),
    General(Vec<Entry>),
}

/// Where a search goes on.
pub(super) struct Walk {
    at: usize,
    perturb: u64,
}

impl Walk {
    #[inline(always)]
    fn new(hash: i64) -> Walk {
        Walk {
            at: hash as usize,
            perturb: hash as u64,
        }
    }

    #[inline(always)]
    fn advance(&mut self) {
        self.perturb >>= PERTURB_SHIFT;
        self.at = self
            .at
            .wrapping_mul(5)
            .wrapping_add(self.perturb as usize)
            .wrapping_add(1);
    }

    /// Goes on to the next entry that `found` wants; `None` at an empty place.
    #[inline(always)]
    fn search<'e, T: Width, E, R>(
        &mut self,
        ix: &[T],
        entries: &'e [E],
        mut found: impl FnMut(usize, &'e E) -> Option<R>,
    ) -> Option<R> {
        let mask = ix.len().wrapping_sub(1);
        loop {
            let n = ix.get(self.at & mask)?.wide();
            self.advance();
            if n >= 0 {
                if let Some(e) = entries.get(n as usize)
                    && let Some(r) = found(n as usize, e)
                {
                    return Some(r);
                }
            } else if n == EMPTY {
                return None;
            }
        }
    }
}

/// What a step of a search found.
pub(super) enum Probe {
    /// The key is not there.
    Absent,
    /// The very same key is at this index.
    Same(usize),
    /// A key with the same hash is at this index.
    Candidate(usize),
}

/// What a search that runs no Python code found.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Plain {
    /// The key is at this index.
    At(usize),
    /// The key is not there.
    Absent,
    /// Only Python's `==` can tell.
    Unknown,
}

pub(super) struct Table {
    index: Index,
    entries: Entries,
    used: usize,
    /// Places of the index that are not empty, dummies included: a search ends at an empty one.
    fill: usize,
}

fn text_hash(s: &Str) -> i64 {
    s.cached_hash().unwrap_or(0)
}

impl Table {
    pub(super) const fn new() -> Table {
        Table {
            index: Index::None,
            entries: Entries::Str(Vec::new()),
            used: 0,
            fill: 0,
        }
    }

    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.used
    }

    #[inline(always)]
    pub(super) fn end(&self) -> usize {
        match &self.entries {
            Entries::Str(v) => v.len(),
            Entries::General(v) => v.len(),
        }
    }

    #[inline(always)]
    pub(super) fn only_str_keys(&self) -> bool {
        matches!(self.entries, Entries::Str(_))
    }

    #[inline(always)]
    pub(super) fn key(&self, i: usize) -> Option<&Value> {
        match &self.entries {
            Entries::Str(v) => v.get(i)?.0.as_ref().map(Ref::as_value),
            Entries::General(v) => v.get(i)?.0.as_ref(),
        }
    }

    #[inline(always)]
    pub(super) fn value(&self, i: usize) -> Option<&Value> {
        match &self.entries {
            Entries::Str(v) => v.get(i)?.1.as_ref(),
            Entries::General(v) => v.get(i)?.1.as_ref(),
        }
    }

    #[inline(always)]
    pub(super) fn hash(&self, i: usize) -> i64 {
        match &self.entries {
            // Keys are exact strings whose hash was computed when they were inserted.
            Entries::Str(v) => v
                .get(i)
                .and_then(|e| e.0.as_ref())
                .map_or(0, |s| text_hash(s)),
            Entries::General(v) => v.get(i).map_or(0, |e| e.2),
        }
    }

    #[inline(always)]
    pub(super) fn probe(&self, hash: i64) -> Walk {
        Walk::new(hash)
    }

    /// Goes on to the next place that can hold the key.
    #[inline]
    pub(super) fn step(&self, walk: &mut Walk, hash: i64, key: &Value) -> Probe {
        let found = match &self.entries {
            Entries::Str(e) => at_width!(&self.index, ix => walk.search(ix, e, |i, e| {
                let k = e.0.as_ref()?;
                if k.as_value().is(key) {
                    Some(Probe::Same(i))
                } else if text_hash(k) == hash {
                    Some(Probe::Candidate(i))
                } else {
                    None
                }
            }), None),
            Entries::General(e) => at_width!(&self.index, ix => walk.search(ix, e, |i, e| {
                let k = e.0.as_ref()?;
                if k.is(key) {
                    Some(Probe::Same(i))
                } else if e.2 == hash && !(k.is_small_int() && key.is_small_int()) {
                    Some(Probe::Candidate(i))
                } else {
                    None
                }
            }), None),
        };
        found.unwrap_or(Probe::Absent)
    }

    /// Finds an exact str by text among the keys that are exact strings.
    #[inline]
    pub(super) fn find_str(&self, vm: &Vm, key: &Ref<Str>, hash: i64) -> Option<usize> {
        let mut walk = Walk::new(hash);
        match &self.entries {
            Entries::Str(e) => at_width!(&self.index, ix => walk.search(ix, e, |i, e| {
                let k = e.0.as_ref()?;
                (k.is(key) || (text_hash(k) == hash && k.same_text(key))).then_some(i)
            }), None),
            Entries::General(e) => at_width!(&self.index, ix => walk.search(ix, e, |i, e| {
                let k = e.0.as_ref()?;
                if k.is(key.as_value()) {
                    return Some(i);
                }
                let same = e.2 == hash
                    && k.is_exact_str(vm)
                    && k.downcast_ref::<Str>().is_some_and(|s| s.same_text(key));
                same.then_some(i)
            }), None),
        }
    }

    /// The value of an exact str in a table whose keys are exact strings.
    #[inline]
    pub(super) fn value_of_str(&self, key: &Ref<Str>, hash: i64) -> Option<&Value> {
        let Entries::Str(e) = &self.entries else {
            return None;
        };
        let mut walk = Walk::new(hash);
        let found = at_width!(&self.index, ix => walk.search(ix, e, |_, e| {
            let k = e.0.as_ref()?;
            (k.is(key) || (text_hash(k) == hash && k.same_text(key))).then_some(&e.1)
        }), None);
        found?.as_ref()
    }

    /// The index of a key that is no exact str, as far as identity and hashes tell; fails when another key has the same hash
    /// and may be equal.
    #[inline]
    pub(super) fn find_same(&self, key: &Value, hash: i64) -> Result<Option<usize>, ()> {
        let mut walk = Walk::new(hash);
        let found = match &self.entries {
            // Strings are no ints; other keys may say that they are equal to one.
            Entries::Str(_) if key.is_small_int() => None,
            Entries::Str(e) => at_width!(&self.index, ix => walk.search(ix, e, |_, e| {
                (text_hash(e.0.as_ref()?) == hash).then_some(Err(()))
            }), None),
            Entries::General(e) => at_width!(&self.index, ix => walk.search(ix, e, |i, e| {
                let k = e.0.as_ref()?;
                if k.is(key) {
                    Some(Ok(i))
                } else if e.2 == hash && !(k.is_small_int() && key.is_small_int()) {
                    Some(Err(()))
                } else {
                    None
                }
            }), None),
        };
        found.transpose()
    }

    /// Finds a key that is an exact string (`text`) or a small int, if that takes no Python code.
    #[inline(always)]
    pub(super) fn find_plain(&self, vm: &Vm, key: &Value, text: Option<&Str>, hash: i64) -> Plain {
        let mut walk = Walk::new(hash);
        let found = match (&self.entries, text) {
            // No string equals an int.
            (Entries::Str(_), None) => None,
            (Entries::Str(e), Some(text)) => {
                at_width!(&self.index, ix => walk.search(ix, e, |i, e| {
                    let k = e.0.as_ref()?;
                    (k.as_value().is(key) || (text_hash(k) == hash && k.same_text(text)))
                        .then_some(Plain::At(i))
                }), None)
            }
            (Entries::General(e), _) => at_width!(&self.index, ix => walk.search(ix, e, |i, e| {
                let k = e.0.as_ref()?;
                if k.is(key) {
                    return Some(Plain::At(i));
                }
                if e.2 != hash {
                    return None;
                }
                match text {
                    None if k.is_small_int() => None,
                    Some(text) if k.is_exact_str(vm) => {
                        let same = k.downcast_ref::<Str>().is_some_and(|k| k.same_text(text));
                        same.then_some(Plain::At(i))
                    }
                    _ => Some(Plain::Unknown),
                }
            }), None),
        };
        found.unwrap_or(Plain::Absent)
    }

    pub(super) fn replace_value(&mut self, i: usize, v: Value) -> Option<Value> {
        match &mut self.entries {
            Entries::Str(e) => e.get_mut(i)?.1.replace(v),
            Entries::General(e) => e.get_mut(i)?.1.replace(v),
        }
    }

    /// Adds an item whose key is known to be absent; false when memory is exhausted.
    /// `is_str`: the key is an exact string.
    pub(super) fn insert(&mut self, key: Value, hash: i64, value: Value, is_str: bool) -> bool {
        if !is_str && self.only_str_keys() && !self.generalize() {
            return false;
        }
        // At most two thirds of the places are used, gaps included.
        if self.end().max(self.fill) + 1 > self.index.size() * 2 / 3 && !self.resize() {
            return false;
        }
        let n = self.end();
        match &mut self.entries {
            Entries::Str(e) => {
                if e.len() == e.capacity() && e.try_reserve(1).is_err() {
                    return false;
                }
                match key.downcast::<Str>() {
                    Ok(k) => e.push((Some(k), Some(value))),
                    Err(_) => return false,
                }
            }
            Entries::General(e) => {
                if e.len() == e.capacity() && e.try_reserve(1).is_err() {
                    return false;
                }
                e.push((Some(key), Some(value), hash));
            }
        }
        self.fill += usize::from(self.index.place(hash, n));
        self.used += 1;
        true
    }

    /// As [`Table::insert`], for an exact string.
    #[inline]
    pub(super) fn insert_str(&mut self, key: Ref<Str>, hash: i64, value: Value) -> bool {
        if !self.only_str_keys() {
            return self.insert(key.into_value(), hash, value, true);
        }
        if self.end().max(self.fill) + 1 > self.index.size() * 2 / 3 && !self.resize() {
            return false;
        }
        let Entries::Str(e) = &mut self.entries else {
            return false;
        };
        let n = e.len();
        if n == e.capacity() && e.try_reserve(1).is_err() {
            return false;
        }
        e.push((Some(key), Some(value)));
        self.fill += usize::from(self.index.place(hash, n));
        self.used += 1;
        true
    }

    /// Makes room in an empty table for `n` exact strings, with the index that it would have had they come one by one.
    pub(super) fn reserve_str(&mut self, n: usize) -> bool {
        debug_assert!(self.end() == 0, "the index is made anew");
        let mut size = MIN_SIZE;
        while n > size * 2 / 3 {
            size *= 2;
        }
        let Entries::Str(entries) = &mut self.entries else {
            return false;
        };
        let (Some(index), Ok(())) = (
            Index::with_size(size),
            entries.try_reserve_exact(n + (size * 2 / 3 - n).min(MIN_SIZE / 2)),
        ) else {
            return false;
        };
        self.index = index;
        true
    }

    fn generalize(&mut self) -> bool {
        if let Entries::Str(e) = &mut self.entries {
            let mut general: Vec<Entry> = Vec::new();
            if general
                .try_reserve_exact(e.len() + e.len() / 2 + 1)
                .is_err()
            {
                return false;
            }
            general.extend(std::mem::take(e).into_iter().map(|(k, v)| {
                let hash = k.as_ref().map_or(0, |k| text_hash(k));
                (k.map(Ref::into_value), v, hash)
            }));
            self.entries = Entries::General(general);
        }
        true
    }

    /// Makes room: drops gaps, and grows to three times the items in use, as CPython does.
    #[inline(never)]
    fn resize(&mut self) -> bool {
        if matches!(self.index, Index::None) && self.end() == 0 {
            self.index = Index::Least([EMPTY as i8; MIN_SIZE]);
            return match &mut self.entries {
                Entries::Str(e) => e.try_reserve_exact(MIN_SIZE * 2 / 3).is_ok(),
                Entries::General(e) => e.try_reserve_exact(MIN_SIZE * 2 / 3).is_ok(),
            };
        }
        fn room<T>(e: &mut Vec<T>, usable: usize) -> bool {
            let more = usable.saturating_sub(e.len()).min(e.len().max(5));
            e.try_reserve_exact(more).is_ok()
        }
        let size = (self.used * 3).max(MIN_SIZE).next_power_of_two();
        if size > i32::MAX as usize {
            return false;
        }
        let Some(mut index) = Index::with_size(size) else {
            return false;
        };
        let usable = size * 2 / 3;
        let gaps = self.used != self.end();
        // The gaps are gone even if there was no room: the old index no longer fits.
        let ok = match &mut self.entries {
            Entries::Str(e) => {
                if gaps {
                    e.retain(|x| x.0.is_some());
                }
                index.fill(e.iter().map(|x| x.0.as_ref().map_or(0, |k| text_hash(k))));
                room(e, usable)
            }
            Entries::General(e) => {
                if gaps {
                    e.retain(|x| x.0.is_some());
                }
                index.fill(e.iter().map(|x| x.2));
                room(e, usable)
            }
        };
        self.index = index;
        self.fill = self.end();
        ok
    }

    pub(super) fn remove(&mut self, i: usize) -> Option<(Value, Value)> {
        let hash = self.hash(i);
        self.key(i)?;
        self.index.forget(hash, i);
        let (k, v) = match &mut self.entries {
            Entries::Str(e) => {
                let e = e.get_mut(i)?;
                (e.0.take().map(Ref::into_value), e.1.take())
            }
            Entries::General(e) => {
                let e = e.get_mut(i)?;
                (e.0.take(), e.1.take())
            }
        };
        self.used -= 1;
        Some((k?, v?))
    }

    /// Cuts gaps at the end, so that taking the last item again and again is not quadratic. Their index places stay dummies.
    /// Only that does it: elsewhere iterators must see that what comes after a removal is new.
    pub(super) fn trim(&mut self) {
        match &mut self.entries {
            Entries::Str(e) => {
                while e.last().is_some_and(|x| x.0.is_none()) {
                    e.pop();
                }
            }
            Entries::General(e) => {
                while e.last().is_some_and(|x| x.0.is_none()) {
                    e.pop();
                }
            }
        }
    }

    pub(super) fn copy(&self) -> Option<Table> {
        fn cloned<T: Clone>(e: &[T]) -> Option<Vec<T>> {
            let mut out = Vec::new();
            out.try_reserve_exact(e.len()).ok()?;
            out.extend_from_slice(e);
            Some(out)
        }
        if self.used == self.end() {
            // No gaps: the index serves as it is.
            return Some(Table {
                index: self.index.clone(),
                entries: match &self.entries {
                    Entries::Str(e) => Entries::Str(cloned(e)?),
                    Entries::General(e) => Entries::General(cloned(e)?),
                },
                used: self.used,
                fill: self.fill,
            });
        }
        let mut t = Table::new();
        for i in 0..self.end() {
            if let (Some(k), Some(v)) = (self.key(i), self.value(i))
                && !t.insert(k.clone(), self.hash(i), v.clone(), self.only_str_keys())
            {
                return None;
            }
        }
        Some(t)
    }

    /// Shows values and keys to the collector, but not keys that are known to own nothing.
    #[inline(always)]
    pub(super) fn visit<F: FnMut(&Value) + ?Sized>(&self, f: &mut F) {
        match &self.entries {
            Entries::Str(entries) => entries.iter().filter_map(|e| e.1.as_ref()).for_each(f),
            Entries::General(entries) => {
                for (key, value, _) in entries {
                    if let (Some(k), Some(v)) = (key, value) {
                        f(v);
                        f(k);
                    }
                }
            }
        }
    }

    /// The size that CPython's table of this kind has.
    pub(super) fn bytes(&self) -> usize {
        let size = self.index.size();
        if size == 0 {
            return 0;
        }
        let entry = if self.only_str_keys() { 16 } else { 24 };
        32 + size * self.index.width() + size * 2 / 3 * entry
    }
}
