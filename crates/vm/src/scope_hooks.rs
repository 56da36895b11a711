//! What the object system asks about Python functions: the globals of the running one, what `super()` means in it, and how many
//! names an `__annotate__` annotates.

use taipan_bytecode::Opcode;
use taipan_object::descr::Cell;
use taipan_object::{Dict, PyResult, Ref, TypeObject, Value, Vm};

use crate::frame::{Frame, strip};
use crate::function::Function;

fn local(f: &Frame, i: usize) -> Option<Value> {
    if i >= f.code().locals().len() {
        return None;
    }
    // SAFETY: the frame is live and has a word for each local, 0 or a value; the view is not dropped.
    unsafe {
        let bits = strip(*Frame::locals_ptr(std::ptr::from_ref(f).cast_mut()).add(i));
        if bits == 0 {
            return None;
        }
        let v = std::mem::ManuallyDrop::new(Value::from_bits(bits));
        Some((*v).clone())
    }
}

/// The global variables of the running Python function.
pub(crate) fn current_globals(vm: &Vm) -> Option<Ref<Dict>> {
    crate::builtin_functions::current_frame(vm).map(Frame::globals)
}

/// The class and the instance that `super()` means.
pub(crate) fn super_arguments(vm: &Vm) -> PyResult<(Value, Value)> {
    let error = |what: &str| vm.runtime_error(&format!("super(): {what}"));
    let Some(f) = crate::builtin_functions::current_frame(vm) else {
        return Err(error("no current frame"));
    };
    let code = f.code();
    if code.argcount == 0 {
        return Err(error("no arguments"));
    }
    let mut first = local(f, 0);
    if code.is_cell(0)
        && let Some(c) = first.as_ref().and_then(|v| v.downcast_ref::<Cell>())
    {
        first = c.contents.get();
    }
    let Some(first) = first else {
        return Err(error("arg[0] deleted"));
    };
    let free = code.locals().len() - (code.nfree as usize).min(code.locals().len());
    let Some(i) = (free..code.locals().len()).find(|&i| code.locals()[i].eq_str("__class__"))
    else {
        return Err(error("__class__ cell not found"));
    };
    let cell = local(f, i);
    let Some(cell) = cell.as_ref().and_then(|v| v.downcast_ref::<Cell>()) else {
        return Err(error("bad __class__ cell"));
    };
    let Some(class) = cell.contents.get() else {
        return Err(error("empty __class__ cell"));
    };
    if class.downcast_ref::<TypeObject>().is_none() {
        return Err(error(&format!(
            "__class__ is not a type ({})",
            vm.type_name(&class)
        )));
    }
    Ok((class, first))
}

/// How many names an `__annotate__` function annotates: its code stores each into the dict that it gives.
pub(crate) fn annotated(annotate: &Value) -> usize {
    let Some(f) = annotate.downcast_ref::<Function>() else {
        return 0;
    };
    let code = f.code.get();
    let mut units = code.instructions().chunks_exact(2);
    let mut stores = 0;
    while let Some(unit) = units.next() {
        let Some(op) = Opcode::from_u8(unit[0]) else {
            break;
        };
        stores += usize::from(op == Opcode::StoreSubscr);
        for _ in 0..op.caches() {
            units.next();
        }
    }
    stores
}
