//! `set` and `frozenset`: methods, operators, iterator. The table is in the object crate (`containers/set.rs`), what the
//! operations do in `ops.rs`.

mod ops;

pub use ops::{
    copy, difference, difference_update, from_iterable, intersection, symmetric_difference,
    symmetric_difference_update, update,
};

use std::cell::Cell;

use taipan_macros::pymethods;
use taipan_object::containers::set::Step;
use taipan_object::{
    Args, CompareOp, Payload, PyCell, PyResult, Ref, Set, Str, Traverse, TypeObject, TypeSpec,
    Value, Visitor, Vm, payload, tpflags,
};

use crate::Family;
use crate::util;

/// This folder's types.
pub const FAMILY: Family = Family {
    core: &[
        (|vm| &vm.types().set, &SET),
        (|vm| &vm.types().frozenset, &FROZENSET),
    ],
    types: &[&SET_ITER],
    init: None,
};

/// `set`
pub static SET: TypeSpec = TypeSpec {
    doc: Some("Build an unordered collection of unique elements."),
    text_signature: Some("(iterable=(), /)"),
    has_weakref: true,
    parts: &[&COMMON, &SET_METHODS],
    ..TypeSpec::new("set", "builtins", <Set as Payload>::layout)
};

/// `frozenset`
pub static FROZENSET: TypeSpec = TypeSpec {
    doc: Some("Build an immutable unordered collection of unique elements."),
    text_signature: Some("(iterable=(), /)"),
    has_weakref: true,
    parts: &[&COMMON, &FROZENSET_METHODS],
    ..TypeSpec::new("frozenset", "builtins", <Set as Payload>::layout)
};

/// Both operands of an operator, if both are sets.
fn operands<'a>(a: &'a Value, b: &'a Value) -> Option<(&'a Ref<Set>, &'a Ref<Set>)> {
    Some((a.downcast_ref::<Set>()?, b.downcast_ref::<Set>()?))
}

fn is_exact_frozenset(vm: &Vm, v: &Value) -> bool {
    util::is_exactly(vm, v, &vm.types().frozenset)
}

/// Holder of what `set` and `frozenset` share.
pub struct Common;

