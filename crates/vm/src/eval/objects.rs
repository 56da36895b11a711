//! Functions made from code, and pattern matching.

use taipan_object::descr::Cell as PyCellObject;
use taipan_object::{PyResult, Ref, Str, Tuple, TypeObject, Value, Vm, tpflags};

use super::regs::Regs;
use crate::code::Code;
use crate::function::{self, Function};

pub(super) fn make_function(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    r.save_ip();
    let code = r.pop_value();
    let Ok(code) = code.downcast::<Code>() else {
        return Err(vm.system_error("MAKE_FUNCTION without code"));
    };
    let f = function::new_function(vm, code, r.f().globals(), None)?;
    r.push(f.into_value());
    Ok(())
}

/// Whether a closure has a cell for each free variable of the function's code.
fn fits(func: &Function, closure: Option<&Ref<Tuple>>) -> bool {
    let wanted = func.code.get().nfree as usize;
    closure.is_some_and(|c| {
        let is_cell = |v: &Value| v.downcast_ref::<PyCellObject>().is_some();
        c.len() == wanted && c.as_slice().iter().all(is_cell)
    })
}

/// SET_FUNCTION_ATTRIBUTE: `value, function -> function`
pub(super) fn set_function_attribute(vm: &Vm, r: &mut Regs, which: u32) -> PyResult<()> {
    let f = r.pop_value();
    let v = r.pop_value();
    if let Some(func) = f.downcast_ref::<Function>() {
        match which {
            1 => func.defaults.set(v.downcast::<Tuple>().ok()),
            2 => func.kwdefaults.set(v.downcast().ok()),
            4 => func.annotations.set(Some(v)),
            8 => {
                let closure = v.downcast::<Tuple>().ok();
                if !r.code().is_trusted() && !fits(func, closure.as_ref()) {
                    r.save_ip();
                    return Err(vm.system_error("a function's closure does not fit its code"));
                }
                func.set_closure(closure);
            }
            16 => {
                // The code is named after the scope that it stands in, the function after the one that it is for.
                if let Some(annotate) = v.downcast_ref::<Function>() {
                    let mut name = taipan_text::TextBuf::new();
                    name.push_text(func.qualname.get().text());
                    name.push_str(".__annotate__");
                    annotate.qualname.set(vm.new_str_buf(&name)?);
                }
                func.annotate.set(Some(v));
            }
            _ => {}
        }
    }
    r.push(f);
    Ok(())
}

pub(super) fn get_len(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    r.save_ip();
    let n = vm.len(&r.peek(1))?;
    let n = vm.new_usize(n)?;
    r.push(n);
    Ok(())
}

pub(super) fn match_flag(vm: &Vm, r: &mut Regs, flag: u64) {
    let yes = vm.type_of(&r.peek(1)).payload.has_flag(flag);
    r.push(vm.bool(yes));
}

/// MATCH_KEYS: `subject, keys -> subject, keys, values or None`
pub(super) fn match_keys(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    r.save_ip();
    let (subject, keys) = (r.peek(2), r.peek(1));
    let Some(keys) = keys.downcast_ref::<Tuple>() else {
        return Err(vm.system_error("MATCH_KEYS without a tuple"));
    };
    let mut values = Vec::with_capacity(keys.len());
    let mut seen: Vec<Value> = Vec::new();
    let get = if keys.is_empty() {
        None
    } else {
        Some(vm.getattr(&subject, &vm.names().get)?)
    };
    // A value that no mapping holds.
    let dummy = vm.new_list(Vec::new())?.into_value();
    for k in keys.as_slice() {
        for s in &seen {
            if vm.eq(s, k)? {
                return Err(vm.value_error(&format!(
                    "mapping pattern checks duplicate key ({})",
                    vm.repr_string(k)?
                )));
            }
        }
        seen.push(k.clone());
        let Some(get) = &get else { continue };
        let v = vm.call_pos(get, &[k.clone(), dummy.clone()])?;
        if v.is(&dummy) {
            r.push(vm.none());
            return Ok(());
        }
        values.push(v);
    }
    let t = vm.new_tuple(values)?;
    r.push(t.into_value());
    Ok(())
}

/// MATCH_CLASS: `subject, class, keyword names -> attributes or None`
pub(super) fn match_class(vm: &Vm, r: &mut Regs, npos: u32) -> PyResult<()> {
    r.save_ip();
    let (subject, class, names) = (r.peek(3), r.peek(2), r.peek(1));
    let result = class_pattern(vm, &subject, &class, npos as usize, &names)?;
    r.drop_n(3);
    r.push(match result {
        Some(values) => vm.new_tuple(values)?.into_value(),
        None => vm.none(),
    });
    Ok(())
}

fn class_pattern(
    vm: &Vm,
    subject: &Value,
    class: &Value,
    npos: usize,
    names: &Value,
) -> PyResult<Option<Vec<Value>>> {
    let Some(ty) = class.downcast_ref::<TypeObject>() else {
        return Err(vm.type_error("called match pattern must be a class"));
    };
    if !crate::glue::is_instance(vm, subject, class)? {
        return Ok(None);
    }
    let mut out = Vec::new();
    let mut seen: Vec<Value> = Vec::new();
    let class_name = ty.name.get().to_string_lossy().into_owned();
    let mut attr = |name: &Value| -> PyResult<Option<Value>> {
        let Some(s) = name.downcast_ref::<Str>() else {
            return Err(vm.type_error(&format!(
                "__match_args__ elements must be strings (got {})",
                vm.type_name(name)
            )));
        };
        for x in &seen {
            if vm.eq(x, name)? {
                return Err(vm.type_error(&format!(
                    "{class_name}() got multiple sub-patterns for attribute {}",
                    vm.repr_string(name)?
                )));
            }
        }
        seen.push(name.clone());
        vm.getattr_opt(subject, s)
    };
    if npos > 0 {
        let mut match_self = false;
        let allowed: Vec<Value> = match vm.getattr_opt(class, &vm.names().__match_args__)? {
            Some(m) => match m.downcast_exact::<Tuple>(&vm.types().tuple) {
                Some(t) => t.as_slice().to_vec(),
                None => {
                    return Err(vm.type_error(&format!(
                        "{class_name}.__match_args__ must be a tuple (got {})",
                        vm.type_name(&m)
                    )));
                }
            },
            None => {
                match_self = ty.has_flag(tpflags::MATCH_SELF);
                Vec::new()
            }
        };
        let max = if match_self { 1 } else { allowed.len() };
        if max < npos {
            return Err(vm.type_error(&format!(
                "{class_name}() accepts {max} positional sub-pattern{} ({npos} given)",
                if max == 1 { "" } else { "s" }
            )));
        }
        if match_self {
            out.push(subject.clone());
        } else {
            for name in allowed.iter().take(npos) {
                match attr(name)? {
                    Some(v) => out.push(v),
                    None => return Ok(None),
                }
            }
        }
    }
    if let Some(names) = names.downcast_ref::<Tuple>() {
        for name in names.as_slice() {
            match attr(name)? {
                Some(v) => out.push(v),
                None => return Ok(None),
            }
        }
    }
    Ok(Some(out))
}
