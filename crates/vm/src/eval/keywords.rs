//! Calls with keywords (CALL_KW) and with unpacked arguments (CALL_FUNCTION_EX).

use smallvec::SmallVec;
use taipan_bytecode::code::co;
use taipan_object::descr::Method;
use taipan_object::{Args, Dict, Object, PyResult, Ref, Str, Tuple, Value, Vm};

use super::calls::{CALL_CACHE, Site, call_native_words, end_call, end_caller_stack, not_callable};
use super::frames::{go_on_in, open_frame, owned, push_python_frame, unbind};
use super::regs::Regs;
use crate::code::Code;
use crate::frame::{self, drop_slot};
use crate::function::Function;

/// CALL_KW: `callable, self or NULL, args..., kwnames`
pub(super) fn call_kw(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    r.save_ip();
    let names = r.pop();
    let names = names.view();
    let Some(names) = names.downcast_ref::<Tuple>() else {
        return Err(vm.system_error("CALL_KW without a tuple of names"));
    };
    let n = arg as usize;
    let Some(npos) = n.checked_sub(names.len()) else {
        return Err(vm.system_error("CALL_KW with more names than arguments"));
    };
    let mut site = Site::new(r, n);
    if site.without_self(n)
        && let Some(m) = site.callable().downcast_ref::<Method>()
    {
        site.expand_method(m);
    }
    let npos = npos + site.total - n;
    let callable = site.callable();
    // SAFETY: as in `call`.
    unsafe {
        if let Some(func) = callable.downcast_ref::<Function>() {
            let places = keyword_places(vm, r, func, npos, names);
            r.skip(CALL_CACHE);
            let func = site.take_function();
            match places {
                Some(places) => push_placed_frame(vm, r, func, &site, npos, names, places)?,
                None => push_python_frame(vm, r, func, site.first, npos, Some(names), 0)?,
            }
            end_caller_stack(r, site.callable);
            return Ok(());
        }
        r.skip(CALL_CACHE);
        let v = call_native_words(vm, &callable, site.first, npos, Some(names))?;
        end_call(r, n, v);
    }
    super::control::poll(vm, r)
}

/// Keywords whose places fit the cache of a CALL_KW.
const MAX_PLACED: usize = 8;

/// The place of a keyword that no parameter has the name of: it goes to `**kwargs`.
const UNPLACED: u8 = 0xff;

/// For each keyword of a call the place of its parameter, a byte each, from the site's cache: the arguments fill parameters
/// by these places and the rest by defaults, without anything wrong. Cache words: 0 is the tuple of
/// names, 1 the function's version and the number of positional arguments, 2 the places. A version of 0 is none, and
/// changes of code and defaults take it away.
#[inline(always)]
fn keyword_places(
    vm: &Vm,
    r: &Regs,
    func: &Ref<Function>,
    npos: usize,
    names: &Ref<Tuple>,
) -> Option<u64> {
    let version = func.version.get();
    if version != 0
        && r.cache(0).get() == names.as_value().bits()
        && r.cache(1).get() == u64::from(version) | (npos as u64) << 32
    {
        return Some(r.cache(2).get());
    }
    find_places(vm, r, func, npos, names)
}

#[inline(never)]
fn find_places(
    vm: &Vm,
    r: &Regs,
    func: &Ref<Function>,
    npos: usize,
    names: &Ref<Tuple>,
) -> Option<u64> {
    let c = func.code.get();
    let argcount = c.argcount as usize;
    let total = argcount + c.kwonlyargcount as usize;
    if names.len() > MAX_PLACED
        || total > 64
        || npos > argcount && !c.has(co::VARARGS)
        || !c.has(co::OPTIMIZED)
    {
        return None;
    }
    let mut given: u64 = match npos.min(argcount) {
        64 => !0,
        n => (1 << n) - 1,
    };
    let mut places = 0;
    let first = c.posonlyargcount as usize;
    let params = c.locals().get(..total)?;
    for (i, name) in names.as_slice().iter().enumerate() {
        let Some(at) = params
            .iter()
            .skip(first)
            .position(|p| p.as_value().is(name))
            .map(|at| first + at)
        else {
            if !c.has(co::VARKEYWORDS) || !is_other(name, params) {
                return None;
            }
            places |= u64::from(UNPLACED) << (8 * i);
            continue;
        };
        if given & 1 << at != 0 {
            return None;
        }
        given |= 1 << at;
        places |= (at as u64) << (8 * i);
    }
    let required = argcount.saturating_sub(func.defaults.get().map_or(0, |d| d.len()));
    let missing = |i: &usize| given & 1 << i == 0;
    // Keyword-only parameters have their defaults in a dict that may change.
    if (0..required).chain(argcount..total).any(|i| missing(&i)) {
        return None;
    }
    r.cache(0).set(names.as_value().bits());
    r.cache(1)
        .set(u64::from(func.version(vm)) | (npos as u64) << 32);
    r.cache(2).set(places);
    Some(places)
}

