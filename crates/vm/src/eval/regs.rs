//! The interpreter's registers: the running frame, the next instruction and the top of the value stack, kept in local
//! variables of `eval` and written back to the frame when something may look at it.
//!
//! The methods trust the code: stack depth, locals and constant indices were computed by our compiler or proved by the
//! verifier (`taipan_bytecode::verifier`), which states the properties that the `SAFETY` comments here rely on.

use std::cell::Cell;
use std::mem::ManuallyDrop;

use taipan_bytecode::Opcode;
use taipan_object::{
    Dict, Float, List, Object, Payload, PyResult, Ref, Str, Tuple, TypeObject, Value, Vm,
};

use crate::code::Code;
use crate::frame::{BORROWED, Frame, Popped, drop_slot, strip};
use crate::stats;

/// Cache units of BINARY_OP.
pub const BINARY_CACHE: usize = 5;

/// See the module's documentation. `Copy`, because a function that is not inlined gets a copy: registers whose address
/// escapes would live in memory.
#[derive(Clone, Copy)]
pub struct Regs {
    /// The running frame.
    pub frame: *mut Frame,
    /// The next instruction.
    pub ip: *const Cell<u16>,
    /// The first free stack slot.
    pub sp: *mut u64,
}

impl Regs {
    /// The registers of a frame that was left or is new.
    ///
    /// # Safety
    /// `frame` leads to a live frame whose `ip` and `sp` are saved.
    #[inline(always)]
    pub unsafe fn load(frame: *mut Frame) -> Regs {
        // Volatile, so that the two are not loaded as one vector: they may have just been stored one by one, and a processor
        // waits until such stores have reached the cache.
        // SAFETY: the contract.
        unsafe {
            Regs {
                frame,
                ip: (&raw const (*frame).ip).read_volatile(),
                sp: (&raw const (*frame).sp).read_volatile(),
            }
        }
    }

    /// The running frame.
    #[inline(always)]
    pub fn f(&self) -> &Frame {
        // SAFETY: the registers belong to a live frame.
        unsafe { &*self.frame }
    }

    /// The running code.
    #[inline(always)]
    pub fn code(&self) -> &Code {
        self.f().code()
    }

    /// Writes the registers back to the frame.
    #[inline(always)]
    pub fn save(&self) {
        // Volatile for the same reason as in `load`.
        // SAFETY: the registers belong to a live frame, whose head nobody borrows.
        unsafe {
            (&raw mut (*self.frame).ip).write_volatile(self.ip);
            (&raw mut (*self.frame).sp).write_volatile(self.sp);
        }
    }

    /// Writes the instruction pointer back: tracebacks and `f_lineno` read it.
    #[inline(always)]
    pub fn save_ip(&self) {
        // SAFETY: as for `save`.
        unsafe { (*self.frame).ip = self.ip };
    }

    /// Takes the next instruction.
    #[inline(always)]
    pub fn fetch(&mut self) -> (Opcode, u32) {
        // SAFETY: ip stays within the code: it ends with an instruction that leaves it, and jumps are checked. The stream
        // holds opcodes only: `Opcode::from_u8` accepted each, or our compiler wrote it.
        // Two loads of a byte take less than one of both and its parting.
        unsafe {
            let unit = self.ip.cast::<u8>();
            let (op, arg) = if cfg!(target_endian = "little") {
                (*unit, *unit.add(1))
            } else {
                (*unit.add(1), *unit)
            };
            self.ip = self.ip.add(1);
            let op = std::mem::transmute::<u8, Opcode>(op);
            stats::instruction(op);
            (op, u32::from(arg))
        }
    }

    /// Takes the instruction after an EXTENDED_ARG, which gives `high`.
    #[inline(always)]
    pub fn fetch_extended(&mut self, high: u32) -> (Opcode, u32) {
        let (op, low) = self.fetch();
        (op, high << 8 | low)
    }

