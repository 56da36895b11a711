//! Codecs as Python sees them: the registry of search functions and error handlers (`registry.rs`), running the codecs of
//! `taipan-codecs` with any error handler (`run.rs`), and module `_codecs` (`module.rs`).
//! `str.encode` and `bytes.decode` come here and take short cuts for the usual encodings.

mod charmap;
mod handlers;
mod module;
mod registry;
mod run;

pub use handlers::lookup as error_handler;
pub use registry::{
    decode_object, encode_object, lookup, lookup_error, normalize, register, register_error,
    unregister, unregister_error,
};
pub use run::{decode_with, encode_with};

pub use module::MODULE;

/// This folder's types.
pub const FAMILY: crate::Family = crate::Family {
    core: &[],
    types: &[&charmap::ENCODING_MAP],
    init: None,
};

use taipan_codecs::{Ascii, Latin1, Utf8, Utf16, Utf32};
use taipan_object::{Bytes, PyResult, Ref, Str, Value, Vm};
use taipan_text::TextRef;

/// The encodings that need no registry.
enum Known {
    Utf8,
    Utf16,
    Utf32,
    Ascii,
    Latin1,
}

fn known(encoding: Option<&str>) -> Option<Known> {
    let Some(encoding) = encoding else {
        return Some(Known::Utf8);
    };
    if matches!(encoding, "utf-8" | "utf8" | "UTF-8") {
        return Some(Known::Utf8);
    }
    let name = normalize(encoding);
    if let Some(rest) = name.strip_prefix("utf") {
        return match rest.strip_prefix('_').unwrap_or(rest) {
            "8" => Some(Known::Utf8),
            "16" => Some(Known::Utf16),
            "32" => Some(Known::Utf32),
            _ => None,
        };
    }
    match name.as_str() {
        "ascii" | "us_ascii" => Some(Known::Ascii),
        "latin1" | "latin_1" | "iso_8859_1" | "iso8859_1" => Some(Known::Latin1),
        _ => None,
    }
}

/// `s.encode(encoding, errors)`
pub fn encode_text(
    vm: &Vm,
    s: &Ref<Str>,
    encoding: Option<&str>,
    errors: Option<&str>,
) -> PyResult {
    let Some(known) = known(encoding) else {
        return registry::encode_text(vm, s, encoding.unwrap_or("utf-8"), errors);
    };
    let bytes = match known {
        Known::Utf8 | Known::Ascii | Known::Latin1 if s.is_ascii() => {
            return Ok(vm.new_bytes(s.raw_bytes())?.into_value());
        }
        Known::Utf8 => encode_with(vm, &mut Utf8, s, errors)?,
        Known::Utf16 => encode_with(vm, &mut Utf16::default(), s, errors)?,
        Known::Utf32 => encode_with(vm, &mut Utf32::default(), s, errors)?,
        Known::Ascii => encode_with(vm, &mut Ascii, s, errors)?,
        Known::Latin1 => {
            if let TextRef::One(units) = s.text() {
                return Ok(vm.new_bytes(units)?.into_value());
            }
            encode_with(vm, &mut Latin1, s, errors)?
        }
    };
    Ok(vm.new_bytes(&bytes)?.into_value())
}

/// `data.decode(encoding, errors)`; `object` is the bytes object that has the data, if there is one.
pub fn decode_text(
    vm: &Vm,
    data: &[u8],
    object: Option<&Value>,
    encoding: Option<&str>,
    errors: Option<&str>,
) -> PyResult<Ref<Str>> {
    let Some(known) = known(encoding) else {
        let object = match object {
            Some(v) => v.clone(),
            None => vm.new_bytes(data)?.into_value(),
        };
        return registry::decode_text(vm, &object, encoding.unwrap_or("utf-8"), errors);
    };
    let object = object.filter(|v| v.downcast_ref::<Bytes>().is_some());
    let text = match known {
        Known::Utf8 | Known::Ascii if data.is_ascii() => {
            return vm.new_str_text(TextRef::One(data));
        }
        Known::Latin1 => return vm.new_str_text(TextRef::One(data)),
        Known::Utf8 => {
            if let Ok(s) = std::str::from_utf8(data) {
                return vm.new_str(s);
            }
            decode_with(vm, &mut Utf8, data, object, errors, true)?.0
        }
        Known::Utf16 => decode_with(vm, &mut Utf16::default(), data, object, errors, true)?.0,
        Known::Utf32 => decode_with(vm, &mut Utf32::default(), data, object, errors, true)?.0,
        Known::Ascii => decode_with(vm, &mut Ascii, data, object, errors, true)?.0,
    };
    vm.new_str_buf(&text)
}
