//! `locals`, `vars` and `dir`, and the local names of a frame.

use taipan_macros::pyfunctions;
use taipan_object::descr::Cell;
use taipan_object::{Dict, List, PyResult, Ref, Value, Vm};

use crate::builtin_functions::current_frame;
use crate::frame::{Frame, strip};

/// The mapping of a frame's local names: that of a module or a class itself, a new dict of a function's.
pub fn frame_locals(vm: &Vm, f: &Frame) -> PyResult {
    let code = f.code();
    let base = std::ptr::from_ref(f).cast_mut();
    // A module or a class in an inlined comprehension has variables of the comprehension: they alone are its locals then.
    let in_comprehension = || {
        code.kinds.iter().enumerate().any(|(i, k)| {
            // SAFETY: the frame is live and has a word for each local.
            k & taipan_bytecode::code::co_fast::HIDDEN != 0
                && strip(unsafe { *Frame::locals_ptr(base).add(i) }) != 0
        })
    };
    if !code.has(taipan_bytecode::code::co::OPTIMIZED) && !in_comprehension() {
        if f.locals != 0 {
            // SAFETY: the word owns a value for as long as the frame lives.
            return Ok(unsafe { Value::from_word_ref(&raw const f.locals) }.clone());
        }
        return Ok(f.globals().into_value());
    }
    let dict = vm.new_dict()?;
    for (i, name) in code.locals().iter().enumerate() {
        // SAFETY: the frame is live and has a word for each local, which is 0 or holds a value.
        let bits = strip(unsafe { *Frame::locals_ptr(base).add(i) });
        if bits == 0 {
            continue;
        }
        // SAFETY: as above.
        let mut v = unsafe { Value::from_word_ref(&raw const bits) }.clone();
        if code.is_cell(i) || i + code.nfree as usize >= code.locals().len() {
            v = match v.downcast_ref::<Cell>() {
                Some(c) => match c.contents.get() {
                    Some(content) => content,
                    None => continue,
                },
                None => v,
            };
        }
        dict.set_str(vm, name, v)?;
    }
    // What was added through `f_locals`.
    if f.frame_obj != 0 {
        let o = crate::frame_object::frame_object(vm, base)?;
        if let Some(extra) = o.extra_locals.get() {
            crate::glue::dict_update(vm, &dict, &extra)?;
        }
    }
    Ok(dict.into_value())
}

fn own_locals(vm: &Vm) -> PyResult {
    match current_frame(vm) {
        Some(f) => frame_locals(vm, f),
        None => Err(vm.system_error("frame does not exist")),
    }
}

fn sorted_names(vm: &Vm, names: &Value) -> PyResult<Ref<List>> {
    let list = vm.new_list(vm.collect(names)?)?;
    vm.call_method_str(list.as_value(), "sort", &[])?;
    Ok(list)
}

/// The functions.
#[pyfunctions(FUNCTIONS)]
pub mod functions {
    use super::*;

    /// Return a dictionary containing the current scope's local variables.
    ///
    /// NOTE: Whether or not updates to this dictionary will affect name lookups in the local scope and vice-versa is
    /// *implementation dependent* and not covered by any backwards compatibility guarantees.
    #[pyfunction(sig = "($module, /)")]
    fn locals(vm: &Vm) -> PyResult {
        own_locals(vm)
    }

    /// vars([object]) -> dictionary
    ///
    /// Without arguments, equivalent to locals(). With an argument, equivalent to object.__dict__.
    #[pyfunction(params = "($module, object=<unrepresentable>, /)")]
    fn vars(vm: &Vm, object: Option<&Value>) -> PyResult {
        match object {
            None => own_locals(vm),
            Some(o) => match vm.getattr_opt(o, &vm.names().__dict__)? {
                Some(d) => Ok(d),
                None => Err(vm.type_error("vars() argument must have __dict__ attribute")),
            },
        }
    }

    /// dir([object]) -> list of strings
    ///
    /// If called without an argument, return the names in the current scope. Else, return an alphabetized list of names
    /// comprising (some of) the attributes of the given object, and of attributes reachable from it.
    #[pyfunction(params = "($module, object=<unrepresentable>, /)")]
    fn dir(vm: &Vm, object: Option<&Value>) -> PyResult<Ref<List>> {
        let names = match object {
            None => {
                let locals = own_locals(vm)?;
                match locals.downcast_ref::<Dict>() {
                    Some(d) => vm.new_list(d.keys())?.into_value(),
                    None => vm.call_method(&locals, &vm.names().keys, &[])?,
                }
            }
            Some(o) => match vm.special(o, &vm.names().__dir__)? {
                Some(f) => vm.call0(&f)?,
                None => return Err(vm.type_error("object does not provide __dir__")),
            },
        };
        sorted_names(vm, &names)
    }
}