    /// The cache word `i` units behind the instruction that was just fetched.
    #[inline(always)]
    pub fn cache(&self, i: usize) -> &Cell<u64> {
        let at = self
            .f()
            .cache_base
            .wrapping_add(self.ip.addr().wrapping_mul(4))
            .wrapping_add(i * 8)
            .wrapping_sub(8);
        // SAFETY: the side array has a word for each unit, and instructions are followed by their cache units.
        unsafe { &*std::ptr::with_exposed_provenance::<Cell<u64>>(at) }
    }

    /// Skips cache units.
    #[inline(always)]
    pub fn skip(&mut self, n: usize) {
        // SAFETY: the units belong to the instruction.
        self.ip = unsafe { self.ip.add(n) };
    }

    /// The unit that the instruction pointer is at: behind the one that was fetched.
    pub fn unit(&self) -> usize {
        self.ip
            .addr()
            .wrapping_sub(self.code().stream().as_ptr().addr())
            / 2
    }

    /// Moves the instruction pointer by `n` units.
    #[inline(always)]
    pub fn jump(&mut self, n: isize) {
        // SAFETY: jump targets lie within the code.
        self.ip = unsafe { self.ip.offset(n) };
    }

    /// Replaces the opcode of the instruction that was just fetched (whose operand stays), unless it is instrumented.
    #[inline(always)]
    pub fn specialize(&self, op: Opcode) {
        // SAFETY: the unit before ip is the instruction's.
        let unit = unsafe { &*self.ip.sub(1) };
        if (unit.get() as u8) < taipan_bytecode::opcode::MIN_INSTRUMENTED_OPCODE {
            unit.set((unit.get() & 0xff00) | op as u16);
        } else if unit.get() as u8 == Opcode::EnterExecutor as u8 {
            crate::observe::specialize(self, op);
        }
    }

    /// Whether the next instruction has this opcode.
    #[inline(always)]
    pub fn at(&self, op: Opcode) -> bool {
        // SAFETY: ip stays within the code.
        unsafe { (*self.ip).get() as u8 == op as u8 }
    }

    /// The byte in the private stream of the instruction that was just fetched.
    pub fn opcode(&self) -> u8 {
        // SAFETY: the unit before ip is the instruction's.
        unsafe { (*self.ip.sub(1)).get() as u8 }
    }

    /// The operand's byte of the instruction that was just fetched.
    pub fn operand(&self) -> u32 {
        // SAFETY: the unit before ip is the instruction's.
        u32::from(unsafe { (*self.ip.sub(1)).get() } >> 8)
    }

    /// The opcode of the instruction that was just fetched.
    pub fn running_opcode(&self) -> Option<Opcode> {
        match Opcode::from_u8(self.opcode()) {
            Some(Opcode::EnterExecutor) => {
                crate::observe::opcode_at(self.code(), crate::observe::running_unit(self))
            }
            op => op,
        }
    }

    /// Pushes a value.
    #[inline(always)]
    pub fn push(&mut self, v: Value) {
        self.push_bits(v.into_bits());
    }

    /// Pushes raw bits.
    #[inline(always)]
    pub fn push_bits(&mut self, bits: u64) {
        // SAFETY: the code's stack depth is within its `stacksize`.
        unsafe {
            *self.sp = bits;
            self.sp = self.sp.add(1);
        }
    }

    /// Pops an item, which must not be NULL.
    #[inline(always)]
    pub fn pop(&mut self) -> Popped {
        let bits = self.pop_bits();
        debug_assert!(bits != 0);
        // SAFETY: the slot's content is taken over.
        unsafe { Popped::from_bits(bits) }
    }

    /// Pops an item as an owned value.
    #[inline(always)]
    pub fn pop_value(&mut self) -> Value {
        self.pop().into_value()
    }

    /// Pops raw bits.
    #[inline(always)]
    pub fn pop_bits(&mut self) -> u64 {
        // SAFETY: the code pops only what it pushed.
        unsafe {
            self.sp = self.sp.sub(1);
            *self.sp
        }
    }

    /// The bits of the `n`th item from the top (1 is the top).
    #[inline(always)]
    pub fn peek_bits(&self, n: usize) -> u64 {
        // SAFETY: as for `pop_bits`.
        unsafe { *self.sp.sub(n) }
    }

