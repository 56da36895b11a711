//! Objects from trees.

use rustc_hash::FxHashMap;
use smallvec::SmallVec;
use taipan_ast::Constant;
use taipan_ast::reflect::{FieldRef, FieldType, NodeRef, Shape};
use taipan_object::{PyResult, Ref, Str, Value, Vm};
use taipan_vm::code::wtf8_to_str;

use super::base::AstNode;
use super::classes::Classes;

/// The object of a tree.
pub(super) fn tree(vm: &Vm, classes: &Classes, root: NodeRef<'_>) -> PyResult {
    let mut maker = Maker {
        vm,
        classes,
        names: FxHashMap::default(),
    };
    maker.node(root)
}

/// What makes the objects of one tree.
struct Maker<'m, 'a> {
    vm: &'m Vm,
    classes: &'m Classes,
    /// The names so far.
    names: FxHashMap<&'a str, Ref<Str>>,
}

/// The attributes of one node; no class has more.
type Values = SmallVec<[Value; 12]>;

impl<'a> Maker<'_, 'a> {
    /// The object of a node, with all below it.
    fn node(&mut self, n: NodeRef<'a>) -> PyResult {
        let (vm, classes) = (self.vm, self.classes);
        let kind = n.kind();
        let info = kind.info();
        if info.family.info().shape == Shape::Enum {
            return Ok(classes.singletons[kind as usize]
                .clone()
                .unwrap_or_else(|| vm.none()));
        }
        vm.check_stack(" during ast construction")?;
        let mut values = Values::new();
        for (value, f) in n.fields().zip(info.fields) {
            values.push(self.field(value, f.ty)?);
        }
        if let Some(loc) = n.location() {
            for number in [
                loc.lineno,
                loc.col_offset,
                loc.end_lineno,
                loc.end_col_offset,
            ] {
                values.push(vm.new_int(i64::from(number as i32))?);
            }
        }
        let class = &classes.kinds[kind as usize];
        let attributes = &classes.attributes[kind as usize];
        let object = vm.new_object(class, AstNode)?.into_value();
        match vm.shape_of_names(class, &attributes.names, &attributes.shape) {
            0 => {
                for (name, value) in attributes.names.iter().zip(values) {
                    vm.setattr(&object, name, &value)?;
                }
            }
            shape => vm.instance_fill(&object, shape, values.into_iter()),
        }
        Ok(object)
    }

    fn name(&mut self, name: &'a str) -> PyResult {
        if let Some(known) = self.names.get(name) {
            return Ok(known.as_value().clone());
        }
        let string = self.vm.intern(name)?;
        self.names.insert(name, string.clone());
        Ok(string.into_value())
    }

    fn field(&mut self, value: FieldRef<'a>, ty: FieldType) -> PyResult {
        let vm = self.vm;
        Ok(match value {
            FieldRef::None => vm.none(),
            FieldRef::Node(n) => self.node(n)?,
            FieldRef::Nodes(nodes) => {
                let mut items = Vec::with_capacity(nodes.len());
                for i in 0..nodes.len() {
                    items.push(match nodes.get(i) {
                        Some(n) => self.node(n)?,
                        None => vm.none(),
                    });
                }
                vm.new_list(items)?.into_value()
            }
            FieldRef::Str(s) if ty == FieldType::Identifier => self.name(s)?,
            FieldRef::Str(s) => vm.new_str(s)?.into_value(),
            FieldRef::Strs(names) => {
                let items: PyResult<Vec<Value>> = names.iter().map(|s| self.name(s)).collect();
                vm.new_list(items?)?.into_value()
            }
            FieldRef::Int(n) => vm.new_int(i64::from(n))?,
            FieldRef::Constant(c) => constant(vm, &c)?,
        })
    }
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
