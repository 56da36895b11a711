//! Small helpers that the module's types share.

use taipan_object::containers::string::hash_bytes;
use taipan_object::convert::{ArgContext, FromArg};
use taipan_object::{PyResult, Ref, Str, TypeRef, Value, Vm};

/// The class of an instance, as an object.
pub(crate) fn class_of(vm: &Vm, v: &Value) -> Value {
    vm.type_of(v).to_ref().into_value()
}

/// Puts a constant into a class that is being made.
pub(crate) fn set_class_value(vm: &Vm, ty: &TypeRef, name: &str, value: Value) -> PyResult<()> {
    match ty.dict.get() {
        Some(dict) => dict.set_named(vm, name, value),
        None => Ok(()),
    }
}

/// The hash of a tuple of small ints.
pub(crate) fn state_hash(state: &[i32]) -> i64 {
    taipan_numeric::hash::tuple(state.iter().map(|&n| taipan_numeric::hash::int(n.into())))
}

/// The hash of a packed state, that of the bytes.
pub(crate) fn packed_hash(vm: &Vm, state: &[u8]) -> i64 {
    hash_bytes(vm, state)
}

/// The one argument of a constructor that may be a pickled state of `len` bytes: as bytes, or as a string of Latin-1
/// characters, which is how Python 2's pickles come.
pub(crate) fn pickled_state(
    vm: &Vm,
    v: &Value,
    len: usize,
    what: &str,
    sane: impl Fn(&[u8]) -> bool,
) -> PyResult<Option<Vec<u8>>> {
    if let Some(b) = v.downcast_ref::<taipan_object::Bytes>() {
        let b = b.as_slice();
        return Ok((b.len() == len && sane(b)).then(|| b.to_vec()));
    }
    let Some(s) = v.downcast_ref::<Str>() else {
        return Ok(None);
    };
    if s.len() != len {
        return Ok(None);
    }
    // Characters beyond Latin-1 are an error only when the one that is looked at is plausible.
    let low: Vec<u8> = s
        .text()
        .chars()
        .map(|c| u8::try_from(c).unwrap_or(0xff))
        .collect();
    if !sane(&low) {
        return Ok(None);
    }
    if s.text().chars().any(|c| c > 0xff) {
        return Err(vm.value_error(&format!(
            "Failed to encode latin1 string when unpickling a {what} object. pickle.load(data, encoding='latin1') is assumed."
        )));
    }
    Ok(Some(low))
}

/// An int argument as C's parser for arguments of old style takes it.
pub(crate) fn parsed_int(vm: &Vm, v: &Value) -> PyResult<i32> {
    const NONE: ArgContext = ArgContext {
        function: "",
        argument: "",
    };
    let n = i64::from_arg(vm, v, &NONE)?;
    i32::try_from(n).map_err(|_| {
        vm.overflow_error(if n < 0 {
            "signed integer is less than minimum"
        } else {
            "signed integer is greater than maximum"
        })
    })
}

/// A type's name as messages about arguments show it.
pub(crate) fn shown_type(vm: &Vm, v: &Value) -> String {
    if vm.is_none(v) {
        "None".to_owned()
    } else {
        vm.type_name(v)
    }
}

/// A string argument; `what` is what the message calls it.
pub(crate) fn str_argument<'a>(vm: &Vm, what: &str, v: &'a Value) -> PyResult<&'a Ref<Str>> {
    v.downcast_ref::<Str>()
        .ok_or_else(|| vm.type_error(&format!("{what} must be str, not {}", shown_type(vm, v))))
}

/// A text as code points.
pub(crate) fn codes(s: &Ref<Str>) -> Vec<u32> {
    s.text().chars().collect()
}

/// Raises "Invalid isoformat string: 'text'".
#[cold]
pub(crate) fn invalid_isoformat(vm: &Vm, text: &Value) -> taipan_object::Raised {
    let shown = match vm.repr(text) {
        Ok(s) => s,
        Err(r) => return r,
    };
    let mut message = taipan_text::TextBuf::from("Invalid isoformat string: ");
    message.push_text(shown.text());
    match vm.new_str_buf(&message) {
        Ok(m) => vm.raise_args(&vm.exc().ValueError, vec![m.into_value()]),
        Err(r) => r,
    }
}
