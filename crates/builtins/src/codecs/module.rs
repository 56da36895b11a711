//! Module `_codecs`: the registry's functions, and each codec as a pair of functions.

use taipan_codecs::escape::{
    EscapeError, OnBadHex, escape_decode as read_escapes, escape_encode as write_escapes,
};
use taipan_codecs::{
    Ascii, ByteOrder, Decoder, Encoder, Latin1, RawUnicodeEscape, UnicodeEscape, Utf7, Utf8, Utf16,
    Utf32,
};
use taipan_macros::pyfunctions;
use taipan_object::{Bytes, ModuleSpec, PyResult, Ref, Str, Tuple, Value, Vm};

use super::{charmap, decode_with, encode_with, registry};
use crate::bytes_::shared::{BytesArg, bytes_of};

/// `_codecs`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_codecs",
    doc: None,
    functions: &[functions::FUNCTIONS],
    types: &[],
    exec: None,
};

type Encoded = (Ref<Bytes>, usize);
type Decoded = (Ref<Str>, usize);

fn encoded(
    vm: &Vm,
    codec: &mut dyn Encoder,
    s: &Ref<Str>,
    errors: Option<&str>,
) -> PyResult<Encoded> {
    let bytes = encode_with(vm, codec, s, errors)?;
    Ok((vm.new_bytes(&bytes)?, s.len()))
}

fn decoded(
    vm: &Vm,
    codec: &mut dyn Decoder,
    data: &[u8],
    errors: Option<&str>,
    last: bool,
) -> PyResult<Decoded> {
    let (text, used) = decode_with(vm, codec, data, None, errors, last)?;
    Ok((vm.new_str_buf(&text)?, used))
}

/// The data of a decoder that takes text, too.
fn text_or_bytes<'a>(vm: &Vm, v: &'a Value) -> PyResult<BytesArg<'a>> {
    match v.downcast_ref::<Str>() {
        Some(s) => {
            let text = taipan_object::convert::utf8(vm, s)?;
            Ok(BytesArg::Copy(text.into_owned().into_bytes()))
        }
        None => bytes_of(vm, v),
    }
}

fn order(byteorder: i32) -> ByteOrder {
    match byteorder {
        0 => ByteOrder::Mark,
        i32::MIN..=-1 => ByteOrder::Little,
        _ => ByteOrder::Big,
    }
}

fn order_number(order: ByteOrder) -> i32 {
    match order {
        ByteOrder::Mark => 0,
        ByteOrder::Little => -1,
        ByteOrder::Big => 1,
    }
}

fn warn_escape(vm: &Vm, e: &taipan_codecs::escape::InvalidEscape) -> PyResult<()> {
    let kind = if e.octal.is_some() { "octal " } else { "" };
    let message = format!(
        "\"\\{}\" is an invalid {kind}escape sequence. Such sequences will not work in the future. ",
        e.shown()
    );
    vm.warn(&vm.exc().DeprecationWarning, &message, 1)
}