    /// The `n`th item from the top (1 is the top), for looking.
    #[inline(always)]
    pub fn peek(&self, n: usize) -> ManuallyDrop<Value> {
        // SAFETY: the slot is not NULL, and keeps the value alive or a local does.
        ManuallyDrop::new(unsafe { Value::from_bits(strip(self.peek_bits(n))) })
    }

    /// Replaces the bits of the `n`th item; the old ones are the caller's.
    #[inline(always)]
    pub fn poke_bits(&mut self, n: usize, bits: u64) -> u64 {
        // SAFETY: as for `pop_bits`.
        unsafe { std::mem::replace(&mut *self.sp.sub(n), bits) }
    }

    /// Replaces the `n`th item and drops the old one.
    #[inline(always)]
    pub fn set_top(&mut self, n: usize, v: Value) {
        let old = self.poke_bits(n, v.into_bits());
        // SAFETY: the old content was taken out.
        unsafe { drop_slot(old) };
    }

    /// The payload of the `n`th item from the top, if its type is the core type `ty`.
    ///
    /// # Safety
    /// The item is not NULL, and the payload of `ty` is `T`. The reference is not used after the item was let go of.
    #[inline(always)]
    unsafe fn exact<'a, T: Payload>(
        &self,
        n: usize,
        ty: *const Object<TypeObject>,
    ) -> Option<&'a T> {
        let bits = self.peek_bits(n);
        if bits & 1 != 0 {
            return None;
        }
        let object = std::ptr::with_exposed_provenance::<Object<T>>((bits & !BORROWED) as usize);
        // SAFETY: a word that is no small int leads to a live object; the contract says what the payload is.
        unsafe { std::ptr::eq((*object).header.ty(), ty).then_some(&(*object).payload) }
    }

    /// The payload of the object that a stack word leads to, if the object's type is the one at address `ty`.
    ///
    /// # Safety
    /// The word is not NULL, and the payload of that type is `T`. The reference is not used after the object was let go of.
    #[inline(always)]
    pub unsafe fn object_of_type<'a, T: Payload>(&self, word: u64, ty: u64) -> Option<&'a T> {
        if word & 1 != 0 {
            return None;
        }
        let object = std::ptr::with_exposed_provenance::<Object<T>>((word & !BORROWED) as usize);
        // SAFETY: a word that is no small int leads to a live object; the contract says what the payload is.
        unsafe {
            let found = (&raw const *(*object).header.ty()).addr() as u64;
            (found == ty).then_some(&(*object).payload)
        }
    }

    /// The number of the `n`th item from the top, if it is an exact float.
    #[inline(always)]
    pub fn float(&self, vm: &Vm, n: usize) -> Option<f64> {
        // SAFETY: the payload of `float` is Float.
        unsafe { self.exact::<Float>(n, vm.known().float) }.map(|f| f.value)
    }

    /// The `n`th item from the top, if it is an exact list. Not to be used after the item was let go of.
    #[inline(always)]
    pub fn list<'a>(&self, vm: &Vm, n: usize) -> Option<&'a List> {
        // SAFETY: the payload of `list` is List.
        unsafe { self.exact(n, vm.known().list) }
    }

    /// The `n`th item from the top, if it is an exact tuple. Not to be used after the item was let go of.
    #[inline(always)]
    pub fn tuple<'a>(&self, vm: &Vm, n: usize) -> Option<&'a Tuple> {
        // SAFETY: the payload of `tuple` is Tuple.
        unsafe { self.exact(n, vm.known().tuple) }
    }

    /// The `n`th item from the top, if it is an exact dict. Not to be used after the item was let go of.
    #[inline(always)]
    pub fn dict<'a>(&self, vm: &Vm, n: usize) -> Option<&'a Dict> {
        // SAFETY: the payload of `dict` is Dict.
        unsafe { self.exact(n, vm.known().dict) }
    }

    /// The `n`th item from the top, if it is an exact string. Not to be used after the item was let go of.
    #[inline(always)]
    pub fn str<'a>(&self, vm: &Vm, n: usize) -> Option<&'a Str> {
        // SAFETY: the payload of `str` is Str.
        unsafe { self.exact(n, vm.known().str) }
    }

    /// Pushes the result of a BINARY_OP, whose operands were popped and are the caller's to let go of; or puts it into the
    /// local at once when STORE_FAST comes next.
    #[inline(always)]
    pub fn finish_binary(&mut self, result: u64) {
        // SAFETY: BINARY_OP is followed by its cache units and another instruction.
        let unit = unsafe { (*self.ip.add(BINARY_CACHE)).get() };
        if unit as u8 == Opcode::StoreFast as u8 {
            self.skip(BINARY_CACHE + 1);
            let old = self.replace_local(u32::from(unit >> 8), result);
            // SAFETY: the old content was taken out.
            unsafe { drop_slot(old) };
        } else {
            self.skip(BINARY_CACHE);
            self.push_bits(result);
        }
    }

    /// Forgets the top item, whose word is the caller's.
    #[inline(always)]
    pub fn shrink(&mut self) {
        let _ = self.pop_bits();
    }

    /// Pops `n` items as owned values, in the order they were pushed.
    pub fn pop_n(&mut self, n: usize) -> Vec<Value> {
        let mut out: Vec<Value> = Vec::with_capacity(n);
        // SAFETY: there is room for `n` values; each slot's content is taken over once.
        unsafe {
            let from = self.sp.sub(n);
            let to = out.as_mut_ptr();
            for i in 0..n {
                to.add(i)
                    .write(Popped::from_bits(*from.add(i)).into_value());
            }
            out.set_len(n);
            self.sp = from;
        }
        out
    }

    /// Pops `n` items into a new tuple, in the order they were pushed.
    #[inline]
    pub fn pop_tuple(&mut self, vm: &Vm, n: usize) -> PyResult<Ref<Tuple>> {
        // Nothing is taken when there is no memory: that is seen first.
        let t = vm.new_tuple_with(n, |i| {
            // SAFETY: each slot's content is taken over once.
            unsafe { Popped::from_bits(self.peek_bits(n - i)) }.into_value()
        })?;
        // SAFETY: as for `pop_bits`.
        self.sp = unsafe { self.sp.sub(n) };
        Ok(t)
    }

    /// Drops `n` items, which may be NULL.
    #[inline(always)]
    pub fn drop_n(&mut self, n: usize) {
        for _ in 0..n {
            let bits = self.pop_bits();
            // SAFETY: the content was taken out.
            unsafe { drop_slot(bits) };
        }
    }

    /// The bits of a local, 0 when unbound.
    #[inline(always)]
    pub fn local_bits(&self, i: u32) -> u64 {
        // SAFETY: indices of locals are within the frame.
        unsafe { *Frame::locals_ptr(self.frame).add(i as usize) }
    }

    /// Replaces the bits of a local; the old ones are the caller's.
    #[inline(always)]
    pub fn replace_local(&mut self, i: u32, bits: u64) -> u64 {
        // SAFETY: as above.
        unsafe { std::mem::replace(&mut *Frame::locals_ptr(self.frame).add(i as usize), bits) }
    }

    /// The word of a constant, marked as borrowed.
    #[inline(always)]
    pub fn const_bits(&self, i: u32) -> u64 {
        // SAFETY: constant indices are within the code's constants.
        unsafe { *self.f().consts.add(i as usize) }
    }

    /// A name of the code, which outlives the frame.
    #[inline(always)]
    pub fn name_ref<'a>(&self, i: u32) -> &'a Ref<Str> {
        // SAFETY: name indices are within the code's names, and the code outlives the frame.
        unsafe { &*self.code().names().as_ptr().add(i as usize) }
    }

    /// The number of items on the stack.
    pub fn depth(&self) -> usize {
        // SAFETY: both lie within the frame.
        unsafe { self.sp.offset_from(Frame::stack_base(self.frame)).max(0) as usize }
    }

    /// Makes this frame the thread's current one.
    #[inline(always)]
    pub fn make_current(&self, vm: &Vm) {
        vm.frame.set(self.frame.cast());
    }
}
