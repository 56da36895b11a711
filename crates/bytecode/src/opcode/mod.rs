//! Opcodes: their numbers, names, operands, stack effects, inline caches and flags.
//!
//! The data comes from `spec/opcodes.txt` (see `generated.rs`); this file gives it its types and its questions.
//! [`Opcode`] is what a byte of a code stream holds; [`CompilerOpcode`] is what the compiler works with, pseudo opcodes
//! included. Both answer through the same [`Metadata`].

mod generated;

pub use generated::*;

/// The flags of an opcode, named and valued as CPython's `HAS_*_FLAG`.
#[allow(missing_docs)]
pub mod flags {
    pub const ARG: u16 = 1;
    pub const CONST: u16 = 2;
    pub const NAME: u16 = 4;
    pub const JUMP: u16 = 8;
    pub const FREE: u16 = 16;
    pub const LOCAL: u16 = 32;
    pub const EVAL_BREAK: u16 = 64;
    pub const DEOPT: u16 = 128;
    pub const ERROR: u16 = 256;
    pub const ESCAPES: u16 = 512;
    pub const EXIT: u16 = 1024;
    pub const PURE: u16 = 2048;
    pub const PASSTHROUGH: u16 = 4096;
    pub const OPARG_AND_1: u16 = 8192;
    pub const ERROR_NO_POP: u16 = 16384;
    pub const NO_SAVE_IP: u16 = 32768;
}

/// `opcode.HAVE_ARGUMENT`: opcodes up to this one ignore their operand (real ones that the compiler emits, that is).
pub const HAVE_ARGUMENT: u8 = 43;
/// `_opcode_metadata.MIN_INSTRUMENTED_OPCODE`.
pub const MIN_INSTRUMENTED_OPCODE: u8 = 234;

/// Where an opcode may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// In a code object's public bytes.
    Real,
    /// In the VM's private stream, in the place of a real one of its family.
    Specialized,
    /// In the VM's private stream while it is monitored.
    Instrumented,
    /// In the compiler only.
    Pseudo,
}

/// A number of stack items as a function of the operand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount {
    /// The part that does not depend on the operand.
    pub fixed: u8,
    /// How many times the operand counts.
    pub scale: u8,
    /// How many times the operand's lowest bit counts.
    pub low_bit: u8,
    /// Whether the operand's low byte and the rest above it count once each (UNPACK_EX).
    pub bytes: bool,
}

impl Amount {
    const fn is_fixed(self) -> bool {
        self.scale == 0 && self.low_bit == 0 && !self.bytes
    }

    /// The number of items for this operand.
    #[inline]
    pub const fn of(self, oparg: u32) -> u64 {
        let oparg = oparg as u64;
        let mut items = self.fixed as u64 + self.scale as u64 * oparg;
        items += self.low_bit as u64 * (oparg & 1);
        if self.bytes {
            items += (oparg & 0xFF) + (oparg >> 8);
        }
        items
    }
}

/// What an opcode is: see `spec/opcodes.txt`.
#[derive(Debug, Clone, Copy)]
pub struct Metadata {
    /// CPython's name, as `LOAD_FAST`.
    pub name: &'static str,
    /// Where it may stand.
    pub kind: Kind,
    /// What it takes from the stack.
    pub popped: Amount,
    /// What it puts on the stack; for a jump, where the jump is not taken.
    pub pushed: Amount,
    /// A set of [`flags`].
    pub flags: u16,
    /// The code units of inline cache that follow it.
    pub caches: u8,
    /// The number of the real opcode it stands for; its own if it stands for none.
    pub base: u16,
}

impl Metadata {
    /// The metadata of an opcode number, pseudo opcodes included.
    pub fn of(number: u16) -> Option<&'static Metadata> {
        METADATA.get(number as usize)?.as_ref()
    }
}

/// What passes over code ask of each instruction, in one word.
#[derive(Debug, Clone, Copy)]
pub struct Brief {
    /// A set of [`flags`].
    pub flags: u16,
    /// The code units of inline cache that follow it.
    pub caches: u8,
    /// What it takes from the stack, if that does not depend on the operand; otherwise [`Brief::VARIES`].
    pub popped: u8,
    /// What it puts on the stack, if neither amount depends on the operand.
    pub pushed: u8,
}

impl Brief {
    /// The amounts depend on the operand.
    pub const VARIES: u8 = u8::MAX;
}

/// What an instruction does to the depth of the stack, in terms of its operand.
#[derive(Debug, Clone, Copy)]
pub struct Effect {
    fixed: i16,
    scale: i8,
    low_bit: i8,
    /// The operand is two counts.
    bytes: bool,
}

