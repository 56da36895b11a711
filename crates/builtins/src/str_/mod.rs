//! `str`: the type, its constructor, operators and slots. The payload is in the object crate (`containers/string.rs`);
//! the methods are in the files beside this one: `methods.rs` (case, padding, stripping), `find.rs` (searching),
//! `split.rs` (splitting and joining), `translate.rs`, `format.rs` (`str.format`), `percent.rs` (`%`), `iter.rs`.

mod find;
mod format;
pub mod functions;
mod iter;
mod methods;
mod percent;
mod split;
pub mod string_module;
mod translate;

pub use find::{PREFIX, SUB, SUFFIX, adjust, bounds, searching};
pub use functions::{FUNCTIONS, ascii, format};
pub use percent::{Fetch, Number, number_argument};
pub use split::{join_values, str_join};

use taipan_macros::pymethods;
use taipan_numeric::NumericError;
use taipan_numeric::format::format_str;
use taipan_numeric::spec::FormatSpec;
use taipan_object::{
    Bytes, CompareOp, Payload, PyResult, Raised, Ref, Str, TypeObject, TypeSpec, Value, Vm,
};
use taipan_text::{TextBuf, search};

use crate::{Family, codecs, util};

/// This folder's types.
pub const FAMILY: Family = Family {
    core: &[(|vm| &vm.types().str, &STR)],
    types: &[
        &iter::STR_ITER,
        &iter::STR_ASCII_ITER,
        &string_module::FORMATTER_ITER,
        &string_module::FIELD_NAME_ITER,
    ],
    init: None,
};

/// `str`
pub static STR: TypeSpec = TypeSpec {
    doc: Some(
        "str(object='') -> str\nstr(bytes_or_buffer[, encoding[, errors]]) -> str\n\nText made of an object, or decoded from bytes when an encoding or an error handler is given.\nOtherwise the result is that of object.__str__() (if defined) or repr(object).",
    ),
    parts: &[
        &STR_SLOTS,
        &methods::STR_METHODS,
        &find::STR_FIND,
        &split::STR_SPLIT,
        &translate::STR_TRANSLATE,
        &format::STR_FORMAT,
    ],
    ..TypeSpec::new("str", "builtins", <Str as Payload>::layout)
};

/// Raises what an error of the numeric crate stands for.
#[cold]
pub fn numeric_error(vm: &Vm, e: &NumericError) -> Raised {
    match e {
        NumericError::Value(m) => vm.value_error(m),
        NumericError::Overflow(m) => vm.overflow_error(m),
        NumericError::Memory => vm.no_memory(),
    }
}

/// The string itself if it is an exact `str`, else an exact copy.
pub fn exact(vm: &Vm, s: &Ref<Str>) -> PyResult<Ref<Str>> {
    vm.substring(s, 0, s.len())
}

fn new(
    vm: &Vm,
    object: Option<&Value>,
    encoding: Option<&str>,
    errors: Option<&str>,
) -> PyResult<Ref<Str>> {
    let Some(object) = object else {
        return vm.new_str("");
    };
    if encoding.is_none() && errors.is_none() {
        return vm.str(object);
    }
    if let Some(bytes) = object.downcast_ref::<Bytes>() {
        return codecs::decode_text(vm, bytes.as_slice(), Some(object), encoding, errors);
    }
    if object.downcast_ref::<Str>().is_some() {
        return Err(vm.type_error("decoding str is not supported"));
    }
    if vm
        .type_of(object)
        .payload
        .slots
        .bf_getbuffer
        .get()
        .is_none()
    {
        return Err(vm.type_error(&format!(
            "decoding to str: need a bytes-like object, {} found",
            vm.type_name(object)
        )));
    }
    let bytes = vm.get_buffer(object, false)?.to_vec();
    codecs::decode_text(vm, &bytes, None, encoding, errors)
}

/// `s * n`
pub fn repeat(vm: &Vm, s: &Ref<Str>, n: isize) -> PyResult<Ref<Str>> {
    let n = n.max(0) as usize;
    if n == 0 || s.is_empty() {
        return vm.new_str("");
    }
    if n == 1 {
        return exact(vm, s);
    }
    let len = s.len().checked_mul(n).ok_or_else(|| vm.no_memory())?;
    if s.len() == 1 {
        let c = s.text().get(0).unwrap_or(0);
        return vm.new_str_filled(len, s.form(), |out| out.push_repeat(c, n));
    }
    vm.new_str_filled(len, s.form(), |out| out.push_copies(s))
}

/// The string of one code point of another string.
#[inline]
fn char_at(vm: &Vm, s: &Ref<Str>, i: usize) -> PyResult {
    match s.text().get(i) {
        Some(c) => Ok(vm.char_str(c)?.into_value()),
        None => Err(vm.index_error("string index out of range")),
    }
}

/// Concatenates, without copying when one of the two is empty.
#[inline]
pub fn concat(vm: &Vm, a: &Ref<Str>, b: &Ref<Str>) -> PyResult<Ref<Str>> {
    if a.is_empty() {
        return exact(vm, b);
    }
    if b.is_empty() {
        return exact(vm, a);
    }
    vm.concat_str(a, b)
}

/// Holder of the slots of `str`.
pub struct StrSlots;

