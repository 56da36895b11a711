//! Binding a call's arguments to a Python function's parameters, with CPython's messages (initialize_locals).

use taipan_bytecode::code::co;
use taipan_object::{Args, Dict, PyResult, Raised, Ref, Str, Tuple, Value, Vm};

use super::frames::owned;
use crate::code::Code;
use crate::frame::{Popped, drop_slot};
use crate::function::Function;

/// Keywords that [`bind_words`] deals with.
const MAX_KEYWORDS: usize = 16;

/// Binds the arguments in words of the value stack to the parameters, as [`bind`] does. `Ok(false)`: something is wrong
/// with them, or rare, and nothing has been touched; else the words were taken over.
///
/// # Safety
/// `args` has `npos` words and one more for each keyword; the locals are 0.
#[inline(always)]
pub(super) unsafe fn bind_words(
    vm: &Vm,
    func: &Ref<Function>,
    c: &Code,
    args: *mut u64,
    npos: usize,
    kwnames: Option<&Ref<Tuple>>,
    locals: &mut [u64],
) -> PyResult<bool> {
    let argcount = c.argcount as usize;
    let total = argcount + c.kwonlyargcount as usize;
    let (varargs, varkeywords) = (c.has(co::VARARGS), c.has(co::VARKEYWORDS));
    let direct = npos.min(argcount);
    if total >= 64 || (npos > argcount && !varargs) {
        return Ok(false);
    }
    // Where each keyword argument goes; NOWHERE: into `**kwargs`.
    const NOWHERE: u8 = u8::MAX;
    let mut places = [NOWHERE; MAX_KEYWORDS];
    // Bit i: parameter i is given.
    let mut given: u64 = (1 << direct) - 1;
    let names = kwnames.map_or(&[][..], |k| k.as_slice());
    if names.len() > MAX_KEYWORDS {
        return Ok(false);
    }
    let first = c.posonlyargcount as usize;
    let params = c.locals().get(..total).unwrap_or(&[]);
    for (name, place) in names.iter().zip(&mut places) {
        let found = params
            .iter()
            .skip(first)
            .position(|p| p.as_value().is(name));
        match found {
            Some(at) if given & 1 << (at + first) == 0 => {
                given |= 1 << (at + first);
                *place = (at + first) as u8;
            }
            None if varkeywords
                && name
                    .downcast_ref::<Str>()
                    .is_some_and(|name| !params.iter().any(|p| p.same_text(name))) => {}
            _ => return Ok(false),
        }
    }
    let all = (1u64 << total) - 1;
    let mut defaults = None;
    let mut required = argcount;
    let mut kwdefaults = None;
    if given != all {
        defaults = func.defaults.get();
        required = argcount.saturating_sub(defaults.as_ref().map_or(0, |d| d.len()));
        if given & ((1 << required) - 1) != (1 << required) - 1 {
            return Ok(false);
        }
        if given >> argcount != all >> argcount {
            let Some(d) = func.kwdefaults.get() else {
                return Ok(false);
            };
            let missing = |i: &usize| given & 1 << i == 0;
            let has = |i: usize| {
                params
                    .get(i)
                    .is_some_and(|p| d.index_of_str(vm, p).is_some())
            };
            if !(argcount..total).filter(missing).all(has) {
                return Ok(false);
            }
            kwdefaults = Some(d);
        }
    }
    let kwdict = if varkeywords {
        Some(vm.new_dict()?)
    } else {
        None
    };
    // From here on, the words are taken over.
    let mut result = Ok(true);
    // SAFETY: the contract; each word is taken once.
    unsafe {
        if varargs {
            let rest = |i: usize| Popped::from_bits(*args.add(argcount + i)).into_value();
            match vm.new_tuple_with(npos.saturating_sub(argcount), rest) {
                Ok(t) => put(locals, total, t.into_value()),
                Err(e) => {
                    for i in argcount..npos {
                        drop_slot(*args.add(i));
                    }
                    result = Err(e);
                }
            }
        }
        for i in 0..direct {
            if let Some(w) = locals.get_mut(i) {
                *w = owned(*args.add(i));
            }
        }
        for (i, (name, &place)) in names.iter().zip(&places).enumerate() {
            let v = Popped::from_bits(*args.add(npos + i)).into_value();
            match &kwdict {
                _ if place != NOWHERE => put(locals, usize::from(place), v),
                Some(d) => {
                    if let Err(e) = d.set(vm, name, v) {
                        result = Err(e);
                    }
                }
                None => drop(v),
            }
        }
    }
    if given != all {
        for i in (0..total).filter(|i| given & 1 << i == 0) {
            let default = if i < argcount {
                defaults.as_ref().and_then(|d| d.get(i - required))
            } else {
                let name = params.get(i);
                name.and_then(|p| kwdefaults.as_ref()?.get_str(vm, p))
            };
            if let Some(v) = default {
                put(locals, i, v);
            }
        }
    }
    if let Some(d) = kwdict {
        put(locals, total + usize::from(varargs), d.into_value());
    }
    result
}

