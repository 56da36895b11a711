//! Module `_pickle`: pickling (`pickler.rs` with the class, `save.rs` and `reduce.rs` with the work), unpickling (`unpickler.rs`
//! with the class, `load.rs` and `input.rs`), `PickleBuffer`. The opcodes are in `opcode.rs`; what is shared with the
//! modules `copyreg` and `_compat_pickle` is in `globals.rs`.

mod buffer;
mod globals;
mod input;
mod load;
mod names;
mod opcode;
mod pickler;
mod reduce;
mod save;
mod unpickler;

use taipan_macros::pyfunctions;
use taipan_object::{
    BaseException, Bytes, Module, ModuleSpec, Payload, PyResult, Raised, Ref, TypeRef, TypeSpec,
    Value, Vm, tpflags,
};

/// `_pickle`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_pickle",
    doc: Some("Optimized C implementation for the Python pickle module."),
    functions: &[functions::FUNCTIONS],
    types: &[
        &PICKLE_ERROR,
        &PICKLING_ERROR,
        &UNPICKLING_ERROR,
        &pickler::PICKLER,
        &unpickler::UNPICKLER,
        &buffer::PICKLE_BUFFER,
    ],
    exec: Some(exec),
};

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    let _ = module;
    globals::globals(vm).map(drop)
}

/// `PickleError`
static PICKLE_ERROR: TypeSpec = TypeSpec {
    base: Some(|vm| (*vm.exc().Exception).clone()),
    flags: tpflags::BASETYPE,
    has_dict: true,
    has_weakref: true,
    ..TypeSpec::new("PickleError", "_pickle", <BaseException as Payload>::layout)
};

fn pickle_error(vm: &Vm) -> TypeRef {
    // Without memory for the class, its base serves.
    vm.make_type(&PICKLE_ERROR).unwrap_or_else(|r| {
        drop(vm.take_raised(r));
        (*vm.exc().Exception).clone()
    })
}

/// `PicklingError`
static PICKLING_ERROR: TypeSpec = TypeSpec {
    base: Some(pickle_error),
    flags: tpflags::BASETYPE,
    has_dict: true,
    ..TypeSpec::new(
        "PicklingError",
        "_pickle",
        <BaseException as Payload>::layout,
    )
};

/// `UnpicklingError`
static UNPICKLING_ERROR: TypeSpec = TypeSpec {
    base: Some(pickle_error),
    flags: tpflags::BASETYPE,
    has_dict: true,
    ..TypeSpec::new(
        "UnpicklingError",
        "_pickle",
        <BaseException as Payload>::layout,
    )
};

#[cold]
fn raise(vm: &Vm, spec: &'static TypeSpec, message: &str) -> Raised {
    match vm.make_type(spec) {
        Ok(ty) => vm.raise_new(&ty, message),
        Err(r) => r,
    }
}

/// Raises `PicklingError`.
#[cold]
fn pickling_error(vm: &Vm, message: &str) -> Raised {
    raise(vm, &PICKLING_ERROR, message)
}

/// Makes an exception that led to the pending one its context.
#[cold]
fn with_context(vm: &Vm, r: Raised, cause: &Value) -> Raised {
    let raised = vm.take_raised(r);
    if let Some(e) = raised.downcast_ref::<BaseException>() {
        e.context.set(Some(cause.clone()));
    }
    vm.raise_as_is(raised)
}

/// Raises `UnpicklingError`.
#[cold]
fn unpickling_error(vm: &Vm, message: &str) -> Raised {
    raise(vm, &UNPICKLING_ERROR, message)
}

/// The highest protocol.
const HIGHEST: i64 = 5;
/// The protocol that is used when none is asked for.
const DEFAULT: i64 = 5;

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Write a pickled representation of obj to the open file object file.
    ///
    /// The same as Pickler(file, protocol).dump(obj). Protocols are 0 to 5, 5 if none is given;
    /// a negative one means the highest. The file must have a write() method that takes bytes.
    /// With fix_imports and a protocol below 3, names are those of Python 2. The
    /// buffer_callback, for protocol 5, takes buffers that are to be transmitted out of band.
    #[pyfunction(
        sig = "($module, /, obj, file, protocol=None, *, fix_imports=True,\n     buffer_callback=None)"
    )]
    fn dump(
        vm: &Vm,
        obj: &Value,
        file: &Value,
        protocol: &Value,
        fix_imports: bool,
        buffer_callback: &Value,
    ) -> PyResult<()> {
        let options = save::Options::new(vm, protocol, fix_imports)?;
        let write = pickler::writer(vm, file)?;
        let callback = options.buffer_callback(vm, buffer_callback)?;
        let mut save = save::Save::new(vm, options, Some(write), callback)?;
        save.dump(obj)?;
        save.flush()
    }

    /// Return the pickled representation of the object as a bytes object.
    ///
    /// The arguments are those of dump().
    #[pyfunction(
        sig = "($module, /, obj, protocol=None, *, fix_imports=True,\n      buffer_callback=None)"
    )]
    fn dumps(
        vm: &Vm,
        obj: &Value,
        protocol: &Value,
        fix_imports: bool,
        buffer_callback: &Value,
    ) -> PyResult<Ref<Bytes>> {
        let options = save::Options::new(vm, protocol, fix_imports)?;
        let callback = options.buffer_callback(vm, buffer_callback)?;
        let mut save = save::Save::new(vm, options, None, callback)?;
        save.dump(obj)?;
        vm.new_bytes(save.output())
    }

    /// Read and return an object from the pickle data stored in a file.
    ///
    /// The same as Unpickler(file).load(). The file must have read() and readline(). With
    /// fix_imports, names of Python 2 are mapped to today's; encoding and errors say how its
    /// 8-bit strings are decoded ('bytes' leaves them as they are).
    #[pyfunction(
        sig = "($module, /, file, *, fix_imports=True, encoding='ASCII',\n     errors='strict', buffers=())"
    )]
    fn load(
        vm: &Vm,
        file: &Value,
        fix_imports: bool,
        encoding: String,
        errors: String,
        buffers: Option<&Value>,
    ) -> PyResult {
        let settings = load::Settings::new(vm, fix_imports, encoding, errors, buffers)?;
        let input = input::Input::from_file(vm, file)?;
        load::Load::new(vm, settings, input)?.run()
    }

    /// Read and return an object from the given pickle data.
    ///
    /// The other arguments are those of load().
    #[pyfunction(
        sig = "($module, data, /, *, fix_imports=True, encoding='ASCII',\n      errors='strict', buffers=())"
    )]
    fn loads(
        vm: &Vm,
        data: &Value,
        fix_imports: bool,
        encoding: String,
        errors: String,
        buffers: Option<&Value>,
    ) -> PyResult {
        let settings = load::Settings::new(vm, fix_imports, encoding, errors, buffers)?;
        let input = match data.downcast_ref::<Bytes>() {
            Some(b) => input::Input::from_bytes(b),
            None => input::Input::from_bytes(&vm.new_bytes(&vm.bytes_like(data)?)?),
        };
        load::Load::new(vm, settings, input)?.run()
    }
}
