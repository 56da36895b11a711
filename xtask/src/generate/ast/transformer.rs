//! Writes the transformer.

use std::fmt::Write;

use super::{Def, Field, HEADER, Located, Marker, Shape, Table};

/// The transformer: for each family a method that gives the node that takes another's place, if one does.
pub(super) fn transformer(table: &Table) -> Result<String, std::fmt::Error> {
    let mut out = String::from(HEADER);
    out.push_str(
        "//! A transformer: it makes a tree out of another, and shares with it all that stays the same. Like the visitor it\n\
         //! recurses as deep as the tree does.\n\n\
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
