//! What the compiler makes of each unit before and after optimization: instructions in control-flow graphs.

use crate::places::{cell, cell_of, cells};
use crate::program::Program;
use crate::tree::number;
use crate::types::{BlockRow, EdgeRow, Graph, StepRow, Unit, Units};
use std::collections::HashMap;
use std::rc::Rc;
use taipan_bytecode::constant::Str;
use taipan_bytecode::dis::{Operands, meaning};
use taipan_bytecode::opcode::{flags, stack_effect};
use taipan_bytecode::{CodeObject, CompilerOpcode, Constant, repr};
use taipan_compiler::assemble::UnitMetadata;
use taipan_compiler::codegen::{ObservedUnit, Observer};
use taipan_compiler::graphs::{Block, ObservedGraph};
use taipan_compiler::instruction_sequence::Instruction;

/// A unit that is being compiled.
struct Seen {
    metadata: UnitMetadata,
    before: Vec<Block>,
    after: Vec<Block>,
    consts_before: Vec<Constant>,
    consts_after: Vec<Constant>,
}

/// Notes what the compiler makes.
#[derive(Default)]
pub(crate) struct Watch {
    current: Option<Seen>,
    done: HashMap<*const CodeObject, (Rc<CodeObject>, Seen)>,
}

impl Observer for Watch {
    fn generated(&mut self, unit: &ObservedUnit<'_>) {
        self.current = Some(Seen {
            metadata: unit.metadata.clone(),
            before: unit.blocks().unwrap_or_default(),
            after: Vec::new(),
            consts_before: unit.consts.to_vec(),
            consts_after: Vec::new(),
        });
    }

    fn optimized(&mut self, graph: &ObservedGraph<'_>) {
        if let Some(seen) = &mut self.current {
            seen.after = graph.blocks();
            seen.consts_after = graph.consts.to_vec();
        }
    }

    fn assembled(&mut self, code: &Rc<CodeObject>) {
        if let Some(seen) = self.current.take() {
            self.done.insert(Rc::as_ptr(code), (Rc::clone(code), seen));
        }
    }
}

/// What operands mean while cells and locals are apart (before), or in one array (after).
struct Meanings<'s> {
    metadata: &'s UnitMetadata,
    consts: &'s [Constant],
    after: bool,
}

fn words(name: Option<&Rc<Str>>) -> String {
    name.map_or_else(String::new, |name| {
        String::from_utf8_lossy(name.as_wtf8().as_bytes()).into_owned()
    })
}

impl Operands for Meanings<'_> {
    fn constant(&self, index: usize) -> String {
        self.consts.get(index).map(repr::repr).unwrap_or_default()
    }

    fn name(&self, index: usize) -> String {
        words(self.metadata.names.get(index))
    }

    fn local(&self, index: usize) -> String {
        match index.checked_sub(self.metadata.varnames.len()) {
            None => words(self.metadata.varnames.get(index)),
            // The cells that are no parameters follow, then the free variables.
            Some(rest) => {
                let parameters = &self.metadata.varnames;
                let own = self.metadata.cellvars.iter();
                let own = own.filter(|name| !parameters.contains(name));
                words(own.chain(&self.metadata.freevars).nth(rest))
            }
        }
    }

    fn cell(&self, index: usize) -> String {
        if self.after {
            return self.local(index);
        }
        let cells = self.metadata.cellvars.iter();
        words(cells.chain(&self.metadata.freevars).nth(index))
    }
}

/// The units in the order of the code objects.
pub(crate) fn units(
    program: &Program,
    watch: &Watch,
    codes: &[(Rc<CodeObject>, Option<u32>)],
) -> Units {
    let mut opnames = Opnames::default();
    let mut units = Vec::with_capacity(codes.len());
    for (code, parent) in codes {
        let seen = watch.done.get(&Rc::as_ptr(code)).map(|(_, seen)| seen);
        let mut graph = |after: bool| match seen {
            None => Graph::default(),
            Some(seen) => {
                let (blocks, consts) = match after {
                    false => (&seen.before, &seen.consts_before),
                    true => (&seen.after, &seen.consts_after),
                };
                let meanings = Meanings {
                    metadata: &seen.metadata,
                    consts,
                    after,
                };
                graph(program, blocks, &meanings, &mut opnames)
            }
        };
        units.push(Unit {
            name: words(Some(&code.name)),
            qualname: words(Some(&code.qualname)),
            line: code.firstlineno,
            parent: *parent,
            before: graph(false),
            after: graph(true),
        });
    }
    Units {
        opnames: opnames.names,
        units,
    }
}

#[derive(Default)]
struct Opnames {
    names: Vec<&'static str>,
    numbers: HashMap<&'static str, i32>,
}

fn detail(opcode: CompilerOpcode, arg: u32, meanings: &Meanings<'_>) -> String {
    let index = arg as usize;
    match opcode.real() {
        Some(real) => meaning(real, index, meanings),
        None if opcode.has(flags::NAME) => meanings.name(index),
        None if opcode.has(flags::LOCAL) => meanings.local(index),
        None if opcode.has(flags::FREE) => meanings.cell(index),
        None => String::new(),
    }
}

