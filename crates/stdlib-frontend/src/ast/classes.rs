//! The classes of nodes, made from the tables once for each interpreter.

use std::cell::{Cell, OnceCell};
use std::rc::Rc;

use taipan_ast::reflect::{
    FAMILIES, FieldInfo, FieldType, KINDS, LOCATION_ATTRIBUTES, Located, Marker, Shape,
};
use taipan_object::{BinaryOp, Dict, PyResult, Ref, Str, TypeRef, Value, Vm};

use super::base::{AST, AstNode};

/// The classes.
pub struct Classes {
    /// `AST`
    pub ast: TypeRef,
    /// By number of family; a product's class is its kind's.
    pub families: Vec<TypeRef>,
    /// By number of kind.
    pub kinds: Vec<TypeRef>,
    /// The one instance that trees share of a class without fields, by number of kind.
    pub singletons: Vec<Option<Value>>,
    /// The attributes of instances, by number of kind.
    pub attributes: Vec<Attributes>,
    /// The names of the location's attributes.
    pub location: Vec<Ref<Str>>,
}

/// The attributes that the parser gives to the nodes of a class.
pub struct Attributes {
    /// Their names: the fields, and the location's if nodes have that.
    pub names: Vec<Ref<Str>>,
    /// The shape of instances that have them all, as [`Vm::shape_of_names`] keeps it.
    pub shape: Cell<u32>,
}

#[derive(Default)]
struct State(OnceCell<Rc<Classes>>);

/// The classes of the interpreter.
pub fn get(vm: &Vm) -> PyResult<Rc<Classes>> {
    let state = vm.state::<State>();
    if let Some(c) = state.0.get() {
        return Ok(c.clone());
    }
    let made = Rc::new(make(vm)?);
    Ok(state.0.get_or_init(|| made).clone())
}

fn name_tuple(vm: &Vm, names: &[Ref<Str>]) -> PyResult {
    Ok(vm
        .new_tuple(names.iter().map(|n| n.as_value().clone()).collect())?
        .into_value())
}

fn make_class(
    vm: &Vm,
    name: &str,
    base: &TypeRef,
    doc: &str,
    fields: &[Ref<Str>],
    ns: Ref<Dict>,
) -> PyResult<TypeRef> {
    let names = name_tuple(vm, fields)?;
    ns.set_named(vm, "_fields", names.clone())?;
    ns.set_named(vm, "__match_args__", names)?;
    ns.set_named(vm, "__module__", vm.intern("ast")?.into_value())?;
    ns.set_named(vm, "__doc__", vm.new_str(doc)?.into_value())?;
    let bases = vm.new_tuple(vec![base.as_value().clone()])?.into_value();
    let args = [vm.intern(name)?.into_value(), bases, ns.into_value()];
    let class = vm.call_pos(vm.types().type_.as_value(), &args)?;
    class
        .downcast()
        .map_err(|_| vm.system_error("type() made no class"))
}

/// The type that a field is annotated with.
fn field_type(vm: &Vm, f: &FieldInfo, families: &[TypeRef]) -> PyResult {
    let t = vm.types();
    let base = match f.ty {
        FieldType::Node(family) => match families.get(family as usize) {
            Some(c) => c.as_value().clone(),
            None => vm.none(),
        },
        FieldType::Identifier | FieldType::String => t.str.as_value().clone(),
        FieldType::Int => t.int.as_value().clone(),
        FieldType::Constant => t.object.as_value().clone(),
    };
    match f.marker {
        Marker::One => Ok(base),
        Marker::Optional => vm.binary_op(BinaryOp::Or, &base, &vm.none()),
        Marker::Sequence | Marker::OptionalSequence => vm.generic_alias(t.list.as_value(), &base),
    }
}

fn location(vm: &Vm, ns: &Ref<Dict>, located: Located, names: &[Ref<Str>]) -> PyResult<()> {
    let attributes = if located == Located::No { &[] } else { names };
    ns.set_named(vm, "_attributes", name_tuple(vm, attributes)?)?;
    if located == Located::Yes {
        ns.set_named(vm, "end_lineno", vm.none())?;
        ns.set_named(vm, "end_col_offset", vm.none())?;
    }
    Ok(())
}

fn make(vm: &Vm) -> PyResult<Classes> {
    let ast = vm.make_type(&AST)?;
    ast.unset_flag(taipan_object::tpflags::IMMUTABLETYPE);
    let intern = |names: &mut dyn Iterator<Item = &str>| -> PyResult<Vec<Ref<Str>>> {
        names.map(|n| vm.intern(n)).collect()
    };
    let attributes = intern(&mut LOCATION_ATTRIBUTES.iter().copied())?;
    let mut families = Vec::with_capacity(FAMILIES.len());
    for info in FAMILIES {
        let ns = vm.new_dict()?;
        location(vm, &ns, info.located, &attributes)?;
        let mut names = Vec::new();
        if info.shape == Shape::Product {
            for f in info.kinds.iter().flat_map(|k| k.info().fields) {
                names.push(vm.intern(f.name)?);
                if f.marker == Marker::Optional {
                    ns.set_named(vm, f.name, vm.none())?;
                }
            }
        }
        families.push(make_class(vm, info.name, &ast, info.doc, &names, ns)?);
    }
    let mut classes = Classes {
        ast,
        families,
        kinds: Vec::new(),
        singletons: Vec::new(),
        attributes: Vec::new(),
        location: attributes,
    };
    for info in KINDS {
        let family = info.family.info();
        let names = intern(&mut info.fields.iter().map(|f| f.name))?;
        let base = classes.families[info.family as usize].clone();
        let class = if family.shape == Shape::Product {
            base
        } else {
            let ns = vm.new_dict()?;
            for f in info.fields.iter().filter(|f| f.marker == Marker::Optional) {
                ns.set_named(vm, f.name, vm.none())?;
            }
            make_class(vm, info.name, &base, info.doc, &names, ns)?
        };
        let types = vm.new_dict()?;
        for (f, name) in info.fields.iter().zip(&names) {
            types.set_str(vm, name, field_type(vm, f, &classes.families)?)?;
        }
        vm.setattr_str(class.as_value(), "_field_types", types.as_value())?;
        vm.setattr_str(class.as_value(), "__annotations__", types.as_value())?;
        let located = family.located != Located::No;
        let names: Vec<Ref<Str>> = names
            .into_iter()
            .chain(classes.location.iter().filter(|_| located).cloned())
            .collect();
        // No class has more than a dozen.
        class.reserve_inline(names.len() as u16);
        let single = match family.shape {
            Shape::Enum => Some(vm.new_object(&class, AstNode)?.into_value()),
            Shape::Sum | Shape::Product => None,
        };
        classes.singletons.push(single);
        classes.kinds.push(class);
        classes.attributes.push(Attributes {
            names,
            shape: Cell::new(0),
        });
    }
    Ok(classes)
}
