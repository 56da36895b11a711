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
use taipan_bytecode::location;
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
    let mut layout = std::mem::take(&mut optimized.cfg.room().layout);
    if layout.fill(&optimized.cfg)? {
        layout.resolve_next_locations(&mut optimized.cfg);
    }
    let units = layout.resolve_jump_offsets();
    layout.write(&mut optimized.cfg, metadata.firstlineno, units)?;
    let code = cache.merge_bytes(layout.code.as_flattened());
    let linetable = cache.merge_bytes(&layout.locations);
    let exceptiontable = cache.merge_bytes(&layout.exceptions);
    optimized.cfg.room().layout = layout;
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
        exceptiontable,
    };
    Ok((code, optimized.cfg.into_room()))
}

/// A frozenset with names in it is a new object in each code object: CPython makes it again when it puts the interned
/// strings in, if others of the same text existed before. That depends on what else the process has seen; identifiers mostly
/// have been, but of a single character there is one string only.
fn interned(constant: Constant) -> Constant {
    let is_name = |item: &Constant| match item {
        Constant::Str(text) => {
            let starts_name = |byte: &u8| byte.is_ascii_alphabetic() || *byte == b'_';
            let bytes = text.text.as_bytes();
            text.interned && bytes.len() > 1 && bytes.first().is_some_and(starts_name)
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

/// Where a block stands in the code.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    /// The index of its first instruction among all.
    first: u32,
    /// Its first code unit.
    offset: u32,
}

/// A block in the final order.
#[derive(Debug)]
struct Span {
    block: BlockId,
    /// The code units of all its instructions but the jump.
    units: u32,
    /// Its jump, by index.
    jump: Option<u32>,
}

/// A jump. A block has one at most, and only NOT_TAKEN may follow it.
#[derive(Debug)]
struct Jump {
    /// The number of its block, and its index in it.
    block: u32,
    index: u32,
    /// The code units of its block before it.
    before: u32,
    opcode: CompilerOpcode,
    oparg: u32,
    /// The number of the block that it leads to.
    target: u32,
}

impl Jump {
    fn units(&self) -> u32 {
        units(self.opcode, self.oparg)
    }
}

/// The code units that an instruction takes: EXTENDED_ARGs, itself, its inline cache.
#[inline]
fn units(opcode: CompilerOpcode, oparg: u32) -> u32 {
    extended(oparg) + 1 + u32::from(opcode.brief().caches)
}

/// How many EXTENDED_ARGs an operand needs.
#[inline]
fn extended(oparg: u32) -> u32 {
    match oparg {
        0..=0xFF => 0,
        _ => extended_of_large(oparg),
    }
}

#[cold]
fn extended_of_large(oparg: u32) -> u32 {
    match oparg {
        0..=0xFFFF => 1,
        0x1_0000..=0xFF_FFFF => 2,
        _ => 3,
    }
}

/// The blocks of a unit in their final order, and what is written of them. Its room is used again.
#[derive(Debug, Default)]
pub(crate) struct Layout {
    spans: Vec<Span>,
    jumps: Vec<Jump>,
    /// By the block's number.
    places: Vec<Place>,
    /// The number of instructions.
    count: u32,
    code: Vec<[u8; 2]>,
    locations: Vec<u8>,
    exceptions: Vec<u8>,
}

/// END_ASYNC_FOR names the END_SEND of its loop, which stands this many code units behind the SEND it is compiled with.
const END_SEND_OFFSET: u32 = 5;

/// Rounds of sizing after which jumps do not shrink any more. Without this, sizes that depend on each other could change
/// to and fro for ever.
const SHRINKING_ROUNDS: usize = 16;

impl Layout {
    /// Takes the blocks in. Says whether there are instructions that take the location of the next one.
    fn fill(&mut self, cfg: &Cfg) -> Result<bool, AssembleError> {
        self.spans.clear();
        self.jumps.clear();
        self.places.clear();
        self.places.resize(cfg.len(), Place::default());
        let mut has_next = false;
        // Sequences are short enough for 32 bits, in code units too.
        let mut count: u32 = 0;
        for_each_block!(cfg, id, {
            self.places[cfg.number(id)].first = count;
            let mut span = Span {
                block: id,
                units: 0,
                jump: None,
            };
            for (instr, index) in cfg[id].instrs.iter().zip(0..) {
                has_next |= instr.loc.lineno == SourceLocation::NEXT.lineno;
                let brief = instr.opcode.brief();
                if brief.flags & flags::JUMP == 0 {
                    span.units += extended(instr.oparg) + 1 + u32::from(brief.caches);
                    continue;
                }
                let target = instr.target.ok_or(MALFORMED)?;
                span.jump = Some(self.jumps.len() as u32);
                self.jumps.push(Jump {
                    block: cfg.number(id) as u32,
                    index,
                    before: span.units,
                    opcode: instr.opcode,
                    oparg: 0,
                    target: cfg.number(target) as u32,
                });
            }
            count += cfg[id].instrs.len() as u32;
            self.spans.push(span);
        });
        self.count = count;
        for jump in &mut self.jumps {
            // The first guess at a jump's size, as good as any.
            jump.oparg = self.places[jump.target as usize].first;
            if jump.oparg >= count {
                return Err(MALFORMED);
            }
            let forward = jump.oparg > self.places[jump.block as usize].first + jump.index;
            jump.opcode = match jump.opcode {
                CompilerOpcode::Jump if forward => CompilerOpcode::JumpForward,
                CompilerOpcode::Jump => CompilerOpcode::JumpBackward,
                CompilerOpcode::JumpNoInterrupt if forward => CompilerOpcode::JumpForward,
                CompilerOpcode::JumpNoInterrupt => CompilerOpcode::JumpBackwardNoInterrupt,
                other => other,
            };
        }
        Ok(has_next)
    }

    /// Gives instructions that take the location of the next one that location.
    fn resolve_next_locations(&self, cfg: &mut Cfg) {
        let mut next = SourceLocation::NONE;
        for span in self.spans.iter().rev() {
            for instr in cfg[span.block].instrs.iter_mut().rev() {
                if instr.loc == SourceLocation::NEXT {
                    let ends = is_terminator(instr.opcode);
                    instr.loc = if ends { SourceLocation::NONE } else { next };
                }
                next = instr.loc;
            }
        }
    }

    /// Finds the offsets of all blocks and the operands of jumps, which depend on each other through the sizes. Gives the
    /// number of code units.
    fn resolve_jump_offsets(&mut self) -> u32 {
        let mut round = 0;
        loop {
            round += 1;
            let mut offset = 0;
            for span in &self.spans {
                self.places[span.block.number()].offset = offset;
                let jump = span.jump.and_then(|jump| self.jumps.get(jump as usize));
                offset += span.units + jump.map_or(0, Jump::units);
            }
            let mut changed = false;
            for jump in &mut self.jumps {
                let before = jump.units();
                let end = self.places[jump.block as usize].offset + jump.before + before;
                let mut distance = self.places[jump.target as usize].offset.abs_diff(end);
                if jump.opcode == CompilerOpcode::EndAsyncFor {
                    distance = distance.saturating_sub(END_SEND_OFFSET);
                }
                let old = std::mem::replace(&mut jump.oparg, distance);
                if jump.units() < before && round > SHRINKING_ROUNDS {
                    jump.oparg = old;
                }
                changed |= jump.units() != before;
            }
            if !changed {
                return offset;
            }
        }
    }

    /// Writes the code and its tables.
    fn write(&mut self, cfg: &mut Cfg, firstlineno: i32, units: u32) -> Result<(), AssembleError> {
        for jump in &self.jumps {
            // The number was made of this id.
            let block = BlockId::of_index(jump.block as usize);
            if let Some(instr) = cfg[block].instrs.get_mut(jump.index as usize) {
                instr.set(jump.opcode, jump.oparg);
            }
        }
        self.code.clear();
        self.code.resize(units as usize, [0; 2]);
        self.exceptions.clear();
        let locations = std::mem::take(&mut self.locations);
        let mut locations = location::Writer::with_room(firstlineno, locations);
        let mut current = SourceLocation::NONE;
        let (mut start, mut offset) = (0, 0);
        let handlers = cfg.pushes;
        // The handler in force, and where that began.
        let mut open: Option<(BlockId, u32)> = None;
        for span in &self.spans {
            for instr in &cfg[span.block].instrs {
                if !instr.loc.is(current) {
                    push_location(&mut locations, current, offset - start);
                    current = instr.loc;
                    start = offset;
                }
                if handlers && open.map(|(handler, _)| handler) != instr.except {
                    if let Some((handler, start)) = open {
                        let entry = self.entry(cfg, handler, start, offset)?;
                        exception_table::push_entry(&mut self.exceptions, &entry);
                    }
                    open = instr.except.map(|handler| (handler, offset));
                }
                let extended = extended(instr.oparg);
                let mut at = offset as usize;
                offset += extended + 1 + u32::from(instr.opcode.brief().caches);
                if extended > 0 {
                    let bytes = instr.oparg.to_be_bytes();
                    for byte in &bytes[3 - extended as usize..3] {
                        if let Some(unit) = self.code.get_mut(at) {
                            *unit = [CompilerOpcode::ExtendedArg as u16 as u8, *byte];
                        }
                        at += 1;
                    }
                }
                if let Some(unit) = self.code.get_mut(at) {
                    *unit = [instr.opcode as u16 as u8, instr.oparg as u8];
                }
            }
        }
        push_location(&mut locations, current, units - start);
        self.locations = locations.finish();
        if let Some((handler, start)) = open {
            let entry = self.entry(cfg, handler, start, units)?;
            exception_table::push_entry(&mut self.exceptions, &entry);
        }
        Ok(())
    }

    /// The exception table's entry for the code from `start` to `end` under a handler.
    fn entry(
        &self,
        cfg: &Cfg,
        handler: BlockId,
        start: u32,
        end: u32,
    ) -> Result<exception_table::Entry, AssembleError> {
        let block = &cfg[handler];
        // What is pushed for the handler does not count as the depth that it finds.
        let pushed = 1 + u32::from(block.preserve_lasti);
        let depth = block
            .startdepth
            .and_then(|depth| depth.checked_sub(pushed))
            .ok_or(MALFORMED)?;
        let target = self.places[cfg.number(handler)];
        if target.first >= self.count {
            return Err(MALFORMED);
        }
        Ok(exception_table::Entry {
            start: start as usize,
            end: end as usize,
            target: target.offset as usize,
            depth: depth as usize,
            lasti: block.preserve_lasti,
        })
    }
}

fn push_location(table: &mut location::Writer, place: SourceLocation, units: u32) {
    let SourceLocation {
        lineno,
        end_lineno,
        col_offset,
        end_col_offset,
    } = place;
    table.push_place(
        lineno,
        end_lineno,
        col_offset,
        end_col_offset,
        units as usize,
    );
}
