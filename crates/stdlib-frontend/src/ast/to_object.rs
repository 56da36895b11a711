//! Objects from trees.

use taipan_ast::Constant;
use taipan_ast::reflect::{FieldRef, FieldType, NodeRef, Shape};
use taipan_object::{PyResult, Value, Vm};
use taipan_vm::code::wtf8_to_str;

use super::base::AstNode;
use super::classes::Classes;

/// The object of a node, with all below it.
pub(super) fn node(vm: &Vm, classes: &Classes, n: NodeRef<'_>) -> PyResult {
    let kind = n.kind();
    let info = kind.info();
    if info.family.info().shape == Shape::Enum {
        return Ok(classes.singletons[kind as usize]
            .clone()
            .unwrap_or_else(|| vm.none()));
    }
    vm.check_stack(" during ast construction")?;
    let object = vm
        .new_object(&classes.kinds[kind as usize], AstNode)?
        .into_value();
    for ((value, name), f) in n
        .fields()
        .zip(&classes.fields[kind as usize])
        .zip(info.fields)
    {
        let v = field(vm, classes, value, f.ty)?;
        vm.setattr(&object, name, &v)?;
    }
    if let Some(loc) = n.location() {
        let numbers = [
            loc.lineno,
            loc.col_offset,
            loc.end_lineno,
            loc.end_col_offset,
        ];
        for (name, number) in classes.attributes.iter().zip(numbers) {
            vm.setattr(&object, name, &vm.new_int(i64::from(number as i32))?)?;
        }
    }
    Ok(object)
}

fn field(vm: &Vm, classes: &Classes, value: FieldRef<'_>, ty: FieldType) -> PyResult {
    Ok(match value {
        FieldRef::None => vm.none(),
        FieldRef::Node(n) => node(vm, classes, n)?,
        FieldRef::Nodes(nodes) => {
            let mut items = Vec::with_capacity(nodes.len());
            for i in 0..nodes.len() {
                items.push(match nodes.get(i) {
                    Some(n) => node(vm, classes, n)?,
                    None => vm.none(),
                });
            }
            vm.new_list(items)?.into_value()
        }
        FieldRef::Str(s) if ty == FieldType::Identifier => vm.intern(s)?.into_value(),
        FieldRef::Str(s) => vm.new_str(s)?.into_value(),
        FieldRef::Strs(names) => {
            let items: PyResult<Vec<Value>> = names
                .iter()
                .map(|s| Ok(vm.intern(s)?.into_value()))
                .collect();
            vm.new_list(items?)?.into_value()
        }
        FieldRef::Int(n) => vm.new_int(i64::from(n))?,
        FieldRef::Constant(c) => constant(vm, &c)?,
    })
}

fn constants(vm: &Vm, items: &[Constant<'_>]) -> PyResult<Vec<Value>> {
    items.iter().map(|c| constant(vm, c)).collect()
}

/// The value of a constant.
fn constant(vm: &Vm, c: &Constant<'_>) -> PyResult {
    Ok(match *c {
        Constant::None => vm.none(),
        Constant::True => vm.bool(true),
        Constant::False => vm.bool(false),
        Constant::Ellipsis => vm.ellipsis(),
        Constant::Int(i) => vm.new_int(i)?,
        Constant::BigInt {
            negative,
            magnitude,
        } => {
            let i = dashu_int::IBig::from(dashu_int::UBig::from_le_bytes(magnitude));
            vm.new_ibig(if negative { -i } else { i })?
        }
        Constant::Float(f) => vm.new_float(f)?,
        Constant::Complex { real, imag } => vm.new_complex(real, imag)?,
        Constant::Str(s) => {
            let v = wtf8_to_str(vm, s)?;
            // Strings that look like names are interned, as the parser does it.
            let name = v
                .as_ascii()
                .is_some_and(|s| s.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_'));
            if name {
                vm.intern_str(&v).into_value()
            } else {
                v.into_value()
            }
        }
        Constant::Bytes(b) => vm.new_bytes(b)?.into_value(),
        Constant::Tuple(items) => vm.new_tuple(constants(vm, items)?)?.into_value(),
        Constant::FrozenSet(items) => vm.new_frozenset(&constants(vm, items)?)?.into_value(),
    })
}
