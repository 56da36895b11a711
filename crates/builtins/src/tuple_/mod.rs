//! `tuple`: its methods, operators and iterator. The payload is in the object crate (`containers/tuple.rs`).

use std::cell::Cell;

use taipan_macros::pymethods;
use taipan_numeric::hash::TupleHash;
use taipan_object::cell::pick;
use taipan_object::convert::SliceIndex;
use taipan_object::{
    CompareOp, Payload, PyCell, PyResult, Ref, Str, Traverse, Tuple, TypeObject, TypeSpec, Value,
    Visitor, Vm, payload, tpflags,
};

use crate::Family;
use crate::list_::{compare_items, repeated};
use crate::util;

/// This folder's types.
pub const FAMILY: Family = Family {
    core: &[(|vm| &vm.types().tuple, &TUPLE)],
    types: &[&TUPLE_ITER],
    init: None,
};

/// `tuple`
pub static TUPLE: TypeSpec = TypeSpec {
    doc: Some(
        "Built-in immutable sequence.\n\nIf no argument is given, the constructor returns an empty tuple.\nIf iterable is specified the tuple is initialized from iterable's items.\n\nIf the argument is a tuple, the return value is the same object.",
    ),
    text_signature: Some("(iterable=(), /)"),
    parts: &[&TUPLE_METHODS],
    ..TypeSpec::new("tuple", "builtins", <Tuple as Payload>::layout)
};

fn is_exact(vm: &Vm, t: &Ref<Tuple>) -> bool {
    util::is_exactly(vm, t.as_value(), &vm.types().tuple)
}

/// Holder of the methods of `tuple`.
pub struct TupleMethods;

#[pymethods(TUPLE_METHODS)]
impl TupleMethods {
    #[pyslot(name = "tuple", params = "(iterable=(), /)")]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, iterable: Option<&Value>) -> PyResult {
        let exact = cls.is(&vm.types().tuple);
        let items = match iterable {
            None => Vec::new(),
            Some(v) if exact && util::is_exactly(vm, v, &vm.types().tuple) => return Ok(v.clone()),
            Some(v) => vm.collect(v)?,
        };
        if exact {
            vm.new_tuple(items).map(Ref::into_value)
        } else {
            vm.new_tuple_of(cls.object(), items).map(Ref::into_value)
        }
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Tuple>) -> PyResult<Ref<Str>> {
        if this.is_empty() {
            return vm.new_str("()");
        }
        util::guarded_repr(vm, this.as_value(), "(...)", |out| {
            out.push_str("(");
            for (i, v) in this.as_slice().iter().enumerate() {
                if i != 0 {
                    out.push_str(", ");
                }
                util::push_repr(vm, out, v)?;
            }
            out.push_str(if this.len() == 1 { ",)" } else { ")" });
            Ok(())
        })
    }

    #[pyslot]
    fn tp_hash(vm: &Vm, this: &Ref<Tuple>) -> PyResult<i64> {
        if let Some(h) = this.cached_hash() {
            return Ok(h);
        }
        vm.check_stack("")?;
        let mut state = TupleHash::default();
        for v in this.as_slice() {
            state.add(vm.hash(v)?);
        }
        let h = state.finish();
        this.set_cached_hash(h);
        Ok(h)
    }

    #[pyslot]
    fn tp_richcompare(vm: &Vm, this: &Ref<Tuple>, other: &Value, op: CompareOp) -> PyResult {
        let Some(other) = other.downcast_ref::<Tuple>() else {
            return Ok(vm.not_implemented());
        };
        compare_items(
            vm,
            |i| match (this.as_slice().get(i..), other.as_slice().get(i..)) {
                (Some(a), Some(b)) => vm.equal_run(a, b),
                _ => 0,
            },
            |i| this.get(i),
            |i| other.get(i),
            || (this.len(), other.len()),
            op,
        )
    }

    #[pyslot]
    fn tp_iter(vm: &Vm, this: &Ref<Tuple>) -> PyResult<Ref<TupleIter>> {
        vm.new(TupleIter::new(this.clone()))
    }

    #[pyslot]
    fn sq_length(this: &Ref<Tuple>) -> usize {
        this.len()
    }

    #[pyslot]
    fn mp_length(this: &Ref<Tuple>) -> usize {
        this.len()
    }

    #[pyslot]
    fn sq_concat(vm: &Vm, this: &Ref<Tuple>, other: &Value) -> PyResult<Ref<Tuple>> {
        if this.is_empty() && util::is_exactly(vm, other, &vm.types().tuple) {
            return other
                .clone()
                .downcast::<Tuple>()
                .map_err(|_| vm.system_error("a tuple without a tuple's payload"));
        }
        let Some(other) = other.downcast_ref::<Tuple>() else {
            return Err(util::type_error_for(
                vm,
                "can only concatenate tuple (not \"",
                other,
                "\") to tuple",
            ));
        };
        if other.is_empty() && is_exact(vm, this) {
            return Ok(this.clone());
        }
        let (a, b) = (this.as_slice(), other.as_slice());
        let count = a.len().checked_add(b.len());
        let mut items = a.iter().chain(b);
        vm.new_tuple_with(count.ok_or_else(|| vm.no_memory())?, |_| {
            items.next().cloned().unwrap_or_else(|| vm.none())
        })
    }

    #[pyslot]
    fn sq_repeat(vm: &Vm, this: &Ref<Tuple>, n: isize) -> PyResult<Ref<Tuple>> {
        if (n == 1 || this.is_empty()) && is_exact(vm, this) {
            return Ok(this.clone());
        }
        vm.new_tuple(repeated(vm, this.as_slice(), n)?)
    }

    #[pyslot]
    fn sq_item(vm: &Vm, this: &Ref<Tuple>, i: isize) -> PyResult {
        match usize::try_from(i).ok().and_then(|i| this.get(i)) {
            Some(v) => Ok(v),
            None => Err(vm.index_error("tuple index out of range")),
        }
    }

    #[pyslot]
    fn sq_contains(vm: &Vm, this: &Ref<Tuple>, value: &Value) -> PyResult<bool> {
        for v in this.as_slice() {
            if vm.eq(v, value)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    #[pyslot]
    fn mp_subscript(vm: &Vm, this: &Ref<Tuple>, key: &Value) -> PyResult {
        if let Some(s) = util::as_slice(vm, key) {
            let r = s.range(vm, || this.len())?;
            if r.count == this.len() && r.step == 1 && is_exact(vm, this) {
                return Ok(this.as_value().clone());
            }
            if r.step == 1 {
                let start = r.start as usize;
                let part = this.as_slice().get(start..start + r.count);
                return vm
                    .new_tuple_from(part.unwrap_or_default())
                    .map(Ref::into_value);
            }
            let items = pick(this.as_slice(), r.start as usize, r.step, r.count);
            return vm.new_tuple(items).map(Ref::into_value);
        }
        if !vm.has_index(key) {
            return Err(util::type_error_for(
                vm,
                "tuple indices must be integers or slices, not ",
                key,
                "",
            ));
        }
        let i = util::position(vm, key)?;
        match util::wrap(i, this.len()).and_then(|i| this.get(i)) {
            Some(v) => Ok(v),
            None => Err(vm.index_error("tuple index out of range")),
        }
    }

    #[pymethod(sig = "($self, /)", doc = "")]
    fn __getnewargs__(vm: &Vm, this: &Ref<Tuple>) -> PyResult {
        let copy = vm.new_tuple_from(this.as_slice())?.into_value();
        util::tuple(vm, [copy])
    }

    /// Return first index of value.
    ///
    /// Raises ValueError if the value is not present.
    #[pymethod(sig = "($self, value, start=0, stop=sys.maxsize, /)")]
    fn index(
        vm: &Vm,
        this: &Ref<Tuple>,
        value: &Value,
        start: SliceIndex,
        stop: SliceIndex,
    ) -> PyResult<usize> {
        let n = this.len();
        let start = util::clamp_start(start.0, n);
        let stop = util::clamp_start(stop.0, n);
        for (i, v) in this.as_slice().iter().enumerate().take(stop).skip(start) {
            if vm.eq(v, value)? {
                return Ok(i);
            }
        }
        Err(vm.value_error("tuple.index(x): x not in tuple"))
    }

    /// Return number of occurrences of value.
    #[pymethod(sig = "($self, value, /)")]
    fn count(vm: &Vm, this: &Ref<Tuple>, value: &Value) -> PyResult<usize> {
        let mut n = 0;
        for v in this.as_slice() {
            n += usize::from(vm.eq(v, value)?);
        }
        Ok(n)
    }

    /// See PEP 585
    #[classmethod(sig = "($type, object, /)")]
    fn __class_getitem__(vm: &Vm, cls: &Value, object: &Value) -> PyResult {
        vm.generic_alias(cls, object)
    }
}

/// The payload of `tuple_iterator`.
pub struct TupleIter {
    /// The tuple; `None` at the end.
    pub tuple: PyCell<Option<Ref<Tuple>>>,
    /// The next index.
    pub index: Cell<usize>,
}

payload!(TupleIter, gc);

impl Traverse for TupleIter {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.tuple.visit(visit);
    }
    fn clear(&self) {
        self.tuple.set(None);
    }
}

