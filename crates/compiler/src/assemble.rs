//! The end of the compiler: a unit's instructions become a code object. The order of the instructions, and all but the
//! operands of jumps, comes from [`flowgraph`].

use crate::const_cache::ConstCache;
use crate::flowgraph;
use crate::flowgraph::graph::{BlockId, Cfg, MALFORMED, Room, for_each_block, is_terminator};
use crate::instruction_sequence::SourceLocation;
use rustc_hash::FxHashSet;
use std::rc::Rc;
use taipan_bytecode::CompilerOpcode;
use taipan_bytecode::code::{CodeObject, co, co_fast};
use taipan_bytecode::constant::{Constant, Str};
use taipan_bytecode::exception_table;
use taipan_bytecode::location::{self, Position};
use taipan_bytecode::opcode::flags;

/// What a code unit has beside its instructions.
#[derive(Debug, Clone)]
pub struct UnitMetadata {
    /// `co_name`. This and the other names are interned; equal ones of a module are the same allocation.
    pub name: Rc<Str>,
    /// `co_qualname`.
    pub qualname: Rc<Str>,
    /// `co_filename`; the same allocation for all units of a module.
    pub filename: Rc<Str>,
    /// `co_flags`.
    pub flags: u32,
    /// `co_firstlineno`.
    pub firstlineno: i32,
    /// `co_argcount`.
    pub argcount: u32,
    /// `co_posonlyargcount`.
    pub posonlyargcount: u32,
    /// `co_kwonlyargcount`.
    pub kwonlyargcount: u32,
    /// The fast locals by index: the parameters first, then in the order of first use.
    pub varnames: Vec<Rc<Str>>,
    /// Of each of them, whether it is hidden (the variables of inlined comprehensions outside functions).
    pub fast_hidden: Vec<bool>,
    /// The cell variables by index; some may be among `varnames` too.
    pub cellvars: Vec<Rc<Str>>,
    /// The free variables; their indices go on from those of the cell variables.
    pub freevars: Vec<Rc<Str>>,
    /// The names of globals and attributes by index.
    pub names: Vec<Rc<Str>>,
}

