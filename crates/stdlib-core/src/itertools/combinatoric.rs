//! `product`, `permutations`, `combinations` and `combinations_with_replacement`: tuples of items by index vectors.

use std::cell::{Cell, RefCell};

use taipan_macros::pymethods;
use taipan_object::{Args, Payload, PyResult, Ref, Tuple, TypeObject, TypeSpec, Value, Vm};

/// Where such an iterator stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Fresh,
    Running,
    Ended,
}

fn pool_of(vm: &Vm, iterable: &Value) -> PyResult<Ref<Tuple>> {
    vm.collect_tuple(iterable)
}

/// The tuple of the pool's items at these positions.
fn pick(vm: &Vm, pool: &Ref<Tuple>, indices: &[usize]) -> PyResult<Option<Value>> {
    let items = pool.as_slice();
    let tuple = vm.new_tuple_with(indices.len(), |i| {
        let at = indices.get(i).copied().unwrap_or_default();
        items.get(at).cloned().unwrap_or_else(|| vm.none())
    })?;
    Ok(Some(tuple.into_value()))
}

fn length_r(vm: &Vm, r: isize) -> PyResult<usize> {
    usize::try_from(r).map_err(|_| vm.value_error("r must be non-negative"))
}

fn vector(vm: &Vm, n: usize, item: impl Fn(usize) -> usize) -> PyResult<Vec<usize>> {
    let mut v = Vec::new();
    if v.try_reserve_exact(n).is_err() {
        return Err(vm.no_memory());
    }
    v.extend((0..n).map(item));
    Ok(v)
}

macro_rules! choosing {
    ($(#[$doc:meta])* $name:ident, $spec:ident, $methods:ident, $py:literal, $text:literal) => {
        $(#[$doc])*
        pub struct $name {
            pool: Ref<Tuple>,
            indices: RefCell<Vec<usize>>,
            state: Cell<State>,
        }

        owns!($name: refs(pool));

        #[doc = concat!("`", $py, "`")]
        pub static $spec: TypeSpec = TypeSpec {
            text_signature: Some("(iterable, r)"),
            parts: &[&$methods],
            ..super::iterator($py, $text, <$name as Payload>::layout)
        };
    };
}

choosing! {
    /// The payload of `combinations`.
    Combinations, COMBINATIONS, COMBINATIONS_METHODS, "combinations",
    "Return successive r-length combinations of elements in the iterable.\n\ncombinations(range(4), 3) --> (0,1,2), (0,1,3), (0,2,3), (1,2,3)"
}

choosing! {
    /// The payload of `combinations_with_replacement`.
    CombinationsWithReplacement, COMBINATIONS_WITH_REPLACEMENT, CWR_METHODS, "combinations_with_replacement",
    "Return successive r-length combinations of elements in the iterable allowing individual elements to have successive repeats.\n\ncombinations_with_replacement('ABC', 2) --> ('A','A'), ('A','B'), ('A','C'), ('B','B'), ('B','C'), ('C','C')"
}

#[pymethods(COMBINATIONS_METHODS)]
impl Combinations {
    #[pyslot(name = "combinations", params = "(iterable, r)")]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        iterable: &Value,
        r: isize,
    ) -> PyResult<Ref<Combinations>> {
        let pool = pool_of(vm, iterable)?;
        let r = length_r(vm, r)?;
        let ended = r > pool.len();
        let indices = vector(vm, if ended { 0 } else { r }, |i| i)?;
        let state = if ended { State::Ended } else { State::Fresh };
        vm.new_object(
            cls,
            Combinations {
                pool,
                indices: RefCell::new(indices),
                state: Cell::new(state),
            },
        )
    }

    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        let mut indices = this.indices.borrow_mut();
        match this.state.get() {
            State::Ended => return Ok(None),
            State::Fresh => this.state.set(State::Running),
            State::Running => {
                let (n, r) = (this.pool.len(), indices.len());
                // The rightmost position that is not at its last value.
                let Some(i) = (0..r).rev().find(|&i| indices[i] != i + n - r) else {
                    this.state.set(State::Ended);
                    return Ok(None);
                };
                indices[i] += 1;
                for j in i + 1..r {
                    indices[j] = indices[j - 1] + 1;
                }
            }
        }
        pick(vm, &this.pool, &indices)
    }

    /// Returns size in memory, in bytes.
    #[pymethod(sig = "($self, /)")]
    fn __sizeof__(&self) -> usize {
        56 + 8 * self.indices.borrow().len()
    }
}

