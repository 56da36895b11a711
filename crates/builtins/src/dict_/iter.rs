//! The iterators of dicts: over keys, values and items, forwards and backwards.

use std::cell::Cell;

use taipan_macros::pymethods;
use taipan_object::containers::tuple::LastPair;
use taipan_object::{
    Dict, Payload, PyCell, PyResult, Ref, Traverse, TypeSpec, Value, Visitor, Vm, payload, tpflags,
};

use crate::util;

/// Where an iterator stands.
pub struct Cursor {
    /// The dict; `None` at the end.
    pub dict: PyCell<Option<Ref<Dict>>>,
    /// Where to look next: at or after this index, or before it when going backwards.
    pub index: Cell<usize>,
    /// The dict's length at the start, `usize::MAX` after a change was noticed.
    pub used: Cell<usize>,
    /// Items still to come.
    pub left: Cell<usize>,
}

impl Cursor {
    fn new(dict: Ref<Dict>, reverse: bool) -> Cursor {
        let n = dict.len();
        Cursor {
            index: Cell::new(if reverse { dict.index_end() } else { 0 }),
            used: Cell::new(n),
            left: Cell::new(n),
            dict: PyCell::new(Some(dict)),
        }
    }

    /// Takes the step that `find` finds; checks that the dict is what it was.
    #[inline]
    fn step<T>(
        &self,
        vm: &Vm,
        find: impl FnOnce(&Dict, usize) -> Option<(usize, T)>,
    ) -> PyResult<Option<T>> {
        let found = self.dict.look(|dict| {
            if self.used.get() == dict.len() {
                Ok(find(dict, self.index.get()))
            } else {
                Err(())
            }
        });
        let found = match found {
            None => return Ok(None),
            Some(Err(())) => {
                self.used.set(usize::MAX);
                return Err(vm.runtime_error("dictionary changed size during iteration"));
            }
            Some(Ok(found)) => found,
        };
        match found {
            Some((next, item)) => {
                let left = self.left.get();
                if left == 0 {
                    self.dict.set(None);
                    return Err(vm.runtime_error("dictionary keys changed during iteration"));
                }
                self.left.set(left - 1);
                self.index.set(next);
                Ok(Some(item))
            }
            None => {
                self.dict.set(None);
                Ok(None)
            }
        }
    }

    fn length_hint(&self) -> usize {
        match self.dict.get() {
            Some(d) if d.len() == self.used.get() => self.left.get(),
            _ => 0,
        }
    }
}

macro_rules! dict_iterator {
    ($(#[$doc:meta])* $name:ident, $spec:ident, $methods:ident, $py:literal, $reverse:literal, $find:expr, $item:expr) => {
        $(#[$doc])*
        pub struct $name {
            /// Where it stands.
            pub cursor: Cursor,
            /// What it gave last, if that was a pair.
            last: LastPair,
        }

        payload!($name, gc);

        impl Traverse for $name {
            fn traverse(&self, visit: &mut Visitor<'_>) {
                self.cursor.dict.visit(visit);
                self.last.visit(visit);
            }
            fn clear(&self) {
                self.cursor.dict.set(None);
                self.last.forget();
            }
        }

        impl $name {
            /// An iterator at the start of its way through a dict.
            pub fn new(dict: Ref<Dict>) -> $name {
                $name {
                    cursor: Cursor::new(dict, $reverse),
                    last: LastPair::new(),
                }
            }

            /// The next item.
            #[inline]
            pub fn next(&self, vm: &Vm) -> PyResult<Option<Value>> {
                match self.cursor.step(vm, $find)? {
                    Some(x) => $item(vm, &self.last, x).map(Some),
                    None => Ok(None),
                }
            }
        }

        #[doc = concat!("`", $py, "`")]
        pub static $spec: TypeSpec = TypeSpec {
            flags: tpflags::DISALLOW_INSTANTIATION,
            parts: &[&$methods],
            ..TypeSpec::new($py, "builtins", <$name as Payload>::layout)
        };

        #[pymethods($methods)]
        impl $name {
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
                self.cursor.length_hint()
            }

            /// Return state information for pickling.
            #[pymethod(sig = "($self, /)")]
            fn __reduce__(&self, vm: &Vm) -> PyResult {
                let rest = $name {
                    cursor: Cursor {
                        dict: PyCell::new(self.cursor.dict.get()),
                        index: self.cursor.index.clone(),
                        used: self.cursor.used.clone(),
                        left: self.cursor.left.clone(),
                    },
                    last: LastPair::new(),
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
    };
}

#[inline(always)]
fn plain(_: &Vm, _: &LastPair, v: Value) -> PyResult {
    Ok(v)
}

#[inline(always)]
fn pair(vm: &Vm, last: &LastPair, (k, v): (Value, Value)) -> PyResult {
    last.pair(vm, k, v)
}

dict_iterator! {
    /// The payload of `dict_keyiterator`.
    DictKeyIter, DICT_KEY_ITER, DICT_KEY_ITER_METHODS, "dict_keyiterator", false,
    |d, i| d.next_key(i), plain
}

dict_iterator! {
    /// The payload of `dict_valueiterator`.
    DictValueIter, DICT_VALUE_ITER, DICT_VALUE_ITER_METHODS, "dict_valueiterator", false,
    |d, i| d.next_value(i), plain
}

dict_iterator! {
    /// The payload of `dict_itemiterator`.
    DictItemIter, DICT_ITEM_ITER, DICT_ITEM_ITER_METHODS, "dict_itemiterator", false,
    |d, i| d.next_entry(i).map(|(n, k, v)| (n, (k, v))), pair
}

impl DictItemIter {
    /// The next key and value for who takes them at once, instead of a pair.
    #[inline]
    pub fn next_pair(&self, vm: &Vm) -> PyResult<Option<(Value, Value)>> {
        let find = |d: &Dict, i| d.next_entry(i).map(|(n, k, v)| (n, (k, v)));
        let pair = self.cursor.step(vm, find)?;
        self.last.hold(vm, pair)
    }
}

dict_iterator! {
    /// The payload of `dict_reversekeyiterator`.
    DictReverseKeyIter, DICT_REVERSE_KEY_ITER, DICT_REVERSE_KEY_ITER_METHODS, "dict_reversekeyiterator", true,
    |d, i| d.prev_entry(i).map(|(n, k, _)| (n, k)), plain
}

dict_iterator! {
    /// The payload of `dict_reversevalueiterator`.
    DictReverseValueIter, DICT_REVERSE_VALUE_ITER, DICT_REVERSE_VALUE_ITER_METHODS, "dict_reversevalueiterator", true,
    |d, i| d.prev_entry(i).map(|(n, _, v)| (n, v)), plain
}

dict_iterator! {
    /// The payload of `dict_reverseitemiterator`.
    DictReverseItemIter, DICT_REVERSE_ITEM_ITER, DICT_REVERSE_ITEM_ITER_METHODS, "dict_reverseitemiterator", true,
    |d, i| d.prev_entry(i).map(|(n, k, v)| (n, (k, v))), pair
}
