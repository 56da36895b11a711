//! `errno`: the system's error numbers by name, and their names by number.

use taipan_host::ERRNOS;
use taipan_object::{Module, ModuleSpec, PyResult, Ref, Vm};

use crate::util::add;

/// `errno`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "errno",
    doc: Some(
        "This module makes available standard errno system symbols.\n\nThe value of each symbol is the corresponding integer value,\ne.g., on most systems, errno.ENOENT equals the integer 2.\n\nThe dictionary errno.errorcode maps numeric codes to symbol names,\ne.g., errno.errorcode[2] could be the string 'ENOENT'.\n\nSymbols that are not relevant to the underlying system are not defined.\n\nTo map error codes to error messages, use the function os.strerror(),\ne.g. os.strerror(2) could return 'No such file or directory'.",
    ),
    functions: &[],
    types: &[],
    exec: Some(exec),
};

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    let codes = vm.new_dict()?;
    for (name, number, _) in ERRNOS {
        let number = vm.new_int((*number).into())?;
        add(vm, module, name, number.clone())?;
        codes.set(vm, &number, vm.intern(name)?.into_value())?;
    }
    add(vm, module, "errorcode", codes.into_value())
}