#[pymethods(CWR_METHODS)]
impl CombinationsWithReplacement {
    #[pyslot(name = "combinations_with_replacement", params = "(iterable, r)")]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        iterable: &Value,
        r: isize,
    ) -> PyResult<Ref<CombinationsWithReplacement>> {
        let pool = pool_of(vm, iterable)?;
        let r = length_r(vm, r)?;
        let indices = vector(vm, r, |_| 0)?;
        let ended = pool.is_empty() && r > 0;
        let state = if ended { State::Ended } else { State::Fresh };
        vm.new_object(
            cls,
            CombinationsWithReplacement {
                pool,
                indices: RefCell::new(indices),
                state: Cell::new(state),
            },
        )
    }

    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        let mut indices = this.indices.borrow_mut();
        match this.state.get() {
            State::Ended => return Ok(None),
            State::Fresh => this.state.set(State::Running),
            State::Running => {
                let n = this.pool.len();
                let Some(i) = indices.iter().rposition(|&at| at + 1 != n) else {
                    this.state.set(State::Ended);
                    return Ok(None);
                };
                let at = indices[i] + 1;
                indices[i..].fill(at);
            }
        }
        pick(vm, &this.pool, &indices)
    }

    /// Returns size in memory, in bytes.
    #[pymethod(sig = "($self, /)")]
    fn __sizeof__(&self) -> usize {
        56 + 8 * self.indices.borrow().len()
    }
}

/// The payload of `permutations`.
pub struct Permutations {
    pool: Ref<Tuple>,
    indices: RefCell<Vec<usize>>,
    cycles: RefCell<Vec<usize>>,
    state: Cell<State>,
}

owns!(Permutations: refs(pool));

/// `permutations`
pub static PERMUTATIONS: TypeSpec = TypeSpec {
    text_signature: Some("(iterable, r=None)"),
    parts: &[&PERMUTATIONS_METHODS],
    ..super::iterator(
        "permutations",
        "Return successive r-length permutations of elements in the iterable.\n\npermutations(range(3), 2) --> (0,1), (0,2), (1,0), (1,2), (2,0), (2,1)",
        <Permutations as Payload>::layout,
    )
};

#[pymethods(PERMUTATIONS_METHODS)]
impl Permutations {
    #[pyslot(name = "permutations", params = "(iterable, r=None)")]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        iterable: &Value,
        r: Value,
    ) -> PyResult<Ref<Permutations>> {
        let pool = pool_of(vm, iterable)?;
        let n = pool.len();
        let r = if vm.is_none(&r) {
            n
        } else if r.as_int().is_none() {
            return Err(vm.type_error("Expected int as r"));
        } else {
            length_r(vm, vm.index_isize(&r)?)?
        };
        let ended = r > n;
        let indices = vector(vm, n, |i| i)?;
        let cycles = vector(vm, if ended { 0 } else { r }, |i| n - i)?;
        let state = if ended { State::Ended } else { State::Fresh };
        vm.new_object(
            cls,
            Permutations {
                pool,
                indices: RefCell::new(indices),
                cycles: RefCell::new(cycles),
                state: Cell::new(state),
            },
        )
    }

    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        let mut indices = this.indices.borrow_mut();
        let mut cycles = this.cycles.borrow_mut();
        let (n, r) = (indices.len(), cycles.len());
        match this.state.get() {
            State::Ended => return Ok(None),
            State::Fresh => this.state.set(State::Running),
            State::Running => {
                let mut i = r;
                loop {
                    if i == 0 {
                        this.state.set(State::Ended);
                        return Ok(None);
                    }
                    i -= 1;
                    cycles[i] -= 1;
                    if cycles[i] == 0 {
                        // All items have stood here: put those behind back in order.
                        indices[i..].rotate_left(1);
                        cycles[i] = n - i;
                    } else {
                        let j = n - cycles[i];
                        indices.swap(i, j);
                        break;
                    }
                }
            }
        }
        pick(vm, &this.pool, &indices[..r])
    }

    /// Returns size in memory, in bytes.
    #[pymethod(sig = "($self, /)")]
    fn __sizeof__(&self) -> usize {
        64 + 8 * (self.indices.borrow().len() + self.cycles.borrow().len())
    }
}

