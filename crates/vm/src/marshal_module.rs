//! Module `marshal`. Code that comes through it passes the verifier before it becomes an object.

use std::rc::Rc;

use taipan_bytecode::Constant;
use taipan_bytecode::constant::Str as ConstStr;
use taipan_bytecode::marshal::reader::ReadError;
use taipan_bytecode::marshal::writer::WriteError;
use taipan_bytecode::marshal::{VERSION, dump_constant};
use taipan_macros::pyfunctions;
use taipan_object::{
    Bytes, Dict, List, Module, ModuleSpec, PyResult, Raised, Ref, Slice, Str, Tuple, Value, Vm,
};

use crate::code::{Code, str_to_wtf8};
use crate::marshal_objects::LoadError;

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
        ReadError::Utf8(_) => vm.value_error("bad marshal data (invalid UTF-8)"),
    }
}

/// Reads a value from the front of `data`; gives it and the number of bytes it took.
pub fn loads(vm: &Vm, data: &[u8], allow_code: bool) -> PyResult<(Value, usize)> {
    crate::marshal_objects::load(vm, data, allow_code).map_err(|e| match e {
        LoadError::Read(e) => read_error(vm, e),
        LoadError::Raised(e) => e,
    })
}

fn constants(vm: &Vm, items: &[Value], allow_code: bool) -> PyResult<Rc<[Constant]>> {
    items
        .iter()
        .map(|v| to_constant(vm, v, allow_code))
        .collect()
}

/// The constant that stands for a value in the format.
fn to_constant(vm: &Vm, v: &Value, allow_code: bool) -> PyResult<Constant> {
    vm.check_stack(" while writing marshal data")?;
    let types = vm.types();
    if vm.is_none(v) {
        return Ok(Constant::None);
    }
    if v.is(&vm.bool(true)) {
        return Ok(Constant::True);
    }
    if v.is(&vm.bool(false)) {
        return Ok(Constant::False);
    }
    if v.is(&vm.ellipsis()) {
        return Ok(Constant::Ellipsis);
    }
    if v.is(vm.exc().StopIteration.as_value()) {
        return Ok(Constant::StopIteration);
    }
    let ty = vm.type_of(v);
    let exact = |t: &taipan_object::TypeRef| std::ptr::eq(ty, t.object());
    if exact(&types.int)
        && let Some(i) = v.as_int()
    {
        return Ok(Constant::Int(Rc::new(i.to_ibig())));
    }
    if exact(&types.float)
        && let Some(f) = v.as_float()
    {
        return Ok(Constant::Float(Rc::new(f)));
    }
    if let Some(c) = v.downcast_exact::<taipan_object::Complex>(&types.complex) {
        return Ok(Constant::Complex(Rc::new((c.re, c.im))));
    }
    if let Some(s) = v.downcast_exact::<Str>(&types.str) {
        return Ok(Constant::Str(Rc::new(ConstStr {
            text: str_to_wtf8(s),
            interned: s.is_interned(),
        })));
    }
    if let Some(b) = v.downcast_exact::<Bytes>(&types.bytes) {
        return Ok(Constant::Bytes(b.as_slice().into()));
    }
    if let Some(t) = v.downcast_exact::<Tuple>(&types.tuple) {
        return Ok(Constant::Tuple(constants(vm, t.as_slice(), allow_code)?));
    }
    if let Some(l) = v.downcast_exact::<List>(&types.list) {
        return Ok(Constant::List(constants(vm, &l.to_vec(), allow_code)?));
    }
    if let Some(d) = v.downcast_exact::<Dict>(&types.dict) {
        let items = d
            .items()
            .iter()
            .map(|(k, v)| {
                Ok((
                    to_constant(vm, k, allow_code)?,
                    to_constant(vm, v, allow_code)?,
                ))
            })
            .collect::<PyResult<Rc<[_]>>>()?;
        return Ok(Constant::Dict(items));
    }
    if exact(&types.set) || exact(&types.frozenset) {
        let items = match vm.as_any_set(v) {
            Some(s) => constants(vm, &s.keys(), allow_code)?,
            None => Rc::from([]),
        };
        return Ok(if exact(&types.set) {
            Constant::Set(items)
        } else {
            Constant::FrozenSet(items)
        });
    }
    if let Some(s) = v.downcast_ref::<Slice>() {
        let part = |v: &Value| to_constant(vm, v, allow_code);
        return Ok(Constant::Slice(Rc::new([
            part(&s.start)?,
            part(&s.stop)?,
            part(&s.step)?,
        ])));
    }
    if let Some(c) = v.downcast_ref::<Code>() {
        if !allow_code {
            return Err(vm.value_error("marshalling code objects is disallowed"));
        }
        return Ok(Constant::Code(c.description(vm)?));
    }
    match crate::glue::buffer_bytes(vm, v)? {
        Some(b) => Ok(Constant::Bytes(b.as_slice().into())),
        None => Err(vm.value_error("unmarshallable object")),
    }
}

/// Writes a value.
pub fn dumps(vm: &Vm, value: &Value, version: i32, allow_code: bool) -> PyResult<Vec<u8>> {
    let c = to_constant(vm, value, allow_code)?;
    dump_constant(&c, version).map_err(|e: WriteError| vm.value_error(&e.to_string()))
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
        Ok(vm
            .new_bytes(&dumps(vm, value, version.unwrap_or(VERSION), allow_code)?)?
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
        let data = vm.new_bytes(&dumps(vm, value, version.unwrap_or(VERSION), allow_code)?)?;
        vm.call_method(file, &vm.names().write, &[data.into_value()])
    }

    /// Convert the bytes-like object to a value.
    #[pyfunction(name = "loads", sig = "($module, bytes, /, *, allow_code=True)")]
    fn loads_(vm: &Vm, bytes: &Value, allow_code: bool) -> PyResult {
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
        let at = vm.call_method(file, &vm.names().tell, &[])?;
        let data = vm.call_method(file, &vm.names().read, &[])?;
        let bytes = vm.get_buffer(&data, false)?.to_vec();
        let (v, used) = loads(vm, &bytes, allow_code)?;
        let end = vm.binary_op(taipan_object::BinaryOp::Add, &at, &vm.new_usize(used)?)?;
        vm.call_method(file, &vm.names().seek, &[end])?;
        Ok(v)
    }
}
