//! The generator of the syntax tree: reads `spec/ast.txt` and writes the node types, the visitor and the tables of
//! `crates/ast`. The format of the table is described at its top.

use std::fmt::Write;
use std::path::Path;

use super::Output;

/// What stands after a field's type.
#[derive(Clone, Copy, PartialEq)]
enum Marker {
    One,
    Optional,
    Sequence,
    OptionalSequence,
}

/// A field of a node.
struct Field {
    kind: String,
    marker: Marker,
    name: String,
}

impl Field {
    /// The name in Rust, where keywords get an underscore.
    fn rust_name(&self) -> String {
        match self.name.as_str() {
            "type" => "type_".to_owned(),
            name => name.to_owned(),
        }
    }
}

/// A constructor of a sum, or the one of a product.
struct Variant {
    name: String,
    fields: Vec<Field>,
    /// The line as it stands in the table, which is the class's docstring.
    doc: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Shape {
    Enum,
    Sum,
    Product,
}

#[derive(Clone, Copy, PartialEq)]
enum Located {
    No,
    Yes,
    Fully,
}

/// One definition of the table.
struct Def {
    shape: Shape,
    located: Located,
    rust: String,
    name: String,
    variants: Vec<Variant>,
}

fn parse_variant(line: &str) -> Result<Variant, String> {
    let doc = line.to_owned();
    let Some((name, rest)) = line.split_once('(') else {
        return Ok(Variant {
            name: line.to_owned(),
            fields: Vec::new(),
            doc,
        });
    };
    let inner = rest
        .strip_suffix(')')
        .ok_or_else(|| format!("no closing parenthesis: {line}"))?;
    let mut fields = Vec::new();
    for part in inner.split(", ") {
        let (kind, name) = part
            .split_once(' ')
            .ok_or_else(|| format!("not `TYPE NAME`: {part}"))?;
        let (kind, marker) = if let Some(kind) = kind.strip_suffix("?*") {
            (kind, Marker::OptionalSequence)
        } else if let Some(kind) = kind.strip_suffix('*') {
            (kind, Marker::Sequence)
        } else if let Some(kind) = kind.strip_suffix('?') {
            (kind, Marker::Optional)
        } else {
            (kind, Marker::One)
        };
        fields.push(Field {
            kind: kind.to_owned(),
            marker,
            name: name.to_owned(),
        });
    }
    Ok(Variant {
        name: name.to_owned(),
        fields,
        doc,
    })
}

fn parse(text: &str) -> Result<Vec<Def>, String> {
    let mut defs: Vec<Def> = Vec::new();
    for line in text.lines() {
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(variant) = line.strip_prefix("    ") {
            let def = defs
                .last_mut()
                .ok_or("a kind before the first definition")?;
            def.variants.push(parse_variant(variant)?);
            continue;
        }
        let (head, name) = line
            .split_once(" = ")
            .ok_or_else(|| format!("no ` = `: {line}"))?;
        let mut words = head.split(' ');
        let shape = match words.next() {
            Some("enum") => Shape::Enum,
            Some("sum") => Shape::Sum,
            Some("product") => Shape::Product,
            other => return Err(format!("unknown definition {other:?}")),
        };
        let words: Vec<&str> = words.collect();
        let (located, rust) = match words[..] {
            [rust] => (Located::No, rust),
            ["located", rust] => (Located::Yes, rust),
            ["located-fully", rust] => (Located::Fully, rust),
            _ => return Err(format!("not understood: {head}")),
        };
        let mut def = Def {
            shape,
            located,
            rust: rust.to_owned(),
            name: name.to_owned(),
            variants: Vec::new(),
        };
        if shape == Shape::Product {
            let variant = parse_variant(name)?;
            def.name = variant.name.clone();
            def.variants.push(variant);
        }
        defs.push(def);
    }
    Ok(defs)
}

/// The table, with what the writers of its parts ask of it.
struct Table {
    defs: Vec<Def>,
}

impl Table {
    fn def(&self, name: &str) -> Option<&Def> {
        self.defs.iter().find(|def| def.name == name)
    }

    /// The Rust type of one element of a field.
    fn element(&self, kind: &str) -> String {
        match kind {
            "identifier" | "string" => "&'a str".to_owned(),
            "int" => "i32".to_owned(),
            "constant" => "Constant<'a>".to_owned(),
            _ => match self.def(kind) {
                Some(def) if def.shape == Shape::Enum => def.rust.clone(),
                Some(def) => format!("{}<'a>", def.rust),
                None => "UNKNOWN".to_owned(),
            },
        }
    }

