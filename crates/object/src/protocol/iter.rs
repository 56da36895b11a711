//! Iteration.

use crate::containers::dict::Dict;
use crate::containers::list::List;
use crate::containers::tuple::Tuple;
use crate::reference::Ref;
use crate::value::{PyResult, Raised, Value};
use crate::vm::Vm;

impl Vm {
    /// `iter(v)`
    pub fn iter(&self, v: &Value) -> PyResult {
        let slots = &self.type_of(v).payload.slots;
        let Some(f) = slots.tp_iter.get() else {
            if slots.sq_item.get().is_some() && v.downcast_ref::<Dict>().is_none() {
                return self.sequence_iterator(v);
            }
            return Err(self.type_error(&format!("'{}' object is not iterable", self.type_name(v))));
        };
        let it = f(self, v)?;
        if self.type_of(&it).payload.slots.tp_iternext.get().is_none() {
            return Err(self.type_error(&format!(
                "iter() returned non-iterator of type '{}'",
                self.type_name(&it)
            )));
        }
        Ok(it)
    }

    /// An iterator over an object with `__getitem__` alone.
    pub fn sequence_iterator(&self, v: &Value) -> PyResult {
        Ok(self
            .new(SeqIter {
                seq: crate::cell::PyCell::new(Some(v.clone())),
                index: std::cell::Cell::new(0),
            })?
            .into_value())
    }

    /// The next item of an iterator, `None` at its end, which StopIteration means as well.
    #[inline(always)]
    pub fn next(&self, it: &Value) -> PyResult<Option<Value>> {
        match self.type_of(it).payload.slots.tp_iternext.get() {
            Some(f) => match f(self, it) {
                Err(r) => self.iteration_failed(r),
                found => found,
            },
            None => Err(self.no_iterator(it)),
        }
    }

    /// The next item of an iterator; its end is `None`, or StopIteration with what the iterator says by it. For callers
    /// that pass that exception on (`next()`, `yield from`).
    #[inline]
    pub fn next_raw(&self, it: &Value) -> PyResult<Option<Value>> {
        match self.type_of(it).payload.slots.tp_iternext.get() {
            Some(f) => f(self, it).or_else(|r| self.iteration_failed(r)),
            None => Err(self.no_iterator(it)),
        }
    }

    #[cold]
    fn no_iterator(&self, it: &Value) -> Raised {
        self.type_error(&format!(
            "'{}' object is not an iterator",
            self.type_name(it)
        ))
    }

    /// An iterator may end by StopIteration as well (a generator that returns a value does).
    #[cold]
    fn iteration_failed(&self, r: Raised) -> PyResult<Option<Value>> {
        self.catch(r, &self.exc().StopIteration)?;
        Ok(None)
    }

    /// Calls `f` with each item of an iterable; stops early when `f` gives false.
    pub fn for_each(&self, v: &Value, f: &mut dyn FnMut(Value) -> PyResult<bool>) -> PyResult<()> {
        let mut items = self.items(v)?;
        while let Some(x) = items.next(self)? {
            if !f(x)? {
                break;
            }
        }
        Ok(())
    }

    /// All items of an iterable.
    pub fn collect(&self, v: &Value) -> PyResult<Vec<Value>> {
        let ty = self.type_of(v);
        if std::ptr::eq(ty, self.types().list.object())
            && let Some(l) = v.downcast_ref::<List>()
        {
            return Ok(l.to_vec());
        }
        if std::ptr::eq(ty, self.types().tuple.object())
            && let Some(t) = v.downcast_ref::<Tuple>()
        {
            return Ok(crate::value::copies(t.as_slice()));
        }
        if let Some(d) = v.downcast_exact::<Dict>(&self.types().dict) {
            return Ok(d.keys());
        }
        let it = self.iter(v)?;
        let mut out = Vec::new();
        let hint = self.length_hint(v, 8)?;
        if out.try_reserve(hint.min(1 << 20)).is_err() {
            return Err(self.no_memory());
        }
        while let Some(x) = self.next(&it)? {
            if out.len() == out.capacity() && out.try_reserve(1).is_err() {
                return Err(self.no_memory());
            }
            out.push(x);
        }
        Ok(out)
    }

