//! `import` statements: what they do once a module is found in `sys.modules`, and the call into importlib when it is not.
//! `__import__` and the native module `_imp` are in `imp.rs`.

use taipan_object::{BaseException, Dict, Module, PyResult, Raised, Ref, Str, Value, Vm};

use crate::frame::Frame;
use crate::traceback::Traceback;

/// Whether `builtins.__import__` is the native one.
pub(crate) fn is_default_import(vm: &Vm, f: &Value) -> bool {
    let _ = vm;
    f.downcast_ref::<taipan_object::NativeFunction>()
        .is_some_and(|f| f.def.name == "__import__")
}

/// A module in `sys.modules` that is not being imported right now.
pub fn loaded_module(vm: &Vm, name: &Ref<Str>) -> PyResult<Option<Value>> {
    let Some(modules) = vm.interp().modules.get() else {
        return Ok(None);
    };
    let Some(m) = modules.get(vm, name.as_value())? else {
        return Ok(None);
    };
    if vm.is_none(&m) {
        return Ok(None);
    }
    Ok(Some(m))
}

/// Waits for another thread that imports the module (`_lock_unlock_module`), when its spec says that it is being initialized.
fn ensure_initialized(vm: &Vm, module: &Value, name: &Ref<Str>) -> PyResult<()> {
    let n = vm.names();
    let Some(spec) = vm.getattr_opt(module, &n.__spec__)? else {
        return Ok(());
    };
    if vm.is_none(&spec) {
        return Ok(());
    }
    let Some(busy) = vm.getattr_opt(&spec, &n._initializing)? else {
        return Ok(());
    };
    if vm.is_true(&busy)?
        && let Some(lib) = crate::imp::bootstrap_module(vm)
    {
        vm.call_method(&lib, &n._lock_unlock_module, &[name.as_value().clone()])?;
    }
    Ok(())
}

/// The absolute name that `name` means at `level` in a module with these globals (resolve_name).
fn resolve_name(vm: &Vm, name: &Ref<Str>, globals: &Ref<Dict>, level: i64) -> PyResult<Ref<Str>> {
    let n = vm.names();
    let package = globals
        .get_str(vm, &n.__package__)
        .filter(|v| !vm.is_none(v));
    let spec = globals.get_str(vm, &n.__spec__).filter(|v| !vm.is_none(v));
    let package = match (package, spec) {
        (Some(p), _) => {
            if p.downcast_ref::<Str>().is_none() {
                return Err(vm.type_error("package must be a string"));
            }
            p
        }
        (None, Some(spec)) => {
            let p = vm.getattr(&spec, &n.parent)?;
            if p.downcast_ref::<Str>().is_none() {
                return Err(vm.type_error("__spec__.parent must be a string"));
            }
            p
        }
        (None, None) => {
            vm.warn(
                &vm.exc().ImportWarning,
                "can't resolve package from __spec__ or __package__, falling back on __name__ and __path__",
                1,
            )?;
            let Some(module_name) = globals.get_str(vm, &n.__name__) else {
                return Err(vm.raise_args(
                    &vm.exc().KeyError,
                    vec![vm.new_str("'__name__' not in globals")?.into_value()],
                ));
            };
            let Some(s) = module_name.downcast_ref::<Str>() else {
                return Err(vm.type_error("__name__ must be a string"));
            };
            if globals.get_str(vm, &n.__path__).is_some() {
                module_name
            } else {
                let text = s.to_string_lossy().into_owned();
                vm.new_str(text.rsplit_once('.').map_or("", |p| p.0))?
                    .into_value()
            }
        }
    };
    let Some(package) = package.downcast_ref::<Str>() else {
        return Err(vm.type_error("package must be a string"));
    };
    if package.is_empty() {
        return Err(vm.raise_new(
            &vm.exc().ImportError,
            "attempted relative import with no known parent package",
        ));
    }
    let text = package.to_string_lossy().into_owned();
    let mut base = text.as_str();
    for _ in 1..level {
        match base.rsplit_once('.') {
            Some((head, _)) => base = head,
            None => {
                return Err(vm.raise_new(
                    &vm.exc().ImportError,
                    "attempted relative import beyond top-level package",
                ));
            }
        }
    }
    if name.is_empty() {
        return vm.new_str(base);
    }
    vm.new_str(&format!("{base}.{}", name.to_string_lossy()))
}

