//! `_testcapi`, `_testlimitedcapi` and `_testinternalcapi`: as much of the modules that test CPython's C interface as makes
//! sense without one. The standard test suite asks them about limits and settings, and calls functions of every convention.

mod calls;
mod internal;

use taipan_macros::pyfunctions;
use taipan_object::{Module, ModuleSpec, PyResult, Ref, Value, Vm};

/// `_testcapi`
pub static TESTCAPI: ModuleSpec = ModuleSpec {
    name: "_testcapi",
    doc: None,
    functions: &[functions::FUNCTIONS, calls::FUNCTIONS],
    types: &[&calls::INSTANCE, &calls::CLASS, &calls::STATIC],
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

pub use internal::MODULE as TESTINTERNALCAPI;

const LIMITS: [(&str, i64); 13] = [
    ("CHAR_MAX", i8::MAX as i64),
    ("CHAR_MIN", i8::MIN as i64),
    ("UCHAR_MAX", u8::MAX as i64),
    ("SHRT_MAX", i16::MAX as i64),
    ("SHRT_MIN", i16::MIN as i64),
    ("USHRT_MAX", u16::MAX as i64),
    ("INT_MAX", i32::MAX as i64),
    ("INT_MIN", i32::MIN as i64),
    ("UINT_MAX", u32::MAX as i64),
    ("LONG_MAX", i64::MAX),
    ("LONG_MIN", i64::MIN),
    ("LLONG_MAX", i64::MAX),
    ("LLONG_MIN", i64::MIN),
];

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    let Some(d) = module.dict.get() else {
        return Ok(());
    };
    for (name, n) in LIMITS {
        d.set_named(vm, name, vm.new_int(n)?)?;
    }
    for name in ["ULONG_MAX", "ULLONG_MAX", "SIZE_MAX"] {
        d.set_named(vm, name, vm.new_usize(usize::MAX)?)?;
    }
    d.set_named(vm, "PY_SSIZE_T_MAX", vm.new_int(i64::MAX)?)?;
    d.set_named(vm, "PY_SSIZE_T_MIN", vm.new_int(i64::MIN)?)?;
    for (name, f) in [
        ("FLT_MAX", f64::from(f32::MAX)),
        ("FLT_MIN", f64::from(f32::MIN_POSITIVE)),
        ("DBL_MAX", f64::MAX),
        ("DBL_MIN", f64::MIN_POSITIVE),
    ] {
        d.set_named(vm, name, vm.new_float(f)?)?;
    }
    for name in ["WITH_PYMALLOC", "WITH_MIMALLOC", "nan_msb_is_signaling"] {
        d.set_named(vm, name, vm.bool(false))?;
    }
    Ok(())
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// A setting of the interpreter's start.
    #[pyfunction(params = "($module, name, /)")]
    fn config_get(vm: &Vm, name: &str) -> PyResult {
        let sys = vm.import("sys")?;
        if name == "code_debug_ranges" {
            let options = vm.getattr_str(&sys, "_xoptions")?;
            let off = vm.new_str("no_debug_ranges")?.into_value();
            return Ok(vm.bool(!vm.contains(&options, &off)?));
        }
        let flags = vm.getattr_str(&sys, "flags")?;
        match vm.getattr_str_opt(&flags, name)? {
            Some(v) => Ok(v),
            None => Err(vm.value_error(&format!("unknown config option name: {name}"))),
        }
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