impl Effect {
    /// The change for this operand.
    #[inline]
    pub const fn of(self, oparg: u32) -> i64 {
        let mut change = self.fixed as i64 + self.scale as i64 * oparg as i64;
        change += self.low_bit as i64 * (oparg & 1) as i64;
        if self.bytes {
            change += (oparg & 0xFF) as i64 + (oparg >> 8) as i64;
        }
        change
    }
}

/// [`Effect`] by number. The length lets an index be cut instead of checked.
pub static EFFECT: [Effect; 512] = {
    let none = Effect {
        fixed: 0,
        scale: 0,
        low_bit: 0,
        bytes: false,
    };
    let mut table = [none; 512];
    let mut i = 0;
    while i < METADATA_LEN {
        if let Some(Metadata { popped, pushed, .. }) = &METADATA[i] {
            assert!(!popped.bytes, "no opcode takes what two counts say");
            table[i] = Effect {
                fixed: pushed.fixed as i16 - popped.fixed as i16,
                scale: pushed.scale as i8 - popped.scale as i8,
                low_bit: pushed.low_bit as i8 - popped.low_bit as i8,
                bytes: pushed.bytes,
            };
        }
        i += 1;
    }
    table
};

/// [`Brief`] by number. The length lets an index be cut instead of checked.
pub static BRIEF: [Brief; 512] = {
    let none = Brief {
        flags: 0,
        caches: 0,
        popped: Brief::VARIES,
        pushed: 0,
    };
    let mut table = [none; 512];
    let mut i = 0;
    while i < METADATA_LEN {
        if let Some(metadata) = &METADATA[i] {
            let row = &mut table[i];
            row.flags = metadata.flags;
            row.caches = metadata.caches;
            if metadata.popped.is_fixed() && metadata.pushed.is_fixed() {
                row.popped = metadata.popped.fixed;
                row.pushed = metadata.pushed.fixed;
            }
        }
        i += 1;
    }
    table
};

/// What the compiler turns a pseudo opcode into.
#[derive(Debug, Clone, Copy)]
pub enum PseudoTargets {
    /// One of these.
    Either(&'static [Opcode]),
    /// All of these, in this order.
    Sequence(&'static [Opcode]),
}

impl Opcode {
    /// The opcode of this byte.
    #[inline]
    pub fn from_u8(byte: u8) -> Option<Opcode> {
        OPCODES[byte as usize]
    }

    /// What is known of it.
    #[inline]
    pub fn metadata(self) -> &'static Metadata {
        match &METADATA[self as usize] {
            Some(metadata) => metadata,
            None => unreachable!("every opcode has its row in the table"),
        }
    }

    /// CPython's name, as `LOAD_FAST`.
    pub fn name(self) -> &'static str {
        self.metadata().name
    }

    /// Whether it is one of these [`flags`].
    #[inline]
    pub fn has(self, flags: u16) -> bool {
        self.metadata().flags & flags != 0
    }

    /// The code units of inline cache that follow it.
    #[inline]
    pub fn caches(self) -> usize {
        self.metadata().caches as usize
    }

    /// The real opcode that a specialized or an instrumented one stands for; itself otherwise.
    #[inline]
    pub fn deopt(self) -> Opcode {
        OPCODES[self.metadata().base as usize & 0xFF].unwrap_or(self)
    }

    /// Whether it delivers events of monitoring.
    #[inline]
    pub fn is_instrumented(self) -> bool {
        self as u8 >= MIN_INSTRUMENTED_OPCODE
    }

    /// Whether public bytecode may hold it.
    pub fn is_real(self) -> bool {
        self.metadata().kind == Kind::Real
    }

    /// How many items it takes from the stack.
    #[inline]
    pub fn num_popped(self, oparg: u32) -> u64 {
        self.metadata().popped.of(oparg)
    }

    /// How many items it puts on the stack.
    #[inline]
    pub fn num_pushed(self, oparg: u32) -> u64 {
        self.metadata().pushed.of(oparg)
    }

    /// Whether control never reaches the instruction after it.
    pub fn is_scope_exit(self) -> bool {
        matches!(
            self,
            Opcode::ReturnValue | Opcode::RaiseVarargs | Opcode::Reraise
        )
    }

    /// Whether it always jumps.
    pub fn is_unconditional_jump(self) -> bool {
        matches!(
            self,
            Opcode::JumpForward | Opcode::JumpBackward | Opcode::JumpBackwardNoInterrupt
        )
    }

    /// Whether its operand counts code units backward.
    pub fn jumps_backward(self) -> bool {
        matches!(
            self,
            Opcode::JumpBackward | Opcode::JumpBackwardNoInterrupt | Opcode::EndAsyncFor
        )
    }
}

