//! Slot functions of classes whose methods are Python objects: representation, attributes, iteration, descriptors, creation.
//! Operators, containers and truth are in `operators.rs`. Each looks its method up in the type and calls it.

use crate::buffer::{Buffer, Export};
use crate::class::{CompareOp, TypeObject, tpflags};
use crate::containers::string::Str;
use crate::native::Args;
use crate::protocol::attr::{generic_getattr, generic_getattr_opt};
use crate::protocol::compare::hash_not_implemented;
use crate::reference::Ref;
use crate::value::{PyResult, Raised, Value};
use crate::vm::Vm;

/// A method found in the type: whether `self` is still to be passed (functions), or it is bound already.
enum Method {
    Unbound(Value),
    Bound(Value),
}

/// Looks a method up in the type of `obj` (`lookup_maybe_method`). Functions are not bound: their caller passes `obj`.
fn lookup(vm: &Vm, obj: &Value, name: &Ref<Str>) -> PyResult<Option<Method>> {
    let Some(f) = vm.lookup_special(obj, name) else {
        return Ok(None);
    };
    let ty = vm.type_of(&f);
    if ty.payload.has_flag(tpflags::METHOD_DESCRIPTOR) {
        return Ok(Some(Method::Unbound(f)));
    }
    match ty.payload.slots.tp_descr_get.get() {
        Some(get) => {
            let bound = get(vm, &f, Some(obj), vm.type_value(obj).as_value())?;
            Ok(Some(Method::Bound(bound)))
        }
        None => Ok(Some(Method::Bound(f))),
    }
}

fn call(vm: &Vm, m: &Method, obj: &Value, args: &[&Value]) -> PyResult {
    match m {
        Method::Unbound(f) => match args {
            [] => vm.call1(f, obj),
            [a] => vm.call_pos(f, &[obj.clone(), (*a).clone()]),
            [a, b] => vm.call_pos(f, &[obj.clone(), (*a).clone(), (*b).clone()]),
            _ => {
                let all: Vec<Value> = std::iter::once(obj)
                    .chain(args.iter().copied())
                    .cloned()
                    .collect();
                vm.call_pos(f, &all)
            }
        },
        Method::Bound(f) => {
            let all: Vec<Value> = args.iter().copied().cloned().collect();
            vm.call_pos(f, &all)
        }
    }
}

/// Calls a special method of the type without binding it; `None` when the type has none.
pub fn call_unbound(
    vm: &Vm,
    obj: &Value,
    name: &Ref<Str>,
    args: &[&Value],
) -> PyResult<Option<Value>> {
    match lookup(vm, obj, name)? {
        Some(m) => call(vm, &m, obj, args).map(Some),
        None => Ok(None),
    }
}

/// Like [`call_unbound`]; AttributeError with the name alone when the type has none.
pub fn call_unbound_required(vm: &Vm, obj: &Value, name: &Ref<Str>, args: &[&Value]) -> PyResult {
    match call_unbound(vm, obj, name, args)? {
        Some(v) => Ok(v),
        None => Err(missing(vm, name)),
    }
}

#[cold]
fn missing(vm: &Vm, name: &Ref<Str>) -> Raised {
    vm.raise_args(&vm.exc().AttributeError, vec![name.as_value().clone()])
}

/// A method that may have been set to `None` to say that the operation is not supported: `Some(None)` then.
fn lookup_or_none(vm: &Vm, obj: &Value, name: &Ref<Str>) -> PyResult<Option<Option<Method>>> {
    Ok(match lookup(vm, obj, name)? {
        Some(Method::Bound(f)) if vm.is_none(&f) => Some(None),
        Some(m) => Some(Some(m)),
        None => None,
    })
}

#[inline(never)]
pub(super) fn slot_tp_repr(vm: &Vm, v: &Value) -> PyResult {
    match call_unbound(vm, v, &vm.names().__repr__, &[])? {
        Some(r) => Ok(r),
        None => Ok(vm
            .new_str(&format!("<{} object at {:#x}>", vm.type_name(v), v.bits()))?
            .into_value()),
    }
}

#[inline(never)]
pub(super) fn slot_tp_str(vm: &Vm, v: &Value) -> PyResult {
    call_unbound_required(vm, v, &vm.names().__str__, &[])
}

#[inline(never)]
pub(super) fn slot_tp_hash(vm: &Vm, v: &Value) -> PyResult<i64> {
    let Some(Some(m)) = lookup_or_none(vm, v, &vm.names().__hash__)? else {
        return hash_not_implemented(vm, v);
    };
    let r = call(vm, &m, v, &[])?;
    let Some(i) = r.as_int() else {
        return Err(vm.type_error("__hash__ method should return an integer"));
    };
    // A number that fits a machine word is the hash itself; others are hashed as ints.
    let h = match i.to_i64() {
        Some(h) => h,
        None => match vm.types().int.slots.tp_hash.get() {
            Some(f) => f(vm, &r)?,
            None => 0,
        },
    };
    Ok(if h == -1 { -2 } else { h })
}

