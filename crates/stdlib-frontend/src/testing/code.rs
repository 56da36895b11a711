//! Code objects that only tests make.

use std::rc::Rc;

use taipan_bytecode::code::co;
use taipan_bytecode::constant::Str as ConstStr;
use taipan_bytecode::location::{Position, Writer};
use taipan_bytecode::{CodeObject, Opcode};
use taipan_object::{PyResult, Ref, Str, Vm};
use taipan_vm::code::{new_code, str_to_wtf8};

/// The common constant AssertionError.
const ASSERTION_ERROR: u8 = 0;

/// Code that has nothing but a name and a place, and raises AssertionError.
pub(super) fn empty(vm: &Vm, filename: &Ref<Str>, name: &Ref<Str>, line: i32) -> PyResult {
    let code = [
        (Opcode::Resume, 0),
        (Opcode::LoadCommonConstant, ASSERTION_ERROR),
        (Opcode::RaiseVarargs, 1),
    ];
    let mut table = Writer::new(line);
    let position = Position {
        lineno: Some(line),
        end_lineno: Some(line),
        ..Position::default()
    };
    table.push(position, code.len());
    let name = ConstStr::interned(str_to_wtf8(name));
    let described = CodeObject {
        argcount: 0,
        posonlyargcount: 0,
        kwonlyargcount: 0,
        stacksize: 1,
        flags: co::OPTIMIZED | co::NEWLOCALS,
        code: code
            .iter()
            .flat_map(|(op, arg)| [*op as u8, *arg])
            .collect(),
        consts: Rc::from([]),
        names: Rc::from([]),
        localsplusnames: Rc::from([]),
        localspluskinds: Rc::from([]),
        filename: ConstStr::interned(str_to_wtf8(filename)),
        name: name.clone(),
        qualname: name,
        firstlineno: line,
        linetable: table.finish().into(),
        exceptiontable: Rc::from([]),
    };
    Ok(new_code(vm, Rc::new(described))?.into_value())
}
