//! The syntax tree as a table of nodes, and as the text of `ast.dump` with the place of each node in it. Both come from one
//! walk without recursion, so that the nodes have the same ids and no tree is too deep.

use crate::places::{cell, cell_of, cells, units_of};
use crate::program::Program;
use crate::types::{NodeRow, TextPlace, Tree, TreeText};
use std::collections::HashMap;
use taipan_ast::reflect::{Family, FieldRef, Marker, NodeRef, Shape, operator_symbol};
use taipan_ast::{ExprContext, Mod, repr};

/// How many characters of a constant a label shows.
const SHOWN: usize = 60;
/// What `ast.dump(tree, indent=4)` indents by.
const INDENT: &str = "    ";
/// How many bytes a text may have: that of a deep tree is made of indentation, and grows with the square of the depth.
const LONGEST: usize = 16 << 20;
/// How many fields may stand in one line.
const IN_ONE_LINE: usize = 3;

/// What is left to do, the next thing last.
enum Task<'a> {
    Node {
        node: NodeRef<'a>,
        /// How deep its fields are indented.
        level: usize,
        parent: i32,
        field: &'static str,
        index: i32,
    },
    Text(&'static str),
    Owned(String),
    /// A new line, indented this deep.
    Line(usize),
    /// The end of a node's text.
    End(usize),
}

struct Walk<'p> {
    program: &'p Program,
    /// Whether the text is wanted; otherwise the rows are.
    dump: bool,
    tree: Tree,
    numbers: HashMap<&'static str, i32>,
    text: String,
    units: u32,
    places: crate::Table<TextPlace>,
    count: usize,
}

/// The number of a name in a list of names, in which it is put if it is not there.
pub(crate) fn number(
    numbers: &mut HashMap<&'static str, i32>,
    names: &mut Vec<&'static str>,
    name: &'static str,
) -> i32 {
    *numbers.entry(name).or_insert_with(|| {
        names.push(name);
        cell_of(names.len() - 1)
    })
}

/// The table of a tree's nodes.
pub(crate) fn rows(program: &Program, module: &Mod<'_>) -> Tree {
    walk(program, module, false).tree
}

/// The text of a tree.
pub(crate) fn text(program: &Program, module: &Mod<'_>) -> TreeText {
    let walk = walk(program, module, true);
    TreeText {
        text: walk.text,
        places: walk.places,
    }
}

fn walk<'p>(program: &'p Program, module: &Mod<'_>, dump: bool) -> Walk<'p> {
    let mut walk = Walk {
        program,
        dump,
        tree: Tree {
            classes: Vec::new(),
            fields: Vec::new(),
            rows: Default::default(),
            labels: Vec::new(),
        },
        numbers: HashMap::new(),
        text: String::new(),
        units: 0,
        places: Default::default(),
        count: 0,
    };
    let mut tasks = vec![Task::Node {
        node: NodeRef::Mod(module),
        level: 1,
        parent: -1,
        field: "",
        index: -1,
    }];
    let mut buffer = Vec::new();
    while let Some(task) = tasks.pop() {
        if walk.text.len() > LONGEST {
            walk.push("\n… the rest is left out: the text would be too long");
            break;
        }
        match task {
            Task::Node {
                node,
                level,
                parent,
                field,
                index,
            } => {
                let info = node.kind().info();
                let id = cell_of(walk.count);
                if is_detail(node) {
                    walk.push(info.name);
                    walk.push("()");
                    continue;
                }
                if walk.dump {
                    let from = cell(walk.units);
                    walk.places.push(&TextPlace { from, to: from });
                    walk.dump_node(node, level, id, &mut buffer);
                } else {
                    walk.row(node, parent, field, index);
                    list_children(node, level, id, &mut buffer);
                }
                walk.count += 1;
                tasks.extend(buffer.drain(..).rev());
            }
            Task::Text(text) => walk.push(text),
            Task::Owned(text) => walk.push(&text),
            Task::Line(level) => {
                walk.push("\n");
                for _ in 0..level {
                    walk.push(INDENT);
                }
            }
            Task::End(id) => {
                let from = walk.places.row(id).first().copied().unwrap_or(0);
                let to = cell(walk.units);
                walk.places.set(id, &TextPlace { from, to });
            }
        }
    }
    walk
}

