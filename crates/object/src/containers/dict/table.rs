//! The dict's hash table: an index of 1, 2 or 4 bytes a place, and entries in order of insertion.
//! Entries are two words (key, value) while all keys are exact strings, whose hashes the strings keep; else three (and hash).
//! Nothing here runs Python code; removed values are handed out, never dropped inside.

use crate::containers::string::Str;
use crate::reference::{Ref, Visitor};
use crate::value::Value;
use crate::vm::Vm;

const EMPTY: i32 = -1;
const DUMMY: i32 = -2;
const MIN_SIZE: usize = 8;

enum Index {
    None,
    I8(Box<[i8]>),
    I16(Box<[i16]>),
    I32(Box<[i32]>),
}

impl Index {
    fn with_size(size: usize) -> Option<Index> {
        fn filled<T: Clone>(size: usize, v: T) -> Option<Box<[T]>> {
            let mut vec = Vec::new();
            vec.try_reserve_exact(size).ok()?;
            vec.resize(size, v);
            Some(vec.into_boxed_slice())
        }
        Some(if size <= 128 {
            Index::I8(filled(size, EMPTY as i8)?)
        } else if size <= 32768 {
            Index::I16(filled(size, EMPTY as i16)?)
        } else {
            Index::I32(filled(size, EMPTY)?)
        })
    }

    #[inline(always)]
    fn get(&self, i: usize) -> i32 {
        match self {
            Index::None => EMPTY,
            Index::I8(b) => b.get(i).map_or(EMPTY, |&x| x as i32),
            Index::I16(b) => b.get(i).map_or(EMPTY, |&x| x as i32),
            Index::I32(b) => b.get(i).map_or(EMPTY, |&x| x),
        }
    }

    #[inline(always)]
    fn set(&mut self, i: usize, v: i32) {
        match self {
            Index::None => {}
            Index::I8(b) => {
                if let Some(x) = b.get_mut(i) {
                    *x = v as i8;
                }
            }
            Index::I16(b) => {
                if let Some(x) = b.get_mut(i) {
                    *x = v as i16;
                }
            }
            Index::I32(b) => {
                if let Some(x) = b.get_mut(i) {
                    *x = v;
                }
            }
        }
    }

    #[inline(always)]
    fn size(&self) -> usize {
        match self {
            Index::None => 0,
            Index::I8(b) => b.len(),
            Index::I16(b) => b.len(),
            Index::I32(b) => b.len(),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Index::None => 0,
            Index::I8(b) => b.len(),
            Index::I16(b) => b.len() * 2,
            Index::I32(b) => b.len() * 4,
        }
    }
}

enum Entries {
    Str(Vec<(Option<Value>, Option<Value>)>),
    General(Vec<(Option<Value>, Option<Value>, i64)>),
}