#[pymethods(STR_SLOTS)]
impl StrSlots {
    #[pyslot(
        name = "str",
        params = "(object=<unrepresentable>, encoding=<unrepresentable>, errors=<unrepresentable>)"
    )]
    fn tp_new(
        vm: &Vm,
        cls: &Ref<TypeObject>,
        object: Option<&Value>,
        encoding: Option<&str>,
        errors: Option<&str>,
    ) -> PyResult<Ref<Str>> {
        let s = new(vm, object, encoding, errors)?;
        if cls.is(&vm.types().str) {
            return Ok(s);
        }
        vm.new_str_of(cls, &s)
    }

    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Str>) -> PyResult<Ref<Str>> {
        vm.new_str_buf(&taipan_unicode::repr::repr_str(this.text()))
    }

    #[pyslot]
    fn tp_str(vm: &Vm, this: &Ref<Str>) -> PyResult<Ref<Str>> {
        exact(vm, this)
    }

    #[pyslot]
    fn tp_hash(vm: &Vm, this: &Ref<Str>) -> PyResult<i64> {
        Ok(this.hash(vm))
    }

    #[pyslot]
    fn tp_richcompare(vm: &Vm, this: &Ref<Str>, other: &Value, op: CompareOp) -> PyResult {
        let Some(other) = other.downcast_ref::<Str>() else {
            return Ok(vm.not_implemented());
        };
        Ok(vm.bool(match op {
            CompareOp::Eq => this.same_text(other),
            CompareOp::Ne => !this.same_text(other),
            _ => op.matches(this.text().cmp(&other.text())),
        }))
    }

    #[pyslot]
    fn tp_iter(vm: &Vm, this: &Ref<Str>) -> PyResult {
        iter::new(vm, this)
    }

    #[pyslot]
    fn sq_length(this: &Ref<Str>) -> usize {
        this.len()
    }

    #[pyslot]
    fn mp_length(this: &Ref<Str>) -> usize {
        this.len()
    }

    #[pyslot]
    fn sq_concat(vm: &Vm, this: &Ref<Str>, other: &Value) -> PyResult<Ref<Str>> {
        match other.downcast_ref::<Str>() {
            Some(other) => concat(vm, this, other),
            None => Err(util::type_error_for(
                vm,
                "can only concatenate str (not \"",
                other,
                "\") to str",
            )),
        }
    }

    #[pyslot]
    fn sq_repeat(vm: &Vm, this: &Ref<Str>, n: isize) -> PyResult<Ref<Str>> {
        repeat(vm, this, n)
    }

    #[pyslot]
    fn sq_item(vm: &Vm, this: &Ref<Str>, i: isize) -> PyResult {
        char_at(vm, this, usize::try_from(i).unwrap_or(usize::MAX))
    }

    #[pyslot]
    fn sq_contains(vm: &Vm, this: &Ref<Str>, value: &Value) -> PyResult<bool> {
        match value.downcast_ref::<Str>() {
            Some(s) => Ok(search::contains(this.text(), s.text())),
            None => Err(util::type_error_for(
                vm,
                "'in <string>' requires string as left operand, not ",
                value,
                "",
            )),
        }
    }

    #[pyslot]
    fn mp_subscript(vm: &Vm, this: &Ref<Str>, key: &Value) -> PyResult {
        if let Some(slice) = util::as_slice(vm, key) {
            let r = slice.range(vm, || this.len())?;
            if r.step == 1 {
                let start = r.start as usize;
                return Ok(vm.substring(this, start, start + r.count)?.into_value());
            }
            if r.count == 0 {
                return Ok(vm.new_str("")?.into_value());
            }
            let part = this.text().slice_step(r.start as usize, r.step, r.count);
            return Ok(vm.new_str_buf(&part)?.into_value());
        }
        if !vm.has_index(key) {
            return Err(util::type_error_for(
                vm,
                "string indices must be integers, not '",
                key,
                "'",
            ));
        }
        let i = util::position(vm, key)?;
        char_at(vm, this, util::wrap(i, this.len()).unwrap_or(usize::MAX))
    }

    #[pyslot]
    fn nb_remainder(vm: &Vm, a: &Value, b: &Value) -> PyResult {
        match a.downcast_ref::<Str>() {
            Some(format) => percent::format(vm, format, b),
            None => Ok(vm.not_implemented()),
        }
    }

    /// Return a formatted version of the string as described by format_spec.
    #[pymethod(sig = "($self, format_spec, /)")]
    fn __format__(vm: &Vm, this: &Ref<Str>, format_spec: &Ref<Str>) -> PyResult<Ref<Str>> {
        if format_spec.is_empty() {
            return if util::is_exactly(vm, this.as_value(), &vm.types().str) {
                Ok(this.clone())
            } else {
                vm.str(this.as_value())
            };
        }
        let mut out = TextBuf::new();
        FormatSpec::for_str(format_spec.text(), "str")
            .and_then(|spec| format_str(&spec, "str", this.text(), &mut out))
            .map_err(|e| numeric_error(vm, &e))?;
        vm.new_str_buf(&out)
    }

    /// The arguments of __new__ that make an equal string.
    #[pymethod(sig = "($self, /)", doc = "")]
    fn __getnewargs__(vm: &Vm, this: &Ref<Str>) -> PyResult<(Ref<Str>,)> {
        Ok((vm.new_str_text(this.text())?,))
    }

    /// Return the size of the string in memory, in bytes.
    #[pymethod(sig = "($self, /)")]
    fn __sizeof__(this: &Ref<Str>) -> usize {
        // What CPython's object takes, terminator included.
        let head = if this.is_ascii() { 40 } else { 56 };
        head + (this.len() + 1) * this.form().width()
    }
}