/// Whether a node is an operator or a context, which are shown with their parents.
fn is_detail(node: NodeRef<'_>) -> bool {
    node.kind().info().family.info().shape == Shape::Enum
}

fn is_empty(value: FieldRef<'_>) -> bool {
    match value {
        FieldRef::Nodes(nodes) => nodes.is_empty(),
        FieldRef::Strs(names) => names.is_empty(),
        _ => false,
    }
}

/// The fields that `ast.dump` shows.
fn shown_fields<'a>(
    node: NodeRef<'a>,
) -> impl Iterator<Item = (&'static str, FieldRef<'a>)> + use<'a> {
    let fields = node.kind().info().fields.iter().zip(node.fields());
    fields
        .filter(|(info, value)| {
            let left_out = *value == FieldRef::None && info.marker == Marker::Optional;
            !left_out && !is_empty(*value)
        })
        .map(|(info, value)| (info.name, value))
}

/// Whether a value needs no line of its own.
fn is_simple(value: FieldRef<'_>) -> bool {
    match value {
        FieldRef::Node(node) => shown_fields(node).next().is_none(),
        FieldRef::Nodes(_) | FieldRef::Strs(_) => is_empty(value),
        _ => true,
    }
}

/// The children that have rows.
fn list_children<'a>(node: NodeRef<'a>, level: usize, parent: i32, out: &mut Vec<Task<'a>>) {
    for (info, value) in node.kind().info().fields.iter().zip(node.fields()) {
        let mut add = |node: NodeRef<'a>, index: i32| {
            if !is_detail(node) {
                out.push(Task::Node {
                    node,
                    level,
                    parent,
                    field: info.name,
                    index,
                });
            }
        };
        match value {
            FieldRef::Node(child) => add(child, -1),
            FieldRef::Nodes(nodes) => {
                for index in 0..nodes.len() {
                    if let Some(child) = nodes.get(index) {
                        add(child, cell_of(index));
                    }
                }
            }
            _ => {}
        }
    }
}

