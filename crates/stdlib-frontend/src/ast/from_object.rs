//! Trees from objects. What the types of trees cannot hold is refused here; the rest is for `taipan_ast::validate`.

use taipan_ast::reflect::{
    BuildErrorReason, Family, FieldInfo, FieldType, Located, Marker, Node, NodeKind, Shape,
    Value as Field, build,
};
use taipan_ast::{Arena, Constant, Location};
use taipan_object::{Bytes, Complex, List, PyResult, Raised, Str, Tuple, Value, Vm};
use taipan_vm::code::str_to_wtf8;

use super::classes::Classes;

/// A conversion.
pub(super) struct Reader<'a, 'v> {
    pub vm: &'v Vm,
    pub arena: &'a Arena,
    pub classes: &'v Classes,
}

impl<'a> Reader<'a, '_> {
    /// A node of a family; `None` for `None`.
    pub fn node(&self, v: &Value, family: Family) -> PyResult<Option<Node<'a>>> {
        let vm = self.vm;
        let info = family.info();
        if vm.is_none(v) && info.shape == Shape::Sum {
            return Ok(None);
        }
        vm.check_stack(&format!(" while traversing '{}' node", info.name))?;
        // A product's attributes come after its fields.
        let mut loc = Location::default();
        if info.shape == Shape::Sum {
            loc = self.location(v, info.located, info.name)?;
        }
        let mut kind = None;
        for k in info.kinds {
            if info.shape == Shape::Product
                || vm.is_instance(v, self.classes.kinds[*k as usize].as_value())?
            {
                kind = Some(*k);
                break;
            }
        }
        let Some(kind) = kind else {
            return Err(vm.type_error(&format!(
                "expected some sort of {}, but got {}",
                info.name,
                vm.repr_string(v)?
            )));
        };
        let mut values = Vec::with_capacity(kind.info().fields.len());
        for (f, name) in kind
            .info()
            .fields
            .iter()
            .zip(&self.classes.attributes[kind as usize].names)
        {
            let given = vm.getattr_opt(v, name)?;
            values.push(self.field(kind, f, given)?);
        }
        if info.shape == Shape::Product {
            loc = self.location(v, info.located, info.name)?;
        }
        build(self.arena, kind, loc, &values)
            .map(Some)
            .map_err(|e| self.refused(e.kind, e.field, e.reason))
    }

    fn refused(&self, kind: NodeKind, field: usize, reason: BuildErrorReason) -> Raised {
        let vm = self.vm;
        let f = kind.info().fields.get(field);
        let name = f.map_or("", |f| f.name);
        match reason {
            BuildErrorReason::Missing => vm.value_error(&format!(
                "field '{name}' is required for {}",
                kind.info().name
            )),
            BuildErrorReason::NoneInList => {
                let what = match f.map(|f| f.ty) {
                    Some(FieldType::Node(Family::Stmt)) => "statement",
                    _ => "expression",
                };
                vm.value_error(&format!("None disallowed in {what} list"))
            }
            BuildErrorReason::WrongType => vm.type_error(&format!(
                "field '{name}' of {} has a wrong type",
                kind.info().name
            )),
        }
    }

    fn location(&self, v: &Value, located: Located, family: &str) -> PyResult<Location> {
        if located == Located::No {
            return Ok(Location::default());
        }
        let vm = self.vm;
        let mut numbers = [0u32; 4];
        for (i, name) in self.classes.location.iter().enumerate() {
            let given = vm.getattr_opt(v, name)?;
            let optional = i >= 2 && located == Located::Yes;
            numbers[i] = match given {
                Some(n) if !(optional && vm.is_none(&n)) => self.int(&n)? as u32,
                _ if optional => numbers[i - 2],
                _ => {
                    return Err(vm.type_error(&format!(
                        "required field \"{}\" missing from {family}",
                        name.to_string_lossy()
                    )));
                }
            };
        }
        Ok(Location::new(
            numbers[0], numbers[1], numbers[2], numbers[3],
        ))
    }

    fn int(&self, v: &Value) -> PyResult<i32> {
        let vm = self.vm;
        match v.as_int() {
            Some(i) => match i.to_i64().and_then(|i| i32::try_from(i).ok()) {
                Some(n) => Ok(n),
                None => Err(vm.overflow_error("Python int too large to convert to C int")),
            },
            None => Err(vm.value_error(&format!("invalid integer value: {}", vm.repr_string(v)?))),
        }
    }

    fn text(&self, v: &Value, what: &str) -> PyResult<&'a str> {
        let vm = self.vm;
        let exact = std::ptr::eq(vm.type_of(v), vm.types().str.object());
        match v.downcast_ref::<Str>().filter(|_| exact) {
            Some(s) => Ok(self.arena.alloc_str(&taipan_object::convert::utf8(vm, s)?)),
            None => Err(vm.type_error(&format!("AST {what} must be of type str"))),
        }
    }

    fn field(&self, kind: NodeKind, f: &FieldInfo, given: Option<Value>) -> PyResult<Field<'a>> {
        let vm = self.vm;
        let owner = kind.info().name;
        if matches!(f.marker, Marker::Sequence | Marker::OptionalSequence) {
            return match given {
                None => self.list(owner, f, &[]),
                Some(v) => match v.downcast_ref::<List>() {
                    Some(l) => {
                        let items = l.items.to_vec();
                        let out = self.list(owner, f, &items)?;
                        if l.items.len() != items.len() {
                            return Err(vm.runtime_error(&format!(
                                "{owner} field \"{}\" changed size during iteration",
                                f.name
                            )));
                        }
                        Ok(out)
                    }
                    None => Err(vm.type_error(&format!(
                        "{owner} field \"{}\" must be a list, not a {}",
                        f.name,
                        vm.type_name(&v)
                    ))),
                },
            };
        }
        let Some(v) = given else {
            if f.marker == Marker::Optional {
                return Ok(Field::None);
            }
            return Err(vm.type_error(&format!(
                "required field \"{}\" missing from {owner}",
                f.name
            )));
        };
        if vm.is_none(&v)
            && (f.marker == Marker::Optional
                || match f.ty {
                    FieldType::Constant | FieldType::Int => false,
                    FieldType::Node(family) => family.info().shape == Shape::Sum,
                    _ => true,
                })
        {
            return Ok(Field::None);
        }
        Ok(match f.ty {
            FieldType::Node(family) => self.node(&v, family)?.map_or(Field::None, Field::Node),
            FieldType::Identifier => Field::Str(self.text(&v, "identifier")?),
            FieldType::String => Field::Str(self.text(&v, "string")?),
            FieldType::Int => Field::Int(self.int(&v)?),
            FieldType::Constant => Field::Constant(self.constant(&v)?),
        })
    }

    fn list(&self, owner: &str, f: &FieldInfo, items: &[Value]) -> PyResult<Field<'a>> {
        let _ = owner;
        if let FieldType::Node(family) = f.ty {
            let nodes: PyResult<Vec<_>> = items.iter().map(|v| self.node(v, family)).collect();
            return Ok(Field::Nodes(nodes?));
        }
        let names: PyResult<Vec<_>> = items.iter().map(|v| self.text(v, "identifier")).collect();
        Ok(Field::Strs(names?))
    }

    fn constants(&self, items: &[Value]) -> PyResult<&'a [Constant<'a>]> {
        let all: PyResult<Vec<_>> = items.iter().map(|v| self.constant(v)).collect();
        Ok(self.arena.alloc_slice(&all?))
    }

    fn constant(&self, v: &Value) -> PyResult<Constant<'a>> {
        let vm = self.vm;
        let t = vm.types();
        let is = |ty: &taipan_object::TypeRef| std::ptr::eq(vm.type_of(v), ty.object());
        if vm.is_none(v) {
            return Ok(Constant::None);
        }
        if is(&t.bool) {
            return Ok(if v.is(&vm.bool(true)) {
                Constant::True
            } else {
                Constant::False
            });
        }
        if v.is(&vm.ellipsis()) {
            return Ok(Constant::Ellipsis);
        }
        if is(&t.int)
            && let Some(i) = v.as_int()
        {
            return Ok(match i.to_i64() {
                Some(i) => Constant::Int(i),
                None => {
                    let (sign, magnitude) = i.to_ibig().into_parts();
                    Constant::BigInt {
                        negative: sign == dashu_int::Sign::Negative,
                        magnitude: self.arena.alloc_bytes(&magnitude.to_le_bytes()),
                    }
                }
            });
        }
        if is(&t.float)
            && let Some(f) = v.as_float()
        {
            return Ok(Constant::Float(f));
        }
        if let Some(c) = v.downcast_exact::<Complex>(&t.complex) {
            return Ok(Constant::Complex {
                real: c.re,
                imag: c.im,
            });
        }
        if let Some(s) = v.downcast_exact::<Str>(&t.str) {
            return Ok(Constant::Str(self.arena.alloc_wtf8(&str_to_wtf8(s))));
        }
        if let Some(b) = v.downcast_exact::<Bytes>(&t.bytes) {
            return Ok(Constant::Bytes(self.arena.alloc_bytes(b.as_slice())));
        }
        vm.check_stack(" during compilation")?;
        if let Some(items) = v.downcast_exact::<Tuple>(&t.tuple) {
            return Ok(Constant::Tuple(self.constants(items.as_slice())?));
        }
        if is(&t.frozenset)
            && let Some(s) = vm.as_any_set(v)
        {
            return Ok(Constant::FrozenSet(self.constants(&s.keys())?));
        }
        Err(vm.type_error(&format!(
            "got an invalid type in Constant: {}",
            vm.type_name(v)
        )))
    }
}
