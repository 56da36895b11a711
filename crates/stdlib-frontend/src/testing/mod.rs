//! `_testcapi` and `_testlimitedcapi`: as much of the modules that test CPython's C interface as makes sense without one.
//! The standard test suite asks them about limits and settings, and calls functions of every convention.
//! `_testinternalcapi` is in `testinternal`.

mod calls;
mod code;
mod config;
mod monitoring;
mod tracing;

use taipan_macros::pyfunctions;
use taipan_object::{Module, ModuleSpec, PyResult, Ref, Str, Value, Vm};
use taipan_vm::code::Code;

/// `_testcapi`
pub static TESTCAPI: ModuleSpec = ModuleSpec {
    name: "_testcapi",
    doc: None,
    functions: &[
        functions::FUNCTIONS,
        calls::FUNCTIONS,
        config::functions::FUNCTIONS,
        monitoring::functions::FUNCTIONS,
        tracing::functions::FUNCTIONS,
    ],
    types: &[
        &calls::INSTANCE,
        &calls::CLASS,
        &calls::STATIC,
        &tracing::RECORDER,
        &monitoring::CODE_LIKE,
    ],
    exec: Some(exec),
};

/// `_testlimitedcapi`
pub static TESTLIMITEDCAPI: ModuleSpec = ModuleSpec {
    name: "_testlimitedcapi",
    doc: None,
    functions: &[sequences::SEQUENCES],
    types: &[],
    exec: None,
};

/// `_testmultiphase`: the suite asks for it before anything about imports; nothing is in it, as no extensions are loaded.
pub static TESTMULTIPHASE: ModuleSpec = ModuleSpec {
    name: "_testmultiphase",
    doc: None,
    functions: &[],
    types: &[],
    exec: None,
};