/// The payload of `product`.
pub struct Product {
    pools: Box<[Value]>,
    indices: RefCell<Vec<usize>>,
    state: Cell<State>,
}

owns!(Product: lists(pools));

/// `product`
pub static PRODUCT: TypeSpec = TypeSpec {
    text_signature: Some("(*iterables, repeat=1)"),
    parts: &[&PRODUCT_METHODS],
    ..super::iterator(
        "product",
        "Cartesian product of input iterables.  Equivalent to nested for-loops.\n\nFor example, product(A, B) returns the same as:  ((x,y) for x in A for y in B).\nThe leftmost iterators are in the outermost for-loop, so the output tuples\ncycle in a manner similar to an odometer (with the rightmost element changing\non every iteration).\n\nTo compute the product of an iterable with itself, specify the number\nof repetitions with the optional repeat keyword argument. For example,\nproduct(A, repeat=4) means the same as product(A, A, A, A).\n\nproduct('ab', range(3)) --> ('a',0) ('a',1) ('a',2) ('b',0) ('b',1) ('b',2)\nproduct((0,1), (0,1), (0,1)) --> (0,0,0) (0,0,1) (0,1,0) (0,1,1) (1,0,0) ...",
        <Product as Payload>::layout,
    )
};

fn items_of(pool: &Value) -> &[Value] {
    pool.downcast_ref::<Tuple>().map_or(&[], |t| t.as_slice())
}

#[pymethods(PRODUCT_METHODS)]
impl Product {
    #[pyslot]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult<Ref<Product>> {
        taipan_object::bind::check_keyword_count(vm, "product", args.keyword_count(), 1)?;
        let mut repeat = 1;
        for (name, value) in args.keywords() {
            if !name.eq_str("repeat") {
                let name = name.to_string_lossy();
                return Err(vm.type_error(&format!(
                    "product() got an unexpected keyword argument '{name}'"
                )));
            }
            repeat = vm.index_isize_or_overflow(value)?;
        }
        let Ok(repeat) = usize::try_from(repeat) else {
            return Err(vm.value_error("repeat argument cannot be negative"));
        };
        let count = if repeat == 0 { 0 } else { args.pos().len() };
        let total = count.checked_mul(repeat).filter(|&n| n <= usize::MAX >> 4);
        let Some(total) = total else {
            return Err(vm.overflow_error("repeat argument too large"));
        };
        let mut pools: Vec<Value> = Vec::new();
        if pools.try_reserve_exact(total).is_err() {
            return Err(vm.no_memory());
        }
        for v in args.pos().iter().take(count) {
            pools.push(pool_of(vm, v)?.into_value());
        }
        for i in count..total {
            let again = pools[i - count].clone();
            pools.push(again);
        }
        let indices = vector(vm, total, |_| 0)?;
        vm.new_object(
            cls,
            Product {
                pools: pools.into_boxed_slice(),
                indices: RefCell::new(indices),
                state: Cell::new(State::Fresh),
            },
        )
    }

    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        let mut indices = this.indices.borrow_mut();
        match this.state.get() {
            State::Ended => return Ok(None),
            State::Fresh => {
                if this.pools.iter().any(|p| items_of(p).is_empty()) {
                    this.state.set(State::Ended);
                    return Ok(None);
                }
                this.state.set(State::Running);
            }
            State::Running => {
                let mut moved = false;
                for (at, pool) in indices.iter_mut().zip(&this.pools).rev() {
                    *at += 1;
                    if *at < items_of(pool).len() {
                        moved = true;
                        break;
                    }
                    *at = 0;
                }
                if !moved {
                    this.state.set(State::Ended);
                    return Ok(None);
                }
            }
        }
        let tuple = vm.new_tuple_with(indices.len(), |i| {
            match (this.pools.get(i), indices.get(i)) {
                (Some(pool), Some(&at)) => items_of(pool).get(at).cloned(),
                _ => None,
            }
            .unwrap_or_else(|| vm.none())
        })?;
        Ok(Some(tuple.into_value()))
    }

    /// Returns size in memory, in bytes.
    #[pymethod(sig = "($self, /)")]
    fn __sizeof__(&self) -> usize {
        48 + 8 * self.pools.len()
    }
}
