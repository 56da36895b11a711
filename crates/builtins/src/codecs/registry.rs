//! The registry of codecs: search functions, what they found, and error handlers by name. Each interpreter has its own.

use std::cell::RefCell;

use rustc_hash::FxHashMap;
use taipan_object::{Bytes, PyResult, Ref, Str, Tuple, Value, Vm};

use crate::util;

/// What an interpreter knows of codecs.
#[derive(Default)]
struct Registry {
    search: RefCell<Vec<Value>>,
    found: RefCell<FxHashMap<String, Value>>,
    errors: RefCell<FxHashMap<String, Value>>,
}

/// An encoding's name as search functions get it: lowercase, runs of punctuation turned into underscores.
pub fn normalize(encoding: &str) -> String {
    let mut out = Vec::with_capacity(encoding.len());
    let mut punctuation = false;
    // The bytes of what is not ASCII are punctuation, as their character is.
    for c in encoding.bytes() {
        if c.is_ascii_alphanumeric() || c == b'.' {
            if punctuation && !out.is_empty() {
                out.push(b'_');
            }
            punctuation = false;
            out.push(c.to_ascii_lowercase());
        } else {
            punctuation = true;
        }
    }
    String::from_utf8(out).unwrap_or_default()
}

/// `codecs.register(search_function)`
pub fn register(vm: &Vm, search: &Value) -> PyResult<()> {
    if !vm.is_callable(search) {
        return Err(vm.type_error("argument must be callable"));
    }
    vm.state::<Registry>()
        .search
        .borrow_mut()
        .push(search.clone());
    Ok(())
}

/// `codecs.unregister(search_function)`
pub fn unregister(vm: &Vm, search: &Value) {
    let state = vm.state::<Registry>();
    let (gone, forgotten) = {
        let mut all = state.search.borrow_mut();
        match all.iter().position(|f| f.is(search)) {
            Some(i) => (
                Some(all.remove(i)),
                std::mem::take(&mut *state.found.borrow_mut()),
            ),
            None => (None, FxHashMap::default()),
        }
    };
    // Dropped here, where nothing is borrowed.
    drop((gone, forgotten));
}

/// `codecs.lookup(encoding)`: a tuple of four, usually a `CodecInfo`.
pub fn lookup(vm: &Vm, encoding: &str) -> PyResult<Ref<Tuple>> {
    let name = normalize(encoding);
    let state = vm.state::<Registry>();
    let found = state.found.borrow().get(&name).cloned();
    if let Some(t) = found.and_then(|v| v.downcast::<Tuple>().ok()) {
        return Ok(t);
    }
    if state.search.borrow().is_empty() {
        // The module registers the search function of the standard encodings.
        vm.import("encodings")?;
    }
    let argument = vm.new_str(&name)?.into_value();
    let mut i = 0;
    loop {
        let search = state.search.borrow().get(i).cloned();
        let Some(search) = search else {
            return Err(vm.lookup_error(&format!("unknown encoding: {encoding}")));
        };
        i += 1;
        let result = vm.call1(&search, &argument)?;
        if vm.is_none(&result) {
            continue;
        }
        let Some(codec) = result.downcast_ref::<Tuple>().filter(|t| t.len() == 4) else {
            return Err(vm.type_error("codec search functions must return 4-tuples"));
        };
        let codec = codec.clone();
        let old = state.found.borrow_mut().insert(name, result.clone());
        drop(old);
        return Ok(codec);
    }
}

/// `codecs.register_error(name, handler)`
pub fn register_error(vm: &Vm, name: &str, handler: &Value) -> PyResult<()> {
    if !vm.is_callable(handler) {
        return Err(vm.type_error("handler must be callable"));
    }
    let state = vm.state::<Registry>();
    let old = state
        .errors
        .borrow_mut()
        .insert(name.to_owned(), handler.clone());
    drop(old);
    Ok(())
}

/// Forgets a registered error handler; whether there was one.
pub fn unregister_error(vm: &Vm, name: &str) -> bool {
    let state = vm.state::<Registry>();
    let old = state.errors.borrow_mut().remove(name);
    old.is_some()
}

/// A handler that was registered under that name.
pub fn registered(vm: &Vm, name: &str) -> Option<Value> {
    vm.state::<Registry>().errors.borrow().get(name).cloned()
}

/// `codecs.lookup_error(name)` for handlers that were registered.
pub fn lookup_error(vm: &Vm, name: &str) -> PyResult {
    let state = vm.state::<Registry>();
    let found = state.errors.borrow().get(name).cloned();
    match found {
        Some(f) => Ok(f),
        None => Err(vm.lookup_error(&format!("unknown error handler name '{name}'"))),
    }
}

