//! Module `_queue`: `SimpleQueue`, which any thread may put into at any time.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use taipan_macros::pymethods;
use taipan_object::{
    BaseException, ModuleSpec, Payload, PyResult, Ref, Traverse, TypeObject, TypeSpec, Value,
    Visitor, Vm, payload, tpflags,
};
use taipan_vm::{breaker, gil};

/// `_queue`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_queue",
    doc: Some(
        "C implementation of the Python queue module.\nThis module is an implementation detail, please do not use it directly.",
    ),
    functions: &[],
    types: &[&SIMPLE_QUEUE, &EMPTY],
    exec: None,
};

/// `_queue.Empty`
static EMPTY: TypeSpec = TypeSpec {
    doc: Some("Exception raised by Queue.get(block=0)/get_nowait()."),
    base: Some(|vm| (*vm.exc().Exception).clone()),
    flags: tpflags::BASETYPE,
    has_dict: true,
    has_weakref: true,
    ..TypeSpec::new("Empty", "_queue", <BaseException as Payload>::layout)
};

/// Tells threads that wait without the GIL that something was put. Counts how often.
#[derive(Default)]
struct Signal {
    puts: Mutex<u64>,
    put: Condvar,
}

impl Signal {
    fn count(&self) -> u64 {
        *self.puts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn notify(&self) {
        let mut puts = self.puts.lock().unwrap_or_else(PoisonError::into_inner);
        *puts = puts.wrapping_add(1);
        drop(puts);
        self.put.notify_one();
    }

    fn wait(&self, seen: u64, time: Duration) {
        let puts = self.puts.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self
            .put
            .wait_timeout_while(puts, time, |puts| *puts == seen);
        drop(waited);
    }
}

/// The payload of `SimpleQueue`. The items are touched under the GIL alone.
#[derive(Default)]
pub struct SimpleQueue {
    items: RefCell<VecDeque<Value>>,
    signal: Arc<Signal>,
}

payload!(SimpleQueue, gc);

impl Traverse for SimpleQueue {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        if let Ok(items) = self.items.try_borrow() {
            items.iter().for_each(visit);
        }
    }
    fn clear(&self) {
        drop(self.items.take());
    }
}

/// `_queue.SimpleQueue`
pub static SIMPLE_QUEUE: TypeSpec = TypeSpec {
    doc: Some("Simple, unbounded, reentrant FIFO queue."),
    text_signature: Some("()"),
    flags: tpflags::BASETYPE,
    has_weakref: true,
    parts: &[&SIMPLE_QUEUE_METHODS],
    ..TypeSpec::new("SimpleQueue", "_queue", <SimpleQueue as Payload>::layout)
};

/// How long a thread waits before it looks at signals.
const STEP: Duration = Duration::from_millis(50);
/// The longest timeout.
const TIMEOUT_MAX: f64 = 9_223_372_036.0;

impl SimpleQueue {
    fn push(&self, item: &Value) {
        self.items.borrow_mut().push_back(item.clone());
        self.signal.notify();
    }

    fn pop(&self) -> Option<Value> {
        self.items.borrow_mut().pop_front()
    }
}

fn empty(vm: &Vm) -> taipan_object::Raised {
    let raised = vm
        .make_type(&EMPTY)
        .and_then(|ty| vm.new_exception_args(&ty, Vec::new()));
    match raised {
        Ok(e) => vm.raise(e),
        Err(r) => r,
    }
}

fn deadline(vm: &Vm, timeout: &Value) -> PyResult<Option<Instant>> {
    if vm.is_none(timeout) {
        return Ok(None);
    }
    if timeout.as_float().is_none() && timeout.as_int().is_none() {
        return Err(vm.type_error(&format!(
            "'{}' object cannot be interpreted as an integer or float",
            vm.type_name(timeout)
        )));
    }
    let seconds = vm.as_double(timeout)?;
    if seconds.is_nan() {
        return Err(vm.value_error("Invalid value NaN (not a number)"));
    }
    if seconds < 0.0 {
        return Err(vm.value_error("'timeout' must be a non-negative number"));
    }
    if seconds > TIMEOUT_MAX {
        return Err(vm.overflow_error("timeout value is too large"));
    }
    Ok(Instant::now().checked_add(Duration::from_secs_f64(seconds)))
}

fn get(vm: &Vm, this: &Ref<SimpleQueue>, block: bool, timeout: &Value) -> PyResult {
    let until = if block { deadline(vm, timeout)? } else { None };
    loop {
        let seen = this.signal.count();
        if let Some(item) = this.pop() {
            return Ok(item);
        }
        let now = Instant::now();
        if !block || until.is_some_and(|u| now >= u) {
            return Err(empty(vm));
        }
        let time = until.map_or(STEP, |u| u.saturating_duration_since(now).min(STEP));
        let signal = this.signal.clone();
        gil::without(vm, || signal.wait(seen, time));
        breaker::handle(vm)?;
    }
}

#[pymethods(SIMPLE_QUEUE_METHODS)]
impl SimpleQueue {
    #[pyslot(name = "SimpleQueue", params = "()")]
    fn tp_new(vm: &Vm, cls: &Ref<TypeObject>) -> PyResult<Ref<SimpleQueue>> {
        vm.new_object(cls, SimpleQueue::default())
    }

    /// Put the item on the queue.
    ///
    /// The optional 'block' and 'timeout' arguments are ignored, as this method
    /// never blocks.  They are provided for compatibility with the Queue class.
    #[pymethod(sig = "($self, /, item, block=True, timeout=None)")]
    fn put(&self, item: &Value, block: bool, timeout: &Value) {
        let _ = (block, timeout);
        self.push(item);
    }

    /// Put an item into the queue without blocking.
    ///
    /// This is exactly equivalent to `put(item)` and is only provided
    /// for compatibility with the Queue class.
    #[pymethod(sig = "($self, /, item)")]
    fn put_nowait(&self, item: &Value) {
        self.push(item);
    }

    /// Remove and return an item from the queue.
    ///
    /// If optional args 'block' is true and 'timeout' is None (the default),
    /// block if necessary until an item is available. If 'timeout' is
    /// a non-negative number, it blocks at most 'timeout' seconds and raises
    /// the Empty exception if no item was available within that time.
    /// Otherwise ('block' is false), return an item if one is immediately
    /// available, else raise the Empty exception ('timeout' is ignored
    /// in that case).
    #[pymethod(sig = "($self, /, block=True, timeout=None)")]
    fn get(vm: &Vm, this: &Ref<Self>, block: bool, timeout: &Value) -> PyResult {
        get(vm, this, block, timeout)
    }

    /// Remove and return an item from the queue without blocking.
    ///
    /// Only get an item if one is immediately available. Otherwise
    /// raise the Empty exception.
    #[pymethod(sig = "($self, /)")]
    fn get_nowait(vm: &Vm, this: &Ref<Self>) -> PyResult {
        get(vm, this, false, &vm.none())
    }

    /// Return True if the queue is empty, False otherwise (not reliable!).
    #[pymethod(name = "empty", sig = "($self, /)")]
    fn is_empty(&self) -> bool {
        self.items.borrow().is_empty()
    }

    /// Return the approximate size of the queue (not reliable!).
    #[pymethod(sig = "($self, /)")]
    fn qsize(&self) -> usize {
        self.items.borrow().len()
    }

    /// SimpleQueues are generic over the type of their contents
    #[classmethod(sig = "($type, object, /)")]
    fn __class_getitem__(vm: &Vm, cls: &Ref<TypeObject>, object: &Value) -> PyResult {
        vm.generic_alias(cls.as_value(), object)
    }
}
