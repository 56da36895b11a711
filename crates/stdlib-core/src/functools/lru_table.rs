//! The table of a cached function: results by the arguments of calls, in the order of their last use. Arguments are
//! looked up as they come; what a call was is kept only when its result is stored. Nothing is borrowed while keys compare.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use taipan_object::{Args, PyResult, Ref, Str, Value, Visitor, Vm};

const NONE: u32 = u32::MAX;

/// The arguments of a call that was made, as a key.
#[derive(Clone)]
enum Key {
    /// A single argument that is exactly a str or an int: it compares without running code.
    One(Value),
    /// Any other.
    Many(Rc<Many>),
}

struct Many {
    /// Positional arguments, then values of keywords.
    values: Box<[Value]>,
    names: Box<[Ref<Str>]>,
    /// Types of the values, when those count.
    types: Option<Box<[Value]>>,
}

struct Entry {
    hash: i64,
    key: Key,
    result: Value,
    older: u32,
    newer: u32,
}

#[derive(Default)]
struct Inner {
    by_hash: FxHashMap<i64, SmallVec<[u32; 2]>>,
    entries: Vec<Option<Entry>>,
    free: Vec<u32>,
    oldest: Option<u32>,
    newest: Option<u32>,
}

/// The table.
#[derive(Default)]
pub struct Table {
    inner: RefCell<Inner>,
}

/// A call whose result is looked for.
pub struct Call<'a> {
    args: Args<'a>,
    typed: bool,
    /// Whether the call has one argument that is exactly a str or an int.
    one: bool,
    hash: i64,
}

