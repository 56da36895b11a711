//! Module `_opcode`: what `dis` and `opcode` know of the instructions.

use taipan_bytecode::CompilerOpcode;
use taipan_bytecode::opcode::{
    BINARY_OPS, INTRINSIC_1S, INTRINSIC_2S, Metadata, SPECIAL_METHODS, flags, stack_effect,
};
use taipan_macros::pyfunctions;
use taipan_object::{Module, ModuleSpec, PyResult, Ref, Value, Vm};
use taipan_vm::code::Code;

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_opcode",
    doc: Some("Opcode support module."),
    functions: &[functions::FUNCTIONS],
    types: &[],
    exec: Some(exec),
};

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    vm.setattr_str(module.as_value(), "ENABLE_SPECIALIZATION", &vm.new_int(1)?)?;
    vm.setattr_str(
        module.as_value(),
        "ENABLE_SPECIALIZATION_FT",
        &vm.new_int(1)?,
    )
}

fn metadata(opcode: i32) -> Option<&'static Metadata> {
    Metadata::of(u16::try_from(opcode).ok()?)
}

fn has(opcode: i32, flag: u16) -> bool {
    metadata(opcode).is_some_and(|m| m.flags & flag != 0)
}

fn names<T>(vm: &Vm, table: &[(T, &str)]) -> PyResult<Vec<Value>> {
    table
        .iter()
        .map(|(_, n)| Ok(vm.new_str(n)?.into_value()))
        .collect()
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Compute the stack effect of the opcode.
    #[pyfunction(
        name = "stack_effect",
        sig = "($module, opcode, oparg=None, /, *, jump=None)"
    )]
    fn effect(vm: &Vm, opcode: i32, oparg: Option<&Value>, jump: Option<&Value>) -> PyResult {
        let oparg = match oparg {
            Some(v) if !vm.is_none(v) => {
                let v = vm.index(v)?;
                match v
                    .as_int()
                    .and_then(|i| i.to_i64())
                    .and_then(|i| i32::try_from(i).ok())
                {
                    Some(n) => n,
                    None => {
                        return Err(vm.overflow_error("Python int too large to convert to C int"));
                    }
                }
            }
            _ => 0,
        };
        let jump = match jump {
            None => None,
            Some(v) if vm.is_none(v) => None,
            Some(v) if v.is(&vm.bool(true)) => Some(true),
            Some(v) if v.is(&vm.bool(false)) => Some(false),
            Some(_) => return Err(vm.value_error("stack_effect: jump must be False, True or None")),
        };
        match u16::try_from(opcode)
            .ok()
            .and_then(|n| stack_effect(n, oparg as u32, jump))
        {
            Some(n) => vm.new_int(n),
            None => Err(vm.value_error("invalid opcode or oparg")),
        }
    }

    /// Return True if opcode is valid, False otherwise.
    #[pyfunction(sig = "($module, /, opcode)")]
    fn is_valid(opcode: i32) -> bool {
        metadata(opcode).is_some()
    }

    /// Return True if the opcode uses its oparg, False otherwise.
    #[pyfunction(sig = "($module, /, opcode)")]
    fn has_arg(opcode: i32) -> bool {
        has(opcode, flags::ARG)
    }

    /// Return True if the opcode accesses a constant, False otherwise.
    #[pyfunction(sig = "($module, /, opcode)")]
    fn has_const(opcode: i32) -> bool {
        has(opcode, flags::CONST)
    }

    /// Return True if the opcode accesses an attribute by name, False otherwise.
    #[pyfunction(sig = "($module, /, opcode)")]
    fn has_name(opcode: i32) -> bool {
        has(opcode, flags::NAME)
    }

    /// Return True if the opcode has a jump target, False otherwise.
    #[pyfunction(sig = "($module, /, opcode)")]
    fn has_jump(opcode: i32) -> bool {
        has(opcode, flags::JUMP)
    }

    /// Return True if the opcode accesses a free variable, False otherwise.
    ///
    /// Note that 'free' in this context refers to names in the current scope that are referenced by inner scopes or
    /// names in the current scope that are referenced from outer scopes.
    #[pyfunction(sig = "($module, /, opcode)")]
    fn has_free(opcode: i32) -> bool {
        has(opcode, flags::FREE)
    }

    /// Return True if the opcode accesses a local variable, False otherwise.
    #[pyfunction(sig = "($module, /, opcode)")]
    fn has_local(opcode: i32) -> bool {
        has(opcode, flags::LOCAL)
    }

    /// Return True if the opcode sets an exception handler, False otherwise.
    #[pyfunction(sig = "($module, /, opcode)")]
    fn has_exc(opcode: i32) -> bool {
        let known = u16::try_from(opcode)
            .ok()
            .and_then(CompilerOpcode::from_u16);
        known.is_some_and(CompilerOpcode::is_block_push)
    }

    /// Return the specialization stats
    #[pyfunction(sig = "($module, /)")]
    fn get_specialization_stats() {}

    /// Return array of symbols of binary ops.
    ///
    /// Indexed by the BINARY_OP oparg value.
    #[pyfunction(sig = "($module, /)")]
    fn get_nb_ops(vm: &Vm) -> PyResult<Vec<Value>> {
        let pair = |(_, name, symbol): &(_, &str, &str)| {
            Ok(vm
                .new_tuple(vec![
                    vm.new_str(name)?.into_value(),
                    vm.new_str(symbol)?.into_value(),
                ])?
                .into_value())
        };
        BINARY_OPS.iter().map(pair).collect()
    }

    /// Return a list of names of the unary intrinsics.
    #[pyfunction(sig = "($module, /)")]
    fn get_intrinsic1_descs(vm: &Vm) -> PyResult<Vec<Value>> {
        names(vm, INTRINSIC_1S)
    }

    /// Return a list of names of the binary intrinsics.
    #[pyfunction(sig = "($module, /)")]
    fn get_intrinsic2_descs(vm: &Vm) -> PyResult<Vec<Value>> {
        names(vm, INTRINSIC_2S)
    }

    /// Return the executor object at offset in code if exists, None otherwise.
    #[pyfunction(sig = "($module, /, code, offset)")]
    fn get_executor(vm: &Vm, code: &Value, offset: i32) -> PyResult {
        let _ = offset;
        if code.downcast_ref::<Code>().is_none() {
            return Err(vm.type_error(&format!(
                "expected a code object, not '{}'",
                vm.type_name(code)
            )));
        }
        Err(vm.runtime_error("Executors are not available in this build"))
    }

    /// Return a list of special method names.
    #[pyfunction(sig = "($module, /)")]
    fn get_special_method_names(vm: &Vm) -> PyResult<Vec<Value>> {
        names(vm, SPECIAL_METHODS)
    }
}
