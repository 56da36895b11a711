//! The text of a tree, to the letter that of Python's `ast.dump`.

use std::fmt::Write;

use crate::reflect::{FieldRef, LOCATION_ATTRIBUTES, Marker, NodeRef};
use crate::{StackLimit, TooDeep, repr};

/// The arguments of `ast.dump`.
#[derive(Clone, Copy, Debug)]
pub struct DumpOptions<'o> {
    /// Show the names of fields.
    pub annotate_fields: bool,
    /// Show line numbers and columns.
    pub include_attributes: bool,
    /// What to indent by for each level; without, all stands in one line.
    pub indent: Option<&'o str>,
    /// Show empty lists.
    pub show_empty: bool,
}

impl Default for DumpOptions<'_> {
    fn default() -> Self {
        DumpOptions {
            annotate_fields: true,
            include_attributes: false,
            indent: None,
            show_empty: false,
        }
    }
}

/// The text of a tree, as `ast.dump` gives it.
pub fn dump(
    node: NodeRef<'_>,
    options: DumpOptions<'_>,
    limit: StackLimit,
) -> Result<String, TooDeep> {
    Ok(Dumper { options, limit }.node(node, 0)?.0)
}

struct Dumper<'o> {
    options: DumpOptions<'o>,
    limit: StackLimit,
}

impl Dumper<'_> {
    /// Joins parts after an opening bracket, each on its own line if there is an indent.
    fn join(&self, out: &mut String, parts: &[String], level: usize) {
        for (i, part) in parts.iter().enumerate() {
            match self.options.indent {
                Some(indent) => {
                    out.push_str(if i > 0 { ",\n" } else { "\n" });
                    for _ in 0..level {
                        out.push_str(indent);
                    }
                }
                None if i > 0 => out.push_str(", "),
                None => {}
            }
            out.push_str(part);
        }
    }

    /// The text of a node, and whether it is so simple that what contains it may stay in one line.
    fn node(&self, node: NodeRef<'_>, level: usize) -> Result<(String, bool), TooDeep> {
        self.limit.check()?;
        let level = level + 1;
        let info = node.kind().info();
        let mut args: Vec<String> = Vec::new();
        // Empty lists that are left out unless something without a name follows.
        let mut held_back = 0;
        let mut all_simple = true;
        let mut keywords = self.options.annotate_fields;
        for (field, value) in info.fields.iter().zip(node.fields()) {
            if value == FieldRef::None && field.marker == Marker::Optional {
                keywords = true;
                continue;
            }
            if !self.options.show_empty {
                if is_empty(value) {
                    held_back += usize::from(!keywords);
                    continue;
                }
                if !keywords {
                    args.extend(std::iter::repeat_n("[]".to_owned(), held_back));
                    held_back = 0;
                }
            }
            let (text, simple) = self.field(value, level)?;
            all_simple &= simple;
            args.push(if keywords {
                format!("{}={text}", field.name)
            } else {
                text
            });
        }
        if self.options.include_attributes
            && let Some(loc) = node.location()
        {
            let values = [
                loc.lineno,
                loc.col_offset,
                loc.end_lineno,
                loc.end_col_offset,
            ];
            for (name, value) in LOCATION_ATTRIBUTES.iter().zip(values) {
                args.push(format!("{name}={}", value.cast_signed()));
            }
        }
        let mut out = format!("{}(", info.name);
        let one_line = all_simple && args.len() <= 3;
        if one_line {
            out.push_str(&args.join(", "));
        } else {
            self.join(&mut out, &args, level);
        }
        out.push(')');
        Ok((out, one_line && args.is_empty()))
    }

    fn field(&self, value: FieldRef<'_>, level: usize) -> Result<(String, bool), TooDeep> {
        let mut out = String::new();
        match value {
            FieldRef::Node(node) => return self.node(node, level),
            FieldRef::Nodes(nodes) => {
                let level = level + 1;
                let mut parts = Vec::with_capacity(nodes.len());
                for i in 0..nodes.len() {
                    parts.push(match nodes.get(i) {
                        Some(node) => self.node(node, level)?.0,
                        None => "None".to_owned(),
                    });
                }
                return Ok(self.list(&parts, level));
            }
            FieldRef::Strs(names) => {
                let mut parts = Vec::with_capacity(names.len());
                for name in names {
                    let mut text = String::new();
                    repr::string(&mut text, (*name).into());
                    parts.push(text);
                }
                return Ok(self.list(&parts, level + 1));
            }
            FieldRef::None => out.push_str("None"),
            FieldRef::Str(text) => repr::string(&mut out, text.into()),
            // Writing to a `String` cannot fail.
            FieldRef::Int(number) => drop(write!(out, "{number}")),
            FieldRef::Constant(value) => repr::constant(&mut out, &value),
        }
        Ok((out, true))
    }

    fn list(&self, parts: &[String], level: usize) -> (String, bool) {
        if parts.is_empty() {
            return ("[]".to_owned(), true);
        }
        let mut out = String::from("[");
        self.join(&mut out, parts, level);
        out.push(']');
        (out, false)
    }
}

