//! Module `_string`: the syntax of format strings for `string.Formatter`.

use std::cell::RefCell;

use taipan_macros::{pyfunctions, pymethods};
use taipan_object::{
    ModuleSpec, Payload, PyResult, Ref, Str, TypeSpec, Value, Vm, payload, tpflags,
};

use super::format::{FieldName, Markup, Part};
use crate::util;

/// `_string`
pub static MODULE: ModuleSpec = ModuleSpec {
    name: "_string",
    doc: Some("string helper module"),
    functions: &[functions::FUNCTIONS],
    types: &[],
    exec: None,
};

/// The payload of `formatteriterator`.
pub struct FormatterIter {
    string: Ref<Str>,
    markup: RefCell<Markup>,
}

payload!(FormatterIter, leaf);

/// `formatteriterator`
pub static FORMATTER_ITER: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    parts: &[&FORMATTER_ITER_METHODS],
    ..TypeSpec::new(
        "formatteriterator",
        "builtins",
        <FormatterIter as Payload>::layout,
    )
};

#[pymethods(FORMATTER_ITER_METHODS)]
impl FormatterIter {
    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(&self, vm: &Vm) -> PyResult<Option<Value>> {
        let s = &self.string;
        let next = self.markup.borrow_mut().next(vm, s.text())?;
        let Some((literal, field)) = next else {
            return Ok(None);
        };
        let part = |r: std::ops::Range<usize>| Ok(vm.substring(s, r.start, r.end)?.into_value());
        let literal = part(literal)?;
        let rest = match field {
            None => [vm.none(), vm.none(), vm.none()],
            Some(f) => {
                let conversion = match f.conversion {
                    Some(c) => vm.char_str(c)?.into_value(),
                    None => vm.none(),
                };
                [part(f.name)?, part(f.spec)?, conversion]
            }
        };
        let [name, spec, conversion] = rest;
        util::tuple(vm, [literal, name, spec, conversion]).map(Some)
    }
}

/// The payload of `fieldnameiterator`.
pub struct FieldNameIter {
    string: Ref<Str>,
    rest: RefCell<FieldName>,
}

payload!(FieldNameIter, leaf);

/// `fieldnameiterator`
pub static FIELD_NAME_ITER: TypeSpec = TypeSpec {
    flags: tpflags::DISALLOW_INSTANTIATION,
    parts: &[&FIELD_NAME_ITER_METHODS],
    ..TypeSpec::new(
        "fieldnameiterator",
        "builtins",
        <FieldNameIter as Payload>::layout,
    )
};

#[pymethods(FIELD_NAME_ITER_METHODS)]
impl FieldNameIter {
    #[pyslot]
    fn tp_iter(this: &Ref<Self>) -> Ref<Self> {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(&self, vm: &Vm) -> PyResult<Option<Value>> {
        let s = &self.string;
        let next = self.rest.borrow_mut().next(vm, s.text())?;
        let (attribute, value) = match next {
            None => return Ok(None),
            Some(Part::Attribute(r)) => (true, vm.substring(s, r.start, r.end)?.into_value()),
            Some(Part::Item(r)) => (false, vm.substring(s, r.start, r.end)?.into_value()),
            Some(Part::Index(i)) => (false, vm.new_usize(i)?),
        };
        util::tuple(vm, [vm.bool(attribute), value]).map(Some)
    }
}

fn string<'a>(vm: &Vm, v: &'a Value) -> PyResult<&'a Ref<Str>> {
    match v.downcast_ref::<Str>() {
        Some(s) => Ok(s),
        None => Err(util::type_error_for(vm, "expected str, got ", v, "")),
    }
}

#[pyfunctions(FUNCTIONS)]
mod functions {
    use super::*;

    /// parse the argument as a format string
    #[pyfunction(params = "($module, format_string, /)")]
    fn formatter_parser(vm: &Vm, format_string: &Value) -> PyResult<Ref<FormatterIter>> {
        let s = string(vm, format_string)?;
        vm.new(FormatterIter {
            string: s.clone(),
            markup: RefCell::new(Markup::new(0..s.len())),
        })
    }

    /// split the argument as a field name
    #[pyfunction(params = "($module, field_name, /)")]
    fn formatter_field_name_split(vm: &Vm, field_name: &Value) -> PyResult {
        let s = string(vm, field_name)?;
        let (first, index, rest) = FieldName::split(vm, s.text(), 0..s.len())?;
        let first = match index {
            Some(i) => vm.new_usize(i)?,
            None => vm.substring(s, first.start, first.end)?.into_value(),
        };
        let rest = vm.new(FieldNameIter {
            string: s.clone(),
            rest: RefCell::new(rest),
        })?;
        util::tuple(vm, [first, rest.into_value()])
    }
}
