//! Reflection: the classes of nodes as tables ([`FAMILIES`], [`KINDS`]), access to a node's fields by number
//! ([`NodeRef::fields`]), and the making of a node from field values ([`build`]). Python's module `_ast` builds its
//! classes from the tables and converts trees both ways without knowing a single class; `dump` works the same way.

mod nodes;
mod tables;

pub use nodes::{Node, NodeRef, Nodes, build};
pub use tables::{FAMILIES, Family, KINDS, NodeKind};

use crate::{Arena, Constant};

/// What kind of definition a family is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A base class with subclasses without fields; trees share one instance of each.
    Enum,
    /// A base class with subclasses.
    Sum,
    /// One class, directly below `AST`.
    Product,
}

/// Whether nodes have the attributes [`LOCATION_ATTRIBUTES`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Located {
    /// They do not.
    No,
    /// They do; the last two are optional: `None` in the class, and taken from the first two when missing.
    Yes,
    /// They do, and all four are required.
    Fully,
}

/// The names of the attributes of located nodes, in order.
pub const LOCATION_ATTRIBUTES: [&str; 4] = ["lineno", "col_offset", "end_lineno", "end_col_offset"];

/// What a field holds, one of it or several.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FieldType {
    /// A node of this family.
    Node(Family),
    /// A name.
    Identifier,
    /// A string.
    String,
    /// An integer of 32 bits.
    Int,
    /// Any constant.
    Constant,
}

/// How many values a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Marker {
    /// Exactly one.
    One,
    /// One or `None`.
    Optional,
    /// A list.
    Sequence,
    /// A list whose items may be `None`.
    OptionalSequence,
}

/// A field of a class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldInfo {
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub ty: FieldType,
    /// How many.
    pub marker: Marker,
}

/// A definition of the table: a base class, or the class of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FamilyInfo {
    /// Which.
    pub family: Family,
    /// The class's name.
    pub name: &'static str,
    /// What kind of definition.
    pub shape: Shape,
    /// Whether its nodes have location attributes.
    pub located: Located,
    /// The class's docstring.
    pub doc: &'static str,
    /// The subclasses; for a product itself alone.
    pub kinds: &'static [NodeKind],
}

/// A class that has instances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindInfo {
    /// Which.
    pub kind: NodeKind,
    /// The class's name.
    pub name: &'static str,
    /// The family it belongs to, whose class is its base unless the family is a product.
    pub family: Family,
    /// The class's docstring.
    pub doc: &'static str,
    /// Its fields in order.
    pub fields: &'static [FieldInfo],
}

impl Family {
    /// The family's line of the table.
    pub fn info(self) -> &'static FamilyInfo {
        &FAMILIES[self as usize]
    }
}

impl NodeKind {
    /// The kind's line of the table.
    pub fn info(self) -> &'static KindInfo {
        &KINDS[self as usize]
    }
}

/// The value of a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FieldRef<'a> {
    /// `None`
    None,
    /// A node.
    Node(NodeRef<'a>),
    /// A list of nodes.
    Nodes(Nodes<'a>),
    /// An identifier or a string.
    Str(&'a str),
    /// A list of identifiers.
    Strs(&'a [&'a str]),
    /// An integer.
    Int(i32),
    /// A constant.
    Constant(Constant<'a>),
}

/// The most fields that a class has.
const MAX_FIELDS: usize = 7;

/// The values of a node's fields, in order.
#[derive(Clone, Debug)]
pub struct Fields<'a> {
    values: [FieldRef<'a>; MAX_FIELDS],
    next: usize,
    len: usize,
}

impl<'a> Fields<'a> {
    fn new(values: &[FieldRef<'a>]) -> Fields<'a> {
        let mut fields = Fields {
            values: [FieldRef::None; MAX_FIELDS],
            next: 0,
            len: values.len(),
        };
        fields.values[..values.len()].copy_from_slice(values);
        fields
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = FieldRef<'a>;

    fn next(&mut self) -> Option<FieldRef<'a>> {
        if self.next == self.len {
            return None;
        }
        self.next += 1;
        Some(self.values[self.next - 1])
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.len - self.next, Some(self.len - self.next))
    }
}

impl Nodes<'_> {
    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }
}

/// What can be shown as the value of a field.
trait AsField<'a> {
    fn to_field(self) -> FieldRef<'a>;
}

impl<'a> AsField<'a> for &'a str {
    fn to_field(self) -> FieldRef<'a> {
        FieldRef::Str(self)
    }
}

