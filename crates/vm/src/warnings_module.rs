//! Module `_warnings`: filters, registries, and how a warning is issued. Module `warnings` shows them, once it is loaded.

use std::cell::Cell;

use taipan_macros::pyfunctions;
use taipan_object::{
    Dict, List, Module, ModuleSpec, PyResult, Ref, Str, Tuple, TypeObject, Value, Vm,
};

use crate::imp::OptionCell;
use crate::sys_module::functions::frame_at;

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_warnings",
    doc: Some(
        "_warnings provides basic warning filtering support.\nIt is a helper module to speed up interpreter start-up.",
    ),
    functions: &[functions::FUNCTIONS],
    types: &[],
    exec: Some(exec),
};

/// Per-interpreter state of warnings.
#[derive(Default)]
pub struct State {
    filters: OptionCell,
    once: OptionCell,
    default_action: OptionCell,
    context: OptionCell,
    /// Changes with the filters: registries of an older version are cleared.
    version: Cell<i64>,
}

fn filter(vm: &Vm, action: &str, category: &Ref<TypeObject>, module: Option<&str>) -> PyResult {
    let module = match module {
        Some(m) => vm.new_str(m)?.into_value(),
        None => vm.none(),
    };
    let action = vm.intern(action)?.into_value();
    let items = vec![
        action,
        vm.none(),
        category.as_value().clone(),
        module,
        Value::from_i32(0),
    ];
    Ok(vm.new_tuple(items)?.into_value())
}

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    let Some(d) = module.dict.get() else {
        return Ok(());
    };
    let s = vm.state::<State>();
    let e = vm.exc();
    if !s.filters.0.is_some() {
        let filters = vec![
            filter(vm, "default", &e.DeprecationWarning, Some("__main__"))?,
            filter(vm, "ignore", &e.DeprecationWarning, None)?,
            filter(vm, "ignore", &e.PendingDeprecationWarning, None)?,
            filter(vm, "ignore", &e.ImportWarning, None)?,
            filter(vm, "ignore", &e.ResourceWarning, None)?,
        ];
        s.filters.0.set(Some(vm.new_list(filters)?.into_value()));
        s.once.0.set(Some(vm.new_dict()?.into_value()));
        s.default_action
            .0
            .set(Some(vm.new_str("default")?.into_value()));
    }
    let get = |c: &OptionCell| c.0.get().unwrap_or_else(|| vm.none());
    d.set_named(vm, "filters", get(&s.filters))?;
    d.set_named(vm, "_onceregistry", get(&s.once))?;
    d.set_named(vm, "_defaultaction", get(&s.default_action))?;
    // A context variable holds the filters of `catch_warnings` where warnings are context-aware.
    if let Some(spec) = crate::imp::find_native(vm, &vm.intern("_contextvars")?) {
        // The import system is not there yet when it imports this module.
        let contextvars = crate::imp::create_native(vm, spec)?;
        crate::imp::exec_native(vm, &contextvars)?;
        let contextvars = contextvars.into_value();
        let class = vm.getattr_str(&contextvars, "ContextVar")?;
        let var = vm.call1(&class, vm.new_str("_warnings_context")?.as_value())?;
        s.context.0.set(Some(var.clone()));
        d.set_named(vm, "_warnings_context", var)?;
    }
    Ok(())
}

/// An attribute of module `warnings`, if that is loaded; imports it when `load`.
fn warnings_attr(vm: &Vm, name: &str, load: bool) -> PyResult<Option<Value>> {
    let loaded = match vm.interp().modules.get() {
        Some(m) => m.get_str(vm, &vm.names().warnings),
        None => None,
    };
    let module = match loaded {
        Some(m) => m,
        None if load
            && crate::imp::bootstrap_module(vm).is_some()
            && !crate::sys_module::state(vm).finalizing.get() =>
        {
            match vm.import("warnings") {
                Ok(m) => m,
                Err(e) => {
                    vm.catch(e, &vm.exc().ImportError)?;
                    return Ok(None);
                }
            }
        }
        None => return Ok(None),
    };
    vm.getattr_str_opt(&module, name)
}

