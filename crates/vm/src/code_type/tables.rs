//! What the tables of a code object say, as Python objects: lines, positions, branches.

use std::cell::Cell;

use taipan_bytecode::opcode::instructions;
use taipan_bytecode::{Opcode, location};
use taipan_macros::pymethods;
use taipan_object::{Bytes, Payload, PyResult, Ref, Str, Tuple, TypeSpec, Value, Vm, tpflags};

use crate::code::Code;

fn number(vm: &Vm, n: Option<i32>) -> PyResult {
    match n {
        Some(n) => vm.new_int(i64::from(n)),
        None => Ok(vm.none()),
    }
}

/// What one of the iterators has still to look at.
struct Progress {
    code: Ref<Code>,
    /// Bytes of the location table, or code units, behind the iterator.
    done: Cell<usize>,
    /// The code unit and line where the table goes on.
    unit: Cell<usize>,
    line: Cell<i32>,
}

impl Progress {
    fn new(code: &Ref<Code>) -> Progress {
        Progress {
            done: Cell::new(0),
            unit: Cell::new(0),
            line: Cell::new(code.firstlineno),
            code: code.clone(),
        }
    }

    /// The next entry of the location table.
    fn next_entry(&self) -> Option<location::Entry> {
        let rest = self.code.linetable.get(self.done.get()..)?;
        let mut entries = location::resumed(rest, self.unit.get(), self.line.get());
        let entry = entries.next()?;
        self.done.set(self.code.linetable.len() - entries.rest());
        self.unit.set(entry.start + entry.length);
        self.line.set(entries.line());
        Some(entry)
    }

    fn place(&self) -> (usize, usize, i32) {
        (self.done.get(), self.unit.get(), self.line.get())
    }

    fn go_back(&self, (done, unit, line): (usize, usize, i32)) {
        self.done.set(done);
        self.unit.set(unit);
        self.line.set(line);
    }
}

/// The payload of `line_iterator`.
pub(super) struct LineIterator(Progress);

/// The payload of `positions_iterator`.
pub(super) struct PositionsIterator {
    progress: Progress,
    /// The entry that is being shown, and for how many code units still.
    current: Cell<(location::Position, usize)>,
}

/// The payload of `branches_iterator`.
pub(super) struct BranchesIterator(Progress);

taipan_object::payload!(LineIterator, leaf);
taipan_object::payload!(PositionsIterator, leaf);
taipan_object::payload!(BranchesIterator, leaf);

static LINE_ITERATOR: TypeSpec = TypeSpec {
    parts: &[&LINE_METHODS],
    flags: tpflags::BASETYPE,
    ..TypeSpec::new(
        "line_iterator",
        "builtins",
        <LineIterator as Payload>::layout,
    )
};

static POSITIONS_ITERATOR: TypeSpec = TypeSpec {
    parts: &[&POSITIONS_METHODS],
    flags: tpflags::BASETYPE,
    ..TypeSpec::new(
        "positions_iterator",
        "builtins",
        <PositionsIterator as Payload>::layout,
    )
};

static BRANCHES_ITERATOR: TypeSpec = TypeSpec {
    parts: &[&BRANCHES_METHODS],
    flags: tpflags::BASETYPE,
    ..TypeSpec::new(
        "line_iterator",
        "builtins",
        <BranchesIterator as Payload>::layout,
    )
};

/// `co_lines()`: start and end in bytes, and the line.
pub(super) fn lines(vm: &Vm, code: &Ref<Code>) -> PyResult {
    // The types are made when they are first asked for: few programs do.
    let class = vm.make_type(&LINE_ITERATOR)?;
    Ok(vm
        .new_object(&class, LineIterator(Progress::new(code)))?
        .into_value())
}

/// `co_positions()`: one tuple for each code unit.
pub(super) fn positions(vm: &Vm, code: &Ref<Code>) -> PyResult {
    let class = vm.make_type(&POSITIONS_ITERATOR)?;
    let iterator = PositionsIterator {
        progress: Progress::new(code),
        current: Cell::default(),
    };
    Ok(vm.new_object(&class, iterator)?.into_value())
}

/// `co_branches()`: for each instruction that branches where it is, and where it leads when it does not and when it does jump.
pub(super) fn branches(vm: &Vm, code: &Ref<Code>) -> PyResult {
    let class = vm.make_type(&BRANCHES_ITERATOR)?;
    Ok(vm
        .new_object(&class, BranchesIterator(Progress::new(code)))?
        .into_value())
}

#[pymethods(LINE_METHODS)]
impl LineIterator {
    #[pyslot]
    fn tp_iter(this: &Value) -> Value {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        let Some(first) = this.0.next_entry() else {
            return Ok(None);
        };
        let line = first.position.lineno;
        let mut end = first.start + first.length;
        loop {
            let before = this.0.place();
            match this.0.next_entry() {
                Some(e) if e.position.lineno == line => end = e.start + e.length,
                Some(_) => {
                    this.0.go_back(before);
                    break;
                }
                None => break,
            }
        }
        let parts = vec![
            vm.new_usize(first.start * 2)?,
            vm.new_usize(end * 2)?,
            number(vm, line)?,
        ];
        Ok(Some(vm.new_tuple(parts)?.into_value()))
    }
}

