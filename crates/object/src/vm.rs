//! `Vm`, the state of one thread of one interpreter, and `Interp`, what the interpreter's threads share under its GIL.
//! A function that takes no `&Vm` can neither raise nor run Python code (dropping a value aside).

use std::any::{Any, TypeId};
use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use rustc_hash::FxHashMap;

use crate::cell::PyCell;
use crate::class::{End, FinalizeFn, TypeObject};
use crate::containers::bytes::Bytes;
use crate::containers::dict::Dict;
use crate::containers::interned::Interned;
use crate::containers::string::Str;
use crate::containers::tuple::Tuple;
use crate::exceptions::ExcTypes;
use crate::heap::Heap;
use crate::names::Names;
use crate::reference::{Object, Payload, Ref};
use crate::shape::Shapes;
use crate::types::Types;
use crate::value::{PyResult, Raised, Value};

thread_local! {
    static CURRENT: Cell<*const Vm> = const { Cell::new(std::ptr::null()) };
}

/// Bits of the evaluation breaker: what the interpreter looks at between instructions.
pub mod breaker {
    /// A signal arrived.
    pub const SIGNAL: u32 = 1;
    /// Another thread wants the GIL.
    pub const GIL_DROP: u32 = 2;
    /// A collection is due.
    pub const GC: u32 = 4;
    /// Calls are pending for the main thread.
    pub const PENDING: u32 = 8;
    /// An exception was set for this thread from another.
    pub const ASYNC_EXC: u32 = 16;
    /// Monitoring is active for all code. It stays set, and asks for something at RESUME and when unwinding only.
    pub const MONITOR: u32 = 1 << 31;
}

/// The exception being handled, linked to the one of the enclosing handler or generator.
pub struct ExcStackItem {
    /// The exception; `None` when none is handled at this level.
    pub value: PyCell<Option<Value>>,
    /// The level below.
    pub previous: Cell<*const ExcStackItem>,
}

impl ExcStackItem {
    /// An empty level.
    pub const fn new() -> ExcStackItem {
        ExcStackItem {
            value: PyCell::new(None),
            previous: Cell::new(std::ptr::null()),
        }
    }
}

impl Default for ExcStackItem {
    fn default() -> ExcStackItem {
        ExcStackItem::new()
    }
}

/// Objects that exist once in an interpreter.
pub struct Singletons {
    /// `None`
    pub none: Value,
    /// `True`
    pub true_: Value,
    /// `False`
    pub false_: Value,
    /// `Ellipsis`
    pub ellipsis: Value,
    /// `NotImplemented`
    pub not_implemented: Value,
    /// `""`
    pub empty_str: Ref<Str>,
    /// The strings of one Latin-1 character.
    pub latin1: Box<[Ref<Str>]>,
    /// `()`
    pub empty_tuple: Ref<Tuple>,
    /// `b""`
    pub empty_bytes: Ref<Bytes>,
    /// The bytes objects of one byte.
    pub one_byte: Box<[Ref<Bytes>]>,
}

/// Services of higher layers that the object system calls: set once by the crate that has them.
#[derive(Clone, Copy)]
pub struct Hooks {
    /// Imports a module by its absolute name and gives that module.
    pub import: fn(&Vm, &Ref<Str>) -> PyResult,
    /// Issues a warning: category, message, stack level.
    pub warn: fn(&Vm, &Value, &str, isize) -> PyResult<()>,
    /// Reports an exception that nobody can catch: what was going on, and the object concerned.
    pub unraisable: fn(&Vm, Option<&str>, Option<&Value>),
    /// Runs what the evaluation breaker asks for (signals, GIL requests, collections): blocking natives call it after EINTR.
    pub handle_breaker: fn(&Vm) -> PyResult<()>,
    /// The global variables of the running Python function, which say the module of a class made there.
    pub current_globals: fn(&Vm) -> Option<Ref<Dict>>,
    /// What `super()` without arguments means in the running Python function: the class and the instance.
    pub super_arguments: fn(&Vm) -> PyResult<(Value, Value)>,
    /// How many names a class's `__annotate__` function annotates; 0 for what is no Python function.
    pub annotated: fn(&Value) -> usize,
}

