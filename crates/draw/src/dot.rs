//! Control-flow graphs in Graphviz's language: a cluster for each code object.

use crate::flow::{Graph, Kind};

fn push_escaped(out: &mut String, text: &str) {
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\\\n"),
            c => out.push(c),
        }
    }
}

/// The text.
pub fn draw(graphs: &[Graph]) -> String {
    let mut out = String::from(
        "digraph code {\n  node [shape=box, style=rounded, fontname=monospace, fontsize=10];\n  \
         edge [fontname=monospace, fontsize=9];\n",
    );
    for (g, graph) in graphs.iter().enumerate() {
        out.push_str(&format!("  subgraph cluster_{g} {{\n    label=\""));
        push_escaped(&mut out, &graph.name);
        out.push_str("\";\n");
        for (b, block) in graph.blocks.iter().enumerate() {
            out.push_str(&format!("    n{g}_{b} [label=\"{b}"));
            if let Some(line) = block.line {
                out.push_str(&format!(": line {line}"));
            }
            out.push_str("\\l");
            for instruction in &block.instructions {
                push_escaped(&mut out, instruction);
                out.push_str("\\l");
            }
            out.push_str("\"];\n");
        }
        for (from, to, kind) in &graph.edges {
            let look = match kind {
                Kind::Falls => "",
                Kind::Jumps => " [color=blue]",
                Kind::Raises => " [color=red, style=dashed]",
            };
            out.push_str(&format!("    n{g}_{from} -> n{g}_{to}{look};\n"));
        }
        out.push_str("  }\n");
    }
    out.push_str("}\n");
    out
}
