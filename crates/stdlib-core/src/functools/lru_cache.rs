//! `_lru_cache_wrapper`: a function with its results remembered. The table is in `lru_table.rs`.

use std::cell::Cell;

use taipan_macros::pymethods;
use taipan_object::{
    Args, Payload, PyResult, Ref, Traverse, TypeObject, TypeSpec, Value, Visitor, Vm, payload,
    tpflags,
};

use super::lru_table::{Call, Table};

/// The payload of `_lru_cache_wrapper`.
pub struct LruCache {
    func: Value,
    info_type: Value,
    /// The most results to keep; `None` for no limit.
    maxsize: Option<usize>,
    typed: bool,
    hits: Cell<u64>,
    misses: Cell<u64>,
    table: Table,
}

payload!(LruCache, gc);

impl Traverse for LruCache {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(&self.func);
        visit(&self.info_type);
        self.table.visit(visit);
    }
    fn clear(&self) {
        self.table.clear();
    }
}

/// `_lru_cache_wrapper`
pub static LRU_CACHE: TypeSpec = TypeSpec {
    doc: Some(
        "Create a cached callable that wraps another function.\n\nuser_function:      the function being cached\n\nmaxsize:  0         for no caching\n          None      for unlimited cache size\n          n         for a bounded cache\n\ntyped:    False     cache f(3) and f(3.0) as identical calls\n          True      cache f(3) and f(3.0) as distinct calls\n\ncache_info_type:    namedtuple class with the fields:\n                        hits misses currsize maxsize\n",
    ),
    flags: tpflags::METHOD_DESCRIPTOR,
    has_dict: true,
    has_weakref: true,
    parts: &[&LRU_CACHE_METHODS],
    ..TypeSpec::new(
        "_lru_cache_wrapper",
        "functools",
        <LruCache as Payload>::layout,
    )
};

fn count(cell: &Cell<u64>) {
    cell.set(cell.get().wrapping_add(1));
}

#[pymethods(LRU_CACHE_METHODS)]
impl LruCache {
    #[pyslot(
        name = "lru_cache",
        params = "(user_function, maxsize, typed, cache_info_type)"
    )]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        user_function: Value,
        maxsize: &Value,
        typed: bool,
        cache_info_type: Value,
    ) -> PyResult<Ref<LruCache>> {
        if !vm.is_callable(&user_function) {
            return Err(vm.type_error("the first argument must be callable"));
        }
        let maxsize = if vm.is_none(maxsize) {
            None
        } else if vm.has_index(maxsize) {
            Some(vm.index_isize_or_overflow(maxsize)?.max(0) as usize)
        } else {
            return Err(vm.type_error("maxsize should be integer or None"));
        };
        vm.new_object(
            cls,
            LruCache {
                func: user_function,
                info_type: cache_info_type,
                maxsize,
                typed,
                hits: Cell::new(0),
                misses: Cell::new(0),
                table: Table::default(),
            },
        )
    }

    #[pyslot]
    fn tp_call(vm: &Vm, this: &Ref<Self>, args: Args<'_>) -> PyResult {
        if this.maxsize == Some(0) {
            count(&this.misses);
            return vm.call(&this.func, args);
        }
        let bounded = this.maxsize.is_some();
        let call = Call::new(vm, args, this.typed)?;
        if let Some(v) = this.table.get(vm, &call, bounded)? {
            count(&this.hits);
            return Ok(v);
        }
        count(&this.misses);
        let result = vm.call(&this.func, args)?;
        // The call itself may have stored a result for the same arguments: that one stays.
        if this.table.get(vm, &call, false)?.is_none() {
            this.table.insert(vm, &call, result.clone(), this.maxsize)?;
        }
        Ok(result)
    }

    #[pyslot]
    fn tp_descr_get(
        vm: &Vm,
        this: &Ref<Self>,
        instance: Option<&Value>,
        owner: &Value,
    ) -> PyResult {
        let _ = owner;
        match instance.filter(|v| !vm.is_none(v)) {
            None => Ok(this.as_value().clone()),
            Some(v) => Ok(vm
                .new_method(this.as_value().clone(), v.clone())?
                .into_value()),
        }
    }

    /// Report cache statistics
    #[pymethod(sig = "($self, /)")]
    fn cache_info(&self, vm: &Vm) -> PyResult {
        let maxsize = match self.maxsize {
            Some(n) => vm.new_usize(n)?,
            None => vm.none(),
        };
        let counts = [
            vm.new_int(self.hits.get() as i64)?,
            vm.new_int(self.misses.get() as i64)?,
            maxsize,
            vm.new_usize(self.table.len())?,
        ];
        vm.call_pos(&self.info_type, &counts)
    }

    /// Clear the cache and cache statistics
    #[pymethod(sig = "($self, /)")]
    fn cache_clear(&self) {
        self.hits.set(0);
        self.misses.set(0);
        self.table.clear();
    }

    #[pymethod]
    fn __reduce__(vm: &Vm, this: &Ref<Self>) -> PyResult {
        vm.getattr(this.as_value(), &vm.names().__qualname__)
    }

    #[pymethod]
    fn __copy__(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pymethod(params = "($self, memo, /)")]
    fn __deepcopy__(this: &Ref<Self>, memo: &Value) -> Ref<Self> {
        let _ = memo;
        this.clone()
    }
}