fn matches(vm: &Vm, pattern: &Value, text: &Value) -> PyResult<bool> {
    if vm.is_none(pattern) {
        return Ok(true);
    }
    if let (Some(p), Some(t)) = (pattern.downcast_ref::<Str>(), text.downcast_ref::<Str>())
        && pattern.is_exact_str(vm)
    {
        return Ok(p.same_text(t));
    }
    let m = vm.call_method_str(pattern, "match", std::slice::from_ref(text))?;
    vm.is_true(&m)
}

/// The filters in force: those of the context and those of the module.
fn filter_lists(vm: &Vm) -> PyResult<Vec<Value>> {
    let s = vm.state::<State>();
    let mut lists = Vec::new();
    if let Some(var) = s.context.0.get() {
        let none = vm.none();
        let ctx = vm.call_method_str(&var, "get", &[none])?;
        if !vm.is_none(&ctx) {
            lists.push(vm.getattr_str(&ctx, "_filters")?);
        }
    }
    let global = match warnings_attr(vm, "filters", false)? {
        Some(f) => Some(f),
        None => s.filters.0.get(),
    };
    match global {
        Some(f) if f.downcast_ref::<List>().is_some() => lists.push(f),
        _ => return Err(vm.value_error("_warnings.filters must be a list")),
    }
    Ok(lists)
}

/// What the first filter that fits says, and the filter.
fn find_action(
    vm: &Vm,
    category: &Value,
    text: &Value,
    lineno: i64,
    module: &Value,
) -> PyResult<(String, Value)> {
    for list in filter_lists(vm)? {
        let Some(list) = list.downcast_ref::<List>().cloned() else {
            return Err(vm.value_error("_warnings.filters must be a list"));
        };
        for i in 0.. {
            let Some(item) = list.get(i) else { break };
            let Some(t) = item.downcast_ref::<Tuple>().filter(|t| t.len() == 5) else {
                return Err(vm.value_error(&format!("_warnings.filters item {i} isn't a 5-tuple")));
            };
            let [action, msg, cat, m, line] = t.as_slice() else {
                continue;
            };
            let Some(action) = action.downcast_ref::<Str>() else {
                return Err(vm.type_error(&format!(
                    "action must be a string, not '{}'",
                    vm.type_name(action)
                )));
            };
            let line = vm.index_isize(line)? as i64;
            if matches(vm, msg, text)?
                && vm.is_subclass(category, cat)?
                && matches(vm, m, module)?
                && (line == 0 || line == lineno)
            {
                return Ok((action.to_string_lossy().into_owned(), item.clone()));
            }
        }
    }
    let default = match warnings_attr(vm, "defaultaction", false)? {
        Some(d) => Some(d),
        None => vm.state::<State>().default_action.0.get(),
    };
    match default.as_ref().and_then(|d| d.downcast_ref::<Str>()) {
        Some(d) => Ok((d.to_string_lossy().into_owned(), vm.none())),
        None => Err(vm.type_error("_warnings.defaultaction must be a string")),
    }
}

/// Whether the registry has the key already; clears a registry of older filters, and notes the key when `add`.
fn already_warned(vm: &Vm, registry: &Ref<Dict>, key: &Value, add: bool) -> PyResult<bool> {
    let version = vm.new_int(vm.state::<State>().version.get())?;
    let known = registry.get_str(vm, &vm.intern("version")?);
    let current = match &known {
        Some(v) => vm.eq(v, &version)?,
        None => false,
    };
    if !current {
        registry.clear_all();
        registry.set_named(vm, "version", version)?;
    } else if let Some(w) = registry.get(vm, key)?
        && vm.is_true(&w)?
    {
        return Ok(true);
    }
    if add {
        registry.set(vm, key, vm.bool(true))?;
    }
    Ok(false)
}

