//! `odict_keys`, `odict_values`, `odict_items`, which add their own iterators to the views of dicts, and those iterators.

use std::cell::Cell;

use taipan_builtins::dict_::{DictItems, DictKeys, DictValues};
use taipan_builtins::util;
use taipan_macros::pymethods;
use taipan_object::{
    Payload, PyCell, PyResult, Ref, Traverse, TypeRef, TypeSpec, Value, Visitor, Vm, payload,
    tpflags,
};

use super::ordered_dict::OrderedDict;

/// What an iterator gives.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Keys.
    Keys,
    /// Values.
    Values,
    /// Pairs of both.
    Items,
}

/// The payload of `odict_iterator`.
pub struct ODictIter {
    /// The dict; `None` at the end.
    dict: PyCell<Option<Ref<OrderedDict>>>,
    kind: Kind,
    reverse: bool,
    index: Cell<usize>,
    stamp: u32,
}

owns!(ODictIter: cleared(dict));

/// `odict_iterator`
pub static ODICT_ITER: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    parts: &[&ODICT_ITER_METHODS],
    ..TypeSpec::new("odict_iterator", "builtins", <ODictIter as Payload>::layout)
};

impl ODictIter {
    /// An iterator at the start, or at the end when it goes backwards.
    pub fn new(dict: Ref<OrderedDict>, kind: Kind, reverse: bool) -> ODictIter {
        ODictIter {
            kind,
            reverse,
            index: Cell::new(if reverse { usize::MAX } else { 0 }),
            stamp: dict.dict.stamp(),
            dict: PyCell::new(Some(dict)),
        }
    }

    fn step(&self, vm: &Vm) -> PyResult<Option<Value>> {
        let Some(od) = self.dict.get() else {
            return Ok(None);
        };
        let dict = &od.dict;
        if dict.stamp() != self.stamp {
            self.dict.set(None);
            return Err(vm.runtime_error("OrderedDict mutated during iteration"));
        }
        let at = self.index.get();
        let found = if self.reverse {
            dict.prev_entry(at)
        } else {
            dict.next_entry(at)
        };
        let Some((next, key, value)) = found else {
            self.dict.set(None);
            return Ok(None);
        };
        self.index.set(next);
        Ok(Some(match self.kind {
            Kind::Keys => key,
            Kind::Values => value,
            Kind::Items => vm.new_tuple_array([key, value])?.into_value(),
        }))
    }
}

#[pymethods(ODICT_ITER_METHODS)]
impl ODictIter {
    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        this.step(vm)
    }

    /// Return state information for pickling
    #[pymethod(sig = "($self, /)")]
    fn __reduce__(&self, vm: &Vm) -> PyResult {
        let iter = util::builtin(vm, "iter")?;
        let rest = ODictIter {
            dict: PyCell::new(self.dict.get()),
            index: Cell::new(self.index.get()),
            ..*self
        };
        let mut items = Vec::new();
        while let Some(v) = rest.step(vm)? {
            items.push(v);
        }
        let list = vm.new_list(items)?.into_value();
        util::tuple(vm, [iter, util::tuple(vm, [list])?])
    }
}

macro_rules! view {
    ($(#[$doc:meta])* $name:ident, $base:ident, $spec:ident, $methods:ident, $py:literal, $kind:ident) => {
        $(#[$doc])*
        #[repr(C)]
        pub struct $name {
            base: $base,
            ordered: Ref<OrderedDict>,
        }

        payload!($name, gc, base = $base);

        impl Traverse for $name {
            fn traverse(&self, visit: &mut Visitor<'_>) {
                self.base.traverse(visit);
                visit(self.ordered.as_value());
            }
        }

        #[doc = concat!("`", $py, "`")]
        pub static $spec: TypeSpec = TypeSpec {
            base: Some(base_of::<$base>),
            flags: tpflags::DISALLOW_INSTANTIATION,
            parts: &[&$methods],
            ..TypeSpec::new($py, "builtins", <$name as Payload>::layout)
        };

        impl $name {
            /// The view of a dict.
            pub fn make(vm: &Vm, ordered: &Ref<OrderedDict>) -> PyResult<Ref<$name>> {
                let Ok(dict) = ordered.as_value().clone().downcast() else {
                    return Err(vm.system_error("an OrderedDict is a dict"));
                };
                let ordered = ordered.clone();
                vm.new($name { base: $base { dict }, ordered })
            }
        }

        #[pymethods($methods)]
        impl $name {
            #[pyslot]
            fn tp_iter(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<ODictIter>> {
                vm.new(ODictIter::new(this.ordered.clone(), Kind::$kind, false))
            }

            #[pymethod(sig = "($self, /)")]
            fn __reversed__(vm: &Vm, this: &Ref<Self>) -> PyResult<Ref<ODictIter>> {
                vm.new(ODictIter::new(this.ordered.clone(), Kind::$kind, true))
            }
        }
    };
}

/// The class of a dict's view; views of dicts are made before any module is.
fn base_of<T: Payload>(vm: &Vm) -> TypeRef {
    match vm.class::<T>() {
        Ok(class) => class,
        Err(_) => {
            vm.clear_exception();
            vm.types().object.clone()
        }
    }
}

view! {
    /// The payload of `odict_keys`.
    ODictKeys, DictKeys, ODICT_KEYS, ODICT_KEYS_METHODS, "odict_keys", Keys
}

view! {
    /// The payload of `odict_values`.
    ODictValues, DictValues, ODICT_VALUES, ODICT_VALUES_METHODS, "odict_values", Values
}

view! {
    /// The payload of `odict_items`.
    ODictItems, DictItems, ODICT_ITEMS, ODICT_ITEMS_METHODS, "odict_items", Items
}
