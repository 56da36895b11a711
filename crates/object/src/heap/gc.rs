//! The cycle collector: trial deletion (Bacon and Rajan 2001, in CPython's form) over three generations.
//!
//! The collector never runs inside an allocation: passing the threshold sets a bit of the evaluation breaker, and the
//! interpreter collects between two instructions. While candidates are looked at, no Python code runs; counts are lowered in
//! place by the references that candidates hold on each other, and restored before anything else happens.

use std::cell::Cell;
use std::ptr::NonNull;

use super::Heap;
use crate::containers::dict::Dict;
use crate::containers::list::List;
use crate::containers::tuple::Tuple;
use crate::header::{Header, flag};
use crate::reference::{Object, Payload};
use crate::value::Value;
use crate::vm::Vm;

/// Thresholds, counters and statistics, as module `gc` shows them.
pub struct GcState {
    /// Automatic collection is on.
    pub enabled: Cell<bool>,
    /// Allocations minus frees of collectable objects since the last collection, and collections of each generation but the
    /// oldest since the last one of an older.
    pub count: [Cell<i64>; 3],
    /// The thresholds of `gc.set_threshold`.
    pub threshold: [Cell<i64>; 3],
    /// A collection is running.
    pub collecting: Cell<bool>,
    /// Survivors of the last full collection.
    pub long_lived_total: Cell<usize>,
    /// Survivors of collections of the middle generation since then.
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
            threshold: [Cell::new(2000), Cell::new(10), Cell::new(10)],
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

/// Runs the collection that is due, if any: of the oldest generation whose threshold is passed. The oldest one is collected
/// only when enough has survived since it was last.
pub fn collect_if_due(vm: &Vm) {
    let gc = &vm.heap().gc;
    if !gc.due.replace(false) || !gc.enabled.get() {
        return;
    }
    let passed = |i: usize| gc.count[i].get() > gc.threshold[i].get();
    let generation = if passed(2) && gc.long_lived_pending.get() >= gc.long_lived_total.get() / 4 {
        2
    } else if passed(1) {
        1
    } else {
        0
    };
    collect(vm, generation);
}

/// Shows every value that an object owns, but not strings that are keys of a dict.
#[inline(always)]
fn children<F: FnMut(&Value)>(h: NonNull<Header>, visit: &mut F) {
    // SAFETY: candidates are live objects; their layouts describe them.
    unsafe {
        let ty = h.as_ref().ty();
        let layout = ty.payload.layout();
        // What there is most of is looked at directly.
        if std::ptr::eq(layout, Tuple::layout()) {
            let tuple = h.cast::<Object<Tuple>>().as_ref();
            tuple.payload.all().iter().for_each(&mut *visit);
        } else if std::ptr::eq(layout, Dict::layout()) {
            let dict = h.cast::<Object<Dict>>().as_ref();
            dict.payload.each_collectable(visit);
        } else if std::ptr::eq(layout, List::layout()) {
            let list = h.cast::<Object<List>>().as_ref();
            list.payload.items.each(visit);
        } else if let Some(traverse) = layout.traverse {
            traverse(h.as_ptr(), visit);
        }
        ty.payload.traverse_attributes(h, visit);
        if !ty.header.is_immortal() || is_member(&ty.header) {
            // The object's count of its class is not held in a Value; show it as one without touching the count.
            let v = Value::from_owned_ptr(NonNull::from(ty).cast());
            visit(&v);
            let _ = v.into_bits();
        }
    }
}

/// In the count of an object that the running collection looks at. Counts do not go so far by themselves.
const MEMBER: u32 = 1 << 29;
/// In the count of a member: it was found to be alive, and its children were not looked at yet, for lack of room.
const PENDING: u32 = 1 << 30;
/// In the count of a member: nothing was found yet that keeps it alive.
const UNREACHED: u32 = 1 << 31;

/// How many members may wait for their children to be looked at, before others are marked as pending.
const MAX_WAITING: usize = 1 << 14;

/// What a collection looks at.
trait Members {
    /// Calls `f` for each.
    fn each(&self, f: &mut impl FnMut(NonNull<Header>));
}

/// The members among the objects of generations up to one.
struct Generation<'a> {
    heap: &'a Heap,
    last: usize,
}

impl Generation<'_> {
    fn each_object(&self, f: &mut impl FnMut(NonNull<Header>)) {
        self.heap.pages.walk(self.last, f);
        self.heap.large.borrow().walk(self.last, f);
    }
}

impl Members for Generation<'_> {
    #[inline(always)]
    fn each(&self, f: &mut impl FnMut(NonNull<Header>)) {
        self.each_object(&mut |p| {
            // SAFETY: the walk gives live objects.
            if is_member(unsafe { p.as_ref() }) {
                f(p);
            }
        });
    }
}

