//! Code objects: every field, the instructions with all that is known of each, both tables.

use crate::places::{cell, cell_of, cells};
use crate::program::Program;
use crate::tree::number;
use crate::types::{Code, Codes, Const, HandlerRow, InstructionRow, LineRow};
use std::collections::{HashMap, HashSet};
use std::rc::Rc;
use taipan_bytecode::code::co;
use taipan_bytecode::constant::Str;
use taipan_bytecode::dis::{Shown, instructions};
use taipan_bytecode::exception_table::{self, Entry};
use taipan_bytecode::location::{self, Position};
use taipan_bytecode::{CodeObject, Constant, Opcode, repr};

/// The names that `dis` has for flags.
const FLAG_NAMES: [(u32, &str); 11] = [
    (co::OPTIMIZED, "OPTIMIZED"),
    (co::NEWLOCALS, "NEWLOCALS"),
    (co::VARARGS, "VARARGS"),
    (co::VARKEYWORDS, "VARKEYWORDS"),
    (co::NESTED, "NESTED"),
    (co::GENERATOR, "GENERATOR"),
    (co::COROUTINE, "COROUTINE"),
    (co::ITERABLE_COROUTINE, "ITERABLE_COROUTINE"),
    (co::ASYNC_GENERATOR, "ASYNC_GENERATOR"),
    (co::HAS_DOCSTRING, "HAS_DOCSTRING"),
    (co::METHOD, "METHOD"),
];

/// The code objects in the order in which `dis` shows them, each with the index of the one around it.
pub(crate) fn preorder(code: &Rc<CodeObject>) -> Vec<(Rc<CodeObject>, Option<u32>)> {
    let mut all = Vec::new();
    let mut todo = vec![(Rc::clone(code), None)];
    while let Some((code, parent)) = todo.pop() {
        let index = all.len() as u32;
        for constant in code.consts.iter().rev() {
            if let Constant::Code(inner) = constant {
                todo.push((Rc::clone(inner), Some(index)));
            }
        }
        all.push((code, parent));
    }
    all
}

/// All code objects.
pub(crate) fn codes(program: &Program, code: &Rc<CodeObject>) -> Codes {
    let all = preorder(code);
    let mut opnames = Vec::new();
    let mut numbers = HashMap::new();
    let mut codes: Vec<Code> = Vec::with_capacity(all.len());
    for (index, (code, parent)) in all.iter().enumerate() {
        let mut one = one(program, code, *parent, &mut opnames, &mut numbers);
        if index == 0 {
            one.span = Some((0, program.places().length()));
        }
        // The children come in the order of the constants.
        if let Some(constants) = parent.and_then(|parent| codes.get_mut(parent as usize)) {
            let mut constants = constants.consts.iter_mut();
            if let Some(place) = constants.find(|c| c.kind == "code" && c.code.is_none()) {
                place.code = Some(index as u32);
            }
        }
        codes.push(one);
    }
    Codes { opnames, codes }
}

fn words(text: &Str) -> String {
    String::from_utf8_lossy(text.as_wtf8().as_bytes()).into_owned()
}

fn all_words(names: &[Constant]) -> Vec<String> {
    let name = |name: &Constant| match name {
        Constant::Str(name) => words(name),
        other => repr::repr(other),
    };
    names.iter().map(name).collect()
}

/// Bytes in hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    const DIGITS: [char; 16] = [
        '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f',
    ];
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.map(|digit| DIGITS[usize::from(digit)]).collect()
}

