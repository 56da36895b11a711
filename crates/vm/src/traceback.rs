//! Traceback objects.

use std::cell::Cell;

use taipan_object::{PyCell, PyResult, Ref, Traverse, Value, Visitor, Vm};

use crate::frame::Frame;
use crate::frame_object::{FrameObject, frame_object};

/// The payload of `traceback`.
pub struct Traceback {
    /// `tb_next`
    pub next: PyCell<Option<Value>>,
    /// `tb_frame`
    pub frame: Ref<FrameObject>,
    /// `tb_lasti`, in bytes.
    pub lasti: isize,
    /// `tb_lineno`; computed when asked for unless it was given.
    pub lineno: Cell<Option<i32>>,
}

taipan_object::payload!(Traceback, gc);

impl Traverse for Traceback {
    fn traverse(&self, visit: &mut Visitor<'_>) {
        self.next.visit(visit);
        visit(self.frame.as_value());
    }
    fn clear(&self) {
        self.next.set(None);
    }
}

impl Traceback {
    /// The line, `None` when unknown.
    pub fn line(&self) -> Option<i32> {
        match self.lineno.get() {
            Some(l) => Some(l),
            None => self
                .frame
                .code
                .line_of(usize::try_from(self.lasti / 2).ok()?),
        }
    }
}

/// A traceback entry for where the frame is now, before `next`.
pub(crate) fn push(vm: &Vm, f: *mut Frame, next: Option<Value>) -> PyResult {
    let frame = frame_object(vm, f)?;
    // SAFETY: the frame is live and its registers are saved.
    let lasti = unsafe { (*f).lasti() };
    let tb = vm.new(Traceback {
        next: PyCell::new(next),
        frame,
        lasti: lasti * 2,
        lineno: Cell::new(None),
    })?;
    Ok(tb.into_value())
}