#[inline(never)]
pub(super) fn slot_tp_call(vm: &Vm, v: &Value, args: Args<'_>) -> PyResult {
    match lookup(vm, v, &vm.names().__call__)? {
        Some(Method::Bound(f)) => vm.call(&f, args),
        Some(Method::Unbound(f)) => call_with_first(vm, &f, v, args),
        None => Err(missing(vm, &vm.names().__call__)),
    }
}

/// Calls `f(first, *args)`.
pub fn call_with_first(vm: &Vm, f: &Value, first: &Value, args: Args<'_>) -> PyResult {
    // The common short calls need no allocation.
    let with = |values: &[Value]| {
        let kwnames = args.kwnames;
        vm.call(f, Args { values, kwnames })
    };
    let x = || first.clone();
    match args.values {
        [] => return with(&[x()]),
        [a] => return with(&[x(), a.clone()]),
        [a, b] => return with(&[x(), a.clone(), b.clone()]),
        [a, b, c] => return with(&[x(), a.clone(), b.clone(), c.clone()]),
        _ => {}
    }
    let mut values = Vec::with_capacity(args.values.len() + 1);
    values.push(first.clone());
    values.extend_from_slice(args.values);
    vm.call(
        f,
        Args {
            values: &values,
            kwnames: args.kwnames,
        },
    )
}

/// `__getattribute__`, and `__getattr__` after it has failed.
#[inline(never)]
pub(super) fn slot_tp_getattr_hook(vm: &Vm, v: &Value, name: &Ref<Str>) -> PyResult {
    let n = vm.names();
    let fallback = vm.lookup_special(v, &n.__getattr__);
    let generic = match vm.lookup_special(v, &n.__getattribute__) {
        None => true,
        Some(f) => f
            .downcast_ref::<crate::descr::WrapperDescr>()
            .is_some_and(|w| w.owner.is(&vm.types().object)),
    };
    if fallback.is_none() {
        return if generic {
            generic_getattr(vm, v, name)
        } else {
            call_unbound_required(vm, v, &n.__getattribute__, &[name.as_value()])
        };
    }
    let found = if generic {
        generic_getattr_opt(vm, v, name)
    } else {
        call_unbound_required(vm, v, &n.__getattribute__, &[name.as_value()]).map(Some)
    };
    match found {
        Ok(Some(r)) => return Ok(r),
        Ok(None) => {}
        Err(r) => drop(vm.catch(r, &vm.exc().AttributeError)?),
    }
    call_unbound_required(vm, v, &n.__getattr__, &[name.as_value()])
}

#[inline(never)]
pub(super) fn slot_tp_setattro(
    vm: &Vm,
    v: &Value,
    name: &Ref<Str>,
    value: Option<&Value>,
) -> PyResult<()> {
    let n = vm.names();
    match value {
        Some(x) => call_unbound_required(vm, v, &n.__setattr__, &[name.as_value(), x])?,
        None => call_unbound_required(vm, v, &n.__delattr__, &[name.as_value()])?,
    };
    Ok(())
}

#[inline(never)]
pub(super) fn slot_tp_richcompare(vm: &Vm, a: &Value, b: &Value, op: CompareOp) -> PyResult {
    let name = vm.names().comparison(op);
    match lookup(vm, a, name) {
        Ok(Some(m)) => call(vm, &m, a, &[b]),
        Ok(None) => Ok(vm.not_implemented()),
        // A method that cannot be had is none.
        Err(r) => {
            drop(vm.take_raised(r));
            Ok(vm.not_implemented())
        }
    }
}

#[cold]
fn not_iterable(vm: &Vm, v: &Value) -> Raised {
    vm.type_error(&format!("'{}' object is not iterable", vm.type_name(v)))
}

#[inline(never)]
pub(super) fn slot_tp_iter(vm: &Vm, v: &Value) -> PyResult {
    match lookup_or_none(vm, v, &vm.names().__iter__)? {
        Some(Some(m)) => call(vm, &m, v, &[]),
        Some(None) => Err(not_iterable(vm, v)),
        None if vm.lookup_special(v, &vm.names().__getitem__).is_some() => vm.sequence_iterator(v),
        None => Err(not_iterable(vm, v)),
    }
}

/// `__next__`. StopIteration passes through as an exception, so that its value and traceback are kept; [`Vm::next`]
/// takes it as the end.
#[inline(never)]
pub fn slot_tp_iternext(vm: &Vm, v: &Value) -> PyResult<Option<Value>> {
    call_unbound_required(vm, v, &vm.names().__next__, &[]).map(Some)
}

#[inline(never)]
pub(super) fn slot_tp_descr_get(
    vm: &Vm,
    v: &Value,
    obj: Option<&Value>,
    owner: &Value,
) -> PyResult {
    let Some(get) = vm.lookup_special(v, &vm.names().__get__) else {
        return Ok(v.clone());
    };
    let none = vm.none();
    vm.call_pos(
        &get,
        &[v.clone(), obj.unwrap_or(&none).clone(), owner.clone()],
    )
}