impl<'a> Call<'a> {
    /// The call with these arguments; fails when one cannot be hashed.
    #[inline]
    pub fn new(vm: &Vm, args: Args<'a>, typed: bool) -> PyResult<Call<'a>> {
        if let [v] = args.values
            && args.kwnames.is_none()
            && !typed
            && is_plain(vm, v)
        {
            let hash = vm.hash(v)?;
            return Ok(Call {
                args,
                typed,
                one: true,
                hash,
            });
        }
        let mut hash: u64 = args.pos().len() as u64;
        let mut mix = |h: i64| {
            hash = (hash.rotate_left(5) ^ h as u64).wrapping_mul(0x517c_c1b7_2722_0a95);
        };
        for v in args.values {
            mix(vm.hash(v)?);
        }
        for (name, _) in args.keywords() {
            mix(name.hash(vm));
        }
        Ok(Call {
            args,
            typed,
            one: false,
            hash: hash as i64,
        })
    }

    fn key(&self, vm: &Vm) -> Key {
        match self.args.values {
            [v] if self.one => Key::One(v.clone()),
            values => Key::Many(Rc::new(Many {
                values: values.to_vec().into_boxed_slice(),
                names: self.args.keywords().map(|(name, _)| name).collect(),
                types: self.typed.then(|| {
                    let types = values.iter().map(|v| vm.type_of(v).to_ref().into_value());
                    types.collect()
                }),
            })),
        }
    }

    /// Whether the arguments, without keywords, are those of the key, as far as that shows without running code.
    fn matches_plainly(&self, vm: &Vm, key: &Many) -> bool {
        let values = self.args.values;
        self.args.kwnames.is_none()
            && key.names.is_empty()
            && key.types.is_none()
            && values.len() == key.values.len()
            && vm.equal_run(&key.values, values) == values.len()
    }

    /// Whether the arguments are those of the key. May run code.
    fn matches(&self, vm: &Vm, key: &Many) -> PyResult<bool> {
        let values = self.args.values;
        if values.len() != key.values.len() || self.args.keyword_count() != key.names.len() {
            return Ok(false);
        }
        let same_names = self
            .args
            .keywords()
            .zip(&key.names)
            .all(|((a, _), b)| a.is(b) || a.same_text(b));
        let same_types = key.types.as_ref().is_none_or(|types| {
            let pairs = values.iter().zip(types.iter());
            pairs.into_iter().all(|(v, t)| {
                let ty = vm.type_of(v).to_ref();
                ty.as_value().is(t)
            })
        });
        if !same_names || !same_types {
            return Ok(false);
        }
        for (a, b) in key.values.iter().zip(values) {
            if !vm.eq(a, b)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn is_plain(vm: &Vm, v: &Value) -> bool {
    v.is_small_int()
        || std::ptr::eq(vm.type_of(v), vm.types().str.object())
        || std::ptr::eq(vm.type_of(v), vm.types().int.object())
}

impl Inner {
    fn entry(&self, i: u32) -> Option<&Entry> {
        self.entries.get(i as usize)?.as_ref()
    }

    fn entry_mut(&mut self, i: u32) -> Option<&mut Entry> {
        self.entries.get_mut(i as usize)?.as_mut()
    }

    fn unlink(&mut self, i: u32) {
        let Some((older, newer)) = self.entry(i).map(|e| (e.older, e.newer)) else {
            return;
        };
        match self.entry_mut(older) {
            Some(e) => e.newer = newer,
            None => self.oldest = (newer != NONE).then_some(newer),
        }
        match self.entry_mut(newer) {
            Some(e) => e.older = older,
            None => self.newest = (older != NONE).then_some(older),
        }
    }

    fn link_newest(&mut self, i: u32) {
        let last = self.newest.unwrap_or(NONE);
        if let Some(e) = self.entry_mut(i) {
            e.older = last;
            e.newer = NONE;
        }
        match self.entry_mut(last) {
            Some(e) => e.newer = i,
            None => self.oldest = Some(i),
        }
        self.newest = Some(i);
    }

    fn remove(&mut self, i: u32) -> Option<Entry> {
        self.unlink(i);
        let entry = self.entries.get_mut(i as usize)?.take()?;
        self.free.push(i);
        if let Some(list) = self.by_hash.get_mut(&entry.hash) {
            list.retain(|x| *x != i);
            if list.is_empty() {
                self.by_hash.remove(&entry.hash);
            }
        }
        Some(entry)
    }

    /// The entry of a plain key, or the `n`th entry that needs a comparison.
    fn candidate(&self, vm: &Vm, call: &Call<'_>, n: usize) -> Option<(u32, Option<Rc<Many>>)> {
        let list = self.by_hash.get(&call.hash)?;
        let mut n = n;
        for &i in list {
            match &self.entry(i)?.key {
                Key::One(k) if call.one => {
                    let v = call.args.values.first()?;
                    // Exact ints and strs compare without running code, and without failing.
                    if k.is(v) || vm.eq(k, v).unwrap_or(false) {
                        return Some((i, None));
                    }
                }
                Key::Many(m) if !call.one => {
                    if n == 0 {
                        return Some((i, Some(m.clone())));
                    }
                    n -= 1;
                }
                _ => {}
            }
        }
        None
    }
}

impl Table {
    /// How many results there are.
    pub fn len(&self) -> usize {
        let inner = self.inner.borrow();
        inner.entries.len() - inner.free.len()
    }

    /// The entry of the first call with this hash, if its arguments are the same for all to see.
    fn find_plain(&self, vm: &Vm, call: &Call<'_>) -> Option<u32> {
        let inner = self.inner.borrow();
        let &i = inner.by_hash.get(&call.hash)?.first()?;
        match &inner.entry(i)?.key {
            Key::Many(m) if call.matches_plainly(vm, m) => Some(i),
            _ => None,
        }
    }

    fn find(&self, vm: &Vm, call: &Call<'_>) -> PyResult<Option<u32>> {
        if !call.one
            && let found @ Some(_) = self.find_plain(vm, call)
        {
            return Ok(found);
        }
        let mut n = 0;
        loop {
            let found = self.inner.borrow().candidate(vm, call, n);
            let Some((i, many)) = found else {
                return Ok(None);
            };
            let Some(many) = many else {
                return Ok(Some(i));
            };
            if call.matches(vm, &many)? {
                // The comparison may have changed the table.
                let there = self
                    .inner
                    .borrow()
                    .entry(i)
                    .is_some_and(|e| matches!(&e.key, Key::Many(m) if Rc::ptr_eq(m, &many)));
                if there {
                    return Ok(Some(i));
                }
            }
            n += 1;
        }
    }

    /// The stored result of a call. With `touch` it counts as used now.
    #[inline]
    pub fn get(&self, vm: &Vm, call: &Call<'_>, touch: bool) -> PyResult<Option<Value>> {
        let Some(i) = self.find(vm, call)? else {
            return Ok(None);
        };
        let mut inner = self.inner.borrow_mut();
        if touch && inner.newest != Some(i) {
            inner.unlink(i);
            inner.link_newest(i);
        }
        Ok(inner.entry(i).map(|e| e.result.clone()))
    }

    /// Stores the result of a call that is not there yet; with a limit, the least recently used one makes room.
    pub fn insert(
        &self,
        vm: &Vm,
        call: &Call<'_>,
        result: Value,
        limit: Option<usize>,
    ) -> PyResult<()> {
        let key = call.key(vm);
        let mut inner = self.inner.borrow_mut();
        let full = limit.is_some_and(|max| inner.entries.len() - inner.free.len() >= max);
        let removed = match inner.oldest {
            Some(oldest) if full => inner.remove(oldest),
            _ => None,
        };
        let entry = Entry {
            hash: call.hash,
            key,
            result,
            older: NONE,
            newer: NONE,
        };
        let stored = match inner.free.pop() {
            Some(i) => match inner.entries.get_mut(i as usize) {
                Some(place) => {
                    *place = Some(entry);
                    Some(i)
                }
                None => None,
            },
            None => {
                let i = u32::try_from(inner.entries.len())
                    .ok()
                    .filter(|&i| i != NONE);
                if i.is_some() && inner.entries.try_reserve(1).is_ok() {
                    inner.entries.push(Some(entry));
                    i
                } else {
                    None
                }
            }
        };
        if let Some(i) = stored {
            inner.by_hash.entry(call.hash).or_default().push(i);
            inner.link_newest(i);
        }
        drop(inner);
        drop(removed);
        match stored {
            Some(_) => Ok(()),
            None => Err(vm.no_memory()),
        }
    }

    /// Forgets all results.
    pub fn clear(&self) {
        let old = std::mem::take(&mut *self.inner.borrow_mut());
        drop(old);
    }

    /// Shows what the table owns to the collector.
    pub fn visit(&self, visit: &mut Visitor<'_>) {
        for entry in self.inner.borrow().entries.iter().flatten() {
            visit(&entry.result);
            match &entry.key {
                Key::One(v) => visit(v),
                // A key that is being compared is held by its reader too: it is shown by neither.
                Key::Many(m) if Rc::strong_count(m) == 1 => {
                    m.values.iter().for_each(&mut *visit);
                    m.names.iter().for_each(|n| visit(n.as_value()));
                    m.types.iter().flatten().for_each(&mut *visit);
                }
                Key::Many(_) => {}
            }
        }
    }
}
