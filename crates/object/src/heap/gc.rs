//! The cycle collector: trial deletion (Bacon and Rajan 2001, in CPython's form) over two generations.
//!
//! The collector never runs inside an allocation: passing the threshold sets a bit of the evaluation breaker, and the
//! interpreter collects between two instructions. While candidates are looked at, no Python code runs; counts are lowered in
//! place by the references that candidates hold on each other, and restored before anything else happens.

use std::cell::Cell;
use std::ptr::NonNull;

use crate::header::{Header, flag};
use crate::value::Value;
use crate::vm::Vm;

/// Thresholds, counters and statistics, as module `gc` shows them.
pub struct GcState {
    /// Automatic collection is on.
    pub enabled: Cell<bool>,
    /// Allocations minus frees of collectable objects since the last young collection, and young collections since the last full one.
    pub count: [Cell<i64>; 3],
    /// The thresholds of `gc.set_threshold`.
    pub threshold: [Cell<i64>; 3],
    /// A collection is running.
    pub collecting: Cell<bool>,
    /// Survivors of the last full collection.
    pub long_lived_total: Cell<usize>,
    /// Survivors of young collections since then.
    pub long_lived_pending: Cell<usize>,
    /// Collections, collected and uncollectable objects for each generation.
    pub stats: [[Cell<u64>; 3]; 3],
    /// A collection is due; the evaluation breaker polls it.
    pub due: Cell<bool>,
}

impl GcState {
    pub(crate) fn new() -> GcState {
        GcState {
            enabled: Cell::new(true),
            count: [const { Cell::new(0) }; 3],
            threshold: [Cell::new(2000), Cell::new(10), Cell::new(0)],
            collecting: Cell::new(false),
            long_lived_total: Cell::new(0),
            long_lived_pending: Cell::new(0),
            stats: [const { [const { Cell::new(0) }; 3] }; 3],
            due: Cell::new(false),
        }
    }

    #[inline(always)]
    pub(crate) fn allocated(&self) {
        let n = self.count[0].get() + 1;
        self.count[0].set(n);
        if n > self.threshold[0].get() {
            self.pass_threshold();
        }
    }

    #[inline(always)]
    pub(crate) fn freed(&self) {
        let n = self.count[0].get();
        if n > 0 {
            self.count[0].set(n - 1);
        }
    }

    #[cold]
    #[inline(never)]
    fn pass_threshold(&self) {
        if self.enabled.get()
            && !self.collecting.get()
            && !self.due.get()
            && self.threshold[0].get() > 0
        {
            self.due.set(true);
            Vm::with_current(|vm| vm.request_break());
        }
    }
}

/// Runs the collection that is due, if any: the young generation, or everything when enough has survived.
pub fn collect_if_due(vm: &Vm) {
    let gc = &vm.heap().gc;
    if !gc.due.replace(false) || !gc.enabled.get() {
        return;
    }
    let full = gc.threshold[1].get() > 0
        && gc.count[1].get() > gc.threshold[1].get()
        && gc.long_lived_pending.get() > gc.long_lived_total.get() / 4;
    collect(vm, if full { 2 } else { 0 });
}

fn children(h: NonNull<Header>, visit: &mut dyn FnMut(&Value)) {
    // SAFETY: candidates are live objects; their layouts describe them.
    unsafe {
        let ty = h.as_ref().ty();
        if let Some(traverse) = ty.payload.layout().traverse {
            traverse(h.as_ptr(), visit);
        }
        ty.payload.traverse_attributes(h, visit);
        if !ty.header.is_immortal() {
            // The object's count of its class is not held in a Value; show it as one without touching the count.
            let v = Value::from_owned_ptr(NonNull::from(ty).cast());
            visit(&v);
            let _ = v.into_bits();
        }
    }
}

/// Collects a generation (0 and 1: the young objects; 2: all). Gives the number of unreachable objects found.
pub fn collect(vm: &Vm, generation: usize) -> usize {
    let heap = vm.heap();
    let gc = &heap.gc;
    if gc.collecting.replace(true) {
        return 0;
    }
    let young = generation < 2;
    // An object whose count is zero is being destroyed already: by a callback of its weak references, or when its turn comes.
    let member =
        |h: &Header| h.refcount() != 0 && h.refcount() < UNREACHED && !(young && h.has(flag::OLD));
    let mut candidates: Vec<NonNull<Header>> = Vec::new();
    {
        let mut add = |p: NonNull<Header>| {
            // SAFETY: the walk gives live objects.
            let h = unsafe { p.as_ref() };
            if member(h) {
                if is_plain_tuple(vm, h) {
                    h.unset(flag::TRACKED);
                    return;
                }
                h.set(flag::COLLECTING);
                candidates.push(p);
            }
        };
        heap.pages.walk(young, &mut add);
        heap.large.borrow().walk(&mut add);
    }
    let garbage = unreachable(&candidates);
    for p in &candidates {
        // SAFETY: nothing was freed since the walk.
        let h = unsafe { p.as_ref() };
        h.unset(flag::COLLECTING);
        h.set(flag::OLD);
    }
    heap.pages.settle();
    gc.count[0].set(0);
    let survivors = candidates.len() - garbage.len();
    if young {
        gc.count[1].set(gc.count[1].get() + 1);
        gc.long_lived_pending
            .set(gc.long_lived_pending.get() + survivors);
    } else {
        gc.count[1].set(0);
        gc.count[2].set(0);
        gc.long_lived_total.set(survivors);
        gc.long_lived_pending.set(0);
    }
    drop(candidates);
    let found = reclaim(vm, garbage);
    let stats = &gc.stats[generation.min(2)];
    stats[0].set(stats[0].get() + 1);
    stats[1].set(stats[1].get() + found as u64);
    gc.collecting.set(false);
    found
}

