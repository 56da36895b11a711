//! The drawing of a syntax tree: a box for each node, with its names, operators and constants in it.

use taipan_ast::reflect::{Family, FieldRef, NodeRef, Shape as FamilyShape, operator_symbol};
use taipan_ast::{Mod, repr};

use crate::svg;
use crate::tidy::{self, Shape};

const GAP: f64 = 14.0;
const HEIGHT: f64 = 38.0;
const ROW: f64 = 78.0;
const MARGIN: f64 = 20.0;
/// How much of a long constant is shown.
const DETAIL: usize = 28;

struct Box_<'a> {
    name: &'static str,
    family: Family,
    detail: String,
    /// The field of the parent that it is in.
    field: &'static str,
    depth: usize,
    parent: Option<usize>,
    node: NodeRef<'a>,
}

/// The drawing.
pub fn draw(module: &Mod<'_>) -> String {
    let mut boxes = vec![Box_ {
        name: NodeRef::Mod(module).kind().info().name,
        family: Family::Mod,
        detail: String::new(),
        field: "",
        depth: 0,
        parent: None,
        node: NodeRef::Mod(module),
    }];
    let mut shapes: Vec<Shape> = Vec::new();
    // Level by level, so that children come after their parents, without recursion.
    let mut at = 0;
    while at < boxes.len() {
        let children = add_children(&mut boxes, at);
        let this = &boxes[at];
        let text = svg::width(this.name).max(svg::width(&this.detail));
        shapes.push(Shape {
            width: text + 18.0,
            children,
        });
        at += 1;
    }
    let (places, width) = tidy::place(&shapes, GAP);
    let depth = boxes.iter().map(|b| b.depth).max().unwrap_or(0);
    let mut out = String::new();
    let top = |b: &Box_<'_>| MARGIN + b.depth as f64 * ROW;
    for (b, x) in boxes.iter().zip(&places) {
        let Some(parent) = b.parent else { continue };
        let (x1, y1) = (places[parent] + MARGIN, top(&boxes[parent]) + HEIGHT);
        let (x2, y2) = (x + MARGIN, top(b));
        let bend = (y1 + y2) / 2.0;
        out.push_str(&format!(
            "<path class=\"edge\" d=\"M{x1:.1},{y1:.1} C{x1:.1},{bend:.1} {x2:.1},{bend:.1} {x2:.1},{y2:.1}\"/>\n"
        ));
    }
    for ((b, x), shape) in boxes.iter().zip(&places).zip(&shapes) {
        let (x, y) = (x + MARGIN, top(b));
        let class = match b.family {
            Family::Stmt | Family::Mod => "stmt",
            Family::Expr => "expr",
            _ => "other",
        };
        out.push_str(&format!(
            "<rect class=\"{class}\" x=\"{:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{HEIGHT}\" rx=\"6\"/>\n",
            x - shape.width / 2.0,
            shape.width
        ));
        if b.detail.is_empty() {
            svg::push_text(&mut out, x, y + 23.0, "name", "middle", b.name);
        } else {
            svg::push_text(&mut out, x, y + 15.5, "name", "middle", b.name);
            svg::push_text(&mut out, x, y + 30.5, "", "middle", &b.detail);
        }
        if !b.field.is_empty() {
            svg::push_text(&mut out, x + 4.0, y - 4.0, "faint", "start", b.field);
        }
    }
    let height = depth as f64 * ROW + HEIGHT + 2.0 * MARGIN;
    svg::document(width + 2.0 * MARGIN, height, &out)
}

/// Adds boxes for the children of a node and gives their numbers; what is no box becomes the node's detail.
fn add_children<'a>(boxes: &mut Vec<Box_<'a>>, at: usize) -> Vec<usize> {
    let node = boxes[at].node;
    let depth = boxes[at].depth + 1;
    let mut children = Vec::new();
    let mut details: Vec<String> = Vec::new();
    for (value, info) in node.fields().zip(node.kind().info().fields) {
        // Contexts are left out, and operators are a detail of their parent; all else is a box.
        let mut add = |child: NodeRef<'a>, details: &mut Vec<String>| {
            let kind = child.kind().info();
            if kind.family == Family::ExprContext {
                return;
            }
            if kind.family.info().shape == FamilyShape::Enum {
                details.push(operator_symbol(kind.name).to_owned());
                return;
            }
            children.push(boxes.len());
            boxes.push(Box_ {
                name: kind.name,
                family: kind.family,
                detail: String::new(),
                field: info.name,
                depth,
                parent: Some(at),
                node: child,
            });
        };
        match value {
            FieldRef::None => {}
            FieldRef::Node(child) => add(child, &mut details),
            FieldRef::Nodes(nodes) => {
                for child in (0..nodes.len()).filter_map(|i| nodes.get(i)) {
                    add(child, &mut details);
                }
            }
            FieldRef::Str(text) => details.push(text.to_owned()),
            FieldRef::Strs(texts) => details.push(texts.join(", ")),
            FieldRef::Int(number) => {
                // Flags and conversions mostly say nothing.
                if number > 1 {
                    details.push(format!("{}={number}", info.name));
                }
            }
            FieldRef::Constant(value) => {
                let mut text = String::new();
                repr::constant(&mut text, &value);
                details.push(text);
            }
        }
    }
    boxes[at].detail = svg::shortened(&details.join(" "), DETAIL);
    children
}
