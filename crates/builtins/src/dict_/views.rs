//! `dict_keys`, `dict_values` and `dict_items`; keys and items behave as sets.

use taipan_macros::pymethods;
use taipan_object::{
    CompareOp, Dict, Payload, PyResult, Ref, Set, Str, Traverse, Tuple, TypeSpec, Value, Visitor,
    Vm, payload, tpflags,
};

use super::iter::{
    DictItemIter, DictKeyIter, DictReverseItemIter, DictReverseKeyIter, DictReverseValueIter,
    DictValueIter,
};
use crate::set_;
use crate::util;

macro_rules! view {
    ($(#[$doc:meta])* $name:ident, $spec:ident, $parts:expr, $py:literal) => {
        $(#[$doc])*
        pub struct $name {
            /// The dict.
            pub dict: Ref<Dict>,
        }

        payload!($name, gc);

        impl Traverse for $name {
            fn traverse(&self, visit: &mut Visitor<'_>) {
                visit(self.dict.as_value());
            }
        }

        #[doc = concat!("`", $py, "`")]
        pub static $spec: TypeSpec = TypeSpec {
            flags: tpflags::DISALLOW_INSTANTIATION,
            parts: $parts,
            ..TypeSpec::new($py, "builtins", <$name as Payload>::layout)
        };
    };
}

view! {
    /// The payload of `dict_keys`.
    DictKeys, DICT_KEYS, &[&DICT_KEYS_METHODS, &SET_LIKE], "dict_keys"
}

view! {
    /// The payload of `dict_values`.
    DictValues, DICT_VALUES, &[&DICT_VALUES_METHODS], "dict_values"
}

view! {
    /// The payload of `dict_items`.
    DictItems, DICT_ITEMS, &[&DICT_ITEMS_METHODS, &SET_LIKE], "dict_items"
}

/// The dict of a view of keys or items.
fn dict_of(v: &Value) -> Option<&Ref<Dict>> {
    match v.downcast_ref::<DictKeys>() {
        Some(k) => Some(&k.dict),
        None => v.downcast_ref::<DictItems>().map(|i| &i.dict),
    }
}

fn view_repr(vm: &Vm, this: &Value) -> PyResult<Ref<Str>> {
    util::guarded_repr(vm, this, "...", |out| {
        let list = vm.new_list(vm.collect(this)?)?;
        out.push_str(&vm.type_name(this));
        out.push_str("(");
        util::push_repr(vm, out, list.as_value())?;
        out.push_str(")");
        Ok(())
    })
}

fn mapping(vm: &Vm, dict: &Ref<Dict>) -> PyResult {
    let types = vm.import("types")?;
    let proxy = vm.getattr_str(&types, "MappingProxyType")?;
    vm.call1(&proxy, dict.as_value())
}

/// Whether all items of `a` are in `b`.
fn all_in(vm: &Vm, a: &Value, b: &Value) -> PyResult<bool> {
    let it = vm.iter(a)?;
    while let Some(v) = vm.next(&it)? {
        if !vm.contains(b, &v)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn is_set_like(v: &Value) -> bool {
    v.downcast_ref::<Set>().is_some() || dict_of(v).is_some()
}

/// Holder of what keys and items share.
pub struct SetLike;

#[pymethods(SET_LIKE)]
impl SetLike {
    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Value) -> PyResult<Ref<Str>> {
        view_repr(vm, this)
    }

    #[pyslot]
    fn tp_richcompare(vm: &Vm, this: &Value, other: &Value, op: CompareOp) -> PyResult {
        if !is_set_like(other) {
            return Ok(vm.not_implemented());
        }
        let (n, m) = (vm.len(this)?, vm.len(other)?);
        let result = match op {
            CompareOp::Eq => n == m && all_in(vm, this, other)?,
            CompareOp::Ne => n != m || !all_in(vm, this, other)?,
            CompareOp::Lt => n < m && all_in(vm, this, other)?,
            CompareOp::Le => n <= m && all_in(vm, this, other)?,
            CompareOp::Gt => n > m && all_in(vm, other, this)?,
            CompareOp::Ge => n >= m && all_in(vm, other, this)?,
        };
        Ok(vm.bool(result))
    }

    #[pyslot]
    fn sq_length(this: &Value) -> usize {
        dict_of(this).map_or(0, |d| d.len())
    }

    #[pyslot]
    fn nb_subtract(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        let result = set_::from_iterable(vm, a)?;
        set_::difference_update(vm, &result, b)?;
        Ok(result.into_value())
    }

    #[pyslot]
    fn nb_and(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        // The view may be either operand.
        let (view, other) = if dict_of(a).is_some() { (a, b) } else { (b, a) };
        let (view, other) = match (dict_of(view), dict_of(other)) {
            (Some(v), Some(o)) if o.len() > v.len() => (other, view),
            _ => (view, other),
        };
        let other_set = other.downcast_ref::<Set>();
        if let Some(s) = other_set
            && util::is_exactly(vm, other, &vm.types().set)
            && dict_of(view).is_some_and(|d| d.len() <= s.len())
        {
            return set_::intersection(vm, s, view).map(Ref::into_value);
        }
        let result = vm.new_set()?;
        let it = vm.iter(other)?;
        while let Some(k) = vm.next(&it)? {
            if vm.contains(view, &k)? {
                result.add(vm, &k)?;
            }
        }
        Ok(result.into_value())
    }

    #[pyslot]
    fn nb_or(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        let result = set_::from_iterable(vm, a)?;
        set_::update(vm, &result, b)?;
        Ok(result.into_value())
    }

    #[pyslot]
    fn nb_xor(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        let result = set_::from_iterable(vm, a)?;
        set_::symmetric_difference_update(vm, &result, b)?;
        Ok(result.into_value())
    }

    /// Return True if the view and the given iterable have a null intersection.
    #[pymethod(sig = "($self, object, /)")]
    fn isdisjoint(vm: &Vm, this: &Value, object: &Value) -> PyResult<bool> {
        if this.is(object) {
            return Ok(vm.len(this)? == 0);
        }
        let (mut a, mut b) = (this, object);
        if is_set_like(object) && vm.len(object)? > vm.len(this)? {
            (a, b) = (object, this);
        }
        let it = vm.iter(b)?;
        while let Some(v) = vm.next(&it)? {
            if vm.contains(a, &v)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

#[pymethods(DICT_KEYS_METHODS)]
impl DictKeys {
    #[pyslot]
    fn tp_iter(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<DictKeyIter>> {
        vm.new(DictKeyIter::new(this.dict.clone()))
    }

    #[pyslot]
    fn sq_contains(vm: &Vm, this: &Ref<Self>, v: &Value) -> PyResult<bool> {
        Ok(this.dict.get(vm, v)?.is_some())
    }

    /// Return a reverse iterator over the dict keys.
    #[pymethod(sig = "($self, /)")]
    fn __reversed__(&self, vm: &Vm) -> PyResult<Ref<DictReverseKeyIter>> {
        vm.new(DictReverseKeyIter::new(self.dict.clone()))
    }

    /// dictionary that this view refers to
    #[getter]
    fn mapping(&self, vm: &Vm) -> PyResult {
        mapping(vm, &self.dict)
    }
}

#[pymethods(DICT_VALUES_METHODS)]
impl DictValues {
    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Value) -> PyResult<Ref<Str>> {
        view_repr(vm, this)
    }

    #[pyslot]
    fn tp_iter(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<DictValueIter>> {
        vm.new(DictValueIter::new(this.dict.clone()))
    }

    #[pyslot]
    fn sq_length(&self) -> usize {
        self.dict.len()
    }

    /// Return a reverse iterator over the dict values.
    #[pymethod(sig = "($self, /)")]
    fn __reversed__(&self, vm: &Vm) -> PyResult<Ref<DictReverseValueIter>> {
        vm.new(DictReverseValueIter::new(self.dict.clone()))
    }

    /// dictionary that this view refers to
    #[getter]
    fn mapping(&self, vm: &Vm) -> PyResult {
        mapping(vm, &self.dict)
    }
}

#[pymethods(DICT_ITEMS_METHODS)]
impl DictItems {
    #[pyslot]
    fn tp_iter(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<DictItemIter>> {
        vm.new(DictItemIter::new(this.dict.clone()))
    }

    #[pyslot]
    fn sq_contains(vm: &Vm, this: &Ref<Self>, v: &Value) -> PyResult<bool> {
        let Some(pair) = v.downcast_ref::<Tuple>() else {
            return Ok(false);
        };
        let [key, value] = pair.as_slice() else {
            return Ok(false);
        };
        match this.dict.get(vm, key)? {
            Some(found) => vm.eq(&found, value),
            None => Ok(false),
        }
    }

    /// Return a reverse iterator over the dict items.
    #[pymethod(sig = "($self, /)")]
    fn __reversed__(&self, vm: &Vm) -> PyResult<Ref<DictReverseItemIter>> {
        vm.new(DictReverseItemIter::new(self.dict.clone()))
    }

    /// dictionary that this view refers to
    #[getter]
    fn mapping(&self, vm: &Vm) -> PyResult {
        mapping(vm, &self.dict)
    }
}