impl Members for [NonNull<Header>] {
    fn each(&self, f: &mut impl FnMut(NonNull<Header>)) {
        self.iter().copied().for_each(f);
    }
}

#[inline(always)]
fn is_member(h: &Header) -> bool {
    h.refcount() & MEMBER != 0
}

#[inline(always)]
fn as_member(v: &Value) -> Option<&Header> {
    v.header().filter(|h| is_member(h))
}

/// Makes an object a member.
#[inline(always)]
fn enroll(h: &Header) {
    h.set_refcount(h.refcount() | MEMBER | UNREACHED);
}

/// Collects a generation and those younger. Gives the number of unreachable objects found.
pub fn collect(vm: &Vm, generation: usize) -> usize {
    let generation = generation.min(2);
    let heap = vm.heap();
    let gc = &heap.gc;
    if gc.collecting.replace(true) {
        return 0;
    }
    let older = match generation {
        0 => flag::MIDDLE | flag::OLD,
        1 => flag::OLD,
        _ => 0,
    };
    let objects = Generation {
        heap,
        last: generation,
    };
    let mut count = 0;
    // The members of young generations are few among the objects of their pages, and are noted; the oldest has them all.
    let mut noted = (generation < 2).then(Vec::new);
    objects.each_object(&mut |p| {
        // SAFETY: the walk gives live objects.
        let h = unsafe { p.as_ref() };
        // An object whose count is zero is being destroyed already: by a callback of its weak references, or when its
        // turn comes.
        if h.refcount() == 0 || h.is_immortal() || h.has(older) || is_frozen(h) {
            return;
        }
        if is_plain_tuple(vm, h) {
            h.unset(flag::TRACKED);
            return;
        }
        enroll(h);
        count += 1;
        if let Some(list) = &mut noted {
            match list.try_reserve(1) {
                Ok(()) => list.push(p),
                Err(_) => noted = None,
            }
        }
    });
    let garbage = match &noted {
        Some(list) => survive(list.as_slice(), count, generation),
        None => survive(&objects, count, generation),
    };
    heap.pages.settle(generation);
    heap.large.borrow_mut().settle(generation);
    let survivors = count - garbage.len();
    for younger in &gc.count[..=generation] {
        younger.set(0);
    }
    if let Some(next) = gc.count.get(generation + 1) {
        next.set(next.get() + 1);
    }
    match generation {
        0 => {}
        1 => gc
            .long_lived_pending
            .set(gc.long_lived_pending.get() + survivors),
        _ => {
            gc.long_lived_total.set(survivors);
            gc.long_lived_pending.set(0);
        }
    }
    let found = reclaim(vm, garbage);
    let stats = &gc.stats[generation];
    stats[0].set(stats[0].get() + 1);
    stats[1].set(stats[1].get() + found as u64);
    gc.collecting.set(false);
    found
}

/// Finds the garbage among members; they are members no longer, and of the next generation.
fn survive<M: Members + ?Sized>(
    members: &M,
    count: usize,
    generation: usize,
) -> Vec<NonNull<Header>> {
    let garbage = unreachable(members, count);
    members.each(&mut |p| {
        // SAFETY: nothing was freed since the walk.
        let h = unsafe { p.as_ref() };
        h.set_refcount(h.refcount() & !MEMBER);
        if generation == 0 {
            h.set(flag::MIDDLE);
        } else {
            h.unset(flag::MIDDLE);
            h.set(flag::OLD);
        }
    });
    garbage
}

