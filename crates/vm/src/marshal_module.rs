//! Module `marshal`. Code that comes through it passes the verifier before it runs.

use taipan_bytecode::marshal::VERSION;
use taipan_bytecode::marshal::reader::ReadError;
use taipan_macros::pyfunctions;
use taipan_object::{Bytes, Module, ModuleSpec, PyResult, Raised, Ref, Value, Vm};

use crate::code::Code;
use crate::marshal_objects::{LoadError, load_file};
use crate::marshal_values::dumps;
use crate::sys_module::audit;

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "marshal",
    doc: Some(
        "This module contains functions that can read and write Python values in\na binary format. The format is specific to Python, but independent of\nmachine architecture issues.",
    ),
    functions: &[functions::FUNCTIONS],
    types: &[],
    exec: Some(|vm: &Vm, m: &Ref<Module>| match m.dict.get() {
        Some(d) => d.set_named(vm, "version", Value::from_i32(VERSION)),
        None => Ok(()),
    }),
};

fn read_error(vm: &Vm, e: ReadError) -> Raised {
    match e {
        ReadError::Eof(m) => vm.raise_new(&vm.exc().EOFError, m),
        ReadError::Value(m) => vm.value_error(m),
        ReadError::Type(m) => vm.type_error(m),
        ReadError::System(m) => vm.system_error(m),
        ReadError::Float(_) => vm.value_error(&e.to_string()),
        ReadError::Utf8(bytes) => utf8_error(vm, &bytes),
    }
}

/// What decoding these bytes raises.
fn utf8_error(vm: &Vm, bytes: &[u8]) -> Raised {
    let decoded = (|| {
        let arguments = [
            vm.new_str("utf-8")?.into_value(),
            vm.new_str("surrogatepass")?.into_value(),
        ];
        vm.call_method_str(vm.new_bytes(bytes)?.as_value(), "decode", &arguments)
    })();
    match decoded {
        Ok(_) => vm.value_error("bad marshal data (invalid UTF-8)"),
        Err(e) => e,
    }
}

fn load_error(vm: &Vm, e: LoadError) -> Raised {
    match e {
        LoadError::Read(e) => read_error(vm, e),
        LoadError::Raised(e) => e,
    }
}

/// Reads a value from the front of `data`; gives it and the number of bytes it took.
pub fn loads(vm: &Vm, data: &[u8], allow_code: bool) -> PyResult<(Value, usize)> {
    crate::marshal_objects::load(vm, data, allow_code).map_err(|e| load_error(vm, e))
}

/// How `.pyc` files of this version begin.
pub const MAGIC: [u8; 4] = [0x2b, 0x0e, b'\r', b'\n'];

/// What stands before the code in a `.pyc` file.
const PYC_HEADER: usize = 16;

/// The code of a `.pyc` file that is run as a program.
pub fn load_pyc(vm: &Vm, bytes: &[u8]) -> PyResult<Ref<Code>> {
    if !bytes.starts_with(&MAGIC) {
        return Err(vm.runtime_error("Bad magic number in .pyc file"));
    }
    let (value, _) = loads(vm, bytes.get(PYC_HEADER..).unwrap_or_default(), true)?;
    value
        .downcast::<Code>()
        .map_err(|_| vm.runtime_error("Bad code object in .pyc file"))
}

/// The functions.
#[pyfunctions(FUNCTIONS)]
pub mod functions {
    use super::*;

    /// Return the bytes object that would be written to a file by dump(value, file).
    #[pyfunction(
        name = "dumps",
        sig = "($module, value, version=version, /, *, allow_code=True)"
    )]
    fn dumps_(vm: &Vm, value: &Value, version: Option<i32>, allow_code: bool) -> PyResult {
        let version = version.unwrap_or(VERSION);
        audit(
            vm,
            "marshal.dumps",
            &[value.clone(), Value::from_i32(version)],
        )?;
        Ok(vm
            .new_bytes(&dumps(vm, value, version, allow_code)?)?
            .into_value())
    }

    /// Write the value on the open file.
    #[pyfunction(sig = "($module, value, file, version=version, /, *, allow_code=True)")]
    fn dump(
        vm: &Vm,
        value: &Value,
        file: &Value,
        version: Option<i32>,
        allow_code: bool,
    ) -> PyResult {
        let version = version.unwrap_or(VERSION);
        audit(
            vm,
            "marshal.dumps",
            &[value.clone(), Value::from_i32(version)],
        )?;
        let data = vm.new_bytes(&dumps(vm, value, version, allow_code)?)?;
        vm.call_method(file, &vm.names().write, &[data.into_value()])
    }

    /// Convert the bytes-like object to a value.
    #[pyfunction(name = "loads", sig = "($module, bytes, /, *, allow_code=True)")]
    fn loads_(vm: &Vm, bytes: &Value, allow_code: bool) -> PyResult {
        audit(vm, "marshal.loads", std::slice::from_ref(bytes))?;
        match bytes.downcast_ref::<Bytes>() {
            Some(b) => Ok(loads(vm, b.as_slice(), allow_code)?.0),
            None => {
                let data = vm.get_buffer(bytes, false)?.to_vec();
                Ok(loads(vm, &data, allow_code)?.0)
            }
        }
    }

    /// Read one value from the open file and return it.
    #[pyfunction(sig = "($module, file, /, *, allow_code=True)")]
    fn load(vm: &Vm, file: &Value, allow_code: bool) -> PyResult {
        audit(vm, "marshal.load", &[])?;
        load_file(vm, file, allow_code).map_err(|e| load_error(vm, e))
    }
}
