//! Iterators that ask a function or another iterator about each item: `dropwhile`, `takewhile`, `filterfalse`,
//! `compress`, `starmap`.

use std::cell::Cell;

use taipan_macros::pymethods;
use taipan_object::{Payload, PyResult, Ref, Tuple, TypeObject, TypeSpec, Value, Vm};

macro_rules! with_function {
    ($(#[$doc:meta])* $name:ident, $spec:ident, $methods:ident, $py:literal, $sig:literal, $text:literal) => {
        $(#[$doc])*
        pub struct $name {
            func: Value,
            it: Value,
            /// Whether the decisive item has come.
            done: Cell<bool>,
        }

        owns!($name: values(func it));

        #[doc = concat!("`", $py, "`")]
        pub static $spec: TypeSpec = TypeSpec {
            text_signature: Some($sig),
            parts: &[&$methods],
            ..super::iterator($py, $text, <$name as Payload>::layout)
        };

        impl $name {
            fn make(vm: &Vm, cls: &Ref<TypeObject>, func: Value, iterable: &Value) -> PyResult<Ref<$name>> {
                let it = vm.iter(iterable)?;
                vm.new_object(cls, $name { func, it, done: Cell::new(false) })
            }
        }
    };
}

with_function! {
    /// The payload of `dropwhile`.
    DropWhile, DROPWHILE, DROPWHILE_METHODS, "dropwhile", "(predicate, iterable, /)",
    "Drop items from the iterable while predicate(item) is true.\n\nAfterwards, return every element until the iterable is exhausted."
}

with_function! {
    /// The payload of `takewhile`.
    TakeWhile, TAKEWHILE, TAKEWHILE_METHODS, "takewhile", "(predicate, iterable, /)",
    "Return successive entries from an iterable as long as the predicate evaluates to true for each entry."
}

with_function! {
    /// The payload of `filterfalse`.
    FilterFalse, FILTERFALSE, FILTERFALSE_METHODS, "filterfalse", "(function, iterable, /)",
    "Return those items of iterable for which function(item) is false.\n\nIf function is None, return the items that are false."
}

/// The payload of `starmap`.
pub struct StarMap {
    func: Value,
    it: Value,
}

owns!(StarMap: values(func it));

/// `starmap`
pub static STARMAP: TypeSpec = TypeSpec {
    text_signature: Some("(function, iterable, /)"),
    parts: &[&STARMAP_METHODS],
    ..super::iterator(
        "starmap",
        "Return an iterator whose values are returned from the function evaluated with an argument tuple taken from the given sequence.",
        <StarMap as Payload>::layout,
    )
};

#[pymethods(DROPWHILE_METHODS)]
impl DropWhile {
    #[pyslot(name = "dropwhile", params = "(predicate, iterable, /)")]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        predicate: Value,
        iterable: &Value,
    ) -> PyResult<Ref<DropWhile>> {
        DropWhile::make(vm, cls, predicate, iterable)
    }

    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        while let Some(v) = vm.next(&this.it)? {
            if this.done.get() {
                return Ok(Some(v));
            }
            if !vm.is_true(&vm.call1(&this.func, &v)?)? {
                this.done.set(true);
                return Ok(Some(v));
            }
        }
        Ok(None)
    }
}

#[pymethods(TAKEWHILE_METHODS)]
impl TakeWhile {
    #[pyslot(name = "takewhile", params = "(predicate, iterable, /)")]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        predicate: Value,
        iterable: &Value,
    ) -> PyResult<Ref<TakeWhile>> {
        TakeWhile::make(vm, cls, predicate, iterable)
    }

    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        if this.done.get() {
            return Ok(None);
        }
        let Some(v) = vm.next(&this.it)? else {
            return Ok(None);
        };
        if vm.is_true(&vm.call1(&this.func, &v)?)? {
            return Ok(Some(v));
        }
        this.done.set(true);
        Ok(None)
    }
}

#[pymethods(FILTERFALSE_METHODS)]
impl FilterFalse {
    #[pyslot(name = "filterfalse", params = "(function, iterable, /)")]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        function: Value,
        iterable: &Value,
    ) -> PyResult<Ref<FilterFalse>> {
        // `bool` asks what None asks, without a call.
        let plain = vm.is_none(&function) || function.is(vm.types().bool.as_value());
        let made = FilterFalse::make(vm, cls, function, iterable)?;
        made.done.set(plain);
        Ok(made)
    }

    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        while let Some(v) = vm.next(&this.it)? {
            let good = if this.done.get() {
                vm.is_true(&v)?
            } else {
                vm.is_true(&vm.call1(&this.func, &v)?)?
            };
            if !good {
                return Ok(Some(v));
            }
        }
        Ok(None)
    }
}

#[pymethods(STARMAP_METHODS)]
impl StarMap {
    #[pyslot(name = "starmap", params = "(function, iterable, /)")]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        function: Value,
        iterable: &Value,
    ) -> PyResult<Ref<StarMap>> {
        let it = vm.iter(iterable)?;
        vm.new_object(cls, StarMap { func: function, it })
    }

    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        let Some(args) = vm.next(&this.it)? else {
            return Ok(None);
        };
        if let Some(t) = args.downcast_exact::<Tuple>(&vm.types().tuple) {
            return vm.call_pos(&this.func, t.as_slice()).map(Some);
        }
        let args = vm.collect(&args)?;
        vm.call_pos(&this.func, &args).map(Some)
    }
}

/// The payload of `compress`.
pub struct Compress {
    data: Value,
    selectors: Value,
}

owns!(Compress: values(data selectors));

/// `compress`
pub static COMPRESS: TypeSpec = TypeSpec {
    text_signature: Some("(data, selectors)"),
    parts: &[&COMPRESS_METHODS],
    ..super::iterator(
        "compress",
        "Return data elements corresponding to true selector elements.\n\nForms a shorter iterator from selected data elements using the selectors to\nchoose the data elements.",
        <Compress as Payload>::layout,
    )
};

#[pymethods(COMPRESS_METHODS)]
impl Compress {
    #[pyslot(name = "compress", params = "(data, selectors)")]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        data: &Value,
        selectors: &Value,
    ) -> PyResult<Ref<Compress>> {
        let data = vm.iter(data)?;
        let selectors = vm.iter(selectors)?;
        vm.new_object(cls, Compress { data, selectors })
    }

    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        loop {
            let Some(v) = vm.next(&this.data)? else {
                return Ok(None);
            };
            let Some(choice) = vm.next(&this.selectors)? else {
                return Ok(None);
            };
            if vm.is_true(&choice)? {
                return Ok(Some(v));
            }
        }
    }
}
