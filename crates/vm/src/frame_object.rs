//! Frame objects: what Python code sees of a frame. While the frame lives they refer to it; when it is done, its words
//! move into the object, so that tracebacks can still show the locals.

use std::cell::{Cell, UnsafeCell};

use taipan_bytecode::Opcode;
use taipan_object::{PyCell, PyResult, Ref, Traverse, Value, Visitor, Vm};

use crate::code::Code;
use crate::frame::{FRAME_WORDS, Frame, frame_flag};
use crate::instrumentation::stacks::Kind;

/// The payload of `frame`.
pub struct FrameObject {
    frame: Cell<*mut Frame>,
    /// Holds the frame's words once the frame is done.
    own: UnsafeCell<Box<[u64]>>,
    /// `f_code`
    pub code: Ref<Code>,
    /// `f_back`, once the frame is done.
    pub back: PyCell<Option<Value>>,
    /// `f_trace`
    pub trace: PyCell<Option<Value>>,
    /// `f_trace_lines`
    pub trace_lines: Cell<bool>,
    /// `f_trace_opcodes`
    pub trace_opcodes: Cell<bool>,
    /// `f_lineno`, when a trace function runs or assigned it; 0: ask the frame.
    pub lineno: Cell<i32>,
    /// Names that code added through `f_locals` beside the fast locals.
    pub extra_locals: PyCell<Option<Value>>,
    /// Values that were replaced through `f_locals` while the stack may have borrowed them.
    pub replaced: PyCell<Option<Value>>,
}

taipan_object::payload!(FrameObject, gc);

impl FrameObject {
    /// The frame, null once it was cleared away.
    pub fn frame(&self) -> *mut Frame {
        self.frame.get()
    }

    /// Whether the frame is done and its words are the object's.
    pub fn is_detached(&self) -> bool {
        let f = self.frame.get();
        // SAFETY: a frame object's frame is live or null.
        f.is_null() || unsafe { (*f).flags } & frame_flag::DETACHED != 0
    }
}

impl Traverse for FrameObject {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        visit(self.code.as_value());
        self.back.visit(visit);
        self.trace.visit(visit);
        self.extra_locals.visit(visit);
        self.replaced.visit(visit);
        if self.is_detached() && !self.frame.get().is_null() {
            let f = self.frame.get();
            // SAFETY: the words are this object's.
            unsafe {
                let n = (*f).code().nlocalsplus as usize;
                for i in 0..n {
                    let w = Frame::locals_ptr(f).add(i);
                    if *w != 0 {
                        visit(Value::from_word_ref(w));
                    }
                }
                for w in [&raw const (*f).func, &raw const (*f).locals] {
                    if *w != 0 {
                        visit(Value::from_word_ref(w));
                    }
                }
            }
        }
    }
    fn clear(&self) {
        self.back.set(None);
        self.trace.set(None);
        self.extra_locals.set(None);
        self.replaced.set(None);
        self.clear_locals();
    }
}

impl FrameObject {
    /// Drops the locals of a frame that is done.
    pub fn clear_locals(&self) {
        if !self.is_detached() || self.frame.get().is_null() {
            return;
        }
        let f = self.frame.get();
        // SAFETY: the words are this object's; each is zeroed before its content is dropped.
        unsafe {
            let n = (*f).code().nlocalsplus as usize;
            for i in 0..n {
                let bits = std::mem::replace(&mut *Frame::locals_ptr(f).add(i), 0);
                crate::frame::drop_slot(bits);
            }
        }
    }
}

impl Drop for FrameObject {
    fn drop(&mut self) {
        let f = self.frame.get();
        if self.is_detached() && !f.is_null() {
            self.frame.set(std::ptr::null_mut());
            // SAFETY: the words are this object's, and it goes away. `frame_obj` is 0 in a detached frame.
            unsafe { crate::eval::clear_frame(f) };
        }
    }
}