impl<'a> AsField<'a> for &'a [&'a str] {
    fn to_field(self) -> FieldRef<'a> {
        FieldRef::Strs(self)
    }
}

impl<'a> AsField<'a> for i32 {
    fn to_field(self) -> FieldRef<'a> {
        FieldRef::Int(self)
    }
}

impl<'a> AsField<'a> for Constant<'a> {
    fn to_field(self) -> FieldRef<'a> {
        FieldRef::Constant(self)
    }
}

impl<'a, T: AsField<'a>> AsField<'a> for Option<T> {
    fn to_field(self) -> FieldRef<'a> {
        self.map_or(FieldRef::None, AsField::to_field)
    }
}

/// The value of a field of a node that is to be made.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<'a> {
    /// Nothing: the `None` of an optional field.
    None,
    /// A node.
    Node(Node<'a>),
    /// A list of nodes, of which some may be `None`.
    Nodes(Vec<Option<Node<'a>>>),
    /// An identifier or a string.
    Str(&'a str),
    /// A list of identifiers.
    Strs(Vec<&'a str>),
    /// An integer.
    Int(i32),
    /// A constant.
    Constant(Constant<'a>),
}

/// What is wrong with a field's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildErrorReason {
    /// It is `None` or left out, and the field is not optional.
    Missing,
    /// It is of another type.
    WrongType,
    /// It is a list with `None` in it. CPython's validator says `None disallowed in expression list` (or `statement`).
    NoneInList,
}

/// Why [`build`] could not make a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuildError {
    /// The class.
    pub kind: NodeKind,
    /// The number of the field.
    pub field: usize,
    /// What is wrong with it.
    pub reason: BuildErrorReason,
}

/// A type of nodes, from the sum of all.
trait FromNode<'a>: Copy {
    fn from_node(node: Node<'a>) -> Option<Self>;
}

/// A type of fields, from a value.
trait FromValue<'a>: Sized {
    fn from_value(arena: &'a Arena, value: &Value<'a>) -> Option<Self>;
}

impl<'a> FromValue<'a> for &'a str {
    fn from_value(_: &'a Arena, value: &Value<'a>) -> Option<Self> {
        if let Value::Str(text) = value {
            Some(text)
        } else {
            None
        }
    }
}

impl<'a> FromValue<'a> for &'a [&'a str] {
    fn from_value(arena: &'a Arena, value: &Value<'a>) -> Option<Self> {
        if let Value::Strs(names) = value {
            Some(arena.alloc_slice(names))
        } else {
            None
        }
    }
}

impl<'a> FromValue<'a> for i32 {
    fn from_value(_: &'a Arena, value: &Value<'a>) -> Option<Self> {
        if let Value::Int(number) = value {
            Some(*number)
        } else {
            None
        }
    }
}

impl<'a> FromValue<'a> for Constant<'a> {
    fn from_value(_: &'a Arena, value: &Value<'a>) -> Option<Self> {
        if let Value::Constant(constant) = value {
            Some(*constant)
        } else {
            None
        }
    }
}

impl<'a, T: FromValue<'a>> FromValue<'a> for Option<T> {
    fn from_value(arena: &'a Arena, value: &Value<'a>) -> Option<Self> {
        if matches!(value, Value::None) {
            Some(None)
        } else {
            T::from_value(arena, value).map(Some)
        }
    }
}

impl<'a, T: FromNode<'a>> FromValue<'a> for &'a T {
    fn from_value(arena: &'a Arena, value: &Value<'a>) -> Option<Self> {
        if let Value::Node(node) = value {
            Some(arena.alloc(T::from_node(*node)?))
        } else {
            None
        }
    }
}

impl<'a, T: FromNode<'a>> FromValue<'a> for &'a [T] {
    fn from_value(arena: &'a Arena, value: &Value<'a>) -> Option<Self> {
        let Value::Nodes(nodes) = value else {
            return None;
        };
        let nodes: Option<Vec<T>> = nodes.iter().map(|node| T::from_node((*node)?)).collect();
        Some(arena.alloc_slice(&nodes?))
    }
}

impl<'a, T: FromNode<'a>> FromValue<'a> for &'a [Option<T>] {
    fn from_value(arena: &'a Arena, value: &Value<'a>) -> Option<Self> {
        let Value::Nodes(nodes) = value else {
            return None;
        };
        let mut items = Vec::with_capacity(nodes.len());
        for node in nodes {
            items.push(match node {
                Some(node) => Some(T::from_node(*node)?),
                None => None,
            });
        }
        Some(arena.alloc_slice(&items))
    }
}