fn no_import(vm: &Vm, _: &Ref<Str>) -> PyResult {
    Err(vm.runtime_error("the import system is not there yet"))
}
fn no_warn(_: &Vm, _: &Value, _: &str, _: isize) -> PyResult<()> {
    Ok(())
}
fn no_unraisable(vm: &Vm, _: Option<&str>, _: Option<&Value>) {
    vm.clear_exception();
}
fn no_globals(_: &Vm) -> Option<Ref<Dict>> {
    None
}
fn no_super_arguments(vm: &Vm) -> PyResult<(Value, Value)> {
    Err(vm.runtime_error("super(): no current frame"))
}
fn no_annotations(_: &Value) -> usize {
    0
}
fn no_breaker(_: &Vm) -> PyResult<()> {
    Ok(())
}

/// What is asked of an interpreter at its creation and stays fixed.
#[derive(Clone, Debug, Default)]
pub struct InterpConfig {
    /// The key of `hash(str)`: PYTHONHASHSEED's, or random.
    pub hash_key: (u64, u64),
}

/// Where globals whose keys have a version have `__builtins__` and `__name__`.
#[derive(Clone, Copy, Default)]
pub struct FunctionGlobals {
    /// The version of the keys; 0 for none.
    pub version: u32,
    /// The index of `__builtins__`.
    pub builtins: u32,
    /// The index of `__name__`.
    pub name: u32,
}

/// What the threads of one interpreter share under its GIL.
pub struct Interp {
    pub(crate) types: OnceCell<Types>,
    pub(crate) classes: RefCell<Vec<Option<Ref<TypeObject>>>>,
    pub(crate) singletons: OnceCell<Singletons>,
    pub(crate) names: OnceCell<Names>,
    pub(crate) exc: OnceCell<ExcTypes>,
    /// A MemoryError to raise when no other can be made.
    pub(crate) spare_memory_error: PyCell<Option<Value>>,
    pub(crate) interned: Interned,
    /// Shapes of instances.
    pub shapes: Shapes,
    /// SipHash key of strings.
    pub hash_key: (u64, u64),
    next_type_version: Cell<u32>,
    next_dict_version: Cell<u32>,
    next_context_version: Cell<u64>,
    /// The cache of attribute lookups in types.
    pub(crate) method_cache: crate::lookup::MethodCache,
    /// Weak references by object.
    pub(crate) weakrefs: crate::weakref::WeakTable,
    /// The class `super`, for LOAD_SUPER_ATTR.
    pub super_type: PyCell<Option<Value>>,
    /// The functions `all` and `any`, for LOAD_COMMON_CONSTANT.
    pub common_functions: OnceCell<[Value; 2]>,
    /// The globals of the function that was made last.
    pub function_globals: Cell<FunctionGlobals>,
    /// `sys.modules`
    pub modules: OnceCell<Ref<Dict>>,
    /// The dict of module `builtins`.
    pub builtins: OnceCell<Ref<Dict>>,
    hooks: Cell<Hooks>,
    state: RefCell<FxHashMap<TypeId, Rc<dyn Any>>>,
    /// `sys.getrecursionlimit()`
    pub recursion_limit: Cell<i32>,
    /// `sys.set_int_max_str_digits`
    pub int_max_str_digits: Cell<usize>,
    /// Polled between instructions; other threads and signal handlers set bits in it.
    pub breaker: Arc<AtomicU32>,
    /// The heap.
    pub heap: Heap,
}

