//! Module `_heapq`: heaps in lists, smallest or largest first. The order of comparisons is CPython's.

use taipan_macros::pyfunctions;
use taipan_object::{CompareOp, List, ModuleSpec, PyResult, Ref, Value, Vm};

/// Module `_heapq`.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_heapq",
    doc: Some("Heap queue algorithm (a.k.a. priority queue)."),
    functions: &[functions::FUNCTIONS],
    types: &[],
    exec: Some(|vm, module| {
        let Some(dict) = module.dict.get() else {
            return Ok(());
        };
        let about = vm.new_str("Heaps in lists.")?.into_value();
        dict.set_named(vm, "__about__", about)
    }),
};

/// A heap while a function works on it; comparisons may change the list behind our back.
struct Heap<'a> {
    vm: &'a Vm,
    list: &'a Ref<List>,
    size: usize,
    max: bool,
}

impl<'a> Heap<'a> {
    fn new(vm: &'a Vm, list: &'a Ref<List>, max: bool) -> Heap<'a> {
        Heap {
            vm,
            list,
            size: list.len(),
            max,
        }
    }

    fn get(&self, i: usize) -> PyResult {
        self.list
            .get(i)
            .ok_or_else(|| self.vm.index_error("index out of range"))
    }

    /// Whether `a` goes before `b`.
    fn before(&self, a: &Value, b: &Value) -> PyResult<bool> {
        let (x, y) = if self.max { (b, a) } else { (a, b) };
        if let (Some(x), Some(y)) = (x.as_small_int(), y.as_small_int()) {
            return Ok(x < y);
        }
        let less = self.vm.compare_bool(x, y, CompareOp::Lt)?;
        if self.list.len() != self.size {
            return Err(self.vm.runtime_error("list changed size during iteration"));
        }
        Ok(less)
    }

    fn set(&self, i: usize, v: Value) {
        drop(self.list.set(i, v));
    }

    fn swap(&self, i: usize, j: usize) {
        if let (Some(a), Some(b)) = (self.list.get(i), self.list.get(j)) {
            self.set(i, b);
            self.set(j, a);
        }
    }

    /// Moves the item at `at` towards the root, no further than `start`.
    fn sift_down(&self, start: usize, mut at: usize) -> PyResult<()> {
        if at >= self.list.len() {
            return Err(self.vm.index_error("index out of range"));
        }
        while at > start {
            let parent = (at - 1) / 2;
            if !self.before(&self.get(at)?, &self.get(parent)?)? {
                break;
            }
            self.swap(at, parent);
            at = parent;
        }
        Ok(())
    }

    /// Moves the item at `at` to a leaf along the better children, and from there back to its place.
    fn sift_up(&self, mut at: usize) -> PyResult<()> {
        let start = at;
        let end = self.list.len();
        if at >= end {
            return Err(self.vm.index_error("index out of range"));
        }
        let limit = end / 2;
        while at < limit {
            let mut child = 2 * at + 1;
            if child + 1 < end && !self.before(&self.get(child)?, &self.get(child + 1)?)? {
                child += 1;
            }
            self.swap(at, child);
            at = child;
        }
        self.sift_down(start, at)
    }
}

fn push(vm: &Vm, list: &Ref<List>, item: &Value, max: bool) -> PyResult<()> {
    if !list.push(item.clone()) {
        return Err(vm.no_memory());
    }
    let heap = Heap::new(vm, list, max);
    heap.sift_down(0, heap.size - 1)
}

fn pop(vm: &Vm, list: &Ref<List>, max: bool) -> PyResult {
    let Some(last) = list.pop() else {
        return Err(vm.index_error("index out of range"));
    };
    let Some(first) = list.set(0, last.clone()) else {
        return Ok(last);
    };
    Heap::new(vm, list, max).sift_up(0)?;
    Ok(first)
}

fn replace(vm: &Vm, list: &Ref<List>, item: &Value, max: bool) -> PyResult {
    let Some(first) = list.set(0, item.clone()) else {
        return Err(vm.index_error("index out of range"));
    };
    Heap::new(vm, list, max).sift_up(0)?;
    Ok(first)
}

fn push_pop(vm: &Vm, list: &Ref<List>, item: &Value, max: bool) -> PyResult {
    let Some(top) = list.get(0) else {
        return Ok(item.clone());
    };
    let heap = Heap::new(vm, list, max);
    if !heap.before(&top, item)? {
        return Ok(item.clone());
    }
    replace(vm, list, item, max)
}

fn make(vm: &Vm, list: &Ref<List>, max: bool) -> PyResult<()> {
    let heap = Heap::new(vm, list, max);
    for i in (0..heap.size / 2).rev() {
        heap.sift_up(i)?;
    }
    Ok(())
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Push item onto heap, maintaining the heap invariant.
    #[pyfunction(sig = "($module, heap, item, /)")]
    fn heappush(vm: &Vm, heap: &Ref<List>, item: &Value) -> PyResult<()> {
        push(vm, heap, item, false)
    }

    /// Push item on the heap, then pop and return the smallest item from the heap.
    #[pyfunction(sig = "($module, heap, item, /)")]
    fn heappushpop(vm: &Vm, heap: &Ref<List>, item: &Value) -> PyResult {
        push_pop(vm, heap, item, false)
    }

    /// Pop the smallest item off the heap, maintaining the heap invariant.
    #[pyfunction(sig = "($module, heap, /)")]
    fn heappop(vm: &Vm, heap: &Ref<List>) -> PyResult {
        pop(vm, heap, false)
    }

    /// Pop and return the current smallest value, and add the new item.
    #[pyfunction(sig = "($module, heap, item, /)")]
    fn heapreplace(vm: &Vm, heap: &Ref<List>, item: &Value) -> PyResult {
        replace(vm, heap, item, false)
    }

    /// Transform list into a heap, in-place, in O(len(heap)) time.
    #[pyfunction(sig = "($module, heap, /)")]
    fn heapify(vm: &Vm, heap: &Ref<List>) -> PyResult<()> {
        make(vm, heap, false)
    }

    /// Push item onto max heap, maintaining the heap invariant.
    #[pyfunction(sig = "($module, heap, item, /)")]
    fn heappush_max(vm: &Vm, heap: &Ref<List>, item: &Value) -> PyResult<()> {
        push(vm, heap, item, true)
    }

    /// Maxheap variant of heappushpop.
    #[pyfunction(sig = "($module, heap, item, /)")]
    fn heappushpop_max(vm: &Vm, heap: &Ref<List>, item: &Value) -> PyResult {
        push_pop(vm, heap, item, true)
    }

    /// Maxheap variant of heappop.
    #[pyfunction(sig = "($module, heap, /)")]
    fn heappop_max(vm: &Vm, heap: &Ref<List>) -> PyResult {
        pop(vm, heap, true)
    }

    /// Maxheap variant of heapreplace.
    #[pyfunction(sig = "($module, heap, item, /)")]
    fn heapreplace_max(vm: &Vm, heap: &Ref<List>, item: &Value) -> PyResult {
        replace(vm, heap, item, true)
    }

    /// Maxheap variant of heapify.
    #[pyfunction(sig = "($module, heap, /)")]
    fn heapify_max(vm: &Vm, heap: &Ref<List>) -> PyResult<()> {
        make(vm, heap, true)
    }
}
