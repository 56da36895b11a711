//! Frames: their layout, the stack of memory they live on, and the words of their locals and value stack.
//! Frame objects, which Python code sees, are in `frame_object.rs`.
//!
//! A slot of the value stack holds the bits of a [`Value`], 0 for NULL, or a *borrowed* pointer (bit 2 set): one that
//! LOAD_FAST_BORROW pushed, kept alive by the local it came from.

use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;

use taipan_object::{Dict, Object, PyResult, Ref, TypeObject, TypeRef, Value, Vm};

use crate::code::Code;
use crate::function::Function;

/// Marks a borrowed pointer in a stack slot.
pub const BORROWED: u64 = 4;

/// What a frame is beside a running function.
pub mod frame_flag {
    /// Leaving the frame leaves `eval`.
    pub const ENTRY: u32 = 1;
    /// The frame's memory belongs to a generator.
    pub const GENERATOR: u32 = 2;
    /// The frame's memory belongs to a frame object; it does not run any more.
    pub const DETACHED: u32 = 4;
    /// Runs an `__init__` for a class call: `init_self` is the result, and a return value other than None is an error.
    pub const INIT: u32 = 8;
    /// The locals have been cleared.
    pub const CLEARED: u32 = 16;
    /// A trace function is active in this frame.
    pub const TRACED: u32 = 32;
    /// Runs a method whose result is not used: returning pushes nothing.
    pub const DISCARD: u32 = 128;
    /// The pending exception was raised again: its traceback has this frame already.
    pub const RERAISED: u32 = 64;
    /// A generator's frame that a call of `next()` went on in: `init_self` owns the generator, and its end is StopIteration.
    pub const NEXT: u32 = 512;
    /// Runs an operator's method for the BINARY_OP of the frame below, whose operands wait on its stack.
    pub const BINARY: u32 = 1024;
    /// As `BINARY`, for a COMPARE_OP.
    pub const COMPARE: u32 = 2048;
    /// `frame_obj` or `locals` may be set, or the frame begins a chunk of the stack: leaving it takes more than dropping its
    /// fast locals.
    pub const OBSERVED: u32 = 256;
}

/// The head of a frame; locals and stack follow. `#[repr(C)]`, because compiled code addresses the fields.
#[repr(C)]
pub struct Frame {
    /// The next instruction to run (saved when the frame is left or something may look at it).
    pub ip: *const Cell<u16>,
    /// The first free stack slot (saved likewise).
    pub sp: *mut u64,
    /// The frame below, null at the bottom.
    pub previous: *mut Frame,
    /// The code; the function, or the retired list after an assignment to `__code__`, keeps it alive.
    pub code: *const Object<Code>,
    /// The words of the code's constants, marked as borrowed.
    pub consts: *const u64,
    /// Address of the cache word of the unit at address 0 (cache words are four times as wide as units).
    pub cache_base: usize,
    /// Bits of the function, owned.
    pub func: u64,
    /// Globals, kept alive by the function.
    pub globals: *const Object<Dict>,
    /// Builtins, kept alive by the function.
    pub builtins: *const Object<Dict>,
    /// Bits of the mapping of local names, owned; 0 in functions with fast locals alone.
    pub locals: u64,
    /// Bits of the frame object, owned; 0 until one is asked for.
    pub frame_obj: u64,
    /// A set of `frame_flag`s.
    pub flags: u32,
    /// Where a loop over a generator goes on when that returns, as an offset; set when it is resumed.
    pub extra: u32,
    /// Bits of what an INIT frame returns, or of a NEXT frame's generator, owned; other frames do not set it.
    pub init_self: u64,
    /// The generator whose frame this is: its address, uncounted; other frames do not set it.
    pub generator: u64,
}

/// Words of the head.
pub const FRAME_WORDS: usize = size_of::<Frame>() / 8;

impl Frame {
    /// The first local.
    ///
    /// # Safety
    /// `f` leads to a live frame.
    #[inline(always)]
    pub unsafe fn locals_ptr(f: *mut Frame) -> *mut u64 {
        // SAFETY: locals follow the head.
        unsafe { f.cast::<u64>().add(FRAME_WORDS) }
    }

    /// The first stack slot.
    ///
    /// # Safety
    /// `f` leads to a live frame.
    #[inline(always)]
    pub unsafe fn stack_base(f: *mut Frame) -> *mut u64 {
        // SAFETY: the stack follows the locals.
        unsafe { Frame::locals_ptr(f).add((*(*f).code).payload.nlocalsplus as usize) }
    }

    /// The code.
    #[inline(always)]
    pub fn code(&self) -> &Code {
        // SAFETY: a frame's code outlives the frame.
        unsafe { &(*self.code).payload }
    }

    /// The code object.
    pub fn code_ref(&self) -> Ref<Code> {
        // SAFETY: as above.
        unsafe { (*self.code).to_ref() }
    }

