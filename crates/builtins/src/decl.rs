//! Short forms of native declarations, for methods that need no conversion of arguments.

use taipan_object::native::{GetSetDef, NativeCode, NativeDef, NativeKind};
use taipan_object::{PyResult, Value, Vm};

/// A function without arguments beside `self`.
pub(crate) type NoArgs = fn(&Vm, &Value) -> PyResult;
/// A method; its kind, signature and doc can be changed by the functions below.
pub(crate) const fn method(
    name: &'static str,
    sig: &'static str,
    doc: &'static str,
    code: NativeCode,
) -> NativeDef {
    NativeDef {
        name,
        text_signature: Some(sig),
        doc: Some(doc),
        kind: NativeKind::Method,
        code,
    }
}

/// A method whose documentation shows no signature.
pub(crate) const fn plain(name: &'static str, doc: &'static str, code: NativeCode) -> NativeDef {
    NativeDef {
        name,
        text_signature: None,
        doc: Some(doc),
        kind: NativeKind::Method,
        code,
    }
}

/// The same as a class method.
pub(crate) const fn on_class(def: NativeDef) -> NativeDef {
    NativeDef {
        kind: NativeKind::ClassMethod,
        ..def
    }
}

/// A computed attribute.
pub(crate) const fn attribute(
    name: &'static str,
    doc: Option<&'static str>,
    get: NoArgs,
    set: Option<fn(&Vm, &Value, Option<&Value>) -> PyResult<()>>,
) -> GetSetDef {
    GetSetDef {
        name,
        doc,
        get: Some(get),
        set,
        member: false,
    }
}

/// An attribute that is a field of the instance in CPython.
pub(crate) const fn member(
    name: &'static str,
    doc: Option<&'static str>,
    get: NoArgs,
    set: Option<fn(&Vm, &Value, Option<&Value>) -> PyResult<()>>,
) -> GetSetDef {
    GetSetDef {
        member: true,
        ..attribute(name, doc, get, set)
    }
}
