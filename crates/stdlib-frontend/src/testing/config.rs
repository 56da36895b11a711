//! What `_testcapi` tells of the interpreter's configuration.

use taipan_macros::pyfunctions;
use taipan_object::{PyResult, Ref, Str, Value, Vm};
use taipan_vm::config::{Settings, settings};

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
