//! The functions of `_testinternalcapi` that look at code objects, instances, types and the depth of recursion.

use taipan_macros::pyfunctions;
use taipan_object::{PyResult, Ref, TypeRef, Value, Vm};
use taipan_vm::code::Code;

/// The words of a CPython frame before its local variables.
const FRAME_SPECIALS_SIZE: usize = 10;

/// Bytes of stack that are reckoned for fifty recursive native calls: twice of what CPython takes for those in C.
const STACK_FOR_FIFTY: usize = 32 << 10;

fn code_of<'a>(vm: &Vm, v: &'a Value) -> PyResult<&'a Ref<Code>> {
    v.downcast_ref::<Code>()
        .ok_or_else(|| vm.type_error("argument must be a code object"))
}

/// The native classes below `ty`, itself included.
fn static_types(vm: &Vm, ty: &TypeRef, out: &mut Vec<Value>) -> PyResult<()> {
    vm.check_stack(" while walking the types")?;
    if ty.is_heap() || out.iter().any(|v| v.is(ty.as_value())) {
        return Ok(());
    }
    out.push(ty.as_value().clone());
    for sub in ty.living_subclasses() {
        static_types(vm, &sub, out)?;
    }
    Ok(())
}

/// The functions.
#[pyfunctions(FUNCTIONS)]
pub mod functions {
    use super::*;

    /// The number of Python calls that are active.
    #[pyfunction(sig = "($module, /)")]
    fn get_recursion_depth(vm: &Vm) -> i32 {
        vm.interp().recursion_limit.get() - vm.recursion_remaining.get()
    }

    /// About how many recursive native calls the stack has room for.
    #[pyfunction(sig = "($module, /)")]
    fn get_c_recursion_remaining(vm: &Vm) -> usize {
        let local = 0_u8;
        let here = std::hint::black_box(&raw const local).addr();
        here.saturating_sub(vm.stack_limit.get()) / STACK_FOR_FIFTY * 50
    }

    /// The classes that are native and cannot be changed.
    #[pyfunction(sig = "($module, /)")]
    fn get_static_builtin_types(vm: &Vm) -> PyResult {
        let mut types = Vec::new();
        static_types(vm, &vm.types().object, &mut types)?;
        Ok(vm.new_list(types)?.into_value())
    }

    /// The names of the methods that stand for slots.
    #[pyfunction(sig = "($module, /)")]
    fn identify_type_slot_wrappers(vm: &Vm) -> PyResult {
        let names: PyResult<Vec<Value>> = taipan_object::slotdefs::SLOT_DEFS
            .iter()
            .map(|entry| Ok(vm.intern(entry.name)?.into_value()))
            .collect();
        Ok(vm.new_list(names?)?.into_value())
    }

    /// The words of a frame that runs the code.
    #[pyfunction(sig = "($module, code, /)")]
    fn get_co_framesize(vm: &Vm, code: &Value) -> PyResult<usize> {
        Ok(code_of(vm, code)?.frame_words() + FRAME_SPECIALS_SIZE)
    }

    /// The kinds of the fast locals by name.
    #[pyfunction(sig = "($module, code, /)")]
    fn get_co_localskinds(vm: &Vm, code: &Value) -> PyResult {
        let code = code_of(vm, code)?;
        let kinds = vm.new_dict()?;
        for (name, kind) in code.locals().iter().zip(code.kinds.iter()) {
            kinds.set_str(vm, name, Value::from_i32(i32::from(*kind)))?;
        }
        Ok(kinds.into_value())
    }

    /// Whether the attributes of an instance are in itself.
    #[pyfunction(sig = "($module, obj, /)")]
    fn has_inline_values(vm: &Vm, obj: &Value) -> bool {
        vm.has_inline_values(obj)
    }
}
