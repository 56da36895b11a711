//! Writes the tables of classes, and the access to nodes by class and field.

use std::fmt::Write;

use super::{Def, Field, HEADER, Located, Marker, Shape, Table};

/// The docstring of a definition: its own line, or all its kinds as alternatives.
fn doc(def: &Def) -> String {
    let docs: Vec<&str> = def
        .variants
        .iter()
        .map(|variant| variant.doc.as_str())
        .collect();
    match def.shape {
        Shape::Product => docs.concat(),
        Shape::Enum => format!("{} = {}", def.name, docs.join(" | ")),
        Shape::Sum => {
            let separator = format!("\n{} | ", " ".repeat(def.name.len()));
            format!("{} = {}", def.name, docs.join(&separator))
        }
    }
}
pub(super) fn tables(table: &Table) -> Result<String, std::fmt::Error> {
    let mut out = String::from(HEADER);
    out.push_str(
        "//! What there is to know about the classes of nodes, as tables.\n\n\
         use super::{FamilyInfo, FieldInfo, FieldType, KindInfo, Located, Marker, Shape};\n\n\
         /// The definitions of the table: a Rust type each.\n\
         #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]\n#[repr(u8)]\npub enum Family {\n",
    );
    for def in &table.defs {
        writeln!(out, "    /// `{}`\n    {},", def.name, def.rust)?;
    }
    out.push_str(
        "}\n\n/// The classes that a node can be an instance of.\n\
         #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]\n#[repr(u8)]\npub enum NodeKind {\n",
    );
    for def in &table.defs {
        for variant in &def.variants {
            writeln!(
                out,
                "    /// `{}`\n    {},",
                variant.doc,
                def.kind_name(variant)
            )?;
        }
    }
    out.push_str(
        "}\n\n/// Every family, indexed by [`Family`].\npub const FAMILIES: &[FamilyInfo] = &[\n",
    );
    for def in &table.defs {
        let shape = match def.shape {
            Shape::Enum => "Enum",
            Shape::Sum => "Sum",
            Shape::Product => "Product",
        };
        let located = match def.located {
            Located::No => "No",
            Located::Yes => "Yes",
            Located::Fully => "Fully",
        };
        let kinds: Vec<String> = def
            .variants
            .iter()
            .map(|variant| format!("NodeKind::{}", def.kind_name(variant)))
            .collect();
        writeln!(
            out,
            "    FamilyInfo {{ family: Family::{}, name: {:?}, shape: Shape::{shape}, located: Located::{located}, \
             doc: {:?}, kinds: &[{}] }},",
            def.rust,
            def.name,
            doc(def),
            kinds.join(", ")
        )?;
    }
    out.push_str(
        "];\n\n/// Every kind, indexed by [`NodeKind`].\npub const KINDS: &[KindInfo] = &[\n",
    );
    for def in &table.defs {
        for variant in &def.variants {
            writeln!(
                out,
                "    KindInfo {{ kind: NodeKind::{}, name: {:?}, family: Family::{}, doc: {:?}, fields: &[",
                def.kind_name(variant),
                variant.name,
                def.rust,
                variant.doc
            )?;
            for field in &variant.fields {
                let ty = match (field.kind.as_str(), table.def(&field.kind)) {
                    (_, Some(def)) => format!("Node(Family::{})", def.rust),
                    ("identifier", _) => "Identifier".to_owned(),
                    ("string", _) => "String".to_owned(),
                    ("int", _) => "Int".to_owned(),
                    _ => "Constant".to_owned(),
                };
                let marker = match field.marker {
                    Marker::One => "One",
                    Marker::Optional => "Optional",
                    Marker::Sequence => "Sequence",
                    Marker::OptionalSequence => "OptionalSequence",
                };
                writeln!(
                    out,
                    "FieldInfo {{ name: {:?}, ty: FieldType::{ty}, marker: Marker::{marker} }},",
                    field.name
                )?;
            }
            writeln!(out, "] }},")?;
        }
    }
    out.push_str("];\n");
    Ok(out)
}

/// The families that stand in sequences, with whether `None` may stand among them.
fn sequences(table: &Table) -> Vec<(&Def, bool)> {
    let mut found: Vec<(&Def, bool)> = Vec::new();
    for field in table
        .defs
        .iter()
        .flat_map(|def| &def.variants)
        .flat_map(|variant| &variant.fields)
    {
        let optional = match field.marker {
            Marker::Sequence => false,
            Marker::OptionalSequence => true,
            _ => continue,
        };
        if let Some(def) = table.def(&field.kind)
            && !found
                .iter()
                .any(|(other, o)| other.name == def.name && *o == optional)
        {
            found.push((def, optional));
        }
    }
    found
}