impl TupleIter {
    /// An iterator at the start of a tuple.
    pub fn new(tuple: Ref<Tuple>) -> TupleIter {
        TupleIter {
            tuple: PyCell::new(Some(tuple)),
            index: Cell::new(0),
        }
    }

    /// The next item.
    #[inline(always)]
    pub fn next(&self) -> Option<Value> {
        let i = self.index.get();
        match self.tuple.look(|t| t.get(i))? {
            Some(v) => {
                self.index.set(i + 1);
                Some(v)
            }
            None => {
                self.tuple.set(None);
                None
            }
        }
    }
}

/// `tuple_iterator`
pub static TUPLE_ITER: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    parts: &[&TUPLE_ITER_METHODS],
    ..TypeSpec::new("tuple_iterator", "builtins", <TupleIter as Payload>::layout)
};

#[pymethods(TUPLE_ITER_METHODS)]
impl TupleIter {
    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(this: &Ref<Self>) -> Option<Value> {
        this.next()
    }

    /// Private method returning an estimate of len(list(it)).
    #[pymethod(sig = "($self, /)")]
    fn __length_hint__(&self) -> usize {
        match self.tuple.get() {
            Some(t) => t.len().saturating_sub(self.index.get()),
            None => 0,
        }
    }

    /// Return state information for pickling.
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(&self, vm: &Vm) -> PyResult {
        let iter = util::builtin(vm, "iter")?;
        match self.tuple.get() {
            Some(t) => {
                let args = util::tuple(vm, [t.into_value()])?;
                util::tuple(vm, [iter, args, vm.new_usize(self.index.get())?])
            }
            None => {
                let empty = vm.new_tuple(Vec::new())?.into_value();
                let args = util::tuple(vm, [empty])?;
                util::tuple(vm, [iter, args])
            }
        }
    }

    /// Set state information for unpickling.
    #[pymethod(sig = "($self, object, /)")]
    fn __setstate__(&self, object: isize) {
        if let Some(t) = self.tuple.get() {
            self.index.set((object.max(0) as usize).min(t.len()));
        }
    }
}