/// A warning on its way.
struct Warning<'a> {
    category: &'a Value,
    message: &'a Value,
    filename: Value,
    lineno: i64,
    module: Value,
    registry: Option<Ref<Dict>>,
    source_line: Option<Value>,
    source: Value,
}

fn update_registry(
    vm: &Vm,
    registry: &Ref<Dict>,
    text: &Value,
    category: &Value,
    add_zero: bool,
) -> PyResult<bool> {
    let mut items = vec![text.clone(), category.clone()];
    if add_zero {
        items.push(Value::from_i32(0));
    }
    let key = vm.new_tuple(items)?.into_value();
    already_warned(vm, registry, &key, true)
}

fn show(vm: &Vm, w: &Warning<'_>, text: &Value, instance: &Value) -> PyResult<()> {
    let line = vm.new_int(w.lineno)?;
    let source_given = !vm.is_none(&w.source);
    let Some(show) = warnings_attr(vm, "_showwarnmsg", source_given)? else {
        let mut out = format!("{}:{}: ", vm.str(&w.filename)?.to_string_lossy(), w.lineno);
        let name = vm.getattr(w.category, &vm.names().__name__)?;
        out.push_str(&format!(
            "{}: {}\n",
            vm.str(&name)?.to_string_lossy(),
            vm.str(text)?.to_string_lossy()
        ));
        if let Some(l) = &w.source_line {
            out.push_str(&format!("  {}\n", vm.str(l)?.to_string_lossy().trim()));
        } else if let Some(filename) = w.filename.downcast_ref::<Str>()
            && let Ok(lineno) = u32::try_from(w.lineno)
            && let Some(line) = crate::compile::program_text(vm, filename, lineno)
        {
            let line = line.trim_end_matches('\n');
            let line = line.trim_start_matches([' ', '\t', '\x0c']);
            out.push_str(&format!("  {line}\n"));
        }
        crate::sys_module::hooks::write_stderr(vm, &out);
        return Ok(());
    };
    let class = match warnings_attr(vm, "WarningMessage", false)? {
        Some(c) => c,
        None => return Err(vm.runtime_error("unable to get warnings.WarningMessage")),
    };
    let none = vm.none();
    let args = [
        instance.clone(),
        w.category.clone(),
        w.filename.clone(),
        line,
        none.clone(),
        none,
        w.source.clone(),
    ];
    let msg = vm.call_pos(&class, &args)?;
    vm.call1(&show, &msg).map(drop)
}

fn warn_explicit(vm: &Vm, w: &Warning<'_>) -> PyResult<()> {
    let is_warning = vm.is_instance(w.message, vm.exc().Warning.as_value())?;
    let (text, category, instance) = if is_warning {
        let text = vm.str(w.message)?.into_value();
        (
            text,
            vm.type_of(w.message).to_ref().into_value(),
            w.message.clone(),
        )
    } else {
        let instance = vm.call1(w.category, w.message)?;
        (w.message.clone(), w.category.clone(), instance)
    };
    let w = Warning {
        category: &category,
        message: w.message,
        filename: w.filename.clone(),
        lineno: w.lineno,
        module: w.module.clone(),
        registry: w.registry.clone(),
        source_line: w.source_line.clone(),
        source: w.source.clone(),
    };
    let key = vm
        .new_tuple(vec![text.clone(), category.clone(), vm.new_int(w.lineno)?])?
        .into_value();
    if let Some(r) = &w.registry
        && already_warned(vm, r, &key, false)?
    {
        return Ok(());
    }
    let (action, item) = find_action(vm, &category, &text, w.lineno, &w.module)?;
    match action.as_str() {
        "error" => return Err(vm.raise(instance)),
        "ignore" => return Ok(()),
        _ => {}
    }
    let mut seen = false;
    if action == "once" {
        let registry = match &w.registry {
            Some(r) => {
                r.set(vm, &key, vm.bool(true))?;
                r.clone()
            }
            None => vm.new_dict()?,
        };
        let once = match warnings_attr(vm, "onceregistry", false)? {
            Some(o) => Some(o),
            None => vm.state::<State>().once.0.get(),
        };
        let once = once
            .and_then(|o| o.downcast::<Dict>().ok())
            .unwrap_or(registry);
        seen = update_registry(vm, &once, &text, &category, false)?;
    } else if action == "always" || action == "all" {
    } else if action == "module" || action == "default" {
        if let Some(r) = &w.registry {
            r.set(vm, &key, vm.bool(true))?;
            if action == "module" {
                seen = update_registry(vm, r, &text, &category, true)?;
            }
        }
    } else {
        return Err(vm.runtime_error(&format!(
            "Unrecognized action ({action}) in warnings.filters:\n {}",
            vm.repr_string(&item)?
        )));
    }
    if seen {
        return Ok(());
    }
    show(vm, &w, &text, &instance)
}

