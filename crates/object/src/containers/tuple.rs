//! `tuple`: a fixed number of values in the object itself, with a cached hash.

use std::cell::Cell;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ptr::NonNull;

use crate::cell::PyCell;
use crate::class::TypeObject;
use crate::header::flag;
use crate::reference::{Layout, Object, Payload, Ref, Traverse, Visitor};
use crate::value::{PyResult, Value};
use crate::vm::Vm;

/// The payload of `tuple`; the items follow it in memory.
#[repr(C)]
pub struct Tuple {
    /// -1: not computed yet.
    pub(crate) hash: Cell<i64>,
    len: u32,
    /// Values behind the items that are not items: fields of struct sequences.
    hidden: u32,
}

crate::payload!(Tuple, gc, var);

impl crate::reference::VarSized for Tuple {
    fn var_bytes(&self) -> usize {
        self.all().len() * 8
    }
}

impl Tuple {
    fn data(&self) -> *const Value {
        let at = (&raw const *self).addr() + size_of::<Tuple>();
        std::ptr::with_exposed_provenance(at)
    }

    /// Number of items.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// Whether it is empty.
    #[inline(always)]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The items. A tuple never changes, so the slice may be kept while Python code runs as long as the tuple is.
    #[inline(always)]
    pub fn as_slice(&self) -> &[Value] {
        // SAFETY: `len` values follow the payload from the moment the tuple can be seen.
        unsafe { std::slice::from_raw_parts(self.data(), self.len as usize) }
    }

    /// The values behind the items that are not items (of struct sequences).
    pub fn hidden(&self) -> &[Value] {
        self.all().get(self.len as usize..).unwrap_or_default()
    }

    /// Items and hidden values.
    pub(crate) fn all(&self) -> &[Value] {
        // SAFETY: as for `as_slice`: the hidden values follow the items.
        unsafe { std::slice::from_raw_parts(self.data(), self.len as usize + self.hidden as usize) }
    }

    /// A copy of an item.
    #[inline(always)]
    pub fn get(&self, i: usize) -> Option<Value> {
        self.as_slice().get(i).cloned()
    }

    /// Gives a tuple that was made with `None`s its items. For `marshal` alone, whose data may have a tuple refer to itself
    /// before it is whole. Too many items are dropped.
    pub fn fill_late(&self, items: Vec<Value>) {
        self.hash.set(-1);
        for (i, item) in items.into_iter().enumerate().take(self.len()) {
            // SAFETY: the place is one of the tuple's. Nobody looks at the items at the moment: only what is in the tuple
            // has seen it so far, and no code runs while the word is replaced. The old item is dropped afterwards.
            let old = unsafe { std::ptr::replace(self.data().cast_mut().add(i), item) };
            drop(old);
        }
    }

    /// The hash, if computed before.
    pub fn cached_hash(&self) -> Option<i64> {
        let h = self.hash.get();
        if h == -1 { None } else { Some(h) }
    }

    /// Remembers the hash.
    pub fn set_cached_hash(&self, h: i64) {
        self.hash.set(h);
    }
}

impl Traverse for Tuple {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        for v in self.all() {
            visit(v);
        }
    }
}

impl Drop for Tuple {
    fn drop(&mut self) {
        let (items, count) = (self.data().cast_mut(), self.all().len());
        for i in 0..count {
            // SAFETY: each item is dropped once, and nobody sees a dying tuple.
            unsafe { std::ptr::drop_in_place(items.add(i)) };
        }
    }
}

impl Vm {
    /// A new tuple that takes over the items.
    pub fn new_tuple(&self, items: Vec<Value>) -> PyResult<Ref<Tuple>> {
        if items.is_empty() {
            return Ok(self.interp().singletons().empty_tuple.clone());
        }
        self.new_tuple_of(self.types().tuple.object(), items)
    }

    /// A new instance of a subclass of `tuple` (or of `tuple` itself).
    pub fn new_tuple_of(&self, ty: &Object<TypeObject>, items: Vec<Value>) -> PyResult<Ref<Tuple>> {
        let n = items.len();
        let r = self.alloc_tuple(ty, n)?;
        // SAFETY: the tuple has room for n items behind its payload; the vector's items are moved, not dropped.
        unsafe {
            let mut items = std::mem::ManuallyDrop::new(items);
            std::ptr::copy_nonoverlapping(items.as_ptr(), r.data().cast_mut(), n);
            items.set_len(0);
            drop(std::mem::ManuallyDrop::into_inner(items));
            set_len(&r, n);
        }
        Ok(r)
    }