pub(super) fn reflection(table: &Table) -> Result<String, std::fmt::Error> {
    let mut out = String::from(HEADER);
    out.push_str(
        "//! Access to nodes by kind and field number, and their making from field values.\n\n\
         use super::{AsField, BuildError, FieldRef, Fields, FromNode, FromValue, NodeKind, Value};\n\
         use crate::*;\n\n",
    );
    // The borrowed and the owned sum of all families.
    for (name, what, borrowed) in [
        ("NodeRef", "A node of any family, borrowed.", true),
        ("Node", "A node of any family.", false),
    ] {
        writeln!(out, "/// {what}\n#[derive(Clone, Copy, Debug, PartialEq)]")?;
        writeln!(out, "pub enum {name}<'a> {{")?;
        for def in &table.defs {
            let ty = table.element(&def.name);
            let by = if borrowed && def.shape != Shape::Enum {
                "&'a "
            } else {
                ""
            };
            writeln!(out, "    /// `{}`\n    {}({by}{ty}),", def.name, def.rust)?;
        }
        writeln!(out, "}}\n")?;
    }
    writeln!(
        out,
        "/// A sequence of nodes of one family.\n#[derive(Clone, Copy, Debug, PartialEq)]\npub enum Nodes<'a> {{"
    )?;
    for (def, optional) in sequences(table) {
        let ty = table.element(&def.name);
        if optional {
            writeln!(
                out,
                "    /// `{}?*`\n    Optional{}(&'a [Option<{ty}>]),",
                def.name, def.rust
            )?;
        } else {
            writeln!(
                out,
                "    /// `{}*`\n    {}(&'a [{ty}]),",
                def.name, def.rust
            )?;
        }
    }
    writeln!(
        out,
        "}}\n\nimpl<'a> Nodes<'a> {{\n    /// How many there are.\n    pub fn len(self) -> usize {{\n        match self {{"
    )?;
    for (def, optional) in sequences(table) {
        let prefix = if optional { "Optional" } else { "" };
        writeln!(
            out,
            "            Nodes::{prefix}{}(nodes) => nodes.len(),",
            def.rust
        )?;
    }
    writeln!(
        out,
        "        }}\n    }}\n\n    /// The node at `index`; `None` if `None` stands there, and beyond the end.\n    \
         pub fn get(self, index: usize) -> Option<NodeRef<'a>> {{\n        match self {{"
    )?;
    for (def, optional) in sequences(table) {
        let rust = &def.rust;
        if optional {
            writeln!(
                out,
                "            Nodes::Optional{rust}(nodes) => nodes.get(index)?.as_ref().map(NodeRef::{rust}),"
            )?;
        } else if def.shape == Shape::Enum {
            writeln!(
                out,
                "            Nodes::{rust}(nodes) => nodes.get(index).copied().map(NodeRef::{rust}),"
            )?;
        } else {
            writeln!(
                out,
                "            Nodes::{rust}(nodes) => nodes.get(index).map(NodeRef::{rust}),"
            )?;
        }
    }
    writeln!(out, "        }}\n    }}\n}}\n")?;

    for def in &table.defs {
        let ty = table.element(&def.name);
        let rust = &def.rust;
        writeln!(
            out,
            "impl<'a> FromNode<'a> for {ty} {{\n    fn from_node(node: Node<'a>) -> Option<Self> {{\n        \
             if let Node::{rust}(node) = node {{ Some(node) }} else {{ None }}\n    }}\n}}\n"
        )?;
        if def.shape == Shape::Enum {
            writeln!(
                out,
                "impl<'a> AsField<'a> for {rust} {{\n    fn to_field(self) -> FieldRef<'a> {{\n        \
                 FieldRef::Node(NodeRef::{rust}(self))\n    }}\n}}\n\n\
                 impl<'a> FromValue<'a> for {rust} {{\n    fn from_value(_: &'a Arena, value: &Value<'a>) -> Option<Self> {{\n        \
                 if let Value::Node(node) = value {{ Self::from_node(*node) }} else {{ None }}\n    }}\n}}\n"
            )?;
        } else {
            writeln!(
                out,
                "impl<'a> AsField<'a> for &'a {ty} {{\n    fn to_field(self) -> FieldRef<'a> {{\n        \
                 FieldRef::Node(NodeRef::{rust}(self))\n    }}\n}}\n"
            )?;
        }
    }
    for (def, optional) in sequences(table) {
        let ty = table.element(&def.name);
        let (ty, prefix) = if optional {
            (format!("Option<{ty}>"), "Optional")
        } else {
            (ty, "")
        };
        writeln!(
            out,
            "impl<'a> AsField<'a> for &'a [{ty}] {{\n    fn to_field(self) -> FieldRef<'a> {{\n        \
             FieldRef::Nodes(Nodes::{prefix}{}(self))\n    }}\n}}\n",
            def.rust
        )?;
    }

    // Reading.
    writeln!(
        out,
        "impl<'a> NodeRef<'a> {{\n    /// The node's class.\n    pub fn kind(self) -> NodeKind {{\n        match self {{"
    )?;
    for def in &table.defs {
        let rust = &def.rust;
        if def.shape == Shape::Product {
            writeln!(out, "            NodeRef::{rust}(_) => NodeKind::{rust},")?;
            continue;
        }
        let subject = if def.located == Located::No {
            "node"
        } else {
            "node.kind"
        };
        writeln!(
            out,
            "            NodeRef::{rust}(node) => match {subject} {{"
        )?;
        for variant in &def.variants {
            let rest = if variant.fields.is_empty() {
                ""
            } else {
                " { .. }"
            };
            writeln!(
                out,
                "                {}{rest} => NodeKind::{},",
                def.path(variant),
                variant.name
            )?;
        }
        writeln!(out, "            }},")?;
    }
    writeln!(
        out,
        "        }}\n    }}\n\n    /// Where the node stands, if its class has such attributes.\n    \
         pub fn location(self) -> Option<Location> {{\n        match self {{"
    )?;
    for def in table.defs.iter().filter(|def| def.located != Located::No) {
        writeln!(
            out,
            "            NodeRef::{}(node) => Some(node.loc),",
            def.rust
        )?;
    }
    writeln!(
        out,
        "            _ => None,\n        }}\n    }}\n\n    /// The node's fields, in the order of its class.\n    \
         pub fn fields(self) -> Fields<'a> {{\n        match self {{"
    )?;
    for def in &table.defs {
        let rust = &def.rust;
        match def.shape {
            Shape::Enum => writeln!(out, "            NodeRef::{rust}(_) => Fields::new(&[]),")?,
            Shape::Product => {
                let fields: Vec<String> = def
                    .variants
                    .iter()
                    .flat_map(|variant| &variant.fields)
                    .map(|field| format!("node.{}.to_field()", field.rust_name()))
                    .collect();
                writeln!(
                    out,
                    "            NodeRef::{rust}(node) => Fields::new(&[{}]),",
                    fields.join(", ")
                )?;
            }
            Shape::Sum => {
                let subject = if def.located == Located::No {
                    "*node"
                } else {
                    "node.kind"
                };
                writeln!(
                    out,
                    "            NodeRef::{rust}(node) => match {subject} {{"
                )?;
                for variant in &def.variants {
                    let names: Vec<String> = variant.fields.iter().map(Field::rust_name).collect();
                    let values: Vec<String> = names
                        .iter()
                        .map(|name| format!("{name}.to_field()"))
                        .collect();
                    let pattern = if names.is_empty() {
                        String::new()
                    } else {
                        format!(" {{ {} }}", names.join(", "))
                    };
                    writeln!(
                        out,
                        "                {}{pattern} => Fields::new(&[{}]),",
                        def.path(variant),
                        values.join(", ")
                    )?;
                }
                writeln!(out, "            }},")?;
            }
        }
    }
    writeln!(out, "        }}\n    }}\n}}\n")?;

    // Making.
    out.push_str(
        "/// Makes a node of `kind` from the values of its fields in order. `loc` is left out of classes without location.\n\
         pub fn build<'a>(arena: &'a Arena, kind: NodeKind, loc: Location, values: &[Value<'a>]) -> \
         Result<Node<'a>, BuildError> {\n    let mut values = super::Values::new(arena, kind, values);\n    Ok(match kind {\n",
    );
    for def in &table.defs {
        for variant in &def.variants {
            let fields: Vec<String> = variant
                .fields
                .iter()
                .map(|field| format!("{}: values.next()?", field.rust_name()))
                .collect();
            let mut fields = fields.join(", ");
            if def.shape == Shape::Product && def.located != Located::No {
                fields.push_str(", loc");
            }
            let mut node = def.path(variant);
            if !fields.is_empty() {
                node = format!("{node} {{ {fields} }}");
            }
            if def.shape == Shape::Sum && def.located != Located::No {
                node = format!("{} {{ kind: {node}, loc }}", def.rust);
            }
            writeln!(
                out,
                "        NodeKind::{} => Node::{}({node}),",
                def.kind_name(variant),
                def.rust
            )?;
        }
    }
    out.push_str("    })\n}\n");
    Ok(out)
}