/// Takes importlib's own frames out of the pending exception's traceback: all runs of them for an ImportError, otherwise
/// those that end in `_call_with_frames_removed` (remove_importlib_frames).
#[cold]
fn without_importlib(vm: &Vm, e: Raised) -> Raised {
    if crate::config::settings(vm).verbose > 0 {
        return e;
    }
    let exc = vm.take_raised(e);
    let always = vm
        .type_of(&exc)
        .payload
        .is_subtype(vm.exc().ImportError.object());
    if let Some(b) = exc.downcast_ref::<BaseException>() {
        let mut entries = Vec::new();
        let mut next = b.traceback.get();
        while let Some(tb) = next.and_then(|v| v.downcast::<Traceback>().ok()) {
            next = tb.next.get();
            entries.push(tb);
        }
        // How many of the entries stay before those of the present run of importlib's.
        let mut kept: Vec<Ref<Traceback>> = Vec::new();
        let mut before_run = None;
        for tb in entries {
            let code = &tb.frame.code;
            let file = code.filename.get();
            let inside = file.eq_str("<frozen importlib._bootstrap>")
                || file.eq_str("<frozen importlib._bootstrap_external>");
            if !inside {
                before_run = None;
                kept.push(tb);
                continue;
            }
            let start = *before_run.get_or_insert(kept.len());
            let cut = always || code.name.eq_str("_call_with_frames_removed");
            kept.push(tb);
            if cut {
                kept.truncate(start);
            }
        }
        let mut following = None;
        for tb in kept.into_iter().rev() {
            tb.next.set(following);
            following = Some(tb.into_value());
        }
        b.traceback.set(following);
    }
    vm.raise_as_is(exc)
}

/// `__import__(name, globals, None, from_list, level)` (PyImport_ImportModuleLevelObject).
pub fn import_name(
    vm: &Vm,
    name: &Ref<Str>,
    globals: &Ref<Dict>,
    from: &Value,
    level: i64,
) -> PyResult {
    if level < 0 {
        return Err(vm.value_error("level must be >= 0"));
    }
    let absolute = if level > 0 {
        resolve_name(vm, name, globals, level)?
    } else {
        if name.is_empty() {
            return Err(vm.value_error("Empty module name"));
        }
        name.clone()
    };
    let module = match loaded_module(vm, &absolute)? {
        Some(m) => {
            ensure_initialized(vm, &m, &absolute)?;
            if crate::config::settings(vm).import_time == 2 {
                show_cached(vm, &absolute);
            }
            m
        }
        None => find_and_load(vm, &absolute).map_err(|e| without_importlib(vm, e))?,
    };
    let has_from = !vm.is_none(from) && vm.is_true(from)?;
    if !has_from {
        // `import a.b` gives `a`; `__import__("b.c", level=1)` what lies that far above.
        let text = name.to_string_lossy().into_owned();
        let Some((front, _)) = text.split_once('.') else {
            return Ok(module);
        };
        if level == 0 {
            let front = vm.intern(front)?;
            return import_name(vm, &front, globals, &vm.none(), 0);
        }
        let cut = text.len() - front.len();
        let full = absolute.to_string_lossy().into_owned();
        let to_return = vm.new_str(full.get(..full.len() - cut).unwrap_or(&full))?;
        return match loaded_module(vm, &to_return)? {
            Some(m) => Ok(m),
            None => Err(vm.raise_args(
                &vm.exc().KeyError,
                vec![
                    vm.new_str(&format!(
                        "'{}' not in sys.modules as expected",
                        to_return.to_string_lossy()
                    ))?
                    .into_value(),
                ],
            )),
        };
    }
    if vm.getattr_opt(&module, &vm.names().__path__)?.is_some()
        && let Some(lib) = crate::imp::bootstrap_module(vm)
    {
        let import_func = match crate::imp::import_function(vm) {
            Some(f) => f,
            None => crate::glue::builtin(vm, "__import__")?,
        };
        return vm
            .call_method(
                &lib,
                &vm.names()._handle_fromlist,
                &[module, from.clone(), import_func],
            )
            .map_err(|e| without_importlib(vm, e));
    }
    Ok(module)
}

fn show_import_header(vm: &Vm) {
    let state = vm.state::<crate::imp::ImportState>();
    if !state.header_shown.replace(true) {
        crate::sys_module::hooks::write_stderr(
            vm,
            "import time: self [us] | cumulative | imported package\n",
        );
    }
}

/// The text with lone surrogates as escapes.
fn printable(name: &Ref<Str>) -> String {
    name.text()
        .chars()
        .map(|c| char::from_u32(c).map_or_else(|| format!("\\u{c:x}"), String::from))
        .collect()
}

/// -X importtime=2: an import of what is loaded already.
fn show_cached(vm: &Vm, name: &Ref<Str>) {
    show_import_header(vm);
    let level = vm.state::<crate::imp::ImportState>().level.get();
    let line = format!(
        "import time: {:<9} | {:<10} | {:width$}{}\n",
        "cached",
        "cached",
        "",
        printable(name),
        width = level * 2,
    );
    crate::sys_module::hooks::write_stderr(vm, &line);
}