    /// Whether a single value of this kind stands behind a reference.
    fn is_node(&self, kind: &str) -> bool {
        self.def(kind).is_some_and(|def| def.shape != Shape::Enum)
    }

    fn field_type(&self, field: &Field) -> String {
        let element = self.element(&field.kind);
        let one = if self.is_node(&field.kind) {
            format!("&'a {element}")
        } else {
            element.clone()
        };
        match field.marker {
            Marker::One => one,
            Marker::Optional => format!("Option<{one}>"),
            Marker::Sequence => format!("&'a [{element}]"),
            Marker::OptionalSequence => format!("&'a [Option<{element}>]"),
        }
    }
}

const HEADER: &str =
    "// Generated by `cargo xtask gen` from spec/ast.txt; edit that and run it again.\n\n";

fn types(table: &Table) -> Result<String, std::fmt::Error> {
    let mut out = String::from(HEADER);
    out.push_str(
        "//! The node types. What a field means is in the reference of Python's `ast` module, whose names they bear.\n\n\
         #![allow(missing_docs, reason = \"fields are those of the table, named as there\")]\n\n\
         use crate::{Constant, Location};\n\n",
    );
    for def in &table.defs {
        let Def { rust, name, .. } = def;
        match def.shape {
            Shape::Enum => {
                writeln!(
                    out,
                    "/// The class `{name}` and its subclasses, in the order of the table."
                )?;
                writeln!(
                    out,
                    "#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]\npub enum {rust} {{"
                )?;
                for variant in &def.variants {
                    writeln!(out, "    {},", variant.name)?;
                }
                writeln!(out, "}}\n")?;
            }
            Shape::Product => {
                for variant in &def.variants {
                    writeln!(out, "/// `{}`", variant.doc)?;
                    writeln!(
                        out,
                        "#[derive(Clone, Copy, Debug, PartialEq)]\npub struct {rust}<'a> {{"
                    )?;
                    for field in &variant.fields {
                        writeln!(
                            out,
                            "    pub {}: {},",
                            field.rust_name(),
                            table.field_type(field)
                        )?;
                    }
                    if def.located != Located::No {
                        writeln!(out, "    pub loc: Location,")?;
                    }
                    writeln!(out, "}}\n")?;
                }
            }
            Shape::Sum => {
                let mut kind = rust.clone();
                if def.located != Located::No {
                    kind.push_str("Kind");
                    writeln!(
                        out,
                        "/// A node of the class `{name}`: what it is and where it stands."
                    )?;
                    writeln!(
                        out,
                        "#[derive(Clone, Copy, Debug, PartialEq)]\npub struct {rust}<'a> {{"
                    )?;
                    writeln!(
                        out,
                        "    pub kind: {kind}<'a>,\n    pub loc: Location,\n}}\n"
                    )?;
                }
                writeln!(out, "/// The subclasses of `{name}`.")?;
                writeln!(
                    out,
                    "#[derive(Clone, Copy, Debug, PartialEq)]\npub enum {kind}<'a> {{"
                )?;
                for variant in &def.variants {
                    writeln!(out, "    /// `{}`", variant.doc)?;
                    if variant.fields.is_empty() {
                        writeln!(out, "    {},", variant.name)?;
                        continue;
                    }
                    writeln!(out, "    {} {{", variant.name)?;
                    for field in &variant.fields {
                        writeln!(
                            out,
                            "        {}: {},",
                            field.rust_name(),
                            table.field_type(field)
                        )?;
                    }
                    writeln!(out, "    }},")?;
                }
                writeln!(out, "}}\n")?;
            }
        }
    }
    Ok(out)
}

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

impl Def {
    /// What a kind is called among all the kinds: the subclass, or the product under its Rust name.
    fn kind_name<'a>(&'a self, variant: &'a Variant) -> &'a str {
        if self.shape == Shape::Product {
            &self.rust
        } else {
            &variant.name
        }
    }