impl CompilerOpcode {
    /// The opcode of this number, if the compiler knows it.
    #[inline]
    pub fn from_u16(number: u16) -> Option<CompilerOpcode> {
        *COMPILER_OPCODES.get(number as usize)?
    }

    /// The opcode as it stands in code; `None` for a pseudo opcode.
    #[inline]
    pub fn real(self) -> Option<Opcode> {
        Opcode::from_u8(u8::try_from(self as u16).ok()?)
    }

    /// What is known of it.
    #[inline]
    pub fn metadata(self) -> &'static Metadata {
        match &METADATA[self as usize] {
            Some(metadata) => metadata,
            None => unreachable!("every opcode has its row in the table"),
        }
    }

    /// What it does to the depth of the stack.
    #[inline]
    pub fn effect(self) -> Effect {
        EFFECT[self as usize & 511]
    }

    /// The part of that which passes over code ask most.
    #[inline]
    pub fn brief(self) -> Brief {
        BRIEF[self as usize & 511]
    }

    /// CPython's name, as `SETUP_FINALLY`.
    pub fn name(self) -> &'static str {
        self.metadata().name
    }

    /// Whether it is one of these [`flags`].
    #[inline]
    pub fn has(self, flags: u16) -> bool {
        self.brief().flags & flags != 0
    }

    /// What it is lowered to, if it is a pseudo opcode.
    pub fn pseudo_targets(self) -> Option<PseudoTargets> {
        let row = PSEUDO_TARGETS.iter().find(|(opcode, _)| *opcode == self)?;
        Some(row.1)
    }

    /// Whether its operand is a label: a jump, or a SETUP_* of a block.
    #[inline]
    pub fn has_target(self) -> bool {
        self.has(flags::JUMP) || self.is_block_push()
    }

    /// Whether it opens a block that an exception handler protects.
    #[inline]
    pub fn is_block_push(self) -> bool {
        matches!(
            self,
            CompilerOpcode::SetupFinally | CompilerOpcode::SetupWith | CompilerOpcode::SetupCleanup
        )
    }
}

impl From<Opcode> for CompilerOpcode {
    /// The real opcode that this one is or stands for.
    fn from(opcode: Opcode) -> CompilerOpcode {
        CompilerOpcode::from_u16(opcode.metadata().base).unwrap_or(CompilerOpcode::Nop)
    }
}

/// The effect on the depth of the stack, as `_opcode.stack_effect` and `dis.stack_effect` give it: for an opcode number
/// (pseudo included), its operand and whether it jumps; `jump: None` is the larger of both. `None` if there is no such
/// opcode, or none that the compiler may emit.
pub fn stack_effect(number: u16, oparg: u32, jump: Option<bool>) -> Option<i64> {
    let metadata = Metadata::of(number)?;
    if metadata.kind == Kind::Specialized {
        return None;
    }
    let effect = metadata.pushed.of(oparg) as i64 - metadata.popped.of(oparg) as i64;
    let block = CompilerOpcode::from_u16(number).is_some_and(CompilerOpcode::is_block_push);
    match jump {
        Some(false) if block => Some(0),
        None if block => Some(effect.max(0)),
        _ => Some(effect),
    }
}

/// An instruction of public code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Instruction {
    /// The code unit of its opcode, behind its EXTENDED_ARGs.
    pub unit: usize,
    /// The code unit after it and its inline cache.
    pub end: usize,
    /// Its opcode.
    pub opcode: Opcode,
    /// Its operand, EXTENDED_ARGs included.
    pub oparg: usize,
}

/// The instructions of public code, up to the first that there is not.
#[derive(Debug, Clone)]
pub struct Instructions<'a> {
    code: &'a [u8],
    unit: usize,
}

/// The instructions of `code` from a code unit on, which must start one.
pub fn instructions(code: &[u8], unit: usize) -> Instructions<'_> {
    Instructions { code, unit }
}

impl Iterator for Instructions<'_> {
    type Item = Instruction;

    fn next(&mut self) -> Option<Instruction> {
        let mut oparg = 0usize;
        loop {
            let at = self.unit;
            let [byte, low] = *self.code.get(2 * at..2 * at + 2)?.first_chunk()?;
            let opcode = Opcode::from_u8(byte)?;
            oparg = oparg << 8 | usize::from(low);
            self.unit = at + 1 + opcode.caches();
            if opcode != Opcode::ExtendedArg {
                return Some(Instruction {
                    unit: at,
                    end: self.unit,
                    opcode,
                    oparg,
                });
            }
        }
    }
}