#[inline(always)]
fn put(locals: &mut [u64], i: usize, v: Value) {
    if let Some(w) = locals.get_mut(i) {
        *w = v.into_bits();
    }
}

/// Binds arguments to parameters: fills the words of the locals, which are all 0 before (initialize_locals).
pub(crate) fn bind(
    vm: &Vm,
    func: &Ref<Function>,
    c: &Code,
    args: Args<'_>,
    locals: &mut [u64],
) -> PyResult<()> {
    let argcount = c.argcount as usize;
    let kwonly = c.kwonlyargcount as usize;
    let total = argcount + kwonly;
    let pos = args.pos();
    let mut put = |i: usize, v: Value| -> bool {
        match locals.get_mut(i) {
            Some(w) if *w == 0 => {
                *w = v.into_bits();
                true
            }
            _ => false,
        }
    };
    // **kwargs
    let kwdict: Option<Ref<Dict>> = if c.has(co::VARKEYWORDS) {
        Some(vm.new_dict()?)
    } else {
        None
    };
    if let Some(d) = &kwdict {
        put(total + c.has(co::VARARGS) as usize, d.as_value().clone());
    }
    // Positional
    for (i, v) in pos.iter().take(argcount).enumerate() {
        put(i, v.clone());
    }
    if c.has(co::VARARGS) {
        let extra = pos.get(argcount..).unwrap_or(&[]);
        put(total, vm.new_tuple_from(extra)?.into_value());
    }
    // Keywords
    if let Some(names) = args.kwnames {
        let values = &args.values[pos.len()..];
        for (name, v) in names.as_slice().iter().zip(values) {
            let Some(s) = name.downcast_ref::<Str>() else {
                return Err(
                    vm.type_error(&format!("{}() keywords must be strings", func_name(func)))
                );
            };
            let first = c.posonlyargcount as usize;
            let candidates = c.locals().get(first..total).unwrap_or(&[]);
            let found = candidates
                .iter()
                .position(|p| p.is(s))
                .or_else(|| candidates.iter().position(|p| p.same_text(s)))
                .map(|i| i + first);
            match found {
                Some(i) => {
                    if !put(i, v.clone()) {
                        return Err(vm.type_error(&format!(
                            "{}() got multiple values for argument '{}'",
                            func_name(func),
                            s.to_string_lossy()
                        )));
                    }
                }
                None => match &kwdict {
                    Some(d) => d.set(vm, name, v.clone())?,
                    None => return Err(unexpected_keyword(vm, func, c, s, names)),
                },
            }
        }
    }
    if pos.len() > argcount && !c.has(co::VARARGS) {
        return Err(too_many_positional(vm, func, c, pos.len(), locals));
    }
    // Defaults
    if pos.len() < argcount {
        let defaults = func.defaults.get();
        let ndef = defaults.as_ref().map_or(0, |d| d.len());
        let required = argcount.saturating_sub(ndef);
        let missing: Vec<usize> = (pos.len()..required)
            .filter(|&i| locals.get(i) == Some(&0))
            .collect();
        if !missing.is_empty() {
            return Err(missing_arguments(vm, func, c, &missing, "positional"));
        }
        if let Some(d) = &defaults {
            let first = pos.len().max(required);
            for i in first..argcount {
                if let (Some(w), Some(v)) = (
                    locals.get_mut(i),
                    d.get(i - required + ndef.saturating_sub(argcount)),
                ) && *w == 0
                {
                    *w = v.into_bits();
                }
            }
        }
    }
    if kwonly > 0 {
        let kwdefaults = func.kwdefaults.get();
        let mut missing = Vec::new();
        for i in argcount..total {
            if locals.get(i) != Some(&0) {
                continue;
            }
            let default = match (&kwdefaults, c.locals().get(i)) {
                (Some(d), Some(name)) => d.get(vm, name.as_value())?,
                _ => None,
            };
            match (default, locals.get_mut(i)) {
                (Some(v), Some(w)) => *w = v.into_bits(),
                _ => missing.push(i),
            }
        }
        if !missing.is_empty() {
            return Err(missing_arguments(vm, func, c, &missing, "keyword-only"));
        }
    }
    Ok(())
}

