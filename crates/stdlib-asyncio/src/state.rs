//! What an interpreter keeps for asyncio: each thread's running loop and task, the tasks that are not done, and what
//! asyncio's Python half has that the native half uses.

use std::cell::{Cell, OnceCell, RefCell};
use std::rc::Rc;

use rustc_hash::FxHashMap;
use taipan_object::weakref::WeakRef;
use taipan_object::{Args, PyResult, Raised, Ref, Set, Str, Tuple, TypeObject, Value, Vm};

use crate::future::Future;
use crate::task::Task;

/// What Python modules have that native code uses, looked up when it is first needed.
#[derive(Clone, Copy)]
pub enum Import {
    /// `asyncio.exceptions.CancelledError`
    CancelledError,
    /// `asyncio.exceptions.InvalidStateError`
    InvalidStateError,
    /// `asyncio.events._get_event_loop_policy`
    GetEventLoopPolicy,
    /// `asyncio.base_futures._future_repr`
    FutureRepr,
    /// `asyncio.base_tasks._task_repr`
    TaskRepr,
    /// `asyncio.base_tasks._task_get_stack`
    TaskGetStack,
    /// `asyncio.base_tasks._task_print_stack`
    TaskPrintStack,
    /// `asyncio.coroutines.iscoroutine`
    IsCoroutine,
    /// `traceback.extract_stack`
    ExtractStack,
    /// `_contextvars.copy_context`
    CopyContext,
    /// `weakref.WeakSet`
    WeakSet,
}

const IMPORTS: [(&str, &str); 11] = [
    ("asyncio.exceptions", "CancelledError"),
    ("asyncio.exceptions", "InvalidStateError"),
    ("asyncio.events", "_get_event_loop_policy"),
    ("asyncio.base_futures", "_future_repr"),
    ("asyncio.base_tasks", "_task_repr"),
    ("asyncio.base_tasks", "_task_get_stack"),
    ("asyncio.base_tasks", "_task_print_stack"),
    ("asyncio.coroutines", "iscoroutine"),
    ("traceback", "extract_stack"),
    ("_contextvars", "copy_context"),
    ("weakref", "WeakSet"),
];

/// Attributes of loops and futures that are asked for at each step.
pub struct AsyncNames {
    /// `call_soon`
    pub call_soon: Ref<Str>,
    /// `get_debug`
    pub get_debug: Ref<Str>,
    /// `cancel`
    pub cancel: Ref<Str>,
    /// `_asyncio_future_blocking`
    pub blocking: Ref<Str>,
    /// `("context",)`
    pub context: Ref<Tuple>,
    /// `("msg",)`
    pub msg: Ref<Tuple>,
}

/// What runs in a thread.
#[derive(Default)]
struct Running {
    event_loop: Option<Value>,
    task: Option<Value>,
}

/// The interpreter's state.
#[derive(Default)]
pub struct State {
    imported: [OnceCell<Value>; IMPORTS.len()],
    names: OnceCell<AsyncNames>,
    future_class: OnceCell<Ref<TypeObject>>,
    task_class: OnceCell<Ref<TypeObject>>,
    /// How many tasks got a name by number.
    named: Cell<u64>,
    threads: RefCell<FxHashMap<usize, Running>>,
    /// Native tasks that are not done, by address.
    tasks: RefCell<FxHashMap<u64, Ref<WeakRef>>>,
    /// Other tasks: a `WeakSet`, and those in their eager first step.
    foreign: OnceCell<Value>,
    foreign_eager: OnceCell<Ref<Set>>,
}

/// The interpreter's state.
pub fn state(vm: &Vm) -> Rc<State> {
    vm.state::<State>()
}

fn thread_key(vm: &Vm) -> usize {
    (&raw const *vm).addr()
}

impl State {
    /// Something of asyncio's Python half.
    pub fn import(&self, vm: &Vm, what: Import) -> PyResult<&Value> {
        let place = &self.imported[what as usize];
        if let Some(v) = place.get() {
            return Ok(v);
        }
        let (module, name) = IMPORTS[what as usize];
        let v = vm.getattr_str(&vm.import(module)?, name)?;
        Ok(place.get_or_init(|| v))
    }

    /// The names.
    pub fn names(&self, vm: &Vm) -> PyResult<&AsyncNames> {
        if let Some(n) = self.names.get() {
            return Ok(n);
        }
        let keyword = |name: &str| -> PyResult<Ref<Tuple>> {
            vm.new_tuple(vec![vm.intern(name)?.into_value()])
        };
        let made = AsyncNames {
            call_soon: vm.intern("call_soon")?,
            get_debug: vm.intern("get_debug")?,
            cancel: vm.intern("cancel")?,
            blocking: vm.intern("_asyncio_future_blocking")?,
            context: keyword("context")?,
            msg: keyword("msg")?,
        };
        Ok(self.names.get_or_init(|| made))
    }

