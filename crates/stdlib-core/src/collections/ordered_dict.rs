//! `OrderedDict`. The order of a dict's own table is the order; an item moves to the end by being put in again. What
//! differs from a dict is here: cheap access to the first item, moving, and methods that go through a subclass's own
//! `__setitem__` and `__getitem__`. Views and iterators are in `ordered_views.rs`.

use std::cell::Cell;

use taipan_builtins::{dict_, util};
use taipan_macros::pymethods;
use taipan_object::{
    Args, CompareOp, Dict, Payload, PyResult, Ref, Str, Traverse, TypeObject, TypeSpec, Value,
    Visitor, Vm, payload, tpflags,
};

use super::ordered_views::{Kind, ODictItems, ODictIter, ODictKeys, ODictValues};
use crate::util::{bare_name, type_value};

/// The payload of `OrderedDict`.
#[repr(C)]
pub struct OrderedDict {
    /// The items.
    pub dict: Dict,
    /// No item lies before this index, as long as the dict's stamp is `front_stamp`: removing the first item again and
    /// again does not search through the gaps that this leaves.
    front: Cell<usize>,
    front_stamp: Cell<u32>,
}

payload!(OrderedDict, gc, base = Dict);

impl Traverse for OrderedDict {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.dict.traverse(visit);
    }
    fn clear(&self) {
        Traverse::clear(&self.dict);
    }
}

/// `OrderedDict`
pub static ORDERED_DICT: TypeSpec = TypeSpec {
    doc: Some("Dictionary that remembers insertion order"),
    base: Some(|vm| vm.types().dict.clone()),
    flags: tpflags::BASETYPE,
    has_dict: true,
    has_weakref: true,
    parts: &[&ORDERED_DICT_METHODS],
    ..TypeSpec::new(
        "OrderedDict",
        "collections",
        <OrderedDict as Payload>::layout,
    )
};

/// The items of one element of an iterable of pairs.
fn pair_of(vm: &Vm, pair: &Value) -> PyResult<(Value, Value)> {
    let it = vm.iter(pair)?;
    let Some(key) = vm.next(&it)? else {
        return Err(vm.value_error("need more than 0 values to unpack"));
    };
    let Some(value) = vm.next(&it)? else {
        return Err(vm.value_error("need more than 1 value to unpack"));
    };
    if vm.next(&it)?.is_some() {
        return Err(vm.value_error("too many values to unpack (expected 2)"));
    }
    Ok((key, value))
}

impl OrderedDict {
    fn new() -> OrderedDict {
        OrderedDict {
            dict: Dict::new(),
            front: Cell::new(0),
            front_stamp: Cell::new(0),
        }
    }

    fn is_exact(vm: &Vm, v: &Value) -> bool {
        vm.class::<OrderedDict>()
            .is_ok_and(|c| util::is_exactly(vm, v, &c))
    }

    fn front(&self) -> usize {
        if self.front_stamp.get() == self.dict.stamp() {
            self.front.get()
        } else {
            0
        }
    }

    fn set_front(&self, front: usize) {
        self.front.set(front);
        self.front_stamp.set(self.dict.stamp());
    }

    /// Runs a change that adds at the end at most, and keeps what is known of the front.
    fn adding<T>(&self, f: impl FnOnce(&Dict) -> PyResult<T>) -> PyResult<T> {
        let (front, end, stamp) = (self.front(), self.dict.index_end(), self.dict.stamp());
        let result = f(&self.dict);
        let now = self.dict.stamp();
        if now != stamp {
            // A table that did not grow was made anew, without gaps.
            let added = now == stamp.wrapping_add(1) && self.dict.index_end() > end;
            self.set_front(if added { front } else { 0 });
        }
        result
    }

    fn remove_at(&self, index: usize) -> Option<(Value, Value)> {
        let front = self.front();
        let removed = self.dict.remove_at(index);
        self.set_front(front.min(self.dict.index_end()));
        removed
    }

    fn find(&self, vm: &Vm, key: &Value) -> PyResult<Option<usize>> {
        let hash = vm.hash_dict_key(key)?;
        self.dict.find(vm, key, hash)
    }

    fn first(&self) -> Option<usize> {
        let (next, _) = self.dict.next_key(self.front())?;
        Some(next.saturating_sub(1))
    }

    fn last(&self) -> Option<usize> {
        self.dict.prev_entry(usize::MAX).map(|(i, _, _)| i)
    }