/// Whether a keyword is the name of no parameter, which may be another string of the same text.
fn is_other(name: &Value, params: &[Ref<Str>]) -> bool {
    name.downcast_ref::<Str>()
        .is_some_and(|name| !params.iter().any(|p| p.same_text(name)))
}

/// As [`push_exact_frame`], with keywords at the places that [`keyword_places`] gave.
///
/// # Safety
/// The site's words are live stack slots: `npos` positional arguments, and one more for each of the names.
#[inline(always)]
unsafe fn push_placed_frame(
    vm: &Vm,
    r: &mut Regs,
    func: Ref<Function>,
    site: &Site,
    npos: usize,
    names: &Ref<Tuple>,
    places: u64,
) -> PyResult<()> {
    // SAFETY: the function keeps its code alive, and the frame keeps the function. The frame's memory is fresh; argument words
    // are taken over one by one; the places are below the number of parameters.
    unsafe {
        let code: &Object<Code> = &*func.code.as_ptr();
        let c = &code.payload;
        let args = site.first;
        let argcount = c.argcount as usize;
        let total = argcount + c.kwonlyargcount as usize;
        let direct = npos.min(argcount);
        let place = |i: usize| (places >> (8 * i)) as u8;
        // What can fail comes before any word is taken over.
        let given = |i: usize| (*site.arg(i)).clone();
        let rest = if c.has(co::VARARGS) {
            Some(vm.new_tuple_with(npos - direct, |i| given(direct + i))?)
        } else {
            None
        };
        let others = if c.has(co::VARKEYWORDS) {
            let others = vm.new_dict()?;
            for (i, name) in names.as_slice().iter().enumerate() {
                if place(i) == UNPLACED {
                    others.set(vm, name, given(npos + i))?;
                }
            }
            Some(others)
        } else {
            None
        };
        let f = open_frame(vm, c)?;
        let locals = f.cast::<u64>().add(frame::FRAME_WORDS);
        for i in 0..direct {
            *locals.add(i) = owned(*args.add(i));
        }
        unbind(locals.add(direct), locals.add(c.nlocalsplus as usize));
        for i in direct..npos {
            drop_slot(*args.add(i));
        }
        let mut filled = direct;
        for i in 0..names.len() {
            let word = *args.add(npos + i);
            match place(i) {
                UNPLACED => drop_slot(word),
                at => {
                    *locals.add(usize::from(at)) = owned(word);
                    filled += 1;
                }
            }
        }
        let behind = locals.add(total);
        if let Some(others) = others {
            *behind.add(usize::from(rest.is_some())) = others.into_value().into_bits();
        }
        if let Some(rest) = rest {
            *behind = rest.into_value().into_bits();
        }
        if filled < total
            && let Some(defaults) = func.defaults.peek()
        {
            let defaults = (*defaults).payload.as_slice();
            let skipped = defaults.len().saturating_sub(argcount);
            let first = argcount.saturating_sub(defaults.len());
            for (i, v) in defaults.iter().skip(skipped).enumerate() {
                let word = locals.add(first + i);
                if *word == 0 {
                    *word = v.clone().into_bits();
                }
            }
        }
        go_on_in(vm, r, f, func, code, 0, args);
    }
    Ok(())
}