/// In the count of a candidate: nothing was found yet that keeps it alive. Objects with more references than this bit
/// leaves room for are no candidates.
const UNREACHED: u32 = 1 << 30;

/// Of objects marked `COLLECTING`, those that only candidates refer to.
///
/// Each candidate is traversed twice. First every reference from one candidate to another takes one off the count, so that
/// what is left was held from outside. Then what is reached from there gives the references back as it is traversed, and what
/// was never reached does so at the end.
fn unreachable(candidates: &[NonNull<Header>]) -> Vec<NonNull<Header>> {
    let member = |v: &Value| -> Option<NonNull<Header>> {
        let h = v.header()?;
        h.has(flag::COLLECTING).then(|| NonNull::from(h))
    };
    for p in candidates {
        // SAFETY: candidates are live.
        let h = unsafe { p.as_ref() };
        h.set_refcount(h.refcount() | UNREACHED);
    }
    for &p in candidates {
        children(p, &mut |v| {
            if let Some(c) = member(v) {
                // SAFETY: a live object; its count includes this reference.
                let c = unsafe { c.as_ref() };
                c.set_refcount(c.refcount().wrapping_sub(1));
            }
        });
    }
    let mut work: Vec<NonNull<Header>> = Vec::new();
    for &p in candidates {
        // SAFETY: live.
        let h = unsafe { p.as_ref() };
        let count = h.refcount();
        if count > UNREACHED {
            h.set_refcount(count & !UNREACHED);
            work.push(p);
        }
        while let Some(p) = work.pop() {
            children(p, &mut |v| {
                if let Some(c) = member(v) {
                    // SAFETY: live; this gives back what the first traversal took.
                    let h = unsafe { c.as_ref() };
                    let count = h.refcount().wrapping_add(1);
                    h.set_refcount(count & !UNREACHED);
                    if count & UNREACHED != 0 {
                        work.push(c);
                    }
                }
            });
        }
    }
    let garbage: Vec<NonNull<Header>> = candidates
        .iter()
        .copied()
        // SAFETY: live.
        .filter(|p| unsafe { p.as_ref() }.refcount() & UNREACHED != 0)
        .collect();
    for &p in &garbage {
        // SAFETY: live.
        let h = unsafe { p.as_ref() };
        h.set_refcount(h.refcount() & !UNREACHED);
    }
    for &p in &garbage {
        children(p, &mut |v| {
            if let Some(c) = member(v) {
                // SAFETY: live; as above.
                let h = unsafe { c.as_ref() };
                h.set_refcount(h.refcount().wrapping_add(1));
            }
        });
    }
    garbage
}

/// Whether an object is an exact tuple that can be in no cycle, because no item can: it need not be looked at again.
/// ([`crate::containers::tuple::LastPair`], which exchanges a tuple's items, has it looked at again.)
fn is_plain_tuple(vm: &Vm, h: &Header) -> bool {
    if !std::ptr::eq(h.ty(), vm.types().tuple.object()) {
        return false;
    }
    let mut plain = true;
    let mut look = |v: &Value| {
        plain &= v.header().is_none_or(|h| !h.has(flag::TRACKED));
    };
    // SAFETY: a live object whose layout describes it.
    unsafe {
        if let Some(traverse) = h.ty().payload.layout().traverse {
            traverse(h, &mut look);
        }
    }
    plain
}

