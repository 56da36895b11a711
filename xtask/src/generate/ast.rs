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

/// Reads `spec/ast.txt` and gives the generated files of `crates/ast`.
pub fn generate(root: &Path) -> Result<Vec<Output>, String> {
    let path = root.join("spec/ast.txt");
    let text = std::fs::read_to_string(&path).map_err(|e| format!("spec/ast.txt: {e}"))?;
    let table = Table {
        defs: parse(&text)?,
    };
    let types = types(&table).map_err(|e| e.to_string())?;
    Ok(vec![Output {
        path: "crates/ast/src/types.rs",
        text: types,
    }])
}
