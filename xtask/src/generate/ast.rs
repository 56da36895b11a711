//! The generator of the syntax tree: reads `spec/ast.txt` and writes the node types, the visitor and the tables of
//! `crates/ast`. The format of the table is described at its top.

use std::path::Path;

use super::Output;

mod reflection;
mod transformer;
mod types;

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
/// Reads `spec/ast.txt` and gives the generated files of `crates/ast`.
pub fn generate(root: &Path) -> Result<Vec<Output>, String> {
    let path = root.join("spec/ast.txt");
    let text = std::fs::read_to_string(&path).map_err(|e| format!("spec/ast.txt: {e}"))?;
    let table = Table {
        defs: parse(&text)?,
    };
    let parts: [(&'static str, fn(&Table) -> Result<String, std::fmt::Error>); 5] = [
        ("crates/ast/src/types.rs", types::types),
        ("crates/ast/src/reflect/tables.rs", reflection::tables),
        ("crates/ast/src/reflect/nodes.rs", reflection::reflection),
        ("crates/ast/src/visitor.rs", types::visitor),
        ("crates/ast/src/transformer.rs", transformer::transformer),
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