/// What can go wrong in the back half. None of these comes from source text that the front half accepts, except for
/// sheer size.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AssembleError {
    /// SystemError with this message: the instructions do not make sense.
    System(&'static str),
    /// ValueError with this message: the same, where CPython says ValueError.
    Value(&'static str),
    /// OverflowError with this message: too much of something.
    Overflow(&'static str),
}

/// The code object of a unit that has been lowered, and the room that its graph had.
pub(crate) fn assemble(
    metadata: &UnitMetadata,
    mut optimized: flowgraph::Optimized,
    cache: &mut ConstCache,
) -> Result<(CodeObject, Room), AssembleError> {
    let mut lines = std::mem::take(&mut optimized.cfg.room().lines);
    lines.fill(&optimized.cfg)?;
    lines.resolve_next_locations();
    lines.resolve_unconditional_jumps();
    let units = lines.resolve_jump_offsets();

    lines.write_code(units);
    let code = cache.merge_bytes(&lines.bytes);
    lines.write_locations(metadata.firstlineno, units);
    let linetable = cache.merge_bytes(&lines.bytes);
    let exceptiontable = lines.exception_table(&optimized.cfg, units)?;
    optimized.cfg.room().lines = lines;
    let names = metadata
        .names
        .iter()
        .map(|name| Constant::Str(name.clone()))
        .collect();
    let (localsplusnames, localspluskinds) = localsplus(metadata);
    let code = CodeObject {
        argcount: metadata.argcount,
        posonlyargcount: metadata.posonlyargcount,
        kwonlyargcount: metadata.kwonlyargcount,
        // A frame has room for one item at least.
        stacksize: optimized.stacksize.max(1),
        flags: metadata.flags,
        code,
        consts: cache.merge_tuple(optimized.consts.into_iter().map(interned).collect()),
        names: cache.merge_tuple(names),
        localsplusnames: cache.merge_tuple(localsplusnames),
        localspluskinds: Rc::from(localspluskinds),
        filename: metadata.filename.clone(),
        name: metadata.name.clone(),
        qualname: metadata.qualname.clone(),
        firstlineno: metadata.firstlineno,
        linetable,
        exceptiontable: cache.merge_bytes(&exceptiontable),
    };
    Ok((code, optimized.cfg.into_room()))
}

/// A frozenset with names in it is a new object in each code object: CPython makes it again when it puts the interned
/// strings in, if those existed before. That depends on what else the process has seen; identifiers mostly have been.
fn interned(constant: Constant) -> Constant {
    let is_name = |item: &Constant| match item {
        Constant::Str(text) => {
            let first = text.text.as_bytes().first();
            text.interned && first.is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
        }
        _ => false,
    };
    match &constant {
        Constant::FrozenSet(items) if items.iter().any(is_name) => {
            Constant::FrozenSet(items.iter().cloned().collect())
        }
        _ => constant,
    }
}

/// The names of the fast locals, cells and free variables, and their kinds.
fn localsplus(metadata: &UnitMetadata) -> (Vec<Constant>, Vec<u8>) {
    let cells: FxHashSet<&Str> = metadata.cellvars.iter().map(|name| &**name).collect();
    let count = metadata.varnames.len() + metadata.cellvars.len() + metadata.freevars.len();
    let mut names = Vec::with_capacity(count);
    let mut kinds = Vec::with_capacity(count);
    for (i, name) in metadata.varnames.iter().enumerate() {
        let mut kind = co_fast::LOCAL | parameter_kind(metadata, i);
        if metadata.fast_hidden.get(i).copied().unwrap_or(false) {
            kind |= co_fast::HIDDEN;
        }
        if !cells.is_empty() && cells.contains(&**name) {
            kind |= co_fast::CELL;
        }
        names.push(Constant::Str(name.clone()));
        kinds.push(kind);
    }
    if !cells.is_empty() {
        let locals: FxHashSet<&Str> = metadata.varnames.iter().map(|name| &**name).collect();
        for name in &metadata.cellvars {
            if !locals.contains(&**name) {
                names.push(Constant::Str(name.clone()));
                kinds.push(co_fast::CELL);
            }
        }
    }
    for name in &metadata.freevars {
        names.push(Constant::Str(name.clone()));
        kinds.push(co_fast::FREE);
    }
    (names, kinds)
}

/// What kind of parameter a fast local is: positional ones come first, then keyword-only ones, `*args`, `**kwargs`.
fn parameter_kind(metadata: &UnitMetadata, index: usize) -> u8 {
    let posonly = metadata.posonlyargcount as usize;
    let positional = metadata.argcount as usize;
    let named = positional + metadata.kwonlyargcount as usize;
    let varargs = named + usize::from(metadata.flags & co::VARARGS != 0);
    let all = varargs + usize::from(metadata.flags & co::VARKEYWORDS != 0);
    match index {
        _ if index < posonly => co_fast::ARG_POS,
        _ if index < positional => co_fast::ARG_POS | co_fast::ARG_KW,
        _ if index < named => co_fast::ARG_KW,
        _ if index < varargs => co_fast::ARG_VAR | co_fast::ARG_POS,
        _ if index < all => co_fast::ARG_VAR | co_fast::ARG_KW,
        _ => 0,
    }
}

/// An instruction in its final order.
#[derive(Debug)]
struct Line {
    opcode: CompilerOpcode,
    /// The code units of its inline cache.
    caches: u8,
    oparg: u32,
    location: SourceLocation,
    /// The index of the instruction that it jumps to, [`NO_TARGET`] for none.
    target: u32,
    except: Option<BlockId>,
    /// Its first code unit.
    offset: u32,
}

/// No index of an instruction.
const NO_TARGET: u32 = u32::MAX;

impl Line {
    /// The code units that it takes: EXTENDED_ARGs, itself, its inline cache.
    #[inline]
    fn units(&self) -> u32 {
        let extended = match self.oparg {
            0..=0xFF => 0,
            0x100..=0xFFFF => 1,
            0x1_0000..=0xFF_FFFF => 2,
            _ => 3,
        };
        extended + 1 + u32::from(self.caches)
    }
}

/// The instructions of a unit in their final order. Its room is used again.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    lines: Vec<Line>,
    /// The jumps among them, by index.
    jumps: Vec<u32>,
    /// The index of the first instruction of each block, by the block's number.
    first_of_block: Vec<u32>,
    /// Whether some take the location of the next one.
    has_next: bool,
    /// What has been written last.
    bytes: Vec<u8>,
}

/// END_ASYNC_FOR names the END_SEND of its loop, which stands this many code units behind the SEND it is compiled with.
const END_SEND_OFFSET: u32 = 5;

/// Rounds of sizing after which jumps do not shrink any more. Without this, sizes that depend on each other could change
/// to and fro for ever.
const SHRINKING_ROUNDS: usize = 16;

impl Lines {
    fn fill(&mut self, cfg: &Cfg) -> Result<(), AssembleError> {
        let Lines {
            lines,
            jumps,
            first_of_block,
            has_next,
            bytes: _,
        } = self;
        lines.clear();
        jumps.clear();
        first_of_block.clear();
        first_of_block.resize(cfg.len(), 0);
        *has_next = false;
        // Sequences are short enough for 32 bits, in code units too.
        let mut count: u32 = 0;
        for_each_block!(cfg, id, {
            first_of_block[cfg.number(id)] = count;
            count += cfg[id].instrs.len() as u32;
        });
        lines.reserve(count as usize);
        for_each_block!(cfg, id, {
            for instr in &cfg[id].instrs {
                let metadata = instr.opcode.metadata();
                *has_next |= instr.loc.lineno == SourceLocation::NEXT.lineno;
                let mut line = Line {
                    opcode: instr.opcode,
                    caches: metadata.caches,
                    oparg: instr.oparg,
                    location: instr.loc,
                    target: NO_TARGET,
                    except: instr.except,
                    offset: 0,
                };
                if metadata.flags & flags::JUMP != 0 {
                    let target = instr
                        .target
                        .map(|target| first_of_block[cfg.number(target)]);
                    line.target = target.filter(|target| *target < count).ok_or(MALFORMED)?;
                    // The first guess at a jump's size, as good as any.
                    line.oparg = line.target;
                    jumps.push(lines.len() as u32);
                }
                lines.push(line);
            }
        });
        Ok(())
    }

    /// Gives instructions that take the location of the next one that location.
    fn resolve_next_locations(&mut self) {
        if !self.has_next {
            return;
        }
        let mut next = SourceLocation::NONE;
        for line in self.lines.iter_mut().rev() {
            if line.location == SourceLocation::NEXT {
                let ends = is_terminator(line.opcode);
                line.location = if ends { SourceLocation::NONE } else { next };
            }
            next = line.location;
        }
    }

    fn resolve_unconditional_jumps(&mut self) {
        for i in &self.jumps {
            let line = &mut self.lines[*i as usize];
            let forward = line.target > *i;
            line.opcode = match line.opcode {
                CompilerOpcode::Jump if forward => CompilerOpcode::JumpForward,
                CompilerOpcode::Jump => CompilerOpcode::JumpBackward,
                CompilerOpcode::JumpNoInterrupt if forward => CompilerOpcode::JumpForward,
                CompilerOpcode::JumpNoInterrupt => CompilerOpcode::JumpBackwardNoInterrupt,
                other => other,
            };
            line.caches = line.opcode.metadata().caches;
        }
    }

    /// Finds the offsets of all instructions and the operands of jumps, which depend on each other through the sizes.
    /// Gives the number of code units.
    fn resolve_jump_offsets(&mut self) -> u32 {
        let mut round = 0;
        loop {
            let mut changed = false;
            round += 1;
            let mut offset = 0;
            for line in &mut self.lines {
                line.offset = offset;
                offset += line.units();
            }
            for i in &self.jumps {
                let line = &self.lines[*i as usize];
                let (before, end) = (line.units(), line.offset + line.units());
                let mut distance = self.lines[line.target as usize].offset.abs_diff(end);
                if line.opcode == CompilerOpcode::EndAsyncFor {
                    distance = distance.saturating_sub(END_SEND_OFFSET);
                }
                let line = &mut self.lines[*i as usize];
                let old = line.oparg;
                line.oparg = distance;
                if line.units() < before && round > SHRINKING_ROUNDS {
                    line.oparg = old;
                }
                changed |= line.units() != before;
            }
            if !changed {
                return offset;
            }
        }
    }

    /// Writes the code.
    fn write_code(&mut self, units: u32) {
        self.bytes.clear();
        self.bytes.resize(2 * units as usize, 0);
        for line in &self.lines {
            let bytes = line.oparg.to_be_bytes();
            let extended = match line.oparg {
                0..=0xFF => 0,
                _ => (line.units() - u32::from(line.caches) - 1) as usize,
            };
            let start = 2 * line.offset as usize;
            let Some(place) = self.bytes.get_mut(start..start + 2 * extended + 2) else {
                continue;
            };
            for (unit, byte) in place.chunks_exact_mut(2).zip(&bytes[3 - extended..]) {
                unit.copy_from_slice(&[CompilerOpcode::ExtendedArg as u16 as u8, *byte]);
            }
            place[2 * extended] = line.opcode as u16 as u8;
        }
    }

    /// Writes the table of locations.
    fn write_locations(&mut self, firstlineno: i32, units: u32) {
        let mut writer = location::Writer::with_room(firstlineno, std::mem::take(&mut self.bytes));
        let mut current = SourceLocation::NONE;
        let mut start = 0;
        for line in &self.lines {
            if line.location != current {
                writer.push(position(current), (line.offset - start) as usize);
                current = line.location;
                start = line.offset;
            }
        }
        writer.push(position(current), (units - start) as usize);
        self.bytes = writer.finish();
    }

    fn exception_table(&self, cfg: &Cfg, units: u32) -> Result<Vec<u8>, AssembleError> {
        let mut table = Vec::new();
        if !cfg.pushes {
            return Ok(table);
        }
        // The handler in force, and where that began.
        let mut open: Option<(BlockId, u32)> = None;
        for line in &self.lines {
            if open.map(|(handler, _)| handler) != line.except {
                self.close_range(cfg, open, line.offset, &mut table)?;
                open = line.except.map(|handler| (handler, line.offset));
            }
        }
        self.close_range(cfg, open, units, &mut table)?;
        Ok(table)
    }

    fn close_range(
        &self,
        cfg: &Cfg,
        open: Option<(BlockId, u32)>,
        end: u32,
        table: &mut Vec<u8>,
    ) -> Result<(), AssembleError> {
        let Some((handler, start)) = open else {
            return Ok(());
        };
        let block = &cfg[handler];
        // What is pushed for the handler does not count as the depth that it finds.
        let pushed = 1 + u32::from(block.preserve_lasti);
        let depth = block
            .startdepth
            .and_then(|depth| depth.checked_sub(pushed))
            .ok_or(MALFORMED)?;
        let target = self
            .lines
            .get(self.first_of_block[cfg.number(handler)] as usize)
            .ok_or(MALFORMED)?;
        let entry = exception_table::Entry {
            start: start as usize,
            end: end as usize,
            target: target.offset as usize,
            depth: depth as usize,
            lasti: block.preserve_lasti,
        };
        exception_table::push_entry(table, &entry);
        Ok(())
    }
}

fn position(location: SourceLocation) -> Position {
    let known = |value: i32| (value >= 0).then_some(value);
    Position {
        lineno: known(location.lineno),
        end_lineno: known(location.end_lineno),
        col_offset: known(location.col_offset),
        end_col_offset: known(location.end_col_offset),
    }
}
