//! Building and taking apart: tuples, lists, sets, dicts, strings, slices; unpacking.

use taipan_bytecode::Opcode;
use taipan_object::{Dict, List, PyResult, Str, Tuple, Value, Vm};
use taipan_text::{Form, TextBuf};

use super::regs::Regs;
use crate::frame::drop_slot;

pub(super) fn build_tuple(vm: &Vm, r: &mut Regs, n: u32) -> PyResult<()> {
    let t = r.pop_tuple(vm, n as usize)?;
    r.push(t.into_value());
    Ok(())
}

pub(super) fn build_list(vm: &Vm, r: &mut Regs, n: u32) -> PyResult<()> {
    let items = r.pop_n(n as usize);
    let l = vm.new_list(items)?;
    r.push(l.into_value());
    Ok(())
}

pub(super) fn build_map(vm: &Vm, r: &mut Regs, n: u32) -> PyResult<()> {
    r.save_ip();
    let d = vm.new_dict()?;
    for i in (1..=n as usize).rev() {
        let (k, v) = (r.peek(2 * i), r.peek(2 * i - 1));
        d.set(vm, &k, (*v).clone())
            .map_err(|e| crate::glue::unhashable_note(vm, e, &k, "dict key"))?;
    }
    r.drop_n(2 * n as usize);
    r.push(d.into_value());
    Ok(())
}

pub(super) fn build_set(vm: &Vm, r: &mut Regs, n: u32) -> PyResult<()> {
    r.save_ip();
    let items = r.pop_n(n as usize);
    let s = crate::glue::new_set(vm, items, false)?;
    r.push(s);
    Ok(())
}

pub(super) fn build_slice(vm: &Vm, r: &mut Regs, n: u32) -> PyResult<()> {
    r.save_ip();
    let v = if n == 3 {
        let (a, b, c) = (r.peek(3), r.peek(2), r.peek(1));
        crate::glue::new_slice(vm, &a, &b, &c)?
    } else {
        let (a, b) = (r.peek(2), r.peek(1));
        crate::glue::new_slice(vm, &a, &b, &vm.none())?
    };
    r.drop_n(n as usize);
    r.push(v);
    Ok(())
}

pub(super) fn build_string(vm: &Vm, r: &mut Regs, n: u32) -> PyResult<()> {
    r.save_ip();
    let (mut len, mut form) = (0usize, Form::Ascii);
    for i in 1..=n as usize {
        if let Some(s) = r.peek(i).downcast_ref::<Str>() {
            len = len.saturating_add(s.len());
            form = form.max(s.form());
        }
    }
    let parts = || (1..=n as usize).rev().map(|i| r.peek(i));
    let s = if len > 1 {
        vm.new_str_filled(len, form, |out| {
            for part in parts() {
                if let Some(s) = part.downcast_ref::<Str>() {
                    out.push(s);
                }
            }
        })?
    } else {
        // Such strings exist already.
        let mut buf = TextBuf::new();
        for part in parts() {
            if let Some(s) = part.downcast_ref::<Str>() {
                buf.push_text(s.text());
            }
        }
        vm.new_str_buf(&buf)?
    };
    r.drop_n(n as usize);
    r.push(s.into_value());
    Ok(())
}

pub(super) fn build_template(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    r.save_ip();
    let (strings, interpolations) = (r.peek(2), r.peek(1));
    let v = crate::template::new_template(vm, &strings, &interpolations)?;
    r.drop_n(2);
    r.push(v);
    Ok(())
}

pub(super) fn build_interpolation(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    r.save_ip();
    let has_spec = arg & 1;
    let spec = if has_spec != 0 {
        r.pop_value()
    } else {
        vm.new_str("")?.into_value()
    };
    let (value, text) = (r.peek(2), r.peek(1));
    let v = crate::template::new_interpolation(vm, &value, &text, arg >> 2, &spec)?;
    r.drop_n(2);
    r.push(v);
    Ok(())
}

/// LIST_APPEND to a list that has room.
#[inline(always)]
pub(super) fn append_in_room(vm: &Vm, r: &mut Regs, n: u32) -> bool {
    match r.list(vm, n as usize + 1) {
        Some(l) if l.len() < l.capacity() => l.push(r.pop_value()),
        _ => false,
    }
}

pub(super) fn list_append(vm: &Vm, r: &mut Regs, n: u32) -> PyResult<()> {
    let v = r.pop_value();
    match r.peek(n as usize).downcast_ref::<List>() {
        Some(l) if l.push(v) => Ok(()),
        Some(_) => Err(vm.no_memory()),
        None => Err(vm.system_error("LIST_APPEND without a list")),
    }
}