/// The garbage that has finalizers to run, in an order in which an object comes before those that only it leads to: a
/// file's buffer is written before the file is closed.
fn with_finalizers(garbage: &[NonNull<Header>]) -> Vec<NonNull<Header>> {
    let due = |p: &NonNull<Header>| {
        // SAFETY: live objects.
        let h = unsafe { p.as_ref() };
        h.ty().payload.slots.tp_finalize.get().is_some() && !h.has(flag::FINALIZED)
    };
    let count = garbage.iter().filter(|p| due(p)).count();
    if count < 2 {
        return garbage.iter().copied().filter(due).collect();
    }
    // Depth first, the last first; what is left last comes first.
    let mut unseen: rustc_hash::FxHashSet<NonNull<Header>> = garbage.iter().copied().collect();
    let mut left = Vec::with_capacity(garbage.len());
    let mut path: Vec<(NonNull<Header>, Vec<NonNull<Header>>)> = Vec::new();
    let inside = |p: NonNull<Header>| {
        let mut found = Vec::new();
        children(p, &mut |v| found.extend(v.header().map(NonNull::from)));
        (p, found)
    };
    for &start in garbage.iter().rev() {
        if unseen.remove(&start) {
            path.push(inside(start));
        }
        while let Some((p, to_visit)) = path.last_mut() {
            match to_visit.pop() {
                Some(c) if unseen.remove(&c) => path.push(inside(c)),
                Some(_) => {}
                None => {
                    left.push(*p);
                    path.pop();
                }
            }
        }
    }
    left.into_iter().rev().filter(due).collect()
}

/// Finalizes and frees unreachable objects, leaving alone what a finalizer brought back.
fn reclaim(vm: &Vm, garbage: Vec<NonNull<Header>>) -> usize {
    if garbage.is_empty() {
        return 0;
    }
    // From here Python code may run: every object is kept alive by a count of ours.
    let held: Vec<Value> = garbage
        .iter()
        .map(|&p| {
            // SAFETY: live; the count is taken here.
            unsafe {
                p.as_ref().incref();
                Value::from_owned_ptr(p)
            }
        })
        .collect();
    let found = held.len();
    crate::weakref::garbage_dies(vm, &held);
    let mut finalized = false;
    for p in with_finalizers(&garbage) {
        // SAFETY: `held` keeps it alive; a count is taken for the call.
        let (h, v) = unsafe {
            p.as_ref().incref();
            (p.as_ref(), Value::from_owned_ptr(p))
        };
        if let Some(finalize) = h.ty().payload.slots.tp_finalize.get()
            && !h.has(flag::FINALIZED)
        {
            h.set(flag::FINALIZED);
            vm.run_finalizer(finalize, &v);
            finalized = true;
        }
    }
    let mut dead = held;
    if finalized {
        // Whatever is now referred to from outside lives on, with all it refers to.
        let ptrs: Vec<NonNull<Header>> = dead
            .iter()
            .filter_map(|v| v.header().map(NonNull::from))
            .collect();
        for p in &ptrs {
            // SAFETY: `dead` holds them. Our own count is taken out while looking.
            let h = unsafe { p.as_ref() };
            h.set(flag::COLLECTING);
            h.set_refcount(h.refcount().wrapping_sub(1));
        }
        let still: rustc_hash::FxHashSet<usize> = unreachable(&ptrs)
            .iter()
            .map(|p| p.as_ptr().addr())
            .collect();
        for p in &ptrs {
            // SAFETY: as above, put back.
            let h = unsafe { p.as_ref() };
            h.set_refcount(h.refcount().wrapping_add(1));
            h.unset(flag::COLLECTING);
        }
        dead.retain(|v| still.contains(&v.as_ptr_unchecked().addr()));
    }
    for v in &dead {
        if let Some(h) = v.header() {
            // SAFETY: live; the layout describes the object.
            unsafe {
                if let Some(clear) = h.ty().payload.layout().clear {
                    clear(h);
                }
                h.ty().payload.clear_attributes(NonNull::from(h));
            }
        }
    }
    drop(dead);
    found
}

/// Every tracked object of a generation (`None`: all), for `gc.get_objects`.
pub fn tracked_objects(vm: &Vm, generation: Option<usize>) -> Vec<Value> {
    let mut out = Vec::new();
    let mut add = |p: NonNull<Header>| {
        // SAFETY: the walk gives live objects; a count is taken for the value.
        unsafe {
            let h = p.as_ref();
            let old = h.has(flag::OLD);
            let wanted = match generation {
                None => true,
                Some(0) => !old,
                Some(1) => false,
                Some(_) => old,
            };
            if wanted && h.refcount() > 0 {
                h.incref();
                out.push(Value::from_owned_ptr(p));
            }
        }
    };
    let heap = vm.heap();
    heap.pages.walk(false, &mut add);
    heap.large.borrow().walk(&mut add);
    out
}

/// The objects that `v` refers to directly, for `gc.get_referents`.
pub fn referents(v: &Value) -> Vec<Value> {
    let mut out = Vec::new();
    if let Some(h) = v.header()
        && h.ty().payload.is_gc()
    {
        children(NonNull::from(h), &mut |c| out.push(c.clone()));
    }
    out
}