/// Where a search goes on.
pub(super) struct Walk {
    at: usize,
    perturb: u64,
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

pub(super) struct Table {
    index: Index,
    entries: Entries,
    used: usize,
    /// Places of the index that are not empty, dummies included: a search ends at an empty one.
    fill: usize,
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
            Entries::Str(v) => v.get(i)?.0.as_ref(),
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
                .and_then(|k| k.downcast_ref::<Str>())
                .and_then(|s| s.cached_hash())
                .unwrap_or(0),
            Entries::General(v) => v.get(i).map_or(0, |e| e.2),
        }
    }

    #[inline(always)]
    pub(super) fn probe(&self, hash: i64) -> Walk {
        Walk {
            at: hash as usize,
            perturb: hash as u64,
        }
    }

    #[inline(always)]
    fn advance(walk: &mut Walk) {
        walk.perturb >>= 5;
        walk.at = walk
            .at
            .wrapping_mul(5)
            .wrapping_add(walk.perturb as usize)
            .wrapping_add(1);
    }

    /// Goes on to the next place that can hold the key.
    #[inline]
    pub(super) fn step(&self, walk: &mut Walk, hash: i64, key: &Value) -> Probe {
        let size = self.index.size();
        if size == 0 {
            return Probe::Absent;
        }
        loop {
            let ix = self.index.get(walk.at & (size - 1));
            Self::advance(walk);
            if ix == EMPTY {
                return Probe::Absent;
            }
            if ix >= 0 {
                let i = ix as usize;
                if let Some(k) = self.key(i) {
                    if k.is(key) {
                        return Probe::Same(i);
                    }
                    if self.hash(i) == hash {
                        return Probe::Candidate(i);
                    }
                }
            }
        }
    }

    /// Finds an exact str by text among the keys that are exact strings.
    #[inline]
    pub(super) fn find_str(&self, vm: &Vm, key: &Ref<Str>, hash: i64) -> Option<usize> {
        let mut walk = self.probe(hash);
        loop {
            match self.step(&mut walk, hash, key.as_value()) {
                Probe::Absent => return None,
                Probe::Same(i) => return Some(i),
                Probe::Candidate(i) => {
                    let k = self.key(i)?;
                    if k.is_exact_str(vm)
                        && let Some(s) = k.downcast_ref::<Str>()
                        && s.same_text(key)
                    {
                        return Some(i);
                    }
                }
            }
        }
    }

    pub(super) fn replace_value(&mut self, i: usize, v: Value) -> Option<Value> {
        match &mut self.entries {
            Entries::Str(e) => e.get_mut(i)?.1.replace(v),
            Entries::General(e) => e.get_mut(i)?.1.replace(v),
        }
    }

    /// Adds an item whose key is known to be absent; false when memory is exhausted.
    pub(super) fn insert(&mut self, key: Value, hash: i64, value: Value, is_str: bool) -> bool {
        if !is_str && self.only_str_keys() && !self.generalize() {
            return false;
        }
        let size = self.index.size();
        // At most two thirds of the places are used, gaps included.
        if self.end().max(self.fill) + 1 > size * 2 / 3 && !self.resize() {
            return false;
        }
        let n = self.end();
        let ok = match &mut self.entries {
            Entries::Str(e) => {
                (e.len() < e.capacity() || e.try_reserve(1).is_ok()) && {
                    e.push((Some(key), Some(value)));
                    true
                }
            }
            Entries::General(e) => {
                (e.len() < e.capacity() || e.try_reserve(1).is_ok()) && {
                    e.push((Some(key), Some(value), hash));
                    true
                }
            }
        };
        if ok {
            self.place(hash, n);
            self.used += 1;
        }
        ok
    }

    fn place(&mut self, hash: i64, n: usize) {
        let mask = self.index.size() - 1;
        let mut walk = self.probe(hash);
        while self.index.get(walk.at & mask) >= 0 {
            Self::advance(&mut walk);
        }
        if self.index.get(walk.at & mask) == EMPTY {
            self.fill += 1;
        }
        self.index.set(walk.at & mask, n as i32);
    }

    fn generalize(&mut self) -> bool {
        let n = self.end();
        let hashes: Vec<i64> = (0..n).map(|i| self.hash(i)).collect();
        if let Entries::Str(e) = &mut self.entries {
            let mut general = Vec::new();
            if general.try_reserve_exact(n + n / 2 + 1).is_err() {
                return false;
            }
            general.extend(
                std::mem::take(e)
                    .into_iter()
                    .zip(hashes)
                    .map(|((k, v), h)| (k, v, h)),
            );
            self.entries = Entries::General(general);
        }
        true
    }

    /// Makes room: drops gaps, and grows to three times the items in use, as CPython does.
    fn resize(&mut self) -> bool {
        let want = (self.used * 3).max(MIN_SIZE);
        let size = want.next_power_of_two();
        if size > i32::MAX as usize {
            return false;
        }
        let Some(index) = Index::with_size(size) else {
            return false;
        };
        let usable = size * 2 / 3;
        match &mut self.entries {
            Entries::Str(e) => {
                e.retain(|x| x.0.is_some());
                if e.try_reserve_exact(usable.saturating_sub(e.len()).min(e.len().max(5)))
                    .is_err()
                {
                    return false;
                }
            }
            Entries::General(e) => {
                e.retain(|x| x.0.is_some());
                if e.try_reserve_exact(usable.saturating_sub(e.len()).min(e.len().max(5)))
                    .is_err()
                {
                    return false;
                }
            }
        }
        self.index = index;
        self.fill = 0;
        for i in 0..self.end() {
            let h = self.hash(i);
            self.place(h, i);
        }
        true
    }

    pub(super) fn remove(&mut self, i: usize) -> Option<(Value, Value)> {
        let hash = self.hash(i);
        self.key(i)?;
        let size = self.index.size();
        let mut walk = self.probe(hash);
        // The item is there, so the walk meets it; a full circle of places bounds the loop all the same.
        loop {
            let at = walk.at & (size - 1);
            let ix = self.index.get(at);
            if ix == EMPTY {
                break;
            }
            if ix == i as i32 {
                self.index.set(at, DUMMY);
                break;
            }
            Self::advance(&mut walk);
        }
        let (k, v) = match &mut self.entries {
            Entries::Str(e) => {
                let e = e.get_mut(i)?;
                (e.0.take(), e.1.take())
            }
            Entries::General(e) => {
                let e = e.get_mut(i)?;
                (e.0.take(), e.1.take())
            }
        };
        self.used -= 1;
        if self.used == 0 {
            // All gaps: start again, so that queues made of dicts do not grow.
            *self = Table::new();
        } else {
            self.trim();
        }
        Some((k?, v?))
    }

    /// Cuts gaps at the end, so that taking the last item again and again is not quadratic. Their index places stay dummies.
    fn trim(&mut self) {
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

    pub(super) fn visit(&self, visit: &mut Visitor<'_>) {
        for i in 0..self.end() {
            if let Some(k) = self.key(i) {
                visit(k);
            }
            if let Some(v) = self.value(i) {
                visit(v);
            }
        }
    }

    pub(super) fn bytes(&self) -> usize {
        self.index.bytes()
            + match &self.entries {
                Entries::Str(e) => e.capacity() * 16,
                Entries::General(e) => e.capacity() * 24,
            }
    }
}
