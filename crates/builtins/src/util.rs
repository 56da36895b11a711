//! What several of the container types need: positions, builtins for `__reduce__`, text of nested objects.

use taipan_object::{PyResult, Ref, Slice, Str, Value, Vm};
use taipan_text::TextBuf;

/// A subscript as a position; IndexError when no sequence can be that long.
#[inline]
pub fn position(vm: &Vm, key: &Value) -> PyResult<isize> {
    if let Some(i) = key.as_small_int() {
        return Ok(i as isize);
    }
    vm.index_position(key)
}

/// A position counted from the end if it is negative, `None` outside of `0..len`.
#[inline]
pub fn wrap(i: isize, len: usize) -> Option<usize> {
    let i = if i < 0 {
        (i as usize).wrapping_add(len)
    } else {
        i as usize
    };
    (i < len).then_some(i)
}

/// Bounds of a search as `index` takes them: negative ones count from the end.
pub fn clamp_start(i: isize, len: usize) -> usize {
    if i < 0 {
        i.saturating_add(len as isize).max(0) as usize
    } else {
        i as usize
    }
}

/// A subscript that is a slice.
#[inline]
pub fn as_slice<'a>(vm: &Vm, key: &'a Value) -> Option<&'a Ref<Slice>> {
    key.downcast_exact::<Slice>(&vm.types().slice)
}

/// A function or type of module `builtins` by name, for `__reduce__`.
pub fn builtin(vm: &Vm, name: &str) -> PyResult {
    let name = vm.intern(name)?;
    match vm
        .interp()
        .builtins
        .get()
        .and_then(|d| d.get_str(vm, &name))
    {
        Some(v) => Ok(v),
        None => Err(vm.raise_new(&vm.exc().AttributeError, &name.to_string_lossy())),
    }
}

/// A tuple of values.
#[inline]
pub fn tuple<const N: usize>(vm: &Vm, items: [Value; N]) -> PyResult {
    vm.new_tuple_array(items).map(Ref::into_value)
}

/// Appends `repr(v)`.
pub fn push_repr(vm: &Vm, out: &mut TextBuf, v: &Value) -> PyResult<()> {
    let s = vm.repr(v)?;
    out.push_text(s.text());
    Ok(())
}

/// Appends the first `limit` characters of `repr(v)`.
pub fn push_repr_cut(vm: &Vm, out: &mut TextBuf, v: &Value, limit: usize) -> PyResult<()> {
    let s = vm.repr(v)?;
    out.push_text(s.text().slice(0..limit));
    Ok(())
}

/// Runs `f` to make the repr of a container; `again` stands for the container inside of itself.
pub fn guarded_repr(
    vm: &Vm,
    v: &Value,
    again: &str,
    f: impl FnOnce(&mut TextBuf) -> PyResult<()>,
) -> PyResult<Ref<Str>> {
    if !vm.repr_enter(v) {
        return vm.new_str(again);
    }
    let mut out = TextBuf::default();
    let result = f(&mut out);
    vm.repr_leave(v);
    result?;
    vm.new_str_buf(&out)
}

/// Whether the value's type is exactly `ty`.
#[inline(always)]
pub fn is_exactly(vm: &Vm, v: &Value, ty: &taipan_object::TypeRef) -> bool {
    std::ptr::eq(vm.type_of(v), ty.object())
}

/// All items of an iterable; a TypeError for something that is not iterable gets another message.
pub fn collect_or(vm: &Vm, v: &Value, message: &str) -> PyResult<Vec<Value>> {
    let iterable = {
        let slots = &vm.type_of(v).payload.slots;
        slots.tp_iter.get().is_some() || slots.sq_item.get().is_some()
    };
    if !iterable {
        return Err(vm.type_error(message));
    }
    vm.collect(v)
}

/// A message that is shown with the type's name: `'X'` for `{}`.
#[cold]
pub fn type_error_for(vm: &Vm, before: &str, v: &Value, after: &str) -> taipan_object::Raised {
    vm.type_error(&format!("{before}{}{after}", vm.type_name(v)))
}