fn is_internal(name: &str) -> bool {
    name.contains("importlib") && name.contains("_bootstrap")
}

/// Filename, line, module and registry of the caller that a stack level means.
fn context(
    vm: &Vm,
    stack_level: i64,
    prefixes: &[String],
) -> PyResult<(Value, i64, Value, Option<Ref<Dict>>)> {
    let mut depth = 0;
    let skip = |f: *mut crate::frame::Frame| -> bool {
        // SAFETY: frames of the chain are live while their callee runs.
        let name = unsafe { (*f).code() }.filename.get();
        let name = name.to_string_lossy();
        is_internal(&name) || prefixes.iter().any(|p| name.starts_with(p.as_str()))
    };
    let mut frame = frame_at(vm, 0);
    let plain = stack_level <= 0 || (frame.is_some_and(&skip) && prefixes.is_empty());
    let mut level = stack_level;
    while level > 1 && frame.is_some() {
        depth += 1;
        frame = frame_at(vm, depth);
        if !plain {
            while frame.is_some_and(&skip) {
                depth += 1;
                frame = frame_at(vm, depth);
            }
        }
        level -= 1;
    }
    let Some(f) = frame else {
        let globals = match crate::sys_module::state(vm).dict.borrow().clone() {
            Some(d) => d,
            None => vm.new_dict()?,
        };
        let registry = registry_of(vm, &globals)?;
        return Ok((
            vm.new_str("<sys>")?.into_value(),
            0,
            vm.new_str("sys")?.into_value(),
            registry,
        ));
    };
    // SAFETY: as above.
    let (globals, filename, line) = unsafe {
        (
            (*f).globals(),
            (*f).code().filename.get().into_value(),
            (*f).lineno().unwrap_or(0),
        )
    };
    let registry = registry_of(vm, &globals)?;
    let module = match globals.get_str(vm, &vm.names().__name__) {
        Some(m) if vm.is_none(&m) || m.downcast_ref::<Str>().is_some() => m,
        _ => vm.new_str("<string>")?.into_value(),
    };
    Ok((filename, i64::from(line), module, registry))
}

fn registry_of(vm: &Vm, globals: &Ref<Dict>) -> PyResult<Option<Ref<Dict>>> {
    let name = vm.intern("__warningregistry__")?;
    if let Some(r) = globals.get_str(vm, &name) {
        return Ok(r.downcast::<Dict>().ok());
    }
    let d = vm.new_dict()?;
    globals.set_str(vm, &name, d.as_value().clone())?;
    Ok(Some(d))
}