    /// The function.
    pub fn function(&self) -> Option<Ref<Function>> {
        if self.func == 0 {
            return None;
        }
        // SAFETY: the word owns a value.
        unsafe { Value::from_word_ref(&raw const self.func) }
            .clone()
            .downcast::<Function>()
            .ok()
    }

    /// The globals.
    pub fn globals(&self) -> Ref<Dict> {
        // SAFETY: the function keeps them alive.
        unsafe { (*self.globals).to_ref() }
    }

    /// The builtins.
    pub fn builtins(&self) -> Ref<Dict> {
        // SAFETY: the function keeps them alive.
        unsafe { (*self.builtins).to_ref() }
    }

    /// The index of the instruction that runs: the unit before `ip`.
    pub fn lasti(&self) -> isize {
        let stream = self.code().stream();
        let mut unit = self.next_unit() - 1;
        // A frame that waits for a call is past the call's inline cache, whose units are zero.
        while let Some(u) = usize::try_from(unit).ok().and_then(|i| stream.get(i))
            && u.get() as u8 == 0
        {
            unit -= 1;
        }
        unit
    }

    /// The index of the unit that the instruction pointer is at.
    pub fn next_unit(&self) -> isize {
        ((self.ip.addr() as isize) - (self.code().stream().as_ptr().addr() as isize)) / 2
    }

    /// The line that runs.
    pub fn lineno(&self) -> Option<i32> {
        let code = self.code();
        match usize::try_from(self.lasti()) {
            Ok(unit) => code.line_of(unit),
            Err(_) => Some(code.firstlineno),
        }
    }

    /// Whether it is past its RESUME: frames before that are not shown to Python code.
    pub fn is_complete(&self) -> bool {
        if self.flags & frame_flag::GENERATOR != 0 {
            return true;
        }
        // RESUME has no cache: behind it, the unit before `ip` is at or behind it as well.
        let first = crate::frame_object::first_traceable(self.code()) as isize;
        self.next_unit() > first
    }
}

/// A value popped from the stack: owned, or borrowed from a local.
pub struct Popped(u64);

impl Popped {
    /// From the bits of a slot, which must not be NULL.
    ///
    /// # Safety
    /// The caller takes the slot's content over.
    #[inline(always)]
    pub unsafe fn from_bits(bits: u64) -> Popped {
        Popped(bits)
    }

    /// As an owned value.
    #[inline(always)]
    pub fn into_value(self) -> Value {
        let bits = self.0;
        std::mem::forget(self);
        // SAFETY: an owned word is a value; a borrowed one is cloned.
        unsafe {
            if is_borrowed(bits) {
                let v = ManuallyDrop::new(Value::from_bits(bits & !BORROWED));
                (*v).clone()
            } else {
                Value::from_bits(bits)
            }
        }
    }

    /// The value, for looking.
    #[inline(always)]
    pub fn view(&self) -> ManuallyDrop<Value> {
        // SAFETY: the word keeps the value alive, or a local does.
        ManuallyDrop::new(unsafe { Value::from_bits(strip(self.0)) })
    }

    /// The raw word.
    #[inline(always)]
    pub fn bits(&self) -> u64 {
        self.0
    }
}

impl Drop for Popped {
    #[inline(always)]
    fn drop(&mut self) {
        // SAFETY: the word was taken over, and is not NULL.
        unsafe { drop_word(self.0) };
    }
}

/// Whether the word is a borrowed pointer.
#[inline(always)]
pub fn is_borrowed(bits: u64) -> bool {
    bits & (BORROWED | 1) == BORROWED
}

/// The word without its borrow mark.
#[inline(always)]
pub fn strip(bits: u64) -> u64 {
    if bits & 1 == 0 {
        bits & !BORROWED
    } else {
        bits
    }
}

/// The word as borrowed.
#[inline(always)]
pub fn borrow(bits: u64) -> u64 {
    if bits & 1 == 0 { bits | BORROWED } else { bits }
}

/// Lets go of a slot's content, which may be NULL or borrowed.
///
/// # Safety
/// The content is not used again.
#[inline(always)]
pub unsafe fn drop_slot(bits: u64) {
    if bits & (BORROWED | 1) == 0 {
        // Two jumps take less than what the compiler makes of one condition.
        if bits == 0 {
            return std::hint::cold_path();
        }
        // SAFETY: an owned pointer.
        unsafe { Value::release_bits(bits) };
    }
}

/// Lets go of a slot's content, which may be borrowed but is not NULL.
///
/// # Safety
/// The content is not used again.
#[inline(always)]
pub unsafe fn drop_word(bits: u64) {
    if bits & (BORROWED | 1) == 0 {
        // SAFETY: an owned pointer.
        unsafe { Value::release_bits(bits) };
    }
}