/// Goes on in the frame of a Python function that takes `self_`, if there is one, and the items of a tuple; CALL_FUNCTION_EX's
/// operands are dropped. False, and nothing has been touched, when that takes more than defaults.
#[inline(always)]
fn push_unpacked_frame(
    vm: &Vm,
    r: &mut Regs,
    func: &Ref<Function>,
    self_: Option<&Value>,
    items: &[Value],
) -> PyResult<bool> {
    // SAFETY: the function keeps its code alive, and the frame keeps the function.
    let code: &Object<Code> = unsafe { &*func.code.as_ptr() };
    let c = &code.payload;
    let given = usize::from(self_.is_some()) + items.len();
    let defaults = match func.defaults.peek() {
        // SAFETY: the function keeps its defaults; nothing runs while they are copied.
        Some(d) => unsafe { (*d).payload.as_slice() },
        None => &[],
    };
    if !c.simple_args {
        return Ok(false);
    }
    let Some(missing) = (c.argcount as usize).checked_sub(given) else {
        return Ok(false);
    };
    let Some(first) = defaults.len().checked_sub(missing) else {
        return Ok(false);
    };
    let f = open_frame(vm, c)?;
    let values = self_.into_iter().chain(items).chain(&defaults[first..]);
    // SAFETY: the frame's memory is fresh, and has room for the parameters. The caller's four operands are dropped once it has
    // what it needs of them.
    unsafe {
        let locals = f.cast::<u64>().add(frame::FRAME_WORDS);
        for (i, v) in values.enumerate() {
            *locals.add(i) = v.clone().into_bits();
        }
        unbind(
            locals.add(c.argcount as usize),
            locals.add(c.nlocalsplus as usize),
        );
        let operands = r.sp.sub(4);
        go_on_in(vm, r, f, func.clone(), code, 0, operands);
        for i in (0..4).rev() {
            drop_slot(*operands.add(i));
        }
    }
    Ok(true)
}

/// CALL_FUNCTION_EX: `callable, NULL, iterable, mapping or NULL`
pub(super) fn call_function_ex(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    r.save_ip();
    let callable = r.peek(4);
    let star = r.peek(2);
    let slots = &vm.type_of(&star).payload.slots;
    if slots.tp_iter.get().is_none() && slots.sq_item.get().is_none() {
        return Err(vm.type_error(&format!(
            "{} argument after * must be an iterable, not {}",
            crate::glue::function_str(vm, &callable),
            vm.type_name(&star)
        )));
    }
    let args = vm.collect_tuple(&star)?;
    if r.peek_bits(1) != 0 {
        return call_with_mapping(vm, r, &callable, &args);
    }
    if let (Some(func), self_) = function_of(&callable) {
        if push_unpacked_frame(vm, r, func, self_, args.as_slice())? {
            return Ok(());
        }
        return push_spread_frame(vm, r, func, self_, &args, &[], None);
    }
    if !vm.is_callable(&callable) {
        return Err(not_callable(vm, &callable));
    }
    let v = vm.call(&callable, Args::positional(args.as_slice()))?;
    r.drop_n(4);
    r.push(v);
    super::control::poll(vm, r)
}

/// The Python function that a call of it or of a bound method calls, and what stands for its `self`.
#[inline(always)]
fn function_of(callable: &Value) -> (Option<&Ref<Function>>, Option<&Value>) {
    match callable.downcast_ref::<Method>() {
        Some(m) => (m.function.downcast_ref::<Function>(), Some(&m.self_)),
        None => (callable.downcast_ref::<Function>(), None),
    }
}

/// Goes on in the frame of a Python function that takes `self_`, if there is one, the items of a tuple, and keywords;
/// CALL_FUNCTION_EX's operands are dropped.
#[inline(always)]
fn push_spread_frame(
    vm: &Vm,
    r: &mut Regs,
    func: &Ref<Function>,
    self_: Option<&Value>,
    args: &Ref<Tuple>,
    named: &[Value],
    names: Option<&Ref<Tuple>>,
) -> PyResult<()> {
    // The words of the arguments stand in a buffer, as borrowed: their number is not bounded by this frame's stack.
    let values = args.as_slice().iter().chain(named);
    let mut words: SmallVec<[u64; 12]> = self_
        .into_iter()
        .chain(values)
        .map(|v| frame::borrow(v.bits()))
        .collect();
    let npos = words.len() - named.len();
    let caller_sp = r.sp;
    let args = words.as_mut_ptr();
    let result = push_python_frame(vm, r, func.clone(), args, npos, names, 0);
    if let Err(e) = result {
        r.sp = caller_sp;
        return Err(e);
    }
    // SAFETY: the caller's frame waits below the new one; its four operands are dropped.
    unsafe {
        let previous = (*r.frame).previous;
        (*previous).sp = caller_sp.sub(4);
        for i in 1..=4 {
            drop_slot(*caller_sp.sub(i));
        }
    }
    Ok(())
}