#[pymethods(COMMON)]
impl Common {
    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Set>) -> PyResult<Ref<Str>> {
        let v = this.as_value();
        let name = vm.type_name(v);
        if this.is_empty() {
            return vm.new_str(&format!("{name}()"));
        }
        util::guarded_repr(vm, v, &format!("{name}(...)"), |out| {
            let exact = util::is_exactly(vm, v, &vm.types().set);
            if !exact {
                out.push_str(&name);
                out.push_str("(");
            }
            out.push_str("{");
            for (i, k) in this.keys().iter().enumerate() {
                if i != 0 {
                    out.push_str(", ");
                }
                util::push_repr(vm, out, k)?;
            }
            out.push_str(if exact { "}" } else { "})" });
            Ok(())
        })
    }

    #[pyslot]
    fn tp_richcompare(vm: &Vm, this: &Ref<Set>, other: &Value, op: CompareOp) -> PyResult {
        let Some(other) = other.downcast_ref::<Set>() else {
            return Ok(vm.not_implemented());
        };
        let equal = || -> PyResult<bool> {
            if this.len() != other.len() {
                return Ok(false);
            }
            match (this.cached_hash(), other.cached_hash()) {
                (Some(a), Some(b)) if a != b => Ok(false),
                _ => ops::is_subset(vm, this, other),
            }
        };
        let result = match op {
            CompareOp::Eq => equal()?,
            CompareOp::Ne => !equal()?,
            CompareOp::Le => ops::is_subset(vm, this, other)?,
            CompareOp::Lt => this.len() < other.len() && ops::is_subset(vm, this, other)?,
            CompareOp::Ge => ops::is_subset(vm, other, this)?,
            CompareOp::Gt => this.len() > other.len() && ops::is_subset(vm, other, this)?,
        };
        Ok(vm.bool(result))
    }

    #[pyslot]
    fn tp_iter(vm: &Vm, this: &Ref<Set>) -> PyResult<Ref<SetIter>> {
        vm.new(SetIter::new(this.clone()))
    }

    #[pyslot]
    fn sq_length(this: &Ref<Set>) -> usize {
        this.len()
    }

    #[pyslot]
    fn sq_contains(vm: &Vm, this: &Ref<Set>, v: &Value) -> PyResult<bool> {
        contains(vm, this, v)
    }

    #[pyslot]
    fn nb_subtract(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        match operands(a, b) {
            Some((a, _)) => difference(vm, a, b).map(Ref::into_value),
            None => Ok(vm.not_implemented()),
        }
    }

    #[pyslot]
    fn nb_and(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        match operands(a, b) {
            Some((a, _)) => intersection(vm, a, b).map(Ref::into_value),
            None => Ok(vm.not_implemented()),
        }
    }

    #[pyslot]
    fn nb_xor(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        match operands(a, b) {
            Some((a, _)) => symmetric_difference(vm, a, b).map(Ref::into_value),
            None => Ok(vm.not_implemented()),
        }
    }

    #[pyslot]
    fn nb_or(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        let Some((a, b)) = operands(a, b) else {
            return Ok(vm.not_implemented());
        };
        let result = copy(vm, a)?;
        if !a.is(b) {
            result.merge(vm, b)?;
        }
        Ok(result.into_value())
    }

    /// x.__contains__(y) <==> y in x.
    #[pymethod(sig = "($self, object, /)")]
    fn __contains__(vm: &Vm, this: &Ref<Set>, object: &Value) -> PyResult<bool> {
        contains(vm, this, object)
    }

    /// Return a new set with elements in the set that are not in the others.
    #[pymethod(sig = "($self, /, *others)")]
    fn difference(vm: &Vm, this: &Ref<Set>, others: &[Value]) -> PyResult<Ref<Set>> {
        let Some((first, rest)) = others.split_first() else {
            return copy(vm, this);
        };
        let result = difference(vm, this, first)?;
        for o in rest {
            difference_update(vm, &result, o)?;
        }
        Ok(result)
    }

    /// Return a new set with elements common to the set and all others.
    #[pymethod(sig = "($self, /, *others)")]
    fn intersection(vm: &Vm, this: &Ref<Set>, others: &[Value]) -> PyResult<Ref<Set>> {
        intersection_of(vm, this, others)
    }

    /// Return True if two sets have a null intersection.
    #[pymethod(sig = "($self, other, /)")]
    fn isdisjoint(vm: &Vm, this: &Ref<Set>, other: &Value) -> PyResult<bool> {
        ops::is_disjoint(vm, this, other)
    }

    /// Report whether another set contains this set.
    #[pymethod(sig = "($self, other, /)")]
    fn issubset(vm: &Vm, this: &Ref<Set>, other: &Value) -> PyResult<bool> {
        match other.downcast_ref::<Set>() {
            Some(o) => ops::is_subset(vm, this, o),
            None => Ok(intersection(vm, this, other)?.len() == this.len()),
        }
    }

    /// Report whether this set contains another set.
    #[pymethod(sig = "($self, other, /)")]
    fn issuperset(vm: &Vm, this: &Ref<Set>, other: &Value) -> PyResult<bool> {
        ops::is_superset(vm, this, other)
    }

    /// Return state information for pickling.
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Ref<Set>) -> PyResult {
        let keys = vm.new_list(this.keys())?.into_value();
        let args = util::tuple(vm, [keys])?;
        let state = vm.call_method(this.as_value(), &vm.names().__getstate__, &[])?;
        let ty = vm.type_of(this.as_value()).to_ref().into_value();
        util::tuple(vm, [ty, args, state])
    }

    /// S.__sizeof__() -> size of S in memory, in bytes.
    #[pymethod(sig = "($self, /)")]
    fn __sizeof__(this: &Ref<Set>) -> usize {
        200 + this.table_bytes()
    }

    /// Return a new set with elements in either the set or other but not both.
    #[pymethod(sig = "($self, other, /)")]
    fn symmetric_difference(vm: &Vm, this: &Ref<Set>, other: &Value) -> PyResult<Ref<Set>> {
        symmetric_difference(vm, this, other)
    }

    /// Return a new set with elements from the set and all others.
    #[pymethod(sig = "($self, /, *others)")]
    fn union(vm: &Vm, this: &Ref<Set>, others: &[Value]) -> PyResult<Ref<Set>> {
        let result = copy(vm, this)?;
        for o in others {
            if !o.is(this.as_value()) {
                update(vm, &result, o)?;
            }
        }
        Ok(result)
    }

    /// See PEP 585
    #[classmethod(sig = "($type, object, /)")]
    fn __class_getitem__(vm: &Vm, cls: &Value, object: &Value) -> PyResult {
        vm.generic_alias(cls, object)
    }
}

fn contains(vm: &Vm, this: &Ref<Set>, v: &Value) -> PyResult<bool> {
    let (key, hash) = ops::hash_for_search(vm, v)?;
    this.contains_with_hash(vm, &key, hash)
}

