//! The end of an interpreter: threads, `atexit`, streams, and the modules, whose contents die in CPython's order while the
//! parts that their finalizers are likely to need still work.

use std::cell::OnceCell;

use taipan_object::header::{Header, flag};
use taipan_object::heap::gc::referents;
use taipan_object::weakref::WeakRef;
use taipan_object::{Dict, Module, PyResult, Ref, Str, Value, Vm};

use crate::function::Function;
use crate::startup::flush_std_files;
use crate::sys_module::{self, sys_get, sys_set};

/// Names of `sys` that hold on to the program's objects; they become None before modules go.
const SYS_NAMES: [&str; 11] = [
    "path",
    "argv",
    "ps1",
    "ps2",
    "last_exc",
    "last_type",
    "last_value",
    "last_traceback",
    "path_hooks",
    "path_importer_cache",
    "meta_path",
];

/// The contents of `builtins` as the interpreter started with them.
#[derive(Default)]
struct Original {
    builtins: OnceCell<Ref<Dict>>,
}

/// Remembers what `builtins` contains, to take away at the end what the program put there.
pub(crate) fn remember_builtins(vm: &Vm) -> PyResult<()> {
    if let Some(b) = vm.interp().builtins.get() {
        let copy = vm.new_dict()?;
        copy.copy_from(b);
        let _ = vm.state::<Original>().builtins.set(copy);
    }
    Ok(())
}

/// Ends the interpreter. Gives false when the standard output could not be flushed.
pub fn finalize(vm: &Vm) -> bool {
    let threading = vm
        .intern("threading")
        .ok()
        .and_then(|name| vm.interp().modules.get()?.get_str(vm, &name));
    if let Some(threading) = threading
        && vm.call_method_str(&threading, "_shutdown", &[]).is_err()
    {
        vm.unraisable(Some("on threading shutdown"), Some(&threading));
    }
    crate::atexit::run(vm);
    let ok = flush_std_files(vm);
    sys_module::state(vm).finalizing.set(true);
    vm.clear_exception();
    if is_quiet(vm) {
        return ok;
    }
    collect(vm);
    if finalize_modules(vm).is_err() {
        vm.clear_exception();
    }
    ok
}

/// Whether nobody could tell that objects die: nothing has a finalizer or is waited for by a callback, the standard streams
/// aside, which are flushed already, and callbacks of the library that keep its own books. The memory goes with the process, or with the heap.
fn is_quiet(vm: &Vm) -> bool {
    let traced = crate::instrumentation::is_active(vm);
    if vm.any_weakref_calls_back(|callback| traced || !is_bookkeeping(vm, callback)) {
        return false;
    }
    let has_finalizer =
        |h: &Header| h.ty().payload.slots.tp_finalize.get().is_some() && !h.has(flag::FINALIZED);
    // A stream holds its buffer, and that the file: nothing else counts as part of it.
    let mut streams: Vec<Value> = Vec::new();
    for name in ["stdin", "stdout", "stderr"] {
        let original = sys_get(vm, &format!("__{name}__"));
        match (original, sys_get(vm, name)) {
            (Some(original), Some(now)) if original.is(&now) => streams.push(original),
            (None, None) => {}
            _ => return false,
        }
    }
    for _ in ["buffers", "files"] {
        let held: Vec<Value> = streams.iter().flat_map(referents).collect();
        streams.extend(
            held.into_iter()
                .filter(|v| v.header().is_some_and(has_finalizer)),
        );
    }
    let known: Vec<u64> = streams.iter().map(Value::bits).collect();
    !vm.heap()
        .any_object(&mut |h| has_finalizer(h) && !known.contains(&((&raw const *h).addr() as u64)))
}

/// The library's callbacks that do nothing but take an item that died out of a collection: `co_qualname` and file.
const BOOKKEEPING: [(&str, &str); 3] = [
    ("WeakSet.__init__.<locals>._remove", "/_weakrefset.py"),
    ("WeakKeyDictionary.__init__.<locals>.remove", "/weakref.py"),
    ("_removeHandlerRef", "/logging/__init__.py"),
];

