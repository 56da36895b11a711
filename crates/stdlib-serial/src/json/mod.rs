//! Module `_json`: the scanner (`scanner.rs`, with strings in `strings.rs`) and the encoder (`encoder.rs`, with strings in
//! `escape.rs`). The rest of JSON is Python, in the library's `json`.

mod encoder;
mod escape;
mod scanner;
mod strings;

use taipan_macros::pyfunctions;
use taipan_object::{Module, ModuleSpec, PyResult, Raised, Ref, Str, Value, Vm};

/// `_json`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_json",
    doc: Some("json speedups\n"),
    functions: &[functions::FUNCTIONS],
    types: &[],
    exec: Some(exec),
};

fn exec(vm: &Vm, module: &Ref<Module>) -> PyResult<()> {
    let make_scanner = vm.make_type(&scanner::SCANNER)?;
    let make_encoder = vm.make_type(&encoder::ENCODER)?;
    let Some(dict) = module.dict.get() else {
        return Ok(());
    };
    dict.set_named(vm, "make_scanner", make_scanner.into_value())?;
    dict.set_named(vm, "make_encoder", make_encoder.into_value())
}

/// Raises `json.JSONDecodeError` for a place in a document.
#[cold]
pub(crate) fn decode_error(vm: &Vm, message: &str, document: &Value, at: usize) -> Raised {
    let made = vm
        .import("json.decoder")
        .and_then(|m| vm.getattr_str(&m, "JSONDecodeError"))
        .and_then(|class| {
            let message = vm.new_str(message)?.into_value();
            vm.call_pos(&class, &[message, document.clone(), vm.new_usize(at)?])
        });
    match made {
        Ok(e) => vm.raise(e),
        Err(r) => r,
    }
}

fn string_argument<'a>(vm: &Vm, v: &'a Value) -> PyResult<&'a Ref<Str>> {
    v.downcast_ref::<Str>().ok_or_else(|| {
        vm.type_error(&format!(
            "first argument must be a string, not {}",
            vm.type_name(v)
        ))
    })
}

#[pyfunctions(FUNCTIONS)]
pub(crate) mod functions {
    use super::*;

    /// encode_basestring_ascii(string) -> string
    ///
    /// The JSON form of a string, in ASCII only.
    #[pyfunction(params = "($module, string, /)")]
    fn encode_basestring_ascii(vm: &Vm, string: &Value) -> PyResult<Ref<Str>> {
        escape::quoted(vm, string_argument(vm, string)?, escape::Escapes::Ascii)
    }

    /// encode_basestring(string) -> string
    ///
    /// The JSON form of a string.
    #[pyfunction(params = "($module, string, /)")]
    fn encode_basestring(vm: &Vm, string: &Value) -> PyResult<Ref<Str>> {
        escape::quoted(vm, string_argument(vm, string)?, escape::Escapes::Minimal)
    }

    /// scanstring(string, end, strict=True) -> (string, end)
    ///
    /// Read a JSON string whose opening quote stands before index end. Control characters
    /// in it are errors unless strict is false. Gives the text and the index after the
    /// closing quote.
    #[pyfunction(params = "($module, string, end, strict=True, /)")]
    fn scanstring(vm: &Vm, string: &Value, end: isize, strict: bool) -> PyResult<(Value, usize)> {
        let s = string_argument(vm, string)?;
        let Some(begin) = usize::try_from(end).ok().filter(|&e| e <= s.len()) else {
            return Err(vm.value_error("end is out of bounds"));
        };
        let text = s.text();
        let (value, next) = taipan_text::with_text!(text, units => {
            strings::scan(vm, string, units, begin, strict)?.into_str(vm)?
        });
        Ok((value.into_value(), next))
    }
}
