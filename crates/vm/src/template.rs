//! Template strings (PEP 750): what BUILD_TEMPLATE and BUILD_INTERPOLATION make. The types are in `taipan-builtins`.

use taipan_object::{PyResult, Value, Vm};

/// A `Template` of its strings and interpolations.
pub(crate) fn new_template(vm: &Vm, strings: &Value, interpolations: &Value) -> PyResult {
    let m = vm.import("_templatelib")?;
    let f = vm.getattr_str(&m, "_template")?;
    vm.call_pos(&f, &[strings.clone(), interpolations.clone()])
}

/// An `Interpolation`.
pub(crate) fn new_interpolation(vm: &Vm, value: &Value, text: &Value, conversion: u32, spec: &Value) -> PyResult {
    let m = vm.import("_templatelib")?;
    let f = vm.getattr_str(&m, "_interpolation")?;
    let c = vm.new_int(i64::from(conversion))?;
    vm.call_pos(&f, &[value.clone(), text.clone(), c, spec.clone()])
}