fn is_empty(value: FieldRef<'_>) -> bool {
    match value {
        FieldRef::Nodes(nodes) => nodes.is_empty(),
        FieldRef::Strs(names) => names.is_empty(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Arena, Constant, Expr, ExprContext, ExprKind, Location, Mod, Stmt, StmtKind};

    fn sample(arena: &Arena) -> Mod<'_> {
        let loc = Location::new(1, 0, 1, 8);
        let func = arena.alloc(Expr {
            kind: ExprKind::Name {
                id: "f",
                ctx: ExprContext::Load,
            },
            loc,
        });
        let keys = arena.alloc_slice(&[None]);
        let one = Expr {
            kind: ExprKind::Constant {
                value: Constant::Int(1),
                kind: None,
            },
            loc,
        };
        let dict = Expr {
            kind: ExprKind::Dict {
                keys,
                values: arena.alloc_slice(&[one]),
            },
            loc,
        };
        let args = arena.alloc_slice(&[dict]);
        let call = arena.alloc(Expr {
            kind: ExprKind::Call {
                func,
                args,
                keywords: &[],
            },
            loc,
        });
        let body = arena.alloc_slice(&[
            Stmt {
                kind: StmtKind::Expr { value: call },
                loc,
            },
            Stmt {
                kind: StmtKind::Global {
                    names: arena.alloc_slice(&["a", "b"]),
                },
                loc,
            },
            Stmt {
                kind: StmtKind::Return { value: None },
                loc,
            },
        ]);
        Mod::Module {
            body,
            type_ignores: &[],
        }
    }

    #[test]
    fn like_cpython() {
        let arena = Arena::new();
        let tree = sample(&arena);
        let limit = StackLimit::below_here(256 * 1024);
        let text =
            |options| dump(NodeRef::Mod(&tree), options, limit).expect("the tree is shallow");
        assert_eq!(
            text(DumpOptions::default()),
            "Module(body=[Expr(value=Call(func=Name(id='f', ctx=Load()), args=[Dict(keys=[None], \
             values=[Constant(value=1)])])), Global(names=['a', 'b']), Return()])"
        );
        assert_eq!(
            text(DumpOptions {
                indent: Some(" "),
                ..DumpOptions::default()
            }),
            "Module(\n body=[\n  Expr(\n   value=Call(\n    func=Name(id='f', ctx=Load()),\n    args=[\n     Dict(\n      \
             keys=[\n       None],\n      values=[\n       Constant(value=1)])])),\n  Global(\n   names=[\n    'a',\n    \
             'b']),\n  Return()])"
        );
        assert_eq!(
            text(DumpOptions {
                annotate_fields: false,
                ..DumpOptions::default()
            }),
            "Module([Expr(Call(Name('f', Load()), [Dict([None], [Constant(1)])])), Global(['a', 'b']), Return()])"
        );
        assert!(
            text(DumpOptions {
                include_attributes: true,
                ..DumpOptions::default()
            })
            .ends_with("Return(lineno=1, col_offset=0, end_lineno=1, end_col_offset=8)])")
        );
    }
}
