//! Writes the node types and the visitor.

use std::fmt::Write;

use super::{Def, HEADER, Located, Marker, Shape, Table};

pub(super) fn types(table: &Table) -> Result<String, std::fmt::Error> {
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
pub(super) fn visitor(table: &Table) -> Result<String, std::fmt::Error> {
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