/// Of members, those that only members refer to. `count` is how many members there are.
///
/// Each member is traversed twice. First every reference from one member to another takes one off the count, so that what
/// is left was held from outside. Then what is reached from there gives the references back as it is traversed, and what
/// was never reached does so at the end.
fn unreachable<M: Members + ?Sized>(members: &M, count: usize) -> Vec<NonNull<Header>> {
    members.each(&mut |p| {
        children(p, &mut |v| {
            if let Some(h) = as_member(v) {
                h.set_refcount(h.refcount().wrapping_sub(1));
            }
        });
    });
    const BASE: u32 = MEMBER | UNREACHED;
    let mut reached = 0;
    let mut waiting: Vec<NonNull<Header>> = Vec::new();
    let mut more = true;
    while more {
        more = false;
        members.each(&mut |p| {
            // SAFETY: live.
            let h = unsafe { p.as_ref() };
            let refs = h.refcount();
            if refs & UNREACHED != 0 {
                if refs == BASE {
                    return;
                }
                h.set_refcount(refs & !UNREACHED);
                reached += 1;
            } else if refs & PENDING != 0 {
                h.set_refcount(refs & !PENDING);
            } else {
                return;
            }
            let mut next = Some(p);
            while let Some(p) = next {
                children(p, &mut |v| {
                    let Some(h) = as_member(v) else { return };
                    // This gives back what the first traversal took.
                    let refs = h.refcount().wrapping_add(1);
                    if refs & UNREACHED == 0 {
                        h.set_refcount(refs);
                        return;
                    }
                    reached += 1;
                    if waiting.len() < MAX_WAITING {
                        h.set_refcount(refs & !UNREACHED);
                        waiting.push(NonNull::from(h));
                    } else {
                        h.set_refcount(refs & !UNREACHED | PENDING);
                        more = true;
                    }
                });
                next = waiting.pop();
            }
        });
    }
    if reached == count {
        return Vec::new();
    }
    let mut garbage: Vec<NonNull<Header>> = Vec::new();
    members.each(&mut |p| {
        // SAFETY: live.
        let h = unsafe { p.as_ref() };
        if h.refcount() & UNREACHED != 0 {
            h.set_refcount(h.refcount() & !UNREACHED);
            garbage.push(p);
        }
    });
    for &p in &garbage {
        children(p, &mut |v| {
            if let Some(h) = as_member(v) {
                // As above.
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
    // SAFETY: an object of the type has its payload.
    let tuple = unsafe { NonNull::from(h).cast::<Object<Tuple>>().as_ref() };
    let plain = |v: &Value| v.header().is_none_or(|h| !h.has(flag::TRACKED));
    tuple.payload.all().iter().all(plain)
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
            h.set_refcount(h.refcount().wrapping_sub(1));
            enroll(h);
        }
        let still: rustc_hash::FxHashSet<usize> = unreachable(&*ptrs, ptrs.len())
            .iter()
            .map(|p| p.as_ptr().addr())
            .collect();
        for p in &ptrs {
            // SAFETY: as above, put back.
            let h = unsafe { p.as_ref() };
            h.set_refcount((h.refcount() & !MEMBER).wrapping_add(1));
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

/// Whether an object is of the permanent generation: it has the marks of both older ones.
#[inline(always)]
fn is_frozen(h: &Header) -> bool {
    h.has(flag::OLD) && h.has(flag::MIDDLE)
}

/// Calls `f` for all tracked objects that are alive.
fn each_tracked(vm: &Vm, f: &mut impl FnMut(&Header)) {
    let objects = Generation {
        heap: vm.heap(),
        last: 2,
    };
    objects.each_object(&mut |p| {
        // SAFETY: the walk gives live objects.
        let h = unsafe { p.as_ref() };
        if h.refcount() > 0 {
            f(h);
        }
    });
}

/// Puts all tracked objects into the permanent generation, which no collection looks at (`gc.freeze`).
pub fn freeze(vm: &Vm) {
    each_tracked(vm, &mut |h| h.set(flag::OLD | flag::MIDDLE));
    vm.heap().gc.count.iter().for_each(|count| count.set(0));
}

/// Puts the objects of the permanent generation into the oldest (`gc.unfreeze`).
pub fn unfreeze(vm: &Vm) {
    each_tracked(vm, &mut |h| {
        if is_frozen(h) {
            h.unset(flag::MIDDLE);
        }
    });
}

/// How many objects are in the permanent generation (`gc.get_freeze_count`).
pub fn frozen_count(vm: &Vm) -> usize {
    let mut count = 0;
    each_tracked(vm, &mut |h| count += usize::from(is_frozen(h)));
    count
}

/// Every tracked object of a generation (`None`: all but frozen ones), for `gc.get_objects`.
pub fn tracked_objects(vm: &Vm, generation: Option<usize>) -> Vec<Value> {
    let mut out = Vec::new();
    let mut add = |p: NonNull<Header>| {
        // SAFETY: the walk gives live objects; a count is taken for the value.
        unsafe {
            let h = p.as_ref();
            let wanted = match generation {
                _ if is_frozen(h) => false,
                None => true,
                Some(0) => !h.has(flag::OLD | flag::MIDDLE),
                Some(1) => h.has(flag::MIDDLE),
                Some(_) => h.has(flag::OLD),
            };
            if wanted && h.refcount() > 0 {
                h.incref();
                out.push(Value::from_owned_ptr(p));
            }
        }
    };
    let heap = vm.heap();
    heap.pages.walk(2, &mut add);
    heap.large.borrow().walk(2, &mut add);
    out
}

/// The objects that `v` refers to directly, for `gc.get_referents`.
pub fn referents(v: &Value) -> Vec<Value> {
    let mut out = Vec::new();
    if let Some(h) = v.header()
        && h.ty().payload.is_gc()
    {
        children(NonNull::from(h), &mut |c: &Value| out.push(c.clone()));
    }
    out
}