    fn exception_class(&self, vm: &Vm, which: Import) -> PyResult<Ref<TypeObject>> {
        let class = self.import(vm, which)?;
        match class.downcast_ref::<TypeObject>() {
            Some(t) => Ok(t.clone()),
            None => Err(vm.type_error("asyncio's exceptions must be classes")),
        }
    }

    /// `CancelledError`
    pub fn cancelled_error(&self, vm: &Vm) -> PyResult<Ref<TypeObject>> {
        self.exception_class(vm, Import::CancelledError)
    }

    /// Raises InvalidStateError.
    #[cold]
    pub fn invalid_state(&self, vm: &Vm, message: &str) -> Raised {
        match self.exception_class(vm, Import::InvalidStateError) {
            Ok(class) => vm.raise_new(&class, message),
            Err(r) => r,
        }
    }

    /// Whether a value is a `Future` or a `Task` of exactly those classes.
    pub fn is_exact<'a>(&self, vm: &Vm, v: &'a Value) -> PyResult<Option<&'a Ref<Future>>> {
        let Some(future) = v.downcast_ref::<Future>() else {
            return Ok(None);
        };
        if self.future_class.get().is_none() {
            let class = vm.class::<Future>()?;
            self.future_class.get_or_init(|| class);
            let class = vm.class::<Task>()?;
            self.task_class.get_or_init(|| class);
        }
        let ty = vm.type_of(v);
        let exact = [&self.future_class, &self.task_class]
            .iter()
            .any(|c| c.get().is_some_and(|c| std::ptr::eq(c.object(), ty)));
        Ok(exact.then_some(future))
    }

    /// The next number for a task's name.
    pub fn next_name(&self) -> u64 {
        let n = self.named.get() + 1;
        self.named.set(n);
        n
    }

    /// The loop that runs in this thread.
    pub fn running_loop(&self, vm: &Vm) -> Option<Value> {
        let threads = self.threads.borrow();
        threads.get(&thread_key(vm))?.event_loop.clone()
    }

    /// Sets the loop that runs in this thread.
    pub fn set_running_loop(&self, vm: &Vm, new: Option<Value>) {
        let key = thread_key(vm);
        let mut threads = self.threads.borrow_mut();
        let entry = threads.entry(key).or_default();
        let old = std::mem::replace(&mut entry.event_loop, new);
        if entry.event_loop.is_none() && entry.task.is_none() {
            threads.remove(&key);
        }
        drop(threads);
        drop(old);
    }

    fn check_loop(&self, vm: &Vm, event_loop: &Value) -> PyResult<()> {
        let threads = self.threads.borrow();
        let running = threads.get(&thread_key(vm));
        if running.is_some_and(|r| r.event_loop.as_ref().is_some_and(|l| l.is(event_loop))) {
            return Ok(());
        }
        drop(threads);
        let shown = vm.repr_string(event_loop)?;
        Err(vm.runtime_error(&format!("loop {shown} is not the running loop")))
    }

    fn replace_task(&self, vm: &Vm, task: Option<Value>) -> Option<Value> {
        let mut threads = self.threads.borrow_mut();
        let entry = threads.entry(thread_key(vm)).or_default();
        std::mem::replace(&mut entry.task, task)
    }

    fn thread_task(&self, vm: &Vm) -> Option<Value> {
        let threads = self.threads.borrow();
        threads.get(&thread_key(vm))?.task.clone()
    }

    /// A task begins a step.
    pub fn enter_task(&self, vm: &Vm, event_loop: &Value, task: &Value) -> PyResult<()> {
        self.check_loop(vm, event_loop)?;
        if let Some(other) = self.thread_task(vm) {
            let (new, old) = (vm.repr_string(task)?, vm.repr_string(&other)?);
            return Err(vm.runtime_error(&format!(
                "Cannot enter into task {new} while another task {old} is being executed."
            )));
        }
        drop(self.replace_task(vm, Some(task.clone())));
        Ok(())
    }

    /// A task ends a step.
    pub fn leave_task(&self, vm: &Vm, event_loop: &Value, task: &Value) -> PyResult<()> {
        self.check_loop(vm, event_loop)?;
        let current = self.thread_task(vm).unwrap_or_else(|| vm.none());
        if !current.is(task) {
            let (left, entered) = (vm.repr_string(task)?, vm.repr_string(&current)?);
            return Err(vm.runtime_error(&format!(
                "Invalid attempt to leave task {left} while task {entered} is entered."
            )));
        }
        drop(self.replace_task(vm, None));
        Ok(())
    }

    /// Makes a task the running one and gives the one that was; None stands for no task.
    pub fn swap_task(&self, vm: &Vm, event_loop: &Value, task: &Value) -> PyResult {
        self.check_loop(vm, event_loop)?;
        let new = (!vm.is_none(task)).then(|| task.clone());
        Ok(self.replace_task(vm, new).unwrap_or_else(|| vm.none()))
    }

    /// The task that a loop runs, in whatever thread.
    pub fn current_task(&self, event_loop: &Value) -> Option<Value> {
        let threads = self.threads.borrow();
        let runs_it = |r: &&Running| r.event_loop.as_ref().is_some_and(|l| l.is(event_loop));
        threads.values().find(runs_it)?.task.clone()
    }

    fn foreign(&self, vm: &Vm) -> PyResult<&Value> {
        if let Some(set) = self.foreign.get() {
            return Ok(set);
        }
        let made = vm.call0(self.import(vm, Import::WeakSet)?)?;
        Ok(self.foreign.get_or_init(|| made))
    }

    fn foreign_eager(&self, vm: &Vm) -> PyResult<&Ref<Set>> {
        if let Some(set) = self.foreign_eager.get() {
            return Ok(set);
        }
        let made = vm.new_set()?;
        Ok(self.foreign_eager.get_or_init(|| made))
    }

    /// Remembers a task weakly.
    pub fn register(&self, vm: &Vm, task: &Value) -> PyResult<()> {
        if task.downcast_ref::<Task>().is_none() {
            let set = self.foreign(vm)?;
            return vm
                .call_method_str(set, "add", std::slice::from_ref(task))
                .map(drop);
        }
        if self.tasks.borrow().contains_key(&task.bits()) {
            return Ok(());
        }
        let reference = vm.new_weakref(&vm.types().weakref, task, None)?;
        let old = self.tasks.borrow_mut().insert(task.bits(), reference);
        drop(old);
        Ok(())
    }

    /// Forgets a task.
    pub fn unregister(&self, vm: &Vm, task: &Value) -> PyResult<()> {
        if task.downcast_ref::<Task>().is_some() {
            self.forget(task.bits());
            return Ok(());
        }
        let set = self.foreign(vm)?;
        vm.call_method_str(set, "discard", std::slice::from_ref(task))
            .map(drop)
    }

    /// Forgets the native task at an address.
    pub fn forget(&self, address: u64) {
        let old = self.tasks.borrow_mut().remove(&address);
        drop(old);
    }

    /// Remembers a task for the time of its eager step.
    pub fn register_eager(&self, vm: &Vm, task: &Value) -> PyResult<()> {
        if task.downcast_ref::<Task>().is_some() {
            return self.register(vm, task);
        }
        self.foreign_eager(vm)?.add(vm, task).map(drop)
    }

    /// Forgets a task after its eager step.
    pub fn unregister_eager(&self, vm: &Vm, task: &Value) -> PyResult<()> {
        if task.downcast_ref::<Task>().is_some() {
            return self.unregister(vm, task);
        }
        self.foreign_eager(vm)?.remove(vm, task).map(drop)
    }

    /// The tasks of a loop that are not done.
    pub fn all_tasks(&self, vm: &Vm, event_loop: &Value) -> PyResult<Ref<Set>> {
        let native: Vec<Value> = {
            let tasks = self.tasks.borrow();
            tasks.values().filter_map(|r| r.target()).collect()
        };
        let found = vm.new_set()?;
        for task in native {
            let Some(t) = task.downcast_ref::<Task>() else {
                continue;
            };
            if t.future.is_pending() && t.future.has_loop(event_loop) {
                found.add(vm, &task)?;
            }
        }
        let mut others = match self.foreign.get() {
            Some(set) => vm.collect(set)?,
            None => Vec::new(),
        };
        if let Some(set) = self.foreign_eager.get() {
            others.extend(set.keys());
        }
        for task in others {
            let done = vm.call_method_str(&task, "done", &[])?;
            if !vm.is_true(&done)? && self.loop_of(vm, &task)?.is(event_loop) {
                found.add(vm, &task)?;
            }
        }
        Ok(found)
    }

    /// The loop of anything that is like a future.
    pub fn loop_of(&self, vm: &Vm, future: &Value) -> PyResult {
        if let Some(f) = self.is_exact(vm, future)? {
            return f.event_loop(vm);
        }
        match vm.getattr_str_opt(future, "get_loop")? {
            Some(get_loop) => vm.call0(&get_loop),
            None => vm.getattr_str(future, "_loop"),
        }
    }

    /// `loop.call_soon(function, *argument, context=context)`
    pub fn call_soon(
        &self,
        vm: &Vm,
        event_loop: &Value,
        function: Value,
        argument: Option<Value>,
        context: Value,
    ) -> PyResult<()> {
        let names = self.names(vm)?;
        let call_soon = vm.getattr(event_loop, &names.call_soon)?;
        let kwnames = Some(&names.context);
        let handle = match argument {
            Some(a) => {
                let values = &[function, a, context];
                vm.call(&call_soon, Args { values, kwnames })
            }
            None => {
                let values = &[function, context];
                vm.call(&call_soon, Args { values, kwnames })
            }
        };
        handle.map(drop)
    }

    /// `asyncio.get_event_loop()`
    pub fn event_loop(&self, vm: &Vm) -> PyResult {
        if let Some(l) = self.running_loop(vm) {
            return Ok(l);
        }
        let policy = vm.call0(self.import(vm, Import::GetEventLoopPolicy)?)?;
        vm.call_method_str(&policy, "get_event_loop", &[])
    }
}