/// The state of a thread (PyThreadState) in an interpreter.
pub struct Vm {
    current_exception: PyCell<Option<Value>>,
    exc_base: ExcStackItem,
    /// The innermost level of exceptions being handled.
    pub exc_info: Cell<*const ExcStackItem>,
    /// The current frame; the interpreter crate knows its type.
    pub frame: Cell<*mut ()>,
    /// The free part of the memory that frames live on: where it starts, where it ends, and where the chunk starts.
    pub stack_top: Cell<*mut u64>,
    /// See `stack_top`.
    pub stack_end: Cell<*mut u64>,
    /// See `stack_top`.
    pub stack_base: Cell<*mut u64>,
    /// The interpreter crate's per-thread state.
    pub ext: OnceCell<Box<dyn Any>>,
    /// Python calls that may still nest.
    pub recursion_remaining: Cell<i32>,
    /// Native code must not let the stack grow below this address.
    pub stack_limit: Cell<usize>,
    /// Objects whose `repr` is running, for `Py_ReprEnter`.
    repr_running: RefCell<Vec<u64>>,
    /// How deeply destructors nest in this thread.
    pub(crate) dealloc_depth: Cell<u32>,
    /// Objects waiting for their destructor, where destruction nested too deeply. Their counts are zero.
    pub(crate) deferred: RefCell<Vec<std::ptr::NonNull<crate::header::Header>>>,
    /// The thread's number for `threading.get_ident`.
    pub thread_ident: Cell<u64>,
    /// The thread's `contextvars.Context`, once it has one.
    pub context: PyCell<Option<Value>>,
    context_version: Cell<u64>,
    known: Cell<Known>,
    /// The interpreter's evaluation breaker, which is polled all the time.
    breaker: Arc<AtomicU32>,
    /// Last, so that it goes last: its heap holds what the other fields refer to.
    interp: Rc<Interp>,
}

/// Where the core types and singletons are that the interpreter asks for all the time: one load from the thread's state.
/// They are immortal, and null or 0 before they exist.
#[derive(Clone, Copy)]
pub struct Known {
    /// `float`
    pub float: *const Object<TypeObject>,
    /// `list`
    pub list: *const Object<TypeObject>,
    /// `tuple`
    pub tuple: *const Object<TypeObject>,
    /// `dict`
    pub dict: *const Object<TypeObject>,
    /// `str`
    pub str: *const Object<TypeObject>,
    /// The word of `True`.
    pub true_: u64,
    /// The word of `False`.
    pub false_: u64,
    /// The word of `None`.
    pub none: u64,
}

impl Known {
    fn of(interp: &Interp) -> Known {
        let types = interp.types.get();
        let ty = |of: fn(&Types) -> &Ref<TypeObject>| {
            types.map_or(std::ptr::null(), |t| &raw const *of(t).object())
        };
        let singletons = interp.singletons.get();
        let word = |of: fn(&Singletons) -> &Value| singletons.map_or(0, |s| of(s).bits());
        Known {
            float: ty(|t| &t.float),
            list: ty(|t| &t.list),
            tuple: ty(|t| &t.tuple),
            dict: ty(|t| &t.dict),
            str: ty(|t| &t.str),
            true_: word(|s| &s.true_),
            false_: word(|s| &s.false_),
            none: word(|s| &s.none),
        }
    }
}

impl Vm {
    /// See [`Known`].
    #[inline(always)]
    pub fn known(&self) -> Known {
        self.known.get()
    }

    /// Takes note of the types and singletons that have come to exist.
    pub(crate) fn learn_known(&self) {
        self.known.set(Known::of(&self.interp));
    }

    /// The first thread of an interpreter whose threads share `interp`.
    pub fn for_interp(interp: Rc<Interp>) -> Box<Vm> {
        let limit = interp.recursion_limit.get();
        let context_version = Cell::new(interp.next_context_version());
        let known = Cell::new(Known::of(&interp));
        let vm = Box::new(Vm {
            known,
            breaker: interp.breaker.clone(),
            interp,
            current_exception: PyCell::new(None),
            exc_base: ExcStackItem::new(),
            exc_info: Cell::new(std::ptr::null()),
            frame: Cell::new(std::ptr::null_mut()),
            stack_top: Cell::new(std::ptr::null_mut()),
            stack_end: Cell::new(std::ptr::null_mut()),
            stack_base: Cell::new(std::ptr::null_mut()),
            ext: OnceCell::new(),
            recursion_remaining: Cell::new(limit),
            stack_limit: Cell::new(0),
            repr_running: RefCell::new(Vec::new()),
            dealloc_depth: Cell::new(0),
            deferred: RefCell::new(Vec::new()),
            thread_ident: Cell::new(0),
            context: PyCell::new(None),
            context_version,
        });
        vm.exc_info.set(&raw const vm.exc_base);
        vm
    }