    /// A new tuple of copies of the items.
    pub fn new_tuple_from(&self, items: &[Value]) -> PyResult<Ref<Tuple>> {
        if items.is_empty() {
            return Ok(self.interp().singletons().empty_tuple.clone());
        }
        let r = self.alloc_tuple(self.types().tuple.object(), items.len())?;
        for (i, v) in items.iter().enumerate() {
            // SAFETY: as above.
            unsafe {
                r.data()
                    .cast_mut()
                    .cast::<MaybeUninit<Value>>()
                    .add(i)
                    .write(MaybeUninit::new(v.clone()))
            };
        }
        // SAFETY: all items are written.
        unsafe { set_len(&r, items.len()) };
        Ok(r)
    }

    /// A new struct sequence: of the items, only the first `visible` ones are the tuple's.
    pub fn new_tuple_with_hidden(
        &self,
        ty: &Object<TypeObject>,
        items: Vec<Value>,
        visible: usize,
    ) -> PyResult<Ref<Tuple>> {
        let r = self.new_tuple_of(ty, items)?;
        let visible = visible.min(r.len()) as u32;
        let p = r.as_ptr().cast_mut();
        // SAFETY: the tuple is new and seen by nobody else; the sum of both counts stays.
        unsafe {
            let payload = &raw mut (*p).payload;
            (*payload).hidden = (*payload).len - visible;
            (*payload).len = visible;
        }
        Ok(r)
    }

    /// A new tuple that takes over the items of an array.
    #[inline]
    pub fn new_tuple_array<const N: usize>(&self, items: [Value; N]) -> PyResult<Ref<Tuple>> {
        if N == 0 {
            return Ok(self.interp().singletons().empty_tuple.clone());
        }
        self.new_tuple_array_of(self.types().tuple.object(), items)
    }

    /// A new instance of a subclass of `tuple`, of a number of items that is known at compile time.
    #[inline]
    pub fn new_tuple_array_of<const N: usize>(
        &self,
        ty: &Object<TypeObject>,
        items: [Value; N],
    ) -> PyResult<Ref<Tuple>> {
        let r = self.alloc_tuple(ty, N)?;
        // SAFETY: there is room for N items behind the payload; they are moved there.
        unsafe {
            r.data().cast_mut().cast::<[Value; N]>().write(items);
            set_len(&r, N);
        }
        Ok(r)
    }

    /// A new tuple of `n` items that `item` gives by position. `item` runs no Python code.
    #[inline]
    pub fn new_tuple_with(
        &self,
        n: usize,
        mut item: impl FnMut(usize) -> Value,
    ) -> PyResult<Ref<Tuple>> {
        if n == 0 {
            return Ok(self.interp().singletons().empty_tuple.clone());
        }
        let r = self.alloc_tuple(self.types().tuple.object(), n)?;
        for i in 0..n {
            let v = item(i);
            // SAFETY: there is room for n items behind the payload.
            unsafe {
                r.data()
                    .cast_mut()
                    .cast::<MaybeUninit<Value>>()
                    .add(i)
                    .write(MaybeUninit::new(v))
            };
        }
        // SAFETY: all items are written.
        unsafe { set_len(&r, n) };
        Ok(r)
    }

    /// Like [`Vm::new_tuple_with`], for items that may fail to be made.
    #[inline]
    pub fn new_tuple_try(
        &self,
        n: usize,
        mut item: impl FnMut() -> PyResult,
    ) -> PyResult<Ref<Tuple>> {
        if n == 0 {
            return Ok(self.interp().singletons().empty_tuple.clone());
        }
        let r = self.alloc_tuple(self.types().tuple.object(), n)?;
        for i in 0..n {
            let v = item()?;
            // SAFETY: there is room for n items behind the payload; those up to this one are written.
            unsafe {
                r.data()
                    .cast_mut()
                    .cast::<MaybeUninit<Value>>()
                    .add(i)
                    .write(MaybeUninit::new(v));
                set_len(&r, i + 1);
            }
        }
        Ok(r)
    }