    /// The path of a variant in an expression or a pattern over `node`'s type.
    fn path(&self, variant: &Variant) -> String {
        match (self.shape, self.located) {
            (Shape::Product, _) => self.rust.clone(),
            (Shape::Sum, Located::Yes | Located::Fully) => {
                format!("{}Kind::{}", self.rust, variant.name)
            }
            _ => format!("{}::{}", self.rust, variant.name),
        }
    }
}

fn tables(table: &Table) -> Result<String, std::fmt::Error> {
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

fn reflection(table: &Table) -> Result<String, std::fmt::Error> {
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
        if !borrowed {
            writeln!(
                out,
                "#[expect(clippy::large_enum_variant, reason = \"nodes are made one at a time\")]"
            )?;
        }
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
                "impl<'a> AsField<'a> for {rust} {{\n    fn as_field(self) -> FieldRef<'a> {{\n        \
                 FieldRef::Node(NodeRef::{rust}(self))\n    }}\n}}\n\n\
                 impl<'a> FromValue<'a> for {rust} {{\n    fn from_value(_: &'a Arena, value: &Value<'a>) -> Option<Self> {{\n        \
                 if let Value::Node(node) = value {{ Self::from_node(*node) }} else {{ None }}\n    }}\n}}\n"
            )?;
        } else {
            writeln!(
                out,
                "impl<'a> AsField<'a> for &'a {ty} {{\n    fn as_field(self) -> FieldRef<'a> {{\n        \
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
            "impl<'a> AsField<'a> for &'a [{ty}] {{\n    fn as_field(self) -> FieldRef<'a> {{\n        \
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
                    .map(|field| format!("node.{}.as_field()", field.rust_name()))
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
                        .map(|name| format!("{name}.as_field()"))
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

fn visitor(table: &Table) -> Result<String, std::fmt::Error> {
    let mut out = String::from(HEADER);
    out.push_str(
        "//! A read-only visitor. It recurses as deep as the tree does: a visitor of trees that did not come from the\n\
         //! parser checks the depth in the methods it overrides.\n\n\
         use crate::*;\n\n\
         /// A method for each family of nodes; by default they go on to the children, in the order of the fields.\n\
         pub trait Visitor<'a> {\n    /// What ends the visit early.\n    type Error;\n\n",
    );
    let nodes: Vec<&Def> = table
        .defs
        .iter()
        .filter(|def| def.shape != Shape::Enum)
        .collect();
    for def in &nodes {
        writeln!(
            out,
            "    /// Visits a `{0}`.\n    fn visit_{0}(&mut self, node: &'a {1}<'a>) -> Result<(), Self::Error> {{\n        \
             walk_{0}(self, node)\n    }}\n",
            def.name, def.rust
        )?;
    }
    out.push_str("}\n\n");
    for def in &nodes {
        let mut body = String::new();
        let mut used = false;
        for variant in &def.variants {
            let mut names = Vec::new();
            let mut visits = String::new();
            for field in variant
                .fields
                .iter()
                .filter(|field| table.is_node(&field.kind))
            {
                let name = field.rust_name();
                let place = if def.shape == Shape::Product {
                    format!("node.{name}")
                } else {
                    name.clone()
                };
                let visit = format!("visitor.visit_{}", field.kind);
                match field.marker {
                    Marker::One => writeln!(visits, "{visit}({place})?;")?,
                    Marker::Optional => writeln!(
                        visits,
                        "if let Some(child) = {place} {{ {visit}(child)?; }}"
                    )?,
                    Marker::Sequence => {
                        writeln!(visits, "for child in {place} {{ {visit}(child)?; }}")?
                    }
                    Marker::OptionalSequence => {
                        writeln!(
                            visits,
                            "for child in {place}.iter().flatten() {{ {visit}(child)?; }}"
                        )?;
                    }
                }
                names.push(name);
            }
            used |= !names.is_empty();
            if def.shape == Shape::Product {
                body.push_str(&visits);
            } else if variant.fields.is_empty() {
                writeln!(body, "{} => {{}}", def.path(variant))?;
            } else {
                if names.len() < variant.fields.len() {
                    names.push("..".to_owned());
                }
                writeln!(
                    body,
                    "{} {{ {} }} => {{ {visits} }}",
                    def.path(variant),
                    names.join(", ")
                )?;
            }
        }
        let subject = if def.located == Located::No {
            "*node"
        } else {
            "node.kind"
        };
        if def.shape == Shape::Sum {
            body = format!("match {subject} {{ {body} }}");
        }
        let (visitor, node) = if used {
            ("visitor", "node")
        } else {
            ("_", "_")
        };
        if !used {
            body.clear();
        }
        writeln!(
            out,
            "/// Visits the children of a `{0}`.\npub fn walk_{0}<'a, V: Visitor<'a> + ?Sized>({visitor}: &mut V, \
             {node}: &'a {1}<'a>) -> Result<(), V::Error> {{\n    {body}\n    Ok(())\n}}\n",
            def.name, def.rust
        )?;
    }
    Ok(out)
}

/// The transformer: for each family a method that gives the node that takes another's place, if one does.
fn transformer(table: &Table) -> Result<String, std::fmt::Error> {
    let mut out = String::from(HEADER);
    out.push_str(
        "//! A transformer: it makes a tree out of another, and shares with it all that stays the same. Like the visitor it\n\
         //! recurses as deep as the tree does.\n\n\
         #![expect(clippy::question_mark, reason = \"generated\")]\n\n\
         use crate::reflect::NodeKind;\n\
         use crate::*;\n\n\
         /// A method for each family of nodes; it gives the node that takes the place of the one given, or `None` if that\n\
         /// stays as it is. By default the methods go on to the children, in the order of the fields.\n\
         pub trait Transformer<'a> {\n    /// What ends the transformation early.\n    type Error;\n\n    \
         /// Where new nodes go.\n    fn arena(&self) -> &'a Arena;\n\n    \
         /// Transforms an expression that stands in a field of another node; for sequences each of the items.\n    \
         fn transform_field(&mut self, _owner: NodeKind, _field: &'static str, node: &'a Expr<'a>) \
         -> Result<Option<Expr<'a>>, Self::Error> {\n        self.transform_expr(node)\n    }\n\n    \
         /// Transforms the statements of a field.\n    \
         fn transform_body(&mut self, _owner: NodeKind, _field: &'static str, nodes: &'a [Stmt<'a>]) \
         -> Result<Option<&'a [Stmt<'a>]>, Self::Error> {\n        transform_slice(self, nodes, |this, node| \
         this.transform_stmt(node))\n    }\n\n",
    );
    let nodes: Vec<&Def> = table
        .defs
        .iter()
        .filter(|def| def.shape != Shape::Enum && def.name != "type_ignore")
        .collect();
    for def in &nodes {
        writeln!(
            out,
            "    /// Transforms a `{0}`.\n    fn transform_{0}(&mut self, node: &'a {1}<'a>) -> \
             Result<Option<{1}<'a>>, Self::Error> {{\n        rebuild_{0}(self, node)\n    }}\n",
            def.name, def.rust
        )?;
    }
    out.push_str(
        "}\n\n/// Transforms the items of a slice; `None` if all stay as they are.\n\
         pub fn transform_slice<'a, T: Copy, V: Transformer<'a> + ?Sized>(\n    transformer: &mut V,\n    \
         nodes: &'a [T],\n    mut transform: impl FnMut(&mut V, &'a T) -> Result<Option<T>, V::Error>,\n) -> \
         Result<Option<&'a [T]>, V::Error> {\n    let mut changed: Option<Vec<T>> = None;\n    \
         for (i, node) in nodes.iter().enumerate() {\n        if let Some(new) = transform(transformer, node)? {\n            \
         changed.get_or_insert_with(|| nodes.to_vec())[i] = new;\n        }\n    }\n    \
         Ok(changed.map(|nodes| transformer.arena().alloc_slice(&nodes)))\n}\n\n",
    );
    for def in &nodes {
        let mut arms = String::new();
        for variant in &def.variants {
            let owner = format!("NodeKind::{}", def.kind_name(variant));
            let children: Vec<&Field> = variant
                .fields
                .iter()
                .filter(|field| table.is_node(&field.kind) && field.kind != "type_ignore")
                .collect();
            if children.is_empty() {
                continue;
            }
            let mut body = String::new();
            for field in &children {
                let name = field.rust_name();
                let call = |node: &str| match field.kind.as_str() {
                    "expr" => format!("t.transform_field({owner}, {:?}, {node})", field.name),
                    kind => format!("t.transform_{kind}({node})"),
                };
                match field.marker {
                    Marker::One => writeln!(body, "let new_{name} = {}?;", call(&name))?,
                    Marker::Optional => writeln!(
                        body,
                        "let new_{name} = match {name} {{ Some(node) => {}?, None => None }};",
                        call("node")
                    )?,
                    Marker::Sequence if field.kind == "stmt" => {
                        writeln!(
                            body,
                            "let new_{name} = t.transform_body({owner}, {:?}, {name})?;",
                            field.name
                        )?;
                    }
                    Marker::Sequence => {
                        writeln!(
                            body,
                            "let new_{name} = transform_slice(t, {name}, |t, node| {})?;",
                            call("node")
                        )?;
                    }
                    Marker::OptionalSequence => writeln!(
                        body,
                        "let new_{name} = transform_slice(t, {name}, |t, node| match node {{ Some(node) => \
                         Ok({}?.map(Some)), None => Ok(None) }})?;",
                        call("node")
                    )?,
                }
            }
            let unchanged: Vec<String> = children
                .iter()
                .map(|field| format!("new_{}.is_none()", field.rust_name()))
                .collect();
            writeln!(body, "if {} {{ return Ok(None); }}", unchanged.join(" && "))?;
            let mut fields = Vec::new();
            for field in &variant.fields {
                let name = field.rust_name();
                if !children.iter().any(|child| child.name == field.name) {
                    fields.push(name);
                    continue;
                }
                fields.push(match field.marker {
                    Marker::One => format!("{name}: new_{name}.map_or({name}, |node| t.arena().alloc(node))"),
                    Marker::Optional => {
                        format!("{name}: match new_{name} {{ Some(node) => Some(t.arena().alloc(node)), None => {name} }}")
                    }
                    _ => format!("{name}: new_{name}.unwrap_or({name})"),
                });
            }
            let names: Vec<String> = variant.fields.iter().map(Field::rust_name).collect();
            if def.shape == Shape::Product {
                let loc = if def.located == Located::No {
                    ""
                } else {
                    ", loc: node.loc"
                };
                let mut pattern = names.join(", ");
                if def.located != Located::No {
                    pattern.push_str(", ..");
                }
                writeln!(
                    arms,
                    "let {0} {{ {pattern} }} = *node;\n{body}\nOk(Some({0} {{ {1}{loc} }}))",
                    def.rust,
                    fields.join(", ")
                )?;
            } else {
                let path = def.path(variant);
                writeln!(
                    arms,
                    "{path} {{ {} }} => {{\n{body}\n{path} {{ {} }}\n}}",
                    names.join(", "),
                    fields.join(", ")
                )?;
            }
        }
        let (mut t, mut node) = ("t", "node");
        let body = match def.shape {
            Shape::Product if arms.is_empty() => {
                (t, node) = ("_", "_");
                "Ok(None)".to_owned()
            }
            Shape::Product => arms,
            _ if def.located == Located::No => {
                format!("Ok(Some(match *node {{\n{arms}\n}}))")
            }
            _ => {
                let complete = def.variants.iter().all(|variant| {
                    variant
                        .fields
                        .iter()
                        .any(|field| table.is_node(&field.kind))
                });
                let rest = if complete {
                    ""
                } else {
                    "_ => return Ok(None),"
                };
                format!(
                    "let kind = match node.kind {{\n{arms}\n{rest}\n}};\nOk(Some({} {{ kind, loc: node.loc }}))",
                    def.rust
                )
            }
        };
        writeln!(
            out,
            "/// Transforms the children of a `{0}`.\npub fn rebuild_{0}<'a, V: Transformer<'a> + ?Sized>({t}: &mut V, \
             {node}: &'a {1}<'a>) -> Result<Option<{1}<'a>>, V::Error> {{\n{body}\n}}\n",
            def.name, def.rust
        )?;
    }
    Ok(out)
}

/// Reads `spec/ast.txt` and gives the generated files of `crates/ast`.
pub fn generate(root: &Path) -> Result<Vec<Output>, String> {
    let path = root.join("spec/ast.txt");
    let text = std::fs::read_to_string(&path).map_err(|e| format!("spec/ast.txt: {e}"))?;
    let table = Table {
        defs: parse(&text)?,
    };
    let parts: [(&'static str, fn(&Table) -> Result<String, std::fmt::Error>); 5] = [
        ("crates/ast/src/types.rs", types),
        ("crates/ast/src/reflect/tables.rs", tables),
        ("crates/ast/src/reflect/nodes.rs", reflection),
        ("crates/ast/src/visitor.rs", visitor),
        ("crates/ast/src/transformer.rs", transformer),
    ];
    let mut outputs = Vec::new();
    for (path, part) in parts {
        outputs.push(Output {
            path,
            text: part(&table).map_err(|e| e.to_string())?,
        });
    }
    Ok(outputs)
}