/// The values given to [`build`], taken one after the other.
struct Values<'v, 'a> {
    arena: &'a Arena,
    kind: NodeKind,
    values: &'v [Value<'a>],
    field: usize,
}

impl<'v, 'a> Values<'v, 'a> {
    fn new(arena: &'a Arena, kind: NodeKind, values: &'v [Value<'a>]) -> Self {
        Values {
            arena,
            kind,
            values,
            field: 0,
        }
    }

    fn next<T: FromValue<'a>>(&mut self) -> Result<T, BuildError> {
        let field = self.field;
        self.field += 1;
        let value = self.values.get(field).unwrap_or(&Value::None);
        T::from_value(self.arena, value).ok_or_else(|| {
            let reason = match value {
                Value::None => BuildErrorReason::Missing,
                Value::Nodes(nodes) if nodes.contains(&None) => BuildErrorReason::NoneInList,
                _ => BuildErrorReason::WrongType,
            };
            BuildError {
                kind: self.kind,
                field,
                reason,
            }
        })
    }
}

/// An operator as it is written, by the name of its class: `Add` is `+`. Other names stay as they are.
pub fn operator_symbol(name: &'static str) -> &'static str {
    match name {
        "Add" | "UAdd" => "+",
        "Sub" | "USub" => "-",
        "Mult" => "*",
        "MatMult" => "@",
        "Div" => "/",
        "Mod" => "%",
        "Pow" => "**",
        "LShift" => "<<",
        "RShift" => ">>",
        "BitOr" => "|",
        "BitXor" => "^",
        "BitAnd" => "&",
        "FloorDiv" => "//",
        "Invert" => "~",
        "Not" => "not",
        "And" => "and",
        "Or" => "or",
        "Eq" => "==",
        "NotEq" => "!=",
        "Lt" => "<",
        "LtE" => "<=",
        "Gt" => ">",
        "GtE" => ">=",
        "Is" => "is",
        "IsNot" => "is not",
        "In" => "in",
        "NotIn" => "not in",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Expr, ExprContext, ExprKind, Location};

    #[test]
    fn every_line_is_where_its_number_says() {
        assert!(
            FAMILIES
                .iter()
                .enumerate()
                .all(|(i, info)| info.family as usize == i)
        );
        assert!(
            KINDS
                .iter()
                .enumerate()
                .all(|(i, info)| info.kind as usize == i)
        );
        assert!(KINDS.iter().all(|info| info.fields.len() <= MAX_FIELDS));
    }

    #[test]
    fn a_node_from_values_and_back() {
        let arena = Arena::new();
        let loc = Location::new(1, 2, 3, 4);
        let ctx = Value::Node(Node::ExprContext(ExprContext::Load));
        let node = build(&arena, NodeKind::Name, loc, &[Value::Str("x"), ctx.clone()])
            .expect("the values fit");
        let Node::Expr(name) = node else {
            unreachable!("a name is an expression")
        };
        assert_eq!(
            name,
            Expr {
                kind: ExprKind::Name {
                    id: "x",
                    ctx: ExprContext::Load
                },
                loc
            }
        );
        let fields: Vec<FieldRef<'_>> = NodeRef::Expr(&name).fields().collect();
        assert_eq!(
            fields,
            [
                FieldRef::Str("x"),
                FieldRef::Node(NodeRef::ExprContext(ExprContext::Load))
            ]
        );

        let error = |kind, values: &[Value<'_>]| {
            build(&arena, kind, loc, values)
                .err()
                .map(|e| (e.field, e.reason))
        };
        assert_eq!(
            error(NodeKind::Name, &[Value::Str("x")]),
            Some((1, BuildErrorReason::Missing))
        );
        assert_eq!(
            error(NodeKind::Name, &[Value::Int(1), ctx]),
            Some((0, BuildErrorReason::WrongType))
        );
        let elts = Value::Nodes(vec![Some(node), None]);
        assert_eq!(
            error(NodeKind::Set, std::slice::from_ref(&elts)),
            Some((0, BuildErrorReason::NoneInList))
        );
        assert!(
            error(
                NodeKind::Dict,
                &[elts, Value::Nodes(vec![Some(node), Some(node)])]
            )
            .is_none()
        );
    }
}