fn func_name(func: &Ref<Function>) -> String {
    func.qualname.get().to_string_lossy().into_owned()
}

#[cold]
fn unexpected_keyword(
    vm: &Vm,
    func: &Ref<Function>,
    c: &Code,
    name: &Ref<Str>,
    given: &Ref<Tuple>,
) -> Raised {
    let posonly = c.locals().get(..c.posonlyargcount as usize).unwrap_or(&[]);
    let as_keyword: Vec<String> = posonly
        .iter()
        .filter(|p| {
            given
                .as_slice()
                .iter()
                .any(|g| g.downcast_ref::<Str>().is_some_and(|g| g.same_text(p)))
        })
        .map(|p| p.to_string_lossy().into_owned())
        .collect();
    if !as_keyword.is_empty() {
        return vm.type_error(&format!(
            "{}() got some positional-only arguments passed as keyword arguments: '{}'",
            func_name(func),
            as_keyword.join(", ")
        ));
    }
    let total = (c.argcount + c.kwonlyargcount) as usize;
    let candidates: Vec<String> = c
        .locals()
        .get(c.posonlyargcount as usize..total)
        .unwrap_or(&[])
        .iter()
        .map(|s| s.to_string_lossy().into_owned())
        .collect();
    let shown = name.to_string_lossy();
    let hint = taipan_object::suggestions::suggest(&shown, candidates.iter().map(String::as_str));
    let mut msg = format!(
        "{}() got an unexpected keyword argument '{shown}'",
        func_name(func)
    );
    if let Some(h) = hint {
        msg.push_str(&format!(". Did you mean '{h}'?"));
    }
    vm.type_error(&msg)
}

#[cold]
fn too_many_positional(
    vm: &Vm,
    func: &Ref<Function>,
    c: &Code,
    given: usize,
    locals: &[u64],
) -> Raised {
    let argcount = c.argcount as usize;
    let ndef = func.defaults.get().map_or(0, |d| d.len());
    let (plural, sig) = if ndef > 0 {
        (
            true,
            format!("from {} to {argcount}", argcount.saturating_sub(ndef)),
        )
    } else {
        (argcount != 1, argcount.to_string())
    };
    let kwonly_given = (argcount..argcount + c.kwonlyargcount as usize)
        .filter(|&i| locals.get(i).is_some_and(|&w| w != 0))
        .count();
    let kw = if kwonly_given > 0 {
        format!(
            " positional argument{} (and {kwonly_given} keyword-only argument{})",
            if given != 1 { "s" } else { "" },
            if kwonly_given != 1 { "s" } else { "" }
        )
    } else {
        String::new()
    };
    vm.type_error(&format!(
        "{}() takes {sig} positional argument{} but {given}{kw} {} given",
        func_name(func),
        if plural { "s" } else { "" },
        if given == 1 && kwonly_given == 0 {
            "was"
        } else {
            "were"
        }
    ))
}

#[cold]
fn missing_arguments(
    vm: &Vm,
    func: &Ref<Function>,
    c: &Code,
    missing: &[usize],
    kind: &str,
) -> Raised {
    let names: Vec<String> = missing
        .iter()
        .filter_map(|&i| c.locals().get(i))
        .map(|n| format!("'{}'", n.to_string_lossy()))
        .collect();
    let list = match names.as_slice() {
        [a] => a.clone(),
        [a, b] => format!("{a} and {b}"),
        [head @ .., last] => format!("{}, and {last}", head.join(", ")),
        [] => String::new(),
    };
    vm.type_error(&format!(
        "{}() missing {} required {kind} argument{}: {list}",
        func_name(func),
        missing.len(),
        if missing.len() == 1 { "" } else { "s" }
    ))
}