fn intersection_of(vm: &Vm, this: &Ref<Set>, others: &[Value]) -> PyResult<Ref<Set>> {
    let Some((first, rest)) = others.split_first() else {
        return copy(vm, this);
    };
    let mut result = intersection(vm, this, first)?;
    for o in rest {
        result = intersection(vm, &result, o)?;
    }
    Ok(result)
}

fn discard(vm: &Vm, this: &Ref<Set>, v: &Value) -> PyResult<bool> {
    let (key, hash) = ops::hash_for_search(vm, v)?;
    Ok(this.remove_with_hash(vm, &key, hash)?.is_some())
}

/// Holder of what only `set` has.
pub struct SetMethods;

#[pymethods(SET_METHODS)]
impl SetMethods {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<Set>> {
        let _ = args;
        vm.new_set_of(cls)
    }

    #[pyslot]
    fn tp_init(vm: &Vm, this: &Ref<Set>, args: Args<'_>) -> PyResult<()> {
        taipan_object::bind::check_no_keywords(vm, "set", &args)?;
        taipan_object::bind::check_positional(vm, "set", args.pos().len(), 0, 1)?;
        let iterable = args.pos().first();
        if !this.is_empty() {
            this.clear_all();
        }
        match iterable {
            Some(v) => update(vm, this, v),
            None => Ok(()),
        }
    }

    #[pyslot]
    fn nb_inplace_subtract(vm: &Vm, this: &Ref<Set>, other: &Value) -> PyResult {
        if other.downcast_ref::<Set>().is_none() {
            return Ok(vm.not_implemented());
        }
        difference_update(vm, this, other)?;
        Ok(this.as_value().clone())
    }

    #[pyslot]
    fn nb_inplace_and(vm: &Vm, this: &Ref<Set>, other: &Value) -> PyResult {
        if other.downcast_ref::<Set>().is_none() {
            return Ok(vm.not_implemented());
        }
        this.swap(&*intersection(vm, this, other)?);
        Ok(this.as_value().clone())
    }

    #[pyslot]
    fn nb_inplace_xor(vm: &Vm, this: &Ref<Set>, other: &Value) -> PyResult {
        if other.downcast_ref::<Set>().is_none() {
            return Ok(vm.not_implemented());
        }
        symmetric_difference_update(vm, this, other)?;
        Ok(this.as_value().clone())
    }

    #[pyslot]
    fn nb_inplace_or(vm: &Vm, this: &Ref<Set>, other: &Value) -> PyResult {
        let Some(o) = other.downcast_ref::<Set>() else {
            return Ok(vm.not_implemented());
        };
        this.merge(vm, o)?;
        Ok(this.as_value().clone())
    }

    /// Add an element to a set.
    ///
    /// This has no effect if the element is already present.
    #[pymethod(sig = "($self, object, /)")]
    fn add(vm: &Vm, this: &Ref<Set>, object: &Value) -> PyResult<()> {
        this.add(vm, object).map(drop)
    }

    /// Remove all elements from this set.
    #[pymethod(sig = "($self, /)")]
    fn clear(this: &Ref<Set>) {
        this.clear_all();
    }

    /// Return a shallow copy of a set.
    #[pymethod(sig = "($self, /)")]
    fn copy(vm: &Vm, this: &Ref<Set>) -> PyResult<Ref<Set>> {
        copy(vm, this)
    }

    /// Remove an element from a set if it is a member.
    ///
    /// Unlike set.remove(), the discard() method does not raise an exception when an element is missing from the set.
    #[pymethod(sig = "($self, object, /)")]
    fn discard(vm: &Vm, this: &Ref<Set>, object: &Value) -> PyResult<()> {
        discard(vm, this, object).map(drop)
    }

    /// Update the set, removing elements found in others.
    #[pymethod(sig = "($self, /, *others)")]
    fn difference_update(vm: &Vm, this: &Ref<Set>, others: &[Value]) -> PyResult<()> {
        for o in others {
            difference_update(vm, this, o)?;
        }
        Ok(())
    }

    /// Update the set, keeping only elements found in it and all others.
    #[pymethod(sig = "($self, /, *others)")]
    fn intersection_update(vm: &Vm, this: &Ref<Set>, others: &[Value]) -> PyResult<()> {
        this.swap(&*intersection_of(vm, this, others)?);
        Ok(())
    }

    /// Remove and return an arbitrary set element.
    ///
    /// Raises KeyError if the set is empty.
    #[pymethod(sig = "($self, /)")]
    fn pop(vm: &Vm, this: &Ref<Set>) -> PyResult {
        this.pop()
            .ok_or_else(|| vm.raise_new(&vm.exc().KeyError, "pop from an empty set"))
    }

