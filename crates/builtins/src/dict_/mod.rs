//! `dict`: its methods and operators. The table is in the object crate (`containers/dict`), filling from other objects in
//! `update.rs`, views in `views.rs`, iterators in `iter.rs`.

mod iter;
mod update;
mod views;

pub use iter::{
    DictItemIter, DictKeyIter, DictReverseItemIter, DictReverseKeyIter, DictReverseValueIter,
    DictValueIter,
};
pub use update::{dict_merge, dict_update, update_from};
pub use views::{DictItems, DictKeys, DictValues};

use taipan_macros::pymethods;
use taipan_object::{
    Args, CompareOp, Dict, Payload, PyResult, Raised, Ref, Set, Str, TypeObject, TypeSpec, Value,
    Vm,
};

use crate::Family;
use crate::util;

/// This folder's types.
pub const FAMILY: Family = Family {
    core: &[(|vm| &vm.types().dict, &DICT)],
    types: &[
        &views::DICT_KEYS,
        &views::DICT_VALUES,
        &views::DICT_ITEMS,
        &iter::DICT_KEY_ITER,
        &iter::DICT_VALUE_ITER,
        &iter::DICT_ITEM_ITER,
        &iter::DICT_REVERSE_KEY_ITER,
        &iter::DICT_REVERSE_VALUE_ITER,
        &iter::DICT_REVERSE_ITEM_ITER,
    ],
    init: None,
};

/// `dict`
pub static DICT: TypeSpec = TypeSpec {
    doc: Some(
        "dict() -> new empty dictionary\ndict(mapping) -> new dictionary with the items of the mapping\ndict(iterable) -> new dictionary with the (key, value) pairs that the iterable gives\ndict(**kwargs) -> new dictionary with the keyword arguments as items",
    ),
    parts: &[&DICT_METHODS],
    ..TypeSpec::new("dict", "builtins", <Dict as Payload>::layout)
};

/// `dict[key]`, with `__missing__` of subclasses.
pub fn subscript(vm: &Vm, this: &Ref<Dict>, key: &Value) -> PyResult {
    match this.get(vm, key)? {
        Some(v) => Ok(v),
        None => missing(vm, this, key),
    }
}

#[cold]
fn missing(vm: &Vm, this: &Ref<Dict>, key: &Value) -> PyResult {
    if !util::is_exactly(vm, this.as_value(), &vm.types().dict)
        && let Some(f) = vm.special(this.as_value(), &vm.names().__missing__)?
    {
        return vm.call1(&f, key);
    }
    Err(vm.key_error(key))
}

/// Whether two dicts have equal items.
fn equal(vm: &Vm, a: &Dict, b: &Dict) -> PyResult<bool> {
    if a.len() != b.len() {
        return Ok(false);
    }
    let mut at = 0;
    while let Some((next, k, v)) = a.next_entry(at) {
        let hash = a.hash_at(next - 1);
        at = next;
        match b.get_with_hash(vm, &k, hash)? {
            Some(w) if vm.eq(&v, &w)? => {}
            _ => return Ok(false),
        }
    }
    Ok(true)
}

/// A copy that is exactly a dict.
pub fn copy(vm: &Vm, this: &Dict) -> PyResult<Ref<Dict>> {
    let d = vm.new_dict()?;
    d.copy_from(this);
    if d.len() != this.len() {
        return Err(vm.no_memory());
    }
    Ok(d)
}

#[cold]
fn popped_empty(vm: &Vm) -> Raised {
    vm.raise_new(&vm.exc().KeyError, "popitem(): dictionary is empty")
}

/// Holder of the methods of `dict`.
pub struct DictMethods;

#[pymethods(DICT_METHODS)]
impl DictMethods {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<Dict>> {
        let _ = args;
        vm.new_object(cls, Dict::new())
    }