fn category_of(vm: &Vm, message: &Value, category: Option<&Value>) -> PyResult<Value> {
    let warning = vm.exc().Warning.as_value();
    let c = if vm.is_instance(message, warning)? {
        vm.type_of(message).to_ref().into_value()
    } else {
        match category.filter(|c| !vm.is_none(c)) {
            Some(c) => c.clone(),
            None => vm.exc().UserWarning.as_value().clone(),
        }
    };
    if c.downcast_ref::<TypeObject>().is_none() || !vm.is_subclass(&c, warning)? {
        let shown = match c.downcast_ref::<TypeObject>() {
            Some(_) => vm.repr_string(&c)?,
            None => format!("'{}'", vm.type_name(&c)),
        };
        return Err(vm.type_error(&format!("category must be a Warning subclass, not {shown}")));
    }
    Ok(c)
}

/// The functions.
#[pyfunctions(FUNCTIONS)]
pub mod functions {
    use super::*;

    /// Issue a warning, or maybe ignore it or raise an exception.
    #[pyfunction(
        sig = "($module, /, message, category=None, stacklevel=1, source=None, *, skip_file_prefixes=())"
    )]
    fn warn(
        vm: &Vm,
        message: &Value,
        category: Option<&Value>,
        stacklevel: isize,
        source: Option<&Value>,
        skip_file_prefixes: Option<&Ref<Tuple>>,
    ) -> PyResult<()> {
        let category = category_of(vm, message, category)?;
        let mut prefixes = Vec::new();
        for p in skip_file_prefixes.map(|t| t.as_slice()).unwrap_or_default() {
            match p.downcast_ref::<Str>() {
                Some(s) => prefixes.push(s.to_string_lossy().into_owned()),
                None => {
                    return Err(vm.type_error(&format!(
                        "Found non-str '{}' in skip_file_prefixes.",
                        vm.type_name(p)
                    )));
                }
            }
        }
        let level = if prefixes.is_empty() {
            stacklevel
        } else {
            stacklevel.max(2)
        };
        let (filename, lineno, module, registry) = context(vm, level as i64, &prefixes)?;
        let source = source.cloned().unwrap_or_else(|| vm.none());
        let w = Warning {
            category: &category,
            message,
            filename,
            lineno,
            module,
            registry,
            source_line: None,
            source,
        };
        warn_explicit(vm, &w)
    }

    /// Issue a warning, or maybe ignore it or raise an exception.
    #[pyfunction(
        name = "warn_explicit",
        sig = "($module, /, message, category, filename, lineno, module=<unrepresentable>, registry=None, module_globals=None, source=None)"
    )]
    fn warn_explicit_(
        vm: &Vm,
        message: &Value,
        category: &Value,
        filename: &Ref<Str>,
        lineno: i64,
        module: Option<&Value>,
        registry: Option<&Value>,
        module_globals: Option<&Value>,
        source: Option<&Value>,
    ) -> PyResult<()> {
        let module = match module.filter(|m| !vm.is_none(m)) {
            Some(m) => m.clone(),
            None => {
                let name = filename.to_string_lossy();
                let name = name.strip_suffix(".py").unwrap_or(&name);
                vm.new_str(if name.is_empty() { "<unknown>" } else { name })?
                    .into_value()
            }
        };
        let registry = match registry.filter(|r| !vm.is_none(r)) {
            None => None,
            Some(r) => match r.downcast_ref::<Dict>() {
                Some(d) => Some(d.clone()),
                None => return Err(vm.type_error("'registry' must be a dict or None")),
            },
        };
        let _ = module_globals;
        let source = source.cloned().unwrap_or_else(|| vm.none());
        let filename = filename.as_value().clone();
        let w = Warning {
            category,
            message,
            filename,
            lineno,
            module,
            registry,
            source_line: None,
            source,
        };
        warn_explicit(vm, &w)
    }

    #[pyfunction(sig = "($module, /)")]
    fn _acquire_lock() {}

    #[pyfunction(sig = "($module, /)")]
    fn _release_lock() {}

    #[pyfunction(sig = "($module, /)")]
    fn _filters_mutated_lock_held(vm: &Vm) {
        let s = vm.state::<State>();
        s.version.set(s.version.get().wrapping_add(1));
    }
}