    /// Puts the item at `index` first. The table is made anew.
    fn move_to_front(&self, vm: &Vm, index: usize) -> PyResult<()> {
        if self.first() == Some(index) {
            return Ok(());
        }
        let mut entries = Vec::with_capacity(self.dict.len());
        let mut at = 0;
        while let Some((next, k, v)) = self.dict.next_entry(at) {
            let i = next.saturating_sub(1);
            let entry = (k, self.dict.hash_at(i), v);
            if i == index {
                entries.insert(0, entry);
            } else {
                entries.push(entry);
            }
            at = next;
        }
        let ordered = Dict::new();
        for (k, hash, v) in entries {
            ordered.set_with_hash(vm, &k, hash, v)?;
        }
        self.dict.clear_all();
        self.dict.copy_from(&ordered);
        Ok(())
    }

    fn update_one(vm: &Vm, this: &Ref<OrderedDict>, key: &Value, value: &Value) -> PyResult<()> {
        if OrderedDict::is_exact(vm, this.as_value()) {
            return this.adding(|d| d.set(vm, key, value.clone()));
        }
        vm.setitem(this.as_value(), key, value)
    }

    fn update_pairs(vm: &Vm, this: &Ref<OrderedDict>, pairs: &Value) -> PyResult<()> {
        let it = vm.iter(pairs)?;
        while let Some(pair) = vm.next(&it)? {
            let (key, value) = pair_of(vm, &pair)?;
            OrderedDict::update_one(vm, this, &key, &value)?;
        }
        Ok(())
    }

    fn update_from(vm: &Vm, this: &Ref<OrderedDict>, other: &Value) -> PyResult<()> {
        if let Some(d) = other.downcast_exact::<Dict>(&vm.types().dict) {
            for (k, v) in d.items() {
                OrderedDict::update_one(vm, this, &k, &v)?;
            }
            return Ok(());
        }
        let names = vm.names();
        if let Some(keys) = vm.getattr_opt(other, &names.keys)? {
            let keys = vm.call0(&keys)?;
            let it = vm.iter(&keys)?;
            while let Some(key) = vm.next(&it)? {
                let value = vm.getitem(other, &key)?;
                OrderedDict::update_one(vm, this, &key, &value)?;
            }
            return Ok(());
        }
        if let Some(items) = vm.getattr_opt(other, &names.items)? {
            return OrderedDict::update_pairs(vm, this, &vm.call0(&items)?);
        }
        OrderedDict::update_pairs(vm, this, other)
    }

    fn update_args(vm: &Vm, this: &Ref<OrderedDict>, args: Args<'_>) -> PyResult<()> {
        if let Some(other) = args.pos().first() {
            OrderedDict::update_from(vm, this, other)?;
        }
        for (name, value) in args.keywords() {
            OrderedDict::update_one(vm, this, name.as_value(), value)?;
        }
        Ok(())
    }

    fn same_order(vm: &Vm, a: &Dict, b: &Dict) -> PyResult<bool> {
        let (stamp_a, stamp_b) = (a.stamp(), b.stamp());
        let (mut i, mut j) = (0, 0);
        loop {
            let ((next_i, x), (next_j, y)) = match (a.next_key(i), b.next_key(j)) {
                (Some(x), Some(y)) => (x, y),
                (x, y) => return Ok(x.is_none() && y.is_none()),
            };
            if !vm.eq(&x, &y)? {
                return Ok(false);
            }
            if (a.stamp(), b.stamp()) != (stamp_a, stamp_b) {
                return Err(vm.runtime_error("OrderedDict mutated during iteration"));
            }
            (i, j) = (next_i, next_j);
        }
    }
}

#[pymethods(ORDERED_DICT_METHODS)]
impl OrderedDict {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<OrderedDict>> {
        let _ = args;
        vm.new_object(cls, OrderedDict::new())
    }

