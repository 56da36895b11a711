//! `except*`: splitting exception groups, and putting together what is raised afterwards (PEP 654).

use crate::frame::Frame;
use taipan_object::{BaseException, List, PyResult, Value, Vm};

/// Splits what is being handled into what matches the class and the rest; `None`s where there is nothing.
pub(crate) fn eg_match(
    vm: &Vm,
    f: *mut Frame,
    exc: &Value,
    class: &Value,
) -> PyResult<(Value, Value)> {
    if vm.is_none(exc) {
        return Ok((vm.none(), vm.none()));
    }
    let group = &vm.exc().BaseExceptionGroup;
    if crate::eval::exception_matches(vm, exc, class) {
        if vm.is_instance_exact(exc, group) {
            return Ok((exc.clone(), vm.none()));
        }
        // A naked exception is wrapped in a group.
        let message = vm.new_str("")?.into_value();
        let inner = vm.new_tuple(vec![exc.clone()])?.into_value();
        let ty = if vm.is_instance_exact(exc, &vm.exc().Exception) {
            crate::glue::builtin(vm, "ExceptionGroup")?
        } else {
            group.as_value().clone()
        };
        let wrapped = vm.call_pos(&ty, &[message, inner])?;
        if let Some(w) = wrapped.downcast_ref::<BaseException>() {
            // The group comes from here, not from where the exception was raised.
            w.traceback.set(Some(crate::traceback::push(vm, f, None)?));
        }
        return Ok((wrapped, vm.none()));
    }
    if vm.is_instance_exact(exc, group) {
        let pair = vm.call_method_str(exc, "split", std::slice::from_ref(class))?;
        let Some(t) = pair.downcast_ref::<taipan_object::Tuple>() else {
            return Err(vm.type_error(&format!(
                "{}.split must return a tuple, not {}",
                vm.type_name(exc),
                vm.type_name(&pair)
            )));
        };
        return match (t.get(0), t.get(1)) {
            (Some(a), Some(b)) => Ok((a, b)),
            _ => Err(vm.type_error(&format!(
                "{}.split must return a 2-tuple, got tuple of size {}",
                vm.type_name(exc),
                t.len()
            ))),
        };
    }
    Ok((vm.none(), exc.clone()))
}

/// Whether two exceptions are one raised again: they share metadata.
fn same_metadata(a: &Value, b: &Value) -> bool {
    let (Some(x), Some(y)) = (
        a.downcast_ref::<BaseException>(),
        b.downcast_ref::<BaseException>(),
    ) else {
        return false;
    };
    let same = |p: Option<Value>, q: Option<Value>| match (p, q) {
        (Some(p), Some(q)) => p.is(&q),
        (None, None) => true,
        _ => false,
    };
    same(x.traceback.get(), y.traceback.get())
        && same(x.context.get(), y.context.get())
        && same(x.cause.get(), y.cause.get())
}

/// What is raised after all `except*` blocks: the exceptions of `excs` that were raised in handlers, and the parts of
/// `orig` that were raised again or never matched (_PyExc_PrepReraiseStar).
pub(crate) fn prep_reraise_star(vm: &Vm, orig: &Value, excs: &Value) -> PyResult {
    let Some(list) = excs.downcast_ref::<List>() else {
        return Err(vm.system_error("except* without a list"));
    };
    let items: Vec<Value> = list
        .to_vec()
        .into_iter()
        .filter(|v| !vm.is_none(v))
        .collect();
    if items.is_empty() {
        return Ok(vm.none());
    }
    if !vm.is_instance_exact(orig, &vm.exc().BaseExceptionGroup) {
        // A naked exception was caught and wrapped: only one except* clause ran.
        return Ok(items.into_iter().next().unwrap_or_else(|| vm.none()));
    }
    let (reraised, raised): (Vec<Value>, Vec<Value>) =
        items.into_iter().partition(|e| same_metadata(e, orig));
    let again = if reraised.is_empty() {
        None
    } else {
        Some(projection(vm, orig, &reraised)?)
    };
    let again = again.filter(|v| !vm.is_none(v));
    match (raised.is_empty(), again) {
        (true, Some(a)) => Ok(a),
        (true, None) => Ok(vm.none()),
        (false, again) => {
            let mut all = raised;
            all.extend(again);
            if all.len() > 1 {
                let message = vm.new_str("")?.into_value();
                let list = vm.new_list(all)?.into_value();
                return vm.call_pos(vm.exc().BaseExceptionGroup.as_value(), &[message, list]);
            }
            Ok(all.into_iter().next().unwrap_or_else(|| vm.none()))
        }
    }
}

fn leaves(vm: &Vm, e: &Value, out: &mut Vec<u64>) -> PyResult<()> {
    vm.check_stack(" while walking an exception group")?;
    if !vm.is_instance_exact(e, &vm.exc().BaseExceptionGroup) {
        out.push(e.bits());
        return Ok(());
    }
    for x in vm.collect(&vm.getattr_str(e, "exceptions")?)? {
        leaves(vm, &x, out)?;
    }
    Ok(())
}

/// The part of `orig` whose leaves are in any of `keep`, with the structure of `orig`.
fn projection(vm: &Vm, orig: &Value, keep: &[Value]) -> PyResult {
    let mut wanted = Vec::new();
    for e in keep {
        leaves(vm, e, &mut wanted)?;
    }
    select(vm, orig, &wanted)
}

fn select(vm: &Vm, e: &Value, wanted: &[u64]) -> PyResult {
    vm.check_stack(" while walking an exception group")?;
    if !vm.is_instance_exact(e, &vm.exc().BaseExceptionGroup) {
        return Ok(if wanted.contains(&e.bits()) {
            e.clone()
        } else {
            vm.none()
        });
    }
    let mut parts = Vec::new();
    for x in vm.collect(&vm.getattr_str(e, "exceptions")?)? {
        let part = select(vm, &x, wanted)?;
        if !vm.is_none(&part) {
            parts.push(part);
        }
    }
    if parts.is_empty() {
        return Ok(vm.none());
    }
    let list = vm.new_list(parts)?.into_value();
    let new = vm.call_method_str(e, "derive", std::slice::from_ref(&list))?;
    if let (Some(n), Some(o)) = (
        new.downcast_ref::<BaseException>(),
        e.downcast_ref::<BaseException>(),
    ) {
        n.traceback.set(o.traceback.get());
        n.context.set(o.context.get());
        n.cause.set(o.cause.get());
        n.suppress_context.set(o.suppress_context.get());
        if let Some(notes) = vm.getattr_opt(e, &vm.names().__notes__)?
            && let Ok(list) = notes.downcast::<List>()
        {
            let copy = vm.new_list(list.to_vec())?;
            vm.setattr(&new, &vm.names().__notes__, copy.as_value())?;
        }
    }
    Ok(new)
}
