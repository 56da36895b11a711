//! `frame` as a Python type. Its payload is in `frame_object.rs`; `f_locals` of functions is in `proxy.rs`.

mod fast_locals;
mod proxy;

pub use proxy::{FRAME_LOCALS_PROXY, FrameLocalsProxy};

use taipan_bytecode::code::{co, co_fast};
use taipan_macros::pymethods;
use taipan_object::{ClassPart, GetSetDef, Payload, PyResult, Ref, TypeSpec, Value, Vm};

use crate::frame::{Frame, frame_flag};
use crate::frame_object::{FrameObject, back_frame, frame_object};
use crate::generator::{Generator, State};
use crate::instrumentation::{legacy, lineno};

/// `frame`
pub static FRAME: TypeSpec = TypeSpec {
    parts: &[&FRAME_METHODS, &FRAME_MEMBERS],
    flags: taipan_object::tpflags::DISALLOW_INSTANTIATION,
    ..TypeSpec::new("frame", "builtins", <FrameObject as Payload>::layout)
};

static FRAME_MEMBERS: ClassPart = ClassPart {
    methods: &[],
    slots: &[],
    getset: &[GetSetDef {
        name: "f_trace_lines",
        member: true,
        doc: None,
        get: Some(|vm, v| Ok(vm.bool(frame_of(vm, v)?.trace_lines.get()))),
        set: Some(|vm, v, new| {
            let f = frame_of(vm, v)?;
            match new {
                None => Err(vm.type_error("can't delete numeric/char attribute")),
                Some(new) => {
                    f.trace_lines.set(bool_of(vm, new)?);
                    Ok(())
                }
            }
        }),
    }],
};

fn frame_of<'a>(vm: &Vm, v: &'a Value) -> PyResult<&'a Ref<FrameObject>> {
    v.downcast_ref::<FrameObject>()
        .ok_or_else(|| vm.type_error("a frame object is required"))
}

fn bool_of(vm: &Vm, v: &Value) -> PyResult<bool> {
    if v.is(&vm.bool(true)) {
        Ok(true)
    } else if v.is(&vm.bool(false)) {
        Ok(false)
    } else {
        Err(vm.type_error("attribute value type must be bool"))
    }
}

/// The frame, unless it is gone.
pub(crate) fn live(o: &FrameObject) -> Option<&Frame> {
    let f = o.frame();
    // SAFETY: a frame object's frame is live or null.
    if f.is_null() {
        None
    } else {
        // SAFETY: frames of the chain are live while their callee runs.
        Some(unsafe { &*f })
    }
}

/// The line that a frame is at.
pub fn line(o: &FrameObject) -> Option<i32> {
    match o.lineno.get() {
        0 => live(o).map_or(Some(o.code.firstlineno), Frame::lineno),
        n => Some(n),
    }
}

/// The frame's caller, as an object.
pub fn back(vm: &Vm, o: &FrameObject) -> PyResult {
    if o.is_detached() {
        return Ok(o.back.get().unwrap_or_else(|| vm.none()));
    }
    // SAFETY: a frame that is not detached is live.
    let f = back_frame(unsafe { (*o.frame()).previous });
    if f.is_null() {
        Ok(vm.none())
    } else {
        Ok(frame_object(vm, f)?.into_value())
    }
}

/// `f_locals`: the namespace of a module or a class, a write-through view of a function's variables.
pub fn locals(vm: &Vm, o: &Ref<FrameObject>) -> PyResult {
    let hidden = || {
        o.code
            .kinds
            .iter()
            .enumerate()
            .any(|(i, k)| k & co_fast::HIDDEN != 0 && fast_locals::get(o, i).is_some())
    };
    if !o.code.has(co::OPTIMIZED) && !hidden() {
        let Some(f) = live(o) else {
            return Ok(vm.new_dict()?.into_value());
        };
        if f.locals != 0 {
            // SAFETY: the word owns a value for as long as the frame lives.
            return Ok(unsafe { Value::from_word_ref(&raw const f.locals) }.clone());
        }
        return Ok(f.globals().into_value());
    }
    Ok(vm.new(FrameLocalsProxy { frame: o.clone() })?.into_value())
}

/// The generator whose frame this is.
fn generator(o: &FrameObject) -> Option<Ref<Generator>> {
    let f = live(o)?;
    if f.flags & frame_flag::GENERATOR == 0 || f.generator == 0 {
        return None;
    }
    // SAFETY: the word is the address of the generator, which lives as long as its frame; the view is not dropped.
    let v = std::mem::ManuallyDrop::new(unsafe { Value::from_bits(f.generator) });
    v.downcast_ref::<Generator>().cloned()
}

#[pymethods(FRAME_METHODS)]
impl FrameObject {
    #[pyslot]
    fn tp_repr(vm: &Vm, this: &Ref<Self>) -> PyResult<String> {
        let line = line(this).map_or_else(|| "None".to_owned(), |n| n.to_string());
        Ok(format!(
            "<frame at {:#x}, file {}, line {line}, code {}>",
            this.as_value().bits(),
            vm.repr_string(this.code.filename.get().as_value())?,
            this.code.name.to_string_lossy()
        ))
    }

