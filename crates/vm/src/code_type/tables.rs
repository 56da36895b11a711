//! What the tables of a code object say, as Python objects: lines, positions, branches.

use taipan_bytecode::{Opcode, location};
use taipan_object::{PyResult, Value, Vm};

use crate::code::Code;

fn number(vm: &Vm, n: Option<i32>) -> PyResult {
    match n {
        Some(n) => vm.new_int(i64::from(n)),
        None => Ok(vm.none()),
    }
}

fn iterator(vm: &Vm, items: Vec<Value>) -> PyResult {
    vm.iter(vm.new_list(items)?.as_value())
}

/// `co_lines()`: start and end in bytes, and the line.
pub(super) fn lines(vm: &Vm, code: &Code) -> PyResult {
    let mut out = Vec::new();
    for r in location::line_ranges(&code.linetable, code.firstlineno) {
        let parts = vec![
            vm.new_usize(r.start * 2)?,
            vm.new_usize(r.end * 2)?,
            number(vm, r.line)?,
        ];
        out.push(vm.new_tuple(parts)?.into_value());
    }
    iterator(vm, out)
}

/// `co_positions()`: one tuple for each code unit.
pub(super) fn positions(vm: &Vm, code: &Code) -> PyResult {
    let units = code.units();
    let mut out = Vec::with_capacity(units);
    for e in location::entries(&code.linetable, code.firstlineno) {
        let p = e.position;
        let parts = vec![
            number(vm, p.lineno)?,
            number(vm, p.end_lineno)?,
            number(vm, p.col_offset)?,
            number(vm, p.end_col_offset)?,
        ];
        let t = vm.new_tuple(parts)?.into_value();
        for _ in 0..e.length {
            if out.len() == units {
                break;
            }
            out.push(t.clone());
        }
    }
    iterator(vm, out)
}

/// `co_branches()`: for each instruction that branches where it is, and where it leads when it does not and when it does jump.
pub(super) fn branches(vm: &Vm, code: &Code) -> PyResult {
    let mut out = Vec::new();
    let mut at = 0;
    let mut arg = 0usize;
    while let Some(bytes) = code.code.get(at * 2..at * 2 + 2) {
        let Some(op) = Opcode::from_u8(bytes[0]).map(Opcode::deopt) else {
            break;
        };
        let next = at + 1 + op.caches();
        arg = (arg << 8) | usize::from(bytes[1]);
        let found = match op {
            Opcode::ExtendedArg => {
                at = next;
                continue;
            }
            Opcode::ForIter => Some((at, next, next + arg + 2)),
            Opcode::PopJumpIfFalse
            | Opcode::PopJumpIfTrue
            | Opcode::PopJumpIfNone
            | Opcode::PopJumpIfNotNone => Some((at, next + 1, next + arg)),
            Opcode::EndAsyncFor => next.checked_sub(arg).map(|src| (src, src + 2, next)),
            _ => None,
        };
        if let Some((a, b, c)) = found {
            let parts = vec![
                vm.new_usize(a * 2)?,
                vm.new_usize(b * 2)?,
                vm.new_usize(c * 2)?,
            ];
            out.push(vm.new_tuple(parts)?.into_value());
        }
        arg = 0;
        at = next;
    }
    iterator(vm, out)
}

/// `co_lnotab`: pairs of increments of byte offset and line.
pub(super) fn lnotab(code: &Code) -> Vec<u8> {
    let mut out = Vec::new();
    let (mut offset, mut line) = (0usize, code.firstlineno);
    for e in location::line_ranges(&code.linetable, code.firstlineno) {
        let Some(new) = e.line else { continue };
        if new == line {
            continue;
        }
        let mut bytes = e.start * 2 - offset;
        let mut delta = i64::from(new) - i64::from(line);
        while bytes > 255 {
            out.extend([255, 0]);
            bytes -= 255;
        }
        while delta > 127 {
            out.extend([bytes as u8, 127]);
            bytes = 0;
            delta -= 127;
        }
        while delta < -128 {
            out.extend([bytes as u8, 0x80]);
            bytes = 0;
            delta += 128;
        }
        out.extend([bytes as u8, delta as i8 as u8]);
        offset = e.start * 2;
        line = new;
    }
    out
}