    #[pyslot]
    fn tp_init(vm: &Vm, this: &Ref<Dict>, args: Args<'_>) -> PyResult<()> {
        update::update_args(vm, this, args, "dict")
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Dict>) -> PyResult<Ref<Str>> {
        if this.is_empty() {
            return vm.new_str("{}");
        }
        util::guarded_repr(vm, this.as_value(), "{...}", |out| {
            out.push_str("{");
            let mut at = 0;
            while let Some((next, k, v)) = this.next_entry(at) {
                if out.len() > 1 {
                    out.push_str(", ");
                }
                util::push_repr(vm, out, &k)?;
                out.push_str(": ");
                util::push_repr(vm, out, &v)?;
                at = next;
            }
            out.push_str("}");
            Ok(())
        })
    }

    #[pyslot]
    fn tp_richcompare(vm: &Vm, this: &Ref<Dict>, other: &Value, op: CompareOp) -> PyResult {
        let Some(other) = other.downcast_ref::<Dict>() else {
            return Ok(vm.not_implemented());
        };
        match op {
            CompareOp::Eq => Ok(vm.bool(equal(vm, this, other)?)),
            CompareOp::Ne => Ok(vm.bool(!equal(vm, this, other)?)),
            _ => Ok(vm.not_implemented()),
        }
    }

    #[pyslot]
    fn tp_iter(vm: &Vm, this: &Ref<Dict>) -> PyResult<Ref<DictKeyIter>> {
        vm.new(DictKeyIter::new(this.clone()))
    }

    #[pyslot]
    fn nb_or(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        let (Some(x), Some(_)) = (a.downcast_ref::<Dict>(), b.downcast_ref::<Dict>()) else {
            return Ok(vm.not_implemented());
        };
        let new = copy(vm, x)?;
        update_from(vm, &new, b)?;
        Ok(new.into_value())
    }

    #[pyslot]
    fn nb_inplace_or(vm: &Vm, this: &Ref<Dict>, other: &Value) -> PyResult<Ref<Dict>> {
        update_from(vm, this, other)?;
        Ok(this.clone())
    }

    #[pyslot]
    fn mp_length(this: &Ref<Dict>) -> usize {
        this.len()
    }

    #[pyslot]
    fn mp_subscript(vm: &Vm, this: &Ref<Dict>, key: &Value) -> PyResult {
        subscript(vm, this, key)
    }

    #[pyslot]
    fn mp_ass_subscript(
        vm: &Vm,
        this: &Ref<Dict>,
        key: &Value,
        value: Option<&Value>,
    ) -> PyResult<()> {
        match value {
            Some(v) => this.set(vm, key, v.clone()),
            None => match this.remove(vm, key)? {
                Some(_old) => Ok(()),
                None => Err(vm.key_error(key)),
            },
        }
    }

    #[pyslot]
    fn sq_contains(vm: &Vm, this: &Ref<Dict>, key: &Value) -> PyResult<bool> {
        Ok(this.get(vm, key)?.is_some())
    }

    /// Return self[key].
    #[pymethod(sig = "($self, key, /)")]
    fn __getitem__(vm: &Vm, this: &Ref<Dict>, key: &Value) -> PyResult {
        subscript(vm, this, key)
    }

    /// True if the dictionary has the specified key, else False.
    #[pymethod(sig = "($self, key, /)")]
    fn __contains__(vm: &Vm, this: &Ref<Dict>, key: &Value) -> PyResult<bool> {
        Ok(this.get(vm, key)?.is_some())
    }

    /// Return the size of the dict in memory.
    #[pymethod(sig = "($self, /)")]
    fn __sizeof__(this: &Ref<Dict>) -> usize {
        48 + this.table_bytes()
    }

    /// Return the value for key if key is in the dictionary, else default.
    #[pymethod(sig = "($self, key, default=None, /)")]
    fn get(vm: &Vm, this: &Ref<Dict>, key: &Value, default: Value) -> PyResult {
        Ok(this.get(vm, key)?.unwrap_or(default))
    }

    /// Insert key with a value of default if key is not in the dictionary.
    ///
    /// Return the value for key if key is in the dictionary, else default.
    #[pymethod(sig = "($self, key, default=None, /)")]
    fn setdefault(vm: &Vm, this: &Ref<Dict>, key: &Value, default: Value) -> PyResult {
        this.setdefault(vm, key, &default)
    }