/// Adds to the pending exception which codec was at work.
fn with_note<T>(vm: &Vm, result: PyResult<T>, operation: &str, encoding: &str) -> PyResult<T> {
    let raised = match result {
        Ok(v) => return Ok(v),
        Err(raised) => raised,
    };
    let exc = vm.take_raised(raised);
    let note = format!("{operation} with '{encoding}' codec failed");
    let noted = vm
        .new_str(&note)
        .and_then(|n| vm.call_method_str(&exc, "add_note", &[n.into_value()]));
    if noted.is_err() {
        vm.clear_exception();
    }
    Err(vm.raise_as_is(exc))
}

fn call_codec(
    vm: &Vm,
    codec: &Ref<Tuple>,
    which: usize,
    object: &Value,
    encoding: &str,
    errors: Option<&str>,
) -> PyResult {
    let (operation, message) = match which {
        0 => ("encoding", "encoder must return a tuple (object, integer)"),
        _ => ("decoding", "decoder must return a tuple (object,integer)"),
    };
    let Some(f) = codec.get(which) else {
        return Err(vm.type_error(message));
    };
    let mut args = vec![object.clone()];
    if let Some(errors) = errors {
        args.push(vm.new_str(errors)?.into_value());
    }
    let result = with_note(vm, vm.call_pos(&f, &args), operation, encoding)?;
    let first = match result.downcast_ref::<Tuple>() {
        Some(t) if t.len() == 2 => t.get(0),
        _ => None,
    };
    first.ok_or_else(|| vm.type_error(message))
}

/// `codecs.encode(object, encoding, errors)`
pub fn encode_object(vm: &Vm, object: &Value, encoding: &str, errors: Option<&str>) -> PyResult {
    let codec = lookup(vm, encoding)?;
    call_codec(vm, &codec, 0, object, encoding, errors)
}

/// `codecs.decode(object, encoding, errors)`
pub fn decode_object(vm: &Vm, object: &Value, encoding: &str, errors: Option<&str>) -> PyResult {
    let codec = lookup(vm, encoding)?;
    call_codec(vm, &codec, 1, object, encoding, errors)
}

/// A codec between text and bytes; others are only for `codecs.encode` and `codecs.decode`.
fn text_codec(vm: &Vm, encoding: &str, alternative: &str) -> PyResult<Ref<Tuple>> {
    let codec = lookup(vm, encoding)?;
    if util::is_exactly(vm, codec.as_value(), &vm.types().tuple) {
        return Ok(codec);
    }
    if let Some(flag) = vm.getattr_opt(codec.as_value(), &vm.names()._is_text_encoding)?
        && !vm.is_true(&flag)?
    {
        return Err(vm.lookup_error(&format!(
            "'{encoding}' is not a text encoding; use {alternative} to handle arbitrary codecs"
        )));
    }
    Ok(codec)
}

/// `str.encode` with an encoding that has to be looked up.
pub fn encode_text(vm: &Vm, s: &Ref<Str>, encoding: &str, errors: Option<&str>) -> PyResult {
    let codec = text_codec(vm, encoding, "codecs.encode()")?;
    let v = call_codec(vm, &codec, 0, s.as_value(), encoding, errors)?;
    if v.downcast_ref::<Bytes>().is_some() {
        return Ok(v);
    }
    if let Some(b) = v.downcast_ref::<crate::bytearray_::ByteArray>() {
        vm.warn(
            &vm.exc().RuntimeWarning,
            &format!("encoder {encoding} returned bytearray instead of bytes; use codecs.encode() to encode to arbitrary types"),
            1,
        )?;
        return Ok(vm.new_bytes(&b.to_vec())?.into_value());
    }
    Err(vm.type_error(&format!(
        "'{encoding}' encoder returned '{}' instead of 'bytes'; use codecs.encode() to encode to arbitrary types",
        vm.type_name(&v)
    )))
}

/// `bytes.decode` with an encoding that has to be looked up.
pub fn decode_text(
    vm: &Vm,
    object: &Value,
    encoding: &str,
    errors: Option<&str>,
) -> PyResult<Ref<Str>> {
    let codec = text_codec(vm, encoding, "codecs.decode()")?;
    let v = call_codec(vm, &codec, 1, object, encoding, errors)?;
    v.downcast::<Str>().map_err(|v| {
        vm.type_error(&format!(
            "'{encoding}' decoder returned '{}' instead of 'str'; use codecs.decode() to decode to arbitrary types",
            vm.type_name(&v)
        ))
    })
}