pub(super) fn list_extend(vm: &Vm, r: &mut Regs, n: u32) -> PyResult<()> {
    r.save_ip();
    let v = r.pop();
    let v = v.view();
    let list = r.peek(n as usize);
    let Some(l) = list.downcast_ref::<List>() else {
        return Err(vm.system_error("LIST_EXTEND without a list"));
    };
    let items = match vm.collect(&v) {
        Ok(items) => items,
        Err(e) => {
            let slots = &vm.type_of(&v).payload.slots;
            if slots.tp_iter.get().is_none()
                && slots.sq_item.get().is_none()
                && vm.exception_matches(&vm.exc().TypeError)
            {
                drop(vm.take_raised(e));
                return Err(vm.type_error(&format!(
                    "Value after * must be an iterable, not {}",
                    vm.type_name(&v)
                )));
            }
            return Err(e);
        }
    };
    let end = l.len();
    match l.splice(end, end, items) {
        Some(_) => Ok(()),
        None => Err(vm.no_memory()),
    }
}

pub(super) fn set_add(vm: &Vm, r: &mut Regs, n: u32) -> PyResult<()> {
    r.save_ip();
    let v = r.pop();
    let set = r.peek(n as usize);
    crate::glue::set_add(vm, &set, &v.view())
}

pub(super) fn set_update(vm: &Vm, r: &mut Regs, n: u32) -> PyResult<()> {
    r.save_ip();
    let v = r.pop();
    let set = r.peek(n as usize);
    crate::glue::set_update(vm, &set, &v.view())
}

pub(super) fn map_add(vm: &Vm, r: &mut Regs, n: u32) -> PyResult<()> {
    r.save_ip();
    let v = r.pop_value();
    let k = r.pop();
    let map = r.peek(n as usize);
    match map.downcast_ref::<Dict>() {
        Some(d) => d
            .set(vm, &k.view(), v)
            .map_err(|e| crate::glue::unhashable_note(vm, e, &k.view(), "dict key")),
        None => Err(vm.system_error("MAP_ADD without a dict")),
    }
}

pub(super) fn dict_update(vm: &Vm, r: &mut Regs, n: u32) -> PyResult<()> {
    r.save_ip();
    let v = r.pop();
    let v = v.view();
    let map = r.peek(n as usize);
    let Some(d) = map.downcast_ref::<Dict>() else {
        return Err(vm.system_error("DICT_UPDATE without a dict"));
    };
    crate::glue::dict_update(vm, d, &v).map_err(|e| {
        if vm.exception_matches(&vm.exc().AttributeError) {
            drop(vm.take_raised(e));
            vm.type_error(&format!("'{}' object is not a mapping", vm.type_name(&v)))
        } else {
            e
        }
    })
}

pub(super) fn dict_merge(vm: &Vm, r: &mut Regs, n: u32) -> PyResult<()> {
    r.save_ip();
    let v = r.pop();
    let map = r.peek(n as usize);
    let callable = r.peek(3 + n as usize);
    let Some(d) = map.downcast_ref::<Dict>() else {
        return Err(vm.system_error("DICT_MERGE without a dict"));
    };
    super::keywords::merge_keywords(vm, &callable, d, &v.view())
}

pub(super) fn format_simple(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    r.save_ip();
    let v = r.peek(1);
    if !v.is_exact_str(vm) {
        let s = crate::glue::format(vm, &v, None)?;
        r.set_top(1, s);
    }
    Ok(())
}

pub(super) fn format_with_spec(vm: &Vm, r: &mut Regs) -> PyResult<()> {
    r.save_ip();
    let (v, spec) = (r.peek(2), r.peek(1));
    let s = crate::glue::format(vm, &v, Some(&spec))?;
    r.drop_n(2);
    r.push(s);
    Ok(())
}

pub(super) fn convert_value(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    r.save_ip();
    let v = r.peek(1);
    let s = match arg {
        1 => vm.str(&v)?,
        2 => vm.repr(&v)?,
        _ => crate::glue::ascii(vm, &v)?,
    };
    r.set_top(1, s.into_value());
    Ok(())
}

/// Pushes items so that the first is on top.
fn push_reversed(r: &mut Regs, items: impl DoubleEndedIterator<Item = Value>) {
    for v in items.rev() {
        r.push(v);
    }
}