#[pymethods(POSITIONS_METHODS)]
impl PositionsIterator {
    #[pyslot]
    fn tp_iter(this: &Value) -> Value {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        let (mut p, mut left) = this.current.get();
        if left == 0 {
            let Some(entry) = this.progress.next_entry() else {
                return Ok(None);
            };
            (p, left) = (entry.position, entry.length);
        }
        this.current.set((p, left - 1));
        let parts = vec![
            number(vm, p.lineno)?,
            number(vm, p.end_lineno)?,
            number(vm, p.col_offset)?,
            number(vm, p.end_col_offset)?,
        ];
        Ok(Some(vm.new_tuple(parts)?.into_value()))
    }
}

#[pymethods(BRANCHES_METHODS)]
impl BranchesIterator {
    #[pyslot]
    fn tp_iter(this: &Value) -> Value {
        this.clone()
    }

    #[pyslot]
    fn tp_iternext(vm: &Vm, this: &Ref<Self>) -> PyResult<Option<Value>> {
        let code = &this.0.code.code;
        for i in instructions(code, this.0.done.get()) {
            this.0.done.set(i.end);
            let found = match i.opcode.deopt() {
                Opcode::ForIter => Some([i.unit, i.end, i.end + i.oparg + 2]),
                Opcode::PopJumpIfFalse
                | Opcode::PopJumpIfTrue
                | Opcode::PopJumpIfNone
                | Opcode::PopJumpIfNotNone => Some([i.unit, i.end + 1, i.end + i.oparg]),
                Opcode::EndAsyncFor => i
                    .end
                    .checked_sub(i.oparg)
                    .map(|send| [send, send + 2, i.end]),
                _ => None,
            };
            if let Some(units) = found {
                let parts: PyResult<Vec<Value>> = units
                    .into_iter()
                    .map(|unit| vm.new_usize(unit * 2))
                    .collect();
                return Ok(Some(vm.new_tuple(parts?)?.into_value()));
            }
        }
        Ok(None)
    }
}

/// Whether CPython keeps the constant forever.
fn is_immortal(vm: &Vm, v: &Value) -> bool {
    if let Some(i) = v.as_small_int() {
        return (-5..=256).contains(&i);
    }
    if let Some(s) = v.downcast_ref::<Str>() {
        return s.is_interned() || s.len() < 2 && s.text().chars().all(|c| c < 256);
    }
    if let Some(b) = v.downcast_ref::<Bytes>() {
        return b.as_slice().len() < 2;
    }
    match v.downcast_ref::<Tuple>() {
        Some(t) => t.as_slice().is_empty(),
        None => {
            vm.is_none(v) || v.is(&vm.ellipsis()) || v.is(&vm.bool(true)) || v.is(&vm.bool(false))
        }
    }
}

/// The first cache entry of an instruction as CPython has it: of most before they first run, of loops, of conditional
/// jumps, and of specialized instructions. Our own counters are elsewhere and go by other rules.
const COUNTER: u16 = 1 << 4 | 1;
const COUNTER_OF_LOOPS: u16 = 4095 << 4 | 12;
const HISTORY_OF_JUMPS: u16 = 0x5555;
const COUNTER_OF_SPECIALIZED: u16 = 52 << 4;

/// `_co_code_adaptive`: the instructions that run. Those that CPython replaces the first time they run, whatever they meet,
/// are the same instructions here and are shown by CPython's names, all of them once the code has run.
pub(super) fn adaptive(vm: &Vm, code: &Code) -> Vec<u8> {
    let run = code.has_run();
    let mut bytes: Vec<u8> = if run {
        let stream = code.stream().iter().enumerate();
        let units = stream.map(|(unit, u)| match crate::observe::opcode_at(code, unit) {
            Some(op) => (u.get() & 0xff00) | op as u16,
            None => u.get(),
        });
        units.flat_map(u16::to_le_bytes).collect()
    } else {
        code.code.to_vec()
    };
    for i in instructions(code.instructions(), 0) {
        if i.opcode.caches() > 0 {
            let same = bytes.get(2 * i.unit) == Some(&(i.opcode as u8));
            let counter = match i.opcode {
                Opcode::JumpBackward => COUNTER_OF_LOOPS,
                Opcode::PopJumpIfFalse
                | Opcode::PopJumpIfTrue
                | Opcode::PopJumpIfNone
                | Opcode::PopJumpIfNotNone => HISTORY_OF_JUMPS,
                _ if same => COUNTER,
                _ => COUNTER_OF_SPECIALIZED,
            };
            if let Some(cache) = bytes.get_mut(2 * i.unit + 2..2 * i.unit + 4) {
                cache.copy_from_slice(&counter.to_le_bytes());
            }
        }
        if !run {
            continue;
        }
        let shown = match i.opcode {
            Opcode::Resume => Opcode::ResumeCheck,
            Opcode::JumpBackward => Opcode::JumpBackwardNoJit,
            Opcode::LoadConst => match code.consts().as_slice().get(i.oparg) {
                Some(v) if is_immortal(vm, v) => Opcode::LoadConstImmortal,
                _ => Opcode::LoadConstMortal,
            },
            _ => continue,
        };
        // Monitoring may have put an instruction of its own there.
        if let Some(byte) = bytes.get_mut(2 * i.unit)
            && *byte == i.opcode as u8
        {
            *byte = shown as u8;
        }
    }
    bytes
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