/// The memory that frames live on: chunks, the last of which is in use (`vm.stack_top` .. `vm.stack_end`).
#[derive(Default)]
pub struct FrameStack {
    chunks: RefCell<Vec<Chunk>>,
}

struct Chunk {
    /// Capacity alone: what is not used yet is not written to, and so takes no memory.
    memory: Vec<u64>,
    /// Where the chunk below was left.
    below: (*mut u64, *mut u64),
}

const CHUNK_WORDS: usize = 16 * 1024;

/// What this crate keeps for each thread.
#[derive(Default)]
pub(crate) struct ThreadData {
    frames: FrameStack,
    /// Addresses of the classes of generators, by kind, uncounted: native types live as long as their interpreter.
    generator_classes: [Cell<usize>; 3],
    /// `sys.get_coroutine_origin_tracking_depth()`
    pub(crate) origin_depth: Cell<i32>,
    /// The address of a native class that `raise` makes instances of without calling it, uncounted: the one found last.
    pub(crate) plain_exception: Cell<usize>,
    /// Who watches the thread's code.
    pub(crate) watch: crate::observe::Watch,
    /// What the thread traces.
    pub(crate) tracing: crate::instrumentation::ThreadTracing,
}

/// What this crate keeps for the thread.
pub(crate) fn thread_data(vm: &Vm) -> &ThreadData {
    let any = vm.ext.get_or_init(|| Box::new(ThreadData::default()));
    match any.downcast_ref::<ThreadData>() {
        Some(d) => d,
        None => unreachable!("this crate alone sets the extension"),
    }
}

impl ThreadData {
    /// The class of generators of a kind, which `make` gives when it is not known yet.
    #[inline]
    pub(crate) fn generator_class(
        &self,
        kind: usize,
        make: impl FnOnce() -> PyResult<TypeRef>,
    ) -> PyResult<&Object<TypeObject>> {
        let known = &self.generator_classes[kind];
        if known.get() == 0 {
            known.set(make()?.as_ptr().expose_provenance());
        }
        // SAFETY: the address of a native type of this interpreter.
        Ok(unsafe { &*std::ptr::with_exposed_provenance::<Object<TypeObject>>(known.get()) })
    }
}

/// The thread's frame stack.
fn frame_stack(vm: &Vm) -> &FrameStack {
    &thread_data(vm).frames
}

/// Calls `visit` with each frame of a thread, from the innermost. It must not run Python code.
pub(crate) fn for_each(vm: &Vm, mut visit: impl FnMut(&Frame)) {
    let mut f: *mut Frame = vm.frame.get().cast();
    // SAFETY: frames of the chain are live.
    while let Some(frame) = unsafe { f.as_ref() } {
        visit(frame);
        f = frame.previous;
    }
}

/// Memory for a frame with `words` of locals and stack. The locals are not cleared.
#[inline(always)]
pub fn allocate(vm: &Vm, words: usize) -> PyResult<*mut Frame> {
    let need = FRAME_WORDS + words;
    let top = vm.stack_top.get();
    let room = (vm.stack_end.get().addr() - top.addr()) / 8;
    if need <= room {
        // SAFETY: within the chunk.
        vm.stack_top.set(unsafe { top.add(need) });
        return Ok(top.cast());
    }
    new_chunk(vm, need)
}

#[cold]
#[inline(never)]
fn new_chunk(vm: &Vm, need: usize) -> PyResult<*mut Frame> {
    let size = need.max(CHUNK_WORDS);
    let mut memory: Vec<u64> = Vec::new();
    if memory.try_reserve_exact(size).is_err() {
        return Err(vm.no_memory());
    }
    let base = memory.as_mut_ptr();
    let below = (vm.stack_top.get(), vm.stack_end.get());
    frame_stack(vm)
        .chunks
        .borrow_mut()
        .push(Chunk { memory, below });
    // SAFETY: within the new chunk.
    unsafe {
        vm.stack_top.set(base.add(need));
        vm.stack_end.set(base.add(size));
        vm.stack_base.set(base);
    }
    Ok(base.cast())
}

/// Gives the memory of the topmost frame back.
#[inline(always)]
pub fn release(vm: &Vm, f: *mut Frame) {
    vm.stack_top.set(f.cast());
    // A frame at the start of a chunk ends the chunk: chunk starts are rare enough to be looked up.
    if vm.stack_base.get() == f.cast() {
        end_chunk(vm);
    }
}

#[cold]
#[inline(never)]
fn end_chunk(vm: &Vm) {
    let mut chunks = frame_stack(vm).chunks.borrow_mut();
    // The first chunk is kept.
    if chunks.len() > 1
        && let Some(c) = chunks.pop()
    {
        vm.stack_top.set(c.below.0);
        vm.stack_end.set(c.below.1);
        drop(c.memory);
        let base = chunks
            .last_mut()
            .map_or(std::ptr::null_mut(), |c| c.memory.as_mut_ptr());
        vm.stack_base.set(base);
    }
}