    /// A new interpreter's first thread: types, singletons and names exist afterwards, with no methods yet
    /// (`taipan-builtins` fills them in). `None` when there is no memory.
    pub fn new_interpreter(config: &InterpConfig) -> Option<Box<Vm>> {
        let interp = Rc::new(Interp {
            types: OnceCell::new(),
            classes: RefCell::new(Vec::new()),
            singletons: OnceCell::new(),
            names: OnceCell::new(),
            exc: OnceCell::new(),
            spare_memory_error: PyCell::new(None),
            interned: Interned::default(),
            shapes: Shapes::new(),
            hash_key: config.hash_key,
            next_type_version: Cell::new(1),
            next_dict_version: Cell::new(1),
            next_context_version: Cell::new(1),
            method_cache: crate::lookup::MethodCache::new(),
            weakrefs: crate::weakref::WeakTable::default(),
            super_type: PyCell::new(None),
            common_functions: OnceCell::new(),
            function_globals: Cell::new(FunctionGlobals::default()),
            modules: OnceCell::new(),
            builtins: OnceCell::new(),
            hooks: Cell::new(Hooks {
                import: no_import,
                warn: no_warn,
                unraisable: no_unraisable,
                handle_breaker: no_breaker,
                current_globals: no_globals,
                super_arguments: no_super_arguments,
                annotated: no_annotations,
            }),
            state: RefCell::new(FxHashMap::default()),
            recursion_limit: Cell::new(1000),
            int_max_str_digits: Cell::new(4300),
            breaker: Arc::new(AtomicU32::new(0)),
            heap: Heap::new(),
        });
        let vm = Vm::for_interp(interp);
        let ok = vm.enter(|| crate::bootstrap::bootstrap(&vm));
        ok.then_some(vm)
    }

    /// Runs `f` with this thread as the current one: destructors find the interpreter through it.
    pub fn enter<R>(&self, f: impl FnOnce() -> R) -> R {
        struct Restore(*const Vm);
        impl Drop for Restore {
            fn drop(&mut self) {
                CURRENT.set(self.0);
            }
        }
        let _restore = Restore(CURRENT.replace(self));
        f()
    }

    /// Calls `f` with the current thread, if there is one.
    #[inline]
    pub fn with_current(f: impl FnOnce(&Vm)) {
        let p = CURRENT.get();
        if !p.is_null() {
            // SAFETY: `enter` keeps the pointed-to Vm borrowed while it is current.
            f(unsafe { &*p });
        }
    }

    /// The interpreter.
    #[inline(always)]
    pub fn interp(&self) -> &Interp {
        &self.interp
    }

    /// The bits of the evaluation breaker.
    #[inline(always)]
    pub fn breaker_bits(&self) -> u32 {
        self.breaker.load(Ordering::Relaxed)
    }

    /// The interpreter, shared.
    pub fn interp_rc(&self) -> Rc<Interp> {
        self.interp.clone()
    }

    /// The heap.
    #[inline(always)]
    pub fn heap(&self) -> &Heap {
        &self.interp.heap
    }

    /// The core types.
    #[inline(always)]
    pub fn types(&self) -> &Types {
        match self.interp.types.get() {
            Some(t) => t,
            None => unreachable!("types exist before anything uses them"),
        }
    }

