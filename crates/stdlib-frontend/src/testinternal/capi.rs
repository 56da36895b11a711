//! `_testcapi`, as far as programs and tests ask it about the machine and the interpreter: the limits of C's types and
//! the configuration. There is no C interface to test here.

use taipan_macros::pyfunctions;
use taipan_object::{Module, ModuleSpec, PyResult, Ref, Str, Value, Vm};
use taipan_vm::config::{Settings, settings};

/// The module.
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_testcapi",
    doc: None,
    functions: &[functions::FUNCTIONS],
    types: &[],
    exec: Some(exec),
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
    dict.set_named(vm, "WITH_PYMALLOC", vm.bool(false))?;
    dict.set_named(vm, "WITH_MIMALLOC", vm.bool(false))
}

/// A switch of the configuration.
type Switch = (&'static str, fn(&Settings) -> bool);

const SWITCHES: &[Switch] = &[
    ("code_debug_ranges", |s| s.debug_ranges),
    ("use_frozen_modules", |s| s.use_frozen_modules),
    ("user_site_directory", |s| s.user_site_directory),
    ("isolated", |s| s.isolated),
    ("use_environment", |s| s.use_environment),
    ("site_import", |s| s.site_import),
    ("write_bytecode", |s| s.write_bytecode),
    ("safe_path", |s| s.safe_path),
    ("inspect", |s| s.inspect),
    ("interactive", |s| s.interactive),
    ("quiet", |s| s.quiet),
    ("buffered_stdio", |s| s.buffered_stdio),
    ("dev_mode", |s| s.dev_mode),
    ("utf8_mode", |s| s.utf8_mode),
    ("warn_default_encoding", |s| s.warn_default_encoding),
];

type Number = (&'static str, fn(&Settings) -> i64);

const NUMBERS: &[Number] = &[
    ("optimization_level", |s| i64::from(s.optimization_level)),
    ("verbose", |s| s.verbose),
    ("bytes_warning", |s| s.bytes_warning),
    ("int_max_str_digits", |s| s.int_max_str_digits),
    ("cpu_count", |s| s.cpu_count),
    ("context_aware_warnings", |s| {
        i64::from(s.context_aware_warnings)
    }),
    ("thread_inherit_context", |s| {
        i64::from(s.thread_inherit_context)
    }),
];

/// The functions.
#[pyfunctions(FUNCTIONS)]
pub mod functions {
    use super::*;

    /// A value of the interpreter's configuration.
    #[pyfunction(sig = "($module, name, /)")]
    fn config_get(vm: &Vm, name: &Ref<Str>) -> PyResult {
        let settings = settings(vm);
        if let Some((_, switch)) = SWITCHES.iter().find(|(n, _)| name.eq_str(n)) {
            return Ok(vm.bool(switch(&settings)));
        }
        if let Some((_, number)) = NUMBERS.iter().find(|(n, _)| name.eq_str(n)) {
            return vm.new_int(number(&settings));
        }
        Err(vm.value_error(&format!(
            "unknown config option name: {}",
            name.to_string_lossy()
        )))
    }

    /// The names of what `config_get` knows.
    #[pyfunction(sig = "($module, /)")]
    fn config_names(vm: &Vm) -> PyResult {
        let switches = SWITCHES.iter().map(|(n, _)| *n);
        let names = switches.chain(NUMBERS.iter().map(|(n, _)| *n));
        let names: PyResult<Vec<Value>> = names.map(|n| Ok(vm.intern(n)?.into_value())).collect();
        Ok(vm.new_frozenset(&names?)?.into_value())
    }
}