/// Asks importlib for a module that is not loaded, and shows how long it took if -X importtime asks for that.
pub fn find_and_load(vm: &Vm, name: &Ref<Str>) -> PyResult {
    if crate::config::settings(vm).import_time == 0 {
        return load(vm, name);
    }
    let state = vm.state::<crate::imp::ImportState>();
    show_import_header(vm);
    let inner_before = state.inner_time.replace(0);
    let level = state.level.get();
    state.level.set(level + 1);
    let start = std::time::Instant::now();
    let result = load(vm, name);
    let total = start.elapsed().as_nanos() as u64;
    let inner = state.inner_time.get();
    state.level.set(level);
    let us = |ns: u64| ns.div_ceil(1000);
    let line = format!(
        "import time: {:9} | {:10} | {:width$}{}\n",
        us(total.saturating_sub(inner)),
        us(total),
        "",
        printable(name),
        width = level * 2,
    );
    crate::sys_module::hooks::write_stderr(vm, &line);
    state.inner_time.set(inner_before + total);
    result
}

fn load(vm: &Vm, name: &Ref<Str>) -> PyResult {
    let Some(lib) = crate::imp::bootstrap_module(vm) else {
        return match crate::imp::init_native(vm, name)? {
            Some(m) => Ok(m),
            None => Err(vm.raise_new(
                &vm.exc().ModuleNotFoundError,
                &format!("No module named '{}'", name.to_string_lossy()),
            )),
        };
    };
    let import = match crate::imp::import_function(vm) {
        Some(f) => f,
        None => crate::glue::builtin(vm, "__import__")?,
    };
    vm.call_method(
        &lib,
        &vm.names()._find_and_load,
        &[name.as_value().clone(), import],
    )
}

/// Imports a module by absolute name and gives that module, for native code.
pub fn import_module(vm: &Vm, name: &Ref<Str>) -> PyResult {
    match loaded_module(vm, name)? {
        Some(m) => Ok(m),
        None => find_and_load(vm, name),
    }
}

/// `from module import name`
pub fn import_from(vm: &Vm, module: &Value, name: &Ref<Str>) -> PyResult {
    if let Some(v) = vm.getattr_opt(module, name)? {
        return Ok(v);
    }
    let n = vm.names();
    let module_name = vm
        .getattr_opt(module, &n.__name__)?
        .and_then(|v| v.downcast::<Str>().ok());
    if let Some(m) = &module_name {
        // A circular import: the submodule may be in sys.modules though the attribute is not set yet.
        let full = vm.new_str(&format!(
            "{}.{}",
            m.to_string_lossy(),
            name.to_string_lossy()
        ))?;
        if let Some(modules) = vm.interp().modules.get()
            && let Some(v) = modules.get(vm, full.as_value())?
        {
            return Ok(v);
        }
    }
    Err(crate::imp::cannot_import_name(
        vm,
        module,
        module_name,
        name,
    ))
}

/// `from module import *`
pub(crate) fn import_star(vm: &Vm, module: &Value, frame: &Frame) -> PyResult<()> {
    let n = vm.names();
    if frame.locals == 0 {
        return Err(vm.system_error("no locals found during 'import *'"));
    }
    // SAFETY: the frame owns the value; the view is not dropped.
    let locals = (*std::mem::ManuallyDrop::new(unsafe { Value::from_bits(frame.locals) })).clone();
    let (names, skip_private) = match vm.getattr_opt(module, &n.__all__)? {
        Some(all) => (all, false),
        None => match vm.getattr_opt(module, &n.__dict__)? {
            Some(d) => {
                let keys = vm.call_method(&d, &n.keys, &[])?;
                (vm.new_list(vm.collect(&keys)?)?.into_value(), true)
            }
            None => {
                return Err(vm.raise_new(
                    &vm.exc().ImportError,
                    "from-import-* object has no __dict__ and no __all__",
                ));
            }
        },
    };
    let mut i = 0usize;
    loop {
        let index = vm.new_usize(i)?;
        let name = match vm.getitem(&names, &index) {
            Ok(v) => v,
            Err(e) => {
                drop(vm.catch(e, &vm.exc().IndexError)?);
                return Ok(());
            }
        };
        i += 1;
        let Some(s) = name.downcast_ref::<Str>() else {
            let module_name = match module.downcast_ref::<Module>().and_then(|m| m.dict.get()) {
                Some(d) => d.get_str(vm, &n.__name__).unwrap_or_else(|| vm.none()),
                None => vm.none(),
            };
            let module_name = vm.str(&module_name)?;
            let (what, place) = if skip_private {
                ("Key", "__dict__")
            } else {
                ("Item", "__all__")
            };
            return Err(vm.type_error(&format!(
                "{what} in {}.{place} must be str, not {}",
                module_name.to_string_lossy(),
                vm.type_name(&name)
            )));
        };
        if skip_private && s.text().get(0) == Some(u32::from('_')) {
            continue;
        }
        let v = vm.getattr(module, s)?;
        match locals.downcast_exact::<Dict>(&vm.types().dict) {
            Some(d) => d.set_str(vm, s, v)?,
            None => vm.setitem(&locals, &name, &v)?,
        }
    }
}