    /// The items of an iterable as a tuple: the object itself if it is one.
    pub fn collect_tuple(&self, v: &Value) -> PyResult<Ref<Tuple>> {
        let types = self.types();
        if let Some(t) = v.downcast_exact::<Tuple>(&types.tuple) {
            return Ok(t.clone());
        }
        if let Some(l) = v.downcast_exact::<List>(&types.list) {
            return l.to_tuple(self);
        }
        self.new_tuple(self.collect(v)?)
    }

    /// `operator.length_hint(v, default)`
    pub fn length_hint(&self, v: &Value, default: usize) -> PyResult<usize> {
        let slots = &self.type_of(v).payload.slots;
        if let Some(f) = slots.sq_length.get().or(slots.mp_length.get()) {
            return match f(self, v) {
                Ok(n) => Ok(n),
                Err(r) => {
                    self.catch(r, &self.exc().TypeError)?;
                    Ok(default)
                }
            };
        }
        let Some(f) = self.special(v, &self.names().__length_hint__)? else {
            return Ok(default);
        };
        let r = match self.call0(&f) {
            Ok(r) => r,
            Err(e) => {
                self.catch(e, &self.exc().TypeError)?;
                return Ok(default);
            }
        };
        if self.is_not_implemented(&r) {
            return Ok(default);
        }
        match r.as_int() {
            None => Err(self.type_error(&format!(
                "__length_hint__ must be an integer, not {}",
                self.type_name(&r)
            ))),
            Some(i) if i.is_negative() => {
                Err(self.value_error("__length_hint__() should return >= 0"))
            }
            Some(i) => match i.to_i64() {
                Some(n) => Ok(n as usize),
                None => Err(self.overflow_error("Python int too large to convert to C ssize_t")),
            },
        }
    }
}

/// The items of an iterable, one after another, as its iterator gives them. Exact lists and tuples need no iterator.
pub enum Items {
    /// Of an exact list, from a position on; changes of the list are seen as its iterator sees them.
    List(Ref<List>, usize),
    /// Of an exact tuple, from a position on.
    Tuple(Ref<Tuple>, usize),
    /// Of anything else: its iterator.
    Other(Value),
}

impl Items {
    /// The next item, `None` at the end.
    #[inline(always)]
    pub fn next(&mut self, vm: &Vm) -> PyResult<Option<Value>> {
        match self {
            Items::List(l, i) => {
                let v = l.get(*i);
                *i += 1;
                Ok(v)
            }
            Items::Tuple(t, i) => {
                let v = t.get(*i);
                *i += 1;
                Ok(v)
            }
            Items::Other(it) => vm.next(it),
        }
    }
}

impl Vm {
    /// The items of an iterable; fails as `iter` does.
    #[inline]
    pub fn items(&self, v: &Value) -> PyResult<Items> {
        let types = self.types();
        if let Some(l) = v.downcast_exact::<List>(&types.list) {
            return Ok(Items::List(l.clone(), 0));
        }
        if let Some(t) = v.downcast_exact::<Tuple>(&types.tuple) {
            return Ok(Items::Tuple(t.clone(), 0));
        }
        self.iter(v).map(Items::Other)
    }
}

/// The payload of `iterator`: over an object with `__getitem__`.
pub struct SeqIter {
    /// The sequence; `None` at the end.
    pub seq: crate::cell::PyCell<Option<Value>>,
    /// The next index.
    pub index: std::cell::Cell<isize>,
}

crate::payload!(SeqIter, gc);

impl crate::reference::Traverse for SeqIter {
    fn traverse(&self, visit: &mut crate::reference::Visitor<'_>) {
        self.seq.visit(visit);
    }
    fn clear(&self) {
        self.seq.set(None);
    }
}
