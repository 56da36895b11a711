//! Type parameters of generic aliases and unions: finding them among the arguments, and putting types in their place.

use taipan_object::class::TypeObject;
use taipan_object::{List, PyResult, Ref, Tuple, Value, Vm};

fn add_unique(vm: &Vm, out: &mut Vec<Value>, v: &Value) -> PyResult<()> {
    for x in out.iter() {
        if vm.eq(x, v)? {
            return Ok(());
        }
    }
    out.push(v.clone());
    Ok(())
}

/// The items of a tuple or list that stands among type arguments (parameters of a callable).
fn nested(v: &Value) -> Option<Vec<Value>> {
    if let Some(t) = v.downcast_ref::<Tuple>() {
        return Some(t.as_slice().to_vec());
    }
    v.downcast_ref::<List>().map(|l| l.to_vec())
}

/// The type parameters among type arguments, in order of their first appearance (`_Py_make_parameters`).
pub fn make_parameters(vm: &Vm, args: &[Value]) -> PyResult<Ref<Tuple>> {
    let mut out = Vec::new();
    collect(vm, args, &mut out)?;
    vm.new_tuple(out)
}

fn collect(vm: &Vm, args: &[Value], out: &mut Vec<Value>) -> PyResult<()> {
    vm.check_stack("")?;
    let n = vm.names();
    for a in args {
        // A class shows its own parameters, which are none of ours.
        if a.downcast_ref::<TypeObject>().is_some() {
            continue;
        }
        if vm.getattr_opt(a, &n.__typing_subst__)?.is_some() {
            add_unique(vm, out, a)?;
        } else if let Some(items) = nested(a) {
            collect(vm, &items, out)?;
        } else if let Some(p) = vm.getattr_opt(a, &n.__parameters__)?
            && let Some(p) = p.downcast_ref::<Tuple>()
        {
            for x in p.as_slice() {
                add_unique(vm, out, x)?;
            }
        }
    }
    Ok(())
}

/// The arguments of a subscript, with unpacked tuples of known length spread out.
fn unpack(vm: &Vm, item: &Value) -> PyResult<Vec<Value>> {
    let items = match item.downcast_ref::<Tuple>() {
        Some(t) => t.as_slice().to_vec(),
        None => vec![item.clone()],
    };
    let mut out = Vec::with_capacity(items.len());
    for x in items {
        if x.downcast_ref::<TypeObject>().is_none()
            && let Some(sub) = vm.getattr_opt(&x, &vm.names().__typing_unpacked_tuple_args__)?
            && let Some(sub) = sub.downcast_ref::<Tuple>()
            && !sub.as_slice().last().is_some_and(|l| l.is(&vm.ellipsis()))
        {
            out.extend_from_slice(sub.as_slice());
        } else {
            out.push(x);
        }
    }
    Ok(out)
}

/// The type arguments of `v[item]` (`_Py_subs_parameters`).
pub fn substitute(
    vm: &Vm,
    v: &Value,
    args: &[Value],
    parameters: &Ref<Tuple>,
    item: &Value,
) -> PyResult<Vec<Value>> {
    if parameters.is_empty() {
        return Err(vm.type_error(&format!("{} is not a generic class", vm.repr_string(v)?)));
    }
    let mut items = unpack(vm, item)?;
    for p in parameters.as_slice() {
        let Some(prepare) = vm.getattr_str_opt(p, "__typing_prepare_subst__")? else {
            continue;
        };
        if vm.is_none(&prepare) {
            continue;
        }
        let given = vm.new_tuple(items)?.into_value();
        let prepared = vm.call_pos(&prepare, &[v.clone(), given])?;
        items = match prepared.downcast_ref::<Tuple>() {
            Some(t) => t.as_slice().to_vec(),
            None => vec![prepared],
        };
    }
    if items.len() != parameters.len() {
        let what = if items.len() > parameters.len() {
            "many"
        } else {
            "few"
        };
        return Err(vm.type_error(&format!(
            "Too {what} arguments for {}; actual {}, expected {}",
            vm.repr_string(v)?,
            items.len(),
            parameters.len()
        )));
    }
    replace(vm, args, parameters, &items)
}

fn index_of(vm: &Vm, parameters: &Ref<Tuple>, p: &Value) -> PyResult<Option<usize>> {
    if let Some(i) = parameters.as_slice().iter().position(|x| x.is(p)) {
        return Ok(Some(i));
    }
    for (i, x) in parameters.as_slice().iter().enumerate() {
        if vm.eq(x, p)? {
            return Ok(Some(i));
        }
    }
    Ok(None)
}

fn replace(
    vm: &Vm,
    args: &[Value],
    parameters: &Ref<Tuple>,
    items: &[Value],
) -> PyResult<Vec<Value>> {
    vm.check_stack("")?;
    let n = vm.names();
    let mut out = Vec::with_capacity(args.len());
    for a in args {
        if a.downcast_ref::<TypeObject>().is_some() {
            out.push(a.clone());
            continue;
        }
        if let Some(sub) = nested(a) {
            let sub = replace(vm, &sub, parameters, items)?;
            out.push(if a.downcast_ref::<Tuple>().is_some() {
                vm.new_tuple(sub)?.into_value()
            } else {
                vm.new_list(sub)?.into_value()
            });
            continue;
        }
        let unpacked = match vm.getattr_opt(a, &n.__typing_is_unpacked_typevartuple__)? {
            Some(x) => vm.is_true(&x)?,
            None => false,
        };
        let new = match vm.getattr_opt(a, &n.__typing_subst__)? {
            Some(subst) => match index_of(vm, parameters, a)?.and_then(|i| items.get(i)) {
                Some(x) => vm.call1(&subst, x)?,
                None => a.clone(),
            },
            None => replace_within(vm, a, parameters, items)?,
        };
        if !unpacked {
            out.push(new);
            continue;
        }
        match new.downcast_ref::<Tuple>() {
            Some(t) => out.extend_from_slice(t.as_slice()),
            None => {
                return Err(vm.type_error(&format!(
                    "expected __typing_subst__ of {} objects to return a tuple, not {}",
                    vm.type_name(a),
                    vm.type_name(&new)
                )));
            }
        }
    }
    Ok(out)
}

/// A generic type among the arguments gets its own parameters replaced.
fn replace_within(vm: &Vm, v: &Value, parameters: &Ref<Tuple>, items: &[Value]) -> PyResult {
    let Some(sub) = vm.getattr_opt(v, &vm.names().__parameters__)? else {
        return Ok(v.clone());
    };
    let Some(sub) = sub.downcast_ref::<Tuple>().filter(|t| !t.is_empty()) else {
        return Ok(v.clone());
    };
    let mut args = Vec::with_capacity(sub.len());
    for p in sub.as_slice() {
        let Some(i) = index_of(vm, parameters, p)? else {
            args.push(p.clone());
            continue;
        };
        let Some(x) = items.get(i) else { continue };
        let spreads = vm.type_of(p).payload.slots.tp_iter.get().is_some();
        match x.downcast_ref::<Tuple>() {
            Some(t) if spreads => args.extend_from_slice(t.as_slice()),
            _ => args.push(x.clone()),
        }
    }
    let args = vm.new_tuple(args)?.into_value();
    vm.getitem(v, &args)
}