    #[inline(always)]
    fn alloc_tuple(&self, ty: &Object<TypeObject>, n: usize) -> PyResult<Ref<Tuple>> {
        if u32::try_from(n).is_err() {
            return Err(self.no_memory());
        }
        let items = n.checked_mul(8).ok_or_else(|| self.no_memory())?;
        let size = size_of::<Object<Tuple>>()
            .checked_add(items)
            .ok_or_else(|| self.no_memory())?;
        let payload = || Tuple {
            hash: Cell::new(-1),
            len: 0,
            hidden: 0,
        };
        let known = self.known().tuple;
        if std::ptr::eq(ty, known)
            && let Some(known) = std::ptr::NonNull::new(known.cast_mut())
            && let Some(t) = self.heap().new_tracked(known, size, payload)
        {
            return Ok(t);
        }
        // The items are written before anybody sees the tuple; only a word for the dict needs its zero.
        let zero = ty.payload.dict_offset() != 0;
        self.heap()
            .new_object_with_tail(ty, ty.payload.var_instance_size(size), zero, payload)
            .map_err(|_| self.no_memory())
    }
}

/// Makes written items visible.
///
/// # Safety
/// `n` items behind the payload are initialised.
unsafe fn set_len(t: &Ref<Tuple>, n: usize) {
    let p = t.as_ptr().cast_mut();
    // SAFETY: the tuple is new and seen by nobody else.
    unsafe { (&raw mut (*p).payload.len).write(n as u32) };
}

/// The pair that an iterator gave last. When nobody kept it, it is filled again for the next one, as CPython's iterators
/// do: loops over `zip`, `enumerate` and `items()` unpack it at once.
pub struct LastPair(PyCell<Option<Ref<Tuple>>>);

impl Default for LastPair {
    fn default() -> LastPair {
        LastPair::new()
    }
}

impl LastPair {
    /// None yet.
    pub const fn new() -> LastPair {
        LastPair(PyCell::new(None))
    }

    /// The tuple `(a, b)`.
    #[inline(always)]
    pub fn pair(&self, vm: &Vm, a: Value, b: Value) -> PyResult {
        // SAFETY: the cell keeps the tuple alive until the copy of the reference below.
        if let Some(t) = self.0.peek().map(|t| unsafe { &*t })
            && t.header.refcount() == 1
            && t.payload.len() == 2
        {
            // SAFETY: the cell's is the only reference to the tuple, which has two items: nobody sees the exchange.
            // What they were is dropped when the tuple is in order again.
            let old = unsafe {
                let items = t.payload.data().cast_mut().cast::<[Value; 2]>();
                std::ptr::replace(items, [a, b])
            };
            t.payload.hash.set(-1);
            // The collector may have seen that the old items were in no cycle.
            t.header.set(flag::TRACKED);
            let t = t.to_ref();
            drop(old);
            return Ok(t.into_value());
        }
        self.fresh_pair(vm, a, b)
    }

    /// As [`LastPair::pair`] for a caller that takes the items themselves: the tuple keeps them until the next one is asked for,
    /// which their destruction shows.
    #[inline(always)]
    pub fn hold(&self, vm: &Vm, pair: Option<(Value, Value)>) -> PyResult<Option<(Value, Value)>> {
        if let Some((a, b)) = &pair {
            drop(self.pair(vm, a.clone(), b.clone())?);
        }
        Ok(pair)
    }

    #[inline(never)]
    fn fresh_pair(&self, vm: &Vm, a: Value, b: Value) -> PyResult {
        let t = vm.new_tuple_array([a, b])?;
        self.0.set(Some(t.clone()));
        Ok(t.into_value())
    }

    /// Shows the pair to the collector.
    pub fn visit(&self, visit: &mut Visitor<'_>) {
        self.0.visit(visit);
    }

    /// Lets go of the pair.
    pub fn forget(&self) {
        self.0.set(None);
    }
}

/// The last tuples that an iterator gave. The one that it gave longest ago is filled again when nobody kept it: a loop's
/// variable holds one while the next is asked for.
pub struct LastTuples<const KEPT: usize> {
    kept: [PyCell<Option<Ref<Tuple>>>; KEPT],
    turn: Cell<usize>,
}

impl<const KEPT: usize> Default for LastTuples<KEPT> {
    fn default() -> LastTuples<KEPT> {
        LastTuples {
            kept: [const { PyCell::new(None) }; KEPT],
            turn: Cell::new(0),
        }
    }
}

