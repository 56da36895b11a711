//! A program's code objects as JSON, and what the machine learned of their instructions.

use taipan_bytecode::opcode::flags;
use taipan_bytecode::{Opcode, exception_table, location};
use taipan_object::Ref;
use taipan_vm::code::Code;

use crate::json::Json;

/// The instructions of a code object: unit, opcode, operand (EXTENDED_ARGs counted in).
fn instructions(code: &Code) -> Vec<(usize, Opcode, u32)> {
    let bytes = &code.code;
    let mut all = Vec::new();
    let (mut unit, mut high) = (0, 0u32);
    while let (Some(&byte), Some(&low)) = (bytes.get(2 * unit), bytes.get(2 * unit + 1)) {
        let Some(op) = Opcode::from_u8(byte) else {
            break;
        };
        let arg = high << 8 | u32::from(low);
        high = if op == Opcode::ExtendedArg { arg } else { 0 };
        all.push((unit, op, arg));
        unit += 1 + op.caches();
    }
    all
}

fn target(unit: usize, op: Opcode, arg: u32) -> Option<i64> {
    if !op.has(flags::JUMP) {
        return None;
    }
    let behind = (unit + 1 + op.caches()) as i64;
    let distance = i64::from(arg);
    let to = if op.jumps_backward() {
        behind - distance
    } else {
        behind + distance
    };
    Some(2 * to)
}

/// The code objects: fields, instructions, exception tables. An instruction is a row of offset, opcode's name, operand or
/// -1, target or -1, and line, last line, column and last column (in bytes), or -1.
pub(crate) fn describe(codes: &[Ref<Code>]) -> String {
    let mut j = Json::default();
    j.open('[');
    for (id, code) in codes.iter().enumerate() {
        j.open('{');
        j.key("id").size(id as u64);
        j.key("name").string(&code.name.to_string_lossy());
        j.key("qualname").string(&code.qualname.to_string_lossy());
        j.key("filename")
            .string(&code.filename.get().to_string_lossy());
        j.key("firstline").number(code.firstlineno);
        j.key("own").flag(true);
        let units = code.units();
        let mut places = vec![[-1; 4]; units];
        for e in location::entries(&code.linetable, code.firstlineno) {
            let p = e.position;
            let place = [p.lineno, p.end_lineno, p.col_offset, p.end_col_offset];
            let end = (e.start + e.length).min(units);
            for slot in places.get_mut(e.start..end).unwrap_or(&mut []) {
                *slot = place.map(|n| n.unwrap_or(-1));
            }
        }
        j.key("instructions").open('[');
        for (unit, op, arg) in instructions(code) {
            j.open('[');
            j.size(2 * unit as u64);
            j.string(op.name());
            if op.has(flags::ARG) {
                j.number(arg);
            } else {
                j.number(-1);
            }
            j.number(target(unit, op, arg).unwrap_or(-1));
            for n in places.get(unit).copied().unwrap_or([-1; 4]) {
                j.number(n);
            }
            j.close(']');
        }
        j.close(']');
        j.key("exceptionTable").open('[');
        for e in exception_table::entries(&code.exceptiontable) {
            j.open('{');
            j.key("start").size(2 * e.start as u64);
            j.key("end").size(2 * e.end as u64);
            j.key("target").size(2 * e.target as u64);
            j.key("depth").size(e.depth as u64);
            j.key("lasti").flag(e.lasti);
            j.close('}');
        }
        j.close(']');
        j.close('}');
    }
    j.close(']');
    j.finish()
}

/// A row for each instruction that ran: code, offset, how often, the opcode it has become or null, how often it ran
/// specialized, the first words of its cache.
pub(crate) fn counts(codes: &[Ref<Code>]) -> String {
    let mut j = Json::default();
    j.open('[');
    for (id, code) in codes.iter().enumerate() {
        if !code.has_run() {
            continue;
        }
        let running = code.running();
        let Some(watched) = &running.watched else {
            continue;
        };
        for (unit, op, _) in instructions(code) {
            let (count, special) = watched.counts(unit);
            if count == 0 {
                continue;
            }
            j.open('{');
            j.key("code").size(id as u64);
            j.key("offset").size(2 * unit as u64);
            j.key("count").number(count);
            j.key("specialized");
            match watched.opcode(unit).filter(|now| *now != op) {
                Some(now) => j.string(now.name()),
                None => j.null(),
            }
            j.key("hits").number(special);
            j.key("misses").number(0);
            j.key("caches").open('[');
            for cell in running.caches.iter().skip(unit + 1).take(op.caches()) {
                j.string(&format!("{:x}", cell.get()));
            }
            j.close(']');
            j.close('}');
        }
    }
    j.close(']');
    j.finish()
}
