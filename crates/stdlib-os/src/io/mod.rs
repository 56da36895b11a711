//! `_io`: the three layers of streams. The base classes are in `base`, raw files in `fileio`, buffers in `buffered` and
//! `bytesio`, text in `text` and `stringio`, line ends in `newline`, `open()` in `open`.

pub mod base;
pub mod buffered;
pub mod bytesio;
pub mod fileio;
pub mod newline;
mod open;
pub mod stringio;
pub mod text;

use taipan_object::{Module, ModuleSpec, PyCell, PyResult, Ref, Value, Vm};

pub use open::open;

use crate::util::add;

/// `DEFAULT_BUFFER_SIZE`
pub const DEFAULT_BUFFER_SIZE: usize = 128 * 1024;

/// `_io`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_io",
    doc: Some(
        "Streams in three layers: raw files, buffers over them, and text over buffers.\n\nopen() puts together what a mode asks for.",
    ),
    functions: &[open::FUNCTIONS],
    types: &[
        &base::IO_BASE,
        &base::RAW_IO_BASE,
        &base::BUFFERED_IO_BASE,
        &base::TEXT_IO_BASE,
        &fileio::FILE_IO,
        &bytesio::BYTES_IO,
        &bytesio::BYTES_IO_BUFFER,
        &stringio::STRING_IO,
        &buffered::BUFFERED_READER,
        &buffered::BUFFERED_WRITER,
        &buffered::BUFFERED_RANDOM,
        &buffered::BUFFERED_RW_PAIR,
        &newline::NEWLINE_DECODER,
        &text::TEXT_IO_WRAPPER,
    ],
    exec: Some(exec),
};

struct IoState {
    unsupported: PyCell<Option<Value>>,
}

impl Default for IoState {
    fn default() -> IoState {
        IoState {
            unsupported: PyCell::new(None),
        }
    }
}

/// The class `UnsupportedOperation`, made on first use.
pub fn unsupported_operation(vm: &Vm) -> PyResult {
    let state = vm.state::<IoState>();
    if let Some(cls) = state.unsupported.get() {
        return Ok(cls);
    }
    let dict = vm.new_dict()?;
    dict.set_str(vm, &vm.names().__module__, vm.intern("io")?.into_value())?;
    let exc = vm.exc();
    let bases = vm.new_tuple(vec![
        exc.OSError.as_value().clone(),
        exc.ValueError.as_value().clone(),
    ])?;
    let name = vm.intern("UnsupportedOperation")?.into_value();
    let args = [name, bases.into_value(), dict.into_value()];
    let cls = vm.call_pos(vm.types().type_.as_value(), &args)?;
    state.unsupported.set(Some(cls.clone()));
    Ok(cls)
}

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    add(
        vm,
        module,
        "DEFAULT_BUFFER_SIZE",
        vm.new_usize(DEFAULT_BUFFER_SIZE)?,
    )?;
    let blocking = vm.exc().BlockingIOError.as_value().clone();
    add(vm, module, "BlockingIOError", blocking)?;
    add(
        vm,
        module,
        "UnsupportedOperation",
        unsupported_operation(vm)?,
    )
}