impl<const KEPT: usize> LastTuples<KEPT> {
    /// The tuple of these items, an instance of `ty`, which is `tuple` or a subclass.
    #[inline]
    pub fn tuple<const N: usize>(
        &self,
        vm: &Vm,
        ty: &Object<TypeObject>,
        items: [Value; N],
    ) -> PyResult<Ref<Tuple>> {
        let turn = self.turn.get();
        self.turn.set(if turn + 1 < KEPT { turn + 1 } else { 0 });
        let Some(cell) = self.kept.get(turn) else {
            return vm.new_tuple_array_of(ty, items);
        };
        // SAFETY: the cell keeps the tuple alive until the copy of the reference below.
        if let Some(t) = cell.peek().map(|t| unsafe { &*t })
            && t.header.refcount() == 1
            && t.payload.len() == N
            && std::ptr::eq(t.header.ty(), ty)
            && is_as_new(t, ty)
        {
            t.payload.hash.set(-1);
            // The collector may have seen that the old items were in no cycle.
            t.header.set(flag::TRACKED);
            // With this reference nobody fills it again while its old items are dropped.
            let t = t.to_ref();
            let place = t.data().cast_mut().cast::<Value>();
            // One word after another: a processor waits when it is to load as a whole what it has just stored in parts.
            let items = ManuallyDrop::new(items);
            for (i, item) in items.iter().enumerate() {
                // SAFETY: the tuple has N items, and nobody else has seen it; each new item is moved once.
                drop(unsafe { std::ptr::replace(place.add(i), std::ptr::read(item)) });
            }
            return Ok(t);
        }
        let t = vm.new_tuple_array_of(ty, items)?;
        cell.set(Some(t.clone()));
        Ok(t)
    }

    /// Shows the tuples to the collector.
    pub fn visit(&self, visit: &mut Visitor<'_>) {
        for cell in &self.kept {
            cell.visit(visit);
        }
    }
}

/// Whether an instance of this type has nothing that a new one has not: no attributes, no weak references, no finalizer that
/// has run or is to run.
#[inline]
fn is_as_new(t: &Object<Tuple>, ty: &Object<TypeObject>) -> bool {
    let marks = flag::MASK & !(flag::TRACKED | flag::OLD | flag::MIDDLE);
    if t.header.has(marks) || t.header.shape() != 0 || ty.payload.slots.tp_finalize.get().is_some()
    {
        return false;
    }
    match ty.payload.dict_word(NonNull::from(t).cast()) {
        None => true,
        // SAFETY: the word is the instance's, which is alive.
        Some(word) => unsafe { *word == 0 },
    }
}

impl Value {
    /// The payload, if the object's is or starts with a `T`.
    #[inline(always)]
    pub fn downcast_ref<T: Payload>(&self) -> Option<&Ref<T>> {
        let h = self.header()?;
        let l: &'static Layout = h.ty().payload.layout();
        if l.is_or_extends(T::layout()) {
            // SAFETY: the layout says what the payload is or starts with.
            Some(unsafe { Ref::cast_unchecked(self) })
        } else {
            None
        }
    }

    /// The payload, if the object's is a `T` and no more. For types without subclasses that is one comparison.
    #[inline(always)]
    pub fn downcast_same<T: Payload>(&self) -> Option<&Ref<T>> {
        let h = self.header()?;
        if std::ptr::eq(h.ty().payload.layout(), T::layout()) {
            // SAFETY: the layout says what the payload is.
            Some(unsafe { Ref::cast_unchecked(self) })
        } else {
            None
        }
    }

    /// The typed pointer, or the value back.
    #[inline(always)]
    pub fn downcast<T: Payload>(self) -> Result<Ref<T>, Value> {
        if self.downcast_ref::<T>().is_some() {
            // SAFETY: just checked.
            Ok(unsafe { Ref::from_value_unchecked(self) })
        } else {
            Err(self)
        }
    }

    /// The payload, if the object is an exact instance of `ty`, whose payload is `T`.
    #[inline(always)]
    pub fn downcast_exact<T: Payload>(&self, ty: &Ref<TypeObject>) -> Option<&Ref<T>> {
        let h = self.header()?;
        if std::ptr::eq(h.ty(), ty.object()) && std::ptr::eq(ty.layout(), T::layout()) {
            // SAFETY: the type's layout is T's.
            Some(unsafe { Ref::cast_unchecked(self) })
        } else {
            None
        }
    }
}