/// Whether a weak reference's callback is one of [`BOOKKEEPING`]: it runs no code of the program's.
fn is_bookkeeping(vm: &Vm, callback: &Value) -> bool {
    let Some(function) = callback.downcast_ref::<Function>() else {
        return false;
    };
    let code = function.code.get();
    let filename = code.filename.get().to_string_lossy().into_owned();
    let library = crate::config::settings(vm).stdlib_dir.clone();
    let Some(file) = library
        .as_deref()
        .and_then(|l| std::str::from_utf8(l).ok())
        .and_then(|l| filename.strip_prefix(l))
    else {
        return false;
    };
    BOOKKEEPING
        .iter()
        .any(|&(name, path)| file == path && code.qualname.eq_str(name))
}

fn collect(vm: &Vm) {
    let gc = &vm.heap().gc;
    let enabled = gc.enabled.replace(true);
    taipan_object::heap::gc::collect(vm, 2);
    gc.enabled.set(enabled);
}

/// Empties `sys.modules`, and then the modules that something else keeps alive, the youngest first.
fn finalize_modules(vm: &Vm) -> PyResult<()> {
    let Some(modules) = vm.interp().modules.get().cloned() else {
        return Ok(());
    };
    release_names(vm)?;
    let mut left: Vec<Left> = Vec::new();
    for (name, module) in modules.items() {
        if let Some(m) = module.downcast_ref::<Module>() {
            left.push(Left::new(vm, m)?);
            modules.set(vm, &name, vm.none())?;
        }
    }
    modules.clear_all();
    if let Some(builtins) = vm.interp().builtins.get()
        && let Some(original) = vm.state::<Original>().builtins.get().cloned()
    {
        builtins.clear_all();
        builtins.copy_from(&original);
    }
    collect(vm);
    let kept: Vec<Value> = ["sys", "builtins"]
        .into_iter()
        .filter_map(|name| crate::imp::made(vm, name))
        .collect();
    for l in left.iter().rev() {
        if let Some(m) = l.module()
            && !kept.iter().any(|k| k.is(&m))
            && let Some(d) = m.downcast_ref::<Module>().and_then(|m| m.dict.get())
        {
            clear_dict(vm, &d)?;
        }
    }
    collect(vm);
    flush_std_files(vm);
    for k in &kept {
        if let Some(d) = k.downcast_ref::<Module>().and_then(|m| m.dict.get()) {
            clear_dict(vm, &d)?;
        }
    }
    Ok(())
}

/// A module that may outlive `sys.modules`.
struct Left(Ref<WeakRef>);

impl Left {
    fn new(vm: &Vm, module: &Ref<Module>) -> PyResult<Left> {
        let weak = vm.new_weakref(&vm.types().weakref, module.as_value(), None)?;
        Ok(Left(weak))
    }

    fn module(&self) -> Option<Value> {
        self.0.target()
    }
}

/// Lets go of what `sys` and `builtins` hold of the program; the standard streams become the original ones.
fn release_names(vm: &Vm) -> PyResult<()> {
    for name in SYS_NAMES {
        sys_set(vm, name, vm.none())?;
    }
    for name in ["stdin", "stdout", "stderr"] {
        let original = sys_get(vm, &format!("__{name}__")).unwrap_or_else(|| vm.none());
        sys_set(vm, name, original)?;
    }
    if let Some(b) = vm.interp().builtins.get() {
        b.set_named(vm, "_", vm.none())?;
    }
    Ok(())
}

/// Sets a module's variables to None: those of one leading underscore first, so that what is public can still be used by
/// their finalizers (`_PyModule_ClearDict`).
fn clear_dict(vm: &Vm, dict: &Ref<Dict>) -> PyResult<()> {
    let private = |s: &Str| {
        let s = s.to_string_lossy();
        s.starts_with('_') && !s.starts_with("__")
    };
    for first in [true, false] {
        for (key, value) in dict.items() {
            let Some(name) = key.downcast_ref::<Str>() else {
                continue;
            };
            let due = if first {
                private(name)
            } else {
                !name.eq_str("__builtins__")
            };
            if due && !vm.is_none(&value) {
                drop(value);
                dict.set(vm, &key, vm.none())?;
            }
        }
    }
    Ok(())
}
