//! `format`, `ascii` and `repr` of module `builtins`, and what `BUILD_STRING` and `FORMAT_SIMPLE` use.

use taipan_macros::pyfunctions;
use taipan_numeric::digits::Digits;
use taipan_numeric::format::format_str;
use taipan_numeric::spec::FormatSpec;
use taipan_object::{PyResult, Ref, Str, Value, Vm};
use taipan_text::{TextBuf, TextRef};
use taipan_unicode as unicode;

use super::numeric_error;
use crate::util;

/// `format(value, spec)`; no specification is the empty one (`PyObject_Format`).
pub fn format(vm: &Vm, value: &Value, spec: Option<&Value>) -> PyResult {
    let empty = match spec {
        None => true,
        Some(v) => match v.downcast_ref::<Str>() {
            Some(s) => s.is_empty(),
            None => {
                return Err(vm.system_error(&format!(
                    "Format specifier must be a string, not {}",
                    vm.type_name(v)
                )));
            }
        },
    };
    if empty {
        if value.is_exact_str(vm) {
            return Ok(value.clone());
        }
        if util::is_exactly(vm, value, &vm.types().int) {
            return Ok(vm.str(value)?.into_value());
        }
    }
    let no_spec;
    let spec = match spec {
        Some(spec) => spec,
        None => {
            no_spec = vm.new_str("")?.into_value();
            &no_spec
        }
    };
    let args = std::slice::from_ref(spec);
    let Some(result) = vm.call_special(value, &vm.names().__format__, args)? else {
        return Err(vm.type_error(&format!(
            "Type {} doesn't define __format__",
            vm.type_name(value)
        )));
    };
    if result.downcast_ref::<Str>().is_none() {
        return Err(vm.type_error(&format!(
            "__format__ must return a str, not {}",
            vm.type_name(&result)
        )));
    }
    Ok(result)
}

/// Appends `format(value, spec)`.
pub fn format_into(vm: &Vm, value: &Value, spec: TextRef<'_>, out: &mut TextBuf) -> PyResult<()> {
    if let Some(s) = value.downcast_exact::<Str>(&vm.types().str) {
        if spec.is_empty() {
            out.push_text(s.text());
            return Ok(());
        }
        return FormatSpec::for_str(spec, "str")
            .and_then(|spec| format_str(&spec, "str", s.text(), out))
            .map_err(|e| numeric_error(vm, &e));
    }
    if spec.is_empty()
        && let Some(i) = value.as_small_int()
    {
        out.push_latin1(Digits::decimal(i).as_bytes());
        return Ok(());
    }
    let spec = vm.new_str_text(spec)?;
    let result = format(vm, value, Some(spec.as_value()))?;
    if let Some(s) = result.downcast_ref::<Str>() {
        out.push_text(s.text());
    }
    Ok(())
}

/// `ascii(value)`
pub fn ascii(vm: &Vm, value: &Value) -> PyResult<Ref<Str>> {
    let repr = vm.repr(value)?;
    if repr.is_ascii() {
        return Ok(repr);
    }
    vm.new_str_buf(&unicode::repr::escape_non_ascii(repr.text()))
}

#[pyfunctions(FUNCTIONS)]
mod builtin {
    use super::*;

    /// Return type(value).__format__(value, format_spec)
    ///
    /// Many built-in types implement format_spec according to the
    /// Format Specification Mini-language. See help('FORMATTING') for
    /// details and examples.
    #[pyfunction(sig = "($module, value, format_spec='', /)", name = "format")]
    fn format_(vm: &Vm, value: &Value, format_spec: Option<&Ref<Str>>) -> PyResult {
        super::format(vm, value, format_spec.map(|s| s.as_value()))
    }

    /// Return an ASCII-only representation of an object.
    ///
    /// Like repr(), with what is not ASCII escaped.
    #[pyfunction(sig = "($module, obj, /)", name = "ascii")]
    fn ascii_(vm: &Vm, obj: &Value) -> PyResult<Ref<Str>> {
        super::ascii(vm, obj)
    }

    /// Return the canonical string representation of the object.
    ///
    /// For many object types, including most builtins, eval(repr(obj)) == obj.
    #[pyfunction(sig = "($module, obj, /)")]
    fn repr(vm: &Vm, obj: &Value) -> PyResult<Ref<Str>> {
        vm.repr(obj)
    }
}

/// The functions of module `builtins` that make text.
pub const FUNCTIONS: &[taipan_object::NativeDef] = builtin::FUNCTIONS;