/// The modules of this folder.
#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// Register a codec search function.
    ///
    /// Search functions are expected to take one argument, the encoding name in
    /// all lower case letters, and either return None, or a tuple of functions
    /// (encoder, decoder, stream_reader, stream_writer) (or a CodecInfo object).
    #[pyfunction(sig = "($module, search_function, /)")]
    fn register(vm: &Vm, search_function: &Value) -> PyResult<()> {
        registry::register(vm, search_function)
    }

    /// Unregister a codec search function and clear the registry's cache.
    ///
    /// If the search function is not registered, do nothing.
    #[pyfunction(sig = "($module, search_function, /)")]
    fn unregister(vm: &Vm, search_function: &Value) {
        registry::unregister(vm, search_function);
    }

    /// Looks up a codec tuple in the Python codec registry and returns a CodecInfo object.
    #[pyfunction(sig = "($module, encoding, /)")]
    fn lookup(vm: &Vm, encoding: &str) -> PyResult<Ref<Tuple>> {
        registry::lookup(vm, encoding)
    }

    /// Encodes obj using the codec registered for encoding.
    ///
    /// The default encoding is 'utf-8', the default error handler 'strict'.
    #[pyfunction(sig = "($module, /, obj, encoding='utf-8', errors='strict')")]
    fn encode(vm: &Vm, obj: &Value, encoding: &str, errors: Option<&str>) -> PyResult {
        registry::encode_object(vm, obj, encoding, errors)
    }

    /// Decodes obj using the codec registered for encoding.
    ///
    /// The default encoding is 'utf-8', the default error handler 'strict'.
    #[pyfunction(sig = "($module, /, obj, encoding='utf-8', errors='strict')")]
    fn decode(vm: &Vm, obj: &Value, encoding: &str, errors: Option<&str>) -> PyResult {
        registry::decode_object(vm, obj, encoding, errors)
    }

    #[pyfunction(sig = "($module, data, errors=None, /)", doc = "")]
    fn escape_encode(vm: &Vm, data: &Ref<Bytes>, errors: Option<&str>) -> PyResult<Encoded> {
        let _ = errors;
        Ok((vm.new_bytes(&write_escapes(data.as_slice()))?, data.len()))
    }

    #[pyfunction(sig = "($module, data, errors=None, /)", doc = "")]
    fn escape_decode(vm: &Vm, data: &Value, errors: Option<&str>) -> PyResult<Encoded> {
        let data = text_or_bytes(vm, data)?;
        let mode = match errors {
            None | Some("strict") => OnBadHex::Strict,
            Some("replace") => OnBadHex::Replace,
            Some("ignore") => OnBadHex::Ignore,
            Some(other) => {
                return Err(vm.value_error(&format!(
                    "decoding error; unknown error handling code: {other}"
                )));
            }
        };
        match read_escapes(&data, mode) {
            Ok((bytes, invalid)) => {
                if let Some(e) = invalid {
                    warn_escape(vm, &e)?;
                }
                Ok((vm.new_bytes(&bytes)?, data.len()))
            }
            Err(EscapeError::Trailing) => Err(vm.value_error("Trailing \\ in string")),
            Err(EscapeError::Hex(at)) => {
                Err(vm.value_error(&format!("invalid \\x escape at position {at}")))
            }
        }
    }

    #[pyfunction(sig = "($module, str, errors=None, /)", doc = "")]
    fn utf_8_encode(vm: &Vm, str: &Ref<Str>, errors: Option<&str>) -> PyResult<Encoded> {
        encoded(vm, &mut Utf8, str, errors)
    }

    #[pyfunction(sig = "($module, data, errors=None, final=False, /)", doc = "")]
    fn utf_8_decode(
        vm: &Vm,
        data: BytesArg<'_>,
        errors: Option<&str>,
        r#final: bool,
    ) -> PyResult<Decoded> {
        decoded(vm, &mut Utf8, &data, errors, r#final)
    }

    #[pyfunction(sig = "($module, str, errors=None, /)", doc = "")]
    fn utf_7_encode(vm: &Vm, str: &Ref<Str>, errors: Option<&str>) -> PyResult<Encoded> {
        encoded(vm, &mut Utf7::default(), str, errors)
    }

    #[pyfunction(sig = "($module, data, errors=None, final=False, /)", doc = "")]
    fn utf_7_decode(
        vm: &Vm,
        data: BytesArg<'_>,
        errors: Option<&str>,
        r#final: bool,
    ) -> PyResult<Decoded> {
        decoded(vm, &mut Utf7::default(), &data, errors, r#final)
    }

    #[pyfunction(sig = "($module, str, errors=None, byteorder=0, /)", doc = "")]
    fn utf_16_encode(
        vm: &Vm,
        str: &Ref<Str>,
        errors: Option<&str>,
        byteorder: i32,
    ) -> PyResult<Encoded> {
        encoded(
            vm,
            &mut Utf16 {
                order: order(byteorder),
            },
            str,
            errors,
        )
    }

    #[pyfunction(sig = "($module, str, errors=None, /)", doc = "")]
    fn utf_16_le_encode(vm: &Vm, str: &Ref<Str>, errors: Option<&str>) -> PyResult<Encoded> {
        encoded(
            vm,
            &mut Utf16 {
                order: ByteOrder::Little,
            },
            str,
            errors,
        )
    }

    #[pyfunction(sig = "($module, str, errors=None, /)", doc = "")]
    fn utf_16_be_encode(vm: &Vm, str: &Ref<Str>, errors: Option<&str>) -> PyResult<Encoded> {
        encoded(
            vm,
            &mut Utf16 {
                order: ByteOrder::Big,
            },
            str,
            errors,
        )
    }

    #[pyfunction(sig = "($module, data, errors=None, final=False, /)", doc = "")]
    fn utf_16_decode(
        vm: &Vm,
        data: BytesArg<'_>,
        errors: Option<&str>,
        r#final: bool,
    ) -> PyResult<Decoded> {
        decoded(vm, &mut Utf16::default(), &data, errors, r#final)
    }

    #[pyfunction(sig = "($module, data, errors=None, final=False, /)", doc = "")]
    fn utf_16_le_decode(
        vm: &Vm,
        data: BytesArg<'_>,
        errors: Option<&str>,
        r#final: bool,
    ) -> PyResult<Decoded> {
        decoded(
            vm,
            &mut Utf16 {
                order: ByteOrder::Little,
            },
            &data,
            errors,
            r#final,
        )
    }

    #[pyfunction(sig = "($module, data, errors=None, final=False, /)", doc = "")]
    fn utf_16_be_decode(
        vm: &Vm,
        data: BytesArg<'_>,
        errors: Option<&str>,
        r#final: bool,
    ) -> PyResult<Decoded> {
        decoded(
            vm,
            &mut Utf16 {
                order: ByteOrder::Big,
            },
            &data,
            errors,
            r#final,
        )
    }

    #[pyfunction(
        sig = "($module, data, errors=None, byteorder=0, final=False,\n                 /)",
        doc = ""
    )]
    fn utf_16_ex_decode(
        vm: &Vm,
        data: BytesArg<'_>,
        errors: Option<&str>,
        byteorder: i32,
        r#final: bool,
    ) -> PyResult<(Ref<Str>, usize, i32)> {
        let mut codec = Utf16 {
            order: order(byteorder),
        };
        let (text, used) = decoded(vm, &mut codec, &data, errors, r#final)?;
        Ok((text, used, order_number(codec.order)))
    }

    #[pyfunction(sig = "($module, str, errors=None, byteorder=0, /)", doc = "")]
    fn utf_32_encode(
        vm: &Vm,
        str: &Ref<Str>,
        errors: Option<&str>,
        byteorder: i32,
    ) -> PyResult<Encoded> {
        encoded(
            vm,
            &mut Utf32 {
                order: order(byteorder),
            },
            str,
            errors,
        )
    }

    #[pyfunction(sig = "($module, str, errors=None, /)", doc = "")]
    fn utf_32_le_encode(vm: &Vm, str: &Ref<Str>, errors: Option<&str>) -> PyResult<Encoded> {
        encoded(
            vm,
            &mut Utf32 {
                order: ByteOrder::Little,
            },
            str,
            errors,
        )
    }

    #[pyfunction(sig = "($module, str, errors=None, /)", doc = "")]
    fn utf_32_be_encode(vm: &Vm, str: &Ref<Str>, errors: Option<&str>) -> PyResult<Encoded> {
        encoded(
            vm,
            &mut Utf32 {
                order: ByteOrder::Big,
            },
            str,
            errors,
        )
    }

    #[pyfunction(sig = "($module, data, errors=None, final=False, /)", doc = "")]
    fn utf_32_decode(
        vm: &Vm,
        data: BytesArg<'_>,
        errors: Option<&str>,
        r#final: bool,
    ) -> PyResult<Decoded> {
        decoded(vm, &mut Utf32::default(), &data, errors, r#final)
    }

    #[pyfunction(sig = "($module, data, errors=None, final=False, /)", doc = "")]
    fn utf_32_le_decode(
        vm: &Vm,
        data: BytesArg<'_>,
        errors: Option<&str>,
        r#final: bool,
    ) -> PyResult<Decoded> {
        decoded(
            vm,
            &mut Utf32 {
                order: ByteOrder::Little,
            },
            &data,
            errors,
            r#final,
        )
    }

    #[pyfunction(sig = "($module, data, errors=None, final=False, /)", doc = "")]
    fn utf_32_be_decode(
        vm: &Vm,
        data: BytesArg<'_>,
        errors: Option<&str>,
        r#final: bool,
    ) -> PyResult<Decoded> {
        decoded(
            vm,
            &mut Utf32 {
                order: ByteOrder::Big,
            },
            &data,
            errors,
            r#final,
        )
    }

    #[pyfunction(
        sig = "($module, data, errors=None, byteorder=0, final=False,\n                 /)",
        doc = ""
    )]
    fn utf_32_ex_decode(
        vm: &Vm,
        data: BytesArg<'_>,
        errors: Option<&str>,
        byteorder: i32,
        r#final: bool,
    ) -> PyResult<(Ref<Str>, usize, i32)> {
        let mut codec = Utf32 {
            order: order(byteorder),
        };
        let (text, used) = decoded(vm, &mut codec, &data, errors, r#final)?;
        Ok((text, used, order_number(codec.order)))
    }

    #[pyfunction(sig = "($module, str, errors=None, /)", doc = "")]
    fn unicode_escape_encode(vm: &Vm, str: &Ref<Str>, errors: Option<&str>) -> PyResult<Encoded> {
        encoded(vm, &mut UnicodeEscape::default(), str, errors)
    }

    #[pyfunction(sig = "($module, data, errors=None, final=True, /)", doc = "")]
    fn unicode_escape_decode(
        vm: &Vm,
        data: &Value,
        errors: Option<&str>,
        r#final: bool,
    ) -> PyResult<Decoded> {
        let data = text_or_bytes(vm, data)?;
        let mut codec = UnicodeEscape::default();
        let done = decoded(vm, &mut codec, &data, errors, r#final)?;
        if let Some(e) = &codec.first_invalid {
            warn_escape(vm, e)?;
        }
        Ok(done)
    }

    #[pyfunction(sig = "($module, str, errors=None, /)", doc = "")]
    fn raw_unicode_escape_encode(
        vm: &Vm,
        str: &Ref<Str>,
        errors: Option<&str>,
    ) -> PyResult<Encoded> {
        encoded(vm, &mut RawUnicodeEscape, str, errors)
    }

    #[pyfunction(sig = "($module, data, errors=None, final=True, /)", doc = "")]
    fn raw_unicode_escape_decode(
        vm: &Vm,
        data: &Value,
        errors: Option<&str>,
        r#final: bool,
    ) -> PyResult<Decoded> {
        let data = text_or_bytes(vm, data)?;
        decoded(vm, &mut RawUnicodeEscape, &data, errors, r#final)
    }

    #[pyfunction(sig = "($module, str, errors=None, /)", doc = "")]
    fn latin_1_encode(vm: &Vm, str: &Ref<Str>, errors: Option<&str>) -> PyResult<Encoded> {
        encoded(vm, &mut Latin1, str, errors)
    }

    #[pyfunction(sig = "($module, data, errors=None, /)", doc = "")]
    fn latin_1_decode(vm: &Vm, data: BytesArg<'_>, errors: Option<&str>) -> PyResult<Decoded> {
        decoded(vm, &mut Latin1, &data, errors, true)
    }

    #[pyfunction(sig = "($module, str, errors=None, /)", doc = "")]
    fn ascii_encode(vm: &Vm, str: &Ref<Str>, errors: Option<&str>) -> PyResult<Encoded> {
        encoded(vm, &mut Ascii, str, errors)
    }

    #[pyfunction(sig = "($module, data, errors=None, /)", doc = "")]
    fn ascii_decode(vm: &Vm, data: BytesArg<'_>, errors: Option<&str>) -> PyResult<Decoded> {
        decoded(vm, &mut Ascii, &data, errors, true)
    }

    #[pyfunction(sig = "($module, str, errors=None, mapping=None, /)", doc = "")]
    fn charmap_encode(
        vm: &Vm,
        str: &Ref<Str>,
        errors: Option<&str>,
        mapping: Option<&Value>,
    ) -> PyResult<Encoded> {
        let bytes = charmap::encode(vm, str, errors, mapping.filter(|v| !vm.is_none(v)))?;
        Ok((vm.new_bytes(&bytes)?, str.len()))
    }

    #[pyfunction(sig = "($module, data, errors=None, mapping=None, /)", doc = "")]
    fn charmap_decode(
        vm: &Vm,
        data: BytesArg<'_>,
        errors: Option<&str>,
        mapping: Option<&Value>,
    ) -> PyResult<Decoded> {
        let text = charmap::decode(vm, &data, errors, mapping.filter(|v| !vm.is_none(v)))?;
        Ok((vm.new_str_buf(&text)?, data.len()))
    }

    #[pyfunction(sig = "($module, map, /)", doc = "")]
    fn charmap_build(vm: &Vm, map: &Ref<Str>) -> PyResult<Ref<charmap::EncodingMapObject>> {
        vm.new(charmap::EncodingMapObject::new(map))
    }

    #[pyfunction(sig = "($module, data, errors=None, /)", doc = "")]
    fn readbuffer_encode(vm: &Vm, data: &Value, errors: Option<&str>) -> PyResult<Encoded> {
        let _ = errors;
        let bytes = text_or_bytes(vm, data)?;
        Ok((vm.new_bytes(&bytes)?, bytes.len()))
    }

    /// Register the specified error handler under the name errors.
    ///
    /// handler must be a callable object, that
    /// will be called with an exception instance containing
    /// information about the location of the encoding/decoding
    /// error and must return a (replacement, new position) tuple.
    #[pyfunction(sig = "($module, errors, handler, /)")]
    fn register_error(vm: &Vm, errors: &str, handler: &Value) -> PyResult<()> {
        registry::register_error(vm, errors, handler)
    }

    /// Un-register the specified error handler for the error handling 'errors'.
    ///
    /// Only custom error handlers can be un-registered. An exception is raised
    /// if the error handling is a built-in one, or if an error occurs.
    #[pyfunction(sig = "($module, errors, /)")]
    fn _unregister_error(vm: &Vm, errors: &str) -> PyResult<bool> {
        if taipan_codecs::handlers::Handler::from_name(errors).is_some() {
            return Err(vm.value_error(&format!(
                "cannot un-register built-in error handler '{errors}'"
            )));
        }
        Ok(registry::unregister_error(vm, errors))
    }

    /// lookup_error(errors) -> handler
    ///
    /// Return the error handler for the specified error handling name or raise a
    /// LookupError, if no handler exists under this name.
    #[pyfunction(sig = "($module, name, /)")]
    fn lookup_error(vm: &Vm, name: &str) -> PyResult {
        super::super::handlers::lookup(vm, name)
    }
}
