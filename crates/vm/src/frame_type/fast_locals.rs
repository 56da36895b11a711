//! Reading and writing the fast locals of a frame from outside of it.

use taipan_bytecode::code::co_fast;
use taipan_object::descr::Cell;
use taipan_object::{List, PyResult, Ref, Value, Vm};

use crate::frame::{Frame, strip};
use crate::frame_object::FrameObject;

fn word(o: &FrameObject, i: usize) -> Option<*mut u64> {
    let f = o.frame();
    if f.is_null() || i >= o.code.locals().len() {
        return None;
    }
    // SAFETY: a live frame has a word for each local of its code.
    Some(unsafe { Frame::locals_ptr(f).add(i) })
}

/// What the word holds: the variable, or the cell it lives in.
fn content(o: &FrameObject, i: usize) -> Option<Value> {
    let w = word(o, i)?;
    // SAFETY: the word is 0 or holds a value, which is cloned before anything else runs; the view is not dropped.
    unsafe {
        let bits = strip(*w);
        if bits == 0 {
            return None;
        }
        let v = std::mem::ManuallyDrop::new(Value::from_bits(bits));
        Some((*v).clone())
    }
}

fn in_cell(o: &FrameObject, i: usize) -> bool {
    o.code
        .kinds
        .get(i)
        .is_some_and(|k| k & (co_fast::CELL | co_fast::FREE) != 0)
}

/// The value of a fast local, `None` when it is unbound.
pub(super) fn get(o: &FrameObject, i: usize) -> Option<Value> {
    let v = content(o, i)?;
    if in_cell(o, i)
        && let Some(c) = v.downcast_ref::<Cell>()
    {
        return c.contents.get();
    }
    Some(v)
}

/// Gives a fast local a value. The old one is kept for as long as the frame object: the stack may have borrowed it.
pub(super) fn set(vm: &Vm, o: &Ref<FrameObject>, i: usize, v: &Value) -> PyResult<()> {
    if in_cell(o, i)
        && let Some(c) = content(o, i).and_then(|c| c.downcast::<Cell>().ok())
    {
        c.contents.set(Some(v.clone()));
        return Ok(());
    }
    if let Some(old) = content(o, i) {
        if old.is(v) {
            return Ok(());
        }
        match o.replaced.get().and_then(|l| l.downcast::<List>().ok()) {
            Some(l) => {
                if !l.items.push(old) {
                    return Err(vm.no_memory());
                }
            }
            None => o.replaced.set(Some(vm.new_list(vec![old])?.into_value())),
        }
    }
    if let Some(w) = word(o, i) {
        // SAFETY: the word owns what it holds; that lives on in `replaced`, so dropping it frees nothing.
        unsafe {
            let bits = std::mem::replace(&mut *w, v.clone().into_bits());
            crate::frame::drop_slot(bits);
        }
    }
    Ok(())
}
