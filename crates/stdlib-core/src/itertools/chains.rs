//! `chain`, `cycle` and `zip_longest`: iterators that put iterables together.

use std::cell::Cell;

use taipan_macros::pymethods;
use taipan_object::{
    Args, Payload, PyCell, PyResult, Ref, TypeObject, TypeSpec, Value, VecCell, Vm,
};

/// The payload of `chain`.
pub struct Chain {
    /// The iterator over the iterables; `None` at the end.
    source: PyCell<Option<Value>>,
    /// The iterator over the present one.
    active: PyCell<Option<Value>>,
}

owns!(Chain: cleared(source active));

/// `chain`
pub static CHAIN: TypeSpec = TypeSpec {
    text_signature: Some("(*iterables)"),
    parts: &[&CHAIN_METHODS],
    ..super::iterator(
        "chain",
        "Return a chain object whose .__next__() method returns elements from the\nfirst iterable until it is exhausted, then elements from the next\niterable, until all of the iterables are exhausted.",
        <Chain as Payload>::layout,
    )
};

fn new_chain(vm: &Vm, cls: &Ref<TypeObject>, iterables: &Value) -> PyResult<Ref<Chain>> {
    let source = vm.iter(iterables)?;
    vm.new_object(
        cls,
        Chain {
            source: PyCell::new(Some(source)),
            active: PyCell::new(None),
        },
    )
}

#[pymethods(CHAIN_METHODS)]
impl Chain {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<Chain>> {
        let n = usize::MAX;
        let args =
            taipan_object::bind::constructor_positional(vm, "chain", cls.as_value(), 0, n, args)?;
        new_chain(vm, cls, vm.new_tuple_from(args)?.as_value())
    }

    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        loop {
            if let Some(active) = this.active.get() {
                if let Some(v) = vm.next(&active)? {
                    return Ok(Some(v));
                }
                this.active.set(None);
            }
            let Some(source) = this.source.get() else {
                return Ok(None);
            };
            let iterable = match vm.next(&source) {
                Ok(Some(v)) => v,
                ended => {
                    this.source.set(None);
                    return ended;
                }
            };
            match vm.iter(&iterable) {
                Ok(it) => this.active.set(Some(it)),
                Err(r) => {
                    this.source.set(None);
                    return Err(r);
                }
            }
        }
    }

    /// Alternative chain() constructor taking a single iterable argument that evaluates lazily.
    #[classmethod(sig = "($type, iterable, /)")]
    fn from_iterable(vm: &Vm, cls: &Ref<TypeObject>, iterable: &Value) -> PyResult<Ref<Chain>> {
        new_chain(vm, cls, iterable)
    }

    /// See PEP 585
    #[classmethod(sig = "($type, object, /)")]
    fn __class_getitem__(vm: &Vm, cls: &Ref<TypeObject>, object: &Value) -> PyResult {
        vm.generic_alias(cls.as_value(), object)
    }
}

/// The payload of `cycle`.
pub struct Cycle {
    /// The iterator, in the first round.
    it: PyCell<Option<Value>>,
    saved: VecCell,
    index: Cell<usize>,
}

owns!(Cycle: cleared(it) cells(saved));

/// `cycle`
pub static CYCLE: TypeSpec = TypeSpec {
    text_signature: Some("(iterable, /)"),
    parts: &[&CYCLE_METHODS],
    ..super::iterator(
        "cycle",
        "Return elements from the iterable until it is exhausted. Then repeat the sequence indefinitely.",
        <Cycle as Payload>::layout,
    )
};

#[pymethods(CYCLE_METHODS)]
impl Cycle {
    #[pyslot(name = "cycle", params = "(iterable, /)")]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, iterable: &Value) -> PyResult<Ref<Cycle>> {
        let it = vm.iter(iterable)?;
        vm.new_object(
            cls,
            Cycle {
                it: PyCell::new(Some(it)),
                saved: VecCell::new(Vec::new()),
                index: Cell::new(0),
            },
        )
    }

    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        if let Some(it) = this.it.get() {
            if let Some(v) = vm.next(&it)? {
                if !this.saved.push(v.clone()) {
                    return Err(vm.no_memory());
                }
                return Ok(Some(v));
            }
            this.it.set(None);
        }
        let i = this.index.get();
        let Some(v) = this.saved.get(i) else {
            return Ok(None);
        };
        let next = i + 1;
        this.index
            .set(if next >= this.saved.len() { 0 } else { next });
        Ok(Some(v))
    }
}

/// The payload of `zip_longest`.
pub struct ZipLongest {
    /// The iterators; `None` for those at their end.
    iters: Box<[PyCell<Option<Value>>]>,
    fill: Value,
    active: Cell<usize>,
}

taipan_object::payload!(ZipLongest, gc);

impl taipan_object::Traverse for ZipLongest {
    fn traverse(&self, visit: &mut taipan_object::Visitor<'_>) {
        for it in &self.iters {
            it.visit(visit);
        }
        visit(&self.fill);
    }
}

/// `zip_longest`
pub static ZIP_LONGEST: TypeSpec = TypeSpec {
    text_signature: Some("(*iterables, fillvalue=None)"),
    parts: &[&ZIP_LONGEST_METHODS],
    ..super::iterator(
        "zip_longest",
        "Return a zip_longest object whose .__next__() method returns a tuple where\nthe i-th element comes from the i-th iterable argument.  The .__next__()\nmethod continues until the longest iterable in the argument sequence\nis exhausted and then it raises StopIteration.  When the shorter iterables\nare exhausted, the fillvalue is substituted in their place.  The fillvalue\ndefaults to None or can be specified by a keyword argument.",
        <ZipLongest as Payload>::layout,
    )
};

#[pymethods(ZIP_LONGEST_METHODS)]
impl ZipLongest {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<ZipLongest>> {
        let mut fill = vm.none();
        for (name, value) in args.keywords() {
            if args.keyword_count() > 1 || !name.eq_str("fillvalue") {
                return Err(vm.type_error("zip_longest() got an unexpected keyword argument"));
            }
            fill = value.clone();
        }
        let mut iters = Vec::with_capacity(args.pos().len());
        for v in args.pos() {
            iters.push(PyCell::new(Some(vm.iter(v)?)));
        }
        let active = Cell::new(iters.len());
        let iters = iters.into_boxed_slice();
        vm.new_object(
            cls,
            ZipLongest {
                iters,
                fill,
                active,
            },
        )
    }

    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        if this.iters.is_empty() || this.active.get() == 0 {
            return Ok(None);
        }
        let mut items = Vec::with_capacity(this.iters.len());
        for cell in &this.iters {
            let item = match cell.get() {
                None => this.fill.clone(),
                Some(it) => match vm.next(&it) {
                    Ok(Some(v)) => v,
                    ended => {
                        let left = this.active.get().saturating_sub(1);
                        this.active.set(left);
                        if ended.is_err() || left == 0 {
                            this.active.set(0);
                            return ended;
                        }
                        cell.set(None);
                        this.fill.clone()
                    }
                },
            };
            items.push(item);
        }
        vm.new_tuple(items).map(|t| Some(t.into_value()))
    }
}
