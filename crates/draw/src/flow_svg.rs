//! Control-flow graphs as SVG: the blocks of a code object stand one below the other, as the code has them. Jumps forward
//! and exceptions run along lanes on their right, jumps back on their left; what shares a lane does not overlap.

use crate::flow::{Block, Graph, Kind};
use crate::svg::{self, LINE};

const MARGIN: f64 = 24.0;
const PADDING: f64 = 10.0;
const GAP: f64 = 30.0;
const LANE: f64 = 13.0;

struct Route {
    from: usize,
    to: usize,
    kind: Kind,
    left: bool,
    lane: usize,
}

/// The routes of all edges but those to the block below, with a lane for each: short ones are nearest to the blocks.
fn routes(graph: &Graph) -> Vec<Route> {
    let mut routes: Vec<Route> = graph
        .edges
        .iter()
        .filter(|(from, to, kind)| *kind != Kind::Falls || *to != from + 1)
        .map(|&(from, to, kind)| Route {
            from,
            to,
            kind,
            left: to <= from && kind != Kind::Raises,
            lane: 0,
        })
        .collect();
    routes.sort_by_key(|route| (route.from.abs_diff(route.to), route.from));
    // Of each lane, on each side: the stretches that are taken, in blocks.
    let mut taken: [Vec<Vec<(usize, usize)>>; 2] = [Vec::new(), Vec::new()];
    for route in &mut routes {
        let lanes = &mut taken[usize::from(route.left)];
        let stretch = (route.from.min(route.to), route.from.max(route.to));
        let free = |lane: &Vec<(usize, usize)>| {
            let overlaps = |other: &(usize, usize)| other.0 <= stretch.1 && stretch.0 <= other.1;
            !lane.iter().any(overlaps)
        };
        route.lane = match lanes.iter().position(free) {
            Some(lane) => lane,
            None => {
                lanes.push(Vec::new());
                lanes.len() - 1
            }
        };
        lanes[route.lane].push(stretch);
    }
    routes
}

fn title(number: usize, block: &Block) -> String {
    match block.line {
        Some(line) => format!("{number}: line {line}"),
        None => number.to_string(),
    }
}

fn head(out: &mut String, x: f64, y: f64, direction: f64, class: &str) {
    // `direction` is 1 to the right, -1 to the left, 0 down.
    let (a, b) = if direction == 0.0 {
        ((x - 4.0, y - 7.0), (x + 4.0, y - 7.0))
    } else {
        let back = x - 7.0 * direction;
        ((back, y - 4.0), (back, y + 4.0))
    };
    out.push_str(&format!(
        "<path class=\"head {class}\" d=\"M{x:.1},{y:.1} L{:.1},{:.1} L{:.1},{:.1} Z\"/>\n",
        a.0, a.1, b.0, b.1
    ));
}

/// Draws a graph below `top`; gives the width and the bottom.
fn draw_one(out: &mut String, graph: &Graph, top: f64) -> (f64, f64) {
    let routes = routes(graph);
    let lanes = |left| {
        let used = routes.iter().filter(|route| route.left == left);
        used.map(|route| route.lane + 1).max().unwrap_or(0) as f64
    };
    let texts = graph.blocks.iter().flat_map(|block| &block.instructions);
    let widest = texts.map(|text| svg::width(text)).fold(110.0, f64::max);
    let width = widest + 2.0 * PADDING;
    let left = MARGIN + lanes(true) * LANE + 12.0;
    let right = left + width;
    svg::push_text(out, MARGIN, top + 14.0, "title", "start", &graph.name);
    let mut y = top + 30.0;
    let mut places = Vec::with_capacity(graph.blocks.len());
    for block in &graph.blocks {
        let height = LINE * (block.instructions.len() as f64 + 1.0) + PADDING;
        places.push((y, height));
        y += height + GAP;
    }
    for &(from, to, kind) in &graph.edges {
        if kind == Kind::Falls && to == from + 1 {
            let x = left + width / 2.0;
            let (start, end) = (places[from].0 + places[from].1, places[to].0);
            out.push_str(&format!(
                "<path class=\"edge falls\" d=\"M{x:.1},{start:.1} V{:.1}\"/>\n",
                end - 4.0
            ));
            head(out, x, end, 0.0, "falls");
        }
    }
    for route in &routes {
        let (from, to) = (places[route.from], places[route.to]);
        // Jumps leave at the last instruction; all arrive at the title.
        let start = match route.kind {
            Kind::Raises => from.0 + from.1 / 2.0,
            _ => from.0 + from.1 - LINE / 2.0 - 3.0,
        };
        let end = to.0 + LINE / 2.0 + 2.0 + if route.kind == Kind::Raises { 5.0 } else { 0.0 };
        let out_by = 16.0 + route.lane as f64 * LANE;
        let (edge, lane, direction) = if route.left {
            (left, left - out_by, 1.0)
        } else {
            (right, right + out_by, -1.0)
        };
        let class = match (route.kind, route.left) {
            (Kind::Raises, _) => "raises",
            (_, true) => "jumps back",
            _ => "jumps",
        };
        let stop = edge - 4.0 * direction;
        out.push_str(&format!(
            "<path class=\"edge {class}\" d=\"M{edge:.1},{start:.1} H{lane:.1} V{end:.1} H{stop:.1}\"/>\n"
        ));
        head(out, edge, end, direction, class);
    }
    for (number, (block, (y, height))) in graph.blocks.iter().zip(&places).enumerate() {
        out.push_str(&format!(
            "<rect x=\"{left:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"6\"/>\n"
        ));
        let x = left + PADDING;
        let mut line = y + LINE - 3.0;
        svg::push_text(out, x, line, "faint", "start", &title(number, block));
        for instruction in &block.instructions {
            line += LINE;
            svg::push_text(out, x, line, "", "start", instruction);
        }
    }
    (right + lanes(false) * LANE + 12.0 + MARGIN, y)
}

/// The drawing of all graphs, one below the other.
pub fn draw(graphs: &[Graph]) -> String {
    let mut out = String::new();
    let (mut width, mut y) = (0.0_f64, MARGIN);
    for graph in graphs {
        let (right, bottom) = draw_one(&mut out, graph, y);
        width = width
            .max(right)
            .max(svg::width(&graph.name) * 1.3 + 2.0 * MARGIN);
        y = bottom + MARGIN;
    }
    svg::document(width, y, &out)
}
