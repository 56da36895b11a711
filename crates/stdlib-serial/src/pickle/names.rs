//! Functions and classes by name: finding the module of an object, and the object of a name.

use taipan_object::{Dict, PyResult, Raised, Ref, Str, Tuple, TypeObject, Value, Vm};

use super::{pickling_error, with_context};

fn no_path(vm: &Vm, obj: &Value, name: &Ref<Str>) -> Raised {
    let shown = (vm.repr_string(name.as_value()), vm.repr_string(obj));
    match shown {
        (Ok(name), Ok(obj)) => vm.raise_new(
            &vm.exc().AttributeError,
            &format!("Can't resolve path {name} on module {obj}"),
        ),
        (Err(r), _) | (_, Err(r)) => r,
    }
}

fn parts(vm: &Vm, name: &Ref<Str>) -> PyResult<Vec<Ref<Str>>> {
    if !name.text().chars().any(|c| c == u32::from(b'.')) {
        return Ok(vec![vm.intern_str(name)]);
    }
    let list = vm.call_method_str(
        name.as_value(),
        "split",
        &[vm.latin1_char(b'.').into_value()],
    )?;
    vm.collect(&list)?
        .into_iter()
        .map(|v| {
            v.downcast::<Str>()
                .map(|s| vm.intern_str(&s))
                .map_err(|_| vm.type_error("parts of a name are strings"))
        })
        .collect()
}

/// `object.a.b` for the parts of a dotted name; the AttributeError when something is missing.
fn walk(vm: &Vm, obj: &Value, path: &[Ref<Str>]) -> PyResult<Result<Value, Value>> {
    let mut at = obj.clone();
    for part in path {
        match vm.getattr(&at, part) {
            Ok(v) => at = v,
            Err(r) => return Ok(Err(vm.catch(r, &vm.exc().AttributeError)?)),
        }
    }
    Ok(Ok(at))
}

/// The attribute of a module that a name in a pickle means; dotted names reach into it.
pub(crate) fn attribute(
    vm: &Vm,
    module: &Value,
    module_name: &Ref<Str>,
    name: &Ref<Str>,
    dotted: bool,
) -> PyResult {
    if !dotted {
        return vm.getattr(module, name);
    }
    let path = parts(vm, name)?;
    if let [single] = path.as_slice() {
        return vm.getattr(module, single);
    }
    match walk(vm, module, &path)? {
        Ok(v) => Ok(v),
        Err(e) => Err(with_context(
            vm,
            no_path(vm, module_name.as_value(), name),
            &e,
        )),
    }
}

/// Imports a module that a pickle names.
pub(crate) fn import(vm: &Vm, name: &Ref<Str>) -> PyResult {
    if name.is_empty() {
        return Err(vm.value_error("Empty module name"));
    }
    (vm.hooks().import)(vm, name)
}

/// A global's name: module, and the parts of its qualified name.
pub(crate) struct Global {
    /// `__module__`, or where it was found.
    pub module: Value,
    /// The qualified name.
    pub name: Ref<Str>,
    /// Its parts.
    pub path: Vec<Ref<Str>>,
}

fn is_str(v: &Value, s: &str) -> bool {
    v.downcast_ref::<Str>().is_some_and(|v| v.eq_str(s))
}

