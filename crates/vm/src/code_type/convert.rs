//! Constants from objects: what `marshal` writes and the verifier looks at.

use std::rc::Rc;

use taipan_bytecode::Constant;
use taipan_bytecode::constant::Str as ConstStr;
use taipan_object::{Bytes, Complex, PyResult, Str, Tuple, Value, Vm};

use crate::code::{Code, str_to_wtf8};

fn all<'a>(vm: &Vm, items: impl Iterator<Item = &'a Value>) -> PyResult<Option<Vec<Constant>>> {
    let mut out = Vec::new();
    for v in items {
        match value_to_constant(vm, v)? {
            Some(c) => out.push(c),
            None => return Ok(None),
        }
    }
    Ok(Some(out))
}

/// The constant that an object of exactly a builtin type stands for; `None` for any other object.
pub fn value_to_constant(vm: &Vm, v: &Value) -> PyResult<Option<Constant>> {
    vm.check_stack(" while reading a constant")?;
    let t = vm.types();
    let is = |ty: &taipan_object::TypeRef| std::ptr::eq(vm.type_of(v), ty.object());
    if vm.is_none(v) {
        return Ok(Some(Constant::None));
    }
    if v.is(&vm.bool(true)) {
        return Ok(Some(Constant::True));
    }
    if v.is(&vm.bool(false)) {
        return Ok(Some(Constant::False));
    }
    if v.is(&vm.ellipsis()) {
        return Ok(Some(Constant::Ellipsis));
    }
    if v.is(vm.exc().StopIteration.as_value()) {
        return Ok(Some(Constant::StopIteration));
    }
    if is(&t.int) {
        return Ok(v.as_int().map(|i| Constant::Int(Rc::new(i.to_ibig()))));
    }
    if is(&t.float) {
        return Ok(v.as_float().map(Constant::float));
    }
    if let Some(s) = v.downcast_exact::<Str>(&t.str) {
        let text = str_to_wtf8(s);
        return Ok(Some(Constant::Str(if s.is_interned() {
            ConstStr::interned(text)
        } else {
            ConstStr::plain(text)
        })));
    }
    if let Some(b) = v.downcast_exact::<Bytes>(&t.bytes) {
        return Ok(Some(Constant::bytes(b.as_slice())));
    }
    if let Some(c) = v.downcast_exact::<Complex>(&t.complex) {
        return Ok(Some(Constant::Complex(Rc::new((c.re, c.im)))));
    }
    if let Some(items) = v.downcast_exact::<Tuple>(&t.tuple) {
        return Ok(all(vm, items.as_slice().iter())?.map(Constant::tuple));
    }
    if let Some(s) = vm.as_any_set(v)
        && is(&t.frozenset)
    {
        return Ok(all(vm, s.keys().iter())?.map(|i| Constant::FrozenSet(Rc::from(i))));
    }
    if let Some(s) = v.downcast_ref::<taipan_object::Slice>() {
        let parts = [s.start.clone(), s.stop.clone(), s.step.clone()];
        let Some(mut parts) = all(vm, parts.iter())? else {
            return Ok(None);
        };
        let (Some(step), Some(stop), Some(start)) = (parts.pop(), parts.pop(), parts.pop()) else {
            return Ok(None);
        };
        return Ok(Some(Constant::Slice(Rc::new([start, stop, step]))));
    }
    if let Some(c) = v.downcast_ref::<Code>() {
        return Ok(Some(Constant::Code(c.description(vm)?)));
    }
    Ok(None)
}