    /// The exception types.
    #[inline(always)]
    pub fn exc(&self) -> &ExcTypes {
        match self.interp.exc.get() {
            Some(t) => t,
            None => unreachable!("exception types exist before anything raises"),
        }
    }

    /// The interned names.
    #[inline(always)]
    pub fn names(&self) -> &Names {
        match self.interp.names.get() {
            Some(t) => t,
            None => unreachable!("names exist before anything uses them"),
        }
    }

    /// `None`
    #[inline(always)]
    pub fn none(&self) -> Value {
        self.interp.singletons().none.clone()
    }

    /// Whether `v` is `None`.
    #[inline(always)]
    pub fn is_none(&self, v: &Value) -> bool {
        v.is(&self.interp.singletons().none)
    }

    /// `NotImplemented`
    #[inline(always)]
    pub fn not_implemented(&self) -> Value {
        self.interp.singletons().not_implemented.clone()
    }

    /// Whether `v` is `NotImplemented`.
    #[inline(always)]
    pub fn is_not_implemented(&self, v: &Value) -> bool {
        v.is(&self.interp.singletons().not_implemented)
    }

    /// `True` or `False`
    #[inline(always)]
    pub fn bool(&self, b: bool) -> Value {
        let s = self.interp.singletons();
        if b { s.true_.clone() } else { s.false_.clone() }
    }

    /// `Ellipsis`
    pub fn ellipsis(&self) -> Value {
        self.interp.singletons().ellipsis.clone()
    }

    /// The type of a value.
    #[inline(always)]
    pub fn type_of<'a>(&'a self, v: &'a Value) -> &'a Object<TypeObject> {
        match v.header() {
            Some(h) => h.ty(),
            None => self.types().int.object(),
        }
    }

    /// A new object of exactly type `ty`, whose payload is `T`, with room for slots and attributes.
    #[inline]
    pub fn new_object<T: Payload>(&self, ty: &Ref<TypeObject>, payload: T) -> PyResult<Ref<T>> {
        debug_assert!(
            std::ptr::eq(ty.layout(), T::layout()) || ty.layout().is_or_extends(T::layout())
        );
        match self
            .heap()
            .new_object(ty.object(), ty.instance_size(), payload)
        {
            Some(r) => {
                if ty.inline_cap() != 0 {
                    self.init_shape(r.as_value());
                }
                Ok(r)
            }
            None => Err(self.no_memory()),
        }
    }

