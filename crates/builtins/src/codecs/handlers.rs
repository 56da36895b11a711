//! The built-in error handlers as callables: `codecs.strict_errors`, `codecs.replace_errors` and their like.

use taipan_codecs::CodecError;
use taipan_codecs::handlers::{Handler, Replacement, on_decode_error, on_encode_error};
use taipan_macros::pyfunctions;
use taipan_object::{BaseException, Bytes, PyResult, Raised, Str, Value, Vm};
use taipan_text::TextBuf;

use super::registry;
use crate::util;

/// The handler of that name, registered or built-in.
pub fn lookup(vm: &Vm, name: &str) -> PyResult {
    if let Some(f) = registry::registered(vm, name) {
        return Ok(f);
    }
    if Handler::from_name(name).is_some() {
        let full = format!("{name}_errors");
        let def = functions::FUNCTIONS.iter().find(|d| {
            d.name == full
                || (name == "surrogateescape" || name == "surrogatepass") && d.name == name
        });
        if let Some(def) = def {
            let f = vm.new_native_function(def, None, None, None)?.into_value();
            registry::register_error(vm, name, &f)?;
            return Ok(f);
        }
    }
    registry::lookup_error(vm, name)
}

#[cold]
fn cannot(vm: &Vm, exc: &Value) -> Raised {
    util::type_error_for(vm, "don't know how to handle ", exc, " in error callback")
}

fn number(vm: &Vm, exc: &Value, name: &str) -> PyResult<usize> {
    let v = vm.getattr_str(exc, name)?;
    Ok(v.as_small_int()
        .and_then(|i| usize::try_from(i).ok())
        .unwrap_or(0))
}

fn handle(vm: &Vm, handler: Handler, exc: &Value) -> PyResult {
    if handler == Handler::Strict {
        return Err(match exc.downcast_ref::<BaseException>() {
            Some(_) => vm.raise(exc.clone()),
            None => vm.type_error("codec must pass exception instance"),
        });
    }
    let types = vm.exc();
    let is = |ty: &taipan_object::TypeRef| vm.is_instance_exact(exc, ty);
    let (encoding, decoding) = (is(&types.UnicodeEncodeError), is(&types.UnicodeDecodeError));
    let translating = is(&types.UnicodeTranslateError);
    if !encoding && !decoding && !translating {
        return Err(cannot(vm, exc));
    }
    let object = vm.getattr_str(exc, "object")?;
    let (start, end) = (number(vm, exc, "start")?, number(vm, exc, "end")?);
    let name = match translating {
        true => String::new(),
        false => vm
            .str(&vm.getattr_str(exc, "encoding")?)?
            .to_string_lossy()
            .into_owned(),
    };
    let result = |text: Value, at: usize| util::tuple(vm, [text, vm.new_usize(at)?]);
    if decoding {
        let Some(bytes) = object.downcast_ref::<Bytes>() else {
            return Err(cannot(vm, exc));
        };
        if !taipan_codecs::handlers::handles_decoding(handler) {
            return Err(cannot(vm, exc));
        }
        let n = bytes.len();
        let error = CodecError {
            start: start.min(n),
            end: end.min(n),
            reason: "",
        };
        let mut out = TextBuf::new();
        return match on_decode_error(handler, &name, bytes.as_slice(), &error, &mut out) {
            Some(next) => result(vm.new_str_buf(&out)?.into_value(), next),
            None => Err(vm.raise(exc.clone())),
        };
    }
    let Some(s) = object.downcast_ref::<Str>() else {
        return Err(cannot(vm, exc));
    };
    let n = s.len();
    let error = CodecError {
        start: start.min(n),
        end: end.min(n),
        reason: "",
    };
    if translating {
        return match handler {
            Handler::Ignore => result(vm.new_str("")?.into_value(), error.end),
            Handler::Replace => {
                let mut out = TextBuf::new();
                out.push_repeat(0xFFFD, error.end.saturating_sub(error.start));
                result(vm.new_str_buf(&out)?.into_value(), error.end)
            }
            Handler::BackslashReplace => match on_encode_error(handler, "", s.text(), &error) {
                Some((Replacement::Text(t), next)) => {
                    result(vm.new_str_buf(&t)?.into_value(), next)
                }
                _ => Err(cannot(vm, exc)),
            },
            _ => Err(cannot(vm, exc)),
        };
    }
    match on_encode_error(handler, &name, s.text(), &error) {
        Some((Replacement::Text(t), next)) => result(vm.new_str_buf(&t)?.into_value(), next),
        Some((Replacement::Bytes(b), next)) => result(vm.new_bytes(&b)?.into_value(), next),
        None => Err(vm.raise(exc.clone())),
    }
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Implements the 'strict' error handling, which raises a UnicodeError on coding errors.
    #[pyfunction(params = "($module, exc, /)")]
    fn strict_errors(vm: &Vm, exc: &Value) -> PyResult {
        handle(vm, Handler::Strict, exc)
    }

    /// Implements the 'ignore' error handling, which ignores malformed data and continues.
    #[pyfunction(params = "($module, exc, /)")]
    fn ignore_errors(vm: &Vm, exc: &Value) -> PyResult {
        handle(vm, Handler::Ignore, exc)
    }

    /// Implements the 'replace' error handling, which replaces malformed data with a replacement marker.
    #[pyfunction(params = "($module, exc, /)")]
    fn replace_errors(vm: &Vm, exc: &Value) -> PyResult {
        handle(vm, Handler::Replace, exc)
    }

    /// Implements the 'xmlcharrefreplace' error handling, which replaces an unencodable character with the appropriate XML character reference.
    #[pyfunction(params = "($module, exc, /)")]
    fn xmlcharrefreplace_errors(vm: &Vm, exc: &Value) -> PyResult {
        handle(vm, Handler::XmlCharRefReplace, exc)
    }

    /// Implements the 'backslashreplace' error handling, which replaces malformed data with a backslashed escape sequence.
    #[pyfunction(params = "($module, exc, /)")]
    fn backslashreplace_errors(vm: &Vm, exc: &Value) -> PyResult {
        handle(vm, Handler::BackslashReplace, exc)
    }

    /// Implements the 'namereplace' error handling, which replaces an unencodable character with a \N{...} escape sequence.
    #[pyfunction(params = "($module, exc, /)")]
    fn namereplace_errors(vm: &Vm, exc: &Value) -> PyResult {
        handle(vm, Handler::NameReplace, exc)
    }

    #[pyfunction(params = "($module, exc, /)", doc = "")]
    fn surrogatepass(vm: &Vm, exc: &Value) -> PyResult {
        handle(vm, Handler::SurrogatePass, exc)
    }

    #[pyfunction(params = "($module, exc, /)", doc = "")]
    fn surrogateescape(vm: &Vm, exc: &Value) -> PyResult {
        handle(vm, Handler::SurrogateEscape, exc)
    }
}