/// The frame object of a frame, made on first use.
pub(crate) fn frame_object(vm: &Vm, f: *mut Frame) -> PyResult<Ref<FrameObject>> {
    // SAFETY: the frame is live.
    unsafe {
        if (*f).frame_obj != 0 {
            let v = std::mem::ManuallyDrop::new(Value::from_bits((*f).frame_obj));
            if let Some(o) = v.downcast_ref::<FrameObject>() {
                return Ok(o.clone());
            }
        }
        let o = vm.new(FrameObject {
            frame: Cell::new(f),
            own: UnsafeCell::new(Box::default()),
            code: (*f).code_ref(),
            back: PyCell::new(None),
            trace: PyCell::new(None),
            trace_lines: Cell::new(true),
            trace_opcodes: Cell::new(false),
            lineno: Cell::new(0),
            extra_locals: PyCell::new(None),
            replaced: PyCell::new(None),
        })?;
        (*f).frame_obj = o.clone().into_value().into_bits();
        (*f).flags |= frame_flag::OBSERVED;
        Ok(o)
    }
}

unsafe fn object_of(f: *mut Frame) -> Option<Ref<FrameObject>> {
    // SAFETY: the word owns the frame object; the view is not dropped.
    unsafe {
        let v = std::mem::ManuallyDrop::new(Value::from_bits((*f).frame_obj));
        v.downcast_ref::<FrameObject>().cloned()
    }
}

/// A frame with an object is done: if others hold the object, the frame's words move into it.
pub(crate) fn frame_done(vm: &Vm, f: *mut Frame) {
    // SAFETY: the frame is live, its stack is empty; after the move its own words are zeroed.
    unsafe {
        let Some(o) = object_of(f) else { return };
        // One count is the frame's, one is ours.
        if o.head().refcount() <= 2 {
            o.frame.set(std::ptr::null_mut());
            return;
        }
        // The frame below gets an object as well: `f_back` must go on working. A generator's frame has none below it any more.
        let below = if (*f).flags & frame_flag::GENERATOR != 0 {
            std::ptr::null_mut()
        } else {
            back_frame((*f).previous)
        };
        if !below.is_null() {
            match frame_object(vm, below) {
                Ok(b) => o.back.set(Some(b.into_value())),
                Err(r) => drop(vm.take_raised(r)),
            }
        }
        detach(&o, f);
    }
}

/// Moves the words of a frame that is done into its object.
///
/// # Safety
/// `f` is live, does not run, and its stack is empty; `o` is its object.
unsafe fn detach(o: &FrameObject, f: *mut Frame) {
    // SAFETY: the contract; after the move the frame's own words are zeroed.
    unsafe {
        let words = FRAME_WORDS + (*f).code().nlocalsplus as usize;
        let mut memory = vec![0u64; words].into_boxed_slice();
        let new = memory.as_mut_ptr().cast::<Frame>();
        std::ptr::copy_nonoverlapping(f.cast::<u64>(), new.cast::<u64>(), words);
        *o.own.get() = memory;
        (*new).flags = ((*new).flags & !frame_flag::GENERATOR) | frame_flag::DETACHED;
        (*new).previous = std::ptr::null_mut();
        (*new).sp = Frame::stack_base(new);
        (*new).frame_obj = 0;
        (*new).init_self = 0;
        (*new).generator = 0;
        o.frame.set(new);
        // What moved is not the frame's any more.
        for i in 0..(*f).code().nlocalsplus as usize {
            *Frame::locals_ptr(f).add(i) = 0;
        }
        (*f).func = 0;
        (*f).locals = 0;
    }
}

/// The frame moved (a generator was made of its call).
pub(crate) unsafe fn frame_moved(f: *mut Frame) {
    // SAFETY: the caller's frame is live.
    if let Some(o) = unsafe { object_of(f) } {
        o.frame.set(f);
    }
}

/// The frame goes away without having ended: a generator is thrown away.
pub(crate) unsafe fn forget_frame(f: *mut Frame, keep_locals: bool) {
    // SAFETY: the caller's frame is live.
    if let Some(o) = unsafe { object_of(f) } {
        // One count is the frame's, one is ours.
        if o.head().refcount() <= 2 {
            o.frame.set(std::ptr::null_mut());
            return;
        }
        // SAFETY: the frame's stack has been emptied.
        unsafe { detach(&o, f) };
        if !keep_locals {
            o.clear_locals();
        }
    }
}