    /// A new object of the class that was registered for payload `T`.
    #[expect(
        clippy::new_ret_no_self,
        reason = "it is the machine that makes objects"
    )]
    #[inline]
    pub fn new<T: Payload>(&self, payload: T) -> PyResult<Ref<T>> {
        let index = T::layout().index();
        let classes = self.interp.classes.borrow();
        let Some(Some(ty)) = classes.get(index) else {
            drop(classes);
            return Err(self.no_class::<T>());
        };
        // Objects that have nothing but their payload.
        let payload = match ty.end(ty.head()) {
            End::General => payload,
            _ => match self.heap().new_bare(ty.object(), ty.is_gc(), payload) {
                Ok(made) => return Ok(made),
                Err(payload) => payload,
            },
        };
        if ty.inline_cap() != 0 {
            let ty = ty.clone();
            drop(classes);
            return self.new_object(&ty, payload);
        }
        let made = self
            .heap()
            .new_object(ty.object(), ty.instance_size(), payload);
        drop(classes);
        made.ok_or_else(|| self.no_memory())
    }

    #[cold]
    fn no_class<T: Payload>(&self) -> Raised {
        self.system_error(&format!("the class of {} was not made", T::layout().name))
    }

    /// The class registered for payload `T` (see `typebuild.rs`).
    #[inline]
    pub fn class<T: Payload>(&self) -> PyResult<Ref<TypeObject>> {
        let index = T::layout().index();
        match self.interp.classes.borrow().get(index) {
            Some(Some(c)) => Ok(c.clone()),
            _ => Err(self.no_class::<T>()),
        }
    }

    /// Registers the class of a payload.
    pub fn set_class(&self, index: usize, ty: Ref<TypeObject>) {
        let mut classes = self.interp.classes.borrow_mut();
        if classes.len() <= index {
            classes.resize(index + 1, None);
        }
        classes[index] = Some(ty);
    }

    /// Sets the pending exception and gives the token to return. The exception being handled becomes its context.
    pub fn raise(&self, exc: Value) -> Raised {
        self.set_context(&exc);
        self.current_exception.set(Some(exc));
        Raised(())
    }

    /// Sets the pending exception as it is, context untouched.
    pub fn raise_as_is(&self, exc: Value) -> Raised {
        self.current_exception.set(Some(exc));
        Raised(())
    }

    /// The token for an exception that is pending already.
    pub fn raised(&self) -> Raised {
        debug_assert!(self.has_exception());
        Raised(())
    }

    /// Takes the pending exception, to handle it.
    #[inline]
    pub fn take_exception(&self) -> Option<Value> {
        self.current_exception.take()
    }

    /// Takes the exception that a `Raised` stands for.
    pub fn take_raised(&self, _: Raised) -> Value {
        match self.current_exception.take() {
            Some(e) => e,
            // A `Raised` without an exception is a defect of ours: show it as CPython does.
            None => {
                let r = self.system_error("error return without exception set");
                let Raised(()) = r;
                self.current_exception.take().unwrap_or_else(|| self.none())
            }
        }
    }

    /// A copy of the pending exception.
    pub fn pending_exception(&self) -> Option<Value> {
        self.current_exception.get()
    }

    /// Whether an exception is pending.
    pub fn has_exception(&self) -> bool {
        self.current_exception.is_some()
    }

    /// Forgets the pending exception.
    pub fn clear_exception(&self) {
        drop(self.current_exception.take());
    }

    /// The exception being handled (`sys.exception()`).
    pub fn handled_exception(&self) -> Option<Value> {
        let mut item = self.exc_info.get();
        while !item.is_null() {
            // SAFETY: levels are live while they are linked: generators unlink theirs before they go.
            let level = unsafe { &*item };
            if let Some(v) = level.value.get()
                && !self.is_none(&v)
            {
                return Some(v);
            }
            item = level.previous.get();
        }
        None
    }

    /// The innermost level of handled exceptions.
    pub fn exc_level(&self) -> &ExcStackItem {
        // SAFETY: as above; the base level lives as long as the thread.
        unsafe { &*self.exc_info.get() }
    }

    /// Runs a finalizer: exceptions in it are reported, a pending exception is kept.
    pub(crate) fn run_finalizer(&self, f: FinalizeFn, v: &Value) {
        let saved = self.current_exception.take();
        if f(self, v).is_err() {
            self.unraisable(None, Some(v));
        }
        if let Some(e) = saved {
            self.current_exception.set(Some(e));
        }
    }

    /// Reports the pending exception through `sys.unraisablehook`.
    pub fn unraisable(&self, what: Option<&str>, obj: Option<&Value>) {
        (self.interp.hooks.get().unraisable)(self, what, obj);
        self.clear_exception();
    }

    /// The services of higher layers.
    pub fn hooks(&self) -> Hooks {
        self.interp.hooks.get()
    }

    /// Replaces the services of higher layers.
    pub fn set_hooks(&self, h: Hooks) {
        self.interp.hooks.set(h);
    }

    /// Imports a module by name.
    pub fn import(&self, name: &str) -> PyResult {
        let name = self.intern(name)?;
        (self.hooks().import)(self, &name)
    }

    /// Issues a warning.
    pub fn warn(
        &self,
        category: &Ref<TypeObject>,
        message: &str,
        stack_level: isize,
    ) -> PyResult<()> {
        (self.hooks().warn)(self, category.as_value(), message, stack_level)
    }

    /// Per-interpreter state of a crate above this one, made on first use.
    pub fn state<T: Default + 'static>(&self) -> Rc<T> {
        self.interp.state::<T>()
    }

    /// A number that changes whenever a context variable may have got another value in this thread. No two threads of an
    /// interpreter have the same, so natives can keep what they read from a variable together with it.
    #[inline]
    pub fn context_version(&self) -> u64 {
        self.context_version.get()
    }

    /// Notes that the thread's context, or a variable in it, changed.
    pub fn context_changed(&self) {
        self.context_version.set(self.interp.next_context_version());
    }

    /// Asks the interpreter loop to look at the breaker.
    pub fn request_break(&self) {
        self.interp.breaker.fetch_or(breaker::GC, Ordering::Relaxed);
    }

    /// Fails with RecursionError when the native stack is nearly used up. Call it wherever Rust recursion follows data.
    #[inline(always)]
    pub fn check_stack(&self, what: &str) -> PyResult<()> {
        let here = 0u8;
        if (&raw const here).addr() < self.stack_limit.get() {
            Err(self.stack_overflow(what))
        } else {
            Ok(())
        }
    }

    /// Whether fewer than `room` bytes are left before [`Vm::check_stack`] fails.
    #[inline(always)]
    pub(crate) fn is_stack_short(&self, room: usize) -> bool {
        let here = 0u8;
        (&raw const here).addr() < self.stack_limit.get().saturating_add(room)
    }

    #[cold]
    fn stack_overflow(&self, what: &str) -> Raised {
        // What raising needs itself must not fail again: lower the limit meanwhile.
        let limit = self.stack_limit.get();
        self.stack_limit.set(limit.saturating_sub(64 * 1024));
        let r = self.recursion_error(&format!("maximum recursion depth exceeded{what}"));
        self.stack_limit.set(limit);
        r
    }

    /// Marks that the `repr` of `v` runs; false if it was running already (Py_ReprEnter).
    pub fn repr_enter(&self, v: &Value) -> bool {
        let mut running = self.repr_running.borrow_mut();
        if running.contains(&v.bits()) {
            return false;
        }
        running.push(v.bits());
        true
    }

    /// Ends what [`Vm::repr_enter`] began.
    pub fn repr_leave(&self, v: &Value) {
        let mut running = self.repr_running.borrow_mut();
        if let Some(i) = running.iter().rposition(|&b| b == v.bits()) {
            running.remove(i);
        }
    }
}