/// UNPACK_SEQUENCE of a tuple or list of the right length.
#[inline(always)]
pub(super) fn unpack_plain(vm: &Vm, r: &mut Regs, n: u32) -> bool {
    let n = n as usize;
    if let Some(t) = r.tuple(vm, 1) {
        if t.len() != n {
            return false;
        }
        // SAFETY: UNPACK_SEQUENCE is followed by its cache unit and another instruction.
        let unit = unsafe { (*r.ip.add(1)).get() };
        if unit as u8 == Opcode::StoreFastStoreFast as u8
            && let [x, y] = t.as_slice()
        {
            let (x, y) = (x.clone(), y.clone());
            let tuple = r.pop_bits();
            r.skip(2);
            // SAFETY: the contents were taken out.
            unsafe {
                drop_slot(tuple);
                let old = r.replace_local(u32::from(unit >> 12), x.into_bits());
                drop_slot(old);
                let old = r.replace_local(u32::from(unit >> 8) & 15, y.into_bits());
                drop_slot(old);
            }
            return true;
        }
        let tuple = r.pop_bits();
        for x in t.as_slice().iter().rev() {
            r.push(x.clone());
        }
        r.skip(1);
        // SAFETY: the content was taken out.
        unsafe { drop_slot(tuple) };
        return true;
    }
    if let Some(l) = r.list(vm, 1) {
        if l.len() != n {
            return false;
        }
        let list = r.pop_bits();
        for i in (0..n).rev() {
            if let Some(x) = l.get(i) {
                r.push(x);
            }
        }
        r.skip(1);
        // SAFETY: the content was taken out.
        unsafe { drop_slot(list) };
        return true;
    }
    false
}

/// UNPACK_SEQUENCE of anything else.
pub(super) fn unpack_sequence(vm: &Vm, r: &mut Regs, n: u32) -> PyResult<()> {
    r.save_ip();
    // The word may only borrow its value, which the local keeps alive.
    let popped = r.pop();
    r.skip(1);
    let items = unpack(vm, &popped.view(), n as usize, None)?.0;
    push_reversed(r, items.into_iter());
    Ok(())
}

pub(super) fn unpack_ex(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    r.save_ip();
    let v = r.pop_value();
    let (before, after) = ((arg & 0xff) as usize, (arg >> 8) as usize);
    let (head, rest) = unpack(vm, &v, before, Some(after))?;
    let mut rest = rest;
    let tail = rest.split_off(rest.len().saturating_sub(after));
    push_reversed(r, tail.into_iter());
    let l = vm.new_list(rest)?;
    r.push(l.into_value());
    push_reversed(r, head.into_iter());
    Ok(())
}

/// Takes `n` items, and with `after` all the rest, of which there must be at least `after`.
fn unpack(
    vm: &Vm,
    v: &Value,
    n: usize,
    after: Option<usize>,
) -> PyResult<(Vec<Value>, Vec<Value>)> {
    let slots = &vm.type_of(v).payload.slots;
    if slots.tp_iter.get().is_none() && slots.sq_item.get().is_none() {
        return Err(vm.type_error(&format!(
            "cannot unpack non-iterable {} object",
            vm.type_name(v)
        )));
    }
    let it = vm.iter(v)?;
    let mut head = Vec::with_capacity(n);
    while head.len() < n {
        match vm.next(&it)? {
            Some(x) => head.push(x),
            None => {
                let got = head.len();
                return Err(vm.value_error(&match after {
                    None => format!("not enough values to unpack (expected {n}, got {got})"),
                    Some(a) => format!(
                        "not enough values to unpack (expected at least {}, got {got})",
                        n + a
                    ),
                }));
            }
        }
    }
    let Some(after) = after else {
        if vm.next(&it)?.is_some() {
            let exact = v
                .downcast_ref::<List>()
                .map(|l| l.len())
                .or(v.downcast_ref::<Tuple>().map(|t| t.len()));
            let exact = exact
                .or(v.downcast_ref::<Dict>().map(|d| d.len()))
                .filter(|&len| len > n);
            return Err(vm.value_error(&match exact {
                Some(len) => format!("too many values to unpack (expected {n}, got {len})"),
                None => format!("too many values to unpack (expected {n})"),
            }));
        }
        return Ok((head, Vec::new()));
    };
    let mut rest = Vec::new();
    while let Some(x) = vm.next(&it)? {
        rest.push(x);
    }
    if rest.len() < after {
        return Err(vm.value_error(&format!(
            "not enough values to unpack (expected at least {}, got {})",
            n + after,
            n + rest.len()
        )));
    }
    Ok((head, rest))
}