fn one(
    program: &Program,
    code: &CodeObject,
    parent: Option<u32>,
    opnames: &mut Vec<&'static str>,
    numbers: &mut HashMap<&'static str, i32>,
) -> Code {
    let consts = code.consts.iter().map(|constant| Const {
        kind: constant.type_name(),
        repr: repr::repr(constant),
        code: None,
    });
    let mut out = Code {
        parent,
        name: words(&code.name),
        qualname: words(&code.qualname),
        filename: words(&code.filename),
        firstlineno: code.firstlineno,
        span: None,
        argcount: code.argcount,
        posonlyargcount: code.posonlyargcount,
        kwonlyargcount: code.kwonlyargcount,
        nlocals: code.nlocals() as u32,
        stacksize: code.stacksize,
        flags: code.flags,
        flag_names: FLAG_NAMES
            .iter()
            .filter(|(bit, _)| code.flags & bit != 0)
            .map(|(_, name)| *name)
            .collect(),
        consts: consts.collect(),
        names: all_words(&code.names),
        varnames: all_words(&code.varnames()),
        cellvars: all_words(&code.cellvars()),
        freevars: all_words(&code.freevars()),
        code: hex(&code.code),
        linetable: hex(&code.linetable),
        exceptiontable: hex(&code.exceptiontable),
        rows: Default::default(),
        argreprs: Vec::new(),
        handlers: Default::default(),
        lines: Default::default(),
    };
    let bytes = |unit: usize| cell_of(unit.saturating_mul(2));
    let entries: Vec<Entry> = exception_table::entries(&code.exceptiontable).collect();
    for entry in &entries {
        out.handlers.push(&HandlerRow {
            start: bytes(entry.start),
            end: bytes(entry.end),
            target: bytes(entry.target),
            depth: cell_of(entry.depth),
            lasti: i32::from(entry.lasti),
        });
    }
    let positions = lines(code, &mut out);
    let shown = instructions(code);
    let depths = depths(&shown, &entries);
    let targets: HashSet<i64> = shown.iter().filter_map(|shown| shown.target).collect();
    for (instruction, depth) in shown.into_iter().zip(depths) {
        let unit = instruction.offset / 2;
        let position = positions.get(unit).copied().unwrap_or_default();
        let span = program.places().of_position(program.text(), &position);
        let (from, to) = cells(span);
        if let Some(span) = span.filter(|(from, to)| from < to) {
            let (from, to) = out.span.unwrap_or(span);
            out.span = Some((from.min(span.0), to.max(span.1)));
        }
        let name = instruction.opcode.map_or("<unknown>", Opcode::name);
        let handler = entries.iter().find(|e| e.start <= unit && unit < e.end);
        let part = |part: Option<i32>| part.unwrap_or(-1);
        out.rows.push(&InstructionRow {
            offset: cell_of(instruction.offset),
            opcode: i32::from(instruction.byte),
            name: number(numbers, opnames, name),
            arg: instruction.arg.unwrap_or(-1),
            from,
            to,
            line: part(position.lineno),
            column: part(position.col_offset),
            end_line: part(position.end_lineno),
            end_column: part(position.end_col_offset),
            starts_line: i32::from(instruction.starts_line),
            label: instruction.label.map_or(0, cell_of),
            target: instruction
                .target
                .and_then(|target| i32::try_from(target).ok())
                .unwrap_or(-1),
            is_target: i32::from(targets.contains(&(instruction.offset as i64))),
            caches: instruction.opcode.map_or(0, |o| cell_of(o.caches())),
            depth: depth.map_or(-1, cell),
            handler: handler.map_or(-1, |entry| bytes(entry.target)),
        });
        out.argreprs.push(instruction.argrepr);
    }
    out
}

/// Fills in the line table; gives the position of each code unit.
fn lines(code: &CodeObject, out: &mut Code) -> Vec<Position> {
    let mut positions = Vec::with_capacity(code.units());
    let mut entries = location::entries(&code.linetable, code.firstlineno);
    loop {
        let byte = code.linetable.len() - entries.rest();
        let Some(entry) = entries.next() else {
            return positions;
        };
        let part = |part: Option<i32>| part.unwrap_or(-1);
        let position = entry.position;
        out.lines.push(&LineRow {
            start: cell_of(2 * entry.start),
            end: cell_of(2 * (entry.start + entry.length)),
            line: part(position.lineno),
            end_line: part(position.end_lineno),
            column: part(position.col_offset),
            end_column: part(position.end_col_offset),
            byte: cell_of(byte),
            bytes: cell_of(code.linetable.len() - entries.rest() - byte),
        });
        positions.extend(std::iter::repeat_n(position, entry.length));
    }
}

/// The depth of the stack before each instruction, found by following control from the start. What nothing leads to has
/// none.
fn depths(shown: &[Shown], handlers: &[Entry]) -> Vec<Option<u32>> {
    let mut depths: Vec<Option<u32>> = vec![None; shown.len()];
    let at = |offset: i64| {
        shown
            .binary_search_by_key(&offset, |s| s.offset as i64)
            .ok()
    };
    let mut todo = vec![(0, 0u32)];
    while let Some((mut index, mut depth)) = todo.pop() {
        while let (Some(instruction), Some(known @ None)) =
            (shown.get(index), depths.get_mut(index))
        {
            *known = Some(depth);
            let unit = instruction.offset / 2;
            let handler = handlers.iter().find(|e| e.start <= unit && unit < e.end);
            if let Some(entry) = handler
                && let Some(target) = at(2 * entry.target as i64)
            {
                let pushed = 1 + u32::from(entry.lasti);
                todo.push((target, (entry.depth as u32).saturating_add(pushed)));
            }
            let Some(opcode) = instruction.opcode else {
                break;
            };
            let arg = instruction.arg.unwrap_or(0) as u32;
            let popped = u32::try_from(opcode.num_popped(arg)).unwrap_or(u32::MAX);
            let pushed = u32::try_from(opcode.num_pushed(arg)).unwrap_or(u32::MAX);
            if opcode != Opcode::ExtendedArg {
                depth = depth.saturating_sub(popped).saturating_add(pushed);
            }
            if let Some(target) = instruction.target.and_then(at)
                && opcode != Opcode::EndAsyncFor
            {
                todo.push((target, depth));
            }
            if opcode.is_scope_exit() || opcode.is_unconditional_jump() {
                break;
            }
            index += 1;
        }
    }
    depths
}