/// The limits on the platforms that Taipan knows (LP64).
const LIMITS: &[(&str, i128)] = &[
    ("CHAR_MAX", i8::MAX as i128),
    ("CHAR_MIN", i8::MIN as i128),
    ("UCHAR_MAX", u8::MAX as i128),
    ("SHRT_MAX", i16::MAX as i128),
    ("SHRT_MIN", i16::MIN as i128),
    ("USHRT_MAX", u16::MAX as i128),
    ("INT_MAX", i32::MAX as i128),
    ("INT_MIN", i32::MIN as i128),
    ("UINT_MAX", u32::MAX as i128),
    ("INT32_MAX", i32::MAX as i128),
    ("INT32_MIN", i32::MIN as i128),
    ("UINT32_MAX", u32::MAX as i128),
    ("LONG_MAX", i64::MAX as i128),
    ("LONG_MIN", i64::MIN as i128),
    ("ULONG_MAX", u64::MAX as i128),
    ("LLONG_MAX", i64::MAX as i128),
    ("LLONG_MIN", i64::MIN as i128),
    ("ULLONG_MAX", u64::MAX as i128),
    ("INT64_MAX", i64::MAX as i128),
    ("INT64_MIN", i64::MIN as i128),
    ("UINT64_MAX", u64::MAX as i128),
    ("PY_SSIZE_T_MAX", i64::MAX as i128),
    ("PY_SSIZE_T_MIN", i64::MIN as i128),
    ("SIZE_MAX", u64::MAX as i128),
    ("SIZEOF_VOID_P", 8),
    ("SIZEOF_TIME_T", 8),
    ("SIZEOF_PID_T", 4),
    ("SIZEOF_WCHAR_T", 4),
];

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    let Some(dict) = module.dict.get() else {
        return Ok(());
    };
    for (name, limit) in LIMITS {
        dict.set_named(vm, name, vm.new_ibig((*limit).into())?)?;
    }
    let floats = [
        ("DBL_MAX", f64::MAX),
        ("DBL_MIN", f64::MIN_POSITIVE),
        ("FLT_MAX", f64::from(f32::MAX)),
        ("FLT_MIN", f64::from(f32::MIN_POSITIVE)),
    ];
    for (name, limit) in floats {
        dict.set_named(vm, name, vm.new_float(limit)?)?;
    }
    for name in ["WITH_PYMALLOC", "WITH_MIMALLOC", "nan_msb_is_signaling"] {
        dict.set_named(vm, name, vm.bool(false))?;
    }
    Ok(())
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// A code object of a name and a place; running it raises AssertionError.
    #[pyfunction(params = "($module, filename, funcname, firstlineno, /)")]
    fn code_newempty(vm: &Vm, filename: &Ref<Str>, funcname: &Ref<Str>, line: i32) -> PyResult {
        code::empty(vm, filename, funcname, line)
    }

    /// The line of the instruction at a byte offset.
    #[pyfunction(params = "($module, code, offset, /)")]
    fn code_offset_to_line(vm: &Vm, code: &Value, offset: i32) -> PyResult<i32> {
        let Some(code) = code.downcast_ref::<Code>() else {
            return Err(vm.type_error("argument must be a code object"));
        };
        Ok(match usize::try_from(offset) {
            Ok(offset) => code.line_of(offset / 2).unwrap_or(-1),
            Err(_) => code.firstlineno,
        })
    }

    /// Asks for a buffer with no view to describe it in, which exporters refuse.
    #[pyfunction(params = "($module, obj, /)")]
    fn getbuffer_with_null_view(vm: &Vm, obj: &Value) -> PyResult {
        drop(vm.get_buffer(obj, false)?);
        Err(vm.buffer_error("getbuffer: view==NULL argument is obsolete"))
    }

    /// Raises an exception of a class with so many arguments.
    #[pyfunction(params = "($module, exception, count, /)")]
    fn raise_exception(vm: &Vm, exception: &Value, count: i32) -> PyResult {
        let args: PyResult<Vec<Value>> = (0..count).map(|i| vm.new_int(i.into())).collect();
        let made = vm.call_pos(exception, &args?)?;
        Err(vm.raise(made))
    }

    /// Raises the error of memory that ran out.
    #[pyfunction(params = "($module, /)")]
    fn raise_memoryerror(vm: &Vm) -> PyResult {
        Err(vm.no_memory())
    }

    /// Writes a traceback to a file.
    #[pyfunction(params = "($module, traceback, file, /)")]
    fn traceback_print(vm: &Vm, traceback: &Value, file: &Value) -> PyResult {
        let header = vm.new_str("Traceback (most recent call last):\n")?;
        vm.call_method_str(file, "write", &[header.into_value()])?;
        let print = vm.getattr_str(&vm.import("traceback")?, "print_tb")?;
        vm.call_pos(&print, &[traceback.clone(), vm.none(), file.clone()])
    }

    /// Shows an exception as one that was not caught is shown.
    #[pyfunction(params = "($module, exception, legacy=False, /)")]
    fn exception_print(vm: &Vm, exception: &Value, legacy: bool) -> PyResult {
        let _ = legacy;
        let hook = vm.getattr_str(&vm.import("sys")?, "__excepthook__")?;
        let ty = vm.type_value(exception).into_value();
        let tb = vm.getattr_str_opt(exception, "__traceback__")?;
        let tb = tb.unwrap_or_else(|| vm.none());
        vm.call_pos(&hook, &[ty, exception.clone(), tb])
    }
}

/// Items of sequences by position, as the sequence protocol has them.
#[pyfunctions(SEQUENCES)]
mod sequences {
    use super::*;

    /// Counts a negative position from the end, as the protocol's functions do once.
    fn position(vm: &Vm, o: &Value, i: isize) -> PyResult {
        let i = if i < 0 { i + vm.len(o)? as isize } else { i };
        vm.new_int(if i < 0 { i64::MIN } else { i as i64 })
    }

    #[pyfunction(params = "($module, o, i, /)")]
    fn sequence_getitem(vm: &Vm, o: &Value, i: isize) -> PyResult {
        vm.getitem(o, &position(vm, o, i)?)
    }

    #[pyfunction(params = "($module, o, i, v, /)")]
    fn sequence_setitem(vm: &Vm, o: &Value, i: isize, v: &Value) -> PyResult<i64> {
        vm.setitem(o, &position(vm, o, i)?, v)?;
        Ok(0)
    }

    #[pyfunction(params = "($module, o, i, /)")]
    fn sequence_delitem(vm: &Vm, o: &Value, i: isize) -> PyResult<i64> {
        vm.delitem(o, &position(vm, o, i)?)?;
        Ok(0)
    }
}