/// Looks through all modules for one that has the object under this name.
fn search_modules(vm: &Vm, obj: &Value, path: &[Ref<Str>]) -> PyResult<Option<Value>> {
    let Some(modules) = vm.interp().modules.get() else {
        return Ok(None);
    };
    for (name, module) in modules.items() {
        if is_str(&name, "__main__") || is_str(&name, "__mp_main__") || vm.is_none(&module) {
            continue;
        }
        if walk(vm, &module, path)?.is_ok_and(|v| v.is(obj)) {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Finds the module of a function or class, and checks that the name leads back to it.
pub(crate) fn global_of(vm: &Vm, obj: &Value, name: Option<&Ref<Str>>) -> PyResult<Global> {
    let name = match name {
        Some(name) => name.clone(),
        None => {
            let found = match vm.getattr_str_opt(obj, "__qualname__")? {
                Some(v) => v,
                None => vm.getattr_str(obj, "__name__")?,
            };
            found
                .downcast::<Str>()
                .map_err(|_| vm.type_error("__qualname__ must be a string"))?
        }
    };
    let path = parts(vm, &name)?;
    if path.iter().any(|p| p.eq_str("<locals>")) {
        let shown = vm.repr_string(obj)?;
        return Err(pickling_error(
            vm,
            &format!("Can't pickle local object {shown}"),
        ));
    }
    let own = vm.getattr_str_opt(obj, "__module__")?;
    let module = match own.filter(|m| !vm.is_none(m)) {
        Some(m) => m,
        None => match search_modules(vm, obj, &path)? {
            Some(m) => m,
            None => vm.new_str("__main__")?.into_value(),
        },
    };
    let Some(module_name) = module.downcast_ref::<Str>() else {
        return Err(pickling_error(vm, "__module__ must be a string"));
    };
    let imported = import(vm, module_name);
    let found = match imported {
        Ok(m) => m,
        Err(r) => {
            let e = vm.take_raised(r);
            let exc = vm.exc();
            let expected = [&exc.ImportError, &exc.ValueError, &exc.KeyError];
            if !expected.iter().any(|t| vm.is_instance_exact(&e, t)) {
                return Err(vm.raise_as_is(e));
            }
            let message = format!(
                "Can't pickle {}: {}",
                vm.repr_string(obj)?,
                vm.str(&e)?.to_string_lossy()
            );
            return Err(with_context(vm, pickling_error(vm, &message), &e));
        }
    };
    let (problem, cause) = match walk(vm, &found, &path)? {
        Ok(v) if v.is(obj) => {
            // The modules of native types are one string each, which a pickle has once.
            let native = obj
                .downcast_ref::<TypeObject>()
                .is_some_and(|t| !t.is_heap());
            let module = if native {
                vm.intern_str(module_name).into_value()
            } else {
                module
            };
            return Ok(Global { module, name, path });
        }
        Ok(_) => ("it's not the same object as", None),
        Err(e) => ("it's not found as", Some(e)),
    };
    let message = format!(
        "Can't pickle {}: {problem} {}.{}",
        vm.repr_string(obj)?,
        module_name.to_string_lossy(),
        name.to_string_lossy()
    );
    let raised = pickling_error(vm, &message);
    Err(match cause {
        Some(e) => with_context(vm, raised, &e),
        None => raised,
    })
}

/// A pair of names by a mapping of `_compat_pickle`: by both, or the module alone.
pub(crate) fn compatible(
    vm: &Vm,
    names: &Dict,
    imports: &Dict,
    label: &str,
    module: Ref<Str>,
    name: Ref<Str>,
) -> PyResult<(Ref<Str>, Ref<Str>)> {
    let key = vm.new_tuple_array([module.as_value().clone(), name.as_value().clone()])?;
    if let Some(found) = names.get(vm, key.as_value())? {
        let pair = found.downcast_ref::<Tuple>().map(|t| t.as_slice());
        let Some([m, n]) = pair else {
            return Err(vm.runtime_error(&format!(
                "_compat_pickle.{label}NAME_MAPPING values should be 2-tuples, not {}",
                vm.type_name(&found)
            )));
        };
        return match (m.downcast_ref::<Str>(), n.downcast_ref::<Str>()) {
            (Some(m), Some(n)) => Ok((m.clone(), n.clone())),
            _ => Err(vm.runtime_error(&format!(
                "_compat_pickle.{label}NAME_MAPPING values should be pairs of str, not ({}, {})",
                vm.type_name(m),
                vm.type_name(n)
            ))),
        };
    }
    match imports.get(vm, module.as_value())? {
        None => Ok((module, name)),
        Some(found) => match found.downcast::<Str>() {
            Ok(m) => Ok((m, name)),
            Err(v) => Err(vm.runtime_error(&format!(
                "_compat_pickle.{label}IMPORT_MAPPING values should be strings, not {}",
                vm.type_name(&v)
            ))),
        },
    }
}
