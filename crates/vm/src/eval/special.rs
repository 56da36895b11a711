//! Instructions that stand for a service: intrinsics, common constants, imports.

use taipan_object::{List, PyResult, Value, Vm};

use super::regs::Regs;

/// LOAD_COMMON_CONSTANT
pub(super) fn load_common_constant(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    let functions = vm.interp().common_functions.get();
    let v = match arg {
        3 | 4 if let Some([all, any]) = functions => if arg == 3 { all } else { any }.clone(),
        0 => vm.exc().AssertionError.as_value().clone(),
        1 => vm.exc().NotImplementedError.as_value().clone(),
        2 => vm.types().tuple.as_value().clone(),
        _ => return Err(vm.system_error("bad operand of LOAD_COMMON_CONSTANT")),
    };
    r.push(v);
    Ok(())
}

/// CALL_INTRINSIC_1
pub(super) fn intrinsic_1(vm: &Vm, r: &mut Regs, which: u32) -> PyResult<()> {
    r.save();
    let v = r.peek(1);
    let out = match which {
        1 => {
            crate::glue::display(vm, &v)?;
            vm.none()
        }
        2 => {
            crate::import::import_star(vm, &v, r.f())?;
            vm.none()
        }
        3 => stop_iteration_error(vm, r, &v)?,
        4 => crate::generator::wrap_async_value(vm, &v)?,
        5 => vm.positive(&v)?,
        6 => match v.downcast_ref::<List>() {
            Some(l) => vm.new_tuple(l.take())?.into_value(),
            None => return Err(vm.system_error("INTRINSIC_LIST_TO_TUPLE without a list")),
        },
        7..=9 | 11 => crate::glue::typing_intrinsic(vm, which, &v)?,
        10 => crate::glue::subscript_generic(vm, &v)?,
        _ => return Err(vm.system_error("bad operand of CALL_INTRINSIC_1")),
    };
    r.set_top(1, out);
    Ok(())
}

/// What leaves a generator as StopIteration (or StopAsyncIteration) becomes RuntimeError (PEP 479).
fn stop_iteration_error(vm: &Vm, r: &Regs, exc: &Value) -> PyResult {
    use taipan_bytecode::code::co;
    let code = r.code();
    let message = if vm.is_instance_exact(exc, &vm.exc().StopIteration) {
        if code.has(co::ASYNC_GENERATOR) {
            "async generator raised StopIteration"
        } else if code.has(co::COROUTINE) {
            "coroutine raised StopIteration"
        } else {
            "generator raised StopIteration"
        }
    } else if code.has(co::ASYNC_GENERATOR)
        && vm.is_instance_exact(exc, &vm.exc().StopAsyncIteration)
    {
        "async generator raised StopAsyncIteration"
    } else {
        return Ok(exc.clone());
    };
    let e = vm.new_exception(&vm.exc().RuntimeError, message)?;
    if let Some(b) = e.downcast_ref::<taipan_object::BaseException>() {
        b.cause.set(Some(exc.clone()));
        b.context.set(Some(exc.clone()));
        b.suppress_context.set(true);
    }
    Ok(e)
}

/// CALL_INTRINSIC_2
pub(super) fn intrinsic_2(vm: &Vm, r: &mut Regs, which: u32) -> PyResult<()> {
    r.save();
    let (a, b) = (r.peek(2), r.peek(1));
    let out = match which {
        1 => crate::groups::prep_reraise_star(vm, &a, &b)?,
        2..=5 => crate::glue::typing_intrinsic_2(vm, which, &a, &b)?,
        _ => return Err(vm.system_error("bad operand of CALL_INTRINSIC_2")),
    };
    r.drop_n(2);
    r.push(out);
    Ok(())
}

/// IMPORT_NAME: `level, from list -> module`
pub(super) fn import_name(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    r.save();
    let name = r.name_ref(arg);
    let (level, from) = (r.peek(2), r.peek(1));
    let f = r.f();
    let Some(import) = f.builtins().get_str(vm, &vm.names().__import__) else {
        return Err(vm.raise_new(&vm.exc().ImportError, "__import__ not found"));
    };
    let v = if crate::import::is_default_import(vm, &import) {
        crate::import::import_name(
            vm,
            name,
            &f.globals(),
            &from,
            level.as_small_int().unwrap_or(0),
        )?
    } else {
        let locals = if f.locals == 0 {
            vm.none()
        } else {
            // SAFETY: the frame owns the value; the view is not dropped.
            (*std::mem::ManuallyDrop::new(unsafe { Value::from_bits(f.locals) })).clone()
        };
        vm.call_pos(
            &import,
            &[
                name.as_value().clone(),
                f.globals().into_value(),
                locals,
                (*from).clone(),
                (*level).clone(),
            ],
        )?
    };
    r.drop_n(2);
    r.push(v);
    Ok(())
}

pub(super) fn import_from(vm: &Vm, r: &mut Regs, arg: u32) -> PyResult<()> {
    r.save();
    let name = r.name_ref(arg);
    let v = crate::import::import_from(vm, &r.peek(1), name)?;
    r.push(v);
    Ok(())
}