    #[pyslot]
    fn tp_init(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult<()> {
        let given = args.pos().len();
        if given > 1 {
            return Err(vm.type_error(&format!("expected at most 1 argument, got {given}")));
        }
        OrderedDict::update_args(vm, this, args)
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<Str>> {
        let v = this.as_value();
        if this.dict.is_empty() {
            return vm.new_str(&format!("{}()", bare_name(vm, v)));
        }
        util::guarded_repr(vm, v, "...", |out| {
            let plain = if OrderedDict::is_exact(vm, v) {
                dict_::copy(vm, &this.dict)?
            } else {
                let plain = vm.new_dict()?;
                let items = vm.call_method(v, &vm.names().items, &[])?;
                let it = vm.iter(&items)?;
                while let Some(pair) = vm.next(&it)? {
                    let (key, value) = pair_of(vm, &pair)?;
                    plain.set(vm, &key, value)?;
                }
                plain
            };
            out.push_str(&bare_name(vm, v));
            out.push_str("(");
            util::push_repr(vm, out, plain.as_value())?;
            out.push_str(")");
            Ok(())
        })
    }

    #[pyslot]
    fn tp_richcompare(vm: &Vm, this: &Ref<Self>, other: &Value, op: CompareOp) -> PyResult {
        let Some(dict) = other.downcast_ref::<Dict>() else {
            return Ok(vm.not_implemented());
        };
        let ne = match op {
            CompareOp::Eq => false,
            CompareOp::Ne => true,
            _ => return Ok(vm.not_implemented()),
        };
        let Some(compare) = vm.types().dict.slots.tp_richcompare.get() else {
            return Ok(vm.not_implemented());
        };
        let mut equal = vm.is_true(&compare(vm, this.as_value(), other, CompareOp::Eq)?)?;
        if equal && other.downcast_ref::<OrderedDict>().is_some() {
            equal = OrderedDict::same_order(vm, &this.dict, dict)?;
        }
        Ok(vm.bool(equal != ne))
    }

    #[pyslot]
    fn tp_iter(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<ODictIter>> {
        vm.new(ODictIter::new(this.clone(), Kind::Keys, false))
    }

    #[pyslot]
    fn nb_or(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        let (Some(_), Some(_)) = (a.downcast_ref::<Dict>(), b.downcast_ref::<Dict>()) else {
            return Ok(vm.not_implemented());
        };
        let model = if a.downcast_ref::<OrderedDict>().is_some() {
            a
        } else {
            b
        };
        let new = vm.call1(&type_value(vm, model), a)?;
        match new.downcast_ref::<OrderedDict>() {
            Some(d) => OrderedDict::update_from(vm, d, b)?,
            None => return Ok(vm.not_implemented()),
        }
        Ok(new)
    }

    #[pyslot]
    fn nb_inplace_or(vm: &Vm, this: &Ref<Self>, other: &Value) -> PyResult<Ref<Self>> {
        OrderedDict::update_from(vm, this, other)?;
        Ok(this.clone())
    }

    #[pyslot]
    fn mp_ass_subscript(
        vm: &Vm,
        this: &Ref<Self>,
        key: &Value,
        value: Option<&Value>,
    ) -> PyResult<()> {
        match value {
            Some(v) => this.adding(|d| d.set(vm, key, v.clone())),
            None => match this.find(vm, key)?.and_then(|i| this.remove_at(i)) {
                Some(_old) => Ok(()),
                None => Err(vm.key_error(key)),
            },
        }
    }

    /// Create a new ordered dictionary with keys from iterable and values set to value.
    #[classmethod(sig = "($type, /, iterable, value=None)")]
    fn fromkeys(vm: &Vm, cls: &Value, iterable: &Value, value: Value) -> PyResult {
        let made = vm.call0(cls)?;
        let it = vm.iter(iterable)?;
        while let Some(key) = vm.next(&it)? {
            vm.setitem(&made, &key, &value)?;
        }
        Ok(made)
    }

    #[pymethod(sig = "($self, /)")]
    fn __sizeof__(&self) -> usize {
        112 + self.dict.table_bytes() + 8 * self.dict.index_end() + 40 * self.dict.len()
    }

    /// Return state information for pickling
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let v = this.as_value();
        let state = vm.call_method(v, &vm.names().__getstate__, &[])?;
        let args = vm.new_tuple(Vec::new())?.into_value();
        let items = vm.call_method(v, &vm.names().items, &[])?;
        let it = vm.iter(&items)?;
        util::tuple(vm, [type_value(vm, v), args, state, vm.none(), it])
    }

    /// Insert key with a value of default if key is not in the dictionary.
    ///
    /// Return the value for key if key is in the dictionary, else default.
    #[pymethod(sig = "($self, /, key, default=None)")]
    fn setdefault(vm: &Vm, this: &Ref<Self>, key: &Value, default: Value) -> PyResult {
        if OrderedDict::is_exact(vm, this.as_value()) {
            return this.adding(|d| d.setdefault(vm, key, &default));
        }
        if vm.contains(this.as_value(), key)? {
            return vm.getitem(this.as_value(), key);
        }
        vm.setitem(this.as_value(), key, &default)?;
        Ok(default)
    }

    /// od.pop(key[,default]) -> v, remove specified key and return the corresponding value.
    ///
    /// If the key is not found, return the default if given; otherwise,
    /// raise a KeyError.
    #[pymethod(sig = "($self, /, key, default=<unrepresentable>)")]
    fn pop(vm: &Vm, this: &Ref<Self>, key: &Value, default: Option<&Value>) -> PyResult {
        match (this.find(vm, key)?.and_then(|i| this.remove_at(i)), default) {
            (Some((_, v)), _) => Ok(v),
            (None, Some(d)) => Ok(d.clone()),
            (None, None) => Err(vm.key_error(key)),
        }
    }

    /// Remove and return a (key, value) pair from the dictionary.
    ///
    /// Pairs are returned in LIFO order if last is true or FIFO order if false.
    #[pymethod(sig = "($self, /, last=True)")]
    fn popitem(&self, vm: &Vm, last: bool) -> PyResult {
        let index = if last { self.last() } else { self.first() };
        let Some((key, value)) = index.and_then(|i| self.remove_at(i)) else {
            return Err(vm.raise_new(&vm.exc().KeyError, "dictionary is empty"));
        };
        if !last && let Some(i) = index {
            self.set_front((i + 1).min(self.dict.index_end()));
        }
        util::tuple(vm, [key, value])
    }

    #[pymethod(sig = "($self, /)")]
    fn keys(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<ODictKeys>> {
        ODictKeys::make(vm, this)
    }

    #[pymethod(sig = "($self, /)")]
    fn values(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<ODictValues>> {
        ODictValues::make(vm, this)
    }

    #[pymethod(sig = "($self, /)")]
    fn items(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<ODictItems>> {
        ODictItems::make(vm, this)
    }

    #[pymethod(doc = "")]
    fn update(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult<()> {
        let given = args.pos().len();
        if given > 1 {
            return Err(vm.type_error(&format!(
                "update() takes at most 1 positional argument ({given} given)"
            )));
        }
        OrderedDict::update_args(vm, this, args)
    }

    /// Remove all items from ordered dict.
    #[pymethod(sig = "($self, /)")]
    fn clear(&self) {
        self.dict.clear_all();
    }

    /// A shallow copy of ordered dict.
    #[pymethod(sig = "($self, /)")]
    fn copy(vm: &Vm, this: &Ref<Self>) -> PyResult {
        let v = this.as_value();
        let exact = OrderedDict::is_exact(vm, v);
        let stamp = this.dict.stamp();
        let mutated = || vm.runtime_error("OrderedDict mutated during iteration");
        if exact {
            let new = vm.new(OrderedDict::new())?;
            // Item by item, as keys see it that compare in their own way.
            for (key, value) in this.dict.items() {
                new.dict.set(vm, &key, value)?;
                if this.dict.stamp() != stamp {
                    return Err(mutated());
                }
            }
            return Ok(new.into_value());
        }
        let new = vm.call0(&type_value(vm, v))?;
        for key in this.dict.keys() {
            let value = vm.getitem(v, &key)?;
            if this.dict.stamp() != stamp {
                return Err(mutated());
            }
            vm.setitem(&new, &key, &value)?;
        }
        Ok(new)
    }

    /// od.__reversed__() <==> reversed(od)
    #[pymethod(sig = "($self, /)")]
    fn __reversed__(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<ODictIter>> {
        vm.new(ODictIter::new(this.clone(), Kind::Keys, true))
    }

    /// Move an existing element to the end (or beginning if last is false).
    ///
    /// Raise KeyError if the element does not exist.
    #[pymethod(sig = "($self, /, key, last=True)")]
    fn move_to_end(&self, vm: &Vm, key: &Value, last: bool) -> PyResult<()> {
        let Some(index) = self.find(vm, key)? else {
            return Err(vm.key_error(key));
        };
        if !last {
            return self.move_to_front(vm, index);
        }
        if self.last() == Some(index) {
            return Ok(());
        }
        let hash = self.dict.hash_at(index);
        match self.remove_at(index) {
            Some((key, value)) => self.adding(|d| d.set_with_hash(vm, &key, hash, value)),
            None => Ok(()),
        }
    }
}