impl Interp {
    /// The singletons.
    #[inline(always)]
    pub fn singletons(&self) -> &Singletons {
        match self.singletons.get() {
            Some(s) => s,
            None => unreachable!("singletons exist before anything uses them"),
        }
    }

    pub(crate) fn singletons_opt(&self) -> Option<&Singletons> {
        self.singletons.get()
    }

    /// A type version that was never used before; 0 when they have run out.
    pub fn next_type_version(&self) -> u32 {
        let v = self.next_type_version.get();
        if v != u32::MAX {
            self.next_type_version.set(v + 1);
            v
        } else {
            0
        }
    }

    /// A dict-keys version that was never used before; 0 when they have run out.
    pub fn next_dict_version(&self) -> u32 {
        let v = self.next_dict_version.get();
        if v != u32::MAX {
            self.next_dict_version.set(v + 1);
            v
        } else {
            0
        }
    }

    fn next_context_version(&self) -> u64 {
        let v = self.next_context_version.get();
        self.next_context_version.set(v.wrapping_add(1));
        v
    }

    /// See [`Vm::state`].
    pub fn state<T: Default + 'static>(&self) -> Rc<T> {
        let id = TypeId::of::<T>();
        let found = self.state.borrow().get(&id).cloned();
        let any = match found {
            Some(s) => s,
            None => {
                let fresh: Rc<dyn Any> = Rc::new(T::default());
                self.state.borrow_mut().entry(id).or_insert(fresh).clone()
            }
        };
        match any.downcast::<T>() {
            Ok(t) => t,
            Err(_) => unreachable!("the map is keyed by type"),
        }
    }
}