    /// Clear all references held by the frame.
    #[pymethod(sig = "($self, /)")]
    fn clear(vm: &Vm, this: &Ref<Self>) -> PyResult<()> {
        if !this.is_detached() {
            match generator(this) {
                Some(g) if g.state.get() == State::Created => {
                    crate::generator_types::close(vm, &g)?;
                }
                Some(g) if g.state.get() == State::Suspended => {
                    return Err(vm.runtime_error("cannot clear a suspended frame"));
                }
                _ => return Err(vm.runtime_error("cannot clear an executing frame")),
            }
        }
        this.trace.set(None);
        this.extra_locals.set(None);
        this.replaced.set(None);
        this.clear_locals();
        Ok(())
    }

    /// Return the size of the frame in memory, in bytes.
    #[pymethod(sig = "($self, /)")]
    fn __sizeof__(this: &Ref<Self>) -> usize {
        152 + 8 * this.code.frame_words()
    }

    #[getter(f_back)]
    fn f_back(vm: &Vm, this: &Ref<Self>) -> PyResult {
        back(vm, this)
    }

    /// Return the mapping used by the frame to look up local variables.
    #[getter(f_locals)]
    fn f_locals(vm: &Vm, this: &Ref<Self>) -> PyResult {
        locals(vm, this)
    }

    /// Return the current line number in the frame.
    #[getter(f_lineno)]
    fn f_lineno(vm: &Vm, this: &Ref<Self>) -> PyResult {
        match line(this) {
            Some(n) => vm.new_int(i64::from(n)),
            None => Ok(vm.none()),
        }
    }

    #[setter(f_lineno)]
    fn set_f_lineno(vm: &Vm, this: &Ref<Self>, value: Option<&Value>) -> PyResult<()> {
        match value {
            None => Err(vm.attribute_error(
                this.as_value(),
                vm.intern("f_lineno")?.as_value(),
                "attribute 'f_lineno' of 'frame' objects cannot be deleted",
            )),
            Some(v) => lineno::set_lineno(vm, this, v),
        }
    }

    /// Return the trace function for this frame, or None if no trace function is set.
    #[getter(f_trace)]
    fn f_trace(vm: &Vm, this: &Ref<Self>) -> Value {
        this.trace.get().unwrap_or_else(|| vm.none())
    }

    #[setter(f_trace)]
    fn set_f_trace(vm: &Vm, this: &Ref<Self>, value: Option<&Value>) -> PyResult<()> {
        let value = value.filter(|v| !vm.is_none(v)).cloned();
        let old = this.trace.get();
        let is_new = match (&old, &value) {
            (Some(a), Some(b)) => !a.is(b),
            (a, b) => a.is_some() != b.is_some(),
        };
        let set = value.is_some();
        this.trace.set(value);
        if is_new && set && this.trace_opcodes.get() {
            return legacy::set_opcode_trace(vm, this, true);
        }
        Ok(())
    }

    /// Return the index of the last attempted instruction in the frame.
    #[getter(f_lasti)]
    fn f_lasti(vm: &Vm, this: &Ref<Self>) -> PyResult {
        // A generator that waits shows the instruction that it goes on with.
        let waits = generator(this)
            .is_some_and(|g| matches!(g.state.get(), State::Created | State::Suspended));
        let unit = live(this).map_or(-1, |f| if waits { f.next_unit() } else { f.lasti() });
        vm.new_int(if unit < 0 { -1 } else { unit as i64 * 2 })
    }

    /// Return the global variables in the frame.
    #[getter(f_globals)]
    fn f_globals(vm: &Vm, this: &Ref<Self>) -> Value {
        live(this).map_or_else(|| vm.none(), |f| f.globals().into_value())
    }

    /// Return the built-in variables in the frame.
    #[getter(f_builtins)]
    fn f_builtins(vm: &Vm, this: &Ref<Self>) -> Value {
        live(this).map_or_else(|| vm.none(), |f| f.builtins().into_value())
    }

    /// Return the code object being executed in this frame.
    #[getter(f_code)]
    fn f_code(this: &Ref<Self>) -> Value {
        this.code.as_value().clone()
    }

    /// Return True if opcode tracing is enabled, False otherwise.
    #[getter(f_trace_opcodes)]
    fn f_trace_opcodes(this: &Ref<Self>) -> bool {
        this.trace_opcodes.get()
    }

    #[setter(f_trace_opcodes)]
    fn set_f_trace_opcodes(vm: &Vm, this: &Ref<Self>, value: Option<&Value>) -> PyResult<()> {
        match value {
            None => Err(vm.attribute_error(
                this.as_value(),
                vm.intern("f_trace_opcodes")?.as_value(),
                "attribute 'f_trace_opcodes' of 'frame' objects cannot be deleted",
            )),
            Some(v) => {
                let on = bool_of(vm, v)?;
                this.trace_opcodes.set(on);
                if on && !this.trace.is_some() {
                    return Ok(());
                }
                legacy::set_opcode_trace(vm, this, on)
            }
        }
    }

    /// Return the generator or coroutine associated with this frame, or None.
    #[getter(f_generator)]
    fn f_generator(vm: &Vm, this: &Ref<Self>) -> Value {
        generator(this).map_or_else(|| vm.none(), Ref::into_value)
    }
}