#[inline(never)]
pub(super) fn slot_tp_descr_set(
    vm: &Vm,
    v: &Value,
    obj: &Value,
    value: Option<&Value>,
) -> PyResult<()> {
    match value {
        Some(x) => call_unbound_required(vm, v, &vm.names().__set__, &[obj, x])?,
        None => call_unbound_required(vm, v, &vm.names().__delete__, &[obj])?,
    };
    Ok(())
}

#[inline(never)]
pub(super) fn slot_tp_init(vm: &Vm, v: &Value, args: Args<'_>) -> PyResult<()> {
    let r = match lookup(vm, v, &vm.names().__init__)? {
        Some(Method::Bound(f)) => vm.call(&f, args)?,
        Some(Method::Unbound(f)) => call_with_first(vm, &f, v, args)?,
        None => return Err(missing(vm, &vm.names().__init__)),
    };
    if vm.is_none(&r) {
        return Ok(());
    }
    Err(vm.type_error(&format!(
        "__init__() should return None, not '{}'",
        vm.type_name(&r)
    )))
}

#[inline(never)]
pub(super) fn slot_tp_new(vm: &Vm, cls: &Ref<TypeObject>, args: Args<'_>) -> PyResult {
    let f = vm.getattr(cls.as_value(), &vm.names().__new__)?;
    call_with_first(vm, &f, cls.as_value(), args)
}

#[inline(never)]
pub(super) fn slot_tp_finalize(vm: &Vm, v: &Value) -> PyResult<()> {
    let Some(m) = lookup(vm, v, &vm.names().__del__)? else {
        return Ok(());
    };
    if call(vm, &m, v, &[]).is_err() {
        let failed = vm.take_exception();
        let (Method::Bound(f) | Method::Unbound(f)) = &m;
        let shown = match vm.repr(f) {
            Ok(s) => s.to_string_lossy().into_owned(),
            Err(r) => {
                drop(vm.take_raised(r));
                String::new()
            }
        };
        if let Some(e) = failed {
            let _ = vm.raise_as_is(e);
        }
        vm.unraisable(Some(&format!("while calling deallocator {shown}")), None);
    }
    Ok(())
}

fn awaitable(vm: &Vm, v: &Value, name: &Ref<Str>) -> PyResult {
    match call_unbound(vm, v, name, &[])? {
        Some(r) => Ok(r),
        None => Err(vm.attribute_error(
            v,
            name.as_value(),
            &format!(
                "object {} does not have {} method",
                vm.type_name(v),
                name.to_string_lossy()
            ),
        )),
    }
}

#[inline(never)]
pub(super) fn slot_am_await(vm: &Vm, v: &Value) -> PyResult {
    awaitable(vm, v, &vm.names().__await__)
}

#[inline(never)]
pub(super) fn slot_am_aiter(vm: &Vm, v: &Value) -> PyResult {
    awaitable(vm, v, &vm.names().__aiter__)
}

#[inline(never)]
pub(super) fn slot_am_anext(vm: &Vm, v: &Value) -> PyResult {
    awaitable(vm, v, &vm.names().__anext__)
}

/// The memory of the view that `__buffer__` gave; `__release_buffer__` is called when the export ends.
struct PythonExport {
    inner: Box<dyn Export>,
    owner: Value,
    view: Value,
}

impl Export for PythonExport {
    fn with(&self, f: &mut dyn FnMut(&[u8])) {
        self.inner.with(f);
    }
    fn with_mut(&self, f: &mut dyn FnMut(&mut [u8])) -> bool {
        self.inner.with_mut(f)
    }
}

impl Drop for PythonExport {
    fn drop(&mut self) {
        Vm::with_current(|vm| {
            let saved = vm.take_exception();
            let released = call_unbound(
                vm,
                &self.owner,
                &vm.names().__release_buffer__,
                &[&self.view],
            );
            if released.is_err() {
                vm.unraisable(None, Some(&self.owner));
            }
            if let Some(e) = saved {
                let _ = vm.raise_as_is(e);
            }
        });
    }
}

#[inline(never)]
pub(super) fn slot_bf_getbuffer(vm: &Vm, v: &Value, writable: bool) -> PyResult<Buffer> {
    // PyBUF_FULL_RO or PyBUF_FULL.
    let flags = Value::from_i32(if writable { 0x11d } else { 0x11c });
    let view = call_unbound_required(vm, v, &vm.names().__buffer__, &[&flags])?;
    let native = vm.type_of(&view);
    if !native.payload.name.get().eq_str("memoryview") || native.payload.is_heap() {
        return Err(vm.type_error("__buffer__ returned non-memoryview object"));
    }
    let mut buffer = vm.get_buffer(&view, writable)?;
    let empty: Box<dyn Export> = Box::new(NoMemory);
    let inner = std::mem::replace(&mut buffer.memory, empty);
    buffer.memory = Box::new(PythonExport {
        inner,
        owner: v.clone(),
        view,
    });
    Ok(buffer)
}

struct NoMemory;

impl Export for NoMemory {
    fn with(&self, f: &mut dyn FnMut(&[u8])) {
        f(&[]);
    }
    fn with_mut(&self, _: &mut dyn FnMut(&mut [u8])) -> bool {
        false
    }
}