    /// D.pop(k[,d]) -> v, remove specified key and return the corresponding value.
    ///
    /// If the key is not found, return the default if given; otherwise, raise a KeyError.
    #[pymethod(sig = "($self, key, default=<unrepresentable>, /)")]
    fn pop(vm: &Vm, this: &Ref<Dict>, key: &Value, default: Option<&Value>) -> PyResult {
        let found = if this.is_empty() {
            None
        } else {
            this.remove(vm, key)?
        };
        match (found, default) {
            (Some(v), _) => Ok(v),
            (None, Some(d)) => Ok(d.clone()),
            (None, None) => Err(vm.key_error(key)),
        }
    }

    /// Remove and return a (key, value) pair as a 2-tuple.
    ///
    /// Pairs are returned in LIFO (last-in, first-out) order. Raises KeyError if the dict is empty.
    #[pymethod(sig = "($self, /)")]
    fn popitem(vm: &Vm, this: &Ref<Dict>) -> PyResult {
        match this.pop_last() {
            Some((k, v)) => util::tuple(vm, [k, v]),
            None => Err(popped_empty(vm)),
        }
    }

    /// Return a set-like object providing a view on the dict's keys.
    #[pymethod(sig = "($self, /)")]
    fn keys(vm: &Vm, this: &Ref<Dict>) -> PyResult<Ref<DictKeys>> {
        vm.new(DictKeys { dict: this.clone() })
    }

    /// Return a set-like object providing a view on the dict's items.
    #[pymethod(sig = "($self, /)")]
    fn items(vm: &Vm, this: &Ref<Dict>) -> PyResult<Ref<DictItems>> {
        vm.new(DictItems { dict: this.clone() })
    }

    /// Return an object providing a view on the dict's values.
    #[pymethod(sig = "($self, /)")]
    fn values(vm: &Vm, this: &Ref<Dict>) -> PyResult<Ref<DictValues>> {
        vm.new(DictValues { dict: this.clone() })
    }

    /// D.update([E, ]**F) -> None.  Update D from mapping/iterable E and F.
    #[pymethod]
    fn update(vm: &Vm, this: &Ref<Dict>, args: Args<'_>) -> PyResult<()> {
        update::update_args(vm, this, args, "update")
    }

    /// Create a new dictionary with keys from iterable and values set to value.
    #[classmethod(sig = "($type, iterable, value=None, /)")]
    fn fromkeys(vm: &Vm, cls: &Value, iterable: &Value, value: Value) -> PyResult {
        let made = vm.call0(cls)?;
        if util::is_exactly(vm, &made, &vm.types().dict)
            && let Some(d) = made.downcast_ref::<Dict>()
        {
            if let Some(s) = iterable.downcast_ref::<Set>()
                && (util::is_exactly(vm, iterable, &vm.types().set)
                    || util::is_exactly(vm, iterable, &vm.types().frozenset))
            {
                for (k, h) in s.entries() {
                    d.set_with_hash(vm, &k, h, value.clone())?;
                }
                return Ok(made);
            }
            let mut items = vm.items(iterable)?;
            while let Some(k) = items.next(vm)? {
                d.set(vm, &k, value.clone())?;
            }
            return Ok(made);
        }
        let mut items = vm.items(iterable)?;
        while let Some(k) = items.next(vm)? {
            vm.setitem(&made, &k, &value)?;
        }
        Ok(made)
    }

    /// Remove all items from the dict.
    #[pymethod(sig = "($self, /)")]
    fn clear(this: &Ref<Dict>) {
        this.clear_all();
    }

    /// Return a shallow copy of the dict.
    #[pymethod(sig = "($self, /)")]
    fn copy(vm: &Vm, this: &Ref<Dict>) -> PyResult<Ref<Dict>> {
        copy(vm, this)
    }

    /// Return a reverse iterator over the dict keys.
    #[pymethod(sig = "($self, /)")]
    fn __reversed__(vm: &Vm, this: &Ref<Dict>) -> PyResult<Ref<DictReverseKeyIter>> {
        vm.new(DictReverseKeyIter::new(this.clone()))
    }

    /// See PEP 585
    #[classmethod(sig = "($type, object, /)")]
    fn __class_getitem__(vm: &Vm, cls: &Value, object: &Value) -> PyResult {
        vm.generic_alias(cls, object)
    }
}