    /// Remove an element from a set; it must be a member.
    ///
    /// If the element is not a member, raise a KeyError.
    #[pymethod(sig = "($self, object, /)")]
    fn remove(vm: &Vm, this: &Ref<Set>, object: &Value) -> PyResult<()> {
        if discard(vm, this, object)? {
            Ok(())
        } else {
            Err(vm.key_error(object))
        }
    }

    /// Update the set, keeping only elements found in either set, but not in both.
    #[pymethod(sig = "($self, other, /)")]
    fn symmetric_difference_update(vm: &Vm, this: &Ref<Set>, other: &Value) -> PyResult<()> {
        symmetric_difference_update(vm, this, other)
    }

    /// Update the set, adding elements from all others.
    #[pymethod(sig = "($self, /, *others)")]
    fn update(vm: &Vm, this: &Ref<Set>, others: &[Value]) -> PyResult<()> {
        for o in others {
            update(vm, this, o)?;
        }
        Ok(())
    }
}

/// Holder of what only `frozenset` has.
pub struct FrozensetMethods;

#[pymethods(FROZENSET_METHODS)]
impl FrozensetMethods {
    #[pyslot(name = "frozenset", params = "(iterable=(), /)")]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, iterable: Option<&Value>) -> PyResult {
        if let Some(v) = iterable
            && cls.is(&vm.types().frozenset)
            && is_exact_frozenset(vm, v)
        {
            return Ok(v.clone());
        }
        let s = vm.new_set_of(cls)?;
        if let Some(v) = iterable {
            update(vm, &s, v)?;
        }
        Ok(s.into_value())
    }

    #[pyslot]
    fn tp_hash(this: &Ref<Set>) -> i64 {
        ops::hash(this)
    }

    /// Return a shallow copy of a set.
    #[pymethod(sig = "($self, /)")]
    fn copy(vm: &Vm, this: &Ref<Set>) -> PyResult<Ref<Set>> {
        if is_exact_frozenset(vm, this.as_value()) {
            Ok(this.clone())
        } else {
            copy(vm, this)
        }
    }
}

/// The payload of `set_iterator`.
pub struct SetIter {
    /// The set; `None` at the end.
    pub set: PyCell<Option<Ref<Set>>>,
    /// The place in the table to go on from.
    pub place: Cell<usize>,
    /// The set's length at the start, `usize::MAX` after a change was noticed.
    pub used: Cell<usize>,
    /// Keys still to come.
    pub left: Cell<usize>,
}

payload!(SetIter, gc);

impl Traverse for SetIter {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.set.visit(visit);
    }
    fn clear(&self) {
        self.set.set(None);
    }
}

impl SetIter {
    /// An iterator at the start of a set.
    pub fn new(set: Ref<Set>) -> SetIter {
        let n = set.len();
        SetIter {
            set: PyCell::new(Some(set)),
            place: Cell::new(0),
            used: Cell::new(n),
            left: Cell::new(n),
        }
    }

    /// The next key.
    #[inline]
    pub fn next(&self, vm: &Vm) -> PyResult<Option<Value>> {
        match Set::step(&self.set, self.place.get(), self.used.get()) {
            Step::Key(next, k) => {
                self.place.set(next);
                self.left.set(self.left.get().saturating_sub(1));
                Ok(Some(k))
            }
            Step::End => {
                self.set.set(None);
                Ok(None)
            }
            Step::Changed => {
                self.used.set(usize::MAX);
                Err(vm.runtime_error("Set changed size during iteration"))
            }
        }
    }
}

/// `set_iterator`
pub static SET_ITER: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    parts: &[&SET_ITER_METHODS],
    ..TypeSpec::new("set_iterator", "builtins", <SetIter as Payload>::layout)
};

#[pymethods(SET_ITER_METHODS)]
impl SetIter {
    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        this.next(vm)
    }

    /// Private method returning an estimate of len(list(it)).
    #[pymethod(sig = "($self, /)")]
    fn __length_hint__(&self) -> usize {
        match self.set.get() {
            Some(s) if s.len() == self.used.get() => self.left.get(),
            _ => 0,
        }
    }

    /// Return state information for pickling.
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(&self, vm: &Vm) -> PyResult {
        let rest = SetIter {
            set: PyCell::new(self.set.get()),
            place: self.place.clone(),
            used: self.used.clone(),
            left: self.left.clone(),
        };
        let mut items = Vec::new();
        while let Some(v) = rest.next(vm)? {
            items.push(v);
        }
        let list = vm.new_list(items)?.into_value();
        let iter = util::builtin(vm, "iter")?;
        util::tuple(vm, [iter, util::tuple(vm, [list])?])
    }
}