/// The frame that runs, as Python code sees it: None when there is none.
pub fn current(vm: &Vm) -> Value {
    let f = back_frame(vm.frame.get().cast());
    if f.is_null() {
        return vm.none();
    }
    match frame_object(vm, f) {
        Ok(o) => o.into_value(),
        Err(r) => {
            drop(vm.take_raised(r));
            vm.none()
        }
    }
}

/// The locals of a frame that are unbound.
pub(crate) fn unbound_locals(o: &FrameObject) -> Vec<usize> {
    let f = o.frame.get();
    if f.is_null() {
        return Vec::new();
    }
    // SAFETY: a live frame has a word for each local of its code.
    let unbound = |i: &usize| unsafe { *Frame::locals_ptr(f).add(*i) == 0 };
    (0..o.code.locals().len()).filter(unbound).collect()
}

/// Gives an unbound local of a frame a value.
pub(crate) fn bind_local(o: &FrameObject, i: usize, v: Value) {
    let f = o.frame.get();
    if f.is_null() || i >= o.code.locals().len() {
        return;
    }
    // SAFETY: as above; the word owns what it holds.
    unsafe {
        let bits = std::mem::replace(&mut *Frame::locals_ptr(f).add(i), v.into_bits());
        crate::frame::drop_slot(bits);
    }
}

/// Makes a frame that waits for a trace function go on at another unit, without the items of these kinds on its stack.
pub(crate) fn go_on_at(vm: &Vm, o: &FrameObject, unit: usize, dropped: &[Kind]) {
    let f = o.frame.get();
    if o.is_detached() || unit >= o.code.units() {
        return;
    }
    // SAFETY: the frame is live with its registers saved, and reads them again when the trace function is done. The stack
    // is popped to the depth that was computed for the unit, never below its base.
    unsafe {
        for kind in dropped.iter().rev() {
            if (*f).sp <= Frame::stack_base(f) {
                break;
            }
            (*f).sp = (*f).sp.sub(1);
            let bits = std::mem::replace(&mut *(*f).sp, 0);
            if *kind == Kind::Except && bits != 0 {
                // The exception that was handled before is so again.
                let exc = crate::frame::Popped::from_bits(bits).into_value();
                let old = vm
                    .exc_level()
                    .value
                    .replace((!vm.is_none(&exc)).then_some(exc));
                drop(old);
            } else {
                crate::frame::drop_slot(bits);
            }
        }
        (*f).ip = o.code.stream().as_ptr().add(unit);
    }
}

/// The nearest frame at or below `f` that Python code can see.
pub(crate) fn back_frame(mut f: *mut Frame) -> *mut Frame {
    // SAFETY: frames of the chain are live.
    unsafe {
        while !f.is_null() && !(*f).is_complete() {
            f = (*f).previous;
        }
    }
    f
}

/// The unit of the first instruction that a traceback or a trace function may see: RESUME, or what follows
/// RETURN_GENERATOR.
pub(crate) fn first_traceable(code: &Code) -> usize {
    // The prefix (COPY_FREE_VARS, MAKE_CELL, RETURN_GENERATOR, POP_TOP) has no caches and at most one unit an instruction
    // unless operands are extended.
    let is_resume = |unit: &Cell<u16>| {
        let op = unit.get() as u8;
        op == Opcode::Resume as u8
            || op == Opcode::ResumeCheck as u8
            || op == Opcode::InstrumentedResume as u8
    };
    let stream = code.stream();
    stream.iter().position(is_resume).unwrap_or_else(|| {
        // The stream of watched code has no such opcodes.
        let mut units = 0..stream.len();
        let op = |unit| crate::observe::opcode_at(code, unit).map(Opcode::deopt);
        units.find(|u| op(*u) == Some(Opcode::Resume)).unwrap_or(0)
    })
}
