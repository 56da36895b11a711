//! Code objects from the image in the executable (`taipan_bytecode::image`). A code object is made with its name and its
//! parameters; its constants and names are made when it first runs or is looked at.

use taipan_bytecode::image::{CodeView, ConstantReader, ConstantView};
use taipan_object::{PyResult, Ref, Str, Value, Vm};
use taipan_wtf8::Wtf8;

use crate::code::{Body, BodySource, Code, Parts, Table, wtf8_to_str};

fn name(vm: &Vm, text: &Wtf8) -> PyResult<Ref<Str>> {
    match text.to_str() {
        Some(text) => vm.intern(text),
        None => Ok(vm.intern_str(&wtf8_to_str(vm, text)?)),
    }
}

/// The code object of a record.
pub fn new_code(vm: &Vm, view: CodeView) -> PyResult<Ref<Code>> {
    let parts = Parts {
        argcount: view.argcount(),
        posonlyargcount: view.posonlyargcount(),
        kwonlyargcount: view.kwonlyargcount(),
        stacksize: view.stacksize(),
        flags: view.flags(),
        firstlineno: view.firstlineno(),
        code: Table::Static(view.code()),
        linetable: Table::Static(view.linetable()),
        exceptiontable: Table::Static(view.exceptiontable()),
        body: BodySource::Image(view),
        kinds: Table::Static(view.kinds()),
        name: name(vm, view.name())?,
        qualname: name(vm, view.qualname())?,
        filename: name(vm, view.filename())?,
    };
    parts.into_code(vm, true)
}

/// Constants and names of a record.
pub fn body(vm: &Vm, view: CodeView) -> PyResult<Body> {
    let mut constants = view.constants();
    Ok(Body {
        consts: vm.new_tuple(values(vm, &mut constants, view.constant_count())?)?,
        names: view
            .names_used()
            .map(|text| name(vm, text))
            .collect::<PyResult<_>>()?,
        locals: view
            .locals()
            .map(|text| name(vm, text))
            .collect::<PyResult<_>>()?,
        tuples: None,
    })
}

/// The docstring of code that has one, without making the rest.
pub fn docstring(vm: &Vm, view: CodeView) -> PyResult {
    value(vm, &mut view.constants())
}

fn values(vm: &Vm, constants: &mut ConstantReader, count: usize) -> PyResult<Vec<Value>> {
    let mut out = Vec::with_capacity(count);
    for _ in 0..count {
        out.push(value(vm, constants)?);
    }
    Ok(out)
}

fn value(vm: &Vm, constants: &mut ConstantReader) -> PyResult {
    Ok(match constants.next_constant() {
        ConstantView::None => vm.none(),
        ConstantView::True => vm.bool(true),
        ConstantView::False => vm.bool(false),
        ConstantView::Ellipsis => vm.ellipsis(),
        ConstantView::Int(i) => vm.new_int(i)?,
        ConstantView::BigInt(i) => vm.new_ibig(i)?,
        ConstantView::Float(f) => vm.new_float(f)?,
        ConstantView::Complex(real, imaginary) => vm.new_complex(real, imaginary)?,
        ConstantView::Str(text, true) => name(vm, text)?.into_value(),
        ConstantView::Str(text, false) => wtf8_to_str(vm, text)?.into_value(),
        ConstantView::Bytes(b) => vm.new_bytes(b)?.into_value(),
        ConstantView::Tuple(n) => vm.new_tuple(values(vm, constants, n)?)?.into_value(),
        ConstantView::FrozenSet(n) => crate::glue::new_set(vm, values(vm, constants, n)?, true)?,
        ConstantView::Slice => {
            let (start, stop) = (value(vm, constants)?, value(vm, constants)?);
            let step = value(vm, constants)?;
            vm.new_slice(start, stop, step)?.into_value()
        }
        ConstantView::Code(view) => new_code(vm, view)?.into_value(),
    })
}
