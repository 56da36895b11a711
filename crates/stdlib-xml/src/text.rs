//! What both modules do with the parser's texts and encodings.

use taipan_object::{Bytes, PyResult, Ref, Str, Value, Vm};
use taipan_xml::Parser;

/// A string of the parser's UTF-8.
pub(crate) fn string(vm: &Vm, text: &[u8]) -> PyResult<Ref<Str>> {
    match std::str::from_utf8(text) {
        Ok(text) => vm.new_str(text),
        Err(_) => vm.new_str(&String::from_utf8_lossy(text)),
    }
}

/// A string, or None.
pub(crate) fn string_or_none(vm: &Vm, text: Option<&[u8]>) -> PyResult {
    match text {
        Some(text) => Ok(string(vm, text)?.into_value()),
        None => Ok(vm.none()),
    }
}

/// The UTF-8 of a string; UnicodeEncodeError when it has none.
pub(crate) fn utf8<'a>(
    vm: &Vm,
    s: &'a Value,
    text: &'a Ref<Str>,
) -> PyResult<std::borrow::Cow<'a, str>> {
    if let Some(text) = text.to_str() {
        return Ok(text);
    }
    // It is encoded for the error.
    let encoded = vm.call_method_str(s, "encode", &[vm.new_str("utf-8")?.into_value()])?;
    match encoded.downcast_ref::<Bytes>() {
        Some(bytes) => Ok(String::from_utf8_lossy(bytes.as_slice())
            .into_owned()
            .into()),
        None => Err(vm.type_error("encoder did not return a bytes object")),
    }
}

/// What the bytes of an encoding stand for that the parser does not know, by the codec of that name. It has to be one of
/// single bytes.
pub(crate) fn encoding_map(vm: &Vm, name: &[u8]) -> PyResult<Box<[Option<u32>; 256]>> {
    let bytes: Vec<u8> = (0..=255).collect();
    let name = String::from_utf8_lossy(name);
    let decoded =
        taipan_builtins::codecs::decode_text(vm, &bytes, None, Some(&name), Some("replace"))?;
    if decoded.len() != 256 {
        return Err(vm.value_error("multi-byte encodings are not supported"));
    }
    let mut map = Box::new([None; 256]);
    taipan_text::with_text!(decoded.text(), units => {
        for (place, unit) in map.iter_mut().zip(units) {
            use taipan_text::Unit;
            let code = unit.code();
            *place = (code != 0xFFFD).then_some(code);
        }
    });
    Ok(map)
}

/// Answers the parser's question for an encoding; the exception stays pending when there is none.
pub(crate) fn answer_encoding(vm: &Vm, parser: &std::cell::RefCell<Parser>, name: &[u8]) {
    // Without a map, the parser ends with an error; the exception comes before that.
    let map = encoding_map(vm, name).ok();
    parser.borrow_mut().answer_encoding(map);
}