/// CALL_FUNCTION_EX with a mapping, once its positional arguments are known.
#[inline(never)]
fn call_with_mapping(vm: &Vm, r: &mut Regs, callable: &Value, args: &Ref<Tuple>) -> PyResult<()> {
    let kw = r.peek(1);
    let kwargs = match kw.downcast_exact::<Dict>(&vm.types().dict) {
        Some(d) => d.clone(),
        None => {
            let d = vm.new_dict()?;
            merge_keywords(vm, callable, &d, &kw)?;
            d
        }
    };
    // What the dict has is kept meanwhile; tuple and callable are on the stack, or the caller's.
    let mut named: SmallVec<[Value; 8]> = SmallVec::new();
    let mut names: SmallVec<[Value; 8]> = SmallVec::new();
    let mut at = 0;
    while let Some((i, k, v)) = kwargs.next_entry(at) {
        if k.downcast_ref::<Str>().is_none() && !vm.takes_any_keywords(callable) {
            return Err(vm.type_error("keywords must be strings"));
        }
        names.push(k);
        named.push(v);
        at = i;
    }
    let names = if names.is_empty() {
        None
    } else {
        Some(vm.new_tuple_from(&names)?)
    };
    if let (Some(func), self_) = function_of(callable) {
        if names.is_none() && push_unpacked_frame(vm, r, func, self_, args.as_slice())? {
            return Ok(());
        }
        return push_spread_frame(vm, r, func, self_, args, &named, names.as_ref());
    }
    if !vm.is_callable(callable) {
        return Err(not_callable(vm, callable));
    }
    let v = if names.is_none() {
        vm.call(callable, Args::positional(args.as_slice()))?
    } else {
        let values = args.as_slice().iter().chain(&named).cloned();
        let values: SmallVec<[Value; 8]> = values.collect();
        vm.call(
            callable,
            Args {
                values: &values,
                kwnames: names.as_ref(),
            },
        )?
    };
    r.drop_n(4);
    r.push(v);
    super::control::poll(vm, r)
}

/// Adds the items of a mapping after `**` to the keyword arguments of a call.
pub(super) fn merge_keywords(
    vm: &Vm,
    callable: &Value,
    d: &Ref<Dict>,
    mapping: &Value,
) -> PyResult<()> {
    if d.is_empty()
        && let Some(m) = mapping.downcast_ref::<Dict>()
    {
        d.copy_from(m);
        return Ok(());
    }
    let items: Vec<(Value, Value)> = match mapping.downcast_ref::<Dict>() {
        Some(m) => m.items(),
        None => {
            let Some(keys) = vm.getattr_opt(mapping, &vm.names().keys)? else {
                return Err(vm.type_error(&format!(
                    "{} argument after ** must be a mapping, not {}",
                    crate::glue::function_str(vm, callable),
                    vm.type_name(mapping)
                )));
            };
            let keys = vm.call0(&keys)?;
            let mut out = Vec::new();
            for k in vm.collect(&keys)? {
                let v = vm.getitem(mapping, &k)?;
                out.push((k, v));
            }
            out
        }
    };
    for (k, v) in items {
        if d.get(vm, &k)?.is_some() {
            let name = vm.str(&k)?.to_string_lossy().into_owned();
            return Err(vm.type_error(&format!(
                "{} got multiple values for keyword argument '{name}'",
                crate::glue::function_str(vm, callable)
            )));
        }
        d.set(vm, &k, v)?;
    }
    Ok(())
}