fn graph(
    program: &Program,
    blocks: &[Block],
    meanings: &Meanings<'_>,
    opnames: &mut Opnames,
) -> Graph {
    let mut graph = Graph::default();
    for (here, block) in blocks.iter().enumerate() {
        let lines = block
            .steps
            .iter()
            .map(|step| step.instruction.location.lineno);
        graph.blocks.push(&BlockRow {
            first: cell_of(graph.details.len()),
            count: cell_of(block.steps.len()),
            depth: block.depth.map_or(-1, cell),
            handler: i32::from(block.handler),
            cold: i32::from(block.cold),
            line: lines.filter(|line| *line > 0).min().unwrap_or(-1),
        });
        let mut edges: Vec<EdgeRow> = Vec::new();
        let mut edge = |target: usize, kind: i32| {
            let edge = EdgeRow {
                source: cell_of(here),
                target: cell_of(target),
                kind,
            };
            if !edges.contains(&edge) {
                edges.push(edge);
            }
        };
        if block.falls {
            edge(here + 1, 0);
        }
        let mut depth = block.depth.map(i64::from);
        for step in &block.steps {
            let instruction = &step.instruction;
            let opcode = instruction.opcode;
            if let Some(target) = step.target {
                edge(target, if opcode.is_block_push() { 2 } else { 1 });
            }
            if let Some(handler) = step.handler {
                edge(handler, 2);
            }
            graph.rows.push(&row(program, step, depth, opnames));
            graph.details.push(match step.target {
                Some(_) => String::new(),
                None => detail(opcode, instruction.oparg, meanings),
            });
            let effect = stack_effect(opcode as u16, instruction.oparg, Some(false));
            depth = depth.map(|depth| depth + effect.unwrap_or(0));
        }
        edges.iter().for_each(|edge| graph.edges.push(edge));
    }
    graph
}

fn row(
    program: &Program,
    step: &taipan_compiler::graphs::Step,
    depth: Option<i64>,
    opnames: &mut Opnames,
) -> StepRow {
    let Instruction {
        opcode,
        oparg,
        location,
    } = step.instruction;
    let known = |n: i32| u32::try_from(n).ok();
    let position = taipan_bytecode::location::Position {
        lineno: known(location.lineno).map(cell),
        end_lineno: known(location.end_lineno).map(cell),
        col_offset: known(location.col_offset).map(cell),
        end_col_offset: known(location.end_col_offset).map(cell),
    };
    let (from, to) = cells(program.places().of_position(program.text(), &position));
    let target = |block: Option<usize>| block.map_or(-1, cell_of);
    StepRow {
        opcode: number(&mut opnames.numbers, &mut opnames.names, opcode.name()),
        arg: match opcode.has(flags::ARG) || opcode.has_target() {
            true => cell(oparg),
            false => -1,
        },
        target: target(step.target),
        handler: target(step.handler),
        depth: depth
            .and_then(|depth| i32::try_from(depth).ok())
            .unwrap_or(-1),
        from,
        to,
        line: location.lineno.max(-1),
        column: location.col_offset.max(-1),
        end_line: location.end_lineno.max(-1),
        end_column: location.end_col_offset.max(-1),
    }
}

/// The instructions of all units as text.
pub(crate) fn text(units: &Units) -> String {
    let mut out = String::new();
    for unit in &units.units {
        for (title, graph) in [("before", &unit.before), ("after", &unit.after)] {
            out.push_str(&format!(
                "{} (line {}), {title} optimization\n",
                unit.qualname, unit.line
            ));
            for (number, block) in graph.blocks.rows().enumerate() {
                let [first, count, depth, handler, cold, _] = *block else {
                    continue;
                };
                let mut notes = vec![format!("depth {depth}")];
                notes.extend((handler != 0).then(|| "handler".to_owned()));
                notes.extend((cold != 0).then(|| "cold".to_owned()));
                out.push_str(&format!("  B{number}: ({})\n", notes.join(", ")));
                for index in first..first + count {
                    out.push_str(&step_text(units, graph, index as usize));
                }
            }
            out.push('\n');
        }
    }
    out
}

fn step_text(units: &Units, graph: &Graph, index: usize) -> String {
    let [opcode, arg, target, handler, _, _, _, line, ..] = *graph.rows.row(index) else {
        return String::new();
    };
    let name = units.opnames.get(opcode as usize).copied().unwrap_or("");
    let line = if line > 0 {
        line.to_string()
    } else {
        String::new()
    };
    let mut text = format!("{line:>6}    {name:<22}");
    if target >= 0 {
        text.push_str(&format!(" -> B{target}"));
    } else if arg >= 0 {
        text.push_str(&format!(" {arg:>5}"));
        if let Some(detail) = graph.details.get(index).filter(|detail| !detail.is_empty()) {
            text.push_str(&format!(" ({detail})"));
        }
    }
    if handler >= 0 {
        text.push_str(&format!("  [handler B{handler}]"));
    }
    text.truncate(text.trim_end().len());
    text.push('\n');
    text
}