/// The number that `NodeRow::family` has.
fn family(node: NodeRef<'_>) -> i32 {
    match node.kind().info().family {
        Family::Mod => 0,
        Family::Stmt => 1,
        Family::Expr => 2,
        Family::Pattern => 3,
        _ => 4,
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What is in a node beside its children.
fn label(node: NodeRef<'_>) -> String {
    let mut details: Vec<String> = Vec::new();
    for (info, value) in node.kind().info().fields.iter().zip(node.fields()) {
        match (info.name, value) {
            (_, FieldRef::Node(child)) if is_detail(child) => {
                let kind = child.kind().info();
                if kind.family != Family::ExprContext {
                    details.push(operator_symbol(kind.name).to_owned());
                }
            }
            (_, FieldRef::Nodes(nodes)) => {
                let operators = (0..nodes.len()).filter_map(|i| nodes.get(i));
                for operator in operators.filter(|node| is_detail(*node)) {
                    details.push(operator_symbol(operator.kind().info().name).to_owned());
                }
            }
            ("level", FieldRef::Int(level)) => {
                // Dots stand before the module's name.
                let dots = ".".repeat(usize::try_from(level).unwrap_or(0).min(SHOWN));
                match details.first_mut() {
                    Some(module) => module.insert_str(0, &dots),
                    None => details.push(dots),
                }
                details.retain(|detail| !detail.is_empty());
            }
            ("conversion", FieldRef::Int(number)) => {
                if let Some(letter) = u32::try_from(number).ok().and_then(char::from_u32) {
                    details.push(format!("!{letter}"));
                }
            }
            ("is_async", FieldRef::Int(1)) => details.push("async".to_owned()),
            ("asname", FieldRef::Str(name)) => details.push(format!("as {name}")),
            (_, FieldRef::Str(text)) => details.push(shortened(text)),
            (_, FieldRef::Strs(texts)) => details.push(shortened(&texts.join(", "))),
            (_, FieldRef::Constant(value)) => {
                let mut text = String::new();
                repr::constant(&mut text, &value);
                details.push(shortened(&text));
            }
            _ => {}
        }
    }
    details.join(" ")
}

/// `NodeRow::context`
fn context(node: NodeRef<'_>) -> i32 {
    let contexts = node.fields().filter_map(|field| match field {
        FieldRef::Node(NodeRef::ExprContext(context)) => Some(context),
        _ => None,
    });
    match contexts.last() {
        None => 0,
        Some(ExprContext::Load) => 1,
        Some(ExprContext::Store) => 2,
        Some(ExprContext::Del) => 3,
    }
}

impl Walk<'_> {
    fn push(&mut self, text: &str) {
        if self.dump {
            self.text.push_str(text);
            self.units = self.units.saturating_add(units_of(text));
        }
    }

    fn row(&mut self, node: NodeRef<'_>, parent: i32, field: &'static str, index: i32) {
        let info = node.kind().info();
        let loc = node.location();
        let span = loc.and_then(|loc| {
            self.program
                .places()
                .of_location(self.program.text(), loc)
                .map(|span| (span, loc))
        });
        let (from, to) = cells(span.map(|(span, _)| span));
        let part = |part: fn(taipan_ast::Location) -> u32| span.map_or(-1, |(_, l)| cell(part(l)));
        let tree = &mut self.tree;
        let class = number(&mut self.numbers, &mut tree.classes, info.name);
        let field = match tree.fields.iter().position(|name| *name == field) {
            Some(place) => cell_of(place),
            None if field.is_empty() => -1,
            None => {
                tree.fields.push(field);
                cell_of(tree.fields.len() - 1)
            }
        };
        tree.rows.push(&NodeRow {
            class,
            field,
            index,
            parent,
            from,
            to,
            line: part(|l| l.lineno),
            column: part(|l| l.col_offset),
            end_line: part(|l| l.end_lineno),
            end_column: part(|l| l.end_col_offset),
            context: context(node),
            family: family(node),
        });
        tree.labels.push(label(node));
    }

    /// What `ast.dump` writes for a node: tasks in their order.
    fn dump_node<'a>(&mut self, node: NodeRef<'a>, level: usize, id: i32, out: &mut Vec<Task<'a>>) {
        out.push(Task::Text(node.kind().info().name));
        out.push(Task::Text("("));
        let count = shown_fields(node).count();
        let one_line =
            count <= IN_ONE_LINE && shown_fields(node).all(|(_, value)| is_simple(value));
        for (i, (name, value)) in shown_fields(node).enumerate() {
            match (one_line, i > 0) {
                (true, true) => out.push(Task::Text(", ")),
                (true, false) => {}
                (false, later) => {
                    if later {
                        out.push(Task::Text(","));
                    }
                    out.push(Task::Line(level));
                }
            }
            out.push(Task::Text(name));
            out.push(Task::Text("="));
            value_tasks(value, level, id, out);
        }
        out.push(Task::Text(")"));
        out.push(Task::End(id as usize));
    }
}

fn value_tasks<'a>(value: FieldRef<'a>, level: usize, parent: i32, out: &mut Vec<Task<'a>>) {
    let child = |node, level| Task::Node {
        node,
        level,
        parent,
        field: "",
        index: -1,
    };
    let border = |i: usize, out: &mut Vec<Task<'a>>| {
        if i > 0 {
            out.push(Task::Text(","));
        }
        out.push(Task::Line(level + 1));
    };
    let mut text = String::new();
    match value {
        FieldRef::Node(node) => return out.push(child(node, level + 1)),
        FieldRef::Nodes(nodes) => {
            out.push(Task::Text("["));
            for i in 0..nodes.len() {
                border(i, out);
                out.push(match nodes.get(i) {
                    Some(node) => child(node, level + 2),
                    None => Task::Text("None"),
                });
            }
            return out.push(Task::Text("]"));
        }
        FieldRef::Strs(names) => {
            out.push(Task::Text("["));
            for (i, name) in names.iter().enumerate() {
                border(i, out);
                let mut text = String::new();
                repr::string(&mut text, (*name).into());
                out.push(Task::Owned(text));
            }
            return out.push(Task::Text("]"));
        }
        FieldRef::None => text.push_str("None"),
        FieldRef::Str(name) => repr::string(&mut text, name.into()),
        FieldRef::Int(number) => text = number.to_string(),
        FieldRef::Constant(value) => repr::constant(&mut text, &value),
    }
    out.push(Task::Owned(text));
}
